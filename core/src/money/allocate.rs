//! Splitting an amount into parts that sum to it exactly.

use super::{MoneyError, Rounding, narrow};
use std::cmp::Reverse;

/// How left-over minor units are placed. Only [`AllocationMode::LargestRemainder`] keeps every law of
/// this crate; the others reproduce what existing shops do, for migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum AllocationMode {
    /// Hamilton's method: floors, then one unit each to the largest remainders; ties by id.
    #[default]
    LargestRemainder,
    /// Floors, then one unit each to the first shares, zero weights too (numscript, brick/money).
    FirstShares,
    /// Every share but the last rounded alone, the last takes the rest (ruoyi floors, Saleor
    /// `half_even`, likeshop `half_away`).
    LastTakesRest(Rounding),
    /// Floors, then one unit each to the largest weights, zero weights never (dinero.js).
    LargestWeightFirst,
    /// Every share rounded half toward zero, then one unit each to or from the first keys (Sylius).
    FirstKeys,
}

impl AllocationMode {
    /// The names in data, in the order of the numbers that C gives them.
    pub const NAMES: [&'static str; 5] =
        ["largest_remainder", "first_shares", "last_takes_rest", "largest_weight_first", "first_keys"];

    /// The mode with this name in data; `last_takes_rest` reads its rounding (default `floor`).
    ///
    /// # Errors
    /// [`MoneyError::UnknownWord`] lists the known names.
    pub fn parse(name: &str, share_round: Option<Rounding>) -> Result<Self, MoneyError> {
        let found = Self::NAMES.iter().position(|known| *known == name);
        let mode = found.and_then(|number| Self::numbered(number, share_round.unwrap_or(Rounding::Floor)));
        mode.ok_or_else(|| MoneyError::UnknownWord {
            word: name.into(),
            what: "an allocation mode",
            known: Self::NAMES.join(", "),
        })
    }

    /// The mode at a place of [`AllocationMode::NAMES`].
    #[must_use]
    pub const fn numbered(number: usize, share_round: Rounding) -> Option<Self> {
        Some(match number {
            0 => Self::LargestRemainder,
            1 => Self::FirstShares,
            2 => Self::LastTakesRest(share_round),
            3 => Self::LargestWeightFirst,
            4 => Self::FirstKeys,
            _ => return None,
        })
    }
}

/// What to allocate and under which rules; fill what you need, the rest is [`Default`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocate<'a> {
    /// The amount in minor units; a negative one mirrors the positive.
    pub total: i64,
    /// One weight a share; zero weights get nothing.
    pub weights: &'a [u64],
    /// The most each share may get, in magnitude; none means unlimited.
    pub caps: Option<&'a [i64]>,
    /// What decides ties, one id a share; none means the position.
    pub ids: Option<&'a [u64]>,
    /// How left-over units are placed.
    pub mode: AllocationMode,
}

/// Shares in the order of the weights, and what no share could take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// One share a weight; with [`Allocation::unallocated`] they sum to the total.
    pub shares: Vec<i64>,
    /// What the caps left over, with the sign of the total.
    pub unallocated: i64,
}

/// Splits `total` by `weights` with largest remainders: the sum is exact, zero weight gets zero, and
/// `allocate(-x) == -allocate(x)`.
///
/// # Errors
/// [`MoneyError::NoWeights`] without weights; [`MoneyError::ZeroWeights`] when all weights are zero and
/// the total is not.
///
/// ```
/// use fenrun::money::allocate;
/// assert_eq!(allocate(1000, &[1, 1, 1])?, [334, 333, 333]);
/// assert_eq!(allocate(-5, &[7, 3])?, [-4, -1]);
/// # Ok::<(), fenrun::money::MoneyError>(())
/// ```
pub fn allocate(total: i64, weights: &[u64]) -> Result<Vec<i64>, MoneyError> {
    Ok(Allocate { total, weights, ..Allocate::default() }.run()?.shares)
}

