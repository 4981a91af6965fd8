//! What commands of every kind have in common, whatever they are about.

use crate::doc::{self, Fields, Node, Spot};
use crate::error::{Code, Error, Result};
use crate::id::{CommandId, ExternalId, MAX_ID_BYTES};
use crate::time::Timestamp;
use std::fmt;
use std::sync::Arc;

/// The longest reason in bytes.
pub const MAX_REASON_BYTES: usize = 500;

/// The shop an order or a wallet belongs to; empty for a host with one shop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// Checks and wraps a text of up to 64 bytes without control characters; it may be empty.
    ///
    /// # Errors
    /// [`Code::InvalidId`].
    pub fn new(text: &str) -> Result<Self> {
        if text.len() > MAX_ID_BYTES || text.chars().any(char::is_control) {
            let rule = format!("tenant {text:?}: at most 64 bytes without control characters");
            return Err(Error::new(Code::InvalidId, rule));
        }
        Ok(Self(text.into()))
    }

    /// Takes `tenant`, which may be left out.
    ///
    /// # Errors
    /// As [`Tenant::new`], and another type.
    pub(crate) fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        Self::new(fields.text("tenant")?.unwrap_or_default())
    }

    /// The tenant as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why somebody asked for something: a short text for people, never interpreted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason(Arc<str>);

impl Reason {
    /// Checks and wraps a text of up to 500 bytes; it may be empty.
    ///
    /// # Errors
    /// [`Code::TooLarge`].
    pub fn new(text: &str) -> Result<Self> {
        if text.len() > MAX_REASON_BYTES {
            let rule = format!("a reason of {} bytes; at most {MAX_REASON_BYTES} are kept", text.len());
            return Err(Error::new(Code::TooLarge, rule));
        }
        Ok(Self(text.into()))
    }

    /// The reason as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a command says, as 16 bytes: the start of SHA-256 over its canonical JSON and its actor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// That of a command's canonical JSON and its actor.
    pub(crate) fn of(text: &str, actor: &ExternalId) -> Self {
        Self(doc::short_digest(&[text, actor.as_str()]))
    }

    /// Reads 32 hex digits as they are written, in lower case.
    ///
    /// # Errors
    /// [`Code::InvalidValue`].
    pub fn parse(text: &str) -> Result<Self> {
        let fault = || {
            Error::new(Code::InvalidValue, format!("fingerprint {text:?} is not 32 hex digits in lower case"))
        };
        let written = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 32 || !text.bytes().all(written) {
            return Err(fault());
        }
        u128::from_str_radix(text, 16).map(|value| Self(value.to_be_bytes())).map_err(|_| fault())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&doc::hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the envelope of a command says beside what it is about.
pub(crate) struct Asked {
    pub(crate) expected_version: Option<u64>,
    pub(crate) command_id: CommandId,
    pub(crate) actor: ExternalId,
    pub(crate) now: Timestamp,
}

impl Asked {
    /// Takes `expected_version`, `command_id`, `actor` and `now`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub(crate) fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            expected_version: fields.count("expected_version")?,
            command_id: CommandId::from(fields.need_id("command_id")?),
            actor: fields.need_id("actor")?,
            now: Timestamp::from_ms(fields.need_int("now")?),
        })
    }
}

/// The name of a command and its options, from `{"<name>": {…}}`; a name without options may stand alone,
/// and then `empty` are its options.
///
/// # Errors
/// What stands there instead.
pub(crate) fn name_and_options<'a>(node: &'a Node, empty: &'a Node) -> Result<(&'a str, &'a Node)> {
    match node {
        Node::Text(name) => Ok((name, empty)),
        Node::Map(map) if map.len() == 1 => {
            Ok(map.iter().next().map_or(("", empty), |(name, body)| (name.as_str(), body)))
        }
        Node::Map(map) => {
            let rule = format!("command: a map of one name to its options is wanted, not of {}", map.len());
            Err(Error::new(Code::InvalidValue, rule).about(Spot::of(node)))
        }
        other => Err(doc::invalid("command", "a map of one command's name to its options", other)),
    }
}

/// The error of a word that is none of the commands of something, whose names stand in one text.
pub(crate) fn no_command(word: &str, of: &str, known: &str) -> Error {
    let hint = doc::did_you_mean(word, "one of", known.split(", "));
    Error::new(Code::UnknownWord, format!("`{word}` is no command of {of}; {hint}"))
}

/// What the envelope of an event repeats of its command, beside what it is about.
pub(crate) struct Made {
    pub(crate) command_id: CommandId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) actor: ExternalId,
    pub(crate) at: Timestamp,
}

impl Made {
    /// Takes `command_id`, `fingerprint`, `actor` and `at`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub(crate) fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            command_id: CommandId::from(fields.need_id("command_id")?),
            fingerprint: Fingerprint::parse(fields.need_text("fingerprint")?)?,
            actor: fields.need_id("actor")?,
            at: Timestamp::from_ms(fields.need_int("at")?),
        })
    }
}

/// Takes the `schema` of an event, which is the one that is known.
///
/// # Errors
/// [`Code::InvalidEvent`].
pub(crate) fn check_schema(fields: &mut Fields<'_>, known: i64) -> Result<()> {
    let schema = fields.need_int("schema")?;
    if schema != known {
        let rule = format!("schema {schema}; this version reads {known}");
        return Err(fields.fault(Code::InvalidEvent, rule));
    }
    Ok(())
}

/// Takes the `event_id` of an event, which is derived from its place.
///
/// # Errors
/// [`Code::InvalidEvent`].
pub(crate) fn check_event_id(fields: &mut Fields<'_>, seq: u64, derived: &str) -> Result<()> {
    let stated = fields.need_text("event_id")?;
    if seq == 0 || stated != derived {
        let rule = format!("`event_id` {stated} is not the one of place {seq}");
        return Err(fields.fault(Code::InvalidEvent, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_limits() {
        assert!(Tenant::new(&"x".repeat(65)).is_err());
        assert!(Tenant::new("a\nb").is_err());
        assert!(Reason::new(&"x".repeat(501)).is_err());
    }

    #[test]
    fn what_is_no_command_is_named_and_what_may_be_meant() {
        let error = no_command("relase", "an order", "place, release, tick");
        assert_eq!(error.message(), "`relase` is no command of an order; did you mean `release`?");
        let error = no_command("x", "a cart", "add, clear");
        assert_eq!(error.message(), "`x` is no command of a cart; one of: add, clear");
        let two = Node::map([("a", Node::Int(1)), ("b", Node::Int(2))]);
        let error = name_and_options(&two, &Node::Null).unwrap_err();
        assert_eq!(error.message(), "command: a map of one name to its options is wanted, not of 2");
    }
}
