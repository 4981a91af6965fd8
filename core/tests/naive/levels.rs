//! `levels`: who stands where, and what becomes of each slot.

use super::base::Rate;
use super::number::whole;
use super::outcome::Ledger;
use super::people::{Candidate, Scene};
use super::plan::{Rule, Unqualified};
use super::sale::Line;
use super::{Fault, Mutation, Naive, Q};
use num_bigint::BigInt;

/// One slot: whose rate it is offered at, and where the amount goes.
struct Slot<'a> {
    stands: Option<Candidate<'a>>,
    goes: Goes<'a>,
}

enum Goes<'a> {
    To(&'a str),
    Retained(&'static str),
}

impl Naive {
    pub(crate) fn levels(self, scene: &Scene<'_>, lines: &[&Line], ledger: &mut Ledger) -> Result<(), Fault> {
        let slots = self.slots(scene, lines)?;
        let amounts = self.offers(scene.rule, lines, &slots)?;
        for (at, (slot, amount)) in slots.iter().zip(amounts).enumerate() {
            match &slot.goes {
                Goes::To(payee) => ledger.pay(scene.rule, payee, at + 1, amount),
                Goes::Retained(reason) => ledger.retain(reason, amount),
            }
        }
        Ok(())
    }

    pub(crate) fn levels_offer(self, scene: &Scene<'_>, lines: &[&Line]) -> Result<BigInt, Fault> {
        let slots = self.slots(scene, lines)?;
        Ok(self.offers(scene.rule, lines, &slots)?.iter().sum())
    }

    /// round(rate · base) for each slot, at the rate of whoever stands there.
    fn offers(self, rule: &Rule, lines: &[&Line], slots: &[Slot<'_>]) -> Result<Vec<BigInt>, Fault> {
        let mut amounts = Vec::new();
        let mut together: Vec<(&Line, Q)> = lines.iter().map(|line| (*line, whole(0))).collect();
        for (at, slot) in slots.iter().enumerate() {
            let mut rated = Vec::new();
            for (line, sum) in &mut together {
                let rate = self.rate(rule, line, slot.stands.as_ref(), at + 1)?;
                *sum += rate.size();
                rated.push((*line, rate));
            }
            amounts.push(self.worth(rule, &rated)?);
        }
        if self.planted(Mutation::LastTakesRest) && amounts.len() > 1 {
            amounts.pop();
            let sums: Vec<_> = together.into_iter().map(|(line, sum)| (line, Rate::Share(sum))).collect();
            amounts.push(self.worth(rule, &sums)? - amounts.iter().sum::<BigInt>());
        }
        Ok(amounts)
    }

    fn slots<'a>(self, scene: &Scene<'a>, lines: &[&Line]) -> Result<Vec<Slot<'a>>, Fault> {
        let Scene { rule, row, .. } = scene;
        let count = rule.levels(lines);
        let q = |candidate: &Candidate<'a>, level| self.qualifies(scene, candidate.person, level);
        match rule.unqualified {
            Unqualified::None => Ok(seated(row, count)),
            Unqualified::Compress | Unqualified::CompressByLevel => self.compressed(rule, row, count, q),
            Unqualified::Stop => self.stopped(row, count, q),
            Unqualified::Retain => self.by_distance(row, count, q, |_, _| Ok(Goes::Retained("ineligible"))),
            Unqualified::RollUp => self.by_distance(row, count, q, |at, level| {
                for later in &row[at + 1..] {
                    if q(later, level)? {
                        return Ok(Goes::To(&later.person.id));
                    }
                }
                Ok(Goes::Retained("ineligible"))
            }),
        }
    }

    /// Whoever qualifies for the current level takes it, the others are passed over. With one condition
    /// for all levels, which `compress` demands, this removes those who do not meet it.
    fn compressed<'a>(
        self,
        rule: &Rule,
        row: &[Candidate<'a>],
        count: usize,
        q: impl Fn(&Candidate<'a>, usize) -> Result<bool, Fault>,
    ) -> Result<Vec<Slot<'a>>, Fault> {
        let mut kept = Vec::new();
        for candidate in row {
            if kept.len() < count && q(candidate, kept.len() + 1)? {
                kept.push(*candidate);
            }
        }
        if rule.unqualified == Unqualified::Compress && self.planted(Mutation::CompressDropsOne) {
            kept = kept.split_off(kept.len().min(1));
        }
        let mut slots = seated(&kept, count);
        if rule.unqualified == Unqualified::CompressByLevel && self.planted(Mutation::LevelsFromTwo) {
            slots.insert(0, Slot { stands: None, goes: Goes::Retained("no_upline") });
            slots.pop();
        }
        Ok(slots)
    }

    /// The first who does not qualify ends the walk.
    fn stopped<'a>(
        self,
        row: &[Candidate<'a>],
        count: usize,
        q: impl Fn(&Candidate<'a>, usize) -> Result<bool, Fault>,
    ) -> Result<Vec<Slot<'a>>, Fault> {
        let mut ended = false;
        let mut slots = Vec::new();
        for (at, slot) in seated(row, count).into_iter().enumerate() {
            let goes = match &slot.stands {
                Some(_) if ended => Goes::Retained("blocked"),
                Some(candidate) if !q(candidate, at + 1)? => {
                    ended = true;
                    Goes::Retained("ineligible")
                }
                _ => slot.goes,
            };
            ended |= self.planted(Mutation::StopAfterFirst);
            slots.push(Slot { stands: slot.stands, goes });
        }
        Ok(slots)
    }

    /// Candidate k stands at slot k; `otherwise` says where the amount goes if they do not qualify.
    fn by_distance<'a>(
        self,
        row: &[Candidate<'a>],
        count: usize,
        q: impl Fn(&Candidate<'a>, usize) -> Result<bool, Fault>,
        otherwise: impl Fn(usize, usize) -> Result<Goes<'a>, Fault>,
    ) -> Result<Vec<Slot<'a>>, Fault> {
        let mut slots = Vec::new();
        for (at, slot) in seated(row, count).into_iter().enumerate() {
            let goes = match &slot.stands {
                Some(candidate) if !q(candidate, at + 1)? => otherwise(at, at + 1)?,
                Some(_) if self.planted(Mutation::RollsAlways) => otherwise(at, at + 1)?,
                _ => slot.goes,
            };
            slots.push(Slot { stands: slot.stands, goes });
        }
        if self.planted(Mutation::SlotLost) {
            slots.pop();
        }
        Ok(slots)
    }
}

/// Candidate k at slot k, paid; nobody behind the last.
fn seated<'a>(row: &[Candidate<'a>], count: usize) -> Vec<Slot<'a>> {
    let slot = |at: usize| match row.get(at) {
        Some(candidate) => Slot { stands: Some(*candidate), goes: Goes::To(&candidate.person.id) },
        None => Slot { stands: None, goes: Goes::Retained("no_upline") },
    };
    (0..count).map(slot).collect()
}
