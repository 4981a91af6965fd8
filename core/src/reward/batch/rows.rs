//! What a batch gives: rows as columns.

use crate::error::Result;
use crate::reward::commission::{Reason, Totals};
use crate::reward::referral::MemberIx;

/// A few rows of a batch while it is settled; the columns are those of [`Rows`].
#[derive(Clone, Copy, Debug)]
pub struct RowBlock<'a> {
    /// [`Rows::sources`].
    pub sources: &'a [u32],
    /// [`Rows::payees`].
    pub payees: &'a [u32],
    /// [`Rows::slots`].
    pub slots: &'a [u32],
    /// [`Rows::amounts`].
    pub amounts: &'a [i64],
    /// [`Rows::accounts`].
    pub accounts: &'a [u16],
    /// [`Rows::origins`], as places in the table of the block.
    pub origins: &'a [u32],
    /// [`Rows::table`].
    pub table: &'a [Origin],
}

/// An amount that rules ran after. It is no row where a cap of the plan took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The input row it is paid for.
    pub source: u32,
    /// Its rule (upper 16 bits) and level (lower 16 bits).
    pub slot: u32,
    /// Who got it, and is asked by the rules that run after it.
    pub payee: u32,
    /// The place from 1 of the amount it runs after itself; 0 for an amount of the sale.
    pub origin: u32,
}

impl RowBlock<'_> {
    /// What the rows pay in all.
    #[must_use]
    pub fn paid(&self) -> i128 {
        sum(self.amounts)
    }
}

/// Rows of a batch, in the order of the input rows, rules and levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    columns: RowColumns,
    totals: Totals,
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
    /// [`Rows::accounts`].
    pub accounts: Vec<u16>,
    /// [`Rows::origins`].
    pub origins: Vec<u32>,
    /// [`Rows::table`].
    pub table: Vec<Origin>,
}

impl RowColumns {
    pub(super) fn clear(&mut self) {
        self.sources.clear();
        self.payees.clear();
        self.slots.clear();
        self.amounts.clear();
        self.accounts.clear();
        self.origins.clear();
        self.table.clear();
    }

    pub(super) fn reserve(&mut self, rows: usize) {
        self.sources.reserve(rows);
        self.payees.reserve(rows);
        self.slots.reserve(rows);
        self.amounts.reserve(rows);
    }

    pub(super) fn extend(&mut self, rows: RowBlock<'_>) {
        self.sources.extend_from_slice(rows.sources);
        self.payees.extend_from_slice(rows.payees);
        self.slots.extend_from_slice(rows.slots);
        self.amounts.extend_from_slice(rows.amounts);
        self.accounts.extend_from_slice(rows.accounts);
        let (known, first) = (self.table.len(), self.origins.len());
        self.origins.extend_from_slice(rows.origins);
        self.table.extend_from_slice(rows.table);
        move_origins(
            u32::try_from(known).unwrap_or(u32::MAX),
            &mut self.origins[first..],
            &mut self.table[known..],
        );
    }

    pub(super) fn as_block(&self) -> RowBlock<'_> {
        RowBlock {
            sources: &self.sources,
            payees: &self.payees,
            slots: &self.slots,
            amounts: &self.amounts,
            accounts: &self.accounts,
            origins: &self.origins,
            table: &self.table,
        }
    }
}

impl Rows {
    /// The columns to fill, empty, and the totals to set.
    pub(super) fn start(&mut self) -> (&mut RowColumns, &mut Totals) {
        self.columns.clear();
        self.totals = Totals::default();
        (&mut self.columns, &mut self.totals)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.amounts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.amounts.is_empty()
    }

    /// The input row each row is paid for; the first of its order when the rule rounds per order.
    #[must_use]
    pub fn sources(&self) -> &[u32] {
        &self.columns.sources
    }

    /// Who is paid, as numbers of handles ([`MemberIx::get`]).
    #[must_use]
    pub fn payees(&self) -> &[u32] {
        &self.columns.payees
    }

    /// Who is paid.
    #[must_use]
    pub fn payee(&self, row: usize) -> MemberIx {
        MemberIx::new(self.columns.payees[row])
    }

    /// The rule of a row, by its place in the plan.
    #[must_use]
    pub fn rule(&self, row: usize) -> u32 {
        self.columns.slots[row] >> 16
    }

