//! Plans of every shape: a random plan whose rules are given other stops, schedules, caps and accounts, with
//! rules that run after them, and the sale these read.

use super::plans::{plan, share};
use super::sales::{person, refunds, sale};
use super::{Case, Dice, Reach, Words};
use crate::naive::edit::{Map, each_line, with};
use crate::naive::plan::{entries, items, text, texts};
use fenrun::doc::Node;

const REGIONS: [&str; 3] = ["district", "city", "province"];
const PERIODS: [&str; 3] = ["day", "week", "month"];

/// The case of a seed.
pub(crate) fn rich_case(seed: u64) -> Case {
    let mut dice = Dice::new(seed ^ 0x5eed_0fa1_15a1_e500);
    let dice = &mut dice;
    let (plan, words) = plan(dice, Reach::Sale);
    let sale = sale(dice, &words);
    let mut rules = Vec::new();
    for rule in items(plan.get("rule")) {
        rules.push(reshaped(dice, &words, entries(Some(rule))));
    }
    chained(dice, &words, &mut rules);
    let of_plan = if dice.one_in(4) { Some(caps(dice, &["plan", "payee"], true)) } else { None };
    let sale = beside(dice, &words, (&rules, of_plan.as_ref()), &sale);
    let ids: Vec<Node> = rules.iter().map(|rule| rule["id"].clone()).collect();
    let allowed = ids.iter().filter_map(Node::as_text).chain(["plan"]).map(|id| (id, Node::from("random")));
    let mut plan = with(&plan, "allow", Node::map(allowed));
    plan = with(&plan, "rule", Node::List(rules.into_iter().map(Node::Map).collect()));
    plan = with(&plan, "tree", Node::map([("placement", Node::map::<&str>([]))]));
    if let Some(caps) = of_plan {
        plan = with(&plan, "cap", caps);
    }
    let sale = if dice.one_in(3) { small(dice, &sale) } else { sale };
    let refunds = refunds(dice, &sale);
    Case { plan, sale, refunds }
}

/// A plan that a batch can settle, with rules that run after others, caps and accounts.
pub(super) fn chained_plan(dice: &mut Dice) -> (Node, Words) {
    let (plan, words) = plan(dice, Reach::People);
    let mut rules = Vec::new();
    for rule in items(plan.get("rule")) {
        rules.push(limited(dice, entries(Some(rule))));
    }
    chained(dice, &words, &mut rules);
    let ids: Vec<Node> = rules.iter().map(|rule| rule["id"].clone()).collect();
    let allowed = ids.iter().filter_map(Node::as_text).chain(["plan"]).map(|id| (id, Node::from("random")));
    let plan = with(&plan, "allow", Node::map(allowed));
    (with(&plan, "rule", Node::List(rules.into_iter().map(Node::Map).collect())), words)
}

/// Amounts at which a cap or a step bites.
fn small(dice: &mut Dice, sale: &Node) -> Node {
    each_line(sale, |line| {
        for (name, value) in line.iter_mut() {
            if let (Node::Int(minor), true) = (&mut *value, name != "units") {
                *minor = (*minor + dice.below(5)) % 20_000;
            }
        }
    })
}

/// A rule with other stops, another schedule, caps or accounts, now and then.
fn reshaped(dice: &mut Dice, words: &Words, mut rule: Map) -> Map {
    let mut walks_peers = false;
    match dice.below(6) {
        0 => drop(rule.insert("to".into(), region(dice))),
        1 => drop(rule.insert("to".into(), Node::map([("up", Node::from("placement"))]))),
        2 if !words.ranks.is_empty() && rule["pay"].get("levels").is_some() => {
            rule.insert("to".into(), peers(dice));
            walks_peers = true;
        }
        _ => {}
    }
    let known = labels(&rule["to"]);
    // Rows of labels that no stop has any more go with them.
    if let Some(Node::Map(pay)) = rule.get_mut("pay") {
        for table in pay.values_mut() {
            if let Node::Map(rows) = table {
                rows.retain(|key, _| key == "any" || words.ranks.contains(key) || known.contains(key));
                if rows.is_empty() {
                    rows.insert("any".into(), if dice.one_in(2) { "5%".into() } else { "3%".into() });
                }
            }
        }
    }
    let list = |node: &mut Node| {
        if let Node::Text(_) = node {
            *node = Node::List(vec![node.clone()]);
        }
    };
    if let Some(Node::Map(pay)) = rule.get_mut("pay") {
        if let Some(Node::Map(rows)) = pay.get_mut("levels") {
            rows.values_mut().for_each(list);
        }
    }
    if !walks_peers && dice.one_in(2) {
        schedule(dice, words, &mut rule);
    }
    limited(dice, rule)
}

/// The labels and roles of stops.
fn labels(to: &Node) -> Vec<String> {
    let stops = match to {
        Node::List(stops) => stops.as_slice(),
        stop => std::slice::from_ref(stop),
    };
    let of_stop = |stop: &Node| {
        let named = [texts(stop.get("roles")), texts(stop.get("region"))].concat();
        named.into_iter().chain(text(stop.get("as"))).collect::<Vec<_>>()
    };
    stops.iter().flat_map(of_stop).collect()
}

