//! Whatever stands where something else belongs is refused: every value of plans that hold every key, replaced by
//! values of other types. What the reader accepts, the schema of editors accepts too.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

use fenrun::doc::{Node, read_json, read_toml};
use fenrun::reward::plan::{PRESETS, Plan};
use fenrun::reward::plan_schema;
use std::collections::{BTreeMap, BTreeSet};

/// What the presets do not have.
const RARE: &str = r#"schema = "fenrun.plan/1"
name = "n"
currency = "CNY"
utc_offset = "+09:00"
cap = [{ per = "plan", limit = "50%", over = "scale" }, { per = "payee", every = "month", limit = 5 }]

[tree.network]
pass_up = { first = 2, to = "network" }

[tree.matrix]
fill = { width = 2, order = "depth" }

[[rank]]
id = "V1"
won = { team_paid = { min = 5, max = 9, in = [5, 6] } }
kept = { any = [{ team_paid = 5 }, { not = { vip = true } }] }

[[rule]]
id = "a"
on = "order"
when = { sale = { channel = ["app", "web"] }, purpose = "goods" }
of = { base = "paid", plus = ["shipping"], less = ["cost"], times = "50%" }
to = [{ self = true, when = { tag = "x" } }, { up = "referral", limit = 3, as = "inviter" }, { roles = ["staff"] }]
qualify = [{ vip = true }, { vip = false }]
unqualified = "compress_by_level"
pay = { levels = { any = ["1%", "2%"], staff = [{ fact = "percent" }], V1 = [5] } }
round = { mode = "half_even", per = "order", min = 2, rate_decimals = 4 }
cap = { per = "rule", every = "event", limit = 100, over = "truncate" }
split = { cash = "90%", shop = "10%" }
reverse = "share_of_units"
residual = "retain"
hold_days = 7

[[rule]]
id = "b"
after = "a"
of = "income"
to = { up = "network", rank = "same" }
pay = { levels = ["1%"] }

[[rule]]
id = "c"
on = "month"
to = "self"
pay = { ladder = [[100, "1%"], [200, "2%"]], span = "own", marginal = true }
change = "split"

[[rule]]
id = "d"
to = { region = ["city"] }
round = "down"
pay = { levels = { first = "1%", ratio = "1/2" } }
"#;

fn plans() -> Vec<(String, Node)> {
    let texts = PRESETS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    texts
        .chain([("rare".to_owned(), RARE.to_owned())])
        .map(|(name, text)| (name, read_toml(&text, 1 << 20).unwrap()))
        .collect()
}

fn others() -> Vec<Node> {
    let texts = [
        "true",
        "false",
        "-1",
        "1",
        "\"x\"",
        "[]",
        "{}",
        "[1]",
        "[[]]",
        "[{}]",
        "[\"x\"]",
        "{\"a\": 1}",
        "{\"a\": []}",
    ];
    texts.iter().map(|text| read_json(text, 100).unwrap()).collect()
}

