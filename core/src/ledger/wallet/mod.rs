//! What one member has in one currency, and what becomes of it: withdrawals (提现) with their payouts,
//! holds (冻结), manual adjustments.
//!
//! [`decide`] turns a [`Command`] into [`Event`]s, [`evolve`] folds them into a [`Wallet`], and
//! [`Event::journal`] is what an event posts; nothing else changes a wallet but the journals of commission.
//! [`TABLE`] is the one list of moves of a withdrawal and its payouts. Reports of providers are never
//! refused for the state they meet: what comes twice is ignored, what contradicts is recorded as a conflict
//! that moves no money until somebody resolves it. [`WalletStream`] keeps a wallet with its log.

mod command;
mod decide;
mod event;
mod evolve;
mod facts;
mod policy;
mod posting;
mod read;
mod state;
mod stream;
mod table;
mod words;

pub use command::{Action, Command, Envelope, Header};
pub use decide::{Decision, decide};
pub use event::{EVENT_SCHEMA, Event, EventData, Moves, POSTING_EVENTS, Subject};
pub use evolve::evolve;
pub use policy::{Cut, Fee, Policy, Tax, TaxOf};
pub use state::{
    Adjustment, AdjustmentState, Conflict, Deadline, Hold, Payout, Transfer, Wallet, WalletKey, Withdrawal,
    deadlines,
};
pub use stream::{Handled, WalletStream};
pub use table::{Row, TABLE, withdrawal_dot};
pub use words::{PayoutState, Verdict, WithdrawalState, WithdrawalTrigger};
