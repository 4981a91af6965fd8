//! Why two plans differ that differ in one thing: the causes are within what that one thing can bring about.

use crate::dice::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::Node;
use fenrun::operations;
use fenrun::reward::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) trait Teller {
    /// The answer of `diff` over a sale or a close.
    fn diff(&self, before: &Plan, after: &Plan, events: &Node) -> Node;
}

pub(crate) struct Engine;

impl Teller for Engine {
    fn diff(&self, before: &Plan, after: &Plan, events: &Node) -> Node {
        let Node::Map(mut input) = events.clone() else { panic!("a map") };
        input.insert("other".into(), after.to_node());
        operations::run("diff", Some(before), &Node::Map(input)).expect("a comparison")
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    /// This cause is told too, wherever two amounts are paid.
    Told(&'static str),
    /// Only the first of several causes is told, under `several`.
    FirstOnly,
    LostIsGained,
    SumsLost,
    CountedOnce,
}

pub(crate) struct Slipping(pub(crate) Slip);

impl Teller for Slipping {
    fn diff(&self, before: &Plan, after: &Plan, events: &Node) -> Node {
        let Node::Map(mut answer) = Engine.diff(before, after, events) else { panic!("a map") };
        let (key, slip) = match self.0 {
            Slip::SumsLost | Slip::CountedOnce => ("causes", self.0),
            slip => ("differences", slip),
        };
        let Some(Node::List(rows)) = answer.get_mut(key) else { panic!("a list") };
        for row in rows {
            let Node::Map(row) = row else { panic!("a map") };
            match slip {
                Slip::Told(cause) => {
                    if row["before"] != Node::Int(0) && row["after"] != Node::Int(0) {
                        row.insert("causes".into(), Node::List(vec![cause.into()]));
                        row.insert("cause".into(), cause.into());
                    }
                }
                Slip::FirstOnly => {
                    if let Some(Node::List(causes)) = row.get_mut("causes") {
                        causes.truncate(1);
                    }
                }
                Slip::LostIsGained => {
                    if row["cause"] == Node::from("lost") {
                        row.insert("cause".into(), "gained".into());
                        row.insert("causes".into(), Node::List(vec!["gained".into()]));
                    }
                }
                Slip::SumsLost => drop(row.insert("more".into(), Node::Int(0))),
                Slip::CountedOnce => drop(row.insert("count".into(), Node::Int(1))),
            }
        }
        Node::Map(answer)
    }
}

/// With one change only of a plan, of a rate, a way to round, the order of its rules, a cap, weights or a base, every
/// cause is one that the change can bring about; each difference counts once, under its one cause or `several`, and
/// the sums by cause are the whole difference.
pub(crate) const CAUSES: Law<dyn Teller, Slip> = Law {
    name: "causes",
    holds: causes,
    suspects: &[
        Slip::Told("places"),
        Slip::Told("rate"),
        Slip::Told("base"),
        Slip::Told("nearer"),
        Slip::Told("part"),
        Slip::Told("rounding"),
        Slip::FirstOnly,
        Slip::LostIsGained,
        Slip::SumsLost,
        Slip::CountedOnce,
    ],
};

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Rate,
    Round,
    Order,
    Cap,
    Weights,
    Of,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Levels,
    Series,
    Differential,
    Pool,
    Own,
    Team,
    TeamMarginal,
    Lottery,
}

/// A rule before it is written.
#[derive(Clone, Debug)]
struct Draft {
    kind: Kind,
    /// In hundredths of a percent.
    rates: [i64; 3],
    levels: usize,
    weights: [i64; 2],
    of: &'static str,
    round: &'static str,
    per: &'static str,
    cap: Option<i64>,
    /// Whether it runs after the first rule.
    chained: bool,
}

const WAYS: [&str; 4] = ["down", "up", "half_away", "half_even"];

impl Draft {
    fn roll(dice: &mut Dice, of_sales: bool, first: bool) -> Self {
        let kinds: &[Kind] = match of_sales {
            true => &[Kind::Levels, Kind::Series, Kind::Differential, Kind::Pool],
            false => &[
                Kind::Levels,
                Kind::Differential,
                Kind::Pool,
                Kind::Own,
                Kind::Team,
                Kind::TeamMarginal,
                Kind::Lottery,
            ],
        };
        let chained = of_sales && !first && dice.one_in(4);
        Self {
            kind: if chained { Kind::Levels } else { dice.pick(kinds) },
            rates: [(); 3].map(|()| dice.between(1, 999)),
            levels: usize::try_from(dice.between(1, 3)).expect("few"),
            weights: [dice.between(0, 3), dice.between(1, 3)],
            of: dice.pick(&["paid", "pv"]),
            round: dice.pick(&WAYS),
            per: if of_sales { dice.pick(&["line", "order"]) } else { "line" },
            cap: if dice.one_in(4) { Some(dice.pick(&[1, 9, 50, 400])) } else { None },
            chained,
        }
    }

