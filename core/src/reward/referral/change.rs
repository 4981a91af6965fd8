//! Joins, moves, merged and closed accounts.

use super::edges::ALWAYS;
use super::forest::{Forest, MemberIx, check_id, own_inviter, unknown};
use crate::error::{Code, Error, Result};
use crate::time::Timestamp;

/// What becomes of the downline of an account that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closing {
    /// The account keeps its place: uplines still reach through it.
    Stay,
    /// Those directly below go to the upline of the account, or become roots; it stands alone.
    RollUp,
}

impl Forest {
    /// A new member, invited by a member or by nobody, from the beginning of time or from a date.
    ///
    /// # Errors
    /// [`Code::DuplicateMember`], [`Code::SelfReferral`], [`Code::UnknownMember`], [`Code::InvalidId`]
    /// for 0 or 2^63 and above, [`Code::ClosedMember`] for the inviter, [`Code::ForestFull`];
    /// [`Code::InvalidValue`] for a date before the last change.
    pub fn join(&mut self, member: u64, inviter: Option<u64>, from: Option<Timestamp>) -> Result<MemberIx> {
        if self.has_texts() {
            let error =
                format!("member {member}: the members of this forest have texts as ids; join with one");
            return Err(Error::new(Code::InvalidId, error));
        }
        self.enter(member, inviter, from)
    }

