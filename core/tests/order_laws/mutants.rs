//! Machines with one fault each.

use crate::machine::{Machine, View, again, with};
use crate::missing_laws::nets;
use crate::script::{code, reason};
use fenrun::doc::{Node, read_json};
use fenrun::id::{RefundId, TransactionId};
use fenrun::money::allocate;
use fenrun::time::Timestamp;
use fenrun::trade::order::{
    Action, CaseStage, CaseState, Command, Decision, Event, EventData, Grant, Granted, Handover, Intent,
    Life, Order, Part, Payment, Port, Receipt, Refund, TakenBack, Verb, decide, evolve, intents,
};
use fenrun::{Code, Error, Result};
use std::sync::Arc;

macro_rules! faults {
    ($($name:ident,)+) => {
        /// What a mutant does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($name,)+ }
    };
}

faults! {
    // Deciding.
    CountsDuplicateCaptures, CountsDuplicatePayouts, ConflictMovesMoney, RefusesLateCaptures,
    RefusesLatePayouts, KeepsLateCaptures, CancelKeepsMoney, ExpiryKeepsMoney, RefundsFromListPrice,
    FloorsPerUnit, RoundsUpPerUnit, KeepsShipping, RefundsShippingFirst, ForgetsShortfall,
    GrantsTheFirstLine, ActsAgainOnRepeat, TakesClashForRepeat, IgnoresVersions, RepeatShowsTheWholeLog,
    RetryLaterIsAClash, OneTimerPerTick, TicksEarly, TicksLate, CompletesAgain, DeliversAgain,
    ExpiresTwice, NeverCompletes, NeverUnholds, IgnoresPayoutAfterFailure, ShipsOnlyOnce,
    IgnoresCapturesOncePaid, IgnoresEarlyVoids, PaysOutInOrderOnly, RefundsWholeExcessCapture, RefusesDelivery,
    // Folding.
    ReserveIsHalved, PayoutLeavesItOpen, HalvesCaptures, RefundsLeaveUnits, OtherLineShips,
    // What a refused command leaves behind.
    RefusedCommandHolds, RefusedCaptureStays, RefusedRefundReserves, RefusedTickOrShipReleases,
    // Showing.
    CaptureRevivesCancelled, CaptureRevivesExpired, GrantReopensCompleted, PayoutMovesCancelled,
    CompletedBecomesRefunded, CancelledExpires, ShippedAtFirstUnit, ReceivedAtFirstUnit, PaidAtFirstCent,
    PaidIsReleased, RefundingIsAState, AuthorizedIsPaid, TotalFollowsCaptures, TotalLessRefunds,
    NetIsWhatIsLeft, TotalWithoutShipping, ShippedCostsShipping, CancelledLineVanishes, ShipsCancelled,
    DeliveredCountsAsRefunded, DeliversUnshipped, CancelLeavesUnits, LastCaptureOnly, CapturedIsCapped,
    OpenIsHidden, VersionStands,
    // Cases.
    ApprovedIsSettled, SentIsReceived, RejectedStaysOpen, ClaimsAreForgotten, ReturnsAreClaimedTwice,
    CompletesWithOpenCase,
    // Goods.
    ShipsUnpaid, ParcelsMix, ParcelIsForgotten, ParcelStandsTwice, NeedsNoCode, DigitalWaits,
    // Edits.
    EditKeepsVersion, EditKeepsSurplus, EditIsPaid, EditKeepsTotal, EditKeepsNet, SaleStaysAtVersionOne,
    // Intents.
    KeysByEvent, KeepsStockOfCancelled, EditForgetsStock, CouponIsNeverSpent, CouponIsKept, CommitsWhenPlaced,
    // Charge-backs and tax.
    ForgetsChargebacks, WonTwice, IgnoresEarlyWins, RefusesEarlyWins, TellsTheWholeClaim, KeepsAuthorizations,
    ReleasesAuthorizationsTwice, KeepsAddedTax, KeepsRounding, ReplacesAsDelivered,
    TakenForGood, TakesNothing, TakesTheFirstLine, OnlyLaterMoneyReplaces, ChargedBackForGood,
    ChargedBackIsPaid, MissingIsHidden, MissingBeyondWhatIsDue, SetOffIsAskedFor, SettledIsPartlyPaid,
    GoneIsShipped, UnpaidIsHeldBack, GoneForGood, UnaskedIsShipped, AnyMoneyReplaces, ShortIsShipped,
    SetOffStaysOpen, KeepsTheRest, PromisesForGood, UndeliveredIsForgotten, ReturnsAreTwice,
    // Storing.
    DropsTime, DropsRefundLines, DropsTerms, DropsSale, RoundsAmounts, DropsReceipt, DropsSeconds,
}

