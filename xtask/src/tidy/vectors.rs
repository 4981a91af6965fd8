//! Golden vectors hold integers and texts only: a float would be read differently by each language.

use super::Finding;
use super::tree::Tree;
use serde_json::Value;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension("json").filter(|file| file.path.starts_with("vectors/")) {
        match serde_json::from_str(&file.text) {
            Ok(value) => {
                for (place, float) in floats(&value) {
                    findings.push(Finding::new(&file.path, 0, format!("the float {float} at {place}")));
                }
            }
            Err(error) => findings.push(Finding::new(&file.path, error.line(), error.to_string())),
        }
    }
    findings
}

/// Every float, with its JSON pointer.
fn floats(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), value)];
    while let Some((place, value)) = left.pop() {
        match value {
            Value::Number(number) if number.is_f64() => found.push((place, number.to_string())),
            Value::Array(items) => {
                left.extend(items.iter().enumerate().map(|(at, item)| (format!("{place}/{at}"), item)));
            }
            Value::Object(map) => left.extend(map.iter().map(|(key, item)| (format!("{place}/{key}"), item))),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Tree::planted(&[(path, text)])).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn floats_are_found_with_their_place() {
        let text = r#"{"cases": [{"input": 1}, {"input": {"rate": 0.5}}]}"#;
        assert_eq!(found("vectors/a.json", text), ["the float 0.5 at /cases/1/input/rate"]);
        assert_eq!(found("vectors/a.json", "[1e2, 9223372036854775808]").len(), 1);
        assert_eq!(found("vectors/a.json", "[1").len(), 1);
        assert!(found("vectors/a.json", r#"[1, -1, "0.5"]"#).is_empty());
        assert!(found("java/a.json", "[0.5]").is_empty());
    }
}
