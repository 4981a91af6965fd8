//! The laws themselves.

use super::{Arithmetic, Exact, Slip, Split};
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::generate::Dice;
use crate::naive::number::{Q, big, rate, whole};
use fenrun::money::Rounding;
use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use std::collections::BTreeMap;

type MoneyLaw = Law<dyn Arithmetic, Slip>;

/// L2: shares sum to the total, lie within one unit of the exact share, are zero for a weight of zero, mirror
/// with the total, go to the largest remainders, and follow the ids, not the places.
pub(crate) const ALLOCATION: MoneyLaw = Law {
    name: "L2 allocation",
    holds: allocation,
    suspects: &[
        Slip::RestLost,
        Slip::RestToFirst,
        Slip::RestToLargest,
        Slip::EachRounded,
        Slip::LastTakesRest,
        Slip::FloorsGoDown,
        Slip::TiesByPlace,
        Slip::SmallestRemainder,
    ],
};

fn allocation(who: &dyn Arithmetic, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let split = Split { caps: None, ..split(&mut dice) };
    let (shares, unallocated) = who.allocate(&split);
    let at_fault = || format!("{split:?}: {shares:?} and {unallocated}");
    need(unallocated == 0, at_fault)?;
    need(sum(&shares) == big(split.total), at_fault)?;
    let weights: BigInt = split.weights.iter().map(|weight| big(*weight)).sum();
    let mut bumped = Vec::new();
    let mut floored = Vec::new();
    for (share, weight) in shares.iter().zip(&split.weights) {
        need(*weight > 0 || *share == 0, at_fault)?;
        let exact = Q::new(big(split.total) * big(*weight), weights.clone());
        need((whole(*share) - &exact).abs() < whole(1), at_fault)?;
        let rest = exact.abs().fract();
        if whole(*share).abs() > exact.abs() {
            bumped.push(rest);
        } else if *weight > 0 {
            floored.push(rest);
        }
    }
    need(bumped.iter().min().is_none_or(|least| floored.iter().all(|rest| rest <= least)), at_fault)?;
    let mirrored = Split { total: -split.total, ..split.clone() };
    let negated: Vec<i64> = shares.iter().map(|share| -share).collect();
    need(who.allocate(&mirrored) == (negated, 0), at_fault)?;
    let turned = turned(&split);
    let by_id = |split: &Split, shares: &[i64]| {
        split.ids.iter().copied().zip(shares.iter().copied()).collect::<BTreeMap<_, _>>()
    };
    need(by_id(&turned, &who.allocate(&turned).0) == by_id(&split, &shares), at_fault)?;
    Ok(Bearing::Tested)
}

/// L2 with caps: nobody is above their cap, nothing is lost, and something is left over only when every
/// share with a weight is at its cap.
pub(crate) const CAPS: MoneyLaw = Law {
    name: "L2 caps",
    holds: caps,
    suspects: &[
        Slip::CapsIgnored,
        Slip::CutOffLost,
        Slip::CutOffToFirst,
        Slip::UnallocatedHidden,
        Slip::CapsUnsigned,
    ],
};

fn caps(who: &dyn Arithmetic, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let split = split(&mut dice);
    let caps = split.caps.clone().expect("caps");
    let (shares, unallocated) = who.allocate(&split);
    let at_fault = || format!("{split:?}: {shares:?} and {unallocated}");
    need(sum(&shares) + big(unallocated) == big(split.total), at_fault)?;
    let mut full = true;
    for ((share, cap), weight) in shares.iter().zip(&caps).zip(&split.weights) {
        need(share.abs() <= *cap && share.signum() * split.total.signum() >= 0, at_fault)?;
        need(*weight > 0 || *share == 0, at_fault)?;
        full &= *weight == 0 || share.abs() == *cap;
    }
    need(unallocated == 0 || full, at_fault)?;
    need(unallocated.signum() * split.total.signum() >= 0, at_fault)?;
    need(who.allocate(&split) == Exact::HONEST.allocate(&split), at_fault)?;
    Ok(Bearing::Tested)
}

/// Any parts that cover the units sum to the total; each prefix is rounded once, toward zero; a negative
/// total mirrors.
pub(crate) const TELESCOPE: MoneyLaw = Law {
    name: "telescope",
    holds: telescope,
    suspects: &[
        Slip::PartsRounded,
        Slip::StartRoundedUp,
        Slip::UnitCountedTwice,
        Slip::LastUnitLost,
        Slip::FlatPerUnit,
    ],
};

fn telescope(who: &dyn Arithmetic, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let total = amount(&mut dice);
    let units = u64::try_from(dice.between(1, 30)).expect("units");
    let (mut at, mut taken) = (0, big(0));
    while at < units {
        let step = dice.between(0, i64::try_from(units - at).expect("few"));
        let to = at + u64::try_from(step).expect("a step");
        let part = who.telescope(total, at, to, units);
        let at_fault = || format!("units {at}..{to} of {units} of {total}: {part}");
        need(part == -who.telescope(-total, at, to, units), at_fault)?;
        let exact = Q::new(big(total) * big(to - at), big(units));
        need((whole(part) - &exact).abs() < whole(1), at_fault)?;
        taken += part;
        need(taken == (big(total) * big(to)) / big(units), at_fault)?;
        at = to;
    }
    need(taken == big(total), || format!("{taken} of {total}"))?;
    Ok(Bearing::Tested)
}

