//! Sets of plans over time against a plain list of versions that is asked moment by moment.

use crate::dice::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::Node;
use fenrun::request::Tenant;
use fenrun::reward::plan::Plan;
use fenrun::reward::plan_set::{Command, PlanSet, Scope};
use fenrun::time::Timestamp;
use std::collections::BTreeMap;

/// The last moment that is asked about.
const LAST: i64 = 24;
/// Shop and category of the scopes.
const SCOPES: [(Option<&str>, Option<&str>); 4] =
    [(Some("s"), Some("c")), (Some("s"), None), (None, Some("c")), (None, None)];

/// A command: when it is given, for which scope, and what.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    now: i64,
    scope: usize,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Start { plan: usize, from: i64, until: Option<i64> },
    End { at: i64 },
    Withdraw { from: i64 },
}

/// What became of the steps, which plan is in force for each scope at each moment, and which serves a rule of
/// a period that lasts from 0 to [`LAST`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answers {
    accepted: Vec<bool>,
    in_force: Vec<Vec<Option<usize>>>,
    serves: BTreeMap<(String, i64), usize>,
}

pub(crate) trait Keeper {
    fn run(&self, steps: &[Step]) -> Answers;
}

/// The rules of each plan, and whether each is split.
const RULES: [&[(&str, bool)]; 3] =
    [&[("a", false), ("b", true)], &[("a", true), ("b", false), ("c", true)], &[("b", true), ("c", false)]];

fn plans() -> Vec<Plan> {
    let rule = |(id, split): &(&str, bool)| {
        Node::map([
            ("id", Node::from(*id)),
            ("on", "month".into()),
            ("to", "self".into()),
            ("pay", Node::map([("ladder", Node::List(vec![Node::List(vec![0.into(), "1%".into()])]))])),
            ("change", if *split { "split" } else { "start" }.into()),
        ])
    };
    let plan = |rules: &&[(&str, bool)]| {
        Plan::from_node(&Node::map([
            ("schema", Node::from("fenrun.plan/1")),
            ("name", "n".into()),
            ("currency", "CNY".into()),
            ("rule", Node::List(rules.iter().map(rule).collect())),
        ]))
        .expect("a plan")
    };
    RULES.iter().map(plan).collect()
}

fn scope(at: usize) -> Scope {
    let (shop, category) = SCOPES[at];
    Scope::new(&Tenant::new("t").expect("a tenant"), shop, category).expect("a scope")
}

pub(crate) struct Engine;

impl Keeper for Engine {
    fn run(&self, steps: &[Step]) -> Answers {
        let (plans, mut set) = (plans(), PlanSet::default());
        let ms = Timestamp::from_ms;
        let mut accepted = Vec::new();
        for step in steps {
            let scope = scope(step.scope);
            let command = match step.what {
                What::Start { plan, from, until } => Command::Start {
                    scope,
                    plan: Box::new(plans[plan].clone()),
                    from: ms(from),
                    until: until.map(ms),
                },
                What::End { at } => Command::End { scope, at: ms(at) },
                What::Withdraw { from } => Command::Withdraw { scope, from: ms(from) },
            };
            accepted.push(set.apply(command, ms(step.now)).is_ok());
        }
        // What is kept is what is asked.
        let set = PlanSet::from_node(&set.to_node()).expect("a set");
        let place = |hash: &str| plans.iter().position(|plan| plan.hash() == hash).expect("a plan");
        let at = |scope: &Scope, moment: i64| {
            set.version_at(scope, ms(moment)).map(|(_, version)| place(version.plan()))
        };
        let in_force = (0..4).map(|nth| (0..=LAST).map(|moment| at(&scope(nth), moment)).collect()).collect();
        let mut serves = BTreeMap::new();
        for part in set.parts(&scope(0), ms(0), ms(LAST)).expect("parts") {
            for moment in part.from.ms()..part.until.ms() {
                let twice = serves.insert((part.rule.clone(), moment), place(&part.plan));
                assert_eq!(twice, None, "two versions serve {} at {moment}", part.rule);
            }
        }
        Answers { accepted, in_force, serves }
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    EndIncluded,
    OverlapAllowed,
    PastAllowed,
    OpenGoesOn,
    NotResumed,
    WidestFirst,
    CategoryBeforeShop,
    BegunTakenBack,
    EndForgotten,
    SplitForgotten,
    OwnSplitCounts,
    NewRuleAtOnce,
}

/// A list of versions: scope, from, until, plan.
pub(crate) struct Listed(pub(crate) Option<Slip>);

#[derive(Clone, Debug)]
struct Entry {
    scope: usize,
    from: i64,
    until: Option<i64>,
    plan: usize,
}

impl Listed {
    fn slips(&self, slip: Slip) -> bool {
        self.0 == Some(slip)
    }

