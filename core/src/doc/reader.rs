//! Reading a map field by field, with errors that name the key.

use super::nearest::{did_you_mean, misspelt};
use super::{Node, Spot};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use std::collections::BTreeMap;

/// A cursor over the fields of one map. Every key must be taken; [`Fields::finish`] refuses the rest and
/// names the nearest known key.
pub struct Fields<'a> {
    what: String,
    node: &'a Node,
    map: &'a BTreeMap<String, Node>,
    taken: Vec<&'static str>,
    unknown: Unknown,
}

/// What becomes of keys nobody takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// A host wrote the map: a key nobody knows is a mistake.
    Refused,
    /// A log holds the map: a later version may have known more.
    Ignored,
}

impl<'a> Fields<'a> {
    /// Starts on a map; `what` names it in messages.
    ///
    /// An empty list is an empty map too: a language with one type for both, such as PHP, cannot say which
    /// it means, and here only one of them makes sense.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when the node is not a map.
    pub fn new(node: &'a Node, what: impl Into<String>) -> Result<Self> {
        static EMPTY: BTreeMap<String, Node> = BTreeMap::new();
        let what = what.into();
        match node {
            Node::Map(map) => Ok(Self { what, node, map, taken: Vec::new(), unknown: Unknown::Refused }),
            Node::List(items) if items.is_empty() => {
                Ok(Self { what, node, map: &EMPTY, taken: Vec::new(), unknown: Unknown::Refused })
            }
            other => Err(invalid(&what, "a map", other)),
        }
    }

    /// Starts on a map that people write: an empty list is no map in it.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when the node is not a map.
    pub(crate) fn table(node: &'a Node, what: impl Into<String>) -> Result<Self> {
        let what = what.into();
        match node {
            Node::Map(_) => Self::new(node, what),
            other => Err(invalid(&what, "a map", other)),
        }
    }

    /// Starts on a map of a log: keys nobody knows are ignored in it and in the maps [within](Self::within).
    ///
    /// # Errors
    /// As [`Fields::new`].
    pub(crate) fn of_log(node: &'a Node, what: impl Into<String>) -> Result<Self> {
        Ok(Self { unknown: Unknown::Ignored, ..Self::new(node, what)? })
    }

    /// Starts on a map that stands in this one, as strict as this one is.
    ///
    /// # Errors
    /// As [`Fields::new`].
    pub(crate) fn within(&self, node: &'a Node, what: impl Into<String>) -> Result<Self> {
        Ok(Self { unknown: self.unknown, ..Self::new(node, what)? })
    }

    /// The same map under another name.
    pub(crate) fn named(self, what: impl Into<String>) -> Self {
        Self { what: what.into(), ..self }
    }

    /// Whether the map stands in a log.
    pub(crate) fn is_of_log(&self) -> bool {
        self.unknown == Unknown::Ignored
    }

