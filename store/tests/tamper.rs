//! No stored fact can be changed alone: every cell of every table of a filled store is changed, every row is
//! deleted, and `verify` has to notice. And nobody acts on changed inputs.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    DAY_MS, Home, at, binding, binding_policy, capped, capture, command, command_id, gift, key, member,
    paid_withdrawal, place, points, sale, settle, shop, wallet_command, whole_order,
};
use fenrun::id::{ExternalId, JournalId, LineId, RefundId};
use fenrun::ledger::wallet::POSTING_EVENTS;
use fenrun::ledger::{self, Account, Journal, MemberAccount, Posted, Posting, Share};
use fenrun::money::Currency;
use fenrun::reward::commission::{Refund, Taken};
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use fenrun_store::{Batch, Store};
use rusqlite::Connection;
use rusqlite::types::Value;

/// Tables and columns whose change `verify` cannot notice, and why.
const EXCEPT: &[(&str, &str)] = &[
    ("personal", "may be changed and erased at any time; nothing depends on it"),
    ("migrations", "is checked whenever the store is opened"),
];

fn refund(id: &str, units: u64, amount: i64) -> Refund {
    let line = LineId::new("a").unwrap();
    Refund { id: RefundId::new(id).unwrap(), lines: vec![Taken { line, units, amount }] }
}

fn earn(batch: &mut Batch<'_>, tenant: &Tenant, order: u64) {
    batch.handle(&place(tenant.as_str(), order)).unwrap();
    batch.handle(&capture(tenant.as_str(), order)).unwrap();
    let (outcome, frozen) = settle(batch, tenant, order);
    batch.earn(&outcome, &frozen, at(1)).unwrap();
}

