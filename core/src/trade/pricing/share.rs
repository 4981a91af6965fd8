//! Splitting discounts over lines: largest remainder as [`crate::money::allocate`], with buffers that are
//! kept between rules and a division that a multiplication replaces.

use crate::error::Result;
use crate::money::Allocate;

/// The bits of a key that say where a line stands; a cart holds 2^12 lines at most.
const PLACE_BITS: u32 = 12;
const LAST_PLACE: u64 = (1 << PLACE_BITS) - 1;

/// Splits amounts.
#[derive(Default)]
pub(super) struct Splitter {
    keys: Vec<u64>,
}

impl Splitter {
    /// Splits `total` by `weights` into `shares`; both at or above zero, and a weight above zero somewhere
    /// unless `total` is zero. Ties go to the line that stands first.
    pub(super) fn split(&mut self, total: i64, weights: &[i64], shares: &mut [i64]) -> Result<()> {
        if let ([_], [share]) = (weights, &mut *shares) {
            *share = total;
            return Ok(());
        }
        if total == 0 {
            shares.fill(0);
            return Ok(());
        }
        let sum: i128 = weights.iter().copied().map(i128::from).sum();
        if sum == i128::from(total) {
            shares.copy_from_slice(weights);
            return Ok(());
        }
        let (total_u, sum_u) = (total.unsigned_abs(), u64::try_from(sum).unwrap_or(u64::MAX));
        // Keys hold a remainder and a place; products must fit 64 bits.
        if sum_u >> (64 - PLACE_BITS) != 0 || total_u.checked_mul(sum_u).is_none() || sum_u == 0 {
            return wide(total, weights, shares);
        }
        self.narrow(total_u, sum_u, weights, shares);
        Ok(())
    }

    /// Both `total · sum` and a remainder with its place fit 64 bits.
    fn narrow(&mut self, total: u64, sum: u64, weights: &[i64], shares: &mut [i64]) {
        self.keys.clear();
        self.keys.resize(weights.len(), 0);
        // `n · ⌊2^64 / sum⌋ / 2^64` is the quotient, or little below it.
        let reciprocal = u64::MAX / sum;
        let mut missing = total;
        let mut place = LAST_PLACE;
        for ((weight, share), key) in weights.iter().zip(shares.iter_mut()).zip(&mut self.keys) {
            let exact = total * weight.unsigned_abs();
            let high = (u128::from(exact) * u128::from(reciprocal)) >> 64;
            let mut quotient = u64::try_from(high).unwrap_or(u64::MAX);
            let mut rest = exact - quotient * sum;
            while rest >= sum {
                quotient += 1;
                rest -= sum;
            }
            missing -= quotient;
            *share = i64::try_from(quotient).unwrap_or(i64::MAX);
            *key = rest << PLACE_BITS | place;
            place = place.saturating_sub(1);
        }
        let count = usize::try_from(missing).unwrap_or(usize::MAX);
        if count == 0 {
            return;
        }
        // Remainders sum to `count · sum`, so there are more than `count` of them above zero.
        self.keys.select_nth_unstable_by(count - 1, |a, b| b.cmp(a));
        for key in self.keys.iter().take(count) {
            let place = usize::try_from(LAST_PLACE - (key & LAST_PLACE)).unwrap_or(usize::MAX);
            if let Some(share) = shares.get_mut(place) {
                *share += 1;
            }
        }
    }
}

/// Amounts for which 64 bits are too few.
fn wide(total: i64, weights: &[i64], shares: &mut [i64]) -> Result<()> {
    let weights: Vec<u64> = weights.iter().map(|weight| weight.unsigned_abs()).collect();
    let allocation = Allocate { total, weights: &weights, ..Allocate::default() }.run()?;
    shares.copy_from_slice(&allocation.shares);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(total: i64, weights: &[i64]) -> Vec<i64> {
        let mut shares = vec![-1; weights.len()];
        Splitter::default().split(total, weights, &mut shares).unwrap();
        shares
    }

    proptest! {
        #[test]
        fn equal_to_allocate(
            bits in 1_u32..62,
            seed in proptest::collection::vec(any::<u32>(), 1..40),
            total in 0_i64..i64::MAX / 8,
        ) {
            let weights: Vec<i64> =
                seed.iter().map(|part| (i64::from(*part) << 30 | i64::from(*part)) >> (62 - bits) >> 6).collect();
            let total = total >> (62 - bits);
            let unsigned: Vec<u64> = weights.iter().map(|weight| weight.unsigned_abs()).collect();
            prop_assume!(weights.iter().sum::<i64>() > 0);
            prop_assert_eq!(split(total, &weights), crate::money::allocate(total, &unsigned).unwrap());
        }
    }

    #[test]
    fn the_widest_cart() {
        let weights = vec![1; 4096];
        let shares = split(4095, &weights);
        assert_eq!((shares[4094], shares[4095]), (1, 0));
        assert_eq!(split(i64::MAX, &[i64::MAX / 2, i64::MAX / 2]), [i64::MAX / 2 + 1, i64::MAX / 2]);
    }
}
