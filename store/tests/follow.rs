//! What the store does by itself when an order moves on: edits, charge-backs that are won, and its outbox.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Home, at, capped, capture, command, key, member, place, sale, settle, shop, whole_order};
use fenrun::Code;
use fenrun::id::{LineId, MemberId, OrderId, RefundId};
use fenrun::ledger::{MemberAccount, Posted};
use fenrun::money::Currency;
use fenrun::reward::commission::{Refund, Taken};
use fenrun_store::SaleKey;

/// An order of 100.00 that is paid and earned 10.00 for 2 and 5.00 for 1.
fn earned() -> Home {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            batch.handle(&place("shop", 1))?;
            batch.handle(&capture("shop", 1))?;
            let (outcome, frozen) = settle(batch, &shop(), 1);
            batch.earn(&outcome, &frozen, at(1))
        })
        .unwrap();
    home
}

fn run(home: &mut Home, id: &str, now: i64, body: &str) {
    home.store.batch(|batch| batch.handle(&command("shop", 1, id, now, body))).unwrap();
}

fn edit(home: &mut Home, id: &str, now: i64, units: u64, paid: i64) {
    let lines = format!(r#"[{{"id":"b","units":{units},"paid":{paid}}}]"#);
    run(home, id, now, &format!(r#"{{"edit":{{"currency":"CNY","lines":{lines}}}}}"#));
}

fn on(home: &Home, who: u64, account: MemberAccount) -> i64 {
    home.store.balance(&shop(), &member(who), account, Currency::CNY).unwrap().minor()
}

fn pending(home: &Home) -> [i64; 2] {
    [on(home, 2, MemberAccount::Pending), on(home, 1, MemberAccount::Pending)]
}

fn version(version: u32) -> SaleKey {
    SaleKey { version, ..key(&shop(), 1) }
}

/// What stands of a version of the sale.
fn stands(home: &Home, of: u32) -> Option<Vec<(MemberId, i64)>> {
    let outcome = home.store.outcome(&version(of)).unwrap()?;
    Some(outcome.entries.into_iter().map(|entry| (entry.payee, entry.amount)).collect())
}

#[track_caller]
fn clean(home: &Home) {
    let report = home.store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json());
}

#[test]
fn an_edit_settles_with_the_headroom_of_the_moment() {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            batch.settle(&capped(), &sale(&shop(), "elsewhere", 0), at(1))?;
            batch.handle(&place("shop", 1))?;
            batch.handle(&capture("shop", 1))?;
            let sale = batch.order(&shop(), &1.into())?.unwrap().to_sale()?;
            batch.settle(&capped(), &sale, at(1))
        })
        .unwrap();
    assert_eq!(pending(&home), [1500, 0], "15.00 a month at most");
    edit(&mut home, "e", 5, 2, 6000);
    assert_eq!(pending(&home), [1500, 0]);
    assert_eq!(stands(&home, 2), Some(vec![(member(2), 500)]));
    edit(&mut home, "f", 6, 1, 3000);
    assert_eq!(pending(&home), [1300, 0]);
    clean(&home);
}

#[test]
fn an_edit_that_is_covered_ends_one_sale_and_begins_the_next() {
    let mut home = earned();
    assert_eq!(pending(&home), [1000, 500]);
    edit(&mut home, "e", 5, 2, 6000);
    assert_eq!(pending(&home), [600, 300]);
    assert_eq!(stands(&home, 1), Some(vec![(member(1), 0), (member(2), 0)]));
    assert_eq!(stands(&home, 2), Some(vec![(member(1), 300), (member(2), 600)]));
    // A retry, and a host that records the outcome itself, change nothing.
    edit(&mut home, "e", 6, 2, 6000);
    let again = home.store.batch(|batch| {
        let (outcome, frozen) = settle(batch, &shop(), 1);
        batch.earn(&outcome, &frozen, at(9))
    });
    assert_eq!(again.unwrap(), Posted::Repeat);
    assert_eq!(pending(&home), [600, 300]);
    clean(&home);
}

