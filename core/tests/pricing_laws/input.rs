//! Random catalogues, carts, policies and facts, each from one seed.

use fenrun::id::{ExternalId, LineId, MerchantId, SkuId};
use fenrun::money::{Currency, Rate, Rounding};
use fenrun::time::Timestamp;
use fenrun::trade::cart::{Cart, Selection};
use fenrun::trade::catalog::{Catalog, Sku};
use fenrun::trade::fulfilment::Fulfilment;
use fenrun::trade::pricing::{
    BuyerPoints, CashRounding, Choice, Effect, Group, Inclusion, Measure, Off, PointsTerms, PointsUse,
    PointsWish, Policy, PolicyDraft, PricingFacts, Rounds, Rule, Scope, ShippingTerms, Stage, Step, TaxClass,
    TaxPer, TaxTerms, Template, TestOn, Usage, Zone,
};
use std::collections::{BTreeMap, BTreeSet};

/// A sequence of numbers from a seed (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both possible.
    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.next() % (high - low + 1).unsigned_abs()).unwrap()
    }

    pub(crate) fn count(&mut self, low: i64, high: i64) -> u64 {
        self.within(low, high).unsigned_abs()
    }

    /// One time in so many.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.next() % times == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        let at = self.next() % u64::try_from(items.len()).unwrap();
        items[usize::try_from(at).unwrap()].clone()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = usize::try_from(self.next() % u64::try_from(at + 1).unwrap()).unwrap();
            items.swap(at, other);
        }
    }

    fn maybe<T>(&mut self, times: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.one_in(times) { Some(make(self)) } else { None }
    }

    fn permille(&mut self) -> Rate {
        Rate::new(self.count(0, 1000), 1000).unwrap()
    }
}

/// Line number, SKU number, units, whether selected.
pub(crate) type LineInput = (u64, u64, u64, bool);

/// A cart, a policy and a buyer, before they are built.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) skus: Vec<Sku>,
    /// In the order they were put into the cart.
    pub(crate) lines: Vec<LineInput>,
    /// Its rules stand as somebody wrote them.
    pub(crate) draft: PolicyDraft,
    pub(crate) facts: PricingFacts,
}

impl Input {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let skus: Vec<Sku> = (1..=4).map(|id| sku(&mut dice, id)).collect();
        let count = dice.count(1, 6);
        let mut lines: Vec<LineInput> =
            (0..count).map(|at| (at + 8, dice.count(1, 4), dice.count(1, 5), !dice.one_in(6))).collect();
        lines[0].3 = true;
        let draft = draft(&mut dice);
        let facts = facts(&mut dice, &draft.rules);
        Self { skus, lines, draft, facts }
    }

    /// The same one with its lines and rules put in another order.
    pub(crate) fn shuffled(&self, seed: u64) -> Self {
        let mut dice = Dice::new(seed ^ 0xabcd);
        let mut other = self.clone();
        dice.shuffle(&mut other.lines);
        dice.shuffle(&mut other.draft.rules);
        other
    }

    pub(crate) fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::new(Currency::CNY);
        self.skus.iter().for_each(|sku| catalog.put(sku.clone()).unwrap());
        catalog
    }

    pub(crate) fn cart(&self) -> Cart {
        let (catalog, mut cart) = (self.catalog(), Cart::default());
        for (id, sku, units, selected) in &self.lines {
            let id = LineId::from(*id);
            cart.add(&catalog, id.clone(), SkuId::from(*sku), *units).unwrap();
            let selection = if *selected { Selection::Selected } else { Selection::Waiting };
            cart.select(&id, selection).unwrap();
        }
        cart
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy::new(self.draft.clone()).unwrap()
    }

    /// The selected lines in the order of their ids.
    pub(crate) fn selected(&self) -> Vec<LineInput> {
        let mut lines: Vec<_> = self.lines.iter().copied().filter(|line| line.3).collect();
        lines.sort_by_key(|line| (line.0.to_string().len(), line.0));
        lines
    }
}

fn sku(dice: &mut Dice, id: u64) -> Sku {
    let list = if dice.one_in(6) { 0 } else { dice.within(1, 400) };
    let mut tiers = BTreeMap::new();
    if dice.one_in(3) {
        tiers.insert("gold".to_owned(), dice.within(0, 300));
    }
    Sku {
        member: dice.maybe(3, |dice| dice.within(0, 300)),
        cost: Some(list / 3),
        tiers,
        volumes: [("pv".to_owned(), list / 2)].into(),
        weight_grams: dice.count(0, 900),
        volume_cm3: dice.count(0, 900),
        tax_class: dice.maybe(3, |dice| dice.pick(&["food", "held"]).to_owned()),
        shipping_template: dice.maybe(2, |dice| dice.pick(&["east", "west"]).to_owned()),
        merchant: dice.maybe(4, |_| MerchantId::from(77)),
        fulfilment: dice.pick(&[Fulfilment::Ship, Fulfilment::Ship, Fulfilment::Ship, Fulfilment::Digital]),
        ..Sku::new(SkuId::from(id), list)
    }
}

