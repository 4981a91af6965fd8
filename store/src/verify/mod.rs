//! Checking a whole store: every stored fact against the facts it follows from.

mod bindings;
mod idle;
mod ledger;
mod log;
mod members;
mod outcomes;
mod plans;
mod rebuilt;
mod wallets;

use crate::chain::Chain;
use crate::currencies::read_currencies;
use crate::fault::{Fault, Result};
use crate::file::Store;
use crate::links::{Linked, follow};
use crate::schema::{self, MIGRATIONS};
use fenrun::Error;
use fenrun::doc::Node;
use fenrun::money::CurrencyTable;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::BTreeMap;

/// How many faults of one check are told in words; all are counted.
const MAX_EXAMPLES: usize = 20;

/// One check of [`Store::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    name: &'static str,
    checked: u64,
    faults: u64,
    examples: Vec<String>,
}

impl Check {
    const fn new(name: &'static str) -> Self {
        Self { name, checked: 0, faults: 0, examples: Vec::new() }
    }

    fn fault(&mut self, what: impl Into<String>) {
        self.faults += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(what.into());
        }
    }

    /// Counts one thing looked at, and a fault unless it is sound.
    fn expect(&mut self, sound: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !sound {
            self.fault(what());
        }
    }

    /// What was checked; `docs/reference/store.md` lists the names and what each check proves.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How many things were looked at.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.checked
    }

    /// How many of them are wrong.
    #[must_use]
    pub const fn faults(&self) -> u64 {
        self.faults
    }

    /// The first of the faults in words.
    #[must_use]
    pub fn examples(&self) -> &[String] {
        &self.examples
    }
}

/// What [`Store::verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    checks: Vec<Check>,
    notices: Vec<String>,
}

impl Report {
    /// Whether no check found a fault.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.faults == 0)
    }

    /// The checks, in the order they were made.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// What is sound but wants somebody's attention: money providers paid out beyond what came in, and
    /// reports of theirs that contradict one another.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The document of the report.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let count = |value: u64| Node::Int(i64::try_from(value).unwrap_or(i64::MAX));
        let texts = |texts: &[String]| Node::List(texts.iter().map(|text| text.as_str().into()).collect());
        let checks = self.checks.iter().map(|check| {
            Node::map([
                ("name", Node::from(check.name)),
                ("checked", count(check.checked)),
                ("faults", count(check.faults)),
                ("examples", texts(&check.examples)),
            ])
        });
        Node::map([
            ("clean", self.is_clean().into()),
            ("checks", Node::List(checks.collect())),
            ("notices", texts(&self.notices)),
        ])
    }
}

impl Store {
    /// Checks the file, the chain of every order's events, that the projections equal the replay, the chain
    /// of members and edges, that bindings and the edges they made are the fold of their log, that every outcome evaluates anew to what is on record and its entries follow
    /// from its history, that rows were posted, that every journal balances, that stored balances equal the
    /// sum of their postings, and that the claims of wallets equal the replay and the balances that answer
    /// for them. It reads one moment of the store while others may write on.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database) when the store cannot be read at all, or was opened to read
    /// without a lock and written to meanwhile; what is wrong inside is told in the report.
    pub fn verify(&self) -> Result<Report, Error> {
        let snapshot = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred);
        let snapshot = snapshot.map_err(|error| Fault::from(error).at(&self.path))?;
        let mut report = Report { checks: Vec::new(), notices: Vec::new() };
        // Those of the file at this moment; another process may have added some.
        let read = read_currencies(&snapshot, &self.currencies);
        let currencies = read.as_ref().unwrap_or(&self.currencies);
        let view = View { connection: &snapshot, currencies };
        report.pass(["file"], |checks| check_file(view, checks));
        report.pass(["currencies"], |checks| check_currencies(view, &read, checks));
        report.pass(["log", "orders", "commands"], |checks| log::check(view, checks));
        report.pass(["idle_commands"], |checks| idle::check(view, checks));
        report.pass(["members"], |checks| members::check(view, checks));
        report.pass(["binding_log", "bindings"], |checks| bindings::check(view, checks));
        report.pass(["plans"], |checks| plans::check(view, checks));
        report.pass(["outcomes", "entries", "rows", "caps"], |checks| outcomes::check(view, checks));
        report.pass(["journals", "balances"], |checks| ledger::check(view, checks));
        report.pass(wallets::CHECKS, |checks| wallets::check(view, checks));
        drop(snapshot);
        self.check_still()?;
        Ok(report)
    }
}

