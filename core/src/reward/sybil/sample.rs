//! Sales a plan pays for, made from what the plan itself asks.

use super::facts::facts;
use crate::doc::long_hash;
use crate::error::{Code, Result};
use crate::id::{LineId, MAX_ID_BYTES, MemberId, OrderId};
use crate::reward::commission::evaluate;
use crate::reward::plan::{INCOME, Plan, REFERRAL, Rule, Schedule, StopSource, Trigger};
use crate::sale::{Around, Facts, Person, Purpose, Sale, SaleDraft, SaleLine};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many people stand above the buyer.
const DEPTH: usize = 6;
/// What is sold, in minor units and units: an amount that no usual rate divides evenly and units that split unevenly;
/// less where the plan pays more of it than fits.
const SOLD: [(i64, u64); 3] = [(99_999, 7), (999, 2), (9, 1)];

/// Sales on one path whose people meet the plan's conditions as far as one set of facts can: all without a
/// rank, or with ranks that rise, that fall, all of the highest and all of the lowest.
///
/// # Errors
/// [`Code::InvalidSale`](crate::Code::InvalidSale) when the plan names more than a sale holds;
/// [`Code::InvalidValue`](crate::Code::InvalidValue) when it reads one fact as a rate and as a weight.
pub fn sample(plan: &Plan) -> Result<Vec<Sale>> {
    let facts = facts(plan, None)?;
    let ways: &[&str] =
        if plan.ranks().is_empty() { &["path"] } else { &["rising", "falling", "highest", "lowest"] };
    ways.iter().map(|way| payable(plan, way, &facts)).collect()
}

/// The largest of some sales whose amounts fit; the smallest where none does.
fn payable(plan: &Plan, way: &str, facts: &Facts) -> Result<Sale> {
    let mut sale = sale(plan, way, facts, SOLD[0])?;
    for sold in &SOLD[1..] {
        if !evaluate(plan, &sale).is_err_and(|error| error.code() == Code::Overflow) {
            break;
        }
        sale = self::sale(plan, way, facts, *sold)?;
    }
    Ok(sale)
}

/// The rank of whoever stands at a place of the path.
pub(super) fn rank(ranks: &[String], way: &str, at: usize) -> Option<String> {
    let last = ranks.len().checked_sub(1)?;
    let place = match way {
        "rising" => at.min(last),
        "falling" => last.saturating_sub(at),
        "highest" => last,
        _ => 0,
    };
    ranks.get(place).cloned()
}

fn sale(plan: &Plan, way: &str, facts: &Facts, (minor, units): (i64, u64)) -> Result<Sale> {
    let rank = |at: usize| rank(plan.ranks(), way, at);
    let person = |id: &str, rank: Option<String>| -> Result<Person> {
        Ok(Person { id: MemberId::new(id)?, rank, facts: facts.clone() })
    };
    let mut upline = Vec::with_capacity(DEPTH);
    for at in 0..DEPTH {
        upline.push(person(&format!("a{}", at + 1), rank(at))?);
    }
    let (mut roles, mut around) = (BTreeMap::new(), Around::default());
    let stops = plan.rules().iter().flat_map(|rule| &rule.to);
    for stop in stops {
        let (holders, names) = match &stop.source {
            StopSource::Roles(names) => (&mut roles, names),
            StopSource::Region(names) => (&mut around.regions, names),
            _ => continue,
        };
        for name in names {
            holders.insert(name.clone(), person(&holder(name), None)?);
        }
    }
    // One path in all trees: who stands where in another one is the host's to say.
    for tree in plan.walks().into_keys().filter(|tree| *tree != REFERRAL) {
        around.uplines.insert(tree.to_owned(), upline.clone());
    }
    for (tree, names) in walked_from(plan) {
        let path = if tree == REFERRAL { Some(&mut upline) } else { around.uplines.get_mut(tree) };
        let Some(path) = path else { continue };
        for id in names.iter().map(|name| holder(name)) {
            if path.iter().all(|person| person.id.as_str() != id) {
                path.push(person(&id, None)?);
            }
        }
    }
    let line = SaleLine {
        id: LineId::new("1")?,
        units,
        components: components(plan, minor),
        purpose: Purpose::Goods,
        facts: Facts::new(),
        overrides: BTreeMap::new(),
    };
    Sale::new(SaleDraft {
        tenant: String::new(),
        id: OrderId::new(way)?,
        version: 1,
        currency: plan.currency(),
        placed_at: Timestamp::from_ms(0),
        buyer: person("u", rank(0))?,
        upline,
        roles,
        around,
        // Nothing was earned before.
        used: Some(Vec::new()),
        facts: facts.clone(),
        lines: vec![line],
    })
}

/// Who holds a role or a region.
fn holder(name: &str) -> String {
    let id = format!("holder-{name}");
    if id.len() <= MAX_ID_BYTES { id } else { format!("holder-{}", &long_hash(name)[..16]) }
}

/// The trees in which a rule walks up from whoever another rule pays, with the roles and regions that one pays: the
/// sale says who stands above their holders, nobody or the next of them.
fn walked_from(plan: &Plan) -> BTreeMap<&str, BTreeSet<&String>> {
    let mut walked: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    let before = |rule: &Rule| match &rule.trigger {
        Trigger::After(id) => plan.rules().iter().find(|other| other.id == *id),
        _ => None,
    };
    for (rule, before) in plan.rules().iter().filter_map(|rule| Some((rule, before(rule)?))) {
        for stop in &rule.to {
            let StopSource::Up { tree, .. } = &stop.source else { continue };
            for paid in &before.to {
                if let StopSource::Roles(names) | StopSource::Region(names) = &paid.source {
                    walked.entry(tree).or_default().extend(names);
                }
            }
        }
    }
    walked
}

/// Every component a rule may read.
fn components(plan: &Plan, minor: i64) -> BTreeMap<String, i64> {
    let by = |rule: &Rule| match &rule.pay {
        Schedule::Ladder(ladder) => ladder.by.clone(),
        _ => None,
    };
    let by: Vec<String> = plan.rules().iter().filter_map(by).collect();
    let named = plan.rules().iter().flat_map(|rule| rule.of.names()).chain(by.iter().map(String::as_str));
    let read = named.filter(|name| !matches!(*name, "margin" | "quantity") && *name != INCOME);
    let names: BTreeSet<&str> = read.chain(["paid"]).collect();
    let amounts = names.into_iter().map(|name| (name.to_owned(), minor));
    // Half of it is cost, so that there is a margin.
    amounts.chain([("cost".to_owned(), minor / 2)]).collect()
}
