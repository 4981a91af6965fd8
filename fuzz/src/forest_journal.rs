//! Bytes as the journal of a saved forest: as they are, and record by record with checksum and version mended.

use crate::forest_image::sound;
use crate::refused;
use fenrun::reward::referral::{Forest, JOURNAL_RECORD_BYTES, Journal, Stamp};

/// Where a record says which version of the forest it follows.
const VERSION_AT: usize = 32;

/// A record is taken or refused and then changes nothing; what comes of all of them is a forest.
pub fn run(data: &[u8]) -> bool {
    let mut forest = Forest::from_edges(&[10, 20, 30, 40], &[0, 10, 20, 10]).unwrap();
    let stamp = Stamp::of(&forest.to_image()).unwrap();
    if let Err(error) = Journal::of(stamp).follows(data) {
        refused(&error);
    }
    if let Err(error) = Journal::replay(&mut forest.clone(), data) {
        refused(&error);
    }
    let mut accepted = false;
    for bytes in data.chunks(JOURNAL_RECORD_BYTES) {
        let mut record = [0; JOURNAL_RECORD_BYTES];
        record[..bytes.len()].copy_from_slice(bytes);
        record[VERSION_AT..VERSION_AT + 8].copy_from_slice(&forest.version().to_le_bytes());
        let checksum = crc32fast::hash(&record[4..]).to_le_bytes();
        record[..4].copy_from_slice(&checksum);
        let before = forest.version();
        match Journal::replay(&mut forest, &record) {
            Ok(done) => {
                assert_eq!(done, JOURNAL_RECORD_BYTES);
                accepted = true;
            }
            Err(error) => {
                refused(&error);
                assert_eq!(forest.version(), before, "what was refused changed the forest");
            }
        }
    }
    sound(&forest);
    accepted
}
