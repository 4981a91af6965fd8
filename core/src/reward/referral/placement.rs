//! Where a new member stands in a tree that is not the referral tree: filled to a width, or passed up.
//!
//! Members join in the order of their handles; a place that was given never changes.

use super::forest::MemberIx;
use crate::error::{Code, Error, Result};
use crate::reward::plan::{FillOrder, PassTo, TreePolicy};
use std::collections::{BTreeMap, VecDeque};

/// The widest tree that is filled.
pub const MAX_WIDTH: u32 = 64;

/// A place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// Directly above; nobody for a root.
    pub parent: MemberIx,
    /// Which leg of the parent, from 1; 0 for roots and in trees that are not filled.
    pub leg: u32,
}

impl Spot {
    const ROOT: Self = Self { parent: MemberIx::NOBODY, leg: 0 };
}

/// A tree that grows by a policy.
///
/// ```
/// use fenrun::reward::plan::{FillOrder, TreePolicy};
/// use fenrun::reward::referral::{MemberIx, Placement};
/// let mut tree = Placement::new(TreePolicy::Fill { width: 2, order: FillOrder::Breadth })?;
/// let root = MemberIx::new(1);
/// tree.join(MemberIx::NOBODY)?;
/// for _ in 0..3 {
///     tree.join(root)?;
/// }
/// // The third recruit of the root spills over to its first leg.
/// assert_eq!(tree.spot(MemberIx::new(4)).parent, MemberIx::new(2));
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Placement {
    policy: TreePolicy,
    spots: Vec<Spot>,
    inviters: Vec<MemberIx>,
    /// Who stands on each leg; empty for those without anybody below, and in trees that pass up.
    legs: Vec<Vec<MemberIx>>,
    /// Members that may have a free place, per inviter, in the order of their places.
    open: BTreeMap<MemberIx, VecDeque<MemberIx>>,
    /// Towards the end of the first leg of each member: some member of that leg, at the end themselves.
    ends: Vec<MemberIx>,
    recruits: Vec<u32>,
}

impl Placement {
    /// An empty tree.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a width outside 1 to [`MAX_WIDTH`].
    pub fn new(policy: TreePolicy) -> Result<Self> {
        if let TreePolicy::Fill { width, .. } = policy {
            if width == 0 || width > MAX_WIDTH {
                let rule = format!("a tree of width {width}; 1 to {MAX_WIDTH} can be filled");
                return Err(Error::new(Code::InvalidValue, rule));
            }
        }
        Ok(Self {
            policy,
            spots: vec![Spot::ROOT],
            inviters: vec![MemberIx::NOBODY],
            legs: vec![Vec::new()],
            open: BTreeMap::new(),
            ends: vec![MemberIx::NOBODY],
            recruits: vec![0],
        })
    }

