//! The state of an order, folded from its events.

use super::case::{CaseStage, CaseState};
use super::command::{Fingerprint, Reason, Tenant};
use super::life::{Life, Trigger};
use super::placement::{PlacedLine, Placement};
use super::shipment::Shipment;
use super::table;
use super::taken::FactKind;
use crate::error::{Code, Error, Result};
use crate::id::{CaseId, CommandId, ExternalId, LineId, OrderId, RefundId, TransactionId};
use crate::money::{Currency, allocate};
use crate::sale::Sale;
use crate::time::Timestamp;
use crate::trade::fulfilment::Fulfilment;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Units and entitlement of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineState {
    /// Units ordered.
    pub ordered: u64,
    /// Unshipped units called off.
    pub cancelled: u64,
    /// Units that left the warehouse.
    pub shipped: u64,
    /// Units that reached the buyer.
    pub delivered: u64,
    /// Units on their way that were refunded and will not arrive.
    pub lost: u64,
    /// Delivered units refunded.
    pub refunded: u64,
    /// Delivered units in live cases that send them back.
    pub return_requested: u64,
    /// Delivered units in live cases that refund them without return.
    pub claimed: u64,
    /// Units on their way in live cases that say they did not arrive.
    pub missing: u64,
    /// Units that came back as they were sent.
    pub returned_ok: u64,
    /// Units that came back damaged.
    pub returned_damaged: u64,
    /// Units an exchange promised again.
    pub exchanged: u64,
    /// Replacement units that left the warehouse.
    pub replacements_shipped: u64,
    /// Replacement units that reached the buyer.
    pub replacements_delivered: u64,
    /// Replacement units refunded before they left.
    pub replacements_cancelled: u64,
    /// Replacement units refunded on their way.
    pub replacements_lost: u64,
    /// Units that did not arrive and came back to the warehouse.
    pub undelivered_back: u64,
    /// What the buyer pays for the line, frozen at placement, without added tax.
    pub net: i64,
    /// How much of the net was given back.
    pub net_gone: i64,
    /// Tax the buyer pays on top of the net.
    pub tax: i64,
    /// How much of the tax was given back.
    pub tax_gone: i64,
}

impl LineState {
    /// Units ordered and not cancelled.
    #[must_use]
    pub const fn live(&self) -> u64 {
        self.ordered - self.cancelled
    }

    /// Units that were not cancelled and did not leave yet.
    #[must_use]
    pub const fn unshipped(&self) -> u64 {
        self.live() - self.shipped
    }

    /// Units on their way.
    #[must_use]
    pub const fn in_transit(&self) -> u64 {
        self.shipped - self.delivered - self.lost
    }

    /// Units neither cancelled, lost nor refunded.
    #[must_use]
    pub const fn units_left(&self) -> u64 {
        self.ordered - self.units_gone()
    }

    /// Units cancelled, lost or refunded.
    #[must_use]
    pub const fn units_gone(&self) -> u64 {
        self.cancelled + self.lost + self.refunded
    }

    /// Delivered units that no case, refund or promised exchange speaks for.
    #[must_use]
    pub const fn free_delivered(&self) -> u64 {
        // Units that were missed and then arrived are still spoken for.
        let arrived_after_all = self.missing.saturating_sub(self.in_transit());
        let kept = self.replacements_delivered + self.replacements_cancelled + self.replacements_lost;
        let promised = self.exchanged - kept;
        let taken = self.refunded + self.return_requested + self.claimed + promised + arrived_after_all;
        self.delivered.saturating_sub(taken)
    }

    /// Units on their way that no case speaks for.
    #[must_use]
    pub const fn free_in_transit(&self) -> u64 {
        self.in_transit().saturating_sub(self.missing)
    }

    /// Units refunded on their way, replacements too, that did not come back to the warehouse.
    #[must_use]
    pub const fn not_back(&self) -> u64 {
        self.lost + self.replacements_lost - self.undelivered_back
    }

    /// What is left of the net.
    #[must_use]
    pub const fn net_left(&self) -> i64 {
        self.net - self.net_gone
    }

    /// What is left of the added tax.
    #[must_use]
    pub const fn tax_left(&self) -> i64 {
        self.tax - self.tax_gone
    }
}

/// What is left of one line of a sale: the basis of what commission keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineLeft {
    /// Which line.
    pub line: LineId,
    /// Units neither cancelled, lost nor refunded.
    pub units_left: u64,
    /// What is left of the net, less what charge-backs took.
    pub net_left: i64,
}

