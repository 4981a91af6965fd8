//! Orders through their JSON face: every test drives commands as a host would write them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod quotes;
mod reports;

use fenrun::doc::{Node, read_json};
use fenrun::trade::order::{Command, Event, OrderStream};
use fenrun::{Code, Error};

/// One order, and a counter that names commands.
struct Shop {
    stream: OrderStream,
    sent: u32,
    now: i64,
}

impl Shop {
    fn new() -> Self {
        Self { stream: OrderStream::new("t", "1").unwrap(), sent: 0, now: 0 }
    }

    /// A shop with one order of one line: 2 units for 100.00.
    fn placed() -> Self {
        Self::with(r#"{"lines":[{"id":"a","units":2,"paid":10000}],"currency":"CNY"}"#)
    }

    fn with(place: &str) -> Self {
        let mut shop = Self::new();
        shop.ok(&format!("{{\"place\":{place}}}"));
        shop
    }

    fn send_as(&mut self, id: &str, command: &str) -> Result<Node, Error> {
        let text = format!(
            r#"{{"tenant":"t","order_id":"1","command_id":"{id}","now":{},"actor":"test","command":{command}}}"#,
            self.now
        );
        self.stream.handle_json(&text)
    }

    fn send(&mut self, command: &str) -> Result<Node, Error> {
        self.sent += 1;
        let id = format!("c{}", self.sent);
        self.send_as(&id, command)
    }

    fn ok(&mut self, command: &str) -> &mut Self {
        self.send(command).unwrap_or_else(|error| panic!("{command}: {error}"));
        self
    }

    fn refused(&mut self, code: Code, command: &str) -> &mut Self {
        let before = self.stream.clone();
        let error = self.send(command).map(|node| node.to_json()).unwrap_err();
        assert_eq!(error.code(), code, "{command}: {error}");
        assert_eq!(self.stream, before, "{command}");
        self
    }

    fn events(&mut self, command: &str) -> Vec<String> {
        let answer = self.send(command).unwrap_or_else(|error| panic!("{command}: {error}"));
        let Some(Node::List(events)) = answer.get("events") else { panic!("{}", answer.to_json()) };
        events.iter().map(|event| event.get("type").unwrap().as_text().unwrap().to_owned()).collect()
    }

    fn state(&self) -> Node {
        self.stream.order().to_node()
    }

    fn text(&self, key: &str) -> String {
        self.state().get(key).and_then(Node::as_text).unwrap_or_default().to_owned()
    }

    fn int(&self, key: &str) -> i64 {
        match self.state().get(key) {
            Some(Node::Int(value)) => *value,
            other => panic!("{key}: {other:?}"),
        }
    }

    fn is(&mut self, life: &str, payment: &str, refund: &str) -> &mut Self {
        assert_eq!([self.text("life"), self.text("payment"), self.text("refund")], [life, payment, refund]);
        self
    }

    fn paid(&mut self) -> &mut Self {
        self.ok(r#"{"capture":{"transaction_id":"pay","amount":10000}}"#)
    }

    fn last_refund(&self) -> String {
        let order = self.stream.order();
        order.refunds().iter().find(|(_, refund)| refund.open > 0).unwrap().0.to_string()
    }
}

#[test]
fn the_whole_way() {
    let mut shop = Shop::placed();
    shop.is("pending_payment", "unpaid", "none").paid().is("paid", "paid", "none");
    shop.ok(r#""release""#).is("awaiting_shipment", "paid", "none");
    shop.ok(r#"{"ship":{"lines":[{"line":"a","units":1}]}}"#).is("partially_shipped", "paid", "none");
    shop.ok(r#""ship""#).is("shipped", "paid", "none");
    shop.ok(r#"{"deliver":{"lines":[{"line":"a","units":1}]}}"#).is("partially_received", "paid", "none");
    shop.ok(r#"{"deliver":{}}"#).is("received", "paid", "none");
    assert_eq!(shop.events(r#""tick""#), ["order_completed"]);
    shop.is("completed", "paid", "none");
    assert_eq!(shop.int("version"), 8);
    assert_eq!(shop.state().get("display").unwrap().to_json(), r#"{"en":"Completed","zh":"已完成"}"#);
}

#[test]
fn a_log_is_its_order() {
    let mut shop = Shop::placed();
    shop.paid().ok(r#""release""#).ok(r#""ship""#);
    shop.ok(r#"{"refund_lines":{"refund_id":"r1","lines":[{"line":"a","units":1}],"reason":"少件"}}"#);
    let log: Vec<String> = shop.stream.events().iter().map(Event::to_json).collect();
    let events: Vec<Event> = log.iter().map(|line| Event::from_json(line).unwrap()).collect();
    for (event, line) in events.iter().zip(&log) {
        assert_eq!(event.to_json(), *line);
        assert_eq!(event.to_node().to_json(), *line);
    }
    assert_eq!(OrderStream::replay(events.clone()).unwrap(), shop.stream);
    let mut gap = events.clone();
    gap.remove(2);
    assert_eq!(OrderStream::replay(gap).unwrap_err().code(), Code::InvalidEvent);
    assert_eq!(OrderStream::replay(Vec::new()).unwrap_err().code(), Code::InvalidEvent);
    let unknown = log[1].replace("payment_captured", "payment_dreamt");
    assert_eq!(Event::from_json(&unknown).unwrap_err().code(), Code::InvalidEvent);
    let moved = log[1].replace("\"seq\":2", "\"seq\":9");
    assert_eq!(Event::from_json(&moved).unwrap_err().code(), Code::InvalidEvent);
    let newer = log[1].replace("\"schema\":0", "\"schema\":1");
    assert_eq!(Event::from_json(&newer).unwrap_err().code(), Code::InvalidEvent);
    let more = log[1].replace("\"schema\":0", "\"remark\":\"x\",\"schema\":0");
    assert_eq!(Event::from_json(&more).unwrap(), events[1]);
}

#[test]
fn one_command_acts_once() {
    let mut shop = Shop::placed();
    let pay = r#"{"capture":{"transaction_id":"pay","amount":10000}}"#;
    let first = shop.send_as("pay", pay).unwrap();
    shop.now = 99;
    let again = shop.send_as("pay", pay).unwrap();
    assert_eq!(first.get("events"), again.get("events"));
    assert_eq!([first.get("repeat"), again.get("repeat")], [Some(&false.into()), Some(&true.into())]);
    let other = r#"{"capture":{"transaction_id":"pay","amount":1}}"#;
    assert_eq!(shop.send_as("pay", other).unwrap_err().code(), Code::IdempotencyConflict);
    assert_eq!(shop.int("version"), 2);
}

#[test]
fn a_stale_version_is_refused_but_a_repeat_is_not() {
    let mut shop = Shop::placed();
    let text = |id: &str, version: u64| {
        format!(
            r#"{{"tenant":"t","order_id":"1","expected_version":{version},"command_id":"{id}","now":0,"actor":"x",
            "command":{{"capture":{{"transaction_id":"{id}","amount":10}}}}}}"#
        )
    };
    shop.stream.handle_json(&text("p", 1)).unwrap();
    assert_eq!(shop.stream.handle_json(&text("q", 1)).unwrap_err().code(), Code::VersionConflict);
    assert_eq!(shop.stream.handle_json(&text("p", 1)).unwrap().get("repeat"), Some(&true.into()));
    let elsewhere = text("z", 2).replace("\"order_id\":\"1\"", "\"order_id\":\"2\"");
    assert_eq!(shop.stream.handle_json(&elsewhere).unwrap_err().code(), Code::InvalidCommand);
}

#[test]
fn authorizations_are_captured_or_given_up() {
    let mut shop = Shop::placed();
    shop.ok(r#"{"authorize":{"transaction_id":"x","amount":4000}}"#).is("pending_payment", "unpaid", "none");
    shop.ok(r#"{"authorize":{"transaction_id":"y","amount":6000}}"#).is("authorized", "authorized", "none");
    let mut other = Shop { stream: shop.stream.clone(), sent: 50, now: 0 };
    shop.ok(r#"{"void_authorization":{"transaction_id":"x"}}"#).is("pending_payment", "unpaid", "none");
    shop.ok(r#"{"void_authorization":{"transaction_id":"y"}}"#).is("pending_payment", "voided", "none");
    assert!(shop.events(r#"{"void_authorization":{"transaction_id":"y"}}"#).is_empty());
    // The end of an authorization may be reported before its beginning.
    assert_eq!(shop.events(r#"{"void_authorization":{"transaction_id":"w"}}"#), ["authorization_voided"]);
    assert!(shop.events(r#"{"void_authorization":{"transaction_id":"w"}}"#).is_empty());
    let begun = r#"{"authorize":{"transaction_id":"w","amount":10000}}"#;
    shop.ok(begun).is("pending_payment", "voided", "none");
    assert!(shop.events(begun).is_empty());
    assert_eq!(
        shop.events(r#"{"authorize":{"transaction_id":"w","amount":1}}"#),
        ["provider_conflict"],
        "the amount is known now"
    );
    assert_eq!(shop.int("authorized"), 0);
    let ended = other.events(r#"{"cancel":{}}"#);
    assert_eq!(ended, ["order_cancelled", "authorization_voided", "authorization_voided"]);
    other.is("cancelled", "voided", "none");
    let late = other.events(r#"{"authorize":{"transaction_id":"z","amount":10000}}"#);
    assert_eq!(late, ["payment_authorized", "authorization_voided"]);
    assert_eq!(other.int("authorized"), 0);
}

#[test]
fn half_paid_orders_are_refunded_when_they_end() {
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","units":2,"paid":10000}],"currency":"CNY","terms":{"pay_within_ms":100}}"#,
    );
    shop.ok(r#"{"capture":{"transaction_id":"p","amount":4000}}"#).is(
        "partially_paid",
        "partially_paid",
        "none",
    );
    shop.now = 99;
    assert!(shop.events(r#""tick""#).is_empty());
    assert_eq!(shop.state().get("deadlines").unwrap().to_json(), r#"[{"at":100,"kind":"pay_by"}]"#);
    shop.now = 100;
    assert_eq!(shop.events(r#""tick""#), ["order_expired", "refund_reserved"]);
    assert!(shop.events(r#""tick""#).is_empty());
    shop.is("expired", "partially_paid", "refunding");
    let refund = shop.last_refund();
    shop.ok(&format!(
        r#"{{"refund_succeeded":{{"refund_id":"{refund}","transaction_id":"b","amount":4000}}}}"#
    ));
    shop.is("expired", "partially_paid", "refunded");
}

#[test]
fn late_and_excess_captures_are_recorded_and_refunded() {
    let mut shop = Shop::placed();
    shop.ok(r#"{"cancel":{"reason":"changed my mind"}}"#).is("cancelled", "unpaid", "none");
    let late = shop.events(r#"{"capture":{"transaction_id":"p","amount":10000}}"#);
    assert_eq!(late, ["payment_captured", "refund_reserved"]);
    shop.is("cancelled", "paid", "refunding");
    let mut shop = Shop::placed();
    shop.ok(r#"{"capture":{"transaction_id":"p","amount":10500}}"#).is("paid", "overpaid", "refunding");
    assert_eq!((shop.int("captured"), shop.int("refunding")), (10500, 500));
    shop.ok(r#"{"capture":{"transaction_id":"q","amount":1}}"#).is("paid", "overpaid", "refunding");
    assert_eq!((shop.int("captured"), shop.int("refunding")), (10501, 501));
}

#[test]
fn a_transaction_counts_once_and_contradictions_move_no_money() {
    let mut shop = Shop::placed();
    shop.paid();
    assert!(shop.events(r#"{"capture":{"transaction_id":"pay","amount":10000}}"#).is_empty());
    let other = r#"{"capture":{"transaction_id":"pay","amount":9999}}"#;
    assert_eq!(shop.events(other), ["provider_conflict"]);
    assert!(shop.events(other).is_empty());
    shop.is("paid", "paid", "none");
    assert_eq!((shop.int("captured"), shop.int("conflicts")), (10000, 1));
    shop.refused(Code::InvalidCommand, r#"{"capture":{"transaction_id":"x","amount":0}}"#);
    let huge = format!(r#"{{"capture":{{"transaction_id":"x","amount":{}}}}}"#, i64::MAX);
    shop.refused(Code::Overflow, &huge);
}

#[test]
fn a_refund_takes_the_discounted_line_and_shipping_goes_last() {
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","units":3,"paid":10000,"list":30000},{"id":"b","paid":500}],
            "shipping":800,"total":11300,"currency":"CNY"}"#,
    );
    shop.ok(r#"{"capture":{"transaction_id":"p","amount":11300}}"#).ok(r#""release""#).ok(r#""ship""#);
    shop.ok(r#"{"refund_lines":{"refund_id":"r1","lines":[{"line":"a","units":1}]}}"#);
    assert_eq!(shop.int("refunding"), 3333);
    shop.refused(
        Code::InvalidCommand,
        r#"{"refund_lines":{"refund_id":"r1","lines":[{"line":"a","units":1}]}}"#,
    );
    shop.refused(
        Code::TooManyUnits,
        r#"{"refund_lines":{"refund_id":"r2","lines":[{"line":"a","units":3}]}}"#,
    );
    shop.ok(r#"{"refund_lines":{"refund_id":"r2","lines":[{"line":"a","units":2},{"line":"b","units":1}]}}"#);
    assert_eq!((shop.int("refunding"), shop.int("shipping_left")), (11300, 0));
    shop.ok(r#"{"refund_succeeded":{"refund_id":"r1","transaction_id":"b1","amount":3333}}"#);
    shop.is("shipped", "paid", "refunding");
    shop.ok(r#"{"refund_failed":{"refund_id":"r2","transaction_id":"b2","reason":"bank"}}"#);
    assert!(shop.events(r#"{"refund_failed":{"refund_id":"r2","transaction_id":"b2"}}"#).is_empty());
    shop.ok(r#"{"refund_succeeded":{"refund_id":"r2","transaction_id":"b3","amount":7967}}"#);
    shop.is("refunded", "paid", "refunded");
    assert_eq!(shop.text("life"), "refunded");
    assert!(shop.stream.order().left().iter().all(|line| line.net_left == 0 && line.units_left == 0));
}

#[test]
fn amounts_below_the_entitlement_leave_a_recorded_shortfall() {
    let mut shop = Shop::placed();
    shop.paid().ok(r#""release""#).ok(r#""ship""#).ok(r#""deliver""#);
    let grant = |id: &str, rest: &str| {
        format!(r#"{{"refund_lines":{{"refund_id":"{id}","lines":[{{"line":"a",{rest}}}]}}}}"#)
    };
    shop.refused(Code::InvalidCommand, &grant("r", r#""amount":0"#));
    shop.refused(Code::InvalidCommand, &grant("r", r#""units":0"#));
    shop.refused(Code::OverRefund, &grant("r", r#""amount":10001"#));
    shop.refused(Code::InvalidCommand, r#"{"refund_lines":{"refund_id":"r"}}"#);
    shop.refused(Code::UnknownLine, r#"{"refund_lines":{"refund_id":"r","lines":[{"line":"z","units":1}]}}"#);
    shop.ok(&grant("r1", r#""amount":1000"#));
    shop.ok(&grant("r2", r#""units":1,"amount":2000"#));
    shop.ok(&grant("r3", r#""units":1"#));
    assert_eq!(shop.int("refunding"), 1000 + 2000 + 5000);
    let left = shop.stream.order().left();
    assert_eq!((left[0].units_left, left[0].net_left), (0, 0));
}

#[test]
fn before_shipment_a_refund_cancels_the_units() {
    let mut shop = Shop::placed();
    shop.paid();
    shop.ok(r#"{"refund_lines":{"refund_id":"r1","lines":[{"line":"a","units":1}]}}"#);
    shop.is("paid", "paid", "refunding");
    let line = shop.stream.order().lines()[0];
    assert_eq!((line.cancelled, line.refunded, line.live()), (1, 0, 1));
    shop.ok(r#""release""#).ok(r#""ship""#).is("shipped", "paid", "refunding");
    let mut shop = Shop::placed();
    shop.paid().ok(r#"{"refund_lines":{"refund_id":"r1","lines":[{"line":"a","units":2}]}}"#);
    shop.is("cancelled", "paid", "refunding");
}

#[test]
fn lines_are_cancelled_until_they_ship() {
    let mut shop = Shop::placed();
    shop.refused(Code::NotAllowed, r#"{"cancel_lines":{"lines":[{"line":"a","units":1}]}}"#);
    shop.paid().ok(r#""release""#).ok(r#"{"ship":{"lines":[{"line":"a","units":1}]}}"#);
    shop.refused(Code::NotAllowed, r#"{"cancel":{}}"#);
    shop.refused(Code::TooManyUnits, r#"{"cancel_lines":{"lines":[{"line":"a","units":2}]}}"#);
    shop.refused(Code::InvalidCommand, r#"{"cancel_lines":{"lines":[]}}"#);
    let twice = r#"{"cancel_lines":{"lines":[{"line":"a","units":1},{"line":"a","units":1}]}}"#;
    shop.refused(Code::InvalidCommand, twice);
    let events = shop.events(r#"{"cancel_lines":{"lines":[{"line":"a","units":1}]}}"#);
    assert_eq!(events, ["refund_reserved", "lines_cancelled"]);
    shop.is("shipped", "paid", "refunding");
    assert_eq!(shop.int("refunding"), 5000);
}

#[test]
fn the_last_units_are_gone_before_their_money_is() {
    let mut shop = Shop::placed();
    shop.paid().ok(r#""release""#).ok(r#"{"ship":{"lines":[{"line":"a","units":1}]}}"#);
    shop.ok(r#"{"refund_lines":{"refund_id":"r","lines":[{"line":"a","units":1}]}}"#);
    shop.ok(r#"{"refund_succeeded":{"refund_id":"r","transaction_id":"b","amount":5000}}"#);
    shop.is("partially_shipped", "paid", "partially_refunded");
    shop.ok(r#"{"cancel_lines":{"lines":[{"line":"a","units":1}]}}"#).is("shipped", "paid", "refunding");
    let refund = shop.last_refund();
    shop.ok(&format!(
        r#"{{"refund_succeeded":{{"refund_id":"{refund}","transaction_id":"c","amount":5000}}}}"#
    ));
    shop.is("refunded", "paid", "refunded");
}

#[test]
fn held_orders_go_nowhere_but_can_be_cancelled() {
    let mut shop = Shop::placed();
    shop.paid().refused(Code::NotAllowed, r#""unhold""#).ok(r#"{"hold":{"reason":"risk"}}"#);
    shop.refused(Code::NotAllowed, r#""release""#).refused(Code::NotAllowed, r#""hold""#);
    shop.ok(r#""unhold""#).ok(r#""release""#).ok(r#"{"hold":{}}"#).refused(Code::NotAllowed, r#""ship""#);
    assert_eq!(shop.events(r#"{"cancel":{}}"#), ["order_cancelled", "refund_reserved"]);
}

#[test]
fn auto_release_and_timers() {
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","units":2,"paid":10000}],"currency":"CNY",
            "terms":{"auto_release":true,"receive_within_ms":1000,"window_ms":500}}"#,
    );
    let pay = r#"{"capture":{"transaction_id":"p","amount":10000}}"#;
    assert_eq!(shop.events(pay), ["payment_captured", "order_released"]);
    shop.ok(r#""ship""#).is("shipped", "paid", "none");
    shop.now = 1000;
    assert_eq!(shop.events(r#""tick""#), ["goods_delivered"]);
    shop.is("received", "paid", "none");
    shop.ok(r#"{"refund_lines":{"refund_id":"r","lines":[{"line":"a","units":1}]}}"#);
    shop.now = 1500;
    assert!(shop.events(r#""tick""#).is_empty(), "a refund is open");
    shop.ok(r#"{"refund_succeeded":{"refund_id":"r","transaction_id":"b","amount":5000}}"#);
    assert_eq!(shop.events(r#""tick""#), ["order_completed"]);
    shop.is("completed", "paid", "partially_refunded");
    shop.ok(r#"{"grant_refund":{"refund_id":"s","lines":[{"line":"a","amount":100}],"reason":"goodwill"}}"#);
    shop.is("completed", "paid", "refunding");
    let free = r#"{"lines":[{"id":"a","paid":0}],"currency":"CNY","terms":{"auto_release":true}}"#;
    let mut shop = Shop::with(free);
    shop.is("awaiting_shipment", "paid", "none");
    shop.ok(r#"{"ship":{}}"#).ok(r#"{"refund_lines":{"refund_id":"r","lines":[{"line":"a","units":1}]}}"#);
    shop.is("refunded", "paid", "none");
}

#[test]
fn one_tick_runs_every_timer_that_is_due() {
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","paid":100}],"currency":"CNY",
            "terms":{"auto_release":true,"receive_within_ms":1000,"window_ms":0}}"#,
    );
    shop.ok(r#"{"capture":{"transaction_id":"p","amount":100}}"#).ok(r#""ship""#);
    shop.now = 5000;
    assert_eq!(shop.events(r#""tick""#), ["goods_delivered", "order_completed"]);
    assert!(shop.events(r#""tick""#).is_empty());
}

#[test]
fn what_providers_pay_beyond_what_came_in_is_a_claim() {
    let mut shop = Shop::placed();
    shop.paid().ok(r#"{"refund_lines":{"refund_id":"r1","lines":[{"line":"a","units":1}]}}"#);
    let paid_out = |id: &str, transaction: &str, amount: i64| {
        format!(
            r#"{{"refund_succeeded":{{"refund_id":"{id}","transaction_id":"{transaction}","amount":{amount}}}}}"#
        )
    };
    assert_eq!(shop.events(&paid_out("unknown", "b1", 6000)), ["refund_succeeded", "over_refunded"]);
    assert_eq!((shop.int("receivable"), shop.int("refunded"), shop.int("refunding")), (1000, 6000, 5000));
    assert_eq!(shop.events(&paid_out("r1", "b2", 5000)), ["refund_succeeded"]);
    assert!(shop.events(&paid_out("r1", "b2", 5000)).is_empty());
    assert_eq!(shop.events(&paid_out("other", "b2", 5000)), ["provider_conflict"]);
    let failed = r#"{"refund_failed":{"refund_id":"r1","transaction_id":"b2"}}"#;
    assert_eq!(shop.events(failed), ["provider_conflict"]);
    shop.refused(Code::UnknownRefund, r#"{"refund_failed":{"refund_id":"no","transaction_id":"b9"}}"#);
    assert_eq!(shop.events(r#"{"cancel":{}}"#), ["order_cancelled"], "nothing is left to refund");
    assert_eq!(shop.int("receivable"), 1000);
}

#[test]
fn bad_documents_are_named() {
    let mut shop = Shop::new();
    for (code, command) in [
        (Code::UnknownWord, r#""fly""#),
        (Code::InvalidValue, r#"{"hold":{},"unhold":{}}"#),
        (Code::UnknownKey, r#"{"cancel":{"raison":"x"}}"#),
        (Code::MissingKey, r#"{"capture":{"amount":5}}"#),
        (Code::Syntax, r#"{"capture":{"transaction_id":"p","amount":5.0}}"#),
        (Code::NotAllowed, r#"{"capture":{"transaction_id":"p","amount":5}}"#),
        (Code::NotAllowed, r#""release""#),
        (Code::MissingKey, r#"{"place":{"lines":[{"id":1,"paid":5}]}}"#),
        (Code::InvalidCommand, r#"{"place":{"lines":[],"currency":"CNY"}}"#),
        (Code::InvalidCommand, r#"{"place":{"lines":[{"id":1,"list":5}],"currency":"CNY"}}"#),
        (Code::InvalidCommand, r#"{"place":{"lines":[{"id":1,"paid":5}],"currency":"CNY","total":6}}"#),
        (Code::InvalidCommand, r#"{"place":{"lines":[{"id":1,"paid":5}],"currency":"CNY","shipping":-1}}"#),
        (
            Code::InvalidCommand,
            r#"{"place":{"lines":[{"id":1,"paid":5},{"id":1,"paid":5}],"currency":"CNY"}}"#,
        ),
        (
            Code::InvalidCommand,
            r#"{"place":{"lines":[{"id":1,"paid":5}],"currency":"CNY","sale":{"buyer":1,"upline":[2,1]}}}"#,
        ),
        (
            Code::Overflow,
            r#"{"place":{"lines":[{"id":1,"paid":9223372036854775807}],"shipping":1,"currency":"CNY"}}"#,
        ),
    ] {
        shop.refused(code, command);
    }
    assert!(shop.events(r#""tick""#).is_empty());
    let text = r#"{"order_id":"1","command_id":"c","now":0,"actor":"a","command":"tick","extra":1}"#;
    assert_eq!(Command::from_node(&read_json(text, 1000).unwrap()).unwrap_err().code(), Code::UnknownKey);
}

#[test]
fn an_order_becomes_the_sale_it_froze() {
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"10","paid":300,"facts":{"category":"tea"}},{"id":"9","units":2,"paid":100,"pv":7}],
            "currency":"CNY","shipping":50,"sale":{"buyer":"u","upline":[{"id":"v","rank":"V1"},"w",null],
            "roles":{"staff":"s"},"facts":{"channel":"app"},"plan":"abc"}}"#,
    );
    let sale = shop.stream.order().to_sale().unwrap();
    assert_eq!(
        sale.to_node().to_json(),
        r#"{"buyer":"u","currency":"CNY","facts":{"channel":"app"},"id":"1","lines":[{"id":"9","paid":100,"pv":7,"units":2},{"facts":{"category":"tea"},"id":"10","paid":300}],"roles":{"staff":"s"},"tenant":"t","upline":[{"id":"v","rank":"V1"},"w"]}"#
    );
    assert_eq!(shop.stream.order().placement().unwrap().plan(), Some("abc"));
    shop.ok(r#"{"capture":{"transaction_id":"p","amount":450}}"#);
    shop.ok(r#"{"cancel_lines":{"lines":[{"line":"9","units":1}]}}"#);
    let left = shop.stream.order().left();
    assert_eq!((left[0].line.as_str(), left[0].units_left, left[0].net_left), ("9", 1, 50));
    assert_eq!(shop.stream.order().to_sale().unwrap(), sale, "the sale is frozen");
    let log: Vec<String> = shop.stream.events().iter().map(Event::to_json).collect();
    let events = log.iter().map(|line| Event::from_json(line).unwrap()).collect();
    assert_eq!(OrderStream::replay(events).unwrap().order(), shop.stream.order());
    assert_eq!(Shop::placed().stream.order().to_sale().unwrap_err().code(), Code::InvalidSale);
}

/// What `reserve` derives for the next event but one: whoever can compute it can name it first.
fn derived_refund(shop: &Shop, seq: u64) -> String {
    let order = shop.stream.order();
    fenrun::doc::short_hash(&[
        "fenrun.refund/0",
        order.tenant().as_str(),
        order.id().as_str(),
        &seq.to_string(),
    ])
}

#[test]
fn an_id_that_somebody_took_is_not_derived_again() {
    let mut shop = Shop::placed();
    shop.paid();
    let taken = derived_refund(&shop, 5);
    shop.ok(&format!(r#"{{"refund_lines":{{"refund_id":"{taken}","lines":[{{"line":"a","amount":10}}]}}}}"#));
    let events = shop.events(r#"{"capture":{"transaction_id":"more","amount":50}}"#);
    assert_eq!(events, ["payment_captured", "refund_reserved"]);
    assert_eq!((shop.int("captured"), shop.int("refunding"), shop.int("version")), (10050, 60, 5));
    let replayed = OrderStream::replay(shop.stream.events().to_vec()).unwrap();
    assert_eq!(replayed, shop.stream);
}

fn pay_out(id: &str, transaction: &str, amount: i64) -> String {
    format!(
        r#"{{"refund_succeeded":{{"refund_id":"{id}","transaction_id":"{transaction}","amount":{amount}}}}}"#
    )
}

fn give(command: &str, id: &str, rest: &str) -> String {
    format!(r#"{{"{command}":{{"refund_id":"{id}","lines":[{{"line":"a",{rest}}}]}}}}"#)
}

fn delivered() -> Shop {
    let mut shop = Shop::placed();
    shop.paid().ok(r#""release""#).ok(r#""ship""#).ok(r#""deliver""#);
    shop
}

#[test]
fn a_charge_back_goes_before_a_refund_that_failed() {
    let mut shop = delivered();
    shop.ok(&give("refund_lines", "r", r#""units":2"#));
    shop.ok(r#"{"refund_failed":{"refund_id":"r","transaction_id":"no"}}"#);
    shop.ok(r#"{"charge_back":{"transaction_id":"d","amount":6000}}"#);
    let retry = r#"{"retry_refund":{"refund_id":"r"}}"#;
    assert_eq!(shop.events(retry), ["refund_set_off", "refund_retried"]);
    assert_eq!((shop.int("refunding"), shop.int("receivable")), (4000, 0));
    shop.ok(r#"{"refund_failed":{"refund_id":"r","transaction_id":"no again"}}"#);
    shop.ok(r#"{"charge_back":{"transaction_id":"e","amount":4000}}"#);
    assert_eq!(shop.events(retry), ["refund_set_off"]);
    shop.is("refunded", "charged_back", "none").refused(Code::NotAllowed, retry);
    // Won after all: the money is there, and nobody has a use for it.
    assert_eq!(
        shop.events(r#"{"charge_back_won":{"transaction_id":"d"}}"#),
        ["chargeback_won", "refund_reserved"]
    );
    assert_eq!(shop.int("refunding"), 6000);
}

#[test]
fn goods_do_not_leave_for_money_that_is_gone() {
    let mut shop = delivered();
    shop.ok(r#"{"open_case":{"case_id":"k","kind":"exchange","lines":[{"line":"a","units":1}]}}"#);
    shop.ok(r#"{"approve_case":{"case_id":"k"}}"#);
    shop.ok(r#"{"receive_return":{"case_id":"k","lines":[{"line":"a","ok":1}]}}"#);
    shop.ok(r#"{"charge_back":{"transaction_id":"d","amount":10000}}"#)
        .ok(r#"{"resolve_case":{"case_id":"k"}}"#);
    shop.refused(Code::NotAllowed, r#"{"ship_replacement":{"case_id":"k"}}"#);
    shop.ok(r#"{"charge_back_won":{"transaction_id":"d"}}"#).ok(r#"{"ship_replacement":{"case_id":"k"}}"#);
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","units":2,"paid":10000}],"currency":"CNY","terms":{"tender":"cash_on_delivery"}}"#,
    );
    shop.paid().ok(r#"{"charge_back":{"transaction_id":"d","amount":10000}}"#);
    shop.refused(Code::NotAllowed, r#""release""#);
    shop.ok(r#"{"charge_back_won":{"transaction_id":"d"}}"#).ok(r#""release""#);
    shop.ok(r#"{"charge_back":{"transaction_id":"e","amount":1}}"#).refused(Code::NotAllowed, r#""ship""#);
}

#[test]
fn units_that_came_back_are_the_shops() {
    let mut shop = delivered();
    shop.ok(r#"{"open_case":{"case_id":"k","kind":"return_and_refund","lines":[{"line":"a","units":2}]}}"#);
    shop.ok(r#"{"approve_case":{"case_id":"k"}}"#);
    shop.ok(r#"{"receive_return":{"case_id":"k","lines":[{"line":"a","ok":1,"damaged":1}]}}"#);
    let end = |units: u64| {
        let part = format!(r#"{{"line":"a","units":{units},"amount":10}}"#);
        format!(r#"{{"resolve_case":{{"case_id":"k","refund_id":"r","lines":[{part}]}}}}"#)
    };
    shop.refused(Code::InvalidCommand, &end(0)).refused(Code::InvalidCommand, &end(1)).ok(&end(2));
    shop.refused(
        Code::TooManyUnits,
        r#"{"open_case":{"case_id":"l","kind":"return_and_refund","lines":[{"line":"a","units":1}]}}"#,
    );
}

#[test]
fn what_is_kept_of_units_that_are_gone_can_be_given_back() {
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","units":2,"paid":10000}],"shipping":500,"rounding":-3,"currency":"CNY"}"#,
    );
    shop.ok(r#"{"capture":{"transaction_id":"p","amount":10497}}"#).ok(r#""release""#).ok(r#""ship""#);
    let first =
        r#"{"refund_lines":{"refund_id":"r","shipping":0,"lines":[{"line":"a","units":2,"amount":2}]}}"#;
    shop.ok(first).ok(&pay_out("r", "x", 2)).is("refunded", "paid", "partially_refunded");
    let display = shop.state().get("display").unwrap().to_json();
    assert_eq!(display, r#"{"en":"Partially refunded","zh":"部分退款"}"#);
    shop.refused(Code::NotAllowed, &give("refund_lines", "s", r#""amount":1"#));
    shop.refused(Code::OverRefund, &give("grant_refund", "s", r#""amount":9999"#));
    shop.ok(&give("grant_refund", "s", r#""amount":9998"#));
    shop.ok(r#"{"grant_refund":{"refund_id":"t","shipping":500}}"#);
    assert_eq!(shop.int("refunding"), 10495);
    shop.ok(&pay_out("s", "y", 9998)).ok(&pay_out("t", "z", 497)).is("refunded", "paid", "refunded");
    assert_eq!(shop.state().get("display").unwrap().get("en"), Some(&"Fully refunded".into()));
}

#[test]
fn money_given_ahead_of_units_is_not_asked_for_again() {
    let mut shop = Shop::placed();
    shop.paid().ok(&give("refund_lines", "g", r#""amount":1"#)).ok(&give(
        "refund_lines",
        "r",
        r#""units":1"#,
    ));
    shop.refused(Code::InvalidCommand, &give("refund_lines", "s", r#""units":1,"amount":4998"#));
    shop.ok(&give("refund_lines", "s", r#""units":1"#)).is("cancelled", "paid", "refunding");
    assert_eq!(shop.int("refunding"), 10000);
}

fn exchanged() -> Shop {
    let mut shop = delivered();
    shop.ok(r#"{"open_case":{"case_id":"k","kind":"exchange","lines":[{"line":"a","units":2}]}}"#);
    shop.ok(r#"{"approve_case":{"case_id":"k"}}"#);
    shop.ok(r#"{"receive_return":{"case_id":"k","lines":[{"line":"a","ok":2}]}}"#);
    shop.ok(r#"{"resolve_case":{"case_id":"k"}}"#);
    shop
}

#[test]
fn an_exchange_may_end_with_a_refund_until_the_goods_arrive() {
    let refund = r#"{"resolve_case":{"case_id":"k","refund_id":"r"}}"#;
    let mut shop = exchanged();
    shop.refused(Code::NotAllowed, r#"{"resolve_case":{"case_id":"k"}}"#);
    assert_eq!(shop.events(refund), ["case_refunded"]);
    let line = shop.stream.order().lines()[0];
    assert_eq!((line.refunded, line.replacements_cancelled, line.replacements_lost), (2, 2, 0));
    shop.refused(Code::NotAllowed, r#"{"ship_replacement":{"case_id":"k"}}"#)
        .refused(Code::NotAllowed, refund);
    shop.ok(&pay_out("r", "x", 10000)).is("refunded", "paid", "refunded");
    let mut shop = exchanged();
    shop.ok(r#"{"ship_replacement":{"case_id":"k"}}"#).ok(refund);
    let line = shop.stream.order().lines()[0];
    assert_eq!((line.refunded, line.replacements_cancelled, line.replacements_lost), (2, 0, 2));
    shop.ok(r#"{"receive_undelivered":{"lines":[{"line":"a","ok":2}]}}"#);
    let mut shop = exchanged();
    shop.ok(r#"{"ship_replacement":{"case_id":"k"}}"#).ok(r#"{"deliver_replacement":{"case_id":"k"}}"#);
    shop.refused(Code::NotAllowed, refund);
}

#[test]
fn refused_goods_come_back_to_the_warehouse_even_after_the_end() {
    let mut shop = Shop::placed();
    shop.paid().ok(r#""release""#).ok(r#""ship""#);
    let back = |ok: u64, damaged: u64| {
        format!(r#"{{"receive_undelivered":{{"lines":[{{"line":"a","ok":{ok},"damaged":{damaged}}}]}}}}"#)
    };
    shop.refused(Code::TooManyUnits, &back(1, 0));
    shop.ok(&give("refund_lines", "r", r#""units":2"#)).ok(&pay_out("r", "x", 10000));
    shop.is("refunded", "paid", "refunded").refused(Code::TooManyUnits, &back(2, 1));
    assert_eq!(shop.events(&back(1, 0)), ["undelivered_received"]);
    shop.refused(Code::TooManyUnits, &back(1, 1)).ok(&back(0, 1)).is("refunded", "paid", "refunded");
    let line = shop.stream.order().lines()[0];
    assert_eq!((line.returned_ok, line.returned_damaged, line.undelivered_back), (1, 1, 2));
}

#[test]
fn small_promises_of_commands_and_clocks() {
    let mut shop = Shop::placed();
    let error = shop.send(r#"{"ship":{}}"#).unwrap_err().to_string();
    assert!(error.ends_with("but authorize, cancel, capture, tick"), "{error}");
    shop.paid().ok(&give("refund_lines", "r", r#""units":1"#));
    let failed = r#"{"refund_failed":{"refund_id":"r","transaction_id":"p9"}}"#;
    shop.ok(failed).ok(&pay_out("r", "p9", 5000));
    assert!(shop.events(failed).is_empty(), "a repeat of the first report contradicts nothing");
    let big =
        format!(r#"{{"edit":{{"currency":"CNY","lines":[{{"id":"a","units":1,"paid":{}}}]}}}}"#, i64::MAX);
    shop.refused(Code::Overflow, &big);
    let mut shop = Shop::with(
        r#"{"lines":[{"id":"a","units":2,"paid":9999},{"id":"b","units":1,"paid":1,"fulfilment":"digital"}],
            "currency":"CNY","terms":{"auto_release":true,"window_ms":1000}}"#,
    );
    shop.paid().ok(r#"{"ship":{"carrier":"SF","tracking":"T1"}}"#);
    let numbers: Vec<bool> =
        shop.stream.order().shipments().iter().map(|s| s.tracking.number.is_some()).collect();
    assert_eq!(numbers, [true, false]);
    shop.now = 5000;
    shop.ok(r#"{"deliver":{"lines":[{"line":"a","units":1}]}}"#);
    shop.now = 10;
    shop.ok(r#"{"deliver":{"lines":[{"line":"a","units":1}]}}"#);
    assert_eq!(shop.state().get("deadlines").unwrap().to_json(), r#"[{"at":6000,"kind":"window_over"}]"#);
}

#[test]
fn logs_of_later_versions_are_read() {
    let shop = delivered();
    let log: Vec<String> = shop.stream.events().iter().map(Event::to_json).collect();
    for (line, event) in log.iter().zip(shop.stream.events()) {
        let more = line
            .replace("\"line\":\"a\"", "\"line\":\"a\",\"remark\":\"x\"")
            .replace("\"window_ms\":0", "\"window_ms\":0,\"zone\":\"x\"")
            .replace("\"paid\":10000", "\"paid\":10000,\"remark\":\"x\"");
        assert_eq!(Event::from_json(&more).unwrap(), *event);
    }
    assert!(log[0].contains("\"window_ms\":0") && log[0].contains("\"paid\":10000"));
    // A component of that name was a component when it was written.
    let old = log[0].replace("\"paid\":10000", "\"paid\":10000,\"unit\":7");
    assert!(Event::from_json(&old).unwrap().to_json().contains("\"unit\":7"));
}

/// A sale holds people, and they hold facts: what a later version says of them is read past in a log, and a
/// mistake in a command.
#[test]
fn people_of_later_versions_are_read() {
    let sale = r#"{"buyer":{"id":9,"rank":"gold"},"upline":[{"id":2,"rank":"gold"}],
        "uplines":{"team":[{"id":3,"rank":"gold"}]},"roles":{"agent":{"id":4,"rank":"gold"}},
        "regions":{"east":{"id":5,"rank":"gold"}},"facts":{"channel":"app"}}"#;
    let place = format!(
        r#"{{"lines":[{{"id":"a","paid":100,"facts":{{"channel":"app"}}}}],"currency":"CNY","sale":{sale}}}"#
    );
    let shop = Shop::with(&place);
    let event = &shop.stream.events()[0];
    let line = event.to_json();
    for known in ["\"rank\":\"gold\"", "\"channel\":\"app\"", "\"buyer\":"] {
        let more = format!("\"later\":{{\"x\":[1]}},{known}");
        assert!(line.contains(known), "{line}");
        assert_eq!(Event::from_json(&line.replace(known, &more)).unwrap(), *event, "{known}");
        let asked = place.replace(known, &more);
        let place = format!("{{\"place\":{asked}}}");
        assert!(Shop::new().send(&place).is_err(), "{known}");
    }
}

#[test]
fn another_merchant_is_another_price() {
    let run =
        |op: &str, text: &str| fenrun::operations::run(op, None, &read_json(text, 100_000).unwrap()).unwrap();
    let asked = |merchant: &str| {
        format!(r#""catalog":{{"currency":"CNY","skus":[{{"id":"s","list":1000,"merchant":"{merchant}"}}]}}"#)
    };
    let cart = r#""cart":{"lines":[{"id":"a","sku":"s"}]},"policy":{}"#;
    let quote = run("quote", &format!("{{{},{cart}}}", asked("m"))).to_json();
    let again = |merchant: &str| {
        run("reprice", &format!(r#"{{"quote":{quote},{},"policy":{{}}}}"#, asked(merchant))).to_json()
    };
    assert!(again("m").contains(r#""differences":[]"#), "{}", again("m"));
    assert!(again("n").contains(r#"{"now":"n","quoted":"m","what":"line a: merchant"}"#), "{}", again("n"));
}
