//! Which value of a document an error is about, and on which line of its text that value stands.
//!
//! A [`Node`] carries no positions: most documents are built, not read, and are compared by what they say.
//! A reader that refuses a value therefore leaves its address as long as the tree is borrowed; whoever
//! still holds tree and text turns it into the path from the root, and the path into a line.

use super::Node;
use crate::error::Error;

/// The value an error is about.
#[derive(Clone, Debug)]
pub(crate) enum Spot {
    /// The value at this address, or the entry of the map there.
    Value { address: usize, key: Option<String> },
    /// The item with this `id` of the list under this key of the root, or one of its own keys.
    Item { list: &'static str, id: String, key: Option<&'static str> },
}

/// One step from the root of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// To the value under a key.
    Key(&'a str),
    /// To an item of a list.
    Item(usize),
}

/// How a text is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Syntax {
    Json,
    #[cfg(feature = "toml")]
    Toml,
}

impl Spot {
    /// This value.
    pub(crate) fn of(node: &Node) -> Self {
        Self::Value { address: address(node), key: None }
    }

    /// This entry of a map, whether it is there or not.
    pub(crate) fn entry(map: &Node, key: &str) -> Self {
        Self::Value { address: address(map), key: Some(key.to_owned()) }
    }

    /// The item with this `id` of a list of the root.
    pub(crate) fn item(list: &'static str, id: &str) -> Self {
        Self::Item { list, id: id.to_owned(), key: None }
    }

    /// A key of the item with this `id` of a list of the root.
    pub(crate) fn item_key(list: &'static str, id: &str, key: &'static str) -> Self {
        Self::Item { list, id: id.to_owned(), key: Some(key) }
    }

    /// The way there; `None` when it is no part of the tree.
    fn path<'a>(&'a self, root: &'a Node) -> Option<Vec<Step<'a>>> {
        match self {
            Self::Item { list, id, key } => {
                let Some(Node::List(items)) = root.get(list) else { return None };
                let named = |item: &Node| item.get("id").and_then(Node::as_text) == Some(id);
                let at = items.iter().position(named)?;
                let key = key.filter(|key| items[at].get(key).is_some()).map(Step::Key);
                Some([Step::Key(list), Step::Item(at)].into_iter().chain(key).collect())
            }
            Self::Value { address, key } => {
                let (node, mut path) = find(root, *address)?;
                // What is missing has no line; the map it is missing from has one.
                if let Some(key) = key.as_deref().filter(|key| node.get(key).is_some()) {
                    path.push(Step::Key(key));
                }
                Some(path)
            }
        }
    }
}

fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

