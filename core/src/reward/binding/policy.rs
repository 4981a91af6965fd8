//! The policy of a shop: who wins a member, for how long, and who may win anybody at all.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::SkuId;
use crate::reward::plan::Plan;
use crate::words::words;
use std::collections::BTreeSet;

words! {
    /// When a member is won, and whether somebody else may win them later.
    Mode {
        /// By registering through what somebody shared, once and for all.
        Lifelong = "lifelong", "Lifelong, at registration", "注册永久绑定";
        /// By the first order; until then the latest visit counts.
        FirstOrder = "first_order", "At the first order", "首次下单绑定";
        /// By the first payment; until then the latest visit counts.
        FirstPayment = "first_payment", "At the first payment", "首次付款绑定";
        /// By every visit anew.
        EachVisit = "instant", "By the latest visit", "即时绑定";
        /// By the first visit, once and for all.
        InstantLifelong = "instant_lifelong", "By the first visit, lifelong", "首次点击永久绑定";
        /// By a visit, and by the next one once the protection of the first is over.
        Protect = "protect", "With a protect period", "保护期绑定";
    }
}

words! {
    /// What begins the days of expiry and protection anew.
    Renew {
        /// Nothing.
        Never = "never", "Never", "不续期";
        /// A visit to what the inviter shared.
        Visit = "visit", "By a visit", "访问续期";
        /// An order of the member.
        Order = "order", "By an order", "下单续期";
    }
}

words! {
    /// Whether an order of a distributor counts for the distributor.
    SelfPurchase {
        /// It counts for whoever is above them.
        Refused = "refused", "Not counted", "自购不计佣";
        /// It counts for themselves first.
        Counts = "counts", "Counted", "自购返佣";
    }
}

words! {
    /// When an order counts towards becoming a distributor.
    Stage {
        /// When it is paid.
        Payment = "payment", "On payment", "付款后";
        /// When its after-sale window is over.
        Completion = "completion", "On completion", "订单完成后";
    }
}

/// Who may distribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distributors {
    /// Every member who was not dismissed.
    Everyone,
    /// Whom the shop appoints.
    Appointed,
    /// Whose application was approved, which the host says by appointing them.
    Application,
    /// Who has spent so much.
    Spend {
        /// In minor units.
        at_least_minor: i64,
        /// When it counts.
        on: Stage,
    },
    /// Who has so many orders.
    Orders {
        /// How many.
        at_least: u32,
        /// When they count.
        on: Stage,
    },
    /// Who has bought one of these.
    Goods {
        /// Which.
        any: BTreeSet<SkuId>,
        /// When it counts.
        on: Stage,
    },
}

impl Distributors {
    /// The word used in data.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Appointed => "appointed",
            Self::Application => "application",
            Self::Spend { .. } => "spend",
            Self::Orders { .. } => "orders",
            Self::Goods { .. } => "goods",
        }
    }

    fn to_node(&self) -> Node {
        let (rule, on) = match self {
            Self::Everyone | Self::Appointed | Self::Application => return self.name().into(),
            Self::Spend { at_least_minor, on } => (("at_least_minor", Node::Int(*at_least_minor)), on),
            Self::Orders { at_least, on } => (("at_least", Node::Int((*at_least).into())), on),
            Self::Goods { any, on } => (("any", Node::List(any.iter().map(Node::from).collect())), on),
        };
        Node::map([(self.name(), Node::map([rule, ("on", on.name().into())]))])
    }

    /// When purchases count, where they do.
    #[must_use]
    pub const fn purchase(&self) -> Option<Stage> {
        match self {
            Self::Everyone | Self::Appointed | Self::Application => None,
            Self::Spend { on, .. } | Self::Orders { on, .. } | Self::Goods { on, .. } => Some(*on),
        }
    }
}

/// The policy of a shop, which contradicts itself nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingPolicy {
    mode: Mode,
    protect_days: u32,
    expire_days: Option<u32>,
    renew: Renew,
    self_purchase: SelfPurchase,
    distributors: Distributors,
}

