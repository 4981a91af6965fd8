//! Every plan that is accepted can be audited: the samples state whatever its rules read.

use crate::dice::Dice;
use crate::naive::generate::case;
use crate::naive::generate::rich::rich_case;
use fenrun::doc::Node;
use fenrun::reward::plan::Plan;
use fenrun::reward::sybil::{Limits, audit, audit_periods, sample, stages};

/// What goes wrong with the audit of a plan over its own samples.
pub(crate) fn fault(plan: &Plan, limits: Limits) -> Option<String> {
    let sales = || audit(plan, &sample(plan)?, limits);
    let periods = || audit_periods(plan, &stages(plan)?, limits);
    sales().and_then(|_| periods()).err().map(|error| format!("{error}: {}", plan.canonical()))
}

/// The plans of a seed that are accepted: of sales, the same with pools divided by points, and with a rule that walks
/// up from whoever another one pays; periods read the rates of the first by their own volumes.
pub(crate) fn plans(seed: u64) -> Vec<Plan> {
    let plain = [case(seed).plan, rich_case(seed).plan];
    let mut dice = Dice::new(seed);
    let others = plain.iter().flat_map(|plan| {
        let every = dice.pick(&["day", "week", "month"]);
        [with_rule(plan, POINTS), with_rule(plan, HOLDERS), of_period(plan, every)]
    });
    let others: Vec<Node> = others.collect();
    let accepted: Vec<Plan> =
        plain.iter().chain(&others).filter_map(|plan| Plan::from_node(plan).ok()).collect();
    assert!(!accepted.is_empty(), "seed {seed}");
    accepted
}

const POINTS: &str =
    r#"[{"id": "pts", "to": {"up": "referral"}, "pay": {"share": "1%", "weights": {"fact": "pts"}}}]"#;
const HOLDERS: &str = r#"[{"id": "held", "to": [{"roles": ["staff"]}], "pay": {"levels": ["2%"]}},
    {"id": "town", "to": [{"region": ["city", "province"]}], "pay": {"levels": ["2%", "1%"]}},
    {"id": "rising", "after": "held", "of": "income", "to": {"up": "referral"}, "pay": {"levels": ["10%", "5%"]}},
    {"id": "again", "after": "town", "of": "income", "to": {"up": "referral"}, "pay": {"levels": ["10%"]}}]"#;

fn with_rule(plan: &Node, rules: &str) -> Node {
    let more = fenrun::doc::read_json(rules, 10_000).expect("rules");
    each(plan, |list| {
        if let Node::List(more) = more {
            list.extend(more)
        }
    })
}

fn of_period(plan: &Node, every: &str) -> Node {
    each(plan, |rules| {
        for rule in rules {
            if let Node::Map(map) = rule {
                if !map.contains_key("after") {
                    map.insert("on".into(), every.into());
                }
            }
        }
    })
}

fn each(plan: &Node, change: impl FnOnce(&mut Vec<Node>)) -> Node {
    let mut plan = plan.clone();
    if let Node::Map(map) = &mut plan {
        if let Some(Node::List(rules)) = map.get_mut("rule") {
            change(rules);
        }
    }
    plan
}
