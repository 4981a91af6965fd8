//! Which rule runs before which: a rule stands behind the one it runs after.

use super::rule::{Rule, Trigger};
use super::stop::StopSource;
use super::{Period, Plan};
use crate::doc::{Spot, did_you_mean};
use crate::error::{Code, Error, Result};
use crate::sale::MAX_STOPS;
use std::collections::BTreeMap;

/// What starts a chain of rules: a sale, or the close of a period.
pub type Clock = Option<Period>;

/// How many rules of a cycle are named.
const NAMED: usize = 9;

/// The places of all rules, each behind the rule it runs after, otherwise as they are written; and what
/// starts the chain each stands in.
pub(super) fn sequence(rules: &[Rule]) -> Result<Vec<(usize, Clock)>> {
    let mut sequence = Vec::with_capacity(rules.len());
    let mut clocks: Vec<Option<Clock>> = vec![None; rules.len()];
    let mut sources = Vec::with_capacity(rules.len());
    for rule in rules {
        let Trigger::After(id) = &rule.trigger else {
            sources.push(None);
            continue;
        };
        let source = rules.iter().position(|other| other.id == *id).ok_or_else(|| {
            let hint = did_you_mean(id, "its rules", rules.iter().map(|rule| rule.id.as_str()));
            let error =
                format!("rule `{}`: `after` is `{id}`, which is no rule of this plan; {hint}", rule.id);
            Error::new(Code::InvalidValue, error).about(Spot::item_key("rule", &rule.id, "after"))
        })?;
        sources.push(Some(source));
    }
    for start in 0..rules.len() {
        // The rules this one waits for, itself first; a chain no longer than the plan has no cycle.
        let mut waiting = Vec::new();
        let mut next = Some(start);
        while let Some(at) = next.filter(|at| clocks[*at].is_none()) {
            if waiting.contains(&at) {
                waiting.push(at);
                return Err(cycle(rules, &waiting));
            }
            waiting.push(at);
            next = sources[at];
        }
        let mut clock = next.and_then(|at| clocks[at]);
        while let Some(at) = waiting.pop() {
            let own = clock.unwrap_or(match rules[at].trigger {
                Trigger::Period(period) => Some(period),
                Trigger::Order | Trigger::After(_) => None,
            });
            clock = Some(own);
            clocks[at] = clock;
            sequence.push((at, own));
        }
    }
    Ok(sequence)
}

fn cycle(rules: &[Rule], path: &[usize]) -> Error {
    let last = path.last();
    let from = path.iter().position(|at| Some(at) == last).unwrap_or(0);
    let round = &path[from..];
    let names: Vec<&str> = round.iter().take(NAMED).map(|at| rules[*at].id.as_str()).collect();
    let more =
        round.len().checked_sub(NAMED + 1).map_or(String::new(), |more| format!(" and {} more", more + 1));
    let error = format!("plan: rules run after each other in a cycle: {}{more}", names.join(" after "));
    Error::new(Code::InvalidValue, error).about(Spot::item_key("rule", names[0], "after"))
}

/// How far the rules of a sale walk each tree above the buyer.
pub(super) fn walks(plan: &Plan) -> BTreeMap<&str, usize> {
    let mut walks = BTreeMap::new();
    // The trees and depths at which the payees of each rule may stand.
    let mut reached: Vec<BTreeMap<&str, usize>> = vec![BTreeMap::new(); plan.rules().len()];
    for at in plan.sequence(None) {
        let rule = &plan.rules()[at];
        let source = match &rule.trigger {
            Trigger::After(id) => plan.rules().iter().position(|other| other.id == *id),
            Trigger::Order | Trigger::Period(_) => None,
        };
        let mut own: BTreeMap<&str, usize> = BTreeMap::new();
        let mut anywhere = false;
        for stop in &rule.to {
            match &stop.source {
                StopSource::Up { tree, limit, .. } => {
                    // A payee of another tree, or of none, may stand anywhere in this one.
                    let start = source
                        .map_or(0, |source| reached[source].get(tree.as_str()).copied().unwrap_or(MAX_STOPS));
                    let depth = start.saturating_add(*limit).min(MAX_STOPS);
                    let deepest = own.entry(tree).or_default();
                    *deepest = depth.max(*deepest);
                }
                StopSource::Buyer => {
                    if let Some(source) = source {
                        own.extend(reached[source].iter());
                    }
                }
                StopSource::Roles(_) | StopSource::Region(_) | StopSource::Class(_) => anywhere = true,
            }
        }
        for (tree, depth) in &own {
            let deepest = walks.entry(*tree).or_default();
            *deepest = (*depth).max(*deepest);
        }
        if own.len() > 1 || anywhere {
            own.clear();
        }
        reached[at] = own;
    }
    walks
}
