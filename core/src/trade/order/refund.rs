//! What a refund of units is worth.
//!
//! The nets and the added tax of lines are frozen at placement. The units of a line go one after the
//! other, whatever happens to them, and the k-th to the m-th of n are worth the telescoped share of the
//! net: any sequence of parts sums to the whole.

use super::action::{Part, RefundPart, RefundRequest};
use super::case::{CaseState, Goods};
use super::event_data::Granted;
use super::state::{LineState, Order};
use super::taken::{Grant, TakenBack};
use crate::error::{Code, Error, Result};
use crate::id::LineId;
use crate::money::telescope;
use crate::words::counted;

/// Which units of a line a refund takes.
#[derive(Clone, Copy, Default)]
struct Units {
    cancelled: u64,
    lost: u64,
    refunded: u64,
}

impl Units {
    const fn sum(self) -> u64 {
        self.cancelled + self.lost + self.refunded
    }
}

/// What calling unshipped units off is worth.
pub(super) fn cancelled(order: &Order, parts: &[Part]) -> Result<TakenBack> {
    let mut lines = Vec::with_capacity(parts.len());
    let mut seen = vec![false; order.lines().len()];
    for part in parts {
        let line = find(order, &part.line, &mut seen)?;
        check_units(&part.line, part.units, line.unshipped(), "unshipped units")?;
        let units = Units { cancelled: part.units, ..Units::default() };
        lines.push(grant(line, part.line.clone(), units, None)?);
    }
    taken_back(order, lines, None)
}

/// What a refund without return is worth.
pub(super) fn granted(order: &Order, request: &RefundRequest) -> Result<Granted> {
    let mut lines = Vec::with_capacity(request.lines.len());
    let mut seen = vec![false; order.lines().len()];
    for part in &request.lines {
        let line = find(order, &part.line, &mut seen)?;
        check_asked(part)?;
        let granted = grant(line, part.line.clone(), free_units(line, part)?, part.amount)?;
        check_called_off(&granted, line.net_left())?;
        lines.push(granted);
    }
    check_shipping(order, request, &lines)?;
    reserve(order, request, lines)
}

