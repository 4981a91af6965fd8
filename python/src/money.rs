//! Exact amounts out of texts.

use crate::error::OrRaise;
use crate::node;
use fenrun::Error;
use fenrun::money::{Currency, Money};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

/// How many decimals a currency has.
#[pyfunction]
pub(crate) fn exponent(currency: &Bound<'_, PyString>) -> PyResult<u8> {
    Ok(parse_currency(currency)?.exponent())
}

/// Minor units of decimal texts.
#[pyfunction]
pub(crate) fn parse_amounts<'py>(
    texts: &Bound<'py, PyList>,
    currency: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let py = texts.py();
    let currency = parse_currency(currency)?;
    let mut amounts = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let money = Money::parse(node::text(text.cast()?, format_args!("row {at}"))?, currency);
        amounts.push(money.map_err(|error| Error::from(error).at(at)).or_raise(py)?.minor());
    }
    Ok(amounts.into_pyarray(py))
}

fn parse_currency(currency: &Bound<'_, PyString>) -> PyResult<Currency> {
    Currency::parse(node::text(currency, "currency")?).or_raise(currency.py())
}
