//! Commands of orders that found nothing to do: their ids are taken, so that they never act later.

use crate::batch::Batch;
use crate::chain::{Chain, link};
use crate::fault::Result;
use fenrun::id::{CommandId, OrderId};
use fenrun::trade::order::{Header, Tenant};
use fenrun::{Code, Error};
use rusqlite::OptionalExtension;

/// A row of `idle_commands`, as it is chained.
pub(crate) struct Idle<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) order_id: &'a str,
    pub(crate) command_id: &'a str,
    pub(crate) fingerprint: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) at: i64,
}

impl Idle<'_> {
    /// The chain with this command at its end.
    pub(crate) fn follow(&self, head: &Chain) -> Chain {
        let texts = [self.tenant, self.order_id, self.command_id, self.fingerprint, self.actor];
        let mut parts = texts.map(str::as_bytes).to_vec();
        let at = self.at.to_be_bytes();
        parts.push(&at);
        link(head, &parts)
    }
}

impl Batch<'_> {
    /// Whether the command came before and found nothing to do.
    ///
    /// # Errors
    /// [`Code::IdempotencyConflict`] when its id came before with another content.
    pub(crate) fn was_idle(&self, header: &Header) -> Result<bool> {
        let Some(known) = self.idle_fingerprint(&header.tenant, &header.order_id, &header.command_id)? else {
            return Ok(false);
        };
        if known != header.fingerprint.to_string() {
            let rule = format!("command {} came before with another content", header.command_id);
            return Err(Error::new(Code::IdempotencyConflict, rule).into());
        }
        Ok(true)
    }

    fn idle_fingerprint(
        &self,
        tenant: &Tenant,
        order: &OrderId,
        command: &CommandId,
    ) -> Result<Option<String>> {
        let mut statement = self.sql(
            "SELECT fingerprint FROM idle_commands WHERE tenant = ?1 AND order_id = ?2 AND command_id = ?3",
        )?;
        let key = (tenant.as_str(), order.as_str(), command.as_str());
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }

    /// Keeps the id of a command that found nothing to do.
    pub(crate) fn remember_idle(&self, header: &Header) -> Result<()> {
        let tenant = header.tenant.as_str();
        let (places, head): (i64, Chain) = self
            .sql("SELECT places, head FROM idle_heads WHERE tenant = ?1")?
            .query_row([tenant], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .unwrap_or_default();
        let (place, fingerprint) = (places + 1, header.fingerprint.to_string());
        let idle = Idle {
            tenant,
            order_id: header.order_id.as_str(),
            command_id: header.command_id.as_str(),
            fingerprint: &fingerprint,
            actor: header.actor.as_str(),
            at: header.at.ms(),
        };
        self.sql("INSERT INTO idle_commands VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute((
            idle.tenant,
            idle.order_id,
            idle.command_id,
            idle.fingerprint,
            idle.actor,
            idle.at,
            place,
        ))?;
        self.sql(
            "INSERT INTO idle_heads VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant) DO UPDATE SET places = excluded.places, head = excluded.head",
        )?
        .execute((tenant, place, idle.follow(&head)))?;
        Ok(())
    }
}
