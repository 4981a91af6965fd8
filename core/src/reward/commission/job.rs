//! One rule at work on one source: from slots to amounts.

use super::evaluate::Cell;
use super::portion::{LineInput, Portion, base_of, groups, most_levels, total};
use super::rates::{NOTHING, higher, is_nothing};
use super::reason::Reason;
use super::schedules::{Series, climb, pool, rate_of_term, weight};
use super::slots::{Slot, Walk};
use crate::error::Result;
use crate::money::{Rate, allocate};
use crate::reward::plan::{MAX_LEVELS, Per, Plan, Reach, Rule, Schedule, Share, StopSource, Unqualified};
use crate::sale::Pay;

/// One rule at work on one portion of a sale.
pub(super) struct Job<'a, 'r> {
    pub(super) plan: &'a Plan,
    pub(super) at: usize,
    pub(super) rule: &'a Rule,
    pub(super) portion: &'r Portion<'a>,
}

impl<'a> Job<'a, '_> {
    /// What the rule offers, whoever gets it.
    pub(super) fn offer(&self) -> Result<i128> {
        let Portion { lines, row, .. } = self.portion;
        let slots = match &self.rule.pay {
            Schedule::Differential(_) | Schedule::Geometric { .. } | Schedule::Share(_) => Vec::new(),
            _ => self.slots(lines)?,
        };
        let mut offered = 0_i128;
        for group in groups(self.rule, lines) {
            match &self.rule.pay {
                Schedule::Differential(_) => {
                    offered += i128::from(total(self.rule, group, |_, line| line.rates.highest(row))?);
                }
                Schedule::Geometric { first, ratio } => {
                    offered += i128::from(Series::whole(*first, *ratio, base_of(group))?);
                }
                Schedule::Ladder(ladder) => offered += i128::from(climb(self.rule, ladder, group)?.0),
                Schedule::Share(share) => offered += i128::from(pool(self.rule, share, group)?.0),
                Schedule::Levels(_) | Schedule::Infinity(_) | Schedule::Pairing(_) => {
                    for slot in slots.iter().filter(|slot| !slot.passed) {
                        let person = slot.stands.and_then(|at| row.get(at));
                        let amount = total(self.rule, group, |_, line| line.rates.of(person, slot.level))?;
                        offered += i128::from(amount);
                    }
                }
            }
        }
        Ok(offered)
    }

    /// Adds the cells of all groups.
    pub(super) fn run(&self, cells: &mut Vec<Cell<'a>>) -> Result<()> {
        let lines = &self.portion.lines;
        let slots = self.slots(lines)?;
        for group in groups(self.rule, lines) {
            match &self.rule.pay {
                Schedule::Differential(_) => self.differential(group, &slots, cells)?,
                Schedule::Geometric { first, ratio } => {
                    self.geometric(*first, *ratio, group, &slots, cells)?
                }
                Schedule::Ladder(ladder) => {
                    let (amount, rate) = climb(self.rule, ladder, group)?;
                    for slot in &slots {
                        cells.push(self.settled(group, slot, rate, amount));
                    }
                }
                Schedule::Share(share) => self.share(share, group, &slots, cells)?,
                Schedule::Levels(_) | Schedule::Infinity(_) | Schedule::Pairing(_) => {
                    self.by_level(group, &slots, cells)?;
                }
            }
        }
        Ok(())
    }

    /// What each slot is the sum of whose amount is the whole order's, by this rule or by the one it runs after: rates
    /// with what they are taken of, money or units, those of one rate together. In the order of the cells; nothing for
    /// rules of single lines, and of pools, ladders and series.
    pub(super) fn terms(&self) -> Result<Vec<Vec<(Pay, i64)>>> {
        let Portion { lines, row, .. } = self.portion;
        let differs = matches!(self.rule.pay, Schedule::Differential(_));
        let sums =
            matches!(self.rule.pay, Schedule::Levels(_) | Schedule::Infinity(_) | Schedule::Differential(_));
        let whole = self.rule.round.per == Per::Order || lines.iter().any(|line| line.at.is_none());
        if !(sums && whole) {
            return Ok(Vec::new());
        }
        let mut best = vec![NOTHING; lines.len()];
        let mut all = Vec::new();
        for slot in self.slots(lines)? {
            let person = slot.stands.and_then(|at| row.get(at));
            let mut terms: Vec<(Pay, i64)> = Vec::new();
            for (best, line) in best.iter_mut().zip(lines).filter(|_| !slot.passed) {
                let mut rate = line.rates.of(person, if differs { 1 } else { slot.level })?;
                if differs {
                    rate = higher(*best, rate)?;
                    *best = rate;
                }
                let of = match rate {
                    Pay::Share(_) => line.base,
                    Pay::PerUnit(_) => i64::try_from(line.units).unwrap_or(i64::MAX),
                };
                match terms.iter_mut().find(|(known, _)| *known == rate) {
                    // Bases fit together, and more units than 64 bits hold are paid by nobody.
                    Some((_, sum)) => *sum = sum.saturating_add(of),
                    None if is_nothing(rate) => {}
                    None => terms.push((rate, of)),
                }
            }
            all.push(terms);
        }
        Ok(all)
    }

    /// Who stands where; a walk of peers and one without end offer nothing where nobody stands.
    fn slots(&self, lines: &[LineInput<'a>]) -> Result<Vec<Slot>> {
        let walk = Walk { plan: self.plan, rule: self.rule, row: &self.portion.row };
        match &self.rule.pay {
            Schedule::Levels(_) if self.walks_peers() => {
                let mut slots = walk.by_level(most_levels(lines))?;
                slots.retain(|slot| slot.stands.is_some());
                Ok(slots)
            }
            Schedule::Levels(_) => walk.by_level(most_levels(lines)),
            Schedule::Infinity(_) => walk.unblocked(),
            Schedule::Geometric { .. } => {
                let mut slots = walk.by_level(MAX_LEVELS)?;
                slots.retain(|slot| slot.stands.is_some());
                Ok(slots)
            }
            Schedule::Ladder(_) => walk.by_level(1),
            Schedule::Differential(_) => walk.whole_path(),
            Schedule::Share(_) => walk.sharers(),
            // Pairs are a period's; no rule of a sale has them.
            Schedule::Pairing(_) => Ok(Vec::new()),
        }
    }

    fn walks_peers(&self) -> bool {
        let same = |source: &StopSource| matches!(source, StopSource::Up { reach: Reach::SameRank, .. });
        self.rule.to.iter().any(|stop| same(&stop.source))
    }

    /// A series: what is below one minor unit, and what nobody stands for, is its tail.
    fn geometric(
        &self,
        first: Rate,
        ratio: Rate,
        group: &[LineInput<'a>],
        slots: &[Slot],
        cells: &mut Vec<Cell<'a>>,
    ) -> Result<()> {
        let base = base_of(group);
        let mut left = Series::whole(first, ratio, base)?;
        let mut series = Series::new(first, ratio, base);
        for slot in slots {
            if slot.passed {
                cells.push(self.cell(group, slot));
                continue;
            }
            let Some(amount) = series.next()? else { break };
            cells.push(self.settled(group, slot, rate_of_term(first, ratio, slot.level), amount));
            left -= amount;
        }
        if left != 0 {
            cells.push(Cell { amount: left, reason: Some(Reason::Tail), ..self.blank(group) });
        }
        Ok(())
    }

    /// A pool by weights, with largest remainders; ties go to whoever stands first.
    fn share(
        &self,
        share: &Share,
        group: &[LineInput<'a>],
        slots: &[Slot],
        cells: &mut Vec<Cell<'a>>,
    ) -> Result<()> {
        let (pool, rate) = pool(self.rule, share, group)?;
        let standing: Vec<&Slot> = slots.iter().filter(|slot| !slot.passed).collect();
        let weigh = |slot: &&Slot| {
            let sharer = slot.stands.and_then(|at| self.portion.row.get(at));
            sharer.map_or(Ok(0), |sharer| weight(&share.weights, &sharer))
        };
        let weights: Vec<u64> = standing.iter().map(weigh).collect::<Result<_>>()?;
        let all = weights.iter().fold(0, |sum: u64, weight| sum.saturating_add(*weight));
        cells.extend(slots.iter().filter(|slot| slot.passed).map(|slot| self.cell(group, slot)));
        if all == 0 {
            let reason = Some(Reason::NoPayee).filter(|_| pool != 0);
            cells.extend(reason.map(|_| Cell { amount: pool, rate, reason, ..self.blank(group) }));
            return Ok(());
        }
        for ((slot, weight), amount) in standing.iter().zip(&weights).zip(allocate(pool, &weights)?) {
            let own = if *weight == 0 { NOTHING } else { rate };
            let cell = self.settled(group, slot, own, amount);
            cells.push(Cell { part: Some((*weight, all)), ..cell });
        }
        Ok(())
    }

    /// The cell of a slot with its amount.
    fn settled(&self, group: &[LineInput<'a>], slot: &Slot, rate: Pay, amount: i64) -> Cell<'a> {
        let mut cell = self.cell(group, slot);
        if slot.passed {
            return cell;
        }
        (cell.rate, cell.amount) = (rate, amount);
        let why = if is_nothing(rate) { Reason::NotApplicable } else { Reason::Rounding };
        self.settle(&mut cell, why);
        cell
    }

    fn by_level(&self, group: &[LineInput<'a>], slots: &[Slot], cells: &mut Vec<Cell<'a>>) -> Result<()> {
        let endless = matches!(self.rule.pay, Schedule::Infinity(_));
        for slot in slots.iter().filter(|slot| endless || slot.level <= most_levels(group)) {
            let person = slot.stands.and_then(|at| self.portion.row.get(at));
            let rate = if slot.passed { NOTHING } else { self.first_rate(group, slot)? };
            let amount = total(self.rule, group, |_, line| {
                if slot.passed { Ok(NOTHING) } else { line.rates.of(person, slot.level) }
            })?;
            cells.push(self.settled(group, slot, rate, amount));
        }
        Ok(())
    }

    /// 级差: each takes the difference to the highest below, on cumulative entitlements.
    fn differential(&self, group: &[LineInput<'a>], slots: &[Slot], cells: &mut Vec<Cell<'a>>) -> Result<()> {
        let mut best = vec![NOTHING; group.len()];
        let mut taken = 0;
        for slot in slots {
            let mut cell = self.cell(group, slot);
            if !slot.passed {
                let person = slot.stands.and_then(|at| self.portion.row.get(at));
                let mut raised = best.clone();
                for (best, line) in raised.iter_mut().zip(group) {
                    *best = higher(*best, line.rates.of(person, 1)?)?;
                }
                let reached = total(self.rule, group, |at, _| Ok(raised[at]))?;
                cell.rate = self.first_rate(group, slot)?;
                (cell.amount, cell.below) = (reached - taken, taken);
                let why = match (is_nothing(cell.rate), raised == best) {
                    (true, _) => Reason::NotApplicable,
                    (_, true) => Reason::Blocked,
                    _ => Reason::Rounding,
                };
                self.settle(&mut cell, why);
                (best, taken) = (raised, reached);
            }
            cells.push(cell);
        }
        let pool = total(self.rule, group, |_, line| line.rates.highest(&self.portion.row))?;
        let stopped = self.rule.unqualified == Unqualified::Stop
            && slots.last().is_some_and(|slot| slot.reason == Some(Reason::Ineligible));
        let nobody = slots.iter().all(|slot| slot.passed);
        let reason = match (nobody, stopped) {
            (true, _) => Reason::NoUpline,
            (_, true) => Reason::Blocked,
            _ => Reason::UnreachedRank,
        };
        if pool != taken {
            cells.push(Cell { amount: pool - taken, reason: Some(reason), ..self.blank(group) });
        }
        Ok(())
    }

    /// Decides whether the amount of a cell is paid, and says why not.
    fn settle(&self, cell: &mut Cell<'a>, why_zero: Reason) {
        if cell.reason.is_none() && cell.amount == 0 {
            cell.reason = Some(why_zero);
        } else if cell.reason.is_none() && cell.amount < self.rule.round.min {
            cell.reason = Some(Reason::BelowMinimum);
        }
    }

    fn first_rate(&self, group: &[LineInput<'a>], slot: &Slot) -> Result<Pay> {
        let person = slot.stands.and_then(|at| self.portion.row.get(at));
        let level = if matches!(self.rule.pay, Schedule::Differential(_)) { 1 } else { slot.level };
        group.first().map_or(Ok(NOTHING), |line| line.rates.of(person, level))
    }

    fn cell(&self, group: &[LineInput<'a>], slot: &Slot) -> Cell<'a> {
        let person = |at: usize| self.portion.row.person(at);
        Cell {
            level: slot.level,
            stands: slot.stands.and_then(person),
            payee: slot.payee.and_then(person),
            reason: slot.reason,
            ..self.blank(group)
        }
    }

    fn blank(&self, group: &[LineInput<'a>]) -> Cell<'a> {
        let line = match (self.rule.round.per, group) {
            (Per::Order, _) => None,
            (_, group) => group.first().and_then(|line| line.at),
        };
        Cell { source: self.portion.source, base: base_of(group), ..Cell::empty(self.at, line) }
    }
}
