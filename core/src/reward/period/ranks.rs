//! Rank runs: who wins, keeps and loses a rank by what a period brought, and on which numbers.

use super::facts::{derived, known};
use super::snapshot::{Snapshot, ix};
use super::tree::Children;
use super::volumes::Volumes;
use crate::doc::Node;
use crate::error::Result;
use crate::id::MemberId;
use crate::reward::commission::Language;
use crate::reward::plan::{Condition, Knowledge, Plan, REFERRAL};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What a rank run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankRun {
    /// The rank of every member after it, in join order: places in the plan's `ranks` from 1, 0 for none.
    pub codes: Vec<u8>,
    /// Who changed, by id.
    pub changes: Vec<RankChange>,
}

/// One member's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankChange {
    /// Who.
    pub member: MemberId,
    /// The rank before.
    pub from: Option<String>,
    /// The rank after.
    pub to: Option<String>,
    /// The conditions that decided: the one that won the rank, or those that failed to keep one.
    pub why: Vec<Ground>,
}

/// A condition with the numbers it was decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The rank it belongs to.
    pub rank: String,
    /// Whether it is about winning the rank, not about keeping it.
    pub won: bool,
    /// Whether it held.
    pub holds: bool,
    /// The facts it read, in the order it read them; where it did not hold, the last one decided.
    pub read: Vec<(String, Node)>,
}

/// Runs the ranks of a plan over the volumes of a period, from the leaves up: counts of ranks below a member
/// (`recruits_R`, `legs_R`) see the ranks of this run.
///
/// A member takes the highest rank above their own whose `won` holds. One who wins nothing loses their rank
/// where its `kept` does not hold and falls to the next lower one, and so on; a rank without `kept` is kept.
///
/// # Errors
/// [`Code::MissingFact`](crate::Code::MissingFact), [`Code::OverReversed`](crate::Code::OverReversed).
pub fn run_ranks(plan: &Plan, snapshot: &Snapshot, volumes: &Volumes) -> Result<RankRun> {
    volumes.check(snapshot)?;
    let tree = snapshot.tree(REFERRAL)?;
    let names = plan.rank_facts();
    let columns = derived(plan, snapshot, volumes, &names)?;
    let mut run = Ranks {
        plan,
        snapshot,
        volumes,
        columns,
        children: tree.children(),
        now: vec![0; snapshot.len()],
        best: vec![0; snapshot.len()],
    };
    let mut changes = Vec::new();
    for at in tree.children_first() {
        let from = run.old(at);
        let (to, why) = run.decide(at, from)?;
        run.now[at] = to;
        run.best[at] = run.children.of(at).map(|child| run.best[child]).max().unwrap_or(0).max(to);
        if from != to {
            changes.push((snapshot.place(at), run.change(at, from, to, why)));
        }
    }
    changes.sort_by_key(|(place, _)| *place);
    let code = |rank: &usize| u8::try_from(*rank).unwrap_or(u8::MAX);
    let codes = run.now.iter().skip(1).map(code).collect();
    Ok(RankRun { codes, changes: changes.into_iter().map(|(_, change)| change).collect() })
}

/// Ranks are places from 1; 0 is none.
struct Ranks<'a> {
    plan: &'a Plan,
    snapshot: &'a Snapshot,
    volumes: &'a Volumes,
    columns: BTreeMap<String, Vec<i64>>,
    children: Children,
    /// The rank of this run, of those who had their turn.
    now: Vec<usize>,
    /// The highest of a member's whole team, themselves included.
    best: Vec<usize>,
}

