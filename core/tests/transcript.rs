//! The order of `examples/transcript`, replayed: what Rust answers is what every binding must print.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used)]

#[path = "../../examples/rust/one_order.rs"]
#[allow(dead_code, unreachable_pub, reason = "its main is the program")]
mod one_order;

use fenrun::trade::order::OrderStream;
use std::fs;
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/transcript").join(name)
}

/// Compares with the committed file; `FENRUN_WRITE=1` writes it first.
fn same(name: &str, text: &str) {
    if std::env::var_os("FENRUN_WRITE").is_some() {
        fs::write(file(name), text).unwrap();
    }
    assert_eq!(fs::read_to_string(file(name)).unwrap(), text, "{name}");
}

#[test]
fn twelve_commands_print_what_is_committed() {
    let commands = fs::read_to_string(file("commands.jsonl")).unwrap();
    assert_eq!(commands.lines().count(), 12);
    let mut order = OrderStream::new("", "A7").unwrap();
    let answers: String =
        commands.lines().map(|command| order.handle_json(command).unwrap().to_json() + "\n").collect();
    let log: String = order.events().iter().map(|event| event.to_json() + "\n").collect();
    same("answers.jsonl", &answers);
    same("events.jsonl", &log);
    let repeats = answers.lines().filter(|answer| answer.contains("\"repeat\":true")).count();
    assert_eq!(repeats, 1, "the retry changes nothing and is the only repeat");
    let state = order.order().to_node().to_json();
    assert!(state.contains("\"life\":\"completed\""), "{state}");
    assert!(state.contains("\"refunded\":3333"), "{state}");
}

#[test]
fn the_program_prints_the_answers() {
    let mut printed = Vec::new();
    let commands = fs::File::open(file("commands.jsonl")).unwrap();
    one_order::walk(std::io::BufReader::new(commands), &mut printed).unwrap();
    assert_eq!(String::from_utf8(printed).unwrap(), fs::read_to_string(file("answers.jsonl")).unwrap());
}
