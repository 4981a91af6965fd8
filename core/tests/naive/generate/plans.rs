//! Random plans.

use super::conditions::{Reads, condition};
use super::{Dice, Kind, Reach, RuleWords, Words};
use crate::naive::edit::Map;
use fenrun::doc::Node;
use fenrun::money::Rounding;

/// Components that every random line states, and the two that are computed.
const BASES: [&str; 8] = ["paid", "list", "member", "cost", "shipping", "pv", "margin", "quantity"];
/// Roles that a random sale may have holders of.
pub(super) const ROLES: [&str; 3] = ["staff", "agent", "division"];

/// A plan of one to three rules, and the words its sales must use.
pub(crate) fn plan(dice: &mut Dice, reach: Reach) -> (Node, Words) {
    plan_of(dice, reach, rule)
}

/// A plan that pays fixed shares by distance, as most shops do.
pub(crate) fn flat_plan(dice: &mut Dice) -> (Node, Words) {
    plan_of(dice, Reach::People, flat_rule)
}

fn plan_of(dice: &mut Dice, reach: Reach, rule: fn(&mut Dice, &mut Words, String) -> Node) -> (Node, Words) {
    let ranks = (1..=dice.count(0, 4)).map(|at| format!("V{at}")).collect();
    let mut words = Words { ranks, rules: Vec::new(), modest: dice.one_in(2), reach };
    let mut rules = Vec::new();
    for at in 1..=dice.count(1, 3) {
        rules.push(rule(dice, &mut words, format!("rule{at}")));
    }
    let ranks: Vec<Node> = words.ranks.iter().map(|rank| rank.as_str().into()).collect();
    let mut plan = Map::from([
        ("schema".into(), "fenrun.plan/1".into()),
        ("name".into(), "random".into()),
        ("currency".into(), "CNY".into()),
        ("rule".into(), rules.into()),
    ]);
    if !ranks.is_empty() {
        plan.insert("ranks".into(), ranks.into());
    }
    if !words.modest {
        let names = words.rules.iter().map(|rule| rule.id.as_str()).chain(["plan"]);
        plan.insert("allow".into(), Node::map(names.map(|name| (name, Node::from("random")))));
    }
    (Node::Map(plan), words)
}

fn rule(dice: &mut Dice, words: &mut Words, id: String) -> Node {
    let mut rule = Map::from([("id".into(), id.as_str().into()), ("on".into(), "order".into())]);
    if dice.one_in(5) {
        let reads = match (words.reach, words.modest) {
            (Reach::People, _) => Reads::Person,
            (Reach::Sale, true) => Reads::Source,
            (Reach::Sale, false) => Reads::AnySource,
        };
        rule.insert("when".into(), condition(dice, reads, &words.ranks, 2));
    }
    if dice.one_in(2) {
        rule.insert("of".into(), of(dice));
    }
    let (to, labels) = stops(dice, words);
    rule.insert("to".into(), to);
    let kind = *dice.pick(&[
        &Kind::Levels,
        &Kind::Levels,
        &Kind::Levels,
        &Kind::Shares,
        &Kind::Shares,
        &Kind::Integers,
    ]);
    let words_of = RuleWords { id, labels, kind };
    let table = if kind == Kind::Levels && dice.one_in(2) {
        list(dice, &words_of, words.modest, true)
    } else {
        table(dice, words, &words_of, true)
    };
    let schedule = if kind == Kind::Levels { "levels" } else { "differential" };
    rule.insert("pay".into(), Node::map([(schedule, table)]));
    if dice.one_in(2) {
        qualify(dice, words, &mut rule);
    }
    if dice.one_in(2) {
        rule.insert("round".into(), round(dice));
    }
    if dice.one_in(8) {
        rule.insert("reverse".into(), dice.pick(&["share_of_units", "recompute"]).into());
    }
    if dice.one_in(8) {
        rule.insert("hold_days".into(), Node::Int(dice.below(30)));
    }
    words.rules.push(words_of);
    Node::Map(rule)
}

fn flat_rule(dice: &mut Dice, words: &mut Words, id: String) -> Node {
    // Three rules of six levels, rounded up to a hundredth, stay below 100 %.
    let (most, decimals) = if words.modest { (500, 2) } else { (6_000, 1) };
    let rates: Vec<Node> = (0..dice.count(1, 6)).map(|_| share(dice, most).into()).collect();
    let mut rule = Map::from([
        ("id".into(), id.as_str().into()),
        ("of".into(), dice.pick(&["paid", "list", "pv"]).into()),
        ("to".into(), Node::map([("up", Node::from("referral"))])),
        ("pay".into(), Node::map([("levels", Node::from(rates))])),
    ]);
    if dice.one_in(2) {
        rule.insert("qualify".into(), condition(dice, Reads::Person, &words.ranks, 1));
        rule.insert("unqualified".into(), "retain".into());
    }
    if dice.one_in(2) {
        let mut round = Map::from([("mode".into(), mode(dice))]);
        if dice.one_in(3) {
            round.insert("min".into(), Node::Int(dice.below(50)));
        }
        if dice.one_in(3) {
            round.insert("rate_decimals".into(), Node::Int(dice.between(decimals, 6)));
        }
        rule.insert("round".into(), Node::Map(round));
    }
    words.rules.push(RuleWords { id, labels: Vec::new(), kind: Kind::Levels });
    Node::Map(rule)
}

fn mode(dice: &mut Dice) -> Node {
    let modes: Vec<&str> = Rounding::ALL.iter().map(|mode| mode.name()).collect();
    dice.pick(&modes).into()
}

