//! Stage 6: what a delivery costs. A delivery is what one merchant sends under one template.

use super::scope::names;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::trade::catalog::Sku;
use std::collections::{BTreeMap, BTreeSet};

/// What a template measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Measure {
    /// Units.
    #[default]
    Piece,
    /// Grams.
    Weight,
    /// Cubic centimetres.
    Volume,
}

impl Measure {
    /// Every measure.
    pub const ALL: &'static [Self] = &[Self::Piece, Self::Weight, Self::Volume];

    /// What so many units of a SKU come to.
    pub(super) fn of(self, sku: &Sku, units: u64) -> u128 {
        let each = match self {
            Self::Piece => 1,
            Self::Weight => sku.weight_grams,
            Self::Volume => sku.volume_cm3,
        };
        u128::from(each) * u128::from(units)
    }

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Piece => "piece",
            Self::Weight => "weight",
            Self::Volume => "volume",
        }
    }
}

/// What it costs to send something to some regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// The regions; empty means everywhere else.
    pub regions: BTreeSet<String>,
    /// What the first fee covers.
    pub first: u64,
    /// The first fee.
    pub first_fee: i64,
    /// What each further fee covers; 0 means there are none.
    pub next: u64,
    /// Each further fee.
    pub next_fee: i64,
    /// Free from this amount of the delivery on, as it is left when its turn comes.
    pub free_over: Option<i64>,
    /// Free from this many units of the delivery on.
    pub free_units: Option<u64>,
}

impl Zone {
    /// What so much costs: the first fee, and one further fee for each part of `next` above `first`.
    pub(super) fn fee(&self, amount: u128) -> Option<i64> {
        let above = amount.saturating_sub(u128::from(self.first));
        let parts = if self.next == 0 { 0 } else { above.div_ceil(u128::from(self.next)) };
        let further = i128::try_from(parts).ok()?.checked_mul(i128::from(self.next_fee))?;
        i64::try_from(further.checked_add(i128::from(self.first_fee))?).ok()
    }

    /// Whether a delivery of this amount and these units is free.
    pub(super) fn is_free(&self, amount: i64, units: u64) -> bool {
        self.free_over.is_some_and(|least| amount >= least)
            || self.free_units.is_some_and(|least| units >= least)
    }

    fn from_node(node: &Node, what: &str) -> Result<Self> {
        let mut fields = Fields::new(node, what)?;
        let zone = Self {
            regions: names(&mut fields, "regions")?,
            first: fields.count("first")?.unwrap_or(1),
            first_fee: fields.need_int("first_fee")?,
            next: fields.count("next")?.unwrap_or(0),
            next_fee: fields.int("next_fee")?.unwrap_or(0),
            free_over: fields.int("free_over")?,
            free_units: fields.count("free_units")?,
        };
        fields.finish()?;
        Ok(zone)
    }

    fn to_node(&self) -> Node {
        let count = |value: u64| Node::Int(i64::try_from(value).unwrap_or(i64::MAX));
        let regions: Vec<Node> = self.regions.iter().map(|name| name.as_str().into()).collect();
        Node::map([
            ("regions", Node::List(regions)),
            ("first", count(self.first)),
            ("first_fee", self.first_fee.into()),
            ("next", count(self.next)),
            ("next_fee", self.next_fee.into()),
            ("free_over", self.free_over.into()),
            ("free_units", self.free_units.map(count).into()),
        ])
    }
}

/// A way to price deliveries, named by SKUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it measures.
    pub measure: Measure,
    /// Its zones.
    pub zones: Vec<Zone>,
    /// The tax class of its fee; none means that of all shipping.
    pub tax_class: Option<String>,
}

impl Template {
    /// The zone of a buyer: the one that names the narrowest of their regions, else the one for everywhere.
    pub(super) fn zone(&self, region: &[String]) -> Option<&Zone> {
        let named = region.iter().find_map(|name| self.zones.iter().find(|zone| zone.regions.contains(name)));
        named.or_else(|| self.zones.iter().find(|zone| zone.regions.is_empty()))
    }

    fn check(&self, id: &str) -> Result<()> {
        let fault = |rule: String| {
            Err(Error::new(Code::InvalidValue, format!("policy: shipping template {id}: {rule}")))
        };
        if self.zones.is_empty() {
            return fault("it has no zones, so it reaches nobody".into());
        }
        let mut seen = BTreeSet::new();
        for zone in &self.zones {
            let fees = [
                ("first_fee", zone.first_fee),
                ("next_fee", zone.next_fee),
                ("free_over", zone.free_over.unwrap_or(0)),
            ];
            if let Some((name, fee)) = fees.iter().find(|(_, fee)| *fee < 0) {
                return fault(format!("{name} is {fee}, below zero"));
            }
            if zone.next == 0 && zone.next_fee != 0 {
                return fault("next_fee without next, what it covers".into());
            }
            if let Some(twice) = zone.regions.iter().find(|name| !seen.insert(name.as_str())) {
                return fault(format!("region {twice} stands in two zones"));
            }
        }
        if self.zones.iter().filter(|zone| zone.regions.is_empty()).count() > 1 {
            return fault("two zones without regions; one is for everywhere else".into());
        }
        Ok(())
    }
}

