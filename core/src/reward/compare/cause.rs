//! Why a person's amounts differ under two plans.

use super::matching::{Changes, Matching};
use super::told::{Slot, Told};
use crate::id::MemberId;
use crate::reward::commission::Reason;
use crate::reward::plan::{Schedule, Weights};
use crate::sale::Pay;
use crate::words::words;
use std::collections::BTreeSet;

words! {
    /// Why a person gets another amount of a sale or a period.
    #[non_exhaustive]
    Cause {
        /// Paid by the second plan only.
        Gained = "gained", "paid by the second plan only", "仅第二个方案发放";
        /// Paid by the first plan only.
        Lost = "lost", "paid by the first plan only", "仅第一个方案发放";
        /// Paid in another number of places.
        Places = "places", "another number of rules or levels pays this person", "发放的规则或层级数不同";
        /// Another rate of the same base.
        Rate = "rate", "another rate", "比例不同";
        /// The same rate of another base.
        Base = "base", "another base", "基数不同";
        /// Nearer people, or the teams below, leave another part.
        Nearer = "nearer", "nearer people take another part", "更近的上级所得不同";
        /// Another part of a pool that several share.
        Part = "part", "another part of the pool", "分得的份额不同";
        /// Caps take another amount.
        Cap = "cap", "a cap takes another amount", "封顶扣减不同";
        /// More than one of these.
        Several = "several", "more than one of these", "以上多项不同";
        /// Everything is the same but how it is rounded, or the least amount that is paid.
        Rounding = "rounding", "the same before rounding", "仅舍入不同";
    }
}

/// Why the amounts of a person differ.
pub(super) struct Why {
    /// Every cause, in the order in which a plan comes to an amount.
    pub(super) causes: Vec<Cause>,
    /// The reason of the plan that pays nothing, if one does not.
    pub(super) reason: Option<Reason>,
}

impl Why {
    /// Why a person gets `amounts` by the two plans, which differ.
    pub(super) fn of<'a>(payee: &MemberId, amounts: (i64, i64), before: &Told<'a>, after: &Told<'a>) -> Self {
        let alone = |cause, reason| Self { causes: vec![cause], reason };
        match amounts {
            (0, _) => alone(Cause::Gained, before.refused(payee, after)),
            (_, 0) => alone(Cause::Lost, after.refused(payee, before)),
            _ => Self { causes: causes(payee, before, after), reason: None },
        }
    }

    /// The cause the whole difference counts under.
    pub(super) fn cause(&self) -> Cause {
        match self.causes.as_slice() {
            [single] => *single,
            _ => Cause::Several,
        }
    }
}

fn causes<'a>(payee: &MemberId, before: &Told<'a>, after: &Told<'a>) -> Vec<Cause> {
    let matching = Matching::of(payee, before, after);
    let mut found = BTreeSet::new();
    for (one, other) in &matching.pairs {
        let changes = Changes::between(one.place.rule, other.place.rule, before, after);
        found.extend(of_pair(one, other, changes));
    }
    for slot in &matching.alone {
        found.insert(of_one(slot, Changes::along(slot.place.rule, before, after)));
    }
    let cut = |told: &Told<'_>| told.slots(payee).iter().map(|slot| i128::from(slot.cut)).sum::<i128>();
    if cut(before) != cut(after) {
        found.insert(Cause::Cap);
    }
    if found.is_empty() { vec![Cause::Rounding] } else { found.into_iter().collect() }
}

/// Why a slot earns another amount under each plan.
fn of_pair(before: &Slot<'_>, after: &Slot<'_>, changes: Changes) -> Vec<Cause> {
    if before.earned == after.earned {
        return Vec::new();
    }
    let found = [
        (Cause::Rate, rates_differ(before, after, changes)),
        (Cause::Base, bases_differ(before, after, changes)),
        (Cause::Nearer, nearer_differ(before, after, changes)),
        (Cause::Part, (changes.walk || changes.pay) && parts_differ(before, after)),
    ];
    let found: Vec<Cause> = found.into_iter().filter(|(_, apart)| *apart).map(|(cause, _)| cause).collect();
    if found.is_empty() { vec![Cause::Rounding] } else { found }
}

/// Why only one of the plans pays a slot, from what differs of its rule.
fn of_one(slot: &Slot<'_>, changes: Option<Changes>) -> Cause {
    let pool = matches!(slot.pay, Some(Schedule::Share(_)));
    match changes {
        Some(Changes { walk: false, pay: true, .. }) if pool => Cause::Part,
        Some(Changes { walk: false, pay: true, .. }) => Cause::Rate,
        // What the rule runs after comes to nothing under one plan.
        Some(Changes { walk: false, of, chained, .. }) if of || chained => Cause::Base,
        Some(Changes { walk: false, .. }) => Cause::Rounding,
        _ => Cause::Places,
    }
}

