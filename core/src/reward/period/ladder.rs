//! Volume ladders: the rate of a volume, and what a whole team is entitled to, telescoped over the tree.

use super::tree::Tree;
use crate::error::{Error, Result};
use crate::money::{Rate, Rounding, narrow, overflow};
use crate::reward::commission::Exact;
use crate::reward::plan::{LadderShape, Step};
use crate::sale::Pay;

/// A volume with those of the root it stands below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What is paid of.
    pub of: i64,
    /// What the ladder is read with.
    pub by: i64,
    /// What the ladder is read with of the root's whole team.
    pub root_by: i64,
}

/// What a holding is entitled to, `Π`, rounded once.
///
/// # Errors
/// [`Code::Overflow`](crate::Code::Overflow).
pub fn entitlement(shape: &LadderShape, holding: Holding, mode: Rounding) -> Result<i64> {
    match shape {
        LadderShape::Whole(steps) => Ok(rate_at(steps, holding.by).of(holding.of, mode)?),
        LadderShape::Marginal(_) => {
            let mut sum = Exact::ZERO;
            for (rate, part) in shape.marginal(holding.of) {
                sum.add(Pay::Share(rate), part, 1)?;
            }
            sum.round(mode)
        }
        LadderShape::Polynomial(coefficients) => polynomial(coefficients, holding, mode),
    }
}

/// The rate a volume reached; zero below the first step.
pub(super) fn rate_at(steps: &[Step], by: i64) -> Rate {
    let reached = steps.partition_point(|step| step.from <= by);
    reached.checked_sub(1).map_or(Rate::ZERO, |last| steps[last].rate)
}

/// `of · Σ cₖ (by / root)^(k − 1)` by Horner's rule over one denominator.
fn polynomial(coefficients: &[Rate], holding: Holding, mode: Rounding) -> Result<i64> {
    if holding.of == 0 || holding.root_by == 0 {
        return Ok(0);
    }
    let too_wide = || Error::from(overflow("the entitlement of a lottery tree"));
    let divisor = gcd(holding.by.into(), holding.root_by.into());
    let (x, root) = (i128::from(holding.by) / divisor, i128::from(holding.root_by) / divisor);
    let (mut above, mut below) = (0_i128, 1_i128);
    for rate in coefficients.iter().rev() {
        // (above / below) · x / root + rate
        let (a, b) =
            (above.checked_mul(x).ok_or_else(too_wide)?, below.checked_mul(root).ok_or_else(too_wide)?);
        let denominator = i128::from(rate.denominator());
        let left = a.checked_mul(denominator).ok_or_else(too_wide)?;
        let right = b.checked_mul(rate.numerator().into()).ok_or_else(too_wide)?;
        above = left.checked_add(right).ok_or_else(too_wide)?;
        below = b.checked_mul(denominator).ok_or_else(too_wide)?;
        let divisor = gcd(above, below).max(1);
        (above, below) = (above / divisor, below / divisor);
    }
    let numerator = above.checked_mul(holding.of.into()).ok_or_else(too_wide)?;
    narrow(mode.divide(numerator, below), || "the entitlement of a lottery tree".into()).map_err(Error::from)
}

const fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Each member's own part: their team's entitlement less those of the teams directly below.
///
/// Those for whom `absent` says so are looked through: they take nothing, and those directly below them
/// count as below their parent.
pub(super) fn parts(tree: &Tree, entitled: &[i64], absent: impl Fn(usize) -> bool) -> Vec<i64> {
    let mut parts = vec![0; tree.len()];
    // What is taken within the team of each member, themselves included.
    let mut taken = vec![0_i64; tree.len()];
    for at in tree.children_first() {
        if !absent(at) {
            parts[at] = entitled[at] - taken[at];
            taken[at] = entitled[at];
        }
        taken[tree.parent(at)] += taken[at];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn steps(list: &[(i64, &str)]) -> Vec<Step> {
        list.iter().map(|(from, rate)| Step { from: *from, rate: rate.parse().unwrap() }).collect()
    }

    fn of(shape: &LadderShape, volume: i64, root: i64) -> i64 {
        entitlement(shape, Holding { of: volume, by: volume, root_by: root }, Rounding::Down).unwrap()
    }

    #[test]
    fn a_step_is_reached_at_its_threshold() {
        let whole = LadderShape::Whole(steps(&[(100, "3%"), (300, "6%")]));
        assert_eq!([99, 100, 299, 300].map(|volume| of(&whole, volume, 0)), [0, 3, 8, 18]);
        let marginal = LadderShape::Marginal(steps(&[(100, "10%"), (300, "20%")]));
        assert_eq!([99, 109, 110, 300, 400].map(|volume| of(&marginal, volume, 0)), [0, 0, 1, 20, 40]);
    }

    /// Pachira with β = 1/2 and δ = 1: x / 2 + x² / 2.
    #[test]
    fn a_polynomial_is_read_on_the_part_of_the_tree() {
        let pachira = LadderShape::Polynomial(vec!["1/2".parse().unwrap(), "1/2".parse().unwrap()]);
        assert_eq!([0, 800, 1600, 3200].map(|volume| of(&pachira, volume, 3200)), [0, 500, 1200, 3200]);
        let wide = LadderShape::Polynomial(vec!["1/999999999989".parse().unwrap(); 9]);
        let holding = Holding { of: i64::MAX, by: i64::MAX - 1, root_by: i64::MAX };
        assert_eq!(entitlement(&wide, holding, Rounding::Down).unwrap_err().code(), Code::Overflow);
    }

    /// Whoever is looked through takes nothing, and the next above takes it.
    #[test]
    fn parts_sum_to_the_roots() {
        // 1 ← 2 ← 3, 1 ← 4
        let tree = Tree::new("t", vec![0, 0, 1, 2, 1]).unwrap();
        let entitled = [0, 100, 40, 15, 20];
        assert_eq!(parts(&tree, &entitled, |_| false), [0, 40, 25, 15, 20]);
        assert_eq!(parts(&tree, &entitled, |at| at == 2), [0, 65, 0, 15, 20]);
        assert_eq!(parts(&tree, &entitled, |at| at == 1), [0, 0, 25, 15, 20]);
    }
}
