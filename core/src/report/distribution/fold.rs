//! Folding facts.

use super::entry::{Entry, Stage};
use super::{Earned, Fact, SaleVersion, TakenRow};
use crate::error::{Code, Error, Result};
use crate::id::{MemberId, OrderId, RefundId};
use crate::money::Currency;
use crate::request::Tenant;
use crate::time::Timestamp;
use crate::trade::order::{Event, Order};
use std::collections::{BTreeMap, BTreeSet};

/// An entry's place within its order: version, rule, payee.
pub(super) type EntryKey = (u32, String, MemberId);

/// One order with what it brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tracked {
    pub(super) order: Order,
    pub(super) entries: BTreeMap<EntryKey, Entry>,
    sales: BTreeMap<u32, Sale>,
}

/// A version of the sale of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sale {
    currency: Currency,
    stage: Stage,
    refunds: BTreeSet<RefundId>,
}

/// An entry, wherever it is.
type Place = (OrderId, EntryKey);

/// What waits to be paid to a member in one currency, in the order it was released.
type Queue = BTreeMap<u64, Place>;

/// A part of what was paid out: of which entry and where that stood in the queue; none beyond the commission of
/// orders.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    entry: Option<(u64, Place)>,
    amount: i64,
}

/// The distribution orders of one shop. Equal facts give equal models, whatever steps they came in.
///
/// ```
/// use fenrun::report::distribution::{DistributionOrders, Filter};
/// let orders = DistributionOrders::default();
/// assert!(orders.list(&Filter::of(7.into()))?.orders.is_empty());
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DistributionOrders {
    pub(super) orders: BTreeMap<OrderId, Tracked>,
    /// The orders a member invited the buyer of, or earned from, in the order they are listed.
    pub(super) of_member: BTreeMap<MemberId, BTreeSet<(Timestamp, OrderId)>>,
    payable: BTreeMap<(MemberId, Currency), Queue>,
    /// What was paid out and is still with the member, first to last.
    paid: BTreeMap<(MemberId, Currency), Vec<Part>>,
    /// What was paid out beyond the commission of orders, such as a bonus booked by hand.
    other_paid: BTreeMap<(MemberId, Currency), i64>,
    released: u64,
}

impl DistributionOrders {
    /// Folds the next fact in.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] when it cannot follow: an outcome or a refund that came before, what moves
    /// commission nobody earned, a payout of nothing; those of [`Order::apply`]; [`Code::Overflow`].
    pub fn fold(&mut self, fact: &Fact) -> Result<()> {
        match fact {
            Fact::Order(event) => self.order_event(event),
            Fact::Earned(earned) => self.earned(earned),
            Fact::Confirmed { sale } => self.confirmed(sale),
            Fact::Released { sale, rule } => self.release(sale, rule.as_deref()),
            Fact::TakenBack { sale, refund, rows } => self.taken_back(sale, refund, rows),
            Fact::PaidOut { member, currency, amount, .. } => self.paid_out(member, *currency, *amount),
            Fact::CameBack { member, currency, amount, .. } => self.came_back(member, *currency, *amount),
        }
    }

    /// What was paid out to a member beyond the commission of orders.
    #[must_use]
    pub fn other_paid(&self, member: &MemberId, currency: Currency) -> i64 {
        self.other_paid.get(&(member.clone(), currency)).copied().unwrap_or(0)
    }

    fn order_event(&mut self, event: &Event) -> Result<()> {
        let header = &event.header;
        let inviter = match self.orders.get_mut(&header.order_id) {
            Some(tracked) => {
                if tracked.order.version() == 0 {
                    tracked.order = Order::draft(header.tenant.clone(), header.order_id.clone());
                }
                tracked.order.apply(event)?;
                tracked.inviter().cloned()
            }
            None => {
                let mut order = Order::draft(header.tenant.clone(), header.order_id.clone());
                order.apply(event)?;
                let tracked = Tracked { order, entries: BTreeMap::new(), sales: BTreeMap::new() };
                let inviter = tracked.inviter().cloned();
                self.orders.insert(header.order_id.clone(), tracked);
                inviter
            }
        };
        // Commission may be recorded before its order is.
        let placed = self.orders.get(&header.order_id).filter(|_| event.seq == 1);
        let payees =
            placed.iter().flat_map(|tracked| tracked.entries.keys().map(|(.., payee)| payee.clone()));
        for member in payees.chain(inviter).collect::<Vec<_>>() {
            self.remember(member, &header.order_id);
        }
        Ok(())
    }

    /// Lists an order among those of a member.
    fn remember(&mut self, member: MemberId, order: &OrderId) {
        let placed_at = self.orders.get(order).and_then(|tracked| tracked.order.placed_at());
        if let Some(placed_at) = placed_at {
            self.of_member.entry(member).or_default().insert((placed_at, order.clone()));
        }
    }

