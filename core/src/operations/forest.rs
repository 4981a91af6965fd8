//! Forests and batches as documents.

use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::reward::batch::{self, Names, Orders, Overrides, Rows};
use crate::reward::commission::Reason;
use crate::reward::plan::Plan;
use crate::reward::referral::{Column, Forest, MemberIx};
use crate::sale::{SaleLine, read};
use std::collections::BTreeMap;

pub(super) fn bind(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "bind")?;
    let joins = fields.list("joins")?;
    fields.finish()?;
    let mut forest = Forest::new();
    for join in joins {
        let Node::List(pair) = join else { return Err(invalid("a join", "a member and an inviter", join)) };
        let [member, inviter] = pair.as_slice() else {
            return Err(invalid("a join", "a member and an inviter", join));
        };
        let (member, inviter) = (number(member)?, number(inviter)?);
        match (forest.find(member), inviter) {
            (None, 0) => forest.join(member, None, None).map(drop)?,
            (None, inviter) => forest.join(member, Some(inviter), None).map(drop)?,
            (Some(_), 0) => forest.join(member, None, None).map(drop)?,
            (Some(_), inviter) => forest.bind(member, inviter, None)?,
        }
    }
    let parents = handles(&forest).map(|ix| {
        let parent = forest.parent(ix, None);
        let inviter = Some(parent).filter(|parent| *parent != MemberIx::NOBODY);
        (forest.id(ix).to_string(), inviter.map(|ix| forest.id(ix).to_string()).into())
    });
    Ok(Node::map([("parents", Node::map(parents))]))
}

pub(super) fn settle(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "settle")?;
    let forest = forest_from_nodes(plan, fields.list("members")?)?;
    let lines = Lines::from_nodes(&forest, fields.list("sales")?)?;
    fields.finish()?;
    let components: Vec<(&str, &[i64])> =
        lines.components.iter().map(|(name, column)| (name.as_str(), column.as_slice())).collect();
    let overrides = lines.overrides.iter().any(|index| *index > 0);
    let orders = Orders {
        ids: Some(&lines.sales),
        lines: Some(&lines.ids),
        units: Some(&lines.units),
        overrides: overrides.then_some((&lines.overrides, &lines.tables)),
        ..Orders::new(&lines.buyers, &components)
    };
    let rows = batch::settle(plan, &forest, &orders, None)?;
    Ok(answer(plan, &forest, &lines, &rows))
}

/// A member in an answer: their text, or their number.
pub(super) fn written(forest: &Forest, member: MemberIx) -> String {
    forest.text(member).map_or_else(|| forest.id(member).to_string(), str::to_owned)
}

/// The handles of all members.
pub(super) fn handles(forest: &Forest) -> impl Iterator<Item = MemberIx> {
    (1..=u32::try_from(forest.len()).unwrap_or(u32::MAX)).map(MemberIx::new)
}

/// The number of an id; 0 for nobody.
pub(super) fn number(node: &Node) -> Result<u64> {
    match node {
        Node::Null => Ok(0),
        Node::Text(text) if text.is_empty() => Ok(0),
        Node::Int(value) => u64::try_from(*value).map_err(|_| not_a_number(node)),
        Node::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().map_err(|_| not_a_number(node))
        }
        other => Err(not_a_number(other)),
    }
}

/// What a forest calls a member, whose id may be a text; 0 for nobody.
pub(super) fn known_as(forest: &Forest, node: &Node) -> Result<u64> {
    if !forest.has_texts() {
        return number(node);
    }
    match ExternalId::from_node(node)? {
        None => Ok(0),
        Some(id) => forest.account_named(id.as_str()).map(|ix| forest.id(ix)),
    }
}

/// The handle of somebody.
pub(super) fn handle(forest: &Forest, node: &Node) -> Result<MemberIx> {
    Ok(forest.resolve(&[known_as(forest, node)?])?[0])
}

fn not_a_number(node: &Node) -> Error {
    let message = format!("id {}: columns hold whole numbers from 0 to 2^63 − 1", node.to_json());
    Error::new(Code::InvalidId, message)
}

pub(super) fn forest_from_nodes(plan: &Plan, nodes: &[Node]) -> Result<Forest> {
    let (mut members, mut inviters) = (Vec::with_capacity(nodes.len()), Vec::with_capacity(nodes.len()));
    let mut facts = BTreeMap::<&str, Vec<&Node>>::new();
    let mut ranks = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let mut fields = Fields::new(node, format!("members[{at}]"))?;
        members.push(fields.need("id")?);
        inviters.push(fields.take("inviter").unwrap_or(&Node::Null));
        ranks.push(match fields.text("rank")? {
            None => 0,
            Some(rank) => rank_code(plan, rank)?,
        });
        for (name, value) in fields.rest() {
            facts.entry(name).or_default().push(value);
        }
        if let Some((name, _)) = facts.iter().find(|(_, values)| values.len() != at + 1) {
            let rule = format!("all members state the fact `{name}`, or none does");
            return Err(fields.fault(Code::LengthMismatch, rule));
        }
    }
    let (mut forest, rows) = forest_of(&members, &inviters)?;
    // Columns stand in the order of the handles, which is not the order of the rows when a member stands
    // above their inviter.
    let places: BTreeMap<u64, usize> = rows.into_iter().zip(0..).collect();
    let order: Vec<usize> = handles(&forest).filter_map(|ix| places.get(&forest.id(ix)).copied()).collect();
    if ranks.iter().any(|code| *code > 0) {
        forest.set_ranks(plan.ranks(), order.iter().map(|at| ranks[*at]).collect())?;
    }
    for (name, values) in facts {
        let values: Vec<&Node> = order.iter().map(|at| values[*at]).collect();
        forest.set_fact(name, Column::of(name, &values)?)?;
    }
    Ok(forest)
}

