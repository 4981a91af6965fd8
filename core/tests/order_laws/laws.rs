//! What has to hold for every order, whatever happens to it.

use crate::machine::{Machine, Run, Verdict, View};
use crate::script::{Script, reason};
use fenrun::Code;
use fenrun::id::{LineId, RefundId, TransactionId};
use fenrun::trade::order::{Action, Command, Event, EventData, Grant, Life, Part, Parts, RefundPart};
use std::collections::{BTreeMap, BTreeSet};

/// A report of a provider: which one, and a number to make it from.
pub(crate) type Fact = (usize, u8);

/// A law over a machine, a script, and facts in one order and in another one with repeats.
pub(crate) type Law = fn(&dyn Machine, &Script, &[Fact], &[Fact]) -> Result<(), String>;

macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

/// Money counted from the reports that were accepted and the reserves in the log.
#[derive(Default)]
struct Money {
    captures: BTreeMap<TransactionId, i64>,
    payouts: BTreeMap<TransactionId, (RefundId, i64)>,
    reserved: BTreeMap<RefundId, i64>,
}

impl Money {
    fn captured(&self) -> i64 {
        self.captures.values().sum()
    }

    fn refunded(&self) -> i64 {
        self.payouts.values().map(|(_, amount)| amount).sum()
    }

    fn open(&self) -> i64 {
        let paid = |id: &RefundId| -> i64 {
            self.payouts.values().filter(|(refund, _)| refund == id).map(|(_, amount)| amount).sum()
        };
        self.reserved.iter().map(|(id, amount)| (amount - paid(id)).max(0)).sum()
    }

    /// The first report of a transaction counts.
    fn report(&mut self, action: &Action) {
        match action {
            Action::Capture { transaction_id, amount } => {
                self.captures.entry(transaction_id.clone()).or_insert(*amount);
            }
            Action::RefundSucceeded { refund_id, transaction_id, amount } => {
                self.payouts.entry(transaction_id.clone()).or_insert((refund_id.clone(), *amount));
            }
            _ => {}
        }
    }

    /// Takes a reserve down and says how much it was.
    fn reserve(&mut self, event: &Event) -> i64 {
        let (EventData::RefundGranted { refund_id, amount, .. }
        | EventData::RefundReserved { refund_id, amount, .. }) = &event.data
        else {
            return 0;
        };
        self.reserved.insert(refund_id.clone(), *amount);
        *amount
    }
}

/// What is reserved never brings open and paid refunds above what was captured; captures and payouts are
/// never refused for the state, and each transaction counts once.
pub(crate) fn money(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut book = Money::default();
    Run::new(machine).play(script, |run, command, verdict| {
        let fact = matches!(command.action(), Action::Capture { .. } | Action::RefundSucceeded { .. });
        match verdict {
            Verdict::Accepted(events) => {
                book.report(command.action());
                for event in events {
                    let reserves = book.reserve(event) > 0;
                    let bound = book.open() + book.refunded() <= book.captured();
                    ensure!(bound || !reserves, "event {} reserves too much", event.seq);
                }
            }
            Verdict::Refused(code) => {
                let other = [Code::IdempotencyConflict, Code::VersionConflict].contains(code);
                ensure!(!fact || other, "a fact was refused: {code}");
            }
            Verdict::Repeat(..) | Verdict::Broken(_) => {}
        }
        let view = run.view();
        let claim = (book.open() + book.refunded() - book.captured()).max(0);
        let counted = (book.captured(), book.open(), book.refunded(), claim);
        let shown = (view.captured, view.open, view.refunded, view.receivable);
        let broken = matches!(verdict, Verdict::Broken(_));
        ensure!(broken || counted == shown, "counted {counted:?}, shown {shown:?}");
        Ok(())
    })
}

