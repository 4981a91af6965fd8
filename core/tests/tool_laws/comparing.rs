//! Two plans over the same sales.

use crate::dice::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::Node;
use fenrun::reward::commission::evaluate;
use fenrun::reward::compare::{Cause, Compared, Comparison, Side, compare};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use std::collections::BTreeMap;

/// What a comparison tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// Sale, payee, before, after, cause.
    differences: Vec<(String, String, i64, i64, Cause)>,
    totals: Comparison,
}

pub(crate) trait Comparer {
    fn compare(&self, before: &Plan, after: &Plan, sales: &[Sale]) -> Told;
}

pub(crate) struct Engine;

fn told(compared: &[Compared], totals: Comparison) -> Told {
    let differences = compared.iter().flat_map(|compared| &compared.differences).map(|difference| {
        let (sale, payee) = (difference.event.to_string(), difference.payee.to_string());
        (sale, payee, difference.before, difference.after, difference.cause)
    });
    Told { differences: differences.collect(), totals }
}

fn all(before: &Plan, after: &Plan, sales: &[Sale]) -> Vec<Compared> {
    sales.iter().map(|sale| compare(before, after, sale).expect("a comparison")).collect()
}

fn totals<'a>(compared: impl Iterator<Item = &'a Compared>) -> Comparison {
    let mut totals = Comparison::default();
    compared.for_each(|compared| totals.add(compared).expect("small sums"));
    totals
}

