//! A plan compiled for one batch.

use super::block::{BLOCK, Block, Sums};
use super::chain::{General, slot};
use super::climb::{Climb, shares};
use super::flat::{Level, fixed_rate, flat_rates};
use super::jumps::{Ways, depths, ends_of, nearest, nearest_or_own};
use super::orders::Orders;
use super::qualified::qualified;
use super::rows::RowBlock;
use crate::error::{Code, Error, Result};
use crate::money::{Rate, narrow};
use crate::reward::commission::divide::Share;
use crate::reward::commission::{Reason, Totals};
use crate::reward::plan::{
    Condition, Per, Plan, REFERRAL, RateTable, Reach, Rule, Schedule, StopSource, Trigger, Unqualified,
};
use crate::reward::referral::sweep::Downward;
use crate::reward::referral::{Forest, MemberIx};
use std::sync::Arc;

/// The most classes of a differential: a member of a class takes 8 bytes for each, rounded up to four of them.
const MOST_CLASSES: usize = 32;

/// Rules of flat levels and differentials, as columns: so many rows an order may have.
#[derive(Default)]
pub(super) struct Kernel<'a> {
    walks: Vec<Walk>,
    levels: Vec<Level<'a>>,
    climbs: Vec<Climb<'a>>,
    width: usize,
    depth: usize,
    /// Where some walk passes over people and could end before somebody it finds.
    deep: Option<Deep>,
}

/// Who stands so deep that their orders need the general way.
struct Deep {
    /// By member, see [`depths`].
    depths: Arc<[u16]>,
    /// The deepest that all walks reach the top from.
    most: u16,
}

/// A way up that is gathered level by level.
struct Walk {
    /// Who stands above each member; their parents when absent.
    up: Option<Arc<Vec<u32>>>,
    /// The place of its people among those of all walks, and how many levels there are.
    first: usize,
    depth: usize,
}

impl<'a> Kernel<'a> {
    /// `None` when the plan or the batch needs the general way.
    pub(super) fn new(
        plan: &Plan,
        forest: &Forest,
        orders: &Orders<'a>,
        parents: &[u32],
    ) -> Result<Option<Self>> {
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
        let mut maker = Maker {
            plan,
            forest,
            orders,
            parents,
            order: None,
            depths: None,
            asked: Vec::new(),
            kernel: Self::default(),
        };
        for at in plan.sequence(None) {
            if !maker.add(at)? {
                return Ok(None);
            }
        }
        Ok(Some(maker.finish()))
    }

    /// How many rows an order may have.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// How many people of all walks are gathered for an order.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn levels(&self) -> &[Level<'a>] {
        &self.levels
    }

    pub(super) fn climbs(&self) -> &[Climb<'a>] {
        &self.climbs
    }

    /// The slot of each column; columns of differentials have others from order to order.
    pub(super) fn slots(&self) -> Vec<u32> {
        let mut slots = vec![0; self.width];
        for level in &self.levels {
            slots[level.column] = level.slot;
        }
        slots
    }

    /// How many orders from the first of these buyers on go into a block; none where it needs the general way.
    fn stretch(&self, buyers: &[MemberIx], size: usize) -> usize {
        let buyers = &buyers[..size.min(buyers.len())];
        let Some(deep) = &self.deep else { return buyers.len() };
        buyers.iter().take_while(|buyer| deep.depths[buyer.index()] <= deep.most).count()
    }

    /// Runs over all orders; those of buyers who stand too deep go the general way.
    pub(super) fn run<'g>(
        &self,
        parents: &[u32],
        orders: &Orders<'_>,
        general: impl Fn() -> General<'g>,
        sink: &mut dyn FnMut(RowBlock<'_>),
    ) -> Result<Totals> {
        let (mut sums, mut others) = (Sums::default(), Totals::default());
        let mut made = None;
        let size = BLOCK.min(orders.len()).max(1);
        let mut block = Block::new(size, self);
        let mut start = 0;
        while start < orders.len() {
            let len = self.stretch(&orders.buyers[start..], size);
            if len == 0 {
                let general = made.get_or_insert_with(&general);
                general.settle(orders, start..start + 1, &mut others, sink)?;
                start += 1;
                continue;
            }
            let buyers = &orders.buyers[start..start + len];
            for walk in &self.walks {
                block.gather(
                    walk.up.as_deref().map_or(parents, Vec::as_slice),
                    walk.first,
                    walk.depth,
                    buyers,
                )?;
            }
            sink(block.split(self, parents, start, buyers, &mut sums));
            start += len;
        }
        let mut totals = Totals::new(narrow(sums.offered, || "the pool of the batch".into())?);
        let kept = [
            (Reason::NoUpline, sums.no_upline),
            (Reason::Ineligible, sums.ineligible),
            (Reason::Blocked, sums.blocked),
            (Reason::UnreachedRank, sums.unreached_rank),
            (Reason::BelowMinimum, sums.below_minimum),
        ];
        for (reason, amount) in kept {
            totals.retain(reason, narrow(amount, || "what the batch retains".into())?)?;
        }
        totals.add(&others)?;
        Ok(totals)
    }
}

