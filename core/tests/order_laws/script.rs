//! Random orders and random commands on them.

use crate::machine::{Run, Verdict, again};
use fenrun::id::{LineId, MemberId, RefundId, TransactionId};
use fenrun::money::Currency;
use fenrun::sale::{Facts, Parties, Person, SaleLine};
use fenrun::trade::order::{
    Action, Command, Life, LineState, Part, Parts, Placement, PlacementDraft, Reason, RefundPart,
    RefundRequest, Release, Terms,
};
use proptest::prelude::*;
use std::sync::Arc;

/// An order and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) placement: Arc<Placement>,
    pub(crate) steps: Vec<Step>,
}

/// One thing that happens. Numbers pick among what the order has at that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The next thing on the usual way.
    Onward(u8),
    Authorize(u8),
    Void(u8),
    Capture(u8),
    Release,
    Hold,
    Unhold,
    Cancel,
    Ship(u8, u8),
    Deliver(u8, u8),
    CancelLines(u8, u8),
    Refund {
        line: u8,
        units: u8,
        amount: Option<u8>,
        shipping: Option<u8>,
    },
    /// An open refund is paid out, in whole or in part.
    PaidOut(u8, bool),
    Failed(u8),
    /// Money goes out that nobody asked for.
    Unasked(u8),
    /// A report of a provider comes again, with the same amount or another one.
    CaptureAgain(u8, bool),
    PaidOutAgain(u8, bool),
    Tick(u8),
    /// An earlier command comes again, later.
    Retry(u8),
    /// An earlier command's id comes with another content.
    Clash(u8),
    /// A command of somebody who saw another version.
    Stale,
}

pub(crate) fn script(steps: std::ops::Range<usize>) -> impl Strategy<Value = Script> {
    let line = (1_u64..=4, prop_oneof![1 => Just(0_i64), 9 => 1_i64..=100]);
    let lines = prop::collection::vec(line, 1..=3);
    let terms = (any::<bool>(), prop::option::of(0_i64..60), prop::option::of(0_i64..60), 0_i64..60);
    let placement = (lines, 0_i64..=20, terms).prop_map(|(lines, shipping, terms)| {
        let (automatic, pay_within_ms, receive_within_ms, window_ms) = terms;
        let lines = lines.into_iter().enumerate().map(|(at, (units, net))| {
            let mut line = SaleLine::new(LineId::from(u64::try_from(at + 1).unwrap()), units, net);
            line.components.insert("list".into(), net * 2);
            line
        });
        let parties = Parties {
            buyer: Person::new(MemberId::from(9)),
            upline: vec![Person::new(MemberId::from(8))],
            roles: [].into(),
            facts: Facts::new(),
        };
        let release = if automatic { Release::Automatic } else { Release::Manual };
        let draft = PlacementDraft {
            currency: Currency::CNY,
            lines: lines.collect(),
            shipping,
            terms: Terms { pay_within_ms, receive_within_ms, window_ms, release },
            parties: Some(parties),
            plan: Some("plan".into()),
        };
        Arc::new(Placement::new(draft).unwrap())
    });
    (placement, prop::collection::vec(step(), steps))
        .prop_map(|(placement, steps)| Script { placement, steps })
}

fn step() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    let refund = (n(), n(), prop::option::of(n()), prop::option::of(n()));
    prop_oneof![
        24 => n().prop_map(Step::Onward),
        1 => n().prop_map(Step::Authorize),
        1 => n().prop_map(Step::Void),
        4 => n().prop_map(Step::Capture),
        1 => Just(Step::Release),
        2 => prop_oneof![Just(Step::Hold), Just(Step::Unhold)],
        1 => Just(Step::Cancel),
        2 => (n(), n()).prop_map(|(line, units)| Step::Ship(line, units)),
        2 => (n(), n()).prop_map(|(line, units)| Step::Deliver(line, units)),
        3 => (n(), n()).prop_map(|(line, units)| Step::CancelLines(line, units)),
        8 => refund.prop_map(|(line, units, amount, shipping)| Step::Refund { line, units, amount, shipping }),
        6 => (n(), any::<bool>()).prop_map(|(pick, whole)| Step::PaidOut(pick, whole)),
        2 => n().prop_map(Step::Failed),
        1 => n().prop_map(Step::Unasked),
        2 => (n(), any::<bool>()).prop_map(|(pick, same)| Step::CaptureAgain(pick, same)),
        2 => (n(), any::<bool>()).prop_map(|(pick, same)| Step::PaidOutAgain(pick, same)),
        4 => n().prop_map(Step::Tick),
        3 => n().prop_map(Step::Retry),
        2 => n().prop_map(Step::Clash),
        1 => Just(Step::Stale),
    ]
}

