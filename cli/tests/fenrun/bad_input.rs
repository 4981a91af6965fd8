//! Wrong input: a message that names the place and the rule, the right exit code, and no partial output.

use crate::run::Folder;

const PLAN: &str = r#"
schema = "fenrun.plan/1"
name = "one level"
currency = "CNY"
[[rule]]
id = "up"
to = { up = "referral" }
pay = { levels = ["10%"] }
"#;
const MEMBERS: &str = "member,inviter\nA,\nB,A\n";
const ORDERS: &str = "order,buyer,paid\n1,B,10.00\n2,A,5.00\n";

/// Settles three files that are wrong somewhere and gives the message.
fn refused(plan: &str, members: &str, orders: &str) -> String {
    let folder = Folder::with(&[("plan.toml", plan), ("m.csv", members), ("o.csv", orders)]);
    let message =
        folder.run("settle --plan plan.toml --members m.csv --orders o.csv --out rows.csv").failed(2);
    assert_eq!(folder.names(), ["m.csv", "o.csv", "plan.toml"], "{message}");
    message
}

#[test]
fn the_files_are_right_to_begin_with() {
    let folder = Folder::with(&[("plan.toml", PLAN), ("m.csv", MEMBERS), ("o.csv", ORDERS)]);
    folder.run("settle --plan plan.toml --members m.csv --orders o.csv").ended(0);
}

#[test]
fn plans() {
    let float = refused(&PLAN.replace("\"10%\"", "0.1"), MEMBERS, ORDERS);
    assert!(float.contains("plan.toml: TOML: ") && float.contains("floats are not exact"), "{float}");
    let large = refused(&format!("{PLAN}#{}", "x".repeat(2 << 20)), MEMBERS, ORDERS);
    assert!(large.contains("longer than the 1048576 bytes"), "{large}");
    let key = refused(&PLAN.replace("pay =", "hold_day = 3\npay ="), MEMBERS, ORDERS);
    assert!(key.contains("did you mean `hold_days`?"), "{key}");
    let binary = Folder::with(&[("m.csv", MEMBERS), ("o.csv", ORDERS)]);
    binary.write("plan.toml", &[0xFF, 0xFE, 0]);
    assert!(binary.run("check plan.toml").failed(2).contains("not UTF-8 text"));
}

#[test]
fn members() {
    for (members, message) in [
        ("member,inviter\nA,B\nB,A\n", "stands on a cycle"),
        ("member,inviter\nA,A\n", "m.csv:2: member A is named as their own inviter"),
        ("member,inviter\nA,\nB,X\n", "m.csv:3: member B has the inviter X, who is not in the file"),
        ("member,inviter\nA,\nB,A\nB,\n", "m.csv:4: member B stands in line 3 too"),
        ("member,inviter\nA,\n,A\n", "m.csv:3: the member is nobody"),
        ("member\nA\n", "m.csv: the column `inviter` is missing; the columns are member"),
        ("member,invitor\nA,\n", "m.csv: the column `inviter` is missing; is `invitor` meant for it?"),
        ("member,inviter,distributer\nA,,1\n", "m.csv: unknown column `distributer`"),
        ("member,inviter,rank\nA,,gold\n", "m.csv:2: `gold` is not one of the plan's ranks: none"),
        ("member,inviter\nA,,1\n", "m.csv:2: 3 cells under a header of 2"),
        ("", "m.csv: the file is empty; its first row names the columns"),
    ] {
        let got = refused(PLAN, members, ORDERS);
        assert!(got.contains(message), "{got}");
    }
    let dated = "member,inviter,valid_from\nA,,\nB,A,\nA,B,2024-01-01\n";
    let got = refused(PLAN, dated, "order,buyer,paid,placed_at\n1,A,1,2024-01-01\n");
    assert!(got.contains("m.csv:4: member A stands on a cycle"), "{got}");
}

