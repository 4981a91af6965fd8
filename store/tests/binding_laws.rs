//! Laws of bindings in the store: random policies and commands, in batches and with retries, against the core that
//! holds the whole shop in memory; and stores that forget something, which the laws must tell from ours.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../core/tests/binding_laws/script.rs"]
mod script;

use common::{DAY_MS, Home, at, command_id, member};
use fenrun::Code;
use fenrun::ledger::Posted;
use fenrun::reward::binding::{BindingAction, BindingCommand, BindingEvent, Bindings};
use fenrun::trade::order::Tenant;
use fenrun_store::BindingAppended;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use script::{Rules, commands, rules};

/// What may be wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    // What is not kept from one batch to the next.
    Offers,
    Days,
    Protection,
    Orders,
    Payments,
    Standing,
    Closed,
    Merged,
    // What is kept wrongly.
    DaysADayLonger,
    EdgesLater,
    EdgesOfTheReleased,
    Marks,
    // What is done wrongly.
    RetriesAct,
    AnotherPolicy,
}

const FAULTS: [Fault; 14] = [
    Fault::Offers,
    Fault::Days,
    Fault::Protection,
    Fault::Orders,
    Fault::Payments,
    Fault::Standing,
    Fault::Closed,
    Fault::Merged,
    Fault::DaysADayLonger,
    Fault::EdgesLater,
    Fault::EdgesOfTheReleased,
    Fault::Marks,
    Fault::RetriesAct,
    Fault::AnotherPolicy,
];

impl Fault {
    /// What it does to the rows of a tenant after a batch.
    const fn sql(self) -> &'static str {
        match self {
            Self::None | Self::RetriesAct | Self::AnotherPolicy => "",
            Self::Offers => "UPDATE bindings SET offer = NULL",
            Self::Days => "UPDATE bindings SET until = NULL",
            Self::Protection => "UPDATE bindings SET protected = NULL",
            Self::Orders => "UPDATE bindings SET orders = 0",
            Self::Payments => "UPDATE bindings SET payments = 0",
            Self::Standing => "UPDATE bindings SET standing = 'plain'",
            Self::Closed => "UPDATE bindings SET closed = 0",
            Self::Merged => "UPDATE bindings SET merged_into = NULL",
            Self::DaysADayLonger => "UPDATE bindings SET until = until + 86400000 WHERE until % 2 = 0",
            Self::EdgesLater => "UPDATE edges SET valid_from = valid_from + 1 WHERE valid_from % 1000 = 0",
            Self::EdgesOfTheReleased => "DELETE FROM edges WHERE inviter IS NULL",
            Self::Marks => "DELETE FROM binding_marks WHERE position % 3 = 0",
        }
    }
}

