//! Currencies a host registered are kept in the file, so that whoever opens it reads the amounts alike.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, gift, member, points, shop, wallet_command};
use fenrun::Code;
use fenrun::ledger::{MemberAccount, Period};
use fenrun::money::CurrencyTable;
use fenrun_store::{Options, Store};

fn knowing(code: &str, exponent: u8) -> Options {
    let mut currencies = CurrencyTable::default();
    currencies.register(code, exponent).unwrap();
    Options { currencies, ..Options::default() }
}

/// A store with points, closed.
fn closed() -> (tempfile::TempDir, std::path::PathBuf) {
    let mut home = Home::with_points();
    home.store.batch(|batch| batch.post(&shop(), &gift("points", 2, 30, points().1))).unwrap();
    let path = home.path();
    let Home { folder, store } = home;
    store.close().unwrap();
    (folder, path)
}

#[test]
fn a_reader_need_not_name_them() {
    let (_folder, path) = closed();
    let store = Store::open_to_read(&path).unwrap();
    let report = store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
    let (_, pts) = points();
    assert_eq!(store.currencies_of(&shop(), &member(2)).unwrap(), [pts]);
    let period = Period { member: member(2), currency: pts, from: None, to: None };
    assert_eq!(store.statement(&shop(), period).unwrap().closing(MemberAccount::Available), 30);
    assert_eq!(store.currencies().parse("PTS"), Ok(pts));
    let mut seen = Vec::new();
    store.for_each_balance(&shop(), |_, money| seen.push(money.to_string())).unwrap();
    assert_eq!(seen, ["30 PTS"]);
}

#[test]
fn an_amount_does_not_change_its_meaning() {
    let (_folder, path) = closed();
    let other = knowing("PTS", 2);
    for opened in [Store::open_with(&path, &other), Store::open_to_read_with(&path, &other)] {
        let refused = opened.err().unwrap();
        assert_eq!(refused.code(), Code::StoreConflict);
        assert!(refused.message().contains("PTS") && refused.message().contains("2"), "{refused}");
    }
    Store::open_with(&path, &knowing("PTS", 0)).unwrap();
    assert!(Store::open(&path).unwrap().verify().unwrap().is_clean());
}

#[test]
fn a_later_host_adds_one_while_others_are_open() {
    let (_folder, path) = closed();
    let before = Store::open(&path).unwrap();
    let mut later = Store::open_with(&path, &knowing("COI", 3)).unwrap();
    let coins = later.currencies().parse("COI").unwrap();
    later.batch(|batch| batch.post(&shop(), &gift("coins", 2, 5, coins))).unwrap();
    assert!(before.verify().unwrap().is_clean(), "a store that was open before does not know it");
    let told = Store::open(&path).unwrap();
    assert_eq!(told.currencies().registered().count(), 2);
    assert!(told.verify().unwrap().is_clean());
}

#[test]
fn wallets_in_points() {
    let (_folder, path) = closed();
    let mut store = Store::open(&path).unwrap();
    let ask = wallet_command(2, "ask", 1, "2", r#"{"request":{"withdrawal_id":"w","amount":10}}"#);
    let (mut header, action) = ((**ask.header()).clone(), ask.action().clone());
    header.wallet.currency = points().1;
    let envelope = fenrun::ledger::wallet::Envelope {
        wallet: header.wallet.clone(),
        expected_version: None,
        command_id: header.command_id,
        actor: header.actor,
        now: header.at,
    };
    let ask = fenrun::ledger::wallet::Command::new(envelope, action);
    store.batch(|batch| batch.handle_wallet(&ask)).unwrap();
    store.close().unwrap();
    let store = Store::open_to_read(&path).unwrap();
    assert!(store.verify().unwrap().is_clean());
    assert_eq!(store.wallet_events_after(0, 9).unwrap()[0].event.header.wallet, header.wallet);
}

#[test]
fn a_changed_one_is_told() {
    let (_folder, path) = closed();
    let store = Store::open(&path).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE currencies SET exponent = 2", []).unwrap();
    let report = store.verify().unwrap();
    let faulty: Vec<_> =
        report.checks().iter().filter(|check| check.faults() > 0).map(|check| check.name()).collect();
    assert_eq!(faulty, ["currencies"]);
    drop(store);
    assert_eq!(Store::open_to_read(&path).err().unwrap().code(), Code::Inconsistent);
}
