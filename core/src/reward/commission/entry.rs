//! The life cycle of a commission entry (分佣状态): one table, which [`commission_dot`] draws.

use crate::error::{Code, Error, Result};
use crate::time::Timestamp;
use crate::words::words;
use std::fmt::Write;

words! {
    /// Where an entry stands; moved by [`ENTRY_TABLE`] and by nothing else.
    EntryState {
        /// The order is paid.
        Pending = "pending", "Pending", "待结算";
        /// The order is completed and its after-sale window is over.
        Confirmed = "confirmed", "Confirmed", "已确认";
        /// The hold is over: it may be withdrawn.
        Payable = "payable", "Payable", "可提现";
        /// A withdrawal has set it aside.
        Reserved = "reserved", "Reserved", "提现中";
        /// It reached the payee.
        Paid = "paid", "Paid", "已打款";
        /// Nothing is left of it, and it had not been paid.
        Reversed = "reversed", "Reversed", "已取消";
        /// Nothing is left of it, and the payee owes what was paid.
        ClawedBack = "clawed_back", "Clawed back", "追回";
    }
}

words! {
    /// The kinds of what moves an entry.
    EntryTrigger {
        /// The order completed.
        OrderCompleted = "order_completed", "order completed", "订单完成";
        /// The hold is over.
        HoldOver = "hold_over", "hold over", "冻结期满";
        /// A withdrawal sets it aside.
        Reserve = "reserve", "withdrawal requested", "申请提现";
        /// The withdrawal ended unpaid.
        Return = "return", "withdrawal ended unpaid", "提现未成";
        /// The payout succeeded.
        Pay = "pay", "payout succeeded", "打款成功";
        /// What it is entitled to changed.
        EntitlementChanged = "entitlement_changed", "entitlement changed", "退款";
    }
}

/// What moves an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryEvent {
    /// The order completed.
    OrderCompleted,
    /// The hold is over.
    HoldOver,
    /// A withdrawal sets it aside.
    Reserved,
    /// The withdrawal ended unpaid.
    Returned,
    /// The payout succeeded.
    PaidOut,
    /// The entitlement fell by this many minor units (or rose by one, a cumulative floor).
    EntitlementChanged(i64),
}

/// When a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryGuard {
    /// Always: the last row of each pair.
    Otherwise,
    /// Nothing is left of the entry.
    NothingLeft,
}

/// What becomes of the money when an entitlement changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryEffect {
    /// Nothing changes but the state.
    Moves,
    /// The amount changes where it stands.
    InPlace,
    /// It is or will be with the payee already: a fall is a debt (追回), set off against later commission.
    Debt,
}

/// One row: in `from`, after `on`, when `guard` holds, go to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// The state the entry is in.
    pub from: EntryState,
    /// What happens.
    pub on: EntryTrigger,
    /// The condition on what is left.
    pub guard: EntryGuard,
    /// The state the entry is in then.
    pub to: EntryState,
    /// What becomes of the money.
    pub effect: EntryEffect,
}

macro_rules! table {
    ($($from:ident: $($on:ident $(? $guard:ident -> $zero:ident)? => $to:ident $effect:ident,)+;)+) => {
        &[$($($(EntryRow {
            from: EntryState::$from, on: EntryTrigger::$on, guard: EntryGuard::$guard,
            to: EntryState::$zero, effect: EntryEffect::$effect,
        },)? EntryRow {
            from: EntryState::$from, on: EntryTrigger::$on, guard: EntryGuard::Otherwise,
            to: EntryState::$to, effect: EntryEffect::$effect,
        },)+)+]
    };
}

/// Every move an entry can make; what is not listed is an error.
#[rustfmt::skip]
pub const ENTRY_TABLE: &[EntryRow] = table! {
    Pending:
        OrderCompleted => Confirmed Moves,
        EntitlementChanged ? NothingLeft -> Reversed => Pending InPlace,;
    Confirmed:
        HoldOver => Payable Moves,
        EntitlementChanged ? NothingLeft -> Reversed => Confirmed InPlace,;
    Payable:
        Reserve => Reserved Moves,
        EntitlementChanged ? NothingLeft -> Reversed => Payable InPlace,;
    Reserved:
        Return => Payable Moves,
        Pay => Paid Moves,
        EntitlementChanged ? NothingLeft -> ClawedBack => Reserved Debt,;
    Paid:
        EntitlementChanged ? NothingLeft -> ClawedBack => Paid Debt,;
};

