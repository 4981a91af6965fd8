//! Two plans over the same periods.

use crate::dice::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::Node;
use fenrun::operations;
use fenrun::reward::plan::Plan;
use std::collections::BTreeMap;

pub(crate) trait Reporter {
    /// The answer of `diff` over closes.
    fn diff(&self, before: &Plan, after: &Plan, closes: &[Node]) -> Node;
}

pub(crate) struct Engine;

impl Reporter for Engine {
    fn diff(&self, before: &Plan, after: &Plan, closes: &[Node]) -> Node {
        let input = Node::map([("other", after.to_node()), ("closes", Node::List(closes.to_vec()))]);
        operations::run("diff", Some(before), &input).expect("a comparison")
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    SidesSwapped,
    LastDifferenceLost,
    FirstCloseTwice,
    LastCloseOnly,
    OneCentMore,
    RetainedLost,
    PoolOfTheOther,
}

pub(crate) struct Slipping(pub(crate) Slip);

impl Reporter for Slipping {
    fn diff(&self, before: &Plan, after: &Plan, closes: &[Node]) -> Node {
        let last = closes.len() - 1;
        match self.0 {
            Slip::SidesSwapped => return Engine.diff(after, before, closes),
            Slip::FirstCloseTwice => return Engine.diff(before, after, &[&closes[..1], closes].concat()),
            Slip::LastCloseOnly => return Engine.diff(before, after, &closes[last..]),
            _ => {}
        }
        let Node::Map(mut answer) = Engine.diff(before, after, closes) else { panic!("a map") };
        let after = answer["after"].clone();
        match (self.0, answer.get_mut("differences"), after) {
            (Slip::LastDifferenceLost, Some(Node::List(differences)), _) => drop(differences.pop()),
            (Slip::OneCentMore, Some(Node::List(differences)), _) => {
                if let Some(Node::Map(first)) = differences.first_mut() {
                    let Node::Int(after) = first["after"] else { panic!("an amount") };
                    first.insert("after".into(), Node::Int(after + 1));
                }
            }
            (Slip::RetainedLost, _, Node::Map(mut after)) => {
                after.insert("retained".into(), Node::map::<String>([]));
                answer.insert("after".into(), Node::Map(after));
            }
            (Slip::PoolOfTheOther, _, Node::Map(mut after)) => {
                after.insert("pool".into(), answer["before"].get("pool").unwrap().clone());
                answer.insert("after".into(), Node::Map(after));
            }
            other => panic!("{other:?}"),
        }
        Node::Map(answer)
    }
}

/// Every person whose amount of a period differs is told once, with both amounts as each plan alone closes it; both
/// sides are the sums of the closes and conserve; causes explain the whole change; a plan differs from itself in
/// nothing.
pub(crate) const CLOSES: Law<dyn Reporter, Slip> = Law {
    name: "compare closes",
    holds: closes,
    suspects: &[
        Slip::SidesSwapped,
        Slip::LastDifferenceLost,
        Slip::FirstCloseTwice,
        Slip::LastCloseOnly,
        Slip::OneCentMore,
        Slip::RetainedLost,
        Slip::PoolOfTheOther,
    ],
};

/// Pool, paid and retained by reason.
type Sums = (i64, i64, BTreeMap<String, i64>);

fn int(node: &Node, key: &str) -> i64 {
    let Some(Node::Int(value)) = node.get(key) else { panic!("`{key}` of {}", node.to_json()) };
    *value
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    let Some(Node::List(items)) = node.get(key) else { panic!("`{key}` of {}", node.to_json()) };
    items
}

fn text(node: &Node, key: &str) -> String {
    node.get(key).and_then(Node::as_text).expect("a text").to_owned()
}

fn closes(who: &dyn Reporter, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let (before, after) = (plan(&mut dice), plan(&mut dice));
    let closes: Vec<Node> = (10..=10 + dice.between(0, 2)).map(|month| month_of(&mut dice, month)).collect();
    let answer = who.diff(&before, &after, &closes);
    let (mut sides, mut wanted) = ([Sums::default(), Sums::default()], Vec::new());
    for close in &closes {
        let (one, other) = (alone(&before, close, &mut sides[0]), alone(&after, close, &mut sides[1]));
        let people: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for person in people {
            let amounts = [&one, &other].map(|side| side.get(person).copied().unwrap_or(0));
            if amounts[0] != amounts[1] {
                wanted.push((text(close, "period"), person.clone(), amounts[0], amounts[1]));
            }
        }
    }
    let told = list(&answer, "differences").iter();
    let told: Vec<_> = told
        .map(|row| (text(row, "period"), text(row, "payee"), int(row, "before"), int(row, "after")))
        .collect();
    need(told == wanted, || format!("told {told:?}, but it is {wanted:?}"))?;
    for (side, (pool, paid, retained)) in ["before", "after"].iter().zip(&sides) {
        let node = answer.get(side).unwrap();
        let kept = retained.iter().map(|(reason, amount)| (reason.as_str(), Node::Int(*amount)));
        let right = int(node, "pool") == *pool && int(node, "paid") == *paid;
        let right = right && node.get("retained") == Some(&Node::map(kept));
        need(right && *pool == paid + retained.values().sum::<i64>(), || {
            format!("{side}: {}", node.to_json())
        })?;
    }
    let explained: i64 =
        list(&answer, "causes").iter().map(|cause| int(cause, "more") - int(cause, "less")).sum();
    need(explained == sides[1].1 - sides[0].1, || format!("the causes explain {explained}"))?;
    need(int(&who.diff(&before, &before, &closes), "differing") == 0, || {
        "a plan differs from itself".into()
    })?;
    Ok(if wanted.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// What each payee gets of a period, added to a side.
fn alone(plan: &Plan, close: &Node, sums: &mut Sums) -> BTreeMap<String, i64> {
    let closed = operations::run("close", Some(plan), close).expect("a close");
    let mut amounts = BTreeMap::new();
    for outcome in list(&closed, "outcomes") {
        sums.0 += int(outcome, "pool");
        for row in list(outcome, "rows") {
            *amounts.entry(text(row, "payee")).or_default() += int(row, "amount");
            sums.1 += int(row, "amount");
        }
        for entry in list(outcome, "retained") {
            *sums.2.entry(text(entry, "reason")).or_default() += int(entry, "amount");
        }
    }
    amounts
}

fn plan(dice: &mut Dice) -> Plan {
    let rate = |dice: &mut Dice| Node::from(format!("{}%", dice.between(1, 9)));
    let mut rules = Vec::new();
    for at in 0..dice.between(1, 2) {
        let (to, pay) = match dice.between(1, 4) {
            1 => {
                let steps = [(0, rate(dice)), (5_000, Node::from("10%"))];
                let steps = steps.map(|(from, rate)| Node::List(vec![Node::Int(from), rate]));
                let span = Node::from("team");
                ("self".into(), Node::map([("ladder", Node::List(steps.to_vec())), ("span", span)]))
            }
            2 => {
                let up = Node::map([("up", Node::from("referral"))]);
                (up, Node::map([("levels", Node::List(vec![rate(dice), rate(dice)]))]))
            }
            3 => {
                let class = Node::map([("active", Node::Bool(true))]);
                (Node::map([("class", class)]), Node::map([("share", rate(dice))]))
            }
            _ => {
                let step = Node::List(vec![Node::Int(dice.pick(&[0, 700])), rate(dice)]);
                ("self".into(), Node::map([("ladder", Node::List(vec![step]))]))
            }
        };
        let mut rule = vec![
            ("id", Node::from(format!("r{at}"))),
            ("on", "month".into()),
            ("of", "paid".into()),
            ("to", to),
            ("pay", pay),
        ];
        if dice.one_in(3) {
            let limit = Node::Int(dice.between(0, 400));
            rule.push(("cap", Node::map([("per", Node::from("payee")), ("limit", limit)])));
        }
        rules.push(Node::map(rule));
    }
    let entries = [
        ("schema", Node::from("fenrun.plan/1")),
        ("name", "n".into()),
        ("currency", "CNY".into()),
        ("rule", Node::List(rules)),
    ];
    Plan::from_node(&Node::map(entries)).expect("a plan")
}

fn month_of(dice: &mut Dice, month: i64) -> Node {
    let count = dice.between(1, 6);
    let member = |dice: &mut Dice, id: i64| {
        let (inviter, active) = (dice.between(0, id - 1), !dice.one_in(3));
        Node::map([("id", Node::Int(id)), ("inviter", Node::Int(inviter)), ("active", active.into())])
    };
    let members = (1..=count).map(|id| member(dice, id)).collect();
    let volumes = (1..=count).map(|id| {
        let paid = dice.pick(&[0, 7, 999, 1_000, 8_000]);
        Node::map([("member", Node::Int(id)), ("paid", Node::Int(paid))])
    });
    let volumes = volumes.collect();
    Node::map([
        ("period", Node::from(format!("month/2026-{month}-01"))),
        ("members", Node::List(members)),
        ("volumes", Node::List(volumes)),
    ])
}