/// The nets of the lines and the shipping are the total, at all times.
pub(crate) fn sums(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let total = script.placement.total();
    Run::new(machine).play(script, |run, _, _| {
        let view = run.view();
        let sum = view.lines.iter().map(|line| line.net).sum::<i64>() + view.shipping;
        ensure!(sum == total && view.total == total, "{sum} and {}, placed {total}", view.total);
        let left = view.lines.iter().map(|line| line.net_left()).sum::<i64>() + view.shipping_left;
        let gone = run.log.iter().map(|event| taken_back(event, total)).sum::<i64>().min(total);
        ensure!(left + gone == total, "{left} left, {gone} gone, placed {total}");
        Ok(())
    })
}

/// The entitlement an event takes back; an order that ends takes everything that is left.
fn taken_back(event: &Event, total: i64) -> i64 {
    match &event.data {
        EventData::RefundGranted { lines, shipping, .. }
        | EventData::LinesCancelled { lines, shipping, .. } => {
            lines.iter().map(|grant| grant.amount).sum::<i64>() + shipping
        }
        EventData::OrderCancelled { .. } | EventData::OrderExpired => total,
        _ => 0,
    }
}

/// Units of one line counted from the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Units {
    ordered: u64,
    cancelled: u64,
    shipped: u64,
    delivered: u64,
    refunded: u64,
}

fn counted(script: &Script, log: &[Event]) -> BTreeMap<LineId, Units> {
    let line =
        |line: &fenrun::sale::SaleLine| (line.id.clone(), Units { ordered: line.units, ..Units::default() });
    let mut units: BTreeMap<LineId, Units> = script.placement.lines().iter().map(line).collect();
    for event in log {
        match &event.data {
            EventData::GoodsShipped { lines } => {
                lines.iter().for_each(|part| units.get_mut(&part.line).unwrap().shipped += part.units);
            }
            EventData::GoodsDelivered { lines, .. } => {
                lines.iter().for_each(|part| units.get_mut(&part.line).unwrap().delivered += part.units);
            }
            EventData::LinesCancelled { lines, .. } | EventData::RefundGranted { lines, .. } => {
                for grant in lines {
                    let line = units.get_mut(&grant.line).unwrap();
                    line.cancelled += grant.cancelled;
                    line.refunded += grant.refunded;
                }
            }
            EventData::OrderCancelled { .. } | EventData::OrderExpired => {
                units.values_mut().for_each(|line| line.cancelled = line.ordered);
            }
            _ => {}
        }
    }
    units
}

/// 0 ≤ delivered ≤ shipped ≤ ordered − cancelled, refunded ≤ shipped, and each is the sum of the log.
pub(crate) fn units(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    Run::new(machine).play(script, |run, _, _| {
        for (line, (id, sum)) in run.view().lines.iter().zip(counted(script, &run.log)) {
            let shown = Units {
                ordered: line.ordered,
                cancelled: line.cancelled,
                shipped: line.shipped,
                delivered: line.delivered,
                refunded: line.refunded,
            };
            ensure!(shown == sum, "line {id}: shown {shown:?}, counted {sum:?}");
            let chain = sum.delivered <= sum.shipped && sum.shipped + sum.cancelled <= sum.ordered;
            ensure!(chain && sum.refunded <= sum.shipped, "line {id}: {sum:?}");
        }
        Ok(())
    })
}

/// What is given back of each line: how many units are gone, and how much was granted.
#[derive(Default)]
struct Given {
    gone: BTreeMap<LineId, (u64, i64)>,
    shipping: i64,
    plain: bool,
}

