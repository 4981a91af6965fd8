//! The glossary names every state as the code does.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used)]

use fenrun::ledger::wallet::WithdrawalState;
use fenrun::reward::commission::EntryState;
use fenrun::trade::order::{CaseStage, Life};

fn page() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/glossary.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_state_of_an_order_has_its_line() {
    let page = page();
    for life in Life::ALL {
        let line = format!("| `{}` | {} | {} |\n", life.name(), life.english(), life.chinese());
        assert!(page.contains(&line), "docs/glossary.md lacks {line}");
    }
}

#[test]
fn every_stage_of_a_case_has_its_line() {
    let page = page();
    for stage in CaseStage::ALL {
        let line = format!("| `{}` | {} | {} |\n", stage.name(), stage.english(), stage.chinese());
        assert!(page.contains(&line), "docs/glossary.md lacks {line}");
    }
}

#[test]
fn every_state_of_a_commission_has_its_line() {
    let page = page();
    for state in EntryState::ALL {
        let line = format!("| `{}` | {} |", state.name(), state.chinese());
        assert!(page.contains(&line), "docs/glossary.md lacks {line}");
    }
}

#[test]
fn every_state_of_a_withdrawal_has_its_line() {
    let page = page();
    for state in WithdrawalState::ALL {
        let line = format!("| `{}` | {} | {} |\n", state.name(), state.english(), state.chinese());
        assert!(page.contains(&line), "docs/glossary.md lacks {line}");
    }
}
