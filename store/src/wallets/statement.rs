//! Statements of members.

use crate::fault::Result;
use crate::file::Store;
use crate::journals::read_amount;
use fenrun::Error;
use fenrun::id::{JournalId, MemberId};
use fenrun::ledger::{Account, Journal, MemberAccount, Period, Posting, Statement, statement};
use fenrun::money::Currency;
use fenrun::request::Tenant;
use fenrun::time::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::BTreeSet;

impl Store {
    /// What a member had, got and gave in a period, folded from the journals.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent) or
    /// what is wrong with a journal that cannot be read; [`Code::Overflow`](fenrun::Code::Overflow).
    pub fn statement(&self, tenant: &Tenant, period: Period) -> Result<Statement, Error> {
        self.read(|connection| {
            let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let numbers = journals_of(&snapshot, tenant, &period)?;
            let mut journals = Vec::with_capacity(numbers.len());
            for number in numbers {
                journals.push(self.read_journal(&snapshot, tenant, number)?);
            }
            Ok(statement(period, &journals)?)
        })
    }

    /// The currencies a member has accounts in, in the order of their codes.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn currencies_of(&self, tenant: &Tenant, member: &MemberId) -> Result<Vec<Currency>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT currency FROM balances WHERE tenant = ?1 AND account = ?2",
            )?;
            let mut found = BTreeSet::new();
            for account in MemberAccount::ALL {
                let account = Account::member(member, *account).to_string();
                let mut rows = statement.query((tenant.as_str(), account))?;
                while let Some(row) = rows.next()? {
                    found.insert(row.get::<_, String>(0)?);
                }
            }
            let currencies = found.iter().map(|code| self.currencies.parse(code).map_err(Error::from));
            Ok(currencies.collect::<Result<_, _>>()?)
        })
    }

    fn read_journal(&self, connection: &Connection, tenant: &Tenant, number: i64) -> Result<Journal> {
        let mut statement = connection.prepare_cached(
            "SELECT account, currency, minor FROM postings WHERE tenant = ?1 AND journal = ?2 ORDER BY ordinal",
        )?;
        let mut rows = statement.query((tenant.as_str(), number))?;
        let mut postings = Vec::new();
        while let Some(row) = rows.next()? {
            let (account, amount) = read_amount(row, &self.currencies, 0)?;
            postings.push(Posting { account, amount });
        }
        let mut head =
            connection.prepare_cached("SELECT journal_id, at, reason FROM journals WHERE journal = ?1")?;
        let (id, at, reason): (String, i64, String) =
            head.query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Journal::new(JournalId::new(&id)?, Timestamp::from_ms(at), &reason, postings)?)
    }
}

/// The numbers of the journals that move an account of the member, first to last.
fn journals_of(connection: &Connection, tenant: &Tenant, period: &Period) -> Result<BTreeSet<i64>> {
    // The last condition says nothing new: it names the index of members' postings.
    let mut statement = connection.prepare_cached(
        "SELECT journal FROM postings
         WHERE tenant = ?1 AND account = ?2 AND currency = ?3 AND account >= 'member:'",
    )?;
    let mut numbers = BTreeSet::new();
    for account in MemberAccount::ALL {
        let account = Account::member(&period.member, *account).to_string();
        let mut rows = statement.query((tenant.as_str(), account, period.currency.code()))?;
        while let Some(row) = rows.next()? {
            numbers.insert(row.get(0)?);
        }
    }
    Ok(numbers)
}
