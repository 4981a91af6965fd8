//! The JSON form of commands and events. `docs/reference/ledger.md` lists the keys.

use super::command::{Action, Command, Envelope, Header};
use super::event::{EVENT_SCHEMA, Event, EventData, Moves};
use super::policy::Policy;
use super::state::WalletKey;
use super::words::{PayoutState, Verdict};
use crate::doc::{Fields, MAX_DOCUMENT_BYTES, Node, read_json};
use crate::error::{Code, Error, Result};
use crate::id::{AdjustmentId, HoldId, MemberId, PayoutId, TransactionId, WithdrawalId};
use crate::ledger::MemberAccount;
use crate::money::Currency;
use crate::request::{self, Asked, Made, Reason, Tenant, name_and_options, no_command};
use crate::time::Timestamp;
use std::sync::Arc;

impl Command {
    /// Reads `{"member", "currency", "command_id", "now", "actor", "command": {"<name>": {…}}}`, with an
    /// optional `tenant` and `expected_version`. The currency is one of ISO 4217; a host that registered
    /// its own builds the [`Envelope`] itself.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "command")?;
        let wallet = wallet(&mut fields)?;
        let Asked { expected_version, command_id, actor, now } = Asked::from_fields(&mut fields)?;
        let envelope = Envelope { wallet, expected_version, command_id, actor, now };
        let body = fields.need("command")?;
        fields.finish()?;
        Ok(Self::new(envelope, Action::from_node(body)?))
    }
}

fn wallet(fields: &mut Fields<'_>) -> Result<WalletKey> {
    Ok(WalletKey {
        tenant: Tenant::from_fields(fields)?,
        member: MemberId::from(fields.need_id("member")?),
        currency: Currency::parse(fields.need_text("currency")?)?,
    })
}

const COMMANDS: &str = "request, approve, reject, cancel, pay, send, payout_awaiting, payout_succeeded, \
    payout_failed, payout_lapsed, resolve, hold, release_hold, propose_adjustment, approve_adjustment, \
    reject_adjustment, tick";

impl Action {
    /// Reads `{"<name>": {…}}`; a name without options may stand alone: `"tick"`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let empty = Node::map::<String>([]);
        let (name, body) = name_and_options(node, &empty)?;
        let mut fields = Fields::new(body, name)?;
        let action = Self::from_fields(name, &mut fields)?;
        fields.finish()?;
        Ok(action)
    }

    fn from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        Ok(match name {
            "request" => Self::Request {
                withdrawal_id: withdrawal(fields)?,
                amount: fields.need_int("amount")?,
                policy: fields.take("policy").map_or(Ok(Policy::default()), Policy::from_node)?,
            },
            "approve" => Self::Approve { withdrawal_id: withdrawal(fields)? },
            "reject" => Self::Reject { withdrawal_id: withdrawal(fields)?, reason: reason(fields)? },
            "cancel" => Self::Cancel { withdrawal_id: withdrawal(fields)?, reason: reason(fields)? },
            "pay" => Self::Pay { withdrawal_id: withdrawal(fields)?, payout_id: payout(fields)? },
            "send" => Self::Send { payout_id: payout(fields)? },
            "payout_awaiting" => {
                Self::PayoutAwaiting { payout_id: payout(fields)?, expires_at: expiry(fields)? }
            }
            "payout_succeeded" => Self::PayoutSucceeded {
                payout_id: payout(fields)?,
                transaction_id: TransactionId::from(fields.need_id("transaction_id")?),
                amount: fields.need_int("amount")?,
            },
            "payout_failed" => Self::PayoutFailed { payout_id: payout(fields)?, reason: reason(fields)? },
            "payout_lapsed" => Self::PayoutLapsed { payout_id: payout(fields)? },
            "resolve" => Self::Resolve {
                payout_id: payout(fields)?,
                transaction_id: fields.id("transaction_id")?.map(TransactionId::from),
                verdict: fields.need_word("verdict", Verdict::ALL, Verdict::name)?,
                reason: reason(fields)?,
            },
            "hold" => Self::Hold {
                hold_id: hold(fields)?,
                account: account(fields)?,
                amount: fields.int("amount")?,
                reason: reason(fields)?,
            },
            "release_hold" => Self::ReleaseHold { hold_id: hold(fields)?, reason: reason(fields)? },
            "propose_adjustment" => Self::ProposeAdjustment {
                adjustment_id: adjustment(fields)?,
                amount: fields.need_int("amount")?,
                reason: reason(fields)?,
            },
            "approve_adjustment" => Self::ApproveAdjustment { adjustment_id: adjustment(fields)? },
            "reject_adjustment" => {
                Self::RejectAdjustment { adjustment_id: adjustment(fields)?, reason: reason(fields)? }
            }
            "tick" => Self::Tick,
            other => return Err(no_command(other, "a wallet", COMMANDS)),
        })
    }
}

