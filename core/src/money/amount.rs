//! Amounts of money in minor units.

use super::{Currency, MoneyError, Rate, Rounding, overflow};
use std::fmt;

/// An amount in minor units of one currency; only checked operations.
///
/// ```
/// use fenrun::money::{Currency, Money};
/// let price = Money::parse("19.99", Currency::CNY)?;
/// assert_eq!(price.minor(), 1999);
/// assert_eq!(price.checked_add(Money::new(1, Currency::CNY))?.to_string(), "20.00 CNY");
/// assert!(Money::parse("19.999", Currency::CNY).is_err());
/// # Ok::<(), fenrun::money::MoneyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads decimal text such as `"-12.5"`; never rounds.
    ///
    /// # Errors
    /// [`MoneyError::InvalidAmount`], [`MoneyError::TooManyDecimals`] or [`MoneyError::Overflow`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let invalid = || MoneyError::InvalidAmount { text: text.into() };
        let (negative, body) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, decimals) = body.split_once('.').unwrap_or((body, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(decimals) {
            return Err(invalid());
        }
        let exponent = currency.exponent();
        // Trailing zeros say nothing: 12.500 CNY is 12.50 CNY.
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > usize::from(exponent) {
            return Err(MoneyError::TooManyDecimals { text: text.into(), currency, exponent });
        }
        let sign = if negative { "-" } else { "" };
        let digits = format!("{sign}{whole}{decimals:0<width$}", width = usize::from(exponent));
        let minor = digits.parse().map_err(|_| overflow(format!("`{text}`")))?;
        Ok(Self { minor, currency })
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Sum of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, "+", i64::checked_add)
    }

    /// Difference of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, "-", i64::checked_sub)
    }

    /// The amount times a whole number.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_times(self, count: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(count).ok_or_else(|| overflow(format!("{self} × {count}")))?;
        Ok(Self { minor, ..self })
    }

    /// A share of the amount, rounded once.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn share(self, rate: Rate, rounding: Rounding) -> Result<Self, MoneyError> {
        Ok(Self { minor: rate.of(self.minor, rounding)?, ..self })
    }

    /// The decimal text without the currency, such as `-0.05`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let width = usize::from(self.currency.exponent());
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = width + 1);
        let (whole, decimals) = digits.split_at(digits.len() - width);
        let sign = if self.minor < 0 { "-" } else { "" };
        if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
    }

    fn combine(
        self,
        other: Self,
        sign: &str,
        apply: impl Fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let minor =
            apply(self.minor, other.minor).ok_or_else(|| overflow(format!("{self} {sign} {other}")))?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (text, currency, minor) in [
            ("0.05", Currency::CNY, 5),
            ("-0.05", Currency::CNY, -5),
            ("12.500", Currency::CNY, 1250),
            ("12", Currency::JPY, 12),
            ("92233720368547758.07", Currency::CNY, i64::MAX),
            ("-92233720368547758.08", Currency::CNY, i64::MIN),
        ] {
            let money = Money::parse(text, currency).unwrap();
            assert_eq!(money.minor(), minor, "{text}");
            assert_eq!(Money::parse(&money.to_decimal(), currency).unwrap(), money);
        }
    }

    #[test]
    fn refused() {
        for text in ["", "-", "1.", ".1", "1,000", "1e3", "+1", "1.0.0", "92233720368547758.08"] {
            assert!(Money::parse(text, Currency::CNY).is_err(), "{text:?}");
        }
        let (cny, jpy) = (Money::new(i64::MAX, Currency::CNY), Money::new(1, Currency::JPY));
        assert!(matches!(cny.checked_add(jpy), Err(MoneyError::CurrencyMismatch { .. })));
        assert!(matches!(cny.checked_add(Money::new(1, Currency::CNY)), Err(MoneyError::Overflow { .. })));
    }
}
