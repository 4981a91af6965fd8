//! Schedules as documents.

use crate::doc::Node;
use crate::money::Rate;
use crate::reward::plan::schedule::{
    Ladder, LadderShape, Pairing, Schedule, Share, Span, Step, Unmatched, Weights,
};
use crate::reward::plan::stop::REFERRAL;

pub(super) fn schedule(pay: &Schedule) -> Node {
    match pay {
        Schedule::Levels(table) => Node::map([("levels", table.to_levels_node())]),
        Schedule::Infinity(table) => {
            Node::map([("levels", table.to_levels_node()), ("block", "rank".into())])
        }
        Schedule::Geometric { first, ratio } => {
            Node::map([("levels", Node::map([("first", text(*first)), ("ratio", text(*ratio))]))])
        }
        Schedule::Differential(table) => Node::map([("differential", table.to_single_node())]),
        Schedule::Ladder(ladder) => self::ladder(ladder),
        Schedule::Pairing(pairing) => self::pairing(pairing),
        Schedule::Share(share) => self::share(share),
    }
}

fn text(rate: Rate) -> Node {
    rate.to_string().into()
}

fn ladder(ladder: &Ladder) -> Node {
    let steps = |steps: &[Step]| {
        let step = |step: &Step| Node::List(vec![step.from.into(), text(step.rate)]);
        Node::List(steps.iter().map(step).collect())
    };
    let shape = match &ladder.shape {
        LadderShape::Whole(list) | LadderShape::Marginal(list) => steps(list),
        LadderShape::Polynomial(rates) => {
            Node::map([("polynomial", Node::List(rates.iter().copied().map(text).collect()))])
        }
    };
    let by = ladder.by.as_deref().map(|by| ("by", Node::from(by)));
    let marginal = matches!(ladder.shape, LadderShape::Marginal(_)).then_some(("marginal", Node::Bool(true)));
    let (span, tree) = match &ladder.span {
        Span::Own => (None, None),
        Span::Team(tree) => (Some(("span", Node::from("team"))), Some(tree.as_str())),
    };
    let tree = tree.filter(|tree| *tree != REFERRAL).map(|tree| ("tree", Node::from(tree)));
    Node::map([("ladder", shape)].into_iter().chain(by).chain(span).chain(tree).chain(marginal))
}

fn pairing(pairing: &Pairing) -> Node {
    let rates = pairing.rates.iter().map(|pair| (format!("{}:{}", pair.strong, pair.weak), text(pair.rate)));
    let unmatched = match pairing.unmatched {
        Unmatched::Carry => "carry",
        Unmatched::Flush => "flush",
    };
    Node::map([
        ("pairing", Node::map(rates)),
        ("tree", pairing.tree.as_str().into()),
        ("unit", pairing.unit.into()),
        ("unmatched", unmatched.into()),
    ])
}

fn share(share: &Share) -> Node {
    let weights = match &share.weights {
        Weights::Equal => None,
        Weights::Fact(fact) => Some(Node::map([("fact", Node::from(fact.as_str()))])),
        Weights::Table(table) => {
            Some(Node::map(table.iter().map(|(key, weight)| (key.as_str(), i64::from(*weight).into()))))
        }
    };
    Node::map([("share", text(share.rate))].into_iter().chain(weights.map(|weights| ("weights", weights))))
}
