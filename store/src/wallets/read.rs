//! Reading wallets back.

use crate::chain::Chain;
use crate::events::{place, seq};
use crate::fault::Result;
use crate::file::Store;
use fenrun::Error;
use fenrun::doc::{self, MAX_DOCUMENT_BYTES};
use fenrun::id::{CommandId, ExternalId, MemberId, PayoutId, WithdrawalId};
use fenrun::ledger::wallet::{Event, EventData, Header, Wallet, WalletKey, WithdrawalState};
use fenrun::ledger::{Account, MemberAccount};
use fenrun::money::CurrencyTable;
use fenrun::request::{Fingerprint, Tenant};
use fenrun::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};
use std::sync::Arc;

/// One event of the wallets of all tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWalletEvent {
    /// Where it stands in the order of commits among events of wallets. Positions rise; a consumer
    /// remembers the last one it saw.
    pub position: i64,
    /// The event.
    pub event: Event,
}

/// Where a withdrawal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalSummary {
    /// Which.
    pub withdrawal_id: WithdrawalId,
    /// Whose.
    pub wallet: WalletKey,
    /// Where it stands.
    pub state: WithdrawalState,
    /// What the member gives.
    pub amount: i64,
    /// What the mall keeps of it.
    pub fee: i64,
    /// What the mall withholds of it.
    pub tax: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Its last payout.
    pub payout_id: Option<PayoutId>,
}

/// An event with its header, in the order [`read_wallet_event`] reads it.
pub(crate) const WALLET_EVENT: &str =
    "SELECT position, tenant, member, currency, seq, command_id, fingerprint,
        actor, at, type, data, hash, journal FROM wallet_events";

/// Reads a row of [`WALLET_EVENT`].
pub(crate) fn read_wallet_event(row: &Row<'_>, currencies: &CurrencyTable) -> Result<StoredWalletEvent> {
    let event = read_own(row, read_key(row, currencies, 1)?)?;
    Ok(StoredWalletEvent { position: row.get(0)?, event })
}

/// Reads tenant, member and currency from three columns of a row.
pub(crate) fn read_key(row: &Row<'_>, currencies: &CurrencyTable, first: usize) -> Result<WalletKey> {
    let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
    Ok(WalletKey {
        tenant: Tenant::new(text(first)?)?,
        member: MemberId::new(text(first + 1)?)?,
        currency: currencies.parse(text(first + 2)?).map_err(Error::from)?,
    })
}

/// The claims folded from a wallet's log, and the head of its chain; the balances are the caller's.
pub(super) fn read_wallet(connection: &Connection, key: &WalletKey) -> Result<(Wallet, Chain)> {
    let mut statement = connection
        .prepare_cached("SELECT head FROM wallets WHERE tenant = ?1 AND member = ?2 AND currency = ?3")?;
    let at = (key.tenant.as_str(), key.member.as_str(), key.currency.code());
    let head = statement.query_row(at, |row| row.get(0)).optional()?;
    let Some(head) = head else { return Ok((Wallet::new(key.clone()), Chain::default())) };
    let events = read_events(connection, key, (1, u64::MAX))?;
    Ok((Wallet::restore(key.clone(), &events)?, head))
}

pub(super) fn read_events(
    connection: &Connection,
    key: &WalletKey,
    (first, last): (u64, u64),
) -> Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(&format!(
        "{WALLET_EVENT} WHERE tenant = ?1 AND member = ?2 AND currency = ?3 AND seq BETWEEN ?4 AND ?5 ORDER BY seq"
    ))?;
    let last = i64::try_from(last).unwrap_or(i64::MAX);
    let at = (key.tenant.as_str(), key.member.as_str(), key.currency.code(), place(first)?, last);
    let mut rows = statement.query(at)?;
    // The key is the caller's own, so the events are read with its currency, registered or not.
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_own(row, key.clone())?);
    }
    Ok(events)
}

pub(super) fn read_own(row: &Row<'_>, wallet: WalletKey) -> Result<Event> {
    let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
    let header = Header {
        wallet,
        command_id: CommandId::new(text(5)?)?,
        fingerprint: Fingerprint::parse(text(6)?)?,
        actor: ExternalId::new(text(7)?)?,
        at: Timestamp::from_ms(row.get(8)?),
    };
    let data = EventData::from_node(text(9)?, &doc::read_json(text(10)?, MAX_DOCUMENT_BYTES)?)?;
    Ok(Event { header: Arc::new(header), seq: seq(row.get(4)?)?, data })
}

