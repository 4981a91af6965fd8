//! `install`: the header, the libraries and what pkg-config and CMake read, below a prefix.

use std::fs;
use std::path::Path;

/// The name the loader looks for: the ABI major is in it.
const SONAME: &str = "libfenrun.so.0";

/// Lays the files out; without `fixed`, the static library, there is nothing to link statically. The
/// libraries are built before:
///
/// ```sh
/// cargo build --release -p fenrun-ffi
/// cargo rustc --release -p fenrun-ffi --lib --crate-type staticlib --no-default-features
/// ```
///
/// # Errors
/// One line: what cannot be read or written.
pub(crate) fn run(root: &Path, prefix: &str, shared: &str, fixed: Option<&str>) -> Result<String, String> {
    let prefix = Path::new(prefix);
    let version = env!("CARGO_PKG_VERSION");
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    let fill = |template: &str| {
        template.replace("@VERSION@", version).replace("@MINOR@", minor).replace("@SONAME@", SONAME)
    };
    let mut files = vec![
        (root.join("include/fenrun.h"), "include/fenrun.h".to_owned()),
        (shared.into(), format!("lib/{SONAME}")),
    ];
    files.extend(fixed.map(|fixed| (fixed.into(), "lib/libfenrun.a".to_owned())));
    for (from, to) in files {
        let to = below(prefix, &to)?;
        fs::copy(&from, &to).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))?;
    }
    for (to, template) in [
        ("lib/pkgconfig/fenrun.pc", include_str!("../../ffi/pkg/fenrun.pc.in")),
        ("lib/cmake/fenrun/fenrun-config.cmake", include_str!("../../ffi/pkg/fenrun-config.cmake.in")),
        (
            "lib/cmake/fenrun/fenrun-config-version.cmake",
            include_str!("../../ffi/pkg/fenrun-config-version.cmake.in"),
        ),
    ] {
        let to = below(prefix, to)?;
        fs::write(&to, fill(template)).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    link(prefix)?;
    Ok(format!("install: fenrun {version} is in {}", prefix.display()))
}

/// The path below the prefix, with its folder made.
fn below(prefix: &Path, path: &str) -> Result<std::path::PathBuf, String> {
    let path = prefix.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(path)
}

/// `libfenrun.so`, what the linker of a program looks for.
#[cfg(unix)]
fn link(prefix: &Path) -> Result<(), String> {
    let link = prefix.join("lib/libfenrun.so");
    let fault = |error: std::io::Error| format!("{}: {error}", link.display());
    if link.symlink_metadata().is_ok() {
        fs::remove_file(&link).map_err(fault)?;
    }
    std::os::unix::fs::symlink(SONAME, &link).map_err(fault)
}

#[cfg(not(unix))]
fn link(_prefix: &Path) -> Result<(), String> {
    Err("install: this layout is the one of Unix".to_owned())
}
