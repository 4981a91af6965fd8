//! Reading outcomes back.

use super::{SaleKey, plan_text, read_plan, read_record, read_standing, rebuild, refused};
use crate::fault::Result;
use crate::file::Store;
use fenrun::Error;
use fenrun::id::{LineId, MemberId, OrderId, RefundId};
use fenrun::ledger::MemberAccount;
use fenrun::money::Currency;
use fenrun::reward::commission::{EntryState, Frozen};
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

/// One row of an outcome: an allocation, or a reversal when it names a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow {
    /// The order the sale came from.
    pub sale: OrderId,
    /// The version of the sale.
    pub version: u32,
    /// The row's place among those of its outcome, from 0.
    pub ordinal: u32,
    /// The row's key in every language.
    pub key: String,
    /// Who.
    pub payee: MemberId,
    /// By which rule.
    pub rule: String,
    /// For which line, when the rule rounds per line.
    pub line: Option<LineId>,
    /// At which level, for an allocation.
    pub level: Option<u32>,
    /// The account of the plan's split.
    pub account: String,
    /// Minor units.
    pub amount: i64,
    /// The refund that took it back.
    pub refund: Option<RefundId>,
}

/// What stands for a payee of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// The rule.
    pub rule: String,
    /// Who.
    pub payee: MemberId,
    /// The account of the plan's split.
    pub account: String,
    /// Minor units.
    pub amount: i64,
    /// Where it is in its life.
    pub state: EntryState,
    /// Until when it is held, once confirmed.
    pub hold_until: Option<Timestamp>,
}

/// An outcome with everything that became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOutcome {
    /// The hash of the plan.
    pub plan: String,
    /// The currency of every amount.
    pub currency: Currency,
    /// What the plan offered.
    pub pool: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// Allocations, then reversals in the order of their refunds.
    pub rows: Vec<StoredRow>,
    /// What nobody got, by reason.
    pub retained: Vec<(String, i64)>,
    /// What stands.
    pub entries: Vec<StoredEntry>,
}

const ROWS: &str =
    "SELECT o.sale_id, o.version, r.ordinal, r.key, r.payee, r.rule, r.line, r.level, r.account,
        r.amount, r.refund_id
     FROM outcomes o JOIN outcome_rows r ON r.tenant = o.tenant AND r.outcome = o.outcome";

impl Store {
    /// An outcome, when the sale has one.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent).
    pub fn outcome(&self, sale: &SaleKey) -> Result<Option<StoredOutcome>, Error> {
        self.read(|connection| {
            // Several statements of one moment.
            let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            self.read_outcome(&snapshot, sale)
        })
    }

    /// The plan and the sale an outcome was computed from, when the sale has one.
    ///
    /// # Errors
    /// As [`Store::outcome`]; [`Code::Inconsistent`](fenrun::Code::Inconsistent) when one of them, or the
    /// history of the outcome, was changed.
    pub fn frozen(&self, sale: &SaleKey) -> Result<Option<Frozen>, Error> {
        self.read(|connection| {
            let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let Some(record) = read_record(&snapshot, sale)? else { return Ok(None) };
            let text = plan_text(&snapshot, &record.tenant, &record.plan)?;
            let rebuilt =
                read_plan(&record.plan, text.as_deref()).and_then(|plan| rebuild(&snapshot, &record, &plan));
            Ok(Some(rebuilt.map_err(|fault| refused(fault, &self.path, sale))?.frozen))
        })
    }