/// Two shops with members, edges, orders in every state of commission, refunds before and after, a
/// wallet with everything it can hold, a journal of the host's own and personal data.
fn filled() -> Home {
    let mut home = Home::with_points();
    let other = Tenant::new("other").unwrap();
    whole_order(&mut home.store, &other, 1);
    whole_order(&mut home.store, &shop(), 1);
    home.store
        .batch(|batch| {
            for (tenant, ids) in [(&shop(), 1..=9), (&other, 1..=3)] {
                for id in ids {
                    batch.put_member(tenant, &member(id), at(i64::try_from(id).unwrap()))?;
                }
                batch.bind(tenant, &member(2), Some(&member(1)), at(20))?;
                batch.bind(tenant, &member(3), Some(&member(1)), at(20))?;
                batch.bind(tenant, &member(3), None, at(30))?;
            }
            // 1 is released, 2 pending, 3 taken back in part before and after its release, 4 all taken back.
            batch.release(&key(&shop(), 1), at(3 * DAY_MS))?;
            for order in 2..=4 {
                earn(batch, &shop(), order);
            }
            let [third, fourth] = [key(&shop(), 3), key(&shop(), 4)];
            batch.reverse(&third, &refund("r1", 1, 3333), at(2))?;
            batch.confirm(&third, at(4))?;
            batch.release(&third, at(3 * DAY_MS))?;
            batch.reverse(&third, &refund("r2", 1, 3333), at(4 * DAY_MS))?;
            batch.reverse(&fourth, &refund("all", 3, 10000), at(3))?;
            let bodies = [
                r#"{"request":{"withdrawal_id":"open","amount":100}}"#,
                r#"{"approve":{"withdrawal_id":"open"}}"#,
                r#"{"pay":{"withdrawal_id":"open","payout_id":"open-p"}}"#,
                r#"{"request":{"withdrawal_id":"new","amount":10}}"#,
                r#"{"hold":{"hold_id":"h","account":"available","amount":50,"reason":"check"}}"#,
                r#"{"propose_adjustment":{"adjustment_id":"a","amount":5,"reason":"goodwill"}}"#,
            ];
            for command in paid_withdrawal("paid", 200, "{}", 200) {
                batch.handle_wallet(&command)?;
            }
            for (at, body) in bodies.iter().enumerate() {
                batch.handle_wallet(&wallet_command(2, &format!("more-{at}"), 9, "clerk", body))?;
            }
            let shares = [Share::new(member(7), 500)];
            let bonus = ledger::earned(JournalId::new("bonus")?, at(5), Currency::CNY, &shares, 0)?;
            batch.post(&shop(), &bonus.unwrap())?;
            batch.settle(&capped(), &sale(&shop(), "elsewhere", 0), at(5))?;
            batch.post(&shop(), &gift("points", 8, 30, points().1))?;
            let propose = r#"{"propose_adjustment":{"adjustment_id":"b","amount":1,"reason":"goodwill"}}"#;
            batch.handle_wallet(&wallet_command(8, "proposed", 9, "clerk", propose))?;
            batch.handle_wallet(&wallet_command(7, "proposed", 9, "clerk", propose))?;
            batch.handle(&place("shop", 9))?;
            for (order, id) in [(2, "again"), (3, "again"), (2, "once-more")] {
                let body = format!(r#"{{"capture":{{"transaction_id":"t-{order}","amount":10000}}}}"#);
                batch.handle(&command("shop", order, id, 6, &body))?;
            }
            batch.put_personal(&shop(), &ExternalId::from(9), "name", "Zhang Wei")?;
            bound(batch, &shop())?;
            bound(batch, &other)
        })
        .unwrap();
    home
}

/// Bindings of every kind: won with days, offered, renewed, merged, closed, idle, and by an order.
fn bound(batch: &mut Batch<'_>, tenant: &Tenant) -> Result<(), Error> {
    for (from, text) in [
        (30, r#"{"mode":"protect","protect_days":2,"expire_days":9}"#),
        (40, r#"{"mode":"first_order","expire_days":9,"renew":"order"}"#),
    ] {
        batch.put_binding_policy(tenant, &binding_policy(text), at(from))?;
    }
    for (number, (now, body)) in [
        (31, r#"{"register":{"member":20,"sharer":1}}"#),
        (32, r#"{"register":{"member":21,"sharer":20}}"#),
        (33, r#"{"register":{"member":22,"sharer":20}}"#),
        (34, r#"{"dismiss":{"member":22}}"#),
        (35, r#"{"merge":{"kept":3,"gone":20}}"#),
        (36, r#"{"close":{"member":22,"downline":"stay"}}"#),
        (41, r#"{"register":{"member":25}}"#),
        (41, r#"{"visit":{"member":25,"sharer":21}}"#),
        (42, r#"{"register":{"member":23,"sharer":2}}"#),
        (43, r#"{"order":{"member":23}}"#),
        (44, r#"{"register":{"member":24,"sharer":23}}"#),
        (45, r#"{"tick":{}}"#),
    ]
    .into_iter()
    .enumerate()
    {
        let done = batch.handle_binding(tenant, &command_id(&format!("bind-{number}")), &binding(now, body));
        assert_eq!(done.as_ref().err(), None, "{body}");
    }
    if *tenant == shop() {
        batch.handle(&place("shop", 11))?;
    }
    Ok(())
}

/// One table as the engine knows it.
struct Table {
    name: String,
    columns: Vec<String>,
    keys: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    fn read(raw: &Connection, name: &str) -> Self {
        let mut info = raw.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid").unwrap();
        let columns = info.query_map([name], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let columns: Vec<(String, i64)> = columns.map(Result::unwrap).collect();
        let keys = columns.iter().filter(|(_, pk)| *pk > 0).map(|(column, _)| column.clone()).collect();
        let mut statement = raw.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let read = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|at| row.get(at)).collect();
        let rows = statement.query_map([], read).unwrap().map(Result::unwrap).collect();
        let columns = columns.into_iter().map(|(column, _)| column).collect();
        Self { name: name.into(), columns, keys, rows }
    }

    fn all(raw: &Connection) -> Vec<Self> {
        let mut statement =
            raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
        let names: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        names.iter().map(|name| Self::read(raw, name)).collect()
    }

    /// The condition that picks one row, and its values.
    fn pick(&self, row: usize) -> (String, Vec<Value>) {
        let of = |key: &String| self.columns.iter().position(|column| column == key).unwrap();
        let values = self.keys.iter().map(|key| self.rows[row][of(key)].clone()).collect();
        (self.keys.iter().map(|key| format!("{key} = ?")).collect::<Vec<_>>().join(" AND "), values)
    }

    /// Other values for a cell: a little beside it, far off, nothing, and that of another row.
    fn others(&self, row: usize, column: usize) -> Vec<Value> {
        let now = &self.rows[row][column];
        let mut others = match now {
            Value::Integer(value) => vec![Value::Integer(value + 1), Value::Integer(value + 1_000_003)],
            Value::Text(text) => vec![Value::Text(format!("{text}x"))],
            Value::Blob(bytes) => vec![Value::Blob(bytes.iter().rev().copied().collect())],
            _ => vec![Value::Integer(1), Value::Text("1".into()), Value::Blob(vec![0; 32])],
        };
        others.push(Value::Null);
        others.extend(self.rows.iter().map(|row| row[column].clone()).find(|other| other != now));
        others.retain(|other| other != now);
        others
    }

    fn put_back(&self, raw: &Connection) {
        let marks = vec!["?"; self.columns.len()].join(", ");
        // One transaction: else every row is one, and they take most of the time.
        let whole = raw.unchecked_transaction().unwrap();
        raw.execute(&format!("DELETE FROM {}", self.name), []).unwrap();
        let mut statement =
            raw.prepare_cached(&format!("INSERT INTO {} VALUES ({marks})", self.name)).unwrap();
        for row in &self.rows {
            statement.execute(rusqlite::params_from_iter(row)).unwrap();
        }
        whole.commit().unwrap();
    }
}

fn except(table: &str) -> bool {
    EXCEPT.iter().any(|(name, reason)| *name == table && !reason.is_empty())
}

#[test]
fn every_cell_of_even_rows_counts() {
    every_cell_and_every_row_counts(0);
}

#[test]
fn every_cell_of_odd_rows_counts() {
    every_cell_and_every_row_counts(1);
}

/// Half of the rows: two tests run side by side.
fn every_cell_and_every_row_counts(half: usize) {
    let home = filled();
    let report = home.store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
    let raw = home.raw();
    raw.pragma_update(None, "synchronous", "OFF").unwrap();
    let (mut tried, mut unseen) = (0, Vec::new());
    for table in Table::all(&raw) {
        assert!(!table.rows.is_empty(), "{} is empty: fill it above", table.name);
        let mut see = |what: String, changed: Result<usize, rusqlite::Error>| {
            // The schema itself refuses some.
            if changed.is_ok_and(|count| count > 0) {
                tried += 1;
                let notices = home.store.verify().map_or(true, |report| !report.is_clean());
                if notices == except(&table.name) {
                    unseen.push(format!("{}: {what}, noticed: {notices}", table.name));
                }
                table.put_back(&raw);
            }
        };
        for row in (half..table.rows.len()).step_by(2) {
            let (condition, values) = table.pick(row);
            let delete = format!("DELETE FROM {} WHERE {condition}", table.name);
            see(format!("row {row} deleted"), raw.execute(&delete, rusqlite::params_from_iter(&values)));
            for (at, column) in table.columns.iter().enumerate() {
                let update = format!("UPDATE {} SET {column} = ? WHERE {condition}", table.name);
                for other in table.others(row, at) {
                    let what = format!("row {row}, {column} to {other:?}");
                    let bound = [vec![other], values.clone()].concat();
                    see(what, raw.execute(&update, rusqlite::params_from_iter(&bound)));
                }
            }
        }
    }
    assert!(unseen.is_empty(), "of {tried} changes:\n{}", unseen.join("\n"));
    assert!(tried > 1000, "{tried}");
    assert!(home.store.verify().unwrap().is_clean(), "the last change was not put back");
}

#[test]
fn changes_that_hide_behind_one_another() {
    for sql in [
        // An order that never was, with its outcome left.
        "DELETE FROM events WHERE order_id = '4'; DELETE FROM commands WHERE order_id = '4';
         DELETE FROM orders WHERE order_id = '4'",
        "DELETE FROM plans",
        "DELETE FROM refunds",
        "DELETE FROM members; DELETE FROM edges",
        // An outcome that never was.
        "DELETE FROM outcome_rows WHERE outcome = 5; DELETE FROM outcome_retained WHERE outcome = 5;
         DELETE FROM entries WHERE outcome = 5; DELETE FROM refunds WHERE outcome = 5;
         DELETE FROM outcomes WHERE outcome = 5",
        // The refund of an outcome that never was, gone with its rows and its line of the history.
        "DELETE FROM refunds WHERE refund_id = 'r2'; DELETE FROM outcome_rows WHERE refund_id = 'r2';
         UPDATE outcomes SET history = replace(history, 'reversed 345600000 r2' || char(10), '')",
        "UPDATE balances SET tenant = 'other' WHERE account = 'member:7:pending'",
        "DELETE FROM balances WHERE minor = 0",
        // Members: a cycle, and an edge from before its member was there.
        "UPDATE edges SET inviter = '3' WHERE member = '2'",
        "UPDATE outcomes SET sale = replace(sale, '\"paid\":10000', '\"paid\":1000000')",
        "UPDATE outcomes SET semantics = 7",
        "UPDATE journals SET at = at + 1, journal_id = journal_id || 'x' WHERE journal_id = 'bonus'",
        // A binding that never was, with what it made; and one that made something else.
        "DELETE FROM binding_marks WHERE member = '24'; DELETE FROM members WHERE member = '24';
         DELETE FROM binding_events WHERE position = (SELECT max(position) FROM binding_events)",
        "UPDATE edges SET inviter = '1' WHERE member = '23'",
        "DELETE FROM bindings",
        "UPDATE bindings SET until = until + 1 WHERE until IS NOT NULL",
        "UPDATE binding_events SET data = replace(data, 'asked for', 'asked')",
        "DELETE FROM binding_policies WHERE valid_from = 40",
        // Members and edges as if no policy had made them.
        "DELETE FROM binding_policies; DELETE FROM binding_commands; DELETE FROM binding_events;
         DELETE FROM binding_marks; DELETE FROM bindings; DELETE FROM binding_heads",
    ] {
        let home = filled();
        home.raw().execute_batch(sql).unwrap();
        assert!(!home.store.verify().unwrap().is_clean(), "{sql}");
    }
}

#[test]
fn what_reads_alike_is_told_apart() {
    let swap = |first: &str, second: &str| {
        let number = |id: &str| {
            format!("(SELECT journal FROM journals WHERE tenant = 'shop' AND journal_id = '{id}')")
        };
        let mut sql = format!(
            "CREATE TEMP TABLE pair (a INTEGER NOT NULL, b INTEGER NOT NULL); INSERT INTO pair SELECT {}, {};",
            number(first),
            number(second)
        );
        for table in ["journals", "postings", "outcome_rows", "wallet_events"] {
            sql += &format!(
                "UPDATE {table} SET journal = -journal WHERE journal IN (SELECT a FROM pair UNION SELECT b FROM pair);
                 UPDATE {table} SET journal = (SELECT CASE WHEN -{table}.journal = a THEN b ELSE a END FROM pair)
                     WHERE journal < 0;"
            );
        }
        sql
    };
    // The last event changes places with one of another order or wallet.
    let move_last = |table: &str, with: &str| {
        format!(
            "CREATE TEMP TABLE places (a INTEGER NOT NULL, b INTEGER NOT NULL);
             INSERT INTO places SELECT max(position), ({with}) FROM {table};
             UPDATE {table} SET position = -position WHERE position IN (SELECT a FROM places UNION SELECT b FROM places);
             UPDATE {table} SET position = (SELECT CASE WHEN -{table}.position = a THEN b ELSE a END FROM places)
                 WHERE position < 0;"
        )
    };
    for sql in [
        "UPDATE outcomes SET history = rtrim(history, char(10)) WHERE sale_id = '3'",
        "UPDATE outcomes SET history = replace(history, 'confirmed ', 'confirmed +') WHERE sale_id = '3'",
        "UPDATE wallets SET frozen = 2 WHERE frozen = 0",
        "UPDATE wallets SET frozen = -1",
        "UPDATE withdrawals SET payout_id = ' none ' WHERE payout_id IS NULL",
        "UPDATE payouts SET transaction_id = ' none ' WHERE transaction_id IS NULL",
        "UPDATE payouts SET expires_at = NULL, transaction_id = ' none ' WHERE transaction_id IS NULL",
        "UPDATE commands SET fingerprint = upper(fingerprint) WHERE fingerprint <> upper(fingerprint)",
        "UPDATE wallet_events SET fingerprint = upper(fingerprint) WHERE fingerprint <> upper(fingerprint)",
        "UPDATE commands SET last_seq = 9223372036854775807 WHERE command_id = 'place'",
        "DROP INDEX payouts_live",
        "DROP TABLE personal",
        "CREATE TABLE extra (x)",
        "ALTER TABLE wallets ADD COLUMN z TEXT",
        "CREATE TRIGGER more AFTER INSERT ON journals BEGIN UPDATE balances SET minor = minor + 1; END",
        // Events of orders and wallets that have nothing to do with one another.
        &move_last("events", "SELECT max(position) FROM events WHERE order_id = '4'"),
        &move_last("wallet_events", "SELECT min(position) FROM wallet_events WHERE member = '8'"),
        &swap("earned:1:1", "confirmed:1:1"),
        &swap("earned:1:2", "earned:1:4"),
        // Of members who have nothing to do with one another.
        &swap("bonus", "points"),
        &(swap("bonus", "points")
            + "UPDATE journals SET link = (SELECT link FROM journals o WHERE o.journal_id IN ('bonus', 'points')
                   AND o.journal_id <> journals.journal_id) WHERE journal_id IN ('bonus', 'points')"),
    ] {
        let home = filled();
        let changed = home.raw().execute_batch(sql);
        assert_eq!(changed, Ok(()), "{sql}");
        assert!(!home.store.verify().unwrap().is_clean(), "{sql}");
    }
}

#[test]
fn a_history_that_was_cut_is_not_gone_on_with() {
    let mut home = filled();
    home.raw()
        .execute_batch("UPDATE outcomes SET history = rtrim(history, char(10)) WHERE sale_id = '3'")
        .unwrap();
    let refused =
        home.store.batch(|batch| batch.reverse(&key(&shop(), 3), &refund("r3", 1, 3334), at(9 * DAY_MS)));
    assert_eq!(refused.unwrap_err().code(), Code::Inconsistent);
}

/// What is asked of a changed outcome: a refund, its confirmation, its release, its explanation.
type Act = fn(&mut Store, u64) -> Result<(), Error>;

const ACTS: [(&str, Act); 4] = [
    ("reverse", |store, order| {
        store.batch(|batch| batch.reverse(&key(&shop(), order), &refund("new", 1, 1), at(9))).map(|_| ())
    }),
    ("confirm", |store, order| store.batch(|batch| batch.confirm(&key(&shop(), order), at(9))).map(|_| ())),
    ("release", |store, order| {
        store.batch(|batch| batch.release(&key(&shop(), order), at(9 * DAY_MS))).map(|_| ())
    }),
    ("frozen", |store, order| store.frozen(&key(&shop(), order)).map(|_| ())),
];

#[test]
fn nobody_acts_on_changed_inputs() {
    for sql in [
        "UPDATE outcomes SET sale = replace(sale, '\"paid\":10000', '\"paid\":1000000')",
        "UPDATE outcomes SET plan = replace(plan, 'a', 'b')",
        "UPDATE outcomes SET history = ''; DELETE FROM refunds",
        "UPDATE refunds SET taken = replace(taken, '3333', '3')",
        "DELETE FROM refunds",
        "UPDATE outcomes SET semantics = 7",
        "UPDATE outcomes SET at = at + 1",
        "UPDATE plans SET text = replace(text, '10%', '90%')",
        "DELETE FROM plans",
    ] {
        let mut home = filled();
        home.raw().execute_batch(sql).unwrap();
        let before = home.store.mall_balance(&shop(), ledger::MallAccount::CommissionExpense, Currency::CNY);
        for (name, act) in ACTS {
            let error = act(&mut home.store, 3).expect_err(&format!("{name} after {sql}"));
            let told = error.message();
            assert_eq!(error.code(), Code::Inconsistent, "{name} after {sql}: {told}");
            assert!(
                told.contains("shop.db: sale 3 version 1: ") && told.ends_with("restore a backup"),
                "{told}"
            );
        }
        let after = home.store.mall_balance(&shop(), ledger::MallAccount::CommissionExpense, Currency::CNY);
        assert_eq!(before, after);
    }
}

#[test]
fn nobody_acts_on_entries_that_do_not_follow_from_the_history() {
    for sql in [
        "UPDATE entries SET amount = amount + 1",
        "UPDATE entries SET stands_on = 'available', hold_until = NULL WHERE outcome = 3",
        "UPDATE entries SET hold_until = 0",
        "UPDATE outcomes SET due = 0",
        "DELETE FROM entries WHERE outcome = 3 AND payee = '1'",
    ] {
        let mut home = filled();
        home.raw().execute_batch(sql).unwrap();
        for (name, act) in &ACTS[..3] {
            let error = act(&mut home.store, 2).expect_err(&format!("{name} after {sql}"));
            assert_eq!(error.code(), Code::Inconsistent, "{name} after {sql}");
        }
    }
}

#[test]
fn journals_that_break_a_promise_are_refused() {
    let mut home = filled();
    let of = |account| Account::member(&member(5), account);
    let mut post = |id: &str, reason: &str, to: [(MemberAccount, i64); 2]| {
        let [first, second] = to.map(|(account, minor)| Posting::new(of(account), minor, Currency::CNY));
        let mall = Account::Mall(ledger::MallAccount::Adjustment);
        let back = Posting::new(mall, -(to[0].1 + to[1].1), Currency::CNY);
        let journal =
            Journal::new(JournalId::new(id).unwrap(), at(0), reason, [first, second, back]).unwrap();
        home.store.batch(|batch| batch.post(&shop(), &journal)).map_err(|error| error.code())
    };
    let (available, debt) = (MemberAccount::Available, MemberAccount::Debt);
    for reason in POSTING_EVENTS {
        assert_eq!(
            post("forged", reason, [(available, 5), (debt, 0)]),
            Err(Code::InvalidJournal),
            "{reason}"
        );
    }
    assert_eq!(post("both", "gift", [(available, 5), (debt, -5)]), Err(Code::InvalidJournal));
    assert_eq!(post("owed", "fine", [(available, 0), (debt, -5)]), Ok(Posted::New));
    assert_eq!(post("first", "gift", [(available, 5), (debt, 0)]), Err(Code::InvalidJournal));
    assert_eq!(post("some", "gift", [(available, 1), (debt, 4)]), Err(Code::InvalidJournal));
    assert_eq!(post("all", "gift", [(available, 2), (debt, 5)]), Ok(Posted::New));
    assert_eq!(post("more", "fine", [(available, 0), (debt, -1)]), Err(Code::InvalidJournal));
    assert_eq!(post("all", "gift", [(available, 2), (debt, 5)]), Ok(Posted::Repeat));
}

#[test]
fn ids_of_the_journals_of_the_store_itself_are_refused() {
    let mut home = filled();
    for word in ["earned", "confirmed", "released", "reversed", "wallet"] {
        let id = JournalId::new(&format!("{word}:1:77")).unwrap();
        let shares = [Share::new(member(7), 1)];
        let journal = ledger::earned(id, at(0), Currency::CNY, &shares, 0).unwrap().unwrap();
        let refused = home.store.batch(|batch| batch.post(&shop(), &journal)).unwrap_err();
        assert_eq!(refused.code(), Code::InvalidJournal);
        assert!(refused.message().contains(&format!("begin with {word}:")), "{refused}");
    }
}
