//! Who invited whom: a forest with dense handles, effective dates and refusal of every cycle; and trees that
//! grow from it by a policy.

mod build;
mod columns;
mod forest;
mod ids;
mod placement;

pub use columns::Column;
pub use forest::{Forest, MemberIx};
pub use placement::{MAX_WIDTH, Placement, Spot};

/// The most members a forest can hold: 2^28 − 1, so that a handle leaves room for four flag bits.
pub const MAX_MEMBERS: usize = (1 << 28) - 1;
