//! A promotion as data: when it applies, to which lines, and what it takes off.

use super::scope::Scope;
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, SkuId};
use crate::money::{Rate, Rounding};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// When a rule has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Stage {
    /// 2: prices of single lines, such as a flash sale.
    Line,
    /// 3: the cart.
    #[default]
    Cart,
    /// 4: coupons the buyer presents.
    Coupon,
    /// 7: what shipping costs.
    Shipping,
}

impl Stage {
    /// Every stage that has rules.
    pub const ALL: &'static [Self] = &[Self::Line, Self::Cart, Self::Coupon, Self::Shipping];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Cart => "cart",
            Self::Coupon => "coupon",
            Self::Shipping => "shipping",
        }
    }

    /// The number traces carry.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Line => 2,
            Self::Cart => 3,
            Self::Coupon => 4,
            Self::Shipping => 7,
        }
    }
}

/// Which amounts a threshold tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TestOn {
    /// List prices, whatever other rules took off.
    List,
    /// What is left when the rule's turn comes.
    #[default]
    Running,
}

impl TestOn {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Running => "running",
        }
    }
}

/// What a rate's rounding is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Rounds {
    /// The discount.
    #[default]
    Discount,
    /// What is left to pay.
    Price,
}

impl Rounds {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discount => "discount",
            Self::Price => "price",
        }
    }

    /// The mode the discount is rounded with, so that what `mode` says is true of the price where the
    /// price is rounded: `basis - mode(basis - d)` is `d` rounded by the mirrored mode.
    pub(super) const fn of_discount(self, mode: Rounding, basis: i64) -> Rounding {
        match (self, mode) {
            (Self::Discount, mode) => mode,
            (Self::Price, Rounding::Down | Rounding::Floor) => Rounding::Ceil,
            (Self::Price, Rounding::Up | Rounding::Ceil) => Rounding::Floor,
            (Self::Price, Rounding::HalfToZero | Rounding::HalfFloor) => Rounding::HalfCeil,
            (Self::Price, Rounding::HalfAway | Rounding::HalfCeil) => Rounding::HalfFloor,
            // An odd basis turns an even price into an odd discount.
            (Self::Price, Rounding::HalfEven) if basis % 2 != 0 => Rounding::HalfOdd,
            (Self::Price, Rounding::HalfOdd) if basis % 2 != 0 => Rounding::HalfEven,
            (Self::Price, mode) => mode,
        }
    }
}

/// An amount off: a share, at most all of it, or minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Off {
    /// A share of the basis.
    Rate(Rate),
    /// Minor units above zero.
    Fixed(i64),
}

/// One step of a ladder (满减, N 件 N 折): what is off from so much and so many units on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The least amount.
    pub min_subtotal: i64,
    /// The least units.
    pub min_units: u64,
    /// What is off.
    pub off: Off,
}

/// What a rule does to the lines of its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Off all of them together, shared by largest remainder.
    Off(Off),
    /// Off each line, rounded for each: a share of it, or minor units for each unit. In the stage of
    /// shipping, off each delivery.
    OffEach {
        /// What is off.
        off: Off,
        /// How many units of a line it is for; none means all.
        max_units: Option<u64>,
    },
    /// Units cost this, where they cost more: one price for all, or prices by SKU (flash sale 秒杀).
    Price {
        /// The price of the SKUs that `by_sku` does not name.
        any: Option<i64>,
        /// Prices by SKU.
        by_sku: BTreeMap<SkuId, i64>,
    },
    /// All of them together cost this, where they cost more.
    OrderPrice(i64),
    /// The last step whose thresholds are met.
    Ladder(Vec<Step>),
    /// `off` for every full `amount` (每满减), at most `times`.
    Every {
        /// The amount that counts once.
        amount: i64,
        /// Minor units off, for each time.
        off: i64,
        /// The most times.
        times: Option<u64>,
    },
    /// For each `buy` units bought, the `get` cheapest other ones are `off` (买 X 送 Y).
    BuyGet {
        /// Units to buy.
        buy: u64,
        /// Units that get the discount.
        get: u64,
        /// Their discount.
        off: Rate,
        /// Where those units are taken from; none means from the scope itself.
        from: Option<Box<Scope>>,
        /// The most times.
        times: Option<u64>,
    },
    /// Units of a SKU for nothing, on a line of their own.
    Gift {
        /// What is given.
        sku: SkuId,
        /// Units, for each time.
        units: u64,
        /// One time for each so many units of the scope; none means once.
        every_units: Option<u64>,
        /// The most times.
        times: Option<u64>,
    },
}

