//! The journals of commission on its way to the member: pending → confirmed → available. What a member
//! then withdraws is the wallet's.

use super::standing::{Rest, Standing};
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

/// A step commission takes on its way to the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The after-sale window closed: pending becomes confirmed.
    Confirm,
    /// The hold of the plan is over: confirmed becomes available, and repays a debt first.
    Release,
}

impl Step {
    /// The reason of the journal.
    const fn reason(self) -> &'static str {
        match self {
            Self::Confirm => "commission_confirmed",
            Self::Release => "commission_released",
        }
    }

    const fn way(self) -> (MemberAccount, MemberAccount) {
        match self {
            Self::Confirm => (MemberAccount::Pending, MemberAccount::Confirmed),
            Self::Release => (MemberAccount::Confirmed, MemberAccount::Available),
        }
    }

    pub(super) fn of_reason(reason: &str) -> Option<Self> {
        [Self::Confirm, Self::Release].into_iter().find(|step| step.reason() == reason)
    }
}

/// Commission of some members takes a step. What is held stays held: the rest moves first, and what a hold
/// has frozen follows only where the step needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The key of idempotency.
    pub id: JournalId,
    /// When.
    pub at: Timestamp,
    /// The currency of every amount.
    pub currency: Currency,
    /// Which step.
    pub step: Step,
    /// Whose commission, and how much of it.
    pub shares: Vec<Share>,
}

impl Advance {
    /// The journal, given the balances it meets. `None` when everything is zero.
    ///
    /// # Errors
    /// [`Code::InvalidJournal`] for an amount below zero; [`Code::InsufficientBalance`] when less stands
    /// there; [`Code::Overflow`].
    pub fn journal(&self, standing: impl Fn(&Account) -> Result<Money>) -> Result<Option<Journal>> {
        let (from, to) = self.step.way();
        let mut standing = Standing::new(self.id.as_str(), standing);
        let mut postings = Vec::new();
        for share in &self.shares {
            let minor = at_least_zero(&self.id, share.member.as_str(), share.minor)?;
            let accounts: Vec<_> = [Some(from), from.held()].into_iter().flatten().collect();
            let lost = standing.lose(&share.member, minor, &accounts, Rest::Refused)?;
            for (account, part) in lost {
                let kept = if account == from { to } else { to.held().unwrap_or(to) };
                let gained = standing.gain(&share.member, negated(&self.id, part)?, kept)?;
                let parts = gained.into_iter().chain([(account, part)]);
                postings.extend(parts.map(|(kind, minor)| {
                    Posting::new(Account::member(&share.member, kind), minor, self.currency)
                }));
            }
        }
        let journal = Journal::unless_empty(self.id.clone(), self.at, self.step.reason(), postings)?;
        journal.map(|journal| Ok(journal.clone().answering(self.step.request_of(&journal)?))).transpose()
    }

    /// Compares this step with the fingerprint that stands under its id.
    ///
    /// # Errors
    /// [`Code::JournalConflict`] when they differ; when they do not, this is a repeat. Else as
    /// [`Advance::journal`].
    pub fn check_repeat(&self, known: &str) -> Result<()> {
        let (from, to) = self.step.way();
        let mut moves = Vec::with_capacity(self.shares.len());
        for share in &self.shares {
            let minor = at_least_zero(&self.id, share.member.as_str(), share.minor)?;
            moves.push((Account::member(&share.member, from), (Account::member(&share.member, to), minor)));
        }
        let asked = flow(self.id.clone(), self.at, self.step.reason(), self.currency, moves)?;
        asked.map_or(Ok(()), |asked| asked.check_repeat(known))
    }
}