pub(crate) struct Mutant(pub(crate) Fault);

impl Machine for Mutant {
    fn decide(&self, order: &Order, command: &Command) -> Result<Decision> {
        let command = self.rewrite(order, command);
        let decision = decide(order, &command);
        match self.waits(order, &command, &decision) {
            Some(true) => refuse(),
            Some(false) => Ok(Decision::Accepted(Vec::new())),
            None => self.verdict(order, &command, decision),
        }
    }

    fn evolve(&self, order: Order, event: &Event) -> Result<Order> {
        let data = match (self.0, &event.data) {
            (Fault::ReserveIsHalved, EventData::RefundReserved { refund_id, amount, cause }) => {
                EventData::RefundReserved { refund_id: refund_id.clone(), amount: amount / 2, cause: *cause }
            }
            (Fault::PayoutLeavesItOpen, EventData::RefundSucceeded { transaction_id, amount, .. }) => {
                let refund_id = RefundId::new(&format!("x{}", event.seq)).unwrap();
                EventData::RefundSucceeded {
                    refund_id,
                    transaction_id: transaction_id.clone(),
                    amount: *amount,
                }
            }
            (Fault::HalvesCaptures, EventData::PaymentCaptured { transaction_id, amount, .. }) => {
                EventData::PaymentCaptured {
                    transaction_id: transaction_id.clone(),
                    amount: amount / 2 + 1,
                    method: None,
                }
            }
            (Fault::RefundsLeaveUnits, EventData::RefundGranted(granted)) => {
                let mut granted = granted.clone();
                for grant in &mut granted.taken.lines {
                    (grant.cancelled, grant.lost, grant.refunded) = (0, 0, 0);
                }
                EventData::RefundGranted(granted)
            }
            (Fault::OtherLineShips, EventData::GoodsShipped { lines, .. }) => {
                let last = order.placement().unwrap().lines().last().unwrap().id.clone();
                let other = lines.iter().map(|part| Part { line: last.clone(), units: part.units });
                let other = other.take(1).collect();
                let mut data = event.data.clone();
                if let EventData::GoodsShipped { lines, .. } = &mut data {
                    *lines = other;
                }
                data
            }
            _ => return evolve(order, event),
        };
        evolve(order, &with(event, data))
    }

    fn refused(&self, mut order: Order, command: &Command) -> Order {
        let data = match (self.0, command.action()) {
            (Fault::RefusedCommandHolds, Action::Hold { .. } | Action::Cancel { .. } | Action::Ship(_)) => {
                EventData::OrderHeld { reason: reason("refused") }
            }
            (Fault::RefusedCaptureStays, Action::RefundLines(_) | Action::Deliver(_)) => {
                let transaction_id = TransactionId::new(&format!("refused{}", order.version())).unwrap();
                EventData::PaymentCaptured { transaction_id, amount: 1, method: None }
            }
            (Fault::RefusedRefundReserves, Action::RefundLines(request) | Action::GrantRefund(request)) => {
                EventData::RefundReserved {
                    refund_id: request.refund_id.clone(),
                    amount: order.refundable().min(1),
                    cause: fenrun::trade::order::Cause::LinesCancelled,
                }
            }
            (Fault::RefusedTickOrShipReleases, Action::Ship(_) | Action::Release) => EventData::OrderReleased,
            _ => return order,
        };
        let event = Event { header: Arc::clone(command.header()), seq: order.version() + 1, data };
        let _ = order.apply(&event);
        order
    }

    fn view(&self, order: &Order, log: &[Event]) -> View {
        let mut view = View::of(order);
        self.show(&mut view, order, log);
        view
    }

