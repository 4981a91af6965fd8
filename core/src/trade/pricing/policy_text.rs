//! The documents of a policy and its rules.

use super::points::PointsTerms;
use super::policy::{CashRounding, Group, Policy, PolicyDraft};
use super::rule::{Effect, Limits, Off, Rounds, Rule, Stage, Step, TestOn};
use super::scope::{Scope, names};
use super::shipping::ShippingTerms;
use super::tax::TaxTerms;
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::SkuId;
use crate::money::{Rate, Rounding};
use crate::time::Timestamp;
use std::collections::BTreeMap;

impl Policy {
    /// Reads a policy; `docs/reference/pricing.md` lists the keys.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let default = PolicyDraft::default();
        let mut fields = Fields::new(node, "policy")?;
        let rules = fields.list("rules")?.iter().enumerate();
        let draft = PolicyDraft {
            version: fields.text("version")?.map_or(default.version, str::to_owned),
            rounding: fields.text("round")?.map_or(Ok(default.rounding), Rounding::parse)?,
            valid_ms: fields.int("valid_ms")?.unwrap_or(default.valid_ms),
            tiers: map_of(&mut fields, "tiers", |node, what| match node {
                Node::Text(rate) => Ok(rate.parse()?),
                other => Err(crate::doc::invalid(what, "a rate such as \"95%\"", other)),
            })?,
            rules: rules.map(|(at, node)| rule_from_node(node, at)).collect::<Result<_>>()?,
            groups: map_of(&mut fields, "groups", group_from_node)?,
            points: fields.take("points").map(PointsTerms::from_node).transpose()?,
            shipping: fields.take("shipping").map_or(Ok(default.shipping), ShippingTerms::from_node)?,
            tax: fields.take("tax").map_or(Ok(default.tax), TaxTerms::from_node)?,
            cash_rounding: fields.take("cash_rounding").map(cash_from_node).transpose()?,
        };
        fields.finish()?;
        Self::new(draft)
    }

    /// The document of this policy.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let tiers = self.tiers.iter().map(|(tier, rate)| (tier.as_str(), Node::from(rate.to_string())));
        let groups = self.groups.iter().map(|(name, group)| (name.as_str(), group_to_node(group)));
        let mut map = BTreeMap::from([
            ("version".to_owned(), Node::from(self.version.as_str())),
            ("round".into(), self.rounding.name().into()),
            ("valid_ms".into(), self.valid_ms.into()),
            ("shipping".into(), self.shipping.to_node()),
            ("rules".into(), self.rules.iter().map(rule_to_node).collect::<Vec<_>>().into()),
        ]);
        let mut put = |key: &str, value: Option<Node>| {
            if let Some(value) = value {
                map.insert(key.to_owned(), value);
            }
        };
        put("tiers", (!self.tiers.is_empty()).then(|| Node::map(tiers)));
        put("groups", (!self.groups.is_empty()).then(|| Node::map(groups)));
        put("points", self.points.as_ref().map(PointsTerms::to_node));
        put("tax", (self.tax != TaxTerms::default()).then(|| self.tax.to_node()));
        put("cash_rounding", self.cash_rounding.map(cash_to_node));
        Node::Map(map)
    }
}

/// A map from names to whatever `read` makes of the values.
fn map_of<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    read: impl Fn(&Node, &str) -> Result<T>,
) -> Result<BTreeMap<String, T>> {
    let Some(node) = fields.take(key) else { return Ok(BTreeMap::new()) };
    let what = format!("{}: `{key}`", fields.what());
    let inner = Fields::new(node, what.as_str())?;
    inner
        .rest()
        .map(|(name, value)| Ok((name.to_owned(), read(value, &format!("{what}: {name}"))?)))
        .collect()
}

