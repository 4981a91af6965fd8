//! The order of what was written: rows of some tables are numbered as they came, whoever's they are, and each
//! has its hash chained to those of all rows before, so that none changes places unseen.

use crate::batch::Batch;
use crate::chain::{Chain, link};
use crate::fault::Result;
use rusqlite::{Connection, OptionalExtension};

/// A table whose rows are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Linked {
    Journals,
    Events,
    WalletEvents,
}

impl Linked {
    /// The table, and the column that numbers its rows.
    pub(crate) const fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Journals => ("journals", "journal"),
            Self::Events => ("events", "position"),
            Self::WalletEvents => ("wallet_events", "position"),
        }
    }
}

/// The hash of a row chained to those before it.
pub(crate) fn follow(previous: &Chain, hash: &Chain) -> Chain {
    link(previous, &[hash])
}

impl Batch<'_> {
    /// The link of the next row of a table; the row has to be written then.
    pub(crate) fn next_link(&mut self, linked: Linked, hash: &Chain) -> Result<Chain> {
        let before = match self.state.links.get(&linked) {
            Some(before) => *before,
            None => {
                let (table, number) = linked.columns();
                let sql = format!("SELECT link FROM {table} ORDER BY {number} DESC LIMIT 1");
                self.sql(&sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or_default()
            }
        };
        let next = follow(&before, hash);
        self.state.links.insert(linked, next);
        Ok(next)
    }
}

/// Chains the rows of a store that was made before they were.
pub(crate) fn link_rows(connection: &Connection, linked: Linked) -> Result<()> {
    let (table, number) = linked.columns();
    let mut found = connection.prepare(&format!("SELECT {number}, hash FROM {table} ORDER BY {number}"))?;
    let mut update = connection.prepare(&format!("UPDATE {table} SET link = ?2 WHERE {number} = ?1"))?;
    let mut head = Chain::default();
    let mut rows = found.query([])?;
    while let Some(row) = rows.next()? {
        head = follow(&head, &row.get(1)?);
        update.execute((row.get::<_, i64>(0)?, head))?;
    }
    Ok(())
}
