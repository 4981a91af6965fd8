//! How what was bought reaches the buyer.

use crate::error::{Code, Error, Result};
use std::fmt;
use std::sync::Arc;

/// The longest pickup code in bytes.
pub const MAX_PICKUP_CODE_BYTES: usize = 64;

/// How a SKU, and so a line of an order, reaches the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Fulfilment {
    /// It is sent to an address.
    #[default]
    Ship,
    /// The buyer fetches it and shows a [`PickupCode`].
    Pickup,
    /// It is delivered without goods: a download, a ticket, a service.
    Digital,
}

impl Fulfilment {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::Ship, Self::Pickup, Self::Digital];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Pickup => "pickup",
            Self::Digital => "digital",
        }
    }
}

/// What a buyer shows to fetch the goods. The host draws it; it is written into no message.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PickupCode(Arc<str>);

impl PickupCode {
    /// Checks and wraps a text.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when it is empty, longer than 64 bytes, or holds blanks or control characters.
    pub fn new(text: &str) -> Result<Self> {
        let odd = |c: char| c.is_control() || c.is_whitespace();
        if text.is_empty() || text.len() > MAX_PICKUP_CODE_BYTES || text.chars().any(odd) {
            let rule = "a pickup code has 1 to 64 bytes without blanks and control characters";
            return Err(Error::new(Code::InvalidValue, rule));
        }
        Ok(Self(text.into()))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PickupCode {
    /// A code opens a door, so logs do not show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PickupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_short_plain_text_and_never_printed() {
        let code = PickupCode::new("8F-2291").unwrap();
        assert_eq!((code.as_str(), format!("{code:?}")), ("8F-2291", "PickupCode(…)".to_owned()));
        assert!(PickupCode::new(&"x".repeat(64)).is_ok());
        for bad in ["", "a b", "a\n", &"x".repeat(65)] {
            assert_eq!(PickupCode::new(bad).unwrap_err().code(), Code::InvalidValue);
        }
    }
}
