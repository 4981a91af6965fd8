//! Bindings by policy: the chain of policies, commands and events, and that the members, edges and standings on
//! record are what the events come to.

use super::{Check, View, check_numbers, tenants};
use crate::bindings::{Entry, Row as Standing, marked, number, read_event, read_policy};
use crate::chain::Chain;
use crate::fault::{Result, inconsistent};
use fenrun::reward::binding::{BindingEvent, Bindings, MemberBinding, What};
use rusqlite::{OptionalExtension, Row, Rows, Statement};
use std::collections::BTreeMap;

/// The bindings of one tenant while their log goes by.
struct Replay<'r> {
    tenant: &'r str,
    places: i64,
    head: Chain,
    /// How many events and marks there have to be.
    events: i64,
    marks: i64,
    /// Empty until the first policy.
    folded: Option<Bindings>,
    /// Which account each was merged into itself.
    merged: BTreeMap<u64, u64>,
    /// How many members, edges and policies there were so far, with those before the first policy.
    members: i64,
}

/// What is looked up for each command or event.
struct Lookups<'c> {
    events: Statement<'c>,
    mark: Statement<'c>,
    row: Statement<'c>,
}

/// Policies and commands in the order they came.
const LOG: &str =
    "SELECT place, 0, valid_from, text, '', '', '', members FROM binding_policies WHERE tenant = ?1
     UNION ALL SELECT place, 1, at, order_id, command_id, fingerprint, actor, 0 FROM binding_commands
     WHERE tenant = ?1 ORDER BY 1";

/// Members and edges in the order they were recorded, between two places.
const MADE: &str = "SELECT place, member, joined_at, 0, NULL FROM members
     WHERE tenant = ?1 AND place > ?2 AND place <= ?3 UNION ALL
     SELECT place, member, valid_from, 1, inviter FROM edges
     WHERE tenant = ?1 AND place > ?2 AND place <= ?3 ORDER BY 1";

/// A member, or an edge with the inviter it gives, and from when on.
type Made = (String, i64, bool, Option<String>);

pub(super) fn check(view: View<'_>, [log, standings]: &mut [Check; 2]) -> Result<Vec<String>> {
    let of = "WHERE tenant = ?1 AND";
    let mut lookups = Lookups {
        events: view.connection.prepare(&format!(
            "SELECT ordinal, position, data FROM binding_events {of} place = ?2 ORDER BY ordinal"
        ))?,
        mark: view
            .connection
            .prepare(&format!("SELECT 1 FROM binding_marks {of} member = ?2 AND position = ?3"))?,
        row: view.connection.prepare(&format!(
            "SELECT offer, until, protected, orders, payments, standing, closed, merged_into FROM bindings
             {of} member = ?2"
        ))?,
    };
    let tables = [
        "binding_heads",
        "binding_policies",
        "binding_commands",
        "binding_events",
        "binding_marks",
        "bindings",
    ];
    for tenant in tenants(view, &tables)? {
        let mut replay = Replay::new(&tenant);
        match replay.run(view, &mut lookups, log) {
            Ok(()) => replay.finish(view, &mut lookups.row, log, standings)?,
            Err(fault) => {
                log.fault(format!(
                    "tenant {tenant:?}: after {} policies and commands: {fault}",
                    replay.places
                ));
            }
        }
    }
    check_numbers(view, "binding_events", "position", log)?;
    Ok(Vec::new())
}

impl<'r> Replay<'r> {
    const fn new(tenant: &'r str) -> Self {
        Self {
            tenant,
            places: 0,
            head: [0; 32],
            events: 0,
            marks: 0,
            folded: None,
            merged: BTreeMap::new(),
            members: 0,
        }
    }

