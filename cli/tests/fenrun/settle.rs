//! `settle`: CSV files against `evaluate`, encodings, histories, times.

use crate::run::Folder;
use fenrun::doc::{Node, read_json};
use fenrun::reward::{
    commission::{RowId, allocation_key, evaluate},
    plan::Plan,
};
use fenrun::sale::Sale;

const MEMBERS: &str = "\
member,inviter,distributor,frozen
甲,,true,false
乙,甲,1,0
丙,乙,false,false
丁,丙,TRUE,FALSE
";

const ORDERS: &str = "\
order,buyer,units,paid,placed_at
A-1,丁,2,100.01,2024-11-11
A-2,丙,1,33,2024-11-12 08:00
A-3,甲,1,9.99,2024-11-12 20:00:00
";

const SETTLE: &str = "settle --plan preset:two_level --members m.csv --orders o.csv --out rows.csv";

fn folder(members: &str, orders: &str) -> Folder {
    Folder::with(&[("m.csv", members), ("o.csv", orders)])
}

/// The rows without their keys.
fn rows(folder: &Folder) -> Vec<String> {
    let short = |line: &str| line.split(',').take(8).collect::<Vec<_>>().join(",");
    folder.read("rows.csv").lines().skip(1).map(short).collect()
}

#[test]
fn a_forest_and_its_orders() {
    let folder = folder(MEMBERS, ORDERS);
    let text = folder.run(SETTLE).ended(0);
    for line in ["orders               3", "pool                 10.70 CNY", "paid                 4.97 CNY"]
    {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("retained no_upline   0.73 CNY"), "{text}");
    assert!(text.contains("retained ineligible  5.00 CNY"), "{text}");
    let wanted =
        ["A-1,1,upline,2,乙,2.50,250,CNY", "A-2,1,upline,1,乙,1.65,165,CNY", "A-2,1,upline,2,甲,0.82,82,CNY"];
    assert_eq!(rows(&folder), wanted);
    assert_eq!(folder.names(), ["m.csv", "o.csv", "rows.csv"]);
}

#[test]
fn every_row_is_what_evaluate_gives() {
    let orders = "\
order,line,buyer,units,paid_minor,upline_1,distributor_1,frozen_1,upline_2,distributor_2,frozen_2
X,a,B,3,1999,P,1,0,Q,1,0
X,b,B,1,501,P,1,0,Q,1,0
Y,a,C,1,1,,,,,,
";
    let folder = Folder::with(&[("o.csv", orders)]);
    folder.run("settle --plan preset:two_level --orders o.csv --out rows.csv").ended(0);
    let sale = r#"{"id": "X", "buyer": "B",
        "lines": [{"id": "a", "units": 3, "paid": 1999}, {"id": "b", "paid": 501}],
        "upline": [{"id": "P", "distributor": true, "frozen": false}, {"id": "Q", "distributor": true, "frozen": false}]}"#;
    let plan = Plan::preset("two_level").unwrap();
    let sale = Sale::from_node(&read_json(sale, 1000).unwrap(), plan.currency()).unwrap();
    let outcome = evaluate(&plan, &sale).unwrap();
    let wanted: Vec<String> = outcome
        .rows()
        .iter()
        .map(|row| {
            let line = row.line.as_ref().unwrap();
            let amount = format!("{}.{:02},{}", row.amount / 100, row.amount % 100, row.amount);
            format!(
                "X,{line},{},{},{},{amount},CNY,{},{}",
                row.rule, row.level, row.payee, row.account, row.key
            )
        })
        .collect();
    let file = folder.read("rows.csv");
    assert_eq!(file.lines().skip(1).collect::<Vec<_>>(), wanted);
}

#[test]
fn the_kernel_and_single_sales_write_the_same_bytes() {
    let fast = folder(MEMBERS, ORDERS);
    fast.run(SETTLE).ended(0);
    // A column of purposes is more than the kernel's arrays hold.
    let purposes: String =
        ORDERS
            .lines()
            .map(|line| {
                if line.starts_with("order") {
                    format!("{line},purpose\n")
                } else {
                    format!("{line},goods\n")
                }
            })
            .collect();
    let slow = folder(MEMBERS, &purposes);
    slow.run(SETTLE).ended(0);
    assert_eq!(fast.read("rows.csv"), slow.read("rows.csv"));
}

