//! How much of a base a rule can pay at most.

use super::Bound;
use crate::money::Rate;
use crate::reward::plan::cap::{Cap, CapPer, Every, Limit};
use crate::reward::plan::rule::{Base, INCOME, Rule, Trigger};
use crate::reward::plan::schedule::{Ladder, LadderShape, Schedule, Share, Span};
use crate::reward::plan::stop::{Stop, StopSource};
use crate::reward::plan::{Amount, MAX_LEVELS, Plan, RateTable};
use crate::sale::Pay;
use crate::words::counted;

/// The bounds of all rules, and of the plan.
pub(super) struct Bounds {
    pub(super) rules: Vec<Bound>,
    pub(super) total: Option<Rate>,
}

impl Bounds {
    pub(super) fn of(plan: &Plan) -> Self {
        // What each rule adds to the total, which for a rule on income is a share of a share.
        let mut adds: Vec<Option<Rate>> = vec![None; plan.rules().len()];
        let mut rules: Vec<Option<Bound>> = vec![None; plan.rules().len()];
        for (at, _) in &plan.sequence {
            let rule = &plan.rules()[*at];
            let (bound, added) = bound(plan, rule, &adds);
            (adds[*at], rules[*at]) = (added, Some(bound));
        }
        let sum = adds.into_iter().try_fold(Rate::ZERO, |sum, rate| sum.add_up(rate?));
        let of_paid = |rule: &Rule| {
            (rule.of.base == "paid" || rule.of.base == INCOME)
                && rule.of.plus.is_empty()
                && rule.of.times <= Rate::ONE
        };
        let whole = plan.rules().iter().all(of_paid);
        let limit = share_limit(plan.caps(), CapPer::Plan).filter(|_| whole);
        Self { rules: rules.into_iter().flatten().collect(), total: lower(sum, limit) }
    }
}

/// The lower of a bound and a cap.
fn lower(bound: Option<Rate>, cap: Option<Rate>) -> Option<Rate> {
    match (bound, cap) {
        (Some(bound), Some(cap)) => Some(bound.min(cap)),
        (bound, cap) => bound.or(cap),
    }
}

/// The share of a base that a cap of one event leaves.
fn share_limit(caps: &[Cap], per: CapPer) -> Option<Rate> {
    caps.iter().find_map(|cap| match (cap.limit, cap.every) {
        (Limit::Share(rate), Every::Event) if cap.per == per => Some(rate),
        _ => None,
    })
}

/// What a rule pays of its own base at most, and what that adds to the total.
fn bound(plan: &Plan, rule: &Rule, adds: &[Option<Rate>]) -> (Bound, Option<Rate>) {
    let allowed = plan.allow().contains_key(&rule.id);
    let (one, mut witness) = of_one_source(plan, rule, allowed);
    let (mut at_most, mut added) = (one, one);
    if let Some((place, source)) = source(plan, rule) {
        if rule.of == Base::named(INCOME) {
            added = one.and_then(|one| adds[place]?.mul_up(one));
            witness = format!("{witness}, of what `{}` pays", source.id);
        } else if rule.of.reads_income() {
            (at_most, added) = (None, None);
            witness = "a base of income and components together has no bound against either".to_owned();
        } else {
            let sources = sources(plan, source);
            at_most = Rate::new(sources, 1).ok().and_then(|times| times.mul_up(one?));
            added = at_most;
            witness = format!("{witness}, behind each of {sources} payees of `{}`", source.id);
        }
    }
    let cap = share_limit(&rule.caps, CapPer::Rule);
    if cap.is_some_and(|cap| at_most.is_none_or(|bound| cap < bound)) {
        witness = "the rule's own cap".to_owned();
    }
    let (at_most, added) = (lower(at_most, cap), lower(added, cap));
    (Bound { rule: rule.id.clone(), at_most, witness }, added)
}

/// The rule a rule runs after, with its place.
pub(super) fn source<'a>(plan: &'a Plan, rule: &Rule) -> Option<(usize, &'a Rule)> {
    let Trigger::After(id) = &rule.trigger else { return None };
    plan.rules().iter().enumerate().find(|(_, other)| other.id == *id)
}

