//! Running the stages in their order.

use super::assess::{Found, Room};
use super::basket::Basket;
use super::buy_get::Spent;
use super::facts::PricingFacts;
use super::policy::Policy;
use super::rule::{Effect, Rule, Stage};
use super::trace::{Entry, Per, Verdict};
use super::{BasePrice, Delivery, Price, PricedGift, PricedLine};
use crate::error::{Code, Error, Result};
use crate::money::{Rate, Rounding};
use crate::time::Timestamp;
use crate::trade::catalog::Sku;

/// One pricing. Everything it needs for a rule is kept for the next one.
pub(super) struct Run<'r, 'a> {
    pub(super) basket: &'r Basket<'a>,
    pub(super) policy: &'r Policy,
    pub(super) facts: &'r PricingFacts,
    pub(super) lines: Vec<PricedLine<'a>>,
    pub(super) gifts: Vec<PricedGift<'a>>,
    pub(super) deliveries: Vec<Delivery<'a>>,
    pub(super) subtotal: i64,
    /// The nets of all lines.
    pub(super) goods: i64,
    /// What the buyer pays so far.
    pub(super) sum: i64,
    pub(super) points_used: u64,
    pub(super) room: Room,
    pub(super) spent: Vec<Spent>,
    /// The first moment an applied rule is no longer valid.
    pub(super) ends: Option<Timestamp>,
    /// Bits of the groups of which a rule applied.
    applied: u64,
    /// Bits of the groups whose best rule is found.
    decided: u64,
    trace: Option<&'r mut Vec<Entry>>,
}

impl<'r, 'a> Run<'r, 'a> {
    /// Stage 1: the base prices.
    pub(super) fn new(
        basket: &'r Basket<'a>,
        policy: &'r Policy,
        facts: &'r PricingFacts,
        trace: Option<&'r mut Vec<Entry>>,
    ) -> Result<Self> {
        basket.check_customer(facts)?;
        let items = basket.items();
        let mut lines = Vec::with_capacity(items.len());
        let (mut sum, mut units) = (0_i64, 0_i64);
        for item in items {
            let (unit_price, price) = base_price(item.sku, policy, facts.tier.as_deref())?;
            let amount = times(unit_price, item.units)?;
            sum = sum.checked_add(amount).ok_or_else(too_large)?;
            // Units of a cart are counted in sums that this keeps from overflowing.
            units = i64::try_from(item.units)
                .ok()
                .and_then(|more| units.checked_add(more))
                .ok_or_else(too_large)?;
            lines.push(PricedLine::new(item.id, item.sku, item.units, price, unit_price, amount));
        }
        let mut run = Self {
            basket,
            policy,
            facts,
            room: Room::new(lines.len()),
            lines,
            gifts: Vec::new(),
            deliveries: Vec::new(),
            subtotal: sum,
            goods: sum,
            sum,
            points_used: 0,
            spent: Vec::new(),
            ends: None,
            applied: 0,
            decided: 0,
            trace,
        };
        run.record(|run| Entry {
            after: sum,
            shares: run.lines.iter().map(|line| line.amount).collect(),
            ..Entry::fixed(1, "base_price", sum, run.policy.rounding)
        });
        Ok(run)
    }

