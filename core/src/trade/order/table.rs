//! The one transition table. `decide` asks it what is allowed, `evolve` asks it where to go, and
//! [`states_dot`](super::states_dot) draws it: there is no second truth.

use super::life::{Life, Trigger};
use super::state::{LineState, Order};

/// A condition on the facts of an order after an event was applied to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Holds always: the last row of each pair.
    Otherwise,
    /// The order is paid on delivery. It is asked before anything happens: where it does not hold, the
    /// pair is not listed.
    OnDelivery,
    /// The money that is in covers the total.
    Covered,
    /// It covers the total, or the order is paid on delivery.
    Cleared,
    /// Open authorizations cover the total.
    Secured,
    /// Every unit that was not cancelled is shipped.
    AllShipped,
    /// Every unit that was not cancelled is delivered, or lost and refunded.
    AllDelivered,
    /// Every unit is cancelled, lost or refunded.
    NoUnitLeft,
    /// Every unit is cancelled, lost or refunded, and no refund is open.
    NothingLeft,
}

impl Guard {
    /// The condition in words, empty for [`Guard::Otherwise`].
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Otherwise => "",
            Self::OnDelivery => "cash on delivery",
            Self::Covered => "total captured",
            Self::Cleared => "total captured or cash on delivery",
            Self::Secured => "total authorized",
            Self::AllShipped => "all shipped",
            Self::AllDelivered => "all delivered",
            Self::NoUnitLeft => "no unit left",
            Self::NothingLeft => "no unit left, no refund open",
        }
    }

    fn holds(self, order: &Order) -> bool {
        let every = |rule: fn(&LineState) -> bool| order.lines().iter().all(rule);
        match self {
            Self::Otherwise => true,
            Self::OnDelivery => order.is_paid_on_delivery(),
            Self::Covered => order.balance() >= 0,
            Self::Cleared => order.is_paid_on_delivery() || order.balance() >= 0,
            Self::Secured => i128::from(order.authorized()) >= order.due(),
            Self::AllShipped => every(|line| line.shipped == line.live()),
            Self::AllDelivered => every(|line| line.delivered + line.lost == line.live()),
            Self::NoUnitLeft => every(|line| line.units_left() == 0),
            Self::NothingLeft => order.refunds_open() == 0 && Self::NoUnitLeft.holds(order),
        }
    }
}

/// One row: in `from`, after `on`, when `guard` holds and no earlier row of the pair did, go to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The state the order is in.
    pub from: Life,
    /// What happens.
    pub on: Trigger,
    /// The condition on the facts after it happened.
    pub guard: Guard,
    /// The state the order is in then.
    pub to: Life,
}

macro_rules! table {
    ($($from:ident: $($on:ident $(? $guard:ident -> $to:ident)* $(=> $rest:ident)?,)+;)+) => {
        &[$($($(Row { from: Life::$from, on: Trigger::$on, guard: Guard::$guard, to: Life::$to },)*
            $(Row { from: Life::$from, on: Trigger::$on, guard: Guard::Otherwise, to: Life::$rest },)?)+)+]
    };
}

