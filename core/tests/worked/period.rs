//! Closes of presets, read from their documents by the page: levels are settled by the interpreter of sales, member
//! by member; what only periods have is computed here, every sum over a team by asking everybody.

use crate::naive::number::{Q, allocate, big, rate, round, whole};
use crate::naive::outcome::Outcome;
use crate::naive::plan::{Plan, Rule, Weights, entries, int, items, text};
use crate::naive::sale::{Person, Sale};
use crate::naive::{Naive, plan::Pay};
use fenrun::doc::Node;
use num_bigint::BigInt;
use std::collections::{BTreeMap, VecDeque};

/// A member with what they sold.
struct Member {
    id: i64,
    node: Node,
    volumes: BTreeMap<String, i64>,
}

/// The documents of a close.
struct Close<'a> {
    plan: &'a Node,
    members: Vec<Member>,
    /// Parent and leg by tree and member.
    places: BTreeMap<String, BTreeMap<i64, (i64, i64)>>,
    /// What waits on the legs, by rule and member.
    waiting: BTreeMap<(String, i64), (i64, i64)>,
}

/// What each rule comes to: `{ rule, pool, rows, retained }`.
pub(super) fn close(plan: &Node, input: &Node) -> Node {
    let close = Close::read(plan, input);
    let outcomes = items(plan.get("rule")).iter().map(|rule| {
        let mut outcome = entries(Some(&close.rule(rule)));
        outcome.insert("rule".into(), rule.get("id").expect("id").clone());
        Node::Map(outcome)
    });
    Node::map([("outcomes", Node::List(outcomes.collect()))])
}

fn id_of(node: Option<&Node>) -> i64 {
    match node {
        Some(Node::Text(id)) => id.parse().expect("a number"),
        other => int(other).unwrap_or(0),
    }
}

impl<'a> Close<'a> {
    fn read(plan: &'a Node, input: &Node) -> Self {
        let mut members: Vec<Member> = items(input.get("members"))
            .iter()
            .map(|node| Member { id: id_of(node.get("id")), node: node.clone(), volumes: BTreeMap::new() })
            .collect();
        members.sort_by_key(|member| member.id);
        for (key, sign) in [("volumes", 1), ("refunds", -1)] {
            for entry in items(input.get(key)) {
                let member = id_of(entry.get("member"));
                let member = members.iter_mut().find(|known| known.id == member).expect("a member");
                for (name, amount) in entries(Some(entry)) {
                    if let (Node::Int(amount), true) = (amount, name != "member") {
                        *member.volumes.entry(name).or_default() += sign * amount;
                    }
                }
            }
        }
        let referral = members.iter().map(|member| (member.id, (id_of(member.node.get("inviter")), 0)));
        let mut places = BTreeMap::from([("referral".to_owned(), referral.collect())]);
        for (tree, seats) in entries(input.get("trees")) {
            let seat = |seat: &Node| match items(Some(seat)) {
                [member, parent, more @ ..] => {
                    (id_of(Some(member)), (id_of(Some(parent)), id_of(more.first())))
                }
                _ => panic!("a place"),
            };
            places.insert(tree, items(Some(&seats)).iter().map(seat).collect());
        }
        let body = input.get("carry").and_then(|carry| carry.get("body"));
        let legs = |legs: &Node| {
            let who = (text(legs.get("rule")).expect("rule"), id_of(legs.get("member")));
            (who, (id_of(legs.get("left")), id_of(legs.get("right"))))
        };
        let waiting = items(body.and_then(|body| body.get("legs"))).iter().map(legs).collect();
        Self { plan, members, places, waiting }
    }

    fn above(&self, tree: &str, id: i64) -> i64 {
        self.places.get(tree).and_then(|places| places.get(&id)).map_or(0, |(parent, _)| *parent)
    }

    /// Everybody above somebody, nearest first.
    fn upline(&self, tree: &str, id: i64) -> Vec<i64> {
        let above = |id: &i64| Some(self.above(tree, *id)).filter(|parent| *parent != 0);
        std::iter::successors(above(&id), above).collect()
    }

    fn member(&self, id: i64) -> &Member {
        self.members.iter().find(|member| member.id == id).expect("a member")
    }

