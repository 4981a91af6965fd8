//! `explain --quote`: a support person reads why a price is what it is.

use crate::run::Folder;
use fenrun::doc::{Node, read_json};
use fenrun::operations::run;

fn quote() -> Node {
    let input = r#"{"catalog": {"currency": "CNY", "skus": [{"id": "tea", "list": 10000}, {"id": "cup", "list": 3333}]},
        "cart": {"lines": [{"id": 1, "sku": "tea", "units": 2}, {"id": 2, "sku": "cup"}]},
        "policy": {"version": "v7", "shipping": 800, "cash_rounding": {"to": 10},
            "points": {"worth": "1/100", "max_share": "10%"},
            "rules": [{"id": "ten", "off": "10%", "max_off": 2000},
                      {"id": "new", "coupon": true, "off": 5000, "min_subtotal": 30000},
                      {"id": "spring", "off": "20%", "until": 5}]},
        "coupons": ["new"], "points": {"balance": 12345, "use": "all"}, "now": 5}"#;
    run("quote", None, &read_json(input, 10_000).unwrap()).unwrap()
}

#[test]
fn each_rule_has_its_line_in_two_languages() {
    let folder = Folder::with(&[("quote.json", quote().to_json().as_str())]);
    let english = folder.run("explain --quote quote.json").ended(0);
    let wanted = "\
1 base price `base_price`: 233.33; 0.00 → 233.33; line 1 200.00, line 2 33.33
3 cart rule `spring`: not charged or not applied — it is over
3 cart rule `ten`: 233.33 × 1/10 (half_away), at most 20.00 = 20.00; 233.33 → 213.33; line 1 −17.14, line 2 −2.86
4 coupon `new`: not charged or not applied — the goods in its scope are below its threshold
5 points `points`: 12300 × 1/100 (down) = 1.23; 213.33 → 212.10; line 1 −1.05, line 2 −0.18
6 shipping `shipping`: 8.00; 212.10 → 220.10; line 1 6.86, line 2 1.14
9 cash rounding `cash_rounding`: to multiples of 0.10 (down); 220.10 → 220.10
goods 212.10 · shipping 8.00 · added tax 0.00 · cash rounding 0.00 · to pay 220.10 · before discounts 233.33 CNY
policy v7 · valid until 1970-01-01T00:30:00.005Z
";
    assert_eq!(english, wanted);
    let chinese = folder.run("explain --quote quote.json --lang zh").ended(0);
    assert!(chinese.contains("4 优惠券 `new`：未计入 — 适用商品未达到金额门槛"), "{chinese}");
    assert!(chinese.contains("应付 220.10"), "{chinese}");
    let document = folder.run("explain --quote quote.json --json").document(0);
    assert_eq!(document.get("quote"), Some(&quote()));
}

#[test]
fn gifts_and_parts_of_lines_are_named() {
    let input = r#"{"catalog": {"currency": "CNY", "skus": [{"id": "tea", "list": 1000}, {"id": "cup", "list": 500}]},
        "cart": {"lines": [{"id": 1, "sku": "tea", "units": 3}]},
        "policy": {"rules": [{"id": "a", "off": 100, "priority": -1}, {"id": "b", "buy_get": {"buy": 2}},
                             {"id": "g", "gift": {"sku": "cup", "units": 2}}]}}"#;
    let quote = run("quote", None, &read_json(input, 10_000).unwrap()).unwrap().to_json();
    let folder = Folder::with(&[("quote.json", quote.as_str())]);
    let english = folder.run("explain --quote quote.json").ended(0);
    let part = "`b`: 9.66 for each line; of line 1 count 1 of 3 units; 29.00 → 19.33; line 1 −9.67\n";
    assert!(english.contains(part), "{english}");
    assert!(english.contains("`g`: 0.00; 19.33 → 19.33; 2 units of the gift cup\n"), "{english}");
    let chinese = folder.run("explain --quote quote.json --lang zh").ended(0);
    assert!(chinese.contains("2 件赠品 cup") && chinese.contains("行 1 计 3 件中的 1 件"), "{chinese}");
}

#[test]
fn a_changed_quote_is_not_explained() {
    let changed = quote().to_json().replace("\"total\":22010", "\"total\":1");
    let folder = Folder::with(&[("quote.json", changed.as_str())]);
    let message = folder.run("explain --quote quote.json").failed(2);
    assert!(
        message.contains("quote.json: quote: nets, shipping, added tax and rounding are not the total"),
        "{message}"
    );
    assert_eq!(folder.run("explain --quote quote.json --plan preset:two_level").code, 2);
}
