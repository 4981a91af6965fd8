//! False identities over a period: the audit against every attack written out by hand.

use crate::dice::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::Node;
use fenrun::operations;
use fenrun::reward::period::PeriodKey;
use fenrun::reward::plan::Plan;
use fenrun::reward::sybil::{Actor, Attack, Limits, Stage, audit_periods};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The largest gain of each attack, all rules together.
type Gains = BTreeMap<&'static str, i64>;

/// A plan, a period and how far attacks go.
pub(crate) struct World {
    plan: Plan,
    /// The steps of the plan, in `paid`.
    steps: Vec<i64>,
    /// What its cap is reached with.
    reached: Vec<i64>,
    stage: Stage,
    limits: Limits,
}

pub(crate) trait Auditor {
    fn gains(&self, world: &World) -> Gains;
}

pub(crate) struct Engine;

impl Auditor for Engine {
    fn gains(&self, World { plan, stage, limits, .. }: &World) -> Gains {
        let findings = audit_periods(plan, std::slice::from_ref(stage), *limits).expect("findings");
        let together = findings.iter().filter(|finding| finding.rule.is_none());
        together.map(|finding| (finding.attack.name(), finding.gain)).collect()
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    IdentitiesUnpaid,
    HonestForgotten,
    RootOnly,
    OwnRankOnly,
    OneRankForAll,
    NobodyFollows,
    NeverBoth,
    NeverApart,
    NeverMixed,
    NeverSplit,
    EqualParts,
    StepsForgotten,
    CapsForgotten,
    SecondPeriodForgotten,
}

/// Plays attacks on lists of people, through the operation.
pub(crate) struct ByHand(pub(crate) Option<Slip>);

/// Where identities stand: so many above, then so many others.
#[derive(Clone, Copy)]
struct Places {
    above: usize,
    others: usize,
    stand: Stand,
    follows: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Stand {
    Below,
    Beside,
    Rooted,
}

impl Places {
    fn all(limits: Limits) -> Vec<Self> {
        let mut all = Vec::new();
        for count in 1..=limits.identities {
            for above in 0..=count {
                let stand = Stand::Below;
                all.push(Self { above, others: count - above, stand, follows: false });
                all.push(Self { above, others: count - above, stand, follows: true });
            }
            all.push(Self { above: 0, others: count, stand: Stand::Rooted, follows: false });
            all.push(Self { above: 0, others: count, stand: Stand::Rooted, follows: true });
        }
        let beside = |others| Self { above: 0, others, stand: Stand::Beside, follows: false };
        all.extend((1..limits.parts).map(beside));
        all
    }

    fn name(self, stays: bool) -> &'static str {
        match (self.stand, self.above, self.others) {
            (Stand::Beside, ..) => "split",
            (Stand::Rooted, ..) => "apart",
            (_, _, 0) if stays => "above",
            (_, _, 0) => "mixed",
            (_, 0, _) => "below",
            _ => "both",
        }
    }
}

impl ByHand {
    fn slips(&self, slip: Slip) -> bool {
        self.0 == Some(slip)
    }
}

impl Auditor for ByHand {
    fn gains(&self, world: &World) -> Gains {
        let mut gains: Gains = Attack::ALL.iter().map(|attack| (attack.name(), 0)).collect();
        let World { plan, stage, limits, .. } = world;
        let periods = if self.slips(Slip::SecondPeriodForgotten) { 1 } else { limits.periods };
        for own in &stage.actors {
            if own.inviter != 0 && self.slips(Slip::RootOnly) {
                continue;
            }
            let honest = match self.slips(Slip::HonestForgotten) {
                true => 0,
                false => income(plan, stage, &BTreeSet::from([own.id]), periods),
            };
            for places in Places::all(*limits) {
                for ranks in self.ranks(plan, own) {
                    let (placed, people) = self.placed(stage, own, places, &ranks);
                    let names = match self.slips(Slip::IdentitiesUnpaid) {
                        true => BTreeSet::from([own.id]),
                        false => people.iter().copied().collect(),
                    };
                    for (stays, parts) in self.divisions(world, own, people.len()) {
                        let name = places.name(stays);
                        if self.leaves_out(name) {
                            continue;
                        }
                        let mut attacked = placed.clone();
                        for (id, part) in people.iter().zip(&parts) {
                            let bought = BTreeMap::from([("paid".to_owned(), *part)]);
                            change(&mut attacked, *id, |actor| actor.volumes = bought.clone());
                        }
                        let gain = income(plan, &attacked, &names, periods) - honest;
                        let best = gains.entry(name).or_default();
                        *best = gain.max(*best);
                    }
                }
            }
        }
        gains
    }
}

impl ByHand {
    fn leaves_out(&self, attack: &str) -> bool {
        let without = match self.0 {
            Some(Slip::NeverBoth) => "both",
            Some(Slip::NeverApart) => "apart",
            Some(Slip::NeverMixed) => "mixed",
            Some(Slip::NeverSplit) => "split",
            _ => "",
        };
        attack == without
    }

