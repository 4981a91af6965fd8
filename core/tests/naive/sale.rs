//! Reading a sale from its document.

use super::number::big;
use super::plan::{Table, entries, int, items, table, text};
use fenrun::doc::Node;
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// A sale, as it was frozen.
#[derive(Clone)]
pub(crate) struct Sale {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) buyer: Person,
    pub(crate) upline: Vec<Person>,
    pub(crate) roles: BTreeMap<String, Person>,
    /// The buyer's upline in other trees.
    pub(crate) uplines: BTreeMap<String, Vec<Person>>,
    pub(crate) regions: BTreeMap<String, Person>,
    /// Who stands where nobody does.
    pub(crate) nobody: Person,
    /// What earlier sales used of caps.
    pub(crate) used: Option<Vec<Used>>,
    pub(crate) facts: BTreeMap<String, Node>,
    /// Shorter ids first, then by bytes.
    pub(crate) lines: Vec<Line>,
}

/// What earlier sales of a period used of a cap.
#[derive(Clone)]
pub(crate) struct Used {
    pub(crate) rule: Option<String>,
    pub(crate) every: String,
    pub(crate) payee: Option<String>,
    pub(crate) amount: BigInt,
}

/// Somebody who may be paid.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) rank: Option<String>,
    pub(crate) facts: BTreeMap<String, Node>,
}

/// One line: sold, or what is left of it after refunds.
#[derive(Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) units: BigInt,
    pub(crate) components: BTreeMap<String, BigInt>,
    pub(crate) purpose: String,
    pub(crate) facts: BTreeMap<String, Node>,
    pub(crate) overrides: BTreeMap<String, Table>,
}

impl Sale {
    pub(crate) fn read(node: &Node) -> Self {
        let lines = items(node.get("lines")).iter().enumerate();
        let mut lines: Vec<Line> = lines.map(|(at, line)| Line::read(line, at)).collect();
        lines.sort_by_key(|line| (line.id.len(), line.id.clone()));
        let holders = |key: &str| {
            let holders = entries(node.get(key));
            holders.iter().filter_map(|(held, who)| Some((held.clone(), Person::read(who)?))).collect()
        };
        let people = |stops: &Node| items(Some(stops)).iter().filter_map(Person::read).collect::<Vec<_>>();
        let used = |entry: &Node| Used {
            rule: text(entry.get("rule")),
            every: text(entry.get("every")).expect("every"),
            payee: id(entry.get("payee")),
            amount: amount(entry.get("amount").expect("amount")),
        };
        Self {
            tenant: text(node.get("tenant")).unwrap_or_default(),
            id: id(node.get("id")).expect("sale id"),
            version: int(node.get("version")).unwrap_or(1),
            buyer: Person::read(node.get("buyer").expect("buyer")).expect("buyer id"),
            upline: items(node.get("upline")).iter().filter_map(Person::read).collect(),
            roles: holders("roles"),
            uplines: entries(node.get("uplines"))
                .iter()
                .map(|(tree, stops)| (tree.clone(), people(stops)))
                .collect(),
            regions: holders("regions"),
            nobody: Person { id: String::new(), rank: None, facts: BTreeMap::new() },
            used: node.get("used").map(|list| items(Some(list)).iter().map(used).collect()),
            facts: entries(node.get("facts")),
            lines,
        }
    }
}

impl Person {
    pub(crate) fn is_nobody(&self) -> bool {
        self.id.is_empty()
    }

    /// Nobody, for an id that is `null`, empty or 0.
    pub(crate) fn read(node: &Node) -> Option<Self> {
        let Node::Map(map) = node else {
            return Some(Self { id: id(Some(node))?, rank: None, facts: BTreeMap::new() });
        };
        let mut facts = map.clone();
        let id = id(facts.remove("id").as_ref())?;
        let rank = text(facts.remove("rank").as_ref());
        Some(Self { id, rank, facts })
    }
}

impl Line {
    fn read(node: &Node, at: usize) -> Self {
        let mut map = entries(Some(node));
        let id = id(map.remove("id").as_ref()).unwrap_or_else(|| (at + 1).to_string());
        let units = int(map.remove("units").as_ref()).unwrap_or(1);
        let purpose = text(map.remove("purpose").as_ref()).unwrap_or_else(|| "goods".into());
        let facts = entries(map.remove("facts").as_ref());
        let overrides = entries(map.remove("override").as_ref());
        Self {
            id,
            units: big(units),
            purpose,
            facts,
            overrides: overrides.iter().map(|(rule, rates)| (rule.clone(), table(rates))).collect(),
            components: map.iter().map(|(name, minor)| (name.clone(), amount(minor))).collect(),
        }
    }
}

fn amount(node: &Node) -> BigInt {
    big(int(Some(node)).expect("minor units"))
}

fn id(node: Option<&Node>) -> Option<String> {
    match node {
        Some(Node::Int(number)) if *number != 0 => Some(number.to_string()),
        Some(Node::Text(text)) if !text.is_empty() && text != "0" => Some(text.clone()),
        _ => None,
    }
}
