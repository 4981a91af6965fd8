//! Sybil audit: what somebody gains by false identities or by splitting a sale, found by trying.
//!
//! Every attack within the limits is played on sample sales and periods and compared with the honest way, rule by rule.
//! What is found is a proof that a plan can be gamed; what is not found is no proof that it cannot.

mod attack;
mod audit;
mod identities;
mod periods;
mod sample;
mod stage;
mod stage_sample;

pub use attack::Attack;
pub use audit::{Finding, Witness, audit};
pub use identities::Purchase;
pub use periods::audit_periods;
pub use sample::sample;
pub use stage::{Actor, Stage};
pub use stage_sample::stages;

use crate::error::{Code, Error, Result};

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

    fn check(self) -> Result<()> {
        if self.identities.max(self.parts) <= Self::MOST {
            return Ok(());
        }
        let rule = format!(
            "{} identities and {} parts; at most {} of each",
            self.identities,
            self.parts,
            Self::MOST
        );
        Err(Error::new(Code::InvalidValue, rule))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { identities: 3, parts: 4 }
    }
}
