//! Events: the chain, the replay and the projection, the commands.

use super::{Check, MAX_EXAMPLES, View, check_links, check_numbers};
use crate::chain::Chain;
use crate::events::{EVENT, Projection, StoredEvent, link, read_event};
use crate::fault::{Result, inconsistent};
use crate::links::Linked;
use fenrun::id::OrderId;
use fenrun::trade::order::{Life, Order, Placement, Tenant};
use rusqlite::{OptionalExtension, Row, Statement};

/// One order while its events go by.
struct Replay {
    order: Order,
    head: Chain,
    /// Where its last event stands among those of all orders.
    position: i64,
    /// A broken log is told once, where it breaks.
    broken: bool,
}

/// Completed orders that name a plan and have no outcome. Commission may be recorded later, or elsewhere, so
/// that this is no fault.
struct Unearned<'c> {
    outcomes: Statement<'c>,
    count: u64,
    first: Vec<String>,
}

const UNEARNED: &str = "SELECT 1 FROM outcomes WHERE tenant = ?1 AND sale_id = ?2";

pub(super) fn check(view: View<'_>, [log, orders, commands]: &mut [Check; 3]) -> Result<Vec<String>> {
    let mut notices = Vec::new();
    let mut unearned = Unearned { outcomes: view.connection.prepare(UNEARNED)?, count: 0, first: Vec::new() };
    let mut projection = view.connection.prepare(
        "SELECT version, life, placed_at, currency, total, captured, refunded, due, head FROM orders
         WHERE tenant = ?1 AND order_id = ?2",
    )?;
    let mut statement =
        view.connection.prepare(&format!("{EVENT} ORDER BY e.tenant, e.order_id, e.seq, e.position"))?;
    let mut rows = statement.query([])?;
    let mut current: Option<Replay> = None;
    while let Some(row) = rows.next()? {
        let tenant = Tenant::new(&row.get::<_, String>(5)?)?;
        let order_id = OrderId::new(&row.get::<_, String>(6)?)?;
        let same = |replay: &Replay| *replay.order.tenant() == tenant && *replay.order.id() == order_id;
        if !current.as_ref().is_some_and(same) {
            if let Some(done) = current.take() {
                unearned.look(&done.order)?;
                finish(&mut projection, done, orders, &mut notices)?;
            }
            let order = Order::draft(tenant, order_id);
            current = Some(Replay { order, head: Chain::default(), position: 0, broken: false });
        }
        if let Some(replay) = current.as_mut().filter(|replay| !replay.broken) {
            let followed = follow(replay, row);
            replay.broken = followed.is_err();
            let place = replay.order.version();
            log.expect(!replay.broken, || {
                let why = followed.err().map_or_else(String::new, |fault| fault.to_string());
                format!("order {} after place {place}: {why}", replay.order.id())
            });
        }
    }
    if let Some(done) = current {
        unearned.look(&done.order)?;
        finish(&mut projection, done, orders, &mut notices)?;
    }
    check_strays(view, orders)?;
    check_commands(view, commands)?;
    check_numbers(view, "events", "position", log)?;
    check_links(view, Linked::Events, log)?;
    notices.extend(unearned.notice());
    Ok(notices)
}

impl Unearned<'_> {
    fn look(&mut self, order: &Order) -> Result<()> {
        let plan = order.placement().and_then(Placement::plan);
        let meant = plan.is_some() && order.life() == Life::Completed;
        if meant && !self.outcomes.exists((order.tenant().as_str(), order.id().as_str()))? {
            self.count += 1;
            if self.first.len() < MAX_EXAMPLES {
                self.first.push(order.id().to_string());
            }
        }
        Ok(())
    }

    fn notice(self) -> Option<String> {
        let (count, first) = (self.count, self.first.join(", "));
        (count > 0).then(|| format!("{count} completed orders name a plan and have no outcome: {first}"))
    }
}

