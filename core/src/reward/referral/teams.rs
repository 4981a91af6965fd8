//! Team volumes: what each member and everybody below them have together, kept exact through every change.

use super::forest::{Forest, MemberIx};
use super::sweep::{Downward, add_up_quickly, place};
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::ops::Neg;

/// The volumes that are kept, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Teams {
    volumes: BTreeMap<String, Volume>,
}

#[derive(Clone, Debug)]
struct Volume {
    /// By handle.
    own: Vec<i64>,
    team: Sums,
    /// What a new member comes with.
    newcomer: i64,
}

/// Sums by handle, exact however large: a move never fails, nor does it forget anything.
#[derive(Clone, Debug, Default)]
struct Sums {
    /// The sums as far as 64 bits say them.
    low: Vec<i64>,
    /// How many times 2^64 is to be added, for the few whose sum does not fit.
    high: BTreeMap<u32, i64>,
}

impl Sums {
    /// What everybody and all below them have.
    fn of(own: &[i64], parents: &[u32], ordered: bool) -> Self {
        let mut sums = Self { low: own.to_vec(), high: BTreeMap::new() };
        if !(ordered && add_up_quickly(parents, &mut sums.low)) {
            Downward::known(parents, ordered).up(|member| {
                let amount = sums.exact(member);
                sums.add(parents[place(member)], amount);
            });
        }
        // Nobody is in no team.
        sums.low[0] = 0;
        sums.high.remove(&0);
        sums
    }

    /// The sum of a member, if it fits 64 bits.
    fn get(&self, member: u32) -> Option<i64> {
        Some(self.low[place(member)]).filter(|_| !self.high.contains_key(&member))
    }

    fn exact(&self, member: u32) -> Wide {
        Wide { low: self.low[place(member)], high: self.high.get(&member).copied().unwrap_or(0) }
    }

    #[inline]
    fn add(&mut self, member: u32, amount: Wide) {
        let sum = &mut self.low[place(member)];
        let (added, over) = sum.overflowing_add(amount.low);
        *sum = added;
        let over = if amount.low < 0 { -i64::from(over) } else { i64::from(over) };
        if amount.high + over != 0 {
            self.carry(member, amount.high + over);
        }
    }

    #[cold]
    fn carry(&mut self, member: u32, more: i64) {
        let high = self.high.entry(member).or_default();
        *high += more;
        if *high == 0 {
            self.high.remove(&member);
        }
    }

    /// Adds an amount to a member and everybody above.
    fn lift(&mut self, parents: &[u32], from: u32, amount: Wide) {
        let mut at = from;
        while at != 0 {
            self.add(at, amount);
            at = parents[place(at)];
        }
    }
}

/// An amount of `low` and `high` times 2^64. The upper part counts at most one for each member.
#[derive(Clone, Copy)]
struct Wide {
    low: i64,
    high: i64,
}

impl From<i64> for Wide {
    fn from(low: i64) -> Self {
        Self { low, high: 0 }
    }
}

impl Neg for Wide {
    type Output = Self;

    fn neg(self) -> Self {
        // The least number has no counterpart in 64 bits: 2^63 is itself and 2^64.
        let (low, over) = self.low.overflowing_neg();
        Self { low, high: i64::from(over) - self.high }
    }
}

impl Teams {
    pub(super) fn joined(&mut self, parents: &[u32], ix: MemberIx) {
        for volume in self.volumes.values_mut() {
            volume.own.push(volume.newcomer);
            volume.team.low.push(0);
            if volume.newcomer != 0 {
                volume.team.lift(parents, ix.get(), volume.newcomer.into());
            }
        }
    }

    /// Repairs both paths; `parents` are those before the move.
    pub(super) fn moved(&mut self, parents: &[u32], ix: MemberIx, to: MemberIx) {
        for Volume { team, .. } in self.volumes.values_mut() {
            let amount = team.exact(ix.get());
            team.lift(parents, parents[ix.index()], -amount);
            team.lift(parents, to.get(), amount);
        }
    }

