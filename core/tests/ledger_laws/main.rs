//! The laws of the ledger, each shown to catch planted mutants.
//!
//! The laws are written over the trait [`Book`]. The ledger and a naive model keep all of them; the model
//! with one [`Fault`] planted has to break the law that fault belongs to.

#![allow(clippy::unwrap_used)]

mod model;

use fenrun::id::JournalId;
use fenrun::ledger::{
    Account, Journal, Ledger, MallAccount, MemberAccount, Posted, Posting, Reversal, TakeBack,
};
use fenrun::money::Currency;
use fenrun::time::Timestamp;
use fenrun::{Code, Result};
use model::{Fault, Model};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;

type Key = (Account, Currency);
type Balances = BTreeMap<Key, i64>;

/// A request to post, not checked yet.
#[derive(Clone, Debug)]
struct Request {
    id: String,
    postings: Vec<Posting>,
}

/// A ledger as its user sees it.
trait Book {
    fn post(&mut self, request: &Request) -> Result<Posted, Code>;
    fn take_back(&mut self, id: &str, takes: &[TakeBack], retained: i64) -> Result<Posted, Code>;
    /// Balances other than zero.
    fn balances(&self) -> Balances;
}

const CNY: Currency = Currency::CNY;

impl Book for Ledger {
    fn post(&mut self, request: &Request) -> Result<Posted, Code> {
        let id = JournalId::new(&request.id).unwrap();
        let journal = Journal::new(id, Timestamp::from_ms(0), "law", request.postings.clone());
        journal.and_then(|journal| Ledger::post(self, &journal)).map_err(|error| error.code())
    }

    fn take_back(&mut self, id: &str, takes: &[TakeBack], retained: i64) -> Result<Posted, Code> {
        let (id, at) = (JournalId::new(id).unwrap(), Timestamp::from_ms(0));
        let reversal = Reversal { id, at, currency: CNY, takes: takes.to_vec(), retained };
        self.reverse(&reversal).map_err(|error| error.code())
    }

    fn balances(&self) -> Balances {
        let shown = self.balances().filter(|(_, amount)| amount.minor() != 0);
        shown.map(|(account, amount)| ((account.clone(), amount.currency()), amount.minor())).collect()
    }
}

// ---- what the laws run on ----

fn account() -> impl Strategy<Value = Account> {
    prop_oneof![
        3 => prop::sample::select(MallAccount::ALL).prop_map(Account::Mall),
        5 => (1_u64..=3, prop::sample::select(MemberAccount::ALL))
            .prop_map(|(id, kind)| Account::member(&id.into(), kind)),
    ]
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec![CNY, Currency::JPY])
}

fn transfer() -> impl Strategy<Value = Vec<Posting>> {
    (account(), account(), 1_i64..=9, currency()).prop_map(|(from, to, minor, currency)| {
        vec![Posting::new(from, -minor, currency), Posting::new(to, minor, currency)]
    })
}

/// Mostly balanced journals; now and then one posting too many, or what one currency loses and another gains.
fn request() -> impl Strategy<Value = Request> {
    let stray = (account(), -2_i64..=2, currency());
    let stray = stray.prop_map(|(to, minor, currency)| vec![Posting::new(to, minor, currency)]);
    let exchange = (account(), account(), 1_i64..=2);
    let exchange = exchange.prop_map(|(from, to, minor)| {
        vec![Posting::new(from, -minor, CNY), Posting::new(to, minor, Currency::JPY)]
    });
    let wrong = prop_oneof![8 => Just(vec![]), 2 => stray, 1 => exchange];
    (0..8, prop::collection::vec(transfer(), 0..4), wrong).prop_map(|(id, transfers, wrong)| Request {
        id: format!("j{id}"),
        postings: transfers.into_iter().flatten().chain(wrong).collect(),
    })
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    prop::collection::vec(request(), 1..16)
}

