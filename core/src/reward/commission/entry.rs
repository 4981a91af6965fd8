//! The life cycle of a commission entry (分佣状态): one table.

use crate::error::{Code, Error, Result};
use crate::time::Timestamp;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryState {
    /// 待结算: the order is paid.
    Pending,
    /// 已确认: the order is completed and its after-sale window is over.
    Confirmed,
    /// 可提现: the hold is over.
    Payable,
    /// 已取消: nothing is left of it.
    Reversed,
}

/// What moves an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryEvent {
    /// The order completed.
    OrderCompleted,
    /// The hold is over.
    HoldOver,
    /// The entitlement fell by this many minor units (or rose by one, a cumulative floor).
    EntitlementChanged(i64),
}

/// One payee's commission of one rule of one sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    state: EntryState,
    amount: i64,
    hold_until: Option<Timestamp>,
}

impl EntryState {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Payable => "payable",
            Self::Reversed => "reversed",
        }
    }

    /// The whole table: what is not listed is an error.
    const fn next(self, event: EntryEvent, left: i64) -> Option<Self> {
        Some(match (self, event) {
            (Self::Pending, EntryEvent::OrderCompleted) => Self::Confirmed,
            (Self::Confirmed, EntryEvent::HoldOver) => Self::Payable,
            (Self::Pending | Self::Confirmed | Self::Payable, EntryEvent::EntitlementChanged(_))
                if left == 0 =>
            {
                Self::Reversed
            }
            (
                state @ (Self::Pending | Self::Confirmed | Self::Payable),
                EntryEvent::EntitlementChanged(_),
            ) => state,
            _ => return None,
        })
    }
}

impl Entry {
    /// A new entry of an amount above zero.
    ///
    /// # Errors
    /// [`Code::InvalidEntryMove`] otherwise.
    pub fn new(amount: i64) -> Result<Self> {
        if amount <= 0 {
            let error = format!("a commission entry of {amount}; entries are above zero");
            return Err(Error::new(Code::InvalidEntryMove, error));
        }
        Ok(Self { state: EntryState::Pending, amount, hold_until: None })
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> EntryState {
        self.state
    }

    /// What stands, in minor units.
    #[must_use]
    pub const fn amount(&self) -> i64 {
        self.amount
    }

    /// Until when a confirmed entry is held.
    #[must_use]
    pub const fn hold_until(&self) -> Option<Timestamp> {
        self.hold_until
    }

    /// Moves the entry; `hold_days` are the rule's, read when it is confirmed.
    ///
    /// # Errors
    /// [`Code::InvalidEntryMove`] when the table does not list the move, when the hold is not over, or
    /// when more falls than stands.
    pub fn apply(self, event: EntryEvent, now: Timestamp, hold_days: u32) -> Result<Self> {
        let fault = |why: String| Err(Error::new(Code::InvalidEntryMove, why));
        let left = match event {
            EntryEvent::EntitlementChanged(change) => self.amount.checked_add(change),
            _ => Some(self.amount),
        };
        let Some(left) = left.filter(|left| *left >= 0) else {
            return fault(format!("{event:?} on an entry of {}: nothing falls below zero", self.amount));
        };
        let Some(state) = self.state.next(event, left) else {
            return fault(format!("{event:?} is not listed for a commission that is {}", self.state.name()));
        };
        let hold_until = match event {
            EntryEvent::OrderCompleted => Some(now.plus_days(hold_days)),
            _ => self.hold_until,
        };
        if let (EntryEvent::HoldOver, Some(until)) = (event, hold_until.filter(|until| now < *until)) {
            return fault(format!("held until {until}, now it is {now}"));
        }
        Ok(Self { state, amount: left, hold_until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_life() {
        let at = Timestamp::from_ms;
        let day = crate::time::DAY_MS;
        let entry = Entry::new(500).unwrap();
        let entry = entry.apply(EntryEvent::EntitlementChanged(-200), at(0), 7).unwrap();
        assert_eq!((entry.state(), entry.amount()), (EntryState::Pending, 300));
        assert!(entry.apply(EntryEvent::HoldOver, at(0), 7).is_err());
        let entry = entry.apply(EntryEvent::OrderCompleted, at(0), 7).unwrap();
        assert!(entry.apply(EntryEvent::HoldOver, at(7 * day - 1), 7).is_err());
        let entry = entry.apply(EntryEvent::HoldOver, at(7 * day), 7).unwrap();
        assert_eq!(entry.state(), EntryState::Payable);
        assert!(entry.apply(EntryEvent::EntitlementChanged(-301), at(0), 7).is_err());
        let entry = entry.apply(EntryEvent::EntitlementChanged(-300), at(0), 7).unwrap();
        assert_eq!((entry.state(), entry.amount()), (EntryState::Reversed, 0));
        assert!(entry.apply(EntryEvent::OrderCompleted, at(0), 7).is_err());
    }
}
