//! What can be proven of a plan before it pays anybody.

mod bound;
mod warnings;

use super::Plan;
use super::condition::is_recruiting;
use super::rule::Rule;
use crate::doc::{Node, Spot};
use crate::error::{Code, Error, Result};
use crate::money::Rate;
use crate::sale::Purpose;
use bound::Bounds;
use std::collections::BTreeSet;

/// The most a rule can pay of its base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The rule.
    pub rule: String,
    /// Payout ÷ base at most; `None` for amounts per unit, which have no bound against the base.
    pub at_most: Option<Rate>,
    /// How it is reached.
    pub witness: String,
}

/// Something the author should know; the plan is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The rule.
    pub rule: String,
    /// One line, with its source where it has one.
    pub text: String,
}

/// What [`Plan::check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One bound a rule.
    pub bounds: Vec<Bound>,
    /// The sum of the bounds; `None` when one has none.
    pub total: Option<Rate>,
    /// What the author should know.
    pub warnings: Vec<Warning>,
    /// What the author accepted: rule and reason.
    pub allowed: Vec<(String, String)>,
}

impl Plan {
    /// Proves the bounds and refuses what must not be expressible without an `allow` entry.
    ///
    /// # Errors
    /// [`Code::PaysTooMuch`] above 100 % of the base, [`Code::PaysRecruiting`] for pay for recruiting.
    pub fn check(&self) -> Result<Report> {
        self.check_recruiting()?;
        let Bounds { rules: bounds, total } = Bounds::of(self);
        for (rule, bound) in self.rules().iter().zip(&bounds) {
            let allowed = self.allow().contains_key(&rule.id);
            if let Some(rate) = bound.at_most.filter(|rate| *rate > Rate::ONE && !allowed) {
                let error = format!(
                    "rule `{}` may pay {rate} of its base ({}): at most 100%",
                    rule.id, bound.witness
                );
                let spot = Spot::item_key("rule", &rule.id, "pay");
                return Err(Error::new(Code::PaysTooMuch, error).about(spot));
            }
        }
        if let Some(rate) = total.filter(|rate| *rate > Rate::ONE && !self.allow().contains_key("plan")) {
            let error = format!(
                "the rules together may pay {rate} of their bases: at most 100% without `allow.plan`"
            );
            return Err(Error::new(Code::PaysTooMuch, error));
        }
        let warnings = warnings::of(self);
        let allowed = self.allow().iter().map(|(id, reason)| (id.clone(), reason.clone())).collect();
        Ok(Report { bounds, total, warnings, allowed })
    }
}

impl Plan {
    /// Refuses rules, and tests of ranks, that pay for recruiting, unless they are allowed to.
    fn check_recruiting(&self) -> Result<()> {
        let refused = |list, id: &str, what: String| {
            let error = format!("{what}: pay for recruiting; it needs an `allow` entry with a reason");
            Err(Error::new(Code::PaysRecruiting, error).about(Spot::item(list, id)))
        };
        for rule in self.rules().iter().filter(|rule| !self.allow().contains_key(&rule.id)) {
            if let Some(why) = recruiting(rule) {
                return refused("rule", &rule.id, format!("rule `{}` {why}", rule.id));
            }
        }
        for rank in self.rank_rules().iter().filter(|_| !self.allow().contains_key("ranks")) {
            let mut names = BTreeSet::new();
            rank.won.iter().chain(&rank.kept).for_each(|condition| condition.names(&mut names));
            if let Some(fact) = names.iter().find(|fact| is_recruiting(fact)) {
                let what = format!("rank `{}` reads `{fact}`, and no `allow.ranks` says why", rank.id);
                return refused("rank", &rank.id, what);
            }
        }
        Ok(())
    }
}

/// Why a rule pays for recruiting, if it does: by a condition, a rate of people's own, or its base.
fn recruiting(rule: &Rule) -> Option<String> {
    let mut names = BTreeSet::new();
    rule.names(&mut names);
    if let Some(fact) = names.iter().find(|fact| is_recruiting(fact)) {
        return Some(format!("reads `{fact}`"));
    }
    let other = Purpose::ALL.iter().find(|purpose| **purpose != Purpose::Goods && rule.sees(**purpose));
    other.map(|purpose| format!("sees lines whose purpose is `{}`", purpose.name()))
}

impl Rule {
    /// Whether lines of this purpose reach the rule: goods always do, others only where `when` names them.
    #[must_use]
    pub fn sees(&self, purpose: Purpose) -> bool {
        purpose == Purpose::Goods || self.when.as_ref().is_some_and(|when| when.admits_purpose(purpose))
    }
}

impl Report {
    /// The document `check` prints.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let rate = |rate: &Option<Rate>| rate.map_or(Node::Null, |rate| rate.to_string().into());
        let bounds = self.bounds.iter().map(|bound| {
            Node::map([
                ("rule", bound.rule.as_str().into()),
                ("at_most", rate(&bound.at_most)),
                ("witness", bound.witness.as_str().into()),
            ])
        });
        let warnings = self.warnings.iter().map(|warning| {
            Node::map([("rule", Node::from(warning.rule.as_str())), ("text", warning.text.as_str().into())])
        });
        Node::map([
            ("bounds", Node::List(bounds.collect())),
            ("total", rate(&self.total)),
            ("warnings", Node::List(warnings.collect())),
            (
                "allowed",
                Node::map(self.allowed.iter().map(|(id, reason)| (id.as_str(), reason.as_str().into()))),
            ),
        ])
    }
}