    /// What this map is called in messages.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The value under a key, `None` when it is absent or `null`.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.taken.push(key);
        self.map.get(key).filter(|node| **node != Node::Null)
    }

    /// Whether there is a value under a key.
    pub(crate) fn holds(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|node| *node != Node::Null)
    }

    /// The value under a key that must be there.
    ///
    /// # Errors
    /// [`Code::MissingKey`].
    pub fn need(&mut self, key: &'static str) -> Result<&'a Node> {
        self.take(key).ok_or_else(|| self.missing(key))
    }

    /// An optional text.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when it is something else.
    pub fn text(&mut self, key: &'static str) -> Result<Option<&'a str>> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, "text", other)),
        }
    }

    /// An optional integer.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when it is something else.
    pub fn int(&mut self, key: &'static str) -> Result<Option<i64>> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::Int(value)) => Ok(Some(*value)),
            Some(other) => Err(self.wrong(key, "an integer", other)),
        }
    }

    /// An optional integer at or above zero, small enough for `T`, which has no sign.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] names the range when it is something else.
    pub fn count<T: TryFrom<i64>>(&mut self, key: &'static str) -> Result<Option<T>> {
        let Some(value) = self.int(key)? else { return Ok(None) };
        T::try_from(value).map(Some).map_err(|_| {
            let ends = [i64::MAX, i64::from(u32::MAX), i64::from(u16::MAX), i64::from(u8::MAX)];
            let most = ends.into_iter().find(|end| T::try_from(*end).is_ok()).unwrap_or(0);
            let rule = format!("`{key}` is {value}; a whole number from 0 to {most}");
            self.fault(Code::InvalidValue, rule)
        })
    }

    /// An optional `true` or `false`.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when it is something else.
    pub fn flag(&mut self, key: &'static str) -> Result<Option<bool>> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(self.wrong(key, "true or false", other)),
        }
    }

    /// A list; absent counts as empty.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when it is something else.
    pub fn list(&mut self, key: &'static str) -> Result<&'a [Node]> {
        match self.take(key) {
            None => Ok(&[]),
            Some(Node::List(items)) => Ok(items),
            Some(other) => Err(self.wrong(key, "a list", other)),
        }
    }

    /// An optional id: text of up to 64 bytes or an integer above zero. `null` and 0 mean nobody.
    ///
    /// # Errors
    /// [`Code::InvalidId`].
    pub fn id(&mut self, key: &'static str) -> Result<Option<ExternalId>> {
        self.take(key).map_or(Ok(None), |node| {
            let place = || format!("{}: `{key}`", self.what);
            ExternalId::from_node(node).map_err(|error| error.within(&place()).about(Spot::of(node)))
        })
    }

    /// An integer that must be there.
    ///
    /// # Errors
    /// [`Code::MissingKey`], [`Code::InvalidValue`].
    pub fn need_int(&mut self, key: &'static str) -> Result<i64> {
        self.int(key)?.ok_or_else(|| self.missing(key))
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`Code::MissingKey`], [`Code::InvalidValue`].
    pub fn need_text(&mut self, key: &'static str) -> Result<&'a str> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    /// An id of somebody or something that must be there.
    ///
    /// # Errors
    /// [`Code::MissingKey`], [`Code::InvalidId`].
    pub fn need_id(&mut self, key: &'static str) -> Result<ExternalId> {
        let rule = || format!("the key `{key}` is missing or names nobody (null, 0 or empty)");
        self.id(key)?.ok_or_else(|| self.fault(Code::MissingKey, rule()))
    }

    /// One of the known words, if any.
    ///
    /// # Errors
    /// [`Code::UnknownWord`] lists the known ones.
    pub fn word<T: Copy>(
        &mut self,
        key: &'static str,
        known: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>> {
        let Some(got) = self.text(key)? else { return Ok(None) };
        let found = known.iter().copied().find(|value| name(*value) == got);
        found.map(Some).ok_or_else(|| {
            let hint = did_you_mean(got, "one of", known.iter().map(|value| name(*value)));
            self.fault(Code::UnknownWord, format!("`{key}` is `{got}`; {hint}"))
        })
    }

    /// One of the known words, which must be there.
    ///
    /// # Errors
    /// [`Code::MissingKey`], [`Code::UnknownWord`].
    pub fn need_word<T: Copy>(
        &mut self,
        key: &'static str,
        known: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T> {
        self.word(key, known, name)?.ok_or_else(|| self.missing(key))
    }

    /// The keys nobody took, for maps that carry free facts.
    pub fn rest(&self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.map
            .iter()
            .filter(|(key, _)| !self.taken.contains(&key.as_str()))
            .map(|(key, value)| (key.as_str(), value))
    }

    /// Ends the map.
    ///
    /// # Errors
    /// [`Code::UnknownKey`] names the first key nobody took and the nearest one that exists.
    pub fn finish(self) -> Result<()> {
        self.all_known()
    }

    /// As [`Fields::finish`], where more is to be said of the map: a misspelt key is named before the one it
    /// was meant to be is missed.
    pub(crate) fn all_known(&self) -> Result<()> {
        if self.is_of_log() {
            return Ok(());
        }
        let Some((unknown, _)) = self.rest().next() else { return Ok(()) };
        let hint = did_you_mean(unknown, "known keys", self.taken.iter().copied());
        let message = format!("{}: unknown key `{unknown}`; {hint}", self.what);
        Err(Error::new(Code::UnknownKey, message).about(Spot::entry(self.node, unknown)))
    }

    /// An error about the value of a key.
    #[must_use]
    pub fn wrong(&self, key: &str, wanted: &str, got: &Node) -> Error {
        invalid(&format!("{}: `{key}`", self.what), wanted, got)
    }

    /// The error for a key that must be there; a misspelt one is named beside it.
    pub(crate) fn missing(&self, key: &str) -> Error {
        let rule = format!("the key `{key}` is missing");
        match self.rest().find(|(written, _)| misspelt(written, key)) {
            None => self.fault(Code::MissingKey, rule),
            Some((written, _)) => {
                let message = format!("{}: {rule}; did you mean it by `{written}`?", self.what);
                Error::new(Code::MissingKey, message).about(Spot::entry(self.node, written))
            }
        }
    }

    /// An error of this map with its own rule; one that starts with a key in backticks is about its value.
    #[must_use]
    pub fn fault(&self, code: Code, rule: impl AsRef<str>) -> Error {
        let rule = rule.as_ref();
        let key = rule.strip_prefix('`').and_then(|rest| Some(rest.split_once('`')?.0));
        let spot = key.map_or_else(|| Spot::of(self.node), |key| Spot::entry(self.node, key));
        Error::new(code, format!("{}: {rule}", self.what)).about(spot)
    }
}

/// `what` is `got` but must be `wanted`.
pub(crate) fn invalid(what: &str, wanted: &str, got: &Node) -> Error {
    let shown = match got {
        Node::List(_) | Node::Map(_) | Node::Null => got.kind().to_owned(),
        value => {
            let json = value.to_json();
            let short: String = json.chars().take(60).collect();
            if short.len() < json.len() { format!("{short}…") } else { short }
        }
    };
    Error::new(Code::InvalidValue, format!("{what} must be {wanted}, not {shown}")).about(Spot::of(got))
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use crate::doc::Node;

    /// `[]` is all that PHP has for an empty map.
    #[test]
    fn an_empty_list_is_an_empty_map_and_no_other_list_is() {
        let empty = Node::List(Vec::new());
        let fields = Fields::new(&empty, "facts").unwrap();
        assert_eq!(fields.rest().count(), 0);
        fields.finish().unwrap();
        assert!(Fields::new(&empty, "sale").unwrap().need("id").is_err());
        assert!(Fields::new(&Node::List(vec![Node::Null]), "facts").is_err());
        let holder = Node::map([("lines", Node::map::<String>([]))]);
        assert!(Fields::new(&holder, "sale").unwrap().list("lines").is_err());
    }
}
