//! Commission in the store: earned, confirmed, released, taken back from where it stands.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    DAY_MS, Home, at, capture, key, member, paid_withdrawal, place, plan, settle, shop, whole_order,
};
use fenrun::Code;
use fenrun::id::JournalId;
use fenrun::ledger::{self, Account, Journal, MallAccount, MemberAccount, Posted, Posting, Share};
use fenrun::money::Currency;
use fenrun::reward::commission::{EntryState, Frozen, Refund, Taken};
use fenrun::reward::plan::Plan;
use fenrun_store::Reversed;

const CNY: Currency = Currency::CNY;
const HELD: i64 = 2 * DAY_MS;

/// Gives `units` of the one line back, and `amount` with them.
fn refund(id: &str, units: u64, amount: i64) -> Refund {
    let line = fenrun::id::LineId::new("a").unwrap();
    Refund { id: fenrun::id::RefundId::new(id).unwrap(), lines: vec![Taken { line, units, amount }] }
}

fn reverse(home: &mut Home, order: u64, refund: &Refund) -> Reversed {
    home.store.batch(|batch| batch.reverse(&key(&shop(), order), refund, at(9))).unwrap()
}

/// What stands on a member's accounts: pending, confirmed, available, reserved, debt.
fn stands(home: &Home, id: u64) -> [i64; 5] {
    let balance = |account| home.store.balance(&shop(), &member(id), account, CNY).unwrap().minor();
    let mut stands = [0; 5];
    for (slot, account) in stands.iter_mut().zip(MemberAccount::ALL) {
        *slot = balance(*account);
    }
    stands
}

fn clean(home: &Home) {
    let report = home.store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
}

/// An order that is paid for and earned commission, nothing more.
fn paid_order(home: &mut Home, order: u64) {
    home.store
        .batch(|batch| {
            batch.handle(&place("shop", order))?;
            batch.handle(&capture("shop", order))?;
            let (outcome, frozen) = settle(batch, &shop(), order);
            batch.earn(&outcome, &frozen, at(1))
        })
        .unwrap();
}

