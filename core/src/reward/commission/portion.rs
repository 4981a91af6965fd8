//! What one rule works on at once: a source, its lines and who is walked for it.

use super::candidates::{Row, candidates};
use super::evaluate::Cell;
use super::exact::{Exact, per_unit};
use super::lines::{Left, Source, applies, base, chained_base, volume};
use super::rates::Rates;
use crate::error::{Code, Error, Result};
use crate::money::narrow;
use crate::reward::plan::{Ladder, Per, Plan, Rule, Schedule, Trigger};
use crate::sale::{Pay, Person, Sale, SaleLine};

/// A plan at work on what is left of a sale.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a, 'l> {
    pub(super) plan: &'a Plan,
    pub(super) sale: &'a Sale,
    pub(super) left: Option<&'l [Left]>,
}

/// One source of a rule.
pub(super) struct Portion<'a> {
    /// Whose amount the rule runs after; none for the sale itself.
    pub(super) source: Option<usize>,
    pub(super) lines: Vec<LineInput<'a>>,
    pub(super) row: Row<'a>,
}

/// What a rule sees of a sale.
pub(super) enum Seen<'a, 'p> {
    /// What it works on.
    Portion(&'p Portion<'a>),
    /// A source that it does not apply to, as the cell that says so.
    Nothing(Cell<'a>),
}

/// A line as one rule sees it.
pub(super) struct LineInput<'a> {
    /// Its place in the sale; none for a source that is a whole sale.
    pub(super) at: Option<usize>,
    pub(super) base: i64,
    /// What a ladder is read on; the base where the rule has none of its own.
    pub(super) volume: i64,
    pub(super) units: u64,
    pub(super) rates: Rates<'a>,
}

