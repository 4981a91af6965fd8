//! People around orders: addresses, tags and distributor applications of members, and visits that may bind
//! a visitor to who shared.
//!
//! Personal details are kept apart from events: an event names an address by its id and never holds a name,
//! a phone number or a street, so erasing a [`ShippingAddress`] leaves every log and hash as it is.

mod address;
mod application;
mod member;
mod visitor;

pub use address::ShippingAddress;
pub use application::{Application, ApplicationPolicy, ApplicationState, Reapply};
pub use member::{MAX_ADDRESSES, MAX_TAGS, Member, MemberChange};
pub use visitor::{Click, Visitor, VisitorChange};
