//! An order with its log, for hosts that keep one order at hand.

use super::command::Command;
use super::command::Tenant;
use super::decide::{Decision, decide};
use super::event::Event;
use super::state::Order;
use crate::doc::{MAX_COMMAND_BYTES, Node, read_json};
use crate::error::{Code, Error, Result};
use crate::id::OrderId;

/// An order and every event it was folded from.
///
/// ```
/// use fenrun::trade::order::OrderStream;
/// let mut stream = OrderStream::new("", "1")?;
/// let place = r#"{"order_id": "1", "command_id": "c1", "now": 0, "actor": "shop", "command":
///     {"place": {"currency": "CNY", "lines": [{"id": 1, "units": 2, "paid": 10000}]}}}"#;
/// let pay = r#"{"order_id": "1", "command_id": "c2", "now": 5, "actor": "gateway", "command":
///     {"capture": {"transaction_id": "t1", "amount": 10000}}}"#;
/// stream.handle_json(place)?;
/// assert_eq!(stream.handle_json(pay)?.get("order").and_then(|order| order.get("life")), Some(&"paid".into()));
/// assert_eq!(stream.handle_json(pay)?.get("repeat"), Some(&true.into()));
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderStream {
    order: Order,
    events: Vec<Event>,
}

/// What became of a command: its events, and whether it acted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handled<'a> {
    /// The events the command made, now or when it came first.
    pub events: &'a [Event],
    /// Whether the command came before.
    pub repeat: bool,
}

impl OrderStream {
    /// An order to which nothing has happened.
    ///
    /// # Errors
    /// [`Code::InvalidId`].
    pub fn new(tenant: &str, order_id: &str) -> Result<Self> {
        let order = Order::draft(Tenant::new(tenant)?, OrderId::new(order_id)?);
        Ok(Self { order, events: Vec::new() })
    }

    /// Folds a log, from its first event on.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] for an empty log, or when an event cannot follow on those before it.
    pub fn replay(events: Vec<Event>) -> Result<Self> {
        let Some(first) = events.first() else {
            return Err(Error::new(Code::InvalidEvent, "an empty log names no order"));
        };
        let mut order = Order::draft(first.header.tenant.clone(), first.header.order_id.clone());
        for event in &events {
            order.apply(event)?;
        }
        Ok(Self { order, events })
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// Its log.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Decides a command and folds its events in. A command that came before gives its original events.
    ///
    /// # Errors
    /// As [`decide`]; the order is then as it was.
    pub fn handle(&mut self, command: &Command) -> Result<Handled<'_>> {
        let (from, repeat) = match decide(&self.order, command)? {
            Decision::Repeat { first_seq, last_seq } => {
                let place = |seq: u64| usize::try_from(seq).unwrap_or(usize::MAX);
                let events = self.events.get(place(first_seq) - 1..place(last_seq));
                return Ok(Handled { events: events.unwrap_or_default(), repeat: true });
            }
            Decision::Accepted(events) => {
                let from = self.events.len();
                self.fold(&events)?;
                self.events.extend(events);
                (from, false)
            }
        };
        Ok(Handled { events: &self.events[from..], repeat })
    }

    /// Folds the events of one command in, all or none: where one cannot follow, the log makes the order
    /// anew, so that nobody pays for a copy while all is well.
    fn fold(&mut self, events: &[Event]) -> Result<()> {
        let Some(fault) = events.iter().find_map(|event| self.order.apply(event).err()) else {
            return Ok(());
        };
        let mut order = Order::draft(self.order.tenant().clone(), self.order.id().clone());
        for event in &self.events {
            order.apply(event)?;
        }
        self.order = order;
        Err(fault)
    }

    /// Decides a command given as JSON and answers with `{"events": […], "order": {…}, "repeat": …}`.
    ///
    /// # Errors
    /// What is wrong with the document, and as [`decide`]; the order is then as it was.
    pub fn handle_json(&mut self, command: &str) -> Result<Node> {
        let command = Command::from_node(&read_json(command, MAX_COMMAND_BYTES)?)?;
        let handled = self.handle(&command)?;
        let repeat = Node::from(handled.repeat);
        let events: Vec<Node> = handled.events.iter().map(Event::to_node).collect();
        Ok(Node::map([("events", events.into()), ("order", self.order.to_node()), ("repeat", repeat)]))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_a_command_are_folded_all_or_none() {
        let mut stream = OrderStream::new("", "1").unwrap();
        let text = r#"{"order_id": "1", "command_id": "c", "now": 0, "actor": "x", "command":
            {"place": {"currency": "CNY", "lines": [{"id": 1, "paid": 5}]}}}"#;
        stream.handle_json(text).unwrap();
        let pay = r#"{"order_id": "1", "command_id": "d", "now": 0, "actor": "x", "command":
            {"capture": {"transaction_id": "t", "amount": 5}}}"#;
        let command = Command::from_node(&read_json(pay, MAX_COMMAND_BYTES).unwrap()).unwrap();
        let Decision::Accepted(mut events) = decide(stream.order(), &command).unwrap() else { return };
        events.push(events[0].clone());
        let before = stream.clone();
        assert_eq!(stream.fold(&events).unwrap_err().code(), Code::InvalidEvent);
        assert_eq!(stream, before);
        assert!(stream.fold(&events[..1]).is_ok() && stream != before);
    }
}
