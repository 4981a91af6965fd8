//! `forest`: imports with their report, saved forests, their journal and their exports.

use crate::run::Folder;
use fenrun::doc::{Node, read_json};

const MEMBERS: &str = "member,inviter,name\n10,,甲\n20,10,乙\n30,20,丙\n40,10,丁\n";

fn saved(members: &str) -> Folder {
    let folder = Folder::with(&[("m.csv", members)]);
    folder.run("forest import m.csv --out shop.forest").ended(0);
    folder
}

#[test]
fn a_forest_is_imported_shown_changed_and_exported() {
    let folder = saved(MEMBERS);
    let text = folder.run("forest show shop.forest").ended(0);
    for line in ["members            4", "without an inviter  1", "1 step below 2", "2 steps below 1"] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let found = text.lines().any(|row| words.iter().all(|word| row.contains(word)));
        assert!(found, "{line} in {text}");
    }
    folder.run("forest join shop.forest --member 50 --inviter 30 --from 2026-01-31").ended(0);
    folder.run("forest join shop.forest --member 20 --inviter 40 --from 2026-02-01").ended(0);
    let shown = folder.run("forest show shop.forest --member 50 --json").ended(0);
    let shown = read_json(&shown, 10_000).unwrap();
    let upline = ["30", "20", "40", "10"].map(Node::from).to_vec();
    assert_eq!(shown.get("upline"), Some(&Node::List(upline)));
    let page = folder.run("forest show shop.forest --member 10 --after 1 --limit 2 --json").ended(0);
    let page = read_json(&page, 10_000).unwrap();
    assert_eq!(page.get("page"), Some(&Node::List(["20", "30"].map(Node::from).to_vec())));
    assert_eq!(page.get("generations"), Some(&Node::List([1, 1, 1, 1].map(Node::Int).to_vec())));
    let csv = folder.run("forest export shop.forest").ended(0);
    assert_eq!(csv, "member,inviter,rank,closed\n10,,,\n20,40,,\n30,20,,\n40,10,,\n50,30,,\n");
    let before = folder.run("forest export shop.forest --at 2026-01-30").ended(0);
    assert!(before.contains("\n20,10,,\n") && before.contains("\n50,,,\n"), "{before}");
    let dot = folder.run("forest export shop.forest --format dot").ended(0);
    assert!(dot.starts_with("digraph forest {") && dot.contains("  40 -> 20;"), "{dot}");
    // What was exported is imported again.
    folder.run("forest export shop.forest --out back.csv").ended(0);
    folder.run("forest import back.csv --out back.forest").ended(0);
    folder.run("forest export back.forest --out again.csv").ended(0);
    // An inviter comes before those they invited by now, so some rows stand elsewhere.
    let sorted = |name: &str| {
        let mut rows: Vec<String> = folder.read(name).lines().map(str::to_owned).collect();
        rows.sort();
        rows
    };
    assert_eq!(sorted("back.csv"), sorted("again.csv"));
}

#[test]
fn every_fault_is_told_by_its_line_and_nothing_is_saved() {
    let rows = "member,inviter\nA,B\nB,C\nC,A\nD,D\nE,Z\nA,C\nA,B\n,A\nF,\n";
    let folder = Folder::with(&[("m.csv", rows)]);
    let text = folder.run("forest import m.csv --out shop.forest").ended(1);
    for line in [
        "line 2: a cycle: A ← B ← C ← A (lines 2, 3, 4)",
        "line 5: member D is named as their own inviter",
        "line 6: member E has the inviter Z, who stands in no row",
        "line 7: member A has the inviter `B` in line 2 and `C` here",
        "line 8: member A stands in line 2 already",
        "line 9: the member is nobody",
        "9 rows, 6 faults; nothing was saved",
    ] {
        assert!(text.lines().any(|row| row == line), "{line} in\n{text}");
    }
    assert_eq!(folder.names(), ["m.csv"]);
    let report = folder.run("forest import m.csv --json").ended(1);
    let report = read_json(&report, 10_000).unwrap();
    assert_eq!(report.get("cycles"), Some(&Node::List(vec![Node::List([2, 3, 4].map(Node::Int).to_vec())])));
    assert_eq!(report.get("orphans"), Some(&Node::List(vec![Node::Int(6)])));
}

