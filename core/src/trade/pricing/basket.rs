//! The selected lines of a cart with what the catalogue says of them: stage 0.

use super::Price;
use super::facts::PricingFacts;
use super::policy::Policy;
use super::run::Run;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::{LineId, SkuId};
use crate::money::Currency;
use crate::sale::MAX_LINES;
use crate::trade::cart::Cart;
use crate::trade::catalog::{Catalog, Product, Sku};
use std::collections::{BTreeMap, BTreeSet};

/// One line that is to be bought.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) id: &'a LineId,
    pub(super) sku: &'a Sku,
    pub(super) units: u64,
    catalog: &'a Catalog,
}

impl<'a> Item<'a> {
    /// Whether a name that the catalogue or the SKU itself states under a key is among these. What a SKU
    /// states wins, as it does for plans.
    pub(super) fn is_named(&self, key: &str, names: &BTreeSet<String>) -> bool {
        match (self.sku.facts.get(key), key) {
            (Some(Node::Text(name)), _) => names.contains(name),
            (Some(Node::List(list)), _) => {
                list.iter().filter_map(Node::as_text).any(|name| names.contains(name))
            }
            (Some(_), _) => false,
            (None, "merchant") => {
                self.sku.merchant.as_ref().is_some_and(|merchant| names.contains(merchant.as_str()))
            }
            (None, "tags") => self.product().is_some_and(|product| !product.tags.is_disjoint(names)),
            (None, _) => self.product().is_some_and(|product| {
                let categories = self.catalog.categories();
                let mut above = product.categories.iter().flat_map(|id| categories.path(id));
                above.any(|category| names.contains(category.as_str()))
            }),
        }
    }

    /// Whether the SKU, or the catalogue where the SKU says nothing, states any of these values.
    pub(super) fn states(&self, key: &str, wanted: &Node) -> bool {
        let any = |pick: &dyn Fn(&Node) -> bool| match wanted {
            Node::List(values) => values.iter().any(pick),
            value => pick(value),
        };
        if let Some(own) = self.sku.facts.get(key) {
            return any(&|value| own == value || matches!(own, Node::List(list) if list.contains(value)));
        }
        match key {
            "sku" => any(&|value| *value == Node::from(&self.sku.id)),
            "product" => self.sku.product.as_ref().is_some_and(|id| any(&|value| *value == Node::from(id))),
            "merchant" | "tags" | "category" => any(&|value| {
                value.as_text().is_some_and(|name| self.is_named(key, &BTreeSet::from([name.to_owned()])))
            }),
            _ => false,
        }
    }

    fn product(&self) -> Option<&'a Product> {
        self.sku.product.as_ref().and_then(|id| self.catalog.product(id).ok())
    }
}

/// The selected lines of a cart, found in the catalogue and checked: what can be priced under any policy.
///
/// Finding a SKU costs more than pricing it; a cart page that prices one cart several times keeps this.
pub struct Basket<'a> {
    catalog: &'a Catalog,
    items: Vec<Item<'a>>,
}

impl<'a> Basket<'a> {
    /// Finds the selected lines.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when nothing is selected, a SKU is not on sale or a quantity breaks its rule.
    pub fn new(cart: &'a Cart, catalog: &'a Catalog) -> Result<Self> {
        let lines = cart.lines();
        let mut items = Vec::with_capacity(lines.len().min(MAX_LINES));
        for line in cart.selected() {
            let sku = catalog.on_sale(&line.sku)?;
            sku.quantity.check(&line.sku, line.units)?;
            items.push(Item { id: &line.id, sku, units: line.units, catalog });
        }
        if items.is_empty() {
            return Err(Error::new(Code::InvalidCart, "nothing in the cart is selected"));
        }
        Ok(Self { catalog, items })
    }

    /// What the buyer pays: amounts alone.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when the customer would have more of a SKU than one may, a region cannot be
    /// reached or a tax class is not known; [`Code::Overflow`] when an amount does not fit.
    pub fn price(&self, policy: &Policy, facts: &PricingFacts) -> Result<Price<'a>> {
        Run::new(self, policy, facts, None)?.finish()
    }

    /// Whether the customer would have more of a SKU than one may.
    pub(super) fn check_customer(&self, facts: &PricingFacts) -> Result<()> {
        let mut units = BTreeMap::<&SkuId, u64>::new();
        for item in self.items.iter().filter(|item| item.sku.quantity.per_customer.is_some()) {
            let sum = units.entry(&item.sku.id).or_default();
            *sum = sum.saturating_add(item.units);
            let bought = facts.bought.get(&item.sku.id).copied().unwrap_or(0);
            item.sku.quantity.check_customer(&item.sku.id, *sum, bought)?;
        }
        Ok(())
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.catalog.currency()
    }

    pub(super) const fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    pub(super) fn items(&self) -> &[Item<'a>] {
        &self.items
    }
}