/// One refund.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefundState {
    /// What was reserved; zero when the provider paid out what nobody asked for.
    pub reserved: i64,
    /// What the provider still has to pay out.
    pub open: i64,
    /// What of it is not paid out any more: a charge-back took the money.
    pub set_off: i64,
    /// What the provider paid out.
    pub succeeded: i64,
    /// The transactions in which the provider failed.
    pub failures: BTreeSet<TransactionId>,
    /// How often it was tried again.
    pub retries: u32,
    /// Whether it gives back what came in too much.
    pub unneeded: bool,
}

impl RefundState {
    /// What was paid out beyond what is asked for.
    #[must_use]
    pub const fn unasked(&self) -> i64 {
        let asked = self.reserved - self.set_off;
        if self.succeeded > asked { self.succeeded - asked } else { 0 }
    }
}

/// Money that came in by one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Minor units.
    pub amount: i64,
    /// By which payment method, where that is known.
    pub method: Option<ExternalId>,
}

/// A charge-back; of one that was won before it was reported the amount is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chargeback {
    pub(super) amount: i64,
    pub(super) won: bool,
}

impl Chargeback {
    /// Whether only its end was reported so far.
    pub(super) const fn is_announced(self) -> bool {
        self.amount == 0
    }
}

/// What became of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It may be captured.
    Open,
    /// Nobody captures it any more.
    GivenUp,
    /// Money came in under its own transaction.
    Captured,
}

/// An authorization; of one that was given up before it was reported the amount is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authorization {
    pub(super) amount: i64,
    pub(super) standing: Standing,
}

impl Authorization {
    /// Whether only its end was reported so far.
    pub(super) const fn is_announced(self) -> bool {
        self.amount == 0
    }

    pub(super) fn is_open(self) -> bool {
        self.standing == Standing::Open
    }
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
    pub(super) rounding_gone: i64,
    /// Counts the edits, from 1.
    pub(super) sale_version: u32,
    /// What captures less charge-backs are compared with: the total, and after an edit what was in and what
    /// is short.
    pub(super) payable: i64,
    pub(super) held: Option<Reason>,
    pub(super) placed_at: Option<Timestamp>,
    /// Since when money is waited for.
    pub(super) due_from: Option<Timestamp>,
    pub(super) shipped_at: Option<Timestamp>,
    pub(super) delivered_at: Option<Timestamp>,
    pub(super) authorized: i64,
    pub(super) captured: i64,
    pub(super) refunds_open: i64,
    pub(super) refunded: i64,
    pub(super) charged_back: i64,
    /// What went back without being granted, less what was captured after it and what was won: what holds an
    /// order back that may ship before its money is in.
    pub(super) gone: i128,
    pub(super) authorizations: BTreeMap<TransactionId, Authorization>,
    pub(super) captures: BTreeMap<TransactionId, Captured>,
    pub(super) refunds: BTreeMap<RefundId, RefundState>,
    /// Which refund a provider's transaction paid out, and how much.
    pub(super) payouts: BTreeMap<TransactionId, (RefundId, i64)>,
    pub(super) chargebacks: BTreeMap<TransactionId, Chargeback>,
    /// In the order they left.
    pub(super) shipments: Vec<Shipment>,
    pub(super) cases: BTreeMap<CaseId, CaseState>,
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
            rounding_gone: 0,
            sale_version: 1,
            payable: 0,
            held: None,
            placed_at: None,
            due_from: None,
            shipped_at: None,
            delivered_at: None,
            authorized: 0,
            captured: 0,
            refunds_open: 0,
            refunded: 0,
            charged_back: 0,
            gone: 0,
            authorizations: BTreeMap::new(),
            captures: BTreeMap::new(),
            refunds: BTreeMap::new(),
            payouts: BTreeMap::new(),
            chargebacks: BTreeMap::new(),
            shipments: Vec::new(),
            cases: BTreeMap::new(),
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

    /// What is left of the cash rounding.
    #[must_use]
    pub fn rounding_left(&self) -> i64 {
        self.placement().map_or(0, Placement::rounding) - self.rounding_gone
    }

    /// The version of the sale: 1, and one more for each edit.
    #[must_use]
    pub const fn sale_version(&self) -> u32 {
        self.sale_version
    }

    /// Whether the order may ship before its money is in.
    #[must_use]
    pub fn is_paid_on_delivery(&self) -> bool {
        self.placement().is_some_and(Placement::is_paid_on_delivery)
    }

    /// The shipments in the order they left.
    #[must_use]
    pub fn shipments(&self) -> &[Shipment] {
        &self.shipments
    }

    /// The after-sale cases, by id.
    #[must_use]
    pub const fn cases(&self) -> &BTreeMap<CaseId, CaseState> {
        &self.cases
    }

