//! 级差 on blocks of orders: from class to higher class, so that the cost of an order depends on the number of
//! rates, not on the depth of the forest.

use super::block::{Columns, Sums};
use super::jumps::{Jumps, Step};
use crate::money::{Rate, Rounding};
use crate::reward::commission::divide::Share;
use crate::reward::referral::MemberIx;
use crate::reward::referral::sweep::place;
use std::sync::Arc;

/// One differential rule.
pub(super) struct Climb<'a> {
    /// The first of its columns: one for each rate above zero.
    pub(super) column: usize,
    /// What each class is entitled to with all nearer people; class 0 to nothing.
    pub(super) shares: Vec<Share>,
    pub(super) base: &'a [i64],
    /// The rule, in the upper half.
    pub(super) slot: u32,
    /// How many people are walked.
    pub(super) limit: u32,
    pub(super) min: i64,
    /// Who may be paid, one bit a member; everybody who counts when absent.
    pub(super) condition: Option<Arc<[u64]>>,
    pub(super) jumps: Jumps,
}

/// What is known of the orders of a block on their way up.
#[derive(Default)]
pub(super) struct Climbers {
    /// Step by step, one entry an order: who stands there, and where the way goes on.
    people: Vec<u32>,
    steps: Vec<Step>,
    /// How many people stand above the buyer.
    depths: Vec<u32>,
    taken: Vec<i64>,
}

/// The multiplications of rates in rising order, behind that of nothing; `None` where one does not serve
/// amounts up to `largest`.
pub(super) fn shares(rates: &[Rate], mode: Rounding, largest: i64) -> Option<Vec<Share>> {
    let share = |rate: &Rate| Share::new(*rate, mode).filter(|share| largest <= share.max());
    [Rate::ZERO].iter().chain(rates).map(share).collect()
}

impl Climb<'_> {
    /// How many columns it fills.
    pub(super) fn columns(&self) -> usize {
        self.shares.len() - 1
    }

    /// Fills its columns for the orders `start..start + buyers.len()`.
    pub(super) fn fill(
        &self,
        buyers: &[MemberIx],
        start: usize,
        climbers: &mut Climbers,
        rows: &mut Columns<'_>,
        sums: &mut Sums,
    ) {
        let base = &self.base[start..start + buyers.len()];
        climbers.gather(&self.jumps, buyers, self.columns());
        let steps = climbers.people.chunks_exact(buyers.len()).zip(climbers.steps.chunks_exact(buyers.len()));
        for ((people, steps), column) in steps.zip(self.column..) {
            let orders = people.iter().zip(steps).zip(&climbers.depths).zip(&mut climbers.taken).zip(base);
            for (((((person, here), depth), taken), base), row) in orders.zip((column..).step_by(rows.width))
            {
                let level = depth.wrapping_sub(here.above());
                let stands = *person != 0 && level <= self.limit;
                let class = if stands { usize::from(here.class()) } else { 0 };
                // Rates rise from class to class, and nobody is of class 0.
                let reached = self.shares[class].of(*base).max(*taken);
                rows.payees[row] = if stands { *person } else { 0 };
                rows.slots[row] = self.slot | (level & 0xFFFF);
                rows.amounts[row] = reached.wrapping_sub(*taken);
                *taken = reached;
            }
        }
        let Some(top) = self.shares.last() else { return };
        for ((taken, depth), base) in climbers.taken.iter().zip(&climbers.depths).zip(base) {
            let rest = i128::from(top.of(*base) - taken);
            sums.offered += rest;
            if *depth == 0 {
                sums.no_upline += rest;
            } else {
                sums.unreached_rank += rest;
            }
        }
    }
}

impl Climbers {
    /// Everybody on the way of each buyer: all of one step before the next, and nothing else between, so that
    /// their cache misses overlap. Nobody leads to nobody.
    fn gather(&mut self, jumps: &Jumps, buyers: &[MemberIx], steps: usize) {
        let len = buyers.len();
        self.depths.clear();
        self.people.clear();
        self.steps.clear();
        self.taken.clear();
        self.taken.resize(len, 0);
        for start in buyers.iter().map(|buyer| jumps.starts[buyer.index()]) {
            self.depths.push(start.above);
            self.people.push(start.first);
        }
        for step in 0..steps {
            let people = &self.people[step * len..];
            self.steps.extend(people.iter().map(|person| jumps.steps[place(*person)]));
            self.people.extend(self.steps[step * len..].iter().map(|step| step.next));
        }
    }
}