/// The table as a graph in the DOT language, the same text every time.
///
/// ```
/// let dot = fenrun::reward::commission::commission_dot();
/// assert!(dot.starts_with("digraph commission {"));
/// assert!(dot.contains("追回"));
/// ```
#[must_use]
pub fn commission_dot() -> String {
    let mut dot = String::from("digraph commission {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    // Writing to a String has no way to fail.
    for state in EntryState::ALL {
        let ends = !ENTRY_TABLE.iter().any(|row| row.from == *state);
        let shape = if ends { ", peripheries=2" } else { "" };
        let (name, english, chinese) = (state.name(), state.english(), state.chinese());
        let _ = writeln!(dot, "  {name} [label=\"{english}\\n{chinese}\"{shape}];");
    }
    dot.push_str("  start [shape=point];\n  start -> pending [label=\"order paid\\n订单支付\"];\n");
    for row in ENTRY_TABLE {
        let guard = if row.guard == EntryGuard::NothingLeft { "\\n[nothing left]" } else { "" };
        let debt = if row.effect == EntryEffect::Debt { "\\n/ debt 欠款" } else { "" };
        let (english, chinese) = (row.on.english(), row.on.chinese());
        let (from, to) = (row.from.name(), row.to.name());
        let _ = writeln!(dot, "  {from} -> {to} [label=\"{english}\\n{chinese}{guard}{debt}\"];");
    }
    dot.push_str("}\n");
    dot
}

/// One payee's commission of one rule of one sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    state: EntryState,
    amount: i64,
    owed: i64,
    hold_until: Option<Timestamp>,
}

