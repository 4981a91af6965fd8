//! What has to hold for every order, whatever happens to it.

use crate::machine::{Machine, Run, Verdict, View, again};
use crate::script::{Script, reason};
use fenrun::Code;
use fenrun::id::{LineId, RefundId, TransactionId};
use fenrun::trade::order::{
    Action, CaseKind, CaseLine, CaseState, Command, Event, EventData, Granted, Life, Part, Parts, PlacedLine,
    Placement, RefundPart, RefundRequest, Resolution, TakenBack, Tender,
};
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
pub(crate) struct Money {
    captures: BTreeMap<TransactionId, i64>,
    payouts: BTreeMap<TransactionId, (RefundId, i64)>,
    reserved: BTreeMap<RefundId, i64>,
    set_off: BTreeMap<RefundId, i64>,
    charges: BTreeMap<TransactionId, (i64, bool)>,
}

impl Money {
    /// Charge-backs that were not won back.
    pub(crate) fn charged_back(&self) -> i64 {
        self.charges.values().filter(|(_, won)| !won).map(|(amount, _)| amount).sum()
    }

    /// What came in less everything that went out or will.
    pub(crate) fn kept(&self) -> i64 {
        self.captured() - self.refunded() - self.open() - self.charged_back()
    }

    pub(crate) fn captured(&self) -> i64 {
        self.captures.values().sum()
    }

    fn refunded(&self) -> i64 {
        self.payouts.values().map(|(_, amount)| amount).sum()
    }

    fn open(&self) -> i64 {
        let paid = |id: &RefundId| -> i64 {
            self.payouts.values().filter(|(refund, _)| refund == id).map(|(_, amount)| amount).sum()
        };
        let set_off = |id: &RefundId| self.set_off.get(id).copied().unwrap_or(0);
        self.reserved.iter().map(|(id, amount)| (amount - set_off(id) - paid(id)).max(0)).sum()
    }

    /// Charge-backs, and refunds nobody asked for.
    pub(crate) fn went_back(&self) -> i64 {
        let asked = |id: &RefundId| {
            let set_off = self.set_off.get(id).copied().unwrap_or(0);
            self.reserved.get(id).copied().unwrap_or(0) - set_off
        };
        let mut paid = BTreeMap::<&RefundId, i64>::new();
        for (id, amount) in self.payouts.values() {
            *paid.entry(id).or_default() += amount;
        }
        self.charged_back() + paid.into_iter().map(|(id, paid)| (paid - asked(id)).max(0)).sum::<i64>()
    }

    /// The first report of a transaction counts.
    pub(crate) fn report(&mut self, action: &Action) {
        match action {
            Action::Capture { transaction_id, amount, .. } => {
                self.captures.entry(transaction_id.clone()).or_insert(*amount);
            }
            Action::RefundSucceeded { refund_id, transaction_id, amount } => {
                self.payouts.entry(transaction_id.clone()).or_insert((refund_id.clone(), *amount));
            }
            Action::ChargeBack { transaction_id, amount } => {
                self.charge(transaction_id, *amount);
            }
            Action::ChargeBackWon { transaction_id } => self.win(transaction_id),
            _ => {}
        }
    }

    /// Of a charge-back that was won before it was reported the amount was not known.
    fn charge(&mut self, transaction_id: &TransactionId, amount: i64) {
        let known = self.charges.entry(transaction_id.clone()).or_insert((0, false));
        if known.0 == 0 {
            known.0 = amount;
        }
    }

    fn win(&mut self, transaction_id: &TransactionId) {
        self.charges.entry(transaction_id.clone()).or_insert((0, false)).1 = true;
    }

    /// Takes a reserve down and says how much it was; what is set off is reserved no more.
    pub(crate) fn reserve(&mut self, event: &Event) -> i64 {
        if let EventData::RefundSetOff { refund_id, amount } = &event.data {
            *self.set_off.entry(refund_id.clone()).or_default() += amount;
        }
        let Some((refund_id, amount)) = event.data.reserve() else { return 0 };
        self.reserved.insert(refund_id.clone(), amount);
        amount
    }
}

