//! Opening, creating and closing the file.

use crate::batch::Batch;
use crate::fault::{Fault, Result};
use crate::reading::Access;
use crate::schema::{self, Content, MIGRATIONS};
use fenrun::money::CurrencyTable;
use fenrun::{Code, Error};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// When a commit is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// A commit has reached the disk when it returns.
    #[default]
    Full,
    /// A commit survives the process; a power failure may lose the last ones, never a part of one.
    Normal,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// When a commit is safe.
    pub durability: Durability,
    /// How long a writer waits for another one.
    pub busy_timeout: Duration,
    /// The host's own currencies beside ISO 4217. A store opened to write keeps them in its file, so that
    /// whoever opens it later need not name them again; one with other decimals is refused.
    pub currencies: CurrencyTable,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            busy_timeout: Duration::from_secs(10),
            currencies: CurrencyTable::default(),
        }
    }
}

/// One store: a SQLite file in WAL mode. Readers never wait; writers take turns, across processes too.
///
/// A store is owned by one thread at a time; every thread and every forked process opens its own.
///
/// ```
/// use fenrun_store::{Store, Tenant};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.db");
/// let mut store = Store::create(&path)?;
/// let shop = Tenant::new("shop-1")?;
/// store.batch(|batch| batch.put_member(&shop, &7.into(), fenrun::time::Timestamp::from_ms(0)))?;
/// assert!(store.verify()?.is_clean());
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) currencies: CurrencyTable,
    pub(crate) access: Access,
}