#[test]
fn encodings_do_not_matter() {
    let plain = folder(MEMBERS, ORDERS);
    let summary = plain.run(SETTLE).ended(0);
    let marked = folder(&format!("\u{feff}{MEMBERS}"), &format!("\u{feff}{ORDERS}"));
    let chinese = Folder::new();
    for (name, text) in [("m.csv", MEMBERS), ("o.csv", ORDERS)] {
        let (bytes, _, lost) = encoding_rs::GB18030.encode(text);
        assert!(!lost && std::str::from_utf8(&bytes).is_err());
        chinese.write(name, &bytes);
    }
    for other in [marked, chinese] {
        assert_eq!(other.run(SETTLE).ended(0), summary);
        assert_eq!(other.read("rows.csv"), plain.read("rows.csv"));
    }
}

#[test]
fn a_history_is_read_as_of_each_order() {
    let members = "\
member,inviter,valid_from,distributor,frozen
C,A,2024-02-01,1,0
C,B,2024-03-01,1,0
A,,,1,0
B,,,0,0
B,,2024-04-01,1,0
";
    let orders = "\
order,buyer,paid,placed_at
before,C,100,2024-01-31 23:59:59
first,C,100,2024-02-01
moved,C,100,2024-03-01
later,C,100,2024-04-01
";
    let folder = folder(members, orders);
    let zone = format!("{SETTLE} --time-zone Asia/Shanghai");
    folder.run(&zone).ended(0);
    assert_eq!(rows(&folder), ["first,1,upline,1,A,5.00,500,CNY", "later,1,upline,1,B,5.00,500,CNY"]);
    let undated = orders.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n");
    folder.write("o.csv", undated.collect::<String>().as_bytes());
    assert!(
        folder
            .run(SETTLE)
            .failed(2)
            .contains("`placed_at`, which the history of the members needs, is missing")
    );
}

/// Ranks and facts that never change leave the batch its columns; who invited whom is still read as of each order.
#[test]
fn inviters_alone_that_change_are_read_as_of_each_order() {
    let members = "\
member,inviter,valid_from,distributor,frozen
A,,,1,0
B,,,1,0
C,A,,1,0
C,B,2024-03-01,1,0
";
    let orders = "order,buyer,paid,placed_at\nbefore,C,100,2024-02-29\nmoved,C,100,2024-03-01\n";
    let folder = folder(members, orders);
    folder.run(SETTLE).ended(0);
    assert_eq!(rows(&folder), ["before,1,upline,1,A,5.00,500,CNY", "moved,1,upline,1,B,5.00,500,CNY"]);
}

#[test]
fn whole_numbers_are_times_in_the_unit_given() {
    let orders = "order,buyer,paid_minor,placed_at\n1,丁,100,1700000000\n";
    let folder = folder(MEMBERS, orders);
    assert!(
        folder
            .run(SETTLE)
            .failed(2)
            .contains("o.csv:2: the time 1700000000 is a whole number; say --time-unit")
    );
    folder.run(&format!("{SETTLE} --time-unit s")).ended(0);
}

#[test]
fn roles_and_facts_have_columns() {
    let plan = r#"{"schema": "fenrun.plan/1", "name": "staff", "currency": "CNY", "rule": [{
        "id": "staff", "when": {"category": ["12"], "sale": {"shop": true}}, "of": "list",
        "to": {"roles": ["staff"]}, "pay": {"levels": {"staff": [{"fact": "percent"}]}}}]}"#;
    let orders = "\
order,buyer,paid,list,category,sale_shop,upline_1,role_staff,percent_staff
1,B,1,100,12,1,,S,8%
2,B,1,100,13,1,,S,8%
3,B,1,100,12,0,,S,8%
";
    let folder = Folder::with(&[("plan.json", plan), ("o.csv", orders)]);
    folder.run("settle --plan plan.json --orders o.csv --out rows.csv").ended(0);
    assert_eq!(rows(&folder), ["1,1,staff,1,S,8.00,800,CNY"]);
}

#[test]
fn explain_finds_an_order_of_a_file() {
    let folder = folder(MEMBERS, ORDERS);
    let explain = "explain --plan preset:two_level --members m.csv --orders o.csv --order";
    let text = folder.run(&format!("{explain} A-1")).ended(0);
    assert!(text.contains("level 1: 丙 retained 5.00 CNY"), "{text}");
    assert!(folder.run(&format!("{explain} A-9")).failed(2).contains("there is no order A-9"));
}

#[test]
fn totals_are_a_document() {
    let document = folder(MEMBERS, ORDERS).run(&format!("{SETTLE} --json")).document(0);
    assert_eq!(document.get("pool"), Some(&Node::Int(1070)));
    assert_eq!(document.get("paid"), Some(&Node::Int(497)));
}

