//! One face for all who close periods: the engine, the naive interpreter and its mutants.

use crate::answer::{Answer, Legs, Sums};
use crate::case::{Case, Sale};
use crate::naive::Naive;
use crate::number::big;
use crate::slips::Slip;
use fenrun::doc::Node;
use fenrun::operations;
use fenrun::reward::plan::Plan;
use num_bigint::BigInt;

/// Whoever closes periods. An error is its stable name.
pub(crate) trait Closer {
    /// Closes the day of a case.
    fn close(&self, case: &Case) -> Result<Answer, String>;
    /// What late refunds change of it, after earlier ones, when the day after closes.
    fn adjust(&self, case: &Case, earlier: &[Sale], late: &[Sale]) -> Result<Adjusted, String>;
}

/// Late refunds of a day, adjusted with the close of the day after, on which nobody sells anything.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Adjusted {
    pub(crate) rows: Sums,
    /// The day after, from what the first day left and what the refunds changed of that.
    pub(crate) next: Answer,
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

    fn adjust(&self, case: &Case, earlier: &[Sale], late: &[Sale]) -> Result<Adjusted, String> {
        let first = call(&case.plan(), &case.input()).map_err(short)?;
        let carry = first.get("carry").expect("a carry").clone();
        let refunds = |sales: &[Sale]| Node::List(sales.iter().map(Sale::to_node).collect());
        let past =
            with(case.input(), vec![("adjusted_refunds", refunds(earlier)), ("late_refunds", refunds(late))]);
        let Node::Map(mut past) = past else { panic!("a map") };
        past.remove("tenant");
        let more = vec![("carry", carry), ("past", Node::List(vec![Node::Map(past)]))];
        let answer = call(&case.plan(), &with(case.day_after().input(), more)).map_err(short)?;
        let mut next = Answer::read(&answer);
        let rows = next.adjustments.remove(0);
        Ok(Adjusted { rows, next })
    }
}

fn short(error: String) -> String {
    error.split(':').next().unwrap_or_default().to_owned()
}

impl Closer for Naive {
    fn close(&self, case: &Case) -> Result<Answer, String> {
        Self::close(*self, case)
    }

    fn adjust(&self, case: &Case, earlier: &[Sale], late: &[Sale]) -> Result<Adjusted, String> {
        let left = |taken: &[&[Sale]]| {
            let mut left = case.clone();
            left.refunds.extend(taken.iter().flat_map(|sales| sales.iter().cloned()));
            Self::close(*self, &left)
        };
        let half = |sales: &[Sale]| sales[..sales.len() / 2].to_vec();
        let late = if self.slips(Slip::AdjustedHalf) { half(late) } else { late.to_vec() };
        let before = if self.slips(Slip::AdjustedAlone) { left(&[])? } else { left(&[earlier])? };
        let after = left(&[earlier, &late])?;
        let mut rows = after.sums();
        for (key, amount) in before.sums() {
            *rows.entry(key).or_default() -= amount;
        }
        self.post(&mut rows);
        let mut carry = Self::close(*self, case)?;
        self.join(&mut carry, &before, &after);
        let mut open = case.day_after();
        let legs = |((rule, member), (left, right)): ((String, u64), Legs)| (rule, member, left, right);
        open.waiting =
            carry.waiting.into_iter().map(legs).filter(|legs| (legs.2, legs.3) != (0, 0)).collect();
        let used = |((rule, payee), amount): ((String, u64), BigInt)| (rule, payee, small(&amount));
        open.used = carry.used.into_iter().map(used).filter(|used| used.2 != 0).collect();
        Ok(Adjusted { rows, next: Self::close(*self, &open)? })
    }
}

impl Naive {
    /// What the change of a closed day adds to what it left.
    fn join(self, carry: &mut Answer, before: &Answer, after: &Answer) {
        let times = match self.0 {
            Some(Slip::LateCarryForgotten) => 0,
            Some(Slip::LateCarryTwice) => 2,
            Some(Slip::LateCarryTurned) => -1,
            _ => 1,
        };
        for (answer, sign) in [(after, times), (before, -times)] {
            for (key, legs) in &answer.waiting {
                let joined = carry.waiting.entry(key.clone()).or_default();
                *joined = (joined.0 + sign * legs.0, joined.1 + sign * legs.1);
            }
            for (key, amount) in answer.used.iter().filter(|_| !self.slips(Slip::LateUsedKept)) {
                *carry.used.entry(key.clone()).or_default() += big(sign) * amount;
            }
        }
    }
}

fn small(amount: &BigInt) -> i64 {
    i64::try_from(amount).expect("a small number")
}
