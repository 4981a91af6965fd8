//! The schema, as ordered migrations with checksums.

use crate::fault::Result;
use fenrun::{Code, Error, doc};
use rusqlite::Connection;
use std::path::Path;

/// `fenr` in ASCII, in the header of every store.
pub(crate) const APPLICATION_ID: i32 = 0x6665_6e72;

/// The migrations, first to last; a published one never changes.
const MIGRATIONS: &[&str] = &[include_str!("0001.sql")];

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing yet.
    Empty,
    /// A store, some migrations behind at most.
    Store,
}

/// Looks at a file without writing to it.
///
/// # Errors
/// [`Code::NotAStore`] for a database of somebody else; [`Code::NewerStore`]; [`Code::Inconsistent`] when
/// the store was made by a changed migration.
pub(crate) fn look(connection: &Connection, path: &Path) -> Result<Content> {
    let application_id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
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
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        let rule =
            format!("{file} has schema {version}, this library knows {known}; update fenrun to open it");
        return Err(Error::new(Code::NewerStore, rule).into());
    }
    check_history(connection, path, version)?;
    Ok(Content::Store)
}

/// Runs the migrations the store lacks, inside the caller's transaction.
pub(crate) fn migrate(connection: &Connection) -> Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (number, text) in (1_i64..).zip(MIGRATIONS).filter(|(number, _)| *number > version) {
        if number == 1 {
            connection.pragma_update(None, "application_id", APPLICATION_ID)?;
            connection.execute_batch(
                "CREATE TABLE migrations (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL) STRICT;",
            )?;
        }
        connection.execute_batch(text)?;
        connection.execute("INSERT INTO migrations VALUES (?1, ?2)", (number, doc::long_hash(text)))?;
        connection.pragma_update(None, "user_version", number)?;
    }
    Ok(())
}

fn check_history(connection: &Connection, path: &Path, version: i64) -> Result<()> {
    let mut statement = connection.prepare("SELECT checksum FROM migrations ORDER BY version")?;
    let checksums = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let wanted: Vec<String> = MIGRATIONS.iter().map(|text| doc::long_hash(text)).collect();
    let same = wanted.iter().zip(&checksums).all(|(left, right)| left == right);
    if !same || i64::try_from(checksums.len()) != Ok(version) {
        let file = path.display();
        let rule =
            format!("{file}: its record of migrations is not that of schema {version}; restore a backup");
        return Err(Error::new(Code::Inconsistent, rule).into());
    }
    Ok(())
}
