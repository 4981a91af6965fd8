//! Bytes as a share code, as a link with one, and as what a code is to say.

use crate::refused;
use fenrun::Code;
use fenrun::reward::share::{Share, ShareKeys, code_in_link, link};
use fenrun::time::Timestamp;

/// Member, campaign and the minute of expiry, then a place where the code is changed and by what.
const SHARE: usize = 8 + 4 + 4;

/// Nobody without a key makes a code that opens, and whoever has one reads what was signed.
pub fn run(data: &[u8]) -> bool {
    let keys = ShareKeys::new(1, [(1, vec![7; 32]), (2, vec![9; 16])]).unwrap();
    let now = Timestamp::from_ms(0);
    if let Ok(text) = std::str::from_utf8(data) {
        let code = code_in_link(text).unwrap_or(text);
        match keys.open(code, now) {
            Ok(share) => assert_eq!(keys.sign(&share).as_deref(), Ok(code), "two codes say the same"),
            Err(error) => refused(&error),
        }
        match link(text, "AQEA") {
            Ok(link) => assert_eq!(code_in_link(&link), Some("AQEA"), "{link:?}"),
            Err(error) => refused(&error),
        }
    }
    let Some((said, change)) = data.split_at_checked(SHARE) else { return false };
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let minute = i64::try_from(number(&said[12..])).unwrap();
    let share = Share {
        member: number(&said[..8]),
        campaign: u32::try_from(number(&said[8..12])).unwrap(),
        expires: Some(minute).filter(|minute| *minute > 0).map(|minute| Timestamp::from_ms(minute * 60_000)),
    };
    match keys.sign(&share) {
        Err(error) => {
            refused(&error);
            false
        }
        Ok(code) => {
            assert_eq!(keys.open(&code, now), Ok(share));
            if let Some(at) = share.expires {
                assert_eq!(keys.open(&code, at).map_err(|error| error.code()), Err(Code::ExpiredShareCode));
            }
            if let [place, by, ..] = change {
                changed(&keys, &code, usize::from(*place), *by);
            }
            true
        }
    }
}

fn changed(keys: &ShareKeys, code: &str, place: usize, by: u8) {
    let mut bytes = code.as_bytes().to_vec();
    let place = place % bytes.len();
    bytes[place] ^= by;
    if let Ok(other) = String::from_utf8(bytes)
        && other != code
    {
        refused(&keys.open(&other, Timestamp::from_ms(0)).expect_err("a changed code opens"));
    }
}
