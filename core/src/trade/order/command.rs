//! Commands: who asks for what, and under which id.

use super::action::Action;
use crate::doc::JsonSink;
use crate::id::{CommandId, ExternalId, OrderId};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc;
    use crate::id::TransactionId;

    fn command(now: i64, actor: &str, amount: i64) -> Command {
        let envelope = Envelope {
            tenant: Tenant::new("").unwrap(),
            order_id: OrderId::from(1),
            expected_version: u64::try_from(now).ok(),
            command_id: CommandId::from(1),
            actor: ExternalId::new(actor).unwrap(),
            now: Timestamp::from_ms(now),
        };
        Command::new(
            envelope,
            Action::Capture { transaction_id: TransactionId::from(7), amount, method: None },
        )
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