impl Effect {
    /// The key in data that tells this effect.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Off(_) => "off",
            Self::OffEach { .. } => "off_each",
            Self::Price { .. } => "price",
            Self::OrderPrice(_) => "order_price",
            Self::Ladder(_) => "ladder",
            Self::Every { .. } => "every",
            Self::BuyGet { .. } => "buy_get",
            Self::Gift { .. } => "gift",
        }
    }
}

/// How often and how much a rule may give; what was given before is a fact of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Limits {
    /// The most orders.
    pub uses: Option<u64>,
    /// The most orders of one customer.
    pub uses_per_customer: Option<u64>,
    /// The most units, of a rule with `price`.
    pub units: Option<u64>,
    /// The most units of one customer, of a rule with `price`.
    pub units_per_customer: Option<u64>,
    /// The most minor units it may take off in all; an order that would exceed it gets nothing.
    pub budget: Option<i64>,
}

/// A promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id; breaks ties of priority.
    pub id: ExternalId,
    /// Counts the changes of the rule; goes into the trace.
    pub version: u32,
    /// When it has its turn.
    pub stage: Stage,
    /// Lower runs first.
    pub priority: i64,
    /// The group it belongs to, one of the policy's.
    pub group: Option<String>,
    /// Whether the buyer must present it; always so in the stage of coupons.
    pub coupon: bool,
    /// The customer tiers that may have it; empty means everybody.
    pub tiers: Vec<String>,
    /// The first moment it is valid.
    pub from: Option<Timestamp>,
    /// The first moment it is no longer valid.
    pub until: Option<Timestamp>,
    /// Which lines it is for.
    pub scope: Scope,
    /// The least amount of the lines in scope.
    pub min_subtotal: i64,
    /// The least units in scope.
    pub min_units: u64,
    /// Which amounts `min_subtotal` and the steps of a ladder test.
    pub test_on: TestOn,
    /// What it does.
    pub effect: Effect,
    /// The most it takes off one order.
    pub max_off: Option<i64>,
    /// What its rounding is taken of.
    pub rounds: Rounds,
    /// Its own rounding, where it is not the policy's.
    pub rounding: Option<Rounding>,
    /// How often and how much it may give.
    pub limits: Limits,
    /// What lines it touched state as the fact `promotion`, for commission plans to read.
    pub kind: Option<String>,
}

impl Rule {
    /// A rule over the whole cart, for everybody, without conditions.
    #[must_use]
    pub fn new(id: ExternalId, effect: Effect) -> Self {
        Self {
            id,
            version: 1,
            stage: Stage::Cart,
            priority: 0,
            group: None,
            coupon: false,
            tiers: Vec::new(),
            from: None,
            until: None,
            scope: Scope::default(),
            min_subtotal: 0,
            min_units: 0,
            test_on: TestOn::Running,
            effect,
            max_off: None,
            rounds: Rounds::Discount,
            rounding: None,
            limits: Limits::default(),
            kind: None,
        }
    }

    /// Whether the buyer must present it.
    #[must_use]
    pub fn is_coupon(&self) -> bool {
        self.coupon || self.stage == Stage::Coupon
    }

    /// The id of the line its gift stands on.
    pub(super) fn gift_line(&self) -> Result<crate::id::LineId> {
        crate::id::LineId::new(&format!("gift-{}", self.id))
    }

