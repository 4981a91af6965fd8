//! What is known of single members: what a store keeps of each, so that a command needs those it is about and
//! those above them, and not the whole shop.

use super::decide::{Bindings, Person};
use super::event::{BindingEvent, What};
use super::policy::BindingPolicy;
use super::purchase::Bought;
use crate::error::Result;
use crate::reward::referral::{Closing, Forest, MemberIx};
use crate::time::Timestamp;
use crate::words::words;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// Where a member stands with the rule of who may distribute; of two accounts of one person the later holds.
    #[derive(Default)]
    Standing {
        /// Neither met the rule nor was named by the shop.
        #[default]
        Plain = "plain", "By the rule", "按规则";
        /// Met the rule by what they bought.
        Qualified = "qualified", "Met the rule", "达到条件";
        /// By the shop, whatever they buy or give back.
        Appointed = "appointed", "By the shop", "后台指定";
        /// No longer, by the shop.
        Dismissed = "dismissed", "Dismissed by the shop", "后台取消";
    }
}

/// All that decides on one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberBinding {
    /// Who.
    pub member: u64,
    /// Who is above them; one whose days are over stands here until the release.
    pub inviter: Option<u64>,
    /// When the inviter is lost.
    pub until: Option<Timestamp>,
    /// Until when nobody else may win them.
    pub protected: Option<Timestamp>,
    /// Who wins them with their first order or payment.
    pub offer: Option<u64>,
    /// Orders since they registered or were released last.
    pub orders: u32,
    /// Payments since then.
    pub payments: u32,
    /// Whether they may distribute.
    pub standing: Standing,
    /// What counts towards distributing.
    pub bought: Bought,
    /// Whether the account was closed, or merged into another one.
    pub closed: bool,
    /// The account it was merged into.
    pub merged_into: Option<u64>,
}

impl MemberBinding {
    /// A member to whom nothing has happened but that they have an inviter or none.
    #[must_use]
    pub const fn new(member: u64, inviter: Option<u64>) -> Self {
        Self {
            member,
            inviter,
            until: None,
            protected: None,
            offer: None,
            orders: 0,
            payments: 0,
            standing: Standing::Plain,
            bought: Bought { spend_minor: 0, orders: 0, sought: 0 },
            closed: false,
            merged_into: None,
        }
    }
}

impl Bindings {
    /// Some members of a shop as they stand after its last event. It decides as the whole shop would where
    /// nobody is missing: whom a command names, with the accounts these were merged into, all above those who
    /// may win somebody, the inviter of everybody here, who is offered, all who are directly below an account
    /// that goes, and all whose days are over by then. An inviter who is not here counts as nobody.
    ///
    /// # Errors
    /// Those of the forest, for members who contradict one another.
    pub fn of(
        policy: BindingPolicy,
        last: Option<Timestamp>,
        members: impl IntoIterator<Item = MemberBinding>,
    ) -> Result<Self> {
        let mut bindings = Self::new(policy);
        bindings.last = last.unwrap_or(bindings.last);
        let members: Vec<_> = members.into_iter().collect();
        for one in &members {
            bindings.forest.join(one.member, None, None)?;
        }
        for one in &members {
            if let Some(inviter) = one.inviter.filter(|id| bindings.forest.account(*id).is_some()) {
                bindings.forest.rebind(one.member, inviter, None)?;
            }
        }
        for one in in_order_of_merging(&members) {
            match one.merged_into {
                Some(kept) => bindings.forest.merge(kept, one.member, None)?,
                None => bindings.forest.close(one.member, Closing::Stay, None)?,
            }
        }
        for one in members {
            bindings.due.extend(one.until.map(|until| (until, one.member)));
            bindings.people.insert(one.member, Person::of(&one));
        }
        Ok(bindings)
    }

    /// What is known of an account, by the id it came with.
    #[must_use]
    pub fn member(&self, member: u64) -> Option<MemberBinding> {
        let ix = self.forest.account(member)?;
        let person = self.people.get(&member).cloned().unwrap_or_default();
        let id = |ix: MemberIx| Some(self.forest.id(ix)).filter(|id| *id != 0);
        Some(MemberBinding {
            member,
            inviter: id(self.forest.parent(ix, None)),
            until: person.until,
            protected: person.protected,
            offer: person.offer,
            orders: person.orders,
            payments: person.payments,
            standing: person.standing,
            bought: person.bought,
            closed: self.forest.is_closed(ix),
            merged_into: self.forest.find(member).filter(|into| *into != ix).and_then(id),
        })
    }

    /// The time of the last event, if there was one.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        Some(self.last).filter(|last| last.ms() > i64::MIN + 1)
    }

    /// Folds an event in, and tells who has another inviter from then on, or none any more, by the ids accounts
    /// came with and in their order.
    ///
    /// # Errors
    /// As [`Bindings::evolve`].
    pub fn fold(&mut self, event: &BindingEvent) -> Result<Vec<(u64, Option<u64>)>> {
        let mut near: BTreeSet<MemberIx> = self.forest.account(event.member).into_iter().collect();
        let leaves = match event.what {
            What::Merged { gone } => self.forest.account(gone),
            What::Closed { closing: Closing::RollUp } => self.forest.account(event.member),
            _ => None,
        };
        near.extend(leaves);
        near.extend(leaves.map(|ix| self.forest.directly_below(ix)).unwrap_or_default());
        let above = |forest: &Forest, ix: MemberIx| forest.id(forest.parent(ix, None));
        let before: Vec<_> = near.into_iter().map(|ix| (ix, above(&self.forest, ix))).collect();
        self.evolve(event)?;
        let now = |(ix, before): (MemberIx, u64)| {
            let now = above(&self.forest, ix);
            (now != before).then(|| (self.forest.id(ix), Some(now).filter(|id| *id != 0)))
        };
        let mut changed: Vec<_> = before.into_iter().filter_map(now).collect();
        changed.sort_unstable();
        Ok(changed)
    }
}

impl Person {
    fn of(one: &MemberBinding) -> Self {
        Self {
            offer: one.offer,
            until: one.until,
            protected: one.protected,
            orders: one.orders,
            payments: one.payments,
            standing: one.standing,
            bought: one.bought,
        }
    }
}

/// Closed accounts, those first that others were merged into last: who is merged away takes nobody along.
fn in_order_of_merging(members: &[MemberBinding]) -> Vec<&MemberBinding> {
    let mut waiting: BTreeMap<u64, usize> = BTreeMap::new();
    for into in members.iter().filter_map(|one| one.merged_into) {
        *waiting.entry(into).or_default() += 1;
    }
    let free = |one: &&MemberBinding| one.closed && !waiting.contains_key(&one.member);
    let mut ready: Vec<_> = members.iter().filter(free).collect();
    let closed: BTreeMap<_, _> =
        members.iter().filter(|one| one.closed).map(|one| (one.member, one)).collect();
    let mut order = Vec::with_capacity(closed.len());
    while let Some(one) = ready.pop() {
        order.push(one);
        let Some(into) = one.merged_into else { continue };
        let left = waiting.get_mut(&into).map_or(0, |left| {
            *left -= 1;
            *left
        });
        if left == 0 {
            ready.extend(closed.get(&into));
        }
    }
    order
}