fn region(dice: &mut Dice) -> Node {
    let mut kinds = dice.some(&REGIONS);
    if kinds.is_empty() {
        kinds.push("city");
    }
    Node::map([("region", Node::List(kinds.into_iter().map(Node::from).collect()))])
}

fn peers(dice: &mut Dice) -> Node {
    let mut stop = Map::from([("up".into(), "referral".into()), ("rank".into(), "same".into())]);
    if dice.one_in(3) {
        stop.insert("limit".into(), Node::Int(dice.between(1, 6)));
    }
    Node::Map(stop)
}

/// A schedule beside `levels` and `differential`.
fn schedule(dice: &mut Dice, words: &Words, rule: &mut Map) {
    let rate = |dice: &mut Dice| Node::Text(share(dice, 900));
    let pay = match dice.below(4) {
        0 if !words.ranks.is_empty() => {
            let rates = (0..dice.count(1, 3)).map(|_| rate(dice)).collect();
            Node::map([("levels", Node::List(rates)), ("block", "rank".into())])
        }
        1 => {
            let first = *dice.pick(&[&"1/2", &"10%", &"1/3", &"7/9"]);
            let ratio = *dice.pick(&[&"1/2", &"1/3", &"20%", &"9/10"]);
            rule.insert("round".into(), dice.pick(&["down", "floor"]).into());
            Node::map([("levels", Node::map([("first", Node::from(first)), ("ratio", ratio.into())]))])
        }
        2 => {
            let mut from = dice.below(3);
            let mut steps = Vec::new();
            for _ in 0..dice.count(1, 4) {
                steps.push(Node::List(vec![Node::Int(from), rate(dice)]));
                from += 1 + dice.below(9_000);
            }
            let option = match dice.below(3) {
                0 => Some(("by", Node::from("pv"))),
                1 => Some(("marginal", Node::Bool(true))),
                _ => None,
            };
            Node::map([("ladder", Node::List(steps))].into_iter().chain(option))
        }
        _ => {
            let weights = match dice.below(3) {
                0 => None,
                1 => Some(("weights", Node::map([("fact", Node::from("score"))]))),
                _ => {
                    let names = words.ranks.iter().map(String::as_str).chain(["any"]);
                    let entries = names.map(|name| (name, Node::Int(dice.below(9)))).collect::<Vec<_>>();
                    let zero = entries.iter().all(|(_, weight)| *weight == Node::Int(0));
                    Some(("weights", Node::map(entries))).filter(|_| !zero)
                }
            };
            if let Some(Node::List(conditions)) = rule.get("qualify").cloned() {
                rule.insert("qualify".into(), conditions[0].clone());
            }
            if rule.contains_key("qualify") {
                rule.insert("unqualified".into(), dice.pick(&["retain", "compress"]).into());
            }
            Node::map([("share", rate(dice))].into_iter().chain(weights))
        }
    };
    rule.insert("pay".into(), pay);
    if let Some(Node::Map(round)) = rule.get_mut("round") {
        if round.get("per") == Some(&Node::from("unit")) {
            round.remove("per");
        }
        if round.is_empty() {
            rule.remove("round");
        }
    }
}

/// Caps and accounts, now and then.
fn limited(dice: &mut Dice, mut rule: Map) -> Map {
    if dice.one_in(4) {
        let shares = !rule.contains_key("after");
        rule.insert("cap".into(), caps(dice, &["payee", "rule"], shares));
    }
    if dice.one_in(4) {
        let split = dice.pick(&[
            &[("cash", "90%"), ("shop", "10%")][..],
            &[("cash", "1/3"), ("points", "1/3"), ("shop", "1/3")],
            &[("a", "1/7"), ("b", "2/7"), ("c", "4/7")],
            &[("shop", "100%")],
        ]);
        rule.insert("split".into(), Node::map(split.iter().map(|(to, part)| (*to, Node::from(*part)))));
    }
    rule
}

fn caps(dice: &mut Dice, per: &[&str], shares: bool) -> Node {
    let mut caps = Vec::new();
    for per in per {
        if dice.one_in(2) && !caps.is_empty() {
            continue;
        }
        let mut cap = Map::from([("per".into(), Node::from(*per))]);
        let period = dice.one_in(3);
        let limit = match dice.below(3) {
            0 if shares && !period => Node::Text(share(dice, 900)),
            1 => Node::Int(dice.below(100)),
            _ => Node::Int(dice.below(20_000)),
        };
        cap.insert("limit".into(), limit);
        if period {
            cap.insert("every".into(), dice.pick(&PERIODS).into());
        }
        let over = dice.pick(&["retain", "truncate", "flush", "scale"]);
        cap.insert("over".into(), if period && over == "scale" { "retain".into() } else { over.into() });
        caps.push(Node::Map(cap));
    }
    Node::List(caps)
}

