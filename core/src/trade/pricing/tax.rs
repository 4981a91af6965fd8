//! Stage 8: tax, included in the price or added to it.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::money::{Rate, Rounding, narrow};
use std::collections::BTreeMap;

/// Whether prices hold the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Inclusion {
    /// The buyer pays it on top.
    #[default]
    Added,
    /// The price holds it.
    Included,
}

/// What is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TaxPer {
    /// The tax of a line.
    #[default]
    Line,
    /// The tax of a unit, which is then multiplied.
    Unit,
}

impl TaxPer {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Unit => "unit",
        }
    }
}

/// A tax class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaxClass {
    /// Its rate, of the net price.
    pub rate: Rate,
    /// Whether prices hold it.
    pub inclusion: Inclusion,
}

impl TaxClass {
    /// The share of a price that is tax: the rate, or `rate / (1 + rate)` of a price that holds it.
    pub(super) fn share(self) -> Result<Rate> {
        match self.inclusion {
            Inclusion::Added => Ok(self.rate),
            Inclusion::Included => {
                let (above, below) = (self.rate.numerator(), self.rate.denominator());
                Ok(Rate::new(above, above.saturating_add(below))?)
            }
        }
    }
}

/// The taxes of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TaxTerms {
    /// Classes by the name SKUs give them.
    pub classes: BTreeMap<String, TaxClass>,
    /// The class of SKUs that name none; none means no tax.
    pub default: Option<String>,
    /// What is rounded.
    pub per: TaxPer,
    /// How; none means as the policy rounds.
    pub rounding: Option<Rounding>,
}

impl TaxTerms {
    /// The class with this name, or the default one; `None` where there is no tax.
    pub(super) fn class(&self, name: Option<&str>) -> Result<Option<(&str, TaxClass)>> {
        let Some(name) = name.or(self.default.as_deref()) else { return Ok(None) };
        let found = self.classes.get_key_value(name).map(|(name, class)| (name.as_str(), *class));
        found.map(Some).ok_or_else(|| {
            Error::new(Code::InvalidCart, format!("the policy does not have the tax class {name:?}"))
        })
    }

    /// The tax in or on an amount of so many units, and what rounding made more than an amount can hold: of a
    /// price that holds its tax, the tax is never more than the price.
    pub(super) fn of(&self, class: TaxClass, amount: i64, units: u64, mode: Rounding) -> Result<(i64, i64)> {
        let share = class.share()?;
        let tax = match self.per {
            TaxPer::Line => share.of(amount, mode)?,
            TaxPer::Unit => share.of_units(amount, units, mode)?,
        };
        let held = if class.inclusion == Inclusion::Included { tax.min(amount) } else { tax };
        Ok((held, tax - held))
    }

    /// Checks the classes; `shipping` are those that fees name.
    pub(super) fn check<'a>(&'a self, shipping: impl Iterator<Item = &'a String>) -> Result<()> {
        for name in self.default.iter().chain(shipping) {
            if !self.classes.contains_key(name) {
                let rule = format!("policy: tax: the class {name:?} is not among the classes");
                return Err(Error::new(Code::InvalidValue, rule));
            }
        }
        self.classes.values().try_for_each(|class| {
            let parts = i128::from(class.rate.numerator()) + i128::from(class.rate.denominator());
            narrow(parts, || format!("the tax rate {}", class.rate))?;
            class.share().map(drop)
        })
    }

    pub(super) fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "policy: tax")?;
        let mut classes = BTreeMap::new();
        if let Some(node) = fields.take("classes") {
            for (name, node) in Fields::new(node, "policy: tax: `classes`")?.rest() {
                classes.insert(name.to_owned(), class_from_node(node, name)?);
            }
        }
        let terms = Self {
            classes,
            default: fields.text("default")?.map(str::to_owned),
            per: fields.word("per", &[TaxPer::Line, TaxPer::Unit], TaxPer::name)?.unwrap_or_default(),
            rounding: fields.text("round")?.map(Rounding::parse).transpose()?,
        };
        fields.finish()?;
        Ok(terms)
    }

    pub(super) fn to_node(&self) -> Node {
        let classes = self.classes.iter().map(|(name, class)| {
            let included = class.inclusion == Inclusion::Included;
            let node =
                Node::map([("rate", Node::from(class.rate.to_string())), ("included", included.into())]);
            (name.as_str(), node)
        });
        Node::map([
            ("classes", Node::map(classes)),
            ("default", self.default.clone().into()),
            ("per", self.per.name().into()),
            ("round", self.rounding.map(Rounding::name).into()),
        ])
    }
}

/// `"20%"`, or `{"rate", "included"}`.
fn class_from_node(node: &Node, name: &str) -> Result<TaxClass> {
    if let Node::Text(rate) = node {
        return Ok(TaxClass { rate: rate.parse()?, inclusion: Inclusion::Added });
    }
    let mut fields = Fields::new(node, format!("policy: tax class {name}"))?;
    let rate = fields.need_text("rate")?.parse()?;
    let inclusion = match fields.flag("included")? {
        Some(true) => Inclusion::Included,
        None | Some(false) => Inclusion::Added,
    };
    fields.finish()?;
    Ok(TaxClass { rate, inclusion })
}
