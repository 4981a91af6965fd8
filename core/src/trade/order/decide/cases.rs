//! After-sale cases: opening, moving and resolving them.

use super::Draft;
use crate::error::{Code, Error, Result};
use crate::id::{CaseId, ShipmentId};
use crate::trade::order::action::{Action, Part, Resolution};
use crate::trade::order::case::{self, CaseKind, CaseMove, CaseState, Goods, Replacement, ReturnedPart};
use crate::trade::order::command::Reason;
use crate::trade::order::event_data::EventData;
use crate::trade::order::refund::{self, check_units, find};
use crate::trade::order::shipment::Tracking;
use crate::trade::order::state::LineState;

impl Draft<'_> {
    pub(super) fn decide_case(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::OpenCase { case_id, kind, goods, lines, reason } => {
                self.open_case(case_id, (*kind, *goods), lines, reason)
            }
            Action::MoveCase { case_id, to, reason } => self.move_case(case_id, *to, reason),
            Action::SendReturn { case_id, tracking } => {
                self.case(case_id, CaseMove::SendReturn)?;
                let (case_id, tracking) = (case_id.clone(), tracking.clone());
                self.push(EventData::ReturnSent { case_id, tracking })
            }
            Action::ReceiveReturn { case_id, lines } => self.receive_return(case_id, lines),
            Action::ReceiveUndelivered { lines } => self.receive_undelivered(lines),
            Action::ResolveCase { case_id, resolution } => self.resolve_case(case_id, resolution),
            Action::ShipReplacement { case_id, shipment_id, tracking } => {
                self.ship_replacement(case_id, shipment_id.as_ref(), tracking)
            }
            Action::DeliverReplacement { case_id } => {
                self.promised(case_id, Replacement::Shipped)?;
                self.push(EventData::ReplacementDelivered { case_id: case_id.clone() })
            }
            money => self.decide_money(money),
        }
    }

    fn open_case(
        &mut self,
        case_id: &CaseId,
        (kind, goods): (CaseKind, Option<Goods>),
        lines: &[Part],
        reason: &Reason,
    ) -> Result<()> {
        let order = self.order;
        if order.cases().contains_key(case_id) {
            let rule = format!("case {case_id} exists; another case has another id");
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        let arrived = order.lines().iter().any(|line| line.delivered > 0);
        let goods = goods.unwrap_or(if arrived { Goods::Arrived } else { Goods::Missing });
        if kind != CaseKind::RefundOnly && goods == Goods::Missing {
            let rule = format!("case {case_id}: goods that did not arrive cannot come back");
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        if lines.is_empty() {
            return Err(Error::new(Code::InvalidCommand, format!("case {case_id} names no line")));
        }
        let mut seen = vec![false; order.lines().len()];
        let free = match goods {
            Goods::Arrived => LineState::free_delivered,
            Goods::Missing => LineState::free_in_transit,
        };
        for part in lines {
            let line = find(order, &part.line, &mut seen)?;
            check_units(&part.line, part.units, free(line), "units that no refund or case speaks for")?;
        }
        let (case_id, lines, reason) = (case_id.clone(), lines.to_vec(), reason.clone());
        self.push(EventData::CaseOpened { case_id, kind, goods, lines, reason })
    }

    fn move_case(&mut self, case_id: &CaseId, on: CaseMove, reason: &Reason) -> Result<()> {
        if !on.is_bare() {
            let rule = format!("{} says more than a reason; it has a command of its own", on.name());
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        self.case(case_id, on)?;
        self.push(EventData::CaseMoved { case_id: case_id.clone(), on, reason: reason.clone() })
    }

    /// The case, if its table lists the move.
    fn case(&self, case_id: &CaseId, on: CaseMove) -> Result<&CaseState> {
        let case = self.any_case(case_id)?;
        if case::next(case, on).is_none() {
            let rule =
                format!("has case {case_id} in {}: {} is not listed for it", case.stage.name(), on.name());
            return Err(self.refused(&rule));
        }
        Ok(case)
    }

    fn any_case(&self, case_id: &CaseId) -> Result<&CaseState> {
        self.order.cases().get(case_id).ok_or_else(|| {
            Error::new(Code::InvalidCommand, format!("order {} has no case {case_id}", self.order.id()))
        })
    }

    fn receive_return(&mut self, case_id: &CaseId, lines: &[ReturnedPart]) -> Result<()> {
        let case = self.case(case_id, CaseMove::ReceiveReturn)?;
        if lines.is_empty() {
            return Err(Error::new(Code::InvalidCommand, format!("case {case_id}: nothing came back")));
        }
        let mut seen = vec![false; case.lines.len()];
        for part in lines {
            let at = case.lines.iter().position(|line| line.line == part.line);
            let at = at.ok_or_else(|| {
                Error::new(Code::UnknownLine, format!("line {} is not in case {case_id}", part.line))
            })?;
            if std::mem::replace(&mut seen[at], true) {
                return Err(Error::new(Code::InvalidCommand, format!("line {} stands twice", part.line)));
            }
            let awaited = case.lines[at].units - case.lines[at].returned();
            let units = part.ok.saturating_add(part.damaged);
            check_units(&part.line, units, awaited, "units of the case that are to come back")?;
        }
        let (case_id, lines) = (case_id.clone(), lines.to_vec());
        self.push(EventData::ReturnReceived { case_id, lines })
    }

    /// Units refunded on their way may come back long after the order ended.
    fn receive_undelivered(&mut self, lines: &[ReturnedPart]) -> Result<()> {
        if lines.is_empty() {
            return Err(Error::new(Code::InvalidCommand, "receive_undelivered: nothing came back"));
        }
        let mut seen = vec![false; self.order.lines().len()];
        for part in lines {
            let line = find(self.order, &part.line, &mut seen)?;
            let units = part.ok.saturating_add(part.damaged);
            check_units(&part.line, units, line.not_back(), "units refunded on their way and not back yet")?;
        }
        self.push(EventData::UndeliveredReceived { lines: lines.to_vec() })
    }

    fn resolve_case(&mut self, case_id: &CaseId, resolution: &Resolution) -> Result<()> {
        let case = self.case(case_id, CaseMove::Resolve)?;
        match resolution {
            Resolution::Refund(request) => {
                self.check_new_refund(&request.refund_id)?;
                let granted = refund::resolved(self.order, case, request)?;
                self.push(EventData::CaseRefunded { case_id: case_id.clone(), granted })
            }
            Resolution::Replace if case.kind != CaseKind::Exchange => {
                let rule = format!("case {case_id} is no exchange; it ends with a `refund_id`");
                Err(Error::new(Code::InvalidCommand, rule))
            }
            Resolution::Replace if case.replacement.is_open() => {
                let rule = format!("has case {case_id} with replacement {}", case.replacement.name());
                Err(self.refused(&rule))
            }
            Resolution::Replace => {
                let lines = case.came_back();
                self.push(EventData::CaseReplaced { case_id: case_id.clone(), lines })
            }
        }
    }

    fn ship_replacement(
        &mut self,
        case_id: &CaseId,
        shipment_id: Option<&ShipmentId>,
        tracking: &Tracking,
    ) -> Result<()> {
        self.promised(case_id, Replacement::Owed)?;
        self.check_paid()?;
        let shipment_id = self.shipment_id(shipment_id)?;
        let (case_id, tracking) = (case_id.clone(), tracking.clone());
        self.push(EventData::ReplacementShipped { case_id, shipment_id, tracking })
    }

    /// Refuses a case whose promised goods are not where they are said to be.
    fn promised(&self, case_id: &CaseId, wanted: Replacement) -> Result<()> {
        let case = self.any_case(case_id)?;
        if case.replacement != wanted {
            let rule = format!(
                "has case {case_id} with replacement {}, not {}",
                case.replacement.name(),
                wanted.name()
            );
            return Err(self.refused(&rule));
        }
        Ok(())
    }
}