/// What the passes read.
#[derive(Clone, Copy)]
struct View<'a> {
    connection: &'a Connection,
    currencies: &'a CurrencyTable,
}

impl Report {
    /// Makes some checks in one pass, which gives the notices it came across. A pass that cannot go on is
    /// a fault of its first check.
    fn pass<const N: usize>(
        &mut self,
        names: [&'static str; N],
        work: impl FnOnce(&mut [Check; N]) -> Result<Vec<String>>,
    ) {
        let mut checks = names.map(Check::new);
        match work(&mut checks) {
            Ok(notices) => self.notices.extend(notices),
            Err(fault) => checks[0].fault(format!("the check had to stop: {fault}")),
        }
        self.checks.extend(checks);
    }
}

/// Asks the engine whether its pages and indexes are sound.
fn check_file(view: View<'_>, [check]: &mut [Check; 1]) -> Result<Vec<String>> {
    let pages: i64 = view.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    check.checked = u64::try_from(pages).unwrap_or(0);
    let mut statement = view.connection.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            check.fault(said);
        }
    }
    check_schema(view, check)?;
    Ok(Vec::new())
}

/// The host's own currencies are those that were kept, and none is missing that this opener knows.
fn check_currencies(
    view: View<'_>,
    read: &Result<CurrencyTable>,
    [check]: &mut [Check; 1],
) -> Result<Vec<String>> {
    if let Err(fault) = read {
        check.fault(fault.to_string());
    }
    let mut statement = view.connection.prepare("SELECT 1 FROM currencies WHERE code = ?1")?;
    for own in view.currencies.registered() {
        let kept = statement.exists([own.code()])?;
        check.expect(kept, || format!("currency {own} is not on record"));
    }
    Ok(Vec::new())
}

/// Tables, indexes and triggers are those the migrations make, in the words they make them, and no others.
fn check_schema(view: View<'_>, check: &mut Check) -> Result<()> {
    let fresh = Connection::open_in_memory()?;
    schema::migrate(&fresh, MIGRATIONS)?;
    let (found, wanted) = (objects(view.connection)?, objects(&fresh)?);
    for (name, made) in &wanted {
        match found.get(name) {
            Some(known) if known == made => {}
            Some(_) => check.fault(format!("{name} is not the one a store has")),
            None => check.fault(format!("{name} is gone")),
        }
    }
    for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
        check.fault(format!("{name} is not of a store"));
    }
    Ok(())
}

/// What a database consists of, by kind and name, and how each was made.
fn objects(connection: &Connection) -> Result<BTreeMap<String, Option<String>>> {
    let sql = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'";
    let mut statement = connection.prepare(sql)?;
    let objects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(objects.collect::<Result<_, _>>()?)
}

/// Rows are numbered from 1 and none is ever deleted: a gap is a row that is gone.
fn check_numbers(view: View<'_>, table: &str, number: &str, check: &mut Check) -> Result<()> {
    let sql = format!("SELECT count(*), coalesce(min({number}), 1), coalesce(max({number}), 0) FROM {table}");
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (count, first, last): (i64, i64, i64) = view.connection.query_row(&sql, [], read)?;
    if first != 1 || last != count {
        check.fault(format!(
            "{table}: {count} rows are numbered {first} to {last}, so some are gone or moved"
        ));
    }
    Ok(())
}

/// Each row follows on the one before it, whoever's they are. A link that does not fit is told where it is.
fn check_links(view: View<'_>, linked: Linked, check: &mut Check) -> Result<()> {
    let (table, number) = linked.columns();
    let sql = format!("SELECT {number}, hash, link FROM {table} ORDER BY {number}");
    let mut statement = view.connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut before = Chain::default();
    while let Some(row) = rows.next()? {
        let link: Chain = row.get(2)?;
        if link != follow(&before, &row.get(1)?) {
            let place: i64 = row.get(0)?;
            check.fault(format!("{table}: row {place} does not follow on the one before it"));
        }
        before = link;
    }
    Ok(())
}

/// The tenants of some tables, in order.
fn tenants(view: View<'_>, tables: &[&str]) -> Result<Vec<String>> {
    let selects: Vec<_> = tables.iter().map(|table| format!("SELECT tenant FROM {table}")).collect();
    let mut statement = view.connection.prepare(&format!("{} ORDER BY tenant", selects.join(" UNION ")))?;
    let tenants = statement.query_map([], |row| row.get(0))?;
    Ok(tenants.collect::<Result<_, _>>()?)
}
