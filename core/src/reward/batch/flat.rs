//! The kernel for flat levels: a fixed rate per level, straight up the referral forest.
//!
//! Orders are taken in blocks. All parents of one depth are gathered before the next depth starts, so
//! their cache misses overlap, and the arithmetic has no branch.

use super::block::{BLOCK, Block, Sums};
use super::chain::slot;
use super::orders::Orders;
use super::qualified::qualified;
use super::rows::RowBlock;
use crate::error::Result;
use crate::money::{Rate, narrow};
use crate::reward::commission::divide::Share;
use crate::reward::commission::{Reason, Totals};
use crate::reward::plan::{
    Amount, Condition, Per, Plan, REFERRAL, Reach, Rule, Schedule, StopSource, Trigger, Unqualified,
};
use crate::reward::referral::Forest;
use crate::sale::Pay;
use std::sync::Arc;

/// One level of one rule.
pub(super) struct Level<'a> {
    share: Share,
    base: &'a [i64],
    pub(super) depth: usize,
    slot: u32,
    pub(super) min: i64,
    /// Who may be paid, one bit a member; everybody when absent.
    pub(super) condition: Option<Arc<[u64]>>,
}

impl Level<'_> {
    /// Writes the shares of the orders `start..start + len`; says whether any is below the minimum.
    #[inline(always)]
    pub(super) fn shares<'b>(
        &self,
        start: usize,
        len: usize,
        amounts: impl Iterator<Item = &'b mut i64>,
    ) -> bool {
        let mut signs = 0;
        for (amount, base) in amounts.zip(&self.base[start..start + len]) {
            *amount = self.share.of(*base);
            signs |= amount.wrapping_sub(self.min);
        }
        signs < 0
    }
}

/// A plan compiled for one batch.
pub(super) struct Kernel<'a> {
    levels: Vec<Level<'a>>,
    depth: usize,
}

impl<'a> Kernel<'a> {
    /// `None` when the plan or the batch needs the general way.
    pub(super) fn new(plan: &Plan, forest: &Forest, orders: &Orders<'a>) -> Result<Option<Self>> {
        // A person with a rank the plan does not have is an error, which only the general way can name.
        let strange = forest.rank_names().iter().any(|rank| plan.rank_index(rank).is_none());
        if strange
            || !plan.caps().is_empty()
            || forest.is_dated()
            || orders.lines.is_some()
            || orders.overrides.is_some()
        {
            return Ok(None);
        }
        let mut kernel = Self { levels: Vec::new(), depth: 0 };
        let mut asked = Vec::new();
        for at in plan.sequence(None) {
            let rule = &plan.rules()[at];
            let Some(rates) = flat_rates(rule) else { return Ok(None) };
            let Some(base) = orders.component(&rule.of.base) else { return Ok(None) };
            let condition = match rule.qualify.first() {
                None => None,
                // Asking every member pays only when the batch is not much smaller than the forest.
                Some(_) if orders.len() < forest.len() / 8 => return Ok(None),
                Some(condition) => match who_meets(condition, &mut asked, plan, forest)? {
                    None => return Ok(None),
                    bits => bits,
                },
            };
            if !kernel.add(at, rule, &rates, base, condition) {
                return Ok(None);
            }
        }
        Ok(Some(kernel))
    }

    /// Adds the levels of a rule; `false` when an amount is too large for them.
    fn add(
        &mut self,
        at: usize,
        rule: &Rule,
        rates: &[Rate],
        base: &'a [i64],
        condition: Option<Arc<[u64]>>,
    ) -> bool {
        // The sums of a block stay within 63 bits.
        let room = i64::MAX / i64::try_from(BLOCK * 256 * rates.len()).unwrap_or(i64::MAX);
        // No amount is above all bits together.
        let largest = base.iter().fold(0, |bits, minor| bits | *minor);
        for (depth, rate) in rates.iter().enumerate() {
            let share = Share::new(*rate, rule.round.mode);
            let Some(share) = share.filter(|share| largest <= room.min(share.max())) else { return false };
            self.levels.push(Level {
                share,
                base,
                depth,
                slot: slot(at, depth + 1),
                min: rule.round.min,
                condition: condition.clone(),
            });
            self.depth = self.depth.max(depth + 1);
        }
        true
    }

    /// How many rows an order may have.
    pub(super) fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Runs over all orders.
    pub(super) fn run(
        &self,
        parents: &[u32],
        orders: &Orders<'_>,
        sink: &mut dyn FnMut(RowBlock<'_>),
    ) -> Result<Totals> {
        let mut sums = Sums::default();
        let slots: Vec<u32> = self.levels.iter().map(|level| level.slot).collect();
        let size = BLOCK.min(orders.len()).max(1);
        let mut block = Block::new(size, &slots, self.depth);
        for (buyers, start) in orders.buyers.chunks(size).zip((0..).step_by(size)) {
            block.gather(parents, buyers)?;
            sink(block.split(&self.levels, start, buyers.len(), &mut sums));
        }
        let mut totals = Totals::new(narrow(sums.offered, || "the pool of the batch".into())?);
        let kept = [
            (Reason::NoUpline, sums.no_upline),
            (Reason::Ineligible, sums.ineligible),
            (Reason::BelowMinimum, sums.below_minimum),
        ];
        for (reason, amount) in kept {
            totals.retain(reason, narrow(amount, || "what the batch retains".into())?)?;
        }
        Ok(totals)
    }
}

/// Conditions that were asked of all members, and their answers.
type Asked<'p> = Vec<(&'p Condition, Arc<[u64]>)>;

/// The answers to a condition; rules that share it share them.
fn who_meets<'p>(
    condition: &'p Condition,
    asked: &mut Asked<'p>,
    plan: &Plan,
    forest: &Forest,
) -> Result<Option<Arc<[u64]>>> {
    if let Some((_, bits)) = asked.iter().find(|(known, _)| *known == condition) {
        return Ok(Some(Arc::clone(bits)));
    }
    let Some(bits) = qualified(condition, plan, forest)? else { return Ok(None) };
    let bits: Arc<[u64]> = bits.into();
    asked.push((condition, Arc::clone(&bits)));
    Ok(Some(bits))
}

/// The rates by level of a rule the kernel can run.
fn flat_rates(rule: &Rule) -> Option<Vec<Rate>> {
    let Schedule::Levels(table) = &rule.pay else { return None };
    let list = table.get("any").filter(|_| table.iter().count() == 1)?;
    let [stop] = rule.to.as_slice() else { return None };
    let straight = matches!(&stop.source, StopSource::Up { tree, limit, reach: Reach::Everybody, label: None }
        if tree == REFERRAL && *limit >= list.len());
    let of = &rule.of;
    let plain = of.plus.is_empty() && of.less.is_empty() && of.times == Rate::ONE;
    let named = !matches!(of.base.as_str(), "margin" | "quantity");
    let alone = rule.trigger == Trigger::Order && rule.caps.is_empty() && rule.split.is_none();
    let simple = alone && rule.when.is_none() && stop.when.is_none() && rule.round.per == Per::Line;
    let walks =
        rule.qualify.is_empty() || (rule.qualify.len() == 1 && rule.unqualified == Unqualified::Retain);
    if !(straight && plain && named && simple && walks) {
        return None;
    }
    let rate = |amount: &Amount| match (amount, rule.round.rate_decimals) {
        (Amount::Fixed(Pay::Share(rate)), None) => Some(*rate),
        (Amount::Fixed(Pay::Share(rate)), Some(decimals)) => rate.rounded(decimals, rule.round.mode).ok(),
        _ => None,
    };
    list.iter().map(rate).collect()
}
