//! Periods a plan pays for, made from what the plan itself asks.

use super::facts::{facts, rates};
use super::sample::rank;
use super::stage::{Actor, Stage, legged};
use crate::doc::Node;
use crate::error::Result;
use crate::reward::period::{Measured, PeriodKey, measured};
use crate::reward::plan::{Amount, INCOME, LadderShape, Period, Plan, Rule, Schedule};
use crate::sale::{Facts, Pay, Purpose};
use std::collections::{BTreeMap, BTreeSet};

/// What each member sells, in units of their own: uneven, so that steps and pairs are met and missed.
const WEIGHTS: [i64; 13] = [5, 1, 3, 2, 4, 1, 2, 3, 1, 2, 5, 1, 2];
/// A unit of volumes nothing in the plan measures.
const UNIT: i64 = 33_333;
/// How many bits a unit of a volume lacks at least: all members sell less than 64 units of each.
const ROOM: u32 = 7;

/// A period of each length the plan closes, of thirteen members in two legs below one, with ranks that rise
/// toward the root and with the highest for all.
///
/// # Errors
/// [`Code::InvalidValue`](crate::Code::InvalidValue) when rules of one period read one fact as a rate and as a weight.
pub fn stages(plan: &Plan) -> Result<Vec<Stage>> {
    let mut stages = Vec::new();
    for (every, key) in [
        (Period::Day, "day/2026-11-02"),
        (Period::Week, "week/2026-11-02"),
        (Period::Month, "month/2026-11-01"),
    ] {
        let rules: Vec<&Rule> = plan.sequence(Some(every)).map(|at| &plan.rules()[at]).collect();
        if rules.is_empty() {
            continue;
        }
        let ways: &[&str] = if plan.ranks().is_empty() { &["lowest"] } else { &["falling", "highest"] };
        for way in ways {
            stages.push(payable(plan, PeriodKey::parse(key)?, &rules, way)?);
        }
    }
    Ok(stages)
}

/// The stage of the largest volumes whose amounts fit; the one of the smallest where none do.
fn payable(plan: &Plan, period: PeriodKey, rules: &[&Rule], way: &str) -> Result<Stage> {
    let stage = |bits: u32| -> Result<Stage> {
        Ok(Stage { period, actors: actors(plan, period.every(), rules, way, i64::MAX >> bits)? })
    };
    let mut bits = ROOM;
    let mut largest = stage(bits)?;
    while bits + 8 < i64::BITS && !largest.fits(plan)? {
        bits += 8;
        largest = stage(bits)?;
    }
    Ok(largest)
}

/// The actors, whose units of volumes are `most` at most.
fn actors(plan: &Plan, every: Period, rules: &[&Rule], way: &str, most: i64) -> Result<Vec<Actor>> {
    let asked = facts(plan, Some(every))?;
    let scales = scales(plan, rules, &asked, most);
    let rates = rates(plan, Some(every));
    // The period tells whole numbers: what is asked to be something else under such a name is stated.
    let tells = |name: &str, value: &Node| {
        matches!(value, Node::Int(_)) && measured(plan, name).is_some() && !rates.contains_key(name)
    };
    let mut stated: Facts = asked.into_iter().filter(|(name, value)| !tells(name, value)).collect();
    if plan.names().contains("purpose") && !rates.contains_key("purpose") {
        // A period has no lines, whose own fact it is.
        stated.insert("purpose".to_owned(), Purpose::Goods.name().into());
    }
    let actor = |(at, weight): (usize, &i64)| {
        let id = u64::try_from(at + 1).unwrap_or(u64::MAX);
        // A binary tree in the order of the ids, by invitation and by place.
        let (parent, leg) = if id == 1 { (0, 0) } else { (id / 2, if id % 2 == 0 { 1 } else { 2 }) };
        let place = |name: &String| (name.clone(), (parent, if legged(plan, name) { leg } else { 0 }));
        let depth = usize::try_from(id.ilog2()).unwrap_or(0);
        let volume = |(name, scale): (&String, &i64)| {
            let uneven = i64::try_from(at).unwrap_or(0);
            (name.clone(), if name == "quantity" { *weight } else { scale * weight + scale / 3 + uneven })
        };
        Actor {
            id,
            inviter: parent,
            rank: rank(plan.ranks(), way, depth),
            facts: stated.clone(),
            places: plan.trees().keys().map(place).collect(),
            volumes: scales.iter().map(volume).collect(),
        }
    };
    Ok(WEIGHTS.iter().enumerate().map(actor).collect())
}

/// Every volume the rules may read, with a unit that lets members reach steps, pairs and thresholds.
fn scales(plan: &Plan, rules: &[&Rule], asked: &Facts, most: i64) -> BTreeMap<String, i64> {
    let mut scales = BTreeMap::from([("paid".to_owned(), 0)]);
    let mut raise = |name: &str, scale: i64| {
        let known = scales.entry(name.to_owned()).or_insert(0);
        *known = scale.max(*known);
    };
    for rule in rules {
        for name in rule.of.names().filter(|name| *name != INCOME) {
            raise(if name == "margin" { "paid" } else { name }, 0);
        }
        let mut amounts = rule.pay.table().iter().flat_map(|(_, list)| list);
        if amounts.any(|amount| matches!(amount, Amount::Fixed(Pay::PerUnit(_)))) {
            raise("quantity", 0);
        }
        match &rule.pay {
            Schedule::Ladder(ladder) => {
                let top = match &ladder.shape {
                    LadderShape::Whole(steps) | LadderShape::Marginal(steps) => {
                        steps.last().map_or(0, |step| step.from)
                    }
                    LadderShape::Polynomial(_) => 0,
                };
                let read = ladder.by.as_deref().unwrap_or(&rule.of.base);
                raise(if read == INCOME { "paid" } else { read }, top / 8);
            }
            Schedule::Pairing(pairing) => raise(&rule.of.base, pairing.unit),
            _ => {}
        }
    }
    for (fact, value) in asked {
        if let Some(Measured::Volume(volume)) = measured(plan, fact) {
            let least = if let Node::Int(least) = value { *least } else { 0 };
            raise(volume, least / 4);
        }
    }
    let cost = BTreeSet::from(["cost".to_owned()]);
    let names: BTreeSet<String> = scales.keys().cloned().chain(cost).collect();
    let unit = |name: String| {
        let scale = scales.get(&name).copied().filter(|scale| *scale > 0).unwrap_or(UNIT);
        // Half of what is paid is cost, so that there is a margin.
        let scale = if name == "cost" { UNIT / 2 } else { scale };
        (name, scale.min(most))
    };
    names.into_iter().map(unit).collect()
}
