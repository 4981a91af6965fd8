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

/// What `check` proves a plan by: a sum or product that cannot be held is the next higher one that can.
#[test]
fn sums_of_bounds_are_never_below_the_exact_ones() {
    use fenrun::money::Rate;
    use naive::generate::Dice;
    use naive::number::rate as exact;
    let text = |rate: Rate| rate.to_string();
    let (mut held, mut raised) = (0, 0);
    for seed in 0..20_000 {
        let mut dice = Dice::new(seed);
        let mut draw = || {
            let below = *dice.pick(&[&9, &1_000, &999_999_999_999]);
            format!("{}/{}", dice.between(0, below), dice.between(1, below)).parse::<Rate>().unwrap()
        };
        let (left, right) = (draw(), draw());
        let (a, b) = (exact(&text(left)), exact(&text(right)));
        let unit = exact("1/1000000000000");
        for (up, sum) in [(left.add_up(right).unwrap(), &a + &b), (left.mul_up(right).unwrap(), &a * &b)] {
            let above = exact(&text(up)) - &sum;
            assert!(above >= exact("0") && above < unit, "{left} and {right} give {up}");
            let exactly = above == exact("0");
            (held, raised) = (held + i32::from(exactly), raised + i32::from(!exactly));
        }
    }
    assert!(held > 1_000 && raised > 1_000, "{held} held, {raised} raised: the cases reach one of them only");
}
