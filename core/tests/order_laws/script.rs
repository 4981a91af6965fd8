//! Random orders and random commands on them.

use crate::machine::{Run, Verdict, again};
use fenrun::id::{CaseId, ExternalId, LineId, MemberId, MerchantId, RefundId, TransactionId};
use fenrun::money::Currency;
use fenrun::sale::{Around, Facts, Parties, Person, SaleLine};
use fenrun::trade::fulfilment::{Fulfilment, PickupCode};
use fenrun::trade::order::{
    Action, CaseKind, CaseLine, CaseMove, CaseStage, CaseState, Command, Dispatch, EventData, Goods,
    Handover, Life, LineState, Part, Parts, PlacedLine, Placement, PlacementDraft, Reason, RefundPart,
    RefundRequest, Release, Replacement, Resolution, ReturnedPart, Revision, Shipment, Tender, Terms, Token,
    TokenKind, Tracking,
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
    /// An authorization is captured under its own transaction.
    CaptureAuthorized(u8),
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
    /// Other lines, or more or less money for them.
    Edit(u8, u8),
    ChargeBack(u8),
    /// Of a charge-back that is known, or still to come.
    ChargeBackWon(u8),
    OpenCase {
        line: u8,
        units: u8,
        kind: u8,
    },
    /// The next thing a case may do.
    Case(u8, u8),
    /// Anything a case may be told, listed or not.
    AnyCase(u8, u8),
    RetryRefund(u8),
    /// A refund that failed, where there is one, is tried again.
    RetryFailed(u8),
    /// The next thing on the way of a refund that fails, is set off against a charge-back, and is paid in full
    /// after the charge-back was won.
    Dispute(u8),
    /// Units refunded on their way come back.
    Undelivered(u8, u8),
    /// Units of a line that is fetched are handed out on another code.
    WrongCode,
}

/// How many things happen in a row where they belong together.
const ROW: usize = 7;

pub(crate) fn script(steps: std::ops::Range<usize>) -> impl Strategy<Value = Script> {
    // Step by step nearly nobody would come to the end of a dispute, of an exchange, or of a deposit that went back.
    let some = prop_oneof![
        120 => step().prop_map(|step| vec![step]),
        1 => (any::<u8>(), step(), 1..ROW).prop_map(|(n, between, at)| {
            let mut steps = vec![Step::Dispute(n); ROW];
            steps[at] = between;
            steps
        }),
        1 => (any::<u8>(), any::<u8>(), prop::array::uniform7(any::<u8>())).prop_map(|(line, pick, hows)| {
            let exchange = Step::OpenCase { line, units: 1, kind: 2 };
            [exchange].into_iter().chain(hows.map(|how| Step::Case(pick, how))).collect()
        }),
        1 => (any::<u8>(), any::<u8>(), 0..3_usize).prop_map(|(paid, back, how)| {
            let part = Step::Capture(paid % 40);
            let again = [part, Step::ChargeBackWon(0), Step::Capture(back % 40)][how];
            vec![Step::Release, part, Step::ChargeBack(back % 16), again]
        }),
    ];
    (placement(), prop::collection::vec(some, steps))
        .prop_map(|(placement, steps)| Script { placement, steps: steps.concat() })
}

fn placement() -> impl Strategy<Value = Arc<Placement>> {
    let net = prop_oneof![1 => Just(0_i64), 9 => 1_i64..=100];
    let kinds =
        [Fulfilment::Ship, Fulfilment::Ship, Fulfilment::Ship, Fulfilment::Pickup, Fulfilment::Digital];
    let tax = prop_oneof![2 => Just(0_i64), 1 => 1_i64..=9];
    let line = (1_u64..=4, net, tax, prop::sample::select(kinds.to_vec()), prop::option::of(1_u64..=2));
    let lines = prop::collection::vec(line, 1..=3);
    let within = || prop::option::of(0_i64..60);
    let terms = (any::<bool>(), within(), within(), within(), 0_i64..60, 0_u8..4);
    (lines, 0_i64..=20, -3_i64..=2, terms).prop_map(|(lines, shipping, rounding, terms)| {
        let (automatic, pay_within_ms, receive_within_ms, return_within_ms, window_ms, tender) = terms;
        let lines =
            lines.into_iter().enumerate().map(|(at, (units, net, added_tax, fulfilment, merchant))| {
                let mut sold = SaleLine::new(LineId::from(u64::try_from(at + 1).unwrap()), units, net);
                sold.components.insert("list".into(), net * 2);
                PlacedLine { sold, fulfilment, merchant: merchant.map(MerchantId::from), added_tax }
            });
        let lines: Vec<PlacedLine> = lines.collect();
        let sum: i64 = lines.iter().map(|line| line.paid() + line.added_tax).sum();
        let parties = Parties {
            buyer: Person::new(MemberId::from(9)),
            upline: vec![Person::new(MemberId::from(8))],
            roles: [].into(),
            around: Around::default(),
            facts: Facts::new(),
        };
        let release = if automatic { Release::Automatic } else { Release::Manual };
        let tender = if tender == 0 { Tender::OnDelivery } else { Tender::Prepaid };
        let draft = PlacementDraft {
            shipping,
            rounding: rounding.max(-sum - shipping),
            terms: Terms { pay_within_ms, receive_within_ms, return_within_ms, window_ms, release, tender },
            parties: Some(parties),
            plan: Some("plan".into()),
            tokens: vec![token()],
            ..PlacementDraft::new(Currency::CNY, lines)
        };
        Arc::new(Placement::new(draft).unwrap())
    })
}

