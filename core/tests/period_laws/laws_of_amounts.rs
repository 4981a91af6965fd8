//! Laws about what is paid: conservation, refunds that end at zero, caps, legs.

use crate::PeriodLaw;
use crate::answer::{Legs, Outcome, Sums};
use crate::case::{Case, Pay, Sale};
use crate::closer::Closer;
use crate::generate::{Dice, case, few_pairs};
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::Naive;
use crate::number::big;
use crate::slips::Slip;
use num_bigint::BigInt;
use std::collections::BTreeSet;

/// L1: rows and retained amounts are above zero, sum to the pool that an independent reading offers, and no
/// two rows have one key.
pub(crate) const CONSERVATION: PeriodLaw = Law {
    name: "L1 conservation",
    holds: conservation,
    suspects: &[
        Slip::RowLost,
        Slip::RowOneMore,
        Slip::IneligibleForgotten,
        Slip::PoolFromRows,
        Slip::RemainderDropped,
        Slip::CutLost,
        Slip::ChildrenKept,
        Slip::CeilForFloor,
        Slip::StepAbove,
        Slip::RefundsForgotten,
        Slip::AccountsFloored,
        Slip::KeyWithoutLevel,
    ],
};

fn conservation(who: &dyn Closer, seed: u64) -> Verdict {
    let case = case(seed);
    let answer = who.close(&case)?;
    let honest = Naive::HONEST.close(&case)?;
    let mut keys = BTreeSet::new();
    for (outcome, offered) in answer.outcomes.iter().zip(&honest.outcomes) {
        need(outcome.pool == offered.pool, || {
            format!("{}: pool {}, offered {}", outcome.rule, outcome.pool, offered.pool)
        })?;
        let amounts = outcome.rows.iter().map(|row| &row.amount).chain(outcome.retained.values());
        need(amounts.clone().all(|amount| *amount > big(0)), || format!("not above zero: {outcome:?}"))?;
        let sum: BigInt = amounts.sum();
        need(sum == outcome.pool, || format!("{}: {sum} of {}", outcome.rule, outcome.pool))?;
        for row in &outcome.rows {
            need(keys.insert(row.key.clone()), || format!("two rows have one key: {row:?}"))?;
        }
    }
    let pays = answer.outcomes.iter().any(|outcome| !outcome.rows.is_empty());
    Ok(if pays { Bearing::Tested } else { Bearing::Beside })
}

/// L4: late refunds that take everything back, in any portions, end at zero for everybody.
pub(crate) const ENDS_AT_ZERO: PeriodLaw = Law {
    name: "L4 ends at zero",
    holds: ends_at_zero,
    suspects: &[
        Slip::AdjustedByOne,
        Slip::OnlyTakesBack,
        Slip::AdjustmentLost,
        Slip::AdjustedTwice,
        Slip::AdjustedAlone,
        Slip::AdjustedHalf,
    ],
};

fn ends_at_zero(who: &dyn Closer, seed: u64) -> Verdict {
    let mut case = case(seed);
    (case.waiting, case.used) = (Vec::new(), Vec::new());
    let mut dice = Dice::new(!seed);
    let mut left: Vec<Sale> =
        case.volumes().into_iter().map(|(member, (pv, bv))| Sale { member, pv, bv }).collect();
    let mut stands: Sums = who.close(&case)?.sums();
    let paid = !stands.is_empty();
    let mut earlier: Vec<Sale> = Vec::new();
    for last in [false, false, true] {
        let mut late = Vec::new();
        for sale in &mut left {
            let (pv, bv) =
                if last { (sale.pv, sale.bv) } else { (dice.between(0, sale.pv), dice.between(0, sale.bv)) };
            late.push(Sale { pv, bv, ..*sale });
            (sale.pv, sale.bv) = (sale.pv - pv, sale.bv - bv);
        }
        for (key, amount) in who.adjust(&case, &earlier, &late)?.rows {
            *stands.entry(key).or_default() += amount;
        }
        earlier.extend(late);
    }
    stands.retain(|_, amount| *amount != big(0));
    need(stands.is_empty(), || format!("left: {stands:?}"))?;
    Ok(if paid { Bearing::Tested } else { Bearing::Beside })
}