/// Folds one event in and follows the chain.
fn follow(replay: &mut Replay, row: &Row<'_>) -> Result<()> {
    let StoredEvent { position, event } = read_event(row)?;
    if position <= replay.position {
        return Err(inconsistent(format!("place {} stands before what it follows on", event.seq)).into());
    }
    replay.position = position;
    let stored: Chain = row.get(4)?;
    let head = link(&replay.head, &event);
    // What is read leniently is still told when its text is not the one that was written.
    let text: String = row.get(3)?;
    if head != stored || text != event.data.to_json() {
        let rule = format!("the hash of place {} does not fit: an event was changed", event.seq);
        return Err(inconsistent(rule).into());
    }
    replay.order.apply(&event)?;
    replay.head = head;
    Ok(())
}

/// Compares an order with its projection.
fn finish(
    projection: &mut Statement<'_>,
    replay: Replay,
    orders: &mut Check,
    notices: &mut Vec<String>,
) -> Result<()> {
    let Replay { order, head, broken, .. } = replay;
    if order.receivable() > 0 {
        notices.push(format!("order {}: providers paid out {} too much", order.id(), order.receivable()));
    }
    if order.conflicts() > 0 {
        notices.push(format!(
            "order {}: {} contradicting reports of providers",
            order.id(),
            order.conflicts()
        ));
    }
    let read = |row: &Row<'_>| {
        let stored = Projection {
            version: row.get(0)?,
            life: row.get(1)?,
            placed_at: row.get(2)?,
            currency: row.get(3)?,
            total: row.get(4)?,
            captured: row.get(5)?,
            refunded: row.get(6)?,
            due: row.get(7)?,
        };
        Ok((stored, row.get::<_, Chain>(8)?))
    };
    let stored = projection.query_row((order.tenant().as_str(), order.id().as_str()), read).optional()?;
    let replayed = Some((Projection::of(&order)?, head));
    orders.expect(broken || stored == replayed, || match stored {
        None => format!("order {} has events and no projection", order.id()),
        Some(_) => format!("order {}: the projection is not what its events come to", order.id()),
    });
    Ok(())
}

/// Projections without events.
fn check_strays(view: View<'_>, orders: &mut Check) -> Result<()> {
    let mut statement = view.connection.prepare(
        "SELECT o.order_id FROM orders o WHERE NOT EXISTS
             (SELECT 1 FROM events e WHERE e.tenant = o.tenant AND e.order_id = o.order_id)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        orders.fault(format!("order {} has a projection and no events", row.get::<_, String>(0)?));
    }
    Ok(())
}

/// Every command's places hold events, and no two commands share a place.
fn check_commands(view: View<'_>, commands: &mut Check) -> Result<()> {
    let mut statement = view.connection.prepare(
        "SELECT tenant, order_id, command_id, first_seq, last_seq,
             (SELECT count(*) FROM events e WHERE e.tenant = c.tenant AND e.order_id = c.order_id
                  AND e.seq BETWEEN c.first_seq AND c.last_seq)
         FROM commands c ORDER BY tenant, order_id, first_seq",
    )?;
    let mut rows = statement.query([])?;
    // Places are compared as wider numbers: a stored one may be the last that fits.
    let mut before: Option<(String, String, i128)> = None;
    while let Some(row) = rows.next()? {
        let (tenant, order_id): (String, String) = (row.get(0)?, row.get(1)?);
        let [first, last, found] =
            [row.get(3)?, row.get(4)?, row.get(5)?].map(|place: i64| i128::from(place));
        let next = match &before {
            Some((known_tenant, known_order, last))
                if (known_tenant, known_order) == (&tenant, &order_id) =>
            {
                last + 1
            }
            _ => 1,
        };
        let command: String = row.get(2)?;
        commands.expect(first == next && last >= first && found == last - first + 1, || {
            format!("order {order_id}: command {command} claims places {first} to {last}, {found} events stand there")
        });
        before = Some((tenant, order_id, last));
    }
    Ok(())
}
