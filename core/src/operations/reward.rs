//! Plans, outcomes and reversals as documents.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::reward::commission::{self, Frozen, Language, Refund, Reversal, Standing};
use crate::reward::plan::Plan;
use crate::sale::Sale;

pub(super) fn settle_one(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "settle_one")?;
    let sale = Sale::from_node(fields.need("sale")?, plan.currency())?;
    fields.finish()?;
    Ok(commission::evaluate(plan, &sale)?.to_node())
}

/// Why everybody got what they got. A host that kept the frozen text only needs no plan.
pub(super) fn explain(plan: Option<&Plan>, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "explain")?;
    let language = fields.word("lang", &Language::ALL, Language::name)?.unwrap_or(Language::English);
    let (sale, frozen) = (fields.take("sale"), fields.text("frozen")?);
    fields.finish()?;
    let outcome = match (plan, sale, frozen) {
        (Some(plan), Some(sale), None) => {
            commission::evaluate(plan, &Sale::from_node(sale, plan.currency())?)?
        }
        (None, None, Some(text)) => {
            let frozen = Frozen::from_text(text)?;
            commission::evaluate(frozen.plan(), frozen.sale())?
        }
        _ => {
            let rule = "explain: either a plan and the key `sale`, or the key `frozen` alone";
            return Err(Error::new(Code::InvalidValue, rule));
        }
    };
    let lines = outcome.explain(language).into_iter().map(Node::from).collect();
    let trace = outcome.to_node().get("trace").cloned().unwrap_or(Node::Null);
    Ok(Node::map([("lines", Node::List(lines)), ("trace", trace)]))
}

/// Every refund is reversed on the frozen text, as a host does that kept nothing else.
pub(super) fn reverse(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "reverse")?;
    let sale = Sale::from_node(fields.need("sale")?, plan.currency())?;
    let frozen = Frozen::from_text(&Frozen::new(plan, &sale)?.to_text())?;
    let mut before = Vec::<Refund>::new();
    let mut steps = Vec::new();
    for refund in fields.list("refunds")? {
        let (refund, standing) = Refund::with_standing(refund)?;
        steps.push(rows_of(&commission::reverse(&frozen, &before, &refund, standing.as_deref())?));
        before.push(refund);
    }
    fields.finish()?;
    let left = commission::standing(&frozen, &before)?.iter().map(Standing::to_node).collect();
    Ok(Node::map([("steps", Node::List(steps)), ("left", Node::List(left))]))
}

fn rows_of(reversal: &Reversal) -> Node {
    reversal.to_node().get("rows").cloned().unwrap_or(Node::Null)
}

pub(super) fn check(plan: Option<&Plan>, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "check")?;
    let (text, format) = (fields.text("text")?, fields.text("format")?);
    fields.finish()?;
    match (plan, text, format) {
        (Some(plan), None, None) => report(plan),
        (None, Some(text), Some(format)) => report(&read_plan(text, format)?),
        _ => Err(Error::new(Code::InvalidValue, "check: either a plan, or the keys `text` and `format`")),
    }
}

/// The report of a plan with the identity of what was checked.
fn report(plan: &Plan) -> Result<Node> {
    let mut report = plan.check()?.to_node();
    if let Node::Map(map) = &mut report {
        map.insert("hash".into(), plan.hash().into());
    }
    Ok(report)
}

fn read_plan(text: &str, format: &str) -> Result<Plan> {
    match format {
        "json" => Plan::from_json(text),
        #[cfg(feature = "toml")]
        "toml" => Plan::from_toml(text),
        #[cfg(not(feature = "toml"))]
        "toml" => Err(Error::new(Code::NotBuilt, "this library was built without the feature `toml`")),
        other => Err(Error::new(Code::UnknownWord, format!("`{other}` is not a format; one of: json, toml"))),
    }
}
