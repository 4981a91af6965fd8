//! Errors of the core as exceptions of `fenrun.errors`.

use fenrun::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// `fenrun.errors.make`, looked up once.
static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The exception for an error; Python chooses its class by the code.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let (code, name) = (error.code().number(), error.code().name());
    let made = MAKE
        .get_or_try_init(py, || py.import("fenrun.errors")?.getattr("make").map(Bound::unbind))
        .and_then(|make| make.bind(py).call1((code, name, error.message(), error.index(), error.line())));
    made.map_or_else(|fault| fault, PyErr::from_value)
}

/// Turns a result of the core into one of Python.
pub(crate) trait OrRaise<T> {
    /// Raises the exception of the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Into<Error>> OrRaise<T> for Result<T, E> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error.into()))
    }
}
