//! Reading bindings back: the log of a member, that of all tenants, and rows of members.

use super::load::number;
use crate::fault::{Result, inconsistent};
use crate::file::Store;
use fenrun::Error;
use fenrun::doc::{self, MAX_DOCUMENT_BYTES, Node};
use fenrun::id::{CommandId, MemberId, OrderId};
use fenrun::reward::binding::{BindingEvent, MemberBinding, Standing};
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use rusqlite::{Connection, Row};

/// One event of the bindings of all tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBindingEvent {
    /// Where it stands in the order of commits among events of bindings. Positions rise; a consumer remembers
    /// the last one it saw.
    pub position: i64,
    /// The shop.
    pub tenant: Tenant,
    /// The order it followed on, if it was one.
    pub order_id: Option<OrderId>,
    /// The command that made it; of an order what it stands for: `placed`, `paid`, `completed`, and with the number of
    /// the order's event what changed later, as in `refunded:9`.
    pub command_id: CommandId,
    /// What happened, why, when and by whom.
    pub event: BindingEvent,
}

impl StoredBindingEvent {
    /// The event as a document, with what made it.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut node = self.event.to_node();
        if let Node::Map(map) = &mut node {
            map.insert("position".to_owned(), Node::Int(self.position));
            map.insert("command_id".to_owned(), Node::from(&self.command_id));
            map.insert("order_id".to_owned(), self.order_id.as_ref().map(Node::from).into());
        }
        node
    }
}

/// Whose an order is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingAttribution {
    /// Who invited the buyer, and those above.
    pub upline: Vec<MemberId>,
    /// Whether the buyer comes first, before their inviter.
    pub buyer_first: bool,
}

/// An event with its command, in the order [`read_event`] reads them.
const EVENT: &str = "SELECT e.position, e.tenant, c.order_id, c.command_id, e.data
     FROM binding_events e LEFT JOIN binding_commands c ON c.tenant = e.tenant AND c.place = e.place";

impl Store {
    /// What happened to a member's bindings, and why, oldest first: their own events, and those of others that
    /// changed who is above them.
    ///
    /// # Errors
    /// [`Code::Database`](fenrun::Code::Database); [`Code::Inconsistent`](fenrun::Code::Inconsistent) for an event
    /// that cannot be read.
    pub fn binding_history(
        &self,
        tenant: &Tenant,
        member: &MemberId,
    ) -> Result<Vec<StoredBindingEvent>, Error> {
        self.read(|connection| events_of(connection, tenant, member.as_str()))
    }

    /// The events of bindings of all tenants after a position, in the order of commits, `limit` at most: what an
    /// outbox serves.
    ///
    /// # Errors
    /// As [`Store::binding_history`].
    pub fn binding_events_after(&self, position: i64, limit: u32) -> Result<Vec<StoredBindingEvent>, Error> {
        self.read(|connection| {
            let sql = format!("{EVENT} WHERE e.position > ?1 ORDER BY e.position LIMIT ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query((position, limit))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(read_stored(row)?);
            }
            Ok(events)
        })
    }
}

/// The events that are marked with a member, oldest first.
pub(super) fn events_of(
    connection: &Connection,
    tenant: &Tenant,
    member: &str,
) -> Result<Vec<StoredBindingEvent>> {
    let sql = format!(
        "{EVENT} WHERE e.position IN (SELECT position FROM binding_marks WHERE tenant = ?1 AND member = ?2)
         ORDER BY e.position"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((tenant.as_str(), member))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_stored(row)?);
    }
    Ok(events)
}

/// The events of a command, by its place.
pub(super) fn events_at(connection: &Connection, tenant: &Tenant, place: i64) -> Result<Vec<BindingEvent>> {
    let mut statement = connection.prepare_cached(
        "SELECT data FROM binding_events WHERE tenant = ?1 AND place = ?2 ORDER BY ordinal",
    )?;
    let mut rows = statement.query((tenant.as_str(), place))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_event(&row.get::<_, String>(0)?)?);
    }
    Ok(events)
}

/// Reads an event as it was written.
pub(crate) fn read_event(text: &str) -> Result<BindingEvent> {
    Ok(BindingEvent::from_node(&doc::read_json(text, MAX_DOCUMENT_BYTES)?)?)
}

fn read_stored(row: &Row<'_>) -> Result<StoredBindingEvent> {
    let position = row.get(0)?;
    let (Some(order), Some(command)) = (row.get::<_, Option<String>>(2)?, row.get::<_, Option<String>>(3)?)
    else {
        return Err(inconsistent(format!("the binding event at position {position} has no command")).into());
    };
    Ok(StoredBindingEvent {
        position,
        tenant: Tenant::new(&row.get::<_, String>(1)?)?,
        order_id: Some(order).filter(|id| !id.is_empty()).map(|id| OrderId::new(&id)).transpose()?,
        command_id: CommandId::new(&command)?,
        event: read_event(&row.get::<_, String>(4)?)?,
    })
}

/// A member's id as the store has it.
pub(super) fn stored_id(text: String) -> Result<u64> {
    number(&text).ok_or_else(|| inconsistent(format!("member {text} is no whole number")).into())
}

/// Reads the inviter and the columns of a row of `bindings`, which may be none.
pub(super) fn stored_member(id: u64, row: &Row<'_>) -> Result<MemberBinding> {
    let member = |at: usize| row.get::<_, Option<String>>(at)?.map(stored_id).transpose();
    let when = |at: usize| -> Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_ms))
    };
    let mut one = MemberBinding::new(id, member(0)?);
    let Some(standing) = row.get::<_, Option<String>>(6)? else { return Ok(one) };
    let known = Standing::ALL.iter().find(|known| known.name() == standing);
    one.standing = *known.ok_or_else(|| inconsistent(format!("`standing` is {standing}")))?;
    (one.offer, one.until, one.protected) = (member(1)?, when(2)?, when(3)?);
    (one.orders, one.payments) = (row.get(4)?, row.get(5)?);
    (one.closed, one.merged_into) = (row.get(7)?, member(8)?);
    Ok(one)
}
