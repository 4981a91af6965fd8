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
    /// Whether anything of it was left that counts.
    remained: bool,
}

impl Before {
    pub(crate) fn of(order: &Order) -> Self {
        Self {
            placed: order.life() != Life::Draft,
            paid: is_paid(order),
            completed: order.life() == Life::Completed,
            remained: Counted::of(order).remains,
        }
    }
}

/// Whether the buyer has paid for all that is left of an order, at the till or to the courier, and something at all.
/// Money that was charged back since was paid nevertheless: what of it is missing leaves the counts.
fn is_paid(order: &Order) -> bool {
    let life = order.life();
    let nothing = matches!(life, Life::Draft | Life::Cancelled | Life::Expired | Life::Refunded);
    !nothing && !life.awaits_money() && order.captured() > 0 && order.paid_in() >= order.due()
}

/// What of an order counts towards distributing.
#[derive(Clone, PartialEq, Eq)]
struct Counted {
    spend_minor: i64,
    goods: Vec<SkuId>,
    /// Whether anything is left that can go back.
    remains: bool,
}

impl Counted {
    /// What is left of an order; of several lines of the same goods, each is named. Nothing of one of whose money
    /// nothing is left because it was charged back.
    fn of(order: &Order) -> Self {
        let left = order.left();
        // No more is left than the total, which fits.
        let spend_minor = i64::try_from(order.total_left()).unwrap_or(i64::MAX);
        let taken = spend_minor == 0 && order.missing() > 0;
        let sold = order.placement().map_or(&[][..], Placement::lines);
        let kept = sold.iter().zip(&left).filter(|(_, left)| left.units_left > 0 && !taken);
        Self {
            spend_minor,
            goods: kept.filter_map(|(line, _)| sku(line.sold.facts.get("sku")?)).collect(),
            remains: !taken && left.iter().any(|line| line.units_left > 0),
        }
    }

    /// What counts of an order at a stage by its events in the log. Policies to come may count other things, so all of
    /// it is told whatever the one of now asks for.
    fn recorded(events: &[BindingEvent], stage: Stage) -> Option<Self> {
        let mut counted: Option<Self> = None;
        for event in events {
            match (&event.what, stage, &mut counted) {
                (What::Paid { spend_minor, goods }, Stage::Payment, _)
                | (What::Completed { spend_minor, goods }, Stage::Completion, _) => {
                    counted = Some(Self { spend_minor: *spend_minor, goods: goods.clone(), remains: true });
                }
                (What::Added { spend_minor, goods, on }, _, Some(counted))
                    if on.is_none_or(|on| on == stage) =>
                {
                    counted.spend_minor += spend_minor;
                    counted.goods.extend_from_slice(goods);
                }
                (What::Refunded { spend_minor, goods, whole, on }, _, Some(counted))
                    if on.is_none_or(|on| on == stage) =>
                {
                    counted.spend_minor -= spend_minor;
                    counted.goods = without(&counted.goods, goods);
                    counted.remains &= !whole;
                }
                _ => {}
            }
        }
        counted
    }

    /// What has to be added to what counts where this is left: an edit brought it in, or money that replaced a
    /// charge-back.
    fn risen(&self, left: &Self) -> Option<Change> {
        let spend_minor = (left.spend_minor - self.spend_minor).max(0);
        let goods = without(&left.goods, &self.goods);
        (spend_minor > 0 || !goods.is_empty()).then_some(Change { spend_minor, goods, whole: false })
    }

    /// What went back of what counts where this is left.
    fn fallen(&self, left: &Self) -> Option<Change> {
        let spend_minor = (self.spend_minor - left.spend_minor).max(0);
        let goods = without(&self.goods, &left.goods);
        let whole = self.remains && !left.remains;
        (spend_minor > 0 || !goods.is_empty() || whole).then_some(Change { spend_minor, goods, whole })
    }
}

/// What changed in a count.
#[derive(PartialEq, Eq)]
struct Change {
    spend_minor: i64,
    goods: Vec<SkuId>,
    whole: bool,
}

impl Change {
    fn added(self, member: u64, on: Option<Stage>) -> BindingAction {
        BindingAction::Add { member, spend_minor: self.spend_minor, goods: self.goods, on }
    }

    fn refunded(self, member: u64, on: Option<Stage>) -> BindingAction {
        let Self { spend_minor, goods, whole } = self;
        BindingAction::Refund { member, spend_minor, goods, whole, on }
    }
}

/// An order a command was about, with what bindings have to know of it.
struct Followed<'a> {
    order: &'a Order,
    first: &'a Event,
    member: u64,
    /// The time bindings change at.
    now: Timestamp,
    left: Counted,
    /// Whether it stands as paid, and as completed; and whether it did before the command, when something was left.
    stands: [bool; 2],
    stood: [bool; 2],
}

