//! Pricing by fenrun and by stateset-pricing 1.40, in turns in one process: nanoseconds a call.
//!
//! `cargo run --release --manifest-path benches/peers/stateset/Cargo.toml [PAGE]` prints a table and writes it
//! into the page, between its marks. The median of many rounds of
//! thread time is taken, so that other work on the machine counts little. The peer is given prices; it
//! neither looks SKUs up nor shares a discount over the lines, which fenrun does in every row.

mod decimal;

use cpu_time::ThreadTime;
use decimal::{DecimalCart, Off as DecimalOff};
use fenrun::id::{ExternalId, LineId, SkuId};
use fenrun::money::{Currency, Rate};
use fenrun::trade::cart::Cart;
use fenrun::trade::catalog::{Catalog, Sku};
use fenrun::trade::pricing::{
    Basket, Effect, Off, Policy, PolicyDraft, PricingFacts, Rule, ShippingTerms, price, quote,
};
use rust_decimal::Decimal;
use stateset_pricing::{
    LineDiscount, LineItem, OrderTotalInput, Promotion, PromotionContext, PromotionRule, RoundingPolicy,
    compute_order_total, evaluate_promotions,
};
use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;

const ROUNDS: usize = 60;
const CALLS: u32 = 2_000;
/// Where the table stands in the page.
const MARKS: (&str, &str) = ("<!-- prices, written by make bench -->\n", "<!-- end of prices -->");

/// A row of the table: what is measured, the goal, and one call of it.
type Row<'a> = (&'static str, &'static str, Box<dyn FnMut() + 'a>);

struct Shop {
    catalog: Catalog,
    cart: Cart,
    policy: Policy,
    facts: PricingFacts,
}

fn shop(lines: u64, promotions: u64) -> Result<Shop, Box<dyn Error>> {
    let (mut catalog, mut cart) = (Catalog::new(Currency::USD), Cart::default());
    for id in 1..=lines {
        catalog.put(Sku::new(SkuId::from(id), 1999 + 137 * i64::try_from(id)?))?;
        cart.add(&catalog, LineId::from(id), SkuId::from(id), id % 3 + 1)?;
    }
    let rule = |id: u64| -> Result<Rule, Box<dyn Error>> {
        let effect = match id % 2 {
            0 => Effect::Off(Off::Fixed(500)),
            _ => Effect::Off(Off::Rate(Rate::new(id + 2, 100)?)),
        };
        Ok(Rule { min_subtotal: 1000, ..Rule::new(ExternalId::from(id), effect) })
    };
    let rules = (1..=promotions).map(rule).collect::<Result<_, _>>()?;
    let draft = PolicyDraft { rules, shipping: ShippingTerms::flat(599), ..PolicyDraft::default() };
    Ok(Shop { catalog, cart, policy: Policy::new(draft)?, facts: PricingFacts::default() })
}

/// Nanoseconds a call takes this thread: other work on the machine does not count.
fn measure(call: &mut dyn FnMut()) -> f64 {
    let start = ThreadTime::now();
    (0..CALLS).for_each(|_| call());
    start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}

fn order(lines: u64, rate: bool) -> OrderTotalInput {
    let item = |id: u64| LineItem {
        sku: format!("S{id}"),
        name: "Widget".into(),
        unit_price: Decimal::new(1999 + 137 * i64::try_from(id).unwrap_or(0), 2),
        quantity: u32::try_from(id % 3 + 1).unwrap_or(1),
        discount: rate.then(|| LineDiscount::Percentage(Decimal::new(10, 2))),
        tax_rate: None,
    };
    OrderTotalInput {
        items: (1..=lines).map(item).collect(),
        shipping_cost: Decimal::new(599, 2),
        shipping_tax_rate: None,
        order_discount: None,
        fees: vec![],
        rounding: RoundingPolicy::usd(),
    }
}

/// Five promotions of the peer, all of which apply.
fn promotions() -> (Vec<Promotion>, PromotionContext) {
    let promotions = (0..5)
        .map(|at| Promotion {
            code: format!("P{at}"),
            discount: LineDiscount::Percentage(Decimal::new(3 + at, 2)),
            rules: vec![PromotionRule::MinimumOrderTotal(Decimal::new(1000, 2))],
            stackable: true,
            max_uses: None,
            current_uses: 0,
        })
        .collect();
    let context = PromotionContext {
        order_total: Decimal::new(9999, 2),
        item_count: 3,
        skus: vec!["S1".into()],
        now: chrono::DateTime::UNIX_EPOCH,
        customer_group: None,
        is_first_order: false,
    };
    (promotions, context)
}

