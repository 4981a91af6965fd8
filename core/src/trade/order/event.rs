//! Events: what happened to an order. They are stored, and an order is folded from them alone.

use super::command::{Fingerprint, Header, Tenant};
use super::event_data::EventData;
use crate::doc::{self, JsonSink, Node, NodeSink, Sink};
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
fn derived(kind: &str, tenant: &Tenant, order_id: &str, seq: u64) -> String {
    doc::short_hash(&[kind, tenant.as_str(), order_id, &seq.to_string()])
}

/// An id derived from an order, a place in its log, and how many such ids somebody has taken already.
pub(super) fn derived_anew(kind: &str, tenant: &Tenant, order_id: &str, seq: u64, taken: u32) -> String {
    if taken == 0 {
        return derived(kind, tenant, order_id, seq);
    }
    doc::short_hash(&[kind, tenant.as_str(), order_id, &seq.to_string(), &taken.to_string()])
}
