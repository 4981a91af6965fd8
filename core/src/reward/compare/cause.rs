//! Why a person's amounts differ under two plans.

use crate::id::MemberId;
use crate::reward::commission::{Outcome, Reason, Trace};
use crate::words::words;

words! {
    /// Why a person gets another amount of a sale.
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
        /// Nearer people leave another part of a differential.
        Nearer = "nearer", "nearer people take another part", "更近的上级所得不同";
        /// More than one of these.
        Several = "several", "more than one of these", "以上多项不同";
        /// Everything is the same but how it is rounded, or the least amount that is paid.
        Rounding = "rounding", "the same before rounding", "仅舍入不同";
    }
}

impl Cause {
    /// Why the amounts of a person differ, and the reason of the plan that does not pay them, if one does not.
    pub(super) fn of(payee: &MemberId, before: &Outcome, after: &Outcome) -> (Self, Option<Reason>) {
        let (earlier, later) = (paid(payee, before), paid(payee, after));
        match (earlier.as_slice(), later.as_slice()) {
            ([], _) => (Self::Gained, refused(payee, before)),
            (_, []) => (Self::Lost, refused(payee, after)),
            (earlier, later) if earlier.len() != later.len() => (Self::Places, None),
            (earlier, later) => {
                let apart = |differ: fn(&Trace, &Trace) -> bool| {
                    earlier.iter().zip(later).any(|(before, after)| differ(before, after))
                };
                let found = [
                    (Self::Rate, apart(|before, after| before.rate != after.rate)),
                    (Self::Base, apart(|before, after| before.base != after.base)),
                    (Self::Nearer, apart(|before, after| before.below != after.below)),
                ];
                let mut found = found.into_iter().filter(|(_, apart)| *apart).map(|(cause, _)| cause);
                match (found.next(), found.next()) {
                    (None, _) => (Self::Rounding, None),
                    (Some(cause), None) => (cause, None),
                    _ => (Self::Several, None),
                }
            }
        }
    }
}

/// The slots that pay somebody.
fn paid<'a>(payee: &MemberId, outcome: &'a Outcome) -> Vec<&'a Trace> {
    outcome.trace().iter().filter(|slot| slot.payee.as_ref() == Some(payee)).collect()
}

/// Why somebody who stands in a walk is not paid; `None` when no walk reaches them.
fn refused(payee: &MemberId, outcome: &Outcome) -> Option<Reason> {
    outcome.trace().iter().filter(|slot| slot.stands.as_ref() == Some(payee)).find_map(|slot| slot.reason)
}
