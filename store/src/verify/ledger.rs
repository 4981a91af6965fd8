//! Journals and members' balances.

use super::{Check, View, check_links, check_numbers, tenants};
use crate::chain::Chain;
use crate::fault::{Fault, Result, inconsistent};
use crate::journals::{journal_hash, read_amount};
use crate::links::Linked;
use fenrun::id::JournalId;
use fenrun::ledger::{Account, Journal, Posting};
use fenrun::money::Currency;
use fenrun::time::Timestamp;
use rusqlite::{Row, Statement};
use std::collections::BTreeMap;

/// Sums of one tenant by account and currency.
type Balances = BTreeMap<(Account, Currency), i128>;

pub(super) fn check(view: View<'_>, [journals, balances]: &mut [Check; 2]) -> Result<Vec<String>> {
    let mut postings = view.connection.prepare(
        "SELECT account, currency, minor, ordinal FROM postings WHERE tenant = ?1 AND journal = ?2
         ORDER BY ordinal",
    )?;
    // The index of ids gives the journals of one tenant; no more than its balances are held at a time.
    let mut statement = view.connection.prepare(
        "SELECT journal, journal_id, at, reason, fingerprint, hash FROM journals WHERE tenant = ?1",
    )?;
    for tenant in tenants(view, &["journals", "balances"])? {
        let mut sums = Balances::new();
        let mut found = statement.query([&tenant])?;
        while let Some(row) = found.next()? {
            let listed = match read_postings(view, &mut postings, &tenant, row.get(0)?) {
                Err(Fault::Domain(error)) => {
                    journals.expect(false, || error.to_string());
                    continue;
                }
                listed => listed?,
            };
            let sound = check_journal(&tenant, row, &listed);
            journals
                .expect(sound.is_ok(), || sound.err().map_or_else(String::new, |fault| fault.to_string()));
            for posting in listed.into_iter().filter(|posting| posting.account.owner().is_some()) {
                let key = (posting.account, posting.amount.currency());
                *sums.entry(key).or_default() += i128::from(posting.amount.minor());
            }
        }
        check_balances(view, &tenant, sums, balances)?;
    }
    check_numbers(view, "journals", "journal", journals)?;
    check_links(view, Linked::Journals, journals)?;
    check_strays(view, journals)?;
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
        if usize::try_from(row.get::<_, i64>(3)?) != Ok(postings.len()) {
            return Err(inconsistent(format!("journal number {number}: one of its postings is gone")).into());
        }
        postings.push(Posting { account, amount });
    }
    Ok(postings)
}

/// Builds the journal anew: it balances, is in canonical form and has the content its fingerprint says; its
/// hash says that id, time and postings are those it was posted with.
fn check_journal(tenant: &str, row: &Row<'_>, postings: &[Posting]) -> Result<()> {
    let id = JournalId::new(&row.get::<_, String>(1)?)?;
    let (at, reason) = (Timestamp::from_ms(row.get(2)?), row.get::<_, String>(3)?);
    let (fingerprint, hash): (String, Chain) = (row.get(4)?, row.get(5)?);
    let journal = Journal::new(id, at, &reason, postings.iter().cloned())?;
    if journal.postings() != postings {
        return Err(inconsistent(format!(
            "journal {}: its postings are not merged and in order",
            journal.id()
        ))
        .into());
    }
    if !journal.has_fingerprint(&fingerprint) || hash != journal_hash(tenant, &journal, &fingerprint) {
        return Err(inconsistent(format!("journal {}: its content was changed", journal.id())).into());
    }
    Ok(())
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

/// Every account that was ever posted to has its balance, and no other has one.
fn check_balances(view: View<'_>, tenant: &str, mut sums: Balances, balances: &mut Check) -> Result<()> {
    let mut statement =
        view.connection.prepare_cached("SELECT account, currency, minor FROM balances WHERE tenant = ?1")?;
    let mut rows = statement.query([tenant])?;
    while let Some(row) = rows.next()? {
        let (account, stored) = read_amount(row, view.currencies, 0)?;
        let key = (account, stored.currency());
        let sum = sums.remove(&key);
        let account = &key.0;
        balances.expect(sum == Some(i128::from(stored.minor())), || match sum {
            Some(sum) => {
                format!("account {account} stands at {stored}, its postings sum to {sum} minor units")
            }
            None => format!("account {account} has a balance of {stored} and no postings"),
        });
        if let Err(error) = account.check_balance(stored) {
            balances.fault(error.message());
        }
    }
    for ((account, currency), sum) in sums {
        balances.fault(format!(
            "account {account} has no balance, its postings sum to {sum} {currency} minor units"
        ));
    }
    Ok(())
}
