//! A forest as one file that many processes map and none changes, and the journal of what came after it.
//!
//! The columns lie in the file as they lie in memory: opening one reads what it checks and copies nothing
//! but facts, and all workers of a host share the same pages. The core does no I/O: it makes the bytes, and
//! reads them from whoever keeps them in place. Checksums find damage, not malice: a file is as trusted as
//! the program that opens it.

mod journal;
mod layout;
mod read;
mod write;

pub use journal::{ForestChange, JOURNAL_HEADER_BYTES, JOURNAL_RECORD_BYTES, Journal};
pub use layout::{IMAGE_HEADER_BYTES, Stamp};
pub use read::Image;