/// Journals that need no other one before them, each under its own id, in two orders.
fn independent() -> impl Strategy<Value = (Vec<Request>, Vec<Request>)> {
    let mall = || prop::sample::select(MallAccount::ALL).prop_map(Account::Mall);
    let gain = (1_u64..=3).prop_map(|id| Account::member(&id.into(), MemberAccount::Pending));
    let one = (mall(), prop_oneof![mall(), gain], 1_i64..=30);
    prop::collection::vec(one, 2..16)
        .prop_map(|list| {
            let request = |(place, (from, to, minor)): (usize, (Account, Account, i64))| Request {
                id: format!("j{place}"),
                postings: vec![Posting::new(from, -minor, CNY), Posting::new(to, minor, CNY)],
            };
            list.into_iter().enumerate().map(request).collect::<Vec<_>>()
        })
        .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle()))
}

/// Balances to start from, what is taken back, and by how much the retained amount falls.
type Start = (Vec<(Account, i64)>, Vec<TakeBack>, i64);

fn start() -> impl Strategy<Value = Start> {
    let kinds =
        [MemberAccount::Pending, MemberAccount::Confirmed, MemberAccount::Available, MemberAccount::Debt];
    let kind = || prop::sample::select(kinds.to_vec());
    let start = (1_u64..=2, kind(), 0_i64..=20).prop_map(|(id, kind, minor)| {
        let sign = if kind == MemberAccount::Debt { -1 } else { 1 };
        (Account::member(&id.into(), kind), sign * minor)
    });
    let take = (1_u64..=2, kind(), -3_i64..=15).prop_map(|(id, from, minor)| TakeBack {
        member: id.into(),
        from,
        minor,
    });
    (prop::collection::vec(start, 0..6), prop::collection::vec(take, 1..5), -2_i64..=9)
}

// ---- the laws ----

type Verdict = Result<(), TestCaseError>;
type Make<'a> = &'a dyn Fn() -> Box<dyn Book>;

/// What a journal says, counted anew: one amount an account and currency, none of them zero.
fn content(request: &Request) -> Balances {
    let mut sums = Balances::new();
    for posting in &request.postings {
        *sums.entry((posting.account.clone(), posting.amount.currency())).or_default() +=
            posting.amount.minor();
    }
    sums.retain(|_, minor| *minor != 0);
    sums
}

fn balanced(amounts: &Balances) -> bool {
    let sum =
        |currency| amounts.iter().filter(|(key, _)| key.1 == currency).map(|(_, minor)| minor).sum::<i64>();
    sum(CNY) == 0 && sum(Currency::JPY) == 0
}

fn floors_hold(book: &dyn Book) -> bool {
    book.balances().iter().all(|((account, _), minor)| match account {
        Account::Mall(_) => true,
        Account::Member(_, MemberAccount::Debt) => *minor <= 0,
        Account::Member(..) => *minor >= 0,
    })
}

/// A journal is posted only when it says something and sums to zero in each currency.
fn law_balanced(make: Make<'_>, requests: Vec<Request>) -> Verdict {
    for request in &requests {
        let mut book = make();
        let answer = book.post(request);
        let wanted = content(request);
        match answer {
            Ok(_) => prop_assert!(balanced(&wanted) && !wanted.is_empty(), "{request:?}"),
            Err(Code::Unbalanced) => prop_assert!(!balanced(&wanted), "{request:?}"),
            Err(Code::InvalidJournal) => prop_assert!(wanted.is_empty(), "{request:?}"),
            Err(code) => prop_assert_eq!(code, Code::InsufficientBalance),
        }
        prop_assert!(balanced(&book.balances()));
    }
    Ok(())
}

/// A balance is the sum of the postings that were accepted.
fn law_sums(make: Make<'_>, requests: Vec<Request>) -> Verdict {
    let (mut book, mut sums) = (make(), Balances::new());
    for request in &requests {
        if book.post(request) == Ok(Posted::New) {
            for (key, minor) in content(request) {
                *sums.entry(key).or_default() += minor;
            }
        }
    }
    sums.retain(|_, minor| *minor != 0);
    prop_assert_eq!(book.balances(), sums);
    Ok(())
}

