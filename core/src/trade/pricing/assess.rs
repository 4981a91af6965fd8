//! What a rule would do at its turn: whether it applies, how much it takes off, and from which lines.

use super::facts::Usage;
use super::part::PartOf;
use super::rule::{Effect, Off, Rule, Stage, Step, TestOn};
use super::run::{Run, parts, times, too_large};
use super::share::Splitter;
use super::trace::{Per, Verdict};
use super::{Delivery, PricedGift};
use crate::error::{Code, Error, Result};
use crate::money::{Rate, Rounding};
use crate::trade::catalog::Sku;

/// Buffers of one entry a line, and the splitter's.
pub(super) struct Room {
    /// What a line counts for the rule: its running amount, zero out of scope.
    pub(super) weights: Vec<i64>,
    /// Whether a line is in scope.
    pub(super) inside: Vec<bool>,
    /// What is taken from each line.
    pub(super) shares: Vec<i64>,
    /// The amounts that are rounded alone.
    pub(super) bases: Vec<i64>,
    /// How much of each of them counts.
    pub(super) parts: Vec<PartOf>,
    pub(super) splitter: Splitter,
}

impl Room {
    pub(super) fn new(lines: usize) -> Self {
        Self {
            weights: vec![0; lines],
            inside: vec![true; lines],
            shares: vec![0; lines],
            bases: Vec::new(),
            parts: Vec::new(),
            splitter: Splitter::default(),
        }
    }

    /// Nothing counts of any line.
    pub(super) fn start(&mut self, lines: usize) {
        self.bases.clear();
        self.bases.resize(lines, 0);
        self.parts.clear();
        self.parts.resize(lines, PartOf::WHOLE);
    }

    /// A part of an amount counts of a line.
    pub(super) fn count(&mut self, at: usize, amount: i64, part: PartOf) {
        (self.bases[at], self.parts[at]) = part.reduced(amount);
    }

    /// The parts, where one of them is a fraction.
    pub(super) fn fractions(&self) -> Vec<PartOf> {
        let whole = self.parts.iter().all(|part| *part == PartOf::WHOLE);
        if whole { Vec::new() } else { self.parts.clone() }
    }
}

/// What a rule would do.
pub(super) struct Found<'a> {
    pub(super) verdict: Verdict,
    pub(super) basis: i64,
    pub(super) numerator: i64,
    pub(super) denominator: i64,
    pub(super) rounding: Rounding,
    pub(super) per: Per,
    pub(super) ceiling: Option<i64>,
    pub(super) unallocated: i64,
    /// The sum of the shares.
    pub(super) taken: i64,
    /// The units it is given for.
    pub(super) units: u64,
    pub(super) gift: Option<PricedGift<'a>>,
}

impl Found<'_> {
    pub(super) const fn refused(verdict: Verdict) -> Self {
        Self {
            verdict,
            basis: 0,
            numerator: 1,
            denominator: 1,
            rounding: Rounding::HalfAway,
            per: Per::Cart,
            ceiling: None,
            unallocated: 0,
            taken: 0,
            units: 0,
            gift: None,
        }
    }
}

/// What is in the scope of a rule.
#[derive(Clone, Copy)]
struct Seen {
    /// What the rule takes from: running amounts, of the goods or of their shipping.
    running: i64,
    /// What its thresholds test.
    tested: i64,
    units: u64,
}

