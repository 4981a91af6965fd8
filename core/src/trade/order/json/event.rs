//! Events from documents.

use super::{case, each_line, parts, payment, reason, refund, returned, shipment, tracking, transaction};
use crate::doc::{Fields, MAX_DOCUMENT_BYTES, Node, read_json};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, OrderId, RefundId};
use crate::request::{self, Made};
use crate::trade::order::case::{CaseKind, CaseMove, Goods};
use crate::trade::order::command::{Header, Tenant};
use crate::trade::order::event::{EVENT_SCHEMA, Event};
use crate::trade::order::event_data::{EventData, Granted};
use crate::trade::order::placement::Placement;
use crate::trade::order::taken::{Cause, FactKind, Grant, Receipt, TakenBack};
use std::sync::Arc;

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
        request::check_schema(&mut fields, EVENT_SCHEMA)?;
        let (tenant, order_id) =
            (Tenant::from_fields(&mut fields)?, OrderId::from(fields.need_id("order_id")?));
        let Made { command_id, fingerprint, actor, at } = Made::from_fields(&mut fields)?;
        let header = Header { tenant, order_id, command_id, fingerprint, actor, at };
        let seq: u64 = fields.count("seq")?.unwrap_or(0);
        let name = fields.need_text("type")?;
        let mut inner = Fields::of_log(fields.need("data")?, name)?;
        let data = EventData::from_fields(name, &mut inner)?;
        let event = Self { header: Arc::new(header), seq, data };
        request::check_event_id(&mut fields, seq, &event.event_id())?;
        Ok(event)
    }
}

impl EventData {
    /// Reads what happened from its type and its document, without the envelope.
    ///
    /// # Errors
    /// As [`Event::from_node`].
    pub fn from_node(name: &str, node: &Node) -> Result<Self> {
        Self::from_fields(name, &mut Fields::of_log(node, name)?)
    }