    fn intents(&self, before: &Order, event: &Event) -> Result<Vec<Intent>> {
        let mut found = intents(before, event)?;
        let edited = matches!(event.data, EventData::OrderEdited { .. });
        let cancels =
            matches!(event.data, EventData::OrderCancelled { .. } | EventData::LinesCancelled { .. });
        match self.0 {
            Fault::KeysByEvent => found.iter_mut().for_each(|intent| intent.key = event.event_id()),
            Fault::KeepsStockOfCancelled if cancels => found.retain(|intent| intent.port != Port::Stock),
            Fault::EditForgetsStock if edited => found.retain(|intent| intent.verb != Verb::Release),
            Fault::CouponIsNeverSpent => {
                found.retain(|intent| intent.port == Port::Stock || intent.verb != Verb::Commit);
            }
            Fault::CouponIsKept => {
                found.retain(|intent| intent.port == Port::Stock || intent.verb != Verb::Release);
            }
            Fault::CommitsWhenPlaced => {
                let placed = found.iter().filter(|intent| intent.verb == Verb::Reserve).cloned();
                let commits: Vec<Intent> = placed
                    .map(|intent| Intent {
                        verb: Verb::Commit,
                        key: intent.key.chars().rev().collect(),
                        ..intent
                    })
                    .collect();
                found.extend(commits);
            }
            Fault::ReleasesAuthorizationsTwice => {
                let given_up = found.iter().filter(|intent| intent.port == Port::Authorization).cloned();
                let again: Vec<Intent> = given_up
                    .map(|intent| Intent { key: intent.key.chars().rev().collect(), ..intent })
                    .collect();
                found.extend(again);
            }
            _ => {}
        }
        Ok(found)
    }

    fn store(&self, event: &Event) -> String {
        let mut node = event.to_node();
        let Node::Map(map) = &mut node else { return String::new() };
        if self.0 == Fault::DropsTime {
            map.insert("at".into(), Node::Int(0));
        }
        if self.0 == Fault::DropsSeconds {
            map.insert("at".into(), Node::Int(event.header.at.ms() / 10 * 10));
        }
        if let Some(Node::Map(data)) = map.get_mut("data") {
            match self.0 {
                Fault::DropsRefundLines if data.contains_key("refund_id") => {
                    if let Some(Node::List(lines)) = data.get_mut("lines") {
                        for line in lines {
                            let Node::Map(line) = line else { continue };
                            line.remove("refunded");
                        }
                    }
                }
                Fault::DropsTerms => drop(data.remove("terms")),
                Fault::DropsSale => drop(data.remove("sale")),
                Fault::RoundsAmounts if event.data.name() == "payment_captured" => {
                    let Some(Node::Int(amount)) = data.get_mut("amount") else { return node.to_json() };
                    *amount = *amount / 10 * 10 + 10;
                }
                Fault::DropsReceipt if data.contains_key("receipt") => {
                    data.insert("lines".into(), Node::List(Vec::new()));
                }
                _ => {}
            }
        }
        node.to_json()
    }

    fn load(&self, line: &str) -> Result<Event> {
        Event::from_node(&read_json(line, 1 << 20)?)
    }
}

fn refuse() -> Result<Decision> {
    Err(Error::new(Code::NotAllowed, "a mutant refuses"))
}

