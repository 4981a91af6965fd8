//! Pricing as the laws see it, and pricing with one fault each.

use crate::Input;
use fenrun::trade::cart::{Cart, CartLine};
use fenrun::trade::pricing::{Entry, Policy, PolicyDraft, Quote, TestOn, Verdict, quote};

/// What a quote shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) ids: Vec<String>,
    pub(crate) units: Vec<i64>,
    pub(crate) amounts: Vec<i64>,
    pub(crate) nets: Vec<i64>,
    pub(crate) shipping_shares: Vec<i64>,
    pub(crate) list_total: i64,
    pub(crate) subtotal: i64,
    pub(crate) shipping: i64,
    pub(crate) total: i64,
    pub(crate) trace: Vec<Entry>,
    pub(crate) hash: String,
}

impl Shown {
    fn of(quote: &Quote) -> Self {
        let lines = quote.lines();
        let each = |name: &str| lines.iter().map(|line| line.sold.components[name]).collect::<Vec<_>>();
        Self {
            ids: lines.iter().map(|line| line.sold.id.to_string()).collect(),
            units: lines.iter().map(|line| i64::try_from(line.sold.units).unwrap()).collect(),
            amounts: lines.iter().map(|line| line.amount).collect(),
            nets: each("paid"),
            shipping_shares: each("shipping"),
            list_total: each("list").iter().sum(),
            subtotal: quote.subtotal(),
            shipping: quote.shipping(),
            total: quote.total(),
            trace: quote.trace().to_vec(),
            hash: quote.hash().to_owned(),
        }
    }
}

/// Prices an input.
pub(crate) trait Pricer {
    fn quote(&self, input: &Input) -> Shown;
}

/// The engine itself.
pub(crate) struct Engine;

impl Pricer for Engine {
    fn quote(&self, input: &Input) -> Shown {
        run(input, &input.cart(), &input.policy())
    }
}

fn run(input: &Input, cart: &Cart, policy: &Policy) -> Shown {
    Shown::of(&quote(cart, &input.catalog(), policy, input.facts()).unwrap())
}

/// What a mutant does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TotalForgetsShipping,
    ShippingSharesAreFloored,
    WaitingLinesCount,
    DiscountsOverdraw,
    TotalIsRounded,
    SubtotalIsAfterDiscounts,
    LeftOverIsForgotten,
    RoundsThePrice,
    ThresholdIsAbove,
    ThresholdIgnoresList,
    LastShareTakesTheRest,
    RulesRunAsWritten,
    LinesStandAsAdded,
    FirstAddedShips,
    HashKnowsTheOrder,
    LastAddedIsFree,
    TraceForgetsShipping,
    TraceForgetsARule,
    TraceEndsWhereItBegan,
    TraceSwapsShares,
}

pub(crate) struct Mutant(pub(crate) Fault);

impl Pricer for Mutant {
    fn quote(&self, input: &Input) -> Shown {
        let mut policy: PolicyDraft = (*input.policy()).clone();
        let mut changed = input.clone();
        match self.0 {
            Fault::WaitingLinesCount => changed.lines.iter_mut().for_each(|line| line.3 = true),
            Fault::ThresholdIsAbove => policy.rules.iter_mut().for_each(|rule| rule.min_subtotal += 1),
            Fault::ThresholdIgnoresList => {
                policy.rules.iter_mut().for_each(|rule| rule.test_on = TestOn::Running);
            }
            Fault::RulesRunAsWritten => {
                for rule in &mut policy.rules {
                    let place = input.rules.iter().position(|written| rule.id == written.0.into());
                    rule.priority = i64::try_from(place.unwrap()).unwrap();
                }
            }
            Fault::RoundsThePrice => {
                policy.rounding = fenrun::money::Rounding::HalfToZero;
            }
            _ => {}
        }
        let mut shown = run(&changed, &changed.cart(), &Policy::new(policy).unwrap());
        self.amounts(&mut shown, input);
        self.trace(&mut shown);
        shown
    }
}

