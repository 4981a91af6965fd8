//! What was offered, and why nobody got the rest: sums of a sale or of a batch.

use super::reason::Reason;
use crate::error::{Error, Result};
use crate::money::narrow;

/// What a sale or a batch comes to, beside the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pool: i64,
    retained: [i64; Reason::ALL.len()],
}

impl Totals {
    pub(crate) fn new(pool: i64) -> Self {
        Self { pool, ..Self::default() }
    }

    /// What the plan offered.
    #[must_use]
    pub const fn pool(&self) -> i64 {
        self.pool
    }

    /// What nobody got for a reason.
    #[must_use]
    pub fn retained(&self, reason: Reason) -> i64 {
        Reason::ALL.iter().position(|known| *known == reason).map_or(0, |at| self.retained[at])
    }

    /// Whether rows that pay so much and the retained amounts sum to the pool.
    #[must_use]
    pub fn conserves(&self, paid: i128) -> bool {
        let retained: i128 = self.retained.iter().copied().map(i128::from).sum();
        paid + retained == i128::from(self.pool)
    }

    /// Adds what another sale or a later part of a batch comes to.
    ///
    /// # Errors
    /// [`Code::Overflow`](crate::Code::Overflow) when a total does not fit.
    pub fn add(&mut self, later: &Self) -> Result<()> {
        self.pool = add(self.pool, later.pool)?;
        for (mine, more) in self.retained.iter_mut().zip(later.retained) {
            *mine = add(*mine, more)?;
        }
        Ok(())
    }

    pub(crate) fn retain(&mut self, reason: Reason, amount: i64) -> Result<()> {
        if let Some(at) = Reason::ALL.iter().position(|known| *known == reason) {
            self.retained[at] = add(self.retained[at], amount)?;
        }
        Ok(())
    }
}

fn add(left: i64, right: i64) -> Result<i64> {
    narrow(i128::from(left) + i128::from(right), || "a total".into()).map_err(Error::from)
}
