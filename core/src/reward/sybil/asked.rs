//! The amounts a plan asks for: what somebody who divides a purchase wants to reach, or not to reach.

use super::division::Bought;
use crate::doc::Node;
use crate::money::{Rate, Rounding};
use crate::reward::plan::{Amount, Base, Cap, CapPer, LadderShape, Limit, Plan, Rule, Schedule, Step};
use crate::sale::Pay;
use std::collections::{BTreeMap, BTreeSet};

/// A sum of volumes, before the share of it that is a base.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Measure {
    plus: Vec<String>,
    less: Vec<String>,
}

/// Amounts a plan asks for, by what is measured.
pub(super) type Amounts = BTreeMap<Measure, BTreeSet<i64>>;

impl Measure {
    fn new<'a>(plus: impl Iterator<Item = &'a String>, less: impl Iterator<Item = &'a String>) -> Self {
        let mut measure = Self { plus: Vec::new(), less: Vec::new() };
        for (name, taken) in plus.map(|name| (name, false)).chain(less.map(|name| (name, true))) {
            let (own, other) = match taken {
                false => (&mut measure.plus, &mut measure.less),
                true => (&mut measure.less, &mut measure.plus),
            };
            // A margin is what is paid less what it costs.
            if name == "margin" {
                own.push("paid".to_owned());
                other.push("cost".to_owned());
            } else {
                own.push(name.clone());
            }
        }
        measure
    }

    fn named(name: &str) -> Self {
        Self::new([name.to_owned()].iter(), [].iter())
    }

    fn of_base(base: &Base) -> Self {
        Self::new([&base.base].into_iter().chain(&base.plus), base.less.iter())
    }

    /// What somebody who buys this has of it; none where it is more than any volume can be.
    pub(super) fn of(&self, bought: &Bought) -> i64 {
        let sum = |names: &[String]| -> i128 {
            names.iter().map(|name| i128::from(bought.get(name).copied().unwrap_or(0))).sum()
        };
        i64::try_from(sum(&self.plus) - sum(&self.less)).unwrap_or(0)
    }
}

/// Every amount somebody may want to reach: steps of ladders and what is just below those whose rate falls, units of
/// pairs, what conditions ask of own volumes, and what a cap of one payee is reached with.
pub(super) fn amounts(plan: &Plan) -> Amounts {
    let mut asked = Asked(Amounts::new());
    for rule in plan.rules() {
        asked.of_schedule(rule);
        for cap in rule.caps.iter().chain(plan.caps()) {
            asked.of_cap(rule, cap);
        }
    }
    asked.of_conditions(plan.to_node());
    asked.0
}

struct Asked(Amounts);

impl Asked {
    fn add(&mut self, measure: Measure, amount: Option<i64>) {
        if let Some(amount) = amount {
            self.0.entry(measure).or_default().insert(amount);
        }
    }

    /// An amount of the base of a rule, which is a share of what is measured.
    fn add_base(&mut self, rule: &Rule, amount: Option<i64>) {
        let measured = amount.and_then(|amount| reaching(amount, rule.of.times));
        self.add(Measure::of_base(&rule.of), measured);
    }

    fn of_schedule(&mut self, rule: &Rule) {
        match &rule.pay {
            Schedule::Ladder(ladder) => {
                let (LadderShape::Whole(steps) | LadderShape::Marginal(steps)) = &ladder.shape else {
                    return;
                };
                let mut before = Rate::ZERO;
                for step in steps {
                    let (measure, from) = match &ladder.by {
                        Some(by) => (Measure::named(by), Some(step.from)),
                        None => (Measure::of_base(&rule.of), reaching(step.from, rule.of.times)),
                    };
                    if step.rate < before {
                        self.add(measure.clone(), from.map(|from| from.saturating_sub(1)));
                    }
                    self.add(measure, from);
                    before = step.rate;
                }
            }
            Schedule::Pairing(pairing) => {
                (1..=4).for_each(|pairs| self.add_base(rule, pairing.unit.checked_mul(pairs)));
            }
            _ => {}
        }
    }

