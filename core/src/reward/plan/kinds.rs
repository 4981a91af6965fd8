//! Of which types a fact may be: those that some part of the plan asks it to be of.

use super::{Amount, Condition, RankRule, Rule, Schedule, Share, StopSource, Weights};
use crate::doc::Node;
use std::collections::BTreeMap;

/// Types of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    flag: bool,
    number: bool,
    text: bool,
}

impl Kinds {
    const NUMBER: Self = Self { flag: false, number: true, text: false };
    const TEXT: Self = Self { flag: false, number: false, text: true };

    /// Those of some values.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a Node>) -> Self {
        values.into_iter().fold(Self::default(), |kinds, value| match value {
            Node::Bool(_) => Self { flag: true, ..kinds },
            Node::Int(_) => Self { number: true, ..kinds },
            Node::Text(_) => Self { text: true, ..kinds },
            Node::List(_) | Node::Map(_) | Node::Null => kinds,
        })
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self {
            flag: self.flag || other.flag,
            number: self.number || other.number,
            text: self.text || other.text,
        }
    }

    /// Whether a value is of one of them; where there is none, as of an empty list, any value will do.
    pub(super) fn meets(self, value: &Node) -> bool {
        let own = Self::of([value]);
        self == Self::default() || own.flag && self.flag || own.number && self.number || own.text && self.text
    }

    /// `an integer or text`.
    pub(super) fn words(self) -> String {
        let each = [(self.flag, "true or false"), (self.number, "an integer"), (self.text, "text")];
        let words: Vec<&str> = each.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        words.join(" or ")
    }
}

/// Tells each condition of a plan what all of the plan asks its facts to be: lines, sales and members may state
/// different things under one name, so only a type that nothing asks for is a mistake.
pub(super) fn tell(rules: &mut [Rule], ranks: &mut [RankRule]) {
    // Every line states its purpose, which is text whatever a plan asks of it.
    let mut kinds = BTreeMap::from([("purpose".to_owned(), Kinds::TEXT)]);
    for rule in rules.iter() {
        for amount in rule.pay.table().iter().flat_map(|(_, list)| list) {
            if let Amount::Fact(name) = amount {
                raise(&mut kinds, name, Kinds::TEXT);
            }
        }
        if let Schedule::Share(Share { weights: Weights::Fact(name), .. }) = &rule.pay {
            raise(&mut kinds, name, Kinds::NUMBER);
        }
    }
    each(rules, ranks, &mut |condition| condition.add_kinds(&mut kinds));
    each(rules, ranks, &mut |condition| condition.set_kinds(&kinds));
}

/// Adds types to those of a fact.
pub(super) fn raise(all: &mut BTreeMap<String, Kinds>, fact: &str, kinds: Kinds) {
    let known = all.entry(fact.to_owned()).or_default();
    *known = known.with(kinds);
}

/// Shows every condition of a plan.
fn each(rules: &mut [Rule], ranks: &mut [RankRule], show: &mut dyn FnMut(&mut Condition)) {
    for rule in rules {
        rule.when.iter_mut().chain(&mut rule.qualify).for_each(&mut *show);
        for stop in &mut rule.to {
            if let StopSource::Class(class) = &mut stop.source {
                show(class);
            }
            stop.when.iter_mut().for_each(&mut *show);
        }
    }
    for rank in ranks {
        rank.won.iter_mut().chain(&mut rank.kept).for_each(&mut *show);
    }
}
