//! JSON as a sale, evaluated under every preset and the plans of the seeds.

use crate::{everything_reverses, refused};
use fenrun::doc::{MAX_DOCUMENT_BYTES, read_json};
use fenrun::money::Currency;
use fenrun::reward::commission::{Frozen, evaluate, offer};
use fenrun::reward::plan::{PRESETS, Plan};
use fenrun::sale::Sale;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(|| {
    let seeds = [
        include_str!("../seeds/plan_text/conditions.json"),
        include_str!("../seeds/plan_text/differential.toml"),
    ];
    let texts = PRESETS.iter().map(|(_, text)| *text).chain(seeds);
    texts.map(|text| Plan::parse(text).expect("a plan")).collect()
});

/// A sale survives its document; every outcome keeps each cent, has unique keys, and reverses to zero.
pub fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let currency = Currency::parse("CNY").expect("a currency");
    let read = read_json(text, MAX_DOCUMENT_BYTES).and_then(|node| Sale::from_node(&node, currency));
    let sale = match read {
        Ok(sale) => sale,
        Err(error) => {
            refused(&error);
            return false;
        }
    };
    let again = Sale::from_node(&sale.to_node(), currency).expect("the document of a sale is a sale");
    assert_eq!(again, sale);
    let mut evaluated = false;
    for plan in PLANS.iter() {
        evaluated |= under(plan, &sale);
    }
    evaluated
}

fn under(plan: &Plan, sale: &Sale) -> bool {
    let outcome = match evaluate(plan, sale) {
        Ok(outcome) => outcome,
        Err(error) => {
            refused(&error);
            return false;
        }
    };
    assert!(outcome.conserves(), "{} loses a cent", plan.name());
    assert_eq!(outcome.pool(), offer(plan, sale).expect("what was evaluated is offered"));
    assert!(outcome.rows().iter().all(|row| row.amount > 0));
    let keys: BTreeSet<&str> = outcome.rows().iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys.len(), outcome.rows().len(), "two rows with one key");
    let frozen = Frozen::new(plan, sale).expect("what was evaluated freezes");
    let thawed = Frozen::from_text(&frozen.to_text()).expect("what was frozen thaws");
    assert_eq!(thawed, frozen);
    assert_eq!(evaluate(thawed.plan(), thawed.sale()).expect("it evaluates again").rows(), outcome.rows());
    everything_reverses(&thawed);
    true
}
