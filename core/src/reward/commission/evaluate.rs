//! From slots to amounts.

use super::candidates::{Candidate, candidates};
use super::exact::{Exact, per_unit};
use super::later;
use super::lines::{Left, applies, base};
use super::outcome::Outcome;
use super::rates::{NOTHING, Rates, higher, is_nothing};
use super::reason::Reason;
use super::slots::{Slot, Walk};
use crate::error::{Code, Error, Result};
use crate::money::narrow;
use crate::reward::plan::{Per, Plan, Rule, Schedule, Unqualified};
use crate::sale::{Pay, Person, Sale};

/// What one slot of one line (or of the whole sale) came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    /// The rule's place in the plan.
    pub(crate) rule: usize,
    /// The line's place in the sale; `None` when the rule rounds per order.
    pub(crate) line: Option<usize>,
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
    /// Minor units.
    pub(crate) amount: i64,
    /// Why nobody is paid, or why nothing is.
    pub(crate) reason: Option<Reason>,
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
    let cells = evaluate_cells(plan, sale, None)?;
    Ok(Outcome::new(plan, sale, offer(plan, sale)?, &cells))
}

/// What a plan offers for a sale: the pool, computed without looking at who is paid.
///
/// # Errors
/// As [`evaluate`].
pub fn offer(plan: &Plan, sale: &Sale) -> Result<i64> {
    admit(plan, sale)?;
    let mut pool = 0_i128;
    for rule in plan.sequence(None).map(|at| &plan.rules()[at]) {
        let lines = lines(plan, rule, sale, None)?;
        if lines.is_empty() {
            continue;
        }
        let row = candidates(plan, rule, sale)?;
        let walk = Walk { plan, rule, row: &row };
        let slots = match rule.pay {
            Schedule::Levels(_) => walk.by_level(most_levels(&lines))?,
            _ => Vec::new(),
        };
        for group in groups(rule, &lines) {
            for slot in slots.iter().filter(|slot| !slot.passed) {
                let person = slot.stands.map(|at| &row[at]);
                pool += i128::from(total(rule, group, |_, line| line.rates.of(person, slot.level))?);
            }
            if let Schedule::Differential(_) = rule.pay {
                pool += i128::from(total(rule, group, |_, line| line.rates.highest(&row))?);
            }
        }
    }
    narrow(pool, || "a pool".into()).map_err(Error::from)
}

/// Refuses a sale in another currency, or with rates for a rule the plan does not have: a misspelt rule
/// would silently pay the plan's rate.
fn admit(plan: &Plan, sale: &Sale) -> Result<()> {
    later::refuse(plan)?;
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
    Ok(())
}

/// The cells of all rules, on what is left of the lines.
pub(crate) fn evaluate_cells<'a>(
    plan: &'a Plan,
    sale: &'a Sale,
    left: Option<&[Left]>,
) -> Result<Vec<Cell<'a>>> {
    admit(plan, sale)?;
    let mut cells = Vec::new();
    for at in plan.sequence(None) {
        let rule = &plan.rules()[at];
        let lines = lines(plan, rule, sale, left)?;
        let seen = |line: usize| lines.iter().any(|seen| seen.at == line);
        for line in (0..sale.lines.len()).filter(|line| !seen(*line)) {
            cells.push(Cell::not_applicable(at, line));
        }
        if lines.is_empty() {
            continue;
        }
        let row = candidates(plan, rule, sale)?;
        let walk = Walk { plan, rule, row: &row };
        let job = Job { at, rule, row: &row };
        match &rule.pay {
            Schedule::Differential(_) => {
                let slots = walk.whole_path()?;
                for group in groups(rule, &lines) {
                    job.differential(group, &slots, &mut cells)?;
                }
            }
            _ => {
                let slots = walk.by_level(most_levels(&lines))?;
                for group in groups(rule, &lines) {
                    job.by_level(group, &slots, &mut cells)?;
                }
            }
        }
    }
    Ok(cells)
}

/// A line as one rule sees it.
struct LineInput<'a> {
    at: usize,
    base: i64,
    units: u64,
    rates: Rates<'a>,
}

/// The lines a rule applies to.
fn lines<'a>(
    plan: &'a Plan,
    rule: &'a Rule,
    sale: &'a Sale,
    left: Option<&[Left]>,
) -> Result<Vec<LineInput<'a>>> {
    let mut inputs = Vec::with_capacity(sale.lines.len());
    for (at, line) in sale.lines.iter().enumerate() {
        if !applies(rule, sale, line, plan.ranks())? {
            continue;
        }
        let left = left.map_or_else(|| Left::all(line), |left| left[at]);
        let rates = Rates { plan, rule, line: line.overrides.get(&rule.id) };
        if rates.line.is_some() {
            rates.check_override(&format!("sale {}, line {}", sale.id, line.id))?;
        }
        inputs.push(LineInput { at, base: base(rule, sale, line, left)?, units: left.units, rates });
    }
    Ok(inputs)
}

fn most_levels(lines: &[LineInput<'_>]) -> usize {
    lines.iter().map(|line| line.rates.levels()).max().unwrap_or(0)
}

/// The lines that are rounded at once.
fn groups<'l, 'a>(rule: &Rule, lines: &'l [LineInput<'a>]) -> std::slice::Chunks<'l, LineInput<'a>> {
    lines.chunks(if rule.round.per == Per::Order { lines.len() } else { 1 })
}

