//! The parts of a rule.

use super::{Condition, RateTable};
use crate::money::{Rate, Rounding};
use std::collections::BTreeSet;

/// One sentence of a plan: of each source where `when` holds take `of`, walk `to`, test `qualify`, `pay`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in the plan.
    pub id: String,
    /// Where it applies; everywhere when absent.
    pub when: Option<Condition>,
    /// What is shared.
    pub of: Base,
    /// Who is walked, in this order.
    pub to: Vec<Stop>,
    /// What a payee must meet: nothing, one condition, or one per level.
    pub qualify: Vec<Condition>,
    /// What happens to those who do not meet it.
    pub unqualified: Unqualified,
    /// How much each gets.
    pub pay: Schedule,
    /// How amounts become integers.
    pub round: Round,
    /// How a refund takes back.
    pub reverse: Reverse,
    /// Days between Confirmed and Payable.
    pub hold_days: u32,
}

/// What is shared: `(base + plus − less) · times`, never below zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The component it starts from.
    pub base: String,
    /// Components added.
    pub plus: Vec<String>,
    /// Components taken off.
    pub less: Vec<String>,
    /// The share of it that is the base, rounded once.
    pub times: Rate,
}

/// Where payees are looked for, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Where.
    pub source: StopSource,
    /// A condition on the sale and the buyer.
    pub when: Option<Condition>,
}

/// Where payees are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopSource {
    /// The buyer.
    Buyer,
    /// The buyer's upline, nearest first.
    Up {
        /// How many people at most.
        limit: usize,
        /// The label rate tables know them by.
        label: Option<String>,
    },
    /// Holders of roles, each labelled with the role.
    Roles(Vec<String>),
}

/// What happens to a candidate who does not meet `qualify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unqualified {
    /// The share is retained, the others are still paid.
    Retain,
    /// The walk ends.
    Stop,
    /// Removed before counting.
    Compress,
    /// Passed over at each level they do not qualify for.
    CompressByLevel,
    /// The share goes to the next qualified one.
    RollUp,
}

impl Unqualified {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retain => "retain",
            Self::Stop => "stop",
            Self::Compress => "compress",
            Self::CompressByLevel => "compress_by_level",
            Self::RollUp => "roll_up",
        }
    }
}

/// How much each slot gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// A rate per level.
    Levels(RateTable),
    /// The difference to the highest rate below (级差).
    Differential(RateTable),
}

impl Schedule {
    /// The table of rates.
    #[must_use]
    pub const fn table(&self) -> &RateTable {
        match self {
            Self::Levels(table) | Self::Differential(table) => table,
        }
    }
}

/// How exact amounts become integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The mode.
    pub mode: Rounding,
    /// What is rounded at once.
    pub per: Per,
    /// Amounts below it are retained.
    pub min: i64,
    /// Rates are first rounded to so many decimals.
    pub rate_decimals: Option<u8>,
}

impl Default for Round {
    fn default() -> Self {
        Self { mode: Rounding::Down, per: Per::Line, min: 1, rate_decimals: None }
    }
}

/// What is rounded at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Each line.
    Line,
    /// Each unit, then multiplied.
    Unit,
    /// The whole sale.
    Order,
}

/// How a refund takes commission back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverse {
    /// The rule runs again on what is left.
    Recompute,
    /// Each row by the share of units taken back; legacy presets only.
    ShareOfUnits,
}

impl Rule {
    /// The condition of a level (counted from 1), `None` when everybody qualifies.
    #[must_use]
    pub fn condition(&self, level: usize) -> Option<&Condition> {
        self.qualify.get(level.saturating_sub(1)).or_else(|| self.qualify.last())
    }

    /// The keys a rate table of this rule may have: `any`, ranks, labels and roles.
    pub(crate) fn rate_keys<'a>(&'a self, ranks: &'a [String]) -> BTreeSet<&'a str> {
        let mut keys: BTreeSet<&str> = ranks.iter().map(String::as_str).chain(["any"]).collect();
        for stop in &self.to {
            match &stop.source {
                StopSource::Up { label: Some(label), .. } => keys.extend([label.as_str()]),
                StopSource::Roles(roles) => keys.extend(roles.iter().map(String::as_str)),
                _ => {}
            }
        }
        keys
    }

    /// Adds the names of the facts and components this rule reads.
    pub(super) fn names<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        names.insert(&self.of.base);
        names.extend(self.of.plus.iter().chain(&self.of.less).map(String::as_str));
        // `margin` is made of these two.
        names.insert("cost");
        let stops = self.to.iter().filter_map(|stop| stop.when.as_ref());
        for condition in self.when.iter().chain(&self.qualify).chain(stops) {
            condition.names(names);
        }
        self.pay.table().names(names);
    }
}
