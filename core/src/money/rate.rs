//! Exact rates: a fraction, never a float.

use super::{MoneyError, Rounding, narrow};
use std::fmt;

/// The largest denominator a rate may have after reduction.
const MAX_DENOMINATOR: u64 = 1_000_000_000_000;

/// An exact rate, a reduced fraction at or above zero.
///
/// Its texts are `"12.5%"`, `"30bp"` (basis points), `"0.125"` and `"1/3"`.
///
/// ```
/// use fenrun::money::{Rate, Rounding};
/// let rate: Rate = "12.5%".parse()?;
/// assert_eq!((rate.numerator(), rate.denominator()), (1, 8));
/// assert_eq!(rate.of(99, Rounding::Down)?, 12);
/// # Ok::<(), fenrun::money::MoneyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    numerator: u64,
    denominator: u64,
}

impl Rate {
    /// The rate that pays nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One hundred per cent.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`, reduced.
    ///
    /// # Errors
    /// [`MoneyError::InvalidRate`] when the denominator is zero or, reduced, above 10^12, or when the
    /// numerator does not fit 63 bits.
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, MoneyError> {
        Self::checked(u128::from(numerator), u128::from(denominator))
            .map_err(|why| MoneyError::InvalidRate { text: format!("{numerator}/{denominator}"), why })
    }

    fn checked(numerator: u128, denominator: u128) -> Result<Self, &'static str> {
        if denominator == 0 {
            return Err("the denominator is zero");
        }
        let divisor = gcd(numerator, denominator).max(1);
        let numerator = u64::try_from(numerator / divisor).ok().filter(|n| i64::try_from(*n).is_ok());
        let denominator = u64::try_from(denominator / divisor).ok().filter(|d| *d <= MAX_DENOMINATOR);
        match (numerator, denominator) {
            (Some(numerator), Some(denominator)) => Ok(Self { numerator, denominator }),
            (None, _) => Err("the numerator does not fit 63 bits"),
            (_, None) => Err("the denominator is above 10^12"),
        }
    }

    /// The reduced numerator.
    #[must_use]
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// The reduced denominator, at least one.
    #[must_use]
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// Whether the rate is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// The rate times an amount of minor units, rounded once.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the result does not fit 64 bits.
    pub fn of(self, minor: i64, rounding: Rounding) -> Result<i64, MoneyError> {
        let product = i128::from(minor) * i128::from(self.numerator);
        narrow(rounding.divide(product, i128::from(self.denominator)), || format!("{self} of {minor}"))
    }

    /// A share that is rounded per unit: `round(rate · minor / units) · units`, zero without a unit.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the result does not fit 64 bits.
    pub fn of_units(self, minor: i64, units: u64, rounding: Rounding) -> Result<i64, MoneyError> {
        if units == 0 {
            return Ok(0);
        }
        let above = i128::from(minor) * i128::from(self.numerator);
        let each = rounding.divide(above, i128::from(self.denominator) * i128::from(units));
        narrow(each * i128::from(units), || format!("{self} of {minor} per unit of {units}"))
    }

    /// The sum of two rates, rounded up to 12 decimals when it cannot be held exactly: for upper bounds.
    /// `None` when it is out of range.
    #[must_use]
    pub fn add_up(self, other: Self) -> Option<Self> {
        let (a, b) = (u128::from(self.numerator), u128::from(self.denominator));
        let (c, d) = (u128::from(other.numerator), u128::from(other.denominator));
        Self::at_least(a * d + c * b, b * d)
    }

    /// The product of two rates, rounded up to 12 decimals when it cannot be held exactly: for upper bounds.
    /// `None` when it is out of range.
    #[must_use]
    pub fn mul_up(self, other: Self) -> Option<Self> {
        let above = u128::from(self.numerator) * u128::from(other.numerator);
        Self::at_least(above, u128::from(self.denominator) * u128::from(other.denominator))
    }

    /// The fraction, or the next one above it that can be held.
    fn at_least(numerator: u128, denominator: u128) -> Option<Self> {
        if let Ok(exact) = Self::checked(numerator, denominator) {
            return Some(exact);
        }
        // The remainder is below 10^24, so that the product below fits.
        let scale = u128::from(MAX_DENOMINATOR);
        let (whole, rest) = (numerator / denominator, numerator % denominator);
        let above = whole.checked_mul(scale)?.checked_add((rest * scale).div_ceil(denominator))?;
        Self::checked(above, scale).ok()
    }

    /// The rate rounded to a number of decimals, as databases with a fixed column do.
    ///
    /// # Errors
    /// [`MoneyError::InvalidRate`] above 12 decimals, [`MoneyError::Overflow`] when it does not fit.
    pub fn rounded(self, decimals: u8, rounding: Rounding) -> Result<Self, MoneyError> {
        let scale = 10_u64.checked_pow(u32::from(decimals)).filter(|scale| *scale <= MAX_DENOMINATOR).ok_or(
            MoneyError::InvalidRate { text: self.to_string(), why: "at most 12 decimals can be kept" },
        )?;
        let scaled = i128::from(self.numerator) * i128::from(scale);
        let rounded = rounding.divide(scaled, i128::from(self.denominator));
        let numerator = narrow(rounded, || format!("{self} at {decimals} decimals"))?;
        Self::new(numerator.unsigned_abs(), scale)
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let left = u128::from(self.numerator) * u128::from(other.denominator);
        let right = u128::from(other.numerator) * u128::from(self.denominator);
        left.cmp(&right)
    }
}

