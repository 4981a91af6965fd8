//! Every check of `verify` is shown to see what it is there for: each case plants one corruption with raw
//! SQL and names the check that has to tell.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    DAY_MS, Home, at, binding, binding_policy, capped, command, command_id, key, member, paid_withdrawal,
    sale, shop, wallet_command, whole_order,
};
use fenrun::id::{LineId, RefundId};
use fenrun::reward::commission::{Refund, Taken};
use fenrun::trade::order::Tenant;
use fenrun_store::Report;

/// Three orders, one of them refunded in part.
fn busy() -> Home {
    let mut home = Home::with_points();
    home.store.batch(|batch| batch.put_member(&shop(), &member(1), at(0))).unwrap();
    for order in 1..=3 {
        whole_order(&mut home.store, &shop(), order);
    }
    // Told by two callbacks.
    let body = r#"{"capture":{"transaction_id":"t-1","amount":10000}}"#;
    home.store.batch(|batch| batch.handle(&command("shop", 1, "told-again", 5, body))).unwrap();
    home.store.batch(|batch| batch.settle(&capped(), &sale(&shop(), "elsewhere", 0), at(1))).unwrap();
    let lines = vec![Taken { line: LineId::new("a").unwrap(), units: 1, amount: 3333 }];
    let refund = Refund { id: RefundId::new("r").unwrap(), lines };
    home.store.batch(|batch| batch.reverse(&key(&shop(), 2), &refund, at(9))).unwrap();
    home.store.batch(|batch| batch.release_due(&shop(), at(9 * DAY_MS), 9)).unwrap();
    let bodies = [
        r#"{"request":{"withdrawal_id":"open","amount":100}}"#,
        r#"{"approve":{"withdrawal_id":"open"}}"#,
        r#"{"pay":{"withdrawal_id":"open","payout_id":"open-p"}}"#,
        r#"{"hold":{"hold_id":"h","account":"available","amount":50,"reason":"check"}}"#,
        r#"{"propose_adjustment":{"adjustment_id":"a","amount":5,"reason":"goodwill"}}"#,
    ];
    home.store
        .batch(|batch| {
            for command in paid_withdrawal("w", 200, "{}", 200) {
                batch.handle_wallet(&command)?;
            }
            for (at, body) in bodies.iter().enumerate() {
                batch.handle_wallet(&wallet_command(2, &format!("more-{at}"), 9, "clerk", body))?;
            }
            Ok(())
        })
        .unwrap();
    bind(&mut home);
    home
}

/// Another shop binds its members by a policy.
fn bind(home: &mut Home) {
    let tenant = Tenant::new("bound").unwrap();
    let bodies = [
        r#"{"register":{"member":1}}"#,
        r#"{"register":{"member":2,"sharer":1}}"#,
        r#"{"reassign":{"member":2}}"#,
        r#"{"visit":{"member":2,"sharer":1}}"#,
    ];
    home.store
        .batch(|batch| {
            let policy = binding_policy(r#"{"mode":"instant","expire_days":9}"#);
            batch.put_binding_policy(&tenant, &policy, at(0))?;
            for (number, body) in bodies.iter().enumerate() {
                let id = command_id(&format!("b{number}"));
                batch.handle_binding(&tenant, &id, &binding(5, body))?;
            }
            Ok(())
        })
        .unwrap();
}

fn faulty(report: &Report) -> Vec<&'static str> {
    report.checks().iter().filter(|check| check.faults() > 0).map(|check| check.name()).collect()
}

#[test]
fn a_sound_store_is_clean() {
    let report = busy().store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
    assert!(report.checks().iter().all(|check| check.checked() > 0), "a check that looked at nothing");
    assert!(report.notices().is_empty());
}

#[test]
fn an_empty_store_is_clean() {
    let report = Home::new().store.verify().unwrap();
    assert!(report.is_clean());
    let counted = report.checks().iter().filter(|check| check.checked() > 0).map(|check| check.name());
    assert_eq!(counted.collect::<Vec<_>>(), ["file"], "only the file has anything to count");
}

/// Plants one corruption after the other, each in a store of its own.
fn caught(check: &str, corruptions: &[&str]) {
    for sql in corruptions {
        let home = busy();
        let raw = home.raw();
        raw.execute_batch(sql).unwrap();
        assert!(raw.total_changes() > 0, "{sql} changed nothing");
        let report = home.store.verify().unwrap();
        assert!(faulty(&report).contains(&check), "{sql}: only {:?} told", faulty(&report));
        let told = report.checks().iter().find(|known| known.name() == check).unwrap();
        assert!(told.examples().iter().all(|line| !line.is_empty() && !line.contains('\n')), "{told:?}");
    }
}

