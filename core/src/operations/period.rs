//! Periods, ranks and placements as documents.

use super::forest::{forest_from_nodes, handle, handles, known_as, number, written};
use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::reward::commission::Language;
use crate::reward::compare::{Compared, compare_closes};
use crate::reward::period::{
    Carry, Closing, Past, PeriodKey, RankChange, Snapshot, Stretch, Volumes, close, run_ranks,
};
use crate::reward::plan::Plan;
use crate::reward::referral::{Forest, MemberIx, Placement, Spot};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Closes a period: `docs/reference/period.md`.
pub(super) fn run(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "close")?;
    let with_trace = fields.flag("trace")?.unwrap_or(false);
    let work = Work::read(plan, &mut fields)?;
    fields.finish()?;
    let closed = close(&work.own.closing(plan, &work.tenant), &work.past())?;
    let mut answer = closed.to_node(plan, with_trace);
    if let Node::Map(map) = &mut answer {
        map.insert("period".into(), work.own.period.to_string().into());
        map.insert("ranks".into(), work.changes());
    }
    Ok(answer)
}

/// A close in sentences.
pub(super) fn explain(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "explain_close")?;
    let language = fields.word("lang", &Language::ALL, Language::name)?.unwrap_or(Language::English);
    let only = fields.take("member");
    let work = Work::read(plan, &mut fields)?;
    fields.finish()?;
    let closed = close(&work.own.closing(plan, &work.tenant), &work.past())?;
    let who = only.map(|node| who(work.own.snapshot.forest(), node)).transpose()?;
    let mut lines = closed.explain(plan, &work.own.snapshot, who.as_ref(), language);
    let of_whom = |change: &&RankChange| who.as_ref().is_none_or(|who| change.member == *who);
    lines.extend(work.changes.iter().filter(of_whom).map(|change| change.explain(language)));
    Ok(Node::map([("lines", Node::List(lines.into_iter().map(Node::from).collect()))]))
}

/// Somebody whose lines are asked for.
pub(super) fn who(forest: &Forest, node: &Node) -> Result<MemberId> {
    MemberId::new(&written(forest, handle(forest, node)?))
}

/// What two plans make of one period, closed from one document: the input of `close`.
///
/// A plan that has no ranks does not see those of people, nor one plan the trees that only the other declares. Periods
/// that were closed before count under the plan they state, else under the first.
///
/// # Errors
/// What `close` refuses, with the plan that does in front; [`Code::CurrencyMismatch`] when the plans pay in different
/// currencies; [`Code::NotFound`] when neither has a rule for such a period.
pub fn compare_close(before: &Plan, after: &Plan, input: &Node) -> Result<Compared> {
    let closed = |plan: &Plan, other: &Plan| {
        let input = seen_by(plan, other, before, input)?;
        let mut fields = Fields::new(&input, "close")?;
        // A trace is made in any case.
        fields.flag("trace")?;
        let work = Work::read(plan, &mut fields)?;
        fields.finish()?;
        Ok((work.own.period, close(&work.own.closing(plan, &work.tenant), &work.past())?))
    };
    let of = |plan: &Plan, other: &Plan| {
        closed(plan, other).map_err(|error: Error| error.within(&format!("plan “{}”", plan.name())))
    };
    let ((period, first), (_, second)) = (of(before, after)?, of(after, before)?);
    let closes = |plan: &Plan| plan.sequence(Some(period.every())).next().is_some();
    if !closes(before) && !closes(after) {
        let rule = format!("{period}: neither plan has a rule that closes by the {}", period.every().name());
        return Err(Error::new(Code::NotFound, rule));
    }
    compare_closes(period, (before, &first), (after, &second))
}

/// The close as one of two plans sees it.
fn seen_by(plan: &Plan, other: &Plan, first: &Plan, input: &Node) -> Result<Node> {
    let mut seen = input.clone();
    let Node::Map(map) = &mut seen else { return Err(invalid("close", "a map", input)) };
    if let (Some(Node::List(members)), true) = (map.get_mut("members"), plan.ranks().is_empty()) {
        for member in members {
            if let Node::Map(member) = member {
                member.remove("rank");
            }
        }
    }
    if let Some(Node::Map(trees)) = map.get_mut("trees") {
        let declares = |plan: &Plan, name: &str| plan.trees().contains_key(name);
        trees.retain(|name, _| declares(plan, name) || !declares(other, name));
    }
    if let Some(Node::List(past)) = map.get_mut("past") {
        for closed in past {
            if let Node::Map(closed) = closed {
                closed.entry("plan".into()).or_insert_with(|| first.to_node());
            }
        }
    }
    Ok(seen)
}

/// A close as it is stated, the ranks run where that is asked for.
struct Work {
    tenant: String,
    own: Input,
    past: Vec<PastInput>,
    changes: Vec<RankChange>,
}

