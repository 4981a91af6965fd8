//! What became of each person's slots, in one form for sales and for periods.

use crate::id::MemberId;
use crate::money::Rounding;
use crate::reward::commission::{Outcome, Reason, Trace};
use crate::reward::period::{Closed, PeriodTrace};
use crate::reward::plan::{Plan, Rule, Schedule};
use crate::sale::Pay;
use std::collections::BTreeMap;

/// Where a slot is: the same one under two plans that both have its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    pub(super) rule: &'a str,
    pub(super) line: Option<&'a str>,
    pub(super) source: Option<&'a str>,
    pub(super) level: usize,
}

/// One slot that earns a person something, or that they reach and that comes to nothing, before caps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    pub(super) place: Place<'a>,
    pub(super) pay: Option<&'a Schedule>,
    pub(super) rate: Pay,
    pub(super) base: i64,
    pub(super) below: i64,
    pub(super) part: Option<(u64, u64)>,
    /// The pool it is a part of, where a period divides one.
    pub(super) pool: Option<i64>,
    pub(super) earned: i64,
    /// What caps took of it.
    pub(super) cut: i64,
}

/// The slots of everybody under one plan.
pub(super) struct Told<'a> {
    plan: &'a Plan,
    slots: BTreeMap<&'a MemberId, Vec<Slot<'a>>>,
    /// Slots that come to nothing, whoever would get them.
    idle: BTreeMap<Place<'a>, Slot<'a>>,
    /// Why people are not paid, by the rules that do not pay them.
    refused: BTreeMap<&'a MemberId, Vec<(&'a str, Reason)>>,
}

impl<'a> Told<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self { plan, slots: BTreeMap::new(), idle: BTreeMap::new(), refused: BTreeMap::new() }
    }

    /// Of a sale.
    pub(super) fn of_sale(plan: &'a Plan, outcome: &'a Outcome) -> Self {
        let mut told = Self::new(plan);
        for trace in outcome.trace() {
            if let (Some(stands), Some(reason)) = (&trace.stands, trace.reason) {
                told.refused.entry(stands).or_default().push((&trace.rule, reason));
            }
            let (above, idle) = (trace.reason.is_some_and(is_cap), is_idle(trace.reason, trace.below));
            let slot = Slot::of_sale(plan, trace, above);
            if idle {
                told.add_idle(trace.stands.as_ref(), slot);
                continue;
            }
            let person = if above { &trace.stands } else { &trace.payee };
            let Some(person) = person else { continue };
            let slots = told.slots.entry(person).or_default();
            // What a cap took of a slot stands behind it as a slot of its own.
            match slots.iter_mut().find(|known| above && known.place == slot.place) {
                Some(known) => {
                    known.earned += slot.earned;
                    known.cut += slot.cut;
                }
                None => slots.push(slot),
            }
        }
        told
    }

    /// Of a period.
    pub(super) fn of_close(plan: &'a Plan, closed: &'a Closed) -> Self {
        let mut told = Self::new(plan);
        for outcome in &closed.outcomes {
            let rule = plan.rules().iter().find(|rule| rule.id == outcome.rule);
            for trace in &outcome.trace {
                let reason = trace.reason.or_else(|| trace.cut.first().map(|cut| cut.reason));
                if let (Some(stands), Some(reason)) = (&trace.stands, reason) {
                    told.refused.entry(stands).or_default().push((&outcome.rule, reason));
                }
                let slot = Slot::of_close(&outcome.rule, rule, trace);
                if is_idle(trace.reason, trace.below) {
                    told.add_idle(trace.stands.as_ref(), slot);
                } else if let Some(payee) = &trace.payee {
                    told.slots.entry(payee).or_default().push(slot);
                }
            }
        }
        told
    }

    fn add_idle(&mut self, stands: Option<&'a MemberId>, slot: Slot<'a>) {
        let slot = Slot { earned: 0, cut: 0, ..slot };
        self.idle.entry(slot.place).or_insert(slot);
        if let Some(stands) = stands {
            self.slots.entry(stands).or_default().push(slot);
        }
    }

    /// The plan.
    pub(super) const fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// A rule of the plan.
    pub(super) fn rule(&self, id: &str) -> Option<&'a Rule> {
        self.plan.rules().iter().find(|rule| rule.id == id)
    }

    /// The slots of a person.
    pub(super) fn slots(&self, person: &MemberId) -> &[Slot<'a>] {
        self.slots.get(person).map_or(&[], Vec::as_slice)
    }

    /// The slot of a place that comes to nothing.
    pub(super) fn idle(&self, place: Place<'_>) -> Option<Slot<'a>> {
        self.idle.get(&place).copied()
    }

    /// Why somebody whom the other plan pays is not paid: by the rules that pay them there or, where a rule has
    /// another name, by those the other plan lacks. `None` when no walk of theirs reaches them.
    pub(super) fn refused(&self, person: &MemberId, other: &Self) -> Option<Reason> {
        let refusals = self.refused.get(person)?;
        let paying =
            || other.slots(person).iter().filter(|slot| slot.earned != 0).map(|slot| slot.place.rule);
        let first = |counts: &dyn Fn(&str) -> bool| {
            refusals.iter().find(|(rule, _)| counts(rule)).map(|(_, reason)| *reason)
        };
        let renamed = paying().any(|rule| self.rule(rule).is_none());
        first(&|rule| paying().any(|paying| paying == rule))
            .or_else(|| first(&|rule| renamed && other.rule(rule).is_none()))
    }
}

