//! Static texts with a trailing zero byte, and cutting texts to a fixed size.

use fenrun::Code;
use std::ffi::CStr;

/// Longer than every name, its zero byte included; the build fails otherwise.
const WIDTH: usize = 32;

static NAMES: [[u8; WIDTH]; Code::ALL.len()] = terminated();

const fn terminated() -> [[u8; WIDTH]; Code::ALL.len()] {
    let mut table = [[0; WIDTH]; Code::ALL.len()];
    let mut row = 0;
    while row < Code::ALL.len() {
        let name = Code::ALL[row].name().as_bytes();
        assert!(name.len() < WIDTH, "a name is longer than its row");
        let mut at = 0;
        while at < name.len() {
            table[row][at] = name[at];
            at += 1;
        }
        row += 1;
    }
    table
}

/// The stable name of an error number: `ok` for 0, `unknown` for a number nobody has.
#[must_use]
pub fn code_name(number: i32) -> &'static CStr {
    if number == 0 {
        return c"ok";
    }
    let found = Code::ALL.binary_search_by_key(&number, |code| code.number()).ok();
    found.and_then(|at| CStr::from_bytes_until_nul(&NAMES[at]).ok()).unwrap_or(c"unknown")
}

/// The longest start of a text that has at most `bytes` bytes and ends between two characters.
#[must_use]
pub fn prefix(text: &str, bytes: usize) -> &str {
    // A character has at most 4 bytes, so one of the last 4 places is a boundary.
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::{code_name, prefix};
    use fenrun::Code;

    #[test]
    fn every_code_has_its_name() {
        for code in Code::ALL {
            assert_eq!(code_name(code.number()).to_str().unwrap(), code.name());
        }
        assert_eq!(code_name(0), c"ok");
        assert_eq!(code_name(-1), c"unknown");
        assert_eq!(code_name(i32::MAX), c"unknown");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(prefix("分润", 6), "分润");
        assert_eq!(prefix("分润", 5), "分");
        assert_eq!(prefix("分润", 2), "");
        assert_eq!(prefix("", 9), "");
    }
}
