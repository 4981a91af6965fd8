//! One CSV file: its encoding, its header and its rows.

use super::{Columns, quoting};
use crate::files::read_bytes;
use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};
use encoding_rs::GB18030;
use fenrun::{Code, Error, Result};
use std::io::Cursor;
use std::path::Path;

/// A file that is being read.
pub(super) struct Sheet {
    path: String,
    reader: csv::Reader<Cursor<Vec<u8>>>,
    record: StringRecord,
}

/// One row and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    record: &'a StringRecord,
    path: &'a str,
    /// The line of the file, from 1.
    pub(super) line: u64,
}

impl Sheet {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path) -> Result<(Self, Columns)> {
        let bytes = read_bytes(path)?;
        let path = path.display().to_string();
        let text = decode(bytes, &path)?;
        quoting::check(&text, &path)?;
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(Cursor::new(text));
        let header = reader.headers().map_err(|error| fault(&path, &error))?;
        let names = header.iter().map(str::to_owned).collect();
        let columns = Columns::new(path.clone(), names)?;
        Ok((Self { path, reader, record: StringRecord::new() }, columns))
    }

    /// The next row, `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>> {
        let more = self.reader.read_record(&mut self.record).map_err(|error| fault(&self.path, &error))?;
        let line = self.record.position().map_or(0, csv::Position::line);
        Ok(more.then_some(Row { record: &self.record, path: &self.path, line }))
    }

    /// The path, for messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl<'a> Row<'a> {
    /// The text of a cell; empty where the file has no such column.
    pub(super) fn cell(&self, column: Option<usize>) -> &'a str {
        column.and_then(|column| self.record.get(column)).unwrap_or("")
    }

    /// An error of this row.
    pub(super) fn fault(&self, rule: impl std::fmt::Display) -> Error {
        self.fault_of(Code::Row, rule)
    }

    /// An error of this row with its own code.
    pub(super) fn fault_of(&self, code: Code, rule: impl std::fmt::Display) -> Error {
        Error::new(code, format!("{}:{}: {rule}", self.path, self.line))
    }

    /// Puts file and line in front of an error.
    pub(super) fn place(&self, error: impl Into<Error>) -> Error {
        error.into().within(&format!("{}:{}", self.path, self.line))
    }
}

fn fault(path: &str, error: &csv::Error) -> Error {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Error::new(Code::Row, format!("{path}:{line}: {len} cells under a header of {expected_len}"))
        }
        _ => Error::new(Code::Row, format!("{path}: {error}")),
    }
}

/// UTF-8 with or without a mark, else GB18030; anything else is refused.
fn decode(mut bytes: Vec<u8>, path: &str) -> Result<Vec<u8>> {
    if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        bytes.drain(..3);
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let rule = format!("{path}: UTF-16; save it as CSV in UTF-8 or GB18030");
        return Err(Error::new(Code::Syntax, rule));
    }
    let Err(error) = std::str::from_utf8(&bytes) else { return Ok(bytes) };
    match GB18030.decode_without_bom_handling_and_without_replacement(&bytes) {
        Some(text) => Ok(text.into_owned().into_bytes()),
        None => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            let rule = format!("{path}:{line}: neither UTF-8 nor GB18030");
            Err(Error::new(Code::Syntax, rule))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let read =
            |bytes: &[u8]| decode(bytes.to_vec(), "a.csv").map(|text| String::from_utf8(text).unwrap());
        assert_eq!(read("会员,上级".as_bytes()).unwrap(), "会员,上级");
        assert_eq!(read("\u{feff}会员".as_bytes()).unwrap(), "会员");
        let (gb18030, _, _) = GB18030.encode("会员,上级\n𠀀,甲");
        assert_eq!(read(&gb18030).unwrap(), "会员,上级\n𠀀,甲");
        assert!(read(&[b'a', b'\n', 0xFF]).unwrap_err().message().starts_with("a.csv:2: neither"));
        assert!(read(&[0xFF, 0xFE, b'a', 0]).unwrap_err().message().contains("UTF-16"));
    }
}
