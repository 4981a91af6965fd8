//! How much of a SKU can be bought.

use crate::error::{Code, Error, Result};
use crate::id::SkuId;
use crate::words::counted;

/// How many units of a SKU one cart line may hold, and how many one customer may have in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuantityRule {
    /// The least a line may hold.
    pub min: u64,
    /// The most a line may hold; none means no limit.
    pub max: Option<u64>,
    /// Units of a line come in multiples of this.
    pub step: u64,
    /// The most one customer may buy, in all lines and with what was bought before; none means no limit.
    pub per_customer: Option<u64>,
}

impl Default for QuantityRule {
    fn default() -> Self {
        Self { min: 1, max: None, step: 1, per_customer: None }
    }
}

impl QuantityRule {
    /// Checks the units of one line.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] names the quantity and the rule.
    pub fn check(&self, sku: &SkuId, units: u64) -> Result<()> {
        let rule = if units == 0 || units < self.min {
            format!("at least {}", self.min.max(1))
        } else if units > self.most() {
            format!("at most {}", self.most())
        } else if units % self.step.max(1) != 0 {
            format!("multiples of {}", self.step)
        } else {
            return Ok(());
        };
        Err(Error::new(
            Code::InvalidCart,
            format!("SKU {sku}: {}; {rule} can be bought", counted(units, "unit")),
        ))
    }

    /// Checks what one customer would have of the SKU: `units` in all lines of the cart, and `bought` before.
    ///
    /// # Errors
    /// [`Code::InvalidCart`] names both quantities and the limit.
    pub fn check_customer(&self, sku: &SkuId, units: u64, bought: u64) -> Result<()> {
        match self.per_customer {
            Some(limit) if units.saturating_add(bought) > limit => {
                let rule = format!(
                    "SKU {sku}: {} and {bought} before; a customer may buy {limit}",
                    counted(units, "unit")
                );
                Err(Error::new(Code::InvalidCart, rule))
            }
            _ => Ok(()),
        }
    }

    /// The most units not above `wanted` that a line may hold, 0 when it may hold none.
    #[must_use]
    pub fn fit(&self, wanted: u64) -> u64 {
        let capped = wanted.min(self.most());
        let units = capped - capped % self.step.max(1);
        if units < self.min { 0 } else { units }
    }

    fn most(&self) -> u64 {
        self.max.unwrap_or(MAX_UNITS).min(MAX_UNITS)
    }

    /// Whether any quantity meets the rule, with the broken part as text.
    pub(super) fn satisfiable(&self) -> Result<(), String> {
        let Self { min, max, step, per_customer } = *self;
        if step == 0 {
            return Err("step 0; units come in multiples of at least 1".into());
        }
        let least = min.max(1).div_ceil(step).checked_mul(step);
        let most = self.most().min(per_customer.unwrap_or(MAX_UNITS));
        if least.is_none_or(|least| least > most) {
            let shown =
                |limit: Option<u64>| limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
            let (max, customer) = (shown(max), shown(per_customer));
            return Err(format!(
                "min {min}, max {max}, step {step}, per customer {customer}: no quantity fits"
            ));
        }
        Ok(())
    }
}

/// Counts are written as signed 64-bit integers.
const MAX_UNITS: u64 = i64::MAX.unsigned_abs();

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(min: u64, max: Option<u64>, step: u64, per_customer: Option<u64>) -> QuantityRule {
        QuantityRule { min, max, step, per_customer }
    }

    #[test]
    fn what_fits_is_the_most_that_passes_the_check() {
        let sku = SkuId::from(1);
        for min in 0..5 {
            for max in [None, Some(4), Some(9), Some(10)] {
                for step in 1..5 {
                    let rule = rule(min, max, step, None);
                    for wanted in 0..15 {
                        let best = (1..=wanted).rev().find(|units| rule.check(&sku, *units).is_ok());
                        assert_eq!(rule.fit(wanted), best.unwrap_or(0), "{rule:?} {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn quantities() {
        let rule = rule(2, Some(10), 4, None);
        let ok: Vec<u64> = (0..20).filter(|units| rule.check(&SkuId::from(1), *units).is_ok()).collect();
        assert_eq!(ok, [4, 8]);
    }

    #[test]
    fn a_customer_is_limited_over_lines_and_time() {
        let limited = rule(1, None, 1, Some(5));
        assert!(limited.check_customer(&SkuId::from(1), 3, 2).is_ok());
        assert!(limited.check_customer(&SkuId::from(1), 3, 3).is_err());
        assert!(limited.check_customer(&SkuId::from(1), u64::MAX, u64::MAX).is_err());
        assert!(rule(1, None, 1, None).check_customer(&SkuId::from(1), u64::MAX, 9).is_ok());
    }

    #[test]
    fn a_rule_nothing_meets_is_refused() {
        for never in [
            rule(5, Some(4), 1, None),
            rule(1, None, 0, None),
            rule(5, Some(7), 4, None),
            rule(6, None, 1, Some(5)),
        ] {
            assert!(never.satisfiable().is_err(), "{never:?}");
        }
        assert!(rule(5, Some(8), 4, Some(8)).satisfiable().is_ok());
        assert!(rule(0, None, 1, None).satisfiable().is_ok());
    }
}
