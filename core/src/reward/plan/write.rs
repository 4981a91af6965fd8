//! From a plan to its canonical document: defaults left out, one form of each part.

use super::Plan;
use super::rule::{Base, Per, Reverse, Round, Rule, Schedule, Stop, StopSource};
use crate::doc::Node;
use crate::money::Rate;
use std::collections::BTreeMap;

impl Plan {
    /// The canonical document; reading it back gives the same plan with the same hash.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut map = BTreeMap::from([
            ("schema".to_owned(), Node::from("fenrun.plan/1")),
            ("name".to_owned(), self.name.as_str().into()),
            ("currency".to_owned(), self.currency.code().into()),
            ("rule".to_owned(), Node::List(self.rules.iter().map(rule).collect())),
        ]);
        if !self.ranks.is_empty() {
            map.insert("ranks".into(), texts(&self.ranks));
        }
        if !self.allow.is_empty() {
            let entries = self.allow.iter().map(|(id, reason)| (id.as_str(), reason.as_str().into()));
            map.insert("allow".into(), Node::map(entries));
        }
        Node::Map(map)
    }
}

fn rule(rule: &Rule) -> Node {
    let mut map = BTreeMap::new();
    let mut put = |key: &str, value: Node| map.insert(key.to_owned(), value);
    put("id", rule.id.as_str().into());
    if let Some(when) = &rule.when {
        put("when", when.to_node());
    }
    if rule.of != Base::named_paid() {
        put("of", base(&rule.of));
    }
    put("to", Node::List(rule.to.iter().map(stop).collect()));
    if !rule.qualify.is_empty() {
        put("qualify", Node::List(rule.qualify.iter().map(super::Condition::to_node).collect()));
        put("unqualified", rule.unqualified.name().into());
    }
    let pay = match &rule.pay {
        Schedule::Levels(table) => ("levels", table.to_levels_node()),
        Schedule::Differential(table) => ("differential", table.to_single_node()),
    };
    put("pay", Node::map([pay]));
    if rule.round != Round::default() {
        put("round", round(&rule.round));
    }
    if rule.reverse == Reverse::ShareOfUnits {
        put("reverse", "share_of_units".into());
    }
    if rule.hold_days != 0 {
        put("hold_days", i64::from(rule.hold_days).into());
    }
    Node::Map(map)
}

impl Base {
    fn named_paid() -> Self {
        Self { base: "paid".into(), plus: Vec::new(), less: Vec::new(), times: Rate::ONE }
    }
}

fn base(base: &Base) -> Node {
    let mut map = BTreeMap::from([("base".to_owned(), Node::from(base.base.as_str()))]);
    if !base.plus.is_empty() {
        map.insert("plus".into(), texts(&base.plus));
    }
    if !base.less.is_empty() {
        map.insert("less".into(), texts(&base.less));
    }
    if base.times != Rate::ONE {
        map.insert("times".into(), base.times.to_string().into());
    }
    if map.len() == 1 { base.base.as_str().into() } else { Node::Map(map) }
}

fn stop(stop: &Stop) -> Node {
    let mut map = BTreeMap::new();
    match &stop.source {
        StopSource::Buyer => {
            map.insert("self".to_owned(), Node::Bool(true));
        }
        StopSource::Up { limit, label } => {
            map.insert("up".to_owned(), "referral".into());
            if *limit != 64 {
                map.insert("limit".to_owned(), i64::try_from(*limit).unwrap_or(i64::MAX).into());
            }
            if let Some(label) = label {
                map.insert("as".to_owned(), label.as_str().into());
            }
        }
        StopSource::Roles(roles) => {
            map.insert("roles".to_owned(), texts(roles));
        }
    }
    if let Some(when) = &stop.when {
        map.insert("when".to_owned(), when.to_node());
    }
    Node::Map(map)
}

fn round(round: &Round) -> Node {
    let default = Round::default();
    let mut map = BTreeMap::new();
    if round.mode != default.mode {
        map.insert("mode".to_owned(), Node::from(round.mode.name()));
    }
    if round.per != default.per {
        map.insert("per".to_owned(), if round.per == Per::Unit { "unit" } else { "order" }.into());
    }
    if round.min != default.min {
        map.insert("min".to_owned(), round.min.into());
    }
    if let Some(decimals) = round.rate_decimals {
        map.insert("rate_decimals".to_owned(), i64::from(decimals).into());
    }
    Node::Map(map)
}

fn texts(items: &[String]) -> Node {
    Node::List(items.iter().map(|item| item.as_str().into()).collect())
}
