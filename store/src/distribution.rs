//! Distribution orders of a tenant: the fold of the core, run over what the store already holds.
//!
//! Nothing is stored for it. [`Distribution::catch_up`] folds what was written since the last call, in the
//! order of the commits; journals tell in which order commission moved. Events and journals are found by
//! their place; rows of outcomes are filtered by it, which reads past those of earlier calls.

use crate::commission::SaleKey;
use crate::fault::Result;
use crate::file::Store;
use fenrun::Error;
use fenrun::id::{MemberId, OrderId, RefundId};
use fenrun::ledger::{Account, MallAccount};
use fenrun::report::distribution::{DistributionOrders, Earned, EarnedRow, Fact, SaleVersion, TakenRow};
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::{BTreeMap, BTreeSet};

/// The distribution orders of one tenant, as far as they were caught up.
#[derive(Clone, Debug)]
pub struct Distribution {
    tenant: Tenant,
    model: DistributionOrders,
    /// The last event and the last journal that were folded.
    position: i64,
    journal: i64,
    /// What the journals that confirm and release are called, by the sale they move.
    moves: BTreeMap<String, Fact>,
    /// Refunds without a journal of their own: their rows cancel out.
    silent: BTreeSet<(i64, String)>,
}

/// The rows of an outcome that one journal posted, or of a refund that needed none.
struct Group {
    outcome: i64,
    journal: Option<i64>,
    sale: SaleKey,
    currency: String,
    refund: Option<String>,
    rows: Vec<EarnedRow>,
}

impl Distribution {
    /// Nothing yet.
    #[must_use]
    pub fn new(tenant: Tenant) -> Self {
        Self {
            tenant,
            model: DistributionOrders::default(),
            position: 0,
            journal: 0,
            moves: BTreeMap::new(),
            silent: BTreeSet::new(),
        }
    }

    /// The read model.
    #[must_use]
    pub const fn orders(&self) -> &DistributionOrders {
        &self.model
    }

    /// Folds what was written since the last call; tells how many facts that were.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent) for a
    /// row that cannot be read; [`Code::InvalidEvent`](fenrun::Code::InvalidEvent) when facts contradict
    /// each other. After an error this value is of no more use: start anew.
    pub fn catch_up(&mut self, store: &Store) -> Result<usize, Error> {
        let facts = store.read(|connection| {
            // Several statements of one moment.
            let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let mut facts = self.order_facts(&snapshot)?;
            facts.extend(self.ledger_facts(&snapshot, store)?);
            Ok(facts)
        })?;
        facts.iter().try_for_each(|fact| self.model.fold(fact))?;
        Ok(facts.len())
    }

