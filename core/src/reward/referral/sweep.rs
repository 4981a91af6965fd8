//! Passes over all members in which everybody stands behind, or before, their parent.

use super::forest::MemberIx;
use super::order::parents_first;
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;

/// An order in which parents come first.
#[derive(Clone, Debug)]
pub(in crate::reward) enum Downward {
    /// That in which so many members joined.
    Joined(u32),
    /// Members who moved below somebody who joined later do not fit it: one level after the other.
    Sorted(Vec<MemberIx>),
}

/// Which sums ran over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::reward) struct Over {
    /// That of a member.
    pub(in crate::reward) team: bool,
    /// Any, also that of all together, which is nobody's.
    pub(in crate::reward) any: bool,
}

impl Downward {
    /// The order of parents that were handed in.
    ///
    /// # Errors
    /// [`Code::Cycle`] when somebody stands above themselves, [`Code::UnknownMember`] for somebody who is not
    /// there; no forest has either.
    pub(in crate::reward) fn of(parents: &[u32]) -> Result<Self> {
        // One pass without an early exit; whoever is not there stands behind all.
        let later = |(at, parent): (u32, &u32)| u32::from(*parent >= at.max(1));
        let ordered = (0..).zip(parents).map(later).fold(0, |any, one| any | one) == 0;
        if !ordered && parents.iter().any(|parent| place(*parent) >= parents.len()) {
            return Err(Error::new(Code::UnknownMember, "the parents handed in do not fit the forest"));
        }
        let order = Self::known(parents, ordered);
        match &order {
            Self::Sorted(members) if members.len() + 1 != parents.len() => {
                Err(Error::new(Code::Cycle, "the parents handed in have a cycle"))
            }
            _ => Ok(order),
        }
    }

    /// The order of parents of whom it is known whether each of them joined before their children.
    pub(super) fn known(parents: &[u32], joined: bool) -> Self {
        match joined {
            true => Self::Joined(u32::try_from(parents.len().saturating_sub(1)).unwrap_or(u32::MAX)),
            false => Self::Sorted(parents_first(parents)),
        }
    }

    /// Adds to everybody what those below have, children first, so that a sum is whole when it moves on; sums
    /// stand by handle as parents do, nobody's first. Tells which ran over: those that do not fit when they are
    /// whole, whatever they were on the way.
    pub(in crate::reward) fn add_up(&self, parents: &[u32], sums: &mut [i64]) -> Over {
        let mut carried = Carried::default();
        match self {
            // Parents stand before their children, so no place is in both parts.
            Self::Joined(_) => {
                for (member, parent) in parents.iter().enumerate().skip(1).rev() {
                    let (before, from) = sums.split_at_mut(member);
                    carried.add(&mut before[place(*parent)], from[0], (member, *parent));
                }
            }
            Self::Sorted(members) => {
                for member in members.iter().map(|member| member.index()).rev() {
                    let (sum, parent) = (sums[member], parents[member]);
                    carried.add(&mut sums[place(parent)], sum, (member, parent));
                }
            }
        }
        carried.over()
    }

    /// As [`Downward::add_up`], and quickly where that can be done. Nobody's sum may run over, as no team's may.
    ///
    /// # Errors
    /// [`Code::Overflow`]; the sums are undefined then.
    pub(in crate::reward) fn sum_up(&self, parents: &[u32], sums: &mut [i64]) -> Result<()> {
        if !add_up_quickly(parents, sums) && self.add_up(parents, sums).team {
            return Err(Error::new(Code::Overflow, "the volume of a team does not fit 64 bits"));
        }
        Ok(())
    }

    /// Everybody, parents first.
    pub(in crate::reward) fn iter(&self) -> impl DoubleEndedIterator<Item = MemberIx> + '_ {
        let (joined, sorted): (u32, &[MemberIx]) = match self {
            Self::Joined(last) => (*last, &[]),
            Self::Sorted(members) => (0, members),
        };
        (1..=joined).map(MemberIx::new).chain(sorted.iter().copied())
    }

    /// The same, for loops that must be tight.
    #[inline(always)]
    pub(in crate::reward) fn down(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Joined(last) => (1..=*last).for_each(visit),
            Self::Sorted(members) => members.iter().for_each(|member| visit(member.get())),
        }
    }

    /// Everybody, children first.
    #[inline(always)]
    pub(in crate::reward) fn up(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Joined(last) => (1..=*last).rev().for_each(visit),
            Self::Sorted(members) => members.iter().rev().for_each(|member| visit(member.get())),
        }
    }
}

