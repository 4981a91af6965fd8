//! Kernels against the general way on batches that span many blocks: the same rows in the same order,
//! whatever the number of orders, parts and reuses of the memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use fenrun::Code;
use fenrun::reward::batch::{Job, Orders, Rows, add_volumes, rank_codes, settle, settle_into, team_volumes};
use fenrun::reward::commission::Reason;
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Column, Forest, MemberIx, Order};

/// Small seeded numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) % end
    }
}

const PLANS: [&str; 14] = [
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
    r#"{"id":"a","to":{"up":"referral"},"pay":{"differential":{"V1":"5%","V2":"8%","V3":"12%"}}}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["3%","1%"]}},
       {"id":"b","of":"pv","to":{"up":"referral","limit":3},"round":{"mode":"half_away","min":7},
        "pay":{"differential":{"V1":"5%","V2":"0%","V3":"7%","any":"1%"}}},
       {"id":"c","to":{"up":"referral","limit":700},"pay":{"differential":{"V2":"2%","V3":"1/3"}},
        "qualify":{"active":true},"unqualified":"compress"}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"differential":{"V3":"5%","V1":"8%"}},
        "qualify":{"active":true},"unqualified":"retain"},
       {"id":"b","to":{"up":"referral","limit":5},"pay":{"levels":["10%","6%","3%"]},
        "qualify":{"active":true},"unqualified":"roll_up"}"#,
    r#"{"id":"a","to":{"up":"referral","limit":9},"pay":{"levels":["10%","6%","3%"]},
        "qualify":{"score":{"min":30}},"unqualified":"compress"},
       {"id":"b","to":{"up":"referral","limit":700},"pay":{"levels":["5%"]}},
       {"id":"c","to":{"up":"referral","limit":700},"pay":{"levels":["4%","3%","2%","1%"]},"round":{"min":9},
        "qualify":{"score":{"min":30}},"unqualified":"compress_by_level"}"#,
    r#"{"id":"a","to":{"up":"referral","limit":700},"pay":{"differential":{"V1":"5%","V2":"8%","V3":"12%"}},
        "qualify":{"active":true},"unqualified":"compress_by_level"}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["10%","6%","3%","2%"]},"round":{"min":5},
        "qualify":{"active":true},"unqualified":"stop"},
       {"id":"b","of":"pv","to":{"up":"referral"},"pay":{"levels":["1%"]}},
       {"id":"c","of":"pv","to":{"up":"referral"},"pay":{"levels":["50%","25%"]},
        "qualify":{"score":{"min":60}},"unqualified":"stop"}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"differential":{"V1":"5%","V2":"8%","V3":"12%"}},"round":{"min":4},
        "qualify":{"active":true},"unqualified":"stop"},
       {"id":"b","of":"pv","to":{"up":"referral","limit":3},"pay":{"differential":{"V1":"5%","V3":"12%","any":"1%"}},
        "qualify":{"score":{"min":40}},"unqualified":"stop"}"#,
    r#"{"id":"a","to":{"up":"referral","limit":700},"pay":{"differential":{"V1":"5%","V2":"8%","V3":"12%"}},
        "qualify":{"active":true},"unqualified":"roll_up","round":{"min":4}},
       {"id":"b","of":"pv","to":{"up":"referral","limit":700},"pay":{"differential":{"V2":"8%","any":"2%"}},
        "qualify":{"score":{"min":90}},"unqualified":"roll_up"}"#,
    r#"{"id":"a","to":{"up":"referral"},"pay":{"levels":["10%","6%","3%","2%"]},
        "qualify":[{"active":true},{"score":{"min":20}},{"score":{"min":70}}],"unqualified":"stop"},
       {"id":"b","of":"pv","to":{"up":"referral","limit":700},"pay":{"levels":["5%","4%","3%"]},"round":{"min":3},
        "qualify":[{"score":{"min":50}},{"active":true}],"unqualified":"roll_up"},
       {"id":"c","to":{"up":"referral"},"pay":{"levels":["1%","1%"]},
        "qualify":[{"active":true},{"score":{"min":20}}],"unqualified":"retain"}"#,
];

