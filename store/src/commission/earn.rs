//! Recording an outcome, confirming and releasing it.

use super::{Deed, Record, SaleKey, Standing, Whole, due_of};
use crate::batch::Batch;
use crate::chain::Chain;
use crate::fault::Result;
use crate::members::same;
use fenrun::doc::short_hash;
use fenrun::id::MemberId;
use fenrun::ledger::{self, Advance, MemberAccount, Posted, Share, Step};
use fenrun::reward::commission::{Frozen, Outcome, SEMANTICS};
use fenrun::reward::plan::Plan;
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Batch<'_> {
    /// Records what a sale came to: the outcome with its rows, what is retained, and the journal that makes
    /// the rows pending. The same outcome again is a no-op.
    ///
    /// # Errors
    /// [`Code::StoreConflict`] when this version of the sale has another outcome: a sale is evaluated once; and
    /// when it was computed from another headroom of the plan's caps over periods than [`Batch::used`] says.
    /// [`Code::InvalidSale`] when outcome and frozen sale are not of one sale and plan.
    pub fn earn(&mut self, outcome: &Outcome, frozen: &Frozen, at: Timestamp) -> Result<Posted, Error> {
        self.run(|batch| batch.earn_one(outcome, frozen, at))
    }

    pub(super) fn earn_one(&mut self, outcome: &Outcome, frozen: &Frozen, at: Timestamp) -> Result<Posted> {
        let sale = sale_of(outcome, frozen)?;
        let text = frozen.sale().to_node().to_json();
        let fingerprint = fingerprint(outcome, &text);
        if let Some(known) = self.record(&sale)? {
            return same(known.fingerprint == fingerprint, || format!("{sale} has another outcome already"));
        }
        self.check_headroom(&sale, outcome, frozen)?;
        let journal = self.post_earned(&sale, outcome, at)?;
        self.put_plan(&sale.tenant, frozen.plan())?;
        self.insert_outcome(&sale, outcome, (text, fingerprint), at)?;
        let number = self.transaction.last_insert_rowid();
        self.insert_rows(&sale, outcome, number, journal)?;
        let rows = outcome.rows().iter().map(|row| (row.rule.as_str(), row.payee.as_str(), row.amount));
        self.use_caps(&sale, frozen, rows)?;
        Ok(Posted::New)
    }

    /// The order completed: what stands pending of its outcome is confirmed, and the rules' hold begins. An
    /// outcome that is confirmed already is left as it is.
    ///
    /// # Errors
    /// [`Code::NotFound`] when the sale has no outcome; [`Code::Inconsistent`] when what it was computed
    /// from, its history or what stands of it was changed.
    pub fn confirm(&mut self, sale: &SaleKey, at: Timestamp) -> Result<Posted, Error> {
        self.run(|batch| {
            let whole = batch.whole(sale)?;
            let currency = whole.currency();
            let Whole { record, replay, mut standing } = whole;
            if record.confirmed_at.is_some() {
                return Ok(Posted::Repeat);
            }
            let id = sale.journal("confirmed")?;
            let step = Step::Confirm;
            let shares = shares(&standing);
            batch.post_step(&sale.tenant, &Advance { id, at, currency, step, shares })?;
            for entry in &mut standing {
                let rule = replay.frozen.plan().rules().iter().find(|rule| rule.id == entry.rule);
                let hold_days = rule.map_or(0, |rule| rule.hold_days);
                entry.stands_on = MemberAccount::Confirmed;
                entry.hold_until = Some(at.plus_days(hold_days).ms());
            }
            for entries in by_rule(&standing).into_values() {
                batch.move_entries(sale, &record, entries[0])?;
            }
            let marks = (Some(at.ms()), due_of(&standing));
            batch.write_deed(&record, (&Deed::Confirmed(at.ms()), ""), marks, 0)?;
            Ok(Posted::New)
        })
    }

    /// Makes available what is confirmed and whose hold is over.
    ///
    /// # Errors
    /// As [`Batch::confirm`].
    pub fn release(&mut self, sale: &SaleKey, now: Timestamp) -> Result<Posted, Error> {
        self.run(|batch| batch.release_one(sale, now))
    }

    /// Makes available what is confirmed and whose hold is over, of `limit` outcomes at most, the longest
    /// due first. Tells how many outcomes it moved: fewer than the limit means nothing more is due.
    ///
    /// # Errors
    /// [`Code::Database`]; else as [`Batch::confirm`].
    pub fn release_due(&mut self, tenant: &Tenant, now: Timestamp, limit: u32) -> Result<usize, Error> {
        self.run(|batch| {
            let mut statement = batch.sql(
                "SELECT sale_id, version FROM outcomes WHERE tenant = ?1 AND due <= ?2 ORDER BY due LIMIT ?3",
            )?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?));
            let due = statement.query_map((tenant.as_str(), now.ms(), limit), read)?;
            let due = due.collect::<Result<Vec<_>, _>>()?;
            drop(statement);
            for (sale, version) in &due {
                let sale = fenrun::id::OrderId::new(sale)?;
                batch.release_one(&SaleKey { tenant: tenant.clone(), sale, version: *version }, now)?;
            }
            Ok(due.len())
        })
    }

    fn release_one(&mut self, sale: &SaleKey, now: Timestamp) -> Result<Posted> {
        let whole = self.whole(sale)?;
        let currency = whole.currency();
        let Whole { record, standing, .. } = whole;
        let over = |until: i64| until <= now.ms();
        let due = |entry: &Standing| {
            entry.stands_on == MemberAccount::Confirmed && entry.hold_until.is_some_and(over)
        };
        let (mut released, rest): (Vec<_>, Vec<_>) = standing.into_iter().partition(due);
        if released.is_empty() {
            return Ok(Posted::Repeat);
        }
        for entry in &mut released {
            entry.stands_on = MemberAccount::Available;
            entry.hold_until = None;
        }
        for (rule, entries) in by_rule(&released) {
            // The hold is the rule's, so all entries of one rule are released at once and only once.
            let id = sale.journal_for("released", rule)?;
            let shares = shares(entries.iter().copied());
            self.post_step(&sale.tenant, &Advance { id, at: now, currency, step: Step::Release, shares })?;
            self.move_entries(sale, &record, entries[0])?;
        }
        let marks = (record.confirmed_at, due_of(&rest));
        self.write_deed(&record, (&Deed::Released(now.ms()), ""), marks, 0)?;
        Ok(Posted::New)
    }

    /// Keeps the text of a plan.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn remember_plan(&mut self, tenant: &Tenant, plan: &Plan) -> Result<(), Error> {
        self.run(|batch| batch.put_plan(tenant, plan))
    }

    fn put_plan(&mut self, tenant: &Tenant, plan: &Plan) -> Result<()> {
        let key = (tenant.clone(), plan.hash().to_owned());
        if !self.state.plans.contains_key(&key) {
            self.sql("INSERT INTO plans VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?.execute((
                tenant.as_str(),
                plan.hash(),
                plan.canonical(),
            ))?;
            self.state.plans.insert(key, Arc::new(plan.clone()));
        }
        Ok(())
    }

    fn post_earned(&mut self, sale: &SaleKey, outcome: &Outcome, at: Timestamp) -> Result<Option<i64>> {
        let shares: Vec<Share> =
            outcome.rows().iter().map(|row| Share::new(row.payee.clone(), row.amount)).collect();
        let retained: i128 = outcome.retained().iter().map(|entry| i128::from(entry.amount)).sum();
        let retained = i64::try_from(retained)
            .map_err(|_| Error::new(Code::Overflow, format!("{sale}: the retained amount does not fit")))?;
        let id = sale.journal("earned")?;
        let journal = ledger::earned(id, at, outcome.currency(), &shares, retained)?;
        journal.map(|journal| self.insert_journal(&sale.tenant, &journal)).transpose()
    }

    fn insert_outcome(
        &self,
        sale: &SaleKey,
        outcome: &Outcome,
        (text, fingerprint): (String, String),
        at: Timestamp,
    ) -> Result<()> {
        let record = Record {
            number: 0,
            tenant: sale.tenant.as_str().to_owned(),
            sale_id: sale.sale.to_string(),
            version: sale.version,
            plan: outcome.plan().to_owned(),
            semantics: SEMANTICS,
            currency: outcome.currency().code().to_owned(),
            pool: outcome.pool(),
            sale: text,
            fingerprint,
            at: at.ms(),
            order_head: self.order_head(&sale.tenant, &sale.sale)?,
            confirmed_at: None,
            due: None,
            rows: i64::try_from(outcome.rows().len()).unwrap_or(i64::MAX),
            history: String::new(),
            head: Chain::default(),
        };
        let mut statement = self.sql(
            "INSERT INTO outcomes (tenant, sale_id, version, plan, semantics, currency, pool, sale,
                 fingerprint, at, order_head, rows, history, head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?;
        statement.execute((
            &record.tenant,
            &record.sale_id,
            record.version,
            &record.plan,
            record.semantics,
            &record.currency,
            record.pool,
            &record.sale,
            &record.fingerprint,
            record.at,
            record.order_head,
            record.rows,
            &record.history,
            record.origin(),
        ))?;
        Ok(())
    }

    fn insert_rows(
        &mut self,
        sale: &SaleKey,
        outcome: &Outcome,
        number: i64,
        journal: Option<i64>,
    ) -> Result<()> {
        let tenant = sale.tenant.as_str();
        let mut standing: BTreeMap<(&str, &MemberId, &str), i64> = BTreeMap::new();
        let mut statement = self.sql(super::INSERT_ROW)?;
        for (ordinal, row) in (0_i64..).zip(outcome.rows()) {
            statement.execute(rusqlite::params![
                tenant,
                number,
                ordinal,
                row.key,
                row.payee.as_str(),
                row.rule,
                row.line.as_ref().map(fenrun::id::LineId::as_str),
                i64::try_from(row.level).ok(),
                row.account,
                row.amount,
                None::<&str>,
                journal,
            ])?;
            *standing.entry((&row.rule, &row.payee, &*row.account)).or_default() += row.amount;
        }
        let mut statement = self.sql("INSERT INTO outcome_retained VALUES (?1, ?2, ?3, ?4)")?;
        for entry in outcome.retained() {
            statement.execute((tenant, number, entry.reason.name(), entry.amount))?;
        }
        let mut statement = self.sql(super::INSERT_ENTRY)?;
        let stands_on = MemberAccount::Pending.name();
        for ((rule, payee, account), amount) in standing {
            statement.execute((
                tenant,
                number,
                rule,
                payee.as_str(),
                account,
                amount,
                stands_on,
                None::<i64>,
            ))?;
        }
        Ok(())
    }

    /// Moves every entry of a rule to where one of them stands now.
    fn move_entries(&self, sale: &SaleKey, record: &Record, to: &Standing) -> Result<()> {
        let mut statement = self.sql(
            "UPDATE entries SET stands_on = ?4, hold_until = ?5 WHERE tenant = ?1 AND outcome = ?2 AND rule = ?3",
        )?;
        statement.execute((
            sale.tenant.as_str(),
            record.number,
            &to.rule,
            to.stands_on.name(),
            to.hold_until,
        ))?;
        Ok(())
    }
}

