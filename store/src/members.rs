//! Members and who invited them, from when on.

use crate::batch::Batch;
use crate::bindings::check_ruled;
use crate::chain::{Chain, link};
use crate::fault::Result;
use crate::file::Store;
use fenrun::id::MemberId;
use fenrun::ledger::Posted;
use fenrun::time::Timestamp;
use fenrun::trade::order::Tenant;
use fenrun::{Code, Error};
use rusqlite::{Connection, OptionalExtension};

/// From when to when an edge holds, in milliseconds; the end is no part of it.
#[derive(Clone, Copy)]
struct Span {
    from: i64,
    to: i64,
}

impl Span {
    fn meet(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (both.from < both.to).then_some(both)
    }
}

impl Batch<'_> {
    /// Puts a member on record.
    ///
    /// # Errors
    /// [`Code::StoreConflict`] when the member is on record with another time, or the tenant has a binding policy.
    pub fn put_member(
        &mut self,
        tenant: &Tenant,
        member: &MemberId,
        joined_at: Timestamp,
    ) -> Result<Posted, Error> {
        self.run(|batch| {
            let known = joined_at_of(&batch.transaction, tenant, member)?;
            if let Some(known) = known {
                return same(known == joined_at.ms(), || {
                    format!("member {member} joined at {}, not at {joined_at}", Timestamp::from_ms(known))
                });
            }
            check_ruled(batch.shop(tenant)?, tenant)?;
            batch.insert_member(tenant, member, joined_at)?;
            Ok(Posted::New)
        })
    }

    /// Records who a member's inviter is from a moment on; `None` means nobody from then on.
    ///
    /// # Errors
    /// [`Code::UnknownMember`] when one of the two is not on record; [`Code::SelfReferral`];
    /// [`Code::Cycle`] when the inviter would stand below the member at any time the edge holds;
    /// [`Code::StoreConflict`] when another inviter is recorded from the same moment, or the tenant has a binding
    /// policy.
    pub fn bind(
        &mut self,
        tenant: &Tenant,
        member: &MemberId,
        inviter: Option<&MemberId>,
        valid_from: Timestamp,
    ) -> Result<Posted, Error> {
        self.run(|batch| {
            for id in [Some(member), inviter].into_iter().flatten() {
                if joined_at_of(&batch.transaction, tenant, id)?.is_none() {
                    return Err(
                        Error::new(Code::UnknownMember, format!("member {id} is not on record")).into()
                    );
                }
            }
            let edges = edges_of(&batch.transaction, tenant, member.as_str())?;
            if let Some((known, _)) = edges.iter().find(|(_, span)| span.from == valid_from.ms()) {
                return same(known.as_deref() == inviter.map(MemberId::as_str), || {
                    let known = known.as_deref().unwrap_or("nobody");
                    format!("from {valid_from} on the inviter of member {member} is {known}")
                });
            }
            if let Some(inviter) = inviter {
                let later =
                    edges.iter().map(|(_, span)| span.from).filter(|from| *from > valid_from.ms()).min();
                let span = Span { from: valid_from.ms(), to: later.unwrap_or(i64::MAX) };
                check_cycle(&batch.transaction, tenant, (member, inviter), span)?;
            }
            check_ruled(batch.shop(tenant)?, tenant)?;
            batch.insert_edge(tenant, member, inviter, valid_from)?;
            Ok(Posted::New)
        })
    }

    /// Writes a member who is not on record.
    pub(crate) fn insert_member(
        &mut self,
        tenant: &Tenant,
        member: &MemberId,
        joined_at: Timestamp,
    ) -> Result<()> {
        let place = self.chain_member(tenant, &Entry::Member(member.as_str(), joined_at.ms()))?;
        self.sql("INSERT INTO members VALUES (?1, ?2, ?3, ?4)")?.execute((
            tenant.as_str(),
            member.as_str(),
            joined_at.ms(),
            place,
        ))?;
        Ok(())
    }

    /// Writes an edge that was checked.
    pub(crate) fn insert_edge(
        &mut self,
        tenant: &Tenant,
        member: &MemberId,
        inviter: Option<&MemberId>,
        valid_from: Timestamp,
    ) -> Result<()> {
        let inviter = inviter.map(MemberId::as_str);
        let place = self.chain_member(tenant, &Entry::Edge(member.as_str(), valid_from.ms(), inviter))?;
        self.sql("INSERT INTO edges VALUES (?1, ?2, ?3, ?4, ?5)")?.execute((
            tenant.as_str(),
            member.as_str(),
            valid_from.ms(),
            inviter,
            place,
        ))?;
        Ok(())
    }

    /// The inviter, the inviter's inviter and so on, at a moment, `limit` stops at most; what this batch
    /// recorded is included.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn upline(
        &mut self,
        tenant: &Tenant,
        member: &MemberId,
        at: Timestamp,
        limit: usize,
    ) -> Result<Vec<MemberId>, Error> {
        self.run(|batch| upline(&batch.transaction, tenant, member, at, limit))
    }

    /// How many members and edges a tenant has, and the head of their chain.
    fn members_head(&self, tenant: &Tenant) -> Result<(i64, Chain)> {
        if let Some(known) = self.state.members.get(tenant) {
            return Ok(*known);
        }
        let mut statement = self.sql("SELECT places, head FROM members_heads WHERE tenant = ?1")?;
        let read = statement.query_row([tenant.as_str()], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(read.optional()?.unwrap_or_default())
    }

    /// Chains a member or an edge to those of its tenant and tells its place among them.
    pub(crate) fn chain_member(&mut self, tenant: &Tenant, entry: &Entry<'_>) -> Result<i64> {
        let (places, head) = self.members_head(tenant)?;
        let place = places + 1;
        let head = entry.follow(&head, tenant.as_str());
        self.state.members.insert(tenant.clone(), (place, head));
        Ok(place)
    }

    /// Writes where the batch has left the chains of members.
    pub(crate) fn write_members(&mut self) -> Result<()> {
        let mut statement = self.sql(
            "INSERT INTO members_heads VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant) DO UPDATE SET places = excluded.places, head = excluded.head",
        )?;
        for (tenant, (places, head)) in &self.state.members {
            statement.execute((tenant.as_str(), places, head))?;
        }
        drop(statement);
        self.state.members.clear();
        Ok(())
    }
}