    fn from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        Ok(match name {
            "order_placed" => Self::OrderPlaced(Arc::new(Placement::from_event(fields)?)),
            "order_edited" => Self::OrderEdited {
                placement: Arc::new(Placement::from_event(fields)?),
                sale_version: need_count(fields, "sale_version")?,
            },
            "order_released" => Self::OrderReleased,
            "order_held" => Self::OrderHeld { reason: reason(fields)? },
            "order_unheld" => Self::OrderUnheld,
            "order_cancelled" => Self::OrderCancelled { reason: reason(fields)? },
            "order_expired" => Self::OrderExpired,
            "order_completed" => Self::OrderCompleted,
            "goods_shipped" => Self::GoodsShipped {
                shipment_id: fields.need_id("shipment_id")?.into(),
                lines: parts(fields)?,
                tracking: tracking(fields)?,
                pickup: fields.text("pickup")?.map(str::to_owned),
            },
            "goods_delivered" => Self::GoodsDelivered {
                shipment_id: shipment(fields)?,
                lines: parts(fields)?,
                receipt: fields.need_word("receipt", Receipt::ALL, Receipt::name)?,
            },
            "lines_cancelled" => Self::LinesCancelled { taken: taken(fields)?, reason: reason(fields)? },
            "refund_granted" => Self::RefundGranted(granted(fields)?),
            other => match Self::money_from_fields(other, fields)? {
                Some(data) => data,
                None => Self::case_from_fields(other, fields)?,
            },
        })
    }

    fn money_from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Option<Self>> {
        let amount = |fields: &mut Fields<'_>| fields.need_int("amount");
        Ok(Some(match name {
            "payment_authorized" => {
                let (transaction_id, amount, method) = payment(fields)?;
                Self::PaymentAuthorized { transaction_id, amount, method }
            }
            "authorization_voided" => Self::AuthorizationVoided { transaction_id: transaction(fields)? },
            "payment_captured" => {
                let (transaction_id, amount, method) = payment(fields)?;
                Self::PaymentCaptured { transaction_id, amount, method }
            }
            "chargeback_recorded" => {
                Self::ChargebackRecorded { transaction_id: transaction(fields)?, amount: amount(fields)? }
            }
            "chargeback_won" => Self::ChargebackWon { transaction_id: transaction(fields)? },
            "refund_reserved" => Self::RefundReserved {
                refund_id: refund(fields)?,
                amount: amount(fields)?,
                cause: fields.need_word("cause", Cause::ALL, Cause::name)?,
            },
            "refund_succeeded" => Self::RefundSucceeded {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                amount: amount(fields)?,
            },
            "refund_failed" => Self::RefundFailed {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                reason: reason(fields)?,
            },
            "refund_retried" => {
                Self::RefundRetried { refund_id: refund(fields)?, attempt: need_count(fields, "attempt")? }
            }
            "refund_set_off" => Self::RefundSetOff { refund_id: refund(fields)?, amount: amount(fields)? },
            "over_refunded" => Self::OverRefunded {
                refund_id: fields.id("refund_id")?.map(RefundId::from),
                transaction_id: transaction(fields)?,
                amount: amount(fields)?,
            },
            "provider_conflict" => Self::ProviderConflict {
                kind: fields.need_word("kind", FactKind::ALL, FactKind::name)?,
                transaction_id: transaction(fields)?,
                recorded: fields.need_int("recorded")?,
                reported: fields.need_int("reported")?,
            },
            _ => return Ok(None),
        }))
    }

    fn case_from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        Ok(match name {
            "case_opened" => Self::CaseOpened {
                case_id: case(fields)?,
                kind: fields.need_word("kind", CaseKind::ALL, CaseKind::name)?,
                goods: fields.need_word("goods", Goods::ALL, Goods::name)?,
                lines: parts(fields)?,
                reason: reason(fields)?,
            },
            "case_moved" => Self::CaseMoved {
                case_id: case(fields)?,
                on: fields.need_word("move", CaseMove::ALL, CaseMove::name)?,
                reason: reason(fields)?,
            },
            "return_sent" => Self::ReturnSent { case_id: case(fields)?, tracking: tracking(fields)? },
            "return_received" => Self::ReturnReceived { case_id: case(fields)?, lines: returned(fields)? },
            "undelivered_received" => Self::UndeliveredReceived { lines: returned(fields)? },
            "case_refunded" => Self::CaseRefunded { case_id: case(fields)?, granted: granted(fields)? },
            "case_replaced" => Self::CaseReplaced { case_id: case(fields)?, lines: parts(fields)? },
            "replacement_shipped" => Self::ReplacementShipped {
                case_id: case(fields)?,
                shipment_id: fields.need_id("shipment_id")?.into(),
                tracking: tracking(fields)?,
            },
            "replacement_delivered" => Self::ReplacementDelivered { case_id: case(fields)? },
            other => {
                let rule = format!("event type `{other}` is not known");
                return Err(Error::new(Code::InvalidEvent, rule));
            }
        })
    }
}

fn need_count(fields: &mut Fields<'_>, key: &'static str) -> Result<u32> {
    let count = fields.count(key)?;
    count.ok_or_else(|| fields.fault(Code::MissingKey, format!("the key `{key}` is missing")))
}

fn granted(fields: &mut Fields<'_>) -> Result<Granted> {
    Ok(Granted {
        refund_id: refund(fields)?,
        taken: taken(fields)?,
        amount: fields.need_int("amount")?,
        set_off: fields.int("set_off")?.unwrap_or(0),
        reason: reason(fields)?,
    })
}

fn taken(fields: &mut Fields<'_>) -> Result<TakenBack> {
    let lines = each_line(fields, |inner| {
        Ok(Grant {
            line: LineId::from(inner.need_id("line")?),
            cancelled: inner.count("cancelled")?.unwrap_or(0),
            lost: inner.count("lost")?.unwrap_or(0),
            refunded: inner.count("refunded")?.unwrap_or(0),
            amount: inner.need_int("amount")?,
            tax: inner.int("tax")?.unwrap_or(0),
            shortfall: inner.int("shortfall")?.unwrap_or(0),
        })
    })?;
    Ok(TakenBack {
        lines,
        shipping: fields.need_int("shipping")?,
        rounding: fields.int("rounding")?.unwrap_or(0),
    })
}