impl<'a> Run<'_, 'a> {
    /// What a rule would do now; its shares stand in the room.
    pub(super) fn assess(&mut self, rule: &Rule) -> Result<Found<'a>> {
        let mode = rule.rounding.unwrap_or(self.policy.rounding);
        let usage = self.facts.usage_of(&rule.id);
        let found = match self.refusal(rule, usage) {
            Some(verdict) => Found::refused(verdict),
            None => match self.look(rule)? {
                Err(verdict) => Found::refused(verdict),
                Ok(seen) => self.effect(rule, seen, mode, usage)?,
            },
        };
        let spent = usage.amount.checked_add(found.taken);
        let exceeded = rule.limits.budget.is_some_and(|budget| spent.is_none_or(|spent| spent > budget));
        let verdict = if exceeded && found.taken > 0 { Verdict::BudgetExceeded } else { found.verdict };
        let rounding = if found.verdict == Verdict::Applied { found.rounding } else { mode };
        Ok(Found { verdict, rounding, ..found })
    }

    /// What speaks against a rule whatever is in the cart.
    fn refusal(&self, rule: &Rule, usage: Usage) -> Option<Verdict> {
        let (facts, limits) = (self.facts, &rule.limits);
        let full = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used >= limit);
        if rule.from.is_some_and(|from| facts.now < from) {
            Some(Verdict::NotStarted)
        } else if rule.until.is_some_and(|until| facts.now >= until) {
            Some(Verdict::Expired)
        } else if !rule.tiers.is_empty() && !facts.tier.as_ref().is_some_and(|tier| rule.tiers.contains(tier))
        {
            Some(Verdict::OtherTier)
        } else if full(usage.uses, limits.uses) || full(usage.units, limits.units) {
            Some(Verdict::UsedUp)
        } else if full(usage.uses_by_customer, limits.uses_per_customer)
            || full(usage.units_by_customer, limits.units_per_customer)
        {
            Some(Verdict::UsedUpByCustomer)
        } else {
            None
        }
    }

    /// Sums up what is in scope and tests the rule's own thresholds.
    fn look(&mut self, rule: &Rule) -> Result<Result<Seen, Verdict>> {
        let everything = rule.scope.is_everything();
        let shipping = rule.stage == Stage::Shipping;
        let (mut running, mut goods, mut units, mut any) = (0_i64, 0_i64, 0_u64, false);
        let room = self.room.weights.iter_mut().zip(&mut self.room.inside);
        for ((line, item), (weight, inside)) in self.lines.iter().zip(self.basket.items()).zip(room) {
            *inside = everything || rule.scope.holds(item);
            *weight = 0;
            if *inside {
                *weight = if shipping { line.shipping } else { line.net };
                any = true;
                units += line.units;
                goods += line.net;
                running += *weight;
            }
        }
        if !any {
            return Ok(Err(Verdict::OutOfScope));
        }
        let tested = match rule.test_on {
            TestOn::Running => goods,
            TestOn::List => self.list_total()?,
        };
        if units < rule.min_units {
            return Ok(Err(Verdict::TooFewUnits));
        }
        if tested < rule.min_subtotal {
            return Ok(Err(Verdict::BelowThreshold));
        }
        Ok(Ok(Seen { running, tested, units }))
    }

    /// What the lines in scope cost at list prices.
    fn list_total(&self) -> Result<i64> {
        let mut sum = 0_i64;
        for (line, _) in self.lines.iter().zip(&self.room.inside).filter(|(_, inside)| **inside) {
            sum = sum.checked_add(times(line.sku.list, line.units)?).ok_or_else(too_large)?;
        }
        Ok(sum)
    }

    fn effect(&mut self, rule: &Rule, seen: Seen, mode: Rounding, usage: Usage) -> Result<Found<'a>> {
        match &rule.effect {
            Effect::Off(off) => self.across(rule, *off, seen, mode),
            Effect::Ladder(steps) => match last_step(steps, seen) {
                Err(verdict) => Ok(Found::refused(verdict)),
                Ok(step) => self.across(rule, step.off, seen, mode),
            },
            Effect::OrderPrice(price) => {
                let off = (seen.running - price).max(0);
                self.fixed(off, 1, None, seen, mode)
            }
            Effect::Every { amount, off, times } => {
                let count = (seen.tested / amount).unsigned_abs().min(times.unwrap_or(u64::MAX));
                if count == 0 {
                    return Ok(Found::refused(Verdict::BelowThreshold));
                }
                self.fixed(*off, count, rule.max_off, seen, mode)
            }
            Effect::OffEach { off, .. } if rule.stage == Stage::Shipping => {
                self.off_each_delivery(*off, mode)
            }
            Effect::OffEach { off, max_units } => self.off_each(*off, *max_units, mode),
            Effect::Price { any, by_sku } => {
                let left = [
                    rule.limits.units.map(|limit| limit - usage.units),
                    rule.limits.units_per_customer.map(|limit| limit - usage.units_by_customer),
                ];
                let left = left.into_iter().flatten().min().unwrap_or(u64::MAX);
                self.price_at(|sku| by_sku.get(sku).copied().or(*any), left, mode)
            }
            Effect::BuyGet { buy, get, off, from, times } => {
                self.buy_get(*buy, *get, *off, from.as_deref(), times.unwrap_or(u64::MAX), mode)
            }
            Effect::Gift { sku, units, every_units, times } => {
                let count = every_units.map_or(1, |every| seen.units / every).min(times.unwrap_or(u64::MAX));
                self.gift(rule, sku, count, *units)
            }
        }
    }

    /// One amount off everything in scope.
    fn across(&mut self, rule: &Rule, off: Off, seen: Seen, mode: Rounding) -> Result<Found<'a>> {
        match off {
            Off::Fixed(amount) => self.fixed(amount, 1, rule.max_off, seen, mode),
            Off::Rate(rate) => {
                let rounding = rule.rounds.of_discount(mode, seen.running);
                let amount = rate.of(seen.running, rounding)?;
                let (numerator, denominator) = parts(rate);
                let found = Found {
                    basis: seen.running,
                    numerator,
                    denominator,
                    rounding,
                    ..Found::refused(Verdict::Applied)
                };
                self.place(amount, rule.max_off, seen, found)
            }
        }
    }

    /// Minor units off everything in scope, so many times.
    fn fixed(
        &mut self,
        off: i64,
        count: u64,
        ceiling: Option<i64>,
        seen: Seen,
        mode: Rounding,
    ) -> Result<Found<'a>> {
        let amount = times(off, count)?;
        let numerator = i64::try_from(count).map_err(|_| too_large())?;
        let found = Found { basis: off, numerator, rounding: mode, ..Found::refused(Verdict::Applied) };
        self.place(amount, ceiling, seen, found)
    }

    /// Shares an amount; what is more than there is stays unallocated.
    fn place(
        &mut self,
        amount: i64,
        ceiling: Option<i64>,
        seen: Seen,
        found: Found<'a>,
    ) -> Result<Found<'a>> {
        let amount = ceiling.map_or(amount, |ceiling| amount.min(ceiling));
        let taken = amount.min(seen.running);
        let room = &mut self.room;
        // No share exceeds its line: the amount is at most the sum of the weights.
        room.splitter.split(taken, &room.weights, &mut room.shares)?;
        Ok(Found { ceiling, taken, unallocated: amount - taken, ..found })
    }

    /// Off each line in scope.
    fn off_each(&mut self, off: Off, max_units: Option<u64>, mode: Rounding) -> Result<Found<'a>> {
        let most = max_units.unwrap_or(u64::MAX);
        let rate = match off {
            Off::Rate(rate) => rate,
            Off::Fixed(_) => Rate::ONE,
        };
        self.room.start(self.lines.len());
        for (at, line) in self.lines.iter().enumerate() {
            if !self.room.inside[at] {
                continue;
            }
            let units = line.units.min(most);
            match off {
                Off::Rate(_) => self.room.count(at, line.net, PartOf { units, of: line.units }),
                Off::Fixed(amount) => self.room.bases[at] = times(amount, units)?,
            }
        }
        self.take_each(rate, mode)
    }

    /// Takes `rate` of what counts of each base, rounded once for each, from the lines; never more than a
    /// line has.
    pub(super) fn take_each(&mut self, rate: Rate, mode: Rounding) -> Result<Found<'a>> {
        let (mut taken, mut unallocated, mut basis) = (0_i64, 0_i64, 0_i64);
        let room = &mut self.room;
        for (at, line) in self.lines.iter().enumerate() {
            let (base, part) = (room.bases[at], room.parts[at]);
            let wanted = part.of(rate, base, mode)?;
            let share = wanted.min(line.net);
            room.shares[at] = share;
            basis = basis.checked_add(part.floor(base)).ok_or_else(too_large)?;
            taken += share;
            unallocated += wanted - share;
        }
        let (numerator, denominator) = parts(rate);
        let found = Found::refused(Verdict::Applied);
        Ok(Found {
            basis,
            numerator,
            denominator,
            rounding: mode,
            per: Per::Line,
            taken,
            unallocated,
            ..found
        })
    }

    /// Units at a price: each line's base is what all its units cost above it, and so many of them count.
    /// Where there are fewer units than the cart has, those that save most come first, of equal ones the line
    /// that stands first.
    fn price_at(
        &mut self,
        price: impl Fn(&crate::id::SkuId) -> Option<i64>,
        left: u64,
        mode: Rounding,
    ) -> Result<Found<'a>> {
        let (mut left, mut given) = (left, 0_u64);
        let inside = &self.room.inside;
        let at_price = |(at, line): (usize, &super::PricedLine<'_>)| {
            let price = price(&line.sku.id).filter(|_| inside[at])?;
            Some((at, price))
        };
        let mut priced: Vec<(usize, i64)> = self.lines.iter().enumerate().filter_map(at_price).collect();
        if priced.is_empty() {
            return Ok(Found::refused(Verdict::OutOfScope));
        }
        if left < u64::MAX {
            let saves = |&(at, price): &(usize, i64)| {
                let line = &self.lines[at];
                (i128::from(line.net) - i128::from(price) * i128::from(line.units), i128::from(line.units))
            };
            priced.sort_by(|a, b| {
                let (a, b) = (saves(a), saves(b));
                (b.0 * a.1).cmp(&(a.0 * b.1))
            });
        }
        self.room.start(self.lines.len());
        for (at, price) in priced {
            let line = &self.lines[at];
            let above = i128::from(line.net) - i128::from(price) * i128::from(line.units);
            let (above, part) = (above.max(0), PartOf { units: line.units.min(left), of: line.units });
            // What is above the price of something is no more than it costs.
            let above = i64::try_from(above).unwrap_or(line.net);
            if part.units > 0 && part.of(Rate::ONE, above, mode)? > 0 {
                left -= part.units;
                given += part.units;
                self.room.count(at, above, part);
            }
        }
        Ok(Found { units: given, ..self.take_each(Rate::ONE, mode)? })
    }

    /// Off each delivery that holds a line in scope.
    fn off_each_delivery(&mut self, off: Off, mode: Rounding) -> Result<Found<'a>> {
        let mut fees = vec![0_i64; self.deliveries.len()];
        for (line, weight) in self.lines.iter().zip(&self.room.weights) {
            if let Some(delivery) = line.delivery {
                fees[delivery] += weight;
            }
        }
        let room = &mut self.room;
        room.bases.clear();
        room.shares.fill(0);
        let rate = match off {
            Off::Rate(rate) => rate,
            Off::Fixed(_) => Rate::ONE,
        };
        let (mut taken, mut unallocated, mut basis) = (0_i64, 0_i64, 0_i64);
        let (mut weights, mut shares) = (Vec::new(), vec![0; self.lines.len()]);
        for (delivery, fee) in fees.iter().enumerate() {
            let base = match off {
                Off::Rate(_) => *fee,
                Off::Fixed(amount) => amount,
            };
            let wanted = rate.of(base, mode)?;
            let share = wanted.min(*fee);
            weights.clear();
            let own = |(line, weight): (&super::PricedLine<'_>, &i64)| {
                if line.delivery == Some(delivery) { *weight } else { 0 }
            };
            weights.extend(self.lines.iter().zip(&room.weights).map(own));
            room.splitter.split(share, &weights, &mut shares)?;
            room.shares.iter_mut().zip(&shares).for_each(|(sum, share)| *sum += share);
            room.bases.push(base);
            basis = basis.checked_add(base).ok_or_else(too_large)?;
            taken += share;
            unallocated += wanted - share;
        }
        let (numerator, denominator) = parts(rate);
        let found = Found::refused(Verdict::Applied);
        Ok(Found {
            basis,
            numerator,
            denominator,
            rounding: mode,
            per: Per::Delivery,
            taken,
            unallocated,
            ..found
        })
    }

    fn gift(&mut self, rule: &Rule, sku: &crate::id::SkuId, count: u64, units: u64) -> Result<Found<'a>> {
        if count == 0 {
            return Ok(Found::refused(Verdict::TooFewUnits));
        }
        let Ok(sku) = self.basket.catalog().on_sale(sku) else { return Ok(Found::refused(Verdict::NoGift)) };
        let all = units.checked_mul(count).filter(|units| i64::try_from(*units).is_ok());
        let units = all.ok_or_else(|| {
            let rule = format!("rule {}: a gift of {count} times {units} units", rule.id);
            Error::new(Code::Overflow, format!("{rule} does not fit a signed 64-bit count of units"))
        })?;
        if !self.may_have(sku, units) {
            return Ok(Found::refused(Verdict::OverLimit));
        }
        if !self.goes_along(sku, units) {
            return Ok(Found::refused(Verdict::NoDelivery));
        }
        self.room.shares.fill(0);
        let id = rule.gift_line()?;
        if self.lines.iter().any(|line| *line.id == id) {
            let rule = format!("cart: line {id} has the id of a gift's line");
            return Err(Error::new(Code::InvalidCart, rule));
        }
        let gift = PricedGift { id, sku, units, delivery: None };
        Ok(Found { units, gift: Some(gift), ..Found::refused(Verdict::Applied) })
    }
}

