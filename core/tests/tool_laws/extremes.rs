//! Presets with extreme numbers and conditions: whatever of them is accepted is audited.

use crate::dice::Dice;
use fenrun::doc::Node;
use fenrun::operations;
use fenrun::reward::plan::{PRESETS, Plan};
use fenrun::reward::sybil::Limits;
use std::collections::BTreeMap;

const NUMBERS: [i64; 19] = [
    0,
    1,
    -1,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    1 << 62,
    1_000_000_000_000_000_000,
    100_000_000_000_000_000,
    10_000_000_000_000_000,
    1_000_000_000_000_000,
    1_000_000_000_000,
    1 << 53,
    1 << 32,
    (1 << 32) - 1,
    1 << 31,
    65_535,
    10,
    5,
];
const RATES: [&str; 6] = ["100%", "1/1000000000000", "999999999999/1000000000000", "0%", "1/3", "99.99%"];
const FACTS: [&str; 12] = [
    "own_pv",
    "own_paid",
    "team_pv",
    "strong_bv",
    "x",
    "recruits",
    "recruits_V9",
    "weak_pv",
    "level",
    "points",
    "active",
    "purpose",
];

/// A preset with some numbers, rates, conditions and caps of it replaced; nothing where that is refused.
pub(crate) fn plan(seed: u64) -> Option<Plan> {
    let mut dice = Dice::new(seed);
    let names: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
    let mut plan = Plan::preset(dice.pick(&names)).expect("a preset").to_node();
    for _ in 0..dice.between(0, 2) {
        replace(&mut plan, &mut dice);
    }
    let Node::Map(map) = &mut plan else { panic!("a map") };
    let mut allow = BTreeMap::from([("plan".to_owned(), Node::from("t"))]);
    if map.contains_key("rank") {
        allow.insert("ranks".into(), "t".into());
        if let (true, Some(Node::List(ranks))) = (dice.one_in(2), map.get_mut("rank")) {
            let won = condition(&mut dice);
            ranks.iter_mut().take(1).for_each(|rank| set(rank, "won", won.clone()));
        }
    }
    let Some(Node::List(rules)) = map.get_mut("rule") else { panic!("rules") };
    for rule in rules {
        allow.insert(rule.get("id").and_then(Node::as_text).expect("an id").to_owned(), "t".into());
        match dice.between(1, 4) {
            1 => set(rule, "when", condition(&mut dice)),
            2 => {
                set(rule, "qualify", condition(&mut dice));
                if rule.get("unqualified").is_none() {
                    set(rule, "unqualified", "retain".into());
                }
            }
            3 => {
                let limit =
                    if dice.one_in(4) { dice.pick(&RATES).into() } else { Node::Int(dice.pick(&NUMBERS)) };
                let per = Node::from(dice.pick(&["payee", "rule"]));
                set(rule, "cap", Node::map([("per", per), ("limit", limit)]));
            }
            _ => {}
        }
    }
    map.insert("allow".into(), Node::Map(allow));
    Plan::from_node(&plan).ok()
}

fn set(node: &mut Node, key: &str, value: Node) {
    if let Node::Map(map) = node {
        map.insert(key.to_owned(), value);
    }
}

fn condition(dice: &mut Dice) -> Node {
    let number = |dice: &mut Dice| Node::Int(dice.pick(&NUMBERS));
    let test = match dice.between(1, 6) {
        1 => number(dice),
        2 => Node::map([("min", number(dice))]),
        3 => Node::map([("max", number(dice))]),
        4 => Node::List(vec![number(dice)]),
        5 => Node::Bool(true),
        _ => "t".into(),
    };
    let asked = Node::map([(dice.pick(&FACTS), test)]);
    match dice.between(1, 6) {
        1 | 2 => Node::map([("not", asked)]),
        3 => Node::map([("any", Node::List(vec![asked, Node::map([("active", Node::Bool(true))])]))]),
        4 => Node::map([("sale", asked)]),
        _ => asked,
    }
}

/// Replaces one number or rate of a plan.
fn replace(plan: &mut Node, dice: &mut Dice) {
    let is_rate = |text: &str| text.ends_with('%') || text.ends_with("bp");
    let (mut open, mut leaves) = (vec![plan], Vec::new());
    while let Some(node) = open.pop() {
        match node {
            Node::Map(map) => open.extend(map.values_mut()),
            Node::List(items) => open.extend(items.iter_mut()),
            Node::Int(_) => leaves.push(node),
            Node::Text(text) if is_rate(text) => leaves.push(node),
            _ => {}
        }
    }
    let last = i64::try_from(leaves.len()).expect("few") - 1;
    let at = usize::try_from(dice.between(0, last)).expect("a place");
    *leaves[at] = match leaves[at] {
        Node::Int(_) => Node::Int(dice.pick(&NUMBERS)),
        _ => dice.pick(&RATES).into(),
    };
}

/// What goes wrong with the audit of a plan over its own samples.
pub(crate) fn fault(plan: &Plan, seed: u64) -> Option<String> {
    let few = |count: u64| usize::try_from(1 + seed / count % 2).expect("small");
    let limits = Limits { identities: 1, parts: few(2), periods: few(4) };
    let input = [("identities", limits.identities), ("parts", limits.parts), ("periods", limits.periods)];
    let input = input.map(|(key, count)| (key, Node::Int(i64::try_from(count).expect("small"))));
    let error = operations::run("sybil", Some(plan), &Node::map(input)).err()?;
    Some(format!("{error}: {limits:?}: {}", plan.canonical()))
}