    fn order_facts(&mut self, connection: &Connection) -> Result<Vec<Fact>> {
        let mut statement = connection.prepare_cached(&format!(
            "{} WHERE e.tenant = ?1 AND e.position > ?2 ORDER BY e.position",
            crate::events::EVENT
        ))?;
        let mut rows = statement.query((self.tenant.as_str(), self.position))?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            let stored = crate::events::read_event(row)?;
            self.position = stored.position;
            facts.push(Fact::Order(stored.event));
        }
        Ok(facts)
    }

    /// What moved commission, in the order of the journals.
    fn ledger_facts(&mut self, connection: &Connection, store: &Store) -> Result<Vec<Fact>> {
        let mut groups = self.groups(connection)?;
        let mut statement = connection.prepare_cached(
            "SELECT journal, journal_id, at FROM journals WHERE tenant = ?1 AND journal > ?2 ORDER BY journal",
        )?;
        let mut rows = statement.query((self.tenant.as_str(), self.journal))?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            let (journal, id, at): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            self.journal = journal;
            let mut own = false;
            for group in groups.remove(&journal).unwrap_or_default() {
                own |= group.journal.is_some();
                facts.push(self.commission_fact(group, store)?);
            }
            if let Some(moved) = self.moves.remove(&id) {
                facts.push(moved);
            } else if !own {
                facts.extend(self.payout(connection, store, (journal, Timestamp::from_ms(at)))?);
            }
        }
        for group in groups.into_values().flatten() {
            facts.push(self.commission_fact(group, store)?);
        }
        Ok(facts)
    }

    /// The rows that were written since, by the journal that posted them. A refund whose rows cancel out
    /// has no journal; it stands with the one before it.
    fn groups(&mut self, connection: &Connection) -> Result<BTreeMap<i64, Vec<Group>>> {
        let mut statement = connection.prepare_cached(
            "SELECT r.outcome, o.sale_id, o.version, o.currency, r.payee, r.rule, r.level, r.amount,
                    r.refund_id, r.journal
             FROM outcome_rows r JOIN outcomes o ON o.outcome = r.outcome
             WHERE r.tenant = ?1 AND (r.journal > ?2 OR (r.journal IS NULL AND r.refund_id IS NOT NULL))
             ORDER BY r.outcome, r.ordinal",
        )?;
        let mut rows = statement.query((self.tenant.as_str(), self.journal))?;
        let mut groups: BTreeMap<i64, Vec<Group>> = BTreeMap::new();
        let (mut outcome, mut before) = (0, 0);
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            if number != outcome {
                (outcome, before) = (number, 0);
            }
            let refund: Option<String> = row.get(8)?;
            let journal: Option<i64> = row.get(9)?;
            before = journal.unwrap_or(before);
            if let (None, Some(refund)) = (journal, &refund) {
                let silent = (number, refund.clone());
                let begun = groups.get(&before).and_then(|groups| groups.last());
                let goes_on =
                    begun.is_some_and(|last| last.outcome == number && last.refund.as_ref() == Some(refund));
                if !goes_on && !self.silent.insert(silent) {
                    continue;
                }
                // What came before it may have been folded long ago: it then stands with the next journal.
                before = before.max(self.journal + 1);
            }
            let groups = groups.entry(before).or_default();
            if groups.last().is_none_or(|last| last.outcome != number || last.refund != refund) {
                groups.push(Group {
                    outcome: number,
                    journal,
                    sale: SaleKey {
                        tenant: self.tenant.clone(),
                        sale: OrderId::new(&row.get::<_, String>(1)?)?,
                        version: row.get(2)?,
                    },
                    currency: row.get(3)?,
                    refund,
                    rows: Vec::new(),
                });
            }
            if let Some(group) = groups.last_mut() {
                let payee = MemberId::new(&row.get::<_, String>(4)?)?;
                let (rule, level, amount) = (row.get(5)?, row.get(6)?, row.get(7)?);
                group.rows.push(EarnedRow { payee, rule, level, amount });
            }
        }
        Ok(groups)
    }

    fn commission_fact(&mut self, group: Group, store: &Store) -> Result<Fact> {
        let sale = SaleVersion { order: group.sale.sale.clone(), version: group.sale.version };
        if let Some(refund) = group.refund {
            let taken = |row: EarnedRow| TakenRow { payee: row.payee, rule: row.rule, amount: row.amount };
            let rows = group.rows.into_iter().map(taken).collect();
            return Ok(Fact::TakenBack { sale, refund: RefundId::new(&refund)?, rows });
        }
        let id = group.sale.journal("confirmed")?;
        self.moves.insert(id.as_str().to_owned(), Fact::Confirmed { sale: sale.clone() });
        for row in &group.rows {
            let id = group.sale.journal_for("released", &row.rule)?;
            let rule = Some(row.rule.clone());
            self.moves.insert(id.as_str().to_owned(), Fact::Released { sale: sale.clone(), rule });
        }
        let currency = store.currencies.parse(&group.currency).map_err(Error::from)?;
        Ok(Fact::Earned(Earned { sale, currency, rows: group.rows }))
    }

    /// What a journal paid out of one member's wallet, or what came back: with fee and tax.
    fn payout(
        &self,
        connection: &Connection,
        store: &Store,
        (journal, at): (i64, Timestamp),
    ) -> Result<Option<Fact>> {
        let mut statement = connection.prepare_cached(
            "SELECT account, currency, minor FROM postings WHERE tenant = ?1 AND journal = ?2 ORDER BY ordinal",
        )?;
        let mut rows = statement.query((self.tenant.as_str(), journal))?;
        let (mut amount, mut paid) = (0_i64, None);
        while let Some(row) = rows.next()? {
            let (account, currency, minor): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            match account.parse::<Account>()? {
                Account::Mall(MallAccount::PaidOut | MallAccount::Fee | MallAccount::TaxWithheld) => {
                    amount = amount.saturating_add(minor);
                }
                Account::Member(member, _) => paid = Some((member, currency)),
                Account::Mall(_) => {}
            }
        }
        let Some((member, currency)) = paid.filter(|_| amount != 0) else { return Ok(None) };
        let currency = store.currencies.parse(&currency).map_err(Error::from)?;
        Ok(Some(match amount.checked_neg() {
            Some(amount) if amount > 0 => Fact::CameBack { member, currency, amount, at },
            _ => Fact::PaidOut { member, currency, amount, at },
        }))
    }
}
