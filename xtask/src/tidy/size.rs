//! Files of at most 800 lines, functions of at most 70.

use super::Finding;
use super::tree::Tree;

const MAX_FILE_LINES: usize = 800;
const MAX_FUNCTION_LINES: usize = 70;

/// What somebody writes by hand; generated files are headers.
const SOURCES: &[&str] = &["rs", "py", "pyi", "php", "java", "c", "cc", "cpp", "sh", "md"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| SOURCES.contains(&file.extension())) {
        let lines = file.text.lines().count();
        if lines > MAX_FILE_LINES {
            let text = format!("the file has {lines} lines; at most {MAX_FILE_LINES}");
            findings.push(Finding::new(&file.path, 0, text));
        }
    }
    for file in tree.with_extension("rs") {
        for function in file.tokens().functions() {
            if function.lines > MAX_FUNCTION_LINES {
                let text = format!(
                    "fn {} has {} lines; at most {MAX_FUNCTION_LINES}",
                    function.name, function.lines
                );
                findings.push(Finding::new(&file.path, function.line, text));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_file_may_have_800_lines_and_not_one_more() {
        for (lines, findings) in [(800, 0), (801, 1)] {
            let text = "x = 1\n".repeat(lines);
            assert_eq!(check(&Tree::planted(&[("a/b.py", &text)])).len(), findings, "{lines}");
        }
        let data = "1\n".repeat(900);
        assert!(check(&Tree::planted(&[("examples/data/a.csv", &data)])).is_empty());
    }

    #[test]
    fn a_function_may_have_70_lines_and_not_one_more() {
        for (lines, findings) in [(70, 0), (71, 1)] {
            let text = format!("fn long() {{\n{}}}\n", "f();\n".repeat(lines - 2));
            assert_eq!(check(&Tree::planted(&[("a.rs", &text)])).len(), findings, "{lines}");
        }
    }
}
