//! `fenrun-bench figures [PAGE]`: kernels over a forest and sales alone, in turns in one process, against what
//! the memory of this machine allows; as a table, which goes between the marks of the page.
#![allow(clippy::float_arithmetic, reason = "nanoseconds, not money")]

use crate::RATES;
use crate::cpu_ns;
use crate::limits::Limits;
use crate::period;
use crate::rows::Kept;
use crate::sale;
use crate::world::{DEEP, RANDOM, RANKS, World, parents};
use fenrun::reward::batch::{Job, Orders, add_volumes, rank_codes, sum_up, team_volumes};
use fenrun::reward::plan::Plan;
use fenrun_mem::{Column, Pages};
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

const MEMBERS: u32 = 1_000_000;
const MANY: u32 = 10_000_000;
const ORDERS: usize = 1_000_000;
const ROUNDS: usize = 7;
/// Orders of plans without a kernel.
const FEW: usize = 20_000;
/// Where the table stands in the page.
const MARKS: (&str, &str) = ("<!-- figures, written by make bench -->\n", "<!-- end of figures -->");

/// Bytes an order is read from, and a row is written to.
const ORDER_BYTES: f64 = 12.0;
const ROW_BYTES: f64 = 20.0;

/// How often something was done, and a checksum.
type Done = Result<(usize, i64), Box<dyn Error>>;

/// What is measured, for how many of what, and what it needs of the memory for all of them.
struct Case<'a> {
    name: &'static str,
    goal: &'static str,
    /// Whether the count that the run gives is what it is shown for; `times` otherwise.
    per_row: bool,
    unit: &'static str,
    times: u32,
    /// Reads that wait for no other, bytes read in a row, and bytes written; rows are written besides.
    reads: f64,
    read_bytes: f64,
    written_bytes: f64,
    run: Box<dyn FnMut() -> Done + 'a>,
}

/// Measures everything and writes the table.
pub(crate) fn run(page: Option<&str>) -> Result<(), Box<dyn Error>> {
    let (random, deep) = (World::new(MEMBERS, ORDERS, RANDOM)?, World::new(MEMBERS, ORDERS, DEEP)?);
    let mut period = World::new(MEMBERS, ORDERS, RANDOM)?;
    let mut deep_period = World::new(MEMBERS, ORDERS, DEEP)?;
    let many_of_4k = parents(MANY, RANDOM);
    let many = Pages::copy_of(&many_of_4k)?;
    let own: Vec<i64> = (0..=i64::from(MEMBERS)).map(|at| at % 9_973).collect();
    let own_of_many: Vec<i64> = (0..=i64::from(MANY)).map(|at| at % 9_973).collect();
    let (mut kept, mut kept_of_many) =
        (Column::with_capacity(own.len())?, Column::with_capacity(own_of_many.len())?);
    let [differential, three, ten, twenty] = [DIFFERENTIAL, "3", "10", "20"].map(plan);
    let (differential, three, ten, twenty) = (differential?, three?, ten?, twenty?);
    let [compress, roll_up, stop] =
        ["compress", "roll_up", "stop"].map(|mode| plan_of_qualified(mode, LEVELS));
    let (compress, roll_up, stop) = (compress?, roll_up?, stop?);
    let [stopped, rolled] = ["stop", "roll_up"].map(|mode| plan_of_qualified(mode, RATES_OF_RANKS));
    let (stopped, rolled) = (stopped?, rolled?);
    let [labels, after] = [LABELS, AFTER].map(plan_of_rules);
    let (labels, after) = (labels?, after?);
    let mut cases = vec![
        orders("3 levels", "", &random, &three, 3.0),
        Case { per_row: true, unit: "row", ..orders("10 levels", "≤ 15", &random, &ten, 10.0) },
        Case { per_row: true, unit: "row", ..orders("20 levels", "≤ 15", &random, &twenty, 20.0) },
        orders("3 levels, `compress`", "", &random, &compress, 3.0),
        orders("3 levels, `roll_up`", "", &random, &roll_up, 6.0),
        orders("3 levels, `stop`", "", &random, &stop, 3.0),
        orders("differential of 4 ranks", "", &random, &differential, 3.0),
        orders("differential of 4 ranks, deep tree", "", &deep, &differential, 3.0),
        orders("differential, `stop`", "", &random, &stopped, 4.0),
        orders("differential, `roll_up`", "", &random, &rolled, 6.0),
        general("without a kernel: 3 levels by label", &random, &labels),
        general("without a kernel: a rule after another", &random, &after),
        whole_period("differential period: volumes, ranks, orders", &mut period, &differential, 4.0),
        whole_period("the same in a deep tree", &mut deep_period, &differential, 4.0),
        teams("team volumes", "≤ 7", MEMBERS, || volumes(&random.parents, &own, None)),
        teams("the same into kept memory", "≤ 7", MEMBERS, || {
            volumes(&random.parents, &own, Some(&mut kept))
        }),
        teams("the same into a new vector", "", MEMBERS, || new_vector(random.forest.parents(), &own)),
        teams("team volumes of 10,000,000", "≤ 15", MANY, || volumes(&many, &own_of_many, None)),
        teams("the same into kept memory", "≤ 15", MANY, || {
            volumes(&many, &own_of_many, Some(&mut kept_of_many))
        }),
        teams("the same into a new vector", "", MANY, || new_vector(&many_of_4k, &own_of_many)),
    ];
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    let mut done = vec![(0, 0); cases.len()];
    let (mut limits, mut limits_of_many) = (Limits::default(), Limits::default());
    for round in 0..=ROUNDS {
        limits.better(&Limits::measure(random.forest.parents(), &random.buyers)?);
        limits_of_many.better(&Limits::measure(&many, &random.buyers)?);
        for ((case, times), done) in cases.iter_mut().zip(&mut times).zip(&mut done) {
            // The first of two runs brings the data of this case back into the caches.
            (case.run)()?;
            let start = cpu_ns();
            *done = (case.run)()?;
            // The first round makes room.
            times.extend((round > 0).then(|| cpu_ns() - start));
        }
    }
    let mut table = lines(&cases, &mut times, &done, [&limits, &limits_of_many])?;
    table.push_str("\n| alone | ns a call | goal | checksum |\n|---|---:|---:|---:|\n");
    for (name, goal, ns, sum) in sale::run(4 * ROUNDS + 1)? {
        writeln!(table, "| {name} | {ns} | {goal} | {sum} |")?;
    }
    table.push_str(&period::table(ROUNDS)?);
    println!("{table}");
    page.map_or(Ok(()), |page| write_page(Path::new(page), MARKS, &table))
}

