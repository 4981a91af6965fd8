//! The bytes of the file: a header, a table of sections, the sections.
//!
//! | at | what |
//! |---|---|
//! | 0 | `\x89FENRUN\n` |
//! | 8 | the format, 32 bits, see [`FORMAT`]; then `0x01020304` in the order of the machine |
//! | 16 | the length of the file, the number of members, the version of the forest, 64 bits each |
//! | 40 | the date of the last change, 64 bits, the least number for none |
//! | 48 | how many members stand below a larger handle, and the number of the save, 32 bits each |
//! | 56 | how many sections there are, and CRC-32 of header and table with this field zero, 32 bits each |
//! | 64 | 32 bytes a section: kind, bytes a value, offset, count, CRC-32 of its bytes, and the salt of the save in the first, zero in the others |

use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// The first bytes; the last of them would not survive a copy as text.
pub(super) const MAGIC: [u8; 8] = *b"\x89FENRUN\n";
/// The layout above, in which the places of tables have four bits of the hash above the handle.
pub(super) const FORMAT: u32 = 2;
/// The same with tables that are no longer read, but made anew from the ids.
pub(super) const FORMAT_OF_OLD_TABLES: u32 = 1;
pub(super) const ORDER_MARK: u32 = 0x0102_0304;
/// The header without the table: enough to know the [`Stamp`].
pub const IMAGE_HEADER_BYTES: usize = 64;
pub(super) const ENTRY_BYTES: usize = 32;
/// Sections begin on a cache line, which aligns every type.
pub(super) const ALIGN: usize = 64;
/// Where the number of the save stands.
const SAVE_AT: usize = 52;
/// Where the checksum of header and table stands.
pub(super) const CHECKSUM_AT: usize = 60;

/// What a section holds.
pub(super) mod kind {
    pub(crate) const PARENTS: u32 = 1;
    pub(crate) const IDS: u32 = 2;
    pub(crate) const PLACES: u32 = 3;
    pub(crate) const RANKS: u32 = 4;
    pub(crate) const MOVED: u32 = 5;
    pub(crate) const EDGE_MEMBERS: u32 = 6;
    pub(crate) const EDGE_ENDS: u32 = 7;
    pub(crate) const EDGE_TIMES: u32 = 8;
    pub(crate) const EDGE_PARENTS: u32 = 9;
    pub(crate) const MERGED: u32 = 10;
    pub(crate) const CLOSED: u32 = 11;
    /// Names of ranks, and of facts with their words, as JSON.
    pub(crate) const NAMES: u32 = 12;
    /// Where the text ids of members end, the texts, and the table over them; empty for numbers.
    pub(crate) const TEXT_ENDS: u32 = 13;
    pub(crate) const TEXT_BYTES: u32 = 14;
    pub(crate) const TEXT_PLACES: u32 = 15;
    /// Handles for whom the table over the ids, or texts, had no place.
    pub(crate) const BEYOND: u32 = 16;
    pub(crate) const TEXT_BEYOND: u32 = 17;
    /// The first fact; the others follow.
    pub(crate) const FACTS: u32 = 100;
}

/// Which file it is: two that differ differ in this, and so do two saves of the same members when their
/// numbers differ ([`Stamp::next_save`]). A worker that holds one stamp and finds another one under the same
/// name holds a stale file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp {
    /// The version of the forest when it was saved.
    pub version: u64,
    /// The number of the save, see [`Stamp::next_save`].
    pub save: u32,
    /// The checksum of the whole file.
    pub checksum: u32,
}

impl fmt::Display for Stamp {
    /// `17-09af3c21`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:08x}", self.version, self.checksum)
    }
}

impl Stamp {
    /// That of the file which begins with these bytes, [`IMAGE_HEADER_BYTES`] of them at least.
    ///
    /// # Errors
    /// [`Code::NotAForest`], [`Code::NewerForest`].
    pub fn of(header: &[u8]) -> Result<Self> {
        if header.get(..8) != Some(&MAGIC) {
            return Err(Error::new(Code::NotAForest, "the file is not a saved forest"));
        }
        if header.len() < IMAGE_HEADER_BYTES {
            return Err(damaged("it ends within its header"));
        }
        let format = u32_at(header, 8);
        if u32_at(header, 12) != ORDER_MARK {
            let error = "the forest was saved on a machine with another order of bytes";
            return Err(Error::new(Code::NotAForest, error));
        }
        if format == 0 || format > FORMAT {
            let error = format!("the forest was saved in format {format}; {FORMAT} is the last that is read");
            return Err(Error::new(Code::NewerForest, error));
        }
        let (save, checksum) = (u32_at(header, SAVE_AT), u32_at(header, CHECKSUM_AT));
        Ok(Self { version: u64_at(header, 32), save, checksum })
    }