impl Store {
    /// Makes a new store.
    ///
    /// # Errors
    /// [`Code::File`] when something is there already or the folder cannot be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::create_with(path, &Options::default())
    }

    /// Makes a new store with options.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn create_with(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        let path = path.as_ref();
        if path.exists() {
            check_kind(path)?;
        }
        std::fs::File::create_new(path).map_err(|error| {
            let file = path.display();
            Error::new(
                Code::File,
                format!("{file} cannot be created: {error}; open it, or name another file"),
            )
        })?;
        Self::prepare(path, options).map_err(|fault| fault.at(path))
    }

    /// Opens a store that is there.
    ///
    /// # Errors
    /// [`Code::File`] when there is no file, a folder stands there or it cannot be written; [`Code::NotAStore`] for anything else
    /// than a store, which is left as it is; [`Code::NewerStore`]; [`Code::Database`] when it is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(path, &Options::default())
    }

    /// Opens a store that is there, with options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        let path = path.as_ref();
        check_kind(path)?;
        let open = || {
            let (store, content) = Self::connect(path, options)?;
            if content == Content::Empty {
                let rule = format!("{} is empty, not a fenrun store; create one", path.display());
                return Err(Error::new(Code::NotAStore, rule).into());
            }
            store.ready(options.durability)
        };
        open().map_err(|fault: Fault| fault.at(path))
    }

    /// Opens a store, or makes one where there is no file or an empty one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_or_create_with(path, &Options::default())
    }

    /// Opens a store or makes one, with options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_or_create_with(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        let path = path.as_ref();
        if path.exists() {
            check_kind(path)?;
        }
        // Two processes may come here at once: both find a file, and the transaction decides who fills it.
        if let Err(error) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
            let rule = format!("{} cannot be written: {error}", path.display());
            return Err(Error::new(Code::File, rule));
        }
        Self::prepare(path, options).map_err(|fault| fault.at(path))
    }

    /// Runs the caller's work in one transaction: it is kept whole when the work returns, and nothing of
    /// it is kept when the work fails.
    ///
    /// A refusal that wrote nothing (an order that does not allow the command, a conflict) may be caught
    /// inside and the batch goes on. A failure in the middle of a write may not: the batch fails whatever
    /// the work returns.
    ///
    /// # Errors
    /// The work's own; [`Code::Database`] when the engine fails, or another writer holds the file for
    /// longer than [`Options::busy_timeout`]; [`Code::File`] for a store opened to read.
    pub fn batch<T>(&mut self, work: impl FnOnce(&mut Batch<'_>) -> Result<T, Error>) -> Result<T, Error> {
        if self.access != Access::Write {
            let rule = format!("{} was opened to read; open it to write", self.path.display());
            return Err(Error::new(Code::File, rule));
        }
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(|error| Fault::from(error).at(&self.path))?;
        let mut batch = Batch::new(transaction, &self.path);
        let value = work(&mut batch)?;
        batch.commit()?;
        Ok(value)
    }

    /// Folds the log into the file, so that the file alone is the store until the next write, and closes. A
    /// store opened to read is left as it is.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn close(self) -> Result<(), Error> {
        let Self { connection, path, access, .. } = self;
        let folded = match access {
            Access::Write => connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())),
            _ => Ok(()),
        };
        let closed = folded.and_then(|()| connection.close().map_err(|(_, error)| error));
        closed.map_err(|error| Fault::from(error).at(&path))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a read and names the file in its errors.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T, Error> {
        work(&self.connection).map_err(|fault| fault.at(&self.path))
    }

    /// Opens or fills a file that is there.
    fn prepare(path: &Path, options: &Options) -> Result<Self> {
        let (store, _) = Self::connect(path, options)?;
        store.ready(options.durability)
    }

    /// Opens a file and refuses what is not ours, without writing to it.
    fn connect(path: &Path, options: &Options) -> Result<(Self, Content)> {
        // Without CREATE a missing file is an error, and without URI a path is never read as one.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::look(Connection::open_with_flags(path, flags)?, (path, Access::Write), options)
    }

    /// Sets a connection up and refuses what is not ours, without writing to it.
    pub(crate) fn look(
        connection: Connection,
        (path, access): (&Path, Access),
        options: &Options,
    ) -> Result<(Self, Content)> {
        connection.busy_timeout(options.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(128);
        // One plan a statement, whatever is bound: otherwise some are prepared anew each time.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // Enough to make a store: what is written next in full brings the schema to the disk with it.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        // A log of 16 MiB before it is folded in: pages that many batches touch are written back once.
        connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
        connection.pragma_update(None, "secure_delete", true)?;
        let content = schema::look(&connection, path, MIGRATIONS)?;
        let (path, currencies) = (path.to_owned(), options.currencies.clone());
        Ok((Self { connection, path, currencies, access }, content))
    }

    /// The last checks and settings of a file that is empty or a store.
    fn ready(mut self, durability: Durability) -> Result<Self> {
        if self.connection.is_readonly("main")? {
            let file = self.path.display();
            let rule = format!("{file} cannot be written; allow writing to the file and its folder");
            return Err(Error::new(Code::File, rule).into());
        }
        self.set_wal()?;
        if schema::look(&self.connection, &self.path, MIGRATIONS)? != Content::Store {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another process may have been first.
            schema::look(&transaction, &self.path, MIGRATIONS)?;
            schema::migrate(&transaction, MIGRATIONS)?;
            transaction.commit()?;
        }
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        self.connection.pragma_update(None, "synchronous", synchronous)?;
        self.know_currencies()?;
        Ok(self)
    }

    fn set_wal(&self) -> Result<()> {
        let mode: String = self.connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode == "wal" {
            return Ok(());
        }
        let rule = format!("{}: this file system does not carry a write-ahead log", self.path.display());
        Err(Error::new(Code::Database, rule).into())
    }
}

/// Refuses what cannot be a store by its kind, for which the engine has no words of its own.
///
/// # Errors
/// [`Code::File`] when nothing is there, or a folder, a pipe or a device.
pub(crate) fn check_kind(path: &Path) -> Result<(), Error> {
    let file = path.display();
    let refused = |rule: String| Err(Error::new(Code::File, format!("{file} {rule}")));
    match std::fs::metadata(path) {
        Err(error) => refused(format!("cannot be opened: {error}; name the file of a store")),
        Ok(found) if found.is_dir() => refused("is a folder; name the file of a store in it".into()),
        Ok(found) if !found.is_file() => refused("is no regular file; name the file of a store".into()),
        Ok(_) => Ok(()),
    }
}
