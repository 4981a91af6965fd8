//! The evaluation without a trace against the one with it.

use fenrun::reward::commission::{self, Evaluator, Frozen, Left, Outcome, Reason};
use fenrun::reward::plan::{Plan, Reverse};
use fenrun::sale::Sale;
use std::collections::BTreeMap;

/// What was handed over of one sale, by names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(super) parts: Vec<Part>,
    pub(super) pool: i64,
    pub(super) retained: BTreeMap<Reason, i64>,
}

/// One amount of one payee.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) rule: String,
    pub(super) line: Option<String>,
    pub(super) level: usize,
    pub(super) is_chained: bool,
    pub(super) payee: String,
    pub(super) account: String,
    pub(super) amount: i64,
}

impl Heard {
    /// What an evaluator hands over.
    pub(super) fn of<'p>(
        evaluator: &mut Evaluator<'p>,
        plan: &'p Plan,
        sale: &'p Sale,
    ) -> fenrun::Result<Self> {
        let mut parts = Vec::new();
        let totals = evaluator.each(sale, |part| {
            parts.push(Part {
                rule: plan.rules()[part.rule].id.clone(),
                line: part.line.map(|at| sale.lines[at].id.to_string()),
                level: part.level,
                is_chained: part.after.is_some(),
                payee: part.payee.id.to_string(),
                account: part.account.to_owned(),
                amount: part.amount,
            });
        })?;
        let retained = Reason::ALL.iter().map(|reason| (*reason, totals.retained(*reason)));
        let retained = retained.filter(|(_, amount)| *amount != 0).collect();
        Ok(Self { parts, pool: totals.pool(), retained })
    }

    /// What an outcome with a trace says.
    fn told(outcome: &Outcome) -> Self {
        let part = |row: &commission::Row| Part {
            rule: row.rule.clone(),
            line: row.line.as_ref().map(ToString::to_string),
            level: row.level,
            is_chained: row.source.is_some(),
            payee: row.payee.to_string(),
            account: row.account.to_string(),
            amount: row.amount,
        };
        Self {
            parts: outcome.rows().iter().map(part).collect(),
            pool: outcome.pool(),
            retained: outcome.retained().iter().map(|kept| (kept.reason, kept.amount)).collect(),
        }
    }
}

/// The amounts of the evaluation with a trace must be those without it, and what one refuses the other must
/// refuse alike.
pub(super) fn check(plan: &Plan, sale: &Sale, expected: &fenrun::Result<Outcome>) {
    let mut evaluator = Evaluator::new(plan);
    let difference = difference(|| Heard::of(&mut evaluator, plan, sale), expected);
    assert_eq!(difference, None);
}

/// What somebody who settles says differently of a sale.
pub(super) fn difference(
    mut settles: impl FnMut() -> fenrun::Result<Heard>,
    expected: &fenrun::Result<Outcome>,
) -> Option<String> {
    // The second time in memory that holds what the first one left.
    (0..2).find_map(|_| match (settles(), expected) {
        (Ok(heard), Ok(outcome)) if heard == Heard::told(outcome) => None,
        (Err(own), Err(other)) if own.to_string() == other.to_string() => None,
        (own, other) => Some(format!("without a trace {own:?}, with it {other:?}")),
    })
}

/// What stands after refunds must be what everybody is entitled to of what is left.
pub(super) fn check_left(frozen: &Frozen, refunds: &[commission::Refund]) {
    assert_eq!(difference_of_left(frozen, refunds, |_, _| ()), None);
}

/// What stands differently after refunds, where somebody spoils what is left of a line.
pub(super) fn difference_of_left(
    frozen: &Frozen,
    refunds: &[commission::Refund],
    spoil: impl Fn(&mut Left, Left),
) -> Option<String> {
    let (plan, sale) = (frozen.plan(), frozen.sale());
    if plan.rules().iter().any(|rule| rule.reverse == Reverse::ShareOfUnits) {
        return None;
    }
    let mut left: Vec<Left> = sale.lines.iter().map(Left::all).collect();
    for taken in refunds.iter().flat_map(|refund| &refund.lines) {
        let at = sale.lines.iter().position(|line| line.id == taken.line).expect("a line of the sale");
        left[at].units -= taken.units;
        left[at].net -= taken.amount;
    }
    for (left, line) in left.iter_mut().zip(&sale.lines) {
        spoil(left, Left::all(line));
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
    let (standing, expected): (Vec<_>, Vec<_>) = (standing.collect(), expected.collect());
    (standing != expected).then(|| format!("of what is left {standing:?}, after refunds {expected:?}"))
}
