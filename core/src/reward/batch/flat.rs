//! Flat levels on blocks of orders: a fixed rate per level, up the referral forest or from one who qualifies
//! to the next.
//!
//! Orders are taken in blocks. All parents of one depth are gathered before the next depth starts, so
//! their cache misses overlap, and the arithmetic has no branch.

use crate::money::Rate;
use crate::reward::commission::divide::Share;
use crate::reward::plan::{Amount, RateTable, Rule};
use crate::sale::Pay;
use std::sync::Arc;

/// One level of one rule.
pub(super) struct Level<'a> {
    pub(super) share: Share,
    pub(super) base: &'a [i64],
    /// Its column among those of all rules.
    pub(super) column: usize,
    /// The place of its people among all depths of all walks.
    pub(super) depth: usize,
    pub(super) slot: u32,
    pub(super) min: i64,
    /// Who may be paid, one bit a member; everybody when absent.
    pub(super) condition: Option<Arc<[u64]>>,
    /// Who is paid instead of each member: the nearest who may be.
    pub(super) rolled: Option<Arc<Vec<u32>>>,
    /// Whether nobody is paid beyond the first who may not be.
    pub(super) stops: bool,
}

impl Level<'_> {
    /// Whether it is the first of its rule.
    pub(super) const fn is_first(&self) -> bool {
        self.slot & 0xFFFF == 1
    }

    /// Writes the shares of the orders `start..start + len`; says whether any is below the minimum.
    #[inline(always)]
    pub(super) fn shares<'b>(
        &self,
        start: usize,
        len: usize,
        amounts: impl Iterator<Item = &'b mut i64>,
    ) -> bool {
        let mut signs = 0;
        for (amount, base) in amounts.zip(&self.base[start..start + len]) {
            *amount = self.share.of(*base);
            signs |= amount.wrapping_sub(self.min);
        }
        signs < 0
    }
}

/// Writes who is paid for the people of a depth; says whether nobody is for any.
#[inline(always)]
pub(super) fn payees_of<'b>(
    people: &[u32],
    payees: impl Iterator<Item = &'b mut u32>,
    payee_of: impl Fn(u32) -> u32,
) -> bool {
    let mut nobody = false;
    for (payee, person) in payees.zip(people) {
        *payee = payee_of(*person);
        nobody |= *payee == 0;
    }
    nobody
}

/// The rates by level of a table without ranks.
pub(super) fn flat_rates(rule: &Rule, table: &RateTable) -> Option<Vec<Rate>> {
    let list = table.get("any").filter(|_| table.iter().count() == 1)?;
    list.iter().map(|amount| fixed_rate(rule, amount)).collect()
}

/// A rate that is the same for everybody, as it is paid.
pub(super) fn fixed_rate(rule: &Rule, amount: &Amount) -> Option<Rate> {
    match amount {
        Amount::Fixed(Pay::Share(rate)) => rule.round.rate(*rate).ok(),
        _ => None,
    }
}