/// The same journal again is a repeat, another one under its id a conflict, and neither moves anything;
/// a refused journal leaves its id free.
fn law_replay(make: Make<'_>, requests: Vec<Request>) -> Verdict {
    let (mut book, mut known) = (make(), BTreeMap::new());
    let posted =
        requests.iter().filter(|request| balanced(&content(request)) && !content(request).is_empty());
    for request in posted.clone().chain(posted) {
        let before = book.balances();
        let answer = book.post(request);
        match known.get(&request.id) {
            Some(content_before) => {
                let repeat = *content_before == content(request);
                prop_assert_eq!(answer, if repeat { Ok(Posted::Repeat) } else { Err(Code::JournalConflict) });
                prop_assert_eq!(book.balances(), before);
            }
            None if answer == Ok(Posted::New) => {
                known.insert(request.id.clone(), content(request));
            }
            None => prop_assert_eq!(answer, Err(Code::InsufficientBalance)),
        }
    }
    Ok(())
}

/// Journals that do not need one another give the same balances in any order.
fn law_order(make: Make<'_>, (list, shuffled): (Vec<Request>, Vec<Request>)) -> Verdict {
    let (mut left, mut right) = (make(), make());
    for (one, other) in list.iter().zip(&shuffled) {
        prop_assert_eq!(left.post(one).is_ok(), !content(one).is_empty());
        prop_assert_eq!(right.post(other).is_ok(), !content(other).is_empty());
    }
    prop_assert_eq!(left.balances(), right.balances());
    Ok(())
}

/// No account of a member is below zero but the debt, which is never above.
fn law_floors(make: Make<'_>, requests: Vec<Request>) -> Verdict {
    let mut book = make();
    for request in &requests {
        let _ = book.post(request);
        prop_assert!(floors_hold(book.as_ref()), "{request:?}");
    }
    Ok(())
}

/// A refused journal moves nothing.
fn law_whole(make: Make<'_>, requests: Vec<Request>) -> Verdict {
    let mut book = make();
    for request in &requests {
        let before = book.balances();
        if book.post(request).is_err() {
            prop_assert_eq!(book.balances(), before, "{:?}", request);
        }
    }
    Ok(())
}

/// A member's accounts together fall by exactly what is taken back; a debt appears only for what is no
/// longer there; what is pending or confirmed is there or the request is refused.
fn law_taken_back(make: Make<'_>, (start, takes, retained): Start) -> Verdict {
    let mut book = make();
    for (place, (account, minor)) in start.into_iter().enumerate() {
        let expense = Posting::new(Account::Mall(MallAccount::CommissionExpense), -minor, CNY);
        let postings = vec![expense, Posting::new(account, minor, CNY)];
        let answer = book.post(&Request { id: format!("s{place}"), postings });
        prop_assert_eq!(answer.is_ok(), minor != 0);
    }
    let before = book.balances();
    let at = |balances: &Balances, account: Account| balances.get(&(account, CNY)).copied().unwrap_or(0);
    let mut running = before.clone();
    let mut possible = true;
    for take in takes.iter().filter(|t| matches!(t.from, MemberAccount::Pending | MemberAccount::Confirmed)) {
        let stands = running.entry((Account::member(&take.member, take.from), CNY)).or_default();
        *stands -= take.minor;
        possible &= *stands >= 0;
    }
    let answer = book.take_back("t", &takes, retained);
    prop_assert_eq!(answer.is_ok(), possible, "{:?}", answer);
    let after = book.balances();
    if !possible {
        prop_assert_eq!(after, before);
        return Ok(());
    }
    prop_assert!(floors_hold(book.as_ref()) && balanced(&after));
    let fell =
        at(&before, Account::Mall(MallAccount::Retained)) - at(&after, Account::Mall(MallAccount::Retained));
    prop_assert_eq!(fell, retained);
    for id in 1_u64..=2 {
        let of = |kind| Account::member(&id.into(), kind);
        let whole =
            |balances: &Balances| MemberAccount::ALL.iter().map(|kind| at(balances, of(*kind))).sum::<i64>();
        let own: Vec<_> = takes.iter().filter(|take| take.member == id.into()).collect();
        let asked: i64 = own.iter().map(|take| take.minor).sum();
        prop_assert_eq!(whole(&before) - whole(&after), asked);
        for kind in [MemberAccount::Pending, MemberAccount::Confirmed] {
            prop_assert_eq!(at(&after, of(kind)), at(&running, of(kind)));
        }
        if own.iter().all(|take| take.minor >= 0 && take.from != MemberAccount::Debt) {
            let wanted: i64 =
                own.iter().filter(|take| take.from == MemberAccount::Available).map(|take| take.minor).sum();
            let gone = (wanted - at(&before, of(MemberAccount::Available))).max(0);
            prop_assert_eq!(at(&before, of(MemberAccount::Debt)) - at(&after, of(MemberAccount::Debt)), gone);
        }
    }
    Ok(())
}

