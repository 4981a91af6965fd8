//! The one transition table of withdrawals and their payouts. `decide` and `evolve` ask it, and
//! [`withdrawal_dot`] draws it.

use super::words::{WithdrawalState, WithdrawalTrigger};
use std::fmt::Write;

/// One row: in `from`, after `on`, go to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The state the withdrawal is in.
    pub from: WithdrawalState,
    /// What happens.
    pub on: WithdrawalTrigger,
    /// The state the withdrawal is in then.
    pub to: WithdrawalState,
}

macro_rules! table {
    ($($from:ident: $($on:ident => $to:ident,)+;)+) => {
        &[$($(Row { from: WithdrawalState::$from, on: WithdrawalTrigger::$on, to: WithdrawalState::$to },)+)+]
    };
}

/// Every move a withdrawal can make. What is not listed is refused, or a conflict where a provider reports
/// it.
#[rustfmt::skip]
pub const TABLE: &[Row] = table! {
    Requested:
        Approve => Approved,
        Reject => Rejected,
        Cancel => Cancelled,;
    Approved:
        Pay => PayoutRequested,
        Reject => Rejected,
        Cancel => Cancelled,;
    PayoutRequested:
        Send => PayoutSent,
        AwaitPayee => AwaitingPayee,
        Succeed => Paid,
        Fail => PayoutFailed,
        Lapse => PayoutLapsed,
        ResolvePaid => Paid,;
    PayoutSent:
        Send => PayoutSent,
        AwaitPayee => AwaitingPayee,
        Succeed => Paid,
        Fail => PayoutFailed,
        Lapse => PayoutLapsed,
        ResolvePaid => Paid,;
    AwaitingPayee:
        Send => AwaitingPayee,
        AwaitPayee => AwaitingPayee,
        Succeed => Paid,
        Fail => PayoutFailed,
        Lapse => PayoutLapsed,
        ResolvePaid => Paid,;
    PayoutFailed:
        Pay => PayoutRequested,
        Reject => Rejected,
        Cancel => Cancelled,
        ResolvePaid => Paid,;
    PayoutLapsed:
        Pay => PayoutRequested,
        Reject => Rejected,
        Cancel => Cancelled,
        ResolvePaid => Paid,;
    Paid:
        ResolvePaid => Paid,
        ResolveReturned => PayoutFailed,;
    Rejected:
        ResolvePaid => Rejected,;
    Cancelled:
        ResolvePaid => Cancelled,;
};

/// Where the table sends a withdrawal; `None` when it does not list the move.
pub(super) fn next(from: WithdrawalState, on: WithdrawalTrigger) -> Option<WithdrawalState> {
    TABLE.iter().find(|row| row.from == from && row.on == on).map(|row| row.to)
}

/// The table as a graph in the DOT language, the same text every time.
///
/// ```
/// let dot = fenrun::ledger::wallet::withdrawal_dot();
/// assert!(dot.starts_with("digraph withdrawal {"));
/// assert!(dot.contains("待收款人确认"));
/// ```
#[must_use]
pub fn withdrawal_dot() -> String {
    let mut dot = String::from("digraph withdrawal {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    // Writing to a String has no way to fail.
    for state in WithdrawalState::ALL {
        let shape = if state.is_live() { "" } else { ", peripheries=2" };
        let (name, english, chinese) = (state.name(), state.english(), state.chinese());
        let _ = writeln!(dot, "  {name} [label=\"{english}\\n{chinese}\"{shape}];");
    }
    dot.push_str("  start [shape=point];\n  start -> requested [label=\"request\\n申请提现\"];\n");
    for row in TABLE {
        let (english, chinese) = (row.on.english(), row.on.chinese());
        let (from, to) = (row.from.name(), row.to.name());
        let _ = writeln!(dot, "  {from} -> {to} [label=\"{english}\\n{chinese}\"];");
    }
    dot.push_str("}\n");
    dot
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_pair_is_listed_once() {
        let pairs: BTreeSet<_> = TABLE.iter().map(|row| (row.from, row.on)).collect();
        assert_eq!(pairs.len(), TABLE.len());
    }

    #[test]
    fn only_a_conflict_moves_what_has_ended() {
        for row in TABLE.iter().filter(|row| !row.from.is_live()) {
            let resolves = [WithdrawalTrigger::ResolvePaid, WithdrawalTrigger::ResolveReturned];
            assert!(resolves.contains(&row.on), "{row:?}");
        }
    }

    #[test]
    fn a_new_payout_needs_the_last_one_to_be_known_as_over() {
        for row in TABLE.iter().filter(|row| row.on == WithdrawalTrigger::Pay) {
            assert!(!row.from.has_live_payout(), "{row:?}");
        }
    }

    #[test]
    fn every_state_is_reached_and_can_end() {
        let mut reached = BTreeSet::from([WithdrawalState::Requested]);
        let mut ends: BTreeSet<_> =
            WithdrawalState::ALL.iter().copied().filter(|state| !state.is_live()).collect();
        for _ in WithdrawalState::ALL {
            reached.extend(
                TABLE.iter().filter(|row| reached.contains(&row.from)).map(|row| row.to).collect::<Vec<_>>(),
            );
            ends.extend(
                TABLE.iter().filter(|row| ends.contains(&row.to)).map(|row| row.from).collect::<Vec<_>>(),
            );
        }
        assert_eq!((reached.len(), ends.len()), (WithdrawalState::ALL.len(), WithdrawalState::ALL.len()));
    }

    #[test]
    fn the_graph_names_every_row() {
        let dot = withdrawal_dot();
        for row in TABLE {
            assert!(dot.contains(&format!("{} -> {} ", row.from.name(), row.to.name())), "{row:?}");
        }
    }
}
