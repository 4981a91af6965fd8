//! The interpreter itself against numbers worked out by hand, from the page and from peers.

mod period;
mod vectors;

use crate::naive::Naive;
use crate::naive::reverse::Refund;
use fenrun::doc::{Node, read_json, read_toml};

/// Evaluates a plan's rule keys on a sale and compares rows as `payee amount` and the retained as
/// `reason amount`.
#[track_caller]
fn expect(rule: &str, sale: &str, pool: i64, rows: &str, retained: &str) {
    let plan = plan(rule);
    let sale = read_json(sale, 1 << 20).unwrap();
    let outcome = Naive::HONEST.evaluate(&plan, &sale).unwrap();
    let paid: Vec<_> = outcome.rows.iter().map(|row| format!("{} {}", row.payee, row.amount)).collect();
    let kept: Vec<_> = outcome.retained.iter().map(|(reason, amount)| format!("{reason} {amount}")).collect();
    assert_eq!(paid.join(", "), rows);
    assert_eq!(kept.join(", "), retained);
    assert_eq!(outcome.pool, pool.into());
}

/// The document of a plan with one rule, `r`, which goes up the referral tree unless it says otherwise.
fn plan(rule: &str) -> Node {
    const HEAD: &str = r#"
        schema = "fenrun.plan/1"
        name = "worked"
        currency = "CNY"
        ranks = ["V1", "V2", "V3", "V4"]
        [[rule]]
        id = "r"
    "#;
    let to = if rule.contains("to = ") { "" } else { "to = { up = \"referral\" }" };
    read_toml(&format!("{HEAD}\n{to}\n{rule}\n"), 1 << 20).unwrap()
}

/// A sale of one line for 1000.00 whose second ancestor is inactive.
const INACTIVE: &str = r#"{"id": 1, "buyer": 9, "lines": [{"paid": 100000}], "upline": [
    {"id": 1, "active": true}, {"id": 2, "active": false},
    {"id": 3, "active": true}, {"id": 4, "active": true}]}"#;

fn ten_six_three(unqualified: &str) -> String {
    format!(
        r#"
        qualify = {{ active = true }}
        unqualified = "{unqualified}"
        pay = {{ levels = ["10%", "6%", "3%"] }}
    "#
    )
}

#[test]
fn five_ways_to_treat_an_inactive_ancestor() {
    let expect = |mode: &str, rows: &str, retained: &str| {
        expect(&ten_six_three(mode), INACTIVE, 19_000, rows, retained);
    };
    expect("retain", "1 10000, 3 3000", "ineligible 6000");
    expect("compress", "1 10000, 3 6000, 4 3000", "");
    expect("compress_by_level", "1 10000, 3 6000, 4 3000", "");
    expect("roll_up", "1 10000, 3 6000, 3 3000", "");
    expect("stop", "1 10000", "ineligible 6000, blocked 3000");
}

#[test]
fn a_condition_for_each_level() {
    let rule = |mode: &str| {
        format!(
            r#"
            qualify = [{{ score = {{ min = 1 }} }}, {{ score = {{ min = 2 }} }}]
            unqualified = "{mode}"
            pay = {{ levels = ["10%", "6%", "3%"] }}
        "#
        )
    };
    let sale = r#"{"id": 1, "buyer": 9, "lines": [{"paid": 100}], "upline": [
        {"id": 1, "score": 1}, {"id": 2, "score": 1}, {"id": 3, "score": 2}]}"#;
    expect(&rule("compress_by_level"), sale, 19, "1 10, 3 6", "no_upline 3");
    expect(&rule("roll_up"), sale, 19, "1 10, 3 6, 3 3", "");
    expect(&rule("retain"), sale, 19, "1 10, 3 3", "ineligible 6");
}

#[test]
fn nobody_stands_there() {
    let sale = r#"{"id": 1, "buyer": "D", "lines": [{"paid": 4000}], "upline": ["C", "B", null]}"#;
    expect("pay = { levels = [\"50%\", \"30%\", \"20%\"] }", sale, 4000, "C 2000, B 1200", "no_upline 800");
    let stop =
        "qualify = { rank = \"V1\" }\nunqualified = \"stop\"\npay = { levels = [\"5%\", \"3%\", \"2%\"] }";
    expect(stop, sale, 400, "", "no_upline 80, ineligible 200, blocked 120");
}

#[test]
fn a_share_of_a_share() {
    let sale = r#"{"id": 1, "buyer": "D", "lines": [{"paid": 10000}], "upline": ["C", "B", "A"]}"#;
    let rule = "of = { base = \"paid\", times = \"40%\" }\npay = { levels = [\"50%\", \"30%\", \"20%\"] }";
    expect(rule, sale, 4000, "C 2000, B 1200, A 800", "");
}

