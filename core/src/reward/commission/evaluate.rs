//! From a sale to cells: what each slot of each rule comes to.

use super::caps;
use super::job::Job;
use super::lines::Left;
use super::outcome::Outcome;
use super::portion::{Scene, Seen};
use super::rates::NOTHING;
use super::reason::Reason;
use crate::error::{Code, Error, Result};
use crate::money::narrow;
use crate::reward::plan::{Plan, Trigger};
use crate::sale::{Pay, Person, Sale};
use std::collections::BTreeMap;

/// What one slot of one line (or of the whole sale) came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    /// The rule's place in the plan.
    pub(crate) rule: usize,
    /// The line's place in the sale; `None` when the rule rounds per order.
    pub(crate) line: Option<usize>,
    /// The cell of the amount the rule runs after.
    pub(crate) source: Option<usize>,
    /// The level from 1; 0 for what is left of a pool and for rules that did not apply.
    pub(crate) level: usize,
    /// Whose slot it is.
    pub(crate) stands: Option<&'a Person>,
    /// Who is paid; nobody when `reason` is there.
    pub(crate) payee: Option<&'a Person>,
    /// The rate of the slot on the first line it covers.
    pub(crate) rate: Pay,
    /// The base it is taken of, all lines it covers together.
    pub(crate) base: i64,
    /// What nearer people took of a differential: the slot's own entitlement is reduced by it.
    pub(crate) below: i64,
    /// Which part of `rate · base` a share of a pool is: its weight of all weights.
    pub(crate) part: Option<(u64, u64)>,
    /// Minor units.
    pub(crate) amount: i64,
    /// Why nobody is paid, or why nothing is.
    pub(crate) reason: Option<Reason>,
    /// The cell that a cap cut this one from.
    pub(crate) cut_of: Option<usize>,
}

/// Evaluates a sale from its own upline.
///
/// # Errors
/// Names the fact, component, rank or rate that is missing or wrong; see [`Code`] 301 to 303 and 207.
///
/// ```
/// use fenrun::reward::{commission::evaluate, plan::Plan};
/// use fenrun::sale::Sale;
/// let plan = Plan::from_json(r#"{"schema":"fenrun.plan/1","name":"two levels","currency":"CNY",
///     "rule":[{"id":"upline","to":{"up":"referral"},"pay":{"levels":["10%","5%"]}}]}"#)?;
/// let sale = fenrun::doc::read_json(r#"{"id":"O1","buyer":"B","upline":["A"],
///     "lines":[{"paid":9999}]}"#, 1000)?;
/// let outcome = evaluate(&plan, &Sale::from_node(&sale, plan.currency())?)?;
/// assert_eq!(outcome.rows()[0].amount, 999);
/// assert_eq!(outcome.pool(), 999 + 499);
/// assert_eq!(outcome.retained()[0].reason.name(), "no_upline");
/// # Ok::<(), fenrun::Error>(())
/// ```
pub fn evaluate(plan: &Plan, sale: &Sale) -> Result<Outcome> {
    let scene = Scene { plan, sale, left: None };
    let mut terms = Terms::new();
    let mut cells = of_rules(scene, Some(&mut terms))?;
    let pool = offered(scene, &cells)?;
    caps::of_plan(scene, &mut cells)?;
    Outcome::new(plan, sale, pool, &cells, terms)
}

/// What a plan offers for a sale: the pool, computed without looking at who is paid. Only what a rule pays
/// that another one runs after is looked at, as that one's source.
///
/// # Errors
/// As [`evaluate`].
pub fn offer(plan: &Plan, sale: &Sale) -> Result<i64> {
    let scene = Scene { plan, sale, left: None };
    let chained = plan.sequence(None).any(|at| matches!(plan.rules()[at].trigger, Trigger::After(_)));
    let cells = if chained { of_rules(scene, None)? } else { Vec::new() };
    offered(scene, &cells)
}

/// The pool; `cells` are those of all rules where some run after others.
pub(super) fn offered(scene: Scene<'_, '_>, cells: &[Cell<'_>]) -> Result<i64> {
    let Scene { plan, sale, .. } = scene;
    admit(plan, sale)?;
    let mut pool = 0_i128;
    for at in plan.sequence(None) {
        let rule = &plan.rules()[at];
        let offered = scene.each_source(at, cells, &mut |seen| {
            if let Seen::Portion(portion) = seen {
                pool += Job { plan, at, rule, portion }.offer()?;
            }
            Ok(())
        });
        offered.map_err(|error| scene.placed(error, Some(at)))?;
    }
    narrow(pool, || "the pool of all rules".into()).map_err(|error| scene.placed(error.into(), None))
}

/// Refuses a sale in another currency, with rates for a rule the plan does not have (a misspelt rule would
/// silently pay the plan's rate) or with what was used of no cap.
fn admit(plan: &Plan, sale: &Sale) -> Result<()> {
    if plan.currency() != sale.currency {
        let error = format!("sale {} is in {}, the plan pays in {}", sale.id, sale.currency, plan.currency());
        return Err(Error::new(Code::CurrencyMismatch, error));
    }
    for line in sale.lines.iter().filter(|line| !line.overrides.is_empty()) {
        let unknown = |id: &&String| plan.rules().iter().all(|rule| rule.id != **id);
        if let Some(id) = line.overrides.keys().find(unknown) {
            let known = plan.rules().iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>().join(", ");
            let error = format!(
                "sale {}, line {}: override of rule `{id}`, which the plan does not have: {known}",
                sale.id, line.id
            );
            return Err(Error::new(Code::InvalidSale, error));
        }
    }
    caps::admit(plan, sale)
}

/// The cells of all rules, on what is left of the lines.
pub(crate) fn evaluate_cells<'a>(
    plan: &'a Plan,
    sale: &'a Sale,
    left: Option<&[Left]>,
) -> Result<Vec<Cell<'a>>> {
    let scene = Scene { plan, sale, left };
    let mut cells = of_rules(scene, None)?;
    caps::of_plan(scene, &mut cells)?;
    Ok(cells)
}

