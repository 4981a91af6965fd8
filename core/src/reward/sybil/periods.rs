//! Trying every attack on a period.

use super::Limits;
use super::attack::Attack;
use super::audit::{Finding, Found, Try};
use super::identities::Plot;
use super::stage::Stage;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::reward::plan::{Period, Plan};
use std::collections::BTreeSet;

/// The most members of a stage.
const MOST_ACTORS: usize = 256;

/// Plays every attack on every stage; findings stand in the order of periods, rules and attacks, all rules of
/// a period together behind them. A sale split among its own buyer changes no sum: `split` divides it over
/// identities beside oneself. Ranks stay as they are given.
///
/// # Errors
/// As [`close`](crate::reward::period::close); [`Code::InvalidValue`] for limits above [`Limits::MOST`] and for
/// stages of more than 256 members.
pub fn audit_periods(plan: &Plan, stages: &[Stage], limits: Limits) -> Result<Vec<Finding>> {
    limits.check()?;
    let mut findings = Vec::new();
    for every in Period::ALL {
        let stages = || stages.iter().filter(|stage| stage.period.every() == every);
        if stages().next().is_none() {
            continue;
        }
        let mut found = Found::default();
        for stage in stages() {
            if stage.actors.len() > MOST_ACTORS {
                let rule = format!("{} members are played; at most {MOST_ACTORS}", stage.actors.len());
                return Err(Error::new(Code::InvalidValue, rule));
            }
            play(plan, stage, limits, &mut found)?;
        }
        let rules = plan.sequence(Some(every)).collect::<BTreeSet<usize>>();
        findings.extend(found.findings(plan, rules, Some(every)));
    }
    Ok(findings)
}

fn play(plan: &Plan, stage: &Stage, limits: Limits, found: &mut Found) -> Result<()> {
    for actor in &stage.actors {
        let honest = stage.income(plan, &BTreeSet::from([actor.id]))?;
        let ranks = BTreeSet::from([actor.rank.clone(), None]);
        let attacker = MemberId::from(actor.id);
        for plot in Plot::all(plan, limits, &ranks) {
            let Some((attacked, names)) = plot.play(plan, stage, actor.id)? else { continue };
            let gained = attacked.income(plan, &names)?;
            let parts = usize::from(plot.attack == Attack::Split);
            let tried = Try {
                attack: plot.attack,
                count: plot.count + parts,
                rank: plot.rank.clone(),
                sale: None,
                purchase: Some(plot.purchase),
                attacker: &attacker,
            };
            found.note(&honest, &gained, &tried);
        }
    }
    Ok(())
}
