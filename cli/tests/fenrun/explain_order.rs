//! `explain --log` and `explain --store --events`: what happened to an order.

use crate::run::Folder;
use fenrun::doc::{Node, read_json};
use fenrun::trade::order::{Command, Event, OrderStream, Tenant};
use fenrun_store::Store;

const STEPS: &[(&str, i64, &str)] = &[
    ("buyer", 0, r#"{"place":{"currency":"CNY","lines":[{"id":"a","units":2,"paid":10000}],"total":10000}}"#),
    ("gateway", 5, r#"{"capture":{"transaction_id":"t1","amount":10000}}"#),
    ("shop", 9, r#"{"cancel":{"reason":"缺货"}}"#),
];

const ENGLISH: &str = "1 · 1970-01-01T00:00:00.000Z · buyer: placed line a ×2; to pay 100.00 CNY → Pending payment\n\
    2 · 1970-01-01T00:00:00.005Z · gateway: paid 100.00 CNY (transaction t1) → Paid\n\
    3 · 1970-01-01T00:00:00.009Z · shop: cancelled — \"缺货\" → Cancelled\n";

fn commands(tenant: &str, order: &str) -> Vec<Command> {
    let command = |(at, (actor, now, body)): (usize, &(&str, i64, &str))| {
        let text = format!(
            r#"{{"tenant":"{tenant}","order_id":"{order}","command_id":"c{at}","actor":"{actor}","now":{now},"command":{body}}}"#
        );
        Command::from_node(&read_json(&text, 10_000).unwrap()).unwrap()
    };
    STEPS.iter().enumerate().map(command).collect()
}

fn log(tenant: &str, order: &str) -> String {
    let mut stream = OrderStream::new(tenant, order).unwrap();
    for command in commands(tenant, order) {
        stream.handle(&command).unwrap();
    }
    stream.events().iter().map(|event| Event::to_json(event) + "\n").collect()
}

#[test]
fn a_log_is_told_in_two_languages() {
    let folder = Folder::with(&[("one.jsonl", &log("", "o1"))]);
    let text = folder.run("explain --log one.jsonl").ended(0);
    assert!(text.starts_with(&format!("order o1\n{ENGLISH}")), "{text}");
    assert!(text.contains("\nnow: Cancelled · Paid · Refunding\n"), "{text}");
    let text = folder.run("explain --log one.jsonl --lang zh").ended(0);
    assert!(text.contains("gateway：支付 100.00 CNY (交易 t1) → 已支付\n"), "{text}");
    assert!(text.contains("\n现状：已取消 · 已支付 · 退款中\n"), "{text}");
    let document = folder.run("explain --log one.jsonl --json").document(0);
    let Some(Node::List(events)) = document.get("events") else { panic!("{document:?}") };
    assert_eq!((events.len(), document.get("order_id")), (4, Some(&"o1".into())));
}

#[test]
fn one_of_several_orders_is_named() {
    let several = log("", "o1") + "\n" + &log("", "o2") + &log("north", "o1");
    let folder = Folder::with(&[("all.jsonl", &several), ("none.jsonl", "\n"), ("bad.jsonl", "{}\n")]);
    let error = folder.run("explain --log all.jsonl").failed(2);
    assert!(error.contains("all.jsonl: holds orders o1 and o2; name one with --order"), "{error}");
    let text = folder.run("explain --log all.jsonl --order o1 --tenant north").ended(0);
    assert!(text.starts_with(&format!("order o1 · north\n{ENGLISH}")), "{text}");
    let error = folder.run("explain --log all.jsonl --order o3").failed(2);
    assert!(error.contains("there is no order o3 of tenant \"\""), "{error}");
    assert!(folder.run("explain --log none.jsonl").failed(2).contains("an empty log names no order"));
    assert!(folder.run("explain --log bad.jsonl").failed(2).contains("bad.jsonl: line 1: "));
    folder.run("explain --log missing.jsonl").failed(3);
}

#[test]
fn a_store_tells_the_same() {
    let folder = Folder::new();
    let mut store = Store::create(folder.path("shop.db")).unwrap();
    let commands = commands("north", "o1");
    store.batch(|batch| commands.iter().try_for_each(|command| batch.handle(command).map(|_| ()))).unwrap();
    assert_eq!(
        store.events(&Tenant::new("north").unwrap(), &commands[0].header().order_id).unwrap().len(),
        4
    );
    store.close().unwrap();
    folder.write("one.jsonl", log("north", "o1").as_bytes());
    let stored = folder.run("explain --store shop.db --order o1 --tenant north --events").ended(0);
    assert_eq!(stored, folder.run("explain --log one.jsonl").ended(0));
    let error = folder.run("explain --store shop.db --order o1 --events").failed(2);
    assert!(error.contains("order o1 is not of tenant \"\" but of \"north\""), "{error}");
    let error = folder.run("explain --store shop.db --order o9 --tenant north --events").failed(2);
    assert!(error.contains("there is no order o9"), "{error}");
    folder.run("explain --order o1 --events").failed(2);
    folder.run("explain --log one.jsonl --store shop.db --order o1").failed(2);
}
