//! Events make the state; nothing else does.

use super::decide::{Bindings, Person};
use super::event::{BindingEvent, What, Why};
use super::member::Standing;
use super::policy::{BindingPolicy, SelfPurchase};
use super::purchase::Bought;
use crate::doc::Node;
use crate::error::Result;
use crate::reward::referral::{Closing, MemberIx};
use crate::time::Timestamp;

impl Bindings {
    /// The bindings that some events come to.
    ///
    /// # Errors
    /// Those of the forest, for events that cannot follow each other.
    pub fn replay(policy: BindingPolicy, events: &[BindingEvent]) -> Result<Self> {
        let mut bindings = Self::new(policy);
        events.iter().try_for_each(|event| bindings.evolve(event))?;
        Ok(bindings)
    }

    /// Folds an event in.
    ///
    /// # Errors
    /// Those of the forest, for an event that cannot follow on those before it.
    pub fn evolve(&mut self, event: &BindingEvent) -> Result<()> {
        let (member, from) = (event.member, Some(event.at));
        match &event.what {
            What::Registered => {
                self.forest.join(member, None, None)?;
                self.people.insert(member, Person::default());
            }
            What::Offered { sharer } => self.person_mut(member).offer = Some(*sharer),
            What::Refused { .. } => self.person_mut(member).offer = None,
            What::Bound { inviter, until, protected } => {
                self.forest.rebind(member, *inviter, from)?;
                self.person_mut(member).offer = None;
                self.set_days(member, *until, *protected);
            }
            What::Renewed { until, protected } => self.set_days(member, *until, *protected),
            What::Released => {
                self.forest.unbind(member, from)?;
                self.release(member);
            }
            What::Ordered => {
                let person = self.person_mut(member);
                person.orders = person.orders.saturating_add(1);
            }
            What::Paid { .. } => {
                let person = self.person_mut(member);
                person.payments = person.payments.saturating_add(1);
                self.count(event);
            }
            What::Completed { .. } | What::Added { .. } | What::Refunded { .. } => self.count(event),
            What::Qualified if event.why == Why::Staff => {
                self.person_mut(member).standing = Standing::Appointed;
            }
            What::Qualified => self.person_mut(member).standing = Standing::Qualified,
            What::Unqualified => self.person_mut(member).standing = Standing::Plain,
            What::Dismissed => self.person_mut(member).standing = Standing::Dismissed,
            What::Merged { gone } => self.merge(member, *gone, from)?,
            What::Closed { closing } => {
                let below = self.directly_below(member);
                self.forest.close(member, *closing, from)?;
                match closing {
                    // Its place is for good: nothing of it expires any more.
                    Closing::Stay => self.set_days(member, None, None),
                    Closing::RollUp => {
                        // Whoever has nobody above them any more begins anew, as if released.
                        let roots: Vec<u64> =
                            below.into_iter().filter(|below| self.is_root(*below)).collect();
                        roots.into_iter().chain([member]).for_each(|member| self.release(member));
                    }
                }
            }
        }
        self.last = self.last.max(event.at);
        Ok(())
    }

    /// What both accounts have counts for the one that stays, which is a distributor if one of them was and
    /// was dismissed if one of them was.
    fn merge(&mut self, kept: u64, gone: u64, from: Option<Timestamp>) -> Result<()> {
        let above = |bindings: &Self| bindings.forest.find(kept).map(|ix| bindings.forest.parent(ix, None));
        let before = above(self);
        self.forest.merge(kept, gone, from)?;
        let other = self.people.get(&gone).cloned().unwrap_or_default();
        let moved = above(self) != before;
        self.release(gone);
        if moved {
            self.set_days(kept, other.until, other.protected);
        }
        if self.is_root(kept) {
            self.set_days(kept, None, None);
        }
        let person = self.person_mut(kept);
        person.offer = person.offer.or(other.offer).filter(|sharer| *sharer != kept && *sharer != gone);
        person.orders = person.orders.saturating_add(other.orders);
        person.payments = person.payments.saturating_add(other.payments);
        person.bought = person.bought.plus(other.bought);
        person.standing = person.standing.max(other.standing);
        Ok(())
    }

    fn directly_below(&self, member: u64) -> Vec<u64> {
        let below = self.forest.find(member).map(|ix| self.forest.directly_below(ix)).unwrap_or_default();
        below.into_iter().map(|ix| self.forest.id(ix)).collect()
    }

    fn is_root(&self, member: u64) -> bool {
        self.forest.account(member).map(|ix| self.forest.parent(ix, None)) == Some(MemberIx::NOBODY)
    }

    fn count(&mut self, event: &BindingEvent) {
        let bought = self.people.get(&event.member).map_or_else(Bought::default, |person| person.bought);
        let bought = bought.after(self.policy.distributors(), &event.what);
        self.person_mut(event.member).bought = bought;
    }

    fn release(&mut self, member: u64) {
        self.set_days(member, None, None);
        let person = self.person_mut(member);
        *person = std::mem::take(person).released();
    }

    fn set_days(&mut self, member: u64, until: Option<Timestamp>, protected: Option<Timestamp>) {
        let person = self.people.entry(member).or_default();
        if let Some(until) = person.until {
            self.due.remove(&(until, member));
        }
        (person.until, person.protected) = (until, protected);
        if let Some(until) = until {
            self.due.insert((until, member));
        }
    }

    fn person_mut(&mut self, member: u64) -> &mut Person {
        self.people.entry(member).or_default()
    }

    /// The document of all members, as they stand at a moment from the last event on.
    #[must_use]
    pub fn to_node(&self, now: Timestamp) -> Node {
        let id = |id: u64| Node::from(id.to_string());
        let when = |at: Option<Timestamp>| -> Node { at.map(|at| Node::Int(at.ms())).into() };
        let one = |ix: MemberIx| {
            let member = self.forest.id(ix);
            let person = self.people.get(&member).cloned().unwrap_or_default();
            // By handle, so that an account that was merged shows what became of itself.
            let inviter = Some(self.forest.id(self.above(ix, now))).filter(|id| *id != 0);
            let days = inviter.map_or((None, None), |_| (person.until, person.protected));
            let own = self.policy.self_purchase() == SelfPurchase::Counts;
            let document = Node::map([
                ("inviter", inviter.map(id).into()),
                ("until", when(days.0)),
                ("protected", when(days.1)),
                ("offer", person.offer.map(id).into()),
                ("distributor", self.may(ix).into()),
                ("buyer_first", (own && self.may(ix)).into()),
                ("closed", self.forest.is_closed(ix).into()),
            ]);
            (member.to_string(), document)
        };
        Node::map(self.forest.members().map(one))
    }
}
