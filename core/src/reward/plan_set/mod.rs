//! A shop's plans over time: which one is in force for a tenant, a shop, a category and a moment.
//!
//! Versions of one scope never overlap, what has begun is never rewritten, and every plan that was ever
//! named is kept under its hash. Orders are settled under the version of the moment they were placed,
//! however late they come.

mod change;
mod parts;
mod read;
mod scope;
mod version;

pub use change::Command;
pub use parts::{Part, Served};
pub(crate) use read::Question;
pub use scope::Scope;
pub use version::Version;

use crate::error::{Code, Error, Result};
use crate::reward::plan::Plan;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The most versions of a set.
pub const MAX_VERSIONS: usize = 65_536;

/// Plans and when each is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanSet {
    /// By hash.
    plans: BTreeMap<String, Plan>,
    /// By scope, then by the moment they begin.
    versions: BTreeMap<Scope, Vec<Version>>,
}

/// A change of plan that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upcoming<'a> {
    /// The plan in force now.
    pub before: &'a Plan,
    /// The plan that follows.
    pub after: &'a Plan,
    /// When it takes effect.
    pub from: Timestamp,
}

impl PlanSet {
    /// The version in force for a sale: that of the narrowest scope that has one at this moment. A scope of
    /// shop and category is narrower than one of the shop, that one is narrower than one of the category, and
    /// the tenant's own comes last.
    #[must_use]
    pub fn version_at(&self, sale: &Scope, at: Timestamp) -> Option<(&Scope, &Version)> {
        sale.widening().into_iter().find_map(|scope| {
            let (scope, versions) = self.versions.get_key_value(&scope)?;
            Some((scope, versions.iter().find(|version| version.covers(at))?))
        })
    }

    /// The plan in force for a sale at the moment it was placed.
    ///
    /// # Errors
    /// [`Code::NotFound`] when none is.
    pub fn plan_at(&self, sale: &Scope, at: Timestamp) -> Result<&Plan> {
        let (_, version) = self
            .version_at(sale, at)
            .ok_or_else(|| Error::new(Code::NotFound, format!("no plan is in force for {sale} at {at}")))?;
        self.plan(version.plan())
    }

    /// A plan by its hash: one that was in force once is never forgotten.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn plan(&self, hash: &str) -> Result<&Plan> {
        let missing = || Error::new(Code::NotFound, format!("the set has no plan {hash}"));
        self.plans.get(hash).ok_or_else(missing)
    }

    /// Every scope with its versions, those of one scope in the order they begin.
    pub fn versions(&self) -> impl Iterator<Item = (&Scope, &[Version])> {
        self.versions.iter().map(|(scope, versions)| (scope, versions.as_slice()))
    }

    /// The next version that begins for a sale of this scope behind a moment.
    #[must_use]
    pub fn next(&self, sale: &Scope, at: Timestamp) -> Option<(&Scope, &Version)> {
        let scopes = sale.widening().into_iter();
        let known = scopes.filter_map(|scope| self.versions.get_key_value(&scope));
        let later = known.flat_map(|(scope, versions)| versions.iter().map(move |version| (scope, version)));
        later.filter(|(_, version)| version.from > at).min_by_key(|(_, version)| version.from)
    }

    /// The next change for a sale of this scope: the plan in force at a moment, and the first other one that
    /// takes its place.
    ///
    /// # Errors
    /// [`Code::NotFound`] when no plan is in force, or none follows.
    pub fn upcoming(&self, sale: &Scope, at: Timestamp) -> Result<Upcoming<'_>> {
        let before = self.plan_at(sale, at)?;
        let mut moments: Vec<Timestamp> = self.edges(sale).filter(|edge| *edge > at).collect();
        moments.sort_unstable();
        for from in moments {
            // Where a version ends and no other begins, what was in force last has no successor yet.
            if let Ok(after) = self.plan_at(sale, from) {
                if after.hash() != before.hash() {
                    return Ok(Upcoming { before, after, from });
                }
            }
        }
        let rule = format!("{sale}: no other plan follows what is in force at {at}");
        Err(Error::new(Code::NotFound, rule))
    }

    fn count(&self) -> usize {
        self.versions.values().map(Vec::len).sum()
    }
}

fn fault(rule: impl Into<String>) -> Error {
    Error::new(Code::InvalidPlanSet, rule)
}
