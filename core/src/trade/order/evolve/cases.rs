//! After-sale cases.

use super::{invalid, too_many};
use crate::error::Result;
use crate::id::{CaseId, ShipmentId};
use crate::time::Timestamp;
use crate::trade::order::action::Part;
use crate::trade::order::case::{
    self, CaseKind, CaseLine, CaseMove, CaseStage, CaseState, Goods, Replacement, ReturnedPart,
};
use crate::trade::order::event_data::{EventData, Granted};
use crate::trade::order::shipment::{Shipment, Tracking};
use crate::trade::order::state::{LineState, Order};

impl Order {
    pub(super) fn apply_case(&mut self, data: &EventData, at: Timestamp) -> Result<()> {
        match data {
            EventData::CaseOpened { case_id, kind, goods, lines, .. } => {
                self.open_case(case_id, *kind, *goods, lines)
            }
            EventData::CaseMoved { case_id, on, .. } => {
                if !on.is_bare() && *on != CaseMove::Lapse {
                    return Err(invalid(format!("case {case_id}: {} has an event of its own", on.name())));
                }
                self.move_case(case_id, *on)?;
                if *on == CaseMove::Approve {
                    self.case(case_id)?.approved_at = Some(at);
                }
                Ok(())
            }
            EventData::ReturnSent { case_id, tracking } => {
                self.move_case(case_id, CaseMove::SendReturn)?;
                self.case(case_id)?.tracking = tracking.clone();
                Ok(())
            }
            EventData::ReturnReceived { case_id, lines } => self.receive_return(case_id, lines),
            EventData::UndeliveredReceived { lines } => self.receive_undelivered(lines),
            EventData::CaseRefunded { case_id, granted } => self.refund_case(case_id, granted),
            EventData::CaseReplaced { case_id, lines } => self.replace(case_id, lines),
            EventData::ReplacementShipped { case_id, shipment_id, tracking } => {
                self.ship_replacement(case_id, shipment_id, tracking, at)
            }
            EventData::ReplacementDelivered { case_id } => self.deliver_replacement(case_id, at),
            _ => Ok(()),
        }
    }

    fn case(&mut self, id: &CaseId) -> Result<&mut CaseState> {
        self.cases.get_mut(id).ok_or_else(|| invalid(format!("case {id} is not known")))
    }

    fn open_case(&mut self, id: &CaseId, kind: CaseKind, goods: Goods, parts: &[Part]) -> Result<()> {
        if self.cases.contains_key(id) {
            return Err(invalid(format!("case {id} is known")));
        }
        let mut lines = self.lines.clone();
        for part in parts {
            let line = &mut lines[self.at(&part.line)?];
            let free = match goods {
                Goods::Arrived => line.free_delivered(),
                Goods::Missing => line.free_in_transit(),
            };
            if part.units > free {
                return Err(too_many(&part.line));
            }
            *spoken_for(line, kind, goods) += part.units;
        }
        let line = |part: &Part| CaseLine { line: part.line.clone(), units: part.units, ok: 0, damaged: 0 };
        let case = CaseState {
            kind,
            goods,
            stage: CaseStage::Open,
            lines: parts.iter().map(line).collect(),
            approved_at: None,
            tracking: Tracking::default(),
            refund_id: None,
            replacement: Replacement::None,
        };
        self.lines = lines;
        self.cases.insert(id.clone(), case);
        Ok(())
    }

    /// Where a move takes the case, which is not moved yet.
    fn after(&self, id: &CaseId, on: CaseMove) -> Result<CaseStage> {
        let case = self.cases.get(id).ok_or_else(|| invalid(format!("case {id} is not known")))?;
        let to = case::next(case, on);
        to.ok_or_else(|| invalid(format!("case {id} is {}: no {}", case.stage.name(), on.name())))
    }

    /// Moves a case; one that ends gives its units free.
    fn move_case(&mut self, id: &CaseId, on: CaseMove) -> Result<()> {
        let to = self.after(id, on)?;
        let case = self.case(id)?;
        case.stage = to;
        if to.is_terminal() {
            let (kind, goods, parts) = (case.kind, case.goods, case.lines.clone());
            for part in &parts {
                let at = self.at(&part.line)?;
                *spoken_for(&mut self.lines[at], kind, goods) -= part.units;
            }
        }
        Ok(())
    }

    fn receive_return(&mut self, id: &CaseId, parts: &[ReturnedPart]) -> Result<()> {
        self.after(id, CaseMove::ReceiveReturn)?;
        let mut lines = self.lines.clone();
        let mut back = self.case(id)?.lines.clone();
        for part in parts {
            let known = back.iter_mut().find(|line| line.line == part.line);
            let known = known.ok_or_else(|| invalid(format!("line {} is not in case {id}", part.line)))?;
            let awaited = known.units - known.returned();
            if part.ok.checked_add(part.damaged).is_none_or(|units| units > awaited) {
                return Err(too_many(&part.line));
            }
            known.ok += part.ok;
            known.damaged += part.damaged;
            let line = &mut lines[self.at(&part.line)?];
            line.returned_ok += part.ok;
            line.returned_damaged += part.damaged;
        }
        self.move_case(id, CaseMove::ReceiveReturn)?;
        self.lines = lines;
        self.case(id)?.lines = back;
        Ok(())
    }

