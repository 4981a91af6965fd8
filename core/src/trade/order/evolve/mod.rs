//! Folding events into an order: `(order, event) → order`.

mod cases;
mod goods;
mod money;

use super::case::CaseMove;
use super::event::Event;
use super::event_data::EventData;
use super::life::{Life, Trigger};
use super::state::{Acted, LineState, Order};
use super::table;
use super::taken::{FactKind, Receipt, TakenBack};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, TransactionId};
use crate::time::Timestamp;
use crate::trade::order::placement::Placement;
use std::sync::Arc;

/// The order after an event.
///
/// # Errors
/// [`Code::InvalidEvent`] when the event cannot follow: another order, a gap in the places, a move the
/// table does not list, more units or money than there are. [`Code::Overflow`] when a sum does not fit.
pub fn evolve(mut order: Order, event: &Event) -> Result<Order> {
    order.apply(event)?;
    Ok(order)
}

impl Order {
    /// Folds one event in; after an error the order is as it was.
    ///
    /// # Errors
    /// As [`evolve`].
    pub fn apply(&mut self, event: &Event) -> Result<()> {
        let header = &event.header;
        if header.tenant != self.tenant || header.order_id != self.id {
            return Err(self.broken(event, "is about another order"));
        }
        if event.seq != self.version + 1 {
            return Err(self.broken(event, &format!("does not follow version {}", self.version)));
        }
        let acted = self.acted(event)?;
        let trigger = trigger(&event.data, self.life);
        let possible = trigger.map_or(self.life != Life::Draft, |on| table::allows(self, on));
        if !possible {
            return Err(
                self.broken(event, &format!("is not listed for an order that is {}", self.life.name()))
            );
        }
        self.apply_facts(&event.data, header.at)
            .map_err(|error| error.within(&format!("order {}: event {}", self.id, event.seq)))?;
        if let Some(on) = trigger {
            self.life = table::next(self, on);
        }
        self.version = event.seq;
        match self.commands.get_mut(&header.command_id) {
            Some(known) => *known = acted,
            None => {
                self.commands.insert(header.command_id.clone(), acted);
            }
        }
        Ok(())
    }

    /// What the event's command has done with it: the events of one command stand together.
    fn acted(&self, event: &Event) -> Result<Acted> {
        let fingerprint = event.header.fingerprint;
        let Some(known) = self.commands.get(&event.header.command_id) else {
            return Ok(Acted { fingerprint, first_seq: event.seq, last_seq: event.seq });
        };
        if known.fingerprint != fingerprint || known.last_seq != self.version {
            return Err(self.broken(event, "repeats the id of an earlier command"));
        }
        Ok(Acted { last_seq: event.seq, ..*known })
    }

    fn broken(&self, event: &Event, rule: &str) -> Error {
        let text = format!("order {}: event {} ({}) {rule}", self.id, event.seq, event.data.name());
        Error::new(Code::InvalidEvent, text)
    }

    fn apply_facts(&mut self, data: &EventData, at: Timestamp) -> Result<()> {
        match data {
            EventData::OrderPlaced(placement) => {
                self.place(placement, at);
                self.placed_at = Some(at);
                self.payable = placement.total();
            }
            EventData::OrderEdited { placement, sale_version } => self.edit(placement, *sale_version, at)?,
            EventData::OrderReleased | EventData::OrderCompleted => {}
            EventData::OrderHeld { reason } => self.held = Some(reason.clone()),
            EventData::OrderUnheld => self.held = None,
            EventData::OrderCancelled { .. } | EventData::OrderExpired => self.close(),
            EventData::GoodsShipped { .. } | EventData::GoodsDelivered { .. } => {
                self.apply_goods(data, at)?
            }
            EventData::LinesCancelled { taken, .. } => self.take_back(taken)?,
            EventData::RefundGranted(granted) => {
                self.check_granted(granted)?;
                self.take_back(&granted.taken)?;
                self.reserve(&granted.refund_id, granted.amount);
            }
            EventData::CaseOpened { .. }
            | EventData::CaseMoved { .. }
            | EventData::ReturnSent { .. }
            | EventData::ReturnReceived { .. }
            | EventData::UndeliveredReceived { .. }
            | EventData::CaseRefunded { .. }
            | EventData::CaseReplaced { .. }
            | EventData::ReplacementShipped { .. }
            | EventData::ReplacementDelivered { .. } => self.apply_case(data, at)?,
            money => self.apply_money(money)?,
        }
        Ok(())
    }

    /// Puts the lines of a placement where nothing has happened to them yet.
    fn place(&mut self, placement: &Arc<Placement>, at: Timestamp) {
        let line = |line: &super::placement::PlacedLine| LineState {
            ordered: line.units,
            net: line.paid(),
            tax: line.added_tax,
            ..LineState::default()
        };
        self.lines = placement.lines().iter().map(line).collect();
        self.placement = Some(Arc::clone(placement));
        (self.shipping_gone, self.rounding_gone) = (0, 0);
        self.due_from = Some(at);
    }

