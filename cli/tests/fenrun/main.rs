//! Runs the program as a user does: arguments and files in, exit code, text and files out.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bad_input;
mod bindings;
mod command_line;
mod commands;
mod demo;
mod diff;
mod explain_order;
mod explain_quote;
mod forest;
mod orders;
mod out;
mod run;
mod settle;
mod share;
mod statement;
