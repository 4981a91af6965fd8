//! Deciding commands: `(wallet, command) → events`, or why not.

use super::command::{Action, Command, Header};
use super::event::{Event, EventData, Moves};
use super::policy::Policy;
use super::state::{AdjustmentState, Hold, Wallet, Withdrawal, deadlines};
use super::table::{self, TABLE};
use super::words::{WithdrawalState, WithdrawalTrigger};
use crate::error::{Code, Error, Result};
use crate::id::{AdjustmentId, HoldId, PayoutId, WithdrawalId};
use crate::ledger::standing::{Rest, Standing};
use crate::ledger::{Account, MemberAccount};
use crate::money::Money;
use crate::request::Reason;
use crate::time::Timestamp;
use std::sync::Arc;

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The events it makes; [`EventData::Noted`] alone when there was nothing to do.
    Accepted(Vec<Event>),
    /// The command acted before: these are the places of its events.
    Repeat {
        /// Place of its first event.
        first_seq: u64,
        /// Place of its last event.
        last_seq: u64,
    },
}

/// Decides a command. Nothing changes: the events do that, through [`evolve`](super::evolve), and the
/// journals they post.
///
/// # Errors
/// In this order: [`Code::InvalidCommand`] or [`Code::CurrencyMismatch`] for another wallet;
/// [`Code::IdempotencyConflict`] when the command's id came before with another content;
/// [`Code::VersionConflict`]; then what the command itself breaks: [`Code::UnknownClaim`],
/// [`Code::NotAllowed`], [`Code::WithdrawalLimit`], [`Code::InsufficientBalance`],
/// [`Code::SecondApprover`], [`Code::InvalidCommand`], [`Code::Overflow`].
pub fn decide(wallet: &Wallet, command: &Command) -> Result<Decision> {
    let header = command.header();
    if header.wallet != wallet.key {
        let rule =
            format!("command {} is about the {}, not the {}", header.command_id, header.wallet, wallet.key);
        let same = header.wallet.member == wallet.key.member && header.wallet.tenant == wallet.key.tenant;
        return Err(Error::new(if same { Code::CurrencyMismatch } else { Code::InvalidCommand }, rule));
    }
    if let Some(acted) = wallet.commands.get(&header.command_id) {
        if acted.fingerprint != header.fingerprint {
            let rule = format!("command {} came before with another content", header.command_id);
            return Err(Error::new(Code::IdempotencyConflict, rule));
        }
        return Ok(Decision::Repeat { first_seq: acted.first_seq, last_seq: acted.last_seq });
    }
    if let Some(expected) = command.expected_version().filter(|expected| *expected != wallet.version) {
        let rule = format!("the {} is at version {}, not {expected}", wallet.key, wallet.version);
        return Err(Error::new(Code::VersionConflict, rule));
    }
    let mut draft = Draft { wallet, header, events: Vec::with_capacity(1) };
    draft.decide(command.action())?;
    if draft.events.is_empty() {
        draft.push(EventData::Noted);
    }
    Ok(Decision::Accepted(draft.events))
}

/// The events of one command while they are made.
pub(super) struct Draft<'a> {
    pub(super) wallet: &'a Wallet,
    header: &'a Arc<Header>,
    events: Vec<Event>,
}