impl Mutant {
    /// Faults that read another command than was sent.
    fn rewrite(&self, order: &Order, command: &Command) -> Command {
        let now = command.header().at.ms();
        let fresh = || TransactionId::new(&format!("fresh{}", order.version())).unwrap();
        let known =
            |result: Result<Decision>| matches!(result, Ok(Decision::Accepted(events)) if events.is_empty());
        let conflicts = |result: Result<Decision>| {
            let conflict = |event: &Event| matches!(event.data, EventData::ProviderConflict { .. });
            matches!(result, Ok(Decision::Accepted(events)) if events.iter().any(conflict))
        };
        match (self.0, command.action()) {
            (Fault::CountsDuplicateCaptures, Action::Capture { amount, .. })
                if known(decide(order, command)) =>
            {
                again(
                    command,
                    Action::Capture { transaction_id: fresh(), amount: *amount, method: None },
                    None,
                    now,
                )
            }
            (Fault::ConflictMovesMoney, Action::Capture { amount, .. })
                if conflicts(decide(order, command)) =>
            {
                again(
                    command,
                    Action::Capture { transaction_id: fresh(), amount: *amount, method: None },
                    None,
                    now,
                )
            }
            (Fault::CountsDuplicatePayouts, Action::RefundSucceeded { refund_id, amount, .. })
                if known(decide(order, command)) =>
            {
                let (refund_id, amount) = (refund_id.clone(), *amount);
                let action = Action::RefundSucceeded { refund_id, transaction_id: fresh(), amount };
                again(command, action, None, now)
            }
            (Fault::ActsAgainOnRepeat, action)
                if matches!(decide(order, command), Ok(Decision::Repeat { .. })) =>
            {
                again(command, action.clone(), Some(&format!("again{}", order.version())), now)
            }
            (Fault::IgnoresVersions, action)
                if decide(order, command).is_err_and(|error| error.code() == Code::VersionConflict) =>
            {
                let header = command.header();
                let envelope = fenrun::trade::order::Envelope {
                    tenant: header.tenant.clone(),
                    order_id: header.order_id.clone(),
                    expected_version: None,
                    command_id: header.command_id.clone(),
                    actor: header.actor.clone(),
                    now: header.at,
                };
                Command::new(envelope, action.clone())
            }
            (Fault::NeedsNoCode, Action::Deliver(handover)) => {
                let handover = Handover { pickup_code: Some(code()), ..handover.clone() };
                again(command, Action::Deliver(handover), None, now)
            }
            (Fault::TicksEarly, Action::Tick) => again(command, Action::Tick, None, now + 1),
            (Fault::TicksLate, Action::Tick) => again(command, Action::Tick, None, now - 1),
            _ => command.clone(),
        }
    }

    /// Faults that make events of their own.
    fn invents(&self, order: &Order, command: &Command) -> Option<Vec<Event>> {
        let life = order.life();
        Some(match (self.0, command.action()) {
            (Fault::CompletesWithOpenCase, Action::Tick)
                if life == Life::Received && order.cases().values().any(CaseState::is_live) =>
            {
                vec![event(order, command, EventData::OrderCompleted)]
            }
            (Fault::ShipsUnpaid, Action::Ship(_) | Action::Release)
                if life == Life::PendingPayment && order.total() > 0 =>
            {
                let transaction_id = TransactionId::new("nobody").unwrap();
                let paid = event(
                    order,
                    command,
                    EventData::PaymentCaptured { transaction_id, amount: order.total(), method: None },
                );
                let mut released = event(order, command, EventData::OrderReleased);
                released.seq += 1;
                vec![paid, released]
            }
            (Fault::IgnoresEarlyWins, Action::ChargeBackWon { .. }) if order.charged_back() == 0 => {
                Vec::new()
            }
            (Fault::CompletesAgain, Action::Tick) if life == Life::Completed => {
                vec![event(order, command, EventData::OrderCompleted)]
            }
            (Fault::ExpiresTwice, Action::Tick) if life == Life::Expired => {
                vec![event(order, command, EventData::OrderExpired)]
            }
            _ => return None,
        })
    }

    /// Faults that leave an order what it should give back.
    fn keeps(&self, order: &Order, action: &Action) -> bool {
        match (self.0, action) {
            (Fault::RefusesEarlyWins, Action::ChargeBackWon { .. }) => order.charged_back() == 0,
            (Fault::KeepsTheRest, Action::GrantRefund(_)) => order.life() == Life::Refunded,
            (Fault::PromisesForGood, Action::ResolveCase { case_id, .. }) => {
                order.cases().get(case_id).is_some_and(|case| case.replacement.is_open())
            }
            _ => false,
        }
    }