/// What amounts are sums of, by the place of their cell: rates, and what each is taken of.
pub(super) type Terms = BTreeMap<usize, Vec<(Pay, i64)>>;

/// The cells of all rules, each within its own caps; for explanations with the terms of amounts of several lines.
pub(super) fn of_rules<'a>(scene: Scene<'a, '_>, mut terms: Option<&mut Terms>) -> Result<Vec<Cell<'a>>> {
    admit(scene.plan, scene.sale)?;
    let mut cells: Vec<Cell<'a>> = Vec::new();
    for at in scene.plan.sequence(None) {
        of_rule(scene, at, &mut cells, terms.as_deref_mut())
            .map_err(|error| scene.placed(error, Some(at)))?;
    }
    Ok(cells)
}

/// Adds the cells of one rule to those of the rules before it.
fn of_rule<'a>(
    scene: Scene<'a, '_>,
    at: usize,
    cells: &mut Vec<Cell<'a>>,
    mut terms: Option<&mut Terms>,
) -> Result<()> {
    let plan = scene.plan;
    let rule = &plan.rules()[at];
    // Only a rule that runs after another one looks at earlier cells: the others add to them at once.
    let chained = matches!(rule.trigger, Trigger::After(_));
    let mut earlier = if chained { std::mem::take(cells) } else { Vec::new() };
    let start = earlier.len() + cells.len();
    let mut bases = Vec::new();
    scene.each_source(at, &earlier, &mut |seen| match seen {
        Seen::Nothing(cell) => {
            cells.push(cell);
            Ok(())
        }
        Seen::Portion(portion) => {
            if !rule.caps.is_empty() {
                bases.extend(portion.lines.iter().map(|line| line.base));
            }
            let (job, from) = (Job { plan, at, rule, portion }, cells.len());
            job.run(cells)?;
            if let Some(terms) = &mut terms {
                // A cell a slot; what is left of a differential stands behind them.
                terms.extend((earlier.len() + from..).zip(job.terms()?));
            }
            Ok(())
        }
    })?;
    if chained {
        earlier.append(cells);
        *cells = earlier;
    }
    if !rule.caps.is_empty() {
        caps::of_rule(scene, at, &bases, start, cells)?;
    }
    Ok(())
}

impl<'a> Cell<'a> {
    /// Whoever the amount was for, also when a cap took all of it.
    pub(crate) fn stands_or_payee(&self) -> Option<&'a Person> {
        self.payee.or(self.stands)
    }
}

impl Cell<'_> {
    /// A cell of nobody and nothing.
    pub(super) const fn empty(rule: usize, line: Option<usize>) -> Self {
        Self {
            rule,
            line,
            source: None,
            level: 0,
            stands: None,
            payee: None,
            rate: NOTHING,
            base: 0,
            below: 0,
            part: None,
            amount: 0,
            reason: None,
            cut_of: None,
        }
    }

    pub(super) const fn not_applicable(rule: usize, line: Option<usize>, source: Option<usize>) -> Self {
        Self { source, reason: Some(Reason::NotApplicable), ..Self::empty(rule, line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::read_json;

    /// Whoever settles a day of sales is told which of them is too large, and for which rule.
    #[test]
    fn an_amount_that_does_not_fit_names_the_sale_and_the_rule() {
        for (rule, told) in [
            (r#""round":{"per":"order"}"#, "rule `r`: the sum of the bases of all lines"),
            (r#""cap":{"per":"rule","limit":"50%"}"#, "rule `r`: the sum of its bases"),
            (r#""hold_days":0"#, "the pool of all rules"),
        ] {
            let plan = Plan::from_json(&format!(
                r#"{{"schema":"fenrun.plan/1","name":"n","currency":"CNY","rule":[{{"id":"r","of":"pv",
                "to":{{"up":"referral"}},"pay":{{"levels":["100%"]}},{rule}}}]}}"#
            ))
            .unwrap();
            let line = r#"{"paid":1,"pv":9000000000000000000}"#;
            let sale = format!(r#"{{"id":"O1","buyer":"u","upline":["a"],"lines":[{line},{line}]}}"#);
            let sale = Sale::from_node(&read_json(&sale, 1_000).unwrap(), plan.currency()).unwrap();
            let error = evaluate(&plan, &sale).map(|_| ()).unwrap_err();
            let fit = "does not fit a signed 64-bit amount of minor units";
            assert_eq!((error.code(), error.message()), (Code::Overflow, &*format!("sale O1: {told} {fit}")));
        }
    }
}