/// Every move an order can make: `state: trigger ? guard -> state … => state otherwise`. What is not
/// listed is refused, except that facts of a provider are recorded everywhere without a move.
#[rustfmt::skip]
pub const TABLE: &[Row] = table! {
    Draft:
        Place ? Covered -> Paid => PendingPayment,;
    PendingPayment:
        Authorize ? Secured -> Authorized => PendingPayment,
        Capture ? Covered -> Paid => PartiallyPaid,
        Release ? OnDelivery -> AwaitingShipment,
        Cancel => Cancelled,
        PayBy => Expired,;
    Authorized:
        Capture ? Covered -> Paid => PartiallyPaid,
        VoidAuthorization ? Secured -> Authorized => PendingPayment,
        Release ? OnDelivery -> AwaitingShipment,
        Cancel => Cancelled,
        PayBy => Expired,;
    PartiallyPaid:
        Capture ? Covered -> Paid => PartiallyPaid,
        Release ? OnDelivery -> AwaitingShipment,
        Cancel => Cancelled,
        PayBy => Expired,;
    Paid:
        Release => AwaitingShipment,
        Hold => Paid,
        Unhold => Paid,
        Edit ? Cleared -> Paid => PartiallyPaid,
        CancelLines ? NoUnitLeft -> Cancelled => Paid,
        RefundLines ? NoUnitLeft -> Cancelled => Paid,
        Cancel => Cancelled,;
    AwaitingShipment:
        Ship ? AllShipped -> Shipped => PartiallyShipped,
        Hold => AwaitingShipment,
        Unhold => AwaitingShipment,
        Edit ? Cleared -> AwaitingShipment => PartiallyPaid,
        CancelLines ? NoUnitLeft -> Cancelled => AwaitingShipment,
        RefundLines ? NoUnitLeft -> Cancelled => AwaitingShipment,
        Cancel => Cancelled,;
    PartiallyShipped:
        Ship ? AllShipped -> Shipped => PartiallyShipped,
        Deliver => PartiallyReceived,
        CancelLines ? NothingLeft -> Refunded ? AllShipped -> Shipped => PartiallyShipped,
        RefundLines ? NothingLeft -> Refunded ? AllShipped -> Shipped => PartiallyShipped,
        Case => PartiallyShipped,
        ResolveCase ? NothingLeft -> Refunded => PartiallyShipped,
        ReturnBy => PartiallyShipped,
        RefundSucceeded ? NothingLeft -> Refunded => PartiallyShipped,;
    Shipped:
        Deliver ? AllDelivered -> Received => PartiallyReceived,
        AutoReceive ? AllDelivered -> Received => PartiallyReceived,
        RefundLines ? NothingLeft -> Refunded => Shipped,
        Case => Shipped,
        ResolveCase ? NothingLeft -> Refunded => Shipped,
        ReturnBy => Shipped,
        RefundSucceeded ? NothingLeft -> Refunded => Shipped,;
    PartiallyReceived:
        Ship => PartiallyReceived,
        Deliver ? AllDelivered -> Received => PartiallyReceived,
        AutoReceive ? AllDelivered -> Received => PartiallyReceived,
        CancelLines ? NothingLeft -> Refunded ? AllDelivered -> Received => PartiallyReceived,
        RefundLines ? NothingLeft -> Refunded ? AllDelivered -> Received => PartiallyReceived,
        Case => PartiallyReceived,
        ResolveCase ? NothingLeft -> Refunded ? AllDelivered -> Received => PartiallyReceived,
        ReturnBy => PartiallyReceived,
        RefundSucceeded ? NothingLeft -> Refunded => PartiallyReceived,;
    Received:
        RefundLines ? NothingLeft -> Refunded => Received,
        Case => Received,
        ResolveCase ? NothingLeft -> Refunded => Received,
        ReturnBy => Received,
        RefundSucceeded ? NothingLeft -> Refunded => Received,
        WindowOver => Completed,;
    Completed:
        GrantRefund => Completed,;
    Refunded:
        GrantRefund => Refunded,;
};

/// Whether the table lists the trigger for the order, or it is a fact that is recorded everywhere.
pub(super) fn allows(order: &Order, on: Trigger) -> bool {
    let from = order.life();
    let asked_before = |row: &Row| row.guard != Guard::OnDelivery || row.guard.holds(order);
    TABLE.iter().any(|row| row.from == from && row.on == on && asked_before(row))
        || (on.is_fact() && from != Life::Draft)
}

/// Whether the table lists the trigger for the state.
pub(super) fn listed(from: Life, on: Trigger) -> bool {
    TABLE.iter().any(|row| row.from == from && row.on == on)
}

/// Where an order goes whose facts already hold what happened; it stays where only the recording of a
/// fact is allowed.
pub(super) fn next(order: &Order, on: Trigger) -> Life {
    let from = order.life();
    let row = TABLE.iter().find(|row| row.from == from && row.on == on && row.guard.holds(order));
    row.map_or(from, |row| row.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_pair_ends_with_an_unconditional_row_and_rows_stand_together() {
        for (at, row) in TABLE.iter().enumerate() {
            let last = TABLE.get(at + 1).is_none_or(|next| (next.from, next.on) != (row.from, row.on));
            let asked_before = row.guard == Guard::OnDelivery;
            assert_eq!(last, row.guard == Guard::Otherwise || asked_before, "{row:?}");
            let first = TABLE.iter().position(|other| (other.from, other.on) == (row.from, row.on));
            let between = &TABLE[first.unwrap()..at];
            assert!(between.iter().all(|other| (other.from, other.on) == (row.from, row.on)), "{row:?}");
        }
    }

    #[test]
    fn no_row_leaves_a_terminal_state() {
        for row in TABLE.iter().filter(|row| row.from.is_terminal()) {
            assert_eq!(row.from, row.to);
        }
    }

    #[test]
    fn every_state_is_reached_and_every_other_one_can_end() {
        let mut ends: BTreeSet<Life> = Life::ALL.iter().copied().filter(|life| life.is_terminal()).collect();
        let mut reached = BTreeSet::from([Life::Draft]);
        for _ in Life::ALL {
            ends.extend(
                TABLE.iter().filter(|row| ends.contains(&row.to)).map(|row| row.from).collect::<Vec<_>>(),
            );
            reached.extend(
                TABLE.iter().filter(|row| reached.contains(&row.from)).map(|row| row.to).collect::<Vec<_>>(),
            );
        }
        assert_eq!((ends.len(), reached.len()), (Life::ALL.len(), Life::ALL.len()));
    }
}
