//! What orders of the store's own mean for bindings: first orders and payments bind, and what was bought and given
//! back counts towards distributing. No order is refused for it.

use super::load::number;
use super::read::read_event;
use crate::batch::Batch;
use crate::fault::{Fault, Result};
use fenrun::Code;
use fenrun::doc::Node;
use fenrun::id::{ExternalId, SkuId};
use fenrun::reward::binding::{BindingAction, BindingCommand, BindingEvent, Stage, What};
use fenrun::time::Timestamp;
use fenrun::trade::order::{Event, Life, Order, Placement};

/// Where an order stood before a command, as far as bindings ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    placed: bool,
    paid: bool,
    completed: bool,
}

impl Before {
    pub(crate) fn of(order: &Order) -> Self {
        Self {
            placed: order.life() != Life::Draft,
            paid: is_paid(order),
            completed: order.life() == Life::Completed,
        }
    }
}

/// Whether the money of an order is in: at the till, or with the courier.
fn is_paid(order: &Order) -> bool {
    let life = order.life();
    let nothing = matches!(life, Life::Draft | Life::Cancelled | Life::Expired | Life::Refunded);
    !nothing && !life.awaits_money() && order.balance() >= 0
}

/// What of an order counts towards distributing.
struct Counted {
    spend_minor: i64,
    goods: Vec<SkuId>,
    /// Whether anything is left that can go back.
    remains: bool,
}

impl Counted {
    /// What is left of an order; of several lines of the same goods, each is named.
    fn of(order: &Order) -> Self {
        let left = order.left();
        let sold = order.placement().map_or(&[][..], Placement::lines);
        let kept = sold.iter().zip(&left).filter(|(_, left)| left.units_left > 0);
        Self {
            // No more is left than the total, which fits.
            spend_minor: i64::try_from(order.total_left()).unwrap_or(i64::MAX),
            goods: kept.filter_map(|(line, _)| sku(line.sold.facts.get("sku")?)).collect(),
            remains: left.iter().any(|line| line.units_left > 0),
        }
    }

    /// What counts of an order at a stage by its events in the log, less refunds. Policies to come may count other
    /// things, so all of it is told whatever the one of now asks for.
    fn recorded(events: &[BindingEvent], stage: Stage) -> Option<Self> {
        let mut counted: Option<Self> = None;
        for event in events {
            match (&event.what, stage) {
                (What::Paid { spend_minor, goods }, Stage::Payment)
                | (What::Completed { spend_minor, goods }, Stage::Completion) => {
                    counted = Some(Self { spend_minor: *spend_minor, goods: goods.clone(), remains: true });
                }
                (What::Refunded { spend_minor, goods, whole, on }, _) if on.is_none_or(|on| on == stage) => {
                    if let Some(counted) = &mut counted {
                        counted.spend_minor -= spend_minor;
                        counted.goods = without(&counted.goods, goods);
                        counted.remains &= !whole;
                    }
                }
                _ => {}
            }
        }
        counted
    }

    /// What went back since: nothing where money came back that had been charged back, which does not count anew.
    fn fallen(&self, left: &Self, member: u64) -> Option<BindingAction> {
        let spend_minor = (self.spend_minor - left.spend_minor).max(0);
        let goods = without(&self.goods, &left.goods);
        let whole = self.remains && !left.remains;
        (spend_minor > 0 || !goods.is_empty() || whole).then_some(BindingAction::Refund {
            member,
            spend_minor,
            goods,
            whole,
            on: None,
        })
    }
}

fn sku(node: &Node) -> Option<SkuId> {
    ExternalId::from_node(node).ok().flatten().map(SkuId::from)
}

/// What is left of some goods, each of which may stand several times.
fn without(goods: &[SkuId], gone: &[SkuId]) -> Vec<SkuId> {
    let mut gone = gone.to_vec();
    let mut left = goods.to_vec();
    left.retain(|sku| match gone.iter().position(|other| other == sku) {
        Some(at) => {
            gone.swap_remove(at);
            false
        }
        None => true,
    });
    left
}

