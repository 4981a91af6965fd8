//! The forest: parents by dense handle.

use super::columns::Column;
use super::ids::Ids;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::sale::{Facts, Person};
use crate::time::Timestamp;
use std::collections::BTreeMap;

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

/// The date of an edge that has none.
const ALWAYS: Timestamp = Timestamp::from_ms(i64::MIN);

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
    pub(super) parents: Vec<u32>,
    /// Dated edges of those who ever moved or were bound at a date, oldest first.
    history: BTreeMap<u32, Vec<(Timestamp, u32)>>,
    last_change: Option<Timestamp>,
    ranks: Vec<u8>,
    rank_names: Vec<String>,
    columns: BTreeMap<String, Column>,
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
            ids: Ids::new(),
            parents: vec![0],
            history: BTreeMap::new(),
            last_change: None,
            ranks: Vec::new(),
            rank_names: Vec::new(),
            columns: BTreeMap::new(),
        }
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The handle of an id.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<MemberIx> {
        Some(self.ids.find(id)).filter(|ix| *ix != MemberIx::NOBODY)
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
    pub fn id(&self, member: MemberIx) -> u64 {
        self.ids.of(member)
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
        !self.history.is_empty()
    }

    /// The upline of a member at a moment, or now.
    #[must_use]
    pub fn parent(&self, member: MemberIx, at: Option<Timestamp>) -> MemberIx {
        let current = MemberIx(self.parents.get(member.index()).copied().unwrap_or(0));
        match (at, self.history.get(&member.0)) {
            (Some(at), Some(edges)) => {
                let later = edges.partition_point(|(from, _)| *from <= at);
                later.checked_sub(1).map_or(MemberIx::NOBODY, |last| MemberIx(edges[last].1))
            }
            _ => current,
        }
    }

    /// The ancestors of a member at a moment (or now), nearest first.
    pub fn upline(&self, member: MemberIx, at: Option<Timestamp>) -> impl Iterator<Item = MemberIx> {
        let next = move |ix: &MemberIx| Some(self.parent(*ix, at)).filter(|up| *up != MemberIx::NOBODY);
        std::iter::successors(next(&member), next)
    }

    /// A new member, invited by a member or by nobody, from the beginning of time or from a date.
    ///
    /// # Errors
    /// [`Code::DuplicateMember`], [`Code::SelfReferral`], [`Code::UnknownMember`], [`Code::InvalidId`]
    /// for 0 or 2^63 and above, [`Code::ForestFull`].
    pub fn join(&mut self, member: u64, inviter: Option<u64>, from: Option<Timestamp>) -> Result<MemberIx> {
        self.check_new(member)?;
        if inviter == Some(member) {
            return Err(own_inviter(member));
        }
        let parent = inviter.map_or(Ok(MemberIx::NOBODY), |id| self.find(id).ok_or_else(|| unknown(id)))?;
        self.check_date(from)?;
        let ix = self.ids.push(member);
        self.parents.push(parent.0);
        if let Some(from) = from.filter(|_| parent != MemberIx::NOBODY) {
            self.history.insert(ix.0, vec![(from, parent.0)]);
            self.last_change = Some(from);
        }
        Ok(ix)
    }

    /// Gives an upline to a member who has none.
    ///
    /// # Errors
    /// [`Code::AlreadyBound`], and as [`Forest::rebind`].
    pub fn bind(&mut self, member: u64, inviter: u64, from: Option<Timestamp>) -> Result<()> {
        let ix = self.find(member).ok_or_else(|| unknown(member))?;
        let current = self.parent(ix, None);
        if current != MemberIx::NOBODY {
            let error = format!("member {member} already has the upline {}", self.id(current));
            return Err(Error::new(Code::AlreadyBound, error));
        }
        self.rebind(member, inviter, from)
    }

    /// Changes the upline of a member; orders placed before `from` keep the old one. Without a date the
    /// change was always so, which can no longer be said once a dated change was made.
    ///
    /// # Errors
    /// [`Code::Cycle`] when the new upline is a descendant, however far; [`Code::SelfReferral`],
    /// [`Code::UnknownMember`]; [`Code::InvalidValue`] for a date before the last change, or none after it.
    pub fn rebind(&mut self, member: u64, inviter: u64, from: Option<Timestamp>) -> Result<()> {
        if member == inviter {
            return Err(own_inviter(member));
        }
        let ix = self.find(member).ok_or_else(|| unknown(member))?;
        let parent = self.find(inviter).ok_or_else(|| unknown(inviter))?;
        self.check_date(Some(from.unwrap_or(ALWAYS)))?;
        if self.upline(parent, None).any(|up| up == ix) {
            let error =
                format!("{inviter} cannot be the upline of {member}: {member} is above {inviter}, a cycle");
            return Err(Error::new(Code::Cycle, error));
        }
        if let Some(from) = from {
            let before = self.parents[ix.index()];
            let edges = self.history.entry(ix.0).or_insert_with(|| match before {
                0 => Vec::new(),
                before => vec![(ALWAYS, before)],
            });
            edges.push((from, parent.0));
        }
        self.last_change = from.or(self.last_change);
        self.parents[ix.index()] = parent.0;
        Ok(())
    }

    /// Sets the ranks: one code per member in join order, 0 for none, else the place in `names` from 1.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`], [`Code::InvalidValue`] for a name that is empty or stands twice, or with the
    /// index of a code without a name.
    pub fn set_ranks(&mut self, names: &[String], codes: Vec<u8>) -> Result<()> {
        self.check_length("rank", codes.len())?;
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() || names[..at].contains(name) {
                let rule = if name.is_empty() { "is empty" } else { "stands twice" };
                return Err(Error::new(Code::InvalidValue, format!("rank name {} `{name}` {rule}", at + 1)));
            }
        }
        if let Some(at) = codes.iter().position(|code| usize::from(*code) > names.len()) {
            let error = format!("rank code {} has no name; there are {}", codes[at], names.len());
            return Err(Error::new(Code::InvalidValue, error).at(at));
        }
        (self.ranks, self.rank_names) = (codes, names.to_vec());
        Ok(())
    }

    /// Sets a fact of all members, in join order.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`]; [`Code::InvalidValue`] for a name that a person's document has another use
    /// for, or for none.
    pub fn set_fact(&mut self, name: &str, column: Column) -> Result<()> {
        if ["", "id", "rank"].contains(&name) {
            let rule = format!("a fact cannot be called `{name}`; `id` and `rank` are no facts");
            return Err(Error::new(Code::InvalidValue, rule));
        }
        self.check_length(name, column.len())?;
        self.columns.insert(name.to_owned(), column);
        Ok(())
    }

    /// The names of the ranks members may have.
    #[must_use]
    pub fn rank_names(&self) -> &[String] {
        &self.rank_names
    }

    /// The rank codes in join order, see [`Forest::set_ranks`]; empty when nobody has a rank.
    #[must_use]
    pub fn rank_codes(&self) -> &[u8] {
        &self.ranks
    }

    /// The facts of all members, by name.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// The rank of a member.
    #[must_use]
    pub fn rank(&self, member: MemberIx) -> Option<&str> {
        let code = member.index().checked_sub(1).and_then(|at| self.ranks.get(at))?;
        usize::from(*code).checked_sub(1).and_then(|at| self.rank_names.get(at)).map(String::as_str)
    }

    /// The value of a fact of a member.
    #[must_use]
    pub fn fact(&self, member: MemberIx, name: &str) -> Option<Node> {
        self.columns.get(name)?.get(member.index().checked_sub(1)?)
    }

    /// A member as a sale freezes them.
    #[must_use]
    pub fn person(&self, member: MemberIx) -> Person {
        let facts: Facts = self
            .columns
            .keys()
            .filter_map(|name| self.fact(member, name).map(|value| (name.clone(), value)))
            .collect();
        Person { id: MemberId::from(self.id(member)), rank: self.rank(member).map(str::to_owned), facts }
    }

    pub(super) fn check_new(&self, member: u64) -> Result<()> {
        check_id(member)?;
        if self.find(member).is_some() {
            return Err(Error::new(
                Code::DuplicateMember,
                format!("member {member} is in the forest already"),
            ));
        }
        if self.len() >= super::MAX_MEMBERS {
            let error = format!("the forest holds {} members, the most it can", self.len());
            return Err(Error::new(Code::ForestFull, error));
        }
        Ok(())
    }

    /// Changes come in the order of their dates: only the forest of now is searched for a cycle, and no
    /// change may close one at a moment that is past.
    fn check_date(&self, from: Option<Timestamp>) -> Result<()> {
        match (from, self.last_change) {
            (Some(ALWAYS), Some(last)) => {
                let error = format!("a change without a date after one from {last}; give its date");
                Err(Error::new(Code::InvalidValue, error))
            }
            (Some(from), Some(last)) if from < last => {
                let error =
                    format!("an edge from {from} after one from {last}; give changes in order of date");
                Err(Error::new(Code::InvalidValue, error))
            }
            _ => Ok(()),
        }
    }

    fn check_length(&self, what: &str, got: usize) -> Result<()> {
        if got == self.len() {
            return Ok(());
        }
        let error = format!("column `{what}` has {got} values for {} members", self.len());
        Err(Error::new(Code::LengthMismatch, error))
    }
}

pub(super) fn check_id(member: u64) -> Result<()> {
    if member == 0 || i64::try_from(member).is_err() {
        let error = format!("member id {member}; an id is above 0 and below 2^63");
        return Err(Error::new(Code::InvalidId, error));
    }
    Ok(())
}

pub(super) fn unknown(id: u64) -> Error {
    Error::new(Code::UnknownMember, format!("member {id} is not in the forest"))
}

pub(super) fn own_inviter(id: u64) -> Error {
    Error::new(Code::SelfReferral, format!("member {id} is named as their own upline"))
}
