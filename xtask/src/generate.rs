//! `generate`: files that are derived from others, committed, and compared in CI.

mod header;
mod php;
mod states;
mod tables;

use std::path::Path;

/// Whether to write or only to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write what differs.
    Write,
    /// Fail when anything differs.
    Compare,
}

/// Derives every generated file.
///
/// # Errors
/// One line: the files that are stale, or what cannot be read, derived or written.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<String, String> {
    let header = header::text(root)?;
    let php = php::text(&header);
    let mut stale = Vec::new();
    let files = [
        ("include/fenrun.h", header),
        ("php/include/fenrun.php.h", php),
        (states::PAGE, states::text(root)?),
        ("schemas/plan.schema.json", fenrun::reward::plan_schema::document().to_json_pretty() + "\n"),
        ("php/src/Constants.php", tables::php()),
        ("java/src/main/java/io/fenrun/Constants.java", tables::java()),
    ];
    for (path, text) in &files {
        let full = root.join(path);
        if std::fs::read_to_string(&full).is_ok_and(|present| present == *text) {
            continue;
        }
        stale.push(*path);
        if mode == Mode::Write {
            if let Some(folder) = full.parent() {
                std::fs::create_dir_all(folder).map_err(|error| format!("{path}: {error}"))?;
            }
            std::fs::write(&full, text).map_err(|error| format!("{path}: {error}"))?;
        }
    }
    match (mode, stale.is_empty()) {
        (_, true) => Ok(format!("generate: {} files are as they should be", files.len())),
        (Mode::Write, false) => Ok(format!("generate: wrote {}", stale.join(", "))),
        (Mode::Compare, false) => {
            Err(format!("stale: {}; run `cargo run -p xtask -- generate` and commit", stale.join(", ")))
        }
    }
}