/// The share of units `from..to` of `units` in a total: `⌊total·to/units⌋ − ⌊total·from/units⌋`.
///
/// Any sequence of parts that covers `0..units` sums to the total. A negative total mirrors.
///
/// # Errors
/// [`MoneyError::InvalidValue`] unless `from ≤ to ≤ units` and `units > 0`.
///
/// ```
/// use fenrun::money::telescope;
/// let parts = [telescope(200, 0, 1, 3)?, telescope(200, 1, 2, 3)?, telescope(200, 2, 3, 3)?];
/// assert_eq!(parts, [66, 67, 67]);
/// # Ok::<(), fenrun::money::MoneyError>(())
/// ```
pub fn telescope(total: i64, from: u64, to: u64, units: u64) -> Result<i64, MoneyError> {
    if from > to || to > units || units == 0 {
        return Err(MoneyError::InvalidValue(format!(
            "units {from}..{to} of {units}: a part starts at or before its end and ends within the units"
        )));
    }
    let cumulative =
        |upto: u64| Rounding::Down.divide(i128::from(total) * i128::from(upto), i128::from(units));
    narrow(cumulative(to) - cumulative(from), || format!("units {from}..{to} of {total}"))
}

impl Allocate<'_> {
    /// Runs the allocation.
    ///
    /// # Errors
    /// [`MoneyError::NoWeights`], [`MoneyError::ZeroWeights`], [`MoneyError::LengthMismatch`],
    /// [`MoneyError::NegativeCap`], or [`MoneyError::InvalidValue`] when caps meet a compatibility mode.
    pub fn run(self) -> Result<Allocation, MoneyError> {
        self.check()?;
        let magnitude = u128::from(self.total.unsigned_abs());
        let (shares, rest) = if self.total == 0 {
            (vec![0; self.weights.len()], 0)
        } else if let Some(caps) = self.caps {
            self.fill(magnitude, caps)
        } else {
            (self.split(magnitude, self.weights), 0)
        };
        let signed = |value: i128| {
            narrow(if self.total < 0 { -value } else { value }, || format!("a share of {}", self.total))
        };
        Ok(Allocation {
            shares: shares.into_iter().map(signed).collect::<Result<_, _>>()?,
            unallocated: signed(rest)?,
        })
    }

    fn check(&self) -> Result<(), MoneyError> {
        let (total, wanted) = (self.total, self.weights.len());
        if wanted == 0 {
            return Err(MoneyError::NoWeights { total });
        }
        if total != 0 && self.weights.iter().all(|weight| *weight == 0) {
            return Err(MoneyError::ZeroWeights { total });
        }
        for (what, got) in [("caps", self.caps.map(<[_]>::len)), ("ids", self.ids.map(<[_]>::len))] {
            if let Some(got) = got.filter(|got| *got != wanted) {
                return Err(MoneyError::LengthMismatch { what, got, wanted });
            }
        }
        if let Some(caps) = self.caps {
            if self.mode != AllocationMode::LargestRemainder {
                return Err(MoneyError::InvalidValue("caps go with the mode largest_remainder only".into()));
            }
            if let Some(position) = caps.iter().position(|cap| *cap < 0) {
                return Err(MoneyError::NegativeCap { cap: caps[position], position });
            }
        }
        Ok(())
    }

    /// Water-filling: whoever's exact share reaches the cap gets the cap, the rest is shared again.
    fn fill(&self, magnitude: u128, caps: &[i64]) -> (Vec<i128>, i128) {
        let mut open = self.weights.to_vec();
        let mut shares = vec![0_i128; open.len()];
        let mut left = magnitude;
        loop {
            let sum: u128 = open.iter().copied().map(u128::from).sum();
            if sum == 0 || left == 0 {
                return (shares, signed(left));
            }
            let at_start = left;
            let mut capped = false;
            for (position, cap) in caps.iter().enumerate() {
                let cap = u128::from(cap.unsigned_abs());
                if open[position] > 0 && at_start * u128::from(open[position]) >= cap * sum {
                    shares[position] = signed(cap);
                    left -= cap;
                    open[position] = 0;
                    capped = true;
                }
            }
            if !capped {
                for (share, part) in shares.iter_mut().zip(self.split(left, &open)) {
                    *share += part;
                }
                return (shares, 0);
            }
        }
    }

    /// Splits a magnitude by weights of which at least one is positive.
    fn split(&self, magnitude: u128, weights: &[u64]) -> Vec<i128> {
        let sum: u128 = weights.iter().copied().map(u128::from).sum();
        // 63-bit total times 64-bit weight fits 127 bits.
        let exact = |weight: u64| magnitude * u128::from(weight);
        let rounded = |weight: u64, mode: Rounding| mode.divide(signed(exact(weight)), signed(sum));
        let floors =
            || weights.iter().map(|weight| signed(divide(exact(*weight), sum).0)).collect::<Vec<_>>();
        match self.mode {
            AllocationMode::LargestRemainder => {
                let mut order = Vec::with_capacity(weights.len());
                let floor = |(at, weight): (usize, &u64)| {
                    let (floor, remainder) = divide(exact(*weight), sum);
                    if *weight > 0 {
                        order.push((Reverse(remainder), self.ids.map_or(0, |ids| ids[at]), at));
                    }
                    signed(floor)
                };
                let floors = weights.iter().enumerate().map(floor).collect();
                order.sort_unstable();
                settle(floors, magnitude, order.iter().map(|(_, _, at)| *at))
            }
            AllocationMode::FirstShares => settle(floors(), magnitude, 0..weights.len()),
            AllocationMode::LargestWeightFirst => {
                let mut order: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0).collect();
                order.sort_by_key(|at| (Reverse(weights[*at]), *at));
                settle(floors(), magnitude, order.iter().copied())
            }
            AllocationMode::FirstKeys => {
                let shares = weights.iter().map(|weight| rounded(*weight, Rounding::HalfToZero)).collect();
                settle(shares, magnitude, 0..weights.len())
            }
            AllocationMode::LastTakesRest(mode) => {
                let mut shares: Vec<i128> = weights.iter().map(|weight| rounded(*weight, mode)).collect();
                if let Some((last, others)) = shares.split_last_mut() {
                    *last = signed(magnitude) - others.iter().sum::<i128>();
                }
                shares
            }
        }
    }
}

