//! `differential` (级差): one walk, each takes what nobody nearer to the sale took.

use super::base::Rate;
use super::outcome::Ledger;
use super::people::{Candidate, Scene};
use super::plan::{Rule, Unqualified};
use super::sale::Line;
use super::{Fault, Mutation, Naive};
use num_bigint::BigInt;
use num_traits::Zero;

/// Somebody on the walk; levels count from 1.
struct Walker<'a> {
    candidate: Candidate<'a>,
    level: usize,
    qualified: bool,
}

/// h, the best rate so far, for each line that is rounded together.
type Height<'a> = Vec<(&'a Line, Rate)>;

impl Naive {
    pub(crate) fn differential(
        self,
        scene: &Scene<'_>,
        lines: &[&Line],
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        let Scene { rule, sale, .. } = scene;
        let walk = self.walk(scene)?;
        let mut left = self.differential_offer(scene, lines)?;
        let mut height = Height::new();
        for line in lines {
            height.push((line, Rate::zero()));
        }
        if self.planted(Mutation::HeightKept) && lines[0].id != sale.lines[0].id {
            for walker in &walk {
                height = highest_of(&height, &self.own_rates(rule, lines, &walker.candidate)?);
            }
        }
        for (at, walker) in walk.iter().enumerate() {
            let own = self.own_rates(rule, lines, &walker.candidate)?;
            let reached = highest_of(&height, &own);
            let part = self.part(rule, &height, &reached)?;
            left -= &part;
            height = self.raised(rule, walker, height, reached, own);
            if walker.qualified {
                ledger.pay(rule, walker.candidate.person, walker.level, part);
                continue;
            }
            let mut heir = None;
            for later in walk[at + 1..].iter().filter(|_| rule.unqualified == Unqualified::RollUp) {
                let person = later.candidate.person;
                if heir.is_none() && self.qualifies(scene, person, walker.level)? {
                    heir = Some(person);
                }
            }
            match heir {
                Some(heir) => ledger.pay(rule, heir, walker.level, part),
                None => ledger.retain("ineligible", part),
            }
        }
        let stopped = rule.unqualified == Unqualified::Stop && walk.iter().any(|walker| !walker.qualified);
        let reason = match walk.is_empty() {
            true => "no_upline",
            false if stopped => "blocked",
            false => "unreached_rank",
        };
        ledger.retain(reason, left);
        Ok(())
    }

    /// The candidates that are walked: compressed ones are as if absent, and a stop ends the walk.
    fn walk<'a>(self, scene: &Scene<'a>) -> Result<Vec<Walker<'a>>, Fault> {
        let rule = scene.rule;
        let mut walk = Vec::new();
        for candidate in scene.row.iter().copied().filter(|candidate| !candidate.person.is_nobody()) {
            let level = walk.len() + 1;
            let qualified = self.qualifies(scene, candidate.person, level)?;
            match rule.unqualified {
                Unqualified::Compress | Unqualified::CompressByLevel if !qualified => {}
                _ => walk.push(Walker { candidate, level, qualified }),
            }
            if rule.unqualified == Unqualified::Stop && (!qualified || self.planted(Mutation::StopAfterFirst))
            {
                break;
            }
        }
        Ok(walk)
    }

    /// ρ(a), line by line.
    fn own_rates<'a>(
        self,
        rule: &Rule,
        lines: &[&'a Line],
        candidate: &Candidate<'_>,
    ) -> Result<Height<'a>, Fault> {
        let rated = |line: &&'a Line| {
            if self.planted(Mutation::TableMaximum) {
                return Ok((*line, self.highest(rule, line, &[])?));
            }
            Ok((*line, self.rate(rule, line, Some(candidate), 1)?))
        };
        lines.iter().map(rated).collect()
    }

    /// `round(h_new · base) − round(h_old · base)`.
    fn part(self, rule: &Rule, old: &Height<'_>, new: &Height<'_>) -> Result<BigInt, Fault> {
        if self.planted(Mutation::RateWithoutDifference) && old != new {
            return self.worth(rule, new);
        }
        if self.planted(Mutation::PartRoundedAlone) {
            let step = |((line, old), (_, new)): (&(_, Rate), &(_, Rate))| (*line, new.minus(old));
            let steps: Height<'_> = old.iter().zip(new).map(step).collect();
            return self.worth(rule, &steps);
        }
        Ok(self.worth(rule, new)? - self.worth(rule, old)?)
    }

    /// h after somebody: whatever becomes of their part, nobody later is paid for it again.
    fn raised<'a>(
        self,
        rule: &Rule,
        walker: &Walker<'_>,
        before: Height<'a>,
        reached: Height<'a>,
        own: Height<'a>,
    ) -> Height<'a> {
        if self.planted(Mutation::MaximumReset) {
            return own;
        }
        let retains = rule.unqualified == Unqualified::Retain && !walker.qualified;
        if retains && self.planted(Mutation::HeightNotRaised) {
            return before;
        }
        reached
    }

    /// The highest rate of the table in force for each line, rounded like any entitlement.
    pub(crate) fn differential_offer(self, scene: &Scene<'_>, lines: &[&Line]) -> Result<BigInt, Fault> {
        let mut top = Height::new();
        for line in lines {
            top.push((line, self.highest(scene.rule, line, &scene.row)?));
        }
        self.worth(scene.rule, &top)
    }

    /// The best rate of anybody in the row, without a walk.
    pub(crate) fn best_of_row(self, scene: &Scene<'_>, lines: &[&Line]) -> Result<BigInt, Fault> {
        let mut best = Height::new();
        for line in lines {
            let mut highest = Rate::zero();
            for candidate in &scene.row {
                let own = self.rate(scene.rule, line, Some(candidate), 1)?;
                highest = if own.size() > highest.size() { own } else { highest };
            }
            best.push((line, highest));
        }
        self.worth(scene.rule, &best)
    }

    fn highest(self, rule: &Rule, line: &Line, row: &[Candidate<'_>]) -> Result<Rate, Fault> {
        let mut rates = self.rates_in_force(rule, line)?;
        for candidate in row {
            rates.push(self.rate(rule, line, Some(candidate), 1)?);
        }
        Ok(rates.into_iter().max_by_key(Rate::size).unwrap_or_else(Rate::zero))
    }

    /// The rates of the rows somebody can fall under: those of the override, and, unless it has an `any`
    /// row that everybody else falls under, those of the plan that it does not replace. A fact counts
    /// where somebody states it.
    fn rates_in_force(self, rule: &Rule, line: &Line) -> Result<Vec<Rate>, Fault> {
        let mut rows = rule.table().clone();
        if let Some(table) = line.overrides.get(&rule.id) {
            if table.contains_key("any") {
                rows.clear();
            }
            rows.extend(table.clone());
        }
        rows.values().filter_map(|list| list.first()).map(|first| self.value(rule, first, None)).collect()
    }
}

fn highest_of<'a>(height: &Height<'a>, own: &Height<'a>) -> Height<'a> {
    let higher = |((line, so_far), (_, own)): (&(&'a Line, Rate), &(&'a Line, Rate))| {
        (*line, if own.size() > so_far.size() { own.clone() } else { so_far.clone() })
    };
    height.iter().zip(own).map(higher).collect()
}

impl Rate {
    /// The difference of two rates of one table.
    fn minus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::PerUnit(minor), Self::PerUnit(less)) => Self::PerUnit(minor - less),
            (Self::PerUnit(minor), Self::Share(none)) if none.is_zero() => Self::PerUnit(minor.clone()),
            _ => Self::Share(self.size() - other.size()),
        }
    }
}
