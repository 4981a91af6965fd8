//! The golden vectors, answered by the interpreter instead of the engine: a number that both get wrong
//! would have to be wrong in the file too.

use super::period;
use crate::naive::Naive;
use crate::naive::batch::{Edge, Forest, Order};
use crate::naive::outcome::Outcome;
use crate::naive::plan::{entries, int, items, text};
use crate::naive::reverse::{Posting, Refund};
use fenrun::doc::{Node, read_json, read_toml};
use fenrun::reward::plan::PRESETS;
use std::collections::BTreeMap;

const FILES: [&str; 8] =
    ["levels", "differential", "malls", "reversal", "forest", "plans", "period", "presets"];

#[test]
fn the_interpreter_meets_the_vectors() {
    let mut answered = 0;
    let mut facts = BTreeMap::<String, usize>::new();
    for file in FILES {
        let path = format!("{}/../vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let document = read_json(&std::fs::read_to_string(&path).unwrap(), 1 << 24).unwrap();
        // A case with an `error` is about what the engine refuses; the interpreter reads good ones only.
        for case in items(document.get("cases")).iter().filter(|case| case.get("expect").is_some()) {
            let (id, plan) = (text(case.get("id")).unwrap(), plan_of(case));
            let (input, expect) = (case.get("input").unwrap(), case.get("expect").unwrap());
            match text(case.get("op")).as_deref() {
                Some("settle_one") => settle_one(&id, &plan.unwrap(), input, expect),
                Some("reverse") => reverse(&id, &plan.unwrap(), input, expect),
                Some("settle") => settle(&id, &plan.unwrap(), input, expect),
                // Of closes it reads those of presets; the others have an interpreter of their own, `period_laws`.
                Some("close") if preset_of(case).is_some() => {
                    same(&id, expect, &period::close(&plan.unwrap(), input), &["outcomes"]);
                }
                Some("place") if preset_of(case).is_some() => {
                    same(&id, expect, &period::place(&plan.unwrap(), input), &["parents"]);
                }
                _ => continue,
            }
            answered += 1;
            if let Some(preset) = preset_of(case) {
                *facts.entry(preset.to_owned()).or_default() += 1;
            }
        }
    }
    assert!(answered > 380, "only {answered} vectors");
    assert_eq!(with_few(&facts), Vec::<&str>::new());
    // The control: a preset that nobody computed would be named.
    facts.insert("crmeb".into(), 2);
    facts.remove("matrix3");
    assert_eq!(with_few(&facts), ["crmeb", "matrix3"]);
}

/// The presets of which fewer than three facts were computed.
fn with_few(facts: &BTreeMap<String, usize>) -> Vec<&'static str> {
    let known = PRESETS.iter().map(|(name, _)| *name);
    known.filter(|name| facts.get(*name).is_none_or(|computed| *computed < 3)).collect()
}

fn preset_of(case: &Node) -> Option<&str> {
    case.get("plan")?.as_text()
}

#[track_caller]
fn same(id: &str, expect: &Node, answer: &Node, keys: &[&str]) {
    for key in keys {
        let (expected, answered) = (expect.get(key).unwrap(), answer.get(key).unwrap());
        assert!(is_part(expected, answered), "{id}: {key} is {}\n{}", answered.to_json(), expected.to_json());
    }
}

fn plan_of(case: &Node) -> Option<Node> {
    match case.get("plan")? {
        Node::Text(name) => {
            let (_, preset) = PRESETS.iter().find(|(known, _)| known == name).expect("a preset");
            Some(read_toml(preset, preset.len()).unwrap())
        }
        plan => Some(plan.clone()),
    }
}

fn settle_one(id: &str, plan: &Node, input: &Node, expect: &Node) {
    let outcome = Naive::HONEST.evaluate(plan, input.get("sale").unwrap()).unwrap();
    same(id, expect, &outcome.to_node(), &["pool", "rows", "retained"]);
}

