//! The safe half of the C interface: everything that needs no pointer.
//!
//! `libfenrun` (package `fenrun-ffi`) turns pointers into slices and texts, calls in here and turns the
//! result back; nothing else in the project may use `unsafe`.

mod documents;
mod exclusive;
mod guard;
mod names;
mod words;

pub use documents::{Settled, check, reverse, run, settle_one};
pub use exclusive::{Exclusive, Shared};
pub use fenrun;
pub use guard::{guarded, inside, silence_caught_panics};
pub use names::{code_name, prefix};
pub use words::{allocation_mode, rounding};
