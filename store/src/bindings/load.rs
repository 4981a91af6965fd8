//! The members a command is about, and whoever decides on it beside them.

use super::read::{events_of, stored_id, stored_member};
use crate::batch::Batch;
use crate::fault::{Result, inconsistent};
use fenrun::reward::binding::{
    BindingAction, BindingCommand, BindingPolicy, Bindings, Bought, MemberBinding, What,
};
use fenrun::reward::referral::Closing;
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, BTreeSet};

/// The number a member's id is in bindings.
pub(crate) fn number(member: &str) -> Option<u64> {
    let id: u64 = member.parse().ok()?;
    (id != 0 && i64::try_from(id).is_ok() && id.to_string() == member).then_some(id)
}

/// Members of a tenant, read one by one.
struct Loader<'b> {
    connection: &'b Connection,
    tenant: &'b Tenant,
    known: BTreeMap<u64, MemberBinding>,
    /// Those whose whole upline is known.
    climbed: BTreeSet<u64>,
}

impl Batch<'_> {
    /// The bindings of whoever a command is about, under the policy of its time.
    pub(super) fn bindings_for(&mut self, tenant: &Tenant, command: &BindingCommand) -> Result<Bindings> {
        let (policy, last) = self.ruled(tenant, command.now)?;
        let mut loader = Loader {
            connection: &self.transaction,
            tenant,
            known: BTreeMap::new(),
            climbed: BTreeSet::new(),
        };
        loader.due(command.now)?;
        loader.action(&command.action, &policy)?;
        Ok(Bindings::of((*policy).clone(), last, loader.known.into_values())?)
    }
}

impl Loader<'_> {
    /// Those whose days are over.
    fn due(&mut self, now: Timestamp) -> Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT member FROM bindings WHERE tenant = ?1 AND until <= ?2")?;
        let mut rows = statement.query((self.tenant.as_str(), now.ms()))?;
        while let Some(row) = rows.next()? {
            self.account(stored_id(row.get(0)?)?)?;
        }
        Ok(())
    }

    fn action(&mut self, action: &BindingAction, policy: &BindingPolicy) -> Result<()> {
        match action {
            BindingAction::Register { member, sharer } => {
                self.account(*member)?;
                sharer.map_or(Ok(None), |sharer| self.account(sharer))?;
            }
            BindingAction::Visit { member, sharer } => {
                self.account(*member)?;
                self.climb(*sharer)?;
            }
            BindingAction::Order { member } => {
                self.with_offer(*member)?;
            }
            BindingAction::Pay { member, .. }
            | BindingAction::Complete { member, .. }
            | BindingAction::Add { member, .. }
            | BindingAction::Refund { member, .. } => {
                let account = self.with_offer(*member)?;
                if let (Some(account), true) = (account, policy.distributors().purchase().is_some()) {
                    self.bought(account, policy)?;
                }
            }
            BindingAction::Appoint { member } | BindingAction::Dismiss { member } => {
                self.account(*member)?;
            }
            BindingAction::Reassign { member, inviter } => {
                self.account(*member)?;
                inviter.map_or(Ok(None), |inviter| self.climb(inviter))?;
            }
            BindingAction::Merge { kept, gone } => {
                let (kept, gone) = (self.climb(*kept)?, self.climb(*gone)?);
                gone.map_or(Ok(()), |gone| self.below(gone))?;
                if policy.distributors().purchase().is_some() {
                    kept.into_iter().chain(gone).try_for_each(|account| self.bought(account, policy))?;
                }
            }
            BindingAction::Close { member, closing } => {
                let account = self.account(*member)?;
                if let (Some(account), Closing::RollUp) = (account, closing) {
                    self.below(account)?;
                }
            }
            BindingAction::Tick => {}
        }
        Ok(())
    }

    /// Reads an account, those it was merged into and the inviter of the last; tells which that is.
    fn account(&mut self, id: u64) -> Result<Option<u64>> {
        let mut at = id;
        loop {
            let Some(one) = self.one(at)? else { return Ok(None) };
            match (one.merged_into, one.inviter) {
                (Some(into), _) => at = into,
                (None, Some(inviter)) => {
                    self.one(inviter)?;
                    return Ok(Some(at));
                }
                (None, None) => return Ok(Some(at)),
            }
        }
    }

    /// Reads an account and everybody above it.
    fn climb(&mut self, id: u64) -> Result<Option<u64>> {
        let account = self.account(id)?;
        let mut at = account;
        while let Some(id) = at.filter(|id| self.climbed.insert(*id)) {
            at = self.one(id)?.and_then(|one| one.inviter);
        }
        Ok(account)
    }

    /// Reads an account, and whoever wins it by its first order or payment.
    fn with_offer(&mut self, id: u64) -> Result<Option<u64>> {
        let account = self.account(id)?;
        if let Some(sharer) = account.and_then(|id| self.known.get(&id)).and_then(|one| one.offer) {
            self.climb(sharer)?;
        }
        Ok(account)
    }

    /// Reads everybody directly below an account.
    fn below(&mut self, id: u64) -> Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT member FROM edges WHERE tenant = ?1 AND inviter = ?2")?;
        let mut rows = statement.query((self.tenant.as_str(), id.to_string()))?;
        while let Some(row) = rows.next()? {
            let below = stored_id(row.get(0)?)?;
            if self.known.contains_key(&below) {
                continue;
            }
            if let Some(one) = self.read(below)?.filter(|one| one.inviter == Some(id)) {
                self.known.insert(below, one);
            }
        }
        Ok(())
    }

    /// What an account bought, by the log of it and of all that went into it.
    fn bought(&mut self, account: u64, policy: &BindingPolicy) -> Result<()> {
        let mut events = BTreeMap::new();
        let mut open = vec![account];
        while let Some(id) = open.pop() {
            for stored in events_of(self.connection, self.tenant, &id.to_string())? {
                if stored.event.member != id {
                    continue;
                }
                if let What::Merged { gone } = stored.event.what {
                    open.push(gone);
                }
                events.insert(stored.position, stored.event);
            }
        }
        let events: Vec<_> = events.into_values().collect();
        if let Some(one) = self.known.get_mut(&account) {
            one.bought = Bought::of(policy.distributors(), account, &events);
        }
        Ok(())
    }

    fn one(&mut self, id: u64) -> Result<Option<MemberBinding>> {
        if let Some(known) = self.known.get(&id) {
            return Ok(Some(known.clone()));
        }
        let read = self.read(id)?;
        if let Some(one) = &read {
            self.known.insert(id, one.clone());
        }
        Ok(read)
    }

    fn read(&self, id: u64) -> Result<Option<MemberBinding>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT (SELECT e.inviter FROM edges e WHERE e.tenant = m.tenant AND e.member = m.member
                     ORDER BY e.valid_from DESC, e.place DESC LIMIT 1),
                 b.offer, b.until, b.protected, b.orders, b.payments, b.standing, b.closed, b.merged_into
             FROM members m LEFT JOIN bindings b ON b.tenant = m.tenant AND b.member = m.member
             WHERE m.tenant = ?1 AND m.member = ?2",
        )?;
        let read = statement.query_row((self.tenant.as_str(), id.to_string()), |row| {
            Ok(stored_member(id, row).map_err(|fault| inconsistent(format!("member {id}: {fault}"))))
        });
        Ok(read.optional()?.transpose()?)
    }
}
