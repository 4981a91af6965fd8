//! The JSON form of commands, events and the state. `docs/reference/orders.md` lists the keys.

use super::command::{
    Action, Command, Envelope, Fingerprint, Header, Part, Parts, Reason, RefundPart, RefundRequest, Tenant,
};
use super::event::{Cause, EVENT_SCHEMA, Event, EventData, FactKind, Grant, Receipt};
use super::placement::Placement;
use super::state::{LineState, Order};
use super::status::{Display, Payment, Refund};
use crate::doc::{Fields, MAX_DOCUMENT_BYTES, Node, read_json};
use crate::error::{Code, Error, Result};
use crate::id::{CommandId, LineId, OrderId, RefundId, TransactionId};
use crate::sale::MAX_LINES;
use crate::time::Timestamp;
use std::sync::Arc;

impl Command {
    /// Reads `{"order_id", "command_id", "now", "actor", "command": {"<name>": {…}}}`, with an optional
    /// `tenant` and `expected_version`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "command")?;
        let envelope = Envelope {
            tenant: Tenant::new(fields.text("tenant")?.unwrap_or_default())?,
            order_id: OrderId::from(fields.need_id("order_id")?),
            expected_version: fields.count("expected_version")?,
            command_id: CommandId::from(fields.need_id("command_id")?),
            actor: fields.need_id("actor")?,
            now: Timestamp::from_ms(fields.need_int("now")?),
        };
        let body = fields.need("command")?;
        fields.finish()?;
        Ok(Self::new(envelope, Action::from_node(body)?))
    }
}

impl Action {
    /// Reads `{"<name>": {…}}`; a name without options may stand alone: `"release"`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let empty = Node::map::<String>([]);
        let (name, body) = match node {
            Node::Text(name) => (name.as_str(), &empty),
            Node::Map(map) if map.len() == 1 => {
                map.iter().next().map_or(("", &empty), |(name, body)| (name.as_str(), body))
            }
            other => {
                return Err(crate::doc::invalid(
                    "command",
                    "a map of one command's name to its options",
                    other,
                ));
            }
        };
        let mut fields = Fields::new(body, name)?;
        let action = Self::from_fields(name, &mut fields)?;
        fields.finish()?;
        Ok(action)
    }

    fn from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        Ok(match name {
            "place" => Self::Place(Arc::new(Placement::from_command(fields)?)),
            "authorize" => {
                Self::Authorize { transaction_id: transaction(fields)?, amount: fields.need_int("amount")? }
            }
            "void_authorization" => Self::VoidAuthorization { transaction_id: transaction(fields)? },
            "capture" => {
                Self::Capture { transaction_id: transaction(fields)?, amount: fields.need_int("amount")? }
            }
            "release" => Self::Release,
            "hold" => Self::Hold { reason: reason(fields)? },
            "unhold" => Self::Unhold,
            "cancel" => Self::Cancel { reason: reason(fields)? },
            "ship" => Self::Ship(some_or_all(fields)?),
            "deliver" => Self::Deliver(some_or_all(fields)?),
            "cancel_lines" => Self::CancelLines { lines: parts(fields)?, reason: reason(fields)? },
            "refund_lines" => Self::RefundLines(request(fields)?),
            "grant_refund" => Self::GrantRefund(request(fields)?),
            "refund_succeeded" => Self::RefundSucceeded {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                amount: fields.need_int("amount")?,
            },
            "refund_failed" => Self::RefundFailed {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                reason: reason(fields)?,
            },
            "tick" => Self::Tick,
            other => {
                let rule = format!("command `{other}` is not known; known: {COMMANDS}");
                return Err(Error::new(Code::UnknownWord, rule));
            }
        })
    }
}

const COMMANDS: &str = "place, authorize, void_authorization, capture, release, hold, unhold, cancel, ship, \
    deliver, cancel_lines, refund_lines, grant_refund, refund_succeeded, refund_failed, tick";

impl Event {
    /// Reads an event from one line of a log.
    ///
    /// # Errors
    /// As [`Event::from_node`], and [`Code::Syntax`].
    pub fn from_json(text: &str) -> Result<Self> {
        Self::from_node(&read_json(text, MAX_DOCUMENT_BYTES)?)
    }

