//! Units that left and arrived.

use super::{invalid, too_many};
use crate::error::Result;
use crate::id::ShipmentId;
use crate::time::Timestamp;
use crate::trade::order::action::Part;
use crate::trade::order::event_data::EventData;
use crate::trade::order::shipment::Shipment;
use crate::trade::order::state::{LineState, Order};

impl Order {
    pub(super) fn apply_goods(&mut self, data: &EventData, at: Timestamp) -> Result<()> {
        match data {
            EventData::GoodsShipped { shipment_id, lines, tracking, pickup } => {
                self.check_new_shipment(shipment_id)?;
                let counted = self.counted(lines, |line, units| {
                    line.shipped = line.shipped.checked_add(units)?;
                    (line.shipped <= line.live()).then_some(())
                })?;
                self.lines = counted;
                let mut shipment = Shipment::new(shipment_id.clone(), lines, tracking.clone(), at);
                shipment.pickup.clone_from(pickup);
                self.shipments.push(shipment);
                self.shipped_at = self.shipped_at.max(Some(at));
            }
            EventData::GoodsDelivered { shipment_id, lines, .. } => {
                let counted = self.counted(lines, |line, units| {
                    line.delivered = line.delivered.checked_add(units)?;
                    (line.delivered.checked_add(line.lost)? <= line.shipped).then_some(())
                })?;
                self.attribute(shipment_id.as_ref(), lines)?;
                self.lines = counted;
                self.delivered_at = self.delivered_at.max(Some(at));
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn check_new_shipment(&self, id: &ShipmentId) -> Result<()> {
        if self.shipments.iter().any(|shipment| shipment.id == *id) {
            return Err(invalid(format!("shipment {id} is known")));
        }
        Ok(())
    }

    /// The lines with parts counted on them; a part that does not fit is an error.
    fn counted(
        &self,
        parts: &[Part],
        count: impl Fn(&mut LineState, u64) -> Option<()>,
    ) -> Result<Vec<LineState>> {
        let mut lines = self.lines.clone();
        for part in parts {
            let line = &mut lines[self.at(&part.line)?];
            count(line, part.units).ok_or_else(|| too_many(&part.line))?;
        }
        Ok(lines)
    }

    /// Says of which shipment units arrived: of the named one, or of those that left first.
    fn attribute(&mut self, shipment_id: Option<&ShipmentId>, parts: &[Part]) -> Result<()> {
        if let Some(id) = shipment_id {
            let found = self.shipments.iter_mut().find(|known| known.id == *id && known.case_id.is_none());
            let shipment = found.ok_or_else(|| invalid(format!("shipment {id} is not known")))?;
            let mut after = shipment.clone();
            for part in parts {
                if after.deliver(&part.line, part.units) > 0 {
                    return Err(too_many(&part.line));
                }
            }
            *shipment = after;
            return Ok(());
        }
        for part in parts {
            let mut units = part.units;
            for shipment in self.shipments.iter_mut().filter(|shipment| shipment.case_id.is_none()) {
                if units == 0 {
                    break;
                }
                units = shipment.deliver(&part.line, units);
            }
        }
        Ok(())
    }
}