/// Ranks and closed accounts of an export are not read back, and who imports it is told.
#[test]
fn columns_that_are_not_read_are_named() {
    let rows = "member,inviter,rank,closed,note\n1,,gold,,\n2,1,,1,\n";
    let folder = Folder::with(&[("m.csv", rows)]);
    let text = folder.run("forest import m.csv --out shop.forest").ended(0);
    assert!(text.starts_with("2 rows saved as") && text.ends_with("\nnot read: rank, closed\n"), "{text}");
    let report = folder.run("forest import m.csv --json").document(0);
    assert_eq!(report.get("not_read"), Some(&Node::List(["rank", "closed"].map(Node::from).to_vec())));
    // Columns without a cell lose nothing.
    folder.write("n.csv", b"member,inviter,rank,closed\n1,,,\n");
    assert_eq!(folder.run("forest import n.csv").ended(0), "1 row is a forest\nids are numbers\n");
}

#[test]
fn a_history_of_inviters_is_no_second_parent() {
    let rows = "member,inviter,valid_from\n1,,\n2,,\n3,1,\n3,2,2026-01-01\n4,3,2026-02-01\n";
    let folder = saved(rows);
    let csv = |at: &str| folder.run(&format!("forest export shop.forest --at {at}")).ended(0);
    assert!(csv("2025-12-31").contains("\n3,1,,\n") && csv("2026-01-01").contains("\n3,2,,\n"));
    assert!(csv("2026-01-31").contains("\n4,,,\n") && csv("2026-02-01").contains("\n4,3,,\n"));
}

#[test]
fn what_is_no_saved_forest_is_told() {
    let folder = saved(MEMBERS);
    let bytes = std::fs::read(folder.path("shop.forest")).unwrap();
    folder.write("cut.forest", &bytes[..bytes.len() - 1]);
    for (file, rule) in [
        ("m.csv", "m.csv: the file is not a saved forest"),
        ("cut.forest", "cut.forest: the saved forest is damaged"),
    ] {
        let ran = folder.run(&format!("forest show {file}"));
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains(rule), "{}", ran.err);
    }
    assert_eq!(folder.run("forest show none.forest").code, 3);
    let cycle = folder.run("forest join shop.forest --member 10 --inviter 30");
    assert!(cycle.code == 2 && cycle.err.contains("a cycle"), "{}", cycle.err);
    assert_eq!(folder.run("forest show shop.forest --member 77").code, 2);
    let kind = folder.run("forest join shop.forest --member A");
    assert!(kind.code == 2 && kind.err.contains("numbers as ids"), "{}", kind.err);
}

#[test]
fn texts_are_ids_in_a_saved_forest_too() {
    let rows = "member,inviter\n007,\n\"李, 四\",007\nu-3,\"李, 四\"\n";
    let folder = saved(rows);
    folder.run("forest join shop.forest --member 8 --inviter u-3 --from 2026-01-31").ended(0);
    folder.run("forest join shop.forest --member u-3 --inviter 007 --from 2026-02-01").ended(0);
    let shown = folder.run("forest show shop.forest --member 8 --json").ended(0);
    let shown = read_json(&shown, 10_000).unwrap();
    assert_eq!(shown.get("upline"), Some(&Node::List(["u-3", "007"].map(Node::from).to_vec())));
    let csv = folder.run("forest export shop.forest").ended(0);
    assert_eq!(csv, "member,inviter,rank,closed\n007,,,\n\"李, 四\",007,,\nu-3,007,,\n8,u-3,,\n");
    let dot = folder.run("forest export shop.forest --format dot").ended(0);
    assert!(dot.contains("label=\"李, 四\""), "{dot}");
    let none = folder.run("forest show shop.forest --member 7");
    assert!(none.code == 2 && none.err.contains("member 7 is not in the forest"), "{}", none.err);
    // A cycle among rows with dates is told with the ids of the file, saved or not.
    folder.write("cycle.csv", "member,inviter,valid_from\nA,,\nB,A,\nA,B,2026-01-01\n".as_bytes());
    let told = folder.run("forest import cycle.csv").ended(1);
    assert!(told.contains("line 3: a cycle: B ← A ← B (lines 3, 4)"), "{told}");
}

