//! Taking commission back from where it stands.

use super::moves::{flow, negated};
use super::standing::{Rest, Standing};
use super::{Account, Journal, MallAccount, MemberAccount, Posting};
use crate::error::{Code, Error, Result};
use crate::id::{JournalId, MemberId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// The reason of every journal a [`Reversal`] makes.
pub const REVERSAL_REASON: &str = "commission_taken_back";

/// What one member gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeBack {
    /// Who.
    pub member: MemberId,
    /// Where the commission stands; [`MemberAccount::Reserved`] or [`MemberAccount::Debt`] when it is being
    /// paid out or was.
    pub from: MemberAccount,
    /// How much; below zero when the member gains, as a single step of cumulative rounding may.
    pub minor: i64,
}

/// A sale taken back, in part or whole: members give back from where their commission stands, and the
/// mall's expense and what it retained fall with it. What was available and is no longer there becomes a
/// debt (追回).
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

    /// The journal, given the balances it meets. What is held is taken after what is not, and a debt is
    /// opened for what is no longer there.
    ///
    /// # Errors
    /// [`Code::InsufficientBalance`] when less is pending or confirmed than is to be taken from there:
    /// such commission cannot have left, so the request is wrong; [`Code::InvalidJournal`] for an account
    /// no commission stands on; [`Code::Overflow`].
    pub fn journal(&self, standing: impl Fn(&Account) -> Result<Money>) -> Result<Option<Journal>> {
        let mut standing = Standing::new(self.id.as_str(), standing);
        let mut gains = vec![(Account::Mall(MallAccount::Retained), negated(&self.id, self.retained)?)];
        for take in &self.takes {
            let parts = self.parts(&mut standing, take)?;
            gains.extend(parts.into_iter().map(|(kind, minor)| (Account::member(&take.member, kind), minor)));
        }
        let expense = Account::Mall(MallAccount::CommissionExpense);
        let moves = gains.into_iter().map(|gain| (expense.clone(), gain));
        let journal = flow(self.id.clone(), self.at, REVERSAL_REASON, self.currency, moves)?;
        Ok(journal.map(|journal| journal.answering(self.fingerprint())))
    }

    /// Where what one member gives back comes from.
    fn parts<F: Fn(&Account) -> Result<Money>>(
        &self,
        standing: &mut Standing<'_, F>,
        take: &TakeBack,
    ) -> Result<Vec<(MemberAccount, i64)>> {
        let (member, minor) = (&take.member, take.minor);
        let gain = negated(&self.id, minor)?;
        match take.from {
            stage @ (MemberAccount::Pending | MemberAccount::Confirmed) if minor >= 0 => {
                let accounts: Vec<_> = [Some(stage), stage.held()].into_iter().flatten().collect();
                standing.lose(member, minor, &accounts, Rest::Refused)
            }
            stage @ (MemberAccount::Pending | MemberAccount::Confirmed) => standing.gain(member, gain, stage),
            // Reserved for a payout, it counts as paid: the payout goes its way, and what the member has at
            // hand is taken before anything is owed.
            MemberAccount::Available | MemberAccount::Reserved | MemberAccount::Debt if minor >= 0 => {
                let accounts = [MemberAccount::Available, MemberAccount::HeldAvailable];
                standing.lose(member, minor, &accounts, Rest::Owed)
            }
            MemberAccount::Available | MemberAccount::Reserved | MemberAccount::Debt => {
                standing.gain(member, gain, MemberAccount::Available)
            }
            held => {
                let rule = format!("journal {}: no commission stands on {}", self.id, held.name());
                Err(Error::new(Code::InvalidJournal, rule))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Advance, Ledger, Posted, Share, Step, earned};
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
        let shares = vec![Share::new(7.into(), minor)];
        ledger.post(&earned(id(&format!("{key}-e")), now(), CNY, &shares, 0).unwrap().unwrap()).unwrap();
        for (step, word) in [(Step::Confirm, "c"), (Step::Release, "r")] {
            let id = id(&format!("{key}-{word}"));
            ledger.advance(&Advance { id, at: now(), currency: CNY, step, shares: shares.clone() }).unwrap();
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
        assert_eq!(code(MemberAccount::HeldPending, 1), Code::InvalidJournal);
        assert_eq!(code(MemberAccount::Debt, i64::MIN), Code::Overflow);
        assert!(shown(&ledger).is_empty());
    }
}