/// The same cart in decimals; it must come to the same cents, line by line.
fn decimal_cart(basket: &Basket<'_>, shop: &Shop, lines: u64) -> Result<DecimalCart, Box<dyn Error>> {
    let price = |id: u64| Decimal::new(1999 + 137 * i64::try_from(id).unwrap_or(0), 2);
    let cart = DecimalCart {
        lines: (1..=lines).map(|id| (price(id), id % 3 + 1)).collect(),
        promotions: vec![
            DecimalOff::Rate(Decimal::new(3, 2)),
            DecimalOff::Fixed(Decimal::new(500, 2)),
            DecimalOff::Rate(Decimal::new(5, 2)),
        ],
        least: Decimal::new(1000, 2),
        shipping: Decimal::new(599, 2),
    };
    let (theirs, ours) = (cart.price(), basket.price(&shop.policy, &shop.facts)?);
    let cents: Vec<_> =
        ours.lines.iter().map(|line| (Decimal::new(line.net, 2), Decimal::new(line.shipping, 2))).collect();
    if theirs.total != Decimal::new(ours.total, 2) || theirs.lines != cents {
        return Err(format!("decimals come to {:?}, fenrun to {cents:?}", theirs.lines).into());
    }
    Ok(cart)
}

fn main() -> Result<(), Box<dyn Error>> {
    let (five, one, twenty) = (shop(5, 0)?, shop(1, 5)?, shop(20, 3)?);
    let baskets = [&five, &one, &twenty].map(|shop| Basket::new(&shop.cart, &shop.catalog));
    let [five_basket, one_basket, twenty_basket] = baskets;
    let (five_basket, one_basket, twenty_basket) = (five_basket?, one_basket?, twenty_basket?);
    let input = order(5, true);
    let (promotions, context) = promotions();
    let decimals = decimal_cart(&twenty_basket, &twenty, 20)?;
    let whole = |shop: &Shop| drop(black_box(price(&shop.cart, &shop.catalog, &shop.policy, &shop.facts)));
    let mut rows: Vec<Row<'_>> = vec![
        (
            "stateset-pricing 1.40: 5 lines, 10 % off each",
            "",
            Box::new(|| drop(black_box(compute_order_total(black_box(&input))))),
        ),
        ("fenrun: 5 lines, `price`", "< 1,000", Box::new(|| whole(&five))),
        (
            "fenrun: 5 lines, `Basket::price`",
            "< 1,000",
            Box::new(|| drop(black_box(five_basket.price(&five.policy, &five.facts)))),
        ),
        (
            "stateset-pricing 1.40: 5 promotions",
            "",
            Box::new(|| drop(black_box(evaluate_promotions(black_box(&promotions), black_box(&context))))),
        ),
        ("fenrun: 5 promotions, `price` of 1 line", "< 500", Box::new(|| whole(&one))),
        (
            "fenrun: 5 promotions, `Basket::price`",
            "< 500",
            Box::new(|| drop(black_box(one_basket.price(&one.policy, &one.facts)))),
        ),
        (
            "rust_decimal 1: 20 lines, 3 promotions",
            "≥ 10 times the next but one",
            Box::new(|| drop(black_box(black_box(&decimals).price()))),
        ),
        ("fenrun: 20 lines, 3 promotions, `price`", "≤ 1,200", Box::new(|| whole(&twenty))),
        (
            "fenrun: 20 lines, 3 promotions, `Basket::price`",
            "≤ 1,200",
            Box::new(|| drop(black_box(twenty_basket.price(&twenty.policy, &twenty.facts)))),
        ),
        (
            "fenrun: 20 lines, 3 promotions, `quote` with trace and hash",
            "",
            Box::new(|| drop(black_box(quote(&twenty.cart, &twenty.catalog, &twenty.policy, &twenty.facts)))),
        ),
    ];
    report(&mut rows)
}

/// Measures the rows in turns, prints their table and writes it into the page that was named.
fn report(rows: &mut [Row<'_>]) -> Result<(), Box<dyn Error>> {
    let mut times = vec![Vec::with_capacity(ROUNDS); rows.len()];
    for _ in 0..ROUNDS {
        for ((.., call), times) in rows.iter_mut().zip(&mut times) {
            times.push(measure(call.as_mut()));
        }
    }
    let mut table = String::from("| contender | ns a call | goal |\n|---|---:|---:|\n");
    for ((name, goal, _), times) in rows.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        writeln!(table, "| {name} | {:.0} | {goal} |", times[ROUNDS / 2])?;
    }
    print!("{table}");
    if let Some(page) = std::env::args_os().nth(1) {
        let text = std::fs::read_to_string(&page)?;
        let (before, rest) = text.split_once(MARKS.0).ok_or("the page has no mark for the prices")?;
        let (_, after) = rest.split_once(MARKS.1).ok_or("the page has no end of the prices")?;
        std::fs::write(&page, [before, MARKS.0, &table, MARKS.1, after].concat())?;
    }
    Ok(())
}
