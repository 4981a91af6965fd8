//! False identities over a period: the audit against every attack written out by hand.

use crate::dice::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::Node;
use fenrun::operations;
use fenrun::reward::period::PeriodKey;
use fenrun::reward::plan::Plan;
use fenrun::reward::sybil::{Actor, Attack, Limits, Stage, audit_periods};
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: Limits = Limits { identities: 2, parts: 3 };

/// The largest gain of each attack, all rules together.
type Gains = BTreeMap<&'static str, i64>;

pub(crate) trait Auditor {
    fn gains(&self, plan: &Plan, stage: &Stage) -> Gains;
}

pub(crate) struct Engine;

impl Auditor for Engine {
    fn gains(&self, plan: &Plan, stage: &Stage) -> Gains {
        let findings = audit_periods(plan, std::slice::from_ref(stage), LIMITS).expect("findings");
        let together = findings.iter().filter(|finding| finding.rule.is_none());
        together.map(|finding| (finding.attack.name(), finding.gain)).collect()
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    IdentitiesUnpaid,
    HonestForgotten,
    IdentitiesSell,
    OneIdentity,
    RootOnly,
    OwnRankOnly,
    NobodyFollows,
    PurchaseLost,
    RemainderLost,
}

/// Plays attacks on lists of people, through the operation.
pub(crate) struct ByHand(pub(crate) Option<Slip>);

impl ByHand {
    fn slips(&self, slip: Slip) -> bool {
        self.0 == Some(slip)
    }

