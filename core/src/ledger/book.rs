//! The ledger in memory: balances as the fold of journals.

use super::{Account, Advance, Journal, Reversal};
use crate::error::{Error, Result};
use crate::id::JournalId;
use crate::money::{Currency, Money};
use std::collections::BTreeMap;

/// What a posting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Posted {
    /// The balances moved.
    New,
    /// The same journal was there already; nothing moved.
    Repeat,
}

/// Balances and the journals they came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    balances: BTreeMap<(Account, Currency), i64>,
    fingerprints: BTreeMap<JournalId, String>,
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Posts a journal whole or not at all. The same journal again moves nothing.
    ///
    /// # Errors
    /// [`crate::Code::JournalConflict`] when the id was used for another content;
    /// [`crate::Code::InsufficientBalance`] when an account would break [`Account::check_balance`];
    /// [`crate::Code::Overflow`]. Nothing has moved then.
    pub fn post(&mut self, journal: &Journal) -> Result<Posted> {
        if let Some(known) = self.fingerprints.get(journal.id()) {
            return journal.check_repeat(known).map(|()| Posted::Repeat);
        }
        let mut moved = Vec::with_capacity(journal.postings().len());
        for posting in journal.postings() {
            let balance = self.balance(&posting.account, posting.amount.currency());
            let balance = balance.checked_add(posting.amount).map_err(Error::from);
            let checked = balance.and_then(|sum| posting.account.check_balance(sum).map(|()| sum));
            let balance = checked.map_err(|error| error.within(&format!("journal {}", journal.id())))?;
            moved.push(((posting.account.clone(), balance.currency()), balance.minor()));
        }
        self.balances.extend(moved);
        self.fingerprints.insert(journal.id().clone(), journal.fingerprint().to_owned());
        Ok(Posted::New)
    }

    /// Takes commission back. The same reversal again moves nothing, and so does one with nothing to move.
    ///
    /// # Errors
    /// Those of [`Reversal::journal`] and of [`Ledger::post`]. Nothing has moved then.
    pub fn reverse(&mut self, reversal: &Reversal) -> Result<Posted> {
        if let Some(known) = self.fingerprints.get(&reversal.id) {
            return reversal.check_repeat(known).map(|()| Posted::Repeat);
        }
        let journal = reversal.journal(|account| Ok(self.balance(account, reversal.currency)))?;
        journal.map_or(Ok(Posted::Repeat), |journal| self.post(&journal))
    }

    /// Moves commission a step on. The same step again moves nothing, and so does one with nothing to move.
    ///
    /// # Errors
    /// Those of [`Advance::journal`] and of [`Ledger::post`]. Nothing has moved then.
    pub fn advance(&mut self, advance: &Advance) -> Result<Posted> {
        if let Some(known) = self.fingerprints.get(&advance.id) {
            return advance.check_repeat(known).map(|()| Posted::Repeat);
        }
        let journal = advance.journal(|account| Ok(self.balance(account, advance.currency)))?;
        journal.map_or(Ok(Posted::Repeat), |journal| self.post(&journal))
    }

    /// The balance of an account, zero when nothing was posted to it.
    #[must_use]
    pub fn balance(&self, account: &Account, currency: Currency) -> Money {
        let minor = self.balances.get(&(account.clone(), currency)).copied().unwrap_or(0);
        Money::new(minor, currency)
    }

    /// Every account that was ever posted to, with its balance.
    pub fn balances(&self) -> impl Iterator<Item = (&Account, Money)> {
        self.balances.iter().map(|((account, currency), minor)| (account, Money::new(*minor, *currency)))
    }

    /// Whether a journal with this id was posted.
    #[must_use]
    pub fn contains(&self, id: &JournalId) -> bool {
        self.fingerprints.contains_key(id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MemberAccount, Share, earned};
    use super::*;
    use crate::error::Code;
    use crate::time::Timestamp;

    #[test]
    fn a_repeat_moves_nothing_and_a_conflict_is_named() {
        let journal = |minor, at| {
            let shares = [Share::new(7.into(), minor)];
            earned(JournalId::new("sale-1").unwrap(), Timestamp::from_ms(at), Currency::CNY, &shares, 1)
                .unwrap()
        };
        let mut ledger = Ledger::new();
        assert_eq!(ledger.post(&journal(5, 1).unwrap()).unwrap(), Posted::New);
        assert_eq!(ledger.post(&journal(5, 2).unwrap()).unwrap(), Posted::Repeat);
        let error = ledger.post(&journal(6, 1).unwrap()).unwrap_err();
        assert_eq!(error.code(), Code::JournalConflict);
        let pending = Account::member(&7.into(), MemberAccount::Pending);
        assert_eq!(ledger.balance(&pending, Currency::CNY).minor(), 5);
    }
}