/// How many amounts above zero a rule pays for one line at most.
pub(super) fn sources(plan: &Plan, rule: &Rule) -> u64 {
    let people = rule.to.iter().map(people).fold(0_u64, u64::saturating_add);
    let own = match &rule.pay {
        Schedule::Levels(table) => count(table.levels()),
        Schedule::Infinity(_) => count(plan.ranks().len()),
        Schedule::Geometric { .. } => count(MAX_LEVELS),
        Schedule::Differential(table) => distinct(table).unwrap_or(people),
        Schedule::Ladder(_) | Schedule::Pairing(_) => 1,
        Schedule::Share(_) => people,
    };
    let before = source(plan, rule).map_or(1, |(_, source)| sources(plan, source));
    own.min(people).saturating_mul(before)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// How many people a stop finds at most.
pub(super) fn people(stop: &Stop) -> u64 {
    match &stop.source {
        StopSource::Buyer => 1,
        StopSource::Up { limit, .. } => count(*limit),
        StopSource::Roles(names) | StopSource::Region(names) => count(names.len()),
        StopSource::Class(_) => u64::from(u32::MAX),
    }
}

/// How many rates above zero a table has, none twice; `None` when people bring rates of their own.
fn distinct(table: &RateTable) -> Option<u64> {
    let mut rates = Vec::new();
    for amount in table.iter().flat_map(|(_, list)| list) {
        match amount {
            Amount::Fact(_) => return None,
            Amount::Fixed(Pay::Share(rate)) if rate.is_zero() => {}
            Amount::Fixed(Pay::PerUnit(0)) => {}
            Amount::Fixed(pay) if rates.contains(pay) => {}
            Amount::Fixed(pay) => rates.push(*pay),
        }
    }
    Some(count(rates.len()))
}

/// What a rule pays of the base of one source.
fn of_one_source(plan: &Plan, rule: &Rule, allowed: bool) -> (Option<Rate>, String) {
    let Ok(pay) = rule.pay.paid(&rule.round) else { return (None, "its rates do not fit".to_owned()) };
    let (rate, witness) = match pay.as_ref() {
        Schedule::Levels(table) => {
            let levels = table.levels();
            let at_most = sum(rule, table, levels, allowed);
            (at_most, format!("everybody on {} has the highest rate of the level", counted(levels, "level")))
        }
        Schedule::Infinity(table) => {
            let levels = plan.ranks().len();
            (
                sum(rule, table, levels, allowed),
                format!("{}, each of a rank above all nearer ones", counted(levels, "person")),
            )
        }
        Schedule::Differential(table) => {
            (highest(rule, table, 0, allowed), "somebody on the path has the highest rate".to_owned())
        }
        Schedule::Geometric { first, ratio } => {
            (geometric(*first, *ratio), "the sum of all levels".to_owned())
        }
        Schedule::Ladder(ladder) => of_ladder(ladder),
        Schedule::Share(Share { rate, .. }) => (Some(*rate), "the whole pool".to_owned()),
        Schedule::Pairing(_) => (
            None,
            "unbounded in depth: of a full binary tree of n levels all pairs are (n - 2) / 2 volumes"
                .to_owned(),
        ),
    };
    let witness = match rate {
        Some(_) => witness,
        None => no_bound(rule, witness),
    };
    (rate.and_then(|rate| rate.mul_up(rule.of.times)), witness)
}

fn no_bound(rule: &Rule, witness: String) -> String {
    let amounts = || rule.pay.table().iter().flat_map(|(_, list)| list);
    if amounts().any(|amount| matches!(amount, Amount::Fixed(Pay::PerUnit(_)))) {
        "amounts per unit have no bound against the base".to_owned()
    } else if amounts().any(|amount| matches!(amount, Amount::Fact(_))) {
        "`allow` lets rates of people's own exceed 100%: no bound".to_owned()
    } else {
        witness
    }
}

/// The highest rates of so many levels together; the last of a list serves all further levels of a walk
/// without end.
fn sum(rule: &Rule, table: &RateTable, levels: usize, allowed: bool) -> Option<Rate> {
    let last = table.levels().saturating_sub(1);
    let each = (0..levels).map(|level| highest(rule, table, level.min(last), allowed));
    each.into_iter().try_fold(Rate::ZERO, |sum, rate| sum.add_up(rate?))
}

/// The highest rate of a level, counted from 0.
fn highest(rule: &Rule, table: &RateTable, level: usize, allowed: bool) -> Option<Rate> {
    // Fact rates and overrides are refused above 100 % when they are read, unless the rule is allowed to.
    let share = |amount: &Amount| match amount {
        Amount::Fixed(Pay::Share(rate)) => rule.round.rate(*rate).ok(),
        Amount::Fixed(Pay::PerUnit(_)) => None,
        Amount::Fact(_) => (!allowed).then_some(Rate::ONE),
    };
    let mut at_level = table.iter().filter_map(|(_, list)| list.get(level)).map(share);
    at_level.try_fold(Rate::ZERO, |best, rate| Some(best.max(rate?)))
}

/// `first / (1 − ratio)`.
pub(in crate::reward) fn geometric(first: Rate, ratio: Rate) -> Option<Rate> {
    let rest = Rate::new(ratio.denominator() - ratio.numerator(), ratio.denominator()).ok()?;
    let inverse = Rate::new(rest.denominator(), rest.numerator()).ok()?;
    first.mul_up(inverse)
}

fn of_ladder(ladder: &Ladder) -> (Option<Rate>, String) {
    match &ladder.shape {
        LadderShape::Whole(steps) | LadderShape::Marginal(steps) => {
            let highest = steps.iter().map(|step| step.rate).max();
            let team = if ladder.span == Span::Own { "" } else { "the whole tree is one team on " };
            (highest, format!("{team}the highest step"))
        }
        LadderShape::Polynomial(rates) => {
            let sum = rates.iter().try_fold(Rate::ZERO, |sum, rate| sum.add_up(*rate));
            (sum, "one member has the volume of the whole tree".to_owned())
        }
    }
}