fn pick<T: Clone>(list: &[T], at: u8) -> Option<T> {
    if list.is_empty() { None } else { Some(list[usize::from(at) % list.len()].clone()) }
}

pub(crate) fn reason(text: &str) -> Reason {
    Reason::new(text).unwrap()
}

impl Run<'_> {
    /// Places the order and does what the script says.
    pub(crate) fn play(
        &mut self,
        script: &Script,
        mut after: impl FnMut(&mut Self, &Command, &Verdict) -> Result<(), String>,
    ) -> Result<(), String> {
        let place = self.next(Action::Place(Arc::clone(&script.placement)));
        let verdict = self.send(&place);
        after(self, &place, &verdict)?;
        for step in &script.steps {
            let Some(command) = self.command(*step) else { continue };
            let verdict = self.send(&command);
            if matches!(verdict, Verdict::Broken(_)) {
                // The law of folding says so; the others look at orders that fold.
                return after(self, &command, &verdict);
            }
            after(self, &command, &verdict).map_err(|fault| format!("{step:?}: {fault}"))?;
        }
        Ok(())
    }

    /// A transaction nobody used.
    pub(crate) fn transaction(&self) -> TransactionId {
        TransactionId::new(&format!("t{}", self.sent.len())).unwrap()
    }

    pub(crate) fn command(&mut self, step: Step) -> Option<Command> {
        let line = |at: u8| usize::from(at) % self.order.lines().len();
        let parts =
            |at: u8, units: u8| vec![Part { line: self.line_id(line(at)), units: u64::from(units % 4) }];
        let transaction_id = self.transaction();
        let action = match step {
            Step::Onward(at) => return self.onward(at).map(|action| self.next(action)),
            Step::Authorize(n) => Action::Authorize { transaction_id, amount: self.part_of_total(n) },
            Step::Capture(n) => Action::Capture { transaction_id, amount: self.part_of_total(n) },
            Step::Void(n) => {
                let at = usize::from(n) % (self.sent.len() + 1);
                Action::VoidAuthorization { transaction_id: TransactionId::new(&format!("t{at}")).unwrap() }
            }
            Step::Release => Action::Release,
            Step::Hold => Action::Hold { reason: reason("risk") },
            Step::Unhold => Action::Unhold,
            Step::Cancel => Action::Cancel { reason: reason("") },
            Step::Ship(at, units) => Action::Ship(Parts::Lines(parts(at, units))),
            Step::Deliver(at, units) => Action::Deliver(Parts::Lines(parts(at, units))),
            Step::CancelLines(at, units) => {
                Action::CancelLines { lines: parts(at, units), reason: reason("stock") }
            }
            Step::Refund { line: at, units, amount, shipping } => {
                self.refund(line(at), units, amount, shipping)
            }
            Step::PaidOut(at, whole) => {
                let (refund_id, open) = pick(&self.open_refunds(), at)?;
                let amount = if whole { open } else { 1 + i64::from(at) % open };
                Action::RefundSucceeded { refund_id, transaction_id, amount }
            }
            Step::Failed(at) => {
                let (refund_id, _) = pick(&self.open_refunds(), at)?;
                Action::RefundFailed { refund_id, transaction_id, reason: reason("bank") }
            }
            Step::Unasked(n) => Action::RefundSucceeded {
                refund_id: RefundId::new(&format!("u{}", self.sent.len())).unwrap(),
                transaction_id,
                amount: 1 + i64::from(n),
            },
            Step::CaptureAgain(at, same) => {
                let (transaction_id, amount) = pick(&self.captures(), at)?;
                Action::Capture { transaction_id, amount: amount + i64::from(!same) }
            }
            Step::PaidOutAgain(at, same) => {
                let (refund_id, transaction_id, amount) = pick(&self.payouts(), at)?;
                Action::RefundSucceeded { refund_id, transaction_id, amount: amount + i64::from(!same) }
            }
            Step::Tick(n) => {
                self.now += i64::from(n % 32);
                Action::Tick
            }
            Step::Retry(at) => {
                let earlier = pick(&self.sent, at)?;
                self.now += 1;
                return Some(again(&earlier, earlier.action().clone(), None, self.now));
            }
            Step::Clash(at) => {
                let earlier = pick(&self.sent, at)?;
                return Some(again(&earlier, Action::Hold { reason: reason("clash") }, None, self.now));
            }
            Step::Stale => {
                let command = self.next(Action::Hold { reason: reason("stale") });
                let mut envelope = self.envelope(0);
                envelope.command_id = command.header().command_id.clone();
                envelope.expected_version = Some(self.order.version() + 1);
                return Some(Command::new(envelope, command.action().clone()));
            }
        };
        Some(self.next(action))
    }

    fn part_of_total(&self, n: u8) -> i64 {
        1 + self.order.total() * i64::from(n) / 200
    }

    fn refund(&self, at: usize, units: u8, amount: Option<u8>, shipping: Option<u8>) -> Action {
        let part = RefundPart {
            line: self.line_id(at),
            units: u64::from(units % 4),
            amount: amount.map(|amount| i64::from(amount % 50)),
        };
        let request = RefundRequest {
            refund_id: RefundId::new(&format!("r{}", self.sent.len())).unwrap(),
            lines: vec![part],
            shipping: shipping.map(|shipping| i64::from(shipping % 20)),
            reason: reason("complaint"),
        };
        if self.order.life() == Life::Completed {
            Action::GrantRefund(request)
        } else {
            Action::RefundLines(request)
        }
    }

    /// What usually comes next, in whole or in part.
    pub(crate) fn onward(&self, at: u8) -> Option<Action> {
        let some = |most: fn(&LineState) -> u64| {
            let lines = self.order.lines().iter().enumerate().filter(|(_, line)| most(line) > 0);
            let one = lines.map(|(place, line)| (place, 1 + u64::from(at) % most(line))).next();
            match one {
                Some((place, units)) if at % 3 > 0 => {
                    Parts::Lines(vec![Part { line: self.line_id(place), units }])
                }
                _ => Parts::All,
            }
        };
        let unshipped = |line: &LineState| line.live() - line.shipped;
        let on_its_way = |line: &LineState| line.shipped - line.delivered;
        let transaction_id = self.transaction();
        Some(match self.order.life() {
            Life::PendingPayment if at % 8 == 0 => {
                Action::Authorize { transaction_id, amount: self.order.total() }
            }
            Life::PendingPayment | Life::Authorized | Life::PartiallyPaid => {
                let owed = self.order.total() - self.order.captured();
                let amount = if at % 3 == 0 { 1 + i64::from(at) * owed / 256 } else { owed };
                Action::Capture { transaction_id, amount }
            }
            Life::Paid | Life::AwaitingShipment if self.order.held().is_some() => Action::Unhold,
            Life::Paid => Action::Release,
            Life::AwaitingShipment => Action::Ship(some(unshipped)),
            Life::PartiallyShipped | Life::PartiallyReceived if at % 2 == 0 => Action::Ship(some(unshipped)),
            Life::PartiallyShipped | Life::Shipped | Life::PartiallyReceived => {
                Action::Deliver(some(on_its_way))
            }
            _ => return None,
        })
    }
}