fn step() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    let refund = (n(), n(), prop::option::of(n()), prop::option::of(n()));
    prop_oneof![
        48 => n().prop_map(Step::Onward),
        1 => n().prop_map(Step::Authorize),
        1 => n().prop_map(Step::Void),
        4 => n().prop_map(Step::Capture),
        1 => n().prop_map(Step::CaptureAuthorized),
        1 => Just(Step::Release),
        2 => prop_oneof![Just(Step::Hold), Just(Step::Unhold)],
        1 => Just(Step::Cancel),
        2 => (n(), n()).prop_map(|(line, units)| Step::Ship(line, units)),
        2 => (n(), n()).prop_map(|(line, units)| Step::Deliver(line, units)),
        3 => (n(), n()).prop_map(|(line, units)| Step::CancelLines(line, units)),
        8 => refund.prop_map(|(line, units, amount, shipping)| Step::Refund { line, units, amount, shipping }),
        9 => (n(), any::<bool>()).prop_map(|(pick, whole)| Step::PaidOut(pick, whole)),
        2 => n().prop_map(Step::Failed),
        1 => n().prop_map(Step::Unasked),
        2 => (n(), any::<bool>()).prop_map(|(pick, same)| Step::CaptureAgain(pick, same)),
        2 => (n(), any::<bool>()).prop_map(|(pick, same)| Step::PaidOutAgain(pick, same)),
        6 => n().prop_map(Step::Tick),
        3 => n().prop_map(Step::Retry),
        2 => n().prop_map(Step::Clash),
        1 => Just(Step::Stale),
        2 => (n(), n()).prop_map(|(pick, other)| Step::Edit(pick, other)),
        2 => n().prop_map(Step::ChargeBack),
        2 => n().prop_map(Step::RetryFailed),
        1 => (n(), n()).prop_map(|(line, units)| Step::Undelivered(line, units)),
        1 => n().prop_map(Step::ChargeBackWon),
        6 => (n(), n(), n()).prop_map(|(line, units, kind)| Step::OpenCase { line, units, kind }),
        13 => (n(), n()).prop_map(|(pick, how)| Step::Case(pick, how)),
        2 => (n(), n()).prop_map(|(pick, how)| Step::AnyCase(pick, how)),
        2 => n().prop_map(Step::RetryRefund),
        1 => Just(Step::WrongCode),
    ]
}

fn pick<T: Clone>(list: &[T], at: u8) -> Option<T> {
    if list.is_empty() { None } else { Some(list[usize::from(at) % list.len()].clone()) }
}

/// The code every line that is fetched is fetched with.
pub(crate) fn code() -> PickupCode {
    PickupCode::new("4711").unwrap()
}

fn token() -> Token {
    Token::new(TokenKind::Coupon, ExternalId::new("ten-off").unwrap(), 1)
}

