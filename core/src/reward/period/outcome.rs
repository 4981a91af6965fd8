//! What a rule came to in a period: every cent with its reason.

use super::close::{Closed, Done, Pair, Scene};
use super::entry::Entry;
use super::pairing::Legs;
use crate::doc::Node;
use crate::error::Result;
use crate::id::MemberId;
use crate::money::Allocate;
use crate::reward::commission::{CASH, Reason, Retained, period_key};
use crate::reward::plan::Plan;
use crate::sale::{Pay, read::pay_to_node};
use std::collections::BTreeMap;

/// One amount for one payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodRow {
    /// 32 hex digits; the period, the rule, the source and the level are in it.
    pub key: String,
    /// Who is paid.
    pub payee: MemberId,
    /// Minor units, above zero.
    pub amount: i64,
    /// The level, from 1.
    pub level: usize,
    /// Whose volume it is paid of, or the key of the row it is paid after; none for a share of all volume.
    pub source: Option<String>,
    /// The account it goes to.
    pub account: String,
}

/// One slot, paid or not, for explanations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodTrace {
    /// As in [`PeriodRow`].
    pub source: Option<String>,
    /// The level from 1; 0 for what is left of a pool.
    pub level: usize,
    /// Whose slot it is.
    pub stands: Option<MemberId>,
    /// Who is paid.
    pub payee: Option<MemberId>,
    /// The rate of the slot.
    pub rate: Pay,
    /// What the rate is taken of.
    pub base: i64,
    /// What those below already took of it.
    pub below: i64,
    /// Minor units that are paid, or retained for the reason.
    pub amount: i64,
    /// Why nobody is paid, or nothing.
    pub reason: Option<Reason>,
    /// What caps took away, by reason.
    pub cut: Vec<Retained>,
}

/// The outcome of one rule: `Σ rows + Σ retained = pool`, in integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The rule.
    pub rule: String,
    /// What it offered, computed without a look at who is paid.
    pub pool: i64,
    /// Who gets what, by source and level.
    pub rows: Vec<PeriodRow>,
    /// What nobody got, one entry per reason.
    pub retained: Vec<Retained>,
    /// Every slot, paid or not.
    pub trace: Vec<PeriodTrace>,
}

/// The key of the row of an entry.
pub(super) fn key(scene: &Scene<'_>, done: &Done, entry: &Entry, account: &str) -> String {
    let source = done.sources.get(entry.source);
    // A share of all volume has no source of its own; its payee keeps the keys apart.
    let member = scene.snapshot.member(source.map_or(entry.stands, |source| source.member));
    let rule = &scene.plan.rules()[done.rule].id;
    let from = source.map_or("", |source| source.from.as_str());
    period_key(scene.tenant, &scene.name(), member.as_str(), from, rule, entry.level, account)
}

pub(super) fn rule_outcome(scene: &Scene<'_>, done: &Done, entries: &[Entry]) -> Result<RuleOutcome> {
    let rule = &scene.plan.rules()[done.rule];
    let member = |at: usize| (at != 0).then(|| scene.snapshot.member(at));
    let mut outcome = RuleOutcome {
        rule: rule.id.clone(),
        pool: done.pool,
        rows: Vec::new(),
        retained: Vec::new(),
        trace: Vec::new(),
    };
    let mut retained = BTreeMap::<Reason, i64>::new();
    for entry in entries {
        let source = source(scene, done, entry);
        for (account, amount) in accounts(scene.plan, done.rule, entry.paid())? {
            if let (Some(payee), true) = (member(entry.payee), amount != 0) {
                let (key, source) = (key(scene, done, entry, &account), source.clone());
                outcome.rows.push(PeriodRow { key, payee, amount, level: entry.level, source, account });
            }
        }
        let kept =
            entry.reason.map(|reason| (reason, entry.amount)).into_iter().chain(entry.cut.iter().copied());
        for (reason, amount) in kept.filter(|(_, amount)| *amount != 0) {
            *retained.entry(reason).or_default() += amount;
        }
        let cut = entry.cut.iter().map(|(reason, amount)| Retained { reason: *reason, amount: *amount });
        outcome.trace.push(PeriodTrace {
            source,
            level: entry.level,
            stands: member(entry.stands),
            payee: member(entry.payee),
            rate: entry.rate,
            base: entry.base,
            below: entry.below,
            amount: entry.amount,
            reason: entry.reason,
            cut: cut.collect(),
        });
    }
    outcome.retained = retained.into_iter().map(|(reason, amount)| Retained { reason, amount }).collect();
    debug_assert!(outcome.conserves(), "the pool of rule `{}`", outcome.rule);
    Ok(outcome)
}

