//! `docs/reference/store.md` says of every check of `verify` what it proves.

#![allow(clippy::unwrap_used)]

mod common;

use common::Home;

#[test]
fn the_page_names_every_check_in_order() {
    let page = include_str!("../../docs/reference/store.md");
    let table = page.split("\n## `verify`").nth(1).unwrap().split("\n| check |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    let mut named = Vec::new();
    for cells in cells {
        let [names, proves] = cells[..] else { panic!("{cells:?} is not a name and what it proves") };
        assert!(proves.len() > 20, "{names}: {proves}");
        named.extend(names.split(", ").map(|name| name.trim_matches('`').to_owned()));
    }
    let report = Home::new().store.verify().unwrap();
    assert_eq!(named, report.checks().iter().map(|check| check.name()).collect::<Vec<_>>());
}
