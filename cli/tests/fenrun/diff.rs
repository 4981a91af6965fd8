//! `diff`: two plans over a file of orders and over a store.

use crate::orders::shop;
use crate::run::Folder;
use fenrun::doc::Node;
use fenrun::request::Tenant;
use fenrun::reward::plan::Plan;
use fenrun::reward::plan_set::{Command, PlanSet, Scope};
use fenrun::time::Timestamp;

const RETAIN: &str = "\
schema = \"fenrun.plan/1\"
name = \"retain\"
currency = \"CNY\"
[[rule]]
id = \"upline\"
to = { up = \"referral\" }
qualify = { active = true }
unqualified = \"retain\"
pay = { levels = [\"10%\", \"6%\", \"3%\"] }
";

const ORDERS: &str = "\
order,buyer,paid,upline_1,active_1,upline_2,active_2,upline_3,active_3,upline_4,active_4
O-1,u,1000,a,1,b,0,c,1,<d>,1
O-2,u,0.01,a,1,b,1,c,1,<d>,1
";

fn folder() -> Folder {
    let compress = RETAIN.replace("\"retain\"", "\"compress\"");
    Folder::with(&[("a.toml", RETAIN), ("b.toml", &compress), ("o.csv", ORDERS)])
}

fn at<'a>(node: &'a Node, path: &[&str]) -> &'a Node {
    path.iter().fold(node, |node, key| node.get(key).unwrap())
}

#[test]
fn every_cent_that_differs() {
    let folder = folder();
    let run = "diff --plan a.toml --plan b.toml o.csv --out d.csv --page d.html";
    let text = folder.run(run).ended(1);
    for line in ["orders", "2", "130.00 → 190.00 (+60.00)", "60.00 → 0.00 (−60.00)", "190.00 ="] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("<d>") && text.contains("0.00 → 30.00 (+30.00)"), "{text}");
    let rows = folder.read("d.csv");
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[1].starts_with("O-1,<d>,0.00,30.00,30.00,3000,CNY,gained,,"), "{rows:?}");
    assert!(rows[2].starts_with("O-1,c,30.00,60.00,30.00,3000,CNY,rate,,"), "{rows:?}");
    let page = folder.read("d.html");
    assert!(page.contains("&lt;d&gt;") && !page.contains("<d>") && !page.contains("{{"));
    assert!(page.contains("retain → compress") && page.contains("仅第二个方案发放"));
    let document = folder.run("diff --plan a.toml --plan b.toml --orders o.csv --json").document(1);
    assert_eq!(at(&document, &["after", "paid"]), &Node::Int(19_000));
    assert_eq!(at(&document, &["differing"]), &Node::Int(1));
    let text = folder.run("diff --plan a.toml --plan b.toml o.csv --lang zh --page z.html").ended(1);
    assert!(text.contains("新方案") && text.contains("比例不同") && text.contains("会员 "), "{text}");
    assert!(text.contains("留存：此人不满足规则的条件") && !text.contains("ineligible"), "{text}");
    // Each opens in the language that was asked for.
    assert!(page.contains("<html lang=\"en\">") && folder.read("z.html").contains("<html lang=\"zh\">"));
}

#[test]
fn equal_plans_end_with_zero() {
    let folder = folder();
    let document = folder.run("diff --plan a.toml --plan a.toml o.csv --json --page d.html").document(0);
    assert_eq!(at(&document, &["differing"]), &Node::Int(0));
    assert!(folder.read("d.html").contains("Nobody gets another amount."));
    let message = folder.run("diff --plan a.toml o.csv").failed(2);
    assert!(message.contains("write --plan twice"), "{message}");
    let message = folder.run("diff --plan a.toml --plan b.toml o.csv --out o.csv").failed(2);
    assert!(message.contains("o.csv"), "{message}");
}

