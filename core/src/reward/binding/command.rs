//! What is asked of bindings.

use super::event::{added, refunded, stage_of};
use super::policy::{Stage, sku};
use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, SkuId};
use crate::request::{Fingerprint, Reason};
use crate::reward::referral::Closing;
use crate::time::Timestamp;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingAction {
    /// Somebody becomes a member, perhaps through what somebody shared.
    Register {
        /// Who.
        member: u64,
        /// Who shared.
        sharer: Option<u64>,
    },
    /// A member follows what somebody shared.
    Visit {
        /// Who.
        member: u64,
        /// Who shared.
        sharer: u64,
    },
    /// A member places an order.
    Order {
        /// Who.
        member: u64,
    },
    /// An order is paid.
    Pay {
        /// Whose.
        member: u64,
        /// Its amount.
        spend_minor: i64,
        /// What was bought.
        goods: Vec<SkuId>,
    },
    /// The after-sale window of an order is over.
    Complete {
        /// Whose.
        member: u64,
        /// What is left of its amount.
        spend_minor: i64,
        /// What was kept of it.
        goods: Vec<SkuId>,
    },
    /// More of an order counts towards distributing than before: it was edited, or money came back that had been
    /// charged back. It is no further order, and no payment that binds.
    Add {
        /// Whose.
        member: u64,
        /// The amount that came on top.
        spend_minor: i64,
        /// What came on top.
        goods: Vec<SkuId>,
        /// The count it adds to; both where none is named.
        on: Option<Stage>,
    },
    /// Something of an order that counted towards distributing went back.
    Refund {
        /// Whose.
        member: u64,
        /// The amount that went back.
        spend_minor: i64,
        /// What went back.
        goods: Vec<SkuId>,
        /// Whether nothing of the order is left.
        whole: bool,
        /// The count it leaves: that of paid orders, which it does before its order is completed, or of completed ones;
        /// both where none is named.
        on: Option<Stage>,
    },
    /// The shop lets a member distribute, or approves their application.
    Appoint {
        /// Whom.
        member: u64,
    },
    /// The shop lets a member distribute no longer, whatever they buy.
    Dismiss {
        /// Whom.
        member: u64,
    },
    /// The shop puts a member below somebody else, or below nobody.
    Reassign {
        /// Whom.
        member: u64,
        /// Below whom.
        inviter: Option<u64>,
    },
    /// Two accounts are one person's.
    Merge {
        /// The account that stays.
        kept: u64,
        /// The account that goes.
        gone: u64,
    },
    /// An account is closed.
    Close {
        /// Whose.
        member: u64,
        /// What becomes of those below.
        closing: Closing,
    },
    /// Time passes: what has expired is released.
    Tick,
}

/// A command: what, who asks, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingCommand {
    /// What is asked for.
    pub action: BindingAction,
    /// Who asks.
    pub actor: ExternalId,
    /// When, by the caller's clock.
    pub now: Timestamp,
    /// Why; whoever acts for the shop says it.
    pub reason: Option<Reason>,
}

impl BindingCommand {
    /// Reads `{word: content, "now", "actor", "reason"?}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "binding command")?;
        let now = Timestamp::from_ms(fields.need_int("now")?);
        let actor = fields.need_id("actor")?;
        let reason = fields.text("reason")?.map(Reason::new).transpose()?;
        let mut words = WORDS.iter().filter_map(|word| Some((*word, fields.take(word)?)));
        let found = words.next();
        let more = words.next();
        let (Some((word, content)), None) = (found, more) else {
            let rule = format!("one of {}, and only one", WORDS.join(", "));
            return Err(fields.fault(Code::UnknownWord, rule));
        };
        let action = action(word, content)?;
        fields.finish()?;
        Ok(Self { action, actor, now, reason })
    }

    /// The command as a document that [`BindingCommand::from_node`] reads.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            (self.action.word(), self.action.content()),
            ("now", Node::Int(self.now.ms())),
            ("actor", Node::from(&self.actor)),
            ("reason", self.reason.as_ref().map(|reason| Node::from(reason.as_str())).into()),
        ])
    }

    /// What the command says, whenever it comes: the same again is a retry.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let reason = self.reason.as_ref().map(|reason| Node::from(reason.as_str()));
        let said = Node::map([(self.action.word(), self.action.content()), ("reason", reason.into())]);
        Fingerprint::of(&said.to_json(), &self.actor)
    }
}

