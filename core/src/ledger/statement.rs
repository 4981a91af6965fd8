//! Statements (对账单): what a member had, got and gave in a period. A pure function over journals.

use super::{Account, Journal, MallAccount, MemberAccount};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::{JournalId, MemberId};
use crate::money::Currency;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Whose statement, and of when: from a moment on, up to but not including another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Who.
    pub member: MemberId,
    /// In which currency.
    pub currency: Currency,
    /// From when on; the beginning without it.
    pub from: Option<Timestamp>,
    /// Up to when; the end without it.
    pub to: Option<Timestamp>,
}

/// What a journal was about, as a statement tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Earned,
    Reversed,
    Adjusted,
    PaidOut,
    Other,
}

/// One journal of the period, as it moved the member's accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// Which.
    pub journal: JournalId,
    /// When.
    pub at: Timestamp,
    /// Why, by its stable word.
    pub reason: String,
    /// What it moved, by account.
    pub moves: BTreeMap<MemberAccount, i64>,
}

/// What a member had, got and gave. Every amount is the sum of postings; those the member gave are below
/// zero, so that `opening + earned + reversed + withdrawn + fees + tax + adjusted + other` is the closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    period: Period,
    opening: BTreeMap<MemberAccount, i128>,
    closing: BTreeMap<MemberAccount, i128>,
    sums: BTreeMap<&'static str, i128>,
    rows: Vec<StatementRow>,
}

/// What of a statement is told apart, in the order it is printed.
pub const STATEMENT_SUMS: [&str; 12] = [
    "earned",
    "confirmed",
    "released",
    "reversed",
    "adjusted",
    "withdrawn",
    "fees",
    "tax",
    "other",
    "debt_opened",
    "debt_repaid",
    "requested",
];

/// Folds journals, in the order they were posted, into the statement of a period.
///
/// # Errors
/// [`Code::Overflow`] when a sum does not fit.
pub fn statement<'a>(period: Period, journals: impl IntoIterator<Item = &'a Journal>) -> Result<Statement> {
    let mut made = Statement {
        period,
        opening: BTreeMap::new(),
        closing: BTreeMap::new(),
        sums: STATEMENT_SUMS.iter().map(|name| (*name, 0)).collect(),
        rows: Vec::new(),
    };
    for journal in journals {
        made.add(journal);
    }
    let sums = made.opening.values().chain(made.closing.values()).chain(made.sums.values());
    match sums.copied().find(|sum| i64::try_from(*sum).is_err()) {
        None => Ok(made),
        Some(sum) => {
            let rule = format!("the statement of member {}: a sum of {sum} does not fit", made.period.member);
            Err(Error::new(Code::Overflow, rule))
        }
    }
}

impl Statement {
    /// Whose, and of when.
    #[must_use]
    pub const fn period(&self) -> &Period {
        &self.period
    }

    /// What stood on an account when the period began.
    #[must_use]
    pub fn opening(&self, account: MemberAccount) -> i64 {
        narrow(self.opening.get(&account).copied())
    }

    /// What stood on an account when it ended.
    #[must_use]
    pub fn closing(&self, account: MemberAccount) -> i64 {
        narrow(self.closing.get(&account).copied())
    }

    /// One of [`STATEMENT_SUMS`]; zero for any other word.
    #[must_use]
    pub fn sum(&self, name: &str) -> i64 {
        narrow(self.sums.get(name).copied())
    }

    /// The journals that moved something of the member's, in the order they were posted.
    #[must_use]
    pub fn rows(&self) -> &[StatementRow] {
        &self.rows
    }

    fn add(&mut self, journal: &Journal) {
        let mut moves: BTreeMap<MemberAccount, i64> = BTreeMap::new();
        for posting in journal.postings().iter().filter(|one| one.amount.currency() == self.period.currency) {
            match &posting.account {
                Account::Member(member, account) if *member == self.period.member => {
                    moves.insert(*account, posting.amount.minor());
                }
                _ => {}
            }
        }
        if moves.is_empty() || self.period.to.is_some_and(|to| journal.at() >= to) {
            return;
        }
        let before = self.period.from.is_some_and(|from| journal.at() < from);
        for (account, minor) in &moves {
            *self.closing.entry(*account).or_default() += i128::from(*minor);
            if before {
                *self.opening.entry(*account).or_default() += i128::from(*minor);
            }
        }
        if before {
            return;
        }
        self.count(journal, &moves);
        self.rows.push(StatementRow {
            journal: journal.id().clone(),
            at: journal.at(),
            reason: journal.reason().to_owned(),
            moves,
        });
    }