    /// A member's own sales of the period as one sale of one line.
    fn sale(&self, member: &Member) -> Node {
        let upline = |tree: &str| {
            Node::List(self.upline(tree, member.id).iter().map(|id| self.member(*id).node.clone()).collect())
        };
        // A volume that a member does not have is nothing, not unknown.
        let mut line: BTreeMap<String, Node> = self
            .members
            .iter()
            .flat_map(|other| other.volumes.keys())
            .map(|name| (name.clone(), Node::Int(member.volumes.get(name).copied().unwrap_or(0))))
            .collect();
        let units = line.remove("quantity").unwrap_or(Node::Int(0));
        line.insert("units".into(), units);
        Node::map([
            ("id", Node::Int(1)),
            ("buyer", member.node.clone()),
            ("upline", upline("referral")),
            ("uplines", Node::map(self.places.keys().map(|tree| (tree.as_str(), upline(tree))))),
            ("lines", Node::List(vec![Node::Map(line)])),
        ])
    }

    /// The plan with one rule, which a sale is settled by.
    fn alone(&self, rule: &Node) -> Node {
        let mut plan = entries(Some(self.plan));
        let mut rule = entries(Some(rule));
        rule.remove("on");
        plan.insert("rule".into(), Node::List(vec![Node::Map(rule)]));
        Node::Map(plan)
    }

    fn rule(&self, rule: &Node) -> Node {
        let document = self.alone(rule);
        let plan = Plan::read(&document);
        let pay = rule.get("pay").expect("pay");
        if pay.get("levels").is_some() || pay.get("differential").is_some() {
            let mut outcome = Outcome::default();
            for member in &self.members {
                outcome.add(Naive::HONEST.evaluate(&document, &self.sale(member)).expect("a good close"));
            }
            return outcome.to_node();
        }
        let bases: BTreeMap<i64, BigInt> =
            self.members.iter().map(|m| (m.id, self.base(&plan.rules[0], m))).collect();
        let amounts = match (pay.get("pairing"), pay.get("ladder"), &plan.rules[0].pay) {
            (Some(ratios), ..) => self.pairs(&plan.rules[0], pay, ratios, &bases),
            (_, Some(steps), _) => self.teams(pay, steps, &bases),
            (_, _, Pay::Share { rate, weights }) => self.shares(&plan, rule, rate, weights, &bases),
            _ => panic!("a schedule of periods"),
        };
        written(&plan.rules[0], amounts)
    }

    fn base(&self, rule: &Rule, member: &Member) -> BigInt {
        let sale = Sale::read(&self.sale(member));
        Naive::HONEST.base(rule, &sale.lines[0]).expect("a volume")
    }

    /// The sum over a member and everybody below.
    fn team(&self, tree: &str, id: i64, of: &BTreeMap<i64, BigInt>) -> BigInt {
        let inside = |other: &&i64| **other == id || self.upline(tree, **other).contains(&id);
        of.keys().filter(inside).map(|other| &of[other]).sum()
    }

    /// Team ladders: what each team is entitled to less what the teams below are.
    fn teams(&self, pay: &Node, steps: &Node, bases: &BTreeMap<i64, BigInt>) -> Amounts {
        let by: BTreeMap<i64, BigInt> = match text(pay.get("by")) {
            None => bases.clone(),
            Some(by) => {
                let volume = |m: &Member| (m.id, big(m.volumes.get(&by).copied().unwrap_or(0)));
                self.members.iter().map(volume).collect()
            }
        };
        let entitled = |id: i64| {
            let (base, volume) = (self.team("referral", id, bases), self.team("referral", id, &by));
            let share = match steps.get("polynomial") {
                None => step(items(Some(steps)), &volume),
                Some(parts) => {
                    let root = *self.upline("referral", id).last().unwrap_or(&id);
                    let whole_tree = self.team("referral", root, &by).max(big(1));
                    let part = Q::new(volume, whole_tree);
                    let terms = items(Some(parts)).iter().rev();
                    terms.fold(whole(0), |sum, c| sum * part.clone() + rate(c.as_text().expect("a rate")))
                }
            };
            round(&(share * whole(base)), "floor")
        };
        let mut amounts = Amounts::default();
        for member in &self.members {
            let below = self.members.iter().filter(|other| self.above("referral", other.id) == member.id);
            let amount = entitled(member.id) - below.map(|other| entitled(other.id)).sum::<BigInt>();
            amounts.pay(member.id, amount);
        }
        amounts
    }

