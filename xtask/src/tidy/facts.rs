//! Every imported fact names cases that exist, and one that differs stands in the comparison, which counts them.

use super::Finding;
use super::tree::Tree;
use serde_json::Value;
use std::collections::BTreeSet;

const MAP: &str = "vectors/facts.map.json";
const PAGE: &str = "docs/compare.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(MAP) else { return Vec::new() };
    let facts = match serde_json::from_str::<Value>(text) {
        Ok(map) => map["facts"].as_array().cloned().unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    if facts.is_empty() {
        return vec![Finding::new(MAP, 0, "no `facts`")];
    }
    let (cases, page) = (cases(tree), tree.text(PAGE).unwrap_or_default());
    let mut seen = BTreeSet::new();
    let faults = facts.iter().filter_map(|fact| fault(fact, &cases, page, &mut seen));
    faults.chain(miscounted(&facts, page)).map(|text| Finding::new(MAP, 0, text)).collect()
}

/// What the comparison says of how many facts there are and how many are met, where it is not so.
fn miscounted(facts: &[Value], page: &str) -> Option<String> {
    let met = facts.iter().filter(|fact| fact["differs"].is_null()).count();
    let told = format!("lists the {} facts", facts.len());
    let told_met = format!("{met} are met");
    // A line of the page ends wherever it is full.
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let missing = [told, told_met].into_iter().find(|told| !words.contains(&format!(" {told} ")))?;
    Some(format!("{PAGE} does not say: {missing}"))
}

/// What is wrong with one fact.
fn fault(fact: &Value, cases: &BTreeSet<String>, page: &str, seen: &mut BTreeSet<String>) -> Option<String> {
    let Some(id) = fact["fact"].as_str() else { return Some(format!("a fact without id: {fact}")) };
    if !seen.insert(id.to_owned()) {
        return Some(format!("{id} stands twice"));
    }
    let named: Vec<&str> = fact["cases"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(unknown) = named.iter().find(|case| !cases.contains(**case)) {
        return Some(format!("{id}: no case is called {unknown}"));
    }
    match fact["differs"].as_str() {
        None | Some("") if named.is_empty() => {
            Some(format!("{id} has neither a case nor a reason in `differs`"))
        }
        Some(_) if !page.contains(&format!("`{id}`")) => Some(format!("{id} differs and is not in {PAGE}")),
        _ => None,
    }
}

/// The ids of all golden vectors.
fn cases(tree: &Tree) -> BTreeSet<String> {
    let files = tree.with_extension("json").filter(|file| file.path.starts_with("vectors/"));
    let documents = files.filter_map(|file| serde_json::from_str::<Value>(&file.text).ok());
    let lists = documents.filter_map(|document| document["cases"].as_array().cloned());
    lists.flatten().filter_map(|case| case["id"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAP, PAGE, Tree, check};

    fn found(facts: &str) -> Vec<String> {
        let map = format!("{{\"facts\": {facts}}}");
        let count = serde_json::from_str::<serde_json::Value>(facts).unwrap();
        let count = count.as_array().unwrap();
        let met = count.iter().filter(|fact| fact.get("differs").is_none()).count();
        let page =
            format!("It lists the {}\nfacts of which {met} are met here; the peer has 3 (`a`)", count.len());
        found_on(&map, &page)
    }

    fn found_on(map: &str, page: &str) -> Vec<String> {
        let vectors = r#"{"cases": [{"id": "a"}, {"id": "b"}]}"#;
        let files = [(MAP, map), ("vectors/x.json", vectors), (PAGE, page)];
        check(&Tree::planted(&files)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_page_that_miscounts_is_found() {
        let map = r#"{"facts": [{"fact": "f", "cases": ["a"]}]}"#;
        assert!(found_on(map, "It lists the 1 facts where 1 are met here").is_empty());
        let stale = found_on(map, "It lists the 2 facts where 1 are met here");
        assert_eq!(stale, ["docs/compare.md does not say: lists the 1 facts"]);
        let stale = found_on(map, "It lists the 1 facts where 11 are met here");
        assert_eq!(stale, ["docs/compare.md does not say: 1 are met"]);
    }

    #[test]
    fn facts_that_are_held_or_explained_are_fine() {
        assert!(found(r#"[{"fact": "f", "cases": ["a", "b"]}]"#).is_empty());
        assert!(found(r#"[{"fact": "a", "cases": [], "differs": "policy"}]"#).is_empty());
        assert!(found(r#"[{"fact": "a", "cases": ["b"], "differs": "policy"}]"#).is_empty());
    }

    #[test]
    fn gaps_are_found() {
        assert_eq!(found(r#"[{"fact": "f", "cases": ["c"]}]"#), ["f: no case is called c"]);
        assert_eq!(
            found(r#"[{"fact": "f", "cases": []}]"#),
            ["f has neither a case nor a reason in `differs`"]
        );
        assert_eq!(found(r#"[{"fact": "f", "cases": [], "differs": ""}]"#).len(), 1);
        let unlisted = r#"[{"fact": "b", "cases": ["b"], "differs": "policy"}]"#;
        assert_eq!(found(unlisted), ["b differs and is not in docs/compare.md"]);
        let twice = r#"[{"fact": "f", "cases": ["a"]}, {"fact": "f", "cases": ["a"]}]"#;
        assert_eq!(found(twice), ["f stands twice"]);
        assert_eq!(found("[]"), ["no `facts`"]);
        assert_eq!(found(r#"[{"cases": ["a"]}]"#).len(), 1);
    }
}
