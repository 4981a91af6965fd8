//! Documents: the tree every JSON and TOML text is read into, and its one canonical writing.
//!
//! A [`Node`] has integers, texts, booleans, lists and maps, and no floats: a float in a plan, a price
//! or a rate is refused while it is read, with its line and column. Canonical JSON (UTF-8, keys sorted
//! by bytes, no blanks) is what hashes and golden vectors are taken over.

mod node;
mod reader;
mod sink;

pub use node::Node;
pub use reader::Fields;
pub(crate) use reader::invalid;
pub(crate) use sink::{JsonSink, NodeSink, Sink};

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
    serde_json::from_str(text).map_err(|error| Error::new(Code::Syntax, format!("JSON: {error}")))
}

/// Reads TOML. Floats and dates are errors.
///
/// # Errors
/// [`Code::Syntax`] with line and column; [`Code::TooLarge`] above `limit` bytes.
#[cfg(feature = "toml")]
pub fn read_toml(text: &str, limit: usize) -> Result<Node> {
    check_size(text, limit)?;
    toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| {
            let before = text.get(..span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
            format!(" at line {line} column {column}")
        });
        let message = error.message().trim().replace('\n', " ");
        Error::new(Code::Syntax, format!("TOML: {message}{place}"))
    })
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