impl Batch<'_> {
    /// Follows an order on which these events were just appended, where its tenant has a policy and its buyer is
    /// on record.
    pub(crate) fn follow_bindings(&mut self, before: Before, order: &Order, events: &[Event]) -> Result<()> {
        let Some(first) = events.first() else { return Ok(()) };
        let buyer = order.placement().and_then(Placement::parties).map(|parties| &parties.buyer.id);
        let Some(member) = buyer.and_then(|buyer| number(buyer.as_str())) else { return Ok(()) };
        let Some(shop) = self.shop(order.tenant())? else { return Ok(()) };
        // Orders come as providers report them; bindings come in the order of their times.
        let now = shop.last.map_or(first.header.at, |last| last.max(first.header.at));
        if shop.policy(now).is_none() {
            return Ok(());
        }
        let after = Before::of(order);
        if after.placed && !before.placed {
            self.bind_by_order((order, first), "placed", now, BindingAction::Order { member })?;
        }
        let left = Counted::of(order);
        // What goes back whole before anybody could be told of it was neither paid nor completed.
        if left.remains && after.paid && !before.paid {
            let (spend_minor, goods) = (left.spend_minor, left.goods.clone());
            let paid = BindingAction::Pay { member, spend_minor, goods };
            self.bind_by_order((order, first), "paid", now, paid)?;
        }
        if left.remains && after.completed && !before.completed {
            let (spend_minor, goods) = (left.spend_minor, left.goods.clone());
            let completed = BindingAction::Complete { member, spend_minor, goods };
            self.bind_by_order((order, first), "completed", now, completed)?;
        }
        self.tell_refunds((order, first), &left, member, now)
    }

    /// What went back leaves each count that has it: an order may be in one of them alone, as when the first policy
    /// came between its payment and its completion, or with unlike amounts, as after a charge-back.
    fn tell_refunds(
        &mut self,
        (order, first): (&Order, &Event),
        left: &Counted,
        member: u64,
        now: Timestamp,
    ) -> Result<()> {
        let events = self.binding_events_of(order)?;
        let [paid, completed] = [Stage::Payment, Stage::Completion]
            .map(|stage| Counted::recorded(&events, stage).and_then(|counted| counted.fallen(left, member)));
        let key = format!("refunded:{}", first.seq);
        if paid == completed {
            return paid.map_or(Ok(()), |both| self.bind_by_order((order, first), &key, now, both));
        }
        for (stage, refund) in [(Stage::Payment, paid), (Stage::Completion, completed)] {
            let Some(BindingAction::Refund { member, spend_minor, goods, whole, .. }) = refund else {
                continue;
            };
            let refund = BindingAction::Refund { member, spend_minor, goods, whole, on: Some(stage) };
            let key = format!("{key}:{}", stage.name());
            self.bind_by_order((order, first), &key, now, refund)?;
        }
        Ok(())
    }

    /// Handles a command an order stands for, once. What its buyer cannot do (they are not registered, their account
    /// was closed, more goes back than counted under a policy that came later) is left out: the order goes on.
    fn bind_by_order(
        &mut self,
        (order, first): (&Order, &Event),
        what: &str,
        now: Timestamp,
        action: BindingAction,
    ) -> Result<()> {
        let key = (order.id().as_str(), what);
        if self.known_binding(order.tenant(), key)?.is_some() {
            return Ok(());
        }
        let actor = first.header.actor.clone();
        let command = BindingCommand { action, actor, now, reason: None };
        match self.bind_by_policy(order.tenant(), key, &command) {
            Err(Fault::Domain(error)) if is_left_out(error.code()) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    /// The events of bindings an order has made.
    fn binding_events_of(&self, order: &Order) -> Result<Vec<BindingEvent>> {
        let mut statement = self.sql(
            "SELECT e.data FROM binding_commands c
             JOIN binding_events e ON e.tenant = c.tenant AND e.place = c.place
             WHERE c.tenant = ?1 AND c.order_id = ?2 ORDER BY e.position",
        )?;
        let mut rows = statement.query((order.tenant().as_str(), order.id().as_str()))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(read_event(&row.get::<_, String>(0)?)?);
        }
        Ok(events)
    }
}

/// What the core refuses of a buyer before anything is written.
const fn is_left_out(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownMember | Code::ClosedMember | Code::InvalidCommand | Code::Overflow | Code::InvalidId
    )
}