fn draft(dice: &mut Dice) -> PolicyDraft {
    let count = dice.within(0, 5);
    let numbers: Vec<u64> = (0..count).map(|at| u64::try_from(at + 8).unwrap()).collect();
    let groups = [
        ("best", Group::BestOf),
        ("last", Group::StopAfter),
        ("pile", Group::Stack),
        ("shy", Group::NotWith(["pile".to_owned(), "last".to_owned()].into())),
    ];
    let share = dice.permille();
    PolicyDraft {
        rounding: if dice.one_in(4) { dice.pick(Rounding::ALL) } else { Rounding::HalfAway },
        tiers: dice.maybe(3, |_| BTreeMap::from([("gold".to_owned(), share)])).unwrap_or_default(),
        rules: numbers.into_iter().map(|id| rule(dice, id)).collect(),
        groups: groups.into_iter().map(|(name, group)| (name.to_owned(), group)).collect(),
        points: dice.maybe(3, |dice| PointsTerms {
            max_share: dice.permille(),
            multiple: dice.pick(&[1, 1, 7]),
            min: dice.count(0, 3),
            usage: dice.pick(&[PointsUse::Part, PointsUse::Part, PointsUse::Whole]),
            ..PointsTerms::new(Rate::new(dice.count(1, 5), dice.count(1, 5)).unwrap())
        }),
        shipping: shipping(dice),
        tax: if dice.one_in(2) {
            tax(dice)
        } else {
            TaxTerms { classes: tax(dice).classes, ..TaxTerms::default() }
        },
        cash_rounding: dice.maybe(4, |dice| CashRounding {
            to: dice.pick(&[10, 100]),
            rounding: dice.pick(&[Rounding::Down, Rounding::HalfAway]),
        }),
        ..PolicyDraft::default()
    }
}

fn rule(dice: &mut Dice, id: u64) -> Rule {
    let mut rule = Rule::new(ExternalId::from(id), effect(dice));
    rule.stage = dice.pick(&[Stage::Line, Stage::Cart, Stage::Cart, Stage::Coupon, Stage::Shipping]);
    let of_shipping = matches!(rule.effect, Effect::Off(_) | Effect::OffEach { max_units: None, .. });
    if rule.stage == Stage::Shipping && !of_shipping {
        rule.stage = Stage::Cart;
    }
    rule.priority = dice.within(0, 2);
    rule.coupon = rule.stage == Stage::Coupon || dice.one_in(8);
    rule.group = dice.maybe(3, |dice| dice.pick(&["last", "pile", "shy"]).to_owned());
    if rule.stage == Stage::Cart && dice.one_in(3) {
        rule.group = Some("best".to_owned());
    }
    rule.tiers = dice.maybe(8, |_| vec!["gold".to_owned()]).unwrap_or_default();
    rule.from = dice.maybe(6, |dice| Timestamp::from_ms(dice.within(0, 200)));
    rule.until = dice.maybe(6, |dice| Timestamp::from_ms(dice.within(201, 400)));
    if dice.one_in(2) {
        let skus: BTreeSet<SkuId> = (0..2).map(|_| SkuId::from(dice.count(1, 4))).collect();
        let choice = Choice { skus, ..Choice::default() };
        rule.scope = if dice.one_in(3) {
            Scope { except: choice, ..Scope::default() }
        } else {
            Scope { only: choice, ..Scope::default() }
        };
    }
    rule.min_subtotal = if dice.one_in(2) { dice.within(0, 1200) } else { 0 };
    rule.min_units = if dice.one_in(4) { dice.count(0, 8) } else { 0 };
    rule.test_on = dice.pick(&[TestOn::Running, TestOn::List]);
    rule.limits.uses = dice.maybe(6, |dice| dice.count(0, 3));
    rule.limits.uses_per_customer = dice.maybe(6, |dice| dice.count(0, 2));
    rule.limits.budget = dice.maybe(5, |dice| dice.within(0, 800));
    rule.rounding = dice.maybe(5, |dice| dice.pick(Rounding::ALL));
    match rule.effect {
        Effect::Off(_) | Effect::Ladder(_) => {
            rule.max_off = dice.maybe(4, |dice| dice.within(1, 300));
            rule.rounds = dice.pick(&[Rounds::Discount, Rounds::Discount, Rounds::Price]);
        }
        Effect::Price { .. } => rule.limits.units = dice.maybe(2, |dice| dice.count(0, 6)),
        _ => {}
    }
    rule
}

