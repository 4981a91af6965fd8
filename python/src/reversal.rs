//! Taking commission back, from the frozen text alone.

use crate::error::OrRaise;
use crate::node;
use fenrun::doc::Node;
use fenrun::reward::commission::{self as core, Frozen, Refund, Standing};
use fenrun::{Code, Error};
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Key, rule, payee, account, amount.
type Row = (String, String, String, String, i64);
/// Rule, payee, account, amount.
type Left = (String, String, String, i64);

/// Reverses one refund: the rows to post, what stands afterwards, and what the retained part changes by.
#[pyfunction]
pub(crate) fn reverse(
    py: Python<'_>,
    frozen: &Bound<'_, PyString>,
    refund: &Bound<'_, PyAny>,
    before: &Bound<'_, PyAny>,
    standing: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Vec<Row>, Vec<Left>, i64)> {
    let frozen = Frozen::from_text(node::text(frozen, "frozen")?).or_raise(py)?;
    let currency = frozen.plan().currency();
    let refund = node::read_document(refund, "refund", Some(currency))?;
    let refund = Refund::from_node(&refund).or_raise(py)?;
    let before = Refund::list_from_node(&node::read(before, "before", Some(currency))?).or_raise(py)?;
    let standing = match standing {
        None => None,
        Some(standing) => {
            let entries = list(node::read(standing, "standing", Some(currency))?, "standing").or_raise(py)?;
            Some(Standing::from_nodes(&entries).or_raise(py)?)
        }
    };
    let reversal = core::reverse(&frozen, &before, &refund, standing.as_deref()).or_raise(py)?;
    let rows = reversal.rows.into_iter();
    let left = reversal.left.into_iter();
    Ok((
        rows.map(|row| (row.key, row.rule, row.payee.to_string(), row.account, row.amount)).collect(),
        left.map(|entry| (entry.rule, entry.payee.to_string(), entry.account, entry.amount)).collect(),
        reversal.retained_change,
    ))
}

fn list(node: Node, what: &str) -> fenrun::Result<Vec<Node>> {
    match node {
        Node::List(items) => Ok(items),
        other => Err(Error::new(Code::InvalidValue, format!("{what}: a list, not {}", other.kind()))),
    }
}