#[test]
fn orders() {
    for (orders, message) in [
        ("order,buyer\n1,B\n", "the column `paid` (such as 12.50) or `paid_minor` (such as 1250) is missing"),
        ("order,buyer,paid,paid_minor\n1,B,1,100\n", "`paid` and `paid_minor` say the same; keep one"),
        ("order,buyer,paid\n1,X,1\n", "o.csv:2: buyer X is not among the members"),
        ("order,buyer,paid\n1,B,1\n2,B,1\n1,B,1\n", "o.csv:4: order 1 stands in line 2 too"),
        ("order,line,buyer,paid\n1,a,B,1\n1,a,B,1\n", "o.csv:3: line a of order 1 stands twice"),
        (
            "order,line,buyer,paid\n1,a,B,1\n1,b,A,1\n",
            "o.csv:3: order 1 says something else of the whole order",
        ),
        ("order,buyer,paid,currency\n1,B,1,USD\n", "o.csv:2: the order is in USD, the plan pays in CNY"),
        ("order,buyer,paid\n1,B,1.005\n", "o.csv:2: paid: `1.005` has more decimals than the 2 of CNY"),
        ("order,buyer,paid\n1,B,1e3\n", "o.csv:2: paid: `1e3` is not an amount"),
        ("order,buyer,paid_minor\n1,B,1.5\n", "o.csv:2: `paid_minor` is `1.5`, not a whole number"),
        ("order,buyer,paid\n1,B,-1\n", "o.csv:2: `paid` is `-1`, below zero"),
        ("order,buyer,paid_minor,cost_minor\n1,B,1,-10\n", "o.csv:2: `cost_minor` is `-10`, below zero"),
        ("order,buyer,paid,units\n1,B,1,-1\n", "o.csv:2: `units` is `-1`, not a whole number"),
        ("order,buyer,paid\n1,B,\n", "o.csv:2: `paid` is empty"),
        ("order,buyer,paid,units\n1,B,1,0\n", "o.csv:2: sale 1: line 1 has 0 units"),
        ("order,buyer,paid,purpose\n1,B,1,gift\n", "o.csv:2: `purpose` is `gift`"),
        ("order,buyer,paid,placed_at\n1,B,1,yesterday\n", "o.csv:2: `yesterday` is no time"),
        (
            "order,buyer,paid,upline_1,upline_2\n1,B,1,,A\n",
            "o.csv:2: upline_2 is A, but a nearer one is nobody",
        ),
        (
            "order,buyer,paid,upline_1,upline_2\n1,B,1,A,B\n",
            "o.csv:2: sale 1: member B stands twice on the path",
        ),
        (
            "order,buyer,paid,upline_2\n1,B,1,A\n",
            "o.csv: unknown column `upline_2`; did you mean `upline_1`?",
        ),
        ("order,buyer,paid,paid\n1,B,1,1\n", "o.csv: the column `paid` stands twice"),
        ("", "o.csv: the file is empty; its first row names the columns"),
        ("\n\n", "o.csv: the file is empty; its first row names the columns"),
        (
            "order,buyer,paid,override\n1,B,1,8%\n",
            "o.csv:2: `override`: JSON: trailing characters at line 1 column 2",
        ),
        (
            "order,buyer,paid,override\n1,B,1,\"{\"\"up\"\": [0.08]}\"\n",
            "o.csv:2: `override`: JSON: invalid type: the number `0.08`",
        ),
        (
            "order,buyer,paid,override\n1,B,1,\"[\"\"8%\"\"]\"\n",
            "o.csv:2: sale line: `override` must be a map, not a list",
        ),
    ] {
        let got = refused(PLAN, MEMBERS, orders);
        assert!(got.contains(message), "{got}");
    }
}

#[test]
fn a_fault_in_the_last_row_leaves_nothing_and_keeps_what_was_there() {
    let folder =
        Folder::with(&[("m.csv", MEMBERS), ("o.csv", &format!("{ORDERS}3,X,1\n")), ("rows.csv", "old")]);
    let settle = "settle --plan preset:two_level --members m.csv --orders o.csv --out rows.csv";
    folder.run(settle).failed(2);
    assert_eq!(folder.read("rows.csv"), "old");
    assert_eq!(folder.names(), ["m.csv", "o.csv", "rows.csv"]);
}