    /// Pairs of each member's two legs, and the cap of what one gets.
    fn pairs(&self, rule: &Rule, pay: &Node, ratios: &Node, bases: &BTreeMap<i64, BigInt>) -> Amounts {
        let tree = text(pay.get("tree")).expect("tree");
        let unit = big(int(pay.get("unit")).expect("unit"));
        let mut ratios: Vec<(i64, i64, Q)> = entries(Some(ratios))
            .into_iter()
            .map(|(ratio, share)| {
                let (strong, weak) = ratio.split_once(':').expect("a ratio");
                let number = |text: &str| text.parse().expect("a number");
                (number(strong), number(weak), rate(share.as_text().expect("a rate")))
            })
            .collect();
        ratios.sort_by_key(|(strong, weak, _)| std::cmp::Reverse(Q::new(big(*strong), big(*weak))));
        let mut amounts = Amounts::default();
        for member in &self.members {
            let waited = self.waiting.get(&(rule.id.clone(), member.id)).copied().unwrap_or_default();
            let leg = |leg: i64, waited: i64| {
                let heads = self.places[&tree].iter().filter(|(_, place)| **place == (member.id, leg));
                let volume: BigInt = heads.map(|(head, _)| self.team(&tree, *head, bases)).sum();
                (volume + waited) / &unit
            };
            let (left, right) = (leg(1, waited.0), leg(2, waited.1));
            let (mut strong, mut weak) = (left.clone().max(right.clone()), left.min(right));
            let mut amount = big(0);
            for (at, (a, b, share)) in ratios.iter().enumerate() {
                if &strong * b < &weak * a && at + 1 < ratios.len() {
                    continue;
                }
                let pairs = (&strong / a).min(&weak / b);
                amount += round(&(share * whole(&pairs * &unit)), &rule.mode);
                strong -= &pairs * a;
                weak -= pairs * b;
            }
            let limits = rule.caps.iter().filter_map(|cap| match &cap.limit {
                crate::naive::plan::Written::PerUnit(limit) => Some(limit.clone()),
                _ => None,
            });
            let paid = limits.fold(amount.clone(), BigInt::min);
            amounts.keep("flush", &amount - &paid);
            amounts.pay(member.id, paid);
        }
        amounts
    }

    /// A share of everybody's volume, divided among a class.
    fn shares(
        &self,
        plan: &Plan,
        rule: &Node,
        share: &Q,
        weights: &Weights,
        bases: &BTreeMap<i64, BigInt>,
    ) -> Amounts {
        let class = rule.get("to").and_then(|to| to.get("class")).expect("a class");
        let meets = |member: &&Member| {
            let sale = Sale::read(&self.sale(member));
            Naive::HONEST.opens(plan, Some(class), &sale, &sale.buyer).expect("stated facts")
        };
        let inside: Vec<&Member> = self.members.iter().filter(meets).collect();
        let weigh = |member: &&Member| {
            let person = Person::read(&member.node).expect("a person");
            big(match weights {
                Weights::Equal => 1,
                Weights::Fact(fact) => int(member.node.get(fact)).expect("a weight"),
                Weights::Table(table) => {
                    let own = person.rank.as_ref().and_then(|rank| table.get(rank));
                    own.or_else(|| table.get("any")).copied().unwrap_or(0)
                }
            })
        };
        let weights: Vec<BigInt> = inside.iter().map(weigh).collect();
        let open = |member: &&Member| {
            let sale = Sale::read(&self.sale(member));
            Naive::HONEST.opens(plan, plan.rules[0].when.as_ref(), &sale, &sale.buyer).expect("stated facts")
        };
        let sources = self.members.iter().filter(open);
        let pool = round(&(share * whole(sources.map(|m| &bases[&m.id]).sum::<BigInt>())), "floor");
        let mut amounts = Amounts::default();
        if weights.iter().sum::<BigInt>() == big(0) {
            amounts.keep("no_payee", pool);
            return amounts;
        }
        for (member, amount) in inside.iter().zip(allocate(&pool, &weights)) {
            amounts.pay(member.id, amount);
        }
        amounts
    }
}

