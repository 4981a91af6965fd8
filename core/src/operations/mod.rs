//! The public operations as documents: a name, a plan and an input in, an answer out.
//!
//! The golden vectors, the command line and every language's general call come through [`run`]. It is no
//! second implementation: each arm reads its input, calls the API a Rust user calls and writes the answer.
//! What each operation reads and answers is listed in `vectors/README.md`.

mod binding;
mod forest;
mod grove;
mod ledger;
mod matching;
mod membership;
mod money;
mod period;
mod period_set;
mod plans;
mod report;
mod reward;
mod shop;
mod sybil;
mod trade;
mod vectors;

pub use matching::matches;
pub use period::compare_close;
pub use vectors::{Case, Expectation, PlanSource, read_vectors};

use crate::doc::{Node, nearest};
use crate::error::{Code, Error, Result};
use crate::reward::plan::Plan;

type Operation = fn(Option<&Plan>, &Node) -> Result<Node>;

/// Every operation, in the order of `vectors/README.md`.
const OPERATIONS: &[(&str, Operation)] = &[
    ("currency", |_, input| money::currency(input)),
    ("parse_money", |_, input| money::parse_money(input)),
    ("multiply", |_, input| money::multiply(input)),
    ("round", |_, input| money::round(input)),
    ("allocate", |_, input| money::allocate(input)),
    ("telescope", |_, input| money::telescope(input)),
    ("settle_one", |plan, input| reward::settle_one(needed(plan)?, input)),
    ("explain", reward::explain),
    ("reverse", |plan, input| reward::reverse(needed(plan)?, input)),
    ("settle", |plan, input| forest::settle(needed(plan)?, input)),
    ("check", reward::check),
    ("presets", |_, input| plans::presets(input)),
    ("diff", plans::diff),
    ("sybil", |plan, input| sybil::sybil(needed(plan)?, input)),
    ("plan_set", |_, input| plans::plan_set(input)),
    ("bind", |_, input| forest::bind(input)),
    ("forest", |_, input| grove::forest(input)),
    ("edges", |_, input| grove::edges(input)),
    ("binding", binding::binding),
    ("share", |_, input| binding::share(input)),
    ("place", |plan, input| period::place_members(needed(plan)?, input)),
    ("close", |plan, input| period::run(needed(plan)?, input)),
    ("close_set", |_, input| period_set::run(input)),
    ("explain_close", |plan, input| match plan {
        None if input.get("set").is_some() || input.get("given").is_some() => period_set::explain(input),
        plan => period::explain(needed(plan)?, input),
    }),
    ("order", |_, input| trade::order(input)),
    ("explain_order", |_, input| trade::explain_order(input)),
    ("quote", |_, input| trade::quote(input)),
    ("price", |_, input| trade::price(input)),
    ("reprice", |_, input| trade::reprice(input)),
    ("ledger", |_, input| ledger::ledger(input)),
    ("catalog", |_, input| shop::catalog(input)),
    ("cart", |_, input| shop::cart(input)),
    ("member", |_, input| membership::member(input)),
    ("visitor", |_, input| membership::visitor(input)),
    ("distribution", |plan, input| report::distribution(needed(plan)?, input)),
];

/// The names of all operations.
pub fn names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(name, _)| *name)
}

/// Runs one operation.
///
/// # Errors
/// [`Code::UnknownWord`] when `operation` is none of them, with the name it is most like; otherwise what the
/// operation refuses.
///
/// ```
/// use fenrun::{doc::Node, operations};
/// let input = fenrun::doc::read_json(r#"{"total": 1000, "weights": [1, 1, 1]}"#, 1000)?;
/// let answer = operations::run("allocate", None, &input)?;
/// assert_eq!(answer.to_json(), r#"{"shares":[334,333,333],"unallocated":0}"#);
/// # Ok::<(), fenrun::Error>(())
/// ```
pub fn run(operation: &str, plan: Option<&Plan>, input: &Node) -> Result<Node> {
    let found = OPERATIONS.iter().find(|(name, _)| *name == operation);
    let (_, apply) = found.ok_or_else(|| {
        // All of them are more than the error record of C can hold.
        let hint = nearest(operation, names()).map_or_else(
            || "vectors/README.md lists them".into(),
            |known| format!("did you mean `{known}`?"),
        );
        Error::new(Code::UnknownWord, format!("`{operation}` is not an operation; {hint}"))
    })?;
    apply(plan, input)
}

fn needed(plan: Option<&Plan>) -> Result<&Plan> {
    plan.ok_or_else(|| Error::new(Code::MissingKey, "this operation needs a plan"))
}
