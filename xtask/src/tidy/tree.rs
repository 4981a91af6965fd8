//! The files that the rules read.

use super::tokens::Tokens;
use ignore::WalkBuilder;
use std::collections::BTreeSet;
use std::path::Path;

/// A text file of the repository.
pub(super) struct File {
    /// From the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    /// The path without its folders.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// What stands behind the last dot of the name.
    pub(super) fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Its lines, counted from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(at, line)| (at + 1, line))
    }

    /// The tokens of a Rust file.
    pub(super) fn tokens(&self) -> Tokens {
        Tokens::read(&self.text, self.is_test())
    }

    /// Whether the whole file is test code.
    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }
}

/// The text files of the repository, and the paths of all its files and folders.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
    pub(super) paths: BTreeSet<String>,
}

impl Tree {
    /// Reads what git would keep. Git itself is not asked: it refuses a clone of another user.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let mut tree = Self::default();
        let walk = WalkBuilder::new(root)
            .hidden(false)
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        for entry in walk {
            let entry = entry.map_err(|error| error.to_string())?;
            let Ok(path) = entry.path().strip_prefix(root) else { continue };
            let path = path.to_string_lossy().replace('\\', "/");
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                let bytes = std::fs::read(entry.path()).map_err(|error| format!("{path}: {error}"))?;
                if let Ok(text) = String::from_utf8(bytes) {
                    tree.files.push(File { path: path.clone(), text });
                }
            }
            tree.paths.insert(path);
        }
        tree.files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(tree)
    }

    /// The text of one file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// The files whose name ends so.
    pub(super) fn with_extension(&self, extension: &'static str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.extension() == extension)
    }

    /// A tree of planted files, for the tests of the rules.
    #[cfg(test)]
    pub(super) fn planted(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        Self { files: files.iter().map(file).collect(), paths }
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use std::path::Path;

    #[test]
    fn the_tree_has_sources_and_no_build_output() -> Result<(), String> {
        let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))?;
        assert!(tree.text("Cargo.toml").is_some());
        assert!(tree.text("xtask/src/tidy/tree.rs").is_some());
        assert!(tree.paths.contains("xtask/src"));
        assert!(!tree.paths.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
        Ok(())
    }
}
