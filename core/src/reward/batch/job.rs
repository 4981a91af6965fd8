//! A batch that was checked and may run.

use super::chain::{self, General};
use super::kernel::Kernel;
use super::orders::Orders;
use super::rows::{RowBlock, Rows};
use crate::error::Result;
use crate::reward::commission::Totals;
use crate::reward::plan::Plan;
use crate::reward::referral::Forest;

/// Rows of an order that memory is reserved for at once.
const USUAL_ROWS: usize = 64;

/// A checked batch, for hosts that write the rows into memory of their own, or need no rows but sums of
/// them.
///
/// ```
/// use fenrun::reward::{batch::{Job, Orders}, plan::Plan, referral::Forest};
/// let plan = Plan::preset("three_level")?;
/// let forest = Forest::from_edges(&[1, 2, 3], &[0, 1, 2])?;
/// # let mut forest = forest;
/// # forest.set_fact("active", fenrun::reward::referral::Column::Flag(vec![true; 3]))?;
/// let buyers = forest.resolve(&[3, 2])?;
/// let orders = Orders::new(&buyers, &[("paid", &[10_000, 999])]);
/// let mut paid = 0;
/// let totals = Job::new(&plan, &forest, &orders, None)?
///     .each(&mut |rows| paid += rows.amounts.iter().sum::<i64>())?;
/// assert!(paid > 0 && paid <= totals.pool());
/// # Ok::<(), fenrun::Error>(())
/// ```
pub struct Job<'a> {
    plan: &'a Plan,
    forest: &'a Forest,
    orders: &'a Orders<'a>,
    parents: &'a [u32],
    kernel: Option<Kernel<'a>>,
}

impl<'a> Job<'a> {
    /// Checks a batch; `parents` is as in [`settle`](super::settle).
    ///
    /// # Errors
    /// With the index of the row at fault.
    pub fn new(
        plan: &'a Plan,
        forest: &'a Forest,
        orders: &'a Orders<'a>,
        parents: Option<&'a [u32]>,
    ) -> Result<Self> {
        orders.check(forest)?;
        let parents = parents.unwrap_or(forest.parents());
        let kernel = Kernel::new(plan, forest, orders, parents)?;
        Ok(Self { plan, forest, orders, parents, kernel })
    }

    /// A number of rows there are not more of, where the plan tells it.
    #[must_use]
    pub fn rows_at_most(&self) -> Option<usize> {
        self.kernel.as_ref().map(|kernel| kernel.width() * self.orders.len())
    }

    /// Hands over the rows, some at a time, in the order of the input rows, rules and levels. What was
    /// handed over before an error is void.
    ///
    /// # Errors
    /// With the index of the row at fault.
    pub fn each(&self, sink: &mut dyn FnMut(RowBlock<'_>)) -> Result<Totals> {
        match &self.kernel {
            Some(kernel) => {
                let general = || General::new(self.plan, self.forest);
                kernel.run(self.parents, self.orders, general, sink)
            }
            None => chain::settle(self.plan, self.forest, self.orders, sink),
        }
    }

    /// Puts all rows into `rows`, whose memory is used again. After an error they are undefined.
    ///
    /// # Errors
    /// With the index of the row at fault.
    pub fn fill(&self, rows: &mut Rows) -> Result<()> {
        let (columns, totals) = rows.start();
        // Plans of very many levels may pay few rows: what is more than usual comes as it is needed.
        let usual = self.orders.len().saturating_mul(USUAL_ROWS);
        columns.reserve(self.rows_at_most().unwrap_or(self.orders.len()).min(usual));
        *totals = self.each(&mut |block| columns.extend(block))?;
        Ok(())
    }
}
