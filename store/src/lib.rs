//! The event log, ledger and commission of fenrun in one SQLite file.
//!
//! A [`Store`] is one file, for any number of tenants and processes. Everything is written in a
//! [`Batch`]: one transaction that is kept whole or not at all. Every write takes a key; the same key with
//! the same content is a no-op, with another content a conflict. `docs/reference/store.md` has the laws.

mod batch;
mod bindings;
mod chain;
mod commission;
mod currencies;
mod distribution;
mod events;
mod fault;
mod file;
mod idle;
mod journals;
mod links;
mod members;
mod outbox;
mod personal;
mod reading;
mod schema;
mod verify;
mod wallets;

pub use batch::Batch;
pub use bindings::{BindingAppended, BindingAttribution, StoredBindingEvent};
pub use commission::{
    OutcomeSummary, Reversed, SaleKey, StoredEntry, StoredOutcome, StoredRetained, StoredRow,
};
pub use distribution::Distribution;
pub use events::{Appended, OrderSummary, StoredEvent};
pub use fenrun::trade::order::Tenant;
pub use file::{Durability, Options, Store};
pub use outbox::StoredIntents;
pub use verify::{Check, Report};
pub use wallets::{StoredWalletEvent, WalletAppended, WithdrawalSummary};
