//! Settling columns of orders, on several threads.

use crate::columns::{RowColumns, Window, Writer};
use crate::error::{OrRaise, exception};
use crate::forest::{Forest, Names};
use crate::kept::array;
use crate::node;
use crate::plan::Plan;
use fenrun::doc::Node;
use fenrun::money::Currency;
use fenrun::reward::batch::{self as core, Orders, Origin, Overrides, Rows, Totals};
use fenrun::reward::commission::{Reason, evaluate};
use fenrun::reward::plan;
use fenrun::reward::referral;
use fenrun::sale::Sale;
use fenrun::{Code, Error, Result};
use fenrun_capi::{MAX_THREADS, parts, settle_parts};
use fenrun_mem::streamed;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PySlice, PyString, PyTuple};

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
    tenant: &Bound<'py, PyString>,
    threads: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let (tenant, threads) = (node::text(tenant, "tenant")?, thread_count(threads)?);
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
    let buyers = py.detach(|| job.forest.resolve_at(buyers, placed_at)).or_raise(py)?;
    let orders = Orders { buyers: &buyers, components: &components, ids, lines, units, placed_at, overrides };
    orders.check_names(job.plan, tenant).or_raise(py)?;
    let named = |error| in_words(job, &orders, forest.names.as_ref().map(Py::get), error);
    if parts(threads, orders.len()).or_raise(py)? == 1 {
        let whole = py.detach(|| core::Job::new(job.plan, job.forest, &orders, None).map_err(named));
        let whole = whole.or_raise(py)?;
        if let Some(rows) = whole.rows_at_most() {
            return in_place(py, job, &whole, rows);
        }
    }
    let settled = py.detach(|| Settled::new(job, &orders, threads).map_err(named));
    settled.or_raise(py)?.write(py, job.plan)
}

/// Settles straight into arrays of numpy, which have room for all rows there may be.
fn in_place<'py>(
    py: Python<'py>,
    job: Job<'_>,
    whole: &core::Job<'_>,
    most: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let (sources, payees, amounts) =
        (array::<u32>(py, most)?, array::<i64>(py, most)?, array::<i64>(py, most)?);
    let (rules, levels) = (array::<u8>(py, most)?, array::<u16>(py, most)?);
    let (rows, totals, paid) = {
        let (mut sources, mut payees) = (sources.readwrite(), payees.readwrite());
        let (mut rules, mut levels, mut amounts) =
            (rules.readwrite(), levels.readwrite(), amounts.readwrite());
        let place = Window {
            sources: sources.as_slice_mut()?,
            payees: payees.as_slice_mut()?,
            rules: rules.as_slice_mut()?,
            levels: levels.as_slice_mut()?,
            amounts: amounts.as_slice_mut()?,
        };
        let settled = py.detach(|| streamed(|streams| write(job, whole, Writer::new(streams, place))));
        settled.or_raise(py)?
    };
    let columns = [
        ("source", sources.into_any()),
        ("payee", payees.into_any()),
        ("rule", rules.into_any()),
        ("level", levels.into_any()),
        ("amount", amounts.into_any()),
    ];
    let answer = PyDict::new(py);
    let filled = PySlice::new(py, 0, isize::try_from(rows)?, 1);
    for (name, column) in columns {
        answer.set_item(name, column.get_item(&filled)?)?;
    }
    write_totals(&answer, &totals, paid)?;
    Ok(answer)
}

/// Where the first row of each payee and account stands, and what all of theirs come to.
#[pyfunction]
pub(crate) fn add_up<'py>(
    py: Python<'py>,
    payees: PyReadonlyArray1<'py, i64>,
    accounts: Option<PyReadonlyArray1<'py, u16>>,
    amounts: PyReadonlyArray1<'py, i64>,
) -> PyResult<[Bound<'py, PyArray1<i64>>; 2]> {
    let (payees, amounts, accounts) = (payees.as_slice()?, amounts.as_slice()?, slice(accounts.as_ref())?);
    let sums = py.detach(|| {
        let account = |row: usize| accounts.and_then(|accounts| accounts.get(row)).copied().unwrap_or(0);
        let rows = payees.iter().zip(amounts).enumerate();
        core::add_up(rows.map(|(row, (payee, amount))| (payee.unsigned_abs(), account(row), *amount)))
    });
    let sums = sums.or_raise(py)?;
    let first: Vec<i64> = sums.iter().map(|sum| i64::try_from(sum.first).unwrap_or(i64::MAX)).collect();
    let amounts: Vec<i64> = sums.iter().map(|sum| sum.amount).collect();
    Ok([first.into_pyarray(py), amounts.into_pyarray(py)])
}

