//! Orders placed with a quote: the coupons and points it used, and no others.

use crate::Shop;
use fenrun::Code;
use fenrun::doc::{Node, read_json};

/// Three of 10.00 with a coupon of 1.00, one that its threshold refuses, one nobody presents, and points.
fn quoted() -> String {
    let asked = r#"{"catalog":{"currency":"CNY","skus":[{"id":"s","list":1000}]},
        "cart":{"lines":[{"id":"a","sku":"s","units":3}]},
        "policy":{"rules":[{"id":"c","coupon":true,"off":100},{"id":"big","coupon":true,"off":500,"min_subtotal":9000},
            {"id":"other","coupon":true,"off":200}],"points":{"worth":"1/10"}},
        "coupons":["c","big"],"points":{"balance":700,"use":500},"now":0}"#;
    let quote = fenrun::operations::run("quote", None, &read_json(asked, 10_000).unwrap()).unwrap();
    assert_eq!(quote.get("coupons").unwrap().to_json(), r#"["c"]"#);
    assert_eq!((quote.get("points_used"), quote.get("total")), (Some(&500.into()), Some(&2850.into())));
    quote.to_json()
}

fn tokens(shop: &Shop) -> String {
    let data = shop.stream.events().last().unwrap().to_node();
    data.get("data").and_then(|data| data.get("tokens")).map_or_else(|| "none".into(), Node::to_json)
}

