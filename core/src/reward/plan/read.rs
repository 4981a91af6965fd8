//! From a document to a plan.

use super::rule::{Base, Per, Reverse, Round, Rule, Schedule, Stop, StopSource, Unqualified};
use super::{Amount, Condition, MAX_LEVELS, MAX_NAME_BYTES, MAX_RULES, Plan, RateTable};
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::MAX_ID_BYTES;
use crate::money::{Currency, Rate, Rounding};
use crate::sale::{MAX_STOPS, Pay};
use std::collections::BTreeMap;

/// Keys of the language that later versions evaluate.
const LATER: [&str; 8] = ["after", "cap", "split", "residual", "budget", "tree", "carry", "utc_offset"];

/// How many people of an upline are walked unless `limit` says otherwise.
const DEFAULT_LIMIT: usize = 64;

pub(super) fn plan(node: &Node) -> Result<Plan> {
    check_texts(node)?;
    let mut fields = Fields::new(node, "plan")?;
    match fields.text("schema")? {
        Some("fenrun.plan/1") => {}
        Some(other) => {
            let rule = format!("`schema` is `{other}`; this version reads `fenrun.plan/1`");
            return Err(fields.fault(Code::InvalidValue, rule));
        }
        None => {
            return Err(fields.fault(Code::MissingKey, "the key `schema` is missing; write `fenrun.plan/1`"));
        }
    }
    let name = text(&mut fields, "name")?;
    if name.len() > MAX_NAME_BYTES {
        let rule = format!("`name` has {} bytes; at most {MAX_NAME_BYTES}", name.len());
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    let currency =
        Currency::parse(&text(&mut fields, "currency")?).map_err(|e| Error::from(e).within("plan"))?;
    let ranks = names(&mut fields, "ranks")?;
    if ranks.len() > 255 {
        return Err(
            fields.fault(Code::InvalidValue, format!("{} ranks; a plan has at most 255", ranks.len()))
        );
    }
    let mut allow = BTreeMap::new();
    if let Some(node) = fields.take("allow") {
        for (rule, reason) in Fields::new(node, "plan: `allow`")?.rest() {
            let reason = reason.as_text().filter(|reason| !reason.trim().is_empty()).ok_or_else(|| {
                fields.fault(Code::InvalidValue, format!("`allow.{rule}` needs a reason as text"))
            })?;
            allow.insert(rule.to_owned(), reason.to_owned());
        }
    }
    let items = fields.list("rule")?;
    if items.is_empty() || items.len() > MAX_RULES {
        let rule = format!("{} rules; a plan has 1 to {MAX_RULES}", items.len());
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    refuse_later(&fields)?;
    fields.finish()?;
    let mut rules: Vec<Rule> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let rule = rule(item, at, &ranks)?;
        if rules.iter().any(|known| known.id == rule.id) {
            return Err(Error::new(Code::InvalidValue, format!("plan: two rules have the id `{}`", rule.id)));
        }
        rules.push(rule);
    }
    if let Some(unknown) = allow.keys().find(|id| *id != "plan" && !rules.iter().any(|rule| rule.id == **id))
    {
        let error = format!("plan: `allow` names `{unknown}`, which is no rule of this plan");
        return Err(Error::new(Code::InvalidValue, error));
    }
    Ok(Plan { name, currency, ranks, rules, allow, canonical: String::new(), hash: String::new() })
}

fn rule(node: &Node, at: usize, ranks: &[String]) -> Result<Rule> {
    let mut fields = Fields::new(node, format!("rule[{at}]"))?;
    let id = text(&mut fields, "id")?;
    check_length(&fields, "id", &id)?;
    let what = format!("rule `{id}`");
    let mut fields = Fields::new(node, what.clone())?;
    fields.take("id");
    refuse_later(&fields)?;
    match fields.text("on")? {
        None | Some("order") => {}
        Some(other) => {
            let rule = format!("`on` is `{other}`; this version evaluates `order`");
            return Err(fields.fault(Code::NotSupported, rule));
        }
    }
    let condition = |node: Option<&Node>, key: &str| {
        node.map(|node| Condition::read(node, &format!("{what}: `{key}`"), ranks)).transpose()
    };
    let when = condition(fields.take("when"), "when")?;
    let of = fields.take("of").map_or_else(|| Ok(Base::named("paid")), |node| base(node, &what))?;
    let to = stops(fields.need("to")?, &what, ranks)?;
    let qualify = match fields.take("qualify") {
        None => Vec::new(),
        Some(Node::List(items)) if items.is_empty() => {
            return Err(fields.fault(Code::InvalidValue, "`qualify` lists no condition"));
        }
        Some(Node::List(items)) => {
            let read = |item| Condition::read(item, &format!("{what}: `qualify`"), ranks);
            items.iter().map(read).collect::<Result<_>>()?
        }
        Some(single) => condition(Some(single), "qualify")?.into_iter().collect(),
    };
    let unqualified = unqualified(&mut fields, &qualify)?;
    let pay = schedule(fields.need("pay")?, &what)?;
    let round = fields.take("round").map_or_else(|| Ok(Round::default()), |node| round(node, &what))?;
    let reverse = match fields.text("reverse")? {
        None | Some("recompute") => Reverse::Recompute,
        Some("share_of_units") => Reverse::ShareOfUnits,
        Some(other) => return Err(unknown_word(&fields, "reverse", other, "recompute, share_of_units")),
    };
    let hold_days = fields.count("hold_days")?.unwrap_or(0);
    fields.finish()?;
    let rule = Rule { id, when, of, to, qualify, unqualified, pay, round, reverse, hold_days };
    check_table(&rule, ranks)?;
    Ok(rule)
}

fn unqualified(fields: &mut Fields<'_>, qualify: &[Condition]) -> Result<Unqualified> {
    let word = fields.text("unqualified")?;
    let mode = match word {
        None if qualify.is_empty() => return Ok(Unqualified::Retain),
        None => return Err(fields.fault(Code::MissingKey, "`qualify` needs `unqualified` beside it")),
        Some("retain") => Unqualified::Retain,
        Some("stop") => Unqualified::Stop,
        Some("compress") => Unqualified::Compress,
        Some("compress_by_level") => Unqualified::CompressByLevel,
        Some("roll_up") => Unqualified::RollUp,
        Some(other) => {
            let known = "retain, stop, compress, compress_by_level, roll_up";
            return Err(unknown_word(fields, "unqualified", other, known));
        }
    };
    if qualify.is_empty() {
        return Err(fields.fault(Code::InvalidValue, "`unqualified` needs `qualify` beside it"));
    }
    if mode == Unqualified::Compress && qualify.len() > 1 {
        let rule = "`compress` takes one condition; a list of them goes with `compress_by_level`";
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    Ok(mode)
}

impl Base {
    fn named(name: &str) -> Self {
        Self { base: name.to_owned(), plus: Vec::new(), less: Vec::new(), times: Rate::ONE }
    }
}

fn base(node: &Node, what: &str) -> Result<Base> {
    if let Node::Text(name) = node {
        return Ok(Base::named(name));
    }
    let mut fields = Fields::new(node, format!("{what}: `of`"))?;
    let base = text(&mut fields, "base")?;
    check_length(&fields, "base", &base)?;
    let (plus, less) = (names(&mut fields, "plus")?, names(&mut fields, "less")?);
    let times =
        fields.text("times")?.map_or(Ok(Rate::ONE), str::parse).map_err(|e| Error::from(e).within(what))?;
    if let Some(name) =
        plus.iter().chain(&less).find(|name| **name == base || (plus.contains(name) && less.contains(name)))
    {
        return Err(fields.fault(Code::InvalidValue, format!("`{name}` stands twice")));
    }
    fields.finish()?;
    Ok(Base { base, plus, less, times })
}

fn stops(node: &Node, what: &str, ranks: &[String]) -> Result<Vec<Stop>> {
    let place = format!("{what}: `to`");
    match node {
        Node::List(items) if items.is_empty() => {
            Err(Error::new(Code::InvalidValue, format!("{place} lists no stop")))
        }
        Node::List(items) => items.iter().map(|item| stop(item, &place, ranks)).collect(),
        single => Ok(vec![stop(single, &place, ranks)?]),
    }
}

fn stop(node: &Node, what: &str, ranks: &[String]) -> Result<Stop> {
    if node.as_text() == Some("self") {
        return Ok(Stop { source: StopSource::Buyer, when: None });
    }
    let mut fields = Fields::new(node, what)?;
    let (buyer, up, roles) = (fields.flag("self")?, fields.text("up")?, names(&mut fields, "roles")?);
    let limit = fields.count::<usize>("limit")?;
    let label = fields.text("as")?.map(str::to_owned);
    label.as_deref().map_or(Ok(()), |label| check_length(&fields, "as", label))?;
    if fields.rest().any(|(key, _)| matches!(key, "rank" | "region" | "class")) {
        return Err(
            fields.fault(Code::NotSupported, "`rank`, `region` and `class` stops come with a later version")
        );
    }
    let when = fields.take("when").map(|node| Condition::read(node, &format!("{what}: `when`"), ranks));
    let source = match (buyer, up, roles.is_empty()) {
        (Some(true), None, true) => StopSource::Buyer,
        (None, Some("referral"), true) => {
            let limit = limit.unwrap_or(DEFAULT_LIMIT);
            if limit == 0 || limit > MAX_STOPS {
                let rule = format!("`limit` is {limit}; a walk has 1 to {MAX_STOPS} stops");
                return Err(fields.fault(Code::InvalidValue, rule));
            }
            StopSource::Up { limit, label: label.clone() }
        }
        (None, Some(tree), true) => {
            let rule = format!("tree `{tree}`: this version walks `referral` only");
            return Err(fields.fault(Code::NotSupported, rule));
        }
        (None, None, false) => StopSource::Roles(roles),
        _ => {
            return Err(fields
                .fault(Code::InvalidValue, "a stop is \"self\", { up = \"referral\" } or { roles = […] }"));
        }
    };
    if !matches!(source, StopSource::Up { .. }) && (limit.is_some() || label.is_some()) {
        return Err(fields.fault(Code::InvalidValue, "`limit` and `as` go with `up`"));
    }
    fields.finish()?;
    Ok(Stop { source, when: when.transpose()? })
}

fn schedule(node: &Node, what: &str) -> Result<Schedule> {
    let mut fields = Fields::new(node, format!("{what}: `pay`"))?;
    for later in ["ladder", "pairing", "share", "block", "by", "span", "marginal"] {
        if fields.rest().any(|(key, _)| key == later) {
            return Err(
                fields.fault(Code::NotSupported, format!("`{later}` is not evaluated by this version"))
            );
        }
    }
    let (levels, differential) = (fields.take("levels"), fields.take("differential"));
    // A misspelt key is named before the one it was meant to be is missed.
    let wrong = fields.fault(Code::InvalidValue, "write either `levels` or `differential`");
    fields.finish()?;
    match (levels, differential) {
        (Some(node), None) => {
            let table = RateTable::read_levels(node, &format!("{what}: `levels`"), MAX_LEVELS)?;
            Ok(Schedule::Levels(table))
        }
        (None, Some(node)) => {
            let table = RateTable::read_single(node, &format!("{what}: `differential`"))?;
            Ok(Schedule::Differential(table))
        }
        _ => Err(wrong),
    }
}

fn round(node: &Node, what: &str) -> Result<Round> {
    let place = format!("{what}: `round`");
    let mode = |word: &str| Rounding::parse(word).map_err(|error| Error::from(error).within(&place));
    if let Node::Text(word) = node {
        return Ok(Round { mode: mode(word)?, ..Round::default() });
    }
    let mut fields = Fields::new(node, place.clone())?;
    let default = Round::default();
    let round = Round {
        mode: fields.text("mode")?.map_or(Ok(default.mode), mode)?,
        per: match fields.text("per")? {
            None | Some("line") => Per::Line,
            Some("unit") => Per::Unit,
            Some("order") => Per::Order,
            Some(other) => return Err(unknown_word(&fields, "per", other, "line, unit, order")),
        },
        min: fields.count::<u32>("min")?.map_or(default.min, i64::from).max(1),
        rate_decimals: fields.count("rate_decimals")?,
    };
    if round.rate_decimals.is_some_and(|decimals| decimals > 12) {
        return Err(fields.fault(Code::InvalidValue, "`rate_decimals` is at most 12"));
    }
    fields.finish()?;
    Ok(round)
}

/// Every key of the table is a rank, a label or a role; a differential table does not mix its two kinds.
fn check_table(rule: &Rule, ranks: &[String]) -> Result<()> {
    let known = rule.rate_keys(ranks);
    for (key, _) in rule.pay.table().iter() {
        if !known.contains(key) {
            let names = known.into_iter().collect::<Vec<_>>().join(", ");
            let error =
                format!("rule `{}`: `{key}` in the rate table is no rank, label or role: {names}", rule.id);
            return Err(Error::new(Code::InvalidValue, error));
        }
    }
    if let Schedule::Differential(table) = &rule.pay {
        let per_unit = |amount: &Amount| matches!(amount, Amount::Fixed(Pay::PerUnit(_)));
        let units = table.iter().flat_map(|(_, list)| list).filter(|amount| per_unit(amount)).count();
        if units != 0 && units != table.iter().count() {
            let error =
                format!("rule `{}`: a differential table holds shares only or integers only", rule.id);
            return Err(Error::new(Code::InvalidValue, error));
        }
    }
    Ok(())
}

fn text(fields: &mut Fields<'_>, key: &'static str) -> Result<String> {
    let missing = fields.fault(Code::MissingKey, format!("the key `{key}` is missing"));
    fields.text(key)?.filter(|text| !text.is_empty()).map(str::to_owned).ok_or(missing)
}

fn names(fields: &mut Fields<'_>, key: &'static str) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for item in fields.list(key)? {
        let Node::Text(name) = item else { return Err(fields.wrong(key, "a list of names", item)) };
        let fault = |rule: &str| fields.fault(Code::InvalidValue, format!("`{key}`: {rule}"));
        if name.is_empty() {
            return Err(fault("a name is empty"));
        }
        if name == "any" {
            return Err(fault("`any` is reserved for everybody else"));
        }
        if names.contains(name) {
            return Err(fault(&format!("`{name}` stands twice")));
        }
        check_length(fields, key, name)?;
        names.push(name.clone());
    }
    Ok(names)
}

/// Ids and names are as long as any id.
fn check_length(fields: &Fields<'_>, key: &str, name: &str) -> Result<()> {
    if name.len() <= MAX_ID_BYTES {
        return Ok(());
    }
    let rule = format!("`{key}`: a name of {} bytes; at most {MAX_ID_BYTES}", name.len());
    Err(fields.fault(Code::InvalidId, rule))
}

/// No text of a plan holds a control character: all of them are shown to people, on terminals too.
fn check_texts(plan: &Node) -> Result<()> {
    let mut open = vec![("plan", plan)];
    while let Some((key, node)) = open.pop() {
        let text = match node {
            Node::Text(text) => Some(text),
            Node::List(items) => {
                open.extend(items.iter().map(|item| (key, item)));
                None
            }
            Node::Map(map) => {
                open.extend(map.iter().map(|(key, value)| (key.as_str(), value)));
                map.keys().find(|key| key.contains(char::is_control))
            }
            Node::Null | Node::Bool(_) | Node::Int(_) => None,
        };
        if let Some(text) = text.filter(|text| text.contains(char::is_control)) {
            let short: String = text.chars().take(60).collect();
            let rule = format!("plan: `{key}`: the text `{short}` holds a control character");
            return Err(Error::new(Code::InvalidValue, rule));
        }
    }
    Ok(())
}

fn refuse_later(fields: &Fields<'_>) -> Result<()> {
    match fields.rest().find(|(key, _)| LATER.contains(key)) {
        Some((key, _)) => Err(fields.fault(
            Code::NotSupported,
            format!("`{key}` is part of fenrun.plan/1 but not evaluated by this version"),
        )),
        None => Ok(()),
    }
}

fn unknown_word(fields: &Fields<'_>, key: &str, word: &str, known: &str) -> Error {
    fields.fault(Code::UnknownWord, format!("`{key}` is `{word}`; one of {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, id: &str, ranks: &[&str]) -> Result<Plan> {
        let ranks: Vec<Node> = ranks.iter().map(|rank| (*rank).into()).collect();
        let to = Node::map([("up", Node::from("referral"))]);
        let pay = Node::map([("levels", Node::List(vec!["5%".into()]))]);
        let rule = Node::map([("id", id.into()), ("to", to), ("pay", pay)]);
        Plan::from_node(&Node::map([
            ("schema", "fenrun.plan/1".into()),
            ("name", name.into()),
            ("currency", "CNY".into()),
            ("ranks", Node::List(ranks)),
            ("rule", Node::List(vec![rule])),
        ]))
    }

    #[test]
    fn names_have_their_length() {
        let (name, id) = ("n".repeat(MAX_NAME_BYTES), "i".repeat(MAX_ID_BYTES));
        read(&name, &id, &[&id]).unwrap();
        assert_eq!(read(&format!("{name}n"), &id, &[]).unwrap_err().code(), Code::InvalidValue);
        assert_eq!(read(&name, &format!("{id}i"), &[]).unwrap_err().code(), Code::InvalidId);
        assert_eq!(read(&name, &id, &[&format!("{id}i")]).unwrap_err().code(), Code::InvalidId);
    }

    #[test]
    fn a_wrong_name_is_told_why() {
        for (ranks, message) in [
            (["V1", ""], "plan: `ranks`: a name is empty"),
            (["V1", "any"], "plan: `ranks`: `any` is reserved for everybody else"),
            (["V1", "V1"], "plan: `ranks`: `V1` stands twice"),
        ] {
            assert_eq!(read("n", "r", &ranks).unwrap_err().message(), message);
        }
    }
}
