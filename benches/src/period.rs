//! Nanoseconds of the close of a month: pairs, a team ladder and a rank run over many members, against the
//! loop one writes first: every sale walks up both trees and adds itself to everybody's team.

use fenrun::reward::period::{Carry, Closing, PeriodKey, Snapshot, Volumes, close, run_ranks};
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Forest, MemberIx, Spot};
use std::error::Error;
use std::time::Instant;

const PLAN: &str = r#"{"schema": "fenrun.plan/1", "name": "bench", "currency": "CNY",
  "tree": {"placement": {"fill": {"width": 2}}}, "allow": {"ranks": "a bench", "pairs": "a bench"},
  "rank": [{"id": "V1", "won": {"team_pv": {"min": 2000}}}, {"id": "V2", "won": {"legs_V1": {"min": 2}}},
    {"id": "V3", "won": {"legs_V2": {"min": 2}}}],
  "rule": [
    {"id": "pairs", "on": "month", "of": "pv", "to": "self",
     "pay": {"pairing": {"1:1": "10%"}, "tree": "placement", "unit": 200, "unmatched": "carry"}},
    {"id": "bonus", "on": "month", "of": "bv", "to": "self", "pay": {"by": "pv", "span": "team",
     "ladder": [[100, "3%"], [300, "6%"], [1000, "9%"], [2000, "12%"], [4000, "15%"], [7000, "18%"], [10000, "21%"]]}}]}"#;
/// The ladder of the loop, in per cent.
const LADDER: [(i64, i64); 7] =
    [(100, 3), (300, 6), (1000, 9), (2000, 12), (4000, 15), (7000, 18), (10_000, 21)];

/// Members by place, 0 for nobody.
struct World {
    inviters: Vec<usize>,
    pv: Vec<i64>,
}

impl World {
    /// A random recursive tree: everybody was brought in by somebody who was there before.
    fn new(members: usize) -> Result<Self, Box<dyn Error>> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let (mut inviters, mut pv) = (vec![0], vec![0]);
        for at in 1..=members {
            inviters.push(if at == 1 { 0 } else { usize::try_from(next())? % (at - 1) + 1 });
            pv.push(i64::try_from(next() % 900)? + 100);
        }
        Ok(Self { inviters, pv })
    }

    /// What both rules pay, by the loop.
    fn paid(&self) -> i64 {
        let members = self.pv.len();
        let (mut legs, mut team, mut paid) = (vec![[0_i64; 2]; members], vec![0_i64; members], 0);
        for at in 1..members {
            let mut below = at;
            while below > 1 {
                legs[below / 2][below % 2] += self.pv[at];
                below /= 2;
            }
            let mut up = at;
            while up != 0 {
                team[up] += self.pv[at];
                up = self.inviters[up];
            }
        }
        for [left, right] in legs {
            paid += (left / 200).min(right / 200) * 200 / 10;
        }
        let entitled = |pv: i64| {
            let reached = LADDER.iter().rev().find(|(from, _)| *from <= pv);
            reached.map_or(0, |(_, rate)| pv * 100 * rate / 100)
        };
        // What every team is entitled to less what the teams directly below are: what the roots are.
        for (inviter, team) in self.inviters.iter().zip(team).skip(1) {
            paid += entitled(team) * i64::from(*inviter == 0);
        }
        paid
    }
}

/// Closes a month of so many members, so many times.
pub(crate) fn run(members: usize, rounds: usize) -> Result<serde_json::Value, Box<dyn Error>> {
    let (plan, world) = (Plan::from_json(PLAN)?, World::new(members)?);
    let ids = (1..=u64::try_from(members)?).collect::<Vec<_>>();
    let inviters = world.inviters[1..].iter().map(|at| u64::try_from(*at)).collect::<Result<Vec<_>, _>>()?;
    let spot = |at: usize| -> Result<Spot, Box<dyn Error>> {
        let leg = if at == 1 { 0 } else { u32::try_from(at % 2)? + 1 };
        Ok(Spot { parent: MemberIx::new(u32::try_from(at / 2)?), leg })
    };
    let spots = (1..=members).map(spot).collect::<Result<Vec<_>, _>>()?;
    let snapshot = Snapshot::new(Forest::from_edges(&ids, &inviters)?)?.with_tree("placement", &spots)?;
    let mut volumes = Volumes::new();
    for (id, pv) in ids.iter().zip(&world.pv[1..]) {
        volumes.add(&snapshot, *id, "pv", *pv)?;
        volumes.add(&snapshot, *id, "bv", pv * 100)?;
    }
    let (period, carry) = (PeriodKey::parse("month/2026-11-01")?, Carry::default());
    let closing = Closing {
        plan: &plan,
        tenant: "bench",
        period,
        snapshot: &snapshot,
        volumes: &volumes,
        carry: &carry,
        part: None,
    };
    let (mut closes, mut ranks, mut loops) = (Vec::new(), Vec::new(), Vec::new());
    let (mut paid, mut rows, mut plain) = (0_i64, 0, 0);
    for _ in 0..rounds.max(1) {
        let start = Instant::now();
        let closed = close(&closing, &[])?;
        closes.push(start.elapsed().as_nanos());
        rows = closed.outcomes.iter().map(|outcome| outcome.rows.len()).sum();
        paid = closed.outcomes.iter().flat_map(|outcome| &outcome.rows).map(|row| row.amount).sum();
        let start = Instant::now();
        std::hint::black_box(run_ranks(&plan, &snapshot, &volumes)?);
        ranks.push(start.elapsed().as_nanos());
        let start = Instant::now();
        plain = std::hint::black_box(&world).paid();
        loops.push(start.elapsed().as_nanos());
    }
    if paid != plain {
        return Err(format!("the close pays {paid}, the loop {plain}").into());
    }
    let median = |times: &mut Vec<u128>| {
        times.sort_unstable();
        u64::try_from(times[times.len() / 2])
    };
    Ok(serde_json::json!({
        "members": members, "rows": rows, "paid": paid, "close_ns": median(&mut closes)?,
        "ranks_ns": median(&mut ranks)?, "loop_ns": median(&mut loops)?,
    }))
}
