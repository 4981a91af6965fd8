//! Share codes: who shared, signed, short enough for a link and a QR code.
//!
//! A code is base64url (RFC 4648, no padding) of: the format, 1; the id of the key; the minute it expires,
//! 32 bits big-endian, 0 for never; the member and the campaign, 7 bits a byte, lowest first; and the first
//! ten bytes of HMAC-SHA256 (RFC 2104, FIPS 198-1) over `fenrun.share/1`, a zero byte and all before them.
//! Eighty bits cannot be guessed over the network; a shop still limits how often one address may try.

mod code;
mod keys;
mod link;

pub use code::{MAC_BYTES, MINUTE_MS, Share};
pub use keys::{MIN_KEY_BYTES, ShareKeys, key_from_hex};
pub use link::{LINK_PARAMETER, code_in_link, link};
