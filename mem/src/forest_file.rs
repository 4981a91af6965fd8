//! A saved forest on disk: one file that all workers map, and its journal beside it.

use fenrun::reward::referral::{
    Forest, ForestChange, IMAGE_HEADER_BYTES, JOURNAL_HEADER_BYTES, Journal, Stamp,
};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use memmap2::Mmap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a forest was saved, and how much of its journal is in it. Any number of processes may read; one at
/// a time may write.
///
/// The file itself is never changed: [`ForestFile::save`] writes another one under the same name, and who
/// still holds the old one finds out by [`ForestFile::is_stale`]. Between two saves the journal
/// (`NAME.journal`) takes the changes, and readers [catch up](ForestFile::catch_up).
#[derive(Clone, Debug)]
pub struct ForestFile {
    path: PathBuf,
    stamp: Stamp,
    /// The bytes of the journal that are in the forest.
    done: u64,
}

impl ForestFile {
    /// Saves a forest as one file, and starts its journal. The file appears when it is complete.
    ///
    /// # Errors
    /// [`Code::File`].
    pub fn save(forest: &Forest, path: &Path) -> Result<Self> {
        let image = forest.to_image();
        let stamp = Stamp::of(&image)?;
        let file = Self { path: path.to_owned(), stamp, done: header_bytes() };
        replace(path, &image)?;
        replace(&file.journal_path(), &Journal::of(stamp).header())?;
        Ok(file)
    }

    /// Maps a saved forest, with all that its journal holds.
    ///
    /// # Errors
    /// [`Code::File`]; [`Code::NotAForest`], [`Code::NewerForest`], [`Code::DamagedForest`] say what the
    /// file is instead; [`Code::StaleForest`] for a journal that follows a later file.
    pub fn open(path: &Path) -> Result<(Forest, Self)> {
        let place = |error: Error| error.within(&path.display().to_string());
        // An empty file cannot be mapped, and is no forest.
        if fs::metadata(path).map_err(|error| fault(path, &error))?.len() == 0 {
            return Err(place(Error::new(Code::NotAForest, "the file is empty")));
        }
        let mapped = Arc::new(Mapped::open(path).map_err(|error| fault(path, &error))?);
        let mut forest = Forest::from_image(&mapped).map_err(place)?;
        let stamp = Stamp::of((*mapped).as_ref()).map_err(place)?;
        let mut file = Self { path: path.to_owned(), stamp, done: header_bytes() };
        file.read_journal(&mut forest)?;
        Ok((forest, file))
    }

    /// Which file it is.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another file stands under the name by now: the forest is then what it was, and is opened anew
    /// when that suits.
    ///
    /// # Errors
    /// [`Code::File`], and [`Code::NotAForest`] when it is something else by now.
    pub fn is_stale(&self) -> Result<bool> {
        let mut header = Vec::new();
        let most = u64::try_from(IMAGE_HEADER_BYTES).unwrap_or(u64::MAX);
        let file = File::open(&self.path).map_err(|error| fault(&self.path, &error))?;
        file.take(most).read_to_end(&mut header).map_err(|error| fault(&self.path, &error))?;
        let stamp = Stamp::of(&header).map_err(|error| error.within(&self.path.display().to_string()))?;
        Ok(stamp != self.stamp)
    }

    /// Makes the changes that came into the journal since, and says whether there were any.
    ///
    /// # Errors
    /// [`Code::StaleForest`] when the forest was saved anew: open it again. [`Code::DamagedForest`];
    /// [`Code::File`].
    pub fn catch_up(&mut self, forest: &mut Forest) -> Result<bool> {
        if self.is_stale()? {
            let error = format!("{}: the forest was saved anew; open it again", self.path.display());
            return Err(Error::new(Code::StaleForest, error));
        }
        self.read_journal(forest)
    }

    /// Makes a change and keeps it in the journal: when this returns, it is on disk.
    ///
    /// # Errors
    /// Those of the change, and of [`ForestFile::catch_up`]. After [`Code::File`] the forest is ahead of the
    /// disk: open it again.
    pub fn append(
        &mut self,
        forest: &mut Forest,
        change: ForestChange,
        from: Option<Timestamp>,
    ) -> Result<()> {
        self.catch_up(forest)?;
        let record = Journal::record(forest, change, from);
        forest.apply(change, from)?;
        let path = self.journal_path();
        let written = (|| {
            let mut journal = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            if journal.metadata()?.len() < self.done {
                journal.set_len(0)?;
                journal.write_all(&Journal::of(self.stamp).header())?;
            }
            // Behind what was read stands at most a record whose writer died of it.
            journal.set_len(self.done)?;
            journal.seek(SeekFrom::Start(self.done))?;
            journal.write_all(&record)?;
            journal.sync_data()
        })();
        written.map_err(|error| fault(&path, &error))?;
        self.done += u64::try_from(record.len()).unwrap_or(0);
        Ok(())
    }

