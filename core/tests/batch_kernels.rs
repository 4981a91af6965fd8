//! Kernels against the general way on batches that span many blocks: the same rows in the same order,
//! whatever the number of orders, parts and reuses of the memory.
#![allow(clippy::unwrap_used, reason = "tests")]

use fenrun::reward::batch::{Job, Orders, Rows, settle, settle_into};
use fenrun::reward::commission::Reason;
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Column, Forest, MemberIx};

/// Small seeded numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) % end
    }
}

const PLANS: [&str; 5] = [
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["5%","2.5%","1%"]}}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["100%"]},"round":{"mode":"up"}}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["1/3","0%","7%"]},"round":{"mode":"half_away","min":40},
        "qualify":{"active":true},"unqualified":"retain"}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["3%","2%","1%","0.01%","10bp"]}},
       {"id":"b","of":"pv","to":{"up":"referral"},"pay":{"levels":["50%","12.5%"]},"round":{"mode":"half_to_zero"},
        "qualify":{"active":true},"unqualified":"retain"},
       {"id":"c","of":"pv","to":{"up":"referral"},"pay":{"levels":["1%"]},"round":{"mode":"ceil","min":3},
        "qualify":{"score":{"min":50}},"unqualified":"retain"}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["1%","1%"]},"round":{"rate_decimals":1},
        "qualify":{"active":true},"unqualified":"retain"},
       {"id":"b","to":{"up":"referral"},"pay":{"levels":["1%","1%","1%"]},"round":{"mode":"half_ceil"},
        "qualify":{"active":true},"unqualified":"retain"}"#,
];

fn plan(rules: &str) -> Plan {
    let text = format!(r#"{{"schema":"fenrun.plan/1","name":"p","currency":"CNY","rule":[{rules}]}}"#);
    Plan::from_json(&text).unwrap()
}

/// Shallow forests leave gaps in every block, deep ones in none.
fn forest(dice: &mut Dice, members: u64, roots: u64) -> Forest {
    let ids: Vec<u64> = (1..=members).collect();
    let inviter = |dice: &mut Dice, id: u64| if id <= roots { 0 } else { 1 + dice.below(id - 1) };
    let inviters: Vec<u64> = ids.iter().map(|id| inviter(dice, *id)).collect();
    let mut forest = Forest::from_edges(&ids, &inviters).unwrap();
    let active = ids.iter().map(|_| dice.below(4) > 0).collect();
    let score = ids.iter().map(|_| i64::try_from(dice.below(100)).unwrap()).collect();
    forest.set_fact("active", Column::Flag(active)).unwrap();
    forest.set_fact("score", Column::Int(score)).unwrap();
    forest
}

#[test]
fn the_kernel_gives_the_rows_of_the_general_way() {
    let mut dice = Dice(11);
    let mut kept = Rows::default();
    for (at, rules) in PLANS.iter().cycle().take(60).enumerate() {
        let plan = plan(rules);
        let roots = [1, 30, 300][at % 3];
        let forest = forest(&mut dice, 700, roots);
        // Around the edges of blocks, whose size is a power of two, and anywhere.
        let rows = [0, 1, 2, 127, 128, 129, 255, 256, 257, 1000, 300 + dice.below(900)][at % 11];
        let buyers: Vec<MemberIx> =
            (0..rows).map(|_| MemberIx::new(u32::try_from(1 + dice.below(700)).unwrap())).collect();
        let top = [30, 5_000, 1_000_000_000][usize::try_from(dice.below(3)).unwrap()];
        let mut column = || (0..rows).map(|_| i64::try_from(dice.below(top)).unwrap()).collect::<Vec<_>>();
        let (paid, pv) = (column(), column());
        let components: [(&str, &[i64]); 2] = [("paid", &paid), ("pv", &pv)];
        let orders = Orders::new(&buyers, &components);
        let job = Job::new(&plan, &forest, &orders, None).unwrap();
        let most = job.rows_at_most();
        assert!(most.is_some() || buyers.len() < forest.len() / 8, "plan {at} takes the general way");

        let ids: Vec<u64> = (1..=rows).collect();
        let lines = vec![1; buyers.len()];
        let general = Orders { ids: Some(&ids), lines: Some(&lines), ..orders };
        assert!(Job::new(&plan, &forest, &general, None).unwrap().rows_at_most().is_none());
        let expected = settle(&plan, &forest, &general, None).unwrap();
        assert!(expected.conserves() && most.is_none_or(|most| expected.len() <= most));
        assert_eq!(settle(&plan, &forest, &orders, None).unwrap(), expected, "plan {at}, {rows} orders");
        settle_into(&plan, &forest, &orders, Some(forest.parents()), &mut kept).unwrap();
        assert_eq!(kept, expected, "memory used again");
        let mut blocks = (Vec::new(), 0);
        let totals = job.each(&mut |rows| {
            blocks.0.extend_from_slice(rows.payees);
            blocks.1 += rows.amounts.iter().sum::<i64>();
        });
        let totals = totals.unwrap();
        let retained: i64 = Reason::ALL.iter().map(|reason| totals.retained(*reason)).sum();
        assert_eq!((blocks.0.as_slice(), totals.pool()), (expected.payees(), expected.pool()));
        assert_eq!(blocks.1 + retained, totals.pool());
        let mut parts = Rows::default();
        for range in orders.split(1 + at % 5) {
            let mut columns = Vec::new();
            let part = settle(&plan, &forest, &orders.slice(range.clone(), &mut columns), None).unwrap();
            parts.append(&part, u32::try_from(range.start).unwrap()).unwrap();
        }
        assert_eq!(parts, expected, "in parts");
    }
}
