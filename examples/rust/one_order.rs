//! One order in Rust: commands in from stdin, one JSON document a line; answers out.
//!
//!     cargo run -p fenrun --example one_order < examples/transcript/commands.jsonl

use fenrun::trade::order::OrderStream;
use std::error::Error;
use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn Error>> {
    walk(std::io::stdin().lock(), &mut std::io::stdout().lock())
}

/// A rejected command leaves the order as it was; a retry of one that acted changes nothing.
pub fn walk(commands: impl BufRead, answers: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut order = OrderStream::new("", "A7")?;
    for command in commands.lines() {
        writeln!(answers, "{}", order.handle_json(&command?)?.to_json())?;
    }
    Ok(())
}
