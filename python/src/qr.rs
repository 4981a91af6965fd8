//! QR images.

use crate::error::OrRaise;
use crate::node;
use fenrun::doc::Node;
use fenrun_qr::Style;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// The bytes of the QR image of a text.
#[pyfunction]
pub(crate) fn draw_qr<'py>(
    text: &Bound<'py, PyString>,
    format: &Bound<'py, PyString>,
    correction: &Bound<'py, PyString>,
    module: i64,
    margin: i64,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = text.py();
    let style = Node::map([
        ("format", Node::from(node::text(format, "format")?)),
        ("correction", Node::from(node::text(correction, "correction")?)),
        ("module", Node::Int(module)),
        ("margin", Node::Int(margin)),
    ]);
    let style = Style::from_node(&style).or_raise(py)?;
    let text = node::text(text, "text")?;
    let image = py.detach(|| fenrun_qr::draw(text, &style)).or_raise(py)?;
    Ok(PyBytes::new(py, &image))
}
