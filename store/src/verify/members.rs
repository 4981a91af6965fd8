//! Members and edges: the chain of each tenant, who was on record when an edge was, and no cycle at any time.

use super::{Check, View, tenants};
use crate::chain::Chain;
use crate::fault::{Result, inconsistent};
use crate::members::Entry;
use rusqlite::Row;
use std::collections::HashMap;

/// The members of one tenant while they go by, in the order they were recorded.
#[derive(Default)]
struct Tree {
    places: i64,
    head: Chain,
    /// Members by number.
    known: HashMap<String, usize>,
    edges: Vec<Edge>,
}

struct Edge {
    from: i64,
    member: usize,
    inviter: Option<usize>,
}

pub(super) fn check(view: View<'_>, [members]: &mut [Check; 1]) -> Result<Vec<String>> {
    let mut statement = view.connection.prepare(
        "SELECT place, member, joined_at, 0, NULL FROM members WHERE tenant = ?1 UNION ALL
         SELECT place, member, valid_from, 1, inviter FROM edges WHERE tenant = ?1 UNION ALL
         SELECT members, '', valid_from, 2, NULL FROM binding_policies WHERE tenant = ?1 ORDER BY 1",
    )?;
    let mut heads = view.connection.prepare("SELECT places, head FROM members_heads WHERE tenant = ?1")?;
    for tenant in tenants(view, &["members", "edges", "members_heads", "binding_policies"])? {
        let mut tree = Tree::default();
        let mut rows = statement.query([&tenant])?;
        let mut broken = None;
        while let (Some(row), None) = (rows.next()?, &broken) {
            broken = tree.add(&tenant, row).err();
            members.expect(broken.is_none(), || {
                let why = broken.as_ref().map_or_else(String::new, ToString::to_string);
                format!("tenant {tenant:?}: {why}")
            });
        }
        let mut stored = heads.query_map([&tenant], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let stored: Option<(i64, Chain)> = stored.next().transpose()?;
        members.expect(broken.is_some() || stored == Some((tree.places, tree.head)), || {
            format!("tenant {tenant:?}: a member or an edge was changed, or the last ones are gone")
        });
        if let Some(member) = tree.cycle() {
            members.fault(format!("tenant {tenant:?}: member {member} stands below themselves: a cycle"));
        }
    }
    Ok(Vec::new())
}

impl Tree {
    fn add(&mut self, tenant: &str, row: &Row<'_>) -> Result<()> {
        let (place, member, at): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (kind, inviter): (i64, Option<String>) = (row.get(3)?, row.get(4)?);
        if place != self.places + 1 {
            let rule = format!("{} members and edges are followed by number {place}", self.places);
            return Err(inconsistent(rule).into());
        }
        let entry = match kind {
            0 => Entry::Member(&member, at),
            1 => Entry::Edge(&member, at, inviter.as_deref()),
            _ => Entry::Policy(at),
        };
        self.head = entry.follow(&self.head, tenant);
        self.places = place;
        if kind == 1 {
            let number = |member: &str| {
                let missing = || inconsistent(format!("an edge names {member}, who was not on record then"));
                self.known.get(member).copied().ok_or_else(missing)
            };
            let inviter = inviter.as_deref().map(number).transpose()?;
            let member = number(&member)?;
            self.edges.push(Edge { from: at, member, inviter });
        } else if kind == 0 {
            self.known.insert(member, self.known.len());
        }
        Ok(())
    }

    /// A member who at some time stands below themselves, if any: every edge is followed upwards at the
    /// moment it begins to hold.
    fn cycle(&mut self) -> Option<&str> {
        // Of two edges of one moment the later one holds.
        self.edges.sort_by_key(|edge| edge.from);
        let mut inviters: Vec<Option<usize>> = vec![None; self.known.len()];
        for moment in self.edges.chunk_by(|one, other| one.from == other.from) {
            for edge in moment {
                inviters[edge.member] = edge.inviter;
            }
            for edge in moment {
                let mut above = inviters[edge.member];
                let mut steps = 0;
                while let Some(next) = above.filter(|next| *next != edge.member && steps < inviters.len()) {
                    above = inviters[next];
                    steps += 1;
                }
                if above.is_some() {
                    let named = self.known.iter().find(|(_, number)| **number == edge.member);
                    return named.map(|(member, _)| member.as_str());
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members by number, each with an inviter from a moment on.
    fn tree(edges: &[(i64, usize, Option<usize>)]) -> Tree {
        let known = (0..5).map(|number| (format!("m{number}"), number)).collect();
        let edge = |&(from, member, inviter)| Edge { from, member, inviter };
        Tree { known, edges: edges.iter().map(edge).collect(), ..Tree::default() }
    }

    #[test]
    fn a_cycle_is_seen_at_the_time_it_holds_and_at_no_other() {
        let cycle = |edges| tree(edges).cycle().map(str::to_owned);
        assert_eq!(cycle(&[(1, 1, Some(0)), (2, 2, Some(1)), (2, 3, Some(2))]), None);
        assert!(cycle(&[(1, 1, Some(0)), (1, 0, Some(1))]).is_some());
        assert_eq!(cycle(&[(3, 0, Some(2)), (1, 1, Some(0)), (2, 2, Some(1))]), Some("m0".into()));
        assert_eq!(cycle(&[(1, 4, Some(4))]), Some("m4".into()));
        // 1 leaves 0 at the very moment 0 comes below 1, or long before.
        assert_eq!(cycle(&[(1, 1, Some(0)), (5, 1, None), (5, 0, Some(1))]), None);
        assert_eq!(cycle(&[(1, 1, Some(0)), (4, 1, Some(3)), (5, 0, Some(1))]), None);
        // A cycle further up does not hold up who stands below it.
        assert!(cycle(&[(1, 1, Some(0)), (1, 0, Some(1)), (2, 2, Some(1))]).is_some());
    }
}
