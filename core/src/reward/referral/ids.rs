//! From the host's ids to dense handles: a table, or nothing at all where the ids are 1, 2, 3 … in join order.

use super::forest::MemberIx;
use super::shelf::Shelf;
use super::table::{Table, mix};
use std::collections::BTreeMap;

/// How many ids are looked up side by side, so that their reads do not wait for each other.
const BLOCK: usize = 64;
/// Fewer than this are looked up one by one.
const FEW: usize = 4;

/// Resolves ids of 64 bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// How many members there are.
    pub(super) count: usize,
    /// The id of each member, that of nobody first; empty while every id equals its handle.
    pub(super) external: Shelf<u64>,
    /// Empty while every id equals its handle.
    pub(super) table: Table<u64>,
    /// Which account one was merged into, that may have been merged into another one since.
    pub(super) aliases: BTreeMap<u32, u32>,
}

impl Ids {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The id of a member.
    #[inline]
    pub(super) fn of(&self, member: MemberIx) -> u64 {
        match self.are_handles() {
            true if member.index() <= self.count => u64::from(member.get()),
            true => 0,
            false => self.external.get(member.index()).copied().unwrap_or(0),
        }
    }

    /// Whether every id is the number of its handle.
    pub(super) fn are_handles(&self) -> bool {
        self.table.is_empty()
    }

    /// Makes room for ids that come together, of which not all are the numbers of their handles.
    pub(super) fn reserve(&mut self, more: usize) {
        let all = self.count + more;
        if self.are_handles() {
            self.name_all();
        }
        self.external.to_mut().reserve_exact(more);
        if !self.table.has_room(all) {
            self.fill_anew(all);
        }
    }

