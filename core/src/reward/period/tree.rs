//! A tree of the members of a snapshot: sums over all subtrees in one sweep, whatever its depth.

use crate::error::{Code, Error, Result};
use crate::reward::referral::MemberIx;
use crate::reward::referral::sweep::{Downward, place};

/// Parents by handle; slot 0 is nobody.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    parents: Vec<u32>,
    downward: Downward,
}

impl Tree {
    /// A tree from its parents, who are all in it; `name` is for messages.
    ///
    /// # Errors
    /// [`Code::Cycle`].
    pub(super) fn new(name: &str, parents: Vec<u32>) -> Result<Self> {
        let cycle = |_| Error::new(Code::Cycle, format!("the tree `{name}` has a cycle"));
        let downward = Downward::of(&parents).map_err(cycle)?;
        Ok(Self { parents, downward })
    }

    /// The parent of a handle; 0 for nobody.
    pub(super) fn parent(&self, at: usize) -> usize {
        place(self.parents[at])
    }

    /// How many slots there are, nobody's included.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// All members, each after everybody below them.
    pub(super) fn children_first(&self) -> impl Iterator<Item = usize> + '_ {
        self.downward.iter().rev().map(MemberIx::index)
    }

    /// Who stands directly below whom.
    pub(super) fn children(&self) -> Children {
        Children::new(&self.parents)
    }

    /// The ancestors of a member, nearest first.
    pub(super) fn upline(&self, member: usize) -> impl Iterator<Item = usize> + '_ {
        let next = |at: &usize| Some(self.parent(*at)).filter(|up| *up != 0);
        std::iter::successors(next(&member), next)
    }

    /// What each member and everybody below them have together; nobody's slot stays as it is.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub(super) fn sums(&self, own: &[i64]) -> Result<Vec<i64>> {
        let mut sums = own.to_vec();
        self.downward.sum_up(&self.parents, &mut sums)?;
        sums[0] = own[0];
        Ok(sums)
    }
}

/// Who stands directly below whom.
pub(super) struct Children {
    first: Vec<usize>,
    next: Vec<usize>,
}

impl Children {
    fn new(parents: &[u32]) -> Self {
        let (mut first, mut next) = (vec![0; parents.len()], vec![0; parents.len()]);
        for (at, parent) in parents.iter().enumerate().skip(1).rev() {
            next[at] = std::mem::replace(&mut first[place(*parent)], at);
        }
        Self { first, next }
    }

    /// The members directly below one, or the roots for 0.
    pub(super) fn of(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        let some = |at: usize| Some(at).filter(|at| *at != 0);
        std::iter::successors(some(self.first[parent]), move |at| some(self.next[*at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_do_not_depend_on_the_order_of_handles() {
        // 1 ← 2 ← 3, and the same chain with the root last.
        let sorted = Tree::new("t", vec![0, 0, 1, 2]).unwrap();
        assert_eq!(sorted.sums(&[0, 1, 10, 100]).unwrap(), [0, 111, 110, 100]);
        let turned = Tree::new("t", vec![0, 2, 3, 0]).unwrap();
        assert_eq!(turned.sums(&[0, 100, 10, 1]).unwrap(), [0, 100, 110, 111]);
        assert_eq!(turned.children_first().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(turned.upline(1).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn a_cycle_is_refused_and_a_million_deep_is_not() {
        assert_eq!(Tree::new("t", vec![0, 2, 1, 0]).unwrap_err().code(), Code::Cycle);
        let deep: Vec<u32> = (0..=1_000_000).map(|at: u32| at.saturating_sub(1)).collect();
        let turned = deep.iter().rev().map(|at| if *at == 0 { 0 } else { 1_000_001 - at });
        let turned: Vec<u32> = std::iter::once(0).chain(turned.take(1_000_000)).collect();
        for parents in [deep, turned] {
            let tree = Tree::new("t", parents).unwrap();
            assert_eq!(tree.sums(&vec![1; tree.len()]).unwrap().into_iter().max(), Some(1_000_000));
        }
    }
    #[test]
    fn nobodys_slot_is_no_sum() {
        let tree = Tree::new("t", vec![0, 0, 0, 1]).unwrap();
        assert_eq!(tree.sums(&[1; 4]).unwrap(), [1, 2, 1, 1]);
        let most = i64::MAX;
        assert_eq!(tree.sums(&[0, most, most, 0]).unwrap(), [0, most, most, 0]);
        assert_eq!(tree.sums(&[0, most, 0, 1]).unwrap_err().code(), Code::Overflow);
    }
}