impl Ranks<'_> {
    fn old(&self, at: usize) -> usize {
        let rank = self.snapshot.forest().rank(ix(at));
        rank.and_then(|rank| self.plan.rank_index(rank)).map_or(0, |index| index + 1)
    }

    fn decide(&self, at: usize, from: usize) -> Result<(usize, Vec<Ground>)> {
        let rules = self.plan.rank_rules();
        for rank in (from + 1..=rules.len()).rev() {
            if let Some(won) = &rules[rank - 1].won {
                let ground = self.ground(at, rank, won, true)?;
                if ground.holds {
                    return Ok((rank, vec![ground]));
                }
            }
        }
        let (mut rank, mut why) = (from, Vec::new());
        while let Some(kept) = rank.checked_sub(1).and_then(|place| rules.get(place)?.kept.as_ref()) {
            let ground = self.ground(at, rank, kept, false)?;
            if ground.holds {
                break;
            }
            why.push(ground);
            rank -= 1;
        }
        Ok((rank, why))
    }

    fn ground(&self, at: usize, rank: usize, condition: &Condition, won: bool) -> Result<Ground> {
        let asked = Asked { ranks: self, at, read: RefCell::new(Vec::new()) };
        let holds = condition.holds(&asked, self.plan.ranks())?;
        Ok(Ground { rank: self.plan.ranks()[rank - 1].clone(), won, holds, read: asked.read.into_inner() })
    }

    fn change(&self, at: usize, from: usize, to: usize, why: Vec<Ground>) -> RankChange {
        let name = |rank: usize| rank.checked_sub(1).map(|place| self.plan.ranks()[place].clone());
        RankChange { member: self.snapshot.member(at), from: name(from), to: name(to), why }
    }

    /// How many directly below have a rank, themselves or in their team.
    fn below(&self, at: usize, rank: usize, best: &[usize]) -> Node {
        let count = self.children.of(at).filter(|child| best[*child] >= rank).count();
        Node::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

/// A member who is asked, and what was asked.
struct Asked<'a> {
    ranks: &'a Ranks<'a>,
    at: usize,
    read: RefCell<Vec<(String, Node)>>,
}

impl Asked<'_> {
    fn look_up(&self, name: &str) -> Option<Node> {
        let Ranks { plan, snapshot, columns, now, best, .. } = self.ranks;
        if name == "rank" {
            return snapshot.forest().rank(ix(self.at)).map(Node::from);
        }
        if let Some(stated) = snapshot.forest().fact(ix(self.at), name) {
            return Some(stated);
        }
        if let Some((kind, rank)) =
            name.split_once('_').and_then(|(kind, rank)| Some((kind, plan.rank_index(rank)? + 1)))
        {
            match kind {
                "recruits" => return Some(self.ranks.below(self.at, rank, now)),
                "legs" => return Some(self.ranks.below(self.at, rank, best)),
                _ => {}
            }
        }
        columns.get(name).map(|column| Node::Int(column[self.at]))
    }
}

impl Knowledge for Asked<'_> {
    fn fact(&self, name: &str) -> Option<Node> {
        let value = self.look_up(name);
        self.read.borrow_mut().push((name.to_owned(), value.clone().unwrap_or(Node::Null)));
        value
    }

    fn sale_fact(&self, _name: &str) -> Option<Node> {
        None
    }

    fn whose(&self) -> String {
        format!("member {}", self.ranks.snapshot.member(self.at))
    }

    fn known(&self) -> Vec<String> {
        known(self.ranks.plan, self.ranks.snapshot, self.ranks.volumes)
    }
}

impl RankChange {
    /// One line for people: who changed, and on which numbers.
    #[must_use]
    pub fn explain(&self, language: Language) -> String {
        let none = match language {
            Language::English => "no rank",
            Language::Chinese => "无等级",
        };
        let name = |rank: &Option<String>| rank.clone().unwrap_or_else(|| none.to_owned());
        let why: Vec<String> = self.why.iter().map(|ground| ground.explain(language)).collect();
        let (from, to) = (name(&self.from), name(&self.to));
        match language {
            Language::English => format!("{}: {from} → {to} — {}", self.member, why.join("; ")),
            Language::Chinese => format!("{}：{from} → {to} — {}", self.member, why.join("；")),
        }
    }

    /// The document of the change.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("member", Node::from(&self.member)),
            ("from", self.from.clone().into()),
            ("to", self.to.clone().into()),
            ("why", Node::List(self.why.iter().map(Ground::to_node).collect())),
        ])
    }
}

impl Ground {
    fn explain(&self, language: Language) -> String {
        let shown = |value: &Node| value.as_text().map_or_else(|| value.to_json(), str::to_owned);
        let read: Vec<String> =
            self.read.iter().map(|(name, value)| format!("{name} {}", shown(value))).collect();
        let (rank, read) = (&self.rank, read.join(", "));
        match (language, self.won) {
            (Language::English, true) => format!("{rank} is won with {read}"),
            (Language::English, false) => format!("{rank} is not kept with {read}"),
            (Language::Chinese, true) => format!("达到 {rank} 的条件：{read}"),
            (Language::Chinese, false) => format!("未保住 {rank}：{read}"),
        }
    }

    fn to_node(&self) -> Node {
        let fact = |(name, value): &(String, Node)| {
            Node::map([("fact", Node::from(name.as_str())), ("value", value.clone())])
        };
        Node::map([
            ("rank", Node::from(self.rank.as_str())),
            ("condition", if self.won { "won" } else { "kept" }.into()),
            ("holds", self.holds.into()),
            ("read", Node::List(self.read.iter().map(fact).collect())),
        ])
    }
}
