//! Automation of this repository: `cargo run -p xtask -- COMMAND`.

mod generate;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p xtask -- COMMAND

generate [--check]  write the generated files; with --check only compare them
tidy                check the rules of the house that no compiler checks; one line a finding";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Cargo sets this to xtask/, so the commands work from any directory.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let outcome = match words[..] {
        ["generate"] => generate::run(&root, generate::Mode::Write),
        ["generate", "--check"] => generate::run(&root, generate::Mode::Compare),
        ["tidy"] => tidy::run(&root),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(message) => {
            println!("{message}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
