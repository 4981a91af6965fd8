//! Running the stages.

use super::policy::{CartRule, Effect, Policy, TestOn};
use super::{Entry, Price, PricedLine, PricingFacts, Quote, QuoteContent, QuoteLine, Tier, Verdict};
use crate::error::{Code, Error, Result};
use crate::money::{Allocate, Allocation, Rounding};
use crate::sale::{Facts, SaleLine};
use crate::time::Timestamp;
use crate::trade::cart::Cart;
use crate::trade::catalog::{Catalog, Sku};
use std::collections::BTreeMap;

/// What the buyer pays for the selected lines of a cart: amounts alone.
///
/// # Errors
/// [`Code::InvalidCart`] when nothing is selected, a SKU is not on sale or a quantity breaks its rule;
/// [`Code::Overflow`] when an amount does not fit.
pub fn price(cart: &Cart, catalog: &Catalog, policy: &Policy, facts: PricingFacts) -> Result<Price> {
    Run::new(cart, catalog, policy, facts.tier, None)?.finish()
}

/// What the buyer pays for the selected lines of a cart, with components, trace and hash.
///
/// # Errors
/// As [`price`].
///
/// ```
/// use fenrun::id::{LineId, SkuId};
/// use fenrun::money::Currency;
/// use fenrun::trade::cart::Cart;
/// use fenrun::trade::catalog::{Catalog, Sku};
/// use fenrun::trade::pricing::{Policy, PolicyDraft, PricingFacts, quote};
/// let mut catalog = Catalog::new(Currency::CNY);
/// catalog.put(Sku::new(SkuId::from(7), 1000))?;
/// let mut cart = Cart::default();
/// cart.add(&catalog, LineId::from(1), SkuId::from(7), 3)?;
/// let policy = Policy::new(PolicyDraft { shipping: 500, ..PolicyDraft::default() })?;
/// let quote = quote(&cart, &catalog, &policy, PricingFacts::default())?;
/// assert_eq!(quote.total(), 3500);
/// # Ok::<(), fenrun::Error>(())
/// ```
pub fn quote(cart: &Cart, catalog: &Catalog, policy: &Policy, facts: PricingFacts) -> Result<Quote> {
    let mut trace = Vec::new();
    let run = Run::new(cart, catalog, policy, facts.tier, Some(&mut trace))?;
    let skus = run.skus.clone();
    let price = run.finish()?;
    let lines = price.lines.into_iter().zip(skus);
    Ok(Quote::seal(QuoteContent {
        currency: price.currency,
        lines: lines.map(|(line, sku)| sold(line, sku, catalog.facts(sku))).collect::<Result<_>>()?,
        subtotal: price.subtotal,
        shipping: price.shipping,
        total: price.total,
        trace,
        policy_version: policy.version.clone(),
        valid_until: Timestamp::from_ms(facts.now.ms().saturating_add(policy.valid_ms)),
    }))
}

struct Run<'a> {
    catalog: &'a Catalog,
    policy: &'a Policy,
    skus: Vec<&'a Sku>,
    lines: Vec<PricedLine>,
    subtotal: i64,
    trace: Option<&'a mut Vec<Entry>>,
}

impl<'a> Run<'a> {
    /// Stages 0 and 1: the selected lines at their base prices.
    fn new(
        cart: &Cart,
        catalog: &'a Catalog,
        policy: &'a Policy,
        tier: Tier,
        trace: Option<&'a mut Vec<Entry>>,
    ) -> Result<Self> {
        let (mut lines, mut skus) = (Vec::new(), Vec::new());
        for line in cart.selected() {
            let sku = catalog.on_sale(&line.sku)?;
            sku.quantity.check(&line.sku, line.units)?;
            let (unit_price, tier) = match (tier, sku.member) {
                (Tier::Member, Some(member)) => (member, Tier::Member),
                _ => (sku.list, Tier::List),
            };
            let amount = times(unit_price, line.units)?;
            lines.push(PricedLine {
                id: line.id.clone(),
                sku: line.sku.clone(),
                units: line.units,
                tier,
                unit_price,
                amount,
                net: amount,
                shipping: 0,
            });
            skus.push(sku);
        }
        if lines.is_empty() {
            return Err(Error::new(Code::InvalidCart, "nothing in the cart is selected"));
        }
        let subtotal = sum(lines.iter().map(|line| line.amount))?;
        let mut run = Self { catalog, policy, skus, lines, subtotal, trace };
        let shares = run.lines.iter().map(|line| line.amount);
        let base = Entry::fixed(1, "base_price", subtotal, policy.rounding);
        run.record(Entry { after: subtotal, shares: shares.collect(), ..base });
        Ok(run)
    }

