//! Discounts on some units of a line, rounded once: what the units are worth stays a fraction until then.

use crate::error::Result;
use crate::money::{Rate, Rounding, narrow};

/// So many of so many units of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartOf {
    /// The units that count, at most all of them.
    pub units: u64,
    /// The units of the line, above zero.
    pub of: u64,
}

impl PartOf {
    /// The line as it is.
    pub const WHOLE: Self = Self { units: 1, of: 1 };

    /// `rate` times this part of an amount at or above zero, rounded once; the rate is at most one.
    pub(super) fn of(self, rate: Rate, amount: i64, mode: Rounding) -> Result<i64> {
        if self.units >= self.of {
            return Ok(rate.of(amount, mode)?);
        }
        let (above, below) = (i128::from(rate.numerator()), i128::from(rate.denominator()));
        let (exact, of) = (i128::from(amount) * i128::from(self.units), i128::from(self.of));
        // Taken apart into what is whole and what is over, so that no product has three wide factors.
        let (worth, over) = (exact / of, exact % of);
        let (taken, left) = (worth * above / below, worth * above % below);
        // Rounding to even or odd looks at the last digit of what is taken.
        let odd = taken % 2;
        let fraction = (left + odd * below) * of + over * above;
        let rounded = taken - odd + mode.divide(fraction, below * of);
        Ok(narrow(rounded, || format!("{rate} of {} of {} units of {amount}", self.units, self.of))?)
    }

    /// This part of an amount, rounded down.
    pub(super) fn floor(self, amount: i64) -> i64 {
        let exact = i128::from(amount) * i128::from(self.units) / i128::from(self.of.max(1));
        i64::try_from(exact).unwrap_or(amount)
    }

    /// The amount this part is worth, where that is one, and the part that is left to be taken of it.
    pub(super) fn reduced(self, amount: i64) -> (i64, Self) {
        let exact = i128::from(amount) * i128::from(self.units);
        if exact % i128::from(self.of.max(1)) == 0 {
            (self.floor(amount), Self::WHOLE)
        } else {
            (amount, self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_division_of_the_exact_fraction(
            amount in 0_i64..1 << 40,
            (units, of) in (0_u64..1 << 20, 1_u64..1 << 20),
            (above, below) in (0_u64..1 << 20, 1_u64..1 << 20),
            mode in prop::sample::select(Rounding::ALL.to_vec()),
        ) {
            let (units, above) = (units.min(of), above.min(below));
            let exact = i128::from(amount) * i128::from(units) * i128::from(above);
            let wanted = mode.divide(exact, i128::from(of) * i128::from(below));
            let got = PartOf { units, of }.of(Rate::new(above, below).unwrap(), amount, mode).unwrap();
            prop_assert_eq!(i128::from(got), wanted);
        }
    }

    #[test]
    fn the_widest_factors_fit() {
        let part = PartOf { units: i64::MAX.unsigned_abs() - 1, of: i64::MAX.unsigned_abs() };
        let rate = Rate::new(999_999_999_999, 1_000_000_000_000).unwrap();
        assert!(part.of(rate, i64::MAX, Rounding::Up).unwrap() < i64::MAX);
        assert_eq!(part.of(Rate::ONE, i64::MAX, Rounding::Down).unwrap(), i64::MAX - 1);
    }
}
