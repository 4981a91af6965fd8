//! Laws of the growth and refund models.

#![allow(clippy::unwrap_used)]

use fenrun::money::Rate;
use fenrun_sim::{Growth, Refunds, distributors};
use proptest::prelude::*;

fn rate() -> impl Strategy<Value = Rate> {
    (0_u64..=100).prop_map(|per_cent| Rate::new(per_cent, 100).unwrap())
}

fn most_invited(parents: &[Option<usize>]) -> usize {
    let mut invited = vec![0; parents.len()];
    for parent in parents.iter().flatten() {
        invited[*parent] += 1;
    }
    invited.into_iter().max().unwrap_or(0)
}

proptest! {
    #[test]
    fn inviters_come_first_and_a_seed_says_it_all(seed: u64, alone in rate(), by in rate(), n in 0_usize..400) {
        let growth = Growth::new(seed, alone, by).unwrap();
        let parents = growth.parents(n);
        prop_assert_eq!(parents.len(), n);
        prop_assert!(parents.iter().enumerate().all(|(at, parent)| parent.is_none_or(|inviter| inviter < at)));
        prop_assert_eq!(&growth.parents(n), &parents);
        // A longer run starts with the shorter one: who came later cannot change who came before.
        prop_assert_eq!(&growth.parents(n + 50)[..n], &parents[..]);
    }

    #[test]
    fn a_part_is_never_the_whole(seed: u64, index: u64, lines in prop::collection::vec((1_u64..9, 0_i64..5000), 1..4)) {
        let units: u64 = lines.iter().map(|(units, _)| units).sum();
        if let Some(sent) = Refunds::new(seed, Rate::ONE).unwrap().of(index, &lines) {
            let (line_units, line_minor) = lines[sent.line];
            prop_assert!(sent.units <= line_units && sent.units < units);
            prop_assert!(sent.minor < line_minor);
            prop_assert_eq!(sent.units == 0, sent.minor > 0);
        }
    }
}

#[test]
fn chances_at_their_ends() {
    let all_alone = Growth::new(1, Rate::ONE, Rate::ZERO).unwrap();
    assert!(all_alone.parents(100).iter().all(Option::is_none));
    let nobody_alone = Growth::new(1, Rate::ZERO, Rate::ONE).unwrap();
    assert_eq!(nobody_alone.parents(100).iter().filter(|parent| parent.is_none()).count(), 1);
    assert!(Growth::new(1, "101%".parse().unwrap(), Rate::ZERO).is_err());
    assert!(distributors(1, Rate::ONE, 50).unwrap().iter().all(|yes| *yes));
}

#[test]
fn preference_makes_hubs() {
    let members = 20_000;
    for seed in 0..5 {
        let uniform = most_invited(&Growth::new(seed, Rate::ZERO, Rate::ZERO).unwrap().parents(members));
        let preferential = most_invited(&Growth::new(seed, Rate::ZERO, Rate::ONE).unwrap().parents(members));
        // The largest number of invitations grows like log₂ n in the uniform tree and like √n in the
        // preferential one.
        assert!((9..=24).contains(&uniform), "{uniform}");
        assert!(preferential > 4 * uniform, "{preferential} against {uniform}");
    }
}

#[test]
fn the_shares_are_met() {
    let twentieth = Rate::new(1, 20).unwrap();
    let roots = Growth::new(9, twentieth, twentieth).unwrap().parents(40_000);
    let roots = roots.iter().filter(|parent| parent.is_none()).count();
    assert!((1_780..2_220).contains(&roots), "{roots}");
    let yes = distributors(9, Rate::new(4, 5).unwrap(), 40_000).unwrap();
    let yes = yes.iter().filter(|yes| **yes).count();
    assert!((31_600..32_400).contains(&yes), "{yes}");
}
