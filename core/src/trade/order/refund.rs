//! What a refund of units is worth.
//!
//! The nets of lines are frozen at placement. The units of a line go one after the other, whatever
//! happens to them, and the k-th to the m-th of n are worth the telescoped share of the net: any
//! sequence of parts sums to the whole.

use super::command::{Part, RefundPart, RefundRequest};
use super::event::Grant;
use super::state::{LineState, Order};
use crate::error::{Code, Error, Result};
use crate::id::LineId;
use crate::money::telescope;

/// What is taken back from an order.
pub(super) struct TakeBack {
    pub(super) lines: Vec<Grant>,
    pub(super) shipping: i64,
    pub(super) amount: i64,
}

impl TakeBack {
    fn new(order: &Order, lines: Vec<Grant>, shipping: Option<i64>) -> Result<Self> {
        let taken: u128 = lines.iter().map(|grant| u128::from(grant.cancelled + grant.refunded)).sum();
        let there: u128 = order.lines().iter().map(|line| u128::from(line.units_left())).sum();
        let whole = if taken > 0 && taken == there { order.shipping_left() } else { 0 };
        let shipping = shipping.unwrap_or(whole);
        let sum: i128 = lines.iter().map(|grant| i128::from(grant.amount)).sum();
        let amount = i64::try_from(sum + i128::from(shipping))
            .map_err(|_| Error::new(Code::Overflow, "the refund does not fit 64 bits"))?;
        Ok(Self { lines, shipping, amount })
    }
}

/// What calling unshipped units off is worth.
pub(super) fn cancelled(order: &Order, parts: &[Part]) -> Result<TakeBack> {
    let mut lines = Vec::with_capacity(parts.len());
    let mut seen = vec![false; order.lines().len()];
    for part in parts {
        let line = find(order, &part.line, &mut seen)?;
        check_units(&part.line, part.units, line.live() - line.shipped, "unshipped units")?;
        let amount = worth(line, part.units)?.min(line.net_left());
        lines.push(grant(line, part.line.clone(), part.units, 0, amount)?);
    }
    TakeBack::new(order, lines, None)
}

/// What a refund without return is worth.
pub(super) fn granted(order: &Order, request: &RefundRequest) -> Result<TakeBack> {
    let mut lines = Vec::with_capacity(request.lines.len());
    let mut seen = vec![false; order.lines().len()];
    for part in &request.lines {
        let line = find(order, &part.line, &mut seen)?;
        lines.push(granted_line(line, part)?);
    }
    if let Some(shipping) = request.shipping {
        if shipping < 0 {
            return Err(Error::new(Code::InvalidCommand, format!("shipping is {shipping}, below zero")));
        }
        over(shipping, order.shipping_left(), "shipping")?;
    }
    let taken = TakeBack::new(order, lines, request.shipping)?;
    over(taken.amount, order.refundable(), "the order")?;
    if taken.amount == 0 && taken.lines.is_empty() {
        let rule = format!("refund {} gives nothing back", request.refund_id);
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    Ok(taken)
}

fn granted_line(line: &LineState, part: &RefundPart) -> Result<Grant> {
    let zero = part.amount.is_some_and(|amount| amount <= 0) || (part.units == 0 && part.amount.is_none());
    if zero {
        let rule = format!(
            "line {}: a refund takes units, or an amount above zero; without one, what was paid for the units",
            part.line
        );
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    // Of a line on its way only shipped units are refunded: the others are cancelled by name, lest a
    // complaint about a unit that arrived calls off one that is still to come.
    let (cancelled, refunded, most, what) = if line.shipped == 0 {
        (part.units, 0, line.live(), "units")
    } else {
        (0, part.units, line.shipped - line.refunded, "shipped units not refunded")
    };
    if part.units > 0 {
        check_units(&part.line, part.units, most, what)?;
    }
    let amount = match part.amount {
        Some(amount) => over(amount, line.net_left(), &format!("line {}", part.line)).map(|()| amount)?,
        None => worth(line, part.units)?.min(line.net_left()),
    };
    grant(line, part.line.clone(), cancelled, refunded, amount)
}

fn grant(line: &LineState, id: LineId, cancelled: u64, refunded: u64, amount: i64) -> Result<Grant> {
    let shortfall = worth(line, cancelled + refunded)? - amount;
    Ok(Grant { line: id, cancelled, refunded, amount, shortfall })
}

/// What was paid for the next `units` of the line.
fn worth(line: &LineState, units: u64) -> Result<i64> {
    let gone = line.units_gone();
    Ok(telescope(line.net, gone, gone + units, line.ordered)?)
}

/// The line of an order, which may be named once in a command.
pub(super) fn find<'a>(order: &'a Order, id: &LineId, seen: &mut [bool]) -> Result<&'a LineState> {
    let at = order.placement().and_then(|placement| placement.position(id));
    let at = at.ok_or_else(|| {
        Error::new(Code::UnknownLine, format!("order {} does not have line {id}", order.id()))
    })?;
    if std::mem::replace(&mut seen[at], true) {
        return Err(Error::new(Code::InvalidCommand, format!("line {id} stands twice")));
    }
    Ok(&order.lines()[at])
}

pub(super) fn check_units(id: &LineId, units: u64, most: u64, what: &str) -> Result<()> {
    if units == 0 {
        return Err(Error::new(Code::InvalidCommand, format!("line {id}: 0 units; name at least one")));
    }
    if units > most {
        let rule = format!("line {id}: {units} units asked for, {most} {what} left");
        return Err(Error::new(Code::TooManyUnits, rule));
    }
    Ok(())
}

fn over(amount: i64, most: i64, what: &str) -> Result<()> {
    if amount > most {
        let rule = format!("{amount} asked for, at most {most} of {what} may be refunded");
        return Err(Error::new(Code::OverRefund, rule));
    }
    Ok(())
}
