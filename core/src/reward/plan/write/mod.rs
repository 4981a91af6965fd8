//! From a plan to its canonical document: defaults left out, one form of each part.

mod declared;
mod pay;

use super::Plan;
use super::read::DEFAULT_UTC_OFFSET;
use super::rule::{Base, Change, Per, Reverse, Round, Rule, Trigger};
use super::stop::{DEFAULT_LIMIT, Reach, Stop, StopSource};
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
        if !self.rank_rules.is_empty() {
            map.insert("rank".into(), Node::List(self.rank_rules.iter().map(declared::rank).collect()));
        } else if !self.ranks.is_empty() {
            map.insert("ranks".into(), texts(&self.ranks));
        }
        if !self.trees.is_empty() {
            let trees = self.trees.iter().map(|(name, policy)| (name.as_str(), declared::tree(*policy)));
            map.insert("tree".into(), Node::map(trees));
        }
        if self.utc_offset_minutes != DEFAULT_UTC_OFFSET {
            map.insert("utc_offset".into(), declared::utc_offset(self.utc_offset_minutes));
        }
        if !self.caps.is_empty() {
            map.insert("cap".into(), Node::List(self.caps.iter().map(declared::cap).collect()));
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
    match &rule.trigger {
        Trigger::Order => {}
        Trigger::Period(period) => drop(put("on", period.name().into())),
        Trigger::After(source) => drop(put("after", source.as_str().into())),
    }
    if let Some(when) = &rule.when {
        put("when", when.to_node());
    }
    if rule.of != Base::named("paid") {
        put("of", base(&rule.of));
    }
    put("to", Node::List(rule.to.iter().map(stop).collect()));
    if !rule.qualify.is_empty() {
        put("qualify", Node::List(rule.qualify.iter().map(super::Condition::to_node).collect()));
        put("unqualified", rule.unqualified.name().into());
    }
    put("pay", pay::schedule(&rule.pay));
    if rule.round != Round::default() {
        put("round", round(&rule.round));
    }
    if !rule.caps.is_empty() {
        put("cap", Node::List(rule.caps.iter().map(declared::cap).collect()));
    }
    if let Some(split) = &rule.split {
        put(
            "split",
            Node::map(split.parts().iter().map(|(name, rate)| (name.as_str(), rate.to_string().into()))),
        );
    }
    if rule.change == Change::Split {
        put("change", "split".into());
    }
    if rule.reverse == Reverse::ShareOfUnits {
        put("reverse", "share_of_units".into());
    }
    if rule.hold_days != 0 {
        put("hold_days", i64::from(rule.hold_days).into());
    }
    Node::Map(map)
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
        StopSource::Up { tree, limit, reach, label } => {
            map.insert("up".to_owned(), tree.as_str().into());
            if *limit != DEFAULT_LIMIT {
                map.insert("limit".to_owned(), i64::try_from(*limit).unwrap_or(i64::MAX).into());
            }
            if *reach == Reach::SameRank {
                map.insert("rank".to_owned(), "same".into());
            }
            if let Some(label) = label {
                map.insert("as".to_owned(), label.as_str().into());
            }
        }
        StopSource::Roles(roles) => drop(map.insert("roles".to_owned(), texts(roles))),
        StopSource::Region(kinds) => drop(map.insert("region".to_owned(), texts(kinds))),
        StopSource::Class(condition) => drop(map.insert("class".to_owned(), condition.to_node())),
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