#[test]
fn changed_bindings() {
    caught(
        "binding_log",
        &[
            "UPDATE binding_events SET data = replace(data, 'asked for', 'wished') WHERE ordinal = 0",
            "UPDATE binding_commands SET fingerprint = '00000000000000000000000000000000'",
            "UPDATE edges SET inviter = NULL WHERE tenant = 'bound' AND inviter = '1'",
            "DELETE FROM binding_marks WHERE member = '2'",
            "UPDATE binding_policies SET text = replace(text, '9', '8')",
            "UPDATE binding_heads SET last = last - 1",
        ],
    );
    caught(
        "bindings",
        &[
            "UPDATE bindings SET until = until + 1",
            "DELETE FROM bindings",
            "UPDATE bindings SET standing = 'appointed'",
        ],
    );
}

#[test]
fn changed_events() {
    caught(
        "log",
        &[
            "UPDATE events SET data = replace(data, '10000', '10001') WHERE order_id = '2' AND seq = 1",
            "UPDATE events SET data = '{}' WHERE order_id = '2' AND seq = 2",
            "UPDATE events SET type = 'order_expired', data = '{}' WHERE order_id = '2' AND seq = 2",
            "UPDATE events SET hash = zeroblob(32) WHERE order_id = '2' AND seq = 3",
            "UPDATE events SET order_id = '9' WHERE order_id = '2' AND seq = 6",
            "UPDATE events SET tenant = 'other' WHERE order_id = '2'",
            "DELETE FROM events WHERE order_id = '2' AND seq = 3",
            "UPDATE commands SET at = at + 1 WHERE order_id = '2' AND command_id = 'ship'",
            "UPDATE commands SET actor = 'other' WHERE order_id = '2' AND command_id = 'ship'",
            "UPDATE commands SET fingerprint = '00000000000000000000000000000000' WHERE order_id = '2'",
            "DELETE FROM commands WHERE order_id = '2' AND command_id = 'ship'",
        ],
    );
}

#[test]
fn changed_projections() {
    caught(
        "orders",
        &[
            "UPDATE orders SET life = 'paid' WHERE order_id = '2'",
            "UPDATE orders SET version = version + 1 WHERE order_id = '2'",
            "UPDATE orders SET captured = captured + 1 WHERE order_id = '2'",
            "UPDATE orders SET total = 0 WHERE order_id = '2'",
            "UPDATE orders SET due = 5 WHERE order_id = '2'",
            "UPDATE orders SET head = zeroblob(32) WHERE order_id = '2'",
            "DELETE FROM orders WHERE order_id = '2'",
            "UPDATE orders SET order_id = '9' WHERE order_id = '2'",
            // The end of a log cannot be cut off unseen.
            "DELETE FROM events WHERE order_id = '2' AND seq = 6",
            "DELETE FROM events WHERE order_id = '2'",
        ],
    );
}

#[test]
fn changed_commands() {
    caught(
        "commands",
        &[
            "UPDATE commands SET last_seq = last_seq + 1 WHERE order_id = '2' AND command_id = 'tick'",
            "UPDATE commands SET first_seq = first_seq + 1 WHERE order_id = '2' AND command_id = 'capture'",
            "DELETE FROM commands WHERE order_id = '2' AND command_id = 'ship'",
            "DELETE FROM events WHERE order_id = '2' AND seq = 6",
            "INSERT INTO commands SELECT tenant, order_id, 'twice', fingerprint, actor, at, first_seq, last_seq
                 FROM commands WHERE order_id = '2' AND command_id = 'ship'",
        ],
    );
}

#[test]
fn changed_journals() {
    caught(
        "journals",
        &[
            "UPDATE postings SET minor = minor + 1 WHERE journal = 1 AND ordinal = 1",
            "UPDATE postings SET currency = 'USD' WHERE journal = 1 AND ordinal = 1",
            "UPDATE postings SET account = 'nobody' WHERE journal = 1 AND ordinal = 0",
            "UPDATE postings SET minor = minor * 2 WHERE journal = 1",
            "UPDATE postings SET journal = 99 WHERE journal = 1",
            "DELETE FROM postings WHERE journal = 1",
            "DELETE FROM journals WHERE journal = 1",
            "UPDATE journals SET reason = 'other' WHERE journal = 1",
            "UPDATE journals SET fingerprint = 'other' WHERE journal = 1",
        ],
    );
}

