//! Laws of bindings that orders drive: random orders beside random commands and policies, against the core that holds
//! the whole shop in memory and is told of each order by a few sums; and tellers that are mistaken, which the laws must
//! tell from ours.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../core/tests/binding_laws/script.rs"]
mod script;

use common::{DAY_MS, Home, at, command, command_id, member};
use fenrun::Code;
use fenrun::id::{ExternalId, OrderId, SkuId};
use fenrun::ledger::Posted;
use fenrun::reward::binding::{BindingAction, BindingCommand, BindingEvent, BindingPolicy, Bindings, Stage};
use fenrun::time::Timestamp;
use fenrun::trade::order::{Life, Tenant};
use fenrun_store::Batch;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use script::{Rules, commands, rules};

/// How somebody may be mistaken who tells bindings of orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    OrdersUntold,
    PaymentsUntold,
    CompletionsUntold,
    RefundsUntold,
    CancelledStaysPaid,
    PartIsPaid,
    PaidAnewAfterChargeBack,
    ChargeBackIsNone,
    ReplacedUntold,
    WholeUntold,
    GoodsUntold,
    GoodsOfFirstUnit,
    CompletedAtFullPrice,
    CompletedAreOnlyPaid,
    OwnTime,
    FirstPolicy,
}

const FAULTS: [Fault; 16] = [
    Fault::OrdersUntold,
    Fault::PaymentsUntold,
    Fault::CompletionsUntold,
    Fault::RefundsUntold,
    Fault::CancelledStaysPaid,
    Fault::PartIsPaid,
    Fault::PaidAnewAfterChargeBack,
    Fault::ChargeBackIsNone,
    Fault::ReplacedUntold,
    Fault::WholeUntold,
    Fault::GoodsUntold,
    Fault::GoodsOfFirstUnit,
    Fault::CompletedAtFullPrice,
    Fault::CompletedAreOnlyPaid,
    Fault::OwnTime,
    Fault::FirstPolicy,
];

/// What happens to one of the orders.
#[derive(Clone, Copy, Debug)]
struct Step {
    order: usize,
    what: Happens,
    /// In thirds of a day: reports come late, and clocks run ahead.
    late: i64,
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    /// The next thing on the usual way: placed, paid, shipped, delivered, completed.
    Onward,
    /// Part of the money.
    Part,
    /// A unit of a line goes back, to be paid for later.
    Refund(usize),
    PaidOut,
    Cancel,
    /// Of part of the money, or of all.
    ChargeBack(i64),
    /// The money of a charge-back comes in again, or part of it.
    Replaced,
    /// The command before comes again.
    Again,
}

/// Lines of every order: their goods, units, and what a unit costs.
const LINES: [(u64, u32, i64); 2] = [(7, 1, 12), (8, 2, 4)];
const TOTAL: i64 = 20;
const PART: i64 = 6;

/// An order in a few sums.
#[derive(Clone, Debug)]
struct Sums {
    buyer: u64,
    placed: bool,
    /// What comes next on the usual way.
    next: usize,
    left: [u32; 2],
    captured: i64,
    charged_back: i64,
    promised_back: i64,
    /// Refunds that were not paid out yet.
    open: Vec<(String, i64)>,
    /// Cancelled, or all money went back: nothing of it is left.
    over: bool,
    completed: bool,
    /// By the order itself, for whether all is paid.
    paid_in: i64,
    /// What nobody could be told of when it was paid, or completed.
    untold: [bool; 2],
    /// What is in the count of paid orders, and what in that of completed ones.
    counted: [Option<Counted>; 2],
    last: Option<fenrun::trade::order::Command>,
}

/// What of an order counts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counted {
    spend: i64,
    goods: Vec<u64>,
    units: bool,
}

impl Sums {
    fn new(buyer: u64) -> Self {
        Self {
            buyer,
            placed: false,
            next: 0,
            left: [1, 2],
            captured: 0,
            charged_back: 0,
            promised_back: 0,
            open: Vec::new(),
            over: false,
            completed: false,
            paid_in: 0,
            untold: [false; 2],
            counted: [None, None],
            last: None,
        }
    }

    fn due(&self) -> i64 {
        LINES.iter().zip(self.left).map(|((_, _, price), left)| price * i64::from(left)).sum()
    }

