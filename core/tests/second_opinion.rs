//! The engine against the naive interpreter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod naive;

mod worked;
