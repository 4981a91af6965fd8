//! Folding events into an order: `(order, event) → order`.

use super::event::{Event, EventData, FactKind, Grant, Receipt};
use super::life::{Life, Trigger};
use super::placement::Placement;
use super::state::{Acted, Authorization, LineState, Order, RefundState};
use super::table;
use crate::error::{Code, Error, Result};
use crate::id::{LineId, RefundId, TransactionId};
use crate::time::Timestamp;
use std::collections::BTreeSet;
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
        let possible = trigger.map_or(self.life != Life::Draft, |on| table::allows(self.life, on));
        if !possible {
            return Err(
                self.broken(event, &format!("is not listed for an order that is {}", self.life.name()))
            );
        }
        self.apply_facts(&event.data, header.at)
            .map_err(|error| error.within(&format!("order {}: event {}", self.id, event.seq)))?;
        if let Some(to) = trigger.and_then(|on| table::next(self, on)) {
            self.life = to;
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
            EventData::OrderPlaced(placement) => self.place(placement, at),
            EventData::OrderReleased | EventData::OrderCompleted => {}
            EventData::OrderHeld { reason } => self.held = Some(reason.clone()),
            EventData::OrderUnheld => self.held = None,
            EventData::OrderCancelled { .. } | EventData::OrderExpired => self.close(),
            EventData::GoodsShipped { lines } => {
                let fits = |line: &LineState| line.shipped <= line.live();
                self.move_units(lines.iter().map(|p| (&p.line, p.units)), |line| &mut line.shipped, fits)?;
                self.shipped_at = Some(at);
            }
            EventData::GoodsDelivered { lines, .. } => {
                let fits = |line: &LineState| line.delivered <= line.shipped;
                self.move_units(lines.iter().map(|p| (&p.line, p.units)), |line| &mut line.delivered, fits)?;
                self.delivered_at = Some(at);
            }
            EventData::LinesCancelled { lines, shipping, .. } => {
                self.take_back(lines, *shipping)?;
            }
            EventData::RefundGranted { refund_id, lines, shipping, amount, .. } => {
                let sum: i128 = lines.iter().map(|grant| i128::from(grant.amount)).sum();
                if sum + i128::from(*shipping) != i128::from(*amount) {
                    return Err(invalid(format!(
                        "refund {refund_id} of {amount} is not the sum of its parts"
                    )));
                }
                self.check_reserve(refund_id, *amount)?;
                self.take_back(lines, *shipping)?;
                self.reserve(refund_id, *amount);
            }
            EventData::RefundReserved { refund_id, amount, .. } => {
                self.check_reserve(refund_id, *amount)?;
                self.reserve(refund_id, *amount);
            }
            money => self.apply_provider(money)?,
        }
        Ok(())
    }

    /// What providers reported.
    fn apply_provider(&mut self, data: &EventData) -> Result<()> {
        match data {
            EventData::PaymentAuthorized { transaction_id, amount } => {
                let sum = add(self.authorized, *amount)?;
                if self.authorizations.contains_key(transaction_id) {
                    return Err(invalid(format!("authorization {transaction_id} is known")));
                }
                let authorization = Authorization { amount: *amount, open: true };
                self.authorizations.insert(transaction_id.clone(), authorization);
                self.authorized = sum;
            }
            EventData::AuthorizationVoided { transaction_id } => {
                let open = self.authorizations.get_mut(transaction_id).filter(|known| known.open);
                let known = open.ok_or_else(|| invalid(format!("no open authorization {transaction_id}")))?;
                known.open = false;
                self.authorized -= known.amount;
            }
            EventData::PaymentCaptured { transaction_id, amount } => {
                let sum = add(self.captured, *amount)?;
                if self.captures.contains_key(transaction_id) {
                    return Err(invalid(format!("capture {transaction_id} is known")));
                }
                self.captures.insert(transaction_id.clone(), *amount);
                self.captured = sum;
            }
            EventData::RefundSucceeded { refund_id, transaction_id, amount } => {
                self.pay_out(refund_id, transaction_id, *amount)?;
            }
            EventData::RefundFailed { refund_id, transaction_id, .. } => {
                let refund = self.refunds.get_mut(refund_id);
                let refund = refund.ok_or_else(|| invalid(format!("refund {refund_id} is not known")))?;
                refund.failures.insert(transaction_id.clone());
            }
            EventData::ProviderConflict { kind, transaction_id, reported, .. } => {
                self.conflicts.insert((*kind, transaction_id.clone(), *reported));
            }
            // The claim follows from the sums; the event tells whoever has to act.
            _ => {}
        }
        Ok(())
    }

    fn place(&mut self, placement: &Arc<Placement>, at: Timestamp) {
        let line = |line: &crate::sale::SaleLine| LineState {
            ordered: line.units,
            cancelled: 0,
            shipped: 0,
            delivered: 0,
            refunded: 0,
            net: line.paid(),
            net_gone: 0,
        };
        self.lines = placement.lines().iter().map(line).collect();
        self.placement = Some(Arc::clone(placement));
        self.placed_at = Some(at);
    }

    /// Nothing of the order is left; the table allows it only while nothing is shipped.
    fn close(&mut self) {
        for line in &mut self.lines {
            line.cancelled = line.ordered;
            line.net_gone = line.net;
        }
        self.shipping_gone += self.shipping_left();
    }

    fn move_units<'a>(
        &mut self,
        parts: impl Iterator<Item = (&'a LineId, u64)>,
        counter: impl Fn(&mut LineState) -> &mut u64,
        fits: impl Fn(&LineState) -> bool,
    ) -> Result<()> {
        let mut lines = self.lines.clone();
        for (id, units) in parts {
            let line = &mut lines[self.at(id)?];
            let count = counter(line);
            *count = count.checked_add(units).ok_or_else(|| too_many(id))?;
            if !fits(line) {
                return Err(too_many(id));
            }
        }
        self.lines = lines;
        Ok(())
    }

    fn take_back(&mut self, grants: &[Grant], shipping: i64) -> Result<()> {
        let mut lines = self.lines.clone();
        for grant in grants {
            let line = &mut lines[self.at(&grant.line)?];
            let unshipped = line.live() - line.shipped;
            if grant.cancelled > unshipped || grant.refunded > line.shipped - line.refunded {
                return Err(too_many(&grant.line));
            }
            if grant.amount < 0 || grant.amount > line.net_left() {
                return Err(invalid(format!("line {} cannot give {} back", grant.line, grant.amount)));
            }
            line.cancelled += grant.cancelled;
            line.refunded += grant.refunded;
            line.net_gone += grant.amount;
        }
        if shipping < 0 || shipping > self.shipping_left() {
            return Err(invalid(format!("shipping cannot give {shipping} back")));
        }
        self.lines = lines;
        self.shipping_gone += shipping;
        Ok(())
    }

    fn check_reserve(&self, refund_id: &RefundId, amount: i64) -> Result<()> {
        if self.refunds.contains_key(refund_id) {
            return Err(invalid(format!("refund {refund_id} is known")));
        }
        if amount < 0 || amount > self.refundable() {
            let rule = format!("refund {refund_id} of {amount}; {} may be reserved", self.refundable());
            return Err(invalid(rule));
        }
        Ok(())
    }

    fn reserve(&mut self, refund_id: &RefundId, amount: i64) {
        let refund = RefundState { reserved: amount, open: amount, succeeded: 0, failures: BTreeSet::new() };
        self.refunds.insert(refund_id.clone(), refund);
        self.refunds_open += amount;
    }

    fn pay_out(&mut self, refund_id: &RefundId, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        let refunded = add(self.refunded, amount)?;
        if self.payouts.contains_key(transaction_id) {
            return Err(invalid(format!("refund transaction {transaction_id} is known")));
        }
        let refund = self.refunds.entry(refund_id.clone()).or_insert_with(|| RefundState {
            reserved: 0,
            open: 0,
            succeeded: 0,
            failures: BTreeSet::new(),
        });
        let closed = refund.open.min(amount);
        refund.open -= closed;
        refund.succeeded += amount;
        self.refunds_open -= closed;
        self.refunded = refunded;
        self.payouts.insert(transaction_id.clone(), (refund_id.clone(), amount));
        Ok(())
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
        EventData::RefundGranted { .. } if life == Life::Completed => Trigger::GrantRefund,
        EventData::RefundGranted { .. } => Trigger::RefundLines,
        EventData::RefundSucceeded { .. } => Trigger::RefundSucceeded,
        EventData::OrderCompleted => Trigger::WindowOver,
        EventData::RefundReserved { .. }
        | EventData::RefundFailed { .. }
        | EventData::OverRefunded { .. }
        | EventData::ProviderConflict { .. } => return None,
    })
}

/// Whether this report of a provider is on record as a contradiction.
pub(super) fn is_conflict(
    order: &Order,
    kind: FactKind,
    transaction_id: &TransactionId,
    reported: i64,
) -> bool {
    !order.conflicts.is_empty() && order.conflicts.contains(&(kind, transaction_id.clone(), reported))
}

fn add(sum: i64, amount: i64) -> Result<i64> {
    if amount <= 0 {
        return Err(invalid(format!("an amount of {amount}; facts are about amounts above zero")));
    }
    sum.checked_add(amount).ok_or_else(|| {
        let rule = format!("{sum} + {amount} does not fit a signed 64-bit amount of minor units");
        Error::new(Code::Overflow, rule)
    })
}

fn too_many(id: &LineId) -> Error {
    invalid(format!("line {id} does not have so many units"))
}

fn invalid(rule: String) -> Error {
    Error::new(Code::InvalidEvent, rule)
}
