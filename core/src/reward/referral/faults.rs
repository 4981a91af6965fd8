//! What keeps two columns of edges from being a forest: all of it at once, by row.

use super::forest::check_id;
use super::ids::Ids;

/// A member who stands in two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecondParent {
    /// The row that says it again, from 0.
    pub row: usize,
    /// The first row of this member.
    pub first: usize,
    /// Whether both name the same inviter: said twice, not contradicted.
    pub same: bool,
}

/// Every fault of two columns of edges, each by its rows, counted from 0. [`Forest::from_edges`] stops at
/// the first one; a host that imports from elsewhere wants them all.
///
/// [`Forest::from_edges`]: super::Forest::from_edges
///
/// ```
/// use fenrun::reward::referral::EdgeFaults;
/// let faults = EdgeFaults::of(&[1, 2, 3, 4, 4], &[3, 1, 2, 9, 1]);
/// assert_eq!(faults.cycles, [[0, 2, 1]]);
/// assert_eq!(faults.orphans, [3]);
/// assert_eq!((faults.second_parents[0].row, faults.second_parents[0].first), (4, 3));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeFaults {
    /// Cycles of two or more, each from its first row on, every member followed by their inviter.
    pub cycles: Vec<Vec<usize>>,
    /// Rows that name a member as their own inviter.
    pub own_inviters: Vec<usize>,
    /// Rows whose inviter stands in no row.
    pub orphans: Vec<usize>,
    /// Rows of members who stood in an earlier row.
    pub second_parents: Vec<SecondParent>,
    /// Rows whose member is no id: 0, or 2^63 and above.
    pub invalid: Vec<usize>,
    /// The number of the longer column, where one is shorter: what it lacks is not looked at.
    pub rows: usize,
}

impl EdgeFaults {
    /// Looks at all rows, also those that are a second parent; an inviter of 0 is nobody. Cycles are those of
    /// the first row of each member.
    #[must_use]
    pub fn of(members: &[u64], inviters: &[u64]) -> Self {
        let mut faults = Self { rows: members.len().max(inviters.len()), ..Self::default() };
        let mut known = Ids::default();
        // The row of each handle; nobody has none.
        let mut rows = vec![usize::MAX];
        for (row, (member, inviter)) in members.iter().zip(inviters).enumerate() {
            if check_id(*member).is_err() {
                faults.invalid.push(row);
                continue;
            }
            match known.find(*member).index() {
                0 => {
                    known.push(*member);
                    rows.push(row);
                }
                at => {
                    let same = inviters[rows[at]] == *inviter;
                    faults.second_parents.push(SecondParent { row, first: rows[at], same });
                }
            }
        }
        let parents = faults.parents(members, inviters, &known, &rows);
        faults.find_cycles(&parents, &rows);
        faults
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.cycles.len()
            + self.own_inviters.len()
            + self.orphans.len()
            + self.second_parents.len()
            + self.invalid.len()
    }

    /// The inviter of each handle, nobody where the edge itself is a fault.
    fn parents(&mut self, members: &[u64], inviters: &[u64], known: &Ids, rows: &[usize]) -> Vec<usize> {
        let mut parents = vec![0; rows.len()];
        for (row, (member, inviter)) in members.iter().zip(inviters).enumerate() {
            let (at, parent) = (known.find(*member).index(), known.find(*inviter).index());
            if at == 0 {
                continue;
            }
            if inviter == member {
                self.own_inviters.push(row);
            } else if *inviter != 0 && parent == 0 {
                self.orphans.push(row);
            } else if rows[at] == row {
                parents[at] = parent;
            }
        }
        parents
    }

    fn find_cycles(&mut self, parents: &[usize], rows: &[usize]) {
        // The walk on which a member was met first; 0 for none yet.
        let mut walks = vec![0; parents.len()];
        for start in 1..parents.len() {
            let mut at = start;
            while at != 0 && walks[at] == 0 {
                walks[at] = start;
                at = parents[at];
            }
            if at == 0 || walks[at] != start {
                continue;
            }
            let next = |at: &usize| Some(parents[*at]);
            let mut cycle: Vec<usize> = vec![rows[at]];
            cycle
                .extend(std::iter::successors(next(&at), next).take_while(|up| *up != at).map(|up| rows[up]));
            let first = cycle.iter().enumerate().min_by_key(|(_, row)| **row).map_or(0, |(place, _)| place);
            cycle.rotate_left(first);
            self.cycles.push(cycle);
        }
        self.cycles.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reward::referral::Forest;

    #[test]
    fn every_fault_is_named_by_its_rows() {
        //                               0  1  2  3  4  5  6  7  8  9
        let faults = EdgeFaults::of(&[5, 6, 7, 8, 9, 5, 5, 0, 4, 3], &[6, 5, 5, 8, 2, 6, 7, 1, 0, 4]);
        assert_eq!(faults.cycles, [[0, 1]]);
        assert_eq!(faults.own_inviters, [3]);
        assert_eq!(faults.orphans, [4]);
        let again = |row, same| SecondParent { row, first: 0, same };
        assert_eq!(faults.second_parents, [again(5, true), again(6, false)]);
        assert_eq!(faults.invalid, [7]);
        assert_eq!((faults.count(), faults.rows), (6, 10));
    }

    /// Who mends the second parent must not find the orphan behind it only then.
    #[test]
    fn a_second_parent_hides_no_other_fault() {
        let faults = EdgeFaults::of(&[4, 4, 2, 4, 2], &[5, 6, 0, 0, 2]);
        assert_eq!(faults.orphans, [0, 1]);
        assert_eq!(faults.own_inviters, [4]);
        let again = |row, first| SecondParent { row, first, same: false };
        assert_eq!(faults.second_parents, [again(1, 0), again(3, 0), again(4, 2)]);
        assert_eq!(faults.cycles, Vec::<Vec<usize>>::new());
    }

    /// All columns of four rows over the ids 0 to 4: no fault is found where a forest is built, and one is
    /// where it is refused.
    #[test]
    fn no_faults_and_a_forest_are_the_same() {
        let digit = |number: usize, place: u32| u64::try_from(number / 5_usize.pow(place) % 5).unwrap();
        for number in 0..5_usize.pow(4) {
            let inviters: Vec<u64> = (0..4).map(|place| digit(number, place)).collect();
            for members in [[1, 2, 3, 4], [4, 2, 3, 1], [1, 2, 2, 4]] {
                let faults = EdgeFaults::of(&members, &inviters);
                assert_eq!(faults.is_empty(), Forest::from_edges(&members, &inviters).is_ok());
            }
        }
    }
}
