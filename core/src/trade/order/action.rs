//! What a command asks for or reports.

use super::case::{CaseKind, CaseMove, Goods, ReturnedPart};
use super::command::Reason;
use super::life::Trigger;
use super::placement::{Placement, Revision};
use super::shipment::{Dispatch, Handover, Tracking};
use crate::doc::Sink;
use crate::id::{CaseId, ExternalId, LineId, RefundId, ShipmentId, TransactionId};
use std::sync::Arc;

/// Some units of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which line.
    pub line: LineId,
    /// How many units, above zero.
    pub units: u64,
}

/// Which units a shipment or a delivery is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Every unit that can be.
    All,
    /// These.
    Lines(Vec<Part>),
}

/// Units and money of one line to give back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundPart {
    /// Which line.
    pub line: LineId,
    /// How many units; zero gives money back and leaves the units.
    pub units: u64,
    /// How much of the net; without it what was paid for the units.
    pub amount: Option<i64>,
}

/// A refund somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// Its id; a retry at the gateway keeps it.
    pub refund_id: RefundId,
    /// What to give back, by line.
    pub lines: Vec<RefundPart>,
    /// How much of the shipping; without it nothing, and everything once no unit is left.
    pub shipping: Option<i64>,
    /// Why.
    pub reason: Reason,
}

/// How an after-sale case ends well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// With a refund; without lines, of every unit of the case, of a return every unit that came back.
    Refund(RefundRequest),
    /// With the same goods again, for every unit that came back.
    Replace,
}

/// What a command asks for or reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Place the order; what was agreed is frozen.
    Place(Arc<Placement>),
    /// Change the lines before anything ships. What is now short is to be paid, what is now over goes
    /// back; the order becomes the next version of its sale.
    Edit(Arc<Revision>),
    /// The provider authorized an amount.
    Authorize {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units above zero.
        amount: i64,
        /// By which payment method; the one that was chosen where nobody says.
        method: Option<ExternalId>,
    },
    /// Give an authorization up, or report that it lapsed.
    VoidAuthorization {
        /// The provider's transaction.
        transaction_id: TransactionId,
    },
    /// The provider captured an amount, or the courier collected it.
    Capture {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units above zero.
        amount: i64,
        /// By which payment method; the one that was chosen where nobody says.
        method: Option<ExternalId>,
    },
    /// The provider took an amount back on the buyer's complaint.
    ChargeBack {
        /// The provider's transaction: the dispute's own, not the capture's.
        transaction_id: TransactionId,
        /// Minor units above zero.
        amount: i64,
    },
    /// A charge-back was decided for the shop: its amount came back.
    ChargeBackWon {
        /// The transaction of the charge-back.
        transaction_id: TransactionId,
    },
    /// Release a paid order, or one that is paid on delivery, to the warehouse.
    Release,
    /// Hold an order back for a check.
    Hold {
        /// Why.
        reason: Reason,
    },
    /// Lift a hold.
    Unhold,
    /// Call the order off; what was captured is refunded.
    Cancel {
        /// Why.
        reason: Reason,
    },
    /// Units left the warehouse, are ready to be fetched, or are delivered without goods.
    Ship(Dispatch),
    /// Units reached the buyer.
    Deliver(Handover),
    /// Call unshipped units off and refund them.
    CancelLines {
        /// Which units.
        lines: Vec<Part>,
        /// Why.
        reason: Reason,
    },
    /// Refund without return (仅退款) and without a case, before completion. Of a line of which nothing
    /// has shipped the units are cancelled, else units that arrived are refunded, then those on their way.
    RefundLines(RefundRequest),
    /// Open an after-sale case about shipped units.
    OpenCase {
        /// Its id.
        case_id: CaseId,
        /// What the buyer asks for.
        kind: CaseKind,
        /// Whether the goods arrived; without it they did once anything was delivered.
        goods: Option<Goods>,
        /// Which units.
        lines: Vec<Part>,
        /// Why.
        reason: Reason,
    },
    /// Move a case that needs nothing more than a reason: approve, reject, withdraw, refuse the return.
    MoveCase {
        /// Which case.
        case_id: CaseId,
        /// How.
        to: CaseMove,
        /// Why.
        reason: Reason,
    },
    /// The buyer sent goods back.
    SendReturn {
        /// Which case.
        case_id: CaseId,
        /// Who carries them.
        tracking: Tracking,
    },
    /// Goods came back.
    ReceiveReturn {
        /// Which case.
        case_id: CaseId,
        /// Which units, and how they are.
        lines: Vec<ReturnedPart>,
    },
    /// End a case with a refund or with the same goods again; with a refund after all while goods it
    /// promised did not arrive.
    ResolveCase {
        /// Which case.
        case_id: CaseId,
        /// How.
        resolution: Resolution,
    },
    /// The goods an exchange promised left the warehouse.
    ShipReplacement {
        /// Which case.
        case_id: CaseId,
        /// The shipment's id; derived from the event's place when it is not named.
        shipment_id: Option<ShipmentId>,
        /// Who carries it.
        tracking: Tracking,
    },
    /// The goods an exchange promised reached the buyer.
    DeliverReplacement {
        /// Which case.
        case_id: CaseId,
    },
    /// Units that did not arrive, refused at the door or lost, came back to the warehouse. It is recorded
    /// whatever became of the order.
    ReceiveUndelivered {
        /// Which units, and how they are.
        lines: Vec<ReturnedPart>,
    },
    /// Refund after completion, or after the last unit went while money was kept.
    GrantRefund(RefundRequest),
    /// The provider paid a refund out.
    RefundSucceeded {
        /// Our refund.
        refund_id: RefundId,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units above zero.
        amount: i64,
    },
    /// The provider could not pay a refund out; it stays open and is tried again under the same id.
    RefundFailed {
        /// Our refund.
        refund_id: RefundId,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Why.
        reason: Reason,
    },
    /// Try a refund that failed again, under its id.
    RetryRefund {
        /// Our refund.
        refund_id: RefundId,
    },
    /// Time has passed: whatever is due happens.
    Tick,
}