/// The value at an address, and the way there.
fn find(root: &Node, wanted: usize) -> Option<(&Node, Vec<Step<'_>>)> {
    // Each value with the place of its parent in the list, so that the way back needs no copies.
    let mut seen: Vec<(&Node, usize, Step<'_>)> = vec![(root, 0, Step::Item(0))];
    let mut at = 0;
    while let Some((node, _, _)) = seen.get(at) {
        let node: &Node = node;
        if address(node) == wanted {
            let mut path = Vec::new();
            let mut place = at;
            while place > 0 {
                path.push(seen[place].2.clone());
                place = seen[place].1;
            }
            path.reverse();
            return Some((node, path));
        }
        match node {
            Node::Map(map) => seen.extend(map.iter().map(|(key, value)| (value, at, Step::Key(key)))),
            Node::List(items) => {
                seen.extend(items.iter().enumerate().map(|(nth, item)| (item, at, Step::Item(nth))));
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Puts the line in front of the message of an error about a value of `root`, which was read from `text`.
pub(crate) fn located(error: Error, root: &Node, text: &str, syntax: Syntax) -> Error {
    let place = error.spot().and_then(|spot| spot.path(root)).and_then(|path| match syntax {
        Syntax::Json => json_place(text, &path),
        #[cfg(feature = "toml")]
        Syntax::Toml => toml_place(text, &path),
    });
    let line = place.and_then(|place| text.get(..place)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => error.on_line(line),
        None => error,
    }
}

/// Where the last key or item of a path starts in a JSON text that was read before.
fn json_place(text: &str, path: &[Step<'_>]) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut place, mut value) = (0, skip_blanks(bytes, 0));
    for step in path {
        let mut at = skip_blanks(bytes, value + 1);
        let mut nth = 0;
        (place, value) = loop {
            let start = at;
            let found = match step {
                Step::Key(wanted) => {
                    let end = skip_value(bytes, start)?;
                    let key: String = serde_json::from_str(text.get(start..end)?).ok()?;
                    // Behind the key stands a colon.
                    at = skip_blanks(bytes, skip_blanks(bytes, end) + 1);
                    key == *wanted
                }
                Step::Item(wanted) => nth == *wanted,
            };
            if found {
                break (start, at);
            }
            // Behind the value stands a comma, or the end and nothing was found.
            at = skip_blanks(bytes, skip_value(bytes, at)?);
            if bytes.get(at) != Some(&b',') {
                return None;
            }
            at = skip_blanks(bytes, at + 1);
            nth += 1;
        };
    }
    Some(place)
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The end of the value that starts here.
fn skip_value(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth, mut quoted) = (from, 0_usize, false);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            _ if quoted => continue,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        let ends =
            matches!(bytes.get(at), None | Some(b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'));
        if !quoted && depth == 0 && ends {
            return Some(at);
        }
    }
}

/// Where the last key or item of a path starts in a TOML text that was read before.
#[cfg(feature = "toml")]
fn toml_place(text: &str, path: &[Step<'_>]) -> Option<usize> {
    use toml::de::{DeTable, DeValue};
    let root = DeTable::parse(text).ok()?;
    let (mut table, mut items, mut place) = (Some(root.get_ref()), None, 0);
    for step in path {
        let (start, value) = match step {
            Step::Key(wanted) => {
                let (key, value) = table?.iter().find(|(key, _)| key.get_ref() == wanted)?;
                (key.span().start, value)
            }
            Step::Item(nth) => {
                let items: &toml::de::DeArray<'_> = items?;
                let item = items.get(*nth)?;
                (item.span().start, item)
            }
        };
        place = start;
        (table, items) = match value.get_ref() {
            DeValue::Table(table) => (Some(table), None),
            DeValue::Array(items) => (None, Some(items)),
            _ => (None, None),
        };
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::{Spot, Step, Syntax, find, json_place, located};
    use crate::doc::{Node, read_json};
    use crate::{Code, Error};

    const JSON: &str = "{\n \"a\\\"{\": [1, {\"b\" : \"},]\"},\n  {\"b\": [],\n \"c\": {\"d\": true\n}}],\n\"rule\": [{\"id\": \"x\"},\n{\"id\": \"y\"}]}";

    #[test]
    fn every_value_is_found_where_it_stands() {
        let root = read_json(JSON, 1000).unwrap();
        let (key, item) = (Step::Key, Step::Item);
        for (path, starts) in [
            (vec![], "{\n \"a"),
            (vec![key("a\"{")], "\"a\\\"{\": ["),
            (vec![key("a\"{"), item(0)], "1, {"),
            (vec![key("a\"{"), item(1)], "{\"b\" :"),
            (vec![key("a\"{"), item(1), key("b")], "\"b\" :"),
            (vec![key("a\"{"), item(2), key("b")], "\"b\": []"),
            (vec![key("a\"{"), item(2), key("c"), key("d")], "\"d\": true"),
            (vec![key("rule"), item(1)], "{\"id\": \"y\"}"),
        ] {
            let mut node = &root;
            for step in &path {
                node = match (step, node) {
                    (Step::Key(name), Node::Map(map)) => &map[*name],
                    (Step::Item(nth), Node::List(items)) => &items[*nth],
                    _ => panic!("{path:?}"),
                };
            }
            let (found, way) = find(&root, super::address(node)).unwrap();
            assert_eq!((found, &way), (node, &path));
            assert!(JSON[json_place(JSON, &path).unwrap()..].starts_with(starts), "{path:?}");
        }
        assert_eq!(json_place(JSON, &[key("a\"{"), item(3)]), None);
        assert_eq!(json_place(JSON, &[key("b")]), None);
        assert!(find(&root, super::address(&root.clone())).is_none(), "a copy is another value");
    }

    #[test]
    fn a_line_is_named_once_it_is_known() {
        let root = read_json(JSON, 1000).unwrap();
        let at = |spot: Spot| {
            let error = Error::new(Code::InvalidValue, "wrong").about(spot);
            let error = located(error, &root, JSON, Syntax::Json);
            (error.line(), error.message().to_owned())
        };
        assert_eq!(at(Spot::item("rule", "y")), (Some(7), "line 7: wrong".into()));
        assert_eq!(at(Spot::item_key("rule", "y", "id")).0, Some(7));
        assert_eq!(at(Spot::item_key("rule", "y", "missing")).0, Some(7));
        assert_eq!(at(Spot::item("rule", "z")), (None, "wrong".into()));
        let inner = root.get("a\"{").unwrap();
        let Node::List(items) = inner else { panic!("{inner:?}") };
        assert_eq!(at(Spot::of(inner)).0, Some(2));
        assert_eq!(at(Spot::entry(&items[2], "c")).0, Some(4));
        assert_eq!(at(Spot::entry(&items[2], "missing")).0, Some(3));
        assert_eq!(at(Spot::of(&inner.clone())).0, None);
    }

    #[cfg(feature = "toml")]
    #[test]
    fn lines_of_toml() {
        let text = "a = 1\n[[rule]]\nid = \"x\"\npay = { levels = [\n  \"1%\",\n  2 ] }\n\n[[rule]]\nid = \"y\"\n[rule.when]\nb.c = 1\n";
        let root = crate::doc::read_toml(text, 1000).unwrap();
        let (key, item) = (Step::Key, Step::Item);
        for (path, line) in [
            (vec![key("a")], 1),
            (vec![key("rule"), item(0)], 2),
            (vec![key("rule"), item(0), key("id")], 3),
            (vec![key("rule"), item(0), key("pay"), key("levels")], 4),
            (vec![key("rule"), item(0), key("pay"), key("levels"), item(1)], 6),
            (vec![key("rule"), item(1)], 8),
            (vec![key("rule"), item(1), key("when")], 10),
            (vec![key("rule"), item(1), key("when"), key("b"), key("c")], 11),
        ] {
            let mut node = &root;
            for step in &path {
                node = match (step, node) {
                    (Step::Key(name), Node::Map(map)) => &map[*name],
                    (Step::Item(nth), Node::List(items)) => &items[*nth],
                    _ => panic!("{path:?}"),
                };
            }
            let error = Error::new(Code::InvalidValue, "wrong").about(Spot::of(node));
            assert_eq!(located(error, &root, text, Syntax::Toml).line(), Some(line), "{path:?}");
        }
    }
}
