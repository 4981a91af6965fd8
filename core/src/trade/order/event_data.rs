//! What happened to an order: every type of event with its data.

use super::action::{Part, write_parts, write_payment, write_returned};
use super::case::{CaseKind, CaseMove, Goods, ReturnedPart};
use super::command::Reason;
use super::placement::Placement;
use super::shipment::Tracking;
use super::taken::{Cause, FactKind, Receipt, TakenBack};
use crate::doc::{JsonSink, Sink};
use crate::id::{CaseId, ExternalId, RefundId, ShipmentId, TransactionId};
use std::sync::Arc;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventData {
    /// The order was placed; everything agreed is frozen here.
    OrderPlaced(Arc<Placement>),
    /// The lines were changed: the order starts again as the next version of its sale, with the terms,
    /// parties and plan it was placed with.
    OrderEdited {
        /// What is agreed now.
        placement: Arc<Placement>,
        /// The version of the sale from now on; the one before is worth nothing.
        sale_version: u32,
    },
    /// An amount was authorized.
    PaymentAuthorized {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units.
        amount: i64,
        /// By which payment method, where that is known.
        method: Option<ExternalId>,
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
        /// By which payment method, where that is known.
        method: Option<ExternalId>,
    },
    /// The provider took money back; entitlement falls by it.
    ChargebackRecorded {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units.
        amount: i64,
    },
    /// A charge-back was decided for the shop; entitlement is as before it.
    ChargebackWon {
        /// The transaction of the charge-back.
        transaction_id: TransactionId,
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
    /// Units left the warehouse, are ready to be fetched, or were delivered without goods.
    GoodsShipped {
        /// The shipment.
        shipment_id: ShipmentId,
        /// Which units.
        lines: Vec<Part>,
        /// Who carries it.
        tracking: Tracking,
        /// The digest of the pickup code.
        pickup: Option<String>,
    },
    /// Units reached the buyer.
    GoodsDelivered {
        /// Of which shipment; without it the units that left first.
        shipment_id: Option<ShipmentId>,
        /// Which units.
        lines: Vec<Part>,
        /// Who said so.
        receipt: Receipt,
    },
    /// Unshipped units were called off; entitlement falls.
    LinesCancelled {
        /// Which units and what they cost.
        taken: TakenBack,
        /// Why.
        reason: Reason,
    },
    /// A refund was granted and reserved; entitlement falls, the host calls the gateway.
    RefundGranted(Granted),
    /// An after-sale case was opened.
    CaseOpened {
        /// The case.
        case_id: CaseId,
        /// What the buyer asks for.
        kind: CaseKind,
        /// Whether the goods arrived.
        goods: Goods,
        /// Which units.
        lines: Vec<Part>,
        /// Why.
        reason: Reason,
    },
    /// A case was approved, rejected, withdrawn, lapsed, or its return refused.
    CaseMoved {
        /// The case.
        case_id: CaseId,
        /// How.
        on: CaseMove,
        /// Why.
        reason: Reason,
    },
    /// The buyer sent goods back.
    ReturnSent {
        /// The case.
        case_id: CaseId,
        /// Who carries them.
        tracking: Tracking,
    },
    /// Goods came back.
    ReturnReceived {
        /// The case.
        case_id: CaseId,
        /// Which units, and how they are.
        lines: Vec<ReturnedPart>,
    },
    /// Units that did not arrive, refused at the door or lost, came back to the warehouse.
    UndeliveredReceived {
        /// Which units, and how they are.
        lines: Vec<ReturnedPart>,
    },
    /// A case ended with a refund; entitlement falls, the host calls the gateway.
    CaseRefunded {
        /// The case.
        case_id: CaseId,
        /// The refund.
        granted: Granted,
    },
    /// A case ended with the promise of the same goods again; entitlement stays.
    CaseReplaced {
        /// The case.
        case_id: CaseId,
        /// Which units are promised.
        lines: Vec<Part>,
    },
    /// The goods an exchange promised left the warehouse.
    ReplacementShipped {
        /// The case.
        case_id: CaseId,
        /// The shipment.
        shipment_id: ShipmentId,
        /// Who carries it.
        tracking: Tracking,
    },
    /// The goods an exchange promised reached the buyer.
    ReplacementDelivered {
        /// The case.
        case_id: CaseId,
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
    /// A refund is tried again; the host calls the gateway with the same id.
    RefundRetried {
        /// The refund.
        refund_id: RefundId,
        /// Which attempt, from 2.
        attempt: u32,
    },
    /// A refund that failed is not paid out any more, in whole or in part: a charge-back took the money.
    RefundSetOff {
        /// The refund.
        refund_id: RefundId,
        /// Minor units above zero that are no longer open.
        amount: i64,
    },
    /// More went out than came in: the shop has this much to claim.
    OverRefunded {
        /// The refund; none for a charge-back.
        refund_id: Option<RefundId>,
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

/// A refund with what it takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The refund.
    pub refund_id: RefundId,
    /// What is taken back.
    pub taken: TakenBack,
    /// What is reserved: what is taken back less what is set off.
    pub amount: i64,
    /// What is not there to be given: not paid yet on delivery, charged back, or paid out before.
    pub set_off: i64,
    /// Why.
    pub reason: Reason,
}

impl EventData {
    /// The event's type in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OrderPlaced(_) => "order_placed",
            Self::OrderEdited { .. } => "order_edited",
            Self::PaymentAuthorized { .. } => "payment_authorized",
            Self::AuthorizationVoided { .. } => "authorization_voided",
            Self::PaymentCaptured { .. } => "payment_captured",
            Self::ChargebackRecorded { .. } => "chargeback_recorded",
            Self::ChargebackWon { .. } => "chargeback_won",
            Self::OrderReleased => "order_released",
            Self::OrderHeld { .. } => "order_held",
            Self::OrderUnheld => "order_unheld",
            Self::OrderCancelled { .. } => "order_cancelled",
            Self::OrderExpired => "order_expired",
            Self::GoodsShipped { .. } => "goods_shipped",
            Self::GoodsDelivered { .. } => "goods_delivered",
            Self::LinesCancelled { .. } => "lines_cancelled",
            Self::RefundGranted(_) => "refund_granted",
            Self::CaseOpened { .. } => "case_opened",
            Self::CaseMoved { .. } => "case_moved",
            Self::ReturnSent { .. } => "return_sent",
            Self::ReturnReceived { .. } => "return_received",
            Self::UndeliveredReceived { .. } => "undelivered_received",
            Self::CaseRefunded { .. } => "case_refunded",
            Self::CaseReplaced { .. } => "case_replaced",
            Self::ReplacementShipped { .. } => "replacement_shipped",
            Self::ReplacementDelivered { .. } => "replacement_delivered",
            Self::RefundReserved { .. } => "refund_reserved",
            Self::RefundSucceeded { .. } => "refund_succeeded",
            Self::RefundFailed { .. } => "refund_failed",
            Self::RefundRetried { .. } => "refund_retried",
            Self::RefundSetOff { .. } => "refund_set_off",
            Self::OverRefunded { .. } => "over_refunded",
            Self::ProviderConflict { .. } => "provider_conflict",
            Self::OrderCompleted => "order_completed",
        }
    }

    /// What the event takes back of the buyer's entitlement by line, if it takes anything back.
    #[must_use]
    pub const fn taken(&self) -> Option<&TakenBack> {
        match self {
            Self::LinesCancelled { taken, .. } => Some(taken),
            Self::RefundGranted(granted) | Self::CaseRefunded { granted, .. } => Some(&granted.taken),
            _ => None,
        }
    }

    /// The refund the event reserves with its amount, if it reserves one.
    #[must_use]
    pub const fn reserve(&self) -> Option<(&RefundId, i64)> {
        match self {
            Self::RefundGranted(granted) | Self::CaseRefunded { granted, .. } => {
                Some((&granted.refund_id, granted.amount))
            }
            Self::RefundReserved { refund_id, amount, .. } => Some((refund_id, *amount)),
            _ => None,
        }
    }

    /// What happened as canonical JSON, without the envelope.
    #[must_use]
    pub fn to_json(&self) -> String {
        JsonSink::of(|sink| self.write(sink))
    }

    pub(super) fn write(&self, sink: &mut impl Sink) {
        match self {
            Self::OrderPlaced(placement) => placement.write(sink),
            Self::OrderEdited { placement, sale_version } => placement.write_edited(sink, *sale_version),
            Self::OrderReleased | Self::OrderUnheld | Self::OrderExpired | Self::OrderCompleted => {}
            Self::OrderHeld { reason } | Self::OrderCancelled { reason } => {
                sink.text("reason", reason.as_str());
            }
            Self::GoodsShipped { shipment_id, lines, tracking, pickup } => {
                tracking.write_with(sink, |sink| {
                    write_parts(sink, lines);
                    if let Some(pickup) = pickup {
                        sink.text("pickup", pickup);
                    }
                    sink.text("shipment_id", shipment_id.as_str());
                });
            }
            Self::GoodsDelivered { shipment_id, lines, receipt } => {
                write_parts(sink, lines);
                sink.text("receipt", receipt.name());
                if let Some(id) = shipment_id {
                    sink.text("shipment_id", id.as_str());
                }
            }
            Self::LinesCancelled { taken, reason } => {
                taken.write_lines(sink);
                sink.text("reason", reason.as_str());
                taken.write_charges(sink);
            }
            Self::RefundGranted(granted) => granted.write(sink, None),
            Self::CaseRefunded { case_id, granted } => granted.write(sink, Some(case_id)),
            other => other.write_case(sink),
        }
    }

    /// The events of after-sale cases.
    fn write_case(&self, sink: &mut impl Sink) {
        match self {
            Self::CaseOpened { case_id, kind, goods, lines, reason } => {
                sink.text("case_id", case_id.as_str());
                sink.text("goods", goods.name());
                sink.text("kind", kind.name());
                write_parts(sink, lines);
                sink.text("reason", reason.as_str());
            }
            Self::CaseMoved { case_id, on, reason } => {
                sink.text("case_id", case_id.as_str());
                sink.text("move", on.name());
                sink.text("reason", reason.as_str());
            }
            Self::ReturnSent { case_id, tracking } => {
                tracking.write_with(sink, |sink| sink.text("case_id", case_id.as_str()));
            }
            Self::ReturnReceived { case_id, lines } => {
                sink.text("case_id", case_id.as_str());
                write_returned(sink, lines);
            }
            Self::UndeliveredReceived { lines } => write_returned(sink, lines),
            Self::CaseReplaced { case_id, lines } => {
                sink.text("case_id", case_id.as_str());
                write_parts(sink, lines);
            }
            Self::ReplacementShipped { case_id, shipment_id, tracking } => {
                tracking.write_with(sink, |sink| {
                    sink.text("case_id", case_id.as_str());
                    sink.text("shipment_id", shipment_id.as_str());
                });
            }
            Self::ReplacementDelivered { case_id } => sink.text("case_id", case_id.as_str()),
            money => money.write_money(sink),
        }
    }

    /// The events that are about a transaction or a refund alone.
    fn write_money(&self, sink: &mut impl Sink) {
        match self {
            Self::PaymentAuthorized { transaction_id, amount, method }
            | Self::PaymentCaptured { transaction_id, amount, method } => {
                write_payment(sink, transaction_id, *amount, method.as_ref());
            }
            Self::ChargebackRecorded { transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::AuthorizationVoided { transaction_id } | Self::ChargebackWon { transaction_id } => {
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RefundReserved { refund_id, amount, cause } => {
                sink.int("amount", *amount);
                sink.text("cause", cause.name());
                sink.text("refund_id", refund_id.as_str());
            }
            Self::RefundSucceeded { refund_id, transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("refund_id", refund_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RefundSetOff { refund_id, amount } => {
                sink.int("amount", *amount);
                sink.text("refund_id", refund_id.as_str());
            }
            Self::OverRefunded { refund_id, transaction_id, amount } => {
                sink.int("amount", *amount);
                if let Some(id) = refund_id {
                    sink.text("refund_id", id.as_str());
                }
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RefundFailed { refund_id, transaction_id, reason } => {
                sink.text("reason", reason.as_str());
                sink.text("refund_id", refund_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RefundRetried { refund_id, attempt } => {
                sink.count("attempt", u64::from(*attempt));
                sink.text("refund_id", refund_id.as_str());
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

impl Granted {
    fn write(&self, sink: &mut impl Sink, case_id: Option<&CaseId>) {
        sink.int("amount", self.amount);
        if let Some(id) = case_id {
            sink.text("case_id", id.as_str());
        }
        self.taken.write_lines(sink);
        sink.text("reason", self.reason.as_str());
        sink.text("refund_id", self.refund_id.as_str());
        if self.taken.rounding != 0 {
            sink.int("rounding", self.taken.rounding);
        }
        if self.set_off != 0 {
            sink.int("set_off", self.set_off);
        }
        sink.int("shipping", self.taken.shipping);
    }
}
