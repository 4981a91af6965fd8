//! Who stands at which slot and who is paid for it, before any amount is known.

use super::candidates::Candidate;
use super::reason::Reason;
use crate::error::Result;
use crate::reward::plan::{Plan, Rule, Unqualified};

/// One slot of a walk. Candidates are named by their place in the row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// The level, from 1.
    pub(super) level: usize,
    /// Whose rate the slot has; `None` where nobody stands.
    pub(super) stands: Option<usize>,
    /// Who is paid; `None` when the amount is retained.
    pub(super) payee: Option<usize>,
    /// Why nobody is paid.
    pub(super) reason: Option<Reason>,
    /// The person was passed over: the slot offers nothing and only stands in the trace.
    pub(super) passed: bool,
}

impl Slot {
    const fn paid(level: usize, stands: usize, payee: usize) -> Self {
        Self { level, stands: Some(stands), payee: Some(payee), reason: None, passed: false }
    }

    const fn kept(level: usize, stands: Option<usize>, reason: Reason) -> Self {
        Self { level, stands, payee: None, reason: Some(reason), passed: false }
    }

    const fn passed(level: usize, stands: usize) -> Self {
        Self { passed: true, ..Self::kept(level, Some(stands), Reason::Ineligible) }
    }
}

/// Tests candidates against the condition of a level.
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rule: &'a Rule,
    pub(super) row: &'a [Candidate<'a>],
}

impl Walk<'_> {
    fn qualifies(&self, at: usize, level: usize) -> Result<bool> {
        let condition = self.rule.condition(level);
        condition.map_or(Ok(true), |condition| condition.holds(&self.row[at], self.plan.ranks()))
    }

    /// The slots 1 to `levels` of a `levels` schedule, and the people passed over on the way.
    pub(super) fn by_level(&self, levels: usize) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(levels);
        match self.rule.unqualified {
            Unqualified::Compress | Unqualified::CompressByLevel => self.compressed(levels, &mut slots)?,
            mode => self.by_distance(mode, levels, &mut slots)?,
        }
        Ok(slots)
    }

    fn compressed(&self, levels: usize, slots: &mut Vec<Slot>) -> Result<()> {
        let mut level = 1;
        for at in 0..self.row.len() {
            if level > levels {
                return Ok(());
            }
            if self.qualifies(at, level)? {
                slots.push(Slot::paid(level, at, at));
                level += 1;
            } else {
                slots.push(Slot::passed(level, at));
            }
        }
        slots.extend((level..=levels).map(|level| Slot::kept(level, None, Reason::NoUpline)));
        Ok(())
    }

    fn by_distance(&self, mode: Unqualified, levels: usize, slots: &mut Vec<Slot>) -> Result<()> {
        let mut blocked = false;
        for level in 1..=levels {
            let at = level - 1;
            let slot = if at >= self.row.len() {
                Slot::kept(level, None, Reason::NoUpline)
            } else if blocked {
                Slot::kept(level, Some(at), Reason::Blocked)
            } else if self.qualifies(at, level)? {
                Slot::paid(level, at, at)
            } else {
                blocked = mode == Unqualified::Stop;
                self.unqualified(mode, at, level)?
            };
            slots.push(slot);
        }
        Ok(())
    }

    /// The slot of a candidate who does not qualify but stays where they stand.
    fn unqualified(&self, mode: Unqualified, at: usize, level: usize) -> Result<Slot> {
        if mode == Unqualified::RollUp {
            for next in at + 1..self.row.len() {
                if self.qualifies(next, level)? {
                    return Ok(Slot::paid(level, at, next));
                }
            }
        }
        Ok(Slot::kept(level, Some(at), Reason::Ineligible))
    }

    /// The slots of a `differential` schedule: everybody on the path. The walk may end early (`stop`).
    pub(super) fn whole_path(&self) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(self.row.len());
        let mut level = 1;
        for at in 0..self.row.len() {
            if self.qualifies(at, level)? {
                slots.push(Slot::paid(level, at, at));
            } else if matches!(self.rule.unqualified, Unqualified::Compress | Unqualified::CompressByLevel) {
                slots.push(Slot::passed(level, at));
                continue;
            } else {
                slots.push(self.unqualified(self.rule.unqualified, at, level)?);
                if self.rule.unqualified == Unqualified::Stop {
                    return Ok(slots);
                }
            }
            level += 1;
        }
        Ok(slots)
    }
}
