//! What was used of caps over periods: a fold of what stands of outcomes, kept so that the next sale of a
//! period knows its headroom. A refund gives back to the period of its sale.

use super::{SaleKey, plan_text, read_plan};
use crate::batch::Batch;
use crate::fault::Result;
use fenrun::doc::{self, MAX_DOCUMENT_BYTES};
use fenrun::id::MemberId;
use fenrun::ledger::Posted;
use fenrun::reward::commission::{Frozen, Outcome};
use fenrun::reward::period::PeriodKey;
use fenrun::reward::plan::{CapPer, Every, Period, Plan};
use fenrun::sale::{Person, Sale, Used};
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use rusqlite::{Connection, OptionalExtension, Row, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// What one cap over a period counts, of one plan in all its versions: for a rule or, where that is empty, for
/// the plan; for a payee or, where that is empty, for everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counter {
    pub(crate) plan: String,
    pub(crate) currency: String,
    pub(crate) rule: String,
    pub(crate) payee: String,
    pub(crate) period: String,
}

/// A cap over a period, by the rule it stands in; none for one of the plan.
type Counted<'p> = (Option<&'p str>, CapPer, Period);

/// The caps of a plan that count over periods, each once.
fn counted(plan: &Plan) -> BTreeSet<Counted<'_>> {
    let of_rules =
        plan.rules().iter().flat_map(|rule| rule.caps.iter().map(|cap| (Some(rule.id.as_str()), cap)));
    let all = of_rules.chain(plan.caps().iter().map(|cap| (None, cap)));
    let over_period = all.filter_map(|(rule, cap)| match cap.every {
        Every::Event => None,
        Every::Period(period) => Some((rule, cap.per, period)),
    });
    over_period.collect()
}

impl Counter {
    fn new(plan: &Plan, placed_at: Timestamp, (rule, _, every): Counted<'_>, payee: Option<&str>) -> Self {
        Self {
            plan: plan.name().to_owned(),
            currency: plan.currency().code().to_owned(),
            rule: rule.unwrap_or_default().to_owned(),
            payee: payee.unwrap_or_default().to_owned(),
            period: PeriodKey::of(every, placed_at, plan.utc_offset_minutes()).to_string(),
        }
    }
}

/// What amounts of rules for payees, of a sale placed then, add to each cap over a period.
pub(crate) fn count<'r>(
    plan: &Plan,
    placed_at: Timestamp,
    rows: impl Iterator<Item = (&'r str, &'r str, i64)>,
) -> BTreeMap<Counter, i128> {
    let caps = counted(plan);
    let mut sums = BTreeMap::new();
    if caps.is_empty() {
        return sums;
    }
    for (rule, payee, amount) in rows {
        for cap in caps.iter().filter(|(of, ..)| of.is_none_or(|of| of == rule)) {
            let own = (cap.1 == CapPer::Payee).then_some(payee);
            *sums.entry(Counter::new(plan, placed_at, *cap, own)).or_insert(0) += i128::from(amount);
        }
    }
    sums
}

