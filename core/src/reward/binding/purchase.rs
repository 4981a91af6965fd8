//! What people bought and gave back, where that decides who may distribute.

use super::decide::{Bindings, Made, Standing};
use super::event::{What, Why};
use super::policy::{Distributors, Stage};
use crate::error::{Code, Error, Result};
use crate::id::SkuId;

/// What a member bought that counts, less what went back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bought {
    pub(super) spend_minor: i64,
    pub(super) orders: u32,
    /// Lines of goods that let somebody distribute.
    pub(super) sought: u32,
}

impl Bought {
    /// Folds of a log stay within their bounds, since commands beyond them are refused.
    pub(super) fn plus(self, more: Self) -> Self {
        Self {
            spend_minor: self.spend_minor.saturating_add(more.spend_minor),
            orders: self.orders.saturating_add(more.orders),
            sought: self.sought.saturating_add(more.sought),
        }
    }

    pub(super) fn less(self, spend_minor: i64, sought: u32, whole: bool) -> Self {
        Self {
            spend_minor: self.spend_minor.saturating_sub(spend_minor),
            orders: self.orders.saturating_sub(u32::from(whole)),
            sought: self.sought.saturating_sub(sought),
        }
    }
}

impl Distributors {
    /// How many of some goods let their buyer distribute.
    pub(super) fn sought(&self, goods: &[SkuId]) -> u32 {
        let Self::Goods { any, .. } = self else { return 0 };
        let found = goods.iter().filter(|sku| any.contains(sku)).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    }

    fn met(&self, bought: Bought) -> bool {
        match self {
            Self::Spend { at_least_minor, .. } => bought.spend_minor >= *at_least_minor,
            Self::Orders { at_least, .. } => bought.orders >= *at_least,
            Self::Goods { .. } => bought.sought > 0,
            Self::Everyone | Self::Appointed | Self::Application => false,
        }
    }
}

impl Bindings {
    /// Whether what a member has bought, with this, lets them distribute.
    pub(super) fn qualify(
        &self,
        member: u64,
        stage: Stage,
        spend_minor: i64,
        goods: &[SkuId],
        made: &mut Made<'_>,
    ) -> Result<()> {
        let rule = self.policy.distributors();
        if rule.purchase() != Some(stage) {
            return Ok(());
        }
        let person = self.person(member, made.command.now);
        let more = Bought { spend_minor, orders: 1, sought: rule.sought(goods) };
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
    pub(super) fn unqualify(
        &self,
        member: u64,
        spend_minor: i64,
        goods: &[SkuId],
        whole: bool,
        made: &mut Made<'_>,
    ) -> Result<()> {
        let rule = self.policy.distributors();
        if rule.purchase().is_none() {
            return Ok(());
        }
        let person = self.person(member, made.command.now);
        let (bought, sought) = (person.bought, rule.sought(goods));
        let beyond = |what: &str, back: i64, counted: i64| {
            let rule = format!("member {member} gives back {what} of {back}, of which {counted} counted");
            Err(Error::new(Code::InvalidCommand, rule))
        };
        if spend_minor > bought.spend_minor {
            return beyond("`spend_minor`", spend_minor, bought.spend_minor);
        }
        if u32::from(whole) > bought.orders {
            return beyond("a `whole` order, 1", 1, 0);
        }
        if sought > bought.sought {
            return beyond("`goods`", sought.into(), bought.sought.into());
        }
        if person.standing == Standing::Qualified && !rule.met(bought.less(spend_minor, sought, whole)) {
            made.push(member, What::Unqualified, Why::Refunded);
        }
        Ok(())
    }
}
