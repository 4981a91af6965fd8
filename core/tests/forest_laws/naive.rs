//! The model: a map of current inviters, and a copy of it for every change.

use crate::script::{IDS, MOMENTS, Step};
use fenrun::Code;
use fenrun::reward::referral::Closing;
use fenrun::time::Timestamp;
use std::collections::BTreeMap;

/// One thing that can be read, in words.
pub(crate) type Fact = (String, String);

#[derive(Default)]
pub(crate) struct Naive {
    /// In join order.
    members: Vec<u64>,
    above: BTreeMap<u64, Option<u64>>,
    /// Every change with a date, oldest first.
    history: Vec<(Timestamp, u64, Option<u64>)>,
    /// Who stood above whom before the first of them.
    always: BTreeMap<u64, Option<u64>>,
    /// Who went into whom, and when.
    merged: BTreeMap<u64, (u64, Option<Timestamp>)>,
    /// The date of the last change that has one.
    last: Option<Timestamp>,
    closed: Vec<u64>,
    own: BTreeMap<u64, i64>,
    /// Where it is not one.
    accounts: BTreeMap<u64, usize>,
}

/// A sum of 64 bits, or why there is none.
fn fitting(sum: i128) -> String {
    i64::try_from(sum).map_or_else(|_| format!("{:?}", Code::Overflow), |sum| sum.to_string())
}

impl Naive {
    pub(crate) fn step(&mut self, step: &Step) -> Result<(), Code> {
        self.change(step)?;
        let from = match step {
            Step::Join { from, .. }
            | Step::Bind { from, .. }
            | Step::Rebind { from, .. }
            | Step::Unbind { from, .. }
            | Step::Merge { from, .. }
            | Step::Close { from, .. } => *from,
            Step::Add { .. } => None,
        };
        self.last = from.or(self.last);
        Ok(())
    }

    fn change(&mut self, step: &Step) -> Result<(), Code> {
        match *step {
            Step::Join { member, inviter, from } => self.join(member, inviter, from),
            Step::Bind { member, inviter, from } => {
                let who = self.person(member)?;
                if self.above[&who].is_some() {
                    return Err(Code::AlreadyBound);
                }
                self.rebind(member, inviter, from)
            }
            Step::Rebind { member, inviter, from } => self.rebind(member, inviter, from),
            Step::Unbind { member, from } => {
                let who = self.open(member)?;
                self.check(from)?;
                self.set(who, None, from);
                Ok(())
            }
            Step::Merge { kept, gone, from } => self.merge(kept, gone, from),
            Step::Close { member, closing, from } => {
                let who = self.open(member)?;
                self.check(from)?;
                if closing == Closing::RollUp {
                    let heir = self.above[&who];
                    for child in self.children(who) {
                        self.set(child, heir, from);
                    }
                    self.set(who, None, from);
                }
                self.closed.push(who);
                Ok(())
            }
            Step::Add { member, amount } => {
                let who = self.person(member)?;
                let own = self.own.entry(who).or_default();
                *own = own.checked_add(amount).ok_or(Code::Overflow)?;
                Ok(())
            }
        }
    }

    fn join(&mut self, member: u64, inviter: Option<u64>, from: Option<Timestamp>) -> Result<(), Code> {
        if self.members.contains(&member) {
            return Err(Code::DuplicateMember);
        }
        if inviter == Some(member) {
            return Err(Code::SelfReferral);
        }
        let inviter = inviter.map(|id| self.open(id)).transpose()?;
        if from.is_some() {
            self.check(from)?;
        }
        self.members.push(member);
        self.above.insert(member, None);
        self.always.insert(member, if from.is_none() { inviter } else { None });
        self.above.insert(member, inviter);
        if let Some(from) = from.filter(|_| inviter.is_some()) {
            self.history.push((from, member, inviter));
        }
        Ok(())
    }

    fn rebind(&mut self, member: u64, inviter: u64, from: Option<Timestamp>) -> Result<(), Code> {
        if member == inviter {
            return Err(Code::SelfReferral);
        }
        let (who, to) = (self.open(member)?, self.open(inviter)?);
        if who == to {
            return Err(Code::SelfReferral);
        }
        self.check(from)?;
        if self.upline(to).contains(&who) {
            return Err(Code::Cycle);
        }
        self.move_to(who, to, from);
        Ok(())
    }

