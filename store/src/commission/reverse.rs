//! Taking commission back.

use super::{Head, SaleKey, Standing, due_of};
use crate::batch::Batch;
use crate::fault::{Result, inconsistent};
use crate::members::same;
use fenrun::doc::{self, MAX_DOCUMENT_BYTES, Node};
use fenrun::ledger::{self, Account, MallAccount, MemberAccount, Posted, TakeBack};
use fenrun::reward::commission::{self, Frozen, Refund, Reversal, ReversalRow, Taken};
use fenrun::sale::Sale;
use fenrun::time::Timestamp;
use fenrun::{Error, id::MemberId};
use rusqlite::OptionalExtension;

/// What a refund took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// Whether it did so now or before.
    pub posted: Posted,
    /// The rows, in the order of rule and payee.
    pub rows: Vec<ReversalRow>,
    /// By how much what the mall retained of the sale changed, normally below zero.
    pub retained_change: i64,
}

impl Batch<'_> {
    /// Takes commission back for a refund: what stands less what is left, from where it stands. The same
    /// refund again gives the rows of the first time.
    ///
    /// # Errors
    /// [`Code::NotFound`](fenrun::Code::NotFound) when the sale has no outcome;
    /// [`Code::StoreConflict`](fenrun::Code::StoreConflict) when the refund came before with another
    /// content; those of [`commission::reverse`].
    pub fn reverse(&mut self, sale: &SaleKey, refund: &Refund, at: Timestamp) -> Result<Reversed, Error> {
        self.run(|batch| {
            let head = batch.need_head(sale)?;
            let taken = taken_to_json(&refund.lines);
            if let Some(known) = batch.known_refund(sale, &head, refund)? {
                same(known == taken, || {
                    format!("{sale}: refund {} came before with another content", refund.id)
                })?;
                let rows = batch.rows_of_refund(sale, &head, refund)?;
                let retained_change = batch.retained_change_of(sale, refund)?;
                return Ok(Reversed { posted: Posted::Repeat, rows, retained_change });
            }
            let standing = batch.standing(sale, &head)?;
            let frozen = batch.frozen(sale, &head)?;
            let before = batch.taken_before(sale, &head)?;
            let stands: Vec<_> = standing.iter().map(Standing::to_commission).collect();
            let reversal = commission::reverse(&frozen, &before, refund, Some(&stands))?;
            let journal = batch.post_taken_back(sale, &head, (&standing, &reversal, refund), at)?;
            batch.insert_refund(sale, &head, refund, &taken, at)?;
            batch.insert_reversal(sale, &head, (&standing, &reversal.rows, refund), journal)?;
            let retained_change = reversal.retained_change;
            Ok(Reversed { posted: Posted::New, rows: reversal.rows, retained_change })
        })
    }

    fn known_refund(&self, sale: &SaleKey, head: &Head, refund: &Refund) -> Result<Option<String>> {
        let mut statement =
            self.sql("SELECT taken FROM refunds WHERE tenant = ?1 AND outcome = ?2 AND refund_id = ?3")?;
        let key = (sale.tenant.as_str(), head.number, refund.id.as_str());
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }

    fn retained_change_of(&self, sale: &SaleKey, refund: &Refund) -> Result<i64> {
        let mut statement = self.sql(
            "SELECT coalesce(sum(p.minor), 0) FROM journals j JOIN postings p USING (tenant, journal)
             WHERE j.tenant = ?1 AND j.journal_id = ?2 AND p.account = ?3",
        )?;
        let id = sale.journal_for("reversed", refund.id.as_str())?;
        let account = Account::Mall(MallAccount::Retained).to_string();
        Ok(statement.query_row((sale.tenant.as_str(), id.as_str(), account), |row| row.get(0))?)
    }

    fn rows_of_refund(&self, sale: &SaleKey, head: &Head, refund: &Refund) -> Result<Vec<ReversalRow>> {
        let mut statement = self.sql(
            "SELECT key, rule, payee, account, amount FROM outcome_rows
             WHERE tenant = ?1 AND outcome = ?2 AND refund_id = ?3 ORDER BY ordinal",
        )?;
        let mut found = statement.query((sale.tenant.as_str(), head.number, refund.id.as_str()))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push(ReversalRow {
                key: row.get(0)?,
                rule: row.get(1)?,
                payee: MemberId::new(&row.get::<_, String>(2)?)?,
                account: row.get(3)?,
                amount: row.get(4)?,
            });
        }
        Ok(rows)
    }

    fn frozen(&mut self, sale: &SaleKey, head: &Head) -> Result<Frozen> {
        let plan = self.plan(&sale.tenant, &head.plan)?;
        let text: String = self
            .sql("SELECT sale FROM outcomes WHERE outcome = ?1")?
            .query_row([head.number], |row| row.get(0))?;
        let node = doc::read_json(&text, MAX_DOCUMENT_BYTES)?;
        Ok(Frozen::new(&plan, &Sale::from_node(&node, head.currency)?)?)
    }

    fn taken_before(&self, sale: &SaleKey, head: &Head) -> Result<Vec<Taken>> {
        let mut statement =
            self.sql("SELECT taken FROM refunds WHERE tenant = ?1 AND outcome = ?2 ORDER BY ordinal")?;
        let mut found = statement.query((sale.tenant.as_str(), head.number))?;
        let mut taken = Vec::new();
        while let Some(row) = found.next()? {
            let text: String = row.get(0)?;
            match doc::read_json(&text, MAX_DOCUMENT_BYTES)? {
                Node::List(lines) => taken.extend(Taken::from_nodes(&lines)?),
                _ => return Err(inconsistent(format!("{sale}: a refund is not a list of lines")).into()),
            }
        }
        Ok(taken)
    }

    fn post_taken_back(
        &mut self,
        sale: &SaleKey,
        head: &Head,
        (standing, reversal, refund): (&[Standing], &Reversal, &Refund),
        at: Timestamp,
    ) -> Result<Option<i64>> {
        let mirrored = |amount: i64| {
            let wide = || Error::new(fenrun::Code::Overflow, format!("{sale}: {amount} cannot be mirrored"));
            amount.checked_neg().ok_or_else(wide)
        };
        let mut takes = Vec::with_capacity(reversal.rows.len());
        for row in &reversal.rows {
            let minor = mirrored(row.amount)?;
            takes.push(TakeBack { member: row.payee.clone(), from: stands_on(standing, head, row), minor });
        }
        let id = sale.journal_for("reversed", refund.id.as_str())?;
        let retained = mirrored(reversal.retained_change)?;
        let reversal = ledger::Reversal { id, at, currency: head.currency, takes, retained };
        let journal = self.reversal_journal(&sale.tenant, &reversal)?;
        journal.map(|journal| self.insert_journal(&sale.tenant, &journal)).transpose()
    }

    fn insert_refund(
        &self,
        sale: &SaleKey,
        head: &Head,
        refund: &Refund,
        taken: &str,
        at: Timestamp,
    ) -> Result<()> {
        let mut statement = self.sql(
            "INSERT INTO refunds SELECT ?1, ?2, ?3, count(*), ?4, ?5 FROM refunds WHERE tenant = ?1 AND outcome = ?2",
        )?;
        statement.execute((sale.tenant.as_str(), head.number, refund.id.as_str(), at.ms(), taken))?;
        Ok(())
    }

    fn insert_reversal(
        &self,
        sale: &SaleKey,
        head: &Head,
        (standing, rows, refund): (&[Standing], &[ReversalRow], &Refund),
        journal: Option<i64>,
    ) -> Result<()> {
        let tenant = sale.tenant.as_str();
        let mut insert = self.sql(super::INSERT_ROW)?;
        let mut entry = self.sql(super::INSERT_ENTRY)?;
        for (ordinal, row) in (head.rows..).zip(rows) {
            let payee = row.payee.as_str();
            insert.execute(rusqlite::params![
                tenant,
                head.number,
                ordinal,
                row.key,
                payee,
                row.rule,
                None::<&str>,
                None::<i64>,
                row.account,
                row.amount,
                refund.id.as_str(),
                journal,
            ])?;
            // Cumulative rounding may give a unit to somebody who had none.
            let rule = standing.iter().find(|known| known.rule == row.rule);
            let hold_until = rule.map_or(head.confirmed_at, |known| known.hold_until);
            let stands_on = stands_on(standing, head, row).name();
            entry.execute((
                tenant,
                head.number,
                &row.rule,
                payee,
                &row.account,
                row.amount,
                stands_on,
                hold_until,
            ))?;
        }
        drop((insert, entry));
        let due = due_of(&self.standing(sale, head)?);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.sql("UPDATE outcomes SET rows = rows + ?2, due = ?3 WHERE outcome = ?1")?.execute((
            head.number,
            count,
            due,
        ))?;
        Ok(())
    }
}

impl Standing {
    fn to_commission(&self) -> commission::Standing {
        commission::Standing {
            rule: self.rule.clone(),
            payee: self.payee.clone(),
            account: self.account.clone(),
            amount: self.amount,
        }
    }
}

/// The ledger's account a row is taken from: that of its entry, of its rule, or of the whole outcome.
fn stands_on(standing: &[Standing], head: &Head, row: &ReversalRow) -> MemberAccount {
    let own = standing.iter().find(|known| known.rule == row.rule && known.payee == row.payee);
    let rule = || standing.iter().find(|known| known.rule == row.rule);
    let outcome = if head.confirmed_at.is_some() { MemberAccount::Confirmed } else { MemberAccount::Pending };
    own.or_else(rule).map_or(outcome, |known| known.stands_on)
}

fn taken_to_json(lines: &[Taken]) -> String {
    let line = |taken: &Taken| {
        Node::map([
            ("line", Node::from(&taken.line)),
            ("units", i64::try_from(taken.units).unwrap_or(i64::MAX).into()),
            ("amount", taken.amount.into()),
        ])
    };
    Node::List(lines.iter().map(line).collect()).to_json()
}
