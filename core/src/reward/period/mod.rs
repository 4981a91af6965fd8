//! Closing a period: rules over what all members sold in a day, a week or a month.
//!
//! A snapshot of the forest, volumes and the last carry go in; outcomes and the next carry come out.
//! `docs/reference/period.md` is the contract this module is written from.

mod adjust;
mod alone;
mod calendar;
mod caps;
mod carry;
mod close;
mod entry;
mod explain;
mod facts;
mod ladder;
mod outcome;
mod pairing;
mod ranks;
mod snapshot;
mod tree;
mod volumes;
mod walk;
mod who;

pub use adjust::{Adjustment, AdjustmentRow, Past};
pub use calendar::PeriodKey;
pub use carry::Carry;
pub use close::{Closed, Closing, Pair, Stretch, close, close_parts};
pub(in crate::reward) use facts::{Measured, measured};
pub use ladder::{Holding, entitlement};
pub use outcome::{PeriodRow, PeriodTrace, RuleOutcome};
pub use pairing::{Headroom, Legs, Matched, Pairs};
pub use ranks::{Ground, RankChange, RankRun, run_ranks};
pub use snapshot::Snapshot;
pub use volumes::Volumes;
