//! What a shop sells, as far as pricing needs to know it.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::SkuId;
use crate::money::Currency;
use crate::sale::{Facts, Override, Purpose, read};
use std::collections::BTreeMap;

/// Names of components that are computed, so no volume may have them.
const RESERVED: [&str; 10] =
    ["paid", "list", "member", "cost", "margin", "quantity", "shipping", "tax", "points", "income"];

/// Whether a SKU can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Shelf {
    /// For sale.
    #[default]
    On,
    /// Not for sale; carts that hold it cannot be priced.
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

/// How many units of a SKU one cart line may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuantityRule {
    /// The least.
    pub min: u64,
    /// The most; none means no limit.
    pub max: Option<u64>,
    /// Units come in multiples of this.
    pub step: u64,
}

impl Default for QuantityRule {
    fn default() -> Self {
        Self { min: 1, max: None, step: 1 }
    }
}

impl QuantityRule {
    /// Checks a quantity.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] names the quantity and the rule.
    pub fn check(&self, sku: &SkuId, units: u64) -> Result<()> {
        let rule = if units == 0 || units < self.min {
            format!("at least {}", self.min.max(1))
        } else if let Some(max) = self.max.filter(|max| units > *max) {
            format!("at most {max}")
        } else if units % self.step.max(1) != 0 {
            format!("multiples of {}", self.step)
        } else {
            return Ok(());
        };
        Err(Error::new(Code::InvalidCart, format!("SKU {sku}: {units} units; {rule} can be bought")))
    }
}

/// A stock keeping unit: prices, volumes and facts, each for one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sku {
    /// Its id.
    pub id: SkuId,
    /// The list price in minor units.
    pub list: i64,
    /// The price for members, where there is one.
    pub member: Option<i64>,
    /// What it costs the shop, where that is known.
    pub cost: Option<i64>,
    /// Volumes commission may be taken of, such as `pv`.
    pub volumes: BTreeMap<String, i64>,
    /// What the buyer pays for.
    pub purpose: Purpose,
    /// Category, tags and whatever else plans ask for.
    pub facts: Facts,
    /// Commission rates that replace a rule's own, by rule id.
    pub overrides: BTreeMap<String, Override>,
    /// How many units can be bought.
    pub quantity: QuantityRule,
    /// Whether it can be bought.
    pub shelf: Shelf,
}

impl Sku {
    /// Goods at a list price.
    #[must_use]
    pub fn new(id: SkuId, list: i64) -> Self {
        Self {
            id,
            list,
            member: None,
            cost: None,
            volumes: BTreeMap::new(),
            purpose: Purpose::Goods,
            facts: Facts::new(),
            overrides: BTreeMap::new(),
            quantity: QuantityRule::default(),
            shelf: Shelf::On,
        }
    }

    /// Reads `{"id", "list", "member", "cost", "volumes", "purpose", "facts", "override", "min", "max",
    /// "step", "shelf"}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "sku")?;
        let mut volumes = BTreeMap::new();
        let id = SkuId::from(fields.need_id("id")?);
        let list = fields.need_int("list")?;
        if let Some(node) = fields.take("volumes") {
            for (name, value) in Fields::new(node, "sku: `volumes`")?.rest() {
                let Node::Int(value) = value else {
                    return Err(fields.wrong(name, "an integer", value));
                };
                volumes.insert(name.to_owned(), *value);
            }
        }
        let sku = Self {
            id,
            list,
            member: fields.int("member")?,
            cost: fields.int("cost")?,
            volumes,
            purpose: read::purpose_from_fields(&mut fields)?,
            facts: read::facts_from_node(fields.take("facts"), "sku: `facts`")?,
            overrides: read::overrides_from_fields(&mut fields)?,
            quantity: QuantityRule {
                min: fields.count("min")?.unwrap_or(1),
                max: fields.count("max")?,
                step: fields.count("step")?.unwrap_or(1),
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
        let mut map =
            BTreeMap::from([("id".to_owned(), Node::from(&self.id)), ("list".into(), self.list.into())]);
        let mut put = |key: &str, value: Option<Node>| {
            if let Some(value) = value {
                map.insert(key.to_owned(), value);
            }
        };
        let volumes = self.volumes.iter().map(|(name, value)| (name.as_str(), Node::from(*value)));
        put("member", self.member.map(Node::from));
        put("cost", self.cost.map(Node::from));
        put("volumes", (!self.volumes.is_empty()).then(|| Node::map(volumes)));
        put("purpose", (self.purpose != Purpose::Goods).then(|| self.purpose.name().into()));
        put("facts", (!self.facts.is_empty()).then(|| Node::Map(self.facts.clone())));
        put("override", (!self.overrides.is_empty()).then(|| read::overrides_to_node(&self.overrides)));
        put("min", (self.quantity.min != 1).then(|| count(self.quantity.min)));
        put("max", self.quantity.max.map(count));
        put("step", (self.quantity.step != 1).then(|| count(self.quantity.step)));
        put("shelf", (self.shelf == Shelf::Off).then(|| self.shelf.name().into()));
        Node::Map(map)
    }

    fn check(&self) -> Result<()> {
        let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("SKU {}: {rule}", self.id)));
        let prices = [("list", Some(self.list)), ("member", self.member), ("cost", self.cost)];
        let volumes = self.volumes.iter().map(|(name, value)| (name.as_str(), Some(*value)));
        for (name, value) in prices.into_iter().chain(volumes) {
            if let Some(value) = value.filter(|value| *value < 0) {
                return fault(format!("{name} is {value}, below zero"));
            }
        }
        if let Some(name) = RESERVED.iter().find(|name| self.volumes.contains_key(**name)) {
            return fault(format!("the volume `{name}` has the name of a component"));
        }
        let QuantityRule { min, max, step } = self.quantity;
        if step == 0 || max.is_some_and(|max| max < min.max(1)) {
            return fault(format!("min {min}, max {max:?}, step {step}: step from 1, max not below min"));
        }
        Ok(())
    }
}

