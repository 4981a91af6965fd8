//! The candidates of a rule: the people of its stops in one row.

use super::plan::{Rule, Stop};
use super::sale::{Person, Sale};
use super::{Fault, Mutation, Naive, Plan};

/// Somebody in the row, with the label of the stop that found them.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub(crate) label: Option<String>,
    pub(crate) person: Person,
}

impl Naive {
    pub(crate) fn candidates(self, plan: &Plan, rule: &Rule, sale: &Sale) -> Result<Vec<Candidate>, Fault> {
        let mut row: Vec<Candidate> = Vec::new();
        for stop in &rule.to {
            for found in self.people_at(plan, stop, sale)? {
                let seen = row.iter().any(|earlier| earlier.person.id == found.person.id);
                if !seen || self.planted(Mutation::SeenTwice) {
                    row.push(found);
                }
            }
        }
        Ok(row)
    }

    fn people_at(self, plan: &Plan, stop: &Stop, sale: &Sale) -> Result<Vec<Candidate>, Fault> {
        let (Stop::Buyer { when } | Stop::Up { when, .. } | Stop::Roles { when, .. }) = stop;
        if !self.opens(plan, when.as_ref(), sale)? {
            return Ok(Vec::new());
        }
        let found = |label: Option<&String>, person: &Person| Candidate {
            label: label.cloned(),
            person: person.clone(),
        };
        Ok(match stop {
            Stop::Buyer { .. } => vec![found(None, &sale.buyer)],
            Stop::Up { limit, label, .. } => {
                let limit = if self.planted(Mutation::LimitIgnored) { usize::MAX } else { *limit };
                sale.upline.iter().take(limit).map(|person| found(label.as_ref(), person)).collect()
            }
            Stop::Roles { roles, .. } => roles
                .iter()
                .filter_map(|role| sale.roles.get(role).map(|holder| found(Some(role), holder)))
                .collect(),
        })
    }
}
