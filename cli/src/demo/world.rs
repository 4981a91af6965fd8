//! What the data do not say, by seeded models: who invited whom, who is a distributor, what comes back.

use super::purchases::Purchase;
use fenrun::Result;
use fenrun::money::Rate;
use fenrun::reward::referral::{Column, Forest};
use fenrun_sim::{Growth, Refunds, distributors};
use std::collections::HashSet;

/// The models with their chances, printed with every result.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) growth: Growth,
    pub(crate) distributors: Rate,
    pub(crate) refunds: Refunds,
    /// Customers in the order of their first purchase, dated by it.
    pub(crate) forest: Forest,
}

impl World {
    /// Lets the customers of these purchases join, one after the other.
    pub(crate) fn new(seed: u64, purchases: &[Purchase]) -> Result<Self> {
        let growth = Growth::new(seed, Rate::new(1, 20)?, Rate::new(1, 2)?)?;
        let chance = Rate::new(4, 5)?;
        let refunds = Refunds::new(seed, Rate::new(3, 100)?)?;
        let mut seen = HashSet::new();
        let first: Vec<&Purchase> = purchases.iter().filter(|p| seen.insert(p.customer)).collect();
        let mut forest = Forest::new();
        for (newcomer, parent) in first.iter().zip(growth.parents(first.len())) {
            let inviter = parent.map(|at| first[at].customer);
            forest.join(newcomer.customer, inviter, Some(newcomer.placed_at))?;
        }
        let flags = distributors(seed, chance, first.len())?;
        forest.set_fact("distributor", Column::Flag(flags))?;
        Ok(Self { seed, growth, distributors: chance, refunds, forest })
    }
}
