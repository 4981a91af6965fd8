//! The close of a month, pairs and a team ladder, and a rank run over many members, against the loop one writes
//! first: every sale walks up both trees and adds itself to everybody's team.

use crate::cpu_ns;
use fenrun::reward::period::{Carry, Closing, PeriodKey, Snapshot, Volumes, close, run_ranks};
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Forest, MemberIx, Spot};
use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;

const MEMBERS: usize = 100_000;
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

/// Closes a month and runs its ranks so many times: the lines of a table.
#[allow(clippy::float_arithmetic, reason = "nanoseconds, not money")]
pub(crate) fn table(rounds: usize) -> Result<String, Box<dyn Error>> {
    let (plan, world) = (Plan::from_json(PLAN)?, World::new(MEMBERS)?);
    let (snapshot, volumes) = month(&world)?;
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
    let mut times = [const { Vec::new() }; 3];
    let mut checksums = [const { String::new() }; 3];
    // The first round makes room.
    for round in 0..=rounds {
        let mut run = |which: usize, job: &dyn Fn() -> Result<String, Box<dyn Error>>| {
            let start = cpu_ns();
            checksums[which] = job()?;
            times[which].extend((round > 0).then(|| cpu_ns() - start));
            Ok::<_, Box<dyn Error>>(())
        };
        run(0, &|| {
            let closed = close(&closing, &[])?;
            let rows = || closed.outcomes.iter().flat_map(|outcome| &outcome.rows);
            Ok(format!("{} rows, {}", rows().count(), rows().map(|row| row.amount).sum::<i64>()))
        })?;
        run(1, &|| {
            let ranks = run_ranks(&plan, &snapshot, &volumes)?;
            let sum: u32 = ranks.codes.iter().map(|code| u32::from(*code)).sum();
            Ok(format!("{} changes, {sum}", ranks.changes.len()))
        })?;
        run(2, &|| Ok(black_box(&world).paid().to_string()))?;
    }
    let [closed, _, plain] = &checksums;
    if closed.split(", ").nth(1) != Some(plain) {
        return Err(format!("the close pays {closed}, the loop {plain}").into());
    }
    let names = [
        "a month closed: pairs, team ladder",
        "rank run of 3 ranks",
        "the loop one writes first: amounts of pairs and ladder, no rows",
    ];
    let members = f64::from(u32::try_from(MEMBERS)?);
    let mut table =
        format!("\n| of {MEMBERS} members | ns a member | ms in all | checksum |\n|---|---:|---:|---:|\n");
    for ((name, times), checksum) in names.iter().zip(&mut times).zip(&checksums) {
        times.sort_unstable();
        let ns = f64::from(u32::try_from(times[times.len() / 2])?);
        writeln!(table, "| {name} | {:.0} | {:.1} | {checksum} |", ns / members, ns / 1e6)?;
    }
    Ok(table)
}

/// The members in both trees, and what each has bought.
fn month(world: &World) -> Result<(Snapshot, Volumes), Box<dyn Error>> {
    let ids = (1..).take(MEMBERS).collect::<Vec<u64>>();
    let inviters = world.inviters[1..].iter().map(|at| u64::try_from(*at)).collect::<Result<Vec<_>, _>>()?;
    let spot = |at: usize| -> Result<Spot, Box<dyn Error>> {
        let leg = if at == 1 { 0 } else { u32::try_from(at % 2)? + 1 };
        Ok(Spot { parent: MemberIx::new(u32::try_from(at / 2)?), leg })
    };
    let spots = (1..=MEMBERS).map(spot).collect::<Result<Vec<_>, _>>()?;
    let snapshot = Snapshot::new(Forest::from_edges(&ids, &inviters)?)?.with_tree("placement", &spots)?;
    let mut volumes = Volumes::new();
    for (id, pv) in ids.iter().zip(&world.pv[1..]) {
        volumes.add(&snapshot, *id, "pv", *pv)?;
        volumes.add(&snapshot, *id, "bv", pv * 100)?;
    }
    Ok((snapshot, volumes))
}
