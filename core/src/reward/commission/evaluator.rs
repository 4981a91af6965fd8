//! Sale after sale without a trace: the numbers alone.

use super::evaluate::{Cell, of_rules, offered};
use super::lines::Left;
use super::outcome::each_account;
use super::portion::Scene;
use super::straight::Compiled;
use super::totals::Totals;
use super::{CASH, caps};
use crate::error::{Code, Error, Result};
use crate::reward::plan::Plan;
use crate::sale::{Person, Sale};

/// One amount for one payee: a [`Row`](super::Row) without its key, by places instead of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation<'a> {
    /// The place of the rule in the plan.
    pub rule: usize,
    /// The place of the line in the sale; none when the rule rounds per order.
    pub line: Option<usize>,
    /// The level, from 1.
    pub level: usize,
    /// Whose amount the rule runs after; none for a rule of the sale itself.
    pub after: Option<&'a Person>,
    /// Who is paid.
    pub payee: &'a Person,
    /// The account it goes to.
    pub account: &'a str,
    /// Minor units, above zero.
    pub amount: i64,
}

/// Settles sale after sale under one plan: the same numbers as [`evaluate`](super::evaluate), without keys and
/// trace, in memory that is kept.
///
/// ```
/// use fenrun::reward::{commission::Evaluator, plan::Plan};
/// use fenrun::sale::Sale;
/// let plan = Plan::from_json(r#"{"schema":"fenrun.plan/1","name":"two levels","currency":"CNY",
///     "rule":[{"id":"upline","to":{"up":"referral"},"pay":{"levels":["10%","5%"]}}]}"#)?;
/// let sale = fenrun::doc::read_json(r#"{"id":"O1","buyer":"B","upline":["A"],
///     "lines":[{"paid":9999}]}"#, 1000)?;
/// let sale = Sale::from_node(&sale, plan.currency())?;
/// let mut evaluator = Evaluator::new(&plan);
/// let mut amounts = Vec::new();
/// let totals = evaluator.each(&sale, |part| amounts.push((part.payee.id.as_str(), part.amount)))?;
/// assert_eq!(amounts, [("A", 999)]);
/// assert_eq!(totals.pool(), 999 + 499);
/// # Ok::<(), fenrun::Error>(())
/// ```
pub struct Evaluator<'p> {
    plan: &'p Plan,
    compiled: Option<Compiled<'p>>,
}

impl<'p> Evaluator<'p> {
    /// For a plan.
    #[must_use]
    pub fn new(plan: &'p Plan) -> Self {
        Self { plan, compiled: Compiled::new(plan) }
    }

    /// Hands over who gets what, in the order of rule, line and level, and gives what was offered and
    /// retained. What was handed over before an error is void.
    ///
    /// # Errors
    /// As [`evaluate`](super::evaluate).
    pub fn each<'s>(&mut self, sale: &'s Sale, to: impl FnMut(Allocation<'s>)) -> Result<Totals>
    where
        'p: 's,
    {
        let mut to = to;
        self.run(sale, None, |part, _, _| to(part))
    }

    /// As [`Evaluator::each`], with the place of the amount the rule runs after among all cells.
    pub(crate) fn each_of_cells<'s>(
        &mut self,
        sale: &'s Sale,
        to: impl FnMut(Allocation<'s>, &[Cell<'s>], Option<usize>),
    ) -> Result<Totals>
    where
        'p: 's,
    {
        self.run(sale, None, to)
    }

    /// As [`Evaluator::each`], of what refunds left of the lines, which stand in the order of the sale's: what
    /// everybody is still entitled to where refunds are taken back by recomputation.
    ///
    /// # Errors
    /// As [`evaluate`](super::evaluate); [`Code::LengthMismatch`] when there is not one for each line.
    pub fn each_of_left<'s>(
        &mut self,
        sale: &'s Sale,
        left: &[Left],
        to: impl FnMut(Allocation<'s>),
    ) -> Result<Totals>
    where
        'p: 's,
    {
        if left.len() != sale.lines.len() {
            let error = format!("sale {}: {} left for {} lines", sale.id, left.len(), sale.lines.len());
            return Err(Error::new(Code::LengthMismatch, error));
        }
        let mut to = to;
        self.run(sale, Some(left), |part, _, _| to(part))
    }

    fn run<'s>(
        &mut self,
        sale: &'s Sale,
        left: Option<&[Left]>,
        mut to: impl FnMut(Allocation<'s>, &[Cell<'s>], Option<usize>),
    ) -> Result<Totals>
    where
        'p: 's,
    {
        let compiled = self.compiled.as_mut();
        let settled = compiled.and_then(|compiled| Some((compiled.settle(sale, left)?, &compiled.paid)));
        let Some((totals, paid)) = settled else {
            return general(Scene { plan: self.plan, sale, left }, &mut to);
        };
        for paid in paid {
            let part = Allocation {
                rule: paid.rule,
                line: Some(paid.line),
                level: paid.level,
                after: None,
                payee: &sale.upline[paid.stop],
                account: CASH,
                amount: paid.amount,
            };
            to(part, &[], None);
        }
        Ok(totals)
    }
}

/// Any rule of any plan.
fn general<'s>(
    scene: Scene<'s, '_>,
    to: &mut impl FnMut(Allocation<'s>, &[Cell<'s>], Option<usize>),
) -> Result<Totals> {
    let mut cells = of_rules(scene, None)?;
    let mut totals = Totals::new(offered(scene, &cells)?);
    caps::of_plan(scene, &mut cells)?;
    for cell in &cells {
        let Some(payee) = cell.payee.filter(|_| cell.reason.is_none()) else {
            cell.reason.map_or(Ok(()), |reason| totals.retain(reason, cell.amount))?;
            continue;
        };
        let after = cell.source.and_then(|at| cells[at].stands_or_payee());
        each_account(&scene.plan.rules()[cell.rule], cell.amount, &mut |account, amount| {
            let Cell { rule, line, level, .. } = *cell;
            to(Allocation { rule, line, level, after, payee, account, amount }, &cells, cell.source);
            Ok(())
        })?;
    }
    Ok(totals)
}
