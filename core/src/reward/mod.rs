//! Who gets what, and why: referral forest, bindings, share codes, plan language, commission, batch kernels.
//!
//! Knows `sale`, never `trade` or `ledger`.

pub mod batch;
pub mod binding;
pub mod commission;
pub mod compare;
pub mod period;
pub mod plan;
pub mod plan_schema;
pub mod plan_set;
pub mod referral;
pub mod share;
pub mod sybil;
