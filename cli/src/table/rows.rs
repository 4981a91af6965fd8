//! The file of rows that `settle` writes.

use crate::files::fault;
use crate::whole::WholeFile;
use fenrun::Result;
use fenrun::money::{Currency, Money};
use std::io::Error;
use std::path::{Path, PathBuf};

const HEADER: [&str; 10] =
    ["order", "line", "rule", "level", "payee", "amount", "amount_minor", "currency", "account", "key"];

/// Rows on their way into a file that appears when it is complete.
pub(crate) struct RowFile {
    path: PathBuf,
    currency: Currency,
    writer: csv::Writer<WholeFile>,
}

/// One row.
pub(crate) struct RowRecord<'r> {
    pub(crate) order: &'r str,
    /// Empty when the rule rounds per order.
    pub(crate) line: &'r str,
    pub(crate) rule: &'r str,
    pub(crate) level: usize,
    pub(crate) payee: &'r str,
    pub(crate) minor: i64,
    pub(crate) account: &'r str,
    pub(crate) key: &'r str,
}

impl RowFile {
    /// Starts the file; `inputs` are what the command reads, and never its output.
    pub(crate) fn create(path: &Path, inputs: &[&Path], currency: Currency) -> Result<Self> {
        let writer = csv::Writer::from_writer(WholeFile::create(path, inputs)?);
        let mut rows = Self { path: path.to_owned(), currency, writer };
        rows.record(&HEADER)?;
        Ok(rows)
    }

    pub(crate) fn write(&mut self, row: &RowRecord<'_>) -> Result<()> {
        let currency = self.currency;
        self.record(&[
            row.order,
            row.line,
            row.rule,
            &row.level.to_string(),
            row.payee,
            &Money::new(row.minor, currency).to_decimal(),
            &row.minor.to_string(),
            currency.code(),
            row.account,
            row.key,
        ])
    }

    /// Ends the rows; the file is all there and has yet to take its place.
    pub(crate) fn finish(self) -> Result<WholeFile> {
        let mut file = self.writer.into_inner().map_err(|error| fault(&self.path, error.error()))?;
        file.secure()?;
        Ok(file)
    }

    fn record(&mut self, cells: &[&str; 10]) -> Result<()> {
        self.writer.write_record(cells).map_err(|error| fault(&self.path, &Error::other(error)))
    }
}
