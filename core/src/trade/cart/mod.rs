//! A cart: lines a buyer may want, some of them selected.
//!
//! A line remembers the unit price its buyer saw and the version of the SKU, so that [`Cart::stale`] can say
//! what changed since. Nothing is dropped silently: what [`Cart::merge`] cannot place is reported.

mod command;
mod merge;
mod read;
mod stale;

pub use command::{CartCommand, Done};
pub use merge::{LeftOver, Merged, Why};
pub use stale::{Stale, Staleness};

use super::catalog::{Catalog, Sku};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, SkuId};
use crate::sale::{MAX_LINES, id_order};
use std::collections::BTreeMap;

/// Whether a line is to be bought now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Selection {
    /// It is.
    #[default]
    Selected,
    /// It waits in the cart.
    Waiting,
}

/// The offer a buyer saw when the line was last touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    /// The price of one unit in minor units.
    pub unit_price: i64,
    /// The version of the SKU.
    pub version: u64,
}

/// One line of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// The line's id, named by the host; the order's line keeps it.
    pub id: LineId,
    /// What.
    pub sku: SkuId,
    /// How many units, above zero.
    pub units: u64,
    /// Whether it is to be bought now.
    pub selection: Selection,
    /// The offer the buyer saw; none where the host does not say.
    pub seen: Option<Seen>,
}

/// What a cart is checked against: the catalogue, and what is known of the customer.
#[derive(Clone, Copy, Debug)]
pub struct Buying<'a> {
    /// What can be bought.
    pub catalog: &'a Catalog,
    /// The customer's tier, which sets prices.
    pub tier: Option<&'a str>,
    /// Units of each SKU the customer bought before, for limits per customer.
    pub bought: Option<&'a BTreeMap<SkuId, u64>>,
}

impl<'a> From<&'a Catalog> for Buying<'a> {
    /// A customer without a tier who bought nothing yet.
    fn from(catalog: &'a Catalog) -> Self {
        Self { catalog, tier: None, bought: None }
    }
}

impl Buying<'_> {
    fn bought(&self, sku: &SkuId) -> u64 {
        self.bought.and_then(|bought| bought.get(sku)).copied().unwrap_or(0)
    }

    fn seen(&self, sku: &Sku) -> Seen {
        Seen { unit_price: sku.price(self.tier), version: sku.version }
    }
}

/// A cart. Its lines stand in the order of their ids.
///
/// ```
/// use fenrun::id::{LineId, SkuId};
/// use fenrun::money::Currency;
/// use fenrun::trade::{cart::Cart, catalog::{Catalog, Sku}};
/// let mut catalog = Catalog::new(Currency::CNY);
/// catalog.put(Sku::new(SkuId::from(7), 1999))?;
/// let mut cart = Cart::default();
/// cart.add(&catalog, LineId::from(1), SkuId::from(7), 2)?;
/// cart.add(&catalog, LineId::from(1), SkuId::from(7), 1)?;
/// assert_eq!(cart.lines()[0].units, 3);
/// catalog.put(Sku::new(SkuId::from(7), 2099))?;
/// assert_eq!(cart.stale(&catalog)[0].changes.len(), 1);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Cart {
    lines: Vec<CartLine>,
}

impl Cart {
    /// The lines in the order of their ids.
    #[must_use]
    pub fn lines(&self) -> &[CartLine] {
        &self.lines
    }

    /// The lines that are to be bought now.
    pub fn selected(&self) -> impl Iterator<Item = &CartLine> {
        self.lines.iter().filter(|line| line.selection == Selection::Selected)
    }

    /// The units of a SKU in all lines, selected or not.
    #[must_use]
    pub fn units(&self, sku: &SkuId) -> u64 {
        let units = self.lines.iter().filter(|line| line.sku == *sku).map(|line| line.units);
        units.fold(0, u64::saturating_add)
    }