#[test]
fn facts_the_plan_reads_must_be_stated() {
    let folder = Folder::with(&[("m.csv", MEMBERS), ("o.csv", ORDERS)]);
    let settle = "settle --plan preset:two_level --members m.csv --orders o.csv --out rows.csv";
    let message = folder.run(settle).failed(2);
    assert_eq!(message, "o.csv:2: member A does not state the fact `distributor` that the plan reads");
    let folder =
        Folder::with(&[("m.csv", "member,inviter,distributor,frozen\nA,,ja,0\n"), ("o.csv", ORDERS)]);
    let message = folder.run(settle).failed(2);
    assert_eq!(message, "m.csv:2: `distributor` is `ja`; the plan reads true or false");
}

#[test]
fn a_missing_fact_names_file_and_order() {
    let sale = r#"{"id": "O1", "buyer": "B", "upline": ["A"], "lines": [{"paid": 99}]}"#;
    let folder = Folder::with(&[("sale.json", sale), ("m.csv", MEMBERS), ("o.csv", ORDERS)]);
    let rule = "member A does not state the fact `distributor` that the plan reads";
    for (arguments, place) in
        [("--sale sale.json", "sale.json: sale O1"), ("--members m.csv --orders o.csv --order 1", "o.csv:2")]
    {
        let message = folder.run(&format!("explain --plan preset:two_level {arguments}")).failed(2);
        assert_eq!(message, format!("{place}: {rule}"));
    }
}

#[test]
fn a_member_without_a_row_yet_is_named_as_such() {
    let members = "member,inviter,valid_from,distributor,frozen\nA,,2024-02-01,1,0\nB,A,,1,0\n";
    let orders = "order,buyer,paid,placed_at\n1,B,1,2024-01-31 23:59:59\n";
    let folder = Folder::with(&[("m.csv", members), ("o.csv", orders)]);
    let rule = "o.csv:2: member A does not state the fact `distributor` that the plan reads; \
        m.csv has no row of A before 2024-02-01T00:00:00.000Z";
    let arguments = "--plan preset:two_level --members m.csv --orders o.csv";
    assert_eq!(folder.run(&format!("settle {arguments}")).failed(2), rule);
    assert_eq!(folder.run(&format!("explain {arguments} --order 1")).failed(2), rule);
    // A row that holds and states nothing is another fault.
    folder.write("m.csv", members.replace("2024-02-01,1,0", "2024-01-01,,0").as_bytes());
    let stated = folder.run(&format!("settle {arguments}")).failed(2);
    assert!(stated.ends_with("that the plan reads"), "{stated}");
}

#[test]
fn times_that_no_clock_shows() {
    let orders = "order,buyer,paid,placed_at\n1,B,1,2024-03-31 02:30\n";
    let folder = Folder::with(&[("plan.toml", PLAN), ("m.csv", MEMBERS), ("o.csv", orders)]);
    let settle = "settle --plan plan.toml --members m.csv --orders o.csv";
    let message = folder.run(&format!("{settle} --time-zone Europe/Paris")).failed(2);
    let wanted = "o.csv:2: 2024-03-31 02:30 does not exist in Europe/Paris: the clock was put forward";
    assert_eq!(message, wanted);
    folder.write("o.csv", orders.replace("2024-03-31 02:30", "2024-02-29 23:59:60").as_bytes());
    assert!(folder.run(settle).failed(2).contains("`2024-02-29 23:59:60` is no time"));
}

