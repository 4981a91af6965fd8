//! What a shop asks of a withdrawal: limits, fee and tax.

use crate::doc::{Fields, Node, Sink};
use crate::error::{Code, Error, Result};
use crate::money::{Rate, Rounding};
use crate::time::Timestamp;

/// The limits a request has to keep and what is deducted from it. It is frozen with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The least that may be asked for at once.
    pub min: i64,
    /// The most that may be asked for at once.
    pub max: Option<i64>,
    /// How many withdrawals of a day count at most; those rejected or cancelled do not.
    pub daily_count: Option<u32>,
    /// How much the withdrawals of a day may sum to.
    pub daily_amount: Option<i64>,
    /// Where a day begins: minutes east of UTC.
    pub utc_offset_minutes: i32,
    /// What the mall keeps for the payout.
    pub fee: Fee,
    /// What the mall withholds for the treasury.
    pub tax: Tax,
}

/// A fee: fixed plus a share of the amount, within bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// Always.
    pub fixed: i64,
    /// Of the amount.
    pub rate: Rate,
    /// How the share is rounded.
    pub rounding: Rounding,
    /// At least.
    pub min: i64,
    /// At most.
    pub max: Option<i64>,
}

/// What tax is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxOf {
    /// The amount asked for.
    Amount,
    /// The amount less the fee.
    AfterFee,
}

impl TaxOf {
    const ALL: &'static [Self] = &[Self::Amount, Self::AfterFee];

    const fn name(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::AfterFee => "after_fee",
        }
    }
}

/// Tax withheld from a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    /// The share.
    pub rate: Rate,
    /// Of what.
    pub of: TaxOf,
    /// How it is rounded.
    pub rounding: Rounding,
}

/// What a request comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// What the mall keeps as its fee.
    pub fee: i64,
    /// What the mall withholds.
    pub tax: i64,
    /// What reaches the member, above zero.
    pub net: i64,
}

impl Default for Policy {
    /// No limits but one minor unit, no fee, no tax, days of UTC.
    fn default() -> Self {
        let fee = Fee { fixed: 0, rate: Rate::ZERO, rounding: Rounding::HalfAway, min: 0, max: None };
        let tax = Tax { rate: Rate::ZERO, of: TaxOf::AfterFee, rounding: Rounding::HalfAway };
        Self { min: 1, max: None, daily_count: None, daily_amount: None, utc_offset_minutes: 0, fee, tax }
    }
}

impl Policy {
    /// The day a moment counts to.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> i64 {
        at.day_at(self.utc_offset_minutes)
    }

    /// Fee, tax and what is left of an amount.
    ///
    /// # Errors
    /// [`Code::WithdrawalLimit`] for an amount outside the limits or of which nothing would be left;
    /// [`Code::Overflow`].
    pub fn cut(&self, amount: i64) -> Result<Cut> {
        let least = self.min.max(1);
        if amount < least {
            return Err(limit(format!("a withdrawal of {amount}; the least is {least}")));
        }
        if let Some(most) = self.max.filter(|most| amount > *most) {
            return Err(limit(format!("a withdrawal of {amount}; the most at once is {most}")));
        }
        let share = self.fee.rate.of(amount, self.fee.rounding)?;
        let fee = self.fee.fixed.checked_add(share).ok_or_else(|| wide(amount))?;
        let fee = self.fee.max.map_or(fee.max(self.fee.min), |most| fee.max(self.fee.min).min(most));
        let after = amount.checked_sub(fee).ok_or_else(|| wide(amount))?;
        let base = match self.tax.of {
            TaxOf::Amount => amount,
            TaxOf::AfterFee => after.max(0),
        };
        let tax = self.tax.rate.of(base, self.tax.rounding)?;
        let net = after.checked_sub(tax).ok_or_else(|| wide(amount))?;
        if net <= 0 {
            return Err(limit(format!(
                "a withdrawal of {amount} leaves {net} after a fee of {fee} and a tax of {tax}"
            )));
        }
        Ok(Cut { fee, tax, net })
    }

    pub(super) fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "policy")?;
        let defaults = Self::default();
        let policy = Self {
            min: amount(&mut fields, "min")?.unwrap_or(defaults.min),
            max: amount(&mut fields, "max")?,
            daily_count: fields.count("daily_count")?,
            daily_amount: amount(&mut fields, "daily_amount")?,
            utc_offset_minutes: offset(&mut fields)?,
            fee: fields.take("fee").map_or(Ok(defaults.fee), Fee::from_node)?,
            tax: fields.take("tax").map_or(Ok(defaults.tax), Tax::from_node)?,
        };
        fields.finish()?;
        Ok(policy)
    }

    pub(super) fn write(&self, sink: &mut impl Sink) {
        if let Some(most) = self.daily_amount {
            sink.int("daily_amount", most);
        }
        if let Some(most) = self.daily_count {
            sink.int("daily_count", most.into());
        }
        sink.map("fee", |sink| {
            sink.int("fixed", self.fee.fixed);
            if let Some(most) = self.fee.max {
                sink.int("max", most);
            }
            sink.int("min", self.fee.min);
            sink.text("rate", &self.fee.rate.to_string());
            sink.text("rounding", self.fee.rounding.name());
        });
        if let Some(most) = self.max {
            sink.int("max", most);
        }
        sink.int("min", self.min);
        sink.map("tax", |sink| {
            sink.text("of", self.tax.of.name());
            sink.text("rate", &self.tax.rate.to_string());
            sink.text("rounding", self.tax.rounding.name());
        });
        sink.int("utc_offset_minutes", self.utc_offset_minutes.into());
    }
}

