//! Merging the cart of a guest into that of the member they turn out to be.

use super::{Buying, Cart, CartLine, Selection};
use crate::doc::Node;
use crate::id::{LineId, SkuId};
use crate::sale::MAX_LINES;
use crate::trade::catalog::Shelf;
use std::collections::BTreeSet;

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
    /// Takes the lines of a guest's cart in. Units go to the lines of the same SKU in their order, to each as
    /// many as the quantity rule and the customer's limit allow, and to a line of their own where the member had
    /// none of the SKU: a merge opens no second line to get around what a line may hold. The member's lines never
    /// shrink, and what has no place is reported. A line that takes units, or else the first one, is selected
    /// when either was.
    pub fn merge<'a>(&mut self, buying: impl Into<Buying<'a>>, guest: &Self) -> Merged {
        let buying = buying.into();
        let mut merged = Merged::default();
        let mut next_id = 1;
        let held: BTreeSet<SkuId> = self.lines.iter().map(|own| own.sku.clone()).collect();
        for line in &guest.lines {
            let (mut left, mut why) = self.fill(&buying, line);
            if !held.contains(&line.sku) {
                let placed;
                (placed, why) = self.room(&buying, &line.sku, left, None);
                if placed > 0 {
                    self.take_in(line, placed, &mut next_id, &mut merged);
                    left -= placed;
                }
            }
            if left > 0 {
                let (id, sku) = (line.id.clone(), line.sku.clone());
                merged.left_over.push(LeftOver { line: id, sku, units: left, why });
            }
        }
        merged
    }

    /// Puts units of a guest's line on lines of the same SKU, and says how many are left, and why.
    fn fill(&mut self, buying: &Buying<'_>, line: &CartLine) -> (u64, Why) {
        let (mut left, mut why, mut first) = (line.units, Why::Quantity, true);
        for at in 0..self.lines.len() {
            if self.lines[at].sku != line.sku {
                continue;
            }
            let placed;
            (placed, why) = self.room(buying, &line.sku, left, Some(at));
            let own = &mut self.lines[at];
            own.units += placed;
            left -= placed;
            if line.selection == Selection::Selected && (first || placed > 0) {
                own.selection = Selection::Selected;
            }
            first = false;
        }
        (left, why)
    }

    /// How many of so many units can be placed on a line, or on a new one, and why not more.
    fn room(&self, buying: &Buying<'_>, id: &SkuId, units: u64, place: Option<usize>) -> (u64, Why) {
        let Some(sku) = buying.catalog.sku(id) else { return (0, Why::Gone) };
        if buying.catalog.shelf(sku) == Shelf::Off {
            return (0, Why::OffShelf);
        }
        if place.is_none() && self.lines.len() >= MAX_LINES {
            return (0, Why::Full);
        }
        let own = place.map_or(0, |at| self.lines[at].units);
        let taken = self.units(id).saturating_add(buying.bought(id));
        let allowed = sku.quantity.per_customer.map_or(u64::MAX, |limit| limit.saturating_sub(taken));
        let wanted = own.saturating_add(units.min(allowed));
        let why = if allowed < units { Why::CustomerLimit } else { Why::Quantity };
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