fn group_from_node(node: &Node, what: &str) -> Result<Group> {
    match node {
        Node::Text(word) if word == "stack" => Ok(Group::Stack),
        Node::Text(word) if word == "best_of" => Ok(Group::BestOf),
        Node::Text(word) if word == "stop_after" => Ok(Group::StopAfter),
        Node::Map(_) => {
            let mut fields = Fields::new(node, what)?;
            let others = names(&mut fields, "not_with")?;
            fields.finish()?;
            Ok(Group::NotWith(others))
        }
        other => {
            let rule = "one of stack, best_of, stop_after, {\"not_with\": [groups]}";
            Err(Error::new(Code::UnknownWord, format!("{what} must be {rule}, not {}", other.to_json())))
        }
    }
}

fn group_to_node(group: &Group) -> Node {
    match group {
        Group::Stack => "stack".into(),
        Group::BestOf => "best_of".into(),
        Group::StopAfter => "stop_after".into(),
        Group::NotWith(others) => {
            let others: Vec<Node> = others.iter().map(|name| name.as_str().into()).collect();
            Node::map([("not_with", Node::List(others))])
        }
    }
}

fn cash_from_node(node: &Node) -> Result<CashRounding> {
    let mut fields = Fields::new(node, "policy: cash_rounding")?;
    let cash = CashRounding {
        to: fields.need_int("to")?,
        rounding: fields.text("round")?.map_or(Ok(Rounding::Down), Rounding::parse)?,
    };
    fields.finish()?;
    Ok(cash)
}

fn cash_to_node(cash: CashRounding) -> Node {
    Node::map([("to", Node::from(cash.to)), ("round", cash.rounding.name().into())])
}

fn rule_from_node(node: &Node, at: usize) -> Result<Rule> {
    let mut fields = Fields::new(node, format!("policy: rules[{at}]"))?;
    let id = fields.need_id("id")?;
    let effect = effect_from_fields(&mut fields)?;
    let coupon = fields.flag("coupon")?.unwrap_or(false);
    let stage = fields.word("stage", Stage::ALL, Stage::name)?;
    let default = if coupon { Stage::Coupon } else { Stage::Cart };
    let tests = [TestOn::List, TestOn::Running];
    let rule = Rule {
        version: fields.count("version")?.unwrap_or(1),
        stage: stage.unwrap_or(default),
        priority: fields.int("priority")?.unwrap_or(0),
        group: fields.text("group")?.map(str::to_owned),
        coupon: coupon || stage == Some(Stage::Coupon),
        tiers: names(&mut fields, "tiers")?.into_iter().collect(),
        from: fields.int("from")?.map(Timestamp::from_ms),
        until: fields.int("until")?.map(Timestamp::from_ms),
        scope: fields.take("scope").map_or(Ok(Scope::default()), Scope::from_node)?,
        min_subtotal: fields.int("min_subtotal")?.unwrap_or(0),
        min_units: fields.count("min_units")?.unwrap_or(0),
        test_on: fields.word("test_on", &tests, TestOn::name)?.unwrap_or_default(),
        max_off: fields.int("max_off")?,
        rounds: fields.word("rounds", &[Rounds::Discount, Rounds::Price], Rounds::name)?.unwrap_or_default(),
        rounding: fields.text("round")?.map(Rounding::parse).transpose()?,
        limits: Limits {
            uses: fields.count("limit")?,
            uses_per_customer: fields.count("limit_per_customer")?,
            units: fields.count("limit_units")?,
            units_per_customer: fields.count("limit_units_per_customer")?,
            budget: fields.int("budget")?,
        },
        kind: fields.text("kind")?.map(str::to_owned),
        ..Rule::new(id, effect)
    };
    fields.finish()?;
    Ok(rule)
}

