//! Laws of after-sale cases, of goods on their way, and of edits.

use crate::laws::{Fact, counted, in_force};
use crate::machine::{Machine, Run, Verdict, View};
use crate::script::{Script, code};
use fenrun::id::{CaseId, LineId};
use fenrun::trade::fulfilment::Fulfilment;
use fenrun::trade::order::{
    Action, CaseKind, CaseMove, CaseStage, CaseState, Event, EventData, Goods, LineState, Order, PlacedLine,
    Port, Replacement, Tender, Verb,
};
use std::collections::{BTreeMap, BTreeSet};

macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

/// Where a case is after a command that was accepted, by the words of the page.
fn moved(from: CaseStage, kind: CaseKind, action: &Action) -> Option<CaseStage> {
    use CaseStage::{Approved, AwaitingReturn, InTransit, Open, Received, Rejected, ReturnRefused, Settled};
    let comes_back = kind != CaseKind::RefundOnly;
    match (action, from) {
        (Action::MoveCase { to: CaseMove::Approve, .. }, Open) if comes_back => Some(AwaitingReturn),
        (Action::MoveCase { to: CaseMove::Approve, .. }, Open) => Some(Approved),
        (Action::MoveCase { to: CaseMove::Reject, .. }, Open) => Some(Rejected),
        (Action::MoveCase { to: CaseMove::Withdraw, .. }, Open | Approved | AwaitingReturn) => {
            Some(CaseStage::Withdrawn)
        }
        (Action::MoveCase { to: CaseMove::RefuseReturn, .. }, InTransit) => Some(ReturnRefused),
        (Action::SendReturn { .. }, AwaitingReturn) => Some(InTransit),
        (Action::ReceiveReturn { .. }, AwaitingReturn | InTransit | Received) => Some(Received),
        // From its end with a promise a case may still end with a refund.
        (Action::ResolveCase { .. }, Approved | Received | Settled) => Some(Settled),
        _ => None,
    }
}

fn case_of(action: &Action) -> Option<&CaseId> {
    match action {
        Action::OpenCase { case_id, .. }
        | Action::MoveCase { case_id, .. }
        | Action::SendReturn { case_id, .. }
        | Action::ReceiveReturn { case_id, .. }
        | Action::ResolveCase { case_id, .. } => Some(case_id),
        _ => None,
    }
}

/// Units of live cases by line: those that arrived, and those that did not.
fn claims(view: &View) -> BTreeMap<&LineId, (u64, u64)> {
    let mut claims: BTreeMap<&LineId, (u64, u64)> = BTreeMap::new();
    for case in view.cases.values().filter(|case| !case.stage.is_terminal()) {
        for part in &case.lines {
            let claim = claims.entry(&part.line).or_default();
            match case.goods {
                Goods::Arrived => claim.0 += part.units,
                Goods::Missing => claim.1 += part.units,
            }
        }
    }
    claims
}

/// A case goes where the page says and nowhere else, holds units that were delivered or are on their way,
/// each once, and an order does not complete while anything is open.
pub(crate) fn cases(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut stages: BTreeMap<CaseId, (CaseKind, CaseStage)> = BTreeMap::new();
    let mut completed = false;
    Run::new(machine).play(script, |run, command, verdict| {
        let view = run.view();
        if let (Verdict::Accepted(events), Some(id)) = (verdict, case_of(command.action())) {
            ensure!(!events.is_empty(), "a case was moved without an event");
            if let Action::OpenCase { kind, .. } = command.action() {
                stages.insert(id.clone(), (*kind, CaseStage::Open));
            } else {
                let known = stages.get_mut(id).ok_or("an unknown case was moved")?;
                let to = moved(known.1, known.0, command.action());
                known.1 = to.ok_or_else(|| format!("{:?} from {:?}", command.action(), known.1))?;
            }
        }
        for event in verdict_events(verdict) {
            if let EventData::CaseMoved { case_id, on: CaseMove::Lapse, .. } = &event.data {
                let known = stages.get_mut(case_id).ok_or("an unknown case lapsed")?;
                ensure!(known.1 == CaseStage::AwaitingReturn, "{:?} lapsed", known.1);
                known.1 = CaseStage::Withdrawn;
            }
        }
        let shown: BTreeMap<_, _> =
            view.cases.iter().map(|(id, case)| (id.clone(), (case.kind, case.stage))).collect();
        ensure!(shown == stages, "shown {shown:?}, told {stages:?}");
        held_once(script, run, &view)?;
        if view.life == "completed" && !completed {
            completed = true;
            let open = |case: &CaseState| {
                let promised = matches!(case.replacement, Replacement::Owed | Replacement::Shipped);
                !case.stage.is_terminal() || promised
            };
            ensure!(!view.cases.values().any(open), "completed with an open case");
            ensure!(view.open == 0, "completed with an open refund");
        }
        Ok(())
    })
}

fn verdict_events(verdict: &Verdict) -> &[Event] {
    match verdict {
        Verdict::Accepted(events) => events,
        _ => &[],
    }
}

