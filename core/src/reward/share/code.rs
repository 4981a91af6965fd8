//! Signing and checking.

use super::keys::ShareKeys;
use crate::error::{Code, Error, Result};
use crate::time::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How much of the signature a code carries.
pub const MAC_BYTES: usize = 10;
const FORMAT: u8 = 1;
const DOMAIN: &[u8] = b"fenrun.share/1\0";
/// Codes expire at the start of a minute, in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// Format, key, expiry, a byte each of member and campaign.
const MIN_BYTES: usize = 1 + 1 + 4 + 1 + 1 + MAC_BYTES;
/// The longest a code can be, so that nothing longer is looked at.
const MAX_CODE: usize = 48;

/// What a code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    /// Who shared.
    pub member: u64,
    /// What for: a number of the shop's, 0 where it does not matter.
    pub campaign: u32,
    /// From when on it is refused, in whole minutes.
    pub expires: Option<Timestamp>,
}

impl ShareKeys {
    /// A code.
    ///
    /// # Errors
    /// [`Code::InvalidId`] for a member that is nobody or 2^63 and above; [`Code::InvalidValue`] for an
    /// expiry outside the years 1970 to 10136. Seconds of it are cut off.
    ///
    /// ```
    /// use fenrun::reward::share::{Share, ShareKeys};
    /// use fenrun::time::Timestamp;
    /// let keys = ShareKeys::new(1, [(1, b"0123456789abcdef0123456789abcdef".to_vec())])?;
    /// let share = Share { member: 1001, campaign: 0, expires: None };
    /// let code = keys.sign(&share)?;
    /// assert_eq!(code.len(), 26);
    /// assert_eq!(keys.open(&code, Timestamp::from_ms(0))?, share);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    pub fn sign(&self, share: &Share) -> Result<String> {
        if share.member == 0 || i64::try_from(share.member).is_err() {
            let rule = format!("member id {}; an id is above 0 and below 2^63", share.member);
            return Err(Error::new(Code::InvalidId, rule));
        }
        let minute = match share.expires {
            None => 0,
            Some(at) => {
                u32::try_from(at.ms() / MINUTE_MS).ok().filter(|minute| *minute > 0).ok_or_else(|| {
                    Error::new(Code::InvalidValue, format!("a share code cannot expire at {at}"))
                })?
            }
        };
        let mut bytes = vec![FORMAT, self.signing()];
        bytes.extend_from_slice(&minute.to_be_bytes());
        put(&mut bytes, share.member);
        put(&mut bytes, u64::from(share.campaign));
        let mac = self.mac(self.signing(), &bytes)?.finalize().into_bytes();
        bytes.extend_from_slice(&mac[..MAC_BYTES]);
        Ok(BASE64URL_NOPAD.encode(&bytes))
    }

    /// What a code says, if one of these keys signed it and it has not expired. The signature is compared in
    /// constant time, before anything it says is believed.
    ///
    /// # Errors
    /// [`Code::InvalidShareCode`], [`Code::UnknownShareKey`], [`Code::ExpiredShareCode`].
    pub fn open(&self, code: &str, now: Timestamp) -> Result<Share> {
        let invalid = || Error::new(Code::InvalidShareCode, "the share code was not made by this shop");
        if code.len() > MAX_CODE {
            return Err(invalid());
        }
        let bytes = BASE64URL_NOPAD.decode(code.as_bytes()).map_err(|_| invalid())?;
        if bytes.len() < MIN_BYTES || bytes[0] != FORMAT {
            return Err(invalid());
        }
        let (said, mac) = bytes.split_at(bytes.len() - MAC_BYTES);
        self.mac(said[1], said)?.verify_truncated_left(mac).map_err(|_| invalid())?;
        let minute = said[2..6].iter().fold(0_i64, |minute, byte| minute * 256 + i64::from(*byte));
        let (member, rest) = take(&said[6..]).ok_or_else(invalid)?;
        let (campaign, rest) = take(rest).ok_or_else(invalid)?;
        let campaign = u32::try_from(campaign).map_err(|_| invalid())?;
        if !rest.is_empty() {
            return Err(invalid());
        }
        let expires = Some(minute).filter(|minute| *minute > 0);
        let expires = expires.map(|minute| Timestamp::from_ms(minute * MINUTE_MS));
        if let Some(at) = expires.filter(|at| *at <= now) {
            let rule = format!("the share code of member {member} expired at {at}");
            return Err(Error::new(Code::ExpiredShareCode, rule));
        }
        Ok(Share { member, campaign, expires })
    }

    fn mac(&self, id: u8, said: &[u8]) -> Result<Hmac<Sha256>> {
        let unknown = || {
            let rule = format!("the share code names the key {id}, which this shop does not have");
            Error::new(Code::UnknownShareKey, rule)
        };
        let key = self.key(id).ok_or_else(unknown)?;
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| unknown())?;
        mac.update(DOMAIN);
        mac.update(said);
        Ok(mac)
    }
}