    /// What two accounts have of their own together, by volume.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub(super) fn together(&self, into: MemberIx, out: MemberIx) -> Result<Vec<i64>> {
        let sum = |(name, volume): (&String, &Volume)| {
            let sum = volume.own[into.index()].checked_add(volume.own[out.index()]);
            sum.ok_or_else(|| too_wide(name))
        };
        self.volumes.iter().map(sum).collect()
    }

    /// Gives all that one account has to another one: what [`Teams::together`] said.
    pub(super) fn merged(&mut self, parents: &[u32], into: MemberIx, out: MemberIx, together: Vec<i64>) {
        for (volume, together) in self.volumes.values_mut().zip(together) {
            let moved = Wide::from(std::mem::take(&mut volume.own[out.index()]));
            volume.own[into.index()] = together;
            volume.team.lift(parents, out.get(), -moved);
            volume.team.lift(parents, into.get(), moved);
        }
    }

    pub(super) fn rebuild(&mut self, parents: &[u32], ordered: bool) {
        for volume in self.volumes.values_mut() {
            volume.team = Sums::of(&volume.own, parents, ordered);
        }
    }
}

impl Forest {
    /// Keeps a volume per team from now on, through every join and move: `own` in join order, and
    /// `newcomer` for whoever joins. A volume of that name is replaced. With 1 for everybody it counts accounts, those
    /// that were merged into another one with it.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`]; [`Code::InvalidValue`] for an empty name.
    ///
    /// ```
    /// use fenrun::reward::referral::Forest;
    /// let mut forest = Forest::from_edges(&[1, 2, 3], &[0, 1, 2])?;
    /// forest.track("people", &[1, 1, 1], 1)?;
    /// forest.join(4, Some(3), None)?;
    /// assert_eq!(forest.team("people", forest.find(2).unwrap())?, 3);
    /// forest.unbind(3, None)?;
    /// assert_eq!(forest.team("people", forest.find(2).unwrap())?, 1);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    pub fn track(&mut self, name: &str, own: &[i64], newcomer: i64) -> Result<()> {
        self.check_length(name, own.len())?;
        if name.is_empty() {
            return Err(Error::new(Code::InvalidValue, "a volume without a name"));
        }
        let own: Vec<i64> = std::iter::once(0).chain(own.iter().copied()).collect();
        let team = Sums::of(&own, &self.parents, self.turned == 0);
        let volume = Volume { own, team, newcomer };
        self.teams.volumes.insert(name.to_owned(), volume);
        Ok(())
    }

    /// Forgets a volume.
    pub fn untrack(&mut self, name: &str) {
        self.teams.volumes.remove(name);
    }

    /// Adds to what a member has of their own, and so to every team they belong to.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a volume that is not kept, [`Code::UnknownMember`], [`Code::Overflow`].
    pub fn add(&mut self, name: &str, member: MemberIx, amount: i64) -> Result<()> {
        let volume = self.teams.volumes.get_mut(name).ok_or_else(|| not_kept(name))?;
        let own = volume.own.get_mut(member.index()).filter(|_| member != MemberIx::NOBODY);
        let own = own.ok_or_else(|| no_handle(member))?;
        *own = own.checked_add(amount).ok_or_else(|| too_wide(name))?;
        volume.team.lift(&self.parents, member.get(), amount.into());
        Ok(())
    }

    /// What a member has of their own.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a volume that is not kept, [`Code::UnknownMember`].
    pub fn own(&self, name: &str, member: MemberIx) -> Result<i64> {
        let volume = self.teams.volumes.get(name).ok_or_else(|| not_kept(name))?;
        let own = volume.own.get(member.index()).filter(|_| member != MemberIx::NOBODY);
        own.copied().ok_or_else(|| no_handle(member))
    }

    /// What a member and everybody below them have.
    ///
    /// # Errors
    /// As [`Forest::own`]; [`Code::Overflow`] for a sum that does not fit 64 bits.
    pub fn team(&self, name: &str, member: MemberIx) -> Result<i64> {
        let volume = self.teams.volumes.get(name).ok_or_else(|| not_kept(name))?;
        if member == MemberIx::NOBODY || member.index() >= volume.own.len() {
            return Err(no_handle(member));
        }
        volume.team.get(member.get()).ok_or_else(|| too_wide(name))
    }

    /// The volumes that are kept.
    pub fn tracked(&self) -> impl Iterator<Item = &str> {
        self.teams.volumes.keys().map(String::as_str)
    }
}

fn not_kept(name: &str) -> Error {
    Error::new(Code::InvalidValue, format!("no volume `{name}` is kept; `track` starts one"))
}

fn no_handle(member: MemberIx) -> Error {
    Error::new(Code::UnknownMember, format!("nobody has the handle {}", member.get()))
}

fn too_wide(name: &str) -> Error {
    Error::new(Code::Overflow, format!("the volume `{name}` does not fit 64 bits"))
}
