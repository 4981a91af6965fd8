//! Smaller documents that still show a difference.

use fenrun::doc::Node;

/// Takes parts of documents away, as long as `fails` still holds for what is left.
///
/// One pass tries, for each place, to drop a list's element or a map's entry and to make a number smaller;
/// passes repeat until none of it works. `fails` must be false for documents that mean nothing.
pub(crate) fn shrink(mut document: Node, fails: impl Fn(&Node) -> bool) -> Node {
    loop {
        let smaller = neighbours(&document).into_iter().find(|smaller| fails(smaller));
        match smaller {
            Some(smaller) => document = smaller,
            None => return document,
        }
    }
}

/// Every document that is one step smaller, the largest steps first.
fn neighbours(node: &Node) -> Vec<Node> {
    match node {
        Node::Int(value) if *value > 1 => [0, 1, 100, 1000, value / 2, value - 1]
            .into_iter()
            .filter(|less| less < value)
            .map(Node::Int)
            .collect(),
        Node::List(items) => {
            let without = (0..items.len()).map(|at| {
                let mut fewer = items.clone();
                fewer.remove(at);
                Node::List(fewer)
            });
            let inside = (0..items.len()).flat_map(|at| {
                neighbours(&items[at]).into_iter().map(move |inner| {
                    let mut changed = items.clone();
                    changed[at] = inner;
                    Node::List(changed)
                })
            });
            without.chain(inside).collect()
        }
        Node::Map(map) => {
            let without = map.keys().map(|key| {
                let mut fewer = map.clone();
                fewer.remove(key);
                Node::Map(fewer)
            });
            let inside = map.iter().flat_map(|(key, value)| {
                neighbours(value).into_iter().map(move |inner| {
                    let mut changed = map.clone();
                    changed.insert(key.clone(), inner);
                    Node::Map(changed)
                })
            });
            without.chain(inside).collect()
        }
        _ => Vec::new(),
    }
}
