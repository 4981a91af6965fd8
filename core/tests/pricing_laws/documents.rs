//! Quotes and policies as documents, short prices, and pricing again.

use crate::input::Input;
use crate::laws::cases;
use fenrun::Code;
use fenrun::doc::{Node, read_json};
use fenrun::id::{LineId, SkuId};
use fenrun::money::Currency;
use fenrun::time::Timestamp;
use fenrun::trade::cart::{Cart, Selection};
use fenrun::trade::catalog::{Catalog, Shelf, Sku};
use fenrun::trade::pricing::{Policy, PricingFacts, Quote, price, quote};

#[test]
fn a_price_is_a_quote_without_words() {
    for seed in 0..cases(1_000) {
        let input = Input::new(seed);
        let (cart, catalog, policy) = (input.cart(), input.catalog(), input.policy());
        let short = price(&cart, &catalog, &policy, &input.facts).unwrap();
        let long = quote(&cart, &catalog, &policy, &input.facts).unwrap();
        let sums = (short.total, short.subtotal, short.shipping, short.tax, short.added_tax, short.rounding);
        let wanted =
            (long.total(), long.subtotal(), long.shipping(), long.tax(), long.added_tax(), long.rounding());
        assert_eq!(sums, wanted, "seed {seed}");
        assert_eq!(short.points_used, long.points_used());
        for (line, quoted) in short.lines.iter().zip(long.lines()) {
            let component = |name: &str| quoted.sold.components[name];
            assert_eq!((line.net, line.shipping), (quoted.sold.paid(), component("shipping")));
            assert_eq!(line.tax + line.shipping_tax, component("tax"));
            let units = i64::try_from(line.units).unwrap();
            assert_eq!(line.amount, line.unit_price * units);
            assert_eq!(component("list"), line.sku.list * units);
            assert_eq!(component("cost"), line.sku.cost.unwrap() * units);
            assert_eq!(component("pv"), line.sku.volumes["pv"] * units);
            let member = line.sku.member.map(|member| member * units);
            assert_eq!(quoted.sold.components.get("member").copied(), member);
        }
    }
}

#[test]
fn documents_read_back() {
    for seed in 0..cases(1_000) {
        let input = Input::new(seed);
        let long = quote(&input.cart(), &input.catalog(), &input.policy(), &input.facts).unwrap();
        assert_eq!(Quote::from_node(&long.to_node()).unwrap(), long, "seed {seed}");
        assert_eq!(Policy::from_node(&input.policy().to_node()).unwrap(), input.policy(), "seed {seed}");
    }
}

#[test]
fn the_same_price_again_has_no_differences() {
    for seed in 0..cases(1_000) {
        let input = Input::new(seed);
        let (catalog, policy) = (input.catalog(), input.policy());
        let long = quote(&input.cart(), &catalog, &policy, &input.facts).unwrap();
        let again = long.reprice(&catalog, &policy, &input.facts).unwrap();
        assert_eq!(again.differences, [], "seed {seed}");
        assert_eq!(again.confirmed().unwrap(), long);
    }
}

fn tea() -> (Catalog, Cart, Policy) {
    let mut catalog = Catalog::new(Currency::CNY);
    catalog.put(Sku { member: Some(9000), ..Sku::new(SkuId::from(1), 10_000) }).unwrap();
    let mut cart = Cart::default();
    cart.add(&catalog, LineId::from(1), SkuId::from(1), 3).unwrap();
    let rule = r#"{"version":"v7","shipping":0,"rules":[{"id":"ten","off":"10%","min_subtotal":20000}]}"#;
    (catalog, cart, Policy::from_node(&read_json(rule, 1000).unwrap()).unwrap())
}