    fn merge(&mut self, kept: u64, gone: u64, from: Option<Timestamp>) -> Result<(), Code> {
        let (kept, gone) = (self.open(kept)?, self.open(gone)?);
        if kept == gone {
            return Err(Code::SelfReferral);
        }
        self.check(from)?;
        let [own, more] = [kept, gone].map(|who| self.own.get(&who).copied().unwrap_or(0));
        let own = own.checked_add(more).ok_or(Code::Overflow)?;
        let heir = self.above[&gone];
        if self.upline(kept).contains(&gone) {
            self.set(kept, heir, from);
        } else if let (None, Some(heir)) = (self.above[&kept], heir) {
            if heir != kept && !self.upline(heir).contains(&kept) {
                self.set(kept, Some(heir), from);
            }
        }
        for child in self.children(gone) {
            self.set(child, Some(kept), from);
        }
        self.set(gone, None, from);
        self.closed.push(gone);
        self.merged.insert(gone, (kept, from));
        self.own.remove(&gone);
        self.own.insert(kept, own);
        let accounts = self.accounts(kept) + self.accounts(gone);
        self.accounts.insert(gone, 0);
        self.accounts.insert(kept, accounts);
        Ok(())
    }

    fn set(&mut self, who: u64, to: Option<u64>, from: Option<Timestamp>) {
        if self.above[&who] != to {
            match to {
                Some(to) => self.move_to(who, to, from),
                None => self.write(who, None, from),
            }
        }
    }

    fn move_to(&mut self, who: u64, to: u64, from: Option<Timestamp>) {
        self.write(who, Some(to), from);
    }

    fn write(&mut self, who: u64, to: Option<u64>, from: Option<Timestamp>) {
        self.above.insert(who, to);
        match from {
            Some(from) => self.history.push((from, who, to)),
            None => drop(self.always.insert(who, to)),
        }
    }

    fn check(&self, from: Option<Timestamp>) -> Result<(), Code> {
        let early = self.last.is_some_and(|last| from.is_none_or(|from| from < last));
        if early { Err(Code::InvalidValue) } else { Ok(()) }
    }

    fn person(&self, id: u64) -> Result<u64, Code> {
        if !self.members.contains(&id) {
            return Err(Code::UnknownMember);
        }
        self.merged.get(&id).map_or(Ok(id), |(into, _)| self.person(*into))
    }

    /// Who an id named at a moment.
    fn person_at(&self, id: u64, at: Timestamp) -> u64 {
        match self.merged.get(&id) {
            Some((into, from)) if from.is_none_or(|from| from <= at) => self.person_at(*into, at),
            _ => id,
        }
    }

    fn open(&self, id: u64) -> Result<u64, Code> {
        let who = self.person(id)?;
        if self.closed.contains(&who) { Err(Code::ClosedMember) } else { Ok(who) }
    }

    fn children(&self, who: u64) -> Vec<u64> {
        self.members.iter().copied().filter(|member| self.above[member] == Some(who)).collect()
    }

    fn upline(&self, who: u64) -> Vec<u64> {
        std::iter::successors(self.above[&who], |up| self.above[up]).collect()
    }

    fn at(&self, who: u64, at: Timestamp) -> Option<u64> {
        let last = self.history.iter().rev().find(|(from, member, _)| *member == who && *from <= at);
        last.map_or(self.always[&who], |(_, _, to)| *to)
    }

    /// Every inviter with the moment they became it; of one moment the last, and none that changes nothing.
    fn told(&self, who: u64) -> Vec<(Option<i64>, u64)> {
        let mut told = vec![(None, self.always[&who].unwrap_or(0))];
        for (from, _, to) in self.history.iter().filter(|(_, member, _)| *member == who) {
            told.retain(|(known, _)| *known != Some(from.ms()));
            told.push((Some(from.ms()), to.unwrap_or(0)));
        }
        let changes = |at: &usize| *at == 0 || told[*at].1 != told[at - 1].1;
        (0..told.len()).filter(changes).map(|at| told[at]).collect()
    }

