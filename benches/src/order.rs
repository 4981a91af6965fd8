//! Nanoseconds per command of orders: decide and evolve, with several lines, shipments and cases.

use fenrun::doc::{MAX_COMMAND_BYTES, read_json};
use fenrun::id::OrderId;
use fenrun::trade::order::{Command, Decision, Order, Tenant, decide};
use std::error::Error;
use std::time::Instant;

/// One order of five lines from placement to completion, with three cases.
const COMMANDS: &[&str] = &[
    r#"{"place":{"currency":"CNY","shipping":800,"terms":{"receive_within_ms":1000,"window_ms":1000},
        "lines":[{"id":1,"units":4,"paid":9999},{"id":2,"units":2,"paid":2501},{"id":3,"paid":100},
        {"id":4,"units":3,"paid":701},{"id":5,"units":2,"paid":1}]}}"#,
    r#"{"capture":{"transaction_id":"t1","amount":14102}}"#,
    r#""release""#,
    r#"{"ship":{"lines":[{"line":1,"units":2},{"line":2,"units":2}],"tracking":"a"}}"#,
    r#"{"cancel_lines":{"lines":[{"line":4,"units":1}]}}"#,
    r#"{"ship":{"tracking":"b"}}"#,
    r#"{"deliver":{"lines":[{"line":1,"units":2}]}}"#,
    r#""deliver""#,
    r#"{"open_case":{"case_id":"k1","kind":"return_and_refund","lines":[{"line":1,"units":2}]}}"#,
    r#"{"open_case":{"case_id":"k2","kind":"exchange","lines":[{"line":2,"units":1}]}}"#,
    r#"{"open_case":{"case_id":"k3","kind":"refund_only","lines":[{"line":4,"units":1}]}}"#,
    r#"{"approve_case":{"case_id":"k1"}}"#,
    r#"{"approve_case":{"case_id":"k2"}}"#,
    r#"{"approve_case":{"case_id":"k3"}}"#,
    r#"{"send_return":{"case_id":"k1","tracking":"c"}}"#,
    r#"{"receive_return":{"case_id":"k1","lines":[{"line":1,"ok":1,"damaged":1}]}}"#,
    r#"{"receive_return":{"case_id":"k2","lines":[{"line":2,"ok":1}]}}"#,
    r#"{"resolve_case":{"case_id":"k1","refund_id":"r1"}}"#,
    r#"{"resolve_case":{"case_id":"k2"}}"#,
    r#"{"resolve_case":{"case_id":"k3","refund_id":"r3"}}"#,
    r#"{"ship_replacement":{"case_id":"k2"}}"#,
    r#"{"deliver_replacement":{"case_id":"k2"}}"#,
    r#"{"refund_succeeded":{"refund_id":"r1","transaction_id":"p1","amount":4999}}"#,
    r#"{"refund_failed":{"refund_id":"r3","transaction_id":"f1"}}"#,
    r#"{"retry_refund":{"refund_id":"r3"}}"#,
];

/// Runs the order so many times and tells the nanoseconds per command, of the median run.
pub(crate) fn run(rounds: usize) -> Result<serde_json::Value, Box<dyn Error>> {
    let commands = COMMANDS.iter().enumerate().map(|(at, body)| {
        let text =
            format!(r#"{{"order_id":"1","command_id":"c{at}","actor":"bench","now":{at},"command":{body}}}"#);
        Command::from_node(&read_json(&text, MAX_COMMAND_BYTES)?)
    });
    let commands = commands.collect::<Result<Vec<_>, _>>()?;
    let mut times = Vec::with_capacity(rounds);
    let mut events = 0_u64;
    for _ in 0..rounds.max(1) {
        let mut order = Order::draft(Tenant::new("")?, OrderId::from(1));
        let start = Instant::now();
        for command in &commands {
            let Decision::Accepted(made) = decide(&order, command)? else {
                return Err("a command acted twice".into());
            };
            for event in &made {
                order.apply(event)?;
            }
        }
        times.push(start.elapsed().as_nanos());
        events = order.version();
    }
    times.sort_unstable();
    let median = times[times.len() / 2] / u128::try_from(commands.len())?;
    let (ns, commands) = (u64::try_from(median)?, commands.len());
    Ok(serde_json::json!({"ns_per_command": ns, "commands": commands, "events": events, "rounds": rounds}))
}
