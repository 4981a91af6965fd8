//! `bindings` over a store: who invited a member and why.

use crate::run::Folder;
use fenrun::doc::read_json;
use fenrun::id::CommandId;
use fenrun::reward::binding::{BindingCommand, BindingPolicy};
use fenrun::time::Timestamp;
use fenrun_store::{Store, Tenant};

const DAY: i64 = 86_400_000;

/// 3 is won by 1 on the first day, taken over by 2 on the sixteenth, and put back by the shop on the next.
fn shop() -> Folder {
    let folder = Folder::new();
    let mut store = Store::create(folder.path("shop.db")).unwrap();
    let tenant = Tenant::new("").unwrap();
    let policy = read_json(r#"{"mode":"protect","protect_days":15,"expire_days":30}"#, 1000).unwrap();
    let bodies = [
        (0, r#""register":{"member":1}"#),
        (0, r#""register":{"member":2}"#),
        (0, r#""register":{"member":3,"sharer":1}"#),
        (15, r#""visit":{"member":3,"sharer":2}"#),
        (16, r#""reassign":{"member":3,"inviter":1}"#),
    ];
    store
        .batch(|batch| {
            let policy = BindingPolicy::from_node(&policy)?;
            batch.put_binding_policy(&tenant, &policy, Timestamp::from_ms(0))?;
            for (at, (day, body)) in bodies.into_iter().enumerate() {
                let now = day * DAY;
                let text = format!(r#"{{{body},"now":{now},"actor":"ann","reason":"as agreed"}}"#);
                let command = BindingCommand::from_node(&read_json(&text, 1 << 16)?)?;
                batch.handle_binding(&tenant, &CommandId::new(&format!("c{at}"))?, &command)?;
            }
            Ok(())
        })
        .unwrap();
    store.close().unwrap();
    folder
}

#[test]
fn a_history_says_who_why_and_by_whom() {
    let folder = shop();
    let text = folder.run("bindings shop.db --member 3").ended(0);
    for line in [
        "3 is invited by 2, protected until ",
        "(taken over), by ann: as agreed",
        "3 is invited by 1, protected until ",
        "(by the shop), by ann: as agreed",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let chinese = folder.run("bindings shop.db --member 3 --lang zh").ended(0);
    assert!(chinese.contains("绑定上级 2") && chinese.contains("抢客"), "{chinese}");
    let document = folder.run("bindings shop.db --member 3 --json").document(0);
    let inviters = document.get("inviters").unwrap().to_json();
    let wanted = format!(
        r#"[{{"from":0,"inviter":"1"}},{{"from":{},"inviter":"2"}},{{"from":{},"inviter":"1"}}]"#,
        15 * DAY,
        16 * DAY
    );
    assert_eq!(inviters, wanted);
    assert!(document.get("events").unwrap().to_json().contains(r#""why":"staff""#));
    let error = folder.run("bindings shop.db --member 9").failed(2);
    assert!(error.contains("nothing is on record of who invited member 9"), "{error}");
}
