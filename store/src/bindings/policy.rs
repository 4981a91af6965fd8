//! The policies of a tenant, each from a moment on.

use super::load::number;
use super::write::Entry;
use crate::batch::Batch;
use crate::chain::Chain;
use crate::fault::{Result, inconsistent};
use crate::file::Store;
use crate::members::{Entry as Place, same};
use fenrun::doc::{self, MAX_DOCUMENT_BYTES};
use fenrun::ledger::Posted;
use fenrun::reward::binding::BindingPolicy;
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use rusqlite::{Connection, OptionalExtension};
use std::sync::Arc;

/// What is known of the bindings of a tenant as a whole.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) places: i64,
    pub(crate) head: Chain,
    /// The time of the last event.
    pub(crate) last: Option<Timestamp>,
    /// The policies, oldest first.
    policies: Vec<(Timestamp, Arc<BindingPolicy>)>,
    pub(crate) dirty: bool,
}

impl Shop {
    /// The policy at a moment.
    pub(crate) fn policy(&self, at: Timestamp) -> Option<Arc<BindingPolicy>> {
        self.policies.iter().rev().find(|(from, _)| *from <= at).map(|(_, policy)| Arc::clone(policy))
    }

    fn read(connection: &Connection, tenant: &Tenant) -> Result<Option<Self>> {
        let mut statement =
            connection.prepare_cached("SELECT places, head, last FROM binding_heads WHERE tenant = ?1")?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?));
        let Some((places, head, last)) = statement.query_row([tenant.as_str()], read).optional()? else {
            return Ok(None);
        };
        let last = last.map(Timestamp::from_ms);
        let policies = read_policies(connection, tenant)?;
        Ok(Some(Self { places, head, last, policies, dirty: false }))
    }
}

/// Reads a policy as it was put on record.
pub(crate) fn read_policy(text: &str) -> Result<BindingPolicy> {
    Ok(BindingPolicy::from_node(&doc::read_json(text, MAX_DOCUMENT_BYTES)?)?)
}

fn read_policies(connection: &Connection, tenant: &Tenant) -> Result<Vec<(Timestamp, Arc<BindingPolicy>)>> {
    let mut statement = connection.prepare_cached(
        "SELECT valid_from, text FROM binding_policies WHERE tenant = ?1 ORDER BY valid_from",
    )?;
    let mut rows = statement.query([tenant.as_str()])?;
    let mut policies = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(1)?;
        policies.push((Timestamp::from_ms(row.get(0)?), Arc::new(read_policy(&text)?)));
    }
    Ok(policies)
}

/// Refuses what would go past the policy of a tenant.
pub(crate) fn check_ruled(shop: Option<&Shop>, tenant: &Tenant) -> Result<()> {
    if shop.is_none() {
        return Ok(());
    }
    let rule = format!(
        "tenant {:?} binds its members by a policy; let a command register or reassign them",
        tenant.as_str()
    );
    Err(Error::new(Code::StoreConflict, rule).into())
}

