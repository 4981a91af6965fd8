//! Binary pairing: units of two legs are matched, the rest is carried or flushed.

use crate::error::{Code, Error, Result};
use crate::money::{Rate, Rounding, narrow, overflow};
use crate::reward::plan::{PairRate, Pairing, Unmatched};

/// The volume of two legs. Below zero it is a debt that later volume fills first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Legs {
    /// Of the first leg.
    pub left: i64,
    /// Of the second leg.
    pub right: i64,
}

/// The most a payee may still get, and what becomes of the pairs above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    /// Minor units.
    pub left: i64,
    /// Whether the volume of unpaid pairs stays for later; otherwise it is flushed.
    pub carries: bool,
}

/// What a match came to: `volume in = consumed + carried + flushed`, leg by leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Pairs that are paid, even in part.
    pub pairs: i64,
    /// What the pairs reached come to: paid ones and, unless they are carried, those above the headroom.
    pub reached: i64,
    /// What is paid of it.
    pub paid: i64,
    /// Volume of the pairs that are paid in full.
    pub consumed: Legs,
    /// Volume for later.
    pub carried: Legs,
    /// Volume that is gone.
    pub flushed: Legs,
}

impl Legs {
    /// The sum, leg by leg.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self> {
        let add = |a: i64, b: i64| {
            a.checked_add(b)
                .ok_or_else(|| Error::new(Code::Overflow, "the volume of a leg does not fit 64 bits"))
        };
        Ok(Self { left: add(self.left, other.left)?, right: add(self.right, other.right)? })
    }

    /// The difference, leg by leg.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub fn minus(self, other: Self) -> Result<Self> {
        let negated = (other.left.checked_neg(), other.right.checked_neg());
        let (Some(left), Some(right)) = negated else {
            return Err(Error::new(Code::Overflow, "the volume of a leg does not fit 64 bits"));
        };
        self.plus(Self { left, right })
    }

    /// Whether both legs are empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.left == 0 && self.right == 0
    }
}

/// How legs are matched.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    /// Ratios, unit and what becomes of unmatched volume.
    pub pairing: &'a Pairing,
    /// How amounts are rounded.
    pub mode: Rounding,
}

/// Pairs of one ratio.
#[derive(Clone, Copy)]
struct Run {
    ratio: PairRate,
    pairs: i64,
    left_is_strong: bool,
}

