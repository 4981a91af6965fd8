//! Handles by the hash of an id: a table that lies in a file as in memory, and that no choice of ids makes slow.

use super::shelf::Shelf;
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// At how many places an id is looked for. Chance alone brings it to the last of them less than once in ten million
/// ids, so it is those whose ids were chosen to meet who stand beyond, where an order of ids keeps the walk short.
pub(super) const REACH: usize = 128;
/// Above so many bits of a handle stand four of the hash: most places of others are told apart by them.
const HANDLE_BITS: u32 = 28;
const HANDLE: u32 = (1 << HANDLE_BITS) - 1;
const _: () = assert!(super::MAX_MEMBERS < 1 << HANDLE_BITS);
/// The least a table has.
const SMALLEST: usize = 16;

/// Where an id is looked for, and what stands above its handle there.
#[derive(Clone, Copy)]
struct Spot {
    at: usize,
    tag: u32,
}

/// The places of a table.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    places: &'a [u32],
    /// How far a hash is above the place it asks for first.
    shift: u32,
}

impl View<'_> {
    #[inline]
    fn spot(self, hash: u64) -> Spot {
        let at = usize::try_from(hash >> self.shift).unwrap_or(0);
        Spot { at, tag: u32::try_from(hash >> 31 & 0xF).unwrap_or(0) }
    }

    /// The handle of a hash if it stands at the first or the second place, without a branch; otherwise 0. It may be
    /// that of another id, and 0 says nothing.
    #[inline]
    pub(super) fn guess(self, hash: u64) -> u32 {
        let (places, first) = (self.places, self.spot(hash));
        let second = first.at.wrapping_add(1) & places.len().wrapping_sub(1);
        let (one, other) = (places[first.at], places[second]);
        let found = if one >> HANDLE_BITS == first.tag { one } else { other };
        if found >> HANDLE_BITS == first.tag { found & HANDLE } else { 0 }
    }
}

/// An open-addressing table, between 44 and 88 % full once it has grown.
#[derive(Clone, Debug)]
pub(super) struct Table<K> {
    /// A power of two of them, 0 for an empty one; none at all before the first id.
    pub(super) places: Shelf<u32>,
    /// Those for whom none of their places was free.
    pub(super) beyond: BTreeMap<K, u32>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { places: Shelf::default(), beyond: BTreeMap::new() }
    }
}

impl<K: Ord> Table<K> {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The places as they are, for many lookups.
    #[inline]
    pub(super) fn view(&self) -> View<'_> {
        let places = &*self.places;
        View { places, shift: 64_u32.saturating_sub(places.len().trailing_zeros()).min(63) }
    }

    /// The handle of an id, 0 when it is not here; `is` says whether a handle has this id. A table from a file may be
    /// damaged, and the walk ends all the same.
    #[inline]
    pub(super) fn find<Q: Ord + ?Sized>(&self, id: &Q, hash: u64, is: impl Fn(u32) -> bool) -> u32
    where
        K: Borrow<Q>,
    {
        let (places, mut spot) = (&*self.places, self.view().spot(hash));
        for step in 1..=REACH.min(places.len()) {
            #[cfg(test)]
            tests::look();
            let found = places[spot.at];
            if found == 0 {
                return 0;
            }
            if found >> HANDLE_BITS == spot.tag && is(found & HANDLE) {
                return found & HANDLE;
            }
            spot.at = (spot.at + step) & (places.len() - 1);
        }
        self.beyond.get(id).copied().unwrap_or(0)
    }

    /// Adds a handle whose id is not here yet, where there is [room](Self::has_room).
    pub(super) fn insert(&mut self, handle: u32, hash: u64, id: impl FnOnce() -> K) {
        let mut spot = self.view().spot(hash);
        let places = self.places.to_mut();
        for step in 1..=REACH.min(places.len()) {
            #[cfg(test)]
            tests::look();
            if places[spot.at] == 0 {
                places[spot.at] = spot.tag << HANDLE_BITS | handle;
                return;
            }
            spot.at = (spot.at + step) & (places.len() - 1);
        }
        self.beyond.insert(id(), handle);
    }

    /// Whether so many ids fit without growing.
    pub(super) fn has_room(&self, ids: usize) -> bool {
        ids.saturating_mul(8) <= self.places.len().saturating_mul(7)
    }

    /// An empty table for so many ids in the place of this one.
    pub(super) fn clear_for(&mut self, ids: usize) {
        // Two tables are never there at once.
        *self = Self::default();
        let least = ids.saturating_mul(8).div_ceil(7);
        self.places = vec![0; least.next_power_of_two().max(SMALLEST)].into();
    }

    /// Whether a table that was read has a size that one can have, and no handle above the last one.
    pub(super) fn fits(&self, last: u32) -> bool {
        let known = |entry: &u32| entry & HANDLE <= last;
        self.is_empty() && self.beyond.is_empty()
            || self.places.len().is_power_of_two()
                && self.places.len() >= SMALLEST
                && self.places.iter().all(known)
    }
}

