//! Commands become events: one table of mode and what stands.

use super::command::{BindingAction, BindingCommand};
use super::event::{BindingEvent, What, Why};
use super::member::Standing;
use super::policy::{BindingPolicy, Distributors, Mode, Renew, SelfPurchase};
use super::purchase::Bought;
use crate::error::{Code, Error, Result};
use crate::reward::referral::{Forest, MemberIx};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a member beside their inviter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    /// Who wins them with their first order or payment.
    pub(super) offer: Option<u64>,
    pub(super) until: Option<Timestamp>,
    pub(super) protected: Option<Timestamp>,
    /// Since they registered or were released last.
    pub(super) orders: u32,
    pub(super) payments: u32,
    pub(super) standing: Standing,
    /// What counts towards distributing.
    pub(super) bought: Bought,
}

/// Whose an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// Who invited the buyer.
    pub inviter: Option<u64>,
    /// Whether the buyer comes first, before their inviter.
    pub buyer_first: bool,
}

/// All bindings of a shop, folded from events.
///
/// ```
/// use fenrun::doc::read_json;
/// use fenrun::reward::binding::{BindingCommand, BindingPolicy, Bindings};
/// let policy = read_json(r#"{"mode": "protect", "protect_days": 15}"#, 1000)?;
/// let mut bindings = Bindings::new(BindingPolicy::from_node(&policy)?);
/// for command in [
///     r#"{"register": {"member": 1}, "now": 0, "actor": "shop"}"#,
///     r#"{"register": {"member": 2, "sharer": 1}, "now": 1, "actor": "shop"}"#,
/// ] {
///     bindings.handle(&BindingCommand::from_node(&read_json(command, 1000)?)?)?;
/// }
/// assert_eq!(bindings.inviter(2, fenrun::time::Timestamp::from_ms(2)), Some(1));
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bindings {
    pub(super) policy: BindingPolicy,
    pub(super) forest: Forest,
    pub(super) people: BTreeMap<u64, Person>,
    /// What expires when, soonest first.
    pub(super) due: BTreeSet<(Timestamp, u64)>,
    pub(super) last: Timestamp,
}

impl Bindings {
    /// A shop without members.
    #[must_use]
    pub fn new(policy: BindingPolicy) -> Self {
        Self {
            policy,
            forest: Forest::new(),
            people: BTreeMap::new(),
            due: BTreeSet::new(),
            last: Timestamp::from_ms(i64::MIN + 1),
        }
    }

    /// Decides a command and folds its events in.
    ///
    /// # Errors
    /// [`Code::SelfReferral`], [`Code::Cycle`], [`Code::AlreadyBound`], [`Code::NotBindable`] where the policy
    /// lets nobody win the member now, [`Code::NotADistributor`], [`Code::UnknownMember`],
    /// [`Code::DuplicateMember`], [`Code::ClosedMember`]; [`Code::InvalidCommand`] for one before the last, or
    /// of the shop without a reason. Nothing has changed then.
    pub fn handle(&mut self, command: &BindingCommand) -> Result<Vec<BindingEvent>> {
        let events = self.decide(command)?;
        events.iter().try_for_each(|event| self.evolve(event))?;
        Ok(events)
    }