/// Units that never left are worth what was paid for them, as far as it was not given back ahead of them:
/// the buyer has nothing to be paid less for.
fn check_called_off(granted: &Grant, left: i64) -> Result<()> {
    let Grant { line, cancelled, amount, shortfall, .. } = granted;
    let least = (i128::from(*amount) + i128::from(*shortfall)).min(i128::from(left));
    if *cancelled > 0 && i128::from(*amount) < least {
        let rule = format!(
            "line {line}: {amount} asked for {cancelled} units that did not ship; at least {least} is given back"
        );
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    Ok(())
}

/// An order of which nothing ever leaves keeps no shipping either.
fn check_shipping(order: &Order, request: &RefundRequest, lines: &[Grant]) -> Result<()> {
    let Some(shipping) = request.shipping else { return Ok(()) };
    let there: u128 = order.lines().iter().map(|line| u128::from(line.units_left())).sum();
    let taken: u128 = lines.iter().map(|grant| u128::from(grant.units())).sum();
    let shipped = order.lines().iter().any(|line| line.shipped > 0);
    if taken == there && taken > 0 && !shipped && shipping < order.shipping_left() {
        let rule = format!(
            "shipping is {shipping}; an order of which nothing shipped gives back all of it, {}",
            order.shipping_left()
        );
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    Ok(())
}

/// Of a line of which nothing has shipped the units are cancelled. Of a line on its way only shipped
/// units are refunded: the others are cancelled by name, lest a complaint about a unit that arrived calls
/// off one that is still to come.
fn free_units(line: &LineState, part: &RefundPart) -> Result<Units> {
    if part.units == 0 {
        return Ok(Units::default());
    }
    if line.shipped == 0 {
        check_units(&part.line, part.units, line.live(), "units")?;
        return Ok(Units { cancelled: part.units, ..Units::default() });
    }
    let (arrived, on_the_way) = (line.free_delivered(), line.free_in_transit());
    let what = "shipped units that are neither refunded nor in a case";
    check_units(&part.line, part.units, arrived + on_the_way, what)?;
    let refunded = part.units.min(arrived);
    Ok(Units { cancelled: 0, lost: part.units - refunded, refunded })
}

/// What ending a case with a refund is worth: of every unit of the case when the request names no line.
pub(super) fn resolved(order: &Order, case: &CaseState, request: &RefundRequest) -> Result<Granted> {
    let most = |at: usize| {
        let part = &case.lines[at];
        if case.kind == super::case::CaseKind::RefundOnly { part.units } else { part.returned() }
    };
    let all = |(at, part): (usize, &super::case::CaseLine)| RefundPart {
        line: part.line.clone(),
        units: most(at),
        amount: None,
    };
    let asked: Vec<RefundPart> = if request.lines.is_empty() {
        case.lines.iter().enumerate().map(all).filter(|part| part.units > 0).collect()
    } else {
        request.lines.clone()
    };
    let mut lines = Vec::with_capacity(asked.len());
    let mut seen = vec![false; order.lines().len()];
    for part in &asked {
        let line = find(order, &part.line, &mut seen)?;
        check_asked(part)?;
        let Some(at) = case.lines.iter().position(|known| known.line == part.line) else {
            let rule = format!("line {} is not in the case", part.line);
            return Err(Error::new(Code::InvalidCommand, rule));
        };
        if part.units > most(at) {
            check_units(&part.line, part.units, most(at), "units of the case")?;
        }
        check_returned(case, at, part.units)?;
        let lost = if case.goods == Goods::Missing { part.units.min(line.in_transit()) } else { 0 };
        let units = Units { cancelled: 0, lost, refunded: part.units - lost };
        lines.push(grant(line, part.line.clone(), units, part.amount)?);
    }
    for (at, part) in case.lines.iter().enumerate() {
        if !asked.iter().any(|asked| asked.line == part.line) {
            check_returned(case, at, 0)?;
        }
    }
    reserve(order, request, lines)
}

/// Units that came back are the shop's: none of them stays with the buyer, whatever is paid for it.
fn check_returned(case: &CaseState, at: usize, units: u64) -> Result<()> {
    let back = case.lines[at].returned();
    if units < back {
        let rule = format!(
            "line {}: {units} of {back} units that came back; a refund takes all of them, its amount may be less",
            case.lines[at].line
        );
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    Ok(())
}

fn check_asked(part: &RefundPart) -> Result<()> {
    let nothing = part.units == 0 && part.amount.is_none();
    if nothing || part.amount.is_some_and(|amount| amount <= 0) {
        let rule = format!(
            "line {}: a refund takes units, or an amount above zero; without one, what was paid for the units",
            part.line
        );
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    Ok(())
}

/// Checks what is asked for against what is left, and reserves what is there.
fn reserve(order: &Order, request: &RefundRequest, lines: Vec<Grant>) -> Result<Granted> {
    if let Some(shipping) = request.shipping {
        if shipping < 0 {
            return Err(Error::new(Code::InvalidCommand, format!("shipping is {shipping}, below zero")));
        }
        over(i128::from(shipping), order.shipping_left(), "shipping")?;
    }
    let taken = taken_back(order, lines, request.shipping)?;
    let sum = taken.sum();
    if sum == 0 && taken.lines.is_empty() {
        let rule = format!("refund {} gives nothing back", request.refund_id);
        return Err(Error::new(Code::InvalidCommand, rule));
    }
    let amount = there_for(order, &taken)?;
    Ok(Granted {
        refund_id: request.refund_id.clone(),
        taken,
        amount,
        set_off: narrow(sum)? - amount,
        reason: request.reason.clone(),
    })
}

/// How much of what is taken back is there to be given: what was never paid, was charged back or paid out
/// before is set off first, so that never more goes back than came in.
pub(super) fn there_for(order: &Order, taken: &TakenBack) -> Result<i64> {
    narrow((taken.sum() + order.balance().min(0)).max(0))
}

/// With the last unit go the shipping, unless an amount is named, and rounding that added; rounding that
/// took off goes where more would be given back than is left.
fn taken_back(order: &Order, lines: Vec<Grant>, shipping: Option<i64>) -> Result<TakenBack> {
    let units: u128 = lines.iter().map(|grant| u128::from(grant.units())).sum();
    let there: u128 = order.lines().iter().map(|line| u128::from(line.units_left())).sum();
    let whole = units > 0 && units == there;
    let shipping = shipping.unwrap_or(if whole { order.shipping_left() } else { 0 });
    let mut taken = TakenBack { lines, shipping, rounding: 0 };
    let left = i128::from(order.rounding_left());
    taken.rounding = narrow(if whole && left > 0 {
        left
    } else {
        // What rounding took off is kept back once more would be given than is left with it.
        (order.due() - taken.sum()).clamp(left.min(0), 0)
    })?;
    Ok(taken)
}

fn grant(line: &LineState, id: LineId, units: Units, amount: Option<i64>) -> Result<Grant> {
    let (gone, count) = (line.units_gone(), units.sum());
    let share = |total: i64| telescope(total, gone, gone + count, line.ordered);
    let (worth, tax) = (share(line.net)?, share(line.tax)?);
    if let Some(amount) = amount {
        over(i128::from(amount), line.net_left(), &format!("line {id}"))?;
    }
    let amount = amount.unwrap_or(worth.min(line.net_left()));
    let Units { cancelled, lost, refunded } = units;
    Ok(Grant { line: id, cancelled, lost, refunded, amount, tax, shortfall: worth - amount })
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
        let rule = format!("line {id}: {} asked for, {most} {what} left", counted(units, "unit"));
        return Err(Error::new(Code::TooManyUnits, rule));
    }
    Ok(())
}

fn over(amount: i128, most: i64, what: &str) -> Result<()> {
    if amount > i128::from(most) {
        let rule = format!("{amount} asked for, at most {most} of {what} may be refunded");
        return Err(Error::new(Code::OverRefund, rule));
    }
    Ok(())
}

fn narrow(amount: i128) -> Result<i64> {
    i64::try_from(amount).map_err(|_| Error::new(Code::Overflow, "the refund does not fit 64 bits"))
}