/// What is reserved never brings open and paid refunds above what was captured; reports are never refused
/// for the state, and each transaction counts once. By as much as the claim rises, by so much more went out
/// than came in. Nothing stays authorized that nobody waits for.
pub(crate) fn money(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let (mut book, mut claimed) = (Money::default(), 0);
    Run::new(machine).play(script, |run, command, verdict| {
        let fact = matches!(
            command.action(),
            Action::Capture { .. }
                | Action::RefundSucceeded { .. }
                | Action::ChargeBack { .. }
                | Action::ChargeBackWon { .. }
        );
        let mut told = 0;
        match verdict {
            Verdict::Accepted(events) => {
                book.report(command.action());
                for event in events {
                    if let EventData::OverRefunded { amount, .. } = &event.data {
                        told += amount;
                    }
                    let reserves = book.reserve(event) > 0;
                    let goes_out = reserves || matches!(event.data, EventData::RefundRetried { .. });
                    ensure!(book.kept() >= 0 || !goes_out, "event {} pays what is not there", event.seq);
                }
            }
            Verdict::Refused(code) => {
                let other = [Code::IdempotencyConflict, Code::VersionConflict].contains(code);
                ensure!(!fact || other, "a fact was refused: {code}");
            }
            Verdict::Repeat(..) | Verdict::Broken(_) => {}
        }
        let view = run.view();
        let claim = (-book.kept()).max(0);
        let counted = (book.captured(), book.open(), book.refunded(), book.charged_back(), claim);
        let shown = (view.captured, view.open, view.refunded, view.charged_back, view.receivable);
        let broken = matches!(verdict, Verdict::Broken(_));
        ensure!(broken || counted == shown, "counted {counted:?}, shown {shown:?}");
        let rise = (claim - claimed).max(0);
        ensure!(broken || told == rise, "the claim rose by {rise}, and {told} more went out");
        claimed = claim;
        let waits = run.order.balance() < 0 && !run.order.life().is_terminal();
        ensure!(
            waits || view.authorized == 0,
            "{} stays authorized, and no money is missing",
            view.authorized
        );
        Ok(())
    })
}

/// The placement in force, and what happened since: an edit starts the lines again.
pub(crate) fn in_force<'a>(script: &'a Script, log: &'a [Event]) -> (&'a Placement, &'a [Event]) {
    let edited = log.iter().enumerate().rev().find_map(|(at, event)| match &event.data {
        EventData::OrderEdited { placement, .. } => Some((&**placement, &log[at + 1..])),
        _ => None,
    });
    edited.unwrap_or((&*script.placement, log))
}

/// Nets, added tax, shipping and cash rounding are the total, at all times.
pub(crate) fn sums(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    Run::new(machine).play(script, |run, _, _| {
        let view = run.view();
        let (placement, since) = in_force(script, &run.log);
        let lines = placement.lines().iter().map(|line| line.paid() + line.added_tax).sum::<i64>();
        let total = lines + placement.shipping() + placement.rounding();
        let sum =
            view.lines.iter().map(|line| line.net + line.tax).sum::<i64>() + view.shipping + view.rounding;
        ensure!(sum == total && view.total == total, "{sum} and {}, placed {total}", view.total);
        let left = view.lines.iter().map(|line| line.net_left() + line.tax_left()).sum::<i64>();
        let left = left + view.shipping_left + view.rounding_left;
        let ended =
            |event: &Event| matches!(event.data, EventData::OrderCancelled { .. } | EventData::OrderExpired);
        let gone = since.iter().filter_map(|event| event.data.taken()).map(|taken| taken.sum()).sum::<i128>();
        let gone = if since.iter().any(ended) { total } else { i64::try_from(gone).unwrap() };
        ensure!(left + gone == total, "{left} left, {gone} gone, placed {total}");
        Ok(())
    })
}

/// Units of one line counted from the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Units {
    pub(crate) ordered: u64,
    pub(crate) cancelled: u64,
    pub(crate) shipped: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) refunded: u64,
    pub(crate) returned: u64,
    pub(crate) exchanged: u64,
}

