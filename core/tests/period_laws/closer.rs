//! One face for all who close periods: the engine, the naive interpreter and its mutants.

use crate::answer::{Answer, Sums};
use crate::case::{Case, Sale};
use crate::naive::Naive;
use crate::slips::Slip;
use fenrun::doc::Node;
use fenrun::operations;
use fenrun::reward::plan::Plan;

/// Whoever closes periods. An error is its stable name.
pub(crate) trait Closer {
    /// Closes the day of a case.
    fn close(&self, case: &Case) -> Result<Answer, String>;
    /// What late refunds change of it, after earlier ones.
    fn adjust(&self, case: &Case, earlier: &[Sale], late: &[Sale]) -> Result<Sums, String>;
}

/// The engine, through the operation every language calls.
pub(crate) struct Engine;

pub(crate) fn call(plan: &Node, input: &Node) -> Result<Node, String> {
    let run = || operations::run("close", Some(&Plan::from_node(plan)?), input);
    run().map_err(|error: fenrun::Error| format!("{}: {error}", error.code().name()))
}

fn with(node: Node, more: Vec<(&str, Node)>) -> Node {
    let Node::Map(mut map) = node else { panic!("a map") };
    map.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Node::Map(map)
}

impl Closer for Engine {
    fn close(&self, case: &Case) -> Result<Answer, String> {
        call(&case.plan(), &case.input()).map(|answer| Answer::read(&answer)).map_err(short)
    }

    fn adjust(&self, case: &Case, earlier: &[Sale], late: &[Sale]) -> Result<Sums, String> {
        let refunds = |sales: &[Sale]| Node::List(sales.iter().map(Sale::to_node).collect());
        let past =
            with(case.input(), vec![("adjusted_refunds", refunds(earlier)), ("late_refunds", refunds(late))]);
        let Node::Map(mut past) = past else { panic!("a map") };
        past.remove("tenant");
        let nobody = Case {
            sales: Vec::new(),
            refunds: Vec::new(),
            waiting: Vec::new(),
            used: Vec::new(),
            ..case.clone()
        };
        let more = vec![("period", "day/2026-11-03".into()), ("past", Node::List(vec![Node::Map(past)]))];
        let answer = call(&case.plan(), &with(nobody.input(), more)).map_err(short)?;
        Ok(Answer::read(&answer).adjustments.remove(0))
    }
}

fn short(error: String) -> String {
    error.split(':').next().unwrap_or_default().to_owned()
}

impl Closer for Naive {
    fn close(&self, case: &Case) -> Result<Answer, String> {
        Self::close(*self, case)
    }

    fn adjust(&self, case: &Case, earlier: &[Sale], late: &[Sale]) -> Result<Sums, String> {
        let left = |taken: &[&[Sale]]| {
            let mut left = case.clone();
            left.refunds.extend(taken.iter().flat_map(|sales| sales.iter().cloned()));
            Self::close(*self, &left).map(|answer| answer.sums())
        };
        let half = |sales: &[Sale]| sales[..sales.len() / 2].to_vec();
        let late = if self.slips(Slip::AdjustedHalf) { half(late) } else { late.to_vec() };
        let before = if self.slips(Slip::AdjustedAlone) { left(&[])? } else { left(&[earlier])? };
        let mut rows = left(&[earlier, &late])?;
        for (key, amount) in before {
            *rows.entry(key).or_default() -= amount;
        }
        self.post(&mut rows);
        Ok(rows)
    }
}
