//! Random sales and refunds.

use super::conditions::{CATEGORIES, CHANNELS, CITIES};
use super::plans::{ROLES, list, share, table};
use super::{Dice, Kind, Words};
use crate::naive::edit::{Map, each, each_line, edit_list, with};
use crate::naive::plan::{entries, int, items, text};
use crate::naive::reverse::Refund;
use fenrun::doc::Node;

/// A sale of one to five lines below zero to eight people.
pub(crate) fn sale(dice: &mut Dice, words: &Words) -> Node {
    let buyer = person(dice, words, 1);
    let upline: Vec<Node> = (2..2 + dice.below(9)).map(|id| person(dice, words, id)).collect();
    let mut roles = Map::new();
    for role in dice.some(&ROLES) {
        // Now and then the holder stands on the upline too, or is the buyer.
        let id = dice.between(1, 12);
        let holder = upline.iter().chain([&buyer]).find(|one| int(one.get("id")) == Some(id));
        roles.insert(role.into(), holder.cloned().unwrap_or_else(|| person(dice, words, id)));
    }
    let mut sale = order(dice, words);
    sale.insert("buyer".into(), buyer);
    sale.insert("upline".into(), upline.into());
    sale.insert("roles".into(), Node::Map(roles));
    Node::Map(sale)
}

/// A sale without its people.
fn order(dice: &mut Dice, words: &Words) -> Map {
    let ids = ["", "a", "b7", "10", "9"];
    let lines = (0..dice.count(1, 5)).map(|at| line(dice, words, ids[at])).collect::<Vec<_>>();
    let facts = Node::map([
        ("division", Node::Bool(dice.one_in(2))),
        ("channel", dice.pick(&CHANNELS).into()),
        ("nth", Node::Int(dice.below(10))),
    ]);
    let mut sale = Map::from([
        ("id".into(), Node::Int(dice.between(1, 1_000_000))),
        ("version".into(), Node::Int(dice.between(1, 3))),
        ("facts".into(), facts),
        ("lines".into(), lines.into()),
    ]);
    if dice.one_in(2) {
        sale.insert("tenant".into(), "shop".into());
    }
    sale
}

/// What the columns of a batch say of an order.
pub(super) fn batch_order(dice: &mut Dice, words: &Words, id: i64, overrides: bool) -> Node {
    let lines = (1..=dice.between(1, 3)).map(|at| {
        let mut line = entries(Some(&line(dice, words, &at.to_string())));
        line.remove("facts");
        line.remove("purpose");
        if !overrides {
            line.remove("override");
        }
        Node::Map(line)
    });
    let lines: Vec<Node> = lines.collect();
    Node::map([("id", Node::Int(id)), ("placed_at", Node::Int(dice.below(100))), ("lines", lines.into())])
}

/// A person with all facts, and a rank three times in four.
pub(super) fn person(dice: &mut Dice, words: &Words, id: i64) -> Node {
    let mut person = Map::from([
        ("id".into(), Node::Int(id)),
        ("distributor".into(), Node::Bool(!dice.one_in(4))),
        ("frozen".into(), Node::Bool(dice.one_in(5))),
        ("score".into(), Node::Int(dice.below(10))),
        ("city".into(), dice.pick(&CITIES).into()),
        ("percent".into(), share(dice, 3_000).into()),
    ]);
    if !words.ranks.is_empty() && !dice.one_in(4) {
        person.insert("rank".into(), dice.name(&words.ranks));
    }
    Node::Map(person)
}

