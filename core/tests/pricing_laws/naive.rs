//! The rules over goods computed anew, one after the other, in plain whole numbers.
//!
//! Units of buy-X-get-Y are chosen by the engine alone: there what it took is believed, after it was checked
//! to be within the lines.

use crate::input::{Input, LineInput};
use fenrun::money::{Rate, Rounding};
use fenrun::trade::pricing::{Effect, Entry, Group, Off, Rounds, Rule, Stage, TestOn, Verdict};
use std::collections::BTreeSet;

/// What a rule took, and from whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) rule: String,
    pub(crate) verdict: Verdict,
    pub(crate) shares: Vec<i64>,
    pub(crate) unallocated: i64,
}

pub(crate) struct Naive<'a> {
    input: &'a Input,
    lines: Vec<LineInput>,
    nets: Vec<i64>,
    applied: BTreeSet<&'a str>,
    taken: Vec<Taken>,
}

impl<'a> Naive<'a> {
    /// What the rules over lines, cart and coupons take from these amounts; `told` is the engine's trace.
    pub(crate) fn run(input: &'a Input, amounts: &[i64], told: &[Entry]) -> (Vec<Taken>, Vec<i64>) {
        let mut naive = Self {
            input,
            lines: input.selected(),
            nets: amounts.to_vec(),
            applied: BTreeSet::new(),
            taken: vec![],
        };
        let mut rules: Vec<&Rule> = input.draft.rules.iter().collect();
        rules.retain(|rule| rule.stage != Stage::Shipping);
        rules.retain(|rule| !rule.is_coupon() || input.facts.coupons.contains(&rule.id));
        rules.sort_by_key(|rule| (rule.stage, rule.priority, rule.id.clone()));
        let mut decided = false;
        for rule in &rules {
            if rule.group.as_deref() != Some("best") {
                let found = naive.consider(rule, told);
                naive.settle(rule, found);
            } else if !decided {
                decided = true;
                naive.best(&rules, told);
            }
        }
        (naive.taken, naive.nets)
    }

