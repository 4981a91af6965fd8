//! From a document to what a plan declares: ranks, trees, its calendar.

use super::{DEFAULT_UTC_OFFSET, check_name, names, text};
use crate::doc::{Fields, Node, Spot};
use crate::error::{Code, Error, Result};
use crate::reward::plan::Condition;
use crate::reward::plan::stop::REFERRAL;
use crate::reward::plan::tree::{FillOrder, PassTo, RankRule, TreePolicy};
use std::collections::BTreeMap;

/// The most ranks of a plan.
const MAX_RANKS: usize = 255;
/// The most trees a plan declares.
const MAX_TREES: usize = 16;

/// `ranks = […]`, or `[[rank]]` tables that also say how each is won and kept.
pub(super) fn ranks(fields: &mut Fields<'_>) -> Result<(Vec<String>, Vec<RankRule>)> {
    let plain = names(fields, "ranks")?;
    let tables = fields.list("rank")?;
    if fields.holds("rank") && tables.is_empty() {
        return Err(fields.fault(Code::InvalidValue, "`rank` lists no rank; leave the key out instead"));
    }
    if !plain.is_empty() && !tables.is_empty() {
        return Err(fields.fault(Code::InvalidValue, "write either `ranks` or `rank` tables"));
    }
    let mut ids = plain;
    for (at, node) in tables.iter().enumerate() {
        let mut table = Fields::table(node, format!("plan: rank[{at}]"))?;
        let id = text(&mut table, "id")?;
        check_name(&table, "id", &id)?;
        if id == "any" || ids.contains(&id) {
            let rule = format!("`{id}` is reserved or stands twice");
            return Err(table.fault(Code::InvalidValue, rule));
        }
        ids.push(id);
    }
    if ids.len() > MAX_RANKS {
        let key = if tables.is_empty() { "ranks" } else { "rank" };
        let rule = format!("`{key}` lists {} ranks; a plan has at most {MAX_RANKS}", ids.len());
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    let mut rules = Vec::new();
    for (node, id) in tables.iter().zip(&ids) {
        let mut table = Fields::table(node, format!("plan: rank `{id}`"))?;
        table.take("id");
        let mut condition = |key: &'static str| {
            let place = format!("plan: rank `{id}`: `{key}`");
            let Some(node) = table.take(key) else { return Ok(None) };
            let condition = Condition::read(node, &place, &ids)?;
            if condition.asks_sale() {
                let rule = format!("{place} asks members, of whom `{{ sale = … }}` says nothing");
                return Err(Error::new(Code::InvalidValue, rule).about(Spot::of(node)));
            }
            Ok(Some(condition))
        };
        let (won, kept) = (condition("won")?, condition("kept")?);
        if kept.is_some() && won.is_none() {
            let rule = "`kept` goes with `won`: a rank nobody can win is the host's to give and to take";
            return Err(table.fault(Code::InvalidValue, rule));
        }
        table.finish()?;
        rules.push(RankRule { id: id.clone(), won, kept });
    }
    // Ranks that say no more than their names are the same plan either way.
    if rules.iter().all(|rule| rule.won.is_none() && rule.kept.is_none()) {
        rules.clear();
    }
    Ok((ids, rules))
}

/// `[tree.NAME]`, with `fill` or `pass_up` or neither.
pub(super) fn trees(fields: &mut Fields<'_>) -> Result<BTreeMap<String, TreePolicy>> {
    let mut trees = BTreeMap::new();
    let Some(node) = fields.take("tree") else { return Ok(trees) };
    let tables = Fields::table(node, "plan: `tree`")?;
    for (name, node) in tables.rest() {
        check_name(&tables, "tree", name)?;
        if name == REFERRAL || name.is_empty() {
            let rule =
                format!("`{name}`: `{REFERRAL}` is there without being declared; give yours another name");
            return Err(tables.fault(Code::InvalidValue, rule));
        }
        trees.insert(name.to_owned(), policy(node, name)?);
    }
    if trees.len() > MAX_TREES {
        let rule = format!("{} trees; a plan declares at most {MAX_TREES}", trees.len());
        return Err(tables.fault(Code::InvalidValue, rule));
    }
    Ok(trees)
}

fn policy(node: &Node, name: &str) -> Result<TreePolicy> {
    let place = format!("plan: tree `{name}`");
    let mut fields = Fields::table(node, place.as_str())?;
    let (fill, pass_up) = (fields.take("fill"), fields.take("pass_up"));
    let both = fields.fault(Code::InvalidValue, "write `fill` or `pass_up`, not both");
    fields.finish()?;
    match (fill, pass_up) {
        (None, None) => Ok(TreePolicy::Placed),
        (Some(node), None) => {
            let mut fields = Fields::table(node, format!("{place}: `fill`"))?;
            let width = above_zero(&mut fields, "width")?;
            let order = fields.word("order", &FillOrder::ALL, FillOrder::name)?.unwrap_or(FillOrder::Breadth);
            fields.finish()?;
            Ok(TreePolicy::Fill { width, order })
        }
        (None, Some(node)) => {
            let mut fields = Fields::table(node, format!("{place}: `pass_up`"))?;
            let first = above_zero(&mut fields, "first")?;
            let to = fields.need_word("to", &PassTo::ALL, PassTo::name)?;
            fields.finish()?;
            Ok(TreePolicy::PassUp { first, to })
        }
        _ => Err(both),
    }
}

fn above_zero(fields: &mut Fields<'_>, key: &'static str) -> Result<u32> {
    let count = fields.count(key)?;
    let zero = fields.fault(Code::InvalidValue, format!("`{key}` is 0; it is above zero"));
    count.ok_or_else(|| fields.missing(key)).and_then(|count| if count == 0 { Err(zero) } else { Ok(count) })
}

/// `"+08:00"`: when days, weeks and months of the plan start.
pub(super) fn utc_offset(fields: &mut Fields<'_>) -> Result<i32> {
    let Some(text) = fields.text("utc_offset")? else { return Ok(DEFAULT_UTC_OFFSET) };
    let parts = || {
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>());
        let (hours, minutes) = (digits(hours)?.ok()?, digits(minutes)?.ok()?);
        (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    };
    parts().ok_or_else(|| {
        let rule = format!("plan: `utc_offset` is `{text}`; write it as +08:00, between -18:59 and +18:59");
        Error::new(Code::InvalidValue, rule)
    })
}