#[test]
fn a_change_is_shown_over_a_store_before_it_takes_effect() {
    let folder = shop();
    let plan = |name: &str, rates: &str| {
        let text = format!(
            "{{\"schema\":\"fenrun.plan/1\",\"name\":\"{name}\",\"currency\":\"CNY\",\"rule\":[{{\"id\":\"upline\",\
             \"to\":{{\"up\":\"referral\"}},\"pay\":{{\"levels\":[{rates}]}}}}]}}"
        );
        folder.write(&format!("{name}.json"), text.as_bytes());
    };
    plan("new", "\"12%\",\"5%\"");
    let document = folder.run("diff --plan new.json shop.db --json").document(1);
    // 10 % and 5 % of 100.00 and 20.00 were paid.
    assert_eq!(at(&document, &["before", "paid"]), &Node::Int(1800));
    assert_eq!(at(&document, &["after", "paid"]), &Node::Int(2040));
    plan("same", "\"10%\",\"5%\"");
    let document = folder.run("diff --plan same.json shop.db --json").document(0);
    assert_eq!(at(&document, &["sales"]), &Node::Int(2));
}

#[test]
fn a_wrong_plan_names_its_line() {
    let folder = folder();
    folder.write("bad.toml", RETAIN.replace("levels", "levles").as_bytes());
    let message = folder.run("check bad.toml").failed(2);
    let wanted = "bad.toml: line 9: rule `upline`: `pay`: unknown key `levles`; did you mean `levels`?";
    assert_eq!(message, wanted);
    let document = folder.run("check bad.toml --json").document(2);
    assert_eq!(at(&document, &["error", "line"]), &Node::Int(9));
}

#[test]
fn a_plan_is_audited_for_false_identities() {
    let folder = Folder::new();
    let text = folder.run("check preset:jicha --sybil").ended(0);
    // A buyer with a rank, who buys through an identity of their own, is paid for their own purchase.
    assert!(text.contains("gains 149.99 CNY: u in falling gets 149.99 CNY instead of 0.00 CNY"), "{text}");
    let text = folder.run("check preset:two_level --sybil --identities 2").ended(0);
    let wanted =
        "gains 74.98 CNY: u in path gets 74.98 CNY instead of 0.00 CNY by 2 identities above oneself";
    assert!(text.contains(wanted), "{text}");
    let document = folder.run("check preset:two_level --sybil --json").document(0);
    let Node::List(findings) = at(&document, &["sybil"]) else { panic!("no list") };
    assert_eq!(findings.len(), 12);
    assert!(folder.run("check preset:two_level --json").document(0).get("sybil").is_none());
}

/// The next version of a set, before it takes effect.
#[test]
fn a_set_is_compared_with_what_follows() {
    let folder = folder();
    let (mut set, scope) = (PlanSet::default(), Scope::new(&Tenant::new("").unwrap(), None, None).unwrap());
    let compress = RETAIN.replace("\"retain\"", "\"compress\"");
    for (text, from) in [(RETAIN, 0), (compress.as_str(), 1_800_000_000_000)] {
        let plan = Box::new(Plan::parse(text).unwrap());
        let (scope, from) = (scope.clone(), Timestamp::from_ms(from));
        set.apply(Command::Start { scope, plan, from, until: None }, Timestamp::from_ms(0)).unwrap();
    }
    folder.write("set.json", set.to_node().to_json().as_bytes());
    let document = folder.run("diff --set set.json --at 2026-11-23 o.csv --json").document(1);
    assert_eq!(at(&document, &["after", "paid"]), &Node::Int(19_000));
    // 1_800_000_000_000 is in January 2027: nothing follows it.
    let message = folder.run("diff --set set.json --at 2027-02-01 o.csv").failed(2);
    assert!(message.contains("no other plan follows"), "{message}");
    let message = folder.run("diff --set set.json --plan a.toml o.csv").failed(2);
    assert!(message.contains("--set") && message.contains("--plan"), "{message}");
}

