//! Who invited whom: a forest with dense handles, effective dates and refusal of every cycle; and trees that
//! grow from it by a policy.

mod build;
mod change;
mod columns;
mod document;
mod edges;
mod export;
mod faults;
mod forest;
mod ids;
mod image;
mod index;
mod order;
mod people;
mod placement;
mod shelf;
pub(in crate::reward) mod sweep;
mod table;
mod teams;
mod texts;

pub use change::Closing;
pub use columns::Column;
pub(crate) use document::pair_of;
pub use faults::{EdgeFaults, SecondParent};
pub(crate) use forest::check_id as check_member_id;
pub use forest::{Forest, MemberIx};
pub use image::{
    ForestChange, IMAGE_HEADER_BYTES, Image, JOURNAL_HEADER_BYTES, JOURNAL_RECORD_BYTES, Journal, Stamp,
};
pub use index::{PAGE, ReadIndex, TeamSums};
pub use order::Order;
pub use placement::{MAX_WIDTH, Placement, Spot};

/// The most members a forest can hold: 2^28 − 1, so that a handle leaves room for four flag bits.
pub const MAX_MEMBERS: usize = (1 << 28) - 1;