impl Batch<'_> {
    /// What earlier sales of its periods used of the plan's caps, by everybody a sale names: its headroom, as
    /// [`Sale`] states it. A plan is one in all its versions, by its name; a sale falls in the period it was
    /// placed in.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn used(&mut self, tenant: &Tenant, plan: &Plan, sale: &Sale) -> Result<Vec<Used>, Error> {
        self.run(|batch| batch.used_of(tenant, plan, sale))
    }

    /// Settles a sale with the headroom of this moment, and records what it came to as [`Batch::earn`] does:
    /// what other processes settle comes before or after it, never between. The same sale again is a no-op
    /// that gives the outcome of the first time. What the sale itself says was used of caps is not read.
    ///
    /// # Errors
    /// Those of [`Batch::earn`] and of the evaluation.
    pub fn settle(
        &mut self,
        plan: &Plan,
        sale: &Sale,
        at: Timestamp,
    ) -> Result<(Posted, Outcome, Frozen), Error> {
        self.run(|batch| batch.settle_one(plan, sale, at))
    }

    pub(super) fn settle_one(
        &mut self,
        plan: &Plan,
        sale: &Sale,
        at: Timestamp,
    ) -> Result<(Posted, Outcome, Frozen)> {
        let mut draft = sale.clone().into_draft();
        if !counted(plan).is_empty() {
            let tenant = Tenant::new(&sale.tenant)?;
            let key = SaleKey { tenant, sale: sale.id.clone(), version: sale.version };
            draft.used = Some(match self.record(&key)? {
                // A repeat: what was used when it came first.
                Some(record) => {
                    let node = doc::read_json(&record.sale, MAX_DOCUMENT_BYTES)?;
                    Sale::from_node(&node, plan.currency())?.into_draft().used.unwrap_or_default()
                }
                None => self.used_of(&key.tenant, plan, sale)?,
            });
        }
        let (outcome, frozen) = Frozen::settle(plan, &Sale::new(draft)?)?;
        let posted = self.earn_one(&outcome, &frozen, at)?;
        Ok((posted, outcome, frozen))
    }

    fn used_of(&self, tenant: &Tenant, plan: &Plan, sale: &Sale) -> Result<Vec<Used>> {
        let mut used = Vec::new();
        for cap in counted(plan) {
            let (rule, per, every) = cap;
            let whose: Vec<Option<&MemberId>> = match per {
                CapPer::Payee => named(sale).into_iter().map(Some).collect(),
                CapPer::Rule | CapPer::Plan => vec![None],
            };
            for payee in whose {
                let counter = Counter::new(plan, sale.placed_at, cap, payee.map(MemberId::as_str));
                let amount = self.counter(tenant, &counter)?;
                if amount > 0 {
                    let (rule, every) = (rule.map(str::to_owned), every.name().to_owned());
                    used.push(Used { rule, every, payee: payee.cloned(), amount });
                }
            }
        }
        Ok(used)
    }

    /// Refuses an outcome that was computed from another headroom than there is now: what was settled
    /// meanwhile would be paid beyond the cap.
    pub(super) fn check_headroom(&self, sale: &SaleKey, outcome: &Outcome, frozen: &Frozen) -> Result<()> {
        let (plan, sold) = (frozen.plan(), frozen.sale());
        let stated = sold
            .used
            .iter()
            .flatten()
            .map(|used| (used.rule.as_deref(), used.every.as_str(), used.payee.as_ref(), used.amount));
        let met = outcome
            .used()
            .iter()
            .map(|used| (used.rule.as_deref(), used.every.name(), used.payee.as_ref(), used.before));
        for (rule, every, payee, before) in stated.chain(met) {
            let same = |(of, per, length): &Counted<'_>| {
                *of == rule && length.name() == every && (*per == CapPer::Payee) == payee.is_some()
            };
            let Some(cap) = counted(plan).into_iter().find(same) else { continue };
            let counter = Counter::new(plan, sold.placed_at, cap, payee.map(MemberId::as_str));
            let used = self.counter(&sale.tenant, &counter)?.max(0);
            if used != before {
                let (cap, period) = (rule.unwrap_or("the plan"), counter.period);
                let whose = payee.map_or("everybody".into(), ToString::to_string);
                let rule = format!(
                    "{sale}: {used} of the cap of {cap} is used in {period} by {whose}, not {before}; settle it anew"
                );
                return Err(Error::new(Code::StoreConflict, rule).into());
            }
        }
        Ok(())
    }

    /// Adds to what was used of caps what rows of an outcome come to, below zero for what was taken back.
    pub(super) fn use_caps<'r>(
        &self,
        sale: &SaleKey,
        frozen: &Frozen,
        rows: impl Iterator<Item = (&'r str, &'r str, i64)>,
    ) -> Result<()> {
        for (counter, amount) in count(frozen.plan(), frozen.sale().placed_at, rows) {
            add(&mut *self.sql(ADD)?, sale.tenant.as_str(), &counter, amount)?;
        }
        Ok(())
    }

    fn counter(&self, tenant: &Tenant, counter: &Counter) -> Result<i64> {
        let mut statement = self.sql(
            "SELECT amount FROM cap_usage WHERE tenant = ?1 AND plan = ?2 AND currency = ?3 AND rule = ?4
                 AND payee = ?5 AND period = ?6",
        )?;
        let Counter { plan, currency, rule, payee, period } = counter;
        let at = (tenant.as_str(), plan, currency, rule, payee, period);
        Ok(statement.query_row(at, |row| row.get(0)).optional()?.unwrap_or(0))
    }
}

const ADD: &str = "INSERT INTO cap_usage VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT (tenant, plan, currency, rule, payee, period) DO UPDATE SET amount = amount + excluded.amount";

fn add(statement: &mut Statement<'_>, tenant: &str, counter: &Counter, amount: i128) -> Result<()> {
    let wide = |_| Error::new(Code::Overflow, "what is used of a cap does not fit");
    let Counter { plan, currency, rule, payee, period } = counter;
    let amount = i64::try_from(amount).map_err(wide)?;
    statement.execute((tenant, plan, currency, rule, payee, period, amount))?;
    Ok(())
}

/// Fills the table of a store that was made before there was one, from what stands. What cannot be read is
/// left for `verify` to tell.
pub(crate) fn fill_caps(connection: &Connection) -> Result<()> {
    let mut outcomes =
        connection.prepare("SELECT outcome, tenant, plan, sale FROM outcomes ORDER BY outcome")?;
    let mut entries =
        connection.prepare("SELECT rule, payee, amount FROM entries WHERE tenant = ?1 AND outcome = ?2")?;
    let mut insert = connection.prepare(ADD)?;
    let mut found = outcomes.query([])?;
    while let Some(row) = found.next()? {
        let (outcome, tenant): (i64, String) = (row.get(0)?, row.get(1)?);
        let (hash, sale): (String, String) = (row.get(2)?, row.get(3)?);
        let text = plan_text(connection, &tenant, &hash)?;
        let Ok(plan) = read_plan(&hash, text.as_deref()) else { continue };
        let Ok(node) = doc::read_json(&sale, MAX_DOCUMENT_BYTES) else { continue };
        let Ok(sale) = Sale::from_node(&node, plan.currency()) else { continue };
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let rows: Vec<(String, String, i64)> =
            entries.query_map((&tenant, outcome), read)?.collect::<Result<_, _>>()?;
        let rows = rows.iter().map(|(rule, payee, amount)| (rule.as_str(), payee.as_str(), *amount));
        for (counter, amount) in count(&plan, sale.placed_at, rows) {
            add(&mut insert, &tenant, &counter, amount)?;
        }
    }
    Ok(())
}

/// Everybody a sale names: whom it can pay.
fn named(sale: &Sale) -> BTreeSet<&MemberId> {
    let around = sale.around.uplines.values().flatten().chain(sale.around.regions.values());
    let people = sale.upline.iter().chain(sale.roles.values()).chain(around);
    people.chain([&sale.buyer]).map(|person: &Person| &person.id).collect()
}