fn held_once(script: &Script, run: &Run<'_>, view: &View) -> Result<(), String> {
    let claims = claims(view);
    for (line, (id, sum)) in view.lines.iter().zip(counted(script, &run.log)) {
        let (arrived, missing) = claims.get(&id).copied().unwrap_or_default();
        let counters = (line.return_requested + line.claimed, line.missing);
        ensure!(counters == (arrived, missing), "line {id}: {counters:?} for {arrived} and {missing}");
        ensure!(arrived + sum.refunded <= sum.delivered, "line {id}: {arrived} claimed of {sum:?}");
        let all = arrived + missing + sum.refunded + sum.lost;
        ensure!(all <= sum.shipped, "line {id}: {all} claimed and gone of {sum:?}");
        came_back_once(&id, line, view)?;
    }
    Ok(())
}

/// A unit comes back once for each time it left: what came back and is not in a live case is refunded, or
/// sent again.
fn came_back_once(id: &LineId, line: &LineState, view: &View) -> Result<(), String> {
    let live = view.cases.values().filter(|case| !case.stage.is_terminal());
    let parts = live.flat_map(|case| &case.lines).filter(|part| part.line == *id);
    let in_cases: u64 = parts.map(|part| part.ok + part.damaged).sum();
    let back = line.returned_ok + line.returned_damaged - in_cases;
    let gone = line.refunded + line.exchanged + line.undelivered_back;
    ensure!(back <= gone, "line {id}: {back} came back, {gone} refunded, exchanged or undelivered");
    Ok(())
}

/// Nothing ships unpaid but on delivery; shipments hold what was shipped, of one merchant and one way of
/// fulfilment; digital units arrive at once, and units that are fetched go to whoever shows the code.
pub(crate) fn goods(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let on_delivery = script.placement.terms().tender == Tender::OnDelivery;
    let (mut came_in, mut seen) = (0, BTreeSet::new());
    let mut kept_before = 0;
    Run::new(machine).play(script, |run, command, verdict| {
        if let (Action::Capture { transaction_id, amount, .. }, Verdict::Accepted(_)) =
            (command.action(), verdict)
        {
            if seen.insert(transaction_id.clone()) {
                came_in += amount;
            }
        }
        let view = run.view();
        let placement = in_force(script, &run.log).0;
        for event in verdict_events(verdict) {
            match &event.data {
                EventData::OrderReleased => {
                    let enough = came_in.min(view.captured) >= placement.total();
                    ensure!(on_delivery || enough || kept_before >= placement.total(), "released unpaid");
                }
                EventData::GoodsDelivered { lines, .. } if matches!(command.action(), Action::Deliver(_)) => {
                    let Action::Deliver(handover) = command.action() else { continue };
                    let fetched = lines.iter().any(|part| {
                        let line = placement.lines().iter().find(|line| line.id == part.line);
                        line.is_some_and(|line| line.fulfilment == Fulfilment::Pickup)
                    });
                    let shown = handover.pickup_code.as_ref() == Some(&code());
                    ensure!(!fetched || shown, "handed out without the code");
                }
                _ => {}
            }
        }
        kept_before = view.captured - view.refunded - view.open - view.charged_back;
        parcels(placement.lines(), &view)
    })
}

fn parcels(placed: &[PlacedLine], view: &View) -> Result<(), String> {
    for (sold, line) in placed.iter().zip(&view.lines) {
        let units = |replaced: bool| -> (u64, u64) {
            let of = view.shipments.iter().filter(|shipment| shipment.case_id.is_some() == replaced);
            let parts = of.flat_map(|shipment| &shipment.lines).filter(|part| part.line == sold.id);
            parts.fold((0, 0), |sum, part| (sum.0 + part.units, sum.1 + part.delivered))
        };
        let (sent, again) = (units(false), units(true));
        ensure!(sent.0 == line.shipped, "line {}: {sent:?} in shipments, {} shipped", sold.id, line.shipped);
        ensure!(sent.1 <= line.delivered, "line {}: {sent:?} arrived of {}", sold.id, line.delivered);
        ensure!(
            again == (line.replacements_shipped, line.replacements_delivered),
            "line {}: {again:?}",
            sold.id
        );
        let waits = sold.fulfilment == Fulfilment::Digital && line.shipped > line.delivered + line.lost;
        ensure!(!waits, "line {}: digital units on their way", sold.id);
    }
    let mut ids = BTreeSet::new();
    for shipment in &view.shipments {
        ensure!(ids.insert(&shipment.id), "shipment {} stands twice", shipment.id);
        let of = |id: &LineId| placed.iter().find(|line| line.id == *id);
        let senders: BTreeSet<_> = shipment
            .lines
            .iter()
            .filter_map(|part| of(&part.line))
            .map(|line| (line.fulfilment, &line.merchant))
            .collect();
        let one = senders.len() == 1 || shipment.case_id.is_some();
        ensure!(one, "shipment {} is of {senders:?}", shipment.id);
    }
    Ok(())
}

