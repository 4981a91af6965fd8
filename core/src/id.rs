//! Ids. A host's ids are text of up to 64 bytes or integers; ours are derived, never drawn.
//!
//! Decided once for every language: an integer id `7` and the text `"7"` are the same id, `null` and `0`
//! mean nobody, and nothing here mints randomness, so two workers can never repeat an id.

use crate::doc::Node;
use crate::error::{Code, Error, Result};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The longest id in bytes.
pub const MAX_ID_BYTES: usize = 64;

/// An id of the host: a user, an order, a line, a refund, a command.
///
/// ```
/// use fenrun::id::ExternalId;
/// assert_eq!(ExternalId::new("u-17")?.as_str(), "u-17");
/// assert_eq!(ExternalId::from(17), ExternalId::new("17")?);
/// assert!(ExternalId::new("").is_err());
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExternalId {
    /// The first bytes of the text as a number. Behind a shorter text stand zeros, which no id holds, so ids
    /// stand in the order of their texts by this alone, and only where it is the same is the text asked.
    head: u64,
    text: Arc<str>,
}

/// The number a text is, if it is written as an id would be.
pub(crate) fn number_of(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|number| plain && i64::try_from(*number).is_ok())
}

impl ExternalId {
    fn of(text: Arc<str>) -> Self {
        let mut head = [0; 8];
        for (to, from) in head.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Self { head: u64::from_be_bytes(head), text }
    }

    /// Checks and wraps a text.
    ///
    /// # Errors
    /// [`Code::InvalidId`] when it is empty, `0`, longer than 64 bytes, or holds control characters or
    /// blanks at its ends.
    pub fn new(text: &str) -> Result<Self> {
        let fault = |rule: &str| Err(Error::new(Code::InvalidId, format!("id {text:?} {rule}")));
        if text.is_empty() {
            return fault("is empty");
        }
        if text.len() > MAX_ID_BYTES {
            let start: String = text.chars().take(32).collect();
            let error = format!("id {start:?}… has {} bytes; at most {MAX_ID_BYTES} bytes", text.len());
            return Err(Error::new(Code::InvalidId, error));
        }
        if text == "0" {
            return fault("means nobody; an id is not zero");
        }
        if text.chars().any(char::is_control) || text.trim() != text {
            return fault("holds a control character, or a blank at its end");
        }
        Ok(Self::of(text.into()))
    }

    /// The number the id is, if it is written as one below 2^63: `007` and `+7` are texts.
    ///
    /// ```
    /// use fenrun::id::ExternalId;
    /// assert_eq!(ExternalId::new("7")?.as_number(), Some(7));
    /// assert_eq!(ExternalId::new("007")?.as_number(), None);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    #[must_use]
    pub fn as_number(&self) -> Option<u64> {
        number_of(&self.text)
    }

    /// Reads an id from a document; `0`, `"0"`, `""` and `null` mean nobody.
    ///
    /// # Errors
    /// [`Code::InvalidId`] for negative integers, other types and the rules of [`ExternalId::new`].
    pub fn from_node(node: &Node) -> Result<Option<Self>> {
        match node {
            Node::Null | Node::Int(0) => Ok(None),
            Node::Int(value) if *value > 0 => Ok(Some(Self::of(value.to_string().into()))),
            Node::Text(text) if text.is_empty() || text == "0" => Ok(None),
            Node::Text(text) => Self::new(text).map(Some),
            Node::Int(value) => Err(Error::new(Code::InvalidId, format!("id {value} is below zero"))),
            other => {
                Err(Error::new(Code::InvalidId, format!("an id is text or an integer, not {}", other.kind())))
            }
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Hash for ExternalId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl From<u64> for ExternalId {
    fn from(value: u64) -> Self {
        Self::of(value.to_string().into())
    }
}

impl AsRef<str> for ExternalId {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.text)
    }
}

impl From<&ExternalId> for Node {
    fn from(id: &ExternalId) -> Self {
        Self::Text(id.as_str().into())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ExternalId);

        impl $name {
            /// Checks and wraps a text.
            ///
            /// # Errors
            /// The rules of [`ExternalId::new`].
            pub fn new(text: &str) -> Result<Self> {
                ExternalId::new(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl From<ExternalId> for $name {
            fn from(id: ExternalId) -> Self {
                Self(id)
            }
        }

        impl From<u64> for $name {
            fn from(value: u64) -> Self {
                Self(value.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&$name> for Node {
            fn from(id: &$name) -> Self {
                (&id.0).into()
            }
        }
    )+};
}

kinds! {
    /// A person: a buyer, a distributor, a role holder.
    MemberId,
    /// An order and the sale it becomes.
    OrderId,
    /// A line of an order; unique within it.
    LineId,
    /// A category of the catalogue.
    CategoryId,
    /// A product: what is shown.
    ProductId,
    /// A stock keeping unit: what is bought.
    SkuId,
    /// A shipping address of a member.
    AddressId,
    /// Somebody who looks around, member or not.
    VisitorId,
    /// Who sells a SKU, in a shop of many sellers.
    MerchantId,
    /// A parcel, a bag for pickup or a digital delivery, named by whoever sends it.
    ShipmentId,
    /// An after-sale case, named by whoever opens it.
    CaseId,
    /// A refund, named by whoever asks for it; a retry keeps it.
    RefundId,
    /// A command, named by whoever sends it; a retry keeps it.
    CommandId,
    /// A journal of the ledger, named after what it posts; a retry keeps it.
    JournalId,
    /// A provider's transaction.
    TransactionId,
    /// A withdrawal, named by whoever asks for it; unique within a shop.
    WithdrawalId,
    /// A payout as the provider knows it; unique within a shop, kept on retry while it may have acted.
    PayoutId,
    /// A hold on a member's money.
    HoldId,
    /// A manual adjustment of a member's money.
    AdjustmentId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_in_the_order_of_their_texts() {
        let texts = [
            "1",
            "10",
            "2",
            "a",
            "a b",
            "aa",
            "abcdefg",
            "abcdefgh",
            "abcdefgha",
            "abcdefghab",
            "abcdefgi",
            "级差",
            "级",
            "级差别",
            "~",
            "\u{e000}",
            "\u{10ffff}",
            "-",
            "00",
            "01",
        ];
        for a in texts {
            for b in texts {
                let [id, other] = [a, b].map(|text| ExternalId::new(text).unwrap());
                assert_eq!((id.cmp(&other), id == other), (a.cmp(b), a == b), "{a} and {b}");
            }
        }
    }
}
