//! Taking commission back from where it stands.

use super::moves::{flow, negated};
use super::{Account, Journal, MallAccount, MemberAccount, Posting};
use crate::error::{Code, Error, Result};
use crate::id::{JournalId, MemberId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The reason of every journal a [`Reversal`] makes.
pub const REVERSAL_REASON: &str = "commission_taken_back";

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

/// A sale taken back, in part or whole: members give back from where their commission stands, and the
/// mall's expense and what it retained fall with it. What was available and is no longer there becomes a
/// debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The key of idempotency.
    pub id: JournalId,
    /// When.
    pub at: Timestamp,
    /// The currency of every amount.
    pub currency: Currency,
    /// What members give back.
    pub takes: Vec<TakeBack>,
    /// By how much the retained amount falls; it may be below zero.
    pub retained: i64,
}

impl Reversal {
    /// What tells a repeat from a conflict: who gives back how much. From where is no part of it, nor the
    /// balances the journal meets: both move on between two tries of one request.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let retained = (Account::Mall(MallAccount::Retained), self.retained);
        let takes =
            self.takes.iter().map(|take| (Account::member(&take.member, MemberAccount::Debt), take.minor));
        let mut request: Vec<_> = takes.chain([retained]).collect();
        request.sort_unstable();
        let request = request.into_iter().map(|(account, minor)| Posting::new(account, minor, self.currency));
        super::journal::fingerprint(REVERSAL_REASON, &request.collect::<Vec<_>>())
    }

    /// Compares this reversal with the fingerprint that stands under its id.
    ///
    /// # Errors
    /// [`Code::JournalConflict`] when they differ; when they do not, this is a repeat.
    pub fn check_repeat(&self, known: &str) -> Result<()> {
        super::journal::check_repeat(&self.id, &self.fingerprint(), known)
    }

    /// The journal, given the balances it meets. `None` when there is nothing to move.
    ///
    /// # Errors
    /// [`Code::InsufficientBalance`] when less is pending or confirmed than is to be taken from there:
    /// such commission cannot have left, so the request is wrong; [`Code::InvalidJournal`] for a reserved
    /// account, whose payout has to succeed or be returned first; [`Code::Overflow`].
    pub fn journal(&self, standing: impl Fn(&Account) -> Result<Money>) -> Result<Option<Journal>> {
        let mut balances = Standing { id: &self.id, read: standing, moved: BTreeMap::new() };
        let mut gains = vec![(Account::Mall(MallAccount::Retained), negated(&self.id, self.retained)?)];
        for take in &self.takes {
            gains.extend(balances.split(take, negated(&self.id, take.minor)?)?);
        }
        let expense = Account::Mall(MallAccount::CommissionExpense);
        let moves = gains.into_iter().map(|gain| (expense.clone(), gain));
        let journal = flow(self.id.clone(), self.at, REVERSAL_REASON, self.currency, moves)?;
        Ok(journal.map(|journal| journal.answering(self.fingerprint())))
    }
}

/// Balances as they run through a reversal that takes from one account several times.
struct Standing<'a, F> {
    id: &'a JournalId,
    read: F,
    moved: BTreeMap<Account, i128>,
}

