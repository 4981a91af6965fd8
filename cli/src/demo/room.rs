//! The folder of a demo: one demo at a time, and what is there stays until there is something better.

use crate::files;
use fenrun::{Code, Error, Result};
use fenrun_store::Store;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Locked as long as a demo runs. It stays when the demo ends: a lock file that is removed can be held twice.
const LOCK: &str = ".fenrun-demo.lock";
/// The database while the demo writes it; what a killed demo leaves is of this name.
const DRAFT: &str = ".fenrun-demo.db";
const DATABASE: &str = "fenrun.db";
/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// A folder that nobody else's demo writes to.
pub(super) struct Room {
    /// Where the database is made.
    pub(super) draft: PathBuf,
    database: PathBuf,
    /// Holds the lock until it is dropped.
    _lock: File,
}

impl Room {
    /// Takes the folder. A database that is no store is not ours to replace.
    pub(super) fn enter(out: &Path) -> Result<Self> {
        std::fs::create_dir_all(out).map_err(|error| files::fault(out, &error))?;
        let _lock = lock(out)?;
        let (draft, database) = (out.join(DRAFT), out.join(DATABASE));
        if database.exists() {
            Store::open_to_read(&database).map_err(|error| {
                let rule = "it is left as it is; remove it, or name another folder with --out";
                Error::new(error.code(), format!("{error}; {rule}"))
            })?;
        }
        remove(out, DRAFT, &BESIDE)?;
        Ok(Self { draft, database, _lock })
    }

    /// Puts the database, closed and complete, in the place of an earlier one.
    pub(super) fn leave(self) -> Result<PathBuf> {
        // The log of the earlier one must not be taken for that of the new one.
        remove(&self.folder(), DATABASE, &BESIDE[1..])?;
        std::fs::rename(&self.draft, &self.database).map_err(|error| files::fault(&self.database, &error))?;
        Ok(self.database)
    }

    fn folder(&self) -> PathBuf {
        self.database.parent().map(Path::to_owned).unwrap_or_default()
    }
}

fn lock(out: &Path) -> Result<File> {
    let path = out.join(LOCK);
    let file = File::options().append(true).create(true).open(&path);
    let file = file.map_err(|error| files::fault(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let rule = "is in use by another demo; wait for it, or name another folder with --out";
            Err(Error::new(Code::File, format!("{} {rule}", out.display())))
        }
        Err(TryLockError::Error(error)) => Err(files::fault(&path, &error)),
    }
}

fn remove(folder: &Path, name: &str, ends: &[&str]) -> Result<()> {
    for end in ends {
        let path = folder.join(format!("{name}{end}"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(files::fault(&path, &error)),
            _ => {}
        }
    }
    Ok(())
}
