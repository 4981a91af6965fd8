//! Changes of a forest and questions about it, as documents.

use super::forest::{handle, known_as, number, written};
use crate::doc::{Fields, Node};
use crate::error::{Code, Result};
use crate::reward::referral::{EdgeFaults, Forest, ForestChange, MemberIx, Order, PAGE, ReadIndex, pair_of};
use crate::time::Timestamp;

pub(super) fn forest(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "forest")?;
    let (given, when, ask) = (fields.list("given")?, fields.list("when")?, fields.list("ask")?);
    fields.finish()?;
    let mut forest = Forest::new();
    let mut error = None;
    for (at, node) in given.iter().enumerate() {
        step(&mut forest, node).map_err(|error| error.within(&format!("given[{at}]")))?;
    }
    for node in when {
        error = step(&mut forest, node).err().map(|error| error.code().name());
    }
    let view = View { index: ReadIndex::of(&forest), order: Order::of(&forest), forest: &forest };
    let answers = ask.iter().map(|node| view.answer(node)).collect::<Result<_>>()?;
    Ok(Node::map([("error", error.into()), ("answers", Node::List(answers))]))
}

fn step(forest: &mut Forest, node: &Node) -> Result<()> {
    let mut fields = Fields::new(node, "a step")?;
    if let Some((change, from)) = ForestChange::take(forest, &mut fields)? {
        fields.finish()?;
        return forest.apply(&change, from);
    }
    if let Some(name) = fields.text("track")? {
        let newcomer = fields.int("newcomer")?.unwrap_or(0);
        let own = column(forest, fields.take("own"))?;
        fields.finish()?;
        return forest.track(name, &own, newcomer);
    }
    if let Some(name) = fields.text("add")? {
        let member = handle(forest, fields.need("member")?)?;
        let amount = fields.need_int("amount")?;
        fields.finish()?;
        return forest.add(name, member, amount);
    }
    let rule = "one of join, bind, rebind, unbind, merge, close, track, add";
    Err(fields.fault(Code::UnknownWord, rule))
}

/// A forest with what is read off it quickly.
struct View<'a> {
    forest: &'a Forest,
    index: ReadIndex,
    order: Order,
}

impl View<'_> {
    fn answer(&self, node: &Node) -> Result<Node> {
        let mut fields = Fields::new(node, "a question")?;
        let at = fields.int("at")?.map(Timestamp::from_ms);
        let answer = self.of_one(&mut fields, at)?;
        let answer = match answer {
            Some(answer) => answer,
            None => self.of_teams(&mut fields)?,
        };
        fields.finish()?;
        Ok(answer)
    }

    /// Questions about one member.
    fn of_one(&self, fields: &mut Fields<'_>, at: Option<Timestamp>) -> Result<Option<Node>> {
        let forest = self.forest;
        if let Some(member) = fields.take("upline") {
            let member = resolve_at(forest, member, at)?;
            return Ok(Some(self.ids(forest.upline(member, at))));
        }
        if let Some(pair) = fields.take("is_above") {
            let [above, below] = pair_of(pair)?;
            let [above, below] = [above, below].map(|id| handle(forest, id));
            return Ok(Some(self.index.is_above(above?, below?).into()));
        }
        if let Some(member) = fields.take("depth") {
            return Ok(Some(i64::from(self.index.depth(handle(forest, member)?)).into()));
        }
        if let Some(member) = fields.take("account") {
            let member = resolve_at(forest, member, at)?;
            let closed = forest.is_closed(member);
            return Ok(Some(Node::map([
                ("member", Node::from(written(forest, member))),
                ("closed", closed.into()),
            ])));
        }
        Ok(None)
    }

    /// Questions about everybody below somebody.
    fn of_teams(&self, fields: &mut Fields<'_>) -> Result<Node> {
        let forest = self.forest;
        if let Some(member) = fields.take("team") {
            let member = somebody(forest, member)?;
            let after: u32 = fields.count("after")?.unwrap_or(0);
            let limit = fields.count("limit")?.map_or(PAGE, |limit: u32| MemberIx::new(limit).index());
            let page = self.index.page(member, MemberIx::new(after).index(), limit);
            return Ok(Node::map([
                ("size", count(self.index.team_size(member))),
                ("page", self.ids(page.iter().copied())),
            ]));
        }
        if let Some(member) = fields.take("directly_below") {
            return Ok(self.ids(self.index.directly_below(somebody(forest, member)?)));
        }
        if let Some(member) = fields.take("generations") {
            let counts = self.index.generations(somebody(forest, member)?);
            let counts = counts.into_iter().map(|people| count(usize::try_from(people).unwrap_or(0)));
            return Ok(Node::List(counts.collect()));
        }
        if let Some(name) = fields.text("volume")? {
            let member = handle(forest, fields.need("member")?)?;
            let (own, team) = (forest.own(name, member)?, forest.team(name, member)?);
            return Ok(Node::map([("own", own), ("team", team)].map(|(key, sum)| (key, Node::Int(sum)))));
        }
        if let Some(own) = fields.take("sums") {
            let sums = self.order.sums(forest, &column(forest, Some(own))?)?;
            let sum = |(member, sum)| (written(forest, member), Node::Int(sum));
            return Ok(Node::map(forest.members().zip(sums).map(sum)));
        }
        let known = "upline, is_above, depth, account, team, directly_below, generations, volume, sums";
        Err(fields.fault(Code::UnknownWord, format!("one of {known}")))
    }

    fn ids(&self, members: impl Iterator<Item = MemberIx>) -> Node {
        Node::List(members.map(|ix| written(self.forest, ix).into()).collect())
    }
}

