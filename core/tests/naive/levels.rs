//! `levels`: who stands where, and what becomes of each slot.

use super::base::Rate;
use super::number::whole;
use super::outcome::Ledger;
use super::people::{Candidate, Scene};
use super::plan::{Pay, Rule, Stop, Unqualified};
use super::sale::{Line, Person};
use super::{Fault, Mutation, Naive, Q};
use num_bigint::BigInt;

/// One slot: whose rate it is offered at, and where the amount goes.
struct Slot<'a> {
    stands: Option<Candidate<'a>>,
    goes: Goes<'a>,
}

enum Goes<'a> {
    To(&'a Person),
    Retained(&'static str),
}

impl Naive {
    pub(crate) fn levels(self, scene: &Scene<'_>, lines: &[&Line], ledger: &mut Ledger) -> Result<(), Fault> {
        let slots = self.offering(scene, lines)?;
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
        let slots = self.offering(scene, lines)?;
        Ok(self.offers(scene.rule, lines, &slots)?.iter().sum())
    }

    /// The slots that offer something. Behind a peer nobody is missed.
    fn offering<'a>(self, scene: &Scene<'a>, lines: &[&Line]) -> Result<Vec<Slot<'a>>, Fault> {
        let mut slots = match scene.rule.pay {
            Pay::Endless(_) => self.endless(scene)?,
            _ => self.slots(scene, scene.rule.levels(lines))?,
        };
        if scene.rule.to.iter().any(|stop| matches!(stop, Stop::Up { peers: true, .. })) {
            slots.retain(|slot| slot.stands.is_some());
        }
        Ok(slots)
    }

    /// Everybody whose rank is above the ranks of all who stand nearer.
    fn endless<'a>(self, scene: &Scene<'a>) -> Result<Vec<Slot<'a>>, Fault> {
        let Scene { plan, rule, row, .. } = scene;
        let mut slots: Vec<Slot<'a>> = Vec::new();
        let mut nearer: Vec<usize> = Vec::new();
        for (at, candidate) in row.iter().enumerate() {
            let rank =
                candidate.person.rank.as_ref().and_then(|rank| plan.ranks.iter().position(|one| one == rank));
            let Some(rank) = rank else { continue };
            let blocks = |other: &usize| {
                if self.planted(Mutation::EqualDoesNotBlock) { *other > rank } else { *other >= rank }
            };
            if nearer.iter().any(blocks) {
                continue;
            }
            let level = slots.len() + 1;
            let mut goes = Goes::To(candidate.person);
            if !self.qualifies(scene, candidate.person, level)? {
                if matches!(rule.unqualified, Unqualified::Compress | Unqualified::CompressByLevel) {
                    continue;
                }
                goes = Goes::Retained("ineligible");
                if rule.unqualified == Unqualified::RollUp {
                    goes = self.heir(scene, at, level)?;
                }
                if rule.unqualified == Unqualified::Stop {
                    slots.push(Slot { stands: Some(*candidate), goes });
                    return Ok(slots);
                }
            }
            slots.push(Slot { stands: Some(*candidate), goes });
            nearer.push(rank);
        }
        Ok(slots)
    }

    /// The nearest later candidate who meets the condition of a level.
    fn heir<'a>(self, scene: &Scene<'a>, at: usize, level: usize) -> Result<Goes<'a>, Fault> {
        for later in &scene.row[at + 1..] {
            if self.qualifies(scene, later.person, level)? {
                return Ok(Goes::To(later.person));
            }
        }
        Ok(Goes::Retained("ineligible"))
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

    /// Slots 1 to `count`.
    fn slots<'a>(self, scene: &Scene<'a>, count: usize) -> Result<Vec<Slot<'a>>, Fault> {
        let Scene { rule, row, .. } = scene;
        let q = |candidate: &Candidate<'a>, level| self.qualifies(scene, candidate.person, level);
        match rule.unqualified {
            Unqualified::None => Ok(seated(row, count)),
            Unqualified::Compress | Unqualified::CompressByLevel => self.compressed(rule, row, count, q),
            Unqualified::Stop => self.stopped(row, count, q),
            Unqualified::Retain => self.by_distance(row, count, q, |_, _| Ok(Goes::Retained("ineligible"))),
            Unqualified::RollUp => self.by_distance(row, count, q, |at, level| self.heir(scene, at, level)),
        }
    }

    /// The one slot of a ladder, or the slots of a series: where each amount goes, and the level.
    pub(crate) fn destinations<'a>(
        self,
        scene: &Scene<'a>,
        count: usize,
        ledger: &mut Ledger,
        mut amount: impl FnMut(bool, usize) -> Option<BigInt>,
    ) -> Result<(), Fault> {
        for (at, slot) in self.slots(scene, count)?.into_iter().enumerate() {
            let Some(amount) = amount(slot.stands.is_some(), at + 1) else { return Ok(()) };
            match slot.goes {
                Goes::To(payee) => ledger.pay(scene.rule, payee, at + 1, amount),
                Goes::Retained(reason) => ledger.retain(reason, amount),
            }
        }
        Ok(())
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
                Some(candidate) if candidate.person.is_nobody() => slot.goes,
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
                Some(candidate) if candidate.person.is_nobody() => slot.goes,
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
        Some(candidate) if candidate.person.is_nobody() => {
            Slot { stands: Some(*candidate), goes: Goes::Retained("no_payee") }
        }
        Some(candidate) => Slot { stands: Some(*candidate), goes: Goes::To(candidate.person) },
        None => Slot { stands: None, goes: Goes::Retained("no_upline") },
    };
    (0..count).map(slot).collect()
}
