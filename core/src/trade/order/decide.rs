//! Deciding commands: `(order, command) → events`, or why not.

use super::command::{Action, Command, Header, Part, Parts, Reason, RefundRequest};
use super::event::{Cause, Event, EventData, FactKind, Receipt, derived};
use super::evolve::is_conflict;
use super::life::Trigger;
use super::placement::{Placement, Release};
use super::refund::{self, TakeBack, check_units, find};
use super::state::{LineState, Order};
use super::table::{self, TABLE};
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, RefundId, TransactionId};
use std::sync::Arc;

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The events it makes; none when there was nothing to do (a duplicate report, a tick too early).
    Accepted(Vec<Event>),
    /// The command acted before: these are the places of its events.
    Repeat {
        /// Place of its first event.
        first_seq: u64,
        /// Place of its last event.
        last_seq: u64,
    },
}

/// Decides a command. Nothing changes: the events do that, through [`evolve`](super::evolve).
///
/// # Errors
/// In this order: [`Code::InvalidCommand`] for another order; [`Code::IdempotencyConflict`] when the
/// command's id came before with another content; [`Code::VersionConflict`]; [`Code::NotAllowed`] when the
/// table does not list the command; then what the command itself breaks: [`Code::InvalidCommand`],
/// [`Code::UnknownLine`], [`Code::TooManyUnits`], [`Code::OverRefund`], [`Code::UnknownRefund`],
/// [`Code::InvalidQuote`], [`Code::Overflow`].
pub fn decide(order: &Order, command: &Command) -> Result<Decision> {
    let header = command.header();
    if header.tenant != *order.tenant() || header.order_id != *order.id() {
        let rule =
            format!("command {} is about order {}, not {}", header.command_id, header.order_id, order.id());
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    if let Some(acted) = order.commands.get(&header.command_id) {
        if acted.fingerprint != header.fingerprint {
            let rule = format!("command {} came before with another content", header.command_id);
            return Err(Error::new(Code::IdempotencyConflict, rule));
        }
        return Ok(Decision::Repeat { first_seq: acted.first_seq, last_seq: acted.last_seq });
    }
    if let Some(expected) = command.expected_version().filter(|expected| *expected != order.version()) {
        let rule = format!("order {} is at version {}, not {expected}", order.id(), order.version());
        return Err(Error::new(Code::VersionConflict, rule));
    }
    let mut draft = Draft { order, header, events: Vec::with_capacity(2) };
    draft.decide(command.action())?;
    Ok(Decision::Accepted(draft.events))
}

/// The events of one command while they are made.
struct Draft<'a> {
    order: &'a Order,
    header: &'a Arc<Header>,
    events: Vec<Event>,
}