    /// What is left of everything the buyer pays for: what cancellations and refunds did not take back.
    #[must_use]
    pub fn due(&self) -> i128 {
        let lines = self.lines.iter().map(|line| i128::from(line.net_left()) + i128::from(line.tax_left()));
        lines.sum::<i128>() + i128::from(self.shipping_left()) + i128::from(self.rounding_left())
    }

    /// What came in and was neither given back, promised back nor taken back.
    #[must_use]
    pub fn kept(&self) -> i128 {
        i128::from(self.captured)
            - i128::from(self.refunded)
            - i128::from(self.refunds_open)
            - i128::from(self.charged_back)
    }

    /// What is kept, with what went back without being granted and nothing came in for since: that was paid
    /// nevertheless.
    #[must_use]
    pub fn paid_in(&self) -> i128 {
        self.kept() + self.gone
    }

    /// What is kept less what is due: below zero while money is missing.
    #[must_use]
    pub fn balance(&self) -> i128 {
        self.kept() - self.due()
    }

    /// What the buyer still has to pay: while the order waits for money, and until it ends when it is paid
    /// on delivery.
    #[must_use]
    pub fn owed(&self) -> i64 {
        let waits = self.life.awaits_money() || (self.is_paid_on_delivery() && !self.life.is_terminal());
        if waits { i64::try_from((-self.balance()).max(0)).unwrap_or(i64::MAX) } else { 0 }
    }

    /// What captures less charge-backs are compared with for the payment status.
    #[must_use]
    pub const fn payable(&self) -> i64 {
        self.payable
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
        self.authorizations.values().any(|authorization| authorization.standing == Standing::GivenUp)
    }

