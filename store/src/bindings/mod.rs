//! Bindings by policy: commands that win, keep and lose inviters, decided by the core on the members they are
//! about, with a log of every change and the dated edges of members written in one transaction.

mod follow;
mod load;
mod policy;
mod read;
mod write;

pub(crate) use follow::Before;
pub(crate) use load::number;
pub(crate) use policy::{Shop, check_ruled, read_policy};
pub(crate) use read::read_event;
pub use read::{BindingAttribution, StoredBindingEvent};
pub(crate) use write::{Entry, Row, marked};

use crate::batch::Batch;
use crate::fault::Result;
use fenrun::doc::Node;
use fenrun::id::{CommandId, ExternalId, MemberId};
use fenrun::ledger::Posted;
use fenrun::reward::binding::{BindingAction, BindingCommand, BindingEvent};
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use rusqlite::OptionalExtension;

/// What became of a command about bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingAppended {
    /// Whether it acted now or before.
    pub posted: Posted,
    /// The events it made, now or then; none when there was nothing to do.
    pub events: Vec<BindingEvent>,
}

/// How far behind the last event a command may be and still count, in milliseconds.
const LATE_MS: i64 = 60_000;

/// What a command is known by: the order it followed on, empty for one of the host, and its id.
pub(crate) type CommandKey<'a> = (&'a str, &'a str);

impl Batch<'_> {
    /// Decides a command about bindings under the policy of its time, and appends its events: members join,
    /// and the edges of [`upline`](Batch::upline) change with them. The same command again gives the events of
    /// the first time, and none when it found nothing to do then. One that is up to a minute behind the last event
    /// of the tenant counts at that event's time.
    ///
    /// # Errors
    /// As [`Bindings::handle`](fenrun::reward::binding::Bindings::handle); nothing is written then, and the batch
    /// may go on. [`Code::NotFound`] without a policy; [`Code::IdempotencyConflict`] when the id came with another
    /// command; [`Code::InvalidId`] for an actor who is nobody.
    pub fn handle_binding(
        &mut self,
        tenant: &Tenant,
        command_id: &CommandId,
        command: &BindingCommand,
    ) -> Result<BindingAppended, Error> {
        self.run(|batch| batch.bind_by_policy(tenant, ("", command_id.as_str()), command))
    }

    /// Whose an order is that a member places at a moment: the inviter, with a binding that only this order makes,
    /// those above, `limit` at most, and whether the buyer comes first. Nothing is recorded: the order does that
    /// when it comes.
    ///
    /// # Errors
    /// [`Code::NotFound`] without a policy; [`Code::UnknownMember`]; [`Code::ClosedMember`];
    /// [`Code::InvalidCommand`] for a moment more than a minute before the last event.
    pub fn attribution(
        &mut self,
        tenant: &Tenant,
        member: &MemberId,
        now: Timestamp,
        limit: usize,
    ) -> Result<BindingAttribution, Error> {
        self.run(|batch| {
            let Some(id) = number(member.as_str()) else {
                return Err(
                    Error::new(Code::UnknownMember, format!("member {member} is not registered")).into()
                );
            };
            let action = BindingAction::Order { member: id };
            let now = batch.in_turn(tenant, now)?;
            let command = BindingCommand { action, actor: ExternalId::from(id), now, reason: None };
            let mut bindings = batch.bindings_for(tenant, &command)?;
            bindings.handle(&command)?;
            let whose = bindings.attribution(id, now);
            let mut upline: Vec<MemberId> = whose.inviter.map(MemberId::from).into_iter().collect();
            if let Some(inviter) = upline.first().filter(|_| limit > 1) {
                upline.extend(crate::members::upline(&batch.transaction, tenant, inviter, now, limit - 1)?);
            }
            upline.truncate(limit);
            Ok(BindingAttribution { upline, buyer_first: whose.buyer_first })
        })
    }

    /// Handles a command under its key.
    pub(crate) fn bind_by_policy(
        &mut self,
        tenant: &Tenant,
        key: CommandKey<'_>,
        command: &BindingCommand,
    ) -> Result<BindingAppended> {
        let fingerprint = command.fingerprint().to_string();
        if let Some((place, known)) = self.known_binding(tenant, key)? {
            if known != fingerprint {
                let rule = format!("command {} came before with another content", key.1);
                return Err(Error::new(Code::IdempotencyConflict, rule).into());
            }
            let events = read::events_at(&self.transaction, tenant, place)?;
            return Ok(BindingAppended { posted: Posted::Repeat, events });
        }
        check_actor(&command.actor)?;
        let command = &BindingCommand { now: self.in_turn(tenant, command.now)?, ..command.clone() };
        let bindings = self.bindings_for(tenant, command)?;
        let events = bindings.decide(command)?;
        self.append_bindings((tenant, key, &fingerprint), command, bindings, &events)?;
        Ok(BindingAppended { posted: Posted::New, events })
    }

    /// The moment a command counts at. Writers take turns and their clocks differ: one that lost its turn to a
    /// later one comes right after it.
    fn in_turn(&mut self, tenant: &Tenant, now: Timestamp) -> Result<Timestamp> {
        let last = self.shop(tenant)?.and_then(|shop| shop.last);
        let close = |last: &Timestamp| *last > now && last.ms().saturating_sub(now.ms()) <= LATE_MS;
        Ok(last.filter(close).unwrap_or(now))
    }

    /// The place and the fingerprint of a command that came before.
    fn known_binding(&self, tenant: &Tenant, (order, id): CommandKey<'_>) -> Result<Option<(i64, String)>> {
        let mut statement = self.sql(
            "SELECT place, fingerprint FROM binding_commands
             WHERE tenant = ?1 AND order_id = ?2 AND command_id = ?3",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(statement.query_row((tenant.as_str(), order, id), read).optional()?)
    }
}

/// Every event says who asked.
fn check_actor(actor: &ExternalId) -> Result<()> {
    match ExternalId::from_node(&Node::from(actor))? {
        Some(_) => Ok(()),
        None => Err(Error::new(Code::InvalidId, format!("actor {actor} names nobody")).into()),
    }
}
