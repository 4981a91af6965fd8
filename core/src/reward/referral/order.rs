//! An order in which uplines come first: join order itself, unless somebody moved below a later member.

use super::forest::{Edition, Forest, MemberIx};
use super::sweep::Downward;
use crate::error::{Code, Error, Result};

/// Members with every upline before its downline. A move may make it stale; [`Order::refresh`] then
/// sorts anew, and only then.
///
/// ```
/// use fenrun::reward::referral::{Forest, Order};
/// let mut forest = Forest::from_edges(&[1, 2, 3], &[0, 1, 0])?;
/// let mut order = Order::of(&forest);
/// assert!(order.is_join_order());
/// forest.rebind(2, 3, None)?;
/// order.refresh(&forest);
/// assert_eq!(order.sums(&forest, &[1, 10, 100])?, [1, 10, 110]);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Order {
    edition: Edition,
    downward: Downward,
}

impl Order {
    /// The order of a forest as it stands.
    #[must_use]
    pub fn of(forest: &Forest) -> Self {
        let downward = Downward::known(&forest.parents, forest.turned == 0);
        Self { edition: forest.edition(), downward }
    }

    /// Brings it up to date with its forest: nothing to do where nothing changed.
    pub fn refresh(&mut self, forest: &Forest) {
        if !self.is_current(forest) {
            *self = Self::of(forest);
        }
    }

    /// Whether the forest is as it was when this order was made.
    #[must_use]
    pub fn is_current(&self, forest: &Forest) -> bool {
        self.edition == forest.edition()
    }

    /// Whether it is simply the order in which members joined.
    #[must_use]
    pub const fn is_join_order(&self) -> bool {
        matches!(self.downward, Downward::Joined(_))
    }

    /// All members, each after everybody above them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = MemberIx> + '_ {
        self.downward.iter()
    }

    /// What each member and everybody below them have together, both in join order: one sweep.
    ///
    /// # Errors
    /// [`Code::StaleIndex`] when the forest has changed, [`Code::LengthMismatch`], [`Code::Overflow`].
    pub fn sums(&self, forest: &Forest, own: &[i64]) -> Result<Vec<i64>> {
        if !self.is_current(forest) {
            return Err(stale(self.edition, forest));
        }
        forest.check_length("own", own.len())?;
        let mut sums = Vec::with_capacity(own.len() + 1);
        sums.push(0_i64);
        sums.extend_from_slice(own);
        self.downward.sum_up(forest.parents(), &mut sums)?;
        sums.remove(0);
        Ok(sums)
    }

    /// How many steps below its root each member stands, in join order; 0 for a root.
    ///
    /// # Errors
    /// [`Code::StaleIndex`] when the forest has changed.
    pub fn depths(&self, forest: &Forest) -> Result<Vec<u32>> {
        if !self.is_current(forest) {
            return Err(stale(self.edition, forest));
        }
        let mut depths = vec![0_u32; forest.len() + 1];
        for ix in self.iter() {
            let parent = MemberIx::new(forest.parents[ix.index()]).index();
            depths[ix.index()] = if parent == 0 { 0 } else { depths[parent] + 1 };
        }
        depths.remove(0);
        Ok(depths)
    }
}

pub(super) fn stale(made: Edition, forest: &Forest) -> Error {
    let error = format!("made at {made} of the forest, which is now at {}", forest.edition());
    Error::new(Code::StaleIndex, error)
}

/// Breadth first from the roots; whoever stands on or below a cycle is missing.
pub(super) fn parents_first(parents: &[u32]) -> Vec<MemberIx> {
    // First child and next sibling of each, in join order.
    let (mut first, mut next) = (vec![0_u32; parents.len()], vec![0_u32; parents.len()]);
    for (at, parent) in parents.iter().enumerate().skip(1).rev() {
        let parent = MemberIx::new(*parent).index();
        next[at] = first[parent];
        first[parent] = u32::try_from(at).unwrap_or(u32::MAX);
    }
    let mut order = Vec::with_capacity(parents.len());
    let mut below = first[0];
    let mut done = 0;
    loop {
        while below != 0 {
            order.push(MemberIx::new(below));
            below = next[MemberIx::new(below).index()];
        }
        let Some(at) = order.get(done) else { return order };
        below = first[at.index()];
        done += 1;
    }
}
