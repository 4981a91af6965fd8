//! Deciding what providers report of payouts, and what their contradictions came to.

use super::decide::Draft;
use super::event::{EventData, Moves};
use super::state::{Conflict, Payout, Withdrawal};
use super::words::{PayoutState, Verdict, WithdrawalState, WithdrawalTrigger};
use crate::error::Result;
use crate::id::{PayoutId, TransactionId};
use crate::ledger::MemberAccount;
use crate::request::Reason;
use crate::time::Timestamp;

/// A payout and what a provider says of its transaction.
type Report<'a> = (&'a PayoutId, Option<&'a TransactionId>);

impl Draft<'_> {
    fn payout(&self, id: &PayoutId) -> Result<(&Payout, &Withdrawal)> {
        let payout = self.wallet.payouts.get(id).ok_or_else(|| self.unknown("payout", id.as_str()))?;
        Ok((payout, self.withdrawal(&payout.withdrawal_id)?))
    }

    pub(super) fn send(&mut self, id: &PayoutId) -> Result<()> {
        let (payout, _) = self.payout(id)?;
        if !payout.state.is_live() {
            return Err(self.refused(&format!("payout {id} is {}; start a new one", payout.state.name())));
        }
        if payout.attempts == 0 {
            self.check_free()?;
        }
        let attempt = payout.attempts.checked_add(1).ok_or_else(|| self.overflow())?;
        self.push(EventData::PayoutSent { payout_id: id.clone(), attempt });
        Ok(())
    }

    pub(super) fn awaiting(&mut self, id: &PayoutId, expires_at: Timestamp) -> Result<()> {
        let (payout, _) = self.payout(id)?;
        if matches!(payout.state, PayoutState::Requested | PayoutState::Sent) {
            self.push(EventData::PayoutAwaiting { payout_id: id.clone(), expires_at });
        }
        Ok(())
    }

    pub(super) fn succeeded(
        &mut self,
        id: &PayoutId,
        transaction: &TransactionId,
        amount: i64,
    ) -> Result<()> {
        if amount <= 0 {
            return Err(self.invalid(&format!("payout {id} of {amount}; a payout is above zero")));
        }
        let (payout, withdrawal) = self.payout(id)?;
        if payout.transaction_id.as_ref() == Some(transaction) && payout.paid == amount {
            return Ok(());
        }
        let elsewhere =
            self.wallet.payouts.values().any(|other| other.transaction_id.as_ref() == Some(transaction));
        if !payout.state.is_live() || amount != withdrawal.net() || elsewhere {
            return self.conflict((id, Some(transaction)), PayoutState::Succeeded, amount);
        }
        let moves = Moves {
            paid_out: amount,
            fee: withdrawal.fee,
            tax: withdrawal.tax,
            ..Moves::of(vec![(MemberAccount::Reserved, -withdrawal.amount)])
        };
        let (payout_id, transaction_id) = (id.clone(), transaction.clone());
        self.push(EventData::PayoutSucceeded { payout_id, transaction_id, moves });
        Ok(())
    }

    pub(super) fn failed(&mut self, id: &PayoutId, reason: &Reason) -> Result<()> {
        match self.payout(id)?.0.state {
            PayoutState::Succeeded => self.conflict((id, None), PayoutState::Failed, 0),
            // Both mean that nothing was paid.
            PayoutState::Failed | PayoutState::Lapsed => Ok(()),
            _ => {
                self.push(EventData::PayoutFailed { payout_id: id.clone(), reason: reason.clone() });
                Ok(())
            }
        }
    }

    pub(super) fn lapsed(&mut self, id: &PayoutId) -> Result<()> {
        match self.payout(id)?.0.state {
            PayoutState::Succeeded => self.conflict((id, None), PayoutState::Lapsed, 0),
            PayoutState::Failed | PayoutState::Lapsed => Ok(()),
            _ => {
                self.push(EventData::PayoutLapsed { payout_id: id.clone() });
                Ok(())
            }
        }
    }

    /// Records what contradicts the record, once.
    fn conflict(&mut self, (id, transaction): Report<'_>, reported: PayoutState, amount: i64) -> Result<()> {
        let same = |known: &Conflict| {
            (&known.payout_id, known.transaction_id.as_ref()) == (id, transaction)
                && (known.reported, known.amount) == (reported, amount)
        };
        if self.wallet.conflicts.iter().any(same) {
            return Ok(());
        }
        let recorded = self.payout(id)?.0.state;
        let (payout_id, transaction_id) = (id.clone(), transaction.cloned());
        self.push(EventData::PayoutConflict { payout_id, transaction_id, recorded, reported, amount });
        Ok(())
    }

    pub(super) fn resolve(&mut self, told: Report<'_>, verdict: Verdict, reason: &Reason) -> Result<()> {
        let (id, transaction) = told;
        let open = self.wallet.conflicts.iter().filter(|known| !known.resolved);
        let mut same = open.filter(|known| (&known.payout_id, known.transaction_id.as_ref()) == told);
        let conflict =
            same.next().ok_or_else(|| self.unknown("open conflict of payout", id.as_str()))?.clone();
        let paid = conflict.reported == PayoutState::Succeeded;
        let moves = match verdict {
            Verdict::Dismissed => Moves::default(),
            Verdict::Paid if paid => self.was_paid(&conflict)?,
            Verdict::Returned if !paid => self.came_back(id)?,
            other => {
                let rule = format!(
                    "payout {id} was reported as {}, which cannot be resolved as {}",
                    conflict.reported.name(),
                    other.name()
                );
                return Err(self.invalid(&rule));
            }
        };
        let (payout_id, transaction_id, reason) = (id.clone(), transaction.cloned(), reason.clone());
        self.push(EventData::ConflictResolved { payout_id, transaction_id, verdict, reason, moves });
        Ok(())
    }

    /// The money of a conflict did reach the member. While the amount is reserved it pays the withdrawal,
    /// and what was paid too much is taken from the member; after that all of it was too much.
    fn was_paid(&self, conflict: &Conflict) -> Result<Moves> {
        let (payout, withdrawal) = self.payout(&conflict.payout_id)?;
        if payout.state == PayoutState::Succeeded {
            return self.too_much(conflict.amount);
        }
        self.check_move(&payout.withdrawal_id, WithdrawalTrigger::ResolvePaid)?;
        if !withdrawal.state.is_live() {
            return self.too_much(conflict.amount);
        }
        if let Some(live) = withdrawal.payout.as_ref().filter(|_| withdrawal.state.has_live_payout()) {
            if *live != conflict.payout_id {
                return Err(self.refused(&format!("payout {live} is under way; wait until it is known")));
            }
        }
        let more = conflict.amount.checked_sub(withdrawal.net()).ok_or_else(|| self.overflow())?;
        let mut parts = self.changed(more)?;
        parts.push((MemberAccount::Reserved, -withdrawal.amount));
        let (paid_out, fee, tax) = (conflict.amount, withdrawal.fee, withdrawal.tax);
        Ok(Moves { paid_out, fee, tax, ..Moves::of(parts) })
    }

    fn too_much(&self, amount: i64) -> Result<Moves> {
        Ok(Moves { paid_out: amount, ..Moves::of(self.lost(amount)?) })
    }

    /// The money of a payout came back: the withdrawal it paid is open again, or else what it paid too much
    /// is the member's again.
    fn came_back(&self, id: &PayoutId) -> Result<Moves> {
        let (payout, withdrawal) = self.payout(id)?;
        let back = payout.paid.checked_neg().ok_or_else(|| self.overflow())?;
        if withdrawal.state != WithdrawalState::Paid || withdrawal.payout.as_ref() != Some(id) {
            return Ok(Moves { paid_out: back, ..Moves::of(self.gained(payout.paid)?) });
        }
        let less = withdrawal.net().checked_sub(payout.paid).ok_or_else(|| self.overflow())?;
        let mut parts = self.changed(less)?;
        parts.push((MemberAccount::Reserved, withdrawal.amount));
        Ok(Moves { paid_out: back, fee: -withdrawal.fee, tax: -withdrawal.tax, ..Moves::of(parts) })
    }

    /// What the member got beyond the net, taken from them; below zero it is given.
    fn changed(&self, more: i64) -> Result<Vec<(MemberAccount, i64)>> {
        if more >= 0 {
            return self.lost(more);
        }
        self.gained(more.checked_neg().ok_or_else(|| self.overflow())?)
    }
}
