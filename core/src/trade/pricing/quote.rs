//! A price with its explanation.

use super::basket::Basket;
use super::facts::PricingFacts;
use super::policy::Policy;
use super::run::{Run, times};
use super::trace::{Entry, Verdict};
use super::{BasePrice, Price, PricedGift, PricedLine};
use crate::doc::{JsonSink, Node, long_hash};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, MerchantId, SkuId};
use crate::money::Currency;
use crate::sale::SaleLine;
use crate::time::Timestamp;
use crate::trade::cart::Cart;
use crate::trade::catalog::{Catalog, Sku};
use crate::trade::fulfilment::Fulfilment;
use std::collections::{BTreeMap, BTreeSet};

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    /// What.
    pub sku: SkuId,
    /// Which price was taken: `list`, `member`, the name of a tier, or `gift`.
    pub price: String,
    /// The price of one unit.
    pub unit_price: i64,
    /// The price of the units before discounts.
    pub amount: i64,
    /// The tax the buyer pays on top of the net.
    pub added_tax: i64,
    /// Who sells it; none is the shop itself.
    pub merchant: Option<MerchantId>,
    /// How it reaches the buyer.
    pub fulfilment: Fulfilment,
    /// The line as it will be sold: its components, `paid` being the net.
    pub sold: SaleLine,
}

impl QuoteLine {
    /// What the buyer pays for the line: its net and the tax on top.
    #[must_use]
    pub fn due(&self) -> i64 {
        // Both are parts of a total that fits.
        self.sold.paid().saturating_add(self.added_tax)
    }
}

/// What one merchant sends under one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteDelivery {
    /// Who sends it; none is the shop itself.
    pub merchant: Option<String>,
    /// The template it is priced by; none is the flat fee.
    pub template: Option<String>,
    /// What the buyer pays for it, before added tax.
    pub fee: i64,
}

/// A price with its explanation. A value of this type is whole: it was computed here, or read with a hash
/// that fits. The hash is no signature: a quote that left the server is [priced again](Quote::reprice)
/// before it is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    content: QuoteContent,
    hash: String,
}

/// Everything of a quote the hash is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QuoteContent {
    pub(super) currency: Currency,
    pub(super) lines: Vec<QuoteLine>,
    pub(super) deliveries: Vec<QuoteDelivery>,
    pub(super) subtotal: i64,
    pub(super) shipping: i64,
    pub(super) shipping_added_tax: i64,
    pub(super) tax: i64,
    pub(super) added_tax: i64,
    pub(super) rounding: i64,
    pub(super) total: i64,
    pub(super) points_used: u64,
    /// The coupons that took something off.
    pub(super) coupons: BTreeSet<String>,
    pub(super) trace: Vec<Entry>,
    pub(super) policy_version: String,
    pub(super) valid_until: Timestamp,
}

/// What the buyer pays for the selected lines of a cart, with components, trace and hash.
///
/// # Errors
/// As [`price`](super::price).
///
/// ```
/// use fenrun::id::{LineId, SkuId};
/// use fenrun::money::Currency;
/// use fenrun::trade::cart::Cart;
/// use fenrun::trade::catalog::{Catalog, Sku};
/// use fenrun::trade::pricing::{Policy, PolicyDraft, PricingFacts, ShippingTerms, quote};
/// let mut catalog = Catalog::new(Currency::CNY);
/// catalog.put(Sku::new(SkuId::from(7), 1000))?;
/// let mut cart = Cart::default();
/// cart.add(&catalog, LineId::from(1), SkuId::from(7), 3)?;
/// let policy = Policy::new(PolicyDraft { shipping: ShippingTerms::flat(500), ..PolicyDraft::default() })?;
/// let quote = quote(&cart, &catalog, &policy, &PricingFacts::default())?;
/// assert_eq!(quote.total(), 3500);
/// # Ok::<(), fenrun::Error>(())
/// ```
pub fn quote(cart: &Cart, catalog: &Catalog, policy: &Policy, facts: &PricingFacts) -> Result<Quote> {
    let basket = Basket::new(cart, catalog)?;
    let mut trace = Vec::new();
    let mut run = Run::new(&basket, policy, facts, Some(&mut trace))?;
    run.stages()?;
    let ends = run.ends.map_or(i64::MAX, |ends| ends.ms().saturating_sub(1));
    let price = run.into_price();
    let valid_until = Timestamp::from_ms(facts.now.ms().saturating_add(policy.valid_ms).min(ends));
    let kinds = Kinds::of(policy, &trace);
    let mut lines = Vec::new();
    for (at, line) in price.lines.iter().enumerate() {
        lines.push(sold(line, facts.tier.as_deref(), catalog, kinds.at(at))?);
    }
    for gift in &price.gifts {
        lines.push(given(gift, catalog)?);
    }
    let mut content = content(price, lines, trace, policy.version.clone(), valid_until);
    content.coupons = used_coupons(policy, &content.trace);
    Ok(Quote::seal(content))
}

