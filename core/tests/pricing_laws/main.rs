//! The laws of pricing, each shown to catch planted mutants.
//!
//! The laws are written over the trait [`Pricer`]; the rules of the page are computed anew in [`expected`],
//! in whole numbers and without the engine. The engine keeps all laws; with one [`Fault`] planted it has
//! to break the law that fault belongs to.

#![allow(clippy::unwrap_used, clippy::panic)]

mod pricer;

use fenrun::Code;
use fenrun::doc::{Node, read_json};
use fenrun::id::{LineId, SkuId};
use fenrun::money::{Currency, Rate, Rounding};
use fenrun::trade::cart::{Cart, Selection};
use fenrun::trade::catalog::{Catalog, Shelf, Sku};
use fenrun::trade::pricing::{
    CartRule, Effect, Policy, PolicyDraft, PricingFacts, Quote, TestOn, Tier, Verdict, price, quote,
};
use pricer::{Engine, Fault, Mutant, Pricer};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rule number, priority, threshold, whether it tests list prices, and a share or an amount off.
type RuleInput = (u64, i64, i64, bool, Result<u64, i64>);

/// A cart, a policy and a buyer, before they are built.
#[derive(Clone, Debug)]
struct Input {
    skus: Vec<(i64, Option<i64>)>,
    /// Line number, SKU, units, whether selected; in the order they were put into the cart.
    lines: Vec<(u64, usize, u64, bool)>,
    /// In the order of the policy.
    rules: Vec<RuleInput>,
    shipping: i64,
    member: bool,
}

impl Input {
    fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::new(Currency::CNY);
        for (at, (list, member)) in self.skus.iter().enumerate() {
            let id = SkuId::from(u64::try_from(at + 1).unwrap());
            let volumes = [("pv".to_owned(), list / 2)].into();
            catalog
                .put(Sku { member: *member, cost: Some(list / 3), volumes, ..Sku::new(id, *list) })
                .unwrap();
        }
        catalog
    }

    fn cart(&self) -> Cart {
        let (catalog, mut cart) = (self.catalog(), Cart::default());
        for (id, sku, units, selected) in &self.lines {
            let id = LineId::from(*id);
            let sku = SkuId::from(u64::try_from(sku % self.skus.len() + 1).unwrap());
            cart.add(&catalog, id.clone(), sku, *units).unwrap();
            let selection = if *selected { Selection::Selected } else { Selection::Waiting };
            cart.select(&id, selection).unwrap();
        }
        cart
    }

    fn policy(&self) -> Policy {
        let rule = |(id, priority, min_subtotal, list, effect): &RuleInput| CartRule {
            id: (*id).into(),
            priority: *priority,
            min_subtotal: *min_subtotal,
            test_on: if *list { TestOn::List } else { TestOn::Running },
            effect: match effect {
                Ok(permille) => Effect::PercentOff(Rate::new(*permille, 1000).unwrap()),
                Err(amount) => Effect::FixedOff(*amount),
            },
        };
        let rules = self.rules.iter().map(rule).collect();
        Policy::new(PolicyDraft { shipping: self.shipping, rules, ..PolicyDraft::default() }).unwrap()
    }

    fn facts(&self) -> PricingFacts {
        PricingFacts { tier: if self.member { Tier::Member } else { Tier::List }, ..PricingFacts::default() }
    }
}

/// An input, and the same one with its lines and rules put in another order.
fn input() -> impl Strategy<Value = (Input, Input)> {
    let sku = (0_i64..=300, prop::option::of(0_i64..=300));
    let line = (0_usize..4, 1_u64..=5, prop::bool::weighted(0.8));
    let effect = prop_oneof![(0_u64..=1000).prop_map(Ok), (1_i64..=1500).prop_map(Err)];
    let rule = (0_i64..3, 0_i64..=1200, any::<bool>(), effect);
    let parts = (
        prop::collection::vec(sku, 1..4),
        prop::collection::vec(line, 1..6),
        prop::collection::vec(rule, 0..4),
        0_i64..=50,
        any::<bool>(),
    );
    parts
        .prop_map(|(skus, mut lines, rules, shipping, member)| {
            lines[0].2 = true;
            let number = |at: usize| u64::try_from(at + 8).unwrap();
            let lines =
                lines.into_iter().enumerate().map(|(at, (sku, units, on))| (number(at), sku, units, on));
            let rules =
                rules.into_iter().enumerate().map(|(at, (a, b, c, effect))| (number(at), a, b, c, effect));
            Input { skus, lines: lines.collect(), rules: rules.collect(), shipping, member }
        })
        .prop_flat_map(|input| {
            let lines = Just(input.lines.clone()).prop_shuffle();
            let rules = Just(input.rules.clone()).prop_shuffle();
            (Just(input), lines, rules)
        })
        .prop_map(|(input, lines, rules)| (input.clone(), Input { lines, rules, ..input }))
}

macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

type Law = fn(&dyn Pricer, &Input, &Input) -> Result<(), String>;

/// The sums of a quote hold, and nothing is below zero.
fn sums(pricer: &dyn Pricer, input: &Input, _: &Input) -> Result<(), String> {
    let shown = pricer.quote(input);
    let selected = input.lines.iter().filter(|line| line.3).count();
    ensure!(shown.nets.len() == selected, "{} lines of {selected}", shown.nets.len());
    let sum = |amounts: &[i64]| amounts.iter().sum::<i64>();
    ensure!(sum(&shown.nets) + shown.shipping == shown.total, "nets and shipping are not the total");
    ensure!(sum(&shown.amounts) == shown.subtotal, "amounts are not the subtotal");
    ensure!(sum(&shown.shipping_shares) == shown.shipping, "shares of shipping are not the shipping");
    ensure!(shown.shipping == input.shipping, "shipping is {}", shown.shipping);
    let all = shown.nets.iter().chain(&shown.shipping_shares).chain(&shown.amounts);
    ensure!(all.copied().min().unwrap_or(0) >= 0 && shown.total >= 0, "below zero: {shown:?}");
    Ok(())
}

/// One rule as the page says: whether it applies, what it takes off, the shares and what is left over.
fn expected(nets: &[i64], units: &[i64], off: i64) -> (Vec<i64>, i64) {
    let subtotal: i64 = nets.iter().sum();
    let placed = off.min(subtotal);
    let weights = if subtotal == 0 { units } else { nets };
    let sum: i64 = weights.iter().sum();
    let mut shares: Vec<i64> = weights.iter().map(|weight| placed * weight / sum).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|at| (-(placed * weights[*at] % sum), *at));
    let missing = placed - shares.iter().sum::<i64>();
    for at in order.into_iter().take(usize::try_from(missing).unwrap()) {
        shares[at] += 1;
    }
    (shares, off - placed)
}

/// Each discount is what its rule says, rounded once, and is the sum of its shares and what no line could
/// take; a rule below its threshold takes nothing.
fn discounts(pricer: &dyn Pricer, input: &Input, _: &Input) -> Result<(), String> {
    let shown = pricer.quote(input);
    let policy = input.policy();
    let (mut nets, list_total) = (shown.amounts.clone(), shown.list_total);
    let entries: Vec<_> = shown.trace.iter().filter(|entry| entry.stage == 3).collect();
    ensure!(entries.len() == policy.rules.len(), "{} rules in the trace", entries.len());
    for (rule, entry) in policy.rules.iter().zip(entries) {
        ensure!(entry.rule == rule.id.as_str(), "rule {} in place of {}", entry.rule, rule.id);
        let running: i64 = nets.iter().sum();
        let tested = if rule.test_on == TestOn::List { list_total } else { running };
        let applies = tested >= rule.min_subtotal;
        ensure!((entry.verdict == Verdict::Applied) == applies, "rule {}: {:?}", rule.id, entry.verdict);
        let off = match rule.effect {
            Effect::FixedOff(amount) => amount,
            Effect::PercentOff(rate) => {
                let scaled = i128::from(running) * i128::from(rate.numerator());
                i64::try_from(Rounding::HalfAway.divide(scaled, i128::from(rate.denominator()))).unwrap()
            }
        };
        let (shares, unallocated) =
            if applies { expected(&nets, &shown.units, off) } else { (Vec::new(), 0) };
        ensure!(entry.shares == shares, "rule {}: {:?}, wanted {shares:?}", rule.id, entry.shares);
        ensure!(entry.unallocated == unallocated, "rule {}: {} left over", rule.id, entry.unallocated);
        for (net, share) in nets.iter_mut().zip(&shares) {
            *net -= share;
        }
    }
    ensure!(nets == shown.nets, "nets {:?}, wanted {nets:?}", shown.nets);
    Ok(())
}