    /// Faults that answer otherwise.
    fn verdict(&self, order: &Order, command: &Command, decision: Result<Decision>) -> Result<Decision> {
        if let Some(events) = self.invents(order, command) {
            return Ok(Decision::Accepted(events));
        }
        if self.keeps(order, command.action()) {
            return refuse();
        }
        let life = order.life();
        match (self.0, command.action()) {
            (Fault::RefusesLateCaptures, Action::Capture { .. }) if life.is_terminal() => return refuse(),
            (Fault::RefusesLatePayouts, Action::RefundSucceeded { .. }) if life.is_terminal() => {
                return refuse();
            }
            (Fault::NeverUnholds, Action::Unhold) | (Fault::RefusesDelivery, Action::Deliver(_)) => {
                return refuse();
            }
            (Fault::ShipsOnlyOnce, Action::Ship(_)) if life != Life::AwaitingShipment => return refuse(),
            (Fault::NeverCompletes, Action::Tick) if life == Life::Received => {
                return Ok(Decision::Accepted(Vec::new()));
            }
            (Fault::IgnoresPayoutAfterFailure, Action::RefundSucceeded { refund_id, .. })
                if order.refunds().get(refund_id).is_some_and(|refund| !refund.failures.is_empty()) =>
            {
                return Ok(Decision::Accepted(Vec::new()));
            }
            (Fault::IgnoresCapturesOncePaid, Action::Capture { .. }) if !life.awaits_money() => {
                return Ok(Decision::Accepted(Vec::new()));
            }
            (Fault::IgnoresEarlyVoids, Action::VoidAuthorization { .. })
                if order.authorized() == 0 && !order.has_void() =>
            {
                return Ok(Decision::Accepted(Vec::new()));
            }
            (Fault::PaysOutInOrderOnly, Action::RefundSucceeded { refund_id, .. })
                if order
                    .refunds()
                    .iter()
                    .find(|(_, refund)| refund.open > 0)
                    .is_some_and(|(id, _)| id != refund_id) =>
            {
                return Ok(Decision::Accepted(Vec::new()));
            }
            (Fault::DeliversAgain, Action::Tick) if order.lines().iter().any(|line| line.delivered > 0) => {
                let receipt = Receipt::Assumed;
                let data = EventData::GoodsDelivered { shipment_id: None, lines: Vec::new(), receipt };
                return match decision {
                    Ok(Decision::Accepted(events)) if events.is_empty() => {
                        Ok(Decision::Accepted(vec![event(order, command, data)]))
                    }
                    other => other,
                };
            }
            _ => {}
        }
        match (self.0, decision) {
            (Fault::TakesClashForRepeat, Err(error)) if error.code() == Code::IdempotencyConflict => {
                Ok(Decision::Repeat { first_seq: 1, last_seq: 1 })
            }
            (Fault::RepeatShowsTheWholeLog, Ok(Decision::Repeat { .. })) => {
                Ok(Decision::Repeat { first_seq: 1, last_seq: order.version() })
            }
            (Fault::RetryLaterIsAClash, Ok(Decision::Repeat { .. })) => {
                Err(Error::new(Code::IdempotencyConflict, "a mutant hashes the time"))
            }
            (_, Ok(Decision::Accepted(events))) => {
                Ok(Decision::Accepted(self.events(order, command, events)))
            }
            (_, other) => other,
        }
    }

    /// Faults that make other events.
    fn events(&self, order: &Order, command: &Command, mut events: Vec<Event>) -> Vec<Event> {
        let reserved = |event: &Event| matches!(event.data, EventData::RefundReserved { .. });
        match (self.0, command.action()) {
            (Fault::KeepsLateCaptures, Action::Capture { .. })
            | (Fault::CancelKeepsMoney, Action::Cancel { .. })
            | (Fault::ExpiryKeepsMoney, Action::Tick) => events.retain(|event| !reserved(event)),
            (Fault::EditKeepsSurplus, Action::Edit(_)) => events.retain(|event| !reserved(event)),
            (Fault::DigitalWaits, Action::Ship(_)) => {
                events.retain(|event| !matches!(event.data, EventData::GoodsDelivered { .. }));
            }
            (Fault::OneTimerPerTick, Action::Tick) => events.truncate(1),
            (Fault::KeepsAuthorizations, Action::Capture { .. }) => {
                events.retain(|event| !matches!(event.data, EventData::AuthorizationVoided { .. }));
            }
            (Fault::TellsTheWholeClaim, _) => {
                for event in &mut events {
                    if let EventData::OverRefunded { amount, .. } = &mut event.data {
                        *amount += order.receivable();
                    }
                }
            }
            (Fault::RefundsWholeExcessCapture, Action::Capture { amount: captured, .. }) => {
                for event in &mut events {
                    if let EventData::RefundReserved { amount, .. } = &mut event.data {
                        *amount = *captured;
                    }
                }
            }
            _ => {}
        }
        events.iter().map(|event| self.grant(order, event)).collect()
    }

