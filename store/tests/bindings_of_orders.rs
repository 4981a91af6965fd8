//! Bindings driven by the store's own orders: who is won by them, and what of them counts towards distributing.

#![allow(clippy::unwrap_used)]

mod common;

use common::bindings::{PROTECT, bind, check, history, ruled, upline};
use common::{Home, at, binding_policy, command, member, shop};
use fenrun::Code;
use fenrun::id::OrderId;
use fenrun::reward::binding::{BindingEvent, Stage, What};

/// An order of two lines, 60.00 and 40.00, of SKUs 7 and 8.
fn place(order: u64, buyer: u64, now: i64) -> fenrun::trade::order::Command {
    let body = format!(
        r#"{{"place":{{"currency":"CNY","lines":[{{"id":"a","units":1,"paid":6000,"facts":{{"sku":"7"}}}},
            {{"id":"b","units":2,"paid":4000,"facts":{{"sku":"8"}}}}],
            "terms":{{"window_ms":0,"auto_release":true}},"sale":{{"buyer":{{"id":{buyer}}},"upline":[]}}}}}}"#
    );
    command("shop", order, "place", now, &body)
}

fn run(home: &mut Home, command: &fenrun::trade::order::Command) {
    home.store.batch(|batch| batch.handle(command)).unwrap();
}

