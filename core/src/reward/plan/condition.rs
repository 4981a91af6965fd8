//! Conditions on facts.

use super::kinds::{Kinds, raise};
use crate::doc::{Fields, Node, Spot, did_you_mean, perhaps};
use crate::error::{Code, Error, Result};
use crate::sale::Purpose;
use std::collections::{BTreeMap, BTreeSet};

/// How deep conditions may nest.
const MAX_DEPTH: usize = 16;

/// How much of a test an error shows, in characters.
const MAX_SHOWN: usize = 60;

/// Facts whose reading makes a rule pay for recruiting, and the beginnings of those that a period derives.
const RECRUITING_FACTS: [&str; 4] = ["purchases", "purchased", "recruits", "team_size"];
const RECRUITING_PREFIXES: [&str; 3] = ["own_", "recruits_", "legs_"];

/// Whether a rule that reads this fact pays for recruiting: what one bought oneself, whom one recruited.
pub(super) fn is_recruiting(fact: &str) -> bool {
    RECRUITING_FACTS.contains(&fact) || RECRUITING_PREFIXES.iter().any(|start| fact.starts_with(start))
}

/// All clauses hold, read in the byte order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    clauses: BTreeMap<String, Clause>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Clause {
    /// A test, and what the whole plan asks the fact to be.
    Fact(Test, Kinds),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Sale(Box<Condition>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Is(Node),
    In(Vec<Node>),
    Range { min: Option<Node>, max: Option<Node>, among: Option<Vec<Node>> },
}

