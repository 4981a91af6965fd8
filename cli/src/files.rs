//! Reading inputs with a limit, and writing outputs whole or not at all.

use fenrun::doc::MAX_PLAN_BYTES;
use fenrun::reward::plan::Plan;
use fenrun::{Code, Error, Result};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The error of a file that could not be handled.
pub(crate) fn fault(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::File, format!("{}: {error}", path.display()))
}

/// The bytes of a file.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| fault(path, &error))
}

/// The text of a file of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: usize) -> Result<String> {
    let file = File::open(path).map_err(|error| fault(path, &error))?;
    let mut text = String::new();
    // One byte more shows that there is more.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            Error::new(Code::Syntax, format!("{}: not UTF-8 text", path.display()))
        }
        _ => fault(path, &error),
    })?;
    if text.len() > limit {
        let rule = format!("{}: longer than the {limit} bytes that are read", path.display());
        return Err(Error::new(Code::TooLarge, rule));
    }
    Ok(text)
}

/// A plan from a file, or a preset by `preset:NAME`.
pub(crate) fn read_plan(name: &str) -> Result<Plan> {
    if let Some(preset) = name.strip_prefix("preset:") {
        return Plan::preset(preset);
    }
    let text = read_text(Path::new(name), MAX_PLAN_BYTES)?;
    Plan::parse(&text).map_err(|error| error.within(name))
}

/// A file that appears under its name only when it is complete.
pub(crate) struct WholeFile {
    path: PathBuf,
    draft: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl WholeFile {
    /// Starts the file beside its place, under another name.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let Some(name) = path.file_name() else {
            return Err(Error::new(Code::File, format!("{} is no file name", path.display())));
        };
        let draft = path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
        let file = File::create_new(&draft).map_err(|error| fault(path, &error))?;
        Ok(Self { path: path.to_owned(), draft, writer: Some(BufWriter::new(file)) })
    }

    /// Puts the complete file under its name.
    pub(crate) fn keep(mut self) -> Result<()> {
        let finish = |writer: BufWriter<File>| {
            let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()?;
            std::fs::rename(&self.draft, &self.path)
        };
        let done = self.writer.take().map_or(Ok(()), finish);
        done.map_err(|error| fault(&self.path, &error))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.as_mut().map_or(Ok(bytes.len()), |writer| writer.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // After `keep` the draft is gone; before it, an unfinished file must not stay.
        let _ = std::fs::remove_file(&self.draft);
    }
}
