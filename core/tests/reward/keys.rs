//! The law about keys.

use crate::RewardLaw;
use crate::evaluator::Evaluator;
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::Mutation as M;
use crate::naive::edit::{each_line, edit_list, with};
use crate::naive::generate::case;
use crate::naive::outcome::{Outcome, Row};
use crate::naive::plan::{entries, int};
use fenrun::doc::Node;
use std::collections::{BTreeMap, BTreeSet};

/// L7: the same sale gives the same rows under the same keys, a retry with other people and amounts meets
/// the keys of the same slots, and no two slots of no two sales share a key.
pub(crate) const REPLAY: RewardLaw = Law {
    name: "L7 replay",
    holds: replay,
    suspects: &[
        M::KeyWithPayee,
        M::KeyWithAmount,
        M::KeyWithoutLevel,
        M::KeyWithoutLine,
        M::KeyWithoutRule,
        M::KeyWithoutVersion,
        M::KeyWithoutTenant,
        M::KeyWithoutLengths,
    ],
};

fn replay(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = case(seed);
    let sale = with(&with(&case.sale, "tenant", "shop"), "id", "1-7");
    let Ok(outcome) = who.evaluate(&case.plan, &sale) else { return Ok(Bearing::Beside) };
    need(who.evaluate(&case.plan, &sale)? == outcome, || "a replay differs".into())?;
    let keys = keys(&outcome);
    need(keys.len() == outcome.rows.len(), || format!("a key stands twice: {outcome:#?}"))?;

    let others = edit_list(&sale, "upline", |upline| {
        for person in upline {
            let id = int(person.get("id")).expect("an id");
            *person = with(person, "id", id + 1_000);
        }
    });
    let doubled = each_line(&others, |line| {
        let paid = int(line.get("paid")).unwrap_or(0);
        line.insert("paid".into(), Node::Int(2 * paid));
    });
    let slots = slots(&outcome);
    // Another person may lack a fact, and then nothing is paid on the retry.
    let retried = who.evaluate(&case.plan, &doubled).unwrap_or_default();
    for (slot, key) in self::slots(&retried) {
        let met = slots.get(&slot);
        need(met.is_none_or(|before| *before == key), || format!("{slot:?} has another key on a retry"))?;
    }

    let version = int(sale.get("version")).unwrap_or(1);
    let unlike = [
        with(&sale, "id", "7"),
        with(&sale, "version", version + 1),
        with(&sale, "tenant", "mall"),
        with(&with(&sale, "tenant", "shop1"), "id", "-7"),
    ];
    for sale in unlike {
        let shared: Vec<_> =
            self::keys(&who.evaluate(&case.plan, &sale)?).intersection(&keys).cloned().collect();
        need(shared.is_empty(), || {
            format!("{shared:?} are keys of {:?} too", entries(Some(&sale)).get("id"))
        })?;
    }
    Ok(if keys.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

fn keys(outcome: &Outcome) -> BTreeSet<String> {
    outcome.rows.iter().map(|row| row.key.clone()).collect()
}

/// The key of each slot: rule, line and level.
fn slots(outcome: &Outcome) -> BTreeMap<(String, Option<String>, usize), String> {
    let slot = |row: &Row| (row.rule.clone(), row.line.clone(), row.level);
    outcome.rows.iter().map(|row| (slot(row), row.key.clone())).collect()
}
