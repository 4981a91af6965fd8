//! The tables beside the log: where withdrawals, payouts, holds and adjustments stand.

use crate::batch::Batch;
use crate::chain::Chain;
use crate::events::place;
use crate::fault::Result;
use fenrun::id::{AdjustmentId, HoldId, PayoutId, WithdrawalId};
use fenrun::ledger::MemberAccount;
use fenrun::ledger::wallet::{Event, Subject, Wallet, deadlines};

impl Batch<'_> {
    /// Writes the head of the wallet and what its new events were about.
    pub(super) fn project(&self, wallet: &Wallet, head: &Chain, events: &[Event]) -> Result<()> {
        let key = wallet.key();
        let due = deadlines(wallet).first().map(|deadline| deadline.at.ms());
        self.sql(
            "INSERT INTO wallets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (tenant, member, currency) DO UPDATE SET version = excluded.version,
                 frozen = excluded.frozen, due = excluded.due, head = excluded.head",
        )?
        .execute(rusqlite::params![
            key.tenant.as_str(),
            key.member.as_str(),
            key.currency.code(),
            place(wallet.version())?,
            wallet.is_frozen(),
            due,
            head,
        ])?;
        for event in events {
            match event.data.subject() {
                Subject::Withdrawal(id) => self.put_withdrawal(wallet, id)?,
                Subject::Payout(id) => self.put_payout(wallet, id)?,
                Subject::Hold(id) => self.put_hold(wallet, id)?,
                Subject::Adjustment(id) => self.put_adjustment(wallet, id)?,
                Subject::Command => {}
            }
        }
        Ok(())
    }

    fn put_withdrawal(&self, wallet: &Wallet, id: &WithdrawalId) -> Result<()> {
        let Some(withdrawal) = wallet.withdrawals().get(id) else { return Ok(()) };
        let key = wallet.key();
        self.sql(
            "INSERT INTO withdrawals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (tenant, withdrawal_id) DO UPDATE SET state = excluded.state,
                 payout_id = excluded.payout_id",
        )?
        .execute(rusqlite::params![
            key.tenant.as_str(),
            id.as_str(),
            key.member.as_str(),
            key.currency.code(),
            withdrawal.state.name(),
            withdrawal.amount,
            withdrawal.fee,
            withdrawal.tax,
            withdrawal.requested_at.ms(),
            withdrawal.payout.as_ref().map(PayoutId::as_str),
        ])?;
        Ok(())
    }

    fn put_payout(&self, wallet: &Wallet, id: &PayoutId) -> Result<()> {
        let Some(payout) = wallet.payouts().get(id) else { return Ok(()) };
        self.sql(
            "INSERT INTO payouts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (tenant, payout_id) DO UPDATE SET state = excluded.state,
                 attempts = excluded.attempts, expires_at = excluded.expires_at,
                 transaction_id = excluded.transaction_id, paid = excluded.paid",
        )?
        .execute(rusqlite::params![
            wallet.key().tenant.as_str(),
            id.as_str(),
            payout.withdrawal_id.as_str(),
            payout.state.name(),
            payout.attempts,
            payout.expires_at.map(fenrun::time::Timestamp::ms),
            payout.transaction_id.as_ref().map(fenrun::id::TransactionId::as_str),
            payout.paid,
        ])?;
        self.put_withdrawal(wallet, &payout.withdrawal_id)
    }

    fn put_hold(&self, wallet: &Wallet, id: &HoldId) -> Result<()> {
        let key = wallet.key();
        let at = (key.tenant.as_str(), key.member.as_str(), key.currency.code(), id.as_str());
        match wallet.holds().find(|(known, _)| *known == id) {
            None => {
                let sql =
                    "DELETE FROM holds WHERE tenant = ?1 AND member = ?2 AND currency = ?3 AND hold_id = ?4";
                self.sql(sql)?.execute(at)?;
            }
            Some((_, hold)) => {
                let account = hold.account.map(MemberAccount::name);
                self.sql("INSERT INTO holds VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute((
                    at.0,
                    at.1,
                    at.2,
                    at.3,
                    account,
                    hold.amount,
                ))?;
            }
        }
        Ok(())
    }

    fn put_adjustment(&self, wallet: &Wallet, id: &AdjustmentId) -> Result<()> {
        let Some(adjustment) = wallet.adjustments().get(id) else { return Ok(()) };
        let key = wallet.key();
        self.sql(
            "INSERT INTO adjustments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (tenant, member, currency, adjustment_id) DO UPDATE SET state = excluded.state",
        )?
        .execute((
            key.tenant.as_str(),
            key.member.as_str(),
            key.currency.code(),
            id.as_str(),
            adjustment.amount,
            adjustment.proposed_by.as_str(),
            adjustment.state.name(),
        ))?;
        Ok(())
    }
}
