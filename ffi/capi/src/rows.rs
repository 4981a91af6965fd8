//! Rows of a batch on huge pages.

use fenrun::reward::batch::{Job, Origin, RowBlock, Totals, move_origins};
use fenrun::{Code, Error, Result};
use fenrun_mem::{Column, Growing, Streams, streamed};
use std::io;

/// The rows one thread settled.
#[derive(Debug, Default)]
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
        let mut rows = Self::default();
        rows.fill(job, offset)?;
        Ok(rows)
    }

    /// Settles into a store that is empty.
    ///
    /// # Errors
    /// As [`RowStore::settle`].
    pub(crate) fn fill(&mut self, job: &Job<'_>, offset: u32) -> Result<()> {
        self.reserve(job.rows_at_most().unwrap_or(0)).map_err(no_memory)?;
        let mut written = Ok(());
        let totals = streamed(|streams| {
            let mut writer = Writer::new(streams, self);
            job.each(&mut |block| {
                if written.is_ok() {
                    written = writer.extend(block);
                }
            })
        })?;
        written.map_err(no_memory)?;
        self.totals = totals;
        if offset > 0 {
            self.sources.iter_mut().for_each(|source| *source += offset);
            self.table.iter_mut().for_each(|origin| origin.source += offset);
        }
        Ok(())
    }

    fn reserve(&mut self, rows: usize) -> io::Result<()> {
        self.sources.reserve(rows)?;
        self.payees.reserve(rows)?;
        self.slots.reserve(rows)?;
        self.amounts.reserve(rows)
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

/// A store while blocks of rows are appended.
struct Writer<'s, 'data> {
    sources: Growing<'s, 'data, u32>,
    payees: Growing<'s, 'data, u32>,
    slots: Growing<'s, 'data, u32>,
    amounts: Growing<'s, 'data, i64>,
    accounts: Growing<'s, 'data, u16>,
    /// These are read again while they grow.
    origins: &'data mut Column<u32>,
    table: &'data mut Vec<Origin>,
}

impl<'s, 'data> Writer<'s, 'data> {
    fn new(streams: &'s Streams<'data>, store: &'data mut RowStore) -> Self {
        Self {
            sources: streams.column(&mut store.sources),
            payees: streams.column(&mut store.payees),
            slots: streams.column(&mut store.slots),
            amounts: streams.column(&mut store.amounts),
            accounts: streams.column(&mut store.accounts),
            origins: &mut store.origins,
            table: &mut store.table,
        }
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
}

fn no_memory(error: io::Error) -> Error {
    Error::new(Code::TooLarge, format!("no memory for the rows of the batch: {error}"))
}