    fn edit(&mut self, placement: &Arc<Placement>, sale_version: u32, at: Timestamp) -> Result<()> {
        if Some(sale_version) != self.sale_version.checked_add(1) {
            return Err(invalid(format!("sale version {sale_version} follows on {}", self.sale_version)));
        }
        let short = (i128::from(placement.total()) - self.kept()).max(0);
        let payable = i64::try_from(i128::from(self.captured) - i128::from(self.charged_back) + short);
        self.payable = payable.map_err(|_| invalid("what is to be paid does not fit 64 bits".into()))?;
        self.sale_version = sale_version;
        self.place(placement, at);
        Ok(())
    }

    /// Nothing of the order is left; the table allows it only while nothing is shipped.
    fn close(&mut self) {
        for line in &mut self.lines {
            line.cancelled = line.ordered;
            line.net_gone = line.net;
            line.tax_gone = line.tax;
        }
        self.shipping_gone += self.shipping_left();
        self.rounding_gone += self.rounding_left();
    }

    fn take_back(&mut self, taken: &TakenBack) -> Result<()> {
        let mut lines = self.lines.clone();
        for grant in &taken.lines {
            let line = &mut lines[self.at(&grant.line)?];
            let fits = grant.cancelled <= line.unshipped()
                && grant.lost <= line.in_transit()
                && grant.refunded <= line.delivered - line.refunded;
            if !fits {
                return Err(too_many(&grant.line));
            }
            let within = |amount: i64, left: i64| (0..=left).contains(&amount);
            if !within(grant.amount, line.net_left()) || !within(grant.tax, line.tax_left()) {
                let rule = format!("line {} cannot give {} + {} back", grant.line, grant.amount, grant.tax);
                return Err(invalid(rule));
            }
            line.cancelled += grant.cancelled;
            line.lost += grant.lost;
            line.refunded += grant.refunded;
            line.net_gone += grant.amount;
            line.tax_gone += grant.tax;
        }
        let (shipping, rounding, left) = (taken.shipping, taken.rounding, self.rounding_left());
        if shipping < 0 || shipping > self.shipping_left() {
            return Err(invalid(format!("shipping cannot give {shipping} back")));
        }
        if rounding < left.min(0) || rounding > left.max(0) {
            return Err(invalid(format!("cash rounding cannot give {rounding} back")));
        }
        self.lines = lines;
        self.shipping_gone += shipping;
        self.rounding_gone += rounding;
        Ok(())
    }

    /// Whether this report of a provider is on record as a contradiction.
    pub(super) fn is_conflict(&self, kind: FactKind, transaction_id: &TransactionId, reported: i64) -> bool {
        !self.conflicts.is_empty() && self.conflicts.contains(&(kind, transaction_id.clone(), reported))
    }

    fn at(&self, id: &LineId) -> Result<usize> {
        let at = self.placement.as_ref().and_then(|placement| placement.position(id));
        at.ok_or_else(|| invalid(format!("line {id} is not known")))
    }
}

/// What of the table an event stands for; `None` for events that never move the life cycle.
fn trigger(data: &EventData, life: Life) -> Option<Trigger> {
    Some(match data {
        EventData::OrderPlaced(_) => Trigger::Place,
        EventData::OrderEdited { .. } => Trigger::Edit,
        EventData::PaymentAuthorized { .. } => Trigger::Authorize,
        EventData::AuthorizationVoided { .. } => Trigger::VoidAuthorization,
        EventData::PaymentCaptured { .. } => Trigger::Capture,
        EventData::OrderReleased => Trigger::Release,
        EventData::OrderHeld { .. } => Trigger::Hold,
        EventData::OrderUnheld => Trigger::Unhold,
        EventData::OrderCancelled { .. } => Trigger::Cancel,
        EventData::OrderExpired => Trigger::PayBy,
        EventData::GoodsShipped { .. } => Trigger::Ship,
        EventData::GoodsDelivered { receipt: Receipt::Confirmed, .. } => Trigger::Deliver,
        EventData::GoodsDelivered { receipt: Receipt::Assumed, .. } => Trigger::AutoReceive,
        EventData::LinesCancelled { .. } => Trigger::CancelLines,
        EventData::RefundGranted(_) if life.is_terminal() => Trigger::GrantRefund,
        EventData::RefundGranted(_) => Trigger::RefundLines,
        EventData::CaseMoved { on: CaseMove::Lapse, .. } => Trigger::ReturnBy,
        EventData::CaseOpened { .. }
        | EventData::CaseMoved { .. }
        | EventData::ReturnSent { .. }
        | EventData::ReturnReceived { .. }
        | EventData::ReplacementShipped { .. }
        | EventData::ReplacementDelivered { .. } => Trigger::Case,
        EventData::CaseRefunded { .. } | EventData::CaseReplaced { .. } => Trigger::ResolveCase,
        // Both close a refund.
        EventData::RefundSucceeded { .. } | EventData::RefundSetOff { .. } => Trigger::RefundSucceeded,
        EventData::OrderCompleted => Trigger::WindowOver,
        EventData::UndeliveredReceived { .. }
        | EventData::ChargebackRecorded { .. }
        | EventData::ChargebackWon { .. }
        | EventData::RefundReserved { .. }
        | EventData::RefundFailed { .. }
        | EventData::RefundRetried { .. }
        | EventData::OverRefunded { .. }
        | EventData::ProviderConflict { .. } => return None,
    })
}

fn too_many(id: &LineId) -> Error {
    invalid(format!("line {id} does not have so many units"))
}

fn invalid(rule: String) -> Error {
    Error::new(Code::InvalidEvent, rule)
}
