//! PHP 7.4 syntax only: newer syntax is refused, word by word.

use super::Finding;
use super::tree::{File, Tree};
use regex::{Captures, Regex};

/// A pattern over the code without comments and texts, and what it is.
const NEWER: &[(&str, &str)] = &[
    (r"\benum\s+[A-Za-z_]\w*\s*[:{]", "an enum (PHP 8.1)"),
    (r"\breadonly\b", "readonly (PHP 8.1)"),
    (r"(^|[^>:$\w]\s*)\bmatch\s*\([^;]*\{", "a match expression (PHP 8.0)"),
    (r"\?->", "the nullsafe operator (PHP 8.0)"),
    (r"[(,]\s*[A-Za-z_]\w*\s*:([^:]|$)", "a named argument (PHP 8.0)"),
    (r"[\w\\]\s*\|\s*[\w\\]+\s+[&.]*\$\w", "a union type (PHP 8.0)"),
    (r"\b(function|fn)\b[^;{]*\)\s*:\s*[\w\\]+\s*[|&]\s*[\w\\]", "a union type (PHP 8.0)"),
    (r"\)\s*:\s*\??(static|mixed|never)\s*([;{]|=>|$)", "a return type of PHP 8"),
    (r"[(,]\s*mixed\s+[&.]*\$", "the type mixed (PHP 8.0)"),
    (r"__construct\s*\([^)]*\b(public|private|protected)\b", "constructor promotion (PHP 8.0)"),
    (r"\bfunction\b[^({;]*\([^)]*,\s*\)", "a comma behind the last parameter (PHP 8.0)"),
    (r"(\?\?|\?:|=>|\|\||&&)\s*throw\b", "throw as an expression (PHP 8.0)"),
    (r"\(\s*\.\.\.\s*\)", "a first-class callable (PHP 8.1)"),
    (r"\$\w+::class\b", "::class of an object (PHP 8.0)"),
    (r"\bcatch\s*\([^)$]*\)", "catch without a variable (PHP 8.0)"),
    (r"\bconst\s+[\w\\?]+\s+\w+\s*=", "a typed constant (PHP 8.3)"),
    (r"\bstr_(contains|starts_with|ends_with)\s*\(", "a function of PHP 8.0"),
    (r"\b(get_debug_type|array_is_list|array_find|array_any|array_all)\s*\(", "a function of PHP 8"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let compile = |text: &str| Regex::new(&format!("(?m){text}")).ok();
    let patterns: Vec<_> = NEWER.iter().filter_map(|(text, what)| Some((compile(text)?, what))).collect();
    let mut findings = Vec::new();
    for file in tree.with_extension("php") {
        findings.extend(attributes(file));
        let code = without_caught_unions(&code(&file.text));
        for (pattern, what) in &patterns {
            for found in pattern.find_iter(&code) {
                let line = code[..found.end()].trim_end().matches('\n').count() + 1;
                let shown = found.as_str().lines().next_back().unwrap_or_default();
                let shown = shown.trim_start_matches(['(', ',']).trim();
                findings.push(Finding::new(&file.path, line, format!("`{shown}`: {what}; write PHP 7.4")));
            }
        }
    }
    findings
}

/// To PHP 7.4 an attribute is a comment up to the end of its line, so it may only fill the line.
fn attributes(file: &File) -> Vec<Finding> {
    let fills = |line: &str| line.trim_start().starts_with("#[") && line.ends_with(']');
    let wrong = file.lines().filter(|(_, line)| line.contains("#[") && !fills(line));
    let text = "an attribute that is no comment to PHP 7.4 (PHP 8.0)";
    wrong.map(|(at, _)| Finding::new(&file.path, at, text)).collect()
}

/// `catch (A | B $e)` is no union type: PHP knows it since 7.1.
fn without_caught_unions(code: &str) -> String {
    let Ok(caught) = Regex::new(r"\bcatch\s*\([^)$]*\$") else { return code.to_owned() };
    caught.replace_all(code, |found: &Captures<'_>| found[0].replace('|', " ")).into_owned()
}

/// The code with the insides of comments and texts blanked; line breaks stay.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let inside = ["//", "#", "/*", "'", "\"", "<<<"].into_iter().find(|start| rest.starts_with(start));
        let skipped = match inside {
            Some("//" | "#") => rest.find('\n').unwrap_or(rest.len()),
            Some("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            Some(quote @ ("'" | "\"")) => quoted(rest, quote),
            Some("<<<") => heredoc(rest),
            _ => 0,
        };
        if skipped == 0 {
            let width = rest.chars().next().map_or(1, char::len_utf8);
            code.push_str(&rest[..width]);
            rest = &rest[width..];
        } else {
            // A text still stands for a value; a comment for nothing.
            code.push_str(if matches!(inside, Some("'" | "\"" | "<<<")) { "''" } else { " " });
            code.extend(rest[..skipped].matches('\n'));
            rest = &rest[skipped..];
        }
    }
    code
}

/// The length of a quoted text at the start of `rest`.
fn quoted(rest: &str, quote: &str) -> usize {
    let mut escaped = false;
    for (at, mark) in rest.char_indices().skip(1) {
        match mark {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if quote.contains(mark) => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a heredoc or nowdoc at the start of `rest`; 0 when it is none.
fn heredoc(rest: &str) -> usize {
    let Some((first, _)) = rest.split_once('\n') else { return 0 };
    let name = first[3..].trim().trim_matches(['\'', '"']);
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return 0;
    }
    let mut at = first.len() + 1;
    for line in rest[at..].split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let tail = line[indent..].strip_prefix(name);
        if tail.is_some_and(|tail| !tail.starts_with(|c: char| c.is_alphanumeric() || c == '_')) {
            return at + indent + name.len();
        }
        at += line.len();
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check, code};

    fn found(source: &str) -> Vec<String> {
        let tree = Tree::planted(&[("php/src/A.php", source)]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_newer_syntax_is_found_once() {
        for source in [
            "enum State: int { case A = 1; }",
            "private readonly int $x;",
            "$x = match ($y) { 1 => 2 };",
            "return match (true) {\n};",
            "$x = $y?->name;",
            "f(limit: 3);",
            "f(1,\n  limit: 3);",
            "function f(int|string $x) {}",
            "private ?A|B $x;",
            "function f(): int|false {}",
            "abstract function f(): static;",
            "function f(): mixed {",
            "function f(mixed $x) {}",
            "public function __construct(private int $x) {}",
            "function f(int $x,\n    int $y,\n) {}",
            "$x = $y ?? throw new E();",
            "$f = strlen(...);",
            "$x = $y::class;",
            "catch (E) {}",
            "const int X = 1;",
            "str_contains($a, $b);",
            "#[A] function f() {}",
        ] {
            assert_eq!(found(source).len(), 1, "{source}: {:?}", found(source));
        }
        assert_eq!(
            found("<?php\n\nf(1,\n  limit: 3);\n"),
            ["php/src/A.php:4: `limit:`: a named argument (PHP 8.0); write PHP 7.4"]
        );
    }

    #[test]
    fn older_syntax_is_free() {
        for source in [
            "try {} catch (A | B $e) {}",
            "catch (A\n| B $e) {}",
            "$x = $y ? f(A) : B; $z = g($x ? A : B, [$x ? 1 : 2]);",
            "$x = $y ? f() : static::g();",
            "switch ($x) { case A: break; default: f(A | B, $c); }",
            "f(A::B, C::class); $x->match($y); preg_match('/match (x)/', $s); function match_all() {}",
            "// enum X {\n# readonly\n/* match ( */ /** @param int|string $x */",
            "$x = 'readonly'; $y = \"f(limit: \\\" 3)\";",
            "$x = <<<'SQL'\n  readonly\n  SQL;\n$y = <<<EOT\nf(limit: 3) EOTX\nEOT;",
            "    #[\\ReturnTypeWillChange]\n    public function f() {}",
            "f(1, 2,); $x = [1, 2,]; function f(int ...$x): ?int {}",
            "private ?int $x = null; const X = 1; $f = fn($x) => $x; $y = $a | $b;",
            "function __construct(int $x) { $this->x = $x; } private $y;",
        ] {
            assert_eq!(found(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn comments_and_texts_are_blanked_and_lines_stay() {
        assert_eq!(code("a /* b\nc */ 'd\ne' // f\ng"), "a  \n ''\n  \ng");
    }
}
