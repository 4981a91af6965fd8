//! What a plan reads: the columns files may have beside the fixed ones, and what their cells mean.

use fenrun::doc::Node;
use fenrun::money::{Currency, Money};
use fenrun::reward::plan::{Plan, REFERRAL, StopSource};
use fenrun::sale::Facts;
use fenrun::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

use super::{Columns, Row};

/// Components every shop knows; a plan may name more.
const COMPONENTS: [&str; 7] = ["paid", "list", "member", "cost", "shipping", "tax", "points"];
/// What a rule computes or a column of its own states.
const DERIVED: [&str; 4] = ["margin", "quantity", "purpose", "rank"];

/// What a plan compares a fact with, and so what its cells hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Flag,
    Int,
    Text,
    /// Compared with values of several types or with none: as it looks.
    Open,
}

/// The names a plan reads, or several that are compared.
pub(crate) struct Names {
    /// Components, in the order of their names.
    pub(super) components: BTreeSet<String>,
    /// Roles, in the order of their names.
    pub(super) roles: BTreeSet<String>,
    facts: BTreeMap<String, Kind>,
    ranks: Vec<String>,
    currency: Currency,
    /// How many people of an upline are walked at most.
    pub(super) walk: usize,
}

/// Columns of facts.
pub(super) type FactColumns = Vec<(String, usize)>;

impl Names {
    /// What a plan reads.
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut components: BTreeSet<String> = COMPONENTS.iter().map(|name| (*name).to_owned()).collect();
        let mut roles = BTreeSet::new();
        for rule in plan.rules() {
            let of = [&rule.of.base].into_iter().chain(&rule.of.plus).chain(&rule.of.less);
            components.extend(of.filter(|name| !DERIVED.contains(&name.as_str())).cloned());
            for stop in &rule.to {
                if let StopSource::Roles(names) = &stop.source {
                    roles.extend(names.iter().cloned());
                }
            }
        }
        let kinds = kinds(&plan.to_node());
        let read = plan.names();
        let fact = |name: &&str| !components.contains(*name) && !DERIVED.contains(name);
        let facts = read
            .into_iter()
            .filter(fact)
            .map(|name| (name.to_owned(), kinds.get(name).copied().unwrap_or(Kind::Open)));
        let facts = facts.collect();
        let walk = plan.walks().get(REFERRAL).copied().unwrap_or(0);
        Self { components, roles, facts, ranks: plan.ranks().to_vec(), currency: plan.currency(), walk }
    }

    /// What another plan reads too, which pays in the same currency.
    pub(crate) fn and(mut self, plan: &Plan) -> Self {
        let other = Self::of(plan);
        self.components.extend(other.components);
        self.roles.extend(other.roles);
        for (name, kind) in other.facts {
            let known = self.facts.entry(name).or_insert(kind);
            if *known != kind {
                *known = Kind::Open;
            }
        }
        self.facts.retain(|name, _| !self.components.contains(name));
        // Where the plans have other ranks, each refuses the people whose rank it does not have.
        let fresh: Vec<String> = other.ranks.into_iter().filter(|rank| !self.ranks.contains(rank)).collect();
        self.ranks.extend(fresh);
        self.walk = self.walk.max(other.walk);
        self
    }

    /// The fact columns a file has; `column` says what the column of a fact is called.
    pub(super) fn columns(&self, header: &mut Columns, column: impl Fn(&str) -> String) -> FactColumns {
        let found = |name: &String| header.take(&column(name)).map(|at| (name.clone(), at));
        self.facts.keys().filter_map(found).collect()
    }

    /// The facts of a row; an empty cell states nothing.
    pub(super) fn facts(&self, row: Row<'_>, columns: &FactColumns) -> Result<Facts> {
        let mut facts = Facts::new();
        for (name, column) in columns {
            let text = row.cell(Some(*column));
            if !text.is_empty() {
                let kind = self.facts.get(name).copied().unwrap_or(Kind::Open);
                facts.insert(name.clone(), value(kind, name, text).map_err(|rule| row.fault(rule))?);
            }
        }
        Ok(facts)
    }

    /// The rank in a cell; an empty one is none.
    pub(super) fn rank(&self, row: Row<'_>, column: Option<usize>) -> Result<Option<String>> {
        let text = row.cell(column);
        if text.is_empty() {
            return Ok(None);
        }
        if !self.ranks.iter().any(|rank| rank == text) {
            let known = if self.ranks.is_empty() { "none".into() } else { self.ranks.join(", ") };
            return Err(row.fault(format_args!("`{text}` is not one of the plan's ranks: {known}")));
        }
        Ok(Some(text.to_owned()))
    }

    /// An amount written with a decimal point.
    pub(super) fn amount(&self, text: &str) -> Result<i64> {
        Money::parse(text, self.currency).map(|money| money.minor()).map_err(Error::from)
    }

    pub(super) fn ranks(&self) -> &[String] {
        &self.ranks
    }

    pub(super) const fn currency(&self) -> Currency {
        self.currency
    }
}

