//! Exact amounts out of texts.

use crate::error::OrRaise;
use fenrun::Error;
use fenrun::money::{Currency, Money};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyList;

/// How many decimals a currency has.
#[pyfunction]
pub(crate) fn exponent(py: Python<'_>, currency: &str) -> PyResult<u8> {
    Ok(Currency::parse(currency).or_raise(py)?.exponent())
}

/// Minor units of decimal texts.
#[pyfunction]
pub(crate) fn parse_amounts<'py>(
    texts: &Bound<'py, PyList>,
    currency: &str,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let py = texts.py();
    let currency = Currency::parse(currency).or_raise(py)?;
    let mut amounts = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let money = Money::parse(text.extract::<&str>()?, currency);
        amounts.push(money.map_err(|error| Error::from(error).at(at)).or_raise(py)?.minor());
    }
    Ok(amounts.into_pyarray(py))
}
