//! A read index: members in depth-first order, so that a team is one stretch of them.

use super::forest::{Edition, Forest, MemberIx};
use super::order::{Order, stale};
use crate::error::{Code, Error, Result};
use crate::words::counted;

/// The members of a page, unless somebody asks for another number.
pub const PAGE: usize = 50;

/// Answers about teams, made from a forest at one version of it and never the primary: it may always be
/// made anew. Handles the forest did not have then stand nowhere in it.
///
/// ```
/// use fenrun::reward::referral::{Forest, MemberIx, PAGE, ReadIndex};
/// let forest = Forest::from_edges(&[1, 2, 3, 4], &[0, 1, 1, 2])?;
/// let index = ReadIndex::of(&forest);
/// let [one, two, four] = [1, 2, 4].map(MemberIx::new);
/// assert!(index.is_above(one, four) && !index.is_above(four, four));
/// assert_eq!(index.page(one, 0, PAGE).iter().map(|ix| ix.get()).collect::<Vec<_>>(), [2, 4, 3]);
/// assert_eq!((index.team_size(two), index.depth(four)), (1, 2));
/// assert_eq!(index.generations(one), [2, 1]);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReadIndex {
    edition: Edition,
    /// By handle: the place, and where the team ends.
    spans: Vec<[u32; 2]>,
    /// By place; nobody first, above everybody.
    members: Vec<MemberIx>,
    depths: Depths,
}

/// By place, counted from nobody: a root has 1. Few forests are deeper than a byte says.
#[derive(Clone, Debug)]
enum Depths {
    Low(Vec<u8>),
    High(Vec<u32>),
}

impl Depths {
    fn of(len: usize) -> Self {
        Self::Low(vec![0; len])
    }

    #[inline]
    fn get(&self, at: usize) -> u32 {
        match self {
            Self::Low(depths) => depths.get(at).copied().map_or(0, u32::from),
            Self::High(depths) => depths.get(at).copied().unwrap_or(0),
        }
    }

    #[inline]
    fn set(&mut self, at: usize, depth: u32) {
        match (&mut *self, u8::try_from(depth)) {
            (Self::High(depths), _) => depths[at] = depth,
            (Self::Low(depths), Ok(depth)) => depths[at] = depth,
            (Self::Low(depths), Err(_)) => {
                let mut high: Vec<u32> = depths.iter().copied().map(u32::from).collect();
                high[at] = depth;
                *self = Self::High(high);
            }
        }
    }
}

impl ReadIndex {
    /// The index of a forest as it stands.
    #[must_use]
    pub fn of(forest: &Forest) -> Self {
        let (parents, order) = (forest.parents(), Order::of(forest));
        let mut spans = vec![[0, 1]; parents.len()];
        // The second number is the size of the team first, with its head.
        for ix in order.iter().rev() {
            let parent = MemberIx::new(parents[ix.index()]).index();
            spans[parent][1] += spans[ix.index()][1];
        }
        let mut members = vec![MemberIx::NOBODY; parents.len()];
        let mut depths = Depths::of(parents.len());
        // Where the next one below each member goes.
        let mut free: Vec<u32> = vec![1; parents.len()];
        for ix in order.iter() {
            let parent = MemberIx::new(parents[ix.index()]).index();
            let place = free[parent];
            free[parent] += spans[ix.index()][1];
            free[ix.index()] = place + 1;
            spans[ix.index()] = [place, place + spans[ix.index()][1]];
            let at = MemberIx::new(place).index();
            members[at] = ix;
            depths.set(at, depths.get(MemberIx::new(spans[parent][0]).index()) + 1);
        }
        Self { edition: forest.edition(), spans, members, depths }
    }

    /// Whether the forest is as it was when the index was made.
    #[must_use]
    pub fn is_current(&self, forest: &Forest) -> bool {
        self.edition == forest.edition()
    }

    /// The index, if it still says what the forest says.
    ///
    /// # Errors
    /// [`Code::StaleIndex`].
    pub fn current(&self, forest: &Forest) -> Result<&Self> {
        if self.is_current(forest) { Ok(self) } else { Err(stale(self.edition, forest)) }
    }

    /// Makes it anew where the forest has changed.
    pub fn refresh(&mut self, forest: &Forest) {
        if !self.is_current(forest) {
            *self = Self::of(forest);
        }
    }

    /// Whether one member stands above another one, however far; nobody is above themselves.
    #[must_use]
    pub fn is_above(&self, above: MemberIx, below: MemberIx) -> bool {
        let ([first, end], [place, _]) = (self.span(above), self.span(below));
        (first != 0) & (first < place) & (place < end)
    }