    /// How many members stand in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spots.len() - 1
    }

    /// Whether nobody does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of a member; that of a root for one who is not here.
    #[must_use]
    pub fn spot(&self, member: MemberIx) -> Spot {
        self.spots.get(member.index()).copied().unwrap_or(Spot::ROOT)
    }

    /// Places the next member, invited by one who stands here or by nobody.
    ///
    /// # Errors
    /// [`Code::UnknownMember`], [`Code::ForestFull`].
    pub fn join(&mut self, inviter: MemberIx) -> Result<MemberIx> {
        if inviter.index() > self.len() {
            let error = format!("the inviter with handle {} has no place in the tree", inviter.get());
            return Err(Error::new(Code::UnknownMember, error));
        }
        let spot = match self.policy {
            _ if inviter == MemberIx::NOBODY => Spot::ROOT,
            TreePolicy::Fill { width, order: FillOrder::Breadth } => self.highest(inviter, width),
            TreePolicy::Fill { order: FillOrder::Depth, .. } => Spot { parent: self.end(inviter), leg: 1 },
            TreePolicy::PassUp { first, to } => self.passed(inviter, first, to),
            TreePolicy::Placed => {
                let rule = "the host places the members of this tree: each comes with a parent";
                return Err(Error::new(Code::InvalidValue, rule));
            }
        };
        self.push(inviter, spot)
    }

    /// Places the next member on a free leg of somebody, as the inviter chose.
    ///
    /// # Errors
    /// As [`Placement::join`]; [`Code::InvalidValue`] for a leg the parent does not have, or that is taken.
    pub fn join_at(&mut self, inviter: MemberIx, spot: Spot) -> Result<MemberIx> {
        let TreePolicy::Fill { width, .. } = self.policy else {
            return Err(Error::new(Code::InvalidValue, "only in a tree that is filled a leg is chosen"));
        };
        if inviter.index() > self.len() || spot.parent.index() > self.len() {
            let error = "the inviter or the parent has no place in the tree";
            return Err(Error::new(Code::UnknownMember, error));
        }
        let free = (1..=width).contains(&spot.leg) && self.on_leg(spot) == MemberIx::NOBODY;
        if spot.parent == MemberIx::NOBODY || !free {
            let error = format!("leg {} of handle {} is taken or not there", spot.leg, spot.parent.get());
            return Err(Error::new(Code::InvalidValue, error));
        }
        self.push(inviter, spot)
    }

    fn on_leg(&self, spot: Spot) -> MemberIx {
        let at = usize::try_from(spot.leg).unwrap_or(usize::MAX).wrapping_sub(1);
        self.legs[spot.parent.index()].get(at).copied().unwrap_or(MemberIx::NOBODY)
    }

    fn push(&mut self, inviter: MemberIx, spot: Spot) -> Result<MemberIx> {
        if self.len() >= super::MAX_MEMBERS {
            return Err(Error::new(Code::ForestFull, format!("the tree holds {} members", self.len())));
        }
        let member = MemberIx::new(u32::try_from(self.spots.len()).unwrap_or(u32::MAX));
        self.spots.push(spot);
        self.inviters.push(inviter);
        self.legs.push(Vec::new());
        self.ends.push(member);
        self.recruits.push(0);
        self.recruits[inviter.index()] = self.recruits[inviter.index()].saturating_add(1);
        if let (TreePolicy::Fill { width, .. }, 1..) = (self.policy, spot.leg) {
            let legs = &mut self.legs[spot.parent.index()];
            legs.resize(usize::try_from(width).unwrap_or(1), MemberIx::NOBODY);
            legs[usize::try_from(spot.leg - 1).unwrap_or(0)] = member;
            if spot.leg == 1 {
                self.ends[spot.parent.index()] = member;
            }
        }
        Ok(member)
    }

    /// The first free place below somebody, level by level. Places never become free again, so whoever is
    /// full is never looked at a second time for the same inviter.
    fn highest(&mut self, inviter: MemberIx, width: u32) -> Spot {
        let open = self.open.entry(inviter).or_insert_with(|| VecDeque::from([inviter]));
        loop {
            let parent = open.front().copied().unwrap_or(inviter);
            let legs = &self.legs[parent.index()];
            let free = (1..=width).zip(legs.iter().chain(std::iter::repeat(&MemberIx::NOBODY)));
            let leg = free.into_iter().find(|(_, member)| **member == MemberIx::NOBODY).map(|(leg, _)| leg);
            if let Some(leg) = leg {
                return Spot { parent, leg };
            }
            open.pop_front();
            open.extend(legs);
        }
    }

    /// The end of the first leg, halving the way for whoever asks next.
    fn end(&mut self, from: MemberIx) -> MemberIx {
        let mut at = from;
        while self.ends[at.index()] != at {
            let next = self.ends[at.index()];
            self.ends[at.index()] = self.ends[next.index()];
            at = self.ends[at.index()];
        }
        at
    }

    /// Recruits 1 … n go up, if there is somebody; those who came this way count for nobody else.
    fn passed(&self, inviter: MemberIx, first: u32, to: PassTo) -> Spot {
        let above = match to {
            PassTo::Sponsor => self.inviters[inviter.index()],
            PassTo::Network => self.spots[inviter.index()].parent,
        };
        let goes_up = self.recruits[inviter.index()] < first && above != MemberIx::NOBODY;
        Spot { parent: if goes_up { above } else { inviter }, leg: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ix(number: u32) -> MemberIx {
        MemberIx::new(number)
    }

    fn fill(width: u32, order: FillOrder) -> Placement {
        Placement::new(TreePolicy::Fill { width, order }).unwrap()
    }

    /// The sum of width^k for k = 1 … depth, level by level from the left.
    #[test]
    fn a_full_matrix_has_so_many_positions() {
        for (width, depth, positions) in
            [(3_u32, 7_u32, 3279_u32), (2, 12, 8190), (3, 9, 29_523), (5, 7, 97_655)]
        {
            let mut tree = fill(width, FillOrder::Breadth);
            tree.join(MemberIx::NOBODY).unwrap();
            for _ in 0..positions {
                tree.join(ix(1)).unwrap();
            }
            let mut level = vec![0; usize::try_from(positions).unwrap() + 2];
            for member in 2..=positions + 1 {
                let spot = tree.spot(ix(member));
                assert_eq!(
                    spot,
                    Spot { parent: ix((member - 2) / width + 1), leg: (member - 2) % width + 1 }
                );
                level[ix(member).index()] = level[spot.parent.index()] + 1;
            }
            assert_eq!(level.iter().max(), Some(&depth));
        }
    }

    #[test]
    fn a_recruit_stands_below_the_inviter_and_a_chosen_leg_is_kept() {
        let mut tree = fill(2, FillOrder::Breadth);
        tree.join(MemberIx::NOBODY).unwrap();
        tree.join(ix(1)).unwrap();
        let right = Spot { parent: ix(2), leg: 2 };
        assert_eq!(tree.join_at(ix(1), right).unwrap(), ix(3));
        assert_eq!(tree.join_at(ix(1), right).unwrap_err().code(), Code::InvalidValue);
        assert_eq!(
            tree.join_at(ix(1), Spot { parent: ix(2), leg: 3 }).unwrap_err().code(),
            Code::InvalidValue
        );
        tree.join(ix(2)).unwrap();
        assert_eq!(tree.spot(ix(4)), Spot { parent: ix(2), leg: 1 });
        tree.join(ix(2)).unwrap();
        assert_eq!(tree.spot(ix(5)), Spot { parent: ix(4), leg: 1 });
        tree.join(ix(1)).unwrap();
        assert_eq!(tree.spot(ix(6)), Spot { parent: ix(1), leg: 2 });
        assert_eq!(tree.join(ix(9)).unwrap_err().code(), Code::UnknownMember);
        assert!(Placement::new(TreePolicy::Fill { width: 0, order: FillOrder::Depth }).is_err());
    }

    #[test]
    fn a_first_leg_grows_at_its_end() {
        let mut tree = fill(3, FillOrder::Depth);
        tree.join(MemberIx::NOBODY).unwrap();
        for member in 2..100 {
            tree.join(ix(member / 2)).unwrap();
            assert_eq!(tree.spot(ix(member)), Spot { parent: ix(member - 1), leg: 1 });
        }
        let mut placed = Placement::new(TreePolicy::Placed).unwrap();
        placed.join(MemberIx::NOBODY).unwrap();
        assert_eq!(placed.join(ix(1)).unwrap_err().code(), Code::InvalidValue);
    }

    /// 链动 走1留2: recruits 1 and 2 stay with the root of the network, the third founds one.
    #[test]
    fn the_first_recruits_are_passed_up() {
        let parents = |to| {
            let mut tree = Placement::new(TreePolicy::PassUp { first: 2, to }).unwrap();
            // S; A of S; B, C, D, E of A; F of B, G of D.
            for inviter in [0, 1, 2, 2, 2, 2, 3, 5] {
                tree.join(ix(inviter)).unwrap();
            }
            (1..=8).map(|member| tree.spot(ix(member)).parent.get()).collect::<Vec<_>>()
        };
        assert_eq!(parents(PassTo::Network), [0, 1, 1, 1, 2, 2, 1, 2]);
        assert_eq!(parents(PassTo::Sponsor), [0, 1, 1, 1, 2, 2, 2, 2]);
    }
}
