//! `fenrun`: the command line of the engine.

mod args;
mod commands;
mod demo;
mod diff;
mod files;
mod output;
mod progress;
mod report;
mod table;
mod whole;

use args::{Cli, Command};
use clap::Parser;
use clap::error::ErrorKind;
use fenrun::{Code, Error, Result};
use output::{Console, Ending};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let console = Console::new(cli.json);
    // A panic is a bug of ours: it gets the exit code of internal failures, not one of its own.
    let ended = std::panic::catch_unwind(|| run(&cli.command, &console))
        .unwrap_or_else(|_| Err(Error::new(Code::Panic, "internal fault; the message above says where")));
    match ended {
        Ok(ending) => ending.exit_code(),
        Err(error) => console.fail(&error),
    }
}

/// Help and version go out as they are; what is wrong with the command line becomes an error like any other.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    // Without a parse, `--json` is looked for by its name; behind `--` it would be a file of that name.
    let json = std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json");
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "a command is missing; `fenrun --help` lists them".to_owned()
        }
        _ => one_line(&error.to_string()),
    };
    Console::new(json).fail(&Error::new(Code::InvalidArgument, message))
}

/// The paragraphs of a message in one line, without the usage that stands behind them.
fn one_line(message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let said = message.split("\n\nUsage:").next().unwrap_or(message);
    let said = said.split("\n\nFor more information").next().unwrap_or(said);
    let mut line = String::new();
    for part in said.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            line.push_str(if line.ends_with(':') { " " } else { "; " });
        }
        line.push_str(part);
    }
    line
}

fn run(command: &Command, console: &Console) -> Result<Ending> {
    match command {
        Command::Bindings(args) => commands::bindings::run(args, console),
        Command::Check(args) => commands::check::run(args, console),
        Command::Demo(args) => demo::run(args, console),
        Command::Diff(args) => diff::run(args, console),
        Command::Explain(args) => commands::explain::run(args, console),
        Command::Forest(args) => commands::forest::run(args, console),
        Command::Orders(args) => commands::orders::run(args, console),
        Command::Plans(args) => commands::plans::run(args, console),
        Command::Settle(args) => commands::settle::run(args, console),
        Command::Share(args) => commands::share::run(args, console),
        Command::Statement(args) => commands::statement::run(args, console),
        Command::States(args) => commands::states::run(args, console),
        Command::Vectors(args) => commands::vectors::run(args, console),
        Command::Verify(args) => commands::verify::run(args, console),
    }
}
