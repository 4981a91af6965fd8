//! The forest in the words of graph tools.

use super::forest::{Forest, MemberIx};
use std::fmt::Write;

impl Forest {
    /// The forest in the DOT language, an edge from each inviter to whom they invited. `label` names a
    /// member; an empty label leaves the id, text or number.
    ///
    /// ```
    /// use fenrun::reward::referral::Forest;
    /// let forest = Forest::from_edges(&[7, 8], &[0, 7])?;
    /// let dot = forest.to_dot(|member| if forest.id(member) == 8 { "会员 \"8\"".into() } else { String::new() });
    /// assert_eq!(dot, "digraph forest {\n  7;\n  8 [label=\"会员 \\\"8\\\"\"];\n  7 -> 8;\n}\n");
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    pub fn to_dot(&self, label: impl Fn(MemberIx) -> String) -> String {
        let mut dot = String::from("digraph forest {\n");
        for member in self.members() {
            let label = label(member);
            let label =
                if label.is_empty() { self.text(member).unwrap_or_default().to_owned() } else { label };
            // Writing into a text has no way to fail.
            let _ = match label.is_empty() {
                true => writeln!(dot, "  {};", self.id(member)),
                false => writeln!(dot, "  {} [label=\"{}\"];", self.id(member), escaped(&label)),
            };
        }
        for member in self.members() {
            let parent = self.parent(member, None);
            if parent != MemberIx::NOBODY {
                let _ = writeln!(dot, "  {} -> {};", self.id(parent), self.id(member));
            }
        }
        dot.push_str("}\n");
        dot
    }

    /// The forest as a graph of `petgraph`: a node a member with their id, in join order, an edge from each
    /// inviter to whom they invited. The node of a member has their handle less one as its index.
    #[cfg(feature = "petgraph")]
    #[must_use]
    pub fn to_petgraph(&self) -> petgraph::graph::DiGraph<u64, ()> {
        let mut graph = petgraph::graph::DiGraph::with_capacity(self.len(), self.len());
        let nodes: Vec<_> = self.members().map(|member| graph.add_node(self.id(member))).collect();
        for member in self.members() {
            if let Some(parent) = self.parent(member, None).index().checked_sub(1) {
                graph.add_edge(nodes[parent], nodes[member.index() - 1], ());
            }
        }
        graph
    }
}

fn escaped(label: &str) -> String {
    let mut escaped = String::with_capacity(label.len());
    for c in label.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(all(test, feature = "petgraph"))]
mod tests {
    use super::*;

    #[test]
    fn a_graph_has_the_same_edges() {
        let mut forest = Forest::from_edges(&[10, 20, 30, 40], &[0, 10, 20, 0]).unwrap();
        forest.rebind(20, 40, None).unwrap();
        let graph = forest.to_petgraph();
        assert_eq!(graph.node_weights().copied().collect::<Vec<_>>(), [10, 20, 30, 40]);
        let edge = |edge: petgraph::graph::EdgeIndex| {
            let (from, to) = graph.edge_endpoints(edge).unwrap();
            (graph[from], graph[to])
        };
        assert_eq!(graph.edge_indices().map(edge).collect::<Vec<_>>(), [(40, 20), (20, 30)]);
        assert!(!petgraph::algo::is_cyclic_directed(&graph));
    }
}
