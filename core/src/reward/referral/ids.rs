//! From the host's ids to dense handles: an open-addressing table, or nothing at all where the ids are
//! 1, 2, 3 … in join order.

use super::forest::MemberIx;

/// Resolves ids of 64 bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// The id of each member; the first entry belongs to nobody.
    external: Vec<u64>,
    /// Handles by hash of the id, 0 for an empty place; empty while every id equals its handle.
    places: Vec<u32>,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self { external: vec![0], places: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.external.len() - 1
    }

    pub(super) fn reserve(&mut self, members: usize) {
        self.external.reserve(members);
    }

    /// The id of a member.
    pub(super) fn of(&self, member: MemberIx) -> u64 {
        self.external.get(member.index()).copied().unwrap_or(0)
    }

    /// Whether every id is the number of its handle.
    pub(super) fn are_handles(&self) -> bool {
        self.places.is_empty()
    }

    /// The handle of an id; nobody when it is not here.
    pub(super) fn find(&self, id: u64) -> MemberIx {
        if self.places.is_empty() {
            let inside = usize::try_from(id).is_ok_and(|at| at < self.external.len());
            return u32::try_from(id).ok().filter(|_| inside).map_or(MemberIx::NOBODY, MemberIx::new);
        }
        let mut place = self.place(id);
        loop {
            let ix = MemberIx::new(self.places[place]);
            if ix == MemberIx::NOBODY || self.of(ix) == id {
                return ix;
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }

    /// The handles of many ids; nobody for those that are not here.
    pub(super) fn find_all(&self, ids: &[u64]) -> Vec<MemberIx> {
        if !self.are_handles() {
            return ids.iter().map(|id| self.find(*id)).collect();
        }
        let end = u32::try_from(self.external.len()).unwrap_or(u32::MAX);
        // Without a branch, so that it runs as fast as the memory is.
        let handle = |id: &u64| {
            let number = u32::try_from(*id).unwrap_or(0);
            MemberIx::new(if number < end { number } else { 0 })
        };
        ids.iter().map(handle).collect()
    }

    /// Adds an id that is not here yet.
    pub(super) fn push(&mut self, id: u64) -> MemberIx {
        let ix = MemberIx::new(u32::try_from(self.external.len()).unwrap_or(u32::MAX));
        self.external.push(id);
        let identity = self.places.is_empty() && id == u64::from(ix.get());
        if !identity {
            if self.places.len() < 2 * self.external.len() {
                self.grow();
            } else {
                self.insert(ix);
            }
        }
        ix
    }

    fn grow(&mut self) {
        let size = (4 * self.external.len()).next_power_of_two().max(16);
        self.places = vec![0; size];
        for at in 1..self.external.len() {
            self.insert(MemberIx::new(u32::try_from(at).unwrap_or(u32::MAX)));
        }
    }

    fn insert(&mut self, ix: MemberIx) {
        let mut place = self.place(self.of(ix));
        while self.places[place] != 0 {
            place = (place + 1) & (self.places.len() - 1);
        }
        self.places[place] = ix.get();
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
        let mut ids = Ids::new();
        for id in 1..=100 {
            ids.push(id);
        }
        assert!(ids.places.is_empty());
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
    }
}
