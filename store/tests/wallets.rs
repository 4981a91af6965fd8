//! Wallets in the store: many writers and processes on one file, the outbox, timers, ids, statements.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, at, key, member, paid_withdrawal, shop, wallet_command, whole_order};
use fenrun::Code;
use fenrun::id::{JournalId, PayoutId};
use fenrun::ledger::wallet::{WalletKey, WithdrawalState};
use fenrun::ledger::{Account, Journal, MallAccount, MemberAccount, Period, Posted, Posting};
use fenrun::money::Currency;
use fenrun_store::{Durability, Options, Store};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const CNY: Currency = Currency::CNY;
const START: i64 = 100;
/// Tells the test `one_process_asks` that it is a child, and which file to write.
const FILE: &str = "FENRUN_WALLET_TEST_FILE";
/// Which of the children it is.
const CHILD: &str = "FENRUN_WALLET_TEST_CHILD";

fn open(path: &Path) -> Store {
    let busy_timeout = Duration::from_secs(60);
    let options = Options { durability: Durability::Normal, busy_timeout, ..Options::default() };
    Store::open_with(path, &options).unwrap()
}

fn wallet(id: u64) -> WalletKey {
    WalletKey { tenant: shop(), member: member(id), currency: CNY }
}

/// Members 1 to 5 with 1.00 each at hand.
fn bank() -> Home {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            (1..=5_u64).try_for_each(|id| {
                let expense = Account::Mall(MallAccount::CommissionExpense);
                let gain = Account::member(&member(id), MemberAccount::Available);
                let postings = [Posting::new(expense, -START, CNY), Posting::new(gain, START, CNY)];
                let journal = Journal::new(JournalId::new(&format!("open-{id}"))?, at(0), "bank", postings)?;
                batch.post(&shop(), &journal).map(|_| ())
            })
        })
        .unwrap();
    home
}

fn ask(member: u64, id: &str, amount: i64) -> fenrun::ledger::wallet::Command {
    let body = format!(r#"{{"request":{{"withdrawal_id":"{id}","amount":{amount}}}}}"#);
    wallet_command(member, &format!("ask-{id}"), 0, "member", &body)
}

fn clean(store: &Store) {
    let report = store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
}

/// The child: one request for everything, and what became of it as the exit code of the test.
#[test]
fn one_process_asks() {
    let (Ok(path), Ok(child)) = (std::env::var(FILE), std::env::var(CHILD)) else { return };
    let asked =
        open(Path::new(&path)).batch(|batch| batch.handle_wallet(&ask(1, &format!("w{child}"), START)));
    if let Err(error) = asked {
        assert_eq!(error.code(), Code::InsufficientBalance);
        std::process::exit(77);
    }
}

/// lilishop issue 145, with processes.
#[test]
fn lilishop_145_eight_processes_pay_once() {
    let home = bank();
    let spawn = |child: u32| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["one_process_asks", "--exact"]).env(FILE, home.path()).env(CHILD, child.to_string());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(spawn).collect();
    let codes: Vec<_> = children.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(77)).count(), 7, "{codes:?}");
    assert_eq!(home.store.wallet(&wallet(1)).unwrap().balance(MemberAccount::Reserved), START);
    clean(&home.store);
}