    /// Checks a rule by itself.
    pub(super) fn check(&self) -> Result<()> {
        let fault =
            |rule: String| Err(Error::new(Code::InvalidValue, format!("policy: rule {}: {rule}", self.id)));
        let limits = self.limits;
        for (name, value) in [("min_subtotal", Some(self.min_subtotal)), ("budget", limits.budget)] {
            if let Some(value) = value.filter(|value| *value < 0) {
                return fault(format!("{name} is {value}, below zero"));
            }
        }
        if let Some(most) = self.max_off.filter(|most| *most <= 0) {
            return fault(format!("max_off is {most}; an amount is above zero"));
        }
        if self.from.zip(self.until).is_some_and(|(from, until)| from >= until) {
            return fault("`from` is not before `until`, so it never applies".into());
        }
        let capped = matches!(self.effect, Effect::Off(_) | Effect::Ladder(_) | Effect::Every { .. });
        if self.max_off.is_some() && !capped {
            return fault(format!("max_off goes with off, ladder and every, not {}", self.effect.name()));
        }
        if self.rounds == Rounds::Price && !matches!(self.effect, Effect::Off(_) | Effect::Ladder(_)) {
            return fault(format!("rounds goes with off and ladder, not {}", self.effect.name()));
        }
        let by_units = limits.units.is_some() || limits.units_per_customer.is_some();
        if by_units && !matches!(self.effect, Effect::Price { .. }) {
            return fault(format!("a limit of units goes with price, not {}", self.effect.name()));
        }
        if self.stage == Stage::Shipping && !matches!(self.effect, Effect::Off(_) | Effect::OffEach { .. }) {
            return fault(format!("{} is nothing shipping can have", self.effect.name()));
        }
        if self.stage == Stage::Shipping && matches!(self.effect, Effect::OffEach { max_units: Some(_), .. })
        {
            return fault("max_units goes with lines; a delivery has none".into());
        }
        self.effect.check().or_else(fault)
    }
}

impl Off {
    fn check(self) -> Result<(), String> {
        match self {
            Self::Rate(rate) if rate > Rate::ONE => Err(format!("it takes {rate} off; at most 100%")),
            Self::Fixed(amount) if amount <= 0 => {
                Err(format!("it takes {amount} off; an amount is above zero"))
            }
            _ => Ok(()),
        }
    }
}

impl Effect {
    /// Checks an effect, with the broken rule as text.
    fn check(&self) -> Result<(), String> {
        let above = |name: &str, value: i64| {
            if value > 0 { Ok(()) } else { Err(format!("{name} is {value}; an amount is above zero")) }
        };
        let counts = |counts: &[(&str, Option<u64>)]| match counts.iter().find(|(_, count)| *count == Some(0))
        {
            Some((name, _)) => Err(format!("{name} is 0; at least 1")),
            None => Ok(()),
        };
        match self {
            Self::Off(off) => off.check(),
            Self::OffEach { off, max_units } => {
                off.check().and_then(|()| counts(&[("max_units", *max_units)]))
            }
            Self::Price { any, by_sku } => {
                match any.iter().chain(by_sku.values()).find(|price| **price < 0) {
                    Some(price) => Err(format!("a price of {price} is below zero")),
                    None if any.is_none() && by_sku.is_empty() => Err("price names no SKU".into()),
                    None => Ok(()),
                }
            }
            Self::OrderPrice(price) if *price < 0 => Err(format!("order_price is {price}, below zero")),
            Self::OrderPrice(_) => Ok(()),
            Self::Ladder(steps) => check_steps(steps),
            Self::Every { amount, off, times } => {
                above("every", *amount)?;
                above("off", *off)?;
                if off > amount {
                    return Err(format!("it takes {off} off every {amount}; at most 100%"));
                }
                counts(&[("times", *times)])
            }
            Self::BuyGet { buy, get, off, times, .. } => {
                Off::Rate(*off).check()?;
                counts(&[("buy", Some(*buy)), ("get", Some(*get)), ("times", *times)])
            }
            Self::Gift { units, every_units, times, .. } => {
                counts(&[("units", Some(*units)), ("every_units", *every_units), ("times", *times)])
            }
        }
    }
}

/// Steps rise: each asks for more than the one before.
fn check_steps(steps: &[Step]) -> Result<(), String> {
    if steps.is_empty() {
        return Err("a ladder has at least one step".into());
    }
    for step in steps {
        step.off.check()?;
        if step.min_subtotal < 0 {
            return Err(format!("a step from {}, below zero", step.min_subtotal));
        }
    }
    let rises = |a: &Step, b: &Step| {
        b.min_subtotal >= a.min_subtotal
            && b.min_units >= a.min_units
            && (b.min_subtotal, b.min_units) != (a.min_subtotal, a.min_units)
    };
    match steps.windows(2).position(|pair| !rises(&pair[0], &pair[1])) {
        Some(at) => Err(format!("step {} of the ladder does not ask for more than the one before", at + 2)),
        None => Ok(()),
    }
}
