//! Links between the pages of the repository point to files that exist.

use super::Finding;
use super::tree::Tree;
use regex::Regex;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Ok(link) = Regex::new(r"\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s+<?(\S+?)>?$") else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for file in tree.with_extension("md") {
        let mut fenced = false;
        for (at, line) in file.lines() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced {
                continue;
            }
            for found in link.captures_iter(line) {
                let target = found.get(1).or_else(|| found.get(2)).map_or("", |target| target.as_str());
                if target.contains(':') || target.starts_with('#') {
                    continue;
                }
                let page = target.split('#').next().unwrap_or_default();
                if !resolve(&file.path, page).is_some_and(|path| tree.paths.contains(&path)) {
                    findings.push(Finding::new(&file.path, at, format!("the link {target} points nowhere")));
                }
            }
        }
    }
    findings
}

/// The path from the root that a link in `page` means; `None` when it leaves the repository.
fn resolve(page: &str, target: &str) -> Option<String> {
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn found(text: &str) -> Vec<String> {
        let files = [("docs/guide/a.md", text), ("docs/guide/b.md", ""), ("README.md", ""), ("docs", "")];
        check(&Tree::planted(&files)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn broken_links_are_found() {
        assert_eq!(found("see [c](c.md)"), ["the link c.md points nowhere"]);
        assert_eq!(found("[a](b.md), [b](../README.md)").len(), 1);
        assert_eq!(found("![x](x.png \"title\")").len(), 1);
        assert_eq!(found("[out]: ../../../out.md").len(), 1);
    }

    #[test]
    fn good_links_other_schemes_and_code_are_free() {
        for text in [
            "[b](b.md#part) [r](../../README.md) [d](../../docs/) [h](#here)",
            "[w](https://example.org/c.md) <mailto:a@b.c>",
            "```\n[c](c.md)\n```",
            "a list [0](",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }
}
