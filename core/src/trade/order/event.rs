//! Events: what happened to an order. They are stored, and an order is folded from them alone.

use super::command::{Fingerprint, Header, Part, Reason, Tenant, write_parts};
use super::placement::Placement;
use crate::doc::{self, JsonSink, Node, NodeSink, Sink};
use crate::id::{LineId, RefundId, TransactionId};
use std::sync::Arc;

/// The schema number in every event; upcasters begin after 0.
pub const EVENT_SCHEMA: i64 = 0;

/// One event: the command that made it, its place in the order's log, and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The command that made it.
    pub header: Arc<Header>,
    /// Its place in the order's log, from 1.
    pub seq: u64,
    /// What happened.
    pub data: EventData,
}

/// Units and entitlement taken back from one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which line.
    pub line: LineId,
    /// Unshipped units that are cancelled.
    pub cancelled: u64,
    /// Shipped units that are refunded.
    pub refunded: u64,
    /// What the buyer gets back for them.
    pub amount: i64,
    /// What was paid for the units less the amount: above zero when the buyer gets less, below zero when
    /// money is given back ahead of units.
    pub shortfall: i64,
}

/// Why the engine reserved a refund by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The order was cancelled.
    Cancelled,
    /// The order expired half paid.
    Expired,
    /// Lines were cancelled.
    LinesCancelled,
    /// Money came in that the order has no use for: too much, or too late.
    UnneededCapture,
}

impl Cause {
    /// Every cause.
    pub const ALL: &'static [Self] =
        &[Self::Cancelled, Self::Expired, Self::LinesCancelled, Self::UnneededCapture];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::LinesCancelled => "lines_cancelled",
            Self::UnneededCapture => "unneeded_capture",
        }
    }
}

/// Which kind of fact a provider reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// An authorization.
    Authorize,
    /// A capture.
    Capture,
    /// The result of a refund.
    Refund,
}

impl FactKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Authorize, Self::Capture, Self::Refund];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Refund => "refund",
        }
    }
}

/// Whether people or a timer said that units arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// Somebody said so.
    Confirmed,
    /// The time for it is over.
    Assumed,
}

