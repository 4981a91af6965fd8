//! One transaction: what it has read and what it still has to write.

use crate::bindings::Shop;
use crate::chain::Chain;
use crate::fault::{Fault, Result};
use crate::links::Linked;
use fenrun::ledger::Account;
use fenrun::ledger::wallet::{Wallet, WalletKey};
use fenrun::money::Currency;
use fenrun::reward::plan::Plan;
use fenrun::trade::order::{Order, Tenant};
use fenrun::{Code, Error, id::OrderId};
use rusqlite::{CachedStatement, Transaction};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Writes that are kept together or not at all; see [`Store::batch`](crate::Store::batch).
pub struct Batch<'s> {
    pub(crate) transaction: Transaction<'s>,
    pub(crate) state: State,
    path: &'s Path,
    /// The first failure in the middle of a write.
    spoiled: Option<Error>,
}

/// What the batch holds in memory. No other writer can come between, so what was read stays true.
#[derive(Default)]
pub(crate) struct State {
    /// Orders the batch has touched, with the head of their chain.
    pub(crate) orders: BTreeMap<(Tenant, OrderId), Held<(Order, Chain)>>,
    /// Balances of members it has touched.
    pub(crate) balances: BTreeMap<(Tenant, Account, Currency), Held<i64>>,
    /// The links of the last rows it has written to the tables that are chained.
    pub(crate) links: BTreeMap<Linked, Chain>,
    /// Wallets it has touched, with the head of their chain; their balances are those above.
    pub(crate) wallets: BTreeMap<WalletKey, (Wallet, Chain)>,
    /// How many members and edges a tenant has, and the head of their chain.
    pub(crate) members: BTreeMap<Tenant, (i64, Chain)>,
    /// Bindings of tenants it has touched or looked for; none where there is no policy.
    pub(crate) bindings: BTreeMap<Tenant, Option<Shop>>,
    /// Plans it has read or written.
    pub(crate) plans: BTreeMap<(Tenant, String), Arc<Plan>>,
}

/// A value and whether it still has to be written.
pub(crate) struct Held<T> {
    pub(crate) value: T,
    pub(crate) dirty: bool,
}

impl<T> Held<T> {
    pub(crate) const fn clean(value: T) -> Self {
        Self { value, dirty: false }
    }

    pub(crate) const fn dirty(value: T) -> Self {
        Self { value, dirty: true }
    }
}

impl<'s> Batch<'s> {
    pub(crate) fn new(transaction: Transaction<'s>, path: &'s Path) -> Self {
        Self { transaction, state: State::default(), path, spoiled: None }
    }

    pub(crate) fn commit(mut self) -> Result<(), Error> {
        self.run(|batch| {
            batch.write_orders()?;
            batch.write_members()?;
            batch.write_bindings()?;
            batch.write_balances()
        })?;
        let path = self.path;
        self.transaction.commit().map_err(|error| Fault::from(error).at(path))
    }

    /// Runs one operation. When it fails after it has begun to write, the batch can no longer be kept; nor when
    /// the engine fails: on a full disk it takes back the whole transaction by itself, and what came after it
    /// would be kept alone.
    pub(crate) fn run<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T, Error> {
        if let Some(error) = &self.spoiled {
            let rule = format!("the batch cannot go on after a failure in the middle of a write: {error}");
            return Err(Error::new(Code::Database, rule));
        }
        let before = self.transaction.total_changes();
        work(self).map_err(|fault| {
            let engine = matches!(fault, Fault::Engine(_)) || self.transaction.is_autocommit();
            let error = fault.at(self.path);
            if engine || self.transaction.total_changes() != before {
                self.spoiled = Some(error.clone());
            }
            error
        })
    }

    /// The file, for messages.
    pub(crate) const fn path(&self) -> &'s Path {
        self.path
    }

    /// A statement, prepared once per connection.
    pub(crate) fn sql(&self, text: &str) -> Result<CachedStatement<'_>> {
        Ok(self.transaction.prepare_cached(text)?)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Store, Tenant};
    use fenrun::Code;
    use fenrun::id::ExternalId;
    use fenrun::time::Timestamp;

    /// SQLite takes the whole transaction back when a file is full: whoever catches that and goes on would
    /// keep the second half of a batch alone.
    #[test]
    fn a_full_disk_leaves_nothing_of_a_batch() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(folder.path().join("shop.db")).unwrap();
        let shop = Tenant::new("shop").unwrap();
        let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let full = format!("PRAGMA max_page_count = {}", pages + 8);
        store.connection.query_row(&full, [], |_| Ok(())).unwrap();
        let kept = store.batch(|batch| {
            batch.put_member(&shop, &1.into(), Timestamp::from_ms(0))?;
            let long = "x".repeat(20_000);
            let mut refused = None;
            for at in 0..8 {
                let subject = ExternalId::new(&format!("s{at}")).unwrap();
                refused = refused.or(batch.put_personal(&shop, &subject, "name", &long).err());
            }
            assert_eq!(refused.map(|error| error.code()), Some(Code::Database));
            // Caught; what comes next would be a transaction of its own.
            let _ = batch.put_member(&shop, &2.into(), Timestamp::from_ms(0));
            Ok(())
        });
        assert_eq!(kept.map_err(|error| error.code()), Err(Code::Database));
        for table in ["members", "personal"] {
            let sql = format!("SELECT count(*) FROM {table}");
            let rows: i64 = store.connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(rows, 0, "{table}");
        }
        assert!(store.verify().unwrap().is_clean());
    }
}