    /// Depth first, in join order.
    fn team(&self, who: u64) -> Vec<u64> {
        self.children(who).into_iter().flat_map(|child| [vec![child], self.team(child)].concat()).collect()
    }

    /// How many accounts somebody brought along, their own among them.
    fn accounts(&self, who: u64) -> usize {
        self.accounts.get(&who).copied().unwrap_or(1)
    }

    fn own(&self, who: &u64) -> i128 {
        self.own.get(who).copied().unwrap_or(0).into()
    }

    fn sum(&self, who: u64) -> i128 {
        self.own(&who) + self.team(who).iter().map(|below| self.own(below)).sum::<i128>()
    }

    pub(crate) fn view(&self) -> Vec<Fact> {
        let swept = self.members.iter().all(|who| i64::try_from(self.sum(*who)).is_ok());
        let roots = self.members.iter().copied().filter(|who| self.above[who].is_none());
        let until = roots.flat_map(|root| [vec![root], self.team(root)].concat()).scan(0, |sum, who| {
            *sum += self.own(&who);
            Some(*sum)
        });
        let summed = until.map(i64::try_from).all(|sum| sum.is_ok());
        let mut facts = vec![("members".to_owned(), format!("{:?}", self.members))];
        for id in IDS {
            let who = self.person(id).ok();
            facts.push((format!("{id} is"), format!("{who:?}")));
            for at in MOMENTS {
                let then = who.map(|_| self.person_at(id, Timestamp::from_ms(at)));
                facts.push((format!("{id} was at {at}"), format!("{then:?}")));
            }
        }
        for who in self.members.iter().copied() {
            let mut fact = |what: &str, value: String| facts.push((format!("{what} of {who}"), value));
            fact("closed", self.closed.contains(&who).to_string());
            fact("upline", format!("{:?}", self.upline(who)));
            for at in MOMENTS {
                let then = |up: &u64| self.at(*up, Timestamp::from_ms(at));
                fact(
                    &format!("upline at {at}"),
                    format!("{:?}", std::iter::successors(then(&who), then).collect::<Vec<_>>()),
                );
            }
            let moments = MOMENTS.map(|at| self.at(who, Timestamp::from_ms(at)));
            let told = moments.chain([self.above[&who]]).map(|above| Some(above.unwrap_or(0)));
            fact("told", format!("{:?}", told.collect::<Vec<_>>()));
            fact("history", format!("{:?}", self.told(who)));
            let team = self.team(who);
            fact("own", self.own(&who).to_string());
            fact("kept", fitting(self.sum(who)));
            // A sweep is for all or for nobody, and so is a column of what all before have.
            let all =
                |fits: bool| if fits { fitting(self.sum(who)) } else { format!("{:?}", Code::Overflow) };
            fact("swept", all(swept));
            fact("subtracted", all(summed));
            let accounts = |who: &u64| self.accounts(*who);
            fact("people", (accounts(&who) + team.iter().map(accounts).sum::<usize>()).to_string());
            fact(
                "above",
                format!("{:?}", self.members.iter().filter(|below| team.contains(below)).collect::<Vec<_>>()),
            );
            fact("page", format!("{:?}", team.iter().skip(1).take(2).collect::<Vec<_>>()));
            fact("team", format!("{team:?}"));
            fact("below", format!("{:?}", self.children(who)));
            let depth = self.upline(who).len();
            fact("depth", depth.to_string());
            let step = |below: &u64| self.upline(*below).len() - depth;
            let deepest = team.iter().map(step).max().unwrap_or(0);
            let count = |at: usize| team.iter().filter(|below| step(below) == at).count();
            fact("generations", format!("{:?}", (1..=deepest).map(count).collect::<Vec<_>>()));
            let second: Vec<_> = team.iter().filter(|below| step(below) == 2).collect();
            fact("second generation", format!("{second:?}"));
        }
        let past = |at: i64| -> Vec<_> {
            self.members.iter().map(|who| self.at(*who, Timestamp::from_ms(at))).collect()
        };
        facts.extend(MOMENTS.map(|at| (format!("snapshot at {at}"), format!("{:?}", past(at)))));
        facts
    }
}
