//! What is bought through whom in a period.

use crate::doc::Node;
use crate::error::Result;
use crate::money::{Rate, Rounding, telescope};
use crate::reward::plan::{Amount, CapPer, LadderShape, Limit, Plan, Rule, Schedule};
use crate::sale::Pay;
use crate::words::words;
use std::collections::{BTreeMap, BTreeSet};

/// How many amounts of a plan are tried where one identity shares a purchase, and where two do.
const AMOUNTS: [usize; 2] = [8, 4];

words! {
    /// What an attacker does with their own purchases.
    Purchase {
        /// They stay in their own name.
        Stays = "stays", "own purchases stay", "本人购买不变";
        /// They go through the last identity.
        Moves = "moves", "own purchases go through the last identity", "本人购买经由最后一个身份";
        /// Everybody buys an equal part.
        Divides = "divides", "own purchases are divided over everybody", "本人购买由各身份均摊";
        /// The identities buy all of it, in equal parts.
        Away = "away", "the identities buy everything", "全部由虚假身份购买";
        /// Everybody but one buys nothing, or an amount the plan asks for.
        Unequal = "unequal", "own purchases are divided unequally", "本人购买由各身份不等额分摊";
    }
}

/// Volumes by name.
pub(super) type Bought = BTreeMap<String, i64>;

/// What everybody buys, the attacker first.
#[derive(Clone, Debug)]
pub(super) struct Division {
    pub(super) purchase: Purchase,
    pub(super) bought: Vec<Bought>,
}

/// Amounts a plan asks for, by the name of the volume.
pub(super) type Amounts = BTreeMap<String, BTreeSet<i64>>;

/// Every amount somebody may want to reach: steps of ladders, units of pairs, what conditions ask of own
/// volumes, and what a cap of one payee is reached with.
pub(super) fn amounts(plan: &Plan) -> Amounts {
    let mut amounts = Amounts::new();
    let mut add = |name: &str, amount: Option<i64>| {
        if let Some(amount) = amount {
            amounts.entry(name.to_owned()).or_default().insert(amount);
        }
    };
    for rule in plan.rules() {
        let base = rule.of.base.as_str();
        match &rule.pay {
            Schedule::Ladder(ladder) => {
                let read = ladder.by.as_deref().unwrap_or(base);
                if let LadderShape::Whole(steps) | LadderShape::Marginal(steps) = &ladder.shape {
                    steps.iter().for_each(|step| add(read, Some(step.from)));
                }
            }
            Schedule::Pairing(pairing) => {
                (1..=4).for_each(|pairs| add(base, pairing.unit.checked_mul(pairs)));
            }
            _ => {}
        }
        for cap in rule.caps.iter().filter(|cap| cap.per == CapPer::Payee) {
            if let Limit::Minor(limit) = cap.limit {
                rates(rule).into_iter().for_each(|rate| add(base, reaching(limit, rate)));
            }
        }
    }
    let mut open = vec![plan.to_node()];
    while let Some(node) = open.pop() {
        match node {
            Node::List(items) => open.extend(items),
            Node::Map(map) => {
                for (key, value) in map {
                    match (key.strip_prefix("own_"), &value) {
                        (Some(volume), Node::Int(amount)) => add(volume, Some(*amount)),
                        (Some(volume), Node::Map(range)) => {
                            let bounds = ["min", "max"].into_iter().filter_map(|key| range.get(key));
                            bounds.for_each(|bound| {
                                if let Node::Int(amount) = bound {
                                    add(volume, Some(*amount));
                                }
                            });
                        }
                        _ => open.push(value),
                    }
                }
            }
            _ => {}
        }
    }
    amounts
}

/// Every share a rule pays of its base.
fn rates(rule: &Rule) -> BTreeSet<Rate> {
    let share = |amount: &Amount| match amount {
        Amount::Fixed(Pay::Share(rate)) => Some(*rate),
        _ => None,
    };
    let tables = rule.pay.table().iter().flat_map(|(_, list)| list);
    let mut rates: BTreeSet<Rate> = tables.filter_map(share).collect();
    if let Schedule::Ladder(ladder) = &rule.pay {
        if let LadderShape::Whole(steps) | LadderShape::Marginal(steps) = &ladder.shape {
            rates.extend(steps.iter().map(|step| step.rate));
        }
    }
    rates
}

