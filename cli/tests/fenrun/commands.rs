//! `check`, `plans`, `explain`, `vectors`, and what all commands have in common.

use crate::run::Folder;
use fenrun::doc::Node;

const SALE: &str = r#"{"id": "O1", "buyer": "B", "lines": [{"paid": 9999}],
    "upline": [{"id": "A", "distributor": true, "frozen": false}, {"id": "Z", "distributor": false, "frozen": false}]}"#;

#[test]
fn help_states_the_exit_codes() {
    let help = Folder::new().run("--help").ended(0);
    for line in ["0  done", "1  something was found", "2  the command line", "3  a file or database"] {
        assert!(help.contains(line), "{help}");
    }
}

#[test]
fn check_proves_a_bound() {
    let folder = Folder::new();
    let text = folder.run("check preset:two_level").ended(0);
    assert!(text.contains("rule upline     at most 7.5%"), "{text}");
    assert!(text.contains("禁止传销条例"), "{text}");
    let document = folder.run("check preset:two_level --json").document(0);
    assert_eq!(document.get("report").unwrap().get("total"), Some(&"7.5%".into()));
    let unknown = folder.run("check preset:two_levels").failed(2);
    assert!(unknown.contains("no preset is called `two_levels`"), "{unknown}");
}

#[test]
fn presets_are_listed_and_printed() {
    let folder = Folder::new();
    let list = folder.run("plans").ended(0);
    assert!(list.contains("preset:two_level"), "{list}");
    folder.write("mine.toml", folder.run("plans two_level").ended(0).as_bytes());
    let hash = |plan: &str| folder.run(&format!("check {plan} --json")).document(0).get("hash").cloned();
    assert_eq!(hash("mine.toml"), hash("preset:two_level"));
}

#[test]
fn explain_gives_every_cent_its_reason_in_two_languages() {
    let folder = Folder::with(&[("sale.json", SALE)]);
    let english = folder.run("explain --plan preset:two_level --sale sale.json").ended(0);
    let wanted = "order O1, bought by B, plan “two levels”\n\
        upline · line 1 · level 1: A 4.99 CNY = 5% × 99.99 CNY\n\
        upline · line 1 · level 2: Z retained 2.49 CNY — the person does not meet the rule's condition\n\
        pool 7.48 CNY = paid 4.99 CNY + retained 2.49 CNY\n";
    assert_eq!(english, wanted);
    let chinese = folder.run("explain --plan preset:two_level --sale sale.json --lang zh").ended(0);
    assert!(chinese.contains("Z 留存 2.49 CNY — 此人不满足规则的条件"), "{chinese}");
    assert!(chinese.ends_with("分润池 7.48 CNY = 发放 4.99 CNY + 留存 2.49 CNY\n"), "{chinese}");
    let document = folder.run("explain --plan preset:two_level --sale sale.json --json").document(0);
    assert_eq!(document.get("outcome").unwrap().get("pool"), Some(&Node::Int(748)));
}

#[test]
fn vectors_hold_and_a_planted_fault_is_listed() {
    let vectors = |expected: &str| {
        format!(
            r#"{{"schema": "fenrun.vectors/1", "cases": [
                {{"id": "yen", "op": "currency", "input": {{"code": "JPY"}}, "expect": {{"exponent": {expected}}}}},
                {{"id": "cny", "op": "currency", "input": {{"code": "cny"}}, "error": "unknown_currency"}}]}}"#
        )
    };
    let schema = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema"}"#;
    let folder =
        Folder::with(&[("a.json", &vectors("0")), ("b.json", &vectors("2")), ("schema.json", schema)]);
    assert_eq!(folder.run("vectors a.json schema.json").ended(0), "2 of 2 vectors in 2 files hold\n");
    let faults = folder.run("vectors b.json").ended(1);
    assert_eq!(
        faults,
        "b.json: yen (currency): $.exponent: expected 2, got 0\n1 of 2 vectors in 1 files hold\n"
    );
    let document = folder.run("vectors b.json --json").document(1);
    assert_eq!(document.get("cases"), Some(&Node::Int(2)));
    assert!(folder.run("vectors a.json b.json").failed(2).contains("case yen stands in a.json too"));
    assert!(folder.run("vectors none.json").failed(3).starts_with("none.json: "));
}

#[test]
fn the_golden_vectors_of_the_repository_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let files: Vec<String> = files.filter(|path| path.ends_with(".json")).collect();
    let text = Folder::new().run(&format!("vectors {}", files.join(" "))).ended(0);
    assert!(text.ends_with(" hold\n"), "{text}");
}

#[test]
fn errors_are_documents_too() {
    let error = Folder::new().run("check none.toml --json").document(3);
    assert_eq!(error.get("error").unwrap().get("code"), Some(&"file".into()));
    assert_eq!(error.get("error").unwrap().get("number"), Some(&Node::Int(901)));
}

#[test]
fn states_are_listed_and_drawn() {
    let folder = Folder::new();
    assert!(folder.run("states").ended(0).contains("draft --place--> pending_payment\n"));
    let dot = folder.run("states --dot").ended(0);
    assert!(dot.starts_with("digraph order {") && dot.contains("待支付"), "{dot}");
    let Node::List(rows) = folder.run("states --json").document(0) else { panic!("no list") };
    assert!(rows.iter().all(|row| row.get("from").is_some() && row.get("guard").is_some()));
}

#[test]
fn verify_opens_stores_only() {
    let folder = Folder::with(&[("notes.db", "not a database"), ("empty.db", "")]);
    assert!(folder.run("verify notes.db").failed(2).contains("notes.db"));
    assert!(folder.run("verify empty.db").failed(2).contains("empty.db is empty, not a fenrun store"));
    assert_eq!(folder.read("notes.db"), "not a database");
    assert!(folder.run("verify none.db").failed(3).contains("none.db"));
    assert_eq!(folder.names(), ["empty.db", "notes.db"]);
}
