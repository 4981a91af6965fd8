//! Rows of a batch on huge pages.

use fenrun::reward::batch::{Job, Origin, RowBlock, Totals, move_origins};
use fenrun::{Code, Error, Result};
use fenrun_mem::Column;
use std::io;

/// The rows one thread settled.
#[derive(Debug)]
pub(crate) struct RowStore {
    pub(crate) sources: Column<u32>,
    pub(crate) payees: Column<u32>,
    pub(crate) slots: Column<u32>,
    pub(crate) amounts: Column<i64>,
    /// Empty where no rule splits its amounts.
    pub(crate) accounts: Column<u16>,
    /// Empty where no rule runs after another.
    pub(crate) origins: Column<u32>,
    pub(crate) table: Vec<Origin>,
    pub(crate) totals: Totals,
}

impl RowStore {
    /// Settles a part of a batch that starts at input row `offset`.
    ///
    /// # Errors
    /// As [`Job::each`]; [`Code::TooLarge`] when there is no memory for the rows.
    pub(crate) fn settle(job: &Job<'_>, offset: u32) -> Result<Self> {
        let mut rows = Self::with_capacity(job.rows_at_most().unwrap_or(0)).map_err(no_memory)?;
        let mut fault = None;
        rows.totals = job.each(&mut |block| {
            if let Err(error) = rows.extend(block) {
                fault = Some(error);
            }
        })?;
        if let Some(error) = fault {
            return Err(no_memory(error));
        }
        if offset > 0 {
            rows.sources.iter_mut().for_each(|source| *source += offset);
            rows.table.iter_mut().for_each(|origin| origin.source += offset);
        }
        Ok(rows)
    }

    fn with_capacity(rows: usize) -> io::Result<Self> {
        Ok(Self {
            sources: Column::with_capacity(rows)?,
            payees: Column::with_capacity(rows)?,
            slots: Column::with_capacity(rows)?,
            amounts: Column::with_capacity(rows)?,
            accounts: Column::with_capacity(0)?,
            origins: Column::with_capacity(0)?,
            table: Vec::new(),
            totals: Totals::default(),
        })
    }

    fn extend(&mut self, rows: RowBlock<'_>) -> io::Result<()> {
        self.sources.extend_from_slice(rows.sources)?;
        self.payees.extend_from_slice(rows.payees)?;
        self.slots.extend_from_slice(rows.slots)?;
        self.amounts.extend_from_slice(rows.amounts)?;
        self.accounts.extend_from_slice(rows.accounts)?;
        let (known, first) = (self.table.len(), self.origins.len());
        self.origins.extend_from_slice(rows.origins)?;
        self.table.extend_from_slice(rows.table);
        let by = u32::try_from(known).unwrap_or(u32::MAX);
        move_origins(by, &mut self.origins[first..], &mut self.table[known..]);
        Ok(())
    }

    pub(crate) fn as_block(&self) -> RowBlock<'_> {
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

fn no_memory(error: io::Error) -> Error {
    Error::new(Code::TooLarge, format!("no memory for the rows of the batch: {error}"))
}
