//! Wallets in the store: the log of each, what it posts, and tables of where its claims stand.

mod project;
mod read;
mod statement;
mod transactions;

pub use read::{StoredWalletEvent, WithdrawalSummary};
pub(crate) use read::{WALLET_EVENT, read_wallet_event};
pub(crate) use transactions::fill_transactions;

use crate::batch::Batch;
use crate::chain::Chain;
use crate::fault::Result;
use crate::links::Linked;
use fenrun::ledger::wallet::{Action, Command, Decision, Event, EventData, Wallet, WalletKey, decide};
use fenrun::ledger::{Account, MemberAccount, Posted};
use fenrun::{Code, Error};
use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};

/// What became of a wallet's command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletAppended {
    /// Whether it acted now or before.
    pub posted: Posted,
    /// The events it made, now or then; one that notes the command when there was nothing to do.
    pub events: Vec<Event>,
}

/// The next link of a chain; the first event follows on zeros.
pub(crate) fn link(previous: &Chain, event: &Event) -> Chain {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(event.to_json().as_bytes());
    hasher.finalize().into()
}

impl Batch<'_> {
    /// Decides a command on the wallet as it stands, appends its events and posts their journals. The same
    /// command again gives the events of the first time. A provider's transaction that another wallet of the
    /// shop has on record pays nothing: its report is a conflict.
    ///
    /// # Errors
    /// As [`decide`]; [`Code::StoreConflict`] when the id of the withdrawal or payout belongs to another
    /// one of the shop. Nothing is written then, and the batch may go on.
    pub fn handle_wallet(&mut self, command: &Command) -> Result<WalletAppended, Error> {
        self.run(|batch| {
            let key = &command.header().wallet;
            let (wallet, head) = batch.wallet_now(key)?;
            let wallet = wallet.beside(batch.elsewhere(key, command.action().transaction())?);
            match decide(&wallet, command)? {
                Decision::Accepted(events) => {
                    batch.check_own_ids(key, command.action())?;
                    batch.append_wallet((wallet, head), &events)?;
                    Ok(WalletAppended { posted: Posted::New, events })
                }
                Decision::Repeat { first_seq, last_seq } => {
                    let events = read::read_events(&batch.transaction, key, (first_seq, last_seq))?;
                    Ok(WalletAppended { posted: Posted::Repeat, events })
                }
            }
        })
    }

    /// A wallet as it stands, this batch's commands and journals included.
    ///
    /// # Errors
    /// [`Code::Database`]; [`Code::Inconsistent`] when its log cannot be replayed.
    pub fn wallet(&mut self, key: &WalletKey) -> Result<Wallet, Error> {
        self.run(|batch| batch.wallet_now(key).map(|(wallet, _)| wallet))
    }

    /// The claims, read once a batch, on the balances of this moment.
    fn wallet_now(&mut self, key: &WalletKey) -> Result<(Wallet, Chain)> {
        let (claims, head) = match self.state.wallets.get(key) {
            Some(known) => known.clone(),
            None => read::read_wallet(&self.transaction, key)?,
        };
        let mut balances = Vec::with_capacity(MemberAccount::ALL.len());
        for account in MemberAccount::ALL {
            let balance = (key.tenant.clone(), Account::member(&key.member, *account), key.currency);
            balances.push((*account, self.stored_balance(&balance)?));
        }
        let balances = balances.into_iter().filter(|(_, minor)| *minor != 0);
        Ok((claims.standing_on(balances), head))
    }

    /// Withdrawals and payouts are known by their ids alone to whoever approves or pays them.
    fn check_own_ids(&self, key: &WalletKey, action: &Action) -> Result<()> {
        let found = match action {
            Action::Request { withdrawal_id, .. } => self
                .sql("SELECT 1 FROM withdrawals WHERE tenant = ?1 AND withdrawal_id = ?2")?
                .query_row((key.tenant.as_str(), withdrawal_id.as_str()), |_| Ok(()))
                .optional()?
                .map(|()| format!("withdrawal {withdrawal_id} is of another wallet of the shop")),
            Action::Pay { payout_id, withdrawal_id } => self
                .sql("SELECT 1 FROM payouts WHERE tenant = ?1 AND payout_id = ?2 AND withdrawal_id <> ?3")?
                .query_row((key.tenant.as_str(), payout_id.as_str(), withdrawal_id.as_str()), |_| Ok(()))
                .optional()?
                .map(|()| format!("payout {payout_id} is of another withdrawal of the shop")),
            _ => None,
        };
        found.map_or(Ok(()), |rule| Err(Error::new(Code::StoreConflict, rule).into()))
    }

    /// Writes events that follow on the wallet's log; before the first write all of them are checked.
    fn append_wallet(&mut self, (mut wallet, mut head): (Wallet, Chain), events: &[Event]) -> Result<()> {
        let Some(first) = events.first() else { return Ok(()) };
        let settles = |event: &Event| {
            matches!(event.data, EventData::PayoutSucceeded { .. } | EventData::ConflictResolved { .. })
        };
        let before = events.iter().any(settles).then(|| wallet.clone());
        for event in events {
            wallet.apply(event)?;
        }
        let header = &first.header;
        let key = header.wallet.clone();
        for event in events {
            let journal = event.journal()?;
            let journal = journal.map(|journal| self.insert_journal(&key.tenant, &journal)).transpose()?;
            head = link(&head, event);
            let place_in_all = self.next_link(Linked::WalletEvents, &head)?;
            self.sql(
                "INSERT INTO wallet_events (tenant, member, currency, seq, command_id, fingerprint, actor, at,
                     type, data, hash, journal, link)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(rusqlite::params![
                key.tenant.as_str(),
                key.member.as_str(),
                key.currency.code(),
                crate::events::place(event.seq)?,
                header.command_id.as_str(),
                header.fingerprint.to_string(),
                header.actor.as_str(),
                header.at.ms(),
                event.data.name(),
                event.data.to_json(),
                head,
                journal,
                place_in_all,
            ])?;
        }
        self.project(&wallet, &head, events)?;
        if let Some(before) = before {
            self.put_transactions(&before, &wallet)?;
        }
        self.state.wallets.insert(key, (wallet, head));
        Ok(())
    }
}