impl Draft<'_> {
    fn decide(&mut self, action: &Action) -> Result<()> {
        self.check_listed(action)?;
        match action {
            Action::Place(placement) => self.place(placement),
            Action::Authorize { transaction_id, amount } => self.authorize(transaction_id, *amount),
            Action::VoidAuthorization { transaction_id } => self.void(transaction_id),
            Action::Capture { transaction_id, amount } => self.capture(transaction_id, *amount),
            Action::Release => self.unless_held(EventData::OrderReleased),
            Action::Hold { reason } => self.unless_held(EventData::OrderHeld { reason: reason.clone() }),
            Action::Unhold if self.order.held().is_none() => Err(self.refused("is not held")),
            Action::Unhold => self.push(EventData::OrderUnheld),
            Action::Cancel { reason } => {
                self.close(EventData::OrderCancelled { reason: reason.clone() }, Cause::Cancelled)
            }
            Action::Ship(parts) => {
                let lines = self.units(parts, |line| line.live() - line.shipped, "unshipped units")?;
                self.unless_held(EventData::GoodsShipped { lines })
            }
            Action::Deliver(parts) => {
                let lines = self.units(parts, |line| line.shipped - line.delivered, "units on their way")?;
                self.push(EventData::GoodsDelivered { lines, receipt: Receipt::Confirmed })
            }
            Action::CancelLines { lines, reason } => {
                if lines.is_empty() {
                    return Err(Error::new(Code::InvalidCommand, "cancel_lines: no line is named"));
                }
                let TakeBack { lines, shipping, amount } = refund::cancelled(self.order, lines)?;
                // Reserved first: an order whose last unit goes is not refunded before the money is.
                self.reserve(amount.min(self.order.refundable()), Cause::LinesCancelled)?;
                self.push(EventData::LinesCancelled { lines, shipping, reason: reason.clone() })
            }
            Action::RefundLines(request) | Action::GrantRefund(request) => self.grant(request),
            Action::RefundSucceeded { refund_id, transaction_id, amount } => {
                self.refund_succeeded(refund_id, transaction_id, *amount)
            }
            Action::RefundFailed { refund_id, transaction_id, reason } => {
                self.refund_failed(refund_id, transaction_id, reason)
            }
            Action::Tick => self.tick(),
        }
    }

    fn check_listed(&self, action: &Action) -> Result<()> {
        let life = self.order.life();
        let Some(on) = action.trigger().filter(|on| !table::allows(life, *on)) else { return Ok(()) };
        let mut listed: Vec<_> =
            TABLE.iter().filter(|row| row.from == life).map(|row| row.on.name()).collect();
        listed.dedup();
        let listed = if listed.is_empty() { "facts of providers only".into() } else { listed.join(", ") };
        Err(self.refused(&format!("is {}: {} is not listed for it, but {listed}", life.name(), on.name())))
    }

    fn refused(&self, rule: &str) -> Error {
        Error::new(Code::NotAllowed, format!("order {} {rule}", self.order.id()))
    }

    /// The place of the next event.
    fn next_seq(&self) -> u64 {
        self.order.version() + 1 + u64::try_from(self.events.len()).unwrap_or(u64::MAX)
    }

    // Every path ends by pushing an event, so pushing returns what a path returns.
    #[allow(clippy::unnecessary_wraps)]
    fn push(&mut self, data: EventData) -> Result<()> {
        let event = Event { header: Arc::clone(self.header), seq: self.next_seq(), data };
        self.events.push(event);
        Ok(())
    }

    fn unless_held(&mut self, data: EventData) -> Result<()> {
        match self.order.held() {
            Some(reason) => Err(self.refused(&format!("is on hold: {:?}", reason.as_str()))),
            None => self.push(data),
        }
    }

    /// Reserves a refund nobody named; its id is derived from the place of its event.
    fn reserve(&mut self, amount: i64, cause: Cause) -> Result<()> {
        if amount <= 0 {
            return Ok(());
        }
        let (tenant, order_id) = (self.order.tenant(), self.order.id().as_str());
        let id = derived("fenrun.refund/0", tenant, order_id, self.next_seq());
        let refund_id = RefundId::from(ExternalId::new(&id)?);
        self.push(EventData::RefundReserved { refund_id, amount, cause })
    }

    fn place(&mut self, placement: &Arc<Placement>) -> Result<()> {
        if let Some(quote) = placement.quote().filter(|quote| quote.valid_until < self.header.at) {
            let rule =
                format!("the quote was valid until {}, and it is {}", quote.valid_until, self.header.at);
            return Err(Error::new(Code::InvalidQuote, rule));
        }
        self.push(EventData::OrderPlaced(Arc::clone(placement)))?;
        if placement.total() == 0 && placement.terms().release == Release::Automatic {
            self.push(EventData::OrderReleased)?;
        }
        Ok(())
    }

    fn authorize(&mut self, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        above_zero(amount)?;
        if let Some(known) = self.order.authorizations.get(transaction_id) {
            return self.known(FactKind::Authorize, transaction_id, known.amount, amount);
        }
        fits(self.order.authorized(), amount)?;
        self.push(EventData::PaymentAuthorized { transaction_id: transaction_id.clone(), amount })?;
        if self.order.life().awaits_money() {
            return Ok(());
        }
        self.push(EventData::AuthorizationVoided { transaction_id: transaction_id.clone() })
    }

    fn void(&mut self, transaction_id: &TransactionId) -> Result<()> {
        match self.order.authorizations.get(transaction_id) {
            None => {
                let rule = format!("order {} has no authorization {transaction_id}", self.order.id());
                Err(Error::new(Code::InvalidCommand, rule))
            }
            Some(known) if known.open => {
                self.push(EventData::AuthorizationVoided { transaction_id: transaction_id.clone() })
            }
            Some(_) => Ok(()),
        }
    }

    fn capture(&mut self, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        above_zero(amount)?;
        let order = self.order;
        if let Some(known) = order.captures.get(transaction_id) {
            return self.known(FactKind::Capture, transaction_id, *known, amount);
        }
        let captured = fits(order.captured(), amount)?;
        self.push(EventData::PaymentCaptured { transaction_id: transaction_id.clone(), amount })?;
        let waits = order.life().awaits_money();
        let release = order.placement().map(|placement| placement.terms().release);
        if waits && captured >= order.total() && release == Some(Release::Automatic) {
            self.push(EventData::OrderReleased)?;
        }
        let owed = if waits { (order.total() - order.captured()).max(0) } else { 0 };
        // What was refunded beyond the captures is set off first: never more goes back than came in.
        let bound = captured.saturating_sub(order.refunded().saturating_add(order.refunds_open()));
        self.reserve((amount - amount.min(owed)).min(bound), Cause::UnneededCapture)
    }

    fn grant(&mut self, request: &RefundRequest) -> Result<()> {
        if self.order.refunds().contains_key(&request.refund_id) {
            let rule = format!("refund {} exists; another refund has another id", request.refund_id);
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        let TakeBack { lines, shipping, amount } = refund::granted(self.order, request)?;
        let (refund_id, reason) = (request.refund_id.clone(), request.reason.clone());
        self.push(EventData::RefundGranted { refund_id, lines, shipping, amount, reason })
    }

    fn refund_succeeded(&mut self, id: &RefundId, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        above_zero(amount)?;
        let order = self.order;
        if let Some((known_id, known)) = order.payouts.get(transaction_id) {
            // The same transaction for another refund contradicts the record even with the same amount.
            let recorded = if known_id == id { *known } else { 0 };
            return self.known(FactKind::Refund, transaction_id, recorded, amount);
        }
        let refunded = fits(order.refunded(), amount)?;
        let closed = order.refunds().get(id).map_or(0, |refund| refund.open.min(amount));
        let over = refunded.saturating_add(order.refunds_open() - closed).saturating_sub(order.captured());
        let (refund_id, transaction_id) = (id.clone(), transaction_id.clone());
        self.push(EventData::RefundSucceeded {
            refund_id: refund_id.clone(),
            transaction_id: transaction_id.clone(),
            amount,
        })?;
        let more = over - order.receivable();
        if more > 0 {
            self.push(EventData::OverRefunded { refund_id, transaction_id, amount: more })?;
        }
        Ok(())
    }

    fn refund_failed(
        &mut self,
        refund_id: &RefundId,
        transaction_id: &TransactionId,
        reason: &Reason,
    ) -> Result<()> {
        if let Some((_, known)) = self.order.payouts.get(transaction_id) {
            return self.known(FactKind::Refund, transaction_id, *known, 0);
        }
        let Some(refund) = self.order.refunds().get(refund_id) else {
            let rule = format!("order {} has no refund {refund_id}", self.order.id());
            return Err(Error::new(Code::UnknownRefund, rule));
        };
        if refund.failures.contains(transaction_id) {
            return Ok(());
        }
        let (refund_id, transaction_id) = (refund_id.clone(), transaction_id.clone());
        self.push(EventData::RefundFailed { refund_id, transaction_id, reason: reason.clone() })
    }

    /// A transaction that is on record: the same content is a duplicate, another one a conflict.
    fn known(
        &mut self,
        kind: FactKind,
        transaction_id: &TransactionId,
        recorded: i64,
        reported: i64,
    ) -> Result<()> {
        if recorded == reported || is_conflict(self.order, kind, transaction_id, reported) {
            return Ok(());
        }
        let transaction_id = transaction_id.clone();
        self.push(EventData::ProviderConflict { kind, transaction_id, recorded, reported })
    }

    /// Ends an order of which nothing has shipped: authorizations are given up, money goes back.
    fn close(&mut self, end: EventData, cause: Cause) -> Result<()> {
        let order = self.order;
        self.push(end)?;
        if order.life().awaits_money() {
            for (transaction_id, _) in order.authorizations.iter().filter(|(_, known)| known.open) {
                self.push(EventData::AuthorizationVoided { transaction_id: transaction_id.clone() })?;
            }
        }
        self.reserve(order.refundable(), cause)
    }

    /// The units a shipment or delivery names, or all there are.
    fn units(&self, parts: &Parts, most: impl Fn(&LineState) -> u64, what: &str) -> Result<Vec<Part>> {
        let order = self.order;
        let named = match parts {
            Parts::Lines(lines) => lines.clone(),
            Parts::All => all_units(order, &most),
        };
        if named.is_empty() {
            return Err(Error::new(Code::TooManyUnits, format!("order {} has no {what}", order.id())));
        }
        let mut seen = vec![false; order.lines().len()];
        for part in &named {
            let line = find(order, &part.line, &mut seen)?;
            check_units(&part.line, part.units, most(line), what)?;
        }
        Ok(named)
    }

    /// Runs every timer that is due, each on the order the one before left.
    fn tick(&mut self) -> Result<()> {
        let mut scratch: Option<Order> = None;
        loop {
            let order = scratch.as_ref().unwrap_or(self.order);
            let due = order.deadlines().into_iter().find(|deadline| deadline.at <= self.header.at);
            let Some(due) = due else { return Ok(()) };
            let mut draft = Draft { order, header: self.header, events: Vec::with_capacity(2) };
            match due.kind {
                Trigger::PayBy => draft.close(EventData::OrderExpired, Cause::Expired)?,
                Trigger::AutoReceive => {
                    let lines = all_units(order, |line| line.shipped - line.delivered);
                    draft.push(EventData::GoodsDelivered { lines, receipt: Receipt::Assumed })?;
                }
                _ => draft.push(EventData::OrderCompleted)?,
            }
            let events = draft.events;
            if due.kind != Trigger::AutoReceive {
                // The other timers end the order, so nothing can be due after them.
                self.events.extend(events);
                return Ok(());
            }
            let order = scratch.get_or_insert_with(|| self.order.clone());
            for event in &events {
                order.apply(event)?;
            }
            self.events.extend(events);
        }
    }
}

fn all_units(order: &Order, most: impl Fn(&LineState) -> u64) -> Vec<Part> {
    let lines = order.placement().map_or(&[][..], Placement::lines).iter().zip(order.lines());
    let parts = lines.map(|(sold, line)| Part { line: sold.id.clone(), units: most(line) });
    parts.filter(|part| part.units > 0).collect()
}

fn above_zero(amount: i64) -> Result<()> {
    if amount <= 0 {
        let rule = format!("an amount of {amount}; facts are about amounts above zero");
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    Ok(())
}

fn fits(sum: i64, amount: i64) -> Result<i64> {
    sum.checked_add(amount).ok_or_else(|| {
        let rule = format!("{sum} + {amount} does not fit a signed 64-bit amount of minor units");
        Error::new(Code::Overflow, rule)
    })
}