impl Mutant {
    /// Where the line stands that was put into the cart first, or last.
    fn added(shown: &Shown, input: &Input, last: bool) -> usize {
        let selected: Vec<_> = input.lines.iter().filter(|line| line.3).collect();
        let line = if last { selected.last() } else { selected.first() };
        shown.ids.iter().position(|id| *id == line.unwrap().0.to_string()).unwrap()
    }

    fn amounts(&self, shown: &mut Shown, input: &Input) {
        let first = Self::added(shown, input, false);
        match self.0 {
            Fault::TotalForgetsShipping => shown.total -= shown.shipping,
            Fault::ShippingSharesAreFloored => {
                let sum: i64 = shown.nets.iter().sum();
                if sum > 0 {
                    let share = |net: &i64| shown.shipping * net / sum;
                    shown.shipping_shares = shown.nets.iter().map(share).collect();
                }
            }
            Fault::TotalIsRounded => shown.total = shown.total / 10 * 10,
            Fault::SubtotalIsAfterDiscounts => shown.subtotal = shown.nets.iter().sum(),
            Fault::LinesStandAsAdded => {
                let order: Vec<u64> = input.lines.iter().filter(|line| line.3).map(|line| line.0).collect();
                shown.ids = order.iter().map(u64::to_string).collect();
            }
            Fault::FirstAddedShips => {
                shown.shipping_shares.iter_mut().for_each(|share| *share = 0);
                shown.shipping_shares[first] = shown.shipping;
            }
            Fault::LastAddedIsFree => {
                let last = Self::added(shown, input, true);
                shown.total -= shown.nets[last];
                shown.nets[last] = 0;
            }
            Fault::HashKnowsTheOrder => {
                let arrived: Vec<CartLine> = input.cart().lines().to_vec();
                shown.hash = format!("{}{}", arrived.len(), input.lines[0].0);
            }
            Fault::DiscountsOverdraw => {
                for entry in shown.trace.iter_mut().filter(|entry| entry.unallocated > 0) {
                    shown.nets[0] -= entry.unallocated;
                    shown.total -= entry.unallocated;
                    entry.shares[0] += entry.unallocated;
                    entry.unallocated = 0;
                }
            }
            _ => {}
        }
    }

    fn trace(&self, shown: &mut Shown) {
        let applied = |entry: &&mut Entry| entry.stage == 3 && entry.verdict == Verdict::Applied;
        match self.0 {
            Fault::LeftOverIsForgotten => shown.trace.iter_mut().for_each(|entry| entry.unallocated = 0),
            Fault::LastShareTakesTheRest => {
                for entry in shown.trace.iter_mut().filter(applied) {
                    let sum: i64 = entry.shares.iter().sum();
                    let before = entry.before.max(1);
                    let floor = |amount: &i64| sum * amount / before;
                    let mut shares: Vec<i64> = shown.amounts.iter().map(floor).collect();
                    let others: i64 = shares.iter().rev().skip(1).sum();
                    *shares.last_mut().unwrap() = sum - others;
                    entry.shares = shares;
                }
            }
            Fault::TraceForgetsShipping => shown.trace.retain(|entry| entry.stage != 6),
            Fault::TraceForgetsARule => {
                let place = shown
                    .trace
                    .iter()
                    .position(|entry| entry.shares.iter().any(|s| *s > 0) && entry.stage == 3);
                if let Some(place) = place {
                    shown.trace.remove(place);
                }
            }
            Fault::TraceEndsWhereItBegan => {
                shown.trace.iter_mut().filter(applied).for_each(|entry| entry.after = entry.before);
            }
            Fault::TraceSwapsShares => {
                shown.trace.iter_mut().filter(applied).for_each(|entry| entry.shares.reverse());
            }
            _ => {}
        }
    }
}
