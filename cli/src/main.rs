//! `fenrun`: the command line of the engine.

mod args;
mod commands;
mod demo;
mod files;
mod output;
mod progress;
mod report;
mod table;

use args::{Cli, Command};
use clap::Parser;
use fenrun::{Code, Error, Result};
use output::{Console, Ending};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.json);
    // A panic is a bug of ours: it gets the exit code of internal failures, not one of its own.
    let ended = std::panic::catch_unwind(|| run(&cli.command, &console))
        .unwrap_or_else(|_| Err(Error::new(Code::Panic, "internal fault; the message above says where")));
    match ended {
        Ok(ending) => ending.exit_code(),
        Err(error) => console.fail(&error),
    }
}

fn run(command: &Command, console: &Console) -> Result<Ending> {
    match command {
        Command::Check(args) => commands::check::run(args, console),
        Command::Demo(args) => demo::run(args, console),
        Command::Explain(args) => commands::explain::run(args, console),
        Command::Plans(args) => commands::plans::run(args, console),
        Command::Settle(args) => commands::settle::run(args, console),
        Command::States(args) => commands::states::run(args, console),
        Command::Vectors(args) => commands::vectors::run(args, console),
        Command::Verify(args) => commands::verify::run(args, console),
    }
}
