//! Laws of commission. Each holds for the engine and for the naive interpreter, and is shown to break for
//! at least five planted mistakes; `--nocapture` prints which, and at which case.
//!
//! `FENRUN_CASES` sets the number of cases of each law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod evaluator;
#[allow(dead_code, reason = "each test file uses a part of it")]
mod laws;
#[allow(dead_code, reason = "each test file uses a part of it")]
mod naive;
mod reward;

use evaluator::{Engine, Evaluator};
use laws::Law;
use naive::{Mutation, Naive};

/// A law about whoever evaluates plans.
type RewardLaw = Law<dyn Evaluator, Mutation>;

fn prove(law: &RewardLaw) {
    let subjects: [(&str, &dyn Evaluator); 2] = [("engine", &Engine), ("naive", &Naive::HONEST)];
    law.prove(&subjects, |mutation| Box::new(Naive::mutant(mutation)));
}

#[test]
fn l01_rows_and_retained_sum_to_the_offer() {
    prove(&reward::amounts::CONSERVATION);
}

#[test]
fn l01_rows_and_retained_sum_to_the_offer_in_every_shape() {
    prove(&reward::limits::CONSERVATION);
}

#[test]
fn l02_accounts_sum_to_their_amount() {
    prove(&reward::limits::ACCOUNTS);
}

#[test]
fn l03_a_differential_pays_the_best_rate_of_the_path() {
    prove(&reward::amounts::BEST_RATE);
}

#[test]
fn l04_reversals_end_at_zero() {
    prove(&reward::reversal::ENDS_AT_ZERO);
}

#[test]
fn l04_reversals_end_at_zero_in_every_shape() {
    prove(&reward::limits::ENDS_AT_ZERO);
}

#[test]
fn l05_more_sold_is_not_less_paid() {
    prove(&reward::amounts::MONOTONE);
}

#[test]
fn l07_a_replay_meets_the_same_keys() {
    prove(&reward::keys::REPLAY);
}

#[test]
fn l08_lines_may_be_permuted_and_split() {
    prove(&reward::lines::PERMUTED_AND_SPLIT);
}

#[test]
fn l09_only_the_path_counts() {
    prove(&reward::people::LOCAL);
}

#[test]
fn l09_a_chain_is_a_sale_to_its_source() {
    prove(&reward::limits::CHAINS);
}

#[test]
fn l11_amounts_scale_where_they_divide() {
    prove(&reward::amounts::SCALES);
}

#[test]
fn l13_nothing_is_above_a_cap() {
    prove(&reward::limits::CAPPED);
}

#[test]
fn l14_members_out_of_reach_change_nothing() {
    prove(&reward::people::OUT_OF_REACH);
}

#[test]
fn l15_all_agree_when_everybody_qualifies() {
    prove(&reward::people::ALL_QUALIFY);
}

#[test]
fn l16_plans_and_outcomes_survive_being_written() {
    let subjects: [(&str, &dyn reward::writing::Writer); 1] = [("engine", &reward::writing::Canonical)];
    reward::writing::SURVIVES.prove(&subjects, |slip| Box::new(reward::writing::Slipping(slip)));
}