#[test]
fn a_plan_cannot_write_to_the_terminal() {
    let folder = Folder::new();
    for (from, to, found) in [
        ("\"one level\"", "\"a\\u001b[31m\"", "U+001B"),
        ("\"up\"\nto", "\"up\\u0007\"\nto", "U+0007"),
        ("[[rule]]", "ranks = [\"V\\n1\"]\n[[rule]]", "U+000A"),
        ("[[rule]]", "allow = { up = \"a\\u009b31m\" }\n[[rule]]", "U+009B"),
        ("pay =", "when = { \"a\\u001b\" = 1 }\npay =", "U+001B"),
    ] {
        let plan = PLAN.replace(from, to);
        assert_ne!(plan, PLAN);
        folder.write("plan.toml", plan.as_bytes());
        let message = folder.run("check plan.toml").failed(2);
        assert!(message.contains(&format!("holds {found}, which acts unseen")), "{message}");
    }
}

#[test]
fn orders_without_an_upline_need_members() {
    let folder = Folder::with(&[("o.csv", ORDERS)]);
    let message = folder.run("settle --plan preset:two_level --orders o.csv").failed(2);
    assert!(message.contains("no column `upline_1`, so the orders carry no upline"), "{message}");
}

#[test]
fn files_that_are_not_there_are_3() {
    let folder = Folder::with(&[("o.csv", ORDERS), ("m.csv", MEMBERS)]);
    for arguments in [
        "settle --plan none.toml --members m.csv --orders o.csv",
        "settle --plan preset:two_level --members none.csv --orders o.csv",
        "explain --plan preset:two_level --sale none.json",
    ] {
        assert!(folder.run(arguments).failed(3).starts_with("none."), "{arguments}");
    }
    let message = folder
        .run("settle --plan preset:two_level --members m.csv --orders o.csv --out no/rows.csv")
        .failed(3);
    assert!(message.starts_with("no/rows.csv: "), "{message}");
    let message = folder.run("check two_level").failed(3);
    assert!(message.ends_with("did you mean `preset:two_level`?"), "{message}");
}

#[test]
fn a_sale_of_its_own() {
    for (sale, message) in [
        (r#"{"id": 1, "buyer": "B", "lines": [{"paid": 99.99}]}"#, "floats are not exact"),
        (
            r#"{"id": 1, "buyer": "B", "currency": "USD", "lines": [{"paid": 99}]}"#,
            "in USD, the plan pays in CNY",
        ),
        (
            r#"{"id": 1, "buyer": "B", "upline": ["A", "B"], "lines": [{"paid": 99}]}"#,
            "stands twice on the path",
        ),
        (r#"{"id": 1, "buyer": "B", "lines": [{"paid": 99}], "paid": 1}"#, "unknown key `paid`"),
        (r#"{"id": 1, "buyer": "B", "lines": [{"paid": 1e2}]}"#, "the number `1e2`, expected"),
        (
            r#"{"id": 1, "buyer": "B", "lines": [{"units": -1, "paid": 99}]}"#,
            "`units` is -1; a whole number from 0 to 9223372036854775807",
        ),
    ] {
        let folder = Folder::with(&[("plan.toml", PLAN), ("sale.json", sale)]);
        let got = folder.run("explain --plan plan.toml --sale sale.json").failed(2);
        assert!(got.starts_with("sale.json: ") && got.contains(message), "{got}");
    }
}

#[test]
fn no_order_hides_in_a_cell() {
    let plan = PLAN.replace("to =", "when = { channel = \"app\" }\nto =");
    for (rows, message) in [
        ("1,B,1.00,\"app\n2,B,2.00,app\n", "o.csv:2: a quote is not closed on its line"),
        ("1,B,1.00,\"app\n2,B,2.00,app\"\n", "o.csv:2: a quote is not closed on its line"),
        ("1,B,1.00,app\"\n2,B,2.00,app\n", "o.csv:2: a quote that does not begin its cell"),
        ("1,B,1.00,a\0b\n", "o.csv:2: a cell holds the control character"),
    ] {
        let got = refused(&plan, MEMBERS, &format!("order,buyer,paid,channel\n{rows}"));
        assert!(got.contains(message), "{got}");
    }
    let long = refused(PLAN, MEMBERS, &format!("order,buyer,paid\n{},B,1.00\n", "9".repeat(3_000_000)));
    assert!(long.len() < 200 && long.contains("has 3000000 bytes; at most 64"), "{long}");
}
