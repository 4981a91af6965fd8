//! What happened to bindings, and why.

use super::command::{CLOSINGS, need};
use super::policy::{Stage, sku};
use crate::doc::{Fields, Node};
use crate::error::{Code, Result};
use crate::id::{ExternalId, SkuId};
use crate::request::Reason;
use crate::reward::referral::Closing;
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// Why something changed.
    Why {
        /// The member registered through what somebody shared.
        Registration = "registration", "registered", "注册";
        /// The member followed what somebody shared.
        Visit = "visit", "visited", "访问";
        /// A visit after the days of protection, or one that counts more than an earlier one.
        TakenOver = "taken_over", "taken over", "抢客";
        /// The first order.
        FirstOrder = "first_order", "first order", "首次下单";
        /// The first payment.
        FirstPayment = "first_payment", "first payment", "首次付款";
        /// An order that began the days anew.
        Order = "order", "ordered", "下单";
        /// The days were over.
        Expired = "expired", "expired", "过期";
        /// The shop said so.
        Staff = "staff", "by the shop", "后台操作";
        /// The rule of who may distribute was met.
        Qualified = "qualified", "qualified", "达到条件";
        /// What had met the rule went back.
        Refunded = "refunded", "refunded", "退款";
        /// Whoever shared may not distribute.
        NotADistributor = "not_a_distributor", "not a distributor", "非分销员";
        /// The sharer stands below the member by now.
        Cycle = "cycle", "below the member", "循环";
        /// It only counts.
        Counted = "counted", "counted", "计数";
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody became a member.
    Registered,
    /// Whoever shared will win the member, if nobody else does before their first order or payment.
    Offered {
        /// Who shared.
        sharer: u64,
    },
    /// Whoever shared does not win the member.
    Refused {
        /// Who shared.
        sharer: u64,
    },
    /// The member has an inviter now, another one than before.
    Bound {
        /// Who.
        inviter: u64,
        /// Until when, where it expires.
        until: Option<Timestamp>,
        /// Until when nobody else may win them.
        protected: Option<Timestamp>,
    },
    /// The days of the same inviter began anew.
    Renewed {
        /// Until when, where it expires.
        until: Option<Timestamp>,
        /// Until when nobody else may win them.
        protected: Option<Timestamp>,
    },
    /// The member has no inviter any more.
    Released,
    /// An order was placed.
    Ordered,
    /// An order was paid.
    Paid {
        /// Its amount.
        spend_minor: i64,
        /// What was bought.
        goods: Vec<SkuId>,
    },
    /// An order was completed.
    Completed {
        /// What was left of its amount.
        spend_minor: i64,
        /// What was kept.
        goods: Vec<SkuId>,
    },
    /// More of an order counts than before.
    Added {
        /// The amount that came on top.
        spend_minor: i64,
        /// What came on top.
        goods: Vec<SkuId>,
        /// The count it adds to, see [`Add`](super::BindingAction::Add).
        on: Option<Stage>,
    },
    /// Something of an order that counted went back.
    Refunded {
        /// The amount.
        spend_minor: i64,
        /// What went back.
        goods: Vec<SkuId>,
        /// Whether nothing of the order was left.
        whole: bool,
        /// The count it leaves, see [`Refund`](super::BindingAction::Refund).
        on: Option<Stage>,
    },
    /// The member may distribute: the shop said so, or they met the rule.
    Qualified,
    /// The member, who had met the rule, meets it no longer.
    Unqualified,
    /// The member may distribute no longer.
    Dismissed,
    /// Another account of the same person went into this one.
    Merged {
        /// The account that went.
        gone: u64,
    },
    /// The account was closed.
    Closed {
        /// What became of those below.
        closing: Closing,
    },
}

/// One event: who, what, why, when, by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingEvent {
    /// Whom it happened to.
    pub member: u64,
    /// What.
    pub what: What,
    /// Why.
    pub why: Why,
    /// When; an expiry at the end of its days, whenever it was noticed.
    pub at: Timestamp,
    /// Who asked.
    pub actor: ExternalId,
    /// What they said about it.
    pub reason: Option<Reason>,
}