    /// Everybody below a member, each inviter before those they invited and those of one inviter in join
    /// order; below nobody stands everybody.
    #[must_use]
    pub fn team(&self, member: MemberIx) -> &[MemberIx] {
        let [place, end] = self.span(member).map(|at| MemberIx::new(at).index());
        self.members.get(place.saturating_add(1)..end).unwrap_or(&[])
    }

    /// A page of the team, after so many members of it.
    #[must_use]
    pub fn page(&self, member: MemberIx, after: usize, limit: usize) -> &[MemberIx] {
        let team = self.team(member);
        let from = after.min(team.len());
        &team[from..from.saturating_add(limit).min(team.len())]
    }

    /// How many people stand below a member.
    #[must_use]
    pub fn team_size(&self, member: MemberIx) -> usize {
        self.team(member).len()
    }

    /// Who stands directly below a member, in join order.
    pub fn directly_below(&self, member: MemberIx) -> impl Iterator<Item = MemberIx> + '_ {
        let [place, end] = self.span(member);
        let some = move |at: u32| Some(at).filter(|at| *at < end);
        let places = std::iter::successors(some(place.saturating_add(1)), move |at| {
            some(self.span(self.members[MemberIx::new(*at).index()])[1])
        });
        places.map(|at| self.members[MemberIx::new(at).index()])
    }

    /// How many steps below its root a member stands; 0 for a root.
    #[must_use]
    pub fn depth(&self, member: MemberIx) -> u32 {
        let [place, _] = self.span(member);
        self.depths.get(MemberIx::new(place).index()).saturating_sub(1)
    }

    /// How many people stand one, two, three … steps below a member.
    #[must_use]
    pub fn generations(&self, member: MemberIx) -> Vec<u64> {
        let mut counts = Vec::new();
        for step in self.steps(member) {
            if counts.len() < step {
                counts.resize(step, 0);
            }
            counts[step - 1] += 1;
        }
        counts
    }

    /// Those so many steps below a member, from 1: one look at each of the team.
    pub fn generation(&self, member: MemberIx, step: usize) -> impl Iterator<Item = MemberIx> + '_ {
        let team = self.team(member).iter().zip(self.steps(member));
        team.filter(move |(_, at)| *at == step).map(|(ix, _)| *ix)
    }

    /// Sums of teams by one subtraction each.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`] unless `own` has a value for each member, in join order;
    /// [`Code::Overflow`] when all of them together do not fit 64 bits.
    pub fn sums(&self, own: &[i64]) -> Result<TeamSums<'_>> {
        if own.len() + 1 != self.members.len() {
            let error =
                format!("{} for {}", counted(own.len(), "value"), counted(self.members.len() - 1, "member"));
            return Err(Error::new(Code::LengthMismatch, error));
        }
        let mut until = Vec::with_capacity(self.members.len() + 1);
        let mut sum = 0_i64;
        until.push(0);
        for ix in &self.members {
            let own = ix.index().checked_sub(1).map_or(0, |at| own[at]);
            let too_wide = || Error::new(Code::Overflow, "the sum of all members does not fit 64 bits");
            sum = sum.checked_add(own).ok_or_else(too_wide)?;
            until.push(sum);
        }
        Ok(TeamSums { index: self, until })
    }

    fn steps(&self, member: MemberIx) -> impl Iterator<Item = usize> + '_ {
        let [place, end] = self.span(member).map(|at| MemberIx::new(at).index());
        let own = self.depths.get(place);
        let places = place.saturating_add(1)..end.min(self.members.len());
        places.map(move |at| MemberIx::new(self.depths.get(at) - own).index())
    }

    fn span(&self, member: MemberIx) -> [u32; 2] {
        self.spans.get(member.index()).copied().unwrap_or([u32::MAX; 2])
    }
}

/// What teams have together, over one column.
#[derive(Clone, Debug)]
pub struct TeamSums<'a> {
    index: &'a ReadIndex,
    /// What all before a place have.
    until: Vec<i64>,
}

impl TeamSums<'_> {
    /// What a member and everybody below them have; 0 for one who stands nowhere.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub fn team(&self, member: MemberIx) -> Result<i64> {
        let [place, end] = self.index.span(member).map(|at| MemberIx::new(at).index());
        let (Some(before), Some(until)) = (self.until.get(place), self.until.get(end)) else { return Ok(0) };
        let too_wide = || Error::new(Code::Overflow, "the sum of a team does not fit 64 bits");
        until.checked_sub(*before).ok_or_else(too_wide)
    }
}
