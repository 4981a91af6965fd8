//! What can go wrong inside, and how it reads outside.

use fenrun::{Code, Error};
use rusqlite::ErrorCode;
use std::path::Path;

/// A refusal of the domain or a failure of the engine; the engine's are told with the file's name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The domain refused.
    #[error(transparent)]
    Domain(#[from] Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] rusqlite::Error),
}

pub(crate) type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// The public error, naming the file and the next step.
    pub(crate) fn at(self, path: &Path) -> Error {
        match self {
            Self::Domain(error) => error,
            Self::Engine(error) => engine(&error, path),
        }
    }
}

/// A stored fact that contradicts another one or cannot be read.
pub(crate) fn inconsistent(what: impl AsRef<str>) -> Error {
    Error::new(Code::Inconsistent, format!("{}; run verify on the store", what.as_ref()))
}

fn engine(error: &rusqlite::Error, path: &Path) -> Error {
    let file = path.display();
    let Some(code) = error.sqlite_error_code() else {
        return inconsistent(format!("{file}: a stored value cannot be read: {error}"));
    };
    let (code, message) = match code {
        ErrorCode::NotADatabase => (
            Code::NotAStore,
            format!("{file} is not a fenrun store; it was left as it is, name another file"),
        ),
        ErrorCode::DatabaseCorrupt => (
            Code::Database,
            format!("{file} is damaged ({error}); stop writing to it and restore a backup into a new file"),
        ),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            (Code::File, format!("{file} cannot be written; allow writing to the file and its folder"))
        }
        ErrorCode::CannotOpen => {
            (Code::File, format!("{file} cannot be opened; check that its folder exists and may be written"))
        }
        ErrorCode::SystemIoFailure => (
            Code::Database,
            format!("{file}: the system failed to read or write it ({error}); check the disk"),
        ),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (Code::Database, format!("{file} is locked by another writer; try again"))
        }
        ErrorCode::DiskFull => {
            (Code::Database, format!("{file}: the disk is full; nothing of this batch was kept"))
        }
        ErrorCode::ConstraintViolation => return inconsistent(format!("{file}: {error}")),
        _ => (Code::Database, format!("{file}: {error}")),
    };
    Error::new(code, message)
}
