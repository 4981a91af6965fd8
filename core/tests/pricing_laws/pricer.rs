//! Pricing as the laws see it, and pricing with one fault each.

use crate::input::Input;
use fenrun::money::{Rate, Rounding};
use fenrun::trade::pricing::{
    Effect, Entry, Off, Policy, PolicyDraft, Quote, Rule, Scope, Stage, TestOn, Verdict, quote,
};

/// What a quote shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) ids: Vec<String>,
    pub(crate) units: Vec<i64>,
    pub(crate) amounts: Vec<i64>,
    pub(crate) nets: Vec<i64>,
    pub(crate) points: Vec<i64>,
    pub(crate) shipping_shares: Vec<i64>,
    pub(crate) taxes: Vec<i64>,
    pub(crate) added: Vec<i64>,
    pub(crate) fees: i64,
    pub(crate) subtotal: i64,
    pub(crate) shipping: i64,
    pub(crate) tax: i64,
    pub(crate) added_tax: i64,
    pub(crate) rounding: i64,
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
            points: each("points"),
            shipping_shares: each("shipping"),
            taxes: each("tax"),
            added: lines.iter().map(|line| line.added_tax).collect(),
            fees: quote.deliveries().iter().map(|delivery| delivery.fee).sum(),
            subtotal: quote.subtotal(),
            shipping: quote.shipping(),
            tax: quote.tax(),
            added_tax: quote.added_tax(),
            rounding: quote.rounding(),
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
        Shown::of(&quote(&input.cart(), &input.catalog(), &input.policy(), &input.facts).unwrap())
    }
}

/// What a mutant does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TotalForgetsShipping,
    TotalForgetsTax,
    TotalForgetsRounding,
    ShippingSharesAreFloored,
    WaitingLinesCount,
    DiscountsOverdraw,
    PointsAreForgotten,
    SubtotalIsAfterDiscounts,
    FreeLinesPay,
    LeftOverIsForgotten,
    RoundsTheOtherWay,
    ThresholdIsAbove,
    ThresholdIgnoresList,
    UnitsDoNotCount,
    CeilingIsIgnored,
    WindowIsIgnored,
    BudgetIsIgnored,
    UsesAreIgnored,
    ScopeIsIgnored,
    TiersAreIgnored,
    GroupsAreIgnored,
    LastShareTakesTheRest,
    RulesRunAsWritten,
    LinesStandAsAdded,
    FirstAddedShips,
    HashKnowsTheOrder,
    LastAddedIsFree,
    TraceForgetsShipping,
    TraceForgetsTax,
    TraceForgetsRounding,
    TraceForgetsARule,
    TraceEndsWhereItBegan,
    TraceSwapsShares,
    RateIsWhatIsLeft,
    HalfOffIsTheMost,
    FixedWraps,
    TotalPaysTheDiscount,
    LargeAmountsAreIgnored,
    TaxIsAboveThePrice,
    PartsAreFloored,
}

pub(crate) struct Mutant(pub(crate) Fault);

impl Pricer for Mutant {
    fn quote(&self, input: &Input) -> Shown {
        let mut changed = input.clone();
        if self.0 == Fault::WaitingLinesCount {
            changed.lines.iter_mut().for_each(|line| line.3 = true);
        }
        self.policy(&mut changed.draft, input);
        // A fault that makes a policy nobody can build shows nothing.
        if Policy::new(changed.draft.clone()).is_err() {
            changed.draft = input.draft.clone();
        }
        let mut shown = Engine.quote(&changed);
        self.amounts(&mut shown, input);
        self.trace(&mut shown);
        shown
    }
}

impl Mutant {
    fn policy(&self, draft: &mut PolicyDraft, input: &Input) {
        if self.0 == Fault::RoundsTheOtherWay {
            draft.rounding = match draft.rounding {
                Rounding::HalfAway => Rounding::HalfToZero,
                Rounding::HalfToZero => Rounding::HalfAway,
                Rounding::Down | Rounding::Floor => Rounding::Up,
                Rounding::Up | Rounding::Ceil => Rounding::Down,
                other => other,
            };
        }
        for rule in &mut draft.rules {
            match self.0 {
                Fault::ThresholdIsAbove => rule.min_subtotal += 1,
                Fault::ThresholdIgnoresList => rule.test_on = TestOn::Running,
                Fault::UnitsDoNotCount => rule.min_units = 0,
                Fault::CeilingIsIgnored => rule.max_off = None,
                Fault::WindowIsIgnored => (rule.from, rule.until) = (None, None),
                Fault::BudgetIsIgnored => rule.limits.budget = None,
                Fault::UsesAreIgnored => (rule.limits.uses, rule.limits.uses_per_customer) = (None, None),
                Fault::ScopeIsIgnored => rule.scope = Scope::default(),
                Fault::TiersAreIgnored => rule.tiers.clear(),
                Fault::GroupsAreIgnored => rule.group = None,
                Fault::RulesRunAsWritten => {
                    let place = input.draft.rules.iter().position(|written| written.id == rule.id);
                    rule.priority = i64::try_from(place.unwrap()).unwrap();
                }
                _ => self.effect(rule),
            }
        }
    }

