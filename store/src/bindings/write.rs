//! Writing what commands about bindings made: the log, the marks, members and edges, and where members stand.

use super::CommandKey;
use crate::batch::Batch;
use crate::chain::{Chain, link};
use crate::fault::{Result, inconsistent};
use fenrun::id::MemberId;
use fenrun::reward::binding::{BindingCommand, BindingEvent, Bindings, MemberBinding, Standing, What};
use fenrun::trade::order::Tenant;
use std::collections::{BTreeMap, BTreeSet};

/// What the chain of a tenant's bindings consists of.
pub(crate) enum Entry<'a> {
    /// A policy.
    Policy { valid_from: i64, text: &'a str, members: i64 },
    /// A command, and its events with their positions.
    Command {
        order_id: &'a str,
        command_id: &'a str,
        fingerprint: &'a str,
        actor: &'a str,
        at: i64,
        events: &'a [(i64, String)],
    },
}

impl Entry<'_> {
    /// The chain with this entry at its end.
    pub(crate) fn follow(&self, head: &Chain, tenant: &str) -> Chain {
        match self {
            Self::Policy { valid_from, text, members } => {
                let numbers = [valid_from.to_be_bytes(), members.to_be_bytes()];
                link(head, &[b"policy", tenant.as_bytes(), &numbers[0], text.as_bytes(), &numbers[1]])
            }
            Self::Command { order_id, command_id, fingerprint, actor, at, events } => {
                let at = at.to_be_bytes();
                let mut parts: Vec<&[u8]> = vec![b"command"];
                parts.extend([tenant, order_id, command_id, fingerprint, actor].map(str::as_bytes));
                parts.push(&at);
                let positions: Vec<_> = events.iter().map(|(position, _)| position.to_be_bytes()).collect();
                for (position, (_, data)) in positions.iter().zip(*events) {
                    parts.extend([position.as_slice(), data.as_bytes()]);
                }
                link(head, &parts)
            }
        }
    }
}

/// Where a member stands beside their inviter, as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) offer: Option<String>,
    pub(crate) until: Option<i64>,
    pub(crate) protected: Option<i64>,
    pub(crate) orders: u32,
    pub(crate) payments: u32,
    pub(crate) standing: String,
    /// 1 or 0: a cell that says anything else was changed.
    pub(crate) closed: i64,
    pub(crate) merged_into: Option<String>,
}

impl Row {
    /// The row of a member; none where nothing of it applies. `merged_into` is the account it was merged into
    /// itself, whatever became of that one.
    pub(crate) fn of(one: &MemberBinding, merged_into: Option<u64>) -> Option<Self> {
        let row = Self {
            offer: one.offer.map(|id| id.to_string()),
            until: one.until.map(|at| at.ms()),
            protected: one.protected.map(|at| at.ms()),
            orders: one.orders,
            payments: one.payments,
            standing: one.standing.name().to_owned(),
            closed: one.closed.into(),
            merged_into: merged_into.map(|id| id.to_string()),
        };
        let nothing = Self {
            offer: None,
            until: None,
            protected: None,
            orders: 0,
            payments: 0,
            standing: Standing::Plain.name().to_owned(),
            closed: 0,
            merged_into: None,
        };
        (row != nothing).then_some(row)
    }
}

/// The row and the direct successor of everybody here.
type Standings = BTreeMap<u64, (Option<Row>, Option<u64>)>;

fn standings(bindings: &Bindings, before: &Standings, gone: &BTreeMap<u64, u64>) -> Standings {
    let ids = bindings.forest().members().map(|ix| bindings.forest().id(ix));
    ids.filter_map(|id| {
        let one = bindings.member(id)?;
        let known = before.get(&id).and_then(|(_, into)| *into);
        let into = known.or_else(|| gone.get(&id).copied()).or(one.merged_into);
        Some((id, (Row::of(&one, into), into)))
    })
    .collect()
}