/// The rate of the last step that is reached.
fn step(steps: &[Node], volume: &BigInt) -> Q {
    let reached = steps.iter().rev().find_map(|step| match items(Some(step)) {
        [Node::Int(from), share] if big(*from) <= *volume => share.as_text(),
        _ => None,
    });
    reached.map_or_else(|| whole(0), rate)
}

/// What somebody gets, and what nobody does.
#[derive(Default)]
struct Amounts {
    paid: Vec<(i64, BigInt)>,
    kept: BTreeMap<&'static str, BigInt>,
}

impl Amounts {
    fn pay(&mut self, member: i64, amount: BigInt) {
        if amount != big(0) {
            self.paid.push((member, amount));
        }
    }

    fn keep(&mut self, reason: &'static str, amount: BigInt) {
        if amount != big(0) {
            *self.kept.entry(reason).or_default() += amount;
        }
    }
}

fn written(rule: &Rule, amounts: Amounts) -> Node {
    let minor = |amount: &BigInt| Node::Int(i64::try_from(amount.clone()).expect("64 bits"));
    let pool: BigInt = amounts.paid.iter().map(|(_, amount)| amount).chain(amounts.kept.values()).sum();
    let mut rows = Vec::new();
    for (payee, amount) in &amounts.paid {
        for (account, part) in Naive::HONEST.accounts(rule, amount) {
            let payee = Node::from(payee.to_string());
            rows.push(Node::map([("payee", payee), ("amount", minor(&part)), ("account", account.into())]));
        }
    }
    let entry = |(reason, amount): (&&str, &BigInt)| {
        Node::map([("reason", Node::from(*reason)), ("amount", minor(amount))])
    };
    Node::map([
        ("pool", minor(&pool)),
        ("rows", Node::List(rows)),
        ("retained", Node::List(amounts.kept.iter().map(entry).collect())),
    ])
}

/// Puts those who join into a tree: `{ parents }`.
pub(super) fn place(plan: &Node, input: &Node) -> Node {
    let tree = text(input.get("tree")).expect("tree");
    let policy = plan.get("tree").and_then(|trees| trees.get(&tree)).expect("the tree");
    let mut children: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut parents: BTreeMap<i64, i64> = BTreeMap::new();
    let mut recruits: BTreeMap<i64, i64> = BTreeMap::new();
    for join in items(input.get("joins")) {
        let [member, inviter] = items(Some(join)) else { panic!("a join") };
        let (member, inviter) = (id_of(Some(member)), id_of(Some(inviter)));
        let mut parent = inviter;
        if let (Some(fill), true) = (policy.get("fill"), inviter != 0) {
            let width = usize::try_from(int(fill.get("width")).expect("width")).expect("a width");
            let mut level = VecDeque::from([inviter]);
            while let Some(next) = level.pop_front() {
                let below = children.get(&next).cloned().unwrap_or_default();
                if below.len() < width {
                    parent = next;
                    break;
                }
                level.extend(below);
            }
        }
        if let Some(pass_up) = policy.get("pass_up") {
            assert_eq!(text(pass_up.get("to")).as_deref(), Some("network"), "the network of the inviter");
            let recruited = recruits.entry(inviter).or_default();
            *recruited += 1;
            let above = parents.get(&inviter).copied().filter(|above| *above != 0);
            if *recruited <= int(pass_up.get("first")).expect("first") {
                parent = above.unwrap_or(inviter);
            }
        }
        children.entry(parent).or_default().push(member);
        parents.insert(member, parent);
    }
    let written = parents.iter().map(|(member, parent)| {
        let parent = if *parent == 0 { Node::Null } else { Node::from(parent.to_string()) };
        (member.to_string(), parent)
    });
    Node::map([("parents", Node::Map(written.collect()))])
}