fn plan(rules: &str) -> Plan {
    let text = format!(
        r#"{{"schema":"fenrun.plan/1","name":"p","currency":"CNY","ranks":["V1","V2","V3"],"rule":[{rules}]}}"#
    );
    Plan::from_json(&text).unwrap()
}

/// Shallow forests leave gaps in every block, deep ones in none; `chain` ones are a single line.
fn forest(dice: &mut Dice, members: u64, roots: u64, chain: bool) -> Forest {
    let ids: Vec<u64> = (1..=members).collect();
    let inviter = |dice: &mut Dice, id: u64| match (id <= roots, chain) {
        (true, _) => 0,
        (false, true) => id - 1,
        (false, false) => 1 + dice.below(id - 1),
    };
    let inviters: Vec<u64> = ids.iter().map(|id| inviter(dice, *id)).collect();
    let mut forest = Forest::from_edges(&ids, &inviters).unwrap();
    // Some move below people who joined after them.
    for _ in 0..dice.below(40) {
        let _cycle = forest.rebind(1 + dice.below(members), 1 + dice.below(members), None);
    }
    let ranks = ids.iter().map(|_| u8::try_from(dice.below(4)).unwrap()).collect();
    forest.set_ranks(&["V3", "V1", "V2"].map(str::to_owned), ranks).unwrap();
    let active = ids.iter().map(|_| dice.below(4) > 0).collect();
    let score = ids.iter().map(|_| i64::try_from(dice.below(100)).unwrap()).collect();
    forest.set_fact("active", Column::Flag(active)).unwrap();
    forest.set_fact("score", Column::Int(score)).unwrap();
    forest
}

/// A batch over a forest.
struct Batch {
    at: usize,
    rules: String,
    forest: Forest,
    buyers: Vec<MemberIx>,
    paid: Vec<i64>,
    pv: Vec<i64>,
}

impl Batch {
    fn new(at: usize, dice: &mut Dice) -> Self {
        let roots = [1, 30, 300][at % 3];
        let forest = forest(dice, 700, roots, at % 7 == 6);
        // Around the edges of blocks, whose size is a power of two, and anywhere.
        let rows = [0, 1, 2, 127, 128, 129, 255, 256, 257, 1000, 300 + dice.below(900)][at % 11];
        let buyers: Vec<MemberIx> =
            (0..rows).map(|_| MemberIx::new(u32::try_from(1 + dice.below(700)).unwrap())).collect();
        let top = [30, 5_000, 1_000_000_000][usize::try_from(dice.below(3)).unwrap()];
        let mut column = || (0..rows).map(|_| i64::try_from(dice.below(top)).unwrap()).collect::<Vec<_>>();
        let (paid, pv) = (column(), column());
        Self { at, rules: PLANS[at % PLANS.len()].to_owned(), forest, buyers, paid, pv }
    }

    /// What the general way says, which settles every line as an order of a sale.
    fn expected(&self) -> Rows {
        let plan = plan(&self.rules);
        let components: [(&str, &[i64]); 2] = [("paid", &self.paid), ("pv", &self.pv)];
        let ids: Vec<u64> = (1..).take(self.buyers.len()).collect();
        let lines = vec![1; self.buyers.len()];
        let general =
            Orders { ids: Some(&ids), lines: Some(&lines), ..Orders::new(&self.buyers, &components) };
        assert!(Job::new(&plan, &self.forest, &general, None).unwrap().rows_at_most().is_none());
        settle(&plan, &self.forest, &general, None).unwrap()
    }
}