impl Action {
    /// What of the table the action stands for; none for a tick, which asks the timers, and for facts
    /// that move nothing.
    #[must_use]
    pub const fn trigger(&self) -> Option<Trigger> {
        Some(match self {
            Self::Place(_) => Trigger::Place,
            Self::Edit(_) => Trigger::Edit,
            Self::Authorize { .. } => Trigger::Authorize,
            Self::VoidAuthorization { .. } => Trigger::VoidAuthorization,
            Self::Capture { .. } => Trigger::Capture,
            Self::Release => Trigger::Release,
            Self::Hold { .. } => Trigger::Hold,
            Self::Unhold => Trigger::Unhold,
            Self::Cancel { .. } => Trigger::Cancel,
            Self::Ship(_) => Trigger::Ship,
            Self::Deliver(_) => Trigger::Deliver,
            Self::CancelLines { .. } => Trigger::CancelLines,
            Self::RefundLines(_) => Trigger::RefundLines,
            Self::OpenCase { .. }
            | Self::MoveCase { .. }
            | Self::SendReturn { .. }
            | Self::ReceiveReturn { .. }
            | Self::ShipReplacement { .. }
            | Self::DeliverReplacement { .. } => Trigger::Case,
            Self::ResolveCase { .. } => Trigger::ResolveCase,
            Self::GrantRefund(_) => Trigger::GrantRefund,
            Self::RefundSucceeded { .. } => Trigger::RefundSucceeded,
            Self::ChargeBack { .. }
            | Self::ChargeBackWon { .. }
            | Self::RefundFailed { .. }
            | Self::RetryRefund { .. }
            | Self::ReceiveUndelivered { .. }
            | Self::Tick => return None,
        })
    }