    /// The last version of a sale that has an outcome; `None` when none has.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn last_version(&self, tenant: &Tenant, sale: &OrderId) -> Result<Option<u32>, Error> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT max(version) FROM outcomes WHERE tenant = ?1 AND sale_id = ?2")?;
            Ok(statement.query_row((tenant.as_str(), sale.as_str()), |row| row.get(0))?)
        })
    }

    /// The tenants that have an order or an outcome of this id.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent).
    pub fn tenants_of(&self, sale: &OrderId) -> Result<Vec<Tenant>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT tenant FROM orders WHERE order_id = ?1 UNION
                 SELECT tenant FROM outcomes WHERE sale_id = ?1 ORDER BY tenant",
            )?;
            let mut rows = statement.query([sale.as_str()])?;
            let mut tenants = Vec::new();
            while let Some(row) = rows.next()? {
                tenants.push(Tenant::new(&row.get::<_, String>(0)?)?);
            }
            Ok(tenants)
        })
    }

    /// Hands every row of a tenant's outcomes to the caller, in the order they were recorded.
    ///
    /// # Errors
    /// As [`Store::outcome`].
    pub fn for_each_row(&self, tenant: &Tenant, mut see: impl FnMut(StoredRow)) -> Result<(), Error> {
        self.read(|connection| {
            let mut statement =
                connection.prepare(&format!("{ROWS} WHERE o.tenant = ?1 ORDER BY o.outcome, r.ordinal"))?;
            let mut rows = statement.query([tenant.as_str()])?;
            while let Some(row) = rows.next()? {
                see(read_row(row)?);
            }
            Ok(())
        })
    }

    fn read_outcome(&self, connection: &Connection, sale: &SaleKey) -> Result<Option<StoredOutcome>> {
        let tenant = sale.tenant.as_str();
        let mut statement = connection.prepare_cached(
            "SELECT outcome, plan, currency, pool, at, confirmed_at FROM outcomes
             WHERE tenant = ?1 AND sale_id = ?2 AND version = ?3",
        )?;
        let mut found = statement.query((tenant, sale.sale.as_str(), sale.version))?;
        let Some(row) = found.next()? else { return Ok(None) };
        let number: i64 = row.get(0)?;
        let currency: String = row.get(2)?;
        let mut outcome = StoredOutcome {
            plan: row.get(1)?,
            currency: self.currencies.parse(&currency).map_err(Error::from)?,
            pool: row.get(3)?,
            at: Timestamp::from_ms(row.get(4)?),
            confirmed_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_ms),
            rows: Vec::new(),
            retained: Vec::new(),
            entries: Vec::new(),
        };
        let mut statement =
            connection.prepare_cached(&format!("{ROWS} WHERE o.outcome = ?1 ORDER BY r.ordinal"))?;
        let mut rows = statement.query([number])?;
        while let Some(row) = rows.next()? {
            outcome.rows.push(read_row(row)?);
        }
        let mut statement = connection.prepare_cached(
            "SELECT reason, amount FROM outcome_retained WHERE tenant = ?1 AND outcome = ?2",
        )?;
        let retained = statement.query_map((tenant, number), |row| Ok((row.get(0)?, row.get(1)?)))?;
        outcome.retained = retained.collect::<Result<_, _>>()?;
        outcome.entries = read_entries(connection, tenant, number)?;
        Ok(Some(outcome))
    }
}

fn read_entries(connection: &Connection, tenant: &str, number: i64) -> Result<Vec<StoredEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT rule, payee, account, amount, stands_on, hold_until FROM entries
         WHERE tenant = ?1 AND outcome = ?2",
    )?;
    let mut rows = statement.query((tenant, number))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let standing = read_standing(row)?;
        let state = match standing.stands_on {
            _ if standing.amount == 0 => EntryState::Reversed,
            MemberAccount::Pending => EntryState::Pending,
            MemberAccount::Confirmed => EntryState::Confirmed,
            // Commission that became available is one sum: which of it was withdrawn, no entry tells.
            _ => EntryState::Payable,
        };
        entries.push(StoredEntry {
            rule: standing.rule,
            payee: standing.payee,
            account: standing.account,
            amount: standing.amount,
            state,
            hold_until: standing.hold_until.map(Timestamp::from_ms),
        });
    }
    Ok(entries)
}

fn read_row(row: &Row<'_>) -> Result<StoredRow> {
    let text = |at: usize| row.get::<_, String>(at);
    Ok(StoredRow {
        sale: OrderId::new(&text(0)?)?,
        version: row.get(1)?,
        ordinal: row.get(2)?,
        key: text(3)?,
        payee: MemberId::new(&text(4)?)?,
        rule: text(5)?,
        line: row.get::<_, Option<String>>(6)?.map(|line| LineId::new(&line)).transpose()?,
        level: row.get(7)?,
        account: text(8)?,
        amount: row.get(9)?,
        refund: row.get::<_, Option<String>>(10)?.map(|refund| RefundId::new(&refund)).transpose()?,
    })
}
