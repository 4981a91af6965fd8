//! Where payees are looked for.

use super::Condition;

/// The tree every plan has: who invited whom.
pub const REFERRAL: &str = "referral";

/// Where payees are looked for, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Where.
    pub source: StopSource,
    /// A condition on the sale and the buyer.
    pub when: Option<Condition>,
}

/// Where payees are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopSource {
    /// Whoever is the source: the buyer, the member of a period, the payee a rule runs after.
    Buyer,
    /// The upline of the source, nearest first.
    Up {
        /// The tree that is walked: [`REFERRAL`] or one the plan declares.
        tree: String,
        /// How many people at most.
        limit: usize,
        /// Who of them is a slot.
        reach: Reach,
        /// The label rate tables know them by.
        label: Option<String>,
    },
    /// Holders of roles, each labelled with the role.
    Roles(Vec<String>),
    /// Holders of the regions a sale goes to, nearest first, each labelled with the region's kind.
    Region(Vec<String>),
    /// Every member who meets a condition when a period closes.
    Class(Condition),
}

/// Who of an upline is a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody.
    Everybody,
    /// Those of the source's own rank (平级): lower ranks are passed over, a higher one ends the walk.
    SameRank,
}

/// How many people of an upline are walked unless `limit` says otherwise.
pub(super) const DEFAULT_LIMIT: usize = 64;
