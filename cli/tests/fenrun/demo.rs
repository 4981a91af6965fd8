//! A small demo: every equation holds, the store verifies, and the seed alone says how it goes.

use crate::run::Folder;
use fenrun::doc::Node;
use fenrun_store::{Store, Tenant};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/cdnow.txt");

fn demo(folder: &Folder, more: &str) -> Node {
    folder.run(&format!("demo --data {DATA} --out demo --json {more}")).document(0)
}

/// Everything but what depends on the clock and the machine.
fn lasting(document: Node) -> Node {
    let Node::Map(mut map) = document else { return document };
    map.retain(|key, _| {
        !["milliseconds", "orders_per_second", "bytes", "database", "report"].contains(&key.as_str())
    });
    Node::Map(map)
}

#[test]
fn two_thousand_purchases_are_accounted_for_to_the_cent() {
    let folder = Folder::new();
    let document = demo(&folder, "--limit 2000");
    assert_eq!(document.get("orders"), Some(&Node::Int(2000)));
    let Some(Node::List(equations)) = document.get("equations") else { panic!("no equations") };
    assert_eq!(equations.len(), 7);
    for equation in equations {
        assert_eq!(equation.get("left"), equation.get("right"), "{}", equation.to_json());
        assert_ne!(equation.get("left"), Some(&Node::Int(0)));
    }
    assert_eq!(document.get("verify").unwrap().get("clean"), Some(&true.into()));
    let events = document.get("events").unwrap();
    for name in ["order_placed", "goods_shipped", "goods_delivered", "order_completed"] {
        assert_eq!(events.get(name), Some(&Node::Int(2000)), "{name}");
    }
    assert!(matches!(events.get("refund_granted"), Some(Node::Int(30..=90))));
    let verify = folder.run("verify demo/fenrun.db").ended(0);
    assert!(verify.ends_with("the store verifies\n"), "{verify}");
}

#[test]
fn an_order_of_a_store_is_explained_with_what_became_of_it() {
    let folder = Folder::new();
    demo(&folder, "--limit 800");
    let store = Store::open(folder.path("demo/fenrun.db")).unwrap();
    let mut refunded = Vec::new();
    store
        .for_each_row(&Tenant::new("").unwrap(), |row| {
            refunded.extend(row.refund.map(|refund| (row.sale, refund)))
        })
        .unwrap();
    let (order, refund) = &refunded[0];
    let explain = format!("explain --store demo/fenrun.db --order {order}");
    let text = folder.run(&explain).ended(0);
    assert!(text.contains("plan “demo: two levels”") && text.contains("pool "), "{text}");
    assert!(text.contains(&format!("refund {refund}: ")) && text.contains(", Confirmed"), "{text}");
    let chinese = folder.run(&format!("{explain} --lang zh")).ended(0);
    assert!(chinese.contains(&format!("退款 {refund}：")), "{chinese}");
    assert!(chinese.contains("，已确认") && !chinese.contains("onfirmed"), "{chinese}");
    assert_eq!(folder.run(&format!("{explain} --version 1")).ended(0), text);
    let missing = folder.run("explain --store demo/fenrun.db --order 999999").failed(2);
    assert!(missing.ends_with("fenrun.db: there is no order 999999"), "{missing}");
    let tenant = folder.run(&format!("{explain} --tenant other")).failed(2);
    let wanted = format!("order {order} is not of tenant \"other\" but of \"\"; name it with --tenant");
    assert!(tenant.ends_with(&wanted), "{tenant}");
    let version = folder.run(&format!("{explain} --version 7")).failed(2);
    assert!(version.ends_with(&format!("order {order} has no version 7, the last is 1")), "{version}");
    folder.sql("demo/fenrun.db", "DELETE FROM plans");
    let plan = folder.run(&explain).failed(3);
    assert!(plan.contains("the text of plan ") && plan.contains("is missing"), "{plan}");
    folder.sql("demo/fenrun.db", "DELETE FROM entries; DELETE FROM outcomes");
    let early = folder.run(&explain).failed(2);
    assert!(early.ends_with(&format!("order {order} is on record and has no commission yet")), "{early}");
}

#[test]
fn a_seed_says_it_all_and_an_old_demo_is_replaced() {
    let folder = Folder::new();
    let first = lasting(demo(&folder, "--limit 600 --seed 7"));
    assert_eq!(lasting(demo(&folder, "--limit 600 --seed 7")), first);
    assert_ne!(lasting(demo(&folder, "--limit 600 --seed 8")), first);
}

#[test]
fn what_is_no_store_is_not_replaced() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("demo")).unwrap();
    folder.write("demo/fenrun.db", b"my thesis");
    let message = folder.run(&format!("demo --data {DATA} --out demo --limit 10")).failed(2);
    assert!(message.contains("fenrun.db") && message.contains("--out"), "{message}");
    assert_eq!(folder.read("demo/fenrun.db"), "my thesis");
}

#[test]
fn two_demos_in_one_folder_do_not_meet() {
    let folder = Folder::new();
    let first = lasting(demo(&folder, "--limit 300"));
    let before = std::fs::read(folder.path("demo/fenrun.db")).unwrap();
    let lock = std::fs::File::options().append(true).open(folder.path("demo/.fenrun-demo.lock")).unwrap();
    lock.try_lock().unwrap();
    let message = folder.run(&format!("demo --data {DATA} --out demo --limit 300")).failed(3);
    assert!(message.starts_with("demo is in use by another demo; "), "{message}");
    assert_eq!(std::fs::read(folder.path("demo/fenrun.db")).unwrap(), before);
    drop(lock);
    assert_eq!(lasting(demo(&folder, "--limit 300")), first);
}

