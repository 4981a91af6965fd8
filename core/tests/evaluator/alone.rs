//! The evaluation without a trace against the one with it.

use fenrun::reward::commission::{self, Allocation, Evaluator, Frozen, Left, Outcome, Reason, Totals};
use fenrun::reward::plan::{Plan, Reverse};
use fenrun::sale::Sale;
use std::collections::BTreeMap;

/// The amounts of the evaluation with a trace must be those without it, and what one refuses the other must
/// refuse alike.
pub(super) fn check(plan: &Plan, sale: &Sale, expected: &fenrun::Result<Outcome>) {
    let mut evaluator = Evaluator::new(plan);
    // The second time in memory that holds what the first one left.
    for _ in 0..2 {
        let mut parts = Vec::new();
        let totals = evaluator.each(sale, |part| parts.push(part));
        match (&totals, expected) {
            (Ok(totals), Ok(outcome)) => {
                assert_eq!(
                    retained(totals),
                    outcome.retained().iter().map(|kept| (kept.reason, kept.amount)).collect()
                );
                assert_eq!(totals.pool(), outcome.pool());
                compare(plan, sale, &parts, outcome);
            }
            (Err(own), Err(other)) => assert_eq!(own.to_string(), other.to_string()),
            (own, other) => panic!("without a trace {own:?}, with it {other:?}"),
        }
    }
}

fn compare(plan: &Plan, sale: &Sale, parts: &[Allocation<'_>], outcome: &Outcome) {
    assert_eq!(parts.len(), outcome.rows().len());
    for (part, row) in parts.iter().zip(outcome.rows()) {
        assert_eq!((part.amount, part.level, part.account), (row.amount, row.level, &*row.account));
        assert_eq!((&plan.rules()[part.rule].id, &part.payee.id), (&row.rule, &row.payee));
        assert_eq!(part.line.map(|at| &sale.lines[at].id), row.line.as_ref());
        assert_eq!(part.after.is_some(), row.source.is_some());
    }
}

fn retained(totals: &Totals) -> BTreeMap<Reason, i64> {
    let amounts = Reason::ALL.iter().map(|reason| (*reason, totals.retained(*reason)));
    amounts.filter(|(_, amount)| *amount != 0).collect()
}

/// What stands after refunds must be what everybody is entitled to of what is left.
pub(super) fn check_left(frozen: &Frozen, refunds: &[commission::Refund]) {
    let (plan, sale) = (frozen.plan(), frozen.sale());
    if plan.rules().iter().any(|rule| rule.reverse == Reverse::ShareOfUnits) {
        return;
    }
    let mut left: Vec<Left> = sale.lines.iter().map(Left::all).collect();
    for taken in refunds.iter().flat_map(|refund| &refund.lines) {
        let at = sale.lines.iter().position(|line| line.id == taken.line).expect("a line of the sale");
        left[at].units -= taken.units;
        left[at].net -= taken.amount;
    }
    let mut standing = BTreeMap::new();
    Evaluator::new(plan)
        .each_of_left(sale, &left, |part| {
            *standing.entry((part.rule, part.payee.id.to_string(), part.account)).or_insert(0) += part.amount;
        })
        .expect("what was evaluated with a trace");
    let standing = standing.into_iter().map(|((rule, payee, account), amount)| {
        (plan.rules()[rule].id.clone(), payee, account.to_owned(), amount)
    });
    let expected = commission::standing(frozen, refunds).expect("what was taken back");
    let expected =
        expected.into_iter().map(|entry| (entry.rule, entry.payee.to_string(), entry.account, entry.amount));
    assert_eq!(standing.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}