impl Pairs<'_> {
    /// Matches the legs of one member.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub fn run(self, legs: Legs, headroom: Option<Headroom>) -> Result<Matched> {
        let mut matched = Matched { carried: legs, ..Matched::default() };
        let mut open = headroom.map_or(i64::MAX, |headroom| headroom.left.max(0));
        let mut waiting = Legs::default();
        for run in self.runs(legs) {
            let pairs = run.pairs.min(self.affordable(run.ratio.rate, open));
            let stays = headroom.is_some_and(|headroom| headroom.carries);
            let reached = if stays { pairs } else { run.pairs };
            let amount = self.amount(run.ratio.rate, reached)?;
            let paid = amount.min(open);
            open -= paid;
            matched.pairs += pairs;
            matched.reached += amount;
            matched.paid += paid;
            let consumed = self.volume(&run, pairs)?;
            let burnt = self.volume(&run, reached - pairs)?;
            matched.consumed = matched.consumed.plus(consumed)?;
            matched.flushed = matched.flushed.plus(burnt)?;
            matched.carried = matched.carried.minus(consumed)?.minus(burnt)?;
            if pairs < reached.max(run.pairs) {
                // What a cap leaves for later is matched; nothing below it is paid before it.
                waiting = waiting.plus(self.volume(&run, run.pairs - reached)?)?;
                open = 0;
            }
        }
        if self.pairing.unmatched == Unmatched::Flush {
            let rest = matched.carried.minus(waiting)?;
            let unmatched = Legs { left: rest.left.max(0), right: rest.right.max(0) };
            matched.flushed = matched.flushed.plus(unmatched)?;
            matched.carried = matched.carried.minus(unmatched)?;
        }
        Ok(matched)
    }

    /// Higher ratios first: one applies when the strong leg has at least so many times the units of the
    /// weak one; the lowest always does.
    fn runs(self, legs: Legs) -> Vec<Run> {
        let mut units = (legs.left.max(0) / self.pairing.unit, legs.right.max(0) / self.pairing.unit);
        let mut runs = Vec::new();
        for (at, ratio) in self.pairing.rates.iter().enumerate() {
            let left_is_strong = units.0 >= units.1;
            let (strong, weak) = if left_is_strong { units } else { (units.1, units.0) };
            let reaches =
                i128::from(strong) * i128::from(ratio.weak) >= i128::from(weak) * i128::from(ratio.strong);
            let pairs = (strong / i64::from(ratio.strong)).min(weak / i64::from(ratio.weak));
            if pairs == 0 || !(reaches || at + 1 == self.pairing.rates.len()) {
                continue;
            }
            let (strong, weak) = (pairs * i64::from(ratio.strong), pairs * i64::from(ratio.weak));
            let (left, right) = if left_is_strong { (strong, weak) } else { (weak, strong) };
            units = (units.0 - left, units.1 - right);
            runs.push(Run { ratio: *ratio, pairs, left_is_strong });
        }
        runs
    }

    /// ⌊headroom / (unit · rate)⌋.
    fn affordable(self, rate: Rate, headroom: i64) -> i64 {
        let each = i128::from(self.pairing.unit) * i128::from(rate.numerator());
        if each == 0 || headroom == i64::MAX {
            return i64::MAX;
        }
        i64::try_from(i128::from(headroom) * i128::from(rate.denominator()) / each).unwrap_or(i64::MAX)
    }

    fn amount(self, rate: Rate, pairs: i64) -> Result<i64> {
        let units = pairs.checked_mul(self.pairing.unit).ok_or_else(|| overflow("the units of all pairs"))?;
        Ok(rate.of(units, self.mode)?)
    }

    fn volume(self, run: &Run, pairs: i64) -> Result<Legs> {
        let units = |each: u32| {
            let units = i128::from(pairs) * i128::from(each) * i128::from(self.pairing.unit);
            narrow(units, || "the volume of pairs".into())
        };
        let (strong, weak) = (units(run.ratio.strong)?, units(run.ratio.weak)?);
        let (left, right) = if run.left_is_strong { (strong, weak) } else { (weak, strong) };
        Ok(Legs { left, right })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn legs(left: i64, right: i64) -> Legs {
        Legs { left, right }
    }

    fn pairing(rates: &[(u32, u32, &str)], unmatched: Unmatched) -> Pairing {
        let rate = |(strong, weak, rate): &(u32, u32, &str)| PairRate {
            strong: *strong,
            weak: *weak,
            rate: rate.parse().unwrap(),
        };
        Pairing { rates: rates.iter().map(rate).collect(), tree: "placement".into(), unit: 200, unmatched }
    }

    fn run(pairing: &Pairing, legs: Legs, headroom: Option<Headroom>) -> Matched {
        Pairs { pairing, mode: Rounding::Down }.run(legs, headroom).unwrap()
    }

    /// genelet/mlm, README 2.4.
    #[test]
    fn the_higher_ratio_comes_first() {
        let both = pairing(&[(2, 1, "15%"), (1, 1, "10%")], Unmatched::Carry);
        let two = run(&both, legs(1000, 400), None);
        assert_eq!((two.paid, two.carried), (60, legs(200, 0)));
        let one = run(&both, legs(400, 500), None);
        assert_eq!((one.paid, one.carried), (40, legs(0, 100)));
        // The lowest ratio has no condition.
        let only = pairing(&[(2, 1, "15%")], Unmatched::Carry);
        assert_eq!(run(&only, legs(600, 400), None).carried, legs(200, 200));
    }

    #[test]
    fn a_cap_flushes_or_carries_what_it_leaves() {
        let plain = pairing(&[(1, 1, "10%")], Unmatched::Carry);
        let room = |carries| Some(Headroom { left: 70, carries });
        let flushed = run(&plain, legs(1000, 1300), room(false));
        assert_eq!((flushed.reached, flushed.paid, flushed.pairs), (100, 70, 3));
        assert_eq!((flushed.flushed, flushed.carried), (legs(400, 400), legs(0, 300)));
        let carried = run(&plain, legs(1000, 1300), room(true));
        assert_eq!((carried.reached, carried.paid), (60, 60));
        assert_eq!((carried.flushed, carried.carried), (legs(0, 0), legs(400, 700)));
        let plain = pairing(&[(1, 1, "10%")], Unmatched::Flush);
        let waiting = run(&plain, legs(1000, 1300), room(true));
        assert_eq!((waiting.flushed, waiting.carried), (legs(0, 300), legs(400, 400)));
        let debt = run(&plain, legs(-50, 900), None);
        assert_eq!((debt.paid, debt.flushed, debt.carried), (0, legs(0, 900), legs(-50, 0)));
    }
}
