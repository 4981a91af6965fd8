//! `fenrun plans`: the presets.

use crate::args::PlansArgs;
use crate::output::{Console, Ending, pairs};
use fenrun::Result;
use fenrun::doc::Node;
use fenrun::reward::plan::{PRESETS, Plan};

pub(crate) fn run(args: &PlansArgs, console: &Console) -> Result<Ending> {
    match &args.name {
        Some(name) => {
            let plan = Plan::preset(name)?;
            let text = PRESETS.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
            console.answer(|| plan.to_node(), || text.to_owned())?;
        }
        None => {
            let plans = PRESETS.iter().map(|(name, _)| Ok((*name, Plan::preset(name)?)));
            let plans = plans.collect::<Result<Vec<_>>>()?;
            let entry = |(name, plan): &(&str, Plan)| {
                let (title, hash) = (plan.name(), plan.hash());
                Node::map([("preset", Node::from(*name)), ("name", title.into()), ("hash", hash.into())])
            };
            let row = |(name, plan): &(&str, Plan)| (format!("preset:{name}"), plan.name().to_owned());
            let document = || Node::List(plans.iter().map(entry).collect());
            console.answer(document, || pairs(&plans.iter().map(row).collect::<Vec<_>>()))?;
        }
    }
    Ok(Ending::Fine)
}
