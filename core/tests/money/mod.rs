//! Arithmetic of money: the engine's, and a naive one that may have a mistake planted.

mod exact;
pub(crate) mod laws;

pub(crate) use exact::{Exact, Slip};

use fenrun::money::{Allocate, Rate, Rounding, telescope};

/// What to allocate; see [`Allocate`].
#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub(crate) total: i64,
    pub(crate) weights: Vec<u64>,
    pub(crate) caps: Option<Vec<i64>>,
    pub(crate) ids: Vec<u64>,
}

/// Whoever computes with money.
pub(crate) trait Arithmetic {
    /// Shares by largest remainder, and what the caps left over.
    fn allocate(&self, split: &Split) -> (Vec<i64>, i64);
    /// What units `from..to` of `units` are of a total.
    fn telescope(&self, total: i64, from: u64, to: u64, units: u64) -> i64;
    /// A fraction as a whole number.
    fn round(&self, numerator: i64, denominator: i64, mode: Rounding) -> i64;
    /// A rate's share of an amount, from the rate's text.
    fn share(&self, rate: &str, minor: i64, mode: Rounding) -> i64;
    /// Another text of the same rate.
    fn respell(&self, rate: &str) -> String;
}

/// The engine.
pub(crate) struct Engine;

impl Arithmetic for Engine {
    fn allocate(&self, split: &Split) -> (Vec<i64>, i64) {
        let allocate = Allocate {
            total: split.total,
            weights: &split.weights,
            caps: split.caps.as_deref(),
            ids: Some(&split.ids),
            ..Allocate::default()
        };
        let allocation = allocate.run().expect("a weight above zero");
        (allocation.shares, allocation.unallocated)
    }

    fn telescope(&self, total: i64, from: u64, to: u64, units: u64) -> i64 {
        telescope(total, from, to, units).expect("units in order")
    }

    fn round(&self, numerator: i64, denominator: i64, mode: Rounding) -> i64 {
        let rounded = mode.divide(i128::from(numerator), i128::from(denominator));
        i64::try_from(rounded).expect("a fraction of 64 bits")
    }

    fn share(&self, rate: &str, minor: i64, mode: Rounding) -> i64 {
        rate.parse::<Rate>().expect("a rate").of(minor, mode).expect("a share of 64 bits")
    }

    fn respell(&self, rate: &str) -> String {
        rate.parse::<Rate>().expect("a rate").to_string()
    }
}
