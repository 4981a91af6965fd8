//! Edges with a date: who was above whom, and from when on.

use super::shelf::Shelf;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The date of an edge that has none.
pub(super) const ALWAYS: Timestamp = Timestamp::from_ms(i64::MIN);

/// The edges of those who ever moved or were bound at a date. A file holds them as flat columns, which
/// stay as they are; whoever moves later has all their edges in a table beside.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    /// A bit per handle: whether there are edges at all.
    pub(super) moved: Shelf<u64>,
    /// Handles, ascending.
    pub(super) members: Shelf<u32>,
    /// Where the edges of each of them end.
    pub(super) ends: Shelf<u32>,
    /// From when on, ascending for each member.
    pub(super) times: Shelf<i64>,
    /// The upline from then on; 0 for nobody.
    pub(super) parents: Shelf<u32>,
    later: BTreeMap<u32, Vec<(Timestamp, u32)>>,
    pub(super) last: Option<Timestamp>,
}

impl Edges {
    /// Whether no edge has a date.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.later.is_empty()
    }

    /// The upline at a moment of a member who has edges.
    pub(super) fn parent(&self, member: u32, at: Timestamp) -> Option<u32> {
        let (word, bit) = place(member);
        if self.moved.get(word)? & bit == 0 {
            return None;
        }
        if let Some(edges) = self.later.get(&member) {
            let later = edges.partition_point(|(from, _)| *from <= at);
            return Some(later.checked_sub(1).map_or(0, |last| edges[last].1));
        }
        let (start, end) = self.span(member)?;
        let later = self.times.get(start..end)?.partition_point(|from| *from <= at.ms());
        let last = later.checked_sub(1).and_then(|last| self.parents.get(start + last));
        Some(last.copied().unwrap_or(0))
    }

    /// The date of the latest edge of a member, if it has one.
    pub(super) fn last_of(&self, member: u32) -> Option<Timestamp> {
        let flat = || {
            let (start, end) = self.span(member)?;
            self.times.get(start..end)?.last().map(|ms| Timestamp::from_ms(*ms))
        };
        let last = self.later.get(&member).map_or_else(flat, |edges| edges.last().map(|(from, _)| *from));
        last.filter(|from| *from != ALWAYS)
    }

    /// Adds the latest edge of a member, in the place of one from the same moment; `before` is who was above them always, when this is their first.
    pub(super) fn push(&mut self, member: u32, before: u32, from: Timestamp, parent: u32) {
        if !self.later.contains_key(&member) {
            let mut edges = self.flat(member);
            if edges.is_empty() && before != 0 {
                edges.push((ALWAYS, before));
            }
            self.later.insert(member, edges);
            let (word, bit) = place(member);
            let moved = self.moved.to_mut();
            moved.resize(moved.len().max(word + 1), 0);
            moved[word] |= bit;
        }
        if let Some(edges) = self.later.get_mut(&member) {
            match edges.last_mut() {
                Some(last) if last.0 == from => last.1 = parent,
                _ => edges.push((from, parent)),
            }
        }
        self.last = Some(from);
    }

    /// Every edge, by member and date.
    pub(super) fn all(&self) -> BTreeMap<u32, Vec<(Timestamp, u32)>> {
        let mut all: BTreeMap<_, _> =
            self.members.iter().map(|member| (*member, self.flat(*member))).collect();
        all.extend(self.later.iter().map(|(member, edges)| (*member, edges.clone())));
        all
    }

    /// Every edge of a member by date; empty for who has but one without.
    pub(super) fn of(&self, member: u32) -> Vec<(Timestamp, u32)> {
        self.later.get(&member).cloned().unwrap_or_else(|| self.flat(member))
    }

    fn flat(&self, member: u32) -> Vec<(Timestamp, u32)> {
        let Some((start, end)) = self.span(member) else { return Vec::new() };
        let edge = |at: usize| Some((Timestamp::from_ms(*self.times.get(at)?), *self.parents.get(at)?));
        (start..end).filter_map(edge).collect()
    }

    fn span(&self, member: u32) -> Option<(usize, usize)> {
        let at = self.members.binary_search(&member).ok()?;
        let end = |at: usize| usize::try_from(*self.ends.get(at)?).ok();
        Some((at.checked_sub(1).map_or(Some(0), end)?, end(at)?))
    }
}

fn place(member: u32) -> (usize, u64) {
    (usize::try_from(member / 64).unwrap_or(usize::MAX), 1 << (member % 64))
}
