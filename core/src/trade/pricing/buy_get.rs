//! 买 X 送 Y: units bought and units that get the discount are never the same ones.

use super::assess::Found;
use super::part::PartOf;
use super::run::Run;
use super::scope::Scope;
use super::trace::Verdict;
use crate::error::Result;
use crate::money::{Rate, Rounding, gcd};
use std::cmp::Ordering;

/// What earlier rules of this kind used of a line.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    /// Units that were bought for, or got, a discount.
    units: u64,
    /// What the line cost when the last of those discounts was given: without any of them, and with all.
    without: i64,
    with: i64,
    /// Units the rule that is considered would use.
    pending: u64,
}

impl Spent {
    /// What the line would cost at `net` without those discounts, as a fraction. What came after them took
    /// from all units alike.
    fn whole(self, net: i64) -> (u128, u128) {
        let wide = |amount: i64| u128::from(amount.unsigned_abs());
        match self.with {
            0 => (wide(net), 1),
            with => (wide(net) * wide(self.without), wide(with)),
        }
    }

    /// The same, rounded down.
    fn floor(self, net: i64) -> i64 {
        let (above, below) = self.whole(net);
        i64::try_from(above / below).unwrap_or(i64::MAX)
    }

    /// A discount of this kind brought the line from one net to another.
    fn give(&mut self, before: i64, after: i64) {
        let (above, below) = self.whole(before);
        let exact = below.checked_mul(u128::from(after.unsigned_abs())).and_then(|below| {
            let common = gcd(above, below).max(1);
            Some((i64::try_from(above / common).ok()?, i64::try_from(below / common).ok()?))
        });
        // A fraction too wide for that is a line of many wide amounts: its whole is rounded down.
        (self.without, self.with) = exact.unwrap_or((self.floor(before), after));
    }
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
            let (amount, part) = self.worth(at, units);
            self.room.count(at, amount, part);
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

    /// What units of a line are worth that no rule of this kind gave away: an amount, and how much of it.
    fn worth(&self, at: usize, units: u64) -> (i64, PartOf) {
        let (line, spent) = (&self.lines[at], self.spent[at]);
        let (above, below) = spent.whole(line.net);
        let (whole, part) = (spent.floor(line.net), PartOf { units, of: line.units });
        if above % below == 0 {
            return (whole, part);
        }
        // Of the net itself, since the whole is no number of minor units.
        let wide = |units: u64, amount: i64| u128::from(units) * u128::from(amount.unsigned_abs());
        let (above, below) = (wide(units, spent.without), wide(line.units, spent.with));
        let common = gcd(above, below).max(1);
        let narrow = |count: u128| i64::try_from(count / common).map(i64::unsigned_abs);
        match (narrow(above), narrow(below)) {
            (Ok(units), Ok(of)) => (line.net, PartOf { units: units.min(of), of }),
            _ => (whole, part),
        }
    }

    /// Which line's unit costs more now, discounts of this kind left out.
    fn dearer(&self, a: usize, b: usize) -> Ordering {
        let value = |at: usize| i128::from(self.spent[at].floor(self.lines[at].net));
        let units = |at: usize| i128::from(self.lines[at].units);
        (value(a) * units(b)).cmp(&(value(b) * units(a)))
    }

    /// Remembers the units an applied rule used.
    pub(super) fn spend(&mut self) {
        let nets = self.lines.iter().map(|line| line.net).zip(&self.room.shares);
        for (spent, (net, share)) in self.spent.iter_mut().zip(nets) {
            if *share > 0 {
                spent.give(net + share, net);
            }
            spent.units += spent.pending;
            spent.pending = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Each discount of this kind divides what the line costs, what comes between cuts all units alike:
        /// the whole is the net times every quotient.
        #[test]
        fn the_whole_is_the_net_times_all_quotients(
            steps in prop::collection::vec((1_i64..1000, 1_i64..1000, 1_i64..1000), 1..4),
            net in 1_i64..1000,
        ) {
            let mut spent = Spent::default();
            let (mut above, mut below) = (1_u128, 1_u128);
            for (cut, taken, start) in steps {
                let (before, after) = (start + cut + taken, start + cut);
                spent.give(before, after);
                above *= u128::from(before.unsigned_abs());
                below *= u128::from(after.unsigned_abs());
            }
            let (whole, parts) = spent.whole(net);
            let net = u128::from(net.unsigned_abs());
            prop_assert_eq!(whole * below, net * above * parts);
            prop_assert_eq!(u128::from(spent.floor(i64::try_from(net).unwrap()).unsigned_abs()), net * above / below);
        }
    }

    #[test]
    fn what_is_too_wide_is_rounded_down() {
        let mut spent = Spent::default();
        spent.give(i64::MAX, i64::MAX - 1);
        assert_eq!(spent.floor(i64::MAX - 1), i64::MAX);
        spent.give(i64::MAX - 2, 3);
        assert_eq!(spent.floor(3), i64::MAX - 2);
        spent.give(3, 0);
        assert_eq!(spent.floor(0), 0);
    }
}
