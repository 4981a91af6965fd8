//! Laws of closing periods, each shown to break for planted mistakes, and the engine against the naive
//! interpreter on random closes. `FENRUN_CASES` sets the number of cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod answer;
mod case;
mod closer;
mod generate;
#[path = "../laws/mod.rs"]
mod laws;
mod laws_of_amounts;
mod laws_of_names;
mod laws_of_people;
mod naive;
#[allow(dead_code, reason = "the other interpreter uses all of it")]
#[path = "../naive/number.rs"]
mod number;
mod schedules;
mod slips;
mod writing;

use answer::Answer;
use case::{Case, Sale};
use closer::{Closer, Engine};
use laws::{Law, cases};
use naive::Naive;
use slips::Slip;
use std::collections::BTreeMap;

/// A law about whoever closes periods.
type PeriodLaw = Law<dyn Closer, Slip>;

fn prove(law: &PeriodLaw) {
    let subjects: [(&str, &dyn Closer); 2] = [("engine", &Engine), ("naive", &Naive::HONEST)];
    law.prove(&subjects, |slip| Box::new(Naive(Some(slip))));
}

#[test]
fn l01_rows_and_retained_sum_to_the_offer() {
    prove(&laws_of_amounts::CONSERVATION);
}

#[test]
fn l04_late_refunds_end_at_zero() {
    prove(&laws_of_amounts::ENDS_AT_ZERO);
}

#[test]
fn l06_order_says_nothing() {
    prove(&laws_of_people::ORDER);
}

#[test]
fn l09_only_who_stands_below_counts() {
    prove(&laws_of_people::LOCAL);
}

#[test]
fn l10_parts_of_teams_sum_to_the_roots() {
    prove(&laws_of_amounts::TEAMS);
}

#[test]
fn l11_more_volume_pays_in_proportion() {
    prove(&laws_of_people::SCALE);
}

#[test]
fn l12_no_volume_is_lost() {
    prove(&laws_of_amounts::LEGS);
}

#[test]
fn l12_late_refunds_leave_nothing_behind() {
    prove(&laws_of_amounts::LATE);
}

#[test]
fn l13_caps_hold() {
    prove(&laws_of_amounts::CAPS);
}

#[test]
fn l14_strangers_change_nothing() {
    prove(&laws_of_people::STRANGERS);
}

#[test]
fn l16_a_carry_survives_being_written() {
    let subjects: [(&str, &dyn writing::Keeper); 1] = [("engine", &writing::Faithful)];
    writing::SURVIVES.prove(&subjects, |loss| Box::new(writing::Losing(loss)));
}

#[test]
fn l17_texts_as_ids_change_nothing_but_names() {
    let subjects: [(&str, &dyn laws_of_names::Caller); 1] = [("engine", &laws_of_names::Straight)];
    laws_of_names::NAMES.prove(&subjects, |mixup| Box::new(laws_of_names::Mixed(mixup)));
}

/// What the engine says differently of a case; nothing when they agree.
fn difference(other: &dyn Closer, case: &Case) -> Option<String> {
    let (engine, naive) = (Engine.close(case), other.close(case));
    let naive = naive.map(|answer| Answer { pairs: comparable(answer.pairs), ..answer });
    if engine != naive {
        return Some(format!("engine {engine:#?}\nnaive {naive:#?}"));
    }
    let refund = |(member, (pv, bv)): (u64, (i64, i64))| Sale { member, pv: pv / 2, bv: bv / 3 };
    let late: Vec<Sale> = case.volumes().into_iter().map(refund).collect();
    let earlier = &late[..late.len() / 2];
    let (engine, naive) = (Engine.adjust(case, earlier, &late), other.adjust(case, earlier, &late));
    let naive = naive.map(|mut adjusted| {
        adjusted.next.pairs = comparable(adjusted.next.pairs);
        adjusted
    });
    (engine != naive).then(|| format!("engine adjusts {engine:#?}\nnaive {naive:#?}"))
}

fn comparable(pairs: Vec<answer::Paired>) -> Vec<answer::Paired> {
    pairs
        .into_iter()
        .map(|pair| answer::Paired { reached: number::big(0), paid: number::big(0), ..pair })
        .collect()
}

#[test]
fn engine_and_interpreter_agree() {
    for seed in 0..cases(20_000) / 5 {
        let case = generate::case(seed);
        if let Some(difference) = difference(&Naive::HONEST, &case) {
            panic!("seed {seed}: {}\n{}\n{difference}", case.plan().to_json_pretty(), case.input().to_json());
        }
    }
}

/// Every mistake that is planted in the interpreter shows against the engine.
#[test]
fn planted_mistakes_show() {
    for slip in Slip::ALL {
        // Small numbers are exact in any float.
        let times = if *slip == Slip::SingleFloats { 10_000_019 } else { 1 };
        let shows = |seed: u64| difference(&Naive(Some(*slip)), &generate::case(seed).times(times)).is_some();
        assert!((0..3_000).any(shows), "{slip:?} does not show");
    }
}

/// The random cases are worth something only if they reach what the page describes.
#[test]
fn the_cases_reach_the_whole_page() {
    const WRITTEN: [&str; 23] = [
        r#""rate_decimals":"#,
        r#""levels":["#,
        r#""differential":"#,
        r#""span":"team""#,
        r#""marginal":true"#,
        r#""polynomial":"#,
        r#""pairing":"#,
        r#""unmatched":"flush""#,
        r#""share":"#,
        r#""weights":{"fact"#,
        r#""after":"#,
        r#""by":"pv""#,
        r#""own_pv":"#,
        r#""split":"#,
        r#""over":"carry""#,
        r#""over":"flush""#,
        r#""over":"scale""#,
        r#""per":"plan""#,
        r#""every":"month""#,
        r#""unqualified":"roll_up""#,
        r#""unqualified":"compress""#,
        r#""up":"placement""#,
        r#""carry":{"#,
    ];
    let mut seen: BTreeMap<String, usize> = WRITTEN.iter().map(|needle| ((*needle).to_owned(), 0)).collect();
    for seed in 0..2_000 {
        let case = generate::case(seed);
        let text = format!("{}{}", case.plan().to_json(), case.input().to_json());
        for needle in WRITTEN {
            *seen.get_mut(needle).unwrap() += usize::from(text.contains(needle));
        }
        for outcome in Naive::HONEST.close(&case).unwrap().outcomes {
            outcome.retained.into_keys().for_each(|reason| *seen.entry(reason).or_default() += 1);
        }
    }
    println!("{seen:?}");
    for reason in
        ["no_upline", "ineligible", "blocked", "unreached_rank", "cap_payee", "cap_rule", "cap_plan", "flush"]
    {
        seen.entry(reason.into()).or_default();
    }
    let rare: Vec<_> = seen.iter().filter(|(_, times)| **times < 10).collect();
    assert!(rare.is_empty(), "too few cases reach {rare:?}");
}
