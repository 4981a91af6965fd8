//! Automation of this repository: `cargo run -p xtask -- COMMAND`.

mod generate;
mod install;
mod tidy;
mod vectors;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo run -p xtask -- COMMAND

generate [--check]
    write the generated files; with --check only compare them
install PREFIX SHARED [STATIC]
    lay out the header, the built libraries, and what pkg-config and CMake read
tidy
    check the rules of the house that no compiler checks; one line a finding
vectors flatten FILE
    write the golden vectors as lines of fields, for languages without a JSON reader
vectors compare FILE
    compare the answers to them";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Cargo sets this to xtask/, so the commands work from any directory.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let outcome = match words[..] {
        ["generate"] => generate::run(&root, generate::Mode::Write),
        ["generate", "--check"] => generate::run(&root, generate::Mode::Compare),
        ["install", prefix, shared] => install::run(&root, prefix, shared, None),
        ["install", prefix, shared, fixed] => install::run(&root, prefix, shared, Some(fixed)),
        ["vectors", "flatten", file] => vectors::flatten(&root, file),
        ["vectors", "compare", file] => vectors::compare(&root, file),
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