/// The SKUs a cart may name, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    currency: Currency,
    skus: BTreeMap<SkuId, Sku>,
}

impl Catalog {
    /// An empty catalogue.
    #[must_use]
    pub const fn new(currency: Currency) -> Self {
        Self { currency, skus: BTreeMap::new() }
    }

    /// Puts a SKU in, replacing the one with its id.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for an amount below zero, a volume with the name of a component, or a
    /// quantity rule nothing can meet.
    pub fn put(&mut self, sku: Sku) -> Result<()> {
        sku.check()?;
        self.skus.insert(sku.id.clone(), sku);
        Ok(())
    }

    /// Moves a SKU on or off the shelf.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when it is not in the catalogue.
    pub fn shelve(&mut self, id: &SkuId, shelf: Shelf) -> Result<()> {
        self.skus.get_mut(id).map(|sku| sku.shelf = shelf).ok_or_else(|| unknown(id))
    }

    /// The currency of every price.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// A SKU that can be bought.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when it is not in the catalogue or off the shelf.
    pub fn on_sale(&self, id: &SkuId) -> Result<&Sku> {
        let sku = self.skus.get(id).ok_or_else(|| unknown(id))?;
        if sku.shelf == Shelf::Off {
            return Err(Error::new(Code::InvalidCart, format!("SKU {id} is off the shelf")));
        }
        Ok(sku)
    }

    /// Every SKU, by id.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        self.skus.values()
    }

    /// Reads `{"currency", "skus": […]}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule; a SKU may stand once.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "catalog")?;
        let mut catalog = Self::new(Currency::parse(fields.need_text("currency")?)?);
        for node in fields.list("skus")? {
            let sku = Sku::from_node(node)?;
            if catalog.skus.contains_key(&sku.id) {
                return Err(fields.fault(Code::InvalidValue, format!("SKU {} stands twice", sku.id)));
            }
            catalog.put(sku)?;
        }
        fields.finish()?;
        Ok(catalog)
    }

    /// The document of this catalogue.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let skus: Vec<Node> = self.skus().map(Sku::to_node).collect();
        Node::map([("currency", Node::from(self.currency.code())), ("skus", skus.into())])
    }
}

fn unknown(id: &SkuId) -> Error {
    Error::new(Code::InvalidCart, format!("SKU {id} is not in the catalogue"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_round_trip() {
        let text = r#"{"currency":"CNY","skus":[{"cost":600,"facts":{"category":"tea"},"id":"7","list":1000,"max":10,"member":900,"min":2,"override":{"upline":{"any":["5%","2%"]}},"shelf":"off","step":2,"volumes":{"pv":8}},{"id":"8","list":0}]}"#;
        let node = crate::doc::read_json(text, 10_000).unwrap();
        let catalog = Catalog::from_node(&node).unwrap();
        assert_eq!(catalog.to_node().to_json(), text);
        assert_eq!(catalog.on_sale(&SkuId::from(7)).unwrap_err().code(), Code::InvalidCart);
        assert_eq!(catalog.on_sale(&SkuId::from(8)).unwrap().list, 0);
    }

    #[test]
    fn refused_skus() {
        let mut catalog = Catalog::new(Currency::CNY);
        let sku = |list| Sku::new(SkuId::from(1), list);
        assert!(catalog.put(sku(-1)).is_err());
        assert!(catalog.put(Sku { volumes: [("paid".to_owned(), 1)].into(), ..sku(1) }).is_err());
        let never = QuantityRule { min: 5, max: Some(4), step: 1 };
        assert!(catalog.put(Sku { quantity: never, ..sku(1) }).is_err());
        catalog.put(sku(1)).unwrap();
        catalog.shelve(&SkuId::from(1), Shelf::Off).unwrap();
        assert!(catalog.shelve(&SkuId::from(2), Shelf::Off).is_err());
        assert!(catalog.on_sale(&SkuId::from(1)).is_err());
    }

    #[test]
    fn quantities() {
        let rule = QuantityRule { min: 2, max: Some(10), step: 4 };
        let ok: Vec<u64> = (0..20).filter(|units| rule.check(&SkuId::from(1), *units).is_ok()).collect();
        assert_eq!(ok, [4, 8]);
    }
}
