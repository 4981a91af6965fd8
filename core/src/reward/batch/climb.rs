//! 级差 on blocks of orders: one read finds everybody on the way of an order, from class to higher class, so that
//! its cost depends on the number of rates, not on the depth of the forest.

use super::block::{Row, Sums, ones};
use super::jumps::{Found, Gathered, Ways};
use super::qualified::has_bit;
use crate::money::{Rate, Rounding};
use crate::reward::commission::divide::Share;
use crate::reward::referral::MemberIx;
use crate::reward::referral::sweep::place;
use std::sync::Arc;

/// One differential rule.
pub(super) struct Climb<'a> {
    /// The first of its columns: one for each rate above zero.
    pub(super) column: usize,
    /// What each class above 0 is entitled to with all nearer people.
    pub(super) shares: Vec<Share>,
    pub(super) base: &'a [i64],
    /// The rule, in the upper half.
    pub(super) slot: u32,
    /// How many people are walked.
    pub(super) limit: u32,
    pub(super) min: i64,
    /// Who may be paid, one bit a member; everybody who counts when absent.
    pub(super) condition: Option<Arc<[u64]>>,
    /// Who is paid instead of each member: the nearest who may be.
    pub(super) rolled: Option<Arc<Vec<u32>>>,
    /// How many people above each member are walked, up to the first who may not be paid; 0 for all.
    pub(super) ends: Option<Arc<Vec<u32>>>,
    /// The nearest above each member who counts; their parents when absent.
    pub(super) up: Option<Arc<Vec<u32>>>,
    pub(super) ways: Ways,
}

/// What is known of the orders of a block on their way up.
#[derive(Default)]
pub(super) struct Climbers {
    gathered: Gathered,
    /// How far each way goes where it ends at somebody who may not be paid.
    limits: Vec<u32>,
}

/// The multiplications of rates in rising order; `None` where one does not serve amounts up to `largest`.
pub(super) fn shares(rates: &[Rate], mode: Rounding, largest: i64) -> Option<Vec<Share>> {
    rates.iter().map(|rate| Share::new(*rate, mode).filter(|share| largest <= share.max())).collect()
}

impl Climb<'_> {
    /// Makes the rows of the orders `start..start + buyers.len()`, order by order and column by column: all that
    /// the rule may have of each order, whether they are kept or not.
    #[inline(always)]
    pub(super) fn fill(
        &self,
        parents: &[u32],
        buyers: &[MemberIx],
        start: usize,
        climbers: &mut Climbers,
        sums: &mut Sums,
        put: impl FnMut(usize, usize, Row),
    ) {
        climbers.gathered.gather(&self.ways, self.up.as_deref().map_or(parents, Vec::as_slice), buyers);
        climbers.limit(self.ends.as_deref().map(Vec::as_slice), buyers);
        let base = &self.base[start..start + buyers.len()];
        // Who stands on a way is somebody.
        match (self.condition.as_deref(), self.rolled.as_deref()) {
            (None, None) => self.split(base, climbers, sums, |person| (person, true), put),
            (Some(bits), _) => {
                self.split(base, climbers, sums, |person| (person, has_bit(bits, person)), put)
            }
            (None, Some(rolled)) => {
                let payee = |person| rolled[place(person)];
                self.split(base, climbers, sums, |person| (payee(person), payee(person) != 0), put)
            }
        }
    }

    /// The same, when everybody is gathered; `paid` is who gets what somebody stands for, and whether they may.
    #[inline(always)]
    fn split(
        &self,
        base: &[i64],
        climbers: &Climbers,
        sums: &mut Sums,
        paid: impl Fn(u32) -> (u32, bool),
        mut put: impl FnMut(usize, usize, Row),
    ) {
        // Nothing wraps: the kernel refuses batches whose block sums could.
        let (mut in_rows, mut beyond, mut no_upline, mut blocked) = (0_i64, 0_i64, 0_i64, 0_i64);
        let (mut ineligible, mut below) = (0_i64, 0_i64);
        let orders = climbers.gathered.iter().zip(&climbers.limits).zip(base).enumerate();
        for (order, (((above, way), end), base)) in orders {
            let limit = self.limit.min(*end);
            let level = |found: Found| above.wrapping_sub(found.people()).wrapping_add(1);
            let standing = |cell: Option<&u64>| {
                let found = Found(cell.copied().unwrap_or(0));
                if found.is_somebody() & (level(found) <= limit) { found } else { Found::default() }
            };
            let (mut here, mut taken, mut reached) = (standing(way.first()), 0_i64, 0_i64);
            for (column, share) in self.shares.iter().enumerate() {
                let next = standing(way.get(column.wrapping_add(1)));
                // Rates rise from class to class. Whoever is found for the next, too, gets that one's.
                reached = share.of(*base);
                let last = ones(here.is_somebody() & (here != next));
                let amount = reached.wrapping_sub(taken) & last;
                let (payee, qualifies) = paid(here.person());
                let (qualified, short) = (ones(qualifies), amount.wrapping_sub(self.min) >> 63);
                ineligible = ineligible.wrapping_add(amount & !qualified);
                below = below.wrapping_add(amount & qualified & short);
                let slot = self.slot | (level(here) & 0xFFFF);
                // What is not short is above zero.
                put(order, column, Row { payee, slot, amount, keep: qualified & !short != 0 });
                taken = taken.wrapping_add(amount);
                here = next;
            }
            let rest = reached.wrapping_sub(taken);
            in_rows = in_rows.wrapping_add(taken);
            beyond = beyond.wrapping_add(rest);
            no_upline = no_upline.wrapping_add(if above == 0 { rest } else { 0 });
            blocked = blocked.wrapping_add(if above != 0 && *end <= self.limit { rest } else { 0 });
        }
        let unreached = beyond.wrapping_sub(no_upline).wrapping_sub(blocked);
        sums.offered += i128::from(in_rows) + i128::from(beyond);
        sums.no_upline += i128::from(no_upline);
        sums.blocked += i128::from(blocked);
        sums.unreached_rank += i128::from(unreached);
        sums.ineligible += i128::from(ineligible);
        sums.below_minimum += i128::from(below);
    }
}

impl Climbers {
    fn limit(&mut self, ends: Option<&[u32]>, buyers: &[MemberIx]) {
        self.limits.clear();
        match ends {
            None => self.limits.resize(buyers.len(), u32::MAX),
            Some(ends) => self.limits.extend(buyers.iter().map(|buyer| match ends[buyer.index()] {
                0 => u32::MAX,
                end => end,
            })),
        }
    }
}
