//! SKUs: what a shop sells, each for one unit.

use super::{QuantityRule, amounts, check_name, check_text};
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{MerchantId, ProductId, SkuId};
use crate::sale::{Facts, Override, Purpose, read};
use crate::trade::fulfilment::Fulfilment;
use std::collections::BTreeMap;

/// Names of components that are computed, so no volume may have them.
const RESERVED: [&str; 10] =
    ["paid", "list", "member", "cost", "margin", "quantity", "shipping", "tax", "points", "income"];

/// Whether a product or a SKU can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Shelf {
    /// For sale.
    #[default]
    On,
    /// Not for sale; a cart with such a line selected cannot be priced.
    Off,
}

impl Shelf {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// A stock keeping unit: prices, volumes and facts, each for one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sku {
    /// Its id.
    pub id: SkuId,
    /// The catalogue's version when this SKU last changed; the catalogue sets it.
    pub version: u64,
    /// The product it is a variant of; none for one that stands alone.
    pub product: Option<ProductId>,
    /// What tells it from the other variants, such as `colour` and `size`.
    pub attributes: BTreeMap<String, String>,
    /// The list price in minor units.
    pub list: i64,
    /// The price for members, where there is one.
    pub member: Option<i64>,
    /// Prices for members of customer tiers, by the tier's name, in place of `member`.
    pub tiers: BTreeMap<String, i64>,
    /// What it costs the shop, where that is known.
    pub cost: Option<i64>,
    /// Volumes commission may be taken of, such as `pv`.
    pub volumes: BTreeMap<String, i64>,
    /// Weight in grams, for shipping.
    pub weight_grams: u64,
    /// Volume in cubic centimetres, for shipping.
    pub volume_cm3: u64,
    /// The tax class, a name the pricing policy knows.
    pub tax_class: Option<String>,
    /// The shipping template, a name the pricing policy knows.
    pub shipping_template: Option<String>,
    /// Who sells it; none is the shop itself.
    pub merchant: Option<MerchantId>,
    /// How it reaches the buyer.
    pub fulfilment: Fulfilment,
    /// What the buyer pays for.
    pub purpose: Purpose,
    /// Whatever else plans ask for. What stands here wins over what the catalogue knows; see
    /// [`Catalog::facts`](super::Catalog::facts).
    pub facts: Facts,
    /// Commission rates that replace a rule's own, by rule id and rank.
    pub overrides: BTreeMap<String, Override>,
    /// How many units can be bought.
    pub quantity: QuantityRule,
    /// Whether it can be bought.
    pub shelf: Shelf,
}

/// What quotes call prices that are of no tier: no tier is called so.
pub(crate) const TIER_WORDS: &[&str] = &["list", "gift"];

impl Sku {
    /// Goods at a list price.
    #[must_use]
    pub fn new(id: SkuId, list: i64) -> Self {
        Self {
            id,
            version: 0,
            product: None,
            attributes: BTreeMap::new(),
            list,
            member: None,
            tiers: BTreeMap::new(),
            cost: None,
            volumes: BTreeMap::new(),
            weight_grams: 0,
            volume_cm3: 0,
            tax_class: None,
            shipping_template: None,
            merchant: None,
            fulfilment: Fulfilment::Ship,
            purpose: Purpose::Goods,
            facts: Facts::new(),
            overrides: BTreeMap::new(),
            quantity: QuantityRule::default(),
            shelf: Shelf::On,
        }
    }

    /// The price of one unit for a member of a customer tier: the tier's own, else the member price, where
    /// there is one. A shop without tiers may call its members' tier what it likes.
    #[must_use]
    pub fn member_price(&self, tier: &str) -> Option<i64> {
        self.tiers.get(tier).copied().or(self.member)
    }

    /// The price of one unit for a buyer: the [member price](Self::member_price) of the tier, if there is a
    /// tier and such a price, else the list price.
    #[must_use]
    pub fn price(&self, tier: Option<&str>) -> i64 {
        tier.and_then(|tier| self.member_price(tier)).unwrap_or(self.list)
    }

