//! libfenrun: the C interface. Pointers become slices and texts here, and nothing else happens here: what
//! a call does is in `fenrun-capi` and in the core.
//!
//! `docs/reference/c-abi.md` is the contract; `include/fenrun.h` is generated from these files.

// The names of types are C's.
#![allow(non_camel_case_types)]

mod args;
mod call;
mod exclusive;

pub mod batch;
pub mod buffer;
pub mod constants;
pub mod error;
pub mod forest;
pub mod money;
pub mod order;
pub mod plan;
pub mod qr;
pub mod sale;
pub mod teams;
pub mod version;
