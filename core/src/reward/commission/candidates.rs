//! Who is walked: the people of all stops of a rule in one row.

use super::people::{above, opens, rank};
use crate::doc::Node;
use crate::error::Result;
use crate::reward::plan::{Knowledge, Plan, Reach, Rule, Stop, StopSource};
use crate::sale::{Person, Sale};

/// A place of the row: a person who may take a slot, or a region that nobody holds; and the label the rate
/// tables know it by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) person: Option<&'a Person>,
    pub(super) label: Option<&'a str>,
}

/// The candidates of a rule, nearest first, each person once.
pub(super) enum Row<'a> {
    /// Everybody of an upline, as it stands in the sale: what nearly all rules walk.
    Upline { people: &'a [Person], label: Option<&'a str> },
    /// What several stops give together.
    Mixed(Vec<Candidate<'a>>),
}

impl<'a> Row<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Upline { people, .. } => people.len(),
            Self::Mixed(row) => row.len(),
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<Candidate<'a>> {
        match self {
            Self::Upline { people, label } => {
                people.get(at).map(|person| Candidate { person: Some(person), label: *label })
            }
            Self::Mixed(row) => row.get(at).copied(),
        }
    }

    pub(super) fn person(&self, at: usize) -> Option<&'a Person> {
        self.get(at).and_then(|candidate| candidate.person)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Candidate<'a>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

/// The candidates of a rule; `asker` is whose upline is walked.
pub(super) fn candidates<'a>(
    plan: &Plan,
    rule: &'a Rule,
    sale: &'a Sale,
    asker: &'a Person,
) -> Result<Row<'a>> {
    let row = match rule.to.as_slice() {
        [Stop { source: StopSource::Up { tree, limit, reach: Reach::Everybody, label }, when: None }] => {
            let people = above(sale, rule, tree, asker)?;
            Row::Upline { people: people.get(..*limit).unwrap_or(people), label: label.as_deref() }
        }
        _ => Row::Mixed(mixed(plan, rule, sale, asker)?),
    };
    for person in row.iter().filter_map(|candidate| candidate.person) {
        rank(plan, sale, person)?;
    }
    Ok(row)
}

/// The candidates of all stops, one after the other.
fn mixed<'a>(plan: &Plan, rule: &'a Rule, sale: &'a Sale, asker: &'a Person) -> Result<Vec<Candidate<'a>>> {
    let mut row: Vec<Candidate<'a>> = Vec::new();
    for stop in &rule.to {
        if !opens(plan, sale, asker, stop.when.as_ref())? {
            continue;
        }
        let start = row.len();
        match &stop.source {
            StopSource::Buyer => row.push(Candidate { person: Some(asker), label: None }),
            StopSource::Up { tree, limit, reach, label } => {
                let stops = above(sale, rule, tree, asker)?.iter().take(*limit);
                let label = label.as_deref();
                if *reach == Reach::SameRank {
                    peers(plan, sale, asker, stops, label, &mut row)?;
                } else {
                    row.extend(stops.map(|person| Candidate { person: Some(person), label }));
                }
            }
            StopSource::Roles(roles) => {
                let holders = roles.iter().filter_map(|role| Some((role, sale.roles.get(role)?)));
                row.extend(
                    holders.map(|(role, person)| Candidate { person: Some(person), label: Some(role) }),
                );
            }
            StopSource::Region(kinds) => {
                let regions = &sale.around.regions;
                row.extend(
                    kinds.iter().map(|kind| Candidate { person: regions.get(kind), label: Some(kind) }),
                );
            }
            // A class is everybody of a period; no rule of a sale has one.
            StopSource::Class(_) => {}
        }
        // An upline has nobody twice, so only where stops meet can a person stand a second time.
        if start > 0 || !matches!(stop.source, StopSource::Up { .. }) {
            drop_repeated(&mut row, start);
        }
    }
    Ok(row)
}

/// 平级: those of the asker's own rank; lower ranks and none are passed over, a higher one ends the walk.
fn peers<'a>(
    plan: &Plan,
    sale: &'a Sale,
    asker: &'a Person,
    stops: impl Iterator<Item = &'a Person>,
    label: Option<&'a str>,
    row: &mut Vec<Candidate<'a>>,
) -> Result<()> {
    let Some(own) = rank(plan, sale, asker)? else { return Ok(()) };
    for person in stops {
        match rank(plan, sale, person)? {
            Some(theirs) if theirs > own => return Ok(()),
            Some(theirs) if theirs == own => row.push(Candidate { person: Some(person), label }),
            _ => {}
        }
    }
    Ok(())
}

/// Removes people added at or after `start` who stand in the row already.
fn drop_repeated(row: &mut Vec<Candidate<'_>>, start: usize) {
    let mut at = start;
    while at < row.len() {
        let own = row[at].person.map(|person| &person.id);
        let stood = |earlier: &Candidate<'_>| earlier.person.is_some_and(|person| Some(&person.id) == own);
        if row[..at].iter().any(stood) {
            row.remove(at);
        } else {
            at += 1;
        }
    }
}

impl Knowledge for Person {
    fn fact(&self, name: &str) -> Option<Node> {
        match (&self.rank, name) {
            (Some(rank), "rank") => Some(rank.as_str().into()),
            _ => self.facts.get(name).cloned(),
        }
    }

    fn sale_fact(&self, _name: &str) -> Option<Node> {
        None
    }

    fn whose(&self) -> String {
        format!("member {}", self.id)
    }

    fn known(&self) -> Vec<String> {
        self.facts.keys().cloned().collect()
    }
}
