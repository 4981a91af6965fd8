//! Units that leave and arrive.

use super::Draft;
use crate::error::{Code, Error, Result};
use crate::id::ShipmentId;
use crate::trade::fulfilment::{Fulfilment, PickupCode};
use crate::trade::order::action::{Part, Parts};
use crate::trade::order::event_data::EventData;
use crate::trade::order::placement::{PlacedLine, Placement};
use crate::trade::order::refund::{check_units, find};
use crate::trade::order::shipment::{Dispatch, Handover, Shipment, Tracking, pickup_digest};
use crate::trade::order::state::{LineState, Order};
use crate::trade::order::taken::Receipt;
use crate::words::counted;

impl Draft<'_> {
    /// One shipment has one sender and one way to the buyer.
    pub(super) fn ship(&mut self, dispatch: &Dispatch) -> Result<()> {
        self.check_not_held()?;
        self.check_paid()?;
        let units = self.units(&dispatch.parts, LineState::unshipped, "unshipped units")?;
        let groups = self.groups(units);
        let named = dispatch.shipment_id.is_some() || matches!(dispatch.parts, Parts::Lines(_));
        if groups.len() > 1 && named {
            let rule = "a shipment has one merchant and one way of fulfilment; name the lines of one";
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        let several = groups.len() > 1;
        let mut digital = Vec::new();
        for (fulfilment, lines) in groups {
            let shipment_id = self.shipment_id(dispatch.shipment_id.as_ref())?;
            let pickup = self.pickup(fulfilment, dispatch.pickup_code.as_ref())?;
            if fulfilment == Fulfilment::Digital {
                digital.push((shipment_id.clone(), lines.clone()));
            }
            // Of several shipments the number is that of the parcel: digital units have none.
            let bare = fulfilment == Fulfilment::Digital && several;
            let tracking = if bare { Tracking::default() } else { dispatch.tracking.clone() };
            self.push(EventData::GoodsShipped { shipment_id, lines, tracking, pickup })?;
        }
        for (shipment_id, lines) in digital {
            let (shipment_id, receipt) = (Some(shipment_id), Receipt::Confirmed);
            self.push(EventData::GoodsDelivered { shipment_id, lines, receipt })?;
        }
        Ok(())
    }

    /// A shipment's id: the one that was named, if it is new, or one derived from the event's place.
    pub(super) fn shipment_id(&self, named: Option<&ShipmentId>) -> Result<ShipmentId> {
        let known = |id: &ShipmentId| self.order.shipments().iter().any(|shipment| shipment.id == *id);
        let Some(id) = named else { return self.derive("fenrun.shipment/0", known) };
        if known(id) {
            let rule = format!("shipment {id} exists; another shipment has another id");
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        Ok(id.clone())
    }

    fn pickup(&self, fulfilment: Fulfilment, code: Option<&PickupCode>) -> Result<Option<String>> {
        match (fulfilment, code) {
            (Fulfilment::Pickup, Some(code)) => {
                Ok(Some(pickup_digest(self.order.tenant(), self.order.id(), code)))
            }
            (Fulfilment::Pickup, None) => {
                let rule = "ship: units that are fetched need a `pickup_code`";
                Err(Error::new(Code::InvalidCommand, rule))
            }
            _ => Ok(None),
        }
    }

    /// Units by merchant and way of fulfilment, in the order of their first line.
    fn groups(&self, units: Vec<Part>) -> Vec<(Fulfilment, Vec<Part>)> {
        let mut groups: Vec<(&PlacedLine, Vec<Part>)> = Vec::new();
        for part in units {
            let Some(sold) = sold(self.order, &part) else { continue };
            let same = |group: &&mut (&PlacedLine, Vec<Part>)| {
                (group.0.fulfilment, &group.0.merchant) == (sold.fulfilment, &sold.merchant)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.1.push(part),
                None => groups.push((sold, vec![part])),
            }
        }
        groups.into_iter().map(|(sold, parts)| (sold.fulfilment, parts)).collect()
    }

    pub(super) fn deliver(&mut self, handover: &Handover) -> Result<()> {
        let order = self.order;
        if let Some(id) = &handover.shipment_id {
            let found = order.shipments().iter().find(|known| known.id == *id && known.case_id.is_none());
            let shipment = found.ok_or_else(|| {
                Error::new(Code::InvalidCommand, format!("order {} has no shipment {id}", order.id()))
            })?;
            return self.deliver_shipment(shipment, handover);
        }
        let fetched =
            |part: &Part| sold(order, part).is_some_and(|sold| sold.fulfilment == Fulfilment::Pickup);
        if handover.pickup_code.is_some() {
            return self.hand_out(handover);
        }
        let mut lines = self.units(&handover.parts, LineState::in_transit, "units on their way")?;
        let all = lines.len();
        if matches!(handover.parts, Parts::All) {
            lines.retain(|part| !fetched(part));
        }
        if lines.is_empty() || lines.iter().any(fetched) {
            let (lines, are) = (counted(all, "line"), if all == 1 { "is" } else { "are" });
            let rule = format!("deliver: {lines} {are} fetched by the buyer; name the `pickup_code` shown");
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        self.push(EventData::GoodsDelivered { shipment_id: None, lines, receipt: Receipt::Confirmed })
    }

    fn deliver_shipment(&mut self, shipment: &Shipment, handover: &Handover) -> Result<()> {
        self.check_code(shipment, handover.pickup_code.as_ref())?;
        let order = self.order;
        let most = |line: &LineState, part: &Part| line.in_transit().min(shipment.outstanding(&part.line));
        let lines = self.named_or_all(&handover.parts, most, "units on their way in it")?;
        let shipment_id = Some(shipment.id.clone());
        debug_assert!(lines.iter().all(|part| sold(order, part).is_some()));
        self.push(EventData::GoodsDelivered { shipment_id, lines, receipt: Receipt::Confirmed })
    }

    fn check_code(&self, shipment: &Shipment, shown: Option<&PickupCode>) -> Result<()> {
        let Some(wanted) = &shipment.pickup else { return Ok(()) };
        let shown = shown.map(|code| pickup_digest(self.order.tenant(), self.order.id(), code));
        if shown.as_ref() != Some(wanted) {
            let rule = format!("shipment {} is fetched with another `pickup_code`", shipment.id);
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        Ok(())
    }

    /// Hands out what waits under the code that is shown, shipment by shipment.
    fn hand_out(&mut self, handover: &Handover) -> Result<()> {
        let order = self.order;
        let code = handover.pickup_code.as_ref();
        let digest = code.map(|code| pickup_digest(order.tenant(), order.id(), code));
        let waiting = order.shipments().iter();
        let waiting: Vec<&Shipment> =
            waiting.filter(|shipment| shipment.pickup.is_some() && shipment.pickup == digest).collect();
        let most = |line: &LineState, part: &Part| {
            let there: u64 = waiting.iter().map(|shipment| shipment.outstanding(&part.line)).sum();
            line.in_transit().min(there)
        };
        let mut lines = self.named_or_all(&handover.parts, most, "units waiting under this code")?;
        for shipment in waiting {
            let mut given = Vec::new();
            for part in &mut lines {
                let units = part.units.min(shipment.outstanding(&part.line));
                part.units -= units;
                if units > 0 {
                    given.push(Part { line: part.line.clone(), units });
                }
            }
            if !given.is_empty() {
                let (shipment_id, receipt) = (Some(shipment.id.clone()), Receipt::Confirmed);
                self.push(EventData::GoodsDelivered { shipment_id, lines: given, receipt })?;
            }
        }
        Ok(())
    }

    /// The units a shipment names, or all there are.
    fn units(&self, parts: &Parts, most: impl Fn(&LineState) -> u64, what: &str) -> Result<Vec<Part>> {
        self.named_or_all(parts, |line, _| most(line), what)
    }

    fn named_or_all(
        &self,
        parts: &Parts,
        most: impl Fn(&LineState, &Part) -> u64,
        what: &str,
    ) -> Result<Vec<Part>> {
        let order = self.order;
        let named = match parts {
            Parts::Lines(lines) => lines.clone(),
            Parts::All => all_units(order, |_, line, part| most(line, part)),
        };
        if named.is_empty() {
            return Err(Error::new(Code::TooManyUnits, format!("order {} has no {what}", order.id())));
        }
        let mut seen = vec![false; order.lines().len()];
        for part in &named {
            let line = find(order, &part.line, &mut seen)?;
            check_units(&part.line, part.units, most(line, part), what)?;
        }
        Ok(named)
    }
}

fn sold<'a>(order: &'a Order, part: &Part) -> Option<&'a PlacedLine> {
    let placement = order.placement()?;
    placement.position(&part.line).and_then(|at| placement.lines().get(at))
}

/// As many units of each line as there may be; `most` is told the line's place too.
pub(super) fn all_units(order: &Order, most: impl Fn(usize, &LineState, &Part) -> u64) -> Vec<Part> {
    let lines = order.placement().map_or(&[][..], Placement::lines).iter().zip(order.lines());
    let parts = lines.enumerate().map(|(at, (sold, line))| {
        let part = Part { line: sold.id.clone(), units: 0 };
        Part { units: most(at, line, &part), ..part }
    });
    parts.filter(|part| part.units > 0).collect()
}
