//! From a document to the stops of a walk.

use super::{Names, check_name, names};
use crate::doc::{Fields, Node, Spot, did_you_mean};
use crate::error::{Code, Error, Result};
use crate::reward::plan::Condition;
use crate::reward::plan::stop::{DEFAULT_LIMIT, REFERRAL, Reach, Stop, StopSource};
use crate::sale::MAX_STOPS;

/// The most stops a rule lists, and the most roles or regions of one stop.
pub(in crate::reward) const MAX_LISTED: usize = 64;

pub(super) fn stops(node: &Node, what: &str, known: &Names<'_>) -> Result<Vec<Stop>> {
    let place = format!("{what}: `to`");
    match node {
        Node::List(items) if items.is_empty() => {
            Err(Error::new(Code::InvalidValue, format!("{place} lists no stop")))
        }
        Node::List(items) if items.len() > MAX_LISTED => {
            let rule = format!("{place} lists {} stops; at most {MAX_LISTED}", items.len());
            Err(Error::new(Code::InvalidValue, rule))
        }
        Node::List(items) => items.iter().map(|item| stop(item, &place, known)).collect(),
        single => Ok(vec![stop(single, &place, known)?]),
    }
}

fn stop(node: &Node, what: &str, known: &Names<'_>) -> Result<Stop> {
    if node.as_text() == Some("self") {
        return Ok(Stop { source: StopSource::Buyer, when: None });
    }
    let mut fields = Fields::table(node, what)?;
    let (buyer, up) = (fields.flag("self")?, fields.text("up")?);
    let (roles, region) = (listed(&mut fields, "roles")?, listed(&mut fields, "region")?);
    let class = fields.take("class");
    let class =
        class.map(|node| Condition::read(node, &format!("{what}: `class`"), known.ranks)).transpose()?;
    let walk = Options::read(&mut fields)?;
    let when = fields.take("when");
    let when = when.map(|node| Condition::read(node, &format!("{what}: `when`"), known.ranks)).transpose()?;
    fields.all_known()?;
    if buyer == Some(false) {
        return Err(fields.fault(Code::InvalidValue, "`self` is false; it is true, or leave it out"));
    }
    let walk = walk.of(&fields, up.is_some(), node)?;
    let source = match (buyer, up, roles.is_empty(), region.is_empty(), class) {
        (Some(true), None, true, true, None) => StopSource::Buyer,
        (None, Some(tree), true, true, None) => {
            check_tree(tree, what, known).map_err(|error| error.about(Spot::entry(node, "up")))?;
            StopSource::Up { tree: tree.to_owned(), limit: walk.limit, reach: walk.reach, label: walk.label }
        }
        (None, None, false, true, None) => StopSource::Roles(roles),
        (None, None, true, false, None) => StopSource::Region(region),
        (None, None, true, true, Some(condition)) => StopSource::Class(condition),
        _ => {
            let rule = "a stop is one of \"self\", { up = \"referral\" }, { roles = […] }, { region = […] } and \
                        { class = {…} }";
            return Err(fields.fault(Code::InvalidValue, rule));
        }
    };
    Ok(Stop { source, when })
}

/// Names of roles or regions; the key stands for at least one.
fn listed(fields: &mut Fields<'_>, key: &'static str) -> Result<Vec<String>> {
    let names = names(fields, key)?;
    if fields.holds(key) && (names.is_empty() || names.len() > MAX_LISTED) {
        let rule = format!("`{key}` lists {} names; 1 to {MAX_LISTED}", names.len());
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    Ok(names)
}

/// The options of `up`.
struct Walk {
    limit: usize,
    reach: Reach,
    label: Option<String>,
}

/// The keys beside `up`, as they are written.
struct Options<'a> {
    limit: Option<usize>,
    rank: Option<&'a str>,
    label: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn read(fields: &mut Fields<'a>) -> Result<Self> {
        Ok(Self { limit: fields.count("limit")?, rank: fields.text("rank")?, label: fields.text("as")? })
    }

    fn of(self, fields: &Fields<'_>, up: bool, stop: &Node) -> Result<Walk> {
        let Self { limit, rank, label } = self;
        if !up && (limit.is_some() || rank.is_some() || label.is_some()) {
            return Err(fields.fault(Code::InvalidValue, "`limit`, `rank` and `as` go with `up`"));
        }
        label
            .map_or(Ok(()), |label| check_label(fields, label))
            .map_err(|error| error.about(Spot::entry(stop, "as")))?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_STOPS {
            let rule = format!("`limit` is {limit}; a walk has 1 to {MAX_STOPS} stops");
            return Err(fields.fault(Code::InvalidValue, rule));
        }
        let reach = match rank {
            None => Reach::Everybody,
            Some("same") => Reach::SameRank,
            Some(other) => {
                let rule = format!("`rank` is `{other}`; only `same` is a walk of its own");
                return Err(fields.fault(Code::UnknownWord, rule));
            }
        };
        Ok(Walk { limit, reach, label: label.map(str::to_owned) })
    }
}

/// A label is a name, and not the key of a rate table that serves everybody else.
fn check_label(fields: &Fields<'_>, label: &str) -> Result<()> {
    match label {
        "" => Err(fields.fault(Code::InvalidValue, "`as` is empty")),
        "any" => Err(fields.fault(Code::InvalidValue, "`as`: `any` is reserved for everybody else")),
        _ => check_name(fields, "as", label),
    }
}

/// A tree is `referral` or one the plan declares.
pub(super) fn check_tree(tree: &str, what: &str, known: &Names<'_>) -> Result<()> {
    if tree == REFERRAL || known.trees.contains_key(tree) {
        return Ok(());
    }
    let names = [REFERRAL].into_iter().chain(known.trees.keys().map(String::as_str));
    let hint = did_you_mean(tree, "it has", names);
    let rule = format!("{what}: the plan has no tree `{tree}`; {hint}");
    Err(Error::new(Code::InvalidValue, rule))
}
