//! Distribution orders out of a store: equal to the ledger, whether caught up at once or step by step.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, at, capture, command, key, member, paid_withdrawal, place, settle, shop, whole_order};
use fenrun::id::{LineId, RefundId};
use fenrun::ledger::MemberAccount;
use fenrun::money::Currency;
use fenrun::report::distribution::{Filter, Page, Totals};
use fenrun::reward::commission::{EntryState, Refund, Taken};
use fenrun_store::Distribution;

const CNY: Currency = Currency::CNY;
const HELD: i64 = 3 * common::DAY_MS;

fn list(distribution: &Distribution, id: u64) -> Page {
    distribution.orders().list(&Filter::of(member(id))).unwrap()
}

fn refund(id: &str, amount: i64) -> Refund {
    let line = LineId::new("a").unwrap();
    Refund { id: RefundId::new(id).unwrap(), lines: vec![Taken { line, units: 0, amount }] }
}

/// What the read model says of a member is what the ledger holds for them.
fn equals_ledger(home: &Home, distribution: &Distribution) {
    for id in [1, 2] {
        let sums = list(distribution, id).totals.get(&CNY).copied().unwrap_or_default();
        let balance = |account| home.store.balance(&shop(), &member(id), account, CNY).unwrap().minor();
        assert_eq!(sums.pending, balance(MemberAccount::Pending), "{id} pending");
        assert_eq!(sums.confirmed, balance(MemberAccount::Confirmed), "{id} confirmed");
        let free = [MemberAccount::Available, MemberAccount::Reserved, MemberAccount::Debt].map(balance);
        assert_eq!(sums.payable - sums.clawback, free.iter().sum::<i64>(), "{id} payable");
    }
}

#[test]
fn every_step_equals_the_ledger() {
    let mut home = Home::new();
    let mut steps = Distribution::new(shop());
    let mut check = |home: &Home| {
        steps.catch_up(&home.store).unwrap();
        equals_ledger(home, &steps);
        let mut anew = Distribution::new(shop());
        anew.catch_up(&home.store).unwrap();
        assert_eq!(anew.orders(), steps.orders());
        assert_eq!(steps.catch_up(&home.store).unwrap(), 0);
        [1, 2].map(|id| list(&steps, id))
    };
    whole_order(&mut home.store, &shop(), 1);
    whole_order(&mut home.store, &shop(), 2);
    check(&home);
    home.store
        .batch(|batch| {
            batch.handle(&place("shop", 3))?;
            batch.handle(&capture("shop", 3))?;
            let (outcome, frozen) = settle(batch, &shop(), 3);
            batch.earn(&outcome, &frozen, at(5))?;
            batch.reverse(&key(&shop(), 3), &refund("part", 3333), at(6))
        })
        .unwrap();
    check(&home);
    home.store.batch(|batch| batch.release_due(&shop(), at(HELD), 9)).unwrap();
    check(&home);
    let policy = r#"{"fee":{"fixed":60},"tax":{"rate":"4%","of":"amount"}}"#;
    home.store
        .batch(|batch| {
            let commands = paid_withdrawal("w", 1500, policy, 1380);
            commands.iter().try_for_each(|command| batch.handle_wallet(command).map(drop))
        })
        .unwrap();
    check(&home);
    // Half of order 1 comes back after its commission was paid, and a refund of nothing changes nothing.
    home.store.batch(|batch| batch.reverse(&key(&shop(), 1), &refund("late", 5000), at(HELD))).unwrap();
    home.store.batch(|batch| batch.reverse(&key(&shop(), 2), &refund("none", 0), at(HELD))).unwrap();
    let [_, page] = check(&home);
    let wanted = Totals { earned: 3000, pending: 666, confirmed: 0, payable: 500, paid: 1500, clawback: 500 };
    assert_eq!(page.totals[&CNY], wanted);
    let states: Vec<_> = page.orders.iter().map(|order| order.entries[0].state).collect();
    assert_eq!(states, [EntryState::Pending, EntryState::Payable, EntryState::Paid]);
}

#[test]
fn tenants_do_not_meet() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    home.store.batch(|batch| batch.handle(&command("other", 1, "p", 0, r#"{"place":{"currency":"CNY","lines":[{"id":"a","paid":1}],"sale":{"buyer":{"id":9},"upline":[{"id":2}]}}}"#))).unwrap();
    let mut other = Distribution::new(fenrun_store::Tenant::new("other").unwrap());
    assert_eq!(other.catch_up(&home.store).unwrap(), 1);
    let page = list(&other, 2);
    assert_eq!((page.count, page.orders[0].amount, page.orders[0].entries.len()), (1, 1, 0));
}
