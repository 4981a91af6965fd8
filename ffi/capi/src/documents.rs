//! The control plane: JSON in, JSON out.

use fenrun::Result;
use fenrun::doc::{MAX_DOCUMENT_BYTES, Node, read_json};
use fenrun::reward::commission::{self, Frozen, Refund};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use std::collections::BTreeMap;

/// What settling one sale gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The outcome as JSON, without its trace.
    pub outcome: String,
    /// What a reversal will need; to be kept beside the order.
    pub frozen: String,
}

/// The report of `Plan::check` as JSON, with the hash of the plan.
///
/// # Errors
/// As [`Plan::check`].
pub fn check(plan: &Plan) -> Result<String> {
    Ok(fenrun::operations::run("check", Some(plan), &Node::Map(BTreeMap::new()))?.to_json())
}

/// Settles one sale, given as JSON with its own upline.
///
/// # Errors
/// Names the key, the value and the rule.
pub fn settle_one(plan: &Plan, sale: &str) -> Result<Settled> {
    let sale = Sale::from_node(&read_json(sale, MAX_DOCUMENT_BYTES)?, plan.currency())?;
    let (outcome, frozen) = Frozen::settle(plan, &sale)?;
    Ok(Settled { outcome: outcome.to_result_node().to_json(), frozen: frozen.to_text() })
}

/// Reverses one refund of a frozen sale: `{ rows, left }` as JSON.
///
/// `before` is the JSON list of the refunds that came before this one, `[{ id, lines }]`; an empty text counts
/// as an empty list. `refund` is `{ id, lines, standing }`, see [`Refund::with_standing`].
///
/// # Errors
/// As [`commission::reverse`], and for texts that cannot be read.
pub fn reverse(frozen: &str, before: &str, refund: &str) -> Result<String> {
    let frozen = Frozen::from_text(frozen)?;
    let before = if before.is_empty() { Vec::new() } else { Refund::list_from_node(&read(before)?)? };
    let (refund, standing) = Refund::with_standing(&read(refund)?)?;
    Ok(commission::reverse(&frozen, &before, &refund, standing.as_deref())?.to_node().to_json())
}

/// Any operation of `vectors/README.md`.
///
/// # Errors
/// As [`fenrun::operations::run`].
pub fn run(operation: &str, plan: Option<&Plan>, input: &str) -> Result<String> {
    Ok(fenrun::operations::run(operation, plan, &read(input)?)?.to_json())
}

fn read(text: &str) -> Result<Node> {
    read_json(text, MAX_DOCUMENT_BYTES)
}
