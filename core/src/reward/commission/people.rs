//! Who stands above somebody, as a sale froze it.

use super::lines::Source;
use crate::error::{Code, Error, Result};
use crate::reward::plan::{Plan, REFERRAL, Rule};
use crate::sale::{Person, Sale};

/// The upline of a person in a tree, nearest first.
///
/// # Errors
/// [`Code::MissingFact`] when the sale does not state it: a tree without entry, or a person who stands
/// nowhere on the way up.
pub(super) fn above<'a>(sale: &'a Sale, rule: &Rule, tree: &str, person: &Person) -> Result<&'a [Person]> {
    let upline = if tree == REFERRAL { Some(&sale.upline) } else { sale.around.uplines.get(tree) };
    let upline = upline.ok_or_else(|| {
        let error = format!(
            "sale {} does not state `uplines.{tree}`, which rule `{}` walks; an empty list is nobody",
            sale.id, rule.id
        );
        Error::new(Code::MissingFact, error)
    })?;
    if person.id == sale.buyer.id {
        return Ok(upline);
    }
    let at = upline.iter().position(|stop| stop.id == person.id).ok_or_else(|| {
        let error = format!(
            "sale {} does not state who stands above member {} in the tree `{tree}`, which rule `{}` walks",
            sale.id, person.id, rule.id
        );
        Error::new(Code::MissingFact, error)
    })?;
    Ok(upline.get(at + 1..).unwrap_or_default())
}

/// The place of a person's rank in the plan's list; none without a rank.
///
/// # Errors
/// [`Code::InvalidSale`] for a rank the plan does not have.
pub(super) fn rank(plan: &Plan, sale: &Sale, person: &Person) -> Result<Option<usize>> {
    let Some(rank) = &person.rank else { return Ok(None) };
    let place = plan.rank_index(rank).ok_or_else(|| {
        let error = format!(
            "sale {}: member {} has the rank `{rank}`, which the plan does not have",
            sale.id, person.id
        );
        Error::new(Code::InvalidSale, error)
    })?;
    Ok(Some(place))
}

/// Whether a stop is walked for this asker.
pub(super) fn opens(
    plan: &Plan,
    sale: &Sale,
    asker: &Person,
    when: Option<&crate::reward::plan::Condition>,
) -> Result<bool> {
    when.map_or(Ok(true), |when| when.holds(&Source { sale, line: None, asker }, plan.ranks()))
}
