//! Outcomes: conservation, what stands for whom, and everything evaluated anew.

use super::rebuilt::{Plans, Rebuilt};
use super::{Check, View, check_numbers};
use crate::commission::{Counter, EntryKey, OUTCOME_JOURNALS, RECORD, Record, RefundRecord, Stand};
use crate::fault::{Fault, Result};
use fenrun::ledger::{Account, MemberAccount};
use rusqlite::{Connection, Row};
use std::collections::{BTreeMap, BTreeSet};

/// A row of `outcome_rows`.
pub(super) struct StoredRow {
    pub(super) ordinal: i64,
    pub(super) key: String,
    pub(super) payee: String,
    pub(super) rule: String,
    pub(super) line: Option<String>,
    pub(super) level: Option<i64>,
    pub(super) source: Option<String>,
    pub(super) account: String,
    pub(super) amount: i64,
    pub(super) refund: Option<String>,
    pub(super) journal: Option<i64>,
}

/// Everything the tables hold of one outcome.
pub(super) struct Stored {
    pub(super) record: Record,
    pub(super) rows: Vec<StoredRow>,
    pub(super) retained: BTreeMap<String, i64>,
    pub(super) entries: BTreeMap<EntryKey, Stand>,
    pub(super) refunds: Vec<RefundRecord>,
}

pub(super) fn check(view: View<'_>, checks: &mut [Check; 4]) -> Result<Vec<String>> {
    let mut statement = view.connection.prepare(&format!("{RECORD} ORDER BY outcome"))?;
    let mut found = statement.query([])?;
    let mut plans = Plans::new(view.connection);
    // Journals that outcomes claim; none can be told once an outcome cannot be rebuilt.
    let mut claimed = Some(0);
    let mut used = Some(Usage::new());
    let mut before = 0;
    while let Some(row) = found.next()? {
        let record = Record::read(row)?;
        let number = record.number;
        let stored = match Stored::read(view.connection, record) {
            Err(Fault::Domain(error)) => {
                checks[1].expect(false, || format!("outcome {number}: {error}"));
                (claimed, used) = (None, None);
                continue;
            }
            stored => stored?,
        };
        check_sums(&stored, checks);
        let earned = stored.rows.iter().find(|row| row.refund.is_none()).and_then(|row| row.journal);
        checks[0].expect(earned.is_none_or(|journal| journal > before), || {
            stored.told("it was posted before the outcome it is numbered after")
        });
        before = earned.unwrap_or(before);
        let [outcomes, entries, rows, _] = checks;
        check_order(view.connection, &stored.record, outcomes)?;
        let rebuilt = Rebuilt::new(&stored, &mut plans);
        outcomes.expect(rebuilt.is_ok(), || {
            stored.told(rebuilt.as_ref().err().map_or_else(String::new, Fault::to_string))
        });
        if let Ok(rebuilt) = &rebuilt {
            tell(outcomes, &stored, rebuilt.check_outcome(&stored));
            tell(entries, &stored, rebuilt.check_entries(&stored));
            let found = rebuilt.check_journals(view.connection, &stored, rows)?;
            claimed = claimed.map(|claimed| claimed + found);
            for (counter, amount) in rebuilt.counted() {
                let key = (stored.record.tenant.clone(), counter);
                used.iter_mut().for_each(|used| *used.entry(key.clone()).or_insert(0) += amount);
            }
        } else {
            (claimed, used) = (None, None);
        }
        check_posted(view.connection, &stored, rows)?;
    }
    let [outcomes, _, rows, caps] = checks;
    used.map_or(Ok(()), |used| check_caps(view.connection, used, caps))?;
    check_numbers(view, "outcomes", "outcome", outcomes)?;
    check_strays(view, outcomes)?;
    if let Some(claimed) = claimed {
        check_unclaimed(view.connection, claimed, rows)?;
    }
    Ok(Vec::new())
}

/// What was used of caps, by tenant.
type Usage = BTreeMap<(String, Counter), i128>;