/// A kernel while its rules are added.
struct Maker<'p, 'a> {
    plan: &'p Plan,
    forest: &'p Forest,
    orders: &'p Orders<'a>,
    parents: &'p [u32],
    /// Made when the first rule asks for it.
    order: Option<Downward>,
    /// How deep each member stands and whoever stands deepest, when a rule asked for it; see [`depths`].
    depths: Option<(Arc<[u16]>, u16)>,
    /// Conditions that were asked of all members, and their answers.
    asked: Vec<(&'p Condition, Answer)>,
    kernel: Kernel<'a>,
}

/// Who meets a condition, one bit a member, and the nearest above each member who does, where it was asked.
#[derive(Clone)]
struct Answer {
    bits: Arc<[u64]>,
    above: Option<Arc<Vec<u32>>>,
}

/// Who counts on the way of a differential; see [`Climb`].
#[derive(Default)]
struct Counting {
    /// The nearest above each member who counts, where others are passed over.
    up: Option<Arc<Vec<u32>>>,
    condition: Option<Arc<[u64]>>,
    rolled: Option<Arc<Vec<u32>>>,
    ends: Option<Arc<Vec<u32>>>,
}

impl<'p, 'a> Maker<'p, 'a> {
    /// Adds a rule; `false` for one that needs the general way.
    fn add(&mut self, at: usize) -> Result<bool> {
        let rule = &self.plan.rules()[at];
        let Some(limit) = limit(rule) else { return Ok(false) };
        let Some(base) = self.orders.component(&rule.of.base) else { return Ok(false) };
        // Asking every member pays only when the batch is not much smaller than the forest.
        if !rule.qualify.is_empty() && self.is_small() {
            return Ok(false);
        }
        let mut answers = Vec::with_capacity(rule.qualify.len());
        for condition in &rule.qualify {
            match self.ask(condition)? {
                None => return Ok(false),
                Some(answer) => answers.push(answer),
            }
        }
        match (&rule.pay, answers.as_slice()) {
            (Schedule::Levels(table), answers) => self.add_levels(at, rule, table, limit, base, answers),
            (Schedule::Differential(table), [] | [_]) => {
                self.add_climb(at, rule, table, limit, base, answers.first())
            }
            _ => Ok(false),
        }
    }

    /// Leaves the orders to the general way in which people beyond the end of a walk could be found, behind those who
    /// do not count.
    fn end_walks(&mut self, limit: usize) -> Result<()> {
        let (depths, deepest) = match self.depths.take() {
            Some(known) => known,
            None => {
                let depths = depths(self.parents, self.order()?);
                let deepest = depths.iter().copied().max().unwrap_or(0);
                (depths.into(), deepest)
            }
        };
        // The buyer is one of them. A depth may be more than it says.
        let most = u16::try_from(limit).unwrap_or(u16::MAX).min(u16::MAX - 2) + 1;
        if deepest > most {
            let known = self.kernel.deep.as_ref().map_or(most, |deep| deep.most);
            self.kernel.deep = Some(Deep { depths: Arc::clone(&depths), most: most.min(known) });
        }
        self.depths = Some((depths, deepest));
        Ok(())
    }

    /// Whether a pass over all members costs more than settling the orders the general way.
    fn is_small(&self) -> bool {
        self.orders.len() < self.forest.len() / 8
    }

