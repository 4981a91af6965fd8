//! Ranks and facts of the members of a forest.

use super::columns::Column;
use super::forest::{Forest, MemberIx};
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::sale::{Facts, Person};
use crate::words::counted;

impl Forest {
    /// Sets the ranks: one code per member in join order, 0 for none, else the place in `names` from 1.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`], [`Code::InvalidValue`] for a name that is empty or stands twice, or with the
    /// index of a code without a name.
    pub fn set_ranks(&mut self, names: &[String], codes: Vec<u8>) -> Result<()> {
        self.check_length("rank", codes.len())?;
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() || names[..at].contains(name) {
                let rule = if name.is_empty() { "is empty" } else { "stands twice" };
                return Err(Error::new(Code::InvalidValue, format!("rank name {} `{name}` {rule}", at + 1)));
            }
        }
        if let Some(at) = codes.iter().position(|code| usize::from(*code) > names.len()) {
            let error = format!("rank code {} has no name; there are {}", codes[at], names.len());
            return Err(Error::new(Code::InvalidValue, error).at(at));
        }
        (self.ranks, self.rank_names) = (codes.into(), names.to_vec());
        Ok(())
    }

    /// Sets a fact of all members, in join order.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`]; [`Code::InvalidValue`] for a name that a person's document has another use
    /// for, or for none.
    pub fn set_fact(&mut self, name: &str, column: Column) -> Result<()> {
        if ["", "id", "rank"].contains(&name) {
            let rule = format!("a fact cannot be called `{name}`; `id` and `rank` are no facts");
            return Err(Error::new(Code::InvalidValue, rule));
        }
        self.check_length(name, column.len())?;
        self.columns.insert(name.to_owned(), column);
        Ok(())
    }

    /// The names of the ranks members may have.
    #[must_use]
    pub fn rank_names(&self) -> &[String] {
        &self.rank_names
    }

    /// The rank codes in join order, see [`Forest::set_ranks`]; empty when nobody has a rank.
    #[must_use]
    pub fn rank_codes(&self) -> &[u8] {
        &self.ranks
    }

    /// The facts of all members, by name.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// The rank of a member.
    #[must_use]
    pub fn rank(&self, member: MemberIx) -> Option<&str> {
        let code = member.index().checked_sub(1).and_then(|at| self.ranks.get(at))?;
        usize::from(*code).checked_sub(1).and_then(|at| self.rank_names.get(at)).map(String::as_str)
    }

    /// The value of a fact of a member.
    #[must_use]
    pub fn fact(&self, member: MemberIx, name: &str) -> Option<Node> {
        self.columns.get(name)?.get(member.index().checked_sub(1)?)
    }

    /// A member as a sale freezes them.
    #[must_use]
    pub fn person(&self, member: MemberIx) -> Person {
        let facts: Facts = self
            .columns
            .keys()
            .filter_map(|name| self.fact(member, name).map(|value| (name.clone(), value)))
            .collect();
        Person { id: self.person_id(member), rank: self.rank(member).map(str::to_owned), facts }
    }

    /// The id of a member as a sale and a period name them.
    pub(crate) fn person_id(&self, member: MemberIx) -> MemberId {
        let number = || MemberId::from(self.id(member));
        self.text(member).and_then(|text| MemberId::new(text).ok()).unwrap_or_else(number)
    }

    pub(super) fn check_length(&self, what: &str, got: usize) -> Result<()> {
        if got == self.len() {
            return Ok(());
        }
        let error =
            format!("column `{what}` has {} for {}", counted(got, "value"), counted(self.len(), "member"));
        Err(Error::new(Code::LengthMismatch, error))
    }
}
