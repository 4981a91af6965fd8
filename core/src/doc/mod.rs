//! Documents: the tree every JSON and TOML text is read into, and its one canonical writing.
//!
//! A [`Node`] has integers, texts, booleans, lists and maps, and no floats: a float in a plan, a price
//! or a rate is refused while it is read, with its line and column. Canonical JSON (UTF-8, keys sorted
//! by bytes, no blanks) is what hashes and golden vectors are taken over.

mod nearest;
mod node;
mod reader;
mod sink;
mod spot;

pub(crate) use nearest::{did_you_mean, distance, nearest, perhaps};
pub use node::Node;
pub use reader::Fields;
pub(crate) use reader::invalid;
pub(crate) use sink::{JsonSink, NodeSink, Sink};
pub(crate) use spot::{Spot, Syntax, located};

use crate::error::{Code, Error, Result};
use sha2::{Digest, Sha256};

/// The longest plan text, in bytes.
pub const MAX_PLAN_BYTES: usize = 1 << 20;
/// The longest command text, in bytes.
pub const MAX_COMMAND_BYTES: usize = 4 << 20;
/// The longest document of any other kind, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// Reads JSON. Floats, repeated keys and anything behind the document are errors.
///
/// # Errors
/// [`Code::Syntax`] with line and column; [`Code::TooLarge`] above `limit` bytes.
pub fn read_json(text: &str, limit: usize) -> Result<Node> {
    check_size(text, limit)?;
    serde_json::from_str(text).map_err(|error| {
        let message = as_written(&error.to_string(), number_at(text, error.line(), error.column()));
        Error::new(Code::Syntax, format!("JSON: {message}")).with_line(error.line())
    })
}

/// Reads TOML. Floats and dates are errors.
///
/// # Errors
/// [`Code::Syntax`] with line and column; [`Code::TooLarge`] above `limit` bytes.
#[cfg(feature = "toml")]
pub fn read_toml(text: &str, limit: usize) -> Result<Node> {
    check_size(text, limit)?;
    toml::from_str(text).map_err(|error| {
        let written = error.span().and_then(|span| text.get(span)).unwrap_or_default();
        let mut message = as_written(&error.message().trim().replace('\n', " "), written);
        if message == "duplicate key" {
            message = format!("duplicate key `{}`", written.chars().take(60).collect::<String>());
        }
        let Some(span) = error.span() else { return Error::new(Code::Syntax, format!("TOML: {message}")) };
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Error::new(Code::Syntax, format!("TOML: {message} at line {line} column {column}")).with_line(line)
    })
}

/// A message about a float with the number as it stands in the text: `1e2`, not the `100.0` it became.
fn as_written(message: &str, written: &str) -> String {
    let parts = message.split_once("floating point `").and_then(|(head, rest)| {
        let (_, tail) = rest.split_once('`')?;
        (!written.is_empty()).then_some((head, tail))
    });
    let Some((head, tail)) = parts else { return message.to_owned() };
    let short: String = written.chars().take(40).collect();
    let more = if short.len() < written.len() { "…" } else { "" };
    format!("{head}the number `{short}{more}`{tail}")
}

/// The number that ends at or around a place given by line and column, both from 1, columns in bytes.
fn number_at(text: &str, line: usize, column: usize) -> &str {
    let in_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let Some(line) = text.lines().nth(line.saturating_sub(1)) else { return "" };
    let bytes = line.as_bytes();
    let place = column.min(bytes.len());
    // The reader stands behind the number, or one byte further on.
    let last = (place.saturating_sub(2)..place).rev().find(|at| in_number(&bytes[*at]));
    let Some(last) = last else { return "" };
    let start = bytes[..last].iter().rposition(|byte| !in_number(byte)).map_or(0, |at| at + 1);
    let end = bytes[last..].iter().position(|byte| !in_number(byte)).map_or(bytes.len(), |at| last + at);
    line.get(start..end).unwrap_or_default()
}

/// The first 16 bytes of SHA-256 over length-prefixed parts, as 32 hex digits: how keys are made.
/// Prefixing the lengths keeps `("ab", "c")` apart from `("a", "bc")`.
#[must_use]
pub fn short_hash(parts: &[&str]) -> String {
    hex(&short_digest(parts))
}

/// The bytes [`short_hash`] writes as hex digits.
pub(crate) fn short_digest(parts: &[&str]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize()[..16]);
    digest
}

/// SHA-256 of a text as 64 hex digits.
#[must_use]
pub fn long_hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Bytes as hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(*byte));
    }
    text
}

fn check_size(text: &str, limit: usize) -> Result<()> {
    if text.len() > limit {
        let message = format!("the text has {} bytes; at most {limit} are read", text.len());
        return Err(Error::new(Code::TooLarge, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_named_as_they_are_written() {
        let nines = "9".repeat(26);
        for (number, shown) in [
            ("1e2", "1e2".to_owned()),
            ("-0.10", "-0.10".to_owned()),
            ("1E+2", "1E+2".to_owned()),
            (&nines, nines.clone()),
            (&"9".repeat(60), format!("{}…", "9".repeat(40))),
        ] {
            let wanted = format!("JSON: invalid type: the number `{shown}`, expected text");
            for text in [
                number.to_owned(),
                format!("{{\"ä\": 7,\n \"b\": [{number}]}}"),
                format!("{{\"b\": {number} }}"),
                format!("[1, {number}\n, 2]"),
                format!("[1,{number},2.5]"),
            ] {
                let error = read_json(&text, 1000).unwrap_err();
                assert!(error.message().starts_with(&wanted), "{text}: {error}");
            }
        }
        let other = read_json("[1, 2", 1000).unwrap_err();
        assert_eq!(other.message(), "JSON: EOF while parsing a list at line 1 column 5");
    }

    #[cfg(feature = "toml")]
    #[test]
    fn floats_of_toml_too() {
        let error = read_toml("a = 1\nb = { c = [1e2] }", 1000).unwrap_err();
        assert!(error.message().starts_with("TOML: invalid type: the number `1e2`, expected"), "{error}");
    }
}