const STAIRS: &str = "\
schema = \"fenrun.plan/1\"
name = \"stairs\"
currency = \"CNY\"
[[rule]]
id = \"bonus\"
on = \"month\"
to = \"self\"
pay = { ladder = [[0, \"5%\"], [1000, \"10%\"]], span = \"team\" }
";

/// A month under two plans, alone and beside orders.
#[test]
fn a_period_is_compared() {
    let close = r#"{"period": "month/2026-11-01", "members": [{"id": 1, "inviter": 0}, {"id": 2, "inviter": 1}],
        "volumes": [{"member": 1, "paid": 50000}, {"member": 2, "paid": 60000}]}"#;
    let capped = STAIRS.replace("to =", "cap = { per = \"payee\", limit = 5500 }\nto =").replace("5%", "6%");
    let folder = Folder::with(&[
        ("a.toml", STAIRS),
        ("b.toml", &capped),
        ("c.json", close),
        ("o.csv", "order,buyer,paid,upline_1\nO-1,u,1000,a\n"),
    ]);
    let run = "diff --plan a.toml --plan b.toml --close c.json --out d.csv --page d.html";
    let text = folder.run(run).ended(1);
    for line in ["periods", "retained cap_payee", "110.00 → 105.00 (−5.00)", "60.00 → 55.00 (−5.00)"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("orders"), "{text}");
    let rows = folder.read("d.csv");
    let rows: Vec<&str> = rows.lines().collect();
    let wanted = ["month/2026-11-01,2,60.00,55.00,-5.00,-500,CNY,cap,,a cap takes another amount"];
    assert_eq!(rows[1..], wanted);
    let page = folder.read("d.html");
    assert!(page.contains("1 period settled under both plans") && page.contains("month/2026-11-01"));
    let document =
        folder.run("diff --plan a.toml --plan b.toml o.csv --close c.json --close c.json --json").document(1);
    assert_eq!((at(&document, &["sales"]), at(&document, &["closes"])), (&Node::Int(1), &Node::Int(2)));
    let message = folder.run("diff --plan a.toml --close c.json").failed(2);
    assert!(message.contains("write --plan twice"), "{message}");
    let message = folder.run("diff --plan a.toml --plan b.toml --close c.json --out c.json").failed(2);
    assert!(message.contains("c.json"), "{message}");
    let message = folder.run("diff --plan a.toml --plan b.toml --close o.csv").failed(2);
    assert!(message.starts_with("o.csv: "), "{message}");
}

/// A month in which the plan changed is explained from its set.
#[test]
fn a_period_of_a_set_is_explained() {
    let (mut set, scope) = (PlanSet::default(), Scope::new(&Tenant::new("").unwrap(), None, None).unwrap());
    let plan = Box::new(Plan::parse(STAIRS).unwrap());
    let from = Timestamp::from_ms(0);
    set.apply(Command::Start { scope, plan, from, until: None }, from).unwrap();
    let close = format!(
        r#"{{"set": {}, "period": "month/2026-11-01", "members": [{{"id": 1, "inviter": 0}}],
        "sales": [{{"member": 1, "at": 1794758400000, "paid": 500}}]}}"#,
        set.to_node().to_json()
    );
    let folder = Folder::with(&[("c.json", &close)]);
    let text = folder.run("explain --close c.json").ended(0);
    assert!(text.starts_with("1 · bonus: 0.25 CNY = 5% × 5.00 CNY"), "{text}");
}

#[test]
fn a_period_is_explained_and_audited() {
    let folder = Folder::with(&[
        ("p.toml", STAIRS),
        (
            "c.json",
            r#"{"period": "month/2026-11-01", "members": [{"id": 1, "inviter": 0}, {"id": 2, "inviter": 1}],
            "volumes": [{"member": 1, "paid": 500}, {"member": 2, "paid": 600}]}"#,
        ),
    ]);
    let text = folder.run("explain --plan p.toml --close c.json").ended(0);
    let first = "1 · bonus: 0.80 CNY = 10% × 11.00 CNY − 0.30 CNY for the teams below\n2 · bonus: 0.30 CNY";
    assert!(text.starts_with(first), "{text}");
    let text = folder.run("explain --plan p.toml --close c.json --member 2 --lang zh").ended(0);
    assert_eq!(text.trim_end(), "2 · bonus：0.30 CNY = 5% × 6.00 CNY");
    let message = folder.run("explain --plan p.toml --close p.toml").failed(2);
    assert!(message.starts_with("p.toml: "), "{message}");
    let text = folder.run("check p.toml --sybil").ended(0);
    assert!(text.contains("bonus above") && text.contains("all rules of a month split"), "{text}");
    assert!(!text.contains("an identity"), "a team ladder pays for an identity: {text}");
}