/// A rounded value lies on the side its mode names, within one, and within a half for the modes that go to
/// the nearest; whole values stay; mirrored modes mirror; ties go where the name says.
pub(crate) const ROUNDING: MoneyLaw = Law {
    name: "rounding",
    holds: rounding,
    suspects: &[
        Slip::OneTooMuch,
        Slip::SignForgotten,
        Slip::HalvesAway,
        Slip::AnythingIsAHalf,
        Slip::Truncated,
        Slip::EvenIsOdd,
    ],
};

fn rounding(who: &dyn Arithmetic, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let denominator = *dice.pick(&[&1, &2, &3, &4, &10, &100, &999_983]);
    let numerator = if dice.one_in(2) { dice.between(-50, 50) } else { amount(&mut dice) };
    let exact = Q::new(big(numerator), big(denominator));
    let half = Q::new(big(1), big(2));
    for mode in Rounding::ALL {
        let rounded = who.round(numerator, denominator, *mode);
        let moved = whole(rounded) - &exact;
        let at_fault = || format!("{} of {exact} is {rounded}", mode.name());
        let tie = moved.abs() == half;
        let away = moved.is_positive() == exact.is_positive();
        let side = match mode {
            Rounding::Floor => !moved.is_positive(),
            Rounding::Ceil => !moved.is_negative(),
            Rounding::Down => moved.is_zero() || !away,
            Rounding::Up => moved.is_zero() || away,
            Rounding::HalfToZero => !tie || !away,
            Rounding::HalfAway => !tie || away,
            Rounding::HalfEven => !tie || rounded % 2 == 0,
            Rounding::HalfOdd => !tie || rounded % 2 != 0,
            Rounding::HalfFloor => !tie || moved.is_negative(),
            Rounding::HalfCeil => !tie || moved.is_positive(),
        };
        let most = if mode.name().starts_with("half") { &half } else { &whole(1) };
        let near = moved.abs() < whole(1) && moved.abs() <= *most;
        need(side && near, at_fault)?;
        let mirror = match mode {
            Rounding::Floor => Rounding::Ceil,
            Rounding::Ceil => Rounding::Floor,
            Rounding::HalfFloor => Rounding::HalfCeil,
            Rounding::HalfCeil => Rounding::HalfFloor,
            same => *same,
        };
        need(rounded == -who.round(-numerator, denominator, mirror), at_fault)?;
    }
    Ok(Bearing::Tested)
}

/// A rate's share is the exact product rounded once, whichever of its texts the rate is read from.
pub(crate) const RATES: MoneyLaw = Law {
    name: "rates",
    holds: rates,
    suspects: &[
        Slip::TwoDecimals,
        Slip::PointsArePercents,
        Slip::RatesCapped,
        Slip::DividedFirst,
        Slip::Truncated,
    ],
};

fn rates(who: &dyn Arithmetic, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let whole_part = dice.between(0, 300);
    let text = match dice.below(5) {
        0 => format!("{whole_part}bp"),
        1 => format!("{whole_part}%"),
        2 => format!("{whole_part}.{:03}%", dice.below(1_000)),
        3 => format!("0.{:06}", dice.below(1_000_000)),
        _ => format!("{whole_part}/{}", dice.between(1, 1_000)),
    };
    let minor = amount(&mut dice);
    let mode = *dice.pick(&Rounding::ALL.iter().collect::<Vec<_>>());
    let share = who.share(&text, minor, mode);
    let exact = rate(&text) * whole(minor);
    let at_fault = || format!("{text} of {minor} by {} is {share}", mode.name());
    need(big(share) == crate::naive::number::round(&exact, mode.name()), at_fault)?;
    let respelled = who.respell(&text);
    need(rate(&respelled) == rate(&text), || format!("{text} is written {respelled}"))?;
    need(who.share(&respelled, minor, mode) == share, || format!("{text} read from {respelled}"))?;
    Ok(Bearing::Tested)
}

fn sum(shares: &[i64]) -> BigInt {
    shares.iter().map(|share| big(*share)).sum()
}

/// From minus to plus 10^12, small ones more often.
fn amount(dice: &mut Dice) -> i64 {
    let magnitude = match dice.below(4) {
        0 => dice.below(5),
        1 => dice.below(100),
        2 => dice.below(100_000),
        _ => dice.below(1_000_000_000_001),
    };
    if dice.one_in(3) { -magnitude } else { magnitude }
}

/// One to eight weights, many of them equal, at least one above zero, with unlike ids.
fn split(dice: &mut Dice) -> Split {
    let count = dice.count(1, 8);
    let mut weights: Vec<u64> = (0..count)
        .map(|_| u64::try_from(*dice.pick(&[&0, &1, &1, &2, &3, &7, &100, &1_999])).expect("a weight"))
        .collect();
    if weights.iter().all(|weight| *weight == 0) {
        weights[0] = 1;
    }
    let total = amount(dice);
    let caps = (0..count).map(|_| dice.between(0, total.abs().max(4) / 2 + 1)).collect();
    let mut ids: Vec<u64> = (1..=u64::try_from(count).expect("few")).collect();
    ids.rotate_left(dice.below_count(count));
    Split { total, weights, caps: Some(caps), ids }
}

/// The same shares in another order of places.
fn turned(split: &Split) -> Split {
    let mut turned = split.clone();
    turned.weights.reverse();
    turned.ids.reverse();
    turned
}
