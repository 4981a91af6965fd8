//! Passing over all outcomes, for reports.

use super::SaleKey;
use crate::file::Store;
use fenrun::Error;
use fenrun::id::OrderId;
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;

/// The head of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeSummary {
    /// What was sold.
    pub sale: SaleKey,
    /// What the plan offered.
    pub pool: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
}

/// An amount nobody got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRetained {
    /// The order the sale came from.
    pub sale: OrderId,
    /// Why, by the stable name of the reason.
    pub reason: String,
    /// Minor units.
    pub amount: i64,
}

impl Store {
    /// Hands the head of every outcome of a tenant to the caller, in the order they were recorded.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent) for a
    /// row that cannot be read.
    pub fn for_each_outcome(
        &self,
        tenant: &Tenant,
        mut see: impl FnMut(OutcomeSummary),
    ) -> Result<(), Error> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT sale_id, version, pool, at, confirmed_at FROM outcomes WHERE tenant = ?1 ORDER BY outcome",
            )?;
            let mut rows = statement.query([tenant.as_str()])?;
            while let Some(row) = rows.next()? {
                let sale = OrderId::new(&row.get::<_, String>(0)?)?;
                see(OutcomeSummary {
                    sale: SaleKey { tenant: tenant.clone(), sale, version: row.get(1)? },
                    pool: row.get(2)?,
                    at: Timestamp::from_ms(row.get(3)?),
                    confirmed_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_ms),
                });
            }
            Ok(())
        })
    }

    /// Hands every amount the outcomes of a tenant retain to the caller, in the order they were recorded.
    ///
    /// # Errors
    /// As [`Store::for_each_outcome`].
    pub fn for_each_retained(
        &self,
        tenant: &Tenant,
        mut see: impl FnMut(StoredRetained),
    ) -> Result<(), Error> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT o.sale_id, r.reason, r.amount FROM outcomes o
                 JOIN outcome_retained r ON r.tenant = o.tenant AND r.outcome = o.outcome
                 WHERE o.tenant = ?1 ORDER BY o.outcome",
            )?;
            let mut rows = statement.query([tenant.as_str()])?;
            while let Some(row) = rows.next()? {
                let sale = OrderId::new(&row.get::<_, String>(0)?)?;
                see(StoredRetained { sale, reason: row.get(1)?, amount: row.get(2)? });
            }
            Ok(())
        })
    }
}