impl Comparer for Engine {
    fn compare(&self, before: &Plan, after: &Plan, sales: &[Sale]) -> Told {
        let compared = all(before, after, sales);
        told(&compared, totals(compared.iter()))
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    SidesSwapped,
    LastDifferenceLost,
    FirstSaleTwice,
    OnlyGains,
    AlwaysRate,
    LastSaleOnly,
    OneCentMore,
    EqualToo,
}

pub(crate) struct Slipping(pub(crate) Slip);

impl Comparer for Slipping {
    fn compare(&self, before: &Plan, after: &Plan, sales: &[Sale]) -> Told {
        let (compared, slip) = (all(before, after, sales), self.0);
        let mut answer = match slip {
            Slip::FirstSaleTwice => told(&compared, totals(compared.iter().take(1).chain(&compared))),
            Slip::LastSaleOnly => told(&compared, totals(compared.iter().skip(compared.len() - 1))),
            _ => told(&compared, totals(compared.iter())),
        };
        match slip {
            Slip::SidesSwapped => {
                answer.differences.iter_mut().for_each(|row| (row.2, row.3) = (row.3, row.2))
            }
            Slip::LastDifferenceLost => drop(answer.differences.pop()),
            Slip::OnlyGains => answer.differences.retain(|row| row.3 > row.2),
            Slip::AlwaysRate => answer.differences.iter_mut().for_each(|row| row.4 = Cause::Rate),
            Slip::OneCentMore => answer.differences.iter_mut().take(1).for_each(|row| row.3 += 1),
            Slip::EqualToo => {
                let sale = sales[0].id.to_string();
                answer.differences.push((sale, "nobody".into(), 0, 0, Cause::Rounding));
            }
            Slip::FirstSaleTwice | Slip::LastSaleOnly => {}
        }
        answer
    }
}

/// Every person whose amount of a sale differs is told once, with both amounts as each plan alone pays them;
/// the totals are the sums of both plans; a plan differs from itself in nothing, and turning the plans round
/// turns every sign and nothing else.
pub(crate) const DIFFERENCES: Law<dyn Comparer, Slip> = Law {
    name: "compare",
    holds: differences,
    suspects: &[
        Slip::SidesSwapped,
        Slip::LastDifferenceLost,
        Slip::FirstSaleTwice,
        Slip::OnlyGains,
        Slip::AlwaysRate,
        Slip::LastSaleOnly,
        Slip::OneCentMore,
        Slip::EqualToo,
    ],
};

fn differences(who: &dyn Comparer, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let (before, after) = (plan(&mut dice), plan(&mut dice));
    let sales: Vec<Sale> = (1..=dice.between(1, 4)).map(|id| sale(&mut dice, id, &before)).collect();
    let answer = who.compare(&before, &after, &sales);
    let mut wanted = Vec::new();
    let (mut first, mut second) = (Side::default(), Side::default());
    for sale in &sales {
        let (earlier, later) = (amounts(&before, sale, &mut first), amounts(&after, sale, &mut second));
        let mut people: Vec<&String> = earlier.keys().chain(later.keys()).collect();
        people.sort();
        people.dedup();
        for person in people {
            let get = |amounts: &BTreeMap<String, i64>| amounts.get(person).copied().unwrap_or(0);
            if get(&earlier) != get(&later) {
                wanted.push((sale.id.to_string(), person.clone(), get(&earlier), get(&later)));
            }
        }
    }
    let plain: Vec<_> = answer.differences.iter().cloned().map(|(s, p, b, a, _)| (s, p, b, a)).collect();
    need(plain == wanted, || format!("told {plain:?}, but it is {wanted:?}"))?;
    for (.., earlier, later, cause) in &answer.differences {
        let right = match cause {
            Cause::Gained => *earlier == 0,
            Cause::Lost => *later == 0,
            _ => *earlier != 0 && *later != 0,
        };
        need(right, || format!("{cause:?} from {earlier} to {later}"))?;
    }
    need(answer.totals.before() == &first && answer.totals.after() == &second, || {
        format!("{:?} for {first:?} and {second:?}", answer.totals)
    })?;
    let mut turned = who.compare(&after, &before, &sales).differences;
    for row in &mut turned {
        (row.2, row.3) = (row.3, row.2);
        row.4 = match row.4 {
            Cause::Gained => Cause::Lost,
            Cause::Lost => Cause::Gained,
            cause => cause,
        };
    }
    need(turned == answer.differences, || format!("turned {turned:?}"))?;
    let itself = who.compare(&before, &before, &sales).differences;
    need(itself.is_empty(), || format!("a plan differs from itself: {itself:?}"))?;
    Ok(if wanted.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// What each payee gets of a sale, added to a side.
fn amounts(plan: &Plan, sale: &Sale, side: &mut Side) -> BTreeMap<String, i64> {
    let outcome = evaluate(plan, sale).expect("an outcome");
    let mut amounts = BTreeMap::new();
    for row in outcome.rows() {
        *amounts.entry(row.payee.to_string()).or_default() += row.amount;
        side.paid += row.amount;
    }
    side.pool += outcome.pool();
    for entry in outcome.retained() {
        *side.retained.entry(entry.reason).or_default() += entry.amount;
    }
    amounts
}

fn plan(dice: &mut Dice) -> Plan {
    let rates = |dice: &mut Dice, count: i64| -> Vec<Node> {
        (0..count).map(|_| Node::from(format!("{}bp", dice.pick(&[50, 100, 250, 333, 500])))).collect()
    };
    let mut rules = Vec::new();
    for at in 0..dice.between(1, 2) {
        let mut rule = BTreeMap::from([
            ("id".to_owned(), Node::from(format!("r{at}"))),
            ("of".to_owned(), dice.pick(&["paid", "paid", "list"]).into()),
            ("to".to_owned(), Node::map([("up", Node::from("referral"))])),
            ("round".to_owned(), dice.pick(&["down", "half_away", "ceil"]).into()),
        ]);
        let pay = if dice.one_in(3) {
            let first = dice.between(1, 5);
            let table = [("V1", first), ("V2", first + dice.between(1, 5))];
            Node::map([(
                "differential",
                Node::map(table.map(|(rank, rate)| (rank, Node::from(format!("{rate}%"))))),
            )])
        } else {
            let levels = dice.between(1, 3);
            Node::map([("levels", Node::List(rates(dice, levels)))])
        };
        rule.insert("pay".to_owned(), pay);
        if dice.one_in(3) {
            let (per, over) = (dice.pick(&["payee", "rule"]), dice.pick(&["retain", "flush", "scale"]));
            let limit = Node::Int(dice.pick(&[0, 9, 50, 400]));
            let cap = [("per", Node::from(per)), ("over", over.into()), ("limit", limit)];
            rule.insert("cap".to_owned(), Node::map(cap));
        }
        if dice.one_in(2) {
            rule.insert("qualify".into(), Node::map([("active", Node::Bool(true))]));
            rule.insert("unqualified".into(), dice.pick(&["retain", "stop", "compress", "roll_up"]).into());
        }
        rules.push(Node::Map(rule));
    }
    let plan = Node::map([
        ("schema", Node::from("fenrun.plan/1")),
        ("name", "n".into()),
        ("currency", "CNY".into()),
        ("ranks", Node::List(vec!["V1".into(), "V2".into()])),
        ("rule", Node::List(rules)),
    ]);
    Plan::from_node(&plan).expect("a plan")
}

fn sale(dice: &mut Dice, id: i64, plan: &Plan) -> Sale {
    let person = |dice: &mut Dice, at: i64| {
        Node::map([
            ("id", Node::from(format!("p{at}"))),
            ("active", (!dice.one_in(3)).into()),
            ("rank", dice.pick(&[None, Some("V1"), Some("V2")]).into()),
        ])
    };
    let upline: Vec<Node> = (1..=dice.between(0, 5)).map(|at| person(dice, at)).collect();
    let list = dice.pick(&[0, 7, 99, 1000, 99_999]);
    let line = Node::map([("paid", Node::Int(dice.between(0, list))), ("list", list.into())]);
    let node = Node::map([
        ("id", Node::from(format!("O{id}"))),
        ("buyer", person(dice, 0)),
        ("upline", Node::List(upline)),
        ("lines", Node::List(vec![line])),
    ]);
    Sale::from_node(&node, plan.currency()).expect("a sale")
}
