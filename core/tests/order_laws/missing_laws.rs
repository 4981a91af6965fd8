//! The laws of what charge-backs take: it is missing until it is won or replaced, commission follows, and goods
//! wait for it.

use crate::laws::{Fact, Money};
use crate::machine::{Machine, Run, Verdict, View, again};
use crate::script::{Script, ship};
use fenrun::Code;
use fenrun::id::{LineId, RefundId, TransactionId};
use fenrun::trade::order::{
    Action, Decision, Event, EventData, Order, Parts, Payment, Reason, RefundPart, RefundRequest, Tender,
};

macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

/// The nets that would be left without a charge-back.
pub(crate) fn nets(view: &View) -> Vec<i64> {
    let nothing = ["cancelled", "expired", "refunded"].contains(&view.life.as_str());
    let net = |line: &fenrun::trade::order::LineState| {
        if nothing || line.units_left() == 0 { 0 } else { line.net_left() }
    };
    view.lines.iter().map(net).collect()
}

/// What is due: nets, added tax, shipping and rounding that nothing took back.
fn due(view: &View) -> i64 {
    let lines = view.lines.iter().map(|line| line.net_left() + line.tax_left()).sum::<i64>();
    lines + view.shipping_left + view.rounding_left
}

/// What charge-backs took of what is due and nobody replaced falls on the nets in proportion, and on
/// nothing else; the state names it; payment says so for as long, and is paid again after. All of it is the
/// same in whatever order charge-backs and what replaces them are reported.
pub(crate) fn replaced(
    machine: &dyn Machine,
    script: &Script,
    once: &[Fact],
    twice: &[Fact],
) -> Result<(), String> {
    let mut book = Money::default();
    Run::new(machine).play(script, |run, command, verdict| {
        if let Verdict::Accepted(events) = verdict {
            book.report(command.action());
            for event in events {
                book.reserve(event);
            }
        }
        if matches!(verdict, Verdict::Broken(_)) {
            return Ok(());
        }
        let view = run.view();
        once_paid(&run.order, &book, &view)?;
        taken(&book, &view)
    })?;
    settled(machine, script)?;
    let (one, other) = (reported(machine, script, once)?, reported(machine, script, twice)?);
    ensure!(one == other, "{one:?} in one order, {other:?} in another");
    Ok(())
}

/// What is paid before it ships was there once; what is short of it since went back, by whatever road.
fn once_paid(order: &Order, book: &Money, view: &View) -> Result<(), String> {
    if order.is_paid_on_delivery() || order.life().awaits_money() {
        return Ok(());
    }
    let missing = (due(view) - book.kept()).clamp(0, due(view));
    ensure!(view.missing == missing, "{} missing of what was paid, wanted {missing}", view.missing);
    Ok(())
}

fn taken(book: &Money, view: &View) -> Result<(), String> {
    let short = (due(view) - book.kept()).max(0);
    let (unreplaced, missing) = (short.min(book.charged_back()), short.min(book.went_back()).min(due(view)));
    ensure!(view.missing == missing, "{} missing, wanted {missing}", view.missing);
    let nets = nets(view);
    let sum: i64 = nets.iter().sum();
    let left: i64 = view.left.iter().map(|(_, left)| left).sum();
    let wanted = sum - unreplaced.min(sum);
    ensure!(left == wanted, "{left} left of {sum}, wanted {wanted}: {unreplaced} was not replaced");
    for ((_, left), net) in view.left.iter().zip(&nets) {
        let even = i128::from(*left) * i128::from(sum) - i128::from(*net) * i128::from(wanted);
        ensure!((0..=*net).contains(left), "{left} left of {net}");
        ensure!(even.abs() < i128::from(sum.max(1)), "{left} left of {net}, {wanted} of {sum}");
    }
    let gone = view.payment == Payment::ChargedBack;
    ensure!(!gone || book.charged_back() > 0, "nothing was charged back");
    ensure!(gone || unreplaced == 0, "{unreplaced} was charged back, and payment is {:?}", view.payment);
    let there = book.charged_back() > 0 && unreplaced == 0 && due(view) > 0;
    let paid = [Payment::Paid, Payment::Overpaid].contains(&view.payment);
    ensure!(!there || paid, "the money is there, and payment is {:?}", view.payment);
    Ok(())
}