    /// The handle of an id; nobody when it is not here. A merged account is the one it went into.
    #[inline]
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
            self.name_all();
        }
        self.count += 1;
        if !dense {
            self.external.to_mut().push(id);
            if self.table.has_room(self.count) {
                self.table.insert(ix.get(), mix(id), || id);
            } else {
                self.fill_anew(self.count);
            }
        }
        ix
    }

    /// From now on one account stands for another one, and for all that it stood for.
    pub(super) fn merge(&mut self, gone: MemberIx, into: MemberIx) {
        self.aliases.insert(gone.get(), into.get());
    }

    #[inline]
    fn standing(&self, ix: MemberIx) -> MemberIx {
        let mut ix = ix;
        // A file may be damaged, so the walk ends after all of them.
        for _ in 0..self.aliases.len() {
            let Some(into) = self.aliases.get(&ix.get()) else { break };
            ix = MemberIx::new(*into);
        }
        ix
    }

    /// The handle an id came with.
    #[inline]
    pub(super) fn slot(&self, id: u64) -> MemberIx {
        if self.are_handles() {
            let inside = usize::try_from(id).is_ok_and(|at| at <= self.count);
            return u32::try_from(id).ok().filter(|_| inside).map_or(MemberIx::NOBODY, MemberIx::new);
        }
        MemberIx::new(self.search(id, mix(id)))
    }

    #[inline]
    fn search(&self, id: u64, hash: u64) -> u32 {
        let external = &*self.external;
        self.table.find(&id, hash, |handle| external.get(MemberIx::new(handle).index()) == Some(&id))
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

    /// Most ids stand at one of their first places: those are read for a block of ids before any is compared.
    fn hashed(&self, ids: &[u64]) -> Vec<MemberIx> {
        let mut found = Vec::with_capacity(ids.len());
        if ids.len() < FEW {
            found.extend(ids.iter().map(|id| self.slot(*id)));
            return found;
        }
        let (table, external) = (self.table.view(), &*self.external);
        let mut guesses = [MemberIx::NOBODY; BLOCK];
        for block in ids.chunks(BLOCK) {
            for (guess, id) in guesses.iter_mut().zip(block) {
                *guess = MemberIx::new(table.guess(mix(*id)));
            }
            for (id, guess) in block.iter().zip(&guesses) {
                let here = *guess != MemberIx::NOBODY && external.get(guess.index()) == Some(id);
                found.push(if here { *guess } else { self.sought(*id) });
            }
        }
        found
    }

    /// As [`Ids::slot`], for the few whose place is farther.
    #[inline(never)]
    fn sought(&self, id: u64) -> MemberIx {
        MemberIx::new(self.search(id, mix(id)))
    }

    /// Writes down the ids of those who came with the numbers of their handles.
    fn name_all(&mut self) {
        self.external = (0..).take(self.count + 1).collect::<Vec<u64>>().into();
        self.fill_anew(self.count);
    }

    /// A table for so many ids, with all that are here.
    pub(super) fn fill_anew(&mut self, room: usize) {
        self.table.clear_for(room);
        for (handle, id) in (0..).zip(&*self.external).skip(1) {
            self.table.insert(handle, mix(*id), || *id);
        }
    }

    /// Whether the parts that were read agree.
    pub(super) fn fits(&self) -> bool {
        let last = u32::try_from(self.count).unwrap_or(u32::MAX);
        let named = if self.are_handles() { 0 } else { self.count + 1 };
        self.table.fits(last) && self.external.len() == named
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::REACH;
    use super::super::table::tests::{looks, unmix};
    use super::*;

    #[test]
    fn dense_ids_need_no_table_and_strange_ones_do() {
        let mut ids = Ids::default();
        for id in 1..=100 {
            ids.push(id);
        }
        assert!(ids.table.is_empty() && ids.external.is_empty());
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
        let mut ids = Ids { count: 1, external: vec![0, 7].into(), ..Ids::default() };
        for tag in 0..16 {
            ids.table.places = vec![tag << 28 | 1; 16].into();
            assert_eq!(
                ids.find(7),
                MemberIx::new(u32::from(tag == u32::try_from(mix(7) >> 31 & 15).unwrap()))
            );
            assert_eq!(ids.find(8), MemberIx::NOBODY);
        }
    }

    /// Ids that somebody chose so that all of them ask for the same place, and those for whom the table had one
    /// multiplication: joins, lookups and what grows stay cheap, and everybody is found.
    #[test]
    fn ids_that_were_chosen_to_meet_are_no_burden() {
        let members = 20_000_u64;
        let met = |high: u64| move |at: u64| unmix(high << 40 | at) & (i64::MAX.unsigned_abs());
        // The same after one multiplication with 2^64 over the golden ratio.
        let inverse = 0xF1DE_83E1_9937_733D_u64;
        assert_eq!(inverse.wrapping_mul(0x9E37_79B9_7F4A_7C15), 1);
        let unfolded = |at: u64| {
            let id = at.wrapping_mul(inverse);
            id ^ (id >> 32)
        };
        let sets: [Box<dyn Fn(u64) -> u64>; 4] =
            [Box::new(met(0)), Box::new(met(0x7_1234)), Box::new(unfolded), Box::new(|at| at << 40)];
        for id in sets {
            let mut ids = Ids::default();
            let mut worst = 0;
            let all = looks(|| {
                for at in 1..=members {
                    let before = ids.table.places.len();
                    let one = looks(|| {
                        assert_eq!(ids.find(id(at)), MemberIx::NOBODY);
                        ids.push(id(at));
                    });
                    if ids.table.places.len() == before {
                        worst = worst.max(one);
                    }
                }
            });
            let reach = u64::try_from(REACH).unwrap();
            assert!(worst <= 2 * reach && all <= 5 * reach * members, "{worst}, {all} in all");
            for at in 1..=members {
                assert_eq!(u64::from(ids.find(id(at)).get()), at);
            }
            let asked: Vec<u64> = (1..=members).map(&id).collect();
            let found = ids.find_all(&asked);
            assert!(found.iter().zip(1..).all(|(ix, at)| ix.get() == at));
            assert_eq!(ids.find(id(members + 1)), MemberIx::NOBODY);
        }
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
