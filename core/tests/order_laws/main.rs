//! The laws of orders, each shown to catch planted mutants.
//!
//! The laws are written over the trait [`Machine`]. The engine keeps all of them over random commands; the
//! engine with one [`Fault`] planted has to break the law that fault belongs to.

#![allow(clippy::unwrap_used, clippy::panic)]

mod laws;
mod machine;
mod missing_laws;
mod mutants;
mod sale_laws;
mod script;

use fenrun::trade::order::Life;
use laws::{Fact, Law};
use machine::{Engine, Run};
use mutants::{Fault, Mutant};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use script::Script;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A law with its machine.
type Check<'a> = &'a dyn Fn(&Script, &[Fact], &[Fact]) -> Result<(), String>;

/// Runs a law over the engine, then over each mutant, which has to be caught.
fn check(law: Law, mutants: &[Fault]) {
    let input =
        (script::script(0..60), prop::collection::vec(any::<u8>(), 1..6)).prop_flat_map(|(script, facts)| {
            let mut twice = facts.iter().copied().enumerate().collect::<Vec<_>>();
            let once = twice.clone();
            twice.extend(once.iter().copied().take(2));
            (Just(script), Just(once).prop_shuffle(), Just(twice).prop_shuffle())
        });
    let run = |cases: u32, law: Check<'_>| {
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let verdict = runner
            .run(&input, |(script, once, twice)| law(&script, &once, &twice).map_err(TestCaseError::fail));
        verdict.map_err(|error| error.to_string())
    };
    // A long run raises the number of cases of the engine with FENRUN_CASES.
    let cases = std::env::var("FENRUN_CASES").map_or(2000, |text| text.parse().unwrap());
    assert_eq!(run(cases, &|script, once, twice| law(&Engine, script, once, twice)), Ok(()), "the engine");
    assert!(mutants.len() >= 5);
    for fault in mutants {
        let caught = run(3000, &|script, once, twice| {
            // A law catches a mutant by what it says, not by a panic on the way.
            let said = catch_unwind(AssertUnwindSafe(|| law(&Mutant(*fault), script, once, twice)));
            said.unwrap_or(Ok(()))
        });
        assert!(caught.is_err(), "{fault:?} was not caught");
    }
}

/// The laws say nothing about what the scripts do not reach.
#[test]
fn scripts_reach_every_state_and_every_event() {
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (lives, events) = (RefCell::new(BTreeSet::from(["draft"])), RefCell::new(BTreeSet::new()));
    let verdict = runner.run(&script::script(0..60), |script| {
        let walked = Run::new(&Engine).play(&script, |run, _, _| {
            lives.borrow_mut().insert(run.order.life().name());
            events.borrow_mut().extend(run.log.iter().map(|event| event.data.name()));
            Ok(())
        });
        walked.map_err(TestCaseError::fail)
    });
    assert_eq!(verdict.map_err(|error| error.to_string()), Ok(()));
    assert_eq!(lives.borrow().len(), Life::ALL.len(), "{lives:?}");
    assert_eq!(events.borrow().len(), 33, "{events:?}");
}

#[test]
fn never_more_goes_back_than_came_in() {
    let mutants = [
        Fault::CountsDuplicateCaptures,
        Fault::CountsDuplicatePayouts,
        Fault::ConflictMovesMoney,
        Fault::RefusesLateCaptures,
        Fault::RefusesLatePayouts,
        Fault::ReserveIsHalved,
        Fault::PayoutLeavesItOpen,
        Fault::HalvesCaptures,
        Fault::OpenIsHidden,
        Fault::CapturedIsCapped,
        Fault::ForgetsChargebacks,
        Fault::WonTwice,
        Fault::SetOffStaysOpen,
        Fault::RefusesEarlyWins,
        Fault::TellsTheWholeClaim,
        Fault::KeepsAuthorizations,
    ];
    check(laws::money, &mutants);
}

#[test]
fn nets_and_shipping_are_the_total() {
    let mutants = [
        Fault::TotalFollowsCaptures,
        Fault::TotalLessRefunds,
        Fault::NetIsWhatIsLeft,
        Fault::TotalWithoutShipping,
        Fault::ShippedCostsShipping,
        Fault::CancelledLineVanishes,
    ];
    check(laws::sums, &mutants);
}

#[test]
fn units_are_counted_once() {
    let mutants = [
        Fault::RefundsLeaveUnits,
        Fault::OtherLineShips,
        Fault::ShipsCancelled,
        Fault::DeliveredCountsAsRefunded,
        Fault::DeliversUnshipped,
        Fault::CancelLeavesUnits,
        Fault::ReplacesAsDelivered,
        Fault::UndeliveredIsForgotten,
    ];
    check(laws::units, &mutants);
}

#[test]
fn refunds_are_telescoped_entitlements() {
    let mutants = [
        Fault::RefundsFromListPrice,
        Fault::FloorsPerUnit,
        Fault::RoundsUpPerUnit,
        Fault::KeepsShipping,
        Fault::RefundsShippingFirst,
        Fault::ForgetsShortfall,
        Fault::GrantsTheFirstLine,
        Fault::KeepsAddedTax,
        Fault::KeepsRounding,
    ];
    check(laws::entitlement, &mutants);
}

#[test]
fn an_order_is_its_log() {
    let mutants = [
        Fault::DropsTime,
        Fault::DropsSeconds,
        Fault::DropsRefundLines,
        Fault::DropsTerms,
        Fault::DropsSale,
        Fault::RoundsAmounts,
        Fault::DropsReceipt,
        Fault::VersionStands,
    ];
    check(laws::replay, &mutants);
}