/// On delivery a part is paid, the rest is given back without a unit, and whatever is owed then comes in: payment is
/// paid, though less came in than the total.
fn settled(machine: &dyn Machine, script: &Script) -> Result<(), String> {
    let mut run = Run::new(machine);
    run.play(script, |_, _, _| Ok(()))?;
    let report = |run: &mut Run<'_>, action: Action| {
        let command = again(&run.next(Action::Tick), action, None, run.now);
        run.send(&command)
    };
    let capture = |run: &Run<'_>, id: &str, amount: i64| {
        let transaction_id = TransactionId::new(&format!("{id}{}", run.order.version())).unwrap();
        Action::Capture { transaction_id, amount, method: None }
    };
    if !run.order.is_paid_on_delivery() || run.order.charged_back() > 0 {
        return Ok(());
    }
    if run.order.owed() > 1 {
        let part = capture(&run, "part", 1);
        report(&mut run, part);
    }
    let part = |line: LineId, amount: i64| RefundPart { line, units: 0, amount: Some(amount) };
    let lines = run.order.placement().into_iter().flat_map(|placement| placement.lines());
    let nets = lines.zip(run.order.lines()).filter(|(_, line)| line.net_left() > 0);
    let request = RefundRequest {
        refund_id: RefundId::new("all of it").unwrap(),
        lines: nets.map(|(placed, line)| part(placed.id.clone(), line.net_left())).collect(),
        shipping: Some(run.order.shipping_left()),
        reason: Reason::new("kept").unwrap(),
    };
    report(&mut run, Action::RefundLines(request));
    if run.order.owed() > 0 {
        let rest = capture(&run, "rest", run.order.owed());
        report(&mut run, rest);
    }
    let view = run.view();
    let goes_on = !["draft", "cancelled", "expired", "refunded"].contains(&view.life.as_str());
    let there = goes_on && view.captured > 0 && run.order.balance() >= 0;
    let paid = [Payment::Paid, Payment::Overpaid].contains(&view.payment);
    ensure!(!there || paid, "nothing is owed, and payment is {:?}", view.payment);
    Ok(())
}

/// What an order shows after charge-backs and after captures that replace what was missing, or a part of
/// it: never so much that some of it goes back.
fn reported(machine: &dyn Machine, script: &Script, facts: &[Fact]) -> Result<String, String> {
    let mut run = Run::new(machine);
    run.play(script, |_, _, _| Ok(()))?;
    let report = |run: &mut Run<'_>, action: Action| {
        let command = again(&run.next(Action::Tick), action, None, run.now);
        run.send(&command);
    };
    let transaction = |id: String| TransactionId::new(&id).unwrap();
    report(&mut run, Action::ChargeBack { transaction_id: transaction("d".into()), amount: 50 });
    let room = -run.order.balance();
    for (at, number) in facts {
        let transaction_id = transaction(format!("f{at}"));
        let number = i64::from(*number);
        // There are five facts at most.
        let most = i64::try_from(room).unwrap() / 5;
        let action = match number % 3 {
            0 if most > 0 => Action::Capture { transaction_id, amount: most, method: None },
            1 if most > 0 => Action::Capture { transaction_id, amount: 1 + number % most, method: None },
            _ => Action::ChargeBack { transaction_id, amount: 1 + number },
        };
        report(&mut run, action);
    }
    let view = run.view();
    Ok(format!("{:?}", (view.left, view.payment, view.missing, view.captured, view.charged_back)))
}

/// Goods wait for all that is due where it is paid before they leave. On delivery they wait for what went back,
/// until as much came in after it or was won, and for nothing else.
pub(crate) fn goods_wait(
    machine: &dyn Machine,
    script: &Script,
    _: &[Fact],
    _: &[Fact],
) -> Result<(), String> {
    let on_delivery = script.placement.terms().tender == Tender::OnDelivery;
    let (mut book, mut moved) = (Money::default(), Vec::new());
    Run::new(machine).play(script, |run, command, verdict| {
        if let Verdict::Accepted(events) = verdict {
            moved.push(movement(&mut book, command.action(), events));
        }
        let view = run.view();
        let shipping = ["awaiting_shipment", "partially_shipped", "partially_received"];
        let left = view.lines.iter().any(|line| line.unshipped() > 0);
        if matches!(verdict, Verdict::Broken(_))
            || view.held
            || !left
            || !shipping.contains(&view.life.as_str())
        {
            return Ok(());
        }
        let missing = due(&view) - book.kept();
        let waits = if on_delivery { missing.min(gone(&moved)) } else { missing };
        match machine.decide(&run.order, &run.next(ship(Parts::All))) {
            Ok(Decision::Accepted(_)) => ensure!(waits <= 0, "shipped, and {waits} is to be waited for"),
            Err(error) if error.code() == Code::NotAllowed => {
                ensure!(waits > 0, "held back for nothing: {error}");
            }
            _ => {}
        }
        Ok(())
    })
}

/// What a command moved: above zero what went back, below zero what came in or need not come any more. Money
/// that comes in while more went out than ever came is what went out, told late.
fn movement(book: &mut Money, action: &Action, events: &[Event]) -> i64 {
    let before = (book.went_back(), book.captured(), book.kept());
    book.report(action);
    let came = if before.2 < 0 { 0 } else { book.captured() - before.1 };
    let back = book.went_back() - before.0;
    let claim = (-before.2).max(0);
    let mut off = 0;
    for event in events {
        if let EventData::RefundSetOff { amount, .. } = &event.data {
            off += (amount - claim).max(0);
        }
        book.reserve(event);
    }
    back - came - off
}

/// What went back and was not replaced since: the most that any time until now lost.
fn gone(moved: &[i64]) -> i64 {
    let since = moved.iter().rev().scan(0, |sum, moved| {
        *sum += moved;
        Some(*sum)
    });
    since.max().unwrap_or(0).max(0)
}
