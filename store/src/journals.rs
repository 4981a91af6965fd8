//! The ledger: journals, postings and members' balances.

use crate::batch::{Batch, Held};
use crate::chain::{Chain, link};
use crate::commission::OUTCOME_JOURNALS;
use crate::fault::{Result, inconsistent};
use crate::file::Store;
use crate::links::Linked;
use fenrun::Error;
use fenrun::id::{JournalId, MemberId};
use fenrun::ledger::wallet::POSTING_EVENTS;
use fenrun::ledger::{Account, Advance, Journal, MallAccount, MemberAccount, Posted, Posting, Reversal};
use fenrun::money::{Currency, CurrencyTable, Money};
use fenrun::trade::order::Tenant;
use rusqlite::{Connection, OptionalExtension, Row};

type BalanceKey = (Tenant, Account, Currency);

impl Batch<'_> {
    /// Posts a journal and moves the balances with it. The same journal again moves nothing.
    ///
    /// # Errors
    /// [`Code::JournalConflict`](fenrun::Code::JournalConflict) when the id was used for another content;
    /// [`Code::InsufficientBalance`](fenrun::Code::InsufficientBalance) when a member's account would break
    /// [`Account::check_balance`]; [`Code::InvalidJournal`](fenrun::Code::InvalidJournal) for an account
    /// that stands for claims of a wallet, as only the wallet's own events move what they answer for, and
    /// for an id that begins like those of the store's own journals: `earned:`, `confirmed:`, `released:`,
    /// `reversed:`, `wallet:`; for a reason that is one of [`POSTING_EVENTS`]; and for a journal that leaves a
    /// member a debt beside money at hand, as what becomes available repays a debt first.
    pub fn post(&mut self, tenant: &Tenant, journal: &Journal) -> Result<Posted, Error> {
        check_free(journal.id())?;
        check_unclaimed(journal)?;
        self.run(|batch| match batch.known_journal(tenant, journal.id())? {
            Some((_, known)) => Ok(journal.check_repeat(&known).map(|()| Posted::Repeat)?),
            None => {
                batch.check_debts_first(tenant, journal)?;
                batch.insert_journal(tenant, journal).map(|_| Posted::New)
            }
        })
    }

    /// Takes commission back from where it stands; what is gone becomes a debt. The same reversal again
    /// moves nothing.
    ///
    /// # Errors
    /// Those of [`Batch::post`] and of [`Reversal::journal`].
    pub fn post_reversal(&mut self, tenant: &Tenant, reversal: &Reversal) -> Result<Posted, Error> {
        check_free(&reversal.id)?;
        self.run(|batch| {
            if let Some((_, known)) = batch.known_journal(tenant, &reversal.id)? {
                reversal.check_repeat(&known)?;
                return Ok(Posted::Repeat);
            }
            let journal = batch.reversal_journal(tenant, reversal)?;
            Ok(match journal {
                Some(journal) => batch.insert_journal(tenant, &journal).map(|_| Posted::New)?,
                None => Posted::Repeat,
            })
        })
    }

    /// The balance of a member's account, this batch's postings included.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn balance(
        &mut self,
        tenant: &Tenant,
        member: &MemberId,
        account: MemberAccount,
        currency: Currency,
    ) -> Result<Money, Error> {
        self.run(|batch| {
            let key = (tenant.clone(), Account::member(member, account), currency);
            Ok(Money::new(batch.stored_balance(&key)?, currency))
        })
    }

    /// The journal of a reversal on the balances as they stand in this batch.
    pub(crate) fn reversal_journal(&self, tenant: &Tenant, reversal: &Reversal) -> Result<Option<Journal>> {
        Ok(reversal.journal(|account| self.stands(tenant, account, reversal.currency))?)
    }

    /// Posts a step of commission on the balances as they stand in this batch.
    pub(crate) fn post_step(&mut self, tenant: &Tenant, step: &Advance) -> Result<()> {
        let journal = step.journal(|account| self.stands(tenant, account, step.currency))?;
        journal.map_or(Ok(()), |journal| self.insert_journal(tenant, &journal).map(|_| ()))
    }

    /// Nobody has a debt and money at hand.
    fn check_debts_first(&self, tenant: &Tenant, journal: &Journal) -> Result<()> {
        let touches = [MemberAccount::Available, MemberAccount::Debt];
        for posting in journal.postings() {
            let Account::Member(member, kind) = &posting.account else { continue };
            if !touches.contains(kind) {
                continue;
            }
            let currency = posting.amount.currency();
            let after = |kind| -> Result<i128> {
                let account = Account::member(member, kind);
                let posted = journal
                    .postings()
                    .iter()
                    .find(|posting| posting.account == account && posting.amount.currency() == currency);
                let stands = self.stored_balance(&(tenant.clone(), account, currency))?;
                Ok(i128::from(stands) + posted.map_or(0, |posting| i128::from(posting.amount.minor())))
            };
            let (available, debt) = (after(MemberAccount::Available)?, after(MemberAccount::Debt)?);
            if available > 0 && debt < 0 {
                let id = journal.id();
                let rule =
                    format!("journal {id}: member {member} would owe {} beside {available} available", -debt);
                return Err(Error::new(fenrun::Code::InvalidJournal, rule).into());
            }
        }
        Ok(())
    }

    fn stands(&self, tenant: &Tenant, account: &Account, currency: Currency) -> Result<Money, Error> {
        let key = (tenant.clone(), account.clone(), currency);
        let read = self.stored_balance(&key).map_err(|fault| fault.at(self.path()));
        read.map(|minor| Money::new(minor, currency))
    }

    /// The number and fingerprint of a journal that was posted.
    pub(crate) fn known_journal(&self, tenant: &Tenant, id: &JournalId) -> Result<Option<(i64, String)>> {
        let mut statement =
            self.sql("SELECT journal, fingerprint FROM journals WHERE tenant = ?1 AND journal_id = ?2")?;
        let found = statement.query_row((tenant.as_str(), id.as_str()), |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }

    /// Writes a journal that is new and tells its number. Nothing is written when a balance refuses it.
    pub(crate) fn insert_journal(&mut self, tenant: &Tenant, journal: &Journal) -> Result<i64> {
        let moved = self.moved(tenant, journal)?;
        let hash = journal_hash(tenant.as_str(), journal, journal.fingerprint());
        let link = self.next_link(Linked::Journals, &hash)?;
        self.sql(
            "INSERT INTO journals (tenant, journal_id, at, reason, fingerprint, hash, link)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            tenant.as_str(),
            journal.id().as_str(),
            journal.at().ms(),
            journal.reason(),
            journal.fingerprint(),
            hash,
            link,
        ))?;
        let number = self.transaction.last_insert_rowid();
        let mut statement = self.sql("INSERT INTO postings VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for (ordinal, posting) in (0_i64..).zip(journal.postings()) {
            statement.execute((
                tenant.as_str(),
                number,
                ordinal,
                posting.account.to_string(),
                posting.amount.currency().code(),
                posting.amount.minor(),
            ))?;
        }
        drop(statement);
        self.state.balances.extend(moved.into_iter().map(|(key, minor)| (key, Held::dirty(minor))));
        Ok(number)
    }

    /// The balances of members after a journal, each checked.
    fn moved(&self, tenant: &Tenant, journal: &Journal) -> Result<Vec<(BalanceKey, i64)>> {
        let mut moved = Vec::with_capacity(journal.postings().len());
        for posting in journal.postings().iter().filter(|posting| posting.account.owner().is_some()) {
            let currency = posting.amount.currency();
            let key = (tenant.clone(), posting.account.clone(), currency);
            let after = Money::new(self.stored_balance(&key)?, currency).checked_add(posting.amount);
            let after = after.map_err(Error::from).and_then(|sum| key.1.check_balance(sum).map(|()| sum));
            let after = after.map_err(|error| error.within(&format!("journal {}", journal.id())))?;
            moved.push((key, after.minor()));
        }
        Ok(moved)
    }

    pub(crate) fn stored_balance(&self, key: &BalanceKey) -> Result<i64> {
        if let Some(held) = self.state.balances.get(key) {
            return Ok(held.value);
        }
        let (tenant, account, currency) = key;
        let mut statement =
            self.sql("SELECT minor FROM balances WHERE tenant = ?1 AND account = ?2 AND currency = ?3")?;
        let minor =
            statement.query_row((tenant.as_str(), account.to_string(), currency.code()), |row| row.get(0));
        Ok(minor.optional()?.unwrap_or(0))
    }

    /// Writes the balances the batch has moved.
    pub(crate) fn write_balances(&mut self) -> Result<()> {
        let mut statement = self.sql(
            "INSERT INTO balances VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, account, currency) DO UPDATE SET minor = excluded.minor",
        )?;
        for ((tenant, account, currency), held) in self.state.balances.iter().filter(|(_, held)| held.dirty) {
            statement.execute((tenant.as_str(), account.to_string(), currency.code(), held.value))?;
        }
        drop(statement);
        self.state.balances.clear();
        Ok(())
    }
}

