//! What a plan may ask of a member beyond what the host states: volumes and counts of the period.

use super::snapshot::Snapshot;
use super::volumes::Volumes;
use crate::error::{Error, Result};
use crate::money::narrow;
use crate::reward::plan::{Plan, REFERRAL};
use std::collections::{BTreeMap, BTreeSet};

/// The facts of these names that the period itself tells, a value per handle. A fact the host states under
/// the same name is taken instead.
///
/// `own_V` and `team_V` are a member's own volume V and that of everybody below and themselves, `strong_V`
/// that of their largest direct leg and `weak_V` that of all others; `recruits` are those they brought in,
/// `team_size` everybody below; `recruits_R` are recruits of at least rank R, `legs_R` direct legs with at
/// least one.
pub(super) fn derived(
    plan: &Plan,
    snapshot: &Snapshot,
    volumes: &Volumes,
    names: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Vec<i64>>> {
    let stated: BTreeSet<&str> = snapshot.forest().facts().map(|(name, _)| name).collect();
    let mut columns = BTreeMap::new();
    for name in names.iter().filter(|name| !stated.contains(*name)) {
        if let Some(column) = column(plan, snapshot, volumes, name)? {
            columns.insert((*name).to_owned(), column);
        }
    }
    Ok(columns)
}

/// What the period itself tells of a member, under a name that nobody states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reward) enum Measured<'a> {
    /// Of people.
    Count,
    /// Of this volume, where sales state it.
    Volume(&'a str),
}

/// What a name tells; `None` for a fact that the host alone can state.
pub(in crate::reward) fn measured<'a>(plan: &Plan, name: &'a str) -> Option<Measured<'a>> {
    if matches!(name, "recruits" | "team_size") {
        return Some(Measured::Count);
    }
    let (kind, rest) = name.split_once('_')?;
    match (plan.rank_index(rest), kind) {
        (Some(_), "recruits" | "legs") => Some(Measured::Count),
        (None, "own" | "team" | "strong" | "weak") => Some(Measured::Volume(rest)),
        _ => None,
    }
}

/// The names of all facts that can be asked of a member: those the host states, and those of the period.
pub(super) fn known(plan: &Plan, snapshot: &Snapshot, volumes: &Volumes) -> Vec<String> {
    let stated = snapshot.forest().facts().map(|(name, _)| name.to_owned());
    let counts = ["recruits", "team_size"].map(str::to_owned);
    let of = |kinds: &'static [&str], name: &str| -> Vec<String> {
        kinds.iter().map(|kind| format!("{kind}_{name}")).collect()
    };
    let of_ranks = plan.ranks().iter().flat_map(|rank| of(&["recruits", "legs"], rank));
    let of_volumes = volumes.names().flat_map(|name| of(&["own", "team", "strong", "weak"], name));
    stated.chain(counts).chain(of_ranks).chain(of_volumes).collect()
}

fn column(plan: &Plan, snapshot: &Snapshot, volumes: &Volumes, name: &str) -> Result<Option<Vec<i64>>> {
    let tree = snapshot.tree(REFERRAL)?;
    let ones = || vec![1; snapshot.len()];
    let counts = match name {
        "recruits" => Some(direct(snapshot, &ones())?),
        "team_size" => Some(tree.sums(&ones())?.iter().map(|size| size - 1).collect()),
        _ => None,
    };
    if counts.is_some() {
        return Ok(counts);
    }
    let Some((kind, rest)) = name.split_once('_') else { return Ok(None) };
    if let Some(rank) = plan.rank_index(rest) {
        let ranks: Vec<i64> =
            (0..snapshot.len()).map(|at| i64::from(reaches(plan, snapshot, at, rank))).collect();
        return match kind {
            "recruits" => direct(snapshot, &ranks).map(Some),
            "legs" => {
                let holders = tree.sums(&ranks)?;
                direct(snapshot, &holders.iter().map(|holders| (*holders).min(1)).collect::<Vec<_>>())
                    .map(Some)
            }
            _ => Ok(None),
        };
    }
    // Where no sale states anything, every volume is zero; a name that no sale states is no volume.
    let none = vec![0; snapshot.len()];
    let Some(own) = volumes.column(rest).or(volumes.is_empty().then_some(none.as_slice())) else {
        return Ok(None);
    };
    Ok(match kind {
        "own" => Some(own.to_vec()),
        "team" => Some(tree.sums(own)?),
        "strong" => Some(strongest(snapshot, &tree.sums(own)?)?),
        "weak" => {
            let team = tree.sums(own)?;
            let strong = strongest(snapshot, &team)?;
            let rest = |at: usize| {
                narrow(i128::from(team[at]) - i128::from(own[at]) - i128::from(strong[at]), || {
                    "the volume of weak legs".into()
                })
            };
            Some((0..snapshot.len()).map(|at| rest(at).map_err(Error::from)).collect::<Result<_>>()?)
        }
        _ => None,
    })
}

fn reaches(plan: &Plan, snapshot: &Snapshot, at: usize, rank: usize) -> bool {
    let own = snapshot.forest().rank(super::snapshot::ix(at)).and_then(|own| plan.rank_index(own));
    own.is_some_and(|own| own >= rank)
}

/// The sum of a column over the direct recruits of each member.
fn direct(snapshot: &Snapshot, column: &[i64]) -> Result<Vec<i64>> {
    let tree = snapshot.tree(REFERRAL)?;
    let mut sums = vec![0; column.len()];
    for at in tree.children_first() {
        let sum = &mut sums[tree.parent(at)];
        *sum = narrow(i128::from(*sum) + i128::from(column[at]), || "a count".into())?;
    }
    Ok(sums)
}

/// The largest team directly below each member.
fn strongest(snapshot: &Snapshot, team: &[i64]) -> Result<Vec<i64>> {
    let tree = snapshot.tree(REFERRAL)?;
    let mut most = vec![0; team.len()];
    for at in tree.children_first() {
        let parent = tree.parent(at);
        most[parent] = most[parent].max(team[at]);
    }
    Ok(most)
}
