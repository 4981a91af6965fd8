//! A tree of the members of a snapshot: sums over all subtrees in one sweep, whatever its depth.

use crate::error::{Code, Error, Result};

/// Parents by handle; slot 0 is nobody.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    parents: Vec<usize>,
    /// Handles with parents first, where a parent has a larger handle than a child; empty otherwise.
    order: Vec<usize>,
}

impl Tree {
    /// A tree from its parents; `name` is for messages.
    ///
    /// # Errors
    /// [`Code::Cycle`].
    pub(super) fn new(name: &str, parents: Vec<usize>) -> Result<Self> {
        if (1..parents.len()).all(|at| parents[at] < at) {
            return Ok(Self { parents, order: Vec::new() });
        }
        let order = parents_first(&parents);
        if order.len() + 1 < parents.len() {
            return Err(Error::new(Code::Cycle, format!("the tree `{name}` has a cycle")));
        }
        Ok(Self { parents, order })
    }

    /// The parent of a handle; 0 for nobody.
    pub(super) fn parent(&self, at: usize) -> usize {
        self.parents[at]
    }

    /// How many slots there are, nobody's included.
    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// All members, each after everybody below them.
    pub(super) fn children_first(&self) -> impl Iterator<Item = usize> + '_ {
        let sorted = self.order.is_empty();
        let plain = (1..self.parents.len()).rev().filter(move |_| sorted);
        plain.chain(self.order.iter().rev().copied())
    }

    /// Who stands directly below whom.
    pub(super) fn children(&self) -> Children {
        Children::new(&self.parents)
    }

    /// The ancestors of a member, nearest first.
    pub(super) fn upline(&self, member: usize) -> impl Iterator<Item = usize> + '_ {
        let next = |at: &usize| Some(self.parents[*at]).filter(|up| *up != 0);
        std::iter::successors(next(&member), next)
    }

    /// What each member and everybody below them have together.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub(super) fn sums(&self, own: &[i64]) -> Result<Vec<i64>> {
        let mut sums = own.to_vec();
        for at in self.children_first() {
            let parent = self.parents[at];
            if parent != 0 {
                let sum = sums[parent].checked_add(sums[at]);
                let too_wide = || Error::new(Code::Overflow, "the volume of a team does not fit 64 bits");
                sums[parent] = sum.ok_or_else(too_wide)?;
            }
        }
        Ok(sums)
    }
}

/// Who stands directly below whom.
pub(super) struct Children {
    first: Vec<usize>,
    next: Vec<usize>,
}

impl Children {
    fn new(parents: &[usize]) -> Self {
        let (mut first, mut next) = (vec![0; parents.len()], vec![0; parents.len()]);
        for at in (1..parents.len()).rev() {
            next[at] = first[parents[at]];
            first[parents[at]] = at;
        }
        Self { first, next }
    }

    /// The members directly below one, or the roots for 0.
    pub(super) fn of(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        let some = |at: usize| Some(at).filter(|at| *at != 0);
        std::iter::successors(some(self.first[parent]), move |at| some(self.next[*at]))
    }
}

/// Breadth first from the roots; whoever stands on or below a cycle is missing.
fn parents_first(parents: &[usize]) -> Vec<usize> {
    let children = Children::new(parents);
    let mut order: Vec<usize> = children.of(0).collect();
    let mut done = 0;
    while let Some(at) = order.get(done).copied() {
        order.extend(children.of(at));
        done += 1;
    }
    order
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
        let deep: Vec<usize> = (0..=1_000_000).map(|at: usize| at.saturating_sub(1)).collect();
        let turned = deep.iter().rev().map(|at| if *at == 0 { 0 } else { 1_000_001 - at });
        let turned: Vec<usize> = std::iter::once(0).chain(turned.take(1_000_000)).collect();
        for parents in [deep, turned] {
            let tree = Tree::new("t", parents).unwrap();
            assert_eq!(tree.sums(&vec![1; tree.len()]).unwrap().into_iter().max(), Some(1_000_000));
        }
    }
}
