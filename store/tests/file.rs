//! Opening and creating: what is not ours is refused with the file's name and the next step, and left as
//! it is.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, shop, whole_order};
use fenrun::{Code, Error};
use fenrun_store::Store;
use std::fs;
use std::path::Path;

fn refused(path: &Path) -> Error {
    let before = fs::read(path).ok();
    let error = Store::open(path).err().unwrap();
    assert_eq!(Store::open_or_create(path).err().unwrap().code(), error.code());
    assert_eq!(fs::read(path).ok(), before, "the file was changed");
    assert!(error.message().contains(&*path.file_name().unwrap().to_string_lossy()), "{error}");
    assert!(!error.message().contains('\n'));
    error
}

#[test]
fn other_files_are_not_stores() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "a shopping list, long enough to be no header of a database ".repeat(40)).unwrap();
    let error = refused(&text);
    assert_eq!(error.code(), Code::NotAStore);
    assert!(error.message().ends_with("is not a fenrun store; it was left as it is, name another file"));

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let error = refused(&other);
    assert_eq!(error.code(), Code::NotAStore);
    assert!(error.message().contains("a database of another program"), "{error}");
    assert_eq!(Store::create(&other).err().unwrap().code(), Code::File);
}

#[test]
fn nothing_is_made_where_a_store_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    assert_eq!(Store::open(&missing).err().unwrap().code(), Code::File);
    assert!(!missing.exists());
    let nowhere = folder.path().join("no/such/folder.db");
    assert_eq!(Store::create(&nowhere).err().unwrap().code(), Code::File);
    assert_eq!(Store::open_or_create(&nowhere).err().unwrap().code(), Code::File);
}

#[test]
fn what_is_no_file_is_named_with_the_rule() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let missing = path.join("missing.db");
    let mut cases = vec![(path.to_owned(), "is a folder; name the file of a store in it")];
    if cfg!(unix) {
        cases.push(("/dev/null".into(), "is no regular file; name the file of a store"));
    }
    for (path, rule) in &cases {
        let opened =
            [Store::open(path), Store::open_or_create(path), Store::create(path), Store::open_to_read(path)];
        for error in opened.map(|store| store.err().unwrap()) {
            assert_eq!(error.code(), Code::File, "{error}");
            assert_eq!(error.message(), format!("{} {rule}", path.display()));
        }
    }
    for error in [Store::open(&missing), Store::open_to_read(&missing)].map(|store| store.err().unwrap()) {
        assert_eq!(error.code(), Code::File);
        assert!(error.message().starts_with(&format!("{} cannot be opened: ", missing.display())), "{error}");
        assert!(error.message().ends_with("; name the file of a store"), "{error}");
    }
}

#[test]
fn an_empty_file_may_be_filled_and_a_store_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    fs::write(&path, "").unwrap();
    assert_eq!(Store::open(&path).err().unwrap().code(), Code::NotAStore);
    Store::open_or_create(&path).unwrap().close().unwrap();
    assert_eq!(Store::create(&path).err().unwrap().code(), Code::File);
    let mut store = Store::open(&path).unwrap();
    whole_order(&mut store, &shop(), 1);
    store.close().unwrap();
    assert!(!folder.path().join("shop.db-wal").exists(), "a closed store is one file");
    assert!(Store::open_or_create(&path).unwrap().order(&shop(), &1.into()).unwrap().is_some());
}

#[test]
fn a_newer_schema_is_refused() {
    let home = Home::new();
    let path = home.path();
    home.raw().execute_batch("PRAGMA user_version = 99").unwrap();
    let folder = home.folder;
    home.store.close().unwrap();
    let error = refused(&path);
    assert_eq!(error.code(), Code::NewerStore);
    assert!(error.message().ends_with("has schema 99, this library knows 5; update fenrun to open it"));
    drop(folder);
}

#[test]
fn a_changed_migration_is_refused() {
    let home = Home::new();
    let path = home.path();
    home.raw().execute_batch("UPDATE migrations SET checksum = 'x'").unwrap();
    let folder = home.folder;
    home.store.close().unwrap();
    assert_eq!(refused(&path).code(), Code::Inconsistent);
    drop(folder);
}

#[test]
fn a_damaged_page_is_told() {
    let mut home = Home::new();
    for order in 1..200 {
        whole_order(&mut home.store, &shop(), order);
    }
    let path = home.path();
    let folder = home.folder;
    home.store.close().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(&path).unwrap();
    let report = store.verify().unwrap();
    assert!(!report.is_clean());
    let file = &report.checks()[0];
    assert!(file.name() == "file" && file.faults() > 0, "{report:?}");
    drop(folder);
}

#[test]
fn a_damaged_header_of_pages_names_the_file() {
    let home = Home::new();
    let path = home.path();
    let folder = home.folder;
    home.store.close().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..4096].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let error = refused(&path);
    assert_eq!(error.code(), Code::Database);
    assert!(
        error.message().contains("is damaged") && error.message().contains("restore a backup"),
        "{error}"
    );
    drop(folder);
}

/// Told what to open, this is the child of the next test.
#[test]
fn opener() {
    let Ok(path) = std::env::var("FENRUN_OPEN_TEST_FILE") else { return };
    let (open, or_create) = (Store::open(&path).err().unwrap(), Store::open_or_create(&path).err().unwrap());
    assert_eq!(or_create.code(), Code::File, "{or_create}");
    println!("\n{} {open}", open.code());
}

/// Permissions do not bind the superuser, so a child without privileges opens the file.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    Store::create(&path).unwrap().close().unwrap();
    let program = folder.path().join("opener");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(&program, 0o755);
    allow(&path, 0o444);
    let before = fs::read(&path).unwrap();
    for (mode, rule) in [(0o555, "its folder"), (0o777, "allow writing to the file and its folder")] {
        allow(folder.path(), mode);
        let mut child = std::process::Command::new(&program);
        child.args(["opener", "--exact", "--nocapture"]).env("FENRUN_OPEN_TEST_FILE", &path);
        if fs::metadata(&path).unwrap().uid() == 0 {
            child.uid(NOBODY);
        }
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let line = said.lines().find(|line| line.starts_with("file ")).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains("shop.db cannot be ") && line.contains(rule), "{line}");
    }
    allow(folder.path(), 0o755);
    assert_eq!(fs::read(&path).unwrap(), before);
}
