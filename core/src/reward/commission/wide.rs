//! Whole numbers of any size, for series whose terms have powers in them.

/// A number at or above zero, lowest digits first; no zeros stand at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wide(Vec<u64>);

impl Wide {
    pub(super) fn of(number: u64) -> Self {
        Self(if number == 0 { Vec::new() } else { vec![number] })
    }

    /// The product with a small number.
    pub(super) fn times(&self, factor: u64) -> Self {
        if factor == 0 {
            return Self::of(0);
        }
        let mut digits = Vec::with_capacity(self.0.len() + 1);
        let mut carry = 0_u128;
        for digit in &self.0 {
            carry += u128::from(*digit) * u128::from(factor);
            digits.push(low(carry));
            carry >>= 64;
        }
        if carry != 0 {
            digits.push(low(carry));
        }
        Self(digits)
    }

    /// `⌊self / divisor⌋`, none when it does not fit 63 bits or the divisor is zero.
    pub(super) fn divide(&self, divisor: &Self) -> Option<i64> {
        if divisor.0.is_empty() || !divisor.times(1 << 63).is_above(self) {
            return None;
        }
        let mut quotient = 0_u64;
        for bit in (0..63).rev() {
            let more = quotient | 1 << bit;
            if !divisor.times(more).is_above(self) {
                quotient = more;
            }
        }
        i64::try_from(quotient).ok()
    }

    fn is_above(&self, other: &Self) -> bool {
        let longer = self.0.len().cmp(&other.0.len());
        longer.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())).is_gt()
    }
}

fn low(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Wide;

    #[test]
    fn powers_are_exact() {
        let power = |base: u64, times: usize| (0..times).fold(Wide::of(1), |power, _| power.times(base));
        assert_eq!(power(10, 60).divide(&power(10, 42)), Some(1_000_000_000_000_000_000));
        assert_eq!(power(10, 60).divide(&power(10, 41)), None);
        // 3^80 / 2^100 = 116600606.7…
        assert_eq!(power(3, 80).divide(&power(2, 100)), Some(116_600_606));
        assert_eq!(Wide::of(7).divide(&Wide::of(0)), None);
        assert_eq!(Wide::of(0).divide(&power(7, 70)), Some(0));
        assert_eq!(power(7, 70).divide(&power(7, 70)), Some(1));
    }
}
