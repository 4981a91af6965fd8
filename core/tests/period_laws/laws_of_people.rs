//! Laws about whom a close looks at: order says nothing, and only who stands below counts.

use crate::PeriodLaw;
use crate::answer::Answer;
use crate::case::{Case, Member, Pay, Sale};
use crate::closer::Closer;
use crate::generate::{Dice, any, case};
use crate::laws::{Bearing, Law, Verdict, need};
use crate::slips::Slip;
use num_bigint::BigInt;
use std::collections::{BTreeMap, BTreeSet};

/// L6: members and sales come in any order and portions.
pub(crate) const ORDER: PeriodLaw = Law {
    name: "L6 order",
    holds: order,
    suspects: &[
        Slip::OrderOfTheList,
        Slip::LastSaleOnly,
        Slip::FirstSaleFirstMember,
        Slip::FirstIsRoot,
        Slip::LastMemberLost,
    ],
};

fn order(who: &dyn Closer, seed: u64) -> Verdict {
    let case = case(seed);
    let mut dice = Dice::new(!seed);
    let mut turned = case.clone();
    for sale in case.sales.iter().filter(|_| dice.one_in(3)).collect::<Vec<_>>() {
        // One sale in two portions.
        let (pv, bv) = (sale.pv / 3, sale.bv / 2);
        let whole = turned
            .sales
            .iter()
            .position(|other| (other.member, other.pv, other.bv) == (sale.member, sale.pv, sale.bv));
        turned.sales[whole.expect("the sale")] = Sale { pv, bv, ..*sale };
        turned.sales.push(Sale { pv: sale.pv - pv, bv: sale.bv - bv, ..*sale });
    }
    dice.shuffle(&mut turned.members);
    dice.shuffle(&mut turned.sales);
    dice.shuffle(&mut turned.refunds);
    let (straight, turned) = (who.close(&case)?, who.close(&turned)?);
    need(same(&straight, &turned), || format!("{straight:?}\n{turned:?}"))?;
    Ok(Bearing::Tested)
}

/// The same to the cent and the byte.
fn same(left: &Answer, right: &Answer) -> bool {
    (&left.outcomes, &left.pairs, &left.waiting, &left.used)
        == (&right.outcomes, &right.pairs, &right.waiting, &right.used)
}

/// L9: what a member sells changes nothing for those who do not stand above them.
pub(crate) const LOCAL: PeriodLaw = Law {
    name: "L9 locality",
    holds: local,
    suspects: &[
        Slip::CompanyVolume,
        Slip::FirstIsRoot,
        Slip::FirstSaleFirstMember,
        Slip::SiblingsCount,
        Slip::WholeForest,
        Slip::LowestPaid,
    ],
};

/// The case with those rules alone that no pool and no common cap ties together.
fn apart(mut case: Case) -> Option<Case> {
    let together = |pay: &Pay| matches!(pay, Pay::Share { .. } | Pay::Lottery { .. });
    let gone: Vec<String> =
        case.rules.iter().filter(|rule| together(&rule.pay)).map(|rule| rule.id.clone()).collect();
    case.rules.retain(|rule| {
        !gone.contains(&rule.id) && !rule.after.as_ref().is_some_and(|after| gone.contains(after))
    });
    for rule in &mut case.rules {
        rule.caps.retain(|cap| cap.per == "payee");
    }
    case.plan_caps.retain(|cap| cap.per == "payee");
    case.used.retain(|(id, payee, _)| *payee != 0 && case.rules.iter().any(|rule| rule.id == *id));
    case.waiting.retain(|(id, ..)| case.rules.iter().any(|rule| rule.id == *id));
    (!case.rules.is_empty()).then_some(case)
}

type Rows = BTreeMap<String, (u64, BigInt)>;

/// The rows of all payees but some, by key.
fn rows(answer: &Answer, but: &BTreeSet<u64>) -> Rows {
    let rows = answer.outcomes.iter().flat_map(|outcome| &outcome.rows);
    rows.filter(|row| !but.contains(&row.payee))
        .map(|row| (row.key.clone(), (row.payee, row.amount.clone())))
        .collect()
}

