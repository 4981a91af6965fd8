//! The measuring partner of `benches/batch.py`: keeps the data in memory and settles it whenever it is
//! told to, so that all contenders take turns in one run.
//!
//! Protocol, one line each way: `load DIR` (arrays as raw little-endian columns), `kept LEVELS THREADS` (rows
//! into memory that is kept from batch to batch), `fresh LEVELS` (into new columns), `vectors
//! LEVELS` (into new vectors), `sums LEVELS` (no rows), `chase LEVELS` (a plain loop per order, as one writes
//! it first), `limits` (see `limits.rs`). Answers are JSON with the nanoseconds, the rows and the sum as a
//! checksum. `order ROUNDS` and `forest MEMBERS` need no data: decide and evolve, per command; teams, moves and
//! a saved file of a forest. `job NAME COUNT` runs what `jobs.rs` has, `call NAME` what `calls.rs` has.

mod calls;
mod figures;
mod forest;
mod growth;
mod jobs;
mod limits;
mod order;
mod period;
mod rows;
mod sale;
mod world;

use calls::Calls;
use fenrun::reward::batch::{Job, Orders, settle};
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Forest, MemberIx};
use fenrun_mem::Pages;
use jobs::Jobs;
use rows::Kept;
use rustix::time::{ClockId, clock_gettime};
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

/// Rates by level, in basis points; the peers use the same.
const RATES: [i64; 20] = [500, 250, 100, 90, 80, 70, 60, 50, 45, 40, 35, 30, 25, 20, 15, 10, 9, 8, 7, 6];

