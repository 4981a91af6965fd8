//! Orders through their JSON face: every test drives commands as a host would write them.

#![allow(clippy::unwrap_used, clippy::panic)]

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

/// Three of 10.00 with a coupon of 1.00, one that its threshold refuses, one nobody presents, and points.
fn quoted() -> String {
    let asked = r#"{"catalog":{"currency":"CNY","skus":[{"id":"s","list":1000}]},
        "cart":{"lines":[{"id":"a","sku":"s","units":3}]},
        "policy":{"rules":[{"id":"c","coupon":true,"off":100},{"id":"big","coupon":true,"off":500,"min_subtotal":9000},
            {"id":"other","coupon":true,"off":200}],"points":{"worth":"1/10"}},
        "coupons":["c","big"],"points":{"balance":700,"use":500},"now":0}"#;
    let quote = fenrun::operations::run("quote", None, &read_json(asked, 10_000).unwrap()).unwrap();
    assert_eq!(quote.get("coupons").unwrap().to_json(), r#"["c"]"#);
    assert_eq!((quote.get("points_used"), quote.get("total")), (Some(&500.into()), Some(&2850.into())));
    quote.to_json()
}

fn tokens(shop: &Shop) -> String {
    let data = shop.stream.events().last().unwrap().to_node();
    data.get("data").and_then(|data| data.get("tokens")).map_or_else(|| "none".into(), Node::to_json)
}

#[test]
fn a_quote_says_which_coupons_and_points_it_takes() {
    let (quote, buyer) = (quoted(), r#""sale":{"buyer":"B"}"#);
    let mut shop = Shop::with(&format!(r#"{{"quote":{quote},{buyer}}}"#));
    let filled = r#"[{"amount":1,"id":"c","kind":"coupon"},{"amount":500,"id":"B","kind":"points"}]"#;
    assert_eq!(tokens(&shop), filled);
    // What the host names it knows better: its own number of the coupon, another account.
    let named = r#"[{"kind":"coupon","id":"c-4711"},{"kind":"points","id":"family","amount":500}]"#;
    let other = Shop::with(&format!(r#"{{"quote":{quote},"tokens":{named}}}"#));
    let kept = r#"[{"amount":1,"id":"c-4711","kind":"coupon"},{"amount":500,"id":"family","kind":"points"}]"#;
    assert_eq!(tokens(&other), kept);
    // An edit takes them from the buyer of the order.
    shop.ok(r#"{"capture":{"transaction_id":"t","amount":2850}}"#);
    shop.ok(&format!(r#"{{"edit":{{"quote":{quote}}}}}"#));
    assert_eq!(tokens(&shop), filled);
    let mut shop = Shop::new();
    shop.refused(Code::InvalidCommand, &format!(r#"{{"place":{{"quote":{quote}}}}}"#));
    let fewer = r#""tokens":[{"kind":"points","id":"B","amount":499}]"#;
    shop.refused(Code::InvalidCommand, &format!(r#"{{"place":{{"quote":{quote},{buyer},{fewer}}}}}"#));
}
