//! What people bought and gave back, where that decides who may distribute.

use super::decide::{Bindings, Made};
use super::event::{BindingEvent, What, Why};
use super::member::Standing;
use super::policy::{Distributors, Stage};
use crate::error::{Code, Error, Result};
use crate::id::SkuId;
use std::collections::BTreeMap;

/// What a member bought that counts, less what went back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bought {
    /// What they spent.
    pub spend_minor: i64,
    /// How many orders they paid or completed.
    pub orders: i64,
    /// Lines of goods that let somebody distribute.
    pub sought: i64,
}

impl Bought {
    /// What a member has bought, by the events of their own account and of all that went into it, in the order
    /// of the log.
    pub fn of(rule: &Distributors, member: u64, events: &[BindingEvent]) -> Self {
        let mut accounts: BTreeMap<u64, Self> = BTreeMap::new();
        for event in events {
            let before = accounts.get(&event.member).copied().unwrap_or_default();
            let after = match event.what {
                What::Merged { gone } => before.plus(accounts.get(&gone).copied().unwrap_or_default()),
                _ => before.after(rule, &event.what),
            };
            accounts.insert(event.member, after);
        }
        accounts.get(&member).copied().unwrap_or_default()
    }

    /// What it comes to with one event more.
    pub(super) fn after(self, rule: &Distributors, what: &What) -> Self {
        match what {
            What::Refunded { spend_minor, goods, whole, on } if rule.counts(*on) => {
                self.less(*spend_minor, rule.sought(goods), *whole)
            }
            _ => rule.more(what).map_or(self, |more| self.plus(more)),
        }
    }

    /// What came in under one policy may have gone back before under another that was not asked: a sum may be below
    /// zero until then. Under a rule that asks for purchases, more than counted is refused to go back.
    pub(super) fn plus(self, more: Self) -> Self {
        Self {
            spend_minor: self.spend_minor.saturating_add(more.spend_minor),
            orders: self.orders.saturating_add(more.orders),
            sought: self.sought.saturating_add(more.sought),
        }
    }

    pub(super) fn less(self, spend_minor: i64, sought: i64, whole: bool) -> Self {
        Self {
            spend_minor: self.spend_minor.saturating_sub(spend_minor),
            orders: self.orders.saturating_sub(i64::from(whole)),
            sought: self.sought.saturating_sub(sought),
        }
    }
}

impl Distributors {
    /// How many of some goods let their buyer distribute.
    pub(super) fn sought(&self, goods: &[SkuId]) -> i64 {
        let Self::Goods { any, .. } = self else { return 0 };
        let found = goods.iter().filter(|sku| any.contains(sku)).count();
        i64::try_from(found).unwrap_or(i64::MAX)
    }

    /// Whether what came on top or went back changes the count of this rule.
    fn counts(&self, on: Option<Stage>) -> bool {
        self.purchase().is_some_and(|stage| on.is_none_or(|on| on == stage))
    }

    /// What a purchase adds to the count of this rule.
    fn more(&self, what: &What) -> Option<Bought> {
        let (spend_minor, goods, on, orders) = match what {
            What::Paid { spend_minor, goods } => (*spend_minor, goods, Some(Stage::Payment), 1),
            What::Completed { spend_minor, goods } => (*spend_minor, goods, Some(Stage::Completion), 1),
            What::Added { spend_minor, goods, on } => (*spend_minor, goods, *on, 0),
            _ => return None,
        };
        self.counts(on).then(|| Bought { spend_minor, orders, sought: self.sought(goods) })
    }

    fn met(&self, bought: Bought) -> bool {
        match self {
            Self::Spend { at_least_minor, .. } => bought.spend_minor >= *at_least_minor,
            Self::Orders { at_least, .. } => bought.orders >= i64::from(*at_least),
            Self::Goods { .. } => bought.sought > 0,
            Self::Everyone | Self::Appointed | Self::Application => false,
        }
    }
}

impl Bindings {
    /// Whether what a member has bought, with this, lets them distribute.
    pub(super) fn qualify(&self, member: u64, what: &What, made: &mut Made<'_>) -> Result<()> {
        let Some(more) = self.policy.distributors().more(what) else { return Ok(()) };
        let person = self.person(member, made.command.now);
        self.qualify_with(member, (person.bought, more), person.standing, made)
    }

    /// Whether what both accounts of one person bought lets the one that stays distribute.
    pub(super) fn qualify_merged(&self, kept: u64, gone: u64, made: &mut Made<'_>) -> Result<()> {
        if self.policy.distributors().purchase().is_none() {
            return Ok(());
        }
        let [kept_person, gone_person] = [kept, gone].map(|member| self.person(member, made.command.now));
        let standing = kept_person.standing.max(gone_person.standing);
        self.qualify_with(kept, (kept_person.bought, gone_person.bought), standing, made)
    }

    fn qualify_with(
        &self,
        member: u64,
        (bought, more): (Bought, Bought),
        standing: Standing,
        made: &mut Made<'_>,
    ) -> Result<()> {
        if bought.spend_minor.checked_add(more.spend_minor).is_none() {
            return Err(Error::new(Code::Overflow, "what a member has spent does not fit 64 bits"));
        }
        if self.policy.distributors().met(bought.plus(more)) && standing == Standing::Plain {
            made.push(member, What::Qualified, Why::Qualified);
        }
        Ok(())
    }

    /// Whether what a member has left of what they bought lets them distribute no longer.
    pub(super) fn unqualify(&self, member: u64, refunded: &What, made: &mut Made<'_>) -> Result<()> {
        let rule = self.policy.distributors();
        let What::Refunded { spend_minor, goods, whole, on } = refunded else { return Ok(()) };
        if !rule.counts(*on) {
            return Ok(());
        }
        let (spend_minor, whole) = (*spend_minor, *whole);
        let person = self.person(member, made.command.now);
        let (bought, sought) = (person.bought, rule.sought(goods));
        let beyond = |what: &str, back: i64, counted: i64| {
            let rule = format!("member {member} gives back {what} of {back}, of which {counted} counted");
            Err(Error::new(Code::InvalidCommand, rule))
        };
        if spend_minor > bought.spend_minor {
            return beyond("`spend_minor`", spend_minor, bought.spend_minor);
        }
        if i64::from(whole) > bought.orders {
            return beyond("a `whole` order, 1", 1, bought.orders);
        }
        if sought > bought.sought {
            return beyond("`goods`", sought, bought.sought);
        }
        if person.standing == Standing::Qualified && !rule.met(bought.less(spend_minor, sought, whole)) {
            made.push(member, What::Unqualified, Why::Refunded);
        }
        Ok(())
    }
}