    pub(super) fn enter(
        &mut self,
        member: u64,
        inviter: Option<u64>,
        from: Option<Timestamp>,
    ) -> Result<MemberIx> {
        self.check_new(member)?;
        if inviter == Some(member) {
            return Err(own_inviter(member));
        }
        let parent = inviter.map_or(Ok(MemberIx::NOBODY), |id| self.open(id))?;
        self.check_date(from)?;
        let ix = self.ids.push(member);
        self.parents.to_mut().push(parent.get());
        if let Some(from) = from {
            self.edges.push(ix.get(), 0, from, parent.get());
        }
        self.teams.joined(&self.parents, ix);
        self.version += 1;
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
            let error = format!("member {} already has the upline {}", self.told(member), self.name(current));
            return Err(Error::new(Code::AlreadyBound, error));
        }
        self.rebind(member, inviter, from)
    }

    /// Changes the upline of a member; orders placed before `from` keep the old one. Without a date the
    /// change was always so, which can no longer be said once a dated change was made.
    ///
    /// # Errors
    /// [`Code::Cycle`] when the new upline is a descendant, however far; [`Code::SelfReferral`],
    /// [`Code::UnknownMember`], [`Code::ClosedMember`]; [`Code::InvalidValue`] for a date before the last
    /// change, or none after it.
    pub fn rebind(&mut self, member: u64, inviter: u64, from: Option<Timestamp>) -> Result<()> {
        if member == inviter {
            return Err(own_inviter(self.told(member)));
        }
        let ix = self.open(member)?;
        if inviter == 0 {
            let rule = "is put below nobody; `unbind` takes an upline away";
            return Err(Error::new(Code::UnknownMember, format!("member {} {rule}", self.told(member))));
        }
        let parent = self.open(inviter)?;
        if ix == parent {
            return Err(own_inviter(self.told(member)));
        }
        self.check_date(Some(from.unwrap_or(ALWAYS)))?;
        if self.is_above(ix, parent) {
            let (member, inviter) = (self.told(member), self.told(inviter));
            let error =
                format!("{inviter} cannot be the upline of {member}: {member} is above {inviter}, a cycle");
            return Err(Error::new(Code::Cycle, error));
        }
        self.hang(ix, parent, from);
        Ok(())
    }

    /// Takes the upline of a member away: they become a root.
    ///
    /// # Errors
    /// [`Code::UnknownMember`], [`Code::ClosedMember`]; [`Code::InvalidValue`] as [`Forest::rebind`].
    pub fn unbind(&mut self, member: u64, from: Option<Timestamp>) -> Result<()> {
        let ix = self.open(member)?;
        self.check_date(Some(from.unwrap_or(ALWAYS)))?;
        self.stand_alone(ix, from);
        Ok(())
    }

    /// Merges the account `gone` into `kept`, two accounts of one person. From then on the id `gone` names
    /// `kept`, who takes over everybody directly below `gone`, and its upline if they have none of their
    /// own or had theirs through `gone`. What `gone` has of tracked volumes is added to that of `kept`. Orders placed
    /// before `from` belong to the account they name, see [`Forest::find_at`].
    ///
    /// # Errors
    /// [`Code::UnknownMember`], [`Code::ClosedMember`], [`Code::SelfReferral`] for an account into itself;
    /// [`Code::InvalidValue`] as [`Forest::rebind`]; [`Code::Overflow`] for a tracked volume.
    pub fn merge(&mut self, kept: u64, gone: u64, from: Option<Timestamp>) -> Result<()> {
        let (into, out) = (self.open(kept)?, self.open(gone)?);
        if into == out {
            let error = format!("member {} is merged into themselves", self.told(gone));
            return Err(Error::new(Code::SelfReferral, error));
        }
        self.check_date(Some(from.unwrap_or(ALWAYS)))?;
        let together = self.teams.together(into, out)?;
        let above = self.parent(out, None);
        let takes_over = above != MemberIx::NOBODY
            && self.parent(into, None) == MemberIx::NOBODY
            && above != into
            && !self.is_above(into, above);
        if takes_over || self.is_above(out, into) {
            self.hang(into, above, from);
        }
        for child in self.directly_below(out) {
            self.hang(child, into, from);
        }
        self.stand_alone(out, from);
        self.teams.merged(&self.parents, into, out, together);
        self.closed.insert(out.get());
        self.ids.merge(out, into);
        self.version += 1;
        Ok(())
    }

    /// Closes an account: nobody is invited by it any more, and it moves no more. With [`Closing::RollUp`] it has no
    /// upline from then on either.
    ///
    /// # Errors
    /// [`Code::UnknownMember`], [`Code::ClosedMember`]; [`Code::InvalidValue`] as [`Forest::rebind`].
    pub fn close(&mut self, member: u64, closing: Closing, from: Option<Timestamp>) -> Result<()> {
        let ix = self.open(member)?;
        self.check_date(Some(from.unwrap_or(ALWAYS)))?;
        let above = self.parent(ix, None);
        match closing {
            Closing::Stay => self.keep_date(ix, from),
            Closing::RollUp => {
                for child in self.directly_below(ix) {
                    self.hang(child, above, from);
                }
                self.stand_alone(ix, from);
            }
        }
        self.closed.insert(ix.get());
        self.version += 1;
        Ok(())
    }

    /// Whether one member stands above another one, however far.
    #[must_use]
    pub fn is_above(&self, above: MemberIx, below: MemberIx) -> bool {
        let parents = &*self.parents;
        let next = |at: &u32| parents.get(MemberIx::new(*at).index()).copied().filter(|up| *up != 0);
        above != MemberIx::NOBODY
            && std::iter::successors(next(&below.get()), next).any(|up| up == above.get())
    }

    /// The members directly below one, or the roots for nobody, in join order: one look at every member.
    #[must_use]
    pub fn directly_below(&self, member: MemberIx) -> Vec<MemberIx> {
        let below = (0_u32..).zip(&*self.parents).skip(1).filter(|(_, parent)| **parent == member.get());
        below.map(|(at, _)| MemberIx::new(at)).collect()
    }

    /// Puts a member below another one or nobody, where that closes no cycle.
    fn hang(&mut self, ix: MemberIx, parent: MemberIx, from: Option<Timestamp>) {
        let before = self.parents[ix.index()];
        self.teams.moved(&self.parents, ix, parent);
        if let Some(from) = from {
            self.edges.push(ix.get(), before, from, parent.get());
        }
        let turned = |parent: u32| usize::from(parent > ix.get());
        self.turned = self.turned - turned(before) + turned(parent.get());
        self.parents.to_mut()[ix.index()] = parent.get();
        self.version += 1;
    }

    /// Puts a member below nobody.
    fn stand_alone(&mut self, ix: MemberIx, from: Option<Timestamp>) {
        match self.parent(ix, None) {
            MemberIx::NOBODY => self.keep_date(ix, from),
            _ => self.hang(ix, MemberIx::NOBODY, from),
        }
    }

    /// Keeps the date of a change that moves nobody: no later one may be dated before it.
    fn keep_date(&mut self, ix: MemberIx, from: Option<Timestamp>) {
        let parent = self.parents[ix.index()];
        if let Some(from) = from {
            self.edges.push(ix.get(), parent, from, parent);
        }
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

    /// An id in the words of the host, which may be one that nobody has.
    fn told(&self, id: u64) -> String {
        self.account(id).map_or_else(|| id.to_string(), |ix| self.name(ix))
    }

    /// A member who may still move and invite.
    fn open(&self, member: u64) -> Result<MemberIx> {
        let ix = self.find(member).ok_or_else(|| unknown(member))?;
        if self.is_closed(ix) {
            let error = format!("the account of member {} was closed", self.told(member));
            return Err(Error::new(Code::ClosedMember, error));
        }
        Ok(ix)
    }

    /// Changes come in the order of their dates: only the forest of now is searched for a cycle, and no
    /// change may close one at a moment that is past.
    fn check_date(&self, from: Option<Timestamp>) -> Result<()> {
        match (from, self.edges.last) {
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
}