impl Receipt {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Assumed => "assumed",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventData {
    /// The order was placed; everything agreed is frozen here.
    OrderPlaced(Arc<Placement>),
    /// An amount was authorized.
    PaymentAuthorized {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units.
        amount: i64,
    },
    /// An authorization was given up; the host tells the provider.
    AuthorizationVoided {
        /// The provider's transaction.
        transaction_id: TransactionId,
    },
    /// Money came in.
    PaymentCaptured {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units.
        amount: i64,
    },
    /// The order went to the warehouse.
    OrderReleased,
    /// The order is held back.
    OrderHeld {
        /// Why.
        reason: Reason,
    },
    /// The hold was lifted.
    OrderUnheld,
    /// The order was called off with all its units; entitlement falls to zero.
    OrderCancelled {
        /// Why.
        reason: Reason,
    },
    /// The order was not paid in time; entitlement falls to zero.
    OrderExpired,
    /// Units left the warehouse.
    GoodsShipped {
        /// Which units.
        lines: Vec<Part>,
    },
    /// Units reached the buyer.
    GoodsDelivered {
        /// Which units.
        lines: Vec<Part>,
        /// Who said so.
        receipt: Receipt,
    },
    /// Unshipped units were called off; entitlement falls.
    LinesCancelled {
        /// Which units and what they cost.
        lines: Vec<Grant>,
        /// Shipping given back with them.
        shipping: i64,
        /// Why.
        reason: Reason,
    },
    /// A refund was granted and reserved; entitlement falls, the host calls the gateway.
    RefundGranted {
        /// The refund.
        refund_id: RefundId,
        /// What is taken back, by line.
        lines: Vec<Grant>,
        /// Shipping given back.
        shipping: i64,
        /// The lines' amounts and the shipping.
        amount: i64,
        /// Why.
        reason: Reason,
    },
    /// The engine reserved a refund by itself; the host calls the gateway.
    RefundReserved {
        /// The refund, derived from the order and this event's place.
        refund_id: RefundId,
        /// Minor units above zero.
        amount: i64,
        /// Why.
        cause: Cause,
    },
    /// A refund was paid out.
    RefundSucceeded {
        /// The refund.
        refund_id: RefundId,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units.
        amount: i64,
    },
    /// A refund could not be paid out; it stays open.
    RefundFailed {
        /// The refund.
        refund_id: RefundId,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Why.
        reason: Reason,
    },
    /// More was paid out than came in: the shop has this much to claim.
    OverRefunded {
        /// The refund.
        refund_id: RefundId,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units beyond what was captured.
        amount: i64,
    },
    /// A known transaction was reported with another content; no money moves.
    ProviderConflict {
        /// Which kind of fact.
        kind: FactKind,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// The amount on record.
        recorded: i64,
        /// The amount reported now.
        reported: i64,
    },
    /// The after-sale window is over.
    OrderCompleted,
}

impl EventData {
    /// The event's type in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OrderPlaced(_) => "order_placed",
            Self::PaymentAuthorized { .. } => "payment_authorized",
            Self::AuthorizationVoided { .. } => "authorization_voided",
            Self::PaymentCaptured { .. } => "payment_captured",
            Self::OrderReleased => "order_released",
            Self::OrderHeld { .. } => "order_held",
            Self::OrderUnheld => "order_unheld",
            Self::OrderCancelled { .. } => "order_cancelled",
            Self::OrderExpired => "order_expired",
            Self::GoodsShipped { .. } => "goods_shipped",
            Self::GoodsDelivered { .. } => "goods_delivered",
            Self::LinesCancelled { .. } => "lines_cancelled",
            Self::RefundGranted { .. } => "refund_granted",
            Self::RefundReserved { .. } => "refund_reserved",
            Self::RefundSucceeded { .. } => "refund_succeeded",
            Self::RefundFailed { .. } => "refund_failed",
            Self::OverRefunded { .. } => "over_refunded",
            Self::ProviderConflict { .. } => "provider_conflict",
            Self::OrderCompleted => "order_completed",
        }
    }

    /// What happened as canonical JSON, without the envelope.
    #[must_use]
    pub fn to_json(&self) -> String {
        JsonSink::of(|sink| self.write(sink))
    }

    fn write(&self, sink: &mut impl Sink) {
        match self {
            Self::OrderPlaced(placement) => placement.write(sink),
            Self::OrderReleased | Self::OrderUnheld | Self::OrderExpired | Self::OrderCompleted => {}
            Self::OrderHeld { reason } | Self::OrderCancelled { reason } => {
                sink.text("reason", reason.as_str());
            }
            Self::GoodsShipped { lines } => write_parts(sink, lines),
            Self::GoodsDelivered { lines, receipt } => {
                write_parts(sink, lines);
                sink.text("receipt", receipt.name());
            }
            Self::LinesCancelled { lines, shipping, reason } => {
                write_grants(sink, lines);
                sink.text("reason", reason.as_str());
                sink.int("shipping", *shipping);
            }
            Self::RefundGranted { refund_id, lines, shipping, amount, reason } => {
                sink.int("amount", *amount);
                write_grants(sink, lines);
                sink.text("reason", reason.as_str());
                sink.text("refund_id", refund_id.as_str());
                sink.int("shipping", *shipping);
            }
            money => money.write_money(sink),
        }
    }

    /// The events that are about a transaction or a refund alone.
    fn write_money(&self, sink: &mut impl Sink) {
        match self {
            Self::PaymentAuthorized { transaction_id, amount }
            | Self::PaymentCaptured { transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::AuthorizationVoided { transaction_id } => {
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RefundReserved { refund_id, amount, cause } => {
                sink.int("amount", *amount);
                sink.text("cause", cause.name());
                sink.text("refund_id", refund_id.as_str());
            }
            Self::RefundSucceeded { refund_id, transaction_id, amount }
            | Self::OverRefunded { refund_id, transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("refund_id", refund_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RefundFailed { refund_id, transaction_id, reason } => {
                sink.text("reason", reason.as_str());
                sink.text("refund_id", refund_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::ProviderConflict { kind, transaction_id, recorded, reported } => {
                sink.text("kind", kind.name());
                sink.int("recorded", *recorded);
                sink.int("reported", *reported);
                sink.text("transaction_id", transaction_id.as_str());
            }
            _ => {}
        }
    }
}

fn write_grants(sink: &mut impl Sink, grants: &[Grant]) {
    sink.list("lines", grants, |sink, grant| {
        sink.int("amount", grant.amount);
        sink.count("cancelled", grant.cancelled);
        sink.text("line", grant.line.as_str());
        sink.count("refunded", grant.refunded);
        sink.int("shortfall", grant.shortfall);
    });
}

impl Event {
    /// The event's id: derived from tenant, order and place, so a forked worker can neither repeat nor
    /// invent one.
    #[must_use]
    pub fn event_id(&self) -> String {
        derived("fenrun.event/0", &self.header.tenant, self.header.order_id.as_str(), self.seq)
    }

    /// What the command said.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.header.fingerprint
    }

    /// The event as canonical JSON, one line of an event log.
    #[must_use]
    pub fn to_json(&self) -> String {
        JsonSink::of(|sink| self.write(sink))
    }

    /// The event as a document.
    #[must_use]
    pub fn to_node(&self) -> Node {
        NodeSink::of(|sink| self.write(sink))
    }

    fn write(&self, sink: &mut impl Sink) {
        let header = &self.header;
        sink.text("actor", header.actor.as_str());
        sink.int("at", header.at.ms());
        sink.text("command_id", header.command_id.as_str());
        sink.map("data", |sink| self.data.write(sink));
        sink.text("event_id", &self.event_id());
        sink.text("fingerprint", &header.fingerprint.to_string());
        sink.text("order_id", header.order_id.as_str());
        sink.int("schema", EVENT_SCHEMA);
        sink.count("seq", self.seq);
        sink.text("tenant", header.tenant.as_str());
        sink.text("type", self.data.name());
    }
}

/// An id derived from an order and a place in its log.
pub(super) fn derived(kind: &str, tenant: &Tenant, order_id: &str, seq: u64) -> String {
    doc::short_hash(&[kind, tenant.as_str(), order_id, &seq.to_string()])
}
