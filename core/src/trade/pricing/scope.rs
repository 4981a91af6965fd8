//! Which lines a rule is for.

use super::basket::Item;
use crate::doc::{Fields, Node};
use crate::error::Result;
use crate::id::{ExternalId, SkuId};
use crate::sale::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// Names a line is chosen by: any of each list, and of every list that is not empty.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Choice {
    /// SKUs.
    pub skus: BTreeSet<SkuId>,
    /// Categories, each with all that stands below it.
    pub categories: BTreeSet<String>,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// Merchants.
    pub merchants: BTreeSet<String>,
    /// Facts of the SKU and of the catalogue about it; of a list, any.
    pub facts: Facts,
}

impl Choice {
    /// Whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // Asked for every rule of every cart: a comparison with an empty choice takes ten times as long.
        let Self { skus, categories, tags, merchants, facts } = self;
        skus.is_empty()
            && categories.is_empty()
            && tags.is_empty()
            && merchants.is_empty()
            && facts.is_empty()
    }

    fn holds(&self, item: &Item<'_>) -> bool {
        let named = |key, names: &BTreeSet<String>| names.is_empty() || item.is_named(key, names);
        (self.skus.is_empty() || self.skus.contains(&item.sku.id))
            && named("category", &self.categories)
            && named("tags", &self.tags)
            && named("merchant", &self.merchants)
            && self.facts.iter().all(|(name, value)| item.states(name, value))
    }

    fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        let facts = crate::sale::read::facts_from_fields(fields, "scope: `facts`")?;
        let mut skus = BTreeSet::new();
        for node in fields.list("skus")? {
            match ExternalId::from_node(node)? {
                Some(id) => skus.insert(SkuId::from(id)),
                None => return Err(fields.wrong("skus", "ids", node)),
            };
        }
        Ok(Self {
            skus,
            categories: names(fields, "categories")?,
            tags: names(fields, "tags")?,
            merchants: names(fields, "merchants")?,
            facts,
        })
    }

    fn entries(&self) -> BTreeMap<String, Node> {
        let texts =
            |names: &BTreeSet<String>| Node::List(names.iter().map(|name| name.as_str().into()).collect());
        let mut map = BTreeMap::new();
        if !self.skus.is_empty() {
            map.insert("skus".to_owned(), Node::List(self.skus.iter().map(Node::from).collect()));
        }
        for (key, set) in
            [("categories", &self.categories), ("tags", &self.tags), ("merchants", &self.merchants)]
        {
            if !set.is_empty() {
                map.insert(key.to_owned(), texts(set));
            }
        }
        if !self.facts.is_empty() {
            map.insert("facts".to_owned(), Node::Map(self.facts.clone()));
        }
        map
    }
}

/// The lines a rule is for: those of a choice, without those of another.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Scope {
    /// What it is for; empty means every line.
    pub only: Choice,
    /// What it is not for; empty means no exception.
    pub except: Choice,
}

impl Scope {
    /// Whether it is for every line.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }

    pub(super) fn holds(&self, item: &Item<'_>) -> bool {
        self.only.holds(item) && (self.except.is_empty() || !self.except.holds(item))
    }

    pub(super) fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "scope")?;
        let only = Choice::from_fields(&mut fields)?;
        let except = match fields.take("except") {
            None => Choice::default(),
            Some(node) => {
                let mut inner = Fields::new(node, "scope: `except`")?;
                let choice = Choice::from_fields(&mut inner)?;
                inner.finish()?;
                choice
            }
        };
        fields.finish()?;
        Ok(Self { only, except })
    }

    pub(super) fn to_node(&self) -> Node {
        let mut map = self.only.entries();
        if !self.except.is_empty() {
            map.insert("except".to_owned(), Node::Map(self.except.entries()));
        }
        Node::Map(map)
    }
}

/// A list of texts that are not empty.
pub(super) fn names(fields: &mut Fields<'_>, key: &'static str) -> Result<BTreeSet<String>> {
    let mut set = BTreeSet::new();
    for node in fields.list(key)? {
        match node {
            Node::Text(text) if !text.is_empty() => set.insert(text.clone()),
            Node::Int(value) if *value > 0 => set.insert(value.to_string()),
            other => return Err(fields.wrong(key, "a list of names", other)),
        };
    }
    Ok(set)
}
