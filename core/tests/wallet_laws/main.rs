//! The laws of wallets over random scripts of commission, withdrawals, payouts with late, duplicate and
//! contradicting reports, holds and adjustments, each law shown to catch planted mutants.
//!
//! The laws are written over the trait [`Machine`](machine::Machine). The engine keeps all of them; the
//! engine with one [`Fault`] planted has to break the law that fault belongs to.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../laws/mod.rs"]
mod law;
mod laws;
mod machine;
mod mutants;
mod script;

use fenrun::ledger::wallet::WithdrawalState;
use law::Law;
use machine::{Engine, Machine};
use mutants::{Fault, Mutant};
use std::collections::BTreeSet;

fn prove(law: &Law<dyn Machine, Fault>) {
    law.prove(&[("the engine", &Engine)], |fault| Box::new(Mutant(fault)));
}

macro_rules! laws {
    ($($test:ident: $law:ident catches $($fault:ident)+;)+) => {$(
        #[test]
        fn $test() {
            prove(&Law { name: stringify!($test), holds: laws::$law, suspects: &[$(Fault::$fault,)+] });
        }
    )+};
}

laws! {
    balances_are_sums_of_postings: sums catches
        DropsFee DoublesPayout ForgetsTheReserve LosesOddUnit DebtVanishes PostsToOthers;
    nothing_hides_below_zero: floors catches
        OverdrawsOnRequest HoldsMoreThanStands ReturnsPastTheDebt AdjustsBelowZero FreesPastTheDebt
        GivesPastTheDebt;
    nothing_is_paid_that_was_not_earned: conserved catches
        EarnsTwice ForgetsReversals HalvesReversals FeeFromNowhere AdjustsTwice ForgivesOverpayment
        TaxBecomesFee;
    claims_are_covered: claims catches
        ReservesHalf FailureReturns LapseReturns ApprovalReturns CancelKeepsReserve ReleaseKeepsHeld
        HoldsTwice;
    refused_commands_change_nothing: verdicts catches
        ActsAgainOnRepeat TakesClashForRepeat RefusedRequestReserves RefusedPayPosts RetryIsAClash
        RepeatShowsTheWholeLog ForgetsIdleCommands;
    a_wallet_is_its_log: replay catches
        DropsTime DropsReason RoundsMoves DropsExpiry DropsFeeOfRequest DropsTransaction;
    independent_reports_commute: commute catches
        DuplicatesReserveAgain OnlyFirstPayoutIsHeard SecondFailureLapses StopsAfterFailure
        SuccessBlocksLapses PayoutsInOrderOnly;
    a_withdrawal_is_paid_once: payouts catches
        StartsSecondPayout LateSuccessPays AnyAmountPays LapsesEarly ConflictIsSilent PaysOverConflicts
        RetryDrawsNewId ReturnsTwice ReturnsAnotherAmount PaysTheTransactionAgain IgnoresTheExtension
        PaysWhatWentElsewhere;
    what_comes_back_was_never_paid: bounces catches
        KeepsFeeOfReturned KeepsTaxOfReturned ReturnsToHand ReturnsTwice ReturnsAnotherAmount
        ConflictIsSilent BounceEndsTheWithdrawal;
    adjustments_take_two: adjustments catches
        ApprovesOwn RejectionPosts ProposalPosts AdjustsTwice ReasonIsOptional ApprovalPostsNothing;
    limits_are_kept: limits catches
        IgnoresMin IgnoresMax IgnoresDailyCount IgnoresDailyAmount FeeUnbounded TaxesTheFee RoundsDown
        CountsUtcDays CountsWhatIsVoid;
    a_hold_is_no_evaluation: holds catches
        BanIsIgnored HoldForfeits HeldCanBeWithdrawn FreesAnotherStage ReleaseKeepsHeld HoldsTwice
        ReleasesEverything;
    statements_are_sums: statements catches
        ForgetsOpening CountsTheEnd ForgetsFees HidesReversals NetsDebts CountsRequestsAsPaid;
}

/// The laws say nothing about what the scripts do not reach.
#[test]
fn scripts_reach_every_state_and_every_event() {
    let (mut states, mut events) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..400 {
        let run = script::play(&Engine, seed, |_, _, _, run| {
            states.extend(run.wallet.withdrawals().values().map(|withdrawal| withdrawal.state));
            Ok(())
        });
        events.extend(run.unwrap().log.iter().map(|event| event.data.name()));
    }
    assert_eq!(states.len(), WithdrawalState::ALL.len(), "{states:?}");
    assert_eq!(events.len(), 18, "{events:?}");
}
