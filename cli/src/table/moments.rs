//! Changes of one moment.

use std::collections::{HashMap, HashSet};

/// Moves that count from one moment on, each of another member, in an order in which none of them closes a cycle for a
/// while that all together do not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// The moves that stand on no cycle.
    pub(super) order: Vec<usize>,
    /// The members of each cycle that is there afterwards, a member before their inviter.
    pub(super) cycles: Vec<Vec<u64>>,
}

impl Moment {
    /// Orders moves, given as member and inviter; `parent` is who was above a member before, and 0 is nobody.
    ///
    /// Whoever stands higher afterwards moves first: whom a member is put below has then nobody above who was below
    /// that member and is not any more.
    pub(super) fn of(moves: &[(u64, u64)], parent: impl Fn(u64) -> u64) -> Self {
        let rows: HashMap<u64, usize> =
            moves.iter().enumerate().map(|(row, (member, _))| (*member, row)).collect();
        let above = |member: u64| rows.get(&member).map_or_else(|| parent(member), |row| moves[*row].1);
        let mut moment = Self::default();
        let mut done = HashSet::new();
        for (member, _) in moves {
            let (mut path, mut places) = (Vec::new(), HashMap::new());
            let mut at = *member;
            while at != 0 && !done.contains(&at) && !places.contains_key(&at) {
                places.insert(at, path.len());
                path.push(at);
                at = above(at);
            }
            let cycle = places.get(&at).map_or(path.len(), |start| *start);
            let still = path[..cycle].iter().rev().filter_map(|member| rows.get(member));
            moment.order.extend(still.copied());
            done.extend(path.iter().copied());
            if cycle < path.len() {
                moment.cycles.push(path.split_off(cycle));
            }
        }
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_higher_moves_first() {
        // 1 below 2 below 3; then 2 is put below 1, and 1 below 3.
        let chain = |member: u64| if member < 3 { member + 1 } else { 0 };
        let moment = Moment::of(&[(2, 1), (1, 3)], chain);
        assert_eq!(moment, Moment { order: vec![1, 0], cycles: vec![] });
        assert_eq!(Moment::of(&[(1, 3), (2, 1)], chain), Moment { order: vec![0, 1], cycles: vec![] });
        // The whole chain is turned round.
        assert_eq!(Moment::of(&[(3, 2), (2, 1), (1, 0)], chain).order, [2, 1, 0]);
    }

    #[test]
    fn cycles_are_named_and_the_rest_is_ordered() {
        let chain = |member: u64| if member < 5 { member + 1 } else { 0 };
        let moment = Moment::of(&[(3, 1), (5, 0), (4, 3)], chain);
        assert_eq!(moment, Moment { order: vec![1, 2], cycles: vec![vec![3, 1, 2]] });
        assert_eq!(Moment::of(&[(9, 9)], |_| 0).cycles, [[9]]);
    }
}