pub(crate) fn counted(script: &Script, log: &[Event]) -> BTreeMap<LineId, Units> {
    let (placement, since) = in_force(script, log);
    let line = |line: &PlacedLine| (line.id.clone(), Units { ordered: line.units, ..Units::default() });
    let mut units: BTreeMap<LineId, Units> = placement.lines().iter().map(line).collect();
    for event in since {
        let mut each = |lines: &[Part], count: fn(&mut Units) -> &mut u64| {
            for part in lines {
                *count(units.get_mut(&part.line).unwrap()) += part.units;
            }
        };
        match &event.data {
            EventData::GoodsShipped { lines, .. } => each(lines, |line| &mut line.shipped),
            EventData::GoodsDelivered { lines, .. } => each(lines, |line| &mut line.delivered),
            EventData::CaseReplaced { lines, .. } => each(lines, |line| &mut line.exchanged),
            EventData::ReturnReceived { lines, .. } | EventData::UndeliveredReceived { lines } => {
                for part in lines {
                    units.get_mut(&part.line).unwrap().returned += part.ok + part.damaged;
                }
            }
            EventData::OrderCancelled { .. } | EventData::OrderExpired => {
                units.values_mut().for_each(|line| line.cancelled = line.ordered);
            }
            other => {
                for grant in other.taken().map_or(&[][..], |taken| &taken.lines) {
                    let line = units.get_mut(&grant.line).unwrap();
                    line.cancelled += grant.cancelled;
                    line.lost += grant.lost;
                    line.refunded += grant.refunded;
                }
            }
        }
    }
    units
}

/// 0 ≤ delivered + lost ≤ shipped ≤ ordered − cancelled, refunded ≤ delivered, and each is the sum of the
/// log; replacement units are counted apart.
pub(crate) fn units(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    Run::new(machine).play(script, |run, _, _| {
        for (line, (id, sum)) in run.view().lines.iter().zip(counted(script, &run.log)) {
            let shown = Units {
                ordered: line.ordered,
                cancelled: line.cancelled,
                shipped: line.shipped,
                delivered: line.delivered,
                lost: line.lost,
                refunded: line.refunded,
                returned: line.returned_ok + line.returned_damaged,
                exchanged: line.exchanged,
            };
            ensure!(shown == sum, "line {id}: shown {shown:?}, counted {sum:?}");
            let chain = sum.delivered + sum.lost <= sum.shipped && sum.shipped + sum.cancelled <= sum.ordered;
            ensure!(chain && sum.refunded <= sum.delivered, "line {id}: {sum:?}");
            let again = (line.replacements_delivered, line.replacements_shipped, line.exchanged);
            ensure!(again.0 <= again.1 && again.1 <= again.2, "line {id}: replacements {again:?}");
        }
        Ok(())
    })
}

/// What is given back of each line: how many units are gone, and how much was granted.
#[derive(Default)]
struct Given {
    gone: BTreeMap<LineId, (u64, i64)>,
    tax: BTreeMap<LineId, i64>,
    shipping: i64,
    rounding: i64,
    plain: bool,
}

impl Given {
    fn new() -> Self {
        Self { plain: true, ..Self::default() }
    }