fn sale_of(outcome: &Outcome, frozen: &Frozen) -> Result<SaleKey> {
    let sale = frozen.sale();
    let same = outcome.tenant() == sale.tenant
        && *outcome.sale() == sale.id
        && outcome.version() == sale.version
        && outcome.plan() == frozen.plan().hash();
    if !same {
        let rule = format!("the outcome of sale {} and the frozen sale {} differ", outcome.sale(), sale.id);
        return Err(Error::new(Code::InvalidSale, rule).into());
    }
    let tenant = Tenant::new(&sale.tenant)?;
    Ok(SaleKey { tenant, sale: sale.id.clone(), version: sale.version })
}

/// What tells a repeat from a conflict: the plan, the frozen sale and every amount.
pub(crate) fn fingerprint(outcome: &Outcome, sale: &str) -> String {
    let mut parts = vec![outcome.plan().to_owned(), sale.to_owned(), outcome.pool().to_string()];
    for row in outcome.rows() {
        parts.extend([row.key.clone(), row.payee.to_string(), row.amount.to_string()]);
    }
    for entry in outcome.retained() {
        parts.extend([entry.reason.name().to_owned(), entry.amount.to_string()]);
    }
    short_hash(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn shares<'a>(entries: impl IntoIterator<Item = &'a Standing>) -> Vec<Share> {
    entries.into_iter().map(|entry| Share::new(entry.payee.clone(), entry.amount)).collect()
}

/// The entries of each rule; no list is empty.
fn by_rule(standing: &[Standing]) -> BTreeMap<&str, Vec<&Standing>> {
    let mut rules: BTreeMap<&str, Vec<&Standing>> = BTreeMap::new();
    for entry in standing {
        rules.entry(&entry.rule).or_default().push(entry);
    }
    rules
}
