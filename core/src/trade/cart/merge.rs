//! Merging the cart of a guest into that of the member they turn out to be.

use super::{Buying, Cart, CartLine, Selection};
use crate::doc::Node;
use crate::id::{LineId, SkuId};
use crate::sale::MAX_LINES;
use crate::trade::catalog::Shelf;

/// Why units could not be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The SKU is not in the catalogue any more.
    Gone,
    /// It or its product is off the shelf.
    OffShelf,
    /// The quantity rule of a line.
    Quantity,
    /// The limit per customer.
    CustomerLimit,
    /// The cart is full.
    Full,
}

impl Why {
    /// Every reason.
    pub const ALL: &'static [Self] =
        &[Self::Gone, Self::OffShelf, Self::Quantity, Self::CustomerLimit, Self::Full];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::OffShelf => "off_shelf",
            Self::Quantity => "quantity",
            Self::CustomerLimit => "customer_limit",
            Self::Full => "full",
        }
    }
}

/// Units of a guest's line that could not be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    /// The guest's line.
    pub line: LineId,
    /// What.
    pub sku: SkuId,
    /// How many units.
    pub units: u64,
    /// Why.
    pub why: Why,
}

/// What became of a merge. Units placed and units left over are the guest's units.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Merged {
    /// What could not be placed, in the order of the guest's lines.
    pub left_over: Vec<LeftOver>,
    /// Guest's lines that got another id because the member's cart had theirs: from, to.
    pub renamed: Vec<(LineId, LineId)>,
}

impl Merged {
    /// The document `{"left_over": [{"line", "sku", "units", "why"}], "renamed": [{"from", "to"}]}`.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let left = self.left_over.iter().map(|left| {
            Node::map([
                ("line", Node::from(&left.line)),
                ("sku", (&left.sku).into()),
                ("units", i64::try_from(left.units).unwrap_or(i64::MAX).into()),
                ("why", left.why.name().into()),
            ])
        });
        let renamed =
            self.renamed.iter().map(|(from, to)| Node::map([("from", Node::from(from)), ("to", to.into())]));
        Node::map([("left_over", Node::List(left.collect())), ("renamed", Node::List(renamed.collect()))])
    }
}

impl Cart {
    /// Takes the lines of a guest's cart in. Units go to the member's first line of the same SKU, as many as
    /// the quantity rule and the customer's limit allow, else to a line of their own. The member's lines
    /// never shrink, and what does not fit is reported. A line is selected when either was.
    pub fn merge<'a>(&mut self, buying: impl Into<Buying<'a>>, guest: &Self) -> Merged {
        let buying = buying.into();
        let mut merged = Merged::default();
        let mut next_id = 1;
        for line in &guest.lines {
            let place = self.lines.iter().position(|own| own.sku == line.sku);
            let (placed, why) = self.room(&buying, line, place);
            match place {
                Some(at) => {
                    let own = &mut self.lines[at];
                    own.units += placed;
                    if line.selection == Selection::Selected {
                        own.selection = Selection::Selected;
                    }
                }
                None if placed > 0 => self.take_in(line, placed, &mut next_id, &mut merged),
                None => {}
            }
            if placed < line.units {
                let (id, sku, units) = (line.id.clone(), line.sku.clone(), line.units - placed);
                merged.left_over.push(LeftOver { line: id, sku, units, why });
            }
        }
        merged
    }

    /// How many units of a guest's line can be placed, and why not more.
    fn room(&self, buying: &Buying<'_>, line: &CartLine, place: Option<usize>) -> (u64, Why) {
        let Some(sku) = buying.catalog.sku(&line.sku) else { return (0, Why::Gone) };
        if buying.catalog.shelf(sku) == Shelf::Off {
            return (0, Why::OffShelf);
        }
        if place.is_none() && self.lines.len() >= MAX_LINES {
            return (0, Why::Full);
        }
        let own = place.map_or(0, |at| self.lines[at].units);
        let taken = self.units(&line.sku).saturating_add(buying.bought(&line.sku));
        let allowed = sku.quantity.per_customer.map_or(u64::MAX, |limit| limit.saturating_sub(taken));
        let wanted = own.saturating_add(line.units.min(allowed));
        let why = if allowed < line.units { Why::CustomerLimit } else { Why::Quantity };
        (sku.quantity.fit(wanted).saturating_sub(own), why)
    }

    /// Adds a guest's line under its own id, or under the first free number.
    fn take_in(&mut self, line: &CartLine, units: u64, next_id: &mut u64, merged: &mut Merged) {
        let (id, at) = match self.find(&line.id) {
            Err(at) => (line.id.clone(), at),
            Ok(_) => loop {
                let id = LineId::from(*next_id);
                *next_id += 1;
                if let Err(at) = self.find(&id) {
                    merged.renamed.push((line.id.clone(), id.clone()));
                    break (id, at);
                }
            },
        };
        self.lines.insert(at, CartLine { id, units, ..line.clone() });
    }
}