fn of(dice: &mut Dice) -> Node {
    if dice.one_in(2) {
        return dice.pick(&BASES).into();
    }
    // A component stands once, be it as the base, added or taken off.
    let mut left = BASES.to_vec();
    let mut draw = |dice: &mut Dice| {
        let last = i64::try_from(left.len()).expect("few names") - 1;
        Node::from(left.swap_remove(dice.count(0, last)))
    };
    let mut of = Map::from([("base".into(), draw(dice))]);
    for key in ["plus", "less"] {
        if dice.one_in(2) {
            let names = (0..dice.count(1, 2)).map(|_| draw(dice)).collect();
            of.insert(key.into(), Node::List(names));
        }
    }
    if dice.one_in(2) {
        of.insert("times".into(), dice.pick(&["50%", "1/3", "0.4", "100%", "9999bp", "0.0001"]).into());
    }
    Node::Map(of)
}

fn stops(dice: &mut Dice, words: &Words) -> (Node, Vec<String>) {
    let mut labels = Vec::new();
    let mut all: Vec<Node> = (0..dice.count(1, 3)).map(|_| stop(dice, words, &mut labels)).collect();
    if all.len() == 1 && dice.one_in(2) { (all.remove(0), labels) } else { (all.into(), labels) }
}

fn stop(dice: &mut Dice, words: &Words, labels: &mut Vec<String>) -> Node {
    let mut stop = Map::new();
    match dice.below(6) {
        0 if dice.one_in(2) => return "self".into(),
        0 => drop(stop.insert("self".into(), Node::Bool(true))),
        1 => {
            let mut roles = dice.some(&ROLES);
            if roles.is_empty() {
                roles.push("agent");
            }
            labels.extend(roles.iter().map(|role| (*role).to_owned()));
            let roles: Vec<Node> = roles.into_iter().map(Node::from).collect();
            stop.insert("roles".into(), roles.into());
        }
        _ => {
            stop.insert("up".into(), "referral".into());
            if dice.one_in(3) {
                stop.insert("limit".into(), Node::Int(dice.between(1, 5)));
            }
            if dice.one_in(4) {
                let label = dice.pick(&["near", "far"]);
                labels.push(label.to_owned());
                stop.insert("as".into(), label.into());
            }
        }
    }
    if dice.one_in(8) {
        let reads = if words.reach == Reach::People { Reads::Person } else { Reads::Buyer };
        stop.insert("when".into(), condition(dice, reads, &words.ranks, 1));
    }
    Node::Map(stop)
}

fn qualify(dice: &mut Dice, words: &Words, rule: &mut Map) {
    let mode = dice.pick(&["retain", "stop", "compress", "compress_by_level", "roll_up"]);
    rule.insert("unqualified".into(), mode.into());
    let mut one = || condition(dice, Reads::Person, &words.ranks, 2);
    let first = one();
    let conditions = vec![first.clone(), one(), one()];
    let by_level = mode != "compress" && dice.one_in(3);
    rule.insert("qualify".into(), if by_level { conditions.into() } else { first });
}

fn round(dice: &mut Dice) -> Node {
    let mode = mode(dice);
    if dice.one_in(3) {
        return mode;
    }
    let mut round = Map::from([("mode".into(), mode)]);
    if !dice.one_in(3) {
        round.insert("per".into(), dice.pick(&["line", "unit", "order"]).into());
    }
    if dice.one_in(3) {
        round.insert("min".into(), Node::Int(*dice.pick(&[&0, &1, &2, &10, &500])));
    }
    if dice.one_in(4) {
        round.insert("rate_decimals".into(), Node::Int(dice.between(1, 6)));
    }
    Node::Map(round)
}

/// A table by ranks, labels and `any`, at least one of them.
pub(super) fn table(dice: &mut Dice, words: &Words, rule: &RuleWords, facts: bool) -> Node {
    let mut keys = dice.some(&words.ranks);
    keys.extend(dice.some(&rule.labels));
    if keys.is_empty() || !dice.one_in(3) {
        keys.push("any".into());
    }
    let row = |dice: &mut Dice| match rule.kind {
        Kind::Levels => list(dice, rule, words.modest, facts),
        _ => rate(dice, rule.kind, words.modest, facts),
    };
    Node::map(keys.into_iter().map(|key| (key, row(dice))).collect::<Vec<_>>())
}

/// A list by level.
pub(super) fn list(dice: &mut Dice, rule: &RuleWords, modest: bool, facts: bool) -> Node {
    (0..dice.count(1, 4)).map(|_| rate(dice, rule.kind, modest, facts)).collect::<Vec<_>>().into()
}

/// A rate; `facts` says whether it may be a fact of the payee.
fn rate(dice: &mut Dice, kind: Kind, modest: bool, facts: bool) -> Node {
    let integer = kind == Kind::Integers || (kind == Kind::Levels && dice.one_in(6));
    if integer {
        return Node::Int(*dice.pick(&[&0, &1, &7, &150, &2999]));
    }
    if !modest && facts && dice.one_in(8) {
        return Node::map([("fact", Node::from("percent"))]);
    }
    Node::Text(share(dice, if modest { 700 } else { 6_000 }))
}

/// A share in one of its spellings, at most so many basis points.
pub(super) fn share(dice: &mut Dice, at_most: i64) -> String {
    let points = dice.between(1, at_most);
    match dice.below(8) {
        0 => format!("{points}bp"),
        1 => format!("0.{points:04}"),
        2 => format!("{}.{:02}%", points / 100, points % 100),
        3 => format!("{points}/{}", dice.between(9_000, 30_000)),
        4 => dice.pick(&["0%", "1/3000", "0.000001", "1/999999999989"]).to_owned(),
        // Halves of a minor unit are frequent with these.
        5 => dice.pick(&["0.5%", "2.5%", "5%"]).to_owned(),
        _ => format!("{}%", points / 100),
    }
}