    /// Faults of amounts that are raised.
    fn effect(&self, rule: &mut Rule) {
        let Effect::Off(off) = &mut rule.effect else { return };
        match (self.0, off) {
            (Fault::RateIsWhatIsLeft, Off::Rate(rate)) => {
                *rate = Rate::new(rate.denominator() - rate.numerator(), rate.denominator()).unwrap();
            }
            (Fault::HalfOffIsTheMost, Off::Rate(rate)) if rate.numerator() * 2 > rate.denominator() => {
                *rate = Rate::ZERO;
            }
            (Fault::FixedWraps, Off::Fixed(amount)) => *amount = *amount % 64 + 1,
            (Fault::LargeAmountsAreIgnored, Off::Fixed(amount)) if *amount > 400 => *amount = 1,
            _ => {}
        }
    }

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
            Fault::TotalForgetsTax => shown.total -= shown.added_tax,
            Fault::TotalForgetsRounding => shown.total -= shown.rounding,
            Fault::TotalPaysTheDiscount => {
                shown.total += 2 * (shown.subtotal - shown.nets.iter().sum::<i64>())
            }
            Fault::PointsAreForgotten => {
                shown.nets.iter_mut().zip(&shown.points).for_each(|(net, points)| *net += points);
            }
            Fault::FreeLinesPay => {
                if let Some(at) = shown.amounts.iter().position(|amount| *amount == 0) {
                    shown.nets[at] -= 1;
                    shown.total -= 1;
                }
            }
            Fault::ShippingSharesAreFloored => {
                let sum: i64 = shown.nets.iter().sum();
                if sum > 0 {
                    let share = |net: &i64| shown.shipping * net / sum;
                    shown.shipping_shares = shown.nets.iter().map(share).collect();
                }
            }
            Fault::SubtotalIsAfterDiscounts => shown.subtotal = shown.nets.iter().sum(),
            Fault::LinesStandAsAdded => {
                shown.ids = input.lines.iter().filter(|line| line.3).map(|line| line.0.to_string()).collect();
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
            Fault::HashKnowsTheOrder => shown.hash = format!("{}", input.lines[0].0),
            Fault::DiscountsOverdraw => {
                for entry in shown.trace.iter_mut().filter(|entry| entry.unallocated > 0 && entry.stage < 5) {
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
        let applied = |entry: &&mut Entry| matches!(entry.stage, 2..=4) && entry.verdict == Verdict::Applied;
        match self.0 {
            Fault::LeftOverIsForgotten => shown.trace.iter_mut().for_each(|entry| entry.unallocated = 0),
            Fault::LastShareTakesTheRest => {
                for entry in shown.trace.iter_mut().filter(applied) {
                    let sum: i64 = entry.shares.iter().sum();
                    let before = entry.before.max(1);
                    let mut shares: Vec<i64> =
                        shown.amounts.iter().map(|amount| sum * amount / before).collect();
                    let others: i64 = shares.iter().rev().skip(1).sum();
                    *shares.last_mut().unwrap() = sum - others;
                    entry.shares = shares;
                }
            }
            Fault::TaxIsAboveThePrice => {
                let nets = &shown.nets;
                let held = shown.trace.iter_mut().filter(|entry| entry.verdict == Verdict::Included);
                for entry in held.filter(|entry| entry.shares.len() == nets.len()) {
                    entry
                        .shares
                        .iter_mut()
                        .zip(nets)
                        .for_each(|(share, net)| *share = share.max(&mut (net + 1)).to_owned());
                }
            }
            Fault::PartsAreFloored => {
                for entry in shown.trace.iter_mut().filter(applied).filter(|entry| !entry.parts.is_empty()) {
                    for at in 0..entry.shares.len() {
                        let (units, of) = (
                            i64::try_from(entry.parts[at].units).unwrap(),
                            i64::try_from(entry.parts[at].of).unwrap(),
                        );
                        let exact = i128::from(entry.bases[at] * units / of) * i128::from(entry.numerator);
                        let floored = entry.rounding.divide(exact, i128::from(entry.denominator));
                        entry.shares[at] = i64::try_from(floored).unwrap();
                    }
                }
            }
            Fault::TraceForgetsShipping => shown.trace.retain(|entry| entry.stage != 6),
            Fault::TraceForgetsTax => shown.trace.retain(|entry| entry.stage != 8),
            Fault::TraceForgetsRounding => shown.trace.retain(|entry| entry.stage != 9),
            Fault::TraceForgetsARule => {
                let took = |entry: &Entry| entry.stage == Stage::Cart.number() && entry.before != entry.after;
                if let Some(place) = shown.trace.iter().position(took) {
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