impl Fee {
    fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "fee")?;
        let fee = Self {
            fixed: amount(&mut fields, "fixed")?.unwrap_or(0),
            rate: rate(&mut fields)?,
            rounding: rounding(&mut fields)?,
            min: amount(&mut fields, "min")?.unwrap_or(0),
            max: amount(&mut fields, "max")?,
        };
        if fee.max.is_some_and(|max| max < fee.min) {
            return Err(fields.fault(Code::InvalidValue, "`max` is below `min`"));
        }
        fields.finish()?;
        Ok(fee)
    }
}

impl Tax {
    fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "tax")?;
        let tax = Self {
            rate: rate(&mut fields)?,
            of: fields.word("of", TaxOf::ALL, TaxOf::name)?.unwrap_or(TaxOf::AfterFee),
            rounding: rounding(&mut fields)?,
        };
        fields.finish()?;
        Ok(tax)
    }
}

/// An amount at or above zero.
fn amount(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<i64>> {
    let amount = fields.int(key)?;
    match amount {
        Some(minor) if minor < 0 => {
            Err(fields.fault(Code::InvalidValue, format!("`{key}` is {minor}, below zero")))
        }
        other => Ok(other),
    }
}

/// Time zones lie within a day of UTC.
fn offset(fields: &mut Fields<'_>) -> Result<i32> {
    let minutes = fields.int("utc_offset_minutes")?.unwrap_or(0);
    let found = i32::try_from(minutes).ok().filter(|minutes| minutes.abs() < 24 * 60);
    found.ok_or_else(|| {
        fields.fault(Code::InvalidValue, format!("`utc_offset_minutes` is {minutes}, a day or more"))
    })
}

/// A share of at most everything.
fn rate(fields: &mut Fields<'_>) -> Result<Rate> {
    let Some(text) = fields.text("rate")? else { return Ok(Rate::ZERO) };
    let rate: Rate = text.parse()?;
    if rate > Rate::ONE {
        return Err(fields.fault(Code::InvalidValue, format!("`rate` is {rate}, more than everything")));
    }
    Ok(rate)
}

fn rounding(fields: &mut Fields<'_>) -> Result<Rounding> {
    Ok(fields.word("rounding", Rounding::ALL, Rounding::name)?.unwrap_or(Rounding::HalfAway))
}

fn limit(rule: String) -> Error {
    Error::new(Code::WithdrawalLimit, rule)
}

fn wide(amount: i64) -> Error {
    Error::new(Code::Overflow, format!("fee and tax of a withdrawal of {amount} do not fit"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::read_json;

    fn cut(policy: &str, amount: i64) -> Result<(i64, i64, i64), Code> {
        let policy = Policy::from_node(&read_json(policy, 10_000).unwrap()).unwrap();
        policy.cut(amount).map(|cut| (cut.fee, cut.tax, cut.net)).map_err(|error| error.code())
    }

    #[test]
    fn fee_first_then_tax() {
        let policy =
            r#"{"fee": {"fixed": 100, "rate": "0.6%", "min": 150, "max": 500}, "tax": {"rate": "20%"}}"#;
        assert_eq!(cut(policy, 1_000), Ok((150, 170, 680)));
        assert_eq!(cut(policy, 10_000), Ok((160, 1_968, 7_872)));
        assert_eq!(cut(policy, 100_000), Ok((500, 19_900, 79_600)));
        assert_eq!(cut(policy, 150), Err(Code::WithdrawalLimit));
        let of_all = r#"{"fee": {"fixed": 100}, "tax": {"rate": "20%", "of": "amount"}}"#;
        assert_eq!(cut(of_all, 1_000), Ok((100, 200, 700)));
    }

    #[test]
    fn a_half_unit_goes_where_the_policy_says() {
        let policy = |mode: &str| format!(r#"{{"fee": {{"rate": "0.5%", "rounding": "{mode}"}}}}"#);
        assert_eq!(cut(&policy("half_away"), 100), Ok((1, 0, 99)));
        assert_eq!(cut(&policy("down"), 100), Ok((0, 0, 100)));
    }

    #[test]
    fn limits_are_kept_at_the_edge() {
        let policy = r#"{"min": 100, "max": 200}"#;
        assert_eq!(cut(policy, 99), Err(Code::WithdrawalLimit));
        assert_eq!(cut(policy, 100), Ok((0, 0, 100)));
        assert_eq!(cut(policy, 200), Ok((0, 0, 200)));
        assert_eq!(cut(policy, 201), Err(Code::WithdrawalLimit));
        assert_eq!(cut(r#"{"fee": {"fixed": 9223372036854775807, "rate": "100%"}}"#, 5), Err(Code::Overflow));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            r#"{"min": -1}"#,
            r#"{"fee": {"rate": "101%"}}"#,
            r#"{"fee": {"min": 2, "max": 1}}"#,
            r#"{"tax": {"rate": 0}}"#,
            r#"{"utc_offset_minutes": 1440}"#,
            r#"{"maximum": 5}"#,
        ] {
            assert!(Policy::from_node(&read_json(text, 1000).unwrap()).is_err(), "{text}");
        }
    }
}