    /// The ranks of those above and of the others.
    fn ranks(&self, plan: &Plan, own: &Actor) -> Vec<[Option<String>; 2]> {
        let mut known = vec![own.rank.clone()];
        if !self.slips(Slip::OwnRankOnly) && own.rank.is_some() {
            known.extend([None, Some(plan.ranks()[0].clone())]);
            known.dedup();
        }
        let pairs = known.iter().flat_map(|above| known.iter().map(|other| [above.clone(), other.clone()]));
        pairs.filter(|[above, other]| above == other || !self.slips(Slip::OneRankForAll)).collect()
    }

    /// The stage with identities who bought nothing, and the attacker and them.
    fn placed(
        &self,
        stage: &Stage,
        own: &Actor,
        places: Places,
        ranks: &[Option<String>; 2],
    ) -> (Stage, Vec<u64>) {
        let mut stage = stage.clone();
        let identity = |id: u64, inviter: u64, rank: &Option<String>| Actor {
            id,
            inviter,
            rank: rank.clone(),
            volumes: BTreeMap::new(),
            ..own.clone()
        };
        let mut people = vec![own.id];
        let mut upper = own.inviter;
        for id in (101..).take(places.above) {
            stage.actors.push(identity(id, upper, &ranks[0]));
            people.push(id);
            upper = id;
        }
        change(&mut stage, own.id, |actor| actor.inviter = upper);
        let mut next = match places.stand {
            Stand::Below => own.id,
            Stand::Beside => own.inviter,
            Stand::Rooted => 0,
        };
        for id in (201..).take(places.others) {
            stage.actors.push(identity(id, next, &ranks[1]));
            people.push(id);
            next = if places.stand == Stand::Beside { own.inviter } else { id };
        }
        if places.follows && places.others > 0 && !self.slips(Slip::NobodyFollows) {
            for actor in &mut stage.actors {
                if actor.inviter == own.id && !people.contains(&actor.id) {
                    actor.inviter = next;
                }
            }
        }
        (stage, people)
    }

