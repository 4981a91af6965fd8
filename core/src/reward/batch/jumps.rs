//! Who is reached next on the way up, for all members at once: a walk then costs as many steps as there are
//! people who matter, however many stand between them.

use super::qualified::has_bit;
use crate::reward::referral::MemberIx;
use crate::reward::referral::sweep::{Downward, place};

/// The nearest person above each member who meets a condition.
pub(super) fn nearest(parents: &[u32], order: &Downward, bits: &[u64]) -> Vec<u32> {
    let mut nearest = vec![0; parents.len()];
    order.down(|member| {
        let parent = parents[place(member)];
        nearest[place(member)] = choose(has_bit(bits, parent), parent, nearest[place(parent)]);
    });
    nearest
}

/// Each member who meets a condition, and for the others the nearest person above who does.
pub(super) fn nearest_or_own(parents: &[u32], order: &Downward, bits: &[u64]) -> Vec<u32> {
    let mut nearest = vec![0; parents.len()];
    order.down(|member| {
        let above = nearest[place(parents[place(member)])];
        nearest[place(member)] = choose(has_bit(bits, member), member, above);
    });
    nearest
}

/// By masks: a branch that nobody can predict would throw the reads of those who follow away.
#[inline(always)]
fn choose(first: bool, one: u32, other: u32) -> u32 {
    other ^ (one ^ other) & u32::from(first).wrapping_neg()
}

/// How many people stand above each member up to the nearest above who does not meet a condition, and that one
/// with them; 0 where everybody above does.
pub(super) fn ends_of(parents: &[u32], order: &Downward, bits: &[u64]) -> Vec<u32> {
    let mut ends = vec![0_u32; parents.len()];
    order.down(|member| {
        let parent = parents[place(member)];
        let beyond = ends[place(parent)];
        ends[place(member)] = match (parent, has_bit(bits, parent)) {
            (0, _) => 0,
            (_, false) => 1,
            (_, true) => beyond + u32::from(beyond > 0),
        };
    });
    ends
}

/// How many people stand above each member, themselves included: nobody has 0. No more than 16 bits say.
pub(super) fn depths(parents: &[u32], order: &Downward) -> Vec<u16> {
    let mut depths = vec![0_u16; parents.len()];
    order.down(|member| {
        depths[place(member)] = depths[place(parents[place(member)])].saturating_add(1);
    });
    depths
}

/// Classes in a piece of a row of [`Ways`].
const PIECE: usize = 4;

/// The way up from class to higher class, for all members. Class 0 gets nothing.
///
/// A row tells of each class who is the nearest of a higher one, so that one read of memory tells all of a way. Only
/// members of a class have a row of their own; whoever has none sees that of the nearest above who has one.
pub(super) struct Ways {
    /// Of each member the row that is seen from below, and how many people there are from them to the top.
    views: Vec<[u32; 2]>,
    /// Whom each row finds, so many pieces a row; the first row finds nobody.
    rows: Vec<[u64; PIECE]>,
    pieces: usize,
}

/// Somebody on a way, and how many people there are from them to the top. Nobody is all zeros.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found(pub(super) u64);

impl Found {
    #[inline(always)]
    pub(super) fn person(self) -> u32 {
        halves(self.0)[0]
    }

    #[inline(always)]
    pub(super) fn people(self) -> u32 {
        halves(self.0)[1]
    }

    #[inline(always)]
    pub(super) fn is_somebody(self) -> bool {
        self.0 != 0
    }
}

impl Ways {
    /// `up` is the nearest person above each member who counts: the parents where everybody does. `classes` are
    /// those of all members by handle, nobody's first, none above `highest`.
    pub(super) fn new(up: &[u32], order: &Downward, classes: &[u8], highest: usize) -> Self {
        let pieces = highest.div_ceil(PIECE).max(1);
        // Nobody's row, and one behind the last that is written before it is known whether it stays.
        let rows = classes.iter().fold(2, |rows: usize, class| rows.wrapping_add(usize::from(*class > 0)));
        let mut ways = Self { views: vec![[0; 2]; up.len()], rows: vec![[0; PIECE]; rows * pieces], pieces };
        let mut free = 1_u32;
        order.down(|member| {
            let [seen, above] = ways.views[place(up[place(member)])];
            let (class, people) = (classes[place(member)], above.wrapping_add(1));
            ways.views[place(member)] = [choose(class > 0, free, seen), people];
            let row = &mut ways.rows[place_of(free, pieces)];
            (row[0], row[1]) = (both(member, people), both(seen, class.into()));
            free = free.wrapping_add(u32::from(class > 0));
        });
        ways.fill(&masks(highest, pieces));
        ways
    }

    /// Makes the rows of what stands in them: whose they are, the row above, and the class.
    fn fill(&mut self, masks: &[[u64; PIECE]]) {
        let pieces = self.pieces;
        for row in 1..self.rows.len() / pieces - 1 {
            let (done, rest) = self.rows.split_at_mut(row.wrapping_mul(pieces));
            let [found, what, ..] = rest[0];
            let [seen, class] = halves(what).map(|half| place_of(half, pieces));
            let cells = done[seen..].iter().zip(&masks[class..]);
            for (row, (above, mask)) in rest.iter_mut().zip(cells).take(pieces) {
                for (cell, (above, mask)) in row.iter_mut().zip(above.iter().zip(mask)) {
                    *cell = above & !mask | found & mask;
                }
            }
        }
    }
}

/// Two halves of a word, the lower first.
#[inline(always)]
fn both(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[inline(always)]
fn halves(word: u64) -> [u32; 2] {
    [word & u64::from(u32::MAX), word >> 32].map(|half| u32::try_from(half).unwrap_or(0))
}

/// Where a row starts.
#[inline(always)]
fn place_of(row: u32, pieces: usize) -> usize {
    place(row).wrapping_mul(pieces)
}

/// Of each class the cells of a row that find whoever is of it: those of all lower classes.
fn masks(highest: usize, pieces: usize) -> Vec<[u64; PIECE]> {
    let mut masks = vec![[0; PIECE]; (highest + 1) * pieces];
    for (class, masks) in masks.chunks_exact_mut(pieces).enumerate() {
        masks.as_flattened_mut()[..class].fill(u64::MAX);
    }
    masks
}

/// The ways of some buyers, side by side.
#[derive(Default)]
pub(super) struct Gathered {
    views: Vec<[u32; 2]>,
    rows: Vec<[u64; PIECE]>,
}

impl Gathered {
    /// All reads of one kind before the next, and nothing else between, so that their cache misses overlap.
    pub(super) fn gather(&mut self, ways: &Ways, up: &[u32], buyers: &[MemberIx]) {
        self.views.clear();
        self.views.extend(buyers.iter().map(|buyer| ways.views[place(up[buyer.index()])]));
        self.rows.clear();
        let pieces = ways.pieces;
        if pieces == 1 {
            self.rows.extend(self.views.iter().map(|[row, _]| ways.rows[place(*row)]));
            return;
        }
        for [row, _] in &self.views {
            self.rows.extend_from_slice(&ways.rows[place(*row) * pieces..][..pieces]);
        }
    }

    /// Of each buyer how many people stand above, and whom they find for each class.
    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &[u64])> {
        let pieces = self.rows.len().checked_div(self.views.len()).unwrap_or(0).max(1);
        let rows = self.rows.chunks_exact(pieces).map(<[_]>::as_flattened);
        self.views.iter().map(|[_, people]| *people).zip(rows)
    }
}
