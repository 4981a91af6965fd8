//! Reports of providers: what came in, what went out, and what contradicts the record.

use super::Draft;
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, RefundId, TransactionId};
use crate::trade::order::action::Action;
use crate::trade::order::command::Reason;
use crate::trade::order::event::Event;
use crate::trade::order::event_data::EventData;
use crate::trade::order::placement::Placement;
use crate::trade::order::state::Order;
use crate::trade::order::taken::{Cause, FactKind};

impl Draft<'_> {
    pub(super) fn decide_money(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Authorize { transaction_id, amount, method } => {
                self.authorize(transaction_id, *amount, method.as_ref())
            }
            Action::VoidAuthorization { transaction_id } => self.void(transaction_id),
            Action::Capture { transaction_id, amount, method } => {
                self.capture(transaction_id, *amount, method.as_ref())
            }
            Action::ChargeBack { transaction_id, amount } => self.charge_back(transaction_id, *amount),
            Action::ChargeBackWon { transaction_id } => self.charge_back_won(transaction_id),
            Action::RefundSucceeded { refund_id, transaction_id, amount } => {
                self.refund_succeeded(refund_id, transaction_id, *amount)
            }
            Action::RefundFailed { refund_id, transaction_id, reason } => {
                self.refund_failed(refund_id, transaction_id, reason)
            }
            Action::RetryRefund { refund_id } => self.retry(refund_id),
            other => Err(self.refused(&format!("does not know the command {}", other.name()))),
        }
    }

    /// By which method money came: the one that is named, which the shop has to take, or the one the buyer
    /// chose.
    fn method(&self, named: Option<&ExternalId>) -> Result<Option<ExternalId>> {
        let Some(payment) = self.order.placement().map(Placement::payment) else { return Ok(None) };
        named.map_or(Ok(()), |id| payment.check(id))?;
        Ok(named.or(payment.chosen.as_ref()).cloned())
    }

    fn authorize(
        &mut self,
        transaction_id: &TransactionId,
        amount: i64,
        method: Option<&ExternalId>,
    ) -> Result<()> {
        above_zero(transaction_id, amount)?;
        let method = self.method(method)?;
        let known = self.order.authorizations.get(transaction_id);
        if let Some(known) = known.filter(|known| !known.is_announced()) {
            return self.known(FactKind::Authorize, transaction_id, known.amount, amount);
        }
        fits(self.order, transaction_id, self.order.authorized(), amount)?;
        let transaction = transaction_id.clone();
        self.push(EventData::PaymentAuthorized { transaction_id: transaction, amount, method })
    }

    /// Gives up the authorizations nobody waits for any more, because the money came in under other
    /// transactions or the order is over. One that is captured under its own transaction is used up.
    pub(super) fn give_up_authorizations(&mut self) -> Result<()> {
        let promised = |event: &Event| matches!(event.data, EventData::PaymentAuthorized { .. });
        if self.order.authorized() == 0 && !self.events.iter().any(promised) {
            return Ok(());
        }
        let mut after = self.order.clone();
        for event in &self.events {
            after.apply(event)?;
        }
        // Also after a charge-back, though then nothing is `owed`: the order goes on once money comes.
        if after.balance() < 0 && !after.life().is_terminal() {
            return Ok(());
        }
        for (transaction_id, _) in after.authorizations.iter().filter(|(_, known)| known.is_open()) {
            self.push(EventData::AuthorizationVoided { transaction_id: transaction_id.clone() })?;
        }
        Ok(())
    }

    fn void(&mut self, transaction_id: &TransactionId) -> Result<()> {
        match self.order.authorizations.get(transaction_id) {
            // The report that it lapsed may come before the report that it was given.
            None => self.push(EventData::AuthorizationVoided { transaction_id: transaction_id.clone() }),
            Some(known) if known.is_open() => {
                self.push(EventData::AuthorizationVoided { transaction_id: transaction_id.clone() })
            }
            Some(_) => Ok(()),
        }
    }

    fn capture(
        &mut self,
        transaction_id: &TransactionId,
        amount: i64,
        method: Option<&ExternalId>,
    ) -> Result<()> {
        above_zero(transaction_id, amount)?;
        let method = self.method(method)?;
        let order = self.order;
        if let Some(known) = order.captures.get(transaction_id) {
            return self.known(FactKind::Capture, transaction_id, known.amount, amount);
        }
        fits(order, transaction_id, order.captured(), amount)?;
        let transaction = transaction_id.clone();
        self.push(EventData::PaymentCaptured { transaction_id: transaction, amount, method })?;
        let covered = order.balance() + i128::from(amount) >= 0;
        let releases = order.placement().is_some_and(|placement| placement.releases_itself());
        if order.life().awaits_money() && covered && releases {
            self.push(EventData::OrderReleased)?;
        }
        self.reserve(self.unneeded(amount), Cause::UnneededCapture)
    }

    /// What the order has no use for of an amount that came in. What was given back too much is set off
    /// first: never more goes back than came in.
    fn unneeded(&self, amount: i64) -> i64 {
        let over = self.order.balance() + i128::from(amount);
        i64::try_from(over.max(0)).map_or(amount, |over| over.min(amount))
    }

    fn charge_back(&mut self, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        above_zero(transaction_id, amount)?;
        self.check_placed()?;
        let order = self.order;
        let recorded = EventData::ChargebackRecorded { transaction_id: transaction_id.clone(), amount };
        match order.chargebacks.get(transaction_id) {
            // It came back before anybody said that it had gone.
            Some(known) if known.is_announced() => return self.push(recorded),
            Some(known) => return self.known(FactKind::Chargeback, transaction_id, known.amount, amount),
            None => fits(order, transaction_id, order.charged_back(), amount)?,
        }
        self.push(recorded)?;
        self.over_refunded(None, transaction_id, i128::from(amount))
    }

    fn charge_back_won(&mut self, transaction_id: &TransactionId) -> Result<()> {
        match self.order.chargebacks.get(transaction_id).copied() {
            // The report that it was won may come before the report of it.
            None => {
                self.check_placed()?;
                self.push(EventData::ChargebackWon { transaction_id: transaction_id.clone() })
            }
            Some(known) if known.won => Ok(()),
            Some(known) => {
                self.push(EventData::ChargebackWon { transaction_id: transaction_id.clone() })?;
                self.reserve(self.unneeded(known.amount), Cause::UnneededCapture)
            }
        }
    }

    fn refund_succeeded(&mut self, id: &RefundId, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        above_zero(transaction_id, amount)?;
        let order = self.order;
        if let Some((known_id, known)) = order.payouts.get(transaction_id) {
            // The same transaction for another refund contradicts the record even with the same amount.
            let recorded = if known_id == id { *known } else { 0 };
            return self.known(FactKind::Refund, transaction_id, recorded, amount);
        }
        fits(order, transaction_id, order.refunded(), amount)?;
        let closed = order.refunds().get(id).map_or(0, |refund| refund.open.min(amount));
        let (refund_id, transaction) = (id.clone(), transaction_id.clone());
        self.push(EventData::RefundSucceeded { refund_id, transaction_id: transaction, amount })?;
        self.over_refunded(Some(id), transaction_id, i128::from(amount - closed))
    }

    /// Records by how much `more` that went out raises what went out beyond what came in.
    fn over_refunded(
        &mut self,
        refund_id: Option<&RefundId>,
        transaction_id: &TransactionId,
        more: i128,
    ) -> Result<()> {
        let kept = self.order.kept();
        let amount = (more - kept).max(0) - (-kept).max(0);
        match i64::try_from(amount) {
            Ok(amount) if amount > 0 => {
                let (refund_id, transaction_id) = (refund_id.cloned(), transaction_id.clone());
                self.push(EventData::OverRefunded { refund_id, transaction_id, amount })
            }
            _ => Ok(()),
        }
    }

    fn refund_failed(
        &mut self,
        refund_id: &RefundId,
        transaction_id: &TransactionId,
        reason: &Reason,
    ) -> Result<()> {
        let known = self.order.refunds().get(refund_id);
        if known.is_some_and(|refund| refund.failures.contains(transaction_id)) {
            return Ok(());
        }
        if let Some((_, known)) = self.order.payouts.get(transaction_id) {
            return self.known(FactKind::Refund, transaction_id, *known, 0);
        }
        if known.is_none() {
            return Err(unknown_refund(self.order, refund_id));
        }
        let (refund_id, transaction_id) = (refund_id.clone(), transaction_id.clone());
        self.push(EventData::RefundFailed { refund_id, transaction_id, reason: reason.clone() })
    }

    /// Asks for a refund again, once for each failure; for as much of it as a charge-back left. What came in
    /// too much stays where money is missing that was charged back since.
    fn retry(&mut self, refund_id: &RefundId) -> Result<()> {
        let Some(refund) = self.order.refunds().get(refund_id) else {
            return Err(unknown_refund(self.order, refund_id));
        };
        let failures = u32::try_from(refund.failures.len()).unwrap_or(u32::MAX);
        if refund.open == 0 || failures <= refund.retries {
            let rule =
                format!("has nothing to retry: refund {refund_id} did not fail since it was tried last");
            return Err(self.refused(&rule));
        }
        let (open, attempt) = (refund.open, refund.retries.saturating_add(2));
        let gone = open.min(self.order.may_set_off(refund));
        if gone > 0 {
            self.push(EventData::RefundSetOff { refund_id: refund_id.clone(), amount: gone })?;
        }
        if gone == open {
            return Ok(());
        }
        self.push(EventData::RefundRetried { refund_id: refund_id.clone(), attempt })
    }

    fn check_placed(&self) -> Result<()> {
        if self.order.placement().is_none() {
            return Err(self.refused("is draft: nothing was ever paid for it"));
        }
        Ok(())
    }

    /// A transaction that is on record: the same content is a duplicate, another one a conflict.
    fn known(
        &mut self,
        kind: FactKind,
        transaction_id: &TransactionId,
        recorded: i64,
        reported: i64,
    ) -> Result<()> {
        if recorded == reported || self.order.is_conflict(kind, transaction_id, reported) {
            return Ok(());
        }
        let transaction_id = transaction_id.clone();
        self.push(EventData::ProviderConflict { kind, transaction_id, recorded, reported })
    }
}

fn unknown_refund(order: &Order, refund_id: &RefundId) -> Error {
    Error::new(Code::UnknownRefund, format!("order {} has no refund {refund_id}", order.id()))
}

fn above_zero(transaction_id: &TransactionId, amount: i64) -> Result<()> {
    if amount <= 0 {
        let rule = format!(
            "transaction {transaction_id}: an amount of {amount}; facts are about amounts above zero"
        );
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    Ok(())
}

/// What of a transaction is added to a sum of the order.
fn fits(order: &Order, transaction_id: &TransactionId, sum: i64, amount: i64) -> Result<()> {
    if sum.checked_add(amount).is_none() {
        let rule = format!("order {}: transaction {transaction_id}: {sum} + {amount}", order.id());
        let rule = format!("{rule} does not fit a signed 64-bit amount of minor units");
        return Err(Error::new(Code::Overflow, rule));
    }
    Ok(())
}
