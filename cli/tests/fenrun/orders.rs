//! `orders`: the orders of a distributor out of a store.

use crate::run::Folder;
use fenrun::doc::{Node, read_json};
use fenrun::reward::commission::Frozen;
use fenrun::reward::plan::Plan;
use fenrun::time::Timestamp;
use fenrun::trade::order::Command;
use fenrun_store::Store;

const DAY_MS: i64 = 86_400_000;

/// Two paid orders, a day apart, that earned commission for A (10 %) and Z (5 %).
pub(crate) fn shop() -> Folder {
    let folder = Folder::new();
    let plan = Plan::from_json(
        r#"{"schema":"fenrun.plan/1","name":"two","currency":"CNY","rule":[{"id":"upline","on":"order",
        "of":"paid","to":{"up":"referral"},"pay":{"levels":["10%","5%"]}}]}"#,
    )
    .unwrap();
    let mut store = Store::create(folder.path("shop.db")).unwrap();
    for (order, now, paid) in [("o1", 0, 10_000), ("o2", DAY_MS, 2000)] {
        let envelope = |id: &str, body: String| {
            let text = format!(
                r#"{{"order_id":"{order}","command_id":"{id}","actor":"shop","now":{now},"command":{body}}}"#
            );
            Command::from_node(&read_json(&text, 10_000).unwrap()).unwrap()
        };
        let place = format!(
            r#"{{"place":{{"currency":"CNY","lines":[{{"id":"a","paid":{paid}}}],"sale":{{"buyer":"B","upline":["A","Z"]}}}}}}"#
        );
        let capture = format!(r#"{{"capture":{{"transaction_id":"t-{order}","amount":{paid}}}}}"#);
        store
            .batch(|batch| {
                batch.handle(&envelope("p", place))?;
                let command = envelope("c", capture);
                batch.handle(&command)?;
                let header = command.header();
                let sale = batch.order(&header.tenant, &header.order_id)?.map(|order| order.to_sale());
                let (outcome, frozen) = Frozen::settle(&plan, &sale.unwrap()?)?;
                batch.earn(&outcome, &frozen, Timestamp::from_ms(now))
            })
            .unwrap();
    }
    store.close().unwrap();
    folder
}

#[test]
fn a_distributor_sees_orders_in_two_languages() {
    let folder = shop();
    let text = folder.run("orders shop.db --distributor A").ended(0);
    assert!(text.contains("order o2  1970-01-02T00:00:00.000Z  Paid  inviter A  invitee B"), "{text}");
    assert!(text.contains("upline level 1: earned") && text.contains("2 of 2 orders"), "{text}");
    let text = folder.run("orders shop.db --distributor A --limit 1 --lang zh").ended(0);
    assert!(text.contains("已支付  邀请人 A  被邀请人 B") && text.contains("待结算"), "{text}");
    assert!(text.contains("1 / 2 个订单") && text.contains("下一页：--after 86400000.o2"), "{text}");
}

#[test]
fn filters_and_totals_as_a_document() {
    let folder = shop();
    let ask = |filter: &str| folder.run(&format!("orders shop.db --json --distributor {filter}")).document(0);
    let earned =
        |page: &Node| page.get("totals").and_then(|totals| totals.get("CNY")?.get("earned").cloned());
    let count = |page: &Node| page.get("count").cloned();
    let cases = [
        ("A", 2, Some(1200)),
        ("Z", 2, Some(600)),
        ("Z --level 1", 0, None),
        ("A --from 1970-01-02", 1, Some(200)),
        ("A --to 1970-01-02", 1, Some(1000)),
        ("A --state pending --invitee B", 2, Some(1200)),
        ("A --state paid", 0, None),
        ("nobody", 0, None),
        ("A --tenant other", 0, None),
    ];
    for (filter, orders, sum) in cases {
        let page = ask(filter);
        assert_eq!((count(&page), earned(&page)), (Some(Node::Int(orders)), sum.map(Node::Int)), "{filter}");
    }
}

#[test]
fn wrong_words_are_2_and_a_missing_store_is_named() {
    let folder = shop();
    for (wrong, message) in [
        ("--state done", "--state is `done`"),
        ("--state reserved", "--state is `reserved`; one of pending"),
        ("--from soon", "--from: `soon` is no time"),
        ("--from 2024", "--from: 2024 is a number"),
        ("--from 2024-02-01 --to 2024-02-01", "is not before --to 2024-02-01"),
        ("--after x", "x"),
        ("--limit 0", "0"),
    ] {
        let got = folder.run(&format!("orders shop.db --distributor A {wrong}")).failed(2);
        assert!(got.contains(message), "{got}");
    }
    assert!(folder.run("orders nothing.db --distributor A").code > 1);
}
