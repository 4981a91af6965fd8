//! The forest: parents by dense handle.

use super::columns::Column;
use super::edges::{ALWAYS, Edges};
use super::ids::Ids;
use super::shelf::Shelf;
use super::teams::Teams;
use super::texts::Texts;
use crate::error::{Code, Error, Result};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

/// The dense handle of a member, from 1 in join order; 0 is nobody, the parent of every root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(transparent)]
pub struct MemberIx(u32);

impl MemberIx {
    /// Nobody.
    pub const NOBODY: Self = Self(0);

    /// A handle from its number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Its number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Who invited whom. Members are never removed; an upline may change, with a date.
///
/// ```
/// use fenrun::reward::referral::Forest;
/// let forest = Forest::from_edges(&[10, 20, 30], &[0, 10, 20])?;
/// let thirty = forest.find(30).unwrap();
/// let upline: Vec<u64> = forest.upline(thirty, None).map(|ix| forest.id(ix)).collect();
/// assert_eq!(upline, [20, 10]);
/// assert!(Forest::from_edges(&[1, 2], &[2, 1]).is_err());
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Forest {
    pub(super) ids: Ids,
    /// The ids of the host where they are texts.
    pub(super) texts: Texts,
    pub(super) parents: Shelf<u32>,
    /// Dated edges of those who ever moved or were bound at a date.
    pub(super) edges: Edges,
    /// Accounts that were closed or merged into another one.
    pub(super) closed: BTreeSet<u32>,
    /// How many members stand below somebody with a larger handle.
    pub(super) turned: usize,
    pub(super) version: u64,
    /// The moment of a forest of the past.
    pub(super) moment: Option<Timestamp>,
    pub(super) teams: Teams,
    pub(super) ranks: Shelf<u8>,
    pub(super) rank_names: Vec<String>,
    pub(super) columns: BTreeMap<String, Column>,
}

/// In the versions of forests of the past.
const PAST: u64 = 1 << 63;

/// The state of a forest something was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edition {
    pub(super) version: u64,
    moment: Option<Timestamp>,
    turned: usize,
    members: usize,
}

impl Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}", self.version & !PAST)?;
        self.moment.map_or(Ok(()), |at| write!(f, " as of {at}"))
    }
}

impl Default for Forest {
    fn default() -> Self {
        Self::new()
    }
}

