//! What a batch gives: rows as columns.

use crate::error::{Error, Result};
use crate::money::narrow;
use crate::reward::commission::Reason;
use crate::reward::referral::MemberIx;

/// Rows of a batch, in the order of the input rows, rules and levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub(super) sources: Vec<u32>,
    pub(super) payees: Vec<u32>,
    /// Rule in the upper half, level in the lower.
    pub(super) slots: Vec<u32>,
    pub(super) amounts: Vec<i64>,
    pub(super) pool: i64,
    pub(super) retained: [i64; Reason::ALL.len()],
}

/// The columns of [`Rows`]; each accessor of the same name says what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowColumns {
    /// [`Rows::sources`].
    pub sources: Vec<u32>,
    /// [`Rows::payees`].
    pub payees: Vec<u32>,
    /// [`Rows::slots`].
    pub slots: Vec<u32>,
    /// [`Rows::amounts`].
    pub amounts: Vec<i64>,
}

impl Rows {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.amounts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.amounts.is_empty()
    }

    /// The input row each row is paid for; the first of its order when the rule rounds per order.
    #[must_use]
    pub fn sources(&self) -> &[u32] {
        &self.sources
    }

    /// Who is paid, as numbers of handles ([`MemberIx::get`]).
    #[must_use]
    pub fn payees(&self) -> &[u32] {
        &self.payees
    }

    /// Who is paid.
    #[must_use]
    pub fn payee(&self, row: usize) -> MemberIx {
        MemberIx::new(self.payees[row])
    }

    /// The rule of a row, by its place in the plan.
    #[must_use]
    pub fn rule(&self, row: usize) -> u32 {
        self.slots[row] >> 16
    }

    /// The level of a row, from 1.
    #[must_use]
    pub fn level(&self, row: usize) -> u32 {
        self.slots[row] & 0xFFFF
    }

    /// Rule (upper 16 bits) and level (lower 16 bits) of every row.
    #[must_use]
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// Minor units, above zero.
    #[must_use]
    pub fn amounts(&self) -> &[i64] {
        &self.amounts
    }

    /// The columns themselves, for hosts that hand them on without a copy.
    #[must_use]
    pub fn into_columns(self) -> RowColumns {
        RowColumns { sources: self.sources, payees: self.payees, slots: self.slots, amounts: self.amounts }
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

    /// Whether rows and retained amounts sum to the pool.
    #[must_use]
    pub fn conserves(&self) -> bool {
        let paid: i128 = self.amounts.iter().copied().map(i128::from).sum();
        let retained: i128 = self.retained.iter().copied().map(i128::from).sum();
        paid + retained == i128::from(self.pool)
    }

    /// Appends the rows of a later part of the batch that started at input row `offset`.
    ///
    /// # Errors
    /// [`Code::Overflow`](crate::Code::Overflow) when a total does not fit.
    pub fn append(&mut self, later: Self, offset: u32) -> Result<()> {
        self.sources.extend(later.sources.iter().map(|source| source + offset));
        self.payees.extend_from_slice(&later.payees);
        self.slots.extend_from_slice(&later.slots);
        self.amounts.extend_from_slice(&later.amounts);
        self.pool = add(self.pool, later.pool)?;
        for (mine, more) in self.retained.iter_mut().zip(later.retained) {
            *mine = add(*mine, more)?;
        }
        Ok(())
    }

    pub(super) fn retain(&mut self, reason: Reason, amount: i64) -> Result<()> {
        if let Some(at) = Reason::ALL.iter().position(|known| *known == reason) {
            self.retained[at] = add(self.retained[at], amount)?;
        }
        Ok(())
    }
}

fn add(left: i64, right: i64) -> Result<i64> {
    narrow(i128::from(left) + i128::from(right), || "a total of the batch".into()).map_err(Error::from)
}