    fn covers(&self, entry: &Entry, moment: i64) -> bool {
        let last = |until: i64| if self.slips(Slip::EndIncluded) { moment <= until } else { moment < until };
        entry.from <= moment && entry.until.is_none_or(last)
    }

    fn step(&self, list: &mut Vec<Entry>, step: &Step) -> bool {
        let scope = step.scope;
        match step.what {
            What::Start { plan, from, until } => {
                if (from < step.now && !self.slips(Slip::PastAllowed))
                    || until.is_some_and(|until| until <= from)
                {
                    return false;
                }
                let open = |entry: &Entry| entry.scope == scope && entry.until.is_none() && entry.from < from;
                let ends = until.unwrap_or(i64::MAX);
                let meets = |entry: &Entry| {
                    entry.scope == scope
                        && !open(entry)
                        && entry.from < ends
                        && from < entry.until.unwrap_or(i64::MAX)
                };
                if list.iter().any(meets) && !self.slips(Slip::OverlapAllowed) {
                    return false;
                }
                let mut more = vec![Entry { scope, from, until, plan }];
                for entry in list.iter_mut().filter(|entry| open(entry)) {
                    if let (Some(until), false) = (until, self.slips(Slip::NotResumed)) {
                        more.push(Entry { scope, from: until, until: None, plan: entry.plan });
                    }
                    if !self.slips(Slip::OpenGoesOn) {
                        entry.until = Some(from);
                    }
                }
                list.extend(more);
                true
            }
            What::End { at } => {
                let met = list.iter_mut().find(|entry| {
                    entry.scope == scope && entry.from < at && entry.until.is_none_or(|end| at < end)
                });
                match met {
                    Some(entry) if at >= step.now => {
                        if !self.slips(Slip::EndForgotten) {
                            entry.until = Some(at);
                        }
                        true
                    }
                    _ => false,
                }
            }
            What::Withdraw { from } => {
                let met = list.iter().position(|entry| entry.scope == scope && entry.from == from);
                match met {
                    Some(at) if from > step.now || self.slips(Slip::BegunTakenBack) => {
                        list.remove(at);
                        true
                    }
                    _ => false,
                }
            }
        }
    }

    fn plan_at(&self, list: &[Entry], asked: usize, moment: i64) -> Option<usize> {
        let mut wider: Vec<usize> = match asked {
            0 => vec![0, 1, 2, 3],
            1 => vec![1, 3],
            2 => vec![2, 3],
            _ => vec![3],
        };
        if self.slips(Slip::WidestFirst) {
            wider.reverse();
        }
        if self.slips(Slip::CategoryBeforeShop) && asked == 0 {
            wider.swap(1, 2);
        }
        wider.into_iter().find_map(|scope| {
            let mut entries = list.iter().filter(|entry| entry.scope == scope);
            entries.find(|entry| self.covers(entry, moment)).map(|entry| entry.plan)
        })
    }

