//! Drawings of the tables: for Graphviz, and as Mermaid for the documents.

use super::case::{CASE_TABLE, CaseRow, CaseStage};
use super::life::Life;
use super::table::{Row, TABLE};
use std::collections::BTreeSet;
use std::fmt::Write;

/// One arrow: from, to, what takes it in English and Chinese, and the condition.
struct Arrow {
    from: &'static str,
    to: &'static str,
    on: [&'static str; 2],
    guard: &'static str,
}

/// A state: its word, its names in English and Chinese, and whether it is an end.
type State = ([&'static str; 3], bool);

fn lives() -> Vec<State> {
    let state = |life: &Life| ([life.name(), life.english(), life.chinese()], life.is_terminal());
    Life::ALL.iter().map(state).collect()
}

fn moves() -> Vec<Arrow> {
    let arrow = |row: &Row| Arrow {
        from: row.from.name(),
        to: row.to.name(),
        on: [row.on.english(), row.on.chinese()],
        guard: row.guard.label(),
    };
    TABLE.iter().map(arrow).collect()
}

fn stages() -> Vec<State> {
    let state = |stage: &CaseStage| ([stage.name(), stage.english(), stage.chinese()], stage.is_terminal());
    CaseStage::ALL.iter().map(state).collect()
}

fn case_moves() -> Vec<Arrow> {
    let arrow = |row: &CaseRow| Arrow {
        from: row.from.name(),
        to: row.to.name(),
        on: [row.on.english(), row.on.chinese()],
        guard: row.guard.label(),
    };
    CASE_TABLE.iter().map(arrow).collect()
}

/// The table as a graph in the DOT language, the same text every time.
///
/// ```
/// let dot = fenrun::trade::order::states_dot();
/// assert!(dot.starts_with("digraph order {"));
/// assert!(dot.contains("待支付"));
/// ```
#[must_use]
pub fn states_dot() -> String {
    dot("order", &lives(), &moves())
}

/// The table of after-sale cases as a graph in the DOT language.
#[must_use]
pub fn cases_dot() -> String {
    dot("case", &stages(), &case_moves())
}

/// The table as a Mermaid state diagram: one arrow for each pair of states, with everything that takes it.
/// What leaves an order where it is, is not drawn; the table lists it.
#[must_use]
pub fn states_mermaid() -> String {
    mermaid(&lives(), &moves())
}

/// The table of after-sale cases as a Mermaid state diagram.
#[must_use]
pub fn cases_mermaid() -> String {
    mermaid(&stages(), &case_moves())
}

fn dot(name: &str, states: &[State], arrows: &[Arrow]) -> String {
    let mut dot = format!("digraph {name} {{\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    // Writing to a String has no way to fail.
    for ([word, english, chinese], end) in states {
        let shape = if *end { ", peripheries=2" } else { "" };
        let _ = writeln!(dot, "  {word} [label=\"{english}\\n{chinese}\"{shape}];");
    }
    let mut seen = BTreeSet::new();
    for Arrow { from, to, on: [english, chinese], guard } in arrows {
        let guard = if guard.is_empty() { String::new() } else { format!("\\n[{guard}]") };
        let edge = format!("  {from} -> {to} [label=\"{english}\\n{chinese}{guard}\"];\n");
        if seen.insert(edge.clone()) {
            dot.push_str(&edge);
        }
    }
    dot.push_str("}\n");
    dot
}

fn mermaid(states: &[State], arrows: &[Arrow]) -> String {
    let mut text = String::from("stateDiagram-v2\n  direction LR\n");
    for ([word, english, chinese], _) in states {
        let _ = writeln!(text, "  {word}: {chinese} {english}");
    }
    if let Some(([first, ..], _)) = states.first() {
        let _ = writeln!(text, "  [*] --> {first}");
    }
    let mut drawn: Vec<(&str, &str, Vec<String>)> = Vec::new();
    for Arrow { from, to, on: [english, _], guard } in arrows.iter().filter(|arrow| arrow.from != arrow.to) {
        // A colon ends a label there.
        let on = english.replace(':', "");
        let label = if guard.is_empty() { on } else { format!("{on} [{guard}]") };
        match drawn.iter_mut().find(|arrow| (arrow.0, arrow.1) == (from, to)) {
            Some(arrow) => arrow.2.push(label),
            None => drawn.push((from, to, vec![label])),
        }
    }
    for (from, to, labels) in drawn {
        let _ = writeln!(text, "  {from} --> {to}: {}", labels.join(", "));
    }
    for ([word, ..], _) in states.iter().filter(|(_, end)| *end) {
        let _ = writeln!(text, "  {word} --> [*]");
    }
    text
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
