//! `statement` over a store, and the tables `states` shows.

use crate::run::Folder;
use fenrun::doc::{Node, read_json};
use fenrun::id::JournalId;
use fenrun::ledger::wallet::Command;
use fenrun::ledger::{Account, Journal, MallAccount, MemberAccount, Posting};
use fenrun::money::{Currency, CurrencyTable};
use fenrun::time::Timestamp;
use fenrun_store::{Options, Store, Tenant};

const DAY: i64 = 86_400_000;

/// 100.00 at hand on the first day; 60.00 withdrawn for 1.00 on the second.
fn shop() -> Folder {
    let folder = Folder::new();
    let mut store = Store::create(folder.path("shop.db")).unwrap();
    let tenant = Tenant::new("").unwrap();
    let available = Account::member(&7.into(), MemberAccount::Available);
    let expense = Account::Mall(MallAccount::CommissionExpense);
    let postings =
        [Posting::new(expense, -10_000, Currency::CNY), Posting::new(available, 10_000, Currency::CNY)];
    let journal =
        Journal::new(JournalId::new("j").unwrap(), Timestamp::from_ms(0), "commission_earned", postings);
    let bodies = [
        r#"{"request":{"withdrawal_id":"w","amount":6000,"policy":{"fee":{"fixed":100}}}}"#,
        r#"{"approve":{"withdrawal_id":"w"}}"#,
        r#"{"pay":{"withdrawal_id":"w","payout_id":"p"}}"#,
        r#"{"payout_succeeded":{"payout_id":"p","transaction_id":"t","amount":5900}}"#,
    ];
    store
        .batch(|batch| {
            batch.post(&tenant, &journal.unwrap())?;
            for (at, body) in bodies.iter().enumerate() {
                let text = format!(
                    r#"{{"member":7,"currency":"CNY","command_id":"c{at}","actor":"clerk","now":{DAY},"command":{body}}}"#
                );
                batch.handle_wallet(&Command::from_node(&read_json(&text, 1 << 20)?)?)?;
            }
            Ok(())
        })
        .unwrap();
    store.close().unwrap();
    folder
}

#[test]
fn a_statement_sums_what_was_posted_in_two_languages() {
    let folder = shop();
    let text = folder.run("statement shop.db --member 7").ended(0);
    for line in [
        "paid out               -59.00 CNY",
        "fees                   -1.00 CNY",
        "closing, available     40.00 CNY",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let chinese = folder.run("statement shop.db --member 7 --lang zh").ended(0);
    assert!(chinese.contains("期末, 可提现"), "{chinese}");
    let document = folder.run("statement shop.db --member 7 --from 1970-01-02 --json").document(0);
    let Node::List(statements) = document else { panic!("a list of statements") };
    let part = |of: &str, key: &str| statements[0].get(of).and_then(|map| map.get(key)).cloned();
    assert_eq!(part("opening", "available"), Some(Node::Int(10_000)));
    assert_eq!(part("sums", "withdrawn"), Some(Node::Int(-5900)));
    assert_eq!(part("sums", "earned"), Some(Node::Int(0)));
    let first = folder.run("statement shop.db --member 7 --to 1970-01-02").ended(0);
    assert!(first.contains("closing, available  100.00 CNY"), "{first}");
}

/// The host that made the store knows its points; nobody tells the program.
#[test]
fn currencies_of_the_host_are_read() {
    let folder = Folder::new();
    let mut currencies = CurrencyTable::default();
    let points = currencies.register("PTS", 0).unwrap();
    let options = Options { currencies, ..Options::default() };
    let mut store = Store::create_with(folder.path("points.db"), &options).unwrap();
    let available = Account::member(&7.into(), MemberAccount::Available);
    let given = Account::Mall(MallAccount::Adjustment);
    let postings = [Posting::new(given, -30, points), Posting::new(available, 30, points)];
    let journal = Journal::new(JournalId::new("j").unwrap(), Timestamp::from_ms(0), "gift", postings);
    store.batch(|batch| batch.post(&Tenant::new("").unwrap(), &journal.unwrap())).unwrap();
    store.close().unwrap();
    let text = folder.run("statement points.db --member 7").ended(0);
    assert!(text.contains("closing, available  30 PTS"), "{text}");
    assert!(folder.run("verify points.db").ended(0).ends_with("the store verifies\n"));
}

#[test]
fn what_is_no_file_is_named() {
    let folder = Folder::new();
    for command in ["verify .", "statement . --member 7", "orders . --distributor 7"] {
        let got = folder.run(command).failed(3);
        assert!(got.contains(". is a folder; name the file of a store in it"), "{got}");
    }
}

#[test]
fn who_or_when_nobody_knows_is_refused() {
    let folder = shop();
    assert!(folder.run("statement shop.db --member 8").failed(2).contains("member 8 has no account"));
    for (period, message) in [
        ("--from soon", "--from: `soon` is no time"),
        ("--from 2024", "--from: 2024 is a number"),
        ("--to 20241101", "--to: 20241101 is a number"),
        ("--from 2024-12-01 --to 2024-01-01", "--from 2024-12-01 is not before --to 2024-01-01"),
    ] {
        let got = folder.run(&format!("statement shop.db --member 7 {period}")).failed(2);
        assert!(got.contains(message), "{got}");
    }
}

#[test]
fn days_and_times_are_those_of_the_zone() {
    let folder = shop();
    let ask = |rest: &str| folder.run(&format!("statement shop.db --member 7 {rest}")).ended(0);
    let shanghai = ask("--from 1970-01-02 --time-zone Asia/Shanghai");
    assert!(shanghai.contains("1970-01-02T00:00:00.000+08:00 to"), "{shanghai}");
    assert!(shanghai.contains("1970-01-02T08:00:00.000+08:00  payout_succeeded"), "{shanghai}");
    // The day begins at one o'clock there: summer time came at midnight.
    assert!(ask("--from 2024-09-08 --time-zone America/Santiago").contains("2024-09-08T01:00:00.000-03:00"));
}

#[test]
fn every_machine_has_its_table() {
    let folder = Folder::new();
    for (machine, line) in [
        ("order", "draft --place--> pending_payment"),
        ("withdrawal", "payout_failed --pay--> payout_requested"),
        ("commission", "paid --entitlement_changed [nothing left]--> clawed_back"),
    ] {
        assert!(folder.run(&format!("states --machine {machine}")).ended(0).contains(line), "{machine}");
        let dot = folder.run(&format!("states --machine {machine} --dot")).ended(0);
        assert!(dot.starts_with(&format!("digraph {machine} {{")), "{dot}");
    }
}