    /// Faults of what is given back.
    fn grant(&self, order: &Order, event: &Event) -> Event {
        let EventData::RefundGranted(granted) = &event.data else {
            return event.clone();
        };
        let first = order.placement().unwrap().lines()[0].id.clone();
        let one = |grant: &Grant| {
            let at =
                order.placement().unwrap().lines().iter().position(|line| line.id == grant.line).unwrap();
            let (state, units) = (order.lines()[at], grant.units());
            let (units, ordered) = (i64::try_from(units).unwrap(), i64::try_from(state.ordered).unwrap());
            let named = |amount: i64| Grant { amount: amount.min(state.net_left()), ..grant.clone() };
            match self.0 {
                Fault::RefundsFromListPrice if units > 0 => named(2 * state.net * units / ordered),
                Fault::FloorsPerUnit if units > 0 && grant.shortfall == 0 => {
                    named(units * (state.net / ordered))
                }
                Fault::RoundsUpPerUnit if units > 0 && grant.shortfall == 0 => {
                    named(units * ((state.net + ordered - 1) / ordered))
                }
                Fault::KeepsAddedTax => Grant { tax: 0, ..grant.clone() },
                Fault::ForgetsShortfall => Grant { shortfall: 0, ..grant.clone() },
                Fault::GrantsTheFirstLine => Grant { line: first.clone(), ..grant.clone() },
                _ => grant.clone(),
            }
        };
        let lines: Vec<Grant> = granted.taken.lines.iter().map(one).collect();
        let shipping = match self.0 {
            Fault::KeepsShipping => 0,
            Fault::RefundsShippingFirst => order.shipping_left(),
            _ => granted.taken.shipping,
        };
        let rounding = if self.0 == Fault::KeepsRounding { 0 } else { granted.taken.rounding };
        let taken = TakenBack { lines, shipping, rounding };
        let amount = i64::try_from(taken.sum()).unwrap() - granted.set_off;
        if amount < 0 || amount > order.refundable() {
            return event.clone();
        }
        with(event, EventData::RefundGranted(Granted { taken, amount, ..granted.clone() }))
    }

    /// Faults of what is shown.
    fn show(&self, view: &mut View, order: &Order, log: &[Event]) {
        let life = order.life();
        let last = log.last().map(|event| &event.data);
        let captured_last =
            matches!(last, Some(EventData::PaymentCaptured { .. } | EventData::RefundReserved { .. }))
                && log.iter().any(|event| matches!(event.data, EventData::PaymentCaptured { .. }));
        let becomes = match self.0 {
            Fault::CaptureRevivesCancelled => (life == Life::Cancelled && captured_last).then_some("paid"),
            Fault::CaptureRevivesExpired => (life == Life::Expired && captured_last).then_some("paid"),
            Fault::GrantReopensCompleted => (life == Life::Completed && view.open > 0).then_some("received"),
            Fault::PayoutMovesCancelled => {
                (life == Life::Cancelled && Refund::of(order) == Refund::Refunded).then_some("refunded")
            }
            Fault::CompletedBecomesRefunded => (life == Life::Completed
                && order.lines().iter().all(|line| line.net_left() == 0))
            .then_some("refunded"),
            Fault::CancelledExpires => {
                let placement = order.placement();
                let late =
                    placement.and_then(|placement| placement.terms().pay_within_ms).is_some_and(|ms| {
                        log.last().is_some_and(|event| event.header.at > Timestamp::from_ms(ms))
                    });
                (life == Life::Cancelled && late).then_some("expired")
            }
            Fault::ShippedAtFirstUnit => (life == Life::PartiallyShipped).then_some("shipped"),
            Fault::ReceivedAtFirstUnit => (life == Life::PartiallyReceived).then_some("received"),
            Fault::PaidAtFirstCent => (life == Life::PartiallyPaid).then_some("paid"),
            Fault::PaidIsReleased => (life == Life::Paid).then_some("awaiting_shipment"),
            Fault::RefundingIsAState => (view.open > 0).then_some("refunding"),
            Fault::AuthorizedIsPaid => (life == Life::Authorized).then_some("paid"),
            _ => None,
        };
        if let Some(becomes) = becomes {
            becomes.clone_into(&mut view.life);
        }
        self.show_amounts(view, log);
        self.show_missing(view, order, log);
        self.show_sale(view, order, log);
        for line in &mut view.lines {
            match self.0 {
                Fault::NetIsWhatIsLeft => line.net = line.net_left(),
                Fault::ShipsCancelled => line.shipped += line.cancelled,
                Fault::DeliveredCountsAsRefunded => line.refunded = line.refunded.max(line.delivered),
                Fault::DeliversUnshipped => line.delivered = line.live(),
                Fault::CancelLeavesUnits => line.cancelled = 0,
                _ => {}
            }
        }
    }