    /// Money that came in, by the provider's transactions.
    #[must_use]
    pub const fn captures(&self) -> &BTreeMap<TransactionId, Captured> {
        &self.captures
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

    /// Charge-backs that were not won back.
    #[must_use]
    pub const fn charged_back(&self) -> i64 {
        self.charged_back
    }

    /// What may still be reserved for refunds: never more than came in.
    #[must_use]
    pub fn refundable(&self) -> i64 {
        i64::try_from(self.kept().max(0)).unwrap_or(i64::MAX)
    }

    /// What went out or is promised beyond what came in: the shop has it to claim.
    #[must_use]
    pub fn receivable(&self) -> i64 {
        i64::try_from((-self.kept()).max(0)).unwrap_or(i64::MAX)
    }

    /// What went back without being granted, by charge-backs and refunds nobody asked for, and is missing of
    /// the money that is due: nobody has replaced it. What went out beyond that is [`receivable`](Self::receivable).
    #[must_use]
    pub fn missing(&self) -> i64 {
        let most = self.went_back().min(self.due()).max(0);
        i64::try_from((-self.balance()).clamp(0, most)).unwrap_or(i64::MAX)
    }

    /// How much of an open refund there is no money for: what is gone beyond what came in, and of what came in
    /// too much also what is missing.
    pub(super) fn may_set_off(&self, refund: &RefundState) -> i64 {
        let missing = if refund.unneeded { self.missing() } else { 0 };
        self.receivable().saturating_add(missing)
    }

    /// What charge-backs took of the money that is due and nobody has replaced. It follows from the sums, so
    /// that it does not matter which report came first.
    pub(super) fn unreplaced(&self) -> i64 {
        let taken = (-self.balance()).clamp(0, i128::from(self.charged_back));
        i64::try_from(taken).unwrap_or(i64::MAX)
    }

    /// What went back without being granted: charge-backs, and refunds nobody asked for.
    fn went_back(&self) -> i128 {
        let unasked = self.refunds.values().map(|refund| i128::from(refund.unasked()));
        i128::from(self.charged_back) + unasked.sum::<i128>()
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

    /// What is left of each line: everything until something is cancelled, a refund is granted, whether or
    /// not the gateway has paid it out, or money is charged back; nothing once the order is cancelled,
    /// expired or refunded, and nothing of a line whose last unit is gone, even where less was given back
    /// for it.
    ///
    /// What charge-backs took and nobody has replaced is shared out by the nets that are left, goods before
    /// tax and shipping: commission is kept on money the shop has.
    #[must_use]
    pub fn left(&self) -> Vec<LineLeft> {
        let nothing = self.has_nothing_left();
        let sold = self.placement().map_or(&[][..], Placement::lines);
        let net = |line: &LineState| if nothing || line.units_left() == 0 { 0 } else { line.net_left() };
        let nets: Vec<u64> = self.lines.iter().map(|line| net(line).unsigned_abs()).collect();
        let sum = self.lines.iter().map(|line| i128::from(net(line))).sum::<i128>();
        let taken = i64::try_from(i128::from(self.unreplaced()).min(sum)).unwrap_or(i64::MAX);
        // It cannot fail: what is shared out is at most the sum of the weights.
        let shares = if taken > 0 { allocate(taken, &nets).unwrap_or_default() } else { Vec::new() };
        let shares = shares.into_iter().chain(std::iter::repeat(0));
        let lines = sold.iter().zip(&self.lines).zip(shares);
        lines
            .map(|((sold, line), charged_back)| LineLeft {
                line: sold.id.clone(),
                units_left: if nothing { 0 } else { line.units_left() },
                net_left: net(line) - charged_back,
            })
            .collect()
    }

    /// What is left of everything the buyer was to pay: the nets of [`left`](Self::left) with the added tax,
    /// shipping and rounding that are left, less what charge-backs took beyond the nets; nothing once the order
    /// is cancelled, expired or refunded.
    #[must_use]
    pub fn total_left(&self) -> i128 {
        if self.has_nothing_left() {
            return 0;
        }
        let nets = self.left().iter().map(|line| i128::from(line.net_left)).sum::<i128>();
        let whole = self.lines.iter().filter(|line| line.units_left() > 0);
        let taken = whole.map(|line| i128::from(line.net_left())).sum::<i128>() - nets;
        let taxes = self.lines.iter().map(|line| i128::from(line.tax_left())).sum::<i128>();
        let beside = taxes + i128::from(self.shipping_left()) + i128::from(self.rounding_left());
        (nets + beside - (i128::from(self.unreplaced()) - taken)).max(0)
    }

    pub(super) const fn has_nothing_left(&self) -> bool {
        matches!(self.life, Life::Cancelled | Life::Expired | Life::Refunded)
    }

    /// The sale that commission is computed from, as it was frozen at placement or by the last edit.
    ///
    /// # Errors
    /// [`Code::InvalidSale`] before placement, or when the order was placed without the parties.
    pub fn to_sale(&self) -> Result<Sale> {
        let (Some(placement), Some(placed_at)) = (&self.placement, self.placed_at) else {
            return Err(Error::new(Code::InvalidSale, format!("order {} is not placed", self.id)));
        };
        placement.to_sale(self.tenant.as_str(), &self.id, self.sale_version, placed_at)
    }

    /// What the clock will do to the order, in the order of time, if nothing else happens.
    #[must_use]
    pub fn deadlines(&self) -> Vec<Deadline> {
        let Some(terms) = self.placement().map(Placement::terms) else { return Vec::new() };
        let after = |from: Option<Timestamp>, ms: Option<i64>| {
            from.zip(ms).map(|(from, ms)| Timestamp::from_ms(from.ms().saturating_add(ms)))
        };
        let arriving = self.lines.iter().enumerate().any(|(at, _)| self.assumable(at) > 0);
        let timers = [
            (Trigger::PayBy, after(self.due_from, terms.pay_within_ms)),
            (Trigger::AutoReceive, after(self.shipped_at.filter(|_| arriving), terms.receive_within_ms)),
            (
                Trigger::WindowOver,
                after(self.delivered_at.filter(|_| self.is_settled()), Some(terms.window_ms)),
            ),
        ];
        let returns = self.cases.values().filter(|case| case.stage == CaseStage::AwaitingReturn);
        let returns =
            returns.map(|case| (Trigger::ReturnBy, after(case.approved_at, terms.return_within_ms)));
        let timers = timers.into_iter().chain(returns);
        let mut deadlines: Vec<Deadline> = timers
            .filter(|(kind, _)| table::listed(self.life, *kind))
            .filter_map(|(kind, at)| at.map(|at| Deadline { kind, at }))
            .collect();
        deadlines.sort_by_key(|deadline| deadline.at);
        deadlines
    }

    /// Units of the line at a place that count as delivered once their time is over: what is on its way,
    /// but not what waits to be fetched or is said to be lost.
    pub(super) fn assumable(&self, at: usize) -> u64 {
        let fetched = |line: &PlacedLine| line.fulfilment == Fulfilment::Pickup;
        match self.placement().and_then(|placement| placement.lines().get(at)) {
            Some(sold) if !fetched(sold) => self.lines[at].free_in_transit(),
            _ => 0,
        }
    }

    /// Whether nothing is open: no refund, no case, no promised goods, no cash to collect.
    fn is_settled(&self) -> bool {
        let open = |case: &CaseState| case.is_live() || case.replacement.is_open();
        self.refunds_open == 0 && self.owed() == 0 && !self.cases.values().any(open)
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