#[test]
fn the_kernel_gives_the_rows_of_the_general_way() {
    let mut dice = Dice(11);
    let mut kept = Rows::default();
    for at in 0..168 {
        let batch = Batch::new(at, &mut dice);
        let (plan, forest) = (plan(&batch.rules), &batch.forest);
        let components: [(&str, &[i64]); 2] = [("paid", &batch.paid), ("pv", &batch.pv)];
        let orders = Orders::new(&batch.buyers, &components);
        let job = Job::new(&plan, forest, &orders, None).unwrap();
        let most = job.rows_at_most();
        assert!(most.is_some() || orders.len() < forest.len() / 8, "plan {at} takes the general way");

        let expected = batch.expected();
        assert!(expected.conserves() && most.is_none_or(|most| expected.len() <= most));
        assert_eq!(settle(&plan, forest, &orders, None).unwrap(), expected, "plan {at}");
        settle_into(&plan, forest, &orders, Some(forest.parents()), &mut kept).unwrap();
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
            let part = settle(&plan, forest, &orders.slice(range.clone(), &mut columns), None).unwrap();
            parts.append(&part, u32::try_from(range.start).unwrap()).unwrap();
        }
        assert_eq!(parts, expected, "in parts");
    }
}

/// Texts that look like the numbers of others are still the ids of those they were given to.
#[test]
fn texts_as_ids_change_no_row() {
    let mut dice = Dice(17);
    for at in 0..44 {
        let mut batch = Batch::new(at, &mut dice);
        let expected = batch.expected();
        let (plan, components) = (plan(&batch.rules), [("paid", &batch.paid[..]), ("pv", &batch.pv[..])]);
        let last = batch.forest.len() + 1;
        let texts: Vec<String> = (1..last)
            .map(|id| if at % 2 == 0 { (last - id).to_string() } else { format!("u-{id}") })
            .collect();
        batch.forest.set_texts(texts.iter().map(String::as_str)).unwrap();
        assert_eq!(batch.expected(), expected, "batch {at}");
        let orders = Orders::new(&batch.buyers, &components);
        assert_eq!(settle(&plan, &batch.forest, &orders, None).unwrap(), expected, "batch {at}, by a kernel");
    }
}

/// As many as fit a piece of what a kernel knows of a member, more, and more than it takes.
#[test]
fn differentials_of_many_rates_are_those_of_the_general_way() {
    let mut dice = Dice(23);
    for (rates, with_any) in [1, 3, 4, 5, 8, 9, 31, 32, 33].into_iter().flat_map(|n| [(n, false), (n, true)])
    {
        let ranks: Vec<String> = (1..=rates).map(|rank| format!("R{rank}")).collect();
        let own: Vec<String> =
            ranks.iter().zip(2..).map(|(rank, rate)| format!(r#""{rank}":"{rate}%""#)).collect();
        let any = if with_any { r#","any":"1%""# } else { "" };
        let text = format!(
            r#"{{"schema":"fenrun.plan/1","name":"p","currency":"CNY","ranks":{ranks:?},"rule":[{{"id":"a",
            "to":{{"up":"referral","limit":60}},"round":{{"min":2}},"pay":{{"differential":{{{}{any}}}}}}}]}}"#,
            own.join(",")
        );
        let plan = Plan::from_json(&text).unwrap();
        let ids: Vec<u64> = (1..=500).collect();
        let inviters: Vec<u64> = ids.iter().map(|id| id.saturating_sub(1 + dice.below(3))).collect();
        let mut forest = Forest::from_edges(&ids, &inviters).unwrap();
        let codes =
            ids.iter().map(|_| u8::try_from(dice.below(4).min(1) * dice.below(rates + 1)).unwrap()).collect();
        forest.set_ranks(&ranks, codes).unwrap();
        let of = |dice: &mut Dice, end| 1 + dice.below(end);
        let buyers: Vec<MemberIx> =
            (0..600).map(|_| MemberIx::new(u32::try_from(of(&mut dice, 500)).unwrap())).collect();
        let paid: Vec<i64> = (0..600).map(|_| i64::try_from(of(&mut dice, 900)).unwrap()).collect();
        let components: [(&str, &[i64]); 1] = [("paid", &paid)];
        let orders = Orders::new(&buyers, &components);
        let ids: Vec<u64> = (1..=600).collect();
        let general = Orders { ids: Some(&ids), lines: Some(&ids), ..orders };
        let by_kernel = Job::new(&plan, &forest, &orders, None).unwrap().rows_at_most();
        let classes = rates + u64::from(with_any);
        assert_eq!(by_kernel.is_some(), classes <= 32, "{classes} rates");
        let rows = settle(&plan, &forest, &orders, None).unwrap();
        assert!(rows.len() > 300 && rows.conserves());
        assert_eq!(rows, settle(&plan, &forest, &general, None).unwrap(), "{classes} rates");
    }
}

