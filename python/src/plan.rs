//! Plans, and the short way from a chain and a base to amounts.

use crate::error::{OrRaise, exception};
use crate::node;
use fenrun::doc::Node;
use fenrun::money::{Rate, Rounding};
use fenrun::reward::commission::evaluate;
use fenrun::reward::plan::{
    self as core, Amount, PRESETS, Per, REFERRAL, Reach, Rule, Schedule, StopSource, Trigger,
};
use fenrun::sale::{MAX_STOPS, Pay, Sale};
use fenrun::{Code, Error, Result};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString, PyTuple};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The text of a preset in canonical JSON.
#[pyfunction]
pub(crate) fn preset(name: &Bound<'_, PyString>) -> PyResult<String> {
    let plan = core::Plan::preset(node::text(name, "name")?).or_raise(name.py())?;
    Ok(plan.canonical().to_owned())
}

/// The names of all presets.
#[pyfunction]
pub(crate) fn preset_names() -> Vec<&'static str> {
    PRESETS.iter().map(|(name, _)| *name).collect()
}

/// A parsed and checked plan.
#[pyclass(frozen, subclass, module = "fenrun._fenrun")]
pub(crate) struct Plan {
    pub(crate) plan: Arc<core::Plan>,
    flat: Option<Flat>,
}

impl Plan {
    fn of(plan: core::Plan) -> Self {
        let flat = Flat::new(&plan);
        Self { plan: Arc::new(plan), flat }
    }
}

#[pymethods]
impl Plan {
    #[new]
    fn new(plan: &Bound<'_, PyAny>, format: Option<&Bound<'_, PyString>>) -> PyResult<Self> {
        let py = plan.py();
        let Ok(text) = plan.cast::<PyString>() else {
            let document = node::read(plan, "plan", None)?;
            return core::Plan::from_node(&document).or_raise(py).map(Self::of);
        };
        let text = node::text(text, "text")?;
        let plan = match format.map(|format| node::text(format, "format")).transpose()? {
            None => core::Plan::parse(text),
            Some("toml") => core::Plan::from_toml(text),
            Some("json") => core::Plan::from_json(text),
            Some(other) => {
                let rule = format!("`{other}` is not a format; one of: json, toml");
                Err(Error::new(Code::UnknownWord, rule))
            }
        };
        plan.or_raise(py).map(Self::of)
    }

    /// The plan's name.
    #[getter]
    fn name(&self) -> &str {
        self.plan.name()
    }

    /// The currency it pays in, a code of ISO 4217.
    #[getter]
    fn currency(&self) -> String {
        self.plan.currency().code().to_owned()
    }

    /// The names of its ranks, lowest first.
    #[getter]
    fn ranks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.plan.ranks())
    }

    /// SHA-256 of the canonical JSON: the identity of the plan.
    #[getter]
    fn hash(&self) -> &str {
        self.plan.hash()
    }

    /// Canonical JSON: sorted keys, no blanks, defaults left out.
    #[getter]
    fn canonical(&self) -> &str {
        self.plan.canonical()
    }

    /// The names of all facts and components it reads.
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.plan.names())
    }

    /// The report of `check` as a document.
    fn check_document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        node::write(py, &self.plan.check().or_raise(py)?.to_node())
    }

    /// What each person of an upline gets of one line of goods, in minor units, nearest first.
    ///
    /// `chain` is the upline: ids, or people as dicts with `id`, `rank` and facts, or only how many there
    /// are. `base` is what the line was paid, in minor units.
    #[pyo3(signature = (chain, base, *, units = None), text_signature = "($self, chain, base, *, units=1)")]
    fn amounts<'py>(
        &self,
        chain: &Bound<'py, PyAny>,
        base: &Bound<'py, PyAny>,
        units: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let py = chain.py();
        let (base, units) =
            (self.base(base)?, units.map_or(Ok(1), |units| node::count(units, "units", u32::MAX))?);
        match (&self.flat, flat_length(chain)?) {
            (Some(flat), Some(length)) if units != 0 => {
                // Most chains are short: their amounts fit the stack.
                let mut amounts = [0_i64; 16];
                if let Some(amounts) = amounts.get_mut(..length) {
                    flat.pay(base, amounts).or_raise(py)?;
                    return PyTuple::new(py, &*amounts);
                }
                let mut amounts = vec![0_i64; length];
                flat.pay(base, &mut amounts).or_raise(py)?;
                PyTuple::new(py, amounts)
            }
            _ => {
                let chain = chain_of(chain)?;
                PyTuple::new(py, self.evaluate(&chain, base, units).or_raise(py)?)
            }
        }
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().plan.hash() == self.plan.hash())
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.plan.hash().hash(&mut hasher);
        hasher.finish()
    }
}

impl Plan {
    fn base(&self, value: &Bound<'_, PyAny>) -> PyResult<i64> {
        if value.is_exact_instance_of::<PyInt>()
            && let Ok(minor) = value.extract()
        {
            return Ok(minor);
        }
        match node::read(value, "base", Some(self.plan.currency()))? {
            Node::Int(minor) => Ok(minor),
            other => {
                let rule = format!("base must be an integer of minor units, not {}", other.kind());
                Err(exception(value.py(), &Error::new(Code::InvalidValue, rule)))
            }
        }
    }

