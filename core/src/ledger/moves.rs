//! The journals a commission and a payout consist of: pending → confirmed → available → reserved → paid
//! out.

use super::{Account, Journal, MallAccount, MemberAccount, Posting};
use crate::error::{Code, Error, Result};
use crate::id::{JournalId, MemberId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

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
pub(super) fn flow(
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

pub(super) fn negated(id: &JournalId, minor: i64) -> Result<i64> {
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

    #[test]
    fn the_whole_life_of_a_commission() {
        let mut ledger = Ledger::new();
        let shares = [Share::new(7.into(), 100)];
        let payout = Payout { net: Money::new(90, CNY), fee: 7, tax: 3 };
        for journal in [
            earned(id("e"), now(), CNY, &shares, 50),
            confirmed(id("c"), now(), CNY, &shares),
            released(id("r"), now(), CNY, &shares),
            reserved(id("w"), now(), CNY, &shares),
            returned(id("w-failed"), now(), CNY, &shares),
            reserved(id("w2"), now(), CNY, &shares),
            paid_out(id("w2-paid"), now(), &7.into(), payout),
        ] {
            ledger.post(&journal.unwrap().unwrap()).unwrap();
        }
        let shown = ledger.balances().filter(|(_, balance)| balance.minor() != 0);
        let shown: Vec<_> =
            shown.map(|(account, balance)| format!("{account} {}", balance.minor())).collect();
        let wanted = [
            "mall:commission_expense -150",
            "mall:retained 50",
            "mall:fee 7",
            "mall:tax_withheld 3",
            "mall:paid_out 90",
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn refused_and_empty() {
        let below = [Share::new(7.into(), -1)];
        assert_eq!(earned(id("e"), now(), CNY, &below, 0).unwrap_err().code(), Code::InvalidJournal);
        assert_eq!(earned(id("e"), now(), CNY, &[], -1).unwrap_err().code(), Code::InvalidJournal);
        assert_eq!(earned(id("e"), now(), CNY, &[Share::new(7.into(), 0)], 0).unwrap(), None);
    }
}