    fn add_levels(
        &mut self,
        at: usize,
        rule: &Rule,
        table: &RateTable,
        limit: usize,
        base: &'a [i64],
        answers: &[Answer],
    ) -> Result<bool> {
        let Some(rates) = flat_rates(rule, table).filter(|rates| rates.len() <= limit) else {
            return Ok(false);
        };
        let largest = largest(base);
        // The sums of a block stay within 63 bits.
        if largest > room(rates.len()) {
            return Ok(false);
        }
        let (mut up, mut rolled) = (None, Vec::new());
        match (answers, rule.unqualified) {
            ([], _) | (_, Unqualified::Retain | Unqualified::Stop) => {}
            (_, Unqualified::RollUp) => {
                self.end_walks(limit)?;
                rolled = answers.iter().map(|answer| self.rolled(answer)).collect::<Result<_>>()?;
            }
            // Who stands at a level that asks something else depends on who stands before it.
            ([answer], Unqualified::Compress | Unqualified::CompressByLevel) => {
                self.end_walks(limit)?;
                up = Some(self.above(answer)?);
            }
            _ => return Ok(false),
        }
        // The last condition serves all further levels. Whoever is found for a level meets it.
        let asks = up.is_none() && rolled.is_empty();
        let condition_of = |depth: usize| {
            let answer = answers.get(depth).or(answers.last()).filter(|_| asks);
            answer.map(|answer| Arc::clone(&answer.bits))
        };
        let first = self.walk(up, rates.len());
        for (depth, rate) in rates.iter().enumerate() {
            let share = Share::new(*rate, rule.round.mode).filter(|share| largest <= share.max());
            let Some(share) = share else { return Ok(false) };
            self.kernel.levels.push(Level {
                share,
                base,
                column: self.kernel.width,
                depth: first + depth,
                slot: slot(at, depth + 1),
                min: rule.round.min,
                condition: condition_of(depth),
                rolled: rolled.get(depth).or(rolled.last()).cloned(),
                stops: rule.unqualified == Unqualified::Stop,
            });
            self.kernel.width += 1;
        }
        Ok(true)
    }

    fn add_climb(
        &mut self,
        at: usize,
        rule: &Rule,
        table: &RateTable,
        limit: usize,
        base: &'a [i64],
        answer: Option<&Answer>,
    ) -> Result<bool> {
        let rate = |list: &[_]| list.first().map_or(Some(Rate::ZERO), |amount| fixed_rate(rule, amount));
        let rates = table.iter().map(|(key, list)| Some((key, rate(list)?)));
        let Some(rates) = rates.collect::<Option<Vec<_>>>() else { return Ok(false) };
        let mut classes: Vec<Rate> =
            rates.iter().map(|(_, rate)| *rate).filter(|rate| !rate.is_zero()).collect();
        classes.sort_unstable();
        classes.dedup();
        let largest = largest(base);
        let shares = shares(&classes, rule.round.mode, largest);
        let Some(shares) =
            shares.filter(|_| largest <= room(classes.len() + 1) && classes.len() <= MOST_CLASSES)
        else {
            return Ok(false);
        };
        if self.is_small() {
            return Ok(false);
        }
        let classes_of = self.classes(&rates, &classes);
        let Counting { up, condition, rolled, ends } = self.counting(answer, rule.unqualified, limit)?;
        let parents = self.parents;
        let above = up.as_deref().map_or(parents, Vec::as_slice);
        let ways = Ways::new(above, self.order()?, &classes_of, classes.len());
        let (column, slot, min) = (self.kernel.width, slot(at, 0), rule.round.min);
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.kernel.climbs.push(Climb {
            column,
            shares,
            base,
            slot,
            limit,
            min,
            condition,
            rolled,
            ends,
            up,
            ways,
        });
        self.kernel.width += classes.len();
        Ok(true)
    }

    /// The class of each member, nobody's first: how many of the rates are not above theirs.
    fn classes(&self, rates: &[(&str, Rate)], classes: &[Rate]) -> Vec<u8> {
        let class = |key: &str| {
            let of = |wanted: &str| rates.iter().find(|(known, _)| *known == wanted);
            let found = of(key).or_else(|| of("any"));
            let above = found.map_or(0, |(_, rate)| classes.iter().filter(|class| *class <= rate).count());
            u8::try_from(above).unwrap_or(u8::MAX)
        };
        // A person without a rank has the rate of anybody.
        let mut of_code = [class("any"); 256];
        for (of_code, name) in of_code[1..].iter_mut().zip(self.forest.rank_names()) {
            *of_code = class(name);
        }
        let codes = self.forest.rank_codes().iter().map(|code| of_code[usize::from(*code)]);
        let mut all = Vec::with_capacity(self.parents.len());
        all.push(0);
        all.extend(codes);
        all.resize(self.parents.len(), of_code[0]);
        all
    }

