//! What a shop sells: a category tree, products and their SKUs, in one currency.
//!
//! A product is what is shown (name, description, images, categories, tags); a SKU is what is bought
//! (prices, volumes, limits, merchant, fulfilment). Categories, tags, tiers, tax classes and shipping
//! templates are names in data. A [`Catalog`] counts its changes: its version, and that of the last change
//! of each SKU, tell a cart what has gone stale.

mod category;
mod change;
mod product;
mod quantity;
mod sku;
mod state;

pub use category::{Categories, Category};
pub use change::Change;
pub use product::Product;
pub use quantity::QuantityRule;
pub(crate) use sku::TIER_WORDS;
pub use sku::{Shelf, Sku};
pub use state::Catalog;

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::MAX_ID_BYTES;
use std::collections::{BTreeMap, BTreeSet};

/// The longest name, description or image address in bytes.
pub const MAX_TEXT_BYTES: usize = 65_536;

/// A name in data, such as a tag or a tier: 1 to 64 bytes without control characters or blanks at its ends.
fn check_name(what: &str, name: &str) -> Result<()> {
    if name.is_empty()
        || name.len() > MAX_ID_BYTES
        || name.chars().any(char::is_control)
        || name.trim() != name
    {
        let rule = format!("{what} {name:?}: 1 to 64 bytes without control characters or blanks at its ends");
        return Err(Error::new(Code::InvalidValue, rule));
    }
    Ok(())
}

/// A text for people.
fn check_text(what: &str, text: &str) -> Result<()> {
    if text.len() > MAX_TEXT_BYTES {
        let rule = format!("{what} has {} bytes; at most {MAX_TEXT_BYTES} are kept", text.len());
        return Err(Error::new(Code::InvalidValue, rule));
    }
    Ok(())
}

/// A list of texts.
fn texts(fields: &mut Fields<'_>, key: &'static str) -> Result<Vec<String>> {
    let read = |node: &Node| node.as_text().map(str::to_owned).ok_or_else(|| node.clone());
    let items = fields.list(key)?.iter().map(read).collect::<Result<Vec<_>, Node>>();
    items.map_err(|node| fields.wrong(key, "a list of texts", &node))
}

/// A list of texts in which each stands once.
fn names(fields: &mut Fields<'_>, key: &'static str) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for name in texts(fields, key)? {
        if names.contains(&name) {
            return Err(fields.fault(Code::InvalidCatalog, format!("`{key}` holds {name:?} twice")));
        }
        names.insert(name);
    }
    Ok(names)
}

/// A map of integers by name.
fn amounts(fields: &mut Fields<'_>, key: &'static str) -> Result<BTreeMap<String, i64>> {
    let Some(node) = fields.take(key) else { return Ok(BTreeMap::new()) };
    let inner = Fields::new(node, format!("{}: `{key}`", fields.what()))?;
    let read = |(name, value): (&str, &Node)| match value {
        Node::Int(value) => Ok((name.to_owned(), *value)),
        other => Err(inner.wrong(name, "an integer", other)),
    };
    inner.rest().map(read).collect()
}
