//! From a document to a rule.

use super::{Names, caps, check_name, names, pay, stops, text, unfit_name, unknown_word};
use crate::doc::{Fields, Node, Spot, invalid};
use crate::error::{Code, Error, Result};
use crate::id::MAX_ID_BYTES;
use crate::money::{Rate, Rounding};
use crate::reward::plan::rule::{Base, Change, Per, Reverse, Round, Rule, Trigger, Unqualified};
use crate::reward::plan::{Condition, Period};

pub(super) fn rule(node: &Node, at: usize, known: &Names<'_>) -> Result<Rule> {
    let mut fields = Fields::table(node, format!("rule[{at}]"))?;
    let id = text(&mut fields, "id")?;
    check_name(&fields, "id", &id)?;
    let what = format!("rule `{id}`");
    let mut fields = Fields::table(node, what.clone())?;
    fields.take("id");
    // What no deeper reader placed stands under the key at least.
    let under = |key: &'static str| move |error: Error| error.about(Spot::entry(node, key));
    let trigger = trigger(&mut fields)?;
    let when = fields.take("when");
    let when = when.map(|node| Condition::read(node, &format!("{what}: `when`"), known.ranks));
    let when = when.transpose().map_err(under("when"))?;
    let of = fields.take("of").map_or_else(|| Ok(Base::named("paid")), |node| base(node, &what));
    let of = of.map_err(under("of"))?;
    let to = stops::stops(fields.need("to")?, &what, known).map_err(under("to"))?;
    let qualify = qualify(&mut fields, known.ranks).map_err(under("qualify"))?;
    let unqualified = unqualified(&mut fields, &qualify)?;
    let pay = pay::schedule(fields.need("pay")?, &what, known).map_err(under("pay"))?;
    let round = fields.take("round").map_or_else(|| Ok(Round::default()), |node| round(node, &what));
    let round = round.map_err(under("round"))?;
    let caps = caps::of_rule(&mut fields).map_err(under("cap"))?;
    let split = caps::split(&mut fields).map_err(under("split"))?;
    let reverse = match fields.text("reverse")? {
        None | Some("recompute") => Reverse::Recompute,
        Some("share_of_units") => Reverse::ShareOfUnits,
        Some(other) => return Err(unknown_word(&fields, "reverse", other, "recompute, share_of_units")),
    };
    let change = match fields.text("change")? {
        None | Some("start") => Change::Start,
        Some("split") => Change::Split,
        Some(other) => return Err(unknown_word(&fields, "change", other, "start, split")),
    };
    // What nobody gets has one destination so far; the key says so where a plan wants it written down.
    match fields.text("residual")? {
        None | Some("retain") => {}
        Some(other) => return Err(unknown_word(&fields, "residual", other, "retain")),
    }
    let hold_days = fields.count("hold_days")?.unwrap_or(0);
    fields.finish()?;
    let rule = Rule {
        id,
        trigger,
        when,
        of,
        to,
        qualify,
        unqualified,
        pay,
        round,
        caps,
        split,
        reverse,
        change,
        hold_days,
    };
    pay::check_table(&rule, known.ranks).map_err(|error| error.about(Spot::entry(node, "pay")))?;
    Ok(rule)
}

/// `on` or `after`: a sale's lines unless it says otherwise.
fn trigger(fields: &mut Fields<'_>) -> Result<Trigger> {
    let on = fields.text("on")?;
    if let Some(source) = fields.text("after")? {
        return match on {
            None => Ok(Trigger::After(source.to_owned())),
            Some(_) => {
                let rule = "`after` says when the rule runs; leave `on` out";
                Err(fields.fault(Code::InvalidValue, rule))
            }
        };
    }
    match on {
        None | Some("order") => Ok(Trigger::Order),
        Some(word) => {
            let period = Period::ALL.into_iter().find(|period| period.name() == word);
            let fault = || unknown_word(fields, "on", word, "order, day, week, month");
            period.map(Trigger::Period).ok_or_else(fault)
        }
    }
}

