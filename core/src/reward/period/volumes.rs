//! What members sold in a period: a column per volume, refunds taken off.

use super::snapshot::Snapshot;
use crate::doc::perhaps;
use crate::error::{Code, Error, Result};
use crate::money::{Rate, narrow, overflow};
use crate::reward::plan::{Base, Rule};
use std::collections::BTreeMap;

/// Own volumes of the members of a snapshot, by the name of the volume: `paid`, `pv`, `quantity` …
///
/// Only sums count: sales may be added in any order and in any portions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volumes {
    columns: BTreeMap<String, Vec<i64>>,
}

impl Volumes {
    /// Nobody sold anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to the own volume of a member, by their number in the forest; a refund is below zero.
    ///
    /// # Errors
    /// [`Code::UnknownMember`], [`Code::Overflow`].
    pub fn add(&mut self, snapshot: &Snapshot, member: u64, name: &str, amount: i64) -> Result<()> {
        let at = snapshot.forest().resolve(&[member])?[0].index();
        let column = self.column_mut(snapshot.len(), name);
        let sum = column[at].checked_add(amount);
        let who = || snapshot.member(at);
        let too_wide =
            || Error::new(Code::Overflow, format!("`{name}` of member {} does not fit 64 bits", who()));
        column[at] = sum.ok_or_else(too_wide)?;
        Ok(())
    }

    /// These volumes and others of the same snapshot together.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub fn plus(&self, other: &Self) -> Result<Self> {
        let mut sum = self.clone();
        for (name, column) in &other.columns {
            let own = sum.column_mut(column.len(), name);
            for (own, more) in own.iter_mut().zip(column) {
                let too_wide = || Error::new(Code::Overflow, format!("`{name}` does not fit 64 bits"));
                *own = own.checked_add(*more).ok_or_else(too_wide)?;
            }
        }
        Ok(sum)
    }

    fn column_mut(&mut self, members: usize, name: &str) -> &mut Vec<i64> {
        self.columns.entry(name.to_owned()).or_insert_with(|| vec![0; members])
    }

    /// Whether no sale states anything.
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The names of all volumes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// The volume of a name, a value per handle; `None` where nobody has it.
    pub(super) fn column(&self, name: &str) -> Option<&[i64]> {
        self.columns.get(name).map(Vec::as_slice)
    }

    /// Refuses volumes below zero: more would be taken back than was sold.
    pub(super) fn check(&self, snapshot: &Snapshot) -> Result<()> {
        for (name, column) in &self.columns {
            if let Some(at) = column.iter().position(|volume| *volume < 0) {
                let (member, volume) = (snapshot.member(at), column[at]);
                let rule =
                    format!("member {member}: `{name}` is {volume}; more was taken back than was sold");
                return Err(Error::new(Code::OverReversed, rule));
            }
        }
        Ok(())
    }

    /// The volume a rule reads of a member. Where no sale of the period states anything, all is zero.
    pub(super) fn of(&self, rule: &Rule, name: &str, at: usize) -> Result<i64> {
        match (self.columns.get(name), name) {
            (Some(column), _) => Ok(column[at]),
            (None, "margin") => {
                let (paid, cost) = (self.of(rule, "paid", at)?, self.of(rule, "cost", at)?);
                narrow(i128::from(paid) - i128::from(cost), || "a margin".into()).map_err(Error::from)
            }
            (None, _) if self.is_empty() => Ok(0),
            (None, _) => {
                let hint = perhaps(name, self.names());
                let error =
                    format!("no sale of the period states `{name}`, which rule `{}` reads{hint}", rule.id);
                Err(Error::new(Code::MissingComponent, error))
            }
        }
    }

    /// The base of a member as a source; `income` is what the rule before paid.
    pub(super) fn base(&self, rule: &Rule, at: usize, income: Option<i64>) -> Result<i64> {
        let Base { base, plus, less, times } = &rule.of;
        let of = |name: &str| match income {
            Some(income) if name == crate::reward::plan::INCOME => Ok(income),
            _ => self.of(rule, name, at),
        };
        let mut sum = i128::from(of(base)?);
        for name in plus {
            sum += i128::from(of(name)?);
        }
        for name in less {
            sum -= i128::from(of(name)?);
        }
        if *times != Rate::ONE {
            let share = sum.checked_mul(i128::from(times.numerator()));
            let share = share.ok_or_else(|| Error::from(overflow("a base")))?;
            sum = rule.round.mode.divide(share, i128::from(times.denominator()));
        }
        narrow(sum.max(0), || "a base".into()).map_err(Error::from)
    }
}