impl EntryEvent {
    const fn trigger(self) -> EntryTrigger {
        match self {
            Self::OrderCompleted => EntryTrigger::OrderCompleted,
            Self::HoldOver => EntryTrigger::HoldOver,
            Self::Reserved => EntryTrigger::Reserve,
            Self::Returned => EntryTrigger::Return,
            Self::PaidOut => EntryTrigger::Pay,
            Self::EntitlementChanged(_) => EntryTrigger::EntitlementChanged,
        }
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
        Ok(Self { state: EntryState::Pending, amount, owed: 0, hold_until: None })
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> EntryState {
        self.state
    }

    /// What the payee is entitled to, in minor units.
    #[must_use]
    pub const fn amount(&self) -> i64 {
        self.amount
    }

    /// What the payee owes of it: paid or reserved, and taken back since.
    #[must_use]
    pub const fn owed(&self) -> i64 {
        self.owed
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
        let change = match event {
            EntryEvent::EntitlementChanged(change) => change,
            _ => 0,
        };
        let Some(left) = self.amount.checked_add(change).filter(|left| *left >= 0) else {
            return fault(format!("{event:?} on an entry of {}: nothing falls below zero", self.amount));
        };
        let holds = |guard| guard == EntryGuard::Otherwise || left == 0;
        let mut rows = ENTRY_TABLE.iter().filter(|row| row.from == self.state && row.on == event.trigger());
        let Some(row) = rows.find(|row| holds(row.guard)) else {
            return fault(format!("{event:?} is not listed for a commission that is {}", self.state.name()));
        };
        let hold_until = match event {
            EntryEvent::OrderCompleted => Some(now.plus_days(hold_days)),
            _ => self.hold_until,
        };
        if let (EntryEvent::HoldOver, Some(until)) = (event, hold_until.filter(|until| now < *until)) {
            return fault(format!("held until {until}, now it is {now}"));
        }
        // What ends unpaid repays what was owed of it.
        let owed = match row.effect {
            EntryEffect::Debt => self.owed.saturating_sub(change).max(0),
            _ if event == EntryEvent::Returned => 0,
            _ => self.owed,
        };
        Ok(Self { state: row.to, amount: left, owed, hold_until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const DAY: i64 = crate::time::DAY_MS;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    /// An entry of 5.00 taken along some events, each a day after the last.
    fn entry(events: &[EntryEvent]) -> Entry {
        let start = Entry::new(500).unwrap();
        let days = (0_i64..).map(|day| at(day * DAY));
        events.iter().zip(days).fold(start, |entry, (event, now)| entry.apply(*event, now, 1).unwrap())
    }

    const TO_PAYABLE: [EntryEvent; 2] = [EntryEvent::OrderCompleted, EntryEvent::HoldOver];

    #[test]
    fn the_usual_life() {
        let entry = entry(&[EntryEvent::EntitlementChanged(-200)]);
        assert_eq!((entry.state(), entry.amount()), (EntryState::Pending, 300));
        assert!(entry.apply(EntryEvent::HoldOver, at(0), 7).is_err());
        let entry = entry.apply(EntryEvent::OrderCompleted, at(0), 7).unwrap();
        assert!(entry.apply(EntryEvent::HoldOver, at(7 * DAY - 1), 7).is_err());
        let entry = entry.apply(EntryEvent::HoldOver, at(7 * DAY), 7).unwrap();
        let entry = entry.apply(EntryEvent::Reserved, at(7 * DAY), 7).unwrap();
        assert_eq!(entry.apply(EntryEvent::Returned, at(0), 7).unwrap().state(), EntryState::Payable);
        let entry = entry.apply(EntryEvent::PaidOut, at(7 * DAY), 7).unwrap();
        assert_eq!((entry.state(), entry.amount(), entry.owed()), (EntryState::Paid, 300, 0));
    }

    #[test]
    fn what_has_not_left_falls_in_place() {
        for events in [&TO_PAYABLE[..0], &TO_PAYABLE[..1], &TO_PAYABLE] {
            let before = entry(events);
            let fallen = before.apply(EntryEvent::EntitlementChanged(-499), at(0), 1).unwrap();
            assert_eq!((fallen.state(), fallen.amount(), fallen.owed()), (before.state(), 1, 0));
            let gone = fallen.apply(EntryEvent::EntitlementChanged(-1), at(0), 1).unwrap();
            assert_eq!((gone.state(), gone.amount(), gone.owed()), (EntryState::Reversed, 0, 0));
            assert!(fallen.apply(EntryEvent::EntitlementChanged(-2), at(0), 1).is_err());
            assert!(gone.apply(EntryEvent::OrderCompleted, at(0), 1).is_err());
        }
    }

    #[test]
    fn what_has_left_is_owed() {
        let reserved = entry(&[TO_PAYABLE[0], TO_PAYABLE[1], EntryEvent::Reserved]);
        let paid = reserved.apply(EntryEvent::PaidOut, at(0), 1).unwrap();
        for before in [reserved, paid] {
            let fallen = before.apply(EntryEvent::EntitlementChanged(-200), at(0), 1).unwrap();
            assert_eq!((fallen.state(), fallen.amount(), fallen.owed()), (before.state(), 300, 200));
            let gone = fallen.apply(EntryEvent::EntitlementChanged(-300), at(0), 1).unwrap();
            assert_eq!((gone.state(), gone.amount(), gone.owed()), (EntryState::ClawedBack, 0, 500));
        }
        let fallen = reserved.apply(EntryEvent::EntitlementChanged(-200), at(0), 1).unwrap();
        let back = fallen.apply(EntryEvent::Returned, at(0), 1).unwrap();
        assert_eq!((back.state(), back.amount(), back.owed()), (EntryState::Payable, 300, 0));
    }

    #[test]
    fn each_stage_ends_at_its_own_state_and_every_state_is_reached() {
        let ends: Vec<_> = ENTRY_TABLE
            .iter()
            .filter(|row| row.guard == EntryGuard::NothingLeft)
            .map(|row| (row.from.name(), row.to.name()))
            .collect();
        let wanted = [
            ("pending", "reversed"),
            ("confirmed", "reversed"),
            ("payable", "reversed"),
            ("reserved", "clawed_back"),
            ("paid", "clawed_back"),
        ];
        assert_eq!(ends, wanted);
        let reached: BTreeSet<_> =
            ENTRY_TABLE.iter().map(|row| row.to).chain([EntryState::Pending]).collect();
        assert_eq!(reached.len(), EntryState::ALL.len());
        let dot = commission_dot();
        for row in ENTRY_TABLE {
            assert!(dot.contains(&format!("{} -> {} ", row.from.name(), row.to.name())), "{row:?}");
        }
    }
}