#[test]
fn changed_balances() {
    caught(
        "balances",
        &[
            "UPDATE balances SET minor = minor + 1 WHERE account = 'member:2:available'",
            "DELETE FROM balances WHERE account = 'member:2:available'",
            "INSERT INTO balances VALUES ('shop', 'member:7:available', 'CNY', 5)",
            "UPDATE balances SET tenant = 'other' WHERE account = 'member:2:available'",
            "UPDATE balances SET currency = 'USD' WHERE account = 'member:2:available'",
            "UPDATE balances SET account = 'mall:fee' WHERE account = 'member:2:available'",
            // A hidden loss: postings and balance agree, and both are below zero.
            "UPDATE balances SET minor = minor - 9000 WHERE account = 'member:2:available';
             UPDATE postings SET minor = minor - 9000 WHERE account = 'member:2:available' AND journal = 2",
        ],
    );
}

#[test]
fn changed_outcomes() {
    caught(
        "outcomes",
        &[
            "UPDATE outcomes SET pool = pool + 1 WHERE sale_id = '2'",
            "UPDATE outcomes SET rows = rows + 1 WHERE sale_id = '2'",
            "UPDATE outcome_rows SET key = 'twice' WHERE outcome = 2",
            "UPDATE outcome_retained SET amount = amount - 1 WHERE outcome = 2",
            "DELETE FROM outcome_retained WHERE outcome = 2",
            "UPDATE outcome_rows SET amount = amount + 1 WHERE outcome = 2 AND ordinal = 0",
            "UPDATE outcome_rows SET refund_id = NULL WHERE outcome = 2 AND ordinal = 2",
            "DELETE FROM outcome_rows WHERE outcome = 2 AND ordinal = 0",
            "UPDATE outcome_rows SET tenant = 'other' WHERE outcome = 2",
            "UPDATE refunds SET outcome = 9",
            "DELETE FROM outcomes WHERE sale_id = '2'",
        ],
    );
}

#[test]
fn changed_entries() {
    caught(
        "entries",
        &[
            "UPDATE entries SET amount = amount + 1 WHERE outcome = 2 AND payee = '1'",
            "UPDATE entries SET payee = '7' WHERE outcome = 2 AND payee = '1'",
            "UPDATE entries SET rule = 'other' WHERE outcome = 2 AND payee = '1'",
            "DELETE FROM entries WHERE outcome = 2 AND payee = '1'",
            "UPDATE entries SET amount = -1 WHERE outcome = 2 AND payee = '1';
             UPDATE outcome_rows SET amount = amount - 1 -
                 (SELECT sum(amount) FROM outcome_rows WHERE outcome = 2 AND payee = '1')
             WHERE outcome = 2 AND payee = '1' AND ordinal = 1",
        ],
    );
}

#[test]
fn changed_rows() {
    caught(
        "rows",
        &[
            "UPDATE outcome_rows SET amount = amount + 1 WHERE outcome = 2 AND ordinal = 0",
            "UPDATE outcome_rows SET amount = amount - 1 WHERE outcome = 2 AND ordinal = 2",
            "UPDATE outcome_rows SET payee = '7' WHERE outcome = 2 AND ordinal = 0",
            "UPDATE outcome_rows SET journal = NULL WHERE outcome = 2 AND ordinal = 0",
            "UPDATE outcome_rows SET journal = 99 WHERE outcome = 2 AND ordinal = 0",
            "DELETE FROM outcome_rows WHERE outcome = 2 AND ordinal = 0",
            // A posting moved to somebody else: the journal still balances.
            "UPDATE postings SET account = 'member:7:pending' WHERE account = 'member:1:pending' AND journal = 1",
        ],
    );
}

#[test]
fn changed_wallets() {
    caught(
        "wallets",
        &[
            "UPDATE wallet_events SET data = replace(data, '200', '201') WHERE seq = 1",
            "UPDATE wallet_events SET at = at + 1 WHERE seq = 2",
            "UPDATE wallet_events SET actor = 'other' WHERE seq = 2",
            "UPDATE wallet_events SET hash = zeroblob(32) WHERE seq = 3",
            "UPDATE wallet_events SET journal = NULL WHERE seq = 1",
            "UPDATE wallet_events SET journal = 1 WHERE seq = 1",
            "DELETE FROM wallet_events WHERE seq = 2",
            // The end of a log cannot be cut off unseen.
            "DELETE FROM wallet_events WHERE seq = 10",
            "UPDATE wallets SET version = version + 1",
            "UPDATE wallets SET frozen = 1",
            "UPDATE wallets SET due = 5",
            "DELETE FROM wallets",
            "INSERT INTO wallets VALUES ('shop', '9', 'CNY', 1, 0, NULL, zeroblob(32))",
            "INSERT INTO journals (tenant, journal_id, at, reason, fingerprint, hash)
                 VALUES ('shop', 'wallet:made-up', 0, 'x', 'x', zeroblob(32))",
            // Money that answers for claims nobody made.
            "INSERT INTO balances VALUES ('shop', 'member:9:reserved', 'CNY', 5)",
        ],
    );
}

