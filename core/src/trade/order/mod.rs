//! Orders: events are stored, one table moves the life cycle, everything else is a function of the facts.
//!
//! [`decide`] turns a [`Command`] into [`Event`]s, [`evolve`] folds them into an [`Order`]; nothing else
//! changes an order. [`TABLE`] is the one list of moves. Facts of providers are keyed by their transaction
//! and are never refused for the state an order is in: what comes too late or twice is recorded, refunded
//! or ignored. [`OrderStream`] keeps an order with its log.

mod command;
mod decide;
mod event;
mod evolve;
mod json;
mod life;
mod placement;
mod refund;
mod state;
mod status;
mod stream;
mod table;

pub use command::{
    Action, Command, Envelope, Fingerprint, Header, MAX_REASON_BYTES, Part, Parts, Reason, RefundPart,
    RefundRequest, Tenant,
};
pub use decide::{Decision, decide};
pub use event::{Cause, EVENT_SCHEMA, Event, EventData, FactKind, Grant, Receipt};
pub use evolve::evolve;
pub use life::{Life, Trigger};
pub use placement::{Placement, PlacementDraft, QuoteMark, Release, Terms};
pub use state::{Deadline, LineLeft, LineState, Order, RefundState, deadlines};
pub use status::{Display, Payment, Refund};
pub use stream::{Handled, OrderStream};
pub use table::{Guard, Row, TABLE, states_dot};