#[test]
fn refused_commands_change_nothing_and_repeats_answer_as_before() {
    let mutants = [
        Fault::ActsAgainOnRepeat,
        Fault::TakesClashForRepeat,
        Fault::IgnoresVersions,
        Fault::RepeatShowsTheWholeLog,
        Fault::RetryLaterIsAClash,
        Fault::RefusedCommandHolds,
        Fault::RefusedCaptureStays,
        Fault::RefusedRefundReserves,
        Fault::RefusedTickOrShipReleases,
    ];
    check(laws::verdicts, &mutants);
}

#[test]
fn nothing_leaves_a_terminal_state() {
    let mutants = [
        Fault::CaptureRevivesCancelled,
        Fault::CaptureRevivesExpired,
        Fault::GrantReopensCompleted,
        Fault::PayoutMovesCancelled,
        Fault::CompletedBecomesRefunded,
        Fault::CancelledExpires,
    ];
    check(laws::terminal, &mutants);
}

#[test]
fn every_order_can_end_with_nothing_open() {
    let mutants = [
        Fault::NeverCompletes,
        Fault::NeverUnholds,
        Fault::IgnoresPayoutAfterFailure,
        Fault::ShipsOnlyOnce,
        Fault::RefusesDelivery,
        Fault::PayoutLeavesItOpen,
        Fault::CancelKeepsMoney,
        Fault::ExpiryKeepsMoney,
        Fault::KeepsLateCaptures,
        Fault::KeepsTheRest,
        Fault::PromisesForGood,
    ];
    check(laws::ends, &mutants);
}

#[test]
fn what_charge_backs_took_is_missing_until_it_is_replaced() {
    let mutants = [
        Fault::TakenForGood,
        Fault::TakesNothing,
        Fault::TakesTheFirstLine,
        Fault::OnlyLaterMoneyReplaces,
        Fault::ChargedBackForGood,
        Fault::ChargedBackIsPaid,
        Fault::MissingIsHidden,
        Fault::MissingBeyondWhatIsDue,
        Fault::SetOffIsAskedFor,
        Fault::SettledIsPartlyPaid,
    ];
    check(missing_laws::replaced, &mutants);
}

#[test]
fn goods_wait_for_what_went_back() {
    let mutants = [
        Fault::GoneIsShipped,
        Fault::UnpaidIsHeldBack,
        Fault::GoneForGood,
        Fault::UnaskedIsShipped,
        Fault::AnyMoneyReplaces,
        Fault::ShortIsShipped,
    ];
    check(missing_laws::goods_wait, &mutants);
}

#[test]
fn independent_facts_commute() {
    let mutants = [
        Fault::CountsDuplicateCaptures,
        Fault::CountsDuplicatePayouts,
        Fault::LastCaptureOnly,
        Fault::IgnoresCapturesOncePaid,
        Fault::PaysOutInOrderOnly,
        Fault::RefundsWholeExcessCapture,
        Fault::IgnoresEarlyVoids,
        Fault::IgnoresEarlyWins,
    ];
    check(laws::commute, &mutants);
}

#[test]
fn the_life_cycle_follows_from_the_facts() {
    let mutants = [
        Fault::ShippedAtFirstUnit,
        Fault::ReceivedAtFirstUnit,
        Fault::PaidAtFirstCent,
        Fault::PaidIsReleased,
        Fault::RefundingIsAState,
        Fault::AuthorizedIsPaid,
        Fault::PayoutMovesCancelled,
    ];
    check(laws::life, &mutants);
}

#[test]
fn a_tick_does_what_is_due_and_a_second_one_nothing() {
    let mutants = [
        Fault::OneTimerPerTick,
        Fault::TicksEarly,
        Fault::TicksLate,
        Fault::CompletesAgain,
        Fault::DeliversAgain,
        Fault::ExpiresTwice,
    ];
    check(laws::ticks, &mutants);
}

#[test]
fn cases_go_where_the_table_says_and_hold_units_once() {
    let mutants = [
        Fault::ApprovedIsSettled,
        Fault::SentIsReceived,
        Fault::RejectedStaysOpen,
        Fault::ClaimsAreForgotten,
        Fault::ReturnsAreClaimedTwice,
        Fault::CompletesWithOpenCase,
        Fault::ReturnsAreTwice,
    ];
    check(sale_laws::cases, &mutants);
}

#[test]
fn goods_leave_paid_and_arrive_as_they_left() {
    let mutants = [
        Fault::ShipsUnpaid,
        Fault::ParcelsMix,
        Fault::ParcelIsForgotten,
        Fault::ParcelStandsTwice,
        Fault::NeedsNoCode,
        Fault::DigitalWaits,
    ];
    check(sale_laws::goods, &mutants);
}

#[test]
fn an_edit_is_the_next_version_of_the_sale() {
    let mutants = [
        Fault::EditKeepsVersion,
        Fault::EditKeepsSurplus,
        Fault::EditIsPaid,
        Fault::EditKeepsTotal,
        Fault::EditKeepsNet,
        Fault::SaleStaysAtVersionOne,
    ];
    check(sale_laws::edits, &mutants);
}

#[test]
fn what_is_reserved_is_committed_or_released() {
    let mutants = [
        Fault::KeysByEvent,
        Fault::KeepsStockOfCancelled,
        Fault::EditForgetsStock,
        Fault::CouponIsNeverSpent,
        Fault::CouponIsKept,
        Fault::CommitsWhenPlaced,
        Fault::ReleasesAuthorizationsTwice,
    ];
    check(sale_laws::intents, &mutants);
}
