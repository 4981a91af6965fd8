//! The law about plans and outcomes as documents.

use crate::evaluator::{Engine, Evaluator};
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::Naive;
use crate::naive::edit::{Map, each_rate, each_rule};
use crate::naive::generate::case;
use crate::naive::number::{Q, rate};
use crate::naive::plan::entries;
use fenrun::doc::{Node, read_json};
use fenrun::reward::plan::Plan;
use sha2::{Digest, Sha256};

/// Whoever writes plans in their canonical form.
pub(crate) trait Writer {
    /// The canonical document of a plan and its identity.
    fn write(&self, plan: &Node) -> Result<(Node, String), String>;
}

/// The engine's writer.
pub(crate) struct Canonical;

impl Writer for Canonical {
    fn write(&self, plan: &Node) -> Result<(Node, String), String> {
        let plan = Plan::from_node(plan).map_err(|error| error.to_string())?;
        let again = Plan::from_json(plan.canonical()).map_err(|error| error.to_string())?;
        need(again == plan, || "a plan read back from its canonical text is another".into())?;
        Ok((plan.to_node(), plan.hash().to_owned()))
    }
}

/// A mistake somebody might make in writing plans.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slip {
    /// Rates are written with two decimals.
    RatesRounded,
    /// The identity is of the text as it came.
    AsItCame,
    /// `limit` is left out.
    LimitLeftOut,
    /// `round` is left out.
    RoundLeftOut,
    /// The overrides' reasons are left out.
    AllowLeftOut,
    /// `unqualified` is written as its most common value.
    AlwaysRetain,
    /// Ranks are written in the order of their names, highest last.
    RanksReversed,
    /// The identity is of a text with blanks.
    HashOfPretty,
    /// The identity does not cover the name.
    NameNotCovered,
}

/// The engine's writer with a slip of the pen.
pub(crate) struct Slipping(pub(crate) Slip);

impl Writer for Slipping {
    fn write(&self, plan: &Node) -> Result<(Node, String), String> {
        let (honest, _) = Canonical.write(plan)?;
        let drop_key = |key: &str| each_rule(&honest, |rule| drop(rule.remove(key)));
        let document = match self.0 {
            Slip::RatesRounded => each_rule(&honest, |rule| {
                rule.values_mut().for_each(|value| each_rate(value, &mut two_decimals));
            }),
            Slip::LimitLeftOut => each_rule(&honest, |rule| {
                if let Some(Node::List(stops)) = rule.get_mut("to") {
                    for stop in stops.iter_mut() {
                        let mut map = entries(Some(stop));
                        map.remove("limit");
                        *stop = Node::Map(map);
                    }
                }
            }),
            Slip::RoundLeftOut => drop_key("round"),
            Slip::AllowLeftOut => edited(&honest, |plan| drop(plan.remove("allow"))),
            Slip::AlwaysRetain => each_rule(&honest, |rule| {
                if let Some(mode) = rule.get_mut("unqualified") {
                    *mode = "retain".into();
                }
            }),
            Slip::RanksReversed => edited(&honest, |plan| {
                if let Some(Node::List(ranks)) = plan.get_mut("ranks") {
                    ranks.reverse();
                }
            }),
            Slip::AsItCame | Slip::HashOfPretty | Slip::NameNotCovered => honest.clone(),
        };
        let hash = match self.0 {
            Slip::AsItCame => sha256(&plan.to_json()),
            Slip::HashOfPretty => sha256(&document.to_json_pretty()),
            Slip::NameNotCovered => sha256(&edited(&document, |plan| drop(plan.remove("name"))).to_json()),
            _ => sha256(&document.to_json()),
        };
        Ok((document, hash))
    }
}

/// L16: a plan's canonical text is read back as the same plan, however the plan was spelled; its identity is
/// the hash of that text and changes with whatever the plan says. An outcome is read back as it was written.
pub(crate) const SURVIVES: Law<dyn Writer, Slip> = Law {
    name: "L16 documents",
    holds: survives,
    suspects: &[
        Slip::RatesRounded,
        Slip::AsItCame,
        Slip::LimitLeftOut,
        Slip::RoundLeftOut,
        Slip::AllowLeftOut,
        Slip::AlwaysRetain,
        Slip::RanksReversed,
        Slip::HashOfPretty,
        Slip::NameNotCovered,
    ],
};

fn survives(writer: &dyn Writer, seed: u64) -> Verdict {
    let case = case(seed);
    let (document, hash) = writer.write(&case.plan)?;
    need(sha256(&document.to_json()) == hash, || "the identity is not the hash of the text".into())?;
    need(writer.write(&document)? == (document.clone(), hash.clone()), || {
        "written again, it differs".into()
    })?;
    let spelled = spelled_out(&case.plan);
    need(writer.write(&spelled)?.1 == hash, || format!("{} has another identity", spelled.to_json()))?;
    for other in [renamed(&case.plan), nudged(&case.plan)] {
        need(writer.write(&other)?.1 != hash, || format!("{} has the same identity", other.to_json()))?;
    }
    let (before, after) =
        (Naive::HONEST.evaluate(&case.plan, &case.sale), Naive::HONEST.evaluate(&document, &case.sale));
    need(before == after, || format!("{} evaluates otherwise", document.to_json()))?;
    if let Ok(outcome) = before {
        let text = outcome.to_node().to_json();
        let read = read_json(&text, text.len()).map_err(|error| error.to_string())?;
        need(read == outcome.to_node(), || "an outcome reads back as another".into())?;
        need(Engine.evaluate(&document, &case.sale) == Ok(outcome), || {
            format!("the engine reads it otherwise: {:?}", Engine.evaluate(&document, &case.sale))
        })?;
    }
    Ok(Bearing::Tested)
}

/// The same plan with its defaults written down and its rates in other words.
fn spelled_out(plan: &Node) -> Node {
    each_rule(plan, |rule| {
        for key in ["of", "pay"] {
            if let Some(value) = rule.get_mut(key) {
                each_rate(value, &mut as_fraction);
            }
        }
        let mut default = |key: &str, value: Node| {
            rule.entry(key.into()).or_insert(value);
        };
        default("of", "paid".into());
        default("on", "order".into());
        default("reverse", "recompute".into());
        default("hold_days", Node::Int(0));
        default("round", "down".into());
        let mut round = match rule.get("round") {
            Some(Node::Text(mode)) => Map::from([("mode".to_owned(), Node::from(mode.as_str()))]),
            table => entries(table),
        };
        round.entry("per".into()).or_insert("line".into());
        round.entry("mode".into()).or_insert("down".into());
        rule.insert("round".into(), Node::Map(round));
        if let Some(single @ (Node::Text(_) | Node::Map(_))) = rule.get("to").cloned() {
            rule.insert("to".into(), Node::List(vec![single]));
        }
    })
}

fn renamed(plan: &Node) -> Node {
    edited(plan, |plan| drop(plan.insert("name".into(), "another name".into())))
}

/// The plan with one thing said otherwise: how long the money is held.
fn nudged(plan: &Node) -> Node {
    each_rule(plan, |rule| drop(rule.insert("hold_days".into(), Node::Int(31))))
}

fn edited(plan: &Node, edit: impl FnOnce(&mut Map)) -> Node {
    let mut map = entries(Some(plan));
    edit(&mut map);
    Node::Map(map)
}

fn as_fraction(text: &str) -> String {
    let share = rate(text);
    format!("{}/{}", share.numer() * 3, share.denom() * 3)
}

fn two_decimals(text: &str) -> String {
    let percents: Q = rate(text) * Q::from_integer(100.into());
    format!("{}%", percents.round().to_integer())
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
