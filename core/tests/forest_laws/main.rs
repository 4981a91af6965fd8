//! Laws of the forest: random joins, moves, merges, closings and reads against a model that knows nothing
//! but a list of edges, and forests with one fault each that the law must tell from ours.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod machine;
mod mutants;
mod naive;
mod saved;
mod script;

use machine::{Machine, Ours};
use mutants::{Fault, Mutant};
use naive::Naive;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use script::{Step, script};

fn cases() -> u32 {
    std::env::var("FENRUN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}

/// Every step is taken or refused as the model says, and after each all that can be read is the same.
fn law(machine: &mut dyn Machine, steps: &[Step]) -> Result<(), String> {
    let mut naive = Naive::default();
    for (at, step) in steps.iter().enumerate() {
        let (did, wanted) = (machine.step(step), naive.step(step));
        if did != wanted {
            return Err(format!("step {at} {step:?}: {did:?}, not {wanted:?}"));
        }
        let (seen, wanted) = (machine.view(), naive.view());
        for (seen, wanted) in seen.iter().zip(&wanted) {
            if seen != wanted {
                return Err(format!("after step {at} {step:?}:\n  {seen:?}, not\n  {wanted:?}"));
            }
        }
        if seen.len() != wanted.len() {
            return Err(format!("after step {at}: {} facts, not {}", seen.len(), wanted.len()));
        }
    }
    Ok(())
}

#[test]
fn ours_is_the_model() {
    let mut runner =
        TestRunner::new(Config { cases: cases(), failure_persistence: None, ..Config::default() });
    runner
        .run(&script(), |steps| law(&mut Ours::default(), &steps).map_err(TestCaseError::fail))
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_fault_is_told_apart() {
    for fault in Fault::ALL {
        let mut runner = TestRunner::new_with_rng(
            Config { cases: 3000, failure_persistence: None, max_shrink_iters: 0, ..Config::default() },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let found =
            runner.run(&script(), |steps| law(&mut Mutant::new(*fault), &steps).map_err(TestCaseError::fail));
        assert!(found.is_err(), "{fault:?} was not caught");
    }
}

/// What was made from a forest of before, or of another moment, answers for no other one.
#[test]
fn an_index_of_before_is_refused() {
    use fenrun::Code;
    use fenrun::reward::referral::{Closing, Forest, Order, ReadIndex};
    use fenrun::time::Timestamp;
    type Change = fn(&mut Forest) -> fenrun::Result<()>;
    let changes: [Change; 7] = [
        |forest| forest.rebind(3, 2, None),
        |forest| forest.unbind(3, None),
        |forest| forest.bind(3, 1, None),
        |forest| forest.join(4, Some(3), None).map(drop),
        |forest| forest.close(4, Closing::Stay, None),
        |forest| forest.merge(2, 3, None),
        |forest| forest.rebind(2, 1, Some(Timestamp::from_ms(5))),
    ];
    let mut forest = Forest::from_edges(&[1, 2, 3], &[0, 1, 1]).unwrap();
    let (mut order, mut index) = (Order::of(&forest), ReadIndex::of(&forest));
    for (at, change) in changes.iter().enumerate() {
        change(&mut forest).unwrap();
        let own = vec![1; forest.len()];
        let refused = [
            index.current(&forest).map(drop),
            order.sums(&forest, &own).map(drop),
            order.depths(&forest).map(drop),
            ReadIndex::of(&forest.as_of(Timestamp::from_ms(0))).current(&forest).map(drop),
        ];
        for (which, refused) in refused.into_iter().enumerate() {
            assert_eq!(refused.unwrap_err().code(), Code::StaleIndex, "change {at}, question {which}");
        }
        order.refresh(&forest);
        index.refresh(&forest);
        assert!(index.current(&forest).is_ok());
        // Whoever was unbound or merged away stands alone.
        let alone = usize::from([1, 5, 6].contains(&at));
        let below_one = i64::try_from(forest.len() - alone).unwrap();
        assert_eq!(order.sums(&forest, &own).unwrap()[0], below_one, "change {at}");
    }
}

/// Two moments of one forest, and two that went apart, have indexes of their own.
#[test]
fn an_index_of_another_moment_is_refused() {
    use fenrun::Code;
    use fenrun::reward::referral::{Forest, MemberIx, Order, ReadIndex};
    use fenrun::time::Timestamp;
    let at = Timestamp::from_ms;
    let mut forest = Forest::from_edges(&[1, 2, 3, 4], &[0, 1, 1, 2]).unwrap();
    forest.rebind(4, 3, Some(at(10))).unwrap();
    forest.rebind(4, 1, Some(at(20))).unwrap();
    let (early, late) = (forest.as_of(at(5)), forest.as_of(at(15)));
    let mut index = ReadIndex::of(&early);
    assert_eq!(index.current(&late).map(drop).unwrap_err().code(), Code::StaleIndex);
    index.refresh(&late);
    assert!(!index.is_above(MemberIx::new(2), MemberIx::new(4)));

    // The past of a past is the same past.
    assert!(ReadIndex::of(&early.as_of(at(15))).current(&late).is_err());

    let mut roots = Forest::from_edges(&[1, 2, 3], &[0, 0, 0]).unwrap();
    roots.rebind(1, 3, Some(at(10))).unwrap();
    roots.rebind(3, 2, Some(at(20))).unwrap();
    let mut order = Order::of(&roots.as_of(at(5)));
    let turned = roots.as_of(at(25));
    assert_eq!(order.sums(&turned, &[1; 3]).unwrap_err().code(), Code::StaleIndex);
    order.refresh(&turned);
    assert_eq!(order.sums(&turned, &[1; 3]).unwrap(), [1, 3, 2]);

    let plain = Forest::from_edges(&[1, 2, 3], &[0, 0, 0]).unwrap();
    let (mut one, mut other) = (plain.clone(), plain);
    one.bind(3, 1, None).unwrap();
    other.rebind(1, 3, None).unwrap();
    assert_eq!(Order::of(&one).sums(&other, &[1; 3]).unwrap_err().code(), Code::StaleIndex);
}

/// A change that moves nobody has a date, and is no step of a history.
#[test]
fn nobody_stands_in_a_history_twice_in_a_row() {
    use fenrun::reward::referral::{Closing, Forest};
    use fenrun::time::Timestamp;
    let at = |ms| Some(Timestamp::from_ms(ms));
    let mut forest = Forest::from_edges(&[1, 2, 3, 4, 5], &[0, 0, 2, 3, 0]).unwrap();
    forest.close(1, Closing::RollUp, at(75)).unwrap();
    forest.close(3, Closing::Stay, at(76)).unwrap();
    forest.rebind(4, 2, at(77)).unwrap();
    forest.merge(4, 5, at(78)).unwrap();
    forest.unbind(4, at(79)).unwrap();
    let history = |id| {
        let steps = forest.history(forest.account(id).unwrap()).into_iter();
        steps.map(|(from, above)| (from.map(Timestamp::ms), forest.id(above))).collect::<Vec<_>>()
    };
    assert_eq!(history(1), [(None, 0)]);
    assert_eq!(history(3), [(None, 2)]);
    assert_eq!(history(4), [(None, 3), (Some(77), 2), (Some(79), 0)]);
    assert_eq!(history(5), [(None, 0)]);
    // Whom the id named before its date is still known.
    assert_eq!(forest.find_at(5, Timestamp::from_ms(77)), forest.account(5));
}

/// A chain as long as can be asked for ends no walk early and overflows no stack.
#[test]
fn a_chain_of_a_million_is_walked_to_its_end() {
    use fenrun::Code;
    use fenrun::reward::referral::{Forest, MemberIx, Order, ReadIndex};
    let members: Vec<u64> = (1..=1_000_000).collect();
    let inviters: Vec<u64> = (0..1_000_000).collect();
    let mut forest = Forest::from_edges(&members, &inviters).unwrap();
    assert_eq!(forest.rebind(1, 1_000_000, None).unwrap_err().code(), Code::Cycle);
    // Turned round: the first hundred go below the last.
    forest.rebind(101, 1_000_000, None).unwrap_err();
    forest.unbind(500_001, None).unwrap();
    forest.rebind(1, 1_000_000, None).unwrap();
    let (order, index) = (Order::of(&forest), ReadIndex::of(&forest));
    assert!(!order.is_join_order());
    let sums = order.sums(&forest, &vec![1; 1_000_000]).unwrap();
    assert_eq!((sums[500_000], sums[0], sums[499_999]), (1_000_000, 500_000, 1));
    assert_eq!(index.depth(MemberIx::new(500_000)), 999_999);
    assert!(index.is_above(MemberIx::new(500_001), MemberIx::new(1)));
    assert_eq!(index.sums(&vec![1; 1_000_000]).unwrap().team(MemberIx::new(1)).unwrap(), 500_000);
    assert_eq!(order.depths(&forest).unwrap()[499_999], 999_999);
}