#[test]
fn changed_withdrawals() {
    caught(
        "withdrawals",
        &[
            "UPDATE withdrawals SET state = 'paid' WHERE withdrawal_id = 'open'",
            "UPDATE withdrawals SET amount = amount + 1 WHERE withdrawal_id = 'open'",
            "UPDATE withdrawals SET payout_id = NULL WHERE withdrawal_id = 'open'",
            "DELETE FROM withdrawals WHERE withdrawal_id = 'w'",
            "INSERT INTO withdrawals SELECT tenant, 'twice', member, currency, state, amount, fee, tax,
                 requested_at, payout_id FROM withdrawals WHERE withdrawal_id = 'w'",
            // What is reserved no longer covers the withdrawals, though postings and balance agree.
            "UPDATE balances SET minor = minor - 1 WHERE account = 'member:2:reserved';
             UPDATE balances SET minor = minor + 1 WHERE account = 'member:2:available'",
        ],
    );
}

#[test]
fn changed_payouts() {
    caught(
        "payouts",
        &[
            "UPDATE payouts SET state = 'failed' WHERE payout_id = 'open-p'",
            "UPDATE payouts SET paid = paid + 1 WHERE payout_id = 'w-p'",
            "UPDATE payouts SET transaction_id = 'other' WHERE payout_id = 'w-p'",
            "UPDATE payouts SET withdrawal_id = 'nobody' WHERE payout_id = 'w-p'",
            "DELETE FROM payouts WHERE payout_id = 'w-p'",
            "DROP INDEX payouts_live;
             INSERT INTO payouts SELECT tenant, 'second', withdrawal_id, state, attempts, expires_at,
                 transaction_id, paid FROM payouts WHERE payout_id = 'open-p'",
        ],
    );
}

#[test]
fn changed_holds_and_adjustments() {
    caught(
        "holds",
        &[
            "UPDATE holds SET amount = amount + 1",
            "UPDATE holds SET account = 'pending'",
            "DELETE FROM holds",
            "INSERT INTO holds VALUES ('shop', '9', 'CNY', 'h', NULL, 0)",
            // More is held than any hold froze.
            "UPDATE balances SET minor = minor + 1 WHERE account = 'member:2:held_available'",
        ],
    );
    caught(
        "adjustments",
        &[
            "UPDATE adjustments SET state = 'approved'",
            "UPDATE adjustments SET amount = 6",
            "UPDATE adjustments SET proposed_by = 'boss'",
            "DELETE FROM adjustments",
            "INSERT INTO adjustments VALUES ('shop', '9', 'CNY', 'a', 1, 'clerk', 'proposed')",
        ],
    );
}

#[test]
fn two_live_payouts_cannot_be_written() {
    let insert = "INSERT INTO payouts SELECT tenant, 'second', withdrawal_id, state, attempts, expires_at,
        transaction_id, paid FROM payouts WHERE payout_id = 'open-p'";
    assert!(busy().raw().execute_batch(insert).is_err());
}

#[test]
fn a_broken_index() {
    caught(
        "file",
        &["PRAGMA writable_schema = ON;
           UPDATE sqlite_schema SET sql = 'CREATE INDEX orders_due ON orders (tenant, due) WHERE due IS NULL'
               WHERE name = 'orders_due';
           PRAGMA schema_version = 999"],
    );
}

#[test]
fn what_providers_got_wrong_is_a_notice() {
    let mut home = busy();
    let body = r#"{"refund_succeeded":{"refund_id":"x","transaction_id":"p","amount":10001}}"#;
    home.store.batch(|batch| batch.handle(&command("shop", 1, "over", 7, body))).unwrap();
    let body = r#"{"capture":{"transaction_id":"t-1","amount":1}}"#;
    home.store.batch(|batch| batch.handle(&command("shop", 1, "other", 8, body))).unwrap();
    let report = home.store.verify().unwrap();
    assert!(report.is_clean());
    assert_eq!(report.notices().len(), 2, "{:?}", report.notices());
}