impl<'a> Scene<'a, '_> {
    /// An amount that does not fit, told with the sale and the rule; other errors name what is wrong themselves.
    pub(super) fn placed(&self, error: Error, rule: Option<usize>) -> Error {
        if error.code() != Code::Overflow {
            return error;
        }
        let rule = rule.map_or_else(String::new, |at| format!(": rule `{}`", self.plan.rules()[at].id));
        error.within(&format!("sale {}{rule}", self.sale.id))
    }

    fn left_of(&self, at: usize) -> Left {
        self.left.map_or_else(|| Left::all(&self.sale.lines[at]), |left| left[at])
    }

    /// Looks at the sources of a rule, one after the other; `cells` are those of the rules before it.
    pub(super) fn each_source(
        &self,
        at: usize,
        cells: &[Cell<'a>],
        look: &mut dyn FnMut(Seen<'a, '_>) -> Result<()>,
    ) -> Result<()> {
        let rule = &self.plan.rules()[at];
        let Trigger::After(source) = &rule.trigger else {
            let lines = self.lines(rule, at, look)?;
            if lines.is_empty() {
                return Ok(());
            }
            let row = candidates(self.plan, rule, self.sale, &self.sale.buyer)?;
            return look(Seen::Portion(&Portion { source: None, lines, row }));
        };
        let mut beside = Vec::new();
        let mut portions = Vec::new();
        for (place, cell) in cells.iter().enumerate() {
            let Some(payee) = cell.payee.filter(|_| cell.reason.is_none() && cell.amount > 0) else {
                continue;
            };
            if self.plan.rules()[cell.rule].id != *source {
                continue;
            }
            match self.chained(rule, cell, payee)? {
                Some(line) => {
                    let row = candidates(self.plan, rule, self.sale, payee)?;
                    portions.push(Portion { source: Some(place), lines: vec![line], row });
                }
                None => beside.push(Cell::not_applicable(at, cell.line, Some(place))),
            }
        }
        beside.into_iter().try_for_each(|cell| look(Seen::Nothing(cell)))?;
        portions.iter().try_for_each(|portion| look(Seen::Portion(portion)))
    }

    /// The lines an order rule applies to; the others are only looked at.
    fn lines(
        &self,
        rule: &'a Rule,
        place: usize,
        look: &mut dyn FnMut(Seen<'a, '_>) -> Result<()>,
    ) -> Result<Vec<LineInput<'a>>> {
        let (plan, sale) = (self.plan, self.sale);
        let mut inputs = Vec::with_capacity(sale.lines.len());
        for (at, line) in sale.lines.iter().enumerate() {
            if !applies(rule, sale, line, plan.ranks())? {
                look(Seen::Nothing(Cell::not_applicable(place, Some(at), None)))?;
                continue;
            }
            let left = self.left_of(at);
            let rates = rates(plan, rule, sale, Some(line))?;
            let base = base(rule, sale, line, left)?;
            let volume = match &rule.pay {
                Schedule::Ladder(Ladder { by: Some(by), .. }) => volume(sale, line, left, by)?,
                _ => base,
            };
            inputs.push(LineInput { at: Some(at), base, volume, units: left.units, rates });
        }
        if rule.round.per == Per::Order {
            let sum = inputs.iter().map(|line| i128::from(line.base)).sum();
            narrow(sum, || "the sum of the bases of all lines".into())?;
        }
        Ok(inputs)
    }

    /// What a rule that runs after another sees of one amount; none where its `when` does not hold.
    fn chained(&self, rule: &'a Rule, cell: &Cell<'a>, asker: &'a Person) -> Result<Option<LineInput<'a>>> {
        let (plan, sale) = (self.plan, self.sale);
        let mut lines: Vec<(&SaleLine, Left)> = Vec::new();
        for (at, line) in sale.lines.iter().enumerate() {
            let paid_for = match cell.line {
                Some(only) => only == at,
                // An amount of the whole sale is for the lines that the first rule of the chain applies to.
                None => applies(self.first_of_chain(cell.rule), sale, line, plan.ranks())?,
            };
            if paid_for {
                lines.push((line, self.left_of(at)));
            }
        }
        let line = cell.line.map(|at| &sale.lines[at]);
        let source = Source { sale, line, asker };
        if lines.iter().any(|(line, _)| !rule.sees(line.purpose))
            || !rule.when.as_ref().map_or(Ok(true), |when| when.holds(&source, plan.ranks()))?
        {
            return Ok(None);
        }
        let base = chained_base(rule, sale, &lines, cell.amount)?;
        let mut above = 0;
        if let Schedule::Ladder(Ladder { by: Some(by), .. }) = &rule.pay {
            for (line, left) in &lines {
                above = volume(sale, line, *left, by)?.saturating_add(above);
            }
        } else {
            above = base;
        }
        let units = lines.iter().map(|(_, left)| left.units).sum();
        let rates = rates(plan, rule, sale, line)?;
        Ok(Some(LineInput { at: cell.line, base, volume: above, units, rates }))
    }

    /// The order rule that a chain of rules starts with.
    fn first_of_chain(&self, at: usize) -> &'a Rule {
        let mut rule = &self.plan.rules()[at];
        while let Trigger::After(id) = &rule.trigger {
            let Some(source) = self.plan.rules().iter().find(|other| other.id == *id) else { break };
            rule = source;
        }
        rule
    }
}

fn rates<'a>(plan: &'a Plan, rule: &'a Rule, sale: &Sale, line: Option<&'a SaleLine>) -> Result<Rates<'a>> {
    let rates = Rates { plan, rule, line: line.and_then(|line| line.overrides.get(&rule.id)) };
    if let (Some(_), Some(line)) = (rates.line, line) {
        rates.check_override(&format!("sale {}, line {}", sale.id, line.id))?;
    }
    Ok(rates)
}

pub(super) fn most_levels(lines: &[LineInput<'_>]) -> usize {
    lines.iter().map(|line| line.rates.levels()).max().unwrap_or(0)
}

/// The base of some lines together, which fits.
pub(super) fn base_of(group: &[LineInput<'_>]) -> i64 {
    group.iter().fold(0, |sum: i64, line| sum.saturating_add(line.base))
}

/// The lines that are rounded at once.
pub(super) fn groups<'l, 'a>(
    rule: &Rule,
    lines: &'l [LineInput<'a>],
) -> std::slice::Chunks<'l, LineInput<'a>> {
    lines.chunks(if rule.round.per == Per::Order { lines.len() } else { 1 })
}

/// What a group gives, rounded once; `rate` takes a line and its place in the group.
pub(super) fn total<'a>(
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