    /// What everybody buys, the attacker first, and whether that is what the attacker bought before.
    fn divisions(&self, world: &World, own: &Actor, people: usize) -> Vec<(bool, Vec<i64>)> {
        let whole = own.volumes["paid"];
        let parts = |buyers: usize| -> Vec<i64> {
            let count = i64::try_from(buyers).expect("few");
            let upto = |nth: i64| whole * nth / count;
            (0..count).map(|nth| upto(nth + 1) - upto(nth)).collect()
        };
        let nothing = vec![0; people - 1];
        let mut ways = vec![(true, [vec![whole], nothing.clone()].concat())];
        if whole == 0 {
            return ways;
        }
        ways.push((false, [nothing, vec![whole]].concat()));
        ways.push((false, parts(people)));
        ways.push((false, [vec![0], parts(people - 1)].concat()));
        if self.slips(Slip::EqualParts) || people > 3 {
            return ways;
        }
        let most = if people == 2 { 8 } else { 4 };
        let steps = world.steps.iter().filter(|_| !self.slips(Slip::StepsForgotten));
        let reached = world.reached.iter().filter(|_| !self.slips(Slip::CapsForgotten));
        let asked: BTreeSet<i64> = steps.chain(reached).copied().collect();
        let asked = asked.into_iter().rev().filter(|amount| *amount < whole && *amount > 0);
        let asked: Vec<i64> = asked.take(most).chain([0]).collect();
        for rest in 0..people {
            for first in &asked {
                let seconds = if people == 2 { &[0][..] } else { asked.as_slice() };
                for second in seconds {
                    let left = whole - first - second;
                    if left < 0 || left == whole {
                        continue;
                    }
                    let mut others = [*first, *second].into_iter();
                    let part = |at: usize| if at == rest { left } else { others.next().expect("two") };
                    ways.push((false, (0..people).map(part).collect()));
                }
            }
        }
        ways
    }
}

fn change(stage: &mut Stage, id: u64, change: impl Fn(&mut Actor)) {
    stage.actors.iter_mut().filter(|actor| actor.id == id).for_each(change);
}

/// What these people get in so many periods in a row, through the operation every language calls.
fn income(plan: &Plan, stage: &Stage, people: &BTreeSet<u64>, periods: usize) -> i64 {
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
    let (mut period, mut carry, mut sum) = (stage.period, None, 0);
    for _ in 0..periods {
        let input = Node::map([
            ("period", Node::from(period.to_string())),
            ("members", Node::List(stage.actors.iter().map(member).collect())),
            ("volumes", Node::List(stage.actors.iter().map(sold).collect())),
        ]);
        let Node::Map(mut input) = input else { panic!("a map") };
        input.extend(carry.take().map(|carry| ("carry".to_owned(), carry)));
        let answer = operations::run("close", Some(plan), &Node::Map(input)).expect("a close");
        let Some(Node::List(outcomes)) = answer.get("outcomes") else { panic!("outcomes") };
        let rows = outcomes.iter().flat_map(|outcome| match outcome.get("rows") {
            Some(Node::List(rows)) => rows.as_slice(),
            other => panic!("{other:?}"),
        });
        let amount = |row: &Node| match (row.get("payee").and_then(Node::as_text), row.get("amount")) {
            (Some(payee), Some(Node::Int(amount))) if people.contains(&payee.parse().expect("an id")) => {
                *amount
            }
            _ => 0,
        };
        sum += rows.map(amount).sum::<i64>();
        carry = answer.get("carry").cloned();
        period = period.next();
    }
    sum
}

thread_local! {
    /// What was found by hand of each seed: every mistake is held against the same.
    static KNOWN: RefCell<BTreeMap<u64, Gains>> = const { RefCell::new(BTreeMap::new()) };
}

/// The largest gains over all attackers, identities, ranks and ways to buy.
pub(crate) const GAINS: Law<dyn Auditor, Slip> = Law {
    name: "sybil",
    holds: gains,
    suspects: &[
        Slip::IdentitiesUnpaid,
        Slip::HonestForgotten,
        Slip::RootOnly,
        Slip::OwnRankOnly,
        Slip::OneRankForAll,
        Slip::NobodyFollows,
        Slip::NeverBoth,
        Slip::NeverApart,
        Slip::NeverMixed,
        Slip::NeverSplit,
        Slip::EqualParts,
        Slip::StepsForgotten,
        Slip::CapsForgotten,
        Slip::SecondPeriodForgotten,
    ],
};

fn gains(who: &dyn Auditor, seed: u64) -> Verdict {
    let world = world(seed, false);
    let known = KNOWN.with_borrow(|known| known.get(&seed).cloned());
    let honest = known.unwrap_or_else(|| ByHand(None).gains(&world));
    KNOWN.with_borrow_mut(|known| known.insert(seed, honest.clone()));
    let gains = who.gains(&world);
    need(gains == honest, || {
        format!("{}\n{:?}\n{gains:?}, by hand {honest:?}", world.plan.canonical(), world.stage)
    })?;
    Ok(if honest.values().any(|gain| *gain > 0) { Bearing::Tested } else { Bearing::Beside })
}

/// What identities above oneself gain at most under a random team ladder.
pub(crate) fn gain_above_teams(seed: u64) -> i64 {
    Engine.gains(&world(seed, true))["above"]
}

/// One in eight worlds is open to two identities, one in four lasts two periods.
fn world(seed: u64, team: bool) -> World {
    let mut dice = Dice::new(seed);
    let many = usize::from(seed % 8 == 0);
    let (plan, steps, reached) = plan(&mut dice, team);
    let limits = Limits { identities: 1 + many, parts: 2 + many, periods: 1 + usize::from(seed % 4 == 1) };
    World {
        stage: stage(&mut dice, !plan.ranks().is_empty(), if many == 1 { 3 } else { 4 }),
        plan,
        steps,
        reached,
        limits,
    }
}

/// A plan with a rule of weeks, the steps it asks for, and what its cap is reached with.
fn plan(dice: &mut Dice, team: bool) -> (Plan, Vec<i64>, Vec<i64>) {
    let percent = |rate: &i64| Node::from(format!("{rate}%"));
    let (mut asked, mut rates) = (Vec::new(), Vec::new());
    let itself = || Node::from("self");
    let up = || Node::map([("up", Node::from("referral"))]);
    let kind = if team { 5 } else { dice.between(1, 7) };
    let (to, pay) = match kind {
        1 | 2 => {
            rates = vec![dice.between(1, 9), 3];
            (up(), Node::map([("levels", Node::List(rates.iter().map(percent).collect()))]))
        }
        3 => {
            rates = vec![5, 8];
            (up(), Node::map([("differential", Node::map([("V1", percent(&5)), ("V2", percent(&8))]))]))
        }
        4 | 5 => {
            let (mut from, mut rate, mut steps) = (dice.pick(&[0, 100]), 0, Vec::new());
            for _ in 0..dice.between(1, 3) {
                rate += dice.between(1, 9);
                steps.push(Node::List(vec![Node::Int(from), percent(&rate)]));
                asked.push(from);
                rates.push(rate);
                from += dice.between(1, 2000);
            }
            let span = if kind == 5 { "team" } else { "own" };
            (itself(), Node::map([("ladder", Node::List(steps)), ("span", span.into())]))
        }
        // One without a rank gets more.
        6 => {
            rates = vec![8, 1, 2, 9];
            let table = [("any", [8, 1]), ("V2", [2, 9])];
            let table = table.map(|(key, rates)| (key, Node::List(rates.iter().map(percent).collect())));
            (up(), Node::map([("levels", Node::map(table))]))
        }
        _ => {
            let class = Node::map([("class", Node::map([("active", Node::Bool(true))]))]);
            (class, Node::map([("share", percent(&10))]))
        }
    };
    let limit = if team || dice.one_in(3) { None } else { Some(dice.between(5, 200)) };
    let cap = |limit: i64| {
        let every = if limit % 2 == 0 { "month" } else { "week" };
        Node::map([("per", Node::from("payee")), ("every", every.into()), ("limit", limit.into())])
    };
    let reached =
        limit.iter().flat_map(|limit| rates.iter().map(move |rate| (limit * 100 + rate - 1) / rate));
    let reached = reached.collect();
    let rule = Node::map([
        ("id", Node::from("r")),
        ("on", "week".into()),
        ("of", "paid".into()),
        ("to", to),
        ("pay", pay),
        ("cap", Node::List(limit.into_iter().map(cap).collect())),
    ]);
    let ranks: &[&str] = if matches!(kind, 3 | 6) { &["V1", "V2"] } else { &[] };
    let plan = Node::map([
        ("schema", Node::from("fenrun.plan/1")),
        ("name", "n".into()),
        ("currency", "CNY".into()),
        ("ranks", Node::List(ranks.iter().map(|rank| Node::from(*rank)).collect())),
        ("allow", Node::map([("r", Node::from("a test"))])),
        ("rule", Node::List(vec![rule])),
    ]);
    (Plan::from_node(&plan).expect("a plan"), asked, reached)
}

fn stage(dice: &mut Dice, ranked: bool, most: i64) -> Stage {
    let mut actors: Vec<Actor> = Vec::new();
    for id in 1..=dice.between(2, most) {
        let inviter = if id == 1 || dice.one_in(6) { 0 } else { dice.between(1, id - 1) };
        let rank = dice.pick(&[None, Some("V1"), Some("V2")]).filter(|_| ranked);
        actors.push(Actor {
            id: u64::try_from(id).expect("an id"),
            inviter: u64::try_from(inviter).expect("an id"),
            rank: rank.map(str::to_owned),
            facts: BTreeMap::from([("active".to_owned(), Node::Bool(!dice.one_in(4)))]),
            places: BTreeMap::new(),
            volumes: BTreeMap::from([("paid".to_owned(), dice.pick(&[0, 99, 1001, 5000]))]),
        });
    }
    Stage { period: PeriodKey::parse("week/2026-11-02").expect("a week"), actors }
}
