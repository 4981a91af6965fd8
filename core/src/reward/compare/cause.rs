//! Why a person's amounts differ under two plans.

use super::told::{Slot, Told};
use crate::id::MemberId;
use crate::reward::commission::Reason;
use crate::reward::plan::{Schedule, Weights};
use crate::words::words;

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
    pub(super) fn of(payee: &MemberId, amounts: (i64, i64), before: &Told<'_>, after: &Told<'_>) -> Self {
        let alone = |cause, told: &Told<'_>| Self { causes: vec![cause], reason: told.refused(payee) };
        match amounts {
            (0, _) => alone(Cause::Gained, before),
            (_, 0) => alone(Cause::Lost, after),
            _ => Self { causes: causes(before.slots(payee), after.slots(payee)), reason: None },
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

fn causes(before: &[Slot<'_>], after: &[Slot<'_>]) -> Vec<Cause> {
    let cut = |slots: &[Slot<'_>]| slots.iter().map(|slot| i128::from(slot.cut)).sum::<i128>();
    let apart = |differ: fn(&Slot<'_>, &Slot<'_>) -> bool| {
        before.len() == after.len() && before.iter().zip(after).any(|(before, after)| differ(before, after))
    };
    let found = [
        (Cause::Places, before.len() != after.len()),
        (Cause::Rate, apart(rates_differ)),
        (Cause::Base, apart(|before, after| before.base != after.base)),
        (Cause::Nearer, apart(|before, after| before.below != after.below)),
        (Cause::Part, apart(parts_differ)),
        (Cause::Cap, cut(before) != cut(after)),
    ];
    let found: Vec<Cause> = found.into_iter().filter(|(_, apart)| *apart).map(|(cause, _)| cause).collect();
    if found.is_empty() { vec![Cause::Rounding] } else { found }
}

/// Whether the rates do: of a ladder or of pairs those of other steps too, where the slot names one of them.
fn rates_differ(before: &Slot<'_>, after: &Slot<'_>) -> bool {
    let others = match (before.pay, after.pay) {
        (Some(Schedule::Ladder(one)), Some(Schedule::Ladder(other))) => one.shape != other.shape,
        (Some(Schedule::Pairing(one)), Some(Schedule::Pairing(other))) => one.rates != other.rates,
        _ => false,
    };
    let same_base = before.base == after.base && before.below == after.below;
    before.rate != after.rate || (others && same_base && before.earned != after.earned)
}

/// Whether the parts of a pool do. A period tells them by the amounts alone: of two pools they are the same part where
/// each is within a minor unit of it, unless the weights say that they are not.
fn parts_differ(before: &Slot<'_>, after: &Slot<'_>) -> bool {
    if before.part != after.part {
        return true;
    }
    let (Some(one), Some(other)) = (before.pool, after.pool) else { return false };
    if one == other {
        return before.earned != after.earned;
    }
    let times = |earned: i64, pool: i64| i128::from(earned) * i128::from(pool);
    let apart = times(before.earned, other).abs_diff(times(after.earned, one));
    let weights = |slot: &Slot<'_>| match slot.pay {
        Some(Schedule::Share(share)) => Some(proportions(&share.weights)),
        _ => None,
    };
    let rounded = u128::from(one.unsigned_abs()) + u128::from(other.unsigned_abs());
    apart >= rounded || (apart != 0 && weights(before) != weights(after))
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
