//! Settling columns of orders on several threads.

use crate::forest::RowForest;
use crate::rows::RowStore;
use crate::threads::{parts, side_by_side};
use fenrun::reward::batch::{Job, Orders, Totals};
use fenrun::reward::commission::{Reason, allocation_key};
use fenrun::reward::plan::{Per, Plan};
use fenrun::reward::referral::{Forest, MemberIx};
use fenrun::{Code, Error, Result};
use std::ops::Range;

/// What a batch gave, with everything its columns are read from.
#[derive(Debug)]
pub struct Batch {
    /// What each thread settled, in the order of the input rows.
    parts: Vec<RowStore>,
    totals: Totals,
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
    /// As [`settle_parts`] and [`Orders::check_names`].
    pub fn settle(
        plan: &Plan,
        forest: &RowForest,
        orders: &Orders<'_>,
        tenant: &str,
        threads: u32,
    ) -> Result<Self> {
        orders.check_names(plan, tenant)?;
        let parts = settle_parts(plan, forest.forest(), orders, threads, RowStore::settle)?;
        let mut totals = Totals::default();
        for part in &parts {
            totals.add(&part.totals)?;
        }
        let rules = plan.rules().iter().map(|rule| (rule.id.clone(), rule.round.per != Per::Order));
        Ok(Self {
            parts,
            totals,
            forest: forest.clone(),
            tenant: tenant.to_owned(),
            ids: orders.ids.map(<[u64]>::to_vec),
            line_ids: orders.lines.map(<[u64]>::to_vec),
            rules: rules.collect(),
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.amounts.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the plan offered.
    #[must_use]
    pub const fn pool(&self) -> i64 {
        self.totals.pool()
    }

    /// The input row each row is paid for, from 0.
    pub fn sources(&self) -> impl Iterator<Item = u32> {
        self.parts.iter().flat_map(|part| part.sources.iter().copied())
    }

    /// The amount of each row, in minor units.
    pub fn amounts(&self) -> impl Iterator<Item = i64> {
        self.parts.iter().flat_map(|part| part.amounts.iter().copied())
    }

    /// The order each row is paid for.
    pub fn orders(&self) -> impl Iterator<Item = u64> {
        self.sources().map(|source| match &self.ids {
            None => u64::from(source) + 1,
            Some(ids) => ids[index(source)],
        })
    }

    /// The line each row is paid for, 0 when its rule rounds per order.
    pub fn lines(&self) -> impl Iterator<Item = u64> {
        self.sources().zip(self.rule_places()).map(|(source, rule)| match &self.line_ids {
            _ if !self.rules[index(rule)].1 => 0,
            None => 1,
            Some(lines) => lines[index(source)],
        })
    }

    /// The id of each row's payee.
    pub fn payees(&self) -> impl Iterator<Item = u64> {
        let payees = self.parts.iter().flat_map(|part| part.payees.iter());
        payees.map(|payee| self.forest.forest().id(MemberIx::new(*payee)))
    }

    /// The place of each row's rule in the plan, from 0.
    pub fn rule_places(&self) -> impl Iterator<Item = u32> {
        self.slots().map(|slot| slot >> 16)
    }

    /// The level of each row, from 1.
    pub fn levels(&self) -> impl Iterator<Item = u32> {
        self.slots().map(|slot| slot & 0xFFFF)
    }

    /// The key of each row, 32 hex digits, the same as when its order is settled alone.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        self.orders().zip(self.lines()).zip(self.slots()).map(|((order, line), slot)| {
            let line = Some(line).filter(|line| *line != 0).map_or_else(String::new, |line| line.to_string());
            let level = index(slot & 0xFFFF);
            let rule = &self.rules[index(slot >> 16)].0;
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
        Ok(self.totals.retained(*found))
    }

    /// Rule (upper 16 bits) and level (lower 16 bits) of each row.
    fn slots(&self) -> impl Iterator<Item = u32> {
        self.parts.iter().flat_map(|part| part.slots.iter().copied())
    }
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Settles a batch in parts side by side and gives what `work` makes of each: it is told the input row that
/// its part starts at.
///
/// Parts are cut between orders, so the number of threads changes nothing but the time; see [`parts`] for
/// how many there are.
///
/// # Errors
/// As [`Job::new`] and `work`, with the index of the row at fault in the whole batch, and as [`parts`].
pub fn settle_parts<T: Send>(
    plan: &Plan,
    forest: &Forest,
    orders: &Orders<'_>,
    threads: u32,
    work: impl Fn(&Job<'_>, u32) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let parts = parts(threads, orders.len())?;
    if parts == 1 {
        return Ok(vec![work(&Job::new(plan, forest, orders, None)?, 0)?]);
    }
    orders.check(forest)?;
    let settle_range = |range: Range<usize>| {
        let mut components = Vec::new();
        let start = range.start;
        let offset = u32::try_from(start).unwrap_or(u32::MAX);
        let part = orders.slice(range, &mut components);
        let done = Job::new(plan, forest, &part, None).and_then(|job| work(&job, offset));
        done.map_err(|error| match error.index() {
            Some(index) => error.at(start + index),
            None => error,
        })
    };
    side_by_side(orders.split(parts), settle_range).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::Batch;
    use crate::forest::RowForest;
    use crate::guard::silence_caught_panics;
    use crate::threads::ROWS_PER_THREAD;
    use fenrun::Code;
    use fenrun::doc::read_json;
    use fenrun::reward::batch::Orders;
    use fenrun::reward::commission::{Reason, evaluate};
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
        let columns = |batch: &Batch| {
            let rows = batch.sources().zip(batch.payees()).zip(batch.rule_places()).zip(batch.levels());
            (
                rows.zip(batch.amounts()).collect::<Vec<_>>(),
                batch.pool(),
                batch.retained("no_upline").unwrap(),
            )
        };
        assert_eq!(columns(&one), columns(&three));
        assert_eq!((one.parts.len(), three.parts.len()), (1, 3));
        let retained: i64 = Reason::ALL.iter().map(|reason| one.retained(reason.name()).unwrap()).sum();
        assert_eq!(one.amounts().sum::<i64>() + retained, one.pool());
        let last = rows - 1;
        paid[last] = -1;
        for threads in [1, 3] {
            let error = settle(&paid, threads).unwrap_err();
            assert_eq!((error.code(), error.index()), (Code::InvalidSale, Some(last)));
        }
        assert_eq!(settle(&paid, 257).unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn names_the_plan_cannot_mean_are_refused_as_in_a_sale() {
        let (plan, mut forest) = (Plan::preset("two_level").unwrap(), forest());
        forest.set_flags("distributor", &[1; 100]).unwrap();
        forest.set_flags("frozen", &[0; 100]).unwrap();
        let buyers = forest.forest().resolve(&[9]).unwrap();
        let settle = |component, tenant: &str| {
            let components = [("paid", &[1000][..]), (component, &[1][..])];
            Batch::settle(&plan, &forest, &Orders::new(&buyers, &components), tenant, 1)
        };
        assert!(settle("cost", &"t".repeat(64)).is_ok());
        let error = settle("cost", &"t".repeat(65)).unwrap_err();
        assert_eq!(error.code(), Code::InvalidSale);
        assert!(error.message().contains("tenant"), "{error}");
        for component in ["prce", ""] {
            let error = settle(component, "").unwrap_err();
            assert_eq!(error.code(), Code::Column);
            assert!(error.message().contains(&format!("`{component}`")), "{error}");
        }
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