/// An edit starts the lines again as the next version of the sale, for the same people; what is over goes
/// back, and what is short is waited for.
pub(crate) fn edits(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let on_delivery = script.placement.terms().tender == Tender::OnDelivery;
    let (mut before, mut versions): (Option<View>, u32) = (None, 1);
    Run::new(machine).play(script, |run, command, verdict| {
        let view = run.view();
        let edited = matches!(command.action(), Action::Edit(_)) && !verdict_events(verdict).is_empty();
        versions += u32::from(edited);
        ensure!(view.sale_version == versions, "version {} after {versions}", view.sale_version);
        if let Some(before) = before.as_ref().filter(|_| edited) {
            let placement = in_force(script, &run.log).0;
            let kept = before.captured - before.refunded - before.open - before.charged_back;
            let (over, short) = ((kept - placement.total()).max(0), (placement.total() - kept).max(0));
            ensure!(view.total == placement.total(), "total {} of {}", view.total, placement.total());
            ensure!(view.open - before.open == over, "{} goes back, {over} is over", view.open - before.open);
            let waits = short > 0 && !on_delivery;
            ensure!((view.life == "partially_paid") == waits, "{} with {short} short", view.life);
            let owed = if short > 0 { short } else { 0 };
            ensure!(view.owed == owed, "owed {}, short {owed}", view.owed);
            for (line, placed) in view.lines.iter().zip(placement.lines()) {
                let fresh = (line.ordered, line.units_left(), line.net_left(), line.cancelled);
                let wanted = (placed.units, placed.units, placed.paid(), 0);
                ensure!(fresh == wanted, "line {}: {fresh:?}, placed {wanted:?}", placed.id);
            }
            let parties = placement.parties() == script.placement.parties();
            ensure!(parties && placement.plan() == script.placement.plan(), "an edit changed who is paid");
            let sale = view.sale.clone().unwrap_or_default();
            ensure!(sale.contains(&format!("\"version\":{versions}")), "the sale is {sale}");
        }
        before = Some(view);
        Ok(())
    })
}

/// What is reserved is committed or released by the end, and not before: stock by unit, a coupon once.
/// Goods that came back are released once more, and every intent has a key of its own.
pub(crate) fn intents(machine: &dyn Machine, script: &Script, _: &[Fact], _: &[Fact]) -> Result<(), String> {
    let mut run = Run::new(machine);
    run.play(script, |_, _, verdict| match verdict {
        Verdict::Broken(fault) => Err(fault.clone()),
        _ => Ok(()),
    })?;
    let (mut keys, mut sums) = (BTreeSet::new(), BTreeMap::<(Port, String), [u64; 3]>::new());
    let mut order = Order::draft(run.order.tenant().clone(), run.order.id().clone());
    for event in &run.log {
        for intent in machine.intents(&order, event).map_err(|error| error.to_string())? {
            ensure!(keys.insert(intent.key.clone()), "key {} stands twice", intent.key);
            let sum = sums.entry((intent.port, intent.subject)).or_default();
            match intent.verb {
                Verb::Reserve => sum[0] += intent.amount,
                Verb::Commit => sum[1] += intent.amount,
                Verb::Release => sum[2] += intent.amount,
            }
        }
        order.apply(event).map_err(|error| error.to_string())?;
    }
    let mut back = BTreeMap::<String, u64>::new();
    for event in &run.log {
        if let EventData::ReturnReceived { lines, .. } | EventData::UndeliveredReceived { lines } =
            &event.data
        {
            for part in lines {
                *back.entry(part.line.to_string()).or_default() += part.ok;
            }
        }
    }
    let given = run.authorizations().into_iter().map(|(id, amount)| (id.to_string(), amount.unsigned_abs()));
    let given: BTreeMap<String, u64> = given.collect();
    let view = run.view();
    for ((port, subject), [reserved, committed, released]) in sums {
        match port {
            Port::Stock => {
                let freed = released - back.get(&subject).copied().unwrap_or(0);
                let done = committed + freed;
                ensure!(done <= reserved, "line {subject}: {done} of {reserved} reserved");
                ensure!(
                    !view.is_terminal() || done == reserved,
                    "line {subject}: {done} of {reserved} at the end"
                );
            }
            Port::Authorization => {
                let kept = reserved + committed;
                let once = given.get(&subject).is_some_and(|amount| *amount == released);
                ensure!(kept == 0 && once, "authorization {subject}: {released} released");
            }
            _ => {
                let held = reserved - released;
                let called_off = ["cancelled", "expired"].contains(&view.life.as_str());
                let waits = ["pending_payment", "authorized", "partially_paid"].contains(&view.life.as_str());
                ensure!(held == u64::from(!called_off), "{subject}: {held} held, {}", view.life);
                ensure!(waits || called_off || committed > 0, "{subject}: not spent, {}", view.life);
            }
        }
    }
    Ok(())
}
