//! One sale under two plans.

use super::Cause;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::{MemberId, OrderId};
use crate::reward::commission::{Language, Outcome, Reason, evaluate};
use crate::reward::plan::Plan;
use crate::sale::Sale;
use std::collections::BTreeMap;

/// One person who gets another amount of one sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The sale.
    pub sale: OrderId,
    /// Who.
    pub payee: MemberId,
    /// What the first plan pays, in minor units.
    pub before: i64,
    /// What the second plan pays.
    pub after: i64,
    /// Why they differ.
    pub cause: Cause,
    /// Where one plan pays nothing: why it does not; `None` when its walks do not reach this person.
    pub reason: Option<Reason>,
}

/// What became of one sale under both plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Under the first plan.
    pub before: Outcome,
    /// Under the second plan.
    pub after: Outcome,
    /// Who gets another amount, in the order of their ids.
    pub differences: Vec<Difference>,
}

/// Evaluates a sale under two plans.
///
/// A plan that has no ranks does not see those of people, so that plans with and without ranks compare.
///
/// # Errors
/// As [`evaluate`], with the plan that refuses the sale in front; [`Code::CurrencyMismatch`] when the plans
/// pay in different currencies.
pub fn compare(before: &Plan, after: &Plan, sale: &Sale) -> Result<Compared> {
    if before.currency() != after.currency() {
        let (first, second) = (before.currency(), after.currency());
        let rule = format!("one plan pays in {first}, the other in {second}; amounts of both do not compare");
        return Err(Error::new(Code::CurrencyMismatch, rule));
    }
    let outcome = |plan: &Plan| {
        let seen = seen_by(plan, sale).unwrap_or_else(|| Ok(sale.clone()))?;
        evaluate(plan, &seen).map_err(|error| error.within(&format!("plan “{}”", plan.name())))
    };
    let (before, after) = (outcome(before)?, outcome(after)?);
    let mut amounts = BTreeMap::<&MemberId, (i64, i64)>::new();
    // The amounts of an outcome sum to its pool, which fits.
    for row in before.rows() {
        amounts.entry(&row.payee).or_default().0 += row.amount;
    }
    for row in after.rows() {
        amounts.entry(&row.payee).or_default().1 += row.amount;
    }
    let apart = amounts.into_iter().filter(|(_, (before, after))| before != after);
    let differences = apart.map(|(payee, (first, second))| {
        let (cause, reason) = Cause::of(payee, &before, &after);
        Difference {
            sale: sale.id.clone(),
            payee: payee.clone(),
            before: first,
            after: second,
            cause,
            reason,
        }
    });
    let differences = differences.collect();
    Ok(Compared { before, after, differences })
}

/// The sale as a plan without ranks sees it, `None` when it sees all of it.
fn seen_by(plan: &Plan, sale: &Sale) -> Option<Result<Sale>> {
    let around = sale.around.uplines.values().flatten().chain(sale.around.regions.values());
    let mut people = [&sale.buyer].into_iter().chain(&sale.upline).chain(sale.roles.values()).chain(around);
    if !plan.ranks().is_empty() || people.all(|person| person.rank.is_none()) {
        return None;
    }
    let mut draft = sale.clone().into_draft();
    let around = draft.around.uplines.values_mut().flatten().chain(draft.around.regions.values_mut());
    let people = [&mut draft.buyer].into_iter().chain(&mut draft.upline).chain(draft.roles.values_mut());
    people.chain(around).for_each(|person| person.rank = None);
    Some(Sale::new(draft))
}

impl Difference {
    /// What the second plan pays more.
    #[must_use]
    pub const fn change(&self) -> i64 {
        // Both are amounts at or above zero.
        self.after - self.before
    }

    /// Why the amounts differ, for people.
    #[must_use]
    pub fn explain(&self, language: Language) -> String {
        let (cause, silent) = match language {
            Language::English => (self.cause.english(), "its walks do not reach this person"),
            Language::Chinese => (self.cause.chinese(), "路径未到达此人"),
        };
        let reason = self.reason.map_or(silent, |reason| reason.sentence(language));
        match (self.cause, language) {
            (Cause::Gained | Cause::Lost, Language::English) => {
                format!("{cause}; under the other one: {reason}")
            }
            (Cause::Gained | Cause::Lost, Language::Chinese) => format!("{cause}；另一方案：{reason}"),
            _ => cause.to_owned(),
        }
    }

    /// The document of the difference.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("sale", Node::from(&self.sale)),
            ("payee", (&self.payee).into()),
            ("before", self.before.into()),
            ("after", self.after.into()),
            ("change", self.change().into()),
            ("cause", self.cause.name().into()),
            ("reason", self.reason.map(Reason::name).into()),
        ])
    }
}