/// The hash of a journal and of its postings, under the fingerprint that is kept with it.
pub(crate) fn journal_hash(tenant: &str, journal: &Journal, fingerprint: &str) -> Chain {
    let texts = [tenant, journal.id().as_str(), journal.reason(), fingerprint].map(str::to_owned);
    let mut parts = texts.to_vec();
    parts.push(journal.at().ms().to_string());
    for Posting { account, amount } in journal.postings() {
        parts.extend([account.to_string(), amount.currency().code().to_owned(), amount.minor().to_string()]);
    }
    link(&Chain::default(), &parts.iter().map(String::as_bytes).collect::<Vec<_>>())
}

/// Ids of the journals that outcomes and wallets make are the store's own.
fn check_free(id: &JournalId) -> Result<(), Error> {
    let ours = OUTCOME_JOURNALS.into_iter().chain(["wallet:"]).find(|word| id.as_str().starts_with(word));
    ours.map_or(Ok(()), |word| {
        let rule = format!("journal {id}: ids that begin with {word} are kept for the store's own");
        Err(Error::new(fenrun::Code::InvalidJournal, rule))
    })
}

impl Store {
    /// The balance of a member's account.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database).
    pub fn balance(
        &self,
        tenant: &Tenant,
        member: &MemberId,
        account: MemberAccount,
        currency: Currency,
    ) -> Result<Money, Error> {
        let account = Account::member(member, account).to_string();
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT minor FROM balances WHERE tenant = ?1 AND account = ?2 AND currency = ?3",
            )?;
            let minor = statement.query_row((tenant.as_str(), account, currency.code()), |row| row.get(0));
            Ok(Money::new(minor.optional()?.unwrap_or(0), currency))
        })
    }

    /// Hands every stored balance of a tenant's members to the caller, in the order of account texts.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent) for a
    /// row that cannot be read.
    pub fn for_each_balance(
        &self,
        tenant: &Tenant,
        mut see: impl FnMut(Account, Money),
    ) -> Result<(), Error> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT account, currency, minor FROM balances WHERE tenant = ?1 ORDER BY account, currency",
            )?;
            let mut rows = statement.query([tenant.as_str()])?;
            while let Some(row) = rows.next()? {
                let (account, money) = read_amount(row, &self.currencies, 0)?;
                see(account, money);
            }
            Ok(())
        })
    }

    /// The balance of an account of the mall, summed over its postings.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Overflow`](fenrun::Code::Overflow).
    pub fn mall_balance(
        &self,
        tenant: &Tenant,
        account: MallAccount,
        currency: Currency,
    ) -> Result<Money, Error> {
        self.read(|connection| mall_balance(connection, tenant, account, currency))
    }
}

