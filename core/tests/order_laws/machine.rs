//! An order machine as the laws see it: what decides, what folds, what is shown, what is stored.

use fenrun::id::{CaseId, CommandId, ExternalId, LineId, OrderId, RefundId, TransactionId};
use fenrun::time::Timestamp;
use fenrun::trade::order::{
    Action, CaseState, Command, Deadline, Decision, Envelope, Event, EventData, Intent, LineState, Order,
    Payment, Placement, Refund, Shipment, Tenant, decide, evolve, intents,
};
use fenrun::{Code, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every method has the real thing as its body; a mutant replaces one.
pub(crate) trait Machine {
    fn decide(&self, order: &Order, command: &Command) -> Result<Decision> {
        decide(order, command)
    }

    fn evolve(&self, order: Order, event: &Event) -> Result<Order> {
        evolve(order, event)
    }

    /// What a refused command does to the order.
    fn refused(&self, order: Order, _command: &Command) -> Order {
        order
    }

    fn view(&self, order: &Order, log: &[Event]) -> View {
        let _ = log;
        View::of(order)
    }

    fn intents(&self, before: &Order, event: &Event) -> Result<Vec<Intent>> {
        intents(before, event)
    }

    fn store(&self, event: &Event) -> String {
        event.to_json()
    }

    fn load(&self, line: &str) -> Result<Event> {
        Event::from_json(line)
    }
}

/// The engine itself.
pub(crate) struct Engine;

impl Machine for Engine {}

/// What an order shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) life: String,
    pub(crate) version: u64,
    pub(crate) total: i64,
    pub(crate) shipping: i64,
    pub(crate) rounding: i64,
    pub(crate) shipping_left: i64,
    pub(crate) rounding_left: i64,
    pub(crate) charged_back: i64,
    pub(crate) owed: i64,
    pub(crate) sale_version: u32,
    pub(crate) cases: BTreeMap<CaseId, CaseState>,
    pub(crate) shipments: Vec<Shipment>,
    pub(crate) authorized: i64,
    pub(crate) captured: i64,
    pub(crate) open: i64,
    pub(crate) refunded: i64,
    pub(crate) receivable: i64,
    pub(crate) missing: i64,
    pub(crate) payment: Payment,
    pub(crate) refund: Refund,
    pub(crate) held: bool,
    pub(crate) lines: Vec<LineState>,
    pub(crate) left: Vec<(u64, i64)>,
    pub(crate) deadlines: Vec<Deadline>,
    pub(crate) sale: Option<String>,
}

impl View {
    pub(crate) fn of(order: &Order) -> Self {
        Self {
            life: order.life().name().to_owned(),
            version: order.version(),
            total: order.total(),
            shipping: order.placement().map_or(0, Placement::shipping),
            rounding: order.placement().map_or(0, Placement::rounding),
            shipping_left: order.shipping_left(),
            rounding_left: order.rounding_left(),
            charged_back: order.charged_back(),
            owed: order.owed(),
            sale_version: order.sale_version(),
            cases: order.cases().clone(),
            shipments: order.shipments().to_vec(),
            authorized: order.authorized(),
            captured: order.captured(),
            open: order.refunds_open(),
            refunded: order.refunded(),
            receivable: order.receivable(),
            missing: order.missing(),
            payment: Payment::of(order),
            refund: Refund::of(order),
            held: order.held().is_some(),
            lines: order.lines().to_vec(),
            left: order.left().iter().map(|line| (line.units_left, line.net_left)).collect(),
            deadlines: order.deadlines(),
            sale: order.to_sale().ok().map(|sale| sale.to_node().to_json()),
        }
    }

    pub(crate) fn is_terminal(&self) -> bool {
        ["completed", "cancelled", "expired", "refunded"].contains(&self.life.as_str())
    }
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted(Vec<Event>),
    Repeat(u64, u64),
    Refused(Code),
    /// Accepted, and then its events did not fold: always a bug.
    Broken(String),
}

/// One order driven by commands.
pub(crate) struct Run<'m> {
    pub(crate) machine: &'m dyn Machine,
    pub(crate) order: Order,
    pub(crate) log: Vec<Event>,
    pub(crate) sent: Vec<Command>,
    pub(crate) now: i64,
}

impl<'m> Run<'m> {
    pub(crate) fn new(machine: &'m dyn Machine) -> Self {
        let order = Order::draft(Tenant::new("t").unwrap(), OrderId::from(1));
        Self { machine, order, log: Vec::new(), sent: Vec::new(), now: 0 }
    }

