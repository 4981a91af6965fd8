//! How much each slot gets.

use super::{RateTable, Round};
use crate::error::Result;
use crate::money::Rate;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// How much each slot gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// A rate per level.
    Levels(RateTable),
    /// A rate per level for everybody whose rank is above all nearer ones (无限代), the last rate for all
    /// further levels.
    Infinity(RateTable),
    /// `first · ratio^(k − 1)` at level k, until below one minor unit.
    Geometric {
        /// The rate of level 1.
        first: Rate,
        /// What each further level gets of the one before, below 1.
        ratio: Rate,
    },
    /// The difference to the highest rate below (级差).
    Differential(RateTable),
    /// A rate that rises with a volume.
    Ladder(Ladder),
    /// Pairs of units of the two legs of a tree (对碰).
    Pairing(Pairing),
    /// A pool that is divided among all payees (股东分红).
    Share(Share),
}

/// A rate that rises with a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// The volume the ladder is read on; the base itself when absent.
    pub by: Option<String>,
    /// Whose volume.
    pub span: Span,
    /// What the volume is worth.
    pub shape: LadderShape,
}

/// Whose volume a ladder is read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// The source's own.
    Own,
    /// That of everybody below the source in this tree, and the source's own; what the children's own
    /// ladders give them is taken off (团队奖).
    Team(String),
}

/// What a volume is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LadderShape {
    /// The rate of the last step that is reached serves the whole base.
    Whole(Vec<Step>),
    /// The rate of each step serves what lies between it and the next.
    Marginal(Vec<Step>),
    /// `x · Σ cₖ (x / X)^(k − 1)`, where X is the volume of the whole tree: the weights of a lottery tree.
    Polynomial(Vec<Rate>),
}

impl LadderShape {
    /// The parts of a base between the steps of a marginal ladder, each with its rate; none of other shapes.
    pub(crate) fn marginal(&self, base: i64) -> impl Iterator<Item = (Rate, i64)> {
        let steps = match self {
            Self::Marginal(steps) => steps.as_slice(),
            Self::Whole(_) | Self::Polynomial(_) => &[],
        };
        let part = move |(at, step): (usize, &Step)| {
            let end = steps.get(at + 1).map_or(base, |next| next.from.min(base));
            (step.rate, end - step.from)
        };
        steps.iter().enumerate().map(part).filter(|(_, part)| *part > 0)
    }

    /// Whether it is read on the part of the whole tree, not by steps.
    pub(crate) const fn is_polynomial(&self) -> bool {
        matches!(self, Self::Polynomial(_))
    }
}

/// A step of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The volume it is reached at.
    pub from: i64,
    /// Its rate.
    pub rate: Rate,
}

/// Pairs of units of the two legs of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// What a pair pays, the most uneven ratio first.
    pub rates: Vec<PairRate>,
    /// The tree whose first two legs are paired.
    pub tree: String,
    /// The volume of one unit, above zero.
    pub unit: i64,
    /// What becomes of volume that has no partner.
    pub unmatched: Unmatched,
}

/// What a pair of so many units of the strong leg and so many of the weak one pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairRate {
    /// Units of the strong leg.
    pub strong: u32,
    /// Units of the weak leg.
    pub weak: u32,
    /// The share of one unit that the pair pays.
    pub rate: Rate,
}

/// What becomes of volume that has no partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// It is there in the next period.
    Carry,
    /// It is lost.
    Flush,
}

/// A pool that is divided among all payees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The pool as a share of the base.
    pub rate: Rate,
    /// In which proportions.
    pub weights: Weights,
}

/// In which proportions a pool is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Everybody the same.
    Equal,
    /// By a fact of each payee, an integer at or above zero.
    Fact(String),
    /// By rank or label; `any` serves everybody else.
    Table(BTreeMap<String, u32>),
}

impl Schedule {
    /// With the rates of ladders, pairs and pools as they are paid; those of tables stand as they are, for people
    /// bring rates of their own there.
    ///
    /// # Errors
    /// As [`Round::rate`].
    pub(in crate::reward) fn paid(&self, round: &Round) -> Result<Cow<'_, Self>> {
        if round.rate_decimals.is_none() || self.table().iter().next().is_some() {
            return Ok(Cow::Borrowed(self));
        }
        let mut paid = self.clone();
        let rates: Vec<&mut Rate> = match &mut paid {
            Self::Ladder(ladder) => match &mut ladder.shape {
                LadderShape::Whole(steps) | LadderShape::Marginal(steps) => {
                    steps.iter_mut().map(|step| &mut step.rate).collect()
                }
                LadderShape::Polynomial(rates) => rates.iter_mut().collect(),
            },
            Self::Pairing(pairing) => pairing.rates.iter_mut().map(|pair| &mut pair.rate).collect(),
            Self::Share(share) => vec![&mut share.rate],
            Self::Levels(_) | Self::Infinity(_) | Self::Geometric { .. } | Self::Differential(_) => {
                Vec::new()
            }
        };
        for rate in rates {
            *rate = round.rate(*rate)?;
        }
        Ok(Cow::Owned(paid))
    }

    /// The table of rates; one without entries for schedules that have none.
    #[must_use]
    pub const fn table(&self) -> &RateTable {
        match self {
            Self::Levels(table) | Self::Infinity(table) | Self::Differential(table) => table,
            Self::Geometric { .. } | Self::Ladder(_) | Self::Pairing(_) | Self::Share(_) => {
                RateTable::empty()
            }
        }
    }

    /// Its key in data.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Levels(_) | Self::Infinity(_) | Self::Geometric { .. } => "levels",
            Self::Differential(_) => "differential",
            Self::Ladder(_) => "ladder",
            Self::Pairing(_) => "pairing",
            Self::Share(_) => "share",
        }
    }

    /// The keys of ranks and labels it has entries for.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let weights = match self {
            Self::Share(Share { weights: Weights::Table(table), .. }) => Some(table),
            _ => None,
        };
        let weights = weights.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
        self.table().iter().map(|(key, _)| key).chain(weights)
    }

    /// Adds the names of the facts and components it reads.
    pub(super) fn names<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        self.table().names(names);
        match self {
            Self::Ladder(Ladder { by: Some(by), .. }) => names.extend([by.as_str()]),
            Self::Share(Share { weights: Weights::Fact(fact), .. }) => names.extend([fact.as_str()]),
            _ => {}
        }
    }
}