/// Runs commands in batches of one to four, some of them twice, and compares answers, uplines and logs.
fn law(
    fault: Fault,
    home: &mut Home,
    tenant: &Tenant,
    rules: &Rules,
    steps: &[BindingCommand],
) -> Result<(), String> {
    let (policy, raw) = (rules.policy(), home.raw());
    let read = match fault {
        Fault::AnotherPolicy => common::binding_policy(r#"{"mode":"lifelong"}"#),
        _ => policy.clone(),
    };
    home.store.batch(|batch| batch.put_binding_policy(tenant, &read, at(0))).unwrap();
    let mut whole = Bindings::new(policy);
    let mut log: Vec<BindingEvent> = Vec::new();
    let (mut done, mut size) = (0, 1);
    while done < steps.len() {
        let chunk = &steps[done..steps.len().min(done + size)];
        let wanted: Vec<_> =
            chunk.iter().map(|step| whole.handle(step).map_err(|error| error.code())).collect();
        let answers: Vec<Result<_, Code>> = home
            .store
            .batch(|batch| {
                let mut handle = |at: usize, step: &BindingCommand, id: &str| {
                    let id = command_id(&format!("{id}{}", done + at));
                    batch.handle_binding(tenant, &id, step).map_err(|error| error.code())
                };
                let first: Vec<_> =
                    chunk.iter().enumerate().map(|(at, step)| handle(at, step, "c")).collect();
                let retried = if fault == Fault::RetriesAct { "again" } else { "c" };
                // What was refused may be accepted after the commands behind it.
                let accepted = |at: usize| (done + at).is_multiple_of(3) && first[at].is_ok();
                for (at, step) in chunk.iter().enumerate().filter(|(at, _)| accepted(*at)) {
                    let again = handle(at, step, retried);
                    let answers = first[at].as_ref().ok().zip(again.as_ref().ok());
                    let wrong = |(first, again): (&BindingAppended, &BindingAppended)| {
                        (again.posted, &again.events) != (Posted::Repeat, &first.events)
                    };
                    if answers.is_some_and(wrong) {
                        return Ok(Err(format!("command {} acted twice", done + at)));
                    }
                }
                Ok(Ok(first.into_iter().map(|answer| answer.map(|done| done.events)).collect()))
            })
            .unwrap()?;
        if answers != wanted {
            return Err(format!("after {done}: {answers:?}\n not {wanted:?}"));
        }
        log.extend(answers.into_iter().flatten().flatten());
        done += chunk.len();
        size = 1 + (size + done) % 4;
        if !fault.sql().is_empty() {
            let of = if fault.sql().contains("WHERE") { "AND" } else { "WHERE" };
            raw.execute_batch(&format!("{} {of} tenant = '{}'", fault.sql(), tenant.as_str())).unwrap();
        }
    }
    compare(home, tenant, &mut whole, log)
}

/// The uplines of every moment, and the logs of everybody.
fn compare(
    home: &mut Home,
    tenant: &Tenant,
    whole: &mut Bindings,
    mut log: Vec<BindingEvent>,
) -> Result<(), String> {
    let end = whole.last().map_or(0, |last| last.ms()) + 9 * DAY_MS;
    let actor = fenrun::id::ExternalId::from(9);
    let tick = BindingCommand { action: BindingAction::Tick, actor, now: at(end), reason: None };
    let upline = |home: &Home, id: u64, now: i64| -> Vec<u64> {
        let stops = home.store.upline(tenant, &member(id), at(now), 64).unwrap();
        stops.iter().map(|stop| stop.as_str().parse().unwrap()).collect()
    };
    // Before anything that is over was released, and after.
    let early: Vec<_> = (1..=5).map(|id| upline(home, id, end)).collect();
    log.extend(whole.handle(&tick).unwrap());
    home.store.batch(|batch| batch.handle_binding(tenant, &command_id("end"), &tick)).unwrap();
    for id in 1..=5 {
        let Some(ix) = whole.forest().account(id) else { continue };
        for now in (0..=end).step_by(usize::try_from(DAY_MS / 6).unwrap()) {
            let wanted: Vec<u64> =
                whole.forest().upline(ix, Some(at(now))).map(|above| whole.forest().id(above)).collect();
            let found = upline(home, id, now);
            if found != wanted {
                return Err(format!("the upline of {id} at {now} is {found:?}, not {wanted:?}"));
            }
            let position = usize::try_from(id - 1).unwrap();
            if now == end && early[position] != wanted {
                return Err(format!("{id} was read with {:?}, not {wanted:?}", early[position]));
            }
        }
        let history = home.store.binding_history(tenant, &member(id)).unwrap();
        let own: Vec<_> =
            history.into_iter().map(|stored| stored.event).filter(|event| event.member == id).collect();
        let wanted: Vec<_> = log.iter().filter(|event| event.member == id).cloned().collect();
        if own != wanted {
            return Err(format!("the history of {id} is {own:?}, not {wanted:?}"));
        }
    }
    Ok(())
}

fn run(fault: Fault, cases: u32, seeded: bool) -> Result<(), String> {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: if seeded { 0 } else { 60 },
        ..Config::default()
    };
    let mut runner = match seeded {
        true => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
        false => TestRunner::new(config),
    };
    let home = std::cell::RefCell::new((Home::new(), 0));
    home.borrow().0.raw().pragma_update(None, "synchronous", "OFF").unwrap();
    let ran = runner.run(&(rules(), commands()), |(rules, commands)| {
        let (home, number) = &mut *home.borrow_mut();
        *number += 1;
        let tenant = Tenant::new(&format!("shop {number}")).unwrap();
        law(fault, home, &tenant, &rules, &commands).map_err(TestCaseError::fail)
    });
    let (home, _) = &*home.borrow();
    if fault == Fault::None {
        let report = home.store.verify().unwrap();
        assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
    }
    ran.map_err(|error| error.to_string())
}

#[test]
fn the_store_binds_as_the_core_does() {
    let cases = std::env::var("FENRUN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100);
    run(Fault::None, cases, false).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_fault_is_told_apart() {
    for fault in FAULTS {
        assert!(run(fault, 2000, true).is_err(), "{fault:?} was not caught");
    }
}
