//! One description of a document, written as canonical JSON text or as a tree.
//!
//! Commands and events are written once per command, often by the hundred thousand; going through a tree
//! of maps would cost more than deciding the command.

use super::Node;
use std::collections::BTreeMap;
use std::io::Write;

/// Where a map is written to. Keys must come in byte order; the text sink asserts it in debug builds.
pub(crate) trait Sink: Sized {
    /// A whole number.
    fn int(&mut self, key: &str, value: i64);
    /// A text.
    fn text(&mut self, key: &str, value: &str);
    /// A finished tree.
    fn node(&mut self, key: &str, value: &Node);
    /// A map of finished trees.
    fn tree(&mut self, key: &str, map: &BTreeMap<String, Node>);
    /// A list of whole numbers.
    fn ints(&mut self, key: &str, values: &[i64]);
    /// A map.
    fn map(&mut self, key: &str, fill: impl FnOnce(&mut Self));
    /// A list of maps.
    fn list<T>(&mut self, key: &str, items: &[T], fill: impl FnMut(&mut Self, &T));

    /// A count of units; counts fit an `i64` by construction.
    fn count(&mut self, key: &str, value: u64) {
        self.int(key, i64::try_from(value).unwrap_or(i64::MAX));
    }
}

/// Writes canonical JSON.
pub(crate) struct JsonSink {
    text: Vec<u8>,
    #[cfg(debug_assertions)]
    keys: Vec<String>,
}

impl Default for JsonSink {
    fn default() -> Self {
        let mut text = Vec::with_capacity(256);
        text.push(b'{');
        Self {
            text,
            #[cfg(debug_assertions)]
            keys: vec![String::new()],
        }
    }
}

impl JsonSink {
    /// The text a writer fills.
    pub(crate) fn of(fill: impl FnOnce(&mut Self)) -> String {
        let mut sink = Self::default();
        fill(&mut sink);
        sink.into_string()
    }

    /// The text so far, closed.
    fn into_string(mut self) -> String {
        self.text.push(b'}');
        // Everything pushed is UTF-8.
        String::from_utf8(self.text).unwrap_or_default()
    }

    fn key(&mut self, key: &str) {
        #[cfg(debug_assertions)]
        if let Some(last) = self.keys.last_mut() {
            debug_assert!(last.as_str() < key, "{key} after {last}: canonical JSON has sorted keys");
            key.clone_into(last);
        }
        if self.text.last() != Some(&b'{') {
            self.text.push(b',');
        }
        self.quoted(key);
        self.text.push(b':');
    }

    fn quoted(&mut self, text: &str) {
        // Writing into a vector has no way to fail.
        let _ = serde_json::to_writer(&mut self.text, text);
    }

    fn open(&mut self) {
        self.text.push(b'{');
        #[cfg(debug_assertions)]
        self.keys.push(String::new());
    }

    fn close(&mut self) {
        self.text.push(b'}');
        #[cfg(debug_assertions)]
        self.keys.pop();
    }
}

impl Sink for JsonSink {
    fn int(&mut self, key: &str, value: i64) {
        self.key(key);
        let _ = write!(self.text, "{value}");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quoted(value);
    }

    fn node(&mut self, key: &str, value: &Node) {
        self.key(key);
        let _ = serde_json::to_writer(&mut self.text, value);
    }

    fn tree(&mut self, key: &str, map: &BTreeMap<String, Node>) {
        self.key(key);
        let _ = serde_json::to_writer(&mut self.text, map);
    }

    fn ints(&mut self, key: &str, values: &[i64]) {
        self.key(key);
        let _ = serde_json::to_writer(&mut self.text, values);
    }

    fn map(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.key(key);
        self.open();
        fill(self);
        self.close();
    }

    fn list<T>(&mut self, key: &str, items: &[T], mut fill: impl FnMut(&mut Self, &T)) {
        self.key(key);
        self.text.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.text.push(b',');
            }
            self.open();
            fill(self, item);
            self.close();
        }
        self.text.push(b']');
    }
}

/// Builds a tree.
#[derive(Default)]
pub(crate) struct NodeSink(BTreeMap<String, Node>);

impl NodeSink {
    fn into_node(self) -> Node {
        Node::Map(self.0)
    }

    /// The tree a writer fills.
    pub(crate) fn of(fill: impl FnOnce(&mut Self)) -> Node {
        let mut inner = Self::default();
        fill(&mut inner);
        inner.into_node()
    }
}

impl Sink for NodeSink {
    fn int(&mut self, key: &str, value: i64) {
        self.0.insert(key.into(), value.into());
    }

    fn text(&mut self, key: &str, value: &str) {
        self.0.insert(key.into(), value.into());
    }

    fn node(&mut self, key: &str, value: &Node) {
        self.0.insert(key.into(), value.clone());
    }

    fn tree(&mut self, key: &str, map: &BTreeMap<String, Node>) {
        self.0.insert(key.into(), Node::Map(map.clone()));
    }

    fn ints(&mut self, key: &str, values: &[i64]) {
        let list: Vec<Node> = values.iter().map(|value| Node::Int(*value)).collect();
        self.0.insert(key.into(), list.into());
    }

    fn map(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.0.insert(key.into(), Self::of(fill));
    }

    fn list<T>(&mut self, key: &str, items: &[T], mut fill: impl FnMut(&mut Self, &T)) {
        let list: Vec<Node> = items.iter().map(|item| Self::of(|inner| fill(inner, item))).collect();
        self.0.insert(key.into(), list.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(sink: &mut impl Sink) {
        sink.int("a", -5);
        sink.list("b", &[1, 2], |sink, item| sink.int("x", *item));
        sink.list("c", &[0_u8; 0], |_, _| {});
        sink.map("d", |sink| {
            sink.map("empty", |_| {});
            sink.text("text", "\"引号\"\n\u{1}");
        });
        sink.node("e", &Node::List(vec![Node::Null, true.into()]));
        sink.ints("f", &[-1, 2]);
        sink.tree("g", &BTreeMap::from([("x".to_owned(), Node::Null)]));
    }

    #[test]
    fn text_and_tree_are_one_document() {
        assert_eq!(JsonSink::of(fill), NodeSink::of(fill).to_json());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "sorted keys")]
    fn unsorted_keys_are_a_bug() {
        let mut json = JsonSink::default();
        json.int("b", 1);
        json.int("a", 1);
    }
}
