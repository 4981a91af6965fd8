//! What is bought through whom in a period.

use super::asked::Amounts;
use crate::error::Result;
use crate::money::telescope;
use crate::words::words;
use std::collections::{BTreeMap, BTreeSet};

/// How many amounts of a plan are tried where one identity shares a purchase, and where two do.
const AMOUNTS: [usize; 2] = [16, 4];

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

impl Division {
    /// How many people buy anything.
    pub(super) fn buyers(&self) -> usize {
        self.bought.iter().filter(|bought| bought.values().any(|amount| *amount > 0)).count()
    }
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
    for (measure, amounts) in amounts {
        let whole = measure.of(own);
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