    /// Goes through the log; what was made is compared with the members and edges on record as it goes.
    fn run(&mut self, view: View<'_>, lookups: &mut Lookups<'_>, log: &mut Check) -> Result<()> {
        let mut statement = view.connection.prepare(LOG)?;
        let mut made = view.connection.prepare(MADE)?;
        let mut rows = statement.query([self.tenant])?;
        let Some(first) = rows.next()? else { return Ok(()) };
        self.begin(view, first)?;
        self.policy(first)?;
        log.checked += 1;
        let mut made = made.query((self.tenant, self.members, i64::MAX))?;
        while let Some(row) = rows.next()? {
            match row.get(1)? {
                0 => self.policy(row)?,
                _ => self.command(row, lookups, &mut made)?,
            }
            log.checked += 1;
        }
        match made.next()? {
            None => Ok(()),
            Some(row) => {
                let (member, ..) = read_made(row)?;
                Err(inconsistent(format!("no event made what is on record of member {member} last")).into())
            }
        }
    }

    /// The members who were on record before the first policy, with the inviters they had.
    fn begin(&mut self, view: View<'_>, first: &Row<'_>) -> Result<()> {
        let members: i64 = first.get(7)?;
        self.members = members - 1;
        // What is folded depends on no policy but in what counts towards distributing, which is not kept.
        let policy = match first.get(1)? {
            0 => read_policy(&first.get::<_, String>(3)?)?,
            _ => return Err(inconsistent("a command came before every policy").into()),
        };
        let mut inviters: BTreeMap<u64, Option<u64>> = BTreeMap::new();
        let mut statement = view.connection.prepare(MADE)?;
        let mut rows = statement.query((self.tenant, 0, self.members))?;
        let mut dates: BTreeMap<u64, i64> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (member, at, is_edge, inviter) = read_made(row)?;
            let id = |text: &str| {
                number(text).ok_or_else(|| inconsistent(format!("member {text} is no whole number")))
            };
            let (member, inviter) = (id(&member)?, inviter.as_deref().map(id).transpose()?);
            // Edges are recorded in any order of their dates; the latest holds.
            if !is_edge || dates.get(&member).is_none_or(|known| *known <= at) {
                inviters.insert(member, inviter);
            }
            if is_edge {
                let date = dates.entry(member).or_insert(at);
                *date = at.max(*date);
            }
        }
        let members = inviters.into_iter().map(|(member, inviter)| MemberBinding::new(member, inviter));
        self.folded = Some(Bindings::of(policy, None, members)?);
        Ok(())
    }

    fn policy(&mut self, row: &Row<'_>) -> Result<()> {
        self.next(row)?;
        let (text, members): (String, i64) = (row.get(3)?, row.get(7)?);
        read_policy(&text)?;
        self.members += 1;
        if members != self.members {
            let rule = format!("a policy is number {members} among members and edges, not {}", self.members);
            return Err(inconsistent(rule).into());
        }
        let entry = Entry::Policy { valid_from: row.get(2)?, text: &text, members };
        self.head = entry.follow(&self.head, self.tenant);
        Ok(())
    }

    fn command(&mut self, row: &Row<'_>, lookups: &mut Lookups<'_>, made: &mut Rows<'_>) -> Result<()> {
        self.next(row)?;
        let texts: [String; 4] = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
        let [order_id, command_id, fingerprint, actor] = texts.each_ref().map(String::as_str);
        let mut rows = lookups.events.query((self.tenant, self.places))?;
        let mut events: Vec<(i64, String)> = Vec::new();
        while let Some(row) = rows.next()? {
            let ordinal: i64 = row.get(0)?;
            if usize::try_from(ordinal) != Ok(events.len()) {
                return Err(
                    inconsistent(format!("event {ordinal} of command {command_id} is out of place")).into()
                );
            }
            events.push((row.get(1)?, row.get(2)?));
        }
        drop(rows);
        for (position, data) in &events {
            let event = read_event(data)?;
            self.event(*position, &event, &mut lookups.mark, made)?;
        }
        let at = row.get(2)?;
        let entry = Entry::Command { order_id, command_id, fingerprint, actor, at, events: &events };
        self.head = entry.follow(&self.head, self.tenant);
        Ok(())
    }

    /// Folds an event in and compares what it made.
    fn event(
        &mut self,
        position: i64,
        event: &BindingEvent,
        mark: &mut Statement<'_>,
        made: &mut Rows<'_>,
    ) -> Result<()> {
        let empty = || inconsistent("there are no bindings to fold into");
        let changed = self.folded.as_mut().ok_or_else(empty)?.fold(event)?;
        if let What::Merged { gone } = event.what {
            self.merged.insert(gone, event.member);
        }
        let at = event.at.ms();
        let joined = (event.what == What::Registered).then(|| (event.member.to_string(), at, false, None));
        let edge = |(member, inviter): &(u64, Option<u64>)| {
            (member.to_string(), at, true, inviter.map(|id| id.to_string()))
        };
        for wanted in joined.into_iter().chain(changed.iter().map(edge)) {
            self.members += 1;
            let found = made.next()?.map(read_made).transpose()?;
            if found.as_ref() != Some(&wanted) {
                let rule = format!(
                    "the event at position {position} made a change of member {} that is not on record",
                    wanted.0
                );
                return Err(inconsistent(rule).into());
            }
        }
        for member in marked(event, &changed) {
            self.marks += 1;
            if !mark.exists((self.tenant, member.to_string(), position))? {
                let rule = format!("the event at position {position} is not among those of member {member}");
                return Err(inconsistent(rule).into());
            }
        }
        self.events += 1;
        Ok(())
    }

    fn next(&mut self, row: &Row<'_>) -> Result<()> {
        let place: i64 = row.get(0)?;
        if place != self.places + 1 {
            return Err(inconsistent(format!("number {place} follows")).into());
        }
        self.places = place;
        Ok(())
    }

    /// The head, what is left over, and where everybody stands.
    fn finish(
        self,
        view: View<'_>,
        row: &mut Statement<'_>,
        log: &mut Check,
        standings: &mut Check,
    ) -> Result<()> {
        let tenant = self.tenant;
        let count = |table: &str| -> Result<i64> {
            let sql = format!("SELECT count(*) FROM {table} WHERE tenant = ?1");
            Ok(view.connection.query_row(&sql, [tenant], |row| row.get(0))?)
        };
        let last = self.folded.as_ref().and_then(Bindings::last).map(|last| last.ms());
        let mut heads =
            view.connection.prepare("SELECT places, head, last FROM binding_heads WHERE tenant = ?1")?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let stored: Option<(i64, Chain, Option<i64>)> = heads.query_row([tenant], read).optional()?;
        log.expect(stored == Some((self.places, self.head, last)), || {
            format!(
                "tenant {tenant:?}: a policy, a command or an event was changed, or the last ones are gone"
            )
        });
        for (table, wanted) in [("binding_events", self.events), ("binding_marks", self.marks)] {
            let found = count(table)?;
            log.expect(found == wanted, || {
                format!("tenant {tenant:?}: {found} rows of {table}, and commands that made {wanted}")
            });
        }
        let Some(folded) = self.folded else { return Ok(()) };
        let mut rows = 0;
        for ix in folded.forest().members() {
            let id = folded.forest().id(ix);
            let one = folded.member(id);
            let wanted = one.and_then(|one| Standing::of(&one, self.merged.get(&id).copied()));
            rows += i64::from(wanted.is_some());
            let stored = row.query_row((tenant, id.to_string()), read_standing).optional()?;
            standings.expect(stored == wanted, || {
                format!("tenant {tenant:?}: member {id} does not stand where their events leave them")
            });
        }
        let found = count("bindings")?;
        standings.expect(found == rows, || {
            format!("tenant {tenant:?}: {found} members have bindings, and events of {rows}")
        });
        Ok(())
    }
}

fn read_made(row: &Row<'_>) -> Result<Made> {
    Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn read_standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(Standing {
        offer: row.get(0)?,
        until: row.get(1)?,
        protected: row.get(2)?,
        orders: row.get(3)?,
        payments: row.get(4)?,
        standing: row.get(5)?,
        closed: row.get(6)?,
        merged_into: row.get(7)?,
    })
}
