//! The safe half of the C interface: everything that needs no pointer.
//!
//! `libfenrun` (package `fenrun-ffi`) turns pointers into slices and texts, calls in here and turns the
//! result back; nothing else in the project uses `unsafe`, but for the one call in `fenrun-mem` that maps a file.

mod batch;
mod documents;
mod forest;
mod guard;
mod names;
mod order;
mod qr;
mod rows;
mod teams;
mod threads;
mod words;

pub use batch::{Batch, NamedPlan, settle_parts};
pub use documents::{Settled, check, reverse, run, settle_one};
pub use fenrun;
pub use forest::{RowForest, names};
pub use guard::{guarded, silence_panics};
pub use names::{code_name, prefix};
pub use order::{apply, events, replay, sale, state};
pub use qr::draw_qr;
pub use teams::Teams;
pub use threads::{MAX_THREADS, ROWS_PER_THREAD, parts, side_by_side};
pub use words::{allocation_mode, rounding};
