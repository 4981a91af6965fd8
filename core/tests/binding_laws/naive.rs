//! The model: a table of members, written from the page.

use crate::script::Rules;
use fenrun::Code;
use fenrun::doc::Node;
use fenrun::id::SkuId;
use fenrun::reward::binding::{BindingAction as Action, BindingCommand};
use fenrun::reward::referral::Closing;
use fenrun::time::{DAY_MS, Timestamp};
use std::collections::BTreeMap;

#[derive(Clone, Default)]
struct Row {
    inviter: Option<u64>,
    until: Option<i64>,
    protected: Option<i64>,
    offer: Option<u64>,
    orders: u32,
    payments: u32,
    /// By the shop; by what they bought; not any more, by the shop.
    appointed: bool,
    qualified: bool,
    never: bool,
    spend: i64,
    counted: i64,
    sevens: i64,
    closed: bool,
}

pub(crate) struct Naive {
    rules: Rules,
    rows: BTreeMap<u64, Row>,
    merged: BTreeMap<u64, u64>,
    last: i64,
}

impl Naive {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self { rules: rules.clone(), rows: BTreeMap::new(), merged: BTreeMap::new(), last: i64::MIN }
    }

    pub(crate) fn handle(&mut self, command: &BindingCommand) -> Result<(), Code> {
        let now = command.now.ms();
        if now < self.last {
            return Err(Code::InvalidCommand);
        }
        let kept = (self.rows.clone(), self.merged.clone(), self.last);
        let expired = self.expire(now);
        let said = command.reason.is_some();
        match self.act(&command.action, now, said) {
            Ok(happened) => {
                if happened || expired.is_some() {
                    // Whatever happened last is what nothing may come before.
                    self.last = self.last.max(if happened { now } else { expired.unwrap_or(now) });
                }
                Ok(())
            }
            Err(code) => {
                (self.rows, self.merged, self.last) = kept;
                Err(code)
            }
        }
    }

    /// Releases what is over; the last moment something was.
    fn expire(&mut self, now: i64) -> Option<i64> {
        let mut last = None;
        for row in self.rows.values_mut() {
            if let Some(until) = row.until.filter(|until| *until <= now) {
                last = last.max(Some(until));
                release(row);
            }
        }
        last
    }

    /// Whether anything happened.
    fn act(&mut self, action: &Action, now: i64, said: bool) -> Result<bool, Code> {
        let by_shop = |said: bool| if said { Ok(()) } else { Err(Code::InvalidCommand) };
        match action {
            Action::Register { member, sharer } => self.register(*member, *sharer, now)?,
            Action::Visit { member, sharer } => return self.visit(*member, *sharer, now),
            Action::Order { member } => {
                let member = self.open(*member)?;
                let first = self.rows[&member].orders == 0;
                self.row(member).orders += 1;
                if first && self.rules.mode == "first_order" {
                    self.win_by_offer(member, now);
                }
                // What is won now has its days from now anyway.
                if self.rules.renew == "order" && self.rows[&member].inviter.is_some() {
                    self.begin_days(member, now);
                }
            }
            Action::Pay { .. } | Action::Complete { .. } | Action::Add { .. } | Action::Refund { .. } => {
                self.buy(action, now)?;
            }
            Action::Tick => return Ok(false),
            Action::Appoint { member } => {
                by_shop(said)?;
                let member = self.open(*member)?;
                let stood = self.rows[&member].appointed;
                let row = self.row(member);
                (row.appointed, row.never) = (true, false);
                return Ok(!stood);
            }
            Action::Dismiss { member } => {
                by_shop(said)?;
                let member = self.open(*member)?;
                let stood = self.rows[&member].never;
                let row = self.row(member);
                (row.appointed, row.qualified, row.never) = (false, false, true);
                return Ok(!stood);
            }
            Action::Reassign { member, inviter } => {
                by_shop(said)?;
                return self.reassign(*member, *inviter, now);
            }
            Action::Merge { kept, gone } => {
                by_shop(said)?;
                self.merge(*kept, *gone)?;
            }
            Action::Close { member, closing } => {
                by_shop(said)?;
                self.close(*member, *closing)?;
            }
        }
        Ok(true)
    }

    /// What is bought, comes on top and goes back.
    fn buy(&mut self, action: &Action, now: i64) -> Result<(), Code> {
        match action {
            Action::Pay { member, spend_minor, goods } => {
                let member = self.open(*member)?;
                let first = self.rows[&member].payments == 0;
                self.row(member).payments += 1;
                if first && self.rules.mode == "first_payment" {
                    self.win_by_offer(member, now);
                }
                self.count(member, "payment", (*spend_minor, 1, sevens(goods)));
            }
            Action::Complete { member, spend_minor, goods } => {
                let member = self.open(*member)?;
                self.count(member, "completion", (*spend_minor, 1, sevens(goods)));
            }
            Action::Add { member, spend_minor, goods, on } => {
                let member = self.open(*member)?;
                if on.is_none_or(|on| on.name() == self.rules.stage) {
                    self.count(member, self.rules.stage, (*spend_minor, 0, sevens(goods)));
                }
            }
            Action::Refund { member, spend_minor, goods, whole, on } => {
                let member = self.open(*member)?;
                if on.is_some_and(|on| on.name() != self.rules.stage) {
                    return Ok(());
                }
                self.take_back(member, *spend_minor, i64::from(*whole), sevens(goods))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn register(&mut self, member: u64, sharer: Option<u64>, now: i64) -> Result<(), Code> {
        if sharer == Some(member) {
            return Err(Code::SelfReferral);
        }
        if self.rows.contains_key(&member) {
            return Err(Code::DuplicateMember);
        }
        let sharer = sharer.map(|sharer| self.merged.get(&sharer).copied().unwrap_or(sharer));
        if sharer.is_some_and(|sharer| !self.rows.contains_key(&sharer)) {
            return Err(Code::UnknownMember);
        }
        self.rows.insert(member, Row::default());
        if let Some(sharer) = sharer.filter(|sharer| self.may(*sharer)) {
            if self.rules.mode.starts_with("first") {
                self.row(member).offer = Some(sharer);
            } else {
                self.row(member).inviter = Some(sharer);
                self.begin_days(member, now);
            }
        }
        Ok(())
    }

    fn visit(&mut self, member: u64, sharer: u64, now: i64) -> Result<bool, Code> {
        let (member, sharer) = (self.open(member)?, self.open(sharer)?);
        if member == sharer {
            return Err(Code::SelfReferral);
        }
        if !self.may(sharer) {
            return Err(Code::NotADistributor);
        }
        let row = self.rows[&member].clone();
        if row.inviter == Some(sharer) {
            let renews = self.rules.renew == "visit";
            if renews {
                self.begin_days(member, now);
            }
            return Ok(renews);
        }
        if self.upline(sharer).contains(&member) {
            return Err(Code::Cycle);
        }
        let bought = match self.rules.mode {
            "first_order" => row.orders > 0,
            "first_payment" => row.payments > 0,
            _ => false,
        };
        if row.inviter.is_some() {
            match self.rules.mode {
                "instant" => {}
                "protect" if row.protected.is_some_and(|end| now < end) => return Err(Code::NotBindable),
                "protect" => {}
                _ => return Err(Code::AlreadyBound),
            }
        } else if self.rules.mode == "lifelong" || bought {
            return Err(Code::NotBindable);
        }
        if self.rules.mode.starts_with("first") {
            self.row(member).offer = Some(sharer);
            return Ok(row.offer != Some(sharer));
        }
        self.win(member, sharer, now);
        Ok(true)
    }

    fn reassign(&mut self, member: u64, inviter: Option<u64>, now: i64) -> Result<bool, Code> {
        let member = self.open(member)?;
        let before = self.rows[&member].inviter;
        let Some(inviter) = inviter else {
            if before.is_some() {
                release(self.row(member));
            }
            return Ok(before.is_some());
        };
        let inviter = self.open(inviter)?;
        if member == inviter {
            return Err(Code::SelfReferral);
        }
        if !self.may(inviter) {
            return Err(Code::NotADistributor);
        }
        if self.upline(inviter).contains(&member) {
            return Err(Code::Cycle);
        }
        if before != Some(inviter) {
            self.win(member, inviter, now);
        }
        Ok(before != Some(inviter))
    }

    fn win_by_offer(&mut self, member: u64, now: i64) {
        let row = &self.rows[&member];
        let Some(sharer) = row.offer.filter(|_| row.inviter.is_none()) else { return };
        let sharer = self.merged.get(&sharer).copied().unwrap_or(sharer);
        if self.may(sharer) && sharer != member && !self.upline(sharer).contains(&member) {
            self.win(member, sharer, now);
        }
        self.row(member).offer = None;
    }

    fn merge(&mut self, kept: u64, gone: u64) -> Result<(), Code> {
        let (kept, gone) = (self.open(kept)?, self.open(gone)?);
        if kept == gone {
            return Err(Code::SelfReferral);
        }
        let old = self.rows[&gone].clone();
        let through = self.upline(kept).contains(&gone);
        let free = self.rows[&kept].inviter.is_none();
        let heir = old.inviter.filter(|heir| *heir != kept && !self.upline(*heir).contains(&kept));
        if through || (free && heir.is_some()) {
            let row = self.row(kept);
            row.inviter = old.inviter;
            (row.until, row.protected) =
                if old.inviter.is_some() { (old.until, old.protected) } else { (None, None) };
        }
        for below in self.below(gone) {
            self.hang(below, Some(kept));
        }
        release(self.row(gone));
        self.row(gone).closed = true;
        for standing in self.merged.values_mut().filter(|standing| **standing == gone) {
            *standing = kept;
        }
        self.merged.insert(gone, kept);
        let row = self.row(kept);
        row.offer = row.offer.or(old.offer).filter(|sharer| *sharer != kept && *sharer != gone);
        row.orders += old.orders;
        row.payments += old.payments;
        row.spend += old.spend;
        row.counted += old.counted;
        row.sevens += old.sevens;
        row.never |= old.never;
        row.appointed = (row.appointed || old.appointed) && !row.never;
        row.qualified = (row.qualified || old.qualified) && !row.never;
        if self.buys_in() {
            let row = self.rows[&kept].clone();
            self.row(kept).qualified |= self.met(&row) && !row.never && !row.appointed;
        }
        Ok(())
    }

    fn close(&mut self, member: u64, closing: Closing) -> Result<(), Code> {
        let member = self.open(member)?;
        if closing == Closing::RollUp {
            let above = self.rows[&member].inviter;
            for below in self.below(member) {
                self.hang(below, above);
            }
            release(self.row(member));
        }
        // Whoever stays, stays for good.
        let row = self.row(member);
        (row.closed, row.until, row.protected) = (true, None, None);
        Ok(())
    }

    fn count(&mut self, member: u64, stage: &str, (spend, orders, sevens): (i64, i64, i64)) {
        if self.buys_in() && self.rules.stage == stage {
            let row = self.row(member);
            row.spend += spend;
            row.counted += orders;
            row.sevens += sevens;
            let row = self.rows[&member].clone();
            self.row(member).qualified |= self.met(&row) && !row.never && !row.appointed;
        }
    }

    fn take_back(&mut self, member: u64, spend: i64, orders: i64, sevens: i64) -> Result<(), Code> {
        if self.buys_in() {
            let goods = self.rules.distributors == "goods";
            let row = self.row(member);
            row.spend -= spend;
            row.counted -= orders;
            row.sevens -= if goods { sevens } else { 0 };
            let row = self.rows[&member].clone();
            if row.spend < 0 || row.counted < 0 || row.sevens < 0 {
                return Err(Code::InvalidCommand);
            }
            self.row(member).qualified &= self.met(&row);
        }
        Ok(())
    }

    fn buys_in(&self) -> bool {
        ["spend", "orders", "goods"].contains(&self.rules.distributors)
    }

    fn met(&self, row: &Row) -> bool {
        match self.rules.distributors {
            "spend" => row.spend >= self.rules.spend,
            "orders" => row.counted >= i64::from(self.rules.orders),
            _ => row.sevens > 0,
        }
    }

    fn win(&mut self, member: u64, inviter: u64, now: i64) {
        let row = self.row(member);
        (row.inviter, row.offer) = (Some(inviter), None);
        self.begin_days(member, now);
    }

    fn begin_days(&mut self, member: u64, now: i64) {
        let (expire, protect) = (self.rules.expire_days, self.rules.protect_days);
        let row = self.row(member);
        row.until = expire.map(|days| now + i64::from(days) * DAY_MS);
        row.protected = (protect > 0).then_some(now + i64::from(protect) * DAY_MS);
    }

    /// Puts somebody below another one with the days they have; below nobody they begin anew.
    fn hang(&mut self, member: u64, above: Option<u64>) {
        let row = self.row(member);
        row.inviter = above;
        if above.is_none() {
            release(row);
        }
    }

    fn open(&self, member: u64) -> Result<u64, Code> {
        let id = self.merged.get(&member).copied().unwrap_or(member);
        match self.rows.get(&id) {
            None => Err(Code::UnknownMember),
            Some(row) if row.closed => Err(Code::ClosedMember),
            Some(_) => Ok(id),
        }
    }

    fn may(&self, member: u64) -> bool {
        let everyone = self.rules.distributors == "everyone";
        self.rows
            .get(&member)
            .is_some_and(|row| !row.closed && !row.never && (everyone || row.appointed || row.qualified))
    }

    fn below(&self, member: u64) -> Vec<u64> {
        let below = self.rows.iter().filter(|(_, row)| row.inviter == Some(member));
        below.map(|(id, _)| *id).collect()
    }

    fn upline(&self, member: u64) -> Vec<u64> {
        std::iter::successors(self.rows[&member].inviter, |up| self.rows[up].inviter).collect()
    }

    fn row(&mut self, member: u64) -> &mut Row {
        self.rows.get_mut(&member).unwrap()
    }

    pub(crate) fn view(&self, _now: Timestamp) -> Node {
        let id = |id: Option<u64>| -> Node { id.map(|id| Node::from(id.to_string())).into() };
        let when = |at: Option<i64>| -> Node { at.map(Node::Int).into() };
        let one = |(member, row): (&u64, &Row)| {
            let own = self.rules.self_purchase == "counts" && self.may(*member);
            let document = Node::map([
                ("inviter", id(row.inviter)),
                ("until", when(row.until)),
                ("protected", when(row.protected)),
                ("offer", id(row.offer)),
                ("distributor", self.may(*member).into()),
                ("buyer_first", own.into()),
                ("closed", row.closed.into()),
            ]);
            (member.to_string(), document)
        };
        Node::map(self.rows.iter().map(one))
    }
}

/// How many lines were of the goods that count, where goods count.
fn sevens(goods: &[SkuId]) -> i64 {
    goods.iter().map(|sku| i64::from(sku.as_str() == "7")).sum()
}

/// As a new member is: whoever comes next may win them.
fn release(row: &mut Row) {
    (row.inviter, row.until, row.protected, row.offer) = (None, None, None, None);
    (row.orders, row.payments) = (0, 0);
}
