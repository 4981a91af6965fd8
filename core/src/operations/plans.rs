//! Tools around plans as documents.

use super::period::compare_close;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::reward::compare::{Comparison, Difference, compare};
use crate::reward::plan::{PRESETS, Plan};
use crate::reward::plan_set::{Command, PlanSet, Question};
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

/// What the other plan would change, or the next version of a set.
pub(super) fn diff(plan: Option<&Plan>, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "diff")?;
    let events = Events { sales: fields.list("sales")?, closes: fields.list("closes")? };
    match plan {
        Some(plan) => {
            let other = plan_of(fields.need("other")?)?;
            fields.finish()?;
            compared(plan, &other, &events)
        }
        None => {
            let set = set_of(&mut fields)?;
            let ask = Question::from_node(fields.need("ask")?)?;
            fields.finish()?;
            let upcoming = set.upcoming(&ask.scope, ask.at)?;
            let mut answer = compared(upcoming.before, upcoming.after, &events)?;
            if let Node::Map(map) = &mut answer {
                map.insert("takes_effect".into(), upcoming.from.ms().into());
            }
            Ok(answer)
        }
    }
}

/// What both plans settle.
struct Events<'a> {
    sales: &'a [Node],
    closes: &'a [Node],
}

fn compared(plan: &Plan, other: &Plan, events: &Events<'_>) -> Result<Node> {
    let (mut comparison, mut differences) = (Comparison::default(), Vec::new());
    let sales =
        events.sales.iter().map(|sale| compare(plan, other, &Sale::from_node(sale, plan.currency())?));
    for compared in sales.chain(events.closes.iter().map(|close| compare_close(plan, other, close))) {
        let compared = compared?;
        comparison.add(&compared)?;
        differences.extend(compared.differences.iter().map(Difference::to_node));
    }
    let mut answer = comparison.to_node();
    if let Node::Map(map) = &mut answer {
        map.insert("differences".into(), Node::List(differences));
    }
    Ok(answer)
}

/// A set as it is stated: its document, and what was done to it since.
pub(super) fn set_of(fields: &mut Fields<'_>) -> Result<PlanSet> {
    let mut set = fields.take("set").map_or_else(|| Ok(PlanSet::default()), PlanSet::from_node)?;
    for step in fields.list("given")? {
        apply(&mut set, step)?;
    }
    Ok(set)
}

/// A set after commands, and what it answers.
pub(super) fn plan_set(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "plan_set")?;
    let mut set = set_of(&mut fields)?;
    let when = fields.list("when")?;
    let questions = fields.list("ask")?;
    fields.finish()?;
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