    /// Reads the document of `docs/reference/catalog.md`; only `id` and `list` must be there.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        Self::from_fields(Fields::new(node, "sku")?)
    }

    pub(super) fn from_fields(mut fields: Fields<'_>) -> Result<Self> {
        let id = SkuId::from(fields.need_id("id")?);
        let sku = Self {
            id,
            version: fields.count("version")?.unwrap_or(0),
            product: fields.id("product")?.map(ProductId::from),
            attributes: attributes(&mut fields)?,
            list: fields.need_int("list")?,
            member: fields.int("member")?,
            tiers: amounts(&mut fields, "tiers")?,
            cost: fields.int("cost")?,
            volumes: amounts(&mut fields, "volumes")?,
            weight_grams: fields.count("weight_grams")?.unwrap_or(0),
            volume_cm3: fields.count("volume_cm3")?.unwrap_or(0),
            tax_class: fields.text("tax_class")?.map(str::to_owned),
            shipping_template: fields.text("shipping_template")?.map(str::to_owned),
            merchant: fields.id("merchant")?.map(MerchantId::from),
            fulfilment: fields.word("fulfilment", Fulfilment::ALL, Fulfilment::name)?.unwrap_or_default(),
            purpose: read::purpose_from_fields(&mut fields)?,
            facts: read::facts_from_fields(&mut fields, "sku: `facts`")?,
            overrides: read::overrides_from_fields(&mut fields)?,
            quantity: QuantityRule {
                min: fields.count("min")?.unwrap_or(1),
                max: fields.count("max")?,
                step: fields.count("step")?.unwrap_or(1),
                per_customer: fields.count("per_customer")?,
            },
            shelf: fields.word("shelf", &[Shelf::On, Shelf::Off], Shelf::name)?.unwrap_or_default(),
        };
        fields.finish()?;
        Ok(sku)
    }

    /// The document of this SKU; what is default is left out.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let count = |value: u64| Node::Int(i64::try_from(value).unwrap_or(i64::MAX));
        let ints = |map: &BTreeMap<String, i64>| {
            (!map.is_empty())
                .then(|| Node::map(map.iter().map(|(name, value)| (name.as_str(), Node::from(*value)))))
        };
        let words = self.attributes.iter().map(|(name, value)| (name.as_str(), Node::from(value.as_str())));
        let QuantityRule { min, max, step, per_customer } = self.quantity;
        let optional = [
            ("version", (self.version != 0).then(|| count(self.version))),
            ("product", self.product.as_ref().map(Node::from)),
            ("attributes", (!self.attributes.is_empty()).then(|| Node::map(words))),
            ("member", self.member.map(Node::from)),
            ("tiers", ints(&self.tiers)),
            ("cost", self.cost.map(Node::from)),
            ("volumes", ints(&self.volumes)),
            ("weight_grams", (self.weight_grams != 0).then(|| count(self.weight_grams))),
            ("volume_cm3", (self.volume_cm3 != 0).then(|| count(self.volume_cm3))),
            ("tax_class", self.tax_class.as_deref().map(Node::from)),
            ("shipping_template", self.shipping_template.as_deref().map(Node::from)),
            ("merchant", self.merchant.as_ref().map(Node::from)),
            ("fulfilment", (self.fulfilment != Fulfilment::Ship).then(|| self.fulfilment.name().into())),
            ("purpose", (self.purpose != Purpose::Goods).then(|| self.purpose.name().into())),
            ("facts", (!self.facts.is_empty()).then(|| Node::Map(self.facts.clone()))),
            ("override", (!self.overrides.is_empty()).then(|| read::overrides_to_node(&self.overrides))),
            ("min", (min != 1).then(|| count(min))),
            ("max", max.map(count)),
            ("step", (step != 1).then(|| count(step))),
            ("per_customer", per_customer.map(count)),
            ("shelf", (self.shelf == Shelf::Off).then(|| self.shelf.name().into())),
        ];
        let always = [("id", Node::from(&self.id)), ("list", self.list.into())];
        Node::map(optional.into_iter().filter_map(|(key, value)| Some((key, value?))).chain(always))
    }

    pub(super) fn check(&self) -> Result<()> {
        let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("SKU {}: {rule}", self.id)));
        let prices = [("list", Some(self.list)), ("member", self.member), ("cost", self.cost)];
        let named = self.tiers.iter().chain(&self.volumes);
        let named = named.map(|(name, value)| (name.as_str(), Some(*value)));
        for (name, value) in prices.into_iter().chain(named) {
            if let Some(value) = value.filter(|value| *value < 0) {
                return fault(format!("{name} is {value}, below zero"));
            }
        }
        if let Some(name) = RESERVED.iter().find(|name| self.volumes.contains_key(**name)) {
            return fault(format!("the volume `{name}` has the name of a component"));
        }
        let near = self.volumes.keys().find_map(|name| Some((name, read::misspelt(name)?)));
        if let Some((name, meant)) = near {
            return fault(format!("the volume `{name}` reads like `{meant}`, a key of a line"));
        }
        if let Some(word) = TIER_WORDS.iter().find(|word| self.tiers.contains_key(**word)) {
            return fault(format!("a tier is not called `{word}`: so quotes call a price of their own"));
        }
        let what = |kind: &str| format!("SKU {}: the {kind}", self.id);
        for (kind, name) in [("tax class", &self.tax_class), ("shipping template", &self.shipping_template)] {
            name.as_ref().map_or(Ok(()), |name| check_name(&what(kind), name))?;
        }
        self.tiers.keys().try_for_each(|name| check_name(&what("tier"), name))?;
        self.volumes.keys().try_for_each(|name| check_name(&what("volume"), name))?;
        for (name, value) in &self.attributes {
            check_name(&what("attribute"), name)?;
            check_text(&what(name), value)?;
        }
        let most = i64::MAX.unsigned_abs();
        if [self.weight_grams, self.volume_cm3].iter().any(|size| *size > most) {
            return fault(format!("weight and volume are at most {most}"));
        }
        self.quantity.satisfiable().or_else(fault)
    }
}

fn attributes(fields: &mut Fields<'_>) -> Result<BTreeMap<String, String>> {
    let Some(node) = fields.take("attributes") else { return Ok(BTreeMap::new()) };
    let inner = Fields::new(node, "sku: `attributes`")?;
    let read = |(name, value): (&str, &Node)| match value {
        Node::Text(text) => Ok((name.to_owned(), text.clone())),
        other => Err(inner.wrong(name, "text", other)),
    };
    inner.rest().map(read).collect()
}