fn source(scene: &Scene<'_>, done: &Done, entry: &Entry) -> Option<String> {
    let source = done.sources.get(entry.source)?;
    let from = Some(source.from.clone()).filter(|from| !from.is_empty());
    from.or_else(|| Some(scene.snapshot.member(source.member).to_string()))
}

/// An amount on its accounts, by largest remainder.
fn accounts(plan: &Plan, rule: usize, amount: i64) -> Result<Vec<(String, i64)>> {
    let Some(split) = &plan.rules()[rule].split else { return Ok(vec![(CASH.to_owned(), amount)]) };
    let shares = Allocate { total: amount, weights: split.weights(), ..Allocate::default() }.run()?.shares;
    Ok(split.parts().iter().map(|(account, _)| account.clone()).zip(shares).collect())
}

impl RuleOutcome {
    /// Whether rows and retained amounts sum to the pool.
    #[must_use]
    pub fn conserves(&self) -> bool {
        let rows: i128 = self.rows.iter().map(|row| i128::from(row.amount)).sum();
        let retained: i128 = self.retained.iter().map(|entry| i128::from(entry.amount)).sum();
        rows + retained == i128::from(self.pool)
    }

    fn to_node(&self, with_trace: bool) -> Node {
        let row = |row: &PeriodRow| {
            Node::map([
                ("key", Node::from(row.key.as_str())),
                ("payee", (&row.payee).into()),
                ("amount", row.amount.into()),
                ("level", level(row.level)),
                ("source", row.source.clone().into()),
                ("account", row.account.as_str().into()),
            ])
        };
        let mut entries = vec![
            ("rule", Node::from(self.rule.as_str())),
            ("pool", self.pool.into()),
            ("rows", Node::List(self.rows.iter().map(row).collect())),
            ("retained", retained(&self.retained)),
        ];
        if with_trace {
            entries.push(("trace", Node::List(self.trace.iter().map(PeriodTrace::to_node).collect())));
        }
        Node::map(entries)
    }
}

impl PeriodTrace {
    fn to_node(&self) -> Node {
        let member = |id: &Option<MemberId>| id.as_ref().map_or(Node::Null, Node::from);
        Node::map([
            ("source", Node::from(self.source.clone())),
            ("level", level(self.level)),
            ("stands", member(&self.stands)),
            ("payee", member(&self.payee)),
            ("rate", pay_to_node(&self.rate)),
            ("base", self.base.into()),
            ("below", self.below.into()),
            ("amount", self.amount.into()),
            ("reason", self.reason.map(Reason::name).into()),
            ("cut", retained(&self.cut)),
        ])
    }
}

fn level(level: usize) -> Node {
    Node::Int(i64::try_from(level).unwrap_or(i64::MAX))
}

fn retained(list: &[Retained]) -> Node {
    let entry = |entry: &Retained| {
        Node::map([("reason", Node::from(entry.reason.name())), ("amount", entry.amount.into())])
    };
    Node::List(list.iter().map(entry).collect())
}

impl Pair {
    fn to_node(&self, plan: &Plan) -> Node {
        let legs = |legs: Legs| Node::List(vec![legs.left.into(), legs.right.into()]);
        Node::map([
            ("rule", Node::from(plan.rules()[self.rule].id.as_str())),
            ("member", (&self.member).into()),
            ("waited", legs(self.waited)),
            ("came", legs(self.came)),
            ("pairs", self.matched.pairs.into()),
            ("consumed", legs(self.matched.consumed)),
            ("flushed", legs(self.matched.flushed)),
            ("carried", legs(self.matched.carried)),
        ])
    }
}

impl Closed {
    /// The document: what every rule paid and kept, what became of legs, adjustments and the next carry.
    #[must_use]
    pub fn to_node(&self, plan: &Plan, with_trace: bool) -> Node {
        let outcomes = self.outcomes.iter().map(|outcome| outcome.to_node(with_trace)).collect();
        Node::map([
            ("plan", Node::from(plan.hash())),
            ("semantics", i64::from(crate::reward::commission::SEMANTICS).into()),
            ("currency", plan.currency().code().into()),
            ("outcomes", Node::List(outcomes)),
            ("pairs", Node::List(self.pairs.iter().map(|pair| pair.to_node(plan)).collect())),
            (
                "adjustments",
                Node::List(self.adjustments.iter().map(super::adjust::Adjustment::to_node).collect()),
            ),
            ("carry", self.carry.to_node()),
        ])
    }
}