fn line(dice: &mut Dice, words: &Words, id: &str) -> Node {
    let paid = amount(dice);
    let mut near = || match dice.below(4) {
        0 => amount(dice),
        1 => 0,
        2 => paid / 2,
        _ => paid + dice.below(100),
    };
    let mut line = Map::from([
        ("list".into(), Node::Int(near())),
        ("member".into(), Node::Int(near())),
        ("cost".into(), Node::Int(near())),
        ("shipping".into(), Node::Int(near())),
        ("pv".into(), Node::Int(near())),
        ("paid".into(), Node::Int(paid)),
        ("units".into(), Node::Int(dice.between(1, 9))),
    ]);
    if !id.is_empty() {
        line.insert("id".into(), id.into());
    }
    // A product stands in one category, in several or in none.
    let category = match dice.below(3) {
        0 => Node::List(dice.some(&CATEGORIES).into_iter().map(Node::from).collect()),
        _ => Node::from(dice.pick(&CATEGORIES)),
    };
    let facts = [("category", category), ("promo", Node::Bool(dice.one_in(2)))];
    let mut facts = Node::map(facts);
    if dice.one_in(4) {
        // A line may say for itself what the sale says for all.
        facts = with(&facts, "channel", dice.pick(&CHANNELS));
    }
    line.insert("facts".into(), facts);
    if dice.one_in(8) {
        line.insert("purpose".into(), dice.pick(&["joining", "deposit"]).into());
    }
    let overridden: Vec<_> = words.rules.iter().filter(|_| dice.one_in(5)).collect();
    let tables = overridden.into_iter().map(|rule| {
        let bare = rule.kind == Kind::Levels && dice.one_in(2);
        let rates =
            if bare { list(dice, rule, words.modest, false) } else { table(dice, words, rule, false) };
        (rule.id.clone(), rates)
    });
    let tables: Map = tables.collect();
    if !tables.is_empty() {
        line.insert("override".into(), Node::Map(tables));
    }
    Node::Map(line)
}

/// From nothing to 10^12, each size as likely as the next.
pub(super) fn amount(dice: &mut Dice) -> i64 {
    match dice.below(8) {
        0 => dice.below(3),
        1 => dice.below(20),
        2 => dice.below(300),
        3 | 4 => dice.below(20_000),
        5 if dice.one_in(2) => dice.below(1_000) * 10,
        5 => 100_000 + dice.below(1_000_000),
        6 => 100_000,
        _ => dice.below(1_000_000_000_001),
    }
}

/// The sale with a fact or a component that somebody does not state.
pub(super) fn incomplete(dice: &mut Dice, sale: &Node) -> Node {
    let facts = ["distributor", "frozen", "score", "city", "percent"];
    let components = ["list", "pv", "member", "cost", "shipping"];
    match dice.below(5) {
        0 => each(sale, "upline", |person| drop(person.remove(dice.pick(&facts)))),
        1 | 4 => each_line(sale, |line| drop(line.remove(dice.pick(&components)))),
        2 => each_line(sale, |line| drop(line.remove("facts"))),
        _ => edit_list(sale, "upline", |upline| {
            if let Some(Node::Map(person)) = upline.first_mut() {
                facts.iter().for_each(|fact| drop(person.remove(*fact)));
            }
        }),
    }
}

/// One to five refunds that together take every unit and every amount back.
pub(crate) fn refunds(dice: &mut Dice, sale: &Node) -> Vec<Refund> {
    let steps = dice.count(1, 5);
    let mut refunds = vec![Refund::new(); steps];
    for (at, line) in items(sale.get("lines")).iter().enumerate() {
        let id = text(line.get("id")).unwrap_or_else(|| (at + 1).to_string());
        let mut units = int(line.get("units")).unwrap_or(1);
        let mut amount = int(line.get("paid")).unwrap_or(0);
        for (step, refund) in refunds.iter_mut().enumerate() {
            let all = step + 1 == steps;
            let back = match dice.below(4) {
                _ if all => (units, amount),
                0 => (0, 0),
                1 => (0, dice.between(0, amount)),
                2 if units > 0 => {
                    let back = dice.between(1, units);
                    (back, amount / units * back)
                }
                _ => (dice.between(0, units), dice.between(0, amount)),
            };
            units -= back.0;
            amount -= back.1;
            if back != (0, 0) {
                refund.insert(id.clone(), back);
            }
        }
    }
    refunds.retain(|refund| !refund.is_empty());
    refunds
}
