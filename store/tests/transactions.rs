//! A provider's transaction pays once in a shop, whoever's payout it is reported for.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, gift, member, shop, wallet_command};
use fenrun::Code;
use fenrun::ledger::wallet::{Command, EventData, WalletKey, WithdrawalState};
use fenrun::ledger::{MallAccount, MemberAccount};
use fenrun::money::Currency;
use fenrun_store::{Store, WalletAppended};
use std::thread;

const CNY: Currency = Currency::CNY;
const MEMBERS: u64 = 6;

/// Members with a withdrawal of 60 each whose payout `p<member>` is under way.
fn paying() -> Home {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            for who in 1..=MEMBERS {
                batch.post(&shop(), &gift(&format!("gift-{who}"), who, 100, CNY))?;
                for (at, body) in [
                    format!(r#"{{"request":{{"withdrawal_id":"w{who}","amount":60}}}}"#),
                    format!(r#"{{"approve":{{"withdrawal_id":"w{who}"}}}}"#),
                    format!(r#"{{"pay":{{"withdrawal_id":"w{who}","payout_id":"p{who}"}}}}"#),
                ]
                .iter()
                .enumerate()
                {
                    batch.handle_wallet(&wallet_command(who, &format!("start-{at}"), 1, "clerk", body))?;
                }
            }
            Ok(())
        })
        .unwrap();
    home
}

fn told(who: u64, id: &str, transaction: &str) -> Command {
    let body = format!(
        r#"{{"payout_succeeded":{{"payout_id":"p{who}","transaction_id":"{transaction}","amount":60}}}}"#
    );
    wallet_command(who, id, 2, "bank", &body)
}

fn resolve(who: u64, id: &str, verdict: &str) -> Command {
    let body = format!(
        r#"{{"resolve":{{"payout_id":"p{who}","transaction_id":"t","verdict":"{verdict}","reason":"asked"}}}}"#
    );
    wallet_command(who, id, 3, "clerk", &body)
}

fn handle(store: &mut Store, command: &Command) -> Result<WalletAppended, Code> {
    store.batch(|batch| batch.handle_wallet(command)).map_err(|error| error.code())
}

fn paid_out(store: &Store) -> i64 {
    store.mall_balance(&shop(), MallAccount::PaidOut, CNY).unwrap().minor()
}

fn state(store: &Store, who: u64) -> WithdrawalState {
    let wallet = store.wallet(&WalletKey { tenant: shop(), member: member(who), currency: CNY }).unwrap();
    wallet.withdrawals().values().next().unwrap().state
}

#[test]
fn a_transaction_of_another_wallet_is_a_conflict_and_pays_nothing() {
    let mut home = paying();
    handle(&mut home.store, &told(1, "told", "t")).unwrap();
    assert_eq!(paid_out(&home.store), 60);
    let second = handle(&mut home.store, &told(2, "told", "t")).unwrap();
    assert!(matches!(second.events[0].data, EventData::PayoutConflict { amount: 60, .. }), "{second:?}");
    assert_eq!((paid_out(&home.store), state(&home.store, 2)), (60, WithdrawalState::PayoutRequested));
    let report = home.store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
    assert_eq!(report.notices().len(), 1, "{:?}", report.notices());
    // Nobody can resolve it as paid; once it is dismissed, a transaction of its own pays.
    assert_eq!(handle(&mut home.store, &resolve(2, "paid", "paid")), Err(Code::NotAllowed));
    handle(&mut home.store, &resolve(2, "wrong", "dismissed")).unwrap();
    handle(&mut home.store, &told(2, "told-right", "t2")).unwrap();
    assert_eq!((paid_out(&home.store), state(&home.store, 2)), (120, WithdrawalState::Paid));
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn what_came_back_stays_known() {
    let mut home = paying();
    handle(&mut home.store, &told(1, "told", "t")).unwrap();
    let body = r#"{"payout_failed":{"payout_id":"p1","reason":"closed account"}}"#;
    handle(&mut home.store, &wallet_command(1, "back", 3, "bank", body)).unwrap();
    handle(&mut home.store, &resolve(1, "returned", "returned")).unwrap();
    assert_eq!(paid_out(&home.store), 0);
    let second = handle(&mut home.store, &told(2, "told", "t")).unwrap();
    assert!(matches!(second.events[0].data, EventData::PayoutConflict { .. }), "{second:?}");
    assert_eq!(paid_out(&home.store), 0);
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn in_one_batch_and_in_other_shops() {
    let mut home = paying();
    let both = home.store.batch(|batch| {
        batch.handle_wallet(&told(1, "told", "t"))?;
        batch.handle_wallet(&told(2, "told", "t"))
    });
    assert!(matches!(both.unwrap().events[0].data, EventData::PayoutConflict { .. }));
    let raw = home.raw();
    let insert = "INSERT INTO transactions VALUES (?1, 't', '2', 'CNY', 'p2', 60, 0)";
    assert!(raw.execute(insert, ["shop"]).is_err(), "the key lets a transaction pay twice");
    assert!(raw.execute(insert, ["other"]).is_ok());
}

/// Writers that report one transaction for a payout of each member at once: one is paid.
#[test]
fn workers_that_report_one_transaction_pay_once() {
    let home = paying();
    let tell = |who: u64| {
        let path = home.path();
        thread::spawn(move || {
            let options = fenrun_store::Options {
                busy_timeout: std::time::Duration::from_secs(60),
                ..fenrun_store::Options::default()
            };
            let mut store = Store::open_with(path, &options).unwrap();
            handle(&mut store, &told(who, "told", "t")).unwrap().events[0].data.name()
        })
    };
    let workers: Vec<_> = (1..=MEMBERS).map(tell).collect();
    let mut events: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    events.sort_unstable();
    let conflicts = usize::try_from(MEMBERS).unwrap() - 1;
    assert_eq!(events, [vec!["payout_conflict"; conflicts], vec!["payout_succeeded"]].concat());
    assert_eq!(paid_out(&home.store), 60);
    let reserved =
        |who| home.store.balance(&shop(), &member(who), MemberAccount::Reserved, CNY).unwrap().minor();
    assert_eq!((1..=MEMBERS).map(reserved).sum::<i64>(), 60 * i64::try_from(conflicts).unwrap());
    assert!(home.store.verify().unwrap().is_clean());
}
