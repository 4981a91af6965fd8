//! What a rate is taken of, and what an amount comes to after rounding.

use super::number::{Q, big, round, whole};
use super::plan::{Per, Rule};
use super::sale::Line;
use super::{Fault, Mutation, Naive};
use num_bigint::BigInt;
use num_traits::{Signed, Zero};

/// A rate that was looked up: a share of the base, or minor units per unit sold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Rate {
    Share(Q),
    PerUnit(BigInt),
}

impl Rate {
    pub(crate) fn zero() -> Self {
        Self::Share(Q::zero())
    }

    /// A table holds shares only or integers only, so two of its rates compare by their numbers.
    pub(crate) fn size(&self) -> Q {
        match self {
            Self::Share(share) => share.clone(),
            Self::PerUnit(minor) => whole(minor.clone()),
        }
    }
}

impl Naive {
    /// `round((base + Σ plus − Σ less) · times)`, at least zero.
    pub(crate) fn base(self, rule: &Rule, line: &Line) -> Result<BigInt, Fault> {
        let of = &rule.of;
        let mut sum = self.component(line, &of.base)?;
        for name in &of.plus {
            sum += self.component(line, name)?;
        }
        for name in &of.less {
            sum -= self.component(line, name)?;
        }
        let base = round(&(whole(sum) * &of.times), &rule.mode);
        if self.planted(Mutation::AbsoluteBase) {
            return Ok(base.abs());
        }
        Ok(self.narrowed(base.max(big(0))))
    }

    /// What is left of a base in a register that is too narrow, or after an allowance nobody wrote.
    fn narrowed(self, base: BigInt) -> BigInt {
        if self.planted(Mutation::FirstThousandFree) {
            return (base - big(1_000)).max(big(0));
        }
        if self.planted(Mutation::Wraps32) {
            return base % (big(1) << 32);
        }
        if self.planted(Mutation::SinglePrecision) {
            let lost = base.bits().saturating_sub(24);
            return (base >> lost) << lost;
        }
        base
    }

    pub(super) fn component(self, line: &Line, name: &str) -> Result<BigInt, Fault> {
        let stated = |name: &str| line.components.get(name).cloned().ok_or(Fault::MissingComponent);
        match name {
            "quantity" => Ok(line.units.clone()),
            "margin" if self.planted(Mutation::MarginReversed) => Ok(stated("cost")? - stated("paid")?),
            "margin" => Ok(stated("paid")? - stated("cost")?),
            name => stated(name),
        }
    }

    /// What a rate per line comes to, for lines that are rounded together.
    pub(crate) fn worth(self, rule: &Rule, rated: &[(&Line, Rate)]) -> Result<BigInt, Fault> {
        let mut exact = Q::zero();
        let mut apart = big(0);
        for (line, rate) in rated {
            exact += match rate {
                Rate::PerUnit(minor) if self.planted(Mutation::FixedAmountsApart) => {
                    apart += minor * &line.units;
                    Q::zero()
                }
                Rate::PerUnit(minor) => whole(minor * &line.units),
                Rate::Share(_) if rule.per == Per::Unit && line.units.is_zero() => Q::zero(),
                Rate::Share(share) if rule.per == Per::Unit => {
                    let of_one = share * whole(self.base(rule, line)?) / whole(line.units.clone());
                    whole(self.rounded(&of_one, &rule.mode) * &line.units)
                }
                Rate::Share(share) => share * whole(self.base(rule, line)?),
            };
        }
        Ok(self.rounded(&exact, &rule.mode) + apart)
    }

    pub(super) fn rounded(self, exact: &Q, mode: &str) -> BigInt {
        if self.planted(Mutation::OneTooMuch) && exact.is_positive() {
            return round(exact, "floor") + big(1);
        }
        if self.planted(Mutation::WholeTens) {
            return round(&(exact / whole(10)), mode) * big(10);
        }
        round(exact, mode)
    }
}