fn pay(home: &mut Home, order: u64, now: i64) {
    let body = format!(r#"{{"capture":{{"transaction_id":"t-{order}","amount":10000}}}}"#);
    run(home, &command("shop", order, "capture", now, &body));
}

/// Some units of an order that was shipped go back.
fn refund(home: &mut Home, order: u64, id: &str, now: i64, line: &str) {
    let lines = format!(r#"[{{"line":"{line}","units":1}}]"#);
    let body = format!(r#"{{"refund_lines":{{"refund_id":"{id}","lines":{lines},"reason":"broken"}}}}"#);
    run(home, &command("shop", order, id, now, &body));
}

#[test]
fn the_first_order_binds() {
    let mut home = ruled(r#"{"mode":"first_order"}"#);
    bind(&mut home, 1, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    bind(&mut home, 2, r#"{"visit":{"member":3,"sharer":2}}"#).unwrap();
    assert_eq!(upline(&home.store, 3, 4), []);
    // Whoever freezes the upline of this very order asks before it is placed.
    let whose = home.store.batch(|batch| batch.attribution(&shop(), &member(3), at(5), 9)).unwrap();
    assert_eq!((whose.upline, whose.buyer_first), (vec![member(2)], false));
    assert_eq!(upline(&home.store, 3, 5), []);
    run(&mut home, &place(1, 3, 5));
    assert_eq!(upline(&home.store, 3, 5), [member(2)]);
    run(&mut home, &place(1, 3, 6));
    run(&mut home, &place(2, 3, 7));
    assert_eq!(
        history(&home.store, 3)[2..],
        ["0 offered 2: taken_over", "0 ordered: counted", "0 bound 2: first_order", "0 ordered: counted"]
    );
    let bound = &home.store.binding_history(&shop(), &member(3)).unwrap()[4];
    assert_eq!((bound.order_id.clone(), bound.command_id.as_str()), (Some(OrderId::from(1)), "placed"));
    // A buyer nobody registered, and a shop without a policy, order as ever.
    run(&mut home, &place(3, 99, 8));
    run(&mut home, &common::place("other", 1));
    assert_eq!(home.store.binding_history(&shop(), &member(99)).unwrap(), []);
    check(&home);
}

#[test]
fn the_first_payment_binds_whenever_the_provider_reports_it() {
    let mut home = ruled(r#"{"mode":"first_payment"}"#);
    bind(&mut home, 1, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    run(&mut home, &place(1, 3, 5));
    assert_eq!(upline(&home.store, 3, 5), []);
    bind(&mut home, 50, r#"{"tick":{}}"#).unwrap();
    bind(&mut home, 50, r#"{"register":{"member":9}}"#).unwrap();
    // The report says 40, and bindings have come to 50.
    pay(&mut home, 1, 40);
    assert_eq!(upline(&home.store, 3, 49), []);
    assert_eq!(upline(&home.store, 3, 50), [member(1)]);
    check(&home);
}

#[test]
fn purchases_let_distribute_and_refunds_take_it_back() {
    let mut home =
        ruled(r#"{"mode":"instant","distributors":{"spend":{"at_least_minor":10000,"on":"payment"}}}"#);
    bind(&mut home, 1, r#"{"register":{"member":3}}"#).unwrap();
    let visit = |home: &mut Home, now| bind(home, now, r#"{"visit":{"member":3,"sharer":4}}"#);
    run(&mut home, &place(1, 4, 5));
    assert_eq!(visit(&mut home, 5).err(), Some(Code::NotADistributor));
    pay(&mut home, 1, 6);
    visit(&mut home, 6).unwrap();
    run(&mut home, &command("shop", 1, "ship", 6, r#""ship""#));
    refund(&mut home, 1, "r1", 7, "b");
    assert_eq!(visit(&mut home, 7).err(), Some(Code::NotADistributor));
    run(&mut home, &place(2, 4, 8));
    pay(&mut home, 2, 8);
    refund(&mut home, 1, "r2", 9, "a");
    refund(&mut home, 1, "r3", 10, "b");
    visit(&mut home, 10).unwrap();
    let refunded: Vec<_> = home
        .store
        .binding_history(&shop(), &member(4))
        .unwrap()
        .into_iter()
        .filter_map(|stored| match stored.event.what {
            What::Refunded { spend_minor, goods, whole, .. } => {
                Some((spend_minor, goods.iter().map(ToString::to_string).collect::<Vec<_>>(), whole))
            }
            _ => None,
        })
        .collect();
    let goods = |skus: &[&str]| skus.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        refunded,
        [(2000, goods(&[]), false), (6000, goods(&["7"]), false), (2000, goods(&["8"]), true)]
    );
    check(&home);
}

#[test]
fn what_counts_is_counted_anew_under_a_policy_that_asks_for_it() {
    let mut home = ruled(r#"{"mode":"instant"}"#);
    bind(&mut home, 1, r#"{"register":{"member":3}}"#).unwrap();
    for order in 1..=2 {
        run(&mut home, &place(order, 4, 5));
        pay(&mut home, order, 6);
    }
    let goods = r#"{"mode":"instant","distributors":{"orders":{"at_least":3,"on":"payment"}}}"#;
    home.store.batch(|batch| batch.put_binding_policy(&shop(), &binding_policy(goods), at(10))).unwrap();
    let visit = r#"{"visit":{"member":3,"sharer":4}}"#;
    assert_eq!(bind(&mut home, 10, visit).err(), Some(Code::NotADistributor));
    run(&mut home, &place(3, 4, 11));
    pay(&mut home, 3, 11);
    bind(&mut home, 12, visit).unwrap();
    check(&home);
}

/// What went back before an order was completed is in no count of completed orders, and in every count of paid ones,
/// whatever policy held when it went.
#[test]
fn refunds_count_by_the_policies_that_come_after_them() {
    let spend = |least: i64, on: &str| {
        format!(r#"{{"mode":"instant","distributors":{{"spend":{{"at_least_minor":{least},"on":"{on}"}}}}}}"#)
    };
    let befores = [r#"{"mode":"instant"}"#.to_owned(), spend(99_999, "payment"), spend(99_999, "completion")];
    for (before, on) in befores.iter().flat_map(|before| [(before, "payment"), (before, "completion")]) {
        let mut home = ruled(before);
        bind(&mut home, 1, r#"{"register":{"member":3}}"#).unwrap();
        let complete = |home: &mut Home, order: u64, now: i64| {
            run(home, &command("shop", order, "deliver", now, r#""deliver""#));
            run(home, &command("shop", order, "tick", now + 1, r#""tick""#));
        };
        for order in 1..=3 {
            run(&mut home, &place(order, 4, 5));
            pay(&mut home, order, 6);
            run(&mut home, &command("shop", order, "ship", 7, r#""ship""#));
        }
        // Of the first 20.00 are kept, of the second nothing, and of the third all.
        for (order, id, line, amount) in [
            (1, "r1", "a", 6000),
            (1, "r2", "b", 2000),
            (2, "r1", "a", 6000),
            (2, "r2", "b", 2000),
            (2, "r3", "b", 2000),
        ] {
            refund(&mut home, order, id, 8, line);
            let out =
                format!(r#"{{"refund_id":"{id}","transaction_id":"out {order} {id}","amount":{amount}}}"#);
            let body = format!(r#"{{"refund_succeeded":{out}}}"#);
            run(&mut home, &command("shop", order, &format!("{id} out"), 8, &body));
        }
        complete(&mut home, 1, 9);
        complete(&mut home, 3, 9);
        for (now, least, may) in [(20, 22_001, false), (40, 32_000, true)] {
            let policy = binding_policy(&spend(least, on));
            home.store.batch(|batch| batch.put_binding_policy(&shop(), &policy, at(now))).unwrap();
            let order = u64::try_from(now).unwrap();
            run(&mut home, &place(order, 4, now));
            pay(&mut home, order, now);
            run(&mut home, &command("shop", order, "ship", now, r#""ship""#));
            complete(&mut home, order, now);
            let visit = bind(&mut home, now + 1, r#"{"visit":{"member":3,"sharer":4}}"#);
            assert_eq!(visit.is_ok(), may, "{least} {on} after {before}");
        }
        check(&home);
    }
}

/// An order is in the counts it was told for, and leaves no other: one that was paid before the first policy came is in
/// that of completed orders alone, and what goes back of it is not taken off others.
#[test]
fn refunds_leave_the_counts_their_order_is_in() {
    let spend = |on: &str| {
        format!(r#"{{"mode":"instant","distributors":{{"spend":{{"at_least_minor":10000,"on":"{on}"}}}}}}"#)
    };
    for (on, may) in [("payment", true), ("completion", false)] {
        let mut home = Home::new();
        let finish = |home: &mut Home, order: u64, now: i64| {
            run(home, &command("shop", order, "ship", now, r#""ship""#));
            run(home, &command("shop", order, "deliver", now, r#""deliver""#));
            run(home, &command("shop", order, "tick", now + 1, r#""tick""#));
        };
        run(&mut home, &place(1, 4, 1));
        pay(&mut home, 1, 2);
        let policy = binding_policy(&spend(on));
        home.store.batch(|batch| batch.put_binding_policy(&shop(), &policy, at(3))).unwrap();
        for member in 3..=4 {
            bind(&mut home, 3, &format!(r#"{{"register":{{"member":{member}}}}}"#)).unwrap();
        }
        finish(&mut home, 1, 4);
        run(&mut home, &place(2, 4, 6));
        pay(&mut home, 2, 6);
        let visit = |home: &mut Home, now| bind(home, now, r#"{"visit":{"member":3,"sharer":4}}"#);
        visit(&mut home, 7).unwrap();
        let back = r#"{"grant_refund":{"refund_id":"r1","lines":[{"line":"b","units":1,"amount":2000}]}}"#;
        run(&mut home, &command("shop", 1, "r1", 8, back));
        let out = r#"{"refund_succeeded":{"refund_id":"r1","transaction_id":"out","amount":2000}}"#;
        run(&mut home, &command("shop", 1, "r1 out", 8, out));
        assert_eq!(visit(&mut home, 9).is_ok(), may, "{on}");
        check(&home);
    }
}

/// What an order of member 4 counted by the log: the word of each change, its money, and the count it names.
fn counted(home: &Home) -> Vec<(&'static str, i64, Option<Stage>)> {
    let told = |event: &BindingEvent| match event.what {
        What::Paid { spend_minor, .. } | What::Completed { spend_minor, .. } => {
            Some((event.word(), spend_minor, None))
        }
        What::Added { spend_minor, on, .. } | What::Refunded { spend_minor, on, .. } => {
            Some((event.word(), spend_minor, on))
        }
        _ => None,
    };
    let stored = home.store.binding_history(&shop(), &member(4)).unwrap();
    stored.iter().filter_map(|stored| told(&stored.event)).collect()
}

/// Commands that bring order 1 of member 4, which is on record, from a placement to where it shall be.
fn runs(home: &mut Home, commands: &[(&str, i64, &str)]) {
    for (id, now, body) in commands {
        run(home, &command("shop", 1, id, *now, body));
    }
}

/// Money that replaces a charge-back comes back into what was paid, as no payment anew.
#[test]
fn a_charge_back_leaves_the_counts_until_it_is_replaced() {
    let mut home = ruled(r#"{"mode":"instant"}"#);
    run(&mut home, &place(1, 4, 1));
    pay(&mut home, 1, 2);
    runs(
        &mut home,
        &[
            ("ship", 3, r#""ship""#),
            ("gone", 4, r#"{"charge_back":{"transaction_id":"cb","amount":6000}}"#),
            ("back", 5, r#"{"capture":{"transaction_id":"t2","amount":1000}}"#),
            ("deliver", 6, r#""deliver""#),
            ("tick", 7, r#""tick""#),
            ("more", 8, r#"{"capture":{"transaction_id":"t3","amount":5000}}"#),
            (
                "r1",
                9,
                r#"{"grant_refund":{"refund_id":"r1","lines":[{"line":"b","units":1,"amount":2000}]}}"#,
            ),
        ],
    );
    let payment = Some(Stage::Payment);
    assert_eq!(
        counted(&home),
        [
            ("paid", 10_000, None),
            ("refunded", 6000, payment),
            ("added", 1000, payment),
            ("completed", 5000, None),
            ("added", 5000, None),
            ("refunded", 2000, None),
        ]
    );
    check(&home);
}

/// An order whose money was charged back whole counts nowhere, until it is paid again.
#[test]
fn an_order_that_was_charged_back_whole_is_paid_again() {
    let mut home = ruled(r#"{"mode":"instant","distributors":{"orders":{"at_least":1,"on":"payment"}}}"#);
    bind(&mut home, 1, r#"{"register":{"member":3}}"#).unwrap();
    run(&mut home, &place(1, 4, 1));
    pay(&mut home, 1, 2);
    runs(&mut home, &[("gone", 3, r#"{"charge_back":{"transaction_id":"cb","amount":10000}}"#)]);
    let visit = |home: &mut Home, now| bind(home, now, r#"{"visit":{"member":3,"sharer":4}}"#).map(drop);
    assert_eq!(visit(&mut home, 4), Err(Code::NotADistributor));
    runs(&mut home, &[("back", 5, r#"{"capture":{"transaction_id":"t2","amount":10000}}"#)]);
    visit(&mut home, 6).unwrap();
    let told = [("paid", 10_000, None), ("refunded", 10_000, Some(Stage::Payment)), ("paid", 10_000, None)];
    assert_eq!(counted(&home), told);
    check(&home);
}

/// An edit to lines of an id, what is paid, and an SKU.
fn lines(lines: &[(&str, i64, u32)]) -> String {
    let line = |(id, paid, sku): &(&str, i64, u32)| {
        format!(r#"{{"id":"{id}","units":1,"paid":{paid},"facts":{{"sku":"{sku}"}}}}"#)
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    format!(r#"{{"edit":{{"currency":"CNY","lines":[{}]}}}}"#, lines.join(","))
}

fn money(id: &str, amount: i64) -> String {
    format!(r#"{{"capture":{{"transaction_id":"{id}","amount":{amount}}}}}"#)
}

/// What an edit brings in counts when it is paid, goods that are exchanged leave nobody without, and what it takes out
/// may come in again.
#[test]
fn edits_change_what_an_order_counts() {
    let mut home = ruled(r#"{"mode":"instant","distributors":{"goods":{"any":["7","9"],"on":"payment"}}}"#);
    bind(&mut home, 1, r#"{"register":{"member":3}}"#).unwrap();
    run(&mut home, &place(1, 4, 1));
    pay(&mut home, 1, 2);
    let (exchange, more) = (lines(&[("c", 10_000, 9)]), lines(&[("c", 10_000, 9), ("d", 5000, 7)]));
    runs(&mut home, &[("e1", 3, &exchange), ("e2", 4, &more)]);
    let (payment, all) = (Some(Stage::Payment), ("paid", 10_000, None));
    let exchanged = [all, ("added", 0, payment), ("refunded", 0, payment)];
    assert_eq!(counted(&home), exchanged);
    runs(&mut home, &[("t2", 5, &money("t2", 5000))]);
    assert_eq!(counted(&home)[3..], [("added", 5000, payment)]);
    bind(&mut home, 6, r#"{"visit":{"member":3,"sharer":4}}"#).unwrap();
    let stored = home.store.binding_history(&shop(), &member(4)).unwrap();
    assert!(stored.iter().all(|stored| stored.event.what != What::Unqualified));
    check(&home);
}

/// Nobody paid anything of an order whose only line that costs something was called off before the courier came.
#[test]
fn a_gift_that_is_left_is_no_payment() {
    let mut home = ruled(r#"{"mode":"first_payment"}"#);
    bind(&mut home, 1, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    let order = r#"{"place":{"currency":"CNY","lines":[{"id":"a","units":1,"paid":10000},{"id":"g","units":1,"paid":0}],
        "terms":{"window_ms":0,"auto_release":true,"tender":"cash_on_delivery"},"sale":{"buyer":{"id":3},"upline":[]}}}"#;
    let off = r#"{"cancel_lines":{"lines":[{"line":"a","units":1}],"reason":"no"}}"#;
    runs(&mut home, &[("place", 2, order), ("off", 3, off)]);
    assert_eq!(upline(&home.store, 3, 4), []);
    check(&home);
}

/// Money that was charged back and came in again is no first payment, also where nobody was told of the first.
#[test]
fn a_replaced_cent_is_no_first_payment() {
    let mut home = ruled(r#"{"mode":"first_payment"}"#);
    run(&mut home, &place(1, 3, 1));
    pay(&mut home, 1, 2);
    bind(&mut home, 3, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    let gone = r#"{"charge_back":{"transaction_id":"cb","amount":1}}"#;
    let back = r#"{"capture":{"transaction_id":"t2","amount":1}}"#;
    runs(&mut home, &[("gone", 4, gone), ("back", 5, back)]);
    assert_eq!(upline(&home.store, 3, 6), []);
    check(&home);
}

/// An order that was charged back whole when it was completed counts as completed when its money comes in again.
#[test]
fn an_order_completed_without_its_money_counts_later() {
    for amount in [10_000, 9999] {
        let mut home =
            ruled(r#"{"mode":"instant","distributors":{"orders":{"at_least":1,"on":"completion"}}}"#);
        bind(&mut home, 1, r#"{"register":{"member":3}}"#).unwrap();
        run(&mut home, &place(1, 4, 1));
        pay(&mut home, 1, 2);
        let gone = format!(r#"{{"charge_back":{{"transaction_id":"cb","amount":{amount}}}}}"#);
        let (ship, deliver, tick) = (r#""ship""#, r#""deliver""#, r#""tick""#);
        let finish = [("ship", 3, ship), ("gone", 4, &gone), ("deliver", 6, deliver), ("tick", 7, tick)];
        runs(&mut home, &finish);
        runs(&mut home, &[("more", 8, &money("t3", amount))]);
        bind(&mut home, 9, r#"{"visit":{"member":3,"sharer":4}}"#).unwrap();
        check(&home);
    }
}

/// An order that was paid before anybody could be told is not paid for the first time when an edit costs a cent.
#[test]
fn an_edit_of_an_order_paid_before_is_no_first_payment() {
    for registered_late in [true, false] {
        let policy = binding_policy(r#"{"mode":"first_payment"}"#);
        let mut home = Home::new();
        if registered_late {
            home.store.batch(|batch| batch.put_binding_policy(&shop(), &policy, at(0))).unwrap();
        }
        run(&mut home, &place(1, 4, 1));
        pay(&mut home, 1, 2);
        if !registered_late {
            home.store.batch(|batch| batch.put_binding_policy(&shop(), &policy, at(3))).unwrap();
        }
        bind(&mut home, 3, r#"{"register":{"member":1}}"#).unwrap();
        bind(&mut home, 3, r#"{"register":{"member":4,"sharer":1}}"#).unwrap();
        let edit = lines(&[("a", 10_000, 7), ("b", 1, 8)]);
        runs(&mut home, &[("e1", 4, &edit), ("t2", 5, &money("t2", 1))]);
        assert_eq!((upline(&home.store, 4, 6), counted(&home)), (vec![], vec![]));
        run(&mut home, &place(2, 4, 7));
        pay(&mut home, 2, 8);
        assert_eq!(upline(&home.store, 4, 9), [member(1)]);
        check(&home);
    }
}

/// Money that replaces a charge-back pays for nothing else, at the courier's either.
#[test]
fn replaced_money_is_not_in_twice() {
    let order = r#"{"place":{"currency":"CNY","lines":[{"id":"a","units":1,"paid":10000,"facts":{"sku":"7"}}],
        "terms":{"window_ms":0,"auto_release":true,"tender":"cash_on_delivery"},"sale":{"buyer":{"id":4},"upline":[]}}}"#;
    let gone = r#"{"charge_back":{"transaction_id":"cb","amount":5000}}"#;
    let mut home = ruled(r#"{"mode":"instant","distributors":{"goods":{"any":["9"],"on":"payment"}}}"#);
    let half = [("t1", 3, &*money("t1", 5000)), ("gone", 4, gone), ("t2", 5, &*money("t2", 5000))];
    runs(&mut home, &[("place", 2, order)]);
    runs(&mut home, &half);
    assert_eq!(counted(&home), []);
    let edit = lines(&[("a", 10_000, 7), ("c", 5000, 9)]);
    runs(&mut home, &[("t3", 6, &money("t3", 5000)), ("e1", 7, &edit)]);
    let paid = ("paid", 10_000, None);
    assert_eq!(counted(&home), [paid]);
    runs(&mut home, &[("t4", 8, &money("t4", 5000))]);
    assert_eq!(counted(&home), [paid, ("added", 5000, Some(Stage::Payment))]);
    check(&home);
}

/// A gift beside goods that went back is still there, whatever was charged back and replaced before.
#[test]
fn a_replaced_cent_takes_no_gift() {
    let order = r#"{"place":{"currency":"CNY","lines":[{"id":"a","units":1,"paid":10000,"facts":{"sku":"7"}},
        {"id":"g","units":1,"paid":0,"facts":{"sku":"9"}}],
        "terms":{"window_ms":0,"auto_release":true},"sale":{"buyer":{"id":4},"upline":[]}}}"#;
    let mut home = ruled(r#"{"mode":"instant","distributors":{"goods":{"any":["9"],"on":"payment"}}}"#);
    bind(&mut home, 1, r#"{"register":{"member":3}}"#).unwrap();
    let gone = r#"{"charge_back":{"transaction_id":"cb","amount":1}}"#;
    let paid = money("t1", 10_000);
    runs(&mut home, &[("place", 1, order), ("t1", 2, &paid), ("ship", 3, r#""ship""#), ("gone", 4, gone)]);
    runs(&mut home, &[("back", 5, &money("t2", 1))]);
    refund(&mut home, 1, "r1", 6, "a");
    bind(&mut home, 7, r#"{"visit":{"member":3,"sharer":4}}"#).unwrap();
    check(&home);
}

/// An order nobody could be told of while anything was left of it is not told of when money comes in once more.
#[test]
fn an_order_of_which_nothing_is_left_is_not_paid() {
    let mut home = Home::new();
    home.store.batch(|batch| batch.put_binding_policy(&shop(), &binding_policy(PROTECT), at(0))).unwrap();
    run(&mut home, &place(1, 4, 1));
    pay(&mut home, 1, 2);
    run(&mut home, &command("shop", 1, "ship", 3, r#""ship""#));
    for (id, line) in [("r1", "a"), ("r2", "b"), ("r3", "b")] {
        refund(&mut home, 1, id, 4, line);
    }
    let gone = r#"{"charge_back":{"transaction_id":"cb","amount":6000}}"#;
    run(&mut home, &command("shop", 1, "gone", 5, gone));
    bind(&mut home, 6, r#"{"register":{"member":4}}"#).unwrap();
    let back = r#"{"capture":{"transaction_id":"t2","amount":6000}}"#;
    run(&mut home, &command("shop", 1, "back", 7, back));
    assert_eq!(counted(&home), []);
    check(&home);
}
