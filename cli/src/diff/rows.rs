//! The file of differences.

use crate::files::fault;
use crate::whole::WholeFile;
use fenrun::Result;
use fenrun::money::{Currency, Money};
use fenrun::reward::commission::{Language, Reason};
use fenrun::reward::compare::Difference;
use std::io::Error;
use std::path::{Path, PathBuf};

const HEADER: [&str; 10] =
    ["order", "payee", "before", "after", "change", "change_minor", "currency", "cause", "reason", "why"];

/// Differences on their way into a file that appears when it is complete.
pub(super) struct DifferenceFile {
    path: PathBuf,
    currency: Currency,
    writer: csv::Writer<WholeFile>,
}

impl DifferenceFile {
    pub(super) fn create(path: &Path, inputs: &[&Path], currency: Currency) -> Result<Self> {
        let writer = csv::Writer::from_writer(WholeFile::create(path, inputs)?);
        let mut rows = Self { path: path.to_owned(), currency, writer };
        rows.record(&HEADER)?;
        Ok(rows)
    }

    pub(super) fn write(&mut self, difference: &Difference) -> Result<()> {
        let amount = |minor: i64| Money::new(minor, self.currency).to_decimal();
        let change = difference.change();
        let cells = [amount(difference.before), amount(difference.after), amount(change), change.to_string()];
        let why = difference.explain(Language::English);
        let (code, event) = (self.currency, difference.event.to_string());
        self.record(&[
            &event,
            difference.payee.as_str(),
            &cells[0],
            &cells[1],
            &cells[2],
            &cells[3],
            code.code(),
            difference.cause.name(),
            difference.reason.map_or("", Reason::name),
            &why,
        ])
    }

    /// Completes the file and gives its path.
    pub(super) fn keep(self) -> Result<PathBuf> {
        let file = self.writer.into_inner().map_err(|error| fault(&self.path, error.error()))?;
        file.keep()?;
        Ok(self.path)
    }

    fn record(&mut self, cells: &[&str; 10]) -> Result<()> {
        self.writer.write_record(cells).map_err(|error| fault(&self.path, &Error::other(error)))
    }
}