/// Seven bits a byte, lowest first; all but the last have their top bit set.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7F).unwrap_or(0);
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return;
        }
    }
}

/// What [`put`] wrote, in its shortest form only, and what stands behind it.
fn take(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let len = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at(len);
    if len > 9 || (len > 1 && number[len - 1] == 0) {
        return None;
    }
    Some((number.iter().rev().fold(0, |sum, byte| (sum << 7) | u64::from(byte & 0x7F)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> ShareKeys {
        ShareKeys::new(7, [(7, vec![0xA5; 32]), (3, vec![0x11; 16])]).unwrap()
    }

    #[test]
    fn numbers_come_back_from_their_shortest_form_only() {
        for number in [0, 1, 127, 128, 16_383, 16_384, 1 << 40, u64::MAX / 2] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            bytes.push(9);
            assert_eq!(take(&bytes), Some((number, &[9][..])));
        }
        assert_eq!(take(&[0x80, 0]), None);
        assert_eq!(take(&[0xFF; 12]), None);
        assert_eq!(take(&[]), None);
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let share =
            Share { member: 90_210, campaign: 12, expires: Some(Timestamp::from_ms(1_800_000_000_000)) };
        let code = keys().sign(&share).unwrap();
        assert_eq!(keys().open(&code, Timestamp::from_ms(0)), Ok(share));
        let bytes = BASE64URL_NOPAD.decode(code.as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let code =
                keys().open(&BASE64URL_NOPAD.encode(&changed), Timestamp::from_ms(0)).unwrap_err().code();
            // A changed id names a key nobody has; one of them names the other key, which did not sign.
            let unknown = bit / 8 == 1 && changed[1] != 3;
            let wanted = if unknown { Code::UnknownShareKey } else { Code::InvalidShareCode };
            assert_eq!(code, wanted, "bit {bit}");
        }
        for cut in 0..code.len() {
            assert!(keys().open(&code[..cut], Timestamp::from_ms(0)).is_err());
        }
        assert!(keys().open(&format!("{code}A"), Timestamp::from_ms(0)).is_err());
        assert!(keys().open(&format!("{code}="), Timestamp::from_ms(0)).is_err());
        assert!(keys().open("会员", Timestamp::from_ms(0)).is_err());
    }

    #[test]
    fn a_key_is_changed_and_taken_out() {
        let share = Share { member: 1, campaign: 0, expires: None };
        let old = ShareKeys::new(3, [(3, vec![0x11; 16])]).unwrap();
        let code = old.sign(&share).unwrap();
        assert_eq!(keys().open(&code, Timestamp::from_ms(0)), Ok(share));
        let without = ShareKeys::new(7, [(7, vec![0xA5; 32])]).unwrap();
        assert_eq!(without.open(&code, Timestamp::from_ms(0)).unwrap_err().code(), Code::UnknownShareKey);
        let other = ShareKeys::new(3, [(3, vec![0x12; 16])]).unwrap();
        assert_eq!(other.open(&code, Timestamp::from_ms(0)).unwrap_err().code(), Code::InvalidShareCode);
        assert!(!format!("{:?}", keys()).contains("17") && !format!("{:?}", keys()).contains("165"));
        assert!(ShareKeys::new(1, [(1, vec![0; 15])]).is_err());
        assert!(ShareKeys::new(1, [(2, vec![0; 16])]).is_err());
    }

    #[test]
    fn it_expires_at_its_minute() {
        let at = Timestamp::from_ms(60_000 * 1000);
        let code = keys().sign(&Share { member: 5, campaign: 0, expires: Some(at) }).unwrap();
        assert!(keys().open(&code, Timestamp::from_ms(at.ms() - 1)).is_ok());
        assert_eq!(keys().open(&code, at).unwrap_err().code(), Code::ExpiredShareCode);
        let soon = Share { member: 5, campaign: 0, expires: Some(Timestamp::from_ms(59_999)) };
        assert_eq!(keys().sign(&soon).unwrap_err().code(), Code::InvalidValue);
    }
}