/// The lines of all cases; limits are those of a million members and of ten.
fn lines(
    cases: &[Case<'_>],
    times: &mut [Vec<u64>],
    done: &[(usize, i64)],
    [of_some, of_many]: [&Limits; 2],
) -> Result<String, Box<dyn Error>> {
    let mut table = format!(
        "N = {MEMBERS} members, {ORDERS} orders, seed 7, {ROUNDS} rounds, one thread.\n\n\
         | kernel | for | ns | goal | share of the limit | checksum |\n|---|---|---:|---:|---:|---:|\n"
    );
    for ((case, times), (count, sum)) in cases.iter().zip(times).zip(done) {
        times.sort_unstable();
        let count = f64::from(u32::try_from(*count)?);
        let times_shown = if case.per_row { count } else { f64::from(case.times) };
        let ns = f64::from(u32::try_from(times[times.len() / 2])?) / times_shown;
        let of = if case.times == MANY { of_many } else { of_some };
        let rows = if case.unit == "member" { 0.0 } else { count * ROW_BYTES };
        let all = f64::from(case.times);
        let each = case.reads * of.gathered + case.read_bytes * of.read + case.written_bytes * of.written;
        let limit = all * each + rows * of.written;
        let share = limit / times_shown / ns;
        let Case { name, goal, unit, .. } = case;
        writeln!(table, "| {name} | {unit} | {ns:.1} | {goal} | {share:.2} | {count} rows, {sum} |")?;
    }
    Ok(table)
}

const DIFFERENTIAL: &str = "differential";
const LEVELS: &str = r#"{"levels": ["10%", "6%", "3%"]}"#;
const RATES_OF_RANKS: &str = r#"{"differential": {"V1": "5%", "V2": "8%", "V3": "12%", "V4": "15%"}}"#;
const LABELS: &str = r#"[{"id": "up", "to": {"up": "referral", "as": "above"},
    "pay": {"levels": {"above": ["10%", "6%", "3%"], "any": ["1%"]}}}]"#;
const AFTER: &str = r#"[{"id": "up", "to": {"up": "referral"}, "pay": {"levels": ["10%", "6%", "3%"]}},
    {"id": "thanks", "after": "up", "of": "income", "to": {"up": "referral"}, "pay": {"levels": ["10%"]}}]"#;

/// A plan of so many levels, or of a differential.
fn plan(kind: &str) -> Result<Plan, Box<dyn Error>> {
    let pay = if kind == DIFFERENTIAL {
        serde_json::from_str(RATES_OF_RANKS)?
    } else {
        let rates = RATES.iter().take(kind.parse()?).map(|rate| format!("{rate}bp"));
        serde_json::json!({"levels": rates.collect::<Vec<_>>()})
    };
    plan_of_rules(&serde_json::json!([{"id": "up", "to": {"up": "referral"}, "pay": pay}]).to_string())
}

fn plan_of_qualified(mode: &str, pay: &str) -> Result<Plan, Box<dyn Error>> {
    plan_of_rules(&format!(
        r#"[{{"id": "up", "to": {{"up": "referral"}}, "qualify": {{"active": true}}, "unqualified": "{mode}",
            "pay": {pay}}}]"#
    ))
}