    /// The general way: a sale of one line with this upline.
    fn evaluate(&self, chain: &Node, base: i64, units: u32) -> Result<Vec<i64>> {
        let upline_only =
            |rule: &Rule| rule.to.iter().all(|stop| matches!(stop.source, StopSource::Up { .. }));
        if let Some(rule) = self.plan.rules().iter().find(|rule| !upline_only(rule)) {
            let error = format!(
                "amounts: rule `{}` pays others than the upline; use settle_one with the whole sale",
                rule.id
            );
            return Err(Error::new(Code::NotSupported, error));
        }
        // No host has such ids, so neither can stand in the chain.
        let sale = Node::map([
            ("id", Node::from("fenrun.amounts")),
            ("buyer", "the buyer of fenrun.amounts".into()),
            ("upline", chain.clone()),
            (
                "lines",
                vec![Node::map([("paid", base), ("units", i64::from(units))].map(|(k, v)| (k, v.into())))]
                    .into(),
            ),
        ]);
        let sale = Sale::from_node(&sale, self.plan.currency())?;
        let outcome = evaluate(&self.plan, &sale)?;
        let people = sale.upline.iter().map(|person| {
            let rows = outcome.rows().iter().filter(|row| row.payee == person.id);
            rows.map(|row| row.amount).sum()
        });
        Ok(people.collect())
    }
}

/// How long a chain of plain ids or of nobody in particular is; `None` when it has to be read with care.
fn flat_length(chain: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let plain =
        |item: &Bound<'_, PyAny>| item.is_exact_instance_of::<PyInt>() && item.is_truthy().unwrap_or(false);
    if let Ok(list) = chain.cast_exact::<PyList>() {
        return Ok(Some(list.len()).filter(|_| list.iter().all(|item| plain(&item))));
    }
    if let Ok(tuple) = chain.cast_exact::<PyTuple>() {
        return Ok(Some(tuple.len()).filter(|_| tuple.iter().all(|item| plain(&item))));
    }
    if chain.is_exact_instance_of::<PyInt>() {
        return stops_of(chain).map(Some);
    }
    Ok(None)
}

/// The upline as a document: people as they are given, or so many without name.
fn chain_of(chain: &Bound<'_, PyAny>) -> PyResult<Node> {
    if chain.is_instance_of::<PyString>() || chain.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err("chain: a list of people, or how many there are"));
    }
    if chain.is_instance_of::<PyInt>() {
        return Ok(Node::List((1..).map(Node::Int).take(stops_of(chain)?).collect()));
    }
    node::read(chain, "chain", None)
}

/// An upline of so many people.
fn stops_of(chain: &Bound<'_, PyAny>) -> PyResult<usize> {
    let stops = chain.extract().ok().filter(|stops| *stops <= MAX_STOPS);
    stops.ok_or_else(|| {
        let rule = format!("chain: {chain} people; an upline has 0 to {MAX_STOPS}");
        exception(chain.py(), &Error::new(Code::InvalidValue, rule))
    })
}

/// A plan of flat levels that asks nobody anything: the rates of its rules by level.
struct Flat {
    rules: Vec<FlatRule>,
}

struct FlatRule {
    rates: Vec<Rate>,
    mode: Rounding,
    min: i64,
}

impl Flat {
    /// `None` when amounts depend on more than the base and the length of the upline.
    fn new(plan: &core::Plan) -> Option<Self> {
        let rules = plan.sequence(None).map(|at| FlatRule::new(&plan.rules()[at]));
        Some(Self { rules: rules.collect::<Option<_>>()? }).filter(|_| plan.caps().is_empty())
    }

    fn pay(&self, base: i64, amounts: &mut [i64]) -> Result<()> {
        if base < 0 {
            return Err(Error::new(Code::InvalidSale, format!("base {base} is below zero")));
        }
        for rule in &self.rules {
            for (amount, rate) in amounts.iter_mut().zip(&rule.rates) {
                let share = rate.of(base, rule.mode)?;
                if share >= rule.min {
                    let sum = amount.checked_add(share);
                    *amount = sum.ok_or_else(|| Error::new(Code::Overflow, "a sum of shares"))?;
                }
            }
        }
        Ok(())
    }
}

impl FlatRule {
    fn new(rule: &Rule) -> Option<Self> {
        let Schedule::Levels(table) = &rule.pay else { return None };
        let list = table.get("any").filter(|_| table.iter().count() == 1)?;
        let [stop] = rule.to.as_slice() else { return None };
        let StopSource::Up { tree, limit, reach: Reach::Everybody, label: None } = &stop.source else {
            return None;
        };
        let alone = tree == REFERRAL && rule.trigger == Trigger::Order;
        if !alone || !rule.caps.is_empty() || rule.split.is_some() {
            return None;
        }
        let of = &rule.of;
        let plain = of.base == "paid" && of.plus.is_empty() && of.less.is_empty() && of.times == Rate::ONE;
        let asks = rule.when.is_some() || stop.when.is_some() || !rule.qualify.is_empty();
        // One line is the whole order, so only rounding by the unit needs the units.
        if !plain || asks || rule.round.per == Per::Unit {
            return None;
        }
        let rate = |amount: &Amount| match (amount, rule.round.rate_decimals) {
            (Amount::Fixed(Pay::Share(rate)), None) => Some(*rate),
            (Amount::Fixed(Pay::Share(rate)), Some(decimals)) => rate.rounded(decimals, rule.round.mode).ok(),
            _ => None,
        };
        let rates = list.iter().take(*limit).map(rate).collect::<Option<_>>()?;
        Some(Self { rates, mode: rule.round.mode, min: rule.round.min })
    }
}