pub(super) fn edges(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "edges")?;
    let edges = fields.list("edges")?.iter().map(two).collect::<Result<Vec<_>>>()?;
    fields.finish()?;
    let (members, inviters): (Vec<u64>, Vec<u64>) = edges.into_iter().unzip();
    let faults = EdgeFaults::of(&members, &inviters);
    let rows = |rows: &[usize]| Node::List(rows.iter().copied().map(count).collect());
    let seconds = faults.second_parents.iter().map(|second| {
        Node::map([("row", count(second.row)), ("first", count(second.first)), ("same", second.same.into())])
    });
    Ok(Node::map([
        ("cycles", Node::List(faults.cycles.iter().map(|cycle| rows(cycle)).collect())),
        ("own_inviters", rows(&faults.own_inviters)),
        ("orphans", rows(&faults.orphans)),
        ("second_parents", Node::List(seconds.collect())),
        ("invalid", rows(&faults.invalid)),
    ]))
}

/// Two numbers.
fn two(node: &Node) -> Result<(u64, u64)> {
    let [first, second] = pair_of(node)?;
    Ok((number(first)?, number(second)?))
}

/// Who an id named at a moment, or names now.
fn resolve_at(forest: &Forest, member: &Node, at: Option<Timestamp>) -> Result<MemberIx> {
    let moment = at.map(|at| [at.ms()]);
    Ok(forest.resolve_at(&[known_as(forest, member)?], moment.as_ref().map(<[_; 1]>::as_slice))?[0])
}

/// A member, or nobody, who stands above everybody.
fn somebody(forest: &Forest, member: &Node) -> Result<MemberIx> {
    match known_as(forest, member)? {
        0 => Ok(MemberIx::NOBODY),
        id => Ok(forest.resolve(&[id])?[0]),
    }
}

/// A value per member in join order from a map of ids; 0 for those it does not name, and the sum of several ids for a
/// member whom they name.
fn column(forest: &Forest, node: Option<&Node>) -> Result<Vec<i64>> {
    let mut own = vec![0; forest.len()];
    let Some(node) = node else { return Ok(own) };
    let fields = Fields::new(node, "own volumes")?;
    for (member, value) in fields.rest() {
        let ix = handle(forest, &member.into())?;
        let Node::Int(value) = value else { return Err(fields.wrong(member, "an integer", value)) };
        let own = &mut own[ix.index() - 1];
        let too_wide =
            || fields.fault(Code::Overflow, format!("the values of member {member} do not fit 64 bits"));
        *own = own.checked_add(*value).ok_or_else(too_wide)?;
    }
    Ok(own)
}

fn count(value: usize) -> Node {
    Node::Int(i64::try_from(value).unwrap_or(i64::MAX))
}
