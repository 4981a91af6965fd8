//! Trying every attack.

use super::Limits;
use super::attack::{Attack, inserted, person, split};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::{MemberId, OrderId};
use crate::reward::commission::evaluate;
use crate::reward::plan::Plan;
use crate::sale::Sale;
use std::collections::{BTreeMap, BTreeSet};

/// How the largest gain was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// What was done.
    pub attack: Attack,
    /// How many identities, or parts.
    pub count: usize,
    /// The rank of the identities.
    pub rank: Option<String>,
    /// To which sale.
    pub sale: OrderId,
    /// By whom.
    pub attacker: MemberId,
    /// What they get honestly, in minor units.
    pub honest: i64,
    /// What they and their identities get.
    pub attacked: i64,
}

/// What one kind of attack gains under one rule at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule; `None` for all rules together.
    pub rule: Option<String>,
    /// The attack.
    pub attack: Attack,
    /// What is gained, in minor units; 0 where nothing is.
    pub gain: i64,
    /// How, where something is.
    pub witness: Option<Witness>,
}

/// Amounts by rule; under `None` those of all rules.
type Income = BTreeMap<Option<String>, i64>;

/// Plays every attack on every sale; findings stand in the order of rules and attacks, all rules together last.
/// Rules of periods are left out: no sale pays by them.
///
/// # Errors
/// As [`evaluate`]; [`Code::InvalidValue`] for limits above [`Limits::MOST`].
pub fn audit(plan: &Plan, sales: &[Sale], limits: Limits) -> Result<Vec<Finding>> {
    if limits.identities.max(limits.parts) > Limits::MOST {
        let rule = format!("{} identities and {} parts", limits.identities, limits.parts);
        return Err(Error::new(Code::InvalidValue, format!("{rule}; at most {} of each", Limits::MOST)));
    }
    let mut found = Found::default();
    for sale in sales {
        for at in 0..=sale.upline.len() {
            let Some(attacker) = person(sale, at) else { continue };
            let own = BTreeSet::from([attacker.id.clone()]);
            let honest = income(plan, std::slice::from_ref(sale), &own)?;
            let ranks: BTreeSet<Option<String>> = BTreeSet::from([attacker.rank.clone(), None]);
            for attack in [Attack::Above, Attack::Below] {
                for (count, rank) in (1..=limits.identities).flat_map(|n| ranks.iter().map(move |r| (n, r))) {
                    let Some((attacked, ids)) = inserted(sale, at, attack, count, rank.as_deref())? else {
                        continue;
                    };
                    let all: BTreeSet<MemberId> = own.iter().cloned().chain(ids).collect();
                    let gained = income(plan, &[attacked], &all)?;
                    found.note(
                        &honest,
                        &gained,
                        &Try { attack, count, rank: rank.clone(), sale, attacker: &attacker.id },
                    );
                }
            }
            for count in 2..=limits.parts {
                let parts = u64::try_from(count).unwrap_or(u64::MAX);
                let Some(sales) = split(sale, parts)? else { continue };
                let gained = income(plan, &sales, &own)?;
                let tried = Try { attack: Attack::Split, count, rank: None, sale, attacker: &attacker.id };
                found.note(&honest, &gained, &tried);
            }
        }
    }
    // A sale says nothing of what closes with a period.
    let places: BTreeSet<usize> = plan.sequence(None).collect();
    let rules = places.into_iter().map(|at| Some(plan.rules()[at].id.clone())).chain([None]);
    let each = rules.flat_map(|rule| Attack::ALL.iter().map(move |attack| (rule.clone(), *attack)));
    Ok(each.map(|(rule, attack)| found.finding(rule, attack)).collect())
}

/// One attack that was played.
struct Try<'a> {
    attack: Attack,
    count: usize,
    rank: Option<String>,
    sale: &'a Sale,
    attacker: &'a MemberId,
}

/// The largest gains so far.
#[derive(Default)]
struct Found(BTreeMap<(Option<String>, Attack), Witness>);

impl Found {
    fn note(&mut self, honest: &Income, attacked: &Income, tried: &Try<'_>) {
        for rule in honest.keys().chain(attacked.keys()).collect::<BTreeSet<_>>() {
            let amount = |income: &Income| income.get(rule).copied().unwrap_or(0);
            let (honest, attacked) = (amount(honest), amount(attacked));
            let key = (rule.clone(), tried.attack);
            let best = self.0.get(&key).map_or(0, |witness| witness.attacked - witness.honest);
            if attacked - honest > best {
                let witness = Witness {
                    attack: tried.attack,
                    count: tried.count,
                    rank: tried.rank.clone(),
                    sale: tried.sale.id.clone(),
                    attacker: tried.attacker.clone(),
                    honest,
                    attacked,
                };
                self.0.insert(key, witness);
            }
        }
    }

    fn finding(&mut self, rule: Option<String>, attack: Attack) -> Finding {
        let witness = self.0.remove(&(rule.clone(), attack));
        let gain = witness.as_ref().map_or(0, |witness| witness.attacked - witness.honest);
        Finding { rule, attack, gain, witness }
    }
}

/// What these people get of some sales.
fn income(plan: &Plan, sales: &[Sale], people: &BTreeSet<MemberId>) -> Result<Income> {
    let mut income = Income::new();
    for sale in sales {
        let outcome = evaluate(plan, sale)?;
        for row in outcome.rows().iter().filter(|row| people.contains(&row.payee)) {
            // The parts of a pool, which fits.
            *income.entry(Some(row.rule.clone())).or_default() += row.amount;
            *income.entry(None).or_default() += row.amount;
        }
    }
    Ok(income)
}

impl Finding {
    /// The document of the finding.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let witness = self.witness.as_ref().map(|witness| {
            Node::map([
                ("count", Node::Int(i64::try_from(witness.count).unwrap_or(i64::MAX))),
                ("rank", witness.rank.as_deref().into()),
                ("sale", (&witness.sale).into()),
                ("attacker", (&witness.attacker).into()),
                ("honest", witness.honest.into()),
                ("attacked", witness.attacked.into()),
            ])
        });
        Node::map([
            ("rule", Node::from(self.rule.as_deref())),
            ("attack", self.attack.name().into()),
            ("gain", self.gain.into()),
            ("witness", witness.into()),
        ])
    }
}
