//! The engine against the naive interpreter, on worked examples and on random plans.
//!
//! | what | cases of a run | plans |
//! |---|---|---|
//! | one sale and its refunds | 20,000 | every shape: other trees, peers, regions, roles, chains, series, walks without end, ladders, pools, caps with used headroom, accounts, overrides |
//! | one sale and its refunds | 10,000 | levels and differentials, near ties and with facts that are not stated |
//! | orders over a forest | 5,000 | what a batch and its kernels take |
//! | closes of periods, with late refunds (`period_laws`) | 4,000 | pairs, team ladders, lotteries, shares, carries, caps of longer windows |
//!
//! `FENRUN_CASES` sets the first of these numbers, and the others in proportion. A minute of CPU, because a case is
//! small (a plan of at most five rules, a sale of at most five lines) and its documents are read once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod evaluator;
#[allow(dead_code, reason = "each test file uses a part of it")]
mod laws;
#[allow(dead_code, reason = "each test file uses a part of it")]
mod naive;
mod worked;

use evaluator::mistakes::Mistake;
use evaluator::{Engine, Evaluator};
use fenrun::doc::Node;
use fenrun::money::Rounding;
use laws::cases;
use naive::generate::forests::grove;
use naive::generate::rich::rich_case;
use naive::generate::{Case, case};
use naive::shrink::shrink;
use naive::{Mutation, Naive};
use std::collections::BTreeMap;

const NAIVE: &dyn Evaluator = &Naive::HONEST;

/// What the engine says differently of a case; nothing when they agree.
fn difference(naive: &dyn Evaluator, case: &Case) -> Option<String> {
    let Case { plan, sale, refunds } = case;
    let engine = Engine::answers(plan, sale, refunds);
    let other = naive.evaluate(plan, sale);
    if engine.outcome != other {
        return Some(format!("engine {:#?}\nnaive  {other:#?}", engine.outcome));
    }
    // The interpreter's outcome states the offer; without an outcome it is asked for.
    let other = other.map(|outcome| outcome.pool).or_else(|_| naive.offer(plan, sale));
    if engine.offer != other {
        return Some(format!("engine offers {:?}, naive {other:?}", engine.offer));
    }
    let other = naive.reverse(plan, sale, refunds);
    (engine.steps != other).then(|| format!("engine posts {:#?}\nnaive  posts {other:#?}", engine.steps))
}

/// Whether the engine takes the documents; the interpreter reads good ones only.
fn is_good(case: &Case) -> bool {
    Engine
        .reverse(&case.plan, &case.sale, &case.refunds)
        .err()
        .is_none_or(|error| matches!(error.as_str(), "missing_fact" | "missing_component"))
}

#[test]
fn one_sale_and_its_refunds() {
    compare(case, cases(20_000) / 2);
}

/// Plans of every shape: other trees, peers, regions, chains, series, ladders, pools, caps and accounts.
#[test]
fn one_sale_of_every_shape() {
    compare(rich_case, cases(20_000));
}

fn compare(case: fn(u64) -> Case, cases: u64) {
    for seed in 0..cases {
        let case = case(seed);
        if difference(NAIVE, &case).is_some() {
            let differs = |node: &Node| {
                Case::from_node(node).is_some_and(|case| is_good(&case) && difference(NAIVE, &case).is_some())
            };
            let smallest = shrink(case.to_node(), differs);
            let difference = Case::from_node(&smallest).and_then(|case| difference(NAIVE, &case));
            panic!("seed {seed}: {}\n{}", smallest.to_json_pretty(), difference.unwrap_or_default());
        }
    }
}

/// Orders over a forest: the batch, its kernels and its parts against one naive sale after the other.
#[test]
fn a_batch_over_a_forest() {
    for seed in 0..cases(20_000) / 4 {
        let grove = grove(seed);
        let (engine, naive) = (Engine.settle(&grove), NAIVE.settle(&grove));
        assert_eq!(engine, naive, "seed {seed}: {}\n{:#?}", grove.plan.to_json_pretty(), grove);
    }
    let of_kernels = evaluator::batch::KERNEL_RUNS.get();
    assert!(of_kernels > cases(20_000) / 80, "only {of_kernels} batches reached a kernel");
}

/// Every mistake that is planted in the interpreter shows against the engine, in a sale or in a batch.
#[test]
fn planted_mistakes_show() {
    for mutation in Mutation::ALL {
        let mutant = Naive::mutant(*mutation);
        let shows = |seed: u64| {
            let grove = grove(seed);
            difference(&mutant, &case(seed)).is_some()
                || difference(&mutant, &rich_case(seed)).is_some()
                || Engine.settle(&grove) != Evaluator::settle(&mutant, &grove)
        };
        assert!((0..3_000).any(shows), "{mutation:?} does not show");
    }
}

