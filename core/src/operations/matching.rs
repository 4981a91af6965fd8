//! Comparing an answer with what a vector expects of it.

use crate::doc::Node;

/// One place of two documents that is still to be compared.
struct Pair<'a> {
    path: String,
    expected: &'a Node,
    actual: &'a Node,
}

/// Whether `actual` answers what is `expected`: every key of an expected map matches in the answer, lists
/// match element by element and have the same length, everything else is equal.
///
/// # Errors
/// One line that names the path of the first mismatch and both values.
///
/// ```
/// use fenrun::{doc::Node, operations::matches};
/// let answer = Node::map([("pool", Node::Int(5)), ("rows", Node::List(vec![]))]);
/// assert!(matches(&Node::map([("pool", Node::Int(5))]), &answer).is_ok());
/// let fault = matches(&Node::map([("pool", Node::Int(6))]), &answer).unwrap_err();
/// assert_eq!(fault, "$.pool: expected 6, got 5");
/// ```
pub fn matches(expected: &Node, actual: &Node) -> Result<(), String> {
    // A stack, not recursion: documents are as deep as their authors like. Pushing in reverse keeps the
    // first mismatch the first that is reported.
    let mut open = vec![Pair { path: "$".to_owned(), expected, actual }];
    while let Some(Pair { path, expected, actual }) = open.pop() {
        match (expected, actual) {
            (Node::Map(wanted), Node::Map(got)) => {
                for (key, expected) in wanted.iter().rev() {
                    let path = format!("{path}.{key}");
                    let actual = got.get(key).ok_or_else(|| format!("{path}: not in the answer"))?;
                    open.push(Pair { path, expected, actual });
                }
            }
            (Node::List(wanted), Node::List(got)) if wanted.len() == got.len() => {
                for (at, (expected, actual)) in wanted.iter().zip(got).enumerate().rev() {
                    open.push(Pair { path: format!("{path}[{at}]"), expected, actual });
                }
            }
            (Node::List(wanted), Node::List(got)) => {
                return Err(format!(
                    "{path}: expected {} elements, got {}: {}",
                    wanted.len(),
                    got.len(),
                    shown(actual)
                ));
            }
            (expected, actual) if expected == actual => {}
            (expected, actual) => {
                return Err(format!("{path}: expected {}, got {}", shown(expected), shown(actual)));
            }
        }
    }
    Ok(())
}

/// The value as JSON, cut where it gets long.
fn shown(node: &Node) -> String {
    const LONGEST: usize = 300;
    let json = node.to_json();
    match json.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &json[..at]),
        None => json,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;
    use crate::doc::{Node, read_json};

    fn fault(expected: &str, actual: &str) -> Option<String> {
        let read = |text| read_json(text, 1000).unwrap();
        let (expected, actual): (Node, Node) = (read(expected), read(actual));
        matches(&expected, &actual).err()
    }

    #[test]
    fn maps_match_as_subsets_and_lists_whole() {
        assert_eq!(fault(r#"{"a": {"b": 1}}"#, r#"{"a": {"b": 1, "c": 2}, "d": 3}"#), None);
        assert_eq!(fault(r#"[{"a": 1}, {}]"#, r#"[{"a": 1, "b": 2}, {"c": 3}]"#), None);
        assert_eq!(fault("[]", "[]"), None);
    }

    #[test]
    fn every_kind_of_mismatch_names_its_path() {
        for (expected, actual, message) in [
            ("1", "2", "$: expected 1, got 2"),
            ("1", r#""1""#, r#"$: expected 1, got "1""#),
            (r#"{"a": null}"#, r#"{"b": 1}"#, "$.a: not in the answer"),
            ("[1]", "[1, 2]", "$: expected 1 elements, got 2: [1,2]"),
            ("[1, 2]", "[1]", "$: expected 2 elements, got 1: [1]"),
            (
                r#"{"a": [{"b": 1}, {"b": 2}]}"#,
                r#"{"a": [{"b": 9}, {"b": 9}]}"#,
                "$.a[0].b: expected 1, got 9",
            ),
            ("[]", "{}", "$: expected [], got {}"),
            ("true", "1", "$: expected true, got 1"),
        ] {
            assert_eq!(fault(expected, actual).as_deref(), Some(message));
        }
    }
}
