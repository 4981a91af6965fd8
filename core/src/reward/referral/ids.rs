//! From the host's ids to dense handles: an open-addressing table, or nothing at all where the ids are
//! 1, 2, 3 … in join order.

use super::forest::MemberIx;
use super::shelf::Shelf;
use std::collections::BTreeMap;

/// How many ids are looked up side by side, so that their reads do not wait for each other.
const BLOCK: usize = 64;

/// Resolves ids of 64 bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// How many members there are.
    pub(super) count: usize,
    /// The id of each member, that of nobody first; empty while every id equals its handle.
    pub(super) external: Shelf<u64>,
    /// Handles by hash of the id, 0 for an empty place; empty while every id equals its handle.
    pub(super) places: Shelf<u32>,
    /// Whose handle an account that was merged into another one stands for.
    pub(super) aliases: BTreeMap<u32, u32>,
}

impl Ids {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The id of a member.
    pub(super) fn of(&self, member: MemberIx) -> u64 {
        match self.are_handles() {
            true if member.index() <= self.count => u64::from(member.get()),
            true => 0,
            false => self.external.get(member.index()).copied().unwrap_or(0),
        }
    }

    /// Whether every id is the number of its handle.
    pub(super) fn are_handles(&self) -> bool {
        self.places.is_empty()
    }

    /// The handle of an id; nobody when it is not here. A merged account is the one it went into.
    pub(super) fn find(&self, id: u64) -> MemberIx {
        self.standing(self.slot(id))
    }

    /// The handles of many ids; nobody for those that are not here.
    pub(super) fn find_all(&self, ids: &[u64]) -> Vec<MemberIx> {
        let mut found = if self.are_handles() { self.numbers(ids) } else { self.hashed(ids) };
        if !self.aliases.is_empty() {
            found.iter_mut().for_each(|ix| *ix = self.standing(*ix));
        }
        found
    }

    /// Adds an id that is not here yet.
    pub(super) fn push(&mut self, id: u64) -> MemberIx {
        let ix = MemberIx::new(u32::try_from(self.count + 1).unwrap_or(u32::MAX));
        let dense = self.are_handles() && id == u64::from(ix.get());
        if !dense && self.are_handles() {
            self.external = (0..).take(self.count + 1).collect::<Vec<u64>>().into();
        }
        self.count += 1;
        if !dense {
            self.external.to_mut().push(id);
            if self.places.len() < 2 * (self.count + 1) {
                self.grow();
            } else {
                self.insert(ix);
            }
        }
        ix
    }

    /// From now on one account stands for another one, and for all that it stood for.
    pub(super) fn merge(&mut self, gone: MemberIx, into: MemberIx) {
        for standing in self.aliases.values_mut().filter(|standing| **standing == gone.get()) {
            *standing = into.get();
        }
        self.aliases.insert(gone.get(), into.get());
    }

    fn standing(&self, ix: MemberIx) -> MemberIx {
        self.aliases.get(&ix.get()).copied().map_or(ix, MemberIx::new)
    }

    /// The handle an id came with.
    pub(super) fn slot(&self, id: u64) -> MemberIx {
        if self.are_handles() {
            let inside = usize::try_from(id).is_ok_and(|at| at <= self.count);
            return u32::try_from(id).ok().filter(|_| inside).map_or(MemberIx::NOBODY, MemberIx::new);
        }
        self.probe(id, self.place(id))
    }

    /// Looks on from a place. A table has empty places; one from a file may be damaged, so the walk ends
    /// after one round.
    fn probe(&self, id: u64, from: usize) -> MemberIx {
        let (places, external) = (&*self.places, &*self.external);
        for step in 0..places.len() {
            let ix = MemberIx::new(places[(from + step) & (places.len() - 1)]);
            if ix == MemberIx::NOBODY || external.get(ix.index()) == Some(&id) {
                return ix;
            }
        }
        MemberIx::NOBODY
    }

    /// Without a branch, so that it runs as fast as the memory is.
    fn numbers(&self, ids: &[u64]) -> Vec<MemberIx> {
        let last = u32::try_from(self.count).unwrap_or(u32::MAX);
        let handle = |id: &u64| {
            let number = u32::try_from(*id).unwrap_or(0);
            MemberIx::new(if number <= last { number } else { 0 })
        };
        ids.iter().map(handle).collect()
    }

