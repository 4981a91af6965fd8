//! The rows of a block of orders while they are made.
//!
//! Rows lie order by order, column by column, from the start. Blocks in which every row is paid, by far the
//! most, leave as they are; only the others are closed up.

use super::climb::Climbers;
use super::flat::{Level, fill, payees_of};
use super::kernel::Kernel;
use super::rows::RowBlock;
use crate::error::{Code, Error, Result};
use crate::reward::referral::MemberIx;
use crate::reward::referral::sweep::place;

/// The most orders in a block: their people and rows stay in the first-level cache.
pub(super) const BLOCK: usize = 128;

/// What was offered so far, and what became of it.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) offered: i128,
    pub(super) no_upline: i128,
    pub(super) ineligible: i128,
    pub(super) blocked: i128,
    pub(super) unreached_rank: i128,
    pub(super) below_minimum: i128,
}

/// Somebody who is paid where the row is kept.
pub(super) struct Row {
    pub(super) payee: u32,
    pub(super) slot: u32,
    pub(super) amount: i64,
    pub(super) keep: bool,
}

/// All bits or none: a branch that nobody can predict would cost more than all else.
#[inline(always)]
pub(super) fn ones(yes: bool) -> i64 {
    i64::from(yes).wrapping_neg()
}

/// The working memory of a block.
pub(super) struct Block {
    /// How many orders there is room for.
    size: usize,
    /// Depth by depth of each walk, one entry an order.
    people: Vec<u32>,
    climbers: Climbers,
    /// The order of each row within the block, and the slot of each row.
    places: Vec<u32>,
    pattern: Vec<u32>,
    sources: Vec<u32>,
    payees: Vec<u32>,
    slots: Vec<u32>,
    amounts: Vec<i64>,
    keeps: Vec<u8>,
}

impl Block {
    /// For blocks of at most `size` orders.
    pub(super) fn new(size: usize, kernel: &Kernel<'_>) -> Self {
        let slots = kernel.slots();
        let rows = size * slots.len();
        let orders = 0..u32::try_from(size).unwrap_or(u32::MAX);
        Self {
            size,
            people: vec![0; size * kernel.depth()],
            climbers: Climbers::default(),
            places: orders.flat_map(|at| slots.iter().map(move |_| at)).collect(),
            pattern: slots.iter().copied().cycle().take(rows).collect(),
            sources: vec![0; rows],
            payees: vec![0; rows],
            slots: vec![0; rows],
            amounts: vec![0; rows],
            keeps: vec![0; rows],
        }
    }

    /// Everybody a walk finds above the buyers, from `first` of all depths on: all of one depth before the
    /// next, so that their cache misses overlap. `up` is who stands above each member, as the walk sees it.
    pub(super) fn gather(
        &mut self,
        up: &[u32],
        first: usize,
        depth: usize,
        buyers: &[MemberIx],
    ) -> Result<()> {
        let parent = |ix: u32| usize::try_from(ix).ok().and_then(|ix| up.get(ix)).copied();
        let broken = || Error::new(Code::UnknownMember, "the parents handed in do not fit the forest");
        let mut depths = self.people[first * self.size..][..depth * self.size].chunks_exact_mut(self.size);
        let Some(mut below) = depths.next() else { return Ok(()) };
        for (up, buyer) in below.iter_mut().zip(buyers) {
            *up = parent(buyer.get()).ok_or_else(broken)?;
        }
        for above in depths {
            for (up, down) in above.iter_mut().zip(&*below).take(buyers.len()) {
                *up = parent(*down).ok_or_else(broken)?;
            }
            below = above;
        }
        Ok(())
    }

