//! Exact sums of shares, rounded once.

use crate::error::{Error, Result};
use crate::money::{Rate, Rounding, narrow, overflow};
use crate::sale::Pay;

/// What a slot gets before rounding: a sum of shares and of whole minor units.
///
/// Shares of one rate are added before they are multiplied, so the usual sale (one rate for all lines)
/// costs one division.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact {
    rate: Rate,
    base: i128,
    numerator: i128,
    denominator: i128,
    whole: i128,
}

impl Exact {
    pub(crate) const ZERO: Self = Self { rate: Rate::ZERO, base: 0, numerator: 0, denominator: 1, whole: 0 };

    /// Adds what one line gives.
    pub(crate) fn add(&mut self, pay: Pay, base: i64, units: u64) -> Result<()> {
        match pay {
            Pay::PerUnit(minor) => self.whole += i128::from(minor) * i128::from(units),
            Pay::Share(rate) if rate.is_zero() => {}
            Pay::Share(rate) => {
                if rate != self.rate {
                    self.flush()?;
                    self.rate = rate;
                }
                self.base += i128::from(base);
            }
        }
        Ok(())
    }

    /// Moves the pending `rate · base` into the fraction.
    fn flush(&mut self) -> Result<()> {
        let too_wide = || Error::from(overflow("the exact sum of shares with unlike denominators"));
        let numerator = self.base.checked_mul(i128::from(self.rate.numerator())).ok_or_else(too_wide)?;
        let denominator = i128::from(self.rate.denominator());
        self.base = 0;
        if numerator == 0 {
            return Ok(());
        }
        let step = denominator / gcd(self.denominator, denominator);
        let common = self.denominator.checked_mul(step).ok_or_else(too_wide)?;
        let mine = self.numerator.checked_mul(step).ok_or_else(too_wide)?;
        let theirs = numerator.checked_mul(common / denominator).ok_or_else(too_wide)?;
        self.numerator = mine.checked_add(theirs).ok_or_else(too_wide)?;
        self.denominator = common;
        Ok(())
    }

    /// Rounds the sum.
    pub(crate) fn round(mut self, mode: Rounding) -> Result<i64> {
        if let (Ok(base), 0, 0) = (i64::try_from(self.base), self.numerator, self.whole) {
            return self.rate.of(base, mode).map_err(Error::from);
        }
        self.flush()?;
        // Whether a tie lies next to an even number depends on the whole units too: an odd one goes along.
        let odd = self.whole & 1;
        let too_wide = || Error::from(overflow("the exact sum of shares and whole units"));
        let above = self.numerator.checked_add(odd * self.denominator).ok_or_else(too_wide)?;
        let rounded = mode.divide(above, self.denominator).checked_add(self.whole - odd);
        narrow(rounded.ok_or_else(too_wide)?, || "a commission".into()).map_err(Error::from)
    }
}

/// `round(rate · base / units) · units`; nothing when no unit is left.
pub(super) fn per_unit(pay: Pay, base: i64, units: u64, mode: Rounding) -> Result<i64> {
    let amount = match pay {
        Pay::PerUnit(minor) => narrow(i128::from(minor) * i128::from(units), || "a commission".into()),
        Pay::Share(rate) => rate.of_units(base, units, mode),
    };
    amount.map_err(Error::from)
}

const fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_and_sevenths_add_up_before_rounding() {
        let mut sum = Exact::ZERO;
        for text in ["1/3", "2/7", "1/3", "1/21"] {
            sum.add(Pay::Share(text.parse().unwrap()), 10, 1).unwrap();
        }
        // 10/3 + 20/7 + 10/3 + 10/21 = 10 exactly.
        assert_eq!(sum.round(Rounding::Down).unwrap(), 10);
        assert_eq!(per_unit(Pay::Share("7%".parse().unwrap()), 9990, 10, Rounding::Down).unwrap(), 690);
    }

    #[test]
    fn a_tie_is_even_or_odd_with_the_whole_units() {
        let mut sum = Exact::ZERO;
        sum.add(Pay::Share("50%".parse().unwrap()), 1, 1).unwrap();
        sum.add(Pay::PerUnit(1), 0, 3).unwrap();
        // 3.5 exactly.
        assert_eq!(sum.round(Rounding::HalfEven).unwrap(), 4);
        assert_eq!(sum.round(Rounding::HalfOdd).unwrap(), 3);
        assert_eq!(sum.round(Rounding::Down).unwrap(), 3);
    }
}
