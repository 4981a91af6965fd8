//! Commission in the store: outcomes with their rows, what stands for whom and where, and the journals
//! that go with every move.

mod earn;
mod read;
mod reverse;
mod scan;

pub use read::{StoredEntry, StoredOutcome, StoredRow};
pub use reverse::Reversed;
pub use scan::{OutcomeSummary, StoredRetained};

use crate::batch::Batch;
use crate::fault::{Result, inconsistent};
use fenrun::doc::short_hash;
use fenrun::id::{JournalId, MAX_ID_BYTES, MemberId, OrderId};
use fenrun::ledger::MemberAccount;
use fenrun::money::Currency;
use fenrun::reward::plan::Plan;
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use rusqlite::{OptionalExtension, Row};
use std::fmt;
use std::sync::Arc;

/// One version of one sale of one tenant: what an outcome is recorded under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SaleKey {
    /// The shop.
    pub tenant: Tenant,
    /// The order the sale came from.
    pub sale: OrderId,
    /// Counts the edits of the order, from 1.
    pub version: u32,
}

impl fmt::Display for SaleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sale {} version {}", self.sale, self.version)
    }
}

impl SaleKey {
    /// The id of a journal this outcome posts once: neighbours in time are neighbours in the index, where
    /// hashes would touch a page each.
    pub(crate) fn journal(&self, word: &str) -> Result<JournalId> {
        let id = format!("{word}:{}:{}", self.version, self.sale);
        if id.len() > MAX_ID_BYTES {
            return self.journal_for(word, "");
        }
        Ok(JournalId::new(&id)?)
    }

    /// The id of a journal this outcome posts once for each `detail`.
    pub(crate) fn journal_for(&self, word: &str, detail: &str) -> Result<JournalId> {
        let version = self.version.to_string();
        let hash = short_hash(&[word, self.tenant.as_str(), self.sale.as_str(), &version, detail]);
        Ok(JournalId::new(&format!("{word}:{hash}"))?)
    }
}

const INSERT_ROW: &str = "INSERT INTO outcome_rows
     (tenant, outcome, ordinal, key, payee, rule, line, level, account, amount, refund_id, journal)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

const INSERT_ENTRY: &str = "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
     ON CONFLICT (tenant, outcome, rule, payee, account) DO UPDATE SET amount = amount + excluded.amount";

/// The row of an outcome that its moves read.
struct Head {
    number: i64,
    plan: String,
    currency: Currency,
    confirmed_at: Option<i64>,
    rows: i64,
    fingerprint: String,
}

/// What stands for a payee of a rule.
struct Standing {
    rule: String,
    payee: MemberId,
    account: String,
    amount: i64,
    stands_on: MemberAccount,
    hold_until: Option<i64>,
}

impl Batch<'_> {
    fn head(&self, sale: &SaleKey) -> Result<Option<Head>> {
        let mut statement = self.sql(
            "SELECT outcome, plan, currency, confirmed_at, rows, fingerprint FROM outcomes
             WHERE tenant = ?1 AND sale_id = ?2 AND version = ?3",
        )?;
        let mut rows = statement.query((sale.tenant.as_str(), sale.sale.as_str(), sale.version))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let currency = row.get_ref(2)?.as_str().map_err(|_| inconsistent(format!("{sale}: no currency")))?;
        Ok(Some(Head {
            number: row.get(0)?,
            plan: row.get(1)?,
            currency: self.currencies.parse(currency).map_err(Error::from)?,
            confirmed_at: row.get(3)?,
            rows: row.get(4)?,
            fingerprint: row.get(5)?,
        }))
    }

    fn need_head(&self, sale: &SaleKey) -> Result<Head> {
        let missing = || Error::new(Code::NotFound, format!("{sale} has no outcome in the store"));
        Ok(self.head(sale)?.ok_or_else(missing)?)
    }

    /// What stands of an outcome, in the order of rule and payee.
    fn standing(&self, sale: &SaleKey, head: &Head) -> Result<Vec<Standing>> {
        let mut statement = self.sql(
            "SELECT rule, payee, account, amount, stands_on, hold_until FROM entries
             WHERE tenant = ?1 AND outcome = ?2",
        )?;
        let mut rows = statement.query((sale.tenant.as_str(), head.number))?;
        let mut standing = Vec::new();
        while let Some(row) = rows.next()? {
            standing.push(read_standing(row)?);
        }
        Ok(standing)
    }

    fn plan(&mut self, tenant: &Tenant, hash: &str) -> Result<Arc<Plan>> {
        let key = (tenant.clone(), hash.to_owned());
        if let Some(plan) = self.state.plans.get(&key) {
            return Ok(Arc::clone(plan));
        }
        let text: Option<String> = self
            .sql("SELECT text FROM plans WHERE tenant = ?1 AND hash = ?2")?
            .query_row((tenant.as_str(), hash), |row| row.get(0))
            .optional()?;
        let text = text.ok_or_else(|| inconsistent(format!("the text of plan {hash} is missing")))?;
        let plan = Arc::new(Plan::from_json(&text)?);
        self.state.plans.insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}

/// When the next of an outcome's confirmed entries may be released.
fn due_of(standing: &[Standing]) -> Option<i64> {
    let held =
        standing.iter().filter(|entry| entry.stands_on == MemberAccount::Confirmed && entry.amount > 0);
    held.filter_map(|entry| entry.hold_until).min()
}

fn read_standing(row: &Row<'_>) -> Result<Standing> {
    let stands_on: String = row.get(4)?;
    Ok(Standing {
        rule: row.get(0)?,
        payee: MemberId::new(&row.get::<_, String>(1)?)?,
        account: row.get(2)?,
        amount: row.get(3)?,
        stands_on: MemberAccount::parse(&stands_on)?,
        hold_until: row.get(5)?,
    })
}