/// Settles into columns; gives the number of rows, the totals, and what the rows pay.
fn write(job: Job<'_>, whole: &core::Job<'_>, mut columns: Writer<'_, '_>) -> Result<(usize, Totals, i128)> {
    let (room, mut paid, mut written) = (columns.room(), 0, Ok(()));
    let totals = whole.each(&mut |block| {
        paid += block.paid();
        if written.is_ok() {
            written = columns.extend(job.forest, block);
        }
    })?;
    written.map_err(|error| Error::new(Code::TooLarge, format!("more rows than {room}: {error}")))?;
    Ok((room - columns.room(), totals, paid))
}

/// An array that holds nothing yet: numpy takes memory it has at hand, where zeros would be written first.
pub(crate) fn empty<T: numpy::Element>(py: Python<'_>, len: usize) -> PyResult<Bound<'_, PyArray1<T>>> {
    let array = py.import("numpy")?.call_method1("empty", (len, numpy::dtype::<T>(py)))?;
    Ok(array.cast_into()?)
}

/// Pool, what was retained, and whether that and what rows pay is all of it.
fn write_totals(answer: &Bound<'_, PyDict>, totals: &Totals, paid: i128) -> PyResult<()> {
    let retained = PyDict::new(answer.py());
    for reason in Reason::ALL {
        let amount = totals.retained(*reason);
        if amount != 0 {
            retained.set_item(reason.name(), amount)?;
        }
    }
    answer.set_item("pool", totals.pool())?;
    answer.set_item("conserved", totals.conserves(paid))?;
    answer.set_item("retained", retained)
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

/// An int up to the limit that `fenrun_capi::parts` knows; what no `u32` holds is above it.
fn thread_count(threads: &Bound<'_, PyAny>) -> PyResult<u32> {
    let refused = || {
        let kind = threads.get_type().name().map_or_else(|_| "value".into(), |name| name.to_string());
        PyTypeError::new_err(format!("threads: an int from 0 to {MAX_THREADS}, not {threads} ({kind})"))
    };
    if threads.is_instance_of::<PyBool>() {
        return Err(refused());
    }
    let number = threads.call_method0("__index__").map_err(|_| refused())?;
    number.extract().map_err(|_| {
        let message = format!("{number} threads; at most {MAX_THREADS}, or 0 for as many as the machine has");
        exception(threads.py(), &Error::new(Code::InvalidArgument, message))
    })
}

/// A settled batch.
struct Settled {
    columns: RowColumns,
    totals: Totals,
    paid: i128,
}

impl Settled {
    fn new(job: Job<'_>, orders: &Orders<'_>, threads: u32) -> Result<Self> {
        let parts = settle_parts(job.plan, job.forest, orders, threads, |part, offset| {
            let mut rows = Rows::default();
            part.fill(&mut rows)?;
            Ok((offset, rows))
        })?;
        let mut totals = Totals::default();
        for (_, rows) in &parts {
            totals.add(rows.totals())?;
        }
        let paid = parts.iter().map(|(_, rows)| rows.as_block().paid()).sum();
        Ok(Self { columns: RowColumns::new(job.forest, &parts), totals, paid })
    }

    fn write<'py>(self, py: Python<'py>, plan: &plan::Plan) -> PyResult<Bound<'py, PyDict>> {
        let answer = PyDict::new(py);
        answer.set_item("source", self.columns.sources.into_pyarray(py))?;
        answer.set_item("payee", self.columns.payees.into_pyarray(py))?;
        answer.set_item("rule", self.columns.rules.into_pyarray(py))?;
        answer.set_item("level", self.columns.levels.into_pyarray(py))?;
        answer.set_item("amount", self.columns.amounts.into_pyarray(py))?;
        if !self.columns.accounts.is_empty() {
            answer.set_item("account", self.columns.accounts.into_pyarray(py))?;
            answer.set_item("accounts", PyTuple::new(py, core::Names::new(plan).accounts())?)?;
        }
        if !self.columns.after.is_empty() {
            answer.set_item("after", self.columns.after.into_pyarray(py))?;
            let of = |field: fn(&Origin) -> u32| {
                self.columns.table.iter().map(field).collect::<Vec<u32>>().into_pyarray(py)
            };
            let table = (of(|origin| origin.source), of(|origin| origin.slot), of(|origin| origin.origin));
            answer.set_item("origins", (self.columns.origins.into_pyarray(py), table))?;
        }
        write_totals(&answer, &self.totals, self.paid)?;
        Ok(answer)
    }
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
