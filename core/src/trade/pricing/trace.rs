//! What became of every rule that was tried.

use super::part::PartOf;
use crate::money::Rounding;

macro_rules! verdicts {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What became of a rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verdict { $($(#[$doc])* $name,)+ }

        impl Verdict {
            /// Every verdict.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word used in data.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

verdicts! {
    /// It changed the amounts, or could have.
    Applied = "applied",
    /// The price holds this tax already.
    Included = "included",
    /// The delivery is free.
    Free = "free",
    /// The amounts in its scope are below its threshold.
    BelowThreshold = "below_threshold",
    /// The units in its scope are too few.
    TooFewUnits = "too_few_units",
    /// No line is in its scope.
    OutOfScope = "out_of_scope",
    /// It is not valid yet.
    NotStarted = "not_started",
    /// It is no longer valid.
    Expired = "expired",
    /// The buyer's tier may not have it.
    OtherTier = "other_tier",
    /// It was given as often as it may be.
    UsedUp = "used_up",
    /// This customer had it as often as one may.
    UsedUpByCustomer = "used_up_by_customer",
    /// It would take off more than is left of its budget.
    BudgetExceeded = "budget_exceeded",
    /// Another rule of its group takes off more.
    Beaten = "beaten",
    /// A rule of its group was the last one.
    Stopped = "stopped",
    /// It does not go together with a rule that applied.
    NotWith = "not_with",
    /// The coupon was presented, and no rule has its id.
    UnknownCoupon = "unknown_coupon",
    /// The gift cannot be had.
    NoGift = "no_gift",
    /// Its gift would be more than a line may hold, or a customer may have.
    OverLimit = "over_limit",
    /// Its gift would be a delivery of its own, which is not free or does not reach the buyer.
    NoDelivery = "no_delivery",
    /// Fewer points may be used than were asked for, or than the least.
    TooFewPoints = "too_few_points",
}

/// What the amount of an entry was rounded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Per {
    /// Once, over all lines.
    #[default]
    Cart,
    /// For each line.
    Line,
    /// For each unit of each line, and multiplied.
    Unit,
    /// For each delivery.
    Delivery,
}

impl Per {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Cart, Self::Line, Self::Unit, Self::Delivery];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cart => "cart",
            Self::Line => "line",
            Self::Unit => "unit",
            Self::Delivery => "delivery",
        }
    }
}

/// One rule tried. The amount is `basis · numerator / denominator`, rounded once, or the sum of
/// `bases · parts · numerator / denominator`, each rounded once; at most `ceiling`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stage it ran in.
    pub stage: i64,
    /// Which rule.
    pub rule: String,
    /// The version of the rule.
    pub version: u32,
    /// What the rate was applied to, or the fixed amount itself; of parts of bases, each rounded down.
    pub basis: i64,
    /// The parts of the basis that were rounded alone; empty when it was rounded as a whole.
    pub bases: Vec<i64>,
    /// How much of each base counts, where some units of a line are worth no whole amount; empty when all
    /// of each does.
    pub parts: Vec<PartOf>,
    /// What was rounded.
    pub per: Per,
    /// Numerator of the rate; 1 for fixed amounts.
    pub numerator: i64,
    /// Denominator of the rate.
    pub denominator: i64,
    /// How the amount was rounded.
    pub rounding: Rounding,
    /// The most it may be.
    pub ceiling: Option<i64>,
    /// The sum before.
    pub before: i64,
    /// The sum after.
    pub after: i64,
    /// What each line got, in the order of the lines; empty when the rule was not applied.
    pub shares: Vec<i64>,
    /// The units it was given for, of a price or a gift; what a caller adds to the rule's usage.
    pub units: u64,
    /// What no line could take.
    pub unallocated: i64,
    /// What became of it.
    pub verdict: Verdict,
}
