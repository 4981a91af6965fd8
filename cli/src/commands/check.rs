//! `fenrun check`: what can be proven of a plan.

use crate::args::CheckArgs;
use crate::files::read_plan;
use crate::output::{Console, Ending, pairs};
use fenrun::Result;
use fenrun::doc::Node;
use fenrun::money::{Money, Rate};
use fenrun::reward::plan::{Plan, Report};
use fenrun::reward::sybil::{self, Finding, Identity, Limits};

pub(crate) fn run(args: &CheckArgs, console: &Console) -> Result<Ending> {
    let plan = read_plan(&args.plan)?;
    let report = plan.check()?;
    let limits = Limits { identities: args.identities, parts: args.parts, periods: args.periods };
    let findings = match args.sybil {
        true => Some(audit(&plan, limits)?),
        false => None,
    };
    let findings = findings.as_deref();
    console.answer(|| document(&plan, &report, findings), || text(&plan, &report, findings))?;
    Ok(Ending::Fine)
}

/// What false identities gain, over samples of the sales and periods the plan pays for.
fn audit(plan: &Plan, limits: Limits) -> Result<Vec<Finding>> {
    let of_sales = plan.sequence(None).next().is_some();
    let mut findings = if of_sales { sybil::audit(plan, &sybil::sample(plan)?, limits)? } else { Vec::new() };
    findings.extend(sybil::audit_periods(plan, &sybil::stages(plan)?, limits)?);
    Ok(findings)
}

fn document(plan: &Plan, report: &Report, findings: Option<&[Finding]>) -> Node {
    let findings = findings.map(|all| ("sybil", Node::List(all.iter().map(Finding::to_node).collect())));
    let parts = [
        ("name", Node::from(plan.name())),
        ("currency", plan.currency().code().into()),
        ("hash", plan.hash().into()),
        ("report", report.to_node()),
    ];
    Node::map(parts.into_iter().chain(findings))
}

/// The largest gain in one line, and how it is made.
fn gained(plan: &Plan, finding: &Finding) -> (String, String) {
    let every = finding.period.map_or_else(String::new, |period| format!(" of a {}", period.name()));
    let whose = finding.rule.clone().unwrap_or_else(|| format!("all rules{every}"));
    let name = format!("{whose} {}", finding.attack.name());
    let money = |minor: i64| Money::new(minor, plan.currency()).to_string();
    let Some(witness) = &finding.witness else { return (name, format!("gains {}", money(0))) };
    let (who, parts) = (&witness.attacker, witness.parts);
    let alike = witness.identities.chunk_by(|one, other| one == other);
    let mut means: Vec<String> = alike.map(identities).collect();
    if finding.period.is_none() && parts > 1 {
        means.push(format!("{parts} parts"));
    }
    let (honest, attacked) = (money(witness.honest), money(witness.attacked));
    let gain = money(finding.gain);
    let place = witness.sale.as_ref().map_or_else(String::new, |sale| format!(" in {sale}"));
    let purchase = witness.purchase.map_or_else(String::new, |purchase| format!(", {}", purchase.english()));
    let followed = if witness.followed == Some(true) { ", followed by those below oneself" } else { "" };
    let means = means.join(" and ");
    (
        name,
        format!(
            "gains {gain}: {who}{place} gets {attacked} instead of {honest} by {means}{followed}{purchase}"
        ),
    )
}

/// Some identities that are alike, in words.
fn identities(alike: &[Identity]) -> String {
    let Some(first) = alike.first() else { return String::new() };
    let rank = first.rank.as_ref().map_or_else(String::new, |rank| format!(" of rank {rank}"));
    let leg = first.leg.map_or_else(String::new, |leg| format!(" on leg {leg}"));
    let place = first.place.english();
    match alike.len() {
        1 => format!("an identity{rank} {place}{leg}"),
        count => format!("{count} identities{rank} {place}{leg}"),
    }
}

fn text(plan: &Plan, report: &Report, findings: Option<&[Finding]>) -> String {
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
    rows.extend(findings.into_iter().flatten().map(|finding| gained(plan, finding)));
    pairs(&rows)
}