    /// What becomes of those who do not meet the condition of a differential.
    fn counting(&mut self, answer: Option<&Answer>, mode: Unqualified, limit: usize) -> Result<Counting> {
        let mut counting = Counting::default();
        let Some(answer) = answer else { return Ok(counting) };
        if matches!(mode, Unqualified::Retain | Unqualified::Stop) {
            counting.condition = Some(Arc::clone(&answer.bits));
            if mode == Unqualified::Stop {
                counting.ends = Some(Arc::new(ends_of(self.parents, self.order()?, &answer.bits)));
            }
            return Ok(counting);
        }
        self.end_walks(limit)?;
        if mode == Unqualified::RollUp {
            counting.rolled = Some(self.rolled(answer)?);
        } else {
            counting.up = Some(self.above(answer)?);
        }
        Ok(counting)
    }

    /// The place of a walk of so many levels among all of them.
    fn walk(&mut self, up: Option<Arc<Vec<u32>>>, depth: usize) -> usize {
        let walks = self.kernel.walks.len();
        for (at, walk) in self.kernel.walks.iter_mut().enumerate() {
            let same = match (&walk.up, &up) {
                (None, None) => true,
                (Some(known), Some(up)) => Arc::ptr_eq(known, up),
                _ => false,
            };
            // The last walk may grow; another one has the next behind it.
            if same && at + 1 == walks && depth > walk.depth {
                self.kernel.depth += depth - walk.depth;
                walk.depth = depth;
            }
            if same && depth <= walk.depth {
                return walk.first;
            }
        }
        let first = self.kernel.depth;
        self.kernel.walks.push(Walk { up, first, depth });
        self.kernel.depth += depth;
        first
    }

    /// The answers to a condition; rules that share it share them. `None` when somebody does not state a fact.
    fn ask(&mut self, condition: &'p Condition) -> Result<Option<Answer>> {
        if let Some((_, answer)) = self.asked.iter().find(|(known, _)| *known == condition) {
            return Ok(Some(answer.clone()));
        }
        let Some(bits) = qualified(condition, self.plan, self.forest)? else { return Ok(None) };
        let answer = Answer { bits: bits.into(), above: None };
        self.asked.push((condition, answer.clone()));
        Ok(Some(answer))
    }

    /// The nearest person above each member who meets the condition of an answer.
    fn above(&mut self, answer: &Answer) -> Result<Arc<Vec<u32>>> {
        if let Some(above) = &answer.above {
            return Ok(Arc::clone(above));
        }
        let above = Arc::new(nearest(self.parents, self.order()?, &answer.bits));
        let same = |known: &&mut (&Condition, Answer)| Arc::ptr_eq(&known.1.bits, &answer.bits);
        if let Some((_, known)) = self.asked.iter_mut().find(same) {
            known.above = Some(Arc::clone(&above));
        }
        Ok(above)
    }

    /// Who is paid instead of each member: themselves, or the nearest above who meets the condition.
    fn rolled(&mut self, answer: &Answer) -> Result<Arc<Vec<u32>>> {
        Ok(Arc::new(nearest_or_own(self.parents, self.order()?, &answer.bits)))
    }

    fn order(&mut self) -> Result<&Downward> {
        if self.parents.len() != self.forest.len() + 1 {
            let error = "the parents handed in do not fit the forest";
            return Err(Error::new(Code::UnknownMember, error));
        }
        match &mut self.order {
            Some(order) => Ok(order),
            none => Ok(none.insert(Downward::of(self.parents)?)),
        }
    }

    fn finish(self) -> Kernel<'a> {
        self.kernel
    }
}

/// No amount is above all bits together.
fn largest(base: &[i64]) -> i64 {
    base.iter().fold(0, |bits, minor| bits | *minor)
}

/// The largest amount with which the sums of a block of so many levels stay within 63 bits.
fn room(levels: usize) -> i64 {
    i64::MAX / i64::try_from(BLOCK * 256 * levels.max(1)).unwrap_or(i64::MAX)
}

/// How far a rule walks that a kernel may run: straight up the forest, for lines alone.
fn limit(rule: &Rule) -> Option<usize> {
    let [stop] = rule.to.as_slice() else { return None };
    let StopSource::Up { tree, limit, reach: Reach::Everybody, label: None } = &stop.source else {
        return None;
    };
    let of = &rule.of;
    let plain = of.plus.is_empty() && of.less.is_empty() && of.times == Rate::ONE;
    let named = !matches!(of.base.as_str(), "margin" | "quantity");
    let alone = rule.trigger == Trigger::Order && rule.caps.is_empty() && rule.split.is_none();
    let simple = alone && rule.when.is_none() && stop.when.is_none() && rule.round.per == Per::Line;
    (tree == REFERRAL && plain && named && simple).then_some(*limit)
}
