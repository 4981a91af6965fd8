//! Taking commission back.

use super::{Deed, Record, SaleKey, Standing, Whole, due_of, negated};
use crate::batch::Batch;
use crate::fault::Result;
use crate::members::same;
use fenrun::doc::Node;
use fenrun::ledger::{self, Account, MallAccount, MemberAccount, Posted, TakeBack};
use fenrun::reward::commission::{self, Refund, Reversal, ReversalRow, Taken};
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
    /// refund again gives the rows of the first time. An edit of an order and money charged back that was won
    /// or replaced need no call: the store follows them when their events are appended.
    ///
    /// # Errors
    /// [`Code::NotFound`](fenrun::Code::NotFound) when the sale has no outcome;
    /// [`Code::StoreConflict`](fenrun::Code::StoreConflict) when the refund came before with another
    /// content; [`Code::Inconsistent`](fenrun::Code::Inconsistent) when what the outcome was computed from,
    /// its history or what stands of it was changed; those of [`commission::reverse`].
    pub fn reverse(&mut self, sale: &SaleKey, refund: &Refund, at: Timestamp) -> Result<Reversed, Error> {
        self.run(|batch| batch.reverse_one(sale, refund, at))
    }

    pub(super) fn reverse_one(&mut self, sale: &SaleKey, refund: &Refund, at: Timestamp) -> Result<Reversed> {
        let whole = self.whole(sale)?;
        let record = &whole.record;
        let taken = taken_to_json(&refund.lines);
        if let Some(known) = self.known_refund(sale, record, refund)? {
            same(known == taken, || {
                format!("{sale}: refund {} came before with another content", refund.id)
            })?;
            let rows = self.rows_of_refund(sale, record, refund)?;
            let retained_change = self.retained_change_of(sale, refund)?;
            return Ok(Reversed { posted: Posted::Repeat, rows, retained_change });
        }
        let stands: Vec<_> = whole.standing.iter().map(Standing::to_commission).collect();
        let replay = &whole.replay;
        let reversal = commission::reverse(&replay.frozen, replay.refunds(), refund, Some(&stands))?;
        let journal = self.post_taken_back(sale, &whole, (&reversal, refund), at)?;
        self.insert_refund(sale, record, refund, &taken, at)?;
        self.insert_reversal(sale, &whole, (&reversal.rows, refund), journal)?;
        let rows = reversal.rows.iter().map(|row| (row.rule.as_str(), row.payee.as_str(), row.amount));
        self.use_caps(sale, &replay.frozen, rows)?;
        let due = due_of(&self.standing(sale, record)?);
        let deed = Deed::Reversed(at.ms(), refund.id.clone());
        self.write_deed(record, (&deed, &taken), (record.confirmed_at, due), reversal.rows.len())?;
        let retained_change = reversal.retained_change;
        Ok(Reversed { posted: Posted::New, rows: reversal.rows, retained_change })
    }

    fn known_refund(&self, sale: &SaleKey, record: &Record, refund: &Refund) -> Result<Option<String>> {
        let mut statement =
            self.sql("SELECT taken FROM refunds WHERE tenant = ?1 AND outcome = ?2 AND refund_id = ?3")?;
        let key = (sale.tenant.as_str(), record.number, refund.id.as_str());
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

    fn rows_of_refund(&self, sale: &SaleKey, record: &Record, refund: &Refund) -> Result<Vec<ReversalRow>> {
        let mut statement = self.sql(
            "SELECT key, rule, payee, account, amount FROM outcome_rows
             WHERE tenant = ?1 AND outcome = ?2 AND refund_id = ?3 ORDER BY ordinal",
        )?;
        let mut found = statement.query((sale.tenant.as_str(), record.number, refund.id.as_str()))?;
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

    fn post_taken_back(
        &mut self,
        sale: &SaleKey,
        whole: &Whole,
        (reversal, refund): (&Reversal, &Refund),
        at: Timestamp,
    ) -> Result<Option<i64>> {
        let mut takes = Vec::with_capacity(reversal.rows.len());
        for row in &reversal.rows {
            let from = stands_on(&whole.standing, &whole.record, row);
            takes.push(TakeBack { member: row.payee.clone(), from, minor: negated(row.amount)? });
        }
        let id = sale.journal_for("reversed", refund.id.as_str())?;
        let retained = negated(reversal.retained_change)?;
        let reversal = ledger::Reversal { id, at, currency: whole.currency(), takes, retained };
        let journal = self.reversal_journal(&sale.tenant, &reversal)?;
        journal.map(|journal| self.insert_journal(&sale.tenant, &journal)).transpose()
    }

    fn insert_refund(
        &self,
        sale: &SaleKey,
        record: &Record,
        refund: &Refund,
        taken: &str,
        at: Timestamp,
    ) -> Result<()> {
        let mut statement = self.sql(
            "INSERT INTO refunds SELECT ?1, ?2, ?3, count(*), ?4, ?5 FROM refunds WHERE tenant = ?1 AND outcome = ?2",
        )?;
        statement.execute((sale.tenant.as_str(), record.number, refund.id.as_str(), at.ms(), taken))?;
        Ok(())
    }

    fn insert_reversal(
        &self,
        sale: &SaleKey,
        whole: &Whole,
        (rows, refund): (&[ReversalRow], &Refund),
        journal: Option<i64>,
    ) -> Result<()> {
        let (tenant, record, standing) = (sale.tenant.as_str(), &whole.record, &whole.standing);
        let mut insert = self.sql(super::INSERT_ROW)?;
        let mut entry = self.sql(super::INSERT_ENTRY)?;
        for (ordinal, row) in (record.rows..).zip(rows) {
            let payee = row.payee.as_str();
            insert.execute(rusqlite::params![
                tenant,
                record.number,
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
            let hold_until = rule.map_or(record.confirmed_at, |known| known.hold_until);
            let stands_on = stands_on(standing, record, row).name();
            entry.execute((
                tenant,
                record.number,
                &row.rule,
                payee,
                &row.account,
                row.amount,
                stands_on,
                hold_until,
            ))?;
        }
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
fn stands_on(standing: &[Standing], record: &Record, row: &ReversalRow) -> MemberAccount {
    let own = standing.iter().find(|known| known.rule == row.rule && known.payee == row.payee);
    let rule = || standing.iter().find(|known| known.rule == row.rule);
    let outcome =
        if record.confirmed_at.is_some() { MemberAccount::Confirmed } else { MemberAccount::Pending };
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
