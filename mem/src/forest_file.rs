//! A saved forest on disk: one file that all workers map, and its journal beside it.

use crate::lock::Lock;
use crate::mapped::{Copied, Mapped};
use crate::place::{beside, fault, replace, resolve};
use fenrun::reward::referral::{
    Forest, ForestChange, IMAGE_HEADER_BYTES, JOURNAL_HEADER_BYTES, JOURNAL_RECORD_BYTES, Journal, Stamp,
};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// 2020-01-01, in seconds since 1970: no forest was saved before, and one without a number is the earliest.
const FIRST_SECOND: u64 = 1_577_836_800;

/// Where a forest was saved, and how much of its journal is in it. Any number of processes may read and write:
/// a change waits for the one before it.
///
/// The file itself is never changed: [`ForestFile::save`] writes another one under the same name, and who
/// still holds the old one finds out by [`ForestFile::is_stale`]. Between two saves the journal
/// (`NAME.journal`) takes the changes, and readers [catch up](ForestFile::catch_up). Who saves or changes holds
/// the lock on `NAME.lock` meanwhile.
#[derive(Clone, Debug)]
pub struct ForestFile {
    path: PathBuf,
    stamp: Stamp,
    /// The bytes of the journal that are in the forest.
    done: u64,
    /// Whether the forest may hold what the journal has not, after a change that could not be written or a
    /// record that could not be read.
    astray: bool,
}

impl ForestFile {
    /// Saves a forest as one file in the place of whatever stood there, and starts its journal. The file appears
    /// when it is complete and was read again. Whoever holds the file before finds out, also when it had the same
    /// members.
    ///
    /// # Errors
    /// [`Code::File`], [`Code::ForestLocked`]; [`Code::DamagedForest`] when what was written cannot be read:
    /// what stood there stays.
    pub fn save(forest: &Forest, path: &Path) -> Result<Self> {
        let path = &resolve(path)?;
        let _lock = lock(path)?;
        let _journal = Lock::of_journal(&beside(path, ".journal"))?;
        Self::put(&numbered(forest, stamp_at(path)), path)
    }

    /// Saves a forest over the file it was opened from, so that its journal is empty again.
    ///
    /// # Errors
    /// As [`ForestFile::save`]; [`Code::StaleForest`] when somebody else saved it meanwhile, or the journal holds
    /// changes that are not in the forest: [catch up](ForestFile::catch_up) first.
    pub fn save_again(&mut self, forest: &Forest) -> Result<()> {
        let _lock = lock(&self.path)?;
        let journal = self.journal_path();
        let _journal = Lock::of_journal(&journal)?;
        self.check_current()?;
        if fs::metadata(&journal).is_ok_and(|journal| journal.len() >= self.done + record_bytes()) {
            let rule = "it holds changes the forest has not; catch up before it is saved";
            return Err(Error::new(Code::StaleForest, format!("{}: {rule}", journal.display())));
        }
        *self = Self::put(&numbered(forest, Some(self.stamp)), &self.path)?;
        Ok(())
    }

    /// Maps a saved forest, with all that its journal holds.
    ///
    /// # Errors
    /// [`Code::File`]; [`Code::NotAForest`], [`Code::NewerForest`], [`Code::DamagedForest`] say what the
    /// file is instead; [`Code::StaleForest`] for a journal that follows a later file.
    pub fn open(path: &Path) -> Result<(Forest, Self)> {
        let path = &resolve(path)?;
        loop {
            let (mut forest, mut file) = Self::map(path)?;
            match file.read_journal(&mut forest) {
                // Saved anew between the two reads.
                Err(error) if error.code() == Code::StaleForest && file.is_stale()? => {}
                read => return read.map(|_| (forest, file)),
            }
        }
    }

    /// The forest in the bytes of a file, or of [`Forest::to_image`], that came another way, such as from another
    /// process. They are copied once.
    ///
    /// # Errors
    /// [`Code::NotAForest`], [`Code::NewerForest`], [`Code::DamagedForest`] say what the bytes are instead.
    pub fn read(bytes: &[u8]) -> Result<Forest> {
        Forest::from_image(&Arc::new(Copied::of(bytes)))
    }

    fn map(path: &Path) -> Result<(Forest, Self)> {
        let place = |error: Error| error.within(&path.display().to_string());
        // An empty file cannot be mapped, and is no forest.
        if fs::metadata(path).map_err(|error| fault(path, &error))?.len() == 0 {
            return Err(place(Error::new(Code::NotAForest, "the file is empty")));
        }
        let mapped = Arc::new(Mapped::open(path).map_err(|error| fault(path, &error))?);
        let forest = Forest::from_image(&mapped).map_err(place)?;
        let stamp = Stamp::of((*mapped).as_ref()).map_err(place)?;
        Ok((forest, Self { path: path.to_owned(), stamp, done: header_bytes(), astray: false }))
    }

