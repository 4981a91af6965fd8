//! A store made by an older schema is brought up to date when it is opened to write, and verifies.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    Home, at, binding, binding_policy, command, command_id, gift, key, member, paid_withdrawal, shop,
    wallet_command, whole_order,
};
use fenrun::Code;
use fenrun::ledger::wallet::EventData;
use fenrun_store::Store;
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// The schema before wallets shared their transactions and journals were chained.
const SECOND: [&str; 2] = [include_str!("../src/schema/0001.sql"), include_str!("../src/schema/0002.sql")];

/// The file of a store of the second schema that holds what this one holds.
fn second(store: Store, folder: &Path) -> PathBuf {
    let now = store.path().to_owned();
    store.close().unwrap();
    let path = folder.join("old.db");
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE migrations (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL) STRICT")
        .unwrap();
    SECOND.iter().for_each(|sql| raw.execute_batch(sql).unwrap());
    raw.execute("ATTACH ?1 AS now", [now.to_str().unwrap()]).unwrap();
    let read = |sql: &str| -> Vec<String> {
        let mut statement = raw.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in read("SELECT name FROM main.sqlite_schema WHERE type = 'table'") {
        let columns = read(&format!("SELECT name FROM pragma_table_info('{table}', 'main')")).join(", ");
        let which = if table == "migrations" { "WHERE version < 3" } else { "" };
        let copy = format!("INSERT INTO main.{table} SELECT {columns} FROM now.{table} {which}");
        raw.execute(&copy, []).unwrap();
    }
    raw.pragma_update(None, "application_id", 0x6665_6e72).unwrap();
    raw.pragma_update(None, "user_version", 2).unwrap();
    path
}

fn busy() -> Home {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    home.store
        .batch(|batch| {
            batch.release(&key(&shop(), 1), at(9 * common::DAY_MS))?;
            batch.post(&shop(), &gift("gift", 3, 100, fenrun::money::Currency::CNY))?;
            for command in paid_withdrawal("w", 200, "{}", 200) {
                batch.handle_wallet(&command)?;
            }
            for (at, body) in [
                r#"{"request":{"withdrawal_id":"w3","amount":60}}"#,
                r#"{"approve":{"withdrawal_id":"w3"}}"#,
                r#"{"pay":{"withdrawal_id":"w3","payout_id":"p3"}}"#,
            ]
            .iter()
            .enumerate()
            {
                batch.handle_wallet(&wallet_command(3, &format!("start-{at}"), 9, "clerk", body))?;
            }
            batch.put_member(&shop(), &member(1), at(0))?;
            batch.put_member(&shop(), &member(2), at(0))?;
            batch.bind(&shop(), &member(2), Some(&member(1)), at(5))
        })
        .unwrap();
    home
}

#[test]
fn a_store_of_the_second_schema() {
    let Home { folder, store } = busy();
    let path = second(store, folder.path());
    let refused = Store::open_to_read(&path).err().unwrap();
    assert_eq!(refused.code(), Code::File);
    assert!(refused.message().ends_with("open it to write once, which brings it up to date"), "{refused}");

    let mut store = Store::open(&path).unwrap();
    let report = store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
    let checked = |name: &str| report.checks().iter().find(|check| check.name() == name).unwrap().checked();
    assert_eq!((checked("transactions"), checked("journals")), (2, 7));

    // Edges are those of before, and a policy follows on them.
    assert_eq!(store.upline(&shop(), &member(2), at(5), 9).unwrap(), [member(1)]);
    store
        .batch(|batch| {
            batch.put_binding_policy(&shop(), &binding_policy(r#"{"mode":"instant"}"#), at(9))?;
            batch.handle_binding(&shop(), &command_id("r"), &binding(9, r#"{"reassign":{"member":2}}"#))
        })
        .unwrap();
    assert_eq!(store.upline(&shop(), &member(2), at(9), 9).unwrap(), []);

    // The transaction of member 2 is known, and journals go on where the old ones end.
    let body = r#"{"payout_succeeded":{"payout_id":"p3","transaction_id":"w-t","amount":60}}"#;
    let told = store.batch(|batch| batch.handle_wallet(&wallet_command(3, "told", 10, "bank", body)));
    assert!(matches!(told.unwrap().events[0].data, EventData::PayoutConflict { .. }));
    whole_order(&mut store, &shop(), 2);
    let again = r#"{"capture":{"transaction_id":"t-2","amount":10000}}"#;
    store.batch(|batch| batch.handle(&command("shop", 2, "again", 5, again))).unwrap();
    store.close().unwrap();
    assert!(Store::open_to_read(&path).unwrap().verify().unwrap().is_clean());
}

#[test]
fn a_broken_log_of_a_wallet_is_left_for_verify_to_tell() {
    let Home { folder, store } = busy();
    let path = second(store, folder.path());
    let raw = Connection::open(&path).unwrap();
    raw.execute("UPDATE wallet_events SET data = '{}' WHERE member = '2' AND seq = 1", []).unwrap();
    drop(raw);
    assert!(!Store::open(&path).unwrap().verify().unwrap().is_clean());
}
