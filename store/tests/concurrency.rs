//! Many writers on one file: nothing is lost, nothing is paid twice, nobody reads half a batch.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    Home, at, binding, binding_policy, capture, command, command_id, member, place, shop, wallet_command,
};
use fenrun::Code;
use fenrun::id::JournalId;
use fenrun::ledger::{Account, Journal, MallAccount, MemberAccount, Posted, Posting};
use fenrun::money::Currency;
use fenrun::reward::binding::Bindings;
use fenrun_store::{Durability, Options, Store};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const CNY: Currency = Currency::CNY;
const MEMBERS: u64 = 5;
const START: i64 = 100;

fn open(path: &Path) -> Store {
    let busy_timeout = Duration::from_secs(60);
    let options = Options { durability: Durability::Normal, busy_timeout, ..Options::default() };
    Store::open_with(path, &options).unwrap()
}

fn available(id: u64) -> Account {
    Account::member(&member(id), MemberAccount::Available)
}

fn journal(id: &str, postings: [Posting; 2]) -> Journal {
    Journal::new(JournalId::new(id).unwrap(), at(0), "bank", postings).unwrap()
}

/// Members with 1.00 each.
fn bank() -> Home {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            (1..=MEMBERS).try_for_each(|id| {
                let expense = Account::Mall(MallAccount::CommissionExpense);
                let postings = [Posting::new(expense, -START, CNY), Posting::new(available(id), START, CNY)];
                batch.post(&shop(), &journal(&format!("open-{id}"), postings)).map(|_| ())
            })
        })
        .unwrap();
    home
}

fn balances(store: &Store) -> Vec<i64> {
    let mut balances = Vec::new();
    store.for_each_balance(&shop(), |_, balance| balances.push(balance.minor())).unwrap();
    balances
}

/// Numbers that look random and are the same on every run (a linear congruence).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Moves money between members, and tells how often there was enough.
fn transfer_often(path: PathBuf, writer: u64) -> u64 {
    let mut store = open(&path);
    let mut numbers = Numbers(writer);
    let mut moved = 0;
    for step in 0..40 {
        let (from, to) = (1 + numbers.below(MEMBERS), 1 + numbers.below(MEMBERS));
        let minor = 1 + i64::try_from(numbers.below(60)).unwrap();
        if from == to {
            continue;
        }
        let postings = [Posting::new(available(from), -minor, CNY), Posting::new(available(to), minor, CNY)];
        let journal = journal(&format!("w{writer}-{step}"), postings);
        match store.batch(|batch| batch.post(&shop(), &journal)) {
            Ok(posted) => {
                assert_eq!(posted, Posted::New);
                moved += 1;
            }
            Err(error) => assert_eq!(error.code(), Code::InsufficientBalance, "{error}"),
        }
        let seen = balances(&store);
        assert_eq!(
            seen.iter().sum::<i64>(),
            START * i64::try_from(MEMBERS).unwrap(),
            "half a journal was seen"
        );
        assert!(seen.iter().all(|balance| *balance >= 0));
    }
    moved
}

#[test]
fn eight_writers_keep_the_sum() {
    let home = bank();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let path = home.path();
            thread::spawn(move || transfer_often(path, writer))
        })
        .collect();
    let moved: u64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    assert!(moved > 0);
    let journals: u64 = home
        .raw()
        .query_row("SELECT count(*) FROM journals", [], |row| row.get(0))
        .map(|n: i64| u64::try_from(n).unwrap())
        .unwrap();
    assert_eq!(journals, MEMBERS + moved);
    assert!(home.store.verify().unwrap().is_clean());
}