impl<F: Fn(&Account) -> Result<Money>> Standing<'_, F> {
    /// Where a gain (below zero: a loss) lands.
    fn split(&mut self, take: &TakeBack, gain: i64) -> Result<Vec<(Account, i64)>> {
        let of = |kind| Account::member(&take.member, kind);
        let stands = of(take.from);
        let balance = self.balance(&stands)?;
        let parts = match take.from {
            MemberAccount::Pending | MemberAccount::Confirmed if balance + i128::from(gain) < 0 => {
                let rule = format!("{} minor units to take from {stands}, which holds {balance}", take.minor);
                return Err(self.fault(Code::InsufficientBalance, &rule));
            }
            MemberAccount::Pending | MemberAccount::Confirmed => vec![(stands, gain)],
            MemberAccount::Available => {
                let taken = i128::from(gain).max(-balance.max(0));
                self.divide(gain, taken, [stands, of(MemberAccount::Debt)])?
            }
            MemberAccount::Debt => {
                let repaid = i128::from(gain).min(-balance.min(0));
                self.divide(gain, repaid, [stands, of(MemberAccount::Available)])?
            }
            MemberAccount::Reserved => {
                let rule = format!("{stands} is under way; its payout has to succeed or be returned first");
                return Err(self.fault(Code::InvalidJournal, &rule));
            }
        };
        for (account, minor) in &parts {
            *self.moved.entry(account.clone()).or_default() += i128::from(*minor);
        }
        Ok(parts)
    }

    /// The first account takes `part` of the gain, the second the rest.
    fn divide(&self, gain: i64, part: i128, [first, second]: [Account; 2]) -> Result<Vec<(Account, i64)>> {
        let part = i64::try_from(part).ok();
        let rest = part.and_then(|part| gain.checked_sub(part));
        match (part, rest) {
            (Some(part), Some(rest)) => Ok(vec![(first, part), (second, rest)]),
            _ => Err(self.fault(Code::Overflow, &format!("{gain} minor units on {first} and {second}"))),
        }
    }

    fn balance(&self, account: &Account) -> Result<i128> {
        let moved = self.moved.get(account).copied().unwrap_or(0);
        Ok(i128::from((self.read)(account)?.minor()) + moved)
    }

    fn fault(&self, code: Code, rule: &str) -> Error {
        Error::new(code, format!("journal {}: {rule}", self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ledger, Posted, Share, confirmed, earned, released, set_off};
    use super::*;

    const CNY: Currency = Currency::CNY;

    fn id(text: &str) -> JournalId {
        JournalId::new(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_ms(0)
    }

    fn reversal(key: &str, from: MemberAccount, minor: i64) -> Reversal {
        let takes = vec![TakeBack { member: 7.into(), from, minor }];
        Reversal { id: id(key), at: now(), currency: CNY, takes, retained: 0 }
    }

    /// Earned, confirmed and released under three keys of its own.
    fn make_available(ledger: &mut Ledger, key: &str, minor: i64) {
        let shares = [Share::new(7.into(), minor)];
        for journal in [
            earned(id(&format!("{key}-e")), now(), CNY, &shares, 0),
            confirmed(id(&format!("{key}-c")), now(), CNY, &shares),
            released(id(&format!("{key}-r")), now(), CNY, &shares),
        ] {
            ledger.post(&journal.unwrap().unwrap()).unwrap();
        }
    }

    fn shown(ledger: &Ledger) -> Vec<String> {
        let balances = ledger.balances().filter(|(_, balance)| balance.minor() != 0);
        balances.map(|(account, balance)| format!("{account} {}", balance.minor())).collect()
    }

    #[test]
    fn what_is_gone_becomes_a_debt_and_is_set_off() {
        let mut ledger = Ledger::new();
        make_available(&mut ledger, "first", 30);
        ledger.reverse(&reversal("t", MemberAccount::Available, 50)).unwrap();
        assert_eq!(shown(&ledger), ["mall:commission_expense 20", "member:7:debt -20"]);
        make_available(&mut ledger, "second", 30);
        let repaid = set_off(id("s"), now(), CNY, &[Share::new(7.into(), 20)]).unwrap().unwrap();
        ledger.post(&repaid).unwrap();
        assert_eq!(shown(&ledger), ["mall:commission_expense -10", "member:7:available 10"]);
    }

    #[test]
    fn a_retry_after_the_balances_moved_is_a_repeat() {
        let mut ledger = Ledger::new();
        let shares = [Share::new(7.into(), 50)];
        ledger.post(&earned(id("e"), now(), CNY, &shares, 0).unwrap().unwrap()).unwrap();
        assert_eq!(ledger.reverse(&reversal("t", MemberAccount::Pending, 50)).unwrap(), Posted::New);
        for from in [MemberAccount::Pending, MemberAccount::Available, MemberAccount::Debt] {
            assert_eq!(ledger.reverse(&reversal("t", from, 50)).unwrap(), Posted::Repeat);
        }
        let error = ledger.reverse(&reversal("t", MemberAccount::Pending, 49)).unwrap_err();
        assert_eq!(error.code(), Code::JournalConflict);
        assert!(shown(&ledger).is_empty());
    }

    #[test]
    fn a_gain_repays_debt_first() {
        let mut ledger = Ledger::new();
        ledger.reverse(&reversal("t", MemberAccount::Debt, 2)).unwrap();
        ledger.reverse(&reversal("t2", MemberAccount::Debt, -3)).unwrap();
        assert_eq!(shown(&ledger), ["mall:commission_expense -1", "member:7:available 1"]);
    }

    #[test]
    fn refused() {
        let mut ledger = Ledger::new();
        let mut code = |from, minor| ledger.reverse(&reversal("t", from, minor)).unwrap_err().code();
        assert_eq!(code(MemberAccount::Pending, 1), Code::InsufficientBalance);
        assert_eq!(code(MemberAccount::Reserved, 1), Code::InvalidJournal);
        assert_eq!(code(MemberAccount::Debt, i64::MIN), Code::Overflow);
        assert!(shown(&ledger).is_empty());
    }
}