/// As [`Downward::add_up`], for nearly all forests: those in which everybody joined after their parent, with sums
/// far from running over. Otherwise `false`, and the sums are as they were.
///
/// A sum is looked at once, when it moves on. While all that moved are below 2^62 together, what a member gets
/// from below is, too, so a sum that was wrong by 2^64 would be far from zero and could not have moved unseen.
pub(in crate::reward) fn add_up_quickly(parents: &[u32], sums: &mut [i64]) -> bool {
    let Some(sums) = sums.get_mut(..parents.len()) else { return false };
    if sums.first().is_some_and(|nobodys| nobodys.unsigned_abs() >> 62 != 0) {
        return false;
    }
    let mut seen = Seen::of_so_many(parents.len());
    let mut end = parents.len();
    // The fewer instructions a member takes, the more reads are under way: a group knows that it is there.
    while end > GROUP {
        let Some(group) = parents[..end].last_chunk::<GROUP>() else { return false };
        let ours = &mut sums[..end];
        for (back, parent) in (1..=GROUP).zip(group.iter().rev()) {
            if !seen.move_on(ours, end - back, *parent) {
                take_back(parents, sums, end - back + 1);
                return false;
            }
        }
        end -= GROUP;
    }
    for member in (1..end).rev() {
        if !seen.move_on(sums, member, parents[member]) {
            take_back(parents, sums, member + 1);
            return false;
        }
    }
    if seen.any_is_large() {
        take_back(parents, sums, 1);
        return false;
    }
    true
}

/// Members whose sums move without a look at whether more follow.
const GROUP: usize = 8;

/// Bits of all sums that moved.
struct Seen {
    /// Sums below this, and not below its negative, are below 2^62 together.
    most: i64,
    /// Nobody's bits are above those of twice `most`, unless a sum is out of that range.
    bits: i64,
}

impl Seen {
    fn of_so_many(members: usize) -> Self {
        let most = members.checked_ilog2().map_or(0, |bits| 61_u32.saturating_sub(bits));
        Self { most: 1 << most, bits: 0 }
    }

    /// Adds the sum of a member to that of their parent; `false` where the parent does not stand before.
    #[inline(always)]
    fn move_on(&mut self, sums: &mut [i64], member: usize, parent: u32) -> bool {
        let (before, from) = sums.split_at_mut(member);
        // Where parents stand first is the check of the bounds.
        let Some(sum) = before.get_mut(place(parent)) else { return false };
        self.bits |= from[0].wrapping_add(self.most);
        *sum = sum.wrapping_add(from[0]);
        true
    }

    const fn any_is_large(&self) -> bool {
        self.bits < 0 || self.bits >= 2 * self.most
    }
}

/// Undoes the additions of the members from `first` on, those that were done last before all others.
fn take_back(parents: &[u32], sums: &mut [i64], first: usize) {
    for (member, parent) in parents.iter().enumerate().skip(first) {
        let (before, from) = sums.split_at_mut(member);
        before[place(*parent)] = before[place(*parent)].wrapping_sub(from[0]);
    }
}

/// How many times 2^64 is missing in the sums of those in whose it is.
#[derive(Default)]
struct Carried(BTreeMap<usize, i64>);

impl Carried {
    /// Adds the whole sum of a member to that of their parent.
    #[inline(always)]
    fn add(&mut self, sum: &mut i64, more: i64, (member, parent): (usize, u32)) {
        let (added, over) = sum.overflowing_add(more);
        *sum = added;
        if over || !self.0.is_empty() {
            let step = if more < 0 { -1 } else { 1 };
            self.carry(member, place(parent), if over { step } else { 0 });
        }
    }

    #[cold]
    fn carry(&mut self, member: usize, parent: usize, more: i64) {
        let more = more + self.0.get(&member).copied().unwrap_or(0);
        if more != 0 {
            let all = self.0.entry(parent).or_default();
            *all += more;
            if *all == 0 {
                self.0.remove(&parent);
            }
        }
    }

    fn over(&self) -> Over {
        Over { team: self.0.keys().any(|member| *member != 0), any: !self.0.is_empty() }
    }
}

