//! One face for all who evaluate plans: the engine, the naive interpreter and its mutants.

mod alone;
pub(crate) mod batch;
pub(crate) mod mistakes;

use crate::naive::batch::Settled;
use crate::naive::generate::forests::Grove;
use crate::naive::outcome::{Outcome, Row};
use crate::naive::reverse::{Refund, Step};
use crate::naive::{Naive, big};
use fenrun::doc::Node;
use fenrun::id::{LineId, RefundId};
use fenrun::reward::commission::{self, Frozen, Taken};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use num_bigint::BigInt;

/// Whoever evaluates plans. An error is its stable name.
pub(crate) trait Evaluator {
    /// Settles one sale from its own upline.
    fn evaluate(&self, plan: &Node, sale: &Node) -> Result<Outcome, String>;
    /// The pool, computed without a look at who gets it.
    fn offer(&self, plan: &Node, sale: &Node) -> Result<BigInt, String>;
    /// What each refund posts, one after the other.
    fn reverse(&self, plan: &Node, sale: &Node, refunds: &[Refund]) -> Result<Vec<Step>, String>;
    /// Settles the orders of a forest.
    fn settle(&self, grove: &Grove) -> Result<Settled, String>;
}

impl Evaluator for Naive {
    fn evaluate(&self, plan: &Node, sale: &Node) -> Result<Outcome, String> {
        Self::evaluate(*self, plan, sale).map_err(|fault| fault.name().into())
    }

    fn offer(&self, plan: &Node, sale: &Node) -> Result<BigInt, String> {
        Self::offer(*self, plan, sale).map_err(|fault| fault.name().into())
    }

    fn reverse(&self, plan: &Node, sale: &Node, refunds: &[Refund]) -> Result<Vec<Step>, String> {
        Self::reverse(*self, plan, sale, refunds).map_err(|fault| fault.name().into())
    }

    fn settle(&self, grove: &Grove) -> Result<Settled, String> {
        let Grove { plan, forest, orders } = grove;
        Self::settle(*self, plan, forest, orders).map_err(|fault| fault.name().into())
    }
}

/// The engine through its public functions.
pub(crate) struct Engine;

impl Engine {
    fn read(plan: &Node, sale: &Node) -> fenrun::Result<(Plan, Sale)> {
        let plan = Plan::from_node(plan)?;
        let sale = Sale::from_node(sale, plan.currency())?;
        Ok((plan, sale))
    }

    fn outcome(plan: &Plan, sale: &Sale) -> fenrun::Result<Outcome> {
        let outcome = commission::evaluate(plan, sale);
        alone::check(plan, sale, &outcome);
        Ok(outcome_of(&outcome?.to_node()))
    }

    fn steps(plan: &Plan, sale: &Sale, refunds: &[Refund]) -> fenrun::Result<Vec<Step>> {
        // The blob is what a host keeps, so reversals start from what it reads back as.
        let frozen = Frozen::from_text(&Frozen::new(plan, sale)?.to_text())?;
        let mut before = Vec::new();
        let mut steps = Vec::new();
        for (at, refund) in refunds.iter().enumerate() {
            let refund = commission::Refund { id: RefundId::new(&format!("r{at}"))?, lines: taken(refund)? };
            let reversal = commission::reverse(&frozen, &before, &refund, None)?;
            let rows = reversal.rows.into_iter();
            steps.push(Step {
                rows: rows
                    .map(|row| ((row.rule, row.payee.to_string(), row.account), big(row.amount)))
                    .collect(),
                retained: big(reversal.retained_change),
            });
            before.push(refund);
            alone::check_left(&frozen, &before);
        }
        Ok(steps)
    }
}

fn taken(refund: &Refund) -> fenrun::Result<Vec<Taken>> {
    let read = |(line, (units, amount)): (&String, &(i64, i64))| {
        let units = u64::try_from(*units).expect("units at or above zero");
        Ok(Taken { line: LineId::new(line)?, units, amount: *amount })
    };
    refund.iter().map(read).collect()
}

/// What the engine says of a case.
pub(crate) struct Answers {
    pub(crate) outcome: Result<Outcome, String>,
    pub(crate) offer: Result<BigInt, String>,
    pub(crate) steps: Result<Vec<Step>, String>,
}

impl Engine {
    /// All it says of a case, whose documents are read once.
    pub(crate) fn answers(plan: &Node, sale: &Node, refunds: &[Refund]) -> Answers {
        let read = Self::read(plan, sale).map_err(named);
        let of = |(plan, sale): &(Plan, Sale)| Answers {
            outcome: Self::outcome(plan, sale).map_err(named),
            offer: commission::offer(plan, sale).map(big).map_err(named),
            steps: Self::steps(plan, sale, refunds).map_err(named),
        };
        let refused = |name: &String| Answers {
            outcome: Err(name.clone()),
            offer: Err(name.clone()),
            steps: Err(name.clone()),
        };
        read.as_ref().map_or_else(refused, of)
    }
}

/// The stable name of an error.
fn named(error: fenrun::Error) -> String {
    error.code().name().into()
}

impl Evaluator for Engine {
    fn evaluate(&self, plan: &Node, sale: &Node) -> Result<Outcome, String> {
        let (plan, sale) = Self::read(plan, sale).map_err(named)?;
        Self::outcome(&plan, &sale).map_err(named)
    }

    fn offer(&self, plan: &Node, sale: &Node) -> Result<BigInt, String> {
        let (plan, sale) = Self::read(plan, sale).map_err(named)?;
        commission::offer(&plan, &sale).map(big).map_err(named)
    }

    fn reverse(&self, plan: &Node, sale: &Node, refunds: &[Refund]) -> Result<Vec<Step>, String> {
        let (plan, sale) = Self::read(plan, sale).map_err(named)?;
        Self::steps(&plan, &sale, refunds).map_err(named)
    }

    fn settle(&self, grove: &Grove) -> Result<Settled, String> {
        batch::settle(grove).map_err(named)
    }
}

/// Reads the part of an outcome document that the page defines to the cent.
fn outcome_of(node: &Node) -> Outcome {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_text).map(str::to_owned);
    let int = |node: &Node, key: &str| match node.get(key) {
        Some(Node::Int(value)) => *value,
        other => panic!("{key} is {other:?}"),
    };
    let list = |key: &str| match node.get(key) {
        Some(Node::List(items)) => items.as_slice(),
        other => panic!("{key} is {other:?}"),
    };
    let row = |row: &Node| Row {
        key: text(row, "key").expect("key"),
        payee: text(row, "payee").expect("payee"),
        amount: big(int(row, "amount")),
        rule: text(row, "rule").expect("rule"),
        line: text(row, "line"),
        level: usize::try_from(int(row, "level")).expect("level"),
        source: text(row, "source"),
        account: text(row, "account").expect("account"),
    };
    Outcome {
        pool: big(int(node, "pool")),
        rows: list("rows").iter().map(row).collect(),
        retained: list("retained")
            .iter()
            .map(|entry| (text(entry, "reason").expect("reason"), big(int(entry, "amount"))))
            .collect(),
    }
}
