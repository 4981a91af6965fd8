//! Trying every attack on a period.

use super::Limits;
use super::asked::{Amounts, amounts};
use super::audit::{fitting, ranks};
use super::division::divisions;
use super::finding::{Finding, Found, Witness};
use super::layout::Layout;
use super::stage::Stage;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::reward::plan::{Period, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// The most members of a stage.
const MOST_ACTORS: usize = 256;

/// Plays every attack on every stage; findings stand in the order of periods, rules and attacks, all rules of
/// a period together behind them. A sale split among its own buyer changes no sum: `split` divides it over
/// identities beside oneself. An attack whose amounts do not fit 64 bits is refused by the plan, and gains nothing.
///
/// # Errors
/// As [`close`](crate::reward::period::close); [`Code::InvalidValue`] for limits above [`Limits::MOST`] and for
/// stages of more than 256 members.
pub fn audit_periods(plan: &Plan, stages: &[Stage], limits: Limits) -> Result<Vec<Finding>> {
    limits.check()?;
    let amounts = amounts(plan);
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
            play(plan, stage, limits, &amounts, &mut found)?;
        }
        let rules = plan.sequence(Some(every)).collect::<BTreeSet<usize>>();
        findings.extend(found.findings(plan, &rules, Some(every)));
    }
    Ok(findings)
}

fn play(plan: &Plan, stage: &Stage, limits: Limits, amounts: &Amounts, found: &mut Found) -> Result<()> {
    let snapshot = stage.snapshot(plan)?;
    for actor in &stage.actors {
        let alone = BTreeMap::from([(actor.id, &actor.volumes)]);
        let honest = stage.income(plan, &snapshot, &alone, limits.periods)?;
        for layout in Layout::all(plan, limits, &ranks(plan, actor.rank.as_ref())) {
            let (attacked, people) = layout.play(plan, stage, actor);
            let snapshot = attacked.snapshot(plan)?;
            for division in divisions(&actor.volumes, layout.identities(), amounts)? {
                let buyers = people.iter().copied().zip(&division.bought).collect();
                let gained = attacked.income(plan, &snapshot, &buyers, limits.periods);
                let Some(gained) = fitting(gained)? else { continue };
                let witness = || Witness {
                    attack: layout.attack(division.purchase),
                    attacker: MemberId::from(actor.id),
                    identities: layout.stated(),
                    parts: division.buyers(),
                    followed: Some(layout.followed()),
                    sale: None,
                    purchase: Some(division.purchase),
                    bought: division.bought.clone(),
                    honest: 0,
                    attacked: 0,
                };
                found.note(&honest, &gained, witness)?;
            }
        }
    }
    Ok(())
}
