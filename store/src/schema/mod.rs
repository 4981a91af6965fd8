//! The schema, as ordered migrations with checksums.

use crate::commission::fill_caps;
use crate::fault::{Result, inconsistent};
use crate::links::{Linked, link_rows};
use crate::wallets::fill_transactions;
use fenrun::{Code, Error, doc};
use rusqlite::Connection;
use std::path::Path;

/// `fenr` in ASCII, in the header of every store.
pub(crate) const APPLICATION_ID: i32 = 0x6665_6e72;

/// One step of the schema.
pub(crate) struct Migration {
    /// What makes its tables.
    sql: &'static str,
    /// What fills them from a store that was made before there were any.
    fill: Option<fn(&Connection) -> Result<()>>,
}

impl Migration {
    const fn new(sql: &'static str) -> Self {
        Self { sql, fill: None }
    }
}

/// The migrations, first to last; the text of a published one never changes.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::new(include_str!("0001.sql")),
    Migration::new(include_str!("0002.sql")),
    Migration { sql: include_str!("0003.sql"), fill: Some(fill_third) },
    Migration { sql: include_str!("0004.sql"), fill: Some(fill_fourth) },
    Migration::new(include_str!("0005.sql")),
];

fn fill_third(connection: &Connection) -> Result<()> {
    link_rows(connection, Linked::Journals)?;
    fill_transactions(connection)
}

fn fill_fourth(connection: &Connection) -> Result<()> {
    link_rows(connection, Linked::Events)?;
    link_rows(connection, Linked::WalletEvents)?;
    fill_caps(connection)
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing yet.
    Empty,
    /// A store some migrations behind.
    Behind,
    /// A store of today.
    Store,
}

/// Looks at a file without writing to it.
///
/// # Errors
/// [`Code::NotAStore`] for a database of somebody else; [`Code::NewerStore`]; [`Code::Inconsistent`] when
/// the store was made by a changed migration.
pub(crate) fn look(connection: &Connection, path: &Path, migrations: &[Migration]) -> Result<Content> {
    let application_id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: usize = version(connection)?;
    let file = path.display();
    if application_id != APPLICATION_ID {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if application_id == 0 && version == 0 && tables == 0 {
            return Ok(Content::Empty);
        }
        let message =
            format!("{file} is a database of another program; it was left as it is, name another file");
        return Err(Error::new(Code::NotAStore, message).into());
    }
    let known = migrations.len();
    if version > known {
        let rule =
            format!("{file} has schema {version}, this library knows {known}; update fenrun to open it");
        return Err(Error::new(Code::NewerStore, rule).into());
    }
    if checksums(connection)?
        != migrations[..version].iter().map(|step| doc::long_hash(step.sql)).collect::<Vec<_>>()
    {
        let rule =
            format!("{file}: its record of migrations is not that of schema {version}; restore a backup");
        return Err(Error::new(Code::Inconsistent, rule).into());
    }
    Ok(if version < known { Content::Behind } else { Content::Store })
}

/// Runs the migrations the store lacks, inside the caller's transaction.
pub(crate) fn migrate(connection: &Connection, migrations: &[Migration]) -> Result<()> {
    let version = version(connection)?;
    if version == 0 {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.execute_batch(
            "CREATE TABLE migrations (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL) STRICT;",
        )?;
    }
    for (number, step) in (1_i64..).zip(migrations).skip(version) {
        connection.execute_batch(step.sql)?;
        step.fill.map_or(Ok(()), |fill| fill(connection))?;
        connection.execute("INSERT INTO migrations VALUES (?1, ?2)", (number, doc::long_hash(step.sql)))?;
        connection.pragma_update(None, "user_version", number)?;
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version)
        .map_err(|_| inconsistent(format!("schema version {version} is below zero")))?)
}

fn checksums(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT checksum FROM migrations ORDER BY version")?;
    let checksums = statement.query_map([], |row| row.get(0))?;
    Ok(checksums.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    const MADE: &str = "CREATE TABLE a (x INTEGER) STRICT;";
    const OLD: &[Migration] = &[Migration::new(MADE)];
    const NEW: &[Migration] =
        &[Migration::new(MADE), Migration { sql: "ALTER TABLE a ADD COLUMN y INTEGER;", fill: Some(double) }];

    fn double(connection: &Connection) -> Result<()> {
        Ok(connection.execute_batch("UPDATE a SET y = 2 * x")?)
    }

    fn seen(connection: &Connection, migrations: &[Migration]) -> Result<Content, Code> {
        look(connection, Path::new("shop.db"), migrations).map_err(|fault| match fault {
            Fault::Domain(error) => error.code(),
            Fault::Engine(error) => panic!("{error}"),
        })
    }

    #[test]
    fn a_store_grows_one_migration_after_the_other() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!(seen(&connection, OLD), Ok(Content::Empty));
        migrate(&connection, OLD).unwrap();
        assert_eq!(seen(&connection, OLD), Ok(Content::Store));
        connection.execute_batch("INSERT INTO a VALUES (5)").unwrap();
        assert_eq!(seen(&connection, NEW), Ok(Content::Behind));
        migrate(&connection, NEW).unwrap();
        migrate(&connection, NEW).unwrap();
        assert_eq!(seen(&connection, NEW), Ok(Content::Store));
        assert_eq!(seen(&connection, OLD), Err(Code::NewerStore));
        let row = connection.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?)));
        assert_eq!(row.unwrap(), (5, 10));
    }

    #[test]
    fn a_published_migration_never_changes() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, OLD).unwrap();
        assert_eq!(
            seen(&connection, &[Migration::new("CREATE TABLE a (x TEXT) STRICT;")]),
            Err(Code::Inconsistent)
        );
    }
}