    /// Compares one event with what the command asked for, by the rule of the page.
    fn compare(
        &mut self,
        placement: &Placement,
        asked: &[RefundPart],
        shipping: Option<i64>,
        taken: &TakenBack,
    ) -> Result<(), String> {
        let granted = &taken.lines;
        ensure!(asked.len() == granted.len(), "{} parts of {}", granted.len(), asked.len());
        let mut sum = 0;
        for (part, grant) in asked.iter().zip(granted) {
            let line = placement.lines().iter().find(|line| line.id == part.line).unwrap();
            let (gone, given) = self.gone.entry(part.line.clone()).or_default();
            let share = |total: i64, units: u64| {
                total * i64::try_from(units).unwrap() / i64::try_from(line.units).unwrap()
            };
            let next = |total: i64| share(total, *gone + part.units) - share(total, *gone);
            let (worth, tax) = (next(line.paid()), next(line.added_tax));
            let amount = part.amount.unwrap_or_else(|| worth.min(line.paid() - *given));
            let wanted = (&part.line, part.units, amount, tax, worth - amount);
            let got = (&grant.line, grant.units(), grant.amount, grant.tax, grant.shortfall);
            ensure!(wanted == got, "wanted {wanted:?}, got {got:?}");
            *gone += part.units;
            *given += amount;
            *self.tax.entry(part.line.clone()).or_default() += tax;
            self.plain &= part.amount.is_none();
            sum += amount + tax;
        }
        let gone = |line: &PlacedLine| self.gone.get(&line.id).map_or(0, |(gone, _)| *gone);
        let whole = asked.iter().any(|part| part.units > 0)
            && placement.lines().iter().all(|line| gone(line) == line.units);
        let rest = if whole { placement.shipping() - self.shipping } else { 0 };
        let wanted = shipping.unwrap_or(rest);
        ensure!(wanted == taken.shipping, "shipping: wanted {wanted}, got {}", taken.shipping);
        self.shipping += wanted;
        let (asked, rest) = (sum + wanted, placement.rounding() - self.rounding);
        let given = self.gone.values().map(|(_, given)| given).sum::<i64>() + self.tax.values().sum::<i64>();
        let left = placement.total() - (given - sum) - (self.shipping - wanted) - self.rounding;
        let rounding = if whole && rest > 0 { rest } else { (left - asked).clamp(rest.min(0), 0) };
        ensure!(rounding == taken.rounding, "rounding: wanted {rounding}, got {}", taken.rounding);
        self.rounding += rounding;
        self.plain &= shipping.is_none();
        let sum = self.gone.values().map(|(_, given)| given).sum::<i64>() + self.tax.values().sum::<i64>();
        let sum = sum + self.shipping + self.rounding;
        let complete = whole && self.plain;
        ensure!(!complete || sum == placement.total(), "every part was refunded, and that makes {sum}");
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
    let mut given = Given::new();
    let mut cases = BTreeMap::new();
    Run::new(machine).play(script, |run, command, verdict| {
        let Verdict::Accepted(events) = verdict else { return Ok(()) };
        let placement = in_force(script, &run.log).0;
        for event in events {
            match (&event.data, command.action()) {
                (EventData::OrderEdited { .. }, _) => given = Given::new(),
                (EventData::LinesCancelled { taken, .. }, Action::CancelLines { lines: asked, .. }) => {
                    let part =
                        |part: &Part| RefundPart { line: part.line.clone(), units: part.units, amount: None };
                    let asked: Vec<RefundPart> = asked.iter().map(part).collect();
                    given.compare(placement, &asked, None, taken)?;
                }
                (
                    EventData::RefundGranted(Granted { taken, .. }),
                    Action::RefundLines(request) | Action::GrantRefund(request),
                ) => given.compare(placement, &request.lines, request.shipping, taken)?,
                (
                    EventData::CaseRefunded { granted, .. },
                    Action::ResolveCase { case_id, resolution: Resolution::Refund(request) },
                ) => {
                    let asked = if request.lines.is_empty() {
                        whole_case(&cases[case_id])
                    } else {
                        request.lines.clone()
                    };
                    given.compare(placement, &asked, request.shipping, &granted.taken)?;
                }
                _ => {}
            }
        }
        cases.clone_from(run.order.cases());
        Ok(())
    })
}

/// Every unit of a case, of a return every unit that came back.
fn whole_case(case: &CaseState) -> Vec<RefundPart> {
    let units =
        |line: &CaseLine| if case.kind == CaseKind::RefundOnly { line.units } else { line.ok + line.damaged };
    let part = |line: &CaseLine| RefundPart { line: line.line.clone(), units: units(line), amount: None };
    case.lines.iter().map(part).filter(|part| part.units > 0).collect()
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
    for step in 0..80_u8 {
        while let Some((refund_id, amount)) = run.open_refunds().first().cloned() {
            let before = run.order.refunds_open();
            let transaction_id = run.transaction();
            run.act(Action::RefundSucceeded { refund_id, transaction_id, amount });
            ensure!(run.order.refunds_open() < before, "a refund stays open");
        }
        let cases = run.order.cases();
        // An order whose money is gone sends no goods again: the exchange ends with a refund instead.
        let how = if run.order.balance() < 0 { 0 } else { 1 };
        let case = cases.iter().find_map(|(id, case)| run.case_onward(id, case, how));
        let unshipped = run.order.lines().iter().any(|line| line.unshipped() > 0);
        let action = match run.order.life() {
            life if life.is_terminal() => break,
            life if life.awaits_money() => Action::Cancel { reason: reason("") },
            // Cash that nobody collected: what was delivered is paid before the order ends.
            Life::Received if run.order.owed() > 0 => {
                let transaction_id = run.transaction();
                Action::Capture { transaction_id, amount: run.order.owed(), method: None }
            }
            Life::Received if case.is_none() => {
                run.now += 1_000_000;
                Action::Tick
            }
            Life::PartiallyShipped | Life::PartiallyReceived if unshipped => run.onward(0).unwrap(),
            Life::Paid | Life::AwaitingShipment => run.onward(0).unwrap(),
            _ => case.unwrap_or_else(|| run.hand_over(Parts::All, step)),
        };
        run.act(action);
    }
    grant_the_rest(&mut run)?;
    let view = run.view();
    ensure!(view.is_terminal() && view.open == 0, "{} with {} open", view.life, view.open);
    let kept = view.captured - view.refunded - view.charged_back;
    let called_off = ["cancelled", "expired"].contains(&view.life.as_str());
    ensure!(kept <= 0 || !called_off, "{} keeps {kept}", view.life);
    Ok(())
}

/// What an order kept of units that are gone can still be given back, and nothing is kept then.
fn grant_the_rest(run: &mut Run<'_>) -> Result<(), String> {
    if run.order.life() != Life::Refunded || run.order.refundable() == 0 {
        return Ok(());
    }
    let left = |at: usize| run.order.lines()[at].net_left();
    let part = |at: usize| RefundPart { line: run.line_id(at), units: 0, amount: Some(left(at)) };
    let lines = (0..run.order.lines().len()).filter(|at| left(*at) > 0).map(part).collect();
    let request = RefundRequest {
        refund_id: RefundId::new("rest").unwrap(),
        lines,
        shipping: Some(run.order.shipping_left()),
        reason: reason("the rest"),
    };
    let (refund_id, before) = (request.refund_id.clone(), run.order.refundable());
    let verdict = run.act(Action::GrantRefund(request));
    ensure!(matches!(verdict, Verdict::Accepted(_)), "{before} kept and not given back: {verdict:?}");
    let (amount, transaction_id) = (run.order.refunds_open(), run.transaction());
    if amount > 0 {
        run.act(Action::RefundSucceeded { refund_id, transaction_id, amount });
    }
    ensure!(run.order.refundable() == 0, "{} of {before} kept at the end", run.order.refundable());
    Ok(())
}

/// An authorization or a charge-back, and its end; either of the two may be reported first.
fn begun_and_ended(transaction_id: &TransactionId, number: u8) -> [Action; 2] {
    let (id, amount) = (|| transaction_id.clone(), 1 + i64::from(number));
    if number % 8 == 7 {
        let lost = Action::ChargeBack { transaction_id: id(), amount };
        return [lost, Action::ChargeBackWon { transaction_id: id() }];
    }
    let begun = Action::Authorize { transaction_id: id(), amount, method: None };
    [begun, Action::VoidAuthorization { transaction_id: id() }]
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
        for (place, (at, number)) in facts.iter().enumerate() {
            let id = format!("f{at}");
            let transaction_id = TransactionId::new(&id).unwrap();
            let lines = run.order.lines().len();
            let arrival =
                Parts::Lines(vec![Part { line: run.line_id(usize::from(*number) % lines), units: 1 }]);
            let capture = Action::Capture {
                transaction_id: transaction_id.clone(),
                amount: 1 + i64::from(*number),
                method: None,
            };
            let (mut first, mut action) = (None, capture);
            match refunds.get(*at) {
                Some((refund_id, open)) if number % 2 == 0 => {
                    let (refund_id, amount) = (refund_id.clone(), *open);
                    action = Action::RefundSucceeded { refund_id, transaction_id, amount };
                }
                _ if number % 4 == 1 => action = run.hand_over(arrival, 1),
                _ if number % 4 == 3 => {
                    let mut pair = begun_and_ended(&transaction_id, *number);
                    pair.rotate_left(place % 2);
                    let [one, other] = pair;
                    (first, action) = (Some(one), other);
                }
                _ => {}
            }
            // Only providers name their facts; units that arrive are told once by the command's id.
            let named = matches!(action, Action::Deliver(_)).then_some(id.as_str());
            for action in first.into_iter().chain([action]) {
                let command = again(&run.next(Action::Tick), action, named, run.now);
                run.send(&command);
            }
        }
        let view = run.view();
        let arrived: Vec<u64> = view.lines.iter().map(|line| line.delivered).collect();
        let money = (view.captured, view.refunded, view.open, view.receivable, run.order.authorized());
        Ok((money, view.payment, view.refund, arrived))
    };
    let (left, right) = (sums(once)?, sums(twice)?);
    ensure!(left == right, "{left:?} in one order, {right:?} in another");
    Ok(())
}