    /// The forest: who is above whom, with dates. What has expired stands in it until it is released.
    #[must_use]
    pub const fn forest(&self) -> &Forest {
        &self.forest
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &BindingPolicy {
        &self.policy
    }

    /// The inviter of a member at a moment from the last event on.
    #[must_use]
    pub fn inviter(&self, member: u64, now: Timestamp) -> Option<u64> {
        let ix = self.forest.find(member)?;
        Some(self.forest.id(self.above(ix, now))).filter(|id| *id != 0)
    }

    /// Whose an order of a member is, at a moment from the last event on.
    #[must_use]
    pub fn attribution(&self, member: u64, now: Timestamp) -> Attribution {
        let own = self.policy.self_purchase() == SelfPurchase::Counts;
        Attribution { inviter: self.inviter(member, now), buyer_first: own && self.may_distribute(member) }
    }

    /// Whether a member may distribute.
    #[must_use]
    pub fn may_distribute(&self, member: u64) -> bool {
        self.forest.find(member).is_some_and(|ix| self.may(ix))
    }

    /// Whether an account may distribute; one that was merged is closed itself.
    pub(super) fn may(&self, ix: MemberIx) -> bool {
        let standing = self.people.get(&self.forest.id(ix)).map_or(Standing::Plain, |person| person.standing);
        !self.forest.is_closed(ix)
            && match self.policy.distributors() {
                Distributors::Everyone => standing != Standing::Dismissed,
                _ => matches!(standing, Standing::Qualified | Standing::Appointed),
            }
    }

    /// The events of a command.
    ///
    /// # Errors
    /// As [`Bindings::handle`].
    pub fn decide(&self, command: &BindingCommand) -> Result<Vec<BindingEvent>> {
        if command.now < self.last {
            let rule = format!("a command at {} after an event at {}", command.now, self.last);
            return Err(Error::new(Code::InvalidCommand, rule));
        }
        let mut made = Made { command, events: Vec::new() };
        for (until, member) in self.due.iter().take_while(|(until, _)| *until <= command.now) {
            made.expire(*member, *until);
        }
        match &command.action {
            BindingAction::Register { member, sharer } => self.register(*member, *sharer, &mut made)?,
            BindingAction::Visit { member, sharer } => self.visit(*member, *sharer, &mut made)?,
            BindingAction::Order { member } => {
                let member = self.open(*member)?;
                made.push(member, What::Ordered, Why::Counted);
                if self.policy.mode() == Mode::FirstOrder && self.person(member, made.command.now).orders == 0
                {
                    self.take_offer(member, Why::FirstOrder, &mut made);
                }
                self.renew(member, Renew::Order, Why::Order, &mut made);
            }
            BindingAction::Pay { member, spend_minor, goods } => {
                let member = self.open(*member)?;
                let what = What::Paid { spend_minor: *spend_minor, goods: goods.clone() };
                made.push(member, what.clone(), Why::Counted);
                if self.policy.mode() == Mode::FirstPayment
                    && self.person(member, made.command.now).payments == 0
                {
                    self.take_offer(member, Why::FirstPayment, &mut made);
                }
                self.qualify(member, &what, &mut made)?;
            }
            BindingAction::Complete { member, spend_minor, goods } => {
                let member = self.open(*member)?;
                let what = What::Completed { spend_minor: *spend_minor, goods: goods.clone() };
                made.push(member, what.clone(), Why::Counted);
                self.qualify(member, &what, &mut made)?;
            }
            BindingAction::Add { member, spend_minor, goods, on } => {
                let member = self.open(*member)?;
                let (spend_minor, goods, on) = (*spend_minor, goods.clone(), *on);
                let what = What::Added { spend_minor, goods, on };
                made.push(member, what.clone(), Why::Counted);
                self.qualify(member, &what, &mut made)?;
            }
            BindingAction::Refund { member, spend_minor, goods, whole, on } => {
                let member = self.open(*member)?;
                let (spend_minor, goods, whole, on) = (*spend_minor, goods.clone(), *whole, *on);
                let what = What::Refunded { spend_minor, goods, whole, on };
                made.push(member, what.clone(), Why::Counted);
                self.unqualify(member, &what, &mut made)?;
            }
            BindingAction::Tick => {}
            _ => self.by_the_shop(&mut made)?,
        }
        Ok(made.events)
    }

    fn register(&self, member: u64, sharer: Option<u64>, made: &mut Made<'_>) -> Result<()> {
        if sharer == Some(member) {
            return Err(own_sharer(member));
        }
        if self.forest.account(member).is_some() {
            let rule = format!("member {member} is registered already");
            return Err(Error::new(Code::DuplicateMember, rule));
        }
        crate::reward::referral::check_member_id(member)?;
        // Whoever shared and left since wins nobody, and keeps nobody from registering.
        let sharer = sharer.map(|sharer| self.account(sharer)).transpose()?;
        made.push(member, What::Registered, Why::Registration);
        let Some(sharer) = sharer else { return Ok(()) };
        if !self.may_distribute(sharer) {
            made.push(member, What::Refused { sharer }, Why::NotADistributor);
            return Ok(());
        }
        let what = match self.policy.mode() {
            Mode::FirstOrder | Mode::FirstPayment => What::Offered { sharer },
            _ => self.bound(sharer, made.command.now),
        };
        made.push(member, what, Why::Registration);
        Ok(())
    }

    fn visit(&self, member: u64, sharer: u64, made: &mut Made<'_>) -> Result<()> {
        let (member, sharer, now) = (self.open(member)?, self.open(sharer)?, made.command.now);
        if member == sharer {
            return Err(own_sharer(member));
        }
        if !self.may_distribute(sharer) {
            return Err(Error::new(Code::NotADistributor, format!("member {sharer} may not distribute")));
        }
        let (person, current) = (self.person(member, now), self.inviter(member, now));
        if current == Some(sharer) {
            self.renew(member, Renew::Visit, Why::Visit, made);
            return Ok(());
        }
        self.check_cycle(member, sharer, now)?;
        let kept = |rule: String| Err(Error::new(Code::NotBindable, rule));
        match (self.policy.mode(), current) {
            (Mode::EachVisit, Some(_)) => made.push(member, self.bound(sharer, now), Why::TakenOver),
            (Mode::Protect, Some(inviter)) => {
                if let Some(protected) = person.protected.filter(|protected| *protected > now) {
                    return kept(format!("member {member} is protected for {inviter} until {protected}"));
                }
                made.push(member, self.bound(sharer, now), Why::TakenOver);
            }
            (_, Some(inviter)) => {
                let rule = format!("member {member} already has the upline {inviter}");
                return Err(Error::new(Code::AlreadyBound, rule));
            }
            (Mode::Lifelong, None) => {
                return kept(format!("member {member} is registered; members are won by registering"));
            }
            (Mode::FirstOrder, None) if person.orders > 0 => {
                return kept(format!("member {member} has ordered before; nobody wins them any more"));
            }
            (Mode::FirstPayment, None) if person.payments > 0 => {
                return kept(format!("member {member} has paid before; nobody wins them any more"));
            }
            (Mode::FirstOrder | Mode::FirstPayment, None) => match person.offer {
                Some(before) if before == sharer => {}
                Some(_) => made.push(member, What::Offered { sharer }, Why::TakenOver),
                None => made.push(member, What::Offered { sharer }, Why::Visit),
            },
            (Mode::EachVisit | Mode::InstantLifelong | Mode::Protect, None) => {
                made.push(member, self.bound(sharer, now), Why::Visit);
            }
        }
        Ok(())
    }

    /// The first order or payment: the latest who shared wins, if they still may.
    fn take_offer(&self, member: u64, why: Why, made: &mut Made<'_>) {
        let now = made.command.now;
        let Some(sharer) = self.person(member, now).offer.filter(|_| self.inviter(member, now).is_none())
        else {
            return;
        };
        // An offer of an account that was merged is one of the account it went into.
        let sharer = self.forest.find(sharer).map_or(sharer, |ix| self.forest.id(ix));
        if !self.may_distribute(sharer) {
            made.push(member, What::Refused { sharer }, Why::NotADistributor);
        } else if sharer == member || self.check_cycle(member, sharer, now).is_err() {
            made.push(member, What::Refused { sharer }, Why::Cycle);
        } else {
            made.push(member, self.bound(sharer, now), why);
        }
    }

    fn renew(&self, member: u64, by: Renew, why: Why, made: &mut Made<'_>) {
        let now = made.command.now;
        if self.policy.renew() != by || self.inviter(member, now).is_none() {
            return;
        }
        let (until, protected) = self.days(now);
        made.push(member, What::Renewed { until, protected }, why);
    }

    /// What the shop itself asks for.
    fn by_the_shop(&self, made: &mut Made<'_>) -> Result<()> {
        let command = made.command;
        let now = command.now;
        if command.reason.as_ref().is_none_or(|reason| reason.as_str().trim().is_empty()) {
            return Err(Error::new(Code::InvalidCommand, "what the shop changes by hand needs a reason"));
        }
        match &command.action {
            BindingAction::Appoint { member } => {
                let member = self.open(*member)?;
                if self.person(member, now).standing != Standing::Appointed {
                    made.push(member, What::Qualified, Why::Staff);
                }
            }
            BindingAction::Dismiss { member } => {
                let member = self.open(*member)?;
                if self.person(member, now).standing != Standing::Dismissed {
                    made.push(member, What::Dismissed, Why::Staff);
                }
            }
            BindingAction::Reassign { member, inviter: None } => {
                let member = self.open(*member)?;
                if self.inviter(member, now).is_some() {
                    made.push(member, What::Released, Why::Staff);
                }
            }
            BindingAction::Reassign { member, inviter: Some(inviter) } => {
                let (member, inviter) = (self.open(*member)?, self.open(*inviter)?);
                if member == inviter {
                    return Err(own_sharer(member));
                }
                if !self.may_distribute(inviter) {
                    let rule = format!("member {inviter} may not distribute");
                    return Err(Error::new(Code::NotADistributor, rule));
                }
                self.check_cycle(member, inviter, now)?;
                if self.inviter(member, now) != Some(inviter) {
                    made.push(member, self.bound(inviter, now), Why::Staff);
                }
            }
            BindingAction::Merge { kept, gone } => {
                let (kept, gone) = (self.open(*kept)?, self.open(*gone)?);
                if kept == gone {
                    return Err(own_sharer(kept));
                }
                made.push(kept, What::Merged { gone }, Why::Staff);
                self.qualify_merged(kept, gone, made)?;
            }
            BindingAction::Close { member, closing } => {
                made.push(self.open(*member)?, What::Closed { closing: *closing }, Why::Staff);
            }
            _ => {}
        }
        Ok(())
    }

    fn bound(&self, inviter: u64, now: Timestamp) -> What {
        let (until, protected) = self.days(now);
        What::Bound { inviter, until, protected }
    }

    /// When what begins now expires, and until when it is protected.
    fn days(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let protected = Some(self.policy.protect_days()).filter(|days| *days > 0);
        (self.policy.expire_days().map(|days| now.plus_days(days)), protected.map(|days| now.plus_days(days)))
    }

    /// The id a member goes by now.
    fn account(&self, member: u64) -> Result<u64> {
        let unknown = || Error::new(Code::UnknownMember, format!("member {member} is not registered"));
        self.forest.find(member).map(|ix| self.forest.id(ix)).ok_or_else(unknown)
    }

    /// The id a member who was not closed goes by now.
    fn open(&self, member: u64) -> Result<u64> {
        let account = self.account(member)?;
        if self.forest.find(account).is_some_and(|ix| self.forest.is_closed(ix)) {
            let rule = format!("the account of member {member} was closed");
            return Err(Error::new(Code::ClosedMember, rule));
        }
        Ok(account)
    }

    /// A member as they stand once all that is due was released.
    pub(super) fn person(&self, member: u64, now: Timestamp) -> Person {
        let person = self.people.get(&member).cloned().unwrap_or_default();
        match person.until {
            Some(until) if until <= now => person.released(),
            _ => person,
        }
    }

    /// Who is above a member once all that is due was released.
    pub(super) fn above(&self, ix: MemberIx, now: Timestamp) -> MemberIx {
        let person = self.people.get(&self.forest.id(ix));
        match person.and_then(|person| person.until) {
            Some(until) if until <= now => MemberIx::NOBODY,
            _ => self.forest.parent(ix, None),
        }
    }

    fn check_cycle(&self, member: u64, inviter: u64, now: Timestamp) -> Result<()> {
        let ends = [member, inviter].map(|id| self.forest.find(id).unwrap_or_default());
        let mut at = ends[1];
        while at != MemberIx::NOBODY {
            if at == ends[0] {
                let rule = format!(
                    "{inviter} cannot be the upline of {member}: {member} is above {inviter}, a cycle"
                );
                return Err(Error::new(Code::Cycle, rule));
            }
            at = self.above(at, now);
        }
        Ok(())
    }
}

impl Person {
    /// As they are once they have no inviter any more: whoever comes next may win them by a first order.
    pub(super) fn released(self) -> Self {
        Self { offer: None, until: None, protected: None, orders: 0, payments: 0, ..self }
    }
}

/// The events a command makes.
pub(super) struct Made<'a> {
    pub(super) command: &'a BindingCommand,
    events: Vec<BindingEvent>,
}

impl Made<'_> {
    pub(super) fn push(&mut self, member: u64, what: What, why: Why) {
        let (at, actor, reason) = (self.command.now, self.command.actor.clone(), self.command.reason.clone());
        self.events.push(BindingEvent { member, what, why, at, actor, reason });
    }

    /// Days that are over. Whoever came next noticed it: their reason is another matter's.
    fn expire(&mut self, member: u64, at: Timestamp) {
        let (what, why, actor) = (What::Released, Why::Expired, self.command.actor.clone());
        self.events.push(BindingEvent { member, what, why, at, actor, reason: None });
    }
}

fn own_sharer(member: u64) -> Error {
    Error::new(Code::SelfReferral, format!("member {member} is named as their own upline"))
}