/// Every way to a value, keys and places.
fn ways(node: &Node, way: &[String], all: &mut Vec<Vec<String>>) {
    let entries: Vec<(String, &Node)> = match node {
        Node::Map(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Node::List(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in entries {
        let way: Vec<String> = way.iter().cloned().chain([step]).collect();
        ways(value, &way, all);
        all.push(way);
    }
}

fn set(node: &mut Node, way: &[String], value: &Node) {
    let Some((step, rest)) = way.split_first() else {
        *node = value.clone();
        return;
    };
    match node {
        Node::Map(map) => set(map.get_mut(step).unwrap(), rest, value),
        Node::List(items) => set(&mut items[step.parse::<usize>().unwrap()], rest, value),
        other => panic!("{other:?}"),
    }
}

/// The lines of a value that was put somewhere; an item of a row may be told of with the row.
fn lines(plan: &Node, way: &[String], value: &Node) -> std::ops::RangeInclusive<usize> {
    let mut marked = plan.clone();
    set(&mut marked, way, &"@@@".into());
    let text = marked.to_json_pretty();
    let first = text[..text.find("@@@").unwrap()].matches('\n').count() + 1;
    let in_list = way.last().is_some_and(|step| step.parse::<usize>().is_ok());
    let last = first + value.to_json_pretty().matches('\n').count();
    let above = if in_list { way.last().unwrap().parse::<usize>().unwrap() + 1 } else { 0 };
    first - above..=last
}

/// A reader of the parts of JSON Schema that the schema of plans uses, but for patterns.
fn fits(root: &Node, schema: &Node, value: &Node) -> bool {
    let Node::Map(schema) = schema else { return *schema == Node::Bool(true) };
    schema.iter().all(|(key, rule)| fits_one(root, schema, key, rule, value))
}

fn listed(node: &Node) -> Vec<Node> {
    match node {
        Node::List(items) => items.clone(),
        single => vec![single.clone()],
    }
}

fn fits_one(root: &Node, schema: &BTreeMap<String, Node>, key: &str, rule: &Node, value: &Node) -> bool {
    match (key, value) {
        ("$ref", _) => {
            let name = rule.as_text().unwrap().strip_prefix("#/$defs/").unwrap();
            fits(root, root.get("$defs").unwrap().get(name).unwrap(), value)
        }
        ("type", _) => listed(rule).contains(&Node::from(kind(value))),
        ("const", _) => rule == value,
        ("enum", _) => listed(rule).contains(value),
        ("anyOf", _) => listed(rule).iter().any(|one| fits(root, one, value)),
        ("not", _) => !fits(root, rule, value),
        ("items", Node::List(own)) => {
            let skipped = schema.get("prefixItems").map_or(0, |items| listed(items).len());
            own.iter().skip(skipped).all(|item| fits(root, rule, item))
        }
        ("prefixItems", Node::List(own)) => {
            own.iter().zip(listed(rule)).all(|(item, schema)| fits(root, &schema, item))
        }
        ("properties", Node::Map(own)) => {
            own.iter().all(|(key, value)| rule.get(key).is_none_or(|schema| fits(root, schema, value)))
        }
        ("additionalProperties", Node::Map(own)) => {
            let known = schema.get("properties");
            let mut others = own.iter().filter(|(key, _)| known.is_none_or(|known| known.get(key).is_none()));
            others.all(|(_, value)| fits(root, rule, value))
        }
        ("items" | "prefixItems" | "properties" | "additionalProperties", _) => true,
        ("pattern" | "propertyNames" | "title" | "description" | "$schema" | "$defs", _) => true,
        _ => fits_size(key, rule, value),
    }
}

fn kind(value: &Node) -> &'static str {
    match value {
        Node::Map(_) => "object",
        Node::List(_) => "array",
        Node::Text(_) => "string",
        Node::Int(_) => "integer",
        Node::Bool(_) => "boolean",
        Node::Null => "null",
    }
}

/// The rules about how much there is of something.
fn fits_size(key: &str, rule: &Node, value: &Node) -> bool {
    let size = || match rule {
        Node::Int(size) => usize::try_from(*size).unwrap(),
        other => panic!("{other:?}"),
    };
    let has = |keys: &Node, map: &BTreeMap<String, Node>| {
        listed(keys).iter().all(|key| map.contains_key(key.as_text().unwrap()))
    };
    match (key, value) {
        ("minimum", Node::Int(own)) => matches!(rule, Node::Int(least) if own >= least),
        ("maximum", Node::Int(own)) => matches!(rule, Node::Int(most) if own <= most),
        ("minLength", Node::Text(own)) => own.chars().count() >= size(),
        ("maxLength", Node::Text(own)) => own.chars().count() <= size(),
        ("minItems", Node::List(own)) => own.len() >= size(),
        ("maxItems", Node::List(own)) => own.len() <= size(),
        ("required", Node::Map(own)) => has(rule, own),
        ("minProperties", Node::Map(own)) => own.len() >= size(),
        ("dependentRequired", Node::Map(own)) => {
            let Node::Map(needs) = rule else { panic!("{rule:?}") };
            needs.iter().all(|(key, others)| !own.contains_key(key) || has(others, own))
        }
        ("minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems", _) => true,
        ("required" | "minProperties" | "dependentRequired", _) => true,
        other => panic!("{other:?}"),
    }
}

/// Every name of a key in the schema.
fn keys(schema: &Node, all: &mut BTreeSet<String>) {
    match schema {
        Node::Map(map) => {
            if let Some(Node::Map(own)) = map.get("properties") {
                all.extend(own.keys().cloned());
            }
            map.values().for_each(|value| keys(value, all));
        }
        Node::List(items) => items.iter().for_each(|item| keys(item, all)),
        _ => {}
    }
}

#[test]
fn the_reader_of_schemas_reads() {
    let schema = plan_schema::document();
    for (name, plan) in plans() {
        Plan::from_node(&plan).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(fits(&schema, &schema, &plan), "{name}");
    }
    let wrong = |way: &[&str], value: Node| {
        let mut plan = plans().pop().unwrap().1;
        let way: Vec<String> = way.iter().map(|step| (*step).to_owned()).collect();
        set(&mut plan, &way, &value);
        !fits(&schema, &schema, &plan)
    };
    assert!(wrong(&["rule"], Node::List(Vec::new())));
    assert!(wrong(&["rule", "0", "round", "mode"], "sideways".into()));
    assert!(wrong(&["rule", "2", "pay", "ladder", "0"], Node::List(vec![1_i64.into()])));
    assert!(wrong(&["rule", "0", "unqualified"], Node::Null));
}

#[test]
fn what_stands_in_the_wrong_place_is_refused_on_its_line() {
    let schema = plan_schema::document();
    let (mut seen, mut refused) = (BTreeSet::new(), 0);
    for (name, plan) in plans() {
        let mut all = Vec::new();
        ways(&plan, &[], &mut all);
        seen.extend(all.iter().filter_map(|way| way.last().cloned()));
        for way in all {
            for other in others() {
                let mut changed = plan.clone();
                set(&mut changed, &way, &other);
                let text = changed.to_json_pretty();
                let place = format!("{name}: {way:?} = {}", other.to_json());
                match Plan::from_json(&text) {
                    Ok(_) => assert!(fits(&schema, &schema, &changed), "{place} is accepted"),
                    Err(error) => {
                        refused += 1;
                        // What all rules come to together stands nowhere.
                        let whole = error.message().starts_with("the rules together");
                        assert!(whole || error.line().is_some(), "{place}: no line: {error}");
                        let line = error.line().unwrap_or(0);
                        // What is wrong with its shape is told where it stands.
                        assert!(
                            fits(&schema, &schema, &changed) || lines(&plan, &way, &other).contains(&line),
                            "{place}: line {line}: {error}"
                        );
                    }
                }
            }
        }
    }
    assert!(refused > 5_000, "{refused}");
    let mut wanted = BTreeSet::new();
    keys(&schema, &mut wanted);
    let unseen: Vec<&String> = wanted.difference(&seen).collect();
    assert!(unseen.is_empty(), "{unseen:?} stand in no plan");
}
