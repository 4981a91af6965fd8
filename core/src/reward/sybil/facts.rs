//! What members of a sample state: a value for every fact the plan reads.

use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::money::Rate;
use crate::reward::plan::{Amount, Clock, Plan, Schedule, Weights};
use crate::sale::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// A value for each fact that meets the first test of it. What the rules of one clock read as a rate is one, and
/// what they read as a weight is a whole number.
///
/// # Errors
/// [`Code::InvalidValue`] when they read one fact as both: nobody can state it.
pub(super) fn facts(plan: &Plan, clock: Clock) -> Result<Facts> {
    let node = plan.to_node();
    let (mut facts, mut others) = (Facts::new(), BTreeSet::new());
    conditions(&node).into_iter().for_each(|condition| state(condition, &mut facts, &mut others));
    // What is tested by empty lists alone: any value will do.
    for name in others {
        facts.entry(name).or_insert(Node::Bool(true));
    }
    let rates = rates(plan, clock);
    // A rate is a share and a weight a whole number, whatever a condition asks of the same fact.
    for name in rates.keys() {
        let stated = facts.entry((*name).to_owned()).or_insert_with(|| "5%".into());
        if stated.as_text().is_none_or(|text| text.parse::<Rate>().is_err()) {
            *stated = "5%".into();
        }
    }
    for rule in plan.sequence(clock).map(|at| &plan.rules()[at]) {
        let Schedule::Share(share) = &rule.pay else { continue };
        let Weights::Fact(name) = &share.weights else { continue };
        if let Some(other) = rates.get(name.as_str()) {
            let id = &rule.id;
            let error = format!(
                "the fact `{name}` is a rate of rule `{other}` and a weight of rule `{id}`: no member of a sample can \
                 state it; state sales or a period"
            );
            return Err(Error::new(Code::InvalidValue, error));
        }
        facts.insert(name.clone(), Node::Int(2));
    }
    Ok(facts)
}

/// The facts that rules of one clock read as rates, with the first such rule.
pub(super) fn rates(plan: &Plan, clock: Clock) -> BTreeMap<&str, &str> {
    let mut rates = BTreeMap::new();
    for rule in plan.sequence(clock).map(|at| &plan.rules()[at]) {
        for amount in rule.pay.table().iter().flat_map(|(_, list)| list) {
            if let Amount::Fact(name) = amount {
                rates.entry(name.as_str()).or_insert(rule.id.as_str());
            }
        }
    }
    rates
}

/// The conditions of rules, then those of ranks.
fn conditions(plan: &Node) -> Vec<&Node> {
    let list = |key: &str| match plan.get(key) {
        Some(Node::List(items)) => items.as_slice(),
        _ => &[],
    };
    let mut found = Vec::new();
    for rule in list("rule") {
        let stops = match rule.get("to") {
            Some(Node::List(stops)) => stops.as_slice(),
            single => single.map_or(&[][..], std::slice::from_ref),
        };
        // What a stop asks decides before what is asked of payees, and that before what is asked of the source.
        let of_stops = stops.iter().rev().flat_map(|stop| [stop.get("class"), stop.get("when")]);
        let own = [rule.get("qualify"), rule.get("when")];
        found.extend(of_stops.chain(own).flatten());
    }
    let of_ranks = list("rank").iter().flat_map(|rank| [rank.get("won"), rank.get("kept")]);
    found.extend(of_ranks.flatten());
    found
}

/// States what a condition asks for, unless it is stated; `others` are the facts of which an empty list says nothing.
fn state(condition: &Node, facts: &mut Facts, others: &mut BTreeSet<String>) {
    let mut open = vec![(condition, true)];
    while let Some((node, holds)) = open.pop() {
        match node {
            Node::List(items) => open.extend(items.iter().map(|item| (item, holds))),
            Node::Map(clauses) => {
                for (key, value) in clauses {
                    match key.as_str() {
                        "any" | "sale" => open.push((value, holds)),
                        "not" => open.push((value, !holds)),
                        "rank" => {}
                        fact => {
                            if let Some(value) = meeting(value, holds) {
                                facts.entry(fact.to_owned()).or_insert(value);
                            } else {
                                others.insert(fact.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// A value that meets a test, or one that does not; none of an empty list, which says nothing of types either.
fn meeting(test: &Node, holds: bool) -> Option<Node> {
    let value = match test {
        Node::List(items) => items.first().cloned(),
        Node::Map(range) => {
            let list = match range.get("in") {
                Some(Node::List(items)) => items.first().cloned(),
                _ => None,
            };
            range.get("min").or_else(|| range.get("max")).cloned().or(list)
        }
        single => Some(single.clone()),
    };
    Some(match (value?, holds) {
        (value, true) => value,
        (Node::Bool(value), false) => Node::Bool(!value),
        // Nothing lies beyond the ends of the integers: there a test cannot be missed.
        (Node::Int(value), false) if test.get("min").is_some() => Node::Int(value.saturating_sub(1)),
        (Node::Int(value), false) => Node::Int(value.saturating_add(1)),
        (_, false) => Node::from("another"),
    })
}
