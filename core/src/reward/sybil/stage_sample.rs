//! Periods a plan pays for, made from what the plan itself asks.

use super::sample::{facts, rank};
use super::stage::{Actor, Stage, legged};
use crate::doc::Node;
use crate::error::Result;
use crate::reward::period::PeriodKey;
use crate::reward::plan::{Amount, INCOME, LadderShape, Period, Plan, Rule, Schedule};
use crate::sale::{Facts, Pay, Purpose};
use std::collections::{BTreeMap, BTreeSet};

/// What each member sells, in units of their own: uneven, so that steps and pairs are met and missed.
const WEIGHTS: [i64; 13] = [5, 1, 3, 2, 4, 1, 2, 3, 1, 2, 5, 1, 2];
/// A unit of volumes nothing in the plan measures.
const UNIT: i64 = 33_333;
/// The beginnings of facts that the period itself tells of a volume.
const OF_VOLUMES: [&str; 4] = ["own_", "team_", "strong_", "weak_"];

/// A period of each length the plan closes, of thirteen members in two legs below one, with ranks that rise
/// toward the root and with the highest for all.
///
/// # Errors
/// None but those of periods that cannot be read.
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
            stages.push(Stage { period: PeriodKey::parse(key)?, actors: actors(plan, &rules, way) });
        }
    }
    Ok(stages)
}

fn actors(plan: &Plan, rules: &[&Rule], way: &str) -> Vec<Actor> {
    let asked = facts(&plan.to_node());
    let scales = scales(rules, &asked);
    let mut stated: Facts = asked.into_iter().filter(|(name, _)| !of_period(name)).collect();
    if plan.names().contains("purpose") {
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
    WEIGHTS.iter().enumerate().map(actor).collect()
}

/// Whether the period tells a fact, and not the host.
fn of_period(fact: &str) -> bool {
    matches!(fact, "recruits" | "team_size")
        || OF_VOLUMES.iter().chain(&["recruits_", "legs_"]).any(|start| fact.starts_with(start))
}

/// Every volume the rules may read, with a unit that lets members reach steps, pairs and thresholds.
fn scales(rules: &[&Rule], asked: &Facts) -> BTreeMap<String, i64> {
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
        let volume = OF_VOLUMES.iter().find_map(|start| fact.strip_prefix(start));
        if let (Some(volume), Node::Int(least)) = (volume, value) {
            raise(volume, least / 4);
        }
    }
    let cost = BTreeSet::from(["cost".to_owned()]);
    let names: BTreeSet<String> = scales.keys().cloned().chain(cost).collect();
    let unit = |name: String| {
        let scale = scales.get(&name).copied().filter(|scale| *scale > 0).unwrap_or(UNIT);
        // Half of what is paid is cost, so that there is a margin.
        let scale = if name == "cost" { UNIT / 2 } else { scale };
        (name, scale)
    };
    names.into_iter().map(unit).collect()
}
