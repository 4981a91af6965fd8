//! The Sybil audit as documents.

use super::forest::number;
use super::period::place;
use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::reward::period::PeriodKey;
use crate::reward::plan::Plan;
use crate::reward::sybil::{Actor, Finding, Limits, Stage, audit, audit_periods, sample, stages};
use crate::sale::{Facts, Sale};
use std::collections::BTreeMap;

/// What false identities and split sales gain: over sales, over a period, or over samples of both.
pub(super) fn sybil(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "sybil")?;
    let sales = fields.take("sales").map(|_| fields.list("sales")).transpose()?;
    let close = fields.take("close");
    let default = Limits::default();
    let limits = Limits {
        identities: fields.count("identities")?.unwrap_or(default.identities),
        parts: fields.count("parts")?.unwrap_or(default.parts),
        periods: fields.count("periods")?.unwrap_or(default.periods),
    };
    fields.finish()?;
    let findings = match (sales, close) {
        (None, None) => {
            let of_sales = plan.sequence(None).next().is_some();
            let mut findings = if of_sales { audit(plan, &sample(plan)?, limits)? } else { Vec::new() };
            findings.extend(audit_periods(plan, &stages(plan)?, limits)?);
            findings
        }
        (sales, close) => {
            let mut findings = Vec::new();
            if let Some(nodes) = sales {
                let sales = nodes.iter().map(|node| Sale::from_node(node, plan.currency()));
                findings.extend(audit(plan, &sales.collect::<Result<Vec<_>>>()?, limits)?);
            }
            if let Some(node) = close {
                findings.extend(audit_periods(plan, &[stage(plan, node)?], limits)?);
            }
            findings
        }
    };
    Ok(Node::map([("findings", Node::List(findings.iter().map(Finding::to_node).collect()))]))
}

/// A stage, stated as a close is: `{period, members, trees?, volumes, refunds?}`.
fn stage(plan: &Plan, node: &Node) -> Result<Stage> {
    let mut fields = Fields::new(node, "close")?;
    let period = PeriodKey::parse(fields.need_text("period")?)?;
    let mut actors = BTreeMap::new();
    for (at, node) in fields.list("members")?.iter().enumerate() {
        let actor = actor(plan, node, at)?;
        actors.insert(actor.id, actor);
    }
    if let Some(node) = fields.take("trees") {
        for (name, node) in Fields::new(node, "trees")?.rest() {
            let Node::List(rows) = node else { return Err(invalid(name, "a list of places", node)) };
            for row in rows {
                let (member, parent, leg) = place(row, number)?;
                let actor = actors.get_mut(&member).ok_or_else(|| missing(member))?;
                actor.places.insert(name.to_owned(), (parent, leg));
            }
        }
    }
    let add: fn(i64, i64) -> Option<i64> = i64::checked_add;
    for (key, sum) in [("volumes", add), ("refunds", i64::checked_sub)] {
        for (at, node) in fields.list(key)?.iter().enumerate() {
            let mut fields = Fields::new(node, format!("{key}[{at}]"))?;
            let member = number(fields.need("member")?)?;
            let actor = actors.get_mut(&member).ok_or_else(|| missing(member))?;
            for (name, value) in fields.rest() {
                let Node::Int(amount) = value else {
                    return Err(fields.wrong(name, "a whole number", value));
                };
                let known = actor.volumes.entry(name.to_owned()).or_insert(0);
                let too_wide = || {
                    Error::new(Code::Overflow, format!("`{name}` of member {member} does not fit 64 bits"))
                };
                *known = sum(*known, *amount).ok_or_else(too_wide)?;
            }
        }
    }
    fields.finish()?;
    Ok(Stage { period, actors: actors.into_values().collect() })
}

fn actor(plan: &Plan, node: &Node, at: usize) -> Result<Actor> {
    let mut fields = Fields::new(node, format!("members[{at}]"))?;
    let id = number(fields.need("id")?)?;
    let inviter = fields.take("inviter").map_or(Ok(0), number)?;
    let rank = fields.text("rank")?.map(str::to_owned);
    let facts: Facts = fields.rest().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let places = plan.trees().keys().map(|tree| (tree.clone(), (0, 0))).collect();
    Ok(Actor { id, inviter, rank, facts, places, volumes: BTreeMap::new() })
}

fn missing(member: u64) -> Error {
    Error::new(Code::UnknownMember, format!("member {member} is not among the members"))
}
