//! Commands from documents.

use super::{
    case, parts, payment, pickup_code, reason, refund, request, request_of, returned, shipment, some_or_all,
    tracking, transaction,
};
use crate::doc::{Fields, Node};
use crate::error::Result;
use crate::id::{OrderId, RefundId};
use crate::request::{Asked, name_and_options, no_command};
use crate::trade::order::action::{Action, Resolution};
use crate::trade::order::case::{CaseKind, CaseMove, Goods};
use crate::trade::order::command::{Command, Envelope, Tenant};
use crate::trade::order::placement::{Placement, Revision};
use crate::trade::order::shipment::{Dispatch, Handover};
use std::sync::Arc;

impl Command {
    /// Reads `{"order_id", "command_id", "now", "actor", "command": {"<name>": {…}}}`, with an optional
    /// `tenant` and `expected_version`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "command")?;
        let (tenant, order_id) =
            (Tenant::from_fields(&mut fields)?, OrderId::from(fields.need_id("order_id")?));
        let Asked { expected_version, command_id, actor, now } = Asked::from_fields(&mut fields)?;
        let envelope = Envelope { tenant, order_id, expected_version, command_id, actor, now };
        let body = fields.need("command")?;
        fields.finish()?;
        Ok(Self::new(envelope, Action::from_node(body)?))
    }
}

impl Action {
    /// Reads `{"<name>": {…}}`; a name without options may stand alone: `"release"`.
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
            "place" => Self::Place(Arc::new(Placement::from_command(fields)?)),
            "edit" => Self::Edit(Arc::new(Revision::from_fields(fields)?)),
            "release" => Self::Release,
            "hold" => Self::Hold { reason: reason(fields)? },
            "unhold" => Self::Unhold,
            "cancel" => Self::Cancel { reason: reason(fields)? },
            "ship" => Self::Ship(Dispatch {
                parts: some_or_all(fields)?,
                shipment_id: shipment(fields)?,
                tracking: tracking(fields)?,
                pickup_code: pickup_code(fields)?,
            }),
            "deliver" => Self::Deliver(Handover {
                parts: some_or_all(fields)?,
                shipment_id: shipment(fields)?,
                pickup_code: pickup_code(fields)?,
            }),
            "cancel_lines" => Self::CancelLines { lines: parts(fields)?, reason: reason(fields)? },
            "refund_lines" => Self::RefundLines(request(fields)?),
            "grant_refund" => Self::GrantRefund(request(fields)?),
            "tick" => Self::Tick,
            other => match Self::money_from_fields(other, fields)? {
                Some(action) => action,
                None => Self::case_from_fields(other, fields)?,
            },
        })
    }

    fn money_from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Option<Self>> {
        Ok(Some(match name {
            "authorize" => {
                let (transaction_id, amount, method) = payment(fields)?;
                Self::Authorize { transaction_id, amount, method }
            }
            "void_authorization" => Self::VoidAuthorization { transaction_id: transaction(fields)? },
            "capture" => {
                let (transaction_id, amount, method) = payment(fields)?;
                Self::Capture { transaction_id, amount, method }
            }
            "charge_back" => {
                Self::ChargeBack { transaction_id: transaction(fields)?, amount: fields.need_int("amount")? }
            }
            "charge_back_won" => Self::ChargeBackWon { transaction_id: transaction(fields)? },
            "refund_succeeded" => Self::RefundSucceeded {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                amount: fields.need_int("amount")?,
            },
            "refund_failed" => Self::RefundFailed {
                refund_id: refund(fields)?,
                transaction_id: transaction(fields)?,
                reason: reason(fields)?,
            },
            "retry_refund" => Self::RetryRefund { refund_id: refund(fields)? },
            _ => return Ok(None),
        }))
    }

    fn case_from_fields(name: &str, fields: &mut Fields<'_>) -> Result<Self> {
        let bare = CaseMove::ALL.iter().copied().find(|on| on.is_bare() && on.name() == name);
        if let Some(to) = bare {
            return Ok(Self::MoveCase { case_id: case(fields)?, to, reason: reason(fields)? });
        }
        Ok(match name {
            "open_case" => Self::OpenCase {
                case_id: case(fields)?,
                kind: fields.need_word("kind", CaseKind::ALL, CaseKind::name)?,
                goods: fields.word("goods", Goods::ALL, Goods::name)?,
                lines: parts(fields)?,
                reason: reason(fields)?,
            },
            "send_return" => Self::SendReturn { case_id: case(fields)?, tracking: tracking(fields)? },
            "receive_return" => Self::ReceiveReturn { case_id: case(fields)?, lines: returned(fields)? },
            "receive_undelivered" => Self::ReceiveUndelivered { lines: returned(fields)? },
            "resolve_case" => {
                let case_id = case(fields)?;
                let named = fields.id("refund_id")?.map(RefundId::from);
                let resolution = match named {
                    Some(refund_id) => Resolution::Refund(request_of(refund_id, fields)?),
                    None => Resolution::Replace,
                };
                Self::ResolveCase { case_id, resolution }
            }
            "ship_replacement" => Self::ShipReplacement {
                case_id: case(fields)?,
                shipment_id: shipment(fields)?,
                tracking: tracking(fields)?,
            },
            "deliver_replacement" => Self::DeliverReplacement { case_id: case(fields)? },
            other => return Err(no_command(other, "an order", COMMANDS)),
        })
    }
}

const COMMANDS: &str = "place, edit, authorize, void_authorization, capture, charge_back, charge_back_won, \
    release, hold, unhold, cancel, ship, deliver, cancel_lines, refund_lines, open_case, approve_case, \
    reject_case, withdraw_case, send_return, receive_return, refuse_return, resolve_case, ship_replacement, \
    deliver_replacement, receive_undelivered, grant_refund, refund_succeeded, refund_failed, retry_refund, tick";
