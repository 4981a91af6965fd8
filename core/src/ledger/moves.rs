//! The journals a commission and a payout consist of.
//!
//! Commission goes pending → confirmed → available → reserved → paid out. What is taken back leaves the
//! account it stands on; what no longer stands there becomes a debt.

use super::{Account, Journal, MallAccount, MemberAccount, Posting};
use crate::error::{Code, Error, Result};
use crate::id::{JournalId, MemberId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What one member gets or moves, in minor units at or above zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Who.
    pub member: MemberId,
    /// How much.
    pub minor: i64,
}

impl Share {
    /// `minor` minor units of a member.
    #[must_use]
    pub const fn new(member: MemberId, minor: i64) -> Self {
        Self { member, minor }
    }
}

/// What one member gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeBack {
    /// Who.
    pub member: MemberId,
    /// Where the commission stands; [`MemberAccount::Debt`] when it was paid out.
    pub from: MemberAccount,
    /// How much; below zero when the member gains, as a single step of cumulative rounding may.
    pub minor: i64,
}

/// How a payout splits what was reserved for it; each part is at or above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// What reaches the member's bank.
    pub net: Money,
    /// What the mall keeps as its fee.
    pub fee: i64,
    /// What the mall keeps as tax.
    pub tax: i64,
}

/// A plan paid: the mall's expense becomes pending commission of members, and what the plan offered and
/// nobody got is retained. `None` when everything is zero.
///
/// # Errors
/// [`Code::InvalidJournal`] for an amount below zero; [`Code::Overflow`].
pub fn earned(
    id: JournalId,
    at: Timestamp,
    currency: Currency,
    shares: &[Share],
    retained: i64,
) -> Result<Option<Journal>> {
    let retained = (Account::Mall(MallAccount::Retained), at_least_zero(&id, "retained", retained)?);
    let mut gains = vec![retained];
    for share in shares {
        let gain = at_least_zero(&id, share.member.as_str(), share.minor)?;
        gains.push((Account::member(&share.member, MemberAccount::Pending), gain));
    }
    let expense = Account::Mall(MallAccount::CommissionExpense);
    flow(id, at, "commission_earned", currency, gains.into_iter().map(|gain| (expense.clone(), gain)))
}

/// The after-sale window closed: pending becomes confirmed. `None` when everything is zero.
///
/// # Errors
/// [`Code::InvalidJournal`] for an amount below zero; [`Code::Overflow`].
pub fn confirmed(
    id: JournalId,
    at: Timestamp,
    currency: Currency,
    shares: &[Share],
) -> Result<Option<Journal>> {
    let way = (MemberAccount::Pending, MemberAccount::Confirmed);
    between(id, at, "commission_confirmed", currency, shares, way)
}

/// A payout batch accepted the commission: confirmed becomes available. `None` when everything is zero.
///
/// # Errors
/// [`Code::InvalidJournal`] for an amount below zero; [`Code::Overflow`].
pub fn released(
    id: JournalId,
    at: Timestamp,
    currency: Currency,
    shares: &[Share],
) -> Result<Option<Journal>> {
    let way = (MemberAccount::Confirmed, MemberAccount::Available);
    between(id, at, "commission_released", currency, shares, way)
}

/// A withdrawal was requested: available becomes reserved. `None` when everything is zero.
///
/// # Errors
/// [`Code::InvalidJournal`] for an amount below zero; [`Code::Overflow`].
pub fn reserved(
    id: JournalId,
    at: Timestamp,
    currency: Currency,
    shares: &[Share],
) -> Result<Option<Journal>> {
    let way = (MemberAccount::Available, MemberAccount::Reserved);
    between(id, at, "payout_reserved", currency, shares, way)
}

/// A payout was rejected or failed: reserved becomes available again. `None` when everything is zero.
///
/// # Errors
/// [`Code::InvalidJournal`] for an amount below zero; [`Code::Overflow`].
pub fn returned(
    id: JournalId,
    at: Timestamp,
    currency: Currency,
    shares: &[Share],
) -> Result<Option<Journal>> {
    let way = (MemberAccount::Reserved, MemberAccount::Available);
    between(id, at, "payout_returned", currency, shares, way)
}

