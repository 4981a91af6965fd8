//! The core is pure: no clock, randomness, files, network, threads, global state or floats.

use super::Finding;
use super::tokens::{Kind, Tokens};
use super::tree::Tree;

/// Names that have no place in the core outside its tests, and why.
const REFUSED: &[(&str, &str)] = &[
    ("SystemTime", "time is an argument"),
    ("Instant", "time is an argument"),
    ("rand", "randomness is an argument"),
    ("getrandom", "randomness is an argument"),
    ("RandomState", "randomness is an argument"),
    ("f32", "floats are not exact"),
    ("f64", "floats are not exact"),
    ("thread_local", "no global state"),
    ("OnceLock", "no global state"),
    ("LazyLock", "no global state"),
    ("println", "no output"),
    ("eprintln", "no output"),
    ("unsafe", "only `ffi` may be unsafe"),
];

/// Modules of the standard library that reach outside.
const REFUSED_STD: &[&str] = &["fs", "net", "thread", "env", "process", "os"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension("rs").filter(|file| file.path.starts_with("core/src/")) {
        let tokens = file.tokens();
        for (at, token) in tokens.list.iter().enumerate().filter(|(_, token)| !token.test) {
            let mut find = |text: String| findings.push(Finding::new(&file.path, token.line, text));
            match &token.kind {
                Kind::Ident(name) => {
                    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| refused == name) {
                        find(format!("`{name}` in the core: {why}"));
                    }
                    for module in of_std(&tokens, at) {
                        find(format!("`std::{module}` in the core: it does no I/O and has no threads"));
                    }
                }
                // `pair.0.1` has a float between its dots only for a lexer.
                Kind::Literal(text) if is_float(text) && (at == 0 || !tokens.is(at - 1, &["."])) => {
                    find(format!("the float {text} in the core: floats are not exact"));
                }
                _ => {}
            }
        }
    }
    findings
}

/// The refused modules that a path starting here names: `std::fs…` or `std::{fs, net::…}`.
fn of_std(tokens: &Tokens, at: usize) -> Vec<String> {
    if !tokens.is(at, &["std", ":", ":"]) {
        return Vec::new();
    }
    let names = match tokens.list.get(at + 3).map(|token| &token.kind) {
        Some(Kind::Ident(name)) => vec![name.clone()],
        Some(Kind::Open('{', close)) => {
            let inside = at + 4..*close;
            inside.filter_map(|at| first_of_path(tokens, at).map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    names.into_iter().filter(|name| REFUSED_STD.contains(&name.as_str())).collect()
}

fn first_of_path(tokens: &Tokens, at: usize) -> Option<&str> {
    let first = tokens.is(at - 1, &["{"]) || tokens.is(at - 1, &[","]);
    tokens.list.get(at).and_then(|token| token.ident()).filter(|_| first)
}

fn is_float(literal: &str) -> bool {
    let rest = literal.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let starts_with_digit = literal.starts_with(|c: char| c.is_ascii_digit());
    // Behind the digits of `0x1f` stands an x, behind those of `1usize` a u.
    starts_with_digit && rest.starts_with(['.', 'e', 'E', 'f'])
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn found(source: &str) -> Vec<String> {
        let tree = Tree::planted(&[("core/src/money/mod.rs", source)]);
        check(&tree).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn each_impurity_is_found() {
        for source in [
            "use std::time::SystemTime;",
            "let start = std::time::Instant::now();",
            "let text = std::fs::read_to_string(path);",
            "use std::{collections::BTreeMap, net::TcpStream};",
            "use std::thread;",
            "let x = rand::random();",
            "fn f(x: f64) {}",
            "let rate = 0.05;",
            "let rate = 1e-2;",
            "let rate = 1_f32;",
            "thread_local! { static X: u8 = 0; }",
            "static X: OnceLock<u8> = OnceLock::new();",
            "unsafe { f() }",
        ] {
            assert!(!found(source).is_empty(), "{source}");
        }
        assert_eq!(found("use std::fs;"), ["`std::fs` in the core: it does no I/O and has no threads"]);
    }

    #[test]
    fn what_is_pure_is_free() {
        for source in [
            "let x = pair.0.1; let y = 0x1f + 1usize + 0b11;",
            "/// at 0.5 % of f64\nuse std::{fmt, collections::BTreeMap};",
            "#[cfg(test)]\nmod tests { fn f(x: f64) { rand::random() + 0.5 } }",
            "let text = \"std::fs and 0.5\"; let instant = now;",
        ] {
            assert_eq!(found(source), Vec::<String>::new(), "{source}");
        }
        let elsewhere = Tree::planted(&[("sim/src/lib.rs", "use rand::Rng;")]);
        assert!(check(&elsewhere).is_empty());
    }
}