/// A mistake a kernel might make.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    LastOrderLost,
    FirstOfBlockTwice,
    NeighboursSwapped,
    OtherComponent,
    FlagsTurned,
    ScoresOneMore,
    RanksForgotten,
    ParentsStale,
    MinimumForgotten,
    RoundsDown,
    RetainsAll,
    CompressesAll,
    LimitForgotten,
    LastLevelLost,
}

const MISTAKES: [Mistake; 14] = [
    Mistake::LastOrderLost,
    Mistake::FirstOfBlockTwice,
    Mistake::NeighboursSwapped,
    Mistake::OtherComponent,
    Mistake::FlagsTurned,
    Mistake::ScoresOneMore,
    Mistake::RanksForgotten,
    Mistake::ParentsStale,
    Mistake::MinimumForgotten,
    Mistake::RoundsDown,
    Mistake::RetainsAll,
    Mistake::CompressesAll,
    Mistake::LimitForgotten,
    Mistake::LastLevelLost,
];

impl Mistake {
    /// The rows of the kernel that makes it.
    fn settle(self, batch: &Batch) -> Rows {
        let (mut buyers, mut forest) = (batch.buyers.clone(), batch.forest.clone());
        let (mut paid, mut pv) = (batch.paid.clone(), batch.pv.clone());
        let mut parents = forest.parents().to_vec();
        match self {
            Self::LastOrderLost => {
                let orders = buyers.len().saturating_sub(1);
                buyers.truncate(orders);
                [&mut paid, &mut pv].into_iter().for_each(|column| column.truncate(orders));
            }
            Self::FirstOfBlockTwice if buyers.len() > 129 => buyers[128] = buyers[0],
            Self::NeighboursSwapped if buyers.len() > 256 => buyers.swap(255, 256),
            Self::OtherComponent => std::mem::swap(&mut paid, &mut pv),
            Self::FlagsTurned | Self::ScoresOneMore => {
                let turned = forest.facts().map(|(name, column)| match column {
                    Column::Flag(flags) if self == Self::FlagsTurned => {
                        (name.to_owned(), Column::Flag(flags.iter().map(|flag| !flag).collect()))
                    }
                    Column::Int(scores) if self == Self::ScoresOneMore => {
                        (name.to_owned(), Column::Int(scores.iter().map(|score| score + 1).collect()))
                    }
                    same => (name.to_owned(), same.clone()),
                });
                for (name, column) in turned.collect::<Vec<_>>() {
                    forest.set_fact(&name, column).unwrap();
                }
            }
            Self::RanksForgotten => forest.set_ranks(&[], vec![0; forest.len()]).unwrap(),
            // As they were before somebody moved.
            Self::ParentsStale => {
                let moved = (2..parents.len()).find(|at| parents[*at] > 1).unwrap_or(1);
                parents[moved] = 0;
            }
            _ => {}
        }
        let rules = match self {
            Self::MinimumForgotten => {
                batch.rules.replace("\"min\":40", "\"min\":1").replace("\"min\":7", "\"min\":1")
            }
            Self::RoundsDown => {
                let modes = ["up", "half_away", "half_to_zero", "ceil", "half_ceil"];
                let down = |rules: String, mode: &str| {
                    rules.replace(&format!("\"mode\":\"{mode}\""), "\"mode\":\"down\"")
                };
                modes.into_iter().fold(batch.rules.clone(), down)
            }
            Self::RetainsAll => {
                batch.rules.replace("\"compress\"", "\"retain\"").replace("roll_up", "retain")
            }
            Self::CompressesAll => batch.rules.replace("\"retain\"", "\"compress\""),
            Self::LimitForgotten => batch.rules.replace("\"limit\":3", "\"limit\":700"),
            Self::LastLevelLost => batch.rules.replace(",\"1%\"]", "]").replace(",\"3%\"]", "]"),
            _ => batch.rules.clone(),
        };
        let components: [(&str, &[i64]); 2] = [("paid", &paid), ("pv", &pv)];
        settle(&plan(&rules), &forest, &Orders::new(&buyers, &components), Some(&parents)).unwrap()
    }
}

