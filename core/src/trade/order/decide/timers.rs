//! Timers: what the clock alone does to an order.

use super::Draft;
use super::goods::all_units;
use crate::error::Result;
use crate::trade::order::case::{CaseMove, CaseStage};
use crate::trade::order::command::Reason;
use crate::trade::order::event_data::EventData;
use crate::trade::order::life::Trigger;
use crate::trade::order::state::Order;
use crate::trade::order::taken::{Cause, Receipt};

impl Draft<'_> {
    /// Runs every timer that is due, each on the order the one before left.
    pub(super) fn tick(&mut self) -> Result<()> {
        let mut scratch: Option<Order> = None;
        loop {
            let order = scratch.as_ref().unwrap_or(self.order);
            let due = order.deadlines().into_iter().find(|deadline| deadline.at <= self.header.at);
            let Some(due) = due else { return Ok(()) };
            let mut draft = Draft { order, header: self.header, events: Vec::with_capacity(2) };
            match due.kind {
                Trigger::PayBy => draft.close(EventData::OrderExpired, Cause::Expired)?,
                Trigger::AutoReceive => {
                    let lines = all_units(order, |at, _, _| order.assumable(at));
                    let receipt = Receipt::Assumed;
                    draft.push(EventData::GoodsDelivered { shipment_id: None, lines, receipt })?;
                }
                Trigger::ReturnBy => draft.lapse()?,
                _ => draft.push(EventData::OrderCompleted)?,
            }
            let events = draft.events;
            if matches!(due.kind, Trigger::PayBy | Trigger::WindowOver) {
                // They end the order, so nothing can be due after them.
                self.events.extend(events);
                return Ok(());
            }
            let order = scratch.get_or_insert_with(|| self.order.clone());
            for event in &events {
                order.apply(event)?;
            }
            self.events.extend(events);
        }
    }

    /// Every case whose goods were to come back by now.
    fn lapse(&mut self) -> Result<()> {
        let within = self.order.placement().and_then(|placement| placement.terms().return_within_ms);
        let late =
            |approved: i64| within.is_some_and(|ms| approved.saturating_add(ms) <= self.header.at.ms());
        let waiting = self.order.cases().iter().filter(|(_, case)| case.stage == CaseStage::AwaitingReturn);
        let late: Vec<_> = waiting
            .filter(|(_, case)| case.approved_at.is_some_and(|at| late(at.ms())))
            .map(|(id, _)| id.clone())
            .collect();
        for case_id in late {
            self.push(EventData::CaseMoved { case_id, on: CaseMove::Lapse, reason: Reason::new("")? })?;
        }
        Ok(())
    }
}