    fn kept(&self) -> i64 {
        self.captured - self.charged_back - self.promised_back
    }

    /// What comes in again at a time of what was charged back.
    fn replaced(&self) -> i64 {
        PART.min(self.due() - self.kept())
    }

    /// What counts of it by what came in, which is the order's own matter, and by its completion.
    fn stands(&self, fault: Fault) -> [bool; 2] {
        [self.is_paid(fault), self.completed]
    }

    fn is_paid(&self, fault: Fault) -> bool {
        let all = if fault == Fault::PartIsPaid { 1 } else { TOTAL };
        let paid_in = if fault == Fault::PaidAnewAfterChargeBack { self.kept() } else { self.paid_in };
        self.placed && !self.over && self.captured >= all && paid_in >= self.due().min(all)
    }

    fn counts(&self, fault: Fault) -> Counted {
        if self.over && fault != Fault::CancelledStaysPaid {
            return Counted { spend: 0, goods: Vec::new(), units: false };
        }
        let taken = match fault {
            Fault::ChargeBackIsNone => 0,
            _ => (self.due() - self.kept()).clamp(0, self.charged_back),
        };
        let kept = |(line, left): &(&(u64, u32, i64), u32)| match fault {
            Fault::GoodsOfFirstUnit => *left == line.1,
            _ => *left > 0,
        };
        let spend = (self.due() - taken).max(0);
        if spend == 0 && taken > 0 {
            return Counted { spend, goods: Vec::new(), units: false };
        }
        let goods = LINES.iter().zip(self.left).filter(kept).map(|(line, _)| line.0).collect();
        Counted { spend, goods, units: self.left != [0, 0] }
    }
}

/// What one has more than the other: its amount, whether the other has no units any more, and goods.
fn beyond(one: &Counted, other: &Counted) -> Option<(i64, bool, Vec<u64>)> {
    let goods: Vec<u64> = one.goods.iter().filter(|sku| !other.goods.contains(sku)).copied().collect();
    let (whole, spend) = (one.units && !other.units, (one.spend - other.spend).max(0));
    (spend > 0 || whole || !goods.is_empty()).then_some((spend, whole, goods))
}

/// What changed in both counts: once for both where it is the same.
fn by_count<T: PartialEq>([paid, completed]: [Option<T>; 2]) -> Vec<(Option<Stage>, T)> {
    if paid == completed {
        return paid.map(|both| (None, both)).into_iter().collect();
    }
    let stages = [(Stage::Payment, paid), (Stage::Completion, completed)];
    stages.into_iter().filter_map(|(stage, change)| Some((Some(stage), change?))).collect()
}

/// The shop in memory.
struct Model {
    fault: Fault,
    policies: Vec<(Timestamp, BindingPolicy)>,
    whole: Bindings,
    log: Vec<BindingEvent>,
}

impl Model {
    fn new(fault: Fault, policy: &BindingPolicy) -> Self {
        let policies = vec![(at(0), policy.clone())];
        Self { fault, policies, whole: Bindings::new(policy.clone()), log: Vec::new() }
    }

    fn policy(&self, now: Timestamp) -> BindingPolicy {
        let mut known = self.policies.iter().rev();
        let found = match self.fault {
            Fault::FirstPolicy => self.policies.first(),
            _ => known.find(|(from, _)| *from <= now),
        };
        found.unwrap().1.clone()
    }

    /// Handles a command by the policy of its time, under which all that happened is counted anew.
    fn handle(&mut self, command: &BindingCommand) -> Result<Vec<BindingEvent>, Code> {
        let policy = self.policy(command.now);
        if policy != *self.whole.policy() {
            self.whole = Bindings::replay(policy, &self.log).unwrap();
        }
        let events = self.whole.handle(command).map_err(|error| error.code())?;
        self.log.extend_from_slice(&events);
        Ok(events)
    }

    /// The moment an order that was reported at one counts at.
    fn turn(&self, reported: Timestamp) -> Timestamp {
        self.whole.last().map_or(reported, |last| last.max(reported))
    }

