//! One payee's commission of one rule of one sale.

use crate::doc::Node;
use crate::error::Result;
use crate::id::MemberId;
use crate::money::narrow;
use crate::reward::commission::EntryState;
use std::collections::BTreeSet;

/// Where the unpaid part of an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Pending,
    Confirmed,
    Payable,
}

/// Amounts in minor units, none of them below zero but for a gain that has not come yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) levels: BTreeSet<u32>,
    pub(super) earned: i64,
    pub(super) stage: Stage,
    /// What stands and was not paid out.
    pub(super) unpaid: i64,
    /// What was paid out.
    pub(super) paid: i64,
    /// What of `paid` was taken back.
    pub(super) clawback: i64,
}

impl Entry {
    pub(super) const fn new(stage: Stage) -> Self {
        Self { levels: BTreeSet::new(), earned: 0, stage, unpaid: 0, paid: 0, clawback: 0 }
    }

    pub(super) fn earn(&mut self, amount: i64, level: Option<u32>) -> Result<()> {
        self.earned = sum(self.earned, amount)?;
        self.unpaid = sum(self.unpaid, amount)?;
        self.levels.extend(level);
        Ok(())
    }

    /// Pays out as much of an amount as stands; tells how much that was.
    pub(super) fn pay(&mut self, amount: i64) -> Result<i64> {
        let part = amount.min(self.unpaid.max(0));
        self.paid = sum(self.paid, part)?;
        self.unpaid -= part;
        Ok(part)
    }

    /// What was paid out of it comes back. What of that had been taken back as well is owed no longer.
    pub(super) fn come_back(&mut self, amount: i64) -> Result<()> {
        self.paid = sum(self.paid, -amount)?;
        let settled = (self.clawback - self.paid).max(0);
        self.clawback -= settled;
        self.unpaid = sum(self.unpaid, amount - settled)?;
        Ok(())
    }

    /// Takes back (below zero) or gives again (above): what is unpaid falls first, what is clawed back is
    /// given again first.
    pub(super) fn change(&mut self, amount: i64) -> Result<()> {
        let unpaid = sum(self.unpaid, amount)?;
        if amount < 0 {
            let taken = unpaid.min(0);
            self.unpaid = unpaid - taken;
            self.clawback = sum(self.clawback, -taken)?;
        } else {
            let again = amount.min(self.clawback);
            self.clawback -= again;
            self.unpaid = unpaid - again;
        }
        Ok(())
    }

    /// In the words of the life cycle; `reserved` is a withdrawal's and no order's.
    pub(super) const fn state(&self) -> EntryState {
        match self.stage {
            _ if self.unpaid == 0 && self.paid == 0 => EntryState::Reversed,
            _ if self.unpaid == 0 && self.paid == self.clawback => EntryState::ClawedBack,
            _ if self.unpaid == 0 => EntryState::Paid,
            Stage::Pending => EntryState::Pending,
            Stage::Confirmed => EntryState::Confirmed,
            Stage::Payable => EntryState::Payable,
        }
    }
}

fn sum(left: i64, right: i64) -> Result<i64> {
    Ok(narrow(i128::from(left) + i128::from(right), || "commission of one entry".into())?)
}

/// One payee's commission of one rule of one sale, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// The version of the sale.
    pub version: u32,
    /// Who.
    pub payee: MemberId,
    /// By which rule.
    pub rule: String,
    /// At which levels.
    pub levels: Vec<u32>,
    /// What was earned first.
    pub earned: i64,
    /// What stands and was not paid out.
    pub unpaid: i64,
    /// What was paid out.
    pub paid: i64,
    /// What of the paid was taken back.
    pub clawback: i64,
    /// Where it stands.
    pub state: EntryState,
}

impl EntryView {
    /// What the payee has or will have of it: unpaid and paid, less what is clawed back.
    #[must_use]
    pub const fn stands(&self) -> i64 {
        self.unpaid.saturating_add(self.paid).saturating_sub(self.clawback)
    }

    /// The document of this entry.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let levels = self.levels.iter().map(|level| Node::Int(i64::from(*level)));
        Node::map([
            ("version", Node::Int(i64::from(self.version))),
            ("payee", (&self.payee).into()),
            ("rule", self.rule.as_str().into()),
            ("levels", Node::List(levels.collect())),
            ("earned", self.earned.into()),
            ("unpaid", self.unpaid.into()),
            ("paid", self.paid.into()),
            ("clawback", self.clawback.into()),
            ("stands", self.stands().into()),
            ("state", self.state.name().into()),
        ])
    }
}