/// What the chain of a tenant's members consists of.
pub(crate) enum Entry<'a> {
    /// A member and when they joined.
    Member(&'a str, i64),
    /// A member, from when on, and who invited them.
    Edge(&'a str, i64, Option<&'a str>),
    /// From when on a binding policy makes members and edges: it cannot be gone while they stay.
    Policy(i64),
}

impl Entry<'_> {
    /// The chain with this entry at its end.
    pub(crate) fn follow(&self, head: &Chain, tenant: &str) -> Chain {
        let (kind, member, at, inviter) = match self {
            Self::Member(member, joined_at) => ("member", *member, joined_at, None),
            Self::Edge(member, valid_from, inviter) => ("edge", *member, valid_from, *inviter),
            Self::Policy(valid_from) => ("policy", "", valid_from, None),
        };
        // No id is empty, so nobody is told apart from everybody.
        let texts = [kind, tenant, member, inviter.unwrap_or_default()];
        let [kind, tenant, member, inviter] = texts.map(str::as_bytes);
        link(head, &[kind, tenant, member, &at.to_be_bytes(), inviter])
    }
}

impl Store {
    /// The inviter, the inviter's inviter and so on, at a moment, `limit` stops at most.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn upline(
        &self,
        tenant: &Tenant,
        member: &MemberId,
        at: Timestamp,
        limit: usize,
    ) -> Result<Vec<MemberId>, Error> {
        self.read(|connection| upline(connection, tenant, member, at, limit))
    }

    /// Who invited a member, each from when on, oldest first; of several changes of one moment the last. Days that
    /// are over end with the command that releases them.
    ///
    /// # Errors
    /// [`Code::Database`].
    pub fn inviters(
        &self,
        tenant: &Tenant,
        member: &MemberId,
    ) -> Result<Vec<(Timestamp, Option<MemberId>)>, Error> {
        self.read(|connection| {
            let edges = edges_of(connection, tenant, member.as_str())?;
            let lasting = edges.into_iter().filter(|(_, span)| span.from < span.to);
            let read = |(inviter, span): (Option<String>, Span)| {
                let inviter = inviter.map(|id| MemberId::new(&id)).transpose()?;
                Ok((Timestamp::from_ms(span.from), inviter))
            };
            lasting.map(read).collect()
        })
    }
}

