//! Who stands where and sold what in one period: what attacks change, and what is closed.

use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::reward::period::{Carry, Closing, PeriodKey, Snapshot, Volumes, close};
use crate::reward::plan::{Plan, Rule, Schedule, TreePolicy};
use crate::reward::referral::{Column, Forest, MemberIx, Spot};
use crate::sale::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// One member of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who, above zero.
    pub id: u64,
    /// Who brought them in; 0 for nobody.
    pub inviter: u64,
    /// Their rank.
    pub rank: Option<String>,
    /// What is stated of them; all actors state the same facts.
    pub facts: Facts,
    /// Whom they stand below, and on which leg, in every other tree of the plan; 0 for nobody and no leg.
    pub places: BTreeMap<String, (u64, u32)>,
    /// What they sold in the period, less refunds, by name of the volume.
    pub volumes: BTreeMap<String, i64>,
}

/// A period that is closed: its members and what they sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Which rules run.
    pub period: PeriodKey,
    /// The members.
    pub actors: Vec<Actor>,
}

/// Amounts by rule; under `None` those of all rules.
pub(super) type Income = BTreeMap<Option<String>, i64>;

impl Stage {
    /// What these people get when the period closes.
    pub(super) fn income(&self, plan: &Plan, people: &BTreeSet<u64>) -> Result<Income> {
        let snapshot = self.snapshot(plan)?;
        let (mut volumes, carry) = (Volumes::new(), Carry::default());
        for actor in &self.actors {
            for (name, amount) in &actor.volumes {
                volumes.add(&snapshot, actor.id, name, *amount)?;
            }
        }
        let closing = Closing {
            plan,
            tenant: "",
            period: self.period,
            snapshot: &snapshot,
            volumes: &volumes,
            carry: &carry,
            part: None,
        };
        let mut income = Income::new();
        for outcome in close(&closing, &[])?.outcomes {
            for row in &outcome.rows {
                if row.payee.as_str().parse().is_ok_and(|payee| people.contains(&payee)) {
                    // The parts of a pool, which fits.
                    *income.entry(Some(outcome.rule.clone())).or_default() += row.amount;
                    *income.entry(None).or_default() += row.amount;
                }
            }
        }
        Ok(income)
    }

    fn snapshot(&self, plan: &Plan) -> Result<Snapshot> {
        let (ids, inviters): (Vec<u64>, Vec<u64>) =
            self.actors.iter().map(|actor| (actor.id, actor.inviter)).unzip();
        let mut forest = Forest::from_edges(&ids, &inviters)?;
        let by_id: BTreeMap<u64, &Actor> = self.actors.iter().map(|actor| (actor.id, actor)).collect();
        let count = u32::try_from(self.actors.len()).unwrap_or(u32::MAX);
        let in_order: Vec<&Actor> =
            (1..=count).filter_map(|at| by_id.get(&forest.id(MemberIx::new(at))).copied()).collect();
        if in_order.iter().any(|actor| actor.rank.is_some()) {
            let code = |actor: &&Actor| {
                let rank = actor.rank.as_deref().map(|rank| plan.rank_index(rank).unwrap_or(usize::MAX - 1));
                u8::try_from(rank.map_or(0, |place| place + 1)).unwrap_or(u8::MAX)
            };
            forest.set_ranks(plan.ranks(), in_order.iter().map(code).collect())?;
        }
        let names: BTreeSet<&String> = in_order.iter().flat_map(|actor| actor.facts.keys()).collect();
        for name in names {
            let values: Vec<&Node> = in_order.iter().filter_map(|actor| actor.facts.get(name)).collect();
            if values.len() != in_order.len() {
                let rule = format!("all actors state the fact `{name}`, or none does");
                return Err(Error::new(Code::LengthMismatch, rule));
            }
            forest.set_fact(name, Column::of(name, &values)?)?;
        }
        let mut trees = Vec::new();
        for name in plan.trees().keys() {
            let spot = |actor: &&Actor| {
                let (parent, leg) = actor.places.get(name).copied().unwrap_or_default();
                let nobody = || Ok(MemberIx::NOBODY);
                let parent =
                    if parent == 0 { nobody() } else { forest.resolve(&[parent]).map(|found| found[0]) };
                Ok(Spot { parent: parent?, leg })
            };
            trees.push((name, in_order.iter().map(spot).collect::<Result<Vec<Spot>>>()?));
        }
        let mut snapshot = Snapshot::new(forest)?;
        for (name, spots) in trees {
            snapshot = snapshot.with_tree(name, &spots)?;
        }
        Ok(snapshot)
    }

    pub(super) fn actor(&self, id: u64) -> Option<&Actor> {
        self.actors.iter().find(|actor| actor.id == id)
    }
}

/// Whether members stand on legs in a tree of the plan.
pub(super) fn legged(plan: &Plan, tree: &str) -> bool {
    let paired = |rule: &Rule| matches!(&rule.pay, Schedule::Pairing(pairing) if pairing.tree == tree);
    matches!(plan.trees().get(tree), Some(TreePolicy::Fill { .. })) || plan.rules().iter().any(paired)
}