#[test]
fn what_changed_since_the_quote_is_named() {
    let (mut catalog, cart, policy) = tea();
    let quoted = quote(&cart, &catalog, &policy, &PricingFacts::default()).unwrap();
    catalog.put(Sku::new(SkuId::from(1), 11_000)).unwrap();
    let again = quoted.reprice(&catalog, &policy, &PricingFacts::default()).unwrap();
    let named: Vec<_> = again.differences.iter().map(|difference| difference.what.as_str()).collect();
    assert_eq!(named, ["line 1: unit_price", "line 1: paid", "total"]);
    let error = again.confirmed().unwrap_err();
    assert_eq!(error.code(), Code::InvalidQuote);
    let wanted = "quote: the price has changed: line 1: unit_price was 10000, is 11000; \
                  line 1: paid was 27000, is 29700; total was 27000, is 29700";
    assert_eq!(error.message(), wanted);
    let late = PricingFacts { now: Timestamp::from_ms(1_800_001), ..PricingFacts::default() };
    assert_eq!(quoted.reprice(&catalog, &policy, &late).unwrap_err().code(), Code::InvalidQuote);
    assert!(quoted.check_valid(Timestamp::from_ms(1_800_000)).is_ok());
}

#[test]
fn a_changed_quote_is_refused() {
    let (catalog, cart, policy) = tea();
    let node = quote(&cart, &catalog, &policy, &PricingFacts::default()).unwrap().to_node();
    let text = node.to_json();
    for (from, to) in [
        ("\"total\":27000", "\"total\":2700"),
        ("\"paid\":27000", "\"paid\":1"),
        ("\"policy_version\":\"v7\"", "\"policy_version\":\"v8\""),
        ("\"valid_until\":1800000", "\"valid_until\":9900000"),
        ("\"list\":30000", "\"list\":0"),
        ("\"subtotal\":30000", "\"subtotal\":30001"),
        ("\"added_tax\":0", "\"added_tax\":-1"),
        ("\"rounding\":0", "\"rounding\":1"),
    ] {
        assert!(text.contains(from), "{text}");
        let changed = read_json(&text.replacen(from, to, 1), 10_000).unwrap();
        assert_eq!(Quote::from_node(&changed).unwrap_err().code(), Code::InvalidQuote, "{to}");
    }
    let Node::Map(mut map) = node else { panic!() };
    map.remove("quote_hash");
    assert_eq!(Quote::from_node(&Node::Map(map)).unwrap_err().code(), Code::MissingKey);
}

#[test]
fn what_cannot_be_priced_is_refused() {
    let (mut catalog, mut cart, policy) = tea();
    let code = |catalog: &Catalog, cart: &Cart| {
        quote(cart, catalog, &policy, &PricingFacts::default()).unwrap_err().code()
    };
    catalog.shelve(&SkuId::from(1), Shelf::Off).unwrap();
    assert_eq!(code(&catalog, &cart), Code::InvalidCart);
    catalog.put(Sku::new(SkuId::from(1), i64::MAX)).unwrap();
    assert_eq!(code(&catalog, &cart), Code::Overflow);
    catalog.put(Sku { shipping_template: Some("x".into()), ..Sku::new(SkuId::from(1), 5) }).unwrap();
    assert_eq!(code(&catalog, &cart), Code::InvalidCart);
    cart.select(&LineId::from(1), Selection::Waiting).unwrap();
    assert_eq!(code(&catalog, &cart), Code::InvalidCart);
}