/// L12 over two days: when all that was sold is taken back late, nothing waits and nothing is used up of a
/// month's cap, as nothing was before.
pub(crate) const LATE: PeriodLaw = Law {
    name: "L12 late refunds",
    holds: late,
    suspects: &[
        Slip::LateCarryForgotten,
        Slip::LateCarryTwice,
        Slip::LateCarryTurned,
        Slip::LateUsedKept,
        Slip::AdjustedHalf,
    ],
};

fn late(who: &dyn Closer, seed: u64) -> Verdict {
    let mut case = case(seed);
    (case.waiting, case.used) = (Vec::new(), Vec::new());
    let left = who.close(&case)?;
    let all: Vec<Sale> =
        case.volumes().into_iter().map(|(member, (pv, bv))| Sale { member, pv, bv }).collect();
    let next = who.adjust(&case, &[], &all)?.next;
    need(next.waiting.is_empty() && next.used.is_empty(), || {
        format!("{:?} waits, {:?} is used", next.waiting, next.used)
    })?;
    need(next.sums().is_empty(), || format!("the day after pays {:?}", next.sums()))?;
    Ok(if left.waiting.is_empty() && left.used.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// L12: what waited and what came is consumed, carried or flushed, leg by leg, and what is carried waits.
pub(crate) const LEGS: PeriodLaw = Law {
    name: "L12 legs",
    holds: legs,
    suspects: &[
        Slip::PairsKept,
        Slip::FlushLost,
        Slip::BurntLost,
        Slip::DebtForgiven,
        Slip::LegsSwapped,
        Slip::CarryForgotten,
    ],
};

fn legs(who: &dyn Closer, seed: u64) -> Verdict {
    let case = case(seed);
    let answer = who.close(&case)?;
    let honest = Naive::HONEST.close(&case)?;
    let plus = |a: Legs, b: Legs| (a.0 + b.0, a.1 + b.1);
    let mut waiting = std::collections::BTreeMap::new();
    for (pair, other) in answer.pairs.iter().zip(&honest.pairs) {
        let comes = plus(other.waited, other.came);
        let goes = plus(plus(pair.consumed, pair.carried), pair.flushed);
        need(comes == goes, || format!("{comes:?} became {goes:?}: {pair:?}"))?;
        let negative = |legs: Legs| legs.0 < 0 || legs.1 < 0;
        need(!negative(pair.consumed) && !negative(pair.flushed), || format!("below zero: {pair:?}"))?;
        if pair.carried != (0, 0) {
            waiting.insert((pair.rule.clone(), pair.member), pair.carried);
        }
    }
    need(answer.pairs.len() == honest.pairs.len(), || "a member's legs are missing".into())?;
    need(answer.waiting == waiting, || format!("{:?} waits, carried {waiting:?}", answer.waiting))?;
    Ok(if waiting.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// L13: nobody gets more than a cap leaves, and one that carries leaves nothing to be cut: the pairs above it
/// are no part of the pool.
pub(crate) const CAPS: PeriodLaw = Law {
    name: "L13 caps",
    holds: caps,
    suspects: &[
        Slip::CapForgotten,
        Slip::CapOneMore,
        Slip::CapPerAmount,
        Slip::CapFirstPayee,
        Slip::UsedForgotten,
        Slip::RowOneMore,
        Slip::RoomForEachRatio,
    ],
};

fn caps(who: &dyn Closer, seed: u64) -> Verdict {
    let case = if seed % 4 == 0 { few_pairs(seed) } else { case(seed) };
    let answer = who.close(&case)?;
    let mut binds = false;
    let rules = case.rules.iter().map(|rule| (Some(rule.id.as_str()), &rule.caps));
    for (rule, caps) in rules.chain([(None, &case.plan_caps)]) {
        let rows = || {
            let of_rule =
                answer.outcomes.iter().filter(move |outcome| rule.is_none_or(|id| outcome.rule == id));
            of_rule.flat_map(|outcome| &outcome.rows)
        };
        for cap in caps {
            let payees: Vec<u64> = match cap.per {
                "payee" => case.members.iter().map(|member| member.id).collect(),
                _ => vec![0],
            };
            for payee in payees {
                let used = case.used.iter().filter(|(id, who, _)| (Some(id.as_str()), *who) == (rule, payee));
                let used: i64 = used.filter(|_| cap.every == "month").map(|(.., amount)| *amount).sum();
                let room = big((cap.limit - used).max(0));
                let sum: BigInt =
                    rows().filter(|row| payee == 0 || row.payee == payee).map(|row| &row.amount).sum();
                need(sum <= room, || format!("{rule:?} pays {payee} {sum}, {room} are left: {cap:?}"))?;
                binds |= sum == room;
            }
            if cap.over == "carry" && case.plan_caps.iter().all(|cap| cap.per != "payee") {
                let cut = |outcome: &&Outcome| {
                    rule == Some(outcome.rule.as_str()) && outcome.retained.contains_key("cap_payee")
                };
                let cut = answer.outcomes.iter().find(cut);
                need(cut.is_none(), || format!("{cap:?} carries, and cuts: {cut:?}"))?;
            }
        }
    }
    Ok(if binds { Bearing::Tested } else { Bearing::Beside })
}

/// L10: the parts of teams sum to what the roots are entitled to, and an identity without volume that is
/// put above somebody changes nothing for anybody.
pub(crate) const TEAMS: PeriodLaw = Law {
    name: "L10 teams",
    holds: teams,
    suspects: &[
        Slip::ChildrenKept,
        Slip::TeamWithoutSelf,
        Slip::DirectLegsOnly,
        Slip::CeilForFloor,
        Slip::StepAbove,
        Slip::EmptyCountsOnce,
        Slip::RowLost,
    ],
};

/// The case with its team ladders alone, which everybody qualifies for.
fn ladders(mut case: Case) -> Option<Case> {
    case.rules
        .retain(|rule| rule.after.is_none() && matches!(rule.pay, Pay::Team { .. } | Pay::Lottery { .. }));
    for rule in &mut case.rules {
        (rule.unqualified, rule.caps, rule.min, rule.least) = (None, Vec::new(), 1, None);
    }
    (case.plan_caps, case.used, case.waiting) = (Vec::new(), Vec::new(), Vec::new());
    (!case.rules.is_empty()).then_some(case)
}

fn teams(who: &dyn Closer, seed: u64) -> Verdict {
    let Some(case) = ladders(case(seed)) else { return Ok(Bearing::Beside) };
    let answer = who.close(&case)?;
    let honest = Naive::HONEST.close(&case)?;
    for (outcome, offered) in answer.outcomes.iter().zip(&honest.outcomes) {
        let sum: BigInt = outcome.rows.iter().map(|row| &row.amount).sum();
        need(sum == offered.pool, || {
            format!("{}: {sum}, the roots are entitled to {}", outcome.rule, offered.pool)
        })?;
    }
    let mut dice = Dice::new(!seed);
    let mut attacked = case.clone();
    let at = usize::try_from(dice.between(0, i64::try_from(case.members.len()).expect("few") - 1))
        .expect("a place");
    let mut empty = case.members[at].clone();
    (empty.id, empty.rank) = (99, 0);
    let below = &mut attacked.members[at];
    (below.inviter, below.parent, below.leg) = (99, 99, 1);
    attacked.members.insert(0, empty);
    let after = who.close(&attacked)?;
    need(after.sums() == answer.sums(), || format!("{:?} became {:?}", answer.sums(), after.sums()))?;
    Ok(if answer.sums().is_empty() { Bearing::Beside } else { Bearing::Tested })
}
