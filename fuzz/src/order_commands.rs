//! Commands on one order: JSON, one a line, or bytes that choose among well-formed commands.

use crate::refused;
use fenrun::doc::{Node, read_json};
use fenrun::trade::order::{Event, OrderStream};

/// Four bytes: which command, under which id, about what, how much.
const COMMAND: usize = 4;
/// Every command after this one is ignored, so that a run stays short.
const MOST: usize = 60;

/// A refused command changes nothing, a repeated one acts once, the log replays to the same order, and
/// money and units stay within their bounds.
pub fn run(data: &[u8]) -> bool {
    let commands: Vec<String> = match std::str::from_utf8(data) {
        Ok(text) if text.starts_with('{') => text.lines().take(MOST).map(str::to_owned).collect(),
        _ => data.chunks_exact(COMMAND).take(MOST).zip(0..).map(|(bytes, at)| command(bytes, at)).collect(),
    };
    let mut stream = OrderStream::new("", "1").expect("an order");
    let mut accepted = false;
    for command in &commands {
        let life = stream.order().life();
        accepted |= handle(&mut stream, command);
        assert!(!life.is_terminal() || stream.order().life() == life, "a way out of {life:?}: {command}");
    }
    if !stream.events().is_empty() {
        let text = |event: &Event| Event::from_json(&event.to_node().to_json()).expect("an event of ours");
        let replayed =
            OrderStream::replay(stream.events().iter().map(text).collect()).expect("a log of ours");
        assert_eq!(replayed, stream);
    }
    accepted
}

fn handle(stream: &mut OrderStream, command: &str) -> bool {
    let before = stream.clone();
    let answer = match stream.handle_json(command) {
        Ok(answer) => answer,
        Err(error) => {
            refused(&error);
            assert_eq!(*stream, before, "a refused command changed the order: {command}");
            return false;
        }
    };
    if answer.get("repeat") == Some(&Node::Bool(true)) {
        assert_eq!(*stream, before, "a repeated command acted again: {command}");
    }
    bounds(stream);
    let after = stream.clone();
    let again = stream.handle_json(command).expect("a command that was accepted is accepted again");
    // What made no event leaves no trace, so its retry is no repeat; it still does nothing.
    let silent = answer.get("events") == Some(&Node::List(Vec::new()));
    assert_eq!(again.get("repeat"), Some(&Node::Bool(!silent)), "{command}");
    assert_eq!(again.get("events"), answer.get("events"));
    assert_eq!(*stream, after);
    true
}

fn bounds(stream: &OrderStream) {
    let order = stream.order();
    let given = order.refunds_open() + order.refunded();
    assert!(given <= order.captured() || order.receivable() > 0, "{given} of {}", order.captured());
    for line in order.lines() {
        assert!(line.delivered <= line.shipped);
        assert!(line.shipped + line.cancelled <= line.ordered);
        assert!((0..=line.net).contains(&line.net_left()));
    }
}

/// A well-formed command. Ids below 16 come again, so that a command is sent twice or its id is used for
/// another one.
fn command(bytes: &[u8], at: i64) -> String {
    let &[which, id, about, amount] = bytes else { return String::new() };
    let body = body(which, i64::from(about), i64::from(amount));
    let id = if id < 16 { i64::from(id) + 1 } else { 1000 + at };
    let now = at * 1000 + i64::from(amount) * 10;
    let text =
        format!(r#"{{"order_id":"1","command_id":"c{id}","actor":"shop","now":{now},"command":{body}}}"#);
    debug_assert!(read_json(&text, 10_000).is_ok(), "{text}");
    text
}

fn body(which: u8, about: i64, amount: i64) -> String {
    let line = 1 + about % 3;
    let units = amount % 5;
    let money = amount * 40;
    let fact = format!(r#""transaction_id":"t{}","amount":{money}"#, about % 4 + 1);
    let part = format!(r#"[{{"line":{line},"units":{units}}}]"#);
    let request = format!(
        r#""refund_id":"r{}","lines":[{{"line":{line},"units":{units},"amount":{money}}}]"#,
        about % 4 + 1
    );
    match which % 18 {
        0 | 1 => place(about, amount),
        2 => format!(r#"{{"authorize":{{{fact}}}}}"#),
        3 => format!(r#"{{"void_authorization":{{"transaction_id":"t{}"}}}}"#, about % 4 + 1),
        4 => format!(r#"{{"capture":{{{fact}}}}}"#),
        5 => r#"{"capture":{"transaction_id":"all","amount":10200}}"#.to_owned(),
        6 => r#""release""#.to_owned(),
        7 => r#"{"hold":{"reason":"a check"}}"#.to_owned(),
        8 => r#""unhold""#.to_owned(),
        9 => r#"{"cancel":{}}"#.to_owned(),
        10 => format!(r#"{{"ship":{{"lines":{part}}}}}"#),
        11 => r#""ship""#.to_owned(),
        12 if about % 2 == 0 => r#""deliver""#.to_owned(),
        12 => format!(r#"{{"deliver":{{"lines":{part}}}}}"#),
        13 => format!(r#"{{"cancel_lines":{{"lines":{part}}}}}"#),
        14 => format!(r#"{{"refund_lines":{{{request}}}}}"#),
        15 => format!(r#"{{"grant_refund":{{{request}}}}}"#),
        16 if about % 8 > 4 => {
            format!(
                r#"{{"refund_failed":{{"refund_id":"r{}","transaction_id":"f{amount}"}}}}"#,
                about % 4 + 1
            )
        }
        16 => format!(r#"{{"refund_succeeded":{{"refund_id":"r{}",{fact}}}}}"#, about % 4 + 1),
        _ => r#""tick""#.to_owned(),
    }
}

/// Three lines of 10,200 with shipping; the bytes choose the terms.
fn place(about: i64, amount: i64) -> String {
    let (automatic, window) = (about % 2 == 0, amount * 100);
    format!(
        r#"{{"place":{{"currency":"CNY","shipping":200,
        "terms":{{"auto_release":{automatic},"pay_within_ms":60000,"receive_within_ms":90000,"window_ms":{window}}},
        "lines":[{{"id":1,"units":3,"paid":9999}},{{"id":2,"units":2,"paid":1}},{{"id":3,"paid":0}}]}}}}"#
    )
    .replace('\n', "")
}