    /// Adds units to a line, a new one or one that holds the same SKU.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when the SKU is not on sale, the line holds another one, the quantity breaks
    /// the SKU's rule or the customer's limit, or the cart is full.
    pub fn add<'a>(
        &mut self,
        buying: impl Into<Buying<'a>>,
        id: LineId,
        sku: SkuId,
        units: u64,
    ) -> Result<()> {
        let buying = buying.into();
        let place = self.find(&id);
        let before = match place {
            Ok(at) if self.lines[at].sku != sku => {
                let rule = format!("line {id} holds SKU {}, not {sku}", self.lines[at].sku);
                return Err(invalid(rule));
            }
            Ok(at) => self.lines[at].units,
            Err(_) if self.lines.len() >= MAX_LINES => return Err(full()),
            Err(_) => 0,
        };
        let sum = before.checked_add(units).ok_or_else(|| invalid(format!("line {id} overflows")))?;
        let seen = self.check_units(&buying, &sku, (before, sum))?;
        match place {
            Ok(at) => (self.lines[at].units, self.lines[at].seen) = (sum, Some(seen)),
            Err(at) => {
                let selection = Selection::Selected;
                self.lines.insert(at, CartLine { id, sku, units, selection, seen: Some(seen) });
            }
        }
        Ok(())
    }

    /// Sets the units of a line.
    ///
    /// # Errors
    /// [`Code::UnknownLine`]; [`Code::InvalidCart`] as [`Cart::add`].
    pub fn change<'a>(&mut self, buying: impl Into<Buying<'a>>, id: &LineId, units: u64) -> Result<()> {
        let at = self.at(id)?;
        let line = &self.lines[at];
        let seen = self.check_units(&buying.into(), &line.sku, (line.units, units))?;
        (self.lines[at].units, self.lines[at].seen) = (units, Some(seen));
        Ok(())
    }

    /// Whether a line of a SKU may hold other units than before; tells the offer its buyer sees now.
    fn check_units(&self, buying: &Buying<'_>, sku: &SkuId, (before, units): (u64, u64)) -> Result<Seen> {
        let offered = buying.catalog.on_sale(sku)?;
        offered.quantity.check(sku, units)?;
        let all = (self.units(sku) - before).saturating_add(units);
        // Fewer units are always welcome, whatever the limit has become.
        if units > before {
            offered.quantity.check_customer(sku, all, buying.bought(sku))?;
        }
        Ok(buying.seen(offered))
    }

    /// Takes a line out.
    ///
    /// # Errors
    /// [`Code::UnknownLine`].
    pub fn remove(&mut self, id: &LineId) -> Result<()> {
        let at = self.at(id)?;
        self.lines.remove(at);
        Ok(())
    }

    /// Selects a line, or lets it wait.
    ///
    /// # Errors
    /// [`Code::UnknownLine`].
    pub fn select(&mut self, id: &LineId, selection: Selection) -> Result<()> {
        let at = self.at(id)?;
        self.lines[at].selection = selection;
        Ok(())
    }

    /// Selects every line, or lets every line wait.
    pub fn select_all(&mut self, selection: Selection) {
        for line in &mut self.lines {
            line.selection = selection;
        }
    }

    /// Takes every line out.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    fn find(&self, id: &LineId) -> Result<usize, usize> {
        self.lines.binary_search_by(|line| id_order(&line.id, id))
    }

    fn at(&self, id: &LineId) -> Result<usize> {
        let unknown = |_| Error::new(Code::UnknownLine, format!("the cart does not have line {id}"));
        self.find(id).map_err(unknown)
    }
}

fn full() -> Error {
    invalid(format!("a cart holds at most {MAX_LINES} lines"))
}

