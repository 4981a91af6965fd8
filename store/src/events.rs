//! Order events: the log, the projection beside it, and reading both back.

use crate::batch::{Batch, Held};
use crate::bindings::Before;
use crate::chain::Chain;
use crate::commission::moves_commission;
use crate::fault::{Result, inconsistent};
use crate::file::Store;
use crate::links::Linked;
use crate::members::same;
use fenrun::doc::{self, MAX_DOCUMENT_BYTES};
use fenrun::id::{CommandId, ExternalId, OrderId};
use fenrun::ledger::Posted;
use fenrun::money::Currency;
use fenrun::time::Timestamp;
use fenrun::trade::order::{Command, Decision, Event, EventData, Fingerprint, Header, Order, Tenant, decide};
use fenrun::{Code, Error};
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Whether it acted now or before.
    pub posted: Posted,
    /// The events it made, now or then; none when there was nothing to do.
    pub events: Vec<Event>,
}

/// One event of the log of all tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Where it stands in the order of commits. Positions rise; a consumer remembers the last one it saw.
    pub position: i64,
    /// The event.
    pub event: Event,
}

/// Where an order stands, as the projection has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSummary {
    /// The order.
    pub order_id: OrderId,
    /// The place of its last event.
    pub version: u64,
    /// The word of its life cycle.
    pub life: String,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// Its currency, once placed.
    pub currency: Option<Currency>,
    /// What the buyer pays.
    pub total: i64,
    /// Money that came in.
    pub captured: i64,
    /// Money that was paid back.
    pub refunded: i64,
}

/// An event and the header of its command, in the order [`read_event`] reads them.
pub(crate) const EVENT: &str = "SELECT e.position, e.seq, e.type, e.data, e.hash, e.tenant, e.order_id,
        c.command_id, c.fingerprint, c.actor, c.at
     FROM events e LEFT JOIN commands c
     ON c.tenant = e.tenant AND c.order_id = e.order_id AND e.seq BETWEEN c.first_seq AND c.last_seq";

/// The next link of a chain; the first event follows on zeros.
pub(crate) fn link(previous: &Chain, event: &Event) -> Chain {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(event.to_json().as_bytes());
    hasher.finalize().into()
}

