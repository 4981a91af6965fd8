//! The laws of pricing. Each holds for the engine and is shown to break for at least five planted faults;
//! `--nocapture` prints which, and at which case.
//!
//! `FENRUN_CASES` sets the number of cases of each law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod carts;
mod documents;
mod input;
#[path = "../laws/mod.rs"]
mod laws;
mod naive;
mod pricer;
mod rules;

use pricer::{Engine, Mutant};
use rules::PricingLaw;

fn prove(law: &PricingLaw) {
    law.prove(&[("engine", &Engine)], |fault| Box::new(Mutant(fault)));
}

#[test]
fn the_sums_of_a_quote_hold() {
    prove(&rules::SUMS);
}

#[test]
fn a_discount_is_its_shares() {
    prove(&rules::SHARES);
}

#[test]
fn the_order_of_lines_and_rules_says_nothing() {
    prove(&rules::PERMUTATION);
}

#[test]
fn the_trace_explains_the_amounts() {
    prove(&rules::REPLAY);
}

#[test]
fn a_larger_discount_makes_nothing_dearer() {
    prove(&rules::MONOTONE);
}
