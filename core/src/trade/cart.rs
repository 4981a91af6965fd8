//! A cart: lines a buyer may want, some of them selected.

use super::catalog::Catalog;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, SkuId};
use crate::sale::{MAX_LINES, id_order};

/// Whether a line is to be bought now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Selection {
    /// It is.
    #[default]
    Selected,
    /// It waits in the cart.
    Waiting,
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

    /// Adds units to a line, a new one or one that holds the same SKU.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when the SKU is not on sale, the line holds another one, the quantity breaks
    /// the SKU's rule, or the cart is full.
    pub fn add(&mut self, catalog: &Catalog, id: LineId, sku: SkuId, units: u64) -> Result<()> {
        let rule = catalog.on_sale(&sku)?.quantity;
        match self.find(&id) {
            Ok(at) => {
                let line = &mut self.lines[at];
                if line.sku != sku {
                    return Err(invalid(format!("line {id} holds SKU {}, not {sku}", line.sku)));
                }
                let sum =
                    line.units.checked_add(units).ok_or_else(|| invalid(format!("line {id} overflows")))?;
                rule.check(&sku, sum)?;
                line.units = sum;
            }
            Err(at) => {
                rule.check(&sku, units)?;
                if self.lines.len() >= MAX_LINES {
                    return Err(invalid(format!("a cart holds at most {MAX_LINES} lines")));
                }
                self.lines.insert(at, CartLine { id, sku, units, selection: Selection::Selected });
            }
        }
        Ok(())
    }

    /// Sets the units of a line.
    ///
    /// # Errors
    /// [`Code::UnknownLine`]; [`Code::InvalidCart`] as [`Cart::add`].
    pub fn change(&mut self, catalog: &Catalog, id: &LineId, units: u64) -> Result<()> {
        let line = self.line(id)?;
        catalog.on_sale(&line.sku)?.quantity.check(&line.sku, units)?;
        line.units = units;
        Ok(())
    }

    /// Takes a line out.
    ///
    /// # Errors
    /// [`Code::UnknownLine`].
    pub fn remove(&mut self, id: &LineId) -> Result<()> {
        self.line(id)?;
        self.lines.retain(|line| line.id != *id);
        Ok(())
    }

    /// Selects a line, or lets it wait.
    ///
    /// # Errors
    /// [`Code::UnknownLine`].
    pub fn select(&mut self, id: &LineId, selection: Selection) -> Result<()> {
        self.line(id)?.selection = selection;
        Ok(())
    }

    /// Takes every line out.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// Reads `{"lines": [{"id", "sku", "units", "selected"}]}`. Quantity rules are checked when the cart
    /// is priced: a catalogue may have changed since.
    ///
    /// # Errors
    /// Names the key, the value and the rule; a line may stand once.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "cart")?;
        let mut cart = Self::default();
        for (at, node) in fields.list("lines")?.iter().enumerate() {
            let mut inner = Fields::new(node, format!("cart: lines[{at}]"))?;
            let line = CartLine {
                id: LineId::from(inner.need_id("id")?),
                sku: SkuId::from(inner.need_id("sku")?),
                units: inner.count("units")?.unwrap_or(1),
                selection: match inner.flag("selected")? {
                    None | Some(true) => Selection::Selected,
                    Some(false) => Selection::Waiting,
                },
            };
            inner.finish()?;
            if cart.lines.len() >= MAX_LINES {
                return Err(invalid(format!("a cart holds at most {MAX_LINES} lines")));
            }
            match cart.find(&line.id) {
                Ok(_) => return Err(invalid(format!("line {} stands twice", line.id))),
                Err(at) => cart.lines.insert(at, line),
            }
        }
        fields.finish()?;
        Ok(cart)
    }

    /// The document of this cart.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let lines = self.lines.iter().map(|line| {
            Node::map([
                ("id", Node::from(&line.id)),
                ("sku", (&line.sku).into()),
                ("units", i64::try_from(line.units).unwrap_or(i64::MAX).into()),
                ("selected", (line.selection == Selection::Selected).into()),
            ])
        });
        Node::map([("lines", Node::List(lines.collect()))])
    }

    fn find(&self, id: &LineId) -> Result<usize, usize> {
        self.lines.binary_search_by(|line| id_order(&line.id, id))
    }

    fn line(&mut self, id: &LineId) -> Result<&mut CartLine> {
        match self.find(id) {
            Ok(at) => Ok(&mut self.lines[at]),
            Err(_) => Err(Error::new(Code::UnknownLine, format!("the cart does not have line {id}"))),
        }
    }
}

fn invalid(rule: String) -> Error {
    Error::new(Code::InvalidCart, format!("cart: {rule}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::trade::catalog::{QuantityRule, Sku};

    fn catalog() -> Catalog {
        let mut catalog = Catalog::new(Currency::CNY);
        let quantity = QuantityRule { max: Some(5), ..QuantityRule::default() };
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
        assert!(cart.change(&catalog, &LineId::from(1), 0).is_err());
        assert!(cart.change(&catalog, &LineId::from(4), 1).is_err());
        assert!(cart.remove(&LineId::from(4)).is_err());
        assert!(cart.select(&LineId::from(4), Selection::Waiting).is_err());
        assert_eq!(cart, before);
    }

    #[test]
    fn a_document_names_a_line_once() {
        let text = r#"{"lines":[{"id":1,"sku":7},{"id":"1","sku":8}]}"#;
        let node = crate::doc::read_json(text, 1000).unwrap();
        assert_eq!(Cart::from_node(&node).unwrap_err().code(), Code::InvalidCart);
    }
}
