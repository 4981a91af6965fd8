//! What a rule pays, by rank or label and by level.

use crate::doc::{self, Fields, Node, Spot};
use crate::error::{Code, Result};
use crate::sale::{Pay, read::pay_from_node, read::pay_to_node};
use std::collections::{BTreeMap, BTreeSet};

/// One entry of a rate table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A share of the base, or minor units per unit sold.
    Fixed(Pay),
    /// The payee's own rate: the text of this fact.
    Fact(String),
}

/// Refuses the name of a fact of payees that nobody can state.
pub(super) fn check_fact(name: &str, fields: &Fields<'_>) -> Result<()> {
    match name {
        "" => Err(fields.fault(Code::InvalidValue, "`fact` is empty")),
        "id" | "rank" => {
            Err(fields.fault(Code::InvalidValue, format!("`fact` is `{name}`; `id` and `rank` are no facts")))
        }
        _ => Ok(()),
    }
}

impl Amount {
    pub(super) fn read(node: &Node, what: &str) -> Result<Self> {
        if let Node::Map(_) = node {
            let mut fields = Fields::table(node, what)?;
            let name = fields.text("fact")?;
            let name = name.ok_or_else(|| fields.fault(Code::MissingKey, "write { fact = \"name\" }"))?;
            check_fact(name, &fields).map_err(|error| error.about(Spot::entry(node, "fact")))?;
            let name = name.to_owned();
            fields.finish()?;
            return Ok(Self::Fact(name));
        }
        pay_from_node(node, what).map(Self::Fixed)
    }

    pub(super) fn to_node(&self) -> Node {
        match self {
            Self::Fixed(pay) => pay_to_node(pay),
            Self::Fact(name) => Node::map([("fact", name.as_str())].map(|(key, name)| (key, name.into()))),
        }
    }
}

/// Rates by rank or label; the key `any` serves everybody else and nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateTable {
    by: BTreeMap<String, Vec<Amount>>,
}

impl RateTable {
    /// The table of a schedule that has none.
    pub(super) const fn empty() -> &'static Self {
        static EMPTY: RateTable = RateTable { by: BTreeMap::new() };
        &EMPTY
    }

    /// A list by level, or a table of lists.
    pub(super) fn read_levels(node: &Node, what: &str, max: usize) -> Result<Self> {
        let list = |node: &Node, what: &str| -> Result<Vec<Amount>> {
            let Node::List(items) = node else {
                return Err(doc::invalid(what, "a list of rates by level", node));
            };
            if items.is_empty() || items.len() > max {
                let error = format!("{what}: {} levels; a rule pays 1 to {max}", items.len());
                return Err(crate::Error::new(Code::InvalidValue, error));
            }
            items.iter().map(|item| Amount::read(item, what)).collect()
        };
        match node {
            Node::Map(map) => Self::build(map, what, list),
            bare => Ok(Self { by: BTreeMap::from([("any".to_owned(), list(bare, what)?)]) }),
        }
    }

    /// A table of single rates.
    pub(super) fn read_single(node: &Node, what: &str) -> Result<Self> {
        let Node::Map(map) = node else {
            return Err(doc::invalid(what, "a table of rates by rank or label", node));
        };
        Self::build(map, what, |node, what| Ok(vec![Amount::read(node, what)?]))
    }

    fn build(
        map: &BTreeMap<String, Node>,
        what: &str,
        read: impl Fn(&Node, &str) -> Result<Vec<Amount>>,
    ) -> Result<Self> {
        if map.is_empty() {
            return Err(crate::Error::new(Code::InvalidValue, format!("{what}: the table is empty")));
        }
        let entry = |(key, node): (&String, &Node)| {
            let amounts =
                read(node, &format!("{what}.{key}")).map_err(|error| error.about(Spot::of(node)))?;
            Ok((key.clone(), amounts))
        };
        Ok(Self { by: map.iter().map(entry).collect::<Result<_>>()? })
    }

    pub(super) fn to_levels_node(&self) -> Node {
        let list = |amounts: &Vec<Amount>| Node::List(amounts.iter().map(Amount::to_node).collect());
        match self.by.get("any") {
            Some(amounts) if self.by.len() == 1 => list(amounts),
            _ => Node::map(self.by.iter().map(|(key, amounts)| (key.as_str(), list(amounts)))),
        }
    }

    pub(super) fn to_single_node(&self) -> Node {
        Node::map(
            self.by.iter().filter_map(|(key, amounts)| Some((key.as_str(), amounts.first()?.to_node()))),
        )
    }

    /// The list under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&[Amount]> {
        self.by.get(key).map(Vec::as_slice)
    }

    /// All lists with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Amount])> {
        self.by.iter().map(|(key, amounts)| (key.as_str(), amounts.as_slice()))
    }

    /// The longest list.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.by.values().map(Vec::len).max().unwrap_or(0)
    }

    pub(super) fn names<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        for amount in self.by.values().flatten() {
            if let Amount::Fact(name) = amount {
                names.insert(name);
            }
        }
    }
}