/// Every mistake an evaluation without a trace might make shows against the one with it.
#[test]
fn mistakes_of_the_evaluator_show() {
    for mistake in Mistake::ALL {
        let shows = |seed: &u64| mistake.shows(&case(*seed)) || mistake.shows(&rich_case(*seed));
        let seed = (0..3_000).find(shows).unwrap_or_else(|| panic!("{mistake:?} does not show"));
        println!("{mistake:?}@{seed}");
    }
}

/// The random cases are worth something only if they reach what the page describes.
#[test]
fn the_cases_reach_the_whole_page() {
    const WRITTEN: [&str; 38] = [
        r#""retain""#,
        r#""stop""#,
        r#""compress""#,
        r#""compress_by_level""#,
        r#""roll_up""#,
        r#""levels":["#,
        r#""levels":{"#,
        r#""differential":"#,
        r#""fact":"percent""#,
        r#""when":"#,
        r#""any":["#,
        r#""not":{"#,
        r#""sale":{"nth"#,
        r#""rank":{"#,
        r#""purpose":"#,
        r#""qualify":["#,
        r#""qualify":{"#,
        r#""self""#,
        r#""self":true"#,
        r#""roles":["#,
        r#""limit":"#,
        r#""as":"#,
        r#""plus":["#,
        r#""less":["#,
        r#""times":"#,
        r#""per":"unit""#,
        r#""per":"order""#,
        r#""per":"line""#,
        r#""min":500"#,
        r#""rate_decimals":"#,
        r#""share_of_units""#,
        r#""override":"#,
        r#""tenant":"#,
        r#""units":1}"#,
        r#""paid":0,"#,
        r#""of":"margin""#,
        r#""of":"quantity""#,
        r#""allow":"#,
    ];
    let modes: Vec<String> = Rounding::ALL.iter().map(|mode| format!("\"{}\"", mode.name())).collect();
    let written: Vec<&str> = WRITTEN.into_iter().chain(modes.iter().map(String::as_str)).collect();
    let expected = ["no_upline", "ineligible", "blocked", "unreached_rank", "below_minimum", "missing_fact"];
    let rows = ["missing_component", "a row at level 1", "a row at level 5"];
    reach(case, &written, &[&expected[..], &rows].concat());
}

#[test]
fn the_cases_of_every_shape_reach_the_rest() {
    const WRITTEN: [&str; 33] = [
        r#""after":"rule"#,
        r#""after":"after"#,
        r#""of":"income""#,
        r#""base":"income""#,
        r#""first":"#,
        r#""block":"rank""#,
        r#""ladder":"#,
        r#""marginal":true"#,
        r#""by":"pv""#,
        r#""share":"#,
        r#""weights":{"fact"#,
        r#""weights":{"V1"#,
        r#""rank":"same""#,
        r#""region":["#,
        r#""roles":["#,
        r#""up":"placement""#,
        r#""uplines":"#,
        r#""regions":{"#,
        r#""split":"#,
        r#"{"every":"day""#,
        r#"{"every":"week""#,
        r#"{"every":"month""#,
        r#""per":"payee""#,
        r#""per":"rule""#,
        r#""per":"plan""#,
        r#""per":"order""#,
        r#""per":"unit""#,
        r#""over":"scale""#,
        r#""over":"flush""#,
        r#""used":[{"#,
        r#""override":"#,
        r#""share_of_units""#,
        r#""rate_decimals":"#,
    ];
    let expected = ["tail", "cap_payee", "cap_rule", "cap_plan", "flush", "no_payee"];
    let rows = ["a row at level 1", "a row at level 5", "a row behind another", "a row of an account"];
    reach(rich_case, &WRITTEN, &[&expected[..], &rows].concat());
}

/// What is written is in at least ten of 2,000 cases, and what is to come out comes out as often.
fn reach(case: fn(u64) -> Case, written: &[&str], expected: &[&str]) {
    let mut wanted: BTreeMap<&str, usize> = written.iter().map(|needle| (*needle, 0)).collect();
    let mut came_out = BTreeMap::<String, usize>::new();
    for seed in 0..2_000 {
        let case = case(seed);
        let text = case.to_node().to_json();
        for (needle, found) in &mut wanted {
            *found += usize::from(text.contains(needle));
        }
        let mut seen = |what: String| *came_out.entry(what).or_default() += 1;
        match NAIVE.evaluate(&case.plan, &case.sale) {
            Ok(outcome) => {
                outcome.retained.iter().for_each(|(reason, _)| seen(reason.clone()));
                for row in &outcome.rows {
                    seen(format!("a row at level {}", row.level.min(5)));
                    if row.source.is_some() {
                        seen("a row behind another".into());
                    }
                    if row.account != "cash" {
                        seen("a row of an account".into());
                    }
                }
            }
            Err(fault) => seen(fault),
        }
    }
    println!("{wanted:?}\n{came_out:?}");
    let rare: Vec<_> = wanted.iter().filter(|(_, found)| **found < 10).collect();
    assert!(rare.is_empty(), "written in too few of the cases: {rare:?}");
    for seen in expected {
        assert!(came_out.get(*seen).is_some_and(|times| *times >= 10), "{seen}: {came_out:?}");
    }
}
