//! The pricing policy of a shop: rules over the cart, shipping, rounding.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::money::{Rate, Rounding};
use std::collections::BTreeSet;
use std::ops::Deref;

/// What a cart rule takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// A share of the running subtotal, at most all of it; the discount is rounded, not the price.
    PercentOff(Rate),
    /// An amount of minor units above zero.
    FixedOff(i64),
}

/// Which amounts a threshold tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TestOn {
    /// List prices, whatever other rules took off.
    List,
    /// What is left when the rule's turn comes.
    #[default]
    Running,
}

impl TestOn {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Running => "running",
        }
    }
}

/// A rule over the whole cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartRule {
    /// Its id; breaks ties of priority.
    pub id: ExternalId,
    /// Lower runs first.
    pub priority: i64,
    /// The least subtotal it applies to.
    pub min_subtotal: i64,
    /// What the threshold tests.
    pub test_on: TestOn,
    /// What it takes off.
    pub effect: Effect,
}

/// The fields of a policy before they are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDraft {
    /// Names the policy at this moment; goes into every quote.
    pub version: String,
    /// How discounts are rounded.
    pub rounding: Rounding,
    /// How long a quote may be placed, in milliseconds.
    pub valid_ms: i64,
    /// What shipping costs, whatever is in the cart.
    pub shipping: i64,
    /// Rules over the cart.
    pub rules: Vec<CartRule>,
}

impl Default for PolicyDraft {
    fn default() -> Self {
        Self {
            version: "1".into(),
            rounding: Rounding::HalfAway,
            valid_ms: 1_800_000,
            shipping: 0,
            rules: Vec::new(),
        }
    }
}

/// A checked policy. Its rules stand in the order they run: by priority, then id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(PolicyDraft);

impl Deref for Policy {
    type Target = PolicyDraft;

    fn deref(&self) -> &PolicyDraft {
        &self.0
    }
}

impl Policy {
    /// Checks a policy.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for more than 100 % off, a fixed amount not above zero, anything else below
    /// zero, a rule that stands twice, or a version that is empty or longer than 64 bytes.
    pub fn new(mut draft: PolicyDraft) -> Result<Self> {
        let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("policy: {rule}")));
        if draft.version.is_empty() || draft.version.len() > 64 {
            return fault(format!("version {:?}; 1 to 64 bytes", draft.version));
        }
        for (name, value) in [("valid_ms", draft.valid_ms), ("shipping", draft.shipping)] {
            if value < 0 {
                return fault(format!("{name} is {value}, below zero"));
            }
        }
        let mut seen = BTreeSet::new();
        for CartRule { id, min_subtotal, effect, .. } in &draft.rules {
            if !seen.insert(id) {
                return fault(format!("rule {id} stands twice"));
            }
            if *min_subtotal < 0 {
                return fault(format!("rule {id}: min_subtotal is {min_subtotal}, below zero"));
            }
            match effect {
                Effect::PercentOff(rate) if *rate > Rate::ONE => {
                    return fault(format!("rule {id} takes {rate} off; at most 100%"));
                }
                Effect::FixedOff(amount) if *amount <= 0 => {
                    return fault(format!("rule {id} takes {amount} off; an amount is above zero"));
                }
                _ => {}
            }
        }
        draft.rules.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
        Ok(Self(draft))
    }

    /// Reads `{"version", "round", "valid_ms", "shipping", "rules": [{"id", "priority", "min_subtotal",
    /// "test_on", "off": "10%" or minor units}]}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let default = PolicyDraft::default();
        let mut fields = Fields::new(node, "policy")?;
        let mut rules = Vec::new();
        for (at, node) in fields.list("rules")?.iter().enumerate() {
            rules.push(rule_from_node(node, at)?);
        }
        let draft = PolicyDraft {
            version: fields.text("version")?.map_or(default.version, str::to_owned),
            rounding: fields.text("round")?.map_or(Ok(default.rounding), Rounding::parse)?,
            valid_ms: fields.int("valid_ms")?.unwrap_or(default.valid_ms),
            shipping: fields.int("shipping")?.unwrap_or(default.shipping),
            rules,
        };
        fields.finish()?;
        Self::new(draft)
    }

    /// The document of this policy.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let rules = self.rules.iter().map(|rule| {
            let off = match rule.effect {
                Effect::PercentOff(rate) => Node::from(rate.to_string()),
                Effect::FixedOff(amount) => amount.into(),
            };
            Node::map([
                ("id", Node::from(&rule.id)),
                ("priority", rule.priority.into()),
                ("min_subtotal", rule.min_subtotal.into()),
                ("test_on", rule.test_on.name().into()),
                ("off", off),
            ])
        });
        Node::map([
            ("version", Node::from(self.version.as_str())),
            ("round", self.rounding.name().into()),
            ("valid_ms", self.valid_ms.into()),
            ("shipping", self.shipping.into()),
            ("rules", rules.collect::<Vec<_>>().into()),
        ])
    }
}

fn rule_from_node(node: &Node, at: usize) -> Result<CartRule> {
    let mut fields = Fields::new(node, format!("policy: rules[{at}]"))?;
    let id = fields.need_id("id")?;
    let test_on = fields.word("test_on", &[TestOn::List, TestOn::Running], TestOn::name)?.unwrap_or_default();
    let effect = match fields.need("off")? {
        Node::Text(rate) => Effect::PercentOff(rate.parse()?),
        Node::Int(amount) => Effect::FixedOff(*amount),
        other => return Err(fields.wrong("off", "a rate such as \"10%\" or minor units", other)),
    };
    let rule = CartRule {
        id,
        priority: fields.int("priority")?.unwrap_or(0),
        min_subtotal: fields.int("min_subtotal")?.unwrap_or(0),
        test_on,
        effect,
    };
    fields.finish()?;
    Ok(rule)
}
