//! Who is reached next on the way up, for all members at once: a walk then costs as many steps as there are
//! people who matter, however many stand between them.

use super::qualified::has_bit;
use crate::reward::referral::sweep::{Downward, place};
use std::sync::Arc;

/// The deepest forest whose depths fit beside a class.
const MAX_DEPTH: u32 = (1 << 24) - 1;

/// The nearest person above each member who meets a condition.
pub(super) fn nearest(parents: &[u32], order: &Downward, bits: &[u64]) -> Vec<u32> {
    let mut nearest = vec![0; parents.len()];
    order.down(|member| {
        let parent = parents[place(member)];
        nearest[place(member)] = if has_bit(bits, parent) { parent } else { nearest[place(parent)] };
    });
    nearest
}

/// How many people stand above each member up to the nearest above who does not meet a condition, and that one
/// with them; 0 where everybody above does.
pub(super) fn ends_of(parents: &[u32], order: &Downward, bits: &[u64]) -> Arc<[u32]> {
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
    ends.into()
}

/// How many people stand above the deepest member.
pub(super) fn deepest(parents: &[u32], order: &Downward) -> u32 {
    let mut depths = vec![0_u32; parents.len()];
    let mut deepest = 0;
    order.down(|member| {
        let parent = parents[place(member)];
        if parent != 0 {
            depths[place(member)] = depths[place(parent)] + 1;
            deepest = deepest.max(depths[place(member)]);
        }
    });
    deepest
}

/// The way up from class to higher class. Class 0 gets nothing.
pub(super) struct Jumps {
    /// Where the way of each member starts.
    pub(super) starts: Vec<Start>,
    pub(super) steps: Vec<Step>,
}

/// The start of a way, in one piece: a buyer costs one read of memory.
#[derive(Clone, Copy, Default)]
pub(super) struct Start {
    /// The nearest person above whose class is not 0.
    pub(super) first: u32,
    /// How many people above count.
    pub(super) above: u32,
}

/// Where the way goes on from a member.
#[derive(Clone, Copy, Default)]
pub(super) struct Step {
    /// The nearest person above of a higher class.
    pub(super) next: u32,
    /// How many people above count, and the class in the lowest byte.
    info: u32,
}

impl Step {
    #[inline(always)]
    pub(super) const fn above(self) -> u32 {
        self.info >> 8
    }

    #[inline(always)]
    pub(super) const fn class(self) -> u8 {
        self.info.to_le_bytes()[0]
    }
}

impl Jumps {
    /// `up` is the nearest person above each member who counts: the parents where everybody does. `None` for a
    /// forest that is too deep.
    pub(super) fn new(up: &[u32], order: &Downward, class: impl Fn(u32) -> u8) -> Option<Self> {
        let mut jumps =
            Self { starts: vec![Start::default(); up.len()], steps: vec![Step::default(); up.len()] };
        let mut deepest = 0;
        order.down(|member| {
            let (first, own) = (up[place(member)], class(member));
            let near = jumps.steps[place(first)];
            let above = if first == 0 { 0 } else { near.above() + 1 };
            let mut next = first;
            while next != 0 && jumps.steps[place(next)].class() <= own {
                next = jumps.steps[place(next)].next;
            }
            deepest = deepest.max(above);
            let above = above.min(MAX_DEPTH);
            let first = if near.class() == 0 { near.next } else { first };
            jumps.starts[place(member)] = Start { first, above };
            jumps.steps[place(member)] = Step { next, info: above << 8 | u32::from(own) };
        });
        (deepest <= MAX_DEPTH).then_some(jumps)
    }
}
