//! What a reversal needs, frozen with the sale: it works after the plan file is gone.

use super::outcome::Outcome;
use super::{evaluate, evaluate::evaluate_cells};
use crate::doc::{self, Fields, Node};
use crate::error::{Code, Error, Result};
use crate::reward::plan::{Plan, REFERRAL, StopSource};
use crate::sale::{Facts, Sale};

/// The version of the blob.
const FORMAT: i64 = 0;

/// A plan and the part of a sale it reads.
///
/// Its text is JSON with a checksum, below 4 KiB for usual sales (three levels, a dozen lines); it grows
/// with lines and stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    plan: Plan,
    sale: Sale,
}

impl Frozen {
    /// Evaluates a sale and freezes what its reversal will need.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn settle(plan: &Plan, sale: &Sale) -> Result<(Outcome, Self)> {
        let outcome = evaluate(plan, sale)?;
        Ok((outcome, Self::new(plan, sale)?))
    }

    /// Freezes a sale: facts, components and stops the plan never reads are left out.
    ///
    /// # Errors
    /// [`Code::InvalidSale`] when the sale does not fit the plan.
    pub fn new(plan: &Plan, sale: &Sale) -> Result<Self> {
        let names = plan.names();
        let keep = |facts: &mut Facts| facts.retain(|name, _| names.contains(name.as_str()));
        let (mut roles, mut regions) = (Vec::new(), Vec::new());
        for stop in plan.rules().iter().flat_map(|rule| &rule.to) {
            match &stop.source {
                StopSource::Roles(names) => roles.extend(names),
                StopSource::Region(names) => regions.extend(names),
                StopSource::Buyer | StopSource::Up { .. } | StopSource::Class(_) => {}
            }
        }
        let walks = plan.walks();
        let depth = |tree: &str| walks.get(tree).copied().unwrap_or(0);
        let mut draft = sale.clone().into_draft();
        draft.upline.truncate(depth(REFERRAL));
        draft.roles.retain(|role, _| roles.contains(&role));
        draft.around.regions.retain(|kind, _| regions.contains(&kind));
        draft.around.uplines.retain(|tree, _| walks.contains_key(tree.as_str()));
        draft.around.uplines.iter_mut().for_each(|(tree, stops)| stops.truncate(depth(tree)));
        keep(&mut draft.facts);
        keep(&mut draft.buyer.facts);
        let holders = draft.roles.values_mut().chain(draft.around.regions.values_mut());
        let placed = draft.around.uplines.values_mut().flatten();
        draft.upline.iter_mut().chain(holders).chain(placed).for_each(|person| keep(&mut person.facts));
        for line in &mut draft.lines {
            keep(&mut line.facts);
            line.components.retain(|name, _| names.contains(name.as_str()));
        }
        let frozen = Self { plan: plan.clone(), sale: Sale::new(draft)? };
        evaluate_cells(&frozen.plan, &frozen.sale, None)?;
        Ok(frozen)
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The sale.
    #[must_use]
    pub const fn sale(&self) -> &Sale {
        &self.sale
    }

    /// The blob: keep it beside the order.
    #[must_use]
    pub fn to_text(&self) -> String {
        let body = Node::map([("plan", self.plan.to_node()), ("sale", self.sale.to_node())]);
        let sum = doc::short_hash(&[&body.to_json()]);
        Node::map([("frozen", Node::Int(FORMAT)), ("sum", sum.into()), ("body", body)]).to_json()
    }

    /// Reads a blob back.
    ///
    /// # Errors
    /// [`Code::InvalidFrozen`] when it is not ours, of a newer version or damaged.
    pub fn from_text(text: &str) -> Result<Self> {
        let damaged = |why: &str| Error::new(Code::InvalidFrozen, format!("frozen sale: {why}"));
        let node = doc::read_json(text, doc::MAX_DOCUMENT_BYTES).map_err(|error| damaged(error.message()))?;
        let mut fields = Fields::new(&node, "frozen sale").map_err(|error| damaged(error.message()))?;
        match fields.take("frozen") {
            Some(Node::Int(FORMAT)) => {}
            Some(Node::Int(other)) => {
                return Err(damaged(&format!("format {other}, this library reads {FORMAT}")));
            }
            _ => return Err(damaged("the blob was not made by fenrun")),
        }
        let (sum, body) = (fields.text("sum")?.unwrap_or_default(), fields.need("body")?);
        if sum != doc::short_hash(&[&body.to_json()]) {
            return Err(damaged("the checksum does not fit; the blob was changed or cut"));
        }
        let part = |name: &str| body.get(name).ok_or_else(|| damaged(&format!("no `{name}` in it")));
        let plan = Plan::from_node(part("plan")?)?;
        let sale = Sale::from_node(part("sale")?, plan.currency())?;
        Ok(Self { plan, sale })
    }
}
