//! What is known of members, a column per fact.

use crate::doc::{Node, invalid};
use crate::error::Result;
use std::collections::BTreeSet;

/// One fact of all members, in join order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// True or false.
    Flag(Vec<bool>),
    /// Integers.
    Int(Vec<i64>),
    /// Texts, as codes into a list of words.
    Text {
        /// The word of each member.
        codes: Vec<u32>,
        /// The words.
        words: Vec<String>,
    },
}

impl Column {
    /// One fact of all members, a value each; all are of the type of the first.
    ///
    /// # Errors
    /// [`Code::InvalidValue`](crate::Code::InvalidValue) names the fact and a value of another type.
    pub fn of(name: &str, values: &[&Node]) -> Result<Self> {
        let what = format!("the fact `{name}` of a member");
        Ok(match values.first() {
            Some(Node::Bool(_)) => Self::Flag(each(values, &what, "true or false", |node| match node {
                Node::Bool(value) => Some(*value),
                _ => None,
            })?),
            Some(Node::Int(_)) => Self::Int(each(values, &what, "an integer", |node| match node {
                Node::Int(value) => Some(*value),
                _ => None,
            })?),
            _ => {
                let texts = each(values, &what, "text", |node| node.as_text().map(str::to_owned))?;
                let words: BTreeSet<String> = texts.iter().cloned().collect();
                let words: Vec<String> = words.into_iter().collect();
                let code =
                    |text: &String| words.binary_search(text).ok().and_then(|at| u32::try_from(at).ok());
                let codes = texts.iter().map(|text| code(text).unwrap_or(u32::MAX)).collect();
                Self::Text { codes, words }
            }
        })
    }

    /// How many members it covers.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Flag(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Text { codes, .. } => codes.len(),
        }
    }

    /// Whether it covers nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of the member at a place counted from zero.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Node> {
        match self {
            Self::Flag(values) => values.get(at).map(|value| Node::Bool(*value)),
            Self::Int(values) => values.get(at).map(|value| Node::Int(*value)),
            Self::Text { codes, words } => {
                let word = codes.get(at).and_then(|code| words.get(usize::try_from(*code).ok()?));
                word.map(|word| Node::from(word.as_str()))
            }
        }
    }
}

fn each<T>(values: &[&Node], what: &str, wanted: &str, read: impl Fn(&Node) -> Option<T>) -> Result<Vec<T>> {
    values.iter().map(|node| read(node).ok_or_else(|| invalid(what, wanted, node))).collect()
}
