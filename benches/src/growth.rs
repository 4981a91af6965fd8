//! `fenrun-bench growth [PAGE]`: the batch over forests of ten thousand to a hundred million members, and what a
//! member costs in memory; as tables, which go between the marks of the page.
#![allow(clippy::float_arithmetic, reason = "nanoseconds and bytes, not money")]

use crate::rows::Kept;
use crate::world::Dice;
use crate::{cpu_ns, plan};
use fenrun::reward::batch::Orders;
use fenrun::reward::referral::{Column, Forest, MemberIx, ReadIndex};
use fenrun_mem::Pages;
use std::error::Error;
use std::fmt::Write;

const SIZES: [u32; 5] = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
const ORDERS: u32 = 1_000_000;
const ROUNDS: usize = 7;
/// Members of whom everything is known.
const KNOWN: u32 = 1_000_000;
/// What the largest forest needs, with its copy on huge pages.
const BYTES_A_MEMBER: u64 = 16;
const MARKS: (&str, &str) = ("<!-- growth, written by make bench -->\n", "<!-- end of growth -->");

/// What is kept of a member, the goal for all until there, and bytes a member.
pub(crate) type Step = (&'static str, &'static str, f64);

/// Measures all sizes and writes the tables.
pub(crate) fn run(page: Option<&str>) -> Result<(), Box<dyn Error>> {
    let mut table = String::from(
        "| members | bytes a member | ns an order | times 10,000 | goal | checksum |\n|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut base = None;
    for members in SIZES {
        if status("/proc/meminfo", "MemAvailable:")? < u64::from(members) * BYTES_A_MEMBER {
            writeln!(table, "| {members} | | not run: too little memory is free | | | |")?;
            continue;
        }
        let answer = alone(&["growth-of", &members.to_string()])?;
        let (bytes, ns, checksum): (f64, f64, i64) = serde_json::from_str(&answer)?;
        let ratio = ns / *base.get_or_insert(ns);
        let goal = match members {
            10_000_000 => "≤ 3 times",
            100_000_000 => "≤ 100 ns, ≤ 8 bytes",
            _ => "",
        };
        // Of a few members one sees the pages of the process, not theirs.
        let bytes = if members < KNOWN { String::new() } else { format!("{bytes:.1}") };
        writeln!(table, "| {members} | {bytes} | {ns:.1} | {ratio:.2} | {goal} | {checksum} |")?;
    }
    table.push_str(
        "\n| of a million members with ids of the host | joined one by one | in all | imported at once | in all | goal |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    let (mut joined, mut imported) = (0.0, 0.0);
    let found: [Vec<(String, String, f64)>; 2] = [
        serde_json::from_str(&alone(&["memory"])?)?,
        serde_json::from_str(&alone(&["memory", "imported"])?)?,
    ];
    for ((what, goal, one), (_, _, other)) in found[0].iter().zip(&found[1]) {
        joined += one;
        imported += other;
        writeln!(table, "| {what} | {one:.1} | {joined:.1} | {other:.1} | {imported:.1} | {goal} |")?;
    }
    println!("{table}");
    page.map_or(Ok(()), |page| crate::figures::write_page(page.as_ref(), MARKS, &table))
}

/// What this program prints in a process of its own, whose memory nobody used before.
fn alone(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let done = std::process::Command::new(std::env::current_exe()?).args(arguments).output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// Bytes a member of a forest whose ids are numbers from 1, nanoseconds an order of the median round, and the
/// checksum.
pub(crate) fn batch(members: u32) -> Result<(f64, f64, i64), Box<dyn Error>> {
    let before = resident()?;
    let mut forest = Forest::new();
    let mut dice = Dice::new(7);
    for id in 1..=members {
        let inviter = (id > 1).then(|| u64::from(1 + dice.below(id - 1)));
        forest.join(u64::from(id), inviter, None)?;
    }
    let bytes = each(resident()?.saturating_sub(before), members)?;
    let parents = Pages::copy_of(forest.parents())?;
    let buyers: Vec<MemberIx> = (0..ORDERS).map(|_| MemberIx::new(1 + dice.below(members))).collect();
    let base: Vec<i64> = (0..ORDERS).map(|_| i64::from(dice.below(100_000))).collect();
    let components: [(&str, &[i64]); 1] = [("paid", &base)];
    let (orders, plan, mut kept) = (Orders::new(&buyers, &components), plan(3)?, Kept::default());
    let mut times = Vec::with_capacity(ROUNDS);
    let mut checksum = 0;
    for round in 0..=ROUNDS {
        let start = cpu_ns();
        checksum = kept.settle(&plan, &forest, &orders, &parents)?.1;
        // The first round makes room.
        times.extend((round > 0).then(|| cpu_ns() - start));
    }
    times.sort_unstable();
    let ns = f64::from(u32::try_from(times[ROUNDS / 2])?) / f64::from(ORDERS);
    Ok((bytes, ns, checksum))
}

/// What each thing that is kept costs, of members who joined one by one or came all at once.
pub(crate) fn memory(imported: bool) -> Result<Vec<Step>, Box<dyn Error>> {
    let mut found = Vec::new();
    let id = |number: u32| u64::from(number) * 1_000_003;
    let mut dice = Dice::new(7);
    let mut inviter = |number: u32| if number > 1 { id(1 + dice.below(number - 1)) } else { 0 };
    // The columns of an import belong to whoever imports, and stay theirs.
    let (ids, inviters): (Vec<u64>, Vec<u64>) = match imported {
        true => (1..=KNOWN).map(|number| (id(number), inviter(number))).unzip(),
        false => Default::default(),
    };
    let mut last = resident()?;
    let mut step = |what, goal| -> Result<(), Box<dyn Error>> {
        let now = resident()?;
        found.push((what, goal, each(now.saturating_sub(last), KNOWN)?));
        last = now;
        Ok(())
    };
    let mut forest = Forest::from_edges(&ids, &inviters)?;
    if !imported {
        for number in 1..=KNOWN {
            forest.join(id(number), Some(inviter(number)).filter(|id| *id != 0), None)?;
        }
    }
    step("who is above whom, the ids and their table", "")?;
    forest.set_ranks(&["V1".into()], vec![1; usize::try_from(KNOWN)?])?;
    forest.set_fact("active", Column::Flag(vec![true; usize::try_from(KNOWN)?]))?;
    step("a rank and a flag", "")?;
    let index = ReadIndex::of(&forest);
    step("the read index", "")?;
    forest.track("people", &vec![1; usize::try_from(KNOWN)?], 1)?;
    step("a volume that is kept, of each and of their team", "≤ 64")?;
    std::hint::black_box((forest, index, ids, inviters));
    Ok(found)
}

fn each(bytes: u64, members: u32) -> Result<f64, Box<dyn Error>> {
    Ok(f64::from(u32::try_from(bytes / 1024)?) * 1024.0 / f64::from(members))
}

/// Bytes of memory this process holds.
fn resident() -> Result<u64, Box<dyn Error>> {
    status("/proc/self/status", "VmRSS:")
}

/// A line of the kernel's, in bytes.
fn status(file: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("the kernel does not say")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
