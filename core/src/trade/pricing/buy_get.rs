//! 买 X 送 Y: units bought and units that get the discount are never the same ones.

use super::assess::Found;
use super::part::PartOf;
use super::run::Run;
use super::scope::Scope;
use super::trace::Verdict;
use crate::error::Result;
use crate::money::{Rate, Rounding};
use std::cmp::Ordering;

/// What earlier rules of this kind used of a line.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    /// Units that were bought for, or got, a discount.
    units: u64,
    /// What those discounts took off the line.
    off: i64,
    /// Units the rule that is considered would use.
    pending: u64,
}

/// The units of a line that are still there for the rule, and the sides they may stand on.
#[derive(Clone, Copy)]
struct Side {
    left: u64,
    buys: bool,
    gets: bool,
}

impl<'a> Run<'_, 'a> {
    /// The cheapest units get the discount, as many times as units of both sides are there.
    pub(super) fn buy_get(
        &mut self,
        buy: u64,
        get: u64,
        off: Rate,
        from: Option<&Scope>,
        most: u64,
        mode: Rounding,
    ) -> Result<Found<'a>> {
        self.spent.resize(self.lines.len(), Spent::default());
        let sides = self.sides(from);
        let count = |pick: fn(&Side) -> bool| {
            sides.iter().filter(|side| pick(side)).map(|side| u128::from(side.left)).sum::<u128>()
        };
        let only_buys = count(|side| side.buys && !side.gets);
        let only_gets = count(|side| side.gets && !side.buys);
        let both = count(|side| side.buys && side.gets);
        // Each time takes units of the sides alone first; what they lack must be there in lines of both.
        let lacks = |times: u128, each: u64, own: u128| (times * u128::from(each)).saturating_sub(own);
        let fits = |times: u128| lacks(times, buy, only_buys) + lacks(times, get, only_gets) <= both;
        let (mut low, mut high) = (0_u128, u128::from(most).min(only_buys + only_gets + both));
        while low < high {
            let middle = (low + high).div_ceil(2);
            if fits(middle) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        if low == 0 {
            return Ok(Found::refused(Verdict::TooFewUnits));
        }
        let spare = both - lacks(low, buy, only_buys);
        self.choose(&sides, low * u128::from(buy), low * u128::from(get), spare);
        self.take_each(off, mode)
    }

    fn sides(&self, from: Option<&Scope>) -> Vec<Side> {
        let items = self.basket.items().iter().zip(&self.spent).zip(&self.room.inside);
        let side = |((item, spent), inside): ((&super::basket::Item<'_>, &Spent), &bool)| Side {
            left: item.units.saturating_sub(spent.units),
            buys: *inside,
            gets: from.map_or(*inside, |scope| scope.holds(item)),
        };
        items.map(side).collect()
    }

    /// Takes `get` units from the cheapest on, then `buy` of the others from the dearest on. `spare` says
    /// how many units of lines on both sides may get the discount.
    fn choose(&mut self, sides: &[Side], buy: u128, get: u128, spare: u128) {
        let mut order: Vec<usize> = (0..sides.len()).collect();
        order.sort_by(|a, b| self.dearer(*a, *b).then(a.cmp(b)));
        self.room.start(sides.len());
        let (mut get, mut spare, mut buy) = (get, spare, buy);
        for at in order.iter().copied().filter(|at| sides[*at].gets) {
            let side = sides[at];
            let mut units = u128::from(side.left).min(get);
            if side.buys {
                units = units.min(spare);
                spare -= units;
            }
            get -= units;
            let units = u64::try_from(units).unwrap_or(side.left);
            let (line, spent) = (&self.lines[at], &self.spent[at]);
            let (whole, part) = (line.net.saturating_add(spent.off), PartOf { units, of: line.units });
            self.room.count(at, whole, part);
            self.spent[at].pending = units;
        }
        for at in order.iter().copied().filter(|at| !sides[*at].gets) {
            self.spent[at].pending = 0;
        }
        // Units nobody else can use are bought first.
        for both in [false, true] {
            for at in order.iter().rev().copied().filter(|at| sides[*at].buys && sides[*at].gets == both) {
                let left = u128::from(sides[at].left - self.spent[at].pending);
                let units = left.min(buy);
                buy -= units;
                self.spent[at].pending += u64::try_from(units).unwrap_or(0);
            }
        }
    }

    /// Which line's unit costs more now, discounts of this kind left out.
    fn dearer(&self, a: usize, b: usize) -> Ordering {
        let value = |at: usize| i128::from(self.lines[at].net) + i128::from(self.spent[at].off);
        let units = |at: usize| i128::from(self.lines[at].units);
        (value(a) * units(b)).cmp(&(value(b) * units(a)))
    }

    /// Remembers the units an applied rule used.
    pub(super) fn spend(&mut self) {
        for (spent, share) in self.spent.iter_mut().zip(&self.room.shares) {
            spent.units += spent.pending;
            spent.off += share;
            spent.pending = 0;
        }
    }
}
