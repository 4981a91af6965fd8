//! Settling columns of orders, on several threads.

use crate::columns::RowColumns;
use crate::error::OrRaise;
use crate::forest::{Forest, Names};
use crate::node;
use crate::plan::Plan;
use fenrun::doc::Node;
use fenrun::money::Currency;
use fenrun::reward::batch::{self as core, Orders, Overrides, Rows};
use fenrun::reward::commission::{Reason, evaluate};
use fenrun::reward::plan;
use fenrun::reward::referral;
use fenrun::sale::Sale;
use fenrun::{Code, Error, Result};
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ops::Range;

/// The columns of a batch, as arrays of exactly these types.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Columns<'py> {
    buyers: PyReadonlyArray1<'py, u64>,
    components: Vec<(String, PyReadonlyArray1<'py, i64>)>,
    ids: Option<PyReadonlyArray1<'py, u64>>,
    lines: Option<PyReadonlyArray1<'py, u64>>,
    units: Option<PyReadonlyArray1<'py, u32>>,
    placed_at: Option<PyReadonlyArray1<'py, i64>>,
    overrides: Option<(PyReadonlyArray1<'py, u32>, Vec<Bound<'py, PyAny>>)>,
}

/// What a batch is settled with.
#[derive(Clone, Copy)]
struct Job<'a> {
    plan: &'a plan::Plan,
    forest: &'a referral::Forest,
}

/// Settles orders over a forest; the answer is a dict of arrays and totals.
#[pyfunction]
pub(crate) fn settle<'py>(
    py: Python<'py>,
    plan: &Plan,
    forest: &Forest,
    columns: Columns<'py>,
    threads: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let job = Job { plan: &plan.plan, forest: &forest.forest };
    let components: Vec<(&str, &[i64])> = columns
        .components
        .iter()
        .map(|(name, column)| Ok((name.as_str(), column.as_slice()?)))
        .collect::<PyResult<_>>()?;
    let table = match &columns.overrides {
        None => Vec::new(),
        Some((_, table)) => read_overrides(table, plan.plan.currency())?,
    };
    let overrides = match &columns.overrides {
        None => None,
        Some((indices, _)) => Some((indices.as_slice()?, table.as_slice())),
    };
    let ids = slice(columns.ids.as_ref())?;
    let lines = slice(columns.lines.as_ref())?;
    let units = slice(columns.units.as_ref())?;
    let placed_at = slice(columns.placed_at.as_ref())?;
    let buyers = columns.buyers.as_slice()?;
    let settled = py.detach(|| {
        let buyers = job.forest.resolve(buyers)?;
        let orders =
            Orders { buyers: &buyers, components: &components, ids, lines, units, placed_at, overrides };
        Settled::new(job, &orders, threads)
            .map_err(|error| in_words(job, &orders, forest.names.as_ref().map(Py::get), error))
    });
    settled.or_raise(py)?.write(py)
}

fn slice<'a, T: numpy::Element>(column: Option<&'a PyReadonlyArray1<'_, T>>) -> PyResult<Option<&'a [T]>> {
    Ok(column.map(PyReadonlyArray1::as_slice).transpose()?)
}