#[test]
fn one_stray_id_that_makes_all_texts_is_told() {
    let folder = Folder::with(&[
        ("n.csv", "member,inviter\n1060,\n1061,1060\n1062,1061\n"),
        ("m.csv", "member,inviter\n1060,\n1O61,1060\n1062,1O61\n1063,1062\n"),
        ("t.csv", "member,inviter\nA,\nB,A\n3,B\n"),
    ]);
    let told = folder.run("forest import m.csv --out m.forest").ended(0);
    assert!(
        told.contains("ids are texts: 3 of 4 ids are whole numbers, but `1O61` in line 3 is not\n"),
        "{told}"
    );
    let stray = Node::map([("id", Node::from("1O61")), ("line", Node::Int(3))]);
    for (file, ids, stray) in
        [("n", "numbers", Node::Null), ("m", "texts", stray), ("t", "texts", Node::Null)]
    {
        let document =
            folder.run(&format!("forest import {file}.csv --out {file}.forest --json")).document(0);
        assert_eq!(document.get("ids"), Some(&ids.into()), "{file}");
        assert_eq!(document.get("stray_id"), Some(&stray), "{file}");
        let text = folder.run(&format!("forest import {file}.csv")).ended(0);
        assert_eq!(text.contains(&format!("ids are {ids}\n")), file != "m", "{text}");
        let shown = folder.run(&format!("forest show {file}.forest --json")).document(0);
        assert_eq!(shown.get("ids"), Some(&ids.into()), "{file}");
        let shown = folder.run(&format!("forest show {file}.forest")).ended(0);
        let row = shown.lines().find(|line| line.starts_with("ids ")).unwrap();
        assert!(row.ends_with(&format!(" {ids}")), "{shown}");
    }
    // It is told beside the faults it makes.
    folder.write("o.csv", b"member,inviter\n1,\n2,1\n3,l\n");
    let told = folder.run("forest import o.csv").ended(1);
    assert!(
        told.contains("line 4: member 3 has the inviter l") && told.contains("`l` in line 4 is not"),
        "{told}"
    );
}

#[test]
fn what_an_export_of_the_past_holds_is_said() {
    let folder = saved(MEMBERS);
    folder.run("forest join shop.forest --member 50 --inviter 30 --from 2026-01-31").ended(0);
    let past = folder.run("forest export shop.forest --at 2026-01-30").ended(0);
    assert!(past.ends_with("\n50,,,\n"), "{past}");
    let help: Vec<String> =
        folder.run("forest export --help").ended(0).split_whitespace().map(str::to_owned).collect();
    let help = help.join(" ");
    assert!(help.contains("Members, ranks and closed accounts are those of now"), "{help}");
}

#[test]
fn a_history_comes_back_as_it_was() {
    let rows = "member,inviter,valid_from\n1,,\n2,,\n3,1,\n3,2,2026-01-01\n4,3,2026-02-01\n3,,2026-03-01\n";
    let folder = saved(rows);
    let history = folder.run("forest export shop.forest --format history").ended(0);
    let wanted = "member,inviter,valid_from\n1,,\n2,,\n3,1,\n3,2,1767225600000\n3,,1772323200000\n\
                  4,,\n4,3,1769904000000\n";
    assert_eq!(history, wanted);
    folder.write("back.csv", history.as_bytes());
    folder.run("forest import back.csv --time-unit ms --out back.forest").ended(0);
    assert_eq!(folder.run("forest export back.forest --format history").ended(0), wanted);
}

/// A file of edges is imported, or the lines of its faults are told.
fn imported(rows: &str) -> (Folder, String) {
    let folder = Folder::with(&[("m.csv", &format!("member,inviter,valid_from\n{rows}"))]);
    let text = folder.run("forest import m.csv --out shop.forest").ended(0);
    (folder, text)
}

fn refused(rows: &str) -> String {
    let folder = Folder::with(&[("m.csv", &format!("member,inviter,valid_from\n{rows}"))]);
    let text = folder.run("forest import m.csv --out shop.forest").ended(1);
    assert_eq!(folder.names(), ["m.csv"]);
    text
}

