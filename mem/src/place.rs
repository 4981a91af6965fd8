//! Where names lead, and files that take each other's place.

use fenrun::{Code, Error, Result};
use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How many links in a row are followed, as Linux does.
const MAX_LINKS: usize = 40;

/// The place a name leads to, whether or not something stands there: all names of one forest have one journal and
/// one lock then, and a name that was relative stays where it was.
///
/// # Errors
/// [`Code::File`].
pub(crate) fn resolve(name: &Path) -> Result<PathBuf> {
    follow(name).map_err(|error| fault(name, &error))
}

#[cfg(unix)]
fn follow(name: &Path) -> std::io::Result<PathBuf> {
    let mut at = std::path::absolute(name)?;
    for _ in 0..MAX_LINKS {
        match fs::canonicalize(&at) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        let (Some(folder), Some(file)) = (at.parent(), at.file_name()) else { break };
        if !at.is_symlink() {
            return Ok(fs::canonicalize(folder)?.join(file));
        }
        at = folder.join(fs::read_link(&at)?);
    }
    Err(std::io::Error::other("too many links in a row"))
}

/// Other systems have few links, and spell a path that follows them in a way few programs read.
#[cfg(not(unix))]
fn follow(name: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(name)
}

pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

/// Puts a complete file that was checked in the place of another one; when this returns, it stays there. It has the
/// mode and the owner of `model`, if that is there. Whoever does has the lock, so the draft is nobody else's, and one
/// that a killed process left is written over.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    model: &Path,
    check: impl Fn(&Path) -> Result<()>,
) -> Result<()> {
    let draft = beside(path, ".tmp");
    let model = fs::metadata(model).ok();
    let written = || -> std::io::Result<()> {
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        narrow(&mut options, model.as_ref());
        let mut file = options.open(&draft)?;
        file.write_all(bytes)?;
        model.as_ref().map_or(Ok(()), |model| take_after(&file, model))?;
        file.sync_all()
    };
    let placed = || fs::rename(&draft, path).and_then(|()| sync_folder(path));
    let place = |error: std::io::Error| fault(path, &error);
    written().map_err(place).and_then(|()| check(&draft)).and_then(|()| placed().map_err(place)).inspect_err(
        |_| {
            // What is left of it helps nobody.
            let _gone = fs::remove_file(&draft);
        },
    )
}

/// A draft is never wider open than what it replaces, not even while it is written.
#[cfg(unix)]
fn narrow(options: &mut OpenOptions, model: Option<&Metadata>) {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    if let Some(model) = model {
        options.mode(model.mode() & 0o600);
    }
}

#[cfg(not(unix))]
fn narrow(_options: &mut OpenOptions, _model: Option<&Metadata>) {}

/// Gives a file owner and mode of another one; without the group's rights where the group cannot be kept.
#[cfg(unix)]
pub(crate) fn take_after(file: &File, model: &Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let kept = fchown(file, Some(model.uid()), Some(model.gid()))
        .or_else(|_| fchown(file, None, Some(model.gid())))
        .is_ok();
    let rights = if kept { 0o777 } else { 0o707 };
    file.set_permissions(fs::Permissions::from_mode(model.mode() & rights))
}

#[cfg(not(unix))]
pub(crate) fn take_after(_file: &File, _model: &Metadata) -> std::io::Result<()> {
    Ok(())
}

/// Keeps the new name of a file through a loss of power.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Other systems keep names by themselves, and open no folders.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

pub(crate) fn fault(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::File, format!("{}: {error}", path.display()))
}
