//! Orders: events are stored, one table moves the life cycle, everything else is a function of the facts.
//!
//! [`decide`] turns a [`Command`] into [`Event`]s, [`evolve`] folds them into an [`Order`]; nothing else
//! changes an order. [`TABLE`] is the one list of moves. Facts of providers are keyed by their transaction
//! and are never refused for the state an order is in: what comes too late or twice is recorded, refunded
//! or ignored. [`OrderStream`] keeps an order with its log.

mod action;
mod case;
mod command;
mod decide;
mod draw;
mod event;
mod event_data;
mod evolve;
mod explain;
mod intent;
mod json;
mod life;
mod method;
mod placement;
mod refund;
mod shipment;
mod state;
mod status;
mod stream;
mod table;
mod taken;
mod terms;
mod token;

pub use action::{Action, Part, Parts, RefundPart, RefundRequest, Resolution};
pub use case::{
    CASE_TABLE, CaseGuard, CaseKind, CaseLine, CaseMove, CaseRow, CaseStage, CaseState, Goods, Replacement,
    ReturnedPart,
};
pub use command::{Command, Envelope, Fingerprint, Header, MAX_REASON_BYTES, Reason, Tenant};
pub use decide::{Decision, decide};
pub use draw::{cases_dot, cases_mermaid, states_dot, states_mermaid};
pub use event::{EVENT_SCHEMA, Event};
pub use event_data::{EventData, Granted};
pub use evolve::evolve;
pub use explain::Explanation;
pub use intent::{Intent, Port, Verb, intents};
pub use life::{Life, Trigger};
pub use method::{MAX_METHOD_NAME_BYTES, MAX_METHODS, MethodKind, PaymentMethod, Payments};
pub use placement::{PlacedLine, Placement, PlacementDraft, QuoteMark, Revision};
pub use shipment::{Dispatch, Handover, Shipment, ShippedPart, Tracking};
pub use state::{Captured, Deadline, LineLeft, LineState, Order, RefundState, deadlines};
pub use status::{Display, Payment, Refund};
pub use stream::{Handled, OrderStream};
pub use table::{Guard, Row, TABLE};
pub use taken::{Cause, FactKind, Grant, Receipt, TakenBack};
pub use terms::{Release, Tender, Terms};
pub use token::{Token, TokenKind};
