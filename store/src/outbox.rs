//! The outbox: what events ask of stock, coupons and points, worked out again whenever a consumer asks.
//!
//! Nothing is stored for it. An intent follows from its event and the order before it, so that an offset into
//! the log of events is all a consumer has to keep, and its key is the same every time.

use crate::events::{StoredEvent, read_events};
use crate::fault::{Result, inconsistent};
use crate::file::Store;
use fenrun::Error;
use fenrun::id::OrderId;
use fenrun::trade::order::{Intent, Order, Tenant, intents};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// What one event asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIntents {
    /// Where the event stands in the order of commits: what a consumer remembers once it has dealt with it.
    pub position: i64,
    /// The shop.
    pub tenant: Tenant,
    /// The order.
    pub order_id: OrderId,
    /// What is to be done; none for an event that asks for nothing.
    pub intents: Vec<Intent>,
}

impl Store {
    /// What the events after a position ask of stock, coupons and points, in the order of commits, of `limit`
    /// events at most. An event that asks for nothing is among them, so that the last position of a page is
    /// where the next one begins; no events means nothing is left.
    ///
    /// # Errors
    /// As [`Store::order`].
    pub fn intents_after(&self, position: i64, limit: u32) -> Result<Vec<StoredIntents>, Error> {
        let events = self.events_after(position, limit)?;
        self.read(|connection| {
            let mut orders = BTreeMap::new();
            events.into_iter().map(|event| of_event(connection, &mut orders, event)).collect()
        })
    }
}

/// The intents of the next event of an order, which is folded once a page.
fn of_event(
    connection: &Connection,
    orders: &mut BTreeMap<(Tenant, OrderId), Order>,
    StoredEvent { position, event }: StoredEvent,
) -> Result<StoredIntents> {
    let (tenant, order_id) = (event.header.tenant.clone(), event.header.order_id.clone());
    let key = (tenant.clone(), order_id.clone());
    if !orders.contains_key(&key) {
        let mut order = Order::draft(tenant.clone(), order_id.clone());
        for earlier in read_events(connection, (&tenant, &order_id), (1, event.seq - 1))? {
            order.apply(&earlier)?;
        }
        orders.insert(key.clone(), order);
    }
    let gone = || inconsistent(format!("order {order_id} was read and is gone"));
    let order = orders.get_mut(&key).ok_or_else(gone)?;
    let intents = intents(order, &event)?;
    order.apply(&event)?;
    Ok(StoredIntents { position, tenant, order_id, intents })
}
