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
pub use parts::Part;
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

    fn count(&self) -> usize {
        self.versions.values().map(Vec::len).sum()
    }
}

fn fault(rule: impl Into<String>) -> Error {
    Error::new(Code::InvalidPlanSet, rule)
}