#[test]
fn two_inviters_from_one_moment_on_are_a_fault() {
    let rows = ["2,1,2020-01-01\n", "2,3,2020-01-01\n"];
    let text = refused(&format!("1,,\n3,,\n{}{}", rows[0], rows[1]));
    assert!(text.contains("line 5: member 2 has the inviter `1` in line 4 and `3` here"), "{text}");
    let text = refused(&format!("1,,\n3,,\n{}{}", rows[1], rows[0]));
    assert!(text.contains("line 5: member 2 has the inviter `3` in line 4 and `1` here"), "{text}");
    let text = refused("1,,\n2,1,2020-01-01\n2,1,2020-01-01\n2,,2020-01-01\n");
    assert!(text.contains("line 4: member 2 stands in line 3 already"), "{text}");
    assert!(text.contains("line 5: member 2 has the inviter `1` in line 3 and none here"), "{text}");
}

#[test]
fn rows_of_one_moment_stand_in_any_order_and_come_back() {
    let moves = ["2,1,2026-01-01\n", "1,3,2026-01-01\n"];
    for rows in [moves, [moves[1], moves[0]]] {
        let rows = format!("3,,\n2,3,\n1,2,\n{}", rows.concat());
        let (folder, _) = imported(&rows);
        let exported = folder.run("forest export shop.forest --format history").ended(0);
        folder.run("forest export shop.forest --format history --out back.csv").ended(0);
        folder.run("forest import back.csv --time-unit ms --out back.forest").ended(0);
        let again = folder.run("forest export back.forest --format history").ended(0);
        assert_eq!(again, exported);
        let shown = folder.run("forest show back.forest --member 2 --json").document(0);
        assert_eq!(shown.get("upline"), Some(&Node::List(["1", "3"].map(Node::from).to_vec())));
    }
    let text = refused("3,,\n2,3,\n1,2,\n3,1,2026-01-01\n");
    assert!(text.contains("line 3: a cycle: 2 ← 3 ← 1 ← 2 (lines 3, 5, 4)"), "{text}");
}

#[test]
fn every_fault_of_rows_with_dates_is_told() {
    let text = refused(
        "1,,\n2,1,2020-01-01\n3,9,2020-01-01\n4,4,2020-01-02\n5,6,2020-01-03\n6,5,2020-01-03\n,1,2020-01-04\n1,2,2020-01-05\n",
    );
    for line in [
        "line 6: a cycle: 5 ← 6 ← 5 (lines 6, 7)",
        "line 3: a cycle: 2 ← 1 ← 2 (lines 3, 9)",
        "line 5: member 4 is named as their own inviter",
        "line 4: member 3 has the inviter 9, who stands in no row",
        "line 8: the member is nobody",
        "5 faults",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    // An inviter whose own rows are later had no inviter before.
    let (folder, _) = imported("1,,2020-01-01\n2,1,2019-01-01\n7,8,\n8,1,2020-01-01\n");
    let shown = folder.run("forest show shop.forest --member 7 --json").document(0);
    assert_eq!(shown.get("upline"), Some(&Node::List(["8", "1"].map(Node::from).to_vec())));
    let before = folder.run("forest export shop.forest --at 2019-06-01").ended(0);
    assert!(
        before.contains("\n2,1,,\n") && before.contains("\n8,,,\n") && before.contains("\n7,8,,\n"),
        "{before}"
    );
}

/// What `--out` does of other commands, it does of this one.
#[test]
fn an_import_harms_nothing_at_its_place() {
    let folder = Folder::with(&[("m.csv", MEMBERS)]);
    let told = folder.run("forest import m.csv --out m.csv").failed(2);
    assert!(told.contains("is read by this command"), "{told}");
    assert_eq!(folder.read("m.csv"), MEMBERS);
    let told = folder.run("forest import m.csv --out -").failed(2);
    assert!(told.contains("is no name of a file"), "{told}");
    assert_eq!(folder.names(), ["m.csv"]);
}

#[test]
fn an_upline_is_shown_as_far_as_it_is_read() {
    let rows: String = (1..=60).map(|member| format!("{member},{}\n", member - 1)).collect();
    let folder = saved(&format!("member,inviter\n{rows}"));
    let text = folder.run("forest show shop.forest --member 60").ended(0);
    assert!(text.contains("59 58 57") && text.contains(" 10 and 9 more"), "{text}");
    let told = folder.run("forest join shop.forest --member 07 --inviter 1").failed(2);
    assert!(told.contains("numbers as ids"), "{told}");
}
