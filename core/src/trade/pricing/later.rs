//! The stages that are not rules of their own: points, shipping, tax, cash rounding.

use super::Delivery;
use super::facts::PointsWish;
use super::points::PointsUse;
use super::policy::Policy;
use super::run::{Run, parts, too_large};
use super::shipping::{Measure, Template, Zone};
use super::tax::{Inclusion, TaxClass, TaxPer};
use super::trace::{Entry, Per, Verdict};
use crate::error::{Code, Error, Result};
use crate::money::Rounding;
use crate::trade::catalog::Sku;

impl<'r> Run<'r, '_> {
    /// Stage 5: as many points as were asked for and may be used, never more than their amount needs.
    pub(super) fn points(&mut self) -> Result<()> {
        let policy = self.policy;
        let (Some(terms), Some(buyer)) = (&policy.points, self.facts.points) else { return Ok(()) };
        let items = self.basket.items();
        let mut left = 0;
        for (at, line) in self.lines.iter().enumerate() {
            let inside = terms.scope.is_everything() || terms.scope.holds(&items[at]);
            self.room.weights[at] = if inside { line.net } else { 0 };
            left += self.room.weights[at];
        }
        let wish = match buyer.wish {
            PointsWish::All => buyer.balance,
            PointsWish::UpTo(points) => points.min(buyer.balance),
        };
        let most = terms.most(wish, left)?;
        let asked = match buyer.wish {
            PointsWish::UpTo(points) if terms.usage == PointsUse::Whole => points,
            _ => 0,
        };
        let amount = terms.worth.of(i64::try_from(most).map_err(|_| too_large())?, Rounding::Down)?;
        let used = terms.needed(amount, most);
        let refused = amount == 0 || used < terms.min || used < asked;
        let (used, amount) = if refused { (0, 0) } else { (used, amount) };
        self.room.splitter.split(amount, &self.room.weights, &mut self.room.shares)?;
        for (line, share) in self.lines.iter_mut().zip(&self.room.shares) {
            line.net -= share;
            line.points += share;
        }
        let before = self.sum;
        self.goods -= amount;
        self.sum -= amount;
        self.points_used = used;
        let (numerator, denominator) = parts(terms.worth);
        let basis = i64::try_from(used).map_err(|_| too_large())?;
        self.record(|run| Entry {
            numerator,
            denominator,
            before,
            after: run.sum,
            shares: if refused { Vec::new() } else { run.room.shares.clone() },
            units: used,
            verdict: if refused { Verdict::TooFewPoints } else { Verdict::Applied },
            ..Entry::fixed(5, "points", basis, Rounding::Down)
        });
        Ok(())
    }

    /// Stage 6: what each merchant's deliveries cost.
    pub(super) fn shipping(&mut self) -> Result<()> {
        self.group_deliveries();
        for at in 0..self.deliveries.len() {
            self.price_delivery(at)?;
        }
        Ok(())
    }

    fn group_deliveries(&mut self) {
        for line in &mut self.lines {
            line.delivery = delivery_of(&mut self.deliveries, line.sku);
        }
        for gift in &mut self.gifts {
            gift.delivery = delivery_of(&mut self.deliveries, gift.sku);
        }
    }

    /// A template by its name, and its zone that reaches the buyer; none where there is no name.
    pub(super) fn zone(&self, name: Option<&str>) -> Result<Option<(&'r Template, Option<&'r Zone>)>> {
        let Some(name) = name else { return Ok(None) };
        let policy: &'r Policy = self.policy;
        let template = policy.shipping.templates.get(name).ok_or_else(|| {
            let rule = format!("the policy does not have the shipping template {name:?}");
            Error::new(Code::InvalidCart, rule)
        })?;
        Ok(Some((template, template.zone(&self.facts.region))))
    }

    fn price_delivery(&mut self, at: usize) -> Result<()> {
        let policy = self.policy;
        let name = self.deliveries[at].template;
        let template = self.zone(name)?;
        let measure = template.map_or(Measure::Piece, |(template, _)| template.measure);
        let (mut amount, mut units, mut measured) = (0, 0, 0_u128);
        for line in self.lines.iter().filter(|line| line.delivery == Some(at)) {
            amount += line.net;
            units += line.units;
            measured += measure.of(line.sku, line.units);
        }
        // A gift weighs what it weighs; what is free from so many units on counts those that are bought.
        let gifts = self.gifts.iter().filter(|gift| gift.delivery == Some(at));
        let (given, weighs) =
            gifts.fold((0, 0), |sum, gift| (sum.0 + gift.units, sum.1 + measure.of(gift.sku, gift.units)));
        let counted = if units == 0 { given } else { units };
        let (fee, free) = match template {
            None => (policy.shipping.flat, false),
            Some((_, zone)) => {
                let zone = zone.ok_or_else(|| self.unreachable(name))?;
                let fee = zone.fee(measured + weighs).ok_or_else(too_large)?;
                (fee, Zone::is_free(zone, amount, counted))
            }
        };
        let charged = if free { 0 } else { fee };
        self.charge(at, charged)?;
        let before = self.sum;
        self.sum = before.checked_add(charged).ok_or_else(too_large)?;
        self.record(|run| Entry {
            before,
            after: run.sum,
            shares: if free { Vec::new() } else { run.room.shares.clone() },
            units: if name.is_some() { units } else { 0 },
            verdict: if free { Verdict::Free } else { Verdict::Applied },
            ..Entry::fixed(6, name.unwrap_or("shipping"), fee, run.policy.rounding)
        });
        Ok(())
    }

    /// Shares a fee over the lines of a delivery, by what they cost; by units where they cost nothing.
    fn charge(&mut self, at: usize, fee: i64) -> Result<()> {
        let mut any = false;
        for (line, weight) in self.lines.iter().zip(&mut self.room.weights) {
            *weight = if line.delivery == Some(at) { line.net } else { 0 };
            any |= *weight > 0;
        }
        if !any {
            for (line, weight) in self.lines.iter().zip(&mut self.room.weights) {
                if line.delivery == Some(at) {
                    *weight = i64::try_from(line.units).map_err(|_| too_large())?;
                }
            }
        }
        self.room.splitter.split(fee, &self.room.weights, &mut self.room.shares)?;
        for (line, share) in self.lines.iter_mut().zip(&self.room.shares) {
            line.shipping += share;
        }
        self.deliveries[at].fee = fee;
        Ok(())
    }

    fn unreachable(&self, template: Option<&str>) -> Error {
        let (region, template) = (self.facts.region.join(", "), template.unwrap_or_default());
        Error::new(Code::InvalidCart, format!("shipping template {template:?} does not reach {region:?}"))
    }

    /// Stage 8: tax of the goods by class, then of the fees.
    pub(super) fn tax(&mut self) -> Result<()> {
        let policy = self.policy;
        if policy.tax.classes.is_empty() {
            return Ok(());
        }
        let mode = policy.tax.rounding.unwrap_or(policy.rounding);
        for line in &mut self.lines {
            if let Some((_, class)) = policy.tax.class(line.sku.tax_class.as_deref())? {
                line.tax = policy.tax.of(class, line.net, line.units, mode)?.0;
                line.added_tax = if class.inclusion == Inclusion::Added { line.tax } else { 0 };
                self.sum = self.sum.checked_add(line.added_tax).ok_or_else(too_large)?;
            }
        }
        self.record_tax(mode)?;
        for at in 0..self.deliveries.len() {
            self.tax_delivery(at, mode)?;
        }
        Ok(())
    }

    /// One entry for each class of which there are goods.
    fn record_tax(&mut self, mode: Rounding) -> Result<()> {
        let policy = self.policy;
        let added: i64 = self.lines.iter().map(|line| line.added_tax).sum();
        let mut before = self.sum - added;
        for (name, class) in &policy.tax.classes {
            let (numerator, denominator) = parts(class.share()?);
            let of_class = |line: &super::PricedLine<'_>| {
                line.sku.tax_class.as_deref().or(policy.tax.default.as_deref()) == Some(name.as_str())
            };
            let (mut sum, mut unallocated) = (0, 0);
            for line in self.lines.iter().filter(|line| of_class(line)) {
                unallocated += policy.tax.of(*class, line.net, line.units, mode)?.1;
            }
            self.record(|run| {
                let part = |pick: fn(&super::PricedLine<'_>) -> i64| {
                    let own = |line| if of_class(line) { pick(line) } else { 0 };
                    run.lines.iter().map(own).collect::<Vec<i64>>()
                };
                let (bases, shares) = (part(|line| line.net), part(|line| line.tax));
                sum = part(|line| line.added_tax).iter().sum();
                let per = if policy.tax.per == TaxPer::Unit { Per::Unit } else { Per::Line };
                let basis = bases.iter().sum();
                let entry = Entry { numerator, denominator, per, ..Entry::fixed(8, name, basis, mode) };
                let after = before + sum;
                Entry { bases, shares, before, after, unallocated, verdict: verdict(*class), ..entry }
            });
            before += sum;
        }
        Ok(())
    }

    fn tax_delivery(&mut self, at: usize, mode: Rounding) -> Result<()> {
        let policy = self.policy;
        let shipping = &policy.shipping;
        let template = self.deliveries[at].template.and_then(|name| shipping.templates.get(name));
        let own = template.and_then(|template| template.tax_class.as_deref());
        let Some(name) = own.or(shipping.tax_class.as_deref()) else { return Ok(()) };
        let Some((name, class)) = policy.tax.class(Some(name))? else { return Ok(()) };
        let (share, fee) = (class.share()?, self.deliveries[at].fee);
        let tax = share.of(fee, mode)?;
        for (line, weight) in self.lines.iter().zip(&mut self.room.weights) {
            *weight = if line.delivery == Some(at) { line.shipping } else { 0 };
        }
        self.room.splitter.split(tax, &self.room.weights, &mut self.room.shares)?;
        let added = class.inclusion == Inclusion::Added;
        for (line, share) in self.lines.iter_mut().zip(&self.room.shares) {
            line.shipping_tax += share;
            line.shipping_added_tax += if added { *share } else { 0 };
        }
        let before = self.sum;
        self.sum = before.checked_add(if added { tax } else { 0 }).ok_or_else(too_large)?;
        let (numerator, denominator) = parts(share);
        self.record(|run| {
            let entry =
                Entry { numerator, denominator, per: Per::Delivery, ..Entry::fixed(8, name, fee, mode) };
            let shares = run.room.shares.clone();
            Entry { bases: vec![fee], shares, before, after: run.sum, verdict: verdict(class), ..entry }
        });
        Ok(())
    }

    /// Stage 9: 抹零.
    pub(super) fn cash(&mut self) -> Result<()> {
        let Some(cash) = self.policy.cash_rounding else { return Ok(()) };
        let before = self.sum;
        let parts = cash.rounding.divide(i128::from(before), i128::from(cash.to));
        self.sum = i64::try_from(parts * i128::from(cash.to)).map_err(|_| too_large())?;
        self.record(|run| Entry {
            denominator: cash.to,
            before,
            after: run.sum,
            ..Entry::fixed(9, "cash_rounding", before, cash.rounding)
        });
        Ok(())
    }
}

/// The delivery a SKU is part of, a new one where nothing else is sent so.
fn delivery_of<'a>(deliveries: &mut Vec<Delivery<'a>>, sku: &'a Sku) -> Option<usize> {
    let (merchant, template) = Delivery::kind_of(sku)?;
    let same = |delivery: &Delivery<'_>| (delivery.merchant, delivery.template) == (merchant, template);
    Some(deliveries.iter().position(same).unwrap_or_else(|| {
        deliveries.push(Delivery { merchant, template, fee: 0 });
        deliveries.len() - 1
    }))
}

const fn verdict(class: TaxClass) -> Verdict {
    match class.inclusion {
        Inclusion::Added => Verdict::Applied,
        Inclusion::Included => Verdict::Included,
    }
}
