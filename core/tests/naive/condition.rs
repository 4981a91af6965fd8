//! Conditions, read from their documents key by key.

use super::people::Scene;
use super::plan::{Rule, items};
use super::sale::{Line, Person, Sale};
use super::{Fault, Mutation, Naive, Plan};
use fenrun::doc::Node;

/// What a condition can see.
struct View<'a> {
    ranks: &'a [String],
    sale: &'a Sale,
    /// Asked one after the other; the first that states a fact answers.
    facts: &'a dyn Fn(&str) -> Option<Node>,
}

impl Naive {
    /// Whether a rule pays for a line at all: its purpose, then `when`.
    /// `asker` is the buyer, or the payee a rule runs after.
    pub(crate) fn applies(
        self,
        plan: &Plan,
        rule: &Rule,
        sale: &Sale,
        asker: &Person,
        line: &Line,
    ) -> Result<bool, Fault> {
        let purpose = Node::from(line.purpose.as_str());
        let opened = rule.when.as_ref().is_some_and(|when| names_purpose(when) && self.may(when, &purpose).0);
        if line.purpose != "goods" && !(opened && plan.allowed.contains(&rule.id)) {
            return Ok(false);
        }
        let Some(when) = &rule.when else { return Ok(true) };
        let facts = |name: &str| match name {
            "purpose" => Some(line.purpose.as_str().into()),
            name => line.facts.get(name).cloned().or_else(|| sale.fact(name)).or_else(|| asker.fact(name)),
        };
        self.holds(when, &View { ranks: &plan.ranks, sale, facts: &facts })
    }

    /// Whether a rule that runs after an amount of a whole sale applies to it: the purposes of all its lines,
    /// then `when`, which sees no line.
    pub(crate) fn applies_to_all(
        self,
        plan: &Plan,
        rule: &Rule,
        sale: &Sale,
        asker: &Person,
        lines: &[&Line],
    ) -> Result<bool, Fault> {
        for line in lines.iter().filter(|line| line.purpose != "goods") {
            let purpose = Node::from(line.purpose.as_str());
            let opened =
                rule.when.as_ref().is_some_and(|when| names_purpose(when) && self.may(when, &purpose).0);
            if !(opened && plan.allowed.contains(&rule.id)) {
                return Ok(false);
            }
        }
        self.opens(plan, rule.when.as_ref(), sale, asker)
    }

    /// Whether a stop is walked: its `when` sees the facts of the sale and of the buyer.
    pub(crate) fn opens(
        self,
        plan: &Plan,
        when: Option<&Node>,
        sale: &Sale,
        asker: &Person,
    ) -> Result<bool, Fault> {
        let Some(when) = when else { return Ok(true) };
        let facts = |name: &str| sale.fact(name).or_else(|| asker.fact(name));
        self.holds(when, &View { ranks: &plan.ranks, sale, facts: &facts })
    }

    /// q(a, k): whether a person meets the condition of level k, counted from 1.
    pub(crate) fn qualifies(self, scene: &Scene<'_>, person: &Person, level: usize) -> Result<bool, Fault> {
        let Scene { plan, rule, sale, .. } = scene;
        if person.is_nobody() {
            return Ok(false);
        }
        let Some(last) = rule.qualify.last() else { return Ok(true) };
        let condition = rule.qualify.get(level - 1).unwrap_or(last);
        let person = if self.planted(Mutation::QualifyReadsBuyer) { &sale.buyer } else { person };
        self.holds(condition, &View { ranks: &plan.ranks, sale, facts: &|name| person.fact(name) })
    }

    fn holds(self, condition: &Node, view: &View<'_>) -> Result<bool, Fault> {
        let Node::Map(tests) = condition else { panic!("a condition is a map") };
        // A map of the document stands in the byte order of its keys.
        for (key, wanted) in tests {
            let holds = match key.as_str() {
                "any" => self.one_holds(items(Some(wanted)), view)?,
                "not" => !self.holds(wanted, view)?,
                "sale" => self.holds(wanted, &View { facts: &|name| view.sale.fact(name), ..*view })?,
                fact => match (view.facts)(fact) {
                    Some(stated) => self.matches(wanted, &stated, (fact == "rank").then_some(view.ranks)),
                    None if fact == "rank" => false,
                    None => return Err(Fault::MissingFact),
                },
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn one_holds(self, conditions: &[Node], view: &View<'_>) -> Result<bool, Fault> {
        for condition in conditions {
            if self.holds(condition, view)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a condition may hold and whether it may fail, when the purpose is all that is known.
    fn may(self, condition: &Node, purpose: &Node) -> (bool, bool) {
        let Node::Map(tests) = condition else { panic!("a condition is a map") };
        let each = tests.iter().map(|(key, wanted)| match key.as_str() {
            "purpose" => {
                let holds = self.matches(wanted, purpose, None);
                (holds, !holds)
            }
            "not" => {
                let (hold, fail) = self.may(wanted, purpose);
                (fail, hold)
            }
            "any" => items(Some(wanted))
                .iter()
                .map(|item| self.may(item, purpose))
                .fold((false, true), |(hold, fail), item| (hold || item.0, fail && item.1)),
            _ => (true, true),
        });
        each.fold((true, false), |(hold, fail), test| (hold && test.0, fail || test.1))
    }

    /// A value, a list of values, or `{ min, max, in }`; of several stated at once one is enough.
    fn matches(self, wanted: &Node, stated: &Node, ranks: Option<&[String]>) -> bool {
        if let Node::List(values) = stated {
            return values.iter().any(|value| self.matches(wanted, value, ranks));
        }
        match wanted {
            Node::List(values) => values.contains(stated),
            Node::Map(range) => range.iter().all(|(key, bound)| match key.as_str() {
                "in" => items(Some(bound)).contains(stated),
                "min" if self.planted(Mutation::MinimumExcluded) => size(stated, ranks) > size(bound, ranks),
                "min" => size(stated, ranks) >= size(bound, ranks),
                "max" => size(stated, ranks) <= size(bound, ranks),
                other => panic!("a range has no {other}"),
            }),
            value => value == stated,
        }
    }
}

/// What `min` and `max` compare: an integer, or the place of a rank.
fn size(value: &Node, ranks: Option<&[String]>) -> i64 {
    match (value, ranks) {
        (Node::Int(number), _) => *number,
        (Node::Text(name), Some(ranks)) => {
            let place = ranks.iter().position(|rank| rank == name).expect("a rank of the plan");
            i64::try_from(place).expect("few ranks")
        }
        _ => panic!("only integers and ranks have a size"),
    }
}

impl Person {
    /// A fact; the rank is one of them.
    fn fact(&self, name: &str) -> Option<Node> {
        match name {
            "rank" => self.rank.as_deref().map(Node::from),
            name => self.facts.get(name).cloned(),
        }
    }
}

impl Sale {
    fn fact(&self, name: &str) -> Option<Node> {
        self.facts.get(name).cloned()
    }
}

/// Whether a condition names the purpose of the line anywhere; `sale` reads the sale's facts.
fn names_purpose(condition: &Node) -> bool {
    match condition {
        Node::Map(tests) => tests.iter().any(|(key, inner)| match key.as_str() {
            "purpose" => true,
            "any" | "not" => names_purpose(inner),
            _ => false,
        }),
        Node::List(conditions) => conditions.iter().any(names_purpose),
        _ => false,
    }
}