/// A payout succeeded: what was reserved leaves the ledger's members. `None` when everything is zero.
///
/// # Errors
/// [`Code::InvalidJournal`] for an amount below zero; [`Code::Overflow`].
pub fn paid_out(id: JournalId, at: Timestamp, member: &MemberId, payout: Payout) -> Result<Option<Journal>> {
    let from = Account::member(member, MemberAccount::Reserved);
    let parts = [
        (MallAccount::PaidOut, "net", payout.net.minor()),
        (MallAccount::Fee, "fee", payout.fee),
        (MallAccount::TaxWithheld, "tax", payout.tax),
    ];
    let mut moves = Vec::with_capacity(parts.len());
    for (account, what, minor) in parts {
        moves.push((from.clone(), (Account::Mall(account), at_least_zero(&id, what, minor)?)));
    }
    flow(id, at, "payout_succeeded", payout.net.currency(), moves)
}

/// A debt is paid from what became available since. `None` when everything is zero.
///
/// # Errors
/// [`Code::InvalidJournal`] for an amount below zero; [`Code::Overflow`].
pub fn set_off(
    id: JournalId,
    at: Timestamp,
    currency: Currency,
    shares: &[Share],
) -> Result<Option<Journal>> {
    let way = (MemberAccount::Available, MemberAccount::Debt);
    between(id, at, "debt_set_off", currency, shares, way)
}

/// A sale was taken back, in part or whole: members give back from where their commission stands, and
/// the mall's expense and what it retained fall with it. What was available and is no longer there
/// becomes a debt. `standing` tells the balances before the journal. `None` when everything is zero.
///
/// `retained` is by how much the retained amount falls; it may be below zero.
///
/// # Errors
/// [`Code::InsufficientBalance`] when less is pending or confirmed than is to be taken from there: such
/// commission cannot have left, so the request is wrong; [`Code::InvalidJournal`] for a reserved account,
/// whose payout has to be settled or returned first; [`Code::Overflow`].
pub fn taken_back(
    id: JournalId,
    at: Timestamp,
    currency: Currency,
    takes: &[TakeBack],
    retained: i64,
    standing: impl Fn(&Account) -> i64,
) -> Result<Option<Journal>> {
    let retained = (Account::Mall(MallAccount::Retained), negated(&id, retained)?);
    let mut request = vec![retained.clone()];
    let mut gains = vec![retained];
    let mut balances = Standing { read: standing, moved: BTreeMap::new() };
    for take in takes {
        let gain = negated(&id, take.minor)?;
        request.push((Account::member(&take.member, MemberAccount::Debt), gain));
        gains.extend(balances.split(&id, take, gain)?);
    }
    // Where the members give back from is no part of the request: it moves on between two tries.
    request.sort_unstable();
    let asked: Vec<_> =
        request.into_iter().map(|(account, minor)| Posting::new(account, minor, currency)).collect();
    let expense = Account::Mall(MallAccount::CommissionExpense);
    let moves = gains.into_iter().map(|gain| (expense.clone(), gain));
    let journal = flow(id, at, "commission_taken_back", currency, moves)?;
    Ok(journal.map(|journal| journal.answering(&asked)))
}

/// Balances as they run through a journal that takes from one account several times.
struct Standing<F> {
    read: F,
    moved: BTreeMap<Account, i128>,
}

impl<F: Fn(&Account) -> i64> Standing<F> {
    /// Where a gain (below zero: a loss) lands.
    fn split(&mut self, id: &JournalId, take: &TakeBack, gain: i64) -> Result<Vec<(Account, i64)>> {
        let stands = Account::member(&take.member, take.from);
        let debt = Account::member(&take.member, MemberAccount::Debt);
        let available = Account::member(&take.member, MemberAccount::Available);
        let parts = match take.from {
            MemberAccount::Pending | MemberAccount::Confirmed => {
                if self.balance(&stands) + i128::from(gain) < 0 {
                    let message = format!(
                        "journal {id}: {} minor units are to be taken from {stands}, which holds {}",
                        take.minor,
                        self.balance(&stands)
                    );
                    return Err(Error::new(Code::InsufficientBalance, message));
                }
                vec![(stands, gain)]
            }
            MemberAccount::Available => {
                let taken = i128::from(gain).max(-self.balance(&stands).max(0));
                self.divide(id, gain, taken, stands, debt)?
            }
            MemberAccount::Debt => {
                let repaid = i128::from(gain).min(-self.balance(&debt).min(0));
                self.divide(id, gain, repaid, debt, available)?
            }
            MemberAccount::Reserved => {
                let message =
                    format!("journal {id}: {stands} is under way; settle or return its payout first");
                return Err(Error::new(Code::InvalidJournal, message));
            }
        };
        for (account, minor) in &parts {
            *self.moved.entry(account.clone()).or_default() += i128::from(*minor);
        }
        Ok(parts)
    }

