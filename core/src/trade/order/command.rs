//! Commands: who asks for what, and under which id.

use super::life::Trigger;
use super::placement::Placement;
use crate::doc::{JsonSink, Sink};
use crate::id::{CommandId, ExternalId, LineId, OrderId, RefundId, TransactionId};
use crate::time::Timestamp;
use std::sync::Arc;

pub use crate::request::{Fingerprint, MAX_REASON_BYTES, Reason, Tenant};

/// What every event repeats of the command that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The shop.
    pub tenant: Tenant,
    /// The order.
    pub order_id: OrderId,
    /// The command's id, named by whoever sends it; a retry keeps it.
    pub command_id: CommandId,
    /// What the command said.
    pub fingerprint: Fingerprint,
    /// Who asked.
    pub actor: ExternalId,
    /// When, by the caller's clock.
    pub at: Timestamp,
}

/// The envelope of a command: everything but what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The shop.
    pub tenant: Tenant,
    /// The order.
    pub order_id: OrderId,
    /// The version the caller saw, to refuse a command on an order that moved on.
    pub expected_version: Option<u64>,
    /// The command's id; the same id never acts twice.
    pub command_id: CommandId,
    /// Who asks: a person, a job, a provider.
    pub actor: ExternalId,
    /// When, by the caller's clock.
    pub now: Timestamp,
}

/// A command: an envelope around an [`Action`], with the fingerprint computed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    header: Arc<Header>,
    expected_version: Option<u64>,
    action: Action,
}

impl Command {
    /// Puts an action into its envelope.
    ///
    /// The fingerprint covers the action and the actor, not the time or the expected version: a retry
    /// that comes later is the same command.
    #[must_use]
    pub fn new(envelope: Envelope, action: Action) -> Self {
        let Envelope { tenant, order_id, expected_version, command_id, actor, now } = envelope;
        let fingerprint = Fingerprint::of(&JsonSink::of(|sink| action.write(sink)), &actor);
        let header = Header { tenant, order_id, command_id, fingerprint, actor, at: now };
        Self { header: Arc::new(header), expected_version, action }
    }

    /// The part that goes into events.
    #[must_use]
    pub const fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// The version the caller saw.
    #[must_use]
    pub const fn expected_version(&self) -> Option<u64> {
        self.expected_version
    }

    /// What is asked for.
    #[must_use]
    pub const fn action(&self) -> &Action {
        &self.action
    }
}

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
    /// How much; without it what was paid for the units.
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

/// What a command asks for or reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Place the order; what was agreed is frozen.
    Place(Arc<Placement>),
    /// The provider authorized an amount.
    Authorize {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units above zero.
        amount: i64,
    },
    /// Give an authorization up, or report that it lapsed.
    VoidAuthorization {
        /// The provider's transaction.
        transaction_id: TransactionId,
    },
    /// The provider captured an amount.
    Capture {
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units above zero.
        amount: i64,
    },
    /// Release a paid order to the warehouse.
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
    /// Units left the warehouse.
    Ship(Parts),
    /// Units reached the buyer.
    Deliver(Parts),
    /// Call unshipped units off and refund them.
    CancelLines {
        /// Which units.
        lines: Vec<Part>,
        /// Why.
        reason: Reason,
    },
    /// Refund without return (仅退款), before completion. Of a line of which nothing has shipped the
    /// units are cancelled, else shipped units are refunded.
    RefundLines(RefundRequest),
    /// Refund after completion.
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
    /// Time has passed: whatever is due happens.
    Tick,
}

impl Action {
    /// What of the table the action stands for; none for a tick, which asks the timers, and for a failed
    /// refund, which moves nothing.
    #[must_use]
    pub const fn trigger(&self) -> Option<Trigger> {
        Some(match self {
            Self::Place(_) => Trigger::Place,
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
            Self::GrantRefund(_) => Trigger::GrantRefund,
            Self::RefundSucceeded { .. } => Trigger::RefundSucceeded,
            Self::RefundFailed { .. } | Self::Tick => return None,
        })
    }

    /// The key of the action in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match (self.trigger(), self) {
            (Some(trigger), _) => trigger.name(),
            (None, Self::Tick) => "tick",
            (None, _) => "refund_failed",
        }
    }

    /// Writes `{"<name>": {…}}` with sorted keys, defaults left out: what the fingerprint is taken over.
    fn write(&self, sink: &mut impl Sink) {
        sink.map(self.name(), |sink| match self {
            Self::Place(placement) => placement.write(sink),
            Self::Authorize { transaction_id, amount } | Self::Capture { transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::VoidAuthorization { transaction_id } => {
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::Release | Self::Unhold | Self::Tick => {}
            Self::Hold { reason } | Self::Cancel { reason } => sink.text("reason", reason.as_str()),
            Self::Ship(parts) | Self::Deliver(parts) => {
                if let Parts::Lines(lines) = parts {
                    write_parts(sink, lines);
                }
            }
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
        });
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

pub(super) fn write_parts(sink: &mut impl Sink, parts: &[Part]) {
    sink.list("lines", parts, |sink, part| {
        sink.text("line", part.line.as_str());
        sink.count("units", part.units);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc;

    fn command(now: i64, actor: &str, amount: i64) -> Command {
        let envelope = Envelope {
            tenant: Tenant::new("").unwrap(),
            order_id: OrderId::from(1),
            expected_version: u64::try_from(now).ok(),
            command_id: CommandId::from(1),
            actor: ExternalId::new(actor).unwrap(),
            now: Timestamp::from_ms(now),
        };
        Command::new(envelope, Action::Capture { transaction_id: TransactionId::from(7), amount })
    }

    #[test]
    fn a_later_retry_is_the_same_command() {
        let first = command(0, "gateway", 100).header().fingerprint;
        assert_eq!(first, command(99, "gateway", 100).header().fingerprint);
        assert_ne!(first, command(0, "gateway", 101).header().fingerprint);
        assert_ne!(first, command(0, "clerk", 100).header().fingerprint);
        let text = "{\"capture\":{\"amount\":100,\"transaction_id\":\"7\"}}";
        assert_eq!(first.to_string(), doc::short_hash(&[text, "gateway"]));
        assert_eq!(Fingerprint::parse(&first.to_string()).unwrap(), first);
        assert!(Fingerprint::parse("+1234567812345678123456781234567").is_err());
    }
}
