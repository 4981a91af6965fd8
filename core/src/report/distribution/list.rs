//! Listing the orders of a distributor.

use super::entry::Entry;
use super::fold::{EntryKey, Tracked};
use super::{DistributionOrders, EntryView};
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{MemberId, OrderId};
use crate::money::{Currency, narrow};
use crate::reward::commission::EntryState;
use crate::time::Timestamp;
use crate::trade::order::Life;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

/// The most orders of one page.
pub const MAX_PAGE: usize = 1000;

/// Behind which order a page begins. Orders that come later do not move it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor {
    placed_at: Timestamp,
    order: OrderId,
}

impl Cursor {
    /// Reads what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// [`Code::InvalidValue`].
    pub fn parse(text: &str) -> Result<Self> {
        let fault = || Error::new(Code::InvalidValue, format!("{text:?} is not the cursor of a page"));
        let (ms, order) = text.split_once('.').ok_or_else(fault)?;
        let placed_at = Timestamp::from_ms(ms.parse().map_err(|_| fault())?);
        Ok(Self { placed_at, order: OrderId::new(order).map_err(|_| fault())? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.placed_at.ms(), self.order)
    }
}

/// Which orders, and how many at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whose: who invited the buyer, or earned from the order.
    pub distributor: MemberId,
    /// Placed at or after.
    pub from: Option<Timestamp>,
    /// Placed before.
    pub to: Option<Timestamp>,
    /// With commission of the distributor in this state.
    pub state: Option<EntryState>,
    /// With commission of the distributor at this level.
    pub level: Option<u32>,
    /// Bought by.
    pub invitee: Option<MemberId>,
    /// Behind this one.
    pub after: Option<Cursor>,
    /// At most so many, from 1 to [`MAX_PAGE`].
    pub limit: usize,
}

impl Filter {
    /// All orders of a distributor, a hundred at once.
    #[must_use]
    pub const fn of(distributor: MemberId) -> Self {
        Self {
            distributor,
            from: None,
            to: None,
            state: None,
            level: None,
            invitee: None,
            after: None,
            limit: 100,
        }
    }

    /// Reads `{"distributor", "from", "to", "state", "level", "invitee", "after", "limit"}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "filter")?;
        let filter = Self {
            distributor: fields.need_id("distributor")?.into(),
            from: fields.int("from")?.map(Timestamp::from_ms),
            to: fields.int("to")?.map(Timestamp::from_ms),
            state: fields.word("state", EntryState::ALL, EntryState::name)?,
            level: fields.count("level")?,
            invitee: fields.id("invitee")?.map(MemberId::from),
            after: fields.text("after")?.map(Cursor::parse).transpose()?,
            limit: fields.count("limit")?.unwrap_or(100),
        };
        fields.finish()?;
        filter.check()?;
        Ok(filter)
    }

    fn check(&self) -> Result<()> {
        if self.limit == 0 || self.limit > MAX_PAGE {
            let rule = format!("filter: limit {}; a page has 1 to {MAX_PAGE} orders", self.limit);
            return Err(Error::new(Code::InvalidValue, rule));
        }
        Ok(())
    }

    fn takes(&self, key: &EntryKey, entry: &Entry) -> bool {
        key.2 == self.distributor
            && self.state.is_none_or(|state| entry.state() == state)
            && self.level.is_none_or(|level| entry.levels.contains(&level))
    }
}

/// One order of a distributor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// The order.
    pub order: OrderId,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Who invited the buyer.
    pub inviter: Option<MemberId>,
    /// Who bought.
    pub invitee: Option<MemberId>,
    /// The word of the order's state.
    pub life: Life,
    /// The currency of every amount.
    pub currency: Currency,
    /// What the buyer was to pay when the order was placed.
    pub amount: i64,
    /// What of that is left after cancellations, refunds and charge-backs nobody has replaced.
    pub left: i64,
    /// The distributor's commission that the filter takes; none when they invited and earned nothing.
    pub entries: Vec<EntryView>,
}

/// Sums over entries, in minor units of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Totals {
    /// What was earned first.
    pub earned: i64,
    /// Unpaid of orders that are not completed.
    pub pending: i64,
    /// Unpaid and held.
    pub confirmed: i64,
    /// Unpaid and free to be withdrawn, or under way.
    pub payable: i64,
    /// Paid out.
    pub paid: i64,
    /// Clawed back of what was paid out.
    pub clawback: i64,
}

/// Some orders of a distributor, the latest first, and sums over all the filter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The orders.
    pub orders: Vec<OrderView>,
    /// Where the next page begins; none on the last one.
    pub next: Option<Cursor>,
    /// How many orders the filter takes on all pages.
    pub count: usize,
    /// Sums over all pages, by currency.
    pub totals: BTreeMap<Currency, Totals>,
}