impl Batch<'_> {
    /// Appends a command and its events, all of which are checked before the first write.
    pub(super) fn append_bindings(
        &mut self,
        (tenant, key, fingerprint): (&Tenant, CommandKey<'_>, &str),
        command: &BindingCommand,
        mut bindings: Bindings,
        events: &[BindingEvent],
    ) -> Result<()> {
        let before = standings(&bindings, &BTreeMap::new(), &BTreeMap::new());
        let mut changes = Vec::with_capacity(events.len());
        let mut gone = BTreeMap::new();
        for event in events {
            changes.push(bindings.fold(event)?);
            if let What::Merged { gone: id } = event.what {
                gone.insert(id, event.member);
            }
        }
        let known = self.shop(tenant)?.cloned();
        let missing =
            || inconsistent(format!("tenant {:?} has a policy and no head of its bindings", tenant.as_str()));
        let mut shop = known.ok_or_else(missing)?;
        shop.places += 1;
        let mut written = Vec::with_capacity(events.len());
        for (ordinal, (event, changed)) in (0_i64..).zip(events.iter().zip(&changes)) {
            let data = event.to_node().to_json();
            let position = self.insert_event(tenant, (shop.places, ordinal), &data)?;
            self.insert_marks(tenant, position, event, changed)?;
            self.insert_members(tenant, event, changed)?;
            written.push((position, data));
        }
        let (order_id, command_id) = key;
        let (actor, at) = (command.actor.as_str(), command.now.ms());
        self.sql("INSERT INTO binding_commands VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute((
            tenant.as_str(),
            order_id,
            command_id,
            fingerprint,
            actor,
            at,
            shop.places,
        ))?;
        let entry = Entry::Command { order_id, command_id, fingerprint, actor, at, events: &written };
        shop.head = entry.follow(&shop.head, tenant.as_str());
        shop.last = bindings.last();
        shop.dirty = true;
        for (id, (row, _)) in standings(&bindings, &before, &gone) {
            if before.get(&id).and_then(|(row, _)| row.as_ref()) != row.as_ref() {
                self.put_row(tenant, id, row.as_ref())?;
            }
        }
        self.state.bindings.insert(tenant.clone(), Some(shop));
        Ok(())
    }

    fn insert_event(&self, tenant: &Tenant, (place, ordinal): (i64, i64), data: &str) -> Result<i64> {
        let mut statement =
            self.sql("INSERT INTO binding_events (tenant, place, ordinal, data) VALUES (?1, ?2, ?3, ?4)")?;
        statement.execute((tenant.as_str(), place, ordinal, data))?;
        Ok(self.transaction.last_insert_rowid())
    }

    fn insert_marks(
        &self,
        tenant: &Tenant,
        position: i64,
        event: &BindingEvent,
        changed: &[(u64, Option<u64>)],
    ) -> Result<()> {
        let mut statement = self.sql("INSERT INTO binding_marks VALUES (?1, ?2, ?3)")?;
        for member in marked(event, changed) {
            statement.execute((tenant.as_str(), member.to_string(), position))?;
        }
        Ok(())
    }

    /// Puts who joins on record, and whose inviter changes.
    fn insert_members(
        &mut self,
        tenant: &Tenant,
        event: &BindingEvent,
        changed: &[(u64, Option<u64>)],
    ) -> Result<()> {
        if event.what == What::Registered {
            self.insert_member(tenant, &MemberId::from(event.member), event.at)?;
        }
        for (member, inviter) in changed {
            let inviter = inviter.map(MemberId::from);
            self.insert_edge(tenant, &MemberId::from(*member), inviter.as_ref(), event.at)?;
        }
        Ok(())
    }

    fn put_row(&self, tenant: &Tenant, id: u64, row: Option<&Row>) -> Result<()> {
        let Some(row) = row else {
            let mut statement = self.sql("DELETE FROM bindings WHERE tenant = ?1 AND member = ?2")?;
            statement.execute((tenant.as_str(), id.to_string()))?;
            return Ok(());
        };
        self.sql("INSERT OR REPLACE INTO bindings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
            .execute(rusqlite::params![
                tenant.as_str(),
                id.to_string(),
                row.offer,
                row.until,
                row.protected,
                row.orders,
                row.payments,
                row.standing,
                row.closed,
                row.merged_into,
            ])?;
        Ok(())
    }

    /// Writes where the batch has left the bindings of its tenants.
    pub(crate) fn write_bindings(&mut self) -> Result<()> {
        let mut statement = self.sql(
            "INSERT INTO binding_heads VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant) DO UPDATE SET places = excluded.places, head = excluded.head, last = excluded.last",
        )?;
        for (tenant, shop) in &self.state.bindings {
            let Some(shop) = shop.as_ref().filter(|shop| shop.dirty) else { continue };
            statement.execute((tenant.as_str(), shop.places, shop.head, shop.last.map(|last| last.ms())))?;
        }
        drop(statement);
        self.state.bindings.clear();
        Ok(())
    }
}

/// Whom an event happened to, and whose inviter it changed.
pub(crate) fn marked(event: &BindingEvent, changed: &[(u64, Option<u64>)]) -> BTreeSet<u64> {
    let gone = match event.what {
        What::Merged { gone } => Some(gone),
        _ => None,
    };
    let changed = changed.iter().map(|(member, _)| *member);
    changed.chain(gone).chain([event.member]).collect()
}
