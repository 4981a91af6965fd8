//! The close of a period in which a shop's plan may have changed.

use super::forest::forest_from_nodes;
use super::period::{PastInput, RanksWhen, add_one, trees, who};
use super::plans::set_of;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::reward::commission::Language;
use crate::reward::period::{
    Carry, Closed, Closing, Past, PeriodKey, RankChange, Snapshot, Stretch, Volumes, close_parts, run_ranks,
};
use crate::reward::plan::Plan;
use crate::reward::plan_set::{Scope, Served};
use crate::time::Timestamp;

/// Closes a period under the versions of a plan set: what is not split under the version at its start, what
/// is split in parts, each under its own version.
pub(super) fn run(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "close_set")?;
    let with_trace = fields.flag("trace")?.unwrap_or(false);
    closed(fields, |done| {
        let parts = done.parts().map(|(served, closed, _)| part(served, closed, with_trace)).collect();
        let carry = done.closed.last().map_or(&done.given.carry, |last| &last.carry);
        Ok(Node::map([
            ("period", Node::from(done.given.period.to_string())),
            ("parts", Node::List(parts)),
            ("ranks", Node::List(done.changes.iter().map(RankChange::to_node).collect())),
            ("carry", carry.to_node()),
        ]))
    })
}

/// Such a close in sentences; where the plan changed inside, each part under a line that says which it is.
pub(super) fn explain(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "explain_close")?;
    let language = fields.word("lang", &Language::ALL, Language::name)?.unwrap_or(Language::English);
    let only = fields.take("member");
    closed(fields, |done| {
        let (mut lines, mut whom) = (Vec::new(), None);
        for (served, closed, (snapshot, _)) in done.parts() {
            whom = only.map(|node| who(snapshot.forest(), node)).transpose()?;
            if done.closed.len() > 1 {
                lines.push(heading(served, language));
            }
            lines.extend(closed.explain(served.plan, snapshot, whom.as_ref(), language));
        }
        let theirs = |change: &&RankChange| whom.as_ref().is_none_or(|whom| change.member == *whom);
        lines.extend(done.changes.iter().filter(theirs).map(|change| change.explain(language)));
        Ok(Node::map([("lines", Node::List(lines.into_iter().map(Node::from).collect()))]))
    })
}

/// Which part of a period it is: its ends on the clock of its plan.
fn heading(served: &Served<'_>, language: Language) -> String {
    let offset = served.plan.utc_offset_minutes();
    let local = |at: Timestamp| {
        let text = Timestamp::from_ms(at.ms().saturating_add(i64::from(offset) * 60_000)).to_string();
        text.get(..16).unwrap_or(&text).replace('T', " ")
    };
    let (from, until, name) = (local(served.from), local(served.until), served.plan.name());
    let rules: Vec<&str> = served.rules.iter().map(String::as_str).collect();
    match language {
        Language::English => format!("{from} to {until}, plan “{name}”: {}", rules.join(", ")),
        Language::Chinese => format!("{from} 至 {until}，方案“{name}”：{}", rules.join("、")),
    }
}

/// What a close came to, and what it was made from.
struct Done<'a> {
    given: &'a Given<'a>,
    served: &'a [Served<'a>],
    works: &'a [Work],
    closed: Vec<Closed>,
    changes: Vec<RankChange>,
}

impl Done<'_> {
    fn parts(&self) -> impl Iterator<Item = (&Served<'_>, &Closed, &Work)> {
        self.served
            .iter()
            .zip(&self.closed)
            .zip(self.works)
            .map(|((served, closed), work)| (served, closed, work))
    }
}