fn reverse(id: &str, plan: &Node, input: &Node, expect: &Node) {
    let sale = input.get("sale").unwrap();
    let refunds: Vec<Refund> = items(input.get("refunds")).iter().map(refund).collect();
    let steps = Naive::HONEST.reverse(plan, sale, &refunds).unwrap().into_iter().map(|step| step.rows);
    let steps: Vec<Posting> = steps.collect();
    let expected: Vec<Posting> = items(expect.get("steps")).iter().map(posting).collect();
    assert_eq!(steps, expected, "{id}");
    if let Some(left) = expect.get("left") {
        assert_eq!(Naive::HONEST.left(plan, sale, &refunds).unwrap().rows, posting(left), "{id}: left");
    }
}

fn refund(node: &Node) -> Refund {
    let mut refund = Refund::new();
    for part in items(node.get("lines")) {
        let taken = refund.entry(id_text(part.get("line"))).or_insert((0, 0));
        taken.0 += int(part.get("units")).unwrap_or(0);
        taken.1 += int(part.get("amount")).unwrap_or(0);
    }
    refund
}

fn posting(rows: &Node) -> Posting {
    let row = |row: &Node| {
        let account = text(row.get("account")).unwrap_or_else(|| "cash".into());
        let who = (text(row.get("rule")).unwrap(), id_text(row.get("payee")), account);
        (who, int(row.get("amount")).unwrap().into())
    };
    items(Some(rows)).iter().map(row).collect()
}

/// One order after the other; what they retain is added up.
fn settle(id: &str, plan: &Node, input: &Node, expect: &Node) {
    let forest = forest_of(items(input.get("members")));
    let mut rows = Vec::new();
    let mut sums = Outcome::default();
    for sale in items(input.get("sales")) {
        let buyer = id_text(sale.get("buyer"));
        let buyer = forest.members.iter().position(|member| id_text(member.get("id")) == buyer).unwrap();
        let order = Order { buyer, sale: sale.clone() };
        let outcome = Naive::HONEST.settle_each(plan, &forest, &[order]).unwrap().remove(0);
        let written = outcome.to_node();
        rows.extend(items(written.get("rows")).iter().map(|row| {
            let mut row = entries(Some(row));
            row.insert("sale".into(), id_text(sale.get("id")).into());
            Node::Map(row)
        }));
        sums.add(outcome);
    }
    let expected = expect.get("rows").unwrap();
    assert!(is_part(expected, &Node::List(rows.clone())), "{id}: {rows:#?}");
    let answer = sums.to_node();
    assert_eq!(
        (answer.get("pool"), answer.get("retained")),
        (expect.get("pool"), expect.get("retained")),
        "{id}"
    );
}

fn forest_of(members: &[Node]) -> Forest {
    let place = |id: &Node| members.iter().position(|member| id_text(member.get("id")) == id_text(Some(id)));
    let edge = |(member, node): (usize, &Node)| {
        let inviter = node.get("inviter").and_then(place)?;
        Some(Edge { member, inviter, from: int(node.get("from")) })
    };
    let edges = members.iter().enumerate().filter_map(edge).collect();
    let person = |member: &Node| {
        let mut person = entries(Some(member));
        person.remove("inviter");
        Node::Map(person)
    };
    Forest { members: members.iter().map(person).collect(), edges }
}

/// Whether every key of an expected map has its value in the answer, at any depth.
fn is_part(expected: &Node, answer: &Node) -> bool {
    match (expected, answer) {
        (Node::Map(expected), Node::Map(answer)) => expected
            .iter()
            .all(|(key, wanted)| answer.get(key).is_some_and(|answered| is_part(wanted, answered))),
        (Node::List(expected), Node::List(answer)) => {
            expected.len() == answer.len() && expected.iter().zip(answer).all(|(a, b)| is_part(a, b))
        }
        (expected, answer) => expected == answer,
    }
}

/// The text of an id; empty for nobody.
fn id_text(node: Option<&Node>) -> String {
    match node {
        Some(Node::Int(id)) => id.to_string(),
        other => text(other).unwrap_or_default(),
    }
}
