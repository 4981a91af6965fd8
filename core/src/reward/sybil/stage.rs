//! Who stands where and sold what in one period: what attacks change, and what is closed.

use super::division::Bought;
use super::finding::Income;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::reward::period::{Carry, Closing, PeriodKey, Snapshot, Volumes, close, run_ranks};
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

impl Stage {
    /// What these people get who buy this, when so many periods close one after the other. Everybody sells the
    /// same in each; the carry and the ranks of one are those the next starts from.
    pub(super) fn income(
        &self,
        plan: &Plan,
        snapshot: &Snapshot,
        people: &BTreeMap<u64, &Bought>,
        periods: usize,
    ) -> Result<Income> {
        let mut volumes = Volumes::new();
        for actor in &self.actors {
            for (name, amount) in *people.get(&actor.id).unwrap_or(&&actor.volumes) {
                volumes.add(snapshot, actor.id, name, *amount)?;
            }
        }
        let (mut carry, mut period, mut ranked) = (Carry::default(), self.period, None);
        let mut income = Income::nothing(plan);
        for left in (0..periods).rev() {
            let snapshot = ranked.as_ref().unwrap_or(snapshot);
            let closing =
                Closing { plan, tenant: "", period, snapshot, volumes: &volumes, carry: &carry, part: None };
            let closed = close(&closing, &[])?;
            for outcome in &closed.outcomes {
                let Some(rule) = plan.rules().iter().position(|rule| rule.id == outcome.rule) else {
                    continue;
                };
                for row in &outcome.rows {
                    if row.payee.as_str().parse().is_ok_and(|payee| people.contains_key(&payee)) {
                        income.add(rule, row.amount);
                    }
                }
            }
            if left > 0 {
                let codes = run_ranks(plan, snapshot, &volumes)?.codes;
                ranked = Some(snapshot.clone().with_ranks(plan.ranks(), codes)?);
                (carry, period) = (closed.carry, period.next());
            }
        }
        Ok(income)
    }

    /// Whether every amount of its close fits 64 bits.
    pub(super) fn fits(&self, plan: &Plan) -> Result<bool> {
        match self.income(plan, &self.snapshot(plan)?, &BTreeMap::new(), 1) {
            Err(error) if error.code() == Code::Overflow => Ok(false),
            income => income.map(|_| true),
        }
    }

    pub(super) fn snapshot(&self, plan: &Plan) -> Result<Snapshot> {
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
}

/// Whether members stand on legs in a tree of the plan.
pub(super) fn legged(plan: &Plan, tree: &str) -> bool {
    let paired = |rule: &Rule| matches!(&rule.pay, Schedule::Pairing(pairing) if pairing.tree == tree);
    matches!(plan.trees().get(tree), Some(TreePolicy::Fill { .. })) || plan.rules().iter().any(paired)
}