/// Each mistake shows in the rows of some batch that a kernel takes.
#[test]
fn mistakes_of_a_kernel_show() {
    let mut dice = Dice(11);
    let batches: Vec<(Batch, Rows)> = (0..60)
        .map(|at| {
            let batch = Batch::new(at, &mut dice);
            let expected = batch.expected();
            (batch, expected)
        })
        .collect();
    for mistake in MISTAKES {
        let seen = batches.iter().find(|(batch, expected)| mistake.settle(batch) != *expected);
        let Some((batch, _)) = seen else { panic!("{mistake:?} does not show") };
        println!("{mistake:?}@{}", batch.at);
    }
}

/// Against a walk up from everybody; a sum that does not fit is an error, whichever way it is added.
#[test]
fn team_volumes_are_those_of_everybody_below() {
    let mut dice = Dice(5);
    for (at, top) in [10, 1_000_000, i64::MAX / 400].into_iter().cycle().take(30).enumerate() {
        let forest = forest(&mut dice, 400, [1, 40][at % 2], at % 5 == 4);
        let buyers: Vec<MemberIx> =
            (0..900).map(|_| MemberIx::new(u32::try_from(1 + dice.below(400)).unwrap())).collect();
        let sign = |dice: &mut Dice| if dice.below(5) == 0 { -1 } else { 1 };
        let amounts: Vec<i64> = (0..900)
            .map(|_| {
                sign(&mut dice) * i64::try_from(dice.below(u64::try_from(top).unwrap() / 900 + 2)).unwrap()
            })
            .collect();
        let mut own = vec![0; 401];
        add_volumes(&buyers, &amounts, &mut own).unwrap();
        let mut expected = vec![0; 401];
        for (buyer, amount) in buyers.iter().zip(&amounts) {
            expected[0] += amount;
            expected[buyer.index()] += amount;
            forest.upline(*buyer, None).for_each(|up| expected[up.index()] += amount);
        }
        assert_eq!(team_volumes(forest.parents(), &own).unwrap(), expected);
        let sums = Order::of(&forest).sums(&forest, &own[1..]).unwrap();
        assert_eq!(sums, expected[1..]);
        let codes = rank_codes(&expected, &[0, 5, 1_000]).unwrap();
        for (code, volume) in codes.iter().zip(&expected) {
            assert_eq!(usize::from(*code), [0, 5, 1_000].iter().filter(|step| volume >= *step).count());
        }
    }
    let code = |own: &[i64]| team_volumes(&[0, 0, 1], own).map_err(|error| error.code());
    assert_eq!(code(&[0, i64::MAX, 1]), Err(Code::Overflow));
    assert_eq!(code(&[0, i64::MAX, -1]), Ok(vec![i64::MAX - 1, i64::MAX - 1, -1]));
    assert_eq!(code(&[0, 1]), Err(Code::LengthMismatch));
    // No team runs over, but all together do.
    let apart = team_volumes(&[0, 0, 0], &[0, i64::MAX, 1]).unwrap_err();
    assert_eq!(apart.code(), Code::Overflow);
    assert!(rank_codes(&[1], &[2, 2]).is_err());
    let strange = add_volumes(&[MemberIx::new(1), MemberIx::new(3)], &[1, 1], &mut [0; 3]).unwrap_err();
    assert_eq!((strange.code(), strange.index()), (Code::UnknownMember, Some(1)));
}