impl BindingPolicy {
    /// Reads `{mode, protect_days?, expire_days?, renew?, self_purchase?, distributors?}`;
    /// `docs/reference/binding.md` says what each does.
    ///
    /// # Errors
    /// Names the key, the value and the rule: protection without [`Mode::Protect`] or beyond expiry,
    /// expiry of what is lifelong, days of zero.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "binding policy")?;
        let policy = Self {
            mode: fields.need_word("mode", Mode::ALL, Mode::name)?,
            protect_days: fields.count("protect_days")?.unwrap_or(0),
            expire_days: fields.count("expire_days")?,
            renew: fields.word("renew", Renew::ALL, Renew::name)?.unwrap_or(Renew::Never),
            self_purchase: fields
                .word("self_purchase", SelfPurchase::ALL, SelfPurchase::name)?
                .unwrap_or(SelfPurchase::Refused),
            distributors: fields.take("distributors").map_or(Ok(Distributors::Everyone), distributors)?,
        };
        let wrong = |rule: &str| Err(fields.fault(Code::InvalidValue, rule));
        if (policy.mode == Mode::Protect) != (policy.protect_days > 0) {
            return wrong("`protect_days` stands with the mode `protect`, and is 1 or more there");
        }
        if policy.expire_days == Some(0) {
            return wrong("`expire_days` is 1 or more; leave it out where nothing expires");
        }
        let lifelong = matches!(policy.mode, Mode::Lifelong | Mode::InstantLifelong);
        if lifelong && policy.expire_days.is_some() {
            return wrong("`expire_days` has no place with a lifelong mode");
        }
        if policy.expire_days.is_some_and(|days| days < policy.protect_days) {
            return wrong("`protect_days` are at most `expire_days`: who is lost is not protected any more");
        }
        if policy.renew != Renew::Never && policy.expire_days.is_none() && policy.protect_days == 0 {
            return wrong("`renew` needs `expire_days` or `protect_days`, which it begins anew");
        }
        fields.finish()?;
        Ok(policy)
    }

    /// The policy as a document that [`BindingPolicy::from_node`] reads, with what was left out.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let days = self.expire_days.map(|days| Node::Int(days.into()));
        Node::map([
            ("mode", Node::from(self.mode.name())),
            ("protect_days", Node::Int(self.protect_days.into())),
            ("expire_days", days.into()),
            ("renew", self.renew.name().into()),
            ("self_purchase", self.self_purchase.name().into()),
            ("distributors", self.distributors.to_node()),
        ])
    }

    /// When a member is won.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// For how many days nobody else may win a member; 0 but in [`Mode::Protect`].
    #[must_use]
    pub const fn protect_days(&self) -> u32 {
        self.protect_days
    }

    /// After how many days an inviter is lost.
    #[must_use]
    pub const fn expire_days(&self) -> Option<u32> {
        self.expire_days
    }

    /// What begins those days anew.
    #[must_use]
    pub const fn renew(&self) -> Renew {
        self.renew
    }

    /// Whose the orders of distributors are.
    #[must_use]
    pub const fn self_purchase(&self) -> SelfPurchase {
        self.self_purchase
    }

    /// Who may distribute.
    #[must_use]
    pub const fn distributors(&self) -> &Distributors {
        &self.distributors
    }

    /// Refuses a policy under which people buy to be allowed to distribute, unless the plan says why that is
    /// allowed: `allow.distribute`.
    ///
    /// # Errors
    /// [`Code::PaysRecruiting`].
    pub fn check(&self, plan: &Plan) -> Result<()> {
        if self.distributors.purchase().is_some() && !plan.allow().contains_key("distribute") {
            let by = self.distributors.name();
            let error = format!(
                "distributors by `{by}` buy to be allowed to distribute; the plan needs `allow.distribute` \
                 with a reason"
            );
            return Err(Error::new(Code::PaysRecruiting, error));
        }
        Ok(())
    }
}

fn distributors(node: &Node) -> Result<Distributors> {
    if let Some(word) = node.as_text() {
        return match word {
            "everyone" => Ok(Distributors::Everyone),
            "appointed" => Ok(Distributors::Appointed),
            "application" => Ok(Distributors::Application),
            other => {
                let known = "everyone, appointed, application, or a map of spend, orders or goods";
                let rule = format!("binding policy: `distributors` is `{other}`; one of {known}");
                Err(Error::new(Code::UnknownWord, rule))
            }
        };
    }
    let mut outer = Fields::new(node, "`distributors`")?;
    let on = |fields: &mut Fields<'_>| fields.need_word("on", Stage::ALL, Stage::name);
    let read = if let Some(node) = outer.take("spend") {
        let mut fields = Fields::new(node, "`distributors.spend`")?;
        let at_least_minor = fields.need_int("at_least_minor")?;
        if at_least_minor <= 0 {
            return Err(fields.fault(Code::InvalidValue, "`at_least_minor` is above 0"));
        }
        let read = Distributors::Spend { at_least_minor, on: on(&mut fields)? };
        fields.finish()?;
        read
    } else if let Some(node) = outer.take("orders") {
        let mut fields = Fields::new(node, "`distributors.orders`")?;
        let at_least = fields.count("at_least")?.unwrap_or(0);
        if at_least == 0 {
            return Err(fields.fault(Code::InvalidValue, "`at_least` is above 0"));
        }
        let read = Distributors::Orders { at_least, on: on(&mut fields)? };
        fields.finish()?;
        read
    } else {
        let node = outer.need("goods")?;
        let mut fields = Fields::new(node, "`distributors.goods`")?;
        let any: BTreeSet<SkuId> = fields.list("any")?.iter().map(sku).collect::<Result<_>>()?;
        if any.is_empty() {
            return Err(fields.fault(Code::InvalidValue, "`any` names one SKU at least"));
        }
        let read = Distributors::Goods { any, on: on(&mut fields)? };
        fields.finish()?;
        read
    };
    outer.finish()?;
    Ok(read)
}

pub(super) fn sku(node: &Node) -> Result<SkuId> {
    let id = crate::id::ExternalId::from_node(node)?;
    id.map(SkuId::from).ok_or_else(|| Error::new(Code::InvalidId, "a SKU without an id"))
}
