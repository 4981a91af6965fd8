//! The law about refunds.

use crate::RewardLaw;
use crate::evaluator::Evaluator;
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::edit::each_line;
use crate::naive::generate::{Case, case};
use crate::naive::outcome::Outcome;
use crate::naive::plan::{int, items, text};
use crate::naive::reverse::{Refund, Step};
use crate::naive::{Mutation as M, Naive, big};
use fenrun::doc::Node;

/// L4: after each refund every payee's rows, and what nobody got, sum to what the plan gives on what is
/// left, and when everything is taken back, to exactly zero.
pub(crate) const ENDS_AT_ZERO: RewardLaw = Law {
    name: "L4 reversal",
    holds: ends_at_zero,
    suspects: &[
        M::ComponentsKept,
        M::ComponentsRoundedUp,
        M::UnitsKept,
        M::AgainstOriginal,
        M::EarlierForgotten,
        M::ShareOfRows,
        M::LastNotPosted,
        M::CappedByRefund,
        M::RetainedStays,
    ],
};

fn ends_at_zero(who: &dyn Evaluator, seed: u64) -> Verdict {
    let Case { plan, sale, refunds } = case(seed);
    let Ok(outcome) = who.evaluate(&plan, &sale) else { return Ok(Bearing::Beside) };
    let mut standing = standing_of(&outcome);
    let concerns = !standing.rows.is_empty();
    for (at, posted) in who.reverse(&plan, &sale, &refunds)?.into_iter().enumerate() {
        for (payee, amount) in posted.rows {
            *standing.rows.entry(payee).or_insert_with(|| big(0)) += amount;
        }
        standing.rows.retain(|_, amount| *amount != big(0));
        standing.retained += posted.retained;
        let due = Naive::HONEST.left(&plan, &sale, &refunds[..=at]).expect("what can be settled");
        need(standing == due, || format!("after refund {at} {standing:?} stand, due are {due:?}"))?;
        if let Some(left) = left_as_sale(&plan, &sale, &refunds[..=at]) {
            let anew = standing_of(&who.evaluate(&plan, &left)?);
            need(standing == anew, || format!("after refund {at} {standing:?} stand, sold anew {anew:?}"))?;
        }
    }
    need(standing == Step::default(), || format!("{standing:?} stand when nothing is left"))?;
    Ok(if concerns { Bearing::Tested } else { Bearing::Beside })
}

fn standing_of(outcome: &Outcome) -> Step {
    let mut standing = Step::default();
    for row in &outcome.rows {
        let payee = (row.rule.clone(), row.payee.clone(), row.account.clone());
        *standing.rows.entry(payee).or_insert_with(|| big(0)) += &row.amount;
    }
    standing.retained = outcome.retained.iter().map(|(_, amount)| amount).sum();
    standing
}

/// What is left, as a sale of its own: possible where every line keeps a unit and no rule is reversed by
/// share.
fn left_as_sale(plan: &Node, sale: &Node, refunds: &[Refund]) -> Option<Node> {
    let by_share = |rule: &Node| text(rule.get("reverse")).as_deref() == Some("share_of_units");
    if items(plan.get("rule")).iter().any(by_share) {
        return None;
    }
    let mut at = 0;
    let mut expressible = true;
    let left = each_line(sale, |line| {
        at += 1;
        let id = text(line.get("id")).unwrap_or_else(|| at.to_string());
        let taken = refunds.iter().filter_map(|refund| refund.get(&id));
        let (units, amount) = taken.fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1));
        let (sold, paid) = (int(line.get("units")).unwrap_or(1), int(line.get("paid")).unwrap_or(0));
        let (units_left, net_left) = (sold - units, paid - amount);
        expressible &= units_left > 0;
        let part = |whole: i64| match paid {
            0 => i128::from(whole) * i128::from(units_left) / i128::from(sold),
            paid => i128::from(whole) * i128::from(net_left) / i128::from(paid),
        };
        for (name, value) in line.iter_mut() {
            match (name.as_str(), &*value) {
                ("paid", _) => *value = Node::Int(net_left),
                ("units", _) => *value = Node::Int(units_left),
                (_, Node::Int(whole)) => *value = Node::Int(i64::try_from(part(*whole)).expect("a part")),
                _ => {}
            }
        }
    });
    expressible.then_some(left)
}
