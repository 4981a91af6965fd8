//! Schedules without a rate table: series, ladders and pools.

use super::number::{allocate, big, whole};
use super::outcome::Ledger;
use super::people::Scene;
use super::plan::{Pay, Rule, Unqualified, Weights, Written};
use super::sale::{Line, Person};
use super::{Fault, Mutation, Naive, Q};
use num_bigint::BigInt;
use num_traits::{One, Zero};

/// No rule pays more levels.
const LEVELS: usize = 64;

impl Naive {
    /// What a rule without a table offers for lines that are rounded together.
    pub(crate) fn schedule_offer(self, rule: &Rule, lines: &[&Line]) -> Result<BigInt, Fault> {
        let base = self.base_of(rule, lines)?;
        match &rule.pay {
            Pay::Series { first, ratio } => {
                Ok(self.rounded(&(base * first / (Q::one() - ratio)), &rule.mode))
            }
            Pay::Ladder { .. } => self.climb(rule, lines),
            Pay::Share { rate, .. } => {
                let share = self.value(rule, &Written::Share(rate.clone()), None)?;
                Ok(self.rounded(&(base * share.size()), &rule.mode))
            }
            Pay::Levels(_) | Pay::Endless(_) | Pay::Differential(_) => panic!("a schedule with a table"),
        }
    }

    pub(crate) fn schedule(
        self,
        scene: &Scene<'_>,
        lines: &[&Line],
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        let offer = self.schedule_offer(scene.rule, lines)?;
        match &scene.rule.pay {
            Pay::Series { first, ratio } => {
                let mut term = self.base_of(scene.rule, lines)? * first;
                let mut left = offer;
                self.destinations(scene, LEVELS, ledger, |stands, _| {
                    if !stands || term < Q::one() {
                        return None;
                    }
                    let amount = self.rounded(&term, &scene.rule.mode);
                    term *= ratio;
                    left -= &amount;
                    Some(amount)
                })?;
                if !self.planted(Mutation::TailDropped) {
                    ledger.retain("tail", left);
                }
                Ok(())
            }
            Pay::Ladder { .. } => self.destinations(scene, 1, ledger, |_, _| Some(offer.clone())),
            Pay::Share { weights, .. } => self.share(scene, weights, offer, ledger),
            Pay::Levels(_) | Pay::Endless(_) | Pay::Differential(_) => panic!("a schedule with a table"),
        }
    }

    fn base_of(self, rule: &Rule, lines: &[&Line]) -> Result<Q, Fault> {
        let mut sum = Q::zero();
        for line in lines {
            sum += whole(self.base(rule, line)?);
        }
        Ok(sum)
    }

    /// The rate of the last step that is reached of the whole base, or of each step what lies on it.
    fn climb(self, rule: &Rule, lines: &[&Line]) -> Result<BigInt, Fault> {
        let Pay::Ladder { steps, marginal, .. } = &rule.pay else { panic!("a ladder") };
        let base = self.base_of(rule, lines)?;
        let mut volume = big(0);
        for line in lines {
            volume += self.volume(rule, line)?;
        }
        let mut exact = Q::zero();
        for (at, (from, rate)) in steps.iter().enumerate() {
            let rate = self.value(rule, &Written::Share(rate.clone()), None)?;
            if *marginal {
                let end =
                    steps.get(at + 1).map_or(base.clone(), |(next, _)| whole(next.clone()).min(base.clone()));
                let on_step = (end - whole(from.clone())).max(Q::zero());
                exact += on_step * rate.size();
            } else if *from < volume || (*from == volume && !self.planted(Mutation::StepExcluded)) {
                exact = &base * rate.size();
            }
        }
        Ok(self.rounded(&exact, &rule.mode))
    }

    /// The volume of a line that a ladder is read on.
    pub(crate) fn volume(self, rule: &Rule, line: &Line) -> Result<BigInt, Fault> {
        match &rule.pay {
            Pay::Ladder { by: Some(by), .. } => Ok(self.component(line, by)?.max(big(0))),
            _ => self.base(rule, line),
        }
    }

    /// A pool by weights, with largest remainders.
    fn share(
        self,
        scene: &Scene<'_>,
        weights: &Weights,
        pool: BigInt,
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        let compresses = scene.rule.unqualified == Unqualified::Compress;
        let (mut sharers, mut parts) = (Vec::new(), Vec::new());
        for candidate in scene.row.iter().filter(|candidate| !candidate.person.is_nobody()) {
            let qualified = self.qualifies(scene, candidate.person, 1)?;
            if qualified || !compresses {
                sharers.push((candidate.person, qualified));
                parts.push(weight(weights, candidate.label, candidate.person)?);
            }
        }
        if parts.iter().sum::<BigInt>().is_zero() {
            ledger.retain("no_payee", pool);
            return Ok(());
        }
        let amounts = if self.planted(Mutation::PoolToFirst) {
            let mut all = vec![big(0); parts.len()];
            all[0] = pool;
            all
        } else {
            allocate(&pool, &parts)
        };
        for (at, ((person, qualified), amount)) in sharers.into_iter().zip(amounts).enumerate() {
            match qualified {
                true => ledger.pay(scene.rule, person, at + 1, amount),
                false => ledger.retain("ineligible", amount),
            }
        }
        Ok(())
    }
}

fn weight(weights: &Weights, label: Option<&str>, person: &Person) -> Result<BigInt, Fault> {
    match weights {
        Weights::Equal => Ok(big(1)),
        Weights::Fact(name) => match person.facts.get(name) {
            Some(fenrun::doc::Node::Int(weight)) => Ok(big(*weight)),
            Some(other) => panic!("a weight of {other:?}"),
            None => Err(Fault::MissingFact),
        },
        Weights::Table(table) => {
            let keys = [label, person.rank.as_deref(), Some("any")];
            let found = keys.into_iter().flatten().find_map(|key| table.get(key));
            Ok(big(found.copied().unwrap_or(0)))
        }
    }
}
