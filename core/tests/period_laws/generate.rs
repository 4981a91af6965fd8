//! Random closes from a seed: forests, placements, plans of every schedule, caps, carries and refunds.

use crate::case::{Cap, Case, DAY, Member, Pay, Rule, Sale, Weights};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of a range, both ends included.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to - from + 1).expect("a range");
        from + i64::try_from(self.next() % width).expect("small")
    }

    pub(crate) fn one_in(&mut self, times: i64) -> bool {
        self.between(1, times) == 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let last = i64::try_from(of.len()).expect("few") - 1;
        of[usize::try_from(self.between(0, last)).expect("a place")]
    }

    pub(crate) fn shuffle<T>(&mut self, of: &mut [T]) {
        for at in (1..of.len()).rev() {
            let other = self.between(0, i64::try_from(at).expect("few"));
            of.swap(at, usize::try_from(other).expect("a place"));
        }
    }
}

/// The case of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let members = members(&mut dice);
    let rules = rules(&mut dice);
    let mut sales = Vec::new();
    let mut refunds = Vec::new();
    for member in &members {
        for _ in 0..dice.pick(&[0, 1, 1, 2]) {
            let sale = Sale {
                member: member.id,
                pv: dice.between(0, 900),
                bv: dice.pick(&[0, 7, 333, 5000, 99_999]),
            };
            if dice.one_in(4) {
                let (pv, bv) = (dice.between(0, sale.pv), dice.between(0, sale.bv));
                refunds.push(Sale { pv, bv, ..sale });
            }
            sales.push(sale);
        }
    }
    if sales.is_empty() {
        sales.push(Sale { member: members[0].id, pv: 100, bv: 100 });
    }
    dice.shuffle(&mut sales);
    let (mut waiting, mut used) = (Vec::new(), Vec::new());
    for rule in &rules {
        for member in members.iter().filter(|_| matches!(rule.pay, Pay::Pairing { .. })) {
            if dice.one_in(3) {
                waiting.push((rule.id.clone(), member.id, dice.between(-150, 400), dice.between(1, 400)));
            }
        }
        for cap in rule.caps.iter().filter(|cap| cap.every == "month") {
            let payees: Vec<u64> = match cap.per {
                "payee" => members.iter().map(|member| member.id).filter(|_| dice.one_in(2)).collect(),
                _ => vec![0],
            };
            used.extend(
                payees.into_iter().map(|payee| (rule.id.clone(), payee, dice.between(1, cap.limit.max(1)))),
            );
        }
    }
    used.sort();
    let plan_caps = match dice.between(1, 6) {
        1 => vec![Cap {
            per: "plan",
            every: "event",
            limit: dice.between(0, 3000),
            over: dice.pick(&["retain", "scale"]),
        }],
        2 => vec![Cap { per: "payee", every: "day", limit: dice.between(0, 600), over: "retain" }],
        _ => Vec::new(),
    };
    Case { day: DAY, rules, plan_caps, members, sales, refunds, waiting, used }
}

/// The same people under one rule of pairs with two ratios, both of which they reach, and a cap that lets a few
/// pairs through: what the first ratio takes of it the second has no more.
pub(crate) fn few_pairs(seed: u64) -> Case {
    let mut dice = Dice::new(!seed);
    let case = case(seed);
    let rates = [dice.pick(&[1000, 1500, 2000]), dice.pick(&[500, 1000])];
    let over = dice.pick(&["carry", "carry", "flush"]);
    let cap = Cap { per: "payee", every: "event", limit: dice.between(1, 12) * 10, over };
    let rule = Rule {
        id: "r0".into(),
        after: None,
        of: "pv",
        least: None,
        unqualified: None,
        pay: Pay::Pairing { ratios: vec![(3, 2, rates[0]), (1, 1, rates[1])], unit: 100, flush: false },
        mode: "down",
        decimals: None,
        min: 1,
        caps: vec![cap],
        cash: None,
    };
    let mut legs = |member: &Member| ("r0".into(), member.id, dice.between(0, 1500), dice.between(1, 1500));
    let waiting = case.members.iter().map(&mut legs).collect();
    Case { rules: vec![rule], plan_caps: Vec::new(), waiting, used: Vec::new(), ..case }
}

/// A forest in which ids say nothing about who came first, and a binary tree of the same people.
fn members(dice: &mut Dice) -> Vec<Member> {
    let count = usize::try_from(dice.between(1, 12)).expect("few");
    let mut ids: Vec<u64> = (1..=20).collect();
    dice.shuffle(&mut ids);
    ids.truncate(count);
    let mut members: Vec<Member> = Vec::new();
    for id in ids {
        let inviter = if dice.one_in(5) || members.is_empty() { 0 } else { any(dice, &members) };
        let mut free: Vec<(u64, i64)> = Vec::new();
        for member in &members {
            free.extend(
                [1, 2]
                    .iter()
                    .filter(|leg| !members.iter().any(|m| (m.parent, m.leg) == (member.id, **leg)))
                    .map(|leg| (member.id, *leg)),
            );
        }
        let (parent, leg) = if free.is_empty() || dice.one_in(8) { (0, 0) } else { dice.pick(&free) };
        let rank = usize::try_from(dice.between(0, 3)).expect("a rank");
        let (active, points) = (!dice.one_in(3), dice.between(0, 5));
        members.push(Member { id, inviter, rank, active, points, parent, leg });
    }
    dice.shuffle(&mut members);
    members
}

pub(crate) fn any(dice: &mut Dice, members: &[Member]) -> u64 {
    let ids: Vec<u64> = members.iter().map(|member| member.id).collect();
    dice.pick(&ids)
}