    /// The key of the action in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OpenCase { .. } => "open_case",
            Self::MoveCase { to, .. } => to.name(),
            Self::SendReturn { .. } => "send_return",
            Self::ReceiveReturn { .. } => "receive_return",
            Self::ReceiveUndelivered { .. } => "receive_undelivered",
            Self::ShipReplacement { .. } => "ship_replacement",
            Self::DeliverReplacement { .. } => "deliver_replacement",
            Self::ChargeBack { .. } => "charge_back",
            Self::ChargeBackWon { .. } => "charge_back_won",
            Self::RefundFailed { .. } => "refund_failed",
            Self::RetryRefund { .. } => "retry_refund",
            Self::Tick => "tick",
            listed => match listed.trigger() {
                Some(trigger) => trigger.name(),
                None => "",
            },
        }
    }

    /// Writes `{"<name>": {…}}` with sorted keys, defaults left out: what the fingerprint is taken over.
    pub(super) fn write(&self, sink: &mut impl Sink) {
        sink.map(self.name(), |sink| match self {
            Self::Place(placement) => placement.write(sink),
            Self::Edit(revision) => revision.write(sink),
            Self::Authorize { transaction_id, amount, method }
            | Self::Capture { transaction_id, amount, method } => {
                write_payment(sink, transaction_id, *amount, method.as_ref());
            }
            Self::ChargeBack { transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::VoidAuthorization { transaction_id } | Self::ChargeBackWon { transaction_id } => {
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::Release | Self::Unhold | Self::Tick => {}
            Self::Hold { reason } | Self::Cancel { reason } => sink.text("reason", reason.as_str()),
            Self::Ship(dispatch) => dispatch.write(sink),
            Self::Deliver(handover) => handover.write(sink),
            Self::CancelLines { lines, reason } => {
                write_parts(sink, lines);
                sink.text("reason", reason.as_str());
            }
            Self::RefundLines(request) | Self::GrantRefund(request) => request.write(sink),
            Self::RefundSucceeded { refund_id, transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("refund_id", refund_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RefundFailed { refund_id, transaction_id, reason } => {
                sink.text("reason", reason.as_str());
                sink.text("refund_id", refund_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::RetryRefund { refund_id } => sink.text("refund_id", refund_id.as_str()),
            case => case.write_case(sink),
        });
    }

    fn write_case(&self, sink: &mut impl Sink) {
        match self {
            Self::OpenCase { case_id, kind, goods, lines, reason } => {
                sink.text("case_id", case_id.as_str());
                if let Some(goods) = goods {
                    sink.text("goods", goods.name());
                }
                sink.text("kind", kind.name());
                write_parts(sink, lines);
                sink.text("reason", reason.as_str());
            }
            Self::MoveCase { case_id, reason, .. } => {
                sink.text("case_id", case_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::SendReturn { case_id, tracking } => {
                tracking.write_with(sink, |sink| sink.text("case_id", case_id.as_str()));
            }
            Self::ReceiveReturn { case_id, lines } => {
                sink.text("case_id", case_id.as_str());
                write_returned(sink, lines);
            }
            Self::ReceiveUndelivered { lines } => write_returned(sink, lines),
            Self::ResolveCase { case_id, resolution } => {
                sink.text("case_id", case_id.as_str());
                if let Resolution::Refund(request) = resolution {
                    request.write(sink);
                }
            }
            Self::ShipReplacement { case_id, shipment_id, tracking } => {
                tracking.write_with(sink, |sink| {
                    sink.text("case_id", case_id.as_str());
                    if let Some(id) = shipment_id {
                        sink.text("shipment_id", id.as_str());
                    }
                });
            }
            Self::DeliverReplacement { case_id } => sink.text("case_id", case_id.as_str()),
            _ => {}
        }
    }
}

impl RefundRequest {
    fn write(&self, sink: &mut impl Sink) {
        sink.list("lines", &self.lines, |sink, part| {
            if let Some(amount) = part.amount {
                sink.int("amount", amount);
            }
            sink.text("line", part.line.as_str());
            sink.count("units", part.units);
        });
        sink.text("reason", self.reason.as_str());
        sink.text("refund_id", self.refund_id.as_str());
        if let Some(shipping) = self.shipping {
            sink.int("shipping", shipping);
        }
    }
}

impl Tracking {
    /// Writes `carrier`, what stands between, and `tracking`.
    pub(super) fn write_with<S: Sink>(&self, sink: &mut S, between: impl FnOnce(&mut S)) {
        if let Some(carrier) = &self.carrier {
            sink.text("carrier", carrier.as_str());
        }
        between(sink);
        if let Some(number) = &self.number {
            sink.text("tracking", number.as_str());
        }
    }
}

impl Dispatch {
    fn write(&self, sink: &mut impl Sink) {
        self.tracking.write_with(sink, |sink| {
            if let Parts::Lines(lines) = &self.parts {
                write_parts(sink, lines);
            }
            if let Some(code) = &self.pickup_code {
                sink.text("pickup_code", code.as_str());
            }
            if let Some(id) = &self.shipment_id {
                sink.text("shipment_id", id.as_str());
            }
        });
    }
}

impl Handover {
    fn write(&self, sink: &mut impl Sink) {
        if let Parts::Lines(lines) = &self.parts {
            write_parts(sink, lines);
        }
        if let Some(code) = &self.pickup_code {
            sink.text("pickup_code", code.as_str());
        }
        if let Some(id) = &self.shipment_id {
            sink.text("shipment_id", id.as_str());
        }
    }
}

/// Money that came in, or is promised.
pub(super) fn write_payment(
    sink: &mut impl Sink,
    transaction_id: &TransactionId,
    amount: i64,
    method: Option<&ExternalId>,
) {
    sink.int("amount", amount);
    if let Some(method) = method {
        sink.text("method", method.as_str());
    }
    sink.text("transaction_id", transaction_id.as_str());
}

pub(super) fn write_parts(sink: &mut impl Sink, parts: &[Part]) {
    sink.list("lines", parts, |sink, part| {
        sink.text("line", part.line.as_str());
        sink.count("units", part.units);
    });
}

pub(super) fn write_returned(sink: &mut impl Sink, parts: &[ReturnedPart]) {
    sink.list("lines", parts, |sink, part| {
        sink.count("damaged", part.damaged);
        sink.text("line", part.line.as_str());
        sink.count("ok", part.ok);
    });
}
