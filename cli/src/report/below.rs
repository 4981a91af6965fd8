//! Who stands below a member.

use super::tree::DEEPEST;
use fenrun::reward::referral::{Forest, MemberIx};

/// Somebody below, or the member at the top.
pub(super) struct Stop {
    /// The customer's number.
    pub(super) customer: u64,
    /// The place of the inviter in the list; the own place for the top.
    pub(super) inviter: usize,
    /// Steps from the top.
    pub(super) depth: usize,
}

/// Everybody below a member, inviters before those they invited.
pub(super) struct Below {
    /// The top, and everybody down to the outermost ring of the drawing.
    pub(super) shown: Vec<Stop>,
    /// How many stand below, however deep.
    pub(super) all: usize,
}

impl Below {
    pub(super) fn of(forest: &Forest, customer: u64) -> Self {
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); forest.len() + 1];
        for (member, parent) in (0_u32..).zip(forest.parents()).skip(1) {
            children[MemberIx::new(*parent).index()].push(member);
        }
        let top = forest.find(customer).map_or(0, MemberIx::get);
        let mut people = vec![(top, Stop { customer, inviter: 0, depth: 0 })];
        let mut at = 0;
        while at < people.len() {
            let (member, depth) = (people[at].0, people[at].1.depth + 1);
            for child in &children[MemberIx::new(member).index()] {
                people
                    .push((*child, Stop { customer: forest.id(MemberIx::new(*child)), inviter: at, depth }));
            }
            at += 1;
        }
        let all = people.len() - 1;
        let shown = people.into_iter().map(|(_, stop)| stop).filter(|stop| stop.depth <= DEEPEST).collect();
        Self { shown, all }
    }
}

#[cfg(test)]
mod tests {
    use super::Below;
    use fenrun::reward::referral::Forest;

    #[test]
    fn inviters_come_first_and_the_deepest_are_only_counted() {
        let forest = Forest::from_edges(&[1, 2, 3, 4, 5, 6, 7], &[0, 1, 1, 2, 4, 0, 5]).unwrap();
        let below = Below::of(&forest, 1);
        let shown: Vec<_> =
            below.shown.iter().map(|stop| (stop.customer, stop.inviter, stop.depth)).collect();
        assert_eq!(shown, [(1, 0, 0), (2, 0, 1), (3, 0, 1), (4, 1, 2), (5, 3, 3)]);
        assert_eq!(below.all, 5);
    }
}
