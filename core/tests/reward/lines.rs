//! The law about lines.

use super::{per, rules_where, without_min};
use crate::RewardLaw;
use crate::evaluator::Evaluator;
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::edit::{Map, edit_list};
use crate::naive::generate::{Dice, case};
use crate::naive::outcome::Outcome;
use crate::naive::plan::{entries, int, items};
use crate::naive::{Mutation as M, big};
use fenrun::doc::Node;
use num_bigint::BigInt;
use num_traits::Signed;
use std::collections::{BTreeMap, BTreeSet};

/// L8: the order of lines says nothing, and a line cut in two moves what somebody gets at a level of a
/// rule by less than the number of parts. (A part of a differential is the difference of two rounded
/// amounts, and each moves by one: with modes that go to the nearest it may move by both.)
pub(crate) const PERMUTED_AND_SPLIT: RewardLaw = Law {
    name: "L8 lines",
    holds: permuted_and_split,
    suspects: &[
        M::DigitsCarried,
        M::FirstOverrideForAll,
        M::HeightKept,
        M::UnitsForgotten,
        M::WholeTens,
        M::HiddenCap,
        M::FirstThousandFree,
        M::Wraps32,
        M::SinglePrecision,
    ],
};

fn permuted_and_split(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = case(seed);
    let mut dice = Dice::new(!seed);
    let sale = named_lines(&case.sale);
    let Ok(outcome) = who.evaluate(&case.plan, &sale) else { return Ok(Bearing::Beside) };
    let count = items(sale.get("lines")).len();
    let permuted = edit_list(&sale, "lines", |lines| {
        lines.rotate_left(dice.count(0, 8) % count);
        if dice.one_in(2) {
            lines.reverse();
        }
    });
    let other = who.evaluate(&case.plan, &permuted)?;
    need(other == outcome, || format!("permuted {other:#?}\nbefore {outcome:#?}"))?;

    // Bases must add up: no product that is rounded, nothing that is cut at zero.
    let adds_up = |rule: &Map| {
        let plain = |of: &Node| of.as_text().is_some_and(|name| name != "margin");
        rule.get("of").is_none_or(plain) && per(rule) != "unit"
    };
    let Some((plan, sale)) = rules_where(&without_min(&case.plan), &sale, adds_up) else {
        return Ok(Bearing::Beside);
    };
    let Some(split) = split_one(&mut dice, &sale) else { return Ok(Bearing::Beside) };
    let (before, after) = (by_slot(&who.evaluate(&plan, &sale)?), by_slot(&who.evaluate(&plan, &split)?));
    let slots: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for slot in &slots {
        let zero = big(0);
        let moved = after.get(slot).unwrap_or(&zero) - before.get(slot).unwrap_or(&zero);
        let most = if is_nearest_differential(&plan, &slot.0) { 2 } else { 1 };
        need(moved.abs() <= big(most), || format!("a split moved {slot:?} by {moved}"))?;
    }
    Ok(if slots.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// Gives every line an id that does not depend on its place.
fn named_lines(sale: &Node) -> Node {
    edit_list(sale, "lines", |lines| {
        for (at, line) in lines.iter_mut().enumerate() {
            let mut map = entries(Some(line));
            map.insert("id".into(), format!("line{at}").into());
            *line = Node::Map(map);
        }
    })
}

/// Cuts the units and every component of a line of several units in two.
fn split_one(dice: &mut Dice, sale: &Node) -> Option<Node> {
    let several = |line: &&Node| int(line.get("units")).unwrap_or(1) > 1;
    let chosen = items(sale.get("lines")).iter().find(several)?;
    let (mut first, mut second) = (entries(Some(chosen)), entries(Some(chosen)));
    second.insert("id".into(), "cut".into());
    for (name, value) in chosen_amounts(chosen) {
        let part = if name == "units" { dice.between(1, value - 1) } else { dice.between(0, value) };
        first.insert(name.clone(), Node::Int(part));
        second.insert(name, Node::Int(value - part));
    }
    Some(edit_list(sale, "lines", |lines| {
        lines.retain(|line| line != chosen);
        lines.extend([Node::Map(first), Node::Map(second)]);
    }))
}

fn chosen_amounts(line: &Node) -> Vec<(String, i64)> {
    let amount = |(name, value): (&String, &Node)| int(Some(value)).map(|minor| (name.clone(), minor));
    entries(Some(line)).iter().filter_map(amount).collect()
}

/// Amounts by rule, level and payee, all lines together.
fn by_slot(outcome: &Outcome) -> BTreeMap<(String, usize, String), BigInt> {
    let mut sums = BTreeMap::new();
    for row in &outcome.rows {
        let slot = (row.rule.clone(), row.level, row.payee.clone());
        *sums.entry(slot).or_insert_with(|| big(0)) += &row.amount;
    }
    sums
}

fn is_nearest_differential(plan: &Node, id: &str) -> bool {
    let named = |rule: &&Node| rule.get("id").and_then(Node::as_text) == Some(id);
    let rule = entries(items(plan.get("rule")).iter().find(named));
    let round = rule.get("round");
    let mode = round.and_then(|round| round.get("mode").or(Some(round))).and_then(Node::as_text);
    super::is_differential(&rule) && mode.is_some_and(|mode| mode.starts_with("half"))
}
