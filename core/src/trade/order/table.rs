//! The one transition table. `decide` asks it what is allowed, `evolve` asks it where to go, and
//! [`states_dot`] draws it: there is no second truth.

use super::life::{Life, Trigger};
use super::state::Order;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A condition on the facts of an order after an event was applied to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Holds always: the last row of each pair.
    Otherwise,
    /// Captured money covers the total.
    Covered,
    /// Open authorizations cover the total.
    Secured,
    /// Every unit that was not cancelled is shipped.
    AllShipped,
    /// Every unit that was not cancelled is delivered.
    AllDelivered,
    /// Every unit is cancelled or refunded.
    NoUnitLeft,
    /// Every unit is cancelled or refunded, and no refund is open.
    NothingLeft,
}

impl Guard {
    /// The condition in words, empty for [`Guard::Otherwise`].
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Otherwise => "",
            Self::Covered => "total captured",
            Self::Secured => "total authorized",
            Self::AllShipped => "all shipped",
            Self::AllDelivered => "all delivered",
            Self::NoUnitLeft => "no unit left",
            Self::NothingLeft => "no unit left, no refund open",
        }
    }

    fn holds(self, order: &Order) -> bool {
        match self {
            Self::Otherwise => true,
            Self::Covered => order.captured() >= order.total(),
            Self::Secured => order.authorized() >= order.total(),
            Self::AllShipped => order.lines().iter().all(|line| line.shipped == line.live()),
            Self::AllDelivered => order.lines().iter().all(|line| line.delivered == line.live()),
            Self::NoUnitLeft => order.lines().iter().all(|line| line.units_left() == 0),
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
    ($($from:ident: $($on:ident $(? $guard:ident -> $to:ident)* => $rest:ident,)+;)+) => {
        &[$($($(Row { from: Life::$from, on: Trigger::$on, guard: Guard::$guard, to: Life::$to },)*
            Row { from: Life::$from, on: Trigger::$on, guard: Guard::Otherwise, to: Life::$rest },)+)+]
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
        Cancel => Cancelled,
        PayBy => Expired,;
    Authorized:
        Capture ? Covered -> Paid => PartiallyPaid,
        VoidAuthorization ? Secured -> Authorized => PendingPayment,
        Cancel => Cancelled,
        PayBy => Expired,;
    PartiallyPaid:
        Capture ? Covered -> Paid => PartiallyPaid,
        Cancel => Cancelled,
        PayBy => Expired,;
    Paid:
        Release => AwaitingShipment,
        Hold => Paid,
        Unhold => Paid,
        CancelLines ? NoUnitLeft -> Cancelled => Paid,
        RefundLines ? NoUnitLeft -> Cancelled => Paid,
        Cancel => Cancelled,;
    AwaitingShipment:
        Ship ? AllShipped -> Shipped => PartiallyShipped,
        Hold => AwaitingShipment,
        Unhold => AwaitingShipment,
        CancelLines ? NoUnitLeft -> Cancelled => AwaitingShipment,
        RefundLines ? NoUnitLeft -> Cancelled => AwaitingShipment,
        Cancel => Cancelled,;
    PartiallyShipped:
        Ship ? AllShipped -> Shipped => PartiallyShipped,
        Deliver => PartiallyReceived,
        CancelLines ? NothingLeft -> Refunded ? AllShipped -> Shipped => PartiallyShipped,
        RefundLines ? NothingLeft -> Refunded ? AllShipped -> Shipped => PartiallyShipped,
        RefundSucceeded ? NothingLeft -> Refunded => PartiallyShipped,;
    Shipped:
        Deliver ? AllDelivered -> Received => PartiallyReceived,
        AutoReceive ? AllDelivered -> Received => PartiallyReceived,
        RefundLines ? NothingLeft -> Refunded => Shipped,
        RefundSucceeded ? NothingLeft -> Refunded => Shipped,;
    PartiallyReceived:
        Ship => PartiallyReceived,
        Deliver ? AllDelivered -> Received => PartiallyReceived,
        AutoReceive ? AllDelivered -> Received => PartiallyReceived,
        CancelLines ? NothingLeft -> Refunded ? AllDelivered -> Received => PartiallyReceived,
        RefundLines ? NothingLeft -> Refunded ? AllDelivered -> Received => PartiallyReceived,
        RefundSucceeded ? NothingLeft -> Refunded => PartiallyReceived,;
    Received:
        RefundLines ? NothingLeft -> Refunded => Received,
        RefundSucceeded ? NothingLeft -> Refunded => Received,
        WindowOver => Completed,;
    Completed:
        GrantRefund => Completed,;
};

/// Whether the table lists the trigger for the state, or it is a fact that is recorded everywhere.
pub(super) fn allows(from: Life, on: Trigger) -> bool {
    listed(from, on) || (on.is_fact() && from != Life::Draft)
}

/// Whether the table lists the trigger for the state.
pub(super) fn listed(from: Life, on: Trigger) -> bool {
    TABLE.iter().any(|row| row.from == from && row.on == on)
}

/// Where an order goes whose facts already hold what happened; `None` when that is not allowed.
pub(super) fn next(order: &Order, on: Trigger) -> Option<Life> {
    let from = order.life();
    let row = TABLE.iter().find(|row| row.from == from && row.on == on && row.guard.holds(order));
    row.map(|row| row.to).or_else(|| allows(from, on).then_some(from))
}

/// The table as a graph in the DOT language, the same text every time.
///
/// ```
/// let dot = fenrun::trade::order::states_dot();
/// assert!(dot.starts_with("digraph order {"));
/// assert!(dot.contains("待支付"));
/// ```
#[must_use]
pub fn states_dot() -> String {
    let mut dot = String::from("digraph order {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    // Writing to a String has no way to fail.
    for life in Life::ALL {
        let shape = if life.is_terminal() { ", peripheries=2" } else { "" };
        let _ =
            writeln!(dot, "  {} [label=\"{}\\n{}\"{shape}];", life.name(), life.english(), life.chinese());
    }
    let mut seen = BTreeSet::new();
    for row in TABLE {
        let guard =
            if row.guard == Guard::Otherwise { String::new() } else { format!("\\n[{}]", row.guard.label()) };
        let edge = format!(
            "  {} -> {} [label=\"{}\\n{}{guard}\"];\n",
            row.from.name(),
            row.to.name(),
            row.on.english(),
            row.on.chinese()
        );
        if seen.insert(edge.clone()) {
            dot.push_str(&edge);
        }
    }
    dot.push_str("}\n");
    dot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_ends_with_an_unconditional_row_and_rows_stand_together() {
        for (at, row) in TABLE.iter().enumerate() {
            let last = TABLE.get(at + 1).is_none_or(|next| (next.from, next.on) != (row.from, row.on));
            assert_eq!(last, row.guard == Guard::Otherwise, "{row:?}");
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

    #[test]
    fn the_graph_names_every_row() {
        let dot = states_dot();
        assert_eq!(dot, states_dot());
        for row in TABLE {
            assert!(dot.contains(&format!("{} -> {} ", row.from.name(), row.to.name())), "{row:?}");
        }
        assert!(dot.contains("awaiting_shipment [label=\"Awaiting shipment\\n待发货\"];"));
    }
}
