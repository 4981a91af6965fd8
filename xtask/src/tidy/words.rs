//! Words that must not stay in the repository: stubs, skipped tests, paths of somebody's machine.

use super::Finding;
use super::tokens::Tokens;
use super::tree::{File, Tree};
use regex::Regex;

/// Token sequences refused in Rust.
const STUBS: &[&[&str]] = &[&["todo", "!"], &["unimplemented", "!"], &["dbg", "!"], &["#", "[", "ignore"]];

/// Patterns refused in the tests of the other languages.
const SKIPS: &[(&str, &str)] = &[
    ("py", r"@pytest\.mark\.(skip|xfail)\b|\bbreakpoint\(\)"),
    ("php", r"markTestSkipped|markTestIncomplete|\bvar_dump\("),
    ("java", r"@(Disabled|Ignore)\b"),
];

/// Data is kept as it came.
const DATA: &[&str] = &["examples/data/", "fuzz/seeds/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let paths = machine_paths();
    let skips: Vec<_> = SKIPS.iter().filter_map(|(of, text)| Some((of, Regex::new(text).ok()?))).collect();
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !DATA.iter().any(|data| file.path.starts_with(data))) {
        let mut find = |line, text: String| findings.push(Finding::new(&file.path, line, text));
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            find(0, "the last line does not end".into());
        }
        for (at, line) in file.lines() {
            if line.ends_with([' ', '\t', '\r']) {
                find(at, "a blank at the end of the line".into());
            }
            if line.contains('\t') && file.extension() == "rs" {
                find(at, "a tab".into());
            }
            if let Some(word) = paths.as_ref().and_then(|paths| paths.find(line)) {
                find(at, format!("`{}` is a place on somebody's machine", word.as_str()));
            }
            for (_, skip) in skips.iter().filter(|(of, _)| **of == file.extension()) {
                if let Some(word) = skip.find(line) {
                    find(at, format!("`{}`: no skipped tests, no debugging", word.as_str()));
                }
            }
        }
        if file.extension() == "rs" {
            findings.extend(stubs(file, &file.tokens()));
        }
    }
    findings
}

fn stubs(file: &File, tokens: &Tokens) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, token) in tokens.list.iter().enumerate() {
        if let Some(stub) = STUBS.iter().find(|stub| tokens.is(at, stub)) {
            let text = format!("`{}` must not stay", stub.concat());
            findings.push(Finding::new(&file.path, token.line, text));
        }
    }
    findings
}

/// Built from pieces, so that this file does not find itself.
fn machine_paths() -> Option<Regex> {
    let homes = ["work", "root", "farm", "home/[a-z]+", "Users/[A-Za-z]+"].join("|");
    Regex::new(&format!(r"(^|[^A-Za-z0-9_.*$}}-])/({homes})/|\.\./{}\b", "shared")).ok()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Tree::planted(&[(path, text)])).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn stubs_are_found_and_their_names_in_comments_are_not() {
        assert_eq!(found("a.rs", "fn f() { todo!() }\n"), ["`todo!` must not stay"]);
        assert_eq!(found("a.rs", "fn f() { unimplemented!(\"x\") }\n").len(), 1);
        assert_eq!(found("a.rs", "fn f() { dbg!(1); }\n").len(), 1);
        assert_eq!(found("a.rs", "#[ignore = \"slow\"]\nfn f() {}\n").len(), 1);
        assert!(found("a.rs", "// no todo!() here\nfn f() { let todo = \"todo!\"; }\n").is_empty());
    }

    #[test]
    fn skipped_tests_of_other_languages_are_found() {
        assert_eq!(found("t.py", "@pytest.mark.skip(reason=\"x\")\n").len(), 1);
        assert!(found("t.py", "@pytest.mark.skipif(no_duckdb)\n").is_empty());
        assert_eq!(found("T.php", "$this->markTestSkipped();\n").len(), 1);
        assert_eq!(found("T.java", "@Disabled\n").len(), 1);
        assert!(found("t.md", "@Disabled\n").is_empty());
    }

    #[test]
    fn places_on_a_machine_are_found() {
        for place in ["wo|rk/x", "ro|ot/.cache", "ho|me/me/x", "Us|ers/Me/x"] {
            let text = format!("see /{}\n", place.replace('|', ""));
            assert_eq!(found("a.md", &text).len(), 1, "{text}");
        }
        assert_eq!(found("a.md", &format!("see ../{}/x\n", "shared")).len(), 1);
        assert!(found("a.md", "see examples/work/x and $HOME/root/x and /usr/lib\n").is_empty());
    }

    #[test]
    fn blanks_and_tabs_are_found() {
        assert_eq!(found("a.rs", "fn f() {} \n"), ["a blank at the end of the line"]);
        assert_eq!(found("a.rs", "\tfn f() {}\n"), ["a tab"]);
        assert!(found("Makefile", "a:\n\tb\n").is_empty());
        assert_eq!(found("a.md", "text"), ["the last line does not end"]);
        assert!(found("examples/data/x.txt", "1 \r\n").is_empty());
    }
}
