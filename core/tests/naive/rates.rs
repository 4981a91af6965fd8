//! Which rate somebody has: the tables of the plan and of a line's override.

use super::base::Rate;
use super::number::{rate, round_to};
use super::people::Candidate;
use super::plan::{Pay, Rule, Table, Written};
use super::sale::Line;
use super::{Fault, Naive};

impl Rule {
    pub(crate) fn table(&self) -> &Table {
        match &self.pay {
            Pay::Levels(table) | Pay::Endless(table) | Pay::Differential(table) => table,
            Pay::Series { .. } | Pay::Ladder { .. } | Pay::Share { .. } => {
                static NONE: Table = Table::new();
                &NONE
            }
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
        candidate: Option<&Candidate<'_>>,
        level: usize,
    ) -> Result<Rate, Fault> {
        let mut keys = Vec::new();
        if let Some(candidate) = candidate {
            keys.extend(candidate.label);
            keys.extend(candidate.person.rank.as_deref());
        }
        keys.push("any");
        for table in line.overrides.get(&rule.id).into_iter().chain([rule.table()]) {
            if let Some(list) = keys.iter().find_map(|key| table.get(*key)) {
                let last = list.last().filter(|_| matches!(rule.pay, Pay::Endless(_)));
                return match list.get(level - 1).or(last) {
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
        written: &Written,
        candidate: Option<&Candidate<'_>>,
    ) -> Result<Rate, Fault> {
        let share = match written {
            Written::PerUnit(minor) => return Ok(Rate::PerUnit(minor.clone())),
            Written::Share(share) => share.clone(),
            Written::Fact(name) => {
                let Some(candidate) = candidate.filter(|candidate| !candidate.person.is_nobody()) else {
                    return Ok(Rate::zero());
                };
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
