//! What can be proven of a plan before it pays anybody.

use super::condition::RECRUITING_FACTS;
use super::rule::{Rule, Schedule};
use super::{Amount, Plan};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::money::Rate;
use crate::sale::{Pay, Purpose};
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
        let mut bounds = Vec::new();
        let mut warnings = Vec::new();
        for rule in self.rules() {
            let allowed = self.allow().contains_key(&rule.id);
            if let Some(why) = recruiting(rule).filter(|_| !allowed) {
                let error = format!(
                    "rule `{}` {why}: pay for recruiting; it needs an `allow` entry with a reason",
                    rule.id
                );
                return Err(Error::new(Code::PaysRecruiting, error));
            }
            let bound = bound(rule, allowed);
            if let Some(rate) = bound.at_most.filter(|rate| *rate > Rate::ONE && !allowed) {
                let error = format!(
                    "rule `{}` may pay {rate} of its base ({}): at most 100%",
                    rule.id, bound.witness
                );
                return Err(Error::new(Code::PaysTooMuch, error));
            }
            let levels = rule.pay.table().levels();
            if levels > 1 {
                let text = format!(
                    "{levels} paid levels above the seller; the Regulation on Prohibition of Pyramid Selling (禁止传销条例, \
                     State Council Decree 444, 2005, art. 7(3)) knows no safe number of levels"
                );
                warnings.push(Warning { rule: rule.id.clone(), text });
            }
            bounds.push(bound);
        }
        let total =
            bounds.iter().map(|bound| bound.at_most).try_fold(Rate::ZERO, |sum, rate| sum.add_up(rate?));
        if let Some(rate) = total.filter(|rate| *rate > Rate::ONE && !self.allow().contains_key("plan")) {
            let error = format!(
                "the rules together may pay {rate} of their bases: at most 100% without `allow.plan`"
            );
            return Err(Error::new(Code::PaysTooMuch, error));
        }
        let allowed = self.allow().iter().map(|(id, reason)| (id.clone(), reason.clone())).collect();
        Ok(Report { bounds, total, warnings, allowed })
    }
}

/// Why a rule pays for recruiting, if it does: by a condition, a rate of people's own, or its base.
fn recruiting(rule: &Rule) -> Option<String> {
    let mut names = BTreeSet::new();
    rule.names(&mut names);
    if let Some(fact) = RECRUITING_FACTS.iter().find(|fact| names.contains(**fact)) {
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

fn bound(rule: &Rule, allowed: bool) -> Bound {
    let table = rule.pay.table();
    // Fact rates and overrides are refused above 100 % when they are read, unless the rule is allowed to.
    let share = |amount: &Amount| match amount {
        Amount::Fixed(Pay::Share(rate)) => rounded(rule, *rate),
        Amount::Fixed(Pay::PerUnit(_)) => None,
        Amount::Fact(_) => (!allowed).then_some(Rate::ONE),
    };
    let highest = |level: usize| {
        let mut at_level = table.iter().filter_map(|(_, list)| list.get(level)).map(share);
        at_level.try_fold(Rate::ZERO, |best, rate| Some(best.max(rate?)))
    };
    let levels = match &rule.pay {
        Schedule::Levels(table) => table.levels(),
        Schedule::Differential(_) => 1,
    };
    let at_most = (0..levels).map(highest).try_fold(Rate::ZERO, |sum, rate| sum.add_up(rate?));
    let at_most = at_most.and_then(|rate| rate.mul_up(rule.of.times));
    let per_unit = |amount: &Amount| matches!(amount, Amount::Fixed(Pay::PerUnit(_)));
    let witness = match (&rule.pay, at_most) {
        (_, None) if table.iter().flat_map(|(_, list)| list).any(per_unit) => {
            "amounts per unit have no bound against the base".to_owned()
        }
        (_, None) => "`allow` lets rates of people's own exceed 100%: no bound".to_owned(),
        (Schedule::Levels(_), _) => format!("everybody on {levels} levels has the highest rate of the level"),
        (Schedule::Differential(_), _) => "somebody on the path has the highest rate".to_owned(),
    };
    Bound { rule: rule.id.clone(), at_most, witness }
}

/// A rate as it is paid: `rate_decimals` may round it up.
fn rounded(rule: &Rule, rate: Rate) -> Option<Rate> {
    match rule.round.rate_decimals {
        None => Some(rate),
        Some(decimals) => rate.rounded(decimals, rule.round.mode).ok(),
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
