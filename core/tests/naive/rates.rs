//! Which rate somebody has: the tables of the plan and of a line's override.

use super::base::Rate;
use super::number::{big, rate, round_to};
use super::people::Candidate;
use super::plan::{Pay, Rule, Table};
use super::sale::Line;
use super::{Fault, Naive};
use fenrun::doc::Node;

impl Rule {
    pub(crate) fn table(&self) -> &Table {
        match &self.pay {
            Pay::Levels(table) | Pay::Differential(table) => table,
        }
    }

    /// L: the longest list of the plan's table and of the lines' overrides.
    pub(crate) fn levels(&self, lines: &[&Line]) -> usize {
        let overrides = lines.iter().filter_map(|line| line.overrides.get(&self.id));
        let tables = overrides.chain([self.table()]);
        tables.flat_map(|table| table.values().map(Vec::len)).max().unwrap_or(0)
    }
}

impl Naive {
    /// The rate of a candidate, or of nobody, at a level of a line.
    pub(crate) fn rate(
        self,
        rule: &Rule,
        line: &Line,
        candidate: Option<&Candidate>,
        level: usize,
    ) -> Result<Rate, Fault> {
        let mut keys = Vec::new();
        if let Some(candidate) = candidate {
            keys.extend(candidate.label.clone());
            keys.extend(candidate.person.rank.clone());
        }
        keys.push("any".to_owned());
        for table in line.overrides.get(&rule.id).into_iter().chain([rule.table()]) {
            if let Some(list) = keys.iter().find_map(|key| table.get(key)) {
                return match list.get(level - 1) {
                    Some(written) => self.value(rule, written, candidate),
                    None => Ok(Rate::zero()),
                };
            }
        }
        Ok(Rate::zero())
    }

    /// What a written rate is for somebody: a fact is read from the person, and nobody states none.
    pub(crate) fn value(
        self,
        rule: &Rule,
        written: &Node,
        candidate: Option<&Candidate>,
    ) -> Result<Rate, Fault> {
        let share = match written {
            Node::Int(minor) => return Ok(Rate::PerUnit(big(*minor))),
            Node::Text(text) => rate(text),
            fact => {
                let Some(candidate) = candidate else { return Ok(Rate::zero()) };
                let name = fact.get("fact").and_then(Node::as_text).expect("the name of a fact");
                let stated = candidate.person.facts.get(name).ok_or(Fault::MissingFact)?;
                rate(stated.as_text().expect("a rate is a text"))
            }
        };
        Ok(Rate::Share(match rule.decimals {
            Some(decimals) => round_to(&share, decimals, &rule.mode),
            None => share,
        }))
    }
}