fn content(
    price: Price<'_>,
    lines: Vec<QuoteLine>,
    trace: Vec<Entry>,
    policy_version: String,
    valid_until: Timestamp,
) -> QuoteContent {
    let deliveries = price.deliveries.iter().map(|delivery| QuoteDelivery {
        merchant: delivery.merchant.map(str::to_owned),
        template: delivery.template.map(str::to_owned),
        fee: delivery.fee,
    });
    QuoteContent {
        currency: price.currency,
        lines,
        deliveries: deliveries.collect(),
        subtotal: price.subtotal,
        shipping: price.shipping,
        shipping_added_tax: price.shipping_added_tax,
        tax: price.tax,
        added_tax: price.added_tax,
        rounding: price.rounding,
        total: price.total,
        points_used: price.points_used,
        coupons: BTreeSet::new(),
        trace,
        policy_version,
        valid_until,
    }
}

/// Coupons that took something off or gave something: one that made no difference is not spent.
fn used_coupons(policy: &Policy, trace: &[Entry]) -> BTreeSet<String> {
    let coupon =
        |entry: &&Entry| policy.rules.iter().any(|rule| rule.is_coupon() && rule.id.as_str() == entry.rule);
    let gave = |entry: &&Entry| {
        entry.verdict == Verdict::Applied && (entry.units > 0 || entry.shares.iter().any(|share| *share != 0))
    };
    trace.iter().filter(coupon).filter(gave).map(|entry| entry.rule.clone()).collect()
}

/// The kinds of the promotions that took something off each line.
struct Kinds<'a>(Vec<(&'a str, &'a [i64])>);

impl<'a> Kinds<'a> {
    fn of(policy: &'a Policy, trace: &'a [Entry]) -> Self {
        let kind = |entry: &'a Entry| {
            let rule = policy.rules.iter().find(|rule| rule.id.as_str() == entry.rule)?;
            Some((rule.kind.as_deref()?, entry.shares.as_slice()))
        };
        let rules =
            trace.iter().filter(|entry| matches!(entry.stage, 2..=4) && entry.verdict == Verdict::Applied);
        Self(rules.filter_map(kind).collect())
    }

    fn at(&self, line: usize) -> BTreeSet<&'a str> {
        let touched = |(_, shares): &&(&str, &[i64])| shares.get(line).is_some_and(|share| *share > 0);
        self.0.iter().filter(touched).map(|(kind, _)| *kind).collect()
    }
}

/// Stage 10: the components of a line, for the plan to pick from.
fn sold(
    line: &PricedLine<'_>,
    tier: Option<&str>,
    catalog: &Catalog,
    kinds: BTreeSet<&str>,
) -> Result<QuoteLine> {
    let amounts = [
        ("paid", line.net),
        ("shipping", line.shipping),
        ("tax", line.tax + line.shipping_tax),
        ("points", line.points),
    ];
    let price = match line.price {
        BasePrice::List => "list",
        BasePrice::Member => "member",
        BasePrice::Tier => tier.unwrap_or_default(),
    };
    let mut sold = sale_line(line.id.clone(), line.sku, line.units, &amounts, catalog)?;
    if !kinds.is_empty() {
        sold.facts.insert("promotion".into(), Node::List(kinds.into_iter().map(Node::from).collect()));
    }
    Ok(QuoteLine {
        sku: line.sku.id.clone(),
        price: price.to_owned(),
        unit_price: line.unit_price,
        amount: line.amount,
        added_tax: line.added_tax,
        merchant: line.sku.merchant.clone(),
        fulfilment: line.sku.fulfilment,
        sold,
    })
}

