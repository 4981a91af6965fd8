//! The host's own currencies, kept in the file: a store is read alike by whoever opens it.

use crate::chain::{Chain, link};
use crate::fault::{Result, inconsistent};
use crate::file::Store;
use fenrun::money::CurrencyTable;
use fenrun::{Code, Error};
use rusqlite::{Connection, TransactionBehavior};

/// What a stored currency is sealed by.
pub(crate) fn currency_hash(code: &str, exponent: i64) -> Chain {
    link(&Chain::default(), &[b"currency", code.as_bytes(), &exponent.to_be_bytes()])
}

/// The currencies of the file beside those the host names.
///
/// # Errors
/// [`Code::StoreConflict`] when the two disagree; [`Code::Inconsistent`] for a row that was changed.
pub(crate) fn read_currencies(connection: &Connection, own: &CurrencyTable) -> Result<CurrencyTable> {
    let mut currencies = own.clone();
    let mut statement = connection.prepare("SELECT code, exponent, hash FROM currencies ORDER BY code")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (code, exponent): (String, i64) = (row.get(0)?, row.get(1)?);
        let sound = row.get::<_, Chain>(2)? == currency_hash(&code, exponent);
        let decimals = u8::try_from(exponent).ok().filter(|_| sound);
        let changed = || inconsistent(format!("currency {code} with {exponent} decimals was changed"));
        let registered = currencies.register(&code, decimals.ok_or_else(changed)?);
        registered
            .map_err(|error| Error::new(Code::StoreConflict, format!("the store and its host: {error}")))?;
    }
    Ok(currencies)
}

impl Store {
    /// Reads the currencies of the file, and keeps those the host names beside them.
    pub(crate) fn know_currencies(&mut self) -> Result<()> {
        let known = read_currencies(&self.connection, &self.currencies)?;
        let kept = read_currencies(&self.connection, &CurrencyTable::default())?;
        if known.registered().all(|own| kept.parse(own.code()).is_ok()) {
            self.currencies = known;
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been first.
        let known = read_currencies(&transaction, &self.currencies)?;
        let mut statement =
            transaction.prepare("INSERT INTO currencies VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
        for own in known.registered() {
            let exponent = i64::from(own.exponent());
            statement.execute((own.code(), exponent, currency_hash(own.code(), exponent)))?;
        }
        drop(statement);
        transaction.commit()?;
        self.currencies = known;
        Ok(())
    }

    /// The currencies amounts of the store are in: ISO 4217, those of the file, and those this opener named.
    #[must_use]
    pub const fn currencies(&self) -> &CurrencyTable {
        &self.currencies
    }
}
