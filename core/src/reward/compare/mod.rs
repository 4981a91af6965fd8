//! Two plans over the same sales and periods: every cent that differs, by person and by cause.
//!
//! A change of plan is shown before it takes effect: [`compare`] evaluates one sale under both plans,
//! [`compare_closes`] takes one period closed under both; they say for whom the plans differ and why, and
//! [`Comparison`] adds them up. Both sides conserve, so what people
//! gain or lose and what is retained more or less sum to the difference of the pools.

mod cause;
mod event;
mod matching;
mod told;
mod totals;

pub use cause::Cause;
pub use event::{Compared, Difference, Event, Settled, compare, compare_closes};
pub use totals::{ByCause, Change, Comparison, Side};