impl Given {
    /// Compares one event with what the command asked for, by the rule of the page.
    fn compare(
        &mut self,
        script: &Script,
        asked: &[RefundPart],
        shipping: Option<i64>,
        granted: &[Grant],
        granted_shipping: i64,
    ) -> Result<(), String> {
        ensure!(asked.len() == granted.len(), "{} parts of {}", granted.len(), asked.len());
        for (part, grant) in asked.iter().zip(granted) {
            let line = script.placement.lines().iter().find(|line| line.id == part.line).unwrap();
            let (gone, given) = self.gone.entry(part.line.clone()).or_default();
            let share =
                |units: u64| line.paid() * i64::try_from(units).unwrap() / i64::try_from(line.units).unwrap();
            let worth = share(*gone + part.units) - share(*gone);
            let amount = part.amount.unwrap_or_else(|| worth.min(line.paid() - *given));
            let units = grant.cancelled + grant.refunded;
            let wanted = (&part.line, part.units, amount, worth - amount);
            let got = (&grant.line, units, grant.amount, grant.shortfall);
            ensure!(wanted == got, "wanted {wanted:?}, got {got:?}");
            *gone += part.units;
            *given += amount;
            self.plain &= part.amount.is_none();
        }
        let left = script
            .placement
            .lines()
            .iter()
            .any(|line| self.gone.get(&line.id).is_none_or(|(gone, _)| *gone < line.units));
        let takes_units = asked.iter().any(|part| part.units > 0);
        let rest = if left || !takes_units { 0 } else { script.placement.shipping() - self.shipping };
        let wanted = shipping.unwrap_or(rest);
        ensure!(wanted == granted_shipping, "shipping: wanted {wanted}, got {granted_shipping}");
        self.shipping += wanted;
        self.plain &= shipping.is_none();
        let sum = self.gone.values().map(|(_, given)| given).sum::<i64>() + self.shipping;
        let whole = !left && takes_units && self.plain;
        ensure!(!whole || sum == script.placement.total(), "every part was refunded, and that makes {sum}");
        Ok(())
    }
}

/// A refund of units is the telescoped net of those units over the units gone so far; what is granted and
/// the recorded shortfall are that; refunding every part is refunding what was paid.
pub(crate) fn entitlement(
    machine: &dyn Machine,
    script: &Script,
    _: &[Fact],
    _: &[Fact],
) -> Result<(), String> {
    let mut given = Given { plain: true, ..Given::default() };
    Run::new(machine).play(script, |_, command, verdict| {
        let Verdict::Accepted(events) = verdict else { return Ok(()) };
        for event in events {
            match (&event.data, command.action()) {
                (
                    EventData::LinesCancelled { lines, shipping, .. },
                    Action::CancelLines { lines: asked, .. },
                ) => {
                    let part =
                        |part: &Part| RefundPart { line: part.line.clone(), units: part.units, amount: None };
                    let asked: Vec<RefundPart> = asked.iter().map(part).collect();
                    given.compare(script, &asked, None, lines, *shipping)?;
                }
                (
                    EventData::RefundGranted { lines, shipping, .. },
                    Action::RefundLines(request) | Action::GrantRefund(request),
                ) => given.compare(script, &request.lines, request.shipping, lines, *shipping)?,
                _ => {}
            }
        }
        Ok(())
    })
}

/// What was accepted folds, and folding the stored log gives the same order.
pub(crate) fn replay(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut run = Run::new(machine);
    run.play(script, |_, _, verdict| match verdict {
        Verdict::Broken(fault) => Err(fault.clone()),
        _ => Ok(()),
    })?;
    let view = run.view();
    let ids: BTreeSet<String> = run.log.iter().map(Event::event_id).collect();
    ensure!(ids.len() == run.log.len(), "an event id stands twice");
    let version = u64::try_from(run.log.len()).unwrap();
    ensure!(view.version == version, "version {} of {version} events", view.version);
    let mut folded = Run::new(machine);
    for event in &run.log {
        let event = machine.load(&machine.store(event)).map_err(|error| error.to_string())?;
        folded.order = machine.evolve(folded.order, &event).map_err(|error| error.to_string())?;
        folded.log.push(event);
    }
    ensure!(folded.view() == view, "folded {:?}, was {view:?}", folded.view());
    Ok(())
}

