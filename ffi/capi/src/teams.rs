//! The teams of a forest, by the ids of the caller.

use fenrun::reward::referral::{Forest, MemberIx, ReadIndex};
use fenrun::{Code, Error, Result};
use std::sync::Arc;

/// A read index with the forest as it stood when it was made, so that whatever is asked together belongs together.
#[derive(Debug)]
pub struct Teams {
    forest: Arc<Forest>,
    index: ReadIndex,
}

impl Teams {
    /// The teams of a forest.
    #[must_use]
    pub fn of(forest: Arc<Forest>) -> Self {
        Self { index: ReadIndex::of(&forest), forest }
    }

    /// Whether one member stands above another one, however far.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn is_above(&self, above: u64, below: u64) -> Result<bool> {
        Ok(self.index.is_above(self.member(above)?, self.member(below)?))
    }

    /// How many steps below its root a member stands; 0 for a root.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn depth(&self, member: u64) -> Result<u32> {
        Ok(self.index.depth(self.member(member)?))
    }

    /// How many people stand below a member; all of them for 0.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn size(&self, member: u64) -> Result<usize> {
        Ok(self.index.team_size(self.anybody(member)?))
    }

    /// The team of a member after so many of it, each inviter before those they invited; everybody for 0.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn page(&self, member: u64, after: usize) -> Result<impl Iterator<Item = u64>> {
        let page = self.index.page(self.anybody(member)?, after, usize::MAX);
        Ok(page.iter().map(|ix| self.forest.id(*ix)))
    }

    /// Who stands directly below a member, in join order, after so many of them; roots for 0.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn below(&self, member: u64, after: usize) -> Result<impl Iterator<Item = u64>> {
        let below = self.index.directly_below(self.anybody(member)?);
        Ok(below.skip(after).map(|ix| self.forest.id(ix)))
    }

    /// How many people stand one, two, three … steps below a member; for 0 how many are roots, and so on.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn generations(&self, member: u64) -> Result<Vec<u64>> {
        Ok(self.index.generations(self.anybody(member)?))
    }

    fn anybody(&self, member: u64) -> Result<MemberIx> {
        if member == 0 { Ok(MemberIx::NOBODY) } else { self.member(member) }
    }

    fn member(&self, member: u64) -> Result<MemberIx> {
        let unknown = || Error::new(Code::UnknownMember, format!("member {member} is not in the forest"));
        self.forest.find(member).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use crate::forest::RowForest;
    use fenrun::Code;

    #[test]
    fn teams_are_those_of_the_moment_they_were_asked_for() {
        let mut forest = RowForest::new(&[40, 30, 20, 10, 50], &[20, 20, 10, 0, 0]).unwrap();
        let teams = forest.teams();
        forest.join(60, 40).unwrap();
        let page = |member, after| teams.page(member, after).unwrap().collect::<Vec<_>>();
        assert_eq!((page(10, 0), page(10, 1)), (vec![20, 40, 30], vec![40, 30]));
        assert_eq!((page(0, 0), page(50, 0), page(10, 9)), (vec![10, 20, 40, 30, 50], vec![], vec![]));
        let below = |member, after| teams.below(member, after).unwrap().collect::<Vec<_>>();
        assert_eq!((below(20, 0), below(20, 1), below(0, 0)), (vec![40, 30], vec![30], vec![10, 50]));
        assert_eq!((teams.size(10).unwrap(), teams.size(0).unwrap(), teams.size(40).unwrap()), (3, 5, 0));
        assert_eq!(
            (teams.generations(10).unwrap(), teams.generations(0).unwrap()),
            (vec![1, 2], vec![2, 1, 2])
        );
        assert_eq!((teams.depth(10).unwrap(), teams.depth(30).unwrap()), (0, 2));
        assert!(teams.is_above(10, 30).unwrap() && !teams.is_above(30, 30).unwrap());
        for error in
            [teams.depth(0).unwrap_err(), teams.size(60).unwrap_err(), teams.is_above(10, 0).unwrap_err()]
        {
            assert_eq!(error.code(), Code::UnknownMember);
        }
        assert_eq!(forest.teams().size(40).unwrap(), 1);
    }

    /// Volumes in the order of the rows, as every column is.
    #[test]
    fn team_volumes_stand_in_the_order_of_the_rows() {
        let mut forest = RowForest::new(&[30, 20, 10], &[20, 10, 0]).unwrap();
        assert_eq!(forest.team_volumes(&[1, 20, 300]).unwrap(), [1, 21, 321]);
        forest.join(40, 20).unwrap();
        assert_eq!(forest.team_volumes(&[1, 20, 300, 4000]).unwrap(), [1, 4021, 4321, 4000]);
        let fault = |own: &[i64]| forest.team_volumes(own).unwrap_err().code();
        assert_eq!((fault(&[1]), fault(&[1, 1, 0, i64::MAX])), (Code::LengthMismatch, Code::Overflow));
    }
}