/// Whether the rates do: of a ladder, a series or pairs also those that the slot does not name. Where neither who is
/// asked nor what is paid is another, only a ladder has another rate, read on another volume: a rate that is rounded
/// otherwise is none.
fn rates_differ(before: &Slot<'_>, after: &Slot<'_>, changes: Changes) -> bool {
    // A slot without a weight has no rate of the pool, whatever the pool's is.
    if let (Some(Schedule::Share(one)), Some(Schedule::Share(other))) = (before.pay, after.pay) {
        return one.rate != other.rate;
    }
    let read_anew = matches!(before.pay, Some(Schedule::Ladder(_))) && (changes.of || changes.chained);
    if before.rate != after.rate && (changes.walk || changes.pay || read_anew) {
        return true;
    }
    let entitled = |slot: &Slot<'_>| i128::from(slot.earned) + i128::from(slot.below);
    let apart = || differ(entitled(before), before.base, entitled(after), after.base);
    match (before.pay, after.pay) {
        (Some(Schedule::Ladder(one)), Some(Schedule::Ladder(other))) => {
            let part = one.shape.is_polynomial() && (changes.of || changes.chained);
            (part || (&one.shape, &one.by) != (&other.shape, &other.by)) && apart()
        }
        (Some(one @ Schedule::Geometric { .. }), Some(other @ Schedule::Geometric { .. })) => {
            one != other && apart()
        }
        (Some(Schedule::Pairing(one)), Some(Schedule::Pairing(other))) => {
            one.rates != other.rates && before.base == after.base
        }
        _ => false,
    }
}

/// Whether the bases do, where they count: by the unit they do not, and with the same rule of the same sale or volume
/// they are rounded otherwise.
fn bases_differ(before: &Slot<'_>, after: &Slot<'_>, changes: Changes) -> bool {
    let by_units = matches!((before.rate, after.rate), (Pay::PerUnit(_), Pay::PerUnit(_)));
    // A cap that carries leaves volume for the next period.
    let carried = matches!(before.pay, Some(Schedule::Pairing(_))) && changes.caps;
    let others = changes.walk || changes.pay || changes.of || changes.chained || carried;
    before.base != after.base && others && !by_units
}

/// Whether nearer people, or the teams below, take another part of what the slot would have without them.
fn nearer_differ(before: &Slot<'_>, after: &Slot<'_>, changes: Changes) -> bool {
    if before.below == after.below {
        return false;
    }
    if changes.walk || changes.pay {
        let rounded = before.base == after.base && changes.round && before.below.abs_diff(after.below) <= 1;
        return !rounded && differ(before.below.into(), before.base, after.below.into(), after.base);
    }
    // The same volume of a team, of which its members have other parts.
    before.base == after.base && (changes.of || changes.chained)
}

/// Whether two amounts are other shares of their bases, not the same one rounded.
fn differ(one: i128, of_one: i64, other: i128, of_other: i64) -> bool {
    if of_one == of_other {
        return one != other;
    }
    let times = |amount: i128, base: i64| amount.saturating_mul(base.into());
    let rounded = u128::from(of_one.unsigned_abs()) + u128::from(of_other.unsigned_abs());
    times(one, of_other).abs_diff(times(other, of_one)) >= rounded
}

/// Whether the parts of a pool do. A period tells them by the amounts alone: of two pools they are the same part where
/// each is within a minor unit of it, unless the weights say that they are not.
fn parts_differ(before: &Slot<'_>, after: &Slot<'_>) -> bool {
    if let (Some(one), Some(other)) = (before.part, after.part) {
        let times = |weight: u64, all: u64| u128::from(weight) * u128::from(all);
        return times(one.0, other.1) != times(other.0, one.1);
    }
    let (Some(one), Some(other)) = (before.pool, after.pool) else { return before.part != after.part };
    if one == other {
        return before.earned != after.earned;
    }
    let weights = |slot: &Slot<'_>| match slot.pay {
        Some(Schedule::Share(share)) => Some(proportions(&share.weights)),
        _ => None,
    };
    let exact = i128::from(before.earned) * i128::from(other) != i128::from(after.earned) * i128::from(one);
    differ(before.earned.into(), one, after.earned.into(), other)
        || (exact && weights(before) != weights(after))
}

/// Weights as they divide: 2 and 4 are 1 and 2.
fn proportions(weights: &Weights) -> Weights {
    let Weights::Table(table) = weights else { return weights.clone() };
    let common = table.values().fold(0, |common, weight| gcd(common, *weight)).max(1);
    Weights::Table(table.iter().map(|(key, weight)| (key.clone(), weight / common)).collect())
}

const fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