/// What wallets answer for, and the reasons statements tell their postings by, are theirs alone.
fn check_unclaimed(journal: &Journal) -> Result<(), Error> {
    if POSTING_EVENTS.contains(&journal.reason()) {
        let rule =
            format!("journal {}: the reason {} is one of wallets alone", journal.id(), journal.reason());
        return Err(Error::new(fenrun::Code::InvalidJournal, rule));
    }
    let claimed = |account: &Account| matches!(account, Account::Member(_, kind) if kind.is_claimed());
    let found = journal.postings().iter().map(|posting| &posting.account).find(|account| claimed(account));
    found.map_or(Ok(()), |account| {
        let rule = format!("journal {}: {account} is moved by commands of its wallet alone", journal.id());
        Err(Error::new(fenrun::Code::InvalidJournal, rule))
    })
}

fn mall_balance(
    connection: &Connection,
    tenant: &Tenant,
    account: MallAccount,
    currency: Currency,
) -> Result<Money> {
    let mut statement = connection
        .prepare_cached("SELECT minor FROM postings WHERE tenant = ?1 AND account = ?2 AND currency = ?3")?;
    let account = Account::Mall(account).to_string();
    let mut rows = statement.query((tenant.as_str(), &account, currency.code()))?;
    let mut sum = 0_i128;
    while let Some(row) = rows.next()? {
        sum += i128::from(row.get::<_, i64>(0)?);
    }
    let fault =
        |_| Error::new(fenrun::Code::Overflow, format!("{account} of {sum} minor units does not fit"));
    Ok(Money::new(i64::try_from(sum).map_err(fault)?, currency))
}

/// Reads account, currency and amount from three columns of a row.
pub(crate) fn read_amount(
    row: &Row<'_>,
    currencies: &CurrencyTable,
    first: usize,
) -> Result<(Account, Money)> {
    let (account, currency) = (row.get_ref(first)?.as_str(), row.get_ref(first + 1)?.as_str());
    let (Ok(account), Ok(currency)) = (account, currency) else {
        return Err(inconsistent("an account or a currency is not text").into());
    };
    let currency = currencies.parse(currency).map_err(Error::from)?;
    Ok((account.parse()?, Money::new(row.get(first + 2)?, currency)))
}
