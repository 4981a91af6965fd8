//! The rows of a block of orders while they are made.
//!
//! Rows lie order by order, column by column, from the start. Blocks in which every row is paid, by far the
//! most, leave as they are; only the others are closed up.

use super::climb::{Climb, Climbers};
use super::flat::{Level, payees_of};
use super::kernel::Kernel;
use super::qualified::has_bit;
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
    /// Of the rule at hand: whether the way of each order has ended.
    ended: Vec<u8>,
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
            ended: vec![0; size],
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
        if let ([], [climb]) = (kernel.levels(), kernel.climbs()) {
            let kept = self.climb(climb, parents, start, buyers, sums);
            return rows_of(kept, &self.sources, &self.payees, &self.slots, &self.amounts);
        }
        let (len, width) = (buyers.len(), kernel.width());
        let rows = len * width;
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        for (source, place) in self.sources[..rows].iter_mut().zip(&self.places) {
            *source = first.wrapping_add(*place);
        }
        let mut all_paid = kernel.climbs().is_empty();
        for level in kernel.levels() {
            let people = &self.people[level.depth * self.size..][..len];
            let payees = self.payees.chunks_exact_mut(width).map(|payees| &mut payees[level.column]);
            let nobody = match level.rolled.as_deref() {
                None => payees_of(people, payees, |person| person),
                Some(next) => payees_of(people, payees, |person| next[place(person)]),
            };
            let amounts = self.amounts.chunks_exact_mut(width);
            let below = level.shares(start, len, amounts.map(|amounts| &mut amounts[level.column]));
            all_paid &= !nobody && !below && level.condition.is_none();
        }
        for climb in kernel.climbs() {
            let (payees, slots, amounts) = (&mut self.payees, &mut self.pattern, &mut self.amounts);
            climb.fill(parents, buyers, start, &mut self.climbers, sums, |order, column, made| {
                let row = order * width + climb.column + column;
                (payees[row], slots[row], amounts[row]) = (made.payee, made.slot, made.amount);
                self.keeps[row] = u8::from(made.keep);
            });
        }
        // Nothing wraps: the kernel refuses batches whose block sums could.
        let offered = self.amounts[..rows].iter().fold(0_i64, |sum, amount| sum.wrapping_add(*amount));
        sums.offered += i128::from(offered);
        let (kept, slots) = match all_paid {
            true => (rows, &self.pattern),
            false => {
                self.mark(kernel, len, sums);
                (self.close_up(rows), &self.slots)
            }
        };
        rows_of(kept, &self.sources, &self.payees, slots, &self.amounts)
    }

    /// The rows of a rule that is alone: each is written, and the cursor moves only past those that are kept.
    fn climb(
        &mut self,
        climb: &Climb<'_>,
        parents: &[u32],
        start: usize,
        buyers: &[MemberIx],
        sums: &mut Sums,
    ) -> usize {
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        let rows = buyers.len() * climb.columns();
        let (sources, payees) = (&mut self.sources[..rows], &mut self.payees[..rows]);
        let (slots, amounts) = (&mut self.slots[..rows], &mut self.amounts[..rows]);
        let mut kept = 0_usize;
        let offered = climb.fill(parents, buyers, start, &mut self.climbers, sums, |order, _, made| {
            // Always so: it tells the compiler that the cursor stays inside.
            if kept < rows {
                sources[kept] = first.wrapping_add(u32::try_from(order).unwrap_or(u32::MAX));
                payees[kept] = made.payee;
                slots[kept] = made.slot;
                amounts[kept] = made.amount;
            }
            kept = kept.wrapping_add(usize::from(made.keep));
        });
        sums.offered += i128::from(offered);
        kept
    }

    /// Marks the rows of levels that are paid, and adds up why the others are not.
    fn mark(&mut self, kernel: &Kernel<'_>, len: usize, sums: &mut Sums) {
        for level in kernel.levels() {
            self.mark_level(kernel, level, len, sums);
        }
    }

    fn mark_level(&mut self, kernel: &Kernel<'_>, level: &Level<'_>, len: usize, sums: &mut Sums) {
        let width = kernel.width();
        if level.stops {
            self.mark_until_stopped(width, level, len, sums);
            return;
        }
        if level.rolled.is_none() {
            self.mark_column(width, level, len, sums);
            return;
        }
        let people = &self.people[level.depth * self.size..][..len];
        let (mut no_upline, mut ineligible, mut below) = (0_i64, 0_i64, 0_i64);
        for (person, row) in people.iter().zip((level.column..).step_by(width)) {
            let amount = self.amounts[row];
            let (reached, qualified, enough) = (*person != 0, self.payees[row] != 0, amount >= level.min);
            let kept_for = |why: bool| if why { amount } else { 0 };
            no_upline = no_upline.wrapping_add(kept_for(!reached));
            ineligible = ineligible.wrapping_add(kept_for(reached & !qualified));
            below = below.wrapping_add(kept_for(qualified & !enough));
            self.keeps[row] = u8::from(qualified & enough);
        }
        sums.no_upline += i128::from(no_upline);
        sums.ineligible += i128::from(ineligible);
        sums.below_minimum += i128::from(below);
    }

    /// Levels of one rule stand one after the other, so who ends the way is known before those beyond.
    fn mark_until_stopped(&mut self, width: usize, level: &Level<'_>, len: usize, sums: &mut Sums) {
        if level.is_first() {
            self.ended.fill(0);
        }
        let (mut no_upline, mut ineligible, mut blocked, mut below) = (0_i64, 0_i64, 0_i64, 0_i64);
        for (ended, row) in self.ended.iter_mut().zip((level.column..).step_by(width)).take(len) {
            let (person, amount) = (self.payees[row], self.amounts[row]);
            let (reached, open) = (person != 0, *ended == 0);
            let qualified = level.condition.as_deref().is_none_or(|bits| has_bit(bits, person));
            let enough = amount >= level.min;
            let kept_for = |why: bool| if why { amount } else { 0 };
            no_upline = no_upline.wrapping_add(kept_for(!reached));
            blocked = blocked.wrapping_add(kept_for(reached & !open));
            ineligible = ineligible.wrapping_add(kept_for(reached & open & !qualified));
            below = below.wrapping_add(kept_for(reached & open & qualified & !enough));
            self.keeps[row] = u8::from(reached & open & qualified & enough);
            *ended |= u8::from(reached & !qualified);
        }
        sums.no_upline += i128::from(no_upline);
        sums.ineligible += i128::from(ineligible);
        sums.blocked += i128::from(blocked);
        sums.below_minimum += i128::from(below);
    }

    fn mark_column(&mut self, width: usize, level: &Level<'_>, len: usize, sums: &mut Sums) {
        let condition = level.condition.as_deref();
        let (mut nobody, mut ineligible, mut below) = (0_i64, 0_i64, 0_i64);
        for row in (level.column..).step_by(width).take(len) {
            let (person, amount) = (self.payees[row], self.amounts[row]);
            let reached = person != 0;
            let qualified = condition.is_none_or(|bits| has_bit(bits, person));
            let enough = amount >= level.min;
            let paid_to = |paid: bool| if paid { amount } else { 0 };
            nobody = nobody.wrapping_add(paid_to(!reached));
            ineligible = ineligible.wrapping_add(paid_to(reached & !qualified));
            below = below.wrapping_add(paid_to(reached & qualified & !enough));
            self.keeps[row] = u8::from(reached & qualified & enough);
        }
        sums.no_upline += i128::from(nobody);
        sums.ineligible += i128::from(ineligible);
        sums.below_minimum += i128::from(below);
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