impl Forest {
    /// A forest without members.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ids: Ids::default(),
            texts: Texts::default(),
            parents: vec![0].into(),
            edges: Edges::default(),
            closed: BTreeSet::new(),
            turned: 0,
            version: 0,
            moment: None,
            teams: Teams::default(),
            ranks: Shelf::default(),
            rank_names: Vec::new(),
            columns: BTreeMap::new(),
        }
    }

    /// How many members there are, closed accounts included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many changes of its edges there were: what a [`ReadIndex`](super::ReadIndex) or a saved file is
    /// compared with.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// What tells its edges from those of other states of the same forest, past ones included.
    pub(super) fn edition(&self) -> Edition {
        let Self { version, moment, turned, .. } = *self;
        Edition { version, moment, turned, members: self.len() }
    }

    /// The handle of an id; that of the account it was merged into, if it was.
    #[must_use]
    #[inline]
    pub fn find(&self, id: u64) -> Option<MemberIx> {
        Some(self.ids.find(id)).filter(|ix| *ix != MemberIx::NOBODY)
    }

    /// The handle an id came with, whether or not the account was merged since: for what was before.
    #[must_use]
    pub fn account(&self, id: u64) -> Option<MemberIx> {
        Some(self.ids.slot(id)).filter(|ix| *ix != MemberIx::NOBODY)
    }

    /// The handle of the account an id named at a moment: that of the one it was merged into only from the date of
    /// the merge on. An order of before belongs to the account it names.
    ///
    /// ```
    /// use fenrun::reward::referral::Forest;
    /// use fenrun::time::Timestamp;
    /// let mut forest = Forest::from_edges(&[1, 2, 3], &[0, 1, 0])?;
    /// forest.merge(3, 2, Some(Timestamp::from_ms(5)))?;
    /// let at = |ms| forest.find_at(2, Timestamp::from_ms(ms)).map(|ix| forest.id(ix));
    /// assert_eq!((at(4), at(5)), (Some(2), Some(3)));
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    #[must_use]
    pub fn find_at(&self, id: u64, at: Timestamp) -> Option<MemberIx> {
        let mut ix = self.account(id)?;
        for _ in 0..self.ids.aliases.len() {
            let Some(into) = self.ids.aliases.get(&ix.0) else { break };
            // The last that happens to an account is that it goes.
            if self.edges.last_of(ix.0).is_some_and(|merged| merged > at) {
                break;
            }
            ix = MemberIx(*into);
        }
        Some(ix)
    }

    /// The handles of the buyers of many orders, each as of the moment it was placed at, in milliseconds of UTC, or
    /// now where there are no moments.
    ///
    /// # Errors
    /// [`Code::UnknownMember`] with the index of the first id that is not here.
    pub fn resolve_at(&self, ids: &[u64], placed_at: Option<&[i64]>) -> Result<Vec<MemberIx>> {
        let mut handles = self.resolve(ids)?;
        let Some(moments) = placed_at.filter(|_| !self.ids.aliases.is_empty()) else { return Ok(handles) };
        for ((handle, id), at) in handles.iter_mut().zip(ids).zip(moments) {
            *handle = self.find_at(*id, Timestamp::from_ms(*at)).unwrap_or(*handle);
        }
        Ok(handles)
    }

    /// The handles of many ids.
    ///
    /// # Errors
    /// [`Code::UnknownMember`] with the index of the first id that is not here.
    pub fn resolve(&self, ids: &[u64]) -> Result<Vec<MemberIx>> {
        let handles = self.ids.find_all(ids);
        match handles.iter().position(|handle| *handle == MemberIx::NOBODY) {
            None => Ok(handles),
            Some(at) => Err(unknown(ids[at]).at(at)),
        }
    }

    /// The id of a member; 0 for nobody.
    #[must_use]
    #[inline]
    pub fn id(&self, member: MemberIx) -> u64 {
        self.ids.of(member)
    }

    /// All members in join order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = MemberIx> + use<> {
        (0..self.len()).map(|at| MemberIx(u32::try_from(at + 1).unwrap_or(u32::MAX)))
    }

    /// Whether every id is the number of its handle, as it is where ids are 1, 2, 3 … in join order: hosts
    /// then need not ask for the id of every row.
    #[must_use]
    pub fn ids_are_handles(&self) -> bool {
        self.ids.are_handles()
    }

    /// The current parent of each handle; the first entry belongs to nobody and points at itself.
    #[must_use]
    pub fn parents(&self) -> &[u32] {
        &self.parents
    }

    /// Whether any edge has a date, so that orders of different times see different uplines.
    #[must_use]
    pub fn is_dated(&self) -> bool {
        !self.edges.is_empty()
    }

    /// Whether an account was closed or merged into another one; nobody is invited by it any more.
    #[must_use]
    pub fn is_closed(&self, member: MemberIx) -> bool {
        self.closed.contains(&member.0)
    }

    /// The upline of a member at a moment, or now.
    #[must_use]
    #[inline]
    pub fn parent(&self, member: MemberIx, at: Option<Timestamp>) -> MemberIx {
        let then = at.and_then(|at| self.edges.parent(member.0, at));
        MemberIx(then.unwrap_or_else(|| self.parents.get(member.index()).copied().unwrap_or(0)))
    }

    /// Who was directly above a member, and from when on, oldest first: without a date for always, or until the
    /// first date. There is one at least, and nobody stands there twice in a row.
    ///
    /// ```
    /// use fenrun::reward::referral::Forest;
    /// use fenrun::time::Timestamp;
    /// let mut forest = Forest::from_edges(&[1, 2, 3], &[0, 0, 1])?;
    /// forest.rebind(3, 2, Some(Timestamp::from_ms(5)))?;
    /// let history = forest.history(forest.find(3).unwrap());
    /// let history: Vec<_> = history.into_iter().map(|(from, ix)| (from.map(Timestamp::ms), forest.id(ix))).collect();
    /// assert_eq!(history, [(None, 1), (Some(5), 2)]);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    #[must_use]
    pub fn history(&self, member: MemberIx) -> Vec<(Option<Timestamp>, MemberIx)> {
        let edges = self.edges.of(member.0);
        let dated = |(from, parent): &(Timestamp, u32)| {
            (Some(*from).filter(|from| *from != ALWAYS), MemberIx(*parent))
        };
        let mut history: Vec<_> = edges.iter().map(dated).collect();
        match history.first() {
            None => history.push((None, self.parent(member, None))),
            Some((None, _)) => {}
            Some(_) => history.insert(0, (None, MemberIx::NOBODY)),
        }
        // The date of a change that moved nobody is kept among the edges.
        history.dedup_by_key(|(_, above)| *above);
        history
    }

    /// The ancestors of a member at a moment (or now), nearest first.
    #[inline]
    pub fn upline(&self, member: MemberIx, at: Option<Timestamp>) -> impl Iterator<Item = MemberIx> {
        let next = move |ix: &MemberIx| Some(self.parent(*ix, at)).filter(|up| *up != MemberIx::NOBODY);
        std::iter::successors(next(&member), next)
    }

    /// The forest as it stood at a moment, with the same handles and without dates: what a closed period
    /// keeps, and what a [`ReadIndex`](super::ReadIndex) of the past is made from. Ranks, facts, own volumes
    /// and closed accounts are those of now.
    #[must_use]
    pub fn as_of(&self, at: Timestamp) -> Self {
        let then = |ix: MemberIx| self.parent(ix, Some(at)).0;
        let parents: Vec<u32> = std::iter::once(0).chain(self.members().map(then)).collect();
        let mut past = Self {
            turned: turned(&parents),
            parents: parents.into(),
            edges: Edges::default(),
            // No file of now comes to this version.
            version: self.version | PAST,
            // One of the past has no dates left to go by.
            moment: self.moment.or(Some(at)),
            ..self.clone()
        };
        past.teams.rebuild(&past.parents, past.turned == 0);
        past
    }
}

/// How many stand below somebody with a larger handle.
pub(super) fn turned(parents: &[u32]) -> usize {
    (0_u32..).zip(parents).skip(1).filter(|(at, parent)| *parent > at).count()
}

pub(crate) fn check_id(member: u64) -> Result<()> {
    if member == 0 || i64::try_from(member).is_err() {
        let error = format!("member id {member}; an id is above 0 and below 2^63");
        return Err(Error::new(Code::InvalidId, error));
    }
    Ok(())
}

pub(super) fn unknown(id: impl Display) -> Error {
    Error::new(Code::UnknownMember, format!("member {id} is not in the forest"))
}

pub(super) fn own_inviter(id: impl Display) -> Error {
    Error::new(Code::SelfReferral, format!("member {id} is named as their own upline"))
}