/// Rules that run after others, written before or behind them.
fn chained(dice: &mut Dice, words: &Words, rules: &mut Vec<Map>) {
    for at in 0..dice.count(0, 2) {
        let source = rules[dice.below_count(rules.len())]["id"].clone();
        let mut rule = Map::from([
            ("id".into(), Node::Text(format!("after{at}"))),
            ("after".into(), source),
            ("to".into(), Node::map([("up", Node::from("referral"))])),
        ]);
        if dice.one_in(2) && !words.ranks.is_empty() {
            rule.insert("to".into(), peers(dice));
        } else if dice.one_in(5) {
            rule.insert("to".into(), "self".into());
        }
        let of = dice.pick(&[&"income", &"income", &"paid", &"quantity"]);
        rule.insert("of".into(), Node::from(*of));
        if dice.one_in(8) {
            let plus = Node::List(vec!["pv".into()]);
            rule.insert("of".into(), Node::map([("base", Node::from("income")), ("plus", plus)]));
        }
        let rates = (0..dice.count(1, 3)).map(|_| Node::Text(share(dice, 3_000)));
        rule.insert("pay".into(), Node::map([("levels", Node::List(rates.collect()))]));
        if dice.one_in(3) && !words.ranks.is_empty() {
            let rank = dice.name(&words.ranks);
            rule.insert("when".into(), Node::map([("rank", Node::map([("min", rank)]))]));
        }
        if dice.one_in(3) {
            rule.insert("qualify".into(), Node::map([("distributor", Node::Bool(true))]));
            let modes = ["retain", "stop", "compress", "compress_by_level", "roll_up"];
            rule.insert("unqualified".into(), dice.pick(&modes).into());
        }
        let rule = limited(dice, rule);
        let place = dice.below_count(rules.len() + 1);
        rules.insert(place, rule);
    }
}

/// What the sale of such a plan states beside the upline.
fn beside(dice: &mut Dice, words: &Words, (rules, of_plan): (&[Map], Option<&Node>), sale: &Node) -> Node {
    let upline = items(sale.get("upline")).to_vec();
    let stands = |dice: &mut Dice, id: i64| {
        // Now and then somebody of the upline, as they stand there.
        let same = upline.iter().find(|one| one.get("id") == Some(&Node::Int(id)));
        same.cloned().unwrap_or_else(|| person(dice, words, id))
    };
    let mut placed: Vec<Node> = Vec::new();
    for at in 0..dice.below(6) {
        let id = if dice.one_in(2) { at + 2 } else { at + 20 };
        placed.push(stands(dice, id));
    }
    let mut sale = with(sale, "uplines", Node::map([("placement", Node::List(placed))]));
    let mut regions = Map::new();
    for kind in dice.some(&REGIONS) {
        let id = dice.between(2, 14);
        regions.insert(kind.into(), stands(dice, id));
    }
    sale = with(&sale, "regions", Node::Map(regions));
    let mut used = Vec::new();
    let owners =
        rules.iter().map(|rule| (Some(rule["id"].clone()), rule.get("cap"))).chain([(None, of_plan)]);
    for (owner, caps) in owners {
        for every in PERIODS {
            for payee in [None, Some(2), Some(3)] {
                let counts = |cap: &Node| {
                    let of_payee = text(cap.get("per")).as_deref() == Some("payee");
                    text(cap.get("every")).as_deref() == Some(every) && of_payee == payee.is_some()
                };
                if items(caps).iter().any(counts) && dice.one_in(2) {
                    let rule = owner.clone().map(|id| ("rule", id));
                    let payee = payee.map(|id| ("payee", Node::Int(id)));
                    let amount = ("amount", Node::Int(dice.below(200)));
                    let entry = [("every", Node::from(every)), amount];
                    used.push(Node::map(entry.into_iter().chain(rule).chain(payee)));
                }
            }
        }
    }
    sale = with(&sale, "used", Node::List(used));
    each_line(&sale, |line| {
        if let Some(Node::Map(tables)) = line.get_mut("override") {
            tables.retain(|id, table| {
                let rule = rules.iter().find(|rule| rule["id"].as_text() == Some(id));
                rule.is_some_and(|rule| overridable(words, rule, table))
            });
            if tables.is_empty() {
                line.remove("override");
            }
        }
    })
}

/// Whether a rule still takes the rates of a line: schedules without a table take none, and those of a label that is
/// gone, or of the other kind, go.
fn overridable(words: &Words, rule: &Map, table: &mut Node) -> bool {
    let pay = &rule["pay"];
    let Some(own) = pay.get("levels").or_else(|| pay.get("differential")) else { return false };
    if own.get("first").is_some() {
        return false;
    }
    let known = labels(&rule["to"]);
    if let Node::Map(rows) = table {
        rows.retain(|key, _| key == "any" || words.ranks.contains(key) || known.contains(key));
    }
    let integers = |rows: &Node| entries(Some(rows)).values().any(|rate| matches!(rate, Node::Int(_)));
    let same_kind = pay.get("differential").is_none_or(|own| integers(own) == integers(table));
    *table != Node::map::<&str>([]) && same_kind
}
