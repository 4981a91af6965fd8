//! The JSON form of commands, events and the state. `docs/reference/orders.md` lists the keys.

mod command;
mod event;
mod state;

use super::action::{Part, Parts, RefundPart, RefundRequest};
use super::case::ReturnedPart;
use super::command::Reason;
use super::shipment::Tracking;
use crate::doc::Fields;
use crate::error::{Code, Result};
use crate::id::{CaseId, ExternalId, LineId, RefundId, ShipmentId, TransactionId};
use crate::sale::MAX_LINES;
use crate::trade::fulfilment::PickupCode;

fn transaction(fields: &mut Fields<'_>) -> Result<TransactionId> {
    fields.need_id("transaction_id").map(TransactionId::from)
}

/// Money that came in, or is promised: the transaction, the amount and the method where it is known.
fn payment(fields: &mut Fields<'_>) -> Result<(TransactionId, i64, Option<ExternalId>)> {
    Ok((transaction(fields)?, fields.need_int("amount")?, fields.id("method")?))
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

fn request(fields: &mut Fields<'_>) -> Result<RefundRequest> {
    let refund_id = refund(fields)?;
    request_of(refund_id, fields)
}

fn request_of(refund_id: RefundId, fields: &mut Fields<'_>) -> Result<RefundRequest> {
    let lines = each_line(fields, |inner| {
        Ok(RefundPart {
            line: LineId::from(inner.need_id("line")?),
            units: inner.count("units")?.unwrap_or(0),
            amount: inner.int("amount")?,
        })
    })?;
    Ok(RefundRequest { refund_id, lines, shipping: fields.int("shipping")?, reason: reason(fields)? })
}

fn returned(fields: &mut Fields<'_>) -> Result<Vec<ReturnedPart>> {
    each_line(fields, |inner| {
        Ok(ReturnedPart {
            line: LineId::from(inner.need_id("line")?),
            ok: inner.count("ok")?.unwrap_or(0),
            damaged: inner.count("damaged")?.unwrap_or(0),
        })
    })
}

fn case(fields: &mut Fields<'_>) -> Result<CaseId> {
    fields.need_id("case_id").map(CaseId::from)
}

fn shipment(fields: &mut Fields<'_>) -> Result<Option<ShipmentId>> {
    Ok(fields.id("shipment_id")?.map(ShipmentId::from))
}

fn tracking(fields: &mut Fields<'_>) -> Result<Tracking> {
    Ok(Tracking { carrier: fields.id("carrier")?, number: fields.id("tracking")? })
}

fn pickup_code(fields: &mut Fields<'_>) -> Result<Option<PickupCode>> {
    fields.text("pickup_code")?.map(PickupCode::new).transpose()
}

fn each_line<T>(fields: &mut Fields<'_>, read: impl Fn(&mut Fields<'_>) -> Result<T>) -> Result<Vec<T>> {
    let nodes = fields.list("lines")?;
    if nodes.len() > MAX_LINES {
        let rule = format!("{} lines; at most {MAX_LINES}", nodes.len());
        return Err(fields.fault(Code::TooLarge, rule));
    }
    let mut list = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let mut inner = fields.within(node, format!("{}: lines[{at}]", fields.what()))?;
        list.push(read(&mut inner)?);
        inner.finish()?;
    }
    Ok(list)
}
