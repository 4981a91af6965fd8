//! Caps: what a payee, a rule or a plan may get at most, on whole amounts.

use super::calendar::PeriodKey;
use super::carry::{Carry, Counter};
use super::entry::Entry;
use super::snapshot::Snapshot;
use super::who::Who;
use crate::error::{Error, Result};
use crate::money::{Allocate, Rounding, narrow};
use crate::reward::commission::Reason;
use crate::reward::plan::{Cap, CapPer, Every, Limit, Over, Rule};
use std::collections::BTreeMap;

/// The caps of one close at work.
pub(super) struct Caps<'a> {
    pub(super) period: PeriodKey,
    /// Whether this is one of several parts of the period.
    pub(super) is_part: bool,
    /// What was let through before; what is let through now is added to the next carry.
    pub(super) before: &'a Carry,
    pub(super) snapshot: &'a Snapshot,
}

impl Caps<'_> {
    /// Cuts what is above the caps of a rule, or of the whole plan where there is none, one cap after the
    /// other. Amounts that come last are cut first.
    pub(super) fn apply(
        &self,
        rule: Option<&Rule>,
        caps: &[Cap],
        base: i64,
        entries: &mut [Entry],
        next: &mut Carry,
    ) -> Result<()> {
        let id = rule.map_or("", |rule| rule.id.as_str());
        for cap in caps {
            let limit = limit(cap, base)?;
            let reason = match (cap.over, cap.per) {
                (Over::Flush, _) => Reason::Flush,
                (_, CapPer::Payee) => Reason::CapPayee,
                (_, CapPer::Rule) => Reason::CapRule,
                (_, CapPer::Plan) => Reason::CapPlan,
            };
            for (payee, group) in groups(cap.per, entries) {
                let room = limit.saturating_sub(self.used(id, cap, payee)).max(0);
                cut(cap.over, &group, room, reason, entries)?;
            }
        }
        self.count(id, caps, entries, next)
    }

    /// What is left for a payee under one cap of a rule.
    pub(super) fn room(&self, rule: &Rule, cap: &Cap, payee: usize, base: i64) -> Result<i64> {
        Ok(limit(cap, base)?.saturating_sub(self.used(&rule.id, cap, payee)).max(0))
    }

    fn used(&self, rule: &str, cap: &Cap, payee: usize) -> i64 {
        self.window(cap).map_or(0, |window| self.before.used(&self.counter(rule, payee, window)))
    }

    fn counter(&self, rule: &str, payee: usize, window: PeriodKey) -> Counter {
        let payee = (payee != 0).then(|| Who::new(self.snapshot.member(payee)));
        Counter { rule: rule.to_owned(), payee, window }
    }

    /// The window a cap counts over, where it is longer than what is closed.
    fn window(&self, cap: &Cap) -> Option<PeriodKey> {
        let Every::Period(every) = cap.every else { return None };
        let longer = every > self.period.every() || (self.is_part && every == self.period.every());
        longer.then(|| self.period.within(every))
    }

    /// Adds what is let through to the counters, once for each kind of counter.
    fn count(&self, rule: &str, caps: &[Cap], entries: &[Entry], next: &mut Carry) -> Result<()> {
        let mut sums = BTreeMap::<Counter, i64>::new();
        for cap in caps {
            let Some(window) = self.window(cap) else { continue };
            for (payee, group) in groups(cap.per, entries) {
                let sum = sum(&group, entries)?;
                if sum != 0 {
                    sums.insert(self.counter(rule, payee, window), sum);
                }
            }
        }
        sums.into_iter().try_for_each(|(counter, sum)| next.use_up(counter, sum))
    }
}

fn limit(cap: &Cap, base: i64) -> Result<i64> {
    match cap.limit {
        Limit::Minor(minor) => Ok(minor),
        Limit::Share(rate) => rate.of(base, Rounding::Down).map_err(Error::from),
    }
}

/// The entries whose amounts are added: of each payee, or all.
fn groups(per: CapPer, entries: &[Entry]) -> BTreeMap<usize, Vec<usize>> {
    let mut groups = BTreeMap::<usize, Vec<usize>>::new();
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.paid() != 0) {
        let payee = if per == CapPer::Payee { entry.payee } else { 0 };
        groups.entry(payee).or_default().push(at);
    }
    groups
}

fn sum(group: &[usize], entries: &[Entry]) -> Result<i64> {
    let sum: i128 = group.iter().map(|at| i128::from(entries[*at].paid())).sum();
    narrow(sum, || "the sum a cap is held against".into()).map_err(Error::from)
}

fn cut(over: Over, group: &[usize], room: i64, reason: Reason, entries: &mut [Entry]) -> Result<()> {
    let sum = sum(group, entries)?;
    if sum <= room {
        return Ok(());
    }
    if over == Over::Scale {
        let weights: Vec<u64> = group.iter().map(|at| entries[*at].paid().unsigned_abs()).collect();
        let shares = Allocate { total: room, weights: &weights, ..Allocate::default() }.run()?.shares;
        for (at, share) in group.iter().zip(shares) {
            let above = entries[*at].paid() - share;
            entries[*at].cut(above, reason);
        }
        return Ok(());
    }
    let mut left = room;
    for at in group {
        let paid = entries[*at].paid();
        let stays = paid.min(left);
        left -= stays;
        entries[*at].cut(paid - stays, reason);
    }
    Ok(())
}
