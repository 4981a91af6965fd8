//! The kernel for flat levels: a fixed rate per level, straight up the referral forest.
//!
//! Orders are taken in blocks. All parents of one level are gathered before the next level starts, so
//! their cache misses overlap; the arithmetic is branch-free, and rows are written whether they are kept
//! or not, moving the cursor only past those that are.

use super::chain::slot;
use super::divide::Share;
use super::orders::Orders;
use super::rows::Rows;
use crate::error::{Code, Error, Result};
use crate::money::{Rate, narrow};
use crate::reward::commission::Reason;
use crate::reward::plan::{Amount, Condition, Knowledge, Per, Plan, Rule, Schedule, StopSource, Unqualified};
use crate::reward::referral::{Forest, MemberIx};
use crate::sale::Pay;

/// Orders in a block: their handles and rows stay in the first-level cache.
const BLOCK: usize = 128;

/// One level of one rule.
struct Level<'a> {
    share: Share,
    base: &'a [i64],
    depth: usize,
    slot: u32,
    min: i64,
    /// Index into [`Kernel::qualified`], or none when everybody qualifies.
    condition: Option<usize>,
}

/// A plan compiled for one batch.
pub(super) struct Kernel<'a> {
    levels: Vec<Level<'a>>,
    depth: usize,
    /// One bit a member, per distinct rule condition.
    qualified: Vec<Vec<u64>>,
}

impl<'a> Kernel<'a> {
    /// `None` when the plan or the batch needs the general way.
    pub(super) fn new(plan: &Plan, forest: &Forest, orders: &Orders<'a>) -> Result<Option<Self>> {
        // A person with a rank the plan does not have is an error, which only the general way can name.
        let strange = forest.rank_names().iter().any(|rank| plan.rank_index(rank).is_none());
        if strange || forest.is_dated() || orders.lines.is_some() || orders.overrides.is_some() {
            return Ok(None);
        }
        let mut kernel = Self { levels: Vec::new(), depth: 0, qualified: Vec::new() };
        for (at, rule) in plan.rules().iter().enumerate() {
            if !kernel.add(at, rule, plan, forest, orders)? {
                return Ok(None);
            }
        }
        Ok(Some(kernel))
    }

    fn add(
        &mut self,
        at: usize,
        rule: &Rule,
        plan: &Plan,
        forest: &Forest,
        orders: &Orders<'a>,
    ) -> Result<bool> {
        let Some(rates) = flat_rates(rule) else { return Ok(false) };
        let Some(base) = orders.component(&rule.of.base) else { return Ok(false) };
        let condition = match rule.qualify.first() {
            None => None,
            // Asking every member pays only when the batch is not much smaller than the forest.
            Some(_) if orders.len() < forest.len() / 8 => return Ok(false),
            Some(condition) => {
                let Some(bits) = qualified(condition, plan, forest)? else { return Ok(false) };
                self.qualified.push(bits);
                Some(self.qualified.len() - 1)
            }
        };
        // The sums of a block stay within 63 bits.
        let room = i64::MAX / i64::try_from(BLOCK * 256 * rates.len()).unwrap_or(i64::MAX);
        let largest = base.iter().copied().max().unwrap_or(0);
        if largest > room {
            return Ok(false);
        }
        for (depth, rate) in rates.iter().enumerate() {
            let Some(share) = Share::new(*rate, rule.round.mode).filter(|share| largest <= share.max())
            else {
                return Ok(false);
            };
            let slot = slot(at, depth + 1);
            self.levels.push(Level { share, base, depth, slot, min: rule.round.min, condition });
            self.depth = self.depth.max(depth + 1);
        }
        Ok(true)
    }