#[test]
fn an_edit_that_leaves_something_to_pay_earns_once_it_is_paid() {
    let mut home = earned();
    edit(&mut home, "e1", 5, 1, 15_000);
    assert_eq!((pending(&home), stands(&home, 2)), ([0, 0], None));
    run(&mut home, "more", 6, r#"{"capture":{"transaction_id":"t2","amount":4000}}"#);
    assert_eq!((pending(&home), stands(&home, 2)), ([0, 0], None));
    run(&mut home, "rest", 7, r#"{"capture":{"transaction_id":"t3","amount":1000}}"#);
    assert_eq!(pending(&home), [1500, 750]);
    edit(&mut home, "e2", 8, 1, 20_000);
    assert_eq!((pending(&home), stands(&home, 3)), ([0, 0], None));
    run(&mut home, "all", 9, r#"{"capture":{"transaction_id":"t4","amount":5000}}"#);
    assert_eq!(pending(&home), [2000, 1000]);
    assert_eq!(stands(&home, 2), Some(vec![(member(1), 0), (member(2), 0)]));
    clean(&home);
}

#[test]
fn an_edit_takes_back_what_refunds_left_and_a_cancelled_order_earns_nothing() {
    let mut home = earned();
    let third = Taken { line: LineId::new("a").unwrap(), units: 1, amount: 3333 };
    let refund = Refund { id: RefundId::new("r").unwrap(), lines: vec![third] };
    run(&mut home, "part", 3, r#"{"cancel_lines":{"lines":[{"line":"a","units":1}]}}"#);
    home.store.batch(|batch| batch.reverse(&version(1), &refund, at(3))).unwrap();
    assert_eq!(pending(&home), [666, 333]);
    edit(&mut home, "e", 5, 1, 15_000);
    assert_eq!(pending(&home), [0, 0]);
    run(&mut home, "off", 6, r#""cancel""#);
    assert_eq!((pending(&home), stands(&home, 2)), ([0, 0], None));
    clean(&home);
}

#[test]
fn a_sale_nobody_recorded_is_left_to_whoever_records_it() {
    let mut home = Home::new();
    home.store.batch(|batch| batch.handle(&place("shop", 1))).unwrap();
    home.store.batch(|batch| batch.handle(&capture("shop", 1))).unwrap();
    edit(&mut home, "e", 5, 2, 6000);
    assert_eq!((stands(&home, 1), stands(&home, 2), pending(&home)), (None, None, [0, 0]));
}

#[test]
fn an_edit_fails_whole_where_commission_was_changed_behind_the_store() {
    let mut home = earned();
    home.raw().execute("UPDATE entries SET amount = amount + 1", []).unwrap();
    let body = r#"{"edit":{"currency":"CNY","lines":[{"id":"b","paid":6000}]}}"#;
    let failed = home.store.batch(|batch| batch.handle(&command("shop", 1, "e", 5, body)));
    assert_eq!(failed.unwrap_err().code(), Code::Inconsistent);
    let order = home.store.order(&shop(), &OrderId::from(1)).unwrap().unwrap();
    assert_eq!((order.sale_version(), pending(&home)), (1, [1000, 500]));
}

fn take_back(home: &mut Home, amount: i64, now: i64) {
    let lines = vec![Taken { line: LineId::new("a").unwrap(), units: 0, amount }];
    let refund = Refund { id: RefundId::new("d1").unwrap(), lines };
    home.store.batch(|batch| batch.reverse(&version(1), &refund, at(now))).unwrap();
}

#[test]
fn a_charge_back_that_is_won_raises_what_it_took() {
    let mut home = earned();
    run(&mut home, "d", 5, r#"{"charge_back":{"transaction_id":"d1","amount":4000}}"#);
    take_back(&mut home, 4000, 5);
    assert_eq!(pending(&home), [600, 300]);
    run(&mut home, "won", 6, r#"{"charge_back_won":{"transaction_id":"d1"}}"#);
    assert_eq!(pending(&home), [1000, 500]);
    run(&mut home, "won", 7, r#"{"charge_back_won":{"transaction_id":"d1"}}"#);
    assert_eq!(pending(&home), [1000, 500]);
    clean(&home);
    // What a host never took back does not rise.
    run(&mut home, "d-2", 8, r#"{"charge_back":{"transaction_id":"d2","amount":10000}}"#);
    run(&mut home, "won-2", 9, r#"{"charge_back_won":{"transaction_id":"d2"}}"#);
    assert_eq!(pending(&home), [1000, 500]);
    clean(&home);
}

#[test]
fn commission_rises_where_it_stands() {
    let mut home = Home::new();
    whole_order(&mut home.store, &shop(), 1);
    let released = 3 * common::DAY_MS;
    home.store.batch(|batch| batch.release(&version(1), at(released))).unwrap();
    run(&mut home, "d", released, r#"{"charge_back":{"transaction_id":"d1","amount":10000}}"#);
    take_back(&mut home, 10_000, released);
    assert_eq!(on(&home, 2, MemberAccount::Available), 0);
    run(&mut home, "won", released, r#"{"charge_back_won":{"transaction_id":"d1"}}"#);
    assert_eq!(on(&home, 2, MemberAccount::Available), 1000);
    clean(&home);
}

#[test]
fn the_outbox_says_what_events_ask_for_and_pages_do_not_matter() {
    let mut home = earned();
    let body = r#"{"place":{"currency":"CNY","lines":[{"id":"x","paid":100}],
        "tokens":[{"kind":"coupon","id":"c"}]}}"#;
    home.store.batch(|batch| batch.handle(&command("north", 7, "p", 1, body))).unwrap();
    run(&mut home, "ship", 5, r#"{"ship":{"lines":[{"line":"a","units":2}]}}"#);
    let whole = home.store.intents_after(0, 100).unwrap();
    let told: Vec<String> = whole
        .iter()
        .flat_map(|event| event.intents.iter().map(move |intent| (event, intent)))
        .map(|(event, intent)| {
            let (order, port, verb) = (&event.order_id, intent.port.name(), intent.verb.name());
            format!("{}/{order} {port} {verb} {} {}", event.tenant.as_str(), intent.subject, intent.amount)
        })
        .collect();
    let wanted = [
        "shop/1 stock reserve a 3",
        "north/7 stock reserve x 1",
        "north/7 coupon reserve c 1",
        "shop/1 stock commit a 2",
    ];
    assert_eq!(told, wanted);
    let (mut pages, mut position) = (Vec::new(), 0);
    loop {
        let page = home.store.intents_after(position, 1).unwrap();
        let Some(last) = page.last() else { break };
        position = last.position;
        pages.extend(page);
    }
    assert_eq!(pages, whole);
    let events = home.store.events_after(0, 100).unwrap();
    assert_eq!(events.len(), whole.len());
}

#[test]
fn money_that_replaces_a_charge_back_raises_what_it_took() {
    let mut home = earned();
    run(&mut home, "d", 5, r#"{"charge_back":{"transaction_id":"d1","amount":10000}}"#);
    take_back(&mut home, 10_000, 5);
    assert_eq!(pending(&home), [0, 0]);
    run(&mut home, "half", 6, r#"{"capture":{"transaction_id":"t2","amount":4000}}"#);
    assert_eq!(pending(&home), [400, 200]);
    run(&mut home, "half", 7, r#"{"capture":{"transaction_id":"t2","amount":4000}}"#);
    run(&mut home, "half-again", 7, r#"{"capture":{"transaction_id":"t2","amount":4000}}"#);
    assert_eq!(pending(&home), [400, 200]);
    run(&mut home, "rest", 8, r#"{"capture":{"transaction_id":"t3","amount":6000}}"#);
    assert_eq!(pending(&home), [1000, 500]);
    // What comes beyond it goes back, and so does what is won after it was replaced.
    run(&mut home, "more", 9, r#"{"capture":{"transaction_id":"t4","amount":1}}"#);
    run(&mut home, "won", 10, r#"{"charge_back_won":{"transaction_id":"d1"}}"#);
    assert_eq!(pending(&home), [1000, 500]);
    clean(&home);
}

#[test]
fn a_charge_back_told_before_its_capture_earns_once_the_money_is_there() {
    let mut home = Home::new();
    home.store.batch(|batch| batch.handle(&place("shop", 1))).unwrap();
    run(&mut home, "d", 1, r#"{"charge_back":{"transaction_id":"d1","amount":10000}}"#);
    home.store
        .batch(|batch| {
            batch.handle(&capture("shop", 1))?;
            let (outcome, frozen) = settle(batch, &shop(), 1);
            batch.earn(&outcome, &frozen, at(1))
        })
        .unwrap();
    take_back(&mut home, 10_000, 2);
    run(&mut home, "again", 3, r#"{"capture":{"transaction_id":"t2","amount":10000}}"#);
    assert_eq!(pending(&home), [1000, 500]);
    clean(&home);
}

#[test]
fn a_refund_that_is_set_off_against_a_charge_back_raises_the_other_line() {
    let mut home = Home::new();
    let body = r#"{"place":{"currency":"CNY","lines":[{"id":"a","paid":6000},{"id":"b","paid":4000}],
        "terms":{"auto_release":true},"sale":{"buyer":{"id":9},"upline":[{"id":2},{"id":1}]}}}"#;
    home.store
        .batch(|batch| {
            batch.handle(&command("shop", 1, "place", 0, body))?;
            batch.handle(&capture("shop", 1))?;
            let (outcome, frozen) = settle(batch, &shop(), 1);
            batch.earn(&outcome, &frozen, at(1))
        })
        .unwrap();
    run(&mut home, "d", 5, r#"{"charge_back":{"transaction_id":"d1","amount":4000}}"#);
    let taken =
        |line: &str, units: u64, amount: i64| Taken { line: LineId::new(line).unwrap(), units, amount };
    let refund = |id: &str, lines: Vec<Taken>| Refund { id: RefundId::new(id).unwrap(), lines };
    let shared = refund("d1", vec![taken("a", 0, 2400), taken("b", 0, 1600)]);
    home.store.batch(|batch| batch.reverse(&version(1), &shared, at(5))).unwrap();
    assert_eq!(pending(&home), [600, 300]);
    // What was charged back is set off against line b: the shop has all that a cost.
    run(&mut home, "off", 6, r#"{"cancel_lines":{"lines":[{"line":"b","units":1}]}}"#);
    let off = refund("off", vec![taken("b", 1, 2400)]);
    home.store.batch(|batch| batch.reverse(&version(1), &off, at(6))).unwrap();
    assert_eq!(pending(&home), [600, 300]);
    let order = home.store.order(&shop(), &OrderId::from(1)).unwrap().unwrap();
    let left: Vec<i64> = order.left().iter().map(|line| line.net_left).collect();
    assert_eq!((left, order.missing()), (vec![6000, 0], 0));
    clean(&home);
}

/// An order that is paid on delivery, was released and earned, 100.00 for one line.
fn on_delivery() -> Home {
    let mut home = Home::new();
    let body = r#"{"place":{"currency":"CNY","lines":[{"id":"b","paid":10000}],
        "terms":{"tender":"cash_on_delivery"},"sale":{"buyer":{"id":9},"upline":[{"id":2},{"id":1}]}}}"#;
    home.store
        .batch(|batch| {
            batch.handle(&command("shop", 1, "place", 0, body))?;
            batch.handle(&command("shop", 1, "release", 1, r#""release""#))?;
            let (outcome, frozen) = settle(batch, &shop(), 1);
            batch.earn(&outcome, &frozen, at(1))
        })
        .unwrap();
    home
}

#[test]
fn an_edit_under_a_charge_back_earns_on_what_is_left() {
    let mut home = on_delivery();
    assert_eq!(pending(&home), [1000, 500]);
    run(&mut home, "deposit", 2, r#"{"capture":{"transaction_id":"t1","amount":3000}}"#);
    run(&mut home, "d", 3, r#"{"charge_back":{"transaction_id":"d1","amount":3000}}"#);
    run(&mut home, "again", 4, r#"{"capture":{"transaction_id":"t2","amount":3000}}"#);
    edit(&mut home, "e", 5, 1, 8000);
    // 30.00 of 80.00 was charged back, and nobody has paid more than that in its place.
    assert_eq!(pending(&home), [500, 250]);
    assert_eq!(stands(&home, 2), Some(vec![(member(1), 250), (member(2), 500)]));
    let order = home.store.order(&shop(), &OrderId::from(1)).unwrap().unwrap();
    assert_eq!(order.left()[0].net_left, 5000);
    run(&mut home, "won", 7, r#"{"charge_back_won":{"transaction_id":"d1"}}"#);
    assert_eq!(pending(&home), [800, 400]);
    clean(&home);
}

#[test]
fn what_an_edit_under_a_charge_back_earns_less_rises_with_the_money() {
    let mut home = on_delivery();
    run(&mut home, "all", 2, r#"{"capture":{"transaction_id":"t1","amount":10000}}"#);
    run(&mut home, "d", 3, r#"{"charge_back":{"transaction_id":"d1","amount":10000}}"#);
    edit(&mut home, "e", 5, 1, 8000);
    assert_eq!((pending(&home), stands(&home, 2)), ([0, 0], Some(vec![(member(1), 0), (member(2), 0)])));
    run(&mut home, "again", 6, r#"{"capture":{"transaction_id":"t2","amount":8000}}"#);
    assert_eq!(pending(&home), [800, 400]);
    clean(&home);
}
