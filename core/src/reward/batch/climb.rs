//! 级差 on blocks of orders: from class to higher class, so that the cost of an order depends on the number of
//! rates, not on the depth of the forest.

use super::block::{Columns, Sums};
use super::jumps::{Jumps, Start, Step};
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
    /// Who is paid instead of each member: the nearest who may be.
    pub(super) rolled: Option<Arc<[u32]>>,
    /// How many people above each member are walked, up to the first who may not be paid; 0 for all.
    pub(super) ends: Option<Arc<[u32]>>,
    pub(super) jumps: Jumps,
}

/// What is known of the orders of a block on their way up.
#[derive(Default)]
pub(super) struct Climbers {
    /// Where each way starts, and how many people above are walked.
    starts: Vec<Start>,
    limits: Vec<u32>,
    /// Step by step, one entry an order: who stands there, and where the way goes on.
    people: Vec<u32>,
    steps: Vec<Step>,
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
        let rolled = self.rolled.as_deref();
        climbers.gather(&self.jumps, buyers, self.columns());
        climbers.limit(self.ends.as_deref(), buyers);
        let steps = climbers.people.chunks_exact(buyers.len()).zip(climbers.steps.chunks_exact(buyers.len()));
        for ((people, steps), column) in steps.zip(self.column..) {
            let orders = people.iter().zip(steps).zip(&climbers.starts).zip(&climbers.limits);
            let orders = orders.zip(&mut climbers.taken).zip(base);
            for ((((((person, here), way), limit), taken), base), row) in
                orders.zip((column..).step_by(rows.width))
            {
                let level = way.above.wrapping_sub(here.above());
                let stands = *person != 0 && level <= *limit && level <= self.limit;
                let class = if stands { usize::from(here.class()) } else { 0 };
                // Rates rise from class to class, and nobody is of class 0.
                let reached = self.shares[class].of(*base).max(*taken);
                let payee = rolled.map_or(*person, |rolled| rolled[place(*person)]);
                rows.payees[row] = if stands { payee } else { 0 };
                rows.slots[row] = self.slot | (level & 0xFFFF);
                rows.amounts[row] = reached.wrapping_sub(*taken);
                *taken = reached;
            }
        }
        let Some(top) = self.shares.last() else { return };
        let orders = climbers.taken.iter().zip(&climbers.starts).zip(&climbers.limits).zip(base);
        for (((taken, way), limit), base) in orders {
            let rest = i128::from(top.of(*base) - taken);
            sums.offered += rest;
            if way.above == 0 {
                sums.no_upline += rest;
            } else if *limit <= self.limit {
                sums.blocked += rest;
            } else {
                sums.unreached_rank += rest;
            }
        }
    }
}

impl Climbers {
    /// How far each way goes where it ends at somebody who may not be paid.
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

    /// Everybody on the way of each buyer: all of one step before the next, and nothing else between, so that
    /// their cache misses overlap. Nobody leads to nobody.
    fn gather(&mut self, jumps: &Jumps, buyers: &[MemberIx], steps: usize) {
        let len = buyers.len();
        self.starts.clear();
        self.people.clear();
        self.steps.clear();
        self.taken.clear();
        self.taken.resize(len, 0);
        self.starts.extend(buyers.iter().map(|buyer| jumps.starts[buyer.index()]));
        self.people.extend(self.starts.iter().map(|start| start.first));
        for step in 0..steps {
            let people = &self.people[step * len..];
            self.steps.extend(people.iter().map(|person| jumps.steps[place(*person)]));
            self.people.extend(self.steps[step * len..].iter().map(|step| step.next));
        }
    }
}