impl Event {
    /// Reads an event from one line of a log.
    ///
    /// # Errors
    /// As [`Event::from_node`], and [`Code::Syntax`].
    pub fn from_json(text: &str) -> Result<Self> {
        Self::from_node(&read_json(text, MAX_DOCUMENT_BYTES)?)
    }

    /// Reads an event. Keys nobody knows are ignored, a type nobody knows is an error.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] for an unknown type or schema, or an `event_id` that is not derived from
    /// the event's place; else names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "event")?;
        request::check_schema(&mut fields, EVENT_SCHEMA)?;
        let wallet = wallet(&mut fields)?;
        let Made { command_id, fingerprint, actor, at } = Made::from_fields(&mut fields)?;
        let header = Header { wallet, command_id, fingerprint, actor, at };
        let seq: u64 = fields.count("seq")?.unwrap_or(0);
        let data = EventData::from_node(fields.need_text("type")?, fields.need("data")?)?;
        let event = Self { header: Arc::new(header), seq, data };
        request::check_event_id(&mut fields, seq, &event.event_id())?;
        Ok(event)
    }
}

impl EventData {
    /// Reads what happened from its type and its document, without the envelope.
    ///
    /// # Errors
    /// As [`Event::from_node`].
    pub fn from_node(name: &str, node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, name)?;
        let fields = &mut fields;
        Ok(match name {
            "withdrawal_requested" => Self::WithdrawalRequested {
                withdrawal_id: withdrawal(fields)?,
                amount: fields.need_int("amount")?,
                fee: fields.need_int("fee")?,
                tax: fields.need_int("tax")?,
                day: fields.need_int("day")?,
            },
            "withdrawal_approved" => Self::WithdrawalApproved { withdrawal_id: withdrawal(fields)? },
            "withdrawal_rejected" => Self::WithdrawalRejected {
                withdrawal_id: withdrawal(fields)?,
                reason: reason(fields)?,
                moves: moves(fields)?,
            },
            "withdrawal_cancelled" => Self::WithdrawalCancelled {
                withdrawal_id: withdrawal(fields)?,
                reason: reason(fields)?,
                moves: moves(fields)?,
            },
            "hold_placed" => Self::HoldPlaced {
                hold_id: hold(fields)?,
                account: account(fields)?,
                amount: fields.need_int("amount")?,
                reason: reason(fields)?,
            },
            "hold_released" => {
                Self::HoldReleased { hold_id: hold(fields)?, reason: reason(fields)?, moves: moves(fields)? }
            }
            "adjustment_proposed" => Self::AdjustmentProposed {
                adjustment_id: adjustment(fields)?,
                amount: fields.need_int("amount")?,
                reason: reason(fields)?,
            },
            "adjustment_approved" => {
                Self::AdjustmentApproved { adjustment_id: adjustment(fields)?, moves: moves(fields)? }
            }
            "adjustment_rejected" => {
                Self::AdjustmentRejected { adjustment_id: adjustment(fields)?, reason: reason(fields)? }
            }
            "noted" => Self::Noted,
            payout => Self::payout_from(payout, fields)?,
        })
    }

    fn payout_from(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        Ok(match name {
            "payout_requested" => Self::PayoutRequested {
                withdrawal_id: withdrawal(fields)?,
                payout_id: payout(fields)?,
                net: fields.need_int("net")?,
            },
            "payout_sent" => Self::PayoutSent {
                payout_id: payout(fields)?,
                attempt: fields.count("attempt")?.unwrap_or(1),
            },
            "payout_awaiting" => {
                Self::PayoutAwaiting { payout_id: payout(fields)?, expires_at: expiry(fields)? }
            }
            "payout_succeeded" => Self::PayoutSucceeded {
                payout_id: payout(fields)?,
                transaction_id: TransactionId::from(fields.need_id("transaction_id")?),
                moves: moves(fields)?,
            },
            "payout_failed" => Self::PayoutFailed { payout_id: payout(fields)?, reason: reason(fields)? },
            "payout_lapsed" => Self::PayoutLapsed { payout_id: payout(fields)? },
            "payout_conflict" => Self::PayoutConflict {
                payout_id: payout(fields)?,
                transaction_id: fields.id("transaction_id")?.map(TransactionId::from),
                recorded: fields.need_word("recorded", PayoutState::ALL, PayoutState::name)?,
                reported: fields.need_word("reported", PayoutState::ALL, PayoutState::name)?,
                amount: fields.need_int("amount")?,
            },
            "conflict_resolved" => Self::ConflictResolved {
                payout_id: payout(fields)?,
                transaction_id: fields.id("transaction_id")?.map(TransactionId::from),
                verdict: fields.need_word("verdict", Verdict::ALL, Verdict::name)?,
                reason: reason(fields)?,
                moves: moves(fields)?,
            },
            other => {
                return Err(Error::new(Code::InvalidEvent, format!("event type `{other}` is not known")));
            }
        })
    }
}