fn qualify(fields: &mut Fields<'_>, ranks: &[String]) -> Result<Vec<Condition>> {
    let place = format!("{}: `qualify`", fields.what());
    match fields.take("qualify") {
        None => Ok(Vec::new()),
        Some(Node::List(items)) if items.is_empty() => {
            Err(fields.fault(Code::InvalidValue, "`qualify` lists no condition"))
        }
        Some(Node::List(items)) => {
            items.iter().map(|item| Condition::read(item, &place, ranks)).collect::<Result<_>>()
        }
        Some(single) => Ok(vec![Condition::read(single, &place, ranks)?]),
    }
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
    pub(in crate::reward::plan) fn named(name: &str) -> Self {
        Self { base: name.to_owned(), plus: Vec::new(), less: Vec::new(), times: Rate::ONE }
    }
}

fn base(node: &Node, what: &str) -> Result<Base> {
    if let Node::Text(name) = node {
        if name.is_empty() || name.len() > MAX_ID_BYTES {
            let short: String = name.chars().take(16).collect();
            let bytes = name.len();
            let rule = format!("{what}: `of`: the name `{short}` has {bytes} bytes; 1 to {MAX_ID_BYTES}");
            return Err(Error::new(Code::InvalidId, rule));
        }
        if let Some(rule) = unfit_name(name) {
            return Err(Error::new(Code::InvalidId, format!("{what}: `of`: {rule}")));
        }
        return Ok(Base::named(name));
    }
    let mut fields = Fields::table(node, format!("{what}: `of`"))?;
    let base = text(&mut fields, "base")?;
    check_name(&fields, "base", &base)?;
    let (plus, less) = (names(&mut fields, "plus")?, names(&mut fields, "less")?);
    let times = fields.text("times")?.map_or(Ok(Rate::ONE), str::parse);
    let times = times.map_err(|e| {
        Error::from(e).within(&format!("{what}: `of`: `times`")).about(Spot::entry(node, "times"))
    })?;
    if let Some(name) =
        plus.iter().chain(&less).find(|name| **name == base || (plus.contains(name) && less.contains(name)))
    {
        return Err(fields.fault(Code::InvalidValue, format!("`{name}` stands twice")));
    }
    fields.finish()?;
    Ok(Base { base, plus, less, times })
}

fn round(node: &Node, what: &str) -> Result<Round> {
    let place = format!("{what}: `round`");
    let mode = |word: &str| Rounding::parse(word).map_err(|error| Error::from(error).within(&place));
    if let Node::Text(word) = node {
        return Ok(Round { mode: mode(word)?, ..Round::default() });
    }
    if !matches!(node, Node::Map(_)) {
        return Err(invalid(&place, "a mode such as \"down\", or { mode, per, min, rate_decimals }", node));
    }
    let mut fields = Fields::table(node, place.clone())?;
    let default = Round::default();
    let round = Round {
        mode: fields
            .text("mode")?
            .map_or(Ok(default.mode), mode)
            .map_err(|error| error.about(Spot::entry(node, "mode")))?,
        per: match fields.text("per")? {
            None | Some("line") => Per::Line,
            Some("unit") => Per::Unit,
            Some("order") => Per::Order,
            Some(other) => return Err(unknown_word(&fields, "per", other, "line, unit, order")),
        },
        min: fields.count::<u32>("min")?.map_or(default.min, i64::from).max(1),
        rate_decimals: fields.count("rate_decimals")?,
    };
    if let Some(decimals) = round.rate_decimals.filter(|decimals| *decimals > 12) {
        let error = fields.fault(Code::InvalidValue, format!("`rate_decimals` is {decimals}; at most 12"));
        return Err(error.about(Spot::entry(node, "rate_decimals")));
    }
    fields.finish()?;
    Ok(round)
}
