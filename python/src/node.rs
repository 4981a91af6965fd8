//! Between Python values and documents.

use crate::error::{OrRaise, exception};
use fenrun::doc::{MAX_DOCUMENT_BYTES, Node, read_json};
use fenrun::money::Currency;
use fenrun::{Code, Error};
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use std::collections::BTreeMap;
use std::fmt;

/// Deeper than any document of ours, and far from the end of the stack.
const MAX_DEPTH: usize = 64;

/// `fenrun._values.plain`, looked up once: what other types mean, or why they are refused.
static PLAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Where a value stands, for messages: `sale.lines[0].paid`.
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
    depth: usize,
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        match (&self.step, self.above) {
            (Step::Key(key), None) => f.write_str(key),
            (Step::Key(key), Some(_)) => write!(f, ".{key}"),
            (Step::Index(at), _) => write!(f, "[{at}]"),
        }
    }
}

impl<'a> Place<'a> {
    fn below(&'a self, step: Step<'a>) -> Self {
        Place { above: Some(self), step, depth: self.depth + 1 }
    }
}

/// Reads a value: a `str` is a JSON text where a document is wanted. `currency` is what a `Decimal` counts.
pub(crate) fn read_document(
    value: &Bound<'_, PyAny>,
    what: &str,
    currency: Option<Currency>,
) -> PyResult<Node> {
    match value.cast::<PyString>() {
        Ok(json) => read_json(text(json, what)?, MAX_DOCUMENT_BYTES).or_raise(value.py()),
        Err(_) => read(value, what, currency),
    }
}

/// The text of a `str`. One with half of a surrogate pair is no text anywhere else.
pub(crate) fn text<'a>(value: &'a Bound<'_, PyString>, what: impl fmt::Display) -> PyResult<&'a str> {
    value.to_str().map_err(|_| {
        let rule = format!("{what}: half of a surrogate pair, which is no text in UTF-8");
        exception(value.py(), &Error::new(Code::InvalidValue, rule))
    })
}

/// A count: an int from 0 to the most there may be.
pub(crate) fn count<'py, T>(value: &Bound<'py, PyAny>, what: &str, most: T) -> PyResult<T>
where
    T: FromPyObjectOwned<'py> + fmt::Display,
{
    let refused = || PyTypeError::new_err(format!("{what}: an int, not {value}"));
    if value.is_instance_of::<PyBool>() {
        return Err(refused());
    }
    let number = value.call_method0("__index__").map_err(|_| refused())?;
    number.extract().map_err(|_| {
        let rule = format!("{what}: {number} is outside 0..={most}");
        exception(value.py(), &Error::new(Code::InvalidValue, rule))
    })
}

/// Reads a value; `what` names it in messages.
pub(crate) fn read(value: &Bound<'_, PyAny>, what: &str, currency: Option<Currency>) -> PyResult<Node> {
    Reader { currency }.node(value, &Place { above: None, step: Step::Key(what), depth: 0 })
}

struct Reader {
    currency: Option<Currency>,
}

impl Reader {
    fn node(&self, value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Node> {
        let py = value.py();
        if let Ok(string) = value.cast::<PyString>() {
            return Ok(Node::Text(text(string, place)?.to_owned()));
        }
        if value.is_none() {
            return Ok(Node::Null);
        }
        if let Ok(flag) = value.cast::<PyBool>() {
            return Ok(Node::Bool(flag.is_true()));
        }
        if value.is_instance_of::<PyInt>() {
            return value.extract().map(Node::Int).map_err(|_| {
                let rule = format!("{place}: {value} does not fit a signed 64-bit integer");
                exception(py, &Error::new(Code::InvalidValue, rule))
            });
        }
        if place.depth >= MAX_DEPTH {
            let rule = format!("{place}: nested deeper than {MAX_DEPTH}");
            return Err(exception(py, &Error::new(Code::InvalidValue, rule)));
        }
        if let Ok(map) = value.cast::<PyDict>() {
            return self.map(map.iter(), place);
        }
        if let Ok(list) = value.cast::<PyList>() {
            return self.list(list.iter(), place);
        }
        if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            return self.list(tuple.iter(), place);
        }
        if let Ok(map) = value.cast::<PyMapping>() {
            let items = map.items()?;
            let pairs = items.iter().map(|pair| pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>());
            return self.map(pairs.collect::<PyResult<Vec<_>>>()?.into_iter(), place);
        }
        self.other(value, place)
    }

    fn map<'py>(
        &self,
        pairs: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
        place: &Place<'_>,
    ) -> PyResult<Node> {
        let mut map = BTreeMap::new();
        for (key, value) in pairs {
            let key = key
                .cast::<PyString>()
                .map_err(|_| PyTypeError::new_err(format!("{place}: the key {key} is not text")))?;
            let key = text(key, format_args!("{place}: a key"))?.to_owned();
            let node = self.node(&value, &place.below(Step::Key(&key)))?;
            map.insert(key, node);
        }
        Ok(Node::Map(map))
    }

    fn list<'py>(&self, items: impl Iterator<Item = Bound<'py, PyAny>>, place: &Place<'_>) -> PyResult<Node> {
        let nodes = items.enumerate().map(|(at, item)| self.node(&item, &place.below(Step::Index(at))));
        nodes.collect::<PyResult<_>>().map(Node::List)
    }

    /// Numpy scalars, dates, `Decimal`, dataclasses: Python says what they are.
    fn other(&self, value: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Node> {
        let py = value.py();
        let currency = self.currency.as_ref().map(Currency::code);
        let plain = PLAIN
            .get_or_try_init(py, || py.import("fenrun._values")?.getattr("plain").map(Bound::unbind))?
            .bind(py)
            .call1((value, place.to_string(), currency))?;
        debug_assert!(!plain.is_instance_of::<PyFloat>());
        self.node(&plain, &Place { above: place.above, step: place.step.again(), depth: place.depth + 1 })
    }
}

impl Step<'_> {
    fn again(&self) -> Self {
        match self {
            Self::Key(key) => Self::Key(key),
            Self::Index(at) => Self::Index(*at),
        }
    }
}

/// The Python value of a document: `dict`, `list`, `str`, `int`, `bool` and `None`.
pub(crate) fn write<'py>(py: Python<'py>, node: &Node) -> PyResult<Bound<'py, PyAny>> {
    Ok(match node {
        Node::Null => py.None().into_bound(py),
        Node::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Node::Int(value) => value.into_pyobject(py)?.into_any(),
        Node::Text(text) => PyString::new(py, text).into_any(),
        Node::List(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(write(py, item)?)?;
            }
            list.into_any()
        }
        Node::Map(entries) => {
            let dict = PyDict::new(py);
            for (key, value) in entries {
                dict.set_item(key, write(py, value)?)?;
            }
            dict.into_any()
        }
    })
}
