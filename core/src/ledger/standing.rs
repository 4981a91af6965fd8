//! Balances as they run through a journal that moves one account several times.

use super::{Account, MemberAccount};
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::money::Money;
use std::collections::BTreeMap;

/// What stands while moves are made; `what` they are made for is named in messages.
pub(super) struct Standing<'a, F> {
    what: &'a str,
    read: F,
    moved: BTreeMap<Account, i128>,
}

impl<'a, F: Fn(&Account) -> Result<Money>> Standing<'a, F> {
    pub(super) const fn new(what: &'a str, read: F) -> Self {
        Self { what, read, moved: BTreeMap::new() }
    }

    /// Takes an amount at or above zero from the first of some accounts of a member and, once that is
    /// empty, from the next. What none of them holds is owed, or refused where it cannot be.
    pub(super) fn lose(
        &mut self,
        member: &MemberId,
        minor: i64,
        accounts: &[MemberAccount],
        rest: Rest,
    ) -> Result<Vec<(MemberAccount, i64)>> {
        let mut parts = Vec::with_capacity(accounts.len() + 1);
        let mut left = minor;
        for account in accounts {
            let holds = self.balance(&Account::member(member, *account))?.max(0);
            let part = i64::try_from(holds).map_or(left, |holds| holds.min(left));
            left -= part;
            parts.push((*account, -part));
        }
        if left > 0 {
            match rest {
                Rest::Owed => parts.push((MemberAccount::Debt, -left)),
                Rest::Refused => return Err(self.short(member, minor, accounts)?),
            }
        }
        self.record(member, &parts);
        Ok(parts)
    }

    /// Gives an amount at or above zero; what becomes available repays a debt first.
    pub(super) fn gain(
        &mut self,
        member: &MemberId,
        minor: i64,
        to: MemberAccount,
    ) -> Result<Vec<(MemberAccount, i64)>> {
        let owed = match to {
            MemberAccount::Available => -self.balance(&Account::member(member, MemberAccount::Debt))?.min(0),
            _ => 0,
        };
        let repaid = i64::try_from(owed).map_or(minor, |owed| owed.min(minor));
        let parts = vec![(MemberAccount::Debt, repaid), (to, minor - repaid)];
        self.record(member, &parts);
        Ok(parts)
    }

    fn record(&mut self, member: &MemberId, parts: &[(MemberAccount, i64)]) {
        for (account, minor) in parts {
            *self.moved.entry(Account::member(member, *account)).or_default() += i128::from(*minor);
        }
    }

    fn balance(&self, account: &Account) -> Result<i128> {
        let moved = self.moved.get(account).copied().unwrap_or(0);
        Ok(i128::from((self.read)(account)?.minor()) + moved)
    }

    fn short(&self, member: &MemberId, minor: i64, accounts: &[MemberAccount]) -> Result<Error> {
        let first = accounts.first().copied().unwrap_or(MemberAccount::Available);
        let stands = Account::member(member, first);
        let holds: i128 = accounts
            .iter()
            .map(|kind| self.balance(&Account::member(member, *kind)))
            .sum::<Result<i128>>()?;
        let rule = format!("{}: {minor} minor units to take from {stands}, which holds {holds}", self.what);
        Ok(Error::new(Code::InsufficientBalance, rule))
    }
}

/// What becomes of an amount that is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It becomes a debt.
    Owed,
    /// The journal is refused.
    Refused,
}