fn rules(dice: &mut Dice) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for at in 0..dice.between(1, 3) {
        let id = format!("r{at}");
        let after = if rules.is_empty() || !dice.one_in(3) { None } else { Some(rules[0].id.clone()) };
        rules.push(rule(dice, id, after));
    }
    rules
}

fn rule(dice: &mut Dice, id: String, after: Option<String>) -> Rule {
    let pay = pay(dice, after.is_some());
    let modes: &[&'static str] = match pay {
        Pay::Team { .. } | Pay::Lottery { .. } => &["down", "floor"],
        _ => &["down", "down", "half_away", "half_even", "ceil", "up"],
    };
    let walks = matches!(pay, Pay::Levels { .. } | Pay::Differential { .. });
    let unqualified: &[&'static str] = match pay {
        Pay::Share { .. } => &["retain", "compress"],
        _ if walks => &["retain", "stop", "compress", "compress_by_level", "roll_up"],
        _ => &["retain", "compress", "roll_up"],
    };
    let unqualified = dice.one_in(2).then(|| dice.pick(unqualified));
    let of: &[&'static str] = if after.is_some() { &["income", "income", "bv"] } else { &["pv", "bv"] };
    Rule {
        id,
        after,
        of: dice.pick(of),
        least: dice.one_in(4).then(|| dice.between(1, 400)),
        unqualified,
        mode: dice.pick(modes),
        decimals: dice.one_in(5).then(|| dice.pick(&[1, 2, 3])),
        min: dice.pick(&[1, 1, 1, 20]),
        caps: caps(dice, &pay),
        cash: dice.one_in(4).then(|| dice.pick(&[90, 67, 50])),
        pay,
    }
}

fn caps(dice: &mut Dice, pay: &Pay) -> Vec<Cap> {
    let every = dice.pick(&["event", "day", "month"]);
    let pairs = matches!(pay, Pay::Pairing { .. });
    let limit = match pay {
        // A few pairs, so that one ratio may leave a part of the room to the next.
        Pay::Pairing { ratios, unit, .. } if dice.one_in(2) => {
            dice.between(0, 6 * ratios[0].2 * unit / 10_000 + 5)
        }
        _ => dice.between(0, 300),
    };
    match dice.between(1, 6) {
        1..=3 if pairs => {
            vec![Cap { per: "payee", every, limit, over: dice.pick(&["flush", "carry", "carry", "retain"]) }]
        }
        1 => vec![Cap { per: "payee", every, limit, over: dice.pick(&["retain", "flush"]) }],
        2 => vec![Cap { per: "rule", every: "event", limit: 3 * limit, over: "scale" }],
        3 => vec![
            Cap { per: "payee", every: "event", limit, over: "retain" },
            Cap { per: "rule", every, limit: 2 * limit + 1, over: "retain" },
        ],
        _ => Vec::new(),
    }
}

fn pay(dice: &mut Dice, after: bool) -> Pay {
    let rate = |dice: &mut Dice| dice.pick(&[50, 100, 250, 333, 500, 1000]);
    let levels = |dice: &mut Dice| {
        let rates = (0..dice.between(1, 4)).map(|_| rate(dice)).collect();
        Pay::Levels { tree: dice.pick(&["referral", "placement"]), limit: dice.pick(&[2, 5, 64]), rates }
    };
    let steps = |dice: &mut Dice, rises: bool| {
        let (mut from, mut share, mut steps) = (dice.pick(&[0, 100]), 0, Vec::new());
        for _ in 0..dice.between(1, 4) {
            share = if rises { share + rate(dice) } else { rate(dice) };
            steps.push((from, share));
            from += dice.between(1, 900);
        }
        steps
    };
    let marginal = dice.one_in(3);
    let by = if marginal { None } else { dice.pick(&[None, Some("pv")]) };
    match dice.between(1, if after { 3 } else { 8 }) {
        1 => levels(dice),
        2 => {
            let first = rate(dice);
            Pay::Differential { rates: vec![first, first + rate(dice), first + 2 * rate(dice)] }
        }
        3 => Pay::Own { by, steps: steps(dice, false), marginal },
        4 => {
            let weights = dice.pick(&[0, 1, 2]);
            let weights = match weights {
                0 => Weights::Equal,
                1 => Weights::Points,
                _ => Weights::Ranks(vec![dice.between(0, 3), dice.between(1, 5), dice.between(0, 9)]),
            };
            Pay::Share { rate: rate(dice), weights }
        }
        5 => Pay::Lottery { parts: (0..dice.between(1, 3)).map(|_| rate(dice)).collect() },
        6 => {
            Pay::Team { tree: dice.pick(&["referral", "placement"]), by, steps: steps(dice, true), marginal }
        }
        _ => {
            // What an uneven ratio leaves of both legs is there for the next one.
            let all = [(3, 1), (5, 3), (3, 2), (1, 1)];
            let often = if dice.one_in(3) { 1 } else { 2 };
            let ratios: Vec<_> =
                all.iter().filter(|_| dice.one_in(often)).map(|(strong, weak)| (*strong, *weak, 0)).collect();
            let ratios = if ratios.is_empty() { vec![(1, 1, 0)] } else { ratios };
            let least = dice.pick(&[0, 1000]);
            let ratios =
                ratios.into_iter().map(|(strong, weak, _)| (strong, weak, least + rate(dice))).collect();
            Pay::Pairing { ratios, unit: dice.pick(&[1, 60, 150]), flush: dice.one_in(3) }
        }
    }
}