    /// Faults of cases, parcels and edits.
    fn show_sale(&self, view: &mut View, order: &Order, log: &[Event]) {
        for case in view.cases.values_mut() {
            match (self.0, case.stage) {
                (Fault::ApprovedIsSettled, CaseStage::Approved) => case.stage = CaseStage::Settled,
                (Fault::SentIsReceived, CaseStage::InTransit) => case.stage = CaseStage::Received,
                (Fault::RejectedStaysOpen, CaseStage::Rejected) => case.stage = CaseStage::Open,
                (Fault::ReturnsAreClaimedTwice, CaseStage::AwaitingReturn) => case.lines[0].units += 1,
                _ => {}
            }
        }
        let placed = order.placement();
        match self.0 {
            Fault::ClaimsAreForgotten => view.lines.iter_mut().for_each(|line| line.return_requested = 0),
            Fault::ParcelsMix if view.shipments.len() > 1 => {
                let last = view.shipments.pop().unwrap();
                view.shipments[0].lines.extend(last.lines);
            }
            Fault::ParcelIsForgotten => drop(view.shipments.pop()),
            Fault::ParcelStandsTwice => {
                let empty = view.shipments.first().map(|first| {
                    let mut again = first.clone();
                    again.lines.clear();
                    again
                });
                view.shipments.extend(empty);
            }
            Fault::EditKeepsVersion => view.sale_version = 1,
            Fault::EditIsPaid if view.sale_version > 1 && view.life == "partially_paid" => {
                view.life = "paid".into();
            }
            Fault::EditKeepsTotal => {
                view.total = log.first().map_or(0, |event| match &event.data {
                    EventData::OrderPlaced(placement) => placement.total(),
                    _ => 0,
                });
            }
            Fault::EditKeepsNet if view.sale_version > 1 => view.lines[0].net_gone = view.lines[0].net.min(1),
            Fault::SaleStaysAtVersionOne => {
                view.sale = view.sale.take().map(|sale| sale.replace("\"version\":2", "\"version\":1"));
            }
            Fault::SetOffStaysOpen => {
                let set_off = |event: &Event| match &event.data {
                    EventData::RefundSetOff { amount, .. } => Some(*amount),
                    _ => None,
                };
                view.open += log.iter().filter_map(set_off).sum::<i64>();
            }
            Fault::UndeliveredIsForgotten => {
                for line in view.lines.iter_mut().filter(|line| line.undelivered_back > 0) {
                    line.returned_ok = 0;
                }
            }
            Fault::ReturnsAreTwice => view.lines.iter_mut().for_each(|line| line.returned_ok *= 2),
            Fault::ForgetsChargebacks => view.charged_back = 0,
            Fault::WonTwice if log.iter().any(|event| event.data.name() == "chargeback_won") => {
                view.charged_back -= 1;
            }
            Fault::ReplacesAsDelivered if placed.is_some() => {
                view.lines.iter_mut().for_each(|line| line.delivered += line.replacements_delivered);
            }
            _ => {}
        }
    }

    /// Faults of what goods wait for: whether they do, where the fault says so.
    fn waits(&self, order: &Order, command: &Command, decision: &Result<Decision>) -> Option<bool> {
        let answered = decision.as_ref().map_or_else(|error| error.code() == Code::NotAllowed, |_| true);
        if !answered || !matches!(command.action(), Action::Ship(_)) {
            return None;
        }
        let unasked: i64 = order.refunds().values().map(fenrun::trade::order::RefundState::unasked).sum();
        let (short, back) = (order.balance() < 0, order.charged_back() + unasked > 0);
        match (self.0, order.is_paid_on_delivery()) {
            (Fault::GoneIsShipped, true) => Some(false),
            (Fault::UnpaidIsHeldBack, true) => Some(short),
            (Fault::GoneForGood, true) => Some(short && back),
            (Fault::UnaskedIsShipped, true) if order.charged_back() == 0 => Some(false),
            (Fault::AnyMoneyReplaces, true) => Some(order.kept() < 0),
            (Fault::ShortIsShipped, false) => Some(order.kept() <= 0),
            _ => None,
        }
    }

