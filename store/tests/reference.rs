//! `docs/reference/store.md` says of every check of `verify` what it proves, and its program of bindings runs.

#![allow(clippy::unwrap_used)]

mod common;

use common::Home;
use fenrun::doc::read_json;
use fenrun::id::{CommandId, MemberId};
use fenrun::reward::binding::{BindingCommand, BindingPolicy};
use fenrun::time::Timestamp;
use fenrun_store::{Store, Tenant};

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

#[test]
fn the_program_of_bindings_is_this_one() {
    let page = include_str!("../../docs/reference/store.md");
    let block = page.split("\n## Bindings").nth(1).unwrap().split("```rust\n").nth(1).unwrap();
    let mut program = include_str!("reference.rs").lines().map(str::trim);
    for line in block.split("```").next().unwrap().lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(program.any(|own| own == line), "{line}");
    }
}

#[test]
fn bindings() -> Result<(), fenrun::Error> {
    let folder = tempfile::tempdir().unwrap();
    let day = |days: i64| Timestamp::from_ms(days * 86_400_000);
    let mut store = Store::open_or_create(folder.path().join("shop.db"))?;
    let shop = Tenant::new("shop-1")?;
    let policy = BindingPolicy::from_node(&read_json(r#"{"mode": "protect", "protect_days": 15}"#, 1000)?)?;
    store.batch(|batch| {
        batch.put_binding_policy(&shop, &policy, day(0))?;
        for (id, days, body) in [
            ("c1", 0, r#""register": {"member": 1}"#),
            ("c2", 0, r#""register": {"member": 2}"#),
            ("c3", 1, r#""register": {"member": 3, "sharer": 1}"#),
            ("c4", 16, r#""visit": {"member": 3, "sharer": 2}"#),
        ] {
            let text = format!(r#"{{{body}, "now": {}, "actor": "app"}}"#, day(days).ms());
            let command = BindingCommand::from_node(&read_json(&text, 1000)?)?;
            batch.handle_binding(&shop, &CommandId::new(id)?, &command)?;
        }
        Ok(())
    })?;
    let member = MemberId::from(3);
    assert_eq!(store.upline(&shop, &member, day(2), 9)?, [MemberId::from(1)]);
    assert_eq!(store.upline(&shop, &member, day(17), 9)?, [MemberId::from(2)]);
    let why: Vec<_> = store.binding_history(&shop, &member)?.iter().map(|one| one.event.why.name()).collect();
    assert_eq!(why, ["registration", "registration", "taken_over"]);
    Ok(())
}
