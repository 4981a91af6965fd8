//! What commands of every kind have in common, whatever they are about.

use crate::doc;
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, MAX_ID_BYTES};
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_limits() {
        assert!(Tenant::new(&"x".repeat(65)).is_err());
        assert!(Tenant::new("a\nb").is_err());
        assert!(Reason::new(&"x".repeat(501)).is_err());
    }
}
