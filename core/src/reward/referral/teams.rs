//! Team volumes: what each member and everybody below them have together, kept exact through every change.

use super::forest::{Forest, MemberIx};
use super::sweep::{Downward, place};
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;

/// The volumes that are kept, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Teams {
    volumes: BTreeMap<String, Volume>,
}

#[derive(Clone, Debug)]
struct Volume {
    /// By handle.
    own: Vec<i64>,
    /// Wide enough for the sum of as many members as there can be, so a move never fails.
    team: Vec<i128>,
    /// What a new member comes with.
    newcomer: i64,
}

impl Volume {
    fn rebuild(&mut self, parents: &[u32], ordered: bool) {
        self.team = self.own.iter().map(|own| i128::from(*own)).collect();
        Downward::known(parents, ordered).up(|member| {
            let parent = place(parents[place(member)]);
            if parent != 0 {
                self.team[parent] += self.team[place(member)];
            }
        });
    }
}

impl Teams {
    pub(super) fn joined(&mut self, parents: &[u32], ix: MemberIx) {
        for volume in self.volumes.values_mut() {
            volume.own.push(volume.newcomer);
            volume.team.push(0);
            let amount = i128::from(volume.newcomer);
            if amount != 0 {
                lift(&mut volume.team, parents, ix.get(), amount);
            }
        }
    }

    /// Repairs both paths; `parents` are those before the move.
    pub(super) fn moved(&mut self, parents: &[u32], ix: MemberIx, to: MemberIx) {
        for Volume { team, .. } in self.volumes.values_mut() {
            let amount = team[ix.index()];
            lift(team, parents, parents[ix.index()], -amount);
            lift(team, parents, to.get(), amount);
        }
    }

    pub(super) fn rebuild(&mut self, parents: &[u32], ordered: bool) {
        self.volumes.values_mut().for_each(|volume| volume.rebuild(parents, ordered));
    }
}

/// Adds an amount to a member and everybody above.
fn lift(team: &mut [i128], parents: &[u32], from: u32, amount: i128) {
    let mut at = MemberIx::new(from).index();
    while at != 0 {
        team[at] += amount;
        at = MemberIx::new(parents[at]).index();
    }
}

impl Forest {
    /// Keeps a volume per team from now on, through every join and move: `own` in join order, and
    /// `newcomer` for whoever joins. A volume of that name is replaced. With 1 for everybody it counts
    /// people.
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
        let own = std::iter::once(0).chain(own.iter().copied()).collect();
        let mut volume = Volume { own, team: Vec::new(), newcomer };
        volume.rebuild(&self.parents, self.turned == 0);
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
        lift(&mut volume.team, &self.parents, member.get(), i128::from(amount));
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
        let team = volume.team.get(member.index()).filter(|_| member != MemberIx::NOBODY);
        i64::try_from(*team.ok_or_else(|| no_handle(member))?).map_err(|_| too_wide(name))
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