impl fmt::Display for Rate {
    /// A per cent text where it is exact (`12.5%`), else the fraction (`1/3`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut scaled, mut decimals) = (u128::from(self.numerator) * 100, 0_usize);
        let denominator = u128::from(self.denominator);
        while scaled % denominator != 0 && decimals < 10 {
            scaled *= 10;
            decimals += 1;
        }
        if scaled % denominator != 0 {
            return write!(f, "{}/{}", self.numerator, self.denominator);
        }
        let digits = format!("{:0>width$}", scaled / denominator, width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        if fraction.is_empty() { write!(f, "{whole}%") } else { write!(f, "{whole}.{fraction}%") }
    }
}

impl std::str::FromStr for Rate {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let fail = |why| MoneyError::InvalidRate { text: text.into(), why };
        let (numerator, denominator) = parse_fraction(text)?;
        let numerator = u128::try_from(numerator).map_err(|_| fail("a rate is at or above zero"))?;
        Self::checked(numerator, denominator).map_err(fail)
    }
}

/// Reads `"12.5%"`, `"30bp"`, `"-0.125"`, `"1/3"` or `"7"` as an exact fraction with a positive
/// denominator (not reduced).
///
/// # Errors
/// [`MoneyError::InvalidRate`] when the text is something else or has more than 18 decimals or 30 digits.
pub fn parse_fraction(text: &str) -> Result<(i128, u128), MoneyError> {
    let fail = |why| MoneyError::InvalidRate { text: text.into(), why };
    const FORMS: &str = "write \"12.5%\", \"30bp\", \"0.125\" or \"1/3\"";
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (body, scale) = match (rest.strip_suffix('%'), rest.strip_suffix("bp")) {
        (Some(body), _) => (body, 100_u128),
        (_, Some(body)) => (body, 10_000),
        _ => (rest, 1),
    };
    let digits = |part: &str| -> Result<i128, MoneyError> {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fail(FORMS));
        }
        if part.len() > 30 {
            return Err(fail("it has more than 30 digits"));
        }
        part.parse().map_err(|_| fail(FORMS))
    };
    let (numerator, denominator) = if let Some((above, below)) = body.split_once('/') {
        if scale != 1 {
            return Err(fail("a fraction takes no unit"));
        }
        (digits(above)?, u128::try_from(digits(below)?).map_err(|_| fail(FORMS))?)
    } else if let Some((whole, decimals)) = body.split_once('.') {
        if decimals.len() > 18 {
            return Err(fail("it has more than 18 decimals"));
        }
        digits(decimals)?;
        let power = u32::try_from(decimals.len()).map_err(|_| fail(FORMS))?;
        digits(whole)?;
        (digits(&format!("{whole}{decimals}"))?, 10_u128.pow(power) * scale)
    } else {
        (digits(body)?, scale)
    };
    if denominator == 0 {
        return Err(fail("the denominator is zero"));
    }
    Ok((if negative { -numerator } else { numerator }, denominator))
}

pub(crate) const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn texts_of_one_eighth() {
        for text in ["12.5%", "1250bp", "0.125", "1/8", "2/16", "12.50%"] {
            assert_eq!(rate(text), rate("1/8"), "{text}");
        }
    }

    #[test]
    fn refused_texts() {
        for text in
            ["", "%", ".5", "5.", "1e-3", "-5%", "1/0", "1/3%", " 5%", "5 %", "0x1", "٣%", "1/1000000000001"]
        {
            assert!(text.parse::<Rate>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn display_parses_back() {
        for text in ["0%", "5%", "0.57%", "1/3", "250%", "0.01%", "2/7", "0.000001%"] {
            assert_eq!(rate(&rate(text).to_string()), rate(text), "{text}");
        }
        assert_eq!(rate("0.125").to_string(), "12.5%");
        assert_eq!(rate("1/3").to_string(), "1/3");
    }

    #[test]
    fn orders_by_value() {
        assert!(rate("1/3") > rate("33.3%"));
        assert_eq!(rate("1/3").rounded(4, Rounding::HalfAway).unwrap(), rate("33.33%"));
    }
}