impl Batch<'_> {
    /// Decides a command on the order as it stands and appends its events. The same command again gives
    /// the events of the first time, and none when it found nothing to do then.
    ///
    /// # Errors
    /// As [`decide`]; nothing is written then, and the batch may go on.
    pub fn handle(&mut self, command: &Command) -> Result<Appended, Error> {
        self.run(|batch| {
            let header = command.header();
            if batch.was_idle(header)? {
                return Ok(Appended { posted: Posted::Repeat, events: Vec::new() });
            }
            match decide(&batch.folded(&header.tenant, &header.order_id)?.0, command)? {
                Decision::Accepted(events) => {
                    match events.as_slice() {
                        [] => batch.remember_idle(header)?,
                        made => batch.append_new(made)?,
                    }
                    Ok(Appended { posted: Posted::New, events })
                }
                Decision::Repeat { first_seq, last_seq } => {
                    let order = (&header.tenant, &header.order_id);
                    let events = read_events(&batch.transaction, order, (first_seq, last_seq))?;
                    Ok(Appended { posted: Posted::Repeat, events })
                }
            }
        })
    }

    /// Appends the events of one command as another process decided them. The same events again are a
    /// no-op.
    ///
    /// # Errors
    /// [`Code::InvalidCommand`] for no events or those of several commands; [`Code::StoreConflict`] when
    /// other events stand at their places or their command found nothing to do here; those of [`Order::apply`] when they cannot follow.
    pub fn append(&mut self, events: &[Event]) -> Result<Posted, Error> {
        self.run(|batch| {
            let (Some(first), Some(last)) = (events.first(), events.last()) else {
                return Err(Error::new(Code::InvalidCommand, "there are no events to append").into());
            };
            if events.iter().any(|event| event.header != first.header) {
                let rule = "the events are not of one command; append each command's alone";
                return Err(Error::new(Code::InvalidCommand, rule).into());
            }
            let (tenant, order_id) = (&first.header.tenant, &first.header.order_id);
            if batch.was_idle(&first.header)? {
                let rule = format!("command {} found nothing to do in this store", first.header.command_id);
                return Err(Error::new(Code::StoreConflict, rule).into());
            }
            if first.seq > batch.folded(tenant, order_id)?.0.version() {
                return batch.append_new(events).map(|()| Posted::New);
            }
            let known = read_events(&batch.transaction, (tenant, order_id), (first.seq, last.seq))?;
            same(known == events, || {
                format!("order {order_id}: another event stands at place {} of its log", first.seq)
            })
        })
    }

    /// An order as it stands, this batch's commands included; `None` when nothing happened to it.
    ///
    /// # Errors
    /// [`Code::Database`]; [`Code::Inconsistent`] when its log cannot be replayed.
    pub fn order(&mut self, tenant: &Tenant, order_id: &OrderId) -> Result<Option<&Order>, Error> {
        self.run(|batch| batch.folded(tenant, order_id).map(|_| ()))?;
        let held = self.state.orders.get(&(tenant.clone(), order_id.clone()));
        Ok(held.map(|held| &held.value.0).filter(|order| order.version() > 0))
    }

    /// The hash of the last event an order has, this batch's included; `None` for an order without any.
    pub(crate) fn order_head(&self, tenant: &Tenant, order_id: &OrderId) -> Result<Option<Chain>> {
        if let Some(held) = self.state.orders.get(&(tenant.clone(), order_id.clone())) {
            let (order, head) = &held.value;
            return Ok((order.version() > 0).then_some(*head));
        }
        let mut statement = self.sql("SELECT head FROM orders WHERE tenant = ?1 AND order_id = ?2")?;
        Ok(statement.query_row((tenant.as_str(), order_id.as_str()), |row| row.get(0)).optional()?)
    }

    /// The order and the head of its chain, read once a batch.
    fn folded(&mut self, tenant: &Tenant, order_id: &OrderId) -> Result<&(Order, Chain)> {
        let key = (tenant.clone(), order_id.clone());
        if !self.state.orders.contains_key(&key) {
            let folded = read_order(&self.transaction, tenant, order_id)?;
            let folded =
                folded.unwrap_or_else(|| (Order::draft(key.0.clone(), key.1.clone()), Chain::default()));
            self.state.orders.insert(key.clone(), Held::clean(folded));
        }
        let missing = || inconsistent(format!("order {order_id} was read and is gone"));
        Ok(self.state.orders.get(&key).map(|held| &held.value).ok_or_else(missing)?)
    }

    /// Writes events that follow on the order's log; before the first write all of them are checked.
    fn append_new(&mut self, events: &[Event]) -> Result<()> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let header = &first.header;
        let ruled = self.shop(&header.tenant)?.is_some();
        let (mut order, mut head) = self.folded(&header.tenant, &header.order_id)?.clone();
        let before = ruled.then(|| Before::of(&order));
        for event in events {
            order.apply(event)?;
        }
        self.sql("INSERT INTO commands VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute((
            header.tenant.as_str(),
            header.order_id.as_str(),
            header.command_id.as_str(),
            header.fingerprint.to_string(),
            header.actor.as_str(),
            header.at.ms(),
            place(first.seq)?,
            place(last.seq)?,
        ))?;
        for event in events {
            head = link(&head, event);
            let place_in_all = self.next_link(Linked::Events, &head)?;
            self.sql(
                "INSERT INTO events (tenant, order_id, seq, type, data, hash, link)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                header.tenant.as_str(),
                header.order_id.as_str(),
                place(event.seq)?,
                event.data.name(),
                event.data.to_json(),
                head,
                place_in_all,
            ))?;
        }
        let key = (header.tenant.clone(), header.order_id.clone());
        let moves = moves_commission(&order, events);
        let followed = (moves || before.is_some()).then(|| order.clone());
        self.state.orders.insert(key, Held::dirty((order, head)));
        let Some(order) = followed else { return Ok(()) };
        if let Some(before) = before {
            self.follow_bindings(before, &order, events)?;
        }
        if moves { self.follow(&order, events) } else { Ok(()) }
    }

    /// Writes where the batch has left its orders.
    pub(crate) fn write_orders(&mut self) -> Result<()> {
        let mut statement = self.sql(
            "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (tenant, order_id) DO UPDATE SET
                 version = excluded.version, life = excluded.life, placed_at = excluded.placed_at,
                 currency = excluded.currency, total = excluded.total, captured = excluded.captured,
                 refunded = excluded.refunded, due = excluded.due, head = excluded.head",
        )?;
        for ((tenant, order_id), held) in self.state.orders.iter().filter(|(_, held)| held.dirty) {
            let (order, head) = &held.value;
            let projection = Projection::of(order)?;
            statement.execute(rusqlite::params![
                tenant.as_str(),
                order_id.as_str(),
                projection.version,
                projection.life,
                projection.placed_at,
                projection.currency,
                projection.total,
                projection.captured,
                projection.refunded,
                projection.due,
                head,
            ])?;
        }
        drop(statement);
        self.state.orders.clear();
        Ok(())
    }
}