/// What the life cycle follows from, counted event by event.
#[derive(Default)]
struct Facts {
    money: Money,
    authorized: BTreeMap<TransactionId, i64>,
    given_up: BTreeSet<TransactionId>,
    released: bool,
    paid: bool,
    edited: bool,
    ended: Option<&'static str>,
}

impl Facts {
    fn end(&mut self, life: &'static str) {
        self.ended = self.ended.or(Some(life));
    }

    fn count(&mut self, data: &EventData) {
        let money = &mut self.money;
        match data {
            EventData::PaymentAuthorized { transaction_id, amount, .. }
                if !self.given_up.contains(transaction_id) =>
            {
                self.authorized.insert(transaction_id.clone(), *amount);
            }
            EventData::AuthorizationVoided { transaction_id } => {
                self.authorized.remove(transaction_id);
                self.given_up.insert(transaction_id.clone());
            }
            EventData::PaymentCaptured { transaction_id, amount, .. } => {
                money.captures.insert(transaction_id.clone(), *amount);
                // Under its own transaction an authorization is used up.
                self.authorized.remove(transaction_id);
                self.given_up.insert(transaction_id.clone());
            }
            EventData::RefundSucceeded { refund_id, transaction_id, amount } => {
                money.payouts.insert(transaction_id.clone(), (refund_id.clone(), *amount));
            }
            EventData::ChargebackRecorded { transaction_id, amount } => {
                money.charge(transaction_id, *amount);
            }
            EventData::ChargebackWon { transaction_id } => money.win(transaction_id),
            EventData::OrderReleased => self.released = true,
            EventData::OrderCancelled { .. } => self.end("cancelled"),
            EventData::OrderExpired => self.end("expired"),
            EventData::OrderCompleted => self.end("completed"),
            _ => {}
        }
    }

