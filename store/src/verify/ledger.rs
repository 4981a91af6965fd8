//! Journals, the rows they post, and members' balances.

use super::{Check, View};
use crate::fault::{Result, inconsistent};
use crate::journals::read_amount;
use fenrun::id::JournalId;
use fenrun::ledger::{Account, Journal, Posting};
use fenrun::money::Currency;
use fenrun::time::Timestamp;
use rusqlite::{Row, Statement};
use std::collections::BTreeMap;

/// Sums by tenant, account and currency.
type Balances = BTreeMap<(String, Account, Currency), i128>;

/// What the rows of one journal come to, by payee.
type Payees = BTreeMap<String, i128>;

pub(super) fn check(view: View<'_>, [journals, rows, balances]: &mut [Check; 3]) -> Result<Vec<String>> {
    let mut posted = rows_by_journal(view, rows)?;
    let mut sums = Balances::new();
    let mut postings = view.connection.prepare(
        "SELECT account, currency, minor FROM postings WHERE tenant = ?1 AND journal = ?2 ORDER BY ordinal",
    )?;
    let mut statement = view
        .connection
        .prepare("SELECT journal, tenant, journal_id, at, reason, fingerprint FROM journals")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let (number, tenant): (i64, String) = (row.get(0)?, row.get(1)?);
        let listed = read_postings(view, &mut postings, &tenant, number)?;
        let sound = check_journal(row, &listed);
        journals.expect(sound.is_ok(), || match sound {
            Ok(()) => String::new(),
            Err(fault) => fault.to_string(),
        });
        if let Some(payees) = posted.remove(&(tenant.clone(), number)) {
            check_rows(&listed, payees, rows);
        }
        for posting in listed.into_iter().filter(|posting| posting.account.owner().is_some()) {
            let key = (tenant.clone(), posting.account, posting.amount.currency());
            *sums.entry(key).or_default() += i128::from(posting.amount.minor());
        }
    }
    for ((_, number), _) in posted {
        rows.fault(format!("rows of an outcome name journal {number}, which is not there"));
    }
    check_strays(view, journals)?;
    check_balances(view, sums, balances)?;
    Ok(Vec::new())
}

fn read_postings(
    view: View<'_>,
    statement: &mut Statement<'_>,
    tenant: &str,
    number: i64,
) -> Result<Vec<Posting>> {
    let mut rows = statement.query((tenant, number))?;
    let mut postings = Vec::new();
    while let Some(row) = rows.next()? {
        let (account, amount) = read_amount(row, view.currencies, 0)?;
        postings.push(Posting { account, amount });
    }
    Ok(postings)
}

/// Builds the journal anew: it balances, is in canonical form and has the content its fingerprint says.
fn check_journal(row: &Row<'_>, postings: &[Posting]) -> Result<()> {
    let id = JournalId::new(&row.get::<_, String>(2)?)?;
    let (at, reason) = (Timestamp::from_ms(row.get(3)?), row.get::<_, String>(4)?);
    let journal = Journal::new(id, at, &reason, postings.iter().cloned())?;
    if journal.postings() != postings {
        return Err(inconsistent(format!(
            "journal {}: its postings are not merged and in order",
            journal.id()
        ))
        .into());
    }
    if !journal.has_fingerprint(&row.get::<_, String>(5)?) {
        return Err(inconsistent(format!("journal {}: its content was changed", journal.id())).into());
    }
    Ok(())
}

fn rows_by_journal(view: View<'_>, rows: &mut Check) -> Result<BTreeMap<(String, i64), Payees>> {
    let mut journals: BTreeMap<(String, i64), Payees> = BTreeMap::new();
    let mut unposted: BTreeMap<(String, i64, Option<String>, String), i128> = BTreeMap::new();
    let mut statement = view
        .connection
        .prepare("SELECT tenant, outcome, payee, amount, refund_id, journal FROM outcome_rows")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let (tenant, payee): (String, String) = (row.get(0)?, row.get(2)?);
        let amount = i128::from(row.get::<_, i64>(3)?);
        let sum = match row.get::<_, Option<i64>>(5)? {
            Some(number) => journals.entry((tenant, number)).or_default().entry(payee).or_default(),
            None => unposted.entry((tenant, row.get(1)?, row.get(4)?, payee)).or_default(),
        };
        *sum += amount;
    }
    for ((_, outcome, _, payee), sum) in unposted {
        rows.expect(sum == 0, || format!("outcome {outcome}: {sum} for {payee} was never posted"));
    }
    Ok(journals)
}

/// What the rows give each payee is what the journal moves on the payee's accounts together.
fn check_rows(postings: &[Posting], payees: Payees, rows: &mut Check) {
    let mut moved = Payees::new();
    for posting in postings {
        if let Some(owner) = posting.account.owner() {
            *moved.entry(owner.to_string()).or_default() += i128::from(posting.amount.minor());
        }
    }
    moved.retain(|_, sum| *sum != 0);
    for (payee, sum) in payees {
        let posted = moved.remove(&payee).unwrap_or(0);
        rows.expect(posted == sum, || format!("rows give {payee} {sum}, their journal posts {posted}"));
    }
    for (payee, sum) in moved {
        rows.fault(format!("a journal posts {sum} for {payee}, whom its rows do not name"));
    }
}

fn check_strays(view: View<'_>, journals: &mut Check) -> Result<()> {
    let mut statement = view.connection.prepare(
        "SELECT p.journal FROM postings p WHERE NOT EXISTS
             (SELECT 1 FROM journals j WHERE j.journal = p.journal AND j.tenant = p.tenant)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        journals.fault(format!("a posting names journal {}, which is not there", row.get::<_, i64>(0)?));
    }
    Ok(())
}

fn check_balances(view: View<'_>, mut sums: Balances, balances: &mut Check) -> Result<()> {
    let mut statement = view.connection.prepare("SELECT account, currency, minor, tenant FROM balances")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (account, stored) = read_amount(row, view.currencies, 0)?;
        let key = (row.get::<_, String>(3)?, account, stored.currency());
        let sum = sums.remove(&key).unwrap_or(0);
        balances.expect(sum == i128::from(stored.minor()), || {
            format!("account {} stands at {stored}, its postings sum to {sum} minor units", key.1)
        });
        if let Err(error) = key.1.check_balance(stored) {
            balances.fault(error.message());
        }
    }
    for ((_, account, currency), sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
        balances.fault(format!(
            "account {account} has no balance, its postings sum to {sum} {currency} minor units"
        ));
    }
    Ok(())
}