/// Eight writers ask, reject and pay at once: what members have and what left always sums to the start.
#[test]
fn the_bank_keeps_its_sum_while_members_withdraw() {
    let home = bank();
    let work = |writer: u64| {
        let path = home.path();
        thread::spawn(move || {
            let mut store = open(&path);
            for step in 0..15_u64 {
                let (who, id) = (1 + (writer * 7 + step * 3) % 5, format!("w{writer}-{step}"));
                let amount = i64::try_from(1 + (writer * 13 + step * 11) % 40).unwrap();
                if let Err(error) = store.batch(|batch| batch.handle_wallet(&ask(who, &id, amount))) {
                    assert_eq!(error.code(), Code::InsufficientBalance, "{error}");
                    continue;
                }
                let bodies = if step % 3 == 0 {
                    vec![
                        format!(r#"{{"approve":{{"withdrawal_id":"{id}"}}}}"#),
                        format!(r#"{{"pay":{{"withdrawal_id":"{id}","payout_id":"{id}"}}}}"#),
                        format!(
                            r#"{{"payout_succeeded":{{"payout_id":"{id}","transaction_id":"{id}","amount":{amount}}}}}"#
                        ),
                    ]
                } else {
                    vec![format!(r#"{{"reject":{{"withdrawal_id":"{id}"}}}}"#)]
                };
                for (at, body) in bodies.iter().enumerate() {
                    let command = wallet_command(who, &format!("{id}-{at}"), 1, "clerk", body);
                    store.batch(|batch| batch.handle_wallet(&command)).unwrap();
                }
                store
                    .for_each_balance(&shop(), |account, money| assert!(money.minor() >= 0, "{account}"))
                    .unwrap();
            }
        })
    };
    let writers: Vec<_> = (0..8).map(work).collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let mut held = 0;
    home.store.for_each_balance(&shop(), |_, money| held += money.minor()).unwrap();
    let paid = home.store.mall_balance(&shop(), MallAccount::PaidOut, CNY).unwrap().minor();
    assert!(paid > 0);
    assert_eq!(held + paid, 5 * START);
    clean(&home.store);
}

#[test]
fn events_are_served_and_repeats_answer_as_before() {
    let mut home = bank();
    let commands = paid_withdrawal("w", 60, "{}", 60);
    let mut first = Vec::new();
    for command in &commands {
        first.push(home.store.batch(|batch| batch.handle_wallet(command)).unwrap());
    }
    for (command, before) in commands.iter().zip(&first) {
        let again = home.store.batch(|batch| batch.handle_wallet(command)).unwrap();
        assert_eq!((again.posted, &again.events), (Posted::Repeat, &before.events));
    }
    let served = home.store.wallet_events_after(0, 100).unwrap();
    let made: Vec<_> = first.iter().flat_map(|appended| &appended.events).collect();
    assert_eq!(served.iter().map(|stored| &stored.event).collect::<Vec<_>>(), made);
    assert!(home.store.wallet_events_after(served[2].position, 1).unwrap()[0].event == *made[3]);
    assert_eq!(home.store.wallet_events(&wallet(2)).unwrap().len(), 5);
    let payout = home.store.wallet_of_payout(&shop(), &PayoutId::new("w-p").unwrap()).unwrap();
    assert_eq!(payout, Some(wallet(2)));
    let mut paid = Vec::new();
    home.store
        .for_each_withdrawal(&shop(), WithdrawalState::Paid, |summary| paid.push(summary.amount))
        .unwrap();
    assert_eq!(paid, [60]);
    clean(&home.store);
}

#[test]
fn ids_are_unique_within_the_shop() {
    let mut home = bank();
    home.store.batch(|batch| batch.handle_wallet(&ask(1, "w", 10))).unwrap();
    let other = home.store.batch(|batch| batch.handle_wallet(&ask(2, "w", 10)));
    assert_eq!(other.unwrap_err().code(), Code::StoreConflict);
    for command in &paid_withdrawal("v", 10, "{}", 10)[..3] {
        home.store.batch(|batch| batch.handle_wallet(command)).unwrap();
    }
    let approve = wallet_command(1, "a", 0, "clerk", r#"{"approve":{"withdrawal_id":"w"}}"#);
    home.store.batch(|batch| batch.handle_wallet(&approve)).unwrap();
    let pay = wallet_command(1, "p", 0, "clerk", r#"{"pay":{"withdrawal_id":"w","payout_id":"v-p"}}"#);
    let stolen = home.store.batch(|batch| batch.handle_wallet(&pay));
    assert_eq!(stolen.unwrap_err().code(), Code::StoreConflict);
    clean(&home.store);
}

#[test]
fn what_nobody_accepts_comes_due() {
    let mut home = bank();
    for command in &paid_withdrawal("w", 60, "{}", 60)[..4] {
        home.store.batch(|batch| batch.handle_wallet(command)).unwrap();
    }
    let wait =
        wallet_command(2, "wait", 10, "bank", r#"{"payout_awaiting":{"payout_id":"w-p","expires_at":500}}"#);
    home.store.batch(|batch| batch.handle_wallet(&wait)).unwrap();
    assert!(home.store.wallets_due(&shop(), at(499), 9).unwrap().is_empty());
    assert_eq!(home.store.wallets_due(&shop(), at(500), 9).unwrap(), [wallet(2)]);
    let tick = wallet_command(2, "tick", 500, "clock", r#""tick""#);
    home.store.batch(|batch| batch.handle_wallet(&tick)).unwrap();
    assert!(home.store.wallets_due(&shop(), at(500), 9).unwrap().is_empty());
    clean(&home.store);
}

#[test]
fn held_commission_waits_while_its_sale_goes_on() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    let hold =
        wallet_command(2, "h", 5, "clerk", r#"{"hold":{"hold_id":"h","account":"confirmed","amount":300}}"#);
    home.store.batch(|batch| batch.handle_wallet(&hold)).unwrap();
    home.store.batch(|batch| batch.release(&key(&shop(), 1), at(9 * common::DAY_MS))).unwrap();
    let stands = home.store.wallet(&wallet(2)).unwrap();
    let parts = [MemberAccount::Available, MemberAccount::HeldAvailable, MemberAccount::HeldConfirmed];
    assert_eq!(parts.map(|kind| stands.balance(kind)), [700, 300, 0]);
    let period = Period { member: member(2), currency: CNY, from: Some(at(5)), to: None };
    let statement = home.store.statement(&shop(), period).unwrap();
    assert_eq!((statement.opening(MemberAccount::Confirmed), statement.sum("released")), (1000, 1000));
    assert_eq!(statement.closing(MemberAccount::HeldAvailable), 300);
    clean(&home.store);
}
