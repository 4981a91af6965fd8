//! The amounts of schedules that have no rate table: series, ladders, pools.

use super::candidates::Candidate;
use super::exact::Exact;
use super::portion::{LineInput, base_of};
use super::wide::Wide;
use crate::doc;
use crate::error::{Code, Error, Result};
use crate::money::{Rate, overflow};
use crate::reward::plan::{Ladder, LadderShape, Rule, Share, Step, Weights};
use crate::sale::Pay;

/// `first · ratio^(k − 1)` of a base, rounded down: the terms from one minor unit up.
pub(super) struct Series {
    above: Wide,
    below: Wide,
    ratio: Rate,
}

impl Series {
    pub(super) fn new(first: Rate, ratio: Rate, base: i64) -> Self {
        let base = u64::try_from(base).unwrap_or(0);
        let (above, below) = (Wide::of(base).times(first.numerator()), Wide::of(first.denominator()));
        Self { above, below, ratio }
    }

    /// The next term; nothing below one minor unit.
    pub(super) fn next(&mut self) -> Result<Option<i64>> {
        let amount = self.above.divide(&self.below);
        let amount = amount.ok_or_else(|| Error::from(overflow("a term of a geometric series")))?;
        self.above = self.above.times(self.ratio.numerator());
        self.below = self.below.times(self.ratio.denominator());
        Ok((amount > 0).then_some(amount))
    }

    /// `first / (1 − ratio)` of the base: all terms together, without an end, rounded down.
    pub(super) fn whole(first: Rate, ratio: Rate, base: i64) -> Result<i64> {
        let base = u64::try_from(base).unwrap_or(0);
        let above = Wide::of(base).times(first.numerator()).times(ratio.denominator());
        let below = Wide::of(first.denominator()).times(ratio.denominator() - ratio.numerator());
        above.divide(&below).ok_or_else(|| Error::from(overflow("the sum of a geometric series")))
    }
}

/// The rate of a level of a series, for people to read; rounded up to 12 decimals far out.
pub(super) fn rate_of_term(first: Rate, ratio: Rate, level: usize) -> Pay {
    let rate = (1..level).try_fold(first, |rate, _| rate.mul_up(ratio));
    Pay::Share(rate.unwrap_or(Rate::ZERO))
}

/// What a ladder pays for a group, and the rate of its highest step that is reached.
pub(super) fn climb(rule: &Rule, ladder: &Ladder, group: &[LineInput<'_>]) -> Result<(i64, Pay)> {
    let base = base_of(group);
    let volume = group.iter().fold(0, |sum: i64, line| sum.saturating_add(line.volume));
    let Some(first) = group.first() else { return Ok((0, Pay::Share(Rate::ZERO))) };
    let steps = match &ladder.shape {
        LadderShape::Whole(steps) | LadderShape::Marginal(steps) => steps.as_slice(),
        // A polynomial is read on a team; no rule of a sale has one.
        LadderShape::Polynomial(_) => &[],
    };
    let rate = |step: &Step| first.rates.share(step.rate);
    let reached = steps.iter().rev().find(|step| step.from <= volume);
    let top = reached.map_or(Ok(Rate::ZERO), rate)?;
    let mut sum = Exact::ZERO;
    if let LadderShape::Marginal(_) = &ladder.shape {
        for (rate, part) in ladder.shape.marginal(base) {
            sum.add(Pay::Share(first.rates.share(rate)?), part, 0)?;
        }
    } else {
        sum.add(Pay::Share(top), base, 0)?;
    }
    Ok((sum.round(rule.round.mode)?, Pay::Share(top)))
}

/// The pool of a group.
pub(super) fn pool(rule: &Rule, share: &Share, group: &[LineInput<'_>]) -> Result<(i64, Pay)> {
    let Some(first) = group.first() else { return Ok((0, Pay::Share(Rate::ZERO))) };
    let rate = Pay::Share(first.rates.share(share.rate)?);
    let mut sum = Exact::ZERO;
    sum.add(rate, base_of(group), 0)?;
    Ok((sum.round(rule.round.mode)?, rate))
}

/// How much of a pool somebody gets, against the others.
pub(super) fn weight(weights: &Weights, candidate: &Candidate<'_>) -> Result<u64> {
    let Some(person) = candidate.person else { return Ok(0) };
    match weights {
        Weights::Equal => Ok(1),
        Weights::Table(table) => {
            let keys = [candidate.label, person.rank.as_deref(), Some("any")].into_iter().flatten();
            let weight = keys.into_iter().find_map(|key| table.get(key));
            Ok(weight.copied().map_or(0, u64::from))
        }
        Weights::Fact(name) => {
            let who = &person.id;
            let value = person.facts.get(name).ok_or_else(|| {
                let error = format!("member {who} does not state the fact `{name}`, which is their weight");
                Error::new(Code::MissingFact, error)
            })?;
            let weight = match value {
                doc::Node::Int(weight) => u64::try_from(*weight).ok(),
                _ => None,
            };
            weight.ok_or_else(|| {
                doc::invalid(
                    &format!("member {who}: fact `{name}`"),
                    "a whole number at or above zero",
                    value,
                )
            })
        }
    }
}
