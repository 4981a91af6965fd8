//! The keys of the rows of a batch.

use crate::node;
use crate::plan::Plan;
use fenrun::reward::batch::{Names, Origin, RowBlock};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyList, PyString};

/// The ids of orders or lines, one an input row.
#[derive(FromPyObject)]
pub(crate) enum Ids<'py> {
    Numbers(PyReadonlyArray1<'py, i64>),
    Texts(Vec<PyBackedStr>),
}

/// The columns that keys are made of.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Columns<'py> {
    orders: Option<Ids<'py>>,
    lines: Option<Ids<'py>>,
    source: PyReadonlyArray1<'py, u32>,
    rule: PyReadonlyArray1<'py, u8>,
    level: PyReadonlyArray1<'py, u16>,
    account: Option<PyReadonlyArray1<'py, u16>>,
    origins: Option<Origins<'py>>,
}

/// The place from 1 of the amount each row's rule runs after, and the table of those: input row, slot, and the place of
/// the one it runs after itself.
type Origins<'py> = (Column<'py>, (Column<'py>, Column<'py>, Column<'py>));

type Column<'py> = PyReadonlyArray1<'py, u32>;

/// The keys of rows, 32 hex digits each, the same as when their orders are settled alone.
#[pyfunction]
pub(crate) fn row_keys<'py>(
    py: Python<'py>,
    plan: &Plan,
    tenant: &Bound<'py, PyString>,
    columns: Columns<'py>,
) -> PyResult<Bound<'py, PyList>> {
    let (names, tenant) = (Names::new(&plan.plan), node::text(tenant, "tenant")?);
    let (orders, lines) = (Shown::new(columns.orders.as_ref())?, Shown::new(columns.lines.as_ref())?);
    let slots = columns.rule.as_slice()?.iter().zip(columns.level.as_slice()?);
    let slots: Vec<u32> = slots.map(|(rule, level)| u32::from(*rule) << 16 | u32::from(*level)).collect();
    let accounts = columns.account.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
    let (origins, table) = match &columns.origins {
        None => (&[][..], Vec::new()),
        Some((places, table)) => (places.as_slice()?, read_table(table)?),
    };
    let rows = RowBlock {
        sources: columns.source.as_slice()?,
        payees: &[],
        slots: &slots,
        amounts: &[],
        accounts: accounts.unwrap_or_default(),
        origins,
        table: &table,
    };
    let ids = |source: u32| {
        let order = orders.get(source).unwrap_or_else(|| (u64::from(source) + 1).to_string());
        (order, lines.get(source).unwrap_or_else(|| "1".to_owned()))
    };
    PyList::new(py, py.detach(|| names.keys(tenant, rows, ids)))
}

fn read_table(columns: &(Column<'_>, Column<'_>, Column<'_>)) -> PyResult<Vec<Origin>> {
    let (sources, slots, origins) = columns;
    let rows = sources.as_slice()?.iter().zip(slots.as_slice()?).zip(origins.as_slice()?);
    let origin = |((source, slot), origin): ((&u32, &u32), &u32)| Origin {
        source: *source,
        slot: *slot,
        payee: 0,
        origin: *origin,
    };
    Ok(rows.map(origin).collect())
}

/// Ids that are read without the interpreter.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Absent,
    Numbers(&'a [i64]),
    Texts(&'a [PyBackedStr]),
}

impl<'a> Shown<'a> {
    fn new(ids: Option<&'a Ids<'_>>) -> PyResult<Self> {
        Ok(match ids {
            None => Self::Absent,
            Some(Ids::Numbers(numbers)) => Self::Numbers(numbers.as_slice()?),
            Some(Ids::Texts(texts)) => Self::Texts(texts),
        })
    }

    /// The id of an input row.
    fn get(self, row: u32) -> Option<String> {
        let at = usize::try_from(row).ok()?;
        match self {
            Self::Absent => None,
            Self::Numbers(numbers) => numbers.get(at).map(i64::to_string),
            Self::Texts(texts) => texts.get(at).map(|text| text.to_string()),
        }
    }
}