pub(crate) fn upline(
    connection: &Connection,
    tenant: &Tenant,
    member: &MemberId,
    at: Timestamp,
    limit: usize,
) -> Result<Vec<MemberId>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.inviter FROM edges e WHERE e.tenant = ?1 AND e.member = ?2 AND e.valid_from <= ?3
             AND NOT EXISTS (SELECT 1 FROM bindings b
                             WHERE b.tenant = ?1 AND b.member = ?2 AND b.until <= ?3)
         ORDER BY e.valid_from DESC, e.place DESC LIMIT 1",
    )?;
    let mut stops: Vec<MemberId> = Vec::new();
    while stops.len() < limit {
        let below = stops.last().unwrap_or(member);
        let found = statement.query_row((tenant.as_str(), below.as_str(), at.ms()), |row| row.get(0));
        let inviter: Option<Option<String>> = found.optional()?;
        match inviter.flatten() {
            Some(inviter) => stops.push(MemberId::new(&inviter)?),
            None => break,
        }
    }
    Ok(stops)
}

/// Follows every path up from the inviter for the time the edge would hold. Each step narrows the time, so
/// edges that never hold together make no cycle.
fn check_cycle(
    connection: &Connection,
    tenant: &Tenant,
    (member, inviter): (&MemberId, &MemberId),
    span: Span,
) -> Result<()> {
    if member == inviter {
        return Err(
            Error::new(Code::SelfReferral, format!("member {member} cannot invite themselves")).into()
        );
    }
    let mut open = vec![(inviter.as_str().to_owned(), span)];
    while let Some((above, span)) = open.pop() {
        if above == member.as_str() {
            let from = Timestamp::from_ms(span.from);
            let rule = format!(
                "member {inviter} stands below {member} from {from} on and cannot invite them: a cycle"
            );
            return Err(Error::new(Code::Cycle, rule).into());
        }
        for (next, held) in edges_of(connection, tenant, &above)? {
            if let (Some(next), Some(both)) = (next, span.meet(held)) {
                open.push((next, both));
            }
        }
    }
    Ok(())
}

/// The inviters a member had and has, in the order of time.
fn edges_of(connection: &Connection, tenant: &Tenant, member: &str) -> Result<Vec<(Option<String>, Span)>> {
    let mut statement = connection.prepare_cached(
        "SELECT inviter, valid_from FROM edges WHERE tenant = ?1 AND member = ?2 ORDER BY valid_from, place",
    )?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Span { from: row.get(1)?, to: i64::MAX }));
    let mut edges: Vec<(Option<String>, Span)> =
        statement.query_map((tenant.as_str(), member), read)?.collect::<Result<_, _>>()?;
    for at in 1..edges.len() {
        edges[at - 1].1.to = edges[at].1.from;
    }
    Ok(edges)
}

fn joined_at_of(connection: &Connection, tenant: &Tenant, member: &MemberId) -> Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT joined_at FROM members WHERE tenant = ?1 AND member = ?2")?;
    Ok(statement.query_row((tenant.as_str(), member.as_str()), |row| row.get(0)).optional()?)
}

/// A repeat when the content is the same, else a conflict that says what is on record.
pub(crate) fn same(equal: bool, on_record: impl FnOnce() -> String) -> Result<Posted> {
    if equal { Ok(Posted::Repeat) } else { Err(Error::new(Code::StoreConflict, on_record()).into()) }
}
