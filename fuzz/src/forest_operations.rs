//! Bytes as operations on a forest, against a map of parents that knows nothing but the rules.

use crate::refused;
use fenrun::Code;
use fenrun::reward::referral::Forest;
use fenrun::time::Timestamp;
use std::collections::BTreeMap;

/// Four bytes: what, who, by whom, when (0 for "always so").
const OPERATION: usize = 4;
/// Few moments, so that dates often meet.
const MOMENTS: u8 = 8;

/// Every operation is accepted or refused as the rules say, and uplines agree after each.
pub fn run(data: &[u8]) -> bool {
    let mut forest = Forest::new();
    let mut naive = Naive::default();
    let mut accepted = false;
    for operation in data.chunks_exact(OPERATION) {
        let &[what, member, inviter, when] = operation else { continue };
        let (member, inviter) = (u64::from(member), u64::from(inviter));
        let from = Some(when % MOMENTS).filter(|when| *when > 0);
        let from = from.map(|when| Timestamp::from_ms(i64::from(when)));
        let named = Some(inviter).filter(|id| *id != 0);
        let (did, wanted) = match what % 3 {
            0 => (forest.join(member, named, from).map(|_| ()), naive.join(member, named, from)),
            1 => (forest.bind(member, inviter, from), naive.bind(member, inviter, from)),
            _ => (forest.rebind(member, inviter, from), naive.rebind(member, inviter, from)),
        };
        match &did {
            Ok(()) => accepted = true,
            Err(error) => refused(error),
        }
        assert_eq!(did.map_err(|error| error.code()), wanted, "{operation:?}");
    }
    naive.agrees_with(&forest);
    accepted
}

#[derive(Default)]
struct Naive {
    parents: BTreeMap<u64, Option<u64>>,
    last_change: Option<Timestamp>,
}

impl Naive {
    fn join(&mut self, member: u64, inviter: Option<u64>, from: Option<Timestamp>) -> Result<(), Code> {
        if member == 0 {
            return Err(Code::InvalidId);
        }
        if self.parents.contains_key(&member) {
            return Err(Code::DuplicateMember);
        }
        if inviter == Some(member) {
            return Err(Code::SelfReferral);
        }
        if inviter.is_some_and(|id| !self.parents.contains_key(&id)) {
            return Err(Code::UnknownMember);
        }
        self.check_date(from)?;
        self.parents.insert(member, inviter);
        self.last_change = from.or(self.last_change);
        Ok(())
    }

    fn bind(&mut self, member: u64, inviter: u64, from: Option<Timestamp>) -> Result<(), Code> {
        match self.parents.get(&member) {
            None => Err(Code::UnknownMember),
            Some(Some(_)) => Err(Code::AlreadyBound),
            Some(None) => self.rebind(member, inviter, from),
        }
    }

    fn rebind(&mut self, member: u64, inviter: u64, from: Option<Timestamp>) -> Result<(), Code> {
        if member == inviter {
            return Err(Code::SelfReferral);
        }
        if !self.parents.contains_key(&member) || !self.parents.contains_key(&inviter) {
            return Err(Code::UnknownMember);
        }
        if from.is_none() && self.last_change.is_some() {
            return Err(Code::InvalidValue);
        }
        self.check_date(from)?;
        if self.upline(inviter).contains(&member) {
            return Err(Code::Cycle);
        }
        self.parents.insert(member, Some(inviter));
        self.last_change = from.or(self.last_change);
        Ok(())
    }

    fn check_date(&self, from: Option<Timestamp>) -> Result<(), Code> {
        let early = from.zip(self.last_change).is_some_and(|(from, last)| from < last);
        if early { Err(Code::InvalidValue) } else { Ok(()) }
    }

    fn upline(&self, member: u64) -> Vec<u64> {
        std::iter::successors(self.parents.get(&member).copied().flatten(), |up| self.parents[up]).collect()
    }

    fn agrees_with(&self, forest: &Forest) {
        assert_eq!(forest.len(), self.parents.len());
        let members: Vec<u64> = self.parents.keys().copied().collect();
        let inviters: Vec<u64> = self.parents.values().map(|inviter| inviter.unwrap_or(0)).collect();
        let built = Forest::from_edges(&members, &inviters).expect("a forest of a forest");
        for member in members {
            let wanted = self.upline(member);
            for forest in [forest, &built] {
                let member = forest.find(member).expect("a member");
                let upline = forest.upline(member, None).map(|up| forest.id(up));
                assert!(upline.eq(wanted.iter().copied()));
                // No moment has a cycle; one would never end.
                for ms in 0..MOMENTS {
                    let moment = Some(Timestamp::from_ms(i64::from(ms)));
                    let steps = forest.upline(member, moment).take(forest.len());
                    assert!(steps.count() < forest.len(), "a cycle at moment {ms}");
                }
            }
        }
    }
}