impl Batch<'_> {
    /// Puts the binding policy of a tenant on record, from a moment on. Members who are on record keep their
    /// inviters, who never expire; from the first policy on nobody joins and no edge changes but by
    /// [`Batch::handle_binding`]. The same policy again is a no-op.
    ///
    /// # Errors
    /// [`Code::StoreConflict`] when another policy is on record from the same moment;
    /// [`Code::InvalidCommand`] for a moment before what happened under the policy before it, or before a member
    /// joined or an edge began; [`Code::InvalidId`] for members on record whose ids are no whole numbers.
    pub fn put_binding_policy(
        &mut self,
        tenant: &Tenant,
        policy: &BindingPolicy,
        valid_from: Timestamp,
    ) -> Result<Posted, Error> {
        self.run(|batch| {
            let text = policy.to_node().to_json();
            let shop = batch.shop(tenant)?.cloned();
            if let Some((_, known)) =
                shop.iter().flat_map(|shop| &shop.policies).find(|(from, _)| *from == valid_from)
            {
                return same(**known == *policy, || {
                    format!("from {valid_from} on another binding policy is on record")
                });
            }
            check_after(shop.as_ref().and_then(|shop| shop.last), valid_from)?;
            let first = shop.iter().flat_map(|shop| &shop.policies).map(|(from, _)| *from).min();
            // Members and edges on record before the first policy are under none of an earlier moment either.
            if first.is_none_or(|first| valid_from < first) {
                check_members(&batch.transaction, tenant, valid_from)?;
            }
            let members = batch.chain_member(tenant, &Place::Policy(valid_from.ms()))?;
            let mut shop = shop.unwrap_or_else(|| Shop {
                places: 0,
                head: Chain::default(),
                last: None,
                policies: Vec::new(),
                dirty: true,
            });
            let entry = Entry::Policy { valid_from: valid_from.ms(), text: &text, members };
            shop.head = entry.follow(&shop.head, tenant.as_str());
            shop.places += 1;
            shop.dirty = true;
            let mut statement = batch.sql("INSERT INTO binding_policies VALUES (?1, ?2, ?3, ?4, ?5)")?;
            statement.execute((tenant.as_str(), valid_from.ms(), &text, members, shop.places))?;
            drop(statement);
            shop.policies.push((valid_from, Arc::new(policy.clone())));
            shop.policies.sort_by_key(|(from, _)| *from);
            batch.state.bindings.insert(tenant.clone(), Some(shop));
            Ok(Posted::New)
        })
    }

    /// The bindings of a tenant as a whole, read once a batch; none without a policy.
    pub(crate) fn shop(&mut self, tenant: &Tenant) -> Result<Option<&Shop>> {
        if !self.state.bindings.contains_key(tenant) {
            let read = Shop::read(&self.transaction, tenant)?;
            self.state.bindings.insert(tenant.clone(), read);
        }
        Ok(self.state.bindings.get(tenant).and_then(Option::as_ref))
    }

    /// The bindings of a tenant, and the policy of a moment.
    pub(super) fn ruled(
        &mut self,
        tenant: &Tenant,
        at: Timestamp,
    ) -> Result<(Arc<BindingPolicy>, Option<Timestamp>)> {
        let shop = self.shop(tenant)?;
        if let Some(found) = shop.and_then(|shop| Some((shop.policy(at)?, shop.last))) {
            return Ok(found);
        }
        let first = shop.and_then(|shop| shop.policies.first());
        let rule =
            first.map_or("put one on record".to_owned(), |(from, _)| format!("the first holds from {from}"));
        let rule = format!("tenant {:?} has no binding policy at {at}; {rule}", tenant.as_str());
        Err(Error::new(Code::NotFound, rule).into())
    }
}

impl Store {
    /// The binding policies of a tenant, oldest first, and from when on each holds.
    ///
    /// # Errors
    /// [`Code::Database`]; [`Code::Inconsistent`] for one that cannot be read.
    pub fn binding_policies(&self, tenant: &Tenant) -> Result<Vec<(Timestamp, BindingPolicy)>, Error> {
        self.read(|connection| {
            let policies = read_policies(connection, tenant)
                .map_err(|fault| inconsistent(format!("a binding policy cannot be read: {fault}")))?;
            Ok(policies.into_iter().map(|(from, policy)| (from, (*policy).clone())).collect())
        })
    }
}

fn check_after(last: Option<Timestamp>, valid_from: Timestamp) -> Result<()> {
    let Some(last) = last.filter(|last| *last > valid_from) else { return Ok(()) };
    let rule = format!("a binding policy from {valid_from} on, after an event at {last}");
    Err(Error::new(Code::InvalidCommand, rule).into())
}

/// The members on record can be bound by a policy from a moment on.
fn check_members(connection: &Connection, tenant: &Tenant, valid_from: Timestamp) -> Result<()> {
    let last: Option<i64> = connection.query_row(
        "SELECT max(at) FROM (SELECT max(joined_at) AS at FROM members WHERE tenant = ?1 UNION ALL
                              SELECT max(valid_from) FROM edges WHERE tenant = ?1)",
        [tenant.as_str()],
        |row| row.get(0),
    )?;
    check_after(last.map(Timestamp::from_ms), valid_from)?;
    let mut statement = connection.prepare("SELECT member FROM members WHERE tenant = ?1")?;
    let mut rows = statement.query([tenant.as_str()])?;
    while let Some(row) = rows.next()? {
        let member: String = row.get(0)?;
        if number(&member).is_none() {
            let rule =
                format!("member {member} cannot be bound by a policy: their id is no whole number from 1");
            return Err(Error::new(Code::InvalidId, rule).into());
        }
    }
    Ok(())
}
