//! Rows in memory that is kept from batch to batch.

use fenrun::reward::batch::{Job, Orders};
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::Forest;
use fenrun_mem::{Column, streamed};
use std::io;

/// The columns of a batch, and for how long the last one kept its thread busy.
#[derive(Default)]
pub(crate) struct Kept {
    columns: Option<Columns>,
    pub(crate) cpu_ns: u64,
}

struct Columns {
    sources: Column<u32>,
    payees: Column<u32>,
    slots: Column<u32>,
    amounts: Column<i64>,
}

impl Kept {
    /// Settles into the columns; gives the number of rows and their sum.
    pub(crate) fn settle(
        &mut self,
        plan: &Plan,
        forest: &Forest,
        orders: &Orders<'_>,
        parents: &[u32],
    ) -> io::Result<(usize, i64)> {
        let start = crate::cpu_ns();
        let job = Job::new(plan, forest, orders, Some(parents)).map_err(io::Error::other)?;
        let columns = match &mut self.columns {
            Some(columns) => columns,
            none => none.insert(Columns::with_capacity(job.rows_at_most().unwrap_or(0))?),
        };
        columns.clear();
        let mut result = Ok(());
        streamed(|streams| {
            let (mut sources, mut payees) =
                (streams.column(&mut columns.sources), streams.column(&mut columns.payees));
            let (mut slots, mut amounts) =
                (streams.column(&mut columns.slots), streams.column(&mut columns.amounts));
            job.each(&mut |block| {
                let written = sources
                    .extend_from_slice(block.sources)
                    .and_then(|()| payees.extend_from_slice(block.payees))
                    .and_then(|()| slots.extend_from_slice(block.slots))
                    .and_then(|()| amounts.extend_from_slice(block.amounts));
                if written.is_err() {
                    result = written;
                }
            })
        })
        .map_err(io::Error::other)?;
        let answer = (columns.amounts.len(), sum(&columns.amounts));
        self.cpu_ns = crate::cpu_ns() - start;
        result.map(|()| answer)
    }
}

impl Columns {
    fn with_capacity(rows: usize) -> io::Result<Self> {
        Ok(Self {
            sources: Column::with_capacity(rows)?,
            payees: Column::with_capacity(rows)?,
            slots: Column::with_capacity(rows)?,
            amounts: Column::with_capacity(rows)?,
        })
    }

    fn clear(&mut self) {
        self.sources.clear();
        self.payees.clear();
        self.slots.clear();
        self.amounts.clear();
    }
}

/// The sum of a column that is known to fit.
pub(crate) fn sum(amounts: &[i64]) -> i64 {
    amounts.iter().fold(0, |sum, amount| sum.wrapping_add(*amount))
}
