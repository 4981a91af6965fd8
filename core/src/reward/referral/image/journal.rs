//! What happened after a forest was saved: fixed records behind a header that names the file.
//!
//! Header and records are 128 bytes each, so that no record lies in two sectors of a disk: what a loss of power
//! leaves of the one that was being written is all of it or nothing. Every byte is under a CRC-32.

use super::layout::{Stamp, damaged, u32_at, u64_at};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::reward::referral::change::Closing;
use crate::reward::referral::forest::{Forest, unknown};
use crate::time::Timestamp;

const MAGIC: [u8; 8] = *b"\x89FENRUNJ";
/// Magic, version and checksum of the file it follows, CRC-32 of all other bytes of the header, the number of the
/// save, zeros.
pub const JOURNAL_HEADER_BYTES: usize = 128;
/// CRC-32 of the rest, what happened, whether it has a date, the length of a text, two ids, the date, the version
/// before it, the text, zeros.
pub const JOURNAL_RECORD_BYTES: usize = 128;
const HEADER_CHECKSUM_AT: usize = 20;
const SAVE_AT: usize = 24;
/// Where the text of a new member stands, 64 bytes at most.
const TEXT_AT: usize = 40;

/// A change of a forest as data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ForestChange {
    /// [`Forest::join`].
    Join {
        /// Who.
        member: u64,
        /// Below whom.
        inviter: Option<u64>,
    },
    /// [`Forest::join_text`].
    JoinText {
        /// Who.
        text: ExternalId,
        /// The number of the one below whom.
        inviter: Option<u64>,
    },
    /// [`Forest::bind`].
    Bind {
        /// Who.
        member: u64,
        /// Below whom.
        inviter: u64,
    },
    /// [`Forest::rebind`].
    Rebind {
        /// Who.
        member: u64,
        /// Below whom.
        inviter: u64,
    },
    /// [`Forest::unbind`].
    Unbind {
        /// Who.
        member: u64,
    },
    /// [`Forest::merge`].
    Merge {
        /// The account that stays.
        kept: u64,
        /// The account that goes.
        gone: u64,
    },
    /// [`Forest::close`].
    Close {
        /// Whose account.
        member: u64,
        /// What becomes of those below.
        closing: Closing,
    },
}

impl Forest {
    /// Makes a change.
    ///
    /// # Errors
    /// Those of the call it stands for.
    pub fn apply(&mut self, change: &ForestChange, from: Option<Timestamp>) -> Result<()> {
        match *change {
            ForestChange::Join { member, inviter } => self.join(member, inviter, from).map(drop),
            ForestChange::JoinText { ref text, inviter } => {
                let inviter = inviter.map(|id| self.find(id).ok_or_else(|| unknown(id))).transpose()?;
                self.join_below(text, inviter, from).map(drop)
            }
            ForestChange::Bind { member, inviter } => self.bind(member, inviter, from),
            ForestChange::Rebind { member, inviter } => self.rebind(member, inviter, from),
            ForestChange::Unbind { member } => self.unbind(member, from),
            ForestChange::Merge { kept, gone } => self.merge(kept, gone, from),
            ForestChange::Close { member, closing } => self.close(member, closing, from),
        }
    }
}

/// The bytes of a journal.
#[derive(Clone, Copy, Debug)]
pub struct Journal {
    stamp: Stamp,
}

impl Journal {
    /// The journal of a saved forest.
    #[must_use]
    pub const fn of(stamp: Stamp) -> Self {
        Self { stamp }
    }