#[test]
fn a_line_overrides_a_rule() {
    let orders = "\
order,line,buyer,paid,override
A,1,丙,100,\"{\"\"upline\"\": [\"\"8%\"\", \"\"1%\"\"]}\"
A,2,丙,100,
B,1,丙,100,\"{\"\"upline\"\": {\"\"any\"\": \"\"9%\"\"}}\"
";
    let folder = folder(MEMBERS, orders);
    folder.run(SETTLE).ended(0);
    let amounts: Vec<String> =
        rows(&folder).iter().map(|row| row.split(',').nth(5).unwrap().to_owned()).collect();
    assert_eq!(amounts, ["8.00", "1.00", "5.00", "2.50", "9.00"]);
    // Without a column of lines the kernel would be asked; it knows no overrides.
    folder
        .write("o.csv", "order,buyer,paid,override\nA,丙,100,\"{\"\"upline\"\": \"\"8%\"\"}\"\n".as_bytes());
    folder.run(SETTLE).ended(0);
    assert_eq!(rows(&folder), ["A,1,upline,1,乙,8.00,800,CNY"]);
}

#[test]
fn a_tenant_is_part_of_every_key() {
    let keys = |orders: &str, tenant: &str| -> Vec<String> {
        let folder = folder(MEMBERS, orders);
        folder.run(&format!("{SETTLE}{tenant}")).ended(0);
        let key = |line: &str| line.rsplit_once(',').unwrap().1.to_owned();
        folder.read("rows.csv").lines().skip(1).map(key).collect()
    };
    let named = keys(ORDERS, " --tenant shop-7");
    assert_eq!(
        named[0],
        allocation_key(&RowId {
            tenant: "shop-7",
            sale: "A-1",
            version: 1,
            line: "1",
            source: "",
            rule: "upline",
            level: 2,
            account: "cash"
        })
    );
    assert_ne!(named, keys(ORDERS, ""));
    // The kernel and single sales name the rows alike.
    let single =
        ORDERS.replace("\nA-", ",\nA-").replace("placed_at", "placed_at,purpose").trim_end().to_owned();
    let single = single.replace("placed_at,purpose,", "placed_at,purpose") + ",\n";
    assert_eq!(keys(&single, " --tenant shop-7"), named);
    let explain =
        "explain --plan preset:two_level --members m.csv --orders o.csv --order A-1 --tenant shop-7";
    let document = folder(MEMBERS, ORDERS).run(&format!("{explain} --json")).document(0);
    let Some(Node::List(rows)) = document.get("outcome").unwrap().get("rows") else { panic!("no rows") };
    assert_eq!(rows[0].get("key"), Some(&named[0].as_str().into()));
    let long = format!("{SETTLE} --tenant {}", "t".repeat(65));
    assert!(folder(MEMBERS, ORDERS).run(&long).failed(2).contains("at most 64 bytes"));
}

/// A row of the batch and one of a single sale are the same, also where a rule splits or runs after another.
#[test]
fn accounts_and_chains_are_told_apart() {
    let plan = r#"{"schema":"fenrun.plan/1","name":"chain","currency":"CNY","rule":[
        {"id":"first","to":{"up":"referral"},"pay":{"levels":["10%"]},"split":{"cash":"90%","shop":"10%"}},
        {"id":"then","after":"first","of":"income","to":{"up":"referral"},"pay":{"levels":["50%"]}}]}"#;
    let settle = |orders: &str| -> Vec<String> {
        let members = "member,inviter\n甲,\n乙,甲\n丙,乙\n";
        let folder = Folder::with(&[("m.csv", members), ("o.csv", orders), ("p.json", plan)]);
        folder.run("settle --plan p.json --members m.csv --orders o.csv --out rows.csv").ended(0);
        folder.read("rows.csv").lines().skip(1).map(str::to_owned).collect()
    };
    let batch = settle("order,buyer,paid\nA,丙,100\n");
    assert_eq!(batch, settle("order,line,buyer,paid\nA,1,丙,100\n"));
    let accounts = ["乙,9.00,900,CNY,cash,", "乙,1.00,100,CNY,shop,", "甲,5.00,500,CNY,cash,"];
    assert_eq!(batch.len(), accounts.len());
    for (row, account) in batch.iter().zip(accounts) {
        assert!(row.contains(account), "{row}");
    }
}