    /// Most ids stand at their first place: that one is read for a block of ids before any is compared.
    fn hashed(&self, ids: &[u64]) -> Vec<MemberIx> {
        let (places, external) = (&*self.places, &*self.external);
        let mut found = Vec::with_capacity(ids.len());
        let (mut spots, mut first) = ([0_usize; BLOCK], [0_u32; BLOCK]);
        for block in ids.chunks(BLOCK) {
            for (spot, id) in spots.iter_mut().zip(block) {
                *spot = self.place(*id);
            }
            for (handle, spot) in first.iter_mut().zip(&spots).take(block.len()) {
                *handle = places[*spot];
            }
            for ((id, spot), handle) in block.iter().zip(&spots).zip(&first) {
                let ix = MemberIx::new(*handle);
                let here = ix == MemberIx::NOBODY || external.get(ix.index()) == Some(id);
                found.push(if here { ix } else { self.probe(*id, *spot) });
            }
        }
        found
    }

    fn grow(&mut self) {
        let size = (4 * (self.count + 1)).next_power_of_two().max(16);
        self.places = vec![0; size].into();
        for at in 1..=self.count {
            self.insert(MemberIx::new(u32::try_from(at).unwrap_or(u32::MAX)));
        }
    }

    fn insert(&mut self, ix: MemberIx) {
        let mut place = self.place(self.of(ix));
        let places = self.places.to_mut();
        while places[place] != 0 {
            place = (place + 1) & (places.len() - 1);
        }
        places[place] = ix.get();
    }

    /// Fibonacci hashing, folded first so that ids which differ in high bits only still spread.
    fn place(&self, id: u64) -> usize {
        let mixed = (id ^ (id >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let bits = self.places.len().trailing_zeros();
        usize::try_from(mixed >> (64 - bits)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_ids_need_no_table_and_strange_ones_do() {
        let mut ids = Ids::default();
        for id in 1..=100 {
            ids.push(id);
        }
        assert!(ids.places.is_empty() && ids.external.is_empty());
        assert_eq!(ids.find(77).get(), 77);
        assert_eq!(ids.find(101), MemberIx::NOBODY);
        let strange = [1, 100, 101, 0, 1 << 32, (1 << 32) + 5, u64::MAX];
        let numbers = |found: Vec<MemberIx>| found.into_iter().map(MemberIx::get).collect::<Vec<_>>();
        assert_eq!(numbers(ids.find_all(&strange)), [1, 100, 0, 0, 0, 0, 0]);
        for id in 0..5000_u64 {
            ids.push(u64::MAX / 2 - id * id);
        }
        for id in 0..5000_u64 {
            assert_eq!(ids.of(ids.find(u64::MAX / 2 - id * id)), u64::MAX / 2 - id * id);
        }
        assert_eq!(ids.find(77).get(), 77);
        assert_eq!(ids.find(0), MemberIx::NOBODY);
        assert_eq!(numbers(ids.find_all(&strange[1..4])), [100, 0, 0]);
        let all: Vec<u64> = (0..5000_u64).map(|id| u64::MAX / 2 - id * id).chain(1..=100).collect();
        let one_by_one: Vec<MemberIx> = all.iter().map(|id| ids.find(*id)).collect();
        assert_eq!(ids.find_all(&all), one_by_one);
    }

    #[test]
    fn a_full_table_ends_the_search() {
        let places = vec![1; 16].into();
        let ids = Ids { count: 1, external: vec![0, 7].into(), places, aliases: BTreeMap::new() };
        assert_eq!(ids.find(7).get(), 1);
        assert_eq!(ids.find(8), MemberIx::NOBODY);
    }

    #[test]
    fn a_merged_account_is_the_one_it_went_into_however_often() {
        let mut ids = Ids::default();
        for id in 1..=4 {
            ids.push(id);
        }
        ids.merge(MemberIx::new(1), MemberIx::new(2));
        ids.merge(MemberIx::new(2), MemberIx::new(3));
        assert_eq!(ids.find_all(&[1, 2, 3, 4]).iter().map(|ix| ix.get()).collect::<Vec<_>>(), [3, 3, 3, 4]);
        assert_eq!((ids.find(1).get(), ids.of(MemberIx::new(1))), (3, 1));
    }
}
