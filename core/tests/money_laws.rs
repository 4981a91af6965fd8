//! Laws of allocation, telescoping and rounding. Each holds for the engine and for a naive reading in big
//! rationals, and is shown to break for at least five planted mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod laws;
mod money;
#[allow(dead_code, reason = "each test file uses a part of it")]
mod naive;

use laws::Law;
use money::{Arithmetic, Engine, Exact, Slip};

fn prove(law: &Law<dyn Arithmetic, Slip>) {
    let subjects: [(&str, &dyn Arithmetic); 2] = [("engine", &Engine), ("naive", &Exact::HONEST)];
    law.prove(&subjects, |slip| Box::new(Exact::with(slip)));
}

#[test]
fn l02_shares_are_exact_to_one_unit_and_sum_up() {
    prove(&money::laws::ALLOCATION);
}

#[test]
fn l02_no_share_is_above_its_cap() {
    prove(&money::laws::CAPS);
}

#[test]
fn parts_of_units_sum_up() {
    prove(&money::laws::TELESCOPE);
}

#[test]
fn rounding_goes_where_its_name_says() {
    prove(&money::laws::ROUNDING);
}

#[test]
fn rates_are_exact_and_survive_their_text() {
    prove(&money::laws::RATES);
}