    /// Reads an event. Keys nobody knows are ignored, a type nobody knows is an error.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] for an unknown type or schema, or an `event_id` that is not derived from
    /// the event's place; else names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "event")?;
        let schema = fields.need_int("schema")?;
        if schema != EVENT_SCHEMA {
            let rule = format!("schema {schema}; this version reads {EVENT_SCHEMA}");
            return Err(fields.fault(Code::InvalidEvent, rule));
        }
        let header = Header {
            tenant: Tenant::new(fields.text("tenant")?.unwrap_or_default())?,
            order_id: OrderId::from(fields.need_id("order_id")?),
            command_id: CommandId::from(fields.need_id("command_id")?),
            fingerprint: Fingerprint::parse(fields.need_text("fingerprint")?)?,
            actor: fields.need_id("actor")?,
            at: Timestamp::from_ms(fields.need_int("at")?),
        };
        let seq: u64 = fields.count("seq")?.unwrap_or(0);
        let name = fields.need_text("type")?;
        let mut inner = Fields::new(fields.need("data")?, name)?;
        let data = EventData::from_fields(name, &mut inner)?;
        let event = Self { header: Arc::new(header), seq, data };
        let stated = fields.need_text("event_id")?;
        if seq == 0 || stated != event.event_id() {
            let rule = format!("`event_id` {stated} is not the one of place {seq}");
            return Err(fields.fault(Code::InvalidEvent, rule));
        }
        Ok(event)
    }
}

impl EventData {
    /// Reads what happened from its type and its document, without the envelope.
    ///
    /// # Errors
    /// As [`Event::from_node`].
    pub fn from_node(name: &str, node: &Node) -> Result<Self> {
        Self::from_fields(name, &mut Fields::new(node, name)?)
    }

    fn from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        Ok(match name {
            "order_placed" => Self::OrderPlaced(Arc::new(Placement::from_event(fields)?)),
            "order_released" => Self::OrderReleased,
            "order_held" => Self::OrderHeld { reason: reason(fields)? },
            "order_unheld" => Self::OrderUnheld,
            "order_cancelled" => Self::OrderCancelled { reason: reason(fields)? },
            "order_expired" => Self::OrderExpired,
            "goods_shipped" => Self::GoodsShipped { lines: parts(fields)? },
            "goods_delivered" => {
                let known = [Receipt::Confirmed, Receipt::Assumed];
                let receipt = fields.need_word("receipt", &known, Receipt::name)?;
                Self::GoodsDelivered { lines: parts(fields)?, receipt }
            }
            "lines_cancelled" => Self::LinesCancelled {
                lines: grants(fields)?,
                shipping: fields.need_int("shipping")?,
                reason: reason(fields)?,
            },
            "refund_granted" => Self::RefundGranted {
                refund_id: refund(fields)?,
                lines: grants(fields)?,
                shipping: fields.need_int("shipping")?,
                amount: fields.need_int("amount")?,
                reason: reason(fields)?,
            },
            "order_completed" => Self::OrderCompleted,
            other => Self::money_from_fields(other, fields)?,
        })
    }

    fn money_from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        Ok(match name {
            "payment_authorized" => Self::PaymentAuthorized {
                transaction_id: transaction(fields)?,
                amount: fields.need_int("amount")?,
            },
            "authorization_voided" => Self::AuthorizationVoided { transaction_id: transaction(fields)? },
            "payment_captured" => Self::PaymentCaptured {
                transaction_id: transaction(fields)?,
                amount: fields.need_int("amount")?,
            },
            "refund_reserved" => Self::RefundReserved {
                refund_id: refund(fields)?,
                amount: fields.need_int("amount")?,
                cause: fields.need_word("cause", Cause::ALL, Cause::name)?,
            },
            "refund_succeeded" => Self::RefundSucceeded {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                amount: fields.need_int("amount")?,
            },
            "refund_failed" => Self::RefundFailed {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                reason: reason(fields)?,
            },
            "over_refunded" => Self::OverRefunded {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                amount: fields.need_int("amount")?,
            },
            "provider_conflict" => Self::ProviderConflict {
                kind: fields.need_word("kind", FactKind::ALL, FactKind::name)?,
                transaction_id: transaction(fields)?,
                recorded: fields.need_int("recorded")?,
                reported: fields.need_int("reported")?,
            },
            other => {
                let rule = format!("event type `{other}` is not known");
                return Err(Error::new(Code::InvalidEvent, rule));
            }
        })
    }
}