/// A line that has the id of a gift's line is refused by the short price too, and named.
#[test]
fn a_gift_has_its_line_for_itself() {
    let mut catalog = Catalog::new(Currency::CNY);
    catalog.put(Sku::new(SkuId::from(1), 1000)).unwrap();
    let mut cart = Cart::default();
    cart.add(&catalog, LineId::new("gift-g").unwrap(), SkuId::from(1), 2).unwrap();
    let policy = |text: &str| Policy::from_node(&read_json(text, 1000).unwrap()).unwrap();
    let clash = policy(r#"{"rules":[{"id":"g","gift":{"sku":1}}]}"#);
    let facts = PricingFacts::default();
    let error = price(&cart, &catalog, &clash, &facts).unwrap_err();
    assert_eq!(error.message(), "cart: line gift-g has the id of a gift's line");
    assert_eq!(quote(&cart, &catalog, &clash, &facts).unwrap_err(), error);
    // Where the rule gives nothing, the id is free.
    let none = policy(r#"{"rules":[{"id":"g","min_units":3,"gift":{"sku":1}}]}"#);
    assert!(price(&cart, &catalog, &none, &facts).unwrap().gifts.is_empty());
}

#[test]
fn policies_cannot_be_built_wrong() {
    for text in [
        r#"{"rules":[{"id":"a","off":"101%"}]}"#,
        r#"{"rules":[{"id":"a","off":0}]}"#,
        r#"{"rules":[{"id":"a","off":-5}]}"#,
        r#"{"rules":[{"id":"a","off":5},{"id":"a","off":6}]}"#,
        r#"{"rules":[{"id":"a","off":5,"min_subtotal":-1}]}"#,
        r#"{"rules":[{"id":"a","off":5,"test_on":"moon"}]}"#,
        r#"{"rules":[{"id":"a","off":5,"from":9,"until":9}]}"#,
        r#"{"rules":[{"id":"a","off":5,"group":"g"}]}"#,
        r#"{"rules":[{"id":"a","off":5,"max_off":0}]}"#,
        r#"{"rules":[{"id":"a","off":5,"limit_units":3}]}"#,
        r#"{"rules":[{"id":"a","off":5,"budget":-1}]}"#,
        r#"{"rules":[{"id":"a","off_each":"101%"}]}"#,
        r#"{"rules":[{"id":"a","off_each":5,"max_units":0}]}"#,
        r#"{"rules":[{"id":"a","off_each":5,"rounds":"price"}]}"#,
        r#"{"rules":[{"id":"a","price":-1}]}"#,
        r#"{"rules":[{"id":"a","price":{}}]}"#,
        r#"{"rules":[{"id":"a","order_price":-1}]}"#,
        r#"{"rules":[{"id":"a","ladder":[]}]}"#,
        r#"{"rules":[{"id":"a","ladder":[{"min_subtotal":5,"off":1},{"min_subtotal":5,"off":2}]}]}"#,
        r#"{"rules":[{"id":"a","every":{"amount":10,"off":11}}]}"#,
        r#"{"rules":[{"id":"a","buy_get":{"buy":0}}]}"#,
        r#"{"rules":[{"id":"a","buy_get":{"off":"101%"}}]}"#,
        r#"{"rules":[{"id":"a","gift":{"sku":"g","units":0}}]}"#,
        r#"{"rules":[{"id":"a","stage":"shipping","order_price":1}]}"#,
        r#"{"rules":[{"id":"a","stage":"points","off":1}]}"#,
        r#"{"rules":[{"id":"a"}]}"#,
        r#"{"groups":{"g":{"not_with":["h"]}}}"#,
        r#"{"groups":{"g":"any"}}"#,
        r#"{"tiers":{"gold":"101%"}}"#,
        r#"{"points":{"worth":"0"}}"#,
        r#"{"points":{"worth":"1","max_share":"101%"}}"#,
        r#"{"points":{"worth":"1","multiple":0}}"#,
        r#"{"shipping":-1}"#,
        r#"{"shipping":{"templates":{"t":{"zones":[]}}}}"#,
        r#"{"shipping":{"templates":{"t":{"zones":[{"first_fee":-1}]}}}}"#,
        r#"{"shipping":{"templates":{"t":{"zones":[{"first_fee":1},{"first_fee":2}]}}}}"#,
        r#"{"shipping":{"tax_class":"none"}}"#,
        r#"{"tax":{"default":"none"}}"#,
        r#"{"tax":{"classes":{"t":"-1%"}}}"#,
        r#"{"cash_rounding":{"to":0}}"#,
        r#"{"valid_ms":-1}"#,
        r#"{"version":""}"#,
        r#"{"round":"half_up"}"#,
        r#"{"shiping":1}"#,
    ] {
        let node = read_json(text, 1000).unwrap();
        assert!(Policy::from_node(&node).is_err(), "{text}");
    }
}