impl BindingAction {
    /// The word of what is asked for.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::Visit { .. } => "visit",
            Self::Order { .. } => "order",
            Self::Pay { .. } => "pay",
            Self::Complete { .. } => "complete",
            Self::Add { .. } => "add",
            Self::Refund { .. } => "refund",
            Self::Appoint { .. } => "appoint",
            Self::Dismiss { .. } => "dismiss",
            Self::Reassign { .. } => "reassign",
            Self::Merge { .. } => "merge",
            Self::Close { .. } => "close",
            Self::Tick => "tick",
        }
    }

    fn content(&self) -> Node {
        let id = |id: &u64| Node::from(id.to_string());
        let goods = |goods: &[SkuId]| Node::List(goods.iter().map(Node::from).collect());
        Node::map(match self {
            Self::Register { member, sharer } => {
                vec![("member", id(member)), ("sharer", id(&sharer.unwrap_or(0)))]
            }
            Self::Visit { member, sharer } => vec![("member", id(member)), ("sharer", id(sharer))],
            Self::Order { member } | Self::Appoint { member } | Self::Dismiss { member } => {
                vec![("member", id(member))]
            }
            Self::Pay { member, spend_minor, goods: skus }
            | Self::Complete { member, spend_minor, goods: skus } => {
                vec![("member", id(member)), ("spend_minor", Node::Int(*spend_minor)), ("goods", goods(skus))]
            }
            Self::Add { member, spend_minor, goods: skus, on } => {
                [vec![("member", id(member))], added(*spend_minor, goods(skus), *on)].concat()
            }
            Self::Refund { member, spend_minor, goods: skus, whole, on } => {
                [vec![("member", id(member))], refunded(*spend_minor, goods(skus), *whole, *on)].concat()
            }
            Self::Reassign { member, inviter } => {
                vec![("member", id(member)), ("inviter", id(&inviter.unwrap_or(0)))]
            }
            Self::Merge { kept, gone } => vec![("kept", id(kept)), ("gone", id(gone))],
            Self::Close { member, closing } => {
                let named = CLOSINGS.iter().find(|(_, known)| known == closing);
                vec![("member", id(member)), ("downline", named.map(|(name, _)| *name).into())]
            }
            Self::Tick => vec![],
        })
    }
}

const WORDS: [&str; 13] = [
    "register", "visit", "order", "pay", "complete", "add", "refund", "appoint", "dismiss", "reassign",
    "merge", "close", "tick",
];

pub(super) const CLOSINGS: [(&str, Closing); 2] = [("stay", Closing::Stay), ("roll_up", Closing::RollUp)];

fn action(word: &str, node: &Node) -> Result<BindingAction> {
    let mut fields = Fields::new(node, word)?;
    let action = match word {
        "register" => BindingAction::Register {
            member: need(&mut fields, "member")?,
            sharer: fields.take("sharer").map(member).transpose()?.filter(|id| *id != 0),
        },
        "visit" => BindingAction::Visit {
            member: need(&mut fields, "member")?,
            sharer: need(&mut fields, "sharer")?,
        },
        "order" => BindingAction::Order { member: need(&mut fields, "member")? },
        "pay" | "complete" | "add" | "refund" => {
            let who = need(&mut fields, "member")?;
            let spend_minor = fields.int("spend_minor")?.unwrap_or(0);
            if spend_minor < 0 {
                return Err(fields.fault(Code::InvalidValue, "`spend_minor` is not below 0"));
            }
            let goods = fields.list("goods")?.iter().map(sku).collect::<Result<_>>()?;
            match word {
                "pay" => BindingAction::Pay { member: who, spend_minor, goods },
                "add" => BindingAction::Add { member: who, spend_minor, goods, on: stage_of(&mut fields)? },
                "refund" => {
                    let whole = fields.flag("whole")?.unwrap_or(false);
                    let on = stage_of(&mut fields)?;
                    BindingAction::Refund { member: who, spend_minor, goods, whole, on }
                }
                _ => BindingAction::Complete { member: who, spend_minor, goods },
            }
        }
        "appoint" => BindingAction::Appoint { member: need(&mut fields, "member")? },
        "dismiss" => BindingAction::Dismiss { member: need(&mut fields, "member")? },
        "reassign" => BindingAction::Reassign {
            member: need(&mut fields, "member")?,
            inviter: fields.take("inviter").map(member).transpose()?.filter(|id| *id != 0),
        },
        "merge" => {
            BindingAction::Merge { kept: need(&mut fields, "kept")?, gone: need(&mut fields, "gone")? }
        }
        "close" => BindingAction::Close {
            member: need(&mut fields, "member")?,
            closing: fields.need_word("downline", &CLOSINGS, |(name, _)| name)?.1,
        },
        _ => BindingAction::Tick,
    };
    fields.finish()?;
    Ok(action)
}

pub(super) fn need(fields: &mut Fields<'_>, key: &'static str) -> Result<u64> {
    member(fields.need(key)?)
}

fn member(node: &Node) -> Result<u64> {
    let id = match node {
        Node::Int(id) => u64::try_from(*id).ok(),
        Node::Text(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => id.parse().ok(),
        _ => None,
    };
    let wanted = "a whole number from 0 to 2^63 − 1";
    id.ok_or_else(|| Error::new(Code::InvalidId, invalid("a member id", wanted, node).message()))
}
