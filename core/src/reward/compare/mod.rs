//! Two plans over the same sales: every cent that differs, by person and by cause.
//!
//! A change of plan is shown before it takes effect: [`compare`] evaluates one sale under both plans and
//! says for whom they differ and why, [`Comparison`] adds sales up. Both sides conserve, so what people
//! gain or lose and what is retained more or less sum to the difference of the pools.

mod cause;
mod sale;
mod totals;

pub use cause::Cause;
pub use sale::{Compared, Difference, compare};
pub use totals::{ByCause, Change, Comparison, Side};
