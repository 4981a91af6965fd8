//! Double-entry journals and balances. Knows neither `trade` nor `reward`.
//!
//! A balance is the sum of the postings to its account. What the mall owes a member is above zero, what a
//! member owes the mall stands on [`MemberAccount::Debt`] below zero, and no other account of a member may
//! fall below zero, so a loss is always visible. The postings of a journal sum to zero per currency.

mod account;
mod book;
mod journal;
mod moves;
mod reversal;
mod standing;
mod statement;
pub mod wallet;

pub use account::{Account, MallAccount, MemberAccount};
pub use book::{Ledger, Posted};
pub use journal::{Journal, Posting};
pub use moves::{Advance, Share, Step, earned};
pub use reversal::{REVERSAL_REASON, Reversal, TakeBack};
pub use statement::{Period, STATEMENT_SUMS, Statement, StatementRow, statement};
