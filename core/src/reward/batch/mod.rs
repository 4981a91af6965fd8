//! Settling many orders at once over a forest: arrays in, rows out, equal to the cent to
//! [`evaluate`](super::commission::evaluate) on each order's own chain.
//!
//! Usual plans (flat levels, also with people who are passed over, and differentials) run on a kernel that
//! walks blocks of orders step by step; everything else goes through the same interpreter as a single sale.

mod block;
mod chain;
mod climb;
mod flat;
mod job;
mod jumps;
mod kernel;
mod names;
mod orders;
mod payees;
mod qualified;
mod rows;
mod volumes;

pub use chain::sale_of;
pub use job::Job;
pub use names::Names;
pub use orders::{Orders, Overrides, read_overrides};
pub use payees::{MemberTotal, Sum, add_up};
pub use rows::{Origin, RowBlock, RowColumns, Rows, move_origins};

pub use super::commission::Totals;
pub use volumes::{add_volumes, rank_codes, sum_up, team_volumes};

use super::plan::Plan;
use super::referral::Forest;
use crate::error::Result;

/// Settles orders over a forest as it stood when each was placed.
///
/// `parents` replaces [`Forest::parents`] by a copy of it in other memory (huge pages); pass `None`
/// otherwise.
///
/// # Errors
/// With the index of the row where one order is at fault; nothing is settled then.
///
/// ```
/// use fenrun::reward::{batch::{Orders, settle}, plan::Plan, referral::Forest};
/// let plan = Plan::from_json(r#"{"schema":"fenrun.plan/1","name":"two levels","currency":"CNY",
///     "rule":[{"id":"upline","to":{"up":"referral"},"pay":{"levels":["10%","5%"]}}]}"#)?;
/// let forest = Forest::from_edges(&[1, 2, 3], &[0, 1, 2])?;
/// let buyers = forest.resolve(&[3, 2])?;
/// let orders = Orders::new(&buyers, &[("paid", &[10_000, 999])]);
/// let rows = settle(&plan, &forest, &orders, None)?;
/// assert_eq!(rows.amounts(), [1000, 500, 99]);
/// assert!(rows.conserves());
/// # Ok::<(), fenrun::Error>(())
/// ```
pub fn settle(plan: &Plan, forest: &Forest, orders: &Orders<'_>, parents: Option<&[u32]>) -> Result<Rows> {
    let mut rows = Rows::default();
    settle_into(plan, forest, orders, parents, &mut rows)?;
    Ok(rows)
}

/// As [`settle`], into rows whose memory is kept: the fastest way to settle one batch after another, as
/// fresh memory costs as much as the work itself. After an error the rows are undefined.
///
/// # Errors
/// As [`settle`].
pub fn settle_into(
    plan: &Plan,
    forest: &Forest,
    orders: &Orders<'_>,
    parents: Option<&[u32]>,
    rows: &mut Rows,
) -> Result<()> {
    Job::new(plan, forest, orders, parents)?.fill(rows)
}
