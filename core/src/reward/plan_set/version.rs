//! One plan for one span of time.

use crate::doc::Node;
use crate::time::Timestamp;

/// A plan in force from a moment on, up to another one, which is not included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(super) number: u32,
    pub(super) from: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) plan: String,
}

impl Version {
    /// Its number in its scope, from 1, never used again.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The first moment it is in force.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// The first moment it is no longer in force; `None` while nobody ended it.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The hash of its plan.
    #[must_use]
    pub fn plan(&self) -> &str {
        &self.plan
    }

    /// Whether it is in force at a moment.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether it is in force at some moment of a span.
    pub(super) fn meets(&self, from: Timestamp, until: Option<Timestamp>) -> bool {
        let begins = until.is_none_or(|until| self.from < until);
        begins && self.until.is_none_or(|own| from < own)
    }

    pub(super) fn entries(&self) -> Vec<(&'static str, Node)> {
        let mut entries = vec![
            ("number", Node::Int(i64::from(self.number))),
            ("from", self.from.ms().into()),
            ("plan", self.plan.as_str().into()),
        ];
        entries.extend(self.until.map(|until| ("until", Node::Int(until.ms()))));
        entries
    }
}
