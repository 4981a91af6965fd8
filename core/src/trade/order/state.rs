//! The state of an order, folded from its events.

use super::command::{Fingerprint, Reason, Tenant};
use super::event::FactKind;
use super::life::{Life, Trigger};
use super::placement::Placement;
use super::table;
use crate::error::{Code, Error, Result};
use crate::id::{CommandId, LineId, OrderId, RefundId, TransactionId};
use crate::money::Currency;
use crate::sale::Sale;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Units and entitlement of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineState {
    /// Units ordered.
    pub ordered: u64,
    /// Unshipped units called off.
    pub cancelled: u64,
    /// Units that left the warehouse.
    pub shipped: u64,
    /// Units that reached the buyer.
    pub delivered: u64,
    /// Shipped units refunded.
    pub refunded: u64,
    /// What the buyer pays for the line, frozen at placement.
    pub net: i64,
    /// How much of the net was given back.
    pub net_gone: i64,
}

impl LineState {
    /// Units ordered and not cancelled.
    #[must_use]
    pub const fn live(&self) -> u64 {
        self.ordered - self.cancelled
    }

    /// Units neither cancelled nor refunded.
    #[must_use]
    pub const fn units_left(&self) -> u64 {
        self.ordered - self.units_gone()
    }

    /// Units cancelled or refunded.
    #[must_use]
    pub const fn units_gone(&self) -> u64 {
        self.cancelled + self.refunded
    }

    /// What is left of the net.
    #[must_use]
    pub const fn net_left(&self) -> i64 {
        self.net - self.net_gone
    }
}

/// What is left of one line of a sale: the basis of what commission keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineLeft {
    /// Which line.
    pub line: LineId,
    /// Units neither cancelled nor refunded.
    pub units_left: u64,
    /// What is left of the net.
    pub net_left: i64,
}

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundState {
    /// What was reserved; zero when the provider paid out what nobody asked for.
    pub reserved: i64,
    /// What the provider still has to pay out.
    pub open: i64,
    /// What the provider paid out.
    pub succeeded: i64,
    /// The transactions in which the provider failed.
    pub failures: BTreeSet<TransactionId>,
}

/// An authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authorization {
    pub(super) amount: i64,
    pub(super) open: bool,
}

/// A command that acted: what it said and the events it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acted {
    pub(super) fingerprint: Fingerprint,
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
}

/// An order. It changes by events only: [`decide`](super::decide) makes them, [`evolve`](super::evolve)
/// folds them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub(super) tenant: Tenant,
    pub(super) id: OrderId,
    pub(super) version: u64,
    pub(super) life: Life,
    pub(super) placement: Option<Arc<Placement>>,
    pub(super) lines: Vec<LineState>,
    pub(super) shipping_gone: i64,
    pub(super) held: Option<Reason>,
    pub(super) placed_at: Option<Timestamp>,
    pub(super) shipped_at: Option<Timestamp>,
    pub(super) delivered_at: Option<Timestamp>,
    pub(super) authorized: i64,
    pub(super) captured: i64,
    pub(super) refunds_open: i64,
    pub(super) refunded: i64,
    pub(super) authorizations: BTreeMap<TransactionId, Authorization>,
    pub(super) captures: BTreeMap<TransactionId, i64>,
    pub(super) refunds: BTreeMap<RefundId, RefundState>,
    /// Which refund a provider's transaction paid out, and how much.
    pub(super) payouts: BTreeMap<TransactionId, (RefundId, i64)>,
    pub(super) conflicts: BTreeSet<(FactKind, TransactionId, i64)>,
    pub(super) commands: BTreeMap<CommandId, Acted>,
}

impl Order {
    /// An order to which nothing has happened.
    #[must_use]
    pub fn draft(tenant: Tenant, id: OrderId) -> Self {
        Self {
            tenant,
            id,
            version: 0,
            life: Life::Draft,
            placement: None,
            lines: Vec::new(),
            shipping_gone: 0,
            held: None,
            placed_at: None,
            shipped_at: None,
            delivered_at: None,
            authorized: 0,
            captured: 0,
            refunds_open: 0,
            refunded: 0,
            authorizations: BTreeMap::new(),
            captures: BTreeMap::new(),
            refunds: BTreeMap::new(),
            payouts: BTreeMap::new(),
            conflicts: BTreeSet::new(),
            commands: BTreeMap::new(),
        }
    }

    /// The shop.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The order's id.
    #[must_use]
    pub const fn id(&self) -> &OrderId {
        &self.id
    }

