//! Dividing a purchase: every division in small steps against those the audit tries. Where amounts rise in
//! straight lines between the steps of a ladder and the limit of a cap, none gains more.

use crate::dice::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::reward::period::PeriodKey;
use fenrun::reward::plan::Plan;
use fenrun::reward::sybil::{Actor, Limits, Stage, audit_periods};
use std::collections::BTreeMap;

/// So many of all amounts divide by the rates, by the number of people and by the steps of trials that nothing is
/// rounded anywhere: a minor unit that a division rounds away is no gain to be found.
const UNIT: i64 = 25_200;
const STEP: usize = 12_600;

/// A ladder of one's own volume, paid up to a limit.
pub(crate) struct World {
    /// From so much on, so many per cent.
    steps: Vec<(i64, i64)>,
    limit: i64,
    whole: i64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (mut from, mut rate, mut steps) = (0, 0, Vec::new());
        for _ in 0..dice.between(1, 2) {
            from += UNIT * dice.between(1, 8);
            rate += dice.pick(&[5, 10, 20, 25]);
            steps.push((from, rate));
        }
        Self { steps, limit: UNIT / 2 * dice.between(1, 6), whole: UNIT * dice.between(4, 30) }
    }

    fn paid(&self, volume: i64) -> i64 {
        let rate = self.steps.iter().rev().find(|(from, _)| *from <= volume).map_or(0, |(_, rate)| *rate);
        assert_eq!(volume * rate % 100, 0, "{volume} at {rate} %");
        (volume * rate / 100).min(self.limit)
    }

    fn honest(&self) -> i64 {
        self.paid(self.whole)
    }
}

pub(crate) trait Divider {
    /// What is gained at most by so many identities.
    fn gain(&self, world: &World, identities: usize) -> i64;
}

pub(crate) struct Engine;

impl Divider for Engine {
    fn gain(&self, world: &World, identities: usize) -> i64 {
        let steps: Vec<String> =
            world.steps.iter().map(|(from, rate)| format!(r#"[{from}, "{rate}%"]"#)).collect();
        let plan = Plan::from_json(&format!(
            r#"{{"schema": "fenrun.plan/1", "name": "n", "currency": "CNY", "rule": [{{"id": "r", "on": "month",
            "of": "pv", "to": "self", "pay": {{"ladder": [{}]}},
            "cap": [{{"per": "payee", "every": "month", "limit": {}}}]}}]}}"#,
            steps.join(", "),
            world.limit
        ));
        let actor = Actor {
            id: 1,
            inviter: 0,
            rank: None,
            facts: BTreeMap::new(),
            places: BTreeMap::new(),
            volumes: BTreeMap::from([("pv".to_owned(), world.whole)]),
        };
        let stage =
            Stage { period: PeriodKey::parse("month/2026-11-01").expect("a month"), actors: vec![actor] };
        let limits = Limits { identities, parts: identities + 1, periods: 1 };
        let findings = audit_periods(&plan.expect("a plan"), &[stage], limits).expect("findings");
        findings.iter().map(|finding| finding.gain).max().unwrap_or(0)
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    EqualPartsOnly,
    StepsForgotten,
    CapsForgotten,
    OneIdentityOnly,
    RestStaysWithTheAttacker,
    NobodyHasNothing,
}

/// Tries the divisions of the page, but for a mistake.
pub(crate) struct ByHand(pub(crate) Slip);

impl Divider for ByHand {
    fn gain(&self, world: &World, identities: usize) -> i64 {
        let World { steps, limit, whole } = world;
        let mut asked = vec![0];
        if self.0 == Slip::NobodyHasNothing {
            asked.clear();
        }
        if self.0 != Slip::StepsForgotten {
            asked.extend(steps.iter().map(|(from, _)| *from));
        }
        if self.0 != Slip::CapsForgotten {
            asked.extend(steps.iter().map(|(_, rate)| limit * 100 / rate));
        }
        if self.0 == Slip::EqualPartsOnly {
            asked.clear();
        }
        let people = if self.0 == Slip::OneIdentityOnly { 2 } else { identities + 1 };
        let count = i64::try_from(people).expect("few");
        let equal: i64 = (0..count).map(|at| world.paid(whole * (at + 1) / count - whole * at / count)).sum();
        let mut best = equal.max(world.honest());
        let seconds = if people == 2 { vec![0] } else { asked.clone() };
        for (first, second) in
            asked.iter().flat_map(|first| seconds.iter().map(move |second| (first, second)))
        {
            let rest = whole - first - second;
            let largest = rest >= *first && rest >= *second;
            if rest >= 0 && (largest || self.0 != Slip::RestStaysWithTheAttacker) {
                best = best.max(world.paid(rest) + world.paid(*first) + world.paid(*second));
            }
        }
        best - world.honest()
    }
}

/// No division in steps of half a unit gains more than what is found.
pub(crate) const COMPLETE: Law<dyn Divider, Slip> = Law {
    name: "divisions",
    holds: complete,
    suspects: &[
        Slip::EqualPartsOnly,
        Slip::StepsForgotten,
        Slip::CapsForgotten,
        Slip::OneIdentityOnly,
        Slip::RestStaysWithTheAttacker,
        Slip::NobodyHasNothing,
    ],
};

fn complete(who: &dyn Divider, seed: u64) -> Verdict {
    let world = World::new(seed);
    let identities = if seed % 2 == 0 { 2 } else { 1 };
    let gain = who.gain(&world, identities);
    let mut best = 0;
    for first in (0..=world.whole).step_by(STEP) {
        let seconds = if identities == 2 { world.whole - first } else { 0 };
        for second in (0..=seconds).step_by(STEP) {
            let rest = world.whole - first - second;
            let paid = world.paid(first) + world.paid(second) + world.paid(rest);
            best = best.max(paid - world.honest());
        }
    }
    need(best <= gain, || {
        let World { steps, limit, whole } = &world;
        format!("{steps:?} up to {limit} of {whole}: {best} is gained, {gain} was found")
    })?;
    Ok(if best > 0 { Bearing::Tested } else { Bearing::Beside })
}
