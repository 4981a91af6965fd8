//! Tools around plans as documents.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::reward::compare::{Comparison, Difference, compare};
use crate::reward::plan::{PRESETS, Plan};
use crate::reward::plan_set::{Command, PlanSet, Question};
use crate::reward::sybil::{Finding, Limits, audit, sample};
use crate::sale::Sale;
use crate::time::Timestamp;

/// A plan in an input: an object, or the name of a preset.
fn plan_of(node: &Node) -> Result<Plan> {
    match node {
        #[cfg(feature = "toml")]
        Node::Text(name) => Plan::preset(name),
        #[cfg(not(feature = "toml"))]
        Node::Text(_) => Err(Error::new(Code::NotBuilt, "presets need the feature `toml`")),
        object => Plan::from_node(object),
    }
}

/// The plans that come with the library.
pub(super) fn presets(input: &Node) -> Result<Node> {
    Fields::new(input, "presets")?.finish()?;
    let preset = |(name, _): &(&str, &str)| {
        let plan = plan_of(&Node::from(*name))?;
        Ok(Node::map([
            ("name", Node::from(*name)),
            ("title", plan.name().into()),
            ("currency", plan.currency().code().into()),
            ("hash", plan.hash().into()),
        ]))
    };
    let listed = PRESETS.iter().map(preset).collect::<Result<Vec<_>>>()?;
    Ok(Node::map([("presets", Node::List(listed))]))
}

/// What the other plan would change.
pub(super) fn diff(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "diff")?;
    let other = plan_of(fields.need("other")?)?;
    let sales = fields.list("sales")?;
    fields.finish()?;
    let (mut comparison, mut differences) = (Comparison::default(), Vec::new());
    for sale in sales {
        let compared = compare(plan, &other, &Sale::from_node(sale, plan.currency())?)?;
        comparison.add(&compared)?;
        differences.extend(compared.differences.iter().map(Difference::to_node));
    }
    let mut answer = comparison.to_node();
    if let Node::Map(map) = &mut answer {
        map.insert("differences".into(), Node::List(differences));
    }
    Ok(answer)
}

/// What false identities and split sales gain.
pub(super) fn sybil(plan: &Plan, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "sybil")?;
    let sales = fields.take("sales").map(|_| fields.list("sales")).transpose()?;
    let default = Limits::default();
    let limits = Limits {
        identities: fields.count("identities")?.unwrap_or(default.identities),
        parts: fields.count("parts")?.unwrap_or(default.parts),
    };
    fields.finish()?;
    let sales = match sales {
        None => sample(plan)?,
        Some(nodes) => {
            nodes.iter().map(|node| Sale::from_node(node, plan.currency())).collect::<Result<_>>()?
        }
    };
    let findings = audit(plan, &sales, limits)?.iter().map(Finding::to_node).collect();
    Ok(Node::map([("findings", Node::List(findings))]))
}

/// A set after commands, and what it answers.
pub(super) fn plan_set(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "plan_set")?;
    let mut set = fields.take("set").map_or_else(|| Ok(PlanSet::default()), PlanSet::from_node)?;
    let (given, when) = (fields.list("given")?, fields.list("when")?);
    let questions = fields.list("ask")?;
    fields.finish()?;
    for step in given {
        apply(&mut set, step)?;
    }
    let mut error = None;
    for step in when {
        let mut next = set.clone();
        error = match apply(&mut next, step) {
            Ok(()) => {
                set = next;
                None
            }
            Err(fault) if fault.code() == Code::InvalidPlanSet => Some(fault),
            Err(fault) => return Err(fault),
        };
    }
    // What is kept is what is read again.
    let set = PlanSet::from_node(&set.to_node())?;
    let answer = |question: &Node| Question::from_node(question)?.answer(&set);
    let answers = questions.iter().map(answer).collect::<Result<Vec<_>>>()?;
    Ok(Node::map([
        ("set", set.to_node()),
        ("error", error.map(|error| error.code().name()).into()),
        ("answers", Node::List(answers)),
    ]))
}

/// `{now, start | end | withdraw}`.
fn apply(set: &mut PlanSet, step: &Node) -> Result<()> {
    let now = match step.get("now") {
        Some(Node::Int(now)) => Timestamp::from_ms(*now),
        _ => return Err(Error::new(Code::MissingKey, "plan_set: a step names `now` in milliseconds")),
    };
    let mut command = step.clone();
    if let Node::Map(map) = &mut command {
        map.remove("now");
    }
    set.apply(Command::from_node(&command, plan_of)?, now)
}
