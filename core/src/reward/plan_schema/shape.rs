//! Shapes of values, and how each is written in JSON Schema.

use crate::doc::Node;
use std::collections::BTreeMap;

/// No end to a length.
pub(super) const ANY: i64 = i64::MAX;

/// What a value may be.
pub(super) enum Shape {
    /// Text of 1 to so many characters.
    Text(i64),
    /// Text of this form, a regular expression.
    Form(&'static str),
    /// Exactly this value.
    Just(Node),
    /// One of these words.
    Words(Vec<&'static str>),
    /// A whole number with its ends.
    Int(i64, i64),
    /// `true` or `false`.
    Flag,
    /// Text, a whole number, `true` or `false`.
    Scalar,
    /// A list of so many items, of one shape.
    List(Box<Shape>, i64, i64),
    /// A list of exactly these items.
    Row(Vec<Shape>),
    /// A map with the author's own keys: at least so many, the keys of a form, the values of a shape.
    Map(&'static str, Box<Shape>, i64),
    /// One of these shapes.
    Either(Vec<Shape>),
    /// A map with known keys.
    Object(Object),
    /// A shape of the table.
    Ref(&'static str),
}

/// A map with known keys.
#[derive(Default)]
pub(super) struct Object {
    /// Its keys.
    pub(super) keys: Vec<Key>,
    /// What stands under keys of the author's own, if there may be some.
    pub(super) others: Option<Box<Shape>>,
    /// Keys that need another one beside them.
    pub(super) needs: Vec<(&'static str, &'static str)>,
    /// Keys that exclude each other.
    pub(super) apart: Option<(&'static str, &'static str)>,
}

/// One key of a map.
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) shape: Shape,
    /// Whether the map must have it.
    pub(super) must: bool,
    /// What an editor shows.
    pub(super) about: &'static str,
}

/// A key that must be there.
pub(super) const fn must(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, must: true, about }
}

/// A key that may be there.
pub(super) const fn may(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, must: false, about }
}

/// A map with these keys and no others.
pub(super) fn object(keys: Vec<Key>) -> Object {
    Object { keys, ..Object::default() }
}

/// A list of at least one item.
pub(super) fn list(item: Shape, most: i64) -> Shape {
    Shape::List(Box::new(item), 1, most)
}

fn at_most(key: &'static str, most: i64) -> Option<(&'static str, Node)> {
    (most != ANY).then(|| (key, most.into()))
}

impl Shape {
    /// The schema of this shape.
    pub(super) fn to_node(&self) -> Node {
        let typed = |name: &str, more: Vec<(&str, Node)>| {
            Node::map([("type", Node::from(name))].into_iter().chain(more))
        };
        match self {
            Self::Text(most) => {
                let least = [("minLength", 1_i64.into())].into_iter();
                typed("string", least.chain(at_most("maxLength", *most)).collect())
            }
            Self::Form(pattern) => typed("string", vec![("pattern", (*pattern).into())]),
            Self::Just(value) => Node::map([("const", value.clone())]),
            Self::Words(words) => {
                Node::map([("enum", Node::List(words.iter().map(|word| (*word).into()).collect()))])
            }
            Self::Int(least, most) => {
                typed("integer", vec![("minimum", (*least).into()), ("maximum", (*most).into())])
            }
            Self::Flag => typed("boolean", Vec::new()),
            Self::Scalar => {
                let types = ["string", "integer", "boolean"].map(Node::from);
                Node::map([("type", Node::List(types.to_vec()))])
            }
            Self::List(item, least, most) => {
                let items = [("items", item.to_node()), ("minItems", (*least).into())].into_iter();
                typed("array", items.chain(at_most("maxItems", *most)).collect())
            }
            Self::Row(items) => typed(
                "array",
                vec![
                    ("prefixItems", Node::List(items.iter().map(Self::to_node).collect())),
                    ("items", false.into()),
                    ("minItems", i64::try_from(items.len()).unwrap_or(i64::MAX).into()),
                ],
            ),
            Self::Map(keys, value, least) => typed(
                "object",
                vec![
                    ("propertyNames", Node::map([("pattern", Node::from(*keys))])),
                    ("additionalProperties", value.to_node()),
                    ("minProperties", (*least).into()),
                ],
            ),
            Self::Either(shapes) => {
                Node::map([("anyOf", Node::List(shapes.iter().map(Self::to_node).collect()))])
            }
            Self::Object(object) => object.to_node(),
            Self::Ref(name) => Node::map([("$ref", format!("#/$defs/{name}").into())]),
        }
    }
}

impl Object {
    fn to_node(&self) -> Node {
        let property = |key: &Key| {
            let mut schema = key.shape.to_node();
            if let (Node::Map(map), false) = (&mut schema, key.about.is_empty()) {
                map.insert("description".into(), key.about.into());
            }
            (key.name, schema)
        };
        let others = self.others.as_ref().map_or(Node::Bool(false), |shape| shape.to_node());
        let mut map = BTreeMap::from([
            ("type".to_owned(), Node::from("object")),
            ("properties".to_owned(), Node::map(self.keys.iter().map(property))),
            ("additionalProperties".to_owned(), others),
        ]);
        let names = |names: Vec<&str>| Node::List(names.into_iter().map(Node::from).collect());
        let musts: Vec<&str> = self.keys.iter().filter(|key| key.must).map(|key| key.name).collect();
        if !musts.is_empty() {
            map.insert("required".into(), names(musts));
        }
        if !self.needs.is_empty() {
            let needs = self.needs.iter().map(|(key, other)| (*key, names(vec![other])));
            map.insert("dependentRequired".into(), Node::map(needs));
        }
        if let Some((one, other)) = self.apart {
            map.insert("not".into(), Node::map([("required", names(vec![one, other]))]));
        }
        if self.others.is_some() {
            map.insert("minProperties".into(), 1_i64.into());
        }
        Node::Map(map)
    }
}