    fn write(&self, id: usize, of_sales: bool) -> Node {
        let rate = |at: usize| Node::from(format!("{}bp", self.rates[at]));
        let steps = || {
            let step = |(at, from): (usize, i64)| Node::List(vec![Node::Int(from), rate(at)]);
            Node::List([0, 700, 2_000].into_iter().enumerate().map(step).collect())
        };
        let team = |shape: Node, more: Option<(&'static str, Node)>| {
            Node::map([("ladder", shape), ("span", "team".into())].into_iter().chain(more))
        };
        let weights =
            ["V1", "any"].into_iter().zip(self.weights).map(|(key, weight)| (key, Node::Int(weight)));
        let pay = match self.kind {
            Kind::Levels => Node::map([("levels", Node::List((0..self.levels).map(rate).collect()))]),
            Kind::Series => Node::map([("levels", Node::map([("first", rate(0)), ("ratio", rate(1))]))]),
            Kind::Differential => {
                Node::map([("differential", Node::map([("V1", rate(0)), ("V2", rate(1))]))])
            }
            Kind::Pool => Node::map([("share", rate(0)), ("weights", Node::map(weights))]),
            Kind::Own => Node::map([("ladder", steps()), ("marginal", true.into())]),
            Kind::Team => team(steps(), None),
            Kind::TeamMarginal => team(steps(), Some(("marginal", true.into()))),
            Kind::Lottery => team(Node::map([("polynomial", Node::List((0..3).map(rate).collect()))]), None),
        };
        let to = match self.kind {
            Kind::Own | Kind::Team | Kind::TeamMarginal | Kind::Lottery => Node::from("self"),
            Kind::Pool if !of_sales => Node::map([("class", Node::map([("active", Node::Bool(true))]))]),
            _ => Node::map([("up", "referral")].map(|(key, tree)| (key, Node::from(tree)))),
        };
        let way = [("mode", Node::from(self.round)), ("per", self.per.into())];
        let round = if of_sales { Node::map(way) } else { self.round.into() };
        let run = match (self.chained, of_sales) {
            (true, _) => ("after", "r0"),
            (_, true) => ("on", "order"),
            _ => ("on", "month"),
        };
        let of = if self.chained { "income" } else { self.of };
        let mut rule = vec![
            ("id", Node::from(format!("r{id}"))),
            (run.0, run.1.into()),
            ("of", of.into()),
            ("to", to),
            ("pay", pay),
            ("round", round),
        ];
        if let Some(limit) = self.cap {
            let cap = [("per", Node::from("payee")), ("limit", limit.into())];
            rule.push(("cap", Node::map(cap)));
        }
        // A pool of a period is divided to the unit, whatever the mode.
        rule.retain(|(key, _)| *key != "round" || self.kind != Kind::Pool || of_sales);
        Node::map(rule)
    }

