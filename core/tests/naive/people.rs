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
    /// `asker` is whose upline is walked: the buyer, or the payee a rule runs after.
    pub(crate) fn scene<'a>(
        self,
        plan: &'a Plan,
        rule: &'a Rule,
        sale: &'a Sale,
        asker: &'a Person,
    ) -> Result<Scene<'a>, Fault> {
        let mut row: Vec<Candidate<'a>> = Vec::new();
        for stop in &rule.to {
            for found in self.people_at(plan, stop, sale, asker)? {
                let stood = row.iter().any(|earlier| earlier.person.id == found.person.id);
                if found.person.is_nobody() || !stood || self.planted(Mutation::SeenTwice) {
                    row.push(found);
                }
            }
        }
        Ok(Scene { plan, rule, sale, row })
    }

    fn people_at<'a>(
        self,
        plan: &Plan,
        stop: &'a Stop,
        sale: &'a Sale,
        asker: &'a Person,
    ) -> Result<Vec<Candidate<'a>>, Fault> {
        let (Stop::Buyer { when }
        | Stop::Up { when, .. }
        | Stop::Roles { when, .. }
        | Stop::Region { when, .. }) = stop;
        if !self.opens(plan, when.as_ref(), sale, asker)? {
            return Ok(Vec::new());
        }
        Ok(match stop {
            Stop::Buyer { .. } => vec![Candidate { label: None, person: asker }],
            Stop::Up { tree, limit, peers, label, .. } => {
                let limit = if self.planted(Mutation::LimitIgnored) { usize::MAX } else { *limit };
                let people = self.above(sale, tree, asker)?.iter().take(limit);
                let found = people.map(|person| Candidate { label: label.as_deref(), person }).collect();
                if *peers { self.peers(plan, asker, found) } else { found }
            }
            Stop::Roles { roles, .. } => {
                let holder = |role: &'a String| {
                    sale.roles.get(role).map(|person| Candidate { label: Some(role), person })
                };
                roles.iter().filter_map(holder).collect()
            }
            // A region that nobody holds keeps its place.
            Stop::Region { kinds, .. } => {
                let holder = |kind: &'a String| Candidate {
                    label: Some(kind),
                    person: sale.regions.get(kind).unwrap_or(&sale.nobody),
                };
                let all = kinds.iter().map(holder);
                all.filter(|found| !self.planted(Mutation::VacancySkipped) || !found.person.is_nobody())
                    .collect()
            }
        })
    }

    /// Everybody above a person in a tree. The buyer stands below all; who stands nowhere is not known.
    fn above<'a>(self, sale: &'a Sale, tree: &str, person: &Person) -> Result<&'a [Person], Fault> {
        let upline = if tree == "referral" { Some(&sale.upline) } else { sale.uplines.get(tree) };
        let upline = upline.ok_or(Fault::MissingFact)?;
        if person.id == sale.buyer.id || self.planted(Mutation::WalksFromBuyer) {
            return Ok(upline);
        }
        let at = upline.iter().position(|stop| stop.id == person.id).ok_or(Fault::MissingFact)?;
        Ok(&upline[at + 1..])
    }

    /// Those of equal rank, up to the first of a higher one.
    fn peers<'a>(self, plan: &Plan, asker: &Person, above: Vec<Candidate<'a>>) -> Vec<Candidate<'a>> {
        let place = |person: &Person| {
            let rank = person.rank.as_ref()?;
            plan.ranks.iter().position(|known| known == rank)
        };
        let Some(own) = place(asker) else { return Vec::new() };
        let mut equals = Vec::new();
        for candidate in above {
            match place(candidate.person) {
                Some(theirs) if theirs > own && !self.planted(Mutation::HigherPassedOver) => break,
                Some(theirs) if theirs == own => equals.push(candidate),
                Some(theirs) if theirs < own && self.planted(Mutation::LowerArePeers) => {
                    equals.push(candidate)
                }
                _ => {}
            }
        }
        equals
    }
}