    pub(crate) fn envelope(&self, id: u64) -> Envelope {
        Envelope {
            tenant: self.order.tenant().clone(),
            order_id: self.order.id().clone(),
            expected_version: None,
            command_id: CommandId::from(id),
            actor: ExternalId::new("law").unwrap(),
            now: Timestamp::from_ms(self.now),
        }
    }

    /// A command of the next free id.
    pub(crate) fn next(&self, action: Action) -> Command {
        Command::new(self.envelope(1 + u64::try_from(self.sent.len()).unwrap()), action)
    }

    pub(crate) fn act(&mut self, action: Action) -> Verdict {
        let command = self.next(action);
        self.send(&command)
    }

    pub(crate) fn send(&mut self, command: &Command) -> Verdict {
        self.sent.push(command.clone());
        match self.machine.decide(&self.order, command) {
            Err(error) => {
                self.order = self.machine.refused(self.order.clone(), command);
                Verdict::Refused(error.code())
            }
            Ok(Decision::Repeat { first_seq, last_seq }) => Verdict::Repeat(first_seq, last_seq),
            Ok(Decision::Accepted(events)) => {
                let mut order = self.order.clone();
                for event in &events {
                    match self.machine.evolve(order, event) {
                        Ok(next) => order = next,
                        Err(error) => return Verdict::Broken(error.to_string()),
                    }
                }
                self.order = order;
                self.log.extend(events.iter().cloned());
                Verdict::Accepted(events)
            }
        }
    }

    pub(crate) fn view(&self) -> View {
        self.machine.view(&self.order, &self.log)
    }

    pub(crate) fn line_id(&self, at: usize) -> LineId {
        self.order.placement().unwrap().lines()[at].id.clone()
    }

    /// Refunds with something still to pay out.
    pub(crate) fn open_refunds(&self) -> Vec<(RefundId, i64)> {
        let open = self.order.refunds().iter().filter(|(_, refund)| refund.open > 0);
        open.map(|(id, refund)| (id.clone(), refund.open)).collect()
    }

    /// What the provider reported as captured so far, first report of each transaction.
    pub(crate) fn captures(&self) -> Vec<(TransactionId, i64)> {
        let captures = self.log.iter().filter_map(|event| match &event.data {
            EventData::PaymentCaptured { transaction_id, amount, .. } => {
                Some((transaction_id.clone(), *amount))
            }
            _ => None,
        });
        captures.collect()
    }

    /// Authorizations reported so far.
    pub(crate) fn authorizations(&self) -> Vec<(TransactionId, i64)> {
        let given = self.log.iter().filter_map(|event| match &event.data {
            EventData::PaymentAuthorized { transaction_id, amount, .. } => {
                Some((transaction_id.clone(), *amount))
            }
            _ => None,
        });
        given.collect()
    }

    /// Charge-backs recorded so far.
    pub(crate) fn charge_backs(&self) -> Vec<(TransactionId, i64)> {
        let charged = self.log.iter().filter_map(|event| match &event.data {
            EventData::ChargebackRecorded { transaction_id, amount } => {
                Some((transaction_id.clone(), *amount))
            }
            _ => None,
        });
        charged.collect()
    }

    /// Payouts reported so far.
    pub(crate) fn payouts(&self) -> Vec<(RefundId, TransactionId, i64)> {
        let payouts = self.log.iter().filter_map(|event| match &event.data {
            EventData::RefundSucceeded { refund_id, transaction_id, amount } => {
                Some((refund_id.clone(), transaction_id.clone(), *amount))
            }
            _ => None,
        });
        payouts.collect()
    }
}

/// The same event with other content.
pub(crate) fn with(event: &Event, data: EventData) -> Event {
    Event { header: Arc::clone(&event.header), seq: event.seq, data }
}

/// The same command with another action, id or time.
pub(crate) fn again(command: &Command, action: Action, id: Option<&str>, now: i64) -> Command {
    let header = command.header();
    let envelope = Envelope {
        tenant: header.tenant.clone(),
        order_id: header.order_id.clone(),
        expected_version: command.expected_version(),
        command_id: id.map_or_else(|| header.command_id.clone(), |id| CommandId::new(id).unwrap()),
        actor: header.actor.clone(),
        now: Timestamp::from_ms(now),
    };
    Command::new(envelope, action)
}
