//! Money as providers reported it, and refunds.

use super::invalid;
use crate::error::{Code, Error, Result};
use crate::id::{RefundId, TransactionId};
use crate::trade::order::event_data::{EventData, Granted};
use crate::trade::order::state::{Authorization, Captured, Chargeback, Order, RefundState, Standing};
use crate::trade::order::taken::Cause;

impl Order {
    pub(super) fn apply_money(&mut self, data: &EventData) -> Result<()> {
        match data {
            EventData::PaymentAuthorized { transaction_id, amount, .. } => {
                self.authorize(transaction_id, *amount)?;
            }
            EventData::AuthorizationVoided { transaction_id } => {
                let unknown = Authorization { amount: 0, standing: Standing::Open };
                let known = self.authorizations.entry(transaction_id.clone()).or_insert(unknown);
                if !known.is_open() {
                    return Err(invalid(format!("no open authorization {transaction_id}")));
                }
                known.standing = Standing::GivenUp;
                self.authorized -= known.amount;
            }
            EventData::PaymentCaptured { transaction_id, amount, method } => {
                let sum = add(self.captured, *amount)?;
                if self.captures.contains_key(transaction_id) {
                    return Err(invalid(format!("capture {transaction_id} is known")));
                }
                let captured = Captured { amount: *amount, method: method.clone() };
                self.captures.insert(transaction_id.clone(), captured);
                // What fills a hole is the money that is gone, reported late: it replaces nothing.
                if self.kept() >= 0 {
                    self.gone = (self.gone - i128::from(*amount)).max(0);
                }
                self.captured = sum;
                let promised = self.authorizations.get_mut(transaction_id).filter(|known| known.is_open());
                if let Some(promised) = promised {
                    promised.standing = Standing::Captured;
                    self.authorized -= promised.amount;
                }
            }
            EventData::ChargebackRecorded { transaction_id, amount } => {
                self.charge_back(transaction_id, *amount)?;
            }
            EventData::ChargebackWon { transaction_id } => {
                let unknown = Chargeback { amount: 0, won: false };
                let known = self.chargebacks.entry(transaction_id.clone()).or_insert(unknown);
                if known.won {
                    return Err(invalid(format!("no open charge-back {transaction_id}")));
                }
                known.won = true;
                self.charged_back -= known.amount;
                self.gone = (self.gone - i128::from(known.amount)).max(0);
            }
            refund => self.apply_refund(refund)?,
        }
        Ok(())
    }

    /// One whose end was reported before takes nothing.
    fn charge_back(&mut self, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        let sum = add(self.charged_back, amount)?;
        match self.chargebacks.get_mut(transaction_id) {
            Some(known) if known.is_announced() => known.amount = amount,
            Some(_) => return Err(invalid(format!("charge-back {transaction_id} is known"))),
            None => {
                self.chargebacks.insert(transaction_id.clone(), Chargeback { amount, won: false });
                self.charged_back = sum;
                self.gone += i128::from(amount);
            }
        }
        Ok(())
    }

    /// One whose end was reported before stays given up, or captured.
    fn authorize(&mut self, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        let sum = add(self.authorized, amount)?;
        match self.authorizations.get_mut(transaction_id) {
            Some(known) if known.is_announced() => known.amount = amount,
            Some(_) => return Err(invalid(format!("authorization {transaction_id} is known"))),
            None if self.captures.contains_key(transaction_id) => {
                let captured = Authorization { amount, standing: Standing::Captured };
                self.authorizations.insert(transaction_id.clone(), captured);
            }
            None => {
                let open = Authorization { amount, standing: Standing::Open };
                self.authorizations.insert(transaction_id.clone(), open);
                self.authorized = sum;
            }
        }
        Ok(())
    }

    fn apply_refund(&mut self, data: &EventData) -> Result<()> {
        match data {
            EventData::RefundReserved { refund_id, amount, cause } => {
                self.check_reserve(refund_id, *amount)?;
                self.reserve(refund_id, *amount);
                self.refund(refund_id)?.unneeded = *cause == Cause::UnneededCapture;
            }
            EventData::RefundSucceeded { refund_id, transaction_id, amount } => {
                self.pay_out(refund_id, transaction_id, *amount)?;
            }
            EventData::RefundFailed { refund_id, transaction_id, .. } => {
                self.refund(refund_id)?.failures.insert(transaction_id.clone());
            }
            EventData::RefundRetried { refund_id, attempt } => {
                let refund = self.refund(refund_id)?;
                if *attempt != refund.retries.saturating_add(2) {
                    return Err(invalid(format!("attempt {attempt} of refund {refund_id} is not the next")));
                }
                refund.retries += 1;
            }
            EventData::RefundSetOff { refund_id, amount } => self.set_off(refund_id, *amount)?,
            EventData::ProviderConflict { kind, transaction_id, reported, .. } => {
                self.conflicts.insert((*kind, transaction_id.clone(), *reported));
            }
            // The claim follows from the sums; the event tells whoever has to act.
            _ => {}
        }
        Ok(())
    }

    fn refund(&mut self, refund_id: &RefundId) -> Result<&mut RefundState> {
        self.refunds.get_mut(refund_id).ok_or_else(|| invalid(format!("refund {refund_id} is not known")))
    }

    pub(super) fn check_granted(&self, granted: &Granted) -> Result<()> {
        let Granted { refund_id, taken, amount, set_off, .. } = granted;
        if *set_off < 0 || taken.sum() != i128::from(*amount) + i128::from(*set_off) {
            return Err(invalid(format!("refund {refund_id} of {amount} is not the sum of its parts")));
        }
        self.check_reserve(refund_id, *amount)
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

    pub(super) fn reserve(&mut self, refund_id: &RefundId, amount: i64) {
        let refund = RefundState { reserved: amount, open: amount, ..RefundState::default() };
        self.refunds.insert(refund_id.clone(), refund);
        self.refunds_open += amount;
    }

    /// Gives up what a refund has open and nobody has the money for.
    fn set_off(&mut self, refund_id: &RefundId, amount: i64) -> Result<()> {
        let missing = self.refunds.get(refund_id).map_or(0, |refund| self.may_set_off(refund));
        let kept = self.receivable();
        let refund = self.refund(refund_id)?;
        if amount <= 0 || amount > refund.open.min(missing) {
            let rule = format!("refund {refund_id}: {amount} set off of {}, {missing} missing", refund.open);
            return Err(invalid(rule));
        }
        refund.open -= amount;
        refund.set_off += amount;
        self.refunds_open -= amount;
        // What is kept of money that came too much replaces what is gone.
        self.gone = (self.gone - i128::from((amount - kept).max(0))).max(0);
        Ok(())
    }

    fn pay_out(&mut self, refund_id: &RefundId, transaction_id: &TransactionId, amount: i64) -> Result<()> {
        let refunded = add(self.refunded, amount)?;
        if self.payouts.contains_key(transaction_id) {
            return Err(invalid(format!("refund transaction {transaction_id} is known")));
        }
        let refund = self.refunds.entry(refund_id.clone()).or_default();
        let (closed, unasked) = (refund.open.min(amount), refund.unasked());
        refund.open -= closed;
        refund.succeeded += amount;
        self.gone += i128::from(refund.unasked() - unasked);
        self.refunds_open -= closed;
        self.refunded = refunded;
        self.payouts.insert(transaction_id.clone(), (refund_id.clone(), amount));
        Ok(())
    }
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