#[test]
fn per_line_per_order_per_unit() {
    let sale = r#"{"id": 1, "buyer": "D", "upline": ["C", "B"],
        "lines": [{"paid": 6666}, {"paid": 6666}, {"paid": 6667}]}"#;
    let rule = |per: &str| {
        format!("round = {{ mode = \"floor\", per = \"{per}\" }}\npay = {{ levels = [\"10%\", \"5%\"] }}")
    };
    expect(&rule("line"), sale, 2997, "C 666, B 333, C 666, B 333, C 666, B 333", "");
    expect(&rule("order"), sale, 2998, "C 1999, B 999", "");
    // 9.99 a piece, ten pieces: 7 % of one is 0.69.
    let sale = r#"{"id": 1, "buyer": "D", "upline": ["C", "B"], "lines": [{"paid": 9990, "units": 10}]}"#;
    let rule = "round = { per = \"unit\" }\npay = { levels = [\"7%\", \"3%\"] }";
    expect(rule, sale, 980, "C 690, B 290", "");
}

#[test]
fn a_tie_of_a_share_and_a_fixed_amount() {
    let sale = r#"{"id": 1, "buyer": "D", "upline": ["C"],
        "lines": [{"paid": 1}, {"paid": 9, "units": 3, "override": {"r": [1]}}]}"#;
    let rule = |mode: &str| {
        format!("round = {{ mode = \"{mode}\", per = \"order\" }}\npay = {{ levels = [\"50%\"] }}")
    };
    // 0.5 and 3 are 3.5, rounded once.
    expect(&rule("half_even"), sale, 4, "C 4", "");
    expect(&rule("half_odd"), sale, 3, "C 3", "");
}

#[test]
fn half_cents() {
    let half = |base: i64, rate: &str, rows: &str, pool: i64| {
        let sale = format!(r#"{{"id": 1, "buyer": "D", "upline": ["C"], "lines": [{{"paid": {base}}}]}}"#);
        expect(&format!("round = \"half_away\"\npay = {{ levels = [\"{rate}\"] }}"), &sale, pool, rows, "");
    };
    half(15, "10%", "C 2", 2);
    half(1, "50%", "C 1", 1);
    half(7, "20%", "C 1", 1);
    half(2, "20%", "", 0);
    half(3335, "10%", "C 334", 334);
}

#[test]
fn fixed_amounts_and_minima() {
    let sale = r#"{"id": 1, "buyer": "D", "upline": ["A", "B"],
        "lines": [{"paid": 35200, "units": 4, "override": {"r": [235, 110]}}]}"#;
    expect("pay = { levels = [\"10%\", \"5%\"] }", sale, 1380, "A 940, B 440", "");
    let sale = r#"{"id": 1, "buyer": "D", "upline": ["A"], "lines": [{"paid": 90}, {"paid": 100}]}"#;
    let rule = "round = { mode = \"half_away\", min = 6 }\npay = { levels = [\"6%\"] }";
    expect(rule, sale, 11, "A 6", "below_minimum 5");
}

#[test]
fn the_buyer_first_when_the_sale_says_so() {
    let rule = r#"
        of = "list"
        to = [{ self = true, when = { self_purchase = true } }, { up = "referral" }]
        pay = { levels = ["10%", "5%"] }
    "#;
    let sale = |own: bool| {
        format!(
            r#"{{"id": 1, "buyer": "D", "upline": ["A", "B"], "facts": {{"self_purchase": {own}}},
                "lines": [{{"paid": 1, "list": 5880}}]}}"#
        )
    };
    expect(rule, &sale(true), 882, "D 588, A 294", "");
    expect(rule, &sale(false), 882, "A 588, B 294", "");
}

#[test]
fn each_at_the_rate_of_their_rank() {
    let rule = r#"pay = { levels = { any = ["10%", "5%"], V1 = ["12.5%", "7%"], V2 = ["20%", "6%"] } }"#;
    let sale = r#"{"id": 1, "buyer": 9, "lines": [{"paid": 12800}],
        "upline": [{"id": "A", "rank": "V1"}, {"id": "B", "rank": "V2"}]}"#;
    expect(rule, sale, 2368, "A 1600, B 768", "");
}

#[test]
fn staff_agent_and_division_share_one_differential() {
    let rule = r#"
        to = [{ up = "referral", limit = 1, as = "inviter" }, { roles = ["staff", "agent", "division"] }]
        [rule.pay.differential]
        inviter = "5%"
        staff = { fact = "percent" }
        agent = { fact = "percent" }
        division = { fact = "percent" }
    "#;
    let sale = |inviter: &str| {
        format!(
            r#"{{"id": 1, "buyer": 9, "lines": [{{"paid": 19900}}], "upline": ["{inviter}", "X"], "roles": {{
                "staff": {{"id": "S", "percent": "8%"}}, "agent": {{"id": "G", "percent": "15%"}},
                "division": {{"id": "V", "percent": "20%"}}}}}}"#
        )
    };
    expect(rule, &sale("U"), 3980, "U 995, S 597, G 1393, V 995", "");
    // Who was found first keeps the label of that stop: the inviter's 5 %.
    expect(rule, &sale("S"), 3980, "S 995, G 1990, V 995", "");
}