/// Where a condition finds facts.
pub trait Knowledge {
    /// The value of a fact; `None` when nobody states it.
    fn fact(&self, name: &str) -> Option<Node>;
    /// The value of a fact of the sale alone, for `{ sale = {…} }`.
    fn sale_fact(&self, name: &str) -> Option<Node>;
    /// Who is asked, for messages.
    fn whose(&self) -> String;
    /// The names of the facts that could have been read, for messages.
    fn known(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Condition {
    /// Reads a condition; `ranks` are the plan's.
    pub(super) fn read(node: &Node, what: &str, ranks: &[String]) -> Result<Self> {
        Self::read_at(node, what, ranks, 1)
    }

    fn read_at(node: &Node, what: &str, ranks: &[String], depth: usize) -> Result<Self> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                Code::InvalidValue,
                format!("{what}: conditions nest at most {MAX_DEPTH} deep"),
            ));
        }
        let fields = Fields::table(node, what)?;
        let mut clauses = BTreeMap::new();
        for (key, value) in fields.rest() {
            let place = format!("{what}: `{key}`");
            let clause = match key {
                "any" => {
                    let Node::List(items) = value else {
                        return Err(fields.wrong(key, "a list of conditions", value));
                    };
                    if items.is_empty() {
                        return Err(fields.fault(Code::InvalidValue, "`any` lists no condition"));
                    }
                    let read = |item| Self::read_at(item, &place, ranks, depth + 1);
                    Clause::Any(items.iter().map(read).collect::<Result<_>>()?)
                }
                "not" => Clause::Not(Box::new(Self::read_at(value, &place, ranks, depth + 1)?)),
                "sale" => Clause::Sale(Box::new(Self::read_at(value, &place, ranks, depth + 1)?)),
                _ => {
                    let test = Test::read(value, key, &place)?;
                    if key == "rank" {
                        test.check_ranks(&place, ranks).map_err(|error| error.about(Spot::of(value)))?;
                    }
                    let kinds = test.kinds();
                    Clause::Fact(test, kinds)
                }
            };
            clauses.insert(key.to_owned(), clause);
        }
        if clauses.is_empty() {
            return Err(fields.fault(Code::InvalidValue, "an empty condition; leave the key out instead"));
        }
        Ok(Self { clauses })
    }

    pub(super) fn to_node(&self) -> Node {
        Node::map(self.clauses.iter().map(|(key, clause)| {
            let value = match clause {
                Clause::Fact(test, _) => test.to_node(),
                Clause::Any(items) => Node::List(items.iter().map(Self::to_node).collect()),
                Clause::Not(inner) | Clause::Sale(inner) => inner.to_node(),
            };
            (key.as_str(), value)
        }))
    }

    /// The flags it asks for, where it asks for nothing else.
    pub(crate) fn flags(&self) -> Option<Vec<(&str, bool)>> {
        let mut flags = Vec::with_capacity(self.clauses.len());
        for (key, clause) in &self.clauses {
            let Clause::Fact(Test::Is(Node::Bool(wanted)), _) = clause else { return None };
            flags.push((key.as_str(), *wanted));
        }
        Some(flags)
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// [`Code::MissingFact`] when a fact that decides is not stated, [`Code::InvalidValue`] when it is of a type
    /// that nothing in the plan asks it to be of.
    pub fn holds(&self, knowledge: &dyn Knowledge, ranks: &[String]) -> Result<bool> {
        self.test(knowledge, ranks, false)
    }

    fn test(&self, knowledge: &dyn Knowledge, ranks: &[String], of_sale: bool) -> Result<bool> {
        for (key, clause) in &self.clauses {
            let holds = match clause {
                Clause::Any(items) => {
                    let mut any = false;
                    for item in items {
                        any = any || item.test(knowledge, ranks, of_sale)?;
                    }
                    any
                }
                Clause::Not(inner) => !inner.test(knowledge, ranks, of_sale)?,
                Clause::Sale(inner) => inner.test(knowledge, ranks, true)?,
                Clause::Fact(test, kinds) => {
                    let value = if of_sale { knowledge.sale_fact(key) } else { knowledge.fact(key) };
                    match value {
                        Some(value) => test.answer(key, &value, ranks, *kinds, knowledge)?,
                        None if key == "rank" => false,
                        None => return Err(missing(key, knowledge)),
                    }
                }
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds what this condition asks each fact to be.
    pub(super) fn add_kinds(&self, all: &mut BTreeMap<String, Kinds>) {
        for (key, clause) in &self.clauses {
            match clause {
                Clause::Fact(test, _) => raise(all, key, test.kinds()),
                Clause::Any(items) => items.iter().for_each(|item| item.add_kinds(all)),
                Clause::Not(inner) | Clause::Sale(inner) => inner.add_kinds(all),
            }
        }
    }

    /// Tells it what the whole plan asks each fact to be.
    pub(super) fn set_kinds(&mut self, all: &BTreeMap<String, Kinds>) {
        for (key, clause) in &mut self.clauses {
            match clause {
                Clause::Fact(_, kinds) => *kinds = all.get(key).copied().unwrap_or(*kinds),
                Clause::Any(items) => items.iter_mut().for_each(|item| item.set_kinds(all)),
                Clause::Not(inner) | Clause::Sale(inner) => inner.set_kinds(all),
            }
        }
    }

    /// Adds the names of the facts this condition reads.
    pub(super) fn names<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        for (key, clause) in &self.clauses {
            match clause {
                Clause::Fact(..) => {
                    names.insert(key);
                }
                Clause::Any(items) => items.iter().for_each(|item| item.names(names)),
                Clause::Not(inner) | Clause::Sale(inner) => inner.names(names),
            }
        }
    }

    /// Whether it asks the sale, as `{ sale = … }` does.
    pub(super) fn asks_sale(&self) -> bool {
        self.clauses.values().any(|clause| match clause {
            Clause::Fact(..) => false,
            Clause::Any(items) => items.iter().any(Self::asks_sale),
            Clause::Not(inner) => inner.asks_sale(),
            Clause::Sale(_) => true,
        })
    }

    /// Whether the condition names the line's own `purpose` and may hold on a line of this purpose, whatever
    /// its other facts are. `{ sale = … }` reads the sale's facts, not the line's.
    pub(super) fn admits_purpose(&self, purpose: Purpose) -> bool {
        self.names_purpose() && !self.excludes_purpose(purpose)
    }

    /// Whether the condition fails on every line of this purpose, whatever its other facts are.
    pub(super) fn excludes_purpose(&self, purpose: Purpose) -> bool {
        self.given_purpose(&purpose.name().into()) == Some(false)
    }

    fn names_purpose(&self) -> bool {
        self.clauses.iter().any(|(key, clause)| match clause {
            Clause::Fact(..) => key == "purpose",
            Clause::Any(items) => items.iter().any(Self::names_purpose),
            Clause::Not(inner) => inner.names_purpose(),
            Clause::Sale(_) => false,
        })
    }

    /// Whether the condition holds when only the purpose is known; `None` when other facts decide.
    fn given_purpose(&self, purpose: &Node) -> Option<bool> {
        let mut known = Some(true);
        for (key, clause) in &self.clauses {
            let holds = match clause {
                Clause::Fact(test, _) => (key == "purpose").then(|| test.holds(key, purpose, &[])),
                Clause::Any(items) => {
                    let each = items.iter().map(|item| item.given_purpose(purpose));
                    each.reduce(|left, right| match (left, right) {
                        (Some(true), _) | (_, Some(true)) => Some(true),
                        (Some(false), Some(false)) => Some(false),
                        _ => None,
                    })
                    .flatten()
                }
                Clause::Not(inner) => inner.given_purpose(purpose).map(|holds| !holds),
                Clause::Sale(_) => None,
            };
            match holds {
                Some(false) => return Some(false),
                Some(true) => {}
                None => known = None,
            }
        }
        known
    }

    /// Whether no facts at all can meet the condition, as far as single clauses show it: an empty list of
    /// values, or a range whose ends are the wrong way round or that holds none of the values listed with it.
    pub(super) fn is_impossible(&self, ranks: &[String]) -> bool {
        self.clauses.iter().any(|(key, clause)| match clause {
            Clause::Fact(Test::In(items), _) => items.is_empty(),
            Clause::Fact(test @ Test::Range { min, max, among }, _) => {
                let crossed = matches!(
                    (min.as_ref().and_then(|end| place(key, end, ranks)), max.as_ref().and_then(|end| place(key, end, ranks))),
                    (Some(min), Some(max)) if min > max
                );
                let inside = |value: &Node| test.holds(key, value, ranks);
                crossed || among.as_ref().is_some_and(|items| !items.iter().any(inside))
            }
            Clause::Fact(Test::Is(_), _) | Clause::Not(_) => false,
            Clause::Any(items) => items.iter().all(|item| item.is_impossible(ranks)),
            Clause::Sale(inner) => inner.is_impossible(ranks),
        })
    }

    /// The only fact this condition tests, when it is `fact = true` and nothing else.
    #[must_use]
    pub fn single_flag(&self) -> Option<&str> {
        let mut clauses = self.clauses.iter();
        match (clauses.next(), clauses.next()) {
            (Some((key, Clause::Fact(Test::Is(Node::Bool(true)), _))), None) => Some(key),
            _ => None,
        }
    }
}

/// The error for a fact nobody stated, with the stated one that is most like it.
fn missing(name: &str, knowledge: &dyn Knowledge) -> Error {
    let (whose, known) = (knowledge.whose(), knowledge.known());
    let hint = perhaps(name, known.iter().map(String::as_str));
    Error::new(
        Code::MissingFact,
        format!("{whose} does not state the fact `{name}` that the plan reads{hint}"),
    )
}

impl Test {
    fn read(node: &Node, fact: &str, what: &str) -> Result<Self> {
        match node {
            Node::Bool(_) | Node::Int(_) | Node::Text(_) => Ok(Self::Is(node.clone())),
            Node::List(items) => Ok(Self::In(scalars(items, what)?)),
            Node::Map(_) => {
                let mut fields = Fields::table(node, what)?;
                let mut end = |key: &'static str| match (fields.take(key), fact) {
                    (None, _) => Ok(None),
                    (Some(value @ (Node::Int(_) | Node::Text(_))), "rank") => Ok(Some(value.clone())),
                    (Some(value @ Node::Int(_)), _) => Ok(Some(value.clone())),
                    (Some(other), "rank") => Err(fields.wrong(key, "a rank", other)),
                    (Some(other), _) => {
                        Err(fields.wrong(key, "an integer (only ranks stand in an order by name)", other))
                    }
                };
                let (min, max) = (end("min")?, end("max")?);
                let among = match fields.take("in") {
                    None => None,
                    Some(Node::List(items)) => Some(scalars(items, what)?),
                    Some(other) => return Err(fields.wrong("in", "a list", other)),
                };
                fields.all_known()?;
                if min.is_none() && max.is_none() && among.is_none() {
                    return Err(fields.fault(Code::InvalidValue, "write `min`, `max` or `in`"));
                }
                Ok(Self::Range { min, max, among })
            }
            Node::Null => Err(crate::doc::invalid(what, "a value or { min, max, in }", node)),
        }
    }

    fn to_node(&self) -> Node {
        match self {
            Self::Is(value) => value.clone(),
            Self::In(items) => Node::List(items.clone()),
            Self::Range { min, max, among } => {
                let ends =
                    [("min", min.clone()), ("max", max.clone()), ("in", among.clone().map(Node::List))];
                Node::map(ends.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))))
            }
        }
    }

    fn check_ranks(&self, what: &str, ranks: &[String]) -> Result<()> {
        let listed = match self {
            Self::Is(value) => vec![value],
            Self::In(items) => items.iter().collect(),
            Self::Range { min, max, among } => min.iter().chain(max).chain(among.iter().flatten()).collect(),
        };
        for value in listed {
            if !value.as_text().is_some_and(|name| ranks.iter().any(|known| known == name)) {
                let name = value.as_text().unwrap_or_default();
                let hint = did_you_mean(name, "it has", ranks.iter().map(String::as_str));
                let rule = format!("{what}: {} is not one of the plan's ranks; {hint}", value.to_json());
                return Err(Error::new(Code::InvalidValue, rule));
            }
        }
        Ok(())
    }

    /// Of which types a value can hold: the ends of a range are of one.
    fn kinds(&self) -> Kinds {
        match self {
            Self::Is(value) => Kinds::of([value]),
            Self::In(items) => Kinds::of(items),
            Self::Range { min, max, among } => match min.as_ref().or(max.as_ref()) {
                Some(end) => Kinds::of([end]),
                None => Kinds::of(among.iter().flatten()),
            },
        }
    }

    /// Whether a stated fact meets the test; of several values at once, one that does is enough.
    #[inline]
    fn answer(
        &self,
        key: &str,
        stated: &Node,
        ranks: &[String],
        kinds: Kinds,
        knowledge: &dyn Knowledge,
    ) -> Result<bool> {
        let values = match stated {
            Node::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        if values.iter().any(|value| self.holds(key, value, ranks)) {
            return Ok(true);
        }
        // Text for a number would never hold, and nobody would know why.
        if values.is_empty() || values.iter().any(|value| kinds.meets(value)) {
            return Ok(false);
        }
        Err(self.misstated(key, values, kinds, knowledge))
    }

    /// The error for a fact of a type that nothing in the plan asks it to be of.
    #[cold]
    fn misstated(&self, key: &str, values: &[Node], kinds: Kinds, knowledge: &dyn Knowledge) -> Error {
        // Of several values the first is told: one of another type would have been enough.
        let stated = values.first().unwrap_or(&Node::Null);
        let test = self.to_node().to_json();
        let short: String = test.chars().take(MAX_SHOWN).collect();
        let cut = if short.len() < test.len() { "…" } else { "" };
        let what = format!("{}: the fact `{key}`, which the plan tests by {short}{cut},", knowledge.whose());
        crate::doc::invalid(&what, &kinds.words(), stated)
    }

    fn holds(&self, key: &str, value: &Node, ranks: &[String]) -> bool {
        let place = |node: &Node| place(key, node, ranks);
        match self {
            Self::Is(wanted) => value == wanted,
            Self::In(items) => items.contains(value),
            Self::Range { min, max, among } => {
                let against = |end: &Option<Node>, fits: fn(i64, i64) -> bool| match end {
                    None => true,
                    Some(end) => matches!((place(value), place(end)), (Some(a), Some(b)) if fits(a, b)),
                };
                against(min, |value, min| value >= min)
                    && against(max, |value, max| value <= max)
                    && among.as_ref().is_none_or(|items| items.contains(value))
            }
        }
    }
}

/// Where a value stands among others: ranks by their place in the plan's list, integers by value; anything
/// else has no order.
fn place(key: &str, value: &Node, ranks: &[String]) -> Option<i64> {
    match value {
        Node::Int(value) => Some(*value),
        Node::Text(name) if key == "rank" => {
            ranks.iter().position(|known| known == name).and_then(|at| i64::try_from(at).ok())
        }
        _ => None,
    }
}

fn scalars(items: &[Node], what: &str) -> Result<Vec<Node>> {
    items
        .iter()
        .map(|item| match item {
            Node::Bool(_) | Node::Int(_) | Node::Text(_) => Ok(item.clone()),
            other => Err(crate::doc::invalid(what, "a list of plain values", other)),
        })
        .collect()
}
