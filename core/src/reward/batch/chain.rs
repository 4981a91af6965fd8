//! The general way: each order becomes a sale with its own chain.

use super::orders::Orders;
use super::rows::{RowBlock, RowColumns};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, OrderId};
use crate::reward::commission::{Totals, evaluate};
use crate::reward::plan::{Plan, REFERRAL};
use crate::reward::referral::{Forest, MemberIx};
use crate::sale::{Around, Facts, Purpose, Sale, SaleDraft, SaleLine};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::ops::Range;

/// The sale of the order in a range of rows, with the upline the forest had when it was placed.
///
/// # Errors
/// As [`Sale::new`].
pub fn sale_of(plan: &Plan, forest: &Forest, orders: &Orders<'_>, rows: Range<usize>) -> Result<Sale> {
    let first = rows.start;
    let placed_at = orders.placed_at.map(|column| Timestamp::from_ms(column[first]));
    let buyer = orders.buyers[first];
    if let Some(row) = rows.clone().find(|row| orders.buyers[*row] != buyer) {
        let error = format!("order {} has two buyers", orders.order_id(first));
        return Err(Error::new(Code::InvalidSale, error).at(row));
    }
    let depth = plan.walks().get(REFERRAL).copied().unwrap_or(0);
    let upline = forest.upline(buyer, placed_at).take(depth);
    Sale::new(SaleDraft {
        tenant: String::new(),
        id: OrderId::from(orders.order_id(first)),
        version: 1,
        currency: plan.currency(),
        placed_at: placed_at.unwrap_or_default(),
        buyer: forest.person(buyer),
        upline: upline.map(|ix| forest.person(ix)).collect(),
        roles: BTreeMap::new(),
        around: Around::default(),
        used: None,
        facts: Facts::new(),
        lines: rows.map(|row| line(orders, first, row)).collect(),
    })
}

/// Line ids are those of the batch, or the place of the row within its order.
fn line(orders: &Orders<'_>, first: usize, row: usize) -> SaleLine {
    let number = u64::try_from(row - first + 1).unwrap_or(u64::MAX);
    let components = orders.components.iter().map(|(name, column)| ((*name).to_owned(), column[row]));
    let overrides = orders.overrides.and_then(|(column, table)| {
        let index = usize::try_from(column[row]).ok()?.checked_sub(1)?;
        table.get(index).cloned()
    });
    SaleLine {
        id: LineId::from(orders.lines.map_or(number, |lines| lines[row])),
        units: orders.units.map_or(1, |units| u64::from(units[row])),
        components: components.collect(),
        purpose: Purpose::Goods,
        facts: Facts::new(),
        overrides: overrides.unwrap_or_default(),
    }
}

pub(super) fn settle(
    plan: &Plan,
    forest: &Forest,
    orders: &Orders<'_>,
    sink: &mut dyn FnMut(RowBlock<'_>),
) -> Result<Totals> {
    let mut totals = Totals::default();
    let mut rows = RowColumns::default();
    for pair in orders.starts().windows(2) {
        let range = pair[0]..pair[1];
        let sale = sale_of(plan, forest, orders, range.clone()).map_err(|error| error.at(range.start))?;
        let outcome = evaluate(plan, &sale).map_err(|error| error.at(range.start))?;
        let mut of_order = Totals::new(outcome.pool());
        for retained in outcome.retained() {
            of_order.retain(retained.reason, retained.amount)?;
        }
        totals.add(&of_order)?;
        rows.clear();
        for row in outcome.rows() {
            let place = row
                .line
                .as_ref()
                .and_then(|id| range.clone().find(|at| line(orders, range.start, *at).id == *id));
            let payee = row.payee.as_str().parse().ok().and_then(|id| forest.find(id));
            let rule = plan.rules().iter().position(|rule| rule.id == row.rule).unwrap_or(0);
            rows.sources.push(u32::try_from(place.unwrap_or(range.start)).unwrap_or(u32::MAX));
            rows.payees.push(payee.map_or(0, MemberIx::get));
            rows.slots.push(slot(rule, row.level));
            rows.amounts.push(row.amount);
        }
        sink(rows.as_block());
    }
    Ok(totals)
}

/// Rule in the upper half, level in the lower; a plan has at most 256 rules, a walk 4,096 stops.
pub(super) fn slot(rule: usize, level: usize) -> u32 {
    u32::try_from((rule << 16) | (level & 0xFFFF)).unwrap_or(u32::MAX)
}
