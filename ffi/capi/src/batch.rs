//! Settling columns of orders on several threads.

use crate::forest::RowForest;
use crate::guard::inside;
use fenrun::reward::batch::{Orders, Rows, settle};
use fenrun::reward::commission::{Reason, allocation_key};
use fenrun::reward::plan::{Per, Plan};
use fenrun::reward::referral::{Forest, MemberIx};
use fenrun::{Code, Error, Result};
use std::panic::resume_unwind;
use std::thread;

/// The most threads a call may ask for.
const MAX_THREADS: u32 = 256;
/// Fewer rows than this a thread are not worth starting it.
const ROWS_PER_THREAD: usize = 4096;

/// What a batch gave, with everything its columns are read from.
#[derive(Clone, Debug)]
pub struct Batch {
    rows: Rows,
    forest: RowForest,
    /// For keys.
    tenant: String,
    /// The id of each input row's order; the row number from 1 when absent.
    ids: Option<Vec<u64>>,
    /// The id of each input row's line; 1 when absent, as every row is then an order.
    line_ids: Option<Vec<u64>>,
    /// Id of each rule, and whether its rows have a line.
    rules: Vec<(String, bool)>,
}

impl Batch {
    /// Settles a batch: all of it or nothing. 0 threads are as many as the machine has.
    ///
    /// # Errors
    /// As [`settle`], with the index of the row at fault.
    pub fn settle(
        plan: &Plan,
        forest: &RowForest,
        orders: &Orders<'_>,
        tenant: &str,
        threads: u32,
    ) -> Result<Self> {
        if threads > MAX_THREADS {
            let message = format!("{threads} threads; at most {MAX_THREADS}");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let wanted = match usize::try_from(threads).unwrap_or(1) {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let parts = wanted.min(orders.len() / ROWS_PER_THREAD).max(1);
        let rows = match parts {
            1 => settle(plan, forest.forest(), orders, None)?,
            parts => settle_parts(plan, forest.forest(), orders, parts)?,
        };
        let rules = plan.rules().iter().map(|rule| (rule.id.clone(), rule.round.per != Per::Order));
        Ok(Self {
            rows,
            forest: forest.clone(),
            tenant: tenant.to_owned(),
            ids: orders.ids.map(<[u64]>::to_vec),
            line_ids: orders.lines.map(<[u64]>::to_vec),
            rules: rules.collect(),
        })
    }

    /// The rows.
    #[must_use]
    pub const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The order each row is paid for.
    pub fn orders(&self) -> impl Iterator<Item = u64> {
        self.rows.sources().iter().map(|source| match &self.ids {
            None => u64::from(*source) + 1,
            Some(ids) => ids[index(*source)],
        })
    }

    /// The line each row is paid for, 0 when its rule rounds per order.
    pub fn lines(&self) -> impl Iterator<Item = u64> {
        self.rows.sources().iter().enumerate().map(|(at, source)| match &self.line_ids {
            _ if !self.rule(at).1 => 0,
            None => 1,
            Some(lines) => lines[index(*source)],
        })
    }

    /// The id of each row's payee.
    pub fn payees(&self) -> impl Iterator<Item = u64> {
        self.rows.payees().iter().map(|payee| self.forest.forest().id(MemberIx::new(*payee)))
    }

    /// The place of each row's rule in the plan, from 0.
    pub fn rule_places(&self) -> impl Iterator<Item = u32> {
        (0..self.rows.len()).map(|at| self.rows.rule(at))
    }

    /// The level of each row, from 1.
    pub fn levels(&self) -> impl Iterator<Item = u32> {
        (0..self.rows.len()).map(|at| self.rows.level(at))
    }

    /// The key of each row, 32 hex digits, the same as when its order is settled alone.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        self.orders().zip(self.lines()).enumerate().map(|(at, (order, line))| {
            let line = Some(line).filter(|line| *line != 0).map_or_else(String::new, |line| line.to_string());
            let level = index(self.rows.level(at));
            let rule = &self.rule(at).0;
            allocation_key(&self.tenant, &order.to_string(), 1, &line, "", rule, level)
        })
    }

    /// The id of a rule.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a place past the end.
    pub fn rule_id(&self, place: u32) -> Result<&str> {
        let rule = self.rules.get(index(place)).map(|(id, _)| id.as_str());
        rule.ok_or_else(|| {
            let message = format!("rule {place}; the plan has {}", self.rules.len());
            Error::new(Code::InvalidArgument, message)
        })
    }

    /// What nobody got for a reason.
    ///
    /// # Errors
    /// [`Code::UnknownWord`] lists the reasons.
    pub fn retained(&self, reason: &str) -> Result<i64> {
        let found = Reason::ALL.iter().find(|known| known.name() == reason);
        let found = found.ok_or_else(|| {
            let known: Vec<_> = Reason::ALL.iter().map(|known| known.name()).collect();
            let message = format!("`{reason}` is not a reason; one of: {}", known.join(", "));
            Error::new(Code::UnknownWord, message)
        })?;
        Ok(self.rows.retained(*found))
    }

    fn rule(&self, at: usize) -> &(String, bool) {
        &self.rules[index(self.rows.rule(at))]
    }
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Settles parts side by side. They are cut between orders and joined in their order, so the number of
/// threads changes nothing; none of them outlives the call.
fn settle_parts(plan: &Plan, forest: &Forest, orders: &Orders<'_>, parts: usize) -> Result<Rows> {
    orders.check(forest)?;
    let ranges = orders.split(parts);
    let settle_range = |range: std::ops::Range<usize>| {
        let mut components = Vec::new();
        let start = range.start;
        let rows = settle(plan, forest, &orders.slice(range, &mut components), None);
        rows.map_err(|error| match error.index() {
            Some(index) => error.at(start + index),
            None => error,
        })
    };
    let results: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> =
            ranges.iter().map(|range| scope.spawn(|| inside(|| settle_range(range.clone())))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let mut all = Rows::default();
    for (range, rows) in ranges.iter().zip(results) {
        all.append(rows?, u32::try_from(range.start).unwrap_or(u32::MAX))?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Batch, ROWS_PER_THREAD};
    use crate::forest::RowForest;
    use crate::guard::silence_caught_panics;
    use fenrun::Code;
    use fenrun::doc::read_json;
    use fenrun::reward::batch::Orders;
    use fenrun::reward::commission::evaluate;
    use fenrun::reward::plan::Plan;
    use fenrun::sale::Sale;

    fn forest() -> RowForest {
        let members: Vec<u64> = (1..=100).collect();
        let inviters: Vec<u64> = members.iter().map(|id| id / 2).collect();
        RowForest::new(&members, &inviters).unwrap()
    }

    #[test]
    fn threads_change_nothing_and_faults_name_the_row_of_the_whole_batch() {
        silence_caught_panics();
        let (plan, mut forest) = (Plan::preset("two_level").unwrap(), forest());
        forest.set_flags("distributor", &[1; 100]).unwrap();
        forest.set_flags("frozen", &[0; 100]).unwrap();
        let rows = ROWS_PER_THREAD * 3 + 17;
        let ids: Vec<u64> = (1..=100).cycle().take(rows).collect();
        let buyers = forest.forest().resolve(&ids).unwrap();
        let mut paid: Vec<i64> = (0..).map(|at| at * 7 % 9973).take(rows).collect();
        let settle = |paid: &[i64], threads| {
            Batch::settle(&plan, &forest, &Orders::new(&buyers, &[("paid", paid)]), "", threads)
        };
        let (one, three) = (settle(&paid, 1).unwrap(), settle(&paid, 3).unwrap());
        assert_eq!(one.rows(), three.rows());
        assert!(one.rows().conserves());
        let last = rows - 1;
        paid[last] = -1;
        for threads in [1, 3] {
            let error = settle(&paid, threads).unwrap_err();
            assert_eq!((error.code(), error.index()), (Code::InvalidSale, Some(last)));
        }
        assert_eq!(settle(&paid, 257).unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn keys_are_those_of_the_sale_alone() {
        let plan = Plan::from_json(
            r#"{"schema": "fenrun.plan/1", "name": "lines and orders", "currency": "CNY", "rule": [
                {"id": "line", "to": {"up": "referral"}, "pay": {"levels": ["10%", "5%"]}},
                {"id": "order", "to": {"up": "referral"}, "pay": {"levels": ["1%"]}, "round": {"per": "order"}}]}"#,
        )
        .unwrap();
        let forest = forest();
        let buyers = forest.forest().resolve(&[9, 9]).unwrap();
        let orders = Orders {
            ids: Some(&[77, 77]),
            lines: Some(&[5, 6]),
            ..Orders::new(&buyers, &[("paid", &[1000, 2000])])
        };
        let batch = Batch::settle(&plan, &forest, &orders, "shop", 1).unwrap();
        let sale = r#"{"tenant": "shop", "id": 77, "buyer": 9, "upline": [4, 2, 1],
            "lines": [{"id": 5, "paid": 1000}, {"id": 6, "paid": 2000}]}"#;
        let sale = Sale::from_node(&read_json(sale, 1000).unwrap(), plan.currency()).unwrap();
        let outcome = evaluate(&plan, &sale).unwrap();
        let alone: Vec<_> = outcome.rows().iter().map(|row| row.key.clone()).collect();
        assert_eq!(batch.keys().collect::<Vec<_>>(), alone);
        let payees: Vec<_> = outcome.rows().iter().map(|row| row.payee.to_string()).collect();
        assert_eq!(batch.payees().map(|id| id.to_string()).collect::<Vec<_>>(), payees);
        assert_eq!(batch.orders().collect::<Vec<_>>(), [77; 5]);
        assert_eq!(batch.lines().collect::<Vec<_>>(), [5, 5, 6, 6, 0]);
        assert_eq!((batch.rule_id(1).unwrap(), batch.retained("no_upline").unwrap()), ("order", 0));
        assert!(batch.rule_id(2).is_err() && batch.retained("nothing").is_err());
    }
}