impl Work {
    fn read(plan: &Plan, fields: &mut Fields<'_>) -> Result<Self> {
        let tenant = fields.text("tenant")?.unwrap_or_default().to_owned();
        let past = fields.list("past")?.iter();
        let past = past.map(|node| PastInput::read(plan, node, &tenant)).collect::<Result<_>>()?;
        let ranks = fields.word("ranks", &RanksWhen::ALL, RanksWhen::name)?;
        let mut own = Input::read(plan, fields)?;
        let changes = own.run_ranks(plan, ranks)?;
        Ok(Self { tenant, own, past, changes })
    }

    fn past(&self) -> Vec<Past<'_>> {
        self.past.iter().map(PastInput::past).collect()
    }

    fn changes(&self) -> Node {
        Node::List(self.changes.iter().map(RankChange::to_node).collect())
    }
}

/// Whether the ranks of a period are run before or after its rules.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum RanksWhen {
    First,
    Last,
}

impl RanksWhen {
    pub(super) const ALL: [Self; 2] = [Self::First, Self::Last];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

/// One close, as it is stated.
struct Input {
    period: PeriodKey,
    snapshot: Snapshot,
    volumes: Volumes,
    carry: Carry,
}

impl Input {
    fn read(plan: &Plan, fields: &mut Fields<'_>) -> Result<Self> {
        let period = PeriodKey::parse(fields.need_text("period")?)?;
        let forest = forest_from_nodes(plan, fields.list("members")?)?;
        let snapshot = trees(plan, forest, fields.take("trees"))?;
        let mut volumes = Volumes::new();
        for (key, sign) in [("volumes", 1), ("refunds", -1)] {
            add(&mut volumes, &snapshot, fields.list(key)?, key, sign)?;
        }
        let carry = fields.take("carry").map(Carry::from_node).transpose()?.unwrap_or_default();
        Ok(Self { period, snapshot, volumes, carry })
    }

    const fn closing<'a>(&'a self, plan: &'a Plan, tenant: &'a str) -> Closing<'a> {
        let Self { period, snapshot, volumes, carry } = self;
        Closing { plan, tenant, period: *period, snapshot, volumes, carry, part: None }
    }

    /// Runs the ranks; those that come first are in force at once.
    fn run_ranks(&mut self, plan: &Plan, when: Option<RanksWhen>) -> Result<Vec<RankChange>> {
        let Some(when) = when else { return Ok(Vec::new()) };
        let run = run_ranks(plan, &self.snapshot, &self.volumes)?;
        if when == RanksWhen::First {
            self.snapshot = self.snapshot.clone().with_ranks(plan.ranks(), run.codes)?;
        }
        Ok(run.changes)
    }
}

/// A closed period, with its own plan unless that is today's.
pub(super) struct PastInput {
    plan: Plan,
    tenant: String,
    input: Input,
    /// The part of the period it is about, where the plan changed inside.
    part: Option<(Timestamp, BTreeSet<String>)>,
    adjusted: Volumes,
    changes: Volumes,
}

impl PastInput {
    pub(super) fn read(plan: &Plan, node: &Node, tenant: &str) -> Result<Self> {
        let mut fields = Fields::new(node, "past")?;
        let plan = fields.take("plan").map_or_else(|| Ok(plan.clone()), Plan::from_node)?;
        let input = Input::read(&plan, &mut fields)?;
        let part = fields.take("part").map(|node| part(&plan, node)).transpose()?;
        let (mut adjusted, mut changes) = (Volumes::new(), Volumes::new());
        for (key, target, sign) in [
            ("adjusted_sales", 0, 1),
            ("adjusted_refunds", 0, -1),
            ("late_sales", 1, 1),
            ("late_refunds", 1, -1),
        ] {
            let target = if target == 0 { &mut adjusted } else { &mut changes };
            add(target, &input.snapshot, fields.list(key)?, key, sign)?;
        }
        fields.finish()?;
        Ok(Self { plan, tenant: tenant.to_owned(), input, part, adjusted, changes })
    }

    pub(super) fn past(&self) -> Past<'_> {
        let part = self.part.as_ref().map(|(from, rules)| Stretch { from: *from, rules });
        let closing = Closing { part, ..self.input.closing(&self.plan, &self.tenant) };
        Past { closing, adjusted: &self.adjusted, changes: &self.changes }
    }
}

/// `{from, rules}`: a part as `close_set` names it.
fn part(plan: &Plan, node: &Node) -> Result<(Timestamp, BTreeSet<String>)> {
    let mut fields = Fields::new(node, "part")?;
    let from = Timestamp::from_ms(fields.need_int("from")?);
    let mut rules = BTreeSet::new();
    for item in fields.list("rules")? {
        let known = plan.rules().iter().find(|rule| item.as_text() == Some(&rule.id));
        let known = known.ok_or_else(|| fields.wrong("rules", "a list of the plan's rules", item))?;
        rules.insert(known.id.clone());
    }
    fields.finish()?;
    Ok((from, rules))
}

