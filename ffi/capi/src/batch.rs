//! Settling columns of orders on several threads.

use crate::rows::RowStore;
use crate::threads::{parts, side_by_side};
use fenrun::reward::batch::{Job, MemberTotal, Names, Orders, add_up};
use fenrun::reward::commission::Reason;
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Forest, MemberIx};
use fenrun::{Code, Error, Result};
use std::iter::once;
use std::ops::Range;
use std::sync::Arc;

/// A plan with the names that the rows of all its batches share.
#[derive(Debug)]
pub struct NamedPlan {
    plan: Plan,
    names: Arc<Names>,
}

impl From<Plan> for NamedPlan {
    fn from(plan: Plan) -> Self {
        Self { names: Arc::new(Names::new(&plan)), plan }
    }
}

impl NamedPlan {
    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// What a batch gave, with everything its columns are read from.
#[derive(Debug)]
pub struct Batch {
    /// What one thread settled, or nothing where there were several; and the totals of all.
    first: RowStore,
    /// What each of several threads settled, in the order of the input rows.
    rest: Vec<RowStore>,
    forest: Arc<Forest>,
    /// For keys.
    tenant: String,
    /// The id of each input row's order; the row number from 1 when absent.
    ids: Option<Vec<u64>>,
    /// The id of each input row's line; 1 when absent, as every row is then an order.
    line_ids: Option<Vec<u64>>,
    names: Arc<Names>,
}

impl Batch {
    /// A batch of no orders, for [`Batch::settle`]. It is large, and settles in the place where it is to stay.
    #[must_use]
    #[inline]
    pub fn new(plan: &NamedPlan, forest: Arc<Forest>, tenant: &str) -> Self {
        Self {
            first: RowStore::default(),
            rest: Vec::new(),
            forest,
            tenant: tenant.to_owned(),
            ids: None,
            line_ids: None,
            names: Arc::clone(&plan.names),
        }
    }