#[test]
fn from_pending_to_paid_out() {
    let mut home = Home::new();
    paid_order(&mut home, 1);
    assert_eq!(stands(&home, 2), [1000, 0, 0, 0, 0]);
    let sale = key(&shop(), 1);
    assert_eq!(home.store.batch(|batch| batch.release(&sale, at(HELD))).unwrap(), Posted::Repeat);
    assert_eq!(home.store.batch(|batch| batch.confirm(&sale, at(0))).unwrap(), Posted::New);
    assert_eq!(home.store.batch(|batch| batch.confirm(&sale, at(1))).unwrap(), Posted::Repeat);
    assert_eq!(stands(&home, 2), [0, 1000, 0, 0, 0]);
    assert_eq!(home.store.batch(|batch| batch.release_due(&shop(), at(HELD - 1), 9)).unwrap(), 0);
    assert_eq!(home.store.batch(|batch| batch.release_due(&shop(), at(HELD), 9)).unwrap(), 1);
    assert_eq!(home.store.batch(|batch| batch.release_due(&shop(), at(HELD), 9)).unwrap(), 0);
    assert_eq!((stands(&home, 2), stands(&home, 1)), ([0, 0, 1000, 0, 0], [0, 0, 500, 0, 0]));
    let policy = r#"{"fee":{"fixed":60},"tax":{"rate":"4%","of":"amount"}}"#;
    home.store
        .batch(|batch| {
            for (at, command) in paid_withdrawal("w1", 1000, policy, 900).iter().enumerate() {
                batch.handle_wallet(command)?;
                let reserved = batch.balance(&shop(), &member(2), MemberAccount::Reserved, CNY)?.minor();
                assert_eq!(reserved, if at < 4 { 1000 } else { 0 });
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(stands(&home, 2), [0; 5]);
    let mall = |account| home.store.mall_balance(&shop(), account, CNY).unwrap().minor();
    assert_eq!(
        MallAccount::ALL.iter().map(|account| mall(*account)).collect::<Vec<_>>(),
        [-1600, 100, 60, 40, 900, 0]
    );
    let outcome = home.store.outcome(&sale).unwrap().unwrap();
    assert_eq!((outcome.pool, outcome.retained), (1600, vec![("no_upline".to_owned(), 100)]));
    assert!(outcome.entries.iter().all(|entry| entry.state == EntryState::Payable));
    clean(&home);
}

#[test]
fn a_sale_is_evaluated_once() {
    let mut home = Home::new();
    paid_order(&mut home, 1);
    let (other, same) = home
        .store
        .batch(|batch| {
            let (outcome, frozen) = settle(batch, &shop(), 1);
            let same = batch.earn(&outcome, &frozen, at(99))?;
            let sale = frozen.sale().clone();
            let richer = Plan::from_json(&plan().canonical().replace("10%", "11%"))?;
            let (outcome, frozen) = Frozen::settle(&richer, &sale)?;
            Ok((batch.earn(&outcome, &frozen, at(1)), same))
        })
        .unwrap();
    assert_eq!(same, Posted::Repeat);
    assert_eq!(other.unwrap_err().code(), Code::StoreConflict);
    assert_eq!(stands(&home, 2), [1000, 0, 0, 0, 0]);
    let missing = home.store.batch(|batch| batch.confirm(&key(&shop(), 2), at(0)));
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    clean(&home);
}

#[test]
fn refunds_take_back_from_where_it_stands_and_end_at_zero() {
    let mut home = Home::new();
    paid_order(&mut home, 1);
    // A third of 100.00 and what rounding leaves: 33.33 of 100.00 back leaves 6667, of it 666 and 333.
    let first = reverse(&mut home, 1, &refund("r1", 1, 3333));
    assert_eq!(first.rows.iter().map(|row| row.amount).sum::<i64>(), 666 + 333 - 1500);
    assert_eq!((stands(&home, 2), stands(&home, 1)), ([666, 0, 0, 0, 0], [333, 0, 0, 0, 0]));
    let sale = key(&shop(), 1);
    home.store.batch(|batch| batch.confirm(&sale, at(0))).unwrap();
    reverse(&mut home, 1, &refund("r2", 1, 3333));
    assert_eq!(stands(&home, 2), [0, 333, 0, 0, 0]);
    home.store.batch(|batch| batch.release(&sale, at(HELD))).unwrap();
    let last = reverse(&mut home, 1, &refund("r3", 1, 3334));
    assert_eq!((stands(&home, 2), stands(&home, 1)), ([0; 5], [0; 5]));
    let again = reverse(&mut home, 1, &refund("r3", 1, 3334));
    assert_eq!((again.posted, again.rows), (Posted::Repeat, last.rows));
    assert_eq!(again.retained_change, last.retained_change);
    let other = home.store.batch(|batch| batch.reverse(&sale, &refund("r3", 1, 1), at(9)));
    assert_eq!(other.unwrap_err().code(), Code::StoreConflict);
    let more = home.store.batch(|batch| batch.reverse(&sale, &refund("r4", 1, 1), at(9)));
    assert_eq!(more.unwrap_err().code(), Code::OverReversed);
    let outcome = home.store.outcome(&sale).unwrap().unwrap();
    assert!(outcome.entries.iter().all(|entry| entry.state == EntryState::Reversed));
    let mut sum = 0;
    home.store.for_each_row(&shop(), |row| sum += row.amount).unwrap();
    assert_eq!((sum, outcome.rows.len()), (0, 8));
    clean(&home);
}

#[test]
fn what_was_paid_out_becomes_a_debt() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    home.store
        .batch(|batch| {
            batch.release_due(&shop(), at(5 + HELD), 9)?;
            paid_withdrawal("w", 900, "{}", 900)
                .iter()
                .try_for_each(|command| batch.handle_wallet(command).map(|_| ()))
        })
        .unwrap();
    reverse(&mut home, 1, &refund("all", 3, 10000));
    assert_eq!((stands(&home, 2), stands(&home, 1)), ([0, 0, 0, 0, -900], [0; 5]));
    // What a later sale makes available pays the debt off first.
    whole_order(&mut home.store, &shop(), 2);
    home.store.batch(|batch| batch.release_due(&shop(), at(5 + HELD), 9)).unwrap();
    assert_eq!(stands(&home, 2), [0, 0, 100, 0, 0]);
    clean(&home);
}

#[test]
fn a_balance_that_is_not_there_is_refused_and_nothing_moves() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    let of = |account| Account::member(&member(2), account);
    let journal = |from, to| {
        let postings = [Posting::new(of(from), -1001, CNY), Posting::new(of(to), 1001, CNY)];
        Journal::new(JournalId::new("x").unwrap(), at(0), "other", postings).unwrap()
    };
    let too_much = journal(MemberAccount::Confirmed, MemberAccount::Available);
    let claimed = journal(MemberAccount::Confirmed, MemberAccount::Reserved);
    let refused = home.store.batch(|batch| {
        assert_eq!(batch.post(&shop(), &too_much).unwrap_err().code(), Code::InsufficientBalance);
        assert_eq!(batch.post(&shop(), &claimed).unwrap_err().code(), Code::InvalidJournal);
        Ok(())
    });
    assert_eq!(refused, Ok(()));
    assert_eq!(stands(&home, 2), [0, 1000, 0, 0, 0]);
    clean(&home);
}

#[test]
fn journals_are_posted_once() {
    let mut home = Home::new();
    let journal = |minor| {
        let shares = [Share::new(member(2), minor)];
        ledger::earned(JournalId::new("manual-1").unwrap(), at(0), CNY, &shares, 0).unwrap().unwrap()
    };
    let mut post = |minor| home.store.batch(|batch| batch.post(&shop(), &journal(minor)));
    assert_eq!(post(5).unwrap(), Posted::New);
    assert_eq!(post(5).unwrap(), Posted::Repeat);
    assert_eq!(post(6).unwrap_err().code(), Code::JournalConflict);
    assert_eq!(stands(&home, 2), [5, 0, 0, 0, 0]);
    let mut seen = Vec::new();
    home.store
        .for_each_balance(&shop(), |account, balance| seen.push(format!("{account} {balance}")))
        .unwrap();
    assert_eq!(seen, ["member:2:pending 0.05 CNY"]);
    clean(&home);
}

#[test]
fn a_reversal_without_outcome_is_posted_once_too() {
    let mut home = Home::new();
    let reversal = |minor| ledger::Reversal {
        id: JournalId::new("manual-2").unwrap(),
        at: at(0),
        currency: CNY,
        takes: vec![ledger::TakeBack { member: member(2), from: MemberAccount::Debt, minor }],
        retained: 0,
    };
    let mut post = |minor| home.store.batch(|batch| batch.post_reversal(&shop(), &reversal(minor)));
    assert_eq!(post(5).unwrap(), Posted::New);
    assert_eq!(post(5).unwrap(), Posted::Repeat);
    assert_eq!(post(6).unwrap_err().code(), Code::JournalConflict);
    assert_eq!(stands(&home, 2), [0, 0, 0, 0, -5]);
    clean(&home);
}
