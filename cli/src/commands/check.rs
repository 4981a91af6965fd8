//! `fenrun check`: what can be proven of a plan.

use crate::args::CheckArgs;
use crate::files::read_plan;
use crate::output::{Console, Ending, pairs};
use fenrun::Result;
use fenrun::doc::Node;
use fenrun::money::Rate;
use fenrun::reward::plan::{Plan, Report};

pub(crate) fn run(args: &CheckArgs, console: &Console) -> Result<Ending> {
    let plan = read_plan(&args.plan)?;
    let report = plan.check()?;
    console.answer(|| document(&plan, &report), || text(&plan, &report))?;
    Ok(Ending::Fine)
}

fn document(plan: &Plan, report: &Report) -> Node {
    Node::map([
        ("name", Node::from(plan.name())),
        ("currency", plan.currency().code().into()),
        ("hash", plan.hash().into()),
        ("report", report.to_node()),
    ])
}

fn text(plan: &Plan, report: &Report) -> String {
    let at_most = |rate: Option<Rate>| {
        rate.map_or_else(|| "no bound against the base".to_owned(), |rate| format!("at most {rate}"))
    };
    let mut rows = vec![
        ("plan".to_owned(), plan.name().to_owned()),
        ("currency".to_owned(), plan.currency().to_string()),
        ("hash".to_owned(), plan.hash().to_owned()),
    ];
    for bound in &report.bounds {
        rows.push((format!("rule {}", bound.rule), format!("{}: {}", at_most(bound.at_most), bound.witness)));
    }
    rows.push(("together".to_owned(), at_most(report.total)));
    for (id, reason) in &report.allowed {
        rows.push((format!("allowed {id}"), reason.clone()));
    }
    for warning in &report.warnings {
        rows.push((format!("warning {}", warning.rule), warning.text.clone()));
    }
    pairs(&rows)
}