    /// The first account takes `part` of the gain, the second the rest.
    fn divide(
        &self,
        id: &JournalId,
        gain: i64,
        part: i128,
        first: Account,
        second: Account,
    ) -> Result<Vec<(Account, i64)>> {
        let overflow =
            |_| Error::new(Code::Overflow, format!("journal {id}: {part} on {first} does not fit"));
        let part = i64::try_from(part).map_err(overflow)?;
        let rest = gain.checked_sub(part).ok_or_else(|| {
            Error::new(Code::Overflow, format!("journal {id}: {gain} less {part} on {second} does not fit"))
        })?;
        Ok(vec![(first, part), (second, rest)])
    }

    fn balance(&self, account: &Account) -> i128 {
        i128::from((self.read)(account)) + self.moved.get(account).copied().unwrap_or(0)
    }
}

/// Moves each member's share from one of their accounts to another.
fn between(
    id: JournalId,
    at: Timestamp,
    reason: &str,
    currency: Currency,
    shares: &[Share],
    (from, to): (MemberAccount, MemberAccount),
) -> Result<Option<Journal>> {
    let mut moves = Vec::with_capacity(shares.len());
    for share in shares {
        let minor = at_least_zero(&id, share.member.as_str(), share.minor)?;
        moves.push((Account::member(&share.member, from), (Account::member(&share.member, to), minor)));
    }
    flow(id, at, reason, currency, moves)
}

/// A journal of flows: each takes from its first account what the second gains.
fn flow(
    id: JournalId,
    at: Timestamp,
    reason: &str,
    currency: Currency,
    moves: impl IntoIterator<Item = (Account, (Account, i64))>,
) -> Result<Option<Journal>> {
    let mut postings = Vec::new();
    for (from, (to, minor)) in moves {
        postings.push(Posting::new(from, negated(&id, minor)?, currency));
        postings.push(Posting::new(to, minor, currency));
    }
    Journal::unless_empty(id, at, reason, postings)
}

fn at_least_zero(id: &JournalId, what: &str, minor: i64) -> Result<i64> {
    if minor >= 0 {
        return Ok(minor);
    }
    Err(Error::new(Code::InvalidJournal, format!("journal {id}: {minor} minor units for {what}, below zero")))
}

