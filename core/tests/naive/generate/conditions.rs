//! Random conditions over the facts that every random person, line and sale states.

use super::Dice;
use crate::naive::edit::Map;
use fenrun::doc::Node;

/// Values of text facts.
pub(super) const CITIES: [&str; 3] = ["bern", "oslo", "rome"];
pub(super) const CHANNELS: [&str; 3] = ["app", "live", "shop"];
pub(super) const CATEGORIES: [&str; 3] = ["books", "tea", "tools"];
const PURPOSES: [&str; 3] = ["goods", "joining", "deposit"];

/// The facts a condition may read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// A person's: `qualify`, and every condition of a batch.
    Person,
    /// A line's, else the sale's, else the buyer's: `when` of a rule.
    Source,
    /// The same, and purposes other than goods.
    AnySource,
    /// The sale's and the buyer's: `when` of a stop.
    Buyer,
    /// The sale's alone: `{ sale = … }`.
    Sale,
}

/// A condition with one or two tests, and now and then `any`, `not` or `sale`.
pub(super) fn condition(dice: &mut Dice, reads: Reads, ranks: &[String], deep: usize) -> Node {
    let mut tests = Map::new();
    let tests_here = if dice.one_in(3) { 2 } else { 1 };
    for _ in 0..tests_here {
        let (key, test) = one_test(dice, reads, ranks);
        tests.insert(key.into(), test);
    }
    if deep > 0 && dice.one_in(4) {
        let inner: Vec<Node> =
            (0..dice.count(1, 3)).map(|_| condition(dice, reads, ranks, deep - 1)).collect();
        tests.insert("any".into(), inner.into());
    }
    if deep > 0 && dice.one_in(5) {
        tests.insert("not".into(), condition(dice, reads, ranks, deep - 1));
    }
    if reads != Reads::Person && reads != Reads::Sale && dice.one_in(4) {
        tests.insert("sale".into(), condition(dice, Reads::Sale, ranks, 0));
    }
    Node::Map(tests)
}

fn one_test(dice: &mut Dice, reads: Reads, ranks: &[String]) -> (&'static str, Node) {
    let person = ["distributor", "frozen", "score", "city", "rank"];
    let sale = ["division", "channel", "nth"];
    let line = ["category", "promo"];
    let known: Vec<&'static str> = match reads {
        Reads::Person => person.to_vec(),
        Reads::Sale => sale.to_vec(),
        Reads::Buyer => [&sale[..], &person[..]].concat(),
        Reads::Source => [&line[..], &sale[..], &person[..]].concat(),
        Reads::AnySource => [&line[..], &sale[..], &["purpose"; 4][..]].concat(),
    };
    let key = dice.pick(&known);
    let test = match key {
        "score" | "nth" => of_number(dice),
        "city" => of_text(dice, &CITIES),
        "channel" => of_text(dice, &CHANNELS),
        "category" => of_text(dice, &CATEGORIES),
        "purpose" => of_text(dice, &PURPOSES),
        "rank" if ranks.is_empty() => return ("frozen", Node::Bool(false)),
        "rank" => of_rank(dice, ranks),
        "frozen" => Node::Bool(dice.one_in(5)),
        _ => Node::Bool(!dice.one_in(4)),
    };
    (key, test)
}

fn of_number(dice: &mut Dice) -> Node {
    let (low, high) = (dice.below(8), dice.between(7, 9));
    match dice.below(5) {
        0 => Node::Int(low),
        1 => vec![Node::Int(low), Node::Int(high)].into(),
        2 => Node::map([("min", Node::Int(low))]),
        3 => Node::map([("max", Node::Int(high))]),
        _ => {
            let mut range = Map::from([("min".into(), Node::Int(low)), ("max".into(), Node::Int(high))]);
            if dice.one_in(3) {
                range.insert("in".into(), (0..8).map(Node::Int).collect::<Vec<_>>().into());
            }
            Node::Map(range)
        }
    }
}

fn of_text(dice: &mut Dice, values: &[&str]) -> Node {
    let value = Node::from(dice.pick(values));
    let two = vec![value.clone(), Node::from(dice.pick(values))];
    match dice.below(3) {
        0 => value,
        1 => two.into(),
        _ => Node::map([("in", Node::List(two))]),
    }
}

fn of_rank(dice: &mut Dice, ranks: &[String]) -> Node {
    let low = dice.count(1, i64::try_from(ranks.len()).expect("few ranks")) - 1;
    let bound = |rank: usize| Node::from(ranks[rank].as_str());
    match dice.below(5) {
        0 => bound(low),
        1 => vec![bound(low), bound(ranks.len() - 1)].into(),
        2 => Node::map([("max", bound(low))]),
        3 => Node::map([("min", bound(low)), ("max", bound(ranks.len() - 1))]),
        _ => Node::map([("min", bound(low))]),
    }
}
