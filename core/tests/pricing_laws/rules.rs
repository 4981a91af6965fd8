//! The laws themselves, each with the faults that must break it.

use crate::input::{Dice, Input};
use crate::laws::{Bearing, Law, Verdict as Said, need};
use crate::naive::Naive;
use crate::pricer::{Fault, Pricer, Shown};
use fenrun::money::Rate;
use fenrun::trade::pricing::{Effect, Entry, Off, PartOf, Per, Verdict};

pub(crate) type PricingLaw = Law<dyn Pricer, Fault>;

/// The sums of a quote hold, nothing is below zero, what costs nothing is charged nothing, and no price
/// holds more tax than it is.
pub(crate) const SUMS: PricingLaw = Law {
    name: "sums",
    holds: sums,
    suspects: &[
        Fault::TotalForgetsShipping,
        Fault::TotalForgetsTax,
        Fault::TotalForgetsRounding,
        Fault::ShippingSharesAreFloored,
        Fault::WaitingLinesCount,
        Fault::DiscountsOverdraw,
        Fault::PointsAreForgotten,
        Fault::SubtotalIsAfterDiscounts,
        Fault::FreeLinesPay,
        Fault::TaxIsAboveThePrice,
    ],
};

fn sums(pricer: &dyn Pricer, seed: u64) -> Said {
    let input = Input::new(seed);
    let shown = pricer.quote(&input);
    let sum = |amounts: &[i64]| amounts.iter().sum::<i64>();
    let same =
        |what: &str, got: i64, wanted: i64| need(got == wanted, || format!("{what}: {got}, not {wanted}"));
    need(shown.nets.len() == input.selected().len(), || format!("{} lines", shown.nets.len()))?;
    let parts = sum(&shown.nets) + shown.shipping + shown.added_tax + shown.rounding;
    same("total", shown.total, parts)?;
    same("subtotal", shown.subtotal, sum(&shown.amounts))?;
    same("shares of shipping", sum(&shown.shipping_shares), shown.shipping)?;
    same("fees", shown.fees, shown.shipping)?;
    same("shares of tax", sum(&shown.taxes), shown.tax)?;
    for at in 0..shown.nets.len() {
        let off: i64 = shown
            .trace
            .iter()
            .filter(|entry| matches!(entry.stage, 2..=5))
            .map(|entry| share(entry, at))
            .sum();
        same("a line and what was taken off it", shown.nets[at] + off, shown.amounts[at])?;
        let free = shown.amounts[at] == 0;
        need(!free || (shown.nets[at] == 0 && off == 0), || format!("a free line has {off} off"))?;
    }
    for entry in shown.trace.iter().filter(|entry| entry.verdict == Verdict::Included) {
        let of_goods = entry.per != Per::Delivery;
        let above = (0..shown.nets.len()).find(|at| of_goods && share(entry, *at) > shown.nets[*at]);
        need(above.is_none(), || format!("the tax of line {above:?} is more than its price"))?;
    }
    let all =
        [&shown.nets, &shown.points, &shown.shipping_shares, &shown.taxes, &shown.added, &shown.amounts];
    let least = all.into_iter().flatten().chain([&shown.total, &shown.tax]).min();
    need(least.is_some_and(|least| *least >= 0), || format!("below zero: {shown:?}"))?;
    Ok(Bearing::Tested)
}

fn share(entry: &Entry, at: usize) -> i64 {
    entry.shares.get(at).copied().unwrap_or(0)
}

/// Each discount is what its rule says, and the sum of its shares and of what no line could take.
pub(crate) const SHARES: PricingLaw = Law {
    name: "shares",
    holds: shares,
    suspects: &[
        Fault::LeftOverIsForgotten,
        Fault::RoundsTheOtherWay,
        Fault::ThresholdIsAbove,
        Fault::ThresholdIgnoresList,
        Fault::UnitsDoNotCount,
        Fault::CeilingIsIgnored,
        Fault::WindowIsIgnored,
        Fault::BudgetIsIgnored,
        Fault::UsesAreIgnored,
        Fault::ScopeIsIgnored,
        Fault::TiersAreIgnored,
        Fault::GroupsAreIgnored,
        Fault::LastShareTakesTheRest,
        Fault::DiscountsOverdraw,
        Fault::PartsAreFloored,
    ],
};

