//! The Rust examples of the reference pages are lines of the programs below, which run.

// A failing helper of a test is a failing test.
#![allow(clippy::unwrap_used)]

use fenrun::Result;
use fenrun::reward::referral::{Forest, Order, PAGE, ReadIndex};
use fenrun::reward::share::{Share, ShareKeys, link};
use fenrun::time::Timestamp;

/// The lines of the Rust blocks of a page, and where each stands.
fn lines(page: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in page.lines().enumerate() {
        match line {
            "```rust" => inside = true,
            "```" => inside = false,
            // A comment tells what a reader should know and no program needs.
            _ if inside => found.push((number + 1, line.split("   //").next().unwrap_or(line).trim())),
            _ => {}
        }
    }
    found
}

/// The first line of a page that no line of this file is, after the ones before it.
fn astray<'a>(page: &'a str, program: &str) -> Option<(usize, &'a str)> {
    let mut program = program.lines().map(str::trim);
    lines(page).into_iter().find(|(_, line)| !line.is_empty() && !program.any(|written| written == *line))
}

#[test]
fn rust_blocks_are_lines_of_these_programs() {
    let program = include_str!("pages.rs");
    for page in
        [include_str!("../../docs/reference/forest.md"), include_str!("../../docs/reference/binding.md")]
    {
        assert!(!lines(page).is_empty());
        assert_eq!(astray(page, program), None);
    }
    assert_eq!(astray("```rust\nlet planted = 1;\n```", "let other = 1;"), Some((2, "let planted = 1;")));
}

#[test]
fn forest() -> Result<()> {
    let mut forest = Forest::from_edges(&[10, 20, 30], &[0, 10, 20])?;
    forest.join(40, Some(30), None)?;
    let index = ReadIndex::of(&forest);
    let page = index.page(forest.find(10).unwrap(), 0, PAGE);
    assert_eq!(page.iter().map(|ix| forest.id(*ix)).collect::<Vec<_>>(), [20, 30, 40]);
    assert_eq!(Order::of(&forest).depths(&forest)?, [0, 1, 2, 3]);
    Ok(())
}

#[test]
fn share() -> Result<()> {
    let (key, now) = (vec![7; 32], Timestamp::from_ms(0));
    let keys = ShareKeys::new(1, [(1, key)])?;
    let code = keys.sign(&Share { member: 1001, campaign: 0, expires: None })?;
    let page = link("https://shop.example/p/7", &code)?;
    let share = keys.open(&code, now)?;
    assert_eq!((code.len(), share.member), (26, 1001));
    assert!(page.ends_with(&format!("?s={code}")));
    Ok(())
}