    /// What the money that is in makes of the order: an edit may leave it short again.
    fn pay(&mut self, data: &EventData, total: i64, on_delivery: bool) {
        let covered = self.money.kept() >= total;
        match data {
            EventData::OrderPlaced(_) | EventData::PaymentCaptured { .. } if !self.paid && !self.released => {
                self.paid = covered;
            }
            EventData::OrderEdited { .. } => {
                self.paid = covered || (on_delivery && self.paid);
                self.released = self.released && (covered || on_delivery);
                self.edited = true;
            }
            _ => {}
        }
    }
}

/// The life cycle that follows from the facts alone.
fn derived(script: &Script, log: &[Event]) -> &'static str {
    let mut facts = Facts::default();
    let on_delivery = script.placement.terms().tender == Tender::OnDelivery;
    for (at, event) in log.iter().enumerate() {
        facts.money.reserve(event);
        facts.count(&event.data);
        facts.pay(&event.data, in_force(script, &log[..=at]).0.total(), on_delivery);
        let units = counted(script, &log[..=at]);
        let left = units.values().any(|line| line.cancelled + line.lost + line.refunded < line.ordered);
        let shipped = units.values().any(|line| line.shipped > 0);
        match (left, shipped) {
            (false, true) if facts.money.open() == 0 => facts.end("refunded"),
            (false, false) => facts.end("cancelled"),
            _ => {}
        }
    }
    if log.is_empty() {
        return "draft";
    }
    if let Some(ended) = facts.ended {
        return ended;
    }
    let units = counted(script, log);
    let all =
        |count: fn(&Units) -> u64| units.values().all(|line| count(line) == line.ordered - line.cancelled);
    let any = |count: fn(&Units) -> u64| units.values().any(|line| count(line) > 0);
    match () {
        () if any(|line| line.delivered) && all(|line| line.delivered + line.lost) => "received",
        () if any(|line| line.delivered) => "partially_received",
        () if any(|line| line.shipped) && all(|line| line.shipped) => "shipped",
        () if any(|line| line.shipped) => "partially_shipped",
        () if facts.released => "awaiting_shipment",
        () if facts.paid => "paid",
        () if facts.money.captured() > 0 || facts.edited => "partially_paid",
        () if facts.authorized.values().sum::<i64>() >= script.placement.total() => "authorized",
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
