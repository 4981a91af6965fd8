//! Division by a constant as one multiplication, exact.

use crate::money::{Rate, Rounding};

/// `round(x · rate)` for x at or above zero: the upper half of one 128-bit multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// The rate in units of 2^−64, rounded up.
    factor: u64,
    /// What is added before the fraction is cut off, in the same units.
    bias: u64,
    /// The largest x for which the result is exact.
    max: i64,
}

impl Share {
    /// `None` for rates above one and for modes that look at the parity of the result.
    pub(crate) fn new(rate: Rate, mode: Rounding) -> Option<Self> {
        // round(n/d) is ⌊(n·scale + bias) / (d·scale)⌋ for n ≥ 0.
        let (scale, bias) = match mode {
            Rounding::Down | Rounding::Floor => (1, 0),
            Rounding::Up | Rounding::Ceil => (1, rate.denominator() - 1),
            Rounding::HalfAway | Rounding::HalfCeil => (2, rate.denominator()),
            Rounding::HalfToZero | Rounding::HalfFloor => (2, rate.denominator() - 1),
            Rounding::HalfEven | Rounding::HalfOdd => return None,
        };
        let divisor = u128::from(rate.denominator()) * scale;
        let numerator = u128::from(rate.numerator()) * scale;
        if numerator > divisor {
            return None;
        }
        if numerator == divisor {
            // x·(2^64 − 1) + 2^64 − 1 lies in [x·2^64, (x + 1)·2^64): the share of x is x itself.
            return Some(Self { factor: u64::MAX, bias: u64::MAX, max: i64::MAX });
        }
        let (factor, factor_excess) = fixed_point(numerator, divisor)?;
        let (bias, bias_excess) = fixed_point(u128::from(bias), divisor)?;
        // Rounding factor and bias up adds (x·factor_excess + bias_excess) / (divisor·2^64) to the
        // quotient, whose fraction is at most 1 − 1/divisor: nothing is carried while this is below
        // 1/divisor.
        let room = (1_u128 << 64) - 1 - bias_excess;
        let max = room.checked_div(factor_excess).and_then(|max| i64::try_from(max).ok()).unwrap_or(i64::MAX);
        Some(Self { factor, bias, max })
    }

    pub(crate) const fn max(&self) -> i64 {
        self.max
    }

    /// The share of x, for `0 ≤ x ≤ max`.
    #[inline(always)]
    #[allow(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a share is at most x")]
    pub(crate) const fn of(&self, x: i64) -> i64 {
        ((x as u64 as u128 * self.factor as u128 + self.bias as u128) >> 64) as i64
    }
}

/// `⌈numerator · 2^64 / divisor⌉` of a proper fraction, and by how many divisors of 2^64 it is too large.
fn fixed_point(numerator: u128, divisor: u128) -> Option<(u64, u128)> {
    let scaled = numerator << 64;
    let value = scaled.div_ceil(divisor);
    Some((u64::try_from(value).ok()?, value * divisor - scaled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_exact_division() {
        let texts = [
            "5%",
            "2.5%",
            "1/3",
            "100%",
            "0.01%",
            "0%",
            "99.99%",
            "1/1000000000000",
            "999999999999/1000000000000",
            "7/13",
        ];
        for mode in Rounding::ALL {
            for rate in texts.map(|text| text.parse::<Rate>().unwrap()) {
                let Some(share) = Share::new(rate, *mode) else { continue };
                let top = share.max();
                let near = (0..2000).chain([top - 2, top - 1, top, top / 2, top / 3, top / 7]);
                for x in near.chain((1..60).map(|bit| (1_i64 << bit) - 1)).filter(|x| *x <= top) {
                    assert_eq!(share.of(x), rate.of(x, *mode).unwrap(), "{} {rate} of {x}", mode.name());
                }
            }
        }
    }

    /// Around every multiple of the divisor, where a reciprocal that is off shows first.
    #[test]
    fn is_exact_next_to_the_steps() {
        for (numerator, denominator) in [(1, 20), (3, 1000), (1, 3), (997, 1000), (1, 10_000), (6, 7)] {
            let rate = Rate::new(numerator, denominator).unwrap();
            for mode in [Rounding::Down, Rounding::Up, Rounding::HalfAway, Rounding::HalfToZero] {
                let share = Share::new(rate, mode).unwrap();
                let step = i64::try_from(rate.denominator()).unwrap();
                for far in [0, share.max() / 2, share.max() - 40 * step] {
                    for x in
                        (far / step..).map(|at| at * step).take(40).flat_map(|x| [x, x + 1, x + step / 2])
                    {
                        assert_eq!(share.of(x), rate.of(x, mode).unwrap(), "{} {rate} of {x}", mode.name());
                    }
                }
            }
        }
    }
}
