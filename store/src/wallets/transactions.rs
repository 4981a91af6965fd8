//! Transactions of providers across the wallets of a shop: each pays once.

use super::read::read_own;
use crate::batch::Batch;
use crate::fault::{Fault, Result};
use fenrun::id::{MemberId, TransactionId};
use fenrun::ledger::wallet::{Event, Wallet, WalletKey};
use fenrun::money::Currency;
use fenrun::request::Tenant;
use rusqlite::{Connection, OptionalExtension};

const INSERT: &str = "INSERT INTO transactions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

impl Batch<'_> {
    /// The transaction, when another wallet of the shop has it on record.
    pub(super) fn elsewhere(
        &self,
        key: &WalletKey,
        transaction: Option<&TransactionId>,
    ) -> Result<Option<TransactionId>> {
        let Some(id) = transaction else { return Ok(None) };
        let mut statement = self.sql(
            "SELECT 1 FROM transactions
             WHERE tenant = ?1 AND transaction_id = ?2 AND (member <> ?3 OR currency <> ?4)",
        )?;
        let at = (key.tenant.as_str(), id.as_str(), key.member.as_str(), key.currency.code());
        let found = statement.query_row(at, |_| Ok(())).optional()?;
        Ok(found.map(|()| id.clone()))
    }

    /// Writes what events added to the transactions of a wallet, or what came back of them.
    pub(super) fn put_transactions(&self, before: &Wallet, wallet: &Wallet) -> Result<()> {
        for (id, transfer) in wallet.transfers() {
            match before.transfers().get(id) {
                None => {
                    let key = wallet.key();
                    self.sql(INSERT)?.execute((
                        key.tenant.as_str(),
                        id.as_str(),
                        key.member.as_str(),
                        key.currency.code(),
                        transfer.payout_id.as_str(),
                        transfer.amount,
                        transfer.returned,
                    ))?;
                }
                Some(known) if known != transfer => {
                    let sql =
                        "UPDATE transactions SET returned = ?3 WHERE tenant = ?1 AND transaction_id = ?2";
                    self.sql(sql)?.execute((wallet.key().tenant.as_str(), id.as_str(), transfer.returned))?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Fills the table of a store that was made before there was one, from the logs of its wallets. A log that
/// cannot be replayed is left for `verify` to tell; so is a transaction that two wallets paid by, which the
/// first keeps.
pub(crate) fn fill_transactions(connection: &Connection) -> Result<()> {
    let mut keys = connection
        .prepare("SELECT tenant, member, currency FROM wallets ORDER BY tenant, member, currency")?;
    let mut events = connection.prepare(&format!(
        "{} WHERE tenant = ?1 AND member = ?2 AND currency = ?3 ORDER BY seq",
        super::WALLET_EVENT
    ))?;
    let mut insert = connection.prepare(&format!("{INSERT} ON CONFLICT DO NOTHING"))?;
    let mut wallets = keys.query([])?;
    while let Some(row) = wallets.next()? {
        let [tenant, member, currency]: [String; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        let mut replayed = || -> Result<Wallet> {
            // Transfers are told without their currency, which may be one the host registered.
            let (tenant, member) = (Tenant::new(&tenant)?, MemberId::new(&member)?);
            let key = WalletKey { tenant, member, currency: Currency::CNY };
            let mut rows = events.query((key.tenant.as_str(), key.member.as_str(), &currency))?;
            let mut log: Vec<Event> = Vec::new();
            while let Some(row) = rows.next()? {
                log.push(read_own(row, key.clone())?);
            }
            Ok(Wallet::restore(key, &log)?)
        };
        let wallet = match replayed() {
            Err(Fault::Domain(_)) => continue,
            wallet => wallet?,
        };
        for (id, transfer) in wallet.transfers() {
            let (payout, amount) = (transfer.payout_id.as_str(), transfer.amount);
            insert.execute((&tenant, id.as_str(), &member, &currency, payout, amount, transfer.returned))?;
        }
    }
    Ok(())
}