    /// What an order means to bindings after something happened to it.
    fn follow(&mut self, sums: &mut Sums, before: &Sums, reported: Timestamp) {
        let (fault, buyer) = (self.fault, sums.buyer);
        let now = if fault == Fault::OwnTime { reported } else { self.turn(reported) };
        let mut tell = |action: BindingAction| {
            let actor = ExternalId::new("test").unwrap();
            self.handle(&BindingCommand { action, actor, now, reason: None }).is_ok()
        };
        let skus = |goods: &[u64]| -> Vec<SkuId> {
            let told = if fault == Fault::GoodsUntold { &[] } else { goods };
            told.iter().map(|sku| SkuId::from(*sku)).collect()
        };
        if sums.placed && !before.placed && fault != Fault::OrdersUntold {
            tell(BindingAction::Order { member: buyer });
        }
        let left = sums.counts(fault);
        let stands = sums.stands(fault);
        let stood = before.stands(fault).map(|stood| stood && before.counts(fault).units);
        for at in 0..2 {
            sums.untold[at] |= stood[at] && sums.counted[at].is_none();
            let anew = match &sums.counted[at] {
                None => !sums.untold[at],
                Some(counted) => !counted.units || fault == Fault::PaidAnewAfterChargeBack && !stood[at],
            };
            let untold = [Fault::PaymentsUntold, Fault::CompletionsUntold][at] == fault;
            // Of an order of which nothing is left there is nothing to tell.
            if !(anew && stands[at] && left.units) || untold {
                continue;
            }
            let (member, goods) = (buyer, skus(&left.goods));
            let spend_minor = match (at, fault) {
                (1, Fault::CompletedAtFullPrice) => TOTAL,
                _ => left.spend,
            };
            let told = match at {
                0 => tell(BindingAction::Pay { member, spend_minor, goods }),
                _ => tell(BindingAction::Complete { member, spend_minor, goods }),
            };
            match told {
                true => sums.counted[at] = Some(left.clone()),
                false => sums.untold[at] |= sums.counted[at].is_none(),
            }
        }
        self.follow_changes(sums, &left, stands, now);
    }

    /// The counts come to what is left: more only while all is paid, or completed.
    fn follow_changes(&mut self, sums: &mut Sums, left: &Counted, stands: [bool; 2], now: Timestamp) {
        let (fault, member) = (self.fault, sums.buyer);
        let skus = |goods: &[u64]| -> Vec<SkuId> {
            let told = if fault == Fault::GoodsUntold { &[] } else { goods };
            told.iter().map(|sku| SkuId::from(*sku)).collect()
        };
        let mut tell = |action: BindingAction| {
            let actor = ExternalId::new("test").unwrap();
            self.handle(&BindingCommand { action, actor, now, reason: None }).is_ok()
        };
        let stages = [Stage::Payment, Stage::Completion];
        let rises = [0, 1].map(|at: usize| {
            let counted = sums.counted[at].as_ref().filter(|counted| counted.units && stands[at])?;
            beyond(left, counted)
        });
        for (on, (spend_minor, _, goods)) in by_count(rises) {
            if fault == Fault::ReplacedUntold
                || !tell(BindingAction::Add { member, spend_minor, goods: skus(&goods), on })
            {
                continue;
            }
            for (counted, _) in
                sums.counted.iter_mut().zip(stages).filter(|(_, stage)| on.is_none_or(|on| on == *stage))
            {
                if let Some(counted) = counted {
                    counted.goods.extend(&goods);
                    counted.spend += spend_minor;
                }
            }
        }
        let falls =
            sums.counted.each_ref().map(|counted| counted.as_ref().and_then(|counted| beyond(counted, left)));
        for (on, (spend_minor, whole, goods)) in by_count(falls) {
            let told = whole && fault != Fault::WholeUntold;
            let told_on = if fault == Fault::CompletedAreOnlyPaid { Some(Stage::Payment) } else { on };
            let action =
                BindingAction::Refund { member, spend_minor, goods: skus(&goods), whole: told, on: told_on };
            if fault == Fault::RefundsUntold || !tell(action) {
                continue;
            }
            for (counted, _) in
                sums.counted.iter_mut().zip(stages).filter(|(_, stage)| on.is_none_or(|on| on == *stage))
            {
                if let Some(counted) = counted {
                    counted.goods.retain(|sku| !goods.contains(sku));
                    counted.spend -= spend_minor;
                    counted.units &= !whole;
                }
            }
        }
    }
}

