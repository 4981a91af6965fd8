//! What pricing knows of the moment, the buyer and what was given before: all of it stated by the caller.

use super::scope::names;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, SkuId};
use crate::time::Timestamp;
use crate::trade::catalog::TIER_WORDS;
use std::collections::{BTreeMap, BTreeSet};

/// What a rule gave in earlier orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Usage {
    /// Orders.
    pub uses: u64,
    /// Orders of this customer.
    pub uses_by_customer: u64,
    /// Units.
    pub units: u64,
    /// Units of this customer.
    pub units_by_customer: u64,
    /// Minor units off.
    pub amount: i64,
}

/// How many points the buyer wants to pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PointsWish {
    /// As many as may be used.
    All,
    /// At most so many.
    UpTo(u64),
}

/// The points of the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BuyerPoints {
    /// How many there are.
    pub balance: u64,
    /// How many to use.
    pub wish: PointsWish,
}

/// The moment, the buyer, and what was given before.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PricingFacts {
    /// When, by the caller's clock.
    pub now: Timestamp,
    /// The customer tier of the buyer; none pays list prices.
    pub tier: Option<String>,
    /// Where it is sent, from the narrowest name to the widest: district, city, province.
    pub region: Vec<String>,
    /// The coupons presented: ids of rules.
    pub coupons: BTreeSet<ExternalId>,
    /// The points of the buyer, where some are to be used.
    pub points: Option<BuyerPoints>,
    /// What rules gave before; a rule that is not named gave nothing.
    pub usage: BTreeMap<ExternalId, Usage>,
    /// Units of SKUs this customer bought before.
    pub bought: BTreeMap<SkuId, u64>,
}

impl PricingFacts {
    /// Reads `{"now", "tier", "region", "coupons", "points": {"balance", "use"}, "usage", "bought"}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "facts")?;
        let facts = Self::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(facts)
    }

    /// Takes the keys of the facts from a larger document.
    pub(crate) fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        let mut region = Vec::new();
        for node in fields.list("region")? {
            match node {
                Node::Text(text) if !text.is_empty() => region.push(text.clone()),
                other => return Err(fields.wrong("region", "a list of names", other)),
            }
        }
        let coupons = names(fields, "coupons")?;
        Ok(Self {
            now: Timestamp::from_ms(fields.int("now")?.unwrap_or(0)),
            tier: tier(fields)?,
            region,
            coupons: coupons.iter().map(|id| ExternalId::new(id)).collect::<Result<_>>()?,
            points: fields.take("points").map(points_from_node).transpose()?,
            usage: by_id(fields, "usage", usage_from_node)?,
            bought: by_id(fields, "bought", |node, what| match node {
                Node::Int(units) => u64::try_from(*units)
                    .map_err(|_| Error::new(Code::InvalidValue, format!("{what}: {units} is below zero"))),
                other => Err(crate::doc::invalid(what, "units", other)),
            })?
            .into_iter()
            .map(|(id, units)| (SkuId::from(id), units))
            .collect(),
        })
    }

    /// What a rule gave before.
    #[must_use]
    pub fn usage_of(&self, rule: &ExternalId) -> Usage {
        self.usage.get(rule).copied().unwrap_or_default()
    }
}

/// The tier of the buyer; `list` and nothing at all mean that there is none.
fn tier(fields: &mut Fields<'_>) -> Result<Option<String>> {
    match fields.text("tier")? {
        None | Some("" | "list") => Ok(None),
        Some(word) if TIER_WORDS.contains(&word) => {
            let rule = format!("`tier` is `{word}`; no tier is called so");
            Err(fields.fault(Code::InvalidValue, rule))
        }
        Some(tier) => Ok(Some(tier.to_owned())),
    }
}

fn points_from_node(node: &Node) -> Result<BuyerPoints> {
    let mut fields = Fields::new(node, "points")?;
    let balance = fields.count("balance")?.unwrap_or(0);
    let wish = match fields.need("use")? {
        Node::Text(word) if word == "all" => PointsWish::All,
        Node::Int(points) if *points >= 0 => PointsWish::UpTo(points.unsigned_abs()),
        other => return Err(fields.wrong("use", "\"all\" or a number of points", other)),
    };
    fields.finish()?;
    Ok(BuyerPoints { balance, wish })
}

fn usage_from_node(node: &Node, what: &str) -> Result<Usage> {
    let mut fields = Fields::new(node, what)?;
    let usage = Usage {
        uses: fields.count("uses")?.unwrap_or(0),
        uses_by_customer: fields.count("uses_by_customer")?.unwrap_or(0),
        units: fields.count("units")?.unwrap_or(0),
        units_by_customer: fields.count("units_by_customer")?.unwrap_or(0),
        amount: fields.int("amount")?.unwrap_or(0),
    };
    if usage.amount < 0 {
        return Err(fields.fault(Code::InvalidValue, format!("`amount` is {}, below zero", usage.amount)));
    }
    fields.finish()?;
    Ok(usage)
}

/// A map from ids to whatever `read` makes of the values.
fn by_id<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    read: impl Fn(&Node, &str) -> Result<T>,
) -> Result<BTreeMap<ExternalId, T>> {
    let Some(node) = fields.take(key) else { return Ok(BTreeMap::new()) };
    let inner = Fields::new(node, format!("{}: `{key}`", fields.what()))?;
    inner
        .rest()
        .map(|(id, value)| Ok((ExternalId::new(id)?, read(value, &format!("{key}: {id}"))?)))
        .collect()
}