    /// Faults of what charge-backs took.
    fn show_missing(&self, view: &mut View, order: &Order, log: &[Event]) {
        let (nets, taken) = (nets(view), order.charged_back());
        let shared = |taken: i64| {
            let weights: Vec<u64> = nets.iter().map(|net| net.unsigned_abs()).collect();
            let taken = taken.clamp(0, nets.iter().sum());
            let shares = if taken > 0 { allocate(taken, &weights).unwrap() } else { vec![0; nets.len()] };
            nets.iter().zip(shares).map(|(net, share)| net - share).collect::<Vec<_>>()
        };
        let left = match self.0 {
            Fault::TakenForGood => shared(taken),
            Fault::TakesNothing => nets,
            Fault::TakesTheFirstLine => {
                let mut rest = nets.iter().sum::<i64>() - view.left.iter().map(|(_, left)| left).sum::<i64>();
                let mut take = |net: &i64| {
                    let share = rest.min(*net);
                    rest -= share;
                    net - share
                };
                nets.iter().map(&mut take).collect()
            }
            Fault::OnlyLaterMoneyReplaces => {
                let charged = |event: &Event| matches!(event.data, EventData::ChargebackRecorded { .. });
                let since = log.iter().rev().take_while(|event| !charged(event));
                let came = since.filter_map(|event| match &event.data {
                    EventData::PaymentCaptured { amount, .. } => Some(*amount),
                    _ => None,
                });
                shared(taken - came.sum::<i64>())
            }
            _ => view.left.iter().map(|(_, left)| *left).collect(),
        };
        view.left.iter_mut().zip(left).for_each(|(shown, left)| shown.1 = left);
        match self.0 {
            Fault::ChargedBackForGood if taken > 0 => view.payment = Payment::ChargedBack,
            Fault::ChargedBackIsPaid if taken > 0 => view.payment = Payment::Paid,
            Fault::MissingIsHidden => view.missing = 0,
            Fault::SettledIsPartlyPaid
                if order.due() == 0 && (1..order.payable()).contains(&order.captured()) && taken == 0 =>
            {
                view.payment = Payment::PartiallyPaid;
            }
            Fault::MissingBeyondWhatIsDue if view.missing > 0 => view.missing += order.receivable(),
            Fault::SetOffIsAskedFor => {
                let beyond =
                    order.refunds().values().map(|refund| (refund.succeeded - refund.reserved).max(0));
                view.missing = view.missing.min(taken + beyond.sum::<i64>());
            }
            _ => {}
        }
    }

    fn show_amounts(&self, view: &mut View, log: &[Event]) {
        let last = log.iter().rev().find_map(|event| match &event.data {
            EventData::PaymentCaptured { amount, .. } => Some(*amount),
            _ => None,
        });
        match self.0 {
            Fault::TotalFollowsCaptures => view.total = view.total.max(view.captured),
            Fault::TotalLessRefunds => view.total -= view.refunded,
            Fault::TotalWithoutShipping => view.total -= view.shipping,
            Fault::ShippedCostsShipping if view.lines.iter().any(|line| line.shipped > 0) => {
                view.shipping = 0
            }
            Fault::CancelledLineVanishes => view.lines.retain(|line| line.live() > 0),
            Fault::LastCaptureOnly => view.captured = last.unwrap_or(0),
            Fault::CapturedIsCapped => view.captured = view.captured.min(view.total),
            Fault::OpenIsHidden => view.open = 0,
            Fault::VersionStands => view.version = view.version.min(3),
            _ => {}
        }
    }
}

fn event(order: &Order, command: &Command, data: EventData) -> Event {
    Event { header: Arc::clone(command.header()), seq: order.version() + 1, data }
}
