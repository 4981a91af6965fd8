//! Deciding commands: `(order, command) → events`, or why not.

mod cases;
mod goods;
mod money;
mod timers;

use super::action::Action;
use super::command::{Command, Header};
use super::event::{Event, derived_anew};
use super::event_data::EventData;
use super::placement::{Placement, Revision};
use super::refund;
use super::state::Order;
use super::table::{self, TABLE};
use super::taken::Cause;
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, RefundId};
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
    draft.give_up_authorizations()?;
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
            Action::Edit(revision) => self.edit(revision),
            Action::Release => {
                self.check_paid()?;
                self.unless_held(EventData::OrderReleased)
            }
            Action::Hold { reason } => self.unless_held(EventData::OrderHeld { reason: reason.clone() }),
            Action::Unhold if self.order.held().is_none() => Err(self.refused("is not held")),
            Action::Unhold => self.push(EventData::OrderUnheld),
            Action::Cancel { reason } => {
                self.close(EventData::OrderCancelled { reason: reason.clone() }, Cause::Cancelled)
            }
            Action::Ship(dispatch) => self.ship(dispatch),
            Action::Deliver(handover) => self.deliver(handover),
            Action::CancelLines { lines, reason } => {
                if lines.is_empty() {
                    return Err(Error::new(Code::InvalidCommand, "cancel_lines: no line is named"));
                }
                let taken = refund::cancelled(self.order, lines)?;
                // Reserved first: an order whose last unit goes is not refunded before the money is.
                self.reserve(refund::there_for(self.order, &taken)?, Cause::LinesCancelled)?;
                self.push(EventData::LinesCancelled { taken, reason: reason.clone() })
            }
            Action::RefundLines(request) | Action::GrantRefund(request) => {
                self.check_new_refund(&request.refund_id)?;
                let granted = refund::granted(self.order, request)?;
                self.push(EventData::RefundGranted(granted))
            }
            Action::Tick => self.tick(),
            other => self.decide_case(other),
        }
    }

    /// Refuses what the table does not list for the order.
    fn check_listed(&self, action: &Action) -> Result<()> {
        let life = self.order.life();
        if action.trigger().is_none_or(|on| table::allows(self.order, on)) {
            return Ok(());
        }
        let listed = TABLE.iter().filter(|row| row.from == life && table::allows(self.order, row.on));
        let mut listed: Vec<_> = listed.map(|row| row.on.command()).collect();
        listed.sort_unstable();
        listed.dedup();
        let listed = if listed.is_empty() { "facts of providers only".into() } else { listed.join(", ") };
        Err(self.refused(&format!(
            "is {}: {} is not listed for it, but {listed}",
            life.name(),
            action.name()
        )))
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
        self.check_not_held()?;
        self.push(data)
    }

    /// Money that came in may have gone back since, by a charge-back or a refund nobody asked for. On
    /// delivery other money may be missing: what nobody has paid yet. There only what went back holds back,
    /// until as much came in after it.
    pub(super) fn check_paid(&self) -> Result<()> {
        let missing = -self.order.balance();
        let gone = missing.min(self.order.gone);
        let rule = match self.order.is_paid_on_delivery() {
            true if gone <= 0 => return Ok(()),
            true if gone > i128::from(self.order.charged_back()) => {
                format!("is held back: {gone} went back and is not replaced")
            }
            true => format!("is held back: {gone} was charged back and is not replaced"),
            false if missing <= 0 => return Ok(()),
            false => format!("is not paid: {missing} went back since it was"),
        };
        Err(self.refused(&rule))
    }

    fn check_not_held(&self) -> Result<()> {
        match self.order.held() {
            Some(reason) => Err(self.refused(&format!("is on hold: {:?}", reason.as_str()))),
            None => Ok(()),
        }
    }

    /// An id nobody named: derived from the place of the event that carries it. Who can compute it may
    /// have named it before; then it is the next one that is free.
    fn derive<T: From<ExternalId>>(&self, kind: &str, taken: impl Fn(&T) -> bool) -> Result<T> {
        let (order, seq) = (self.order, self.next_seq());
        let mut ordinal = 0;
        loop {
            let id = derived_anew(kind, order.tenant(), order.id().as_str(), seq, ordinal);
            let id = T::from(ExternalId::new(&id)?);
            if !taken(&id) {
                return Ok(id);
            }
            ordinal += 1;
        }
    }

    /// Reserves a refund nobody named.
    fn reserve(&mut self, amount: i64, cause: Cause) -> Result<()> {
        if amount <= 0 {
            return Ok(());
        }
        let refund_id =
            self.derive("fenrun.refund/0", |id: &RefundId| self.order.refunds().contains_key(id))?;
        self.push(EventData::RefundReserved { refund_id, amount, cause })
    }

    fn check_new_refund(&self, refund_id: &RefundId) -> Result<()> {
        if self.order.refunds().contains_key(refund_id) {
            let rule = format!("refund {refund_id} exists; another refund has another id");
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        Ok(())
    }

    fn check_quote(&self, placement: &Placement) -> Result<()> {
        if let Some(quote) = placement.quote().filter(|quote| quote.valid_until < self.header.at) {
            let rule =
                format!("the quote was valid until {}, and it is {}", quote.valid_until, self.header.at);
            return Err(Error::new(Code::InvalidQuote, rule));
        }
        Ok(())
    }

    fn place(&mut self, placement: &Arc<Placement>) -> Result<()> {
        self.check_quote(placement)?;
        self.push(EventData::OrderPlaced(Arc::clone(placement)))?;
        let cleared = placement.total() == 0 || placement.is_paid_on_delivery();
        if cleared && placement.releases_itself() {
            self.push(EventData::OrderReleased)?;
        }
        Ok(())
    }

    /// Other lines instead of those that were placed; what was cancelled or refunded of them is history.
    fn edit(&mut self, revision: &Revision) -> Result<()> {
        self.check_not_held()?;
        let order = self.order;
        let Some(placed) = order.placement() else { return Err(self.refused("is not placed")) };
        let placement = placed.revised(revision)?;
        self.check_quote(&placement)?;
        let sale_version = order.sale_version().checked_add(1);
        let sale_version = sale_version
            .ok_or_else(|| Error::new(Code::Overflow, "an order is edited 2^32 times at most"))?;
        let over = order.kept() - i128::from(placement.total());
        if i128::from(order.captured()) - over.min(0) > i128::from(i64::MAX) {
            let rule = "edit: what was captured and what is short do not fit a signed 64-bit amount together";
            return Err(Error::new(Code::Overflow, rule));
        }
        self.push(EventData::OrderEdited { placement: Arc::new(placement), sale_version })?;
        self.reserve(i64::try_from(over).unwrap_or(0), Cause::Edited)
    }

    /// Ends an order of which nothing has shipped: authorizations are given up, money goes back.
    fn close(&mut self, end: EventData, cause: Cause) -> Result<()> {
        let order = self.order;
        self.push(end)?;
        if order.life().awaits_money() {
            for (transaction_id, _) in order.authorizations.iter().filter(|(_, known)| known.is_open()) {
                self.push(EventData::AuthorizationVoided { transaction_id: transaction_id.clone() })?;
            }
        }
        self.reserve(order.refundable(), cause)
    }
}
