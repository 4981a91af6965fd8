//! Journals: what is posted together or not at all.

use super::Account;
use super::moves::Step;
use super::reversal::REVERSAL_REASON;
use crate::doc::short_hash;
use crate::error::{Code, Error, Result};
use crate::id::JournalId;
use crate::money::{Currency, Money};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The longest reason, in bytes.
const MAX_REASON_BYTES: usize = 200;

/// One amount on one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// What it gains, or loses when below zero.
    pub amount: Money,
}

impl Posting {
    /// `minor` minor units on an account.
    #[must_use]
    pub const fn new(account: Account, minor: i64, currency: Currency) -> Self {
        Self { account, amount: Money::new(minor, currency) }
    }
}

/// Postings that sum to zero per currency. Its id is the key under which a repeat is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    id: JournalId,
    at: Timestamp,
    reason: String,
    postings: Vec<Posting>,
    fingerprint: String,
}

impl Journal {
    /// Checks postings and puts them in the order of their accounts; postings of one account and currency
    /// become one, and those of zero are dropped.
    ///
    /// # Errors
    /// [`Code::Unbalanced`] names the currency and what is over; [`Code::InvalidJournal`] when nothing is
    /// left to post or the reason is not one line of 1 to 200 bytes; [`Code::Overflow`].
    ///
    /// ```
    /// use fenrun::id::JournalId;
    /// use fenrun::ledger::{Account, Journal, MallAccount, Posting};
    /// use fenrun::{Code, money::Currency, time::Timestamp};
    /// let expense = Posting::new(Account::Mall(MallAccount::CommissionExpense), -5, Currency::CNY);
    /// let refused = Journal::new(JournalId::new("j1")?, Timestamp::from_ms(0), "one side only", [expense]);
    /// assert_eq!(refused.unwrap_err().code(), Code::Unbalanced);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    pub fn new(
        id: JournalId,
        at: Timestamp,
        reason: &str,
        postings: impl IntoIterator<Item = Posting>,
    ) -> Result<Self> {
        let empty = format!("journal {id}: there is nothing to post");
        Self::unless_empty(id, at, reason, postings)?.ok_or_else(|| Error::new(Code::InvalidJournal, empty))
    }

    /// Like [`Journal::new`], and `None` when nothing is left to post.
    pub(super) fn unless_empty(
        id: JournalId,
        at: Timestamp,
        reason: &str,
        postings: impl IntoIterator<Item = Posting>,
    ) -> Result<Option<Self>> {
        if reason.is_empty() || reason.len() > MAX_REASON_BYTES || reason.chars().any(char::is_control) {
            let message = format!("journal {id}: reason {reason:?} is not one line of 1 to 200 bytes");
            return Err(Error::new(Code::InvalidJournal, message));
        }
        let postings = merge(&id, postings)?;
        if postings.is_empty() {
            return Ok(None);
        }
        let fingerprint = fingerprint(reason, &postings);
        Ok(Some(Self { id, at, reason: reason.to_owned(), postings, fingerprint }))
    }

    /// Takes the fingerprint of the request this journal answers, for postings that depend on the balances
    /// they met.
    pub(super) fn answering(mut self, fingerprint: String) -> Self {
        self.fingerprint = fingerprint;
        self
    }

    /// The key of idempotency.
    #[must_use]
    pub const fn id(&self) -> &JournalId {
        &self.id
    }

    /// When it was posted first.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Why it was posted, such as `commission_earned`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The postings, in the order of their accounts.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// What tells a repeat from a conflict: a hash of reason and content. The time is no part of it,
    /// because a retry comes later.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether a stored fingerprint can be the one of this journal as it was read back. That of a
    /// reversal is its request's, which the postings do not tell; the steps of commission tell theirs once
    /// holds and debts are left out.
    #[must_use]
    pub fn has_fingerprint(&self, stored: &str) -> bool {
        let asked = || Step::of_reason(&self.reason).and_then(|step| step.request_of(self).ok());
        self.reason == REVERSAL_REASON
            || self.fingerprint == stored
            || asked().is_some_and(|asked| asked == stored)
    }

    /// Compares this journal with the fingerprint that stands under its id.
    ///
    /// # Errors
    /// [`Code::JournalConflict`] when they differ; when they do not, this is a repeat.
    pub fn check_repeat(&self, known: &str) -> Result<()> {
        check_repeat(&self.id, &self.fingerprint, known)
    }
}

