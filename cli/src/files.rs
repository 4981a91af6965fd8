//! Reading inputs with a limit.

use fenrun::doc::MAX_PLAN_BYTES;
use fenrun::reward::plan::{PRESETS, Plan};
use fenrun::{Code, Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

const PRESET: &str = "preset:";

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

/// The file a plan is read from; a preset has none.
pub(crate) fn plan_path(name: &str) -> Option<&Path> {
    (!name.starts_with(PRESET)).then(|| Path::new(name))
}

/// A plan from a file, or a preset by `preset:NAME`.
pub(crate) fn read_plan(name: &str) -> Result<Plan> {
    if let Some(preset) = name.strip_prefix(PRESET) {
        return Plan::preset(preset);
    }
    let text = read_text(Path::new(name), MAX_PLAN_BYTES).map_err(|error| {
        // Whoever names a preset without the word before it is told so.
        match PRESETS.iter().any(|(known, _)| *known == name) {
            true => Error::new(error.code(), format!("{}; did you mean `{PRESET}{name}`?", error.message())),
            false => error,
        }
    })?;
    Plan::parse(&text).map_err(|error| error.within(name))
}
