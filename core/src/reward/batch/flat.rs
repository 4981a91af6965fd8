//! Flat levels on blocks of orders: a fixed rate per level, up the referral forest or from one who qualifies
//! to the next.
//!
//! Orders are taken in blocks. All parents of one depth are gathered before the next depth starts, so
//! their cache misses overlap, and the arithmetic has no branch.

use super::block::{Row, Sums, ones};
use super::qualified::has_bit;
use crate::money::Rate;
use crate::reward::commission::divide::Share;
use crate::reward::plan::{Amount, RateTable, Rule};
use crate::reward::referral::sweep::place;
use crate::sale::Pay;
use std::ops::Range;
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

    /// Who gets what somebody stands for, and whether they may.
    #[inline(always)]
    fn paid_for(&self, person: u32) -> (u32, bool) {
        let payee = self.rolled.as_deref().map_or(person, |next| next[place(person)]);
        (payee, payee != 0 && self.condition.as_deref().is_none_or(|bits| has_bit(bits, payee)))
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

/// Makes the rows of some orders, order by order and level by level, whether they are kept or not. `people` stand
/// depth by depth, `size` of each.
#[inline(always)]
pub(super) fn fill(
    levels: &[Level<'_>],
    people: &[u32],
    size: usize,
    orders: Range<usize>,
    sums: &mut Sums,
    put: impl FnMut(usize, usize, Row),
) {
    match levels.iter().all(|level| level.condition.is_none() && level.rolled.is_none()) {
        true => fill_asking(levels, people, size, orders, sums, |_, person| (person, true), put),
        false => fill_asking(levels, people, size, orders, sums, Level::paid_for, put),
    }
}

/// The same; `paid` is who gets what somebody of a level stands for, and whether they may.
#[inline(always)]
fn fill_asking<'l>(
    levels: &'l [Level<'l>],
    people: &[u32],
    size: usize,
    orders: Range<usize>,
    sums: &mut Sums,
    paid: impl Fn(&'l Level<'l>, u32) -> (u32, bool),
    mut put: impl FnMut(usize, usize, Row),
) {
    // Nothing wraps: the kernel refuses batches whose block sums could.
    let (mut offered, mut no_upline, mut ineligible) = (0_i64, 0_i64, 0_i64);
    let (mut blocked, mut below) = (0_i64, 0_i64);
    for (order, row) in orders.enumerate() {
        let mut open = -1_i64;
        for level in levels {
            let person = people[level.depth.wrapping_mul(size).wrapping_add(order)];
            let amount = level.share.of(level.base[row]);
            let (payee, qualifies) = paid(level, person);
            let (reached, qualified) = (ones(person != 0), ones(qualifies));
            let short = amount.wrapping_sub(level.min) >> 63;
            // Levels of one rule stand one after the other, so who ends the way is known before those beyond.
            open |= ones(level.is_first());
            offered = offered.wrapping_add(amount);
            no_upline = no_upline.wrapping_add(amount & !reached);
            blocked = blocked.wrapping_add(amount & reached & !open);
            ineligible = ineligible.wrapping_add(amount & reached & open & !qualified);
            below = below.wrapping_add(amount & reached & open & qualified & short);
            let keep = reached & open & qualified & !short != 0;
            put(order, level.column, Row { payee, slot: level.slot, amount, keep });
            open &= !(reached & !qualified & ones(level.stops));
        }
    }
    sums.offered += i128::from(offered);
    sums.no_upline += i128::from(no_upline);
    sums.ineligible += i128::from(ineligible);
    sums.blocked += i128::from(blocked);
    sums.below_minimum += i128::from(below);
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
