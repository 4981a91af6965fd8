//! Runs every golden vector of `vectors/` through the public operations.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

use fenrun::doc::Node;
use fenrun::operations::{Case, Expectation, names, read_vectors};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn cases() -> Vec<Case> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        if !text.contains("\"fenrun.vectors/1\"") {
            return Vec::new();
        }
        read_vectors(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files().iter().flat_map(read).collect()
}

#[test]
fn every_vector_holds() {
    let cases = cases();
    let faults: Vec<String> =
        cases.iter().filter_map(|case| Some(format!("{}: {}", case.id, case.verify().err()?))).collect();
    assert!(faults.is_empty(), "{} of {} fail:\n{}", faults.len(), cases.len(), faults.join("\n"));
    let mut counts = BTreeMap::<&str, usize>::new();
    for case in &cases {
        *counts.entry(&case.op).or_default() += 1;
    }
    println!("{} vectors hold: {counts:?}", cases.len());
}

#[test]
fn ids_are_unique_and_operations_known() {
    let cases = cases();
    let mut seen = BTreeSet::new();
    let known: BTreeSet<&str> = names().collect();
    for case in &cases {
        assert!(seen.insert(case.id.as_str()), "{} stands twice", case.id);
        assert!(known.contains(case.op.as_str()), "{}: no operation {}", case.id, case.op);
    }
    for operation in known {
        assert!(cases.iter().any(|case| case.op == operation), "no vector for {operation}");
    }
}

/// The control: one changed value in every single case must be reported.
#[test]
fn a_planted_bug_is_reported() {
    for mut case in cases() {
        case.expect = match case.expect {
            Expectation::Answer(answer) => {
                let answer = changed(&answer).unwrap_or_else(|| panic!("{}: expects nothing", case.id));
                Expectation::Answer(answer)
            }
            Expectation::Error(_) => Expectation::Error("panic".into()),
        };
        assert!(case.verify().is_err(), "{}: a changed expectation passed", case.id);
    }
}

/// The document with its first number raised by one or, where it has none, its first text changed or an
/// element added to its first list.
fn changed(node: &Node) -> Option<Node> {
    Some(match node {
        Node::Int(value) => Node::Int(value.wrapping_add(1)),
        Node::Text(text) => Node::Text(format!("{text}!")),
        Node::Bool(value) => Node::Bool(!value),
        Node::Null => Node::Int(0),
        Node::List(items) => {
            let mut items = items.clone();
            match items.iter().enumerate().find_map(|(at, item)| Some((at, changed(item)?))) {
                Some((at, item)) => items[at] = item,
                None => items.push(Node::Null),
            }
            Node::List(items)
        }
        Node::Map(map) => {
            let (key, value) = map.iter().find_map(|(key, value)| Some((key.clone(), changed(value)?)))?;
            let mut map = map.clone();
            map.insert(key, value);
            Node::Map(map)
        }
    })
}
