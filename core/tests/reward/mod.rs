//! The laws of commission, by what they are about.

pub(crate) mod amounts;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod lines;
pub(crate) mod people;
pub(crate) mod reversal;
pub(crate) mod writing;

use crate::naive::edit::{Map, each_line, each_rule, edit_list, round_key};
use crate::naive::plan::{entries, items};
use fenrun::doc::Node;

/// The plan with those of its rules that a law is about, and the sale without rates for the others; none
/// when nothing is left.
fn rules_where(plan: &Node, sale: &Node, keep: impl Fn(&Map) -> bool) -> Option<(Node, Node)> {
    let mut left = 0;
    let plan = edit_list(plan, "rule", |rules| {
        rules.retain(|rule| keep(&entries(Some(rule))));
        left = rules.len();
    });
    (left > 0).then(|| (drop_stale_allow(&plan), drop_stale_overrides(&plan, sale)))
}

fn ids(plan: &Node) -> Vec<String> {
    let id = |rule: &Node| rule.get("id").and_then(Node::as_text).map(str::to_owned);
    items(plan.get("rule")).iter().filter_map(id).collect()
}

/// A line may override rules of the plan only.
fn drop_stale_overrides(plan: &Node, sale: &Node) -> Node {
    let ids = ids(plan);
    each_line(sale, |line| {
        if let Some(Node::Map(overrides)) = line.get_mut("override") {
            overrides.retain(|rule, _| ids.contains(rule));
        }
    })
}

/// `allow` may name rules of the plan only.
fn drop_stale_allow(plan: &Node) -> Node {
    let ids = ids(plan);
    let mut plan = entries(Some(plan));
    if let Some(Node::Map(allow)) = plan.get_mut("allow") {
        allow.retain(|name, _| name == "plan" || ids.contains(name));
    }
    Node::Map(plan)
}

/// The plan whose rules lack some keys.
fn without(plan: &Node, keys: &[&str]) -> Node {
    each_rule(plan, |rule| rule.retain(|key, _| !keys.contains(&key.as_str())))
}

/// The plan without `min`.
fn without_min(plan: &Node) -> Node {
    each_rule(plan, |rule| round_key(rule, "min", None))
}

/// What a rule rounds at once: `line`, `unit` or `order`.
fn per(rule: &Map) -> &str {
    rule.get("round").and_then(|round| round.get("per")).and_then(Node::as_text).unwrap_or("line")
}

/// Whether a rule is a differential.
fn is_differential(rule: &Map) -> bool {
    rule.get("pay").is_some_and(|pay| pay.get("differential").is_some())
}