fn plan_of_rules(rules: &str) -> Result<Plan, Box<dyn Error>> {
    let rules: serde_json::Value = serde_json::from_str(rules)?;
    let plan = serde_json::json!({"schema": "fenrun.plan/1", "name": "bench", "currency": "CNY", "ranks": RANKS,
        "rule": rules});
    Ok(Plan::from_json(&plan.to_string())?)
}

/// Plans without a kernel: each order is a sale of its own, with the people above its buyer.
fn general<'a>(name: &'static str, world: &'a World, plan: &'a Plan) -> Case<'a> {
    let mut kept = Kept::default();
    let run = move || -> Done {
        let components: [(&str, &[i64]); 1] = [("paid", &world.base[..FEW])];
        let orders = Orders::new(&world.buyers[..FEW], &components);
        Ok(kept.settle(plan, &world.forest, &orders, &world.parents)?)
    };
    let times = u32::try_from(FEW).unwrap_or(u32::MAX);
    Case {
        name,
        goal: "",
        per_row: false,
        unit: "order",
        times,
        reads: 3.0,
        read_bytes: ORDER_BYTES,
        written_bytes: 0.0,
        run: Box::new(run),
    }
}

/// All orders into kept memory; `reads` of the forest each.
fn orders<'a>(
    name: &'static str,
    goal: &'static str,
    world: &'a World,
    plan: &'a Plan,
    reads: f64,
) -> Case<'a> {
    let mut kept = Kept::default();
    let run = move || -> Done {
        let components: [(&str, &[i64]); 1] = [("paid", &world.base)];
        let orders = Orders::new(&world.buyers, &components);
        if Job::new(plan, &world.forest, &orders, Some(&world.parents))?.rows_at_most().is_none() {
            return Err(format!("{name} takes the general way").into());
        }
        Ok(kept.settle(plan, &world.forest, &orders, &world.parents)?)
    };
    let times = u32::try_from(ORDERS).unwrap_or(u32::MAX);
    Case {
        name,
        goal,
        per_row: false,
        unit: "order",
        times,
        reads,
        read_bytes: ORDER_BYTES,
        written_bytes: 0.0,
        run: Box::new(run),
    }
}

/// Own and team volumes, the ranks they reach, and all orders.
fn whole_period<'a>(name: &'static str, world: &'a mut World, plan: &'a Plan, reads: f64) -> Case<'a> {
    let mut kept = Kept::default();
    let run = move || -> Done {
        let mut own = vec![0; world.parents.len()];
        add_volumes(&world.buyers, &world.base, &mut own)?;
        let team = team_volumes(&world.parents, &own)?;
        let codes = rank_codes(&team[1..], &[100_000, 400_000, 2_000_000, 10_000_000])?;
        world.forest.set_ranks(&RANKS.map(str::to_owned), codes)?;
        let components: [(&str, &[i64]); 1] = [("paid", &world.base)];
        let orders = Orders::new(&world.buyers, &components);
        Ok(kept.settle(plan, &world.forest, &orders, &world.parents)?)
    };
    let times = u32::try_from(ORDERS).unwrap_or(u32::MAX);
    // Each order twice; what members and their teams have, and who is above them; sums and ranks.
    Case {
        name,
        goal: "≤ 130",
        per_row: false,
        unit: "order",
        times,
        reads,
        read_bytes: 2.0 * ORDER_BYTES + 12.0,
        written_bytes: 9.0,
        run: Box::new(run),
    }
}

/// Team volumes: what a member has and who is above them is read, what the team has written, in the order of
/// members, and a sum from anywhere.
fn teams<'a>(name: &'static str, goal: &'static str, times: u32, run: impl FnMut() -> Done + 'a) -> Case<'a> {
    Case {
        name,
        goal,
        per_row: false,
        unit: "member",
        times,
        reads: 1.0,
        read_bytes: 12.0,
        written_bytes: 8.0,
        run: Box::new(run),
    }
}

/// Into huge pages, new ones where none are kept; what members have themselves is copied first.
fn volumes(parents: &[u32], own: &[i64], kept: Option<&mut Column<i64>>) -> Done {
    let mut new = Column::with_capacity(if kept.is_some() { 0 } else { own.len() })?;
    let team = kept.unwrap_or(&mut new);
    team.clear();
    team.extend_from_slice(own)?;
    sum_up(parents, team)?;
    Ok(checksum(team))
}

/// As the one-line call gives them, on pages of 4 KiB.
fn new_vector(parents: &[u32], own: &[i64]) -> Done {
    Ok(checksum(&team_volumes(parents, own)?))
}

fn checksum(volumes: &[i64]) -> (usize, i64) {
    (volumes.len(), volumes.iter().fold(0, |sum, volume| sum ^ volume))
}

/// Puts the table between the marks of the page.
pub(crate) fn write_page(page: &Path, marks: (&str, &str), table: &str) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(page)?;
    let parts =
        text.split_once(marks.0).and_then(|(before, rest)| Some((before, rest.split_once(marks.1)?.1)));
    let (before, after) = parts.ok_or("the page has no marks for the table")?;
    Ok(std::fs::write(page, format!("{before}{}{table}{}{after}", marks.0, marks.1))?)
}
