//! Laws of bindings: random policies and commands against a model written from the page alone, the state as
//! the fold of its events, and policies read wrongly that the laws must tell from ours.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod naive;
mod script;

use fenrun::Code;
use fenrun::doc::{Node, read_json};
use fenrun::reward::binding::{
    BindingAction, BindingCommand, BindingEvent, BindingPolicy, Bindings, Stage, What, Why,
};
use fenrun::reward::plan::Plan;
use naive::Naive;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use script::{Rules, commands, rules};

/// What may be wrong with a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    // A policy that is read as another one.
    ProtectIsInstant,
    NothingExpires,
    ExpiresADayLate,
    ProtectsADayLess,
    NothingRenews,
    LifelongByVisit,
    InstantOnce,
    FirstOrderIsFirstPayment,
    EverybodyDistributes,
    CountsAtTheOtherStage,
    OneMoreOrderIsNeeded,
    OwnOrdersCount,
    // A command that is dropped or changed.
    DismissalIsForgotten,
    AddsAreForgotten,
    AddsAreOrders,
    RefundsAreForgotten,
    RefundsTakeNoGoods,
    RefundsTakeNoOrder,
    RefundsOfPaidOrdersCount,
    AppointedMayLoseIt,
    TicksDoNothing,
    RegistrationForgetsTheSharer,
    MergeIsClosing,
    LaterVisitsAreIgnored,
    // A log that loses something.
    LosesReleases,
    LosesRenewals,
    LosesOffers,
    LosesReasons,
    // A refusal that leaves something behind.
    RefusalsCount,
}

const FAULTS: [Fault; 29] = [
    Fault::ProtectIsInstant,
    Fault::NothingExpires,
    Fault::ExpiresADayLate,
    Fault::ProtectsADayLess,
    Fault::NothingRenews,
    Fault::LifelongByVisit,
    Fault::InstantOnce,
    Fault::FirstOrderIsFirstPayment,
    Fault::EverybodyDistributes,
    Fault::CountsAtTheOtherStage,
    Fault::OneMoreOrderIsNeeded,
    Fault::OwnOrdersCount,
    Fault::DismissalIsForgotten,
    Fault::AddsAreForgotten,
    Fault::AddsAreOrders,
    Fault::RefundsAreForgotten,
    Fault::RefundsTakeNoGoods,
    Fault::RefundsTakeNoOrder,
    Fault::RefundsOfPaidOrdersCount,
    Fault::AppointedMayLoseIt,
    Fault::TicksDoNothing,
    Fault::RegistrationForgetsTheSharer,
    Fault::MergeIsClosing,
    Fault::LaterVisitsAreIgnored,
    Fault::LosesReleases,
    Fault::LosesRenewals,
    Fault::LosesOffers,
    Fault::LosesReasons,
    Fault::RefusalsCount,
];

struct Machine {
    fault: Fault,
    bindings: Bindings,
    events: Vec<BindingEvent>,
}

impl Machine {
    fn new(fault: Fault, rules: &Rules) -> Self {
        let mut read = rules.clone();
        match fault {
            Fault::ProtectIsInstant if read.mode == "protect" => {
                read.mode = "instant";
                read.protect_days = 0;
                read.renew = if read.expire_days.is_some() { read.renew } else { "never" };
            }
            Fault::NothingExpires => {
                read.expire_days = None;
                read.renew = if read.protect_days > 0 { read.renew } else { "never" };
            }
            Fault::ExpiresADayLate => read.expire_days = read.expire_days.map(|days| days + 1),
            Fault::ProtectsADayLess if read.protect_days > 1 => read.protect_days -= 1,
            Fault::NothingRenews => read.renew = "never",
            Fault::LifelongByVisit if read.mode == "lifelong" => read.mode = "instant_lifelong",
            Fault::InstantOnce if read.mode == "instant" && read.expire_days.is_none() => {
                read.mode = "instant_lifelong";
            }
            Fault::FirstOrderIsFirstPayment if read.mode == "first_order" => read.mode = "first_payment",
            Fault::EverybodyDistributes => read.distributors = "everyone",
            Fault::CountsAtTheOtherStage => {
                read.stage = if read.stage == "payment" { "completion" } else { "payment" };
            }
            Fault::OneMoreOrderIsNeeded => read.orders += 1,
            Fault::OwnOrdersCount => read.self_purchase = "counts",
            _ => {}
        }
        Self { fault, bindings: Bindings::new(read.policy()), events: Vec::new() }
    }