    /// The least number of a save that takes the place of this one. A CRC-32 tells any two numbers of 32 bits apart,
    /// so that the same members saved again have another checksum too.
    #[must_use]
    pub const fn next_save(self) -> u32 {
        self.save.wrapping_add(1)
    }

    /// Whether this file was saved after another one: by the numbers of the saves, which wrap, since who saves anew
    /// may have fewer changes behind them; by the changes where both have one number.
    #[must_use]
    pub const fn is_later_than(self, other: Self) -> bool {
        match self.save.wrapping_sub(other.save) {
            0 => self.version > other.version,
            ahead => ahead <= u32::MAX / 2,
        }
    }
}

/// Where a section lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) width: usize,
    pub(super) offset: usize,
    pub(super) count: usize,
    pub(super) checksum: u32,
}

impl Entry {
    pub(super) fn bytes(&self) -> Range<usize> {
        self.offset..self.offset + self.width * self.count
    }

    /// Its values among all of the file, taken as values of this width.
    pub(super) fn values(&self) -> Range<usize> {
        let first = self.offset / self.width;
        first..first + self.count
    }
}

/// A header that was checked, and every section with it.
pub(super) struct Header {
    pub(super) stamp: Stamp,
    pub(super) format: u32,
    pub(super) members: usize,
    pub(super) last: i64,
    pub(super) turned: usize,
    pub(super) sections: BTreeMap<u32, Entry>,
}

impl Header {
    /// Checks the whole file: its length and every checksum.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let stamp = Stamp::of(bytes)?;
        let size = |at: usize| usize::try_from(u64_at(bytes, at)).unwrap_or(usize::MAX);
        if size(16) != bytes.len() {
            let rule = format!("it has {} bytes and was saved with {}", bytes.len(), size(16));
            return Err(damaged(&rule));
        }
        let count = usize::try_from(u32_at(bytes, 56)).unwrap_or(usize::MAX);
        let end = count.checked_mul(ENTRY_BYTES).and_then(|table| table.checked_add(IMAGE_HEADER_BYTES));
        let table =
            end.and_then(|end| bytes.get(..end)).ok_or_else(|| damaged("it ends within its table"))?;
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&table[..CHECKSUM_AT]);
        checksum.update(&[0; 4]);
        checksum.update(&table[IMAGE_HEADER_BYTES..]);
        if checksum.finalize() != stamp.checksum {
            return Err(damaged("its header was changed"));
        }
        let mut sections = BTreeMap::new();
        for entry in table[IMAGE_HEADER_BYTES..].chunks_exact(ENTRY_BYTES) {
            let number = |at: usize| usize::try_from(u64_at(entry, at)).unwrap_or(usize::MAX);
            let width = usize::try_from(u32_at(entry, 4)).unwrap_or(0);
            let (kind, offset, count) = (u32_at(entry, 0), number(8), number(16));
            let end = count.checked_mul(width).and_then(|size| offset.checked_add(size));
            let within = end.is_some_and(|end| end <= bytes.len());
            if !within || ![1, 4, 8].contains(&width) || offset % ALIGN != 0 {
                return Err(damaged(&format!("section {kind} lies outside of it")));
            }
            let entry = Entry { width, offset, count, checksum: u32_at(entry, 24) };
            if crc32fast::hash(&bytes[entry.bytes()]) != entry.checksum {
                return Err(damaged(&format!("section {kind} was changed")));
            }
            sections.insert(kind, entry);
        }
        let last = i64::from_le_bytes(u64_at(bytes, 40).to_le_bytes());
        let turned = usize::try_from(u32_at(bytes, 48)).unwrap_or(usize::MAX);
        Ok(Self { stamp, format: u32_at(bytes, 8), members: size(24), last, turned, sections })
    }
}

pub(super) fn damaged(rule: &str) -> Error {
    Error::new(Code::DamagedForest, format!("the saved forest is damaged: {rule}"))
}

/// Four bytes at a place that is there.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Eight bytes at a place that is there.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}
