//! Periods, ranks and placements as documents.

use super::forest::{forest_from_nodes, handles, number};
use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::reward::period::{Carry, Closing, Past, PeriodKey, Snapshot, Volumes, close, run_ranks};
use crate::reward::plan::Plan;
use crate::reward::referral::{Forest, MemberIx, Placement, Spot};
use std::collections::BTreeMap;

/// Closes a period: `docs/reference/period.md`.
pub(super) fn run(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "close")?;
    let tenant = fields.text("tenant")?.unwrap_or_default();
    let past = fields.list("past")?;
    let past: Vec<PastInput> =
        past.iter().map(|node| PastInput::read(plan, node, tenant)).collect::<Result<_>>()?;
    let with_trace = fields.flag("trace")?.unwrap_or(false);
    let ranks = fields.word("ranks", &RanksWhen::ALL, RanksWhen::name)?;
    let mut own = Input::read(plan, &mut fields)?;
    fields.finish()?;
    let mut changes = None;
    if let Some(when) = ranks {
        let run = run_ranks(plan, &own.snapshot, &own.volumes)?;
        if when == RanksWhen::First {
            own.snapshot = own.snapshot.with_ranks(plan.ranks(), run.codes)?;
        }
        changes = Some(run.changes.iter().map(crate::reward::period::RankChange::to_node).collect());
    }
    let past: Vec<Past<'_>> = past.iter().map(PastInput::past).collect();
    let closed = close(&own.closing(plan, tenant), &past)?;
    let mut answer = closed.to_node(plan, with_trace);
    if let Node::Map(map) = &mut answer {
        map.insert("period".into(), own.period.to_string().into());
        map.insert("ranks".into(), Node::List(changes.unwrap_or_default()));
    }
    Ok(answer)
}

/// Whether the ranks of a period are run before or after its rules.
#[derive(Clone, Copy, PartialEq)]
enum RanksWhen {
    First,
    Last,
}

impl RanksWhen {
    const ALL: [Self; 2] = [Self::First, Self::Last];

    const fn name(self) -> &'static str {
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
        Closing { plan, tenant, period: *period, snapshot, volumes, carry }
    }
}

/// A closed period, with its own plan unless that is today's.
struct PastInput {
    plan: Plan,
    tenant: String,
    input: Input,
    adjusted: Volumes,
    changes: Volumes,
}

impl PastInput {
    fn read(plan: &Plan, node: &Node, tenant: &str) -> Result<Self> {
        let mut fields = Fields::new(node, "past")?;
        let plan = fields.take("plan").map_or_else(|| Ok(plan.clone()), Plan::from_node)?;
        let input = Input::read(&plan, &mut fields)?;
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
        Ok(Self { plan, tenant: tenant.to_owned(), input, adjusted, changes })
    }

    fn past(&self) -> Past<'_> {
        let closing = self.input.closing(&self.plan, &self.tenant);
        Past { closing, adjusted: &self.adjusted, changes: &self.changes }
    }
}

/// The trees of a plan: lists of `[member, parent, leg]`.
fn trees(plan: &Plan, forest: Forest, node: Option<&Node>) -> Result<Snapshot> {
    let mut snapshot = Snapshot::new(forest)?;
    let Some(node) = node else { return Ok(snapshot) };
    for (name, node) in Fields::new(node, "trees")?.rest() {
        if !plan.trees().contains_key(name) {
            let error = format!("trees: the plan declares no tree `{name}`");
            return Err(Error::new(Code::InvalidValue, error));
        }
        let Node::List(rows) = node else { return Err(invalid(name, "a list of places", node)) };
        let forest = snapshot.forest();
        let mut spots = vec![Spot { parent: MemberIx::NOBODY, leg: 0 }; forest.len()];
        for row in rows {
            let (member, parent, leg) = place(row)?;
            let at = forest.resolve(&[member])?[0].index() - 1;
            let parent = if parent == 0 { MemberIx::NOBODY } else { forest.resolve(&[parent])?[0] };
            spots[at] = Spot { parent, leg };
        }
        snapshot = snapshot.with_tree(name, &spots)?;
    }
    Ok(snapshot)
}

fn place(row: &Node) -> Result<(u64, u64, u32)> {
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
        let mut fields = Fields::new(node, format!("{what}[{at}]"))?;
        let member = number(fields.need("member")?)?;
        for (name, value) in fields.rest() {
            match value {
                Node::Int(amount) if *amount >= 0 => volumes.add(snapshot, member, name, sign * amount)?,
                other => return Err(fields.wrong(name, "a whole number at or above zero", other)),
            }
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