pub(crate) fn ship(parts: Parts) -> Action {
    let mut dispatch = Dispatch::from(parts);
    dispatch.pickup_code = Some(code());
    Action::Ship(dispatch)
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
        let transaction_id = self.transaction();
        let action = match step {
            Step::Onward(at) => return self.onward(at).map(|action| self.next(action)),
            Step::Authorize(n) => {
                Action::Authorize { transaction_id, amount: self.part_of_total(n), method: None }
            }
            Step::Capture(n) => {
                Action::Capture { transaction_id, amount: self.part_of_total(n), method: None }
            }
            Step::Void(n) => {
                // Of an authorization that is known, or still to come.
                let at = usize::from(n) % (self.sent.len() + 4);
                Action::VoidAuthorization { transaction_id: TransactionId::new(&format!("t{at}")).unwrap() }
            }
            Step::Release => Action::Release,
            Step::Hold => Action::Hold { reason: reason("risk") },
            Step::Unhold => Action::Unhold,
            Step::Cancel => Action::Cancel { reason: reason("") },
            Step::Ship(at, units) => ship(Parts::Lines(self.parts(at, units))),
            Step::Deliver(at, units) => self.hand_over(Parts::Lines(self.parts(at, units)), at),
            Step::CancelLines(at, units) => {
                Action::CancelLines { lines: self.parts(at, units), reason: reason("stock") }
            }
            Step::Refund { line: at, units, amount, shipping } => {
                self.refund(usize::from(at) % self.order.lines().len(), units, amount, shipping)
            }
            Step::Tick(n) => {
                self.now += i64::from(n % 64);
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
            other => self.reported(other).or_else(|| self.about_cases(other))?,
        };
        Some(self.next(action))
    }

    /// What providers report, and what is asked of them again.
    fn reported(&self, step: Step) -> Option<Action> {
        let transaction_id = self.transaction();
        Some(match step {
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
                Action::Capture { transaction_id, amount: amount + i64::from(!same), method: None }
            }
            Step::PaidOutAgain(at, same) => {
                let (refund_id, transaction_id, amount) = pick(&self.payouts(), at)?;
                Action::RefundSucceeded { refund_id, transaction_id, amount: amount + i64::from(!same) }
            }
            Step::ChargeBack(n) => Action::ChargeBack { transaction_id, amount: 1 + i64::from(n % 64) },
            Step::CaptureAuthorized(at) => {
                let (transaction_id, amount) = pick(&self.authorizations(), at)?;
                Action::Capture { transaction_id, amount, method: None }
            }
            Step::ChargeBackWon(at) if at % 2 == 0 => {
                Action::ChargeBackWon { transaction_id: pick(&self.charge_backs(), at / 2)?.0 }
            }
            Step::ChargeBackWon(at) => {
                let next = self.sent.len() + usize::from(at / 2) % 4 + 1;
                Action::ChargeBackWon { transaction_id: TransactionId::new(&format!("t{next}")).unwrap() }
            }
            Step::RetryRefund(at) => {
                let refunds: Vec<_> = self.order.refunds().keys().cloned().collect();
                Action::RetryRefund { refund_id: pick(&refunds, at)? }
            }
            Step::RetryFailed(at) => {
                let failed = self.order.refunds().iter().filter(|(_, refund)| !refund.failures.is_empty());
                let failed: Vec<_> = failed.map(|(id, _)| id.clone()).collect();
                Action::RetryRefund { refund_id: pick(&failed, at)? }
            }
            Step::Dispute(n) => self.dispute(n)?,
            Step::Undelivered(at, units) => {
                let line = self.line_id(usize::from(at) % self.order.lines().len());
                let (ok, damaged) = (u64::from(units % 3), u64::from(units / 3 % 2));
                Action::ReceiveUndelivered { lines: vec![ReturnedPart { line, ok, damaged }] }
            }
            _ => return None,
        })
    }

    fn dispute(&self, n: u8) -> Option<Action> {
        let transaction_id = self.transaction();
        let refunds = self.order.refunds();
        let unpaid =
            refunds.iter().find(|(_, refund)| refund.set_off > 0 && refund.succeeded < refund.reserved);
        if let Some((refund_id, refund)) = unpaid {
            let won = |transaction: &TransactionId| {
                self.log.iter().any(|event| {
                    matches!(&event.data, EventData::ChargebackWon { transaction_id } if transaction_id == transaction)
                })
            };
            let lost = self.charge_backs().into_iter().find(|(transaction, _)| !won(transaction));
            return Some(match lost {
                Some((transaction_id, _)) => Action::ChargeBackWon { transaction_id },
                None => {
                    let amount = refund.reserved - refund.succeeded;
                    Action::RefundSucceeded { refund_id: refund_id.clone(), transaction_id, amount }
                }
            });
        }
        let Some((id, refund)) = refunds.iter().find(|(_, refund)| refund.open > 0) else {
            return (self.order.captured() > 0).then(|| self.refund(0, 1, None, None));
        };
        let refund_id = id.clone();
        Some(if self.order.receivable() == 0 {
            // Of what is promised, too.
            let amount = self.order.refundable() + 1 + i64::from(n) % refund.open;
            Action::ChargeBack { transaction_id, amount }
        } else if refund.failures.len() <= usize::try_from(refund.retries).unwrap() {
            Action::RefundFailed { refund_id, transaction_id, reason: reason("bank") }
        } else {
            Action::RetryRefund { refund_id }
        })
    }

    /// Edits, cases and goods that are fetched.
    fn about_cases(&self, step: Step) -> Option<Action> {
        Some(match step {
            Step::Edit(at, other) => self.edit(at, other),
            Step::OpenCase { line: at, units, kind } => Action::OpenCase {
                case_id: CaseId::new(&format!("k{}", self.sent.len())).unwrap(),
                kind: CaseKind::ALL[usize::from(kind) % 3],
                goods: [None, Some(Goods::Arrived), Some(Goods::Missing)][usize::from(kind / 3) % 3],
                lines: self.parts(at, units),
                reason: reason("broken"),
            },
            Step::Case(at, how) => {
                let cases: Vec<_> = self.order.cases().iter().collect();
                let (id, case) = pick(&cases, at)?;
                self.case_onward(id, case, how)?
            }
            Step::AnyCase(at, how) => {
                let cases: Vec<_> = self.order.cases().iter().collect();
                let (id, case) = pick(&cases, at)?;
                self.any_case(id, case, how)
            }
            Step::WrongCode => {
                let mut handover = Handover::from(Parts::All);
                handover.pickup_code = Some(PickupCode::new("wrong").unwrap());
                Action::Deliver(handover)
            }
            _ => return None,
        })
    }

    fn parts(&self, at: u8, units: u8) -> Vec<Part> {
        let line = self.line_id(usize::from(at) % self.order.lines().len());
        vec![Part { line, units: u64::from(units % 4) }]
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
        if matches!(self.order.life(), Life::Completed | Life::Refunded) {
            Action::GrantRefund(request)
        } else {
            Action::RefundLines(request)
        }
    }

    /// The placement of the order with other units, another shipping fee or a line less.
    fn edit(&self, at: u8, other: u8) -> Action {
        let placed = self.order.placement().unwrap();
        let mut lines = placed.lines().to_vec();
        let last = lines.len() - 1;
        match at % 4 {
            0 if last > 0 => drop(lines.remove(usize::from(other) % (last + 1))),
            1 => lines[last].sold.units = 1 + u64::from(other % 4),
            2 => drop(lines[last].sold.components.insert("paid".into(), i64::from(other % 120))),
            _ => {}
        }
        let shipping = i64::from(other % 20);
        Action::Edit(Arc::new(Revision::new(PlacementDraft {
            shipping,
            tokens: vec![token()],
            ..PlacementDraft::new(Currency::CNY, lines)
        })))
    }

    /// Hands units over, on the code when the first of them is fetched.
    pub(crate) fn hand_over(&self, parts: Parts, at: u8) -> Action {
        let placed = self.order.placement().unwrap();
        let first = match &parts {
            Parts::Lines(lines) => lines[0].line.clone(),
            Parts::All => {
                let on_its_way = |line: &&LineState| line.in_transit() > 0;
                let place = self.order.lines().iter().position(|line| on_its_way(&line)).unwrap_or(0);
                placed.lines()[place].id.clone()
            }
        };
        let mut handover = Handover::from(parts);
        let line = placed.lines().iter().find(|line| line.id == first);
        if line.is_some_and(|line| line.fulfilment == Fulfilment::Pickup) {
            handover.pickup_code = Some(code());
        } else if at % 5 == 0 {
            let parcel = |parcel: &&Shipment| parcel.outstanding(&first) > 0 && parcel.pickup.is_none();
            handover.shipment_id =
                self.order.shipments().iter().find(parcel).map(|shipment| shipment.id.clone());
        }
        Action::Deliver(handover)
    }

    /// Whether money went back that nobody granted.
    fn went_back(&self) -> bool {
        let unasked = self.order.refunds().values().any(|refund| refund.unasked() > 0);
        unasked || self.order.charged_back() > 0
    }

    /// What usually becomes of a case.
    pub(crate) fn case_onward(&self, id: &CaseId, case: &CaseState, how: u8) -> Option<Action> {
        let case_id = id.clone();
        let moved = |to: CaseMove| Some(Action::MoveCase { case_id: id.clone(), to, reason: reason("") });
        let refund = || {
            let request = RefundRequest {
                refund_id: RefundId::new(&format!("c{}", self.sent.len())).unwrap(),
                lines: Vec::new(),
                shipping: None,
                reason: reason("case"),
            };
            Some(Action::ResolveCase { case_id: id.clone(), resolution: Resolution::Refund(request) })
        };
        match case.stage {
            CaseStage::Open if how % 5 == 0 => moved(CaseMove::Reject),
            CaseStage::Open => moved(CaseMove::Approve),
            CaseStage::Approved => refund(),
            CaseStage::AwaitingReturn if how % 2 == 0 => {
                Some(Action::SendReturn { case_id, tracking: Tracking::default() })
            }
            CaseStage::InTransit if how % 7 == 0 => moved(CaseMove::RefuseReturn),
            CaseStage::AwaitingReturn | CaseStage::InTransit => {
                let part = |line: &CaseLine| ReturnedPart {
                    line: line.line.clone(),
                    ok: line.units - u64::from(how) % (line.units + 1),
                    damaged: u64::from(how) % (line.units + 1),
                };
                let lines = case.lines.iter().map(part).collect();
                Some(Action::ReceiveReturn { case_id, lines })
            }
            CaseStage::Received if case.kind == CaseKind::Exchange && how % 4 > 0 => {
                Some(Action::ResolveCase { case_id, resolution: Resolution::Replace })
            }
            CaseStage::Received => refund(),
            _ => match case.replacement {
                // The goods are not to be had, or were lost.
                Replacement::Owed | Replacement::Shipped if how % 11 == 0 => refund(),
                Replacement::Owed => Some(Action::ShipReplacement {
                    case_id,
                    shipment_id: None,
                    tracking: Tracking::default(),
                }),
                Replacement::Shipped => Some(Action::DeliverReplacement { case_id }),
                _ => None,
            },
        }
    }

    fn any_case(&self, id: &CaseId, case: &CaseState, how: u8) -> Action {
        let case_id = id.clone();
        let part =
            |line: &CaseLine| ReturnedPart { line: line.line.clone(), ok: 1, damaged: u64::from(how % 3) };
        let moves = [CaseMove::Approve, CaseMove::Reject, CaseMove::Withdraw, CaseMove::RefuseReturn];
        match how % 9 {
            0 => Action::SendReturn { case_id, tracking: Tracking::default() },
            1 => Action::ReceiveReturn { case_id, lines: case.lines.iter().map(part).collect() },
            2 => Action::ResolveCase { case_id, resolution: Resolution::Replace },
            3 => Action::DeliverReplacement { case_id },
            4 => {
                let line =
                    RefundPart { line: case.lines[0].line.clone(), units: 1, amount: Some(i64::from(how)) };
                let request = RefundRequest {
                    refund_id: RefundId::new(&format!("c{}", self.sent.len())).unwrap(),
                    lines: vec![line],
                    shipping: Some(0),
                    reason: reason("case"),
                };
                Action::ResolveCase { case_id, resolution: Resolution::Refund(request) }
            }
            other => Action::MoveCase { case_id, to: moves[usize::from(other) - 5], reason: reason("") },
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
        let unshipped = LineState::unshipped;
        let on_its_way = LineState::in_transit;
        let transaction_id = self.transaction();
        Some(match self.order.life() {
            Life::PendingPayment if at % 8 == 0 => {
                Action::Authorize { transaction_id, amount: self.order.total(), method: None }
            }
            Life::PendingPayment | Life::Authorized | Life::PartiallyPaid
                if self.order.is_paid_on_delivery() && at % 4 > 0 =>
            {
                Action::Release
            }
            Life::PendingPayment | Life::Authorized | Life::PartiallyPaid => {
                let owed = self.order.owed().max(1);
                let amount = if at % 3 == 0 { 1 + i64::from(at) * owed / 256 } else { owed };
                Action::Capture { transaction_id, amount, method: None }
            }
            Life::Paid | Life::AwaitingShipment if self.order.held().is_some() => Action::Unhold,
            Life::Paid | Life::AwaitingShipment | Life::PartiallyShipped | Life::PartiallyReceived
                if self.order.balance() < 0 && (!self.order.is_paid_on_delivery() || self.went_back()) =>
            {
                // Money that went back unasked, or by a charge-back, comes in again before more ships.
                Action::Capture {
                    transaction_id,
                    amount: i64::try_from(-self.order.balance()).unwrap(),
                    method: None,
                }
            }
            Life::Paid => Action::Release,
            Life::AwaitingShipment => ship(some(unshipped)),
            Life::PartiallyShipped | Life::PartiallyReceived if at % 2 == 0 => ship(some(unshipped)),
            Life::PartiallyShipped | Life::Shipped | Life::PartiallyReceived => {
                self.hand_over(some(on_its_way), at)
            }
            _ => return None,
        })
    }
}