// ---- the laws hold, and each catches its mutants ----

/// Runs a law over the ledger and the sound model, then over each mutant, which has to be caught.
fn check<S: Strategy>(strategy: S, mutants: &[Fault], law: impl Fn(Make<'_>, S::Value) -> Verdict) {
    let runs = |make: Make<'_>| {
        let config =
            Config { cases: 1000, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        runner.run(&strategy, |input| law(make, input)).map_err(|error| error.to_string())
    };
    assert_eq!(runs(&|| Box::new(Ledger::new())), Ok(()), "the ledger");
    assert_eq!(runs(&|| Box::new(Model::default())), Ok(()), "the model without fault");
    assert!(mutants.len() >= 5);
    for fault in mutants {
        let make = || -> Box<dyn Book> { Box::new(Model::with(*fault)) };
        assert!(runs(&make).is_err(), "{fault:?} was not caught");
    }
}

#[test]
fn journals_sum_to_zero() {
    let mutants = [
        Fault::SumsAcrossCurrencies,
        Fault::ChecksFirstCurrencyOnly,
        Fault::AcceptsOffByOne,
        Fault::AcceptsLossOfMoney,
        Fault::IgnoresMemberPostings,
        Fault::AcceptsEmpty,
    ];
    check(requests(), &mutants, law_balanced);
}

#[test]
fn balances_are_sums_of_postings() {
    let mutants = [
        Fault::LastOfAnAccountWins,
        Fault::FirstOfAnAccountWins,
        Fault::DropsTheLastPosting,
        Fault::MixesCurrencies,
        Fault::LosesOddMinorUnit,
        Fault::ForgetsDebt,
    ];
    check(requests(), &mutants, law_sums);
}

#[test]
fn replay_is_idempotent() {
    let mutants = [
        Fault::PostsRepeats,
        Fault::CallsRepeatsNew,
        Fault::TakesConflictsForRepeats,
        Fault::PostsConflicts,
        Fault::ForgetsTheLastId,
        Fault::RemembersRefusedIds,
        Fault::ComparesSizesOnly,
    ];
    check(requests(), &mutants, law_replay);
}

#[test]
fn independent_journals_commute() {
    let mutants = [
        Fault::DropsEveryThird,
        Fault::FirstJournalCountsTwice,
        Fault::StopsAtTwenty,
        Fault::HalvesAfterTen,
        Fault::LastJournalWins,
    ];
    check(independent(), &mutants, law_order);
}

#[test]
fn only_a_debt_is_below_zero() {
    let mutants = [
        Fault::ChecksBalanceBefore,
        Fault::AllowsOneBelow,
        Fault::ChecksPendingOnly,
        Fault::ChecksFirstPostingOnly,
        Fault::ChecksOneCurrency,
        Fault::LetsDebtRise,
        Fault::NeverChecksFloors,
    ];
    check(requests(), &mutants, law_floors);
}

#[test]
fn refused_journals_move_nothing() {
    let mutants = [
        Fault::AppliesUntilRefused,
        Fault::AppliesGainsFirst,
        Fault::AppliesMallAnyway,
        Fault::ClampsAtZero,
        Fault::KeepsOtherCurrency,
        Fault::AppliesFirstAnyway,
    ];
    check(requests(), &mutants, law_whole);
}

#[test]
fn taking_back_is_exact() {
    let mutants = [
        Fault::TakesBelowZero,
        Fault::TakesAllAsDebt,
        Fault::ForgivesWhatIsGone,
        Fault::ReadsBalanceOnce,
        Fault::LeavesRetained,
        Fault::DropsGains,
        Fault::TakesPendingAsDebt,
        Fault::TakesOneTooFew,
    ];
    check(start(), &mutants, law_taken_back);
}
