//! Caps over periods: the store knows what was used of them, in the transaction that uses the rest.

#![allow(clippy::unwrap_used)]

mod common;

use common::{DAY_MS, Home, at, capped, member, sale, shop};
use fenrun::Code;
use fenrun::id::{LineId, OrderId, RefundId};
use fenrun::ledger::{MemberAccount, Posted};
use fenrun::money::Currency;
use fenrun::reward::commission::{Frozen, Refund, Taken};
use fenrun::sale::Sale;
use fenrun_store::{Options, SaleKey, Store};
use std::thread;
use std::time::Duration;

fn paid(store: &mut Store, sale: &Sale) -> i64 {
    let (_, outcome, _) = store.batch(|batch| batch.settle(&capped(), sale, at(1))).unwrap();
    outcome.rows().iter().map(|row| row.amount).sum()
}

fn used(store: &mut Store, placed_at: i64) -> Vec<i64> {
    let sale = sale(&shop(), "asks", placed_at);
    let used = store.batch(|batch| batch.used(&shop(), &capped(), &sale)).unwrap();
    used.iter().map(|used| used.amount).collect()
}

fn take_back(store: &mut Store, id: &str, units: u64, amount: i64) {
    let key = SaleKey { tenant: shop(), sale: OrderId::new(id).unwrap(), version: 1 };
    let lines = vec![Taken { line: LineId::new("a").unwrap(), units, amount }];
    let refund = Refund { id: RefundId::new(&format!("r-{id}-{units}")).unwrap(), lines };
    store.batch(|batch| batch.reverse(&key, &refund, at(2))).unwrap();
}

#[test]
fn sales_of_a_period_share_its_headroom() {
    let mut home = Home::new();
    let store = &mut home.store;
    assert_eq!(used(store, 0), [0_i64; 0]);
    let first = ["a", "b", "c"].map(|id| paid(store, &sale(&shop(), id, 0)));
    assert_eq!(first, [1000, 500, 0]);
    assert_eq!((used(store, 0), used(store, 31 * DAY_MS)), (vec![1500], Vec::new()));
    assert_eq!(paid(store, &sale(&shop(), "february", 31 * DAY_MS)), 1000);
    let other = fenrun::trade::order::Tenant::new("other").unwrap();
    assert_eq!(paid(store, &sale(&other, "a", 0)), 1000);
    assert!(store.verify().unwrap().is_clean());
}

#[test]
fn a_refund_gives_back_to_its_period() {
    let mut home = Home::new();
    let store = &mut home.store;
    assert_eq!(["a", "b"].map(|id| paid(store, &sale(&shop(), id, 0))), [1000, 500]);
    // A quarter of the first sale comes back: 250 of its 1000.
    take_back(store, "a", 1, 2500);
    assert_eq!(used(store, 0), [1250]);
    assert_eq!(paid(store, &sale(&shop(), "c", 0)), 250);
    take_back(store, "a", 3, 7500);
    assert_eq!(used(store, 0), [750]);
    // What an earlier sale lost to the cap does not come back to it.
    assert_eq!(paid(store, &sale(&shop(), "d", DAY_MS)), 750);
    assert_eq!(used(store, 31 * DAY_MS), [0_i64; 0]);
    assert!(store.verify().unwrap().is_clean());
}

#[test]
fn a_repeat_gives_the_first_outcome_and_stale_headroom_is_refused() {
    let mut home = Home::new();
    let store = &mut home.store;
    let first = store.batch(|batch| batch.settle(&capped(), &sale(&shop(), "a", 0), at(1))).unwrap();
    paid(store, &sale(&shop(), "b", 0));
    let again = store.batch(|batch| batch.settle(&capped(), &sale(&shop(), "a", 0), at(7))).unwrap();
    assert_eq!((again.0, &again.1), (Posted::Repeat, &first.1));
    assert_eq!(used(store, 0), [1500]);
    // Computed before the others were there.
    let mut draft = sale(&shop(), "late", 0).into_draft();
    draft.used = Some(Vec::new());
    let (outcome, frozen) = Frozen::settle(&capped(), &Sale::new(draft).unwrap()).unwrap();
    let refused = store.batch(|batch| batch.earn(&outcome, &frozen, at(1))).unwrap_err();
    assert_eq!(refused.code(), Code::StoreConflict);
    assert!(
        refused.message().ends_with("is used in month/1970-01-01 by 2, not 0; settle it anew"),
        "{refused}"
    );
    assert!(store.verify().unwrap().is_clean());
}

#[test]
fn workers_do_not_pay_beyond_a_cap() {
    let home = Home::new();
    let work = |worker: u64| {
        let path = home.path();
        thread::spawn(move || {
            let options = Options { busy_timeout: Duration::from_secs(60), ..Options::default() };
            let mut store = Store::open_with(path, &options).unwrap();
            (0..5).map(|at| paid(&mut store, &sale(&shop(), &format!("{worker}-{at}"), 0))).sum::<i64>()
        })
    };
    let workers: Vec<_> = (0..4).map(work).collect();
    let paid: i64 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
    let pending = home.store.balance(&shop(), &member(2), MemberAccount::Pending, Currency::CNY).unwrap();
    assert_eq!((paid, pending.minor()), (1500, 1500));
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn a_batch_that_fails_uses_nothing() {
    let mut home = Home::new();
    let failed = home.store.batch(|batch| {
        batch.settle(&capped(), &sale(&shop(), "a", 0), at(1))?;
        Err::<(), _>(fenrun::Error::new(Code::InvalidCommand, "asked to fail"))
    });
    assert!(failed.is_err());
    assert_eq!(used(&mut home.store, 0), [0_i64; 0]);
}

#[test]
fn a_changed_counter_is_told() {
    for sql in [
        "UPDATE cap_usage SET amount = amount - 1",
        "DELETE FROM cap_usage",
        "UPDATE cap_usage SET period = 'month/1970-02-01'",
        "UPDATE cap_usage SET payee = '7'",
        "INSERT INTO cap_usage VALUES ('shop', 'capped', 'CNY', 'first', '8', 'month/1970-01-01', 0)",
    ] {
        let mut home = Home::new();
        paid(&mut home.store, &sale(&shop(), "a", 0));
        home.raw().execute_batch(sql).unwrap();
        let report = home.store.verify().unwrap();
        let faulty: Vec<_> =
            report.checks().iter().filter(|check| check.faults() > 0).map(|check| check.name()).collect();
        assert_eq!(faulty, ["caps"], "{sql}");
    }
}