/// Reads `"moves": {…}`: one key for each account that moves.
fn moves(fields: &mut Fields<'_>) -> Result<Moves> {
    let mut inner = Fields::new(fields.need("moves")?, "moves")?;
    let mut member = Vec::new();
    for account in MemberAccount::ALL {
        if let Some(minor) = inner.int(account.name())? {
            member.push((*account, minor));
        }
    }
    let moves = Moves {
        paid_out: inner.int("paid_out")?.unwrap_or(0),
        fee: inner.int("fee")?.unwrap_or(0),
        tax: inner.int("tax")?.unwrap_or(0),
        adjustment: inner.int("adjustment")?.unwrap_or(0),
        ..Moves::of(member)
    };
    inner.finish()?;
    Ok(moves)
}

fn withdrawal(fields: &mut Fields<'_>) -> Result<WithdrawalId> {
    fields.need_id("withdrawal_id").map(WithdrawalId::from)
}

fn payout(fields: &mut Fields<'_>) -> Result<PayoutId> {
    fields.need_id("payout_id").map(PayoutId::from)
}

fn hold(fields: &mut Fields<'_>) -> Result<HoldId> {
    fields.need_id("hold_id").map(HoldId::from)
}

fn adjustment(fields: &mut Fields<'_>) -> Result<AdjustmentId> {
    fields.need_id("adjustment_id").map(AdjustmentId::from)
}

fn account(fields: &mut Fields<'_>) -> Result<Option<MemberAccount>> {
    let stages = MemberAccount::STAGES.map(|(free, _)| free);
    fields.word("account", &stages, MemberAccount::name)
}

fn expiry(fields: &mut Fields<'_>) -> Result<Timestamp> {
    fields.need_int("expires_at").map(Timestamp::from_ms)
}

fn reason(fields: &mut Fields<'_>) -> Result<Reason> {
    Reason::new(fields.text("reason")?.unwrap_or_default())
}
