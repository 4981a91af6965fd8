//! One order and its log.

use crate::error::{OrRaise, exception};
use crate::node;
use fenrun::doc::Node;
use fenrun::id::ExternalId;
use fenrun::trade::order::{Command, Event, OrderStream};
use fenrun::{Code, Error};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString};

/// An order and the events it is folded from.
#[pyclass(subclass, module = "fenrun._fenrun")]
pub(crate) struct Order {
    stream: OrderStream,
}

#[pymethods]
impl Order {
    #[new]
    fn new(
        order_id: &Bound<'_, PyAny>,
        tenant: &Bound<'_, PyString>,
        events: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = order_id.py();
        let Node::List(events) = node::read(events, "events", None)? else {
            return Err(PyTypeError::new_err("events: a list of events"));
        };
        if events.is_empty() {
            let id = read_id(order_id)?;
            return Ok(Self { stream: OrderStream::new(node::text(tenant, "tenant")?, &id).or_raise(py)? });
        }
        let events: Vec<Event> =
            events.iter().map(Event::from_node).collect::<fenrun::Result<_>>().or_raise(py)?;
        Ok(Self { stream: OrderStream::replay(events).or_raise(py)? })
    }

    /// Decides a command given as a document; the answer is its events and whether it came before.
    fn handle<'py>(&mut self, command: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyList>, bool)> {
        let py = command.py();
        let command = Command::from_node(&node::read_document(command, "command", None)?).or_raise(py)?;
        let handled = self.stream.handle(&command).or_raise(py)?;
        Ok((write_events(py, handled.events)?, handled.repeat))
    }

    /// Everything that happened, oldest first.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        write_events(py, self.stream.events())
    }

    /// The sale of a placed order as a document.
    fn sale<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        node::write(py, &self.stream.order().to_sale().or_raise(py)?.to_node())
    }

    /// What the order is now.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        node::write(py, &self.stream.order().to_node())
    }

    /// The order's id.
    #[getter]
    fn id(&self) -> &str {
        self.stream.order().id().as_str()
    }

    /// The tenant, empty for a host with one shop.
    #[getter]
    fn tenant(&self) -> &str {
        self.stream.order().tenant().as_str()
    }

    /// How many events there are; the next command may name it as `expected_version`.
    #[getter]
    fn version(&self) -> usize {
        self.stream.events().len()
    }

    /// The stage of the life cycle: `paid`, `shipped`, `completed` …
    #[getter]
    fn life(&self) -> &'static str {
        self.stream.order().life().name()
    }
}

/// An id is text or a whole number; anything else would become an order that nobody finds again.
fn read_id(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let whole = value.is_instance_of::<PyInt>() || value.hasattr("__index__")?;
    if value.is_instance_of::<PyBool>() || !(whole || value.is_instance_of::<PyString>()) {
        let kind = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!("order_id: an id is a str or an int, not {kind}")));
    }
    let id = ExternalId::from_node(&node::read(value, "order_id", None)?).or_raise(value.py())?;
    let nobody = || exception(value.py(), &Error::new(Code::InvalidId, "order_id: an order has an id"));
    id.map(|id| id.as_str().to_owned()).ok_or_else(nobody)
}

fn write_events<'py>(py: Python<'py>, events: &[Event]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for event in events {
        list.append(node::write(py, &event.to_node())?)?;
    }
    Ok(list)
}