    /// Moment by moment: the version of the start serves the whole, what is split serves as it stands.
    fn serves(&self, list: &[Entry]) -> BTreeMap<(String, i64), usize> {
        let split = |plan: usize, id: &str| RULES[plan].iter().find(|rule| rule.0 == id).map(|rule| rule.1);
        let first = self.plan_at(list, 0, 0);
        let mut serves = BTreeMap::new();
        for moment in 0..LAST {
            let now = self.plan_at(list, 0, moment);
            for id in ["a", "b", "c"] {
                let at_start = first.and_then(|plan| split(plan, id));
                let own = now.and_then(|plan| split(plan, id));
                let said = if self.slips(Slip::OwnSplitCounts) { own.or(at_start) } else { at_start.or(own) };
                let by = match said {
                    Some(true) if !self.slips(Slip::SplitForgotten) => now.filter(|_| own.is_some()),
                    _ if at_start.is_some() => first,
                    _ if self.slips(Slip::NewRuleAtOnce) => now.filter(|_| own.is_some()),
                    _ => None,
                };
                serves.extend(by.map(|plan| ((id.to_owned(), moment), plan)));
            }
        }
        serves
    }
}

impl Keeper for Listed {
    fn run(&self, steps: &[Step]) -> Answers {
        let mut list = Vec::new();
        let accepted = steps.iter().map(|step| self.step(&mut list, step)).collect();
        let row = |asked| (0..=LAST).map(|moment| self.plan_at(&list, asked, moment)).collect();
        Answers { accepted, in_force: (0..4).map(row).collect(), serves: self.serves(&list) }
    }
}

/// Which commands are accepted, which plan is in force when and for whom, and which version serves which rule
/// of a period; and what was in force before a command was given never changes.
pub(crate) const ANSWERS: Law<dyn Keeper, Slip> = Law {
    name: "plan set",
    holds: answers,
    suspects: &[
        Slip::EndIncluded,
        Slip::OverlapAllowed,
        Slip::PastAllowed,
        Slip::OpenGoesOn,
        Slip::NotResumed,
        Slip::WidestFirst,
        Slip::CategoryBeforeShop,
        Slip::BegunTakenBack,
        Slip::EndForgotten,
        Slip::SplitForgotten,
        Slip::OwnSplitCounts,
        Slip::NewRuleAtOnce,
    ],
};

fn answers(who: &dyn Keeper, seed: u64) -> Verdict {
    let mut dice = Dice::new(seed);
    let mut now = 0;
    let steps: Vec<Step> = (0..dice.between(1, 7))
        .map(|_| {
            now += dice.between(0, 3);
            let scope = usize::try_from(dice.pick(&[0, 1, 2, 3, 3])).expect("a scope");
            let moment = dice.between((now - 2).max(0), LAST);
            let what = match dice.between(1, 6) {
                1 => What::End { at: moment },
                2 => What::Withdraw { from: moment },
                _ => What::Start {
                    plan: usize::try_from(dice.between(0, 2)).expect("a plan"),
                    from: if dice.one_in(3) { now } else { moment },
                    until: dice.one_in(2).then(|| moment + dice.between(0, 8)),
                },
            };
            Step { now, scope, what }
        })
        .collect();
    let (answer, honest) = (who.run(&steps), Listed(None).run(&steps));
    need(answer == honest, || format!("{steps:?}\n{answer:?}\n{honest:?}"))?;
    for done in 1..steps.len() {
        let (before, after) = (who.run(&steps[..done]), who.run(&steps[..=done]));
        let past = usize::try_from(steps[done].now).expect("a moment").min(before.in_force[0].len());
        for (earlier, later) in before.in_force.iter().zip(&after.in_force) {
            need(earlier[..past] == later[..past], || format!("{:?} rewrites the past", steps[done]))?;
        }
    }
    Ok(if honest.accepted.contains(&true) { Bearing::Tested } else { Bearing::Beside })
}