/// What a group gives, rounded once; `rate` takes a line and its place in the group.
fn total<'a>(
    rule: &Rule,
    group: &[LineInput<'a>],
    rate: impl Fn(usize, &LineInput<'a>) -> Result<Pay>,
) -> Result<i64> {
    let mode = rule.round.mode;
    if let (Per::Unit, [line]) = (rule.round.per, group) {
        return per_unit(rate(0, line)?, line.base, line.units, mode);
    }
    let mut sum = Exact::ZERO;
    for (at, line) in group.iter().enumerate() {
        sum.add(rate(at, line)?, line.base, line.units)?;
    }
    sum.round(mode)
}

/// One rule at work on one row of candidates.
struct Job<'a, 'r> {
    at: usize,
    rule: &'a Rule,
    row: &'r [Candidate<'a>],
}

impl<'a> Job<'a, '_> {
    fn by_level(&self, group: &[LineInput<'a>], slots: &[Slot], cells: &mut Vec<Cell<'a>>) -> Result<()> {
        for slot in slots.iter().filter(|slot| slot.level <= most_levels(group)) {
            let mut cell = self.cell(group, slot)?;
            if !slot.passed {
                let person = slot.stands.map(|at| &self.row[at]);
                cell.rate = self.first_rate(group, slot)?;
                cell.amount = total(self.rule, group, |_, line| line.rates.of(person, slot.level))?;
                let why = if is_nothing(cell.rate) { Reason::NotApplicable } else { Reason::Rounding };
                self.settle(&mut cell, why);
            }
            cells.push(cell);
        }
        Ok(())
    }

    /// 级差: each takes the difference to the highest below, on cumulative entitlements.
    fn differential(&self, group: &[LineInput<'a>], slots: &[Slot], cells: &mut Vec<Cell<'a>>) -> Result<()> {
        let mut best = vec![NOTHING; group.len()];
        let mut taken = 0;
        for slot in slots {
            let mut cell = self.cell(group, slot)?;
            if !slot.passed {
                let person = slot.stands.map(|at| &self.row[at]);
                let mut raised = best.clone();
                for (best, line) in raised.iter_mut().zip(group) {
                    *best = higher(*best, line.rates.of(person, 1)?)?;
                }
                let reached = total(self.rule, group, |at, _| Ok(raised[at]))?;
                cell.rate = self.first_rate(group, slot)?;
                (cell.amount, cell.below) = (reached - taken, taken);
                let why = match (is_nothing(cell.rate), raised == best) {
                    (true, _) => Reason::NotApplicable,
                    (_, true) => Reason::Blocked,
                    _ => Reason::Rounding,
                };
                self.settle(&mut cell, why);
                (best, taken) = (raised, reached);
            }
            cells.push(cell);
        }
        let pool = total(self.rule, group, |_, line| line.rates.highest(self.row))?;
        let stopped = self.rule.unqualified == Unqualified::Stop
            && slots.last().is_some_and(|slot| slot.reason == Some(Reason::Ineligible));
        let nobody = slots.iter().all(|slot| slot.passed);
        let reason = match (nobody, stopped) {
            (true, _) => Reason::NoUpline,
            (_, true) => Reason::Blocked,
            _ => Reason::UnreachedRank,
        };
        if pool != taken {
            cells.push(Cell { amount: pool - taken, reason: Some(reason), ..self.blank(group) });
        }
        Ok(())
    }

    /// Decides whether the amount of a cell is paid, and says why not.
    fn settle(&self, cell: &mut Cell<'a>, why_zero: Reason) {
        if cell.reason.is_none() && cell.amount == 0 {
            cell.reason = Some(why_zero);
        } else if cell.reason.is_none() && cell.amount < self.rule.round.min {
            cell.reason = Some(Reason::BelowMinimum);
        }
    }

    fn first_rate(&self, group: &[LineInput<'a>], slot: &Slot) -> Result<Pay> {
        let person = slot.stands.map(|at| &self.row[at]);
        let level = if matches!(self.rule.pay, Schedule::Differential(_)) { 1 } else { slot.level };
        group.first().map_or(Ok(NOTHING), |line| line.rates.of(person, level))
    }

    fn cell(&self, group: &[LineInput<'a>], slot: &Slot) -> Result<Cell<'a>> {
        let person = |at: usize| self.row[at].person;
        Ok(Cell {
            level: slot.level,
            stands: slot.stands.map(person),
            payee: slot.payee.map(person),
            reason: slot.reason,
            ..self.blank(group)
        })
    }

    fn blank(&self, group: &[LineInput<'a>]) -> Cell<'a> {
        let line = match (self.rule.round.per, group) {
            (Per::Order, _) => None,
            (_, group) => group.first().map(|line| line.at),
        };
        Cell {
            rule: self.at,
            line,
            level: 0,
            stands: None,
            payee: None,
            rate: NOTHING,
            base: group.iter().fold(0, |sum: i64, line| sum.saturating_add(line.base)),
            below: 0,
            amount: 0,
            reason: None,
        }
    }
}

impl Cell<'_> {
    const fn not_applicable(rule: usize, line: usize) -> Self {
        Self {
            rule,
            line: Some(line),
            level: 0,
            stands: None,
            payee: None,
            rate: NOTHING,
            base: 0,
            below: 0,
            amount: 0,
            reason: Some(Reason::NotApplicable),
        }
    }
}
