//! `fenrun._fenrun`: the core for Python. Everything here takes and gives strict types; the package around
//! it (`python/fenrun`) turns what people have (lists, frames, Arrow) into them.

mod batch;
mod columns;
mod error;
mod faults;
mod forest;
mod kept;
mod keys;
mod money;
mod node;
mod order;
mod outcome;
mod plan;
mod qr;
mod reversal;
mod teams;

use fenrun::operations;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The engine of fenrun; import `fenrun`, not this.
#[pymodule(gil_used = false)]
mod _fenrun {
    #[pymodule_export]
    use super::batch::{add_up, settle};
    #[pymodule_export]
    use super::codes;
    #[pymodule_export]
    use super::components;
    #[pymodule_export]
    use super::faults::{edge_faults, number_texts};
    #[pymodule_export]
    use super::forest::{Forest, Names, check_ids};
    #[pymodule_export]
    use super::keys::row_keys;
    #[pymodule_export]
    use super::money::{exponent, parse_amounts};
    #[pymodule_export]
    use super::operation_names;
    #[pymodule_export]
    use super::order::Order;
    #[pymodule_export]
    use super::outcome::Outcome;
    #[pymodule_export]
    use super::plan::{Plan, preset, preset_names};
    #[pymodule_export]
    use super::qr::draw_qr;
    #[pymodule_export]
    use super::reversal::reverse;
    #[pymodule_export]
    use super::run;
    #[pymodule_export]
    use super::teams::Teams;

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python spells it so")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

/// Runs one operation of `vectors/README.md` on documents.
#[pyfunction]
fn run<'py>(
    py: Python<'py>,
    operation: &Bound<'py, PyString>,
    plan: Option<&plan::Plan>,
    input: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    use error::OrRaise;
    let input = node::read(input, "input", None)?;
    let operation = node::text(operation, "op")?;
    let answer = operations::run(operation, plan.map(|plan| &*plan.plan), &input).or_raise(py)?;
    node::write(py, &answer)
}

/// The names `run` knows.
#[pyfunction]
fn operation_names() -> Vec<&'static str> {
    operations::names().collect()
}

/// Every stable error code by its name: its number and the name of its family.
#[pyfunction]
fn codes(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let codes = PyDict::new(py);
    for code in fenrun::Code::ALL {
        codes.set_item(code.name(), (code.number(), code.family().name()))?;
    }
    Ok(codes)
}

/// The components a line may have whatever its plan reads.
#[pyfunction]
const fn components() -> [&'static str; 7] {
    fenrun::sale::COMPONENTS
}