impl Draft<'_> {
    fn decide(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Request { withdrawal_id, amount, policy } => self.request(withdrawal_id, *amount, policy),
            Action::Approve { withdrawal_id } => {
                self.check_move(withdrawal_id, WithdrawalTrigger::Approve)?;
                self.check_free()?;
                self.push(EventData::WithdrawalApproved { withdrawal_id: withdrawal_id.clone() });
                Ok(())
            }
            Action::Reject { withdrawal_id, reason } => {
                let (withdrawal_id, reason) = (withdrawal_id.clone(), reason.clone());
                let moves = self.given_back(&withdrawal_id, WithdrawalTrigger::Reject)?;
                self.push(EventData::WithdrawalRejected { withdrawal_id, reason, moves });
                Ok(())
            }
            Action::Cancel { withdrawal_id, reason } => {
                let (withdrawal_id, reason) = (withdrawal_id.clone(), reason.clone());
                let moves = self.given_back(&withdrawal_id, WithdrawalTrigger::Cancel)?;
                self.push(EventData::WithdrawalCancelled { withdrawal_id, reason, moves });
                Ok(())
            }
            Action::Pay { withdrawal_id, payout_id } => self.pay(withdrawal_id, payout_id),
            Action::Send { payout_id } => self.send(payout_id),
            Action::PayoutAwaiting { payout_id, expires_at } => self.awaiting(payout_id, *expires_at),
            Action::PayoutSucceeded { payout_id, transaction_id, amount } => {
                self.succeeded(payout_id, transaction_id, *amount)
            }
            Action::PayoutFailed { payout_id, reason } => self.failed(payout_id, reason),
            Action::PayoutLapsed { payout_id } => self.lapsed(payout_id),
            Action::Resolve { payout_id, transaction_id, verdict, reason } => {
                self.resolve((payout_id, transaction_id.as_ref()), *verdict, reason)
            }
            Action::Hold { hold_id, account, amount, reason } => {
                self.hold(hold_id, (*account, *amount), reason)
            }
            Action::ReleaseHold { hold_id, reason } => self.release_hold(hold_id, reason),
            Action::ProposeAdjustment { adjustment_id, amount, reason } => {
                self.propose(adjustment_id, *amount, reason)
            }
            Action::ApproveAdjustment { adjustment_id } => self.approve_adjustment(adjustment_id),
            Action::RejectAdjustment { adjustment_id, reason } => {
                self.open_adjustment(adjustment_id)?;
                let (adjustment_id, reason) = (adjustment_id.clone(), reason.clone());
                self.push(EventData::AdjustmentRejected { adjustment_id, reason });
                Ok(())
            }
            Action::Tick => {
                for deadline in deadlines(self.wallet).into_iter().filter(|next| next.at <= self.header.at) {
                    self.push(EventData::PayoutLapsed { payout_id: deadline.payout_id });
                }
                Ok(())
            }
        }
    }

    pub(super) fn push(&mut self, data: EventData) {
        let place = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        let seq = self.wallet.version.saturating_add(place).saturating_add(1);
        self.events.push(Event { header: Arc::clone(self.header), seq, data });
    }

    pub(super) fn now(&self) -> Timestamp {
        self.header.at
    }

    pub(super) fn refused(&self, rule: &str) -> Error {
        Error::new(Code::NotAllowed, format!("{}: {rule}", self.wallet.key))
    }

    pub(super) fn invalid(&self, rule: &str) -> Error {
        Error::new(Code::InvalidCommand, format!("{}: {rule}", self.wallet.key))
    }

    pub(super) fn unknown(&self, what: &str, id: &str) -> Error {
        Error::new(Code::UnknownClaim, format!("{} has no {what} {id}", self.wallet.key))
    }

    pub(super) fn overflow(&self) -> Error {
        Error::new(Code::Overflow, format!("{}: an amount does not fit", self.wallet.key))
    }

    pub(super) fn withdrawal(&self, id: &WithdrawalId) -> Result<&Withdrawal> {
        self.wallet.withdrawals.get(id).ok_or_else(|| self.unknown("withdrawal", id.as_str()))
    }

    /// Refuses while a hold freezes the whole wallet.
    pub(super) fn check_free(&self) -> Result<()> {
        let ban = self.wallet.holds().find(|(_, hold)| hold.account.is_none());
        ban.map_or(Ok(()), |(id, _)| Err(self.refused(&format!("hold {id} freezes all of it"))))
    }

    /// The withdrawal, when the table lists the move for it.
    pub(super) fn check_move(&self, id: &WithdrawalId, on: WithdrawalTrigger) -> Result<WithdrawalState> {
        let from = self.withdrawal(id)?.state;
        table::next(from, on).ok_or_else(|| {
            let listed: Vec<_> =
                TABLE.iter().filter(|row| row.from == from).map(|row| row.on.name()).collect();
            let (state, on, listed) = (from.name(), on.name(), listed.join(", "));
            self.refused(&format!("withdrawal {id} is {state}: {on} is not listed for it, but {listed}"))
        })
    }

    /// What a provider said twice differently has to be resolved before money moves again.
    pub(super) fn check_no_conflict(&self, id: &WithdrawalId) -> Result<()> {
        let open = self.wallet.conflicts.iter().filter(|conflict| !conflict.resolved);
        let of = |payout: &PayoutId| self.wallet.payouts.get(payout).map(|payout| &payout.withdrawal_id);
        let found = open.map(|conflict| &conflict.payout_id).find(|payout| of(payout) == Some(id));
        found.map_or(Ok(()), |payout| {
            Err(self.refused(&format!("payout {payout} has a conflict that nobody has resolved")))
        })
    }

    fn request(&mut self, id: &WithdrawalId, amount: i64, policy: &Policy) -> Result<()> {
        if self.wallet.withdrawals.contains_key(id) {
            return Err(self.invalid(&format!("withdrawal {id} was asked for before by another command")));
        }
        self.check_free()?;
        let cut = policy.cut(amount).map_err(|error| error.within(&self.wallet.key.to_string()))?;
        let day = policy.day(self.header.at);
        let void = [WithdrawalState::Rejected, WithdrawalState::Cancelled];
        let counted =
            self.wallet.withdrawals.values().filter(|other| other.day == day && !void.contains(&other.state));
        let (count, sum) = counted.fold((0_u64, i128::from(amount)), |(count, sum), other| {
            (count + 1, sum + i128::from(other.amount))
        });
        let limit =
            |rule: String| Err(Error::new(Code::WithdrawalLimit, format!("{}: {rule}", self.wallet.key)));
        if let Some(most) = policy.daily_count.filter(|most| count >= u64::from(*most)) {
            return limit(format!("{count} withdrawals that day already; the most is {most}"));
        }
        if let Some(most) = policy.daily_amount.filter(|most| sum > i128::from(*most)) {
            return limit(format!("{sum} would be withdrawn that day; the most is {most}"));
        }
        let available = self.wallet.balance(MemberAccount::Available);
        if available < amount {
            let rule = format!("{}: {amount} to withdraw, {available} available", self.wallet.key);
            return Err(Error::new(Code::InsufficientBalance, rule));
        }
        let (withdrawal_id, fee, tax) = (id.clone(), cut.fee, cut.tax);
        self.push(EventData::WithdrawalRequested { withdrawal_id, amount, fee, tax, day });
        Ok(())
    }

    /// Where the amount of a withdrawal goes that ends unpaid.
    fn given_back(&self, id: &WithdrawalId, on: WithdrawalTrigger) -> Result<Moves> {
        self.check_move(id, on)?;
        self.check_no_conflict(id)?;
        let amount = self.withdrawal(id)?.amount;
        let mut parts = self.gained(amount)?;
        parts.push((MemberAccount::Reserved, -amount));
        Ok(Moves::of(parts))
    }

    fn pay(&mut self, id: &WithdrawalId, payout_id: &PayoutId) -> Result<()> {
        let withdrawal = self.withdrawal(id)?;
        let (state, net) = (withdrawal.state, withdrawal.net());
        if let Some(live) = withdrawal.payout.as_ref().filter(|_| state.has_live_payout()) {
            if live == payout_id {
                return Ok(());
            }
            let rule = format!(
                "payout {live} of withdrawal {id} is {}: the provider may have acted, retry it",
                state.name()
            );
            return Err(self.refused(&rule));
        }
        self.check_move(id, WithdrawalTrigger::Pay)?;
        self.check_no_conflict(id)?;
        self.check_free()?;
        if self.wallet.payouts.contains_key(payout_id) {
            return Err(
                self.invalid(&format!("payout {payout_id} is over; a new payout needs an id of its own"))
            );
        }
        let (withdrawal_id, payout_id) = (id.clone(), payout_id.clone());
        self.push(EventData::PayoutRequested { withdrawal_id, payout_id, net });
        Ok(())
    }

    fn hold(
        &mut self,
        id: &HoldId,
        (account, amount): (Option<MemberAccount>, Option<i64>),
        reason: &Reason,
    ) -> Result<()> {
        if self.wallet.holds.contains_key(id) {
            return Err(self.invalid(&format!("hold {id} was placed before by another command")));
        }
        let amount = match (account, amount) {
            (None, None) => 0,
            (None, Some(_)) => return Err(self.invalid("a hold of an amount names its account")),
            (Some(account), _) if account.held().is_none() => {
                return Err(self.invalid(&format!("nothing can be held on {}", account.name())));
            }
            (Some(account), amount) => {
                let stands = self.wallet.balance(account);
                let amount = amount.unwrap_or(stands);
                if amount > stands {
                    let rule = format!(
                        "{}: {amount} to hold on {}, {stands} stands there",
                        self.wallet.key,
                        account.name()
                    );
                    return Err(Error::new(Code::InsufficientBalance, rule));
                }
                if amount <= 0 {
                    return Err(self.invalid(&format!("hold {id} of {amount}; it has to be above zero")));
                }
                amount
            }
        };
        self.push(EventData::HoldPlaced { hold_id: id.clone(), account, amount, reason: reason.clone() });
        Ok(())
    }

    fn release_hold(&mut self, id: &HoldId, reason: &Reason) -> Result<()> {
        let hold = match self.wallet.holds.get(id) {
            None => return Err(self.unknown("hold", id.as_str())),
            Some(None) => return Err(self.refused(&format!("hold {id} was released before"))),
            Some(Some(hold)) => hold.clone(),
        };
        let moves = Moves::of(self.freed(&hold)?);
        self.push(EventData::HoldReleased { hold_id: id.clone(), reason: reason.clone(), moves });
        Ok(())
    }

    /// What a hold sets free: its amount, less what refunds took of frozen money that the other holds
    /// need. The money was frozen on the hold's account and may have moved on since.
    fn freed(&self, hold: &Hold) -> Result<Vec<(MemberAccount, i64)>> {
        let others = self.wallet.frozen() - i128::from(hold.amount);
        let free = (self.wallet.held() - others).clamp(0, i128::from(hold.amount));
        let mut left = i64::try_from(free).map_err(|_| self.overflow())?;
        let start =
            MemberAccount::STAGES.iter().position(|(stage, _)| Some(*stage) == hold.account).unwrap_or(0);
        let mut parts = Vec::new();
        let (before, after) = MemberAccount::STAGES.split_at(start);
        for (stage, held) in after.iter().chain(before) {
            let part = self.wallet.balance(*held).min(left);
            left -= part;
            parts.push((*held, -part));
            match stage {
                MemberAccount::Available => parts.extend(self.gained(part)?),
                _ => parts.push((*stage, part)),
            }
        }
        Ok(parts)
    }

    fn propose(&mut self, id: &AdjustmentId, amount: i64, reason: &Reason) -> Result<()> {
        if self.wallet.adjustments.contains_key(id) {
            return Err(self.invalid(&format!("adjustment {id} was proposed before by another command")));
        }
        if amount == 0 || amount == i64::MIN {
            return Err(self.invalid(&format!("adjustment {id} of {amount} moves nothing that fits")));
        }
        if reason.as_str().trim().is_empty() {
            return Err(self.invalid(&format!("adjustment {id} gives no reason")));
        }
        self.push(EventData::AdjustmentProposed {
            adjustment_id: id.clone(),
            amount,
            reason: reason.clone(),
        });
        Ok(())
    }

    fn open_adjustment(&self, id: &AdjustmentId) -> Result<&super::state::Adjustment> {
        let found = self.wallet.adjustments.get(id).ok_or_else(|| self.unknown("adjustment", id.as_str()))?;
        match found.state {
            AdjustmentState::Proposed => Ok(found),
            over => Err(self.refused(&format!("adjustment {id} is {}", over.name()))),
        }
    }

    fn approve_adjustment(&mut self, id: &AdjustmentId) -> Result<()> {
        let adjustment = self.open_adjustment(id)?;
        if adjustment.proposed_by == self.header.actor {
            let rule = format!(
                "{}: {} proposed adjustment {id}; somebody else has to approve it",
                self.wallet.key, self.header.actor
            );
            return Err(Error::new(Code::SecondApprover, rule));
        }
        let amount = adjustment.amount;
        let mall = amount.checked_neg().ok_or_else(|| self.overflow())?;
        let parts = if amount > 0 { self.gained(amount)? } else { self.lost(mall)? };
        let moves = Moves { adjustment: mall, ..Moves::of(parts) };
        self.push(EventData::AdjustmentApproved { adjustment_id: id.clone(), moves });
        Ok(())
    }

    /// What becomes available, a debt repaid first.
    pub(super) fn gained(&self, minor: i64) -> Result<Vec<(MemberAccount, i64)>> {
        self.standing(|standing| standing.gain(&self.wallet.key.member, minor, MemberAccount::Available))
    }

    /// What is taken of what is available; the rest is owed.
    pub(super) fn lost(&self, minor: i64) -> Result<Vec<(MemberAccount, i64)>> {
        self.standing(|standing| {
            standing.lose(&self.wallet.key.member, minor, &[MemberAccount::Available], Rest::Owed)
        })
    }

    fn standing<T>(
        &self,
        work: impl FnOnce(&mut Standing<'_, &dyn Fn(&Account) -> Result<Money>>) -> Result<T>,
    ) -> Result<T> {
        let read = |account: &Account| {
            let minor = match account {
                Account::Member(_, kind) => self.wallet.balance(*kind),
                Account::Mall(_) => 0,
            };
            Ok(Money::new(minor, self.wallet.key.currency))
        };
        work(&mut Standing::new("", &read))
    }
}
