//! fenrun (分润): orders, referral trees, commission splitting and a ledger in exact integers.
//!
//! The crate is pure: no I/O, clock, randomness, threads, global state or float. Everything is
//! `f(state, input) → output`; the caller passes time and ids.

pub mod doc;
mod error;
pub mod id;
pub mod ledger;
pub mod log;
pub mod membership;
pub mod money;
pub mod operations;
pub mod report;
pub mod request;
pub mod reward;
pub mod sale;
pub mod time;
pub mod trade;
mod words;

pub use error::{Code, Error, Family, Result};
pub use words::{Language, counted};
