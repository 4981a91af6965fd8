//! Exact numbers: rates as rationals, the ten rounding modes from their names.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// An exact rational of any size.
pub(crate) type Q = BigRational;

/// A whole number of any size.
pub(crate) fn big(value: impl Into<BigInt>) -> BigInt {
    value.into()
}

/// A whole number as a rational.
pub(crate) fn whole(value: impl Into<BigInt>) -> Q {
    Q::from_integer(value.into())
}

/// Ten to a power.
pub(crate) fn power_of_ten(exponent: usize) -> BigInt {
    num_traits::pow(big(10), exponent)
}

/// Reads `"5%"`, `"30bp"`, `"0.05"` or `"1/20"`.
pub(crate) fn rate(text: &str) -> Q {
    let number = |text: &str| -> Q {
        let (above, below) = text.split_once('.').unwrap_or((text, ""));
        let digits: BigInt = format!("{above}{below}").parse().expect("digits");
        Q::new(digits, power_of_ten(below.len()))
    };
    if let Some(percent) = text.strip_suffix('%') {
        number(percent) / whole(100)
    } else if let Some(points) = text.strip_suffix("bp") {
        number(points) / whole(10_000)
    } else if let Some((above, below)) = text.split_once('/') {
        number(above) / number(below)
    } else {
        number(text)
    }
}

/// Rounds to a whole number by the mode of this name.
pub(crate) fn round(exact: &Q, mode: &str) -> BigInt {
    let floor = exact.floor().to_integer();
    if exact.is_integer() {
        return floor;
    }
    let ceil = &floor + BigInt::one();
    let (to_zero, away) =
        if exact.is_negative() { (ceil.clone(), floor.clone()) } else { (floor.clone(), ceil.clone()) };
    let (even, odd) = if (&floor % big(2)).is_zero() {
        (floor.clone(), ceil.clone())
    } else {
        (ceil.clone(), floor.clone())
    };
    let at_half = match mode {
        "down" => return to_zero,
        "up" => return away,
        "floor" => return floor,
        "ceil" => return ceil,
        "half_to_zero" => to_zero,
        "half_away" => away,
        "half_even" => even,
        "half_odd" => odd,
        "half_floor" => floor.clone(),
        "half_ceil" => ceil.clone(),
        other => panic!("no rounding mode is called {other}"),
    };
    let fraction = exact - whole(floor.clone());
    match fraction.cmp(&Q::new(big(1), big(2))) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Equal => at_half,
        std::cmp::Ordering::Greater => ceil,
    }
}

/// Rounds a share to a number of decimals.
pub(crate) fn round_to(share: &Q, decimals: usize, mode: &str) -> Q {
    let scale = power_of_ten(decimals);
    Q::new(round(&(share * whole(scale.clone())), mode), scale)
}

/// Largest remainders: floors, then one more for the largest fractions, those in front first.
pub(crate) fn allocate(total: &BigInt, weights: &[BigInt]) -> Vec<BigInt> {
    let sum: BigInt = weights.iter().sum();
    let exact: Vec<Q> = weights.iter().map(|weight| whole(total * weight) / whole(sum.clone())).collect();
    let mut parts: Vec<BigInt> = exact.iter().map(|part| part.floor().to_integer()).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(&exact[*at] - whole(parts[*at].clone())));
    let mut rest = total - parts.iter().sum::<BigInt>();
    for at in order {
        if rest.is_positive() {
            parts[at] += 1;
            rest -= 1;
        }
    }
    parts
}