/// What is kept of every cap over a period is what stands of the outcomes it counts, and none is left over.
fn check_caps(connection: &Connection, mut used: Usage, caps: &mut Check) -> Result<()> {
    let mut statement =
        connection.prepare("SELECT tenant, plan, currency, rule, payee, period, amount FROM cap_usage")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let counter = Counter {
            plan: row.get(1)?,
            currency: row.get(2)?,
            rule: row.get(3)?,
            payee: row.get(4)?,
            period: row.get(5)?,
        };
        let (key, kept) = ((row.get(0)?, counter), row.get::<_, i64>(6)?);
        let stands = used.remove(&key);
        caps.expect(stands == Some(i128::from(kept)), || {
            let Counter { plan, rule, payee, period, .. } = &key.1;
            let stands = stands.map_or("nothing".into(), |stands| stands.to_string());
            format!("{kept} is used of a cap in {period} (plan {plan}, rule {rule:?}, payee {payee:?}), {stands} stands")
        });
    }
    for ((_, Counter { plan, rule, payee, period, .. }), stands) in used {
        caps.fault(format!(
            "nothing is used of a cap in {period} (plan {plan}, rule {rule:?}, payee {payee:?}), {stands} stands"
        ));
    }
    Ok(())
}

impl Stored {
    fn read(connection: &Connection, record: Record) -> Result<Self> {
        let key = (record.tenant.as_str(), record.number);
        let mut statement = connection.prepare_cached(
            "SELECT ordinal, key, payee, rule, line, level, source, account, amount, refund_id, journal
             FROM outcome_rows WHERE tenant = ?1 AND outcome = ?2 ORDER BY ordinal",
        )?;
        let rows = statement.query_map(key, StoredRow::read)?.collect::<Result<_, _>>()?;
        let mut statement = connection.prepare_cached(
            "SELECT reason, amount FROM outcome_retained WHERE tenant = ?1 AND outcome = ?2",
        )?;
        let retained = statement.query_map(key, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let retained = retained.collect::<Result<_, _>>()?;
        let mut statement = connection.prepare_cached(
            "SELECT rule, payee, account, amount, stands_on, hold_until FROM entries
             WHERE tenant = ?1 AND outcome = ?2",
        )?;
        let mut found = statement.query(key)?;
        let mut entries = BTreeMap::new();
        while let Some(row) = found.next()? {
            let stands_on = MemberAccount::parse(&row.get::<_, String>(4)?)?;
            let stand = Stand { amount: row.get(3)?, stands_on, hold_until: row.get(5)? };
            entries.insert((row.get(0)?, row.get(1)?, row.get(2)?), stand);
        }
        let refunds = RefundRecord::all(connection, &record.tenant, record.number)?;
        Ok(Self { record, rows, retained, entries, refunds })
    }

    /// A message that names the sale.
    pub(super) fn told(&self, what: impl AsRef<str>) -> String {
        let Record { tenant, sale_id, version, .. } = &self.record;
        let shop = if tenant.is_empty() { String::new() } else { format!("tenant {tenant:?}, ") };
        format!("{shop}sale {sale_id} version {version}: {}", what.as_ref())
    }
}

impl StoredRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            ordinal: row.get(0)?,
            key: row.get(1)?,
            payee: row.get(2)?,
            rule: row.get(3)?,
            line: row.get(4)?,
            level: row.get(5)?,
            source: row.get(6)?,
            account: row.get(7)?,
            amount: row.get(8)?,
            refund: row.get(9)?,
            journal: row.get(10)?,
        })
    }
}

fn tell(check: &mut Check, stored: &Stored, found: Result<(), String>) {
    check.expect(found.is_ok(), || stored.told(found.err().unwrap_or_default()));
}

/// What holds of the rows alone, whatever they were computed from.
fn check_sums(stored: &Stored, [outcomes, entries, ..]: &mut [Check; 4]) {
    let Stored { record, rows, retained, .. } = stored;
    let first = rows.iter().filter(|row| row.refund.is_none());
    let paid: i128 = first.map(|row| i128::from(row.amount)).sum();
    let kept: i128 = retained.values().map(|amount| i128::from(*amount)).sum();
    let keys = rows.iter().map(|row| &row.key).collect::<BTreeSet<_>>().len();
    let whole = [rows.len(), keys].into_iter().all(|count| i64::try_from(count) == Ok(record.rows));
    outcomes.expect(whole && paid + kept == i128::from(record.pool), || {
        let (found, count, pool) = (rows.len(), record.rows, record.pool);
        stored.told(format!(
            "{found} rows with {keys} keys of {count}, {paid} paid and {kept} retained of {pool} offered"
        ))
    });
    let mut sums: BTreeMap<EntryKey, i128> = BTreeMap::new();
    for row in rows {
        let key = (row.rule.clone(), row.payee.clone(), row.account.clone());
        *sums.entry(key).or_default() += i128::from(row.amount);
    }
    let same = stored.entries.len() == sums.len()
        && stored.entries.iter().zip(&sums).all(|((key, stand), (known, sum))| {
            key == known && i128::from(stand.amount) == *sum && stand.amount >= 0
        });
    entries.expect(same, || stored.told("what stands is not the sum of its rows"));
}

