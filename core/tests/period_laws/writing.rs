//! L16: a carry survives being written and read; a changed one is refused.

use crate::answer::{Answer, int, items, text};
use crate::case::{Case, signed};
use crate::closer::call;
use crate::generate::case;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::{self, Node};
use std::collections::BTreeMap;

/// Whoever keeps a carry between two closes.
pub(crate) trait Keeper {
    /// The document after it was kept.
    fn keep(&self, carry: &Node) -> Node;
}

/// A host that writes the text and reads it back.
pub(crate) struct Faithful;

impl Keeper for Faithful {
    fn keep(&self, carry: &Node) -> Node {
        doc::read_json(&carry.to_json(), doc::MAX_DOCUMENT_BYTES).expect("a document")
    }
}

/// What goes wrong with a carry that still looks like one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    Debts,
    LegsSwapped,
    Used,
    LastLegs,
    Closed,
    /// The checksum stays that of what was.
    Unsigned,
}

pub(crate) struct Losing(pub(crate) Loss);

impl Keeper for Losing {
    fn keep(&self, carry: &Node) -> Node {
        let body = carry.get("body").expect("a body");
        let mut legs = items(body, "legs").to_vec();
        let (mut used, mut closed) = (items(body, "used").to_vec(), items(body, "closed").to_vec());
        match self.0 {
            Loss::Debts => {
                legs =
                    legs.iter().map(|legs| turned(legs, |left, right| (left.max(0), right.max(0)))).collect()
            }
            Loss::LegsSwapped => {
                legs = legs.iter().map(|legs| turned(legs, |left, right| (right, left))).collect()
            }
            Loss::Used => used.clear(),
            Loss::LastLegs => drop(legs.pop()),
            Loss::Closed => closed.clear(),
            Loss::Unsigned => {
                legs = legs.iter().map(|legs| turned(legs, |left, right| (left + 1, right))).collect();
                let body = Node::map(
                    [("closed", closed), ("legs", legs), ("used", used)]
                        .map(|(key, list)| (key, Node::List(list))),
                );
                let sum = carry.get("sum").expect("a sum").clone();
                return Node::map([("carry", Node::Int(0)), ("sum", sum), ("body", body)]);
            }
        }
        signed(Node::map(
            [("closed", closed), ("legs", legs), ("used", used)].map(|(key, list)| (key, Node::List(list))),
        ))
    }
}

fn turned(legs: &Node, turn: impl Fn(i64, i64) -> (i64, i64)) -> Node {
    let (left, right) = turn(int(legs, "left"), int(legs, "right"));
    Node::map([
        ("rule", Node::from(text(legs, "rule"))),
        ("member", text(legs, "member").into()),
        ("left", left.into()),
        ("right", right.into()),
    ])
}

pub(crate) const SURVIVES: Law<dyn Keeper, Loss> = Law {
    name: "L16 writing",
    holds: survives,
    suspects: &[Loss::Debts, Loss::LegsSwapped, Loss::Used, Loss::LastLegs, Loss::Closed, Loss::Unsigned],
};

/// The day after from the carry as it was kept, and the same day once more.
fn survives(who: &dyn Keeper, seed: u64) -> Verdict {
    let case = case(seed);
    let plan = case.plan();
    let first = call(&plan, &case.input())?;
    let carry = first.get("carry").expect("a carry");
    let kept = who.keep(carry);
    need(kept.to_json() == carry.to_json(), || format!("{} became {}", carry.to_json(), kept.to_json()))?;
    let again = call(&plan, &next(&case, &kept, "day/2026-11-02"));
    need(again.is_err(), || "a day was closed twice".into())?;
    let second = call(&plan, &next(&case, &kept, "day/2026-11-03"))?;
    let waited: BTreeMap<_, _> =
        Answer::read(&second).pairs.into_iter().map(|pair| ((pair.rule, pair.member), pair.waited)).collect();
    for (key, legs) in Answer::read(&first).waiting {
        need(waited.get(&key) == Some(&legs), || {
            format!("{key:?}: {legs:?} were left, {:?} waited", waited.get(&key))
        })?;
    }
    Ok(if waited.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

fn next(case: &Case, carry: &Node, period: &str) -> Node {
    let Node::Map(mut input) = case.input() else { panic!("a map") };
    input.insert("carry".into(), carry.clone());
    input.insert("period".into(), period.into());
    Node::Map(input)
}
