//! Trying every attack.

use super::Limits;
use super::attack::{Attack, inserted, person, split};
use super::identities::Purchase;
use super::stage::Income;
use crate::doc::Node;
use crate::error::Result;
use crate::id::{MemberId, OrderId};
use crate::reward::commission::evaluate;
use crate::reward::plan::{Period, Plan};
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
    /// To which sale; `None` for a period.
    pub sale: Option<OrderId>,
    /// What became of the attacker's own purchases; `None` for a sale.
    pub purchase: Option<Purchase>,
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
    /// The rule; `None` for all rules together, those of sales or those of one length of period.
    pub rule: Option<String>,
    /// When it closes; `None` for rules of sales.
    pub period: Option<Period>,
    /// The attack.
    pub attack: Attack,
    /// What is gained, in minor units; 0 where nothing is.
    pub gain: i64,
    /// How, where something is.
    pub witness: Option<Witness>,
}

/// Plays every attack on every sale; findings stand in the order of rules and attacks, all rules together last.
/// Rules of periods are left out: no sale pays by them; see [`audit_periods`](super::audit_periods).
///
/// # Errors
/// As [`evaluate`]; [`Code::InvalidValue`](crate::Code::InvalidValue) for limits above [`Limits::MOST`].
pub fn audit(plan: &Plan, sales: &[Sale], limits: Limits) -> Result<Vec<Finding>> {
    limits.check()?;
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
                        &Try {
                            attack,
                            count,
                            rank: rank.clone(),
                            sale: Some(&sale.id),
                            purchase: None,
                            attacker: &attacker.id,
                        },
                    );
                }
            }
            for count in 2..=limits.parts {
                let parts = u64::try_from(count).unwrap_or(u64::MAX);
                let Some(sales) = split(sale, parts)? else { continue };
                let gained = income(plan, &sales, &own)?;
                let tried = Try {
                    attack: Attack::Split,
                    count,
                    rank: None,
                    sale: Some(&sale.id),
                    purchase: None,
                    attacker: &attacker.id,
                };
                found.note(&honest, &gained, &tried);
            }
        }
    }
    Ok(found.findings(plan, plan.sequence(None).collect(), None))
}

/// One attack that was played.
pub(super) struct Try<'a> {
    pub(super) attack: Attack,
    pub(super) count: usize,
    pub(super) rank: Option<String>,
    pub(super) sale: Option<&'a OrderId>,
    pub(super) purchase: Option<Purchase>,
    pub(super) attacker: &'a MemberId,
}

/// The largest gains so far.
#[derive(Default)]
pub(super) struct Found(BTreeMap<(Option<String>, Attack), Witness>);

impl Found {
    pub(super) fn note(&mut self, honest: &Income, attacked: &Income, tried: &Try<'_>) {
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
                    sale: tried.sale.cloned(),
                    purchase: tried.purchase,
                    attacker: tried.attacker.clone(),
                    honest,
                    attacked,
                };
                self.0.insert(key, witness);
            }
        }
    }

    /// The largest gain of each attack under each of these rules, and under all of them.
    pub(super) fn findings(
        mut self,
        plan: &Plan,
        rules: BTreeSet<usize>,
        period: Option<Period>,
    ) -> Vec<Finding> {
        let rules = rules.into_iter().map(|at| Some(plan.rules()[at].id.clone())).chain([None]);
        let each = rules.flat_map(|rule| Attack::ALL.iter().map(move |attack| (rule.clone(), *attack)));
        let finding = |(rule, attack): (Option<String>, Attack)| {
            let witness = self.0.remove(&(rule.clone(), attack));
            let gain = witness.as_ref().map_or(0, |witness| witness.attacked - witness.honest);
            Finding { rule, period, attack, gain, witness }
        };
        each.map(finding).collect()
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
                ("sale", witness.sale.as_ref().map_or(Node::Null, Node::from)),
                ("purchase", witness.purchase.map(Purchase::name).into()),
                ("attacker", (&witness.attacker).into()),
                ("honest", witness.honest.into()),
                ("attacked", witness.attacked.into()),
            ])
        });
        Node::map([
            ("rule", Node::from(self.rule.as_deref())),
            ("period", self.period.map(Period::name).into()),
            ("attack", self.attack.name().into()),
            ("gain", self.gain.into()),
            ("witness", witness.into()),
        ])
    }
}
