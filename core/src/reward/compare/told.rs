//! What became of each person's slots, in one form for sales and for periods.

use crate::id::MemberId;
use crate::reward::commission::{Outcome, Reason, Trace};
use crate::reward::period::{Closed, PeriodTrace};
use crate::reward::plan::{Plan, Rule, Schedule};
use crate::sale::Pay;
use std::collections::BTreeMap;

/// One slot that earns a person something, before caps.
pub(super) struct Slot<'a> {
    place: (&'a str, Option<&'a str>, Option<&'a str>, usize),
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
#[derive(Default)]
pub(super) struct Told<'a> {
    slots: BTreeMap<&'a MemberId, Vec<Slot<'a>>>,
    refused: BTreeMap<&'a MemberId, Reason>,
}

impl<'a> Told<'a> {
    /// Of a sale.
    pub(super) fn of_sale(plan: &'a Plan, outcome: &'a Outcome) -> Self {
        let mut told = Self::default();
        for trace in outcome.trace() {
            if let (Some(stands), Some(reason)) = (&trace.stands, trace.reason) {
                told.refused.entry(stands).or_insert(reason);
            }
            let above = trace.reason.is_some_and(is_cap);
            let person = if above { &trace.stands } else { &trace.payee };
            let Some(person) = person else { continue };
            let slots = told.slots.entry(person).or_default();
            let slot = Slot::of_sale(plan, trace, above);
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
        let mut told = Self::default();
        for outcome in &closed.outcomes {
            let rule = plan.rules().iter().find(|rule| rule.id == outcome.rule);
            for trace in &outcome.trace {
                let reason = trace.reason.or_else(|| trace.cut.first().map(|cut| cut.reason));
                if let (Some(stands), Some(reason)) = (&trace.stands, reason) {
                    told.refused.entry(stands).or_insert(reason);
                }
                if let Some(payee) = &trace.payee {
                    let slot = Slot::of_close(&outcome.rule, rule, trace);
                    told.slots.entry(payee).or_default().push(slot);
                }
            }
        }
        told
    }

    /// The slots of a person.
    pub(super) fn slots(&self, person: &MemberId) -> &[Slot<'a>] {
        self.slots.get(person).map_or(&[], Vec::as_slice)
    }

    /// Why somebody who stands in a walk is not paid; `None` when no walk reaches them.
    pub(super) fn refused(&self, person: &MemberId) -> Option<Reason> {
        self.refused.get(person).copied()
    }
}

impl<'a> Slot<'a> {
    fn of_sale(plan: &'a Plan, trace: &'a Trace, above: bool) -> Self {
        let rule = plan.rules().iter().find(|rule| rule.id == trace.rule);
        let (line, source) = (trace.line.as_ref().map(|id| id.as_str()), trace.source.as_ref());
        Self {
            place: (&trace.rule, line, source.map(MemberId::as_str), trace.level),
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
            place: (id, None, trace.source.as_deref(), trace.level),
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
}

/// What all payees of a pool get together.
fn pool(rule: &Rule, trace: &PeriodTrace) -> Option<i64> {
    match (&rule.pay, trace.rate) {
        (Schedule::Share(_), Pay::Share(rate)) => rate.of(trace.base, rule.round.mode).ok(),
        _ => None,
    }
}

const fn is_cap(reason: Reason) -> bool {
    matches!(reason, Reason::CapPayee | Reason::CapRule | Reason::CapPlan | Reason::Flush)
}