/// Reads the rest of the input, closes the period and tells of it.
fn closed(mut fields: Fields<'_>, tell: impl FnOnce(&Done<'_>) -> Result<Node>) -> Result<Node> {
    let set = set_of(&mut fields)?;
    let scope = Scope::take(&mut fields)?;
    let given = Given::read(&mut fields)?;
    let served = set.stretches(&scope, given.period)?;
    let Some(first) = served.first() else {
        let every = given.period.every().name();
        let rule = format!("{}: no plan in force has a rule that closes by the {every}", given.period);
        return Err(Error::new(Code::NotFound, rule));
    };
    let past = fields.list("past")?.iter();
    let past = past.map(|node| PastInput::read(first.plan, node, scope.tenant()));
    let past = past.collect::<Result<Vec<PastInput>>>()?;
    fields.finish()?;
    let (works, changes) = given.works(&served)?;
    let whole = works.len() == 1 && first.is_all_of(given.period);
    let mut closings = Vec::with_capacity(works.len());
    for (Served { plan, from, rules, .. }, (snapshot, volumes)) in served.iter().zip(&works) {
        let part = (!whole).then_some(Stretch { from: *from, rules });
        let (tenant, period, carry) = (scope.tenant(), given.period, &given.carry);
        closings.push(Closing { plan, tenant, period, snapshot, volumes, carry, part });
    }
    let closed = close_parts(&closings, &past.iter().map(PastInput::past).collect::<Vec<Past<'_>>>())?;
    tell(&Done { given: &given, served: &served, works: &works, closed, changes })
}

fn part(served: &Served<'_>, closed: &Closed, with_trace: bool) -> Node {
    let mut node = closed.to_node(served.plan, with_trace);
    if let Node::Map(map) = &mut node {
        map.insert("from".into(), served.from.ms().into());
        map.insert("until".into(), served.until.ms().into());
        let rules = served.rules.iter().map(|rule| rule.as_str().into());
        map.insert("rules".into(), Node::List(rules.collect()));
    }
    node
}

/// What is stated of the period, whatever plan reads it.
struct Given<'a> {
    period: PeriodKey,
    members: &'a [Node],
    trees: Option<&'a Node>,
    sales: &'a [Node],
    refunds: &'a [Node],
    ranks: Option<RanksWhen>,
    carry: Carry,
}

/// Who stands where, and what they sold, for one part.
type Work = (Snapshot, Volumes);

impl<'a> Given<'a> {
    fn read(fields: &mut Fields<'a>) -> Result<Self> {
        Ok(Self {
            period: PeriodKey::parse(fields.need_text("period")?)?,
            members: fields.list("members")?,
            trees: fields.take("trees"),
            sales: fields.list("sales")?,
            refunds: fields.list("refunds")?,
            ranks: fields.word("ranks", &RanksWhen::ALL, RanksWhen::name)?,
            carry: fields.take("carry").map(Carry::from_node).transpose()?.unwrap_or_default(),
        })
    }

    /// What each part is closed from. Ranks are those of the version at the start, over the whole period.
    fn works(&self, served: &[Served<'_>]) -> Result<(Vec<Work>, Vec<RankChange>)> {
        let (mut works, mut changes, mut codes) = (Vec::with_capacity(served.len()), Vec::new(), None);
        for Served { plan, from, until, .. } in served {
            let forest = forest_from_nodes(plan, self.members)?;
            let mut snapshot = trees(plan, forest, self.trees)?;
            if let (true, Some(when)) = (works.is_empty(), self.ranks) {
                let offset = plan.utc_offset_minutes();
                let (first, last) = (self.period.start(offset), self.period.end(offset));
                let run = run_ranks(plan, &snapshot, &self.volumes(plan, &snapshot, first, last)?)?;
                changes = run.changes;
                codes = Some((plan.ranks(), run.codes)).filter(|_| when == RanksWhen::First);
            }
            if let Some((names, codes)) = &codes {
                snapshot = snapshot.with_ranks(names, codes.clone())?;
            }
            let volumes = self.volumes(plan, &snapshot, *from, *until)?;
            works.push((snapshot, volumes));
        }
        Ok((works, changes))
    }

    /// What was paid between two moments, less what was refunded of it.
    fn volumes(
        &self,
        plan: &Plan,
        snapshot: &Snapshot,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Volumes> {
        let offset = plan.utc_offset_minutes();
        let mut volumes = Volumes::new();
        for (key, list, sign) in [("sales", self.sales, 1), ("refunds", self.refunds, -1)] {
            for (at, node) in list.iter().enumerate() {
                let mut fields = Fields::new(node, format!("{key}[{at}]"))?;
                let paid_at = Timestamp::from_ms(fields.need_int("at")?);
                if paid_at < self.period.start(offset) || paid_at >= self.period.end(offset) {
                    let rule = format!("`at` is {paid_at}, which is not in {}", self.period);
                    return Err(fields.fault(Code::InvalidValue, rule));
                }
                if (from..until).contains(&paid_at) {
                    add_one(&mut volumes, snapshot, fields, sign)?;
                }
            }
        }
        Ok(volumes)
    }
}