/// The order in which lines and rules came says nothing.
fn permutation(pricer: &dyn Pricer, input: &Input, shuffled: &Input) -> Result<(), String> {
    let (left, right) = (pricer.quote(input), pricer.quote(shuffled));
    ensure!(left == right, "{left:?} in one order, {right:?} in another");
    Ok(())
}

/// Replaying the trace gives the amounts.
fn replay(pricer: &dyn Pricer, input: &Input, _: &Input) -> Result<(), String> {
    let shown = pricer.quote(input);
    let mut running = 0;
    let mut nets = vec![0; shown.nets.len()];
    let mut shipping = vec![0; shown.nets.len()];
    for entry in &shown.trace {
        ensure!(entry.before == running, "stage {} begins at {}, not {running}", entry.stage, entry.before);
        let sum: i64 = entry.shares.iter().sum();
        let applied = entry.verdict == Verdict::Applied;
        let exact = i128::from(entry.basis) * i128::from(entry.numerator);
        let amount = entry.rounding.divide(exact, i128::from(entry.denominator));
        ensure!(!applied || amount == i128::from(sum + entry.unallocated), "stage {}: {amount}", entry.stage);
        let sign = if entry.stage == 3 { -1 } else { 1 };
        running += sign * sum;
        ensure!(entry.after == running, "stage {} ends at {}, not {running}", entry.stage, entry.after);
        let target = if entry.stage == 6 { &mut shipping } else { &mut nets };
        for (amount, share) in target.iter_mut().zip(&entry.shares) {
            *amount += sign * share;
        }
    }
    let got = (&shown.nets, &shown.shipping_shares, shown.total);
    ensure!(got == (&nets, &shipping, running), "{got:?}, the trace says {nets:?}, {shipping:?}, {running}");
    Ok(())
}

/// Runs a law over the engine, then over each mutant, which has to be caught.
fn check(law: Law, mutants: &[Fault]) {
    let run = |cases: u32, law: &dyn Fn(&Input, &Input) -> Result<(), String>| {
        let cases = Config::default().cases.max(cases);
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let verdict = runner.run(&input(), |(input, other)| law(&input, &other).map_err(TestCaseError::fail));
        verdict.map_err(|error| error.to_string())
    };
    assert_eq!(run(1000, &|input, other| law(&Engine, input, other)), Ok(()), "the engine");
    assert!(mutants.len() >= 5);
    for fault in mutants {
        let caught = run(2000, &|input, other| {
            // A law catches a mutant by what it says, not by a panic on the way.
            let said = catch_unwind(AssertUnwindSafe(|| law(&Mutant(*fault), input, other)));
            said.unwrap_or(Ok(()))
        });
        assert!(caught.is_err(), "{fault:?} was not caught");
    }
}

#[test]
fn the_sums_of_a_quote_hold() {
    let mutants = [
        Fault::TotalForgetsShipping,
        Fault::ShippingSharesAreFloored,
        Fault::WaitingLinesCount,
        Fault::DiscountsOverdraw,
        Fault::TotalIsRounded,
        Fault::SubtotalIsAfterDiscounts,
    ];
    check(sums, &mutants);
}

#[test]
fn a_discount_is_its_shares() {
    let mutants = [
        Fault::LeftOverIsForgotten,
        Fault::RoundsThePrice,
        Fault::ThresholdIsAbove,
        Fault::ThresholdIgnoresList,
        Fault::LastShareTakesTheRest,
        Fault::DiscountsOverdraw,
    ];
    check(discounts, &mutants);
}

#[test]
fn the_order_of_lines_and_rules_says_nothing() {
    let mutants = [
        Fault::RulesRunAsWritten,
        Fault::LinesStandAsAdded,
        Fault::FirstAddedShips,
        Fault::HashKnowsTheOrder,
        Fault::LastAddedIsFree,
    ];
    check(permutation, &mutants);
}

#[test]
fn the_trace_explains_the_amounts() {
    let mutants = [
        Fault::TraceForgetsShipping,
        Fault::TraceForgetsARule,
        Fault::TraceEndsWhereItBegan,
        Fault::TraceSwapsShares,
        Fault::LeftOverIsForgotten,
        Fault::TotalIsRounded,
    ];
    check(replay, &mutants);
}