fn value(kind: Kind, name: &str, text: &str) -> std::result::Result<Node, String> {
    let flag = match text {
        "true" | "TRUE" | "True" => Some(true),
        "false" | "FALSE" | "False" => Some(false),
        _ => None,
    };
    let int = text.parse::<i64>().ok().filter(|value| value.to_string() == text);
    match (kind, flag, int) {
        (Kind::Flag, Some(flag), _) | (Kind::Open, Some(flag), _) => Ok(Node::Bool(flag)),
        (Kind::Flag, None, Some(bit @ (0 | 1))) => Ok(Node::Bool(bit == 1)),
        (Kind::Flag, None, _) => Err(format!("`{name}` is `{text}`; the plan reads true or false")),
        (Kind::Int | Kind::Open, None, Some(int)) | (Kind::Int, _, Some(int)) => Ok(Node::Int(int)),
        (Kind::Int, _, None) => Err(format!("`{name}` is `{text}`; the plan reads a whole number")),
        (Kind::Text | Kind::Open, _, _) => Ok(text.into()),
    }
}

/// What each fact is compared with, read off the plan's document.
fn kinds(plan: &Node) -> BTreeMap<String, Kind> {
    let mut kinds = BTreeMap::new();
    let Some(Node::List(rules)) = plan.get("rule") else { return kinds };
    let mut open: Vec<&Node> = Vec::new();
    for rule in rules {
        open.extend([rule.get("when"), rule.get("qualify")].into_iter().flatten());
        if let Some(Node::List(stops)) = rule.get("to") {
            open.extend(stops.iter().filter_map(|stop| stop.get("when")));
        }
    }
    while let Some(node) = open.pop() {
        match node {
            Node::List(conditions) => open.extend(conditions),
            Node::Map(clauses) => {
                for (key, value) in clauses {
                    match key.as_str() {
                        "any" | "not" | "sale" => open.push(value),
                        fact => note(&mut kinds, fact, value),
                    }
                }
            }
            _ => {}
        }
    }
    kinds
}

fn note(kinds: &mut BTreeMap<String, Kind>, fact: &str, value: &Node) {
    let scalars: Vec<&Node> = match value {
        Node::Map(range) => range
            .values()
            .flat_map(|end| if let Node::List(items) = end { items.iter().collect() } else { vec![end] })
            .collect(),
        Node::List(items) => items.iter().collect(),
        single => vec![single],
    };
    for scalar in scalars {
        let kind = match scalar {
            Node::Bool(_) => Kind::Flag,
            Node::Int(_) => Kind::Int,
            Node::Text(_) => Kind::Text,
            _ => Kind::Open,
        };
        let known = kinds.entry(fact.to_owned()).or_insert(kind);
        if *known != kind {
            *known = Kind::Open;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{"schema": "fenrun.plan/1", "name": "facts", "currency": "CNY", "rule": [{
        "id": "up", "of": {"base": "list", "less": ["pv"]},
        "when": {"category": ["12", "tea"], "sale": {"vip": true}, "any": [{"n": {"min": 2}}, {"n": "x"}]},
        "to": [{"self": true, "when": {"self_purchase": true}}, {"roles": ["staff"]}, {"up": "referral"}],
        "qualify": {"not": {"level": {"max": 3}}}, "unqualified": "retain",
        "pay": {"levels": ["5%"]}}]}"#;

    #[test]
    fn a_plan_says_what_cells_mean() {
        let names = Names::of(&Plan::from_json(PLAN).unwrap());
        assert!(names.components.contains("pv") && names.components.contains("list"));
        assert!(names.roles.contains("staff"));
        let kinds: Vec<_> = names.facts.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        let wanted = [
            ("category", Kind::Text),
            ("level", Kind::Int),
            ("n", Kind::Open),
            ("self_purchase", Kind::Flag),
            ("vip", Kind::Flag),
        ];
        assert_eq!(kinds, wanted);
    }

    #[test]
    fn cells_become_values() {
        for (kind, text, wanted) in [
            (Kind::Flag, "1", Some(Node::Bool(true))),
            (Kind::Flag, "FALSE", Some(Node::Bool(false))),
            (Kind::Flag, "yes", None),
            (Kind::Int, "-7", Some(Node::Int(-7))),
            (Kind::Int, "007", None),
            (Kind::Int, "1.5", None),
            (Kind::Text, "12", Some("12".into())),
            (Kind::Text, "true", Some("true".into())),
            (Kind::Open, "12", Some(Node::Int(12))),
            (Kind::Open, "007", Some("007".into())),
            (Kind::Open, "true", Some(Node::Bool(true))),
            (Kind::Open, "8%", Some("8%".into())),
        ] {
            assert_eq!(value(kind, "f", text).ok(), wanted, "{kind:?} {text}");
        }
    }
}