    /// Stages 2 to 9.
    pub(super) fn finish(mut self) -> Result<Price<'a>> {
        self.stages()?;
        Ok(self.into_price())
    }

    pub(super) fn stages(&mut self) -> Result<()> {
        self.rules(Stage::Line)?;
        self.rules(Stage::Cart)?;
        self.rules(Stage::Coupon)?;
        self.unknown_coupons();
        self.points()?;
        self.shipping()?;
        self.rules(Stage::Shipping)?;
        self.tax()?;
        self.cash()
    }

    pub(super) fn into_price(self) -> Price<'a> {
        let sum = |part: fn(&PricedLine<'a>) -> i64| self.lines.iter().map(part).sum::<i64>();
        let (shipping, shipping_added_tax) = (sum(|line| line.shipping), sum(|line| line.shipping_added_tax));
        let added_tax = sum(|line| line.added_tax) + shipping_added_tax;
        Price {
            currency: self.basket.currency(),
            subtotal: self.subtotal,
            shipping,
            shipping_added_tax,
            tax: sum(|line| line.tax + line.shipping_tax),
            added_tax,
            rounding: self.sum - self.goods - shipping - added_tax,
            total: self.sum,
            points_used: self.points_used,
            lines: self.lines,
            gifts: self.gifts,
            deliveries: self.deliveries,
        }
    }

    fn rules(&mut self, stage: Stage) -> Result<()> {
        let policy = self.policy;
        let (first, rules) = policy.stage(stage);
        for (at, rule) in rules.iter().enumerate() {
            // Nobody tries a coupon that was not presented.
            if rule.is_coupon() && !self.facts.coupons.contains(&rule.id) {
                continue;
            }
            let group = policy.group(first + at);
            match group.and_then(|group| Some((group.bit, group.best_of.as_ref()?))) {
                None => self.try_rule(rule, group.map_or((0, 0), |group| (group.bit, group.over_after)))?,
                Some((bit, _)) if self.decided & bit != 0 => {}
                Some((bit, members)) => {
                    self.decided |= bit;
                    self.best_of(members, (bit, group.map_or(0, |group| group.over_after)))?;
                }
            }
        }
        Ok(())
    }

    /// What a rule would do now; its shares stand in the room.
    fn consider(&mut self, rule: &Rule, (bit, over_after): (u64, u64)) -> Result<Found<'a>> {
        match self.applied & over_after {
            0 => self.assess(rule),
            over if over & bit != 0 => Ok(Found::refused(Verdict::Stopped)),
            _ => Ok(Found::refused(Verdict::NotWith)),
        }
    }

    fn try_rule(&mut self, rule: &Rule, group: (u64, u64)) -> Result<()> {
        let found = self.consider(rule, group)?;
        self.settle(rule, &found, group.0);
        Ok(())
    }

    /// Finds the rule that takes off most, refuses the others, then applies it.
    fn best_of(&mut self, members: &[usize], group: (u64, u64)) -> Result<()> {
        let policy = self.policy;
        let presented = |rule: &&Rule| !rule.is_coupon() || self.facts.coupons.contains(&rule.id);
        let rules: Vec<&Rule> = members.iter().map(|at| &policy.rules[*at]).filter(presented).collect();
        let mut best: Option<(usize, i64)> = None;
        for (at, rule) in rules.iter().enumerate() {
            let found = self.consider(rule, group)?;
            if found.verdict == Verdict::Applied && best.is_none_or(|(_, taken)| found.taken > taken) {
                best = Some((at, found.taken));
            }
        }
        for (at, rule) in rules.iter().enumerate() {
            if best.is_some_and(|(winner, _)| winner == at) {
                continue;
            }
            let mut found = self.consider(rule, group)?;
            if found.verdict == Verdict::Applied {
                found.verdict = Verdict::Beaten;
            }
            self.settle(rule, &found, group.0);
        }
        match best {
            Some((winner, _)) => self.try_rule(rules[winner], group),
            None => Ok(()),
        }
    }

    /// Applies what was found, and says so.
    fn settle(&mut self, rule: &Rule, found: &Found<'a>, bit: u64) {
        let before = self.sum;
        let applied = found.verdict == Verdict::Applied;
        // A rule that gives nothing stops no other, and its end is nobody's.
        if applied && (found.taken > 0 || found.gift.is_some()) {
            self.applied |= bit;
            if let Some(until) = rule.until {
                self.ends = Some(self.ends.map_or(until, |ends| ends.min(until)));
            }
        }
        if applied {
            self.sum -= found.taken;
            if rule.stage == Stage::Shipping {
                self.take_from_shipping();
            } else {
                self.goods -= found.taken;
                for (line, share) in self.lines.iter_mut().zip(&self.room.shares) {
                    line.net -= share;
                }
            }
            // Units that got nothing are there for the next rule.
            if matches!(rule.effect, Effect::BuyGet { .. }) && found.taken > 0 {
                self.spend();
            }
            if let Some(gift) = &found.gift {
                self.gifts.push(gift.clone());
            }
        }
        self.record(|run| Entry {
            version: rule.version,
            bases: if found.per == Per::Cart { Vec::new() } else { run.room.bases.clone() },
            parts: if found.per == Per::Line { run.room.fractions() } else { Vec::new() },
            per: found.per,
            numerator: found.numerator,
            denominator: found.denominator,
            ceiling: found.ceiling,
            before,
            after: run.sum,
            shares: if applied { run.room.shares.clone() } else { Vec::new() },
            units: found.units,
            unallocated: if applied { found.unallocated } else { 0 },
            verdict: found.verdict,
            ..Entry::fixed(rule.stage.number(), rule.id.as_str(), found.basis, found.rounding)
        });
    }

    fn take_from_shipping(&mut self) {
        for (line, share) in self.lines.iter_mut().zip(&self.room.shares) {
            line.shipping -= share;
            if let Some(delivery) = line.delivery.and_then(|at| self.deliveries.get_mut(at)) {
                delivery.fee -= share;
            }
        }
    }

    fn unknown_coupons(&mut self) {
        if self.facts.coupons.is_empty() || self.trace.is_none() {
            return;
        }
        for id in &self.facts.coupons {
            if !self.policy.rules.iter().any(|rule| rule.is_coupon() && rule.id == *id) {
                self.record(|run| Entry {
                    before: run.sum,
                    after: run.sum,
                    verdict: Verdict::UnknownCoupon,
                    ..Entry::fixed(Stage::Coupon.number(), id.as_str(), 0, run.policy.rounding)
                });
            }
        }
    }

    /// Puts an entry into the trace, if there is one.
    pub(super) fn record(&mut self, entry: impl FnOnce(&Self) -> Entry) {
        if self.trace.is_some() {
            let entry = entry(self);
            if let Some(trace) = &mut self.trace {
                trace.push(entry);
            }
        }
    }
}

