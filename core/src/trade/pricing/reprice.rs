//! Pricing a quote again before it is placed: its hash is no signature.

use super::facts::PricingFacts;
use super::policy::Policy;
use super::quote::{Quote, QuoteLine, quote};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::time::Timestamp;
use crate::trade::cart::Cart;
use crate::trade::catalog::Catalog;
use std::collections::BTreeMap;

/// One amount or word that is no longer what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What: `total`, `line 3: paid`, `line 4` for a line that came or went.
    pub what: String,
    /// As the quote says; null where it says nothing.
    pub quoted: Node,
    /// As it is now; null where there is nothing.
    pub now: Node,
}

impl Difference {
    /// The document of this difference.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("what", Node::from(self.what.as_str())),
            ("quoted", self.quoted.clone()),
            ("now", self.now.clone()),
        ])
    }
}

/// A quote priced again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repriced {
    /// The price as it is now.
    pub fresh: Quote,
    /// What differs; empty when the buyer was told the truth.
    pub differences: Vec<Difference>,
}

impl Repriced {
    /// The fresh quote, when the buyer pays and gets what the old one said.
    ///
    /// # Errors
    /// [`Code::InvalidQuote`] names what differs.
    pub fn confirmed(self) -> Result<Quote> {
        let named = self.differences.iter().take(3).map(|difference| {
            let Difference { what, quoted, now } = difference;
            format!("{what} was {}, is {}", quoted.to_json(), now.to_json())
        });
        let named: Vec<String> = named.collect();
        match self.differences.len() {
            0 => Ok(self.fresh),
            count => {
                let rest = if count > named.len() { format!("; {count} in all") } else { String::new() };
                let rule = format!("quote: the price has changed: {}{rest}", named.join("; "));
                Err(Error::new(Code::InvalidQuote, rule))
            }
        }
    }
}

impl Quote {
    /// Whether it may still be placed.
    ///
    /// # Errors
    /// [`Code::InvalidQuote`] once `valid_until` is past.
    pub fn check_valid(&self, now: Timestamp) -> Result<()> {
        if now > self.valid_until() {
            let rule = format!("quote: valid until {}, it is {now}", self.valid_until());
            return Err(Error::new(Code::InvalidQuote, rule));
        }
        Ok(())
    }

    /// The cart it is a price of: its lines without gifts.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] when a line stands twice.
    pub fn cart(&self) -> Result<Cart> {
        let bought = self.lines().iter().filter(|line| line.price != "gift").map(|line| {
            let units = i64::try_from(line.sold.units).unwrap_or(i64::MAX);
            Node::map([
                ("id", Node::from(&line.sold.id)),
                ("sku", (&line.sku).into()),
                ("units", units.into()),
            ])
        });
        Cart::from_node(&Node::map([("lines", Node::List(bought.collect()))]))
    }

    /// Prices the same lines again, under the catalogue, policy and facts as they are now, and names what
    /// differs. Hash, trace, policy version and validity may differ while the buyer pays the same.
    ///
    /// # Errors
    /// [`Code::InvalidQuote`] when it is no longer valid; else as [`quote`].
    pub fn reprice(&self, catalog: &Catalog, policy: &Policy, facts: &PricingFacts) -> Result<Repriced> {
        self.check_valid(facts.now)?;
        let fresh = quote(&self.cart()?, catalog, policy, facts)?;
        let differences = self.differences(&fresh);
        Ok(Repriced { fresh, differences })
    }

    /// What another quote says differently of what the buyer pays and gets.
    #[must_use]
    pub fn differences(&self, fresh: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut differ = |what: String, quoted: Node, now: Node| {
            if quoted != now {
                found.push(Difference { what, quoted, now });
            }
        };
        differ("currency".into(), self.currency().code().into(), fresh.currency().code().into());
        let lines = |quote: &Self| -> BTreeMap<String, QuoteLine> {
            quote.lines().iter().map(|line| (line.sold.id.to_string(), line.clone())).collect()
        };
        let (mut old, new) = (lines(self), lines(fresh));
        for (id, now) in &new {
            match old.remove(id) {
                None => differ(format!("line {id}"), Node::Null, now.due().into()),
                Some(quoted) => {
                    for ((name, quoted), (_, now)) in shown(&quoted).into_iter().zip(shown(now)) {
                        differ(format!("line {id}: {name}"), quoted, now);
                    }
                }
            }
        }
        for (id, quoted) in old {
            differ(format!("line {id}"), quoted.due().into(), Node::Null);
        }
        for (name, part) in SUMS {
            differ((*name).into(), part(self).into(), part(fresh).into());
        }
        let points = |quote: &Self| i64::try_from(quote.points_used()).unwrap_or(i64::MAX);
        differ("points_used".into(), points(self).into(), points(fresh).into());
        found
    }
}

/// The sums of a quote that a buyer sees.
type Sum = (&'static str, fn(&Quote) -> i64);
const SUMS: &[Sum] = &[
    ("shipping", Quote::shipping),
    ("added_tax", Quote::added_tax),
    ("rounding", Quote::rounding),
    ("total", Quote::total),
];

/// What a buyer sees of a line, and what commission is taken of.
fn shown(line: &QuoteLine) -> Vec<(&'static str, Node)> {
    let units = i64::try_from(line.sold.units).unwrap_or(i64::MAX);
    let component = |name: &str| line.sold.components.get(name).copied().into();
    vec![
        ("sku", (&line.sku).into()),
        ("units", units.into()),
        ("unit_price", line.unit_price.into()),
        ("paid", component("paid")),
        ("added_tax", line.added_tax.into()),
        ("shipping", component("shipping")),
        ("points", component("points")),
        ("fulfilment", line.fulfilment.name().into()),
        ("merchant", line.merchant.as_ref().map_or(Node::Null, Node::from)),
    ]
}