    /// Stages 3 and 6.
    fn finish(mut self) -> Result<Price> {
        let policy = self.policy;
        for rule in &policy.rules {
            self.cart_rule(rule)?;
        }
        let nets = self.nets();
        let before = sum(nets.iter().copied())?;
        let total = before.checked_add(policy.shipping).ok_or_else(too_large)?;
        let shares =
            Allocate { total: policy.shipping, weights: &self.weights(), ..Allocate::default() }.run()?;
        for (line, share) in self.lines.iter_mut().zip(&shares.shares) {
            line.shipping = *share;
        }
        let entry = Entry::fixed(6, "shipping", policy.shipping, policy.rounding);
        self.record(Entry { before, after: total, shares: shares.shares, ..entry });
        Ok(Price {
            currency: self.catalog.currency(),
            lines: self.lines,
            subtotal: self.subtotal,
            shipping: policy.shipping,
            total,
        })
    }

    fn cart_rule(&mut self, rule: &CartRule) -> Result<()> {
        let rounding = self.policy.rounding;
        let nets = self.nets();
        let before = sum(nets.iter().copied())?;
        let tested = match rule.test_on {
            TestOn::Running => before,
            TestOn::List => {
                let lines = self.lines.iter().zip(&self.skus);
                sum(lines.map(|(line, sku)| times(sku.list, line.units)).collect::<Result<Vec<_>>>()?)?
            }
        };
        let id = rule.id.as_str();
        let (off, entry) = match rule.effect {
            Effect::FixedOff(amount) => (amount, Entry::fixed(3, id, amount, rounding)),
            Effect::PercentOff(rate) => {
                let part = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
                let (numerator, denominator) = (part(rate.numerator()), part(rate.denominator()));
                let entry = Entry { numerator, denominator, ..Entry::fixed(3, id, before, rounding) };
                (rate.of(before, rounding)?, entry)
            }
        };
        if tested < rule.min_subtotal {
            self.record(Entry { before, after: before, verdict: Verdict::BelowThreshold, ..entry });
            return Ok(());
        }
        // Lines stand in the order of their ids, so ties by position are ties by id.
        let weights = self.weights();
        let Allocation { shares, unallocated } =
            Allocate { total: off, weights: &weights, caps: Some(&nets), ..Allocate::default() }.run()?;
        for (line, share) in self.lines.iter_mut().zip(&shares) {
            line.net -= share;
        }
        let after = before - (off - unallocated);
        self.record(Entry { before, after, shares, unallocated, ..entry });
        Ok(())
    }

    fn nets(&self) -> Vec<i64> {
        self.lines.iter().map(|line| line.net).collect()
    }

    /// What shares go by: the nets, or the units when every net is zero.
    fn weights(&self) -> Vec<u64> {
        if self.lines.iter().all(|line| line.net == 0) {
            return self.lines.iter().map(|line| line.units).collect();
        }
        self.lines.iter().map(|line| line.net.unsigned_abs()).collect()
    }

    fn record(&mut self, entry: Entry) {
        if let Some(trace) = &mut self.trace {
            trace.push(entry);
        }
    }
}

impl Entry {
    fn fixed(stage: i64, rule: &str, amount: i64, rounding: Rounding) -> Self {
        Self {
            stage,
            rule: rule.to_owned(),
            basis: amount,
            numerator: 1,
            denominator: 1,
            rounding,
            before: 0,
            after: 0,
            shares: Vec::new(),
            unallocated: 0,
            verdict: Verdict::Applied,
        }
    }
}

/// Stage 10: the components of a line, for the plan to pick from.
fn sold(line: PricedLine, sku: &Sku, facts: Facts) -> Result<QuoteLine> {
    let mut components = BTreeMap::from([
        ("paid".to_owned(), line.net),
        ("list".to_owned(), times(sku.list, line.units)?),
        ("shipping".to_owned(), line.shipping),
        ("points".to_owned(), 0),
    ]);
    for (name, unit) in [("member", sku.member), ("cost", sku.cost)] {
        if let Some(unit) = unit {
            components.insert(name.to_owned(), times(unit, line.units)?);
        }
    }
    for (name, unit) in &sku.volumes {
        components.insert(name.clone(), times(*unit, line.units)?);
    }
    let sold = SaleLine {
        id: line.id,
        units: line.units,
        components,
        purpose: sku.purpose,
        facts,
        overrides: sku.overrides.clone(),
    };
    Ok(QuoteLine { sku: line.sku, tier: line.tier, unit_price: line.unit_price, amount: line.amount, sold })
}

fn times(unit: i64, units: u64) -> Result<i64> {
    i64::try_from(i128::from(unit) * i128::from(units)).map_err(|_| too_large())
}

fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64> {
    i64::try_from(amounts.into_iter().map(i128::from).sum::<i128>()).map_err(|_| too_large())
}

fn too_large() -> Error {
    Error::new(Code::Overflow, "cart: an amount does not fit a signed 64-bit amount of minor units")
}