/// The trees of a plan: lists of `[member, parent, leg]`.
pub(super) fn trees(plan: &Plan, forest: Forest, node: Option<&Node>) -> Result<Snapshot> {
    let mut snapshot = Snapshot::new(forest)?;
    let Some(node) = node else { return Ok(snapshot) };
    for (name, node) in Fields::new(node, "trees")?.rest() {
        if !plan.trees().contains_key(name) {
            let error = format!("trees: the plan declares no tree `{name}`");
            return Err(Error::new(Code::InvalidValue, error));
        }
        let Node::List(rows) = node else { return Err(invalid(name, "a list of places", node)) };
        let forest = snapshot.forest();
        let nowhere = Spot { parent: MemberIx::NOBODY, leg: 0 };
        let mut spots = vec![None; forest.len()];
        for row in rows {
            let (member, parent, leg) = place(row, |node| known_as(forest, node))?;
            let placed = forest.resolve(&[member])?[0];
            let parent = if parent == 0 { MemberIx::NOBODY } else { forest.resolve(&[parent])?[0] };
            if spots[placed.index() - 1].replace(Spot { parent, leg }).is_some() {
                let who = forest.name(placed);
                let error =
                    format!("trees: member {who} stands twice in tree `{name}`; state one place each");
                return Err(Error::new(Code::DuplicateMember, error));
            }
        }
        let spots: Vec<Spot> = spots.into_iter().map(|spot| spot.unwrap_or(nowhere)).collect();
        snapshot = snapshot.with_tree(name, &spots)?;
    }
    Ok(snapshot)
}

/// `[member, parent]` or `[member, parent, leg]`.
pub(super) fn place(row: &Node, number: impl Fn(&Node) -> Result<u64>) -> Result<(u64, u64, u32)> {
    let wrong = || invalid("a place", "a member, a parent and a leg", row);
    let Node::List(parts) = row else { return Err(wrong()) };
    let (member, parent, leg) = match parts.as_slice() {
        [member, parent] => (member, parent, 0),
        [member, parent, Node::Int(leg)] => (member, parent, u32::try_from(*leg).map_err(|_| wrong())?),
        _ => return Err(wrong()),
    };
    Ok((number(member)?, number(parent)?, leg))
}

/// Adds what is listed: `{member, pv, paid, …}`, whole numbers at or above zero.
fn add(volumes: &mut Volumes, snapshot: &Snapshot, list: &[Node], what: &str, sign: i64) -> Result<()> {
    for (at, node) in list.iter().enumerate() {
        add_one(volumes, snapshot, Fields::new(node, format!("{what}[{at}]"))?, sign)?;
    }
    Ok(())
}

/// Adds the volumes of one entry, whose other keys were taken.
pub(super) fn add_one(
    volumes: &mut Volumes,
    snapshot: &Snapshot,
    mut fields: Fields<'_>,
    sign: i64,
) -> Result<()> {
    let member = known_as(snapshot.forest(), fields.need("member")?)?;
    for (name, value) in fields.rest() {
        match value {
            Node::Int(amount) if *amount >= 0 => volumes.add(snapshot, member, name, sign * amount)?,
            other => return Err(fields.wrong(name, "a whole number at or above zero", other)),
        }
    }
    Ok(())
}

/// Places members one after the other: `[member, inviter]`, or `[member, inviter, parent, leg]` where the
/// inviter chose.
pub(super) fn place_members(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "place")?;
    let (name, joins) = (fields.need_text("tree")?, fields.list("joins")?);
    let known = plan.trees().get(name);
    let policy =
        known.ok_or_else(|| fields.fault(Code::InvalidValue, format!("the plan has no tree `{name}`")))?;
    fields.finish()?;
    let (mut forest, mut tree) = (Forest::new(), Placement::new(*policy)?);
    for join in joins {
        let Node::List(parts) = join else { return Err(invalid("a join", "a member and an inviter", join)) };
        let ids = parts.iter().map(number).collect::<Result<Vec<u64>>>()?;
        let find = |id: u64| {
            if id == 0 { Ok(MemberIx::NOBODY) } else { forest.resolve(&[id]).map(|found| found[0]) }
        };
        match ids.as_slice() {
            [_, inviter] => tree.join(find(*inviter)?)?,
            [_, inviter, parent, leg] => {
                let leg = u32::try_from(*leg).unwrap_or(u32::MAX);
                tree.join_at(find(*inviter)?, Spot { parent: find(*parent)?, leg })?
            }
            _ => return Err(invalid("a join", "a member and an inviter", join)),
        };
        forest.join(ids[0], Some(ids[1]).filter(|inviter| *inviter != 0), None)?;
    }
    let id = |ix: MemberIx| Node::from(Some(forest.id(ix).to_string()).filter(|_| ix != MemberIx::NOBODY));
    let spots: BTreeMap<String, Spot> =
        handles(&forest).map(|ix| (forest.id(ix).to_string(), tree.spot(ix))).collect();
    Ok(Node::map([
        ("parents", Node::map(spots.iter().map(|(member, spot)| (member.as_str(), id(spot.parent))))),
        ("legs", Node::map(spots.iter().map(|(member, spot)| (member.as_str(), Node::Int(spot.leg.into()))))),
    ]))
}
