//! 100,000 carts with one discount each, counted as other systems were: every count is zero, and each kind
//! of fault is counted where it is planted.

use crate::input::Dice;
use fenrun::id::{ExternalId, LineId, SkuId};
use fenrun::money::{Currency, allocate};
use fenrun::trade::cart::Cart;
use fenrun::trade::catalog::{Catalog, Sku};
use fenrun::trade::pricing::{Basket, Effect, Off, Policy, PolicyDraft, PricingFacts, Rule};

const CARTS: u64 = 100_000;

/// Prices of lines, at most twelve, one in twenty of them zero; and a discount of at most their sum.
struct Sample {
    prices: Vec<i64>,
    discount: i64,
}

impl Sample {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let count = dice.within(1, 12);
        let price = |dice: &mut Dice| if dice.one_in(20) { 0 } else { dice.within(1, 100_000) };
        let prices: Vec<i64> = (0..count).map(|_| price(&mut dice)).collect();
        let sum: i64 = prices.iter().sum();
        Self { prices, discount: dice.within(0, sum) }
    }
}

/// How often shares break each rule.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    wrong_sum: u64,
    below_zero: u64,
    free_line_charged: u64,
    not_mirrored: u64,
}

impl Counts {
    fn add(&mut self, sample: &Sample, shares: &[i64], mirrored: &[i64]) {
        let lines = || sample.prices.iter().zip(shares);
        self.wrong_sum += u64::from(shares.iter().sum::<i64>() != sample.discount);
        self.below_zero += u64::from(lines().any(|(price, share)| price - share < 0));
        self.free_line_charged += u64::from(lines().any(|(price, share)| *price == 0 && *share != 0));
        self.not_mirrored += u64::from(shares.iter().zip(mirrored).any(|(share, other)| *share != -other));
    }
}

/// What the engine takes from each line.
fn engine(sample: &Sample) -> Vec<i64> {
    let (mut catalog, mut cart) = (Catalog::new(Currency::CNY), Cart::default());
    for (price, id) in sample.prices.iter().zip(1..) {
        catalog.put(Sku::new(SkuId::from(id), *price)).unwrap();
        cart.add(&catalog, LineId::from(id), SkuId::from(id), 1).unwrap();
    }
    let off = Rule::new(ExternalId::from(1), Effect::Off(Off::Fixed(sample.discount)));
    let rules = if sample.discount > 0 { vec![off] } else { Vec::new() };
    let policy = Policy::new(PolicyDraft { rules, ..PolicyDraft::default() }).unwrap();
    let price = Basket::new(&cart, &catalog).unwrap().price(&policy, &PricingFacts::default()).unwrap();
    price.lines.iter().map(|line| line.amount - line.net).collect()
}

fn weights(sample: &Sample) -> Vec<u64> {
    sample.prices.iter().map(|price| price.unsigned_abs()).collect()
}

#[test]
fn a_hundred_thousand_carts_without_a_fault() {
    let mut counts = Counts::default();
    for seed in 0..CARTS {
        let sample = Sample::new(seed);
        let mirrored = allocate(-sample.discount, &weights(&sample)).unwrap();
        counts.add(&sample, &engine(&sample), &mirrored);
    }
    println!("{CARTS} carts: {counts:?}");
    assert_eq!(counts, Counts::default());
}

/// The control: ways of sharing that are known to be wrong are counted as wrong.
#[test]
fn what_others_do_is_counted() {
    let alone = |discount: i64, prices: &[i64]| -> Vec<i64> {
        let sum: i64 = prices.iter().sum::<i64>().max(1);
        prices.iter().map(|price| (2 * discount * price + sum).div_euclid(2 * sum)).collect()
    };
    let last_takes_rest = |discount: i64, prices: &[i64]| -> Vec<i64> {
        let sum: i64 = prices.iter().sum::<i64>().max(1);
        let mut shares: Vec<i64> = prices.iter().map(|price| (discount * price).div_euclid(sum)).collect();
        let others: i64 = shares.iter().rev().skip(1).sum();
        *shares.last_mut().unwrap() = discount - others;
        shares
    };
    let (mut rounded, mut rest) = (Counts::default(), Counts::default());
    for seed in 0..CARTS / 10 {
        let sample = Sample::new(seed);
        let run = |counts: &mut Counts, share: &dyn Fn(i64, &[i64]) -> Vec<i64>| {
            let shares = share(sample.discount, &sample.prices);
            counts.add(&sample, &shares, &share(-sample.discount, &sample.prices));
        };
        run(&mut rounded, &alone);
        run(&mut rest, &last_takes_rest);
    }
    println!("each line alone: {rounded:?}; the last takes the rest: {rest:?}");
    assert!(rounded.wrong_sum > 0 && rounded.not_mirrored > 0);
    assert!(rest.wrong_sum == 0 && rest.below_zero > 0 && rest.free_line_charged > 0);
}
