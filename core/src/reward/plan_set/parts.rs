//! Which versions serve a period in which the plan changed.

use super::{PlanSet, Scope, Version};
use crate::doc::Node;
use crate::error::Result;
use crate::reward::plan::{Change, Period, Plan};
use crate::time::Timestamp;

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

impl PlanSet {
    /// The rules that serve a period and what runs after them, in the order of the versions.
    ///
    /// A rule serves the whole period as the version at its start has it, whatever changes inside. With
    /// `change = "split"` each version serves the part it was in force. What the version at the start says
    /// counts; a rule that it does not have serves only where its own version says `split`, and begins with
    /// the next period otherwise.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) for a plan the set does not have.
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
                let first = start.and_then(|start| start.rules().iter().find(|first| first.id == rule.id));
                let (from, until) = match first.map_or(rule.change, |first| first.change) {
                    Change::Split => (*begin, *end),
                    Change::Start if first.is_some() && *begin == from => (from, until),
                    Change::Start => continue,
                };
                parts.push(Part { rule: rule.id.clone(), plan: plan.hash().to_owned(), from, until });
            }
        }
        Ok(parts)
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

    fn edges(&self, scope: &Scope) -> impl Iterator<Item = Timestamp> {
        let versions = scope.widening().into_iter().filter_map(|scope| self.versions.get(&scope));
        versions
            .flatten()
            .flat_map(|version: &Version| [Some(version.from), version.until].into_iter().flatten())
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
