//! One sale under a plan.

use crate::error::{OrRaise, exception};
use crate::node;
use crate::plan::Plan;
use fenrun::reward::commission::{self as core, Frozen, Language};
use fenrun::sale::{Pay, Sale};
use fenrun::{Code, Error};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use std::sync::Arc;

/// A payee's row: key, payee, amount, rule, line, level, account.
type Row<'a> = (&'a str, &'a str, i64, &'a str, Option<&'a str>, usize, &'a str);

/// The outcome of a sale: every cent with its reason.
#[pyclass(frozen, subclass, module = "fenrun._fenrun")]
pub(crate) struct Outcome {
    plan: Arc<fenrun::reward::plan::Plan>,
    sale: Sale,
    outcome: core::Outcome,
}

#[pymethods]
impl Outcome {
    #[new]
    fn new(plan: &Bound<'_, Plan>, sale: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = sale.py();
        let plan = Arc::clone(&plan.get().plan);
        let document = node::read_document(sale, "sale", Some(plan.currency()))?;
        let sale = Sale::from_node(&document, plan.currency()).or_raise(py)?;
        let outcome = core::evaluate(&plan, &sale).or_raise(py)?;
        Ok(Self { plan, sale, outcome })
    }

    /// The id of the sale.
    #[getter]
    fn sale(&self) -> &str {
        self.outcome.sale().as_str()
    }

    /// The tenant, empty for a host with one shop.
    #[getter]
    fn tenant(&self) -> &str {
        self.outcome.tenant()
    }

    /// The version of the sale, from 1.
    #[getter]
    fn version(&self) -> u32 {
        self.outcome.version()
    }

    /// The hash of the plan.
    #[getter]
    fn plan(&self) -> &str {
        self.outcome.plan()
    }

    /// The canonical JSON of the plan.
    #[getter]
    fn plan_text(&self) -> &str {
        self.plan.canonical()
    }

    /// The sale as canonical JSON.
    #[getter]
    fn sale_text(&self) -> String {
        self.sale.to_node().to_json()
    }

    /// The currency of every amount.
    #[getter]
    fn currency(&self) -> String {
        self.outcome.currency().code().to_owned()
    }

    /// What the plan offered, in minor units.
    #[getter]
    fn pool(&self) -> i64 {
        self.outcome.pool()
    }

    /// What nobody got, by reason, in minor units.
    #[getter]
    fn retained<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let retained = PyDict::new(py);
        for entry in self.outcome.retained() {
            retained.set_item(entry.reason.name(), entry.amount)?;
        }
        Ok(retained)
    }

    /// Whether rows and retained amounts sum to the pool.
    #[getter]
    fn conserved(&self) -> bool {
        self.outcome.conserves()
    }

    /// Everything a later `reverse` needs, as text: keep it beside the order.
    #[getter]
    fn frozen(&self, py: Python<'_>) -> PyResult<String> {
        Ok(Frozen::new(&self.plan, &self.sale).or_raise(py)?.to_text())
    }

    /// The rows as tuples.
    fn row_tuples(&self) -> Vec<Row<'_>> {
        self.outcome.rows().iter().map(row_tuple).collect()
    }

    /// Every slot as a tuple: rule, line, level, stands, payee, rate, base, below, amount, reason.
    fn trace_tuples<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let tuple = |slot: &core::Trace| {
            let rate = match slot.rate {
                Pay::Share(rate) => rate.to_string().into_pyobject(py)?.into_any(),
                Pay::PerUnit(minor) => minor.into_pyobject(py)?.into_any(),
            };
            let line = slot.line.as_ref().map(|line| line.as_str());
            let stands = slot.stands.as_ref().map(|id| id.as_str());
            let payee = slot.payee.as_ref().map(|id| id.as_str());
            let reason = slot.reason.map(core::Reason::name);
            (&slot.rule, line, slot.level, stands, payee, rate, slot.base, slot.below, slot.amount, reason)
                .into_pyobject(py)
                .map(Bound::into_any)
        };
        self.outcome.trace().iter().map(tuple).collect()
    }

    /// Why everybody got what they got, a line a slot.
    fn explain_lines(&self, lang: &Bound<'_, PyString>) -> PyResult<Vec<String>> {
        let (py, lang) = (lang.py(), node::text(lang, "lang")?);
        let found = Language::ALL.into_iter().find(|language| language.name() == lang);
        let language = found.ok_or_else(|| {
            let rule = format!("`{lang}` is not a language of explanations; one of: en, zh");
            exception(py, &Error::new(Code::UnknownWord, rule))
        })?;
        Ok(self.outcome.explain(language))
    }

    /// The outcome as `docs/reference/plan.md` writes it: plain dicts, lists, texts and ints.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        node::write(py, &self.outcome.to_node())
    }
}

fn row_tuple(row: &core::Row) -> Row<'_> {
    let line = row.line.as_ref().map(|line| line.as_str());
    (&row.key, row.payee.as_str(), row.amount, &row.rule, line, row.level, &*row.account)
}
