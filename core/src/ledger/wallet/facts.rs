//! Deciding what providers report of payouts, and what their contradictions came to.

use super::decide::Draft;
use super::event::{EventData, Moves};
use super::state::{Conflict, Payout, Told, Withdrawal};
use super::words::{PayoutState, Verdict, WithdrawalState, WithdrawalTrigger};
use crate::error::Result;
use crate::id::{PayoutId, TransactionId};
use crate::ledger::MemberAccount;
use crate::request::Reason;
use crate::time::Timestamp;

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

    /// A provider may give the member longer; what it said before that comes late and changes nothing. One
    /// that still waits for a payout taken for lapsed would pay it beside the next one.
    pub(super) fn awaiting(&mut self, id: &PayoutId, expires_at: Timestamp) -> Result<()> {
        let (payout, _) = self.payout(id)?;
        let later = payout.expires_at.is_none_or(|known| known < expires_at);
        match payout.state {
            PayoutState::Requested | PayoutState::Sent => {}
            PayoutState::AwaitingPayee if later => {}
            PayoutState::Lapsed if later && self.now() < expires_at => {
                return self.conflict((id, None), PayoutState::AwaitingPayee, 0);
            }
            _ => return Ok(()),
        }
        self.push(EventData::PayoutAwaiting { payout_id: id.clone(), expires_at });
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
        let on_record = self.wallet.transfers.get(transaction);
        if on_record.is_some_and(|known| known.payout_id == *id && known.amount == amount) {
            return Ok(());
        }
        let disputed = self
            .wallet
            .conflicts
            .iter()
            .any(|known| !known.resolved && known.transaction_id.as_ref() == Some(transaction));
        let known = on_record.is_some() || disputed || self.wallet.elsewhere.contains(transaction);
        if !payout.state.is_live() || amount != withdrawal.net() || known {
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
            _ if self.wallet.has_sent(id) => self.conflict((id, None), PayoutState::Failed, 0),
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
            _ if self.wallet.has_sent(id) => self.conflict((id, None), PayoutState::Lapsed, 0),
            PayoutState::Failed | PayoutState::Lapsed => Ok(()),
            _ => {
                self.push(EventData::PayoutLapsed { payout_id: id.clone() });
                Ok(())
            }
        }
    }

    /// Records what contradicts the record, once. A report with a transaction is known by it for ever; one
    /// without is the same only while its conflict is open, as money may come back more than once. That a
    /// payout failed and that it lapsed say the same of money that came back.
    fn conflict(&mut self, (id, transaction): Told<'_>, reported: PayoutState, amount: i64) -> Result<()> {
        let over = [PayoutState::Failed, PayoutState::Lapsed];
        let same = |known: &Conflict| {
            let meant = known.reported == reported
                || [known.reported, reported].iter().all(|said| over.contains(said));
            (&known.payout_id, known.transaction_id.as_ref()) == (id, transaction)
                && meant
                && known.amount == amount
                && (transaction.is_some() || !known.resolved)
        };
        if self.wallet.conflicts.iter().any(same) {
            return Ok(());
        }
        let recorded = self.payout(id)?.0.state;
        let (payout_id, transaction_id) = (id.clone(), transaction.cloned());
        self.push(EventData::PayoutConflict { payout_id, transaction_id, recorded, reported, amount });
        Ok(())
    }

    pub(super) fn resolve(&mut self, told: Told<'_>, verdict: Verdict, reason: &Reason) -> Result<()> {
        let (id, transaction) = told;
        let found = self.wallet.open_conflict(told, verdict).and_then(|at| self.wallet.conflicts.get(at));
        let conflict = found.ok_or_else(|| self.unknown("open conflict of payout", id.as_str()))?;
        if !conflict.answers(verdict) {
            let (said, verdict) = (conflict.reported.name(), verdict.name());
            let rule = format!("payout {id} was reported as {said}, which cannot be resolved as {verdict}");
            return Err(self.invalid(&rule));
        }
        let moves = match verdict {
            Verdict::Dismissed => Moves::default(),
            Verdict::Paid => self.was_paid(conflict)?,
            Verdict::Returned => self.came_back(told)?,
        };
        let (payout_id, transaction_id, reason) = (id.clone(), transaction.cloned(), reason.clone());
        self.push(EventData::ConflictResolved { payout_id, transaction_id, verdict, reason, moves });
        Ok(())
    }

    /// The money of a conflict did reach the member. While the amount is reserved it pays the withdrawal,
    /// and what was paid too much is taken from the member; after that all of it was too much.
    fn was_paid(&self, conflict: &Conflict) -> Result<Moves> {
        let (payout, withdrawal) = self.payout(&conflict.payout_id)?;
        if let Some(known) =
            conflict.transaction_id.as_ref().and_then(|id| self.wallet.transfers.get_key_value(id))
        {
            let (id, transfer) = known;
            let rule = format!(
                "transaction {id} sent {} by payout {}, which is on record",
                transfer.amount, transfer.payout_id
            );
            return Err(self.refused(&rule));
        }
        if let Some(id) = conflict.transaction_id.as_ref().filter(|id| self.wallet.elsewhere.contains(*id)) {
            let rule = format!("transaction {id} is on record in another wallet of the shop");
            return Err(self.refused(&rule));
        }
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

    /// The money of one transaction of a payout came back: the withdrawal it paid is open again, or else what
    /// it paid too much is the member's again.
    fn came_back(&self, told: Told<'_>) -> Result<Moves> {
        let (payout, withdrawal) = self.payout(told.0)?;
        let (transaction, sent) = self.wallet.sent(told).ok_or_else(|| {
            let which = told.1.map_or("nothing".into(), |id| format!("nothing by transaction {id}"));
            self.refused(&format!("payout {} sent {which} that is still with the member", told.0))
        })?;
        let back = sent.checked_neg().ok_or_else(|| self.overflow())?;
        let paid_it = withdrawal.state == WithdrawalState::Paid && withdrawal.payout.as_ref() == Some(told.0);
        if !paid_it || payout.transaction_id.as_ref() != Some(transaction) {
            return Ok(Moves { paid_out: back, ..Moves::of(self.gained(sent)?) });
        }
        let less = withdrawal.net().checked_sub(sent).ok_or_else(|| self.overflow())?;
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
