//! Writing outputs whole or not at all, without harm to what stands at their place.

use crate::files::fault;
use fenrun::{Code, Error, Result};
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How many links in a row are followed, as Linux does.
const MAX_LINKS: usize = 40;
/// How many drafts that others left are passed over.
const MAX_DRAFTS: usize = 64;

/// An output that appears when it is complete.
pub(crate) struct WholeFile {
    path: PathBuf,
    place: Place,
}

enum Place {
    /// A file under another name beside `target`, which it replaces at the end.
    Draft { draft: PathBuf, target: PathBuf, before: Option<Box<Metadata>>, writer: BufWriter<File> },
    /// A pipe or device; all bytes wait in memory, because what is written there cannot be taken back.
    Through { file: File, bytes: Vec<u8> },
    /// Standard output, the same way.
    Standard { bytes: Vec<u8> },
}

/// What may be done with what stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Replace,
    WriteThrough,
    Refuse(&'static str),
}

/// Whether a path means standard output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl WholeFile {
    /// Starts the output: a file under another name beside its place, a pipe or device, or `-`.
    /// `inputs` are the files the command reads; none of them is written over.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for an input, [`Code::File`] for a place that cannot be written.
    pub(crate) fn create(path: &Path, inputs: &[&Path]) -> Result<Self> {
        let place =
            if is_standard(path) { Place::Standard { bytes: Vec::new() } } else { open(path, inputs)? };
        Ok(Self { path: path.to_owned(), place })
    }

    /// Where it appears.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Completes the output: all of it is there now.
    pub(crate) fn keep(mut self) -> Result<()> {
        self.secure()?;
        self.complete().map_err(|error| fault(&self.path, &error))
    }

    /// Writes out all that a draft holds, so that nothing but taking its place is left to [`keep`](Self::keep).
    ///
    /// # Errors
    /// [`Code::File`] when the disk is full, for one.
    pub(crate) fn secure(&mut self) -> Result<()> {
        let Place::Draft { before, writer, .. } = &mut self.place else { return Ok(()) };
        let done = writer.flush().and_then(|()| {
            before.as_ref().map_or(Ok(()), |before| take_after(writer.get_ref(), before))?;
            writer.get_ref().sync_all()
        });
        done.map_err(|error| fault(&self.path, &error))
    }

    fn complete(&mut self) -> std::io::Result<()> {
        match &mut self.place {
            Place::Draft { draft, target, .. } => fs::rename(draft, target),
            Place::Through { file, bytes } => file.write_all(bytes),
            Place::Standard { bytes } => {
                let mut out = std::io::stdout().lock();
                match out.write_all(bytes).and_then(|()| out.flush()) {
                    // A reader such as `head` has seen enough.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                    done => done,
                }
            }
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.place {
            Place::Draft { writer, .. } => writer.write(bytes),
            Place::Through { bytes: kept, .. } | Place::Standard { bytes: kept } => kept.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.place {
            Place::Draft { writer, .. } => writer.flush(),
            Place::Through { .. } | Place::Standard { .. } => Ok(()),
        }
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Place::Draft { draft, .. } = &self.place {
            // After `keep` the draft is gone; before it, an unfinished file must not stay.
            let _ = fs::remove_file(draft);
        }
    }
}

/// Whether an output that can be nothing but a file may take its place: what [`WholeFile`] says of others.
///
/// # Errors
/// As [`WholeFile::create`]; [`Code::InvalidArgument`] for `-`, a pipe or a device.
pub(crate) fn check_file(path: &Path, inputs: &[&Path]) -> Result<()> {
    match WholeFile::create(path, inputs)?.place {
        Place::Draft { .. } => Ok(()),
        Place::Through { .. } | Place::Standard { .. } => {
            let rule = "is no name of a file, which a saved forest needs";
            Err(Error::new(Code::InvalidArgument, format!("{}: {rule}", path.display())))
        }
    }
}

fn open(path: &Path, inputs: &[&Path]) -> Result<Place> {
    let failed = |error: std::io::Error| fault(path, &error);
    // Follows links, so a pipe of the shell behind `/dev/fd/63` is seen as what it is.
    let before = match fs::metadata(path) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let Some(before) = before else {
        return draft(&resolve(path).map_err(failed)?, None).map_err(failed);
    };
    let standing = standing(before.file_type());
    if let Standing::Refuse(what) = standing {
        return Err(Error::new(Code::File, format!("{}: {what}", path.display())));
    }
    if let Some(input) = inputs.iter().find(|input| is_same(path, &before, input)) {
        let (out, input) = (path.display(), input.display());
        let rule = format!("{out}: {input} is read by this command and cannot be its output");
        return Err(Error::new(Code::InvalidArgument, rule));
    }
    // Opened even where it will be replaced: what may not be written may not be replaced either.
    let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
    match standing {
        Standing::Replace => draft(&resolve(path).map_err(failed)?, Some(before.into())).map_err(failed),
        _ => Ok(Place::Through { file, bytes: Vec::new() }),
    }
}

/// Whether two paths are one file. Nothing is opened: to open a pipe is to wait for its other end.
#[cfg(unix)]
fn is_same(_path: &Path, standing: &Metadata, input: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(input).is_ok_and(|input| (input.dev(), input.ino()) == (standing.dev(), standing.ino()))
}

#[cfg(not(unix))]
fn is_same(path: &Path, _standing: &Metadata, input: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|path| fs::canonicalize(input).is_ok_and(|input| path == input))
}

