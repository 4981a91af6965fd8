//! Commands that found nothing to do: their chain, and that none of them acted.

use super::{Check, View, tenants};
use crate::chain::Chain;
use crate::fault::Result;
use crate::idle::Idle;
use rusqlite::OptionalExtension;

pub(super) fn check(view: View<'_>, [check]: &mut [Check; 1]) -> Result<Vec<String>> {
    let mut statement = view.connection.prepare(
        "SELECT order_id, command_id, fingerprint, actor, at, place FROM idle_commands
         WHERE tenant = ?1 ORDER BY place",
    )?;
    let mut heads = view.connection.prepare("SELECT places, head FROM idle_heads WHERE tenant = ?1")?;
    for tenant in tenants(view, &["idle_commands", "idle_heads"])? {
        let (mut places, mut head) = (0_i64, Chain::default());
        let mut rows = statement.query([&tenant])?;
        while let Some(row) = rows.next()? {
            let texts: [String; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            let [order_id, command_id, fingerprint, actor] = texts.each_ref().map(String::as_str);
            let idle = Idle { tenant: &tenant, order_id, command_id, fingerprint, actor, at: row.get(4)? };
            head = idle.follow(&head);
            places += 1;
            let place: i64 = row.get(5)?;
            check.expect(place == places, || {
                format!("order {order_id}: command {command_id} has place {place}, not {places}")
            });
        }
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let stored: Option<(i64, Chain)> = heads.query_row([&tenant], read).optional()?;
        if stored != Some((places, head)) {
            check.fault(format!("tenant {tenant}: the hash of its {places} idle commands does not fit"));
        }
    }
    let mut acted = view.connection.prepare(
        "SELECT i.order_id, i.command_id FROM idle_commands i JOIN commands c USING (tenant, order_id, command_id)",
    )?;
    let mut rows = acted.query([])?;
    while let Some(row) = rows.next()? {
        let (order, command): (String, String) = (row.get(0)?, row.get(1)?);
        check.fault(format!("order {order}: command {command} found nothing to do, and acted"));
    }
    Ok(Vec::new())
}