    /// Splits the orders of `buyers`, which start at input row `start`, among the people gathered above them.
    pub(super) fn split(
        &mut self,
        kernel: &Kernel<'_>,
        parents: &[u32],
        start: usize,
        buyers: &[MemberIx],
        sums: &mut Sums,
    ) -> RowBlock<'_> {
        let (levels, climbs, width) = (kernel.levels(), kernel.climbs(), kernel.width());
        let (len, rows) = (buyers.len(), buyers.len() * width);
        if climbs.is_empty() && self.pay_all(levels, width, start, len) {
            // Nothing wraps: the kernel refuses batches whose block sums could.
            let offered = self.amounts[..rows].iter().fold(0_i64, |sum, amount| sum.wrapping_add(*amount));
            sums.offered += i128::from(offered);
            return rows_of(rows, &self.sources, &self.payees, &self.pattern, &self.amounts);
        }
        if !climbs.is_empty() && (climbs.len() > 1 || !levels.is_empty()) {
            let kept = self.split_mixed(kernel, parents, start, buyers, sums);
            return rows_of(kept, &self.sources, &self.payees, &self.slots, &self.amounts);
        }
        let Self { people, climbers, sources, payees, slots, amounts, size, .. } = self;
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        let (sources, payees) = (&mut sources[..rows], &mut payees[..rows]);
        let (slots, amounts) = (&mut slots[..rows], &mut amounts[..rows]);
        let mut kept = 0_usize;
        // Each row is written; the cursor moves only past those that are kept.
        let put = |order: usize, _: usize, row: Row| {
            // Always so: it tells the compiler that the cursor stays inside.
            if kept < rows {
                sources[kept] = first.wrapping_add(u32::try_from(order).unwrap_or(u32::MAX));
                payees[kept] = row.payee;
                slots[kept] = row.slot;
                amounts[kept] = row.amount;
            }
            kept = kept.wrapping_add(usize::from(row.keep));
        };
        match climbs.first() {
            Some(climb) => climb.fill(parents, buyers, start, climbers, sums, put),
            None => fill(levels, people, *size, start..start + len, sums, put),
        }
        rows_of(kept, sources, payees, slots, amounts)
    }

    /// Makes the rows of all orders level by level, when everybody is paid; otherwise `false`, and nothing is made.
    fn pay_all(&mut self, levels: &[Level<'_>], width: usize, start: usize, len: usize) -> bool {
        let people = |level: &Level<'_>| &self.people[level.depth * self.size..][..len];
        let gaps =
            |level: &Level<'_>| people(level).iter().fold(0, |gaps, one| gaps | u8::from(*one == 0)) != 0;
        if levels.iter().any(|level| level.condition.is_some() || gaps(level)) {
            return false;
        }
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        for (source, place) in self.sources[..len * width].iter_mut().zip(&self.places) {
            *source = first.wrapping_add(*place);
        }
        let mut all = true;
        for level in levels {
            let people = &self.people[level.depth * self.size..][..len];
            let payees = self.payees.chunks_exact_mut(width).map(|payees| &mut payees[level.column]);
            let nobody = match level.rolled.as_deref() {
                None => payees_of(people, payees, |person| person),
                Some(next) => payees_of(people, payees, |person| next[place(person)]),
            };
            let amounts = self.amounts.chunks_exact_mut(width);
            let below = level.shares(start, len, amounts.map(|amounts| &mut amounts[level.column]));
            all &= !nobody && !below;
        }
        all
    }

    /// The rows of several rules of which some are differentials: each where it would stand if all were kept.
    fn split_mixed(
        &mut self,
        kernel: &Kernel<'_>,
        parents: &[u32],
        start: usize,
        buyers: &[MemberIx],
        sums: &mut Sums,
    ) -> usize {
        let (width, len) = (kernel.width(), buyers.len());
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        for (source, place) in self.sources[..len * width].iter_mut().zip(&self.places) {
            *source = first.wrapping_add(*place);
        }
        let Self { people, climbers, payees, pattern, amounts, keeps, size, .. } = self;
        let mut put = |order: usize, column: usize, made: Row| {
            let row = order * width + column;
            (payees[row], pattern[row], amounts[row]) = (made.payee, made.slot, made.amount);
            keeps[row] = u8::from(made.keep);
        };
        fill(kernel.levels(), people, *size, start..start + len, sums, &mut put);
        for climb in kernel.climbs() {
            climb.fill(parents, buyers, start, climbers, sums, |order, column, made| {
                put(order, climb.column + column, made);
            });
        }
        self.close_up(len * width)
    }

    /// Moves the rows that are kept to the front. Every row is written; the cursor moves only past those
    /// that are kept.
    fn close_up(&mut self, rows: usize) -> usize {
        let (sources, payees) = (&mut self.sources[..rows], &mut self.payees[..rows]);
        let (slots, amounts) = (&mut self.slots[..rows], &mut self.amounts[..rows]);
        let mut kept = 0;
        for (row, (keep, slot)) in self.keeps[..rows].iter().zip(&self.pattern).enumerate() {
            // Never so: it tells the compiler that the cursor stays inside.
            if kept >= rows {
                break;
            }
            sources[kept] = sources[row];
            payees[kept] = payees[row];
            slots[kept] = *slot;
            amounts[kept] = amounts[row];
            kept = kept.wrapping_add(usize::from(*keep));
        }
        kept
    }
}

/// The first rows of columns.
fn rows_of<'a>(
    kept: usize,
    sources: &'a [u32],
    payees: &'a [u32],
    slots: &'a [u32],
    amounts: &'a [i64],
) -> RowBlock<'a> {
    RowBlock {
        sources: &sources[..kept],
        payees: &payees[..kept],
        slots: &slots[..kept],
        amounts: &amounts[..kept],
        accounts: &[],
        origins: &[],
        table: &[],
    }
}