struct Data {
    forest: Forest,
    parents: Pages<u32>,
    buyers: Vec<MemberIx>,
    base: Vec<i64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let page = arguments.get(1).map(String::as_str);
    match arguments.first().map(String::as_str) {
        Some("figures") => return figures::run(page),
        Some("growth") => return growth::run(page),
        Some("growth-of") => {
            println!("{}", serde_json::json!(growth::batch(page.ok_or("how many members?")?.parse()?)?));
            return Ok(());
        }
        Some("memory") => {
            println!("{}", serde_json::json!(growth::memory(page == Some("imported"))?));
            return Ok(());
        }
        _ => {}
    }
    let mut data: Option<Data> = None;
    let mut kept = Vec::new();
    let (mut jobs, mut calls) = (None, None);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match (words.as_slice(), &data) {
            (["load", dir], _) => {
                jobs = None;
                data = Some(load(Path::new(dir))?);
                serde_json::json!({"loaded": data.as_ref().map(|data| data.buyers.len())})
            }
            (["kept", levels, threads], Some(data)) => {
                kept.resize_with(threads.parse()?, Kept::default);
                let mut answer = timed(|| batch(data, levels.parse()?, &mut kept))?;
                if kept.len() > 1 {
                    // The time until the slowest thread is done, were no other work on the machine.
                    answer["cpu_ns"] = kept.iter().map(|kept| kept.cpu_ns).max().into();
                }
                answer
            }
            (["job", name, count], Some(data)) => {
                let jobs = match &mut jobs {
                    Some(jobs) => jobs,
                    none => none.insert(Jobs::new(data)?),
                };
                jobs.run(data, name, count.parse()?)?
            }
            (["call", name], _) => {
                let calls = match &mut calls {
                    Some(calls) => calls,
                    none => none.insert(Calls::new()?),
                };
                calls.run(name)?
            }
            (["forest", members], _) => forest::run(members.parse()?)?,
            (["order", rounds], _) => order::run(rounds.parse()?)?,
            (["fresh", levels], Some(data)) => {
                timed(|| batch(data, levels.parse()?, &mut [Kept::default()]))?
            }
            (["vectors", levels], Some(data)) => timed(|| vectors(data, levels.parse()?))?,
            (["sums", levels], Some(data)) => timed(|| sums(data, levels.parse()?))?,
            (["chase", levels], Some(data)) => timed(|| chase(data, levels.parse()?))?,
            (["limits"], Some(data)) => limits::Limits::measure(&data.parents, &data.buyers)?.to_json(),
            _ => return Err(format!("cannot read `{line}`").into()),
        };
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn load(dir: &Path) -> Result<Data, Box<dyn Error>> {
    let column = |name: &str| -> Result<Vec<u64>, Box<dyn Error>> {
        let bytes = std::fs::read(dir.join(name))?;
        Ok(bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
            .collect())
    };
    let (members, inviters) = (column("members")?, column("inviters")?);
    let forest = Forest::from_edges(&members, &inviters)?;
    let buyers = forest.resolve(&column("buyers")?)?;
    let base = column("base")?.into_iter().map(i64::try_from).collect::<Result<_, _>>()?;
    let parents = Pages::copy_of(forest.parents())?;
    Ok(Data { forest, parents, buyers, base })
}

fn timed(
    job: impl FnOnce() -> Result<(usize, i64), Box<dyn Error>>,
) -> Result<serde_json::Value, Box<dyn Error>> {
    let (start, cpu) = (Instant::now(), cpu_ns());
    let (rows, sum) = job()?;
    let wall_ns = u64::try_from(start.elapsed().as_nanos())?;
    let cpu_ns = cpu_ns() - cpu;
    Ok(serde_json::json!({"wall_ns": wall_ns, "cpu_ns": cpu_ns, "rows": rows, "sum": sum}))
}

/// Nanoseconds this thread has run: other work on the machine does not count.
pub(crate) fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

fn plan(levels: usize) -> Result<Plan, Box<dyn Error>> {
    let rates: Vec<String> = RATES.iter().take(levels).map(|rate| format!("{rate}bp")).collect();
    let plan = serde_json::json!({"schema": "fenrun.plan/1", "name": "bench", "currency": "CNY",
        "rule": [{"id": "up", "to": {"up": "referral"}, "pay": {"levels": rates}}]});
    Ok(Plan::from_json(&plan.to_string())?)
}

/// The batch, a thread for each keeper of rows; the sum of the rows is part of the work, as it is for the
/// peers.
fn batch(data: &Data, levels: usize, kept: &mut [Kept]) -> Result<(usize, i64), Box<dyn Error>> {
    let plan = plan(levels)?;
    let components: [(&str, &[i64]); 1] = [("paid", &data.base)];
    let orders = Orders::new(&data.buyers, &components);
    if let [kept] = kept {
        return Ok(kept.settle(&plan, &data.forest, &orders, &data.parents)?);
    }
    let results: Vec<_> = std::thread::scope(|scope| {
        let ranges = orders.split(kept.len());
        let jobs: Vec<_> = ranges
            .into_iter()
            .zip(kept)
            .map(|(range, kept)| {
                let plan = &plan;
                scope.spawn(move || {
                    let mut columns = Vec::new();
                    kept.settle(plan, &data.forest, &orders.slice(range, &mut columns), &data.parents)
                })
            })
            .collect();
        jobs.into_iter().map(|job| job.join().map_err(|_| "a thread panicked")).collect::<Result<_, _>>()
    })?;
    let mut all = (0, 0);
    for result in results {
        let (rows, paid) = result?;
        all = (all.0 + rows, all.1 + paid);
    }
    Ok(all)
}

/// The batch into new vectors, as the smallest call gives it.
fn vectors(data: &Data, levels: usize) -> Result<(usize, i64), Box<dyn Error>> {
    let components: [(&str, &[i64]); 1] = [("paid", &data.base)];
    let orders = Orders::new(&data.buyers, &components);
    let rows = settle(&plan(levels)?, &data.forest, &orders, Some(&data.parents))?;
    Ok((rows.len(), rows::sum(rows.amounts())))
}

/// The batch without rows.
fn sums(data: &Data, levels: usize) -> Result<(usize, i64), Box<dyn Error>> {
    let components: [(&str, &[i64]); 1] = [("paid", &data.base)];
    let orders = Orders::new(&data.buyers, &components);
    let (mut rows, mut paid) = (0, 0);
    Job::new(&plan(levels)?, &data.forest, &orders, Some(&data.parents))?.each(&mut |block| {
        rows += block.amounts.len();
        paid += rows::sum(block.amounts);
    })?;
    Ok((rows, paid))
}

/// What one writes first: order by order, with a division and a branch per level.
fn chase(data: &Data, levels: usize) -> Result<(usize, i64), Box<dyn Error>> {
    let parents = data.forest.parents();
    let mut rows: Vec<(u32, u32, u16, i64)> = Vec::new();
    for (at, (buyer, base)) in data.buyers.iter().zip(&data.base).enumerate() {
        let mut person = parents[buyer.index()];
        for (level, rate) in RATES.iter().take(levels).enumerate() {
            let amount = i64::try_from(i128::from(*base) * i128::from(*rate) / 10_000)?;
            if person == 0 {
                break;
            }
            if amount > 0 {
                rows.push((u32::try_from(at)?, person, u16::try_from(level)?, amount));
            }
            person = parents[usize::try_from(person)?];
        }
    }
    Ok((rows.len(), rows.iter().map(|row| row.3).sum()))
}
