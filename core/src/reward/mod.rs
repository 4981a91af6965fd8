//! Who gets what, and why: referral forest, plan language, commission, batch kernels.
//!
//! Knows `sale`, never `trade` or `ledger`.

pub mod batch;
pub mod commission;
pub mod period;
pub mod plan;
pub mod referral;