    /// Settles orders into a batch of none: all of them or nothing. 0 threads are as many as the machine has.
    ///
    /// # Errors
    /// As [`settle_parts`] and [`Orders::check_names`].
    pub fn settle(&mut self, plan: &Plan, orders: &Orders<'_>, threads: u32) -> Result<()> {
        orders.check_names(plan, &self.tenant)?;
        match parts(threads, orders.len())? {
            1 => self.first.fill(&Job::new(plan, &self.forest, orders, None)?, 0)?,
            many => {
                self.rest = settle_side_by_side(plan, &self.forest, orders, many, RowStore::settle)?;
                for part in &self.rest {
                    self.first.totals.add(&part.totals)?;
                }
            }
        }
        self.ids = orders.ids.map(<[u64]>::to_vec);
        self.line_ids = orders.lines.map(<[u64]>::to_vec);
        Ok(())
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts().map(|part| part.amounts.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the plan offered.
    #[must_use]
    pub const fn pool(&self) -> i64 {
        self.first.totals.pool()
    }

    /// The input row each row is paid for, from 0.
    pub fn sources(&self) -> impl Iterator<Item = u32> {
        self.parts().flat_map(|part| part.sources.iter().copied())
    }

    /// The amount of each row, in minor units.
    pub fn amounts(&self) -> impl Iterator<Item = i64> {
        self.parts().flat_map(|part| part.amounts.iter().copied())
    }

    /// The order each row is paid for.
    pub fn orders(&self) -> impl Iterator<Item = u64> {
        self.sources().map(|source| self.order_of(source))
    }

    fn parts(&self) -> impl Iterator<Item = &RowStore> + Clone {
        once(&self.first).chain(&self.rest)
    }

    fn order_of(&self, source: u32) -> u64 {
        self.ids.as_ref().map_or(u64::from(source) + 1, |ids| ids[index(source)])
    }

    fn line_of(&self, source: u32) -> u64 {
        self.line_ids.as_ref().map_or(1, |lines| lines[index(source)])
    }

    /// The line each row is paid for, 0 when its rule rounds per order.
    pub fn lines(&self) -> impl Iterator<Item = u64> {
        self.sources()
            .zip(self.rule_places())
            .map(|(source, rule)| if self.names.has_line(rule) { self.line_of(source) } else { 0 })
    }

    /// The id of each row's payee.
    pub fn payees(&self) -> impl Iterator<Item = u64> {
        let payees = self.parts().flat_map(|part| part.payees.iter());
        payees.map(|payee| self.forest.id(MemberIx::new(*payee)))
    }

    /// The forest as it was when the batch was settled: who the ids of its columns are.
    #[must_use]
    pub fn forest(&self) -> &Forest {
        &self.forest
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
        let ids = |source| (self.order_of(source).to_string(), self.line_of(source).to_string());
        self.parts().flat_map(move |part| self.names.keys(&self.tenant, part.as_block(), ids))
    }

    /// The place of each row's account, from 0, which is `cash`.
    pub fn account_places(&self) -> impl Iterator<Item = u32> {
        self.parts().flat_map(|part| {
            (0..part.amounts.len()).map(|row| part.accounts.get(row).copied().map_or(0, u32::from))
        })
    }

    /// What each member gets in all on each account, in the order of their first rows.
    ///
    /// # Errors
    /// As [`add_up`].
    pub fn member_totals(&self) -> Result<Vec<MemberTotal>> {
        let sums = add_up(self.parts().flat_map(|part| part.as_block().amounts_by_member()))?;
        Ok(sums.into_iter().map(MemberTotal::from).collect())
    }

    /// The name of an account.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a place past the end.
    pub fn account(&self, place: u32) -> Result<&str> {
        let accounts = self.names.accounts();
        let account = accounts.get(index(place)).map(String::as_str);
        account.ok_or_else(|| {
            let message = format!("account {place}; the plan has {}", accounts.len());
            Error::new(Code::InvalidArgument, message)
        })
    }

    /// Whose amount each row's rule runs after, as an id; 0 for a rule of the sale itself.
    pub fn after(&self) -> impl Iterator<Item = u64> {
        self.parts().flat_map(move |part| {
            (0..part.amounts.len()).map(move |row| {
                let place = part.origins.get(row).and_then(|place| index(*place).checked_sub(1));
                let payee = place.map_or(0, |at| part.table[at].payee);
                self.forest.id(MemberIx::new(payee))
            })
        })
    }

    /// The id of a rule.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a place past the end.
    pub fn rule_id(&self, place: u32) -> Result<&str> {
        self.names.rule(place).ok_or_else(|| {
            let message = format!("rule {place}; the plan has {}", self.names.rules());
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
        Ok(self.first.totals.retained(*found))
    }

    /// Rule (upper 16 bits) and level (lower 16 bits) of each row.
    fn slots(&self) -> impl Iterator<Item = u32> {
        self.parts().flat_map(|part| part.slots.iter().copied())
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
    settle_side_by_side(plan, forest, orders, parts, work)
}

/// More than one part.
fn settle_side_by_side<T: Send>(
    plan: &Plan,
    forest: &Forest,
    orders: &Orders<'_>,
    parts: usize,
    work: impl Fn(&Job<'_>, u32) -> Result<T> + Sync,
) -> Result<Vec<T>> {
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
    use super::{Batch, NamedPlan};
    use crate::forest::{RowForest, names};
    use crate::threads::ROWS_PER_THREAD;
    use fenrun::doc::read_json;
    use fenrun::reward::batch::Orders;
    use fenrun::reward::commission::{Reason, evaluate};
    use fenrun::reward::plan::Plan;
    use fenrun::sale::Sale;
    use fenrun::{Code, Result};

    fn batch_of(
        plan: &Plan,
        forest: &RowForest,
        orders: &Orders<'_>,
        tenant: &str,
        threads: u32,
    ) -> Result<Batch> {
        let plan = NamedPlan::from(plan.clone());
        let mut batch = Batch::new(&plan, forest.snapshot(), tenant);
        batch.settle(plan.plan(), orders, threads)?;
        Ok(batch)
    }

    fn forest() -> RowForest {
        let members: Vec<u64> = (1..=100).collect();
        let inviters: Vec<u64> = members.iter().map(|id| id / 2).collect();
        RowForest::new(&members, &inviters).unwrap()
    }

    #[test]
    fn threads_change_nothing_and_faults_name_the_row_of_the_whole_batch() {
        let (plan, mut forest) = (Plan::preset("two_level").unwrap(), forest());
        forest.set_flags("distributor", &[1; 100]).unwrap();
        forest.set_flags("frozen", &[0; 100]).unwrap();
        let rows = ROWS_PER_THREAD * 3 + 17;
        let ids: Vec<u64> = (1..=100).cycle().take(rows).collect();
        let buyers = forest.forest().resolve(&ids).unwrap();
        let mut paid: Vec<i64> = (0..).map(|at| at * 7 % 9973).take(rows).collect();
        let settle = |paid: &[i64], threads| {
            batch_of(&plan, &forest, &Orders::new(&buyers, &[("paid", paid)]), "", threads)
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
        assert_eq!(one.member_totals().unwrap(), three.member_totals().unwrap());
        assert_eq!((one.rest.len(), three.rest.len()), (0, 3));
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
            batch_of(&plan, &forest, &Orders::new(&buyers, &components), tenant, 1)
        };
        assert!(settle("cost", &"t".repeat(64)).is_ok());
        let error = settle("cost", &"t".repeat(65)).unwrap_err();
        assert_eq!(error.code(), Code::InvalidSale);
        assert!(error.message().contains("tenant"), "{error}");
        assert_eq!(settle("cost", "a\nb").unwrap_err().code(), Code::InvalidSale);
        for component in ["prce", ""] {
            let error = settle(component, "").unwrap_err();
            assert_eq!(error.code(), Code::Column);
            assert!(error.message().contains(&format!("`{component}`")), "{error}");
        }
    }

    /// A flag that nobody stated is not `false`: the sale alone is refused, and so is the batch.
    #[test]
    fn who_joined_after_the_flags_were_set_states_none() {
        let plan = Plan::preset("two_level").unwrap();
        let mut forest = forest();
        forest.set_flags("distributor", &[1; 100]).unwrap();
        forest.set_flags("frozen", &[0; 100]).unwrap();
        forest.join(200, 100).unwrap();
        forest.join(201, 200).unwrap();
        let settle = |buyer, rows| {
            let buyers = forest.forest().resolve(&vec![buyer; rows]).unwrap();
            batch_of(&plan, &forest, &Orders::new(&buyers, &[("paid", &vec![1000; rows])]), "", 1)
        };
        // Large batches ask all members first.
        for rows in [1, 100] {
            assert_eq!(settle(200, rows).unwrap().payees().take(2).collect::<Vec<_>>(), [100, 50]);
            let error = settle(201, rows).unwrap_err();
            assert!(error.code() == Code::MissingFact && error.message().contains("200"), "{error}");
        }
    }

    #[test]
    fn line_ids_that_no_sale_can_have_are_refused_with_their_row() {
        let (plan, mut forest) = (Plan::preset("two_level").unwrap(), forest());
        forest.set_flags("distributor", &[1; 100]).unwrap();
        forest.set_flags("frozen", &[0; 100]).unwrap();
        let buyers = forest.forest().resolve(&[9, 9]).unwrap();
        let paid: [(&str, &[i64]); 1] = [("paid", &[1000, 1000])];
        for line in [0, 1 << 63, u64::MAX] {
            for ids in [Some(&[7, 7][..]), None] {
                let orders = Orders { ids, lines: Some(&[1, line]), ..Orders::new(&buyers, &paid) };
                let error = batch_of(&plan, &forest, &orders, "", 1).unwrap_err();
                assert_eq!((error.code(), error.index()), (Code::InvalidId, Some(1)), "{error}");
                assert!(error.message().contains(&format!("line id {line};")), "{error}");
            }
        }
        let last = u64::try_from(i64::MAX).unwrap();
        let orders = Orders { ids: Some(&[7, 7]), lines: Some(&[1, last]), ..Orders::new(&buyers, &paid) };
        let batch = batch_of(&plan, &forest, &orders, "", 1).unwrap();
        let alone = format!(
            r#"{{"id": 7, "buyer": 9, "lines": [{{"id": 1, "paid": 1000}}, {{"id": {last}, "paid": 1000}}],
                "upline": [{{"id": 4, "distributor": true, "frozen": false}},
                           {{"id": 2, "distributor": true, "frozen": false}}]}}"#
        );
        let alone = Sale::from_node(&read_json(&alone, 1000).unwrap(), plan.currency()).unwrap();
        let alone = evaluate(&plan, &alone).unwrap();
        assert_eq!(
            batch.keys().collect::<Vec<_>>(),
            alone.rows().iter().map(|row| row.key.clone()).collect::<Vec<_>>()
        );
    }

    /// The rows of a forest of texts are those of the sale alone, name for name, also when the forest went on; and
    /// who states too little is named as the host does.
    #[test]
    fn members_with_texts_are_paid_under_them() {
        let plan = Plan::preset("two_level").unwrap();
        let mut forest = RowForest::of_texts(&["丙", "乙", "甲"], &["乙", "甲", ""]).unwrap();
        forest.set_flags("distributor", &[1; 3]).unwrap();
        forest.set_flags("frozen", &[0; 3]).unwrap();
        let buyer = [forest.forest().named("丙").unwrap()];
        let components: [(&str, &[i64]); 1] = [("paid", &[1000])];
        let batch = batch_of(&plan, &forest, &Orders::new(&buyer, &components), "", 1).unwrap();
        let sale = r#"{"id": 1, "buyer": "丙", "lines": [{"paid": 1000}],
            "upline": [{"id": "乙", "distributor": true, "frozen": false},
                       {"id": "甲", "distributor": true, "frozen": false}]}"#;
        let alone =
            evaluate(&plan, &Sale::from_node(&read_json(sale, 1000).unwrap(), plan.currency()).unwrap());
        forest.change_by(&read_json(r#"{"join": ["丁", "丙"]}"#, 100).unwrap()).unwrap();
        let payees: Vec<u64> = batch.payees().collect();
        let rows: Vec<_> =
            alone.unwrap().rows().iter().map(|row| (row.key.clone(), row.payee.to_string())).collect();
        let (names, ends) = names(batch.forest(), &payees).unwrap();
        assert_eq!((names.as_str(), ends), ("乙甲", vec![3, 6]));
        assert_eq!(rows, batch.keys().zip(["乙".to_owned(), "甲".to_owned()]).collect::<Vec<_>>());
        forest.change_by(&read_json(r#"{"join": ["戊", "丁"]}"#, 100).unwrap()).unwrap();
        // One order and many ask in different ways.
        for rows in [1, 100] {
            let buyers = vec![forest.forest().named("戊").unwrap(); rows];
            let paid = vec![1000; rows];
            let components: [(&str, &[i64]); 1] = [("paid", &paid)];
            let orders = Orders::new(&buyers, &components);
            let error = batch_of(&plan, &forest, &orders, "", 1).unwrap_err();
            assert!(error.code() == Code::MissingFact && error.message().contains("丁"), "{error}");
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
        let batch = batch_of(&plan, &forest, &orders, "shop", 1).unwrap();
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

    #[test]
    fn accounts_and_what_rules_run_after_are_told() {
        let plan = Plan::from_json(
            r#"{"schema": "fenrun.plan/1", "name": "chain", "currency": "CNY", "rule": [
                {"id": "first", "to": {"up": "referral"}, "pay": {"levels": ["10%"]},
                 "split": {"cash": "90%", "shop": "10%"}},
                {"id": "then", "after": "first", "of": "income", "to": {"up": "referral"},
                 "pay": {"levels": ["50%"]}}]}"#,
        )
        .unwrap();
        let forest = forest();
        let buyers = forest.forest().resolve(&[9, 8]).unwrap();
        let orders = Orders::new(&buyers, &[("paid", &[10_000, 500])]);
        let batch = batch_of(&plan, &forest, &orders, "", 1).unwrap();
        let mut alone = Vec::new();
        for (id, paid) in [(1, 10_000), (2, 500)] {
            let sale =
                format!(r#"{{"id": {id}, "buyer": 9, "upline": [4, 2, 1], "lines": [{{"paid": {paid}}}]}}"#);
            let sale = Sale::from_node(&read_json(&sale, 1000).unwrap(), plan.currency()).unwrap();
            let outcome = evaluate(&plan, &sale).unwrap();
            alone.extend(
                outcome.rows().iter().map(|row| (row.key.clone(), row.amount, row.account.to_string())),
            );
        }
        let accounts = batch.account_places().map(|place| batch.account(place).unwrap().to_owned());
        let rows: Vec<_> = batch.keys().zip(batch.amounts()).zip(accounts).collect();
        assert_eq!(
            rows,
            alone.into_iter().map(|(key, amount, account)| ((key, amount), account)).collect::<Vec<_>>()
        );
        assert_eq!(batch.amounts().collect::<Vec<_>>(), [900, 100, 500, 45, 5, 25]);
        assert_eq!(batch.after().collect::<Vec<_>>(), [0, 0, 4, 0, 0, 4]);
        let totals = batch.member_totals().unwrap();
        let totals: Vec<_> = totals
            .iter()
            .map(|total| (forest.forest().id(total.payee), total.account, total.amount))
            .collect();
        assert_eq!(totals, [(4, 0, 945), (4, 1, 105), (2, 0, 525)]);
        assert!(batch.account(2).is_err());
    }
}