/// An outcome of an order of this store: the order's log still holds the event it followed on.
fn check_order(connection: &Connection, record: &Record, outcomes: &mut Check) -> Result<()> {
    let Some(head) = &record.order_head else { return Ok(()) };
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM events WHERE tenant = ?1 AND order_id = ?2 AND hash = ?3")?;
    let found = statement.exists((&record.tenant, &record.sale_id, head))?;
    outcomes.expect(found, || {
        let Record { sale_id, version, .. } = record;
        format!("sale {sale_id} version {version}: the log of its order lacks what it was earned after")
    });
    Ok(())
}

/// What the rows of each journal give a payee is what the journal moves on the payee's accounts together.
fn check_posted(connection: &Connection, stored: &Stored, rows: &mut Check) -> Result<()> {
    let mut journals: BTreeMap<_, BTreeMap<&str, i128>> = BTreeMap::new();
    for row in &stored.rows {
        // Rows of a refund that cancel out have no journal, and no other refund's rows make up for them.
        let refund = if row.journal.is_none() { row.refund.as_deref() } else { None };
        let payees = journals.entry((row.journal, refund)).or_default();
        *payees.entry(&row.payee).or_default() += i128::from(row.amount);
    }
    for ((journal, _), payees) in journals {
        let mut moved = match journal {
            Some(number) => moved_by(connection, &stored.record.tenant, number)?,
            None => BTreeMap::new(),
        };
        for (payee, sum) in payees {
            let posted = moved.remove(payee).unwrap_or(0);
            rows.expect(posted == sum, || {
                stored.told(format!("rows give {payee} {sum}, their journal posts {posted}"))
            });
        }
        for (payee, sum) in moved.into_iter().filter(|(_, sum)| *sum != 0) {
            rows.fault(stored.told(format!("a journal posts {sum} for {payee}, whom its rows do not name")));
        }
    }
    Ok(())
}

/// What a journal moves on the accounts of each member together.
fn moved_by(connection: &Connection, tenant: &str, journal: i64) -> Result<BTreeMap<String, i128>> {
    let mut statement = connection
        .prepare_cached("SELECT account, minor FROM postings WHERE tenant = ?1 AND journal = ?2")?;
    let mut rows = statement.query((tenant, journal))?;
    let mut moved = BTreeMap::new();
    while let Some(row) = rows.next()? {
        // An account that cannot be read is told with its journal.
        let account: Option<Account> = row.get::<_, String>(0)?.parse().ok();
        if let Some(owner) = account.as_ref().and_then(Account::owner) {
            *moved.entry(owner.to_string()).or_default() += i128::from(row.get::<_, i64>(1)?);
        }
    }
    Ok(moved)
}

/// Rows, entries, retained amounts and refunds of outcomes that are not there.
fn check_strays(view: View<'_>, outcomes: &mut Check) -> Result<()> {
    for table in ["outcome_rows", "outcome_retained", "entries", "refunds"] {
        let mut statement = view.connection.prepare(&format!(
            "SELECT t.outcome FROM {table} t WHERE NOT EXISTS
                 (SELECT 1 FROM outcomes o WHERE o.outcome = t.outcome AND o.tenant = t.tenant)"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            outcomes.fault(format!("{table}: outcome {} is not there", row.get::<_, i64>(0)?));
        }
    }
    Ok(())
}

/// Journals made by outcomes that are not there.
fn check_unclaimed(connection: &Connection, claimed: i64, rows: &mut Check) -> Result<()> {
    let ours = OUTCOME_JOURNALS.map(|word| format!("journal_id GLOB '{word}*'")).join(" OR ");
    let sql = format!("SELECT count(*) FROM journals WHERE {ours}");
    let found: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    if found != claimed {
        rows.fault(format!(
            "{found} journals were posted by outcomes, those on record account for {claimed}"
        ));
    }
    Ok(())
}