impl Run<'_, '_> {
    /// Whether a line may hold so many units of a gift, and the customer have them beside what this order
    /// brings and what was bought before: lines of the cart that are not selected stay there.
    fn may_have(&self, sku: &Sku, units: u64) -> bool {
        let rule = &sku.quantity;
        let Some(limit) = rule.per_customer else { return rule.max.is_none_or(|max| units <= max) };
        let bought = self.lines.iter().filter(|line| line.sku.id == sku.id).map(|line| line.units);
        let given = self.gifts.iter().filter(|gift| gift.sku.id == sku.id).map(|gift| gift.units);
        let before = self.facts.bought.get(&sku.id).copied().unwrap_or(0);
        let all = bought.chain(given).fold(units.saturating_add(before), u64::saturating_add);
        rule.max.is_none_or(|max| units <= max) && all <= limit
    }

    /// Whether a gift is sent with something else, or for nothing.
    fn goes_along(&self, sku: &Sku, units: u64) -> bool {
        let kind = Delivery::kind_of(sku);
        if kind.is_none() || self.lines.iter().any(|line| Delivery::kind_of(line.sku) == kind) {
            return true;
        }
        // A delivery of gifts alone: nobody pays for it, so it must cost nothing.
        let Ok(found) = self.zone(sku.shipping_template.as_deref()) else { return false };
        let Some((template, zone)) = found else { return self.policy.shipping.flat == 0 };
        let others = self.gifts.iter().filter(|gift| Delivery::kind_of(gift.sku) == kind);
        let (count, measured) = others.fold((units, template.measure.of(sku, units)), |sum, gift| {
            (sum.0.saturating_add(gift.units), sum.1 + template.measure.of(gift.sku, gift.units))
        });
        zone.is_some_and(|zone| zone.is_free(0, count) || zone.fee(measured) == Some(0))
    }
}

/// The last step whose thresholds are met; else what the first one lacks.
fn last_step(steps: &[Step], seen: Seen) -> Result<&Step, Verdict> {
    let met = |step: &&Step| seen.tested >= step.min_subtotal && seen.units >= step.min_units;
    steps.iter().rev().find(met).ok_or_else(|| {
        let short = steps.first().is_some_and(|step| seen.tested < step.min_subtotal);
        if short { Verdict::BelowThreshold } else { Verdict::TooFewUnits }
    })
}
