//! Texts as squares of dark and light modules.

use crate::style::Correction;
use fenrun::{Code, Error, Result};
use qrcode::bits::Bits;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode, Version};

/// The characters besides digits and capitals that take five and a half bits.
const SIGNS: &[u8] = b" $%*+-./:";

/// What a text is made of, and so how many bits each character takes. Never Kanji: a reader would make Japanese of
/// the bytes of Chinese.
#[derive(Clone, Copy)]
enum Alphabet {
    Digits,
    Capitals,
    Bytes,
}

impl Alphabet {
    fn of(text: &str) -> Self {
        let capital = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() || SIGNS.contains(&byte);
        match () {
            () if text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Digits,
            () if text.bytes().all(capital) => Self::Capitals,
            () => Self::Bytes,
        }
    }

    /// The most that the largest code holds: ISO/IEC 18004, table 7.
    const fn most(self, correction: Correction) -> usize {
        let [low, medium, quartile, high] = match self {
            Self::Digits => [7089, 5596, 3993, 3057],
            Self::Capitals => [4296, 3391, 2420, 1852],
            Self::Bytes => [2953, 2331, 1663, 1273],
        };
        match correction {
            Correction::Low => low,
            Correction::Medium => medium,
            Correction::Quartile => quartile,
            Correction::High => high,
        }
    }

    fn push(self, bits: &mut Bits, text: &str) -> std::result::Result<(), QrError> {
        match self {
            Self::Digits => bits.push_numeric_data(text.as_bytes()),
            Self::Capitals => bits.push_alphanumeric_data(text.as_bytes()),
            Self::Bytes => bits.push_byte_data(text.as_bytes()),
        }
    }
}

/// The smallest code that holds a text.
///
/// # Errors
/// [`Code::InvalidValue`] for an empty text, [`Code::TooLarge`] for one no code holds.
pub(crate) fn symbol(text: &str, correction: Correction) -> Result<QrCode> {
    if text.is_empty() {
        return Err(Error::new(Code::InvalidValue, "an empty text has no QR code"));
    }
    let alphabet = Alphabet::of(text);
    let too_long = || {
        let (len, name, most) = (text.len(), correction.name(), alphabet.most(correction));
        let rule =
            format!("a text of {len} bytes; a QR code of correction `{name}` holds at most {most} of such");
        Error::new(Code::TooLarge, rule)
    };
    if text.len() > alphabet.most(correction) {
        return Err(too_long());
    }
    let level = match correction {
        Correction::Low => EcLevel::L,
        Correction::Medium => EcLevel::M,
        Correction::Quartile => EcLevel::Q,
        Correction::High => EcLevel::H,
    };
    let code = |version: i16| {
        let mut bits = Bits::new(Version::Normal(version));
        alphabet.push(&mut bits, text)?;
        bits.push_terminator(level)?;
        QrCode::with_bits(bits, level)
    };
    (1..=40).find_map(|version| code(version).ok()).ok_or_else(too_long)
}

#[cfg(test)]
mod tests {
    use super::symbol;
    use crate::style::Correction;
    use fenrun::Code;

    /// The longest texts of each kind fill the largest code, and one more is refused by both numbers.
    #[test]
    fn the_longest_texts_fit_and_no_longer_ones() {
        for (unit, most) in [
            ("7", [7089, 5596, 3993, 3057]),
            ("A", [4296, 3391, 2420, 1852]),
            ("a", [2953, 2331, 1663, 1273]),
        ] {
            for (correction, most) in Correction::ALL.into_iter().zip(most) {
                assert_eq!(symbol(&unit.repeat(most), correction).unwrap().width(), 177);
                let error = symbol(&unit.repeat(most + 1), correction).map(drop).unwrap_err();
                let said = format!(
                    "a text of {} bytes; a QR code of correction `{}` holds at most {most}",
                    most + 1,
                    correction.name()
                );
                assert!(error.code() == Code::TooLarge && error.message().contains(&said), "{error}");
            }
        }
        assert_eq!(symbol("", Correction::Low).map(drop).unwrap_err().code(), Code::InvalidValue);
        assert_eq!(symbol("1", Correction::High).unwrap().width(), 21);
    }
}