/// 5 %, 8 %, 12 % and 15 % by rank, and people of these ranks.
fn differential(keys: &str, ranks: &[&str], pool: i64, rows: &str, retained: &str) {
    let rule = format!(
        "{keys}\npay = {{ differential = {{ V1 = \"5%\", V2 = \"8%\", V3 = \"12%\", V4 = \"15%\" }} }}"
    );
    let person = |(at, rank): (usize, &&str)| format!(r#"{{"id": {}, "rank": "{rank}"}}"#, at + 1);
    let upline: Vec<_> = ranks.iter().enumerate().map(person).collect();
    let sale = format!(
        r#"{{"id": 1, "buyer": 99, "lines": [{{"paid": 99999}}], "upline": [{}]}}"#,
        upline.join(",")
    );
    expect(&rule, &sale, pool, rows, retained);
}

#[test]
fn differential_takes_what_is_left_below_the_own_rate() {
    differential("", &["V2", "V1", "V3", "V3", "V4"], 14_999, "1 7999, 3 4000, 5 3000", "");
    differential("", &["V3", "V3"], 14_999, "1 11999", "unreached_rank 3000");
    differential("", &[], 14_999, "", "no_upline 14999");
}

#[test]
fn differential_with_somebody_who_does_not_qualify() {
    let expect = |mode: &str, rows: &str, retained: &str| {
        let keys = format!("qualify = {{ rank = [\"V1\", \"V3\"] }}\nunqualified = \"{mode}\"");
        differential(&keys, &["V1", "V2", "V3"], 14_999, rows, retained);
    };
    expect("retain", "1 4999, 3 4000", "ineligible 3000, unreached_rank 3000");
    expect("compress", "1 4999, 3 7000", "unreached_rank 3000");
    expect("compress_by_level", "1 4999, 3 7000", "unreached_rank 3000");
    expect("roll_up", "1 4999, 3 3000, 3 4000", "unreached_rank 3000");
    expect("stop", "1 4999", "ineligible 3000, blocked 7000");
}

#[test]
fn three_equal_refunds_of_a_differential() {
    let plan = plan("pay = { differential = { V1 = \"5%\", V2 = \"8%\", V3 = \"12%\", V4 = \"15%\" } }");
    let sale = r#"{"id": 1, "buyer": 9, "lines": [{"paid": 99999, "units": 3}], "upline": [
        {"id": "A", "rank": "V2"}, {"id": "B", "rank": "V1"},
        {"id": "C", "rank": "V3"}, {"id": "E", "rank": "V4"}]}"#;
    let sale = read_json(sale, 1 << 20).unwrap();
    let third = Refund::from([("1".to_owned(), (1, 33_333))]);
    let steps = Naive::HONEST.reverse(&plan, &sale, &[third.clone(), third.clone(), third]).unwrap();
    let posted: Vec<String> = steps
        .iter()
        .map(|step| {
            step.rows
                .iter()
                .map(|((_, payee, _), amount)| format!("{payee} {amount}"))
                .collect::<Vec<_>>()
                .join(", ")
        })
        .collect();
    assert_eq!(
        posted,
        ["A -2666, C -1334, E -1000", "A -2667, C -1333, E -1000", "A -2666, C -1333, E -1000"]
    );
}

#[test]
fn a_share_of_units_is_cut_from_each_row() {
    let plan = plan("reverse = \"share_of_units\"\npay = { levels = [\"10%\"] }");
    let sale = r#"{"id": 1, "buyer": 9, "lines": [{"paid": 10000, "units": 3}], "upline": ["A"]}"#;
    let sale = read_json(sale, 1 << 20).unwrap();
    let one = Refund::from([("1".to_owned(), (1, 3_333))]);
    let steps = Naive::HONEST.reverse(&plan, &sale, &[one.clone(), one.clone(), one]).unwrap();
    let posted: Vec<_> = steps.iter().flat_map(|step| step.rows.values().map(ToString::to_string)).collect();
    assert_eq!(posted, ["-333", "-333", "-334"]);
}

#[test]
fn only_goods_earn() {
    let sale = r#"{"id": 1, "buyer": 9, "upline": ["A"],
        "lines": [{"paid": 1000}, {"paid": 5000, "purpose": "joining"}]}"#;
    expect("pay = { levels = [\"10%\"] }", sale, 100, "A 100", "");
    let opened = "when = { purpose = [\"goods\", \"joining\"] }\npay = { levels = [\"10%\"] }";
    expect(opened, sale, 100, "A 100", "");
    expect(
        &format!("{opened}\n[allow]\nr = \"members pay for a starter kit\""),
        sale,
        600,
        "A 100, A 500",
        "",
    );
}