/// The cost of a differential must not hide a limit: nobody beyond it is paid, however far jumps reach.
#[test]
fn nobody_beyond_the_limit_of_a_walk_is_paid() {
    let mut dice = Dice(3);
    let rule = |limit: u64| {
        format!(
            r#"{{"id":"a","to":{{"up":"referral","limit":{limit}}},"pay":{{"differential":{{"V1":"5%","V3":"9%"}}}}}}"#
        )
    };
    let forest = forest(&mut dice, 300, 1, true);
    let buyers: Vec<MemberIx> = (1..=300).map(MemberIx::new).collect();
    let paid = vec![10_000; 300];
    let components: [(&str, &[i64]); 1] = [("paid", &paid)];
    let orders = Orders::new(&buyers, &components);
    for limit in [1, 2, 3, 7, 64, 299] {
        let plan = plan(&rule(limit));
        let rows = settle(&plan, &forest, &orders, None).unwrap();
        assert!(Job::new(&plan, &forest, &orders, None).unwrap().rows_at_most().is_some());
        assert!(rows.conserves() && !rows.is_empty());
        assert!((0..rows.len()).all(|row| u64::from(rows.level(row)) <= limit));
        for row in 0..rows.len() {
            let buyer = buyers[usize::try_from(rows.sources()[row]).unwrap()];
            let level = usize::try_from(rows.level(row)).unwrap();
            assert_eq!(forest.upline(buyer, None).nth(level - 1), Some(rows.payee(row)));
        }
    }
}

/// Those who do not count are passed over, and a walk ends where its limit is all the same: orders for which somebody
/// could be found behind it go the general way, in their place among the others.
#[test]
fn nobody_is_found_behind_the_end_of_a_walk() {
    let mut dice = Dice(7);
    let forest = forest(&mut dice, 300, 1, true);
    let buyers: Vec<MemberIx> = (1..=300).map(MemberIx::new).collect();
    let pays =
        [r#"{"levels":["5%"]}"#, r#"{"levels":["5%","3%"]}"#, r#"{"differential":{"V1":"5%","V3":"9%"}}"#];
    for mode in ["compress", "compress_by_level", "roll_up"] {
        for (pay, limit) in pays.iter().flat_map(|pay| [2, 3, 7, 64, 299].map(|limit| (pay, limit))) {
            let rules = format!(
                r#"{{"id":"a","to":{{"up":"referral","limit":{limit}}},"pay":{pay},
                "qualify":{{"active":true}},"unqualified":"{mode}"}}"#
            );
            let (forest, buyers) = (forest.clone(), buyers.clone());
            let batch = Batch { at: 0, rules, forest, buyers, paid: vec![10_000; 300], pv: vec![0; 300] };
            let (plan, components) = (plan(&batch.rules), [("paid", &batch.paid[..]), ("pv", &batch.pv[..])]);
            let orders = Orders::new(&batch.buyers, &components);
            let rows = settle(&plan, &batch.forest, &orders, None).unwrap();
            assert_eq!(rows, batch.expected(), "{mode} {pay} up to {limit}");
            let most = Job::new(&plan, &batch.forest, &orders, None).unwrap().rows_at_most();
            assert!(most.is_some_and(|most| rows.len() <= most), "{mode} {pay} up to {limit}");
        }
    }
}