    /// Runs over all orders.
    pub(super) fn run(&self, parents: &[u32], orders: &Orders<'_>) -> Result<Rows> {
        let mut rows = Rows::default();
        let expected = orders.len() * self.levels.len();
        rows.sources.reserve_exact(expected);
        rows.payees.reserve_exact(expected);
        rows.slots.reserve_exact(expected);
        rows.amounts.reserve_exact(expected);
        let mut block = Block::new(self.depth, self.levels.len());
        for start in (0..orders.len()).step_by(BLOCK) {
            let buyers = &orders.buyers[start..orders.len().min(start + BLOCK)];
            block.gather(parents, buyers, self.depth)?;
            self.split(&mut block, start, buyers.len());
            rows.sources.extend_from_slice(&block.sources[..block.kept]);
            rows.payees.extend_from_slice(&block.payees[..block.kept]);
            rows.slots.extend_from_slice(&block.slots[..block.kept]);
            rows.amounts.extend_from_slice(&block.amounts[..block.kept]);
        }
        rows.pool = narrow(block.pool, || "the pool of the batch".into())?;
        let kept = [
            (Reason::NoUpline, block.no_upline),
            (Reason::Ineligible, block.ineligible),
            (Reason::BelowMinimum, block.paid_or_below - block.paid),
        ];
        for (reason, amount) in kept {
            rows.retain(reason, narrow(amount, || "what the batch retains".into())?)?;
        }
        Ok(rows)
    }

    /// Splits the orders of a block among the people gathered above them.
    fn split(&self, block: &mut Block, start: usize, len: usize) {
        for (at, level) in self.levels.iter().enumerate() {
            let people = &block.people[level.depth * BLOCK..][..len];
            let amounts = &mut block.shares[at * BLOCK..][..len];
            let keeps = &mut block.keeps[at * BLOCK..][..len];
            let sums = level.shares(&level.base[start..][..len], people, amounts, keeps);
            let mut ineligible = 0;
            if let Some(bits) = level.condition {
                for ((keep, person), amount) in keeps.iter_mut().zip(people).zip(&*amounts) {
                    let qualified = has_bit(&self.qualified[bits], *person);
                    ineligible += if (*person != 0) & !qualified { *amount } else { 0 };
                    *keep &= u8::from(qualified);
                }
            }
            block.pool += i128::from(sums.offered);
            block.no_upline += i128::from(sums.no_upline);
            block.ineligible += i128::from(ineligible);
            block.paid_or_below += i128::from(sums.offered - sums.no_upline - ineligible);
        }
        block.compact(&self.levels, start, len);
    }
}

/// What the orders of a block offer at one level.
struct Sums {
    offered: i64,
    no_upline: i64,
}

impl Level<'_> {
    #[inline(always)]
    fn shares(&self, base: &[i64], people: &[u32], amounts: &mut [i64], keeps: &mut [u8]) -> Sums {
        let mut sums = Sums { offered: 0, no_upline: 0 };
        for (((base, person), amount), keep) in base.iter().zip(people).zip(amounts).zip(keeps) {
            *amount = self.share.of(*base);
            sums.offered += *amount;
            sums.no_upline += if *person == 0 { *amount } else { 0 };
            *keep = u8::from((*person != 0) & (*amount >= self.min));
        }
        sums
    }
}

/// The working memory of a block.
struct Block {
    people: Vec<u32>,
    shares: Vec<i64>,
    keeps: Vec<u8>,
    sources: Vec<u32>,
    payees: Vec<u32>,
    slots: Vec<u32>,
    amounts: Vec<i64>,
    kept: usize,
    pool: i128,
    no_upline: i128,
    ineligible: i128,
    paid_or_below: i128,
    paid: i128,
}

impl Block {
    fn new(depth: usize, levels: usize) -> Self {
        // One row more than can be kept: the cursor may stand behind the last one.
        let rows = BLOCK * levels + 1;
        Self {
            people: vec![0; BLOCK * depth.max(1)],
            shares: vec![0; BLOCK * levels],
            keeps: vec![0; BLOCK * levels],
            sources: vec![0; rows],
            payees: vec![0; rows],
            slots: vec![0; rows],
            amounts: vec![0; rows],
            kept: 0,
            pool: 0,
            no_upline: 0,
            ineligible: 0,
            paid_or_below: 0,
            paid: 0,
        }
    }