fn shares(pricer: &dyn Pricer, seed: u64) -> Said {
    let input = Input::new(seed);
    let shown = pricer.quote(&input);
    let (taken, nets) = Naive::run(&input, &shown.amounts, &shown.trace);
    let of_rule = |entry: &&Entry| matches!(entry.stage, 2..=4) && entry.verdict != Verdict::UnknownCoupon;
    let told: Vec<&Entry> = shown.trace.iter().filter(of_rule).collect();
    need(told.len() == taken.len(), || format!("{} rules in the trace, {} wanted", told.len(), taken.len()))?;
    for (entry, wanted) in told.iter().zip(&taken) {
        let got = (&entry.rule, entry.verdict, &entry.shares, entry.unallocated);
        need(got == (&wanted.rule, wanted.verdict, &wanted.shares, wanted.unallocated), || {
            format!("{got:?}, wanted {wanted:?}")
        })?;
    }
    let paid = |at: usize| nets[at] - shown.points[at];
    need((0..nets.len()).all(|at| paid(at) == shown.nets[at]), || format!("{:?}, {nets:?}", shown.nets))?;
    Ok(if taken.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// The order in which lines and rules came says nothing.
pub(crate) const PERMUTATION: PricingLaw = Law {
    name: "permutation",
    holds: permutation,
    suspects: &[
        Fault::RulesRunAsWritten,
        Fault::LinesStandAsAdded,
        Fault::FirstAddedShips,
        Fault::HashKnowsTheOrder,
        Fault::LastAddedIsFree,
    ],
};

fn permutation(pricer: &dyn Pricer, seed: u64) -> Said {
    let input = Input::new(seed);
    let (left, right) = (pricer.quote(&input), pricer.quote(&input.shuffled(seed)));
    need(left == right, || format!("{left:?} in one order, {right:?} in another"))?;
    Ok(Bearing::Tested)
}

/// Replaying the trace gives the amounts.
pub(crate) const REPLAY: PricingLaw = Law {
    name: "replay",
    holds: replay,
    suspects: &[
        Fault::TraceForgetsShipping,
        Fault::TraceForgetsTax,
        Fault::TraceForgetsRounding,
        Fault::TraceForgetsARule,
        Fault::TraceEndsWhereItBegan,
        Fault::TraceSwapsShares,
        Fault::LeftOverIsForgotten,
    ],
};

/// The amount of an entry, computed from its own words.
fn amount(entry: &Entry, units: &[i64]) -> i64 {
    let of = |base: i64, per: i64| {
        let exact = i128::from(base) * i128::from(entry.numerator);
        let each = entry.rounding.divide(exact, i128::from(entry.denominator) * i128::from(per));
        i64::try_from(each).unwrap() * per
    };
    let amount = match entry.per {
        Per::Cart => of(entry.basis, 1),
        Per::Line | Per::Delivery if entry.parts.is_empty() => {
            entry.bases.iter().map(|base| of(*base, 1)).sum()
        }
        Per::Line | Per::Delivery => {
            let part = |(base, part): (&i64, &PartOf)| {
                let exact = i128::from(*base) * i128::from(entry.numerator) * i128::from(part.units);
                let below = i128::from(entry.denominator) * i128::from(part.of);
                i64::try_from(entry.rounding.divide(exact, below)).unwrap()
            };
            entry.bases.iter().zip(&entry.parts).map(part).sum()
        }
        Per::Unit => entry.bases.iter().zip(units).map(|(base, units)| of(*base, *units)).sum(),
    };
    entry.ceiling.map_or(amount, |ceiling| amount.min(ceiling))
}

fn replay(pricer: &dyn Pricer, seed: u64) -> Said {
    let shown = pricer.quote(&Input::new(seed));
    let mut running = 0;
    let none = vec![0; shown.nets.len()];
    let (mut nets, mut shipping, mut taxes) = (none.clone(), none.clone(), none);
    for entry in &shown.trace {
        let stage = entry.stage;
        need(entry.before == running, || format!("stage {stage} begins at {}, not {running}", entry.before))?;
        let sum: i64 = entry.shares.iter().sum();
        let counts = matches!(entry.verdict, Verdict::Applied | Verdict::Included);
        let wanted = if counts { amount(entry, &shown.units) } else { 0 };
        need(stage == 9 || wanted == sum + entry.unallocated, || {
            format!("stage {stage}: {wanted}: {entry:?}")
        })?;
        let (target, sign) = match stage {
            1 => (&mut nets, 1),
            2..=5 => (&mut nets, -1),
            6 => (&mut shipping, 1),
            7 => (&mut shipping, -1),
            _ => (&mut taxes, 1),
        };
        target.iter_mut().zip(&entry.shares).for_each(|(amount, share)| *amount += sign * share);
        running = match entry.verdict {
            Verdict::Included => running,
            _ if stage == 9 => wanted * entry.denominator,
            _ => running + sign * sum,
        };
        need(entry.after == running, || format!("stage {stage} ends at {}, not {running}", entry.after))?;
    }
    let got = (&shown.nets, &shown.shipping_shares, &shown.taxes, shown.total);
    need(got == (&nets, &shipping, &taxes, running), || format!("{got:?}, the trace says otherwise"))?;
    Ok(Bearing::Tested)
}

/// A larger discount never makes the order dearer, as long as every rule decides as before.
pub(crate) const MONOTONE: PricingLaw = Law {
    name: "monotone",
    holds: monotone,
    suspects: &[
        Fault::RateIsWhatIsLeft,
        Fault::HalfOffIsTheMost,
        Fault::FixedWraps,
        Fault::TotalPaysTheDiscount,
        Fault::LargeAmountsAreIgnored,
    ],
};

fn monotone(pricer: &dyn Pricer, seed: u64) -> Said {
    let low = Input::new(seed);
    let mut high = low.clone();
    let mut dice = Dice::new(seed ^ 0x77);
    let raised = high.draft.rules.iter_mut().find_map(|rule| match &mut rule.effect {
        Effect::Off(Off::Fixed(amount)) => {
            *amount += dice.within(1, 200);
            Some(rule.id.to_string())
        }
        Effect::Off(Off::Rate(rate)) => {
            let numerator =
                (rate.numerator() + dice.count(1, 200).min(rate.denominator())).min(rate.denominator());
            *rate = Rate::new(numerator, rate.denominator()).unwrap();
            Some(rule.id.to_string())
        }
        _ => None,
    });
    let Some(raised) = raised else { return Ok(Bearing::Beside) };
    let (before, after) = (pricer.quote(&low), pricer.quote(&high));
    let same = |a: &Entry, b: &Entry| {
        let rate = a.rule == raised || (a.numerator, a.denominator) == (b.numerator, b.denominator);
        a.rule == b.rule && a.verdict == b.verdict && a.units == b.units && rate
    };
    let decided = before.trace.len() == after.trace.len()
        && before.trace.iter().zip(&after.trace).all(|(a, b)| same(a, b));
    let chosen = low.draft.rules.iter().any(|rule| matches!(rule.effect, Effect::BuyGet { .. }));
    if !decided || chosen {
        return Ok(Bearing::Beside);
    }
    let slack = slack(&before, &raised, &low);
    need(after.total <= before.total + slack, || {
        format!("{} becomes {} (±{slack})", before.total, after.total)
    })?;
    Ok(Bearing::Tested)
}

/// The minor units by which a later rounding for single lines may differ: a larger discount is shared anew,
/// and one line may get less of it. None where all that follows is over the whole cart.
fn slack(shown: &Shown, raised: &str, input: &Input) -> i64 {
    let from = shown.trace.iter().position(|entry| entry.rule == raised).unwrap_or(0);
    let lines = i64::try_from(shown.nets.len()).unwrap();
    let later = |entry: &&Entry| {
        let rule = input.draft.rules.iter().find(|rule| rule.id.as_str() == entry.rule);
        let alone = rule.is_some_and(|rule| !rule.scope.is_everything());
        entry.verdict == Verdict::Applied && (alone || entry.per != Per::Cart)
    };
    let units: i64 = shown.units.iter().sum();
    let cash = input.draft.cash_rounding.map_or(0, |cash| cash.to);
    let later = i64::try_from(shown.trace[from + 1..].iter().filter(later).count()).unwrap();
    if later == 0 { 0 } else { 2 * later * (lines + units) + cash }
}
