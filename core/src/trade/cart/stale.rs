//! What changed since the buyer saw it.

use super::{Buying, Cart, CartLine};
use crate::doc::Node;
use crate::id::{LineId, SkuId};
use crate::trade::catalog::Shelf;

/// One way in which a line is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Staleness {
    /// The SKU is not in the catalogue any more.
    Gone,
    /// It or its product is off the shelf.
    OffShelf,
    /// One unit costs something else.
    Price {
        /// What the buyer saw.
        seen: i64,
        /// What it costs now.
        now: i64,
    },
    /// A line may not hold so many units.
    Quantity,
    /// The customer may not buy so many units.
    CustomerLimit,
}

impl Staleness {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::OffShelf => "off_shelf",
            Self::Price { .. } => "price",
            Self::Quantity => "quantity",
            Self::CustomerLimit => "customer_limit",
        }
    }

    fn to_node(self) -> Node {
        let what = ("what", Node::from(self.name()));
        match self {
            Self::Price { seen, now } => Node::map([what, ("seen", seen.into()), ("now", now.into())]),
            _ => Node::map([what]),
        }
    }
}

/// A line that cannot be bought as its buyer saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The line.
    pub line: LineId,
    /// What it holds.
    pub sku: SkuId,
    /// What changed, at least one thing.
    pub changes: Vec<Staleness>,
}

impl Stale {
    /// The document `{"line", "sku", "changes": [{"what", "seen", "now"}]}`.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let changes = self.changes.iter().map(|change| change.to_node()).collect();
        Node::map([
            ("line", Node::from(&self.line)),
            ("sku", (&self.sku).into()),
            ("changes", Node::List(changes)),
        ])
    }
}

impl Cart {
    /// The lines that cannot be bought as their buyer saw them, in the order of their ids. A price is
    /// compared where the line knows one.
    #[must_use]
    pub fn stale<'a>(&self, buying: impl Into<Buying<'a>>) -> Vec<Stale> {
        let buying = buying.into();
        let check = |line: &CartLine| {
            let changes = self.staleness(&buying, line);
            (!changes.is_empty()).then(|| Stale { line: line.id.clone(), sku: line.sku.clone(), changes })
        };
        self.lines.iter().filter_map(check).collect()
    }

    fn staleness(&self, buying: &Buying<'_>, line: &CartLine) -> Vec<Staleness> {
        let Some(sku) = buying.catalog.sku(&line.sku) else { return vec![Staleness::Gone] };
        if buying.catalog.shelf(sku) == Shelf::Off {
            return vec![Staleness::OffShelf];
        }
        let now = sku.price(buying.tier);
        let seen = line.seen.map(|seen| seen.unit_price).filter(|seen| *seen != now);
        let price = seen.map(|seen| Staleness::Price { seen, now });
        let quantity = sku.quantity.check(&line.sku, line.units).err().map(|_| Staleness::Quantity);
        let all = sku.quantity.check_customer(&line.sku, self.units(&line.sku), buying.bought(&line.sku));
        [price, quantity, all.err().map(|_| Staleness::CustomerLimit)].into_iter().flatten().collect()
    }

    /// The buyer has seen the prices of now: lines that are on sale remember them.
    pub fn refresh<'a>(&mut self, buying: impl Into<Buying<'a>>) {
        let buying = buying.into();
        for line in &mut self.lines {
            if let Ok(sku) = buying.catalog.on_sale(&line.sku) {
                line.seen = Some(buying.seen(sku));
            }
        }
    }
}