/// What shipping costs.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ShippingTerms {
    /// What a delivery without template costs.
    pub flat: i64,
    /// The tax class of fees; none means that fees carry no tax.
    pub tax_class: Option<String>,
    /// Templates by the name SKUs give them.
    pub templates: BTreeMap<String, Template>,
}

impl ShippingTerms {
    /// One fee for each merchant, whatever is bought.
    #[must_use]
    pub fn flat(fee: i64) -> Self {
        Self { flat: fee, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.flat < 0 {
            let rule = format!("policy: shipping is {}, below zero", self.flat);
            return Err(Error::new(Code::InvalidValue, rule));
        }
        self.templates.iter().try_for_each(|(id, template)| template.check(id))
    }

    /// Reads minor units, or `{"flat", "tax_class", "templates": {id: {"by", "zones", "tax_class"}}}`.
    pub(super) fn from_node(node: &Node) -> Result<Self> {
        if let Node::Int(flat) = node {
            return Ok(Self::flat(*flat));
        }
        let mut fields = Fields::new(node, "policy: shipping")?;
        let mut templates = BTreeMap::new();
        if let Some(node) = fields.take("templates") {
            for (id, node) in Fields::new(node, "policy: shipping: `templates`")?.rest() {
                ExternalId::new(id)?;
                templates.insert(id.to_owned(), template_from_node(node, id)?);
            }
        }
        let terms = Self {
            flat: fields.int("flat")?.unwrap_or(0),
            tax_class: fields.text("tax_class")?.map(str::to_owned),
            templates,
        };
        fields.finish()?;
        Ok(terms)
    }

    pub(super) fn to_node(&self) -> Node {
        if *self == Self::flat(self.flat) {
            return self.flat.into();
        }
        let templates = self.templates.iter().map(|(id, template)| {
            let zones: Vec<Node> = template.zones.iter().map(Zone::to_node).collect();
            let node = Node::map([
                ("by", Node::from(template.measure.name())),
                ("zones", zones.into()),
                ("tax_class", template.tax_class.clone().into()),
            ]);
            (id.as_str(), node)
        });
        Node::map([
            ("flat", Node::from(self.flat)),
            ("tax_class", self.tax_class.clone().into()),
            ("templates", Node::map(templates)),
        ])
    }
}

fn template_from_node(node: &Node, id: &str) -> Result<Template> {
    let mut fields = Fields::new(node, format!("policy: shipping template {id}"))?;
    let what = format!("{}: zone", fields.what());
    let template = Template {
        measure: fields.word("by", Measure::ALL, Measure::name)?.unwrap_or_default(),
        zones: fields
            .list("zones")?
            .iter()
            .map(|zone| Zone::from_node(zone, &what))
            .collect::<Result<_>>()?,
        tax_class: fields.text("tax_class")?.map(str::to_owned),
    };
    fields.finish()?;
    Ok(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(regions: &[&str], first: u64, next: u64) -> Zone {
        Zone {
            regions: regions.iter().map(|name| (*name).to_owned()).collect(),
            first,
            first_fee: 1000,
            next,
            next_fee: 200,
            free_over: Some(9900),
            free_units: Some(5),
        }
    }

    #[test]
    fn a_started_part_counts_in_full() {
        let zone = zone(&[], 1000, 500);
        let fees: Vec<_> = [0, 1, 1000, 1001, 1500, 1501].into_iter().map(|grams| zone.fee(grams)).collect();
        assert_eq!(fees, [1000, 1000, 1000, 1200, 1200, 1400].map(Some));
        assert_eq!(super::Zone { next: 0, next_fee: 0, ..zone.clone() }.fee(9_999_999), Some(1000));
        assert_eq!(zone.fee(u128::MAX), None);
    }

    #[test]
    fn either_threshold_makes_it_free() {
        let zone = zone(&[], 1, 1);
        assert!(!zone.is_free(9899, 4) && zone.is_free(9900, 1) && zone.is_free(0, 5));
    }

    #[test]
    fn the_narrowest_region_wins() {
        let template = Template {
            measure: Measure::Piece,
            zones: vec![zone(&["Sichuan"], 1, 1), zone(&["Garze"], 2, 1), zone(&[], 3, 1)],
            tax_class: None,
        };
        let first = |region: &[&str]| {
            let region: Vec<String> = region.iter().map(|name| (*name).to_owned()).collect();
            template.zone(&region).map(|zone| zone.first)
        };
        assert_eq!(first(&["Garze", "Sichuan"]), Some(2));
        assert_eq!(first(&["Chengdu", "Sichuan"]), Some(1));
        assert_eq!((first(&["Tibet"]), first(&[])), (Some(3), Some(3)));
    }
}