/// The line of a gift: it has its list price and costs nothing.
fn given(gift: &PricedGift<'_>, catalog: &Catalog) -> Result<QuoteLine> {
    let amounts = [("paid", 0), ("shipping", 0), ("tax", 0), ("points", 0)];
    Ok(QuoteLine {
        sku: gift.sku.id.clone(),
        price: "gift".to_owned(),
        unit_price: 0,
        amount: 0,
        added_tax: 0,
        merchant: gift.sku.merchant.clone(),
        fulfilment: gift.sku.fulfilment,
        sold: sale_line(gift.id.clone(), gift.sku, gift.units, &amounts, catalog)?,
    })
}

fn sale_line(
    id: LineId,
    sku: &Sku,
    units: u64,
    amounts: &[(&str, i64)],
    catalog: &Catalog,
) -> Result<SaleLine> {
    let mut components: BTreeMap<String, i64> =
        amounts.iter().map(|(name, minor)| ((*name).to_owned(), *minor)).collect();
    // A gift's line has the id of its rule: nobody else says which one is too much.
    let of_all = |name: &str, unit: i64| {
        times(unit, units).map_err(|_| {
            let rule = format!("line {id}: `{name}`, {unit} for each of {units} units");
            Error::new(Code::Overflow, format!("{rule}, does not fit a signed 64-bit amount"))
        })
    };
    for (name, unit) in [("list", Some(sku.list)), ("member", sku.member), ("cost", sku.cost)] {
        if let Some(unit) = unit {
            components.insert(name.to_owned(), of_all(name, unit)?);
        }
    }
    for (name, unit) in &sku.volumes {
        components.insert(name.clone(), of_all(name, *unit)?);
    }
    Ok(SaleLine {
        id,
        units,
        components,
        purpose: sku.purpose,
        facts: catalog.facts(sku),
        overrides: sku.overrides.clone(),
    })
}

impl Quote {
    pub(super) fn seal(content: QuoteContent) -> Self {
        let hash = long_hash(&JsonSink::of(|sink| content.write(sink)));
        Self { content, hash }
    }

    pub(super) const fn content(&self) -> &QuoteContent {
        &self.content
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.content.currency
    }

    /// The lines in the order of their ids, gifts behind them in the order of their rules.
    #[must_use]
    pub fn lines(&self) -> &[QuoteLine] {
        &self.content.lines
    }

    /// What is sent.
    #[must_use]
    pub fn deliveries(&self) -> &[QuoteDelivery] {
        &self.content.deliveries
    }

    /// The amounts before discounts.
    #[must_use]
    pub const fn subtotal(&self) -> i64 {
        self.content.subtotal
    }

    /// What the buyer pays for shipping, before added tax.
    #[must_use]
    pub const fn shipping(&self) -> i64 {
        self.content.shipping
    }

    /// What the buyer pays for shipping, with the tax on top of it.
    #[must_use]
    pub const fn shipping_due(&self) -> i64 {
        self.content.shipping.saturating_add(self.content.shipping_added_tax)
    }

    /// All tax, in and on prices.
    #[must_use]
    pub const fn tax(&self) -> i64 {
        self.content.tax
    }

    /// The tax the buyer pays on top, of goods and shipping.
    #[must_use]
    pub const fn added_tax(&self) -> i64 {
        self.content.added_tax
    }

    /// What cash rounding 抹零 added; mostly below zero.
    #[must_use]
    pub const fn rounding(&self) -> i64 {
        self.content.rounding
    }

    /// The nets, the shipping, the added tax and the cash rounding.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.content.total
    }

    /// How many points were used.
    #[must_use]
    pub const fn points_used(&self) -> u64 {
        self.content.points_used
    }

    /// The coupons that took something off, by the ids of their rules; one that made no difference is not
    /// among them.
    #[must_use]
    pub const fn coupons(&self) -> &BTreeSet<String> {
        &self.content.coupons
    }

    /// Every rule tried, in order.
    #[must_use]
    pub fn trace(&self) -> &[Entry] {
        &self.content.trace
    }

    /// The version of the policy it was priced under.
    #[must_use]
    pub fn policy_version(&self) -> &str {
        &self.content.policy_version
    }

    /// The last moment it may be placed.
    #[must_use]
    pub const fn valid_until(&self) -> Timestamp {
        self.content.valid_until
    }

    /// SHA-256 over the canonical JSON of everything else, 64 hex digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}
