//! One writer at a time.

#[cfg(unix)]
use crate::place::take_after;
use fenrun::{Code, Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long a writer waits for another one. A change takes milliseconds; whoever holds the lock for longer saves
/// a large forest or hangs.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(1);

/// The right to change a saved forest and its journal, until it is dropped or its process ends.
///
/// It is a lock of the operating system on a file that stays: the forest and its journal are replaced, and a
/// lock on what was replaced keeps nobody out. So who has waited looks whether the file still stands under its name.
/// Should somebody take `NAME.lock` away from under its owner, writers have the journal itself to wait for.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file would not do: a process that was forked meanwhile has it open too.
    fn drop(&mut self) {
        let _given_back = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock, and waits for who has it. It is as open as `model`, the file it guards: whoever may write
    /// that may lock it, also when somebody else came first.
    ///
    /// # Errors
    /// [`Code::ForestLocked`] names the process that has it; [`Code::File`].
    pub(crate) fn take(path: &Path, model: &Path) -> Result<Self> {
        let lock = Self::within(path, PATIENCE)?;
        // Not ours to give where the lock is somebody else's, or the file is not there yet.
        let _given = open_as(&lock.file, model);
        Ok(lock)
    }

    fn within(path: &Path, patience: Duration) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = stay(path, &options, patience)?;
        // For who waits in vain; the lock holds without it.
        let _said = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { file })
    }

    /// Takes the lock on a journal, if there is one.
    ///
    /// # Errors
    /// As [`Lock::take`].
    #[cfg(unix)]
    pub(crate) fn of_journal(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        stay(path, OpenOptions::new().read(true).write(true), PATIENCE).map(|file| Some(Self { file }))
    }

    /// Elsewhere nobody can read what is locked, and nobody takes a file away that is open.
    #[cfg(not(unix))]
    pub(crate) fn of_journal(_path: &Path) -> Result<Option<Self>> {
        Ok(None)
    }
}

/// Locks the file that stands under a name when it is locked.
fn stay(path: &Path, options: &OpenOptions, patience: Duration) -> Result<File> {
    let fault = |error: &std::io::Error| Error::new(Code::File, format!("{}: {error}", path.display()));
    let began = Instant::now();
    loop {
        // What it leads to is somebody else's, and would be written over.
        if path.is_symlink() {
            return Err(fault(&std::io::Error::other("is a link, and no file of our own")));
        }
        let mut file = options.open(path).map_err(|error| fault(&error))?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if began.elapsed() < patience => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(held(path, &mut file)),
                Err(TryLockError::Error(error)) => return Err(fault(&error)),
            }
        }
        if stands(path, &file) {
            return Ok(file);
        }
        if began.elapsed() >= patience {
            return Err(held(path, &mut file));
        }
    }
}

/// Gives a lock the owner and the mode of the file it guards; whoever owns it may lock it whatever the mode says.
#[cfg(unix)]
fn open_as(lock: &File, model: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let (ours, model) = (lock.metadata()?, std::fs::metadata(model)?);
    let rights = model.mode() & 0o777 | 0o600;
    if (ours.uid(), ours.gid(), ours.mode() & 0o777) == (model.uid(), model.gid(), rights) {
        return Ok(());
    }
    take_after(lock, &model)?;
    lock.set_permissions(std::fs::Permissions::from_mode(lock.metadata()?.mode() | 0o600))
}

#[cfg(not(unix))]
fn open_as(_lock: &File, _model: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Whether a file still has its name.
#[cfg(unix)]
fn stands(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |meta: std::io::Result<std::fs::Metadata>| meta.ok().map(|meta| (meta.dev(), meta.ino()));
    let ours = number(file.metadata());
    ours.is_some() && ours == number(std::fs::symlink_metadata(path))
}

#[cfg(not(unix))]
fn stands(_path: &Path, _file: &File) -> bool {
    true
}

/// Whose lock it is. Where a locked file cannot be read, nobody is named.
fn held(path: &Path, file: &mut File) -> Error {
    let mut who = String::new();
    let read = file.rewind().and_then(|()| Read::by_ref(file).take(20).read_to_string(&mut who));
    let who = match read.is_ok() && !who.is_empty() && who.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("process {who}"),
        false => "another process".to_owned(),
    };
    let rule = "one at a time changes a saved forest; try again";
    Error::new(Code::ForestLocked, format!("{}: {who} has the lock; {rule}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who waited for a file that was taken away meanwhile has locked nothing.
    #[cfg(unix)]
    #[test]
    fn a_lock_on_a_file_without_its_name_is_none() {
        let path = std::env::temp_dir().join(format!("fenrun-lock-gone-{}", std::process::id()));
        let lock = Lock::take(&path, &path).unwrap();
        let waiting = thread::spawn({
            let path = path.clone();
            move || Lock::take(&path, &path).unwrap()
        });
        thread::sleep(Duration::from_millis(20));
        std::fs::remove_file(&path).unwrap();
        drop(lock);
        let _second = waiting.join().unwrap();
        let error = Lock::within(&path, Duration::from_millis(3)).unwrap_err();
        assert_eq!(error.code(), Code::ForestLocked);
        std::fs::remove_file(&path).unwrap();
    }

    /// A forked process has a copy of all that is open, the lock's file too, for as long as it runs.
    #[test]
    fn what_was_forked_meanwhile_keeps_no_lock() {
        let path = std::env::temp_dir().join(format!("fenrun-lock-forked-{}", std::process::id()));
        let lock = Lock::take(&path, &path).unwrap();
        let _of_a_child = lock.file.try_clone().unwrap();
        drop(lock);
        Lock::within(&path, Duration::ZERO).unwrap();
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn one_has_it_and_the_next_is_told_who() {
        let path = std::env::temp_dir().join(format!("fenrun-lock-{}", std::process::id()));
        let lock = Lock::take(&path, &path).unwrap();
        let error = Lock::within(&path, Duration::from_millis(3)).unwrap_err();
        assert_eq!(error.code(), Code::ForestLocked);
        let named = format!("process {} has the lock", std::process::id());
        assert!(error.message().contains(&named), "{error}");
        drop(lock);
        Lock::within(&path, Duration::ZERO).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Lock::take(&path.join("none"), &path).unwrap_err().code(), Code::File);
    }
}
