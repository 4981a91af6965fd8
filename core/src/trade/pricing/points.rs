//! Stage 5: paying a part with points.

use super::scope::Scope;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::money::{MoneyError, Rate, Rounding, narrow};
use std::collections::BTreeMap;

/// What happens to a wish for more points than may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum PointsUse {
    /// As many as may be used are.
    #[default]
    Part,
    /// None are used.
    Whole,
}

impl PointsUse {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::Whole => "whole",
        }
    }
}

/// What points are worth, and how many may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsTerms {
    /// Minor units a point is worth, above zero.
    pub worth: Rate,
    /// The largest share of what is left to pay for the goods in scope.
    pub max_share: Rate,
    /// Points are used in multiples of this.
    pub multiple: u64,
    /// The fewest points that may be used.
    pub min: u64,
    /// What happens to a wish for more.
    pub usage: PointsUse,
    /// What may be paid with points.
    pub scope: Scope,
}

impl PointsTerms {
    /// Points of this worth, for everything, without ceiling.
    #[must_use]
    pub fn new(worth: Rate) -> Self {
        Self {
            worth,
            max_share: Rate::ONE,
            multiple: 1,
            min: 0,
            usage: PointsUse::Part,
            scope: Scope::default(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let rule = if self.worth.is_zero() {
            "worth is 0; a point is worth more".to_owned()
        } else if self.max_share > Rate::ONE {
            format!("max_share is {}; at most 100%", self.max_share)
        } else if self.multiple == 0 {
            "multiple is 0; at least 1".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::new(Code::InvalidValue, format!("policy: points: {rule}")))
    }

    /// The most points whose worth stays within `left`, of which the goods' share is taken, in multiples.
    pub(super) fn most(&self, wish: u64, left: i64) -> Result<u64, MoneyError> {
        let ceiling = i128::from(self.max_share.of(left, Rounding::Down)?);
        let worth = (i128::from(self.worth.numerator()), i128::from(self.worth.denominator()));
        let fit = narrow(ceiling * worth.1 / worth.0, || format!("points for {ceiling}"));
        // More points than an amount can count are more than anybody wishes.
        let fit = fit.map_or(u64::MAX, i64::unsigned_abs);
        let points = wish.min(fit);
        Ok(points - points % self.multiple)
    }

    /// The fewest points that are worth an amount, in multiples.
    pub(super) fn needed(&self, amount: i64, most: u64) -> u64 {
        let exact = i128::from(amount) * i128::from(self.worth.denominator());
        let points = Rounding::Up.divide(exact, i128::from(self.worth.numerator()));
        let points = u64::try_from(points).unwrap_or(most);
        points.div_ceil(self.multiple).saturating_mul(self.multiple).min(most)
    }

    pub(super) fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "policy: points")?;
        let default = Self::new(fields.need_text("worth")?.parse()?);
        let terms = Self {
            max_share: fields.text("max_share")?.map_or(Ok(default.max_share), str::parse)?,
            multiple: fields.count("multiple")?.unwrap_or(default.multiple),
            min: fields.count("min")?.unwrap_or(default.min),
            usage: fields
                .word("use", &[PointsUse::Part, PointsUse::Whole], PointsUse::name)?
                .unwrap_or(default.usage),
            scope: fields.take("scope").map_or(Ok(Scope::default()), Scope::from_node)?,
            ..default
        };
        fields.finish()?;
        Ok(terms)
    }

    pub(super) fn to_node(&self) -> Node {
        let count = |value: u64| Node::Int(i64::try_from(value).unwrap_or(i64::MAX));
        let mut map = BTreeMap::from([
            ("worth".to_owned(), Node::from(fraction(self.worth))),
            ("max_share".into(), self.max_share.to_string().into()),
            ("multiple".into(), count(self.multiple)),
            ("min".into(), count(self.min)),
            ("use".into(), self.usage.name().into()),
        ]);
        if !self.scope.is_everything() {
            map.insert("scope".into(), self.scope.to_node());
        }
        Node::Map(map)
    }
}

/// A worth reads better as a fraction of a minor unit than in per cent.
fn fraction(rate: Rate) -> String {
    match rate.denominator() {
        1 => rate.numerator().to_string(),
        denominator => format!("{}/{denominator}", rate.numerator()),
    }
}
