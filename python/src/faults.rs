//! What keeps two columns from being a forest, by row.

use crate::node;
use fenrun::id::ExternalId;
use fenrun::reward::referral::EdgeFaults;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use std::collections::HashMap;

/// Cycles, own inviters, orphans, second parents (their row, the first one, whether they say the same), rows
/// without a member.
type Faults = (Vec<Vec<usize>>, Vec<usize>, Vec<usize>, Vec<(usize, usize, bool)>, Vec<usize>);

/// A column of ids as numbers.
type Numbers<'py> = Bound<'py, PyArray1<u64>>;

/// Every fault of two columns of one length.
#[pyfunction]
pub(crate) fn edge_faults(
    py: Python<'_>,
    members: PyReadonlyArray1<'_, u64>,
    inviters: PyReadonlyArray1<'_, u64>,
) -> PyResult<Faults> {
    let (members, inviters) = (members.as_slice()?, inviters.as_slice()?);
    let faults = py.detach(|| EdgeFaults::of(members, inviters));
    let second = faults.second_parents.iter().map(|second| (second.row, second.first, second.same)).collect();
    Ok((faults.cycles, faults.own_inviters, faults.orphans, second, faults.invalid))
}

/// The numbers of the texts of two columns: the same text has the same number, and 0 is what is no id.
#[pyfunction]
pub(crate) fn number_texts<'py>(
    members: &Bound<'py, PyList>,
    inviters: &Bound<'py, PyList>,
) -> PyResult<(Numbers<'py>, Numbers<'py>)> {
    let py = members.py();
    let mut known = HashMap::new();
    let mut numbers = |texts: &Bound<'py, PyList>, what: &str| -> PyResult<_> {
        let mut numbers = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let text = node::text(text.cast::<PyString>()?, format_args!("{what}, row {at}"))?.to_owned();
            let next = u64::try_from(known.len() + 1).unwrap_or(u64::MAX);
            numbers.push(match text.as_str() {
                "" | "0" => 0,
                text if what == "members" && ExternalId::new(text).is_err() => 0,
                _ => *known.entry(text).or_insert(next),
            });
        }
        Ok(numbers.into_pyarray(py))
    };
    Ok((numbers(members, "members")?, numbers(inviters, "inviters")?))
}