/// With the keys of what an order stands for.
const STAGES: [(Stage, &str); 2] = [(Stage::Payment, "paid"), (Stage::Completion, "completed")];

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
        let stood = [before.paid, before.completed].map(|stood| stood && before.remained);
        let stands = [after.paid, after.completed];
        let followed = Followed { order, first, member, now, left: Counted::of(order), stands, stood };
        let mut events = self.binding_events_of(order)?;
        if self.tell_stages(&followed, &events)? {
            events = self.binding_events_of(order)?;
        }
        self.tell_changes(&followed, &events)
    }

    /// Tells that an order was paid or completed: when it was, and once more where all of it was charged back and money
    /// comes in again. Of an order of which nothing is left there is nothing to tell. Whoever could not be told of it
    /// then, for there was no policy or nobody knew the buyer, is not told later: what an edit costs is no first payment.
    /// Says whether it told anything.
    fn tell_stages(&mut self, followed: &Followed<'_>, events: &[BindingEvent]) -> Result<bool> {
        let Followed { order, first, member, now, ref left, .. } = *followed;
        let mut told = false;
        for (at, (stage, name)) in STAGES.into_iter().enumerate() {
            let key = match Counted::recorded(events, stage) {
                None => name.to_owned(),
                Some(counted) if !counted.remains => format!("{name}:{}", first.seq),
                Some(_) => continue,
            };
            // Where it stood so before without being told, it is too late.
            let stands = followed.stood[at] || (followed.stands[at] && left.remains);
            if !stands {
                continue;
            }
            let (spend_minor, goods) = (left.spend_minor, left.goods.clone());
            let action = match stage {
                Stage::Payment => BindingAction::Pay { member, spend_minor, goods },
                Stage::Completion => BindingAction::Complete { member, spend_minor, goods },
            };
            let done =
                !followed.stood[at] && self.bind_by_order((order, first), &key, now, action.clone())?;
            if !done && key == name {
                self.leave_untold((order, first), &key, now, action)?;
            }
            told |= done;
        }
        Ok(told)
    }

    /// Changes each count an order is in to what is left of it. It may be in one of them alone, as when the first policy
    /// came between its payment and its completion, or with unlike amounts. What came on top counts once all is paid;
    /// it is told first, so that goods exchanged for others at their price leave nobody without.
    fn tell_changes(&mut self, followed: &Followed<'_>, events: &[BindingEvent]) -> Result<()> {
        let left = &followed.left;
        let counted = STAGES.map(|(stage, _)| Counted::recorded(events, stage));
        let risen = [0, 1].map(|at: usize| {
            let counted = counted[at].as_ref().filter(|counted| counted.remains && followed.stands[at]);
            counted.and_then(|counted| counted.risen(left))
        });
        self.tell_each(followed, "added", risen, Change::added)?;
        let fallen = counted.map(|counted| counted.and_then(|counted| counted.fallen(left)));
        self.tell_each(followed, "refunded", fallen, Change::refunded)
    }

    /// Tells of both counts at once where they change alike.
    fn tell_each(
        &mut self,
        followed: &Followed<'_>,
        what: &str,
        changes: [Option<Change>; 2],
        action: fn(Change, u64, Option<Stage>) -> BindingAction,
    ) -> Result<()> {
        let Followed { order, first, member, now, .. } = *followed;
        let key = format!("{what}:{}", first.seq);
        let [paid, completed] = changes;
        if paid == completed {
            if let Some(both) = paid {
                self.bind_by_order((order, first), &key, now, action(both, member, None))?;
            }
            return Ok(());
        }
        for ((stage, _), change) in STAGES.into_iter().zip([paid, completed]) {
            let Some(change) = change else { continue };
            let key = format!("{key}:{}", stage.name());
            self.bind_by_order((order, first), &key, now, action(change, member, Some(stage)))?;
        }
        Ok(())
    }

    /// Handles a command an order stands for, once. What its buyer cannot do (they are not registered, their account
    /// was closed, more goes back than counted under a policy that came later) is left out: the order goes on. Says
    /// whether it was done.
    fn bind_by_order(
        &mut self,
        (order, first): (&Order, &Event),
        what: &str,
        now: Timestamp,
        action: BindingAction,
    ) -> Result<bool> {
        let key = (order.id().as_str(), what);
        if self.known_binding(order.tenant(), key)?.is_some() {
            return Ok(true);
        }
        let actor = first.header.actor.clone();
        let command = BindingCommand { action, actor, now, reason: None };
        match self.bind_by_policy(order.tenant(), key, &command) {
            Err(Fault::Domain(error)) if is_left_out(error.code()) => Ok(false),
            done => done.map(|_| true),
        }
    }

    /// Records a command an order stands for as one that found nothing to do, once.
    fn leave_untold(
        &mut self,
        (order, first): (&Order, &Event),
        what: &str,
        now: Timestamp,
        action: BindingAction,
    ) -> Result<()> {
        let (tenant, key) = (order.tenant(), (order.id().as_str(), what));
        if self.known_binding(tenant, key)?.is_some() {
            return Ok(());
        }
        let command = BindingCommand { action, actor: first.header.actor.clone(), now, reason: None };
        let bindings = self.bindings_for(tenant, &command)?;
        self.append_bindings((tenant, key, &command.fingerprint().to_string()), &command, bindings, &[])
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
