//! Jobs over the loaded forest, for `benches/forest.py`: team volumes, a differential period, is-above, pages of
//! a team, and moves with a volume that is kept. Questions and moves are about buyers in pairs: the first with
//! the last, and so on.

use crate::rows::Kept;
use crate::world::RANKS;
use crate::{Data, timed};
use fenrun::reward::batch::{Orders, add_volumes, rank_codes, sum_up};
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Forest, MemberIx, PAGE, ReadIndex};
use fenrun_mem::Column;
use std::error::Error;

/// The least team volume of each rank, and what its members have a right to with everybody below them.
const STEPS: [i64; 4] = [100_000, 400_000, 2_000_000, 10_000_000];
const PLAN: &str = r#"{"schema": "fenrun.plan/1", "name": "bench", "currency": "CNY", "ranks": ["V1", "V2", "V3", "V4"],
    "rule": [{"id": "up", "to": {"up": "referral"},
    "pay": {"differential": {"V1": "5%", "V2": "8%", "V3": "12%", "V4": "15%"}}}]}"#;

/// How many rows a job gave, and their checksum.
type Done = Result<(usize, i64), Box<dyn Error>>;

/// What is made once for all runs.
pub(crate) struct Jobs {
    plan: Plan,
    index: ReadIndex,
    own: Vec<i64>,
    /// Memory that is kept, on huge pages.
    volumes: Column<i64>,
    rows: Kept,
    /// The forest that gets ranks, and the one of which members move.
    ranked: Forest,
}

impl Jobs {
    pub(crate) fn new(data: &Data) -> Result<Self, Box<dyn Error>> {
        let mut own = vec![0; data.parents.len()];
        add_volumes(&data.buyers, &data.base, &mut own)?;
        Ok(Self {
            plan: Plan::from_json(PLAN)?,
            index: ReadIndex::of(&data.forest),
            volumes: Column::with_capacity(own.len())?,
            own,
            rows: Kept::default(),
            ranked: data.forest.clone(),
        })
    }

    /// Runs the job of a name, so many questions or moves where it has any.
    pub(crate) fn run(
        &mut self,
        data: &Data,
        job: &str,
        count: usize,
    ) -> Result<serde_json::Value, Box<dyn Error>> {
        let pairs = || data.buyers.iter().zip(data.buyers.iter().rev()).take(count);
        match job {
            "teams" => timed(|| self.teams(data)),
            "differential" => timed(|| self.differential(data)),
            "above" => timed(|| {
                let hits = pairs().filter(|(above, below)| self.index.is_above(**above, **below)).count();
                Ok((count, i64::try_from(hits)?))
            }),
            "pages" => timed(|| {
                let pages = pairs().map(|(whose, after)| self.index.page(*whose, after.index() % 100, PAGE));
                Ok(pages.fold((0, 0), |(rows, sum), page| {
                    let ids = page.iter().map(|ix| i64::from(ix.get())).sum::<i64>();
                    (rows + page.len(), sum + ids)
                }))
            }),
            "moves" => {
                let mut forest = data.forest.clone();
                forest.track("volume", &self.own[1..], 0)?;
                let mut answer = timed(|| {
                    let moved = pairs().filter(|(who, to)| {
                        forest.rebind(u64::from(who.get()), u64::from(to.get()), None).is_ok()
                    });
                    Ok((moved.count(), 0))
                })?;
                let last = u32::try_from(forest.len())?;
                let teams = (1..=last).map(|member| forest.team("volume", MemberIx::new(member)));
                answer["sum"] = teams.sum::<Result<i64, _>>()?.into();
                Ok(answer)
            }
            job => Err(format!("no job is called `{job}`").into()),
        }
    }

    fn teams(&mut self, data: &Data) -> Done {
        self.volumes.clear();
        self.volumes.extend_from_slice(&self.own)?;
        sum_up(&data.parents, &mut self.volumes)?;
        Ok((self.volumes.len() - 1, self.volumes.iter().skip(1).fold(0, |sum, volume| sum ^ volume)))
    }

    /// Own and team volumes, the ranks these reach, and all orders.
    fn differential(&mut self, data: &Data) -> Done {
        if self.volumes.len() != self.own.len() {
            self.volumes.clear();
            self.volumes.extend_from_slice(&self.own)?;
        }
        self.volumes.fill(0);
        add_volumes(&data.buyers, &data.base, &mut self.volumes)?;
        sum_up(&data.parents, &mut self.volumes)?;
        let codes = rank_codes(&self.volumes[1..], &STEPS)?;
        self.ranked.set_ranks(&RANKS.map(str::to_owned), codes)?;
        let components: [(&str, &[i64]); 1] = [("paid", &data.base)];
        let orders = Orders::new(&data.buyers, &components);
        Ok(self.rows.settle(&self.plan, &self.ranked, &orders, &data.parents)?)
    }
}