    /// Everybody the attacker is now and what they get.
    fn worth(&self, plan: &Plan, stage: &Stage, own: u64, new: &[u64]) -> i64 {
        let mut names = BTreeSet::from([own]);
        if !self.slips(Slip::IdentitiesUnpaid) {
            names.extend(new);
        }
        income(plan, stage, &names)
    }
}

impl Auditor for ByHand {
    fn gains(&self, plan: &Plan, stage: &Stage) -> Gains {
        let mut gains: Gains = Attack::ALL.iter().map(|attack| (attack.name(), 0)).collect();
        for actor in &stage.actors {
            if actor.inviter != 0 && self.slips(Slip::RootOnly) {
                continue;
            }
            let honest = match self.slips(Slip::HonestForgotten) {
                true => 0,
                false => income(plan, stage, &BTreeSet::from([actor.id])),
            };
            let mut ranks = vec![actor.rank.clone()];
            if !self.slips(Slip::OwnRankOnly) {
                ranks.push(None);
            }
            for (count, rank) in [1, 2].into_iter().flat_map(|n| ranks.iter().map(move |r| (n, r))) {
                if count == 2 && self.slips(Slip::OneIdentity) {
                    continue;
                }
                for (attack, attacked, new) in self.attacks(stage, actor, count, rank) {
                    let gain = self.worth(plan, &attacked, actor.id, &new) - honest;
                    let best = gains.entry(attack).or_default();
                    *best = gain.max(*best);
                }
            }
        }
        gains
    }
}

type Played = (&'static str, Stage, Vec<u64>);

impl ByHand {
    fn attacks(&self, stage: &Stage, own: &Actor, count: u64, rank: &Option<String>) -> Vec<Played> {
        let new: Vec<u64> = (101..).take(usize::try_from(count).expect("few")).collect();
        let none = own.volumes.keys().map(|name| (name.clone(), 0)).collect();
        let volumes = if self.slips(Slip::IdentitiesSell) { own.volumes.clone() } else { none };
        let identity = |id: u64, inviter: u64| Actor {
            id,
            inviter,
            rank: rank.clone(),
            volumes: volumes.clone(),
            ..own.clone()
        };
        let last = 100 + count;
        let mut played = Vec::new();
        // Above: a chain between the attacker and whoever brought them in.
        let mut above = stage.clone();
        change(&mut above, own.id, |actor| actor.inviter = last);
        above
            .actors
            .extend(new.iter().map(|id| identity(*id, if *id == 101 { own.inviter } else { id - 1 })));
        played.push(("above", above, new.clone()));
        // Below: a chain, with those below behind it or beside it.
        for follows in [true, false] {
            let mut below = stage.clone();
            for actor in below.actors.iter_mut().filter(|actor| actor.inviter == own.id) {
                if follows && !self.slips(Slip::NobodyFollows) {
                    actor.inviter = last;
                }
            }
            below.actors.extend(new.iter().map(|id| identity(*id, if *id == 101 { own.id } else { id - 1 })));
            played.push(("below", below.clone(), new.clone()));
            let mut moved = below.clone();
            change(&mut moved, own.id, |actor| actor.volumes.values_mut().for_each(|amount| *amount = 0));
            if !self.slips(Slip::PurchaseLost) {
                change(&mut moved, last, |actor| actor.volumes = own.volumes.clone());
            }
            played.push(("below", moved, new.clone()));
            let all: Vec<u64> = [own.id].into_iter().chain(new.iter().copied()).collect();
            played.push(("below", self.divided(below, own, &all), new.clone()));
        }
        // Beside: what was bought is divided, with and without the attacker.
        let mut beside = stage.clone();
        beside.actors.extend(new.iter().map(|id| identity(*id, own.inviter)));
        let all: Vec<u64> = [own.id].into_iter().chain(new.iter().copied()).collect();
        played.push(("split", self.divided(beside.clone(), own, &all), new.clone()));
        change(&mut beside, own.id, |actor| actor.volumes.values_mut().for_each(|amount| *amount = 0));
        played.push(("split", self.divided(beside, own, &new), new.clone()));
        played
    }

    /// A purchase in as many parts as there are buyers, the first of them not larger than the later ones.
    fn divided(&self, mut stage: Stage, own: &Actor, buyers: &[u64]) -> Stage {
        let parts = i64::try_from(buyers.len()).expect("few");
        for (nth, buyer) in (0_i64..).zip(buyers) {
            change(&mut stage, *buyer, |actor| {
                for (name, amount) in &own.volumes {
                    let part = match self.slips(Slip::RemainderLost) {
                        true => amount / parts,
                        false => amount * (nth + 1) / parts - amount * nth / parts,
                    };
                    actor.volumes.insert(name.clone(), part);
                }
            });
        }
        stage
    }
}

fn change(stage: &mut Stage, id: u64, change: impl Fn(&mut Actor)) {
    stage.actors.iter_mut().filter(|actor| actor.id == id).for_each(change);
}

/// What these people get, through the operation every language calls.
fn income(plan: &Plan, stage: &Stage, people: &BTreeSet<u64>) -> i64 {
    let member = |actor: &Actor| {
        let facts = actor.facts.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let own = [
            ("id", Node::from(actor.id.to_string())),
            ("inviter", actor.inviter.to_string().into()),
            ("rank", actor.rank.clone().into()),
        ];
        Node::map(facts.chain(own))
    };
    let sold = |actor: &Actor| {
        let volumes = actor.volumes.iter().map(|(name, amount)| (name.as_str(), Node::Int(*amount)));
        Node::map(volumes.chain([("member", Node::from(actor.id.to_string()))]))
    };
    let input = Node::map([
        ("period", Node::from(stage.period.to_string())),
        ("members", Node::List(stage.actors.iter().map(member).collect())),
        ("volumes", Node::List(stage.actors.iter().map(sold).collect())),
    ]);
    let answer = operations::run("close", Some(plan), &input).expect("a close");
    let Some(Node::List(outcomes)) = answer.get("outcomes") else { panic!("outcomes") };
    let rows = outcomes.iter().flat_map(|outcome| match outcome.get("rows") {
        Some(Node::List(rows)) => rows.as_slice(),
        other => panic!("{other:?}"),
    });
    let amount = |row: &Node| match (row.get("payee").and_then(Node::as_text), row.get("amount")) {
        (Some(payee), Some(Node::Int(amount))) if people.contains(&payee.parse().expect("an id")) => *amount,
        _ => 0,
    };
    rows.map(amount).sum()
}

/// The largest gains over all attackers, identities, ranks and ways to buy.
pub(crate) const GAINS: Law<dyn Auditor, Slip> = Law {
    name: "sybil",
    holds: gains,
    suspects: &[
        Slip::IdentitiesUnpaid,
        Slip::HonestForgotten,
        Slip::IdentitiesSell,
        Slip::OneIdentity,
        Slip::RootOnly,
        Slip::OwnRankOnly,
        Slip::NobodyFollows,
        Slip::PurchaseLost,
        Slip::RemainderLost,
    ],
};

fn gains(who: &dyn Auditor, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let (plan, stage) = (plan(&mut dice, false), stage(&mut dice));
    let (gains, honest) = (who.gains(&plan, &stage), ByHand(None).gains(&plan, &stage));
    need(gains == honest, || format!("{}\n{stage:?}\n{gains:?}, by hand {honest:?}", plan.canonical()))?;
    Ok(if honest.values().any(|gain| *gain > 0) { Bearing::Tested } else { Bearing::Beside })
}

/// What identities above oneself gain at most under a random team ladder.
pub(crate) fn gain_above_teams(seed: u64) -> i64 {
    let mut dice = Dice::new(seed);
    let (plan, stage) = (plan(&mut dice, true), stage(&mut dice));
    Engine.gains(&plan, &stage)["above"]
}

fn plan(dice: &mut Dice, team: bool) -> Plan {
    let percent = |rate: i64| Node::from(format!("{rate}%"));
    let steps = |dice: &mut Dice| {
        let (mut from, mut rate, mut steps) = (dice.pick(&[0, 100]), 0, Vec::new());
        for _ in 0..dice.between(1, 3) {
            rate += dice.between(1, 9);
            steps.push(Node::List(vec![Node::Int(from), percent(rate)]));
            from += dice.between(1, 2000);
        }
        Node::List(steps)
    };
    let itself = || Node::from("self");
    let up = || Node::map([("up", Node::from("referral"))]);
    let (to, pay) = match if team { 5 } else { dice.between(1, 7) } {
        // One without a rank gets more.
        7 => {
            let table = [("any", "8%"), ("V2", "2%")].map(|(key, rate)| (key, Node::List(vec![rate.into()])));
            (up(), Node::map([("levels", Node::map(table))]))
        }
        1 | 2 => (up(), Node::map([("levels", Node::List(vec![percent(dice.between(1, 9)), percent(3)]))])),
        3 => (up(), Node::map([("differential", Node::map([("V1", percent(5)), ("V2", percent(8))]))])),
        4 => (itself(), Node::map([("ladder", steps(dice))])),
        5 => (itself(), Node::map([("ladder", steps(dice)), ("span", "team".into())])),
        _ => {
            let class = Node::map([("class", Node::map([("active", Node::Bool(true))]))]);
            (class, Node::map([("share", percent(10))]))
        }
    };
    let rule = Node::map([
        ("id", Node::from("r")),
        ("on", "month".into()),
        ("of", "paid".into()),
        ("to", to),
        ("pay", pay),
    ]);
    let plan = Node::map([
        ("schema", Node::from("fenrun.plan/1")),
        ("name", "n".into()),
        ("currency", "CNY".into()),
        ("ranks", Node::List(vec!["V1".into(), "V2".into()])),
        ("allow", Node::map([("r", Node::from("a test"))])),
        ("rule", Node::List(vec![rule])),
    ]);
    Plan::from_node(&plan).expect("a plan")
}

fn stage(dice: &mut Dice) -> Stage {
    let mut actors: Vec<Actor> = Vec::new();
    for id in 1..=dice.between(2, 5) {
        let inviter = if id == 1 || dice.one_in(6) { 0 } else { dice.between(1, id - 1) };
        actors.push(Actor {
            id: u64::try_from(id).expect("an id"),
            inviter: u64::try_from(inviter).expect("an id"),
            rank: dice.pick(&[None, Some("V1"), Some("V2")]).map(str::to_owned),
            facts: BTreeMap::from([("active".to_owned(), Node::Bool(!dice.one_in(4)))]),
            places: BTreeMap::new(),
            volumes: BTreeMap::from([("paid".to_owned(), dice.pick(&[0, 99, 1001, 5000]))]),
        });
    }
    Stage { period: PeriodKey::parse("month/2026-11-01").expect("a month"), actors }
}
