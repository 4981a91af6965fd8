//! Rows of a batch on huge pages.

use fenrun::reward::batch::{Job, RowBlock, Totals};
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
        }
        Ok(rows)
    }

    fn with_capacity(rows: usize) -> io::Result<Self> {
        Ok(Self {
            sources: Column::with_capacity(rows)?,
            payees: Column::with_capacity(rows)?,
            slots: Column::with_capacity(rows)?,
            amounts: Column::with_capacity(rows)?,
            totals: Totals::default(),
        })
    }

    fn extend(&mut self, rows: RowBlock<'_>) -> io::Result<()> {
        self.sources.extend_from_slice(rows.sources)?;
        self.payees.extend_from_slice(rows.payees)?;
        self.slots.extend_from_slice(rows.slots)?;
        self.amounts.extend_from_slice(rows.amounts)
    }
}

fn no_memory(error: io::Error) -> Error {
    Error::new(Code::TooLarge, format!("no memory for the rows of the batch: {error}"))
}