    fn refund_case(&mut self, id: &CaseId, granted: &Granted) -> Result<()> {
        self.after(id, CaseMove::Resolve)?;
        self.check_granted(granted)?;
        let promised = self.case(id)?.replacement;
        let back = self.case(id)?.came_back();
        let whole = |part: &Part| {
            let granted = granted.taken.lines.iter().find(|grant| grant.line == part.line);
            granted.is_some_and(|grant| grant.units() >= part.units)
        };
        if !back.iter().all(whole) {
            return Err(invalid(format!("case {id} leaves units with the buyer that came back")));
        }
        self.take_back(&granted.taken)?;
        self.reserve(&granted.refund_id, granted.amount);
        if promised.is_open() {
            for part in &back {
                let line = self.at(&part.line)?;
                let line = &mut self.lines[line];
                match promised {
                    Replacement::Owed => line.replacements_cancelled += part.units,
                    _ => line.replacements_lost += part.units,
                }
            }
            self.case(id)?.replacement = Replacement::Refunded;
        } else {
            self.move_case(id, CaseMove::Resolve)?;
        }
        self.case(id)?.refund_id = Some(granted.refund_id.clone());
        Ok(())
    }

    /// Units that did not arrive came back to the warehouse.
    fn receive_undelivered(&mut self, parts: &[ReturnedPart]) -> Result<()> {
        let mut lines = self.lines.clone();
        for part in parts {
            let line = &mut lines[self.at(&part.line)?];
            let units = part.ok.checked_add(part.damaged).filter(|units| *units <= line.not_back());
            line.undelivered_back += units.ok_or_else(|| too_many(&part.line))?;
            line.returned_ok += part.ok;
            line.returned_damaged += part.damaged;
        }
        self.lines = lines;
        Ok(())
    }

    fn replace(&mut self, id: &CaseId, parts: &[Part]) -> Result<()> {
        self.after(id, CaseMove::Resolve)?;
        if self.case(id)?.replacement != Replacement::None {
            return Err(invalid(format!("case {id} promised its goods before")));
        }
        if self.case(id)?.came_back() != parts {
            return Err(invalid(format!("case {id} promises what came back")));
        }
        for part in parts {
            let at = self.at(&part.line)?;
            self.lines[at].exchanged += part.units;
        }
        self.move_case(id, CaseMove::Resolve)?;
        self.case(id)?.replacement = Replacement::Owed;
        Ok(())
    }

    fn ship_replacement(
        &mut self,
        id: &CaseId,
        shipment_id: &ShipmentId,
        tracking: &Tracking,
        at: Timestamp,
    ) -> Result<()> {
        self.check_new_shipment(shipment_id)?;
        let parts = self.promised(id, Replacement::Owed)?;
        for part in &parts {
            let at = self.at(&part.line)?;
            self.lines[at].replacements_shipped += part.units;
        }
        let mut shipment = Shipment::new(shipment_id.clone(), &parts, tracking.clone(), at);
        shipment.case_id = Some(id.clone());
        self.shipments.push(shipment);
        self.case(id)?.replacement = Replacement::Shipped;
        Ok(())
    }

    fn deliver_replacement(&mut self, id: &CaseId, at: Timestamp) -> Result<()> {
        let parts = self.promised(id, Replacement::Shipped)?;
        for part in &parts {
            let at = self.at(&part.line)?;
            self.lines[at].replacements_delivered += part.units;
        }
        let shipments = self.shipments.iter_mut().filter(|shipment| shipment.case_id.as_ref() == Some(id));
        for part in shipments.flat_map(|shipment| &mut shipment.lines) {
            part.delivered = part.units;
        }
        self.case(id)?.replacement = Replacement::Delivered;
        self.delivered_at = self.delivered_at.max(Some(at));
        Ok(())
    }

    /// The units an exchange promised: what came back.
    fn promised(&mut self, id: &CaseId, wanted: Replacement) -> Result<Vec<Part>> {
        let case = self.case(id)?;
        if case.replacement != wanted {
            return Err(invalid(format!("the replacement of case {id} is {}", case.replacement.name())));
        }
        Ok(case.came_back())
    }
}

/// The counter of a line that holds the units of a live case.
fn spoken_for(line: &mut LineState, kind: CaseKind, goods: Goods) -> &mut u64 {
    match (kind, goods) {
        (CaseKind::RefundOnly, Goods::Missing) => &mut line.missing,
        (CaseKind::RefundOnly, Goods::Arrived) => &mut line.claimed,
        (CaseKind::ReturnAndRefund | CaseKind::Exchange, _) => &mut line.return_requested,
    }
}