    /// Changes one thing; nothing where the rule has none.
    fn change(&mut self, change: Change, dice: &mut Dice) {
        match change {
            Change::Rate => {
                let at = usize::try_from(dice.between(0, 2)).expect("few");
                self.rates[at] = dice.between(1, 999);
            }
            Change::Round => self.round = dice.pick(&WAYS),
            Change::Cap => self.cap = if dice.one_in(3) { None } else { Some(dice.pick(&[1, 9, 30, 200])) },
            Change::Weights => self.weights = [dice.between(0, 6), dice.between(1, 6)],
            Change::Of => self.of = if self.of == "paid" { "pv" } else { "paid" },
            Change::Order => {}
        }
    }
}

fn plan(rules: &[(usize, &Draft)], of_sales: bool) -> Option<Plan> {
    let allow = rules.iter().map(|(id, _)| (format!("r{id}"), Node::from("t")));
    let allow = allow.chain([("plan".to_owned(), "t".into())]);
    let rules = rules.iter().map(|(id, rule)| rule.write(*id, of_sales)).collect();
    let entries = [
        ("schema", Node::from("fenrun.plan/1")),
        ("name", "n".into()),
        ("currency", "CNY".into()),
        ("ranks", Node::List(vec!["V1".into(), "V2".into()])),
        ("allow", Node::map(allow)),
        ("rule", Node::List(rules)),
    ];
    // Some changes are refused, such as a series that is rounded up.
    Plan::from_node(&Node::map(entries)).ok()
}

/// The causes that a change of a rule can have.
fn within(change: Change, rule: &Draft, all: &[Draft]) -> BTreeSet<&'static str> {
    let teams = matches!(rule.kind, Kind::Team | Kind::TeamMarginal | Kind::Lottery);
    let mut causes = match change {
        Change::Rate => vec!["rate"],
        Change::Round => vec!["rounding"],
        Change::Order => return BTreeSet::new(),
        Change::Cap => vec!["cap"],
        Change::Weights => vec!["part", "rounding"],
        Change::Of if teams || rule.kind == Kind::Own => vec!["base", "rate"],
        Change::Of => vec!["base"],
    };
    if change == Change::Rate && rule.kind == Kind::Differential {
        causes.push("nearer");
    }
    if matches!(change, Change::Rate | Change::Of) && teams {
        causes.push("nearer");
    }
    // Caps take what is above them, and what a rule pays is the base of those after it.
    if all.iter().any(|rule| rule.cap.is_some()) {
        causes.push("cap");
    }
    if all.iter().any(|rule| rule.chained) {
        causes.push("base");
    }
    causes.into_iter().chain(["gained", "lost"]).collect()
}

