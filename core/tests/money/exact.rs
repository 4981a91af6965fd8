//! The naive arithmetic: what the pages of the project say, in big rationals.

use super::{Arithmetic, Split};
use crate::naive::number::{Q, big, rate, round, whole};
use fenrun::money::Rounding;
use num_bigint::BigInt;
use num_traits::{Signed, Zero};

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slip {
    /// What the floors leave over is nobody's.
    RestLost,
    /// Left-over units go to the first shares, weights of zero too.
    RestToFirst,
    /// Left-over units go to the largest weights.
    RestToLargest,
    /// Every share is rounded half away by itself.
    EachRounded,
    /// The last share takes what the others leave.
    LastTakesRest,
    /// Floors of a negative total go down, not toward zero.
    FloorsGoDown,
    /// Ties are decided by the place, not by the id.
    TiesByPlace,
    /// Left-over units go to the smallest remainders.
    SmallestRemainder,
    /// Caps are not read.
    CapsIgnored,
    /// What is above a cap is cut off and forgotten.
    CutOffLost,
    /// What is above a cap goes to the first share.
    CutOffToFirst,
    /// What no share could take is not reported.
    UnallocatedHidden,
    /// Caps bind the magnitude of positive totals only.
    CapsUnsigned,
    /// Each part of the units is rounded down by itself.
    PartsRounded,
    /// The start of a part is rounded up.
    StartRoundedUp,
    /// The first unit is counted twice.
    UnitCountedTwice,
    /// The last unit is never counted.
    LastUnitLost,
    /// Every unit has the same floor.
    FlatPerUnit,
    /// Floor and one more, exact values too.
    OneTooMuch,
    /// Below zero as above it.
    SignForgotten,
    /// A half is always rounded away from zero.
    HalvesAway,
    /// Whatever is not zero counts as a half.
    AnythingIsAHalf,
    /// The whole part alone.
    Truncated,
    /// Even and odd are confused.
    EvenIsOdd,
    /// Per cents keep two decimals only.
    TwoDecimals,
    /// Basis points are read as per cents.
    PointsArePercents,
    /// A rate above one is one.
    RatesCapped,
    /// Amounts are divided before they are multiplied.
    DividedFirst,
}

/// The naive arithmetic, honest or with a slip.
pub(crate) struct Exact {
    slip: Option<Slip>,
}

impl Exact {
    pub(crate) const HONEST: Self = Self { slip: None };

    pub(crate) const fn with(slip: Slip) -> Self {
        Self { slip: Some(slip) }
    }

    fn slips(&self, slip: Slip) -> bool {
        self.slip == Some(slip)
    }

    /// Shares of a magnitude by weights of which one is above zero: floors, then one unit each to the
    /// largest remainders, ties to the lowest id, then to the first.
    fn by_remainder(&self, magnitude: &BigInt, weights: &[u64], ids: &[u64]) -> Vec<BigInt> {
        let sum: BigInt = weights.iter().map(|weight| big(*weight)).sum();
        let exact = |weight: &u64| Q::new(magnitude * big(*weight), sum.clone());
        let exact: Vec<Q> = weights.iter().map(exact).collect();
        let mut shares: Vec<BigInt> = exact.iter().map(|share| share.floor().to_integer()).collect();
        if self.slips(Slip::EachRounded) {
            return exact.iter().map(|share| round(share, "half_away")).collect();
        }
        let mut order: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0).collect();
        match self.slip {
            Some(Slip::RestLost) => order.clear(),
            Some(Slip::RestToFirst) => order = (0..weights.len()).collect(),
            Some(Slip::RestToLargest) => order.sort_by_key(|at| (std::cmp::Reverse(weights[*at]), *at)),
            Some(Slip::LastTakesRest) => order = vec![weights.len() - 1],
            Some(Slip::SmallestRemainder) => order.sort_by_key(|at| exact[*at].fract()),
            Some(Slip::TiesByPlace) => order.sort_by_key(|at| (-exact[*at].fract(), *at)),
            _ => order.sort_by_key(|at| (-exact[*at].fract(), ids[*at], *at)),
        }
        let mut rest = magnitude - shares.iter().sum::<BigInt>();
        for at in order.iter().cycle() {
            if rest.is_zero() {
                break;
            }
            shares[*at] += 1;
            rest -= 1;
        }
        shares
    }

    /// Whoever's exact share reaches the cap has the cap, and the rest is shared among the others, until
    /// nobody reaches it.
    fn below_caps(&self, magnitude: &BigInt, split: &Split, caps: &[BigInt]) -> (Vec<BigInt>, BigInt) {
        let mut open: Vec<u64> = split.weights.clone();
        let mut shares = vec![big(0); open.len()];
        let mut left = magnitude.clone();
        loop {
            let sum: BigInt = open.iter().map(|weight| big(*weight)).sum();
            if sum.is_zero() || left.is_zero() {
                return (shares, left);
            }
            let full: Vec<usize> = (0..open.len())
                .filter(|at| {
                    open[*at] > 0 && Q::new(&left * big(open[*at]), sum.clone()) >= whole(caps[*at].clone())
                })
                .collect();
            if full.is_empty() {
                let rest = self.by_remainder(&left, &open, &split.ids);
                shares.iter_mut().zip(rest).for_each(|(share, more)| *share += more);
                return (shares, big(0));
            }
            for at in full {
                shares[at] = caps[at].clone();
                left -= &caps[at];
                open[at] = 0;
            }
        }
    }

    fn capped(&self, magnitude: &BigInt, split: &Split, caps: &[i64]) -> (Vec<BigInt>, BigInt) {
        let caps: Vec<BigInt> = caps.iter().map(|cap| big(*cap)).collect();
        let free = || self.by_remainder(magnitude, &split.weights, &split.ids);
        let cut = || {
            free().iter().zip(&caps).map(|(share, cap)| share.clone().min(cap.clone())).collect::<Vec<_>>()
        };
        match self.slip {
            Some(Slip::CapsIgnored) => (free(), big(0)),
            Some(Slip::CapsUnsigned) if split.total < 0 => (free(), big(0)),
            Some(Slip::CutOffLost) => (cut(), big(0)),
            Some(Slip::CutOffToFirst) => {
                let mut shares = cut();
                let lost = magnitude - shares.iter().sum::<BigInt>();
                shares[0] += lost;
                (shares, big(0))
            }
            Some(Slip::UnallocatedHidden) => (self.below_caps(magnitude, split, &caps).0, big(0)),
            _ => self.below_caps(magnitude, split, &caps),
        }
    }

    fn rounded(&self, exact: &Q, mode: Rounding) -> BigInt {
        let mode = mode.name();
        match self.slip {
            Some(Slip::OneTooMuch) => exact.floor().to_integer() + 1,
            Some(Slip::SignForgotten) if exact.is_negative() => -round(&-exact, mode),
            Some(Slip::HalvesAway) if mode.starts_with("half") => round(exact, "half_away"),
            Some(Slip::AnythingIsAHalf) if mode.starts_with("half") && !exact.is_integer() => {
                round(&(exact.floor() + Q::new(big(1), big(2))), mode)
            }
            Some(Slip::Truncated) => exact.to_integer(),
            Some(Slip::EvenIsOdd) if mode == "half_even" => round(exact, "half_odd"),
            _ => round(exact, mode),
        }
    }
}

