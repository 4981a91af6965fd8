//! Commission in the store: outcomes with their rows, what stands for whom and where, and the journals
//! that go with every move.

mod caps;
mod earn;
mod follow;
mod read;
mod record;
mod replay;
mod reverse;
mod scan;

pub(crate) use caps::{Counter, count, fill_caps};
pub(crate) use earn::fingerprint;
pub(crate) use follow::moves_commission;
pub use read::{StoredEntry, StoredOutcome, StoredRow};
pub(crate) use record::{Deed, RECORD, Record, RefundRecord};
pub(crate) use replay::{EntryKey, Replay, Stand, Step, negated, read_plan};
pub use reverse::Reversed;
pub use scan::{OutcomeSummary, StoredRetained};

use crate::batch::Batch;
use crate::fault::{Fault, Result, inconsistent};
use fenrun::doc::short_hash;
use fenrun::id::{JournalId, MAX_ID_BYTES, MemberId, OrderId};
use fenrun::ledger::MemberAccount;
use fenrun::money::Currency;
use fenrun::reward::plan::Plan;
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use rusqlite::{Connection, OptionalExtension, Row};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// How the ids of the journals begin that outcomes make.
pub(crate) const OUTCOME_JOURNALS: [&str; 4] = ["earned:", "confirmed:", "released:", "reversed:"];

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

/// What stands for a payee of a rule.
struct Standing {
    rule: String,
    payee: MemberId,
    account: String,
    amount: i64,
    stands_on: MemberAccount,
    hold_until: Option<i64>,
}

/// An outcome that may be acted on: its chain fits, and what stands is what its history comes to.
struct Whole {
    record: Record,
    replay: Replay,
    standing: Vec<Standing>,
}

impl Whole {
    const fn currency(&self) -> Currency {
        self.replay.outcome.currency()
    }
}

impl Batch<'_> {
    fn record(&self, sale: &SaleKey) -> Result<Option<Record>> {
        read_record(&self.transaction, sale)
    }

    /// The outcome of a sale. What it is computed from, its history and what stands have to fit one
    /// another: money is not moved on changed inputs.
    fn whole(&mut self, sale: &SaleKey) -> Result<Whole> {
        let missing = || Error::new(Code::NotFound, format!("{sale} has no outcome in the store"));
        let record = self.record(sale)?.ok_or_else(missing)?;
        let path = self.path();
        let rebuilt = self.plan(&sale.tenant, &record.plan).and_then(|plan| {
            let replay = rebuild(&self.transaction, &record, &plan)?;
            let standing = self.standing(sale, &record)?;
            let same = standing.len() == replay.entries.len()
                && standing.iter().zip(&replay.entries).all(|(known, (key, stand))| known.is(key, stand));
            if !same || record.due != replay.due || record.confirmed_at != replay.confirmed_at {
                return Err(inconsistent("what stands is not what its history comes to").into());
            }
            Ok((replay, standing))
        });
        let (replay, standing) = rebuilt.map_err(|fault| refused(fault, path, sale))?;
        Ok(Whole { record, replay, standing })
    }

    /// Adds a deed to the history of an outcome, and writes when it was confirmed and is due next.
    fn write_deed(
        &self,
        record: &Record,
        (deed, taken): (&Deed, &str),
        (confirmed_at, due): (Option<i64>, Option<i64>),
        new_rows: usize,
    ) -> Result<()> {
        let mut statement = self.sql(
            "UPDATE outcomes SET confirmed_at = ?2, due = ?3, rows = rows + ?4, history = history || ?5,
                 head = ?6 WHERE outcome = ?1",
        )?;
        let new_rows = i64::try_from(new_rows).unwrap_or(i64::MAX);
        let head = deed.follow(&record.head, taken);
        statement.execute((record.number, confirmed_at, due, new_rows, deed.line(), head))?;
        Ok(())
    }

    /// What stands of an outcome, in the order of rule and payee.
    fn standing(&self, sale: &SaleKey, record: &Record) -> Result<Vec<Standing>> {
        let mut statement = self.sql(
            "SELECT rule, payee, account, amount, stands_on, hold_until FROM entries
             WHERE tenant = ?1 AND outcome = ?2 ORDER BY rule, payee, account",
        )?;
        let mut rows = statement.query((sale.tenant.as_str(), record.number))?;
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
        let text = plan_text(&self.transaction, tenant.as_str(), hash)?;
        let plan = Arc::new(read_plan(hash, text.as_deref())?);
        self.state.plans.insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}

/// The row of an outcome.
fn read_record(connection: &Connection, sale: &SaleKey) -> Result<Option<Record>> {
    let mut statement = connection
        .prepare_cached(&format!("{RECORD} WHERE tenant = ?1 AND sale_id = ?2 AND version = ?3"))?;
    let key = (sale.tenant.as_str(), sale.sale.as_str(), sale.version);
    Ok(statement.query_row(key, Record::read).optional()?)
}

/// The text of a plan, if it is on record.
pub(crate) fn plan_text(connection: &Connection, tenant: &str, hash: &str) -> Result<Option<String>> {
    let mut statement =
        connection.prepare_cached("SELECT text FROM plans WHERE tenant = ?1 AND hash = ?2")?;
    Ok(statement.query_row((tenant, hash), |row| row.get(0)).optional()?)
}

/// Goes through the history of an outcome whose chain fits.
fn rebuild(connection: &Connection, record: &Record, plan: &Plan) -> Result<Replay> {
    let deeds = record.deeds()?;
    let refunds = RefundRecord::all(connection, &record.tenant, record.number)?;
    record.check_chain(&deeds, &refunds)?;
    let mut replay = Replay::start(record, plan)?;
    replay.run(&deeds, &refunds)?;
    Ok(replay)
}

/// The error of an outcome that must not be acted on, naming the file and the sale.
fn refused(fault: Fault, path: &Path, sale: &SaleKey) -> Error {
    match fault {
        Fault::Domain(error) => {
            let rule = "nothing was done; run verify on the store, and restore a backup";
            let message = error.message().trim_end_matches("; run verify on the store");
            Error::new(Code::Inconsistent, format!("{}: {sale}: {message}; {rule}", path.display()))
        }
        engine @ Fault::Engine(_) => engine.at(path),
    }
}

/// When the next of an outcome's confirmed entries may be released.
fn due_of(standing: &[Standing]) -> Option<i64> {
    let held =
        standing.iter().filter(|entry| entry.stands_on == MemberAccount::Confirmed && entry.amount > 0);
    held.filter_map(|entry| entry.hold_until).min()
}

impl Standing {
    fn is(&self, (rule, payee, account): &EntryKey, stand: &Stand) -> bool {
        (&self.rule, self.payee.as_str(), &self.account) == (rule, payee.as_str(), account)
            && (self.amount, self.stands_on, self.hold_until)
                == (stand.amount, stand.stands_on, stand.hold_until)
    }
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
