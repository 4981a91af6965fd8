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
    let given = order.refunds_open() + order.refunded() + order.charged_back();
    assert!(given <= order.captured() || order.receivable() > 0, "{given} of {}", order.captured());
    assert!(order.due() >= 0, "{} is due", order.due());
    for line in order.lines() {
        assert!(line.delivered + line.lost <= line.shipped);
        assert!(line.refunded + line.return_requested + line.claimed <= line.delivered);
        assert!(line.replacements_shipped <= line.exchanged);
        assert!((0..=line.tax).contains(&line.tax_left()));
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
    match which % 32 {
        0 | 1 => place(about, amount),
        2 => format!(r#"{{"authorize":{{{fact}}}}}"#),
        3 => format!(r#"{{"void_authorization":{{"transaction_id":"t{}"}}}}"#, about % 4 + 1),
        4 => format!(r#"{{"capture":{{{fact}}}}}"#),
        5 => r#"{"capture":{"transaction_id":"all","amount":10207}}"#.to_owned(),
        6 => r#""release""#.to_owned(),
        7 => r#"{"hold":{"reason":"a check"}}"#.to_owned(),
        8 => r#""unhold""#.to_owned(),
        9 => r#"{"cancel":{}}"#.to_owned(),
        10 => format!(r#"{{"ship":{{"lines":{part}}}}}"#),
        11 => format!(r#"{{"ship":{{"pickup_code":"{}"}}}}"#, about % 2),
        12 if about % 2 == 0 => r#""deliver""#.to_owned(),
        12 if about % 3 == 0 => format!(r#"{{"deliver":{{"pickup_code":"{}"}}}}"#, about % 2),
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
        17 => r#""tick""#.to_owned(),
        18 => format!(r#"{{"charge_back":{{{fact}}}}}"#),
        19 => format!(r#"{{"charge_back_won":{{"transaction_id":"t{}"}}}}"#, about % 4 + 1),
        20 => format!(r#"{{"retry_refund":{{"refund_id":"r{}"}}}}"#, about % 4 + 1),
        21 => format!(
            r#"{{"edit":{{"currency":"CNY","shipping":{amount},"lines":[{{"id":{line},"units":{},"paid":{money}}}]}}}}"#,
            units + 1
        ),
        which => case(which, about, amount),
    }
}

/// Commands about after-sale cases.
fn case(which: u8, about: i64, amount: i64) -> String {
    let (id, line, units) = (about % 3 + 1, 1 + about % 3, amount % 5);
    let part = format!(r#"[{{"line":{line},"units":{units}}}]"#);
    match which {
        22 | 23 => {
            let kind =
                ["refund_only", "return_and_refund", "exchange"][usize::try_from(amount % 3).unwrap_or(0)];
            format!(r#"{{"open_case":{{"case_id":"k{id}","kind":"{kind}","lines":{part}}}}}"#)
        }
        24 => format!(r#"{{"approve_case":{{"case_id":"k{id}"}}}}"#),
        25 => format!(r#"{{"reject_case":{{"case_id":"k{id}"}}}}"#),
        26 => format!(r#"{{"withdraw_case":{{"case_id":"k{id}"}}}}"#),
        27 => format!(r#"{{"send_return":{{"case_id":"k{id}"}}}}"#),
        28 => format!(
            r#"{{"receive_return":{{"case_id":"k{id}","lines":[{{"line":{line},"ok":{units},"damaged":{}}}]}}}}"#,
            amount % 2
        ),
        29 if amount % 2 == 0 => format!(r#"{{"resolve_case":{{"case_id":"k{id}"}}}}"#),
        29 => format!(r#"{{"resolve_case":{{"case_id":"k{id}","refund_id":"c{id}"}}}}"#),
        30 if amount % 3 == 0 => {
            format!(r#"{{"receive_undelivered":{{"lines":[{{"line":{line},"ok":{units}}}]}}}}"#)
        }
        30 => format!(r#"{{"ship_replacement":{{"case_id":"k{id}"}}}}"#),
        _ if amount % 2 == 0 => format!(r#"{{"refuse_return":{{"case_id":"k{id}"}}}}"#),
        _ => format!(r#"{{"deliver_replacement":{{"case_id":"k{id}"}}}}"#),
    }
}

/// Three lines of 10,207 with tax and shipping; the bytes choose the terms.
fn place(about: i64, amount: i64) -> String {
    let (automatic, window) = (about % 2 == 0, amount * 100);
    let tender = if about % 5 == 0 { "cash_on_delivery" } else { "prepaid" };
    format!(
        r#"{{"place":{{"currency":"CNY","shipping":200,
        "terms":{{"auto_release":{automatic},"pay_within_ms":60000,"receive_within_ms":90000,
            "return_within_ms":30000,"tender":"{tender}","window_ms":{window}}},
        "lines":[{{"id":1,"units":3,"paid":9999,"added_tax":7}},{{"id":2,"units":2,"paid":1,"fulfilment":"pickup"}},
            {{"id":3,"paid":0,"fulfilment":"digital","merchant":"m"}}]}}}}"#
    )
    .replace('\n', "")
}