fn local(who: &dyn Closer, seed: u64) -> Verdict {
    let Some(case) = apart(case(seed)) else { return Ok(Bearing::Beside) };
    let mut dice = Dice::new(!seed);
    let member = any(&mut dice, &case.members);
    let mut more = case.clone();
    more.sales.insert(0, Sale { member, pv: dice.between(1, 2000), bv: dice.between(1, 99_999) });
    let mut above = BTreeSet::from([member]);
    loop {
        let ups = case.members.iter().filter(|other| above.contains(&other.id));
        let ups: Vec<u64> =
            ups.flat_map(|other| [other.inviter, other.parent]).filter(|id| *id != 0).collect();
        let before = above.len();
        above.extend(ups);
        if above.len() == before {
            break;
        }
    }
    let (before, after) = (rows(&who.close(&case)?, &above), rows(&who.close(&more)?, &above));
    need(before == after, || format!("{member} sold more: {before:?} became {after:?}"))?;
    Ok(if before.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// L11: where nothing is rounded, so many times the volume pays so many times the amounts, to whom it paid
/// before.
pub(crate) const SCALE: PeriodLaw = Law {
    name: "L11 scaling",
    holds: scale,
    suspects: &[
        Slip::RowOneMore,
        Slip::CapOneMore,
        Slip::EmptyCountsOnce,
        Slip::CompanyVolume,
        Slip::SingleFloats,
    ],
};

/// Volumes of so many units make every amount whole: two rates in a chain and accounts of whole per cents.
const WHOLE: i64 = 10_000_000_000;

/// The case with those rules alone whose amounts are rates of volumes: pools and lotteries divide by what is
/// there, and `scale` divides what a cap leaves.
fn rates_alone(mut case: Case) -> Option<Case> {
    let divides = |pay: &Pay| matches!(pay, Pay::Share { .. } | Pay::Lottery { .. });
    let gone: Vec<String> =
        case.rules.iter().filter(|rule| divides(&rule.pay)).map(|rule| rule.id.clone()).collect();
    case.rules.retain(|rule| {
        !gone.contains(&rule.id) && !rule.after.as_ref().is_some_and(|after| gone.contains(after))
    });
    for rule in &mut case.rules {
        rule.min = 1;
        rule.caps.retain(|cap| cap.over != "scale");
    }
    case.plan_caps.retain(|cap| cap.over != "scale");
    case.used.retain(|(id, ..)| case.rules.iter().any(|rule| rule.id == *id));
    case.waiting.retain(|(id, ..)| case.rules.iter().any(|rule| rule.id == *id));
    (!case.rules.is_empty()).then_some(case)
}

fn scale(who: &dyn Closer, seed: u64) -> Verdict {
    let Some(case) = rates_alone(case(seed)) else { return Ok(Bearing::Beside) };
    let times = Dice::new(!seed).pick(&[2, 3, 7]);
    let (one, many) = (who.close(&case.times(WHOLE))?, who.close(&case.times(WHOLE * times))?);
    let raised = one.sums().into_iter().map(|(key, amount)| (key, amount * times)).collect();
    need(many.sums() == raised, || format!("{times} times {:?} is {:?}", one.sums(), many.sums()))?;
    for (one, many) in one.outcomes.iter().zip(&many.outcomes) {
        need(many.pool == &one.pool * times, || format!("{times} times {} is {}", one.pool, many.pool))?;
    }
    let legs: BTreeMap<_, _> =
        one.waiting.into_iter().map(|(key, (l, r))| (key, (l * times, r * times))).collect();
    need(many.waiting == legs, || format!("{legs:?} wait, {:?}", many.waiting))?;
    Ok(if raised_any(&many) { Bearing::Tested } else { Bearing::Beside })
}

fn raised_any(answer: &Answer) -> bool {
    answer.outcomes.iter().any(|outcome| !outcome.rows.is_empty())
}

/// L14: people of another tree change nothing.
pub(crate) const STRANGERS: PeriodLaw = Law {
    name: "L14 strangers",
    holds: strangers,
    suspects: &[
        Slip::CompanyVolume,
        Slip::FirstIsRoot,
        Slip::FirstSaleFirstMember,
        Slip::LastMemberLost,
        Slip::WholeForest,
        Slip::LowestPaid,
    ],
};

fn strangers(who: &dyn Closer, seed: u64) -> Verdict {
    let Some(case) = apart(case(seed)) else { return Ok(Bearing::Beside) };
    let mut more = case.clone();
    let stranger =
        |id, inviter, leg| Member { id, inviter, rank: 2, active: true, points: 3, parent: inviter, leg };
    more.members.insert(0, stranger(101, 0, 0));
    more.members.push(stranger(102, 101, 1));
    for member in [101, 102] {
        more.sales.insert(0, Sale { member, pv: 700, bv: 12_345 });
    }
    let but = BTreeSet::from([101, 102]);
    let (before, after) = (rows(&who.close(&case)?, &but), rows(&who.close(&more)?, &but));
    need(before == after, || format!("{before:?} became {after:?}"))?;
    Ok(if before.is_empty() { Bearing::Beside } else { Bearing::Tested })
}
