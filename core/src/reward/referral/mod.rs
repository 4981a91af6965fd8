//! Who invited whom: a forest with dense handles, effective dates and refusal of every cycle.

mod build;
mod columns;
mod forest;
mod ids;

pub use columns::Column;
pub use forest::{Forest, MemberIx};

/// The most members a forest can hold: 2^28 − 1, so that a handle leaves room for four flag bits.
pub const MAX_MEMBERS: usize = (1 << 28) - 1;
