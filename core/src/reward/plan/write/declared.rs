//! What a plan declares, as documents.

use crate::doc::Node;
use crate::reward::plan::cap::{Cap, Every, Limit, Over};
use crate::reward::plan::tree::{FillOrder, RankRule, TreePolicy};
use std::collections::BTreeMap;

pub(super) fn rank(rule: &RankRule) -> Node {
    let conditions = [("won", &rule.won), ("kept", &rule.kept)];
    let conditions =
        conditions.into_iter().filter_map(|(key, condition)| Some((key, condition.as_ref()?.to_node())));
    Node::map([("id", Node::from(rule.id.as_str()))].into_iter().chain(conditions))
}

pub(super) fn tree(policy: TreePolicy) -> Node {
    match policy {
        TreePolicy::Placed => Node::Map(BTreeMap::new()),
        TreePolicy::Fill { width, order } => {
            let order = Some(("order", Node::from(order.name()))).filter(|_| order != FillOrder::Breadth);
            let fill = [("width", i64::from(width).into())].into_iter().chain(order);
            Node::map([("fill", Node::map(fill))])
        }
        TreePolicy::PassUp { first, to } => {
            let pass_up = [("first", Node::from(i64::from(first))), ("to", to.name().into())];
            Node::map([("pass_up", Node::map(pass_up))])
        }
    }
}

pub(super) fn utc_offset(minutes: i32) -> Node {
    let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
    format!("{sign}{:02}:{:02}", size / 60, size % 60).into()
}

pub(super) fn cap(cap: &Cap) -> Node {
    let limit = match cap.limit {
        Limit::Minor(minor) => minor.into(),
        Limit::Share(rate) => rate.to_string().into(),
    };
    let every = Some(("every", Node::from(cap.every.name()))).filter(|_| cap.every != Every::Event);
    let over = Some(("over", Node::from(cap.over.name()))).filter(|_| cap.over != Over::Retain);
    let fixed = [("per", Node::from(cap.per.name())), ("limit", limit)];
    Node::map(fixed.into_iter().chain(every).chain(over))
}
