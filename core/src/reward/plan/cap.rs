//! What a rule or a plan pays at most, and the accounts amounts go to.

use super::Period;
use crate::money::Rate;

/// What is paid at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Whose amounts are added.
    pub per: CapPer,
    /// Over which time.
    pub every: Every,
    /// How much.
    pub limit: Limit,
    /// What becomes of the rest.
    pub over: Over,
}

/// Whose amounts are added before they are held against a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapPer {
    /// Those of each payee.
    Payee,
    /// Those of the rule.
    Rule,
    /// Those of all rules.
    Plan,
}

impl CapPer {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payee => "payee",
            Self::Rule => "rule",
            Self::Plan => "plan",
        }
    }
}

/// Over which time amounts are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Every {
    /// One sale, or one close of a period.
    Event,
    /// A period of the plan's calendar.
    Period(Period),
}

impl Every {
    /// Every value.
    pub const ALL: [Self; 4] =
        [Self::Event, Self::Period(Period::Day), Self::Period(Period::Week), Self::Period(Period::Month)];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Period(period) => period.name(),
        }
    }
}

/// How much is paid at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Minor units.
    Minor(i64),
    /// A share of the base, rounded down; of what was paid for a cap of the whole plan.
    Share(Rate),
}

/// What becomes of what is above a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It is retained; the amounts that come last are cut.
    Retain,
    /// As `Retain`, and what earned it is used up: volume of pairs does not come back.
    Flush,
    /// What earned it stays for the next period.
    Carry,
    /// All amounts are cut in proportion, the rest is retained.
    Scale,
}

impl Over {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::Retain, Self::Flush, Self::Carry, Self::Scale];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retain => "retain",
            Self::Flush => "flush",
            Self::Carry => "carry",
            Self::Scale => "scale",
        }
    }
}

/// The accounts an amount goes to: shares of one that sum to one, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    pub(super) parts: Vec<(String, Rate)>,
    /// The shares over their common denominator.
    pub(super) weights: Vec<u64>,
}

impl Split {
    /// Accounts and their shares, in the byte order of the names.
    #[must_use]
    pub fn parts(&self) -> &[(String, Rate)] {
        &self.parts
    }

    /// Whole numbers in the proportions of the shares.
    #[must_use]
    pub fn weights(&self) -> &[u64] {
        &self.weights
    }
}
