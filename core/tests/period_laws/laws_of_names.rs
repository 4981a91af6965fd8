//! L17: ids that are texts change nothing but the names: a close pays, keeps and carries as it does under numbers that
//! stand in the same order, whatever order the rows come in.

use crate::case::signed;
use crate::closer::call;
use crate::generate::{Dice, case};
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::Node;

/// Digits of a name: texts of one length stand in the order of their numbers.
const DIGITS: usize = 5;

/// Whoever closes a period whose members have texts as ids.
pub(crate) trait Caller {
    /// The answer to a document.
    fn call(&self, plan: &Node, input: &Node) -> Result<Node, String>;
}

/// The engine, through the operation every language calls.
pub(crate) struct Straight;

impl Caller for Straight {
    fn call(&self, plan: &Node, input: &Node) -> Result<Node, String> {
        call(plan, input)
    }
}

/// What goes wrong with names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mixup {
    /// Members are counted in the order of their rows, and ties go by that.
    TiesByRow,
    /// Answers show what the forest counts inside.
    NumbersShown,
    /// Keys are made of the place of a row, which moves.
    KeysByRow,
    /// What waits is found by number, so nothing is found.
    CarryForgotten,
    /// A name is cut, so two people are one.
    NamesCut,
    /// Inviters are looked up before they are named, so nobody has one.
    InvitersLost,
}

pub(crate) struct Mixed(pub(crate) Mixup);

impl Caller for Mixed {
    fn call(&self, plan: &Node, input: &Node) -> Result<Node, String> {
        let place = |text: &str| members(input).iter().position(|id| *id == text);
        let answer = match self.0 {
            Mixup::TiesByRow => {
                let by_row = |text: &str| place(text).map(|at| name(u64::try_from(at).unwrap() + 1));
                let back = |text: &str| {
                    let at = text.strip_prefix('甲').and_then(|digits| digits.parse::<usize>().ok())?;
                    members(input).get(at.checked_sub(1)?).map(|id| (*id).to_owned())
                };
                renamed(&call(plan, &renamed(input, &by_row))?, &back)
            }
            Mixup::NumbersShown => {
                let number = |text: &str| place(text).map(|at| (at + 1).to_string());
                renamed(&call(plan, input)?, &number)
            }
            Mixup::KeysByRow => {
                let first = members(input).first().map(|id| (*id).to_owned()).unwrap_or_default();
                keyed(&call(plan, input)?, &|key| format!("{key}{first}"))
            }
            Mixup::CarryForgotten => {
                let Node::Map(mut input) = input.clone() else { panic!("a map") };
                input.remove("carry");
                call(plan, &Node::Map(input))?
            }
            Mixup::NamesCut => {
                let cut = |text: &str| text.starts_with('甲').then(|| text[..text.len() - 1].to_owned());
                call(plan, &renamed(input, &cut))?
            }
            Mixup::InvitersLost => {
                let Node::Map(mut input) = input.clone() else { panic!("a map") };
                if let Some(Node::List(members)) = input.get_mut("members") {
                    for member in members {
                        let Node::Map(member) = member else { panic!("a map") };
                        member.remove("inviter");
                    }
                }
                call(plan, &Node::Map(input))?
            }
        };
        Ok(answer)
    }
}

pub(crate) const NAMES: Law<dyn Caller, Mixup> = Law {
    name: "L17 names",
    holds: names,
    suspects: &[
        Mixup::TiesByRow,
        Mixup::NumbersShown,
        Mixup::KeysByRow,
        Mixup::CarryForgotten,
        Mixup::NamesCut,
        Mixup::InvitersLost,
    ],
};

fn names(who: &dyn Caller, seed: u64) -> Verdict {
    let (case, mut dice) = (case(seed), Dice::new(!seed));
    let mut turned = case.clone();
    dice.shuffle(&mut turned.members);
    let (plan, to_name) = (case.plan(), |text: &str| numbered(text).map(name));
    let by_number = call(&plan, &case.input())?;
    let by_name = who.call(&plan, &renamed(&case.input(), &to_name))?;
    let turned = who.call(&plan, &renamed(&turned.input(), &to_name))?;
    need(by_name == turned, || format!("{}\n{}", by_name.to_json(), turned.to_json()))?;
    let to_number =
        |text: &str| text.strip_prefix('甲').map(|digits| digits.trim_start_matches('0').to_owned());
    let (wanted, got) = (unkeyed(&by_number), unkeyed(&renamed(&by_name, &to_number)));
    need(wanted == got, || format!("{}\n{}", wanted.to_json(), got.to_json()))?;
    let paid = by_number.to_json().contains("\"key\":");
    Ok(if paid { Bearing::Tested } else { Bearing::Beside })
}

fn name(number: u64) -> String {
    format!("甲{number:0DIGITS$}")
}

fn numbered(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number > 0)
}

fn members(input: &Node) -> Vec<&str> {
    let Some(Node::List(members)) = input.get("members") else { panic!("members") };
    members.iter().map(|member| member.get("id").and_then(Node::as_text).expect("an id")).collect()
}

/// A document of a close with its members under other names; a carry is signed anew.
fn renamed(node: &Node, name: &dyn Fn(&str) -> Option<String>) -> Node {
    // The ids of a place in a tree are texts of a list.
    let item = |item: &Node| match item {
        Node::Text(text) => name(text).map_or_else(|| item.clone(), Node::from),
        other => renamed(other, name),
    };
    match node {
        Node::List(items) => Node::List(items.iter().map(item).collect()),
        Node::Map(map) => {
            let entry = |(key, value): (&String, &Node)| {
                let named =
                    matches!(key.as_str(), "id" | "inviter" | "member" | "payee" | "stands" | "source");
                let value = match value {
                    Node::Text(text) if named => name(text).map_or_else(|| value.clone(), Node::from),
                    other => renamed(other, name),
                };
                (key.clone(), value)
            };
            let map: std::collections::BTreeMap<_, _> = map.iter().map(entry).collect();
            match (map.contains_key("sum"), map.get("body")) {
                (true, Some(body)) => signed(body.clone()),
                _ => Node::Map(map),
            }
        }
        other => other.clone(),
    }
}

/// The answer with every key changed.
fn keyed(node: &Node, change: &dyn Fn(&str) -> String) -> Node {
    match node {
        Node::List(items) => Node::List(items.iter().map(|item| keyed(item, change)).collect()),
        Node::Map(map) => Node::Map(
            map.iter()
                .map(|(key, value)| match value {
                    Node::Text(text) if key == "key" || (key == "source" && text.len() == 32) => {
                        (key.clone(), change(text).into())
                    }
                    other => (key.clone(), keyed(other, change)),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Keys hold the ids, so they differ under other ones.
fn unkeyed(node: &Node) -> Node {
    keyed(node, &|_| "key".to_owned())
}
