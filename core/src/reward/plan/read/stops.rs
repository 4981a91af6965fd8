//! From a document to the stops of a walk.

use super::{Names, check_length, names};
use crate::doc::{Fields, Node, Spot, did_you_mean};
use crate::error::{Code, Error, Result};
use crate::reward::plan::Condition;
use crate::reward::plan::stop::{DEFAULT_LIMIT, REFERRAL, Reach, Stop, StopSource};
use crate::sale::MAX_STOPS;

pub(super) fn stops(node: &Node, what: &str, known: &Names<'_>) -> Result<Vec<Stop>> {
    let place = format!("{what}: `to`");
    match node {
        Node::List(items) if items.is_empty() => {
            Err(Error::new(Code::InvalidValue, format!("{place} lists no stop")))
        }
        Node::List(items) => items.iter().map(|item| stop(item, &place, known)).collect(),
        single => Ok(vec![stop(single, &place, known)?]),
    }
}

fn stop(node: &Node, what: &str, known: &Names<'_>) -> Result<Stop> {
    if node.as_text() == Some("self") {
        return Ok(Stop { source: StopSource::Buyer, when: None });
    }
    let mut fields = Fields::new(node, what)?;
    let (buyer, up) = (fields.flag("self")?, fields.text("up")?);
    let (roles, region) = (names(&mut fields, "roles")?, names(&mut fields, "region")?);
    let class = fields.take("class");
    let class =
        class.map(|node| Condition::read(node, &format!("{what}: `class`"), known.ranks)).transpose()?;
    let walk = walk(&mut fields, up.is_some())?;
    let when = fields.take("when");
    let when = when.map(|node| Condition::read(node, &format!("{what}: `when`"), known.ranks)).transpose()?;
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
    fields.finish()?;
    Ok(Stop { source, when })
}

/// The options of `up`.
struct Walk {
    limit: usize,
    reach: Reach,
    label: Option<String>,
}

fn walk(fields: &mut Fields<'_>, up: bool) -> Result<Walk> {
    let (limit, rank) = (fields.count::<usize>("limit")?, fields.text("rank")?);
    let label = fields.text("as")?.map(str::to_owned);
    if !up && (limit.is_some() || rank.is_some() || label.is_some()) {
        return Err(fields.fault(Code::InvalidValue, "`limit`, `rank` and `as` go with `up`"));
    }
    label.as_deref().map_or(Ok(()), |label| check_length(fields, "as", label))?;
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
    Ok(Walk { limit, reach, label })
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