/// Takes the one key that tells what a rule does.
fn effect_from_fields(fields: &mut Fields<'_>) -> Result<Effect> {
    const WANTED: &str = "one of off, off_each, price, order_price, ladder, every, buy_get, gift";
    let found = [
        fields.take("off").map(|node| off_from_node(node, "off").map(Effect::Off)),
        off_each(fields),
        fields.take("price").map(prices_from_node),
        fields.int("order_price")?.map(|price| Ok(Effect::OrderPrice(price))),
        fields.take("ladder").map(|_| ladder_from_fields(fields)),
        fields.take("every").map(every_from_node),
        fields.take("buy_get").map(buy_get_from_node),
        fields.take("gift").map(gift_from_node),
    ];
    let mut found = found.into_iter().flatten();
    match (found.next(), found.next()) {
        (Some(effect), None) => effect,
        (None, _) => Err(fields.fault(Code::MissingKey, format!("it does nothing; {WANTED}"))),
        (Some(_), Some(_)) => Err(fields.fault(Code::InvalidValue, format!("it does two things; {WANTED}"))),
    }
}

fn off_each(fields: &mut Fields<'_>) -> Option<Result<Effect>> {
    let max_units = fields.count("max_units");
    let node = fields.take("off_each")?;
    Some(
        max_units
            .and_then(|max_units| Ok(Effect::OffEach { off: off_from_node(node, "off_each")?, max_units })),
    )
}

fn off_from_node(node: &Node, key: &str) -> Result<Off> {
    match node {
        Node::Text(rate) => Ok(Off::Rate(rate.parse()?)),
        Node::Int(amount) => Ok(Off::Fixed(*amount)),
        other => {
            Err(crate::doc::invalid(&format!("`{key}`"), "a rate such as \"10%\" or minor units", other))
        }
    }
}

fn prices_from_node(node: &Node) -> Result<Effect> {
    if let Node::Int(price) = node {
        return Ok(Effect::Price { any: Some(*price), by_sku: BTreeMap::new() });
    }
    let mut by_sku = BTreeMap::new();
    for (sku, price) in Fields::new(node, "`price`")?.rest() {
        let Node::Int(price) = price else {
            return Err(crate::doc::invalid(&format!("`price`: {sku}"), "minor units", price));
        };
        by_sku.insert(SkuId::new(sku)?, *price);
    }
    Ok(Effect::Price { any: None, by_sku })
}

fn ladder_from_fields(fields: &mut Fields<'_>) -> Result<Effect> {
    let steps = fields.list("ladder")?.iter().map(|node| {
        let mut fields = Fields::new(node, "step of a ladder")?;
        let step = Step {
            min_subtotal: fields.int("min_subtotal")?.unwrap_or(0),
            min_units: fields.count("min_units")?.unwrap_or(0),
            off: off_from_node(fields.need("off")?, "off")?,
        };
        fields.finish()?;
        Ok(step)
    });
    Ok(Effect::Ladder(steps.collect::<Result<_>>()?))
}

fn every_from_node(node: &Node) -> Result<Effect> {
    let mut fields = Fields::new(node, "`every`")?;
    let effect = Effect::Every {
        amount: fields.need_int("amount")?,
        off: fields.need_int("off")?,
        times: fields.count("times")?,
    };
    fields.finish()?;
    Ok(effect)
}

fn buy_get_from_node(node: &Node) -> Result<Effect> {
    let mut fields = Fields::new(node, "`buy_get`")?;
    let effect = Effect::BuyGet {
        buy: fields.count("buy")?.unwrap_or(1),
        get: fields.count("get")?.unwrap_or(1),
        off: fields.text("off")?.map_or(Ok(Rate::ONE), str::parse)?,
        from: fields.take("from").map(Scope::from_node).transpose()?.map(Box::new),
        times: fields.count("times")?,
    };
    fields.finish()?;
    Ok(effect)
}

fn gift_from_node(node: &Node) -> Result<Effect> {
    let mut fields = Fields::new(node, "`gift`")?;
    let effect = Effect::Gift {
        sku: SkuId::from(fields.need_id("sku")?),
        units: fields.count("units")?.unwrap_or(1),
        every_units: fields.count("every_units")?,
        times: fields.count("times")?,
    };
    fields.finish()?;
    Ok(effect)
}