/// The columns of the projection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Projection {
    pub(crate) version: i64,
    pub(crate) life: String,
    pub(crate) placed_at: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) total: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) due: Option<i64>,
}

impl Projection {
    pub(crate) fn of(order: &Order) -> Result<Self> {
        Ok(Self {
            version: place(order.version())?,
            life: order.life().name().to_owned(),
            placed_at: order.placed_at().map(Timestamp::ms),
            currency: order.currency().map(|currency| currency.code().to_owned()),
            total: order.total(),
            captured: order.captured(),
            refunded: order.refunded(),
            due: order.deadlines().first().map(|deadline| deadline.at.ms()),
        })
    }
}

impl Store {
    /// An order as it stands; `None` when nothing happened to it.
    ///
    /// # Errors
    /// [`Code::Database`]; [`Code::Inconsistent`] when its log cannot be replayed.
    pub fn order(&self, tenant: &Tenant, order_id: &OrderId) -> Result<Option<Order>, Error> {
        self.read(|connection| Ok(read_order(connection, tenant, order_id)?.map(|(order, _)| order)))
    }

    /// The log of one order.
    ///
    /// # Errors
    /// As [`Store::order`].
    pub fn events(&self, tenant: &Tenant, order_id: &OrderId) -> Result<Vec<Event>, Error> {
        self.read(|connection| read_events(connection, (tenant, order_id), (1, u64::MAX)))
    }

    /// The events of all tenants after a position, in the order of commits, `limit` at most: what an
    /// outbox serves. A consumer keeps the last position it has dealt with.
    ///
    /// # Errors
    /// As [`Store::order`].
    pub fn events_after(&self, position: i64, limit: u32) -> Result<Vec<StoredEvent>, Error> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("{EVENT} WHERE e.position > ?1 ORDER BY e.position LIMIT ?2"))?;
            let mut rows = statement.query((position, limit))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(read_event(row)?);
            }
            Ok(events)
        })
    }

    /// How many events of each type a tenant has.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn event_counts(&self, tenant: &Tenant) -> Result<BTreeMap<String, u64>, Error> {
        self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT type, count(*) FROM events WHERE tenant = ?1 GROUP BY type")?;
            let mut rows = statement.query([tenant.as_str()])?;
            let mut counts = BTreeMap::new();
            while let Some(row) = rows.next()? {
                counts.insert(row.get(0)?, seq(row.get(1)?)?);
            }
            Ok(counts)
        })
    }

    /// Orders on which a tick would act, the longest due first, `limit` at most.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn orders_due(&self, tenant: &Tenant, now: Timestamp, limit: u32) -> Result<Vec<OrderId>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT order_id FROM orders WHERE tenant = ?1 AND due <= ?2 ORDER BY due LIMIT ?3",
            )?;
            let mut rows = statement.query((tenant.as_str(), now.ms(), limit))?;
            let mut orders = Vec::new();
            while let Some(row) = rows.next()? {
                orders.push(OrderId::new(&row.get::<_, String>(0)?)?);
            }
            Ok(orders)
        })
    }

    /// Hands the summary of every order of a tenant to the caller, in the order of their ids.
    ///
    /// # Errors
    /// [`Code::Database`]; [`Code::Inconsistent`] for a row that cannot be read.
    pub fn for_each_order(&self, tenant: &Tenant, mut see: impl FnMut(OrderSummary)) -> Result<(), Error> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT order_id, version, life, placed_at, currency, total, captured, refunded
                 FROM orders WHERE tenant = ?1 ORDER BY order_id",
            )?;
            let mut rows = statement.query([tenant.as_str()])?;
            while let Some(row) = rows.next()? {
                let currency = row.get::<_, Option<String>>(4)?;
                let currency = currency.map(|code| self.currencies.parse(&code)).transpose();
                see(OrderSummary {
                    order_id: OrderId::new(&row.get::<_, String>(0)?)?,
                    version: seq(row.get(1)?)?,
                    life: row.get(2)?,
                    placed_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_ms),
                    currency: currency.map_err(Error::from)?,
                    total: row.get(5)?,
                    captured: row.get(6)?,
                    refunded: row.get(7)?,
                });
            }
            Ok(())
        })
    }
}