/// One thing that is done in a store and told to the model.
enum Job<'a> {
    Bind(&'a BindingCommand),
    Order(&'a Step, i64),
}

/// A shop in a store, and the same in memory.
struct Shop {
    tenant: Tenant,
    model: Model,
    orders: Vec<Sums>,
    commands: usize,
}

impl Shop {
    fn next_id(&mut self) -> String {
        self.commands += 1;
        format!("c{}", self.commands)
    }

    fn run(&mut self, batch: &mut Batch<'_>, job: &Job<'_>) -> Result<(), String> {
        match job {
            Job::Bind(command) => {
                let id = command_id(&self.next_id());
                let got = batch.handle_binding(&self.tenant, &id, command);
                let got = got.map(|done| done.events).map_err(|error| error.code());
                let wanted = self.model.handle(command);
                if got == wanted { Ok(()) } else { Err(format!("{command:?}: {got:?}, not {wanted:?}")) }
            }
            Job::Order(step, now) => self.order(batch, step, *now),
        }
    }

    fn order(&mut self, batch: &mut Batch<'_>, step: &Step, now: i64) -> Result<(), String> {
        let before = self.orders[step.order].clone();
        let command = match (step.what, &before.last) {
            (Happens::Again, Some(last)) => last.clone(),
            (Happens::Again, None) => return Ok(()),
            _ => {
                let id = self.next_id();
                let Some(body) = body(step, &before, &id) else { return Ok(()) };
                command(self.tenant.as_str(), u64::try_from(step.order + 1).unwrap(), &id, now, &body)
            }
        };
        let ask = !before.placed && self.model.fault == Fault::None;
        let whose = ask.then(|| self.whose(batch, before.buyer, now)).flatten();
        let Ok(done) = batch.handle(&command) else { return Ok(()) };
        if done.posted == Posted::Repeat || done.events.is_empty() {
            return Ok(());
        }
        let mut sums = before.clone();
        sums.last = Some(command);
        for event in &done.events {
            happened(&mut sums, step, event.header.command_id.as_str(), event.data.name());
        }
        // When an order is over because all money went back is the order's own matter.
        let id = OrderId::new(&(step.order + 1).to_string()).unwrap();
        let order = batch.order(&self.tenant, &id).map_err(|error| error.to_string())?;
        sums.over |= order.as_ref().is_some_and(|order| order.life() == Life::Refunded);
        sums.paid_in = order.map_or(0, |order| i64::try_from(order.paid_in()).unwrap());
        self.model.follow(&mut sums, &before, at(now));
        if let Some((asked, moment)) = whose {
            let found = self.model.whole.attribution(sums.buyer, moment);
            let found = (found.inviter.map(member), found.buyer_first);
            if asked != found {
                return Err(format!("before the order of {} it was {asked:?}, then {found:?}", sums.buyer));
            }
        }
        self.orders[step.order] = sums;
        Ok(())
    }

    /// Whose the store says an order of somebody is that is placed now.
    fn whose(
        &self,
        batch: &mut Batch<'_>,
        buyer: u64,
        now: i64,
    ) -> Option<((Option<fenrun::id::MemberId>, bool), Timestamp)> {
        let moment = self.model.turn(at(now));
        let whose = batch.attribution(&self.tenant, &member(buyer), moment, 9).ok()?;
        Some(((whose.upline.first().cloned(), whose.buyer_first), moment))
    }
}

/// What a step asks of an order, if it makes sense.
fn body(step: &Step, sums: &Sums, id: &str) -> Option<String> {
    let capture = |amount: i64| format!(r#"{{"capture":{{"transaction_id":"t-{id}","amount":{amount}}}}}"#);
    Some(match step.what {
        Happens::Onward => match sums.next {
            0 => {
                let line = |(at, (sku, units, price)): (usize, (u64, u32, i64))| {
                    let paid = price * i64::from(units);
                    format!(r#"{{"id":{},"units":{units},"paid":{paid},"facts":{{"sku":"{sku}"}}}}"#, at + 1)
                };
                let lines: Vec<String> = LINES.into_iter().enumerate().map(line).collect();
                format!(
                    r#"{{"place":{{"currency":"CNY","lines":[{}],"terms":{{"window_ms":0,"auto_release":true}},
                        "sale":{{"buyer":{{"id":{}}},"upline":[]}}}}}}"#,
                    lines.join(","),
                    sums.buyer
                )
            }
            1 => capture(TOTAL - sums.captured),
            2 => r#""ship""#.to_owned(),
            3 => r#""deliver""#.to_owned(),
            _ => r#""tick""#.to_owned(),
        },
        Happens::Part if sums.captured < TOTAL => capture(PART.min(TOTAL - sums.captured)),
        // What is missing would be set off, which is the order's own matter.
        Happens::Refund(line) if sums.kept() >= sums.due() => {
            let word = if sums.completed { "grant_refund" } else { "refund_lines" };
            let lines = format!(r#"[{{"line":{},"units":1}}]"#, line + 1);
            format!(r#"{{"{word}":{{"refund_id":"r-{id}","lines":{lines},"reason":"broken"}}}}"#)
        }
        Happens::PaidOut => {
            let (refund, amount) = sums.open.first()?;
            let report = format!(r#""refund_id":"r-{refund}","transaction_id":"out-{id}","amount":{amount}"#);
            format!(r#"{{"refund_succeeded":{{{report}}}}}"#)
        }
        Happens::Cancel => r#"{"cancel":{"reason":"no"}}"#.to_owned(),
        Happens::ChargeBack(amount) if sums.captured >= TOTAL && sums.charged_back == 0 => {
            format!(r#"{{"charge_back":{{"transaction_id":"cb-{id}","amount":{amount}}}}}"#)
        }
        Happens::Replaced if sums.charged_back > 0 && sums.kept() < sums.due() => capture(sums.replaced()),
        _ => return None,
    })
}

/// Sums of an order after a step that was accepted.
fn happened(sums: &mut Sums, step: &Step, id: &str, kind: &str) {
    match kind {
        "order_placed" => (sums.placed, sums.next) = (true, 1),
        "payment_captured" => {
            sums.captured += match step.what {
                Happens::Onward => TOTAL - sums.captured,
                Happens::Replaced => sums.replaced(),
                _ => PART.min(TOTAL - sums.captured),
            };
            if sums.captured >= TOTAL {
                sums.next = sums.next.max(2);
            }
        }
        "chargeback_recorded" => {
            if let Happens::ChargeBack(amount) = step.what {
                sums.charged_back += amount;
            }
        }
        "refund_succeeded" => drop(sums.open.remove(0)),
        "order_cancelled" => sums.over = true,
        "order_completed" => sums.completed = true,
        "refund_granted" => {
            if let Happens::Refund(line) = step.what {
                sums.left[line] -= 1;
                sums.promised_back += LINES[line].2;
                sums.open.push((id.to_owned(), LINES[line].2));
            }
        }
        _ => {}
    }
    if matches!(step.what, Happens::Onward) && matches!(kind, "goods_shipped" | "goods_delivered") {
        sums.next += 1;
    }
}

/// A case: rules, perhaps others from some command on, commands, and what happens to orders after each.
#[derive(Clone, Debug)]
struct Case {
    rules: Rules,
    later: Option<(usize, Rules)>,
    commands: Vec<BindingCommand>,
    buyers: Vec<u64>,
    steps: Vec<Vec<Step>>,
}

fn cases() -> impl Strategy<Value = Case> {
    let what = prop_oneof![
        12 => Just(Happens::Onward),
        2 => Just(Happens::Part),
        4 => (0..2_usize).prop_map(Happens::Refund),
        4 => Just(Happens::PaidOut),
        1 => Just(Happens::Cancel),
        1 => prop::sample::select(vec![PART, PART, TOTAL]).prop_map(Happens::ChargeBack),
        2 => Just(Happens::Replaced),
        2 => Just(Happens::Again),
    ];
    let late = prop_oneof![8 => Just(0_i64), 2 => Just(-3), 1 => Just(1)];
    let step = (0..3_usize, what, late).prop_map(|(order, what, late)| Step { order, what, late });
    let steps = prop::collection::vec(prop::collection::vec(step, 0..4), 45);
    let later = prop::option::of((4..20_usize, rules()));
    let buyers = prop::collection::vec(prop::sample::select(vec![1, 2, 3, 3, 4, 5, 9]), 3);
    (rules(), later, commands(), buyers, steps).prop_map(|(rules, later, commands, buyers, steps)| Case {
        rules,
        later,
        commands,
        buyers,
        steps,
    })
}

fn law(fault: Fault, home: &mut Home, tenant: &Tenant, case: &Case) -> Result<(), String> {
    let policy = case.rules.policy();
    home.store.batch(|batch| batch.put_binding_policy(tenant, &policy, at(0))).unwrap();
    let orders = case.buyers.iter().map(|buyer| Sums::new(*buyer)).collect();
    let mut shop = Shop { tenant: tenant.clone(), model: Model::new(fault, &policy), orders, commands: 0 };
    for (number, (command, steps)) in case.commands.iter().zip(&case.steps).enumerate() {
        if let Some((_, rules)) = case.later.as_ref().filter(|(from, _)| *from == number) {
            let (policy, from) = (rules.policy(), shop.model.turn(command.now));
            let put = home.store.batch(|batch| batch.put_binding_policy(tenant, &policy, from));
            if put.is_ok() && shop.model.policies[0].0 != from {
                shop.model.policies.push((from, policy));
            }
        }
        let now = |step: &Step| command.now.ms() + step.late * DAY_MS / 3;
        let orders = steps.iter().map(|step| Job::Order(step, now(step)));
        let jobs: Vec<Job<'_>> = std::iter::once(Job::Bind(command)).chain(orders).collect();
        home.store.batch(|batch| Ok(jobs.iter().try_for_each(|job| shop.run(batch, job)))).unwrap()?;
    }
    compare(home, &mut shop)
}

/// The whole log, what it folds to, and the uplines of every moment.
fn compare(home: &Home, shop: &mut Shop) -> Result<(), String> {
    let stored = home.store.binding_events_after(0, u32::MAX).unwrap();
    let stored: Vec<BindingEvent> =
        stored.into_iter().filter(|stored| stored.tenant == shop.tenant).map(|stored| stored.event).collect();
    if stored != shop.model.log {
        let log = &shop.model.log;
        let same = stored.iter().zip(log).take_while(|(one, other)| one == other).count();
        let (found, wanted) = (stored.get(same), log.get(same));
        return Err(format!("event {same} of the log is {found:?}, not {wanted:?}"));
    }
    let whole = &shop.model.whole;
    let end = whole.last().map_or(0, Timestamp::ms);
    let folded = Bindings::replay(whole.policy().clone(), &stored).unwrap();
    if folded.to_node(at(end)) != whole.to_node(at(end)) {
        return Err("the log folds to another shop".into());
    }
    for id in 1..=5 {
        let Some(ix) = whole.forest().account(id) else { continue };
        for now in (0..=end).step_by(usize::try_from(DAY_MS / 3).unwrap()) {
            let above = whole.forest().upline(ix, Some(at(now)));
            let wanted: Vec<_> = above.map(|ix| member(whole.forest().id(ix))).collect();
            let found = home.store.upline(&shop.tenant, &member(id), at(now), 64).unwrap();
            // Days that are over at the end are released by the next command.
            if found != wanted && now < end {
                return Err(format!("the upline of {id} at {now} is {found:?}, not {wanted:?}"));
            }
        }
    }
    Ok(())
}

fn run(fault: Fault, cases_: u32, seeded: bool) -> Result<(), String> {
    let config = Config {
        cases: cases_,
        failure_persistence: None,
        max_shrink_iters: if seeded { 0 } else { 200 },
        ..Config::default()
    };
    let mut runner = match seeded {
        true => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
        false => TestRunner::new(config),
    };
    let home = std::cell::RefCell::new((Home::new(), 0));
    home.borrow().0.raw().pragma_update(None, "synchronous", "OFF").unwrap();
    let ran = runner.run(&cases(), |case| {
        let (home, number) = &mut *home.borrow_mut();
        *number += 1;
        let tenant = Tenant::new(&format!("shop {number}")).unwrap();
        law(fault, home, &tenant, &case).map_err(TestCaseError::fail)
    });
    if fault == Fault::None {
        let report = home.borrow().0.store.verify().unwrap();
        assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
    }
    ran.map_err(|error| error.to_string())
}

#[test]
fn orders_drive_bindings_as_told() {
    let cases = std::env::var("FENRUN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(80);
    run(Fault::None, cases, false).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_mistake_is_told_apart() {
    for fault in FAULTS {
        assert!(run(fault, 2000, true).is_err(), "{fault:?} was not caught");
    }
}
