//! What is known of members, a column per fact.

use crate::doc::Node;

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