/// lilishop issue 145: eight withdrawals of everything were accepted. Threads with a connection of their own
/// take turns at the file as processes do.
#[test]
fn lilishop_145_eight_withdrawals_of_everything_pay_once() {
    let home = bank();
    let ask = |writer: u64| {
        let body = format!(r#"{{"request":{{"withdrawal_id":"w{writer}","amount":{START}}}}}"#);
        wallet_command(1, &format!("ask-{writer}"), 0, "1", &body)
    };
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (path, ask) = (home.path(), ask(writer));
            thread::spawn(move || {
                open(&path).batch(|batch| batch.handle_wallet(&ask)).map_err(|error| error.code())
            })
        })
        .collect();
    let answers: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = |answer: &Result<_, Code>| matches!(answer, Err(Code::InsufficientBalance));
    assert_eq!(answers.iter().filter(|answer| refused(answer)).count(), 7);
    let reserved = home.store.balance(&shop(), &member(1), MemberAccount::Reserved, CNY).unwrap();
    assert_eq!(reserved.minor(), START);
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn workers_on_one_order_act_once() {
    let mut home = Home::new();
    home.store.batch(|batch| batch.handle(&place("shop", 1))).unwrap();
    let path = home.path();
    let same: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            thread::spawn(move || open(&path).batch(|batch| batch.handle(&capture("shop", 1))).unwrap())
        })
        .collect();
    let answers: Vec<_> = same.into_iter().map(|worker| worker.join().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.posted == Posted::New).count(), 1);
    assert!(answers.iter().all(|answer| answer.events == answers[0].events));
    // Another id for the same thing: the second worker is told that the order moved on.
    let ship = |id: &str| {
        let text = format!(
            r#"{{"tenant":"shop","order_id":1,"command_id":"{id}","now":2,"actor":"w","expected_version":3,"command":"ship"}}"#
        );
        let node = fenrun::doc::read_json(&text, 1 << 20).unwrap();
        fenrun::trade::order::Command::from_node(&node).unwrap()
    };
    assert!(home.store.batch(|batch| batch.handle(&ship("one"))).is_ok());
    let late = open(&path).batch(|batch| batch.handle(&ship("two")));
    assert_eq!(late.unwrap_err().code(), Code::VersionConflict);
    let deliver = command("shop", 1, "deliver", 3, r#""deliver""#);
    assert!(home.store.batch(|batch| batch.handle(&deliver)).is_ok());
    assert!(home.store.verify().unwrap().is_clean());
}

/// Eight writers win the same members from one another, each command sent twice; the log is what one shop in memory
/// would have come to, whoever was first.
#[test]
fn writers_who_win_the_same_members_take_turns() {
    let mut home = Home::new();
    let policy = binding_policy(r#"{"mode":"instant","expire_days":1}"#);
    home.store.batch(|batch| batch.put_binding_policy(&shop(), &policy, at(0))).unwrap();
    let visit_often = |path: PathBuf, writer: u64| {
        let mut store = open(&path);
        let mut numbers = Numbers(writer);
        let mut made = 0;
        for step in 0..30 {
            let (one, other) = (1 + numbers.below(MEMBERS), 1 + numbers.below(MEMBERS));
            let body = match numbers.below(3) {
                0 => format!(r#"{{"register":{{"member":{one}}}}}"#),
                _ => format!(r#"{{"visit":{{"member":{one},"sharer":{other}}}}}"#),
            };
            // One moment for all: whoever comes later in time would shut the others out.
            let (id, command) = (command_id(&format!("w{writer}-{step}")), binding(7, &body));
            let mut handle = || store.batch(|batch| batch.handle_binding(&shop(), &id, &command));
            if let Ok(done) = handle() {
                let again = handle().unwrap();
                assert_eq!((again.posted, &again.events), (Posted::Repeat, &done.events));
                made += done.events.len();
            }
        }
        made
    };
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let path = home.path();
            thread::spawn(move || visit_often(path, writer))
        })
        .collect();
    let made: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    let events = home.store.binding_events_after(0, u32::MAX).unwrap();
    assert!(made > 20 && made == events.len(), "{made}");
    let events: Vec<_> = events.into_iter().map(|stored| stored.event).collect();
    let folded = Bindings::replay(policy, &events).unwrap();
    for id in 1..=MEMBERS {
        let upline = home.store.upline(&shop(), &member(id), at(7), 1).unwrap();
        assert_eq!(upline.first().cloned(), folded.inviter(id, at(7)).map(member), "of {id}");
    }
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn processes_that_come_at_once_make_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let makers: Vec<_> = (1..=6)
        .map(|id| {
            let path = path.clone();
            thread::spawn(move || {
                let mut store = Store::open_or_create(path).unwrap();
                store.batch(|batch| batch.put_member(&shop(), &member(id), at(0))).unwrap();
            })
        })
        .collect();
    makers.into_iter().for_each(|maker| maker.join().unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    let members: i64 = raw.query_row("SELECT count(*) FROM members", [], |row| row.get(0)).unwrap();
    assert_eq!(members, 6);
    assert!(Store::open(&path).unwrap().verify().unwrap().is_clean());
}

#[test]
fn a_writer_that_waits_too_long_is_told() {
    let mut home = Home::new();
    let impatient = Options { busy_timeout: Duration::ZERO, ..Options::default() };
    let mut other = Store::open_with(home.path(), &impatient).unwrap();
    let refused = home.store.batch(|batch| {
        batch.put_member(&shop(), &member(1), at(0))?;
        // A reader does not wait, and sees nothing of the batch.
        assert!(other.order(&shop(), &1.into()).unwrap().is_none());
        Ok(other.batch(|batch| batch.put_member(&shop(), &member(2), at(0))))
    });
    let error = refused.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::Database);
    assert!(error.message().ends_with("is locked by another writer; try again"), "{error}");
}
