//! Seeded forests and orders.

use fenrun::reward::referral::{Column, Forest, MemberIx};
use fenrun_mem::Pages;
use std::error::Error;

/// The ranks of the members, the higher the rarer.
pub(crate) const RANKS: [&str; 4] = ["V1", "V2", "V3", "V4"];
/// How far back the inviter of somebody joined at most: any time, or lately, which makes the forest deep.
pub(crate) const RANDOM: u32 = u32::MAX;
pub(crate) const DEEP: u32 = 3;

/// A forest and orders of its members.
pub(crate) struct World {
    pub(crate) forest: Forest,
    pub(crate) parents: Pages<u32>,
    pub(crate) buyers: Vec<MemberIx>,
    pub(crate) base: Vec<i64>,
}

/// Small seeded numbers.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        u32::try_from((self.0 >> 33) % u64::from(end)).unwrap_or(0)
    }
}

/// The parents of so many members by handle.
pub(crate) fn parents(members: u32, back: u32) -> Vec<u32> {
    let mut dice = Dice(7);
    let parent = |member: u32| match member {
        0 | 1 => 0,
        member => member - 1 - dice.below(back.min(member - 1)),
    };
    (0..=members).map(parent).collect()
}

impl World {
    pub(crate) fn new(members: u32, orders: usize, back: u32) -> Result<Self, Box<dyn Error>> {
        let ids: Vec<u64> = (1..=u64::from(members)).collect();
        let inviters: Vec<u64> = parents(members, back).into_iter().skip(1).map(u64::from).collect();
        let mut forest = Forest::from_edges(&ids, &inviters)?;
        let mut dice = Dice(11);
        let rank = |at: u32| [50, 80, 92, 98].iter().map(|end| u8::from(at >= *end)).sum();
        let ranks = ids.iter().map(|_| rank(dice.below(100))).collect();
        forest.set_ranks(&RANKS.map(str::to_owned), ranks)?;
        forest.set_fact("active", Column::Flag(ids.iter().map(|_| dice.below(4) > 0).collect()))?;
        let buyers = (0..orders).map(|_| MemberIx::new(1 + dice.below(members))).collect();
        let base = (0..orders).map(|_| i64::from(1 + dice.below(100_000))).collect();
        let parents = Pages::copy_of(forest.parents())?;
        Ok(Self { forest, parents, buyers, base })
    }
}
