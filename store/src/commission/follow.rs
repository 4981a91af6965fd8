//! What the store does by itself when an order of its own moves on: an edit ends one sale and begins the
//! next, and money that was charged back gives back what it took once it is won or replaced.

use super::{SaleKey, Whole};
use crate::batch::Batch;
use crate::fault::Result;
use fenrun::id::{LineId, RefundId};
use fenrun::reward::commission::{Refund, Taken};
use fenrun::trade::order::{Event, EventData, Life, LineLeft, Order};
use std::collections::BTreeMap;

/// What is left of a line of a sale after the refunds on record.
#[derive(Clone, Copy)]
struct Rest {
    units: u64,
    amount: i64,
}

/// Whether an event may leave more of the lines than before it: money that was charged back is won or
/// replaced, or what it is missing for is called off.
fn brings_back(order: &Order, data: &EventData) -> bool {
    match data {
        EventData::ChargebackWon { .. } => true,
        EventData::PaymentCaptured { .. }
        | EventData::LinesCancelled { .. }
        | EventData::RefundGranted(_)
        | EventData::CaseRefunded { .. }
        | EventData::RefundSetOff { .. } => order.charged_back() > 0,
        _ => false,
    }
}

/// Whether one of these events of an order moves commission without a call of the host.
pub(crate) fn moves_commission(order: &Order, events: &[Event]) -> bool {
    order.sale_version() > 1 || events.iter().any(|event| brings_back(order, &event.data))
}

impl Batch<'_> {
    /// Follows an order on which these events were just appended. Commission nobody recorded is left to
    /// whoever records it.
    pub(crate) fn follow(&mut self, order: &Order, events: &[Event]) -> Result<()> {
        for event in events {
            match &event.data {
                EventData::OrderEdited { .. } => self.end_sale(order, event)?,
                data if brings_back(order, data) => self.give_back(order, event)?,
                _ => {}
            }
            self.begin_sale(order, event)?;
        }
        Ok(())
    }

    /// The sale an edit replaces is worth nothing: what stands of it is taken back.
    fn end_sale(&mut self, order: &Order, event: &Event) -> Result<()> {
        let Some(sale) = self.last_sale(order)?.filter(|sale| sale.version < order.sale_version()) else {
            return Ok(());
        };
        let rest = rest_of(&self.whole(&sale)?);
        let lines = rest.into_iter().filter(|(_, rest)| rest.units > 0 || rest.amount != 0);
        let taken = |(line, rest): (LineId, Rest)| Taken { line, units: rest.units, amount: rest.amount };
        self.take(&sale, event, "edited", lines.map(taken).collect())
    }

    /// Commission falls with a charge-back when the host takes it back. Once it is won or replaced, it rises
    /// by what the order has again and the sale does not.
    fn give_back(&mut self, order: &Order, event: &Event) -> Result<()> {
        let Some(sale) = self.last_sale(order)?.filter(|sale| sale.version == order.sale_version()) else {
            return Ok(());
        };
        let rest = rest_of(&self.whole(&sale)?);
        let risen = |left: LineLeft| {
            let amount = rest.get(&left.line).map_or(0, |rest| left.net_left - rest.amount);
            (amount > 0).then_some(Taken { line: left.line, units: 0, amount: -amount })
        };
        let word = if matches!(event.data, EventData::ChargebackWon { .. }) { "won" } else { "replaced" };
        self.take(&sale, event, word, order.left().into_iter().filter_map(risen).collect())
    }

    fn take(&mut self, sale: &SaleKey, event: &Event, word: &str, lines: Vec<Taken>) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let id = RefundId::new(&format!("{word}:{}", event.event_id()))?;
        self.reverse_one(sale, &Refund { id, lines }, event.header.at).map(|_| ())
    }

    /// The plan runs again on what an edit agreed, once nothing is left to pay, or on delivery once it is
    /// released to the warehouse. What charge-backs took by then and nobody has replaced earns nothing.
    fn begin_sale(&mut self, order: &Order, event: &Event) -> Result<()> {
        let ended = matches!(order.life(), Life::Cancelled | Life::Expired | Life::Refunded);
        if order.sale_version() == 1 || order.life().awaits_money() || ended {
            return Ok(());
        }
        let Some(last) = self.last_sale(order)?.filter(|sale| sale.version < order.sale_version()) else {
            return Ok(());
        };
        let before = self.whole(&last)?;
        self.settle_one(before.replay.frozen.plan(), &order.to_sale()?, event.header.at)?;
        let sale = SaleKey { version: order.sale_version(), ..last };
        let rest = rest_of(&self.whole(&sale)?);
        let fallen = |left: LineLeft| {
            let amount = rest.get(&left.line).map_or(0, |rest| rest.amount - left.net_left);
            (amount > 0).then_some(Taken { line: left.line, units: 0, amount })
        };
        self.take(&sale, event, "charged_back", order.left().into_iter().filter_map(fallen).collect())
    }

    /// The last version of an order's sale that has an outcome.
    fn last_sale(&self, order: &Order) -> Result<Option<SaleKey>> {
        let (tenant, sale) = (order.tenant().clone(), order.id().clone());
        let mut statement =
            self.sql("SELECT max(version) FROM outcomes WHERE tenant = ?1 AND sale_id = ?2")?;
        let version: Option<u32> = statement.query_row((tenant.as_str(), sale.as_str()), |row| row.get(0))?;
        Ok(version.map(|version| SaleKey { tenant, sale, version }))
    }
}

/// What is left of each line of a sale, by what was taken back of it.
fn rest_of(whole: &Whole) -> BTreeMap<LineId, Rest> {
    let lines = &whole.replay.frozen.sale().lines;
    let rest = |line: &fenrun::sale::SaleLine| Rest { units: line.units, amount: line.paid() };
    let mut left: BTreeMap<_, _> = lines.iter().map(|line| (line.id.clone(), rest(line))).collect();
    for taken in whole.replay.refunds().iter().flat_map(|refund| &refund.lines) {
        if let Some(rest) = left.get_mut(&taken.line) {
            // Refunds on record were checked against the sale when they came.
            rest.units = rest.units.saturating_sub(taken.units);
            rest.amount = rest.amount.saturating_sub(taken.amount);
        }
    }
    left
}
