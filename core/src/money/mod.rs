//! Exact money: currencies, amounts in minor units, rates, rounding and allocation.
//!
//! Everything here is an integer. Intermediates are 128 bits wide and checked; a result that does not
//! fit is an error, never a wrap. See `docs/reference/money.md` for the laws.

mod allocate;
mod amount;
mod currency;
mod rate;
mod rounding;

pub use allocate::{Allocate, Allocation, AllocationMode, allocate, telescope};
pub use amount::Money;
pub use currency::{Currency, CurrencyTable};
pub(crate) use rate::gcd;
pub use rate::{Rate, parse_fraction};
pub use rounding::Rounding;

use crate::error::{Code, Error};

/// Faults of money arithmetic and of its texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// Two currencies met in one operation.
    #[error("{left} and {right} are different currencies; amounts of one currency only")]
    CurrencyMismatch {
        /// Currency of the left operand.
        left: Currency,
        /// Currency of the right operand.
        right: Currency,
    },
    /// The result does not fit.
    #[error("{operation} does not fit a signed 64-bit amount of minor units")]
    Overflow {
        /// What was computed, with its values.
        operation: String,
    },
    /// The text is not an amount.
    #[error("`{text}` is not an amount; write digits with at most one point, such as 12.50")]
    InvalidAmount {
        /// The text as given.
        text: String,
    },
    /// More decimals than the currency has.
    #[error(
        "`{text}` has more decimals than the {exponent} of {currency}; amounts are never rounded on input"
    )]
    TooManyDecimals {
        /// The text as given.
        text: String,
        /// The currency.
        currency: Currency,
        /// How many decimals it has.
        exponent: u8,
    },
    /// Not a known currency.
    #[error("`{code}` is not a currency of ISO 4217 nor a registered one")]
    UnknownCurrency {
        /// The code as given.
        code: String,
    },
    /// The text is not a rate.
    #[error("`{}` is not a rate: {why}", text.escape_debug())]
    InvalidRate {
        /// The text as given.
        text: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// Every weight is zero but the total is not.
    #[error("cannot allocate {total}: every weight is zero")]
    ZeroWeights {
        /// What was to be allocated.
        total: i64,
    },
    /// There is nothing to allocate to.
    #[error("cannot allocate {total}: there are no weights")]
    NoWeights {
        /// What was to be allocated.
        total: i64,
    },
    /// Lists of different lengths.
    #[error("{what}: {got} given for {wanted} weights")]
    LengthMismatch {
        /// Which list.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length it must have.
        wanted: usize,
    },
    /// A cap below zero.
    #[error("cap {cap} at position {position} is below zero")]
    NegativeCap {
        /// The cap.
        cap: i64,
        /// Its position.
        position: usize,
    },
    /// A mode that cannot be combined with caps, or parts that do not fit.
    #[error("{0}")]
    InvalidValue(String),
    /// Not a listed word.
    #[error("`{word}` is not {what}; one of: {known}")]
    UnknownWord {
        /// The word as given.
        word: String,
        /// What it should be.
        what: &'static str,
        /// The listed words.
        known: String,
    },
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        let code = match &error {
            MoneyError::CurrencyMismatch { .. } => Code::CurrencyMismatch,
            MoneyError::Overflow { .. } => Code::Overflow,
            MoneyError::InvalidAmount { .. } => Code::InvalidAmount,
            MoneyError::TooManyDecimals { .. } => Code::TooManyDecimals,
            MoneyError::UnknownCurrency { .. } => Code::UnknownCurrency,
            MoneyError::InvalidRate { .. } => Code::InvalidRate,
            MoneyError::ZeroWeights { .. } => Code::ZeroWeights,
            MoneyError::NoWeights { .. } => Code::NoWeights,
            MoneyError::LengthMismatch { .. } => Code::LengthMismatch,
            MoneyError::NegativeCap { .. } => Code::NegativeCap,
            MoneyError::InvalidValue(_) => Code::InvalidValue,
            MoneyError::UnknownWord { .. } => Code::UnknownWord,
        };
        Self::new(code, error.to_string())
    }
}

pub(crate) fn overflow(operation: impl Into<String>) -> MoneyError {
    MoneyError::Overflow { operation: operation.into() }
}

/// Narrows a 128-bit intermediate to an amount.
pub(crate) fn narrow(value: i128, operation: impl FnOnce() -> String) -> Result<i64, MoneyError> {
    i64::try_from(value).map_err(|_| overflow(operation()))
}
