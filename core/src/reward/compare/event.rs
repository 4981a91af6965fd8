//! One sale or one period under two plans.

use super::cause::Why;
use super::told::Told;
use super::{Cause, Side};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::{MemberId, OrderId};
use crate::reward::commission::{Language, Outcome, Reason, Retained, counts, evaluate};
use crate::reward::period::{Closed, PeriodKey};
use crate::reward::plan::Plan;
use crate::sale::{Sale, Used};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is settled under both plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A sale.
    Sale(OrderId),
    /// The close of a period.
    Close(PeriodKey),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sale(sale) => write!(f, "{sale}"),
            Self::Close(period) => write!(f, "{period}"),
        }
    }
}

/// One person who gets another amount of one sale or period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of which.
    pub event: Event,
    /// Who.
    pub payee: MemberId,
    /// What the first plan pays, in minor units.
    pub before: i64,
    /// What the second plan pays.
    pub after: i64,
    /// Why they differ: the one cause, or [`Cause::Several`].
    pub cause: Cause,
    /// Every cause, in the order in which a plan comes to an amount.
    pub causes: Vec<Cause>,
    /// Where one plan pays nothing: why it does not; `None` when its walks do not reach this person.
    pub reason: Option<Reason>,
}

/// What one plan came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// What it offers, pays and retains.
    pub side: Side,
    /// What each person gets, in minor units.
    pub paid: BTreeMap<MemberId, i64>,
}

/// What became of one sale or period under both plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Which.
    pub event: Event,
    /// Under the first plan.
    pub before: Settled,
    /// Under the second plan.
    pub after: Settled,
    /// Who gets another amount, in the order of their ids.
    pub differences: Vec<Difference>,
}

/// Evaluates a sale under two plans.
///
/// A plan that has no ranks does not see those of people, nor one plan what was used of caps that only the other
/// has, so that such plans compare.
///
/// # Errors
/// As [`evaluate`], with the plan that refuses the sale in front; [`Code::CurrencyMismatch`] when the plans
/// pay in different currencies.
pub fn compare(before: &Plan, after: &Plan, sale: &Sale) -> Result<Compared> {
    same_currency(before, after)?;
    let outcome = |plan: &Plan, other: &Plan| {
        let seen = seen_by(plan, other, sale).unwrap_or_else(|| Ok(sale.clone()))?;
        evaluate(plan, &seen).map_err(|error| error.within(&format!("plan “{}”", plan.name())))
    };
    let (first, second) = (outcome(before, after)?, outcome(after, before)?);
    let sides = [Settled::of_sale(&first)?, Settled::of_sale(&second)?];
    Ok(Compared::new(Event::Sale(sale.id.clone()), sides, || {
        [Told::of_sale(before, &first), Told::of_sale(after, &second)]
    }))
}

/// Compares what two plans make of one period, each closed from the same members, volumes and carry.
///
/// What late sales and refunds change of periods that are closed is left out: it belongs to the plan they were
/// closed under.
///
/// # Errors
/// [`Code::CurrencyMismatch`] when the plans pay in different currencies; [`Code::Overflow`] when a sum does not
/// fit.
pub fn compare_closes(
    period: PeriodKey,
    before: (&Plan, &Closed),
    after: (&Plan, &Closed),
) -> Result<Compared> {
    same_currency(before.0, after.0)?;
    let sides = [Settled::of_close(before.1)?, Settled::of_close(after.1)?];
    Ok(Compared::new(Event::Close(period), sides, || {
        [Told::of_close(before.0, before.1), Told::of_close(after.0, after.1)]
    }))
}

fn same_currency(before: &Plan, after: &Plan) -> Result<()> {
    if before.currency() == after.currency() {
        return Ok(());
    }
    let (first, second) = (before.currency(), after.currency());
    let rule = format!("one plan pays in {first}, the other in {second}; amounts of both do not compare");
    Err(Error::new(Code::CurrencyMismatch, rule))
}

