//! Random policies, and commands of few people over few days.

use fenrun::doc::read_json;
use fenrun::id::{ExternalId, SkuId};
use fenrun::request::Reason;
use fenrun::reward::binding::{BindingAction, BindingCommand, BindingPolicy, Stage};
use fenrun::reward::referral::Closing;
use fenrun::time::{DAY_MS, Timestamp};
use proptest::prelude::*;

/// A policy as its author writes it.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) mode: &'static str,
    pub(crate) protect_days: u32,
    pub(crate) expire_days: Option<u32>,
    pub(crate) renew: &'static str,
    pub(crate) self_purchase: &'static str,
    pub(crate) distributors: &'static str,
    pub(crate) stage: &'static str,
    pub(crate) spend: i64,
    pub(crate) orders: u32,
}

impl Rules {
    pub(crate) fn policy(&self) -> BindingPolicy {
        let (stage, spend, orders) = (self.stage, self.spend, self.orders);
        let distributors = match self.distributors {
            "spend" => format!(r#"{{"spend": {{"at_least_minor": {spend}, "on": "{stage}"}}}}"#),
            "orders" => format!(r#"{{"orders": {{"at_least": {orders}, "on": "{stage}"}}}}"#),
            "goods" => format!(r#"{{"goods": {{"any": [7], "on": "{stage}"}}}}"#),
            word => format!(r#""{word}""#),
        };
        let expire = self.expire_days.map_or("null".to_owned(), |days| days.to_string());
        let text = format!(
            r#"{{"mode": "{}", "protect_days": {}, "expire_days": {expire}, "renew": "{}",
                "self_purchase": "{}", "distributors": {distributors}}}"#,
            self.mode, self.protect_days, self.renew, self.self_purchase
        );
        BindingPolicy::from_node(&read_json(&text, 1000).unwrap()).unwrap()
    }
}

pub(crate) fn rules() -> impl Strategy<Value = Rules> {
    let modes = ["lifelong", "first_order", "first_payment", "instant", "instant_lifelong", "protect"];
    let who = ["everyone", "everyone", "appointed", "application", "spend", "orders", "goods"];
    let pick = |words: &'static [&'static str]| prop::sample::select(words);
    (
        prop::sample::select(modes.to_vec()),
        1..4_u32,
        prop::option::weighted(0.7, 1..6_u32),
        pick(&["never", "visit", "order"]),
        pick(&["refused", "counts"]),
        prop::sample::select(who.to_vec()),
        pick(&["payment", "completion"]),
        1..30_i64,
        1..3_u32,
    )
        .prop_map(|(mode, protect, expire, renew, self_purchase, distributors, stage, spend, orders)| {
            let protect_days = if mode == "protect" { protect } else { 0 };
            let expire_days =
                expire.filter(|_| !mode.ends_with("lifelong")).map(|days| days.max(protect_days));
            let renews = protect_days > 0 || expire_days.is_some();
            let renew = if renews { renew } else { "never" };
            Rules {
                mode,
                protect_days,
                expire_days,
                renew,
                self_purchase,
                distributors,
                stage,
                spend,
                orders,
            }
        })
}

/// The ids that occur.
const PEOPLE: std::ops::RangeInclusive<u64> = 1..=5;

pub(crate) fn commands() -> impl Strategy<Value = Vec<BindingCommand>> {
    // Days pass by thirds, so that ends of days are met exactly.
    let step = (action(), 0..4_i64, prop::option::weighted(0.9, Just("said")), prop::bool::weighted(0.03));
    prop::collection::vec(step, 1..40).prop_map(|steps| {
        let mut now = DAY_MS;
        let registered = (1..=3_u64).map(|member| BindingAction::Register { member, sharer: None });
        let appointed = [BindingAction::Appoint { member: 1 }, BindingAction::Appoint { member: 2 }];
        let first = registered.chain(appointed).map(|action| (action, 0, Some("said"), false));
        let command = |(action, thirds, reason, back): (BindingAction, i64, Option<&str>, bool)| {
            now += thirds * DAY_MS / 3;
            BindingCommand {
                action,
                actor: ExternalId::new("shop").unwrap(),
                now: Timestamp::from_ms(if back { now - DAY_MS } else { now }),
                reason: reason.map(|reason| Reason::new(reason).unwrap()),
            }
        };
        first.chain(steps).map(command).collect()
    })
}

fn action() -> impl Strategy<Value = BindingAction> {
    let who = || PEOPLE;
    let sharer = || prop::option::weighted(0.7, who());
    let goods = || prop::collection::vec((7..9_u64).prop_map(SkuId::from), 0..2);
    let closing = prop::sample::select(vec![Closing::Stay, Closing::RollUp]);
    let stage = || prop::sample::select(vec![None, None, Some(Stage::Payment), Some(Stage::Completion)]);
    prop_oneof![
        4 => (who(), sharer()).prop_map(|(member, sharer)| BindingAction::Register { member, sharer }),
        8 => (who(), who()).prop_map(|(member, sharer)| BindingAction::Visit { member, sharer }),
        4 => who().prop_map(|member| BindingAction::Order { member }),
        3 => (who(), 0..20_i64, goods())
            .prop_map(|(member, spend_minor, goods)| BindingAction::Pay { member, spend_minor, goods }),
        2 => (who(), 0..20_i64, goods())
            .prop_map(|(member, spend_minor, goods)| BindingAction::Complete { member, spend_minor, goods }),
        2 => (who(), 0..20_i64, goods(), any::<bool>(), stage()).prop_map(|(member, spend_minor, goods, whole, on)| {
            BindingAction::Refund { member, spend_minor, goods, whole, on }
        }),
        2 => (who(), 0..20_i64, goods(), stage()).prop_map(|(member, spend_minor, goods, on)| {
            BindingAction::Add { member, spend_minor, goods, on }
        }),
        3 => who().prop_map(|member| BindingAction::Appoint { member }),
        1 => who().prop_map(|member| BindingAction::Dismiss { member }),
        2 => (who(), sharer()).prop_map(|(member, inviter)| BindingAction::Reassign { member, inviter }),
        1 => (who(), who()).prop_map(|(kept, gone)| BindingAction::Merge { kept, gone }),
        1 => (who(), closing).prop_map(|(member, closing)| BindingAction::Close { member, closing }),
        3 => Just(BindingAction::Tick),
    ]
}
