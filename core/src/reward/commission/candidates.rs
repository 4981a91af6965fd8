//! Who is walked: the people of all stops of a rule in one row.

use super::lines::Source;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::reward::plan::{Knowledge, Plan, Rule, StopSource};
use crate::sale::{Person, Sale};

/// A person who may take a slot, and the label the rate tables know them by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) person: &'a Person,
    pub(super) label: Option<&'a str>,
}

/// The candidates of a rule, nearest first, each person once.
pub(super) fn candidates<'a>(plan: &Plan, rule: &'a Rule, sale: &'a Sale) -> Result<Vec<Candidate<'a>>> {
    let mut row: Vec<Candidate<'a>> = Vec::new();
    for stop in &rule.to {
        if let Some(when) = &stop.when {
            if !when.holds(&Source { sale, line: None }, plan.ranks())? {
                continue;
            }
        }
        let start = row.len();
        match &stop.source {
            StopSource::Buyer => row.push(Candidate { person: &sale.buyer, label: None }),
            StopSource::Up { limit, label, .. } => {
                let stops = sale.upline.iter().take(*limit);
                row.extend(stops.map(|person| Candidate { person, label: label.as_deref() }));
            }
            StopSource::Roles(roles) => {
                let holders = roles.iter().filter_map(|role| {
                    sale.roles.get(role).map(|person| Candidate { person, label: Some(role.as_str()) })
                });
                row.extend(holders);
            }
            StopSource::Region(_) | StopSource::Class(_) => {}
        }
        // An upline has nobody twice, so only where stops meet can a person stand a second time.
        if start > 0 || !matches!(stop.source, StopSource::Up { .. }) {
            drop_repeated(&mut row, start);
        }
    }
    for candidate in &row {
        let rank = candidate.person.rank.as_deref();
        if let Some(rank) = rank.filter(|rank| plan.rank_index(rank).is_none()) {
            let error = format!(
                "sale {}: member {} has the rank `{rank}`, which the plan does not have",
                sale.id, candidate.person.id
            );
            return Err(Error::new(Code::InvalidSale, error));
        }
    }
    Ok(row)
}

/// Removes people added at or after `start` who stand in the row already.
fn drop_repeated(row: &mut Vec<Candidate<'_>>, start: usize) {
    let mut at = start;
    while at < row.len() {
        if row[..at].iter().any(|earlier| earlier.person.id == row[at].person.id) {
            row.remove(at);
        } else {
            at += 1;
        }
    }
}

impl Knowledge for Candidate<'_> {
    fn fact(&self, name: &str) -> Option<Node> {
        match (&self.person.rank, name) {
            (Some(rank), "rank") => Some(rank.as_str().into()),
            _ => self.person.facts.get(name).cloned(),
        }
    }

    fn sale_fact(&self, _name: &str) -> Option<Node> {
        None
    }

    fn whose(&self) -> String {
        format!("member {}", self.person.id)
    }
}