    /// The place of the last event, 0 before the first.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Where the order stands.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.life
    }

    /// What was frozen when it was placed.
    #[must_use]
    pub fn placement(&self) -> Option<&Placement> {
        self.placement.as_deref()
    }

    /// When it was placed.
    #[must_use]
    pub const fn placed_at(&self) -> Option<Timestamp> {
        self.placed_at
    }

    /// The currency, once placed.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.placement().map(Placement::currency)
    }

    /// What the buyer pays for everything.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.placement().map_or(0, Placement::total)
    }

    /// Units and entitlement by line, in the order of [`Placement::lines`].
    #[must_use]
    pub fn lines(&self) -> &[LineState] {
        &self.lines
    }

    /// What is left of the shipping the buyer paid.
    #[must_use]
    pub fn shipping_left(&self) -> i64 {
        self.placement().map_or(0, Placement::shipping) - self.shipping_gone
    }

    /// Why the order is held back, if it is.
    #[must_use]
    pub const fn held(&self) -> Option<&Reason> {
        self.held.as_ref()
    }

    /// Authorizations that are open.
    #[must_use]
    pub const fn authorized(&self) -> i64 {
        self.authorized
    }

    /// Whether an authorization was given up.
    #[must_use]
    pub fn has_void(&self) -> bool {
        self.authorizations.values().any(|authorization| !authorization.open)
    }

    /// Money that came in.
    #[must_use]
    pub const fn captured(&self) -> i64 {
        self.captured
    }

    /// Refunds reserved and not paid out yet.
    #[must_use]
    pub const fn refunds_open(&self) -> i64 {
        self.refunds_open
    }

    /// Refunds paid out.
    #[must_use]
    pub const fn refunded(&self) -> i64 {
        self.refunded
    }

    /// What may still be reserved for refunds: never more than came in.
    #[must_use]
    pub fn refundable(&self) -> i64 {
        self.captured.saturating_sub(self.refunded.saturating_add(self.refunds_open)).max(0)
    }

    /// What providers paid out beyond what came in: the shop has it to claim.
    #[must_use]
    pub fn receivable(&self) -> i64 {
        self.refunded.saturating_add(self.refunds_open).saturating_sub(self.captured).max(0)
    }

    /// The refunds, by id.
    #[must_use]
    pub const fn refunds(&self) -> &BTreeMap<RefundId, RefundState> {
        &self.refunds
    }

    /// How many reports of providers contradicted an earlier one.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.conflicts.len()
    }

    /// What is left of each line: everything until something is cancelled or a refund is granted, whether
    /// or not the gateway has paid it out; nothing once the order is cancelled, expired or refunded.
    #[must_use]
    pub fn left(&self) -> Vec<LineLeft> {
        let nothing = matches!(self.life, Life::Cancelled | Life::Expired | Life::Refunded);
        let lines = self.placement().map_or(&[][..], Placement::lines);
        lines
            .iter()
            .zip(&self.lines)
            .map(|(sold, line)| LineLeft {
                line: sold.id.clone(),
                units_left: if nothing { 0 } else { line.units_left() },
                net_left: if nothing { 0 } else { line.net_left() },
            })
            .collect()
    }

    /// The sale that commission is computed from, as it was frozen at placement.
    ///
    /// # Errors
    /// [`Code::InvalidSale`] before placement, or when the order was placed without the parties.
    pub fn to_sale(&self) -> Result<Sale> {
        let (Some(placement), Some(placed_at)) = (&self.placement, self.placed_at) else {
            return Err(Error::new(Code::InvalidSale, format!("order {} is not placed", self.id)));
        };
        placement.to_sale(self.tenant.as_str(), &self.id, placed_at)
    }

    /// What the clock will do to the order, in the order of time, if nothing else happens.
    #[must_use]
    pub fn deadlines(&self) -> Vec<Deadline> {
        let Some(terms) = self.placement().map(Placement::terms) else { return Vec::new() };
        let after = |from: Option<Timestamp>, ms: Option<i64>| {
            from.zip(ms).map(|(from, ms)| Timestamp::from_ms(from.ms().saturating_add(ms)))
        };
        let in_transit = self.lines.iter().any(|line| line.delivered < line.shipped);
        let settled = self.refunds_open == 0;
        let timers = [
            (Trigger::PayBy, after(self.placed_at, terms.pay_within_ms)),
            (Trigger::AutoReceive, after(self.shipped_at.filter(|_| in_transit), terms.receive_within_ms)),
            (Trigger::WindowOver, after(self.delivered_at.filter(|_| settled), Some(terms.window_ms))),
        ];
        let mut deadlines: Vec<Deadline> = timers
            .into_iter()
            .filter(|(kind, _)| table::listed(self.life, *kind))
            .filter_map(|(kind, at)| at.map(|at| Deadline { kind, at }))
            .collect();
        deadlines.sort_by_key(|deadline| deadline.at);
        deadlines
    }
}

/// A moment at which a tick moves the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// What will happen.
    pub kind: Trigger,
    /// When.
    pub at: Timestamp,
}

/// What the clock will do to an order; the same as [`Order::deadlines`].
#[must_use]
pub fn deadlines(order: &Order) -> Vec<Deadline> {
    order.deadlines()
}