    fn count(&mut self, journal: &Journal, moves: &BTreeMap<MemberAccount, i64>) {
        let on = |account| i128::from(moves.get(&account).copied().unwrap_or(0));
        let total: i128 = moves.values().map(|minor| i128::from(*minor)).sum();
        let debt = on(MemberAccount::Debt);
        self.raise(if debt < 0 { "debt_opened" } else { "debt_repaid" }, debt);
        match kind(journal.reason()) {
            Kind::Earned => self.raise("earned", total),
            Kind::Reversed => self.raise("reversed", total),
            Kind::Adjusted => self.raise("adjusted", total),
            Kind::Other => self.raise("other", total),
            Kind::PaidOut => {
                // Journals of wallets are about one member: what the mall gains there, this member gave.
                let mall = |account| {
                    let sums = journal.postings().iter().filter(|one| one.account == Account::Mall(account));
                    sums.map(|one| i128::from(one.amount.minor())).sum::<i128>()
                };
                self.raise("withdrawn", -mall(MallAccount::PaidOut));
                self.raise("fees", -mall(MallAccount::Fee));
                self.raise("tax", -mall(MallAccount::TaxWithheld));
            }
        }
        match journal.reason() {
            "commission_confirmed" => {
                self.raise("confirmed", on(MemberAccount::Confirmed) + on(MemberAccount::HeldConfirmed));
            }
            "commission_released" => {
                self.raise("released", -(on(MemberAccount::Confirmed) + on(MemberAccount::HeldConfirmed)));
            }
            "withdrawal_requested" => self.raise("requested", on(MemberAccount::Reserved)),
            _ => {}
        }
    }

    fn raise(&mut self, name: &'static str, by: i128) {
        *self.sums.entry(name).or_default() += by;
    }

    /// The document of the statement.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let accounts = |of: &dyn Fn(MemberAccount) -> i64| {
            Node::map(MemberAccount::ALL.iter().map(|account| (account.name(), Node::Int(of(*account)))))
        };
        let rows = self.rows.iter().map(|row| {
            let moves = row.moves.iter().map(|(account, minor)| (account.name(), Node::Int(*minor)));
            Node::map([
                ("at", Node::from(row.at.ms())),
                ("journal", (&row.journal).into()),
                ("moves", Node::map(moves)),
                ("reason", row.reason.as_str().into()),
            ])
        });
        Node::map([
            ("closing", accounts(&|account| self.closing(account))),
            ("currency", self.period.currency.code().into()),
            ("from", self.period.from.map(Timestamp::ms).into()),
            ("member", (&self.period.member).into()),
            ("opening", accounts(&|account| self.opening(account))),
            ("rows", Node::List(rows.collect())),
            ("sums", Node::map(STATEMENT_SUMS.iter().map(|name| (*name, Node::Int(self.sum(name)))))),
            ("to", self.period.to.map(Timestamp::ms).into()),
        ])
    }
}

/// Sums were checked to fit when the statement was made.
fn narrow(sum: Option<i128>) -> i64 {
    i64::try_from(sum.unwrap_or(0)).unwrap_or(i64::MAX)
}

fn kind(reason: &str) -> Kind {
    match reason {
        "commission_earned" => Kind::Earned,
        super::REVERSAL_REASON => Kind::Reversed,
        "adjustment_approved" => Kind::Adjusted,
        "payout_succeeded" | "conflict_resolved" => Kind::PaidOut,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Advance, Ledger, Reversal, Share, Step, TakeBack, earned};
    use super::*;

    const CNY: Currency = Currency::CNY;

    #[test]
    fn a_period_is_what_was_posted_in_it() {
        let id = |text: &str| JournalId::new(text).unwrap();
        let at = Timestamp::from_ms;
        let mut ledger = Ledger::new();
        let shares = vec![Share::new(7.into(), 100), Share::new(8.into(), 5)];
        let earned = earned(id("e"), at(10), CNY, &shares, 3).unwrap().unwrap();
        ledger.post(&earned).unwrap();
        let advance = Advance { id: id("c"), at: at(20), currency: CNY, step: Step::Confirm, shares };
        let advance = advance.journal(|account| Ok(ledger.balance(account, CNY))).unwrap().unwrap();
        ledger.post(&advance).unwrap();
        let takes = vec![TakeBack { member: 7.into(), from: MemberAccount::Debt, minor: 30 }];
        let reversal = Reversal { id: id("r"), at: at(30), currency: CNY, takes, retained: 0 };
        let reversal = reversal.journal(|account| Ok(ledger.balance(account, CNY))).unwrap().unwrap();
        let journals = [earned, advance, reversal];
        let made = |from: Option<i64>, to: Option<i64>| {
            let (from, to) = (from.map(at), to.map(at));
            statement(Period { member: 7.into(), currency: CNY, from, to }, &journals).unwrap()
        };
        let whole = made(None, None);
        assert_eq!((whole.sum("earned"), whole.sum("confirmed"), whole.sum("reversed")), (100, 100, -30));
        assert_eq!((whole.sum("debt_opened"), whole.closing(MemberAccount::Debt)), (-30, -30));
        let middle = made(Some(20), Some(30));
        assert_eq!(
            (middle.opening(MemberAccount::Pending), middle.closing(MemberAccount::Pending)),
            (100, 0)
        );
        assert_eq!((middle.sum("earned"), middle.sum("confirmed"), middle.rows().len()), (0, 100, 1));
        assert_eq!(made(Some(31), None).opening(MemberAccount::Debt), -30);
        assert!(made(Some(31), None).rows().is_empty());
    }
}