fn off(dice: &mut Dice) -> Off {
    if dice.one_in(2) { Off::Rate(dice.permille()) } else { Off::Fixed(dice.within(1, 900)) }
}

fn effect(dice: &mut Dice) -> Effect {
    match dice.within(0, 9) {
        0 => Effect::OffEach { off: off(dice), max_units: dice.maybe(2, |dice| dice.count(1, 3)) },
        1 => Effect::Price { any: Some(dice.within(0, 200)), by_sku: BTreeMap::new() },
        2 => Effect::OrderPrice(dice.within(0, 800)),
        3 => Effect::Ladder(vec![
            Step { min_subtotal: 100, min_units: 0, off: off(dice) },
            Step { min_subtotal: 500, min_units: dice.count(0, 4), off: off(dice) },
        ]),
        4 => {
            let amount = dice.within(50, 400);
            Effect::Every {
                amount,
                off: dice.within(1, amount),
                times: dice.maybe(2, |dice| dice.count(1, 3)),
            }
        }
        5 => Effect::BuyGet {
            buy: dice.count(1, 3),
            get: dice.count(1, 2),
            off: dice.permille(),
            from: dice.maybe(3, |dice| {
                let skus = [SkuId::from(dice.count(1, 4))].into();
                Box::new(Scope { only: Choice { skus, ..Choice::default() }, ..Scope::default() })
            }),
            times: dice.maybe(3, |dice| dice.count(1, 2)),
        },
        _ => Effect::Off(off(dice)),
    }
}

fn shipping(dice: &mut Dice) -> ShippingTerms {
    let zone = |dice: &mut Dice, regions: &[&str]| Zone {
        regions: regions.iter().map(|name| (*name).to_owned()).collect(),
        first: dice.count(0, 500),
        first_fee: dice.within(0, 60),
        next: dice.count(1, 300),
        next_fee: dice.within(0, 20),
        free_over: dice.maybe(3, |dice| dice.within(0, 900)),
        free_units: dice.maybe(4, |dice| dice.count(1, 9)),
    };
    let template = |dice: &mut Dice, tax_class: Option<&str>| Template {
        measure: dice.pick(Measure::ALL),
        zones: vec![zone(dice, &["far"]), zone(dice, &[])],
        tax_class: tax_class.map(str::to_owned),
    };
    ShippingTerms {
        flat: dice.within(0, 50),
        tax_class: dice.maybe(2, |_| "food".to_owned()),
        templates: [
            ("east".to_owned(), template(dice, None)),
            ("west".to_owned(), template(dice, Some("held"))),
        ]
        .into(),
    }
}

fn tax(dice: &mut Dice) -> TaxTerms {
    let rate = |dice: &mut Dice| match dice.one_in(6) {
        true => Rate::new(dice.count(1, 1000), 1).unwrap(),
        false => dice.permille(),
    };
    let class = |dice: &mut Dice, inclusion| TaxClass { rate: rate(dice), inclusion };
    TaxTerms {
        classes: [
            ("food".to_owned(), class(dice, Inclusion::Added)),
            ("held".to_owned(), class(dice, Inclusion::Included)),
        ]
        .into(),
        default: dice.maybe(2, |dice| dice.pick(&["food", "held"]).to_owned()),
        per: dice.pick(&[TaxPer::Line, TaxPer::Unit]),
        rounding: dice.maybe(3, |dice| dice.pick(Rounding::ALL)),
    }
}

fn facts(dice: &mut Dice, rules: &[Rule]) -> PricingFacts {
    let coupons = rules.iter().filter(|_| !dice.one_in(4)).map(|rule| rule.id.clone()).collect();
    let usage = rules.iter().map(|rule| {
        let usage = Usage {
            uses: dice.count(0, 2),
            uses_by_customer: dice.count(0, 1),
            units: dice.count(0, 4),
            units_by_customer: 0,
            amount: dice.within(0, 400),
        };
        (rule.id.clone(), usage)
    });
    let usage = usage.collect();
    PricingFacts {
        now: Timestamp::from_ms(dice.within(100, 300)),
        usage,
        coupons,
        tier: dice.maybe(2, |dice| dice.pick(&["gold", "silver"]).to_owned()),
        region: dice.maybe(2, |_| vec!["far".to_owned()]).unwrap_or_default(),
        points: dice.maybe(2, |dice| BuyerPoints {
            balance: dice.count(0, 900),
            wish: if dice.one_in(2) { PointsWish::All } else { PointsWish::UpTo(dice.count(0, 900)) },
        }),
        bought: BTreeMap::new(),
    }
}