impl BindingEvent {
    /// The word of what happened.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.what {
            What::Registered => "registered",
            What::Offered { .. } => "offered",
            What::Refused { .. } => "refused",
            What::Bound { .. } => "bound",
            What::Renewed { .. } => "renewed",
            What::Released => "released",
            What::Ordered => "ordered",
            What::Paid { .. } => "paid",
            What::Completed { .. } => "completed",
            What::Added { .. } => "added",
            What::Refunded { .. } => "refunded",
            What::Qualified => "qualified",
            What::Unqualified => "unqualified",
            What::Dismissed => "dismissed",
            What::Merged { .. } => "merged",
            What::Closed { .. } => "closed",
        }
    }

    /// The event as a document, one line of an audit.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let id = |id: u64| Node::from(id.to_string());
        let when = |at: Option<Timestamp>| -> Node { at.map(|at| Node::Int(at.ms())).into() };
        let goods = |goods: &[SkuId]| Node::List(goods.iter().map(Node::from).collect());
        let data: Vec<(&str, Node)> = match &self.what {
            What::Offered { sharer } | What::Refused { sharer } => vec![("sharer", id(*sharer))],
            What::Bound { inviter, until, protected } => {
                vec![("inviter", id(*inviter)), ("until", when(*until)), ("protected", when(*protected))]
            }
            What::Renewed { until, protected } => {
                vec![("until", when(*until)), ("protected", when(*protected))]
            }
            What::Paid { spend_minor, goods: bought } | What::Completed { spend_minor, goods: bought } => {
                vec![("spend_minor", Node::Int(*spend_minor)), ("goods", goods(bought))]
            }
            What::Added { spend_minor, goods: more, on } => added(*spend_minor, goods(more), *on),
            What::Refunded { spend_minor, goods: gone, whole, on } => {
                refunded(*spend_minor, goods(gone), *whole, *on)
            }
            What::Merged { gone } => vec![("gone", id(*gone))],
            What::Closed { closing: Closing::Stay } => vec![("downline", "stay".into())],
            What::Closed { closing: Closing::RollUp } => vec![("downline", "roll_up".into())],
            What::Registered
            | What::Released
            | What::Ordered
            | What::Qualified
            | What::Unqualified
            | What::Dismissed => vec![],
        };
        let envelope = [
            ("member", id(self.member)),
            ("type", self.word().into()),
            ("why", self.why.name().into()),
            ("at", Node::Int(self.at.ms())),
            ("actor", Node::from(&self.actor)),
            ("reason", self.reason.as_ref().map(|reason| Node::from(reason.as_str())).into()),
        ];
        Node::map(envelope.into_iter().chain(data))
    }

    /// Reads what [`BindingEvent::to_node`] writes; keys of later versions are passed over.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] for a type nobody knows; else names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::of_log(node, "binding event")?;
        let what = what(&mut fields)?;
        Ok(Self {
            member: need(&mut fields, "member")?,
            what,
            why: fields.need_word("why", Why::ALL, Why::name)?,
            at: Timestamp::from_ms(fields.need_int("at")?),
            actor: fields.need_id("actor")?,
            reason: fields.text("reason")?.map(Reason::new).transpose()?,
        })
    }
}

fn what(fields: &mut Fields<'_>) -> Result<What> {
    let when = |fields: &mut Fields<'_>, key| -> Result<Option<Timestamp>> {
        Ok(fields.int(key)?.map(Timestamp::from_ms))
    };
    let word = fields.need_text("type")?;
    Ok(match word {
        "registered" => What::Registered,
        "offered" => What::Offered { sharer: need(fields, "sharer")? },
        "refused" => What::Refused { sharer: need(fields, "sharer")? },
        "bound" => What::Bound {
            inviter: need(fields, "inviter")?,
            until: when(fields, "until")?,
            protected: when(fields, "protected")?,
        },
        "renewed" => What::Renewed { until: when(fields, "until")?, protected: when(fields, "protected")? },
        "released" => What::Released,
        "ordered" => What::Ordered,
        "paid" | "completed" | "added" | "refunded" => {
            let spend_minor = fields.need_int("spend_minor")?;
            let goods = fields.list("goods")?.iter().map(sku).collect::<Result<_>>()?;
            match word {
                "paid" => What::Paid { spend_minor, goods },
                "added" => What::Added { spend_minor, goods, on: stage_of(fields)? },
                "refunded" => {
                    let whole = fields.flag("whole")?.unwrap_or(false);
                    What::Refunded { spend_minor, goods, whole, on: stage_of(fields)? }
                }
                _ => What::Completed { spend_minor, goods },
            }
        }
        "qualified" => What::Qualified,
        "unqualified" => What::Unqualified,
        "dismissed" => What::Dismissed,
        "merged" => What::Merged { gone: need(fields, "gone")? },
        "closed" => What::Closed { closing: fields.need_word("downline", &CLOSINGS, |(name, _)| name)?.1 },
        other => {
            let rule = format!("`type` is `{other}`, which is no event of a binding");
            return Err(fields.fault(Code::InvalidEvent, rule));
        }
    })
}

/// The content of what came on top, asked for or made.
pub(super) fn added(spend_minor: i64, goods: Node, on: Option<Stage>) -> Vec<(&'static str, Node)> {
    let content = [("spend_minor", Node::Int(spend_minor)), ("goods", goods)];
    content.into_iter().chain(on.map(|on| ("on", on.name().into()))).collect()
}

/// The content of a refund, asked for or made.
pub(super) fn refunded(
    spend_minor: i64,
    goods: Node,
    whole: bool,
    on: Option<Stage>,
) -> Vec<(&'static str, Node)> {
    [added(spend_minor, goods, on), vec![("whole", whole.into())]].concat()
}

/// The count that something adds to or leaves.
pub(super) fn stage_of(fields: &mut Fields<'_>) -> Result<Option<Stage>> {
    fields.word("on", Stage::ALL, Stage::name)
}
