//! Pricing by fenrun and by stateset-pricing 1.40, in turns in one process; prints nanoseconds a call.
//!
//! `cargo run --release --manifest-path benches/peers/stateset/Cargo.toml`. The best of many rounds of
//! thread time is taken, so that other work on the machine counts little. The peer is given prices; it
//! neither looks SKUs up nor shares a discount over the lines, which fenrun does in every row.

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
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 60;
const CALLS: u32 = 2_000;

/// A row of the table: what is measured, and one call of it.
type Row<'a> = (&'static str, Box<dyn FnMut() + 'a>);

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

/// Nanoseconds this thread has run, where the system says so.
fn thread_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn measure(call: &mut dyn FnMut()) -> f64 {
    let (wall, before) = (Instant::now(), thread_ns());
    (0..CALLS).for_each(|_| call());
    let ns = thread_ns().zip(before).map(|(now, before)| now - before).filter(|ns| *ns > 0);
    let ns = ns.unwrap_or_else(|| u64::try_from(wall.elapsed().as_nanos()).unwrap_or(u64::MAX));
    ns as f64 / f64::from(CALLS)
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

fn main() -> Result<(), Box<dyn Error>> {
    let (five, one, twenty) = (shop(5, 0)?, shop(1, 5)?, shop(20, 3)?);
    let baskets = [&five, &one, &twenty].map(|shop| Basket::new(&shop.cart, &shop.catalog));
    let [five_basket, one_basket, twenty_basket] = baskets;
    let (five_basket, one_basket, twenty_basket) = (five_basket?, one_basket?, twenty_basket?);
    let input = order(5, true);
    let promotions: Vec<Promotion> = (0..5)
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
    let whole = |shop: &Shop| drop(black_box(price(&shop.cart, &shop.catalog, &shop.policy, &shop.facts)));
    let mut rows: Vec<Row<'_>> = vec![
        (
            "stateset  5 lines, 10 % off each",
            Box::new(|| drop(black_box(compute_order_total(black_box(&input))))),
        ),
        ("fenrun    5 lines, price()", Box::new(|| whole(&five))),
        (
            "fenrun    5 lines, Basket::price",
            Box::new(|| drop(black_box(five_basket.price(&five.policy, &five.facts)))),
        ),
        (
            "stateset  5 promotions",
            Box::new(|| drop(black_box(evaluate_promotions(black_box(&promotions), black_box(&context))))),
        ),
        ("fenrun    5 promotions, price() of 1 line", Box::new(|| whole(&one))),
        (
            "fenrun    5 promotions, Basket::price",
            Box::new(|| drop(black_box(one_basket.price(&one.policy, &one.facts)))),
        ),
        ("fenrun    20 lines, 3 promotions, price()", Box::new(|| whole(&twenty))),
        (
            "fenrun    20 lines, 3 promotions, Basket::price",
            Box::new(|| drop(black_box(twenty_basket.price(&twenty.policy, &twenty.facts)))),
        ),
        (
            "fenrun    20 lines, 3 promotions, quote()",
            Box::new(|| drop(black_box(quote(&twenty.cart, &twenty.catalog, &twenty.policy, &twenty.facts)))),
        ),
    ];
    let mut best = vec![f64::INFINITY; rows.len()];
    for _ in 0..ROUNDS {
        for ((_, call), best) in rows.iter_mut().zip(&mut best) {
            *best = best.min(measure(call.as_mut()));
        }
    }
    for ((name, _), best) in rows.iter().zip(&best) {
        println!("{best:>10.0} ns  {name}");
    }
    Ok(())
}
