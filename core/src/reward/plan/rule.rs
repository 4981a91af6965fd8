//! The parts of a rule.

use super::cap::{Cap, Split};
use super::schedule::Schedule;
use super::stop::{Stop, StopSource};
use super::{Condition, Period};
use crate::error::Result;
use crate::money::{Rate, Rounding};
use std::collections::BTreeSet;

/// One sentence of a plan: of each source where `when` holds take `of`, walk `to`, test `qualify`, `pay`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in the plan.
    pub id: String,
    /// What makes it run.
    pub trigger: Trigger,
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
    /// What it pays at most, tested one after the other.
    pub caps: Vec<Cap>,
    /// The accounts an amount goes to; [`CASH`](crate::reward::commission::CASH) alone without it.
    pub split: Option<Split>,
    /// How a refund takes back.
    pub reverse: Reverse,
    /// Which version of a plan serves a period in which it was changed.
    pub change: Change,
    /// Days between Confirmed and Payable.
    pub hold_days: u32,
}

/// What makes a rule run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Each line of a sale is a source.
    Order,
    /// Each member is a source when the period closes.
    Period(Period),
    /// Each amount above zero that the rule of this id pays is a source, its payee being who is asked.
    After(String),
}

/// Which version of a plan serves a period in which it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The one in force at the period's start.
    Start,
    /// Each the part of the period it was in force.
    Split,
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

impl Round {
    /// A rate as the rule pays it.
    ///
    /// # Errors
    /// [`Code::Overflow`](crate::Code::Overflow) when the rounded rate does not fit.
    pub(in crate::reward) fn rate(&self, rate: Rate) -> Result<Rate> {
        self.rate_decimals.map_or(Ok(rate), |decimals| Ok(rate.rounded(decimals, self.mode)?))
    }
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

/// The base of a rule that runs after another: what that rule paid.
pub const INCOME: &str = "income";

impl Base {
    /// The components it is made of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.base].into_iter().chain(&self.plus).chain(&self.less).map(String::as_str)
    }

    /// Whether it reads what another rule paid.
    #[must_use]
    pub fn reads_income(&self) -> bool {
        self.names().any(|name| name == INCOME)
    }
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
                StopSource::Roles(names) | StopSource::Region(names) => {
                    keys.extend(names.iter().map(String::as_str));
                }
                StopSource::Buyer | StopSource::Up { .. } | StopSource::Class(_) => {}
            }
        }
        keys
    }

    /// Adds the names of the facts and components this rule reads.
    pub(super) fn names<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        names.extend(self.of.names().filter(|name| *name != INCOME));
        // `margin` is made of these two.
        names.insert("cost");
        let stops = self.to.iter().flat_map(|stop| {
            let class = match &stop.source {
                StopSource::Class(condition) => Some(condition),
                _ => None,
            };
            stop.when.iter().chain(class)
        });
        for condition in self.when.iter().chain(&self.qualify).chain(stops) {
            condition.names(names);
        }
        self.pay.names(names);
    }
}
