//! The keys codes are signed with.

use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::fmt;

/// The shortest key in bytes; 32 random bytes are a good one.
pub const MIN_KEY_BYTES: usize = 16;

/// Keys by id: one signs, the others are still known, so that a key is changed without breaking codes that
/// are out. A key that leaked is left out, and its codes are refused.
#[derive(Clone, PartialEq, Eq)]
pub struct ShareKeys {
    signing: u8,
    keys: BTreeMap<u8, Vec<u8>>,
}

impl ShareKeys {
    /// Keys by id, and which of them signs.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a key that is too short or stands twice, and where none signs.
    pub fn new(signing: u8, keys: impl IntoIterator<Item = (u8, Vec<u8>)>) -> Result<Self> {
        let mut known = BTreeMap::new();
        for (id, key) in keys {
            if key.len() < MIN_KEY_BYTES {
                let rule = format!("share key {id} has {} bytes; {MIN_KEY_BYTES} at least", key.len());
                return Err(Error::new(Code::InvalidValue, rule));
            }
            if known.insert(id, key).is_some() {
                return Err(Error::new(Code::InvalidValue, format!("share key {id} stands twice")));
            }
        }
        if !known.contains_key(&signing) {
            let rule = format!("share key {signing} is to sign and is not among the keys");
            return Err(Error::new(Code::InvalidValue, rule));
        }
        Ok(Self { signing, keys: known })
    }

    /// The id of the key that signs.
    #[must_use]
    pub const fn signing(&self) -> u8 {
        self.signing
    }

    pub(super) fn key(&self, id: u8) -> Option<&[u8]> {
        self.keys.get(&id).map(Vec::as_slice)
    }
}

impl fmt::Debug for ShareKeys {
    /// The ids alone: a key stands in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShareKeys {{ signing: {}, ids: {:?} }}", self.signing, self.keys.keys())
    }
}

/// A key from pairs of hex digits, as files and environments hold it.
///
/// # Errors
/// [`Code::InvalidValue`], which does not repeat the text.
pub fn key_from_hex(text: &str) -> Result<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| Error::new(Code::InvalidValue, "a share key is written as pairs of hex digits"))
}
