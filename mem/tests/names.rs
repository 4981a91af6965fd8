//! Names of saved forests: links, names that are relative, modes, drafts of the killed, and processes that take a
//! forest up where another one was.
#![cfg(unix)]
// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

use fenrun::Code;
use fenrun::reward::referral::{Forest, ForestChange};
use fenrun_mem::ForestFile;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fenrun-names-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("a")).unwrap();
        fs::create_dir_all(path.join("b")).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn pair() -> Forest {
    Forest::from_edges(&[1, 2], &[0, 1]).unwrap()
}

fn join(path: &Path, member: u64) {
    let (mut forest, mut file) = ForestFile::open(path).unwrap();
    file.append(&mut forest, &ForestChange::Join { member, inviter: Some(1) }, None).unwrap();
}

fn seen(path: &Path) -> Vec<u64> {
    let (forest, _) = ForestFile::open(path).unwrap();
    forest.members().map(|ix| forest.id(ix)).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_link_is_the_forest_it_leads_to() {
    let folder = Folder::new("links");
    let (real, link) = (folder.path("a/real.forest"), folder.path("b/link.forest"));
    // The forest is not there yet, and the link is relative.
    symlink("../a/real.forest", &link).unwrap();
    let saved = ForestFile::save(&pair(), &link).unwrap();
    assert!(link.is_symlink() && real.is_file());
    assert!(saved.is_at(&link) && saved.is_at(&real) && !saved.is_at(&folder.path("a")));
    join(&link, 4);
    join(&real, 5);
    assert_eq!((seen(&real), seen(&link)), (vec![1, 2, 4, 5], vec![1, 2, 4, 5]));
    ForestFile::save(&pair(), &link).unwrap();
    assert!(link.is_symlink());
    assert_eq!(seen(&real), [1, 2]);
    assert!(!folder.path("b/link.forest.journal").exists() && !folder.path("b/link.forest.lock").exists());
    symlink("round", folder.path("b/round")).unwrap();
    assert_eq!(ForestFile::save(&pair(), &folder.path("b/round")).unwrap_err().code(), Code::File);
}

#[test]
fn a_save_keeps_the_mode_of_the_file_and_gives_it_to_the_journal() {
    let folder = Folder::new("modes");
    let path = folder.path("shop.forest");
    ForestFile::save(&pair(), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let before = fs::metadata(&path).unwrap();
    let mut saved = ForestFile::save(&pair(), &path).unwrap();
    assert_eq!((mode(&path), mode(&folder.path("shop.forest.journal"))), (0o600, 0o600));
    saved.save_again(&pair()).unwrap();
    assert_eq!(mode(&path), 0o600);
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
}

/// Whoever tidied up, or came first as somebody else, locks nobody out; and a planted link loses nothing.
#[test]
fn a_lock_is_as_open_as_its_forest() {
    let folder = Folder::new("locks");
    let (path, lock) = (folder.path("shop.forest"), folder.path("shop.forest.lock"));
    ForestFile::save(&pair(), &path).unwrap();
    for (rights, wanted) in [(0o600, 0o600), (0o664, 0o664), (0o444, 0o644)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(rights)).unwrap();
        ForestFile::save(&pair(), &path).unwrap();
        assert_eq!((mode(&path), mode(&lock)), (rights, wanted));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fs::remove_file(&lock).unwrap();
    join(&path, 3);
    assert_eq!(mode(&lock), 0o640);
    let owner = |path: &Path| fs::metadata(path).map(|meta| (meta.uid(), meta.gid())).unwrap();
    // Where we may give files away.
    let _given = std::os::unix::fs::chown(&path, Some(65_534), Some(65_534));
    join(&path, 4);
    assert_eq!(owner(&lock), owner(&path));
    fs::remove_file(&lock).unwrap();
    fs::write(folder.path("other"), "mine").unwrap();
    symlink("other", &lock).unwrap();
    let error = ForestFile::save(&pair(), &path).unwrap_err();
    assert!(error.code() == Code::File && error.message().contains("shop.forest.lock: is a link"), "{error}");
    assert_eq!(fs::read_to_string(folder.path("other")).unwrap(), "mine");
}

#[test]
fn the_draft_of_a_killed_save_is_written_over() {
    let folder = Folder::new("drafts");
    let path = folder.path("shop.forest");
    // Whoever planted a link as the draft has nothing written through it.
    fs::write(folder.path("other"), "mine").unwrap();
    symlink("other", folder.path("shop.forest.tmp")).unwrap();
    fs::write(folder.path("shop.forest.journal.tmp"), "half").unwrap();
    ForestFile::save(&pair(), &path).unwrap();
    assert_eq!(seen(&path), [1, 2]);
    assert_eq!(fs::read_to_string(folder.path("other")).unwrap(), "mine");
    assert!(!folder.path("shop.forest.tmp").exists() && !folder.path("shop.forest.journal.tmp").exists());
}

#[test]
fn another_process_takes_a_forest_up_where_it_was() {
    let folder = Folder::new("resumed");
    let path = folder.path("shop.forest");
    ForestFile::save(&pair(), &path).unwrap();
    join(&path, 3);
    let (forest, file) = ForestFile::open(&path).unwrap();
    let (image, at, stamp, done) = (forest.to_image(), file.path().to_owned(), file.stamp(), file.done());
    join(&path, 4);
    let mut there = ForestFile::read(&image).unwrap();
    let mut file = ForestFile::resume(at, stamp, done);
    let change = ForestChange::Join { member: 5, inviter: Some(4) };
    assert_eq!(there.len(), 3);
    file.append(&mut there, &change, None).unwrap();
    assert_eq!((there.len(), seen(&path)), (5, vec![1, 2, 3, 4, 5]));
    ForestFile::save(&pair(), &path).unwrap();
    assert!(file.is_stale().unwrap());
}
