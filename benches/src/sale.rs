//! Nanoseconds a call: reading a plan, settling one sale alone.

use fenrun::doc::read_json;
use fenrun::reward::commission::{Evaluator, evaluate, offer};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use std::error::Error;
use std::hint::black_box;

const CALLS: u32 = 1_000;
const PLAIN: &str = r#"{"schema":"fenrun.plan/1","name":"bench","currency":"CNY","ranks":["V1","V2","V3"],"rule":[
    {"id":"up","to":{"up":"referral"},"pay":{"levels":["5%","2.5%","1%"]}}]}"#;
const ASKING: &str = r#"{"schema":"fenrun.plan/1","name":"bench","currency":"CNY","ranks":["V1","V2","V3"],"rule":[
    {"id":"up","to":{"up":"referral"},"qualify":{"active":true},"unqualified":"retain",
     "pay":{"levels":["5%","2.5%","1%"]}}]}"#;
const RANKED: &str = r#"{"schema":"fenrun.plan/1","name":"bench","currency":"CNY","ranks":["V1","V2","V3"],
    "rule":[{"id":"diff","to":{"up":"referral"},"pay":{"differential":{"V1":"5%","V2":"8%","V3":"12%"}}}]}"#;
/// Three lines, three people above the buyer.
const SALE: &str = r#"{"id":"O1","buyer":"B","upline":[{"id":"A1","rank":"V1","active":true},
    {"id":"A2","rank":"V2","active":true},{"id":"A3","rank":"V3","active":true}],
    "lines":[{"paid":9999,"list":12000},{"paid":2501,"list":3000,"units":2},{"paid":731,"list":800}]}"#;

/// What is measured: a name, the goal and one call of it, which gives a checksum.
type Case<'a> = (&'static str, &'static str, Box<dyn FnMut() -> i64 + 'a>);
/// A name, the goal, nanoseconds a call and the checksum of all calls of a round.
pub(crate) type Figure = (&'static str, &'static str, u64, i64);

/// Measures all cases in turns, so many rounds of many calls; tells the nanoseconds of the median round.
pub(crate) fn run(rounds: usize) -> Result<Vec<Figure>, Box<dyn Error>> {
    let plans = [PLAIN, ASKING, RANKED].map(Plan::from_json);
    let [plain, asking, ranked] = plans;
    let (plain, asking, ranked) = (plain?, asking?, ranked?);
    let sale = Sale::from_node(&read_json(SALE, SALE.len())?, plain.currency())?;
    let offered = |plan: &Plan| offer(black_box(plan), black_box(&sale)).unwrap_or(-1);
    let traced =
        |plan: &Plan| evaluate(black_box(plan), black_box(&sale)).map_or(-1, |outcome| outcome.pool());
    let alone = |evaluator: &mut Evaluator<'_>| {
        let mut paid = 0;
        let totals = evaluator.each(black_box(&sale), |part| paid += part.amount);
        totals.map_or(-1, |totals| totals.pool() + paid)
    };
    let mut evaluators = [&plain, &asking, &ranked].map(Evaluator::new);
    let [of_plain, of_asking, of_ranked] = &mut evaluators;
    let mut cases: Vec<Case<'_>> = vec![
        ("sale of 3 lines, 3 levels: amounts", "< 300", Box::new(|| alone(of_plain))),
        ("the same, of people who qualify", "< 300", Box::new(|| alone(of_asking))),
        ("the same, differential", "", Box::new(|| alone(of_ranked))),
        ("pool of the sale", "", Box::new(|| offered(&plain))),
        ("sale with keys and trace", "", Box::new(|| traced(&plain))),
        ("differential with keys and trace", "", Box::new(|| traced(&ranked))),
        ("the same, of people who qualify, with keys and trace", "", Box::new(|| traced(&asking))),
        (
            "reading a plan",
            "< 100,000",
            Box::new(|| {
                Plan::from_json(black_box(RANKED))
                    .map_or(-1, |plan| i64::try_from(plan.rules().len()).unwrap_or(0))
            }),
        ),
    ];
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    let mut sums = vec![0; cases.len()];
    for _ in 0..rounds.max(1) {
        for ((_, _, call), (times, sum)) in cases.iter_mut().zip(times.iter_mut().zip(&mut sums)) {
            let before = crate::cpu_ns();
            *sum = (0..CALLS).map(|_| call()).sum();
            times.push(crate::cpu_ns() - before);
        }
    }
    let entries = cases.iter().zip(&mut times).zip(&sums).map(|(((name, goal, _), times), sum)| {
        times.sort_unstable();
        (*name, *goal, times[times.len() / 2] / u64::from(CALLS), *sum)
    });
    Ok(entries.collect())
}