    /// Which file it is.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Where it is: an absolute path without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a name leads to it.
    #[must_use]
    pub fn is_at(&self, name: &Path) -> bool {
        resolve(name).is_ok_and(|path| path == self.path)
    }

    /// How many bytes of its journal are in the forest: with path and stamp what [`ForestFile::resume`] needs.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.done
    }

    /// Takes up in another process where this one was: `forest` is there a copy of the one here, such as one of
    /// [`Forest::to_image`]. Nothing is read before the forest changes or catches up.
    #[must_use]
    pub const fn resume(path: PathBuf, stamp: Stamp, done: u64) -> Self {
        Self { path, stamp, done, astray: false }
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
    /// [`Code::StaleForest`] when the forest was saved anew: open it again. [`Code::DamagedForest`] for a journal
    /// that was changed, cut or taken away: nothing is written behind it. [`Code::File`].
    pub fn catch_up(&mut self, forest: &mut Forest) -> Result<bool> {
        self.check_current()?;
        self.read_journal(forest)
    }

    /// Makes a change and keeps it in the journal, behind those of all others: when this returns, it is on disk.
    ///
    /// # Errors
    /// Those of the change, and of [`ForestFile::catch_up`]; [`Code::ForestLocked`] when somebody else has been
    /// writing for seconds. After [`Code::File`] the forest may be ahead of the disk: open it again.
    pub fn append(
        &mut self,
        forest: &mut Forest,
        change: &ForestChange,
        from: Option<Timestamp>,
    ) -> Result<()> {
        let _lock = lock(&self.path)?;
        self.catch_up(forest)?;
        let _journal = self.begin_journal()?;
        // Whoever took the first lock away from under us may have written until we had the second one.
        self.read_journal(forest)?;
        let record = Journal::record(forest, change, from);
        forest.apply(change, from)?;
        self.write(&record).inspect_err(|_| self.astray = true)
    }

    /// The lock on the journal, which is ours from then on if it was that of an earlier save, or was not there.
    fn begin_journal(&self) -> Result<Option<Lock>> {
        let path = self.journal_path();
        if !self.is_followed()? {
            replace(&path, &Journal::of(self.stamp).header(), &self.path, |_| Ok(()))?;
        }
        Lock::of_journal(&path)
    }

    /// Puts a record behind those that were read. Whoever writes has the locks.
    fn write(&mut self, record: &[u8]) -> Result<()> {
        let path = self.journal_path();
        let mut journal = OpenOptions::new().write(true).open(&path).map_err(|error| fault(&path, &error))?;
        // Behind what was read stands at most a record that was never acknowledged.
        let written = (|| {
            journal.set_len(self.done)?;
            journal.seek(SeekFrom::Start(self.done))?;
            journal.write_all(record)?;
            journal.sync_data()
        })();
        if let Err(error) = written {
            // Nobody shall read what its writer was told has failed.
            let _left = journal.set_len(self.done);
            return Err(fault(&path, &error));
        }
        self.done += u64::try_from(record.len()).unwrap_or(0);
        Ok(())
    }

    /// Whether the journal that stands there is ours, and not that of a save before.
    fn is_followed(&self) -> Result<bool> {
        let path = self.journal_path();
        match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(fault(&path, &error)),
            Ok(mut journal) => self.follows(&path, &mut journal),
        }
    }

    fn follows(&self, path: &Path, journal: &mut File) -> Result<bool> {
        let mut header = Vec::new();
        journal.take(header_bytes()).read_to_end(&mut header).map_err(|error| fault(path, &error))?;
        let place = |error: Error| error.within(&path.display().to_string());
        Journal::of(self.stamp).follows(&header).map_err(place)
    }

    fn check_current(&self) -> Result<()> {
        let place = self.path.display();
        if self.astray {
            let error =
                format!("{place}: a change before was not written or not read; open the forest again");
            return Err(Error::new(Code::File, error));
        }
        if self.is_stale()? { Err(self.stale()) } else { Ok(()) }
    }

    fn stale(&self) -> Error {
        let error = format!("{}: the forest was saved anew; open it again", self.path.display());
        Error::new(Code::StaleForest, error)
    }

    fn read_journal(&mut self, forest: &mut Forest) -> Result<bool> {
        let path = self.journal_path();
        // Damage, unless somebody saves the forest anew just now.
        let lost = |rule: &str| match self.is_stale() {
            Ok(true) => self.stale(),
            _ => {
                let error = format!("{}: the saved forest is damaged: {rule}", path.display());
                Error::new(Code::DamagedForest, error)
            }
        };
        let begun = self.done > header_bytes();
        let mut journal = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound && begun => {
                return Err(lost("its journal is gone"));
            }
            // A forest that was copied without it, or whose saver died before it began.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(|error| fault(&path, &error))?,
        };
        if !self.follows(&path, &mut journal)? {
            return if begun {
                Err(lost("its journal is that of an earlier save by now"))
            } else {
                Ok(false)
            };
        }
        let mut records = Vec::new();
        let read = journal.metadata().map(|journal| journal.len()).and_then(|len| {
            journal.seek(SeekFrom::Start(self.done))?;
            journal.read_to_end(&mut records)?;
            Ok(len)
        });
        let len = read.map_err(|error| fault(&path, &error))?;
        if len < self.done {
            return Err(lost(&format!("its journal has {len} bytes and had {}", self.done)));
        }
        let replayed = Journal::replay(forest, &records);
        let done = replayed.map_err(|error| error.within(&path.display().to_string()));
        self.astray = done.is_err();
        let done = done?;
        self.done += u64::try_from(done).unwrap_or(0);
        Ok(done > 0)
    }

    /// Puts a file in its place and an empty journal beside it, in this order: a journal of an earlier save is
    /// left out, while a file without its journal would be a later one's. Whoever does has the lock.
    fn put(image: &[u8], path: &Path) -> Result<Self> {
        let file =
            Self { path: path.to_owned(), stamp: Stamp::of(image)?, done: header_bytes(), astray: false };
        replace(path, image, path, is_readable)?;
        replace(&file.journal_path(), &Journal::of(file.stamp).header(), path, |_| Ok(()))?;
        Ok(file)
    }

    fn journal_path(&self) -> PathBuf {
        beside(&self.path, ".journal")
    }
}