impl Arithmetic for Exact {
    fn allocate(&self, split: &Split) -> (Vec<i64>, i64) {
        let magnitude = big(split.total).abs();
        let (mut shares, mut rest) = match &split.caps {
            Some(caps) => self.capped(&magnitude, split, caps),
            None => (self.by_remainder(&magnitude, &split.weights, &split.ids), big(0)),
        };
        if split.total < 0 {
            shares.iter_mut().for_each(|share| *share = -&*share);
            rest = -rest;
            if self.slips(Slip::FloorsGoDown) {
                shares[0] -= 1;
                *shares.last_mut().expect("a share") += 1;
            }
        }
        (shares.into_iter().map(narrow).collect(), narrow(rest))
    }

    fn telescope(&self, total: i64, from: u64, to: u64, units: u64) -> i64 {
        let up_to = |unit: u64| Q::new(big(total) * big(unit), big(units));
        let down = |unit: u64| round(&up_to(unit), "down");
        narrow(match self.slip {
            Some(Slip::PartsRounded) => round(&(up_to(to) - up_to(from)), "down"),
            Some(Slip::StartRoundedUp) => down(to) - round(&up_to(from), "up"),
            Some(Slip::UnitCountedTwice) => down(to) - down(from.saturating_sub(1)),
            Some(Slip::LastUnitLost) if to == units => down(to - 1) - down(from.min(to - 1)),
            Some(Slip::FlatPerUnit) => round(&up_to(1), "down") * big(to - from),
            _ => down(to) - down(from),
        })
    }

    fn round(&self, numerator: i64, denominator: i64, mode: Rounding) -> i64 {
        narrow(self.rounded(&Q::new(big(numerator), big(denominator)), mode))
    }

    fn share(&self, text: &str, minor: i64, mode: Rounding) -> i64 {
        let mut share = match (self.slip, text.strip_suffix("bp")) {
            (Some(Slip::PointsArePercents), Some(points)) => rate(&format!("{points}%")),
            _ => rate(text),
        };
        if self.slips(Slip::TwoDecimals) {
            share = Q::new(round(&(share * whole(10_000)), "down"), big(10_000));
        }
        if self.slips(Slip::RatesCapped) {
            share = share.min(whole(1));
        }
        if self.slips(Slip::DividedFirst) {
            return narrow(big(minor) / share.denom() * share.numer());
        }
        narrow(self.rounded(&(share * whole(minor)), mode))
    }

    fn respell(&self, text: &str) -> String {
        let share = rate(text);
        format!("{}/{}", share.numer(), share.denom())
    }
}

fn narrow(value: BigInt) -> i64 {
    i64::try_from(value).expect("64 bits")
}
