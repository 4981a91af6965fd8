//! What the author of a plan should know; the plan is accepted.

use super::Warning;
use super::bound::{people, source, sources};
use crate::reward::plan::rule::Rule;
use crate::reward::plan::schedule::{Ladder, Schedule, Span};
use crate::reward::plan::stop::{Stop, StopSource};
use crate::reward::plan::{Condition, Plan};
use crate::sale::Purpose;
use crate::words::counted;

pub(super) fn of(plan: &Plan) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for rule in plan.rules() {
        let mut warn = |text: String| warnings.push(Warning { rule: rule.id.clone(), text });
        let levels = paid_levels(plan, rule);
        if levels > 1 {
            warn(format!(
                "{levels} paid levels above the seller; the Regulation on Prohibition of Pyramid Selling (禁止传销条例, \
                 State Council Decree 444, 2005, art. 7(3)) knows no safe number of levels"
            ));
        }
        if let Schedule::Ladder(Ladder { span: Span::Team(_), .. }) = rule.pay {
            warn(
                "pays by what a whole team sells (团队计酬), which the Regulation on Prohibition of Pyramid Selling \
                 (禁止传销条例, State Council Decree 444, 2005, art. 7(3)) names as pyramid selling"
                    .to_owned(),
            );
        }
        if let Schedule::Pairing(_) = rule.pay {
            warn(
                "pays without bound as its tree grows deeper; a cap of the rule or the plan bounds it"
                    .to_owned(),
            );
        }
        unreachable(plan, rule).into_iter().for_each(&mut warn);
    }
    warnings
}

/// How many people above a seller are paid for one line. Who holds a region, and who buys, stands in no line
/// of recruits: they are no levels.
fn paid_levels(plan: &Plan, rule: &Rule) -> u64 {
    let up = rule.to.iter().any(|stop| matches!(stop.source, StopSource::Up { .. }));
    match (&rule.pay, source(plan, rule)) {
        (_, Some((_, before))) if up => paid_levels(plan, before).saturating_add(1),
        (Schedule::Levels(table), _) => in_line(rule, u64::try_from(table.levels()).unwrap_or(u64::MAX)),
        (Schedule::Share(_), _) if up => {
            let line = rule.to.iter().filter(|stop| is_in_line(stop)).map(people);
            line.fold(0, u64::saturating_add)
        }
        (Schedule::Ladder(_) | Schedule::Pairing(_) | Schedule::Share(_), _) => 1,
        _ if up => {
            let line = rule.to.iter().filter(|stop| is_in_line(stop)).map(people);
            line.fold(0, u64::saturating_add).min(sources(plan, rule))
        }
        _ => 1,
    }
}

/// Whether a stop finds people of the line above the seller.
const fn is_in_line(stop: &Stop) -> bool {
    matches!(stop.source, StopSource::Up { .. } | StopSource::Roles(_))
}

/// How many of so many levels can fall to people above the seller: those the slots of other stops do not take.
fn in_line(rule: &Rule, levels: u64) -> u64 {
    let (mut open, mut line) = (levels, 0_u64);
    for stop in &rule.to {
        let found = people(stop).min(open);
        if is_in_line(stop) {
            line = line.saturating_add(found);
        } else if stop.when.is_some() {
            // It may take no slot.
            continue;
        }
        open -= found;
    }
    line
}

/// Parts of a rule that pay nobody whatever is sold, as far as the text alone shows it.
fn unreachable(plan: &Plan, rule: &Rule) -> Vec<String> {
    let mut found = Vec::new();
    let of_sale = plan.sequence(None).any(|at| plan.rules()[at].id == rule.id);
    let impossible = |when: &Condition| {
        when.is_impossible(plan.ranks())
            || of_sale && Purpose::ALL.iter().all(|purpose| when.excludes_purpose(*purpose))
    };
    if rule.when.as_ref().is_some_and(impossible) {
        found.push("never runs: its `when` cannot hold".to_owned());
    }
    if rule.qualify.iter().any(|condition| condition.is_impossible(plan.ranks())) {
        found.push("nobody meets one of its `qualify` conditions".to_owned());
    }
    if never_pays(rule) {
        found.push("never pays: its base is always zero".to_owned());
    }
    if source(plan, rule).is_some_and(|(_, before)| never_pays(before)) {
        found.push("never runs: the rule it runs after never pays".to_owned());
    }
    let reached = rule.to.iter().map(people).fold(0_u64, u64::saturating_add);
    let levels = match &rule.pay {
        Schedule::Levels(table) => u64::try_from(table.levels()).unwrap_or(u64::MAX),
        _ => 0,
    };
    if levels > reached {
        found.push(format!(
            "{} never reached: `to` finds {} at most",
            match levels - reached {
                1 => format!("level {levels} is"),
                _ => format!("levels {} to {levels} are", reached + 1),
            },
            counted(reached, "person")
        ));
    }
    let idle = rule.to.iter().filter_map(|stop| stop.when.as_ref());
    if idle.into_iter().any(|when| when.is_impossible(plan.ranks())) {
        found.push("one of its stops is never walked: its `when` cannot hold".to_owned());
    }
    found
}

/// Rates of zero prove nothing: a line may bring its own.
fn never_pays(rule: &Rule) -> bool {
    rule.of.times.is_zero()
}