/// Spreads an id over 64 bits, the highest of them best: two ids never come to the same.
#[inline]
pub(super) const fn mix(id: u64) -> u64 {
    let folded = (id ^ (id >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (folded ^ (folded >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static LOOKS: Cell<u64> = const { Cell::new(0) };
    }

    /// Counts a look at a place.
    pub(super) fn look() {
        LOOKS.set(LOOKS.get() + 1);
    }

    /// How many places a job looks at.
    pub(in crate::reward::referral) fn looks(job: impl FnOnce()) -> u64 {
        let before = LOOKS.get();
        job();
        LOOKS.get() - before
    }

    /// The number that `mix` makes this of.
    pub(in crate::reward::referral) fn unmix(mixed: u64) -> u64 {
        // By Newton's method: each step doubles the bits of an inverse that are right.
        let inverse = |odd: u64| {
            (0..6).fold(odd, |sum: u64, _| sum.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(sum))))
        };
        let folded = mixed.wrapping_mul(inverse(0xBF58_476D_1CE4_E5B9));
        let folded = folded ^ (folded >> 29) ^ (folded >> 58);
        let id = folded.wrapping_mul(inverse(0x9E37_79B9_7F4A_7C15));
        id ^ (id >> 32)
    }

    #[test]
    fn mixing_can_be_undone() {
        for id in [0, 1, 2, 1 << 31, 1 << 32, u64::MAX, 0x0123_4567_89AB_CDEF] {
            assert_eq!(unmix(mix(id)), id);
        }
    }

    #[test]
    fn a_table_is_between_44_and_88_percent_full() {
        let mut table = Table::<u64>::default();
        for ids in 1..100_000_usize {
            if !table.has_room(ids) {
                table.clear_for(ids);
            }
            assert!(table.has_room(ids) && (ids < 8 || 16 * ids > 7 * table.places.len()), "{ids}");
        }
    }

    /// Also where the order of ids is as regular as those of a shop are.
    #[test]
    fn chance_puts_nobody_beyond() {
        for step in [1, 2, 10, 1000, 1 << 20, 1 << 40, 1_000_003, 0x9E37_79B9_7F4A_7C15] {
            let (ids, mut table) = (917_504_usize, Table::<u64>::default());
            table.clear_for(ids);
            assert_eq!(ids * 8, table.places.len() * 7);
            let spent = looks(|| {
                for handle in 1..=u32::try_from(ids).unwrap() {
                    let id = u64::from(handle).wrapping_mul(step);
                    table.insert(handle, mix(id), || id);
                }
            });
            assert!(table.beyond.is_empty(), "ids {step} apart");
            assert!(spent < 3 * 917_504, "{spent} looks for ids {step} apart");
        }
    }
}
