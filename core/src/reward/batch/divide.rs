//! Division by a constant through its reciprocal, exact.

use crate::money::{Rate, Rounding};

/// `round(x · rate)` for x at or above zero, as one multiplication, one reciprocal and one correction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    multiplier: u64,
    bias: u64,
    divisor: u64,
    reciprocal: u64,
    /// The largest x for which nothing overflows 63 bits.
    max: i64,
}

impl Share {
    /// `None` for modes that look at the parity of the result.
    pub(super) fn new(rate: Rate, mode: Rounding) -> Option<Self> {
        let (numerator, denominator) = (rate.numerator(), rate.denominator());
        // round(n/d) is ⌊(n·scale + bias) / (d·scale)⌋ for n ≥ 0.
        let (scale, bias) = match mode {
            Rounding::Down | Rounding::Floor => (1, 0),
            Rounding::Up | Rounding::Ceil => (1, denominator - 1),
            Rounding::HalfAway | Rounding::HalfCeil => (2, denominator),
            Rounding::HalfToZero | Rounding::HalfFloor => (2, denominator - 1),
            Rounding::HalfEven | Rounding::HalfOdd => return None,
        };
        let multiplier = numerator.checked_mul(scale)?;
        let divisor = denominator.checked_mul(scale)?;
        let room = i64::MAX.unsigned_abs() - bias;
        let max = i64::try_from(room.checked_div(multiplier).unwrap_or(room)).ok()?;
        let reciprocal = u64::try_from((1_u128 << 64) / u128::from(divisor)).unwrap_or(u64::MAX);
        Some(Self { multiplier, bias, divisor, reciprocal, max })
    }

    pub(super) const fn max(&self) -> i64 {
        self.max
    }

    /// The share of x, for `0 ≤ x ≤ max`.
    #[inline(always)]
    #[allow(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "values stay below 2^63 by `max`"
    )]
    pub(super) const fn of(&self, x: i64) -> i64 {
        let value = (x as u64).wrapping_mul(self.multiplier).wrapping_add(self.bias);
        let guess = ((value as u128 * self.reciprocal as u128) >> 64) as u64;
        // The reciprocal is rounded down, so the guess is the quotient or one below it.
        let rest = value.wrapping_sub(guess.wrapping_mul(self.divisor));
        (guess + (rest >= self.divisor) as u64) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_exact_division() {
        let texts = ["5%", "2.5%", "1/3", "100%", "0.01%", "0%", "99.99%", "1/1000000000000", "7/13"];
        for mode in Rounding::ALL {
            for rate in texts.map(|text| text.parse::<Rate>().unwrap()) {
                let Some(share) = Share::new(rate, *mode) else { continue };
                let near = (0..2000).chain([share.max() - 1, share.max(), share.max() / 2, share.max() / 3]);
                for x in near.chain((1..60).map(|bit| (1_i64 << bit) - 1)).filter(|x| *x <= share.max()) {
                    assert_eq!(share.of(x), rate.of(x, *mode).unwrap(), "{} {rate} of {x}", mode.name());
                }
            }
        }
    }
}
