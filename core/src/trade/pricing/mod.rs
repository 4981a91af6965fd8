//! Pricing: a pure function from a cart to what the buyer pays, with an explanation.
//!
//! Stages: 0 validate, 1 base price, 2 rules over lines, 3 over the cart, 4 coupons, 5 points, 6 shipping,
//! 7 rules over shipping, 8 tax, 9 cash rounding 抹零, 10 components per line. Rules run by (stage,
//! priority, id) and test their conditions on the amounts as they are when their turn comes. [`price`]
//! computes amounts alone; [`quote`] adds the components, the trace and the hash.
//!
//! Laws: the nets of the lines, the shipping, the added tax and the cash rounding sum to the total; each
//! discount is the sum of its shares and what could not be placed; nothing is negative; permuting lines or
//! rules (ids fixed) changes nothing; replaying the trace gives the same amounts.

mod assess;
mod basket;
mod buy_get;
mod facts;
mod later;
mod part;
mod points;
mod policy;
mod policy_text;
mod quote;
mod read;
mod reprice;
mod rule;
mod run;
mod scope;
mod share;
mod shipping;
mod tax;
mod trace;

pub use basket::Basket;
pub use facts::{BuyerPoints, PointsWish, PricingFacts, Usage};
pub use part::PartOf;
pub use points::{PointsTerms, PointsUse};
pub use policy::{CashRounding, Group, MAX_GROUPS, MAX_RULES, Policy, PolicyDraft};
pub use quote::{Quote, QuoteDelivery, QuoteLine, quote};
pub use reprice::{Difference, Repriced};
pub use rule::{Effect, Limits, Off, Rounds, Rule, Stage, Step, TestOn};
pub use scope::{Choice, Scope};
pub use shipping::{Measure, ShippingTerms, Template, Zone};
pub use tax::{Inclusion, TaxClass, TaxPer, TaxTerms};
pub use trace::{Entry, Per, Verdict};

use crate::error::Result;
use crate::id::LineId;
use crate::money::Currency;
use crate::trade::cart::Cart;
use crate::trade::catalog::{Catalog, Sku};
use crate::trade::fulfilment::Fulfilment;

/// Which of a SKU's prices was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum BasePrice {
    /// The list price.
    #[default]
    List,
    /// The member price.
    Member,
    /// The price of the buyer's tier.
    Tier,
}

/// The amounts of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricedLine<'a> {
    /// The cart line.
    pub id: &'a LineId,
    /// What.
    pub sku: &'a Sku,
    /// How many units.
    pub units: u64,
    /// Which price was taken.
    pub price: BasePrice,
    /// The price of one unit.
    pub unit_price: i64,
    /// The price of the units before discounts.
    pub amount: i64,
    /// The amount less the line's shares of discounts and points.
    pub net: i64,
    /// What was paid with points.
    pub points: i64,
    /// The line's share of the shipping.
    pub shipping: i64,
    /// The tax in or on the net.
    pub tax: i64,
    /// The part of `tax` the buyer pays on top of the net.
    pub added_tax: i64,
    /// The tax in or on the share of the shipping.
    pub shipping_tax: i64,
    /// The part of `shipping_tax` the buyer pays on top of the shipping.
    pub shipping_added_tax: i64,
    /// Which delivery it is part of; none when nothing is sent.
    pub delivery: Option<usize>,
}

impl<'a> PricedLine<'a> {
    const fn new(
        id: &'a LineId,
        sku: &'a Sku,
        units: u64,
        price: BasePrice,
        unit_price: i64,
        amount: i64,
    ) -> Self {
        Self {
            id,
            sku,
            units,
            price,
            unit_price,
            amount,
            net: amount,
            points: 0,
            shipping: 0,
            tax: 0,
            added_tax: 0,
            shipping_tax: 0,
            shipping_added_tax: 0,
            delivery: None,
        }
    }
}

/// Units somebody gets for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedGift<'a> {
    /// The line it stands on: `gift-` and the id of the rule.
    pub id: LineId,
    /// What.
    pub sku: &'a Sku,
    /// How many units.
    pub units: u64,
    /// Which delivery it is part of; none when it is not sent.
    pub delivery: Option<usize>,
}

/// What one merchant sends under one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// Who sends it; none is the shop itself.
    pub merchant: Option<&'a str>,
    /// The template it is priced by; none is the flat fee.
    pub template: Option<&'a str>,
    /// What the buyer pays for it, less discounts, before added tax.
    pub fee: i64,
}

impl<'a> Delivery<'a> {
    /// Of which delivery a SKU is part, by who sends it and under which template; none where it is not sent.
    pub(super) fn kind_of(sku: &'a Sku) -> Option<(Option<&'a str>, Option<&'a str>)> {
        let merchant = sku.merchant.as_ref().map(crate::id::MerchantId::as_str);
        (sku.fulfilment == Fulfilment::Ship).then_some((merchant, sku.shipping_template.as_deref()))
    }
}

/// The amounts of a cart. Its lines stand in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price<'a> {
    /// The currency of every amount.
    pub currency: Currency,
    /// The selected lines.
    pub lines: Vec<PricedLine<'a>>,
    /// What is given on top.
    pub gifts: Vec<PricedGift<'a>>,
    /// What is sent.
    pub deliveries: Vec<Delivery<'a>>,
    /// The amounts before discounts.
    pub subtotal: i64,
    /// What the buyer pays for shipping, before added tax.
    pub shipping: i64,
    /// The part of `added_tax` that is of shipping.
    pub shipping_added_tax: i64,
    /// All tax, in and on prices.
    pub tax: i64,
    /// The tax the buyer pays on top.
    pub added_tax: i64,
    /// What cash rounding added; mostly below zero.
    pub rounding: i64,
    /// The nets, the shipping, the added tax and the cash rounding.
    pub total: i64,
    /// How many points were used.
    pub points_used: u64,
}

/// What the buyer pays for the selected lines of a cart: amounts alone.
///
/// # Errors
/// [`Code::InvalidCart`](crate::Code::InvalidCart) when nothing is selected, a SKU is not on sale, a
/// quantity breaks its rule, a region cannot be reached or the policy lacks a template or tax class a SKU
/// names; [`Code::Overflow`](crate::Code::Overflow) when an amount does not fit.
pub fn price<'a>(
    cart: &'a Cart,
    catalog: &'a Catalog,
    policy: &Policy,
    facts: &PricingFacts,
) -> Result<Price<'a>> {
    Basket::new(cart, catalog)?.price(policy, facts)
}