/// One posting an account and currency, in order, none of them zero, summing to zero per currency.
fn merge(id: &JournalId, postings: impl IntoIterator<Item = Posting>) -> Result<Vec<Posting>> {
    let mut amounts: BTreeMap<(Account, Currency), i128> = BTreeMap::new();
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for Posting { account, amount } in postings {
        let minor = i128::from(amount.minor());
        *sums.entry(amount.currency()).or_default() += minor;
        *amounts.entry((account, amount.currency())).or_default() += minor;
    }
    if let Some((currency, over)) = sums.into_iter().find(|(_, sum)| *sum != 0) {
        let message = format!("journal {id}: postings in {currency} sum to {over} minor units, not to zero");
        return Err(Error::new(Code::Unbalanced, message));
    }
    amounts.retain(|_, minor| *minor != 0);
    let narrow = |((account, currency), minor): ((Account, Currency), i128)| {
        let fault = || Error::new(Code::Overflow, format!("journal {id}: {minor} on {account} does not fit"));
        let minor = i64::try_from(minor).map_err(|_| fault())?;
        Ok(Posting { account, amount: Money::new(minor, currency) })
    };
    amounts.into_iter().map(narrow).collect()
}

/// Whether a journal under a known id has the known content.
pub(super) fn check_repeat(id: &JournalId, fingerprint: &str, known: &str) -> Result<()> {
    if fingerprint == known {
        return Ok(());
    }
    let message = format!("journal {id} was posted before with another content");
    Err(Error::new(Code::JournalConflict, message))
}

pub(super) fn fingerprint(reason: &str, postings: &[Posting]) -> String {
    let mut parts = vec![reason.to_owned()];
    for Posting { account, amount } in postings {
        parts.extend([account.to_string(), amount.minor().to_string(), amount.currency().to_string()]);
    }
    short_hash(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::{MallAccount, MemberAccount};
    use super::*;

    fn posting(account: &str, minor: i64, currency: Currency) -> Posting {
        Posting::new(account.parse().unwrap(), minor, currency)
    }

    fn journal(postings: Vec<Posting>) -> Result<Journal> {
        Journal::new(JournalId::new("j").unwrap(), Timestamp::from_ms(0), "test", postings)
    }

    #[test]
    fn merged_sorted_and_without_zeros() {
        let made = journal(vec![
            posting("member:2:pending", 3, Currency::CNY),
            posting("member:1:pending", 0, Currency::CNY),
            posting("member:2:pending", 4, Currency::CNY),
            posting("mall:commission_expense", -7, Currency::CNY),
        ])
        .unwrap();
        let shown: Vec<_> =
            made.postings().iter().map(|p| (p.account.to_string(), p.amount.minor())).collect();
        assert_eq!(shown, [("mall:commission_expense".into(), -7), ("member:2:pending".into(), 7)]);
    }

    #[test]
    fn each_currency_balances_alone() {
        let mixed = journal(vec![
            posting("member:1:pending", 5, Currency::CNY),
            posting("mall:commission_expense", -5, Currency::USD),
        ]);
        let error = mixed.unwrap_err();
        assert_eq!(error.code(), Code::Unbalanced);
        assert_eq!(error.message(), "journal j: postings in CNY sum to 5 minor units, not to zero");
    }

    #[test]
    fn nothing_to_post_is_refused() {
        assert_eq!(journal(vec![]).unwrap_err().code(), Code::InvalidJournal);
        let cancels = vec![posting("mall:fee", 1, Currency::CNY), posting("mall:fee", -1, Currency::CNY)];
        assert_eq!(journal(cancels).unwrap_err().code(), Code::InvalidJournal);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        let member = Account::member(&1.into(), MemberAccount::Pending);
        let mall = Account::Mall(MallAccount::CommissionExpense);
        let half = |account: &Account, minor| Posting::new(account.clone(), minor, Currency::CNY);
        let postings = vec![
            half(&member, i64::MAX),
            half(&member, i64::MAX),
            half(&mall, -i64::MAX),
            half(&mall, -i64::MAX),
        ];
        assert_eq!(journal(postings).unwrap_err().code(), Code::Overflow);
    }
}