fn count(value: u64) -> Node {
    Node::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn rule_to_node(rule: &Rule) -> Node {
    let texts = |names: &[String]| Node::List(names.iter().map(|name| name.as_str().into()).collect());
    let mut map = BTreeMap::from([
        ("id".to_owned(), Node::from(&rule.id)),
        ("stage".into(), rule.stage.name().into()),
        ("priority".into(), rule.priority.into()),
        ("min_subtotal".into(), rule.min_subtotal.into()),
        ("test_on".into(), rule.test_on.name().into()),
    ]);
    let mut put = |key: &str, value: Option<Node>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), value);
        }
    };
    put("version", (rule.version != 1).then(|| i64::from(rule.version).into()));
    put("group", rule.group.as_deref().map(Node::from));
    put("coupon", rule.coupon.then(|| true.into()));
    put("tiers", (!rule.tiers.is_empty()).then(|| texts(&rule.tiers)));
    put("from", rule.from.map(|at| at.ms().into()));
    put("until", rule.until.map(|at| at.ms().into()));
    put("scope", (!rule.scope.is_everything()).then(|| rule.scope.to_node()));
    put("min_units", (rule.min_units != 0).then(|| count(rule.min_units)));
    put("max_off", rule.max_off.map(Node::from));
    put("rounds", (rule.rounds != Rounds::Discount).then(|| rule.rounds.name().into()));
    put("round", rule.rounding.map(|mode| mode.name().into()));
    put("limit", rule.limits.uses.map(count));
    put("limit_per_customer", rule.limits.uses_per_customer.map(count));
    put("limit_units", rule.limits.units.map(count));
    put("limit_units_per_customer", rule.limits.units_per_customer.map(count));
    put("budget", rule.limits.budget.map(Node::from));
    put("kind", rule.kind.as_deref().map(Node::from));
    if let Effect::OffEach { max_units, .. } = rule.effect {
        put("max_units", max_units.map(count));
    }
    put(rule.effect.name(), Some(effect_to_node(&rule.effect)));
    Node::Map(map)
}

fn off_to_node(off: Off) -> Node {
    match off {
        Off::Rate(rate) => rate.to_string().into(),
        Off::Fixed(amount) => amount.into(),
    }
}

fn effect_to_node(effect: &Effect) -> Node {
    match effect {
        Effect::Off(off) | Effect::OffEach { off, .. } => off_to_node(*off),
        Effect::Price { any: Some(price), .. } | Effect::OrderPrice(price) => (*price).into(),
        Effect::Price { any: None, by_sku } => {
            Node::map(by_sku.iter().map(|(sku, price)| (sku.as_str(), Node::from(*price))))
        }
        Effect::Ladder(steps) => {
            let step = |step: &Step| {
                Node::map([
                    ("min_subtotal", Node::from(step.min_subtotal)),
                    ("min_units", count(step.min_units)),
                    ("off", off_to_node(step.off)),
                ])
            };
            Node::List(steps.iter().map(step).collect())
        }
        Effect::Every { amount, off, times } => Node::map([
            ("amount", Node::from(*amount)),
            ("off", (*off).into()),
            ("times", times.map(count).into()),
        ]),
        Effect::BuyGet { buy, get, off, from, times } => Node::map([
            ("buy", count(*buy)),
            ("get", count(*get)),
            ("off", off.to_string().into()),
            ("from", from.as_deref().map(Scope::to_node).into()),
            ("times", times.map(count).into()),
        ]),
        Effect::Gift { sku, units, every_units, times } => Node::map([
            ("sku", Node::from(sku)),
            ("units", count(*units)),
            ("every_units", every_units.map(count).into()),
            ("times", times.map(count).into()),
        ]),
    }
}
