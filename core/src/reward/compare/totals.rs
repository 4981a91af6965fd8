//! Many sales and periods under two plans, added up.

use super::{Cause, Compared, Event, Settled};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::reward::commission::{Reason, Retained};
use std::collections::BTreeMap;

/// What one plan comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// What it offers, in minor units.
    pub pool: i64,
    /// What people get.
    pub paid: i64,
    /// What nobody gets, by reason.
    pub retained: BTreeMap<Reason, i64>,
}

/// What one person gets under both plans, in all sales and periods together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What the first plan pays.
    pub before: i64,
    /// What the second plan pays.
    pub after: i64,
    /// In how many sales and periods the two differ for this person.
    pub sales: u64,
}

/// What one cause comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByCause {
    /// How many differences it explains.
    pub count: u64,
    /// What people get more through it.
    pub more: i64,
    /// What people get less through it, at or above zero.
    pub less: i64,
}

/// The sums of all sales and periods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    sales: u64,
    closes: u64,
    differing: u64,
    before: Side,
    after: Side,
    people: BTreeMap<MemberId, Change>,
    causes: BTreeMap<Cause, ByCause>,
}

impl Comparison {
    /// Adds a sale or a period.
    ///
    /// # Errors
    /// [`Code::Overflow`] when a sum does not fit.
    pub fn add(&mut self, compared: &Compared) -> Result<()> {
        let Compared { event, before, after, differences } = compared;
        match event {
            Event::Sale(_) => self.sales += 1,
            Event::Close(_) => self.closes += 1,
        }
        let apart = !differences.is_empty() || before.side.retained != after.side.retained;
        self.differing += u64::from(apart);
        self.before.add(before)?;
        self.after.add(after)?;
        for (payee, amount) in &before.paid {
            raise(&mut self.people.entry(payee.clone()).or_default().before, *amount)?;
        }
        for (payee, amount) in &after.paid {
            raise(&mut self.people.entry(payee.clone()).or_default().after, *amount)?;
        }
        for difference in differences {
            let change = difference.change();
            let cause = self.causes.entry(difference.cause).or_default();
            cause.count += 1;
            raise(&mut cause.more, change.max(0))?;
            raise(&mut cause.less, -change.min(0))?;
            self.people.entry(difference.payee.clone()).or_default().sales += 1;
        }
        Ok(())
    }

    /// How many sales were compared.
    #[must_use]
    pub const fn sales(&self) -> u64 {
        self.sales
    }

    /// How many periods were compared.
    #[must_use]
    pub const fn closes(&self) -> u64 {
        self.closes
    }

    /// In how many of them somebody gets another amount or another amount is retained for a reason.
    #[must_use]
    pub const fn differing(&self) -> u64 {
        self.differing
    }

    /// Whether both plans come to the same in every sale and period.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.differing == 0
    }

    /// The first plan.
    #[must_use]
    pub const fn before(&self) -> &Side {
        &self.before
    }

    /// The second plan.
    #[must_use]
    pub const fn after(&self) -> &Side {
        &self.after
    }

    /// Everybody who is paid by one of the plans.
    #[must_use]
    pub const fn people(&self) -> &BTreeMap<MemberId, Change> {
        &self.people
    }

    /// The causes that were met.
    #[must_use]
    pub const fn causes(&self) -> &BTreeMap<Cause, ByCause> {
        &self.causes
    }

    /// Those for whom something differs, the largest change first.
    #[must_use]
    pub fn ranking(&self) -> Vec<(&MemberId, &Change)> {
        let mut people: Vec<_> = self.people.iter().filter(|(_, change)| change.sales > 0).collect();
        people.sort_by_key(|(id, change)| (std::cmp::Reverse(change.change().unsigned_abs()), *id));
        people
    }

    /// The document: both sides, people and causes.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let count = |value: u64| Node::Int(i64::try_from(value).unwrap_or(i64::MAX));
        let people = self.people.iter().filter(|(_, change)| change.sales > 0).map(|(id, change)| {
            Node::map([
                ("payee", Node::from(id)),
                ("before", change.before.into()),
                ("after", change.after.into()),
                ("change", change.change().into()),
                ("sales", count(change.sales)),
            ])
        });
        let causes = self.causes.iter().map(|(cause, sum)| {
            Node::map([
                ("cause", Node::from(cause.name())),
                ("count", count(sum.count)),
                ("more", sum.more.into()),
                ("less", sum.less.into()),
            ])
        });
        Node::map([
            ("sales", count(self.sales)),
            ("closes", count(self.closes)),
            ("differing", count(self.differing)),
            ("before", self.before.to_node()),
            ("after", self.after.to_node()),
            ("people", Node::List(people.collect())),
            ("causes", Node::List(causes.collect())),
        ])
    }
}

impl Change {
    /// What the second plan pays more.
    #[must_use]
    pub const fn change(&self) -> i64 {
        // Both are sums of amounts at or above zero.
        self.after - self.before
    }
}

impl Side {
    /// Adds what one plan came to.
    fn add(&mut self, settled: &Settled) -> Result<()> {
        let Self { pool, paid, retained } = &settled.side;
        raise(&mut self.pool, *pool)?;
        raise(&mut self.paid, *paid)?;
        for (reason, amount) in retained {
            raise(self.retained.entry(*reason).or_default(), *amount)?;
        }
        Ok(())
    }

    /// Adds what an outcome offers and retains.
    pub(super) fn raise(&mut self, pool: i64, kept: &[Retained]) -> Result<()> {
        raise(&mut self.pool, pool)?;
        for entry in kept {
            raise(self.retained.entry(entry.reason).or_default(), entry.amount)?;
        }
        Ok(())
    }

    /// All that nobody gets.
    #[must_use]
    pub fn kept(&self) -> i64 {
        // A part of the pool, which fits.
        self.retained.values().sum()
    }

    fn to_node(&self) -> Node {
        let retained = self.retained.iter().map(|(reason, amount)| (reason.name(), Node::Int(*amount)));
        Node::map([
            ("pool", Node::from(self.pool)),
            ("paid", self.paid.into()),
            ("retained", Node::map(retained)),
        ])
    }
}

pub(super) fn raise(sum: &mut i64, amount: i64) -> Result<()> {
    let raised = sum.checked_add(amount);
    *sum =
        raised.ok_or_else(|| Error::new(Code::Overflow, format!("{sum} + {amount} does not fit 64 bits")))?;
    Ok(())
}