/// A refused command leaves the order as it was; a command that acted answers with its own events and
/// nothing else; its id with another content is a conflict; a stale version is refused.
pub(crate) fn verdicts(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut before: Option<View> = None;
    Run::new(machine).play(script, |run, command, verdict| {
        let after = run.view();
        let unchanged = before.as_ref().is_none_or(|before| *before == after);
        let header = command.header();
        let made = match verdict {
            Verdict::Accepted(events) => events.len(),
            _ => 0,
        };
        let earlier: Vec<&Event> = run.log[..run.log.len() - made]
            .iter()
            .filter(|event| event.header.command_id == header.command_id)
            .collect();
        let version = u64::try_from(run.log.len() - made).unwrap();
        let wanted = match earlier.first() {
            Some(first) if first.header.fingerprint == header.fingerprint => {
                Some(Verdict::Repeat(first.seq, earlier.last().unwrap().seq))
            }
            Some(_) => Some(Verdict::Refused(Code::IdempotencyConflict)),
            None if command.expected_version().is_some_and(|expected| expected != version) => {
                Some(Verdict::Refused(Code::VersionConflict))
            }
            None => None,
        };
        ensure!(wanted.as_ref().is_none_or(|wanted| wanted == verdict), "wanted {wanted:?}, got {verdict:?}");
        ensure!(made > 0 || unchanged, "{verdict:?} changed the order");
        before = Some(after);
        Ok(())
    })
}

/// Nothing leaves a terminal state.
pub(crate) fn terminal(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut ended: Option<String> = None;
    Run::new(machine).play(script, |run, _, _| {
        let view = run.view();
        if let Some(ended) = &ended {
            ensure!(view.life == *ended, "{ended} became {}", view.life);
        } else if view.is_terminal() {
            ended = Some(view.life);
        }
        Ok(())
    })
}

/// From wherever the script leads, the usual way leads to an end with no refund open, and an order that
/// was called off keeps no money.
pub(crate) fn ends(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut run = Run::new(machine);
    run.play(script, |_, _, _| Ok(()))?;
    for _ in 0..60 {
        while let Some((refund_id, amount)) = run.open_refunds().first().cloned() {
            let before = run.order.refunds_open();
            let transaction_id = run.transaction();
            run.act(Action::RefundSucceeded { refund_id, transaction_id, amount });
            ensure!(run.order.refunds_open() < before, "a refund stays open");
        }
        let action = match run.order.life() {
            life if life.is_terminal() => break,
            life if life.awaits_money() => Action::Cancel { reason: reason("") },
            Life::Received => {
                run.now += 1_000_000;
                Action::Tick
            }
            Life::PartiallyShipped | Life::PartiallyReceived
                if run.order.lines().iter().any(|line| line.shipped < line.live()) =>
            {
                Action::Ship(Parts::All)
            }
            Life::PartiallyReceived => Action::Deliver(Parts::All),
            _ => run.onward(0).unwrap(),
        };
        run.act(action);
    }
    let view = run.view();
    ensure!(view.is_terminal() && view.open == 0, "{} with {} open", view.life, view.open);
    let called_off =
        |event: &Event| matches!(event.data, EventData::OrderCancelled { .. } | EventData::OrderExpired);
    let kept = view.captured - view.refunded;
    ensure!(kept <= 0 || !run.log.iter().any(called_off), "{} keeps {kept}", view.life);
    Ok(())
}

/// Reports that do not depend on one another give the same sums in any order, however often they come.
pub(crate) fn commute(
    machine: &dyn Machine,
    script: &Script,
    once: &[Fact],
    twice: &[Fact],
) -> Result<(), String> {
    let sums = |facts: &[Fact]| -> Result<_, String> {
        let mut run = Run::new(machine);
        run.play(script, |_, _, _| Ok(()))?;
        let refunds = run.open_refunds();
        for (at, number) in facts {
            let transaction_id = TransactionId::new(&format!("f{at}")).unwrap();
            let capture =
                Action::Capture { transaction_id: transaction_id.clone(), amount: 1 + i64::from(*number) };
            let action = match refunds.get(*at) {
                Some((refund_id, open)) if number % 2 == 0 => {
                    Action::RefundSucceeded { refund_id: refund_id.clone(), transaction_id, amount: *open }
                }
                _ => capture,
            };
            run.act(action);
        }
        let view = run.view();
        Ok((view.captured, view.refunded, view.open, view.receivable, view.payment, view.refund))
    };
    let (left, right) = (sums(once)?, sums(twice)?);
    ensure!(left == right, "{left:?} in one order, {right:?} in another");
    Ok(())
}

