//! Small calls as a Rust host makes them, for `benches/calls.py`, which compares them with `calls.c`.

use fenrun::money::{Allocate, telescope};
use fenrun::reward::batch::{Orders, settle};
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Forest, MemberIx};
use std::error::Error;
use std::hint::black_box;

const MEMBERS: u64 = 100_000;
const CALLS: u32 = 200_000;
const LEVELS: usize = 10;
const PLAN: &str = r#"{"schema":"fenrun.plan/1","name":"bench","currency":"CNY","rule":[
    {"id":"up","to":{"up":"referral"},"pay":{"levels":["5%","2.5%","1%"]}}]}"#;

/// What all calls use.
pub(crate) struct Calls {
    plan: Plan,
    forest: Forest,
}

impl Calls {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let ids: Vec<u64> = (1..=MEMBERS).collect();
        let inviters: Vec<u64> = ids.iter().map(|id| id / 2).collect();
        Ok(Self { plan: Plan::from_json(PLAN)?, forest: Forest::from_edges(&ids, &inviters)? })
    }

    /// Nanoseconds of a call of a name, and the sum of what all calls gave.
    pub(crate) fn run(&self, name: &str) -> Result<serde_json::Value, Box<dyn Error>> {
        let weights = [1999, 2501, 731, 12_000, 4];
        match name {
            "resolve" => measured(|at| {
                let handle = self.forest.find(black_box(at % MEMBERS + 1));
                Ok(handle.map_or(0, |ix| i64::from(ix.get())))
            }),
            "upline" => measured(|at| {
                let member = self.forest.find(at % MEMBERS + 1).unwrap_or(MemberIx::NOBODY);
                let (mut ids, mut len) = ([0; LEVELS], 0);
                for (id, ix) in ids.iter_mut().zip(self.forest.upline(member, None)) {
                    *id = self.forest.id(ix);
                    len += 1;
                }
                Ok(i64::try_from(black_box(&ids)[..len].iter().sum::<u64>())?)
            }),
            "telescope" => measured(|at| Ok(telescope(i64::try_from(at)?, at % 3, 3, 7)?)),
            "allocate" => measured(|at| {
                let job = Allocate { total: i64::try_from(at)?, weights: &weights, ..Allocate::default() };
                let allocation = job.run()?;
                Ok(allocation.shares[3] + allocation.unallocated)
            }),
            "settle" => measured(|at| {
                let buyer = [MemberIx::new(u32::try_from(at % MEMBERS + 1)?)];
                let paid = [i64::try_from(at % 9973)?];
                let components: [(&str, &[i64]); 1] = [("paid", &paid)];
                let rows = settle(&self.plan, &self.forest, &Orders::new(&buyer, &components), None)?;
                Ok(rows.pool())
            }),
            name => Err(format!("no call is called `{name}`").into()),
        }
    }
}

#[allow(clippy::float_arithmetic, reason = "nanoseconds, not money")]
fn measured(call: impl Fn(u64) -> Result<i64, Box<dyn Error>>) -> Result<serde_json::Value, Box<dyn Error>> {
    let start = crate::cpu_ns();
    let mut sum = 0;
    for at in 0..CALLS {
        sum += call(black_box(u64::from(at)))?;
    }
    let ns = f64::from(u32::try_from(crate::cpu_ns() - start)?) / f64::from(CALLS);
    Ok(serde_json::json!({"ns": ns, "sum": sum}))
}