fn negated(id: &JournalId, minor: i64) -> Result<i64> {
    minor.checked_neg().ok_or_else(|| {
        Error::new(Code::Overflow, format!("journal {id}: {minor} minor units cannot be mirrored"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Ledger;
    use super::*;

    const CNY: Currency = Currency::CNY;

    fn id(text: &str) -> JournalId {
        JournalId::new(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_ms(0)
    }

    fn post(ledger: &mut Ledger, journal: Result<Option<Journal>>) {
        ledger.post(&journal.unwrap().unwrap()).unwrap();
    }

    fn shown(ledger: &Ledger) -> Vec<String> {
        ledger.balances().filter(|(_, b)| b.minor() != 0).map(|(a, b)| format!("{a} {}", b.minor())).collect()
    }

    fn take(ledger: &Ledger, key: &str, from: MemberAccount, minor: i64) -> Result<Option<Journal>> {
        let takes = [TakeBack { member: 7.into(), from, minor }];
        taken_back(id(key), now(), CNY, &takes, 0, |account| ledger.balance(account, CNY).minor())
    }

    #[test]
    fn the_whole_life_of_a_commission() {
        let mut ledger = Ledger::new();
        let shares = [Share::new(7.into(), 100)];
        post(&mut ledger, earned(id("e"), now(), CNY, &shares, 50));
        post(&mut ledger, confirmed(id("c"), now(), CNY, &shares));
        post(&mut ledger, released(id("r"), now(), CNY, &shares));
        post(&mut ledger, reserved(id("w"), now(), CNY, &shares));
        post(&mut ledger, returned(id("w-failed"), now(), CNY, &shares));
        post(&mut ledger, reserved(id("w2"), now(), CNY, &shares));
        let payout = Payout { net: Money::new(90, CNY), fee: 7, tax: 3 };
        post(&mut ledger, paid_out(id("w2-paid"), now(), &7.into(), payout));
        let wanted =
            ["mall:commission_expense -150", "mall:retained 50", "mall:fee 7", "mall:tax_withheld 3"];
        assert_eq!(shown(&ledger)[..4], wanted);
        assert_eq!(shown(&ledger)[4..], ["mall:paid_out 90"]);
    }

    #[test]
    fn what_is_gone_becomes_a_debt_and_is_set_off() {
        let mut ledger = Ledger::new();
        let shares = [Share::new(7.into(), 30)];
        post(&mut ledger, earned(id("e"), now(), CNY, &shares, 0));
        post(&mut ledger, confirmed(id("c"), now(), CNY, &shares));
        post(&mut ledger, released(id("r"), now(), CNY, &shares));
        let journal = take(&ledger, "t", MemberAccount::Available, 50);
        post(&mut ledger, journal);
        assert_eq!(shown(&ledger), ["mall:commission_expense 20", "member:7:debt -20"]);
        post(&mut ledger, earned(id("e2"), now(), CNY, &shares, 0));
        post(&mut ledger, confirmed(id("c2"), now(), CNY, &shares));
        post(&mut ledger, released(id("r2"), now(), CNY, &shares));
        post(&mut ledger, set_off(id("s"), now(), CNY, &[Share::new(7.into(), 20)]));
        assert_eq!(shown(&ledger), ["mall:commission_expense -10", "member:7:available 10"]);
    }

    #[test]
    fn a_retry_after_the_balances_moved_is_a_repeat() {
        let mut ledger = Ledger::new();
        let first = take(&ledger, "t", MemberAccount::Debt, 50).unwrap().unwrap();
        ledger.post(&first).unwrap();
        post(&mut ledger, earned(id("e"), now(), CNY, &[Share::new(7.into(), 30)], 0));
        let retry = take(&ledger, "t", MemberAccount::Pending, 30).unwrap().unwrap();
        assert_eq!(ledger.post(&retry).unwrap_err().code(), Code::JournalConflict);
        let retry = take(&ledger, "t", MemberAccount::Available, 50).unwrap().unwrap();
        assert_eq!(ledger.post(&retry).unwrap(), super::super::Posted::Repeat);
    }

    #[test]
    fn a_gain_repays_debt_first() {
        let mut ledger = Ledger::new();
        let journal = take(&ledger, "t", MemberAccount::Debt, 2);
        post(&mut ledger, journal);
        let journal = take(&ledger, "t2", MemberAccount::Debt, -3);
        post(&mut ledger, journal);
        assert_eq!(shown(&ledger), ["mall:commission_expense -1", "member:7:available 1"]);
    }

    #[test]
    fn refused_and_empty() {
        let ledger = Ledger::new();
        let code = |from| take(&ledger, "t", from, 1).unwrap_err().code();
        assert_eq!(code(MemberAccount::Pending), Code::InsufficientBalance);
        assert_eq!(code(MemberAccount::Reserved), Code::InvalidJournal);
        let below = [Share::new(7.into(), -1)];
        assert_eq!(earned(id("e"), now(), CNY, &below, 0).unwrap_err().code(), Code::InvalidJournal);
        assert_eq!(earned(id("e"), now(), CNY, &[], -1).unwrap_err().code(), Code::InvalidJournal);
        assert_eq!(earned(id("e"), now(), CNY, &[Share::new(7.into(), 0)], 0).unwrap(), None);
        assert_eq!(take(&ledger, "t", MemberAccount::Debt, i64::MIN).unwrap_err().code(), Code::Overflow);
    }
}