    /// The command as it is understood; none where it is dropped.
    fn understood(&self, command: &BindingCommand) -> Option<BindingCommand> {
        let mut command = command.clone();
        match (self.fault, &command.action) {
            (Fault::DismissalIsForgotten, BindingAction::Dismiss { .. })
            | (Fault::TicksDoNothing, BindingAction::Tick) => return None,
            (Fault::RefundsAreForgotten, BindingAction::Refund { .. })
            | (Fault::AddsAreForgotten, BindingAction::Add { .. }) => command.action = BindingAction::Tick,
            (Fault::AddsAreOrders, BindingAction::Add { member, spend_minor, goods, on }) => {
                let (member, spend_minor, goods) = (*member, *spend_minor, goods.clone());
                command.action = match on {
                    Some(Stage::Completion) => BindingAction::Complete { member, spend_minor, goods },
                    _ => BindingAction::Pay { member, spend_minor, goods },
                };
            }
            (Fault::RefundsTakeNoGoods, BindingAction::Refund { member, spend_minor, whole, on, .. }) => {
                let (member, spend_minor, whole, on) = (*member, *spend_minor, *whole, *on);
                command.action = BindingAction::Refund { member, spend_minor, whole, goods: Vec::new(), on };
            }
            (Fault::RefundsTakeNoOrder, BindingAction::Refund { member, spend_minor, goods, on, .. }) => {
                let (member, spend_minor, goods, on) = (*member, *spend_minor, goods.clone(), *on);
                command.action = BindingAction::Refund { member, spend_minor, goods, whole: false, on };
            }
            (
                Fault::RefundsOfPaidOrdersCount,
                BindingAction::Refund { member, spend_minor, goods, whole, .. },
            ) => {
                let (member, spend_minor, goods, whole) = (*member, *spend_minor, goods.clone(), *whole);
                command.action = BindingAction::Refund { member, spend_minor, goods, whole, on: None };
            }
            (Fault::RegistrationForgetsTheSharer, BindingAction::Register { member, .. }) => {
                command.action = BindingAction::Register { member: *member, sharer: None };
            }
            (Fault::MergeIsClosing, BindingAction::Merge { gone, .. }) => {
                let closing = fenrun::reward::referral::Closing::RollUp;
                command.action = BindingAction::Close { member: *gone, closing };
            }
            (Fault::LaterVisitsAreIgnored, BindingAction::Visit { member, .. })
                if self.document(command.now).get(&member.to_string()).and_then(|seen| seen.get("offer"))
                    != Some(&Node::Null) =>
            {
                command.action = BindingAction::Tick;
            }
            _ => {}
        }
        Some(command)
    }

    fn handle(&mut self, command: &BindingCommand) -> Result<usize, Code> {
        let Some(command) = self.understood(command) else { return Ok(0) };
        let done = self.bindings.handle(&command).map_err(|error| error.code());
        if self.fault == Fault::RefusalsCount && done.is_err() {
            let tick = BindingCommand { action: BindingAction::Tick, ..command };
            self.events.extend(self.bindings.handle(&tick).unwrap_or_default());
        }
        let mut made = done?;
        let count = made.len();
        made.retain(|event| match self.fault {
            Fault::LosesReleases => event.what != What::Released,
            Fault::LosesRenewals => !matches!(event.what, What::Renewed { .. }),
            Fault::LosesOffers => !matches!(event.what, What::Offered { .. }),
            _ => true,
        });
        if self.fault == Fault::AppointedMayLoseIt {
            let appointed = made.iter_mut().filter(|event| event.what == What::Qualified);
            appointed.for_each(|event| event.why = Why::Qualified);
        }
        if self.fault == Fault::LosesReasons {
            made.iter_mut().for_each(|event| event.reason = None);
        }
        // As a host reads them back from where it keeps them.
        let read = |event: &BindingEvent| BindingEvent::from_node(&event.to_node()).unwrap();
        self.events.extend(made.iter().map(read));
        if self.fault == Fault::AppointedMayLoseIt {
            self.bindings = Bindings::replay(self.bindings.policy().clone(), &self.events).unwrap();
        }
        Ok(count)
    }

    fn document(&self, now: fenrun::time::Timestamp) -> Node {
        self.bindings.to_node(now)
    }
}

/// All that is law of one script.
fn law(fault: Fault, rules: &Rules, commands: &[BindingCommand]) -> Result<(), String> {
    let (mut machine, mut naive) = (Machine::new(fault, rules), Naive::new(rules));
    let policy = machine.bindings.policy().clone();
    for (at, command) in commands.iter().enumerate() {
        let say = |rule: String| Err(format!("command {at} {:?} under {rules:?}: {rule}", command.action));
        // As of the first day, so that nothing looks expired and every date is seen.
        let early = fenrun::time::Timestamp::from_ms(0);
        let before = (machine.document(early), machine.bindings.forest().to_image());
        let (did, wanted) = (machine.handle(command), naive.handle(command));
        let after = (machine.document(early), machine.bindings.forest().to_image());
        if did.as_ref().err() != wanted.as_ref().err() {
            return say(format!("{did:?}, not {wanted:?}"));
        }
        if (did.is_err() || did == Ok(0)) && before != after {
            return say("a change without an event".into());
        }
        let (seen, wanted) = (machine.document(command.now), naive.view(command.now));
        if did.is_ok() && seen != wanted {
            return say(format!("\n  {}, not\n  {}", seen.to_json(), wanted.to_json()));
        }
        let folded = Bindings::replay(policy.clone(), &machine.events);
        let folded = folded.map_err(|error| format!("{} cannot be folded: {error}", machine.events.len()))?;
        if (folded.to_node(early), folded.forest().to_image()) != after {
            return say(format!("the fold of {} events is another state", machine.events.len()));
        }
    }
    let silent = machine.events.iter().find(|event| {
        event.why == Why::Staff && event.reason.as_ref().is_none_or(|reason| reason.as_str().is_empty())
    });
    silent.map_or(Ok(()), |event| Err(format!("{event:?} says no reason")))
}

