//! The candidates of a rule: the people of its stops in one row.

use super::plan::{Rule, Stop};
use super::sale::{Person, Sale};
use super::{Fault, Mutation, Naive, Plan};

/// Somebody in the row, with the label of the stop that found them.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) label: Option<&'a str>,
    pub(crate) person: &'a Person,
}

/// A rule at work on a sale: what everything below looks at.
pub(crate) struct Scene<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) rule: &'a Rule,
    pub(crate) sale: &'a Sale,
    pub(crate) row: Vec<Candidate<'a>>,
}

impl Naive {
    pub(crate) fn scene<'a>(
        self,
        plan: &'a Plan,
        rule: &'a Rule,
        sale: &'a Sale,
    ) -> Result<Scene<'a>, Fault> {
        let mut row: Vec<Candidate<'a>> = Vec::new();
        for stop in &rule.to {
            for found in self.people_at(plan, stop, sale)? {
                let seen = row.iter().any(|earlier| earlier.person.id == found.person.id);
                if !seen || self.planted(Mutation::SeenTwice) {
                    row.push(found);
                }
            }
        }
        Ok(Scene { plan, rule, sale, row })
    }

    fn people_at<'a>(self, plan: &Plan, stop: &'a Stop, sale: &'a Sale) -> Result<Vec<Candidate<'a>>, Fault> {
        let (Stop::Buyer { when } | Stop::Up { when, .. } | Stop::Roles { when, .. }) = stop;
        if !self.opens(plan, when.as_ref(), sale)? {
            return Ok(Vec::new());
        }
        Ok(match stop {
            Stop::Buyer { .. } => vec![Candidate { label: None, person: &sale.buyer }],
            Stop::Up { limit, label, .. } => {
                let limit = if self.planted(Mutation::LimitIgnored) { usize::MAX } else { *limit };
                let people = sale.upline.iter().take(limit);
                people.map(|person| Candidate { label: label.as_deref(), person }).collect()
            }
            Stop::Roles { roles, .. } => {
                let holder = |role: &'a String| {
                    sale.roles.get(role).map(|person| Candidate { label: Some(role), person })
                };
                roles.iter().filter_map(holder).collect()
            }
        })
    }
}