fn lock(path: &Path) -> Result<Lock> {
    Lock::take(&beside(path, ".lock"), path)
}

/// The image of a save in the place of another one. Its number is the second it is saved in, or the next one of
/// what stands there if that is later: so the saves under one name have numbers of their own, and of two names that
/// which was saved first has the earlier one, whichever file is moved over which. Where no forest stands, one may have
/// been taken away that others still hold: the parts of the second tell the two apart.
fn numbered(forest: &Forest, stands: Option<Stamp>) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let second = u32::try_from(now.as_secs().saturating_sub(FIRST_SECOND)).unwrap_or(u32::MAX);
    let number = match stands.map(Stamp::next_save) {
        Some(next) if second.wrapping_sub(next) > u32::MAX / 2 => next,
        _ => second,
    };
    forest.to_numbered_image(number, now.subsec_nanos())
}

/// Which forest stands at a place, if one does.
fn stamp_at(path: &Path) -> Option<Stamp> {
    let mut header = Vec::new();
    let most = u64::try_from(IMAGE_HEADER_BYTES).unwrap_or(u64::MAX);
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut header)).ok()?;
    Stamp::of(&header).ok()
}

/// Whether a file can be opened as a forest.
fn is_readable(path: &Path) -> Result<()> {
    let mapped = Arc::new(Mapped::open(path).map_err(|error| fault(path, &error))?);
    Forest::from_image(&mapped).map(drop).map_err(|error| error.within("what was to be saved"))
}

fn header_bytes() -> u64 {
    u64::try_from(JOURNAL_HEADER_BYTES).unwrap_or(0)
}

fn record_bytes() -> u64 {
    u64::try_from(JOURNAL_RECORD_BYTES).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_replaces_nothing() {
        let folder = std::env::temp_dir().join(format!("fenrun-mem-unreadable-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("shop.forest");
        let good = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
        let mut saved = ForestFile::save(&good, &path).unwrap();
        let join = ForestChange::Join { member: 3, inviter: Some(2) };
        saved.append(&mut good.clone(), &join, None).unwrap();
        let mut bad = good.to_image();
        let last = bad.len() - 64;
        bad[last] ^= 1;
        let error = ForestFile::put(&bad, &path).unwrap_err();
        assert!(error.code() == Code::DamagedForest && error.message().contains("to be saved"), "{error}");
        assert_eq!(ForestFile::open(&path).unwrap().0.len(), 3);
        let mut left: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["shop.forest", "shop.forest.journal", "shop.forest.lock"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