    /// Moves what is kept into rows, in the order of orders and levels. Every slot is written; the cursor
    /// moves only past those that are kept.
    fn compact(&mut self, levels: &[Level<'_>], start: usize, len: usize) {
        let (mut kept, mut paid) = (0, 0);
        for at in 0..len {
            let row = u32::try_from(start + at).unwrap_or(u32::MAX);
            for (number, level) in levels.iter().enumerate() {
                let place = number * BLOCK + at;
                let keep = self.keeps[place];
                self.sources[kept] = row;
                self.payees[kept] = self.people[level.depth * BLOCK + at];
                self.slots[kept] = level.slot;
                self.amounts[kept] = self.shares[place];
                paid += self.shares[place] * i64::from(keep);
                kept += usize::from(keep);
            }
        }
        self.paid += i128::from(paid);
        self.kept = kept;
    }

    /// Level by level: the parents of all buyers, then the parents of those.
    fn gather(&mut self, parents: &[u32], buyers: &[MemberIx], depth: usize) -> Result<()> {
        let parent = |ix: u32| usize::try_from(ix).ok().and_then(|ix| parents.get(ix)).copied();
        let broken = || Error::new(Code::UnknownMember, "the parents handed in do not fit the forest");
        for (person, buyer) in self.people.iter_mut().zip(buyers) {
            *person = parent(buyer.get()).ok_or_else(broken)?;
        }
        for level in 1..depth {
            let (below, above) = self.people.split_at_mut(level * BLOCK);
            let below = &below[(level - 1) * BLOCK..];
            for (up, down) in above.iter_mut().zip(below).take(buyers.len()) {
                *up = parent(*down).ok_or_else(broken)?;
            }
        }
        Ok(())
    }
}

/// The rates by level of a rule the kernel can run.
fn flat_rates(rule: &Rule) -> Option<Vec<Rate>> {
    let Schedule::Levels(table) = &rule.pay else { return None };
    let list = table.get("any").filter(|_| table.iter().count() == 1)?;
    let [stop] = rule.to.as_slice() else { return None };
    let straight = matches!(&stop.source, StopSource::Up { limit, label: None } if *limit >= list.len());
    let of = &rule.of;
    let plain = of.plus.is_empty() && of.less.is_empty() && of.times == Rate::ONE;
    let named = !matches!(of.base.as_str(), "margin" | "quantity");
    let simple = rule.when.is_none() && stop.when.is_none() && rule.round.per == Per::Line;
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

/// Who meets a condition, one bit a member; `None` when somebody does not state a fact, which matters
/// only for those the orders reach.
fn qualified(condition: &Condition, plan: &Plan, forest: &Forest) -> Result<Option<Vec<u64>>> {
    let mut bits = vec![0_u64; forest.len() / 64 + 1];
    for number in 1..=u32::try_from(forest.len()).unwrap_or(u32::MAX) {
        let member = Member { forest, ix: MemberIx::new(number) };
        match condition.holds(&member, plan.ranks()) {
            Ok(holds) => {
                let at = usize::try_from(number).unwrap_or(usize::MAX);
                bits[at / 64] |= u64::from(holds) << (number % 64);
            }
            Err(error) if error.code() == Code::MissingFact => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(bits))
}

#[inline(always)]
fn has_bit(bits: &[u64], member: u32) -> bool {
    let word = usize::try_from(member / 64).ok().and_then(|at| bits.get(at)).copied().unwrap_or(0);
    word >> (member % 64) & 1 == 1
}

struct Member<'a> {
    forest: &'a Forest,
    ix: MemberIx,
}

impl Knowledge for Member<'_> {
    fn fact(&self, name: &str) -> Option<crate::doc::Node> {
        if name == "rank" {
            return self.forest.rank(self.ix).map(Into::into);
        }
        self.forest.fact(self.ix, name)
    }

    fn sale_fact(&self, _name: &str) -> Option<crate::doc::Node> {
        None
    }

    fn whose(&self) -> String {
        format!("member {}", self.forest.id(self.ix))
    }
}
