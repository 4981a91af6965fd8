//! Taking commission back, from the frozen text alone.

use crate::error::OrRaise;
use crate::node;
use fenrun::doc::Node;
use fenrun::reward::commission::{self as core, Frozen, Refund, Standing, Taken};
use fenrun::{Code, Error};
use pyo3::prelude::*;

/// Key, rule, payee, account, amount.
type Row = (String, String, String, String, i64);
/// Rule, payee, account, amount.
type Left = (String, String, String, i64);

/// Reverses one refund: the rows to post, what stands afterwards, and what the retained part changes by.
#[pyfunction]
pub(crate) fn reverse(
    py: Python<'_>,
    frozen: &str,
    refund: &Bound<'_, PyAny>,
    before: &Bound<'_, PyAny>,
    standing: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Vec<Row>, Vec<Left>, i64)> {
    let frozen = Frozen::from_text(frozen).or_raise(py)?;
    let currency = frozen.plan().currency();
    let refund = node::read_document(refund, "refund", Some(currency))?;
    let refund = Refund::from_node(&refund).or_raise(py)?;
    let mut taken = Vec::new();
    for earlier in list(node::read(before, "before", Some(currency))?, "before").or_raise(py)? {
        let lines = lines_of(earlier).or_raise(py)?;
        taken.extend(Taken::from_nodes(&lines).or_raise(py)?);
    }
    let standing = match standing {
        None => None,
        Some(standing) => {
            let entries = list(node::read(standing, "standing", Some(currency))?, "standing").or_raise(py)?;
            Some(Standing::from_nodes(&entries).or_raise(py)?)
        }
    };
    let reversal = core::reverse(&frozen, &taken, &refund, standing.as_deref()).or_raise(py)?;
    let rows = reversal.rows.into_iter();
    let left = reversal.left.into_iter();
    Ok((
        rows.map(|row| (row.key, row.rule, row.payee.to_string(), row.account, row.amount)).collect(),
        left.map(|entry| (entry.rule, entry.payee.to_string(), entry.account, entry.amount)).collect(),
        reversal.retained_change,
    ))
}

/// The lines of an earlier refund, whose id no longer matters.
fn lines_of(node: Node) -> fenrun::Result<Vec<Node>> {
    match node.get("lines") {
        Some(Node::List(lines)) => Ok(lines.clone()),
        _ => Err(Error::new(Code::MissingKey, "before: a refund has `lines`")),
    }
}

fn list(node: Node, what: &str) -> fenrun::Result<Vec<Node>> {
    match node {
        Node::List(items) => Ok(items),
        other => Err(Error::new(Code::InvalidValue, format!("{what}: a list, not {}", other.kind()))),
    }
}
