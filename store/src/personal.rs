//! Personal data: kept apart from everything that is hashed, so that it can be erased.

use crate::batch::Batch;
use crate::fault::Result;
use crate::file::Store;
use fenrun::Error;
use fenrun::id::ExternalId;
use fenrun::trade::order::Tenant;
use std::collections::BTreeMap;

impl Batch<'_> {
    /// Keeps a value about a person or an order (a name, an address), in place of an earlier one.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn put_personal(
        &mut self,
        tenant: &Tenant,
        subject: &ExternalId,
        field: &str,
        value: &str,
    ) -> Result<(), Error> {
        self.run(|batch| {
            let mut statement = batch.sql(
                "INSERT INTO personal VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tenant, subject, field) DO UPDATE SET value = excluded.value",
            )?;
            statement.execute((tenant.as_str(), subject.as_str(), field, value))?;
            Ok(())
        })
    }

    /// Erases everything kept about a person or an order, and tells how many values there were. The bytes
    /// are overwritten, and leave the file for good when its log is folded in ([`Store::close`]).
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn erase_personal(&mut self, tenant: &Tenant, subject: &ExternalId) -> Result<usize, Error> {
        self.run(|batch| {
            let mut statement = batch.sql("DELETE FROM personal WHERE tenant = ?1 AND subject = ?2")?;
            Ok(statement.execute((tenant.as_str(), subject.as_str()))?)
        })
    }
}

impl Store {
    /// What is kept about a person or an order, by field.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn personal(&self, tenant: &Tenant, subject: &ExternalId) -> Result<BTreeMap<String, String>, Error> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT field, value FROM personal WHERE tenant = ?1 AND subject = ?2")?;
            let rows = statement
                .query_map((tenant.as_str(), subject.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