/// The life cycle that follows from the facts alone.
fn derived(script: &Script, log: &[Event]) -> &'static str {
    let mut money = Money::default();
    let (mut authorized, mut released) = (BTreeMap::new(), false);
    let mut ended = None;
    for (at, event) in log.iter().enumerate() {
        money.reserve(event);
        match &event.data {
            EventData::PaymentAuthorized { transaction_id, amount } => {
                authorized.insert(transaction_id.clone(), *amount);
            }
            EventData::AuthorizationVoided { transaction_id } => {
                authorized.remove(transaction_id);
            }
            EventData::PaymentCaptured { transaction_id, amount } => {
                money.captures.insert(transaction_id.clone(), *amount);
            }
            EventData::RefundSucceeded { refund_id, transaction_id, amount } => {
                money.payouts.insert(transaction_id.clone(), (refund_id.clone(), *amount));
            }
            EventData::OrderReleased => released = true,
            EventData::OrderCancelled { .. } => ended = ended.or(Some("cancelled")),
            EventData::OrderExpired => ended = ended.or(Some("expired")),
            EventData::OrderCompleted => ended = ended.or(Some("completed")),
            _ => {}
        }
        let units = counted(script, &log[..=at]);
        let left = units.values().any(|line| line.cancelled + line.refunded < line.ordered);
        let shipped = units.values().any(|line| line.shipped > 0);
        let open = money.open() > 0;
        match (left, shipped) {
            (false, true) if !open => ended = ended.or(Some("refunded")),
            (false, false) => ended = ended.or(Some("cancelled")),
            _ => {}
        }
    }
    if log.is_empty() {
        return "draft";
    }
    if let Some(ended) = ended {
        return ended;
    }
    let units = counted(script, log);
    let all =
        |count: fn(&Units) -> u64| units.values().all(|line| count(line) == line.ordered - line.cancelled);
    let any = |count: fn(&Units) -> u64| units.values().any(|line| count(line) > 0);
    let (captured, total) = (money.captured(), script.placement.total());
    match () {
        () if any(|line| line.delivered) && all(|line| line.delivered) => "received",
        () if any(|line| line.delivered) => "partially_received",
        () if any(|line| line.shipped) && all(|line| line.shipped) => "shipped",
        () if any(|line| line.shipped) => "partially_shipped",
        () if released => "awaiting_shipment",
        () if captured >= total => "paid",
        () if captured > 0 => "partially_paid",
        () if authorized.values().sum::<i64>() >= total => "authorized",
        () => "pending_payment",
    }
}

/// The life cycle, which the table moves, is the one that follows from the facts.
pub(crate) fn life(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    Run::new(machine).play(script, |run, _, _| {
        let (shown, wanted) = (run.view().life, derived(script, &run.log));
        ensure!(shown == wanted, "shown {shown}, the facts say {wanted}");
        Ok(())
    })
}

/// A tick acts exactly when a deadline has come, and a second one at the same time does nothing.
pub(crate) fn ticks(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut deadlines = Vec::new();
    Run::new(machine).play(script, |run, command: &Command, verdict| {
        if matches!(command.action(), Action::Tick) {
            let now = command.header().at;
            let due = deadlines.iter().any(|deadline: &fenrun::trade::order::Deadline| deadline.at <= now);
            let acted = match verdict {
                Verdict::Accepted(events) => !events.is_empty(),
                Verdict::Broken(_) => true,
                Verdict::Repeat(..) | Verdict::Refused(_) => return Ok(()),
            };
            ensure!(acted == due, "acted: {acted}, due: {due}");
            let before = run.view();
            let second = run.act(Action::Tick);
            ensure!(second == Verdict::Accepted(Vec::new()), "the second tick made {second:?}");
            ensure!(before == run.view(), "the second tick changed the order");
        }
        deadlines = run.view().deadlines;
        Ok(())
    })
}