impl Entry {
    /// An entry about a fixed amount.
    pub(super) fn fixed(stage: i64, rule: &str, amount: i64, rounding: Rounding) -> Self {
        Self {
            stage,
            rule: rule.to_owned(),
            version: 1,
            basis: amount,
            bases: Vec::new(),
            parts: Vec::new(),
            per: Per::Cart,
            numerator: 1,
            denominator: 1,
            rounding,
            ceiling: None,
            before: 0,
            after: 0,
            shares: Vec::new(),
            units: 0,
            unallocated: 0,
            verdict: Verdict::Applied,
        }
    }
}

/// The price of one unit for a tier: the SKU's own, else the tier's share of the list price, else the
/// member price, else the list price.
fn base_price(sku: &Sku, policy: &Policy, tier: Option<&str>) -> Result<(i64, BasePrice)> {
    let Some(tier) = tier else { return Ok((sku.list, BasePrice::List)) };
    if let Some(own) = sku.tiers.get(tier) {
        return Ok((*own, BasePrice::Tier));
    }
    if let Some(rate) = policy.tiers.get(tier) {
        // A price is rounded as a price.
        return Ok((rate.of(sku.list, policy.rounding)?, BasePrice::Tier));
    }
    Ok(sku.member.map_or((sku.list, BasePrice::List), |member| (member, BasePrice::Member)))
}

pub(super) fn times(unit: i64, units: u64) -> Result<i64> {
    let units = i64::try_from(units).map_err(|_| too_large())?;
    unit.checked_mul(units).ok_or_else(too_large)
}

/// Numerator and denominator as traces carry them; both fit by the rules of [`Rate`].
pub(super) fn parts(rate: Rate) -> (i64, i64) {
    let part = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    (part(rate.numerator()), part(rate.denominator()))
}

pub(super) fn too_large() -> Error {
    Error::new(Code::Overflow, "cart: an amount does not fit a signed 64-bit amount of minor units")
}
