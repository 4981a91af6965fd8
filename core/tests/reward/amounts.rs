//! Laws about amounts alone.

use super::{is_differential, per, rules_where, without, without_min};
use crate::RewardLaw;
use crate::evaluator::Evaluator;
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::edit::{Map, each_line, each_rule, round_key, with};
use crate::naive::generate::{Dice, case};
use crate::naive::outcome::{Outcome, REASONS};
use crate::naive::plan::{entries, int, items, texts};
use crate::naive::{Mutation as M, Naive, big};
use fenrun::doc::Node;
use fenrun::money::Rounding;
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// L1: rows and retained amounts are positive and sum to the pool, which an independent reading of the
/// plan offers too.
pub(crate) const CONSERVATION: RewardLaw = Law {
    name: "L1 conservation",
    holds: conservation,
    suspects: &[
        M::CeilForFloor,
        M::OneTooMuch,
        M::RateTruncated,
        M::DecimalsIgnored,
        M::PerIgnored,
        M::OverrideIgnored,
        M::PurposeIgnored,
        M::MaximumReset,
        M::RateWithoutDifference,
        M::SlotLost,
        M::RetainedForgotten,
        M::PoolFromRows,
        M::RemainderDropped,
        M::MinDropped,
        M::BlockedDropped,
    ],
};

fn conservation(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = case(seed);
    let Ok(outcome) = who.evaluate(&case.plan, &case.sale) else { return Ok(Bearing::Beside) };
    let offered = Naive::HONEST.offer(&case.plan, &case.sale).expect("what can be settled can be offered");
    need(outcome.pool == offered, || format!("pool {}, offered {offered}", outcome.pool))?;
    need(who.offer(&case.plan, &case.sale) == Ok(offered), || "the offer is not the pool".into())?;
    let amounts = outcome.rows.iter().map(|row| &row.amount);
    let amounts = amounts.chain(outcome.retained.iter().map(|(_, amount)| amount));
    need(amounts.clone().all(|amount| *amount > big(0)), || format!("not above zero: {outcome:?}"))?;
    let sum: BigInt = amounts.sum();
    need(sum == outcome.pool, || format!("{sum} of {}", outcome.pool))?;
    let place = |(reason, _): &(String, BigInt)| REASONS.iter().position(|known| known == reason);
    let places: Vec<_> = outcome.retained.iter().map(place).collect();
    need(places.is_sorted_by(|a, b| a.is_some() && a < b), || format!("{:?}", outcome.retained))?;
    Ok(if outcome.pool == big(0) { Bearing::Beside } else { Bearing::Tested })
}

/// L3: with everybody qualified, the rows of a differential sum to round(B × best rate on the path), for
/// each portion that is rounded at once.
pub(crate) const BEST_RATE: RewardLaw = Law {
    name: "L3 best rate",
    holds: best_rate,
    suspects: &[
        M::MaximumReset,
        M::RateWithoutDifference,
        M::PartRoundedAlone,
        M::TableMaximum,
        M::HeightKept,
        M::CeilForFloor,
        M::DecimalsIgnored,
        M::PerIgnored,
        M::LevelOffByOne,
        M::LimitIgnored,
        M::OverrideIgnored,
        M::UnitsForgotten,
    ],
};

