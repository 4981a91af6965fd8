//! Outcomes: conservation, and what stands for whom.

use super::{Check, View};
use crate::fault::Result;
use rusqlite::Rows;
use std::collections::{BTreeMap, BTreeSet};

/// Rule, payee and account of an entry.
type EntryKey = (String, String, String);

/// What the rows of one outcome come to.
#[derive(Default)]
struct Sums {
    rows: i64,
    paid: i128,
    standing: BTreeMap<EntryKey, i128>,
    keys: BTreeSet<String>,
}

pub(super) fn check(view: View<'_>, [outcomes, entries]: &mut [Check; 2]) -> Result<Vec<String>> {
    let mut rows_of = view.connection.prepare(
        "SELECT rule, payee, account, amount, refund_id, key FROM outcome_rows
         WHERE tenant = ?1 AND outcome = ?2",
    )?;
    let mut entries_of = view
        .connection
        .prepare("SELECT rule, payee, account, amount FROM entries WHERE tenant = ?1 AND outcome = ?2")?;
    let mut retained_of =
        view.connection.prepare("SELECT amount FROM outcome_retained WHERE tenant = ?1 AND outcome = ?2")?;
    let mut statement =
        view.connection.prepare("SELECT tenant, outcome, sale_id, version, pool, rows FROM outcomes")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let (tenant, number): (String, i64) = (row.get(0)?, row.get(1)?);
        let (sale, version): (String, i64) = (row.get(2)?, row.get(3)?);
        let (pool, count): (i64, i64) = (row.get(4)?, row.get(5)?);
        let sums = sum_rows(rows_of.query((&tenant, number))?)?;
        let mut retained = 0_i128;
        let mut rows = retained_of.query((&tenant, number))?;
        while let Some(row) = rows.next()? {
            retained += i128::from(row.get::<_, i64>(0)?);
        }
        let whole = sums.rows == count && i64::try_from(sums.keys.len()) == Ok(count);
        outcomes.expect(whole && sums.paid + retained == i128::from(pool), || {
            let Sums { rows, paid, keys, .. } = &sums;
            let keys = keys.len();
            format!(
                "sale {sale} version {version}: {rows} rows with {keys} keys of {count}, {paid} paid and {retained} retained of {pool} offered"
            )
        });
        let mut stored: BTreeMap<EntryKey, i128> = BTreeMap::new();
        let mut rows = entries_of.query((&tenant, number))?;
        while let Some(row) = rows.next()? {
            stored.insert((row.get(0)?, row.get(1)?, row.get(2)?), i128::from(row.get::<_, i64>(3)?));
        }
        let sound = stored == sums.standing && stored.values().all(|amount| *amount >= 0);
        entries.expect(sound, || {
            format!("sale {sale} version {version}: what stands is not the sum of its rows")
        });
    }
    check_strays(view, outcomes)?;
    Ok(Vec::new())
}

fn sum_rows(mut rows: Rows<'_>) -> Result<Sums> {
    let mut sums = Sums::default();
    while let Some(row) = rows.next()? {
        let amount = i128::from(row.get::<_, i64>(3)?);
        if row.get::<_, Option<String>>(4)?.is_none() {
            sums.paid += amount;
        }
        sums.rows += 1;
        sums.keys.insert(row.get(5)?);
        *sums.standing.entry((row.get(0)?, row.get(1)?, row.get(2)?)).or_default() += amount;
    }
    Ok(sums)
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
