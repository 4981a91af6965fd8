//! Reports of providers that overtake one another, or say more than one asked for.

use crate::{Shop, delivered};
use fenrun::Code;
use fenrun::trade::order::EventData;

/// By how much more went out than came in, as the events tell it.
fn over_refunded(shop: &Shop) -> Vec<i64> {
    let amounts = shop.stream.events().iter().filter_map(|event| match &event.data {
        EventData::OverRefunded { amount, .. } => Some(*amount),
        _ => None,
    });
    amounts.collect()
}

#[test]
fn each_report_tells_what_it_adds_to_the_claim() {
    let mut shop = Shop::placed();
    let out = |id: &str, amount: u32| {
        format!(r#"{{"refund_succeeded":{{"refund_id":"{id}","transaction_id":"{id}","amount":{amount}}}}}"#)
    };
    shop.paid().ok(&out("a", 4000)).ok(&out("b", 9000)).ok(&out("c", 10));
    shop.ok(r#"{"charge_back":{"transaction_id":"d","amount":500}}"#);
    assert_eq!(over_refunded(&shop), [3000, 10, 500]);
    assert_eq!(shop.int("receivable"), 3510);
}

#[test]
fn a_charge_back_may_be_won_before_it_is_reported() {
    let (won, lost) = (
        r#"{"charge_back_won":{"transaction_id":"d"}}"#,
        r#"{"charge_back":{"transaction_id":"d","amount":10000}}"#,
    );
    let mut shop = delivered();
    assert_eq!(shop.events(won), ["chargeback_won"]);
    assert_eq!(shop.events(won), [""; 0]);
    assert_eq!(shop.events(lost), ["chargeback_recorded"]);
    shop.is("received", "paid", "none");
    assert_eq!((shop.int("charged_back"), shop.int("receivable")), (0, 0));
    assert_eq!(shop.events(lost), [""; 0]);
    let other = r#"{"charge_back":{"transaction_id":"d","amount":1}}"#;
    assert_eq!(shop.events(other), ["provider_conflict"]);
    Shop::new().refused(Code::NotAllowed, won);
}

#[test]
fn nothing_stays_authorized_that_nobody_waits_for() {
    let authorize = r#"{"authorize":{"transaction_id":"a","amount":10000}}"#;
    let mut shop = Shop::placed();
    shop.ok(authorize);
    // Under its own transaction it is used up.
    assert_eq!(shop.events(r#"{"capture":{"transaction_id":"a","amount":10000}}"#), ["payment_captured"]);
    assert_eq!(shop.int("authorized"), 0);
    shop.is("paid", "paid", "none");
    // The money came another way, in two parts.
    let mut shop = Shop::placed();
    shop.ok(authorize).ok(r#"{"capture":{"transaction_id":"b","amount":4000}}"#);
    assert_eq!(shop.int("authorized"), 10000);
    let rest = shop.events(r#"{"capture":{"transaction_id":"c","amount":6000}}"#);
    assert_eq!(rest, ["payment_captured", "authorization_voided"]);
    assert_eq!(shop.int("authorized"), 0);
    // Reports that overtake one another: it was captured before anybody said that it was given.
    let mut shop = Shop::placed();
    shop.ok(r#"{"capture":{"transaction_id":"a","amount":10000}}"#);
    assert_eq!(shop.events(authorize), ["payment_authorized"]);
    assert_eq!(shop.int("authorized"), 0);
    // On delivery money is waited for until it is there.
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","units":2,"paid":10000}],"currency":"CNY","terms":{"tender":"cash_on_delivery"}}"#,
    );
    shop.ok(r#""release""#);
    assert_eq!(shop.events(authorize), ["payment_authorized"]);
    let cash = shop.events(r#"{"capture":{"transaction_id":"cash","amount":10000}}"#);
    assert_eq!(cash, ["payment_captured", "authorization_voided"]);
}

#[test]
fn an_authorization_in_the_place_of_money_charged_back_stays_open() {
    let mut shop = Shop::placed();
    shop.paid().ok(r#"{"charge_back":{"transaction_id":"d","amount":10000}}"#);
    let promised = r#"{"authorize":{"transaction_id":"a","amount":10000}}"#;
    assert_eq!(shop.events(promised), ["payment_authorized"]);
    let taken = r#"{"capture":{"transaction_id":"n","amount":10000}}"#;
    assert_eq!(shop.events(taken), ["payment_captured", "authorization_voided"]);
}

#[test]
fn a_report_that_does_not_fit_names_its_order_and_transaction() {
    let most = i64::MAX;
    for (first, what) in [(0, "capture"), (10_000, "capture"), (0, "charge_back")] {
        let mut shop = Shop::placed();
        if first > 0 {
            shop.paid();
        }
        let told = |id: &str| format!(r#"{{"{what}":{{"transaction_id":"{id}","amount":{most}}}}}"#);
        let error = match first {
            0 => shop.ok(&told("x1")).send(&told("x2")),
            _ => shop.send(&told("x2")),
        };
        let sum = if first > 0 { first } else { most };
        let rule = format!("order 1: transaction x2: {sum} + {most} does not fit a signed 64-bit amount");
        let error = error.unwrap_err().to_string();
        assert!(error.contains(&rule), "{error}");
    }
}
