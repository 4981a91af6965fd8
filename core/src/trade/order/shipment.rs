//! Shipments: which units left together, under which tracking number, and which of them arrived.

use super::action::{Part, Parts};
use super::command::Tenant;
use crate::doc;
use crate::id::{CaseId, ExternalId, LineId, OrderId, ShipmentId};
use crate::time::Timestamp;
use crate::trade::fulfilment::PickupCode;

/// Who carries a parcel, and its number there; both may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tracking {
    /// Who carries it.
    pub carrier: Option<ExternalId>,
    /// Its number there.
    pub number: Option<ExternalId>,
}

/// Units that are to leave, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// Which units. `All` makes one shipment for each merchant and way of fulfilment.
    pub parts: Parts,
    /// The shipment's id; derived from the event's place when it is not named.
    pub shipment_id: Option<ShipmentId>,
    /// Who carries it.
    pub tracking: Tracking,
    /// What the buyer shows to fetch units of lines that are fetched.
    pub pickup_code: Option<PickupCode>,
}

impl From<Parts> for Dispatch {
    fn from(parts: Parts) -> Self {
        Self { parts, shipment_id: None, tracking: Tracking::default(), pickup_code: None }
    }
}

/// Units that are handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Which units.
    pub parts: Parts,
    /// Of which shipment; without it the units that left first.
    pub shipment_id: Option<ShipmentId>,
    /// What the buyer showed; units of lines that are fetched need it.
    pub pickup_code: Option<PickupCode>,
}

impl From<Parts> for Handover {
    fn from(parts: Parts) -> Self {
        Self { parts, shipment_id: None, pickup_code: None }
    }
}

/// Units of one line in a shipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShippedPart {
    /// Which line.
    pub line: LineId,
    /// Units that left.
    pub units: u64,
    /// Units that arrived.
    pub delivered: u64,
}

/// One shipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// What it holds.
    pub lines: Vec<ShippedPart>,
    /// Who carries it.
    pub tracking: Tracking,
    /// The digest of the pickup code, for units that are fetched.
    pub pickup: Option<String>,
    /// When it left.
    pub shipped_at: Timestamp,
    /// The exchange whose replacement units it holds; they are counted apart.
    pub case_id: Option<CaseId>,
}

impl Shipment {
    pub(super) fn new(id: ShipmentId, parts: &[Part], tracking: Tracking, shipped_at: Timestamp) -> Self {
        let part = |part: &Part| ShippedPart { line: part.line.clone(), units: part.units, delivered: 0 };
        Self {
            id,
            lines: parts.iter().map(part).collect(),
            tracking,
            pickup: None,
            shipped_at,
            case_id: None,
        }
    }

    /// Units of a line that left in it and did not arrive.
    #[must_use]
    pub fn outstanding(&self, line: &LineId) -> u64 {
        self.lines.iter().filter(|part| part.line == *line).map(|part| part.units - part.delivered).sum()
    }

    /// Counts units of a line as arrived, as many as it has, and tells how many are over.
    pub(super) fn deliver(&mut self, line: &LineId, mut units: u64) -> u64 {
        for part in self.lines.iter_mut().filter(|part| part.line == *line) {
            let arrived = units.min(part.units - part.delivered);
            part.delivered += arrived;
            units -= arrived;
        }
        units
    }
}

/// What is kept of a pickup code: events and states are read by more people than may fetch the goods.
pub(super) fn pickup_digest(tenant: &Tenant, order_id: &OrderId, code: &PickupCode) -> String {
    doc::short_hash(&["fenrun.pickup/0", tenant.as_str(), order_id.as_str(), code.as_str()])
}
