//! Drawings of the tables: for Graphviz, and as Mermaid for the documents.

use super::case::{CASE_TABLE, CaseStage};
use super::life::Life;
use super::table::{Guard, TABLE};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The table as a graph in the DOT language, the same text every time.
///
/// ```
/// let dot = fenrun::trade::order::states_dot();
/// assert!(dot.starts_with("digraph order {"));
/// assert!(dot.contains("待支付"));
/// ```
#[must_use]
pub fn states_dot() -> String {
    let mut dot = String::from("digraph order {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    // Writing to a String has no way to fail.
    for life in Life::ALL {
        let shape = if life.is_terminal() { ", peripheries=2" } else { "" };
        let _ =
            writeln!(dot, "  {} [label=\"{}\\n{}\"{shape}];", life.name(), life.english(), life.chinese());
    }
    let mut seen = BTreeSet::new();
    for row in TABLE {
        let guard =
            if row.guard == Guard::Otherwise { String::new() } else { format!("\\n[{}]", row.guard.label()) };
        let edge = format!(
            "  {} -> {} [label=\"{}\\n{}{guard}\"];\n",
            row.from.name(),
            row.to.name(),
            row.on.english(),
            row.on.chinese()
        );
        if seen.insert(edge.clone()) {
            dot.push_str(&edge);
        }
    }
    dot.push_str("}\n");
    dot
}

/// The table as a Mermaid state diagram: one arrow for each pair of states, with everything that takes it.
/// What leaves an order where it is, is not drawn; the table lists it.
#[must_use]
pub fn states_mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n  direction LR\n");
    for life in Life::ALL {
        let _ = writeln!(text, "  {}: {} {}", life.name(), life.chinese(), life.english());
    }
    let _ = writeln!(text, "  [*] --> {}", Life::Draft.name());
    let arrows = TABLE.iter().map(|row| {
        let guard = row.guard.label();
        let on = row.on.english().replace(':', "");
        let label = if guard.is_empty() { on } else { format!("{on} [{guard}]") };
        (row.from.name(), row.to.name(), label)
    });
    write_arrows(&mut text, arrows);
    for life in Life::ALL.iter().filter(|life| life.is_terminal()) {
        let _ = writeln!(text, "  {} --> [*]", life.name());
    }
    text
}

/// The table of after-sale cases as a Mermaid state diagram.
#[must_use]
pub fn cases_mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n  direction LR\n");
    for stage in CaseStage::ALL {
        let _ = writeln!(text, "  {}: {} {}", stage.name(), stage.chinese(), stage.english());
    }
    let _ = writeln!(text, "  [*] --> {}", CaseStage::Open.name());
    let arrows = CASE_TABLE.iter().map(|row| {
        let guard = row.guard.label();
        let on = row.on.english().replace(':', "");
        let label = if guard.is_empty() { on } else { format!("{on} [{guard}]") };
        (row.from.name(), row.to.name(), label)
    });
    write_arrows(&mut text, arrows);
    for stage in CaseStage::ALL.iter().filter(|stage| stage.is_terminal()) {
        let _ = writeln!(text, "  {} --> [*]", stage.name());
    }
    text
}

/// One arrow for each pair of states, with the labels of all rows between them.
fn write_arrows(text: &mut String, arrows: impl Iterator<Item = (&'static str, &'static str, String)>) {
    let mut drawn: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for (from, to, label) in arrows.filter(|(from, to, _)| from != to) {
        match drawn.iter_mut().find(|arrow| (arrow.0, arrow.1) == (from, to)) {
            Some(arrow) => arrow.2.push(label),
            None => drawn.push((from, to, vec![label])),
        }
    }
    for (from, to, labels) in drawn {
        let _ = writeln!(text, "  {from} --> {to}: {}", labels.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graph_names_every_row() {
        let dot = states_dot();
        assert_eq!(dot, states_dot());
        for row in TABLE {
            assert!(dot.contains(&format!("{} -> {} ", row.from.name(), row.to.name())), "{row:?}");
        }
        assert!(dot.contains("awaiting_shipment [label=\"Awaiting shipment\\n待发货\"];"));
    }

    #[test]
    fn mermaid_draws_every_pair_of_states_once() {
        let text = states_mermaid();
        assert_eq!(text, states_mermaid());
        for row in TABLE.iter().filter(|row| row.from != row.to) {
            let arrow = format!("  {} --> {}: ", row.from.name(), row.to.name());
            assert_eq!(text.matches(&arrow).count(), 1, "{row:?}");
        }
        for row in CASE_TABLE.iter().filter(|row| row.from != row.to) {
            assert!(
                cases_mermaid().contains(&format!("  {} --> {}: ", row.from.name(), row.to.name())),
                "{row:?}"
            );
        }
    }
}
