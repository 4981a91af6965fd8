//! Distribution orders out of a store: equal to the ledger, whether caught up at once or step by step.

#![allow(clippy::unwrap_used)]

mod common;

use common::{
    Home, at, capture, command, key, member, paid_withdrawal, place, settle, shop, wallet_command,
    whole_order,
};
use fenrun::id::{LineId, RefundId};
use fenrun::ledger::MemberAccount;
use fenrun::money::Currency;
use fenrun::report::distribution::{Filter, Page, Totals};
use fenrun::reward::commission::{EntryState, Frozen, Refund, Taken};
use fenrun::reward::plan::Plan;
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

/// A payout that comes back is unpaid again, and the read model says so.
#[test]
fn a_payout_that_comes_back_is_unpaid_again() {
    let mut home = Home::new();
    for order in [1, 2] {
        whole_order(&mut home.store, &shop(), order);
    }
    home.store.batch(|batch| batch.release_due(&shop(), at(HELD), 9)).unwrap();
    let mut steps = Distribution::new(shop());
    let mut run = |home: &mut Home, commands: Vec<fenrun::ledger::wallet::Command>| {
        home.store
            .batch(|batch| commands.iter().try_for_each(|command| batch.handle_wallet(command).map(drop)))
            .unwrap();
        steps.catch_up(&home.store).unwrap();
        equals_ledger(home, &steps);
        let mut anew = Distribution::new(shop());
        anew.catch_up(&home.store).unwrap();
        assert_eq!(anew.orders(), steps.orders());
        let page = list(&steps, 2);
        let states = page.orders.iter().map(|order| order.entries[0].state).collect::<Vec<_>>();
        (states, page.totals[&CNY].paid, steps.orders().other_paid(&member(2), CNY))
    };
    // 1,000 of each order, the first released paid first; listed the other way round.
    let (paid, payable) = (EntryState::Paid, EntryState::Payable);
    assert_eq!(run(&mut home, paid_withdrawal("w", 1500, "{}", 1500)), (vec![payable, paid], 1500, 0));
    let back = |id: &str| {
        let report = format!(r#"{{"payout_failed":{{"payout_id":"{id}-p","reason":"closed account"}}}}"#);
        let found = format!(r#"{{"resolve":{{"payout_id":"{id}-p","verdict":"returned","reason":"seen"}}}}"#);
        let command = |name: &str, body: &str| wallet_command(2, &format!("{id}-{name}"), 20, "clerk", body);
        vec![command("bounced", &report), command("found", &found)]
    };
    assert_eq!(run(&mut home, back("w")), (vec![payable, payable], 0, 0));
    let again = r#"{"cancel":{"withdrawal_id":"w","reason":"closed account"}}"#;
    assert_eq!(
        run(&mut home, vec![wallet_command(2, "c", 21, "clerk", again)]),
        (vec![payable, payable], 0, 0)
    );
    assert_eq!(run(&mut home, paid_withdrawal("x", 1000, "{}", 1000)), (vec![payable, paid], 1000, 0));
    assert_eq!(run(&mut home, paid_withdrawal("y", 1000, "{}", 1000)), (vec![paid, paid], 2000, 0));
    assert_eq!(run(&mut home, back("x")), (vec![payable, paid], 1000, 0));
}

/// Rows of a refund that cancel out have no journal; the one that comes next is heard all the same.
#[test]
fn a_refund_without_a_journal_hides_none() {
    let mut home = Home::new();
    let plan = Plan::from_toml(
        r#"
        schema = "fenrun.plan/1"
        name = "silent"
        currency = "CNY"
        ranks = ["lo", "hi"]
        [[rule]]
        id = "r1"
        to = { up = "referral" }
        pay = { differential = { lo = "10%", hi = "25%" } }
        [[rule]]
        id = "r2"
        to = { roles = ["x", "y"] }
        pay = { differential = { lo = "25%", hi = "10%" } }
        "#,
    )
    .unwrap();
    let body = r#"{"place":{"currency":"CNY","lines":[{"id":"a","units":1,"paid":10}],
        "terms":{"window_ms":0,"auto_release":true},"sale":{"buyer":{"id":9},
        "upline":[{"id":1,"rank":"lo"},{"id":2,"rank":"hi"}],
        "roles":{"x":{"id":2,"rank":"hi"},"y":{"id":1,"rank":"lo"}}}}}"#;
    let place = command("shop", 1, "place", 0, body);
    let mut steps = Distribution::new(shop());
    let earn = |batch: &mut fenrun_store::Batch<'_>| {
        batch.handle(&place)?;
        let sale = batch.order(&shop(), &1.into())?.unwrap().to_sale()?;
        let (outcome, frozen) = Frozen::settle(&plan, &sale)?;
        batch.earn(&outcome, &frozen, at(1)).map(drop)
    };
    home.store.batch(earn).unwrap();
    steps.catch_up(&home.store).unwrap();
    equals_ledger(&home, &steps);
    let sale = key(&shop(), 1);
    home.store.batch(|batch| batch.reverse(&sale, &refund("r", 1), at(2))).unwrap();
    home.store.batch(|batch| batch.confirm(&sale, at(3))).unwrap();
    steps.catch_up(&home.store).unwrap();
    equals_ledger(&home, &steps);
    home.store.batch(|batch| batch.release(&sale, at(4))).unwrap();
    steps.catch_up(&home.store).unwrap();
    equals_ledger(&home, &steps);
    let mut anew = Distribution::new(shop());
    anew.catch_up(&home.store).unwrap();
    assert_eq!(anew.orders(), steps.orders());
}

/// One outcome of an order that is kept elsewhere does not take the others from the list.
#[test]
fn orders_kept_elsewhere_are_not_listed() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    let mut other = Home::new();
    whole_order(&mut other.store, &shop(), 2);
    home.store
        .batch(|batch| {
            let sale = other.store.order(&shop(), &2.into()).unwrap().unwrap().to_sale()?;
            let (outcome, frozen) = Frozen::settle(&common::plan(), &sale)?;
            batch.earn(&outcome, &frozen, at(5))?;
            batch.confirm(&key(&shop(), 2), at(6))
        })
        .unwrap();
    let mut steps = Distribution::new(shop());
    steps.catch_up(&home.store).unwrap();
    let page = list(&steps, 2);
    assert_eq!((page.count, page.totals[&CNY].confirmed), (1, 1000));
    // Once its order comes, it is listed with what it earned before.
    home.store.batch(|batch| batch.handle(&place("shop", 2))).unwrap();
    steps.catch_up(&home.store).unwrap();
    let page = list(&steps, 2);
    assert_eq!((page.count, page.totals[&CNY].confirmed), (2, 2000));
}