/// The least base of which a rate is a limit.
fn reaching(limit: i64, rate: Rate) -> Option<i64> {
    let inverse = Rate::new(rate.denominator(), rate.numerator()).ok()?;
    inverse.of(limit, Rounding::Up).ok()
}

/// Every way to buy what somebody buys through them and so many identities.
pub(super) fn divisions(own: &Bought, identities: usize, amounts: &Amounts) -> Result<Vec<Division>> {
    let people = identities + 1;
    let nothing = |count: usize| vec![Bought::new(); count];
    let all = |purchase, bought| Division { purchase, bought };
    let mut ways = vec![all(Purchase::Stays, [vec![own.clone()], nothing(identities)].concat())];
    if own.values().all(|amount| *amount == 0) {
        return Ok(ways);
    }
    ways.extend([
        all(Purchase::Moves, [nothing(identities), vec![own.clone()]].concat()),
        all(Purchase::Divides, equal(own, people)?),
        all(Purchase::Away, [nothing(1), equal(own, identities)?].concat()),
    ]);
    let Some(most) = identities.checked_sub(1).and_then(|at| AMOUNTS.get(at)) else { return Ok(ways) };
    for (name, amounts) in amounts {
        let whole = own.get(name).copied().unwrap_or(0);
        let asked = amounts.iter().rev().copied().filter(|amount| (1..whole).contains(amount));
        let choices: Vec<i64> = asked.take(*most).chain([0]).collect();
        for parts in unequal(whole, &choices, people) {
            ways.push(all(Purchase::Unequal, in_parts(own, &parts, whole)?));
        }
    }
    Ok(ways)
}

fn equal(own: &Bought, people: usize) -> Result<Vec<Bought>> {
    let count = u64::try_from(people).unwrap_or(1);
    let part = |at: u64| {
        let of = |(name, amount): (&String, &i64)| Ok((name.clone(), telescope(*amount, at, at + 1, count)?));
        own.iter().map(of).collect()
    };
    (0..count).map(part).collect()
}

/// Everybody but one has one of these amounts, that one the rest; nobody has everything.
fn unequal(whole: i64, choices: &[i64], people: usize) -> BTreeSet<Vec<i64>> {
    let mut found = BTreeSet::new();
    for rest in 0..people {
        let mut open = vec![Vec::new()];
        for at in 0..people {
            let longer = |parts: &Vec<i64>| {
                let own: &[i64] = if at == rest { &[0] } else { choices };
                own.iter().map(|amount| [parts.as_slice(), &[*amount]].concat()).collect::<Vec<_>>()
            };
            open = open.iter().flat_map(longer).collect();
        }
        for mut parts in open {
            let left = parts.iter().try_fold(whole, |left, part| left.checked_sub(*part));
            if let Some(left) = left.filter(|left| (0..whole).contains(left)) {
                parts[rest] = left;
                found.insert(parts);
            }
        }
    }
    found
}

/// Volumes in the proportions of parts of one of them.
fn in_parts(own: &Bought, parts: &[i64], whole: i64) -> Result<Vec<Bought>> {
    let whole = whole.unsigned_abs();
    let mut before = 0;
    let mut bought = Vec::with_capacity(parts.len());
    for part in parts {
        let upto = before + part.unsigned_abs();
        let of =
            |(name, amount): (&String, &i64)| Ok((name.clone(), telescope(*amount, before, upto, whole)?));
        bought.push(own.iter().map(of).collect::<Result<Bought>>()?);
        before = upto;
    }
    Ok(bought)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_but_one_has_an_amount_of_the_plan() {
        let found: Vec<Vec<i64>> = unequal(1200, &[800, 400, 0], 2).into_iter().collect();
        assert_eq!(found, [[400, 800], [800, 400]]);
        let found = unequal(1000, &[400, 0], 3);
        assert!(found.contains(&vec![400, 200, 400]) && found.contains(&vec![0, 600, 400]));
        assert!(found.iter().all(|parts| parts.iter().sum::<i64>() == 1000));
    }
}
