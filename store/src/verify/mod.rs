//! Checking a whole store: every stored fact against the facts it follows from.

mod ledger;
mod log;
mod outcomes;
mod wallets;

use crate::fault::{Fault, Result};
use crate::file::Store;
use fenrun::Error;
use fenrun::doc::Node;
use fenrun::money::CurrencyTable;
use rusqlite::{Connection, Transaction, TransactionBehavior};

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

    /// What was checked: `file`, `log` (events and their chain), `orders` (projections), `commands`,
    /// `outcomes` (conservation), `entries` (what stands), `journals`, `rows` (each was posted), `balances`,
    /// `wallets` (events and their chain, and what they posted), `withdrawals` (and what is reserved for
    /// them), `payouts`, `holds` (and what is held) or `adjustments`.
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
    /// Checks the file, the chain of every order's events, that the projections equal the replay, that
    /// every journal balances, that stored balances equal the sum of their postings, that outcomes conserve
    /// and that their rows were posted, and that the claims of wallets equal the replay and the balances
    /// that answer for them. It reads one moment of the store while others may write on.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database) when the store cannot be read at all; what is wrong inside
    /// is told in the report.
    pub fn verify(&self) -> Result<Report, Error> {
        let snapshot = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred);
        let snapshot = snapshot.map_err(|error| Fault::from(error).at(&self.path))?;
        let mut report = Report { checks: Vec::new(), notices: Vec::new() };
        let view = View { connection: &snapshot, currencies: &self.currencies };
        report.pass(["file"], |checks| check_file(view, checks));
        report.pass(["log", "orders", "commands"], |checks| log::check(view, checks));
        report.pass(["outcomes", "entries"], |checks| outcomes::check(view, checks));
        report.pass(["journals", "rows", "balances"], |checks| ledger::check(view, checks));
        report.pass(wallets::CHECKS, |checks| wallets::check(view, checks));
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
    Ok(Vec::new())
}