/// A handle as a place.
#[inline(always)]
pub(in crate::reward) fn place(member: u32) -> usize {
    usize::try_from(member).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first_also_where_members_moved_below_later_ones() {
        for parents in [vec![0, 0, 1, 1, 2], vec![0, 3, 1, 0, 2, 5 - 1], vec![0, 2, 3, 4, 0], vec![0]] {
            let order = Downward::of(&parents).unwrap();
            let mut seen = vec![true; 1];
            seen.resize(parents.len(), false);
            let mut down = Vec::new();
            order.down(|member| {
                assert!(seen[place(parents[place(member)])], "{parents:?}");
                seen[place(member)] = true;
                down.push(member);
            });
            let mut up = Vec::new();
            order.up(|member| up.push(member));
            up.reverse();
            assert_eq!((down.len(), &down), (parents.len() - 1, &up));
        }
        assert!(Downward::of(&[0, 2, 1]).is_err());
        assert_eq!(Downward::of(&[0, 3, 1]).map(|_| ()).unwrap_err().code(), Code::UnknownMember);
    }

    #[test]
    fn what_cannot_be_added_up_quickly_stays_as_it_was() {
        let parents: Vec<u32> = (0..200_u32).map(|at| at.saturating_sub(1) * 5 / 7).collect();
        let sums: Vec<i64> = (0..200).map(|at| (at * 37 % 101 - 50) << 30).collect();
        let mut quick = sums.clone();
        let mut careful = sums.clone();
        assert!(add_up_quickly(&parents, &mut quick));
        assert_eq!(Downward::of(&parents).unwrap().add_up(&parents, &mut careful), Over::default());
        assert_eq!(quick, careful);
        for at in 1..200 {
            // A parent who joined later, or is nobody we know; and sums that might run over, or do.
            for later in [u32::try_from(at).unwrap(), 199, 200, u32::MAX] {
                let mut turned = parents.clone();
                turned[at] = later;
                let mut kept = sums.clone();
                assert!(!add_up_quickly(&turned, &mut kept) && kept == sums, "{at} below {later}");
            }
            for large in [1 << 55, -(1 << 55), i64::MAX, i64::MIN] {
                let mut sums = sums.clone();
                sums[at] = large;
                let mut kept = sums.clone();
                assert!(!add_up_quickly(&parents, &mut kept) && kept == sums, "{large} of {at}");
            }
        }
        for nobodys in [1 << 62, i64::MAX, i64::MIN] {
            let mut sums = vec![nobodys, 1, 1];
            assert!(!add_up_quickly(&[0, 0, 0], &mut sums) && sums == [nobodys, 1, 1]);
        }
        let mut sums = vec![5];
        assert!(add_up_quickly(&[0], &mut sums) && add_up_quickly(&[], &mut []) && sums == [5]);
    }

    #[test]
    fn forests_of_any_length_are_whole_groups_and_some_members() {
        for len in 0..5 * u32::try_from(GROUP).unwrap() {
            let parents: Vec<u32> = (0..len).map(|at| at.saturating_sub(1) * 3 / 4).collect();
            let sums: Vec<i64> = (0..i64::from(len)).map(|at| at * at - 40).collect();
            let (mut quick, mut naive) = (sums.clone(), sums.clone());
            for (mut above, own) in sums.iter().enumerate() {
                while above != 0 {
                    above = place(parents[above]);
                    naive[above] += own;
                }
            }
            assert!(add_up_quickly(&parents, &mut quick));
            assert_eq!(quick, naive, "{len}");
        }
        assert!(!add_up_quickly(&[0, 0], &mut [1]));
    }

    /// Sums that cancel each other out are near zero again; wrong ones must not pass for them.
    #[test]
    fn sums_of_any_size_are_exact_or_refused() {
        let edges = [0, 1, -1, 1 << 58, -(1 << 58), 1 << 61, 1 << 62, i64::MAX, i64::MIN, i64::MAX - 1];
        for a in edges {
            for b in edges {
                for c in edges {
                    let mut sums = [0, a, b, c];
                    let exact = i128::from(a) + i128::from(b) + i128::from(c);
                    if add_up_quickly(&[0, 0, 1, 1], &mut sums) {
                        assert_eq!([i128::from(sums[0]), i128::from(sums[1])], [exact; 2]);
                    }
                }
            }
        }
    }

    /// In whatever order members come: 3 stands first, and what 2 adds brings the sum back.
    #[test]
    fn sums_that_fit_are_exact_whatever_they_were_on_the_way() {
        for (parents, own) in [
            (vec![0, 0, 1, 1], [0, -2, 1, -i64::MAX]),
            (vec![0, 0, 1, 1], [0, 2, -2, i64::MAX]),
            (vec![0, 3, 1, 0], [0, -2, 1, -i64::MAX]),
        ] {
            let mut sums = own;
            let over = Downward::of(&parents).unwrap().add_up(&parents, &mut sums);
            let root = if parents[1] == 0 { 1 } else { 3 };
            let exact: i128 = own.iter().copied().map(i128::from).sum();
            assert_eq!((over, i128::from(sums[root]), i128::from(sums[0])), (Over::default(), exact, exact));
        }
    }

    #[test]
    fn nobodys_sum_may_run_over_where_no_team_does() {
        let largest = i64::MAX;
        for (parents, sums, over) in [
            (vec![0, 0, 0], [0, largest, 1], Over { team: false, any: true }),
            (vec![0, 0, 1], [0, largest, 1], Over { team: true, any: true }),
            (vec![0, 2, 0], [0, largest, 1], Over { team: true, any: true }),
            (vec![0, 2, 0], [0, largest, -1], Over::default()),
            // What ran over on the way and is back when it is whole.
            (vec![0, 0, 1], [0, -2, i64::MIN], Over { team: true, any: true }),
        ] {
            let mut sums = sums;
            assert_eq!(Downward::of(&parents).unwrap().add_up(&parents, &mut sums), over, "{parents:?}");
        }
    }
}