impl Store {
    /// A wallet as it stands; one to which nothing has happened where there is none.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent) when
    /// its log cannot be replayed.
    pub fn wallet(&self, key: &WalletKey) -> Result<Wallet, Error> {
        // Log and balances of one moment.
        self.read(|connection| {
            let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let (claims, _) = read_wallet(&snapshot, key)?;
            let mut statement = snapshot.prepare_cached(
                "SELECT minor FROM balances WHERE tenant = ?1 AND account = ?2 AND currency = ?3",
            )?;
            let mut balances = Vec::new();
            for account in MemberAccount::ALL {
                let text = Account::member(&key.member, *account).to_string();
                let at = (key.tenant.as_str(), text, key.currency.code());
                let minor: Option<i64> = statement.query_row(at, |row| row.get(0)).optional()?;
                balances.extend(minor.filter(|minor| *minor != 0).map(|minor| (*account, minor)));
            }
            Ok(claims.standing_on(balances))
        })
    }

    /// The log of one wallet.
    ///
    /// # Errors
    /// As [`Store::wallet`].
    pub fn wallet_events(&self, key: &WalletKey) -> Result<Vec<Event>, Error> {
        self.read(|connection| read_events(connection, key, (1, u64::MAX)))
    }

    /// The events of all wallets after a position, in the order of commits, `limit` at most: what an
    /// outbox serves.
    ///
    /// # Errors
    /// As [`Store::wallet`].
    pub fn wallet_events_after(&self, position: i64, limit: u32) -> Result<Vec<StoredWalletEvent>, Error> {
        self.read(|connection| {
            let sql = format!("{WALLET_EVENT} WHERE position > ?1 ORDER BY position LIMIT ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query((position, limit))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(read_wallet_event(row, &self.currencies)?);
            }
            Ok(events)
        })
    }

    /// Wallets on which a tick would act, the longest due first, `limit` at most.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn wallets_due(&self, tenant: &Tenant, now: Timestamp, limit: u32) -> Result<Vec<WalletKey>, Error> {
        let sql = "SELECT tenant, member, currency FROM wallets WHERE tenant = ?1 AND due <= ?2 ORDER BY due LIMIT ?3";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((tenant.as_str(), now.ms(), limit))?;
            let mut wallets = Vec::new();
            while let Some(row) = rows.next()? {
                wallets.push(read_key(row, &self.currencies, 0)?);
            }
            Ok(wallets)
        })
    }

    /// Whose payout this is: providers report by its id alone.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn wallet_of_payout(&self, tenant: &Tenant, payout: &PayoutId) -> Result<Option<WalletKey>, Error> {
        let sql = "SELECT w.tenant, w.member, w.currency FROM payouts p
             JOIN withdrawals w ON w.tenant = p.tenant AND w.withdrawal_id = p.withdrawal_id
             WHERE p.tenant = ?1 AND p.payout_id = ?2";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((tenant.as_str(), payout.as_str()))?;
            rows.next()?.map(|row| read_key(row, &self.currencies, 0)).transpose()
        })
    }

    /// Hands the withdrawals of a tenant in one state to the caller, the longest waiting first.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent) for a
    /// row that cannot be read.
    pub fn for_each_withdrawal(
        &self,
        tenant: &Tenant,
        state: WithdrawalState,
        mut see: impl FnMut(WithdrawalSummary),
    ) -> Result<(), Error> {
        let sql = "SELECT tenant, member, currency, withdrawal_id, amount, fee, tax, requested_at, payout_id
             FROM withdrawals WHERE tenant = ?1 AND state = ?2 ORDER BY requested_at, withdrawal_id";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((tenant.as_str(), state.name()))?;
            while let Some(row) = rows.next()? {
                let payout = row.get::<_, Option<String>>(8)?;
                see(WithdrawalSummary {
                    withdrawal_id: WithdrawalId::new(&row.get::<_, String>(3)?)?,
                    wallet: read_key(row, &self.currencies, 0)?,
                    state,
                    amount: row.get(4)?,
                    fee: row.get(5)?,
                    tax: row.get(6)?,
                    requested_at: Timestamp::from_ms(row.get(7)?),
                    payout_id: payout.map(|id| PayoutId::new(&id)).transpose()?,
                });
            }
            Ok(())
        })
    }
}