fn invalid(rule: String) -> Error {
    Error::new(Code::InvalidCart, format!("cart: {rule}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::trade::catalog::QuantityRule;

    fn catalog() -> Catalog {
        let mut catalog = Catalog::new(Currency::CNY);
        let quantity = QuantityRule { max: Some(5), per_customer: Some(12), ..QuantityRule::default() };
        catalog.put(Sku { quantity, ..Sku::new(SkuId::from(7), 100) }).unwrap();
        catalog.put(Sku::new(SkuId::from(8), 100)).unwrap();
        catalog
    }

    #[test]
    fn commands_move_lines() {
        let (catalog, mut cart) = (catalog(), Cart::default());
        for line in [10, 9, 2] {
            cart.add(&catalog, LineId::from(line), SkuId::from(7), 2).unwrap();
        }
        let ids: Vec<_> = cart.lines().iter().map(|line| line.id.as_str()).collect();
        assert_eq!(ids, ["2", "9", "10"]);
        cart.change(&catalog, &LineId::from(9), 5).unwrap();
        cart.select(&LineId::from(2), Selection::Waiting).unwrap();
        cart.remove(&LineId::from(10)).unwrap();
        assert_eq!(cart.selected().map(|line| line.units).collect::<Vec<_>>(), [5]);
        assert_eq!(Cart::from_node(&cart.to_node()).unwrap(), cart);
        cart.clear();
        assert!(cart.lines().is_empty());
    }

    #[test]
    fn refused_commands_change_nothing() {
        let (catalog, mut cart) = (catalog(), Cart::default());
        cart.add(&catalog, LineId::from(1), SkuId::from(7), 3).unwrap();
        let before = cart.clone();
        assert!(cart.add(&catalog, LineId::from(1), SkuId::from(7), 3).is_err());
        assert!(cart.add(&catalog, LineId::from(1), SkuId::from(8), 1).is_err());
        assert!(cart.add(&catalog, LineId::from(2), SkuId::from(9), 1).is_err());
        assert!(cart.add(&catalog, LineId::from(2), SkuId::from(8), u64::MAX).is_err());
        assert!(cart.change(&catalog, &LineId::from(1), 0).is_err());
        assert!(cart.change(&catalog, &LineId::from(4), 1).is_err());
        assert!(cart.remove(&LineId::from(4)).is_err());
        assert!(cart.select(&LineId::from(4), Selection::Waiting).is_err());
        assert_eq!(cart, before);
    }

    #[test]
    fn a_customer_is_limited_over_all_lines() {
        let (catalog, mut cart) = (catalog(), Cart::default());
        let bought = BTreeMap::from([(SkuId::from(7), 4)]);
        let buying = Buying { bought: Some(&bought), ..Buying::from(&catalog) };
        cart.add(buying, LineId::from(1), SkuId::from(7), 5).unwrap();
        cart.add(buying, LineId::from(2), SkuId::from(7), 3).unwrap();
        assert!(cart.add(buying, LineId::from(2), SkuId::from(7), 1).is_err());
        let more = BTreeMap::from([(SkuId::from(7), 12)]);
        let now = Buying { bought: Some(&more), ..buying };
        cart.change(now, &LineId::from(2), 2).unwrap();
        assert!(cart.change(now, &LineId::from(2), 3).is_err());
    }

    #[test]
    fn a_full_cart_takes_no_line() {
        let (catalog, mut cart) = (catalog(), Cart::default());
        let last = u64::try_from(MAX_LINES).unwrap();
        for line in 1..=last {
            cart.add(&catalog, LineId::from(line), SkuId::from(8), 1).unwrap();
        }
        let more = cart.add(&catalog, LineId::from(last + 1), SkuId::from(8), 1);
        assert_eq!(more.unwrap_err().code(), Code::InvalidCart);
        cart.add(&catalog, LineId::from(last), SkuId::from(8), 1).unwrap();
    }

    #[test]
    fn a_merged_line_is_selected_though_none_of_its_units_fits() {
        let (catalog, mut cart, mut guest) = (catalog(), Cart::default(), Cart::default());
        cart.add(&catalog, LineId::from(1), SkuId::from(7), 5).unwrap();
        cart.select(&LineId::from(1), Selection::Waiting).unwrap();
        guest.add(&catalog, LineId::from(1), SkuId::from(7), 2).unwrap();
        assert_eq!(cart.merge(&catalog, &guest).left_over[0].units, 2);
        assert_eq!(cart.selected().map(|line| line.units).collect::<Vec<_>>(), [5]);
    }
}
