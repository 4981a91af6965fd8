//! Passes over all members in which everybody stands behind, or before, their parent.

use crate::error::{Code, Error, Result};

/// An order in which parents come first.
pub(super) enum Downward {
    /// That in which members joined.
    Joined(u32),
    /// Members who moved below somebody who joined later do not fit it: one level after the other.
    Sorted(Vec<u32>),
}

impl Downward {
    /// The order of a forest.
    ///
    /// # Errors
    /// [`Code::Cycle`] when somebody stands above themselves, [`Code::UnknownMember`] for somebody who is not
    /// there; no forest has either.
    pub(super) fn of(parents: &[u32]) -> Result<Self> {
        if parents.iter().any(|parent| place(*parent) >= parents.len()) {
            return Err(Error::new(Code::UnknownMember, "the parents handed in do not fit the forest"));
        }
        let later = |(at, parent): (u32, &u32)| u32::from(*parent >= at.max(1));
        if (0..).zip(parents).map(later).fold(0, |any, one| any | one) == 0 {
            return Ok(Self::Joined(u32::try_from(parents.len().saturating_sub(1)).unwrap_or(u32::MAX)));
        }
        // The children of everybody, one family after the other.
        let mut ends = vec![0_usize; parents.len() + 1];
        for parent in parents.iter().skip(1) {
            ends[place(*parent) + 1] += 1;
        }
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        let starts = ends.clone();
        let mut children = vec![0_u32; parents.len()];
        for (child, parent) in (0..).zip(parents).skip(1) {
            children[ends[place(*parent)]] = child;
            ends[place(*parent)] += 1;
        }
        let mut sorted = Vec::with_capacity(parents.len());
        sorted.extend_from_slice(&children[..ends[0]]);
        let mut next = 0;
        while let Some(member) = sorted.get(next).copied() {
            sorted.extend_from_slice(&children[starts[place(member)]..ends[place(member)]]);
            next += 1;
        }
        if sorted.len() + 1 != parents.len() {
            return Err(Error::new(Code::Cycle, "the parents handed in have a cycle"));
        }
        Ok(Self::Sorted(sorted))
    }

    /// Everybody, parents first.
    #[inline(always)]
    pub(super) fn down(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Joined(last) => (1..=*last).for_each(visit),
            Self::Sorted(members) => members.iter().for_each(|member| visit(*member)),
        }
    }

    /// Everybody, children first.
    #[inline(always)]
    pub(super) fn up(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Joined(last) => (1..=*last).rev().for_each(visit),
            Self::Sorted(members) => members.iter().rev().for_each(|member| visit(*member)),
        }
    }
}

/// A handle as a place.
#[inline(always)]
pub(super) fn place(member: u32) -> usize {
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
    }
}