impl Order {
    /// The state as a document.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let display = Display::of(self);
        let ids = self.placement().map_or(&[][..], Placement::lines).iter().map(|line| &line.id);
        let lines: Vec<Node> = ids.zip(self.lines()).map(|(id, line)| line_to_node(id, line)).collect();
        let refunds = self.refunds().iter().map(|(id, refund)| {
            Node::map([
                ("refund_id", Node::from(id)),
                ("reserved", refund.reserved.into()),
                ("open", refund.open.into()),
                ("succeeded", refund.succeeded.into()),
                ("failures", count(refund.failures.len())),
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
            ("shipping_left", self.shipping_left().into()),
            ("authorized", self.authorized().into()),
            ("captured", self.captured().into()),
            ("refunding", self.refunds_open().into()),
            ("refunded", self.refunded().into()),
            ("receivable", self.receivable().into()),
            ("conflicts", count(self.conflicts())),
            ("lines", lines.into()),
            ("refunds", refunds.collect::<Vec<_>>().into()),
            ("deadlines", deadlines.collect::<Vec<_>>().into()),
        ])
    }
}

fn line_to_node(id: &LineId, line: &LineState) -> Node {
    Node::map([
        ("line", Node::from(id)),
        ("units", count(line.ordered)),
        ("cancelled", count(line.cancelled)),
        ("shipped", count(line.shipped)),
        ("delivered", count(line.delivered)),
        ("refunded", count(line.refunded)),
        ("units_left", count(line.units_left())),
        ("net", line.net.into()),
        ("net_left", line.net_left().into()),
    ])
}

fn count<T: TryInto<i64>>(value: T) -> Node {
    Node::Int(value.try_into().unwrap_or(i64::MAX))
}

fn transaction(fields: &mut Fields<'_>) -> Result<TransactionId> {
    fields.need_id("transaction_id").map(TransactionId::from)
}

fn refund(fields: &mut Fields<'_>) -> Result<RefundId> {
    fields.need_id("refund_id").map(RefundId::from)
}

fn reason(fields: &mut Fields<'_>) -> Result<Reason> {
    Reason::new(fields.text("reason")?.unwrap_or_default())
}

fn some_or_all(fields: &mut Fields<'_>) -> Result<Parts> {
    if fields.take("lines").is_none() {
        return Ok(Parts::All);
    }
    parts(fields).map(Parts::Lines)
}

fn parts(fields: &mut Fields<'_>) -> Result<Vec<Part>> {
    each_line(fields, |inner| {
        let line = LineId::from(inner.need_id("line")?);
        let units = inner.count("units")?;
        let units = units.ok_or_else(|| inner.fault(Code::MissingKey, "the key `units` is missing"))?;
        Ok(Part { line, units })
    })
}

fn grants(fields: &mut Fields<'_>) -> Result<Vec<Grant>> {
    each_line(fields, |inner| {
        Ok(Grant {
            line: LineId::from(inner.need_id("line")?),
            cancelled: inner.count("cancelled")?.unwrap_or(0),
            refunded: inner.count("refunded")?.unwrap_or(0),
            amount: inner.need_int("amount")?,
            shortfall: inner.int("shortfall")?.unwrap_or(0),
        })
    })
}

fn request(fields: &mut Fields<'_>) -> Result<RefundRequest> {
    let refund_id = refund(fields)?;
    let lines = each_line(fields, |inner| {
        Ok(RefundPart {
            line: LineId::from(inner.need_id("line")?),
            units: inner.count("units")?.unwrap_or(0),
            amount: inner.int("amount")?,
        })
    })?;
    Ok(RefundRequest { refund_id, lines, shipping: fields.int("shipping")?, reason: reason(fields)? })
}

fn each_line<T>(fields: &mut Fields<'_>, read: impl Fn(&mut Fields<'_>) -> Result<T>) -> Result<Vec<T>> {
    let nodes = fields.list("lines")?;
    if nodes.len() > MAX_LINES {
        let rule = format!("{} lines; at most {MAX_LINES}", nodes.len());
        return Err(fields.fault(Code::TooLarge, rule));
    }
    let mut list = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let mut inner = Fields::new(node, format!("{}: lines[{at}]", fields.what()))?;
        list.push(read(&mut inner)?);
        inner.finish()?;
    }
    Ok(list)
}