fn best_rate(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = case(seed);
    let Some((plan, sale)) = rules_where(&case.plan, &case.sale, is_differential) else {
        return Ok(Bearing::Beside);
    };
    let plan = without_min(&without(&plan, &["qualify", "unqualified"]));
    let Ok(outcome) = who.evaluate(&plan, &sale) else { return Ok(Bearing::Beside) };
    let best = Naive::HONEST.best_on_path(&plan, &sale).expect("what can be settled");
    let mut paid = BTreeMap::new();
    for row in outcome.rows {
        *paid.entry((row.rule, row.line)).or_insert_with(|| big(0)) += row.amount;
    }
    need(paid == best, || format!("paid {paid:?}, best on the path {best:?}"))?;
    Ok(if best.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// L5: who is paid of a base that includes `paid` gets no less when more was paid; a differential is
/// rounded on cumulative entitlements and may give one minor unit less for each that is rounded.
pub(crate) const MONOTONE: RewardLaw = Law {
    name: "L5 monotone",
    holds: monotone,
    suspects: &[
        M::AbsoluteBase,
        M::PlusLessSwapped,
        M::MarginReversed,
        M::Wraps32,
        M::LastTakesRest,
        M::DigitsCarried,
    ],
};

fn monotone(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = case(seed);
    let rises = |rule: &Map| {
        let less = texts(rule.get("of").and_then(|of| of.get("less")));
        !less.iter().any(|name| name == "paid" || name == "margin")
    };
    let Some((plan, sale)) = rules_where(&without_min(&case.plan), &case.sale, rises) else {
        return Ok(Bearing::Beside);
    };
    let mut dice = Dice::new(!seed);
    let lines = i64::try_from(items(sale.get("lines")).len()).expect("few lines");
    let (line, more) = (dice.below(lines), dice.pick(&[&1, &7, &100, &99_999, &4_294_967_000]));
    let mut at = 0;
    let raised = each_line(&sale, |edited| {
        let paid = int(edited.get("paid")).unwrap_or(0);
        if at == line {
            edited.insert("paid".into(), Node::Int(paid + more));
        }
        at += 1;
    });
    let (Ok(before), Ok(after)) = (who.evaluate(&plan, &sale), who.evaluate(&plan, &raised)) else {
        return Ok(Bearing::Beside);
    };
    let rules: BTreeMap<_, _> = items(plan.get("rule"))
        .iter()
        .map(|rule| (rule.get("id").and_then(Node::as_text).expect("id").to_owned(), entries(Some(rule))))
        .collect();
    for row in &before.rows {
        let slack = match &rules[&row.rule] {
            rule if !is_differential(rule) => 0,
            rule if per(rule) == "unit" => 9,
            _ => 1,
        };
        let same = after.rows.iter().find(|later| later.key == row.key && later.payee == row.payee);
        let later = same.map_or_else(|| big(0), |row| row.amount.clone());
        need(later >= &row.amount - big(slack), || format!("{row:?} fell to {later}"))?;
    }
    Ok(if before.rows.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// L11: where every amount divides, m times the base is m times the outcome, and no mode of rounding makes
/// a difference.
pub(crate) const SCALES: RewardLaw = Law {
    name: "L11 scaling",
    holds: scales,
    suspects: &[
        M::OneTooMuch,
        M::WholeTens,
        M::Wraps32,
        M::SinglePrecision,
        M::HiddenCap,
        M::FirstThousandFree,
    ],
};

fn scales(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = case(seed);
    let mut dice = Dice::new(!seed);
    let factor = dice.between(2, 2_000);
    let plan = each_rule(&without_min(&case.plan), |rule| {
        round_key(rule, "rate_decimals", None);
        rule.insert("of".into(), dice.pick(&["paid", "list", "margin"]).into());
        if let Some(pay) = rule.get_mut("pay") {
            whole_percents(pay);
        }
    });
    let mut sale = each_line(&case.sale, |line| {
        let units = int(line.get("units")).unwrap_or(1);
        for component in ["paid", "list", "cost"] {
            line.insert(component.into(), Node::Int(dice.below(10_000) * 100 * units));
        }
        if let Some(overrides) = line.get_mut("override") {
            whole_percents(overrides);
        }
    });
    for people in ["upline", "roles", "buyer"] {
        let mut edited = sale.get(people).expect(people).clone();
        whole_percents_of_people(&mut edited);
        sale = with(&sale, people, edited);
    }
    let larger = each_line(&sale, |line| {
        for component in ["paid", "list", "cost"] {
            let minor = int(line.get(component)).unwrap_or(0);
            line.insert(component.into(), Node::Int(minor * factor));
        }
    });
    let (Ok(one), Ok(many)) = (who.evaluate(&plan, &sale), who.evaluate(&plan, &larger)) else {
        return Ok(Bearing::Beside);
    };
    need(times(&one, factor) == many, || format!("{factor} times {one:#?} is not {many:#?}"))?;
    let mode = Rounding::ALL[dice.count(1, 10) - 1].name();
    let rounded = each_rule(&plan, |rule| round_key(rule, "mode", Some(mode.into())));
    let other = who.evaluate(&rounded, &sale)?;
    need(other == one, || format!("{mode}: {other:#?} is not {one:#?}"))?;
    Ok(if one.rows.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// Turns every rate into whole per cents, so that a base in hundreds of minor units per unit divides.
fn whole_percents(node: &mut Node) {
    match node {
        Node::Int(minor) => *node = format!("{}%", *minor % 7).into(),
        Node::Text(rate) => *node = format!("{}%", rate.bytes().map(usize::from).sum::<usize>() % 8).into(),
        Node::List(items) => items.iter_mut().for_each(whole_percents),
        Node::Map(map) => {
            map.iter_mut().filter(|(key, _)| *key != "fact").for_each(|(_, inner)| whole_percents(inner))
        }
        _ => {}
    }
}

fn whole_percents_of_people(node: &mut Node) {
    match node {
        Node::List(people) => people.iter_mut().for_each(whole_percents_of_people),
        Node::Map(map) => {
            for (key, value) in map {
                if key == "percent" {
                    whole_percents(value);
                } else {
                    whole_percents_of_people(value);
                }
            }
        }
        _ => {}
    }
}

fn times(outcome: &Outcome, factor: i64) -> Outcome {
    let mut scaled = outcome.clone();
    scaled.pool *= factor;
    scaled.rows.iter_mut().for_each(|row| row.amount *= factor);
    scaled.retained.iter_mut().for_each(|(_, amount)| *amount *= factor);
    scaled
}
