//! Edits of documents, for the laws and the planted mistakes.

use super::plan::entries;
use fenrun::doc::Node;
use std::collections::BTreeMap;

/// A map of a document.
pub(crate) type Map = BTreeMap<String, Node>;

/// The document with an edit of each rule.
pub(crate) fn each_rule(plan: &Node, edit: impl FnMut(&mut Map)) -> Node {
    each(plan, "rule", edit)
}

/// The document with an edit of each line.
pub(crate) fn each_line(sale: &Node, edit: impl FnMut(&mut Map)) -> Node {
    each(sale, "lines", edit)
}

/// The document with an edit of a list.
pub(crate) fn edit_list(document: &Node, key: &str, edit: impl FnOnce(&mut Vec<Node>)) -> Node {
    let mut map = entries(Some(document));
    if let Some(Node::List(items)) = map.get_mut(key) {
        edit(items);
    }
    Node::Map(map)
}

/// The document with another value of a key.
pub(crate) fn with(document: &Node, key: &str, value: impl Into<Node>) -> Node {
    let mut map = entries(Some(document));
    map.insert(key.into(), value.into());
    Node::Map(map)
}

/// Sets or removes a key of a rule's `round`.
pub(crate) fn round_key(rule: &mut Map, key: &str, value: Option<Node>) {
    let mut round = match rule.get("round") {
        Some(Node::Text(mode)) => Map::from([("mode".to_owned(), Node::from(mode.as_str()))]),
        table => entries(table),
    };
    match value {
        Some(value) => round.insert(key.into(), value),
        None => round.remove(key),
    };
    rule.insert("round".into(), Node::Map(round));
}

/// The document with an edit of each map of a list.
pub(crate) fn each(document: &Node, key: &str, mut edit: impl FnMut(&mut Map)) -> Node {
    edit_list(document, key, |items| {
        for item in items {
            if let Node::Map(item) = item {
                edit(item);
            }
        }
    })
}

/// Edits every text that is a rate.
pub(crate) fn each_rate(node: &mut Node, edit: &mut dyn FnMut(&str) -> String) {
    match node {
        Node::Text(text) if text.starts_with(|first: char| first.is_ascii_digit()) => *text = edit(text),
        Node::List(items) => items.iter_mut().for_each(|item| each_rate(item, edit)),
        Node::Map(map) => map.values_mut().for_each(|value| each_rate(value, edit)),
        _ => {}
    }
}