impl DistributionOrders {
    /// The orders of a distributor, the latest first; of the same time, by id downwards.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a page of no or too many orders; [`Code::Overflow`] when a sum does not fit.
    pub fn list(&self, filter: &Filter) -> Result<Page> {
        filter.check()?;
        let mut page = Page { orders: Vec::new(), next: None, count: 0, totals: BTreeMap::new() };
        let Some(orders) = self.of_member.get(&filter.distributor) else { return Ok(page) };
        if filter.from.zip(filter.to).is_some_and(|(from, to)| from >= to) {
            return Ok(page);
        }
        // No id sorts before `!`, the first character that is no blank.
        let edge = |at: Timestamp| OrderId::new("!").map(|order| (at, order));
        let from = filter.from.map(edge).transpose()?.map_or(Bound::Unbounded, Bound::Included);
        let to = filter.to.map(edge).transpose()?.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for place in orders.range((from, to)).rev() {
            let Some(view) = self.view(&place.1, filter, &mut page.totals)? else { continue };
            page.count += 1;
            let behind =
                filter.after.as_ref().is_none_or(|after| *place < (after.placed_at, after.order.clone()));
            if !behind {
                continue;
            }
            if page.orders.len() == filter.limit {
                page.next = page.next.or_else(|| last.clone());
                continue;
            }
            last = Some(Cursor { placed_at: place.0, order: place.1.clone() });
            page.orders.push(view);
        }
        Ok(page)
    }

    /// The order as the filter shows it, if it takes it, and its entries into the totals.
    fn view(
        &self,
        id: &OrderId,
        filter: &Filter,
        totals: &mut BTreeMap<Currency, Totals>,
    ) -> Result<Option<OrderView>> {
        let Some(tracked) = self.orders.get(id) else { return Ok(None) };
        let (Some(placed_at), Some(currency)) = (tracked.order.placed_at(), tracked.order.currency()) else {
            return Ok(None);
        };
        if filter.invitee.is_some() && tracked.invitee() != filter.invitee.as_ref() {
            return Ok(None);
        }
        let taken = tracked.entries.iter().filter(|(key, entry)| filter.takes(key, entry));
        let entries: Vec<EntryView> = taken.map(|(key, entry)| shown(key, entry)).collect();
        if entries.is_empty() && (filter.state.is_some() || filter.level.is_some()) {
            return Ok(None);
        }
        add_totals(tracked, filter, totals)?;
        Ok(Some(OrderView {
            order: id.clone(),
            placed_at,
            inviter: tracked.inviter().cloned(),
            invitee: tracked.invitee().cloned(),
            life: tracked.order.life(),
            currency,
            amount: tracked.order.total(),
            left: tracked.left()?,
            entries,
        }))
    }
}

fn shown(key: &EntryKey, entry: &Entry) -> EntryView {
    EntryView {
        version: key.0,
        rule: key.1.clone(),
        payee: key.2.clone(),
        levels: entry.levels.iter().copied().collect(),
        earned: entry.earned,
        unpaid: entry.unpaid,
        paid: entry.paid,
        clawback: entry.clawback,
        state: entry.state(),
    }
}

fn add_totals(tracked: &Tracked, filter: &Filter, totals: &mut BTreeMap<Currency, Totals>) -> Result<()> {
    for (key, entry) in tracked.entries.iter().filter(|(key, entry)| filter.takes(key, entry)) {
        let Some(currency) = tracked.currency_of(key.0) else { continue };
        let sums = totals.entry(currency).or_default();
        let unpaid = match entry.stage {
            super::entry::Stage::Pending => &mut sums.pending,
            super::entry::Stage::Confirmed => &mut sums.confirmed,
            super::entry::Stage::Payable => &mut sums.payable,
        };
        add(unpaid, entry.unpaid)?;
        add(&mut sums.earned, entry.earned)?;
        add(&mut sums.paid, entry.paid)?;
        add(&mut sums.clawback, entry.clawback)?;
    }
    Ok(())
}

fn add(sum: &mut i64, amount: i64) -> Result<()> {
    *sum = narrow(i128::from(*sum) + i128::from(amount), || "a total of commission".into())?;
    Ok(())
}

impl Totals {
    fn to_node(self) -> Node {
        Node::map([
            ("earned", Node::from(self.earned)),
            ("pending", self.pending.into()),
            ("confirmed", self.confirmed.into()),
            ("payable", self.payable.into()),
            ("paid", self.paid.into()),
            ("clawback", self.clawback.into()),
        ])
    }
}

impl OrderView {
    /// The document of this order.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("order", Node::from(&self.order)),
            ("placed_at", self.placed_at.ms().into()),
            ("inviter", self.inviter.as_ref().map(Node::from).into()),
            ("invitee", self.invitee.as_ref().map(Node::from).into()),
            ("life", self.life.name().into()),
            ("currency", self.currency.code().into()),
            ("amount", self.amount.into()),
            ("left", self.left.into()),
            ("entries", Node::List(self.entries.iter().map(EntryView::to_node).collect())),
        ])
    }
}

impl Page {
    /// The document of this page.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let totals = self.totals.iter().map(|(currency, totals)| (currency.code(), totals.to_node()));
        Node::map([
            ("orders", Node::List(self.orders.iter().map(OrderView::to_node).collect())),
            ("next", self.next.as_ref().map(|next| Node::from(next.to_string())).into()),
            ("count", i64::try_from(self.count).unwrap_or(i64::MAX).into()),
            ("totals", Node::map(totals)),
        ])
    }
}
