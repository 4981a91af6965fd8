//! How an inviter is won, kept and lost: a policy as data, commands that become events, and a forest that is
//! folded from those events alone.
//!
//! What a policy refuses is an error and changes nothing; whatever changes is an event with its reason, and
//! the events of a member are the audit of who was above them and why.

mod command;
mod decide;
mod event;
mod evolve;
mod member;
mod policy;
mod purchase;

pub use command::{BindingAction, BindingCommand};
pub use decide::{Attribution, Bindings};
pub use event::{BindingEvent, What, Why};
pub use member::{MemberBinding, Standing};
pub use policy::{BindingPolicy, Distributors, Mode, Renew, SelfPurchase, Stage};
pub use purchase::Bought;