    fn best(&mut self, rules: &[&'a Rule], told: &[Entry]) {
        let members: Vec<&&Rule> =
            rules.iter().filter(|rule| rule.group.as_deref() == Some("best")).collect();
        let sum = |found: &Result<(Vec<i64>, i64), Verdict>| {
            found.as_ref().ok().map(|(shares, _)| shares.iter().sum::<i64>())
        };
        let founds: Vec<_> = members.iter().map(|rule| self.consider(rule, told)).collect();
        let most = founds.iter().filter_map(sum).max();
        let winner = most.and_then(|most| founds.iter().position(|found| sum(found) == Some(most)));
        for (at, (rule, found)) in members.iter().zip(&founds).enumerate() {
            if Some(at) != winner {
                self.settle(rule, Err(found.clone().err().unwrap_or(Verdict::Beaten)));
            }
        }
        if let Some(winner) = winner {
            self.settle(members[winner], founds[winner].clone());
        }
    }

    fn settle(&mut self, rule: &'a Rule, found: Result<(Vec<i64>, i64), Verdict>) {
        let (verdict, shares, unallocated) = match found {
            Err(verdict) => (verdict, Vec::new(), 0),
            Ok((shares, unallocated)) => {
                self.nets.iter_mut().zip(&shares).for_each(|(net, share)| *net -= share);
                if shares.iter().any(|share| *share > 0) || matches!(rule.effect, Effect::Gift { .. }) {
                    self.applied.extend(rule.group.as_deref());
                }
                (Verdict::Applied, shares, unallocated)
            }
        };
        self.taken.push(Taken { rule: rule.id.to_string(), verdict, shares, unallocated });
    }

    fn over(&self, rule: &Rule) -> Option<Verdict> {
        let group = rule.group.as_deref()?;
        let not_with = |one: &str, other: &str| matches!(&self.input.draft.groups[one], Group::NotWith(names) if names.contains(other));
        if self.input.draft.groups[group] == Group::StopAfter && self.applied.contains(group) {
            return Some(Verdict::Stopped);
        }
        let excluded = self.applied.iter().any(|other| not_with(group, other) || not_with(other, group));
        excluded.then_some(Verdict::NotWith)
    }

    fn consider(&self, rule: &Rule, told: &[Entry]) -> Result<(Vec<i64>, i64), Verdict> {
        if let Some(verdict) = self.over(rule) {
            return Err(verdict);
        }
        let (facts, limits) = (&self.input.facts, rule.limits);
        let usage = facts.usage_of(&rule.id);
        let full = |used, limit: Option<u64>| limit.is_some_and(|limit| used >= limit);
        if rule.from.is_some_and(|from| from > facts.now) {
            return Err(Verdict::NotStarted);
        }
        if rule.until.is_some_and(|until| until <= facts.now) {
            return Err(Verdict::Expired);
        }
        if !rule.tiers.is_empty() && !rule.tiers.iter().any(|tier| Some(tier) == facts.tier.as_ref()) {
            return Err(Verdict::OtherTier);
        }
        if full(usage.uses, limits.uses) || full(usage.units, limits.units) {
            return Err(Verdict::UsedUp);
        }
        if full(usage.uses_by_customer, limits.uses_per_customer) {
            return Err(Verdict::UsedUpByCustomer);
        }
        let (shares, unallocated) = self.effect(rule, told)?;
        let sum: i64 = shares.iter().sum();
        if sum > 0 && limits.budget.is_some_and(|budget| usage.amount + sum > budget) {
            return Err(Verdict::BudgetExceeded);
        }
        Ok((shares, unallocated))
    }

    fn inside(&self, rule: &Rule, at: usize) -> bool {
        let sku = &self.input.skus[usize::try_from(self.lines[at].1 - 1).unwrap()].id;
        let (only, except) = (&rule.scope.only.skus, &rule.scope.except.skus);
        (only.is_empty() || only.contains(sku)) && !except.contains(sku)
    }

    fn effect(&self, rule: &Rule, told: &[Entry]) -> Result<(Vec<i64>, i64), Verdict> {
        let inside: Vec<usize> = (0..self.lines.len()).filter(|at| self.inside(rule, *at)).collect();
        if inside.is_empty() {
            return Err(Verdict::OutOfScope);
        }
        let list = |at: &usize| {
            let (_, sku, units, _) = self.lines[*at];
            self.input.skus[usize::try_from(sku - 1).unwrap()].list * i64::try_from(units).unwrap()
        };
        let running: i64 = inside.iter().map(|at| self.nets[*at]).sum();
        let units: u64 = inside.iter().map(|at| self.lines[*at].2).sum();
        let tested = if rule.test_on == TestOn::List { inside.iter().map(list).sum() } else { running };
        if units < rule.min_units {
            return Err(Verdict::TooFewUnits);
        }
        if tested < rule.min_subtotal {
            return Err(Verdict::BelowThreshold);
        }
        let mode = rule.rounding.unwrap_or(self.input.draft.rounding);
        let off = |off: Off| match off {
            Off::Fixed(amount) => amount,
            Off::Rate(rate) if rule.rounds == Rounds::Discount => part(rate, running, mode),
            Off::Rate(rate) => {
                let left = Rate::new(rate.denominator() - rate.numerator(), rate.denominator()).unwrap();
                running - part(left, running, mode)
            }
        };
        let amount = match &rule.effect {
            Effect::Off(amount) => off(*amount),
            Effect::Ladder(steps) => {
                let mut met =
                    steps.iter().filter(|step| tested >= step.min_subtotal && units >= step.min_units);
                match met.next_back() {
                    Some(step) => off(step.off),
                    None if tested < steps[0].min_subtotal => return Err(Verdict::BelowThreshold),
                    None => return Err(Verdict::TooFewUnits),
                }
            }
            Effect::OrderPrice(price) => (running - price).max(0),
            Effect::Every { amount, off, times } => {
                let count = (tested / amount).min(i64::try_from(times.unwrap_or(1_000_000)).unwrap());
                if count == 0 {
                    return Err(Verdict::BelowThreshold);
                }
                off * count
            }
            _ => return self.each(rule, &inside, mode, told),
        };
        let amount = rule.max_off.map_or(amount, |most| amount.min(most));
        Ok(self.across(&inside, amount, running))
    }

    fn each(
        &self,
        rule: &Rule,
        inside: &[usize],
        mode: Rounding,
        told: &[Entry],
    ) -> Result<(Vec<i64>, i64), Verdict> {
        let (mut shares, mut unallocated) = (vec![0; self.lines.len()], 0);
        let mut left = u64::MAX;
        if let (Effect::Price { .. }, Some(limit)) = (&rule.effect, rule.limits.units) {
            left = limit - self.input.facts.usage_of(&rule.id).units;
        }
        let mut inside = inside.to_vec();
        if let (Effect::Price { any: Some(price), .. }, true) = (&rule.effect, left < u64::MAX) {
            // What a unit saves, times the units of both lines.
            let saves = |at: usize, units: u64| {
                (self.nets[at] - price * i64::try_from(self.lines[at].2).unwrap())
                    * i64::try_from(units).unwrap()
            };
            inside.sort_by(|a, b| saves(*b, self.lines[*a].2).cmp(&saves(*a, self.lines[*b].2)));
        }
        for at in &inside {
            let (net, units) = (self.nets[*at], self.lines[*at].2);
            // One division, of what some units of the line are worth.
            let some = |rate: Rate, amount: i64, count: u64| {
                let exact = i128::from(amount) * i128::from(count.min(units)) * i128::from(rate.numerator());
                let below = i128::from(units) * i128::from(rate.denominator());
                i64::try_from(mode.divide(exact, below)).unwrap()
            };
            let wanted = match &rule.effect {
                Effect::OffEach { off: Off::Rate(rate), max_units } => {
                    some(*rate, net, max_units.unwrap_or(units))
                }
                Effect::OffEach { off: Off::Fixed(amount), max_units } => {
                    amount * i64::try_from(units.min(max_units.unwrap_or(units))).unwrap()
                }
                Effect::Price { any: Some(price), .. } => {
                    let priced = units.min(left);
                    let above = (net - price * i64::try_from(units).unwrap()).max(0);
                    let above = some(Rate::ONE, above, priced);
                    left -= if above > 0 { priced } else { 0 };
                    above
                }
                _ => return Self::told(rule, told),
            };
            shares[*at] = wanted.min(net);
            unallocated += wanted - shares[*at];
        }
        Ok((shares, unallocated))
    }

    fn told(rule: &Rule, told: &[Entry]) -> Result<(Vec<i64>, i64), Verdict> {
        let entry = told.iter().find(|entry| entry.rule == rule.id.as_str()).ok_or(Verdict::OutOfScope)?;
        match entry.verdict {
            Verdict::Applied => Ok((entry.shares.clone(), entry.unallocated)),
            verdict => Err(verdict),
        }
    }

    /// Largest remainder over the running nets, ties to the line that stands first.
    fn across(&self, inside: &[usize], amount: i64, running: i64) -> (Vec<i64>, i64) {
        let placed = amount.min(running);
        let mut shares = vec![0; self.lines.len()];
        if running > 0 {
            inside.iter().for_each(|at| shares[*at] = placed * self.nets[*at] / running);
            let mut order = inside.to_vec();
            order.sort_by_key(|at| (-(placed * self.nets[*at] % running), *at));
            let missing = placed - shares.iter().sum::<i64>();
            order.into_iter().take(usize::try_from(missing).unwrap()).for_each(|at| shares[at] += 1);
        }
        (shares, amount - placed)
    }
}

pub(crate) fn part(rate: Rate, amount: i64, mode: Rounding) -> i64 {
    let exact = i128::from(amount) * i128::from(rate.numerator());
    i64::try_from(mode.divide(exact, i128::from(rate.denominator()))).unwrap()
}