/// The place a chain of links ends at, whether or not something stands there.
fn resolve(path: &Path) -> std::io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..MAX_LINKS {
        if !at.is_symlink() {
            return Ok(at);
        }
        let to = fs::read_link(&at)?;
        at = at.parent().map_or_else(|| to.clone(), |folder| folder.join(&to));
    }
    Err(std::io::Error::other("too many links in a row"))
}

/// A new file beside `target`.
fn draft(target: &Path, before: Option<Box<Metadata>>) -> std::io::Result<Place> {
    if target.file_name().is_none() {
        return Err(std::io::Error::other("is no name of a file"));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    narrow(&mut options, before.as_deref());
    // A run that was killed leaves its draft, and its number may be ours: in a container all have one.
    for attempt in 0..MAX_DRAFTS {
        // Not made from the target's name, which may be as long as names can be.
        let draft = target.with_file_name(format!(".fenrun.{}.{attempt}.tmp", std::process::id()));
        match options.open(&draft) {
            Ok(file) => {
                return Ok(Place::Draft {
                    draft,
                    target: target.to_owned(),
                    before,
                    writer: BufWriter::new(file),
                });
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    let rule = "runs that were killed left their drafts beside it; remove `.fenrun.*.tmp`";
    Err(std::io::Error::other(rule))
}

/// A draft is never wider open than what it replaces, not even while it is written.
#[cfg(unix)]
fn narrow(options: &mut OpenOptions, before: Option<&Metadata>) {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    if let Some(before) = before {
        options.mode(before.mode() & 0o600);
    }
}

#[cfg(not(unix))]
fn narrow(_options: &mut OpenOptions, _before: Option<&Metadata>) {}

/// Gives a draft the owner and mode of the file it replaces; without the group's rights where the group
/// cannot be kept.
#[cfg(unix)]
fn take_after(file: &File, before: &Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let kept = fchown(file, Some(before.uid()), Some(before.gid()))
        .or_else(|_| fchown(file, None, Some(before.gid())))
        .is_ok();
    let rights = if kept { 0o777 } else { 0o707 };
    file.set_permissions(fs::Permissions::from_mode(before.mode() & rights))
}

#[cfg(not(unix))]
fn take_after(_file: &File, _before: &Metadata) -> std::io::Result<()> {
    Ok(())
}

fn standing(kind: FileType) -> Standing {
    if kind.is_file() {
        Standing::Replace
    } else if kind.is_dir() {
        Standing::Refuse("is a folder")
    } else if is_stream(kind) {
        Standing::WriteThrough
    } else {
        Standing::Refuse("is neither a file nor a pipe")
    }
}

#[cfg(unix)]
fn is_stream(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo() || kind.is_char_device()
}

#[cfg(not(unix))]
fn is_stream(_kind: FileType) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// In a container every run may have the same number.
    #[test]
    fn drafts_of_killed_runs_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("rows.csv");
        let write = || {
            let mut file = WholeFile::create(&out, &[]).unwrap();
            file.write_all(b"rows").unwrap();
            file.keep().unwrap();
            fs::read_to_string(&out).unwrap()
        };
        let draft = |at: usize| folder.path().join(format!(".fenrun.{}.{at}.tmp", std::process::id()));
        fs::write(draft(0), "killed").unwrap();
        fs::write(draft(1), "killed").unwrap();
        assert_eq!(write(), "rows");
        assert_eq!(fs::read_to_string(draft(0)).unwrap(), "killed");
        (0..MAX_DRAFTS).for_each(|at| fs::write(draft(at), "killed").unwrap());
        let error = WholeFile::create(&out, &[]).err().unwrap();
        assert!(error.message().contains("remove `.fenrun.*.tmp`"), "{error}");
    }

    #[test]
    fn a_device_is_written_through() {
        // It is only looked at: a fault in this module must not cost the machine its device.
        let null = fs::metadata("/dev/null").unwrap();
        assert_eq!(standing(null.file_type()), Standing::WriteThrough);
    }
}