impl<'a> Slot<'a> {
    fn of_sale(plan: &'a Plan, trace: &'a Trace, above: bool) -> Self {
        let rule = plan.rules().iter().find(|rule| rule.id == trace.rule);
        let (line, source) = (trace.line.as_ref().map(|id| id.as_str()), trace.source.as_ref());
        Self {
            place: Place {
                rule: &trace.rule,
                line,
                source: source.map(MemberId::as_str),
                level: trace.level,
            },
            pay: rule.map(|rule| &rule.pay),
            rate: trace.rate,
            base: trace.base,
            below: trace.below,
            part: trace.part,
            pool: None,
            earned: trace.amount,
            cut: if above { trace.amount } else { 0 },
        }
    }

    fn of_close(id: &'a str, rule: Option<&'a Rule>, trace: &'a PeriodTrace) -> Self {
        // Parts of one pool, which fits.
        let cut = trace.cut.iter().map(|cut| cut.amount).sum();
        Self {
            place: Place { rule: id, line: None, source: trace.source.as_deref(), level: trace.level },
            pay: rule.map(|rule| &rule.pay),
            rate: trace.rate,
            base: trace.base,
            below: trace.below,
            part: None,
            pool: rule.and_then(|rule| pool(rule, trace)),
            earned: trace.amount + cut,
            cut,
        }
    }

    /// With another line of the same slot.
    pub(super) fn join(&mut self, other: &Self) {
        if self.earned == 0 {
            self.rate = other.rate;
        }
        self.base = self.base.saturating_add(other.base);
        // Parts of one pool, which fits.
        self.below += other.below;
        self.earned += other.earned;
        self.cut += other.cut;
    }
}

/// What all payees of a pool get together.
fn pool(rule: &Rule, trace: &PeriodTrace) -> Option<i64> {
    match (&rule.pay, trace.rate) {
        (Schedule::Share(_), Pay::Share(rate)) => rate.of(trace.base, Rounding::Down).ok(),
        _ => None,
    }
}

const fn is_cap(reason: Reason) -> bool {
    matches!(reason, Reason::CapPayee | Reason::CapRule | Reason::CapPlan | Reason::Flush)
}

/// Whether a slot is somebody's and comes to nothing: too little, no rate, or no more than nearer people took.
const fn is_idle(reason: Option<Reason>, below: i64) -> bool {
    match reason {
        Some(Reason::Rounding | Reason::BelowMinimum | Reason::NotApplicable) => true,
        Some(Reason::Blocked) => below != 0,
        _ => false,
    }
}
