//! Text as a plan, TOML or JSON.

use crate::refused;
use fenrun::reward::plan::Plan;

/// A plan that is read is the plan of its canonical text, and passes its own check.
pub fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let plan = match Plan::parse(text) {
        Ok(plan) => plan,
        Err(error) => {
            refused(&error);
            return false;
        }
    };
    let again = Plan::from_json(plan.canonical()).expect("the canonical text of a plan is a plan");
    assert_eq!(again.hash(), plan.hash());
    assert_eq!(again, plan);
    plan.check().expect("a plan that was built passes its check");
    true
}