fn causes(who: &dyn Teller, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let of_sales = dice.one_in(2);
    let count = usize::try_from(dice.between(1, 3)).expect("few");
    let rules: Vec<Draft> = (0..count).map(|at| Draft::roll(&mut dice, of_sales, at == 0)).collect();
    let change = dice.pick(&[
        Change::Rate,
        Change::Rate,
        Change::Round,
        Change::Order,
        Change::Cap,
        Change::Weights,
        Change::Of,
    ]);
    let at = usize::try_from(dice.between(1, i64::try_from(count).expect("few"))).expect("few") - 1;
    let mut changed = rules.clone();
    changed[at].change(change, &mut dice);
    let mut order: Vec<(usize, &Draft)> = changed.iter().enumerate().collect();
    if change == Change::Order {
        order.reverse();
    }
    let plans = (plan(&rules.iter().enumerate().collect::<Vec<_>>(), of_sales), plan(&order, of_sales));
    let (Some(before), Some(after)) = plans else { return Ok(Bearing::Beside) };
    let events = if of_sales { ("sales", sale(&mut dice)) } else { ("closes", month(&mut dice)) };
    let answer = who.diff(&before, &after, &Node::map([(events.0, Node::List(vec![events.1]))]));
    let known = [rules.as_slice(), &changed].concat();
    let within = within(change, &changed[at], &known);
    let about = || format!("{change:?} of r{at}: {} → {}", before.canonical(), after.canonical());
    let mut sums: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
    let differences = list(&answer, "differences");
    for row in differences {
        let causes: Vec<&str> =
            list(row, "causes").iter().map(|cause| cause.as_text().expect("a cause")).collect();
        let told = || format!("{}: {}", row.to_json(), about());
        need(!causes.is_empty() && causes.iter().all(|cause| within.contains(cause)), told)?;
        let cause = row.get("cause").and_then(Node::as_text).expect("a cause");
        need(if let [single] = causes.as_slice() { *single == cause } else { cause == "several" }, told)?;
        let (one, other) = (int(row, "before"), int(row, "after"));
        need((cause == "gained") == (one == 0) && (cause == "lost") == (other == 0), told)?;
        let sum = sums.entry(cause).or_default();
        *sum = (sum.0 + 1, sum.1 + (other - one).max(0), sum.2 + (one - other).max(0));
    }
    let told: BTreeMap<&str, (i64, i64, i64)> = list(&answer, "causes")
        .iter()
        .map(|row| {
            let cause = row.get("cause").and_then(Node::as_text).expect("a cause");
            (cause, (int(row, "count"), int(row, "more"), int(row, "less")))
        })
        .collect();
    need(told == sums, || format!("{told:?}, but it is {sums:?}: {}", about()))?;
    let paid = |side: &str| int(answer.get(side).expect("a side"), "paid");
    let explained: i64 = told.values().map(|(_, more, less)| more - less).sum();
    need(explained == paid("after") - paid("before"), || format!("{explained} is explained: {}", about()))?;
    Ok(if differences.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

fn int(node: &Node, key: &str) -> i64 {
    let Some(Node::Int(value)) = node.get(key) else { panic!("`{key}` of {}", node.to_json()) };
    *value
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    let Some(Node::List(items)) = node.get(key) else { panic!("`{key}` of {}", node.to_json()) };
    items
}

fn sale(dice: &mut Dice) -> Node {
    let person = |dice: &mut Dice, at: i64| {
        Node::map([
            ("id", Node::from(format!("p{at}"))),
            ("rank", dice.pick(&[None, Some("V1"), Some("V2")]).into()),
        ])
    };
    let upline = (1..=dice.between(1, 5)).map(|at| person(dice, at)).collect();
    let amount = |dice: &mut Dice| Node::Int(dice.pick(&[0, 7, 19, 60, 1_000, 99_999]));
    let line = |dice: &mut Dice, at: i64| {
        Node::map([
            ("id", Node::Int(at)),
            ("units", dice.between(1, 3).into()),
            ("paid", amount(dice)),
            ("pv", amount(dice)),
        ])
    };
    let lines = (1..=dice.between(1, 3)).map(|at| line(dice, at)).collect();
    Node::map([
        ("id", Node::from("O1")),
        ("buyer", person(dice, 0)),
        ("upline", Node::List(upline)),
        ("lines", Node::List(lines)),
    ])
}

fn month(dice: &mut Dice) -> Node {
    let count = dice.between(2, 6);
    let member = |dice: &mut Dice, id: i64| {
        let (inviter, active) = (dice.between(0, id - 1), !dice.one_in(3));
        let mut facts = vec![("id", Node::Int(id)), ("inviter", inviter.into()), ("active", active.into())];
        facts.extend(dice.pick(&[None, Some("V1"), Some("V2")]).map(|rank| ("rank", Node::from(rank))));
        Node::map(facts)
    };
    let members = (1..=count).map(|id| member(dice, id)).collect();
    let amount = |dice: &mut Dice| Node::Int(dice.pick(&[0, 7, 19, 620, 800, 1_000]));
    let volumes = (1..=count)
        .map(|id| Node::map([("member", Node::Int(id)), ("paid", amount(dice)), ("pv", amount(dice))]));
    let volumes = volumes.collect();
    Node::map([
        ("period", Node::from("month/2026-11-01")),
        ("members", Node::List(members)),
        ("volumes", Node::List(volumes)),
    ])
}