/// A forest, and what it calls the member of each row: texts are the ids when any of them is no number.
fn forest_of(members: &[&Node], inviters: &[&Node]) -> Result<(Forest, Vec<u64>)> {
    let written = |node: &&Node| match node {
        Node::Text(text) => !text.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    if !members.iter().any(written) {
        let numbers = |nodes: &[&Node]| nodes.iter().map(|node| number(node)).collect::<Result<Vec<u64>>>();
        let (members, inviters) = (numbers(members)?, numbers(inviters)?);
        return Ok((Forest::from_edges(&members, &inviters)?, members));
    }
    let text = |node: &&Node| Ok(ExternalId::from_node(node)?.map_or_else(String::new, |id| id.to_string()));
    let texts = |nodes: &[&Node]| nodes.iter().map(text).collect::<Result<Vec<String>>>();
    let (members, inviters) = (texts(members)?, texts(inviters)?);
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let inviters: Vec<&str> = inviters.iter().map(String::as_str).collect();
    let forest = Forest::from_texts(&members, &inviters)?;
    Ok((forest, (1..).take(members.len()).collect()))
}

fn rank_code(plan: &Plan, rank: &str) -> Result<u8> {
    let code = plan.rank_index(rank).and_then(|at| u8::try_from(at + 1).ok());
    code.ok_or_else(|| Error::new(Code::InvalidSale, format!("the plan has no rank `{rank}`")))
}

/// The columns of a batch.
#[derive(Default)]
struct Lines {
    sales: Vec<u64>,
    buyers: Vec<MemberIx>,
    ids: Vec<u64>,
    units: Vec<u32>,
    components: BTreeMap<String, Vec<i64>>,
    overrides: Vec<u32>,
    tables: Vec<Overrides>,
}

impl Lines {
    fn from_nodes(forest: &Forest, nodes: &[Node]) -> Result<Self> {
        let mut lines = Self::default();
        for (at, node) in nodes.iter().enumerate() {
            let mut fields = Fields::new(node, format!("sales[{at}]"))?;
            let id = number(fields.need("id")?)?;
            if lines.sales.last() == Some(&id) {
                let rule = format!("order {id} stands twice in the batch");
                return Err(fields.fault(Code::DuplicateOrder, rule));
            }
            let buyer = handle(forest, fields.need("buyer")?)?;
            for (at, node) in fields.list("lines")?.iter().enumerate() {
                lines.push(id, buyer, read::line_from_node(node, at)?)?;
            }
            fields.finish()?;
        }
        Ok(lines)
    }

    fn push(&mut self, sale: u64, buyer: MemberIx, line: SaleLine) -> Result<()> {
        let before = self.sales.len();
        self.sales.push(sale);
        self.buyers.push(buyer);
        self.ids.push(number(&(&line.id).into())?);
        let units = u32::try_from(line.units);
        self.units.push(units.map_err(|_| {
            let message = format!("order {sale}: {} units do not fit the column", line.units);
            Error::new(Code::InvalidSale, message)
        })?);
        for (name, minor) in line.components {
            self.components.entry(name).or_default().push(minor);
        }
        if let Some((name, _)) = self.components.iter().find(|(_, column)| column.len() != before + 1) {
            let message = format!("order {sale}: all lines of a batch state `{name}`, or none does");
            return Err(Error::new(Code::MissingComponent, message).at(before));
        }
        self.overrides.push(match line.overrides.is_empty() {
            true => 0,
            false => {
                self.tables.push(line.overrides);
                u32::try_from(self.tables.len()).unwrap_or(u32::MAX)
            }
        });
        Ok(())
    }
}

fn answer(plan: &Plan, forest: &Forest, lines: &Lines, rows: &Rows) -> Node {
    let names = Names::new(plan);
    let ids = |source: u32| {
        let source = usize::try_from(source).unwrap_or(usize::MAX);
        (lines.sales[source].to_string(), lines.ids[source].to_string())
    };
    let keys = names.keys("", rows.as_block(), ids);
    let row = |(at, key): (usize, String)| {
        let (sale, line) = ids(rows.sources()[at]);
        let rule = rows.rule(at);
        let from = rows.origins().get(at).and_then(|place| usize::try_from(*place).ok()?.checked_sub(1));
        let from = from.map(|at| written(forest, MemberIx::new(rows.table()[at].payee)));
        let fixed = [
            ("key", Node::from(key)),
            ("sale", sale.into()),
            ("payee", written(forest, rows.payee(at)).into()),
            ("amount", rows.amounts()[at].into()),
            ("rule", names.rule(rule).unwrap_or_default().into()),
            ("line", names.has_line(rule).then_some(line).into()),
            ("level", i64::from(rows.level(at)).into()),
        ];
        let account = (!rows.accounts().is_empty()).then(|| names.account(rows.accounts(), at));
        let account = account.map(|account| ("account", Node::from(account)));
        let from = (!rows.origins().is_empty()).then(|| ("after", Node::from(from)));
        Node::map(fixed.into_iter().chain(account).chain(from))
    };
    let retained = Reason::ALL.iter().map(|reason| (reason, rows.retained(*reason)));
    let retained = retained.filter(|(_, amount)| *amount != 0).map(|(reason, amount)| {
        Node::map([("reason", Node::from(reason.name())), ("amount", amount.into())])
    });
    Node::map([
        ("pool", Node::from(rows.pool())),
        ("rows", Node::List(keys.into_iter().enumerate().map(row).collect())),
        ("retained", Node::List(retained.collect())),
    ])
}
