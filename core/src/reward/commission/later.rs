//! Parts of the language that a sale is not settled by in this version.

use crate::error::{Code, Error, Result};
use crate::reward::plan::{Plan, REFERRAL, Reach, Rule, Schedule, StopSource, Trigger};

/// Refuses a plan whose order rules have parts that are not evaluated yet.
pub(super) fn refuse(plan: &Plan) -> Result<()> {
    let fault = |what: &str| {
        let error = format!("{what}: part of fenrun.plan/1 but not evaluated by this version");
        Err(Error::new(Code::NotSupported, error))
    };
    if !plan.caps().is_empty() {
        return fault("plan: `cap`");
    }
    for rule in plan.sequence(None).map(|at| &plan.rules()[at]) {
        if let Some(key) = key(rule) {
            return fault(&format!("rule `{}`: `{key}`", rule.id));
        }
    }
    Ok(())
}

fn key(rule: &Rule) -> Option<&'static str> {
    let of_stop = |source: &StopSource| match source {
        StopSource::Up { tree, .. } if tree != REFERRAL => Some("tree"),
        StopSource::Up { reach: Reach::SameRank, .. } => Some("rank"),
        StopSource::Region(_) => Some("region"),
        _ => None,
    };
    let of_pay = match rule.pay {
        Schedule::Levels(_) | Schedule::Differential(_) => None,
        Schedule::Infinity(_) => Some("block"),
        Schedule::Geometric { .. } => Some("ratio"),
        Schedule::Ladder(_) | Schedule::Pairing(_) | Schedule::Share(_) => Some(rule.pay.name()),
    };
    let after = matches!(rule.trigger, Trigger::After(_)).then_some("after");
    let cap = (!rule.caps.is_empty()).then_some("cap");
    let split = rule.split.is_some().then_some("split");
    let stop = rule.to.iter().find_map(|stop| of_stop(&stop.source));
    after.or(cap).or(split).or(of_pay).or(stop)
}
