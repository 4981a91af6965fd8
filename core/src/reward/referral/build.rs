//! Building a forest from arrays in any order.

use super::forest::{Forest, check_id, own_inviter, unknown};
use super::ids::Ids;
use crate::error::{Code, Error, Result};
use std::fmt::Display;

impl Forest {
    /// Builds a forest from two columns; an inviter of 0 is nobody. Rows may come in any order; members
    /// get their handles in the order of the rows, but never before their upline.
    ///
    /// # Errors
    /// As [`Forest::join`], with the index of the row; [`Code::Cycle`] names a member on the cycle.
    pub fn from_edges(members: &[u64], inviters: &[u64]) -> Result<Self> {
        if members.len() != inviters.len() {
            let error = format!("{} members with {} inviters", members.len(), inviters.len());
            return Err(Error::new(Code::LengthMismatch, error));
        }
        let mut forest = Self::with_room_for(members.iter().copied());
        if forest.extend_in_order(members, inviters)? {
            return Ok(forest);
        }
        drop(forest);
        let order = join_order(members, inviters)?;
        let mut forest = Self::with_room_for(order.iter().map(|row| members[*row]));
        for row in order {
            let inviter = Some(inviters[row]).filter(|id| *id != 0);
            forest.join(members[row], inviter, None).map_err(|error| error.at(row))?;
        }
        Ok(forest)
    }

    /// A forest without members that need not grow while these join in this order.
    fn with_room_for(members: impl ExactSizeIterator<Item = u64>) -> Self {
        let mut forest = Self::new();
        let len = members.len();
        forest.parents.to_mut().reserve_exact(len);
        if members.zip(1..).any(|(id, number)| id != number) {
            forest.ids.reserve(len);
        }
        forest
    }

    /// Joins rows while every upline stands before its downline; `false` when a row names a later one.
    fn extend_in_order(&mut self, members: &[u64], inviters: &[u64]) -> Result<bool> {
        for (row, (member, inviter)) in members.iter().zip(inviters).enumerate() {
            self.check_new(*member).map_err(|error| error.at(row))?;
            if member == inviter {
                return Err(own_inviter(*member).at(row));
            }
            let parent = self.ids.find(*inviter);
            if *inviter != 0 && parent.get() == 0 {
                return Ok(false);
            }
            self.ids.push(*member);
            self.parents.to_mut().push(parent.get());
            self.version += 1;
        }
        Ok(true)
    }
}

/// The rows in an order in which uplines come first; whoever is left stands on or below a cycle.
fn join_order(members: &[u64], inviters: &[u64]) -> Result<Vec<usize>> {
    let mut rows = Ids::default();
    rows.reserve(members.len());
    for (row, member) in members.iter().enumerate() {
        check_id(*member).map_err(|error| error.at(row))?;
        if rows.find(*member).get() != 0 {
            let error = format!("member {member} stands twice");
            return Err(Error::new(Code::DuplicateMember, error).at(row));
        }
        rows.push(*member);
    }
    let parent = |row: usize| rows.find(inviters[row]).index();
    let mut order = Vec::with_capacity(members.len());
    // 0: not placed, 1: on the path being walked, 2: placed.
    let mut marks = vec![0_u8; members.len() + 1];
    let mut path = Vec::new();
    for start in 1..=members.len() {
        let mut at = start;
        while marks[at] == 0 {
            marks[at] = 1;
            path.push(at);
            let (row, inviter) = (at - 1, inviters[at - 1]);
            if inviter == members[row] {
                return Err(own_inviter(inviter).at(row));
            }
            if inviter == 0 {
                break;
            }
            at = parent(row);
            if at == 0 {
                return Err(unknown(inviter).at(row));
            }
            if marks[at] == 1 {
                return Err(cycle(inviter, members[row]).at(row));
            }
        }
        while let Some(done) = path.pop() {
            marks[done] = 2;
            order.push(done - 1);
        }
    }
    Ok(order)
}

pub(super) fn cycle(inviter: impl Display, member: impl Display) -> Error {
    Error::new(Code::Cycle, format!("the inviter {inviter} of member {member} is below {member}: a cycle"))
}

#[cfg(test)]
mod tests {
    use super::super::MemberIx;
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn any_order_gives_the_same_uplines() {
        let forest = Forest::from_edges(&[3, 2, 1, 9], &[2, 1, 0, 3]).unwrap();
        let upline =
            |id| forest.upline(forest.find(id).unwrap(), None).map(|ix| forest.id(ix)).collect::<Vec<_>>();
        assert_eq!(upline(9), [3, 2, 1]);
        assert!(upline(1).is_empty() && !forest.ids_are_handles());
        assert!(Forest::from_edges(&[1, 2], &[0, 1]).unwrap().ids_are_handles());
        let parents = forest.parents();
        let before = |at: usize| usize::try_from(parents[at]).unwrap() < at;
        assert!((1..parents.len()).all(before));
    }

    #[test]
    fn bad_edges_name_the_row() {
        let code = |members: &[u64], inviters: &[u64]| {
            let error = Forest::from_edges(members, inviters).unwrap_err();
            (error.code(), error.index())
        };
        assert_eq!(code(&[1, 2, 3, 4], &[0, 4, 2, 3]), (Code::Cycle, Some(2)));
        assert_eq!(code(&[1, 2], &[0, 2]), (Code::SelfReferral, Some(1)));
        assert_eq!(code(&[1, 2], &[0, 7]), (Code::UnknownMember, Some(1)));
        assert_eq!(code(&[1, 1], &[0, 0]), (Code::DuplicateMember, Some(1)));
        assert_eq!(code(&[0], &[0]), (Code::InvalidId, Some(0)));
        assert_eq!(code(&[2, 1, 0], &[1, 0, 0]), (Code::InvalidId, Some(2)));
        assert_eq!(code(&[1], &[]).0, Code::LengthMismatch);
    }

    #[test]
    fn a_move_is_dated_and_never_closes_a_cycle() {
        let mut forest = Forest::from_edges(&[1, 2, 3, 4], &[0, 1, 2, 0]).unwrap();
        assert_eq!(forest.rebind(1, 3, None).unwrap_err().code(), Code::Cycle);
        assert_eq!(forest.bind(3, 4, None).unwrap_err().code(), Code::AlreadyBound);
        let moved = Timestamp::from_ms(1000);
        forest.rebind(3, 4, Some(moved)).unwrap();
        let three = forest.find(3).unwrap();
        let at = |ms| forest.id(forest.parent(three, Some(Timestamp::from_ms(ms))));
        assert_eq!((at(999), at(1000)), (2, 4));
        assert_eq!(
            forest.rebind(2, 4, Some(Timestamp::from_ms(999))).unwrap_err().code(),
            Code::InvalidValue
        );
        // Said to have always been so, this would close a cycle at 500, when 3 was below 2.
        assert_eq!(forest.rebind(2, 3, None).unwrap_err().code(), Code::InvalidValue);
        let late = Timestamp::from_ms(2000);
        forest.join(5, Some(1), Some(late)).unwrap();
        let five = forest.find(5).unwrap();
        assert_eq!(forest.parent(five, Some(moved)), MemberIx::NOBODY);
        assert_eq!(forest.id(forest.parent(five, None)), 1);
    }
}
