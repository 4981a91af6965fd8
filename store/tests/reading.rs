//! A store that is opened to read: nothing of it changes, and nothing of it has to be writable.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, shop, whole_order};
use fenrun::Code;
use fenrun_store::Store;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every file of a folder but the index of a log, which holds no data.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()));
    files.filter(|(name, _)| !name.ends_with("-shm")).collect()
}

/// A store of one order, closed: one file.
fn closed(folder: &Path, name: &str) {
    let mut store = Store::create(folder.join(name)).unwrap();
    whole_order(&mut store, &shop(), 1);
    store.close().unwrap();
}

fn check(path: &Path) {
    let mut store = Store::open_to_read(path).unwrap();
    assert!(store.verify().unwrap().is_clean());
    assert!(store.order(&shop(), &1.into()).unwrap().is_some());
    let refused = store.batch(|_| Ok(())).unwrap_err();
    assert_eq!(refused.code(), Code::File);
    assert!(refused.message().ends_with("was opened to read; open it to write"), "{refused}");
    store.close().unwrap();
}

#[cfg(unix)]
#[test]
fn a_read_only_copy_in_a_read_only_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let name = "50% of a shop?#.db";
    closed(folder.path(), name);
    let path = folder.path().join(name);
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(&path, 0o444);
    allow(folder.path(), 0o555);
    let before = bytes(folder.path());
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    check(&path);
    assert_eq!(bytes(folder.path()), before);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), modified);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made beside it");
    allow(folder.path(), 0o755);
}

#[test]
fn a_log_that_was_left_over_is_read_and_not_folded_in() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    let copy = tempfile::tempdir().unwrap();
    for name in ["shop.db", "shop.db-wal"] {
        fs::copy(home.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    assert!(fs::metadata(copy.path().join("shop.db-wal")).unwrap().len() > 0);
    let before = bytes(copy.path());
    check(&copy.path().join("shop.db"));
    assert_eq!(bytes(copy.path()), before);
}

#[test]
fn beside_a_writer() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    let reader = Store::open_to_read(home.path()).unwrap();
    whole_order(&mut home.store, &shop(), 2);
    assert!(reader.verify().unwrap().is_clean());
    assert!(reader.order(&shop(), &2.into()).unwrap().is_some());
    drop(reader);
    whole_order(&mut home.store, &shop(), 3);
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    closed(folder.path(), "shop.db");
    let path = folder.path().join("shop.db");
    let reader = Store::open_to_read(&path).unwrap();
    let mut writer = Store::open(&path).unwrap();
    whole_order(&mut writer, &shop(), 2);
    let error = reader.verify().unwrap_err();
    assert_eq!(error.code(), Code::Database);
    assert!(error.message().ends_with("shop.db was written to while it was read; read it again"), "{error}");
}

#[test]
fn what_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("empty"), "").unwrap();
    fs::write(path("text"), "a shopping list ".repeat(500)).unwrap();
    let code = |name: &str| {
        let error = Store::open_to_read(path(name)).err().unwrap();
        assert!(error.message().contains(name) && !error.message().contains('\n'), "{error}");
        error.code()
    };
    assert_eq!(code("missing"), Code::File);
    assert_eq!(code("empty"), Code::NotAStore);
    assert_eq!(code("text"), Code::NotAStore);
    assert_eq!(bytes(folder.path()).len(), 2, "nothing was made");
}
