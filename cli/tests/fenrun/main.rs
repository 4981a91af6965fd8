//! Runs the program as a user does: arguments and files in, exit code, text and files out.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod commands;
mod run;
mod settle;