impl Step {
    /// The fingerprint of what was asked for: holds and debts only decide where it lands.
    pub(super) fn request_of(self, journal: &Journal) -> Result<String> {
        let plain = |account: &Account| match account {
            Account::Member(id, MemberAccount::Debt) => Account::member(id, MemberAccount::Available),
            Account::Member(id, kind) => Account::member(id, kind.unheld()),
            mall @ Account::Mall(_) => mall.clone(),
        };
        let postings = journal.postings().iter();
        let asked =
            postings.map(|posting| Posting { account: plain(&posting.account), amount: posting.amount });
        let asked =
            Journal::new(journal.id().clone(), journal.at(), self.reason(), asked.collect::<Vec<_>>())?;
        Ok(asked.fingerprint().to_owned())
    }
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
    use super::super::{Ledger, Posted};
    use super::*;

    const CNY: Currency = Currency::CNY;

    fn id(text: &str) -> JournalId {
        JournalId::new(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_ms(0)
    }

    fn hold(ledger: &mut Ledger, key: &str, from: MemberAccount, minor: i64) {
        let of = |kind| Account::member(&7.into(), kind);
        let postings =
            [Posting::new(of(from), -minor, CNY), Posting::new(of(from.held().unwrap()), minor, CNY)];
        ledger.post(&Journal::new(id(key), now(), "hold", postings).unwrap()).unwrap();
    }

    fn advance(key: &str, step: Step, minor: i64) -> Advance {
        Advance { id: id(key), at: now(), currency: CNY, step, shares: vec![Share::new(7.into(), minor)] }
    }

    fn shown(ledger: &Ledger) -> Vec<String> {
        let shown = ledger.balances().filter(|(_, balance)| balance.minor() != 0);
        shown.map(|(account, balance)| format!("{account} {}", balance.minor())).collect()
    }

    #[test]
    fn held_commission_moves_last_and_stays_held() {
        let mut ledger = Ledger::new();
        ledger
            .post(&earned(id("e"), now(), CNY, &[Share::new(7.into(), 100)], 50).unwrap().unwrap())
            .unwrap();
        hold(&mut ledger, "h", MemberAccount::Pending, 30);
        ledger.advance(&advance("c1", Step::Confirm, 60)).unwrap();
        let expense = "mall:commission_expense -150";
        let first = ["member:7:pending 10", "member:7:confirmed 60", "member:7:held_pending 30"];
        assert_eq!(shown(&ledger), [&[expense, "mall:retained 50"][..], &first].concat());
        ledger.advance(&advance("c2", Step::Confirm, 40)).unwrap();
        ledger.advance(&advance("r", Step::Release, 100)).unwrap();
        let last = ["member:7:available 70", "member:7:held_available 30"];
        assert_eq!(shown(&ledger), [&[expense, "mall:retained 50"][..], &last].concat());
        for step in [advance("c1", Step::Confirm, 60), advance("r", Step::Release, 100)] {
            assert_eq!(ledger.advance(&step).unwrap(), Posted::Repeat);
        }
        let error = ledger.advance(&advance("c1", Step::Confirm, 61)).unwrap_err();
        assert_eq!(error.code(), Code::JournalConflict);
    }

    #[test]
    fn refused_and_empty() {
        let below = [Share::new(7.into(), -1)];
        assert_eq!(earned(id("e"), now(), CNY, &below, 0).unwrap_err().code(), Code::InvalidJournal);
        assert_eq!(earned(id("e"), now(), CNY, &[], -1).unwrap_err().code(), Code::InvalidJournal);
        assert_eq!(earned(id("e"), now(), CNY, &[Share::new(7.into(), 0)], 0).unwrap(), None);
        let mut ledger = Ledger::new();
        let error = ledger.advance(&advance("c", Step::Confirm, 1)).unwrap_err();
        assert_eq!(error.code(), Code::InsufficientBalance);
        assert_eq!(
            ledger.advance(&advance("c", Step::Confirm, -1)).unwrap_err().code(),
            Code::InvalidJournal
        );
        assert_eq!(ledger.advance(&advance("c", Step::Confirm, 0)).unwrap(), Posted::Repeat);
    }
}
