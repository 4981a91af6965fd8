//! The state of an order as a document.

use crate::doc::Node;
use crate::id::CaseId;
use crate::trade::order::case::{CaseLine, CaseState};
use crate::trade::order::command::Reason;
use crate::trade::order::placement::{PlacedLine, Placement};
use crate::trade::order::shipment::{Shipment, ShippedPart};
use crate::trade::order::state::{LineLeft, LineState, Order};
use crate::trade::order::status::{Display, Payment, Refund};

impl Order {
    /// The state as a document.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let display = Display::of(self);
        let sold = self.placement().map_or(&[][..], Placement::lines).iter();
        let left = self.left();
        let lines = sold.zip(self.lines()).zip(&left);
        let lines: Vec<Node> = lines.map(|((sold, line), left)| line_to_node(sold, line, left)).collect();
        let refunds = self.refunds().iter().map(|(id, refund)| {
            Node::map([
                ("refund_id", Node::from(id)),
                ("reserved", refund.reserved.into()),
                ("open", refund.open.into()),
                ("succeeded", refund.succeeded.into()),
                ("failures", count(refund.failures.len())),
                ("retries", count(refund.retries)),
            ])
        });
        let payments = self.captures().iter().map(|(id, captured)| {
            Node::map([
                ("transaction_id", Node::from(id)),
                ("amount", captured.amount.into()),
                ("method", captured.method.as_ref().map_or(Node::Null, Node::from)),
            ])
        });
        let deadlines = self.deadlines().into_iter().map(|deadline| {
            Node::map([("kind", Node::from(deadline.kind.name())), ("at", deadline.at.ms().into())])
        });
        Node::map([
            ("tenant", self.tenant().as_str().into()),
            ("order_id", self.id().into()),
            ("version", count(self.version())),
            ("life", self.life().name().into()),
            (
                "display",
                Node::map([("en", display.english), ("zh", display.chinese)].map(|(k, v)| (k, v.into()))),
            ),
            ("payment", Payment::of(self).name().into()),
            ("refund", Refund::of(self).name().into()),
            ("held", self.held().map(Reason::as_str).into()),
            ("currency", self.currency().as_ref().map(|currency| currency.code()).into()),
            ("total", self.total().into()),
            ("owed", self.owed().into()),
            ("sale_version", count(self.sale_version())),
            ("shipping_left", self.shipping_left().into()),
            ("rounding_left", self.rounding_left().into()),
            ("authorized", self.authorized().into()),
            ("captured", self.captured().into()),
            ("refunding", self.refunds_open().into()),
            ("refunded", self.refunded().into()),
            ("charged_back", self.charged_back().into()),
            ("missing", self.missing().into()),
            ("receivable", self.receivable().into()),
            ("conflicts", count(self.conflicts())),
            ("lines", lines.into()),
            ("payments", payments.collect::<Vec<_>>().into()),
            ("refunds", refunds.collect::<Vec<_>>().into()),
            ("shipments", self.shipments().iter().map(shipment_to_node).collect::<Vec<_>>().into()),
            (
                "cases",
                self.cases().iter().map(|(id, case)| case_to_node(id, case)).collect::<Vec<_>>().into(),
            ),
            ("deadlines", deadlines.collect::<Vec<_>>().into()),
        ])
    }
}

fn line_to_node(sold: &PlacedLine, line: &LineState, left: &LineLeft) -> Node {
    Node::map([
        ("line", Node::from(&sold.id)),
        ("fulfilment", sold.fulfilment.name().into()),
        ("merchant", sold.merchant.as_ref().map_or(Node::Null, Node::from)),
        ("units", count(line.ordered)),
        ("cancelled", count(line.cancelled)),
        ("shipped", count(line.shipped)),
        ("delivered", count(line.delivered)),
        ("lost", count(line.lost)),
        ("refunded", count(line.refunded)),
        ("return_requested", count(line.return_requested)),
        ("returned_ok", count(line.returned_ok)),
        ("returned_damaged", count(line.returned_damaged)),
        ("exchanged", count(line.exchanged)),
        ("replacements_shipped", count(line.replacements_shipped)),
        ("replacements_delivered", count(line.replacements_delivered)),
        ("replacements_cancelled", count(line.replacements_cancelled)),
        ("replacements_lost", count(line.replacements_lost)),
        ("undelivered_back", count(line.undelivered_back)),
        ("units_left", count(left.units_left)),
        ("net", line.net.into()),
        ("net_left", left.net_left.into()),
        ("tax_left", line.tax_left().into()),
    ])
}

fn shipment_to_node(shipment: &Shipment) -> Node {
    let part = |part: &ShippedPart| {
        Node::map([
            ("line", Node::from(&part.line)),
            ("units", count(part.units)),
            ("delivered", count(part.delivered)),
        ])
    };
    Node::map([
        ("shipment_id", Node::from(&shipment.id)),
        ("lines", shipment.lines.iter().map(part).collect::<Vec<_>>().into()),
        ("carrier", shipment.tracking.carrier.as_ref().map_or(Node::Null, Node::from)),
        ("tracking", shipment.tracking.number.as_ref().map_or(Node::Null, Node::from)),
        ("shipped_at", shipment.shipped_at.ms().into()),
        ("case_id", shipment.case_id.as_ref().map_or(Node::Null, Node::from)),
    ])
}

fn case_to_node(id: &CaseId, case: &CaseState) -> Node {
    let line = |line: &CaseLine| {
        Node::map([
            ("line", Node::from(&line.line)),
            ("units", count(line.units)),
            ("ok", count(line.ok)),
            ("damaged", count(line.damaged)),
        ])
    };
    Node::map([
        ("case_id", Node::from(id)),
        ("kind", case.kind.name().into()),
        ("goods", case.goods.name().into()),
        ("state", case.stage.name().into()),
        ("lines", case.lines.iter().map(line).collect::<Vec<_>>().into()),
        ("refund_id", case.refund_id.as_ref().map_or(Node::Null, Node::from)),
        ("replacement", case.replacement.name().into()),
    ])
}

fn count<T: TryInto<i64>>(value: T) -> Node {
    Node::Int(value.try_into().unwrap_or(i64::MAX))
}
