//! Folding events into a wallet: `(wallet, event) → wallet`.

use super::event::{Event, EventData, Moves};
use super::state::{
    Acted, Adjustment, AdjustmentState, Conflict, Hold, Payout, Told, Transfer, Wallet, WalletKey, Withdrawal,
};
use super::table;
use super::words::{PayoutState, Verdict, WithdrawalState, WithdrawalTrigger};
use crate::error::{Code, Error, Result};
use crate::id::{AdjustmentId, PayoutId, TransactionId, WithdrawalId};
use crate::ledger::MemberAccount;

/// The wallet after an event and its journal.
///
/// # Errors
/// [`Code::InvalidEvent`] when the event cannot follow: another wallet, a gap in the places, a move the
/// table does not list, other amounts than those on record; those of [`Wallet::post`].
pub fn evolve(mut wallet: Wallet, event: &Event) -> Result<Wallet> {
    wallet.apply(event)?;
    Ok(wallet)
}

impl Wallet {
    /// The claims of a log. Its journals are not posted: a store keeps the balances they came to, and
    /// [`Wallet::standing_on`] adds them.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] as [`evolve`].
    pub fn restore<'e>(key: WalletKey, events: impl IntoIterator<Item = &'e Event>) -> Result<Self> {
        let mut wallet = Self::new(key);
        for event in events {
            wallet.fold(event)?;
        }
        Ok(wallet)
    }

    /// The same claims on balances as somebody else keeps them.
    #[must_use]
    pub fn standing_on(self, balances: impl IntoIterator<Item = (MemberAccount, i64)>) -> Self {
        Self { balances: balances.into_iter().collect(), ..self }
    }

    /// The same wallet beside others of the shop: transactions of providers that are on record there pay
    /// nothing here. Whoever keeps the wallets looks them up; a command names one at most.
    #[must_use]
    pub fn beside(self, elsewhere: impl IntoIterator<Item = TransactionId>) -> Self {
        Self { elsewhere: elsewhere.into_iter().collect(), ..self }
    }

    /// Folds one event and its journal in; after an error the wallet is as it was.
    ///
    /// # Errors
    /// As [`evolve`].
    pub fn apply(&mut self, event: &Event) -> Result<()> {
        let journal = event.journal()?;
        let moved = journal.map_or(Ok(Vec::new()), |journal| self.after(&journal))?;
        self.fold(event)?;
        self.balances.extend(moved);
        Ok(())
    }

    /// Folds one event into the claims, without its journal; after an error the claims are as they were.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] as [`evolve`].
    pub fn fold(&mut self, event: &Event) -> Result<()> {
        let header = &event.header;
        if header.wallet != self.key {
            return Err(self.broken(event, "is about another wallet"));
        }
        if event.seq != self.version + 1 {
            return Err(self.broken(event, &format!("does not follow version {}", self.version)));
        }
        let acted = self.acted(event)?;
        self.fold_data(event)?;
        self.version = event.seq;
        self.commands.insert(header.command_id.clone(), acted);
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
        let text = format!("{}: event {} ({}) {rule}", self.key, event.seq, event.data.name());
        Error::new(Code::InvalidEvent, text)
    }

    fn fold_data(&mut self, event: &Event) -> Result<()> {
        let header = &event.header;
        match &event.data {
            EventData::WithdrawalRequested { withdrawal_id, amount, fee, tax, day } => {
                let parts = i128::from(*fee) + i128::from(*tax);
                let sound = *fee >= 0 && *tax >= 0 && parts < i128::from(*amount);
                if !sound || self.withdrawals.contains_key(withdrawal_id) {
                    return Err(self.broken(event, "repeats an id, or nothing is left after fee and tax"));
                }
                let withdrawal = Withdrawal {
                    amount: *amount,
                    fee: *fee,
                    tax: *tax,
                    state: WithdrawalState::Requested,
                    requested_at: header.at,
                    day: *day,
                    payout: None,
                };
                self.withdrawals.insert(withdrawal_id.clone(), withdrawal);
            }
            EventData::WithdrawalApproved { withdrawal_id } => {
                self.step(event, withdrawal_id, WithdrawalTrigger::Approve)?;
            }
            EventData::WithdrawalRejected { withdrawal_id, moves, .. } => {
                self.check_reserved(event, withdrawal_id, moves)?;
                self.step(event, withdrawal_id, WithdrawalTrigger::Reject)?;
            }
            EventData::WithdrawalCancelled { withdrawal_id, moves, .. } => {
                self.check_reserved(event, withdrawal_id, moves)?;
                self.step(event, withdrawal_id, WithdrawalTrigger::Cancel)?;
            }
            EventData::HoldPlaced { hold_id, account, amount, .. } => {
                let sound = if account.is_some() { *amount > 0 } else { *amount == 0 };
                if !sound || self.holds.contains_key(hold_id) {
                    return Err(self.broken(event, "repeats an id, or its amount is none"));
                }
                self.holds.insert(hold_id.clone(), Some(Hold { account: *account, amount: *amount }));
            }
            EventData::HoldReleased { hold_id, .. } => {
                if !matches!(self.holds.get(hold_id), Some(Some(_))) {
                    return Err(self.broken(event, "lifts a hold that is not there"));
                }
                self.holds.insert(hold_id.clone(), None);
            }
            EventData::AdjustmentProposed { adjustment_id, amount, .. } => {
                if self.adjustments.contains_key(adjustment_id) {
                    return Err(self.broken(event, "repeats an id"));
                }
                let (proposed_by, state) = (header.actor.clone(), AdjustmentState::Proposed);
                let adjustment = Adjustment { amount: *amount, proposed_by, state };
                self.adjustments.insert(adjustment_id.clone(), adjustment);
            }
            EventData::AdjustmentApproved { adjustment_id, moves } => {
                let adjustment = self.proposed(event, adjustment_id)?;
                if moves.adjustment != -adjustment.amount || adjustment.proposed_by == header.actor {
                    return Err(self.broken(event, "has another amount, or no second approver"));
                }
                self.close(adjustment_id, AdjustmentState::Approved);
            }
            EventData::AdjustmentRejected { adjustment_id, .. } => {
                self.proposed(event, adjustment_id)?;
                self.close(adjustment_id, AdjustmentState::Rejected);
            }
            _ => self.fold_payout(event)?,
        }
        Ok(())
    }

    fn fold_payout(&mut self, event: &Event) -> Result<()> {
        match &event.data {
            EventData::PayoutRequested { withdrawal_id, payout_id, net } => {
                let right = self.withdrawals.get(withdrawal_id).is_some_and(|known| known.net() == *net);
                if !right || self.payouts.contains_key(payout_id) {
                    return Err(
                        self.broken(event, "repeats an id, or has another amount than its withdrawal")
                    );
                }
                self.step(event, withdrawal_id, WithdrawalTrigger::Pay)?;
                let payout = Payout {
                    withdrawal_id: withdrawal_id.clone(),
                    state: PayoutState::Requested,
                    attempts: 0,
                    expires_at: None,
                    transaction_id: None,
                    paid: 0,
                };
                self.payouts.insert(payout_id.clone(), payout);
                if let Some(withdrawal) = self.withdrawals.get_mut(withdrawal_id) {
                    withdrawal.payout = Some(payout_id.clone());
                }
            }
            EventData::PayoutSent { payout_id, attempt } => {
                let payout = self.advance(event, payout_id, WithdrawalTrigger::Send)?;
                payout.attempts = *attempt;
            }
            EventData::PayoutAwaiting { payout_id, expires_at } => {
                let payout = self.advance(event, payout_id, WithdrawalTrigger::AwaitPayee)?;
                payout.expires_at = Some(*expires_at);
            }
            EventData::PayoutSucceeded { payout_id, transaction_id, moves } => {
                let payout = self.need_payout(event, payout_id)?;
                self.check_reserved(event, &payout.withdrawal_id.clone(), moves)?;
                if self.transfers.contains_key(transaction_id) {
                    return Err(self.broken(event, "is about a transaction that is on record"));
                }
                self.advance(event, payout_id, WithdrawalTrigger::Succeed)?;
                self.transferred(payout_id, transaction_id, moves.paid_out);
            }
            EventData::PayoutFailed { payout_id, .. } => {
                self.advance(event, payout_id, WithdrawalTrigger::Fail)?;
            }
            EventData::PayoutLapsed { payout_id } => {
                self.advance(event, payout_id, WithdrawalTrigger::Lapse)?;
            }
            EventData::PayoutConflict { payout_id, transaction_id, reported, amount, .. } => {
                self.need_payout(event, payout_id)?;
                self.conflicts.push(Conflict {
                    payout_id: payout_id.clone(),
                    transaction_id: transaction_id.clone(),
                    reported: *reported,
                    amount: *amount,
                    resolved: false,
                });
            }
            EventData::ConflictResolved { payout_id, transaction_id, verdict, moves, .. } => {
                self.resolved(event, (payout_id, transaction_id.as_ref()), (*verdict, moves))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Moves a withdrawal by the table.
    fn step(&mut self, event: &Event, id: &WithdrawalId, on: WithdrawalTrigger) -> Result<()> {
        let to = self.withdrawals.get(id).and_then(|known| table::next(known.state, on));
        let to = to.ok_or_else(|| self.broken(event, "is not listed for its withdrawal"))?;
        if let Some(withdrawal) = self.withdrawals.get_mut(id) {
            withdrawal.state = to;
        }
        Ok(())
    }

    /// Moves the withdrawal of a live payout by the table, and the payout with it.
    fn advance(&mut self, event: &Event, id: &PayoutId, on: WithdrawalTrigger) -> Result<&mut Payout> {
        let payout = self.need_payout(event, id)?;
        let withdrawal_id = payout.withdrawal_id.clone();
        let last = self.withdrawals.get(&withdrawal_id).and_then(|known| known.payout.as_ref());
        if !payout.state.is_live() || last != Some(id) {
            return Err(self.broken(event, "is about a payout that is over"));
        }
        self.step(event, &withdrawal_id, on)?;
        let state = self.withdrawals.get(&withdrawal_id).and_then(|known| known.state.payout());
        let missing = self.broken(event, "is about a payout that is not there");
        let payout = self.payouts.get_mut(id).ok_or(missing)?;
        payout.state = state.unwrap_or(payout.state);
        Ok(payout)
    }

    fn need_payout(&self, event: &Event, id: &PayoutId) -> Result<&Payout> {
        self.payouts.get(id).ok_or_else(|| self.broken(event, "is about a payout that is not there"))
    }

    fn resolved(&mut self, event: &Event, told: Told<'_>, (verdict, moves): (Verdict, &Moves)) -> Result<()> {
        let at = self.open_conflict(told, verdict);
        let found = at.and_then(|at| self.conflicts.get(at)).filter(|known| known.answers(verdict));
        let amount = found.map(|conflict| conflict.amount);
        let amount = amount.ok_or_else(|| self.broken(event, "resolves a conflict that is not there"))?;
        match verdict {
            Verdict::Dismissed => {}
            Verdict::Paid => self.was_paid(event, told, amount)?,
            Verdict::Returned => self.came_back(event, told, moves)?,
        }
        if let Some(conflict) = at.and_then(|at| self.conflicts.get_mut(at)) {
            conflict.resolved = true;
        }
        Ok(())
    }

    fn was_paid(&mut self, event: &Event, (id, transaction): Told<'_>, amount: i64) -> Result<()> {
        let known = transaction.filter(|transaction| !self.transfers.contains_key(transaction));
        let transaction =
            known.ok_or_else(|| self.broken(event, "is about a transaction that is on record"))?;
        let payout = self.need_payout(event, id)?;
        if payout.state == PayoutState::Succeeded {
            let transfer = Transfer { payout_id: id.clone(), amount, returned: false };
            self.transfers.insert(transaction.clone(), transfer);
            return Ok(());
        }
        let withdrawal_id = payout.withdrawal_id.clone();
        let live = self.withdrawals.get(&withdrawal_id).is_some_and(|known| known.state.is_live());
        self.step(event, &withdrawal_id, WithdrawalTrigger::ResolvePaid)?;
        if let Some(withdrawal) = self.withdrawals.get_mut(&withdrawal_id).filter(|_| live) {
            withdrawal.payout = Some(id.clone());
        }
        if let Some(payout) = self.payouts.get_mut(id) {
            payout.state = PayoutState::Succeeded;
        }
        self.transferred(id, transaction, amount);
        Ok(())
    }

    /// A payout succeeded by a transaction.
    fn transferred(&mut self, id: &PayoutId, transaction: &TransactionId, amount: i64) {
        if let Some(payout) = self.payouts.get_mut(id) {
            (payout.transaction_id, payout.paid) = (Some(transaction.clone()), amount);
        }
        let transfer = Transfer { payout_id: id.clone(), amount, returned: false };
        self.transfers.insert(transaction.clone(), transfer);
    }

    fn came_back(&mut self, event: &Event, told: Told<'_>, moves: &Moves) -> Result<()> {
        let id = told.0;
        let sent = self.sent(told).map(|(transaction, sent)| (transaction.clone(), sent));
        let sent = sent.filter(|(_, sent)| sent.checked_neg() == Some(moves.paid_out));
        let (transaction, _) =
            sent.ok_or_else(|| self.broken(event, "returns what was not sent, or another amount"))?;
        let payout = self.need_payout(event, id)?;
        if payout.transaction_id.as_ref() == Some(&transaction) {
            let withdrawal_id = payout.withdrawal_id.clone();
            let withdrawal = self.withdrawals.get(&withdrawal_id);
            let paid_it = |known: &Withdrawal| {
                known.state == WithdrawalState::Paid && known.payout.as_ref() == Some(id)
            };
            if withdrawal.is_some_and(paid_it) {
                self.step(event, &withdrawal_id, WithdrawalTrigger::ResolveReturned)?;
            }
            if let Some(payout) = self.payouts.get_mut(id) {
                (payout.state, payout.transaction_id, payout.paid) = (PayoutState::Failed, None, 0);
            }
        }
        if let Some(transfer) = self.transfers.get_mut(&transaction) {
            transfer.returned = true;
        }
        Ok(())
    }

    /// What ends a withdrawal takes exactly its amount off the reserve.
    fn check_reserved(&self, event: &Event, id: &WithdrawalId, moves: &Moves) -> Result<()> {
        let amount = self.withdrawals.get(id).map(|known| known.amount);
        if amount.and_then(i64::checked_neg) != Some(moves.on(MemberAccount::Reserved)) {
            return Err(self.broken(event, "takes another amount off the reserve than its withdrawal's"));
        }
        Ok(())
    }

    fn proposed(&self, event: &Event, id: &AdjustmentId) -> Result<&Adjustment> {
        let open = self.adjustments.get(id).filter(|known| known.state == AdjustmentState::Proposed);
        open.ok_or_else(|| self.broken(event, "is about an adjustment that is not open"))
    }

    fn close(&mut self, id: &AdjustmentId, state: AdjustmentState) {
        if let Some(adjustment) = self.adjustments.get_mut(id) {
            adjustment.state = state;
        }
    }
}
