//! Sybil audit: what somebody gains by false identities or by splitting a sale, found by trying.
//!
//! Every attack within the limits is played on sample sales and periods and compared with the honest way, rule by rule.
//! What is found is a proof that a plan can be gamed; what is not found is no proof that it cannot.

mod asked;
mod attack;
mod audit;
mod chain;
mod division;
mod facts;
mod finding;
mod layout;
mod parts;
mod periods;
mod sample;
mod stage;
mod stage_sample;

pub use attack::{Attack, Identity, Place};
pub use audit::audit;
pub use division::Purchase;
pub use finding::{Finding, Witness};
pub use periods::audit_periods;
pub use sample::sample;
pub use stage::{Actor, Stage};
pub use stage_sample::stages;

use crate::error::{Code, Error, Result};

/// How far attacks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most false identities, at most [`Limits::MOST`].
    pub identities: usize,
    /// The most parts a sale is split in, at most [`Limits::MOST`].
    pub parts: usize,
    /// How many periods in a row are closed, each with the carry and the ranks the one before left, at most
    /// [`Limits::MOST`] and at least one.
    pub periods: usize,
}

impl Limits {
    /// The most of either.
    pub const MOST: usize = 32;

    fn check(self) -> Result<()> {
        let Self { identities, parts, periods } = self;
        if identities.max(parts).max(periods) <= Self::MOST && periods > 0 {
            return Ok(());
        }
        let most = Self::MOST;
        let rule = format!(
            "{identities} identities, {parts} parts and {periods} periods; at most {most} of each, and one period or more"
        );
        Err(Error::new(Code::InvalidValue, rule))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { identities: 3, parts: 4, periods: 1 }
    }
}
