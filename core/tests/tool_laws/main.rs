//! Laws of what stands around plans: two of them compared, sets of them over time, false identities under
//! them. Each law is shown to break for planted mistakes. `FENRUN_CASES` sets the number of cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod accepted;
mod causes;
mod chains;
mod closing;
mod comparing;
mod dice;
mod divisions;
mod extremes;
mod identities;
#[path = "../laws/mod.rs"]
mod laws;
#[allow(dead_code, reason = "each test file uses a part of it")]
#[path = "../naive/mod.rs"]
mod naive;
mod versions;

use fenrun::reward::sybil::Limits;

#[test]
fn what_two_plans_differ_in_is_told_once_and_whole() {
    let subjects: [(&str, &dyn comparing::Comparer); 1] = [("engine", &comparing::Engine)];
    comparing::DIFFERENCES.prove(&subjects, |slip| Box::new(comparing::Slipping(slip)));
}

#[test]
fn what_two_plans_make_of_a_period_is_told_once_and_whole() {
    let subjects: [(&str, &dyn closing::Reporter); 1] = [("engine", &closing::Engine)];
    closing::CLOSES.prove(&subjects, |slip| Box::new(closing::Slipping(slip)));
}

#[test]
fn the_causes_of_one_change_are_within_what_it_can_bring_about() {
    let subjects: [(&str, &dyn causes::Teller); 1] = [("engine", &causes::Engine)];
    causes::CAUSES.prove(&subjects, |slip| Box::new(causes::Slipping(slip)));
}

#[test]
fn a_set_answers_as_a_list_of_versions_does() {
    let honest = versions::Listed(None);
    let subjects: [(&str, &dyn versions::Keeper); 2] = [("engine", &versions::Engine), ("list", &honest)];
    versions::ANSWERS.prove(&subjects, |slip| Box::new(versions::Listed(Some(slip))));
}

#[test]
fn gains_are_those_of_every_attack_played_by_hand() {
    let honest = identities::ByHand(None);
    let subjects: [(&str, &dyn identities::Auditor); 2] =
        [("engine", &identities::Engine), ("by hand", &honest)];
    identities::GAINS
        .prove_over(laws::cases(1_000) / 5, &subjects, |slip| Box::new(identities::ByHand(Some(slip))));
}

#[test]
fn identities_above_oneself_gain_nothing_from_a_team_ladder() {
    for seed in 0..laws::cases(200) {
        assert_eq!(identities::gain_above_teams(seed), 0, "seed {seed}");
    }
}

#[test]
fn no_division_by_hand_gains_more_than_those_that_are_tried() {
    let subjects: [(&str, &dyn divisions::Divider); 1] = [("engine", &divisions::Engine)];
    divisions::COMPLETE.prove(&subjects, |slip| Box::new(divisions::ByHand(slip)));
}

#[test]
fn every_preset_is_audited() {
    use fenrun::reward::plan::{PRESETS, Plan};
    for (name, _) in PRESETS {
        let limits = Limits { identities: 1, ..Limits::default() };
        assert_eq!(accepted::fault(&Plan::preset(name).unwrap(), limits), None, "{name}");
    }
}

#[test]
fn whatever_is_accepted_is_audited() {
    let limits = Limits { identities: 1, parts: 1, periods: 1 };
    let mut audited = 0;
    for seed in 0..laws::cases(100) / 4 {
        for plan in accepted::plans(seed) {
            assert_eq!(accepted::fault(&plan, limits), None, "seed {seed}");
            audited += 1;
        }
    }
    assert!(audited >= laws::cases(100) / 2, "{audited} plans were accepted");
}

#[test]
fn no_number_of_a_plan_is_too_large_for_the_audit() {
    let mut audited = 0;
    for seed in 0..laws::cases(1_000) / 2 {
        let Some(plan) = extremes::plan(seed) else { continue };
        let played = std::panic::catch_unwind(|| extremes::fault(&plan, seed));
        assert_eq!(
            played.unwrap_or_else(|_| Some("a panic".into())),
            None,
            "seed {seed}: {}",
            plan.canonical()
        );
        audited += 1;
    }
    assert!(audited >= laws::cases(1_000) / 8, "{audited} plans were accepted");
}

#[test]
fn gains_of_sales_are_those_of_every_path_written_by_hand() {
    let honest = chains::ByHand::HONEST;
    let subjects: [(&str, &dyn chains::Auditor); 2] = [("engine", &chains::Engine), ("by hand", &honest)];
    chains::GAINS.prove_over(laws::cases(1_000) / 10, &subjects, |slip| Box::new(chains::ByHand::with(slip)));
}

/// The same paths, settled by the naive interpreter: no attacker gets more than the audit says.
#[test]
fn no_naive_attacker_gains_more_than_the_audit_says() {
    for seed in 0..laws::cases(1_000) / 40 {
        chains::naively(seed);
    }
}