/// Overrides as a line of a sale writes them, so that one reader knows them all.
fn read_overrides(table: &[Bound<'_, PyAny>], currency: Currency) -> PyResult<Vec<Overrides>> {
    let read = |(at, entry): (usize, &Bound<'_, PyAny>)| {
        let py = entry.py();
        let entry = node::read(entry, &format!("overrides[{at}]"), Some(currency))?;
        let line = Node::map([("paid", Node::Int(0)), ("override", entry)]);
        let sale = Node::map([("id", Node::Int(1)), ("buyer", Node::Int(1)), ("lines", vec![line].into())]);
        let sale =
            Sale::from_node(&sale, currency).map_err(|error| error.within(&format!("overrides[{at}]")));
        let mut lines = sale.or_raise(py)?.into_draft().lines;
        Ok(lines.pop().map(|line| line.overrides).unwrap_or_default())
    };
    table.iter().enumerate().map(read).collect()
}

/// Runs the parts of a batch side by side. Parts are cut between orders, so the number of threads changes
/// nothing but the time.
fn settle_parts(job: Job<'_>, orders: &Orders<'_>, threads: usize) -> Result<Vec<(u32, Rows)>> {
    let whole = || Ok(vec![(0, core::settle(job.plan, job.forest, orders, None)?)]);
    if threads < 2 {
        return whole();
    }
    orders.check(job.forest)?;
    let part = |range: Range<usize>| {
        let offset = u32::try_from(range.start).ok()?;
        let mut components = Vec::new();
        let orders = orders.slice(range, &mut components);
        Some((offset, core::settle(job.plan, job.forest, &orders, None).ok()?))
    };
    let parts: Option<Vec<_>> = std::thread::scope(|scope| {
        let spawn = |range| scope.spawn(|| part(range));
        let running: Vec<_> = orders.split(threads).into_iter().map(spawn).collect();
        running.into_iter().map(|thread| thread.join().ok().flatten()).collect()
    });
    // A part that failed counts its rows from its own start: the batch as a whole names the right one.
    parts.map_or_else(whole, Ok)
}

/// A settled batch.
struct Settled {
    columns: RowColumns,
    pool: i64,
    retained: Vec<(&'static str, i64)>,
    conserved: bool,
}

impl Settled {
    fn new(job: Job<'_>, orders: &Orders<'_>, threads: usize) -> Result<Self> {
        let parts = settle_parts(job, orders, threads)?;
        let mut retained = Vec::new();
        for reason in Reason::ALL {
            let amount = total(&parts, |rows| rows.retained(*reason))?;
            if amount != 0 {
                retained.push((reason.name(), amount));
            }
        }
        let (pool, conserved) = (total(&parts, Rows::pool)?, parts.iter().all(|(_, rows)| rows.conserves()));
        Ok(Self { columns: RowColumns::new(job.forest, parts), pool, retained, conserved })
    }

    fn write(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let retained = PyDict::new(py);
        for (reason, amount) in self.retained {
            retained.set_item(reason, amount)?;
        }
        let answer = PyDict::new(py);
        answer.set_item("source", self.columns.sources.into_pyarray(py))?;
        answer.set_item("payee", self.columns.payees.into_pyarray(py))?;
        answer.set_item("rule", self.columns.rules.into_pyarray(py))?;
        answer.set_item("level", self.columns.levels.into_pyarray(py))?;
        answer.set_item("amount", self.columns.amounts.into_pyarray(py))?;
        answer.set_item("pool", self.pool)?;
        answer.set_item("retained", retained)?;
        answer.set_item("conserved", self.conserved)?;
        Ok(answer)
    }
}

fn total(parts: &[(u32, Rows)], amount: impl Fn(&Rows) -> i64) -> Result<i64> {
    let sum: i128 = parts.iter().map(|(_, rows)| i128::from(amount(rows))).sum();
    i64::try_from(sum).map_err(|_| Error::new(Code::Overflow, "a total of the batch does not fit 64 bits"))
}

/// The error of a batch in the words of the host: where members have texts as ids, the order at fault is
/// evaluated once more with them.
fn in_words(job: Job<'_>, orders: &Orders<'_>, names: Option<&Names>, error: Error) -> Error {
    let (Some(names), Some(row)) = (names, error.index()) else { return error };
    let same = |other: usize| match (orders.ids, orders.lines) {
        (Some(ids), Some(_)) => ids.get(other) == ids.get(row),
        _ => other == row,
    };
    let start = (0..row).rev().take_while(|other| same(*other)).last().unwrap_or(row);
    let end = (row..orders.len()).find(|other| !same(*other)).unwrap_or(orders.len());
    let Ok(sale) = core::sale_of(job.plan, job.forest, orders, start..end) else { return error };
    let mut draft = sale.into_draft();
    for person in draft.upline.iter_mut().chain([&mut draft.buyer]) {
        if let Some(id) = names.of_number(person.id.as_str()) {
            person.id = id;
        }
    }
    let again = Sale::new(draft).and_then(|sale| evaluate(job.plan, &sale));
    again.map_or_else(|fault| fault.at(row), |_| error)
}