    fn earned(&mut self, earned: &Earned) -> Result<()> {
        let SaleVersion { order, version } = &earned.sale;
        // An order that is kept elsewhere has no events here; its commission counts and is not listed.
        let tracked = self.orders.entry(order.clone()).or_insert_with(|| Tracked {
            order: Order::draft(Tenant::default(), order.clone()),
            entries: BTreeMap::new(),
            sales: BTreeMap::new(),
        });
        if tracked.sales.contains_key(version) {
            return Err(cannot(order, &format!("has an outcome of version {version} already")));
        }
        let sale = Sale { currency: earned.currency, stage: Stage::Pending, refunds: BTreeSet::new() };
        let mut entries = tracked.entries.clone();
        for row in &earned.rows {
            let key = (*version, row.rule.clone(), row.payee.clone());
            entries.entry(key).or_insert(Entry::new(Stage::Pending)).earn(row.amount, row.level)?;
        }
        tracked.entries = entries;
        tracked.sales.insert(*version, sale);
        for row in &earned.rows {
            self.remember(row.payee.clone(), order);
        }
        Ok(())
    }

    fn confirmed(&mut self, sale: &SaleVersion) -> Result<()> {
        let (tracked, known) = self.sale(sale)?;
        known.stage = known.stage.max(Stage::Confirmed);
        for (_, entry) in tracked.iter_mut().filter(|((version, ..), _)| *version == sale.version) {
            entry.stage = entry.stage.max(Stage::Confirmed);
        }
        Ok(())
    }

    fn release(&mut self, sale: &SaleVersion, rule: Option<&str>) -> Result<()> {
        let (entries, known) = self.sale(sale)?;
        if known.stage == Stage::Pending {
            return Err(cannot(&sale.order, "has commission released that is not confirmed"));
        }
        let currency = known.currency;
        let of_rule = |key: &EntryKey| key.0 == sale.version && rule.is_none_or(|rule| key.1 == rule);
        let mut queued = Vec::new();
        for (key, entry) in entries.iter_mut().filter(|(key, _)| of_rule(key)) {
            if entry.stage == Stage::Confirmed {
                entry.stage = Stage::Payable;
                queued.push(key.clone());
            }
        }
        for key in queued {
            self.queue(currency, &sale.order, key);
        }
        Ok(())
    }

    fn queue(&mut self, currency: Currency, order: &OrderId, key: EntryKey) {
        self.released += 1;
        let queue = self.payable.entry((key.2.clone(), currency)).or_default();
        queue.insert(self.released, (order.clone(), key));
    }

    fn taken_back(&mut self, sale: &SaleVersion, refund: &RefundId, rows: &[TakenRow]) -> Result<()> {
        let (entries, known) = self.sale(sale)?;
        if known.refunds.contains(refund) {
            return Err(cannot(&sale.order, &format!("has refund {refund} already")));
        }
        let mut changed = entries.clone();
        let mut gained = Vec::new();
        for row in rows {
            let key = (sale.version, row.rule.clone(), row.payee.clone());
            // Cumulative rounding may give a unit to somebody who had none; it stands where its rule does.
            let of_rule = changed.iter().find(|((version, rule, _), _)| *version == key.0 && *rule == key.1);
            let stage = of_rule.map_or(known.stage, |(_, entry)| entry.stage);
            let entry = changed.entry(key.clone()).or_insert(Entry::new(stage));
            entry.change(row.amount)?;
            if row.amount > 0 && entry.stage == Stage::Payable {
                gained.push(key);
            }
        }
        *entries = changed;
        known.refunds.insert(refund.clone());
        let currency = known.currency;
        for key in gained {
            self.queue(currency, &sale.order, key);
        }
        for row in rows {
            self.remember(row.payee.clone(), &sale.order);
        }
        Ok(())
    }

    fn paid_out(&mut self, member: &MemberId, currency: Currency, amount: i64) -> Result<()> {
        if amount <= 0 {
            let rule = format!("a payout of {amount} to member {member}; payouts are above zero");
            return Err(Error::new(Code::InvalidEvent, rule));
        }
        let mut left = amount;
        let key = (member.clone(), currency);
        let queue = self.payable.entry(key.clone()).or_default();
        let parts = self.paid.entry(key.clone()).or_default();
        while let Some(first) = queue.first_entry() {
            let (order, entry) = first.get();
            let entry = self.orders.get_mut(order).and_then(|tracked| tracked.entries.get_mut(entry));
            let Some(entry) = entry else { break };
            let amount = entry.pay(left)?;
            if amount > 0 {
                parts.push(Part { entry: Some((*first.key(), first.get().clone())), amount });
            }
            left -= amount;
            if left == 0 && entry.unpaid > 0 {
                break;
            }
            first.remove();
            if left == 0 {
                break;
            }
        }
        if left > 0 {
            parts.push(Part { entry: None, amount: left });
        }
        self.pay_other(key, left)
    }

