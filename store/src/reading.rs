//! Opening a store to read it, without changing a byte of it.

use crate::currencies::read_currencies;
use crate::fault::Fault;
use crate::file::{Options, Store, check_kind};
use crate::schema::Content;
use fenrun::{Code, Error};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How a store was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// To write.
    Write,
    /// To read, beside its log and beside others who may write.
    Read,
    /// To read a file that has no log: nothing is locked, so it has to stay as it is.
    ReadStill(Stamp),
}

/// What tells that a file was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl Store {
    /// Opens a store to read it: no byte of the file or of its log is changed, and neither has to be
    /// writable. Where no log stands beside the file, nothing is locked or made; where one does, SQLite may
    /// make or change the index of the log (`-shm`), which holds no data.
    ///
    /// # Errors
    /// [`Code::File`] when there is no file, it cannot be read, or its log cannot be indexed because the
    /// folder cannot be written; else as [`Store::open`].
    pub fn open_to_read(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_to_read_with(path, &Options::default())
    }

    /// Opens a store to read it, with options.
    ///
    /// # Errors
    /// As [`Store::open_to_read`].
    pub fn open_to_read_with(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        let path = path.as_ref();
        check_kind(path)?;
        let metadata = File::open(path).and_then(|file| file.metadata());
        let metadata = metadata
            .map_err(|error| Error::new(Code::File, format!("{} cannot be read: {error}", path.display())))?;
        // Whoever has the file open keeps an index beside it; a log without one was left over or copied.
        let log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
        let still = !log && !beside(path, "-shm").exists();
        let access = if still { Access::ReadStill(Stamp::of(&metadata)) } else { Access::Read };
        let opened = connect(path, access).and_then(|connection| {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            Self::look(connection, (path, access), options)
        });
        let (mut store, content) = opened.map_err(|fault| unreadable(fault, path, log))?;
        let refused = |code, rule| Err(Error::new(code, format!("{} {rule}", path.display())));
        match content {
            Content::Store => {
                store.currencies = store.read(|file| read_currencies(file, &options.currencies))?;
                Ok(store)
            }
            Content::Empty => refused(Code::NotAStore, "is empty, not a fenrun store"),
            Content::Behind => {
                refused(Code::File, "has an older schema; open it to write once, which brings it up to date")
            }
        }
    }

    /// Whether what was read without a lock stayed as it was.
    pub(crate) fn check_still(&self) -> Result<(), Error> {
        let Access::ReadStill(before) = self.access else { return Ok(()) };
        let now = std::fs::metadata(&self.path).map(|metadata| Stamp::of(&metadata));
        let log = std::fs::metadata(beside(&self.path, "-wal")).is_ok_and(|log| log.len() > 0);
        if now.is_ok_and(|now| now == before) && !log {
            return Ok(());
        }
        let rule = format!("{} was written to while it was read; read it again", self.path.display());
        Err(Error::new(Code::Database, rule))
    }
}

fn connect(path: &Path, access: Access) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(match access {
        Access::ReadStill(_) => Connection::open_with_flags(uri(path), flags | OpenFlags::SQLITE_OPEN_URI)?,
        _ => Connection::open_with_flags(path, flags)?,
    })
}

/// The file as one that does not change. Every byte that means something in a URI is escaped.
fn uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut uri = String::from(if cfg!(windows) { "file:///" } else { "file://" });
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'.' | b'-' | b'_' | b':' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// A file whose name begins like that of the store.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// The error of a store that cannot be opened, with the next step of somebody who only reads.
fn unreadable(fault: Fault, path: &Path, log: bool) -> Error {
    match &fault {
        Fault::Engine(error) if log && error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            let file = path.display();
            let rule = "has a log that cannot be indexed in this folder";
            let step = "copy the file and its -wal into a folder that can be written";
            Error::new(Code::File, format!("{file} {rule}; {step}"))
        }
        _ => fault.at(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn names_are_escaped() {
        let wanted = "file:///a%20b/50%25%3F%23/%E5%BA%97.db?immutable=1";
        assert_eq!(uri(Path::new("/a b/50%?#/店.db")), wanted);
    }
}
