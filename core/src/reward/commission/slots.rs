//! Who stands at which slot and who is paid for it, before any amount is known.

use super::candidates::Row;
use super::reason::Reason;
use crate::error::Result;
use crate::reward::plan::{Condition, Plan, Rule, Unqualified};
use std::ptr;

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

    const fn passed(level: usize, stands: usize, reason: Reason) -> Self {
        Self { passed: true, ..Self::kept(level, Some(stands), reason) }
    }
}

/// The nearest candidate further up who meets a condition, kept while the walk goes on: a long row of people who do not
/// is looked through once, not once for each of them.
#[derive(Default)]
struct Ahead<'a> {
    /// The condition and its candidate, the end of the row where nobody meets it.
    known: Option<(Option<&'a Condition>, usize)>,
}

/// Tests candidates against the condition of a level.
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rule: &'a Rule,
    pub(super) row: &'a Row<'a>,
}

impl<'a> Walk<'a> {
    fn qualifies(&self, at: usize, level: usize) -> Result<bool> {
        let Some(person) = self.row.person(at) else { return Ok(false) };
        let condition = self.rule.condition(level);
        condition.map_or(Ok(true), |condition| condition.holds(person, self.plan.ranks()))
    }

    /// Why a candidate who may not be paid is not: a region may be held by nobody.
    fn why_not(&self, at: usize) -> Reason {
        if self.row.person(at).is_some() { Reason::Ineligible } else { Reason::NoPayee }
    }

    /// The slots 1 to `levels` of a `levels` schedule, and the people passed over on the way.
    pub(super) fn by_level(&self, levels: usize) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(levels);
        self.fill_levels(levels, &mut slots)?;
        Ok(slots)
    }

    /// As [`Walk::by_level`], into memory that is kept.
    pub(super) fn fill_levels(&self, levels: usize, slots: &mut Vec<Slot>) -> Result<()> {
        slots.clear();
        match self.rule.unqualified {
            Unqualified::Compress | Unqualified::CompressByLevel => self.compressed(levels, slots),
            mode => self.by_distance(mode, levels, slots),
        }
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
                slots.push(Slot::passed(level, at, self.why_not(at)));
            }
        }
        slots.extend((level..=levels).map(|level| Slot::kept(level, None, Reason::NoUpline)));
        Ok(())
    }

    fn by_distance(&self, mode: Unqualified, levels: usize, slots: &mut Vec<Slot>) -> Result<()> {
        let (mut blocked, mut ahead) = (false, Ahead::default());
        for level in 1..=levels {
            let at = level - 1;
            let slot = if at >= self.row.len() {
                Slot::kept(level, None, Reason::NoUpline)
            } else if self.row.person(at).is_none() {
                Slot::kept(level, Some(at), Reason::NoPayee)
            } else if blocked {
                Slot::kept(level, Some(at), Reason::Blocked)
            } else if self.qualifies(at, level)? {
                Slot::paid(level, at, at)
            } else {
                blocked = mode == Unqualified::Stop;
                self.unqualified(at, level, &mut ahead)?
            };
            slots.push(slot);
        }
        Ok(())
    }

    /// The slot of a candidate who does not qualify but stays where they stand.
    fn unqualified(&self, at: usize, level: usize, ahead: &mut Ahead<'a>) -> Result<Slot> {
        if self.rule.unqualified == Unqualified::RollUp {
            let next = self.next_above(at, level, ahead)?;
            if next < self.row.len() {
                return Ok(Slot::paid(level, at, next));
            }
        }
        Ok(Slot::kept(level, Some(at), Reason::Ineligible))
    }

    /// Who qualifies next above a candidate; the end of the row where nobody does.
    fn next_above(&self, at: usize, level: usize, ahead: &mut Ahead<'a>) -> Result<usize> {
        let condition = self.rule.condition(level);
        let same = |known: Option<&Condition>| known.map(ptr::from_ref) == condition.map(ptr::from_ref);
        if let Some((_, next)) = ahead.known.filter(|(known, next)| *next > at && same(*known)) {
            return Ok(next);
        }
        let mut next = at + 1;
        while next < self.row.len() && !self.qualifies(next, level)? {
            next += 1;
        }
        ahead.known = Some((condition, next));
        Ok(next)
    }

    fn compresses(&self) -> bool {
        matches!(self.rule.unqualified, Unqualified::Compress | Unqualified::CompressByLevel)
    }

    /// The slots of a walk without end: everybody whose rank is above those of all nearer ones. The walk may
    /// end early (`stop`).
    pub(super) fn unblocked(&self) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(self.row.len());
        let (mut level, mut best, mut ahead) = (1, None, Ahead::default());
        for at in 0..self.row.len() {
            let rank = self.row.person(at).and_then(|person| person.rank.as_deref());
            let rank = rank.and_then(|rank| self.plan.rank_index(rank));
            if rank <= best {
                if self.row.person(at).is_some() {
                    slots.push(Slot::passed(level, at, Reason::Blocked));
                }
                continue;
            }
            if self.qualifies(at, level)? {
                slots.push(Slot::paid(level, at, at));
            } else if self.compresses() {
                slots.push(Slot::passed(level, at, Reason::Ineligible));
                continue;
            } else {
                slots.push(self.unqualified(at, level, &mut ahead)?);
                if self.rule.unqualified == Unqualified::Stop {
                    return Ok(slots);
                }
            }
            (level, best) = (level + 1, rank);
        }
        Ok(slots)
    }

    /// Who shares a pool: everybody who qualifies, and with `retain` those who do not and keep their part
    /// from the others.
    pub(super) fn sharers(&self) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(self.row.len());
        let mut level = 1;
        for at in (0..self.row.len()).filter(|at| self.row.person(*at).is_some()) {
            let slot = if self.qualifies(at, 1)? {
                Slot::paid(level, at, at)
            } else if self.compresses() {
                slots.push(Slot::passed(level, at, Reason::Ineligible));
                continue;
            } else {
                Slot::kept(level, Some(at), Reason::Ineligible)
            };
            slots.push(slot);
            level += 1;
        }
        Ok(slots)
    }

    /// The slots of a `differential` schedule: everybody on the path. The walk may end early (`stop`).
    pub(super) fn whole_path(&self) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(self.row.len());
        let (mut level, mut ahead) = (1, Ahead::default());
        for at in 0..self.row.len() {
            if self.row.person(at).is_none() {
                continue;
            } else if self.qualifies(at, level)? {
                slots.push(Slot::paid(level, at, at));
            } else if self.compresses() {
                slots.push(Slot::passed(level, at, Reason::Ineligible));
                continue;
            } else {
                slots.push(self.unqualified(at, level, &mut ahead)?);
                if self.rule.unqualified == Unqualified::Stop {
                    return Ok(slots);
                }
            }
            level += 1;
        }
        Ok(slots)
    }
}