    /// What a cap of one payee is reached with, at each rate of the rule.
    fn of_cap(&mut self, rule: &Rule, cap: &Cap) {
        let (CapPer::Payee, Limit::Minor(limit)) = (cap.per, cap.limit) else { return };
        for amount in rule.pay.table().iter().flat_map(|(_, list)| list) {
            match amount {
                Amount::Fixed(Pay::Share(rate)) => self.add_base(rule, reaching(limit, *rate)),
                Amount::Fixed(Pay::PerUnit(minor)) => {
                    let units = Rate::new((*minor).into(), 1).ok().and_then(|each| reaching(limit, each));
                    self.add(Measure::named("quantity"), units);
                }
                Amount::Fact(_) => {}
            }
        }
        match &rule.pay {
            Schedule::Geometric { first, .. } => self.add_base(rule, reaching(limit, *first)),
            Schedule::Share(share) => self.add_base(rule, reaching(limit, share.rate)),
            Schedule::Ladder(ladder) => match &ladder.shape {
                LadderShape::Whole(steps) => {
                    steps.iter().for_each(|step| self.add_base(rule, reaching(limit, step.rate)));
                }
                LadderShape::Marginal(steps) => self.add_base(rule, reaching_by_steps(limit, steps)),
                LadderShape::Polynomial(rates) => {
                    // Alone in a tree one has all coefficients together, in a small part of it the first.
                    let sum = rates.iter().try_fold(Rate::ZERO, |sum, rate| sum.add_up(*rate));
                    let each = rates.iter().copied().chain(sum);
                    each.for_each(|rate| self.add_base(rule, reaching(limit, rate)));
                }
            },
            Schedule::Pairing(pairing) => {
                for pair in &pairing.rates {
                    let units = reaching(limit, pair.rate)
                        .and_then(|of| reaching(of, Rate::new(pairing.unit.unsigned_abs(), 1).ok()?));
                    for leg in [pair.strong, pair.weak] {
                        let volume =
                            units.and_then(|units| units.checked_mul(pairing.unit)?.checked_mul(leg.into()));
                        self.add_base(rule, volume);
                    }
                }
            }
            _ => {}
        }
    }

    /// What conditions ask of own volumes; behind `not` what is just outside.
    fn of_conditions(&mut self, plan: Node) {
        let mut open = vec![(plan, true)];
        while let Some((node, holds)) = open.pop() {
            match node {
                Node::List(items) => open.extend(items.into_iter().map(|item| (item, holds))),
                Node::Map(map) => {
                    for (key, value) in map {
                        match key.strip_prefix("own_") {
                            Some(volume) => self.of_test(volume, &value, holds),
                            None => open.push((value, holds != (key == "not"))),
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn of_test(&mut self, volume: &str, test: &Node, holds: bool) {
        let int = |node: &Node| match node {
            Node::Int(amount) => Some(*amount),
            _ => None,
        };
        let outside = if holds { 0 } else { 1 };
        match test {
            Node::Int(amount) => self.add(Measure::named(volume), Some(*amount)),
            Node::List(items) => items.iter().for_each(|item| self.add(Measure::named(volume), int(item))),
            Node::Map(range) => {
                for (key, end) in range {
                    match (key.as_str(), end) {
                        ("min", Node::Int(min)) => self.add(Measure::named(volume), min.checked_sub(outside)),
                        ("max", Node::Int(max)) => self.add(Measure::named(volume), max.checked_add(outside)),
                        ("in", Node::List(items)) => {
                            items.iter().for_each(|item| self.add(Measure::named(volume), int(item)));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// The least base of which a rate is a limit.
fn reaching(limit: i64, rate: Rate) -> Option<i64> {
    let inverse = Rate::new(rate.denominator(), rate.numerator()).ok()?;
    inverse.of(limit, Rounding::Up).ok()
}

/// The least base that pays a limit where each step pays of its own part.
fn reaching_by_steps(limit: i64, steps: &[Step]) -> Option<i64> {
    let mut left = limit;
    for (at, step) in steps.iter().enumerate() {
        let wide = steps.get(at + 1).map(|next| next.from - step.from);
        let paid = wide.and_then(|wide| step.rate.of(wide, Rounding::Down).ok());
        match paid.filter(|paid| *paid < left) {
            Some(paid) => left -= paid,
            None => return reaching(left, step.rate)?.checked_add(step.from),
        }
    }
    None
}