    /// What was paid last comes back first, and is paid again before what was released after it.
    fn came_back(&mut self, member: &MemberId, currency: Currency, amount: i64) -> Result<()> {
        if amount <= 0 {
            let rule = format!("{amount} came back from member {member}; what comes back is above zero");
            return Err(Error::new(Code::InvalidEvent, rule));
        }
        let key = (member.clone(), currency);
        let (mut left, mut other) = (amount, 0);
        let parts = self.paid.entry(key.clone()).or_default();
        while let Some(last) = parts.last_mut().filter(|_| left > 0) {
            let back = last.amount.min(left);
            (last.amount, left) = (last.amount - back, left - back);
            match &last.entry {
                None => other += back,
                Some((number, (order, entry))) => {
                    let tracked = self.orders.get_mut(order);
                    if let Some(known) = tracked.and_then(|tracked| tracked.entries.get_mut(entry)) {
                        known.come_back(back)?;
                    }
                    let queue = self.payable.entry(key.clone()).or_default();
                    queue.insert(*number, (order.clone(), entry.clone()));
                }
            }
            if last.amount == 0 {
                parts.pop();
            }
        }
        self.pay_other(key, -other - left)
    }

    fn pay_other(&mut self, key: (MemberId, Currency), amount: i64) -> Result<()> {
        let other = self.other_paid.entry(key).or_default();
        *other =
            crate::money::narrow(i128::from(*other) + i128::from(amount), || "what was paid out".into())?;
        Ok(())
    }

    fn sale(&mut self, sale: &SaleVersion) -> Result<(&mut BTreeMap<EntryKey, Entry>, &mut Sale)> {
        let tracked = self.orders.get_mut(&sale.order);
        let found = tracked.and_then(|tracked| {
            tracked.sales.get_mut(&sale.version).map(|known| (&mut tracked.entries, known))
        });
        let missing = || cannot(&sale.order, &format!("has no outcome of version {}", sale.version));
        found.ok_or_else(missing)
    }
}

impl Tracked {
    /// Who invited the buyer.
    pub(super) fn inviter(&self) -> Option<&MemberId> {
        let parties = self.order.placement().and_then(|placement| placement.parties());
        parties.and_then(|parties| parties.upline.first()).map(|person| &person.id)
    }

    /// Who bought.
    pub(super) fn invitee(&self) -> Option<&MemberId> {
        self.order.placement().and_then(|placement| placement.parties()).map(|parties| &parties.buyer.id)
    }

    /// What is left of everything the buyer was to pay.
    pub(super) fn left(&self) -> Result<i64> {
        Ok(crate::money::narrow(self.order.total_left(), || "what is left of an order".into())?)
    }

    pub(super) fn currency_of(&self, version: u32) -> Option<Currency> {
        self.sales.get(&version).map(|sale| sale.currency)
    }
}

fn cannot(order: &OrderId, rule: &str) -> Error {
    Error::new(Code::InvalidEvent, format!("distribution: order {order} {rule}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::read_json;
    use crate::report::distribution::Earned;
    use crate::reward::commission::{Frozen, Refund, reverse};
    use crate::reward::plan::Plan;
    use crate::trade::order::OrderStream;

    /// A journal that is read again from an earlier place: the second time is refused, and counts nothing.
    #[test]
    fn a_refund_is_folded_once() {
        let plan = r#"{"schema":"fenrun.plan/1","name":"p","currency":"CNY","rule":[{"id":"r",
            "to":{"up":"referral"},"pay":{"levels":["10%"]}}]}"#;
        let place = r#"{"order_id":"o","command_id":"c","now":0,"actor":"shop","command":{"place":
            {"currency":"CNY","lines":[{"id":"a","units":4,"paid":10000}],"sale":{"buyer":"B","upline":["A"]}}}}"#;
        let refund = r#"{"id":"f","lines":[{"line":"a","units":1,"amount":2500}]}"#;
        let mut stream = OrderStream::new("", "o").unwrap();
        stream.handle_json(place).unwrap();
        let sale = stream.order().to_sale().unwrap();
        let (outcome, frozen) = Frozen::settle(&Plan::from_json(plan).unwrap(), &sale).unwrap();
        let refund = Refund::from_node(&read_json(refund, 1000).unwrap()).unwrap();
        let reversal = reverse(&frozen, &[], &refund, None).unwrap();
        let version = SaleVersion { order: stream.order().id().clone(), version: 1 };
        let taken_back = Fact::taken_back(version, refund.id, &reversal);

        let mut model = DistributionOrders::default();
        for event in stream.events() {
            model.fold(&Fact::Order(event.clone())).unwrap();
        }
        model.fold(&Fact::Earned(Earned::from(&outcome))).unwrap();
        model.fold(&taken_back).unwrap();
        let once = model.clone();
        let error = model.fold(&taken_back).unwrap_err();
        assert_eq!(error.code(), Code::InvalidEvent);
        assert!(error.message().contains("refund f already"), "{error}");
        assert_eq!(model, once);
    }
}