/// The order folded from its log, and the head of its chain.
fn read_order(
    connection: &Connection,
    tenant: &Tenant,
    order_id: &OrderId,
) -> Result<Option<(Order, Chain)>> {
    let mut statement =
        connection.prepare_cached("SELECT head FROM orders WHERE tenant = ?1 AND order_id = ?2")?;
    let head = statement.query_row((tenant.as_str(), order_id.as_str()), |row| row.get(0)).optional()?;
    let Some(head) = head else { return Ok(None) };
    let mut order = Order::draft(tenant.clone(), order_id.clone());
    for event in read_events(connection, (tenant, order_id), (1, u64::MAX))? {
        order.apply(&event)?;
    }
    Ok(Some((order, head)))
}

pub(crate) fn read_events(
    connection: &Connection,
    (tenant, order_id): (&Tenant, &OrderId),
    (first, last): (u64, u64),
) -> Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(&format!(
        "{EVENT} WHERE e.tenant = ?1 AND e.order_id = ?2 AND e.seq BETWEEN ?3 AND ?4 ORDER BY e.seq"
    ))?;
    let last = i64::try_from(last).unwrap_or(i64::MAX);
    let mut rows = statement.query((tenant.as_str(), order_id.as_str(), place(first)?, last))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_event(row)?.event);
    }
    Ok(events)
}

/// Reads a row of [`EVENT`].
pub(crate) fn read_event(row: &Row<'_>) -> Result<StoredEvent> {
    let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
    let (position, name) = (row.get(0)?, text(2)?);
    let Some(command_id) = row.get::<_, Option<String>>(7)? else {
        return Err(inconsistent(format!("the event at position {position} has no command")).into());
    };
    let header = Header {
        tenant: Tenant::new(text(5)?)?,
        order_id: OrderId::new(text(6)?)?,
        command_id: CommandId::new(&command_id)?,
        fingerprint: Fingerprint::parse(text(8)?)?,
        actor: ExternalId::new(text(9)?)?,
        at: Timestamp::from_ms(row.get(10)?),
    };
    let data = EventData::from_node(name, &doc::read_json(text(3)?, MAX_DOCUMENT_BYTES)?)?;
    Ok(StoredEvent { position, event: Event { header: Arc::new(header), seq: seq(row.get(1)?)?, data } })
}

pub(crate) fn place(seq: u64) -> Result<i64> {
    i64::try_from(seq)
        .map_err(|_| Error::new(Code::Overflow, format!("place {seq} of a log does not fit")).into())
}

pub(crate) fn seq(place: i64) -> Result<u64> {
    u64::try_from(place).map_err(|_| inconsistent(format!("place {place} of a log is below zero")).into())
}