#[test]
fn a_quote_says_which_coupons_and_points_it_takes() {
    let (quote, buyer) = (quoted(), r#""sale":{"buyer":"B"}"#);
    let mut shop = Shop::with(&format!(r#"{{"quote":{quote},{buyer}}}"#));
    let filled = r#"[{"amount":1,"id":"c","kind":"coupon"},{"amount":500,"id":"B","kind":"points"}]"#;
    assert_eq!(tokens(&shop), filled);
    // What the host names it knows better: its own number of the coupon, another account.
    let named =
        r#"[{"kind":"coupon","id":"c-4711","rule":"c"},{"kind":"points","id":"family","amount":500}]"#;
    let other = Shop::with(&format!(r#"{{"quote":{quote},"tokens":{named}}}"#));
    let kept = r#"[{"amount":1,"id":"c-4711","kind":"coupon","rule":"c"},{"amount":500,"id":"family","kind":"points"}]"#;
    assert_eq!(tokens(&other), kept);
    // An edit takes them from the buyer of the order.
    shop.ok(r#"{"capture":{"transaction_id":"t","amount":2850}}"#);
    shop.ok(&format!(r#"{{"edit":{{"quote":{quote}}}}}"#));
    assert_eq!(tokens(&shop), filled);
    let mut shop = Shop::new();
    shop.refused(Code::InvalidCommand, &format!(r#"{{"place":{{"quote":{quote}}}}}"#));
    let fewer = r#""tokens":[{"kind":"points","id":"B","amount":499}]"#;
    shop.refused(Code::InvalidCommand, &format!(r#"{{"place":{{"quote":{quote},{buyer},{fewer}}}}}"#));
}

/// Two coupons took something off: naming one of them leaves the other to be used again.
#[test]
fn no_coupon_of_a_quote_is_forgotten() {
    let asked = r#"{"catalog":{"currency":"CNY","skus":[{"id":"s","list":1000}]},
        "cart":{"lines":[{"id":"a","sku":"s"}]},
        "policy":{"rules":[{"id":"c","coupon":true,"off":100},{"id":"d","coupon":true,"off":200}]},
        "coupons":["c","d"]}"#;
    let quote = fenrun::operations::run("quote", None, &read_json(asked, 10_000).unwrap()).unwrap().to_json();
    let place = |tokens: &str| format!(r#"{{"place":{{"quote":{quote},"tokens":[{tokens}]}}}}"#);
    let (one, other) = (r#"{"kind":"coupon","id":"c"}"#, r#"{"kind":"coupon","id":"d-1","rule":"d"}"#);
    Shop::new().refused(Code::InvalidCommand, &place(one)).ok(&place(&format!("{one},{other}")));
}

/// Coupons and points that the quote did not use are not taken: who named them is told which.
#[test]
fn nothing_is_taken_that_a_quote_did_not_use() {
    let message = |place: &str| Shop::new().send(place).unwrap_err().to_string();
    let place = |quote: &str, tokens: &str| {
        format!(r#"{{"place":{{"quote":{quote},"tokens":[{tokens}],"sale":{{"buyer":"B"}}}}}}"#)
    };
    let coupon = |id: &str| format!(r#"{{"kind":"coupon","id":"{id}"}}"#);
    let (quote, one) = (quoted(), coupon("c"));
    let wanted = [
        (format!("{one},{}", coupon("d-1")), "place: `tokens` name coupon d-1; the quote uses c"),
        (coupon("other"), "place: `tokens` name coupon other; the quote uses c"),
        (
            format!("{one},{one}"),
            "place: `tokens` name coupon c twice; a quote uses each of its coupons once",
        ),
        (
            r#"{"kind":"coupon","id":"c","amount":5}"#.to_owned(),
            "place: `tokens` name coupon c with an amount of 5; a quote uses each of its coupons once",
        ),
        (
            r#"{"kind":"points","id":"family","amount":501}"#.to_owned(),
            "place: the quote uses 500 points, `tokens` name 501 of family",
        ),
        (
            r#"{"kind":"points","id":"family","amount":500,"rule":"c"}"#.to_owned(),
            "place: tokens[0]: `rule` is a coupon's; points have none",
        ),
    ];
    for (tokens, rule) in &wanted {
        let error = message(&place(&quote, tokens));
        assert!(error.contains(rule), "{error}");
    }
    let plain = r#"{"catalog":{"currency":"CNY","skus":[{"id":"s","list":1000}]},
        "cart":{"lines":[{"id":"a","sku":"s"}]},"policy":{}}"#;
    let plain = fenrun::operations::run("quote", None, &read_json(plain, 10_000).unwrap()).unwrap().to_json();
    let error = message(&place(&plain, &one));
    assert!(error.contains("`tokens` name coupon c; the quote uses no coupon"), "{error}");
    let error = message(&place(&plain, &wanted[4].0));
    assert!(error.contains("the quote uses no points, `tokens` name 501 of family"), "{error}");
    // An edit says so of itself.
    let mut shop = Shop::new();
    shop.ok(&place(&plain, "")).ok(r#"{"capture":{"transaction_id":"t","amount":1000}}"#);
    for (tokens, rule) in &wanted {
        let error = shop.send(&format!(r#"{{"edit":{{"quote":{quote},"tokens":[{tokens}]}}}}"#)).unwrap_err();
        assert!(error.to_string().contains(&rule.replace("place:", "edit:")), "{error}");
    }
    let line = r#"{"edit":{"currency":"CNY","lines":[{"id":1,"units":1}]}}"#;
    let error = shop.send(line).unwrap_err().to_string();
    assert!(error.starts_with("edit: line 1 does not state `paid`"), "{error}");
}

/// Units are no money: who is told that they do not fit is told of which rule.
#[test]
fn a_gift_of_too_many_units_names_its_rule() {
    let asked = r#"{"catalog":{"currency":"CNY","skus":[{"id":"s","list":0}]},
        "cart":{"lines":[{"id":"a","sku":"s","units":4}]},
        "policy":{"rules":[{"id":"g","gift":{"sku":"s","units":9223372036854775807,"every_units":2}}]}}"#;
    let error = fenrun::operations::run("quote", None, &read_json(asked, 10_000).unwrap()).unwrap_err();
    assert_eq!(error.code(), Code::Overflow);
    let rule =
        "rule g: a gift of 2 times 9223372036854775807 units does not fit a signed 64-bit count of units";
    assert!(error.to_string().contains(rule), "{error}");
}

/// One unit of it is worth so much that all of them have no value: the line says which rule gives them.
#[test]
fn a_gift_worth_too_much_names_its_line_and_the_value() {
    let asked = r#"{"catalog":{"currency":"CNY","skus":[{"id":"s","list":500}]},
        "cart":{"lines":[{"id":"a","sku":"s"}]},
        "policy":{"rules":[{"id":"g","gift":{"sku":"s","units":9223372036854775807}}]}}"#;
    let error = fenrun::operations::run("quote", None, &read_json(asked, 10_000).unwrap()).unwrap_err();
    assert_eq!(error.code(), Code::Overflow);
    let rule =
        "line gift-g: `list`, 500 for each of 9223372036854775807 units, does not fit a signed 64-bit amount";
    assert!(error.to_string().contains(rule), "{error}");
}
