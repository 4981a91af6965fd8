//! Pricing: a pure function from a cart to what the buyer pays, with an explanation.
//!
//! Stages of this version: 0 validate, 1 base price, 3 cart rules, 6 shipping, 10 components per line.
//! [`price`] computes amounts alone; [`quote`] adds the components, the trace and the hash.
//!
//! Laws: the nets of the lines and the shipping sum to the total; each discount is the sum of its shares
//! and what could not be placed; nothing is negative; permuting lines or rules (ids fixed) changes
//! nothing; replaying the trace gives the same amounts.

mod policy;
mod read;
mod run;

pub use policy::{CartRule, Effect, Policy, PolicyDraft, TestOn};
pub use run::{price, quote};

use crate::doc::{JsonSink, long_hash};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, SkuId};
use crate::money::{Currency, Rounding};
use crate::sale::SaleLine;
use crate::time::Timestamp;

/// Which of a SKU's prices the buyer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Tier {
    /// The list price.
    #[default]
    List,
    /// The member price, where a SKU has one.
    Member,
}

impl Tier {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Member => "member",
        }
    }
}

/// What pricing knows of the moment and the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct PricingFacts {
    /// When, by the caller's clock.
    pub now: Timestamp,
    /// Which prices the buyer may have.
    pub tier: Tier,
}

/// The amounts of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    /// The cart line.
    pub id: LineId,
    /// What.
    pub sku: SkuId,
    /// How many units.
    pub units: u64,
    /// Which price was taken.
    pub tier: Tier,
    /// The price of one unit.
    pub unit_price: i64,
    /// The price of the units before discounts.
    pub amount: i64,
    /// The amount less the line's shares of discounts.
    pub net: i64,
    /// The line's share of the shipping.
    pub shipping: i64,
}

/// The amounts of a cart. Its lines stand in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The currency of every amount.
    pub currency: Currency,
    /// The selected lines.
    pub lines: Vec<PricedLine>,
    /// The amounts before discounts.
    pub subtotal: i64,
    /// What the buyer pays for shipping.
    pub shipping: i64,
    /// The nets and the shipping.
    pub total: i64,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It changed the amounts, or could have.
    Applied,
    /// The cart is below its threshold.
    BelowThreshold,
}

impl Verdict {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::BelowThreshold => "below_threshold",
        }
    }
}

/// One rule tried: the exact amount is `basis · numerator / denominator`, rounded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stage it ran in.
    pub stage: i64,
    /// Which rule, at the policy's version.
    pub rule: String,
    /// What the rate was applied to, or the fixed amount itself.
    pub basis: i64,
    /// Numerator of the rate; 1 for fixed amounts.
    pub numerator: i64,
    /// Denominator of the rate.
    pub denominator: i64,
    /// How the amount was rounded.
    pub rounding: Rounding,
    /// The sum before.
    pub before: i64,
    /// The sum after.
    pub after: i64,
    /// What each line got, in the order of the lines; empty when the rule was not applied.
    pub shares: Vec<i64>,
    /// What no line could take.
    pub unallocated: i64,
    /// What became of it.
    pub verdict: Verdict,
}

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    /// What.
    pub sku: SkuId,
    /// Which price was taken.
    pub tier: Tier,
    /// The price of one unit.
    pub unit_price: i64,
    /// The price of the units before discounts.
    pub amount: i64,
    /// The line as it will be sold: its components, `paid` being the net.
    pub sold: SaleLine,
}

/// A price with its explanation. A value of this type is whole: it was computed here, or read with a hash
/// that fits. The hash is no signature: a quote that left the server is priced again before it is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    content: QuoteContent,
    hash: String,
}

/// Everything of a quote the hash is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
struct QuoteContent {
    currency: Currency,
    lines: Vec<QuoteLine>,
    subtotal: i64,
    shipping: i64,
    total: i64,
    trace: Vec<Entry>,
    policy_version: String,
    valid_until: Timestamp,
}

impl Quote {
    fn seal(content: QuoteContent) -> Self {
        let hash = long_hash(&JsonSink::of(|sink| content.write(sink)));
        Self { content, hash }
    }

    /// Checks the sums of a quote that was read.
    fn check(content: &QuoteContent) -> Result<()> {
        let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.map(i128::from).sum::<i128>();
        let nets = sum(&mut content.lines.iter().map(|line| line.sold.paid()));
        let amounts = sum(&mut content.lines.iter().map(|line| line.amount));
        if nets + i128::from(content.shipping) != i128::from(content.total) {
            return Err(Error::new(Code::InvalidQuote, "quote: nets and shipping are not the total"));
        }
        if amounts != i128::from(content.subtotal) {
            return Err(Error::new(Code::InvalidQuote, "quote: the amounts are not the subtotal"));
        }
        Ok(())
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.content.currency
    }

    /// The lines in the order of their ids.
    #[must_use]
    pub fn lines(&self) -> &[QuoteLine] {
        &self.content.lines
    }

    /// The amounts before discounts.
    #[must_use]
    pub const fn subtotal(&self) -> i64 {
        self.content.subtotal
    }

    /// What the buyer pays for shipping.
    #[must_use]
    pub const fn shipping(&self) -> i64 {
        self.content.shipping
    }

    /// The nets and the shipping.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.content.total
    }

    /// Every rule tried, in order.
    #[must_use]
    pub fn trace(&self) -> &[Entry] {
        &self.content.trace
    }

    /// The version of the policy it was priced under.
    #[must_use]
    pub fn policy_version(&self) -> &str {
        &self.content.policy_version
    }

    /// The last moment it may be placed.
    #[must_use]
    pub const fn valid_until(&self) -> Timestamp {
        self.content.valid_until
    }

    /// SHA-256 over the canonical JSON of everything else, 64 hex digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}