/// The sale as one of two plans sees it, `None` when it sees all of it.
fn seen_by(plan: &Plan, other: &Plan, sale: &Sale) -> Option<Result<Sale>> {
    let around = sale.around.uplines.values().flatten().chain(sale.around.regions.values());
    let mut people = [&sale.buyer].into_iter().chain(&sale.upline).chain(sale.roles.values()).chain(around);
    let ranked = plan.ranks().is_empty() && people.any(|person| person.rank.is_some());
    let foreign = |entry: &Used| !counts(plan, entry) && counts(other, entry);
    if !ranked && !sale.used.iter().flatten().any(foreign) {
        return None;
    }
    let mut draft = sale.clone().into_draft();
    draft.used.iter_mut().for_each(|used| used.retain(|entry| !foreign(entry)));
    if !ranked {
        return Some(Sale::new(draft));
    }
    let around = draft.around.uplines.values_mut().flatten().chain(draft.around.regions.values_mut());
    let people = [&mut draft.buyer].into_iter().chain(&mut draft.upline).chain(draft.roles.values_mut());
    people.chain(around).for_each(|person| person.rank = None);
    Some(Sale::new(draft))
}

impl Settled {
    fn of_sale(outcome: &Outcome) -> Result<Self> {
        let rows = outcome.rows().iter().map(|row| (&row.payee, row.amount));
        Self::default().with(outcome.pool(), rows, outcome.retained())
    }

    fn of_close(closed: &Closed) -> Result<Self> {
        closed.outcomes.iter().try_fold(Self::default(), |settled, outcome| {
            let rows = outcome.rows.iter().map(|row| (&row.payee, row.amount));
            settled.with(outcome.pool, rows, &outcome.retained)
        })
    }

    /// With what one outcome adds.
    fn with<'a>(
        mut self,
        pool: i64,
        rows: impl Iterator<Item = (&'a MemberId, i64)>,
        retained: &[Retained],
    ) -> Result<Self> {
        self.side.raise(pool, retained)?;
        for (payee, amount) in rows {
            super::totals::raise(&mut self.side.paid, amount)?;
            // A part of what is paid, which fits.
            *self.paid.entry(payee.clone()).or_default() += amount;
        }
        Ok(self)
    }
}

impl Compared {
    fn new<'a>(event: Event, [before, after]: [Settled; 2], told: impl FnOnce() -> [Told<'a>; 2]) -> Self {
        let get = |settled: &Settled, payee: &MemberId| settled.paid.get(payee).copied().unwrap_or(0);
        let people: BTreeSet<&MemberId> = before.paid.keys().chain(after.paid.keys()).collect();
        let amounts = people.into_iter().map(|payee| (payee, (get(&before, payee), get(&after, payee))));
        let apart: Vec<_> = amounts.filter(|(_, (before, after))| before != after).collect();
        let mut differences = Vec::with_capacity(apart.len());
        if !apart.is_empty() {
            let [first, second] = told();
            differences.extend(apart.into_iter().map(|(payee, amounts)| {
                let why = Why::of(payee, amounts, &first, &second);
                Difference {
                    event: event.clone(),
                    payee: payee.clone(),
                    before: amounts.0,
                    after: amounts.1,
                    cause: why.cause(),
                    causes: why.causes,
                    reason: why.reason,
                }
            }));
        }
        Self { event, before, after, differences }
    }
}

impl Difference {
    /// What the second plan pays more.
    #[must_use]
    pub const fn change(&self) -> i64 {
        // Both are amounts at or above zero.
        self.after - self.before
    }

    /// Why the amounts differ, for people: every cause.
    #[must_use]
    pub fn explain(&self, language: Language) -> String {
        let (silent, between, colon) = match language {
            Language::English => ("its walks do not reach this person", "; ", "; under the other one: "),
            Language::Chinese => ("路径未到达此人", "；", "；另一方案："),
        };
        let causes: Vec<&str> = self.causes.iter().map(|cause| cause.display(language)).collect();
        let causes = causes.join(between);
        match self.cause {
            Cause::Gained | Cause::Lost => {
                let reason = self.reason.map_or(silent, |reason| reason.sentence(language));
                format!("{causes}{colon}{reason}")
            }
            _ => causes,
        }
    }

    /// The document of the difference.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let event = match &self.event {
            Event::Sale(sale) => ("sale", Node::from(sale)),
            Event::Close(period) => ("period", period.to_string().into()),
        };
        Node::map([
            event,
            ("payee", (&self.payee).into()),
            ("before", self.before.into()),
            ("after", self.after.into()),
            ("change", self.change().into()),
            ("cause", self.cause.name().into()),
            ("causes", Node::List(self.causes.iter().map(|cause| cause.name().into()).collect())),
            ("reason", self.reason.map(Reason::name).into()),
        ])
    }
}