    /// Its header.
    #[must_use]
    pub fn header(&self) -> [u8; JOURNAL_HEADER_BYTES] {
        let mut bytes = [0; JOURNAL_HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.stamp.version.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.stamp.checksum.to_le_bytes());
        bytes[SAVE_AT..SAVE_AT + 4].copy_from_slice(&self.stamp.save.to_le_bytes());
        let checksum = header_checksum(&bytes);
        bytes[HEADER_CHECKSUM_AT..HEADER_CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Whether a journal with this header follows the saved forest; `false` for one of an earlier save, whose
    /// changes are in it already.
    ///
    /// # Errors
    /// [`Code::NotAForest`] for something else; [`Code::DamagedForest`] for a header that was cut or changed;
    /// [`Code::StaleForest`] for the journal of a later save, which this is not.
    pub fn follows(&self, header: &[u8]) -> Result<bool> {
        if header.get(..8) != Some(&MAGIC) {
            return Err(Error::new(Code::NotAForest, "the file is not the journal of a forest"));
        }
        let header = header
            .get(..JOURNAL_HEADER_BYTES)
            .ok_or_else(|| damaged("its journal ends within its header"))?;
        if header_checksum(header) != u32_at(header, HEADER_CHECKSUM_AT) {
            return Err(damaged("the header of its journal was changed"));
        }
        let (save, checksum) = (u32_at(header, SAVE_AT), u32_at(header, 16));
        let other = Stamp { version: u64_at(header, 8), save, checksum };
        if other.is_later_than(self.stamp) {
            let error = format!("the journal follows a later save, {other}; this is {}", self.stamp);
            return Err(Error::new(Code::StaleForest, error));
        }
        Ok(other == self.stamp)
    }

    /// The record of a change that is about to be made to a forest.
    #[must_use]
    pub fn record(
        forest: &Forest,
        change: &ForestChange,
        from: Option<Timestamp>,
    ) -> [u8; JOURNAL_RECORD_BYTES] {
        let mut bytes = [0; JOURNAL_RECORD_BYTES];
        let (what, first, second) = match *change {
            ForestChange::Join { member, inviter } => (1, member, inviter.unwrap_or(0)),
            ForestChange::Rebind { member, inviter } => (2, member, inviter),
            ForestChange::Unbind { member } => (3, member, 0),
            ForestChange::Merge { kept, gone } => (4, kept, gone),
            ForestChange::Close { member, closing: Closing::Stay } => (5, member, 0),
            ForestChange::Close { member, closing: Closing::RollUp } => (6, member, 0),
            ForestChange::Bind { member, inviter } => (7, member, inviter),
            ForestChange::JoinText { ref text, inviter } => {
                let text = text.as_str().as_bytes();
                bytes[TEXT_AT..TEXT_AT + text.len()].copy_from_slice(text);
                bytes[6] = u8::try_from(text.len()).unwrap_or(0);
                (8, 0, inviter.unwrap_or(0))
            }
        };
        bytes[4] = what;
        bytes[5] = u8::from(from.is_some());
        bytes[8..16].copy_from_slice(&first.to_le_bytes());
        bytes[16..24].copy_from_slice(&second.to_le_bytes());
        bytes[24..32].copy_from_slice(&from.map_or(0, Timestamp::ms).to_le_bytes());
        bytes[32..40].copy_from_slice(&forest.version().to_le_bytes());
        let checksum = crc32fast::hash(&bytes[4..]);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Makes the changes of some records, and says how many bytes they took. What follows the last whole record
    /// is left for later: its writer may be at it, or have died of it. So is a last record of nothing but zeros,
    /// which no change has: the file grew, and the power went before the record was in it. Both were never
    /// acknowledged, as a writer answers when its record is on disk.
    ///
    /// # Errors
    /// [`Code::DamagedForest`] for a record that was changed or does not follow; the changes before it
    /// were made.
    pub fn replay(forest: &mut Forest, records: &[u8]) -> Result<usize> {
        let mut done = 0;
        for record in records.chunks_exact(JOURNAL_RECORD_BYTES) {
            if crc32fast::hash(&record[4..]) != u32_at(record, 0) {
                let last = records.len() - done == JOURNAL_RECORD_BYTES;
                let empty = record.iter().all(|byte| *byte == 0);
                let number = done / JOURNAL_RECORD_BYTES + 1;
                let rule = format!("record {number} of those read from its journal was changed");
                return if last && empty { Ok(done) } else { Err(damaged(&rule)) };
            }
            let before = u64_at(record, 32);
            if before != forest.version() {
                let rule = format!("its journal goes on at version {before}, not {}", forest.version());
                return Err(damaged(&rule));
            }
            let (change, from) = parse(record)?;
            forest.apply(&change, from).map_err(|error| error.within("the journal of the forest"))?;
            done += JOURNAL_RECORD_BYTES;
        }
        Ok(done)
    }
}

fn header_checksum(header: &[u8]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&header[..HEADER_CHECKSUM_AT]);
    checksum.update(&header[HEADER_CHECKSUM_AT + 4..]);
    checksum.finalize()
}

fn parse(record: &[u8]) -> Result<(ForestChange, Option<Timestamp>)> {
    let (first, second) = (u64_at(record, 8), u64_at(record, 16));
    let change = match record[4] {
        1 => ForestChange::Join { member: first, inviter: Some(second).filter(|id| *id != 0) },
        2 => ForestChange::Rebind { member: first, inviter: second },
        3 => ForestChange::Unbind { member: first },
        4 => ForestChange::Merge { kept: first, gone: second },
        5 => ForestChange::Close { member: first, closing: Closing::Stay },
        6 => ForestChange::Close { member: first, closing: Closing::RollUp },
        7 => ForestChange::Bind { member: first, inviter: second },
        8 => {
            let text = record
                .get(TEXT_AT..TEXT_AT + usize::from(record[6]))
                .and_then(|text| std::str::from_utf8(text).ok());
            let text = text.and_then(|text| ExternalId::new(text).ok());
            let text = text.ok_or_else(|| damaged("its journal holds a member with a text that is no id"))?;
            ForestChange::JoinText { text, inviter: Some(second).filter(|id| *id != 0) }
        }
        other => return Err(damaged(&format!("its journal holds a change of kind {other}"))),
    };
    let from = i64::from_le_bytes(u64_at(record, 24).to_le_bytes());
    Ok((change, (record[5] == 1).then_some(Timestamp::from_ms(from))))
}
