//! Imports inside the core point one way: `trade` and `reward` meet only in `sale`, and `ledger` knows
//! neither of them.

use super::Finding;
use super::tree::Tree;

const UPPER: &[&str] = &["trade", "reward", "ledger", "report", "sale", "membership"];

/// A room of the core, and the rooms it must not name.
const ARROWS: &[(&str, &[&str])] = &[
    ("trade", &["reward", "ledger", "report", "membership"]),
    ("reward", &["trade", "ledger", "report", "membership"]),
    ("ledger", &["trade", "reward", "report", "membership"]),
    ("sale", &["trade", "reward", "ledger", "report", "membership"]),
    ("money", UPPER),
    ("id", UPPER),
    ("time", UPPER),
    ("doc", UPPER),
    ("error", UPPER),
    ("request", UPPER),
    ("log", UPPER),
    ("membership", &["trade", "reward", "ledger", "report", "sale"]),
];

/// A name is a name wherever it stands: the core does not call anything else by the name of a room.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension("rs") {
        let Some(inside) = file.path.strip_prefix("core/src/") else { continue };
        let room = inside.split(['/', '.']).next().unwrap_or_default();
        let Some((_, refused)) = ARROWS.iter().find(|(known, _)| *known == room) else { continue };
        for token in file.tokens().list {
            if let Some(name) = token.ident().filter(|name| refused.contains(name)) {
                let text = format!("`{room}` must not name `{name}`");
                findings.push(Finding::new(&file.path, token.line, text));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn found(path: &str, source: &str) -> Vec<String> {
        check(&Tree::planted(&[(path, source)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn trade_and_reward_never_meet() {
        let uses = "use crate::sale::Sale;\nuse crate::{money, reward::plan::Plan};";
        assert_eq!(
            found("core/src/trade/order/mod.rs", uses),
            ["core/src/trade/order/mod.rs:2: `trade` must not name `reward`"]
        );
        assert_eq!(found("core/src/reward/plan.rs", "fn f() { super::super::trade::g() }").len(), 1);
        assert_eq!(found("core/src/ledger/book.rs", "use crate::{trade, reward};").len(), 2);
    }

    #[test]
    fn the_ground_floor_names_no_room_above() {
        for path in ["core/src/money/rate.rs", "core/src/id.rs", "core/src/error.rs"] {
            assert_eq!(found(path, "use crate::sale::Sale;").len(), 1);
        }
    }

    #[test]
    fn comments_other_rooms_and_other_crates_are_free() {
        assert!(
            found("core/src/trade/cart.rs", "// not reward\n/// nor `reward::plan`\nfn f() {}").is_empty()
        );
        assert!(found("core/src/report/mod.rs", "use crate::{trade, reward, ledger};").is_empty());
        assert!(found("cli/src/main.rs", "use fenrun::{trade, reward};").is_empty());
    }
}