    fn read_journal(&mut self, forest: &mut Forest) -> Result<bool> {
        let path = self.journal_path();
        let place = |error: Error| error.within(&path.display().to_string());
        let mut journal = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(|error| fault(&path, &error))?,
        };
        let mut header = vec![0; JOURNAL_HEADER_BYTES];
        let mut records = Vec::new();
        let read = journal.read_exact(&mut header).and_then(|()| {
            if Journal::of(self.stamp).follows(&header).is_ok_and(|follows| follows) {
                journal.seek(SeekFrom::Start(self.done))?;
                journal.read_to_end(&mut records)?;
            }
            Ok(())
        });
        match read {
            // Its writer died before it began.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            read => read.map_err(|error| fault(&path, &error))?,
        }
        if !Journal::of(self.stamp).follows(&header).map_err(place)? {
            return Ok(false);
        }
        let done = Journal::replay(forest, &records).map_err(place)?;
        self.done += u64::try_from(done).unwrap_or(0);
        Ok(done > 0)
    }

    fn journal_path(&self) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(".journal");
        PathBuf::from(name)
    }
}

/// A file as each type a forest reads. It is mapped once and never written by us; saving puts another file
/// in its place.
struct Mapped {
    map: Mmap,
}

impl Mapped {
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: a map is sound while nobody changes the file behind it. We never do: a save writes another
        // file and renames it, which leaves the mapped one as it is until the last map of it is gone. Whoever
        // else writes into it in place breaks the rule of `ForestFile`, as whoever writes into a shared library
        // that runs does; no safe interface to a mapped file can promise more.
        #[allow(unsafe_code, reason = "the one place where a file is mapped")]
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self { map })
    }
}

macro_rules! as_slices {
    ($($value:ty),+) => {$(
        impl AsRef<[$value]> for Mapped {
            fn as_ref(&self) -> &[$value] {
                let bytes: &[u8] = &self.map;
                let whole = bytes.len() - bytes.len() % size_of::<$value>();
                bytemuck::try_cast_slice(&bytes[..whole]).unwrap_or(&[])
            }
        }
    )+};
}

as_slices!(u8, u32, u64, i64);

fn header_bytes() -> u64 {
    u64::try_from(JOURNAL_HEADER_BYTES).unwrap_or(0)
}

/// Puts a complete file in the place of another one.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut draft = OsString::from(path);
    draft.push(format!(".{}.tmp", std::process::id()));
    let draft = PathBuf::from(draft);
    let written = (|| {
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    })();
    written.map_err(|error| {
        // What is left of it helps nobody.
        let _gone = fs::remove_file(&draft);
        fault(path, &error)
    })
}

fn fault(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::File, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

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
    fn readers_follow_the_writer() {
        let folder = Folder::new("follow");
        let mut forest = Forest::from_edges(&[7, 8, 9], &[0, 7, 8]).unwrap();
        let mut writer = ForestFile::save(&forest, &folder.file()).unwrap();
        let (mut seen, mut reader) = ForestFile::open(&folder.file()).unwrap();
        assert_eq!(seen.to_image(), forest.to_image());
        assert!(!reader.catch_up(&mut seen).unwrap());
        writer.append(&mut forest, join(10, 9), None).unwrap();
        writer.append(&mut forest, join(11, 10), None).unwrap();
        assert!(reader.catch_up(&mut seen).unwrap());
        assert_eq!(seen.to_image(), forest.to_image());
        // A refused change is not written.
        assert_eq!(writer.append(&mut forest, join(11, 9), None).unwrap_err().code(), Code::DuplicateMember);
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
        writer.append(&mut forest, join(3, 2), None).unwrap();
        let mut torn = OpenOptions::new().append(true).open(writer.journal_path()).unwrap();
        torn.write_all(&[1; 17]).unwrap();
        let (mut seen, mut reader) = ForestFile::open(&folder.file()).unwrap();
        assert_eq!(seen.len(), 3);
        reader.append(&mut seen, join(4, 3), None).unwrap();
        assert!(writer.catch_up(&mut forest).unwrap());
        assert_eq!((forest.len(), forest.id(forest.find(4).unwrap())), (4, 4));
        // A journal of before a save, and one that is gone.
        let old = fs::read(writer.journal_path()).unwrap();
        ForestFile::save(&forest, &folder.file()).unwrap();
        fs::write(writer.journal_path(), &old).unwrap();
        assert_eq!(ForestFile::open(&folder.file()).unwrap().0.len(), 4);
        fs::remove_file(writer.journal_path()).unwrap();
        let (mut seen, mut alone) = ForestFile::open(&folder.file()).unwrap();
        alone.append(&mut seen, join(5, 4), None).unwrap();
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
}