/// Adds or takes one unit each, in `order` and round again, until the shares sum to the magnitude.
fn settle(mut shares: Vec<i128>, magnitude: u128, order: impl Iterator<Item = usize> + Clone) -> Vec<i128> {
    let mut missing = signed(magnitude) - shares.iter().sum::<i128>();
    let step = missing.signum();
    for at in order.cycle() {
        if missing == 0 {
            break;
        }
        shares[at] += step;
        missing -= step;
    }
    shares
}

/// Quotient and remainder. Nearly all numbers fit 64 bits, which are divided several times as fast.
fn divide(number: u128, by: u128) -> (u128, u128) {
    match (u64::try_from(number), u64::try_from(by)) {
        (Ok(number), Ok(by)) => (u128::from(number / by), u128::from(number % by)),
        _ => (number / by, number % by),
    }
}

/// Magnitudes here stay below 2^127: a 63-bit total times a 64-bit weight.
fn signed(value: u128) -> i128 {
    i128::try_from(value).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lowest_id() {
        let run = |ids: Option<&[u64]>| {
            Allocate { total: 1, weights: &[1, 1], ids, ..Allocate::default() }.run().unwrap().shares
        };
        assert_eq!(run(None), [1, 0]);
        assert_eq!(run(Some(&[9, 3])), [0, 1]);
    }

    #[test]
    fn extremes_fit() {
        assert_eq!(allocate(i64::MAX, &[u64::MAX, 0]).unwrap(), [i64::MAX, 0]);
        assert_eq!(allocate(i64::MIN, &[3]).unwrap(), [i64::MIN]);
        let halves = allocate(i64::MIN, &[u64::MAX, u64::MAX]).unwrap();
        assert_eq!(halves, [i64::MIN / 2, i64::MIN / 2]);
        assert_eq!(telescope(i64::MIN, 0, u64::MAX, u64::MAX).unwrap(), i64::MIN);
        let capped = Allocate {
            total: i64::MAX,
            weights: &[u64::MAX; 2],
            caps: Some(&[i64::MAX, 5]),
            ..Allocate::default()
        };
        assert_eq!(capped.run().unwrap().shares, [i64::MAX - 5, 5]);
    }

    #[test]
    fn refusals_name_the_rule() {
        assert!(matches!(allocate(1, &[]), Err(MoneyError::NoWeights { .. })));
        assert!(matches!(allocate(1, &[0, 0]), Err(MoneyError::ZeroWeights { total: 1 })));
        assert_eq!(allocate(0, &[0, 0]).unwrap(), [0, 0]);
        assert!(telescope(10, 2, 1, 3).is_err());
        assert!(telescope(10, 0, 4, 3).is_err());
        assert!(telescope(10, 0, 0, 0).is_err());
    }
}