proptest! {
    #[test]
    fn a_price_is_a_quote_without_words((input, _) in input()) {
        let (cart, catalog, policy) = (input.cart(), input.catalog(), input.policy());
        let short = price(&cart, &catalog, &policy, input.facts()).unwrap();
        let long = quote(&cart, &catalog, &policy, input.facts()).unwrap();
        prop_assert_eq!((short.total, short.subtotal), (long.total(), long.subtotal()));
        for (line, quoted) in short.lines.iter().zip(long.lines()) {
            let component = |name: &str| quoted.sold.components[name];
            prop_assert_eq!((line.net, line.shipping), (quoted.sold.paid(), component("shipping")));
            prop_assert_eq!(line.amount, line.unit_price * i64::try_from(line.units).unwrap());
            let sku = catalog.on_sale(&line.sku).unwrap();
            let units = i64::try_from(line.units).unwrap();
            prop_assert_eq!(component("list"), sku.list * units);
            prop_assert_eq!(component("cost"), sku.cost.unwrap() * units);
            prop_assert_eq!(component("pv"), sku.volumes["pv"] * units);
            prop_assert_eq!(quoted.sold.components.get("member").copied(), sku.member.map(|m| m * units));
        }
    }

    #[test]
    fn documents_read_back((input, _) in input()) {
        let long = quote(&input.cart(), &input.catalog(), &input.policy(), input.facts()).unwrap();
        prop_assert_eq!(Quote::from_node(&long.to_node()).unwrap(), long);
        prop_assert_eq!(Policy::from_node(&input.policy().to_node()).unwrap(), input.policy());
        prop_assert_eq!(Cart::from_node(&input.cart().to_node()).unwrap(), input.cart());
        prop_assert_eq!(Catalog::from_node(&input.catalog().to_node()).unwrap(), input.catalog());
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
fn a_changed_quote_is_refused() {
    let (catalog, cart, policy) = tea();
    let node = quote(&cart, &catalog, &policy, PricingFacts::default()).unwrap().to_node();
    let text = node.to_json();
    for (from, to) in [
        ("\"total\":27000", "\"total\":2700"),
        ("\"paid\":27000", "\"paid\":1"),
        ("\"policy_version\":\"v7\"", "\"policy_version\":\"v8\""),
        ("\"valid_until\":1800000", "\"valid_until\":9900000"),
        ("\"list\":30000", "\"list\":0"),
        ("\"subtotal\":30000", "\"subtotal\":30001"),
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
fn members_pay_the_member_price_and_thresholds_say_what_they_test() {
    let (catalog, cart, policy) = tea();
    let facts = PricingFacts { tier: Tier::Member, ..PricingFacts::default() };
    let quoted = quote(&cart, &catalog, &policy, facts).unwrap();
    assert_eq!((quoted.subtotal(), quoted.total()), (27_000, 24_300));
    assert_eq!(quoted.trace().last().unwrap().stage, 6);
    assert_eq!(quoted.hash().len(), 64);
}

#[test]
fn what_cannot_be_priced_is_refused() {
    let (mut catalog, mut cart, policy) = tea();
    let code = |catalog: &Catalog, cart: &Cart| {
        quote(cart, catalog, &policy, PricingFacts::default()).unwrap_err().code()
    };
    catalog.shelve(&SkuId::from(1), Shelf::Off).unwrap();
    assert_eq!(code(&catalog, &cart), Code::InvalidCart);
    catalog.put(Sku::new(SkuId::from(1), i64::MAX)).unwrap();
    assert_eq!(code(&catalog, &cart), Code::Overflow);
    cart.select(&LineId::from(1), Selection::Waiting).unwrap();
    assert_eq!(code(&catalog, &cart), Code::InvalidCart);
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
        r#"{"rules":[{"id":"a"}]}"#,
        r#"{"shipping":-1}"#,
        r#"{"valid_ms":-1}"#,
        r#"{"version":""}"#,
        r#"{"round":"half_up"}"#,
        r#"{"shiping":1}"#,
    ] {
        let node = read_json(text, 1000).unwrap();
        assert!(Policy::from_node(&node).is_err(), "{text}");
    }
}