    /// The level of a row, from 1.
    #[must_use]
    pub fn level(&self, row: usize) -> u32 {
        self.columns.slots[row] & 0xFFFF
    }

    /// Rule (upper 16 bits) and level (lower 16 bits) of every row.
    #[must_use]
    pub fn slots(&self) -> &[u32] {
        &self.columns.slots
    }

    /// Minor units, above zero.
    #[must_use]
    pub fn amounts(&self) -> &[i64] {
        &self.columns.amounts
    }

    /// The account of each row by its place in [`Names::accounts`](super::Names::accounts); empty where no rule
    /// splits its amounts.
    #[must_use]
    pub fn accounts(&self) -> &[u16] {
        &self.columns.accounts
    }

    /// The amount each row's rule runs after, by its place in [`Rows::table`] from 1, 0 for a rule of the sale
    /// itself; empty where no rule runs after another.
    #[must_use]
    pub fn origins(&self) -> &[u32] {
        &self.columns.origins
    }

    /// The amounts that rules ran after, each behind the one it runs after itself.
    #[must_use]
    pub fn table(&self) -> &[Origin] {
        &self.columns.table
    }

    /// All rows as one block.
    #[must_use]
    pub fn as_block(&self) -> RowBlock<'_> {
        self.columns.as_block()
    }

    /// What the batch comes to.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The columns themselves, for hosts that hand them on without a copy.
    #[must_use]
    pub fn into_columns(self) -> RowColumns {
        self.columns
    }

    /// What the plan offered.
    #[must_use]
    pub const fn pool(&self) -> i64 {
        self.totals.pool()
    }

    /// What nobody got for a reason.
    #[must_use]
    pub fn retained(&self, reason: Reason) -> i64 {
        self.totals.retained(reason)
    }

    /// Whether rows and retained amounts sum to the pool.
    #[must_use]
    pub fn conserves(&self) -> bool {
        self.totals.conserves(self.as_block().paid())
    }

    /// Appends the rows of a later part of the batch that started at input row `offset`.
    ///
    /// # Errors
    /// [`Code::Overflow`](crate::Code::Overflow) when a total does not fit.
    pub fn append(&mut self, later: &Self, offset: u32) -> Result<()> {
        self.totals.add(&later.totals)?;
        let (first, known) = (self.len(), self.columns.table.len());
        self.columns.extend(later.columns.as_block());
        for source in &mut self.columns.sources[first..] {
            *source += offset;
        }
        for origin in &mut self.columns.table[known..] {
            origin.source += offset;
        }
        Ok(())
    }
}

/// Moves origins, and rows that name them, behind so many others.
pub fn move_origins(by: u32, origins: &mut [u32], table: &mut [Origin]) {
    let places = origins.iter_mut().chain(table.iter_mut().map(|origin| &mut origin.origin));
    for place in places.filter(|place| **place != 0) {
        *place += by;
    }
}

/// The exact sum of a column: both halves of every value apart, which no 2^32 values overflow.
fn sum(amounts: &[i64]) -> i128 {
    // No amount is above all bits together.
    let plain = |(bits, sum): (i64, i64), amount: &i64| (bits | amount, sum.wrapping_add(*amount));
    let (bits, all) = amounts.iter().fold((0, 0), plain);
    let most = i64::try_from(amounts.len()).ok().and_then(|rows| bits.checked_mul(rows));
    if bits >= 0 && most.is_some() {
        return i128::from(all);
    }
    let halves = |(high, low): (i64, i64), amount: &i64| {
        (high.wrapping_add(amount >> 32), low.wrapping_add(amount & 0xFFFF_FFFF))
    };
    let parts = amounts.chunks(1 << 30).map(|part| part.iter().fold((0, 0), halves));
    parts.map(|(high, low)| (i128::from(high) << 32) + i128::from(low)).sum()
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn the_sum_of_a_column_is_exact() {
        let amounts = [i64::MAX, i64::MAX, -1, i64::MIN, 0, 1 << 32, -(1 << 32) - 7, 4_294_967_295];
        for end in 0..=amounts.len() {
            assert_eq!(sum(&amounts[..end]), amounts[..end].iter().copied().map(i128::from).sum());
        }
        assert_eq!(sum(&[i64::MAX; 3000]), i128::from(i64::MAX) * 3000);
        assert_eq!(sum(&[i64::MIN; 3000]), i128::from(i64::MIN) * 3000);
    }
}
