//! Sybil audit: what somebody gains by false identities or by splitting a sale, found by trying.
//!
//! Every attack within the limits is played on sample sales and compared with the honest way, rule by rule.
//! What is found is a proof that a plan can be gamed; what is not found is no proof that it cannot.

mod attack;
mod audit;
mod sample;

pub use attack::Attack;
pub use audit::{Finding, Witness, audit};
pub use sample::sample;

/// How far attacks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most false identities in a row, at most [`Limits::MOST`].
    pub identities: usize,
    /// The most parts a sale is split in, at most [`Limits::MOST`].
    pub parts: usize,
}

impl Limits {
    /// The most of either.
    pub const MOST: usize = 32;
}

impl Default for Limits {
    fn default() -> Self {
        Self { identities: 3, parts: 4 }
    }
}