#[test]
fn ours_is_the_model() {
    let cases = std::env::var("FENRUN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(600);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&(rules(), commands()), |(rules, commands)| {
            law(Fault::None, &rules, &commands).map_err(TestCaseError::fail)
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_fault_is_told_apart() {
    for fault in FAULTS {
        let config =
            Config { cases: 4000, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let found = runner.run(&(rules(), commands()), |(rules, commands)| {
            law(fault, &rules, &commands).map_err(TestCaseError::fail)
        });
        assert!(found.is_err(), "{fault:?} was not caught");
    }
}

#[test]
fn policies_that_contradict_themselves_are_refused() {
    let code = |text: &str| {
        let node = read_json(text, 1000).unwrap();
        BindingPolicy::from_node(&node).err().map(|error| error.code())
    };
    for (text, wanted) in [
        (r#"{"mode": "protect", "protect_days": 1}"#, None),
        (r#"{"mode": "protect", "protect_days": 7, "expire_days": 7}"#, None),
        (r#"{"mode": "protect", "protect_days": 8, "expire_days": 7}"#, Some(Code::InvalidValue)),
        (r#"{"mode": "protect"}"#, Some(Code::InvalidValue)),
        (r#"{"mode": "instant", "protect_days": 3}"#, Some(Code::InvalidValue)),
        (r#"{"mode": "lifelong", "expire_days": 30}"#, Some(Code::InvalidValue)),
        (r#"{"mode": "instant_lifelong", "expire_days": 30}"#, Some(Code::InvalidValue)),
        (r#"{"mode": "instant", "expire_days": 0}"#, Some(Code::InvalidValue)),
        (r#"{"mode": "instant", "renew": "visit"}"#, Some(Code::InvalidValue)),
        (r#"{"mode": "forever"}"#, Some(Code::UnknownWord)),
        (r#"{"mode": "instant", "distributors": "nobody"}"#, Some(Code::UnknownWord)),
        (
            r#"{"mode": "instant", "distributors": {"spend": {"at_least_minor": 0, "on": "payment"}}}"#,
            Some(Code::InvalidValue),
        ),
        (
            r#"{"mode": "instant", "distributors": {"goods": {"any": [], "on": "payment"}}}"#,
            Some(Code::InvalidValue),
        ),
        (r#"{"mode": "instant", "distributors": {"orders": {"at_least": 1}}}"#, Some(Code::MissingKey)),
        (r#"{"mode": "instant", "day": 1}"#, Some(Code::UnknownKey)),
        ("{}", Some(Code::MissingKey)),
    ] {
        assert_eq!(code(text), wanted, "{text}");
    }
}

/// Who must buy to distribute is refused unless the plan says why that is allowed.
#[test]
fn buying_to_distribute_needs_the_plans_allow() {
    let plan = |allow: &str| {
        let text = format!(
            r#"{{"schema": "fenrun.plan/1", "name": "p", "currency": "CNY", {allow}
                "rule": [{{"id": "r", "to": {{"up": "referral"}}, "pay": {{"levels": ["10%"]}}}}]}}"#
        );
        Plan::from_json(&text).unwrap()
    };
    let (plain, allowed) = (plan(""), plan(r#""allow": {"distribute": "a licence of the ministry"},"#));
    for (distributors, buys) in [
        (r#""everyone""#, false),
        (r#""appointed""#, false),
        (r#""application""#, false),
        (r#"{"spend": {"at_least_minor": 1, "on": "payment"}}"#, true),
        (r#"{"orders": {"at_least": 1, "on": "completion"}}"#, true),
        (r#"{"goods": {"any": [7], "on": "payment"}}"#, true),
    ] {
        let text = format!(r#"{{"mode": "instant", "distributors": {distributors}}}"#);
        let policy = BindingPolicy::from_node(&read_json(&text, 1000).unwrap()).unwrap();
        let refused = policy.check(&plain).err().map(|error| error.code());
        assert_eq!(refused, buys.then_some(Code::PaysRecruiting), "{distributors}");
        policy.check(&allowed).unwrap();
    }
}
