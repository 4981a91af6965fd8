//! Saved forests and their journals on disk: what is seen, what is told, and that no join is lost unseen.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

use fenrun::Code;
use fenrun::reward::referral::{Column, Forest, ForestChange, JOURNAL_HEADER_BYTES, JOURNAL_RECORD_BYTES};
use fenrun_mem::ForestFile;
use std::error::Error as _;
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fenrun-mem-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("shop.forest")
    }

    fn journal(&self) -> PathBuf {
        self.0.join("shop.forest.journal")
    }

    /// A forest of two with three joins in its journal.
    fn with_joins() -> (Self, Forest) {
        let folder = Self::new(&format!("joins-{:?}", std::thread::current().id()));
        let mut forest = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
        let mut writer = ForestFile::save(&forest, &folder.file()).unwrap();
        for member in 3..=5 {
            writer.append(&mut forest, &join(member, 2), None).unwrap();
        }
        (folder, forest)
    }

    /// How many a process that opens the forest sees, or why it cannot.
    fn seen(&self) -> Result<usize, Code> {
        match ForestFile::open(&self.file()) {
            Ok((forest, _)) => Ok(forest.len()),
            Err(error) => {
                assert!(error.message().contains("shop.forest"), "{error}");
                Err(error.code())
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn join(member: u64, inviter: u64) -> ForestChange {
    ForestChange::Join { member, inviter: Some(inviter) }
}

#[test]
fn bytes_are_read_wherever_they_lie() {
    let (folder, forest) = Folder::with_joins();
    // Without the joins, which are in the journal.
    let saved = fs::read(folder.file()).unwrap();
    assert_eq!(ForestFile::read(&saved).unwrap().len(), 2);
    let mut moved = vec![0; 3];
    moved.extend(forest.to_image());
    let mut read = ForestFile::read(&moved[3..]).unwrap();
    assert_eq!(read.to_image(), forest.to_image());
    read.join(6, Some(5), None).unwrap();
    assert_eq!((read.len(), forest.len()), (6, 5));
    for (bytes, code) in [
        (&[][..], Code::NotAForest),
        (&moved[..], Code::NotAForest),
        (&saved[..saved.len() - 1], Code::DamagedForest),
    ] {
        assert_eq!(ForestFile::read(bytes).unwrap_err().code(), code);
    }
}

#[test]
fn readers_follow_the_writer() {
    let folder = Folder::new("follow");
    let mut forest = Forest::from_edges(&[7, 8, 9], &[0, 7, 8]).unwrap();
    let mut writer = ForestFile::save(&forest, &folder.file()).unwrap();
    let (mut seen, mut reader) = ForestFile::open(&folder.file()).unwrap();
    assert_eq!(seen.to_image(), forest.to_image());
    assert!(!reader.catch_up(&mut seen).unwrap());
    writer.append(&mut forest, &join(10, 9), None).unwrap();
    writer.append(&mut forest, &join(11, 10), None).unwrap();
    assert!(reader.catch_up(&mut seen).unwrap());
    assert_eq!(seen.to_image(), forest.to_image());
    // A refused change is not written.
    assert_eq!(writer.append(&mut forest, &join(11, 9), None).unwrap_err().code(), Code::DuplicateMember);
    assert!(!reader.catch_up(&mut seen).unwrap() && !reader.is_stale().unwrap());
    let (fresh, _) = ForestFile::open(&folder.file()).unwrap();
    assert_eq!(fresh.to_image(), forest.to_image());
    // Saved anew: the old map stays as it was and says so.
    let saved = ForestFile::save(&forest, &folder.file()).unwrap();
    assert!(reader.is_stale().unwrap() && !saved.is_stale().unwrap());
    assert_eq!(reader.catch_up(&mut seen).unwrap_err().code(), Code::StaleForest);
    assert_eq!(seen.len(), 5);
    assert_eq!(ForestFile::open(&folder.file()).unwrap().0.len(), 5);
}

#[test]
fn a_record_whose_writer_died_is_written_over() {
    let folder = Folder::new("torn");
    let mut forest = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
    let mut writer = ForestFile::save(&forest, &folder.file()).unwrap();
    writer.append(&mut forest, &join(3, 2), None).unwrap();
    let mut torn = OpenOptions::new().append(true).open(folder.journal()).unwrap();
    torn.write_all(&[1; 17]).unwrap();
    let (mut seen, mut reader) = ForestFile::open(&folder.file()).unwrap();
    assert_eq!(seen.len(), 3);
    reader.append(&mut seen, &join(4, 3), None).unwrap();
    assert!(writer.catch_up(&mut forest).unwrap());
    assert_eq!((forest.len(), forest.id(forest.find(4).unwrap())), (4, 4));
    // A journal of before a save, and one that is gone.
    let old = fs::read(folder.journal()).unwrap();
    ForestFile::save(&forest, &folder.file()).unwrap();
    fs::write(folder.journal(), &old).unwrap();
    let (mut seen, mut after) = ForestFile::open(&folder.file()).unwrap();
    assert_eq!(seen.len(), 4);
    after.append(&mut seen, &join(9, 3), None).unwrap();
    assert_eq!(folder.seen(), Ok(5));
    ForestFile::save(&forest, &folder.file()).unwrap();
    fs::remove_file(folder.journal()).unwrap();
    let (mut seen, mut alone) = ForestFile::open(&folder.file()).unwrap();
    alone.append(&mut seen, &join(5, 4), None).unwrap();
    assert_eq!(ForestFile::open(&folder.file()).unwrap().0.len(), 5);
}

#[test]
fn what_is_no_forest_is_told() {
    let folder = Folder::new("foreign");
    let code = |bytes: &[u8]| {
        fs::write(folder.file(), bytes).unwrap();
        let error = ForestFile::open(&folder.file()).unwrap_err();
        assert!(error.message().contains("shop.forest") && error.source().is_none(), "{error}");
        error.code()
    };
    assert_eq!(code(b""), Code::NotAForest);
    assert_eq!(code(b"member,inviter\n"), Code::NotAForest);
    let image = Forest::from_edges(&[1, 2], &[0, 1]).unwrap().to_image();
    assert_eq!(code(&image[..image.len() - 1]), Code::DamagedForest);
    fs::remove_file(folder.file()).unwrap();
    assert_eq!(ForestFile::open(&folder.file()).unwrap_err().code(), Code::File);
    // A file from another time than its journal.
    let forest = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
    let older = forest.to_image();
    let mut later = forest.clone();
    later.join(3, None, None).unwrap();
    ForestFile::save(&later, &folder.file()).unwrap();
    fs::write(folder.file(), older).unwrap();
    assert_eq!(ForestFile::open(&folder.file()).unwrap_err().code(), Code::StaleForest);
}

/// A forest that was built anew has fewer changes behind it than the one it replaces: also then its journal is of an
/// earlier save, where a save was killed between the two files and where the file came by `mv`.
#[test]
fn a_forest_built_anew_is_later_however_few_its_changes() {
    let folder = Folder::new("anew");
    let (path, few) = (folder.file(), Forest::from_edges(&[1, 2], &[0, 1]).unwrap());
    let ids: Vec<u64> = (1..=100).collect();
    let mut many = Forest::from_edges(&ids, &[0; 100]).unwrap();
    let mut writer = ForestFile::save(&many, &path).unwrap();
    writer.append(&mut many, &join(101, 1), None).unwrap();
    let before = fs::read(folder.journal()).unwrap();
    ForestFile::save(&few, &path).unwrap();
    fs::write(folder.journal(), &before).unwrap();
    let (mut seen, mut again) = ForestFile::open(&path).unwrap();
    assert_eq!(seen.len(), 2);
    again.append(&mut seen, &join(3, 2), None).unwrap();
    assert_eq!(folder.seen(), Ok(3));
    assert_eq!(writer.append(&mut many, &join(102, 1), None).unwrap_err().code(), Code::StaleForest);

    let (place, other) = (folder.0.join("by-mv-shop.forest"), folder.0.join("new.forest"));
    ForestFile::save(&many, &place).unwrap();
    // Another second than that of the file it is moved over, without waiting for it.
    ForestFile::save(&many, &other).unwrap().save_again(&few).unwrap();
    fs::rename(&other, &place).unwrap();
    assert_eq!(ForestFile::open(&place).unwrap().0.len(), 2);
}

/// Header and records: a changed bit anywhere is told, and what is told is not written over.
#[test]
fn no_bit_of_a_journal_is_changed_unseen() {
    let (folder, forest) = Folder::with_joins();
    let whole = fs::read(folder.journal()).unwrap();
    assert_eq!(whole.len(), JOURNAL_HEADER_BYTES + 3 * JOURNAL_RECORD_BYTES);
    // In place: a file that is cut and filled again is sent to the disk each time.
    let mut journal = OpenOptions::new().write(true).open(folder.journal()).unwrap();
    let mut put = |at: usize, byte: u8| {
        journal.seek(SeekFrom::Start(u64::try_from(at).unwrap())).unwrap();
        journal.write_all(&[byte]).unwrap();
    };
    for bit in 0..8 * whole.len() {
        let at = bit / 8;
        put(at, whole[at] ^ 1 << (bit % 8));
        let wanted = if bit < 64 { Code::NotAForest } else { Code::DamagedForest };
        assert_eq!(folder.seen(), Err(wanted), "bit {bit}");
        put(at, whole[at]);
    }
    assert_eq!(folder.seen(), Ok(forest.len()));
}

/// A process that has read the journal sees it cut, changed or gone, and writes nothing.
#[test]
fn a_journal_that_was_cut_is_told_to_those_who_read_it() {
    let (folder, _) = Folder::with_joins();
    let whole = fs::read(folder.journal()).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(folder.journal(), &whole).unwrap();
        let (mut seen, mut writer) = ForestFile::open(&folder.file()).unwrap();
        fs::write(folder.journal(), bytes).unwrap();
        let error = writer.append(&mut seen, &join(9, 2), None).unwrap_err();
        assert!(error.message().contains("shop.forest.journal"), "{error}");
        assert_eq!((fs::read(folder.journal()).unwrap().as_slice(), seen.len()), (bytes, 5));
        error.code()
    };
    for cut in [JOURNAL_HEADER_BYTES, JOURNAL_HEADER_BYTES + JOURNAL_RECORD_BYTES, whole.len() - 1, 90] {
        assert_eq!(refused(&whole[..cut]), Code::DamagedForest, "cut at {cut}");
    }
    assert_eq!(refused(b""), Code::NotAForest);
    let mut behind = whole.clone();
    behind.extend_from_slice(&[1; JOURNAL_RECORD_BYTES]);
    assert_eq!(refused(&behind), Code::DamagedForest);
    fs::write(folder.journal(), &whole).unwrap();
    let (mut seen, mut writer) = ForestFile::open(&folder.file()).unwrap();
    fs::remove_file(folder.journal()).unwrap();
    assert_eq!(writer.append(&mut seen, &join(9, 2), None).unwrap_err().code(), Code::DamagedForest);
    assert!(!folder.journal().exists());
}

/// A record of zeros was never acknowledged, and the next writer writes over it.
#[test]
fn a_file_that_grew_before_its_record_came_is_no_damage() {
    let (folder, forest) = Folder::with_joins();
    let mut journal = OpenOptions::new().append(true).open(folder.journal()).unwrap();
    journal.write_all(&[0; JOURNAL_RECORD_BYTES]).unwrap();
    let (mut seen, mut writer) = ForestFile::open(&folder.file()).unwrap();
    assert_eq!(seen.to_image(), forest.to_image());
    writer.append(&mut seen, &join(6, 5), None).unwrap();
    assert_eq!(folder.seen(), Ok(6));
}

#[test]
fn a_forest_is_saved_over_its_journal_only_when_it_holds_it() {
    let (folder, _) = Folder::with_joins();
    let (mut first, mut early) = ForestFile::open(&folder.file()).unwrap();
    let (mut second, mut writer) = ForestFile::open(&folder.file()).unwrap();
    writer.append(&mut second, &join(6, 5), None).unwrap();
    let error = early.save_again(&first).unwrap_err();
    assert!(error.code() == Code::StaleForest && error.message().contains("catch up"), "{error}");
    assert!(early.catch_up(&mut first).unwrap());
    early.save_again(&first).unwrap();
    assert_eq!(folder.seen(), Ok(6));
    assert_eq!(fs::read(folder.journal()).unwrap().len(), JOURNAL_HEADER_BYTES);
    assert_eq!(writer.save_again(&second).unwrap_err().code(), Code::StaleForest);
    // The one that saved goes on.
    early.append(&mut first, &join(7, 6), None).unwrap();
    assert_eq!(folder.seen(), Ok(7));
}

/// Facts are those of the members there were: a join after them is saved and opened, in memory or from a journal.
#[test]
fn a_forest_with_facts_and_a_join_is_saved() {
    let folder = Folder::new("facts");
    let mut forest = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
    forest.set_fact("active", Column::Flag(vec![true, true])).unwrap();
    forest.set_ranks(&["V1".into()], vec![1, 1]).unwrap();
    ForestFile::save(&forest, &folder.file()).unwrap();
    let (mut opened, mut file) = ForestFile::open(&folder.file()).unwrap();
    file.append(&mut opened, &join(3, 2), None).unwrap();
    assert_eq!(folder.seen(), Ok(3));
    file.save_again(&opened).unwrap();
    assert_eq!(folder.seen(), Ok(3));
    ForestFile::save(&opened, &folder.file()).unwrap();
    let (again, _) = ForestFile::open(&folder.file()).unwrap();
    for ix in again.members() {
        assert_eq!(again.person(ix), opened.person(ix));
    }
}

/// The journal starts anew, so those who hold the file before must open it again: what they join would lie behind
/// changes that are gone.
#[test]
fn the_same_members_saved_again_are_another_file() {
    let (folder, _) = Folder::with_joins();
    let base = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
    let open = || ForestFile::open(&folder.file()).unwrap();
    let ((mut seen, mut writer), (mut other, mut reader)) = (open(), open());
    // Over the file, over what was saved over it, and where it was taken away.
    for away in [false, false, true] {
        if away {
            for file in [folder.file(), folder.journal()] {
                fs::remove_file(file).unwrap();
            }
        }
        ForestFile::save(&base, &folder.file()).unwrap();
        assert!(writer.is_stale().unwrap() && reader.is_stale().unwrap());
        let (mut fresh, mut first) = open();
        for member in 11..=13 {
            first.append(&mut fresh, &join(member, 2), None).unwrap();
        }
        for code in [
            writer.append(&mut seen, &join(30, 5), None).unwrap_err().code(),
            writer.save_again(&seen).unwrap_err().code(),
            reader.catch_up(&mut other).unwrap_err().code(),
        ] {
            assert_eq!(code, Code::StaleForest);
        }
        assert_eq!((seen.len(), other.len(), folder.seen()), (5, 5, Ok(5)));
        assert!(open().0.find(13).is_some());
        ((seen, writer), (other, reader)) = (open(), open());
    }
}
