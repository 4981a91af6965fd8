//! Evaluating a sale under a plan: rows, what is retained and why, and exact reversal.
//!
//! `docs/reference/plan.md` is the contract this module is written from.

mod candidates;
mod caps;
pub(crate) mod divide;
mod entry;
mod evaluate;
mod evaluator;
mod exact;
mod explain;
mod frozen;
mod job;
mod keys;
mod lines;
mod outcome;
mod people;
mod portion;
mod rates;
mod reason;
mod reverse;
mod schedules;
mod slots;
mod straight;
mod totals;
mod wide;

pub use caps::Usage;
pub(crate) use caps::counts;
pub(crate) use evaluate::{Cell, evaluate_cells};
pub(crate) use exact::Exact;

pub use entry::{
    ENTRY_TABLE, Entry, EntryEffect, EntryEvent, EntryGuard, EntryRow, EntryState, EntryTrigger,
    commission_dot,
};
pub use evaluate::{evaluate, offer};
pub use evaluator::{Allocation, Evaluator};
pub use frozen::Frozen;
pub use keys::{RowId, allocation_key, period_key, reversal_key, row_key};
pub use lines::Left;
pub use outcome::{Outcome, Retained, Row, Trace};
pub use reason::{Language, Reason};
pub use reverse::{Refund, Reversal, ReversalRow, Standing, Taken, reverse, standing};
pub use totals::Totals;

/// The version of the arithmetic. It is recorded in every outcome and rises when a number may change.
pub const SEMANTICS: u32 = 0;

/// The account rows are paid into unless their rule splits them.
pub const CASH: &str = "cash";
