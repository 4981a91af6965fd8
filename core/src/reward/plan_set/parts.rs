//! Which versions serve a period in which the plan changed.

use super::{PlanSet, Scope, Version};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::reward::period::PeriodKey;
use crate::reward::plan::{Change, Period, Plan};
use crate::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A rule of one version, and the part of a period it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The rule.
    pub rule: String,
    /// The hash of the plan it is a rule of.
    pub plan: String,
    /// The first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

/// What one version serves of a period: a close of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served<'a> {
    /// The version's plan.
    pub plan: &'a Plan,
    /// The rules that run.
    pub rules: BTreeSet<String>,
    /// The first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

/// The offsets from UTC furthest east and west, in minutes.
const EAST: i32 = 19 * 60;
const WEST: i32 = -19 * 60;

impl PlanSet {
    /// The rules that serve a period and what runs after them, in the order of the versions.
    ///
    /// A rule serves the whole period as the version at its start has it, whatever changes inside. With
    /// `change = "split"` each version serves the part it was in force. What the version at the start says
    /// counts; a rule that it does not have serves only where its own version says `split`, and begins with
    /// the next period otherwise.
    ///
    /// # Errors
    /// [`Code::NotFound`] for a plan the set does not have.
    pub fn parts(&self, scope: &Scope, from: Timestamp, until: Timestamp) -> Result<Vec<Part>> {
        let mut spans: Vec<(Timestamp, Timestamp, &Plan)> = Vec::new();
        for moment in self.moments(scope, from, until) {
            let Some((_, version)) = self.version_at(scope, moment) else { continue };
            let end = self.next_change(scope, moment, until);
            let plan = self.plan(version.plan())?;
            match spans.last_mut() {
                Some(last) if last.1 == moment && last.2.hash() == plan.hash() => last.1 = end,
                _ => spans.push((moment, end, plan)),
            }
        }
        let start = spans.first().filter(|span| span.0 == from).map(|span| span.2);
        let mut parts: Vec<Part> = Vec::new();
        for (begin, end, plan) in &spans {
            let timed = Period::ALL.into_iter().flat_map(|period| plan.sequence(Some(period)));
            for rule in timed.map(|at| &plan.rules()[at]) {
                let known = start.and_then(|start| {
                    let first = start.rules().iter().find(|first| first.id == rule.id)?;
                    Some((start, first))
                });
                // A rule that runs after another changes with the first of its chain.
                let change = known
                    .map_or_else(|| plan.root_of(rule).change, |(start, first)| start.root_of(first).change);
                let (from, until) = match change {
                    Change::Split => (*begin, *end),
                    Change::Start if known.is_some() && *begin == from => (from, until),
                    Change::Start => continue,
                };
                parts.push(Part { rule: rule.id.clone(), plan: plan.hash().to_owned(), from, until });
            }
        }
        Ok(parts)
    }

    /// What serves a period of one length, as closes of it: what the version at the start serves whole, then
    /// the parts of what is split, in the order of time.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] where versions of this period start their days at different offsets; otherwise as
    /// [`PlanSet::parts`].
    pub fn stretches(&self, scope: &Scope, period: PeriodKey) -> Result<Vec<Served<'_>>> {
        let offset = self.utc_offset(scope, period)?;
        let (from, until) = (period.start(offset), period.end(offset));
        let mut served: Vec<Served<'_>> = Vec::new();
        for part in self.parts(scope, from, until)? {
            let plan = self.plan(&part.plan)?;
            let place = plan.rules().iter().position(|rule| rule.id == part.rule);
            if !plan.sequence(Some(period.every())).any(|at| Some(at) == place) {
                continue;
            }
            let same = |served: &&mut Served<'_>| {
                (served.plan.hash(), served.from, served.until) == (plan.hash(), part.from, part.until)
            };
            match served.iter_mut().find(same) {
                Some(served) => drop(served.rules.insert(part.rule)),
                None => served.push(Served {
                    plan,
                    rules: BTreeSet::from([part.rule]),
                    from: part.from,
                    until: part.until,
                }),
            }
        }
        served.sort_by_key(|served| (served.from, Reverse(served.until)));
        Ok(served)
    }

    /// When the days of a period start, which the plan in force says.
    fn utc_offset(&self, scope: &Scope, period: PeriodKey) -> Result<i32> {
        // Whatever their offset, all plans of the period are in force between these.
        let (first, last) = (period.start(EAST), period.end(WEST));
        let mut plans = Vec::new();
        for moment in self.moments(scope, first, last) {
            if let Some((_, version)) = self.version_at(scope, moment) {
                plans.push(self.plan(version.plan())?);
            }
        }
        let mut offsets: Vec<i32> = plans.iter().map(|plan| plan.utc_offset_minutes()).collect();
        offsets.dedup();
        match offsets.as_slice() {
            [] => Err(Error::new(Code::NotFound, format!("no plan is in force for {scope} in {period}"))),
            [offset] => Ok(*offset),
            _ => {
                let rule =
                    format!("{period}: its plans start their days at different offsets; let them agree");
                Err(Error::new(Code::InvalidValue, rule))
            }
        }
    }

    /// The start of a span and every moment in it at which some version begins or ends.
    fn moments(&self, scope: &Scope, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let edges = self.edges(scope).filter(|edge| from < *edge && *edge < until);
        let mut moments: Vec<Timestamp> = [from].into_iter().chain(edges).collect();
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    fn next_change(&self, scope: &Scope, after: Timestamp, until: Timestamp) -> Timestamp {
        self.edges(scope).filter(|edge| after < *edge && *edge < until).min().unwrap_or(until)
    }

    pub(super) fn edges(&self, scope: &Scope) -> impl Iterator<Item = Timestamp> {
        let versions = scope.widening().into_iter().filter_map(|scope| self.versions.get(&scope));
        versions
            .flatten()
            .flat_map(|version: &Version| [Some(version.from), version.until].into_iter().flatten())
    }
}

impl Served<'_> {
    /// Whether it serves a whole period with every rule of its length.
    #[must_use]
    pub fn is_all_of(&self, period: PeriodKey) -> bool {
        let offset = self.plan.utc_offset_minutes();
        let rules = self.plan.sequence(Some(period.every())).count();
        (self.from, self.until, self.rules.len()) == (period.start(offset), period.end(offset), rules)
    }
}

impl Part {
    /// The document of the part.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("rule", Node::from(self.rule.as_str())),
            ("plan", self.plan.as_str().into()),
            ("from", self.from.ms().into()),
            ("until", self.until.ms().into()),
        ])
    }
}