#[test]
fn what_a_killed_demo_left_is_replaced_and_what_was_there_before_it_stays() {
    let folder = Folder::new();
    let first = lasting(demo(&folder, "--limit 300"));
    let before = std::fs::read(folder.path("demo/fenrun.db")).unwrap();
    let mut killed = folder.start(&format!("demo --data {DATA} --out demo"));
    while !folder.path("demo/.fenrun-demo.db").exists() {
        assert!(killed.try_wait().unwrap().is_none(), "the demo ended before it could be killed");
        std::thread::yield_now();
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(std::fs::read(folder.path("demo/fenrun.db")).unwrap(), before);
    assert_eq!(lasting(demo(&folder, "--limit 300")), first);
    let mut names: Vec<_> = std::fs::read_dir(folder.path("demo")).unwrap().collect();
    names.retain(|entry| {
        !entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".fenrun-demo.lock")
    });
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn data_that_cannot_be_read_leave_nothing() {
    let folder = Folder::with(&[
        ("bad.txt", "header\n 00001 19970101  1   11.77\n 00002 19970112  1\n"),
        ("empty.txt", "header\n"),
    ]);
    assert!(folder.run("demo --data bad.txt --out demo").failed(2).starts_with("bad.txt:3: "));
    assert!(folder.run("demo --data empty.txt --out demo").failed(2).contains("no purchase"));
    assert!(folder.run("demo --out demo").failed(3).contains("name the data with --data"));
    assert_eq!(folder.names(), ["bad.txt", "empty.txt"]);
}

#[test]
fn the_report_is_one_page_in_two_languages_that_loads_nothing() {
    let folder = Folder::new();
    let document = demo(&folder, "--limit 1500");
    let page = folder.read("demo/report.html");
    for foreign in ["http:", "https:", "src=", "@import", "url(", "<link", "{{", "NaN"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("default-src 'none'") && page.contains("prefers-color-scheme: dark"));
    assert_eq!(page.matches("lang=\"en\"").count(), page.matches("lang=\"zh\"").count());
    assert!(page.contains("CDNOW has no referrals.") && page.contains("CDNOW 的数据没有邀请关系。"));
    // A number of the page is the number of the store.
    let Some(Node::Int(standing)) = document.get("standing") else { panic!("no standing") };
    let cents = format!("{}.{:02}", standing / 100, standing % 100);
    let digits = page.replace(',', "");
    assert!(digits.contains(&format!("<dd>{cents}</dd>")), "{cents}");
    // A tick counts checks and says so; what had nothing to check has none.
    let Some(Node::List(checks)) = document.get("verify").and_then(|verify| verify.get("checks")) else {
        panic!("no checks")
    };
    let text = |node: &Node| node.to_json().trim_matches('"').to_owned();
    let of = |check: &Node, key: &str| text(check.get(key).unwrap());
    let looked: Vec<&Node> = checks.iter().filter(|check| of(check, "checked") != "0").collect();
    let ticks =
        page.split("<ul class=\"checks\">").nth(1).and_then(|rest| rest.split("</ul>").next()).unwrap();
    assert_eq!(ticks.matches("<li class=\"ok\">").count(), looked.len());
    assert!(looked.len() < checks.len());
    for (tick, check) in ticks.split("<li").skip(1).zip(looked) {
        let tick = tick.replace(',', "");
        let (number, name) = (of(check, "checked"), of(check, "name"));
        let noun = if number == "1" { "check" } else { "checks" };
        assert!(tick.contains(&format!("<b>{number}</b> <span lang=\"en\">{noun}: ")), "{tick}");
        assert!(
            tick.contains("<span lang=\"zh\">次检查：") && !tick.contains(&format!(": {name}<")),
            "{tick}"
        );
    }
    let Some(Node::Int(bytes)) = document.get("bytes") else { panic!("no bytes") };
    let tenths = (bytes + 50_000) / 100_000;
    assert!(page.contains(&format!("database of {}.{} MB", tenths / 10, tenths % 10)), "{bytes}");
    assert!(page.contains("The first 1,500 of 69,659 purchases in the data"));
    assert!(
        page.contains("made from 1 January 1997 to ") && page.contains("1997 年 1 月 1 日至 1997 年 1 月")
    );
}

#[test]
fn a_page_of_one_purchase_says_one_and_shows_nothing_of_nobody() {
    let folder = Folder::new();
    demo(&folder, "--limit 1");
    let page = folder.read("demo/report.html");
    for said in ["1 purchase, every cent", "The first of 69,659 purchases", "made on 1 January 1997,"] {
        assert!(page.contains(said), "{said}");
    }
    for left_out in ["1 purchases", "Under the top distributor", "How evenly", "June 1998", "<b>0</b>", "NaN"]
    {
        assert!(!page.contains(left_out), "{left_out}");
    }
    assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
    // Soon somebody earns, by the one person they invited.
    for limit in 2..60 {
        demo(&folder, &format!("--limit {limit}"));
        let page = folder.read("demo/report.html");
        let Some((_, tree)) = page.split_once("Under the top distributor") else { continue };
        assert!(
            tree.contains("The inner ring is the 1 person they invited, the next the 0 people"),
            "{limit}"
        );
        assert!(!page.contains(" 1 people") && !page.contains(">1 checks"), "{limit}");
        return;
    }
    panic!("nobody earned");
}
